//! The hash that kustomize adds to the names of generated objects (`kustomize api/hasher`).
//!
//! Never: another kind than `ConfigMap` and `Secret`: kustomize asks for others only where a plugin makes them, and hashes
//! its own parser's nodes then, with the lines and columns that they have in its intermediate texts.

use sha2::{Digest, Sha256};

use super::emit::{
    EmitError, Keyed, Keys, as_decoded, json_float, json_text, json_time, quoted_in_flow, sorted_fields,
};
use crate::model::{Trees, View};
use crate::parse::Scalar;

/// The ten characters behind the name of a `ConfigMap` or `Secret`: of its data and type, not of its name.
pub(super) fn suffix(trees: &Trees, view: View<'_>) -> Result<String, EmitError> {
    debug_assert!(std::ptr::eq(trees, view.trees()));
    let json = match view.get("kind").and_then(|kind| kind.as_str()) {
        Some("ConfigMap") => config_map(view)?,
        Some("Secret") => secret(view)?,
        _ => {
            let message = "only the names of `ConfigMap` and `Secret` can get a hash".to_owned();
            return Err(EmitError { at: view.place(), message });
        }
    };
    Ok(encode(&Sha256::digest(json)))
}

fn config_map(view: View<'_>) -> Result<String, EmitError> {
    let mut json = String::from("{");
    if let Some(binary) = view.get("binaryData").filter(|data| !data.is_scalar()) {
        json.push_str("\"binaryData\":");
        field(Some(binary), view.is_flow(), &mut json)?;
        json.push(',');
    }
    json.push_str("\"data\":");
    field(view.get("data"), view.is_flow(), &mut json)?;
    json.push_str(",\"kind\":\"ConfigMap\"");
    name(view, &mut json)?;
    json.push('}');
    Ok(json)
}

fn secret(view: View<'_>) -> Result<String, EmitError> {
    let mut json = String::from("{\"data\":");
    field(view.get("data"), view.is_flow(), &mut json)?;
    json.push_str(",\"kind\":\"Secret\"");
    name(view, &mut json)?;
    if let Some(text) = view.get("stringData").filter(|data| !data.is_scalar()) {
        json.push_str(",\"stringData\":");
        field(Some(text), view.is_flow(), &mut json)?;
    }
    json.push_str(",\"type\":");
    field(view.get("type"), view.is_flow(), &mut json)?;
    json.push('}');
    Ok(json)
}

/// kustomize looks for a field that is called `metadata/name`, so the name is empty in general.
fn name(view: View<'_>, out: &mut String) -> Result<(), EmitError> {
    out.push_str(",\"name\":");
    field(view.get("metadata/name"), view.is_flow(), out)
}

/// A field as `getNodeValues` reads it: a scalar is its characters, a list is nothing.
fn field(view: Option<View<'_>>, is_in_flow: bool, out: &mut String) -> Result<(), EmitError> {
    match view {
        None => out.push_str("\"\""),
        Some(view) if view.is_map() => data(view, is_in_flow, out)?,
        Some(view) if view.is_seq() => out.push_str("null"),
        Some(view) => json_text(&view.written(), out),
    }
    Ok(())
}

/// A value as Go's `encoding/json` writes it after it has read all numbers as floats.
fn data(view: View<'_>, is_in_flow: bool, out: &mut String) -> Result<(), EmitError> {
    let is_in_flow = is_in_flow || view.is_flow();
    if view.is_map() {
        let mut fields = Vec::new();
        sorted_fields(view, Keys::Below, &mut fields)?;
        // JSON has the order of bytes, not that of kustomize's output.
        fields.sort_unstable_by_key(|keyed| keyed.name);
        return list(fields.iter().copied(), ('{', '}'), out, |Keyed { name, field }, out| {
            json_text(name, out);
            out.push(':');
            item(field.value, is_in_flow, out)
        });
    }
    if view.is_seq() {
        return list(view.items(), ('[', ']'), out, |value, out| item(value, is_in_flow, out));
    }
    match view.scalar() {
        Scalar::Null => out.push_str("null"),
        Scalar::Bool(value) => out.push_str(if value { "true" } else { "false" }),
        Scalar::Int(value) => out.push_str(&json_float(value as f64)),
        Scalar::Uint(value) => out.push_str(&json_float(value as f64)),
        Scalar::Float(value) if value.is_finite() => out.push_str(&json_float(value)),
        Scalar::Float(_) => {
            let message = format!("kustomize cannot hash the number `{}`", view.written());
            return Err(EmitError { at: view.place(), message });
        }
        Scalar::Timestamp(time) => json_text(&json_time(view, &time)?, out),
        Scalar::Str(value) => json_text(&as_decoded(view, value), out),
    }
    Ok(())
}

