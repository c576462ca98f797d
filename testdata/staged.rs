//! `check --staged` as git's hooks run it: what counts is the index that git has filled, never the work tree.
//!
//! Never: pre-commit itself; its hooks call the same command in the same environment.

#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "a test prepares repositories and runs git")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const CLEAN: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: db\n";

/// A repository whose pre-commit and pre-merge-commit hooks are those that the package offers.
struct Repository(tempfile::TempDir);

impl Repository {
    /// `None` where git is missing; the test says so.
    fn new() -> Option<Self> {
        if Command::new("git").arg("--version").output().is_err() {
            eprintln!("nothing was tested: git not found");
            return None;
        }
        let made = Self(tempfile::tempdir().expect("a folder"));
        assert!(made.git(&["init", "-q", "-b", "main"]).status.success());
        for hook in ["pre-commit", "pre-merge-commit"] {
            let path = made.path().join(".git/hooks").join(hook);
            fs::create_dir_all(path.parent().expect("hooks")).expect("the folder is ours");
            let entry = entry().replace("gitops-guard ", concat!("'", env!("CARGO_BIN_EXE_gitops-guard"), "' "));
            fs::write(&path, format!("#!/bin/sh\nexec {entry}\n")).expect("the hook is ours");
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the hook is ours");
            }
        }
        Some(made)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn git(&self, args: &[&str]) -> Output {
        git(self.path(), args)
    }

    fn put(&self, path: &str, text: &str) {
        put(self.path(), path, text);
    }

    #[track_caller]
    fn goes_through(&self, args: &[&str]) {
        let done = self.git(args);
        assert!(done.status.success(), "git {args:?}: {}", said(&done));
    }

    #[track_caller]
    fn is_stopped(&self, args: &[&str]) {
        let done = self.git(args);
        assert!(!done.status.success(), "git {args:?} went through");
        assert!(said(&done).contains("plaintext-secret"), "git {args:?}: {}", said(&done));
    }
}

/// The command of both hooks.
fn entry() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml");
    let hooks: Vec<serde_json::Value> =
        serde_yaml::from_str(&fs::read_to_string(path).expect("the hooks")).expect("the hooks are YAML");
    let entries: Vec<&str> = hooks.iter().map(|hook| hook["entry"].as_str().expect("an entry")).collect();
    assert_eq!(entries, ["gitops-guard check --staged"; 2]);
    for hook in &hooks {
        assert_eq!(hook["pass_filenames"], false, "the index is judged, not a list of files");
        assert_eq!(hook["require_serial"], true);
        assert_eq!(hook["always_run"], true, "a commit that only deletes files has no file to trigger on");
    }
    entries[0].to_owned()
}

fn git(folder: &Path, args: &[&str]) -> Output {
    Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "advice.detachedHead=false"])
        .args(args)
        .current_dir(folder)
        .env_remove("GIT_DIR")
        .env_remove("GIT_INDEX_FILE")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .expect("git runs")
}

fn said(done: &Output) -> String {
    String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr)
}

fn put(root: &Path, path: &str, text: &str) {
    let path: PathBuf = root.join(path);
    fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("the folder is ours");
    fs::write(path, text).expect("the folder is ours");
}

fn secret(name: &str) -> String {
    // Written in two parts, so that no host's scanner objects.
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\nstringData:\n  password: Zk8vQ2m{}\n",
        "Xw7LpR4tN"
    )
}

#[test]
fn a_staged_secret_is_stopped_although_its_file_is_clean_again() {
    let Some(repository) = Repository::new() else { return };
    repository.put("db.yaml", &secret("db"));
    repository.goes_through(&["add", "-A"]);
    repository.put("db.yaml", CLEAN);
    // Also where there is no commit yet to compare with.
    repository.is_stopped(&["commit", "-qm", "first"]);
    repository.goes_through(&["commit", "-qam", "first"]);
    repository.put("db.yaml", &secret("db"));
    repository.goes_through(&["add", "-A"]);
    repository.put("db.yaml", CLEAN);
    repository.is_stopped(&["commit", "-qm", "second"]);
}

#[test]
fn a_secret_that_is_not_staged_goes_through() {
    let Some(repository) = Repository::new() else { return };
    repository.put("db.yaml", CLEAN);
    repository.goes_through(&["add", "-A"]);
    repository.put("db.yaml", &secret("db"));
    repository.put("new.yaml", &secret("new"));
    repository.goes_through(&["commit", "-qm", "first"]);
    repository.put("other.yaml", &CLEAN.replace("db", "other"));
    repository.goes_through(&["add", "other.yaml"]);
    repository.goes_through(&["commit", "-qm", "second"]);
}

