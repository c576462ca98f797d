//! What is wrong with the schemas of a definition by themselves: what the API server refuses, and keywords that the
//! controller leaves out of what it installs.
//!
//! Never: a compiled schema of the whole: faults are looked for in every definition of every run.

use super::branch;
use super::budget::{self, Reach};
use super::rule;
use super::schema::Schema;
use crate::base::Span;
use crate::model::{Field, Object, Trees, View};

/// Something wrong in a schema.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SchemaFault {
    /// Where somebody must edit.
    pub at: Span,
    /// The version.
    pub version: String,
    /// The path in an instance, as people write it; empty for the root.
    pub path: String,
    /// What is wrong.
    pub what: Fault,
    /// The keyword, or in a few words what is wrong with it.
    pub words: String,
}

/// The kinds of fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The API server takes structural schemas only.
    NotStructural,
    /// A default that its own node refuses or prunes.
    InvalidDefault,
    /// A keyword that the controller does not copy.
    Ignored,
    /// A rule of `x-kubernetes-validations` that does not compile.
    BrokenRule,
    /// A rule that costs more than the API server allows.
    DearRule,
}

/// The faults in the schemas of what an object defines; none where it defines no API, or one of an API group of
/// Kubernetes that took other schemas.
#[must_use]
pub fn schema_faults(trees: &Trees, object: &Object) -> Vec<SchemaFault> {
    let view = object.view(trees);
    let is_v1 = |api: Option<&str>| api == Some("apiextensions.k8s.io/v1");
    let (spec, author) = match (&*object.key.group, &*object.key.kind) {
        ("apiextensions.k8s.io", "CustomResourceDefinition") if &*object.version == "v1" => {
            (view.get("spec"), Author::Crd)
        }
        ("apiextensions.crossplane.io", "CompositeResourceDefinition") => (view.get("spec"), Author::Xrd),
        ("platform.kratix.io", "Promise") => {
            let api = view.path(["spec", "api"]).filter(|api| is_v1(api.str_at(["apiVersion"])));
            (api.and_then(|api| api.get("spec")), Author::Promise)
        }
        _ => return Vec::new(),
    };
    let mut walk = Walk { version: String::new(), found: Vec::new(), rules: Rules::None };
    let versions = spec.and_then(|spec| spec.get("versions")).into_iter().flat_map(|list| list.items());
    for version in versions {
        let Some(schema) = version.get("schema").and_then(|schema| schema.field("openAPIV3Schema")) else { continue };
        walk.version = version.get("name").map(|name| name.written().into_owned()).unwrap_or_default();
        walk.version(schema.value, schema.key_place(), author);
    }
    walk.found
}

/// Who installs the definition.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Author {
    Crd,
    Xrd,
    Promise,
}

/// Keywords that no structural schema may have (apiextensions `schema/convert.go`).
pub(super) const FORBIDDEN: [&str; 7] =
    ["$ref", "$schema", "additionalItems", "definitions", "dependencies", "id", "patternProperties"];

/// What Crossplane copies of the root, of `spec` and of `status` (`crossplane-runtime pkg/xcrd genCrdVersion`).
const COPIED: [(&str, &[&str]); 3] = [
    ("", &["description", "properties", "type", "x-kubernetes-validations"]),
    (
        "spec",
        &[
            "description",
            "oneOf",
            "properties",
            "required",
            "type",
            "x-kubernetes-preserve-unknown-fields",
            "x-kubernetes-validations",
        ],
    ),
    ("status", &["description", "oneOf", "properties", "required", "type", "x-kubernetes-validations"]),
];

struct Walk {
    version: String,
    found: Vec<SchemaFault>,
    rules: Rules,
}

/// What rules a version has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rules {
    None,
    /// All of them compile.
    Sound,
    /// Some do not.
    Broken,
}

impl Walk {
    /// The schema of a version. The cost of its rules is estimated where nothing else keeps the API server from it.
    fn version(&mut self, schema: View<'_>, key: Span, author: Author) {
        let before = self.found.len();
        self.rules = Rules::None;
        self.root(schema, key, author);
        let is_refused = self.found[before..].iter().any(|fault| fault.what == Fault::NotStructural);
        if self.rules != Rules::Sound || is_refused {
            return;
        }
        let reach = if author == Author::Xrd { Reach::SpecAndStatus } else { Reach::Whole };
        for dear in budget::dear(schema, reach) {
            self.push(dear.at, &dear.path, Fault::DearRule, &dear.words);
        }
    }

    fn root(&mut self, schema: View<'_>, key: Span, author: Author) {
        match author {
            Author::Crd => {
                self.node(schema, key, "");
                self.undeclared(schema, |_| true);
            }
            Author::Xrd => self.copied(schema),
            Author::Promise => {
                self.node(schema, key, "");
                // Kratix puts a schema of its own there.
                self.undeclared(schema, |path| path != "status" && !path.starts_with("status."));
                if let Some(status) = schema.get("properties").and_then(|properties| properties.field("status")) {
                    self.push(status.key_place(), "status", Fault::Ignored, "the schema of `status`");
                }
            }
        }
    }

    /// The parts of an XRD that reach the CRD.
    fn copied(&mut self, root: View<'_>) {
        for (part, keywords) in COPIED {
            let schema = match part {
                "" => Some(root),
                part => root.get("properties").and_then(|properties| properties.get(part)),
            };
            for field in schema.into_iter().flat_map(|schema| schema.fields()) {
                let is_implied = part.is_empty() && field.name() == "required" && is_spec_only(field.value);
                if !keywords.contains(&field.name()) && !is_implied {
                    self.push(field.key_place(), part, Fault::Ignored, &format!("`{}`", field.name()));
                } else if field.name() == "x-kubernetes-validations" {
                    self.rules(field.value, part);
                } else if branch::COMBINERS.contains(&field.name()) {
                    self.branches(field, part);
                }
            }
            let properties = schema.and_then(|schema| schema.get("properties"));
            for field in properties.into_iter().flat_map(|properties| properties.fields()) {
                match (part, field.name()) {
                    ("", "spec" | "status" | "metadata" | "apiVersion" | "kind") => {}
                    ("", name) => {
                        self.push(field.key_place(), name, Fault::Ignored, "a field beside `spec` and `status`");
                    }
                    (part, name) => self.node(field.value, field.key_place(), &format!("{part}.{name}")),
                }
            }
        }
    }

