//! Suppressions over small worlds: which places comments and the configuration are about, what is wrong with them, and
//! that none hides more than it names.
//!
//! Never: a rule of the binary but those about suppressions; the rule that finds something is the test's own.

use std::fmt::Write as _;

use crate::base::{Side, Span};
use crate::compare::Changes;
use crate::grammar::Glob;
use crate::impact::Impact;
use crate::model::Trees;
use crate::rules::{
    Check, CommentsOf, Default, Facts, Hit, Ignore, Rule, RuleSet, Settings, Severity, Show, Template, Verdict, judge,
    kinds,
};
use crate::testkit::{plain_world, trees};
use crate::world::World;

/// Finds every word "BAD", in whatever text.
fn rules() -> RuleSet {
    let check = Check::World(Box::new(|trees, world, sink| {
        for file in &world.texts {
            for (at, _) in trees.sources().text(*file).match_indices("BAD") {
                let range = crate::base::TextRange::new(at as u32, at as u32 + 3);
                sink.report(Hit { side: world.side, ..Hit::at(Span { file: *file, range }) });
            }
        }
    }));
    let rule = |id: &str, check, default| Rule {
        id: id.into(),
        pack: "test".into(),
        kind: kinds::kind("problem").expect("a kind"),
        check,
        severity: Severity::Error,
        default,
        raise: Vec::new(),
        lower: Vec::new(),
        since: "0.1.0".into(),
        says: Template::new("it is BAD"),
        why: "why".into(),
        fix: "mend it".into(),
        see: Vec::new(),
    };
    let nothing = || Check::World(Box::new(|_, _, _| {}));
    let mut rules = RuleSet::embedded().rules;
    rules.push(rule("bad-word", check, Default::On));
    rules.push(rule("quiet", nothing(), Default::On));
    rules.push(rule("switched-off", nothing(), Default::Off));
    rules.push(rule("of-changes", Check::Change(Box::new(|_, _| {})), Default::On));
    RuleSet::new(rules, Vec::new())
}

fn verdict(trees: &Trees, base: Option<&World>, head: &World, settings: &Settings) -> Verdict {
    let (changes, impact) = (Changes::default(), Impact::default());
    let today = settings.today;
    judge(&rules(), &Facts { trees, base, head, changes: &changes, impact: &impact, today }, settings)
}

/// `line rule` of each finding that counts, in one line.
fn told(trees: &Trees, verdict: &Verdict) -> String {
    let mut out = String::new();
    for finding in &verdict.findings {
        let line = trees.sources().positions(finding.primary).0.line;
        write!(out, "{}{line} {}", if out.is_empty() { "" } else { ", " }, finding.rule).expect("a string takes all");
    }
    out
}

fn settings() -> Settings {
    Settings { today: "2026-01-01".parse().expect("a date"), ..Settings::default() }
}

#[test]
fn comments_are_about_their_line_the_next_or_the_document() {
    const A: &str = "# gitops-guard: ignore[bad-word] why";
    let own = |text: &str| text.replace('@', A);
    for (name, text, says) in [
        ("a.yaml", own("a: 1\nx: BAD @\n"), ""),
        ("a.yaml", own("a: 1\n@\nx: BAD\n"), ""),
        ("a.yaml", own("a: 1\r\n@\r\nx: BAD\r\n"), ""),
        ("a.yaml", own("a: 1\n@\n# more\n#\nx: BAD\n"), ""),
        ("a.yaml", own("a: 1\n@\n\nx: BAD\n"), "2 unused-suppression, 4 bad-word"),
        ("a.yaml", own("a: 1 @\nx: BAD\n"), "1 unused-suppression, 2 bad-word"),
        ("a.yaml", own("a: 1\nx: BAD\n@\n"), "2 bad-word, 3 unused-suppression"),
        // The head of a document.
        ("a.yaml", own("@\na: 1\nx: BAD\ny: BAD\n"), ""),
        ("a.yaml", own("\u{feff}@\r\na: 1\r\nx: BAD\r\n"), ""),
        ("a.yaml", own("# a licence\n@\n---\na: 1\nx: BAD\n"), ""),
        ("a.yaml", own("a: 1\n--- @\nb: 1\nx: BAD\n"), ""),
        ("a.yaml", own("a: BAD\n---\n@\nb: 1\nx: BAD\n---\nc: BAD\n"), "1 bad-word, 7 bad-word"),
        // What is in a text is no comment; what is above its key is about all of it.
        ("a.yaml", own("a: 1\nt: |\n  @\n  BAD\n"), "4 bad-word"),
        ("a.yaml", own("a: 1\nt: \"\n  @\n  BAD\"\n"), "4 bad-word"),
        ("a.yaml", own("a: 1\n@\nt: |\n  x\n\n  BAD\n"), ""),
        ("a.yaml", own("a: 1\nt: | @\n  x\n  BAD\n"), ""),
        // Other languages.
        ("a.json", own("{\"a\": 1,\n@\n\"x\": \"BAD\"}\n"), "3 bad-word"),
        ("a.env", own("A=1\n@\nX=BAD\nY=1 @\n"), ""),
        ("a.env", own("A=1\nX=BAD @\n"), "2 bad-word"),
    ] {
        let trees = trees();
        let head = plain_world(&trees, Side::Head, &[(name, &text)]);
        assert_eq!(told(&trees, &verdict(&trees, None, &head, &settings())), says, "{name} {text:?}");
        // A tree against itself has no finding, whatever its comments say.
        let base = plain_world(&trees, Side::Base, &[(name, &text)]);
        assert_eq!(told(&trees, &verdict(&trees, Some(&base), &head, &settings())), "", "{name} {text:?}");
    }
}

