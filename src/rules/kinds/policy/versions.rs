//! Versions that stay what they are, and what names them.
//!
//! Never: whether a difference breaks an instance.

use std::collections::BTreeMap;

use super::{of_object, of_version};
use crate::api::{Conversion, Flavor, Version};
use crate::base::{Side, Span};
use crate::compare::{ApiChange, Offered, What};
use crate::grammar::{api_version_rank, semantic_version};
use crate::model::{KRATIX_GROUP, Trees, View, split_api_version};
use crate::rules::{Facts, Label, Sink};
use crate::world::{DefinedApi, World};

const XP: &str = "apiextensions.crossplane.io";

/// How many changes of a version are named.
const NAMED: usize = 5;

/// Whether a version that people rely on may change like this: new optional fields without a default, and words.
fn is_additive(change: &ApiChange) -> bool {
    change.path.is_empty()
        || change.path == "status"
        || change.path.starts_with("status.")
        || matches!(change.what, What::PropertyAdded | What::DescriptionChanged)
}

pub(super) fn version_immutable(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    let mut found: BTreeMap<(usize, &str), Vec<&ApiChange>> = BTreeMap::new();
    for change in facts.changes.apis().filter(|change| change.offered == Offered::Served && !is_additive(change)) {
        if let ((Some(_), Some(row)), Some(version)) = (change.definition, change.version.as_deref()) {
            found.entry((row, version)).or_default().push(change);
        }
    }
    let mut seen: Vec<(Span, &str)> = Vec::new();
    for ((row, name), changes) in found {
        let defined = &facts.head.definitions[row];
        let old = changes[0].definition.0.and_then(|row| base.definitions[row].definition.version(name));
        if !old.is_some_and(|old| old.stored || is_used(base, defined, name)) || seen.contains(&(changes[0].at, name)) {
            continue;
        }
        seen.push((changes[0].at, name));
        let paths: Vec<String> = changes.iter().take(NAMED).map(|change| format!("`{}`", change.path)).collect();
        let more = match changes.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let what = format!("is in use and changes at {}{more}", paths.join(", "));
        let mut hit = of_version(facts.head, defined, name, changes[0].at, what);
        hit.related.extend(changes[0].was.map(|at| Label { at, side: Side::Base, says: "as it was".into() }));
        for change in changes.iter().skip(1).take(NAMED) {
            hit = hit.related(change.at, format!("`{}` changes too", change.path));
        }
        if api_version_rank(name).0 == 1 {
            hit.facts.push("alpha");
        }
        sink.report(hit);
    }
}

fn is_used(world: &World, defined: &DefinedApi, version: &str) -> bool {
    let definition = &defined.definition;
    let is_instance = |object: &crate::model::Object| definition.has_instances(&object.key.group, &object.key.kind);
    world.objects().any(|(_, object)| is_instance(object) && *object.version == *version)
}

pub(super) fn one_storage(_: &Trees, world: &World, sink: &mut Sink) {
    for defined in &world.definitions {
        let versions = &defined.definition.versions;
        let stored: Vec<&Version> = versions.iter().filter(|version| version.stored).collect();
        let [stored] = &*stored else { continue };
        let newest = versions.iter().filter(|v| v.served).max_by_key(|version| api_version_rank(&version.name));
        let Some(newest) = newest else { continue };
        let what = if !stored.served {
            "holds the objects and is not served".to_owned()
        } else if api_version_rank(&newest.name) > api_version_rank(&stored.name) {
            format!("holds the objects, and {} is the newest", newest.name)
        } else {
            continue;
        };
        let hit = of_version(world, defined, &stored.name, stored.stored_at, what);
        sink.report(hit.related(newest.at, "the newest that is served"));
    }
}

pub(super) fn conversion_declared(trees: &Trees, world: &World, sink: &mut Sink) {
    for defined in &world.definitions {
        let definition = &*defined.definition;
        let served: Vec<&Version> = definition.versions.iter().filter(|version| version.served).collect();
        let Some((first, others)) = served.split_first() else { continue };
        let differs = |other: &&&Version| match (first.schema(trees), other.schema(trees)) {
            (Some(a), Some(b)) => !a.fields_beyond(b).is_empty() || !b.fields_beyond(a).is_empty(),
            _ => false,
        };
        let Some(other) = others.iter().find(differs) else { continue };
        let view = world.object(defined.from).view(trees);
        let conversion = view.path(["spec", "conversion"]).or_else(|| view.path(["spec", "api", "spec", "conversion"]));
        let client = conversion.and_then(|conversion| conversion.path(["webhook", "clientConfig"]));
        let is_reachable = client.is_some_and(|c| c.path(["service", "name"]).is_some() || c.get("url").is_some());
        let is_declared = definition.conversion == Conversion::Webhook && is_reachable;
        if is_declared || is_converted(trees, world, &world.object(defined.from).key.name) {
            continue;
        }
        let what = format!("and {} are served with different fields, and nothing converts them", other.name);
        let hit = of_version(world, defined, &first.name, definition.conversion_at, what);
        sink.report(hit.related(first.at, "this version").related(other.at, "and this one"));
    }
}

