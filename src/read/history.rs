//! The history of paths: the commits that changed them, newest first, bounded in commits and time.
//!
//! Never: a rename followed; an error: where the clone or the limit ends the look back, the history says so.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use git2::{ObjectType, Oid};

use super::handles::blob_id;
use super::repository::{Commit, Repository, parents};
use crate::base::{Date, End, History, Past, RepoPath, Sources};

/// How far a look back may go. A repository of ten years has fewer commits; the time is what a hook can bear.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// At most so many commits.
    pub commits: usize,
    /// At most this long.
    pub time: Duration,
}

impl Default for Reach {
    fn default() -> Self {
        Self { commits: 20_000, time: Duration::from_secs(3) }
    }
}

impl Repository {
    /// What `paths` held in the ancestors of a commit and in itself: the commits of which the content differs from all
    /// of their parents'. A commit that takes a path away is none.
    #[must_use]
    pub fn history(&self, from: &Commit, paths: &BTreeSet<RepoPath>, sources: &Arc<Sources>, reach: Reach) -> History {
        let mut history = History { paths: BTreeMap::new(), end: End::FirstCommit };
        if paths.is_empty() {
            return history;
        }
        let walk = |repository: &git2::Repository| {
            let mut walk = Walk::new(repository, paths, reach);
            let end = walk.run(from);
            Ok((walk.found, end))
        };
        let Ok((found, end)) = self.with("read the history", walk) else {
            return History { end: End::Clone, ..history };
        };
        for (path, commits) in paths.iter().zip(found) {
            let past = commits.into_iter().map(|touched| Past {
                commit: touched.commit.to_string(),
                day: Date::from_unix(touched.seconds.try_into().unwrap_or_default()),
                file: sources.intern(path, Some(blob_id(touched.blob)), &self.objects),
            });
            history.paths.insert(path.clone(), past.collect());
        }
        History { end, ..history }
    }
}

/// A commit that changed a path.
struct Touched {
    commit: Oid,
    seconds: i64,
    blob: Oid,
}

/// The contents of all paths in one tree.
type Blobs = Rc<[Option<Oid>]>;

struct Walk<'r> {
    repository: &'r git2::Repository,
    paths: Vec<&'r Path>,
    reach: Reach,
    /// What is known of trees: neighbors in a history often share theirs.
    trees: HashMap<Oid, Option<Blobs>>,
    /// For each path the commits that changed it.
    found: Vec<Vec<Touched>>,
}

impl<'r> Walk<'r> {
    fn new(repository: &'r git2::Repository, paths: &'r BTreeSet<RepoPath>, reach: Reach) -> Self {
        let found = paths.iter().map(|_| Vec::new()).collect();
        let paths = paths.iter().map(|path| Path::new(path.as_str())).collect();
        Self { repository, paths, reach, trees: HashMap::new(), found }
    }

    fn run(&mut self, from: &Commit) -> End {
        let began = Instant::now();
        let mut end = End::FirstCommit;
        let mut seen = HashSet::from([from.oid()]);
        let mut open: BinaryHeap<(i64, Oid)> = self.time(from.oid()).into_iter().collect();
        for steps in 0.. {
            let Some((seconds, commit)) = open.pop() else { return end };
            if steps >= self.reach.commits || began.elapsed() > self.reach.time {
                return End::Limit;
            }
            let Some(mine) = self.blobs(commit) else {
                end = End::Clone;
                continue;
            };
            let mut theirs = Vec::new();
            for parent in parents(self.repository, commit) {
                // A shallow clone names parents that it does not have.
                let known = self.time(parent).and_then(|at| Some((at, self.blobs(parent)?)));
                let Some((at, blobs)) = known else {
                    end = End::Clone;
                    continue;
                };
                theirs.push(blobs);
                if seen.insert(parent) {
                    open.push(at);
                }
            }
            for (row, blob) in mine.iter().enumerate() {
                let Some(blob) = *blob else { continue };
                if theirs.iter().all(|parent| parent[row] != Some(blob)) {
                    self.found[row].push(Touched { commit, seconds, blob });
                }
            }
        }
        end
    }

    fn time(&self, commit: Oid) -> Option<(i64, Oid)> {
        let found = self.repository.find_commit(commit).ok()?;
        Some((found.time().seconds(), commit))
    }

    /// What a commit has at the paths; `None` where its tree is not here.
    fn blobs(&mut self, commit: Oid) -> Option<Blobs> {
        let id = self.repository.find_commit(commit).ok()?.tree_id();
        if let Some(known) = self.trees.get(&id) {
            return known.clone();
        }
        let blobs = self.repository.find_tree(id).ok().map(|tree| {
            let blob = |path: &&Path| {
                let entry = tree.get_path(path).ok()?;
                (entry.kind() == Some(ObjectType::Blob)).then(|| entry.id())
            };
            self.paths.iter().map(blob).collect()
        });
        self.trees.insert(id, blobs.clone());
        blobs
    }
}
