//! What the three kinds of tree and a folder hold.
//!
//! Never: bases and revisions by name; those are `base_of_change`'s.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

use super::{Tiny, path, shown, sources};
use crate::base::{Found, Side, Special};
use crate::read::{folder, on_demand, open};

#[test]
fn a_work_tree_is_what_git_would_commit() {
    let tiny = Tiny::new();
    tiny.write("kept.yaml", "a: 1\n").add("kept.yaml").write("edited.yaml", "a: 1\n").add("edited.yaml");
    tiny.write("gone.yaml", "a: 1\n").add("gone.yaml").write(".gitignore", "*.log\n/build/\n").add(".gitignore");
    tiny.write("debug.log", "tracked, though ignored\n").add_ignored("debug.log").commit(&[]);
    tiny.write("edited.yaml", "a: 22\n").write("new/deep/file.yaml", "b: 1\n").write("x.log", "").write("build/y", "");
    fs::remove_file(tiny.path("gone.yaml")).expect("removed");
    let ignore = ".gitignore: *.log\\n/build/\\n";
    let debug = "debug.log: tracked, though ignored\\n";
    let head = [ignore, debug, "edited.yaml: a: 22\\n", "kept.yaml: a: 1\\n", "new/deep/file.yaml: b: 1\\n"];
    assert_eq!(tiny.work_tree(), head);
    assert_eq!(tiny.staged(), [ignore, debug, "edited.yaml: a: 1\\n", "gone.yaml: a: 1\\n", "kept.yaml: a: 1\\n"]);
    assert_eq!(tiny.at("HEAD"), tiny.staged());
}

impl Tiny {
    fn add_ignored(&self, path: &str) -> &Self {
        let mut index = self.git.index().expect("an index");
        index.add_all([path], git2::IndexAddOption::FORCE, None).expect("added");
        index.write().expect("written");
        self
    }
}

#[test]
fn equal_contents_of_both_sides_are_one() {
    let tiny = Tiny::new();
    tiny.write("a.yaml", "a: 1\n").add("a.yaml").write("b.yaml", "b: 1\n").add("b.yaml").commit(&[]);
    tiny.write("b.yaml", "b: 2\n").write("copy.yaml", "a: 1\n");
    let (repository, sources) = (tiny.open(), sources());
    let commit = repository.resolve("HEAD").expect("HEAD");
    let base = repository.revision(Side::Base, &sources, &commit).expect("a tree");
    let head = repository.work_tree(Side::Head, &sources).expect("a tree");
    assert_eq!(base.file(&path("a.yaml")), head.file(&path("a.yaml")));
    assert_ne!(base.file(&path("b.yaml")), head.file(&path("b.yaml")));
    let content = |at| sources.content_id(head.file(&path(at)).expect("a file"));
    assert_eq!(content("a.yaml"), content("copy.yaml"));
}

#[test]
fn staged_content_is_not_the_work_tree_s() {
    let tiny = Tiny::new();
    tiny.committed("a.yaml", "one\n");
    tiny.write("a.yaml", "staged\n").add("a.yaml").write("a.yaml", "later\n");
    assert_eq!(tiny.staged(), ["a.yaml: staged\\n"]);
    assert_eq!(tiny.work_tree(), ["a.yaml: later\\n"]);
    assert_eq!(tiny.at("HEAD"), ["a.yaml: one\\n"]);
}

#[test]
fn a_hook_of_commit_all_has_an_index_of_its_own() {
    let tiny = Tiny::new();
    tiny.committed("a.yaml", "one\n");
    let own = tiny.git.path().join("next-index-1.lock");
    tiny.write("a.yaml", "two\n").add("a.yaml");
    fs::copy(tiny.git.path().join("index"), &own).expect("copied");
    tiny.write("a.yaml", "one\n").add("a.yaml");
    let index = tiny.open().index(Side::Head, &sources(), Some(Path::new(".git/next-index-1.lock"))).expect("an index");
    assert_eq!(shown(&index), ["a.yaml: two\\n"]);
}

