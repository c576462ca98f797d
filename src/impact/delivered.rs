//! The applications of one side, what it asks for that nobody renders, and what a change deletes, as reports name them.
//!
//! Never: a fact of its own; it only puts into words what the others found.

use std::sync::Arc;

use super::prune::{Deleted, Pruning};
use crate::base::{ProblemKind, Span};
use crate::delivery::{Controller, Ending};
use crate::model::{ObjectKey, Trees};
use crate::world::World;

/// The API group of Flux's Helm controller.
const HELM_GROUP: &str = "helm.toolkit.fluxcd.io";

/// An application, as a report names it.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// Who runs it.
    pub controller: Controller,
    /// Its namespace; empty where none is written.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The cluster it applies to, where it is known.
    pub cluster: Option<Arc<str>>,
    /// Whether it delivers applications.
    pub root: bool,
    /// Whether it deletes what leaves the repository, without a person.
    pub prunes: bool,
    /// How many builds of this repository it applies.
    pub builds: usize,
    /// Where it is written.
    pub at: Span,
}

/// Something that the repository asks for and this tool does not render.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unrendered {
    /// Where it is asked for.
    pub at: Span,
    /// What sort of thing it is, in the singular: `Helm chart`.
    pub sort: &'static str,
    /// What it is, in words.
    pub what: String,
}

/// An object that the change deletes, as a report names it.
#[derive(Clone, Debug)]
pub struct Deletion {
    /// Its identity.
    pub key: ObjectKey,
    /// `group/version`
    pub api_version: String,
    /// The application that deletes it.
    pub owner: ObjectKey,
    /// The cluster it is deleted from, where that is known.
    pub cluster: Option<Arc<str>>,
    /// How it ends.
    pub ending: Ending,
    /// Whether data, or what holds data, goes with it.
    pub stateful: bool,
    /// How many objects of this repository hang on it.
    pub hanging: usize,
    /// Where it is written in the base.
    pub at: Span,
}

/// What a change deletes, by path and place in the base.
#[must_use]
pub fn deletions(trees: &Trees, base: &World, pruning: &Pruning) -> Vec<Deletion> {
    let of = |deleted: &Deleted| {
        let object = base.object(deleted.object);
        let owner = &base.applications[deleted.owner.base];
        Deletion {
            key: object.key.clone(),
            api_version: object.api_version(),
            owner: owner.key.clone(),
            cluster: owner.cluster.clone(),
            ending: deleted.ending,
            stateful: deleted.stateful,
            hanging: deleted.hanging,
            at: object.place(trees),
        }
    };
    let mut all: Vec<Deletion> = pruning.deleted.iter().map(of).collect();
    let sources = trees.sources();
    all.sort_by_cached_key(|one| {
        (sources.path(one.at.file).clone(), one.at.range, one.key.clone(), one.owner.clone(), one.cluster.clone())
    });
    all
}

/// The applications of a world, in its order.
#[must_use]
pub fn applications(world: &World) -> Vec<Delivered> {
    let applications = world.applications.iter();
    applications
        .map(|application| Delivered {
            controller: application.controller,
            namespace: application.key.namespace.clone(),
            name: application.key.name.clone(),
            cluster: application.cluster.clone(),
            root: application.is_root,
            prunes: application.prunes.is_some(),
            builds: application.builds.len(),
            at: application.place,
        })
        .collect()
}

/// What a world asks for and nobody renders, by path and place; each place once, in however many builds.
#[must_use]
pub fn unrendered(trees: &Trees, world: &World) -> Vec<Unrendered> {
    let of_builds = world.builds.iter().flat_map(|built| &built.rendered.problems);
    let problems = of_builds.chain(&world.problems).filter(|problem| problem.kind == ProblemKind::NotRendered);
    let parts =
        problems.map(|problem| Unrendered { at: problem.at, sort: "overlay part", what: problem.message.clone() });
    let charts = world.applications.iter().flat_map(|application| &application.unrendered);
    let charts = charts.map(|chart| Unrendered { at: chart.at, sort: chart.what, what: chart.what.to_owned() });
    let releases = world.objects().map(|(_, object)| object).filter(|object| object.is(HELM_GROUP, "HelmRelease"));
    let releases = releases.map(|release| Unrendered {
        at: release.place(trees),
        sort: "HelmRelease",
        what: release.key.to_string(),
    });
    let mut all: Vec<Unrendered> = parts.chain(charts).chain(releases).collect();
    let sources = world.snapshot.sources();
    all.sort_by_cached_key(|one| (sources.path(one.at.file).clone(), one.at.range, one.what.clone()));
    all.dedup();
    all
}
