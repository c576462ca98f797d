//! Which Composition and which revision an instance takes, said in the repository and not left to chance.
//!
//! Never: what a cluster chose before.

use super::of_object;
use crate::api::Flavor;
use crate::delivery::{Stage, environment_of};
use crate::model::{KRATIX_GROUP, Object, Trees, View};
use crate::rules::Sink;
use crate::world::{DefinedApi, ObjectAt, World};

/// The claims and composite resources of a world, each with its XRD.
fn instances(world: &World) -> impl Iterator<Item = (ObjectAt, &Object, &DefinedApi)> {
    let xrds: Vec<&DefinedApi> = world.definitions.iter().filter(|d| d.definition.flavor == Flavor::Xrd).collect();
    world.objects().filter_map(move |(at, object)| {
        let of = |defined: &&&DefinedApi| defined.definition.has_instances(&object.key.group, &object.key.kind);
        Some((at, object, *xrds.iter().find(of)?))
    })
}

/// What an instance says of how it is composed: in `spec`, or in `spec.crossplane` since v2.
fn wanted<'t>(instance: View<'t>, name: &str) -> Option<View<'t>> {
    instance.path(["spec", name]).or_else(|| instance.path(["spec", "crossplane", name]))
}

fn spec_place(object: &Object, view: View<'_>, trees: &Trees) -> crate::base::Span {
    view.field("spec").map_or_else(|| object.place(trees), |field| field.key_place())
}

pub(super) fn selector_explicit(trees: &Trees, world: &World, sink: &mut Sink) {
    for (at, object, defined) in instances(world) {
        let (view, xrd) = (object.view(trees), world.object(defined.from));
        let of_xrd = |name| xrd.view(trees).path(["spec", name]).is_some();
        let is_said = ["compositionRef", "compositionSelector"].iter().any(|name| wanted(view, name).is_some());
        if is_said || of_xrd("defaultCompositionRef") || of_xrd("enforcedCompositionRef") {
            continue;
        }
        let what = "names no Composition and selects none";
        let hit = of_object(world, at, spec_place(object, view, trees), what).field("/spec");
        sink.report(hit.related(xrd.place(trees), "its definition has no default"));
    }
}

pub(super) fn manual_in_production(trees: &Trees, world: &World, sink: &mut Sink) {
    let production = |at: ObjectAt, view: View<'_>| {
        let built = &world.builds[at.build];
        let label = view.str_at(["metadata", "labels", "environment"]);
        let found = environment_of(&built.build.path, label, built.cluster.as_deref(), &world.layout)?;
        (found.stage == Some(Stage::Production)).then_some(found.because)
    };
    for (at, object, defined) in instances(world) {
        let (view, xrd) = (object.view(trees), world.object(defined.from).view(trees));
        let policy =
            wanted(view, "compositionUpdatePolicy").or_else(|| xrd.path(["spec", "defaultCompositionUpdatePolicy"]));
        let is_manual = policy.is_some_and(|policy| policy.written() == "Manual");
        if is_manual || wanted(view, "compositionRevisionSelector").is_some() {
            continue;
        }
        let Some(because) = production(at, view) else { continue };
        let place = wanted(view, "compositionUpdatePolicy").map(|policy| policy.place());
        let what = format!("takes every revision of its Composition at once (production: {because})");
        let place = place.unwrap_or_else(|| spec_place(object, view, trees));
        sink.report(of_object(world, at, place, what).field("/spec/compositionUpdatePolicy"));
    }
    for (at, object) in world.objects().filter(|(_, object)| object.is(KRATIX_GROUP, "ResourceBinding")) {
        let view = object.view(trees);
        let Some(version) = view.path(["spec", "version"]).filter(|version| version.written() == "latest") else {
            continue;
        };
        if let Some(because) = production(at, view) {
            let what = format!("takes every version of its Promise at once (production: {because})");
            sink.report(of_object(world, at, version.place(), what).field("/spec/version"));
        }
    }
}
