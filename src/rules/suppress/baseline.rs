//! The baseline: places that were there when somebody wrote it do not count, until a date.
//!
//! Never: a place hidden twice by one entry; a problem of this tool hidden.

use std::collections::{BTreeMap, VecDeque};

use super::Asked;
use crate::base::{Date, Problem, ProblemKind, Span};
use crate::rules::Status;
use crate::rules::place::Place;
use crate::rules::rule::GUARD;
use crate::world::World;

/// What a baseline says.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    /// Its entries, in the order of the file.
    pub entries: Vec<Entry>,
    /// What is done with them.
    pub purpose: Purpose,
}

/// What a baseline is for in a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Purpose {
    /// It hides what it lists.
    #[default]
    Hide,
    /// It is written anew, with everything that is there.
    Write,
}

/// An entry of a baseline.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The id of the rule.
    pub rule: String,
    /// The place's fingerprint.
    pub fingerprint: String,
    /// Why it may stay.
    pub reason: String,
    /// Until when it holds: that day is the last one.
    pub until: Option<Date>,
    /// Where it is written.
    pub at: Span,
}

/// A place for a new baseline.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Known {
    /// The id of the rule.
    pub rule: String,
    /// The kind, namespace and name of the object; the path where there is none.
    pub object: String,
    /// The field, as a JSON pointer; empty where there is none.
    pub field: String,
    /// Its fingerprint.
    pub fingerprint: String,
    /// Whether it is about a secret.
    pub is_secret: bool,
}

/// What came of a baseline.
#[derive(Default)]
pub(in crate::rules) struct Told {
    /// Entries that match nothing.
    pub(in crate::rules) stale: usize,
    /// Entries that are past their date.
    pub(in crate::rules) expired: usize,
    /// What a new baseline lists.
    pub(in crate::rules) known: Vec<Known>,
}

/// Hides the places that the baseline lists, or lists them for a new one, and adds a place for each entry that is stale
/// or past its date.
pub(in crate::rules) fn baseline(asked: &Asked<'_>, world: &World, found: &mut Vec<Place>) -> Told {
    match asked.settings.baseline.purpose {
        Purpose::Hide => asked.hide(world, found),
        Purpose::Write => Told { known: asked.list(found), ..Told::default() },
    }
}

impl Asked<'_> {
    fn hide(&self, world: &World, found: &mut Vec<Place>) -> Told {
        let entries = &self.settings.baseline.entries;
        let mut open: BTreeMap<(String, String), VecDeque<usize>> = BTreeMap::new();
        for (row, entry) in entries.iter().enumerate() {
            open.entry((entry.rule.clone(), entry.fingerprint.clone())).or_default().push_back(row);
        }
        let mut used = vec![false; entries.len()];
        // What counts takes an entry before what does not.
        let mut rows: Vec<usize> = (0..found.len()).collect();
        rows.sort_by_key(|row| found[*row].status != Status::Open);
        for row in rows {
            let place = &mut found[row];
            let rule = self.active[place.row].rule;
            let entry =
                open.get_mut(&(rule.id.to_string(), place.fingerprint.clone())).filter(|_| &*rule.pack != GUARD);
            let Some(entry) = entry.and_then(VecDeque::pop_front) else { continue };
            used[entry] = true;
            if place.status == Status::Open && !self.is_past(&entries[entry]) {
                place.status = Status::Baseline;
            }
        }
        let mut told = Told::default();
        let mut wrong = Vec::new();
        for (entry, used) in entries.iter().zip(used) {
            let is_gone = || self.rules.get(&entry.rule).is_none() || self.ran(&entry.rule);
            if used && self.is_past(entry) {
                told.expired += 1;
                let until = entry.until.map(|date| date.to_string()).unwrap_or_default();
                let message = format!("the baseline's entry of `{}` held until {until}", entry.rule);
                wrong.push(Problem::new(ProblemKind::ExpiredSuppression, entry.at, message));
            } else if !used && is_gone() {
                told.stale += 1;
                let message = format!("the finding of `{}` that this entry of the baseline hides is gone", entry.rule);
                let problem = Problem::new(ProblemKind::UnusedSuppression, entry.at, message);
                wrong.push(problem.with_help("remove the line, or write the baseline anew with `--write-baseline`"));
            }
        }
        self.add(world, wrong, found);
        told
    }

    fn is_past(&self, entry: &Entry) -> bool {
        entry.until.is_some_and(|until| until < self.settings.today)
    }

    /// Everything that counts, or would without a base.
    fn list(&self, found: &mut [Place]) -> Vec<Known> {
        let mut known = Vec::new();
        for place in found {
            let rule = self.active[place.row].rule;
            let counts = matches!(place.status, Status::Open | Status::Unchanged);
            if !counts || &*rule.pack == GUARD || !self.settings.covers(&place.path) {
                continue;
            }
            place.status = Status::Baseline;
            let object = place.hit.object.as_ref().map(|object| {
                let slash = if object.namespace.is_empty() { "" } else { "/" };
                format!("{} {}{slash}{}", object.kind, object.namespace, object.name)
            });
            known.push(Known {
                rule: rule.id.to_string(),
                object: object.unwrap_or_else(|| place.path.to_string()),
                field: place.hit.field.clone().unwrap_or_default(),
                fingerprint: place.fingerprint.clone(),
                is_secret: place.hit.value.is_some() || &*rule.pack == "secrets",
            });
        }
        known.sort();
        known
    }
}
