//! The kind `crossed-environments`: what is for one environment and brings what is for another.
//!
//! Never: an environment that nothing names; a base that several share.

use super::{CheckKind, Params};
use crate::base::{RepoPath, Span};
use crate::delivery::{Application, Environment, environment_of};
use crate::model::Trees;
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::world::{Built, World};

pub(super) const KIND: CheckKind = CheckKind {
    name: "crossed-environments",
    about: "an application of one environment that applies the folder of another, or to a cluster of another; an overlay that includes one of another environment",
    params: &[],
    facts: &[],
    words: &[
        ("what", "the application or the overlay"),
        ("own", "its environment, with who says so"),
        ("verb", "what it does with the other: `applies`, `includes`"),
        ("other", "what is of another environment, with who says so"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::World(Box::new(|trees, world, sink| {
        for application in &world.applications {
            applied(trees, world, application, sink);
        }
        for (row, built) in world.builds.iter().enumerate().filter(|(_, built)| built.is_overlay()) {
            included(trees, world, (row, built), sink);
        }
    })))
}

/// The environment that a path alone names.
fn of_path(path: &RepoPath, world: &World) -> Option<Environment> {
    environment_of(path, None, None, &world.layout)
}

fn differ(one: &Environment, other: &Environment) -> bool {
    match (one.stage, other.stage) {
        (Some(one), Some(other)) => one != other,
        _ => one.name != other.name,
    }
}

fn applied(trees: &Trees, world: &World, application: &Application, sink: &mut Sink) {
    let file = trees.sources().path(application.place.file);
    let view = application.view(trees);
    let label = view.str_at(["metadata", "labels", "environment"]).filter(|label| !label.contains("{{"));
    let cluster = application.cluster.as_deref();
    // A set makes applications for many environments.
    let own = if application.is_generated() { None } else { file.parent().and_then(|folder| of_path(&folder, world)) };
    let own = own.or_else(|| environment_of(&RepoPath::root(), label, None, &world.layout));
    let to = environment_of(&RepoPath::root(), None, cluster, &world.layout);
    for (build, at) in &application.builds {
        let Some(folder) = of_path(&build.path, world) else { continue };
        let crossed = [&own, &to].into_iter().flatten().find(|environment| differ(environment, &folder));
        let Some(environment) = crossed else { continue };
        let mut hit = Hit::at(*at)
            .word("what", format!("{} `{}`", application.object.key.kind, title(application)))
            .word("own", shown(environment))
            .word("verb", "applies")
            .word("other", shown(&folder))
            .related(application.place, "of this application");
        hit.side = world.side;
        hit.object = Some(ObjectName::of(&application.object));
        sink.report(hit);
    }
}

fn included(trees: &Trees, world: &World, (row, built): (usize, &Built), sink: &mut Sink) {
    let folder = &built.build.path;
    let Some(own) = of_path(folder, world) else { return };
    for (at, path) in entries(trees, built, folder) {
        let Some(other) = of_path(&path, world).filter(|other| differ(&own, other)) else { continue };
        let mut hit = Hit::at(at)
            .word("what", format!("overlay `{folder}`"))
            .word("own", shown(&own))
            .word("verb", "includes")
            .word("other", shown(&other));
        hit.side = world.side;
        hit.build = Some(row);
        sink.report(hit);
    }
}

/// What a kustomization includes from elsewhere in the repository.
fn entries(trees: &Trees, built: &Built, folder: &RepoPath) -> Vec<(Span, RepoPath)> {
    let Some(document) = trees.documents(built.place.file).next() else { return Vec::new() };
    let view = trees.view(&document);
    let lists = ["resources", "bases", "components"].into_iter().filter_map(|name| view.get(name));
    let items = lists.flat_map(|list| list.items());
    let item = |item: crate::model::View<'_>| {
        let text = item.as_str().filter(|text| text.starts_with('.') && !text.contains("://"))?;
        let path = folder.join(text).filter(|path| !path.is_within(folder))?;
        Some((item.place(), path))
    };
    items.filter_map(item).collect()
}

/// An environment with who says so.
fn shown(environment: &Environment) -> String {
    format!("{} ({})", environment.name, environment.because)
}

fn title(application: &Application) -> String {
    let key = &application.key;
    if key.namespace.is_empty() { key.name.to_string() } else { format!("{}/{}", key.namespace, key.name) }
}
