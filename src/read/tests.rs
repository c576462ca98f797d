//! Tests over tiny repositories, made with libgit2 in temporary folders.
//!
//! Never: the `git` program, the network, a repository of the machine.

mod base_of_change;
mod errors;
mod history;
mod passage;
// Links, modes and names that are not UTF-8 are made with calls that only Unix has.
#[cfg(unix)]
mod trees;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use git2::{Oid, Repository as Git, Signature, Time};
use tempfile::TempDir;

use super::{ReadError, Repository, open};
use crate::base::{Content, Entry, RepoPath, Side, Snapshot, Sources};

/// A repository in a temporary folder.
struct Tiny {
    dir: TempDir,
    git: Git,
}

impl Tiny {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let git = Git::init(dir.path()).expect("a repository");
        git.set_head("refs/heads/main").expect("a branch");
        let mut config = git.config().expect("a configuration");
        // Whoever runs the tests may have set it for himself.
        config.set_bool("core.autocrlf", false).expect("set");
        Self { dir, git }
    }

    fn root(&self) -> &Path {
        self.dir.path()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) -> &Self {
        let at = self.path(path);
        fs::create_dir_all(at.parent().expect("a folder")).expect("made");
        fs::write(at, text).expect("written");
        self
    }

    fn add(&self, path: &str) -> &Self {
        let mut index = self.git.index().expect("an index");
        index.add_path(Path::new(path)).expect("added");
        index.write().expect("written");
        self
    }

    /// Commits the index on HEAD, with more parents where some are given. Each commit is a second younger than the one
    /// before.
    fn commit(&self, also: &[Oid]) -> Oid {
        let tree = self.git.index().expect("an index").write_tree().expect("a tree");
        let tree = self.git.find_tree(tree).expect("the tree");
        let head = self.git.head().ok().and_then(|head| head.target());
        let parents: Vec<_> = head
            .into_iter()
            .chain(also.iter().copied())
            .map(|id| self.git.find_commit(id).expect("a parent"))
            .collect();
        let time = 1_000_000 + parents.iter().map(|parent| parent.time().seconds()).max().unwrap_or(0);
        let who = Signature::new("a", "a@example.com", &Time::new(time, 0)).expect("a signature");
        let parents: Vec<_> = parents.iter().collect();
        self.git.commit(Some("HEAD"), &who, &who, "a change", &tree, &parents).expect("a commit")
    }

    /// Writes, adds and commits one file.
    fn committed(&self, path: &str, text: &str) -> Oid {
        self.write(path, text).add(path).commit(&[])
    }

    fn reference(&self, name: &str, id: Oid) {
        self.git.reference(name, id, true, "test").expect("a reference");
    }

    /// Puts HEAD, the index and the work tree at a commit, on a branch of its own.
    fn switch(&self, branch: &str, to: Oid) {
        let commit = self.git.find_commit(to).expect("the commit");
        self.git.branch(branch, &commit, true).expect("a branch");
        self.git.set_head(&format!("refs/heads/{branch}")).expect("HEAD");
        self.git.reset(commit.as_object(), git2::ResetType::Hard, None).expect("reset");
    }

    /// Makes it a shallow clone that ends at these commits: what lies behind is deleted.
    fn shallow(&self, ends: &[Oid]) {
        let mut behind: Vec<Oid> = Vec::new();
        for end in ends {
            let mut open: Vec<Oid> = self.git.find_commit(*end).expect("the end").parent_ids().collect();
            while let Some(id) = open.pop() {
                open.extend(self.git.find_commit(id).expect("a commit").parent_ids());
                behind.push(id);
            }
        }
        for id in behind {
            let hex = id.to_string();
            let _ = fs::remove_file(self.git.path().join("objects").join(&hex[..2]).join(&hex[2..]));
        }
        let ends: Vec<String> = ends.iter().map(Oid::to_string).collect();
        fs::write(self.git.path().join("shallow"), ends.join("\n") + "\n").expect("written");
    }

    fn open(&self) -> Repository {
        open(self.root()).expect("it opens").expect("a repository")
    }

    fn work_tree(&self) -> Vec<String> {
        shown(&self.open().work_tree(Side::Head, &sources()).expect("a work tree"))
    }

    fn staged(&self) -> Vec<String> {
        shown(&self.open().index(Side::Head, &sources(), None).expect("an index"))
    }

    fn at(&self, revision: &str) -> Vec<String> {
        let repository = self.open();
        let commit = repository.resolve(revision).expect("a commit");
        shown(&repository.revision(Side::Base, &sources(), &commit).expect("a tree"))
    }
}

fn sources() -> Arc<Sources> {
    Arc::new(Sources::default())
}

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).expect("a path")
}

/// A snapshot as lines: entries with their contents, then problems.
fn shown(snapshot: &Snapshot) -> Vec<String> {
    let entry = |(path, entry): (&RepoPath, &Entry)| match entry {
        Entry::File(file) => match snapshot.sources().content(*file) {
            Content::Text(text) => format!("{path}: {}", text.escape_debug()),
            Content::Binary(bytes) => format!("{path}: {} bytes", bytes.len()),
            Content::Failed(error) => format!("{path}! {error}"),
        },
        Entry::Symlink(target) => format!("{path} -> {target}"),
        Entry::Submodule => format!("{path} @"),
    };
    let problems = snapshot.problems().iter();
    let problems =
        problems.map(|problem| format!("{}!! {}", snapshot.sources().path(problem.at.file), problem.message));
    snapshot.entries().map(entry).chain(problems).collect()
}

/// The text of an error.
fn text<T>(result: Result<T, ReadError>) -> String {
    result.err().map(|error| error.to_string()).unwrap_or_default()
}
