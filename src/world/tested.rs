//! API definitions in folders of tests. Nothing says that a cluster gets them, and nothing says that none does: what a
//! generator writes into `tests/golden` is what is deployed.
//!
//! Never: anything else of a test; a definition that is deployed from elsewhere in the repository, or that another test
//! holds as it was: then the file is a copy, and the original speaks.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::gather::definitions;
use super::layout::{self, charts, is_chart_file};
use super::{Built, World};
use crate::base::{FileId, RepoPath};
use crate::model::{Object, ObjectKey, Trees};
use crate::render::{Build, BuildKind, Rendered};

/// What defines an API of the platform, or how it is fulfilled. A `CustomResourceDefinition` in a test is somebody
/// else's, installed for the test.
const KINDS: [(&str, &str); 4] = [
    ("apiextensions.crossplane.io", "CompositeResourceDefinition"),
    ("apiextensions.crossplane.io", "Composition"),
    ("kro.run", "ResourceGraphDefinition"),
    ("platform.kratix.io", "Promise"),
];

/// The definitions in the tests of both sides that differ, as worlds of their own; `None` where there are none.
#[must_use]
pub fn tested(trees: &Trees, base: &World, head: &World) -> Option<(World, World)> {
    let (old, new) = (files(trees, base), files(trees, head));
    let only = |mine: &BTreeMap<RepoPath, FileId>, others: &BTreeMap<RepoPath, FileId>| -> BTreeSet<RepoPath> {
        mine.iter().filter(|(path, file)| others.get(*path) != Some(file)).map(|(path, _)| path.clone()).collect()
    };
    let changed: BTreeSet<RepoPath> = only(&old, &new).into_iter().chain(only(&new, &old)).collect();
    if changed.is_empty() {
        return None;
    }
    let mut known: HashSet<ObjectKey> = HashSet::new();
    for (_, object) in base.objects().chain(head.objects()).filter(|(_, object)| is_definition(object)) {
        known.insert(object.key.clone());
    }
    for file in old.iter().filter(|(path, _)| !changed.contains(*path)).map(|(_, file)| *file) {
        known.extend(objects(trees, file).map(|object| object.key));
    }
    let charts: BTreeSet<RepoPath> = charts(&base.snapshot).into_iter().chain(charts(&head.snapshot)).collect();
    let wanted = |path: &&RepoPath| changed.contains(*path) && !is_chart_file(&charts, path);
    let world = |of: &World, files: &BTreeMap<RepoPath, FileId>| {
        let builds = files.iter().filter(|(path, _)| wanted(path));
        of.holding(trees, builds.filter_map(|(path, file)| built(trees, path, *file, &known)).collect())
    };
    let (base, head) = (world(base, &old), world(head, &new));
    (!base.builds.is_empty() || !head.builds.is_empty()).then_some((base, head))
}

/// The texts in folders of tests that no build reads.
fn files(trees: &Trees, world: &World) -> BTreeMap<RepoPath, FileId> {
    let paths = world.texts.iter().map(|file| (trees.sources().path(*file), *file));
    let is_test = |path: &RepoPath| path.parent().is_some_and(|folder| layout::is_test(&folder));
    paths
        .filter(|(path, _)| is_test(path) && !world.consumed.contains(*path))
        .map(|(path, file)| (path.clone(), file))
        .collect()
}

fn is_definition(object: &Object) -> bool {
    KINDS.iter().any(|(group, kind)| object.is(group, kind))
}

fn objects(trees: &Trees, file: FileId) -> impl Iterator<Item = Object> {
    trees.documents(file).filter_map(|document| Object::new(trees, document)).filter(is_definition)
}

fn built(trees: &Trees, path: &RepoPath, file: FileId, known: &HashSet<ObjectKey>) -> Option<Built> {
    let objects: Vec<Object> = objects(trees, file).filter(|object| !known.contains(&object.key)).collect();
    if objects.is_empty() {
        return None;
    }
    Some(Built {
        build: Build::plain(path.clone(), BuildKind::File),
        rendered: Arc::new(Rendered { objects, files: vec![file], ..Rendered::default() }),
        applied_by: Vec::new(),
        place: trees.top(file),
        cluster: None,
    })
}

impl World {
    /// A world of these builds alone, on this one's side.
    fn holding(&self, trees: &Trees, builds: Vec<Built>) -> Self {
        let mut world = Self {
            side: self.side,
            snapshot: self.snapshot.clone(),
            builds,
            applications: Vec::new(),
            charts: Vec::new(),
            definitions: Vec::new(),
            texts: Vec::new(),
            problems: self.problems.clone(),
            consumed: BTreeSet::new(),
            layout: self.layout.clone(),
            lifecycle: self.lifecycle.clone(),
            here: self.here.clone(),
            knowledge: None,
            spare: BTreeMap::new(),
        };
        world.definitions = definitions(&world, trees, None);
        world
    }
}
