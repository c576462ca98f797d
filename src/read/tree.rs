//! The trees that git stores: a commit's and the index's.
//!
//! Never: the disk beside the repository's own folder.

use std::sync::Arc;

use git2::{ErrorCode, Index, IndexEntry, IndexEntryExtendedFlag, Oid};

use super::ReadError;
use super::error::one_line;
use super::handles::blob_id;
use super::listing::Listing;
use crate::base::{Loader, RepoPath};

/// git's file modes, and the mask that tells types apart.
const TYPE: u32 = 0o170_000;
const LINK: u32 = 0o120_000;
const SUBMODULE: u32 = 0o160_000;
const FOLDER: u32 = 0o040_000;

/// Lists a commit's tree. Without recursion: a hostile tree is as deep as it likes, and bounded by [`Listing::path`].
pub(super) fn list_tree(
    listing: &mut Listing,
    repository: &git2::Repository,
    root: Oid,
    objects: &Arc<dyn Loader>,
) -> Result<(), ReadError> {
    let mut folders = vec![(Vec::new(), root)];
    let mut listed = 0_usize;
    while let Some((folder, id)) = folders.pop() {
        let tree = repository.find_tree(id).map_err(|error| missing(id, &error))?;
        for entry in &tree {
            let mut raw: Vec<u8> = folder.clone();
            raw.extend_from_slice(entry.name_bytes());
            let mode = entry.filemode_raw().unsigned_abs();
            if mode & TYPE == FOLDER {
                // Folders count as paths, or nested empty ones would cost without bound.
                listed += 1;
                listing.bound(&raw, listed)?;
                raw.push(b'/');
                folders.push((raw, entry.id()));
            } else if let Some(path) = listing.path(&raw)? {
                list(listing, repository, path, (mode, entry.id()), objects);
            }
        }
    }
    Ok(())
}

/// Lists the index.
pub(super) fn list_index(
    listing: &mut Listing,
    repository: &git2::Repository,
    index: &Index,
    objects: &Arc<dyn Loader>,
) -> Result<(), ReadError> {
    refuse_conflicts(index)?;
    // `git add -N` announces a file; the commit would not hold it.
    for entry in index.iter().filter(|entry| !is_announced(entry)) {
        if let Some(path) = listing.path(&entry.path)? {
            list(listing, repository, path, (entry.mode, entry.id), objects);
        }
    }
    Ok(())
}

/// Lists one entry that git stores.
pub(super) fn list(
    listing: &mut Listing,
    repository: &git2::Repository,
    path: RepoPath,
    (mode, id): (u32, Oid),
    objects: &Arc<dyn Loader>,
) {
    match mode & TYPE {
        SUBMODULE => listing.submodule(path),
        LINK => match repository.find_blob(id) {
            Ok(blob) => listing.link(path, blob.content()),
            Err(_) => listing.problem(
                &path,
                "where this link leads is not in this clone",
                "a partial clone becomes a full one by `git fetch --refetch --no-filter`",
            ),
        },
        _ => listing.file(path, Some(blob_id(id)), objects),
    }
}

/// An index with unmerged paths is no tree.
pub(super) fn refuse_conflicts(index: &Index) -> Result<(), ReadError> {
    if !index.has_conflicts() {
        return Ok(());
    }
    let mut paths: Vec<Vec<u8>> =
        index.iter().filter(|entry| entry.flags >> 12 & 3 != 0).map(|entry| entry.path).collect();
    paths.dedup();
    let path = paths.first().map(|path| String::from_utf8_lossy(path).into_owned()).unwrap_or_default();
    Err(ReadError::Conflict { path, more: paths.len().saturating_sub(1) })
}

fn is_announced(entry: &IndexEntry) -> bool {
    IndexEntryExtendedFlag::from_bits_truncate(entry.flags_extended).contains(IndexEntryExtendedFlag::INTENT_TO_ADD)
}

/// The error of a tree or commit that cannot be read.
pub(super) fn missing(id: Oid, error: &git2::Error) -> ReadError {
    match error.code() {
        ErrorCode::NotFound => ReadError::MissingObject(id.to_string()),
        _ => ReadError::Git { doing: "read a tree", reason: one_line(error.message()) },
    }
}
