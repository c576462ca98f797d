//! Runs the checks: in parallel, each object by itself only once, and no panic ends more than its own check.
//!
//! Never: an order that depends on threads; results come in the order of what was looked at.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::kinds::{pod_of, problem_hit};
use super::settings::Active;
use super::{Check, Facts, Hit, ObjectCheck, ObjectName, Sink, Subject, TextCheck};
use crate::base::{FileId, IdMap, IdSet, Problem, ProblemKind, Side, Span, TextRange};
use crate::impact::Impact;
use crate::model::{Address, Object, Trees};
use crate::world::{Built, ObjectAt, World};

/// A hit with the rule that it is of and what it was seen on.
#[derive(Clone)]
pub(super) struct Seen {
    /// The row of the rule among the active ones.
    pub(super) row: usize,
    /// What the check reported, completed.
    pub(super) hit: Hit,
    /// The object, where the check is about objects.
    pub(super) object: Option<ObjectAt>,
}

/// What came out of some checks.
#[derive(Default)]
pub(super) struct Looked {
    /// The hits.
    pub(super) seen: Vec<Seen>,
    /// The row of a rule, for each time it could not decide.
    pub(super) undecided: Vec<usize>,
    /// Checks that panicked.
    panics: Vec<Problem>,
    /// Whether one did.
    pub(super) panicked: bool,
}

impl Looked {
    fn is_empty(&self) -> bool {
        self.seen.is_empty() && self.undecided.is_empty() && self.panics.is_empty()
    }

    fn add(&mut self, other: Self) {
        if other.is_empty() {
            return;
        }
        self.seen.extend(other.seen);
        self.undecided.extend(other.undecided);
        self.panics.extend(other.panics);
    }

    fn all(parts: Vec<Self>) -> Self {
        let mut all = Self::default();
        for part in parts {
            all.add(part);
        }
        all
    }
}

/// The checks of a run over both sides.
pub(super) struct Run<'a> {
    active: &'a [Active<'a>],
    facts: &'a Facts<'a>,
    /// What other rooms could not do, beside what is noted in the worlds.
    problems: &'a [Problem],
    values: Values,
    texts: Texts,
}

impl<'a> Run<'a> {
    /// Runs the checks whose results both sides share.
    pub(super) fn new(active: &'a [Active<'a>], facts: &'a Facts<'a>, problems: &'a [Problem]) -> Self {
        let (values, texts) = rayon::join(|| Values::judge(active, facts), || Texts::judge(active, facts));
        Self { active, facts, problems, values, texts }
    }

    /// All that is seen in the head.
    pub(super) fn head(&self) -> Looked {
        let mut looked = self.side(self.facts.head, &vec![true; self.active.len()]);
        if self.facts.base.is_some() {
            looked.add(changes(self.active, self.facts));
            looked.add(tested(self.active, self.facts));
        }
        report_problems(self.active, self.facts.head, self.problems, &mut looked);
        looked
    }

    /// What is seen in the base, of the wanted rules (by their rows) at least.
    pub(super) fn base(&self, world: &World, wanted: &[bool]) -> Looked {
        let mut looked = self.side(world, wanted);
        report_problems(self.active, world, self.problems, &mut looked);
        looked
    }

    fn side(&self, world: &World, wanted: &[bool]) -> Looked {
        let trees = self.facts.trees;
        let known = || {
            let mut looked = self.values.of(world);
            looked.add(self.texts.of(world));
            looked
        };
        let objects = || objects((self.active, wanted), self.facts, world);
        let worlds = || worlds((self.active, wanted), trees, world);
        let (mut looked, (objects, worlds)) = rayon::join(known, || rayon::join(objects, worlds));
        looked.add(objects);
        looked.add(worlds);
        looked
    }
}

/// What is said of a check that panicked: where, and on what. Asked for only then.
type Blame<'a> = &'a dyn Fn() -> Option<(Span, String)>;

