//! Who is touched: objects by environment and cluster, and by application.
//!
//! Never: what a cluster makes of what leaves the repository; `prune` tells that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::prune::pair_applications;
use crate::base::{Problem, ProblemKind, Side, Span};
use crate::compare::{Changes, Same};
use crate::delivery::{Application, Layout, Stage, environment_of};
use crate::model::Trees;
use crate::world::{Built, ObjectAt, World};

/// Who is touched.
#[derive(Debug, Default)]
pub struct Reach {
    /// The environments and clusters that receive objects, in the order in which changes are promoted.
    pub destinations: Vec<Destined>,
    /// The applications of which an object comes, goes or differs, in the order of the head, then those that only the
    /// base has.
    pub applications: Vec<Touched>,
    /// What does not build: nobody knows what it holds.
    pub failed: Vec<Failed>,
}

/// How many objects come, go and stay.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// Only the head has them.
    pub added: usize,
    /// Both have them, and they differ.
    pub changed: usize,
    /// Only the base has them.
    pub deleted: usize,
    /// Both have them as they are.
    pub unchanged: usize,
}

/// The objects of one environment and cluster. One that several applications bring counts once.
#[derive(Clone, Debug)]
pub struct Destined {
    /// The environment, where it is known.
    pub environment: Option<Arc<str>>,
    /// The cluster, where it is known.
    pub cluster: Option<Arc<str>>,
    /// Whether an application brings them. What none brings, people apply by hand, or nobody.
    pub is_delivered: bool,
    /// How many.
    pub objects: Tally,
}

/// An application that is touched.
#[derive(Clone, Copy, Debug)]
pub struct Touched {
    /// Its row in the head.
    pub head: Option<usize>,
    /// Its row in the base.
    pub base: Option<usize>,
    /// What it applies.
    pub objects: Tally,
}

/// A part that does not build.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failed {
    /// The side on which it does not.
    pub side: Side,
    /// Where it says so.
    pub at: Span,
    /// Why.
    pub message: String,
}

/// What becomes of an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    Added,
    Changed,
    Deleted,
    Unchanged,
}

impl Tally {
    fn add(&mut self, fate: Fate) {
        *match fate {
            Fate::Added => &mut self.added,
            Fate::Changed => &mut self.changed,
            Fate::Deleted => &mut self.deleted,
            Fate::Unchanged => &mut self.unchanged,
        } += 1;
    }

    /// How many come, go or differ.
    #[must_use]
    pub fn touched(&self) -> usize {
        self.added + self.changed + self.deleted
    }

    /// How many the head has.
    #[must_use]
    pub fn present(&self) -> usize {
        self.added + self.changed + self.unchanged
    }
}

/// Who is touched by a change.
#[must_use]
pub fn reach(trees: &Trees, base: &World, head: &World, changes: &Changes) -> Reach {
    let mut walk = Walk::new(trees, base, head);
    for pair in &changes.objects {
        walk.add(pair.base, pair.head);
    }
    let destinations = walk.destinations();
    Reach { destinations, applications: walk.applications(), failed: failed(trees, base, head) }
}

/// The environment of what an application (or nobody) brings by a build.
pub(super) fn environment(
    trees: &Trees,
    world: &World,
    built: &Built,
    by: Option<&Application>,
) -> Option<crate::delivery::Environment> {
    let label = by.and_then(|by| by.view(trees).str_at(["metadata", "labels", "environment"]));
    let cluster = by.and_then(|by| by.cluster.as_deref());
    environment_of(&built.build.path, label, cluster, &world.layout)
}

/// Where objects go.
type Goal = (bool, Option<Arc<str>>, Option<Arc<str>>);

/// One side, with where each build goes.
struct Way<'a> {
    world: &'a World,
    goals: Vec<BTreeSet<Goal>>,
}

impl<'a> Way<'a> {
    fn new(trees: &Trees, world: &'a World) -> Self {
        let goal = |built: &Built, by: Option<&Application>| {
            let environment = environment(trees, world, built, by).map(|found| found.name);
            (by.is_some(), environment, by.and_then(|by| by.cluster.clone()))
        };
        let of = |built: &Built| match built.applied_by.as_slice() {
            [] => BTreeSet::from([goal(built, None)]),
            rows => rows.iter().map(|row| goal(built, Some(&world.applications[*row]))).collect(),
        };
        Self { world, goals: world.builds.iter().map(of).collect() }
    }

    fn owners(&self, at: ObjectAt) -> &'a [usize] {
        &self.world.builds[at.build].applied_by
    }
}

struct Walk<'a> {
    base: Way<'a>,
    head: Way<'a>,
    /// For each application of the base its row in the head.
    partners: Vec<Option<usize>>,
    by_goal: BTreeMap<Goal, Tally>,
    by_head: Vec<Tally>,
    /// Of the applications that only the base has.
    by_base: BTreeMap<usize, Tally>,
    same: Same<'a>,
}

impl<'a> Walk<'a> {
    fn new(trees: &'a Trees, base: &'a World, head: &'a World) -> Self {
        Self {
            partners: pair_applications(trees, base, head),
            base: Way::new(trees, base),
            head: Way::new(trees, head),
            by_goal: BTreeMap::new(),
            by_head: vec![Tally::default(); head.applications.len()],
            by_base: BTreeMap::new(),
            same: Same::new(trees, base, head),
        }
    }

