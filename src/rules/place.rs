//! Hits to places: what one rule says of the same bytes, in however many builds, is one place.
//!
//! Never: places of two sides together.

use std::collections::{BTreeMap, BTreeSet};

use super::matching;
use super::run::Seen;
use super::settings::Active;
use super::{Hit, Severity, Status};
use crate::base::RepoPath;
use crate::model::Trees;
use crate::world::ObjectAt;

/// One rule at one place of one side.
pub(super) struct Place {
    /// The row of the rule.
    pub(super) row: usize,
    /// The path of the file.
    pub(super) path: RepoPath,
    /// The worst of the hits, the first one of equals.
    pub(super) hit: Hit,
    /// How bad it is.
    pub(super) severity: Severity,
    /// In one line.
    pub(super) message: String,
    /// Rows of the builds that have it.
    pub(super) builds: BTreeSet<usize>,
    /// The objects that have it.
    pub(super) objects: BTreeSet<ObjectAt>,
    /// What it is compared by with the other side, and known by in a baseline.
    pub(super) fingerprint: String,
    /// Whether it counts; all do until they are compared with suppressions and the base.
    pub(super) status: Status,
}

impl Place {
    fn new(active: &[Active<'_>], trees: &Trees, seen: Seen) -> Self {
        let Seen { row, hit, object } = seen;
        let rule = &active[row];
        let (severity, raised_by) = rule.grade(&hit);
        let mut message = rule.rule.says.fill(&hit.words);
        if let Some(fact) = raised_by {
            message = format!("{message} ({})", rule.rule.reason(fact, &hit));
        }
        let path = trees.sources().path(hit.at.file).clone();
        let builds = hit.build.into_iter().collect();
        let fingerprint = matching::fingerprint(trees, &rule.rule.id, &hit);
        let objects = object.into_iter().collect();
        Self { row, path, hit, severity, message, builds, objects, fingerprint, status: Status::Open }
    }

    /// The order of places and findings within a rule.
    pub(super) fn order(&self) -> (&RepoPath, u32, u32) {
        (&self.path, self.hit.at.range.start, self.hit.at.range.end)
    }
}

/// What tells places of one rule apart: rules about objects say one thing of one place, others may say several.
type Key = (usize, RepoPath, u32, u32, Option<String>);

/// The places of one side, sorted by rule, path and range.
pub(super) fn places(active: &[Active<'_>], trees: &Trees, seen: Vec<Seen>) -> Vec<Place> {
    let mut places: BTreeMap<Key, Place> = BTreeMap::new();
    for seen in seen.into_iter().filter(|seen| active[seen.row].shows(&seen.hit)) {
        let place = Place::new(active, trees, seen);
        let own = place.objects.is_empty().then(|| format!("{}\0{:?}", place.message, place.hit.object));
        let range = place.hit.at.range;
        let key = (place.row, place.path.clone(), range.start, range.end, own);
        match places.get_mut(&key) {
            None => {
                places.insert(key, place);
            }
            Some(known) => known.add(place),
        }
    }
    places.into_values().collect()
}

impl Place {
    fn add(&mut self, other: Self) {
        self.builds.extend(&other.builds);
        self.objects.extend(&other.objects);
        if other.severity > self.severity {
            let builds = std::mem::take(&mut self.builds);
            let objects = std::mem::take(&mut self.objects);
            *self = Self { builds, objects, ..other };
        }
    }
}
