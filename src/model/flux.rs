//! Flux's Kustomization and its sources, read as `kustomize-controller api/v1` and `source-controller api/v1` define
//! them.
//!
//! Never: what a path holds; that takes a rendering.

use super::{Field, View};
use crate::base::Span;

/// The API group of Flux's Kustomization.
pub const FLUX_KUSTOMIZE_GROUP: &str = "kustomize.toolkit.fluxcd.io";
/// The API group of Flux's sources.
pub const FLUX_SOURCE_GROUP: &str = "source.toolkit.fluxcd.io";

/// The API group of Flux's HelmRelease.
pub const FLUX_HELM_GROUP: &str = "helm.toolkit.fluxcd.io";
/// The API group of the Flux operator's FluxInstance.
pub const FLUX_OPERATOR_GROUP: &str = "fluxcd.controlplane.io";
/// Set to `disabled` in an object's labels or annotations, it keeps the object when it leaves Git.
pub const FLUX_PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";

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

/// An object that a Kustomization takes variables from; it is in the Kustomization's namespace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ValuesRef<'t> {
    /// `ConfigMap` or `Secret`.
    pub kind: &'t str,
    /// Its name.
    pub name: &'t str,
    /// Where the reference is written.
    pub at: Span,
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

    /// The cluster it applies to, where that is another one than its own: the Secret (or ConfigMap) with the way in.
    #[must_use]
    pub fn kube_config(&self) -> Option<&'t str> {
        let config = self.0.path(["spec", "kubeConfig"])?;
        let name = ["secretRef", "configMapRef"].iter().find_map(|from| config.path([from, "name"]));
        Some(name.and_then(|name| name.as_str()).unwrap_or_default())
    }

    /// Whether what it applied stays when it is deleted itself.
    #[must_use]
    pub fn keeps_when_deleted(&self) -> bool {
        match self.0.str_at(["spec", "deletionPolicy"]) {
            Some("Orphan") => true,
            Some("Delete" | "WaitForTermination") => false,
            _ => self.prune().is_none(),
        }
    }

    /// `force: true`
    #[must_use]
    pub fn force(&self) -> Option<View<'t>> {
        self.0.path(["spec", "force"]).filter(|force| force.as_bool() == Some(true))
    }

    /// Whether it is ready only once what it applies is.
    #[must_use]
    pub fn waits(&self) -> bool {
        let some = |name| self.0.path(["spec", name]).is_some_and(|list| list.items().next().is_some());
        self.0.path(["spec", "wait"]).and_then(|wait| wait.as_bool()) == Some(true)
            || some("healthChecks")
            || some("healthCheckExprs")
    }

    /// The Kustomizations that it waits for, each with its namespace, where one is written, and its name.
    pub fn depends_on(&self) -> impl Iterator<Item = (Option<&'t str>, &'t str)> + use<'t> {
        let list = self.0.path(["spec", "dependsOn"]).into_iter().flat_map(|list| list.items());
        list.filter_map(|item| Some((item.str_at(["namespace"]), item.str_at(["name"])?)))
    }

    /// The texts of its inline patches.
    pub fn patches(&self) -> impl Iterator<Item = View<'t>> + use<'t> {
        self.patch_entries().filter_map(|item| item.get("patch"))
    }

    /// Its patches, each with its `target`, where it has one.
    pub fn patch_entries(&self) -> impl Iterator<Item = View<'t>> + use<'t> {
        self.list("patches")
    }

    /// The entries of `images`, as a kustomization has them.
    pub fn images(&self) -> impl Iterator<Item = View<'t>> + use<'t> {
        self.list("images")
    }

    /// The folders of `components`.
    pub fn components(&self) -> impl Iterator<Item = View<'t>> + use<'t> {
        self.list("components")
    }

    /// `ignoreMissingComponents: true`
    #[must_use]
    pub fn ignores_missing_components(&self) -> bool {
        self.0.path(["spec", "ignoreMissingComponents"]).and_then(|ignore| ignore.as_bool()) == Some(true)
    }

    /// The namespace that everything is put into.
    #[must_use]
    pub fn target_namespace(&self) -> Option<View<'t>> {
        self.text("targetNamespace")
    }

    /// What is put before the names.
    #[must_use]
    pub fn name_prefix(&self) -> Option<View<'t>> {
        self.text("namePrefix")
    }

    /// What is put behind the names.
    #[must_use]
    pub fn name_suffix(&self) -> Option<View<'t>> {
        self.text("nameSuffix")
    }

    /// The `labels` or `annotations` that all objects get.
    #[must_use]
    pub fn common_metadata(&self, map: &str) -> Option<View<'t>> {
        self.0.path(["spec", "commonMetadata", map])
    }

    /// `postBuild`
    #[must_use]
    pub fn post_build(&self) -> Option<Field<'t>> {
        self.0.get("spec")?.field("postBuild").filter(|field| field.value.is_map())
    }

    /// Whether expressions with defaults are replaced though no variable is given (`substituteStrategy`).
    #[must_use]
    pub fn substitutes_always(&self) -> bool {
        self.post_build().is_some_and(|field| field.value.str_at(["substituteStrategy"]) == Some("Always"))
    }

    /// The variables that it gives itself.
    #[must_use]
    pub fn substitute(&self) -> Option<View<'t>> {
        self.post_build()?.value.get("substitute").filter(View::is_map)
    }

    /// The objects that it takes variables from, in order.
    pub fn substitute_from(&self) -> impl Iterator<Item = ValuesRef<'t>> + use<'t> {
        let list = self.post_build().and_then(|field| field.value.get("substituteFrom"));
        list.into_iter().flat_map(|list| list.items()).filter_map(|item| {
            let name = item.get("name")?;
            Some(ValuesRef { kind: item.str_at(["kind"])?, name: name.as_str()?, at: name.place() })
        })
    }

    /// How it decrypts what is encrypted in Git: the `provider`, of which there is `sops` alone.
    #[must_use]
    pub fn decryption(&self) -> Option<View<'t>> {
        self.0.path(["spec", "decryption", "provider"])
    }

    fn list(&self, name: &'static str) -> impl Iterator<Item = View<'t>> + use<'t> {
        self.0.path(["spec", name]).into_iter().flat_map(|list| list.items())
    }

    fn text(&self, name: &str) -> Option<View<'t>> {
        self.0.path(["spec", name]).filter(|text| text.as_str().is_some_and(|text| !text.is_empty()))
    }
}

/// Whether an object says that Flux must keep it when it leaves Git.
#[must_use]
pub fn is_kept_by_flux(document: View<'_>) -> bool {
    ["labels", "annotations"].iter().any(|map| {
        let map = document.path(["metadata", map]);
        map.and_then(|map| map.str_at([FLUX_PRUNE])).is_some_and(|value| value.eq_ignore_ascii_case("disabled"))
    })
}
