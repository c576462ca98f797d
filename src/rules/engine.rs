//! Runs the rules, compares with the base, counts and sorts. The one way to findings.
//!
//! Never: an order that depends on threads or hashes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::place::{Place, places};
use super::rule::{GUARD, RuleSet};
use super::run::{Looked, Run};
use super::settings::{Active, CommentsOf, Settings, Show};
use super::suppress::{self, Asked};
use super::{Check, Facts, Finding, Known, Severity, Status, Suppressed, fold, matching, precedence};
use crate::base::{Problem, RepoPath, Span};
use crate::model::Trees;
use crate::world::World;

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
    /// The suppressions that the change adds: comments, then entries of the configuration.
    pub added: Vec<Span>,
    /// What a new baseline lists, where one is written; sorted.
    pub known: Vec<Known>,
    /// The rules that were asked for, sorted by id.
    pub ran: Vec<Ran>,
}

/// The words of a rule that was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ran {
    /// Its id.
    pub id: Arc<str>,
    /// Its pack.
    pub pack: Arc<str>,
    /// How bad it is where no fact says otherwise, by the configuration or by itself.
    pub severity: Severity,
    /// What happens if it is ignored.
    pub why: String,
    /// What to do.
    pub fix: String,
    /// Where more is written.
    pub see: Vec<String>,
}

impl Ran {
    fn new(active: &Active<'_>) -> Self {
        let rule = active.rule;
        Self {
            id: rule.id.clone(),
            pack: rule.pack.clone(),
            severity: active.severity.unwrap_or(rule.severity),
            why: rule.why.clone(),
            fix: rule.fix.clone(),
            see: rule.see.clone(),
        }
    }
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
    /// Those that somebody suppresses.
    pub suppressed: usize,
    /// Those that the baseline lists.
    pub baseline: usize,
    /// Entries of the baseline that match nothing.
    pub stale: usize,
    /// Entries of the baseline that are past their date.
    pub expired: usize,
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
    let problems: Vec<Problem> = rules.problems.iter().chain(&settings.problems).cloned().collect();
    let run = Run::new(&active, facts, &problems);
    let head = run.head();
    let undecided = count_undecided(&active, &head.undecided);
    let asked = Asked { active: &active, rules, facts, settings };
    let placed = |seen, world: &World| {
        let mut places = precedence::once(&active, places(&active, facts.trees, seen));
        let comments = suppress::apply(&asked, world, &mut places);
        (places, comments)
    };
    let wanted = facts.base.map(|world| wanted(&asked, &head, world));
    let before = || facts.base.zip(wanted).map(|(world, wanted)| placed(run.base(world, &wanted).seen, world));
    let ((mut head, comments), before) = rayon::join(|| placed(head.seen, facts.head), before);
    let (base, of_base) = before.unzip();
    let base = base.unwrap_or_default();
    compare(&asked, &mut head, &base);
    let told = suppress::baseline(&asked, facts.head, &mut head);
    let fold = |wanted: &dyn Fn(&Status) -> bool| {
        let asked = head.iter().filter(|place| settings.covers(&place.path) && wanted(&place.status));
        fold::findings(&active, facts, &asked.collect::<Vec<_>>())
    };
    let open = fold(&|status| *status == Status::Open);
    let unchanged = fold(&|status| *status == Status::Unchanged);
    let suppressed = fold(&|status| matches!(status, Status::Suppressed { .. }));
    let listed = fold(&|status| *status == Status::Baseline);
    let counts = Counts { baseline: listed.len(), stale: told.stale, expired: told.expired, ..Counts::default() };
    let mut verdict = Verdict {
        counts: count(&open, &unchanged, &suppressed, counts),
        standing: standing(&unchanged),
        skipped: skipped(&active, facts),
        undecided,
        added: of_base.map(|of_base| suppress::added(&asked, &comments, &of_base)).unwrap_or_default(),
        known: told.known,
        ran: active.iter().map(Ran::new).collect(),
        findings: open,
    };
    if settings.show == Show::All {
        verdict.findings.extend(unchanged);
        verdict.findings.extend(suppressed);
        verdict.findings.extend(listed);
    }
    verdict.findings.retain(|finding| settings.least.is_none_or(|least| finding.severity >= least));
    sort(facts.trees, &mut verdict.findings);
    verdict
}

/// The rules (by their rows) that the base is judged by: those that the head has hits of, to tell the old ones, and those
/// that may speak before them.
fn wanted(asked: &Asked<'_>, head: &Looked, base: &World) -> Vec<bool> {
    if head.panicked || suppress::is_any(asked, base) {
        return vec![true; asked.active.len()];
    }
    let mut wanted = vec![false; asked.active.len()];
    for seen in &head.seen {
        wanted[seen.row] = true;
    }
    precedence::with_earlier(asked.active, &mut wanted);
    wanted
}

/// Marks what the base has too. A place that the base has only because it suppresses it there counts: the change took
/// the suppression away.
fn compare(asked: &Asked<'_>, head: &mut [Place], base: &[Place]) {
    let in_source = |status: &Status| matches!(status, Status::Suppressed { how: Suppressed::InSource, .. });
    let partners = matching::partners(asked.active, asked.facts, head, base);
    for (place, partner) in head.iter_mut().zip(partners) {
        let known = partner.map(|row| &base[row].status);
        if asked.settings.comments_of == CommentsOf::Base {
            let by_base = known.filter(|status| in_source(status));
            match by_base {
                Some(status) => place.status = status.clone(),
                None if in_source(&place.status) => place.status = Status::Open,
                None => {}
            }
        }
        if place.status == Status::Open && known.is_some_and(|status| !in_source(status)) {
            place.status = Status::Unchanged;
        }
    }
}

fn count(open: &[Finding], unchanged: &[Finding], suppressed: &[Finding], baseline: Counts) -> Counts {
    let of = |severity| open.iter().filter(|finding| finding.severity == severity).count();
    Counts {
        error: of(Severity::Error),
        warning: of(Severity::Warning),
        info: of(Severity::Info),
        unchanged: unchanged.len(),
        suppressed: suppressed.len(),
        ..baseline
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
