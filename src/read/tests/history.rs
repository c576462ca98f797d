//! The history of paths.
//!
//! Never: a rename.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use git2::Oid;

use super::Tiny;
use crate::base::{End, History, RepoPath, Sources};
use crate::read::Reach;

fn history(tiny: &Tiny, paths: &[&str], reach: Reach) -> (History, Arc<Sources>) {
    let repository = tiny.open();
    let paths: BTreeSet<RepoPath> = paths.iter().map(|path| RepoPath::new(path).expect("a path")).collect();
    let sources = Arc::new(Sources::default());
    let head = repository.head().expect("no fault").expect("a commit");
    (repository.history(&head, &paths, &sources, reach), sources)
}

/// The commits and texts of one path.
fn told(tiny: &Tiny, path: &str, reach: Reach) -> (Vec<(String, String)>, End) {
    let (history, sources) = history(tiny, &[path], reach);
    let path = RepoPath::new(path).expect("a path");
    let past = history.of(&path);
    (past.map(|past| (past.commit.clone(), sources.text(past.file).to_owned())).collect(), history.end)
}

fn said(commits: &[(Oid, &str)]) -> Vec<(String, String)> {
    commits.iter().map(|(id, text)| (id.to_string(), (*text).to_owned())).collect()
}

#[test]
fn it_names_the_commits_that_changed_a_path_newest_first() {
    let tiny = Tiny::new();
    let first = tiny.committed("api/a.yaml", "a\n");
    tiny.committed("other.yaml", "x\n");
    let second = tiny.committed("api/a.yaml", "b\n");
    let third = tiny.committed("api/a.yaml", "a\n");
    tiny.committed("other.yaml", "y\n");
    let (found, end) = told(&tiny, "api/a.yaml", Reach::default());
    assert_eq!((found, end), (said(&[(third, "a\n"), (second, "b\n"), (first, "a\n")]), End::FirstCommit));
    assert_eq!(told(&tiny, "nowhere.yaml", Reach::default()), (Vec::new(), End::FirstCommit));
    assert_eq!(told(&tiny, "api", Reach::default()), (Vec::new(), End::FirstCommit), "a folder");
}

#[test]
fn a_merge_brings_both_its_histories_and_is_none_itself() {
    let tiny = Tiny::new();
    let fork = tiny.committed("a.yaml", "a\n");
    let main = tiny.committed("b.yaml", "b\n");
    tiny.switch("topic", fork);
    let topic = tiny.committed("a.yaml", "c\n");
    tiny.switch("merge", main);
    tiny.write("a.yaml", "c\n").add("a.yaml");
    tiny.commit(&[topic]);
    assert_eq!(told(&tiny, "a.yaml", Reach::default()).0, said(&[(topic, "c\n"), (fork, "a\n")]));
}

#[test]
fn it_says_where_the_clone_or_the_limit_ends_it() {
    let tiny = Tiny::new();
    tiny.committed("a.yaml", "a\n");
    let second = tiny.committed("a.yaml", "b\n");
    let third = tiny.committed("a.yaml", "c\n");
    let near = Reach { commits: 1, ..Reach::default() };
    assert_eq!(told(&tiny, "a.yaml", near), (said(&[(third, "c\n")]), End::Limit));
    let now = Reach { time: Duration::ZERO, ..Reach::default() };
    assert_eq!(told(&tiny, "a.yaml", now), (Vec::new(), End::Limit));
    tiny.shallow(&[second]);
    // Where the clone ends, nobody knows whether the commit changed the path: its content counts.
    assert_eq!(told(&tiny, "a.yaml", Reach::default()), (said(&[(third, "c\n"), (second, "b\n")]), End::Clone));
}
