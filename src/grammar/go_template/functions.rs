//! The functions of templates: Go's own, and those of sprig and Argo CD over values of any type.
//!
//! Never: a function that reads more than its arguments; time, chance and the network are gaps.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::{Gap, Missing, lists, texts, yaml};

/// A value, or nothing.
pub(super) type Maybe = Option<Value>;

/// What a template prints for a value.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(" ")),
        Value::Object(fields) => {
            let mut rows: Vec<String> = fields.iter().map(|(key, value)| format!("{key}:{}", text(value))).collect();
            rows.sort();
            format!("map[{}]", rows.join(" "))
        }
        Value::Null => "<nil>".to_owned(),
        other => other.to_string(),
    }
}

/// What `if` takes for true: all but nothing, zero and what is empty.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// The result of a function.
pub(super) fn call(name: &str, arguments: &[Maybe], missing: Missing) -> Result<Maybe, Gap> {
    if let Some(found) = of_anything(name, arguments) {
        return Ok(found);
    }
    let unknown = || Gap(format!("the function `{name}`"));
    let given: Option<Vec<Value>> = arguments.iter().cloned().collect();
    let given = given.ok_or_else(|| Gap(format!("a value for `{name}`")))?;
    match (looked_up(name, &given), missing) {
        (Lookup::Other, _) => {}
        (Lookup::Found(found), _) => return Ok(Some(found).filter(|found| !found.is_null())),
        (Lookup::Missed, Missing::Unknown) => return Err(Gap(format!("a key for `{name}`"))),
        (Lookup::Missed, _) => return Ok(missed(name, &given)),
    }
    let name = name.strip_prefix("must").map_or(name.to_owned(), uncapitalized);
    let result = texts::call(&name, &given).or_else(|| lists::call(&name, &given)).or_else(|| of_values(&name, &given));
    result.map(|value| Some(value).filter(|value| !value.is_null())).ok_or_else(unknown)
}

fn uncapitalized(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

fn holds(value: &Maybe) -> bool {
    value.as_ref().is_some_and(is_true)
}

/// Functions that take nothing for a value.
fn of_anything(name: &str, arguments: &[Maybe]) -> Option<Maybe> {
    let first_true = || arguments.iter().find(|value| holds(value)).cloned().flatten();
    Some(match (name, arguments) {
        ("not" | "empty", [one]) => Some((!holds(one)).into()),
        ("default", [fallback, value]) => if holds(value) { value } else { fallback }.clone(),
        ("default", [fallback]) => fallback.clone(),
        ("coalesce", _) => first_true(),
        ("any", _) => Some(arguments.iter().any(holds).into()),
        ("all", _) => Some(arguments.iter().all(holds).into()),
        ("ternary", [yes, no, which]) => if holds(which) { yes } else { no }.clone(),
        ("eq", [first, others @ ..]) if !others.is_empty() => {
            Some(others.iter().any(|other| is_equal(first, other)).into())
        }
        ("ne", [first, other]) => Some((!is_equal(first, other)).into()),
        ("deepEqual", [first, other]) => Some(is_equal(first, other).into()),
        ("quote", _) => Some(joined(arguments, |text| format!("{text:?}"))),
        ("squote", _) => Some(joined(arguments, |text| format!("'{text}'"))),
        ("kindIs", [kind, value]) => Some((kind.as_ref().map(text)? == kind_of(value)).into()),
        ("kindOf", [value]) => Some(kind_of(value).into()),
        ("toJson" | "toRawJson" | "mustToJson" | "mustToRawJson", [value]) => {
            Some(sorted(value.clone().unwrap_or(Value::Null)).to_string().into())
        }
        ("toPrettyJson" | "mustToPrettyJson", [value]) => {
            Some(serde_json::to_string_pretty(&sorted(value.clone().unwrap_or(Value::Null))).ok()?.into())
        }
        ("toYaml", [value]) => Some(yaml::print(&sorted(value.clone().unwrap_or(Value::Null))).into()),
        _ => return None,
    })
}

fn joined(arguments: &[Maybe], quote: impl Fn(String) -> String) -> Value {
    arguments.iter().flatten().map(|value| quote(text(value))).collect::<Vec<_>>().join(" ").into()
}

fn is_equal(one: &Maybe, other: &Maybe) -> bool {
    match (one, other) {
        (Some(Value::Number(one)), Some(Value::Number(other))) => one.as_f64() == other.as_f64(),
        _ => one == other,
    }
}

fn kind_of(value: &Maybe) -> &'static str {
    match value {
        None | Some(Value::Null) => "invalid",
        Some(Value::Bool(_)) => "bool",
        Some(Value::Number(number)) if number.is_f64() => "float64",
        Some(Value::Number(_)) => "int",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "slice",
        Some(Value::Object(_)) => "map",
    }
}

