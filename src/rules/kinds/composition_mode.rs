//! The kind `composition-mode`: a Composition without a pipeline, where the repository shows that its Crossplane takes
//! none.
//!
//! Never: a repository that does not show which Crossplane runs.

use super::{CheckKind, Params};
use crate::base::Span;
use crate::model::{Object, Trees, View};
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::world::World;

pub(super) const KIND: CheckKind = CheckKind {
    name: "composition-mode",
    about: "a Composition in the mode `Resources`, with an object of the repository that only Crossplane 2 and later take",
    params: &[],
    facts: &[],
    words: &[("name", "the Composition's name"), ("mode", "what says its mode")],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::World(Box::new(report)))
}

fn report(trees: &Trees, world: &World, sink: &mut Sink) {
    let is_composition = |object: &Object| object.is("apiextensions.crossplane.io", "Composition");
    let mut old = world.objects().filter(|(_, object)| is_composition(object)).filter_map(|(at, object)| {
        let (place, mode) = resources_mode(object.view(trees))?;
        Some((at, object, place, mode))
    });
    let Some(first) = old.next() else { return };
    let proofs: Vec<(usize, Span)> = world
        .objects()
        .filter(|(_, object)| needs_crossplane_2(trees, object))
        .map(|(at, object)| (at.build, object.place(trees)))
        .collect();
    let cluster = |build: usize| &world.builds[build].cluster;
    for (at, object, place, mode) in std::iter::once(first).chain(old) {
        let meets = |build: usize| {
            let (mine, theirs) = (cluster(at.build), cluster(build));
            mine.is_none() || theirs.is_none() || mine == theirs
        };
        let Some((_, proof)) = proofs.iter().find(|(build, _)| meets(*build)) else { continue };
        let mut hit = Hit::at(place)
            .word("name", &*object.key.name)
            .word("mode", mode)
            .field("/spec/mode")
            .related(*proof, "needs Crossplane 2");
        hit.side = world.side;
        hit.build = Some(at.build);
        hit.object = Some(ObjectName::of(object));
        sink.report(hit);
    }
}

/// Where a Composition says, or implies, that it has no pipeline.
fn resources_mode(composition: View<'_>) -> Option<(Span, &'static str)> {
    let spec = composition.get("spec")?;
    match spec.get("mode") {
        Some(mode) if mode.written() == "Resources" => Some((mode.place(), "`mode: Resources`")),
        Some(_) => None,
        None => spec.field("resources").map(|resources| (resources.key_place(), "`resources` and no `mode`")),
    }
}

/// Whether an object says that Crossplane is of version 2 or later: one of its APIs, or its chart.
fn needs_crossplane_2(trees: &Trees, object: &Object) -> bool {
    let key = &object.key;
    match (&*key.group, &*key.kind) {
        ("apiextensions.crossplane.io", "CompositeResourceDefinition") => &*object.version == "v2",
        ("apiextensions.crossplane.io", "ManagedResourceActivationPolicy" | "ManagedResourceDefinition")
        | ("ops.crossplane.io", _) => true,
        ("helm.toolkit.fluxcd.io", "HelmRelease") => {
            let chart = object.view(trees).path(["spec", "chart", "spec"]);
            chart.is_some_and(|chart| is_chart(chart.get("chart"), chart.get("version")))
        }
        ("argoproj.io", "Application") => {
            let spec = object.view(trees).get("spec");
            let one = spec.and_then(|spec| spec.get("source"));
            let many = spec.and_then(|spec| spec.get("sources")).into_iter().flat_map(|list| list.items());
            one.into_iter().chain(many).any(|source| is_chart(source.get("chart"), source.get("targetRevision")))
        }
        _ => false,
    }
}

fn is_chart(name: Option<View<'_>>, version: Option<View<'_>>) -> bool {
    let (Some(name), Some(version)) = (name, version) else { return false };
    let written = version.written();
    let major =
        written.trim_start_matches(['v', '^', '~', '=', ' ']).split('.').next().and_then(|part| part.parse().ok());
    name.written() == "crossplane" && major.is_some_and(|major: u32| (2..100).contains(&major))
}
