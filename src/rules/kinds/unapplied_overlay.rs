//! The kind `unapplied-overlay`: overlays that no application applies, in a repository of applications.
//!
//! Never: one that holds applications; somebody has to begin by hand.

use super::{CheckKind, Params};
use crate::delivery::is_application;
use crate::model::Trees;
use crate::rules::{Check, Hit, Sink};
use crate::world::World;

pub(super) const KIND: CheckKind = CheckKind {
    name: "unapplied-overlay",
    about: "an overlay that no application applies and no kustomization includes",
    params: &[],
    facts: &[],
    words: &[("path", "the overlay's folder")],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::World(Box::new(judge)))
}

fn judge(_: &Trees, world: &World, sink: &mut Sink) {
    if world.builds.iter().all(|built| built.applied_by.is_empty()) {
        return;
    }
    let overlays =
        world.builds.iter().enumerate().filter(|(_, built)| built.is_overlay() && built.applied_by.is_empty());
    for (row, built) in overlays {
        let objects = &built.rendered.objects;
        if objects.is_empty() || objects.iter().any(is_application) {
            continue;
        }
        let mut hit = Hit::at(built.place).word("path", built.build.path.to_string());
        hit.side = world.side;
        hit.build = Some(row);
        sink.report(hit);
    }
}
