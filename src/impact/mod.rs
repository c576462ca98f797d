//! Changes to what happens: instances that change or become invalid, objects deleted, left behind or handed over. Facts,
//! no grades.
//!
//! Never: a severity.

mod again;
mod compositions;
mod delivered;
mod destinations;
mod differences;
mod graph;
mod instances;
mod past;
mod project;
mod prune;
mod reach;
mod rgd;
mod users;

pub use destinations::{destinations_beside, destinations_of};
pub use rgd::losers_of;
pub use users::{Certainty, User, Users, users_of};

use std::collections::BTreeMap;

use crate::api::{Defaulted, Pruned, Violation};
use crate::base::{History, Passage, Span, TextRange};
use crate::model::{Object, ObjectKey, Trees};
use crate::world::{ObjectAt, World};

use crate::compare::Changes;

pub use crate::delivery::Controller;
pub use crate::delivery::Ending;
pub use delivered::{
    Assumed, Deletion, Delivered, Handover, Kept, Unrendered, applications, assumed, deletions, kept, moved, unrendered,
};
pub use differences::{Applied, Difference, Differences, Differs, differences};
pub use graph::{Graph, Node, NodeChange, Power, graph};
pub use past::{Rereleased, StoredBefore, asks};
pub use project::{Permits, Project};
pub use prune::{Deleted, DeletedApplication, HandedOver, Orphaned, Owner, Place, Pruning};
pub use reach::{Destined, Failed, Reach, Tally, Touched, reach};

/// What the merge does in the clusters, as far as the repository tells.
#[derive(Debug, Default)]
pub struct Impact {
    /// The APIs that change, sorted by group, kind and place.
    pub apis: Vec<ApiImpact>,
    /// The versions that leave and that were stored before the base, as far as the history tells.
    pub stored_before: Vec<StoredBefore>,
    /// The Promises that take the version of an older release, as far as the history tells.
    pub rereleased: Vec<Rereleased>,
    /// What the paths of [`asks`] held in older commits.
    pub history: History,
    /// What the commits of the change bring into the history besides what the head has.
    pub passage: Passage,
    /// What leaves the repository.
    pub pruning: Pruning,
}

/// What becomes of the instances of one API.
#[derive(Debug)]
pub struct ApiImpact {
    /// The group.
    pub group: String,
    /// The kind people write.
    pub kind: String,
    /// Where the definition is written; in the base where the head has none.
    pub at: Span,
    /// The rows of the pairs in [`Changes::definitions`]: several where several builds render one definition.
    pub pairs: Vec<usize>,
    /// How many differences the definition has, words and what nobody can notice left out.
    pub changes: usize,
    /// Its instances in the head, in the order of the builds. Each counts once for each build that renders it.
    pub instances: Vec<Instance>,
}

/// One instance under both definitions.
#[derive(Debug)]
pub struct Instance {
    /// In the head: the instance, or the object that brings it.
    pub at: ObjectAt,
    /// The instance as the head has it.
    pub object: Object,
    /// What the object that brings it calls it; `None` where the repository has it as an object of its own.
    pub part: Option<String>,
    /// In the base, where it was there.
    pub was: Option<ObjectAt>,
    /// Its outcome.
    pub outcome: Outcome,
}

impl Instance {
    /// Its name, as a finding gives it: `team-a/orders`, or `db of Composition databases`.
    #[must_use]
    pub fn title(&self, head: &World) -> String {
        title(&self.object.key, self.part.as_deref(), &head.object(self.at).key)
    }
}

/// The name of an instance, and of the one that brings it where another object does.
fn title(instance: &ObjectKey, part: Option<&str>, by: &ObjectKey) -> String {
    let named = |key: &ObjectKey| {
        let slash = if key.namespace.is_empty() { "" } else { "/" };
        format!("{}{slash}{}", key.namespace, key.name)
    };
    match part {
        None => named(instance),
        Some(part) => format!("{part} of {} {}", by.kind, named(by)),
    }
}

/// What a change of an API does to one instance that the base has too.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "what befalls an instance: any of them may come with any other")]
pub struct Outcome {
    /// Its `apiVersion` is not served any more, or its API is gone.
    pub unserved: bool,
    /// Its API is gone.
    pub gone: bool,
    /// It chooses another Composition.
    pub rerouted: Option<Rerouted>,
    /// Its controller makes it again: the Promise differs, or the Composition whose revisions it follows.
    pub rerun: bool,
    /// Both schemas refuse it: the change is not to blame.
    pub already_invalid: bool,
    /// What the head's schema refuses, though the base's took it.
    pub violations: Vec<Violation>,
    /// Fields that it loses from now on.
    pub pruned: Vec<Pruned>,
    /// Paths at which its effective value changes through defaults.
    pub defaults: Vec<Moved>,
    /// Why a check could not be made, where one could not.
    pub unknown: Option<Unknown>,
}

