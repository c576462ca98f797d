//! What tests need: texts as sources, and worlds of plain files.
//!
//! Never: part of the binary.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::base::{BlobId, Entry, FileId, LoadError, Loader, RepoPath, Side, Snapshot, Sources};
use crate::model::{Object, Trees};
use crate::render::{Build, BuildKind, Rendered};
use crate::world::{Built, World};

/// Files in memory.
pub(crate) struct Memory(BTreeMap<RepoPath, Vec<u8>>);

impl Loader for Memory {
    fn load(&self, path: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
        self.0.get(path).cloned().ok_or_else(|| LoadError("it is not there".to_owned()))
    }
}

/// A path of the tree.
pub(crate) fn path(text: &str) -> RepoPath {
    RepoPath::new(text).expect("a path in the tree")
}

/// One text as a file.
pub(crate) fn file(name: &str, text: &str) -> (Trees, FileId) {
    let trees = trees();
    let snapshot = snapshot(&trees, Side::Head, &[(name, text)]);
    let file = snapshot.file(&path(name)).expect("the one file");
    (trees, file)
}

/// The context of a run without files.
pub(crate) fn trees() -> Trees {
    Trees::new(Arc::new(Sources::default()))
}

/// One side with these files. Equal files of two sides have one id.
pub(crate) fn snapshot(trees: &Trees, side: Side, files: &[(&str, &str)]) -> Snapshot {
    let memory = Memory(files.iter().map(|(name, text)| (path(name), text.as_bytes().to_vec())).collect());
    let loader: Arc<dyn Loader> = Arc::new(memory);
    let entries = files.iter().map(|(name, text)| {
        let file = trees.sources().intern(&path(name), Some(blob(text)), &loader);
        (path(name), Entry::File(file))
    });
    Snapshot::listed(side, trees.sources().clone(), entries.collect())
}

/// A name for a content. It need not be git's: contents are only told apart by it.
fn blob(text: &str) -> BlobId {
    let digest = Sha256::digest(text);
    let mut id = [0; 20];
    id.copy_from_slice(&digest[..20]);
    BlobId(id)
}

/// A world in which each file is a build of its own, and nothing is an application.
pub(crate) fn plain_world(trees: &Trees, side: Side, files: &[(&str, &str)]) -> World {
    let snapshot = Arc::new(snapshot(trees, side, files));
    let builds = snapshot.files().map(|(path, file)| plain_build(trees, path, &[file])).collect();
    World {
        side,
        texts: snapshot.files().map(|(_, file)| file).collect(),
        snapshot,
        builds,
        applications: Vec::new(),
        definitions: Vec::new(),
        problems: Vec::new(),
        consumed: BTreeSet::default(),
    }
}

/// A build that gives the objects of these files as they are; its place is the first line of the first.
pub(crate) fn plain_build(trees: &Trees, path: &RepoPath, files: &[FileId]) -> Built {
    let documents = files.iter().flat_map(|file| trees.documents(*file));
    let objects = documents.filter_map(|value| Object::new(trees, value)).collect();
    Built {
        build: Build { path: path.clone(), kind: BuildKind::File },
        rendered: Arc::new(Rendered { objects, files: files.to_vec(), problems: Vec::new() }),
        applied_by: Vec::new(),
        place: trees.top(files[0]),
        cluster: None,
    }
}