#[test]
fn an_announced_file_is_not_staged() {
    let tiny = Tiny::new();
    tiny.committed("a.yaml", "one\n");
    tiny.write("new.yaml", "b\n");
    let mut index = tiny.git.index().expect("an index");
    let mut entry = index.get_path(Path::new("a.yaml"), 0).expect("an entry");
    entry.path = b"new.yaml".to_vec();
    entry.id = tiny.git.blob(b"").expect("a blob");
    (entry.file_size, entry.flags) = (0, 0x4000 | 8);
    entry.flags_extended = git2::IndexEntryExtendedFlag::INTENT_TO_ADD.bits();
    index.add(&entry).expect("added");
    index.write().expect("written");
    assert_eq!(tiny.staged(), ["a.yaml: one\\n"]);
    assert_eq!(tiny.work_tree(), ["a.yaml: one\\n", "new.yaml: b\\n"]);
}

#[test]
fn a_sparse_checkout_keeps_what_it_leaves_out() {
    let tiny = Tiny::new();
    tiny.write("a.yaml", "a\n").add("a.yaml").committed("out.yaml", "b\n");
    let mut index = tiny.git.index().expect("an index");
    let mut entry = index.get_path(Path::new("out.yaml"), 0).expect("an entry");
    entry.flags |= 0x4000;
    entry.flags_extended = git2::IndexEntryExtendedFlag::SKIP_WORKTREE.bits();
    index.add(&entry).expect("added");
    index.write().expect("written");
    fs::remove_file(tiny.path("out.yaml")).expect("removed");
    assert_eq!(tiny.work_tree(), ["a.yaml: a\\n", "out.yaml: b\\n"]);
}

#[test]
fn links_are_listed_and_never_read_through() {
    let tiny = Tiny::new();
    tiny.write("base/a.yaml", "a\n").add("base/a.yaml");
    symlink("base/a.yaml", tiny.path("in")).expect("a link");
    symlink("/etc/hostname", tiny.path("out")).expect("a link");
    symlink("base", tiny.path("folder")).expect("a link");
    tiny.add("in").add("out").commit(&[]);
    let lines = ["base/a.yaml: a\\n", "folder -> base", "in -> base/a.yaml", "out -> /etc/hostname"];
    assert_eq!(tiny.work_tree(), lines);
    assert_eq!(tiny.at("HEAD"), ["base/a.yaml: a\\n", "in -> base/a.yaml", "out -> /etc/hostname"]);
    let plain = folder(Side::Head, &sources(), tiny.root()).expect("a folder");
    assert_eq!(shown(&plain), lines);
    assert!(matches!(plain.find(&path("folder/a.yaml")), Found::File { .. }));
    assert!(matches!(plain.find(&path("out")), Found::Outside(_)));
}

#[test]
fn a_tracked_file_that_became_a_link_or_a_folder_is_what_it_became() {
    let tiny = Tiny::new();
    tiny.write("a", "a\n").add("a").write("b", "b\n").add("b").write("d/x", "x\n").add("d/x").commit(&[]);
    fs::remove_file(tiny.path("a")).expect("removed");
    symlink("b", tiny.path("a")).expect("a link");
    fs::remove_file(tiny.path("b")).expect("removed");
    tiny.write("b/c", "c\n");
    fs::remove_dir_all(tiny.path("d")).expect("removed");
    symlink("b", tiny.path("d")).expect("a link");
    assert_eq!(tiny.work_tree(), ["a -> b", "b/c: c\\n", "d -> b"]);
}

