//! Which rules run, and how bad their findings are: what the command line and the configuration say.
//!
//! Never: `guard` switched off.

use std::collections::BTreeMap;

use super::rule::{Default, GUARD, Rule, RuleSet};
use super::{Baseline, Hit, Severity};
use crate::base::{Date, NoDate, Problem, RepoPath, Span};
use crate::grammar::Glob;

/// What a configuration says of a rule or a pack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Setting {
    /// It does not run.
    Off,
    /// It runs, with its own severity.
    On,
    /// It runs, and this is its severity; its own grades are switched off.
    Severity(Severity),
}

/// Which findings are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, std::default::Default)]
pub enum Show {
    /// Those that count.
    #[default]
    Open,
    /// Those that do not count too.
    All,
}

/// What somebody asked for. Names are ids and packs; [`RuleSet::knows`] tells wrong ones.
#[derive(Clone, Debug, std::default::Default)]
pub struct Settings {
    /// Only these, and `guard`; empty for all. An id runs even if it is off by default.
    pub select: Vec<String>,
    /// Not these. Stronger than `select`.
    pub ignore: Vec<String>,
    /// What the configuration says; an id is stronger than its pack.
    pub rules: BTreeMap<String, Setting>,
    /// Which findings are shown.
    pub show: Show,
    /// The least severity that is shown; what is not shown counts nevertheless.
    pub least: Option<Severity>,
    /// Only findings in or below these paths, and only they count; empty for all.
    pub within: Vec<RepoPath>,
    /// Never findings in these paths; the files are inputs nevertheless.
    pub exclude: Vec<Glob>,
    /// What the configuration suppresses.
    pub ignores: Vec<Ignore>,
    /// Fingerprints of secrets that may stay, each with the place that says so.
    pub allowed: BTreeMap<String, Span>,
    /// Entries of the configuration that suppress something and that the base's configuration lacks.
    pub added: Vec<Span>,
    /// The findings that somebody knows of.
    pub baseline: Baseline,
    /// What is wrong with the names in the configuration.
    pub problems: Vec<Problem>,
    /// The side whose comments suppress.
    pub comments_of: CommentsOf,
    /// The day of the run. The default is before all others: nothing is past its date.
    pub today: Date,
}

/// The side whose comments suppress.
#[derive(Clone, Copy, PartialEq, Eq, Debug, std::default::Default)]
pub enum CommentsOf {
    /// The change's.
    #[default]
    Head,
    /// The base's: what they suppress there is suppressed in the change, and nothing else.
    Base,
}

/// An entry under `ignore` in the configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ignore {
    /// The id of a rule, or a pack.
    pub rule: String,
    /// The paths; all where none is given.
    pub path: Option<Glob>,
    /// Whether a reason is given.
    pub explained: bool,
    /// Until when it holds: that day is the last one.
    pub until: Option<Result<Date, NoDate>>,
    /// The entry.
    pub at: Span,
}

impl Ignore {
    /// Whether it is about this path.
    pub(super) fn covers(&self, path: &RepoPath) -> bool {
        self.path.as_ref().is_none_or(|glob| glob.matches(path.as_str()))
    }
}

/// A rule that runs.
#[derive(Clone, Copy)]
pub(super) struct Active<'r> {
    /// The rule.
    pub(super) rule: &'r Rule,
    /// The severity that the configuration sets.
    pub(super) severity: Option<Severity>,
    /// Whether only those hits are shown that a fact raises.
    pub(super) raised_only: bool,
}

impl Active<'_> {
    /// The severity of a hit, and the fact that raised it.
    pub(super) fn grade<'h>(&self, hit: &'h Hit) -> (Severity, Option<&'h str>) {
        self.severity.map_or_else(|| self.rule.grade(hit), |severity| (severity, None))
    }

    /// Whether a hit is shown at all.
    pub(super) fn shows(&self, hit: &Hit) -> bool {
        !self.raised_only || self.rule.grade(hit).1.is_some()
    }
}

impl Settings {
    /// Whether findings at this path are asked for.
    pub(super) fn covers(&self, path: &RepoPath) -> bool {
        (self.within.is_empty() || self.within.iter().any(|folder| path.is_within(folder)))
            && !self.exclude.iter().any(|glob| glob.matches(path.as_str()))
    }

    /// The rules that run, sorted by id.
    pub(super) fn active<'r>(&self, rules: &'r RuleSet) -> Vec<Active<'r>> {
        rules.rules.iter().filter_map(|rule| self.activate(rule)).collect()
    }

    fn activate<'r>(&self, rule: &'r Rule) -> Option<Active<'r>> {
        let own = self.rules.get(&*rule.id);
        let setting = own.or_else(|| self.rules.get(&*rule.pack));
        let severity = match setting {
            Some(Setting::Severity(severity)) => Some(*severity),
            Some(Setting::On | Setting::Off) | None => None,
        };
        let named = |names: &[String], name: &str| names.iter().any(|given| given == name);
        let runs = if &*rule.pack == GUARD {
            true
        } else if named(&self.ignore, &rule.id) || named(&self.ignore, &rule.pack) {
            false
        } else if named(&self.select, &rule.id) {
            true
        } else if self.select.is_empty() || named(&self.select, &rule.pack) {
            match setting {
                Some(Setting::Off) => false,
                Some(Setting::On) => true,
                // The severity of a pack says nothing about its opt-in rules.
                Some(Setting::Severity(_)) => own.is_some() || rule.default != Default::Off,
                None => rule.default != Default::Off,
            }
        } else {
            false
        };
        let is_asked = own.is_some() || named(&self.select, &rule.id);
        runs.then_some(Active { rule, severity, raised_only: rule.default == Default::Raised && !is_asked })
    }
}
