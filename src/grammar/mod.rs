//! The small languages in manifests and configuration.
//!
//! Never: a manifest; a language here knows its own text alone.

mod glob;
mod go_functions;
mod go_template;

pub use glob::{Glob, GlobError};
pub use go_template::{Gap, go_template, name_template};

/// A text as a DNS name, as Argo CD's generators normalize names.
#[must_use]
pub fn normalized_name(text: &str) -> String {
    go_functions::normalize(text)
}