#[test]
fn what_is_wrong_with_a_comment_is_one_finding() {
    for (comment, says) in [
        ("ignore[bad-word]", "2 unexplained-suppression, 3 bad-word"),
        ("ignore[bad-word] until=2025-12-31", "2 unexplained-suppression, 3 bad-word"),
        ("ignore[bad-word] until=2025-12-31 why", "2 expired-suppression, 3 bad-word"),
        ("ignore[bad-word] until=soon why", "2 expired-suppression, 3 bad-word"),
        ("ignore[bad-word] until=2026-01-01 why", ""),
        ("ignore[quiet] why", "2 unused-suppression, 3 bad-word"),
        ("ignore[quiet, bad-word] why", "2 unused-suppression"),
        ("ignore[switched-off, of-changes, bad-word] why", ""),
        ("ignore[bad-wrd] why", "2 unknown-rule, 3 bad-word"),
        ("ignore[bad-wrd, bad-word] why", "2 unknown-rule"),
        ("ignore[test] why", "2 unknown-rule, 3 bad-word"),
        ("ignore[unused-suppression] why", "2 unused-suppression, 3 bad-word"),
        ("ignore[] why", "2 unused-suppression, 3 bad-word"),
        ("ignore[bad-word why", "2 unused-suppression, 3 bad-word"),
        ("ignore bad-word", "2 unused-suppression, 3 bad-word"),
    ] {
        let trees = trees();
        let text = format!("a: 1\n# gitops-guard: {comment}\nx: BAD\n");
        let head = plain_world(&trees, Side::Head, &[("a.yaml", &text)]);
        assert_eq!(told(&trees, &verdict(&trees, None, &head, &settings())), says, "{comment}");
    }
}

#[test]
fn a_broken_file_does_not_excuse_itself() {
    let trees = trees();
    let text = "# gitops-guard: ignore[unparsable-file, duplicate-key] why\na: 1\na: 2\n---\nb: [\n";
    let mut head = plain_world(&trees, Side::Head, &[("a.yaml", text)]);
    let at = |offset| Span { file: head.texts[0], range: crate::base::TextRange::new(offset, offset + 1) };
    let problem = |kind, offset| crate::base::Problem::new(kind, at(offset), "wrong");
    head.problems =
        vec![problem(crate::base::ProblemKind::DuplicateKey, 65), problem(crate::base::ProblemKind::Unparsable, 65)];
    let found = verdict(&trees, None, &head, &settings());
    assert_eq!(told(&trees, &found), "1 unused-suppression, 3 unparsable-file");
    assert_eq!(found.counts.suppressed, 1);
}

/// A list of BAD words, those of `mask` suppressed.
fn list(mask: u32) -> String {
    (0..4).fold("items:\n".to_owned(), |text, row| {
        let comment = if mask & (1 << row) == 0 { "" } else { " # gitops-guard: ignore[bad-word] why" };
        format!("{text}- n{row}: BAD{comment}\n")
    })
}

