//! A `CustomResourceDefinition`, v1 or v1beta1, as the API server installs it.
//!
//! Never: a controller's own additions; those are `xrd` and `promise`.

use std::sync::Arc;

use super::installed::{Install, Installed};
use super::schema::Schema;
use super::{Conversion, Definition, Flavor, Scope, Standing, Version};
use crate::base::Span;
use crate::model::View;

/// The API of a CRD document.
pub(super) fn compile(view: View<'_>) -> Option<Definition> {
    let spec = view.get("spec")?;
    // v1beta1 without a stanza keeps what it does not know (`preserveUnknownFields` is true there by default).
    let legacy = spec.get("validation").is_some() || spec.get("version").is_some();
    let keeps = spec.get("preserveUnknownFields").and_then(|value| value.as_bool()).unwrap_or(legacy);
    of_spec(view, spec, if keeps { keeping } else { pruning })
}

/// The API of a document that holds a CRD's `spec` somewhere.
pub(super) fn of_spec(view: View<'_>, spec: View<'_>, install: Install) -> Option<Definition> {
    let kind: Arc<str> = spec.str_at(["names", "kind"])?.into();
    let outline = Outline::of(view, spec);
    let conversion = spec.field("conversion");
    Some(Definition {
        claims_at: outline.names_at,
        flavor: Flavor::Crd,
        standing: Standing::Own,
        group: spec.str_at(["group"])?.into(),
        kinds: vec![kind.clone()],
        kind,
        short_names: short_names(spec),
        scope: spec.str_at(["scope"]).map(scope),
        scope_at: spec.get("scope").map_or(outline.at, |scope| scope.place()),
        versions: versions(spec, outline.at, install),
        versions_at: outline.versions_at,
        conversion: outline.conversion,
        conversion_at: conversion.map_or(outline.versions_at, |field| field.key_place()),
        at: outline.at,
    })
}

/// The places that every flavor has.
pub(super) struct Outline {
    pub(super) at: Span,
    pub(super) names_at: Span,
    pub(super) versions_at: Span,
    pub(super) conversion: Conversion,
}

impl Outline {
    pub(super) fn of(view: View<'_>, spec: View<'_>) -> Self {
        let at = view.get("kind").unwrap_or(view).place();
        let versions = spec.field("versions").or_else(|| spec.field("version"));
        let conversion = match spec.str_at(["conversion", "strategy"]) {
            Some("Webhook") => Conversion::Webhook,
            _ => Conversion::None,
        };
        let names = spec.field("claimNames").or_else(|| spec.field("names"));
        let names_at = names.map_or(at, |field| field.key_place());
        Self { at, names_at, versions_at: versions.map_or(at, |field| field.key_place()), conversion }
    }
}

fn short_names(spec: View<'_>) -> Vec<Box<str>> {
    let lists = ["shortNames", "categories"].into_iter().filter_map(|name| spec.path(["names", name]));
    lists.flat_map(|list| list.items()).map(|item| item.written().into()).collect()
}

fn scope(text: &str) -> Scope {
    if text == "Cluster" { Scope::Cluster } else { Scope::Namespaced }
}

fn versions(spec: View<'_>, at: Span, install: Install) -> Vec<Version> {
    let shared = spec.path(["validation", "openAPIV3Schema"]);
    let mut found: Vec<Version> = Vec::new();
    if let Some(name) = spec.get("version").filter(|_| spec.get("versions").is_none()) {
        let schema = shared.map(|schema| Installed::new(schema, schema.place(), install));
        found.push(Version { served: true, stored: true, ..bare(name, spec, schema) });
    }
    for item in spec.get("versions").into_iter().flat_map(|list| list.items()) {
        let schema = item.path(["schema", "openAPIV3Schema"]).or(shared);
        let key = item.get("schema").and_then(|s| s.field("openAPIV3Schema")).map_or(at, |field| field.key_place());
        let schema = schema.map(|schema| Installed::new(schema, key, install));
        found.extend(version(item, "storage", schema));
    }
    found
}

fn bare(name: View<'_>, entry: View<'_>, written: Option<Installed>) -> Version {
    let at = name.place();
    Version {
        name: name.written().into(),
        at,
        served: false,
        served_at: at,
        stored: false,
        stored_at: at,
        deprecated: false,
        entry: entry.value(),
        written,
    }
}

/// One entry of `versions`; `None` where it has no name.
pub(super) fn version(item: View<'_>, stored: &str, schema: Option<Installed>) -> Option<Version> {
    let name = item.get("name").filter(View::is_scalar)?;
    let flag = |key| item.get(key).and_then(|value| value.as_bool());
    let place = |key| item.get(key).unwrap_or(name).place();
    Some(Version {
        // The API server refuses a version that does not say; a patch may still add the word, so it counts.
        served: flag("served").unwrap_or(true),
        served_at: place("served"),
        stored: flag(stored).unwrap_or(false),
        stored_at: place(stored),
        deprecated: flag("deprecated").unwrap_or(false),
        ..bare(name, item, schema)
    })
}

/// A root that prunes what it does not name.
pub(super) fn pruning(view: View<'_>, key: Span) -> Schema {
    let mut schema = Schema::compile(view, key);
    settle_metadata(&mut schema);
    schema
}

/// A root under which nothing is pruned.
fn keeping(view: View<'_>, key: Span) -> Schema {
    let mut schema = pruning(view, key);
    schema.preserve_all();
    schema
}

/// `apiVersion`, `kind` and `metadata` of a root are the API server's: only a limit on the name is heard
/// (apiextensions `validateMetadata` refuses any other).
pub(super) fn settle_metadata(schema: &mut Schema) {
    schema.set_embedded();
    schema.take_property("apiVersion");
    schema.take_property("kind");
    if let Some(mut metadata) = schema.take_property("metadata")
        && let Some(name) = metadata.take_property("name")
    {
        let mut kept = Schema::opaque(metadata.at);
        kept.put("name", name);
        schema.put("metadata", kept);
    }
}
