//! The kind `bare-namespace`: namespaces in which nothing of some kinds is.
//!
//! Never: a namespace that the repository does not define: what else is in it nobody here knows.

use std::collections::BTreeSet;

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::delivery::{Tier, tier_of};
use crate::model::{Object, Trees};
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::world::{ObjectAt, World};

pub(super) const KIND: CheckKind = CheckKind {
    name: "bare-namespace",
    about: "a namespace of the repository in which nothing of some kinds is",
    params: &[
        ParamDesc {
            name: "of",
            takes: Takes::OneOf(&["tenant", "workloads"]),
            need: Need::Required,
            about: "`tenant`: in the workloads' tier; `workloads`: with something in it that runs pods",
        },
        ParamDesc {
            name: "kinds",
            takes: Takes::Texts,
            need: Need::Required,
            about: "the kinds, each as `group/Kind` (`/Secret` for the core group); one of them is enough",
        },
    ],
    facts: &[],
    words: &[("name", "the namespace")],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let (of_tenants, kinds) = (params.text("of") == "tenant", params.texts("kinds"));
    Ok(Check::World(Box::new(move |trees, world, sink| judge(trees, world, (of_tenants, &kinds), sink))))
}

fn judge(trees: &Trees, world: &World, (of_tenants, kinds): (bool, &[String]), sink: &mut Sink) {
    let is_one = |object: &Object| {
        kinds.iter().filter_map(|kind| kind.rsplit_once('/')).any(|(group, kind)| object.is(group, kind))
    };
    let within = |wanted: &dyn Fn(&Object) -> bool| -> BTreeSet<&str> {
        let found = world.objects().filter(|(_, object)| wanted(object));
        found.map(|(_, object)| &*object.key.namespace).collect()
    };
    let (kept, busy) = (within(&is_one), within(&runs_pods));
    let is_asked = |at: ObjectAt, name: &str| match of_tenants {
        true => tier_of(&world.builds[at.build].build.path, &world.layout) == Some(Tier::Workloads),
        false => busy.contains(name),
    };
    // What a kustomization or an application gives a namespace to has none of its own here.
    if kept.contains("") {
        return;
    }
    for (at, object) in world.objects().filter(|(_, object)| object.is("", "Namespace")) {
        let name = &*object.key.name;
        if is_asked(at, name) && !kept.contains(name) {
            let hit = Hit::at(object.place(trees)).word("name", name);
            let object = Some(ObjectName::of(object));
            sink.report(Hit { side: world.side, build: Some(at.build), object, ..hit });
        }
    }
}

fn runs_pods(object: &Object) -> bool {
    match &*object.key.group {
        "" => &*object.key.kind == "Pod",
        "apps" => matches!(&*object.key.kind, "DaemonSet" | "Deployment" | "ReplicaSet" | "StatefulSet"),
        "batch" => matches!(&*object.key.kind, "CronJob" | "Job"),
        _ => false,
    }
}