/// One check that may panic.
fn guarded(active: &[Active<'_>], row: usize, blame: Blame<'_>, check: impl FnOnce(&mut Sink)) -> Looked {
    let mut sink = Sink::default();
    let outcome = catch_unwind(AssertUnwindSafe(|| check(&mut sink)));
    let mut looked = Looked::default();
    if outcome.is_err() {
        // The panic's own words may hold a part of a secret, so they are not shown.
        let problem = |(at, on): (Span, String)| {
            Problem::new(ProblemKind::Internal, at, format!("the rule `{}` failed on {on}", active[row].rule.id))
        };
        looked.panics.extend(blame().map(problem));
        return looked;
    }
    // Most checks of most objects have nothing to say.
    if sink.undecided == 0 && sink.hits.is_empty() {
        return looked;
    }
    looked.undecided = vec![row; sink.undecided];
    looked.seen = sink.hits.into_iter().map(|hit| Seen { row, hit, object: None }).collect();
    looked
}

/// The results of the checks that look at an object alone, one row for each distinct value of both sides.
struct Values {
    rows: IdMap<Address, usize>,
    looked: Vec<Looked>,
}

impl Values {
    fn judge<'w>(active: &[Active<'_>], facts: &Facts<'w>) -> Self {
        let mut rows = IdMap::default();
        let mut objects: Vec<&'w Object> = Vec::new();
        for (_, object) in facts.base.into_iter().chain([facts.head]).flat_map(World::objects) {
            rows.entry(Address::of(&object.value)).or_insert_with(|| {
                objects.push(object);
                objects.len() - 1
            });
        }
        let quiet = Quiet::default();
        let look = |object: &&'w Object| judge_value(active, facts.trees, object, &quiet);
        let looked = objects.par_iter().map(look).collect();
        Self { rows, looked }
    }

    /// The results for each place of a world where one of the values is.
    fn of(&self, world: &World) -> Looked {
        let mut all = Looked::default();
        let mut counted = IdSet::default();
        for (at, object) in world.objects() {
            let row = self.rows[&Address::of(&object.value)];
            let looked = &self.looked[row];
            all.seen.extend(looked.seen.iter().map(|seen| {
                let hit = Hit { side: world.side, build: Some(at.build), ..seen.hit.clone() };
                Seen { row: seen.row, hit, object: Some(at) }
            }));
            if counted.insert(row) {
                all.undecided.extend(&looked.undecided);
                all.panics.extend(looked.panics.iter().cloned());
            }
        }
        all
    }
}

/// The pods that the checks of pods have nothing to say of. Overlays share the pods of their bases.
type Quiet<'w> = Mutex<HashSet<Pod<'w>>>;

/// A pod's spec with the group, the kind and the namespace of what holds it.
type Pod<'w> = (Address, &'w str, &'w str, Option<&'w str>);

fn pod<'w>(trees: &'w Trees, object: &'w Object) -> Option<Pod<'w>> {
    let spec = pod_of(trees, object)?;
    let namespace = object.view(trees).path(["metadata", "namespace"]);
    let named = namespace.and_then(|namespace| namespace.as_str());
    // A namespace that is no text is like no other.
    let at = if namespace.is_some() == named.is_some() { spec.value() } else { object.value.clone() };
    Some((Address::of(&at), &object.key.group, &object.key.kind, named))
}

fn judge_value<'w>(active: &[Active<'_>], trees: &'w Trees, object: &'w Object, quiet: &Quiet<'w>) -> Looked {
    let mut all = Looked::default();
    let blame = || Some((object.place(trees), object.key.to_string()));
    let pod = pod(trees, object);
    let known = || quiet.lock().unwrap_or_else(PoisonError::into_inner);
    let pod = pod.filter(|pod| !known().contains(pod));
    let mut is_quiet = true;
    for (row, rule) in active.iter().enumerate() {
        let (check, is_of_pods) = match &rule.rule.check {
            Check::Value(check) | Check::ValueAndText(check, _) => (check, false),
            Check::Pod(check) if pod.is_some() => (check, true),
            _ => continue,
        };
        let looked = guarded(active, row, &blame, |sink| check(trees, object, sink));
        is_quiet &= !is_of_pods || looked.is_empty();
        all.add(looked);
    }
    if let Some(pod) = pod.filter(|_| is_quiet) {
        known().insert(pod);
    }
    for seen in &mut all.seen {
        seen.hit.object.get_or_insert_with(|| ObjectName::of(object));
    }
    all
}

/// The results of the checks of files, once for each file of both sides.
struct Texts(BTreeMap<FileId, Looked>);

impl Texts {
    fn judge(active: &[Active<'_>], facts: &Facts<'_>) -> Self {
        let rows: Vec<(usize, &TextCheck)> = active.iter().enumerate().filter_map(text_check).collect();
        if rows.is_empty() {
            return Self(BTreeMap::new());
        }
        let of = |world: &World| world.snapshot.files().map(|(_, file)| file).collect::<BTreeSet<FileId>>();
        let (head, base) = (of(facts.head), facts.base.map(of));
        let mut files: BTreeSet<FileId> = match &base {
            None => head,
            Some(base) => head.symmetric_difference(base).copied().collect(),
        };
        files.extend(facts.base.into_iter().chain([facts.head]).flat_map(|world| &world.texts));
        let look = |file: FileId| {
            let blame = || {
                let at = Span { file, range: TextRange::new(0, 0) };
                Some((at, format!("`{}`", facts.trees.sources().path(file))))
            };
            let mut all = Looked::default();
            for (row, check) in &rows {
                all.add(guarded(active, *row, &blame, |sink| check(facts.trees, file, sink)));
            }
            (file, all)
        };
        Self(files.into_par_iter().map(look).collect())
    }

    /// The results for the files of a world.
    fn of(&self, world: &World) -> Looked {
        let mut all = Looked::default();
        for looked in world.snapshot.files().filter_map(|(_, file)| self.0.get(&file)) {
            all.undecided.extend(&looked.undecided);
            all.panics.extend(looked.panics.iter().cloned());
            all.seen.extend(looked.seen.iter().map(|seen| {
                let hit = Hit { side: world.side, ..seen.hit.clone() };
                Seen { hit, ..seen.clone() }
            }));
        }
        all
    }
}

fn text_check<'r>((row, active): (usize, &Active<'r>)) -> Option<(usize, &'r TextCheck)> {
    match &active.rule.check {
        Check::Text(check) | Check::ValueAndText(_, check) => Some((row, &**check)),
        _ => None,
    }
}

