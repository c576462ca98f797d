//! Suppressions: which places do not count because somebody said so, and what is wrong with what was said.
//!
//! Never: a place that goes; it stays, with who suppresses it.

mod baseline;
mod comment;
mod mark;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

pub(super) use self::baseline::baseline;
pub use self::baseline::{Baseline, Entry, Known, Purpose};
use self::comment::Until;
use self::mark::{Mark, lines_of, marks, may_have_marks};
use super::kinds::problem_hit;
use super::place::{Place, places};
use super::run::Seen;
use super::settings::{Active, Ignore, Settings};
use super::{Check, Facts, RuleSet, Status, Suppressed};
use crate::base::{FileId, IdSet, Problem, ProblemKind, RepoPath, Span};
use crate::model::Trees;
use crate::world::World;

/// What suppressions are judged by.
pub(super) struct Asked<'a> {
    pub(super) active: &'a [Active<'a>],
    pub(super) rules: &'a RuleSet,
    pub(super) facts: &'a Facts<'a>,
    pub(super) settings: &'a Settings,
}

/// The suppressing comments of a side.
pub(super) struct Comments(Vec<Mark>);

/// Marks the places of a side that comments or the configuration suppress, and adds a place for each suppression that
/// has no reason, is past its date, matches nothing or names a rule that does not exist.
pub(super) fn apply(asked: &Asked<'_>, world: &World, found: &mut Vec<Place>) -> Comments {
    let comments = Comments(of_world(asked.facts.trees, world, found));
    let wrong = asked.by_comments(world, &comments.0, found);
    asked.add(world, wrong, found);
    let wrong = asked.by_configuration(found);
    asked.add(world, wrong, found);
    comments
}

/// Whether a side may have suppressions: then what they match nothing of depends on all that is found there.
pub(super) fn is_any(asked: &Asked<'_>, world: &World) -> bool {
    let may_have = |file: FileId| may_have_marks(asked.facts.trees, file);
    let mut consumed = world.consumed.iter().filter_map(|path| world.snapshot.file(path));
    !asked.settings.ignores.is_empty() || world.texts.par_iter().any(|file| may_have(*file)) || consumed.any(may_have)
}

/// The comments that the head has and the base lacks, then the entries that are new in the configuration.
pub(super) fn added(asked: &Asked<'_>, head: &Comments, base: &Comments) -> Vec<Span> {
    let sources = asked.facts.trees.sources();
    let words = |mark: &Mark| (sources.path(mark.at.file).clone(), sources.slice(mark.at).to_owned());
    let mut known: BTreeMap<(RepoPath, String), usize> = BTreeMap::new();
    for mark in &base.0 {
        *known.entry(words(mark)).or_default() += 1;
    }
    let mut added = Vec::new();
    for mark in head.0.iter().filter(|mark| asked.settings.covers(sources.path(mark.at.file))) {
        match known.get_mut(&words(mark)) {
            Some(left) if *left > 0 => *left -= 1,
            _ => added.push(mark.at),
        }
    }
    added.extend(&asked.settings.added);
    added
}

/// The comments of all files that are read as text, that a build reads, or that a place is in; sorted by path.
fn of_world(trees: &Trees, world: &World, found: &[Place]) -> Vec<Mark> {
    let sources = trees.sources();
    let consumed = world.consumed.iter().filter_map(|path| world.snapshot.file(path));
    let places = found.iter().filter(|place| place.hit.side == world.side).map(|place| place.hit.at.file);
    let files: Vec<FileId> = world.texts.iter().copied().chain(consumed).chain(places).collect();
    let files = files.par_iter().copied().filter(|file| may_have_marks(trees, *file));
    let files: BTreeMap<&RepoPath, FileId> = files.map(|file| (sources.path(file), file)).collect();
    files.into_values().flat_map(|file| marks(trees, file)).collect()
}

/// Whether a comment may suppress what a rule says. What is wrong with a text is not for the text to say, nor what is
/// wrong with a suppression.
fn yields(check: &Check) -> bool {
    !matches!(
        check,
        Check::Problem(
            ProblemKind::Unparsable
                | ProblemKind::Unreadable
                | ProblemKind::LimitExceeded
                | ProblemKind::InvalidRule
                | ProblemKind::UnexplainedSuppression
                | ProblemKind::ExpiredSuppression
                | ProblemKind::UnusedSuppression
                | ProblemKind::UnknownRule
        )
    )
}

