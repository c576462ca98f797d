//! Runs the rules, compares with the base, counts and sorts. The one way to findings.
//!
//! Never: an order that depends on threads or hashes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::place::{Place, places};
use super::rule::{GUARD, RuleSet};
use super::settings::{Active, Settings, Show};
use super::{Check, Facts, Finding, Severity, Status, fold, matching, precedence, run};
use crate::base::RepoPath;
use crate::model::Trees;

/// What the rules say.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Sorted by path, start, end, rule and message. Those that do not count are here only where they were asked for.
    pub findings: Vec<Finding>,
    /// How many there are.
    pub counts: Counts,
    /// Problems of this tool that the base has too, in files that the change leaves alone: a line a rule.
    pub standing: Vec<Standing>,
    /// The rules that need a base and had none, sorted.
    pub skipped: Vec<Arc<str>>,
    /// How often a rule could not decide.
    pub undecided: BTreeMap<Arc<str>, usize>,
}

/// How many findings there are; those of a severity are those that count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Open errors.
    pub error: usize,
    /// Open warnings.
    pub warning: usize,
    /// Open notes.
    pub info: usize,
    /// Those that the base has too.
    pub unchanged: usize,
}

/// A rule of `guard` with how many of its findings the base has too.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The rule.
    pub rule: Arc<str>,
    /// How many.
    pub count: usize,
}

/// Judges the head, against the base where there is one.
#[must_use]
pub fn judge(rules: &RuleSet, facts: &Facts<'_>, settings: &Settings) -> Verdict {
    let active = settings.active(rules);
    let (head, base) = run::run(&active, facts, &rules.problems);
    let undecided = count_undecided(&active, &head.undecided);
    let head = precedence::once(&active, places(&active, facts.trees, head.seen));
    let base = precedence::once(&active, places(&active, facts.trees, base.seen));
    let known = matching::known_to_base(&active, facts, &head, &base);
    let choose = |wanted: bool| -> Vec<&Place> {
        let asked = head.iter().zip(&known).filter(|(place, _)| settings.covers(&place.path));
        asked.filter(|(_, known)| **known == wanted).map(|(place, _)| place).collect()
    };
    let open = fold::findings(&active, facts, &choose(false), &Status::Open);
    let unchanged = fold::findings(&active, facts, &choose(true), &Status::Unchanged);
    let mut verdict = Verdict {
        counts: count(&open, &unchanged),
        standing: standing(&unchanged),
        skipped: skipped(&active, facts),
        undecided,
        findings: open,
    };
    if settings.show == Show::All {
        verdict.findings.extend(unchanged);
    }
    verdict.findings.retain(|finding| settings.least.is_none_or(|least| finding.severity >= least));
    sort(facts.trees, &mut verdict.findings);
    verdict
}

fn count(open: &[Finding], unchanged: &[Finding]) -> Counts {
    let of = |severity| open.iter().filter(|finding| finding.severity == severity).count();
    Counts {
        error: of(Severity::Error),
        warning: of(Severity::Warning),
        info: of(Severity::Info),
        unchanged: unchanged.len(),
    }
}

fn standing(unchanged: &[Finding]) -> Vec<Standing> {
    let mut counts: BTreeMap<&Arc<str>, usize> = BTreeMap::new();
    for finding in unchanged.iter().filter(|finding| &*finding.pack == GUARD) {
        *counts.entry(&finding.rule).or_default() += 1;
    }
    counts.into_iter().map(|(rule, count)| Standing { rule: rule.clone(), count }).collect()
}

fn skipped(active: &[Active<'_>], facts: &Facts<'_>) -> Vec<Arc<str>> {
    let needs_base = |rule: &&Active<'_>| facts.base.is_none() && matches!(rule.rule.check, Check::Change(_));
    active.iter().filter(needs_base).map(|rule| rule.rule.id.clone()).collect()
}

fn count_undecided(active: &[Active<'_>], rows: &[usize]) -> BTreeMap<Arc<str>, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(active[*row].rule.id.clone()).or_default() += 1;
    }
    counts
}

fn sort(trees: &Trees, findings: &mut [Finding]) {
    let path = |finding: &Finding| -> RepoPath { trees.sources().path(finding.primary.file).clone() };
    findings.sort_by_cached_key(|finding| {
        let range = finding.primary.range;
        (path(finding), range.start, range.end, finding.rule.clone(), finding.message.clone())
    });
}