    fn push(&mut self, at: Span, path: &str, what: Fault, words: &str) {
        let (version, path, words) = (self.version.clone(), path.to_owned(), words.to_owned());
        self.found.push(SchemaFault { at, version, path, what, words });
    }

    fn node(&mut self, schema: View<'_>, key: Span, path: &str) {
        if !schema.is_map() {
            return;
        }
        let flag = |name: &str| schema.get(name).and_then(|value| value.as_bool()) == Some(true);
        let kind = schema.get("type");
        let is_free = flag("x-kubernetes-int-or-string") || flag("x-kubernetes-preserve-unknown-fields");
        match kind.map(|kind| (kind, kind.written())) {
            None if !is_free => self.refuse(key, path, "it has no `type`"),
            Some((at, name)) if !is_type(&name) => self.refuse(at.place(), path, &format!("`{name}` is no type")),
            _ => {}
        }
        let is_array = kind.is_some_and(|kind| kind.written() == "array");
        if is_array && schema.get("items").is_none() {
            self.refuse(key, path, "a list needs `items`");
        }
        for field in schema.fields() {
            let (name, value) = (field.name(), field.value);
            match name {
                _ if FORBIDDEN.contains(&name) => {
                    self.refuse(field.key_place(), path, &format!("`{name}` is forbidden"));
                }
                "uniqueItems" if value.as_bool() == Some(true) => {
                    self.refuse(field.key_place(), path, "`uniqueItems: true` is forbidden");
                }
                "additionalProperties" => {
                    let names = schema.get("properties").is_some_and(|properties| properties.fields().next().is_some());
                    if names && value.as_bool() != Some(true) {
                        self.refuse(field.key_place(), path, "`additionalProperties` beside `properties` is forbidden");
                    }
                    self.node(value, field.key_place(), &format!("{path}[*]"));
                }
                "items" if value.is_seq() => self.refuse(field.key_place(), path, "`items` must be one schema"),
                "items" => self.node(value, field.key_place(), &format!("{path}[*]")),
                "properties" => self.properties(value, path),
                "x-kubernetes-validations" => self.rules(value, path),
                _ if branch::COMBINERS.contains(&name) => self.branches(field, path),
                "default" if !value.is_null() && !flag("x-kubernetes-embedded-resource") => {
                    self.default(schema, value, path);
                }
                _ => {}
            }
        }
    }

    fn properties(&mut self, properties: View<'_>, path: &str) {
        for field in properties.fields() {
            let name = field.name();
            // Of the root's own fields the API server says what they are.
            if path.is_empty() && matches!(name, "apiVersion" | "kind" | "metadata") {
                continue;
            }
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            self.node(field.value, field.key_place(), &path);
        }
    }

    fn branches(&mut self, combiner: Field<'_>, path: &str) {
        for fault in branch::misplaced(combiner, path) {
            self.refuse(fault.at, &fault.path, &fault.words);
        }
    }

    /// The API server asks this of the root's own branches only.
    fn undeclared(&mut self, root: View<'_>, counts: impl Fn(&str) -> bool) {
        for fault in branch::undeclared(root).into_iter().filter(|fault| counts(&fault.path)) {
            self.refuse(fault.at, &fault.path, &fault.words);
        }
    }

    /// Rules that the API server cannot compile (apiextensions `validation.go`, `cel.Compile`).
    fn rules(&mut self, list: View<'_>, path: &str) {
        for rule in list.items().filter(View::is_map) {
            if self.rules == Rules::None {
                self.rules = Rules::Sound;
            }
            if rule.str_at(["rule"]).is_some_and(|text| text.trim().is_empty()) {
                self.push(rule.place(), path, Fault::BrokenRule, "has an empty rule");
                continue;
            }
            for part in ["rule", "messageExpression"] {
                let (Some(at), Some(text)) = (rule.get(part), rule.str_at([part])) else { continue };
                if let Some(mistake) = rule::mistake(text) {
                    self.rules = Rules::Broken;
                    let words = format!("has a `{part}` that does not compile: {}", mistake.message);
                    self.push(at.place(), path, Fault::BrokenRule, &words);
                }
            }
        }
    }

    fn default(&mut self, schema: View<'_>, value: View<'_>, path: &str) {
        let judged = Schema::compile(schema, value.place()).judge(value);
        let words = if let Some(violation) = judged.violations.first() {
            match &*violation.path {
                "" => format!("it {}", violation.message),
                path => format!("`{path}` {}", violation.message),
            }
        } else if let Some(pruned) = judged.pruned.first() {
            format!("its field `{}` is not in the schema", pruned.path)
        } else {
            return;
        };
        self.push(value.place(), path, Fault::InvalidDefault, &words);
    }

    fn refuse(&mut self, at: Span, path: &str, words: &str) {
        self.push(at, path, Fault::NotStructural, words);
    }
}

/// Crossplane itself demands `spec` of every composite resource.
fn is_spec_only(required: View<'_>) -> bool {
    required.items().all(|item| item.written() == "spec")
}

fn is_type(name: &str) -> bool {
    matches!(name, "object" | "array" | "string" | "integer" | "number" | "boolean")
}
