//! The kind `default-project`: Argo CD applications of the project `default`, which allows everything.
//!
//! Never: a repository that defines the project itself, with limits; a project that a template gives.

use super::{CheckKind, Params};
use crate::model::{ARGO_GROUP, Object, Trees, View};
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::world::World;

pub(super) const KIND: CheckKind = CheckKind {
    name: "default-project",
    about: "applications of the project `default`, one finding a folder",
    params: &[],
    facts: &[],
    words: &[("kind", "the first application's kind"), ("name", "its name")],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::World(Box::new(judge)))
}

fn judge(trees: &Trees, world: &World, sink: &mut Sink) {
    let mut found = world.objects().filter_map(|(at, object)| Some((at, object, project(trees, object)?))).peekable();
    if found.peek().is_none() || world.objects().any(|(_, object)| is_limited(trees, object)) {
        return;
    }
    for (at, object, (project, field)) in found {
        let mut hit =
            Hit::at(project.place()).word("kind", &*object.key.kind).word("name", &*object.key.name).field(field);
        (hit.side, hit.build, hit.object) = (world.side, Some(at.build), Some(ObjectName::of(object)));
        let folder = trees.sources().path(hit.at.file).parent();
        hit.together = Some(folder.map(|folder| folder.to_string()).unwrap_or_default());
        sink.report(hit);
    }
}

/// The value that puts an application into the project.
fn project<'t>(trees: &'t Trees, object: &'t Object) -> Option<(View<'t>, &'static str)> {
    let view = object.view(trees);
    let found = match &*object.key.kind {
        "Application" if &*object.key.group == ARGO_GROUP => (view.path(["spec", "project"])?, "/spec/project"),
        "ApplicationSet" if &*object.key.group == ARGO_GROUP => {
            (view.path(["spec", "template", "spec", "project"])?, "/spec/template/spec/project")
        }
        _ => return None,
    };
    (found.0.as_str() == Some("default")).then_some(found)
}

/// Whether an object is the project, with sources of its own.
fn is_limited(trees: &Trees, object: &Object) -> bool {
    if !object.is(ARGO_GROUP, "AppProject") || &*object.key.name != "default" {
        return false;
    }
    let repositories = object.view(trees).path(["spec", "sourceRepos"]);
    !repositories.into_iter().flat_map(|list| list.items()).any(|item| item.as_str() == Some("*"))
}
