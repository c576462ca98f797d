//! ApplicationSets: what their generators and templates make of what the repository and the configuration tell.
//!
//! Never: a rule.

use std::sync::Arc;

use super::gather;
use crate::base::Side;
use crate::delivery::{ClusterSecret, Generated, Here, Outside};
use crate::model::Trees;
use crate::testkit::{snapshot, trees};
use crate::world::World;

const SETTINGS: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

fn cluster(name: &str, labels: &[(&str, &str)]) -> ClusterSecret {
    ClusterSecret {
        name: name.to_owned(),
        server: format!("https://{name}.example.org"),
        labels: labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        ..ClusterSecret::default()
    }
}

fn outside() -> Outside {
    let elements = vec![serde_json::json!({"number": 7, "branch": "x"})];
    Outside {
        clusters: vec![
            cluster("dev_1", &[("env", "dev")]),
            cluster("prod", &[("env", "prod"), ("example.org/tier", "a")]),
        ],
        generated: vec![Generated { set: "argocd/set".into(), generator: "pullRequest".into(), elements }],
    }
}

fn world(trees: &Trees, outside: Outside, set: &str) -> World {
    let files = [
        ("set.yaml", set),
        ("apps/dev/a.yaml", SETTINGS),
        ("apps/prod/a.yaml", SETTINGS),
        ("apps/in-cluster/a.yaml", SETTINGS),
        ("apps/pr-7/a.yaml", SETTINGS),
    ];
    gather(Arc::new(snapshot(trees, Side::Head, &files)), trees, &Here::default().beside(outside), None)
}

/// A set; each line is `name: path path`, and in the end what could not be told.
fn made(outside: Outside, spec: &str, name: &str, path: &str) -> Vec<String> {
    let text = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: set, namespace: argocd}}\nspec:\n{spec}  \
         template:\n    metadata: {{name: '{name}'}}\n    spec:\n      project: own\n      destination: {{name: '{{{{ .name }}}}'}}\n      \
         source: {{repoURL: https://git.example.org/a/b, path: '{path}'}}\n"
    );
    let trees = trees();
    let world = world(&trees, outside, &text);
    let line = |one: &crate::delivery::Application| {
        let builds: Vec<&str> = one.builds.iter().map(|(build, _)| build.path.as_str()).collect();
        let spec = |name| one.view(&trees).str_at(["spec", name]).unwrap_or_default().to_owned();
        let prune = if one.prunes.is_some() { " prunes" } else { "" };
        format!("{}: {} {}{prune}", one.key.name, builds.join(" "), spec("project"))
    };
    let problems = world.problems.iter().map(|problem| problem.message.clone());
    world.applications.iter().map(line).chain(problems).collect()
}

const GO: &str = "  goTemplate: true\n";

#[test]
fn clusters_come_from_the_configuration() {
    let path = "apps/{{ .metadata.labels.env }}";
    let of = |generator: &str| {
        made(outside(), &format!("{GO}  generators:\n  - clusters: {generator}\n"), "a-{{ .nameNormalized }}", path)
    };
    let both = ["a-dev-1: apps/dev own", "a-prod: apps/prod own"];
    assert_eq!(of("{selector: {matchExpressions: [{key: env, operator: Exists}]}}"), both);
    assert_eq!(of("{selector: {matchLabels: {argocd.argoproj.io/secret-type: cluster}}}"), both);
    assert_eq!(of("{selector: {matchLabels: {env: prod}}}"), both[1..]);
    assert_eq!(of("{selector: {matchExpressions: [{key: env, operator: NotIn, values: [prod]}]}}"), both[..1]);
    assert_eq!(of("{selector: {matchExpressions: [{key: example.org/tier, operator: DoesNotExist}]}}"), both[..1]);
    // Argo CD's own cluster has no labels, and no selector finds it.
    let all = of("{}");
    assert_eq!((all.len(), &*all[0]), (4, "a-in-cluster:  own"), "{all:?}");
    assert!(all[3].contains("their sources need a value in place of none"), "{}", all[3]);
}

