//! The kind `unready-dependency`: a Flux Kustomization that others wait for and that is ready before what it applies is.
//!
//! Never: whether the dependency exists.

use std::collections::BTreeMap;

use super::{CheckKind, Params};
use crate::delivery::{Application, Controller};
use crate::model::{FluxKustomization, Trees};
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::world::World;

pub(super) const KIND: CheckKind = CheckKind {
    name: "unready-dependency",
    about: "a Flux Kustomization that others wait for, and that does not wait for what it applies",
    params: &[],
    facts: &[],
    words: &[
        ("application", "the Kustomization's namespace and name"),
        ("other", "the first that waits for it"),
        ("count", "how many wait for it"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::World(Box::new(judge)))
}

/// What tells Kustomizations apart: those of two clusters have one name.
type Name<'a> = (Option<&'a str>, &'a str, &'a str);

fn judge(trees: &Trees, world: &World, sink: &mut Sink) {
    let written = |found: &&Application| found.controller == Controller::Flux && !found.is_generated();
    let all: Vec<&Application> = world.applications.iter().filter(written).collect();
    let mut waiting: BTreeMap<Name<'_>, Vec<&Application>> = BTreeMap::new();
    for other in &all {
        for (namespace, name) in FluxKustomization::new(other.view(trees)).depends_on() {
            let name = (other.cluster.as_deref(), namespace.unwrap_or(&other.key.namespace), name);
            waiting.entry(name).or_default().push(other);
        }
    }
    for application in all {
        let key = &application.key;
        let Some(others) = waiting.get(&(application.cluster.as_deref(), &*key.namespace, &*key.name)) else {
            continue;
        };
        let view = application.view(trees);
        if FluxKustomization::new(view).waits() {
            continue;
        }
        // Where `wait: false` is written, that is the line.
        let wait = view.path(["spec", "wait"]).map(|wait| wait.place());
        let spec = view.field("spec").map(|spec| spec.key_place());
        let mut hit = Hit::at(wait.or(spec).unwrap_or(application.place));
        hit.side = world.side;
        let mut hit = hit
            .word("application", key.title())
            .word("other", others[0].key.title())
            .word("count", others.len().to_string())
            .field("/spec/wait")
            .related(others[0].place, "waits for it");
        hit.object = Some(ObjectName::of(&application.object));
        sink.report(hit);
    }
}
