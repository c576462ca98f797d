//! A kro `ResourceGraphDefinition`: its `SimpleSchema` as the schema of the CRD that kro installs.
//!
//! Never: the resources of the graph; the type of a status, which kro infers from them.

use serde_json::Value as Json;

use super::crd::{self, Outline};
use super::installed::Installed;
use super::schema::Schema;
use super::{Conversion, Definition, Flavor, Scope, Version};
use crate::base::Span;
use crate::model::{Entry, Key, MadeScalar, Origin, Value, View};

/// How deep types may name types: kro refuses a circle, and nothing real comes near.
const DEEPEST: usize = 24;

/// The API of an RGD; `None` where it has no schema.
pub(super) fn compile(view: View<'_>) -> Option<Definition> {
    let schema = view.get("spec")?.field("schema")?;
    let (written, at) = (schema.value, schema.key_place());
    let outline = Outline::of(view, view.get("spec")?);
    let kind: std::sync::Arc<str> = written.str_at(["kind"])?.into();
    let name = written.get("apiVersion")?;
    let place = name.place();
    let version = Version {
        name: name.written().into(),
        at: place,
        served: true,
        served_at: place,
        stored: true,
        stored_at: place,
        deprecated: false,
        entry: written.value(),
        written: Some(Installed::new(view.trees().view(&root(written, at)), at, install)),
    };
    let scope = written.get("scope");
    Some(Definition {
        flavor: Flavor::Rgd,
        group: written.str_at(["group"]).unwrap_or("kro.run").into(),
        kinds: vec![kind.clone()],
        kind,
        short_names: Vec::new(),
        claims_at: outline.at,
        scope: Some(match scope.map(|scope| scope.written()).as_deref() {
            Some("Cluster") => Scope::Cluster,
            _ => Scope::Namespaced,
        }),
        scope_at: scope.map_or(outline.at, |scope| scope.place()),
        versions: vec![version],
        versions_at: at,
        conversion: Conversion::None,
        conversion_at: at,
        at: outline.at,
    })
}

/// With the fields of a status that kro writes itself.
fn install(view: View<'_>, key: Span) -> Schema {
    let mut root = crd::pruning(view, key);
    let mut status = root.take_property("status").unwrap_or_else(|| Schema::object(key));
    for name in ["conditions", "state"] {
        status.put(name, Schema::opaque(key));
    }
    root.put("status", status);
    root
}

fn entry(name: &str, value: Value, at: Span) -> Entry {
    Entry { key: Key::made(name, at), value }
}

fn text(text: &str, at: Span) -> Value {
    Value::text(text, Origin::within(at))
}

fn root(schema: View<'_>, at: Span) -> Value {
    let types = schema.get("types");
    let mut parts = Vec::new();
    if let Some(spec) = schema.field("spec") {
        parts.push(Entry { key: spec.key(), value: object(spec.value, types, spec.key_place(), 0) });
    }
    if let Some(status) = schema.field("status") {
        parts.push(Entry { key: status.key(), value: outcome(status.value, status.key_place()) });
    }
    let properties = Value::map(parts, Origin::within(at));
    let entries = vec![entry("type", text("object", at), at), entry("properties", properties, at)];
    Value::map(entries, Origin::within(at))
}

/// A status: its fields are expressions, of types that only their resources tell.
fn outcome(view: View<'_>, at: Span) -> Value {
    let any = |at: Span| {
        let keeps = Value::scalar(MadeScalar::Bool(true), Origin::within(at));
        Value::map(vec![entry("x-kubernetes-preserve-unknown-fields", keeps, at)], Origin::within(at))
    };
    if !view.is_map() {
        return any(at);
    }
    let inner = view.fields().map(|field| Entry { key: field.key(), value: outcome(field.value, field.key_place()) });
    let properties = Value::map(inner.collect(), Origin::within(at));
    let entries = vec![entry("type", text("object", at), at), entry("properties", properties, at)];
    Value::map(entries, Origin::within(at))
}

fn object(map: View<'_>, types: Option<View<'_>>, at: Span, depth: usize) -> Value {
    let (mut fields, mut required) = (Vec::new(), Vec::new());
    for field in map.fields() {
        let (value, need) = node(field.value, types, field.key_place(), depth + 1);
        if need == Need::Required {
            required.push(text(field.name(), field.value.place()));
        }
        fields.push(Entry { key: field.key(), value });
    }
    let origin = || Origin::within(at);
    let mut entries = vec![entry("type", text("object", at), at)];
    entries.push(entry("properties", Value::map(fields, origin()), at));
    if !required.is_empty() {
        entries.push(entry("required", Value::seq(required, origin()), at));
    }
    Value::map(entries, origin())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Required,
    Optional,
}

/// A field: a map of fields, or `type | marker=value …`.
fn node(view: View<'_>, types: Option<View<'_>>, key: Span, depth: usize) -> (Value, Need) {
    if view.is_map() {
        return (object(view, types, key, depth), Need::Optional);
    }
    let written = view.written();
    let (name, markers) = written.split_once('|').unwrap_or((&written, ""));
    let at = view.place();
    let name = name.trim();
    let mut entries = of_type(name, types, at, depth);
    let mut need = Need::Optional;
    for (marker, value) in Markers(markers) {
        match marker {
            "required" if value == "true" => need = Need::Required,
            "required" => {}
            _ => entries.extend(of_marker(marker, &value, name, at)),
        }
    }
    (Value::map(entries, Origin::within(at)), need)
}

