//! What conditions find, where, and when they say nothing.
//!
//! Never: a rule of a pack; those have fixtures.

use std::sync::Arc;

use crate::base::{Date, History, Side};
use crate::compare;
use crate::delivery::Here;
use crate::impact;
use crate::model::Trees;
use crate::rules::{self, Facts, RuleFile, RuleSet, Settings};
use crate::secrets::RunKey;
use crate::testkit;
use crate::world::{self, World};

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  replicas: 3
  template:
    spec:
      hostNetwork: true
      initContainers: [{name: setup, image: setup}]
      containers:
      - name: web
        image: web:1
        env: [{name: A, value: x}, {name: B, value: '${B}'}]
";

/// The findings of a rule with these parameters, each as path, line, marked text and message; then what it could not
/// decide.
fn found(with: &str, base: Option<&str>, head: &str) -> Vec<String> {
    let trees = testkit::trees();
    let world = |side, text| testkit::plain_world(&trees, side, &[("clusters/production/web.yaml", text)]);
    let base = base.map(|base| world(Side::Base, base));
    judged(&trees, with, base.as_ref(), &world(Side::Head, head))
}

fn judged(trees: &Trees, with: &str, base: Option<&World>, head: &World) -> Vec<String> {
    let text = format!(
        "check: cel\nwith: {with}\nseverity: error\nsince: 0.1.0\nsays: '{{kind}} {{name}} {{path}} is {{value}} {{container}}'\n\
         why: a\nfix: b\n"
    );
    let own = testkit::snapshot(trees, Side::Head, &[("own/own.yaml", &text)]);
    let file = own.file(&testkit::path("own/own.yaml")).expect("the rule");
    let mut set = RuleSet::default();
    set.add(trees, &[RuleFile { pack: "own".into(), id: "own".into(), file }], &RunKey::fresh());
    let messages: Vec<&str> = set.problems.iter().map(|problem| &*problem.message).collect();
    assert_eq!(messages, [""; 0]);
    let changes = base.map(|base| compare::worlds(trees, base, head)).unwrap_or_default();
    let impact = base.map(|base| impact::of(trees, base, head, &changes, History::default())).unwrap_or_default();
    let today = Date::default();
    let facts = Facts { trees, base, head, changes: &changes, impact: &impact, today };
    let verdict = rules::judge(&set, &facts, &Settings::default());
    let finding = |finding: &rules::Finding| {
        let line = trees.sources().positions(finding.primary).0.line;
        let field = finding.field.clone().unwrap_or_default();
        format!("{line} {} {field}: {}", trees.sources().shown_slice(finding.primary), finding.message)
    };
    let mut found: Vec<String> = verdict.findings.iter().map(finding).collect();
    found.extend(verdict.undecided.values().map(|count| format!("undecided {count}")));
    found
}

#[test]
fn conditions_point_at_their_field() {
    let cases: &[(&str, &[&str])] = &[
        (
            "{of: [apps/Deployment], expression: object.spec.replicas < 3, at: spec.replicas}",
            &["5 3 /spec/replicas: Deployment web spec.replicas is 3 "],
        ),
        ("{of: [apps/Deployment], expression: object.spec.replicas >= 3, at: spec.replicas}", &[]),
        ("{of: [/Pod], expression: 'false'}", &[]),
        ("{of: [apps/Deployment], expression: 'false'}", &["2 Deployment : Deployment web  is  "]),
        (
            "{each: pod, expression: '!pod.hostNetwork', at: hostNetwork}",
            &["8 true /spec/template/spec/hostNetwork: Deployment web spec.template.spec.hostNetwork is true "],
        ),
        // What is missing is marked at its nearest parent; one object is one finding.
        (
            "{each: container, expression: has(container.resources), at: resources.limits}",
            &[
                "9 setup /spec/template/spec/initContainers/0: Deployment web spec.template.spec.initContainers[0].resources.limits is  setup",
            ],
        ),
        (
            "{of: [apps/Deployment], each: 'spec.template.spec.containers[*].env[*]', expression: item.name == 'B', at: value}",
            &[
                "13 x /spec/template/spec/containers/0/env/0/value: Deployment web spec.template.spec.containers[0].env[0].value is x ",
            ],
        ),
        (
            "{each: pod, expression: \"pod.containers.all(c, c.name != 'web')\", where: \"'containers[' + string(pod.containers.transformList(i, c, c.name == 'web', i)[0]) + '].image'\"}",
            &[
                "12 web:1 /spec/template/spec/containers/0/image: Deployment web spec.template.spec.containers[0].image is web:1 ",
            ],
        ),
        (
            "{each: container, expression: container.name != 'web', where: \"'pod.hostNetwork'\"}",
            &["8 true /spec/template/spec/hostNetwork: Deployment web spec.template.spec.hostNetwork is true web"],
        ),
        // What somebody fills in later is not known, and neither is what an expression cannot read.
        (
            "{of: [apps/Deployment], each: 'spec.template.spec.containers[*].env[*]', expression: item.name == 'A', at: value}",
            &["undecided 1"],
        ),
        ("{of: [apps/Deployment], expression: object.spec.nothing > 1}", &["undecided 1"]),
        (
            "{of: [apps/Deployment], expression: object.spec.replicas <= params.most, params: {most: 2}, at: spec.replicas}",
            &["5 3 /spec/replicas: Deployment web spec.replicas is 3 "],
        ),
        (
            "{of: [apps/Deployment], expression: \"delivery.environment != 'production' || delivery.application != null\"}",
            &["2 Deployment : Deployment web  is  "],
        ),
    ];
    for (with, expected) in cases {
        assert_eq!(found(with, None, DEPLOYMENT), *expected, "{with}");
    }
}

