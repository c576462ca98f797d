//! What tests need: texts and folders as sources, trees and snapshots.
//!
//! Never: part of the binary.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::{BlobId, FileId, LoadError, Loader, RepoPath, Sources};
use crate::model::Trees;

/// Files in memory.
pub(crate) struct Memory(BTreeMap<RepoPath, Vec<u8>>);

impl Loader for Memory {
    fn load(&self, path: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
        self.0.get(path).cloned().ok_or_else(|| LoadError("it is not there".to_owned()))
    }
}

/// One text as a file.
pub(crate) fn file(path: &str, text: &str) -> (Trees, FileId) {
    let path = RepoPath::new(path).expect("a path in the tree");
    let loader: Arc<dyn Loader> = Arc::new(Memory(BTreeMap::from([(path.clone(), text.into())])));
    let sources = Arc::new(Sources::default());
    let file = sources.intern(&path, None, &loader);
    (Trees::new(sources), file)
}
