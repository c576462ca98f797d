//! The instances of the APIs that change, under both definitions: objects, and what other objects bring.
//!
//! Never: an instance that the base lacks blamed on the change of its API.

use std::collections::HashMap;

use super::again::Stirred;
use super::{ApiImpact, Instance, Moved, Outcome, Unknown};
use crate::api::{Defaulted, Definition, Emitted, Judgement, Schema, emitted};
use crate::compare::{Changes, What};
use crate::model::{Object, Trees};
use crate::world::{ObjectAt, World};

/// What becomes of the instances of every API that differs.
pub(super) fn of(trees: &Trees, base: &World, head: &World, changes: &Changes) -> Vec<ApiImpact> {
    let mut differences: HashMap<(Option<usize>, Option<usize>), usize> = HashMap::new();
    for change in changes.apis() {
        let counts = !matches!(change.what, What::ApiAdded | What::DescriptionChanged);
        *differences.entry(change.definition).or_default() += usize::from(counts);
    }
    let stirred = Stirred::of(trees, base, head, changes);
    let mut found: Vec<ApiImpact> = Vec::new();
    let mut of_kind: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for (pair, rows) in changes.definitions.iter().enumerate() {
        let definition = definition_of(base, head, *rows);
        let count = differences.get(rows).copied().unwrap_or_default();
        if count == 0 && !stirred.touches(definition) {
            continue;
        }
        let was = rows.0.into_iter().flat_map(|row| &base.definitions[row].definition.kinds);
        for kind in definition.kinds.iter().chain(was.filter(|kind| !definition.kinds.contains(kind))) {
            of_kind.entry((&definition.group, kind)).or_default().push(found.len());
        }
        found.push(ApiImpact {
            group: definition.group.to_string(),
            kind: definition.kind.to_string(),
            at: definition.at,
            pairs: vec![pair],
            changes: count,
            instances: Vec::new(),
        });
    }
    if found.is_empty() {
        return found;
    }
    for (at, object) in head.objects() {
        let rows = of_kind.get(&(&*object.key.group, &*object.key.kind)).into_iter().flatten();
        for row in rows {
            let pair = changes.definitions[found[*row].pairs[0]];
            if meets(base, head, pair, at) {
                let was = changes.base_of(at);
                let sides = Sides::of(base, head, pair);
                let before = was.map(|was| Subject { object: base.object(was), brought: None });
                let outcome = sides.outcome(trees, before, Subject { object, brought: None });
                found[*row].instances.push(Instance { at, object: object.clone(), part: None, was, outcome });
            }
        }
        bring(trees, (base, head), changes, (at, object), &of_kind, &mut found);
    }
    stirred.mark(trees, (base, head), changes, &mut found);
    found
}

/// The instances that an object brings.
fn bring(
    trees: &Trees,
    (base, head): (&World, &World),
    changes: &Changes,
    (at, object): (ObjectAt, &Object),
    of_kind: &HashMap<(&str, &str), Vec<usize>>,
    found: &mut [ApiImpact],
) {
    let brought = emitted(trees, object);
    let of = |one: &Emitted| of_kind.get(&(&*one.object.key.group, &*one.object.key.kind)).cloned().unwrap_or_default();
    if brought.iter().all(|one| of(one).is_empty()) {
        return;
    }
    let was = changes.base_of(at);
    let before = was.map(|was| emitted(trees, base.object(was))).unwrap_or_default();
    for (position, one) in brought.iter().enumerate() {
        // The same part, or the one at its position where nothing joined or left.
        let same = |other: &&Emitted| other.object.key.kind == one.object.key.kind && other.part == one.part;
        let mut alike = before.iter().filter(same);
        let old = match (alike.next(), alike.next()) {
            (Some(only), None) => Some(only),
            (Some(_), Some(_)) if before.len() == brought.len() => before.get(position).filter(same),
            _ => None,
        };
        for row in of(one) {
            let pair = changes.definitions[found[row].pairs[0]];
            if meets(base, head, pair, at) {
                let sides = Sides::of(base, head, pair);
                let old = old.map(|old| Subject { object: &old.object, brought: Some(old) });
                let outcome = sides.outcome(trees, old, Subject { object: &one.object, brought: Some(one) });
                let was = was.filter(|_| old.is_some());
                let part = Some(one.part.clone());
                found[row].instances.push(Instance { at, object: one.object.clone(), part, was, outcome });
            }
        }
    }
}

/// An instance, and what brings it where another object does.
#[derive(Clone, Copy)]
struct Subject<'a> {
    object: &'a Object,
    brought: Option<&'a Emitted>,
}

fn definition_of<'a>(base: &'a World, head: &'a World, rows: (Option<usize>, Option<usize>)) -> &'a Definition {
    match rows {
        (_, Some(row)) => &head.definitions[row].definition,
        (Some(row), None) => &base.definitions[row].definition,
        (None, None) => unreachable!("a pair has at least one side"),
    }
}