#[test]
fn an_object_is_compared_with_what_it_was() {
    let fewer = "{of: [apps/Deployment], expression: oldObject == null || object.spec.replicas >= oldObject.spec.replicas, at: spec.replicas}";
    let was = DEPLOYMENT.replace("replicas: 3", "replicas: 5");
    let expected = ["5 3 /spec/replicas: Deployment web spec.replicas is 3 "];
    assert_eq!(found(fewer, Some(&was), DEPLOYMENT), expected);
    assert_eq!(found(fewer, Some(DEPLOYMENT), &was), [""; 0]);
    assert_eq!(found(fewer, Some(DEPLOYMENT), DEPLOYMENT), [""; 0]);
    let other = DEPLOYMENT.replace("name: web, ", "name: api, ");
    assert_eq!(found(fewer, Some(&other), DEPLOYMENT), [""; 0]);
    assert_eq!(found(fewer, None, DEPLOYMENT), [""; 0]);
}

#[test]
fn the_example_of_the_pages_is_a_rule() {
    let page = include_str!("../../../../docs/writing-rules.md");
    let example = page.split("```yaml\n").find(|block| block.starts_with("# policies/")).expect("the example");
    let (trees, file) = testkit::file("own.yaml", example.split("```").next().unwrap_or_default());
    let mut set = RuleSet::default();
    set.add(&trees, &[RuleFile { pack: "shop".into(), id: "few-replicas".into(), file }], &RunKey::fresh());
    assert!(set.problems.is_empty() && set.get("few-replicas").is_some(), "{:?}", set.problems);
}

/// The objects that a condition finds wrong, of two overlays that share a pod and differ in what is around it.
fn wrong_overlays(with: &str) -> Vec<&'static str> {
    let trees = testkit::trees();
    let overlay = |name: &str| {
        format!("resources: [../base]\nnamespace: {name}\nnamePrefix: {name}-\nlabels: [{{pairs: {{team: {name}}}}}]\n")
    };
    let files = [
        ("a/kustomization.yaml", &*overlay("a")),
        ("b/kustomization.yaml", &overlay("b")),
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", DEPLOYMENT),
    ];
    let head = world::gather(Arc::new(testkit::snapshot(&trees, Side::Head, &files)), &trees, &Here::default(), None);
    // One thread: one of the objects is judged before the other.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    let found = pool.install(|| judged(&trees, with, None, &head));
    let named = |line: &String| ["a-web", "b-web"].into_iter().find(|name| line.contains(name)).unwrap_or("?");
    found.iter().map(named).collect()
}

#[test]
fn a_shared_pod_is_judged_with_what_is_around_it() {
    for each in ["pod", "container"] {
        let cases = [
            ("object.metadata.namespace", ""),
            ("object['metadata'].namespace", ""),
            ("object.metadata.name", "-web"),
            ("object.metadata.labels.team", ""),
            ("object.metadata.labels['team']", ""),
            ("object.metadata.?labels.?team.orValue('')", ""),
            ("cel.bind(o, object, o.metadata.labels.team)", ""),
            ("[object.metadata].map(m, m.labels.team)[0]", ""),
        ];
        for (expression, suffix) in cases {
            for name in ["a", "b"] {
                let with = format!("{{each: {each}, expression: \"{expression} != '{name}{suffix}'\"}}");
                assert_eq!(wrong_overlays(&with), [format!("{name}-web")], "{with}");
            }
        }
        assert_eq!(wrong_overlays(&format!("{{each: {each}, expression: 'pod.hostNetwork'}}")), [""; 0]);
    }
}
