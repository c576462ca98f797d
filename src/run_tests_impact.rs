//! `impact` over small fleets: what is told of them in every format.
//!
//! Never: a disk but for the fixtures, git.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::weigh;
use crate::base::{RepoPath, Side, Sources};
use crate::compare::testworld;
use crate::config::Configuration;
use crate::delivery::Here;
use crate::model::Trees;
use crate::report::{BaseName, ImpactFormat, ImpactPart, ImpactReport};
use crate::sides::Sides;
use crate::testkit::{self, Files};
use crate::touched;

fn told(base: Option<&Files>, head: &Files) -> ImpactReport {
    let sources = Arc::new(Sources::default());
    let name = || BaseName { revision: "main".to_owned(), merge_base: Some("1a2b3c4d5e6f".to_owned()) };
    let sides = Sides {
        base: base.map(|files| (testkit::listed(&sources, Side::Base, files), name())),
        head: testkit::listed(&sources, Side::Head, head),
        here: Here::default(),
        within: Vec::new(),
        past: None,
        passed: None,
        root: None,
        commit: None,
    };
    touched::told(&weigh(Trees::new(sources), sides, Configuration::default(), crate::base::Date::from_unix(0)))
}

fn folder(side: &str) -> Files {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/impact").join(side);
    let files = testworld::files(&root).into_iter();
    files.map(|(name, text)| (RepoPath::new(&name).expect("a path"), text.into_bytes())).collect()
}

fn files(texts: &[(&str, &str)]) -> Files {
    texts.iter().map(|(name, text)| (testkit::path(name), text.as_bytes().to_vec())).collect()
}

#[test]
fn a_fleet_in_every_format() {
    let report = told(Some(&folder("base")), &folder("head"));
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/impact"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (part, name) in [(ImpactPart::Touched, "touched"), (ImpactPart::Graph, "graph")] {
            insta::assert_snapshot!(format!("{name}-text"), report.print(ImpactFormat::Text, part));
            insta::assert_snapshot!(format!("{name}-markdown"), report.print(ImpactFormat::Markdown, part));
            insta::assert_snapshot!(format!("{name}-json"), report.print(ImpactFormat::Json, part));
        }
    });
    assert!(report.is_any());
}

#[test]
fn a_side_and_itself_touch_nobody() {
    let head = folder("head");
    let report = told(Some(&head), &head);
    assert!(!report.is_any());
    assert!(report.print(ImpactFormat::Text, ImpactPart::Touched).starts_with("nothing is touched against 1a2b3c4\n"));
    assert!(report.deleted.is_empty() && report.kept.is_empty() && report.moved.is_empty());
}

fn application(name: &str, path: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n  \
         source: {{repoURL: https://git.example.org/a/b, path: {path}}}\n  destination: {{name: c}}\n"
    )
}

#[test]
fn circles_end_and_are_marked() {
    let (one, two) = (application("one", "b/two"), application("two", "a/one"));
    let head = files(&[("a/one/one.yaml", &one), ("b/two/two.yaml", &two)]);
    let text = told(None, &head).print(ImpactFormat::Text, ImpactPart::Graph);
    assert_eq!(
        text,
        "Application argocd/one, in c, by hand: 1 object\n└─ Application argocd/two, in c, by hand: 1 object\n   \
         └─ Application argocd/one, in c, by hand: 1 object (a circle: it brings itself)\n"
    );
    let itself = application("self", "a/self");
    let head = files(&[("a/self/self.yaml", &itself)]);
    assert!(told(None, &head).print(ImpactFormat::Text, ImpactPart::Graph).contains("(a circle"));
}

#[test]
fn a_large_diagram_is_cut_and_says_so() {
    let all: Vec<(String, String)> =
        (0..40).map(|row| (format!("apps/{row}.yaml"), application(&format!("app-{row:02}"), "x/y"))).collect();
    let head: Files = all.iter().map(|(name, text)| (testkit::path(name), text.as_bytes().to_vec())).collect();
    let report = told(None, &head);
    let text = report.print(ImpactFormat::Markdown, ImpactPart::Graph);
    assert_eq!(text.matches("argocd/app-").count(), 30);
    assert!(text.contains("10 more are in the JSON report"), "{text}");
    assert_eq!(report.print(ImpactFormat::Text, ImpactPart::Graph).lines().count(), 40);
}

#[test]
fn hostile_names_stay_names() {
    let name = "\"a\\n::error::x|`b`<img src=x>@all ##[group]\\u202e\"];click n0 call()\"";
    let kind = |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n");
    let name = &name[..name.find("];click").expect("it is there")];
    let head = files(&[("apps/a.yaml", &application(name, "x/y")), ("x/y/a.yaml", &kind(name))]);
    let base = files(&[("apps/b.yaml", &application("other", "x/y"))]);
    let report = told(Some(&base), &head);
    for part in [ImpactPart::Touched, ImpactPart::Graph] {
        for format in [ImpactFormat::Text, ImpactFormat::Markdown, ImpactFormat::Json] {
            let text = report.print(format, part);
            assert!(!text.contains('\u{202e}') && !text.contains("##[group]"), "{text}");
            assert!(text.lines().all(|line| !line.trim_start().starts_with("::")), "{text}");
        }
        let text = report.print(ImpactFormat::Markdown, part);
        let outside: Vec<&str> = text.split("```mermaid").next().into_iter().flat_map(str::lines).collect();
        assert!(outside.iter().all(|line| !line.contains("<img") || line.contains("`` ")), "{text}");
        assert!(!text.split("```mermaid").nth(1).unwrap_or_default().contains("<img"), "{text}");
    }
}

#[test]
fn no_value_is_told() {
    let secret = |value: &str| {
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{password: {value}}}\n")
    };
    let app = application("a", "x/y");
    let side = |value: &str| files(&[("apps/a.yaml", &app), ("x/y/s.yaml", &secret(value))]);
    let report = told(Some(&side("kq7W2x9ZpL4t")), &side("kq7W2x9ZpL4u"));
    assert!(report.is_any());
    for part in [ImpactPart::Touched, ImpactPart::Graph] {
        for format in [ImpactFormat::Text, ImpactFormat::Markdown, ImpactFormat::Json] {
            assert!(!report.print(format, part).contains("kq7W2x9"));
        }
    }
}

#[test]
fn an_overlay_that_does_not_build_is_said_to_be_unknown() {
    let app = application("a", "x/y");
    let object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    let side = |kustomization: &str| {
        files(&[("apps/a.yaml", &app), ("x/y/kustomization.yaml", kustomization), ("x/y/a.yaml", object)])
    };
    let report = told(Some(&side("resources: [a.yaml]\n")), &side("resources: [b.yaml]\n"));
    assert!(report.deleted.is_empty());
    let text = report.print(ImpactFormat::Text, ImpactPart::Touched);
    assert!(
        text.contains("not counted, since it cannot be built or read: 1 part\n  x/y/kustomization.yaml:1"),
        "{text}"
    );
}
