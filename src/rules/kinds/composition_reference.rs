//! The kind `composition-reference`: what a Composition names and nobody defines.
//!
//! Never: an API or a function of which the repository defines none of its kind; those come from elsewhere.

use std::collections::BTreeSet;

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::api::Flavor;
use crate::model::{Object, Trees, split_api_version};
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::world::{ObjectAt, World};

pub(super) const KIND: CheckKind = CheckKind {
    name: "composition-reference",
    about: "a Crossplane Composition that names an API or a function that the repository should define",
    params: &[ParamDesc {
        name: "to",
        takes: Takes::OneOf(&["api", "function"]),
        need: Need::Required,
        about: "`api`: the type it is for, where the repository defines that group; `function`: those of its steps, where the repository installs any",
    }],
    facts: &[],
    words: &[
        ("name", "the Composition's name"),
        ("missing", "what nobody defines"),
        ("step", "the step that names it"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let judge = if params.text("to") == "api" { apis } else { functions };
    Ok(Check::World(Box::new(move |trees: &Trees, world: &World, sink: &mut Sink| {
        let compositions = || world.objects().filter(|(_, o)| o.is("apiextensions.crossplane.io", "Composition"));
        if compositions().next().is_some() {
            judge(trees, world, &mut compositions(), sink);
        }
    })))
}

type Compositions<'a> = dyn Iterator<Item = (ObjectAt, &'a Object)> + 'a;

fn apis(trees: &Trees, world: &World, compositions: &mut Compositions<'_>, sink: &mut Sink) {
    let defined: Vec<_> = world.definitions.iter().map(|defined| &defined.definition).collect();
    for (at, object) in compositions {
        let target = object.view(trees).path(["spec", "compositeTypeRef"]);
        let Some((api, kind)) = target.and_then(|target| Some((target.get("apiVersion")?, target.get("kind")?))) else {
            continue;
        };
        let (written, wanted) = (api.written(), kind.written());
        let (group, version) = split_api_version(&written);
        let of_group: Vec<_> = defined.iter().filter(|d| d.flavor == Flavor::Xrd && &*d.group == group).collect();
        let of_kind: Vec<_> = of_group.iter().filter(|d| *d.kinds[0] == *wanted).collect();
        if of_group.is_empty() || of_kind.iter().any(|d| d.version(version).is_some()) {
            continue;
        }
        let place = if of_kind.is_empty() { kind.place() } else { api.place() };
        let hit = Hit::at(place)
            .word("name", &*object.key.name)
            .word("missing", format!("{wanted} of {written}"))
            .word("step", "")
            .field("/spec/compositeTypeRef");
        report(world, at, object, hit, sink);
    }
}

fn functions(trees: &Trees, world: &World, compositions: &mut Compositions<'_>, sink: &mut Sink) {
    let installed: BTreeSet<&str> = world
        .objects()
        .filter(|(_, object)| object.is("pkg.crossplane.io", "Function"))
        .map(|(_, object)| &*object.key.name)
        .collect();
    if installed.is_empty() {
        return;
    }
    for (at, object) in compositions {
        let steps = object.view(trees).path(["spec", "pipeline"]);
        for (row, step) in steps.into_iter().flat_map(|list| list.items()).enumerate() {
            let Some(name) = step.path(["functionRef", "name"]) else { continue };
            let written = name.written();
            if installed.contains(&*written) {
                continue;
            }
            let title = step.get("step").map(|step| step.written().into_owned()).unwrap_or_default();
            let hit = Hit::at(name.place())
                .word("name", &*object.key.name)
                .word("missing", written)
                .word("step", title)
                .field(format!("/spec/pipeline/{row}/functionRef/name"));
            report(world, at, object, hit, sink);
        }
    }
}

fn report(world: &World, at: ObjectAt, object: &Object, mut hit: Hit, sink: &mut Sink) {
    hit.side = world.side;
    hit.build = Some(at.build);
    hit.object = Some(ObjectName::of(object));
    sink.report(hit);
}
