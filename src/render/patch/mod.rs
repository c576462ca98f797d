//! Patches: a strategic merge patch or JSON 6902 operations, laid over one object.
//!
//! Never: which objects a patch is for, or what becomes of their identity; that is the caller's.

mod json;
mod list;
mod strategic;
mod yaml11;

use crate::base::Span;

pub(super) use json::json;
pub(super) use strategic::strategic;

/// Why a patch cannot be applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct PatchError {
    /// The bytes of the patch that do not fit.
    pub(super) at: Span,
    /// In one line, without a final dot; kustomize's words where they say what is wrong.
    pub(super) message: String,
}

impl PatchError {
    fn new(at: Span, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

/// What became of the object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    /// It holds the patch.
    Changed,
    /// The patch deletes it.
    Deleted,
}

/// A part of a patch that kustomize loses without a word.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Silent {
    /// The part of the patch.
    pub(super) at: Span,
    /// What happens to it.
    pub(super) loss: Loss,
}

/// The ways in which kustomize departs from what a patch says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Loss {
    /// A list element without its merge key; what stands in the list under other keys is lost with it.
    ElementWithoutKey,
    /// A list element that is not in the result.
    ElementDropped,
    /// A directive that kustomize does not act on where it stands, or that finds nothing to act on.
    Directive,
    /// A `replace` of what is not there, which adds it.
    ReplaceAdded,
}

#[cfg(test)]
#[cfg(test)]
mod tests;
