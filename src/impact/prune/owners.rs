//! The applications of both sides, paired, and what each applies.
//!
//! Never: two applications of one name in two clusters taken for one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use crate::base::ProblemKind;
use crate::delivery::{self, Application, Controller};
use crate::model::{ObjectKey, Trees};
use crate::world::{Built, ObjectAt, World};

/// One side, with the builds of each application.
pub(super) struct Owners<'a> {
    pub(super) world: &'a World,
    builds: Vec<Vec<usize>>,
    /// The objects that are applications or make some.
    makers: OnceLock<HashMap<&'a ObjectKey, Vec<ObjectAt>>>,
    /// The applications by the object that is or makes them.
    made: OnceLock<HashMap<&'a ObjectKey, Vec<usize>>>,
    /// The first application of each name.
    named: OnceLock<HashMap<&'a ObjectKey, usize>>,
    /// What applications put into each namespace.
    within: OnceLock<HashMap<&'a str, Vec<ObjectAt>>>,
}

impl<'a> Owners<'a> {
    pub(super) fn new(world: &'a World) -> Self {
        let mut builds = vec![Vec::new(); world.applications.len()];
        for (row, built) in world.builds.iter().enumerate() {
            for application in &built.applied_by {
                builds[*application].push(row);
            }
        }
        Self {
            world,
            builds,
            makers: OnceLock::new(),
            made: OnceLock::new(),
            named: OnceLock::new(),
            within: OnceLock::new(),
        }
    }

    /// The objects of this key that are an application or make some, in the order of the builds.
    pub(super) fn makers(&self, key: &ObjectKey) -> &[ObjectAt] {
        let makers = self.makers.get_or_init(|| {
            let mut makers: HashMap<_, Vec<_>> = HashMap::new();
            for (at, object) in self.world.objects().filter(|(_, object)| delivery::is_application(object)) {
                makers.entry(&object.key).or_default().push(at);
            }
            makers
        });
        makers.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    /// The rows of the applications that the object of this key is or makes.
    pub(super) fn made_by(&self, key: &ObjectKey) -> &[usize] {
        let made = self.made.get_or_init(|| {
            let mut made: HashMap<_, Vec<_>> = HashMap::new();
            for (row, application) in self.world.applications.iter().enumerate() {
                made.entry(&application.object.key).or_default().push(row);
            }
            made
        });
        made.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    /// The row of the first application of this name.
    pub(super) fn named(&self, key: &ObjectKey) -> Option<usize> {
        let named = self.named.get_or_init(|| {
            let rows = self.world.applications.iter().enumerate().rev();
            rows.map(|(row, application)| (&application.key, row)).collect()
        });
        named.get(key).copied()
    }

    /// What applications put into a namespace that it names.
    pub(super) fn within(&self, namespace: &str) -> &[ObjectAt] {
        let within = self.within.get_or_init(|| {
            let mut within: HashMap<_, Vec<_>> = HashMap::new();
            let is_applied = |at: ObjectAt| !self.world.builds[at.build].applied_by.is_empty();
            for (at, object) in self.world.objects().filter(|(at, _)| is_applied(*at)) {
                within.entry(&*object.key.namespace).or_default().push(at);
            }
            within
        });
        within.get(namespace).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn application(&self, row: usize) -> &'a Application {
        &self.world.applications[row]
    }

    /// The builds of an application.
    pub(super) fn builds(&self, row: usize) -> impl Iterator<Item = &'a Built> {
        self.builds[row].iter().map(|build| &self.world.builds[*build])
    }

    /// All that an application applies, each identity once.
    pub(super) fn objects(&self, trees: &Trees, row: usize) -> Vec<(ObjectKey, ObjectAt)> {
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for build in &self.builds[row] {
            for (object, one) in self.world.builds[*build].rendered.objects.iter().enumerate() {
                let key = one.identity(trees);
                if seen.insert(key.clone()) {
                    found.push((key, ObjectAt { build: *build, object }));
                }
            }
        }
        found
    }

    /// Whether it is known what an application applies: it asks for builds, and each renders.
    pub(super) fn is_known(&self, row: usize) -> bool {
        let fails = |built: &Built| built.rendered.problems.iter().any(|one| one.kind == ProblemKind::DoesNotBuild);
        !self.builds[row].is_empty() && !self.builds(row).any(fails)
    }

    /// How many parts of an application nobody here renders.
    pub(super) fn unrendered(&self, row: usize) -> usize {
        let of_build =
            |built: &Built| built.rendered.problems.iter().filter(|one| one.kind == ProblemKind::NotRendered).count();
        self.application(row).unrendered.len() + self.builds(row).map(of_build).sum::<usize>()
    }
}

/// Whether both sides of an application have the very same renderings.
pub(super) fn is_untouched(base: &Owners<'_>, row: usize, head: &Owners<'_>, partner: usize) -> bool {
    let same = |(one, other): (&Built, &Built)| Arc::ptr_eq(&one.rendered, &other.rendered);
    base.builds[row].len() == head.builds[partner].len() && base.builds(row).zip(head.builds(partner)).all(same)
}

type Name<'a> = (Controller, &'a ObjectKey, Option<&'a str>);

fn name(application: &Application) -> Name<'_> {
    (application.controller, &application.key, application.cluster.as_deref())
}

/// For each application of the base its row in the head: of the same cluster and file, of the same cluster, then of the
/// same name where only one on each side is left.
pub(in crate::impact) fn pair(trees: &Trees, base: &World, head: &World) -> Vec<Option<usize>> {
    let path = |one: &Application| trees.sources().path(one.place.file).clone();
    let mut partners = vec![None; base.applications.len()];
    let mut taken = vec![false; head.applications.len()];
    let mut by_name: HashMap<Name<'_>, Vec<usize>> = HashMap::new();
    for (row, application) in head.applications.iter().enumerate() {
        by_name.entry(name(application)).or_default().push(row);
    }
    for same_file in [true, false] {
        for (row, application) in base.applications.iter().enumerate() {
            if partners[row].is_some() {
                continue;
            }
            let candidates = by_name.get(&name(application)).into_iter().flatten();
            let mut fitting = candidates.copied().filter(|other| {
                !taken[*other] && (!same_file || path(&head.applications[*other]) == path(application))
            });
            if let Some(other) = fitting.next() {
                partners[row] = Some(other);
                taken[other] = true;
            }
        }
    }
    let left = |side: &World, is_left: &dyn Fn(usize) -> bool| {
        let mut rows: BTreeMap<(Controller, ObjectKey), Vec<usize>> = BTreeMap::new();
        for (row, one) in side.applications.iter().enumerate().filter(|(row, _)| is_left(*row)) {
            rows.entry((one.controller, one.key.clone())).or_default().push(row);
        }
        rows
    };
    let there = left(head, &|row| !taken[row]);
    for (key, rows) in left(base, &|row| partners[row].is_none()) {
        if let ([row], Some([other])) = (&*rows, there.get(&key).map(Vec::as_slice)) {
            partners[*row] = Some(*other);
        }
    }
    partners
}
