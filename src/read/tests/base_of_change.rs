//! The base that is found when nobody names one.
//!
//! Never: the environment of whoever runs the tests.

use std::fs;

use git2::Oid;

use super::{Tiny, text};
use crate::read::{Base, Ci, ReadError};

fn base(tiny: &Tiny, ci: &Ci) -> Result<Option<Base>, ReadError> {
    tiny.open().default_base(ci)
}

fn id(base: Result<Option<Base>, ReadError>) -> Option<String> {
    base.expect("no fault").map(|base| base.commit.id)
}

#[test]
fn on_a_branch_it_is_where_the_remote_s_default_branch_was_left() {
    let tiny = Tiny::new();
    let fork = tiny.committed("a.yaml", "a\n");
    let ahead = tiny.committed("a.yaml", "b\n");
    tiny.reference("refs/remotes/origin/trunk", ahead);
    tiny.git
        .reference_symbolic("refs/remotes/origin/HEAD", "refs/remotes/origin/trunk", true, "test")
        .expect("a reference");
    tiny.switch("topic", fork);
    tiny.committed("b.yaml", "b\n");
    let found = base(&tiny, &Ci::default()).expect("no fault").expect("a base");
    assert_eq!((found.commit.id, found.asked.as_str()), (fork.to_string(), "origin/trunk"));
}

#[test]
fn on_the_default_branch_uncommitted_and_unpushed_changes_are_judged() {
    let tiny = Tiny::new();
    let first = tiny.committed("a.yaml", "a\n");
    assert_eq!(id(base(&tiny, &Ci::default())), None, "there is no remote");
    tiny.reference("refs/remotes/origin/main", first);
    assert_eq!(id(base(&tiny, &Ci::default())), None, "nothing is proposed");
    tiny.write("new.yaml", "b\n");
    assert_eq!(id(base(&tiny, &Ci::default())), Some(first.to_string()), "an untracked file");
    tiny.add("new.yaml").commit(&[]);
    assert_eq!(id(base(&tiny, &Ci::default())), Some(first.to_string()), "a commit that is not pushed");
    assert_eq!(id(base(&Tiny::new(), &Ci::default())), None, "there is no commit");
}

/// `main` with two commits, a topic from the first, and a merge of both that HEAD is at: what a platform checks out.
fn merged() -> (Tiny, Oid, Oid) {
    let tiny = Tiny::new();
    let fork = tiny.committed("a.yaml", "a\n");
    let main = tiny.committed("a.yaml", "b\n");
    tiny.switch("topic", fork);
    let topic = tiny.committed("b.yaml", "b\n");
    tiny.switch("merge", main);
    tiny.write("b.yaml", "b\n").add("b.yaml");
    let merge = tiny.commit(&[topic]);
    (tiny, main, merge)
}

#[test]
fn of_a_merge_commit_in_ci_it_is_the_first_parent() {
    let (tiny, main, merge) = merged();
    let ci = Ci { platform: "GitHub Actions", merge_commit: Some(merge.to_string()), ..Ci::default() };
    let found = base(&tiny, &ci).expect("no fault").expect("a base");
    assert_eq!(found.commit.id, main.to_string());
    assert_eq!(found.why, "the first parent of the merge commit of GitHub Actions");
}

#[test]
fn a_merge_commit_that_the_platform_did_not_make_is_not_split() {
    let (tiny, main, _) = merged();
    let ci = Ci { merge_commit: Some("1".repeat(40)), base_branch: Some("main".to_owned()), ..Ci::default() };
    let branch_point = base(&tiny, &ci).expect("no fault").expect("a base");
    assert_eq!((branch_point.commit.id, branch_point.asked.as_str()), (main.to_string(), "main"));
}

#[test]
fn a_merge_commit_without_its_parents_asks_for_one_more_commit() {
    let (tiny, main, merge) = merged();
    tiny.shallow(&[merge]);
    let ci = Ci { merge_commit: Some(merge.to_string()), ..Ci::default() };
    let said = text(base(&tiny, &ci));
    assert!(said.contains(&main.to_string()) && said.contains("git fetch --deepen=1"), "{said}");
}

