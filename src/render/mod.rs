//! A build to objects: kustomize's accumulate, generate, patch, transform and emit, with the origin of every value.
//!
//! Never: a file of its own accord (it asks the snapshot), a remote, a process, a judgement.

mod accumulate;
mod adjust;
mod adjusted;
mod build;
mod context;
mod emit;
mod file_names;
mod finish;
mod generate;
mod hash;
mod load;
mod order;
mod patch;
mod patches;
mod plain;
mod plugin;
mod remote;
mod renderer;
mod resource;
mod schema;
mod select;
mod set;
mod shared;
mod substitute;
mod transform;
mod validated;

pub use adjust::{Absent, Adjustment, Adjustments, Known, Meeting, Variables};
pub use build::{Build, BuildKind, Rendered};
pub use context::{ManagedBy, Options};
pub use file_names::file_names;
pub use load::LoadRestriction;
pub use order::Order;
pub use renderer::{Renderer, print, print_with_places};
