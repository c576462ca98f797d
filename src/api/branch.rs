//! What the API server refuses in `allOf`, `anyOf`, `oneOf` and `not`: they say which values fit, and nothing of the
//! structure around them (apiextensions `schema/validation.go`, `complete.go`).
//!
//! Never: a field that only a branch below the root names; the API server takes it.

use super::fault::FORBIDDEN;
use crate::base::Span;
use crate::model::{Field, View};

/// The logical keywords.
pub(super) const COMBINERS: [&str; 4] = ["allOf", "anyOf", "not", "oneOf"];

/// Keywords that say what a field is, not which of its values fit.
const STRUCTURE: [&str; 11] = [
    "description",
    "nullable",
    "title",
    "type",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
];

/// Something that is refused in a branch.
pub(super) struct Misplaced {
    /// Its key.
    pub(super) at: Span,
    /// The path in an instance.
    pub(super) path: String,
    /// What is wrong, in words.
    pub(super) words: String,
}

/// What is refused in one of the logical keywords of a structural node.
pub(super) fn misplaced(combiner: Field<'_>, path: &str) -> Vec<Misplaced> {
    let name = combiner.name();
    let mut found = Found { combiner: name, list: Vec::new() };
    if name == "anyOf" && is_either(combiner.value) {
        return found.list;
    }
    for (row, branch) in branches(combiner).enumerate() {
        let is_first = name == "allOf" && row == 0;
        let types =
            if is_first && branch.get("anyOf").is_some_and(is_either) { Types::InAnyOf } else { Types::Nowhere };
        found.branch(branch, types, path);
    }
    found.list
}

/// What the logical keywords of the root name, and the structure around them does not.
pub(super) fn undeclared(root: View<'_>) -> Vec<Misplaced> {
    let mut found = Found { combiner: "", list: Vec::new() };
    for combiner in combiners(root) {
        found.combiner = combiner.name();
        branches(combiner).for_each(|branch| found.names(branch, root, ""));
    }
    found.list
}

fn combiners(node: View<'_>) -> impl Iterator<Item = Field<'_>> {
    node.fields().filter(|field| COMBINERS.contains(&field.name()))
}

fn branches(combiner: Field<'_>) -> impl Iterator<Item = View<'_>> {
    let only = (combiner.name() == "not").then_some(combiner.value);
    let list = (combiner.name() != "not").then_some(combiner.value);
    only.into_iter().chain(list.into_iter().flat_map(|list| list.items()))
}

/// `[{type: integer}, {type: string}]`, in this order: the one thing about types that may stand in a branch.
fn is_either(any: View<'_>) -> bool {
    let is_only = |branch: View<'_>, name: &str| {
        let mut said = branch.fields().filter(|field| !is_void(field.value) && !is_dropped(field.name()));
        let fits = said.next().is_some_and(|field| field.name() == "type" && field.value.written() == name);
        fits && said.next().is_none()
    };
    let mut items = any.items();
    let both = items.next().zip(items.next());
    both.is_some_and(|(a, b)| is_only(a, "integer") && is_only(b, "string")) && items.next().is_none()
}

/// Keywords that the API server does not look at.
fn is_dropped(name: &str) -> bool {
    matches!(name, "example" | "externalDocs")
}

/// Whether a keyword stands there and says nothing.
fn is_void(value: View<'_>) -> bool {
    value.is_null()
        || value.as_bool() == Some(false)
        || value.as_str() == Some("")
        || (value.is_seq() && value.item(0).is_none())
}

fn is_refused(name: &str, value: View<'_>) -> bool {
    match name {
        "additionalProperties" => value.as_bool() != Some(false),
        "default" => !value.is_null(),
        "uniqueItems" => value.as_bool() == Some(true),
        _ => FORBIDDEN.contains(&name) || (STRUCTURE.contains(&name) && !is_void(value)),
    }
}

/// Where a branch may name types.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Types {
    InAnyOf,
    Nowhere,
}

struct Found<'a> {
    combiner: &'a str,
    list: Vec<Misplaced>,
}

impl Found<'_> {
    fn push(&mut self, at: Span, path: &str, words: String) {
        self.list.push(Misplaced { at, path: path.to_owned(), words });
    }

    fn branch(&mut self, branch: View<'_>, types: Types, path: &str) {
        for field in branch.fields() {
            let (name, value) = (field.name(), field.value);
            // Beside `properties` it is refused wherever it stands.
            let is_apart = || branch.get("properties").is_none_or(|named| named.fields().next().is_none());
            if is_refused(name, value) || (name == "additionalProperties" && !is_apart()) {
                let words = format!("`{name}` is forbidden inside `{}`", self.combiner);
                self.push(field.key_place(), path, words);
                continue;
            }
            match name {
                "items" if value.is_seq() => self.push(field.key_place(), path, "`items` must be one schema".into()),
                "items" => self.branch(value, Types::Nowhere, &format!("{path}[*]")),
                "properties" => self.properties(value, path),
                "anyOf" if types == Types::InAnyOf => {}
                _ if COMBINERS.contains(&name) => {
                    branches(field).for_each(|branch| self.branch(branch, Types::Nowhere, path));
                }
                _ => {}
            }
        }
    }

    fn properties(&mut self, properties: View<'_>, path: &str) {
        for field in properties.fields() {
            let path = join(path, field.name());
            if field.name() == "metadata" {
                let words = format!("`metadata` must not be named inside `{}`", self.combiner);
                self.push(field.key_place(), &path, words);
            }
            self.branch(field.value, Types::Nowhere, &path);
        }
    }

    /// What a branch names beyond a structural node.
    fn names(&mut self, branch: View<'_>, node: View<'_>, path: &str) {
        combiners(branch).flat_map(branches).for_each(|inner| self.names(inner, node, path));
        if let Some(items) = branch.field("items").filter(|items| items.value.is_map()) {
            let path = format!("{path}[*]");
            match node.get("items") {
                Some(node) => self.names(items.value, node, &path),
                None => self.lacks(items, &path),
            }
        }
        for field in branch.get("properties").into_iter().flat_map(|properties| properties.fields()) {
            let path = join(path, field.name());
            match node.get("properties").and_then(|properties| properties.get(field.name())) {
                Some(node) => self.names(field.value, node, &path),
                None => self.lacks(field, &path),
            }
        }
    }

    fn lacks(&mut self, named: Field<'_>, path: &str) {
        let words = format!("`{}` speaks of it, and the schema around does not define it", self.combiner);
        self.push(named.key_place(), path, words);
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