    fn add(&mut self, base: Option<ObjectAt>, head: Option<ObjectAt>) {
        let stays = match (base, head) {
            (Some(base), Some(head)) if self.same.holds(base, head) => Fate::Unchanged,
            _ => Fate::Changed,
        };
        let none = BTreeSet::new();
        let (before, after) = (base.map(|at| &self.base.goals[at.build]), head.map(|at| &self.head.goals[at.build]));
        let (before, after) = (before.unwrap_or(&none), after.unwrap_or(&none));
        for goal in before.union(after) {
            let fate = fate(before.contains(goal), after.contains(goal), stays);
            self.by_goal.entry(goal.clone()).or_default().add(fate);
        }
        let before: &[usize] = base.map(|at| self.base.owners(at)).unwrap_or_default();
        let after: &[usize] = head.map(|at| self.head.owners(at)).unwrap_or_default();
        for row in after {
            let had = before.iter().any(|owner| self.partners[*owner] == Some(*row));
            self.by_head[*row].add(fate(had, true, stays));
        }
        for row in before {
            match self.partners[*row] {
                Some(partner) if after.contains(&partner) => {}
                Some(partner) => self.by_head[partner].add(Fate::Deleted),
                None => self.by_base.entry(*row).or_default().add(Fate::Deleted),
            }
        }
    }

    fn destinations(&self) -> Vec<Destined> {
        let mut rows: Vec<Destined> = self
            .by_goal
            .iter()
            .map(|((is_delivered, environment, cluster), objects)| Destined {
                environment: environment.clone(),
                cluster: cluster.clone(),
                is_delivered: *is_delivered,
                objects: *objects,
            })
            .collect();
        rows.sort_by_cached_key(|row| {
            let (environment, cluster) = (row.environment.clone(), row.cluster.clone());
            (rank(&self.head.world.layout, row.is_delivered, environment.as_deref()), environment, cluster)
        });
        rows
    }

    fn applications(self) -> Vec<Touched> {
        let mut bases: Vec<Option<usize>> = vec![None; self.by_head.len()];
        for (base, head) in self.partners.iter().enumerate() {
            if let Some(head) = head {
                bases[*head] = Some(base);
            }
        }
        let of_head = self.by_head.into_iter().zip(&bases).enumerate();
        let of_head = of_head.map(|(row, (objects, base))| Touched { head: Some(row), base: *base, objects });
        let gone = self.partners.iter().enumerate().filter(|(_, partner)| partner.is_none()).map(|(row, _)| row);
        let of_base = gone.map(|row| Touched {
            head: None,
            base: Some(row),
            objects: self.by_base.get(&row).copied().unwrap_or_default(),
        });
        let is_touched = |one: &Touched| one.objects.touched() > 0 || one.head.is_none() || one.base.is_none();
        of_head.chain(of_base).filter(is_touched).collect()
    }
}

fn fate(before: bool, after: bool, stays: Fate) -> Fate {
    match (before, after) {
        (true, true) => stays,
        (true, false) => Fate::Deleted,
        (false, _) => Fate::Added,
    }
}

/// Where a destination comes: what is delivered in the order in which changes are promoted, then what is not.
pub(super) fn rank(layout: &Layout, is_delivered: bool, environment: Option<&str>) -> (bool, usize, usize) {
    let order = &layout.environments;
    let configured = order.iter().position(|(known, _)| Some(&**known) == environment);
    (!is_delivered, configured.unwrap_or(order.len()), stage_rank(environment))
}

/// Where an environment comes when nobody has configured an order; what is unknown comes last.
fn stage_rank(name: Option<&str>) -> usize {
    match name.map(Stage::named) {
        Some(Some(Stage::Development)) => 0,
        Some(Some(Stage::Staging)) => 1,
        Some(None) => 2,
        Some(Some(Stage::Production)) => 3,
        None => 4,
    }
}

/// What cannot be told of either side, by path and place; what both sides lack is told of the head.
fn failed(trees: &Trees, base: &World, head: &World) -> Vec<Failed> {
    let of = |world: &World| -> Vec<Failed> {
        let breaks = |problem: &&Problem| matches!(problem.kind, ProblemKind::DoesNotBuild | ProblemKind::Internal);
        let builds = world.builds.iter().flat_map(|built| &built.rendered.problems).filter(breaks);
        // A text that no build reads brings no object.
        let is_read = |at: Span| world.consumed.contains(trees.sources().path(at.file));
        let texts = world.problems.iter().filter(|problem| {
            matches!(problem.kind, ProblemKind::Unreadable | ProblemKind::Unparsable) && is_read(problem.at)
        });
        let one = |problem: &Problem| Failed { side: world.side, at: problem.at, message: problem.message.clone() };
        builds.chain(texts).map(one).collect()
    };
    let mut all = of(head);
    all.extend(of(base));
    let sources = trees.sources();
    all.sort_by_cached_key(|one| {
        (sources.path(one.at.file).clone(), one.at.range, one.message.clone(), std::cmp::Reverse(one.side))
    });
    all.dedup_by(|later, first| later.at == first.at && later.message == first.message);
    all
}