/// The Compositions that an instance could get, and those that it can get. What runs keeps its own, unless the new one is
/// enforced or named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rerouted {
    /// In the base, after commas.
    pub from: String,
    /// In the head, after commas.
    pub to: String,
    /// How sure it is.
    pub certainty: Certainty,
}

/// Why nobody can say what becomes of an instance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Unknown {
    /// A patch or an expression settles the value when the instance is made.
    Templated,
    /// A check that this tool cannot make.
    Unchecked,
}

impl Unknown {
    /// In a word, as reports give it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Templated => "templated",
            Self::Unchecked => "unchecked",
        }
    }
}

/// A field that takes another default, or one at last, or none any more.
#[derive(Clone, PartialEq, Debug)]
pub struct Moved {
    /// The field, as a JSON pointer.
    pub pointer: String,
    /// As people write it.
    pub path: String,
    /// The default under the base's schema.
    pub from: Option<Defaulted>,
    /// The default under the head's schema.
    pub to: Option<Defaulted>,
}

/// The numbers of one API, as the report shows them.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// All instances.
    pub total: usize,
    /// Refused from now on.
    pub invalid: usize,
    /// With another effective value.
    pub changed: usize,
    /// Losing fields.
    pub pruned: usize,
    /// In a version that is not served any more.
    pub unserved: usize,
    /// Without an API.
    pub gone: usize,
    /// Choosing another Composition.
    pub rerouted: usize,
    /// Made again by their controller.
    pub rerun: usize,
    /// Not decided.
    pub unknown: usize,
    /// Refused by both definitions.
    pub already_invalid: usize,
}

impl ApiImpact {
    /// Takes over another build's view of the same definition.
    fn absorb(&mut self, other: &mut Self) {
        self.pairs.append(&mut other.pairs);
        self.changes = self.changes.max(other.changes);
        self.instances.append(&mut other.instances);
        let place = |instance: &Instance| (instance.at, instance.part.clone());
        self.instances.sort_by_cached_key(place);
        self.instances.dedup_by(|a, b| place(a) == place(b) && a.object.value.is_same(&b.object.value));
    }

    /// The numbers.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let count = |holds: fn(&Outcome) -> bool| self.instances.iter().filter(|i| holds(&i.outcome)).count();
        Counts {
            total: self.instances.len(),
            invalid: count(|outcome| !outcome.violations.is_empty()),
            changed: count(|outcome| !outcome.defaults.is_empty()),
            pruned: count(|outcome| !outcome.pruned.is_empty()),
            unserved: count(|outcome| outcome.unserved && !outcome.gone),
            gone: count(|outcome| outcome.gone),
            rerouted: count(|outcome| outcome.rerouted.is_some()),
            rerun: count(|outcome| outcome.rerun),
            unknown: count(|outcome| outcome.unknown.is_some()),
            already_invalid: count(|outcome| outcome.already_invalid),
        }
    }

    /// Why instances are unknown, each reason with how many.
    #[must_use]
    pub fn unknown(&self) -> BTreeMap<Unknown, usize> {
        let mut found = BTreeMap::new();
        for unknown in self.instances.iter().filter_map(|instance| instance.outcome.unknown) {
            *found.entry(unknown).or_default() += 1;
        }
        found
    }
}

/// What the changes do; `history` holds what older commits have at the paths of [`asks`].
#[must_use]
pub fn of(trees: &Trees, base: &World, head: &World, changes: &Changes, history: History) -> Impact {
    let mut apis = instances::of(trees, base, head, changes);
    let place = |at: Span| -> (String, TextRange) { (trees.sources().path(at.file).as_str().to_owned(), at.range) };
    apis.sort_by_cached_key(|api| (api.group.clone(), api.kind.clone(), place(api.at)));
    apis.dedup_by(|later, first| {
        let same = first.at == later.at && first.kind == later.kind;
        if same {
            first.absorb(later);
        }
        same
    });
    let stored_before = past::stored_before(trees, base, changes, &history);
    let rereleased = past::rereleased(trees, base, head, changes, &history);
    let passage = Passage::default();
    Impact { apis, stored_before, rereleased, history, passage, pruning: prune::of(trees, base, head) }
}

#[cfg(test)]
mod tests;
