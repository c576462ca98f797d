//! The kind `graph-fault`: what kro refuses of a ResourceGraphDefinition by itself.
//!
//! Never: a type that only a cluster knows; what cannot be told here is no fault.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::api::{self, Flavor, Schema, Scope};
use crate::base::Span;
use crate::grammar::{self, Read};
use crate::model::{Object, Trees, View, is_namespaced, split_api_version};
use crate::rules::{Check, Facts, Hit, ObjectName, Sink};
use crate::world::World;

pub(super) const KIND: CheckKind = CheckKind {
    name: "graph-fault",
    about: "a ResourceGraphDefinition that kro refuses",
    params: &[ParamDesc {
        name: "fault",
        takes: Takes::OneOf(&["marker", "reference", "unwanted-namespace", "missing-namespace"]),
        need: Need::Required,
        about: "a field of the schema that is wrong; a name that nothing has; a namespace (new in the change) on a kind that has none, or none where there must be one",
    }],
    facts: &[],
    words: &[("name", "the graph's name"), ("field", "the field or the resource"), ("wrong", "what is wrong")],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let of_value = |judge: fn(&Trees, &Object, &mut Sink)| {
        Check::Value(Box::new(move |trees: &Trees, object: &Object, sink: &mut Sink| {
            if is_graph(object) {
                judge(trees, object, sink);
            }
        }))
    };
    Ok(match params.text("fault") {
        "marker" => of_value(markers),
        "reference" => of_value(unresolved),
        "unwanted-namespace" => Check::Change(Box::new(|facts, sink| namespaces(facts, Fault::Unwanted, sink))),
        _ => Check::Change(Box::new(|facts, sink| namespaces(facts, Fault::Missing, sink))),
    })
}

fn is_graph(object: &Object) -> bool {
    object.is("kro.run", "ResourceGraphDefinition")
}

fn hit(object: &Object, at: Span, field: &str, wrong: impl Into<String>) -> Hit {
    let wrong: String = wrong.into();
    let mark = format!("{field} {wrong}");
    Hit::at(at).word("name", &*object.key.name).word("field", field).word("wrong", wrong).mark(mark)
}

/// Fields of the schema and of custom types.
fn markers(trees: &Trees, object: &Object, sink: &mut Sink) {
    let Some(schema) = object.view(trees).path(["spec", "schema"]) else { return };
    let types = schema.get("types");
    for (part, within) in [("spec", schema.get("spec")), ("types", types)] {
        let fields = within.into_iter().flat_map(|within| within.fields());
        for field in fields {
            fields_of(object, field.value, types, &format!("{part}.{}", field.name()), sink);
        }
    }
}

fn fields_of(object: &Object, value: View<'_>, types: Option<View<'_>>, path: &str, sink: &mut Sink) {
    if value.is_map() {
        for field in value.fields() {
            fields_of(object, field.value, types, &format!("{path}.{}", field.name()), sink);
        }
        return;
    }
    let Some(text) = value.as_str() else {
        // kro reads text and maps; what YAML types otherwise is neither.
        sink.report(hit(object, value.place(), path, "this is neither a type nor a map of fields").mark(path));
        return;
    };
    let field = grammar::simple_field(text);
    let kind = field.fault.is_none().then(|| type_name(&field.of, types, 0)).flatten();
    let unknown = || unknown_type(&field.of, types).map(|name| format!("there is no type `{name}`"));
    let of_markers = || grammar::check_markers(&field.markers, kind).map(|fault| fault.to_string());
    let wrong = field.fault.as_ref().map(ToString::to_string).or_else(unknown).or_else(of_markers);
    if let Some(wrong) = wrong {
        // A field has one fault at most: other words of it are the same one.
        sink.report(hit(object, value.place(), path, wrong).mark(path));
    }
}

/// How deep custom types may name each other.
const DEEPEST: usize = 16;

