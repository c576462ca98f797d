//! The files that `init` offers, as texts: a configuration that says what was found, a hook, a workflow, a job.
//!
//! Never: a file written; a setting that changes what `check` finds.

use std::fmt::Write as _;

use crate::report::in_a_line;
use crate::survey::{Candidate, Seen, Survey, is_same, rank};

/// The hook that this repository offers as `gitops-guard-system`, as a local one. A test holds that both are the same.
const HOOK: &str = "\
- repo: local
  hooks:
  - id: gitops-guard
    name: gitops-guard
    description: Judges what is staged before it is committed, with the gitops-guard on PATH
    language: system
    entry: gitops-guard check --staged
    pass_filenames: false
    always_run: true
    require_serial: true
    stages: [pre-commit, pre-merge-commit, manual]
    minimum_pre_commit_version: 3.2.0
";

/// Where this tool's repository lies; empty where its package does not say it.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// The version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How many things of one sort are listed.
const LISTED: usize = 8;

/// A text that grows by lines.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, line: impl AsRef<str>) {
        self.0.push_str(line.as_ref().trim_end());
        self.0.push('\n');
    }

    /// A comment for people.
    fn say(&mut self, text: impl AsRef<str>) {
        self.line(format!("# {}", text.as_ref()));
    }

    /// A comment that is a setting once its `#` is taken away.
    fn example(&mut self, text: impl AsRef<str>) {
        self.line(format!("#{}", text.as_ref()));
    }

    /// A comment for each of these, and how many more there are.
    fn list(&mut self, all: impl ExactSizeIterator<Item = String>) {
        let more = all.len().saturating_sub(LISTED);
        if all.len() == 0 {
            self.say("- none was found");
        }
        for one in all.take(LISTED) {
            self.say(format!("- {one}"));
        }
        if more > 0 {
            self.say(format!("- and {more} more"));
        }
    }

    fn gap(&mut self) {
        self.0.push('\n');
    }
}

/// A name of the repository for a comment.
fn name(text: &str) -> String {
    in_a_line(text).into_owned()
}

/// A text as YAML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Whether a text of the repository may be shown as a setting: it holds nothing that a terminal or an editor hides.
fn is_plain(text: &str) -> bool {
    in_a_line(text) == text
}

fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// The configuration for a repository.
pub(crate) fn configuration(found: &Survey, salt: &str) -> String {
    let mut page = Page::default();
    page.say(format!(
        "The configuration of gitops-guard, begun by `gitops-guard init` {VERSION}; it is yours to change."
    ));
    page.say("Everything in it is optional, and `gitops-guard config schema` documents every key. Nothing but the salt is set:");
    page.say("what is found below goes without saying. A line that begins with `#` and no space is an example that fits this");
    page.say("repository: take away the `#`, and it holds.");
    page.gap();
    holdings(&mut page, found);
    addresses(&mut page, found);
    clusters(&mut page, found);
    layers(&mut page, found);
    environments(&mut page, found);
    judging(&mut page, found);
    page.say("Makes the fingerprint of a secret the same in every run, so that a baseline knows it again. It is no key: it hides");
    page.say("nothing, and may be committed.");
    page.line("secrets:");
    page.line(format!("  salt: {salt}"));
    page.0
}

fn holdings(page: &mut Page, found: &Survey) {
    let of = |seen: &Seen| format!("{} ({}; first: {})", seen.name, count(seen.count, seen.what), name(&seen.first));
    page.say(format!("{} in {} are judged.", count(found.objects, "object"), count(found.builds, "build")));
    page.say("Controllers:");
    page.list(found.controllers.iter().map(of));
    page.say("Secrets are kept by:");
    page.list(found.encryption.iter().map(of));
    page.gap();
}

fn addresses(page: &mut Page, found: &Survey) {
    page.say("The addresses by which applications name this repository. Those of the git remotes go without saying.");
    if found.addresses.is_empty() {
        page.gap();
        return;
    }
    page.say("Taken for it, since folders that are asked of them are here:");
    page.list(found.addresses.iter().map(|one| {
        let all = one.found + one.missing;
        format!("{}: {} of {} here", name(&one.address), one.found, count(all, "folder"))
    }));
    page.say("Said here, it is sure, and a folder that is missing is a finding.");
    let sure: Vec<String> =
        found.addresses.iter().filter(|one| is_plain(&one.address)).map(|one| quoted(&one.address)).collect();
    if !sure.is_empty() {
        page.example(format!("repositories: [{}]", sure.join(", ")));
    }
    page.gap();
}

