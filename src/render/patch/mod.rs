//! Patches: a strategic merge patch or JSON 6902 operations, laid over one object.
//!
//! Never: which objects a patch is for, or what becomes of their identity; that is the caller's.

mod json;
mod list;
mod strategic;
mod yaml11;

use crate::base::Span;
use crate::model::Loss;

pub(super) use json::json;
pub(super) use strategic::{
    Laying, Notation, Passed, first_notation, is_quoted_in_passing, is_text_in_need_of_quotes, same_kind, strategic,
};

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

/// A part of a patch that kustomize loses without a word, in one object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Silent {
    /// The part of the patch.
    pub(super) at: Span,
    /// What happens to it.
    pub(super) loss: Loss,
}

#[cfg(test)]
mod tests;