/// The type of a field in JSON's words; `None` where it is not known here.
fn type_name(of: &str, types: Option<View<'_>>, depth: usize) -> Option<&'static str> {
    match of {
        "string" => Some("string"),
        "integer" => Some("integer"),
        "boolean" => Some("boolean"),
        "float" | "number" => Some("number"),
        "object" => Some("object"),
        _ if of.starts_with("[]") => Some("array"),
        _ if of.starts_with("map[") => Some("object"),
        _ if depth > DEEPEST => None,
        _ => {
            let custom = types?.get(of)?;
            match custom.as_str() {
                Some(alias) => type_name(&grammar::simple_field(alias).of, types, depth + 1),
                None => custom.is_map().then_some("object"),
            }
        }
    }
}

/// The custom type that a type names and that nobody defines.
fn unknown_type<'t>(of: &'t str, types: Option<View<'_>>) -> Option<&'t str> {
    let inner = of.strip_prefix("[]").or_else(|| of.strip_prefix("map[string]"));
    if let Some(inner) = inner {
        return unknown_type(inner.trim(), types);
    }
    let is_known = matches!(of, "string" | "integer" | "boolean" | "float" | "number" | "object")
        || types.is_some_and(|types| types.get(of).is_some());
    (!is_known).then_some(of)
}

/// Names that every expression may read: what kro and its CEL libraries bring.
const KNOWN: [&str; 28] = [
    "base64",
    "bool",
    "bytes",
    "cel",
    "double",
    "dyn",
    "duration",
    "each",
    "format",
    "google",
    "hash",
    "int",
    "json",
    "kro",
    "list",
    "lists",
    "map",
    "math",
    "null_type",
    "optional",
    "random",
    "regex",
    "schema",
    "self",
    "sets",
    "string",
    "timestamp",
    "uint",
];

/// What one part of a graph may read.
struct Names<'t> {
    ids: &'t [String],
    own: Vec<String>,
    schema: Option<&'t Schema>,
}

fn unresolved(trees: &Trees, object: &Object, sink: &mut Sink) {
    let view = object.view(trees);
    let items = || view.path(["spec", "resources"]).into_iter().flat_map(|list| list.items());
    let ids: Vec<String> = items().filter_map(|item| Some(item.get("id")?.written().into_owned())).collect();
    let compiled = api::compile(trees, object);
    let version = compiled.as_ref().and_then(|compiled| compiled.definition.versions.first());
    let schema = version.and_then(|version| version.schema(trees));
    if let Some(status) = view.path(["spec", "schema", "status"]) {
        let names = Names { ids: &ids, own: Vec::new(), schema };
        strings(status, &mut |text| judge(object, text, "status", &names, sink));
    }
    for item in items() {
        let id = item.get("id").map(|id| id.written().into_owned()).unwrap_or_default();
        let each = item.get("forEach").into_iter().flat_map(|list| list.items());
        let own = each.flat_map(|map| map.fields().map(|field| field.name().to_owned()).collect::<Vec<_>>()).collect();
        let names = Names { ids: &ids, own, schema };
        for part in ["template", "externalRef", "readyWhen", "includeWhen", "forEach"] {
            if let Some(part) = item.get(part) {
                strings(part, &mut |text| judge(object, text, &id, &names, sink));
            }
        }
    }
}

fn strings(value: View<'_>, see: &mut impl FnMut(View<'_>)) {
    if value.is_map() {
        value.fields().for_each(|field| strings(field.value, see));
    } else if value.is_seq() {
        value.items().for_each(|item| strings(item, see));
    } else if value.as_str().is_some_and(|text| text.contains("${")) {
        see(value);
    }
}

/// The first name of a text that nothing has.
fn judge(object: &Object, value: View<'_>, field: &str, names: &Names<'_>, sink: &mut Sink) {
    let Some(text) = value.as_str() else { return };
    for expression in grammar::expressions(text) {
        let Some(reads) = grammar::reads(expression) else {
            sink.undecided();
            continue;
        };
        let Some(wrong) = reads.iter().find_map(|read| fault(read, names)) else { continue };
        sink.report(hit(object, value.place(), field, wrong));
        return;
    }
}