#[test]
fn without_a_configuration_nobody_knows_the_clusters() {
    let spec = format!("{GO}  generators:\n  - clusters: {{}}\n");
    let found = made(Outside::default(), &spec, "a-{{ .name }}", "apps/{{ .name }}");
    assert_eq!(found.len(), 2);
    assert!(
        found[1].ends_with("a `clusters` generator takes them from Argo CD (tell them in `clusters`)"),
        "{}",
        found[1]
    );
    let spec = format!("{GO}  generators:\n  - scmProvider: {{}}\n");
    assert!(made(outside(), &spec, "a", "apps/{{ .x }}")[1].contains("tell them in `generators`"));
}

#[test]
fn clusters_in_a_matrix_and_the_older_form() {
    let inner = "[{clusters: {selector: {matchLabels: {env: prod}}, values: {path: 'apps/{{metadata.labels.env}}'}}}, {list: {elements: [{n: one}]}}]";
    let spec = format!("  generators:\n  - matrix: {{generators: {inner}}}\n");
    assert_eq!(
        made(outside(), &spec, "{{n}}-{{metadata.labels.example.org/tier}}", "{{values.path}}"),
        ["one-a: apps/prod own"]
    );
    // A cluster that nobody names gets no application of the list.
    let inner =
        "[{clusters: {values: {path: dev}}}, {list: {elements: [{name: prod, values: {path: prod}}, {name: none}]}}]";
    let spec = format!("{GO}  generators:\n  - merge: {{mergeKeys: [name], generators: {inner}}}\n");
    let found = made(outside(), &spec, "{{ .nameNormalized }}", "apps/{{ .values.path }}");
    assert_eq!(found, ["in-cluster: apps/dev own", "dev-1: apps/dev own", "prod: apps/prod own"]);
}

#[test]
fn what_other_generators_give_can_be_told() {
    let spec = format!("{GO}  generators:\n  - pullRequest: {{github: {{}}}}\n");
    assert_eq!(made(outside(), &spec, "pr-{{ .number }}", "apps/pr-{{ .number }}"), ["pr-7: apps/pr-7 own"]);
}

#[test]
fn a_patch_of_the_template_is_filled_and_laid_over_it() {
    let elements = "[{list: {elements: [{name: dev, prune: true}, {name: prod, prune: false}]}}]";
    let patch = "  templatePatch: |\n    spec:\n      project: other\n      {{- if .prune }}\n      syncPolicy:\n        automated:\n          \
                 prune: {{ .prune }}\n      {{- end }}\n      source: {path: 'apps/{{ .name }}'}\n";
    let spec = format!("{GO}  generators: {elements}\n{patch}");
    assert_eq!(made(outside(), &spec, "{{ .name }}", "none"), ["dev: apps/dev own prunes", "prod: apps/prod own"]);
    let spec = format!("{GO}  generators: {elements}\n  templatePatch: 'spec: {{source: null}}'\n");
    assert_eq!(made(outside(), &spec, "{{ .name }}", "apps/dev"), ["dev:  own", "prod:  own"]);
    let spec = format!("{GO}  generators: {elements}\n  templatePatch: '[a, {{{{ .name }}}}]'\n");
    let found = made(outside(), &spec, "{{ .name }}", "apps/dev");
    assert!(found[2].contains("its `templatePatch` gives no map"), "{found:?}");
}

#[test]
fn a_generator_brings_a_template_of_its_own() {
    let own = "{spec: {source: {path: apps/prod}, syncPolicy: {automated: {prune: true}}}}";
    let spec = format!("{GO}  generators: [{{list: {{elements: [{{name: dev}}], template: {own}}}}}]\n");
    assert_eq!(made(outside(), &spec, "{{ .name }}", "apps/dev"), ["dev: apps/prod own prunes"]);
}

#[test]
fn elements_of_a_list_may_be_computed() {
    let list = "{list: {elementsYaml: '{{ .apps | toJson }}'}}";
    let spec = format!(
        "{GO}  generators:\n  - matrix:\n      generators: [{{list: {{elements: [{{apps: [{{dir: dev}}, {{dir: prod}}]}}]}}}}, {list}]\n"
    );
    assert_eq!(
        made(outside(), &spec, "a-{{ .dir }}", "apps/{{ .dir }}"),
        ["a-dev: apps/dev own", "a-prod: apps/prod own"]
    );
}
