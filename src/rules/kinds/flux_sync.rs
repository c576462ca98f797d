//! The kind `flux-sync`: the Kustomization that brings a cluster its own folder, and brings it another cluster's.
//!
//! Never: a folder of which nothing says that it is a cluster's.

use super::{CheckKind, Params};
use crate::base::RepoPath;
use crate::delivery::{Application, Controller};
use crate::model::{FLUX_OPERATOR_GROUP, Trees, View};
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::world::World;

pub(super) const KIND: CheckKind = CheckKind {
    name: "flux-sync",
    about: "what `flux bootstrap` or a FluxInstance syncs, where that is the folder of another cluster",
    params: &[],
    facts: &[],
    words: &[("path", "the folder that it applies"), ("own", "the cluster's own folder")],
    build,
};

/// The file that `flux bootstrap` writes, in a folder of its own within the cluster's.
const GENERATED: &str = "gotk-sync.yaml";
const GENERATED_FOLDER: &str = "flux-system";

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::World(Box::new(|trees, world, sink| {
        for application in world.applications.iter().filter(|found| found.controller == Controller::Flux) {
            if let Some((path, own, field)) = synced(trees, application) {
                judge(trees, world, (application, path, &own, field), sink);
            }
        }
    })))
}

/// The path that a cluster syncs, the cluster's folder, and the field of the path.
fn synced<'t>(trees: &'t Trees, application: &'t Application) -> Option<(View<'t>, RepoPath, &'static str)> {
    let file = trees.sources().path(application.place.file);
    let view = application.view(trees);
    if &*application.object.key.group == FLUX_OPERATOR_GROUP {
        let path = view.path(["spec", "sync", "path"])?;
        return Some((path, cluster_folder(file)?, "/spec/sync/path"));
    }
    if file.name() != GENERATED {
        return None;
    }
    let folder = file.parent()?;
    let own = if folder.name() == GENERATED_FOLDER { folder.parent()? } else { folder };
    Some((view.path(["spec", "path"])?, own, "/spec/path"))
}

/// `clusters/<name>` of a path.
fn cluster_folder(file: &RepoPath) -> Option<RepoPath> {
    let mut folder = file.parent()?;
    while let Some(above) = folder.parent() {
        if above.name() == "clusters" {
            return Some(folder);
        }
        folder = above;
    }
    None
}

fn judge(
    trees: &Trees,
    world: &World,
    (application, path, own, field): (&Application, View<'_>, &RepoPath, &str),
    sink: &mut Sink,
) {
    let Some(text) = path.as_str().filter(|text| !text.contains(['$', '{'])) else { return };
    let Some(other) = RepoPath::new(text.trim_start_matches('/')) else { return };
    if other.as_str().is_empty() || other.is_within(own) || own.is_within(&other) || !is_cluster(world, &other, own) {
        return;
    }
    let mut hit = Hit::at(path.place());
    hit.side = world.side;
    let mut hit = hit
        .word("path", other.as_str())
        .word("own", own.as_str())
        .field(field)
        .related(application.place, "what this cluster syncs");
    hit.object = Some(ObjectName::of(&application.object));
    let theirs = other.join(&format!("{GENERATED_FOLDER}/{GENERATED}")).and_then(|file| world.snapshot.file(&file));
    if let Some(theirs) = theirs {
        hit = hit.related(trees.top(theirs), "the cluster whose folder it is");
    }
    sink.report(hit);
}

/// Whether a folder is one of another cluster: beside the own one, or with a sync of its own.
fn is_cluster(world: &World, folder: &RepoPath, own: &RepoPath) -> bool {
    let sync = folder.join(&format!("{GENERATED_FOLDER}/{GENERATED}"));
    let has_sync = sync.is_some_and(|file| world.snapshot.file(&file).is_some());
    let is_beside = folder.parent() == own.parent() && own.parent().is_some_and(|above| !above.as_str().is_empty());
    has_sync || is_beside
}
