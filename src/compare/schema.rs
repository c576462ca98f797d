//! Two schemas, node by node. Every keyword that either side has is consumed or becomes `Unclassified`.
//!
//! Never: the children of what is new, gone or of another type: the topmost difference says it.

use super::What;
use super::apis::Out;
use super::constraint;
use crate::api::{Keyword, Property, Schema, is_same_data};
use crate::base::{Span, TextRange};
use crate::model::{Trees, Value};

/// One place in both schemas.
pub(super) struct Node<'a> {
    pub(super) old: &'a Schema,
    pub(super) new: &'a Schema,
    pub(super) path: String,
    presence: Presence,
}

/// Whether the head demands the field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Required,
    Optional,
}

impl<'a> Node<'a> {
    pub(super) fn root(old: &'a Schema, new: &'a Schema) -> Self {
        Self { old, new, path: String::new(), presence: Presence::Optional }
    }

    fn property(&self, name: &str, old: &'a Schema, new: &'a Schema) -> Self {
        let required = self.new.required().any(|other| other == name);
        let presence = if required { Presence::Required } else { Presence::Optional };
        Self { old, new, path: self.path_of(name), presence }
    }

    fn element(&self, old: &'a Schema, new: &'a Schema) -> Self {
        Self { old, new, path: format!("{}[*]", self.path), presence: Presence::Optional }
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// The keyword's line in head, or else the node's.
    pub(super) fn place(&self, trees: &Trees, keyword: &str) -> Span {
        self.new.keyword(keyword).map_or(self.new.at, |keyword| line(trees, keyword))
    }

    pub(super) fn push(&self, trees: &Trees, out: &mut Out, keyword: &str, what: What) {
        let was = self.old.keyword(keyword).map_or(self.old.at, |keyword| line(trees, keyword));
        out.push(self.path.clone(), what, self.place(trees, keyword), Some(was));
    }
}

/// A keyword with its value, where that is short; else its key.
fn line(trees: &Trees, keyword: &Keyword) -> Span {
    let view = trees.view(&keyword.value);
    let value = view.place();
    let follows = value.file == keyword.key.file && value.range.start >= keyword.key.range.end;
    if view.is_scalar() && follows {
        let range = TextRange::new(keyword.key.range.start, value.range.end);
        // A value from an alias stands elsewhere: only what is on the key's line belongs to it.
        if !trees.sources().slice(Span { file: value.file, range }).contains('\n') {
            return Span { file: value.file, range };
        }
    }
    keyword.key
}

/// What differs at a node and below it.
pub(super) fn compare_nodes(trees: &Trees, node: &Node<'_>, out: &mut Out) {
    if !node.old.is_opaque() && !node.new.is_opaque() {
        if types(trees, node, out) == Types::Apart {
            return;
        }
        keywords(trees, node, out);
        constraint::enums(trees, node, out);
        constraint::numbers(trees, node, out);
        required(trees, node, out);
        elements(trees, node, out);
    }
    properties(trees, node, out);
}

/// Whether two types have anything in common.
#[derive(PartialEq, Eq)]
enum Types {
    Comparable,
    Apart,
}

fn types(trees: &Trees, node: &Node<'_>, out: &mut Out) -> Types {
    const EITHER: &str = "int-or-string";
    let name = |schema: &Schema| match schema.type_name() {
        _ if schema.is_int_or_string() => EITHER,
        Some(name) => name,
        None if !schema.properties.is_empty() || schema.is_map() => "object",
        None if schema.items.is_some() => "array",
        None => "any",
    };
    let (old, new) = (name(node.old), name(node.new));
    // A root is an object, whether it says so or not.
    if old == new || node.path.is_empty() {
        return Types::Comparable;
    }
    let what = match (old, new) {
        (_, "any") | ("integer", "number") | ("integer" | "string", EITHER) => {
            What::TypeWidened(old.into(), new.into())
        }
        (EITHER, "integer" | "string") => What::IntOrStringNarrowed(new.into()),
        _ => What::TypeChanged(old.into(), new.into()),
    };
    let result = if matches!(what, What::TypeWidened(..)) { Types::Comparable } else { Types::Apart };
    node.push(trees, out, "type", what);
    result
}

fn keywords(trees: &Trees, node: &Node<'_>, out: &mut Out) {
    let mut described = false;
    for (name, old, new) in both(&node.old.keywords, &node.new.keywords) {
        let (old, new) = (old.map(|k| &k.value), new.map(|k| &k.value));
        if equal(trees, old, new) {
            continue;
        }
        match name {
            "description" | "title" | "example" | "externalDocs" | "$schema" | "id" => {
                if !described {
                    node.push(trees, out, name, What::DescriptionChanged);
                }
                described = true;
            }
            // These have their own comparison of what they mean.
            "type"
            | "x-kubernetes-int-or-string"
            | "properties"
            | "items"
            | "required"
            | "additionalProperties"
            | "enum"
            | "exclusiveMinimum"
            | "exclusiveMaximum" => {}
            name if constraint::is_number(name) => {}
            "default" => default(trees, node, out, old, new),
            "pattern" => constraint::pattern(trees, node, out),
            "format" => constraint::format(trees, node, out),
            "x-kubernetes-validations" => constraint::rules(trees, node, out, old, new),
            "allOf" | "anyOf" | "oneOf" | "not" => constraint::combiner(trees, node, out, name, old, new),
            _ => switches(trees, node, out, name, old, new),
        }
    }
}

fn switches(trees: &Trees, node: &Node<'_>, out: &mut Out, name: &str, old: Option<&Value>, new: Option<&Value>) {
    let on = |value: Option<&Value>| value.and_then(|value| trees.view(value).as_bool()) == Some(true);
    let text = |value: Option<&Value>, default: &str| {
        value.map_or_else(|| default.into(), |value| Box::<str>::from(&*trees.view(value).written()))
    };
    let (was, is) = (on(old), on(new));
    let what = match name {
        "nullable" | "x-kubernetes-preserve-unknown-fields" | "x-kubernetes-embedded-resource" if was == is => return,
        "nullable" if was => What::NullableRemoved,
        "nullable" if node.new.default_value(trees).is_some() => What::NullableAddedOverDefault,
        "nullable" => What::NullableAdded,
        "x-kubernetes-preserve-unknown-fields" if was => What::PreserveUnknownRemoved,
        "x-kubernetes-preserve-unknown-fields" => What::PreserveUnknownAdded,
        "x-kubernetes-embedded-resource" => What::EmbeddedResourceChanged,
        "x-kubernetes-list-type" => {
            let (from, to) = (text(old, "atomic"), text(new, "atomic"));
            if from == to {
                return;
            }
            What::ListTypeChanged(from, to)
        }
        "x-kubernetes-map-type" => {
            let (from, to) = (text(old, "granular"), text(new, "granular"));
            if from == to {
                return;
            }
            What::MapTypeChanged(from, to)
        }
        "x-kubernetes-list-map-keys" => {
            // Together with the list's type they say one thing.
            if old.is_none() || new.is_none() || same_set(trees, old, new) {
                return;
            }
            What::ListMapKeysChanged
        }
        other => What::Unclassified(other.into()),
    };
    node.push(trees, out, name, what);
}

fn same_set(trees: &Trees, old: Option<&Value>, new: Option<&Value>) -> bool {
    let sorted = |value: Option<&Value>| {
        let view = value.map(|value| trees.view(value));
        let mut names: Vec<String> =
            view.into_iter().flat_map(|view| view.items()).map(|item| item.written().into_owned()).collect();
        names.sort();
        names
    };
    sorted(old) == sorted(new)
}

fn default(trees: &Trees, node: &Node<'_>, out: &mut Out, old: Option<&Value>, new: Option<&Value>) {
    let text = |value: Option<&Value>| value.filter(|v| !trees.view(v).is_null()).map(|v| short(trees, v));
    let what = match (text(old), text(new)) {
        (None, None) => return,
        (None, Some(to)) => What::DefaultAdded(to),
        (Some(from), Some(to)) => What::DefaultChanged(from, to),
        (Some(_), None) if node.presence == Presence::Required => What::RequiredDefaultRemoved,
        (Some(from), None) => What::DefaultRemoved(from),
    };
    node.push(trees, out, "default", what);
}

/// A value in a few characters.
fn short(trees: &Trees, value: &Value) -> Box<str> {
    let view = trees.view(value);
    let text = if view.is_scalar() { view.written().into_owned() } else { view.to_json().to_string() };
    let line = text.replace('\n', " ");
    match line.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &line[..end]).into(),
        None => line.into(),
    }
}

