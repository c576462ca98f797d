//! The functions of Go templates that ApplicationSets use: Go's own, sprig's and Argo CD's `normalize`.
//!
//! Never: a function that reads more than its arguments.

use serde_json::Value;

use super::Gap;

/// What a template prints for a value.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
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
pub(super) fn call(name: &str, arguments: &[Value]) -> Result<Value, Gap> {
    let unknown = || Gap(format!("the function `{name}`"));
    let result = match arguments {
        [one] => of_one(name, one),
        _ => None,
    };
    result.or_else(|| of_texts(name, arguments)).or_else(|| of_values(name, arguments)).ok_or_else(unknown)
}

fn of_one(name: &str, value: &Value) -> Option<Value> {
    let text = text(value);
    Some(match name {
        "lower" => text.to_lowercase().into(),
        "upper" => text.to_uppercase().into(),
        "trim" => text.trim().into(),
        "toString" => text.into(),
        "quote" => format!("{text:?}").into(),
        "squote" => format!("'{text}'").into(),
        "normalize" => normalize(&text).into(),
        "not" => (!is_true(value)).into(),
        "empty" => (!is_true(value)).into(),
        "first" => value.as_array()?.first()?.clone(),
        "last" => value.as_array()?.last()?.clone(),
        "len" => value.as_array().map_or(text.len(), Vec::len).into(),
        _ => return None,
    })
}

/// Functions over texts. What is worked on comes last, since it comes through a pipe.
fn of_texts(name: &str, arguments: &[Value]) -> Option<Value> {
    let texts: Vec<String> = arguments.iter().map(text).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    Some(match (name, texts.as_slice()) {
        ("trimPrefix", [prefix, text]) => text.strip_prefix(prefix).unwrap_or(text).to_owned().into(),
        ("trimSuffix", [suffix, text]) => text.strip_suffix(suffix).unwrap_or(text).to_owned().into(),
        ("trimAll", [signs, text]) => text.trim_matches(|c| signs.contains(c)).to_owned().into(),
        ("replace", [from, to, text]) => text.replace(from, to).into(),
        ("hasPrefix", [prefix, text]) => text.starts_with(prefix).into(),
        ("hasSuffix", [suffix, text]) => text.ends_with(suffix).into(),
        ("contains", [part, text]) => text.contains(part).into(),
        ("splitList", [by, text]) if !by.is_empty() => text.split(by).collect::<Vec<_>>().into(),
        ("trunc", [length, text]) => text.chars().take(length.parse().ok()?).collect::<String>().into(),
        ("printf", [format, rest @ ..]) => printf(format, rest)?.into(),
        _ => return None,
    })
}

fn of_values(name: &str, arguments: &[Value]) -> Option<Value> {
    Some(match (name, arguments) {
        ("eq", [first, others @ ..]) if !others.is_empty() => others.contains(first).into(),
        ("ne", [first, other]) => (first != other).into(),
        ("and", [.., last]) => arguments.iter().find(|value| !is_true(value)).unwrap_or(last).clone(),
        ("or", [.., last]) => arguments.iter().find(|value| is_true(value)).unwrap_or(last).clone(),
        ("default", [fallback, value]) => if is_true(value) { value } else { fallback }.clone(),
        ("coalesce", [.., last]) => arguments.iter().find(|value| is_true(value)).unwrap_or(last).clone(),
        ("ternary", [yes, no, which]) => if is_true(which) { yes } else { no }.clone(),
        ("join", [by, Value::Array(items)]) => items.iter().map(text).collect::<Vec<_>>().join(&text(by)).into(),
        ("index", [from, keys @ ..]) => keys
            .iter()
            .try_fold(from, |at, key| match key {
                Value::String(key) => at.get(key),
                key => at.get(usize::try_from(key.as_u64()?).ok()?),
            })?
            .clone(),
        _ => return None,
    })
}

/// `%s`, `%v` and `%d` alone.
fn printf(format: &str, arguments: &[&str]) -> Option<String> {
    let mut out = String::new();
    let mut arguments = arguments.iter();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' => match chars.next()? {
                's' | 'v' | 'd' => out.push_str(arguments.next()?),
                '%' => out.push('%'),
                _ => return None,
            },
            c => out.push(c),
        }
    }
    Some(out)
}

/// A text as a DNS name, as Argo CD's `normalize` makes it.
pub(super) fn normalize(text: &str) -> String {
    let is_kept = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let text: String = text.to_lowercase().chars().map(|c| if is_kept(c) { c } else { '-' }).take(253).collect();
    text.trim_matches(['-', '.']).to_owned()
}
