//! Why a tree cannot be read: what is wrong, whose fault it is, and the command that mends it.
//!
//! Never: a fault of one file; that is a `LoadError` or a problem of the snapshot, and the rest is judged.

use std::path::PathBuf;

/// Why a tree, a revision or a repository cannot be read. The run ends with exit 2; the text is for the user.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The path that the user named is not there.
    #[error("`{}` does not exist", .0.display())]
    NoSuchPath(PathBuf),
    /// The path is a file where a folder is needed.
    #[error("`{}` is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// No permission to read a folder as a whole.
    #[error("no permission to read `{}`; run as a user who may, or type `chmod -R u+rX {}`", .0.display(), .0.display())]
    Permission(PathBuf),
    /// A revision was asked for where there is no repository.
    #[error("`{}` is in no git repository, so `--base REV` means nothing there; name a folder: `--base DIR`", .0.display())]
    NotARepository(PathBuf),
    /// A bare repository has neither a work tree nor an index.
    #[error("`{}` is a bare repository: there is no work tree to judge; make one: `git worktree add DIR BRANCH`", .0.display())]
    Bare(PathBuf),
    /// The repository has no commit yet.
    #[error(
        "this repository has no commit yet, so there is nothing to compare with; leave out `--base`, or type `git commit` first"
    )]
    NoCommit,
    /// No commit has this name.
    #[error("no commit is called `{revision}` here; {hint}")]
    UnknownRevision {
        /// As the user wrote it.
        revision: String,
        /// What to type.
        hint: String,
    },
    /// The name stands for several objects.
    #[error(
        "`{0}` stands for several objects; write more of its digits, or the whole name of the branch (`refs/heads/…`)"
    )]
    AmbiguousRevision(String),
    /// The name stands for a file or a folder.
    #[error("`{0}` is not a commit; name a branch, a tag or a commit")]
    NotACommit(String),
    /// The base is named, but its commit was not fetched: a shallow clone.
    #[error(
        "the base, commit `{commit}`, is not in this shallow clone; type `{command}`, or give actions/checkout `fetch-depth: 0` (GitLab: `GIT_DEPTH: 0`)"
    )]
    ShallowBase {
        /// The commit's id.
        commit: String,
        /// What fetches it.
        command: String,
    },
    /// The base is named, but its commit is not here.
    #[error("the base, commit `{commit}`, is not in this repository; type `git fetch origin {commit}`")]
    MissingBase {
        /// The commit's id.
        commit: String,
    },
    /// The histories meet before the commits that were fetched.
    #[error(
        "this shallow clone ends before HEAD and `{with}` meet; type `git fetch --unshallow` (or `git fetch --deepen=100` until it is enough), or give actions/checkout `fetch-depth: 0` (GitLab: `GIT_DEPTH: 0`)"
    )]
    ShallowMergeBase {
        /// The other commit.
        with: String,
    },
    /// The histories never meet.
    #[error(
        "HEAD and `{with}` have no commit in common, so there is no merge base; to compare the two trees as they are, type `git worktree add DIR {with}` and use `--base DIR`"
    )]
    NoMergeBase {
        /// The other commit.
        with: String,
    },
    /// A merge is not finished.
    #[error("`{path}` has a merge conflict{}; resolve it, then type `git add {path}`", others(*.more))]
    Conflict {
        /// The first path in conflict.
        path: String,
        /// How many more there are.
        more: usize,
    },
    /// The index cannot be read.
    #[error(
        "git's index cannot be read ({0}); if `git status` fails too, type `rm .git/index && git reset`; a sparse index becomes a full one by `git sparse-checkout reapply --no-sparse-index`"
    )]
    Index(String),
    /// An object is not in the repository: a partial clone, or a damaged one.
    #[error(
        "object `{0}` is not in this clone; a partial clone becomes a full one by `git fetch --refetch --no-filter`; otherwise `git fsck` says what is damaged"
    )]
    MissingObject(String),
    /// The tree has more paths than any repository of people.
    #[error("the tree has more than {0} paths, or one longer than 4096 bytes; it is not judged")]
    TooLarge(usize),
    /// git refuses in another way.
    #[error("git cannot {doing} ({reason}); `git status` and `git fsck` say more")]
    Git {
        /// What was tried.
        doing: &'static str,
        /// libgit2's words.
        reason: String,
    },
}

fn others(more: usize) -> String {
    if more == 0 { String::new() } else { format!(", and {more} other paths") }
}

impl ReadError {
    /// An error of libgit2 while `doing` (a verb and its object).
    pub(super) fn git(doing: &'static str, error: &git2::Error) -> Self {
        Self::Git { doing, reason: one_line(error.message()) }
    }
}

/// libgit2's words without a line break, which a message may not have.
pub(super) fn one_line(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}