/// Whether an operator is told to convert the API of this name.
fn is_converted(trees: &Trees, world: &World, name: &str) -> bool {
    let mut configs = world.objects().filter(|(_, object)| &*object.key.kind == "XRDConversionConfig");
    configs.any(|(_, object)| names(object.view(trees), name))
}

fn names(value: View<'_>, name: &str) -> bool {
    value.written() == name
        || value.fields().any(|field| names(field.value, name))
        || value.items().any(|item| names(item, name))
}

pub(super) fn composition_target(trees: &Trees, world: &World, sink: &mut Sink) {
    for (at, object) in world.objects().filter(|(_, object)| object.is(XP, "Composition")) {
        let target = object.view(trees).path(["spec", "compositeTypeRef"]);
        let Some((api, kind)) = target.and_then(|target| Some((target.get("apiVersion")?, target.get("kind")?))) else {
            continue;
        };
        let (written, wanted) = (api.written(), kind.written());
        let (group, version) = split_api_version(&written);
        let mut defined = world.definitions.iter().map(|defined| &defined.definition);
        let xrd = defined.find(|d| d.flavor == Flavor::Xrd && *d.group == *group && *d.kinds[0] == *wanted);
        let Some(xrd) = xrd else {
            let what = format!("is for {wanted} of {group}, which this repository does not define");
            sink.report(of_object(world, at, kind.place(), what).field("/spec/compositeTypeRef/kind"));
            continue;
        };
        let referenceable = xrd.versions.iter().find(|version| version.stored);
        if let Some(found) = referenceable.filter(|found| *found.name != *version) {
            let what = format!("is for {version} of {wanted}, of which {} is referenceable", found.name);
            let hit = of_object(world, at, api.place(), what).field("/spec/compositeTypeRef/apiVersion");
            sink.report(hit.related(found.at, "the referenceable version"));
        }
    }
}

pub(super) fn version_label(trees: &Trees, world: &World, sink: &mut Sink) {
    let mut known: BTreeMap<[String; 4], Span> = BTreeMap::new();
    for (at, object) in world.objects() {
        let view = object.view(trees);
        let labels = view.path(["metadata", "labels"]);
        let metadata = view.field("metadata").map_or_else(|| object.place(trees), |field| field.key_place());
        if object.is(KRATIX_GROUP, "Promise") {
            let label = labels.and_then(|labels| labels.get("kratix.io/promise-version"));
            let what = match label.map(|label| label.written()) {
                None => "has no version (`kratix.io/promise-version`)".to_owned(),
                Some(text) if semantic_version(&text).is_none() => {
                    format!("has the version `{text}`, which is not semantic")
                }
                Some(_) => continue,
            };
            sink.report(of_object(world, at, label.map_or(metadata, |label| label.place()), what));
        } else if object.is(XP, "Composition") {
            let name = &world.lifecycle.version_label;
            let Some(api) = view.str_at(["spec", "compositeTypeRef", "apiVersion"]) else { continue };
            let (_, version) = split_api_version(api);
            let Some(label) = labels.and_then(|labels| labels.get(name)) else {
                sink.report(of_object(world, at, metadata, format!("has no label `{name}`")));
                continue;
            };
            let text = label.written().into_owned();
            if text != version {
                let what = format!("has the label `{name}` {text} and is for {version}");
                sink.report(of_object(world, at, label.place(), what).field("/metadata/labels"));
                continue;
            }
            let Some(provider) = labels.and_then(|labels| labels.get("provider")) else { continue };
            let kind = view.path(["spec", "compositeTypeRef", "kind"]).map(|kind| kind.written().into_owned());
            let build = world.builds[at.build].cluster.as_deref().unwrap_or_default().to_owned();
            let key = [build, format!("{api} {}", kind.unwrap_or_default()), provider.written().into_owned(), text];
            match known.get(&key) {
                Some(first) if *first != label.place() => {
                    let what = format!("has the same version and provider as another Composition for {api}");
                    sink.report(of_object(world, at, label.place(), what).related(*first, "the other"));
                }
                Some(_) => {}
                None => {
                    known.insert(key, label.place());
                }
            }
        }
    }
}
