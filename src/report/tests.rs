//! The formats over one small verdict: several labels in one file, a redacted line, places in other files.
//!
//! Never: a rule; the findings are made here.

mod pages;

use super::*;
use crate::base::{Side, Span, TextRange};
use crate::model::Trees;
use crate::rules::{Counts, Finding, Label, ObjectName, Ran, Severity, Standing, Status};
use crate::testkit::{path, snapshot, trees};

const SECRET: &str =
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData: {password: hünter2, user: root}\n";

/// The first place of a text in a file.
fn find(trees: &Trees, snapshot: &crate::base::Snapshot, name: &str, text: &str) -> Span {
    let file = snapshot.file(&path(name)).expect("a file");
    let start = trees.sources().text(file).find(text).expect("the text") as u32;
    Span { file, range: TextRange::new(start, start + text.len() as u32) }
}

fn ran(id: &str, severity: Severity) -> Ran {
    let see = vec!["https://example.com/why?a=b".to_owned()];
    Ran { id: id.into(), pack: "secrets".into(), severity, why: "Why.\n".into(), fix: "Fix it.\n".into(), see }
}

fn files(trees: &Trees) -> Snapshot {
    let overlay = "resources: [../base]\n";
    snapshot(trees, Side::Head, &[("base/secret.yaml", SECRET), ("prod/kustomization.yaml", overlay)])
}

fn verdict(trees: &Trees, side: &Snapshot) -> Verdict {
    let at = |name: &str, text: &str| find(trees, side, name, text);
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
        steps: Vec::new(),
        rewritten: None,
        primary: at("base/secret.yaml", "hünter2"),
        side: Side::Head,
        revision: None,
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
        steps: Vec::new(),
        rewritten: None,
        primary: at("base/secret.yaml", "root"),
        related: Vec::new(),
        object: None,
        field: None,
        ..first.clone()
    };
    Verdict {
        findings: vec![first, second],
        counts: Counts { error: 1, info: 1, unchanged: 3, baseline: 2, expired: 1, ..Counts::default() },
        standing: vec![Standing { rule: "not-rendered".into(), count: 2 }],
        skipped: vec!["schema-field-removed".into()],
        undecided: [("plaintext-secret".into(), 1)].into(),
        known: Vec::new(),
        added: Vec::new(),
        ran: vec![ran("not-rendered", Severity::Info), ran("plaintext-secret", Severity::Error)],
    }
}

fn written(format: Format) -> String {
    let trees = trees();
    let head = files(&trees);
    let verdict = verdict(&trees, &head);
    print(&trees, &head, &verdict, format)
}

fn print(trees: &Trees, head: &Snapshot, verdict: &Verdict, format: Format) -> String {
    let mut out = Vec::new();
    report(trees, head, verdict).write(format, &mut out).expect("a vector takes all");
    String::from_utf8(out).expect("text")
}

fn report<'a>(trees: &'a Trees, head: &'a Snapshot, verdict: &'a Verdict) -> Report<'a> {
    let base = BaseName { revision: "main".into(), merge_base: Some("1a2b3c4d5e6f".into()) };
    let api = ApiImpact {
        group: "platform.example.org".into(),
        kind: "Database".into(),
        path: "apis/database.yaml".into(),
        changes: 1,
        instances: InstanceCounts { total: 3, changed: 3, ..InstanceCounts::default() },
        unknown: std::collections::BTreeMap::new(),
    };
    let application = ApplicationImpact {
        controller: "argocd",
        namespace: "argocd".into(),
        name: "platform-root".into(),
        cluster: None,
        root: true,
        prunes: true,
        builds: 2,
        path: "bootstrap/root.yaml".into(),
        line: 2,
    };
    let path = "apps/db.yaml".to_owned();
    let chart = UnrenderedPart { path, line: 12, what: "Helm chart".into(), sort: "Helm chart" };
    Report {
        sources: trees.sources(),
        verdict,
        base: Some(base),
        judged: Judged { objects: 41, builds: 1, files: 2 },
        apis: vec![api],
        applications: vec![application],
        deleted: Vec::new(),
        unrendered: vec![chart],
        head,
        is_empty: false,
        touched: None,
        differences: None,
        links: None,
    }
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

const TEXT: Format = Format::Text { color: Color::Off, width: 100, summary: Summary::On };

/// The mistakes of a SARIF log by the schema of the standard.
fn sarif_mistakes(log: &str) -> Vec<String> {
    let schema = include_str!("../../testdata/formats/sarif-2.1.0-rtm.5.json");
    // The pattern of a language has a bracket too many, which some dialects of regular expressions refuse.
    let schema = schema.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}?$");
    let schema = serde_json::from_str(&schema).expect("the schema is JSON");
    let schema = jsonschema::validator_for(&schema).expect("the schema is one");
    let log = serde_json::from_str(log).expect("the log is JSON");
    schema.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn sarif_is_as_the_standard_says() {
    let log = written(Format::Sarif);
    assert_eq!(sarif_mistakes(&log), Vec::<String>::new());
    assert!(!sarif_mistakes(&log.replace("startLine", "line")).is_empty(), "the schema refuses what it does not know");
    insta::assert_snapshot!(log);
}