#[test]
fn a_suppression_hides_what_it_names_and_nothing_else() {
    for mask in 0..16 {
        for (base_mask, base_text) in [(0, None), (0, Some("items: []\n".to_owned())), (mask, Some(list(mask)))] {
            let trees = trees();
            let head = plain_world(&trees, Side::Head, &[("a.yaml", &list(mask))]);
            let base = base_text.as_ref().map(|text| plain_world(&trees, Side::Base, &[("a.yaml", text)]));
            let found = verdict(&trees, base.as_ref(), &head, &settings());
            let suppressed = mask.count_ones() as usize;
            assert_eq!(found.counts.suppressed, suppressed);
            let is_known = base_text.is_some() && base_mask == mask && base_text != Some("items: []\n".to_owned());
            let open = if is_known { 0 } else { 4 - suppressed };
            assert_eq!((found.counts.error, found.counts.warning), (open, 0), "{mask} {base_text:?}");
            let all = Settings { show: Show::All, ..settings() };
            assert_eq!(verdict(&trees, base.as_ref(), &head, &all).findings.len(), 4);
            let added = if base_text.is_some() && !is_known { suppressed } else { 0 };
            assert_eq!(found.added.len(), added);
        }
    }
}

#[test]
fn the_suppressions_of_the_base_do_not_count_for_the_head() {
    let trees = trees();
    let world = |side, mask| plain_world(&trees, side, &[("a.yaml", &list(mask))]);
    let lines = |base, head, comments_of| {
        let (base, head) = (world(Side::Base, base), world(Side::Head, head));
        told(&trees, &verdict(&trees, Some(&base), &head, &Settings { comments_of, ..settings() }))
    };
    // A suppression that is taken away brings its finding back; one that is added holds.
    assert_eq!(lines(0b0011, 0b0001, CommentsOf::Head), "3 bad-word");
    assert_eq!(lines(0b0000, 0b0001, CommentsOf::Head), "");
    // Where the base's count, the head's do neither good nor harm.
    assert_eq!(lines(0b0011, 0b0000, CommentsOf::Base), "");
    let new = "items:\n- n0: BAD # gitops-guard: ignore[bad-word] why\n";
    let (base, head) = (
        plain_world(&trees, Side::Base, &[("b.yaml", "items: []\n")]),
        plain_world(&trees, Side::Head, &[("b.yaml", new)]),
    );
    let from_base = Settings { comments_of: CommentsOf::Base, ..settings() };
    assert_eq!(told(&trees, &verdict(&trees, Some(&base), &head, &from_base)), "2 bad-word");
    assert_eq!(told(&trees, &verdict(&trees, Some(&base), &head, &settings())), "");
}

#[test]
fn the_configuration_suppresses_by_rule_and_path() {
    let trees = trees();
    let head =
        plain_world(&trees, Side::Head, &[("a/x.yaml", "x: BAD\n"), ("b/x.yaml", "x: BAD\n"), ("c.yaml", "c: 1\n")]);
    let at = trees.top(head.texts[2]);
    let entry = |rule: &str, path: Option<&str>| Ignore {
        rule: rule.to_owned(),
        path: path.map(|path| Glob::new(path).expect("a glob")),
        explained: true,
        until: None,
        at,
    };
    let with = |entry: Ignore| {
        let found = verdict(&trees, None, &head, &Settings { ignores: vec![entry], ..settings() });
        format!("{}; {}", told(&trees, &found), found.counts.suppressed)
    };
    let late = Some("2025-12-31".parse());
    assert_eq!(with(entry("bad-word", None)), "; 2");
    assert_eq!(with(entry("test", Some("a/**"))), "1 bad-word; 1");
    assert_eq!(with(entry("bad-word", Some("d/**"))), "1 bad-word, 1 bad-word, 1 unused-suppression; 0");
    assert_eq!(with(entry("switched-off", None)), "1 bad-word, 1 bad-word; 0");
    let unexplained = Ignore { explained: false, ..entry("bad-word", None) };
    assert_eq!(with(unexplained), "1 bad-word, 1 bad-word, 1 unexplained-suppression; 0");
    let expired = Ignore { until: late, ..entry("bad-word", None) };
    assert_eq!(with(expired), "1 bad-word, 1 bad-word, 1 expired-suppression; 0");
    let exclude = vec![Glob::new("a/**").expect("a glob")];
    let excluded = verdict(&trees, None, &head, &Settings { exclude, ..settings() });
    assert_eq!((told(&trees, &excluded), excluded.counts.suppressed), ("1 bad-word".to_owned(), 0));
}
