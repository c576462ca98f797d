//! `init` on a disk: what it writes, what it leaves, and that the judgement stays the same.
//!
//! Never: a repository of somebody else; each test makes its own.

use std::fs;
use std::path::Path;

use clap::Parser as _;

use super::extended;
use crate::cli::Cli;
use crate::run::{Env, run};
use crate::starter;

fn env(folder: &Path) -> Env {
    Env {
        directory: folder.to_owned(),
        ci: crate::read::Ci::default(),
        color: false,
        today: "2026-01-01".parse().expect("a date"),
        width: 100,
        index: None,
    }
}

fn asked(folder: &Path, ask: &[&str]) -> (u8, String) {
    let cli = Cli::try_parse_from([&["gitops-guard"], ask].concat()).expect("a right command line");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = run(&cli, &env(folder), &mut out, &mut err).expect("memory takes all");
    (code, String::from_utf8(out).expect("UTF-8") + &String::from_utf8(err).expect("UTF-8"))
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("the folder is ours");
    fs::write(path, text).expect("the folder is ours");
}

fn read(root: &Path, path: &str) -> String {
    fs::read_to_string(root.join(path)).expect("the file is there")
}

/// A repository with findings of several packs.
fn repository() -> tempfile::TempDir {
    let made = tempfile::tempdir().expect("a folder");
    git2::Repository::init(made.path()).expect("a repository");
    let root = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: root, namespace: argocd}\n\
        spec:\n  source: {repoURL: \"https://example.com/fleet.git\", path: apps}\n  destination: {name: in-cluster}\n  \
        syncPolicy: {automated: {prune: true}}\n";
    put(made.path(), "bootstrap/root.yaml", root);
    put(made.path(), "apps/child.yaml", &root.replace("name: root", "name: child").replace("path: apps", "path: web"));
    let password = ["Zk8vQ2m", "Xw7LpR4tN"].concat();
    let secret = format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData: {{password: {password}}}\n");
    put(made.path(), "web/secret.yaml", &secret);
    put(made.path(), ".github/workflows/ci.yaml", "name: ci\non: push\njobs: {}\n");
    made
}

/// The findings without their fingerprints, which the salt changes.
fn findings(root: &Path) -> Vec<serde_json::Value> {
    let (_, report) = asked(root, &["check", "--format", "json", "--all"]);
    let report: serde_json::Value = serde_json::from_str(&report).expect("a report");
    let mut findings = report["findings"].as_array().expect("a list").clone();
    for finding in &mut findings {
        finding.as_object_mut().expect("a map").remove("fingerprint");
    }
    findings
}

#[test]
fn what_is_written_changes_no_finding() {
    let made = repository();
    let before = findings(made.path());
    assert!(before.len() >= 2, "{before:?}");
    let (code, said) = asked(made.path(), &["init"]);
    assert_eq!(code, 0, "{said}");
    for name in [".gitops-guard.yaml", ".pre-commit-config.yaml", ".github/workflows/gitops-guard.yaml"] {
        assert!(said.contains(&format!("wrote        {name}")) && made.path().join(name).is_file(), "{said}");
    }
    assert_eq!(findings(made.path()), before);
}

#[test]
fn nothing_is_overwritten_and_the_second_time_nothing_is_written() {
    let made = repository();
    put(made.path(), ".gitops-guard.yaml", "secrets: {salt: do-not-show-this-salt}\n");
    put(made.path(), ".pre-commit-config.yaml", "repos: []\n");
    put(made.path(), ".github/workflows/gitops-guard.yaml", "name: mine\n");
    for ask in [&["init", "--dry-run"][..], &["init"]] {
        let (code, said) = asked(made.path(), ask);
        assert_eq!(code, 0, "{said}");
        assert!(!said.contains("wrote") && !said.contains("do-not-show") && said.contains("-name: mine"), "{said}");
    }
    assert_eq!(read(made.path(), ".pre-commit-config.yaml"), "repos: []\n");
    assert_eq!(read(made.path(), ".github/workflows/gitops-guard.yaml"), "name: mine\n");
}

#[test]
fn a_dry_run_shows_and_writes_nothing() {
    let made = repository();
    let (code, said) = asked(made.path(), &["init", "--dry-run"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("would write") && said.contains("salt: made-when-the-file-is-written"), "{said}");
    assert!(!made.path().join(".gitops-guard.yaml").exists() && !made.path().join(".pre-commit-config.yaml").exists());
}

#[cfg(unix)]
#[test]
fn a_link_leads_nowhere() {
    let (made, outside) = (repository(), tempfile::tempdir().expect("a folder"));
    fs::remove_dir_all(made.path().join(".github")).expect("ours");
    fs::create_dir(outside.path().join("workflows")).expect("ours");
    std::os::unix::fs::symlink(outside.path(), made.path().join(".github")).expect("a link");
    std::os::unix::fs::symlink(outside.path().join("hooks"), made.path().join(".pre-commit-config.yaml"))
        .expect("a link");
    git2::Repository::open(made.path())
        .and_then(|r| r.remote("origin", "https://github.com/a/b").map(drop))
        .expect("ours");
    let (code, said) = asked(made.path(), &["init"]);
    assert_eq!(code, 2, "{said}");
    assert_eq!(fs::read_dir(outside.path().join("workflows")).expect("ours").count(), 0, "{said}");
    assert!(!outside.path().join("hooks").exists());
}

#[test]
fn nothing_to_judge_is_said() {
    let made = tempfile::tempdir().expect("a folder");
    let (code, said) = asked(made.path(), &["init"]);
    assert_eq!(code, 2);
    assert!(said.contains("nothing to judge"), "{said}");
}

#[test]
fn hooks_are_extended_in_their_style() {
    let entry = starter::hook();
    for (text, starts) in [
        ("repos:\n- repo: local\n  hooks: []\n", "- repo: local\n  hooks:\n  - id"),
        ("repos:\n  - repo: local\n    hooks: []\n", "  - repo: local\n    hooks:\n    - id"),
        (
            "a: 1\nrepos:  # all\n\n  # one\n  - repo: local\n    hooks:\n    - id: x\n\n# end\nb: 2\n",
            "  - repo: local\n    hooks:\n    - id: g",
        ),
        ("repos:\n- repo: local\n  hooks: []", "- repo: local\n  hooks:\n  - id"),
        ("repos:\r\n- repo: local\r\n  hooks: []\r\n", "- repo: local\r\n  hooks:\r\n  - id"),
    ] {
        let longer = extended(text, &entry).expect("it can be extended");
        let at = longer.find(starts).unwrap_or_else(|| panic!("{longer}"));
        assert!(at > 6 && longer.contains("gitops-guard check --staged"), "{longer}");
        // What was there is there, line for line.
        let added = longer.lines().count() - text.lines().count();
        assert_eq!(added, entry.lines().count(), "{longer}");
        assert!(!text.ends_with("b: 2\n") || longer.ends_with("\n\n# end\nb: 2\n"), "{longer}");
    }
    for text in [
        "",
        "repos: []\n",
        "repos: [{repo: local, hooks: []}]\n",
        "a: 1\n",
        "repos: &a\n- repo: local\n",
        "repos:\n- [\n",
    ] {
        assert_eq!(extended(text, &entry), None, "{text}");
    }
}
