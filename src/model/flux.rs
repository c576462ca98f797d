//! Flux's Kustomization and its sources, read as `kustomize-controller api/v1` and `source-controller api/v1` define
//! them.
//!
//! Never: what a path holds; that takes a rendering.

use super::View;

/// The API group of Flux's Kustomization.
pub const FLUX_KUSTOMIZE_GROUP: &str = "kustomize.toolkit.fluxcd.io";
/// The API group of Flux's sources.
pub const FLUX_SOURCE_GROUP: &str = "source.toolkit.fluxcd.io";

/// A Flux Kustomization.
#[derive(Clone, Copy)]
pub struct FluxKustomization<'t>(View<'t>);

/// What a Flux object names as its source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SourceRef<'t> {
    /// `GitRepository`, `OCIRepository`, …
    pub kind: &'t str,
    /// Its name.
    pub name: &'t str,
    /// Its namespace, where one is written.
    pub namespace: Option<&'t str>,
}

impl<'t> FluxKustomization<'t> {
    /// The Kustomization that a document is; the caller has looked at group and kind.
    #[must_use]
    pub fn new(document: View<'t>) -> Self {
        Self(document)
    }

    /// `spec.path`, where it is written.
    #[must_use]
    pub fn path(&self) -> Option<View<'t>> {
        self.0.path(["spec", "path"])
    }

    /// `spec.sourceRef`
    #[must_use]
    pub fn source(&self) -> Option<SourceRef<'t>> {
        let source = self.0.path(["spec", "sourceRef"])?;
        Some(SourceRef {
            kind: source.str_at(["kind"])?,
            name: source.str_at(["name"])?,
            namespace: source.str_at(["namespace"]),
        })
    }

    /// `prune: true`
    #[must_use]
    pub fn prune(&self) -> Option<View<'t>> {
        self.0.path(["spec", "prune"]).filter(|prune| prune.as_bool() == Some(true))
    }

    /// Whether `spec.suspend` stops it.
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        self.0.path(["spec", "suspend"]).and_then(|suspend| suspend.as_bool()) == Some(true)
    }

    /// Whether it applies to another cluster, by `spec.kubeConfig`.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        self.0.path(["spec", "kubeConfig"]).is_some()
    }
}
