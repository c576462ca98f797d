//! What `init` offers is read by the tool itself, and says nothing of its own.
//!
//! Never: a file on a disk.

use super::{configuration, hook, hooks, job, workflow};
use crate::config;
use crate::survey::{Survey, survey};
use crate::testkit;
use crate::world::gather;

const SALT: &str = "0123456789abcdef";

fn surveyed(files: &[(&str, &str)]) -> Survey {
    let trees = testkit::trees();
    let head = testkit::snapshot(&trees, crate::base::Side::Head, files);
    let world = gather(std::sync::Arc::new(head), &trees, &crate::delivery::Here::default(), None);
    survey(&trees, &world, &["https://github.com/a/b".to_owned()])
}

/// The mistakes of a configuration over these files.
fn mistakes(text: &str) -> Vec<String> {
    let trees = testkit::trees();
    let head = testkit::snapshot(&trees, crate::base::Side::Head, &[(config::NAME, text)]);
    let file = head.file(&testkit::path(config::NAME)).expect("the configuration");
    let read = config::read(&trees, file, &head);
    read.err().into_iter().flatten().map(|mistake| mistake.message).collect()
}

/// The configuration with its examples switched on.
fn switched_on(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(rest) if !rest.is_empty() && (!rest.starts_with(' ') || rest.starts_with("  ")) => format!("{rest}\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

const APPLICATION: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: root, namespace: argocd}\n\
    spec: {source: {repoURL: \"https://example.com/fleet.git\", path: apps}, destination: {name: in-cluster}}\n";
const CHILD: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: child, namespace: argocd}\n\
    spec: {source: {repoURL: \"https://example.com/fleet.git\", path: web/prod}, destination: {name: in-cluster}}\n";
const SET: &str = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: all, namespace: argocd}\n\
    spec: {generators: [{clusters: {selector: {matchLabels: {env: \"a: b\"}}}}], template: {metadata: {name: x}, spec: {}}}\n";
const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

fn fleet() -> Survey {
    surveyed(&[
        ("argo/root.yaml", APPLICATION),
        ("apps/child.yaml", CHILD),
        ("apps/set.yaml", SET),
        ("web/prod/a.yaml", OBJECT),
        ("web/uat/a.yaml", OBJECT),
        ("clusters/prod-eu/a.yaml", OBJECT),
        ("core-platform/a.yaml", OBJECT),
        ("vendor/x/a.yaml", OBJECT),
        ("odd\n#roots: [1]: \u{202e}/qa/\"a'.yaml", OBJECT),
    ])
}

#[test]
fn the_configuration_says_what_was_found() {
    let found = fleet();
    insta::assert_snapshot!(configuration(&found, SALT));
}

#[test]
fn what_is_offered_loads_as_it_is_and_switched_on() {
    for found in [fleet(), surveyed(&[("a.yaml", OBJECT)]), Survey::default()] {
        let text = configuration(&found, SALT);
        assert_eq!(mistakes(&text), Vec::<String>::new(), "{text}");
        let on = switched_on(&text);
        assert!(on.contains("\nrules:") && on.contains("\ntargets:"), "{on}");
        assert_eq!(mistakes(&on), Vec::<String>::new(), "{on}");
    }
}

#[test]
fn hooks_workflow_and_job_are_yaml() {
    for text in [hook(), hooks(), workflow(), job()] {
        let read: Result<serde_json::Value, _> = serde_yaml::from_str(&text);
        assert!(read.is_ok(), "{text}");
    }
    let hooks: serde_json::Value = serde_yaml::from_str(&hooks()).expect("YAML");
    assert_eq!(hooks["repos"].as_array().map(Vec::len), Some(1));
    let workflow: serde_json::Value = serde_yaml::from_str(&workflow()).expect("YAML");
    assert_eq!(workflow["permissions"], serde_json::json!({}));
    assert_eq!(
        workflow["jobs"]["gitops-guard"]["permissions"],
        serde_json::json!({"contents": "read", "pull-requests": "write"})
    );
}

#[test]
fn the_local_hook_is_the_one_that_is_offered() {
    let offered = include_str!("../.pre-commit-hooks.yaml").replace("id: gitops-guard-system", "id: gitops-guard");
    let offered: serde_json::Value = serde_yaml::from_str(&offered).expect("YAML");
    let ours: serde_json::Value = serde_yaml::from_str(super::HOOK).expect("YAML");
    assert_eq!(ours[0]["hooks"][0], offered[1]);
}
