//! The types of scalars in JSON 6902 operations, which kustomize reads as YAML 1.1 (`sigs.k8s.io/yaml`, go-yaml v2):
//! `yes` is `true` there, and a date is text.
//!
//! Never: a value that is read as YAML 1.2 would read it; those stay what they are.

use crate::base::Span;
use crate::model::{Entry, How, Key, MadeScalar, Origin, Trees, Value, View};
use crate::parse::{Kind, Scalar};

/// Gives the scalars of an operation's value, and the keys of its maps, what YAML 1.1 makes of them. Copies nothing
/// where both versions agree.
pub(super) fn retype(trees: &Trees, value: &mut Value, by: Span) {
    let view = trees.view(value);
    if !differs(view) {
        return;
    }
    if let Some(scalar) = scalar(view) {
        let old = value.origin().and_then(|origin| origin.set.as_ref()).and_then(|set| set.from.clone());
        *value = Value::scalar(scalar, Origin::set(view.place(), How::Patch, by, old));
    } else if let Some(entries) = value.entries_mut(trees) {
        for Entry { key, value } in entries {
            if let Some(text) = key_in_json(trees, key) {
                *key = Key::made(&text, key.place(trees));
            }
            retype(trees, value, by);
        }
    } else if let Some(items) = value.items_mut(trees) {
        items.iter_mut().for_each(|item| retype(trees, item, by));
    }
}

fn differs(view: View<'_>) -> bool {
    view.fields().any(|field| {
        !matches!(field.key_scalar(), Scalar::Str(_)) || switch(field.name()).is_some() || differs(field.value)
    }) || view.items().any(differs)
        || scalar(view).is_some()
}

/// What a scalar is in YAML 1.1, where that is something else.
fn scalar(view: View<'_>) -> Option<MadeScalar> {
    match view.scalar() {
        Scalar::Timestamp(text) => Some(MadeScalar::Str((*text).into())),
        Scalar::Str(text) if view.notation() == Some(Kind::Plain) => switch(&text).map(MadeScalar::Bool),
        // JSON knows nothing of folding.
        Scalar::Str(text) if view.notation() == Some(Kind::Folded) && text.contains('\n') => {
            Some(MadeScalar::Str((*text).into()))
        }
        _ => None,
    }
}

/// The text that JSON has as the key in the place of one that is no text.
fn key_in_json(trees: &Trees, key: &Key) -> Option<String> {
    let Key::Source(file, node) = key else { return None };
    let view = trees.node(*file, *node);
    match view.scalar() {
        Scalar::Bool(value) => Some(value.to_string()),
        Scalar::Int(value) => Some(value.to_string()),
        Scalar::Str(text) if view.notation() == Some(Kind::Plain) => switch(&text).map(|switch| switch.to_string()),
        _ => None,
    }
}

/// The words that are booleans in YAML 1.1 alone.
pub(super) fn switch(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}
