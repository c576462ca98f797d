//! The kind `unordered-resource`: instances that are applied together with what makes their API.
//!
//! Never: a `CustomResourceDefinition`; Argo CD and Flux apply those first by themselves.

use super::{CheckKind, Params};
use crate::api::Flavor;
use crate::delivery::{Application, Controller};
use crate::model::{ArgoApplication, Object, Trees};
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::world::{Built, World};

pub(super) const KIND: CheckKind = CheckKind {
    name: "unordered-resource",
    about: "an object that one application applies together with the XRD, Promise or ResourceGraphDefinition from which a controller makes its API",
    params: &[],
    facts: &[],
    words: &[
        ("object", "the object"),
        ("definition", "what makes its API"),
        ("application", "the application's namespace and name"),
    ],
    build,
};

const OPTIONS: &str = "argocd.argoproj.io/sync-options";
const WAVE: &str = "argocd.argoproj.io/sync-wave";
const SKIP: &str = "SkipDryRunOnMissingResource=true";

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::World(Box::new(judge)))
}

fn judge(trees: &Trees, world: &World, sink: &mut Sink) {
    for defined in world.definitions.iter().filter(|defined| defined.definition.flavor != Flavor::Crd) {
        let built = &world.builds[defined.from.build];
        let maker = world.object(defined.from);
        let is_instance = |object: &&Object| {
            let definition = &defined.definition;
            object.key.group == definition.group && definition.kinds.contains(&object.key.kind)
        };
        let Some(instance) = built.rendered.objects.iter().find(is_instance) else { continue };
        let unordered = built.applied_by.iter().map(|row| &world.applications[*row]);
        let Some(application) = unordered.into_iter().find(|found| !is_ordered(trees, found, maker, instance)) else {
            continue;
        };
        report(trees, world, (defined.from.build, built), (maker, instance, application), sink);
    }
}

/// Whether the controller may apply the instance later than what makes its API.
fn is_ordered(trees: &Trees, application: &Application, maker: &Object, instance: &Object) -> bool {
    if application.controller == Controller::Flux {
        return false;
    }
    let view = instance.view(trees);
    let annotation = |object: &Object, name: &str| {
        let value =
            object.view(trees).path(["metadata", "annotations", name]).map(|value| value.written().into_owned());
        value.unwrap_or_default()
    };
    let wave = |object: &Object| annotation(object, WAVE).parse::<i64>().unwrap_or_default();
    let is_hook = view.path(["metadata", "annotations", "argocd.argoproj.io/hook"]).is_some();
    is_hook
        || wave(instance) > wave(maker)
        || annotation(instance, OPTIONS).split(',').any(|option| option.trim() == SKIP)
        || ArgoApplication::new(application.view(trees)).sync_option(SKIP).is_some()
}

fn report(
    trees: &Trees,
    world: &World,
    (row, _): (usize, &Built),
    (maker, instance, application): (&Object, &Object, &Application),
    sink: &mut Sink,
) {
    let key = &application.key;
    let title = if key.namespace.is_empty() { key.name.to_string() } else { format!("{}/{}", key.namespace, key.name) };
    let mut hit = Hit::at(instance.place(trees))
        .word("object", instance.key.to_string())
        .word("definition", maker.key.to_string())
        .word("application", title)
        .related(maker.place(trees), "what makes its API")
        .related(application.place, "applies both");
    hit.side = world.side;
    hit.build = Some(row);
    hit.object = Some(ObjectName::of(instance));
    sink.report(hit);
}
