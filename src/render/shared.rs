//! Values that kustomize holds once and shows at several places of an object: what a label or annotation transformer adds
//! to more than one map is one node (`kustomize api/filters/filtersutil SetEntry`), and who later changes it at one place
//! changes it at all.
//!
//! Never: a value that was written at its place; only what was added is shared.

use super::resource::Resource;
use crate::model::{Entry, MadeNode, Trees, Value};

/// Carries a change of a shared value to all its other places. To be called after each step that sets single values.
pub(super) fn settle(trees: &Trees, resource: &mut Resource) {
    let mut shared = std::mem::take(&mut resource.shared);
    for one in &mut shared {
        let mut last = None;
        find(&resource.value, one, &mut last);
        if let Some(new) = last {
            replace(trees, &mut resource.value, one, &new);
            *one = new;
        }
    }
    resource.shared = shared;
}

/// Gives the object's own annotations values of their own, as kustomize does when it writes them all anew.
pub(super) fn part_annotations(trees: &Trees, resource: &mut Resource) {
    let Resource { value, shared, .. } = resource;
    if shared.is_empty() || trees.view(value).path(["metadata", "annotations"]).is_none() {
        return;
    }
    let part = |entry: &mut Entry| {
        if let Some(origin) = entry.value.origin().filter(|_| shared.iter().any(|one| entry.value.is_same(one))) {
            entry.value = Value::text(&trees.view(&entry.value).written(), origin.clone());
        }
    };
    value.update_field(trees, "metadata", |metadata| {
        metadata.update_field(trees, "annotations", |annotations| {
            annotations.entries_mut(trees).into_iter().flatten().for_each(part);
        });
    });
}

/// The value that has taken the place of `old`, the last if there are several.
fn find(value: &Value, old: &Value, last: &mut Option<Value>) {
    if came_from(value, old) {
        *last = Some(value.clone());
        return;
    }
    below(value).for_each(|inner| find(inner, old, last));
}

/// The values in a made container; what is in a file is not added to anything.
fn below(value: &Value) -> impl Iterator<Item = &Value> {
    let (entries, items): (&[Entry], &[Value]) = match value {
        Value::Made(made) => match &made.node {
            MadeNode::Map(entries) => (entries, &[]),
            MadeNode::Seq(items) => (&[], items),
            MadeNode::Scalar(_) | MadeNode::Link(_) => (&[], &[]),
        },
        Value::Source(..) => (&[], &[]),
    };
    entries.iter().map(|entry| &entry.value).chain(items)
}

/// Whether the value was set over `old`, be it by several steps.
fn came_from(value: &Value, old: &Value) -> bool {
    let from = |value: &Value| value.origin().and_then(|origin| origin.set.clone()).and_then(|set| set.from.clone());
    std::iter::successors(from(value), from).any(|before| before.is_same(old))
}

/// Puts `new` wherever `old`, or what came from it, still is.
fn replace(trees: &Trees, value: &mut Value, old: &Value, new: &Value) {
    if value.is_same(old) || came_from(value, old) {
        *value = new.clone();
        return;
    }
    if !holds(value, old) {
        return;
    }
    if trees.view(value).is_map() {
        for entry in value.entries_mut(trees).into_iter().flatten() {
            replace(trees, &mut entry.value, old, new);
        }
        return;
    }
    for item in value.items_mut(trees).into_iter().flatten() {
        replace(trees, item, old, new);
    }
}

/// Whether a made value is in `value`.
pub(super) fn holds_made(value: &Value, made: &Value) -> bool {
    value.is_same(made) || below(value).any(|inner| holds_made(inner, made))
}

fn holds(value: &Value, old: &Value) -> bool {
    value.is_same(old) || came_from(value, old) || below(value).any(|inner| holds(inner, old))
}
