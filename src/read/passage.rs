//! What the commits of a change gave to paths on the way from the base to HEAD: the contents that neither side has.
//!
//! Never: a content twice; an error: where the clone or the limit ends the look, the passage says so.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Instant;

use git2::{Delta, FileMode, Oid, Sort};

use super::handles::blob_id;
use super::history::Reach;
use super::repository::{Commit, Repository, parents};
use crate::base::{BlobId, Date, End, Passage, Past, RepoPath, Sources};

impl Repository {
    /// The contents that commits between a base and HEAD gave to paths, without those in `known`.
    #[must_use]
    pub fn passage(&self, base: &Commit, known: &BTreeSet<BlobId>, sources: &Arc<Sources>, reach: Reach) -> Passage {
        let walk = |repository: &git2::Repository| {
            let mut walk = Walk { repository, reach, seen: HashSet::new(), found: Vec::new() };
            let end = walk.run(base.oid(), known);
            Ok((walk.found, end))
        };
        let Ok((found, end)) = self.with("read the commits of the change", walk) else {
            return Passage { contents: Vec::new(), end: End::Clone };
        };
        let past = found.into_iter().map(|given| Past {
            commit: given.commit.to_string(),
            day: Date::from_unix(given.seconds.try_into().unwrap_or_default()),
            file: sources.intern(&given.path, Some(blob_id(given.blob)), &self.objects),
        });
        Passage { contents: past.collect(), end }
    }
}

/// A content that a commit gave to a path.
struct Given {
    commit: Oid,
    seconds: i64,
    path: RepoPath,
    blob: Oid,
}

struct Walk<'r> {
    repository: &'r git2::Repository,
    reach: Reach,
    seen: HashSet<(RepoPath, Oid)>,
    found: Vec<Given>,
}

impl Walk<'_> {
    fn run(&mut self, base: Oid, known: &BTreeSet<BlobId>) -> End {
        let began = Instant::now();
        let Ok(commits) = self.commits(base) else { return End::Clone };
        let mut end = End::FirstCommit;
        for (steps, commit) in commits.into_iter().enumerate() {
            if steps >= self.reach.commits || began.elapsed() > self.reach.time {
                return End::Limit;
            }
            let read = commit.and_then(|commit| self.commit(commit, known));
            if read.is_err() {
                end = End::Clone;
            }
        }
        end
    }

    /// The commits of the change, the oldest first.
    fn commits(&self, base: Oid) -> Result<Vec<Result<Oid, git2::Error>>, git2::Error> {
        let mut walk = self.repository.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
        walk.push_head()?;
        walk.hide(base)?;
        // Where the clone ends, the walk does too; without a bound it would go on failing.
        Ok(walk.take(self.reach.commits + 1).collect())
    }

    /// What a commit gave to paths, compared with its first parent: what a merge brings from elsewhere is known, or is
    /// given by a commit of the walk.
    fn commit(&mut self, id: Oid, known: &BTreeSet<BlobId>) -> Result<(), git2::Error> {
        let commit = self.repository.find_commit(id)?;
        let before = match parents(self.repository, id).first() {
            Some(parent) => Some(self.repository.find_commit(*parent)?.tree()?),
            None => None,
        };
        let diff = self.repository.diff_tree_to_tree(before.as_ref(), Some(&commit.tree()?), None)?;
        for delta in diff.deltas() {
            let file = delta.new_file();
            let is_file =
                matches!(file.mode(), FileMode::Blob | FileMode::BlobExecutable | FileMode::BlobGroupWritable);
            if delta.status() == Delta::Deleted || !is_file || known.contains(&blob_id(file.id())) {
                continue;
            }
            let path = file.path().and_then(|path| RepoPath::new(path.to_str()?));
            if let Some(path) = path.filter(|path| self.seen.insert((path.clone(), file.id()))) {
                self.found.push(Given { commit: id, seconds: commit.time().seconds(), path, blob: file.id() });
            }
        }
        Ok(())
    }
}