impl Asked<'_> {
    /// Suppresses by comments; gives what is wrong with those.
    fn by_comments(&self, world: &World, marks: &[Mark], found: &mut [Place]) -> Vec<Problem> {
        let mut by_file: HashMap<FileId, Vec<usize>> = HashMap::new();
        for (row, mark) in marks.iter().enumerate() {
            by_file.entry(mark.at.file).or_default().push(row);
        }
        let mut used: Vec<Vec<bool>> = marks.iter().map(|mark| vec![false; mark.ids.len()]).collect();
        for place in found.iter_mut().filter(|place| place.hit.side == world.side) {
            let at = self.facts.trees.sources().outermost(place.hit.at);
            let rule = self.active[place.row].rule;
            let Some(rows) = by_file.get(&at.file).filter(|_| yields(&rule.check)) else { continue };
            let lines = lines_of(self.facts.trees, at);
            for &row in rows {
                let mark = &marks[row];
                let named = mark.ids.iter().position(|(id, _)| **id == *rule.id);
                let Some(id) = named.filter(|_| mark.covers(at.range, &lines)) else { continue };
                used[row][id] = true;
                if mark.explained && mark.until.as_ref().is_none_or(|until| self.holds(until)) {
                    place.status = Status::Suppressed { by: mark.at, how: Suppressed::InSource };
                }
            }
        }
        let read = world.builds.iter().flat_map(|built| &built.rendered.files).copied().collect();
        marks.iter().zip(&used).flat_map(|(mark, used)| self.faults(mark, used, &read)).collect()
    }

    /// What is wrong with a comment: every id that does not exist, and the first of the other faults. A file that no
    /// build reads (`read` has the others) holds no object that a rule could have judged: tests, templates.
    fn faults(&self, mark: &Mark, used: &[bool], read: &IdSet<FileId>) -> Vec<Problem> {
        if let Some(broken) = &mark.broken {
            let help = "write `# gitops-guard: ignore[rule-id] reason in words`";
            return vec![Problem::new(ProblemKind::UnusedSuppression, mark.at, broken.clone()).with_help(help)];
        }
        let is_known = |id: &str| self.rules.get(id).is_some();
        let unknown = mark.ids.iter().filter(|(id, _)| !is_known(id));
        let mut faults: Vec<Problem> = unknown.map(|(id, at)| unknown_rule(self.rules, id, *at)).collect();
        let known: Vec<&str> = mark.ids.iter().map(|id| &*id.0).filter(|id| is_known(id)).collect();
        if known.is_empty() {
            return faults;
        }
        let unused = mark.ids.iter().zip(used).filter(|(_, used)| !**used).map(|(id, _)| &*id.0);
        let was_judged = |id: &str| read.contains(&mark.at.file) || self.reads_texts(id);
        let unused: Vec<&str> = unused.filter(|id| is_known(id) && self.ran(id) && was_judged(id)).collect();
        let words = Words { ids: known.join(", "), unused: (!unused.is_empty()).then(|| unused.join(", ")) };
        faults.extend(self.fault(mark.at, &words, mark.explained, mark.until.as_ref()));
        faults
    }

    /// The first fault of a suppression, wherever it is written: no reason, past its date, nothing that it matches.
    fn fault(&self, at: Span, words: &Words, explained: bool, until: Option<&Until>) -> Option<Problem> {
        let Words { ids, unused } = words;
        if !explained {
            let message = format!("the suppression of `{ids}` gives no reason, so it does not hold");
            return Some(Problem::new(ProblemKind::UnexplainedSuppression, at, message));
        }
        match (until, unused) {
            (Some(Err(wrong)), _) => {
                let message = format!("the suppression of `{ids}` does not hold: {wrong}");
                Some(Problem::new(ProblemKind::ExpiredSuppression, at, message))
            }
            (Some(Ok(date)), _) if *date < self.settings.today => {
                let message = format!("the suppression of `{ids}` held until {date}");
                Some(Problem::new(ProblemKind::ExpiredSuppression, at, message))
            }
            (_, Some(unused)) => {
                let message = format!("there is no finding of `{unused}` that this would suppress");
                Some(Problem::new(ProblemKind::UnusedSuppression, at, message))
            }
            _ => None,
        }
    }

    /// Suppresses by the configuration; gives what is wrong with its entries.
    fn by_configuration(&self, found: &mut [Place]) -> Vec<Problem> {
        let settings = self.settings;
        let mut used = vec![false; settings.ignores.len()];
        for place in found {
            let rule = self.active[place.row].rule;
            let mut by = None;
            for (row, entry) in settings.ignores.iter().enumerate() {
                if (entry.rule == *rule.id || entry.rule == *rule.pack) && entry.covers(&place.path) {
                    used[row] = true;
                    let holds = entry.explained && entry.until.as_ref().is_none_or(|until| self.holds(until));
                    by = by.or(holds.then_some(entry.at));
                }
            }
            let is_secret = place.hit.value.is_some();
            by = by.or_else(|| settings.allowed.get(&place.fingerprint).copied().filter(|_| is_secret));
            if let (Some(by), Status::Open) = (by, &place.status) {
                place.status = Status::Suppressed { by, how: Suppressed::Configured };
            }
        }
        let fault = |(entry, used): (&Ignore, bool)| {
            let unused = (!used && self.ran(&entry.rule)).then(|| entry.rule.clone());
            let words = Words { ids: entry.rule.clone(), unused };
            // A name that does not exist is told where the configuration is read.
            let known = self.rules.knows(&entry.rule);
            known.then(|| self.fault(entry.at, &words, entry.explained, entry.until.as_ref())).flatten()
        };
        settings.ignores.iter().zip(used).filter_map(fault).collect()
    }

    fn holds(&self, until: &Until) -> bool {
        until.as_ref().is_ok_and(|date| *date >= self.settings.today)
    }

    /// Whether a rule looks at files whether a build reads them or not.
    fn reads_texts(&self, id: &str) -> bool {
        let reads = |check: &Check| matches!(check, Check::Text(_) | Check::ValueAndText(..) | Check::Problem(_));
        self.rules.get(id).is_some_and(|rule| reads(&rule.check))
    }

    /// Whether a rule, or all of a pack that goes without saying, was run: what did not run cannot have been used.
    fn ran(&self, name: &str) -> bool {
        let can = |check: &Check| self.facts.base.is_some() || !matches!(check, Check::Change(_));
        let is_active = |rule: &super::Rule| self.active.iter().any(|active| active.rule.id == rule.id);
        let by_default = |rule: &&super::Rule| *rule.pack == *name && rule.default == super::Default::On;
        match self.rules.get(name) {
            Some(rule) => is_active(rule) && can(&rule.check),
            None => self.rules.rules.iter().filter(by_default).all(|rule| is_active(rule) && can(&rule.check)),
        }
    }

    /// Adds places for what is wrong with suppressions.
    fn add(&self, world: &World, problems: Vec<Problem>, found: &mut Vec<Place>) {
        let seen = problems.into_iter().filter_map(|problem| {
            let about = |rule: &Active<'_>| matches!(rule.rule.check, Check::Problem(kind) if kind == problem.kind);
            let row = self.active.iter().position(about)?;
            Some(Seen { row, hit: problem_hit(&problem, world.side), object: None })
        });
        found.extend(places(self.active, self.facts.trees, seen.collect()));
    }
}

/// What a fault names.
struct Words {
    /// All that is suppressed.
    ids: String,
    /// What of it matches nothing.
    unused: Option<String>,
}

/// A name that no rule has, at the place where somebody wrote it.
pub fn unknown_rule(rules: &RuleSet, name: &str, at: Span) -> Problem {
    let problem = Problem::new(ProblemKind::UnknownRule, at, format!("no rule is called `{name}`"));
    match rules.near(name) {
        Some(near) => problem.with_help(format!("did you mean `{near}`?")),
        None => problem,
    }
}
