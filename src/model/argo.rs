//! Argo CD's Application and ApplicationSet, read as `argo-cd pkg/apis/application/v1alpha1` defines them.
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

/// What a source changes in the kustomization of its folder.
#[derive(Clone, Copy)]
pub struct ArgoKustomize<'t>(View<'t>);

/// An ApplicationSet.
#[derive(Clone, Copy)]
pub struct ArgoApplicationSet<'t>(View<'t>);

/// An AppProject.
#[derive(Clone, Copy)]
pub struct ArgoProject<'t>(View<'t>);

/// The finalizer that deletes what an Application applied when the Application is deleted, with or without a way
/// (`/background`, `/foreground`) behind it.
const CASCADE: &str = "resources-finalizer.argocd.argoproj.io";

/// The annotation that says how Argo CD syncs one object.
const SYNC_OPTIONS: &str = "argocd.argoproj.io/sync-options";
/// The annotation that says that Helm keeps an object; Argo CD heeds it when it deletes an application.
const RESOURCE_POLICY: &str = "helm.sh/resource-policy";

/// What keeps an object that leaves Git: `Prune=false`, or `Prune=confirm`, which asks a person first
/// (`gitops-engine pkg/sync`).
#[must_use]
pub fn is_kept_by_argo(document: View<'_>) -> Option<View<'_>> {
    object_option(document, &["Prune=false", "Prune=confirm"])
}

/// What keeps an object whose application is deleted with all that it applied (`argo-cd controller/appcontroller.go`
/// shouldBeDeleted): `Delete=false`, a confirmation, or Helm's `keep`. Definitions stay whatever they say.
#[must_use]
pub fn outlives_argo_application(document: View<'_>) -> Option<View<'_>> {
    let keeps = || document.path(["metadata", "annotations", RESOURCE_POLICY]).filter(|v| v.as_str() == Some("keep"));
    object_option(document, &["Delete=false", "Delete=confirm"]).or_else(keeps)
}

/// The annotation, if it has one of these options between its commas.
fn object_option<'t>(document: View<'t>, options: &[&str]) -> Option<View<'t>> {
    let annotation = document.path(["metadata", "annotations", SYNC_OPTIONS])?;
    let mut written = annotation.as_str()?.split(',').map(str::trim);
    written.any(|option| options.contains(&option)).then_some(annotation)
}

impl<'t> ArgoApplicationSet<'t> {
    /// The ApplicationSet that a document is; the caller has looked at group and kind.
    #[must_use]
    pub fn new(document: View<'t>) -> Self {
        Self(document)
    }

    /// The generators, in order.
    pub fn generators(&self) -> impl Iterator<Item = View<'t>> + use<'t> {
        self.0.path(["spec", "generators"]).into_iter().flat_map(|list| list.items())
    }

    /// The template of the applications: it has `metadata` and `spec` as they have.
    #[must_use]
    pub fn template(&self) -> Option<View<'t>> {
        self.0.path(["spec", "template"]).filter(View::is_map)
    }

    /// What is laid over the template of each application, as a template of its own.
    #[must_use]
    pub fn template_patch(&self) -> Option<View<'t>> {
        self.0.path(["spec", "templatePatch"]).filter(|patch| patch.as_str().is_some_and(|text| !text.is_empty()))
    }

    /// Whether a template breaks off where a value is missing (`missingkey=error`).
    #[must_use]
    pub fn stops_at_missing(&self) -> bool {
        let options = self.0.path(["spec", "goTemplateOptions"]);
        let mut options = options.into_iter().flat_map(|options| options.items());
        options.any(|option| option.as_str() == Some("missingkey=error"))
    }

    /// Whether the template is a Go template; else its `{{ }}` hold names alone.
    #[must_use]
    pub fn is_go_template(&self) -> bool {
        self.0.path(["spec", "goTemplate"]).and_then(|go| go.as_bool()) == Some(true)
    }

    /// Whether applications keep what they applied when the set deletes them (`preserveResourcesOnDeletion`).
    #[must_use]
    pub fn preserves_resources(&self) -> bool {
        let keeps = self.0.path(["spec", "syncPolicy", "preserveResourcesOnDeletion"]);
        keeps.and_then(|keeps| keeps.as_bool()) == Some(true)
    }

    /// Whether the set never deletes an application (`applicationsSync`).
    #[must_use]
    pub fn keeps_applications(&self) -> bool {
        let mode = self.0.path(["spec", "syncPolicy"]).and_then(|policy| policy.str_at(["applicationsSync"]));
        matches!(mode, Some("create-only" | "create-update"))
    }

    /// Whether applications that no generator gives any more are deleted with what they applied.
    #[must_use]
    pub fn deletes(&self) -> bool {
        !self.preserves_resources() && !self.keeps_applications()
    }
}

