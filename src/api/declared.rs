//! What a schema declares to its rules, as the API server reads it for the estimate of their cost
//! (`apiserver/pkg/cel/common/schemas.go`).
//!
//! Never: what the values are; a bound is taken as it is written, however it is met.

use crate::grammar::cel::{Declared, Declares};
use crate::model::View;

/// The greatest request that the API server takes, in bytes: what bounds a value without a bound of its own.
pub(super) const REQUEST: u64 = 3 * 1024 * 1024;

/// The size of `""`, `[]` and `{}`.
const EMPTY: u64 = 2;

/// What an object's root has, whatever its schema says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Level {
    /// The root of an object: its type and name can be read there.
    Object,
    /// Any other node.
    Field,
}

impl Level {
    pub(super) fn of(schema: View<'_>) -> Self {
        if flag(schema, "x-kubernetes-embedded-resource") { Self::Object } else { Self::Field }
    }
}

pub(super) fn flag(schema: View<'_>, name: &str) -> bool {
    schema.get(name).and_then(|value| value.as_bool()) == Some(true)
}

/// A number that must not be less than nothing.
pub(super) fn count(schema: View<'_>, name: &str) -> Option<u64> {
    let value = schema.get(name)?.as_int()?;
    Some(u64::try_from(value).unwrap_or_default())
}

/// What a schema declares; `None` where rules cannot look at such a value.
pub(super) fn declared(schema: View<'_>, level: Level) -> Option<Declared> {
    if flag(schema, "x-kubernetes-int-or-string") {
        return Some(Declared { kind: Declares::Any, most: length(schema), least: 1 });
    }
    let plain = |kind, least| Some(Declared { kind, most: 0, least });
    match schema.str_at(["type"])? {
        "array" => {
            let items = schema.get("items")?;
            let item = declared(items, Level::of(items))?;
            let most = count(schema, "maxItems").unwrap_or((REQUEST - EMPTY) / (item.least + 1));
            Some(Declared { kind: Declares::List(Box::new(item)), most, least: EMPTY })
        }
        "object" => match schema.get("additionalProperties").filter(View::is_map) {
            Some(values) => {
                let value = declared(values, Level::of(values))?;
                // Each entry has two quotes, a colon and a comma beside its value.
                let most = count(schema, "maxProperties").unwrap_or((REQUEST - EMPTY) / (value.least + 6));
                Some(Declared { kind: Declares::Map(Box::new(value)), most, least: EMPTY })
            }
            None => Some(object(schema, level)),
        },
        "string" => Some(text(schema)),
        "boolean" => plain(Declares::Bool, 4),
        "number" => plain(Declares::Double, 1),
        "integer" => plain(Declares::Int, 1),
        _ => None,
    }
}

fn object(schema: View<'_>, level: Level) -> Declared {
    let required: Vec<&str> =
        schema.get("required").into_iter().flat_map(|list| list.items()).filter_map(|name| name.as_str()).collect();
    let (mut fields, mut least) = (Vec::new(), EMPTY);
    for field in schema.get("properties").into_iter().flat_map(|properties| properties.fields()) {
        let Some(property) = declared(field.value, Level::of(field.value)) else { continue };
        let default = field.value.get("default").filter(|default| !default.is_null());
        if required.contains(&field.name()) && default.is_none() {
            least += field.name().len() as u64 + property.least + 4;
        }
        fields.push((field.name().into(), property));
    }
    if level == Level::Object {
        add_type_and_name(&mut fields);
    }
    fields.sort_by(|(a, _), (b, _): &(Box<str>, Declared)| a.cmp(b));
    Declared { kind: Declares::Object(fields), most: 0, least }
}

/// Puts `apiVersion`, `kind` and the two names of the metadata there, where the schema does not have all of them.
fn add_type_and_name(fields: &mut Vec<(Box<str>, Declared)>) {
    let text = || Declared { kind: Declares::Text, most: REQUEST - EMPTY, least: EMPTY };
    let is_text = |declared: Option<&Declared>| declared.is_some_and(|declared| declared.kind == Declares::Text);
    let of = |name: &str| fields.iter().find(|(known, _)| **known == *name).map(|(_, declared)| declared);
    let named = |name: &str| match of("metadata").map(|declared| &declared.kind) {
        Some(Declares::Object(names)) => is_text(names.iter().find(|(known, _)| **known == *name).map(|(_, of)| of)),
        _ => false,
    };
    if is_text(of("kind")) && is_text(of("apiVersion")) && named("name") && named("generateName") {
        return;
    }
    fields.retain(|(name, _)| !matches!(&**name, "apiVersion" | "kind" | "metadata"));
    let names = vec![("generateName".into(), text()), ("name".into(), text())];
    let metadata = Declared { kind: Declares::Object(names), most: 0, least: EMPTY };
    fields.extend([("apiVersion".into(), text()), ("kind".into(), text()), ("metadata".into(), metadata)]);
}

fn text(schema: View<'_>) -> Declared {
    let (kind, most, least) = match schema.str_at(["format"]) {
        Some("byte") => (Declares::Bytes, count(schema, "maxLength").unwrap_or(REQUEST - EMPTY), EMPTY),
        Some("duration") => (Declares::Duration, 32, 3),
        Some("date") => (Declares::Timestamp, 12, 12),
        Some("date-time") => (Declares::Timestamp, 32, 21),
        _ => (Declares::Text, length(schema), EMPTY),
    };
    Declared { kind, most, least }
}

/// The most bytes of a text: a character may have four.
fn length(schema: View<'_>) -> u64 {
    let members = schema.get("enum").filter(|_| !flag(schema, "x-kubernetes-int-or-string"));
    let longest = members.and_then(|list| list.items().map(|item| item.as_str().map_or(0, str::len) as u64).max());
    count(schema, "maxLength").map(|most| most.saturating_mul(4)).or(longest).unwrap_or(REQUEST - EMPTY)
}
