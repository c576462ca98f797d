//! Open handles of one repository, a free one for each thread that asks, and the contents of its object database.
//!
//! Never: a lock held while an object is read.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use git2::{ErrorCode, RepositoryOpenFlags};

use super::error::one_line;
use crate::base::{BlobId, LoadError, Loader, RepoPath};

/// The largest content that is loaded: no manifest and no config map comes near it, and a hostile tree may hold more
/// than memory does.
pub(super) const LARGEST: u64 = 64 << 20;

/// Opens a repository and keeps idle handles. A handle of libgit2 may move between threads but not be shared by two.
pub(super) struct Handles {
    git_dir: PathBuf,
    work_tree: Option<PathBuf>,
    owner: Owner,
    idle: Mutex<Vec<git2::Repository>>,
}

/// Whose repository it is, as far as libgit2 cares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Owner {
    /// The user's own, or one that `safe.directory` lists.
    Trusted,
    /// Somebody else's, as in CI containers. git refuses since a repository's configuration may name programs to run;
    /// this tool runs none, so it is opened by its folders, which libgit2 does not check.
    Foreign,
}

impl Handles {
    pub(super) fn new(git_dir: PathBuf, work_tree: Option<PathBuf>, owner: Owner) -> Arc<Self> {
        Arc::new(Self { git_dir, work_tree, owner, idle: Mutex::default() })
    }

    /// Runs `job` with a handle of its own.
    pub(super) fn with<T>(&self, job: impl FnOnce(&git2::Repository) -> T) -> Result<T, git2::Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let handle = idle.map_or_else(|| self.open(), Ok)?;
        let result = job(&handle);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
        Ok(result)
    }

    fn open(&self) -> Result<git2::Repository, git2::Error> {
        match (self.owner, &self.work_tree) {
            (Owner::Foreign, work_tree) => {
                let repository = git2::Repository::open_bare(&self.git_dir)?;
                if let Some(root) = work_tree {
                    repository.set_workdir(root, false)?;
                }
                Ok(repository)
            }
            // The work tree's own `.git` says whether it is a linked one.
            (Owner::Trusted, Some(root)) => git2::Repository::open(root),
            (Owner::Trusted, None) => git2::Repository::open_ext(
                &self.git_dir,
                RepositoryOpenFlags::NO_SEARCH | RepositoryOpenFlags::BARE,
                std::iter::empty::<&std::ffi::OsStr>(),
            ),
        }
    }
}

/// Loads contents from the object database.
pub(super) struct Objects(pub(super) Arc<Handles>);

impl Loader for Objects {
    fn load(&self, _: &RepoPath, blob: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
        let BlobId(id) = blob.ok_or_else(|| LoadError("git has no name for its content".to_owned()))?;
        let read = |repository: &git2::Repository| {
            let id = git2::Oid::from_bytes(&id)?;
            let objects = repository.odb()?;
            let (size, _) = objects.read_header(id)?;
            if size as u64 > LARGEST {
                return Ok(Err(too_large()));
            }
            Ok(Ok(objects.read(id)?.data().to_vec()))
        };
        self.0.with(read).and_then(|read| read).unwrap_or_else(|error| Err(refused(&error)))
    }
}

/// Why a content of the object database cannot be had.
fn refused(error: &git2::Error) -> LoadError {
    LoadError(match error.code() {
        ErrorCode::NotFound => "its content is not in this clone; a partial clone becomes a full one by \
                                `git fetch --refetch --no-filter`"
            .to_owned(),
        _ => format!("git cannot read its content ({})", one_line(error.message())),
    })
}

/// The refusal of a content over [`LARGEST`].
pub(super) fn too_large() -> LoadError {
    LoadError(format!("it is larger than {} MiB", LARGEST >> 20))
}

/// libgit2's id as ours.
pub(super) fn blob_id(id: git2::Oid) -> BlobId {
    let mut bytes = [0; 20];
    bytes.copy_from_slice(&id.as_bytes()[..20]);
    BlobId(bytes)
}
