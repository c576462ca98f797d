//! Applications to the builds they ask for; roots, tiers, environments, clusters, prune.
//!
//! Never: a rendering (it only asks for one), a judgement.

mod application;
mod repository;

use crate::base::RepoPath;

pub use application::{Application, Controller, GitSources, Unrendered, is_application, read};
pub use repository::Here;

/// The layers of a platform, as design §6 names them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Tier {
    /// Applications of applications.
    Root,
    /// The platform itself.
    Core,
    /// Capabilities that teams may rely on.
    Stable,
    /// Capabilities under trial.
    Beta,
    /// What teams run.
    Workloads,
}

/// The tier of a path by the default layout; `None` where the layout says nothing.
#[must_use]
pub fn tier_of(_path: &RepoPath) -> Option<Tier> {
    None
}
