//! Fields of an object that its kind does not have, whatever says what the kind has.
//!
//! Never: what somebody fills in later; the parts of an object that every kind has, but for `metadata`, whose fields are
//! known.

use std::fmt::Write as _;

use super::schema::{Flags, Schema};
use crate::base::Span;
use crate::model::View;

/// A field that a kind does not have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stranger<'v> {
    /// Its name.
    pub name: &'v str,
    /// The field, as a JSON pointer.
    pub pointer: String,
    /// As people write it, with `[*]` for any item.
    pub path: String,
    /// The steps to it, items by their number.
    pub steps: Vec<String>,
    /// Its key.
    pub at: Span,
    /// The fields that its place has.
    pub siblings: Vec<String>,
    /// The release that has it no more, where an older one had it.
    pub gone: Option<&'static str>,
}

/// What a kind has at some place.
pub(super) trait Shape: Copy {
    /// What it says of a field.
    fn below(self, name: &str) -> Below<Self>;
    /// What the items are, of a list whose items have fields.
    fn item(self) -> Option<Self>;
    /// The fields it names.
    fn names(self) -> Vec<String>;
}

/// What a shape says of a field.
pub(super) enum Below<S> {
    /// It has it.
    Is(S),
    /// It takes whatever is there.
    Free,
    /// An older release had it.
    Gone(&'static str),
    /// It does not have it.
    Unknown,
}

/// What `metadata` of any object has (apimachinery `ObjectMeta`).
const METADATA: [&str; 16] = [
    "annotations",
    "clusterName",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// The fields of an object that a shape does not have, topmost only.
pub(super) fn strangers<S: Shape>(shape: S, object: View<'_>) -> Vec<Stranger<'_>> {
    let mut walk = Walk { steps: Vec::new(), found: Vec::new() };
    for field in object.fields() {
        match field.name() {
            "apiVersion" | "kind" | "status" => {}
            // SOPS writes what it encrypted with into the object, and takes it out again.
            "sops" if field.value.get("mac").is_some() => {}
            "metadata" => {
                walk.steps.push(Step::Key("metadata"));
                for field in field.value.fields().filter(|field| !METADATA.contains(&field.name())) {
                    let siblings = || METADATA.iter().map(|name| (*name).to_owned()).collect();
                    walk.found(field.name(), field.key_place(), siblings, None);
                }
                walk.steps.pop();
            }
            _ => walk.field(shape, field),
        }
    }
    walk.found
}

#[derive(Clone, Copy)]
enum Step<'v> {
    Key(&'v str),
    Item(usize),
}

struct Walk<'v> {
    steps: Vec<Step<'v>>,
    found: Vec<Stranger<'v>>,
}

impl<'v> Walk<'v> {
    fn field<S: Shape>(&mut self, shape: S, field: crate::model::Field<'v>) {
        let name = field.name();
        match shape.below(name) {
            Below::Free => {}
            Below::Unknown => self.found(name, field.key_place(), || shape.names(), None),
            Below::Gone(release) => self.found(name, field.key_place(), || shape.names(), Some(release)),
            Below::Is(below) => {
                self.steps.push(Step::Key(name));
                self.value(below, field.value);
                self.steps.pop();
            }
        }
    }

    fn value<S: Shape>(&mut self, shape: S, value: View<'v>) {
        if value.is_map() {
            value.fields().for_each(|field| self.field(shape, field));
        } else if let Some(shape) = shape.item().filter(|_| value.is_seq()) {
            for (row, item) in value.items().enumerate() {
                self.steps.push(Step::Item(row));
                self.value(shape, item);
                self.steps.pop();
            }
        }
    }

    fn found(&mut self, name: &'v str, at: Span, siblings: impl FnOnce() -> Vec<String>, gone: Option<&'static str>) {
        if is_open(name) {
            return;
        }
        let (mut pointer, mut path) = (String::new(), String::new());
        let mut steps = Vec::with_capacity(self.steps.len() + 1);
        for step in self.steps.iter().copied().chain([Step::Key(name)]) {
            match step {
                Step::Key(key) => {
                    let _ = write!(pointer, "/{}", key.replace('~', "~0").replace('/', "~1"));
                    path.push_str(if path.is_empty() { "" } else { "." });
                    path.push_str(key);
                    steps.push(key.to_owned());
                }
                Step::Item(row) => {
                    let _ = write!(pointer, "/{row}");
                    path.push_str("[*]");
                    steps.push(row.to_string());
                }
            }
        }
        self.found.push(Stranger { name, pointer, path, steps, at, siblings: siblings(), gone });
    }
}

/// Whether somebody fills a key in later, it is a directive of a patch that nobody applies, or no text.
fn is_open(name: &str) -> bool {
    name.is_empty() || name.starts_with('$') || name.contains("${") || name.contains("{{") || name.contains("$(")
}

impl Schema {
    /// The fields of an object that this schema, the root of a version, does not have.
    #[must_use]
    pub fn strangers<'v>(&self, object: View<'v>) -> Vec<Stranger<'v>> {
        strangers(self, object)
    }
}

impl Shape for &Schema {
    fn below(self, name: &str) -> Below<Self> {
        let flags = self.limits.flags;
        let of_object = flags.has(Flags::EMBEDDED) && matches!(name, "apiVersion" | "kind" | "metadata");
        let keeps = self.preserves_unknown() || flags.has(Flags::ANY_VALUES) || self.is_int_or_string();
        match (self.property(name), &self.values) {
            (Some(property), _) => Below::Is(property),
            (None, Some(values)) => Below::Is(values),
            // What says nothing of its fields is a mistake of the schema.
            _ if of_object || keeps || self.type_name().is_none() => Below::Free,
            _ => Below::Unknown,
        }
    }

    fn item(self) -> Option<Self> {
        // What keeps unknown fields does so in its items too (apiextensions `pruning skipPrune`).
        self.items.as_deref().filter(|_| !self.preserves_unknown())
    }

    fn names(self) -> Vec<String> {
        self.properties.iter().map(|property| property.name.to_string()).collect()
    }
}