fn clusters(page: &mut Page, found: &Survey) {
    if found.cluster_labels.is_empty() {
        return;
    }
    page.say("ApplicationSets ask Argo CD for its clusters, which this repository does not hold. What they make is judged once");
    page.say("the clusters are named here, as their Secrets have them.");
    page.example("clusters:");
    for (row, labels) in found.cluster_labels.iter().take(LISTED).enumerate() {
        let plain = labels.iter().filter(|(key, value)| is_plain(key) && is_plain(value));
        let labels: Vec<String> = plain.map(|(key, value)| format!("{}: {}", quoted(key), quoted(value))).collect();
        page.example(format!("- {{name: cluster-{}, labels: {{{}}}}}", row + 1, labels.join(", ")));
    }
    page.gap();
}

fn layers(page: &mut Page, found: &Survey) {
    page.say("Roots: applications that deliver applications. `roots` names others.");
    page.list(found.roots.iter().map(|root| {
        format!("{} delivers {} ({})", name(&root.name), count(root.holds, "application"), name(&root.path))
    }));
    page.gap();
    page.say("Tiers: the layers of the platform, by the names of folders.");
    page.list(
        found
            .tiers
            .iter()
            .map(|(tier, folder, builds)| format!("{tier}: {} ({})", name(folder), count(*builds, "build"))),
    );
    let untold = found.roots.iter().filter(|root| !root.is_tiered && is_plain(&root.path));
    let mut folders: Vec<String> = untold.filter_map(|root| Some(root.path.rsplit_once('/')?.0.to_owned())).collect();
    folders.sort();
    folders.dedup();
    if !folders.is_empty() {
        page.say("Roots lie in folders of another name:");
        let globs: Vec<String> = folders.iter().take(LISTED).map(|folder| quoted(&format!("{folder}/**"))).collect();
        page.example(format!("tiers: {{root: [{}]}}", globs.join(", ")));
    } else if found.tiers.is_empty() {
        page.example("tiers: {core: [\"infrastructure/**\"], workloads: [\"apps/**\"]}");
    }
    page.gap();
}

fn environments(page: &mut Page, found: &Survey) {
    page.say("Environments: by the names of folders, then by the label `environment` of an application, then by its cluster.");
    page.list(found.environments.iter().map(|known| {
        let more = if known.because.len() > 2 { ", …" } else { "" };
        let because: Vec<String> = known.because.iter().take(2).map(|why| name(why)).collect();
        format!("{} ({}): {}{more}", name(&known.name), count(known.builds, "build"), because.join(", "))
    }));
    if !found.candidates.is_empty() {
        page.say("Folders that look like environments and are taken for none:");
        page.list(found.candidates.iter().map(|one| {
            let folders: Vec<String> = one.folders.iter().take(3).map(|folder| name(folder)).collect();
            let more = if one.folders.len() > 3 { ", …" } else { "" };
            format!("{}: {}{more}", name(&one.name), folders.join(", "))
        }));
    }
    let order = order(found);
    if !order.is_empty() {
        page.say(
            "In the order in which changes are promoted; the first whose path matches counts. Names that say what an",
        );
        page.say("environment is for are `dev`, `staging`, `prod` and their long forms.");
        page.example("environments:");
        page.example("  order:");
        for (name, paths) in order {
            let paths: Vec<String> = paths.iter().map(|path| quoted(path)).collect();
            page.example(format!("  - {{name: {}, paths: [{}]}}", quoted(&name), paths.join(", ")));
        }
    }
    page.gap();
}

/// All environments that a path tells, known or guessed, on the way to production.
fn order(found: &Survey) -> Vec<(String, Vec<String>)> {
    let mut order: Vec<(String, Vec<String>)> = Vec::new();
    for known in found.environments.iter().filter(|known| known.by_path) {
        order.push((known.name.clone(), vec![format!("**/{}/**", known.name)]));
    }
    for one in found.candidates.iter().filter(|one| is_plain(&one.name)) {
        let paths = globs(one);
        match order.iter_mut().find(|(name, _)| is_same(name, &one.name)) {
            Some((_, known)) => known.extend(paths),
            None => order.push((one.name.clone(), paths)),
        }
    }
    order.retain(|(_, paths)| !paths.is_empty());
    order.sort_by_key(|(name, _)| (rank(name), name.clone()));
    order
}

