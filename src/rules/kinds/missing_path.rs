//! The kind `missing-path`: applications whose folder is not in the repository that they name, where that is this one.
//!
//! Never: a folder of another repository, or of another revision than what the repository holds now.

use super::{CheckKind, Params};
use crate::base::Span;
use crate::delivery::{self, Application, Controller, Sought, Whose};
use crate::model::{Object, ObjectKey, Trees};
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
        ("holder", "what does not have the folder: this repository, or an artifact that it defines"),
        ("assumed", "where only other folders tell that the address means this repository: that it is so"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::World(Box::new(judge)))
}

fn judge(trees: &Trees, world: &World, sink: &mut Sink) {
    let standing = delivery::assumed(world.sought());
    let whose = |sought: &Sought| match sought.whose {
        _ if !sought.is_sure => None,
        Whose::Ours => Some(""),
        Whose::Unsaid if standing.get(&sought.repository.as_deref()).is_some_and(|standing| standing.is_ours()) => {
            Some("; its address is assumed to mean this one")
        }
        Whose::Unsaid => None,
    };
    for application in &world.applications {
        for sought in application.sought.iter().filter(|sought| !sought.is_found) {
            let asker = Asker {
                key: &application.key,
                object: &application.object,
                place: application.place,
                field: field(trees, application, sought),
                is_generated: application.is_generated(),
            };
            report(world, &asker, sought, whose(sought), sink);
        }
    }
    for chart in world.charts.iter().filter(|chart| !chart.sought.is_found) {
        let object = &chart.object;
        let field = "/spec/chart/spec/chart".to_owned();
        let asker = Asker { key: &object.key, object, place: object.place(trees), field, is_generated: false };
        report(world, &asker, &chart.sought, whose(&chart.sought), sink);
    }
}

/// Who asks for a folder.
struct Asker<'a> {
    key: &'a ObjectKey,
    object: &'a Object,
    place: Span,
    field: String,
    is_generated: bool,
}

fn report(world: &World, asker: &Asker<'_>, sought: &Sought, whose: Option<&'static str>, sink: &mut Sink) {
    let Some(whose) = whose else {
        sink.undecided();
        return;
    };
    let kind = asker.object.key.kind.to_string();
    let mut hit = Hit::at(sought.at);
    hit.side = world.side;
    let mut hit = hit
        .word("application", asker.key.title())
        .word("kind", kind.clone())
        .word("path", sought.path.trim_start_matches("./"))
        .word(
            "holder",
            sought.artifact.as_ref().map_or("this repository".into(), |name| format!("the artifact `{name}`")),
        )
        .word("assumed", whose)
        .field(asker.field.clone())
        .related(asker.place, format!("of this {kind}"));
    hit.object = Some(ObjectName::of(asker.object));
    hit.mark = asker.is_generated.then(|| sought.path.clone());
    sink.report(hit);
}

/// The field that names the folder.
fn field(trees: &Trees, application: &Application, sought: &Sought) -> String {
    if application.controller == Controller::Flux {
        return if application.is_generated() { "/spec/sync/path" } else { "/spec/path" }.to_owned();
    }
    let above = if application.is_generated() { "/spec/template" } else { "" };
    let sources = application.view(trees).path(["spec", "sources"]);
    let is_it = |source: &crate::model::View<'_>| source.get("path").is_some_and(|path| path.place() == sought.at);
    match sources.and_then(|sources| sources.items().position(|source| is_it(&source))) {
        Some(row) => format!("{above}/spec/sources/{row}/path"),
        None => format!("{above}/spec/source/path"),
    }
}
