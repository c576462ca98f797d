//! What is said where a tree, a revision or a repository cannot be read.
//!
//! Never: faults of single files; those are in `trees`.

use std::fs;

use git2::Oid;

use super::{Tiny, sources, text};
use crate::base::Side;
use crate::read::{Ci, ReadError, folder, open};

#[test]
fn where_there_is_no_repository_that_is_no_error() {
    let dir = tempfile::tempdir().expect("a folder");
    assert!(open(dir.path()).expect("no fault").is_none());
    assert!(matches!(open(&dir.path().join("none")), Err(ReadError::NoSuchPath(_))));
    fs::write(dir.path().join("file"), "").expect("written");
    assert!(matches!(folder(Side::Head, &sources(), &dir.path().join("file")), Err(ReadError::NotAFolder(_))));
}

#[test]
fn a_bare_repository_has_revisions_only() {
    let tiny = Tiny::new();
    let id = tiny.committed("a.yaml", "a\n");
    let dir = tempfile::tempdir().expect("a folder");
    let bare = git2::build::RepoBuilder::new().bare(true).clone(&tiny.root().display().to_string(), dir.path());
    drop(bare.expect("a clone"));
    let repository = open(dir.path()).expect("it opens").expect("a repository");
    assert_eq!(repository.root(), None);
    assert!(text(repository.work_tree(Side::Head, &sources())).contains("git worktree add"));
    assert!(matches!(repository.index(Side::Head, &sources(), None), Err(ReadError::Bare(_))));
    let commit = repository.resolve(&id.to_string()).expect("the commit");
    assert_eq!(repository.revision(Side::Head, &sources(), &commit).expect("a tree").files().count(), 1);
    assert_eq!(repository.default_base(&Ci::default()).expect("no fault"), None);
}

#[test]
fn a_folder_of_the_tree_that_poses_as_a_repository_shows_no_other_files() {
    let tiny = Tiny::new();
    tiny.committed("a.yaml", "a\n");
    let bait = tiny.path("bait");
    git2::Repository::init_bare(&bait).expect("a repository");
    fs::write(bait.join("config"), "[core]\n\tbare = false\n\tworktree = /\n").expect("written");
    let repository = open(&bait).expect("it opens").expect("a repository");
    assert_eq!(repository.root(), None);
    assert!(matches!(repository.work_tree(Side::Head, &sources()), Err(ReadError::Bare(_))));
}

#[test]
fn unknown_revisions_come_with_a_command() {
    let tiny = Tiny::new();
    let first = tiny.committed("a.yaml", "a\n");
    tiny.git.remote("origin", "https://example.com/a.git").expect("a remote");
    tiny.reference("refs/remotes/origin/topic", first);
    let said = |revision: &str| text(tiny.open().resolve(revision));
    assert!(said("origin/main").contains("git fetch origin main:refs/remotes/origin/main"), "{}", said("origin/main"));
    assert!(said("topic").contains("write `origin/topic`"), "{}", said("topic"));
    assert!(said("nope").contains("git branch --all"), "{}", said("nope"));
    assert!(said("main..HEAD").contains("not a range"), "{}", said("main..HEAD"));
    assert!(said(&"1".repeat(40)).contains("git fetch origin 1111"), "{}", said(&"1".repeat(40)));
    assert!(matches!(tiny.open().resolve("HEAD:a.yaml"), Err(ReadError::NotACommit(_))));
    assert!(matches!(Tiny::new().open().resolve("main"), Err(ReadError::NoCommit)));
}

#[test]
fn a_shallow_clone_without_the_base_says_how_to_get_it() {
    let tiny = Tiny::new();
    let first = tiny.committed("a.yaml", "a\n");
    let second = tiny.committed("a.yaml", "b\n");
    tiny.shallow(&[second]);
    let said = text(tiny.open().resolve(&first.to_string()));
    assert!(
        said.contains(&format!("git fetch --unshallow origin {first}")) && said.contains("fetch-depth: 0"),
        "{said}"
    );
    assert!(text(tiny.open().resolve("HEAD~1")).contains("git fetch --deepen"));
    assert_eq!(tiny.at("HEAD"), ["a.yaml: b\\n"]);
}

#[test]
fn histories_that_do_not_meet_say_whether_the_clone_is_to_blame() {
    let tiny = Tiny::new();
    let first = tiny.committed("a.yaml", "a\n");
    let main = tiny.committed("a.yaml", "b\n");
    tiny.switch("topic", first);
    let topic = tiny.committed("b.yaml", "b\n");
    let merge_base = |revision: &str| {
        let repository = tiny.open();
        repository.resolve(revision).and_then(|commit| repository.merge_base(&commit))
    };
    assert_eq!(merge_base("main").expect("a merge base").id, first.to_string());
    tiny.git.set_head("refs/heads/orphan").expect("HEAD");
    tiny.committed("c.yaml", "c\n");
    assert!(matches!(merge_base("main"), Err(ReadError::NoMergeBase { .. })));
    tiny.switch("topic-again", topic);
    tiny.shallow(&[topic, main]);
    let said = text(merge_base("main"));
    assert!(said.contains("git fetch --unshallow"), "{said}");
}

