//! Instances that get another Composition, and those that their controller makes again though their API is the same.
//!
//! Never: an instance that the base lacks; a Composition picked at random.

use std::collections::HashSet;

use super::compositions::{self, Chosen};
use super::users::{Certainty, users_of};
use super::{ApiImpact, Instance, Rerouted};
use crate::api::{Definition, Flavor};
use crate::compare::Changes;
use crate::model::{CompositionTarget, Object, Trees};
use crate::world::{ObjectAt, World};

/// The kinds of which instances may get another Composition, or be made again.
pub(super) struct Stirred<'w> {
    kinds: HashSet<(&'w str, &'w str)>,
    /// The Compositions that both sides have, and that are edited.
    compositions: Vec<(ObjectAt, ObjectAt)>,
}

impl<'w> Stirred<'w> {
    /// What the edits of definitions, Compositions and instances reach.
    pub(super) fn of(trees: &'w Trees, base: &'w World, head: &'w World, changes: &Changes) -> Self {
        let mut stirred = Self { kinds: HashSet::new(), compositions: Vec::new() };
        let of_xrd = kinds(base).chain(kinds(head)).filter(|(flavor, _)| *flavor == Flavor::Xrd);
        let of_xrd: HashSet<_> = of_xrd.map(|(_, kind)| kind).collect();
        for pair in &changes.objects {
            let (Some(was_at), Some(is_at)) = (pair.base, pair.head) else {
                let left = pair.base.map(|at| base.object(at));
                for object in left.into_iter().chain(pair.head.map(|at| head.object(at))) {
                    stirred.composition(trees, object);
                }
                continue;
            };
            let (was, is) = (base.object(was_at), head.object(is_at));
            if was.value.is_same(&is.value) {
                continue;
            }
            let key = (&*is.key.group, &*is.key.kind);
            if of_xrd.contains(&key) {
                stirred.kinds.insert(key);
            }
            if stirred.composition(trees, was) && stirred.composition(trees, is) {
                stirred.compositions.push((was_at, is_at));
            }
        }
        for (old, new) in &changes.definitions {
            let (Some(old), Some(new)) = (*old, *new) else { continue };
            let (old, new) = (&base.definitions[old], &head.definitions[new]);
            let is_same = base.object(old.from).value.is_same(&head.object(new.from).value);
            if !is_same && matches!(new.definition.flavor, Flavor::Xrd | Flavor::Promise) {
                let kinds = new.definition.kinds.iter().map(|kind| (&*new.definition.group, &**kind));
                stirred.kinds.extend(kinds);
            }
        }
        stirred
    }

    /// Takes over the kind that a Composition is for, where the object is one.
    fn composition(&mut self, trees: &'w Trees, object: &'w Object) -> bool {
        let is_composition = object.is("apiextensions.crossplane.io", "Composition");
        if is_composition && let Some(target) = CompositionTarget::of(object.view(trees)) {
            self.kinds.insert((target.group, target.kind));
        }
        is_composition
    }

    /// Whether instances of this API may be reached.
    pub(super) fn touches(&self, definition: &Definition) -> bool {
        definition.kinds.iter().any(|kind| self.kinds.contains(&(&*definition.group, &**kind)))
    }

    /// Marks the instances that are reached, and drops the APIs that neither differ nor have one.
    pub(super) fn mark(
        &self,
        trees: &Trees,
        (base, head): (&World, &World),
        changes: &Changes,
        found: &mut Vec<ApiImpact>,
    ) {
        let follows = self.followers(trees, base, head);
        for api in &mut *found {
            let (Some(old), Some(new)) = changes.definitions[api.pairs[0]] else { continue };
            let (old, new) = (&base.definitions[old], &head.definitions[new]);
            let is_rerun = new.definition.flavor == Flavor::Promise
                && differs(trees, base.object(old.from), head.object(new.from));
            for instance in api.instances.iter_mut().filter(|instance| instance.was.is_some()) {
                let is_followed = follows.contains(&(instance.at, instance.part.clone()));
                instance.outcome.rerun = is_rerun || is_followed;
                if new.definition.flavor == Flavor::Xrd {
                    let was = was(base, instance);
                    let before = compositions::chosen(trees, base, old, was);
                    let after = compositions::chosen(trees, head, new, &instance.object);
                    instance.outcome.rerouted = before.zip(after).and_then(|(before, after)| other(&before, &after));
                }
            }
        }
        let is_reached = |one: &Instance| one.outcome.rerun || one.outcome.rerouted.is_some();
        found.retain(|api| api.changes > 0 || api.instances.iter().any(is_reached));
    }

    /// The instances that take the new revision of an edited Composition.
    fn followers(&self, trees: &Trees, base: &World, head: &World) -> HashSet<(ObjectAt, Option<String>)> {
        let mut found = HashSet::new();
        for (was, is) in &self.compositions {
            let (was, is) = (base.object(*was), head.object(*is));
            let parts = ["spec", "metadata"].map(|part| (was.view(trees).get(part), is.view(trees).get(part)));
            let is_revised = parts.iter().any(|(was, is)| was.map(|v| v.to_json()) != is.map(|v| v.to_json()));
            if is_revised {
                found.extend(users_of(trees, head, was, Some(is)).hit.into_iter().map(|user| (user.at, user.part)));
            }
        }
        found
    }
}

/// Every kind that a world defines, with what defines it.
fn kinds(world: &World) -> impl Iterator<Item = (Flavor, (&str, &str))> {
    world.definitions.iter().flat_map(|defined| {
        let definition = &defined.definition;
        definition.kinds.iter().map(|kind| (definition.flavor, (&*definition.group, &**kind)))
    })
}

/// An instance as the base has it; one that another object brings is taken as it is.
fn was<'a>(base: &'a World, instance: &'a Instance) -> &'a Object {
    match (&instance.part, instance.was) {
        (None, Some(was)) => base.object(was),
        _ => &instance.object,
    }
}

/// Whether the specification of a Promise differs.
fn differs(trees: &Trees, was: &Object, is: &Object) -> bool {
    let spec = |object: &Object| object.view(trees).get("spec").map(|spec| spec.to_json());
    spec(was) != spec(is)
}

/// Where an instance goes, where a Composition that it may have had is not among those that it may have now.
fn other(before: &Chosen, after: &Chosen) -> Option<Rerouted> {
    let is_open = before.certainty == Certainty::Unknown || after.certainty == Certainty::Unknown;
    if is_open || before.names.is_subset(&after.names) {
        return None;
    }
    let listed = |chosen: &Chosen| chosen.names.iter().cloned().collect::<Vec<_>>().join(", ");
    Some(Rerouted { from: listed(before), to: listed(after), certainty: after.certainty })
}
