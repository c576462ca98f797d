//! The small languages in manifests and configuration.
//!
//! Never: a manifest; a language here knows its own text alone.

pub mod cel;
mod field_path;
mod glob;
mod go_template;
mod names;
mod pattern;
mod simple_schema;
mod substitution;
mod version;

pub use field_path::{FieldStep, field_path};
pub use glob::{Glob, GlobError};
pub use go_template::{Gap, Missing, go_template, name_template, normalized_name};
pub use names::{Read, expressions, reads};
pub use pattern::Pattern;
pub use simple_schema::{Marker, SimpleFault, SimpleField, check_markers, simple_field, simple_flag};
pub use substitution::{BadSubstitution, Substituted, Variable, substitute};
pub use version::{SemanticVersion, api_version_rank, semantic_version};