#[test]
fn annotations_are_lines_of_the_runner() {
    insta::assert_snapshot!(written(Format::Github));
}

#[test]
fn sarif_has_all_rules_of_the_tool() {
    let rules = crate::rules::RuleSet::embedded();
    let words = |rule: &crate::rules::Rule| Ran {
        id: rule.id.clone(),
        pack: rule.pack.clone(),
        severity: rule.severity,
        why: rule.why.clone(),
        fix: rule.fix.clone(),
        see: rule.see.clone(),
    };
    let verdict = Verdict { ran: rules.rules.iter().map(words).collect(), ..Verdict::default() };
    let trees = trees();
    let log = print(&trees, &files(&trees), &verdict, Format::Sarif);
    assert_eq!(sarif_mistakes(&log), Vec::<String>::new());
    let log: serde_json::Value = serde_json::from_str(&log).expect("JSON");
    assert_eq!(log["runs"][0]["tool"]["driver"]["rules"].as_array().map(Vec::len), Some(rules.rules.len()));
}

#[test]
fn what_is_gone_is_shown_where_the_head_has_something() {
    let trees = trees();
    let head = files(&trees);
    let base = snapshot(&trees, Side::Base, &[("prod/gone/pvc.yaml", "kind: PersistentVolumeClaim\n")]);
    let gone = find(&trees, &base, "prod/gone/pvc.yaml", "Persistent");
    let mut verdict = verdict(&trees, &head);
    verdict.findings.truncate(1);
    verdict.findings[0].primary = gone;
    verdict.findings[0].side = Side::Base;
    verdict.findings[0].related.clear();
    let log: serde_json::Value =
        serde_json::from_str(&print(&trees, &head, &verdict, Format::Sarif)).expect("the log is JSON");
    let result = &log["runs"][0]["results"][0];
    let uri = |location: &serde_json::Value| location["physicalLocation"]["artifactLocation"]["uri"].clone();
    assert_eq!(uri(&result["locations"][0]), "prod/kustomization.yaml");
    assert_eq!(uri(&result["relatedLocations"][0]), "prod/gone/pvc.yaml");
    assert_eq!(result["relatedLocations"][0]["message"]["text"], "here (in the base)");
    let annotation = print(&trees, &head, &verdict, Format::Github);
    let start =
        "::error file=prod/kustomization.yaml,title=plaintext-secret::prod/gone/pvc.yaml:1 (in the base): `password`";
    assert!(annotation.starts_with(start), "{annotation}");
}

/// What no format may pass on as it is.
const HOSTILE: &str = "a\n::error file=x::forged\r\n%0A::warning::b,c:d%25\"'<script>alert(1)</script>\x1b[2J\u{202e}txt\u{2066}\u{7}\u{9b}31m\u{200b}##[stop-commands]x [y](https://example.com) {0} | `b` ``` </details> --> ]]> & @team #1 !2 ~3 :ok: www.example.org *x* $y$ \\| <br>";

/// A finding of which every word is hostile, in a file of which name and text are.
fn hostile(trees: &Trees) -> (Snapshot, Verdict) {
    let name = format!("apps/{}", HOSTILE.replace('/', "|"));
    let text = format!("kind: Secret # \u{202e}\x1b[1A ##[error]x\n::error::y\nname: \"{HOSTILE}\"\n");
    let head = snapshot(trees, Side::Head, &[(&*name, &*text), ("b.yaml", "a: b\n")]);
    let at = |text| find(trees, &head, &name, text);
    let label = |at| Label { at, side: Side::Head, says: HOSTILE.to_owned() };
    let word = || std::sync::Arc::from(HOSTILE);
    let first = Finding {
        rule: "plaintext-secret".into(),
        pack: "secrets".into(),
        severity: Severity::Error,
        message: format!("`{HOSTILE}` is in the clear"),
        help: Some(HOSTILE.into()),
        steps: Vec::new(),
        rewritten: None,
        primary: at("name: \""),
        side: Side::Head,
        revision: None,
        related: vec![label(at("Secret")), label(find(trees, &head, "b.yaml", "b"))],
        object: Some(ObjectName { api_version: HOSTILE.into(), kind: word(), namespace: word(), name: word() }),
        field: Some(format!("/metadata/{HOSTILE}")),
        fingerprint: "0123456789abcdef".into(),
        status: Status::Open,
    };
    let ran = vec![ran("plaintext-secret", Severity::Error)];
    (
        head,
        Verdict { findings: vec![first], ran, counts: Counts { error: 1, ..Counts::default() }, ..Verdict::default() },
    )
}