fn required(trees: &Trees, node: &Node<'_>, out: &mut Out) {
    let place = |name: &str| {
        let list = node.new.keyword("required").map(|keyword| trees.view(&keyword.value));
        list.and_then(|list| list.items().find(|item| item.written() == name)).map_or(node.new.at, |item| item.place())
    };
    for name in node.new.required().filter(|name| !node.old.required().any(|other| other == *name)) {
        let (before, now) = (node.old.property(name), node.new.property(name));
        let has_default = now.is_some_and(|schema| schema.default_value(trees).is_some());
        if before.is_none() && renamed(trees, node, out).is_some_and(|(_, to)| *to.name == *name) {
            continue;
        }
        let what = match (before, now) {
            // `properties` says it as a new default.
            (None, Some(_)) if has_default => continue,
            (None, Some(_)) => What::RequiredPropertyAdded,
            _ if has_default => What::RequiredAddedWithDefault,
            _ => What::RequiredAdded,
        };
        out.push(node.path_of(name), what, place(name), before.map(|before| before.at));
    }
    for name in node.old.required().filter(|name| !node.new.required().any(|other| other == *name)) {
        if let Some(now) = node.new.property(name) {
            out.push(node.path_of(name), What::RequiredRemoved, now.at, Some(node.old.at));
        }
    }
}

