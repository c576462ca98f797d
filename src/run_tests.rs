//! The whole pipeline over the fixtures of all rules, in memory.
//!
//! Never: a disk but for the fixtures, git.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Parser as _;

use super::{Asked, Env, judge};
use crate::base::{Date, End, FileId, History, Passage, Past, RepoPath, Side, Snapshot, Sources};
use crate::cli::{Cli, Command};
use crate::delivery::Here;
use crate::model::Trees;
use crate::report::BaseName;
use crate::rules::{RuleSet, Settings};
use crate::sides::{Ancestors, Passed, Sides};
use crate::testkit::{self, Files, Judgeable, Judged};

#[path = "run_tests_diff.rs"]
mod diff;

#[path = "run_tests_impact.rs"]
mod impact;

#[path = "run_tests_secrets.rs"]
mod secrets;

/// One run, as `check --base FOLDER --color never --quiet` would make it: without the summary, which each new rule
/// changes.
fn in_memory(tree: &Judgeable<'_>, settings: &Settings) -> Judged {
    let sources = Arc::new(Sources::default());
    let sides = sides(&sources, tree);
    let asked = Asked { rules: RuleSet::embedded(), settings: settings.clone(), ..Asked::default() };
    let judged = judge(Trees::new(sources), sides, asked);
    let cli =
        Cli::try_parse_from(["gitops-guard", "check", "--color", "never", "--quiet"]).expect("a right command line");
    let Command::Check(ask) = cli.command else { panic!("it says check") };
    let mut text = Vec::new();
    assert!(judged.write_reports(&ask, &env(), &mut text).is_ok(), "a vector takes all");
    Judged { findings: judged.verdict.findings, text: String::from_utf8(text).expect("a report is text") }
}

fn sides(sources: &Arc<Sources>, tree: &Judgeable<'_>) -> Sides {
    let name = || BaseName { revision: "base".to_owned(), merge_base: None };
    Sides {
        base: tree.base.map(|files| (testkit::listed(sources, Side::Base, files), name())),
        head: testkit::listed(sources, Side::Head, tree.head),
        here: Here::new(["https://git.example.com/own/fixture.git".to_owned()]),
        within: Vec::new(),
        past: (!tree.past.is_empty()).then(|| past(sources, tree)),
        passed: (!tree.between.is_empty()).then(|| passed(sources, tree)),
        root: None,
        commit: None,
    }
}

/// The commits of a fixture, as git would tell them: one a day, the newest first.
fn past(sources: &Arc<Sources>, tree: &Judgeable<'_>) -> Ancestors {
    let mut commits: Vec<(String, Date, Snapshot)> = Vec::new();
    for (row, files) in tree.past.iter().enumerate() {
        let day = Date::from_unix(86_400 * (20_000 + row as u64));
        commits.push((format!("{:0<40x}", row + 1), day, testkit::listed(sources, Side::Base, files)));
    }
    Box::new(move |paths| {
        let of = |path: &RepoPath| {
            let held = commits.iter().filter_map(|(commit, day, files)| {
                Some(Past { commit: commit.clone(), day: *day, file: files.file(path)? })
            });
            let mut held: Vec<Past> = held.collect();
            held.dedup_by(|later, first| later.file == first.file);
            held.reverse();
            (path.clone(), held)
        };
        History { paths: paths.iter().map(of).collect(), end: End::FirstCommit }
    })
}

/// The commits between the sides of a fixture, one a day.
fn passed(sources: &Arc<Sources>, tree: &Judgeable<'_>) -> Passed {
    let listed = |files: &Files| testkit::listed(sources, Side::Commit, files);
    let commits: Vec<Snapshot> = tree.between.iter().map(listed).collect();
    let sources = sources.clone();
    Box::new(move |known| {
        let mut contents: Vec<Past> = Vec::new();
        for (row, files) in commits.iter().enumerate() {
            let day = Date::from_unix(86_400 * (20_400 + row as u64));
            let is_new = |file: &FileId| {
                !sources.blob(*file).is_some_and(|blob| known.contains(&blob))
                    && contents.iter().all(|past| past.file != *file)
            };
            let files: Vec<FileId> = files.files().map(|(_, file)| file).filter(is_new).collect();
            contents.extend(files.into_iter().map(|file| Past { commit: format!("{:0<40x}", row + 1), day, file }));
        }
        Passage { contents, end: End::FirstCommit }
    })
}

