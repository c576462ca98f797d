//! An Argo CD Application or a Flux Kustomization, and the builds it asks for.
//!
//! Never: a guess about another repository. What is not here asks for nothing.

use std::collections::HashMap;
use std::sync::Arc;

use super::Here;
use crate::base::{RepoPath, Snapshot, Span};
use crate::model::{
    ARGO_GROUP, ArgoApplication, ArgoSource, FLUX_KUSTOMIZE_GROUP, FLUX_SOURCE_GROUP, FluxKustomization, Object,
    ObjectKey, Trees, View,
};
use crate::render::{Build, BuildKind};

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
    /// What it applies and this tool does not render.
    pub unrendered: Vec<Unrendered>,
    /// The `prune` value where it is true and takes effect without a person.
    pub prunes: Option<Span>,
    /// The line that makes it sync without a person.
    pub automated: Option<Span>,
    /// The cluster it names as its destination; `None` where it is the cluster of whoever delivers it.
    pub destination: Option<Arc<str>>,
    /// The cluster it applies to, where it is known; the world fills it in.
    pub cluster: Option<Arc<str>>,
    /// Whether its builds hold applications; the world fills it in.
    pub is_root: bool,
}

/// A source that asks for more than this tool renders.
#[derive(Clone, Debug)]
pub struct Unrendered {
    /// The line that asks for it.
    pub at: Span,
    /// What it is: `Helm chart`.
    pub what: &'static str,
}

/// The URLs of the Git sources that the repository defines, by namespace and name.
#[derive(Debug, Default)]
pub struct GitSources(HashMap<(Arc<str>, Arc<str>), String>);

impl GitSources {
    /// Remembers `object`, if it is a Flux `GitRepository`.
    pub fn add(&mut self, trees: &Trees, object: &Object) {
        if object.is(FLUX_SOURCE_GROUP, "GitRepository")
            && let Some(url) = object.view(trees).str_at(["spec", "url"])
        {
            self.0.insert((object.key.namespace.clone(), object.key.name.clone()), url.to_owned());
        }
    }

    fn url(&self, namespace: &str, name: &str) -> Option<&str> {
        self.0.get(&(namespace.into(), name.into())).map(String::as_str)
    }
}

/// Whether an object is an application of its own: what makes the application that holds it a root.
#[must_use]
pub fn is_application(object: &Object) -> bool {
    let (group, kind) = (&*object.key.group, &*object.key.kind);
    (group == ARGO_GROUP && matches!(kind, "Application" | "ApplicationSet"))
        || (group == FLUX_KUSTOMIZE_GROUP && kind == "Kustomization")
}

/// The application that an object is.
#[must_use]
pub fn read(
    snapshot: &Snapshot,
    trees: &Trees,
    here: &Here,
    sources: &GitSources,
    object: &Object,
) -> Option<Application> {
    let view = object.view(trees);
    let mut application = Application {
        controller: Controller::Flux,
        key: object.key.clone(),
        place: object.place(trees),
        builds: Vec::new(),
        unrendered: Vec::new(),
        prunes: None,
        automated: None,
        destination: None,
        cluster: None,
        is_root: false,
    };
    if object.is(ARGO_GROUP, "Application") {
        application.controller = Controller::ArgoCd;
        argo(&mut application, ArgoApplication::new(view), snapshot, here);
    } else if object.is(FLUX_KUSTOMIZE_GROUP, "Kustomization") {
        flux(&mut application, FluxKustomization::new(view), snapshot, (here, sources), object);
        let folder = cluster_folder(trees.sources().path(application.place.file));
        application.destination = application.destination.take().or(folder);
    } else {
        return None;
    }
    Some(application)
}