impl<'t> ArgoProject<'t> {
    /// The AppProject that a document is; the caller has looked at group and kind.
    #[must_use]
    pub fn new(document: View<'t>) -> Self {
        Self(document)
    }

    /// The repositories that its applications may take sources from, as written: addresses, patterns, `!` and a pattern.
    pub fn source_repositories(&self) -> impl Iterator<Item = View<'t>> + use<'t> {
        self.list("sourceRepos")
    }

    /// The clusters and namespaces that its applications may write to: each a cluster, by address or else by name, and a
    /// namespace.
    pub fn destinations(&self) -> impl Iterator<Item = (&'t str, &'t str)> + use<'t> {
        self.list("destinations").map(|entry| {
            let text = |name| entry.str_at([name]).filter(|text| !text.is_empty());
            (text("server").or_else(|| text("name")).unwrap_or_default(), text("namespace").unwrap_or_default())
        })
    }

    /// The cluster-scoped kinds that its applications may bring: each a group and a kind.
    pub fn cluster_resources(&self) -> impl Iterator<Item = (&'t str, &'t str)> + use<'t> {
        self.list("clusterResourceWhitelist").map(|entry| {
            let text = |name| entry.str_at([name]).unwrap_or_default();
            (text("group"), text("kind"))
        })
    }

    fn list(&self, name: &str) -> impl Iterator<Item = View<'t>> + use<'t> {
        self.0.path(["spec", name]).into_iter().flat_map(|list| list.items())
    }
}

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

    /// The project that it belongs to, where it names one.
    #[must_use]
    pub fn project(&self) -> Option<&'t str> {
        self.0.path(["spec"])?.str_at(["project"]).filter(|name| !name.is_empty())
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

    /// `allowEmpty: true` of an automatic sync.
    #[must_use]
    pub fn allow_empty(&self) -> Option<View<'t>> {
        self.automated()?.get("allowEmpty").filter(|allow| allow.as_bool() == Some(true))
    }

    /// The namespace of objects that name none.
    #[must_use]
    pub fn destination_namespace(&self) -> Option<&'t str> {
        self.0.str_at(["spec", "destination", "namespace"]).filter(|namespace| !namespace.is_empty())
    }

    /// Whether any finalizer is written.
    #[must_use]
    pub fn has_finalizers(&self) -> bool {
        self.0.path(["metadata", "finalizers"]).is_some_and(|list| list.items().next().is_some())
    }

    /// The finalizer that deletes what the application applied together with it.
    #[must_use]
    pub fn cascade(&self) -> Option<View<'t>> {
        let cascades = |item: &View<'t>| {
            let text = item.as_str().and_then(|text| text.strip_prefix(CASCADE));
            text.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.0.path(["metadata", "finalizers"])?.items().find(cascades)
    }

    /// The entry of `syncOptions` that reads `option` (`Replace=true`).
    #[must_use]
    pub fn sync_option(&self, option: &str) -> Option<View<'t>> {
        self.0.path(["spec", "syncPolicy", "syncOptions"])?.items().find(|item| item.as_str() == Some(option))
    }

    /// How often a failed sync is tried again; below zero: for ever.
    #[must_use]
    pub fn retry_limit(&self) -> Option<View<'t>> {
        self.0.path(["spec", "syncPolicy", "retry", "limit"])
    }

    /// The entries of `ignoreDifferences`.
    pub fn ignored_differences(&self) -> impl Iterator<Item = View<'t>> + use<'t> {
        self.0.path(["spec", "ignoreDifferences"]).into_iter().flat_map(|list| list.items())
    }

    /// The destination cluster by name, else by the address of its API server.
    #[must_use]
    pub fn destination(&self) -> Option<&'t str> {
        let destination = self.0.path(["spec", "destination"])?;
        let text = |name| destination.get(name).and_then(|value| value.as_str()).filter(|text| !text.is_empty());
        text("name").or_else(|| text("server"))
    }
}

