//! The kind `dependency-cycle`: Flux Kustomizations or HelmReleases that wait for each other, or for themselves.
//!
//! Never: a circle through two clusters, or through a name that somebody fills in later.

use std::collections::{BTreeMap, BTreeSet};

use super::defined::{Name, cluster_of, depends_on, is_open, waits};
use super::{CheckKind, Params};
use crate::base::Span;
use crate::model::{Object, Trees};
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::world::{ObjectAt, World};

pub(super) const KIND: CheckKind = CheckKind {
    name: "dependency-cycle",
    about: "Flux Kustomizations or HelmReleases that wait for each other in a circle; a circle is one finding",
    params: &[],
    facts: &[],
    words: &[("kind", "their kind"), ("circle", "the names, from the first back to it")],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::World(Box::new(judge)))
}

/// An object with what it waits for; of several builds that hold it, the first.
struct Waiting<'t> {
    at: ObjectAt,
    object: &'t Object,
    on: Vec<(Name<'t>, Span)>,
}

type Graph<'t> = BTreeMap<Name<'t>, Waiting<'t>>;

fn judge(trees: &Trees, world: &World, sink: &mut Sink) {
    let mut graph: Graph<'_> = BTreeMap::new();
    for (at, object) in world.objects().filter(|(_, object)| waits(&object.key.group, &object.key.kind)) {
        let cluster = cluster_of(&world.builds[at.build]);
        let (group, kind) = (&*object.key.group, &*object.key.kind);
        let name = Name { group, kind, cluster, namespace: &object.key.namespace, name: &object.key.name };
        if !is_open(name.name) {
            graph.entry(name).or_insert_with(|| {
                let on = depends_on(object.view(trees), name).into_iter();
                Waiting { at, object, on: on.map(|found| (found.on, found.at.place())).collect() }
            });
        }
    }
    while let Some(circle) = circle(&graph) {
        report(world, &graph, &circle, sink);
        for name in circle {
            graph.remove(&name);
        }
    }
}

/// One circle, from its first name on.
fn circle<'t>(graph: &Graph<'t>) -> Option<Vec<Name<'t>>> {
    // What waits for nothing that waits is in no circle, and so on until all that is left waits for something left.
    let waits = |on: &Name<'t>| graph.get(on).is_some_and(|next| !next.on.is_empty());
    let is_start = |waiting: &Waiting<'t>| waiting.on.iter().any(|(on, _)| waits(on));
    let starts = graph.iter().filter(|(_, waiting)| is_start(waiting));
    let mut left: BTreeSet<Name<'t>> = starts.map(|(name, _)| *name).collect();
    loop {
        let is_stuck = |name: &Name<'t>| graph[name].on.iter().any(|(on, _)| left.contains(on));
        let stuck: BTreeSet<Name<'t>> = left.iter().copied().filter(is_stuck).collect();
        if stuck.len() == left.len() {
            break;
        }
        left = stuck;
    }
    let mut way = vec![*left.first()?];
    loop {
        let next = graph[way.last()?].on.iter().map(|(on, _)| *on).find(|on| left.contains(on))?;
        if let Some(start) = way.iter().position(|name| *name == next) {
            let mut circle = way.split_off(start);
            let first = circle.iter().enumerate().min_by_key(|(_, name)| **name).map_or(0, |(row, _)| row);
            circle.rotate_left(first);
            return Some(circle);
        }
        way.push(next);
    }
}

fn report(world: &World, graph: &Graph<'_>, circle: &[Name<'_>], sink: &mut Sink) {
    let first = &graph[&circle[0]];
    let line = |name: &Name<'_>, next: &Name<'_>| graph[name].on.iter().find(|(on, _)| on == next).map(|(_, at)| *at);
    let nexts = circle.iter().cycle().skip(1);
    let mut lines = circle.iter().zip(nexts).filter_map(|(name, next)| line(name, next));
    let Some(at) = lines.next() else { return };
    let shown: Vec<String> = circle.iter().chain(&circle[..1]).map(|name| format!("`{}`", name.name)).collect();
    let mut hit = Hit::at(at);
    hit.side = world.side;
    let mut hit = hit.word("kind", circle[0].kind).word("circle", shown.join(" → ")).field("/spec/dependsOn");
    hit = lines.fold(hit, |hit, at| hit.related(at, "and this one for the next"));
    hit.build = Some(first.at.build);
    hit.object = Some(ObjectName::of(first.object));
    sink.report(hit);
}
