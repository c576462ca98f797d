//! A value as YAML in blocks, for `toYaml`.
//!
//! Never: a style; what is read again has to be the same value, and nested text has to be indented by adding blanks.

use serde_json::Value;

/// The text, without a last line break.
pub(super) fn print(value: &Value) -> String {
    let mut lines = Vec::new();
    match value {
        Value::Object(fields) if !fields.is_empty() => map(fields, 0, &mut lines),
        Value::Array(items) if !items.is_empty() => list(items, 0, &mut lines),
        other => lines.push(scalar(other)),
    }
    lines.join("\n")
}

/// How deep blocks go; what is deeper is written in brackets.
const DEPTH: usize = 64;

fn map(fields: &serde_json::Map<String, Value>, depth: usize, lines: &mut Vec<String>) {
    let blank = "  ".repeat(depth);
    for (key, value) in fields {
        let key = scalar(&Value::from(key.as_str()));
        match value {
            Value::Object(inner) if !inner.is_empty() && depth < DEPTH => {
                lines.push(format!("{blank}{key}:"));
                map(inner, depth + 1, lines);
            }
            Value::Array(items) if !items.is_empty() && depth < DEPTH => {
                lines.push(format!("{blank}{key}:"));
                list(items, depth, lines);
            }
            other => lines.push(format!("{blank}{key}: {}", scalar(other))),
        }
    }
}

fn list(items: &[Value], depth: usize, lines: &mut Vec<String>) {
    let blank = "  ".repeat(depth);
    for item in items {
        let start = lines.len();
        match item {
            Value::Object(fields) if !fields.is_empty() && depth < DEPTH => map(fields, depth + 1, lines),
            Value::Array(inner) if !inner.is_empty() && depth < DEPTH => list(inner, depth + 1, lines),
            other => lines.push(format!("{blank}  {}", scalar(other))),
        }
        // The first line of the item stands behind its sign.
        let first = lines[start].split_off(blank.len() + 2);
        lines[start] = format!("{blank}- {first}");
    }
}

/// A scalar; text in quotes unless it is plain beyond doubt. JSON is YAML.
fn scalar(value: &Value) -> String {
    let is_plain = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'))
            && !matches!(
                &*text.to_ascii_lowercase(),
                "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
            )
    };
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        other => other.to_string(),
    }
}