#[test]
fn commits_of_all_or_of_named_files_are_judged_by_the_index_that_git_makes_for_them() {
    let Some(repository) = Repository::new() else { return };
    repository.put("db.yaml", CLEAN);
    repository.put("web.yaml", &CLEAN.replace("db", "web"));
    repository.goes_through(&["add", "-A"]);
    repository.goes_through(&["commit", "-qm", "first"]);
    repository.put("db.yaml", &secret("db"));
    repository.put("web.yaml", &(CLEAN.replace("db", "web") + "data: {a: b}\n"));
    repository.is_stopped(&["commit", "-qam", "all"]);
    repository.is_stopped(&["commit", "-qm", "one", "db.yaml"]);
    repository.goes_through(&["commit", "-qm", "the other", "web.yaml"]);
    // What was staged by itself is not part of a commit of named files.
    repository.goes_through(&["add", "db.yaml"]);
    repository.put("web.yaml", &(CLEAN.replace("db", "web") + "data: {a: c}\n"));
    repository.goes_through(&["commit", "-qm", "the other again", "web.yaml"]);
    repository.is_stopped(&["commit", "-qm", "what is staged"]);
}

#[test]
fn a_part_of_a_file_is_judged_as_it_was_added() {
    let Some(repository) = Repository::new() else { return };
    let config = |data: &str| CLEAN.to_owned() + data;
    repository.put("db.yaml", &config("data:\n  a: b\n"));
    repository.goes_through(&["add", "-A"]);
    repository.goes_through(&["commit", "-qm", "first"]);
    let hunk =
        "diff --git a/db.yaml b/db.yaml\n--- a/db.yaml\n+++ b/db.yaml\n@@ -5,2 +5,3 @@\n data:\n   a: b\n+  c: d\n";
    repository.put("db.yaml", &format!("{}---\n{}", config("data:\n  a: b\n  c: d\n"), secret("db")));
    repository.put(".git/hunk", hunk);
    repository.goes_through(&["apply", "--cached", ".git/hunk"]);
    repository.goes_through(&["commit", "-qm", "a part"]);
    repository.is_stopped(&["commit", "-qam", "the rest"]);
}

#[test]
fn a_merge_is_judged_against_the_branch_that_it_goes_into() {
    let Some(repository) = Repository::new() else { return };
    repository.put("db.yaml", CLEAN);
    repository.goes_through(&["add", "-A"]);
    repository.goes_through(&["commit", "-qm", "first"]);
    repository.goes_through(&["checkout", "-qb", "other"]);
    repository.put("new.yaml", &secret("new"));
    repository.goes_through(&["add", "-A"]);
    repository.goes_through(&["commit", "-qm", "past the hook", "--no-verify"]);
    repository.goes_through(&["checkout", "-q", "main"]);
    repository.put("web.yaml", &CLEAN.replace("db", "web"));
    repository.goes_through(&["add", "-A"]);
    repository.goes_through(&["commit", "-qm", "second"]);
    repository.is_stopped(&["merge", "-q", "--no-edit", "other"]);
    repository.goes_through(&["merge", "--abort"]);
    // What HEAD has already is not the merge's doing.
    repository.goes_through(&["checkout", "-q", "other"]);
    repository.goes_through(&["merge", "-q", "--no-edit", "main"]);
}

#[test]
fn a_linked_work_tree_has_an_index_of_its_own() {
    let Some(repository) = Repository::new() else { return };
    repository.put("db.yaml", CLEAN);
    repository.goes_through(&["add", "-A"]);
    repository.goes_through(&["commit", "-qm", "first"]);
    repository.goes_through(&["worktree", "add", "-q", "-b", "linked", ".git/linked"]);
    let linked = repository.path().join(".git/linked");
    put(&linked, "apps/db.yaml", &secret("db"));
    assert!(git(&linked, &["add", "-A"]).status.success());
    repository.goes_through(&["commit", "-qm", "here nothing is staged", "--allow-empty"]);
    let done = git(&linked.join("apps"), &["commit", "-qm", "there it is"]);
    assert!(!done.status.success() && said(&done).contains("plaintext-secret"), "{}", said(&done));
}

#[test]
fn a_commit_that_only_deletes_is_judged() {
    let Some(repository) = Repository::new() else { return };
    repository.put("app/kustomization.yaml", "resources:\n- db.yaml\n");
    repository.put("app/db.yaml", CLEAN);
    repository.goes_through(&["add", "-A"]);
    repository.goes_through(&["commit", "-qm", "first"]);
    repository.goes_through(&["rm", "-q", "app/db.yaml"]);
    let done = repository.git(&["commit", "-qm", "gone"]);
    assert!(!done.status.success() && said(&done).contains("overlay-does-not-build"), "{}", said(&done));
}
