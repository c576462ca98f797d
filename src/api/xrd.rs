//! A Crossplane `CompositeResourceDefinition` as the CRDs of its composite resource and claim: one schema, two kinds.
//!
//! Never: a keyword that Crossplane does not copy (`crossplane-runtime pkg/xcrd genCrdVersion`).

use std::sync::Arc;

use super::crd::{self, Outline};
use super::installed::{Install, Installed};
use super::schema::Schema;
use super::{Definition, Flavor, Scope, Standing};
use crate::base::Span;
use crate::model::View;

/// Fields of `spec` that Crossplane adds to composite resources and claims, over what is written
/// (`xcrd CompositeResourceSpecProps`, `CompositeResourceClaimSpecProps`; `publishConnectionDetailsTo` until v1.20).
const LEGACY_SPEC: [&str; 12] = [
    "claimRef",
    "compositeDeletePolicy",
    "compositionRef",
    "compositionRevisionRef",
    "compositionRevisionSelector",
    "compositionSelector",
    "compositionUpdatePolicy",
    "environmentConfigRefs",
    "publishConnectionDetailsTo",
    "resourceRef",
    "resourceRefs",
    "writeConnectionSecretToRef",
];
const LEGACY_STATUS: [&str; 3] = ["claimConditionTypes", "conditions", "connectionDetails"];

/// The API of an XRD document; `version` is the version of its own API.
pub(super) fn compile(view: View<'_>, version: &str) -> Option<Definition> {
    let spec = view.get("spec")?;
    if let Some(template) = spec.get("crdSpecTemplate") {
        return of_template(view, spec, template);
    }
    let composite: Arc<str> = spec.str_at(["names", "kind"])?.into();
    let claim: Option<Arc<str>> = spec.str_at(["claimNames", "kind"]).map(Into::into);
    let outline = Outline::of(view, spec);
    let written = spec.str_at(["scope"]);
    let default = if version == "v1" { "LegacyCluster" } else { "Namespaced" };
    let install = match written.unwrap_or(default) {
        "LegacyCluster" => install_flat,
        _ => install_grouped,
    };
    let scope = if written.unwrap_or(default) == "Namespaced" { Scope::Namespaced } else { Scope::Cluster };
    let items = spec.get("versions").into_iter().flat_map(|list| list.items());
    let conversion = spec.field("conversion");
    Some(Definition {
        claims_at: outline.names_at,
        flavor: Flavor::Xrd,
        standing: Standing::Own,
        group: spec.str_at(["group"])?.into(),
        kind: claim.clone().unwrap_or_else(|| composite.clone()),
        short_names: Vec::new(),
        kinds: std::iter::once(composite).chain(claim).collect(),
        scope: Some(scope),
        scope_at: spec.get("scope").map_or(outline.at, |scope| scope.place()),
        versions: items.filter_map(|item| crd::version(item, "referenceable", schema(item, install))).collect(),
        versions_at: outline.versions_at,
        conversion: outline.conversion,
        conversion_at: conversion.map_or(outline.versions_at, |field| field.key_place()),
        at: outline.at,
    })
}

/// Before its v1beta1 API, Crossplane took the whole `spec` of a CRD.
fn of_template(view: View<'_>, spec: View<'_>, template: View<'_>) -> Option<Definition> {
    let mut definition = crd::of_spec(view, template, install_template)?;
    definition.flavor = Flavor::Xrd;
    if let Some(claim) = spec.str_at(["claimNames", "kind"]) {
        definition.kind = claim.into();
        definition.kinds.push(claim.into());
    }
    Some(definition)
}

fn install_template(view: View<'_>, key: Span) -> Schema {
    let mut root = crd::pruning(view, key);
    add(&mut root, "spec", &LEGACY_SPEC);
    add(&mut root, "status", &LEGACY_STATUS);
    root
}

fn schema(version: View<'_>, install: Install) -> Option<Installed> {
    let field = version.get("schema")?.field("openAPIV3Schema")?;
    Some(Installed::new(field.value, field.key_place(), install))
}

/// With Crossplane's own fields flat in `spec`.
fn install_flat(view: View<'_>, key: Span) -> Schema {
    let mut root = copied(view, key);
    add(&mut root, "spec", &LEGACY_SPEC);
    add(&mut root, "status", &LEGACY_STATUS);
    root
}

/// With Crossplane's own fields in `spec.crossplane` (v2 without claims).
fn install_grouped(view: View<'_>, key: Span) -> Schema {
    let mut root = copied(view, key);
    add(&mut root, "spec", &["crossplane"]);
    add(&mut root, "status", &["conditions", "crossplane"]);
    root
}

/// What Crossplane copies of a written schema.
fn copied(view: View<'_>, key: Span) -> Schema {
    let mut root = Schema::compile(view, key);
    root.keep(view, &["description", "x-kubernetes-validations", "properties"]);
    crd::settle_metadata(&mut root);
    root.properties.retain(|property| matches!(&*property.name, "metadata" | "spec" | "status"));
    let properties = view.get("properties");
    let part = |name| properties.and_then(|properties| properties.get(name));
    let spec_keywords = [
        "description",
        "oneOf",
        "properties",
        "required",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-validations",
    ];
    copy_part(&mut root, "spec", part("spec"), &spec_keywords);
    let status_keywords = ["description", "oneOf", "properties", "required", "x-kubernetes-validations"];
    copy_part(&mut root, "status", part("status"), &status_keywords);
    root
}

fn copy_part(root: &mut Schema, name: &str, written: Option<View<'_>>, keywords: &[&str]) {
    let Some(mut part) = root.take_property(name) else {
        let at = root.at;
        return root.put(name, Schema::object(at));
    };
    if let Some(view) = written {
        part.keep(view, keywords);
    }
    root.put(name, part);
}

fn add(root: &mut Schema, part: &str, names: &[&str]) {
    let Some(mut schema) = root.take_property(part) else { return };
    let at: Span = schema.at;
    for name in names {
        schema.put(name, Schema::opaque(at));
    }
    root.put(part, schema);
}