fn argo(application: &mut Application, argo: ArgoApplication<'_>, snapshot: &Snapshot, here: &Here) {
    for source in argo.sources() {
        if source.is_chart() {
            let at = source.path().map_or(application.place, |path| path.place());
            application.unrendered.push(Unrendered { at, what: "Helm chart" });
        } else if let Some(path) = source.path()
            && let Some(folder) = folder_here(snapshot, path, |folder| {
                source.repository().is_some_and(|url| here.is(url)) || !folder.as_str().is_empty()
            })
        {
            match argo_build(snapshot, &source, folder) {
                Some(build) => application.builds.push((build, path.place())),
                None => application.unrendered.push(Unrendered { at: path.place(), what: "Helm chart" }),
            }
        }
    }
    application.automated = argo.automated().map(|automated| automated.place());
    application.prunes = argo.prune().map(|prune| prune.place());
    application.destination = argo
        .destination()
        .filter(|cluster| !matches!(*cluster, "in-cluster" | "https://kubernetes.default.svc"))
        .map(Arc::from);
}

/// What Argo CD makes of a folder (`argo-cd util/app/discovery`): a chart, a kustomization, else plain manifests.
fn argo_build(snapshot: &Snapshot, source: &ArgoSource<'_>, folder: RepoPath) -> Option<Build> {
    let (include, exclude) = source.globs();
    let plain = BuildKind::Folder {
        recurse: source.recurses(),
        include: include.map(str::to_owned),
        exclude: exclude.map(str::to_owned),
    };
    let has = |name| folder.join(name).is_some_and(|path| snapshot.file(&path).is_some());
    if source.is_directory() {
        Some(Build { path: folder, kind: plain })
    } else if has("Chart.yaml") {
        None
    } else if KUSTOMIZATION_FILES.into_iter().any(has) {
        Some(Build { path: folder, kind: BuildKind::Kustomize })
    } else {
        Some(Build { path: folder, kind: plain })
    }
}

fn flux(
    application: &mut Application,
    flux: FluxKustomization<'_>,
    snapshot: &Snapshot,
    (here, sources): (&Here, &GitSources),
    object: &Object,
) {
    let url = flux.source().and_then(|source| {
        let namespace = source.namespace.unwrap_or(&object.key.namespace);
        (source.kind == "GitRepository").then(|| sources.url(namespace, source.name)).flatten()
    });
    // `flux bootstrap` names the source of the repository itself `flux-system`.
    let bootstrap = flux.source().is_some_and(|source| source.name == "flux-system");
    let is_here = |folder: &RepoPath| match url {
        Some(url) if here.is(url) => true,
        _ => bootstrap || !folder.as_str().is_empty(),
    };
    if let Some(path) = flux.path()
        && let Some(folder) = folder_here(snapshot, path, is_here)
    {
        let kustomize = KUSTOMIZATION_FILES
            .into_iter()
            .any(|name| folder.join(name).is_some_and(|file| snapshot.file(&file).is_some()));
        let kind = if kustomize { BuildKind::Kustomize } else { BuildKind::Generated };
        application.builds.push((Build { path: folder, kind }, path.place()));
    }
    if !flux.is_suspended() {
        application.automated = Some(application.place);
        application.prunes = flux.prune().map(|prune| prune.place());
    }
    if flux.is_remote() {
        application.destination = Some(Arc::from(&*object.key.name));
    }
}

const KUSTOMIZATION_FILES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The folder of this repository that a path names. A path that exists here is taken for ours, unless `is_here` says
/// that it would fit any repository.
fn folder_here(snapshot: &Snapshot, path: View<'_>, is_here: impl Fn(&RepoPath) -> bool) -> Option<RepoPath> {
    let folder = RepoPath::new(path.as_str()?.trim_start_matches('/'))?;
    match snapshot.find(&folder) {
        crate::base::Found::Folder(folder) if is_here(&folder) => Some(folder),
        _ => None,
    }
}

/// `clusters/<name>` in a path: how Flux repositories name the cluster that a folder is for.
fn cluster_folder(path: &RepoPath) -> Option<Arc<str>> {
    let mut segments = path.segments();
    segments.find(|segment| *segment == "clusters")?;
    let name = segments.next()?;
    // The last segment is the file.
    segments.next().is_some().then(|| Arc::from(name))
}
