//! Everything one side means. Drives the loop: builds → objects → applications → further builds, until none is new.
//!
//! Never: a comparison with the other side, a judgement.

mod gather;
mod layout;
mod lifecycle;
mod tested;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::api::Definition;
use crate::base::{FileId, Problem, RepoPath, Side, Snapshot, Span};
use crate::delivery::{Application, Chart, Here, Knowledge, Layout, Sought};
use crate::model::Object;
use crate::render::{Build, BuildKind, Rendered};

pub use gather::{gather, gather_both, parse_all};
pub use lifecycle::{Lifecycle, Sunset, version_of};
pub use tested::tested;

/// Everything one side means.
pub struct World {
    /// Which side.
    pub side: Side,
    /// Its paths.
    pub snapshot: Arc<Snapshot>,
    /// Its builds, sorted.
    pub builds: Vec<Built>,
    /// Its applications, in the order of the objects that they are; each once, though several builds may hold it.
    pub applications: Vec<Application>,
    /// The HelmReleases whose charts are folders of Git repositories.
    pub charts: Vec<Chart>,
    /// The APIs that its objects define.
    pub definitions: Vec<DefinedApi>,
    /// All files that hold YAML or JSON, sorted by path: text rules read each once.
    pub texts: Vec<FileId>,
    /// What is wrong with texts and with the listing (a build's own problems are with the build).
    pub problems: Vec<Problem>,
    /// The files that some build reads.
    pub consumed: BTreeSet<RepoPath>,
    /// What the configuration says of tiers and environments.
    pub layout: Layout,
    /// How it says that APIs go away.
    pub lifecycle: Lifecycle,
    /// The addresses that mean this repository.
    pub here: Here,
    /// What its applications were read with; `None` where they also take variables from objects.
    pub knowledge: Option<Knowledge>,
    /// What was rendered on the way and nobody applies: the other side may take it over.
    pub spare: BTreeMap<Build, Arc<Rendered>>,
}

/// A build with what it gives.
pub struct Built {
    /// What was asked for.
    pub build: Build,
    /// What came out; shared by both sides where every file read is the same.
    pub rendered: Arc<Rendered>,
    /// Rows in [`World::applications`] of those that apply it.
    pub applied_by: Vec<usize>,
    /// Where the build as a whole is written: the first line of the kustomization, or of the first file.
    pub place: Span,
    /// The cluster that receives it, where it is known.
    pub cluster: Option<Arc<str>>,
}

impl Built {
    /// Whether a kustomization makes it, so that its place names an overlay.
    #[must_use]
    pub fn is_overlay(&self) -> bool {
        self.build.kind == BuildKind::Kustomize
    }
}

/// An object of a world: a build and a position in its objects.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ObjectAt {
    /// A row in [`World::builds`].
    pub build: usize,
    /// A row in its objects.
    pub object: usize,
}

/// An API definition, with the object that it was compiled from.
pub struct DefinedApi {
    /// The object.
    pub from: ObjectAt,
    /// What the controller would install.
    pub definition: Arc<Definition>,
}

impl World {
    /// The same with what the configuration says: the layout, applications (`namespace/name`) that are roots whatever
    /// the graph says, and how APIs go away.
    #[must_use]
    pub fn configured(mut self, layout: &Layout, roots: &[String], lifecycle: &Lifecycle) -> Self {
        let is_named = |key: &crate::model::ObjectKey| {
            let (namespace, name) = (&*key.namespace, &*key.name);
            roots.iter().any(|root| root.split_once('/').unwrap_or(("", root)) == (namespace, name))
        };
        for application in self.applications.iter_mut().filter(|application| is_named(&application.key)) {
            application.is_root = true;
        }
        self.layout = layout.clone();
        self.lifecycle = lifecycle.clone();
        self
    }

    /// The folders of Git repositories that its objects ask for.
    pub fn sought(&self) -> impl Iterator<Item = &Sought> {
        let of_applications = self.applications.iter().flat_map(|application| &application.sought);
        of_applications.chain(self.charts.iter().map(|chart| &chart.sought))
    }

    /// All objects, build by build.
    pub fn objects(&self) -> impl Iterator<Item = (ObjectAt, &Object)> {
        self.builds.iter().enumerate().flat_map(|(build, built)| {
            let objects = built.rendered.objects.iter().enumerate();
            objects.map(move |(object, found)| (ObjectAt { build, object }, found))
        })
    }

    /// The row of a build.
    #[must_use]
    pub fn row_of(&self, build: &Build) -> Option<usize> {
        self.builds.binary_search_by(|built| built.build.cmp(build)).ok()
    }

    /// The builds that an application applies, sorted; those that came to nothing are left out.
    pub fn builds_of(&self, application: &Application) -> impl Iterator<Item = &Built> {
        let mut rows: Vec<usize> = application.builds.iter().filter_map(|(build, _)| self.row_of(build)).collect();
        rows.sort_unstable();
        rows.into_iter().map(|row| &self.builds[row])
    }

    /// One object.
    #[must_use]
    pub fn object(&self, at: ObjectAt) -> &Object {
        &self.builds[at.build].rendered.objects[at.object]
    }
}