fn env() -> Env {
    Env { directory: PathBuf::new(), color: false, width: 100, ..Env::of_process(false) }
}

#[test]
fn the_laws_hold_for_all_rules() {
    testkit::hold_the_laws(&in_memory);
}

#[test]
fn the_mistakes_of_the_documents_that_this_tool_began_with_are_found() {
    for (tree, mistakes) in [
        (
            "layers",
            &[
                ("misplaced-sync-wave", "`syncWave`"),
                ("namespaced-cluster-scoped", "Promise `postgres-v1`"),
                ("unknown-field", "schema.properties"),
                ("dangling-notification", "platform-drift"),
            ][..],
        ),
        (
            "flux",
            &[
                ("unknown-field", "`spec.validation`"),
                ("unknown-field", "Kustomization `rollback` has the field `spec.rollback`"),
                ("unknown-field", "`spec.rollback.enable`"),
                ("legacy-annotation", "`flux.weave.works/ignore`"),
            ],
        ),
        ("oci", &[]),
        ("apps", &[]),
    ] {
        let found = testkit::hold_the_tree(&format!("seeds/{tree}"), &in_memory);
        for (rule, words) in mistakes {
            let is_it = |(id, message): &(String, String)| id == rule && message.contains(words);
            assert!(found.iter().any(is_it), "{tree}: {rule} {words}: {found:#?}");
        }
    }
}

#[test]
fn the_findings_of_all_fixtures_read_well() {
    testkit::hold_the_snapshots(&in_memory);
}

/// The findings of a tree that brings its own configuration: rule and fingerprint of each, and how many are suppressed.
fn configured(configuration: &str, others: &[(&str, &str)]) -> (Vec<(String, String)>, usize) {
    let sources = Arc::new(Sources::default());
    let all = [(crate::config::NAME, configuration)].into_iter().chain(others.iter().copied());
    let files: Files = all.map(|(name, text)| (testkit::path(name), text.as_bytes().to_vec())).collect();
    let head = testkit::listed(&sources, Side::Head, &files);
    let sides = Sides::of(head);
    let trees = Trees::new(sources);
    let cli = Cli::try_parse_from(["gitops-guard", "check"]).expect("a right command line");
    let Command::Check(ask) = cli.command else { panic!("it says check") };
    let asked = super::asked(&ask, &env(), &trees, &sides).unwrap_or_else(|_| panic!("a right configuration"));
    let verdict = judge(trees, sides, asked).verdict;
    let told = |finding: &crate::rules::Finding| (finding.rule.to_string(), finding.fingerprint.clone());
    (verdict.findings.iter().map(told).collect(), verdict.counts.suppressed)
}

#[test]
fn a_salt_makes_fingerprints_last_and_a_fingerprint_can_be_allowed() {
    let secret = |value: &str| {
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData: {{password: {value}}}\n")
    };
    let print = |configuration: &str, value: &str| {
        let (found, suppressed) = configured(configuration, &[("a.yaml", &secret(value))]);
        (found.first().map(|found| found.1.clone()), suppressed)
    };
    let salt = "secrets: {salt: 0123456789abcdef}\n";
    let (first, _) = print(salt, "kq7W2x9ZpL4t");
    assert_eq!(first, print(salt, "kq7W2x9ZpL4t").0);
    assert_ne!(first, print(salt, "kq7W2x9ZpL4u").0);
    assert_ne!(first, print("secrets: {salt: fedcba9876543210}\n", "kq7W2x9ZpL4t").0);
    // Without a salt the fingerprint goes by the key alone.
    assert_eq!(print("", "kq7W2x9ZpL4t"), print("", "kq7W2x9ZpL4u"));
    let allowed = format!("secrets: {{salt: 0123456789abcdef, allow: [{}]}}\n", first.expect("a finding"));
    assert_eq!(print(&allowed, "kq7W2x9ZpL4t"), (None, 1));
    assert!(print(&allowed, "kq7W2x9ZpL4u").0.is_some());
}

