//! What an evaluation costs, and why it ends without a value.
//!
//! Never: a value of the document in a message.

use super::value::{Document, Val};
use crate::base::TextRange;

/// What one evaluation may cost: that of a single call in Kubernetes, about a step each.
pub const COST: u64 = 1_000_000;

/// Why an evaluation gave no value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The bytes of the expression that failed.
    pub at: TextRange,
    /// In what way.
    pub kind: Kind,
    /// In one line.
    pub message: String,
}

/// In what way an evaluation failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Something is not there: a field, a key, an item, an optional value.
    Missing,
    /// A value is not of the type that an operation takes.
    Type,
    /// A value is of the right type but not one that an operation takes: too large, not of the form.
    Value,
    /// The evaluation costs too much.
    Cost,
}

/// A fault that does not know its place yet.
#[derive(Debug)]
pub(super) struct Why {
    pub(super) kind: Kind,
    pub(super) message: String,
}

impl Why {
    pub(super) fn missing(message: impl Into<String>) -> Self {
        Self { kind: Kind::Missing, message: message.into() }
    }

    pub(super) fn value(message: impl Into<String>) -> Self {
        Self { kind: Kind::Value, message: message.into() }
    }

    /// That a function or an operator does not take values of these types.
    pub(super) fn types<'t, D: Document<'t>>(of: &str, values: &[Val<'t, D>]) -> Self {
        let names: Vec<&str> = values.iter().map(|value| value.kind().name()).collect();
        Self { kind: Kind::Type, message: format!("`{of}` does not take ({})", names.join(", ")) }
    }

    pub(super) fn at(self, at: TextRange) -> Fault {
        Fault { at, kind: self.kind, message: self.message }
    }
}

/// Counts what an evaluation costs.
pub(super) struct Meter {
    left: u64,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self { left: COST }
    }

    /// Takes `cost`, where it is left.
    pub(super) fn take(&mut self, cost: usize) -> Result<(), Why> {
        match self.left.checked_sub(cost as u64) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(Why { kind: Kind::Cost, message: "the expression costs too much on this object".into() }),
        }
    }

    /// Takes the cost of going over text.
    pub(super) fn read(&mut self, text: &str) -> Result<(), Why> {
        self.take(text.len() / 10 + 1)
    }
}