fn fault(read: &Read, names: &Names<'_>) -> Option<String> {
    if read.root != "schema" {
        let is_known =
            KNOWN.contains(&&*read.root) || names.ids.iter().chain(&names.own).any(|known| *known == read.root);
        return (!is_known).then(|| format!("nothing is called `{}`", read.root));
    }
    let mut at = names.schema?;
    let (first, rest) = read.fields.split_first()?;
    if first != "spec" {
        return None;
    }
    at = at.property(first)?;
    let mut path = first.clone();
    for field in rest {
        if at.properties.is_empty() || at.is_map() || at.preserves_unknown() {
            return None;
        }
        path = format!("{path}.{field}");
        let Some(next) = at.property(field) else { return Some(format!("the schema has no `{path}`")) };
        at = next;
    }
    None
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    Unwanted,
    Missing,
}

/// Faults that the base's graph of the same name has not.
fn namespaces(facts: &Facts<'_>, fault: Fault, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    for pair in &facts.changes.objects {
        let Some(at) = pair.head else { continue };
        let object = facts.head.object(at);
        if !is_graph(object) || pair.base.is_some_and(|was| base.object(was).value.is_same(&object.value)) {
            continue;
        }
        let before = pair.base.map(|was| wrong_namespaces(facts.trees, base, base.object(was), fault));
        let before = before.unwrap_or_default();
        for (id, place, wrong) in wrong_namespaces(facts.trees, facts.head, object, fault) {
            if !before.iter().any(|(other, ..)| *other == id) {
                let mut hit = hit(object, place, &id, wrong);
                hit.object = Some(ObjectName::of(object));
                hit.build = Some(at.build);
                sink.report(hit);
            }
        }
    }
}

/// The resources of a graph whose namespace kro refuses: id, place, kind.
fn wrong_namespaces(trees: &Trees, world: &World, graph: &Object, fault: Fault) -> Vec<(String, Span, String)> {
    let view = graph.view(trees);
    let is_cluster_wide = view.str_at(["spec", "schema", "scope"]) == Some("Cluster");
    let mut found = Vec::new();
    let items = view.path(["spec", "resources"]).into_iter().flat_map(|list| list.items());
    for item in items {
        let (Some(id), Some(template)) = (item.get("id"), item.get("template")) else { continue };
        let Some(kind) = template.get("kind") else { continue };
        let (group, _) = split_api_version(template.str_at(["apiVersion"]).unwrap_or_default());
        let Some(lives_in_one) = lives_in_namespace(world, group, &kind.written()) else { continue };
        let namespace = template.get("metadata").and_then(|metadata| metadata.field("namespace"));
        let place = match (fault, namespace) {
            (Fault::Unwanted, Some(namespace)) if !lives_in_one => namespace.key_place(),
            (Fault::Missing, None) if lives_in_one && is_cluster_wide => {
                template.field("metadata").map_or(kind.place(), |metadata| metadata.key_place())
            }
            (Fault::Missing, Some(namespace))
                if lives_in_one && is_cluster_wide && namespace.value.written().trim().is_empty() =>
            {
                namespace.key_place()
            }
            _ => continue,
        };
        found.push((id.written().into_owned(), place, kind.written().into_owned()));
    }
    found
}

/// Whether objects of a kind live in a namespace, as Kubernetes or a definition of the repository says.
fn lives_in_namespace(world: &World, group: &str, kind: &str) -> Option<bool> {
    let defined = || {
        let defined = world.definitions.iter().find(|defined| defined.definition.has_instances(group, kind))?;
        // The claim of an XRD lives in a namespace, whatever its composite resource does.
        let is_claim = defined.definition.flavor == Flavor::Xrd && defined.definition.kinds.len() > 1;
        if is_claim {
            return (*defined.definition.kind == *kind).then_some(true);
        }
        defined.definition.scope.map(|scope| scope == Scope::Namespaced)
    };
    is_namespaced(group, kind).or_else(defined)
}
