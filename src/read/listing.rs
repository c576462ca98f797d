//! A snapshot in the making: checks paths, bounds their number, notes what cannot be listed.
//!
//! Never: where the entries come from.

use std::sync::Arc;

use super::ReadError;
use crate::base::{
    BlobId, Entry, LoadError, Loader, Problem, ProblemKind, RepoPath, Side, Snapshot, Sources, Span, TextRange,
};

/// More paths than a tree of people has; a few hundred hostile tree objects can name billions.
const MOST_PATHS: usize = 1_000_000;
/// As `PATH_MAX` of Linux.
const LONGEST_PATH: usize = 4096;

/// The entries and problems of one tree.
pub(super) struct Listing {
    sources: Arc<Sources>,
    /// In the order in which they came; of two at one path the later one counts.
    entries: Vec<(RepoPath, Entry)>,
    problems: Vec<Problem>,
}

impl Listing {
    /// An empty tree.
    pub(super) fn new(sources: &Arc<Sources>) -> Self {
        Self { sources: sources.clone(), entries: Vec::new(), problems: Vec::new() }
    }

    /// The path that these bytes spell. Where they spell none that a tree can hold, that is a problem and `None`.
    pub(super) fn path(&mut self, raw: &[u8]) -> Result<Option<RepoPath>, ReadError> {
        self.bound(raw, 0)?;
        let text = String::from_utf8_lossy(raw);
        let path = RepoPath::new(&text).filter(|path| path.as_str() == text);
        match (path, &text) {
            (Some(path), std::borrow::Cow::Borrowed(_)) => Ok(Some(path)),
            (shown, std::borrow::Cow::Owned(_)) => {
                let shown = shown.unwrap_or_else(RepoPath::root);
                self.problem(&shown, "its name is not UTF-8, so it is not judged", "rename the file");
                Ok(None)
            }
            (None, std::borrow::Cow::Borrowed(_)) => {
                let message = format!("the tree holds `{}`, which is no path", text.escape_debug());
                self.problem(&RepoPath::root(), &message, "`git fsck` names the tree object");
                Ok(None)
            }
        }
    }

    /// Refuses a path too long, and a tree with too many; `folders` of them are not among the entries.
    pub(super) fn bound(&self, raw: &[u8], folders: usize) -> Result<(), ReadError> {
        let paths = self.entries.len() + self.problems.len() + folders;
        if raw.len() > LONGEST_PATH || paths >= MOST_PATHS { Err(ReadError::TooLarge(MOST_PATHS)) } else { Ok(()) }
    }

    /// A file. Without a blob id its path stands for its content.
    pub(super) fn file(&mut self, path: RepoPath, blob: Option<BlobId>, loader: &Arc<dyn Loader>) {
        let file = self.sources.intern(&path, blob, loader);
        self.entries.push((path, Entry::File(file)));
    }

    /// A file that is there and cannot be read: it stays listed, and whoever asks for it gets these words.
    pub(super) fn unreadable(&mut self, path: RepoPath, why: &str) {
        let loader: Arc<dyn Loader> = Arc::new(Refused(LoadError(why.to_owned())));
        self.file(path, None, &loader);
    }

    /// A symbolic link and what it says.
    pub(super) fn link(&mut self, path: RepoPath, target: &[u8]) {
        match str::from_utf8(target) {
            Ok(text) if text.len() <= LONGEST_PATH => {
                self.entries.push((path, Entry::Symlink(text.into())));
            }
            _ => self.problem(&path, "this link leads to a path that is not UTF-8, or too long", "mend the link"),
        }
    }

    /// A submodule.
    pub(super) fn submodule(&mut self, path: RepoPath) {
        self.entries.push((path, Entry::Submodule));
    }

    /// What could not be listed, at `path`.
    pub(super) fn problem(&mut self, path: &RepoPath, message: &str, help: &str) {
        let loader: Arc<dyn Loader> = Arc::new(Refused(LoadError(message.to_owned())));
        let file = self.sources.intern(path, None, &loader);
        let at = Span { file, range: TextRange::new(0, 0) };
        self.problems.push(Problem::new(ProblemKind::Unreadable, at, message).with_help(help));
    }

    /// The tree.
    pub(super) fn finish(self, side: Side) -> Snapshot {
        Snapshot::listed(side, self.sources, self.entries.into_iter().collect()).with_problems(self.problems)
    }
}

/// Stands for a content of which it is known that it cannot be read.
struct Refused(LoadError);

impl Loader for Refused {
    fn load(&self, _: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
        Err(self.0.clone())
    }
}
