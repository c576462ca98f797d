//! The functions of templates over lists.
//!
//! Never: a list longer than a template needs.

use serde_json::Value;

use super::functions::{is_true, text, whole};

/// How long a list of numbers may be.
const MOST: i64 = 10_000;

/// The result of a function; nothing where it is none of these.
pub(super) fn call(name: &str, arguments: &[Value]) -> Option<Value> {
    Some(match (name, arguments) {
        ("list" | "tuple", items) => items.iter().cloned().collect(),
        ("toStrings", [Value::Array(items)]) => items.iter().map(|item| Value::from(text(item))).collect(),
        ("first", [Value::Array(items)]) => items.first()?.clone(),
        ("last", [Value::Array(items)]) => items.last()?.clone(),
        ("rest", [Value::Array(items)]) => items.get(1..).unwrap_or_default().into(),
        ("initial", [Value::Array(items)]) => items[..items.len().saturating_sub(1)].into(),
        ("reverse", [Value::Array(items)]) => items.iter().rev().cloned().collect(),
        ("compact", [Value::Array(items)]) => items.iter().filter(|item| is_true(item)).cloned().collect(),
        ("uniq", [Value::Array(items)]) => unique(items),
        ("sortAlpha", [Value::Array(items)]) => {
            let mut texts: Vec<String> = items.iter().map(text).collect();
            texts.sort();
            texts.into()
        }
        ("append" | "push", [Value::Array(items), item]) => items.iter().chain([item]).cloned().collect(),
        ("prepend", [Value::Array(items), item]) => [item].into_iter().chain(items).cloned().collect(),
        ("has", [item, Value::Array(items)]) => items.contains(item).into(),
        ("without", [Value::Array(items), others @ ..]) => {
            items.iter().filter(|item| !others.contains(item)).cloned().collect()
        }
        ("concat", lists) => {
            let lists: Option<Vec<&Vec<Value>>> = lists.iter().map(Value::as_array).collect();
            lists?.into_iter().flatten().cloned().collect()
        }
        ("slice", [Value::Array(items), bounds @ ..]) => {
            let (start, end) = bounds_of(bounds, items.len())?;
            items.get(start..end)?.into()
        }
        ("slice", [Value::String(text), bounds @ ..]) => {
            let (start, end) = bounds_of(bounds, text.len())?;
            text.get(start..end)?.into()
        }
        ("join", [by, Value::Array(items)]) => items.iter().map(text).collect::<Vec<_>>().join(&text(by)).into(),
        ("join", [_, one]) if !one.is_object() => text(one).into(),
        _ => return None,
    })
}

fn bounds_of(bounds: &[Value], length: usize) -> Option<(usize, usize)> {
    let bound = |row: usize, other: usize| match bounds.get(row) {
        None => Some(other),
        Some(bound) => usize::try_from(whole(bound)?).ok(),
    };
    Some((bound(0, 0)?, bound(1, length)?))
}

fn unique(items: &[Value]) -> Value {
    let mut found: Vec<Value> = Vec::new();
    for item in items {
        if !found.contains(item) {
            found.push(item.clone());
        }
    }
    found.into()
}

/// The numbers from `start` to below `end`.
pub(super) fn counted(start: i64, end: i64, step: i64) -> Option<Value> {
    let is_before = |at: i64| if step > 0 { at < end } else { at > end };
    if step == 0 || (i128::from(end) - i128::from(start)).abs() / i128::from(step.unsigned_abs()) > i128::from(MOST) {
        return None;
    }
    let mut found = Vec::new();
    let mut at = start;
    while is_before(at) {
        found.push(Value::from(at));
        at = at.checked_add(step)?;
    }
    Some(found.into())
}
