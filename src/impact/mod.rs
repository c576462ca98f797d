//! Changes to what happens: instances that change or become invalid. Facts, no grades.
//!
//! Never: a severity.

/// What the merge does in the clusters, as far as the repository tells.
#[derive(Debug, Default)]
pub struct Impact {}
