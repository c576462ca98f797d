//! The small languages in manifests and configuration.
//!
//! Never: a manifest; a language here knows its own text alone.

mod glob;

pub use glob::{Glob, GlobError};
