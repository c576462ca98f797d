//! The work tree as git would commit it: unchanged files by their index entries, the others by their bytes.
//!
//! Never: reads a file that the index's stat cache knows.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use git2::{Delta, DiffOptions, ErrorClass, FileMode, Index, IndexEntryExtendedFlag};
use rayon::prelude::*;
use walkdir::{DirEntry, WalkDir};

use super::ReadError;
use super::disk::{Kind, kind_of, raw_path};
use super::handles::Handles;
use super::listing::Listing;
use super::stored::{WorkFiles, stored_id};
use super::tree::{list, refuse_conflicts};
use crate::base::{BlobId, LoadError, Loader, RepoPath};

/// Lists the work tree at `root`, which has this index.
pub(super) fn list_work_tree(
    listing: &mut Listing,
    handles: &Arc<Handles>,
    repository: &git2::Repository,
    (root, index): (&Path, &Index),
    objects: &Arc<dyn Loader>,
) -> Result<(), ReadError> {
    refuse_conflicts(index)?;
    let changes = match changed(repository, (root, index)) {
        // libgit2 gives up at the first file or folder that it may not open, or leaves out what is in it.
        Ok(Some(_)) if holds_closed(repository, root) => walked(listing, repository, (root, index)),
        Ok(Some(changes)) => changes,
        Ok(None) => walked(listing, repository, (root, index)),
        Err(error) if error.class() == ErrorClass::Os => walked(listing, repository, (root, index)),
        Err(error) => return Err(ReadError::git("compare the work tree with the index", &error)),
    };
    for entry in index.iter().filter(|entry| !changes.replaced.contains(&entry.path)) {
        if let Some(path) = listing.path(&entry.path)? {
            list(listing, repository, path, (entry.mode, entry.id), objects);
        }
    }
    for raw in &changes.hidden {
        if let Some(path) = listing.path(raw)? {
            listing.unreadable(path, "no permission to read its folder");
        }
    }
    let mut paths = Vec::with_capacity(changes.on_disk.len());
    for raw in &changes.on_disk {
        paths.extend(listing.path(raw)?);
    }
    let seen: Vec<Seen> = paths.par_iter().map(|path| see(handles, root, path)).collect();
    let loader: Arc<dyn Loader> = Arc::new(WorkFiles { handles: handles.clone(), root: root.to_owned() });
    for (path, seen) in paths.into_iter().zip(seen) {
        match seen {
            Seen::File(blob) => listing.file(path, blob, &loader),
            Seen::Link(target) => listing.link(path, &target),
            Seen::Refused(LoadError(why)) => listing.unreadable(path, &why),
            Seen::Gone => {}
        }
    }
    Ok(())
}

/// Whether HEAD's tree, the index and the work tree hold the same.
pub(super) fn is_clean(repository: &git2::Repository) -> bool {
    let tree = repository.head().and_then(|head| head.peel_to_tree()).ok();
    repository
        .diff_tree_to_workdir_with_index(tree.as_ref(), Some(&mut options()))
        .is_ok_and(|diff| diff.deltas().len() == 0)
}

/// How the work tree differs from the index. Paths are as git writes them.
#[derive(Default)]
struct Changes {
    /// Index entries that no longer say what is there.
    replaced: HashSet<Vec<u8>>,
    /// What is on disk and not, or not so, in the index; sorted.
    on_disk: BTreeSet<Vec<u8>>,
    /// Tracked files in folders that may not be read.
    hidden: Vec<Vec<u8>>,
}

fn options() -> DiffOptions {
    let mut options = DiffOptions::new();
    options
        .include_untracked(true)
        .recurse_untracked_dirs(true)
        .include_typechange(true)
        .include_unreadable(true)
        .ignore_submodules(true)
        .ignore_filemode(true)
        .skip_binary_check(true);
    options
}

/// What libgit2 says; `None` where it may not read all.
fn changed(repository: &git2::Repository, (root, index): (&Path, &Index)) -> Result<Option<Changes>, git2::Error> {
    let diff = repository.diff_index_to_workdir(Some(index), Some(&mut options()))?;
    let mut changes = Changes::default();
    for delta in diff.deltas() {
        let Some(raw) = delta.new_file().path_bytes().or_else(|| delta.old_file().path_bytes()) else { continue };
        if delta.status() == Delta::Unreadable || delta.status() == Delta::Deleted && is_closed(root, raw) {
            return Ok(None);
        }
        if delta.status() == Delta::Deleted {
            // A sparse checkout leaves tracked files out of the work tree; a commit keeps them.
            if !is_sparse(index, raw) {
                changes.replaced.insert(raw.to_vec());
            }
            continue;
        }
        changes.replaced.insert(raw.to_vec());
        // With a final slash it is a repository in a folder of this one, which git would not take over file by file.
        // The delta's mode does not say so: git2 panics on modes that it has no name for, such as a link's own bits.
        if !raw.ends_with(b"/") {
            changes.on_disk.insert(raw.to_vec());
        }
    }
    Ok(Some(changes))
}

