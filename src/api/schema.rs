//! A schema as a tree whose every keyword knows where it is written.
//!
//! Never: a keyword left out: what nothing here understands stays in the list, for the comparison to see.

use std::borrow::Cow;
use std::sync::OnceLock;

use serde_json::Value as Json;

use super::rule::{self, Rule};
use crate::base::Span;
use crate::grammar::Pattern;
use crate::model::{Trees, Value, View};

/// One node of a schema.
#[derive(Debug)]
pub struct Schema {
    /// The key that holds the node (`size:`), or the node itself where it is a list's item.
    pub at: Span,
    /// Whether people wrote it.
    pub author: Author,
    /// Every keyword as it is written, sorted by name; also those that the fields below hold compiled.
    pub keywords: Vec<Keyword>,
    /// The properties, sorted by name.
    pub properties: Vec<Property>,
    /// The schema of a list's items.
    pub items: Option<Box<Schema>>,
    /// The schema of a map's values (`additionalProperties`).
    pub values: Option<Box<Schema>>,
    pub(super) combiners: Option<Box<Combiners>>,
    pub(super) limits: Limits,
}

/// Who a node of a schema comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Author {
    /// It stands in the repository.
    Written,
    /// The controller adds it to what it installs, over anything that is written there.
    Controller,
}

/// A keyword as it is written.
#[derive(Debug)]
pub struct Keyword {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Its value.
    pub value: Value,
    /// Where its key is written.
    pub key: Span,
}

/// A property of an object.
#[derive(Debug)]
pub struct Property {
    /// Its name.
    pub name: Box<str>,
    /// What it may be.
    pub schema: Schema,
}

/// The logical keywords: they validate, and neither prune nor default.
#[derive(Debug, Default)]
pub(super) struct Combiners {
    pub(super) all_of: Vec<Schema>,
    pub(super) any_of: Vec<Schema>,
    pub(super) one_of: Vec<Schema>,
    pub(super) not: Option<Schema>,
}

/// The types of JSON.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Type {
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
}

impl Type {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "object" => Self::Object,
            "array" => Self::Array,
            "string" => Self::String,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
        }
    }
}

