//! The formats over one small verdict: several labels in one file, a redacted line, places in other files.
//!
//! Never: a rule; the findings are made here.

use super::*;
use crate::base::{Side, Span, TextRange};
use crate::model::Trees;
use crate::rules::{Counts, Finding, Label, ObjectName, Severity, Standing, Status};
use crate::testkit::{path, snapshot, trees};

const SECRET: &str =
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData: {password: hünter2, user: root}\n";

/// The first place of a text in a file.
fn find(trees: &Trees, snapshot: &crate::base::Snapshot, name: &str, text: &str) -> Span {
    let file = snapshot.file(&path(name)).expect("a file");
    let start = trees.sources().text(file).find(text).expect("the text") as u32;
    Span { file, range: TextRange::new(start, start + text.len() as u32) }
}

fn verdict(trees: &Trees) -> Verdict {
    let overlay = "resources: [../base]\n";
    let files = [("base/secret.yaml", SECRET), ("prod/kustomization.yaml", overlay)];
    let side = snapshot(trees, Side::Head, &files);
    let at = |name: &str, text: &str| find(trees, &side, name, text);
    let label = |at, says: &str| Label { at, side: Side::Head, says: says.to_owned() };
    trees.sources().redact(at("base/secret.yaml", "hünter2"));
    let object =
        ObjectName { api_version: "v1".into(), kind: "Secret".into(), namespace: "".into(), name: "db".into() };
    let first = Finding {
        rule: "plaintext-secret".into(),
        pack: "secrets".into(),
        severity: Severity::Error,
        message: "`password` of Secret `db` is in the clear".into(),
        help: Some("Encrypt it.\nThen rotate it.".into()),
        primary: at("base/secret.yaml", "hünter2"),
        side: Side::Head,
        related: vec![
            label(at("base/secret.yaml", "Secret"), "of this Secret"),
            label(at("prod/kustomization.yaml", "resources: [../base]"), "rendered by this overlay"),
        ],
        object: Some(object),
        field: Some("/stringData/password".into()),
        fingerprint: "0123456789abcdef".into(),
        status: Status::Open,
    };
    let second = Finding {
        rule: "not-rendered".into(),
        pack: "guard".into(),
        severity: Severity::Info,
        message: "user is shown where it is".into(),
        help: None,
        primary: at("base/secret.yaml", "root"),
        related: Vec::new(),
        object: None,
        field: None,
        ..first.clone()
    };
    Verdict {
        findings: vec![first, second],
        counts: Counts { error: 1, warning: 0, info: 1, unchanged: 3, suppressed: 0 },
        standing: vec![Standing { rule: "not-rendered".into(), count: 2 }],
        skipped: vec!["schema-field-removed".into()],
        undecided: [("plaintext-secret".into(), 1)].into(),
        added: Vec::new(),
    }
}

fn written(format: Format) -> String {
    let trees = trees();
    let verdict = verdict(&trees);
    let base = BaseName { revision: "main".into(), merge_base: Some("1a2b3c4d5e6f".into()) };
    let judged = Judged { objects: 41, builds: 1, files: 2 };
    let counts = InstanceCounts { total: 3, changed: 3, ..InstanceCounts::default() };
    let api = ApiImpact {
        group: "platform.example.org".into(),
        kind: "Database".into(),
        path: "apis/database.yaml".into(),
        changes: 1,
        instances: counts,
    };
    let report = Report { sources: trees.sources(), verdict: &verdict, base: Some(base), judged, apis: vec![api] };
    let mut out = Vec::new();
    report.write(format, &mut out).expect("a vector takes all");
    String::from_utf8(out).expect("text")
}

#[test]
fn text_shows_lines_labels_and_a_summary() {
    let text = written(Format::Text { color: Color::Off, width: 100, summary: Summary::On });
    assert!(!text.contains("nter2"), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn color_adds_escapes_only() {
    let plain = written(Format::Text { color: Color::Off, width: 100, summary: Summary::Off });
    let colored = written(Format::Text { color: Color::On, width: 100, summary: Summary::Off });
    let escape = regex::Regex::new("\x1b\\[[0-9;]*m").expect("a pattern");
    assert_ne!(plain, colored);
    assert_eq!(escape.replace_all(&colored, ""), plain);
}

#[test]
fn json_is_version_one() {
    insta::assert_snapshot!(written(Format::Json));
}

#[test]
fn explain_and_list_use_the_rule_files() {
    let rules = crate::rules::RuleSet::embedded();
    insta::assert_snapshot!(explain(rules.get("prune-on-core").expect("a rule")));
    assert!(list(&rules).contains("  privileged-container"));
}