/// Whether there is a folder that may not be opened: of what is untracked in it libgit2 says nothing.
fn holds_closed(repository: &git2::Repository, root: &Path) -> bool {
    let enters = |entry: &DirEntry| {
        let at = entry.path();
        let is_folder = entry.file_type().is_dir() && entry.file_name() != ".git";
        entry.depth() == 0 || is_folder && !repository.is_path_ignored(at).unwrap_or(false) && !at.join(".git").exists()
    };
    let denied = |error: &walkdir::Error| error.io_error().is_some_and(|why| why.kind() == ErrorKind::PermissionDenied);
    WalkDir::new(root).into_iter().filter_entry(enters).any(|entry| entry.is_err_and(|error| denied(&error)))
}

/// Whether what libgit2 takes for deleted is in a folder that may not be opened.
fn is_closed(root: &Path, raw: &[u8]) -> bool {
    let path = str::from_utf8(raw).ok().map(|path| root.join(path));
    let denied = |folder: &Path| folder.read_dir().is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
    path.as_deref().is_some_and(|path| path.ancestors().skip(1).take_while(|at| *at != root).any(denied))
}

fn is_sparse(index: &Index, raw: &[u8]) -> bool {
    let entry = str::from_utf8(raw).ok().and_then(|path| index.get_path(Path::new(path), 0));
    entry.is_some_and(|entry| {
        IndexEntryExtendedFlag::from_bits_truncate(entry.flags_extended).contains(IndexEntryExtendedFlag::SKIP_WORKTREE)
    })
}

/// The same without libgit2's comparison: every file that is tracked or not ignored is read anew. What may not be read
/// is a problem of its own, and the rest is judged.
fn walked(listing: &mut Listing, repository: &git2::Repository, (root, index): (&Path, &Index)) -> Changes {
    let tracked: BTreeMap<Vec<u8>, u32> = index.iter().map(|entry| (entry.path, entry.mode)).collect();
    let (on_disk, closed) = walk(repository, root, &tracked);
    for folder in &closed {
        let path = RepoPath::new(&String::from_utf8_lossy(folder)).unwrap_or_else(RepoPath::root);
        listing.problem(&path, "no permission to read this folder", "let this user read it, or exclude it from git");
    }
    let within_closed = |path: &[u8]| {
        closed.iter().any(|folder| path.strip_prefix(&folder[..]).is_some_and(|rest| rest.starts_with(b"/")))
    };
    let mut changes = Changes { on_disk, ..Changes::default() };
    for (path, mode) in tracked {
        if mode == u32::from(FileMode::Commit) {
            continue;
        }
        if within_closed(&path) {
            changes.hidden.push(path.clone());
            changes.replaced.insert(path);
        } else if changes.on_disk.contains(&path) || !is_sparse(index, &path) {
            changes.replaced.insert(path);
        }
    }
    changes
}

/// The files of the work tree that are tracked or not ignored, and the folders that may not be read.
fn walk(
    repository: &git2::Repository,
    root: &Path,
    tracked: &BTreeMap<Vec<u8>, u32>,
) -> (BTreeSet<Vec<u8>>, Vec<Vec<u8>>) {
    let holds_tracked = |folder: &[u8]| {
        let prefix = [folder, b"/"].concat();
        tracked.range(prefix.clone()..).next().is_some_and(|(path, _)| path.starts_with(&prefix))
    };
    let ignored = |path: &Path| repository.is_path_ignored(path).unwrap_or(false);
    let enters = |entry: &DirEntry| {
        let at = entry.path();
        !entry.file_type().is_dir() || holds_tracked(&raw_path(root, at)) || !ignored(at) && !at.join(".git").exists()
    };
    let (mut files, mut closed) = (BTreeSet::new(), Vec::new());
    let entries = WalkDir::new(root).sort_by_file_name().into_iter();
    for entry in entries.filter_entry(|entry| entry.depth() == 0 || entry.file_name() != ".git" && enters(entry)) {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) => {
                let raw = raw_path(root, entry.path());
                if tracked.contains_key(&raw) || !ignored(entry.path()) {
                    files.insert(raw);
                }
            }
            Err(error) => closed.extend(error.path().map(|path| raw_path(root, path))),
        }
    }
    (files, closed)
}

/// What is at a path of the disk.
enum Seen {
    File(Option<BlobId>),
    Link(Vec<u8>),
    Refused(LoadError),
    /// It went away since it was listed, or is no file.
    Gone,
}

fn see(handles: &Handles, root: &Path, path: &RepoPath) -> Seen {
    match kind_of(&root.join(path.as_str())) {
        Ok(Kind::File) => match handles.with(|repository| stored_id(repository, root, path)) {
            Ok(Ok(blob)) => Seen::File(blob),
            Ok(Err(why)) => Seen::Refused(why),
            Err(error) => Seen::Refused(LoadError(error.message().to_owned())),
        },
        Ok(Kind::Link(target)) => Seen::Link(target),
        Ok(Kind::Other) | Err(None) => Seen::Gone,
        Err(Some(why)) => Seen::Refused(why),
    }
}
