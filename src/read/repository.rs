//! A git repository: where it is, what its names mean, and its three kinds of tree.
//!
//! Never: a write, a fetch, a hook, a program that its configuration names.

use std::collections::{BinaryHeap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use git2::{ErrorCode, Index, Oid};

use super::ReadError;
use super::disk::start_folder;
use super::error::one_line;
use super::handles::{Handles, Objects, Owner};
use super::listing::Listing;
use super::tree::{list_index, list_tree, missing};
use super::work_tree::list_work_tree;
use crate::base::{Loader, Side, Snapshot, Sources};

/// A git repository, opened once. It may be used by many threads.
pub struct Repository {
    root: Option<PathBuf>,
    pub(super) handles: Arc<Handles>,
    pub(super) objects: Arc<dyn Loader>,
}

/// A commit that is in the repository.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Commit {
    /// Its id: 40 hexadecimal digits.
    pub id: String,
    oid: Oid,
}

impl Commit {
    pub(super) fn new(oid: Oid) -> Self {
        Self { id: oid.to_string(), oid }
    }

    pub(super) fn oid(&self) -> Oid {
        self.oid
    }
}

/// The repository that holds `path`, looked for upwards; `None` where there is none. A linked work tree, a bare
/// repository (its revisions only) and a folder that belongs to somebody else are fine.
///
/// # Errors
/// [`ReadError::NoSuchPath`], [`ReadError::Permission`]; [`ReadError::Git`] where there is a repository and libgit2
/// cannot open it.
pub fn open(path: &Path) -> Result<Option<Repository>, ReadError> {
    let start = start_folder(path)?;
    let (git_dir, root, owner) = match git2::Repository::discover(&start) {
        Ok(handle) => (handle.path().to_owned(), handle.workdir().map(Path::to_owned), Owner::Trusted),
        Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
        Err(error) if error.code() == ErrorCode::Owner => {
            let git_dir = git_dir(&start).map_err(|error| ReadError::git("open the repository", &error))?;
            // A bare repository in a folder of a work tree is not that work tree's.
            let root = start.ancestors().find(|folder| folder.join(".git").exists());
            let root = root.filter(|root| self::git_dir(root).is_ok_and(|its| its == git_dir));
            (git_dir, root.map(Path::to_owned), Owner::Foreign)
        }
        Err(error) => return Err(ReadError::git("open the repository", &error)),
    };
    // A tree may hold a folder that looks like a bare repository and names `/` as its work tree. What has no `.git` is
    // not a work tree that somebody checked out.
    let root = root.filter(|root| root.join(".git").exists());
    // As git itself when it reads: what zlib checks is not hashed once more. `git fsck` does.
    git2::opts::strict_hash_verification(false);
    let handles = Handles::new(git_dir, root.clone(), owner);
    handles.with(|_| ()).map_err(|error| ReadError::git("open the repository", &error))?;
    Ok(Some(Repository { root, objects: Arc::new(Objects(handles.clone())), handles }))
}

/// The repository's own folder, looked for upwards without opening it.
fn git_dir(start: &Path) -> Result<PathBuf, git2::Error> {
    git2::Repository::discover_path(start, std::iter::empty::<&std::ffi::OsStr>())
}

impl Repository {
    /// The root of the work tree; `None` where the repository is bare.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// The work tree: what git tracks and what it would add, as git would store it.
    ///
    /// # Errors
    /// [`ReadError::Bare`], [`ReadError::Conflict`], [`ReadError::Index`].
    pub fn work_tree(&self, side: Side, sources: &Arc<Sources>) -> Result<Snapshot, ReadError> {
        let root = self.root.as_deref().ok_or_else(|| self.bare())?;
        let mut listing = Listing::new(sources);
        self.with("list the work tree", |repository| {
            let index = current_index(repository)?;
            list_work_tree(&mut listing, &self.handles, repository, (root, &index), &self.objects)
        })?;
        Ok(listing.finish(side))
    }