#[test]
fn a_base_that_the_platform_names_and_that_is_not_here_is_an_error() {
    let tiny = Tiny::new();
    let first = tiny.committed("a.yaml", "a\n");
    tiny.committed("a.yaml", "b\n");
    let named = |commit: Option<&str>, branch: Option<&str>| Ci {
        base_commit: commit.map(str::to_owned),
        base_branch: branch.map(str::to_owned),
        ..Ci::default()
    };
    let absent = "1".repeat(40);
    assert_eq!(id(base(&tiny, &named(Some(&first.to_string()), None))), Some(first.to_string()));
    assert!(matches!(base(&tiny, &named(Some(&absent), None)), Err(ReadError::MissingBase { .. })));
    assert!(matches!(base(&tiny, &named(None, Some("release"))), Err(ReadError::UnknownRevision { .. })));
    tiny.reference("refs/remotes/origin/release", first);
    assert_eq!(id(base(&tiny, &named(Some(&absent), Some("release")))), Some(first.to_string()));
}

#[test]
fn platforms_name_the_base_each_in_its_way() {
    let dir = tempfile::tempdir().expect("a folder");
    let event = dir.path().join("event.json");
    let event_path = event.display().to_string();
    let read = |payload: &str, variables: &[(&str, &str)]| {
        fs::write(&event, payload).expect("written");
        let ci = Ci::from_variables(&|name| {
            let given = variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            given.or_else(|| (name == "GITHUB_EVENT_PATH").then(|| event_path.clone()))
        });
        [ci.merge_commit, ci.base_commit, ci.base_branch].map(Option::unwrap_or_default).join(" | ")
    };
    let github = |event: &'static str, name: &'static str| {
        [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", event), ("GITHUB_SHA", "abc"), ("GITHUB_REF", name)]
    };
    let request = r#"{"pull_request": {"base": {"sha": "def", "ref": "main"}}}"#;
    let pushed = r#"{"before": "0123", "repository": {"default_branch": "main"}}"#;
    let created = r#"{"before": "0000", "repository": {"default_branch": "main"}}"#;
    assert_eq!(read(request, &github("pull_request", "refs/pull/1/merge")), "abc | def | main");
    assert_eq!(read(request, &github("pull_request_target", "refs/heads/main")), " | def | main");
    assert_eq!(read(r#"{"merge_group": {"base_sha": "def"}}"#, &github("merge_group", "")), " | def | ");
    assert_eq!(read(pushed, &github("push", "refs/heads/main")), " | 0123 | ");
    assert_eq!(read(created, &github("push", "refs/heads/main")), " |  | ");
    assert_eq!(read(pushed, &github("push", "refs/heads/topic")), " |  | main");
    assert_eq!(read("not JSON", &github("schedule", "refs/heads/main")), " |  | ");
    let gitlab = |kind: &'static str| {
        [
            ("GITLAB_CI", "true"),
            ("CI_COMMIT_SHA", "abc"),
            ("CI_MERGE_REQUEST_EVENT_TYPE", kind),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "def"),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ]
    };
    assert_eq!(read("", &gitlab("merged_result")), "abc | def | main");
    assert_eq!(read("", &gitlab("detached")), " | def | main");
    let azure = [
        ("TF_BUILD", "True"),
        ("BUILD_SOURCEVERSION", "abc"),
        ("BUILD_SOURCEBRANCH", "refs/pull/1/merge"),
        ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main"),
    ];
    assert_eq!(read("", &azure), "abc |  | main");
    assert_eq!(read("", &[("CI_COMMIT_SHA", "abc")]), " |  | ");
}

#[test]
fn platforms_show_files_each_at_its_place() {
    let files = |variables: &[(&str, &str)]| {
        let given = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Ci::from_variables(&given).web.map(|web| format!("{} {}", web.files, web.commits.join(" ")))
    };
    let github = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "acme/fleet"),
        ("GITHUB_SHA", "abc"),
    ];
    assert_eq!(files(&github).as_deref(), Some("https://github.com/acme/fleet/blob abc"));
    let gitea: Vec<_> = github.into_iter().chain([("GITEA_ACTIONS", "true")]).collect();
    assert_eq!(files(&gitea).as_deref(), Some("https://github.com/acme/fleet/src/commit abc"));
    let gitlab = [("GITLAB_CI", "true"), ("CI_PROJECT_URL", "https://gitlab.com/a/b/"), ("CI_COMMIT_SHA", "abc")];
    assert_eq!(files(&gitlab).as_deref(), Some("https://gitlab.com/a/b/-/blob abc"));
    for address in ["javascript:alert(1)", "https://a/b)](x", "https://a/b\"c"] {
        assert_eq!(files(&[("GITLAB_CI", "true"), ("CI_PROJECT_URL", address)]), None, "{address}");
    }
}
