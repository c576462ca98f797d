//! Applications to the builds they ask for; roots, tiers, environments, clusters, prune.
//!
//! Never: a rendering (it only asks for one), a judgement.

use std::sync::Arc;

use crate::base::{RepoPath, Span};
use crate::model::ObjectKey;
use crate::render::Build;

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