    /// The index: what `git commit` would store. `index_file` is `GIT_INDEX_FILE`, which git sets for its hooks:
    /// `git commit -a` and `git commit PATH` fill an index of their own.
    ///
    /// # Errors
    /// [`ReadError::Bare`], [`ReadError::Conflict`], [`ReadError::Index`].
    pub fn index(&self, side: Side, sources: &Arc<Sources>, index_file: Option<&Path>) -> Result<Snapshot, ReadError> {
        let root = self.root.as_deref().ok_or_else(|| self.bare())?;
        let mut listing = Listing::new(sources);
        self.with("read the index", |repository| {
            let index = match index_file {
                // Relative to the root, as git runs hooks there.
                Some(file) => Index::open(&root.join(file)).map_err(|error| corrupt(&error))?,
                None => current_index(repository)?,
            };
            list_index(&mut listing, repository, &index, &self.objects)
        })?;
        Ok(listing.finish(side))
    }

    /// The tree of a commit.
    ///
    /// # Errors
    /// [`ReadError::MissingObject`] in a partial clone, [`ReadError::TooLarge`].
    pub fn revision(&self, side: Side, sources: &Arc<Sources>, commit: &Commit) -> Result<Snapshot, ReadError> {
        let mut listing = Listing::new(sources);
        self.with("read a tree", |repository| {
            let found = repository.find_commit(commit.oid).map_err(|error| missing(commit.oid, &error))?;
            list_tree(&mut listing, repository, found.tree_id(), &self.objects)
        })?;
        Ok(listing.finish(side))
    }

    /// The commit that HEAD is; `None` before the first one.
    ///
    /// # Errors
    /// [`ReadError::MissingObject`] where HEAD names a commit that is not here.
    pub fn head(&self) -> Result<Option<Commit>, ReadError> {
        self.with("read HEAD", |repository| match repository.head() {
            Ok(head) => match head.peel_to_commit() {
                Ok(commit) => Ok(Some(Commit::new(commit.id()))),
                Err(error) => Err(missing(head.target().unwrap_or(Oid::ZERO_SHA1), &error)),
            },
            Err(error) if error.code() == ErrorCode::UnbornBranch => Ok(None),
            Err(error) => Err(ReadError::git("read HEAD", &error)),
        })
    }

    /// The commit that a revision names, in git's own grammar (`main`, `v1`, `HEAD~2`, `1a2b3c`).
    ///
    /// # Errors
    /// [`ReadError::UnknownRevision`], [`ReadError::AmbiguousRevision`], [`ReadError::NotACommit`],
    /// [`ReadError::NoCommit`], and [`ReadError::ShallowBase`] or [`ReadError::MissingBase`] for a whole id.
    pub fn resolve(&self, revision: &str) -> Result<Commit, ReadError> {
        self.with("look up a revision", |repository| match repository.revparse_single(revision) {
            Ok(object) => match object.peel_to_commit() {
                Ok(commit) => Ok(Commit::new(commit.id())),
                Err(_) => Err(ReadError::NotACommit(revision.to_owned())),
            },
            Err(error) if error.code() == ErrorCode::Ambiguous => {
                Err(ReadError::AmbiguousRevision(revision.to_owned()))
            }
            Err(_) => Err(unknown(repository, revision)),
        })
    }

    /// The merge base of HEAD and a commit.
    ///
    /// # Errors
    /// [`ReadError::NoCommit`], [`ReadError::NoMergeBase`], [`ReadError::ShallowMergeBase`].
    pub fn merge_base(&self, with: &Commit) -> Result<Commit, ReadError> {
        let head = self.head()?.ok_or(ReadError::NoCommit)?;
        self.with("find the merge base", |repository| {
            let shallow = repository.is_shallow();
            let found = match repository.merge_base(head.oid, with.oid) {
                Ok(base) => Some(base),
                // Where the clone ends, libgit2 either stops or trips over the missing parents.
                Err(_) if shallow => meeting_point(repository, head.oid, with.oid),
                Err(error) if error.class() == git2::ErrorClass::Merge => None,
                Err(error) => return Err(ReadError::git("find the merge base", &error)),
            };
            found.map(Commit::new).ok_or_else(|| {
                if shallow {
                    ReadError::ShallowMergeBase { with: with.id.clone() }
                } else {
                    ReadError::NoMergeBase { with: with.id.clone() }
                }
            })
        })
    }

    /// The URLs of the remotes, sorted, without user names and passwords.
    pub fn remotes(&self) -> Vec<String> {
        let urls = |repository: &git2::Repository| -> Result<Vec<String>, git2::Error> {
            let mut urls = Vec::new();
            for name in repository.remotes()?.iter_bytes().filter_map(|name| str::from_utf8(name).ok()) {
                let remote = repository.find_remote(name)?;
                urls.extend(remote.url().ok().map(without_credentials));
                urls.extend(remote.pushurl().ok().flatten().map(without_credentials));
            }
            Ok(urls)
        };
        let mut urls = self.handles.with(urls).and_then(|urls| urls).unwrap_or_default();
        urls.retain(|url| !url.is_empty());
        urls.sort_unstable();
        urls.dedup();
        urls
    }

