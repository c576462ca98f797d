//! The kind `missing-path`: applications whose folder is not in the repository that they name, where that is this one.
//!
//! Never: a folder of another repository, or of another revision than what the repository holds now.

use std::collections::BTreeMap;

use super::{CheckKind, Params};
use crate::delivery::{Application, Controller, Sought, Whose};
use crate::model::Trees;
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::world::World;

pub(super) const KIND: CheckKind = CheckKind {
    name: "missing-path",
    about: "applications that ask for a folder of this repository that is not there",
    params: &[],
    facts: &[],
    words: &[
        ("application", "the application's namespace and name"),
        ("kind", "its kind"),
        ("path", "the folder, as it is written"),
        ("assumed", "where only other folders tell that the address means this repository: that it is so"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::World(Box::new(judge)))
}

fn judge(trees: &Trees, world: &World, sink: &mut Sink) {
    let balance = balance(world);
    for application in &world.applications {
        for sought in application.sought.iter().filter(|sought| !sought.is_found) {
            let whose = match sought.whose {
                _ if !sought.is_sure => {
                    sink.undecided();
                    continue;
                }
                Whose::Ours => "",
                Whose::Unsaid if balance.get(&key(sought)).is_some_and(|balance| *balance >= 0) => {
                    "; its address is assumed to mean this one"
                }
                Whose::Unsaid => {
                    sink.undecided();
                    continue;
                }
            };
            report(trees, world, application, (sought, whose), sink);
        }
    }
}

/// Where a folder is asked for: the address, and else the source, which has a name that every cluster has.
fn key(sought: &Sought) -> Option<&str> {
    sought.repository.as_deref()
}

/// For each address of which one deep folder at least is here, how many more of its folders are than are not. An
/// address of which most folders are here is taken for this repository.
fn balance(world: &World) -> BTreeMap<Option<&str>, i64> {
    let mut folders: BTreeMap<Option<&str>, BTreeMap<&str, bool>> = BTreeMap::new();
    let sought = world.applications.iter().flat_map(|application| &application.sought);
    for sought in sought.filter(|sought| sought.is_sure) {
        folders.entry(key(sought)).or_default().insert(&sought.path, sought.is_found);
    }
    // A folder such as `apps` or `.` may be in any repository.
    let is_deep = |path: &str| path.trim_start_matches("./").trim_matches('/').contains('/');
    let known = folders.into_iter().filter(|(_, paths)| paths.iter().any(|(path, found)| *found && is_deep(path)));
    known.map(|(key, paths)| (key, paths.values().map(|found| if *found { 1 } else { -1 }).sum())).collect()
}

fn report(
    trees: &Trees,
    world: &World,
    application: &Application,
    (sought, whose): (&Sought, &'static str),
    sink: &mut Sink,
) {
    let kind = application.object.key.kind.to_string();
    let mut hit = Hit::at(sought.at);
    hit.side = world.side;
    let mut hit = hit
        .word("application", application.key.title())
        .word("kind", kind.clone())
        .word("path", sought.path.trim_start_matches("./"))
        .word("assumed", whose)
        .field(field(trees, application, sought))
        .related(application.place, format!("of this {kind}"));
    hit.object = Some(ObjectName::of(&application.object));
    hit.mark = application.is_generated().then(|| sought.path.clone());
    sink.report(hit);
}

/// The field that names the folder.
fn field(trees: &Trees, application: &Application, sought: &Sought) -> String {
    if application.controller == Controller::Flux {
        return "/spec/path".to_owned();
    }
    let above = if application.is_generated() { "/spec/template" } else { "" };
    let sources = application.view(trees).path(["spec", "sources"]);
    let is_it = |source: &crate::model::View<'_>| source.get("path").is_some_and(|path| path.place() == sought.at);
    match sources.and_then(|sources| sources.items().position(|source| is_it(&source))) {
        Some(row) => format!("{above}/spec/sources/{row}/path"),
        None => format!("{above}/spec/source/path"),
    }
}
