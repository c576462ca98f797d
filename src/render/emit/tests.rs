//! The output against tables, each row of which real kustomize printed.
//!
//! Never: a file; the texts are in the binary.

use std::sync::Arc;

use super::{EmitError, stream};
use crate::base::{BlobId, FileId, LoadError, Loader, RepoPath, Sources};
use crate::model::{Trees, Value};

struct Fixed(String);

impl Loader for Fixed {
    fn load(&self, _: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
        Ok(self.0.clone().into_bytes())
    }
}

/// Parses `text` as the one file of a run.
pub(in crate::render) fn parse(text: &str) -> (Trees, FileId) {
    let sources = Arc::new(Sources::default());
    let path = RepoPath::new("input.yaml").expect("a plain name is a path");
    let loader: Arc<dyn Loader> = Arc::new(Fixed(text.to_owned()));
    let file = sources.intern(&path, None, &loader);
    (Trees::new(sources), file)
}

fn print(text: &str) -> Result<String, EmitError> {
    let (trees, file) = parse(text);
    let values: Vec<Value> = trees.documents(file).collect();
    stream(&trees, values.iter())
}