    /// Runs a job with a handle; `doing` names it where no handle can be had.
    pub(super) fn with<T>(
        &self,
        doing: &'static str,
        job: impl FnOnce(&git2::Repository) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        self.handles.with(job).unwrap_or_else(|error| Err(ReadError::git(doing, &error)))
    }

    fn bare(&self) -> ReadError {
        let path = self.handles.with(|repository| repository.path().to_owned());
        ReadError::Bare(path.unwrap_or_default())
    }
}

/// The index as it is on disk at this moment.
fn current_index(repository: &git2::Repository) -> Result<Index, ReadError> {
    let mut index = repository.index().map_err(|error| corrupt(&error))?;
    index.read(false).map_err(|error| corrupt(&error))?;
    Ok(index)
}

fn corrupt(error: &git2::Error) -> ReadError {
    ReadError::Index(one_line(error.message()))
}

/// Where two histories of a shallow clone meet, by the commits that are here: the newest one that both have. libgit2
/// gives up at the first missing parent, which in a shallow clone is normal.
fn meeting_point(repository: &git2::Repository, one: Oid, other: Oid) -> Option<Oid> {
    let mine = {
        let mut seen = HashSet::new();
        let mut open = vec![one];
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                open.extend(parents(repository, id));
            }
        }
        seen
    };
    let time = |id| repository.find_commit(id).map(|commit| (commit.time().seconds(), id)).ok();
    let mut seen = HashSet::new();
    let mut open: BinaryHeap<(i64, Oid)> = time(other).into_iter().collect();
    while let Some((_, id)) = open.pop() {
        if mine.contains(&id) {
            return Some(id);
        }
        if seen.insert(id) {
            open.extend(parents(repository, id).into_iter().filter_map(time));
        }
    }
    None
}

/// The parents of a commit as it was written; where the clone is shallow they need not be here.
pub(super) fn parents(repository: &git2::Repository, id: Oid) -> Vec<Oid> {
    let Ok(commit) = repository.find_commit(id) else { return Vec::new() };
    let header = String::from_utf8_lossy(commit.raw_header_bytes());
    header.lines().filter_map(|line| line.strip_prefix("parent ")).filter_map(|id| Oid::from_str(id).ok()).collect()
}

/// What to say of a revision that names nothing.
fn unknown(repository: &git2::Repository, revision: &str) -> ReadError {
    if repository.references().is_ok_and(|mut all| all.next().is_none()) && repository.head().is_err() {
        return ReadError::NoCommit;
    }
    if revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return absent(repository, revision);
    }
    ReadError::UnknownRevision { revision: revision.to_owned(), hint: hint(repository, revision) }
}

/// The error for a commit that is named by its id and is not here.
pub(super) fn absent(repository: &git2::Repository, id: &str) -> ReadError {
    let commit = id.to_owned();
    if repository.is_shallow() {
        ReadError::ShallowBase { command: format!("git fetch --unshallow origin {id}"), commit }
    } else {
        ReadError::MissingBase { commit }
    }
}

fn hint(repository: &git2::Repository, revision: &str) -> String {
    let remote = revision.split_once('/').filter(|(remote, _)| repository.find_remote(remote).is_ok());
    if revision.contains("..") {
        "name one commit, not a range; the merge base with it is found without dots".to_owned()
    } else if let Some((remote, branch)) = remote {
        format!(
            "type `git fetch {remote} {branch}:refs/remotes/{remote}/{branch}`, or give actions/checkout `fetch-depth: 0`"
        )
    } else if repository.find_reference(&format!("refs/remotes/origin/{revision}")).is_ok() {
        format!("it is a branch of the remote: write `origin/{revision}`")
    } else if repository.is_shallow() && revision.contains(['~', '^']) {
        "the clone is shallow: type `git fetch --deepen=100`, or give actions/checkout `fetch-depth: 0`".to_owned()
    } else {
        format!("`git branch --all` lists the branches; to get one from the remote, type `git fetch origin {revision}`")
    }
}

/// A URL without what stands before `@` in its authority, which may be a token. `git@host:path` stays.
fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}
