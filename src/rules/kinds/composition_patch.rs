//! The kind `composition-patch`: fields of the composite resource that a Composition reads or writes, and its schema.
//!
//! Never: a Composition of which the repository does not define the type; a field in a template that asks for it first.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::api::{Flavor, Lookup, Schema};
use crate::base::Side;
use crate::model::{CompositionTarget, Flow, Missing, Object, Trees, View, Way, flows};
use crate::rules::{Check, Facts, Hit, Label, Node, ObjectName, Sink};
use crate::world::{ObjectAt, World};

pub(super) const KIND: CheckKind = CheckKind {
    name: "composition-patch",
    about: "a field of the composite resource that a Composition reads or writes",
    params: &[ParamDesc {
        name: "fault",
        takes: Takes::OneOf(&["optional-source", "unknown-field"]),
        need: Need::Required,
        about: "`unknown-field`: it reads a field of the spec, or writes one of the status, that the schema lacks; \
                `optional-source`: it reads a field that may be missing for what was always there in the base",
    }],
    facts: &[],
    words: &[
        ("name", "the Composition's name"),
        ("path", "the field of the composite resource"),
        ("verb", "reads or writes"),
        ("kind", "the kind of the composite resource"),
        ("version", "its version"),
        ("to", "the field of the composed resource that gets the value; empty where there is none"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(match params.text("fault") {
        "unknown-field" => Check::World(Box::new(unknown_fields)),
        _ => Check::Change(Box::new(optional_sources)),
    })
}

fn compositions(world: &World) -> impl Iterator<Item = (ObjectAt, &Object)> {
    world.objects().filter(|(_, object)| object.is("apiextensions.crossplane.io", "Composition"))
}

/// The schemas that a Composition's type has: one for each definition that may be the one in its cluster.
fn schemas<'w>(trees: &Trees, world: &'w World, at: ObjectAt, target: CompositionTarget<'_>) -> Vec<&'w Schema> {
    let cluster = |build: usize| &world.builds[build].cluster;
    let meets = |other: usize| {
        let (mine, theirs) = (cluster(at.build), cluster(other));
        mine.is_none() || theirs.is_none() || mine == theirs
    };
    let defined = world.definitions.iter().filter(|defined| {
        let definition = &defined.definition;
        definition.flavor == Flavor::Xrd
            && *definition.group == *target.group
            && definition.kinds.first().is_some_and(|kind| **kind == *target.kind)
            && meets(defined.from.build)
    });
    let versions = defined.filter_map(|defined| defined.definition.version(target.version)?.schema(trees));
    versions.collect()
}

fn unknown_fields(trees: &Trees, world: &World, sink: &mut Sink) {
    for (at, object) in compositions(world) {
        let view = object.view(trees);
        let Some(target) = CompositionTarget::of(view) else { continue };
        let schemas = schemas(trees, world, at, target);
        if schemas.is_empty() {
            continue;
        }
        for flow in flows(view) {
            let part = flow.path.split(['.', '[']).next().unwrap_or_default();
            let counts = (part, flow.way) == ("spec", Way::Reads) || (part, flow.way) == ("status", Way::Writes);
            if counts && schemas.iter().all(|schema| schema.lookup(&flow.path) == Lookup::Unknown) {
                let mut hit = hit(object, &flow, target).related(schemas[0].at, "the schema");
                hit.side = world.side;
                hit.build = Some(at.build);
                sink.report(hit);
            }
        }
    }
}

fn hit(object: &Object, flow: &Flow, target: CompositionTarget<'_>) -> Hit {
    let mut hit = Hit::at(flow.at)
        .word("name", &*object.key.name)
        .word("path", flow.path.clone())
        .word("verb", if flow.way == Way::Reads { "reads" } else { "writes" })
        .word("kind", target.kind)
        .word("version", target.version)
        .word("to", flow.to.clone().unwrap_or_default())
        .mark(format!("{} {}", flow.resource.as_deref().unwrap_or_default(), flow.path));
    hit.object = Some(ObjectName::of(object));
    hit.node = Some(Node { scope: format!("{:?}", flow.way), path: flow.path.clone() });
    hit
}

/// What a composed resource always got from the base, and now only where somebody sets a field.
fn optional_sources(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    for (at, object) in compositions(facts.head) {
        let Some(was_at) = facts.changes.base_of(at) else { continue };
        let was = base.object(was_at);
        if was.value.is_same(&object.value) {
            continue;
        }
        let (old, new) = (was.view(facts.trees), object.view(facts.trees));
        let (Some(before), Some(target)) = (CompositionTarget::of(old), CompositionTarget::of(new)) else { continue };
        let was_schemas = schemas(facts.trees, base, was_at, before);
        let is_schemas = schemas(facts.trees, facts.head, at, target);
        let assured = |schemas: &[&Schema], flow: &Flow| {
            !schemas.is_empty() && schemas.iter().all(|schema| schema.assures(facts.trees, &flow.path))
        };
        let old_flows = flows(old);
        for flow in flows(new).into_iter().filter(|flow| flow.way == Way::Reads && flow.path.starts_with("spec.")) {
            let (Some(to), Some(resource)) = (&flow.to, &flow.resource) else { continue };
            let feeds =
                |other: &&Flow| other.to == flow.to && other.resource == flow.resource && other.way == Way::Reads;
            let fed: Vec<&Flow> = old_flows.iter().filter(feeds).collect();
            let is_known = is_schemas.iter().any(|schema| schema.lookup(&flow.path) == Lookup::Known);
            let was_sure = fed.iter().any(|old| assured(&was_schemas, old)) || written(old, resource, to);
            let is_same = fed.iter().any(|old| old.path == flow.path);
            let is_sure = assured(&is_schemas, &flow) || written(new, resource, to) || flow.missing == Missing::Breaks;
            if is_known && !is_same && was_sure && !is_sure {
                let mut hit = hit(object, &flow, target);
                hit.build = Some(at.build);
                let was =
                    fed.first().map(|old| Label { at: old.at, side: Side::Base, says: "it came from here".into() });
                hit.related.extend(was);
                sink.report(hit);
            }
        }
    }
}

/// Whether the template of a composed resource has a value of its own at a path of plain fields.
fn written(composition: View<'_>, resource: &str, path: &str) -> bool {
    let steps = composition.path(["spec", "pipeline"]).into_iter().flat_map(|list| list.items());
    let holders = steps.filter_map(|step| step.get("input")).chain(composition.get("spec"));
    let mut resources = holders.filter_map(|holder| holder.get("resources")).flat_map(|list| list.items());
    let named = resources.find(|entry| entry.get("name").is_some_and(|name| name.written() == resource));
    let base = named.and_then(|entry| entry.get("base"));
    base.and_then(|base| path.split('.').try_fold(base, |at, name| at.get(name))).is_some()
}
