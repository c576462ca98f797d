//! CEL, the Common Expression Language, with the libraries that Kubernetes adds for CRD rules and admission policies.
//!
//! An expression is compiled once ([`Program::compile`]) and run on many documents ([`Program::run`]). Documents are not
//! converted: whoever owns one implements [`Document`], and a run asks it for the fields that the expression names. A
//! run is bounded in cost, and each error carries its bytes in the expression.
//!
//! The evaluator is this tool's own. A crate for CEL costs twenty packages and a millisecond for its first expression,
//! takes longer for one condition than a whole rule may, has no bound of cost and no place in its errors.
//!
//! Never: a clock, a file, a network; never a panic on any expression or document.

mod cost;
mod cost_calls;
mod cost_sizes;
mod format;
mod json;
mod kubernetes;
mod lex;
mod library;
mod lists;
mod meter;
mod net;
mod printf;
mod program;
mod quantity;
mod run;
mod semver;
mod strings;
mod syntax;
mod time;
mod url;
mod value;

#[cfg(test)]
mod tests;

pub use cost::{Declared, Declares, Old};
pub use meter::{COST, Fault, Kind};
pub use program::Program;
pub use time::{Duration, Timestamp};
pub use value::{Document, Other, Shape, Text, Type, Val};

use crate::base::TextRange;

/// What is wrong with an expression, so that it cannot be compiled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// The bytes of the expression.
    pub at: TextRange,
    /// In one line.
    pub message: String,
}
