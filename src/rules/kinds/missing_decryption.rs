//! The kind `missing-decryption`: Flux Kustomizations that apply what SOPS encrypted and cannot decrypt it.
//!
//! Never: a Kustomization that somebody may patch in a way that nobody here knows.

use super::{CheckKind, Params};
use crate::base::{RepoPath, Span};
use crate::delivery::{Application, Controller};
use crate::model::{Address, FLUX_KUSTOMIZE_GROUP, FluxKustomization, Object, Trees};
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::secrets::is_encrypted;
use crate::world::World;

pub(super) const KIND: CheckKind = CheckKind {
    name: "missing-decryption",
    about: "a Flux Kustomization that applies objects which SOPS encrypted, and neither says how they are decrypted nor \
            gets it from who delivers it",
    params: &[],
    facts: &[],
    words: &[
        ("application", "the Kustomization's namespace and name"),
        ("count", "how many objects are encrypted, in words"),
    ],
    build,
};

/// How many of the encrypted objects are named.
const NAMED: usize = 3;

/// The flag by which the controller has a key for all (`kustomize-controller` 1.8).
const GLOBAL_KEY: &str = "--sops-age-secret";

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::World(Box::new(judge)))
}

fn judge(trees: &Trees, world: &World, sink: &mut Sink) {
    let mut has_key = None;
    for application in &world.applications {
        let flux = FluxKustomization::new(application.view(trees));
        let is_flux =
            application.controller == Controller::Flux && application.object.is(FLUX_KUSTOMIZE_GROUP, "Kustomization");
        let says = application.view(trees).path(["spec", "decryption"]).is_some();
        if !is_flux || says || flux.is_suspended() {
            continue;
        }
        let encrypted = encrypted(trees, world, application);
        if encrypted.is_empty() || *has_key.get_or_insert_with(|| has_global_key(trees, world)) {
            continue;
        }
        if is_patched(world, application, trees.sources().path(application.place.file)) {
            sink.undecided();
            continue;
        }
        report(trees, world, application, &encrypted, sink);
    }
}

/// The places of the encrypted objects that an application applies, each once.
fn encrypted(trees: &Trees, world: &World, application: &Application) -> Vec<Span> {
    let objects = world.builds_of(application).flat_map(|built| &built.rendered.objects);
    // An operator of its own decrypts these, in the cluster.
    let is_plain = |object: &&Object| !object.key.kind.ends_with("SopsSecret");
    let objects = objects.filter(is_plain).filter(|object| is_encrypted(object.view(trees)));
    let mut places: Vec<Span> = Vec::new();
    for place in objects.map(|object| object.place(trees)) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// Whether a controller of this repository is started with a key for all.
fn has_global_key(trees: &Trees, world: &World) -> bool {
    let deployments = world.objects().map(|(_, object)| object).filter(|object| object.is("apps", "Deployment"));
    deployments.into_iter().any(|object| {
        let containers = object.view(trees).path(["spec", "template", "spec", "containers"]);
        let lists = containers.into_iter().flat_map(|list| list.items()).filter_map(|item| item.get("args"));
        lists.flat_map(|list| list.items()).any(|arg| arg.written().starts_with(GLOBAL_KEY))
    })
}

/// Whether who delivers an application patches it with values that are not known here. Where nobody delivers it, and its
/// file lies in a folder that applications apply, it is left out of that folder's kustomization: who takes it in again
/// patches it as its neighbors.
fn is_patched(world: &World, application: &Application, file: &RepoPath) -> bool {
    let own = Address::of(&application.object.value);
    let holds = |object: &Object| Address::of(&object.value) == own;
    let builds = world.builds.iter().filter(|built| built.rendered.objects.iter().any(holds));
    let mut appliers = builds.flat_map(|built| &built.applied_by).map(|row| &world.applications[*row]).peekable();
    if appliers.peek().is_none() {
        let mut applied = world.builds.iter().filter(|built| !built.applied_by.is_empty());
        return applied.any(|built| file.is_within(&built.build.path));
    }
    appliers.any(|applier| !applier.unrendered.is_empty())
}

fn report(trees: &Trees, world: &World, application: &Application, encrypted: &[Span], sink: &mut Sink) {
    let at = application.view(trees).field("spec").map_or(application.place, |spec| spec.key_place());
    let count = match encrypted.len() {
        1 => "an object".to_owned(),
        count => format!("{count} objects"),
    };
    let mut hit =
        Hit::at(at).word("application", application.key.title()).word("count", count).field("/spec/decryption");
    hit.side = world.side;
    hit.object = Some(ObjectName::of(&application.object));
    for place in encrypted.iter().take(NAMED) {
        hit = hit.related(*place, "encrypted");
    }
    sink.report(hit);
}