fn object_check(check: &Check) -> Option<&ObjectCheck> {
    match check {
        Check::Object(check) | Check::ObjectAndChange(check, _) => Some(check),
        _ => None,
    }
}

/// The checks of objects in their builds.
fn objects((active, wanted): (&[Active<'_>], &[bool]), facts: &Facts<'_>, world: &World) -> Looked {
    let trees = facts.trees;
    let change = Some(facts).filter(|facts| facts.base.is_some() && world.side == Side::Head);
    let is_asked = |row: &usize| wanted[*row] && object_check(&active[*row].rule.check).is_some();
    let rows: Vec<usize> = (0..active.len()).filter(is_asked).collect();
    if rows.is_empty() {
        return Looked::default();
    }
    let found: Vec<(ObjectAt, &Object)> = world.objects().collect();
    let look = |(at, object): (ObjectAt, &Object)| {
        let subject = Subject { world, built: &world.builds[at.build], at, object, change };
        let blame = || Some((object.place(trees), object.key.to_string()));
        let mut all = Looked::default();
        for &row in &rows {
            let Some(check) = object_check(&active[row].rule.check) else { continue };
            all.add(guarded(active, row, &blame, |sink| check(trees, &subject, sink)));
        }
        for seen in &mut all.seen {
            seen.hit.side = world.side;
            seen.hit.build = Some(at.build);
            seen.hit.object.get_or_insert_with(|| ObjectName::of(object));
            seen.object = Some(at);
        }
        all
    };
    Looked::all(found.into_par_iter().map(look).collect())
}

/// The checks of a whole world.
fn worlds((active, wanted): (&[Active<'_>], &[bool]), trees: &Trees, world: &World) -> Looked {
    let blame = || somewhere(trees, world).map(|at| (at, "the repository".to_owned()));
    let look = |row: usize| {
        let Check::World(check) = &active[row].rule.check else { return Looked::default() };
        let mut looked = guarded(active, row, &blame, |sink| check(trees, world, sink));
        looked.seen.iter_mut().for_each(|seen| seen.hit.side = world.side);
        looked
    };
    Looked::all((0..active.len()).into_par_iter().filter(|row| wanted[*row]).map(look).collect())
}

/// The checks of changes.
fn changes(active: &[Active<'_>], facts: &Facts<'_>) -> Looked {
    let blame = || somewhere(facts.trees, facts.head).map(|at| (at, "the change".to_owned()));
    let look = |row: usize| {
        let (Check::Change(check) | Check::ObjectAndChange(_, check)) = &active[row].rule.check else {
            return Looked::default();
        };
        guarded(active, row, &blame, |sink| check(facts, sink))
    };
    Looked::all((0..active.len()).into_par_iter().map(look).collect())
}

/// The same over the API definitions in tests, which are in no build that a finding could name.
fn tested(active: &[Active<'_>], facts: &Facts<'_>) -> Looked {
    let Some(tested) = &facts.changes.tested else { return Looked::default() };
    let (base, changes) = (Some(&tested.base), &tested.changes);
    let mut looked =
        self::changes(active, &Facts { base, head: &tested.head, changes, impact: &Impact::default(), ..*facts });
    looked.seen.iter_mut().for_each(|seen| seen.hit.build = None);
    looked
}

/// A place for what has none of its own.
fn somewhere(trees: &Trees, world: &World) -> Option<Span> {
    let text = || world.texts.first().map(|file| trees.top(*file));
    world.builds.first().map(|built| built.place).or_else(text)
}

/// What the other rooms could not do, and the panics above, as hits of the rules that are about them.
fn report_problems(active: &[Active<'_>], world: &World, more: &[Problem], looked: &mut Looked) {
    let panics = std::mem::take(&mut looked.panics);
    looked.panicked = !panics.is_empty();
    let of_build = |(build, built): (usize, &'_ Built)| {
        let problems = built.rendered.problems.iter();
        problems.map(|problem| (Some(build), problem.clone())).collect::<Vec<_>>()
    };
    let of_builds = world.builds.iter().enumerate().flat_map(of_build);
    let others = world.problems.iter().chain(more).cloned().chain(panics).map(|problem| (None, problem));
    for (build, problem) in of_builds.chain(others) {
        let about = |rule: &Active<'_>| matches!(rule.rule.check, Check::Problem(kind) if kind == problem.kind);
        let Some(row) = active.iter().position(about) else { continue };
        let mut hit = Hit { build, ..problem_hit(&problem, world.side) };
        let sources = world.snapshot.sources();
        if !world.consumed.contains(sources.path(problem.at.file).as_str()) {
            hit.facts.push("unread");
        }
        looked.seen.push(Seen { row, hit, object: None });
    }
}
