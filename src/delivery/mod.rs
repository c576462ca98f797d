//! Applications to the builds they ask for; roots, tiers, environments, clusters, prune.
//!
//! Never: a rendering (it only asks for one), a judgement.

mod application;
mod repository;
mod tier;

pub use application::{Application, Controller, GitSources, Unrendered, is_application, read};
pub use repository::Here;
pub use tier::{Environment, Layout, Stage, Tier, environment_of, tier_of};
