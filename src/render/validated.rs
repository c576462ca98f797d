//! Whether a validator left an object as it was (`kustomize resmap.ErrorIfNotEqualSets`).
//!
//! Never: a look at what is printed; kustomize compares its nodes, with the lines that they were read from.

use super::resource::Resource;
use crate::model::{How, Trees, Value, View};

/// The label by which a validator signs; it may be left.
const SIGNATURE: &str = "validated-by";

/// Whether nothing of the object was touched. What was read from a file and is set anew is touched also where it was so
/// before.
pub(super) fn is_untouched(trees: &Trees, old: &Resource, new: &Resource) -> bool {
    // kustomize compares with its notes on the identities that the object had.
    if old.previous.len() != new.previous.len() {
        return false;
    }
    if trees.view(&new.value).path(["metadata", "labels", SIGNATURE]).is_none() {
        let patches = |resource: &Resource| (resource.patched.json, resource.patched.strategic.len());
        if patches(old) != patches(new) {
            // A patch sets anew whatever it meets.
            return old.value.is_same(&new.value);
        }
        return is_alike(trees.view(&old.value), trees.view(&new.value));
    }
    let mut bare = new.value.clone();
    bare.update_field(trees, "metadata", |metadata| {
        metadata.update_field(trees, "labels", |labels| labels.remove_field(trees, SIGNATURE));
        if trees.view(metadata).get("labels").is_some_and(|labels| labels.fields().next().is_none()) {
            metadata.remove_field(trees, "labels");
        }
    });
    trees.view(&old.value).is_equal(&trees.view(&bare))
}

/// Whether kustomize's nodes are equal: a value that it made is equal to another one that it made, and a replacement
/// changes no more than the characters.
fn is_alike(old: View<'_>, new: View<'_>) -> bool {
    let (before, now) = (old.value(), new.value());
    if before.is_same(&now) {
        return true;
    }
    if old.is_scalar() || new.is_scalar() {
        let set = now.origin().and_then(|origin| origin.set.as_ref());
        let is_replaced = set.is_some_and(|set| set.how == How::Replacement);
        let is_made = matches!(before, Value::Made(_)) && matches!(now, Value::Made(_));
        return (is_made || is_replaced) && old.is_scalar() && new.is_scalar() && old.scalar() == new.scalar();
    }
    let (fields, others) = (old.fields().count(), new.fields().count());
    let (items, more) = (old.items().count(), new.items().count());
    old.is_map() == new.is_map()
        && (fields, items) == (others, more)
        && old.fields().zip(new.fields()).all(|(a, b)| a.name() == b.name() && is_alike(a.value, b.value))
        && old.items().zip(new.items()).all(|(a, b)| is_alike(a, b))
}
