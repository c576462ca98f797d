//! What leaves the repository, and what its applications make of that in the clusters: deleted, left there, or handed to
//! another application.
//!
//! Never: a severity; an application that does not render taken for an empty one.

mod owners;
mod place;
mod walk;

pub(super) use owners::pair as pair_applications;

use crate::base::{Side, Span};
use crate::delivery::Ending;
use crate::model::Trees;
use crate::world::{ObjectAt, World};

/// What leaves the repository, each object once for each application that applied it.
#[derive(Debug, Default)]
pub struct Pruning {
    /// What the merge deletes.
    pub deleted: Vec<Deleted>,
    /// What stays in the cluster though nobody applies it any more.
    pub orphaned: Vec<Orphaned>,
    /// What another application applies from now on.
    pub handed_over: Vec<HandedOver>,
    /// The applications that the merge deletes together with what they applied.
    pub applications: Vec<DeletedApplication>,
}

/// An application that is deleted, and takes along what it applied.
#[derive(Debug)]
pub struct DeletedApplication {
    /// Its row in the base.
    pub row: usize,
    /// Who deletes it; `None` for the set that made it.
    pub owner: Option<Owner>,
    /// Where it used to be listed, or made.
    pub place: Place,
    /// The rows in [`Pruning::deleted`] of what it takes along.
    pub takes: Vec<usize>,
    /// The rows in [`Pruning::handed_over`] of what others apply from now on, if they come first.
    pub moves: Vec<usize>,
}

/// The application that an object was applied by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Owner {
    /// Its row in the base.
    pub base: usize,
    /// Its row in the head, where it is still there.
    pub head: Option<usize>,
}

/// The line that made an object go, or the nearest that is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The bytes.
    pub at: Span,
    /// Which side they are on.
    pub side: Side,
}

/// An object that the merge deletes.
#[derive(Debug)]
pub struct Deleted {
    /// In the base.
    pub object: ObjectAt,
    /// Who applied it.
    pub owner: Owner,
    /// How it ends.
    pub ending: Ending,
    /// Where it used to be listed.
    pub place: Place,
    /// Whether data, or what holds data, goes with it.
    pub stateful: bool,
    /// How many objects of this repository hang on it: in the namespace, or instances of the API.
    pub hanging: usize,
}

/// An object that stays in the cluster though it left the repository.
#[derive(Debug)]
pub struct Orphaned {
    /// In the base.
    pub object: ObjectAt,
    /// Who applied it; `None` where nobody here did, as for a root that people apply by hand.
    pub owner: Option<Owner>,
    /// Where it used to be listed.
    pub place: Place,
    /// What keeps it, in a few words.
    pub why: String,
}

/// An object that moves from one application to another.
#[derive(Debug)]
pub struct HandedOver {
    /// In the base.
    pub object: ObjectAt,
    /// In the head.
    pub now: ObjectAt,
    /// Who applied it.
    pub owner: Owner,
    /// How it ends where the old owner comes first.
    pub ending: Ending,
    /// The row of the new owner in the head; `None` where no application here applies its new build.
    pub to: Option<usize>,
    /// Whether data, or what holds data, would go with it.
    pub stateful: bool,
}

/// What the change makes of the objects that leave their applications.
#[must_use]
pub fn of(trees: &Trees, base: &World, head: &World) -> Pruning {
    walk::Walk::new(trees, base, head).all()
}
