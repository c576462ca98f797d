//! Which objects differ, and where each is applied.
//!
//! Never: a text of an object; how a difference reads is for those who print it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::prune::pair_applications;
use super::reach::{environment, rank};
use crate::base::{ProblemKind, RepoPath};
use crate::compare::{Changes, Pair, Same, hashed_names, without_hashes};
use crate::delivery::Application;
use crate::model::{ObjectKey, Trees, Value};
use crate::world::{ObjectAt, World};

/// What differs between the two sides.
#[derive(Debug, Default)]
pub struct Differences {
    /// The objects, in the order in which changes are promoted, then by application and object.
    pub objects: Vec<Difference>,
    /// How many objects only one side has and nobody knows why: the other side's build of them fails.
    pub unknown: usize,
}

/// One object that differs.
#[derive(Debug)]
pub struct Difference {
    /// The object on both sides.
    pub pair: Pair,
    /// How.
    pub what: Differs,
    /// Whether other applications apply it from now on, or in another cluster.
    pub is_moved: bool,
    /// Where the base applies it.
    pub before: Vec<Applied>,
    /// Where the head applies it.
    pub after: Vec<Applied>,
    /// The object in the base without hashes behind names, where it has some.
    pub was: Option<Value>,
    /// The same in the head.
    pub is: Option<Value>,
}

/// How an object differs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Differs {
    /// Only the base has it.
    Deleted,
    /// Both have it, with other contents.
    Changed,
    /// Only the head has it.
    Added,
    /// Both have it, and only the hashes of names that it refers to differ.
    Hashes,
    /// Both have it as it is, and someone else applies it.
    Moved,
}

/// Where an object is applied.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Applied {
    /// The application's row in its side; `None` where none brings the object.
    pub row: Option<usize>,
    /// The application.
    pub application: Option<ObjectKey>,
    /// The environment, where it is known.
    pub environment: Option<Arc<str>>,
    /// The cluster, where it is known.
    pub cluster: Option<Arc<str>>,
    /// The folder or file that is built.
    pub build: RepoPath,
}

/// All differences of two worlds. Of a world and itself there are none.
#[must_use]
pub fn differences(trees: &Trees, base: &World, head: &World, changes: &Changes) -> Differences {
    let partners = pair_applications(trees, base, head);
    let (failed_base, failed_head) = (Failed::of(base), Failed::of(head));
    let mut walk = Walk {
        trees,
        base: Side::new(trees, base),
        head: Side::new(trees, head),
        same: Same::new(trees, base, head),
        partners: &partners,
    };
    let mut found = Differences::default();
    for pair in &changes.objects {
        let is_unknown = match (pair.base, pair.head) {
            (Some(was), None) => {
                let built = &base.builds[was.build];
                failed_head.holds(&built.build.path, built.applied_by.iter().filter_map(|row| partners[*row]))
            }
            (None, Some(is)) => {
                let built = &head.builds[is.build];
                let before = |row: &usize| partners.iter().position(|partner| *partner == Some(*row));
                failed_base.holds(&built.build.path, built.applied_by.iter().filter_map(before))
            }
            // An object of a build that fails may be found elsewhere, as a file that no build reads.
            (Some(was), Some(is)) => {
                let (was, is) = (&base.builds[was.build].build, &head.builds[is.build].build);
                was != is && (failed_head.builds.contains(&was.path) || failed_base.builds.contains(&is.path))
            }
            (None, None) => false,
        };
        if is_unknown {
            found.unknown += 1;
        } else {
            found.objects.extend(walk.difference(*pair));
        }
    }
    found.objects.sort_by_cached_key(|one| order(base, head, one));
    found
}

/// Where a difference comes among the others.
fn order(base: &World, head: &World, one: &Difference) -> impl Ord + use<> {
    let place = one.after.first().or(one.before.first()).cloned();
    let (environment, is_delivered) =
        place.as_ref().map_or((None, false), |place| (place.environment.as_deref(), place.row.is_some()));
    let rank = rank(&head.layout, is_delivered, environment);
    let key = match (one.pair.head, one.pair.base) {
        (Some(at), _) => Some(head.object(at).key.clone()),
        (None, Some(at)) => Some(base.object(at).key.clone()),
        (None, None) => None,
    };
    let destination = place.as_ref().map(|place| (place.environment.clone(), place.cluster.clone()));
    let application = place.map(|place| (place.application, place.build));
    (rank, destination, application, one.what, key, one.pair.head, one.pair.base)
}

/// What does not build: nobody knows what it holds.
struct Failed<'a> {
    builds: BTreeSet<&'a RepoPath>,
    applications: BTreeSet<usize>,
}

