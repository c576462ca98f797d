//! The kind `promise-reference`: what names a Promise, and the Promise that is there.
//!
//! Never: a Promise of another repository.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::base::{RepoPath, Side, Span};
use crate::model::{KRATIX_GROUP, Object, Trees};
use crate::rules::{Check, Facts, Hit, Label, ObjectName, Sink};
use crate::world::{ObjectAt, World};

pub(super) const KIND: CheckKind = CheckKind {
    name: "promise-reference",
    about: "a release or another Promise that names a Promise of the repository",
    params: &[ParamDesc {
        name: "fault",
        takes: Takes::OneOf(&["release-version", "required-removed"]),
        need: Need::Required,
        about: "a PromiseRelease of another version than the Promise has; a Promise that is gone while others require it",
    }],
    facts: &[],
    words: &[
        ("name", "the name of what names the Promise"),
        ("promise", "the Promise's name"),
        ("version", "the version that is asked for"),
        ("label", "the version that the Promise has"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::Change(match params.text("fault") {
        "release-version" => Box::new(releases),
        _ => Box::new(required_removed),
    }))
}

/// What is wrong with a release: the release, the place, the Promise, its version label, its place, the version.
struct Mismatch {
    at: ObjectAt,
    place: Span,
    promise: String,
    label: String,
    promise_at: Span,
    version: String,
}

fn releases(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    let known = mismatches(facts.trees, base);
    for found in mismatches(facts.trees, facts.head) {
        let object = facts.head.object(found.at);
        let is_known = |old: &Mismatch| {
            base.object(old.at).key == object.key && (&old.label, &old.version) == (&found.label, &found.version)
        };
        if known.iter().any(is_known) {
            continue;
        }
        let mut hit = Hit::at(found.place)
            .word("name", &*object.key.name)
            .word("promise", found.promise)
            .word("version", found.version)
            .word("label", if found.label.is_empty() { "none".to_owned() } else { format!("`{}`", found.label) })
            .field("/spec/version")
            .related(found.promise_at, "the Promise that it installs");
        hit.object = Some(ObjectName::of(object));
        hit.build = Some(found.at.build);
        sink.report(hit);
    }
}

fn mismatches(trees: &Trees, world: &World) -> Vec<Mismatch> {
    let mut found = Vec::new();
    for (at, object) in world.objects().filter(|(_, object)| object.is(KRATIX_GROUP, "PromiseRelease")) {
        let view = object.view(trees);
        let (Some(version), Some(url)) = (view.path(["spec", "version"]), view.path(["spec", "sourceRef", "url"]))
        else {
            continue;
        };
        let Some(path) = path_here(world, &url.written()) else { continue };
        let is_there = |object: &&Object| {
            object.is(KRATIX_GROUP, "Promise") && *trees.sources().path(object.place(trees).file) == path
        };
        let Some(promise) = world.objects().map(|(_, object)| object).find(is_there) else { continue };
        let label = promise.view(trees).path(["metadata", "labels", "kratix.io/promise-version"]);
        let label_text = label.map(|label| label.written().into_owned()).unwrap_or_default();
        if *version.written() != *label_text {
            found.push(Mismatch {
                at,
                place: version.place(),
                promise: promise.key.name.to_string(),
                promise_at: label.map_or_else(|| promise.place(trees), |label| label.place()),
                label: label_text,
                version: version.written().into_owned(),
            });
        }
    }
    found
}

/// The file of this repository that a URL of its host names, on a branch: a tag holds another content.
fn path_here(world: &World, url: &str) -> Option<RepoPath> {
    let (scheme, rest) = url.split_once("://")?;
    let rest = rest.split(['?', '#']).next()?;
    let parts: Vec<&str> = rest.split('/').collect();
    let (host, owner, name) = (*parts.first()?, *parts.get(1)?, *parts.get(2)?);
    let (host, tail) = match host {
        "raw.githubusercontent.com" => ("github.com", parts.get(3..)?),
        _ => {
            let raw = parts.iter().position(|part| *part == "raw")?;
            (host, parts.get(raw + 1..)?)
        }
    };
    if !world.here.is(&format!("{scheme}://{host}/{owner}/{name}")) {
        return None;
    }
    let tail = tail.strip_prefix(&["refs", "heads"]).unwrap_or(tail);
    let (branch, path) = tail.split_first()?;
    let path = RepoPath::new(&path.join("/"))?;
    let is_branch = matches!(*branch, "main" | "master" | "HEAD" | "develop" | "dev");
    (is_branch && world.snapshot.file(&path).is_some()).then_some(path)
}

fn required_removed(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    let is_promise = |object: &Object| object.is(KRATIX_GROUP, "Promise");
    let has = |name: &str| {
        let mut all = facts.head.objects().map(|(_, object)| object);
        all.any(|object| *object.key.name == *name && (is_promise(object) || object.is(KRATIX_GROUP, "PromiseRelease")))
    };
    let gone: Vec<&Object> = facts
        .changes
        .objects
        .iter()
        .filter(|pair| pair.head.is_none())
        .filter_map(|pair| Some(base.object(pair.base?)))
        .filter(|object| is_promise(object) && !has(&object.key.name))
        .collect();
    if gone.is_empty() {
        return;
    }
    for (at, object) in facts.head.objects().filter(|(_, object)| is_promise(object)) {
        let list = object.view(facts.trees).path(["spec", "requiredPromises"]);
        for item in list.into_iter().flat_map(|list| list.items()) {
            let Some(name) = item.get("name") else { continue };
            let Some(promise) = gone.iter().find(|gone| *gone.key.name == *name.written()) else { continue };
            let version = item.get("version").map(|version| version.written().into_owned()).unwrap_or_default();
            let mut hit = Hit::at(name.place())
                .word("name", &*object.key.name)
                .word("promise", &*promise.key.name)
                .word("version", version)
                .word("label", "")
                .mark(&*promise.key.name)
                .field("/spec/requiredPromises");
            hit.object = Some(ObjectName::of(object));
            hit.build = Some(at.build);
            let place = promise.place(facts.trees);
            hit.related.push(Label { at: place, side: Side::Base, says: "the Promise that is gone".into() });
            sink.report(hit);
        }
    }
}
