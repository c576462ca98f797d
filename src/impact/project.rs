//! The projects of Argo CD as the delivery graph names them: what they permit.
//!
//! Never: whether an application keeps to its project; that is no fact of a change.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::Span;
use crate::delivery::Application;
use crate::model::{ARGO_GROUP, ArgoProject, Trees};
use crate::world::{ObjectAt, World};

/// The project of an application.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Project {
    /// Its name.
    pub name: Arc<str>,
    /// What it permits, where this repository defines it.
    pub permits: Option<Permits>,
}

/// What a project permits, as it is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Permits {
    /// Where the project is written.
    pub at: Span,
    /// The repositories that sources may be in.
    pub source_repositories: Vec<String>,
    /// The clusters, each with a namespace.
    pub destinations: Vec<(String, String)>,
    /// The cluster-scoped kinds, each with its group first.
    pub cluster_resources: Vec<(String, String)>,
}

/// The projects of a world by name.
pub(super) struct Projects<'w> {
    trees: &'w Trees,
    world: &'w World,
    found: BTreeMap<&'w str, Vec<ObjectAt>>,
}

impl<'w> Projects<'w> {
    pub(super) fn of(trees: &'w Trees, world: &'w World) -> Self {
        let mut found: BTreeMap<&str, Vec<ObjectAt>> = BTreeMap::new();
        for (at, object) in world.objects().filter(|(_, object)| object.is(ARGO_GROUP, "AppProject")) {
            found.entry(&object.key.name).or_default().push(at);
        }
        Self { trees, world, found }
    }

    /// The project that an application names. Where several clusters have one of that name, it is the one beside the
    /// application; where that is not told, only its name is.
    pub(super) fn project(&self, application: &Application) -> Option<Project> {
        let name = application.project.clone()?;
        let named = self.found.get(&*name).map_or(&[][..], Vec::as_slice);
        let of_builds = |is_it: &dyn Fn(usize) -> bool| {
            let mut permits = named.iter().filter(|at| is_it(at.build)).map(|at| self.permits(*at));
            let first = permits.next()?;
            permits.all(|other| other == first).then_some(first)
        };
        let cluster = |build: usize| &self.world.builds[build].cluster;
        let beside = |build: usize| application.held_by.contains(&build);
        let near = |build: usize| {
            application.held_by.iter().any(|held| cluster(*held).is_some() && cluster(*held) == cluster(build))
        };
        let permits = of_builds(&beside).or_else(|| of_builds(&near)).or_else(|| of_builds(&|_| true));
        Some(Project { name, permits })
    }

    fn permits(&self, at: ObjectAt) -> Permits {
        let object = self.world.object(at);
        let project = ArgoProject::new(object.view(self.trees));
        let pairs = |(one, other): (&str, &str)| (one.to_owned(), other.to_owned());
        Permits {
            at: object.place(self.trees),
            source_repositories: project.source_repositories().map(|address| address.written().into_owned()).collect(),
            destinations: project.destinations().map(pairs).collect(),
            cluster_resources: project.cluster_resources().map(pairs).collect(),
        }
    }
}