/// What a node demands of a value, compiled.
#[derive(Debug, Default)]
pub(super) struct Limits {
    pub(super) kind: Option<Type>,
    pub(super) flags: Flags,
    pub(super) required: Vec<Box<str>>,
    pub(super) members: Option<Vec<Json>>,
    pub(super) bounds: Vec<(&'static str, f64)>,
    pub(super) pattern: Option<(Box<str>, OnceLock<Pattern>)>,
    pub(super) format: Option<Box<str>>,
    pub(super) list: ListType,
    /// The rules of the node, once somebody asked for them; `None` where it has none.
    rules: Option<Box<OnceLock<Vec<Rule>>>>,
}

/// How a list's items are told apart (`x-kubernetes-list-type`).
#[derive(Debug, Default)]
pub(super) enum ListType {
    #[default]
    Atomic,
    Set,
    Map(Vec<Box<str>>),
}

/// The keywords that are switches, as a set of bits.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Flags(u16);

impl Flags {
    pub(super) const NULLABLE: Self = Self(1);
    pub(super) const PRESERVES: Self = Self(2);
    pub(super) const EMBEDDED: Self = Self(4);
    pub(super) const INT_OR_STRING: Self = Self(8);
    pub(super) const ANY_VALUES: Self = Self(16);
    pub(super) const EXCLUSIVE_MINIMUM: Self = Self(32);
    pub(super) const EXCLUSIVE_MAXIMUM: Self = Self(64);
    pub(super) const UNIQUE: Self = Self(128);
    pub(super) const NO_VALUES: Self = Self(256);

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn set(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// Names that schemas repeat by the thousand: none of them is copied.
const KNOWN: [&str; 41] = [
    "type",
    "description",
    "properties",
    "items",
    "required",
    "default",
    "enum",
    "format",
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "multipleOf",
    "uniqueItems",
    "nullable",
    "additionalProperties",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "title",
    "example",
    "externalDocs",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-int-or-string",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
    "x-kubernetes-validations",
    "$ref",
    "$schema",
    "id",
    "definitions",
];

/// The bounds that are numbers.
pub(super) const BOUNDS: [&str; 9] = [
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "multipleOf",
];

impl Schema {
    /// The schema that a map says, held by the key at `at`.
    pub(super) fn compile(view: View<'_>, at: Span) -> Self {
        let mut schema = Self::empty(at, Author::Written);
        for field in view.fields() {
            let name = KNOWN.iter().find(|known| **known == field.name()).copied();
            if let Some(name) = name {
                schema.take(name, field.value, field.key_place());
            }
            let name = name.map_or_else(|| Cow::Owned(field.name().to_owned()), Cow::Borrowed);
            schema.keywords.push(Keyword { name, value: field.value.value(), key: field.key_place() });
        }
        schema.keywords.sort_by(|a, b| a.name.cmp(&b.name));
        schema.properties.sort_by(|a, b| a.name.cmp(&b.name));
        if let ListType::Map(keys) = &mut schema.limits.list
            && let Some(written) = view.get("x-kubernetes-list-map-keys")
        {
            *keys = written.items().filter_map(|key| key.as_str()).map(Into::into).collect();
        }
        schema
    }

    /// A node that holds anything and asks for nothing.
    pub(super) fn opaque(at: Span) -> Self {
        let mut schema = Self::empty(at, Author::Controller);
        schema.limits.flags.set(Flags::PRESERVES);
        schema.limits.flags.set(Flags::NULLABLE);
        schema
    }

    /// An object without properties that the controller adds.
    pub(super) fn object(at: Span) -> Self {
        let mut schema = Self::empty(at, Author::Controller);
        schema.limits.kind = Some(Type::Object);
        schema
    }

    fn empty(at: Span, author: Author) -> Self {
        Self {
            at,
            author,
            keywords: Vec::new(),
            properties: Vec::new(),
            items: None,
            values: None,
            combiners: None,
            limits: Limits::default(),
        }
    }

    fn take(&mut self, name: &'static str, value: View<'_>, key: Span) {
        let limits = &mut self.limits;
        match name {
            "type" => limits.kind = value.as_str().and_then(Type::of),
            "properties" => self.properties = properties(value),
            "items" if value.is_map() => self.items = Some(Box::new(Self::compile(value, key))),
            "additionalProperties" => match value.as_bool() {
                Some(true) => limits.flags.set(Flags::ANY_VALUES),
                Some(false) => limits.flags.set(Flags::NO_VALUES),
                None => self.values = Some(Box::new(Self::compile(value, key))),
            },
            "required" => limits.required = value.items().filter_map(|item| item.as_str()).map(Into::into).collect(),
            // An empty list restricts nothing: it is left out where the definition is stored.
            "enum" if value.item(0).is_none() => {}
            "enum" => limits.members = Some(value.items().map(|item| item.to_json()).collect()),
            "pattern" => limits.pattern = value.as_str().map(|text| (text.into(), OnceLock::new())),
            "x-kubernetes-validations" if value.item(0).is_some() => limits.rules = Some(Box::default()),
            "format" => limits.format = value.as_str().map(Into::into),
            "allOf" | "anyOf" | "oneOf" | "not" => self.combine(name, value),
            "x-kubernetes-list-type" => {
                limits.list = match value.as_str() {
                    Some("set") => ListType::Set,
                    Some("map") => ListType::Map(Vec::new()),
                    _ => ListType::Atomic,
                }
            }
            _ => limits.take_scalar(name, value),
        }
    }

    fn combine(&mut self, name: &str, value: View<'_>) {
        let branches = || value.items().map(|item| Self::compile(item, item.place())).collect();
        let combiners = self.combiners.get_or_insert_default();
        match name {
            "allOf" => combiners.all_of = branches(),
            "anyOf" => combiners.any_of = branches(),
            "oneOf" => combiners.one_of = branches(),
            _ => combiners.not = Some(Self::compile(value, value.place())),
        }
    }

    /// The property of this name.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&Schema> {
        let at = self.properties.binary_search_by(|property| (*property.name).cmp(name)).ok()?;
        Some(&self.properties[at].schema)
    }

    /// The keyword of this name, as it is written.
    #[must_use]
    pub fn keyword(&self, name: &str) -> Option<&Keyword> {
        self.keywords.binary_search_by(|keyword| (*keyword.name).cmp(name)).ok().map(|at| &self.keywords[at])
    }

    /// The fields that this schema names and `other` prunes, topmost only: each path with the key here.
    #[must_use]
    pub fn fields_beyond(&self, other: &Schema) -> Vec<(String, Span)> {
        let mut found = Vec::new();
        self.beyond(other, "", &mut found);
        found
    }

    fn beyond(&self, other: &Schema, path: &str, found: &mut Vec<(String, Span)>) {
        for property in &self.properties {
            let path = if path.is_empty() { property.name.to_string() } else { format!("{path}.{}", property.name) };
            match other.property(&property.name).or(other.values.as_deref()) {
                Some(theirs) => property.schema.beyond(theirs, &path, found),
                None if other.preserves_unknown() || other.is_map() => {}
                None => found.push((path, property.schema.at)),
            }
        }
        let items = self.items.as_ref().zip(other.items.as_ref());
        for (mine, theirs) in items.into_iter().chain(self.values.as_ref().zip(other.values.as_ref())) {
            mine.beyond(theirs, &format!("{path}[*]"), found);
        }
    }

    /// The value that a missing field takes; a default of `null` is none.
    #[must_use]
    pub fn default_value(&self, trees: &Trees) -> Option<&Value> {
        let value = &self.keyword("default")?.value;
        (!trees.view(value).is_null()).then_some(value)
    }

    /// The value that a null takes; none where null may be.
    pub(super) fn null_default(&self, trees: &Trees) -> Option<&Value> {
        self.default_value(trees).filter(|_| !self.is_nullable())
    }

    /// The rules (`x-kubernetes-validations`) of this node.
    pub(super) fn rules(&self, trees: &Trees) -> &[Rule] {
        let Some(rules) = &self.limits.rules else { return &[] };
        let read = || self.keyword("x-kubernetes-validations").map(|keyword| rule::rules(trees.view(&keyword.value)));
        rules.get_or_init(|| read().unwrap_or_default())
    }

    /// Whether fields that it does not name are kept.
    #[must_use]
    pub fn preserves_unknown(&self) -> bool {
        self.limits.flags.has(Flags::PRESERVES)
    }

    /// Whether the controller puts it over whatever is written, so that nobody's edit counts.
    #[must_use]
    pub fn is_opaque(&self) -> bool {
        self.author == Author::Controller && self.preserves_unknown()
    }

    /// Whether its values may be objects of any keys.
    #[must_use]
    pub fn is_map(&self) -> bool {
        self.values.is_some() || self.limits.flags.has(Flags::ANY_VALUES)
    }

    /// Whether it takes an integer and a text alike.
    #[must_use]
    pub fn is_int_or_string(&self) -> bool {
        self.limits.flags.has(Flags::INT_OR_STRING)
    }

    /// Whether it takes `null`.
    #[must_use]
    pub fn is_nullable(&self) -> bool {
        self.limits.flags.has(Flags::NULLABLE)
    }

    /// The name of its type, where one is written.
    #[must_use]
    pub fn type_name(&self) -> Option<&'static str> {
        self.limits.kind.map(Type::name)
    }

