//! The instances of the APIs that change, under both definitions.
//!
//! Never: an instance that the base lacks blamed on the change of its API.

use std::collections::HashMap;

use super::{ApiImpact, Instance, Moved, Outcome};
use crate::api::{Defaulted, Definition, Judgement, Schema};
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
    let mut found: Vec<ApiImpact> = Vec::new();
    let mut of_kind: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for (pair, rows) in changes.definitions.iter().enumerate() {
        let Some(count) = differences.get(rows).copied().filter(|count| *count > 0) else { continue };
        let definition = definition_of(base, head, *rows);
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
        for row in of_kind.get(&(&*object.key.group, &*object.key.kind)).into_iter().flatten() {
            let rows = changes.definitions[found[*row].pairs[0]];
            if meets(base, head, rows, at) {
                let instance = instance(trees, base, changes, Sides::of(base, head, rows), at, object);
                found[*row].instances.push(instance);
            }
        }
    }
    found
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

fn instance(
    trees: &Trees,
    base: &World,
    changes: &Changes,
    sides: Sides<'_>,
    at: ObjectAt,
    object: &Object,
) -> Instance {
    let was = changes.base_of(at);
    let mut outcome = Outcome::default();
    if let Some(was) = was {
        let served = |definition: Option<&Definition>, version: &str| {
            definition.and_then(|definition| definition.version(version)).is_some_and(|version| version.served)
        };
        outcome.unserved = served(sides.old, &object.version) && !served(sides.new, &object.version);
        if let Some(schemas) = sides.schemas(trees, &object.version) {
            judge(trees, schemas, base.object(was), object, &mut outcome);
        }
    }
    Instance { at, was, outcome }
}

/// `was` is the instance as the base has it: it was accepted, or else nothing new happens to it.
fn judge(trees: &Trees, schemas: (&Schema, &Schema), was: &Object, is: &Object, outcome: &mut Outcome) {
    let (then, now) = (was.view(trees), is.view(trees));
    let (old, new) = (schemas.0.judge_update(now, then), schemas.1.judge_update(now, then));
    outcome.undecided = old.undecided || new.undecided;
    outcome.defaults = moved(&old, &new);
    let survived = |pointer: &str| !old.pruned.iter().any(|known| known.pointer == pointer);
    outcome.pruned = new.pruned.iter().filter(|field| survived(&field.pointer)).cloned().collect();
    let accepted_before = || {
        old.violations.is_empty()
            && (was.value.is_same(&is.value) || schemas.0.judge(was.view(trees)).violations.is_empty())
    };
    if !new.violations.is_empty() && accepted_before() {
        outcome.violations = new.violations;
    }
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
