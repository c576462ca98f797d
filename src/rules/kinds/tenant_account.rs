//! The kind `tenant-account`: what Flux applies for tenants with the rights of its own controllers.
//!
//! Never: a repository with one tenant; one that gives the controllers an account for those who name none.

use std::collections::BTreeSet;

use super::{CheckKind, Params};
use crate::delivery::{Tier, tier_of};
use crate::model::{FLUX_KUSTOMIZE_GROUP, FLUX_OPERATOR_GROUP, Object, Trees};
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::world::{ObjectAt, World};

pub(super) const KIND: CheckKind = CheckKind {
    name: "tenant-account",
    about: "Flux Kustomizations and HelmReleases of the workloads' tier without a service account, where several tenants are",
    params: &[],
    facts: &[],
    words: &[("kind", "the object's kind"), ("name", "its name")],
    build,
};

/// The setting of the controllers that gives an account to those who name none.
const DEFAULT_ACCOUNT: &str = "--default-service-account";

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::World(Box::new(judge)))
}

fn judge(trees: &Trees, world: &World, sink: &mut Sink) {
    let of_tenants: Vec<(ObjectAt, &Object)> =
        world.objects().filter(|(at, object)| is_of_tenant(world, *at, object)).collect();
    let tenants: BTreeSet<&str> = of_tenants.iter().map(|(_, object)| &*object.key.namespace).collect();
    if tenants.len() < 2 || has_default(trees, world) {
        return;
    }
    for (at, object) in of_tenants {
        let Some(spec) = object.view(trees).field("spec") else { continue };
        if spec.value.get("serviceAccountName").is_some() {
            continue;
        }
        let hit =
            Hit::at(spec.key_place()).word("kind", &*object.key.kind).word("name", &*object.key.name).field("/spec");
        let object = Some(ObjectName::of(object));
        sink.report(Hit { side: world.side, build: Some(at.build), object, ..hit });
    }
}

fn is_of_tenant(world: &World, at: ObjectAt, object: &Object) -> bool {
    let is_applied =
        object.is(FLUX_KUSTOMIZE_GROUP, "Kustomization") || object.is("helm.toolkit.fluxcd.io", "HelmRelease");
    is_applied
        && !matches!(&*object.key.namespace, "" | "flux-system")
        && tier_of(&world.builds[at.build].build.path, &world.layout) == Some(Tier::Workloads)
}

/// Whether the controllers take an account of the namespace where none is named.
fn has_default(trees: &Trees, world: &World) -> bool {
    let by_operator = |object: &Object| {
        object.is(FLUX_OPERATOR_GROUP, "FluxInstance")
            && object.view(trees).path(["spec", "cluster", "multitenant"]).and_then(|value| value.as_bool())
                == Some(true)
    };
    world.objects().any(|(_, object)| by_operator(object))
        || world.texts.iter().any(|file| trees.sources().text(*file).contains(DEFAULT_ACCOUNT))
}
