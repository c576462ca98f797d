//! What older commits say of an API: the versions that objects were stored in, long before the base.
//!
//! Never: a repository; which paths are worth a look is asked for, and what they held is given.

use std::collections::BTreeSet;

use crate::api::{self, Definition};
use crate::base::{Date, FileId, History, Past, RepoPath, Span};
use crate::compare::{ApiChange, Changes, What, promise_content};
use crate::model::{KRATIX_GROUP, Object, Trees, View};
use crate::world::{ObjectAt, World};

/// A version that leaves, and in which objects were stored before the base.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredBefore {
    /// The row in [`Changes::changes`].
    pub change: usize,
    /// The newest commit that says so.
    pub commit: String,
    /// Its day.
    pub day: Date,
}

/// A Promise that takes the version of an older release, with another content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rereleased {
    /// The Promise in the head.
    pub promise: ObjectAt,
    /// The version.
    pub version: String,
    /// Where it is written.
    pub at: Span,
    /// The newest commit that released it with another content.
    pub commit: String,
    /// Its day.
    pub day: Date,
}

/// The paths of which the history may say more than the base does: of definitions that lose a version, and of Promises
/// that change under a label that names a version.
#[must_use]
pub fn asks(trees: &Trees, base: &World, head: &World, changes: &Changes) -> BTreeSet<RepoPath> {
    let mut files: BTreeSet<FileId> = changes
        .apis()
        .filter(|change| may_have_been_stored(base, change))
        .filter_map(|change| Some(base.definitions[change.definition.0?].definition.at.file))
        .collect();
    for pair in &changes.objects {
        let (Some(was), Some(is)) = (pair.base, pair.head) else { continue };
        let is = head.object(is);
        let is_promise = is.is("platform.kratix.io", "Promise");
        if is_promise && !is.value.is_same(&base.object(was).value) {
            files.insert(is.place(trees).file);
        }
    }
    files.into_iter().map(|file| trees.sources().path(file).clone()).collect()
}

/// Whether a version is gone that the base itself does not store objects in; of one that it does, enough is known.
fn may_have_been_stored(base: &World, change: &ApiChange) -> bool {
    let leaves = matches!(change.what, What::VersionRemoved | What::UnusedVersionRemoved);
    leaves && version_of(base, change).is_some_and(|version| !version.stored)
}

fn version_of<'a>(base: &'a World, change: &ApiChange) -> Option<&'a api::Version> {
    base.definitions[change.definition.0?].definition.version(change.version.as_deref()?)
}

/// The versions that leave now and that an older commit marks as the one to store objects in.
pub(super) fn stored_before(trees: &Trees, base: &World, changes: &Changes, history: &History) -> Vec<StoredBefore> {
    let mut found = Vec::new();
    for (row, change) in changes.changes.iter().enumerate() {
        let crate::compare::Change::Api(change) = change else { continue };
        let Some(definition) = change.definition.0.filter(|_| may_have_been_stored(base, change)) else { continue };
        let definition = &*base.definitions[definition].definition;
        let Some(name) = change.version.as_deref() else { continue };
        let path = trees.sources().path(definition.at.file);
        let said = history.of(path).find(|past| stores(trees, past.file, definition, name));
        found.extend(said.map(|past| StoredBefore { change: row, commit: past.commit.clone(), day: past.day }));
    }
    found
}

/// Whether a content defines the same API with this version as the one to store objects in.
fn stores(trees: &Trees, file: FileId, definition: &Definition, version: &str) -> bool {
    let objects = trees.documents(file).filter_map(|document| Object::new(trees, document));
    let mut defined = objects.filter_map(|object| api::compile(trees, &object)).map(|compiled| compiled.definition);
    defined.any(|other| {
        let is_same = other.group == definition.group && other.kinds.first() == definition.kinds.first();
        is_same && other.version(version).is_some_and(|version| version.stored)
    })
}

/// The Promises whose version is another than before, and one that an older commit gave to another content.
pub(super) fn rereleased(
    trees: &Trees,
    base: &World,
    head: &World,
    changes: &Changes,
    history: &History,
) -> Vec<Rereleased> {
    let mut found = Vec::new();
    for pair in &changes.objects {
        let (Some(was), Some(promise)) = (pair.base, pair.head) else { continue };
        let object = head.object(promise);
        if !object.is(KRATIX_GROUP, "Promise") {
            continue;
        }
        let view = object.view(trees);
        let Some(label) = version_label(view) else { continue };
        let version = label.written().into_owned();
        // An unchanged version is a difference of the sides, which needs no history.
        if version_label(base.object(was).view(trees)).is_some_and(|before| before.written() == version) {
            continue;
        }
        let content = promise_content(view);
        let releases = |past: &&Past| {
            let documents = trees.documents(past.file).filter_map(|document| Object::new(trees, document));
            let mut same = documents.filter(|old| old.key.kind == object.key.kind && old.key.name == object.key.name);
            same.any(|old| {
                let old = old.view(trees);
                version_label(old).is_some_and(|label| label.written() == version) && promise_content(old) != content
            })
        };
        let said = history.of(trees.sources().path(object.place(trees).file)).find(releases);
        found.extend(said.map(|past| Rereleased {
            promise,
            at: label.place(),
            commit: past.commit.clone(),
            day: past.day,
            version: version.clone(),
        }));
    }
    found
}

fn version_label(promise: View<'_>) -> Option<View<'_>> {
    promise.path(["metadata", "labels", "kratix.io/promise-version"])
}