    /// Whether its values hold others, as maps and lists do.
    #[must_use]
    pub fn holds_others(&self) -> bool {
        let by_type = matches!(self.limits.kind, Some(Type::Object | Type::Array));
        by_type || !self.properties.is_empty() || self.is_map() || self.items.is_some() || self.preserves_unknown()
    }

    /// The properties that must be there.
    pub fn required(&self) -> impl Iterator<Item = &str> {
        self.limits.required.iter().map(|name| &**name)
    }

    /// A numeric keyword (`minimum`, `maxLength`, …).
    #[must_use]
    pub fn bound(&self, name: &str) -> Option<f64> {
        self.limits.bounds.iter().find(|(bound, _)| *bound == name).map(|(_, value)| *value)
    }

    /// The only values that it takes: its `enum` and those of its `allOf` together; for a boolean both.
    #[must_use]
    pub fn members(&self) -> Option<Vec<Json>> {
        let branches = self.combiners.iter().flat_map(|combiners| &combiners.all_of);
        let mut lists = self.limits.members.iter().chain(branches.filter_map(|branch| branch.limits.members.as_ref()));
        let Some(first) = lists.next() else {
            return (self.limits.kind == Some(Type::Boolean)).then(|| vec![Json::Bool(true), Json::Bool(false)]);
        };
        let mut members = first.clone();
        for list in lists {
            members.retain(|member| list.iter().any(|other| is_same_data(member, other)));
        }
        Some(members)
    }

