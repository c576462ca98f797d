//! The kind `unknown-field`: fields that an object's kind does not have.
//!
//! Never: a kind of which nobody knows the fields; the repository's own definition set aside for what the tool knows.

use super::defined::versions_of;
use super::{CheckKind, Params};
use crate::api::{Known, Schema, Stranger};
use crate::model::{Trees, is_namespaced};
use crate::rules::{Check, Hit, Node, Sink, Subject, near};

pub(super) const KIND: CheckKind = CheckKind {
    name: "unknown-field",
    about: "a field that the object's kind does not have: kinds of Argo CD, Flux, Crossplane, Kratix and kro, and those that \
            the repository defines",
    params: &[],
    facts: &[("gone", "older releases have it")],
    words: &[
        ("kind", "the object's kind"),
        ("name", "its name"),
        ("path", "the path of the field"),
        ("version", "the object's API version"),
        ("hint", "what may be meant, after a comma; empty where nobody knows"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::Object(Box::new(judge)))
}

fn judge(trees: &Trees, subject: &Subject<'_>, sink: &mut Sink) {
    let object = subject.object;
    let (group, kind) = (&*object.key.group, &*object.key.kind);
    if group.is_empty() || is_namespaced(group, kind).is_some() {
        return;
    }
    let view = object.view(trees);
    let known = || Known::of(group, kind, &object.version);
    let (found, known) = match defined(trees, subject) {
        Some(schemas) => (of_all(&schemas, |schema| schema.strangers(view)), None),
        None => {
            let known = known();
            (known.map(|known| known.strangers(view)).unwrap_or_default(), known)
        }
    };
    // What a Composition without a pipeline has is for the rule that asks which Crossplane runs.
    let is_judged = |stranger: &Stranger<'_>| stranger.gone.is_none() || kind != "Composition";
    for stranger in found.into_iter().filter(is_judged) {
        let hit = Hit::at(stranger.at)
            .word("kind", kind)
            .word("name", &*object.key.name)
            .word("path", &*stranger.path)
            .word("version", object.api_version())
            .word("hint", hint(&stranger, known))
            .field(&*stranger.pointer);
        let hit = if stranger.gone.is_some() { hit.fact("gone") } else { hit };
        let node = Node { scope: String::new(), path: stranger.path };
        sink.report(Hit { node: Some(node), ..hit });
    }
}

/// The schemas of this version that the repository may install in the object's cluster; `None` where it defines the kind
/// for no such cluster.
fn defined<'w>(trees: &Trees, subject: &Subject<'w>) -> Option<Vec<&'w Schema>> {
    let versions = versions_of(subject.world, subject.built, subject.object);
    if versions.is_empty() {
        return None;
    }
    let schemas = versions.into_iter().map(|version| version.and_then(|version| version.schema(trees)));
    // A version without a schema takes anything, and so does one that is not there: other rules are about that.
    Some(schemas.collect::<Option<Vec<_>>>().unwrap_or_default())
}

/// What no schema takes: which of them is installed may be open.
fn of_all<'v>(schemas: &[&Schema], find: impl Fn(&Schema) -> Vec<Stranger<'v>>) -> Vec<Stranger<'v>> {
    let mut lists = schemas.iter().map(|schema| find(schema));
    let mut found = lists.next().unwrap_or_default();
    for list in lists {
        found.retain(|stranger| list.iter().any(|other| stranger.pointer.starts_with(&other.pointer)));
    }
    found
}

/// What may be meant.
fn hint(stranger: &Stranger<'_>, known: Option<Known>) -> String {
    if let (Some(release), Some(known)) = (stranger.gone, known) {
        return format!(": {} {release} removed it", known.title);
    }
    let siblings: Vec<&str> = stranger.siblings.iter().map(|name| &**name).collect();
    let steps: Vec<&str> = stranger.steps.iter().map(|step| &**step).collect();
    let same = siblings.iter().find(|name| name.eq_ignore_ascii_case(stranger.name)).copied();
    if let Some(meant) = same {
        return format!("; it is `{meant}`");
    }
    match known.and_then(|known| Some((known, known.elsewhere(&steps)?))) {
        Some((_, (version, None))) => return format!("; {version} has it"),
        Some((known, (version, Some(release)))) => {
            return format!("; {version} had it before {} {release}", known.title);
        }
        None => {}
    }
    if let Some(meant) = near(stranger.name, &siblings) {
        return format!("; `{meant}` may be meant");
    }
    let parent = stranger.path.rsplit_once('.').map_or("", |(parent, _)| parent);
    match known.and_then(|known| known.nearest(parent, stranger.name)) {
        Some(path) => format!("; it may belong to `{path}`"),
        None => String::new(),
    }
}