/// The items of a list and the values of a map.
fn elements(trees: &Trees, node: &Node<'_>, out: &mut Out) {
    match (&node.old.items, &node.new.items) {
        (Some(old), Some(new)) => compare_nodes(trees, &node.element(old, new), out),
        (None, None) => {}
        _ => node.push(trees, out, "items", What::Unclassified("items".into())),
    }
    let tightened = match (&node.old.values, &node.new.values) {
        (Some(old), Some(new)) => return compare_nodes(trees, &node.element(old, new), out),
        (None, None) if node.old.is_map() == node.new.is_map() => return,
        (Some(old), None) if node.new.is_map() || node.new.preserves_unknown() => {
            let at = node.place(trees, "additionalProperties");
            defaults_lost(trees, old, format!("{}[*]", node.path), at, out);
            false
        }
        (_, None) => !node.new.is_map() && !node.new.preserves_unknown(),
        (None, Some(_)) => node.old.is_map() || node.old.preserves_unknown(),
    };
    let what = if tightened { What::AdditionalPropertiesTightened } else { What::AdditionalPropertiesLoosened };
    node.push(trees, out, "additionalProperties", what);
}

fn properties(trees: &Trees, node: &Node<'_>, out: &mut Out) {
    let (mut old, mut new) = (node.old.properties.iter().peekable(), node.new.properties.iter().peekable());
    let renamed = renamed(trees, node, out);
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => a.name.cmp(&b.name),
        };
        let a = if order.is_le() { old.next() } else { None };
        let b = if order.is_ge() { new.next() } else { None };
        match (a, b) {
            (Some(a), Some(b)) => compare_nodes(trees, &node.property(&a.name, &a.schema, &b.schema), out),
            (Some(a), None) if renamed.is_some_and(|(from, _)| *from.name == *a.name) => {
                let Some((from, to)) = renamed else { continue };
                out.push(
                    node.path_of(&from.name),
                    What::PropertyRenamed(to.name.clone()),
                    to.schema.at,
                    Some(from.schema.at),
                );
            }
            (None, Some(b)) if renamed.is_some_and(|(_, to)| *to.name == *b.name) => {}
            (Some(a), None) if !a.schema.is_opaque() => removed(trees, node, out, &a.name, &a.schema),
            (None, Some(b)) if !b.schema.is_opaque() => added(trees, node, out, &b.name, &b.schema),
            _ => {}
        }
    }
}

/// The one property that is gone and the one that is new, where nothing but the name tells them apart.
fn renamed<'a>(trees: &Trees, node: &Node<'a>, out: &Out) -> Option<(&'a Property, &'a Property)> {
    // Whoever reads a status reads it by name: there is no value of a person to carry over.
    let of_status = node.path.split('.').next() == Some("status");
    if of_status || node.new.preserves_unknown() || node.new.is_map() {
        return None;
    }
    let only = |mine: &'a Schema, others: &'a Schema| {
        let mut lone = mine.properties.iter().filter(|p| !p.schema.is_opaque() && others.property(&p.name).is_none());
        lone.next().filter(|_| lone.next().is_none())
    };
    let (from, to) = (only(node.old, node.new)?, only(node.new, node.old)?);
    let flat = |name: &str| name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let (was, is) = (flat(&from.name), flat(&to.name));
    let alike = was.len() > 2 && is.len() > 2 && (was.contains(&is) || is.contains(&was));
    // Two plain strings are not one only because both are strings.
    if !alike && from.schema.properties.len() < 2 {
        return None;
    }
    let mut trial = out.trial();
    compare_nodes(trees, &node.element(&from.schema, &to.schema), &mut trial);
    trial.is_silent().then_some((from, to))
}