fn of_type(name: &str, types: Option<View<'_>>, at: Span, depth: usize) -> Vec<Entry> {
    let plain = |name: &str| vec![entry("type", text(name, at), at)];
    let inner = |name: &str| Value::map(of_type(name, types, at, depth + 1), Origin::within(at));
    if depth > DEEPEST {
        return Vec::new();
    }
    if let Some(item) = name.strip_prefix("[]") {
        return [plain("array"), vec![entry("items", inner(item.trim()), at)]].concat();
    }
    if let Some(value) = name.strip_prefix("map[string]") {
        return [plain("object"), vec![entry("additionalProperties", inner(value.trim()), at)]].concat();
    }
    match name {
        "string" | "integer" | "boolean" | "number" => plain(name),
        "float" => plain("number"),
        "object" => {
            let keeps = Value::scalar(MadeScalar::Bool(true), Origin::within(at));
            [plain("object"), vec![entry("x-kubernetes-preserve-unknown-fields", keeps, at)]].concat()
        }
        _ => {
            let Some(custom) = types.and_then(|types| types.get(name)) else { return Vec::new() };
            let (value, _) = node(custom, types, at, depth + 1);
            custom.trees().view(&value).fields().map(|f| Entry { key: f.key(), value: f.value.value() }).collect()
        }
    }
}

fn of_marker(marker: &str, value: &str, of: &str, at: Span) -> Vec<Entry> {
    let made = |json: &Json| made(json, at);
    match marker {
        "default" => vec![entry("default", made(&literal(value, of)), at)],
        "enum" => {
            let members = value.split(',').map(|member| made(&literal(member.trim(), of))).collect();
            vec![entry("enum", Value::seq(members, Origin::within(at)), at)]
        }
        "minimum" | "maximum" | "minLength" | "maxLength" | "minItems" | "maxItems" | "uniqueItems" => {
            let name = ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems"];
            let name = name.into_iter().find(|name| *name == marker).unwrap_or("minimum");
            vec![entry(name, made(&literal(value, "")), at)]
        }
        "pattern" | "description" | "format" => vec![entry(marker, text(value, at), at)],
        "immutable" if value == "true" => vec![entry("x-kubernetes-validations", rules("self == oldSelf", at), at)],
        "validation" => vec![entry("x-kubernetes-validations", rules(value, at), at)],
        _ => Vec::new(),
    }
}

fn rules(rule: &str, at: Span) -> Value {
    let rule = Value::map(vec![entry("rule", text(rule, at), at)], Origin::within(at));
    Value::seq(vec![rule], Origin::within(at))
}

/// A marker's value as the field's type reads it.
fn literal(value: &str, of: &str) -> Json {
    if of == "string" {
        return Json::String(value.to_owned());
    }
    serde_json::from_str(value).unwrap_or_else(|_| Json::String(value.to_owned()))
}

fn made(json: &Json, at: Span) -> Value {
    let origin = || Origin::within(at);
    match json {
        Json::Null => Value::scalar(MadeScalar::Null, origin()),
        Json::Bool(value) => Value::scalar(MadeScalar::Bool(*value), origin()),
        Json::Number(number) => {
            let int = number.as_i64().map(MadeScalar::Int);
            Value::scalar(int.unwrap_or_else(|| MadeScalar::Float(number.as_f64().unwrap_or_default())), origin())
        }
        Json::String(value) => text(value, at),
        Json::Array(items) => Value::seq(items.iter().map(|item| made(item, at)).collect(), origin()),
        Json::Object(map) => {
            Value::map(map.iter().map(|(name, value)| entry(name, made(value, at), at)).collect(), origin())
        }
    }
}

/// `required=true default="a b" enum="x,y"`: names with their values, quotes gone.
struct Markers<'t>(&'t str);

impl<'t> Iterator for Markers<'t> {
    type Item = (&'t str, String);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, rest) = self.0.trim_start().split_once('=')?;
        let rest = rest.trim_start();
        let end = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let mut escaped = false;
                let closes = |(_, char): &(usize, char)| {
                    let found = *char == quote && !escaped;
                    escaped = *char == '\\' && !escaped;
                    found
                };
                rest.char_indices().skip(1).find(closes).map_or(rest.len(), |(at, char)| at + char.len_utf8())
            }
            Some('[' | '{') => closing(rest),
            _ => rest.find(char::is_whitespace).unwrap_or(rest.len()),
        };
        self.0 = &rest[end..];
        let value = &rest[..end];
        let quoted = ['"', '\''].into_iter().find(|quote| value.len() > 1 && value.starts_with(*quote));
        let plain = quoted.map(|quote| {
            value[1..].strip_suffix(quote).unwrap_or(&value[1..]).replace(&format!("\\{quote}"), &quote.to_string())
        });
        Some((name.trim(), plain.unwrap_or_else(|| value.to_owned())))
    }
}

/// The byte behind the bracket that closes the first one.
fn closing(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, char) in text.char_indices() {
        match char {
            '[' | '{' => depth += 1,
            ']' | '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::Markers;

    #[test]
    fn markers_are_read_with_their_quotes() {
        let read =
            |text: &'static str| Markers(text).map(|(name, value)| format!("{name}:{value}")).collect::<Vec<_>>();
        assert_eq!(read(r#" required=true default="a b" enum="x,y""#), ["required:true", "default:a b", "enum:x,y"]);
        assert_eq!(read(r#"default={"a": [1, 2]} minimum=3"#), [r#"default:{"a": [1, 2]}"#, "minimum:3"]);
        assert_eq!(read(r#"description="say \"hi\"" default="#), [r#"description:say "hi""#, "default:"]);
        assert_eq!(read("nonsense"), Vec::<String>::new());
    }
}