#[test]
fn a_shallow_clone_that_holds_the_merge_base_is_enough() {
    let tiny = Tiny::new();
    tiny.committed("a.yaml", "0\n");
    let fork = tiny.committed("a.yaml", "a\n");
    let main = tiny.committed("a.yaml", "b\n");
    tiny.switch("topic", fork);
    tiny.committed("b.yaml", "b\n");
    tiny.shallow(&[fork]);
    let repository = tiny.open();
    let commit = repository.resolve(&main.to_string()).expect("main");
    assert_eq!(repository.merge_base(&commit).expect("a merge base").id, fork.to_string());
}

#[test]
fn conflicts_and_a_broken_index_are_named() {
    let tiny = Tiny::new();
    tiny.committed("a.yaml", "a\n");
    let mut index = tiny.git.index().expect("an index");
    let entry = index.get_path(std::path::Path::new("a.yaml"), 0).expect("an entry");
    index.remove_path(std::path::Path::new("a.yaml")).expect("removed");
    for stage in 1..=3_u16 {
        let flags = (entry.flags & 0x0fff) | stage << 12;
        index.add(&git2::IndexEntry { flags, path: entry.path.clone(), ..entry }).expect("added");
    }
    index.write().expect("written");
    let said = text(tiny.open().work_tree(Side::Head, &sources()));
    assert!(said.starts_with("`a.yaml` has a merge conflict; ") && said.contains("git add a.yaml"), "{said}");
    assert!(matches!(tiny.open().index(Side::Head, &sources(), None), Err(ReadError::Conflict { .. })));
    fs::write(tiny.git.path().join("index"), "no index").expect("written");
    assert!(text(tiny.open().index(Side::Head, &sources(), None)).contains("rm .git/index"));
    assert!(matches!(tiny.open().work_tree(Side::Head, &sources()), Err(ReadError::Index(_))));
}

#[test]
fn what_a_partial_clone_lacks_is_said_where_it_is_asked_for() {
    let tiny = Tiny::new();
    tiny.write("a.yaml", "a\n").add("a.yaml").write("b.yaml", "b\n").add("b.yaml").commit(&[]);
    let remove = |id: Oid| {
        let hex = id.to_string();
        fs::remove_file(tiny.git.path().join("objects").join(&hex[..2]).join(&hex[2..])).expect("removed");
    };
    remove(Oid::hash_object(git2::ObjectType::Blob, b"b\n").expect("an id"));
    let lines = tiny.at("HEAD");
    assert_eq!(lines[0], "a.yaml: a\\n");
    assert!(lines[1].starts_with("b.yaml! its content is not in this clone"), "{}", lines[1]);
    remove(tiny.git.head().expect("HEAD").peel_to_tree().expect("a tree").id());
    let repository = tiny.open();
    let commit = repository.resolve("HEAD").expect("HEAD");
    assert!(text(repository.revision(Side::Base, &sources(), &commit)).contains("--refetch"));
}

#[test]
fn a_tree_that_names_paths_outside_itself_is_reported() {
    let tiny = Tiny::new();
    let blob = tiny.git.blob(b"x\n").expect("a blob");
    let mut raw = b"100644 ../../etc/passwd\0".to_vec();
    raw.extend_from_slice(blob.as_bytes());
    let tree = tiny.git.odb().expect("objects").write(git2::ObjectType::Tree, &raw).expect("a tree");
    let who = git2::Signature::new("a", "a@example.com", &git2::Time::new(1, 0)).expect("a signature");
    let header = format!("tree {tree}\nauthor {who} 1 +0000\ncommitter {who} 1 +0000\n\nbad\n");
    let commit = tiny.git.odb().expect("objects").write(git2::ObjectType::Commit, header.as_bytes()).expect("a commit");
    assert_eq!(tiny.at(&commit.to_string()), [".!! the tree holds `../../etc/passwd`, which is no path"]);
}

#[test]
fn a_tree_without_end_is_refused() {
    let tiny = Tiny::new();
    let mut tree = tiny.git.treebuilder(None).expect("a tree").write().expect("a tree");
    for _ in 0..5000 {
        let mut builder = tiny.git.treebuilder(None).expect("a tree");
        builder.insert("d", tree, 0o040_000).expect("an entry");
        tree = builder.write().expect("a tree");
    }
    let who = git2::Signature::new("a", "a@example.com", &git2::Time::new(1, 0)).expect("a signature");
    let tree = tiny.git.find_tree(tree).expect("the tree");
    tiny.git.commit(Some("HEAD"), &who, &who, "deep", &tree, &[]).expect("a commit");
    let repository = tiny.open();
    let commit = repository.resolve("HEAD").expect("HEAD");
    assert!(matches!(repository.revision(Side::Base, &sources(), &commit), Err(ReadError::TooLarge(_))));
}

#[test]
fn remotes_are_shown_without_credentials() {
    let tiny = Tiny::new();
    tiny.git.remote("origin", "https://user:token@example.com/fleet.git").expect("a remote");
    tiny.git.remote("fork", "git@example.com:fork.git").expect("a remote");
    assert_eq!(tiny.open().remotes(), ["git@example.com:fork.git", "https://example.com/fleet.git"]);
}