#[test]
fn hostile_names_stay_names() {
    let trees = trees();
    let (head, verdict) = hostile(&trees);
    let narrow = Format::Text { color: Color::Off, width: 40, summary: Summary::On };
    let markdown = Format::Markdown(Room::Comment);
    for format in [TEXT, narrow, Format::Json, Format::Sarif, Format::Github, Format::Gitlab, Format::Junit, markdown] {
        let text = print(&trees, &head, &verdict, format);
        let bad = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{2066}\u{200b}".contains(c);
        assert!(!text.chars().any(bad), "{format:?}: {text:?}");
        assert!(!text.contains("##["), "{format:?}: {text}");
        let commands = text.lines().filter(|line| line.trim_start().starts_with("::")).count();
        assert_eq!(commands, usize::from(format == Format::Github), "{format:?}: {text}");
    }
}

#[test]
fn hostile_names_reach_programs_whole() {
    let trees = trees();
    let (head, verdict) = hostile(&trees);
    let value = |format| -> serde_json::Value {
        serde_json::from_str(&print(&trees, &head, &verdict, format)).expect("it is JSON")
    };
    let finding = &value(Format::Json)["findings"][0];
    assert_eq!(finding["object"]["name"], HOSTILE);
    assert_eq!(finding["location"]["path"], format!("apps/{}", HOSTILE.replace('/', "|")));
    let log = value(Format::Sarif);
    assert_eq!(sarif_mistakes(&log.to_string()), Vec::<String>::new());
    let result = &log["runs"][0]["results"][0];
    let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().expect("a path");
    assert!(uri.starts_with("apps/a%0A%3A%3Aerror%20file%3Dx") && uri.is_ascii(), "{uri}");
    let message = result["message"]["text"].as_str().expect("a message");
    assert!(message.contains("\\[y\\](https"), "a name makes no link: {message}");
}

#[test]
fn columns_of_sarif_count_units_of_utf16() {
    let trees = trees();
    let head = snapshot(&trees, Side::Head, &[("a.yaml", "a: 1\nkey: \"🔧é\" # x\n")]);
    let mut verdict = verdict(&trees, &files(&trees));
    verdict.findings.truncate(1);
    verdict.findings[0].related.clear();
    verdict.findings[0].primary = find(&trees, &head, "a.yaml", "# x");
    let log: serde_json::Value =
        serde_json::from_str(&print(&trees, &head, &verdict, Format::Sarif)).expect("the log is JSON");
    let region = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(
        (&region["startLine"], &region["startColumn"], &region["endColumn"]),
        (&2.into(), &12.into(), &15.into())
    );
}

/// A verdict of many findings at one line, long by so many entries on both sides.
fn many(trees: &Trees, count: usize, padding: usize) -> (Snapshot, Verdict) {
    let line = format!("data: {{{}, password: hünter2, {}}}\n", "a: b, ".repeat(padding), "c: d, ".repeat(padding));
    let head = snapshot(trees, Side::Head, &[("long.yaml", &line)]);
    let small = files(trees);
    let mut verdict = verdict(trees, &small);
    let mut finding = verdict.findings.swap_remove(0);
    finding.primary = find(trees, &head, "long.yaml", "hünter2");
    trees.sources().redact(finding.primary);
    finding.related.clear();
    verdict.findings = (0..count).map(|_| finding.clone()).collect();
    verdict.findings[count - 1].severity = Severity::Warning;
    verdict.counts = Counts { error: count - 1, warning: 1, ..Counts::default() };
    (head, verdict)
}

#[test]
fn a_long_line_is_cut_around_its_place() {
    let trees = trees();
    let (head, verdict) = many(&trees, 2, 9000);
    let text = print(&trees, &head, &verdict, Format::Text { color: Color::Off, width: 40, summary: Summary::Off });
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn limits_of_readers_are_kept_and_told() {
    let trees = trees();
    let (head, verdict) = many(&trees, 25_001, 0);
    let annotations = print(&trees, &head, &verdict, Format::Github);
    assert_eq!(annotations.lines().count(), 11);
    let last = "::notice title=gitops-guard::24991 more are not annotated; in all there are 25000 errors, 1 warning: see the report";
    assert_eq!(annotations.lines().last(), Some(last));
    let log: serde_json::Value =
        serde_json::from_str(&print(&trees, &head, &verdict, Format::Sarif)).expect("the log is JSON");
    let run = &log["runs"][0];
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), 25_000);
    assert!(results.iter().all(|result| result["level"] == "error"), "the least severe one is left out");
    let note = run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].as_str().expect("a note");
    assert!(note.starts_with("1 of 25001 findings are left out"), "{note}");
}
