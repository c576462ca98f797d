//! The kind `duplicate-object`: builds without a kustomization that define one object twice.
//!
//! Never: what kustomize refuses by itself.

use std::collections::HashMap;

use super::defined::is_open;
use super::{CheckKind, Params};
use crate::model::{Object, ObjectKey, Trees};
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::world::World;

pub(super) const KIND: CheckKind = CheckKind {
    name: "duplicate-object",
    about: "a folder or a file that defines an object twice; at the second",
    params: &[],
    facts: &[],
    words: &[("object", "the object"), ("build", "the folder or the file")],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::World(Box::new(judge)))
}

fn judge(trees: &Trees, world: &World, sink: &mut Sink) {
    for (build, built) in world.builds.iter().enumerate().filter(|(_, built)| !built.is_overlay()) {
        let mut known: HashMap<&ObjectKey, &Object> = HashMap::new();
        let named = built.rendered.objects.iter().filter(|object| !is_open(&object.key.name));
        for object in named.filter(|object| !is_open_namespace(object)) {
            let Some(first) = known.insert(&object.key, object) else { continue };
            known.insert(&object.key, first);
            let name = object.view(trees).path(["metadata", "name"]);
            let mut hit = Hit::at(name.map_or_else(|| object.place(trees), |name| name.place()))
                .word("object", object.key.to_string())
                .word("build", built.build.path.to_string())
                .field("/metadata/name");
            hit.side = world.side;
            hit.build = Some(build);
            hit.object = Some(ObjectName::of(object));
            sink.report(hit.related(first.place(trees), "defined here first"));
        }
    }
}

fn is_open_namespace(object: &Object) -> bool {
    !object.key.namespace.is_empty() && is_open(&object.key.namespace)
}
