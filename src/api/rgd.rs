//! A kro `ResourceGraphDefinition`: its `SimpleSchema` as the schema of the CRD that kro installs.
//!
//! Never: the resources of the graph; the type of a status, which kro infers from them.

use serde_json::Value as Json;

use super::crd::{self, Outline};
use super::installed::Installed;
use super::schema::Schema;
use super::{Conversion, Definition, Flavor, Scope, Standing, Version};
use crate::base::Span;
use crate::grammar::{Marker, simple_field, simple_flag};
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
        standing: Standing::Own,
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
    let (mut fields, mut required, mut has_default) = (Vec::new(), Vec::new(), false);
    for field in map.fields() {
        let node = node(field.value, types, field.key_place(), depth + 1);
        if node.need == Need::Required {
            required.push(text(field.name(), field.value.place()));
        }
        has_default |= node.is_given("default");
        fields.push(Entry { key: field.key(), value: Value::map(node.entries, Origin::within(node.at)) });
    }
    let origin = || Origin::within(at);
    let mut entries = vec![entry("type", text("object", at), at)];
    entries.push(entry("properties", Value::map(fields, origin()), at));
    // kro fills in the object itself, so that the defaults in it count; `{}` would lack what is required.
    if has_default && required.is_empty() {
        entries.push(entry("default", Value::map(Vec::new(), origin()), at));
    }
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

/// A field while it is compiled.
struct Node {
    entries: Vec<Entry>,
    need: Need,
    at: Span,
}

impl Node {
    fn new(value: &Value, trees: &crate::model::Trees, need: Need, at: Span) -> Self {
        let entries = trees.view(value).fields().map(|f| Entry { key: f.key(), value: f.value.value() }).collect();
        Self { entries, need, at }
    }

    fn is_given(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| is_named(&entry.key, name))
    }

    /// Sets a keyword, over what a custom type says of it.
    fn set(&mut self, set: Entry, name: &str) {
        self.entries.retain(|entry| !is_named(&entry.key, name));
        self.entries.push(set);
    }

    /// Adds an item to the list that a keyword is.
    fn add(&mut self, name: &'static str, item: Value) {
        let at = self.at;
        let items = match self.entries.iter_mut().find(|entry| is_named(&entry.key, name)) {
            Some(entry) => &mut entry.value,
            None => {
                self.entries.push(entry(name, Value::seq(Vec::new(), Origin::within(at)), at));
                let Some(last) = self.entries.last_mut() else { return };
                &mut last.value
            }
        };
        if let Value::Made(made) = items
            && let crate::model::MadeNode::Seq(list) = &made.node
        {
            let list = list.iter().cloned().chain([item]).collect();
            *items = Value::seq(list, Origin::within(at));
        }
    }
}

/// A field: a map of fields, or `type | marker=value …`.
fn node(view: View<'_>, types: Option<View<'_>>, key: Span, depth: usize) -> Node {
    if view.is_map() {
        return Node::new(&object(view, types, key, depth), view.trees(), Need::Optional, key);
    }
    let written = view.written();
    let field = simple_field(&written);
    let mut node = of_type(&field.of, view, types, depth);
    let kind = type_of(&node.entries, view);
    for marker in &field.markers {
        mark(&mut node, marker, kind.as_deref());
    }
    node
}

/// The `type` that the entries of a schema name.
fn type_of(entries: &[Entry], view: View<'_>) -> Option<String> {
    let entry = entries.iter().find(|entry| is_named(&entry.key, "type"))?;
    Some(view.trees().view(&entry.value).written().into_owned())
}

/// A type at the place of `view`, which names it.
fn of_type(name: &str, view: View<'_>, types: Option<View<'_>>, depth: usize) -> Node {
    let at = view.place();
    let made = |entries| Node { entries, need: Need::Optional, at };
    let plain = |name: &str| vec![entry("type", text(name, at), at)];
    let inner = |name: &str| Value::map(of_type(name, view, types, depth + 1).entries, Origin::within(at));
    if depth > DEEPEST {
        return made(Vec::new());
    }
    if let Some(item) = name.strip_prefix("[]") {
        return made([plain("array"), vec![entry("items", inner(item.trim()), at)]].concat());
    }
    if let Some(value) = name.strip_prefix("map[string]") {
        return made([plain("object"), vec![entry("additionalProperties", inner(value.trim()), at)]].concat());
    }
    match name {
        "string" | "integer" | "boolean" | "number" => made(plain(name)),
        "float" => made(plain("number")),
        "object" => {
            let keeps = Value::scalar(MadeScalar::Bool(true), Origin::within(at));
            made([plain("object"), vec![entry("x-kubernetes-preserve-unknown-fields", keeps, at)]].concat())
        }
        _ => match types.and_then(|types| types.get(name)) {
            // A type that is an alias brings its markers along, `required` too.
            Some(custom) => Node { at, ..node(custom, types, at, depth + 1) },
            None => made(Vec::new()),
        },
    }
}

/// Puts what a marker says into the schema of its field.
fn mark(node: &mut Node, marker: &Marker, of: Option<&str>) {
    let at = node.at;
    let (name, value) = (&*marker.name, &*marker.value);
    let origin = || Origin::within(at);
    match name {
        "required" if simple_flag(value) == Some(true) => node.need = Need::Required,
        "default" => node.set(entry("default", made(&literal(value, of), at), at), "default"),
        "enum" => {
            let members = value.split(',').map(|member| made(&literal(member.trim(), of), at)).collect();
            node.set(entry("enum", Value::seq(members, origin()), at), "enum");
        }
        "minimum" | "maximum" | "minLength" | "maxLength" | "minItems" | "maxItems" => {
            node.set(entry(name, made(&literal(value, None), at), at), name);
        }
        "pattern" | "description" => node.set(entry(name, text(value, at), at), name),
        "immutable" if simple_flag(value) == Some(true) => node.add(RULES, rule("self == oldSelf", at)),
        "validation" => node.add(RULES, rule(value, at)),
        // kro makes a set of the list: the API server refuses `uniqueItems` itself.
        "uniqueItems" if simple_flag(value) == Some(true) => node.set(entry(LIST_TYPE, text("set", at), at), LIST_TYPE),
        "listType" => node.set(entry(LIST_TYPE, text(value, at), at), LIST_TYPE),
        "listMapKey" => node.add("x-kubernetes-list-map-keys", text(value, at)),
        _ => {}
    }
}

/// Whether a key that this file made is this one.
fn is_named(key: &Key, name: &str) -> bool {
    matches!(key, Key::Made(made) if *made.0 == *name)
}

const RULES: &str = "x-kubernetes-validations";
const LIST_TYPE: &str = "x-kubernetes-list-type";

fn rule(rule: &str, at: Span) -> Value {
    Value::map(vec![entry("rule", text(rule, at), at)], Origin::within(at))
}

/// A marker's value as the field's type reads it.
fn literal(value: &str, of: Option<&str>) -> Json {
    if of == Some("string") {
        return Json::String(value.to_owned());
    }
    if of == Some("boolean")
        && let Some(flag) = simple_flag(value)
    {
        return Json::Bool(flag);
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
