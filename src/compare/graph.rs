//! The resources and the status of a kro `ResourceGraphDefinition`, by what kro knows the objects by.
//!
//! Never: the id of a resource as its identity; kro keeps the object, whatever the id.

use super::part::{Part, Parts, key_place};
use crate::base::Span;
use crate::model::{View, is_namespaced, kro_expression_type, split_api_version};

/// The annotation under which kro takes every change of a schema.
const ALLOWS_BREAKING: [&str; 3] = ["metadata", "annotations", "kro.run/allow-breaking-changes"];

struct Resource<'t> {
    id: String,
    at: Span,
    name_at: Span,
    kind: String,
    /// Group, kind, namespace and name, expressions in one way.
    identity: String,
    item: View<'t>,
}

/// What differs in a graph beside the schema of its instances.
pub(super) fn compare(old: View<'_>, new: View<'_>, parts: &mut Parts) {
    let (was, is) = (resources(old), resources(new));
    for gone in was.iter().filter(|gone| !is.iter().any(|left| left.identity == gone.identity)) {
        let same = is.iter().find(|now| now.id == gone.id && !was.iter().any(|old| old.identity == now.identity));
        if let Some(now) = same {
            let words = (&*gone.id, &*now.kind);
            parts.push(Part::GraphIdentityChanged, words, now.name_at, Some(gone.name_at));
        } else {
            let place = key_place(new, &["spec", "resources"]);
            parts.push(Part::GraphResourceRemoved, (&gone.id, &gone.kind), place, Some(gone.at));
        }
    }
    for now in &is {
        let of_id = was.iter().find(|old| old.id == now.id);
        let renamed = || was.iter().find(|old| old.identity == now.identity && !is.iter().any(|new| new.id == old.id));
        match (of_id, renamed()) {
            (Some(old), _) => behavior(old.item, now.item, &now.id, parts),
            (None, Some(old)) => {
                parts.push(Part::GraphIdRenamed, (&old.id, &now.id), now.at, Some(old.at));
                behavior(old.item, now.item, &now.id, parts);
            }
            (None, None) => {}
        }
    }
    references(old, new, parts);
    statuses(old, new, parts);
    let allowed = |object: View<'_>| {
        let value = object.path(ALLOWS_BREAKING).filter(|value| value.written() == "true");
        value.map(|value| value.place())
    };
    if let (Some(before), Some(after)) = (allowed(old), allowed(new)) {
        parts.push(Part::BreakingStillAllowed, ("", ""), after, Some(before));
    }
}

