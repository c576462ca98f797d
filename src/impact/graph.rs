//! The delivery graph: which application brings which.
//!
//! Never: a parent that is guessed; an application that nothing here holds is a root.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::project::{Project, Projects};
use super::prune::pair_applications;
use super::reach::{Reach, Tally, environment};
use crate::base::{ProblemKind, Span};
use crate::delivery::{Application, Controller};
use crate::model::{ObjectKey, Trees};
use crate::world::World;

/// The applications of a change and who brings them.
#[derive(Debug, Default)]
pub struct Graph {
    /// The applications of the head, by their rows there, then those that only the base has.
    pub nodes: Vec<Node>,
    /// The nodes that nobody brings, and one of each circle that nothing else leads to.
    pub roots: Vec<usize>,
}

/// An application in the graph.
#[derive(Clone, Debug)]
pub struct Node {
    /// Who runs it.
    pub controller: Controller,
    /// Its identity.
    pub key: ObjectKey,
    /// The object that makes it, where another one does: an ApplicationSet, a FluxInstance.
    pub made_by: Option<ObjectKey>,
    /// Where it is written.
    pub at: Span,
    /// The project of Argo CD that it belongs to, where it is known.
    pub project: Option<Project>,
    /// The cluster it applies to, where it is known.
    pub cluster: Option<Arc<str>>,
    /// The environment of what it applies, where all of it is in one.
    pub environment: Option<Arc<str>>,
    /// What it may do without a person.
    pub power: Power,
    /// Whether it delivers applications.
    pub is_root: bool,
    /// How many objects it applies, as far as they are rendered.
    pub objects: usize,
    /// How many builds of this repository it applies.
    pub builds: usize,
    /// How many parts of it nobody here renders.
    pub unrendered: usize,
    /// How many of its builds do not build.
    pub failed: usize,
    /// What becomes of it; `None` where there is no base.
    pub change: Option<NodeChange>,
    /// The nodes that it brings.
    pub children: Vec<usize>,
}

/// What an application may do without a person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Power {
    /// Nothing.
    Manual,
    /// Create and change.
    Syncs,
    /// Also delete what leaves the repository.
    Prunes,
}

/// What becomes of an application.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NodeChange {
    /// Only the head has it.
    Added,
    /// Only the base has it.
    Deleted,
    /// Both have it; what it applies.
    Kept(Tally),
}

impl NodeChange {
    /// Whether anything becomes of it.
    #[must_use]
    pub fn is_any(self) -> bool {
        match self {
            Self::Added | Self::Deleted => true,
            Self::Kept(objects) => objects.touched() > 0,
        }
    }
}

/// The graph of the head, with what only the base has where there is one.
#[must_use]
pub fn graph(trees: &Trees, change: Option<(&World, &Reach)>, head: &World) -> Graph {
    let mut nodes = nodes(trees, head);
    if let Some((base, reach)) = change {
        mark(trees, &mut nodes, (base, head), reach);
    }
    let roots = roots(&nodes);
    Graph { nodes, roots }
}

fn nodes(trees: &Trees, world: &World) -> Vec<Node> {
    let projects = Projects::of(trees, world);
    let of = |one| Node { project: projects.project(one), ..node(trees, world, one) };
    let mut nodes: Vec<Node> = world.applications.iter().map(of).collect();
    for built in &world.builds {
        let failed = built.rendered.problems.iter().any(|problem| problem.kind == ProblemKind::DoesNotBuild);
        let missing = built.rendered.problems.iter().filter(|one| one.kind == ProblemKind::NotRendered).count();
        for row in &built.applied_by {
            let node = &mut nodes[*row];
            node.objects += built.rendered.objects.len();
            node.unrendered += missing;
            node.failed += usize::from(failed);
        }
    }
    for (row, application) in world.applications.iter().enumerate() {
        let parents: BTreeSet<usize> =
            application.held_by.iter().flat_map(|build| world.builds[*build].applied_by.iter().copied()).collect();
        for parent in parents {
            nodes[parent].children.push(row);
        }
    }
    nodes
}

fn node(trees: &Trees, world: &World, application: &Application) -> Node {
    let environments: BTreeSet<Option<Arc<str>>> = application
        .builds
        .iter()
        .filter_map(|(build, _)| world.builds.binary_search_by(|built| built.build.cmp(build)).ok())
        .map(|row| &world.builds[row])
        .map(|built| environment(trees, world, built, Some(application)).map(|found| found.name))
        .collect();
    let mut environments = environments.into_iter();
    let environment = environments.next().flatten().filter(|_| environments.next().is_none());
    Node {
        controller: application.controller,
        key: application.key.clone(),
        made_by: application.is_generated().then(|| application.object.key.clone()),
        at: application.place,
        project: None,
        cluster: application.cluster.clone(),
        environment,
        power: power(application),
        is_root: application.is_root,
        objects: 0,
        builds: application.builds.len(),
        unrendered: application.unrendered.len(),
        failed: 0,
        change: None,
        children: Vec::new(),
    }
}

fn power(application: &Application) -> Power {
    match (application.automated, application.prunes) {
        (_, Some(_)) => Power::Prunes,
        (Some(_), None) => Power::Syncs,
        (None, None) => Power::Manual,
    }
}

/// Adds what the base has, and says of each what becomes of it.
fn mark(trees: &Trees, known: &mut Vec<Node>, (base, head): (&World, &World), reach: &Reach) {
    for node in known.iter_mut() {
        node.change = Some(NodeChange::Kept(Tally::default()));
    }
    for touched in &reach.applications {
        if let Some(row) = touched.head {
            let is_new = touched.base.is_none();
            known[row].change = Some(if is_new { NodeChange::Added } else { NodeChange::Kept(touched.objects) });
        }
    }
    let before = nodes(trees, base);
    let partners = pair_applications(trees, base, head);
    let mut rows: Vec<usize> = partners.iter().map(|partner| partner.unwrap_or_default()).collect();
    for (row, partner) in partners.iter().enumerate() {
        if partner.is_none() {
            rows[row] = known.len();
            known.push(Node { change: Some(NodeChange::Deleted), children: Vec::new(), ..before[row].clone() });
        }
    }
    for (parent, node) in before.iter().enumerate() {
        for child in node.children.iter().filter(|child| partners[**child].is_none()) {
            known[rows[parent]].children.push(rows[*child]);
        }
    }
}

/// Where the tree begins.
fn roots(nodes: &[Node]) -> Vec<usize> {
    let held: BTreeSet<usize> = nodes
        .iter()
        .enumerate()
        .flat_map(|(row, node)| node.children.iter().copied().filter(move |child| *child != row))
        .collect();
    let mut roots: Vec<usize> = (0..nodes.len()).filter(|row| !held.contains(row)).collect();
    let mut seen = vec![false; nodes.len()];
    roots.iter().for_each(|root| walk(nodes, *root, &mut seen));
    for row in 0..nodes.len() {
        if !seen[row] {
            roots.push(row);
            walk(nodes, row, &mut seen);
        }
    }
    roots
}

fn walk(nodes: &[Node], from: usize, seen: &mut [bool]) {
    let mut left = vec![from];
    while let Some(at) = left.pop() {
        if !std::mem::replace(&mut seen[at], true) {
            left.extend(&nodes[at].children);
        }
    }
}
