//! The pack `breaking-changes` over its fixtures.
//!
//! Never: part of the binary.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::compare;
use crate::compare::testworld::{Sides, files, sides};
use crate::impact;
use crate::rules::{Facts, RuleSet, Settings, Verdict, judge};

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut found: Vec<PathBuf> = std::fs::read_dir(root.join("breaking-changes"))
        .expect("the fixtures are there")
        .map(|entry| entry.expect("it can be read").path())
        .chain([root.join("guard/unclassified-change")])
        .collect();
    found.sort();
    found
}

pub(super) fn verdict(rules: &RuleSet, sides: &Sides) -> Verdict {
    let changes = compare::worlds(&sides.trees, &sides.base, &sides.head);
    let impact = impact::of(&sides.trees, &sides.base, &sides.head, &changes);
    let facts =
        Facts { trees: &sides.trees, base: Some(&sides.base), head: &sides.head, changes: &changes, impact: &impact };
    judge(rules, &facts, &Settings::default())
}

pub(super) fn lines(sides: &Sides, verdict: &Verdict) -> String {
    let sources = sides.trees.sources();
    let place = |at| {
        let (start, _) = sources.positions(at);
        format!("{}:{}:{}", sources.path(at.file), start.line, start.column)
    };
    let mut out = String::new();
    for finding in &verdict.findings {
        let _ = writeln!(
            out,
            "{} {:?} {:?} {} `{}`\n  {}",
            finding.rule,
            finding.severity,
            finding.side,
            place(finding.primary),
            sources.slice(finding.primary),
            finding.message
        );
        for label in &finding.related {
            let _ = writeln!(out, "  {:?} {} {}", label.side, place(label.at), label.says);
        }
    }
    out
}

#[test]
fn each_rule_finds_its_fault_and_spares_what_is_near() {
    let mut rules = RuleSet::embedded();
    for rule in &mut rules.rules {
        rule.default = crate::rules::Default::On;
    }
    let mut faults = String::new();
    for folder in folders() {
        let id = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let of = |part: &str| sides(&files(&folder.join(part).join("base")), &files(&folder.join(part).join("head")));
        let fail = of("fail");
        let found = verdict(&rules, &fail);
        let shown = lines(&fail, &found);
        if !found.findings.iter().any(|finding| *finding.rule == *id) {
            let _ = writeln!(faults, "{id}/fail: no finding of its rule, but\n{shown}");
        }
        insta::assert_snapshot!(format!("fail_{id}"), shown);
        let pass = of("pass");
        let embedded = RuleSet::embedded();
        let shown = lines(&pass, &verdict(&embedded, &pass));
        if !shown.is_empty() {
            let _ = writeln!(faults, "{id}/pass:\n{shown}");
        }
        for part in ["fail", "pass"] {
            let head = files(&folder.join(part).join("head"));
            let same = sides(&head, &head);
            let shown = lines(&same, &verdict(&rules, &same));
            if !shown.is_empty() {
                let _ = writeln!(faults, "{id}/{part} with itself:\n{shown}");
            }
        }
    }
    assert!(faults.is_empty(), "{faults}");
}
