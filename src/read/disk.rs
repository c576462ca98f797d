//! Plain files and folders of the machine.
//!
//! Never: git's view of them; a link is never read through, but for the folder that the user names.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use git2::{ObjectType, Oid};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use super::ReadError;
use super::handles::{LARGEST, blob_id, too_large};
use super::listing::Listing;
use crate::base::{BlobId, LoadError, Loader, RepoPath, Side, Snapshot, Sources};

/// The tree of a folder without git: every file but those in `.git`. Contents go by a hash, so that two folders
/// share what is equal. What cannot be read is in the snapshot's problems, or fails when it is asked for.
///
/// # Errors
/// [`ReadError::NoSuchPath`], [`ReadError::NotAFolder`], [`ReadError::Permission`] for the folder itself,
/// [`ReadError::TooLarge`].
pub fn folder(side: Side, sources: &Arc<Sources>, path: &Path) -> Result<Snapshot, ReadError> {
    let root = canonical(path)?;
    if !root.is_dir() {
        return Err(ReadError::NotAFolder(path.to_owned()));
    }
    std::fs::read_dir(&root).map_err(|error| at_path(path, &error))?;
    let mut listing = Listing::new(sources);
    let files = list_folder(&mut listing, &root)?;
    let hashed: Vec<_> = files.par_iter().map(|path| content_id(&root.join(path.as_str()))).collect();
    let loader: Arc<dyn Loader> = Arc::new(Files(root));
    for (path, blob) in files.into_iter().zip(hashed) {
        match blob {
            Ok(blob) => listing.file(path, blob, &loader),
            Err(LoadError(why)) => listing.unreadable(path, &why),
        }
    }
    Ok(listing.finish(side))
}

/// Lists links and problems; the files are given back, in order.
fn list_folder(listing: &mut Listing, root: &Path) -> Result<Vec<RepoPath>, ReadError> {
    let mut files = Vec::new();
    for entry in WalkDir::new(root).sort_by_file_name().into_iter().filter_entry(|entry| entry.file_name() != ".git") {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let raw = error.path().map(|path| raw_path(root, path)).unwrap_or_default();
                let path = RepoPath::new(&String::from_utf8_lossy(&raw)).unwrap_or_else(RepoPath::root);
                let why = error.io_error().map_or_else(|| "it cannot be read".to_owned(), in_words);
                listing.problem(&path, &why, "let this user read it");
                continue;
            }
        };
        if entry.file_type().is_dir() {
            continue;
        }
        let Some(path) = listing.path(&raw_path(root, entry.path()))? else { continue };
        listing.bound(&[], files.len())?;
        // The folder has said so; each file would be asked once more.
        if entry.file_type().is_file() {
            files.push(path);
            continue;
        }
        match kind_of(entry.path()) {
            Ok(Kind::File) => files.push(path),
            Ok(Kind::Link(target)) => listing.link(path, &target),
            Ok(Kind::Other) => listing.problem(&path, "it is no regular file", "remove it from the tree"),
            Err(None) => {}
            Err(Some(LoadError(why))) => listing.unreadable(path, &why),
        }
    }
    Ok(files)
}

/// Loads files below a folder.
struct Files(PathBuf);

impl Loader for Files {
    fn load(&self, path: &RepoPath, blob: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
        let bytes = read_regular(&self.0.join(path.as_str()))?;
        if blob.is_some_and(|blob| blob != digest(&bytes)) {
            return Err(LoadError("it changed while it was read; run again".to_owned()));
        }
        Ok(bytes)
    }
}

/// What a path of the disk is, links not followed.
pub(super) enum Kind {
    File,
    /// A link, and the bytes that it says.
    Link(Vec<u8>),
    /// A folder, pipe, socket or device.
    Other,
}

/// What is at a path; `Err(None)` where nothing is.
pub(super) fn kind_of(at: &Path) -> Result<Kind, Option<LoadError>> {
    let refused = |error: &io::Error| (error.kind() != io::ErrorKind::NotFound).then(|| LoadError(in_words(error)));
    let kind = std::fs::symlink_metadata(at).map_err(|error| refused(&error))?.file_type();
    if kind.is_file() {
        Ok(Kind::File)
    } else if kind.is_symlink() {
        let target = std::fs::read_link(at).map_err(|error| refused(&error))?;
        Ok(Kind::Link(target.into_os_string().into_encoded_bytes()))
    } else {
        Ok(Kind::Other)
    }
}

/// The size of a file in bytes.
pub(super) fn size_of(at: &Path) -> Result<u64, LoadError> {
    std::fs::symlink_metadata(at).map(|data| data.len()).map_err(|error| LoadError(in_words(&error)))
}

/// The bytes of a regular file. A pipe would block for ever, a device never ends.
pub(super) fn read_regular(at: &Path) -> Result<Vec<u8>, LoadError> {
    if regular_size(at)? > LARGEST {
        return Err(too_large());
    }
    std::fs::read(at).map_err(|error| LoadError(in_words(&error)))
}

fn regular_size(at: &Path) -> Result<u64, LoadError> {
    let data = std::fs::symlink_metadata(at).map_err(|error| LoadError(in_words(&error)))?;
    if !data.is_file() {
        return Err(LoadError("it is no regular file".to_owned()));
    }
    Ok(data.len())
}

/// What a file goes by; git's hash, in pieces, where it is too large to be loaded.
fn content_id(at: &Path) -> Result<Option<BlobId>, LoadError> {
    if regular_size(at)? > LARGEST {
        return Ok(Oid::hash_file(ObjectType::Blob, at).ok().map(blob_id));
    }
    let bytes = std::fs::read(at).map_err(|error| LoadError(in_words(&error)))?;
    Ok(Some(digest(&bytes)))
}

/// What a content goes by where no git names it: processors have instructions for this hash, unlike for git's.
fn digest(bytes: &[u8]) -> BlobId {
    let mut id = [0; 20];
    let length = id.len();
    id.copy_from_slice(&Sha256::digest(bytes)[..length]);
    BlobId(id)
}

/// The folder where the search for a repository starts: the path without links, or the folder of a file.
pub(super) fn start_folder(path: &Path) -> Result<PathBuf, ReadError> {
    let real = canonical(path)?;
    Ok(match real.parent() {
        Some(parent) if !real.is_dir() => parent.to_owned(),
        _ => real,
    })
}

fn canonical(path: &Path) -> Result<PathBuf, ReadError> {
    std::fs::canonicalize(path).map_err(|error| at_path(path, &error))
}

fn at_path(path: &Path, error: &io::Error) -> ReadError {
    match error.kind() {
        io::ErrorKind::NotFound => ReadError::NoSuchPath(path.to_owned()),
        io::ErrorKind::NotADirectory => ReadError::NotAFolder(path.to_owned()),
        _ => ReadError::Permission(path.to_owned()),
    }
}

/// A path below `root` as git writes it.
pub(super) fn raw_path(root: &Path, path: &Path) -> Vec<u8> {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<&[u8]> = below.iter().map(std::ffi::OsStr::as_encoded_bytes).collect();
    parts.join(&b'/')
}

/// An error of the machine in words for the user.
pub(super) fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it went away while it was read".to_owned(),
        io::ErrorKind::PermissionDenied => "no permission to read it".to_owned(),
        _ => format!("it cannot be read ({error})"),
    }
}
