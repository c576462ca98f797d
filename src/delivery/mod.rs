//! Applications to the builds they ask for; roots, tiers, environments, clusters, prune.
//!
//! Never: a rendering (it only asks for one), a judgement.

mod tier;

use std::sync::Arc;

use crate::base::Span;
use crate::model::ObjectKey;
use crate::render::Build;

pub use tier::{Environment, Layout, Stage, Tier, environment_of, tier_of};

/// Which controller runs an application.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Controller {
    /// An Argo CD Application.
    ArgoCd,
    /// A Flux Kustomization.
    Flux,
}

/// An Argo CD Application or a Flux Kustomization.
#[derive(Clone, Debug)]
pub struct Application {
    /// Who runs it.
    pub controller: Controller,
    /// Its identity.
    pub key: ObjectKey,
    /// Its `kind`.
    pub place: Span,
    /// The builds that it applies, each with the line that asks for it.
    pub builds: Vec<(Build, Span)>,
    /// The `prune` value where it is true and takes effect without a person.
    pub prunes: Option<Span>,
    /// The line that makes it sync without a person.
    pub automated: Option<Span>,
    /// The cluster it applies to, where it is known.
    pub cluster: Option<Arc<str>>,
    /// Whether its builds hold applications.
    pub is_root: bool,
}
