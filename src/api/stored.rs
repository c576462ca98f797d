//! What the API server keeps of a value and fills in, before it compares the items of a list.
//!
//! Never: a judgement of the value.

use serde_json::{Map, Value as Json};

use super::schema::{Flags, Schema};
use crate::model::{Trees, View};

/// What a node says of one field.
pub(super) fn known<'a>(schema: &'a Schema, name: &str) -> Option<&'a Schema> {
    schema.property(name).or(schema.values.as_deref())
}

/// Whether a node drops a field that it does not name.
pub(super) fn is_unknown(schema: &Schema, name: &str) -> bool {
    let flags = schema.limits.flags;
    let of_object = flags.has(Flags::EMBEDDED) && matches!(name, "apiVersion" | "kind" | "metadata");
    !of_object && !flags.has(Flags::PRESERVES) && !flags.has(Flags::ANY_VALUES)
}

/// A value as it is stored: the same data in the same characters. A node of `None` says nothing of it.
pub(super) fn stored(trees: &Trees, node: Option<&Schema>, view: View<'_>) -> Json {
    if view.is_null()
        && let Some(default) = node.and_then(|node| node.null_default(trees))
    {
        return stored(trees, node, trees.view(default));
    }
    if view.is_map() {
        return map(trees, node, view).into();
    }
    if view.is_seq() {
        let items = node.and_then(|node| node.items.as_deref());
        return view.items().map(|item| stored(trees, items, item)).collect();
    }
    match view.to_json() {
        Json::Number(number) => match number.as_f64() {
            Some(float) if !number.is_i64() && float.fract() == 0.0 && float.abs() < 9e15 => Json::from(float as i64),
            _ => Json::Number(number),
        },
        other => other,
    }
}

fn map(trees: &Trees, node: Option<&Schema>, view: View<'_>) -> Map<String, Json> {
    let mut kept = Map::new();
    for field in view.fields() {
        let name = field.name();
        if let Some(value) = field_of(trees, node, name, field.value) {
            kept.insert(name.to_owned(), value);
        }
    }
    for property in node.iter().flat_map(|node| &node.properties) {
        let Some(default) = property.schema.default_value(trees) else { continue };
        if !kept.contains_key(&*property.name) {
            let value = stored(trees, Some(&property.schema), trees.view(default));
            kept.insert(property.name.to_string(), value);
        }
    }
    kept.sort_keys();
    kept
}

/// A field of a map that is there; `None` where it is dropped.
pub(super) fn field_of(trees: &Trees, node: Option<&Schema>, name: &str, value: View<'_>) -> Option<Json> {
    let below = node.and_then(|node| known(node, name));
    let is_dropped = match below {
        Some(below) => value.is_null() && !below.is_nullable() && below.default_value(trees).is_none(),
        None => node.is_some_and(|node| is_unknown(node, name)),
    };
    (!is_dropped).then(|| stored(trees, below, value))
}