#[test]
fn submodules_are_named_and_other_repositories_are_left_out() {
    let tiny = Tiny::new();
    let commit = tiny.committed("a.yaml", "a\n");
    let mut index = tiny.git.index().expect("an index");
    let mut entry = index.get_path(Path::new("a.yaml"), 0).expect("an entry");
    (entry.mode, entry.id, entry.path, entry.flags) = (0o160_000, commit, b"vendor/lib".to_vec(), 10);
    index.add(&entry).expect("added");
    index.write().expect("written");
    tiny.commit(&[]);
    tiny.write("vendor/lib/x.yaml", "not ours\n");
    git2::Repository::init(tiny.path("vendor/lib")).expect("a repository");
    git2::Repository::init(tiny.path("nested")).expect("a repository");
    tiny.write("nested/x.yaml", "not ours\n");
    let lines = ["a.yaml: a\\n", "vendor/lib @"];
    assert_eq!(tiny.work_tree(), lines);
    assert_eq!(tiny.staged(), lines);
    assert_eq!(tiny.at("HEAD"), lines);
    fs::remove_dir_all(tiny.path("vendor")).expect("removed");
    fs::create_dir_all(tiny.path("vendor/lib")).expect("a submodule that is not checked out");
    assert_eq!(tiny.work_tree(), lines);
}

#[test]
fn executable_bits_do_not_matter() {
    let tiny = Tiny::new();
    tiny.committed("run.sh", "true\n");
    fs::set_permissions(tiny.path("run.sh"), fs::Permissions::from_mode(0o755)).expect("set");
    let (repository, sources) = (tiny.open(), sources());
    let commit = repository.resolve("HEAD").expect("HEAD");
    let base = repository.revision(Side::Base, &sources, &commit).expect("a tree");
    let head = repository.work_tree(Side::Head, &sources).expect("a tree");
    assert_eq!(base.file(&path("run.sh")), head.file(&path("run.sh")));
}

#[test]
fn line_breaks_are_those_git_would_store() {
    // What libgit2 adds to the index is the oracle.
    let attributes = "*.txt text\n*.bin -text\n*.auto text=auto\n*.old crlf\n*.lf eol=lf\n";
    let names = ["a.txt", "b.bin", "c.auto", "d.old", "e.lf", "f.yaml"];
    let contents: [&[u8]; 5] = [b"a\r\nb\r\n", b"a\r\nb\n", b"a\r\n\0", b"plain\n", b"a\rb\r\n"];
    for autocrlf in ["true", "input", "false"] {
        for content in contents {
            let tiny = Tiny::new();
            tiny.git.config().expect("a configuration").set_str("core.autocrlf", autocrlf).expect("set");
            tiny.write(".gitattributes", attributes);
            for name in names {
                tiny.write(name, content);
            }
            let head = tiny.open().work_tree(Side::Head, &sources()).expect("a tree");
            let untracked = shown(&head);
            for name in names.iter().chain(&[".gitattributes"]) {
                tiny.add(name);
            }
            assert_eq!(untracked, tiny.staged(), "core.autocrlf {autocrlf}, {:?}", String::from_utf8_lossy(content));
        }
    }
}

#[test]
fn a_file_committed_with_returns_keeps_them() {
    let tiny = Tiny::new();
    tiny.committed("a.yaml", "a: 1\r\n");
    tiny.git.config().expect("a configuration").set_bool("core.autocrlf", true).expect("set");
    tiny.write("a.yaml", "a: 22\r\n").write("b.yaml", "b: 1\r\n");
    assert_eq!(tiny.work_tree(), ["a.yaml: a: 22\\r\\n", "b.yaml: b: 1\\n"]);
}

#[test]
fn lfs_and_git_crypt_are_as_git_stores_them() {
    let tiny = Tiny::new();
    tiny.write(".gitattributes", "*.zip filter=lfs diff=lfs -text\nsecret/** filter=git-crypt\n");
    tiny.write("a.zip", "hello\n").write("secret/key.yaml", "password: hunter2\n").write("plain.yaml", "a: 1\n");
    let (repository, sources) = (tiny.open(), sources());
    let head = repository.work_tree(Side::Head, &sources).expect("a tree");
    let content = |at| sources.content(head.file(&path(at)).expect("a file"));
    assert_eq!(content("a.zip").special(), Some(Special::LfsPointer));
    // `printf 'hello\n' | git lfs clean`
    let oid = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 6\n");
    assert_eq!(content("a.zip").text(), Some(pointer.as_str()));
    assert_eq!(content("secret/key.yaml").special(), Some(Special::GitCrypt));
    assert_eq!(content("plain.yaml").special(), None);
}

