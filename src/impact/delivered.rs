//! The applications of one side, what it asks for that nobody renders, and what a change deletes, as reports name them.
//!
//! Never: a fact of its own; it only puts into words what the others found.

use std::sync::Arc;

use super::prune::{Deleted, HandedOver, Orphaned, Pruning};
use crate::base::{ProblemKind, Span};
use crate::delivery::{Controller, Ending};
use crate::model::{FLUX_HELM_GROUP, ObjectKey, Trees};
use crate::world::World;

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

/// An object that leaves the repository and stays in the cluster, as a report names it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its identity.
    pub key: ObjectKey,
    /// `group/version`
    pub api_version: String,
    /// The application that applied it, where one did.
    pub owner: Option<ObjectKey>,
    /// The cluster it stays in, where that is known.
    pub cluster: Option<Arc<str>>,
    /// What keeps it, in a few words.
    pub why: String,
    /// Where it is written in the base.
    pub at: Span,
}

/// An object that another application applies from now on, as a report names it.
#[derive(Clone, Debug)]
pub struct Handover {
    /// Its identity.
    pub key: ObjectKey,
    /// `group/version`
    pub api_version: String,
    /// The application that applied it.
    pub from: ObjectKey,
    /// The application that applies it, where one does.
    pub to: Option<ObjectKey>,
    /// The cluster, where it is known.
    pub cluster: Option<Arc<str>>,
    /// Whether data, or what holds data, goes with it if the old one comes first.
    pub stateful: bool,
    /// Where it is written in the head.
    pub at: Span,
}

/// An address that is taken for this repository, though nobody says that it means it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assumed {
    /// The address.
    pub address: String,
    /// How many folders that are asked of it are here.
    pub found: usize,
    /// How many are not.
    pub missing: usize,
}

/// The addresses that are taken for this repository, since most of what is asked of them is here.
#[must_use]
pub fn assumed(world: &World) -> Vec<Assumed> {
    let standing = crate::delivery::assumed(world.sought());
    let ours = standing.into_iter().filter(|(_, standing)| standing.is_ours());
    let named = ours.filter_map(|(address, standing)| Some((address?.to_owned(), standing)));
    named.map(|(address, s)| Assumed { address, found: s.found, missing: s.missing }).collect()
}

/// What leaves the repository and stays in the clusters, by path and place in the base.
#[must_use]
pub fn kept(trees: &Trees, base: &World, pruning: &Pruning) -> Vec<Kept> {
    let of = |orphaned: &Orphaned| {
        let object = base.object(orphaned.object);
        let owner = orphaned.owner.map(|owner| &base.applications[owner.base]);
        Kept {
            key: object.key.clone(),
            api_version: object.api_version(),
            owner: owner.map(|owner| owner.key.clone()),
            cluster: owner.and_then(|owner| owner.cluster.clone()),
            why: orphaned.why.clone(),
            at: object.place(trees),
        }
    };
    let mut all: Vec<Kept> = pruning.orphaned.iter().map(of).collect();
    let sources = trees.sources();
    all.sort_by_cached_key(|one| (sources.path(one.at.file).clone(), one.at.range, one.key.clone(), one.owner.clone()));
    all
}

/// What moves from one application to another, by path and place in the head.
#[must_use]
pub fn moved(trees: &Trees, base: &World, head: &World, pruning: &Pruning) -> Vec<Handover> {
    let of = |handed: &HandedOver| {
        let object = head.object(handed.now);
        let owner = &base.applications[handed.owner.base];
        Handover {
            key: object.key.clone(),
            api_version: object.api_version(),
            from: owner.key.clone(),
            to: handed.to.map(|row| head.applications[row].key.clone()),
            cluster: owner.cluster.clone(),
            stateful: handed.stateful,
            at: object.place(trees),
        }
    };
    let mut all: Vec<Handover> = pruning.handed_over.iter().map(of).collect();
    let sources = trees.sources();
    all.sort_by_cached_key(|one| (sources.path(one.at.file).clone(), one.at.range, one.key.clone(), one.from.clone()));
    all
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
    let releases = world.objects().map(|(_, object)| object).filter(|object| object.is(FLUX_HELM_GROUP, "HelmRelease"));
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
