//! The kind `flux-root`: Flux Kustomizations that delete the applications they hold when those leave Git.
//!
//! Never: what `flux bootstrap` writes; nobody edits that.

use super::{CheckKind, Params};
use crate::delivery::{Application, Controller};
use crate::model::{ArgoApplication, FluxKustomization, Trees, is_kept_by_flux};
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::world::World;

pub(super) const KIND: CheckKind = CheckKind {
    name: "flux-root",
    about: "a Flux Kustomization that prunes the applications it holds, and with them what they applied; all are one finding",
    params: &[],
    facts: &[],
    words: &[
        ("application", "the Kustomization's namespace and name"),
        ("child", "the first application that nothing protects"),
        ("count", "how many there are"),
    ],
    build,
};

/// The file that `flux bootstrap` writes.
const GENERATED: &str = "gotk-sync.yaml";

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::World(Box::new(|trees, world, sink| {
        let roots = world.applications.iter().filter(|found| found.controller == Controller::Flux && found.is_root);
        for root in roots.filter(|root| trees.sources().path(root.place.file).name() != GENERATED) {
            judge(trees, world, root, sink);
        }
    })))
}

fn judge(trees: &Trees, world: &World, root: &Application, sink: &mut Sink) {
    let Some(at) = root.prunes else { return };
    if protects_by_patch(trees, root) {
        return;
    }
    let children = children(trees, world, root);
    let mut open = children.iter().filter(|child| !is_protected(trees, child));
    let Some(first) = open.next() else { return };
    let mut hit = Hit::at(at);
    hit.side = world.side;
    let mut hit = hit
        .word("application", root.key.title())
        .word("child", first.key.title())
        .word("count", (open.count() + 1).to_string())
        .field("/spec/prune")
        .related(first.place, "an application that it deletes");
    hit.object = Some(ObjectName::of(&root.object));
    hit.together = Some(String::new());
    sink.report(hit);
}

/// The applications that its builds hold.
fn children<'w>(trees: &Trees, world: &'w World, root: &Application) -> Vec<&'w Application> {
    let held: std::collections::HashSet<_> = world
        .builds_of(root)
        .flat_map(|built| &built.rendered.objects)
        .filter(|object| crate::delivery::is_application(object) && object.key != root.object.key)
        .map(|object| (object.place(trees), &object.key))
        .map(|(place, key)| (place.file, place.range.start, key))
        .collect();
    let is_held = |child: &&Application| held.contains(&(child.place.file, child.place.range.start, &child.object.key));
    world.applications.iter().filter(is_held).collect()
}

/// Whether an application stays when it leaves Git, or leaves behind what it applied.
fn is_protected(trees: &Trees, child: &Application) -> bool {
    let object = child.object.view(trees);
    is_kept_by_flux(object)
        || match child.controller {
            Controller::Flux => FluxKustomization::new(object).keeps_when_deleted(),
            Controller::ArgoCd => ArgoApplication::new(child.view(trees)).cascade().is_none(),
        }
}

/// Whether the root's own patches protect what it holds.
fn protects_by_patch(trees: &Trees, root: &Application) -> bool {
    let patches = FluxKustomization::new(root.view(trees)).patches();
    patches.filter_map(|patch| trees.embedded(patch)).any(|file| {
        trees.documents(file).any(|document| {
            let patch = trees.view(&document);
            is_kept_by_flux(patch) || patch.str_at(["spec", "deletionPolicy"]) == Some("Orphan")
        })
    })
}
