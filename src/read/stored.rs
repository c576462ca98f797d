//! A file of the work tree as git would store it: line breaks as the attributes ask, LFS content as its pointer.
//!
//! Never: a filter program; what git-crypt would encrypt is marked as such, since only its key could say more.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use git2::{AttrCheckFlags, AttrValue, ObjectType, Oid};
use sha2::{Digest, Sha256};

use super::disk::{read_regular, size_of};
use super::handles::{Handles, LARGEST, blob_id};
use crate::base::{BlobId, LoadError, Loader, RepoPath};

/// Loads files of a work tree, each as git would store it.
pub(super) struct WorkFiles {
    /// The repository's handles.
    pub(super) handles: Arc<Handles>,
    /// The root of the work tree.
    pub(super) root: PathBuf,
}

impl Loader for WorkFiles {
    fn load(&self, path: &RepoPath, blob: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
        let bytes = read_regular(&self.root.join(path.as_str()))?;
        let stored = self.handles.with(|repository| stored(repository, path, bytes));
        let stored = stored.map_err(|error| LoadError(error.message().to_owned()))?;
        // The content goes by its hash: other bytes under the same id would be a lie about both sides.
        if blob.is_some() && blob != hash(&stored) {
            return Err(LoadError("it changed while it was read; run again".to_owned()));
        }
        Ok(stored)
    }
}

/// The blob id that `git add` would give a file of the work tree at `root`.
pub(super) fn stored_id(
    repository: &git2::Repository,
    root: &Path,
    path: &RepoPath,
) -> Result<Option<BlobId>, LoadError> {
    let at = root.join(path.as_str());
    if size_of(&at)? > LARGEST {
        return Ok(Oid::hash_file(ObjectType::Blob, at).ok().map(blob_id));
    }
    Ok(hash(&stored(repository, path, read_regular(&at)?)))
}

/// git's name of a content; `None` only where libgit2 is out of memory.
pub(super) fn hash(bytes: &[u8]) -> Option<BlobId> {
    Oid::hash_object(ObjectType::Blob, bytes).ok().map(blob_id)
}

/// What `git add` would store of these bytes of the work tree.
fn stored(repository: &git2::Repository, path: &RepoPath, bytes: Vec<u8>) -> Vec<u8> {
    let filter = attribute(repository, path, "filter");
    match filter.text() {
        Some("lfs") => return lfs_pointer(bytes),
        Some(name) if name.starts_with("git-crypt") => return encrypted(bytes),
        _ => {}
    }
    if memchr::memmem::find(&bytes, b"\r\n").is_none() {
        return bytes;
    }
    let converted = match line_breaks(repository, path) {
        LineBreaks::Kept => false,
        LineBreaks::Converted => true,
        LineBreaks::Guessed => !is_binary(&bytes) && !was_committed_with_returns(repository, path),
    };
    if converted { without_returns(&bytes) } else { bytes }
}

/// What git does with line breaks when a file is added.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum LineBreaks {
    Kept,
    Converted,
    /// Converted where the content looks like text and was not committed with CRLF before.
    Guessed,
}

/// As git's `convert.c` decides: `text`, else its old name `crlf`, else `eol`, else `core.autocrlf`.
fn line_breaks(repository: &git2::Repository, path: &RepoPath) -> LineBreaks {
    for name in ["text", "crlf"] {
        match attribute(repository, path, name) {
            Attribute::Set => return LineBreaks::Converted,
            Attribute::Unset => return LineBreaks::Kept,
            Attribute::Text(value) if value == "auto" => return LineBreaks::Guessed,
            Attribute::Text(value) if value == "input" => return LineBreaks::Converted,
            Attribute::Text(_) | Attribute::Unspecified => {}
        }
    }
    if matches!(attribute(repository, path, "eol").text(), Some("lf" | "crlf")) {
        return LineBreaks::Converted;
    }
    let configured = repository.config().and_then(|mut config| config.snapshot()?.get_string("core.autocrlf"));
    match configured.unwrap_or_default().to_ascii_lowercase().as_str() {
        "input" | "true" | "yes" | "on" | "1" => LineBreaks::Guessed,
        _ => LineBreaks::Kept,
    }
}

/// The value of a git attribute.
enum Attribute {
    Set,
    Unset,
    Text(String),
    Unspecified,
}

impl Attribute {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Set | Self::Unset | Self::Unspecified => None,
        }
    }
}

fn attribute(repository: &git2::Repository, path: &RepoPath, name: &str) -> Attribute {
    let value = repository.get_attr(Path::new(path.as_str()), name, AttrCheckFlags::FILE_THEN_INDEX);
    match AttrValue::from_string(value.unwrap_or_default()) {
        AttrValue::True => Attribute::Set,
        AttrValue::False => Attribute::Unset,
        AttrValue::String(text) => Attribute::Text(text.to_owned()),
        AttrValue::Bytes(_) | AttrValue::Unspecified => Attribute::Unspecified,
    }
}

fn without_returns(bytes: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for at in memchr::memmem::find_iter(bytes, b"\r\n") {
        kept.extend_from_slice(&bytes[from..at]);
        from = at + 1;
    }
    kept.extend_from_slice(&bytes[from..]);
    kept
}

/// As git guesses (`convert.c`): a NUL, a lone CR, or more than one control character in 128 printable ones.
fn is_binary(bytes: &[u8]) -> bool {
    let (mut printable, mut control) = (0_usize, 0_usize);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            0 => return true,
            b'\r' if bytes.get(at + 1) != Some(&b'\n') => return true,
            b'\r' | b'\n' => {}
            // An end-of-file mark of DOS counts for nothing as the last byte.
            0x1a if at + 1 == bytes.len() => {}
            0x08 | b'\t' | 0x0c | 0x1b => printable += 1,
            0x01..=0x1f | 0x7f => control += 1,
            _ => printable += 1,
        }
    }
    (printable >> 7) < control
}

/// git leaves CRLF alone in a file whose committed content has it, where nothing says that it is text.
fn was_committed_with_returns(repository: &git2::Repository, path: &RepoPath) -> bool {
    let committed = repository
        .index()
        .ok()
        .and_then(|index| index.get_path(Path::new(path.as_str()), 0))
        .and_then(|entry| repository.find_blob(entry.id).ok());
    committed.is_some_and(|blob| memchr::memmem::find(blob.content(), b"\r\n").is_some() && !is_binary(blob.content()))
}

/// The pointer that git LFS stores; a pointer or nothing stays what it is.
fn lfs_pointer(bytes: Vec<u8>) -> Vec<u8> {
    const VERSION: &str = "version https://git-lfs.github.com/spec/v1";
    if bytes.is_empty() || bytes.starts_with(b"version https://git-lfs.github.com/spec/") {
        return bytes;
    }
    format!("{VERSION}\noid sha256:{}\nsize {}\n", hex(&Sha256::digest(&bytes)), bytes.len()).into_bytes()
}

/// Stands for what git-crypt would store: its mark and a digest, so that other content is another blob.
fn encrypted(bytes: Vec<u8>) -> Vec<u8> {
    const MARK: &[u8] = b"\0GITCRYPT\0";
    if bytes.is_empty() || bytes.starts_with(MARK) {
        return bytes;
    }
    [MARK, &Sha256::digest(&bytes)].concat()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