fn item(view: View<'_>, is_in_flow: bool, out: &mut String) -> Result<(), EmitError> {
    match quoted_in_flow(view, is_in_flow) {
        Some(text) => json_text(&text, out),
        None => data(view, is_in_flow, out)?,
    }
    Ok(())
}

fn list<T>(
    items: impl Iterator<Item = T>,
    (open, close): (char, char),
    out: &mut String,
    write: impl Fn(T, &mut String) -> Result<(), EmitError>,
) -> Result<(), EmitError> {
    out.push(open);
    for (count, item) in items.enumerate() {
        if count > 0 {
            out.push(',');
        }
        write(item, out)?;
    }
    out.push(close);
    Ok(())
}

/// The first ten hexadecimal digits, without those that could make a word (`hasher.encode`).
fn encode(digest: &[u8]) -> String {
    let hex = digest.iter().take(5).flat_map(|byte| [byte >> 4, byte & 15]);
    hex.map(|digit| match digit {
        0 => 'g',
        1 => 'h',
        3 => 'k',
        10 => 'm',
        14 => 't',
        other => char::from_digit(u32::from(other), 16).expect("a nibble is a hexadecimal digit"),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::emit::tests::parse;
    use super::suffix;

    #[test]
    fn names_get_the_hash_of_kustomize() {
        let rows = [
            ("ConfigMap", "data: {}\n", "42745tchd9"),
            ("ConfigMap", "data:\n", "6ct58987ht"),
            (
                "ConfigMap",
                "data:\n  b: '<&>'\n  a: \"\\u2028\\t\\b\\f\\x01 é😀\"\n  a10: x\n  a2: |\n    text\n    more\nbinaryData: {k: AAEC}\n",
                "g5k69k2h8f",
            ),
            (
                "ConfigMap",
                "data:\n  n: 1\n  big: 9007199254740993\n  f: 1.5e30\n  small: 0.0000001\n  t: true\n  z: null\n  d: 2001-01-01\n  l: [1, a, {b: }]\n  u: 18446744073709551615\n",
                "b5cgtttkd9",
            ),
            ("ConfigMap", "data:\n  f: >\n    a\n     b\n    c\n", "8dmg9984hc"),
            ("ConfigMap", "data: text\nbinaryData: [1]\n", "tdkgfkmb5k"),
            ("ConfigMap", "data: [1, 2]\n", "dk855m5d49"),
            ("ConfigMap", "metadata/name: foo\ndata: {a: b}\n", "dkb95f5f76"),
            ("Secret", "type: Opaque\ndata: {a: Yg==}\nstringData: {c: d}\n", "m8htbh9bm6"),
            ("Secret", "type:\ndata: {a: Yg==}\nstringData:\n", "254c6b4h75"),
            ("Secret", "type: 5\n", "dg6m2f574m"),
            ("Secret", "type: {a: b}\ndata: null\n", "4kkk9t6f99"),
            ("ConfigMap", "data: ~\n", "2t8tf57kh6"),
            ("ConfigMap", "data: \"\"\n", "6ct58987ht"),
        ];
        for (kind, body, hash) in rows {
            let text = format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: a}}\n{body}");
            let (trees, file) = parse(&text);
            let value = trees.documents(file).next().expect("one document");
            assert_eq!(suffix(&trees, trees.view(&value)).as_deref(), Ok(hash), "{body}");
        }
    }
}
