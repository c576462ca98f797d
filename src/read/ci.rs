//! What continuous integration says of the change: which commit or branch it will be merged into, and where its files
//! can be read.
//!
//! Never: the process's environment; the edge hands in what it read there.

use std::path::Path;

use serde_json::Value;

/// What the platform says. Empty outside continuous integration.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Ci {
    /// The platform's name, for messages.
    pub platform: &'static str,
    /// A commit that the platform made by merging the change into its base, and checked out. Where HEAD is this
    /// commit, its first parent is the base.
    pub merge_commit: Option<String>,
    /// The commit that the platform calls the base: the base branch's tip, or the branch point.
    pub base_commit: Option<String>,
    /// The branch that the change will be merged into, without `refs/heads/`.
    pub base_branch: Option<String>,
    /// Where the platform shows files.
    pub web: Option<Web>,
}

/// Where a platform shows the files of a repository.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Web {
    /// The address of all files; `/`, a commit, `/` and a path follow.
    pub files: String,
    /// The commits of the change that the platform has.
    pub commits: Vec<String>,
}

impl Web {
    /// The files of a repository at an address, which has to be plain: it becomes a part of links.
    fn new(address: &str, below: &str, commits: impl IntoIterator<Item = Option<String>>) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/:".contains(c);
        let is_web = address.starts_with("https://") || address.starts_with("http://");
        let files = format!("{}/{below}", address.trim_end_matches('/'));
        let commits = commits.into_iter().flatten().collect();
        (is_web && address.chars().all(plain)).then_some(Self { files, commits })
    }
}

type Variables<'v> = &'v dyn Fn(&str) -> Option<String>;

impl Ci {
    /// What the variables say; `variable` gives one by its name. The event file of GitHub Actions is read where it is
    /// named.
    #[must_use]
    pub fn from_variables(variable: Variables<'_>) -> Self {
        let given = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let is_set = |name: &str| given(name).is_some();
        if is_set("GITHUB_ACTIONS") {
            github(&given)
        } else if is_set("GITLAB_CI") {
            gitlab(&given)
        } else if is_set("TF_BUILD") {
            azure(&given)
        } else if is_set("BITBUCKET_BUILD_NUMBER") {
            Self {
                platform: "Bitbucket Pipelines",
                base_commit: given("BITBUCKET_PR_DESTINATION_COMMIT"),
                base_branch: given("BITBUCKET_PR_DESTINATION_BRANCH"),
                ..Self::default()
            }
        } else if is_set("BUILDKITE") {
            let base_branch = given("BUILDKITE_PULL_REQUEST_BASE_BRANCH");
            Self { platform: "Buildkite", base_branch, ..Self::default() }
        } else if is_set("JENKINS_URL") {
            Self { platform: "Jenkins", base_branch: given("CHANGE_TARGET"), ..Self::default() }
        } else {
            Self::default()
        }
    }
}

/// GitHub Actions, and Gitea and Forgejo, which set the same variables.
fn github(given: Variables<'_>) -> Ci {
    let event = given("GITHUB_EVENT_PATH").and_then(|path| event(Path::new(&path))).unwrap_or_default();
    let said = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let web = given("GITHUB_SERVER_URL").zip(given("GITHUB_REPOSITORY")).and_then(|(server, repository)| {
        let is_gitea = ["GITEA_ACTIONS", "FORGEJO_ACTIONS"].into_iter().any(|name| given(name).is_some());
        let below = if is_gitea { "src/commit" } else { "blob" };
        let commits = [given("GITHUB_SHA"), said("/pull_request/head/sha")];
        Web::new(&format!("{}/{repository}", server.trim_end_matches('/')), below, commits)
    });
    let ci = Ci { platform: "GitHub Actions", web, ..Ci::default() };
    match given("GITHUB_EVENT_NAME").unwrap_or_default().as_str() {
        name if name.starts_with("pull_request") => Ci {
            // `pull_request_target` runs on the base itself, which is not a merge of anything.
            merge_commit: given("GITHUB_SHA").filter(|_| is_merge_ref(given("GITHUB_REF").as_deref())),
            base_commit: said("/pull_request/base/sha"),
            base_branch: given("GITHUB_BASE_REF").or_else(|| said("/pull_request/base/ref")),
            ..ci
        },
        "merge_group" => Ci { base_commit: said("/merge_group/base_sha"), ..ci },
        "push" => {
            let default = said("/repository/default_branch");
            let pushed = given("GITHUB_REF").and_then(|name| branch(&name));
            if pushed.is_some() && pushed == default {
                Ci { base_commit: said("/before").and_then(real), ..ci }
            } else {
                Ci { base_branch: default, ..ci }
            }
        }
        _ => ci,
    }
}

fn is_merge_ref(name: Option<&str>) -> bool {
    name.is_some_and(|name| name.starts_with("refs/pull/") && name.ends_with("/merge"))
}

fn gitlab(given: Variables<'_>) -> Ci {
    let commits = [given("CI_COMMIT_SHA"), given("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA")];
    let web = given("CI_PROJECT_URL").and_then(|project| Web::new(&project, "-/blob", commits));
    let ci = Ci { platform: "GitLab CI", web, ..Ci::default() };
    if let Some(target) = given("CI_MERGE_REQUEST_TARGET_BRANCH_NAME") {
        let kind = given("CI_MERGE_REQUEST_EVENT_TYPE").unwrap_or_default();
        return Ci {
            merge_commit: given("CI_COMMIT_SHA").filter(|_| matches!(kind.as_str(), "merged_result" | "merge_train")),
            base_commit: given("CI_MERGE_REQUEST_DIFF_BASE_SHA"),
            base_branch: Some(target),
            ..ci
        };
    }
    let default = given("CI_DEFAULT_BRANCH");
    match given("CI_COMMIT_BRANCH") {
        pushed if pushed.is_some() && pushed == default => {
            Ci { base_commit: given("CI_COMMIT_BEFORE_SHA").and_then(real), ..ci }
        }
        Some(_) => Ci { base_branch: default, ..ci },
        None => ci,
    }
}

fn azure(given: Variables<'_>) -> Ci {
    let target = given("SYSTEM_PULLREQUEST_TARGETBRANCH");
    Ci {
        platform: "Azure Pipelines",
        merge_commit: given("BUILD_SOURCEVERSION")
            .filter(|_| target.is_some() && is_merge_ref(given("BUILD_SOURCEBRANCH").as_deref())),
        base_commit: None,
        base_branch: target.map(|name| branch(&name).unwrap_or(name)),
        web: None,
    }
}

/// The branch that a full name stands for.
fn branch(name: &str) -> Option<String> {
    name.strip_prefix("refs/heads/").map(str::to_owned)
}

/// A commit id; platforms write zeros where there is none.
fn real(id: String) -> Option<String> {
    id.bytes().any(|byte| byte != b'0').then_some(id)
}

fn event(path: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}
