//! Text to span trees: YAML and JSON documents, comments, problems; and the type of a scalar.
//!
//! Never: a path, a second file, a failure. What is not YAML becomes a problem, and what comes behind it is still read.

mod joined;
mod scalar;
mod template;
#[cfg(test)]
mod tests;
mod tree;
mod yaml;

pub use scalar::{Scalar, is_text_in_yaml_1_1, resolve_plain};
pub use tree::{Document, Kind, Node, ParseProblem, ParseProblemKind, Parsed, Tag};
pub use yaml::parse;
