//! A rule as text, from its own file; the list of all rules.
//!
//! Never: a word about a rule that is not in its file.

use std::fmt::Write as _;
use std::io;

use serde::Serialize;

use crate::rules::{Default, EMBEDDED, Rule, RuleSet};

/// How many lines of an example are shown.
const EXAMPLE_LINES: usize = 40;

/// What a rule looks for, why, how to mend it, and an example cut from its fixture.
#[must_use]
pub fn explain(rule: &Rule) -> String {
    let severity = super::json::severity(rule.severity);
    let off = match rule.default {
        Default::On => "",
        Default::Raised => ", off by default but where it is raised",
        Default::Off => ", off by default",
    };
    let mut out = format!("{} ({}, {severity}{off}, since {})\n\n", rule.id, rule.pack, rule.since);
    paragraph(&mut out, "Says", &rule.says.to_string());
    for (grades, verb) in [(&rule.raise, "Raised"), (&rule.lower, "Lowered")] {
        for grade in grades {
            let reason = rule.kind.facts.iter().find(|fact| fact.0 == grade.when).map_or(&*grade.when, |fact| fact.1);
            paragraph(&mut out, verb, &format!("to {}: {reason}", super::json::severity(grade.to)));
        }
    }
    paragraph(&mut out, "Why", &rule.why);
    paragraph(&mut out, "Fix", &rule.fix);
    let embedded = EMBEDDED.iter().find(|known| known.id == &*rule.id && known.pack == &*rule.pack);
    if let Some((path, text)) = embedded.and_then(|known| known.example) {
        let lines: Vec<&str> = text.lines().take(EXAMPLE_LINES).collect();
        paragraph(&mut out, &format!("Found in {path}"), &lines.join("\n"));
    }
    if !rule.see.is_empty() {
        paragraph(&mut out, "See", &rule.see.join("\n"));
    }
    format!("{}\n", out.trim_end())
}

fn paragraph(out: &mut String, title: &str, text: &str) {
    writeln!(out, "{title}:").expect("a string takes all");
    for line in text.trim_end().lines() {
        writeln!(out, "{}", format!("  {line}").trim_end()).expect("a string takes all");
    }
    out.push('\n');
}

/// What a rule is about, in one line: what its findings say, or why they matter where that is mostly words of the kind.
#[must_use]
pub fn meaning(rule: &Rule) -> String {
    let says = rule.says.to_string();
    let mut is_word = false;
    let prose = says.chars().filter(|c| {
        is_word = *c == '{' || (is_word && *c != '}');
        !is_word
    });
    let prose: String = prose.collect();
    if prose.split_whitespace().filter(|word| word.chars().filter(|c| c.is_alphabetic()).count() > 2).count() >= 2 {
        return says;
    }
    let why = rule.why.split_whitespace().collect::<Vec<_>>().join(" ");
    let sentence = why.split_once(". ").map_or(&*why, |(first, _)| first);
    sentence.trim_end_matches('.').to_owned()
}

/// All rules, pack by pack: id, severity, and what it is about.
#[must_use]
pub fn list(rules: &RuleSet) -> String {
    let width = rules.rules.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
    let mut out = String::new();
    for (pack, rules) in rules.packs() {
        writeln!(out, "{pack}").expect("a string takes all");
        for rule in rules {
            let severity = super::json::severity(rule.severity);
            let off = if rule.default == Default::Off { "off" } else { "" };
            writeln!(out, "  {:width$}  {severity:7}  {off:3}  {}", rule.id, meaning(rule))
                .expect("a string takes all");
        }
        out.push('\n');
    }
    let count = rules.rules.len();
    writeln!(out, "{count} rules; `off` is off by default; `gitops-guard explain ID|PACK` says why and what to do")
        .expect("a string takes all");
    out
}

#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    pack: &'a str,
    severity: &'static str,
    default: &'static str,
    since: &'a str,
    says: String,
    why: &'a str,
    fix: &'a str,
    see: &'a [String],
}

/// All rules as JSON, sorted by id.
///
/// # Errors
/// Where `out` cannot be written.
pub fn list_json(rules: &RuleSet, out: &mut dyn io::Write) -> io::Result<()> {
    let listed = rules.rules.iter().map(|rule| Listed {
        id: &rule.id,
        pack: &rule.pack,
        severity: super::json::severity(rule.severity),
        default: match rule.default {
            Default::On => "on",
            Default::Raised => "raised",
            Default::Off => "off",
        },
        since: &rule.since,
        says: rule.says.to_string(),
        why: rule.why.trim_end(),
        fix: rule.fix.trim_end(),
        see: &rule.see,
    });
    serde_json::to_writer_pretty(&mut *out, &listed.collect::<Vec<_>>())?;
    out.write_all(b"\n")
}