#[test]
fn tiers_roots_and_packs_reach_the_rules() {
    let rules = |configuration: &str, others: &[(&str, &str)]| {
        let (found, _) = configured(configuration, others);
        found.into_iter().map(|found| found.0).collect::<Vec<_>>().join(" ")
    };
    let application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: argocd}\n\
                       spec:\n  project: p\n  source: {repoURL: https://example.com/x.git, path: base/a}\n  \
                       destination: {name: x}\n  syncPolicy: {automated: {prune: true}}\n";
    let object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    let files = [("apps/a.yaml", application), ("base/a/a.yaml", object)];
    assert_eq!(rules("", &files), "");
    assert_eq!(rules("tiers: {core: ['base/**']}\n", &files), "prune-on-core");
    assert!(rules("roots: [argocd/a]\n", &files).contains("prune-on-root"));
    assert_eq!(rules("roots: [other/a]\n", &files), "");
    let rule = "check: problem\nwith: {of: unparsable}\nseverity: info\nsince: '1'\nsays: x\nwhy: x\nfix: x\n";
    let pack = [("own/odd.yaml", rule), ("own/not-right.yaml", "check: problem\n")];
    let found = rules("packs: [own]\n", &pack);
    assert!(found.starts_with("invalid-rule") && found.split(' ').all(|rule| rule == "invalid-rule"), "{found}");
}

#[test]
fn definitions_in_tests_are_compared_unless_they_are_copies() {
    let xrd = |field: &str| {
        format!(
            "apiVersion: apiextensions.crossplane.io/v2\nkind: CompositeResourceDefinition\n\
             metadata: {{name: stores.example.com}}\nspec:\n  scope: Namespaced\n  group: example.com\n  \
             names: {{kind: Store, plural: stores}}\n  versions:\n  - name: v1\n    served: true\n    \
             referenceable: true\n    schema: {{openAPIV3Schema: {{type: object, properties: {{spec: {{type: object, \
             properties: {{{field}: {{type: string}}}}}}}}}}}}\n"
        )
    };
    let files = |texts: &[(&str, &str)]| -> Files {
        texts.iter().map(|(name, text)| (testkit::path(name), text.as_bytes().to_vec())).collect()
    };
    let rules = |base: &[(&str, &str)], head: &[(&str, &str)]| -> Vec<String> {
        let (base, head) = (files(base), files(head));
        let judged = in_memory(&Judgeable::of(Some(&base), &head), &Settings::default());
        judged.findings.iter().map(|finding| finding.rule.to_string()).collect()
    };
    let (old, new) = (xrd("size"), xrd("zone"));
    let other = ("readme.yaml", "a: b\n");
    assert_eq!(rules(&[("tests/golden/a.yaml", &old)], &[("tests/golden/a.yaml", &new)]), ["schema-field-removed"]);
    assert_eq!(rules(&[("tests/golden/a.yaml", &old), other], &[other]), ["api-removed"]);
    assert!(rules(&[("tests/a.yaml", &old)], &[("tests/b/a.yaml", &old)]).is_empty(), "it moved");
    let deployed = ("api/a.yaml", &*old);
    assert!(rules(&[("tests/a.yaml", &old), deployed], &[("tests/a.yaml", &new), deployed]).is_empty(), "a copy");
    let elsewhere = ("tests/b.yaml", &*old);
    assert!(rules(&[("tests/a.yaml", &old), elsewhere], &[elsewhere]).is_empty(), "another test has it");
    assert!(rules(&[("templates/a.yaml", &old)], &[("templates/a.yaml", &new)]).is_empty(), "a template");
    assert!(rules(&[], &[("tests/a.yaml", "kind: CompositeResourceDefinition\n")]).is_empty());
}