/// A value with the keys of its maps in order, as Go prints them.
pub(super) fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        Value::Object(fields) => {
            let mut fields: Vec<(String, Value)> =
                fields.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(fields.into_iter().collect())
        }
        other => other,
    }
}

/// What a function finds that looks for a key.
enum Lookup {
    /// It is another function.
    Other,
    /// The key is not there.
    Missed,
    /// It is.
    Found(Value),
}

/// Functions that look for a key.
fn looked_up(name: &str, arguments: &[Value]) -> Lookup {
    let at = |from: &Value, key: &Value| match (from, key) {
        (Value::Object(fields), key) => fields.get(&text(key)).cloned(),
        (Value::Array(items), key) => items.get(usize::try_from(key.as_u64()?).ok()?).cloned(),
        _ => None,
    };
    let found = match (name, arguments) {
        ("index", [from, keys @ ..]) => keys.iter().try_fold(from.clone(), |from, key| at(&from, key)),
        ("get", [from @ Value::Object(_), key]) => at(from, key),
        ("hasKey", [Value::Object(fields), key]) => fields.get(&text(key)).map(|_| true.into()),
        ("dig", [keys @ .., _, from]) if !keys.is_empty() => {
            keys.iter().try_fold(from.clone(), |from, key| at(&from, key))
        }
        _ => return Lookup::Other,
    };
    found.map_or(Lookup::Missed, Lookup::Found)
}

/// What they give where the key is not there.
fn missed(name: &str, arguments: &[Value]) -> Maybe {
    match (name, arguments) {
        ("hasKey", _) => Some(false.into()),
        ("get", _) => Some("".into()),
        ("dig", [.., fallback, _]) => Some(fallback.clone()),
        _ => None,
    }
}

/// Functions over numbers, maps and what is written in other languages.
fn of_values(name: &str, arguments: &[Value]) -> Option<Value> {
    match (name, arguments) {
        ("lt", [one, other]) => return Some((compared(one, other)? == Ordering::Less).into()),
        ("le", [one, other]) => return Some((compared(one, other)? != Ordering::Greater).into()),
        ("gt", [one, other]) => return Some((compared(one, other)? == Ordering::Greater).into()),
        ("ge", [one, other]) => return Some((compared(one, other)? != Ordering::Less).into()),
        ("len", [value]) => {
            return Some(match value {
                Value::String(text) => text.len().into(),
                Value::Array(items) => items.len().into(),
                Value::Object(fields) => fields.len().into(),
                _ => return None,
            });
        }
        ("fromJson", [Value::String(text)]) => return serde_json::from_str(text).ok(),
        ("fromYaml" | "fromYamlArray", [Value::String(text)]) => return serde_yaml::from_str(text).ok(),
        _ => {}
    }
    numbers(name, arguments).or_else(|| maps(name, arguments))
}

fn compared(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
        (Value::Number(one), Value::Number(other)) => one.as_f64()?.partial_cmp(&other.as_f64()?),
        _ => None,
    }
}

