//! Applications to the builds they ask for; roots, tiers, environments, clusters, prune.
//!
//! Never: a rendering (it only asks for one), a judgement.

mod application;
mod application_set;
mod argo_settings;
mod artifact;
mod assumed;
mod chart;
mod flux_settings;
mod generator;
mod outside;
mod protection;
mod reader;
mod repository;
mod selector;
mod strictness;
mod template_patch;
mod tier;

pub use application::{
    Application, Asked, Chart, Controller, Destination, Sought, Unrendered, Whose, asks, is_application,
};
pub use assumed::{Standing, assumed};
pub use flux_settings::{Values, holds_values, takes_values};
pub use outside::{ClusterSecret, Generated, Outside};
pub use protection::{Ending, Protection, leaves_behind, protection};
pub use reader::{Knowledge, Reader};
pub use repository::Here;
pub use tier::{Environment, Layout, Stage, Tier, environment_of, tier_of};
