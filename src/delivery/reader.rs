//! Objects to applications, and applications to the builds they ask for.
//!
//! Never: a rendering; a path that is not in this repository asks for nothing.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use super::application::{
    Application, Asked, Chart, Controller, DEFAULT_NAMESPACE, DEFAULT_PROJECT, Destination, Sought, Unrendered, Whose,
};
use super::artifact::{self, Artifacts, OfArtifact};
use super::flux_settings::Values;
use super::repository::is_mainline;
use super::strictness::{self, Strictness};
use super::{Here, argo_settings, chart};
use crate::base::{Found, RepoPath, Snapshot, Span};
use crate::grammar::Gap;
use crate::model::{
    ARGO_GROUP, ArgoApplication, ArgoSource, FLUX_HELM_GROUP, FLUX_KUSTOMIZE_GROUP, FLUX_OPERATOR_GROUP,
    FLUX_SOURCE_GROUP, FluxKustomization, KUSTOMIZATION_NAMES, Object, ObjectKey, SourceRef, Trees, View,
};
use crate::render::{Build, BuildKind};

/// Reads the applications of one side.
pub struct Reader<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) trees: &'a Trees,
    pub(super) here: &'a Here,
    /// The Git sources that the repository defines, by namespace and name.
    sources: GitSources,
    /// The artifacts that it makes of them.
    pub(super) artifacts: Artifacts,
    /// What it tells Flux's controllers.
    pub(super) strictness: Strictness,
    folders: OnceLock<BTreeSet<RepoPath>>,
    /// What Kustomizations take variables from.
    pub(super) values: Values,
}

/// The Git sources that a repository defines, by namespace and name.
type GitSources = HashMap<(Arc<str>, Arc<str>), GitSource>;

/// What a reader was told of sources, artifacts and controllers.
#[derive(Clone, PartialEq, Eq)]
pub struct Knowledge {
    sources: GitSources,
    artifacts: Artifacts,
    strictness: Strictness,
}

/// A Flux `GitRepository`, or several of one name for several clusters.
#[derive(Clone, PartialEq, Eq, Debug)]
struct GitSource {
    url: String,
    /// Whether all of them give what the repository holds now, and nothing else.
    is_mainline: bool,
}

/// How the texts of a template become those of an application.
pub(super) type Fill<'f> = &'f dyn Fn(&str) -> Result<String, Gap>;