/// The globs of folders: each by itself where they are few, else by their names.
fn globs(one: &Candidate) -> Vec<String> {
    // A glob gives `*`, `?` and brackets a meaning; a folder that has them is left to people.
    let plain = |folder: &&String| is_plain(folder) && !folder.contains(['*', '?', '[', ']', '{', '}', '\\', '!']);
    let folders: Vec<&String> = one.folders.iter().filter(plain).collect();
    if folders.len() <= 3 {
        return folders.iter().map(|folder| format!("{folder}/**")).collect();
    }
    let mut ends: Vec<String> = folders
        .iter()
        .map(|folder| folder.rsplit('/').take(2).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("/"))
        .map(|end| format!("**/{end}/**"))
        .collect();
    ends.sort();
    ends.dedup();
    ends
}

fn judging(page: &mut Page, found: &Survey) {
    page.say("Rules and packs: `on`, `off` or a severity. `gitops-guard rules` lists them; the pack `strict` is off by default.");
    page.say("`packs` names folders with rules of your own.");
    page.example("rules: {strict: on}");
    page.gap();
    page.say("Findings that may stay, each for a reason. A comment at the line does it too.");
    page.example("ignore: [{rule: plaintext-secret, path: \"test/**\", reason: test fixtures}]");
    page.gap();
    let vendored: Vec<String> = found
        .vendored
        .iter()
        .filter(|folder| is_plain(folder))
        .take(LISTED)
        .map(|folder| quoted(&format!("{folder}/**")))
        .collect();
    if !vendored.is_empty() {
        page.say("Paths without findings. Their files are inputs of builds all the same.");
        page.example(format!("exclude: [{}]", vendored.join(", ")));
        page.gap();
    }
    page.say("The versions that run in your clusters, for the pack `deprecated-apis`.");
    page.example("targets: {kubernetes: \"1.34\"}");
    page.gap();
}

/// The entry for the list `repos` of `.pre-commit-config.yaml`, its first line at the margin. The hook runs the
/// gitops-guard on `PATH`, unless it is known where pre-commit can get it.
pub(crate) fn hook() -> String {
    if REPOSITORY.is_empty() {
        return HOOK.to_owned();
    }
    format!("- repo: {REPOSITORY}\n  rev: v{VERSION}\n  hooks:\n  - id: gitops-guard\n")
}

/// A whole `.pre-commit-config.yaml`.
pub(crate) fn hooks() -> String {
    format!("repos:\n{}", hook())
}

/// Whether the action's place has to be filled in.
pub(crate) fn is_action_unknown() -> bool {
    REPOSITORY.is_empty()
}

/// The workflow for GitHub.
pub(crate) fn workflow() -> String {
    let (action, note) = match REPOSITORY.split_once("github.com/") {
        Some((_, path)) => (path.trim_end_matches('/'), ""),
        None => ("OWNER/gitops-guard", "   # where the repository of gitops-guard lies"),
    };
    format!(
        r"# Judges a change before it is merged. Begun by `gitops-guard init`; it is yours to change.
name: gitops-guard
on:
  pull_request: {{}}
  merge_group: {{}}

permissions: {{}}

jobs:
  gitops-guard:
    runs-on: ubuntu-latest
    permissions:
      contents: read
      pull-requests: write   # for the comment; without it there is none
    steps:
    - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
      # The whole history, so that a merge queue's base is there too and no credentials have to stay for a fetch.
      with: {{fetch-depth: 0, persist-credentials: false}}
    - uses: {action}@v{VERSION}{note}
"
    )
}

/// The job for GitLab, to be put into `.gitlab-ci.yml`.
pub(crate) fn job() -> String {
    let from = if REPOSITORY.is_empty() { "https://example.com/gitops-guard" } else { REPOSITORY };
    let note = if REPOSITORY.is_empty() { "   # where its repository lies" } else { "" };
    let mut job = String::new();
    let rust = env!("CARGO_PKG_RUST_VERSION");
    write!(
        job,
        r#"gitops-guard:
  image: rust:{rust}   # or one that holds gitops-guard; its Dockerfile makes one
  rules:
  - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  variables: {{GIT_DEPTH: 0}}   # the base has to be there
  script:
  - cargo install --locked --git {from} --tag v{VERSION}{note}
  - gitops-guard check --format text --format gitlab=gl-code-quality-report.json
  artifacts:
    when: always
    reports: {{codequality: gl-code-quality-report.json}}
"#
    )
    .expect("a string takes all");
    job
}

#[cfg(test)]
#[path = "starter_tests.rs"]
mod tests;
