//! Argo CD's Application, read as `argo-cd pkg/apis/application/v1alpha1/types.go` defines it.
//!
//! Never: what an application's sources hold; that takes a rendering.

use super::View;

/// The API group of Argo CD.
pub const ARGO_GROUP: &str = "argoproj.io";

/// An Application.
#[derive(Clone, Copy)]
pub struct ArgoApplication<'t>(View<'t>);

/// One source of an Application.
#[derive(Clone, Copy)]
pub struct ArgoSource<'t>(View<'t>);

impl<'t> ArgoApplication<'t> {
    /// The Application that a document is; the caller has looked at group and kind.
    #[must_use]
    pub fn new(document: View<'t>) -> Self {
        Self(document)
    }

    /// The sources: `sources` wins over `source`, as in Argo CD.
    #[must_use]
    pub fn sources(&self) -> Vec<ArgoSource<'t>> {
        let many = self.0.path(["spec", "sources"]).filter(|sources| sources.items().next().is_some());
        match many {
            Some(sources) => sources.items().map(ArgoSource).collect(),
            None => self.0.path(["spec", "source"]).map(ArgoSource).into_iter().collect(),
        }
    }

    /// The block that makes the application sync without a person: there, and not switched off by `enabled: false`.
    #[must_use]
    pub fn automated(&self) -> Option<View<'t>> {
        let automated = self.0.path(["spec", "syncPolicy", "automated"]).filter(View::is_map)?;
        let off = automated.get("enabled").and_then(|enabled| enabled.as_bool()) == Some(false);
        (!off).then_some(automated)
    }

    /// `prune: true` of an automatic sync.
    #[must_use]
    pub fn prune(&self) -> Option<View<'t>> {
        self.automated()?.get("prune").filter(|prune| prune.as_bool() == Some(true))
    }

    /// The destination cluster by name, else by the address of its API server.
    #[must_use]
    pub fn destination(&self) -> Option<&'t str> {
        let destination = self.0.path(["spec", "destination"])?;
        let text = |name| destination.get(name).and_then(|value| value.as_str()).filter(|text| !text.is_empty());
        text("name").or_else(|| text("server"))
    }
}

impl<'t> ArgoSource<'t> {
    /// The repository.
    #[must_use]
    pub fn repository(&self) -> Option<&'t str> {
        self.0.get("repoURL")?.as_str()
    }

    /// The folder in the repository.
    #[must_use]
    pub fn path(&self) -> Option<View<'t>> {
        self.0.get("path").filter(|path| path.as_str().is_some_and(|text| !text.is_empty()))
    }

    /// Whether it is a chart of a Helm repository.
    #[must_use]
    pub fn is_chart(&self) -> bool {
        self.0.get("chart").is_some()
    }

    /// `directory.recurse`
    #[must_use]
    pub fn recurses(&self) -> bool {
        self.0.path(["directory", "recurse"]).and_then(|recurse| recurse.as_bool()) == Some(true)
    }

    /// `directory.include` and `directory.exclude`.
    #[must_use]
    pub fn globs(&self) -> (Option<&'t str>, Option<&'t str>) {
        let text = |name| self.0.str_at(["directory", name]).filter(|text| !text.is_empty());
        (text("include"), text("exclude"))
    }

    /// Whether it says that it is a plain directory, whatever lies in it.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        self.0.get("directory").is_some_and(|directory| directory.fields().next().is_some())
    }
}