/// Whether an object may live where the definition does: a cluster that is unknown may be any.
fn meets(base: &World, head: &World, rows: (Option<usize>, Option<usize>), at: ObjectAt) -> bool {
    let theirs = match rows {
        (_, Some(row)) => &head.builds[head.definitions[row].from.build].cluster,
        (Some(row), None) => &base.builds[base.definitions[row].from.build].cluster,
        (None, None) => return false,
    };
    let mine = &head.builds[at.build].cluster;
    mine.is_none() || theirs.is_none() || mine == theirs
}

/// The definitions of both sides.
#[derive(Clone, Copy)]
struct Sides<'a> {
    old: Option<&'a Definition>,
    new: Option<&'a Definition>,
}

impl<'a> Sides<'a> {
    fn of(base: &'a World, head: &'a World, rows: (Option<usize>, Option<usize>)) -> Self {
        Self {
            old: rows.0.map(|row| &*base.definitions[row].definition),
            new: rows.1.map(|row| &*head.definitions[row].definition),
        }
    }

    fn schemas(&self, trees: &Trees, version: &str) -> Option<(&'a Schema, &'a Schema)> {
        let of = |definition: Option<&'a Definition>| definition?.version(version)?.schema(trees);
        Some((of(self.old)?, of(self.new)?))
    }
}

impl Sides<'_> {
    fn outcome(&self, trees: &Trees, was: Option<Subject<'_>>, is: Subject<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let Some(was) = was else { return outcome };
        let version = &is.object.version;
        let served = |definition: Option<&Definition>| {
            definition.and_then(|definition| definition.version(version)).is_some_and(|version| version.served)
        };
        outcome.unserved = served(self.old) && !served(self.new);
        outcome.gone = outcome.unserved && self.new.is_none();
        if let Some(schemas) = self.schemas(trees, version) {
            judge(trees, schemas, was, is, &mut outcome);
        }
        outcome
    }
}

/// What a schema says of an instance; what is settled only when it is made is left out, and told.
fn settled(
    trees: &Trees,
    schema: &Schema,
    subject: Subject<'_>,
    was: Option<Subject<'_>>,
) -> (Judgement, Option<Unknown>) {
    let view = subject.object.view(trees);
    let mut judgement = match was {
        Some(was) => schema.judge_update(view, was.object.view(trees)),
        None => schema.judge(view),
    };
    let mut unknown = judgement.undecided.then_some(Unknown::Unchecked);
    if let Some(brought) = subject.brought {
        let before = judgement.violations.len();
        judgement.violations.retain(|violation| !brought.is_open(trees, violation));
        judgement.defaults.retain(|default| !brought.is_written(&default.path));
        if judgement.violations.len() < before {
            unknown = Some(Unknown::Templated);
        }
    }
    (judgement, unknown)
}

/// `was` is the instance as the base has it: it was accepted, or else nothing new happens to it.
fn judge(trees: &Trees, schemas: (&Schema, &Schema), was: Subject<'_>, is: Subject<'_>, outcome: &mut Outcome) {
    let (old, unknown) = settled(trees, schemas.0, is, Some(was));
    let (new, unknown_now) = settled(trees, schemas.1, is, Some(was));
    // What was open before stays so, whatever the change.
    outcome.unknown = unknown_now.or(unknown);
    outcome.defaults = moved(&old, &new);
    let survived = |pointer: &str| !old.pruned.iter().any(|known| is_within(pointer, &known.pointer));
    outcome.pruned = new.pruned.iter().filter(|field| survived(&field.pointer)).cloned().collect();
    let accepted_before = || {
        old.violations.is_empty()
            && (was.object.value.is_same(&is.object.value)
                || settled(trees, schemas.0, was, None).0.violations.is_empty())
    };
    if !new.violations.is_empty() && accepted_before() {
        outcome.violations = new.violations;
    } else {
        outcome.already_invalid = !new.violations.is_empty() && !old.violations.is_empty();
    }
}

/// Whether a JSON pointer is another one, or below it.
fn is_within(pointer: &str, other: &str) -> bool {
    pointer.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The fields of which the default differs.
fn moved(old: &Judgement, new: &Judgement) -> Vec<Moved> {
    let of = |side: &[Defaulted], pointer: &str| side.iter().find(|other| other.pointer == pointer).cloned();
    let mut moved = Vec::new();
    for to in &new.defaults {
        let from = of(&old.defaults, &to.pointer);
        if from.as_ref().is_none_or(|from| from.value != to.value) {
            moved.push(Moved { pointer: to.pointer.clone(), path: to.path.clone(), from, to: Some(to.clone()) });
        }
    }
    for from in &old.defaults {
        if of(&new.defaults, &from.pointer).is_none() {
            let (pointer, path) = (from.pointer.clone(), from.path.clone());
            moved.push(Moved { pointer, path, from: Some(from.clone()), to: None });
        }
    }
    moved
}