fn items(object: View<'_>) -> impl Iterator<Item = View<'_>> {
    object.path(["spec", "resources"]).into_iter().flat_map(|list| list.items())
}

fn resources(object: View<'_>) -> Vec<Resource<'_>> {
    items(object).filter_map(resource).collect()
}

fn resource(item: View<'_>) -> Option<Resource<'_>> {
    let (id, template) = (item.get("id")?, item.get("template")?);
    let kind = template.get("kind")?;
    let (group, _) = split_api_version(template.str_at(["apiVersion"]).unwrap_or_default());
    let of = |name| template.path(["metadata", name]);
    // kro refuses a namespace there: taking it away mends the graph.
    let namespace = match of("namespace") {
        _ if is_namespaced(group, &kind.written()) == Some(false) => String::new(),
        Some(written) => settled(&written.written()),
        None => "${schema.metadata.namespace}".to_owned(),
    };
    let name = of("name").map(|v| settled(&v.written())).unwrap_or_default();
    Some(Resource {
        id: id.written().into_owned(),
        at: id.place(),
        name_at: of("name").unwrap_or(kind).place(),
        kind: kind.written().into_owned(),
        identity: format!("{group}/{}/{namespace}/{name}", kind.written()),
        item,
    })
}

/// An expression in one way: no blanks, and the instance by its long name.
fn settled(text: &str) -> String {
    let flat: String = text.chars().filter(|char| !char.is_whitespace()).collect();
    flat.replace("${spec.", "${schema.spec.").replace("${metadata.", "${schema.metadata.")
}

/// When a resource is made, how often, and when it counts as ready.
fn behavior(old: View<'_>, new: View<'_>, id: &str, parts: &mut Parts) {
    let id_place = new.get("id").unwrap_or(new).place();
    let place = |item: View<'_>, name: &str| item.field(name).map(|field| field.key_place());
    let (was, is) = (texts(old, "includeWhen"), texts(new, "includeWhen"));
    // Fewer conditions make more objects; a new one may unmake some.
    let joined: Vec<&String> = is.iter().filter(|condition| !was.contains(condition)).collect();
    if let Some(first) = joined.first() {
        let at = place(new, "includeWhen").unwrap_or(id_place);
        parts.push(Part::IncludeWhenChanged, (id, first), at, place(old, "includeWhen"));
    }
    for (name, what) in [("forEach", Part::ForEachChanged), ("readyWhen", Part::ReadyWhenChanged)] {
        let (was, is) = (texts(old, name), texts(new, name));
        if was != is {
            let at = place(new, name).unwrap_or(id_place);
            let before = place(old, name).or_else(|| Some(old.get("id").unwrap_or(old).place()));
            let now = if is.is_empty() { "nothing".to_owned() } else { is.join(", ") };
            parts.push(what, (id, &now), at, before);
        }
    }
}

/// The items of a list of expressions, or of maps with one expression, in one way.
fn texts(item: View<'_>, name: &str) -> Vec<String> {
    let list = item.get(name).into_iter().flat_map(|list| list.items());
    let text = |item: View<'_>| match item.fields().next() {
        Some(first) => format!("{}: {}", first.name(), settled(&first.value.written())),
        None => settled(&item.written()),
    };
    let mut found: Vec<String> = list.map(text).collect();
    if name != "forEach" {
        found.sort();
    }
    found
}

/// Objects that the graph only reads.
fn references(old: View<'_>, new: View<'_>, parts: &mut Parts) {
    fn of(item: View<'_>) -> Option<(View<'_>, View<'_>)> {
        Some((item.get("id")?, item.get("externalRef")?))
    }
    for (id, now) in items(new).filter_map(of) {
        let Some((_, was)) = items(old).filter_map(of).find(|(other, _)| other.written() == id.written()) else {
            continue;
        };
        let target = |reference: View<'_>| {
            let mut json = reference.to_json();
            json.sort_all_objects();
            settled(&json.to_string())
        };
        let key = |item: View<'_>, name: &str| item.field(name).map(|field| field.key_place());
        if target(was) != target(now) {
            let lacks = now.get("metadata").is_none_or(|metadata| metadata.fields().next().is_none());
            let what = if lacks { Part::ReferenceUnnamed } else { Part::ReferenceChanged };
            let at = key(now, "metadata").unwrap_or_else(|| now.get("kind").unwrap_or(now).place());
            let name = now.path(["metadata", "name"]).map(|name| name.written().into_owned()).unwrap_or_default();
            parts.push(what, (&id.written(), &name), at, key(was, "metadata"));
        }
    }
}

/// Status fields that are gone, or of another type as far as their expressions tell it.
fn statuses(old: View<'_>, new: View<'_>, parts: &mut Parts) {
    fn of(object: View<'_>) -> Option<View<'_>> {
        object.path(["spec", "schema", "status"])
    }
    if let Some(was) = of(old) {
        let place = key_place(new, &["spec", "schema", "status"]);
        status(was, of(new), ("status", place), parts);
    }
}

fn status(was: View<'_>, is: Option<View<'_>>, (path, place): (&str, Span), parts: &mut Parts) {
    for field in was.fields() {
        let path = format!("{path}.{}", field.name());
        let now = is.and_then(|is| is.field(field.name()));
        match now {
            None => parts.push(Part::StatusFieldRemoved, (&path, "is gone"), place, Some(field.key_place())),
            Some(now) if field.value.is_map() && now.value.is_map() => {
                status(field.value, Some(now.value), (&path, now.key_place()), parts);
            }
            Some(now) => {
                let (from, to) = (kro_expression_type(field.value), kro_expression_type(now.value));
                if let (Some(from), Some(to)) = (from, to)
                    && from != to
                {
                    let (before, to) = (Some(field.value.place()), format!("is {to} instead of {from}"));
                    parts.push(Part::StatusTypeChanged, (&path, &to), now.value.place(), before);
                }
            }
        }
    }
}
