//! Base world × head world → changes. Total: what nothing here understands is `Unclassified`.
//!
//! Never: "breaking"; that is a rule's word.

use crate::base::Span;
use crate::world::ObjectAt;

/// A difference of two worlds.
#[derive(Clone, Debug)]
pub enum Change {
    /// Of an API's schema or versions.
    Api(ApiChange),
}

/// One difference of two versions of an API definition.
#[derive(Clone, Debug)]
pub struct ApiChange {
    /// Rows in the definitions of base and head; `None` where that side lacks the API.
    pub definition: (Option<usize>, Option<usize>),
    /// The name of the API version, where the difference is inside one.
    pub version: Option<String>,
    /// The path in an instance, as people write it: `spec.size`, `spec.items[*].name`.
    pub path: String,
    /// What differs.
    pub what: What,
    /// The line in head: of the keyword, or the nearest that is left.
    pub at: Span,
    /// The line in base, where there is one.
    pub was: Option<Span>,
}

/// The kinds of difference; a rule of kind `schema-change` names one in kebab case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// A property is gone.
    PropertyRemoved,
    /// Nothing here understands the difference; the keyword.
    Unclassified(String),
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
    /// The objects of both sides, paired.
    pub objects: Vec<Pair>,
    /// What differs, in the order of the head's places.
    pub changes: Vec<Change>,
}
