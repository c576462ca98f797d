//! The machine's own tree, asked for path by path: for `render DIR`, which reads what kustomize would read.
//!
//! Never: a limit on what may be read; kustomize's load restrictions are `render`'s.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::disk::read_regular;
use crate::base::{BlobId, FileId, LoadError, Loader, Lookup, RepoPath, Resolved, Side, Snapshot, Sources};

/// A tree whose paths are those of the machine, relative to `/`. Links are resolved as the system does.
pub fn on_demand(sources: &Arc<Sources>) -> Snapshot {
    let machine = Machine { sources: sources.clone(), loader: Arc::new(AnyFile) };
    Snapshot::on_demand(Side::Head, sources.clone(), Box::new(machine))
}

struct Machine {
    sources: Arc<Sources>,
    loader: Arc<dyn Loader>,
}

impl Lookup for Machine {
    fn find(&self, path: &RepoPath) -> Resolved {
        let real = match std::fs::canonicalize(on_disk(path)) {
            Ok(real) => real,
            Err(error) => {
                return match error.kind() {
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Resolved::Missing,
                    // It may be there: whoever loads it is told why it cannot be read.
                    _ => Resolved::File(path.clone()),
                };
            }
        };
        let shown = real.to_str().and_then(|text| RepoPath::new(text.trim_start_matches('/')));
        let shown = shown.unwrap_or_else(|| path.clone());
        if real.is_dir() { Resolved::Folder(shown) } else { Resolved::File(shown) }
    }

    fn list(&self, path: &RepoPath) -> Vec<String> {
        let entries = std::fs::read_dir(on_disk(path)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort_unstable();
        names
    }

    fn intern(&self, path: &RepoPath) -> FileId {
        self.sources.intern(path, None, &self.loader)
    }
}

struct AnyFile;

impl Loader for AnyFile {
    fn load(&self, path: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
        read_regular(&on_disk(path))
    }
}

fn on_disk(path: &RepoPath) -> PathBuf {
    Path::new("/").join(path.as_str())
}
