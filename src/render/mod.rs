//! A build to objects: kustomize's accumulate, generate, patch, transform and emit, with the origin of every value.
//!
//! Never: a file of its own accord (it asks the snapshot), a remote, a process, a judgement.

mod build;
mod patch;
mod resource;
mod schema;
mod transform;

pub use build::{Build, BuildKind, Rendered};