#[test]
fn names_that_are_not_utf8_are_reported() {
    let tiny = Tiny::new();
    tiny.write("a.yaml", "a\n").add("a.yaml");
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.yaml");
    if fs::write(tiny.root().join(name), "a\n").is_err() {
        return; // A file system that refuses such names needs no report.
    }
    let lines = ["a.yaml: a\\n", "caf\u{fffd}.yaml!! its name is not UTF-8, so it is not judged"];
    assert_eq!(tiny.work_tree(), lines);
    tiny.git.index().expect("an index").add_all(["."], git2::IndexAddOption::DEFAULT, None).expect("added");
    tiny.git.index().expect("an index").write().expect("written");
    tiny.commit(&[]);
    assert_eq!(tiny.at("HEAD"), lines);
    assert_eq!(shown(&folder(Side::Head, &sources(), tiny.root()).expect("a folder")), lines);
}

/// Root reads everything: then there is nothing to see, and the test is empty.
#[test]
fn without_root_what_may_not_be_read_is_reported() {
    let tiny = Tiny::new();
    tiny.write("a.yaml", "a\n").add("a.yaml").write("f.yaml", "f\n").add("f.yaml").write("d/x.yaml", "x\n");
    tiny.write(".gitignore", "*.log\n").add(".gitignore").write("z.log", "").add("d/x.yaml").commit(&[]);
    tiny.write("u/y.yaml", "y\n");
    let modes = |mode| {
        for at in ["f.yaml", "d", "u"] {
            fs::set_permissions(tiny.path(at), fs::Permissions::from_mode(mode)).expect("set");
        }
    };
    modes(0o000);
    let closed = fs::read_dir(tiny.path("d")).is_err();
    let (git, plain) = (tiny.work_tree(), folder(Side::Head, &sources(), tiny.root()).map(|plain| shown(&plain)));
    modes(0o755);
    if !closed {
        return;
    }
    let no = "no permission to read it";
    assert_eq!(
        git,
        [
            ".gitignore: *.log\\n".to_owned(),
            "a.yaml: a\\n".to_owned(),
            "d/x.yaml! no permission to read its folder".to_owned(),
            format!("f.yaml! {no}"),
            "d!! no permission to read this folder".to_owned(),
            "u!! no permission to read this folder".to_owned(),
        ]
    );
    let plain = plain.expect("a folder");
    assert!(plain.contains(&format!("f.yaml! {no}")), "{plain:?}");
    assert!(plain.contains(&format!("d!! {no}")) && plain.contains(&format!("u!! {no}")), "{plain:?}");
}

#[test]
fn what_vanishes_or_changes_under_the_run_says_so() {
    let tiny = Tiny::new();
    tiny.write("gone.yaml", "a\n").write("changed.yaml", "b\n");
    let (repository, sources) = (tiny.open(), sources());
    let head = repository.work_tree(Side::Head, &sources).expect("a tree");
    fs::remove_file(tiny.path("gone.yaml")).expect("removed");
    tiny.write("changed.yaml", "c\n");
    let lines = ["changed.yaml! it changed while it was read; run again", "gone.yaml! it went away while it was read"];
    assert_eq!(shown(&head), lines);
}

#[test]
fn a_linked_work_tree_is_a_work_tree() {
    let tiny = Tiny::new();
    tiny.committed("a.yaml", "one\n");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let at = elsewhere.path().join("linked");
    tiny.git.worktree("linked", &at, None).expect("a linked work tree");
    fs::write(at.join("a.yaml"), "two\n").expect("written");
    fs::create_dir(at.join("deep")).expect("made");
    let repository = open(&at.join("deep")).expect("it opens").expect("a repository");
    assert_eq!(repository.root().map(|root| root.canonicalize().expect("there")), at.canonicalize().ok());
    let head = repository.work_tree(Side::Head, &sources()).expect("a tree");
    assert_eq!(shown(&head), ["a.yaml: two\\n"]);
    assert!(repository.resolve("main").is_ok());
}