impl<'a> Failed<'a> {
    fn of(world: &'a World) -> Self {
        let breaks = |kind: ProblemKind| matches!(kind, ProblemKind::DoesNotBuild | ProblemKind::Internal);
        let failed = || {
            let all = world.builds.iter();
            all.filter(|built| built.rendered.problems.iter().any(|problem| breaks(problem.kind)))
        };
        Self {
            builds: failed().map(|built| &built.build.path).collect(),
            applications: failed().flat_map(|built| built.applied_by.iter().copied()).collect(),
        }
    }

    fn holds(&self, build: &RepoPath, mut applications: impl Iterator<Item = usize>) -> bool {
        self.builds.contains(build) || applications.any(|row| self.applications.contains(&row))
    }
}

/// One side, with where each build goes and the hashed names in it.
struct Side<'a> {
    world: &'a World,
    applied: Vec<Vec<Applied>>,
    names: HashMap<usize, BTreeMap<String, String>>,
}

impl<'a> Side<'a> {
    fn new(trees: &Trees, world: &'a World) -> Self {
        let one = |built: &crate::world::Built, by: Option<(usize, &Application)>| Applied {
            row: by.map(|(row, _)| row),
            application: by.map(|(_, by)| by.key.clone()),
            environment: environment(trees, world, built, by.map(|(_, by)| by)).map(|found| found.name),
            cluster: by.and_then(|(_, by)| by.cluster.clone()),
            build: built.build.path.clone(),
        };
        let of = |built: &crate::world::Built| match built.applied_by.as_slice() {
            [] => vec![one(built, None)],
            rows => rows.iter().map(|row| one(built, Some((*row, &world.applications[*row])))).collect(),
        };
        Self { world, applied: world.builds.iter().map(of).collect(), names: HashMap::new() }
    }

    /// The object without hashes behind names; `None` where it is the same.
    fn plain(&mut self, trees: &Trees, at: ObjectAt) -> Option<Value> {
        let built = &self.world.builds[at.build];
        let names = self.names.entry(at.build).or_insert_with(|| hashed_names(trees, built));
        without_hashes(trees, &built.rendered.objects[at.object], names)
    }

    fn is_hashed(&self, trees: &Trees, at: ObjectAt) -> bool {
        let object = self.world.object(at);
        object.identity(trees).name != object.key.name
    }
}

struct Walk<'a> {
    trees: &'a Trees,
    base: Side<'a>,
    head: Side<'a>,
    same: Same<'a>,
    /// For each application of the base its row in the head.
    partners: &'a [Option<usize>],
}

impl Walk<'_> {
    fn difference(&mut self, pair: Pair) -> Option<Difference> {
        let is_moved = matches!(pair, Pair { base: Some(was), head: Some(is) } if self.is_moved(was, is));
        let is_same = matches!(pair, Pair { base: Some(was), head: Some(is) } if self.same.holds(was, is));
        if is_same && !is_moved {
            return None;
        }
        let mut was = pair.base.and_then(|at| self.base.plain(self.trees, at));
        let mut is = pair.head.and_then(|at| self.head.plain(self.trees, at));
        let what = match (pair.base, pair.head) {
            (_, None) => Differs::Deleted,
            (None, _) => Differs::Added,
            _ if is_same => Differs::Moved,
            (Some(base), Some(head)) => {
                if self.base.is_hashed(self.trees, base) != self.head.is_hashed(self.trees, head) {
                    // A name that got a hash, or lost it, is another name.
                    (was, is) = (None, None);
                }
                let differs_in_hashes = (was.is_some() || is.is_some()) && {
                    let before = was.as_ref().unwrap_or(&self.base.world.object(base).value);
                    let after = is.as_ref().unwrap_or(&self.head.world.object(head).value);
                    self.trees.view(before).is_equal(&self.trees.view(after))
                };
                if differs_in_hashes { Differs::Hashes } else { Differs::Changed }
            }
        };
        let applied =
            |side: &Side<'_>, at: Option<ObjectAt>| at.map_or_else(Vec::new, |at| side.applied[at.build].clone());
        let (before, after) = (applied(&self.base, pair.base), applied(&self.head, pair.head));
        Some(Difference { pair, what, is_moved, before, after, was, is })
    }

    /// Whether others apply the object, or in another cluster.
    fn is_moved(&self, was: ObjectAt, is: ObjectAt) -> bool {
        let (was, is) = (&self.base.applied[was.build], &self.head.applied[is.build]);
        let before: BTreeSet<_> =
            was.iter().map(|applied| (applied.row.map(|row| self.partners[row]), applied.cluster.clone())).collect();
        let after: BTreeSet<_> = is.iter().map(|applied| (applied.row.map(Some), applied.cluster.clone())).collect();
        before != after
    }
}