/// A whole number, also from a text, as sprig reads it.
pub(super) fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|float| float as i64)),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(value) => Some((*value).into()),
        _ => None,
    }
}

fn numbers(name: &str, arguments: &[Value]) -> Option<Value> {
    let float = |value: &Value| value.as_f64().or_else(|| value.as_str()?.parse().ok());
    match (name, arguments) {
        ("float64", [one]) => return serde_json::Number::from_f64(float(one)?).map(Value::Number),
        ("floor", [one]) => return serde_json::Number::from_f64(float(one)?.floor()).map(Value::Number),
        ("ceil", [one]) => return serde_json::Number::from_f64(float(one)?.ceil()).map(Value::Number),
        _ => {}
    }
    let is_one = matches!(
        name,
        "add"
            | "sub"
            | "mul"
            | "div"
            | "mod"
            | "add1"
            | "max"
            | "min"
            | "int"
            | "int64"
            | "atoi"
            | "until"
            | "untilStep"
    );
    let numbers: Option<Vec<i64>> = is_one.then(|| arguments.iter().map(whole).collect())?;
    let numbers = numbers?;
    Some(match (name, numbers.as_slice()) {
        ("add", all) => all.iter().try_fold(0i64, |sum, one| sum.checked_add(*one))?.into(),
        ("mul", all) => all.iter().try_fold(1i64, |sum, one| sum.checked_mul(*one))?.into(),
        ("max", all) => (*all.iter().max()?).into(),
        ("min", all) => (*all.iter().min()?).into(),
        ("sub", [one, other]) => one.checked_sub(*other)?.into(),
        ("div", [one, other]) => one.checked_div(*other)?.into(),
        ("mod", [one, other]) => one.checked_rem(*other)?.into(),
        ("add1", [one]) => one.checked_add(1)?.into(),
        ("int" | "int64" | "atoi", [one]) => (*one).into(),
        ("until", [end]) => lists::counted(0, *end, if *end < 0 { -1 } else { 1 })?,
        ("untilStep", [start, end, step]) => lists::counted(*start, *end, *step)?,
        _ => return None,
    })
}

fn maps(name: &str, arguments: &[Value]) -> Option<Value> {
    Some(match (name, arguments) {
        ("dict", pairs) => {
            let pairs = pairs.chunks(2).map(|pair| (text(&pair[0]), pair.get(1).cloned().unwrap_or_else(|| "".into())));
            Value::Object(pairs.collect())
        }
        ("keys", [Value::Object(fields)]) => fields.keys().cloned().collect(),
        ("values", [Value::Object(fields)]) => fields.values().cloned().collect(),
        ("pick", [Value::Object(fields), keys @ ..]) => kept(fields, |key| keys.iter().any(|one| text(one) == key)),
        ("omit", [Value::Object(fields), keys @ ..]) => kept(fields, |key| keys.iter().all(|one| text(one) != key)),
        ("merge", [first, others @ ..]) => {
            others.iter().fold(first.clone(), |under, over| merged(over.clone(), &under))
        }
        ("mergeOverwrite", [first, others @ ..]) => others.iter().fold(first.clone(), merged),
        ("pluck", [key, maps @ ..]) => maps.iter().filter_map(|map| map.get(text(key))).cloned().collect(),
        ("deepCopy", [one]) => one.clone(),
        _ => return None,
    })
}

fn kept(fields: &Map<String, Value>, is_kept: impl Fn(&str) -> bool) -> Value {
    Value::Object(fields.iter().filter(|(key, _)| is_kept(key)).map(|(k, v)| (k.clone(), v.clone())).collect())
}

/// A map with another one laid over it, level by level.
fn merged(mut under: Value, over: &Value) -> Value {
    match (&mut under, over) {
        (Value::Object(fields), Value::Object(more)) => {
            for (key, value) in more {
                let before = fields.remove(key).unwrap_or(Value::Null);
                fields.insert(key.clone(), merged(before, value));
            }
            under
        }
        _ => over.clone(),
    }
}