impl<'a> Reader<'a> {
    /// A reader that knows no source yet.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot, trees: &'a Trees, here: &'a Here) -> Self {
        Self {
            snapshot,
            trees,
            here,
            sources: HashMap::new(),
            artifacts: Artifacts::default(),
            strictness: Strictness::default(),
            folders: OnceLock::new(),
            values: Values::default(),
        }
    }

    /// Remembers `object`, if it is a Flux `GitRepository`, makes artifacts or installs Flux; gives whether it does.
    pub fn add_source(&mut self, object: &Object) -> bool {
        if artifact::is_generator(object) {
            self.artifacts.add(self.snapshot, self.trees, object);
            return true;
        }
        if strictness::is_installer(object) {
            self.strictness.add(self.trees, object);
            return true;
        }
        let is_source = object.is(FLUX_SOURCE_GROUP, "GitRepository");
        if is_source && let Some(url) = object.view(self.trees).str_at(["spec", "url"]) {
            let spec = |name| object.view(self.trees).path(["spec", name]);
            let reference = spec("ref");
            let is_pinned =
                ["tag", "semver", "commit", "name"].iter().any(|by| reference.is_some_and(|r| r.get(by).is_some()));
            let is_whole = spec("include").or_else(|| spec("sparseCheckout")).or_else(|| spec("ignore")).is_none();
            let branch = reference.and_then(|reference| reference.str_at(["branch"]));
            let key = (object.key.namespace.clone(), object.key.name.clone());
            let others = self.sources.get(&key).is_none_or(|known| known.is_mainline && known.url == url);
            let is_mainline = others && !is_pinned && is_whole && is_mainline(branch);
            self.sources.insert(key, GitSource { url: url.to_owned(), is_mainline });
        }
        is_source
    }

    /// What it was told until now.
    #[must_use]
    pub fn knowledge(&self) -> Knowledge {
        let (artifacts, strictness) = (self.artifacts.clone(), self.strictness.clone());
        Knowledge { sources: self.sources.clone(), artifacts, strictness }
    }

    /// What the Kustomization that an application stands for asks for in a world of the same paths and the same
    /// knowledge; `None` where it is no Kustomization of Flux. What a world fills in is not there yet.
    #[must_use]
    pub fn read_again(application: &Application) -> Option<Asked> {
        let application = application.object.is(FLUX_KUSTOMIZE_GROUP, "Kustomization").then(|| Application {
            cluster: None,
            is_root: false,
            held_by: Vec::new(),
            ..application.clone()
        })?;
        Some(Asked { applications: vec![application], ..Asked::default() })
    }

    /// Lets Kustomizations take their variables from these objects and no others.
    pub fn set_values(&mut self, values: Values) {
        self.values = values;
    }

    /// The applications that an object is or makes.
    #[must_use]
    pub fn read(&self, object: &Object) -> Asked {
        let one = |application| Asked { applications: vec![application], ..Asked::default() };
        let (group, kind) = (&*object.key.group, &*object.key.kind);
        match (group, kind) {
            (ARGO_GROUP, "Application") => {
                let key = object.key.clone();
                let mut application = Application::new(self.trees, Controller::ArgoCd, key, object);
                let argo = ArgoApplication::new(object.view(self.trees));
                // A text that is as it stands lacks nothing.
                let _ = self.argo(&mut application, argo, None);
                one(application)
            }
            (ARGO_GROUP, "ApplicationSet") => self.application_set(object),
            (FLUX_KUSTOMIZE_GROUP, "Kustomization") => one(self.flux(object)),
            (FLUX_HELM_GROUP, "HelmRelease") => Asked { chart: self.chart(object), ..Asked::default() },
            (FLUX_OPERATOR_GROUP, "FluxInstance") => self.flux_instance(object).map(one).unwrap_or_default(),
            _ => Asked::default(),
        }
    }

    /// All folders of this side.
    pub(super) fn folders(&self) -> &BTreeSet<RepoPath> {
        self.folders.get_or_init(|| {
            let mut folders = BTreeSet::new();
            for (path, _) in self.snapshot.entries() {
                let mut folder = path.parent();
                while let Some(at) = folder {
                    folder = at.parent();
                    if !folders.insert(at) {
                        break;
                    }
                }
            }
            folders
        })
    }

    /// Fills in what an Application asks for. Gives the first thing that its sources lack.
    pub(super) fn argo(
        &self,
        application: &mut Application,
        argo: ArgoApplication<'_>,
        fill: Option<Fill<'_>>,
    ) -> Result<(), Gap> {
        let filled = |text: &str| fill.map_or_else(|| Ok(text.to_owned()), |fill| fill(text));
        let mut lacks = Ok(());
        for source in argo.sources() {
            if let Err(gap) = self.argo_source(application, &source, &filled) {
                lacks = lacks.and(Err(gap));
            }
        }
        application.automated = argo.automated().map(|automated| automated.place());
        application.prunes = argo.prune().map(|prune| prune.place());
        application.destination = match argo.destination().map(filled) {
            None => Destination::Own,
            Some(Ok(cluster)) if matches!(&*cluster, "in-cluster" | "https://kubernetes.default.svc") => {
                Destination::Own
            }
            Some(Ok(cluster)) => Destination::Named(cluster.into()),
            Some(Err(_)) => Destination::Unknown,
        };
        application.project = filled(argo.project().unwrap_or(DEFAULT_PROJECT)).ok().map(Into::into);
        application.namespace = match argo.destination_namespace() {
            None => Some(DEFAULT_NAMESPACE.into()),
            Some(namespace) => filled(namespace).ok().map(Into::into),
        };
        lacks
    }

    fn argo_source(&self, application: &mut Application, source: &ArgoSource<'_>, fill: Fill<'_>) -> Result<(), Gap> {
        if source.is_chart() {
            let at = source.path().map_or(application.place, |path| path.place());
            application.unrendered.push(Unrendered { at, what: "Helm chart" });
            return Ok(());
        }
        let Some(path) = source.path() else { return Ok(()) };
        let at = path.place();
        let text = fill(path.as_str().unwrap_or_default())?;
        let url = source.repository().and_then(|url| fill(url).ok());
        let is_ours = || url.as_ref().is_some_and(|url| self.here.is(url));
        let found = self.folder_here(&text, |folder| !folder.as_str().is_empty() || is_ours());
        if let Some(url) = &url
            && source.revision().map(fill).transpose().is_ok_and(|revision| is_mainline(revision.as_deref()))
        {
            let whose = if self.here.is(url) { Some(Whose::Ours) } else { self.unsaid(url) };
            application.sought.extend(whose.and_then(|whose| self.sought((&text, at), Some(url), whose)));
        }
        let Some(folder) = found else { return Ok(()) };
        match self.argo_build(source, folder) {
            Ok(mut build) => {
                if build.kind == BuildKind::Kustomize
                    && let Some(settings) = source.kustomize()
                {
                    match argo_settings::settings(self.trees, &settings, fill) {
                        Ok(adjustments) => build.adjustments = adjustments,
                        Err(_) => application.unrendered.push(Unrendered { at, what: "settings of unknown values" }),
                    }
                }
                add_build(application, build, at);
            }
            Err((what, folder)) => {
                application.unrendered.push(Unrendered { at, what });
                application.is_root |= chart::holds_applications(self.snapshot, self.trees, &folder);
            }
        }
        Ok(())
    }

    /// What Argo CD makes of a folder (`argo-cd util/app/discovery`): a chart, a kustomization, else plain manifests.
    fn argo_build(&self, source: &ArgoSource<'_>, folder: RepoPath) -> Result<Build, (&'static str, RepoPath)> {
        let (include, exclude) = source.globs();
        let plain = BuildKind::Folder {
            recurse: source.recurses(),
            include: include.map(str::to_owned),
            exclude: exclude.map(str::to_owned),
        };
        let has = |name: &str| folder.join(name).is_some_and(|path| self.snapshot.file(&path).is_some());
        if source.is_plugin() {
            Err(("config management plugin", folder))
        } else if source.is_directory() {
            Ok(Build::plain(folder, plain))
        } else if has("Chart.yaml") {
            Err(("Helm chart", folder))
        } else if KUSTOMIZATION_NAMES.into_iter().any(has) {
            Ok(Build::plain(folder, BuildKind::Kustomize))
        } else {
            Ok(Build::plain(folder, plain))
        }
    }

    fn flux(&self, object: &Object) -> Application {
        let flux = FluxKustomization::new(object.view(self.trees));
        let mut application = Application::new(self.trees, Controller::Flux, object.key.clone(), object);
        let at = flux.path().map_or(application.place, |path| path.place());
        let text = flux.path().and_then(|path| path.as_str()).unwrap_or("./");
        let of_artifact = flux.source().and_then(|source| self.of_artifact(object, &source, (text, at)));
        let folder = match &of_artifact {
            Some(found) => found.folder.clone(),
            None => self.flux_folder(object, &flux, text),
        };
        if let Some(folder) = folder {
            let (adjustments, unrendered) = self.flux_settings(object, &flux);
            application.unrendered.extend(unrendered);
            add_build(&mut application, Build { adjustments, ..self.flux_build(folder) }, at);
        }
        if let Some(namespace) = flux.target_namespace() {
            let text = namespace.as_str().filter(|text| !text.contains("${"));
            application.namespace = text.map(Into::into);
        }
        application.sought.extend(self.sought_by_flux(object, &flux));
        if let Some(OfArtifact { is_composed, sought, .. }) = of_artifact {
            application.unrendered.extend(is_composed.then_some(Unrendered { at, what: "composed artifact" }));
            application.sought.push(sought);
        }
        if !flux.is_suspended() {
            application.automated = Some(application.place);
            application.prunes = flux.prune().map(|prune| prune.place());
        }
        application.destination = match flux.kube_config() {
            Some("") => Destination::Unknown,
            // Two Secrets of one name in two namespaces, one a cluster, lead to two clusters.
            Some(name) => Destination::Named(format!("{name} ({})", object.key.namespace).into()),
            None => self.cluster_of(&application),
        };
        application
    }

    /// The folder that a Kustomization applies.
    fn flux_folder(&self, object: &Object, flux: &FluxKustomization<'_>, text: &str) -> Option<RepoPath> {
        let source = flux.source()?;
        let is_git = source.kind == "GitRepository";
        let namespace = source.namespace.unwrap_or(&object.key.namespace);
        let url =
            self.sources.get(&(namespace.into(), source.name.into())).filter(|_| is_git).map(|source| &source.url);
        // `flux bootstrap` names the source of the repository itself `flux-system`.
        let is_ours = is_git && url.map_or(source.name == "flux-system", |url| self.here.is(url));
        let whole = self.folder_here(text, |folder| is_ours || !folder.as_str().is_empty());
        match whole {
            None if !is_git => self.folder_of_artifact(text),
            whole => whole,
        }
    }

    /// What a Kustomization asks of a Git source.
    fn sought_by_flux(&self, object: &Object, flux: &FluxKustomization<'_>) -> Option<Sought> {
        let source = flux.source().filter(|source| source.kind == "GitRepository")?;
        let path = flux.path()?;
        let (url, whose) = self.whose(object, &source)?;
        self.sought((path.as_str()?, path.place()), url, whose)
    }

    /// The folder that a HelmRelease takes its chart from, where that is one of a Git repository. A chart in a file is
    /// none.
    fn chart(&self, object: &Object) -> Option<Chart> {
        let spec = object.view(self.trees).path(["spec", "chart", "spec"])?;
        let (chart, source) = (spec.get("chart")?, spec.get("sourceRef")?);
        let source = SourceRef {
            kind: source.str_at(["kind"]).filter(|kind| *kind == "GitRepository")?,
            name: source.str_at(["name"])?,
            namespace: source.str_at(["namespace"]),
        };
        let (url, whose) = self.whose(object, &source)?;
        let sought = self.sought((chart.as_str()?, chart.place()), url, whose)?;
        Some(Chart { object: object.clone(), sought })
    }

    /// Whose repository a Git source is, with its address where one is known; nothing where it is another one. A source
    /// that nobody defines is taken for this repository where every other of its namespace is.
    pub(super) fn whose(&self, object: &Object, source: &SourceRef<'_>) -> Option<(Option<&str>, Whose)> {
        let namespace = source.namespace.unwrap_or(&object.key.namespace);
        Some(match self.sources.get(&(namespace.into(), source.name.into())) {
            Some(known) if !known.is_mainline => return None,
            Some(known) if self.here.is(&known.url) => (Some(&*known.url), Whose::Ours),
            Some(known) => (Some(&*known.url), self.unsaid(&known.url)?),
            None if is_unknown(source.name) => return None,
            None => {
                let mut beside = self.sources.iter().filter(|((other, _), _)| **other == *namespace).peekable();
                let is_any = beside.peek().is_some();
                let are_ours = beside.all(|(_, other)| other.is_mainline && self.here.is(&other.url));
                match (is_any, are_ours) {
                    (true, true) => (None, Whose::Ours),
                    // `flux bootstrap` names the source of the repository itself so.
                    (false, _) if source.name == "flux-system" => (None, Whose::Unsaid),
                    _ => return None,
                }
            }
        })
    }

    /// A folder that is asked for; `None` where its name is not known.
    fn sought(&self, (text, at): (&str, Span), repository: Option<&str>, whose: Whose) -> Option<Sought> {
        if is_unknown(text) {
            return None;
        }
        let is_found = match self.snapshot.find(&RepoPath::new(text.trim_start_matches('/'))?) {
            Found::Folder(_) => true,
            Found::Missing => false,
            _ => return None,
        };
        let repository = repository.map(str::to_owned);
        Some(Sought { at, path: text.to_owned(), repository, is_found, whose, is_sure: true, artifact: None })
    }

    fn unsaid(&self, url: &str) -> Option<Whose> {
        (!is_unknown(url) && self.here.may_be(url)).then_some(Whose::Unsaid)
    }

    /// The folder that a path within an artifact means: an artifact may hold a folder of the repository as its root.
    /// Only where one folder alone fits, and the path has more than a name.
    fn folder_of_artifact(&self, text: &str) -> Option<RepoPath> {
        let path = RepoPath::new(text.trim_start_matches('/'))?;
        if path.segments().count() < 2 {
            return None;
        }
        let end = format!("/{path}");
        let mut fitting = self.folders().iter().filter(|folder| folder.as_str().ends_with(&end));
        let first = fitting.next()?;
        fitting.next().is_none().then(|| first.clone())
    }

    fn flux_build(&self, folder: RepoPath) -> Build {
        let has = |name: &str| folder.join(name).is_some_and(|file| self.snapshot.file(&file).is_some());
        let kind = if KUSTOMIZATION_NAMES.into_iter().any(has) { BuildKind::Kustomize } else { BuildKind::Generated };
        Build::plain(folder, kind)
    }

    /// The Kustomization that the Flux operator makes for a FluxInstance that syncs.
    fn flux_instance(&self, object: &Object) -> Option<Application> {
        let sync = object.view(self.trees).path(["spec", "sync"])?;
        let path = sync.get("path")?;
        let name = sync.str_at(["name"]).unwrap_or(&object.key.namespace);
        let key = ObjectKey {
            group: FLUX_KUSTOMIZE_GROUP.into(),
            kind: "Kustomization".into(),
            namespace: object.key.namespace.clone(),
            name: name.into(),
        };
        let mut application = Application::new(self.trees, Controller::Flux, key, object);
        let is_ours = || sync.str_at(["url"]).is_some_and(|url| self.here.is(url));
        let whole = self.folder_here(path.as_str()?, |folder| !folder.as_str().is_empty() || is_ours());
        let folder = whole.or_else(|| self.folder_of_artifact(path.as_str()?));
        if let Some(folder) = folder {
            add_build(&mut application, self.flux_build(folder), path.place());
        }
        let reference = sync.str_at(["ref"]);
        if sync.str_at(["kind"]) == Some("GitRepository")
            && is_mainline(reference)
            && let Some(url) = sync.str_at(["url"])
        {
            let whose = if self.here.is(url) { Some(Whose::Ours) } else { self.unsaid(url) };
            let asked = (path.as_str()?, path.place());
            application.sought.extend(whose.and_then(|whose| self.sought(asked, Some(url), whose)));
        }
        application.automated = Some(application.place);
        application.destination = self.cluster_of(&application);
        Some(application)
    }

    /// `clusters/<name>` in the path of an object: how Flux repositories name the cluster that a folder is for.
    fn cluster_of(&self, application: &Application) -> Destination {
        let path = self.trees.sources().path(application.place.file);
        let mut segments = path.segments().skip_while(|segment| *segment != "clusters").skip(1);
        match (segments.next(), segments.next()) {
            // The last segment is the file.
            (Some(name), Some(_)) => Destination::Named(name.into()),
            _ => Destination::Own,
        }
    }

    /// The folder of this repository that a path names. A path that exists here is taken for ours, unless `is_here`
    /// says that it would fit any repository.
    fn folder_here(&self, text: &str, is_here: impl Fn(&RepoPath) -> bool) -> Option<RepoPath> {
        let folder = RepoPath::new(text.trim_start_matches('/'))?;
        match self.snapshot.find(&folder) {
            Found::Folder(folder) if is_here(&folder) => Some(folder),
            _ => None,
        }
    }
}

/// Whether a text waits for somebody to fill something in.
pub(super) fn is_unknown(text: &str) -> bool {
    text.contains(['$', '{', '}', '<', '>', '%', '*']) || text.contains("__")
}

/// Adds a build, each once.
fn add_build(application: &mut Application, build: Build, at: Span) {
    if application.builds.iter().all(|(known, _)| *known != build) {
        application.builds.push((build, at));
    }
}

/// The text of a scalar as it is written, whatever its type.
pub(super) fn written(view: Option<View<'_>>) -> Option<Cow<'_, str>> {
    view.filter(View::is_scalar).map(|view| view.written())
}
