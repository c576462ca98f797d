//! `diff` over small fleets: what is shown of them in every format.
//!
//! Never: a disk but for the fixtures, git.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::weigh;
use crate::base::{RepoPath, Side, Sources};
use crate::compare::testworld;
use crate::config::Configuration;
use crate::model::Trees;
use crate::report::{BaseName, Color, DiffFormat, DiffReport};
use crate::shown;
use crate::sides::Sides;
use crate::testkit::{self, Files};

/// The fleets in `testdata/diff`.
const CASES: [&str; 8] = ["broken", "chart", "deletion", "hash", "hostile", "rename", "secret", "shared"];

/// The values of Secrets in them.
const VALUES: [&str; 6] = ["winter-rain", "spring-leaf", "summer-sand", "autumn-fog", "5432", "c3VtbWVyLXNhbm"];

fn told(base: &Files, head: &Files, within: &[&str]) -> DiffReport {
    let sources = Arc::new(Sources::default());
    let name = BaseName { revision: "main".to_owned(), merge_base: Some("1a2b3c4d5e6f".to_owned()) };
    let base = Some((testkit::listed(&sources, Side::Base, base), name));
    let sides = Sides { base, ..Sides::of(testkit::listed(&sources, Side::Head, head)) };
    let weighed = weigh(Trees::new(sources), sides, Configuration::default(), crate::base::Date::from_unix(0));
    let within: Vec<RepoPath> = within.iter().map(|path| testkit::path(path)).collect();
    shown::told(&weighed, &within, 3)
}

fn folder(case: &str, side: &str) -> Files {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/diff").join(case).join(side);
    let files = testworld::files(&root).into_iter();
    files.map(|(name, text)| (RepoPath::new(&name).expect("a path"), text.into_bytes())).collect()
}

fn of(case: &str) -> DiffReport {
    told(&folder(case, "base"), &folder(case, "head"), &[])
}

fn all(report: &DiffReport) -> [(&'static str, String); 3] {
    [
        ("text", report.print(DiffFormat::Text(Color::Off))),
        ("json", report.print(DiffFormat::Json)),
        ("markdown", report.print(DiffFormat::Markdown)),
    ]
}

fn files(texts: &[(&str, &str)]) -> Files {
    texts.iter().map(|(name, text)| (testkit::path(name), text.as_bytes().to_vec())).collect()
}

#[test]
fn fleets_in_every_format() {
    for case in CASES {
        let report = of(case);
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/diff").join(case));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| {
            for (name, text) in all(&report) {
                for value in VALUES {
                    assert!(!text.contains(value), "{case}, {name}: {value}");
                }
                insta::assert_snapshot!(name, text);
            }
        });
    }
}

#[test]
fn a_side_and_itself_do_not_differ() {
    for case in CASES {
        let head = folder(case, "head");
        let report = told(&head, &head, &[]);
        assert!(!report.is_any(), "{case}");
        // What does not build on either side is no difference, and not known to be the same.
        let what = if case == "broken" { "nothing that can be compared" } else { "nothing" };
        let text = report.print(DiffFormat::Text(Color::Off));
        assert!(text.starts_with(&format!("{what} changes against 1a2b3c4\n")), "{text}");
    }
}

#[test]
fn a_path_limits_what_is_shown() {
    let (base, head) = (folder("shared", "base"), folder("shared", "head"));
    let report = told(&base, &head, &["web/overlays/stage"]);
    let places: Vec<&str> = report.objects.iter().flat_map(|one| &one.places).map(|place| &*place.build).collect();
    assert_eq!(places, ["web/overlays/stage"]);
}

#[test]
fn markdown_keeps_to_its_budget() {
    for case in CASES {
        let report = of(case);
        let whole = report.markdown(usize::MAX);
        for budget in (800..whole.len() + 200).step_by(97) {
            let cut = report.markdown(budget);
            assert!(cut.len() <= budget, "{case}: {} of {budget}", cut.len());
            assert_eq!(cut.matches("<details>").count(), cut.matches("\n</details>\n").count(), "{case}: {cut}");
            let lost = whole.matches("<details>").count() - cut.matches("<details>").count();
            assert_eq!(lost > 0, cut.contains("left out for want of room"), "{case}: {cut}");
        }
    }
}

#[test]
fn colors_are_those_of_git() {
    let text = of("shared").print(DiffFormat::Text(Color::On));
    assert!(text.contains("\x1b[31m-") && text.contains("\x1b[32m+") && text.contains("\x1b[36m@@"), "{text}");
}

fn secret(values: &str) -> Files {
    files(&[("s.yaml", &format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {values}\n"))])
}

#[test]
fn secrets_that_trade_places_are_shown_to_change() {
    let report = told(&secret("{a: one-1, b: two-2}"), &secret("{a: two-2, b: one-1}"), &[]);
    let lines: Vec<&String> = report.objects.iter().flat_map(|one| &one.hunks).flat_map(|hunk| &hunk.lines).collect();
    let changed: Vec<&&String> = lines.iter().filter(|line| line.contains("(changed)")).collect();
    assert_eq!(changed, [&"+  a: '[redacted (changed)]'", &"+  b: '[redacted (changed)]'"], "{lines:?}");
    let list = |args: &str| {
        let spec = format!("{{template: {{spec: {{containers: [{{name: a, args: {args}}}]}}}}}}");
        files(&[("d.yaml", &format!("apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: s}}\nspec: {spec}\n"))])
    };
    let (one, two) = ("--password=winter-Rain-41x", "--password=summer-Sand-77y");
    let report = told(&list(&format!("[{one}, {two}]")), &list(&format!("[{two}, {one}]")), &[]);
    let text = report.print(DiffFormat::Text(Color::Off));
    assert!(!text.contains("winter") && !text.contains("summer"), "{text}");
    assert!(text.contains("(changed)"), "{text}");
}

#[test]
fn what_only_reads_the_same_is_said_to_differ() {
    let map =
        |value: &str| files(&[("c.yaml", &format!("apiVersion: v1\nkind: A\nmetadata: {{name: s}}\nx: {value}\n"))]);
    let report = told(&map("1.0"), &map("1"), &[]);
    for one in &report.objects {
        assert_eq!(one.note.is_some(), one.hunks.is_empty());
    }
}