    /// Keeps unknown fields here and everywhere below.
    pub(super) fn preserve_all(&mut self) {
        self.limits.flags.set(Flags::PRESERVES);
        let properties = self.properties.iter_mut().map(|property| &mut property.schema);
        let elements = self.items.as_deref_mut().into_iter().chain(self.values.as_deref_mut());
        properties.chain(elements).for_each(Self::preserve_all);
    }

    pub(super) fn set_embedded(&mut self) {
        self.limits.flags.set(Flags::EMBEDDED);
    }

    /// Puts a property in place of the one with its name, if there is one.
    pub(super) fn put(&mut self, name: &str, schema: Schema) {
        match self.properties.binary_search_by(|property| (*property.name).cmp(name)) {
            Ok(at) => self.properties[at].schema = schema,
            Err(at) => self.properties.insert(at, Property { name: name.into(), schema }),
        }
    }

    pub(super) fn take_property(&mut self, name: &str) -> Option<Schema> {
        let at = self.properties.binary_search_by(|property| (*property.name).cmp(name)).ok()?;
        Some(self.properties.remove(at).schema)
    }

    /// Forgets every keyword but these, as a controller does that copies only what it knows.
    pub(super) fn keep(&mut self, view: View<'_>, names: &[&str]) {
        let (properties, at, author) = (std::mem::take(&mut self.properties), self.at, self.author);
        let mut kept = Self::empty(at, author);
        for field in view.fields() {
            let Some(name) = names.iter().find(|name| **name == field.name()) else { continue };
            if let Some(name) = KNOWN.iter().find(|known| *known == name)
                && *name != "properties"
            {
                kept.take(name, field.value, field.key_place());
            }
        }
        kept.keywords = std::mem::take(&mut self.keywords);
        kept.keywords.retain(|keyword| names.contains(&&*keyword.name));
        kept.limits.kind = Some(Type::Object);
        kept.properties = properties;
        *self = kept;
    }
}

fn properties(map: View<'_>) -> Vec<Property> {
    let compiled = |field: crate::model::Field<'_>| Property {
        name: field.name().into(),
        schema: Schema::compile(field.value, field.key_place()),
    };
    map.fields().map(compiled).collect()
}

impl Limits {
    fn take_scalar(&mut self, name: &'static str, value: View<'_>) {
        if BOUNDS.contains(&name) {
            if let Some(number) = number(value) {
                self.bounds.push((name, number));
            }
            return;
        }
        let flag = match name {
            "nullable" => Flags::NULLABLE,
            "x-kubernetes-preserve-unknown-fields" => Flags::PRESERVES,
            "x-kubernetes-embedded-resource" => Flags::EMBEDDED,
            "x-kubernetes-int-or-string" => Flags::INT_OR_STRING,
            "exclusiveMinimum" => Flags::EXCLUSIVE_MINIMUM,
            "exclusiveMaximum" => Flags::EXCLUSIVE_MAXIMUM,
            "uniqueItems" => Flags::UNIQUE,
            _ => return,
        };
        if value.as_bool() == Some(true) {
            self.flags.set(flag);
        }
    }
}

/// A scalar as a number; `None` for text, booleans, `null` and containers.
pub(super) fn number(view: View<'_>) -> Option<f64> {
    if !view.is_scalar() || view.as_str().is_some() {
        return None;
    }
    view.as_int().map(|int| int as f64).or_else(|| view.to_json().as_f64())
}

/// Equal as data: numbers by their value (`1` is `1.0`), maps in any order.
#[must_use]
pub fn is_same_data(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(x), Json::Number(y)) => x == y || x.as_f64() == y.as_f64(),
        (Json::Array(x), Json::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| is_same_data(x, y)),
        (Json::Object(x), Json::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(key, x)| y.get(key).is_some_and(|y| is_same_data(x, y)))
        }
        _ => a == b,
    }
}