/// Only root can give a folder away: otherwise the test is empty.
#[test]
fn as_root_a_repository_of_somebody_else_is_read_all_the_same() {
    let tiny = Tiny::new();
    tiny.committed("deep/a.yaml", "one\n");
    let linked = tempfile::tempdir().expect("a folder");
    let at = linked.path().join("linked");
    tiny.git.worktree("linked", &at, None).expect("a linked work tree");
    tiny.write("deep/a.yaml", "two\n").write("new.log", "").write(".gitignore", "*.log\n");
    let give = |path: &Path| chown(path, Some(4242), Some(4242));
    let folders = [tiny.root(), tiny.git.path(), &at, &at.join(".git"), &tiny.path(".git/worktrees/linked")];
    if folders.iter().any(|folder| give(folder).is_err()) {
        return;
    }
    assert!(git2::Repository::open(tiny.root()).is_err_and(|error| error.code() == git2::ErrorCode::Owner));
    let repository = open(&tiny.path("deep")).expect("it opens").expect("a repository");
    assert_eq!(repository.root().map(Path::to_owned), tiny.root().canonicalize().ok());
    assert_eq!(tiny.work_tree(), [".gitignore: *.log\\n", "deep/a.yaml: two\\n"]);
    assert_eq!(tiny.at("main"), ["deep/a.yaml: one\\n"]);
    assert_eq!(tiny.staged(), tiny.at("HEAD"));
    let repository = open(&at).expect("it opens").expect("a repository");
    let head = repository.work_tree(Side::Head, &sources()).expect("a tree");
    assert_eq!(shown(&head), ["deep/a.yaml: one\\n"]);
}

#[test]
fn a_repository_without_a_commit_has_a_work_tree() {
    let tiny = Tiny::new();
    tiny.write("a.yaml", "one\n");
    assert_eq!(tiny.work_tree(), ["a.yaml: one\\n"]);
    assert_eq!(tiny.open().head().expect("no fault"), None);
}

#[test]
fn two_folders_share_what_is_equal() {
    let (base, head) = (Tiny::new(), Tiny::new());
    base.write("a.yaml", "a\n").write("b.yaml", "b\n");
    head.write("a.yaml", "a\n").write("b.yaml", "c\n").write(".git/x.yaml", "not listed\n");
    let sources = sources();
    let base = folder(Side::Base, &sources, base.root()).expect("a folder");
    let head = folder(Side::Head, &sources, head.root()).expect("a folder");
    assert_eq!(shown(&base), ["a.yaml: a\\n", "b.yaml: b\\n"]);
    assert_eq!(shown(&head), ["a.yaml: a\\n", "b.yaml: c\\n"]);
    assert_eq!(base.file(&path("a.yaml")), head.file(&path("a.yaml")));
}

#[test]
fn a_pipe_is_not_waited_for() {
    let dir = tempfile::tempdir().expect("a folder");
    let at = dir.path().join("socket");
    let _socket = std::os::unix::net::UnixListener::bind(&at).expect("a socket");
    let plain = folder(Side::Head, &sources(), dir.path()).expect("a folder");
    assert_eq!(shown(&plain), ["socket!! it is no regular file"]);
}

#[test]
fn on_demand_resolves_as_the_system_does() {
    let tiny = Tiny::new();
    tiny.write("base/a.yaml", "a\n");
    symlink("base", tiny.path("link")).expect("a link");
    let machine = on_demand(&sources());
    let at = |below: &str| path(&tiny.root().canonicalize().expect("there").join(below).display().to_string()[1..]);
    let Found::File { file, path: real } = machine.find(&at("link/a.yaml")) else { panic!("it is a file") };
    assert_eq!(real, at("base/a.yaml"));
    assert_eq!(machine.sources().text(file), "a\n");
    assert_eq!(machine.find(&at("link")), Found::Folder(at("base")));
    assert_eq!(machine.find(&at("none")), Found::Missing);
    assert_eq!(machine.find(&at("base/a.yaml/none")), Found::Missing);
    assert_eq!(machine.list(&at("")), [".git", "base", "link"]);
}
