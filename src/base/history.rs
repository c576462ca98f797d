//! What stood at a path in older commits, as far back as somebody looked.
//!
//! Never: a commit's author or words; how far back is worth looking.

use std::collections::BTreeMap;

use super::{Date, FileId, RepoPath};

/// The older contents of some paths.
#[derive(Clone, Default, Debug)]
pub struct History {
    /// For each path that was asked for, the commits that changed it, newest first.
    pub paths: BTreeMap<RepoPath, Vec<Past>>,
    /// Where the look back ended.
    pub end: End,
}

/// The contents that the commits of a change gave to paths and that neither of its sides has.
#[derive(Clone, Default, Debug)]
pub struct Passage {
    /// The contents, each once, from the oldest commit to the newest.
    pub contents: Vec<Past>,
    /// Where the look ended: at the first commit of the change, where all of them could be read.
    pub end: End,
}

/// A content that a commit gave to a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Past {
    /// The commit's id: 40 hexadecimal digits.
    pub commit: String,
    /// The day of the commit.
    pub day: Date,
    /// The content.
    pub file: FileId,
}

/// Where a look back ended.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum End {
    /// Nobody looked, or there is no history: the tree is a plain folder.
    #[default]
    Nowhere,
    /// At the first commit.
    FirstCommit,
    /// Where the clone ends, which is shallow or partial.
    Clone,
    /// At the limit of commits or time.
    Limit,
}

impl End {
    /// Whether nothing older can be hidden behind it.
    #[must_use]
    pub fn is_complete(self) -> bool {
        self == Self::FirstCommit
    }
}

impl History {
    /// The older contents of one path, newest first; none where it was not asked for.
    pub fn of(&self, path: &RepoPath) -> impl Iterator<Item = &Past> {
        self.paths.get(path).into_iter().flatten()
    }
}
