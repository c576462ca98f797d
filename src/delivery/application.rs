//! An Argo CD Application or a Flux Kustomization: what it is, and where it may delete.
//!
//! Never: a guess about another repository. What is not here asks for nothing.

use std::sync::Arc;

use crate::base::{Problem, Span};
use crate::model::{
    ARGO_GROUP, FLUX_HELM_GROUP, FLUX_KUSTOMIZE_GROUP, FLUX_OPERATOR_GROUP, Object, ObjectKey, Trees, Value, View,
};
use crate::render::Build;

/// Which controller runs an application.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
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
    /// The object that says it: itself, or the ApplicationSet (or FluxInstance) that makes it.
    pub object: Object,
    /// The document that holds its `spec`: the object's, or the template of the ApplicationSet.
    pub document: Value,
    /// The object's `kind`.
    pub place: Span,
    /// The builds that it applies, each with the line that asks for it.
    pub builds: Vec<(Build, Span)>,
    /// What it applies and this tool does not render.
    pub unrendered: Vec<Unrendered>,
    /// The folders of Git repositories that it asks for, where they could be looked for in this one.
    pub sought: Vec<Sought>,
    /// The `prune` value where it is true and takes effect without a person.
    pub prunes: Option<Span>,
    /// The line that makes it sync without a person.
    pub automated: Option<Span>,
    /// The cluster it names as its destination.
    pub destination: Destination,
    /// The project of Argo CD that it belongs to, where that is known.
    pub project: Option<Arc<str>>,
    /// The namespace of namespaced objects that name none, where it is known.
    pub namespace: Option<Arc<str>>,
    /// The cluster it applies to, where it is known; the world fills it in.
    pub cluster: Option<Arc<str>>,
    /// Whether its sources hold applications; the world fills in what its builds hold.
    pub is_root: bool,
    /// The rows of the world's builds that hold its object; the world fills them in.
    pub held_by: Vec<usize>,
}

/// The namespace that Kubernetes takes where none is named.
pub(super) const DEFAULT_NAMESPACE: &str = "default";

/// The project that Argo CD takes where none is named.
pub(super) const DEFAULT_PROJECT: &str = "default";

/// The cluster that an application names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Destination {
    /// That of whoever delivers it.
    Own,
    /// This one.
    Named(Arc<str>),
    /// One that this repository does not tell.
    Unknown,
}

/// A source that asks for more than this tool renders.
#[derive(Clone, Debug)]
pub struct Unrendered {
    /// The line that asks for it.
    pub at: Span,
    /// What it is: `Helm chart`.
    pub what: &'static str,
}

/// A folder of a Git repository that an application asks for.
#[derive(Clone, Debug)]
pub struct Sought {
    /// The line that asks for it.
    pub at: Span,
    /// The folder, as it is written, or as a template gives it.
    pub path: String,
    /// The repository, where it is named.
    pub repository: Option<String>,
    /// Whether this repository has it.
    pub is_found: bool,
    /// Whether the repository is this one.
    pub whose: Whose,
    /// Whether somebody asks for it for sure: not where generators were taken to meet by a key that is not known.
    pub is_sure: bool,
    /// The artifact that the path counts from, where it is not the repository's root.
    pub artifact: Option<String>,
}

/// Whether a repository that is asked for is the one that is judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whose {
    /// It is, and what is asked of it is what lies here.
    Ours,
    /// Nobody says so; what else is asked of it may.
    Unsaid,
}

/// A HelmRelease whose chart is a folder of a Git repository.
#[derive(Clone, Debug)]
pub struct Chart {
    /// The release.
    pub object: Object,
    /// The folder.
    pub sought: Sought,
}

/// What an object asks for.
#[derive(Debug, Default)]
pub struct Asked {
    /// The applications that it is or makes.
    pub applications: Vec<Application>,
    /// The chart that it takes from a Git repository.
    pub chart: Option<Chart>,
    /// What could not be told.
    pub problems: Vec<Problem>,
}

impl Application {
    /// An application that asks for nothing yet.
    pub(super) fn new(trees: &Trees, controller: Controller, key: ObjectKey, object: &Object) -> Self {
        Self {
            controller,
            key,
            document: object.value.clone(),
            place: object.place(trees),
            object: object.clone(),
            builds: Vec::new(),
            unrendered: Vec::new(),
            sought: Vec::new(),
            prunes: None,
            automated: None,
            destination: Destination::Own,
            project: None,
            namespace: Some(DEFAULT_NAMESPACE.into()),
            cluster: None,
            is_root: false,
            held_by: Vec::new(),
        }
    }

    /// Whether another object makes it, as an ApplicationSet does.
    #[must_use]
    pub fn is_generated(&self) -> bool {
        self.key != self.object.key
    }

    /// The document that holds its `spec`, to be read.
    #[must_use]
    pub fn view<'t>(&'t self, trees: &'t Trees) -> View<'t> {
        trees.view(&self.document)
    }
}

/// Whether an object may ask for something: an application, or a chart that may lie in this repository.
#[must_use]
pub fn asks(trees: &Trees, object: &Object) -> bool {
    let source = ["spec", "chart", "spec", "sourceRef", "kind"];
    let is_chart = || object.is(FLUX_HELM_GROUP, "HelmRelease");
    is_application(object) || (is_chart() && object.view(trees).str_at(source) == Some("GitRepository"))
}

/// Whether an object is an application of its own: what makes the application that holds it a root.
#[must_use]
pub fn is_application(object: &Object) -> bool {
    let (group, kind) = (&*object.key.group, &*object.key.kind);
    (group == ARGO_GROUP && matches!(kind, "Application" | "ApplicationSet"))
        || (group == FLUX_KUSTOMIZE_GROUP && kind == "Kustomization")
        || (group == FLUX_OPERATOR_GROUP && kind == "FluxInstance")
}