fn removed(trees: &Trees, node: &Node<'_>, out: &mut Out, name: &str, old: &Schema) {
    let parent = node.new.keyword("properties").map_or(node.new.at, |keyword| keyword.key);
    let (at, path) = (Some(old.at), node.path_of(name));
    match &node.new.values {
        // The field lives on as a key of the map: what the map's values are is what it became.
        Some(values) if !node.new.preserves_unknown() => {
            let key = node.property(name, old, values);
            // A map's default is for a null: a key that is missing stays away.
            if values.default_value(trees).is_some() {
                default(trees, &key, out, old.keyword("default").map(|keyword| &keyword.value), None);
            }
            return compare_nodes(trees, &key, out);
        }
        None if !node.new.preserves_unknown() && !node.new.is_map() => {
            return out.push(path, What::PropertyRemoved, parent, at);
        }
        _ => out.push(path.clone(), What::PropertyBecameUntyped, parent, at),
    }
    // Nothing fills it in any more, nor what is below it.
    if old.default_value(trees).is_some() && node.new.required().any(|other| other == name) {
        return out.push(path, What::RequiredDefaultRemoved, parent, at);
    }
    defaults_lost(trees, old, path, parent, out);
}

fn defaults_lost(trees: &Trees, old: &Schema, path: String, parent: Span, out: &mut Out) {
    if let Some(value) = old.default_value(trees) {
        return out.push(path, What::DefaultRemoved(short(trees, value)), parent, Some(old.at));
    }
    for property in &old.properties {
        defaults_lost(trees, &property.schema, format!("{path}.{}", property.name), parent, out);
    }
    for element in old.items.iter().chain(&old.values) {
        defaults_lost(trees, element, format!("{path}[*]"), parent, out);
    }
}

/// What was kept unread may be there without the fields that are filled in from now on.
fn defaults_gained(trees: &Trees, new: &Schema, path: &str, out: &mut Out) {
    if let Some((keyword, value)) = new.keyword("default").zip(new.default_value(trees)) {
        return out.push(path.to_owned(), What::DefaultAdded(short(trees, value)), line(trees, keyword), None);
    }
    for property in &new.properties {
        defaults_gained(trees, &property.schema, &format!("{path}.{}", property.name), out);
    }
    for element in new.items.iter().chain(&new.values) {
        defaults_gained(trees, element, &format!("{path}[*]"), out);
    }
}

fn added(trees: &Trees, node: &Node<'_>, out: &mut Out, name: &str, new: &Schema) {
    let (old, path) = (node.old, node.path_of(name));
    match &old.values {
        // The keys of a map had values of a known shape, and no default where they were missing.
        Some(values) if !node.new.is_map() => {
            let key = node.property(name, values, new);
            if values.default_value(trees).is_some() {
                default(trees, &key, out, None, new.keyword("default").map(|keyword| &keyword.value));
            }
            return compare_nodes(trees, &key, out);
        }
        _ if old.preserves_unknown() || old.is_map() => {
            out.push(path.clone(), What::PropertyBecameTyped, new.at, None);
            if new.default_value(trees).is_none() {
                defaults_gained(trees, new, &path, out);
            }
        }
        _ => {}
    }
    let (what, at) = match (new.keyword("default"), new.default_value(trees)) {
        (Some(keyword), Some(value)) => (What::DefaultAdded(short(trees, value)), line(trees, keyword)),
        // `required` says it.
        _ if node.new.required().any(|other| other == name) && !old.required().any(|other| other == name) => return,
        _ => (What::PropertyAdded, new.at),
    };
    out.push(path, what, at, None);
}

/// Equal as data; numbers by their value.
pub(super) fn equal(trees: &Trees, old: Option<&Value>, new: Option<&Value>) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => {
            let (old_view, new_view) = (trees.view(old), trees.view(new));
            old.is_same(new) || old_view.is_equal(&new_view) || is_same_data(&old_view.to_json(), &new_view.to_json())
        }
        (None, None) => true,
        _ => false,
    }
}

type Both<'a> = (&'a str, Option<&'a Keyword>, Option<&'a Keyword>);

/// The keywords of both sides by name.
fn both<'a>(old: &'a [Keyword], new: &'a [Keyword]) -> Vec<Both<'a>> {
    let mut rows: Vec<Both<'a>> = old.iter().map(|keyword| (&*keyword.name, Some(keyword), None)).collect();
    for keyword in new {
        match rows.binary_search_by(|row| row.0.cmp(&keyword.name)) {
            Ok(at) => rows[at].2 = Some(keyword),
            Err(at) => rows.insert(at, (&keyword.name, None, Some(keyword))),
        }
    }
    rows
}
