//! Base world × head world → changes. Total: what nothing here understands is `Unclassified`.
//!
//! Never: "breaking"; that is a rule's word.

mod apis;
mod composition;
mod composition_parts;
mod constraint;
mod graph;
mod hashes;
mod immutable;
mod objects;
mod part;
mod promise;
mod same;
mod schema;
mod what;

pub use hashes::{hashed_names, without_hashes};
pub use part::{Left, Part, PartChange};
pub use promise::promise_content;
pub use same::Same;
pub use what::What;

use std::sync::Arc;

use crate::base::Span;
use crate::model::Trees;
use crate::world::{self, ObjectAt, World};

/// A difference of two worlds.
#[derive(Clone, Debug)]
pub enum Change {
    /// Of an API's schema or versions.
    Api(ApiChange),
    /// Of a named part of an object: a pipeline, a dependency, a composed resource.
    Part(PartChange),
}

/// One difference of two versions of an API definition.
#[derive(Clone, Debug)]
pub struct ApiChange {
    /// Rows in the definitions of base and head; `None` where that side lacks the API.
    pub definition: (Option<usize>, Option<usize>),
    /// The name of the API version, where the difference is inside one.
    pub version: Option<Arc<str>>,
    /// Whether clients could use that version in the base.
    pub offered: Offered,
    /// The path in an instance, as people write it: `spec.size`, `spec.items[*].name`. Empty for the API as a whole.
    pub path: String,
    /// What differs.
    pub what: What,
    /// The line in head: of the keyword, or the nearest that is left; in base for an API that is gone.
    pub at: Span,
    /// The line in base, where there is one.
    pub was: Option<Span>,
}

/// Whether a version was there for clients.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Offered {
    /// The API server answered for it.
    Served,
    /// It was not served, but objects are stored in it.
    StoredOnly,
    /// Neither.
    No,
}

/// An object of the base and what became of it; both `None` never happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pair {
    /// In the base.
    pub base: Option<ObjectAt>,
    /// In the head.
    pub head: Option<ObjectAt>,
}

/// All differences of two worlds.
#[derive(Debug, Default)]
pub struct Changes {
    /// The objects of both sides, paired: those of the head in its order, then what only the base has.
    pub objects: Vec<Pair>,
    /// The API definitions of both sides, by their rows.
    pub definitions: Vec<(Option<usize>, Option<usize>)>,
    /// What differs, in the order of the head's definitions and of their texts.
    pub changes: Vec<Change>,
    /// The same of the API definitions that only tests hold.
    pub tested: Option<Box<Tested>>,
}

/// The API definitions in folders of tests that differ: worlds of their own, which meet no instance and no cluster.
pub struct Tested {
    /// What the base's tests define.
    pub base: World,
    /// What the head's tests define.
    pub head: World,
    /// What differs.
    pub changes: Changes,
}

impl std::fmt::Debug for Tested {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tested").field("changes", &self.changes).finish_non_exhaustive()
    }
}

impl Changes {
    /// What an object of the head was in the base.
    #[must_use]
    pub fn base_of(&self, head: ObjectAt) -> Option<ObjectAt> {
        let at = self.objects.partition_point(|pair| pair.head.is_some_and(|at| at < head));
        self.objects.get(at).filter(|pair| pair.head == Some(head))?.base
    }

    /// What an object of the base became in the head.
    #[must_use]
    pub fn head_of(&self, base: ObjectAt) -> Option<ObjectAt> {
        self.objects.iter().find(|pair| pair.base == Some(base))?.head
    }

    /// The changes of APIs.
    pub fn apis(&self) -> impl Iterator<Item = &ApiChange> {
        self.changes.iter().filter_map(|change| match change {
            Change::Api(change) => Some(change),
            Change::Part(_) => None,
        })
    }

    /// The changes of named parts.
    pub fn parts(&self) -> impl Iterator<Item = &PartChange> {
        self.changes.iter().filter_map(|change| match change {
            Change::Part(change) => Some(change),
            Change::Api(_) => None,
        })
    }
}

/// All differences between two worlds. Of a world and itself there are none.
#[must_use]
pub fn worlds(trees: &Trees, base: &World, head: &World) -> Changes {
    let tested = world::tested(trees, base, head).map(|(base, head)| {
        let changes = deployed(trees, &base, &head);
        Box::new(Tested { base, head, changes })
    });
    Changes { tested, ..deployed(trees, base, head) }
}

fn deployed(trees: &Trees, base: &World, head: &World) -> Changes {
    let objects = objects::pair(trees, base, head);
    let mut changes = Changes { objects, ..Changes::default() };
    changes.definitions = apis::pair(base, head, &changes);
    changes.changes = apis::compare(trees, base, head, &changes).into_iter().map(Change::Api).collect();
    changes.changes.extend(part::compare(trees, base, head, &changes).into_iter().map(Change::Part));
    changes
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod testworld;