impl<'t> ArgoKustomize<'t> {
    /// The fields that go into the kustomization under their own names, as far as they are given.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, View<'t>)> + use<'t> {
        let own = self.0;
        let given = move |name| own.get(name).filter(|value| value.as_str().is_some_and(|text| !text.is_empty()));
        ["namespace", "namePrefix", "nameSuffix"].into_iter().filter_map(move |name| Some((name, given(name)?)))
    }

    /// The images, in the form of `kustomize edit set image`.
    pub fn images(&self) -> impl Iterator<Item = View<'t>> + use<'t> {
        self.list("images").filter(|image| image.as_str().is_some())
    }

    /// The entries of `replicas`.
    pub fn replicas(&self) -> impl Iterator<Item = View<'t>> + use<'t> {
        self.list("replicas")
    }

    /// The entries of `patches`, as a kustomization has them.
    pub fn patches(&self) -> impl Iterator<Item = View<'t>> + use<'t> {
        self.list("patches")
    }

    /// The folders of `components`.
    pub fn components(&self) -> impl Iterator<Item = View<'t>> + use<'t> {
        self.list("components")
    }

    /// Whether components that are not there are passed over.
    #[must_use]
    pub fn ignores_missing_components(&self) -> bool {
        self.is_set("ignoreMissingComponents")
    }

    /// `commonLabels`
    #[must_use]
    pub fn labels(&self) -> Option<View<'t>> {
        self.pairs("commonLabels")
    }

    /// Whether the labels stay out of selectors.
    #[must_use]
    pub fn labels_without_selector(&self) -> bool {
        self.is_set("labelWithoutSelector")
    }

    /// Whether labels that stay out of selectors go into templates.
    #[must_use]
    pub fn includes_templates(&self) -> Option<View<'t>> {
        self.0.get("labelIncludeTemplates").filter(|includes| includes.as_bool() == Some(true))
    }

    /// Whether the labels win over those of the kustomization.
    #[must_use]
    pub fn forces_labels(&self) -> bool {
        self.is_set("forceCommonLabels")
    }

    /// `commonAnnotations`
    #[must_use]
    pub fn annotations(&self) -> Option<View<'t>> {
        self.pairs("commonAnnotations")
    }

    /// Whether the annotations win over those of the kustomization.
    #[must_use]
    pub fn forces_annotations(&self) -> bool {
        self.is_set("forceCommonAnnotations")
    }

    fn pairs(&self, name: &str) -> Option<View<'t>> {
        self.0.get(name).filter(|pairs| pairs.fields().next().is_some())
    }

    fn is_set(&self, name: &str) -> bool {
        self.0.get(name).and_then(|value| value.as_bool()) == Some(true)
    }

    fn list(&self, name: &'static str) -> impl Iterator<Item = View<'t>> + use<'t> {
        self.0.get(name).into_iter().flat_map(|list| list.items())
    }
}

impl<'t> ArgoSource<'t> {
    /// What it changes in the kustomization of its folder.
    #[must_use]
    pub fn kustomize(&self) -> Option<ArgoKustomize<'t>> {
        self.0.get("kustomize").filter(View::is_map).map(ArgoKustomize)
    }

    /// The repository.
    #[must_use]
    pub fn repository(&self) -> Option<&'t str> {
        self.0.get("repoURL")?.as_str()
    }

    /// The branch, tag or commit; what the repository holds now where none is written.
    #[must_use]
    pub fn revision(&self) -> Option<&'t str> {
        self.revision_value()?.as_str()
    }

    /// The value that names it.
    #[must_use]
    pub fn revision_value(&self) -> Option<View<'t>> {
        self.0.get("targetRevision")
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

    /// Whether a config management plugin renders it.
    #[must_use]
    pub fn is_plugin(&self) -> bool {
        self.0.get("plugin").is_some_and(|plugin| plugin.is_map())
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
