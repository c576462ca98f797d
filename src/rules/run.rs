//! Runs the checks: in parallel, each object by itself only once, and no panic ends more than its own check.
//!
//! Never: an order that depends on threads; results come in the order of what was looked at.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use super::kinds::problem_hit;
use super::settings::Active;
use super::{Check, Facts, Hit, ObjectCheck, ObjectName, Sink, Subject, TextCheck};
use crate::base::{FileId, Problem, ProblemKind, Side, Span, TextRange};
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

/// Runs all checks over both sides; gives those of the head and those of the base.
pub(super) fn run(active: &[Active<'_>], facts: &Facts<'_>, problems: &[Problem]) -> (Looked, Looked) {
    let (values, texts) = rayon::join(|| Values::judge(active, facts), || Texts::judge(active, facts));
    let side = |world: &World| {
        let mut looked = values.of(world);
        looked.add(texts.of(world));
        looked.add(objects(active, facts, world));
        looked.add(worlds(active, facts.trees, world));
        looked
    };
    let after = || {
        let mut head = side(facts.head);
        if facts.base.is_some() {
            head.add(changes(active, facts));
            head.add(tested(active, facts));
        }
        head
    };
    let (mut head, mut base) = rayon::join(after, || facts.base.map(side).unwrap_or_default());
    report_problems(active, facts.head, problems, &mut head);
    if let Some(world) = facts.base {
        report_problems(active, world, problems, &mut base);
    }
    (head, base)
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
    rows: HashMap<Address, usize>,
    looked: Vec<Looked>,
}

impl Values {
    fn judge(active: &[Active<'_>], facts: &Facts<'_>) -> Self {
        let mut rows = HashMap::new();
        let mut objects: Vec<&Object> = Vec::new();
        for (_, object) in facts.base.into_iter().chain([facts.head]).flat_map(World::objects) {
            rows.entry(Address::of(&object.value)).or_insert_with(|| {
                objects.push(object);
                objects.len() - 1
            });
        }
        let looked = objects.into_par_iter().map(|object| judge_value(active, facts.trees, object)).collect();
        Self { rows, looked }
    }

    /// The results for each place of a world where one of the values is.
    fn of(&self, world: &World) -> Looked {
        let mut all = Looked::default();
        let mut counted = HashSet::new();
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

fn judge_value(active: &[Active<'_>], trees: &Trees, object: &Object) -> Looked {
    let mut all = Looked::default();
    let blame = || Some((object.place(trees), object.key.to_string()));
    for (row, rule) in active.iter().enumerate() {
        let (Check::Value(check) | Check::ValueAndText(check, _)) = &rule.rule.check else { continue };
        all.add(guarded(active, row, &blame, |sink| check(trees, object, sink)));
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
fn objects(active: &[Active<'_>], facts: &Facts<'_>, world: &World) -> Looked {
    let trees = facts.trees;
    let change = Some(facts).filter(|facts| facts.base.is_some() && world.side == Side::Head);
    let rows: Vec<usize> = (0..active.len()).filter(|row| object_check(&active[*row].rule.check).is_some()).collect();
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
fn worlds(active: &[Active<'_>], trees: &Trees, world: &World) -> Looked {
    let blame = || somewhere(trees, world).map(|at| (at, "the repository".to_owned()));
    let look = |row: usize| {
        let Check::World(check) = &active[row].rule.check else { return Looked::default() };
        let mut looked = guarded(active, row, &blame, |sink| check(trees, world, sink));
        looked.seen.iter_mut().for_each(|seen| seen.hit.side = world.side);
        looked
    };
    Looked::all((0..active.len()).into_par_iter().map(look).collect())
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
