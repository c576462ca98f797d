//! What an API makes of an instance: violations, pruned fields, defaults (Kubernetes structural schemas).
//!
//! Never: the value of an instance in a message; it may be a secret.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::format;
use super::rule::{self, Answer, Part, Rule, Typed};
use super::schema::{Flags, ListType, Schema, Type, is_same_data, number};
use super::stored::{field_of, is_unknown, known, stored};
use crate::base::Span;
use crate::grammar::Pattern;
use crate::model::{Field, Trees, Value, View};

/// What a schema says of an instance.
#[derive(Debug, Default)]
pub struct Judgement {
    /// Why the API server refuses it; empty where it does not.
    pub violations: Vec<Violation>,
    /// The fields that it loses, topmost only.
    pub pruned: Vec<Pruned>,
    /// The fields that it gets.
    pub defaults: Vec<Defaulted>,
    /// Whether a check could not be made (a pattern beyond this tool's engine).
    pub undecided: bool,
}

/// One reason to refuse an instance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The field, as a JSON pointer.
    pub pointer: String,
    /// The field, as people write it, with `[*]` for any item or key; of what is missing its own path.
    pub path: String,
    /// The offending value; for what is missing, the key of the object that lacks it.
    pub at: Span,
    /// The keyword of the schema.
    pub keyword: &'static str,
    /// In one line, without a final dot, without the value.
    pub message: String,
    /// The expression in one line, where a rule of the schema refuses it.
    pub rule: Option<Box<str>>,
}

/// A field that a schema does not know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pruned {
    /// The field, as a JSON pointer.
    pub pointer: String,
    /// As people write it.
    pub path: String,
    /// Its key.
    pub at: Span,
}

/// A field that takes its default.
#[derive(Clone, PartialEq, Debug)]
pub struct Defaulted {
    /// The field, as a JSON pointer.
    pub pointer: String,
    /// As people write it.
    pub path: String,
    /// The value.
    pub value: Json,
}

impl Schema {
    /// What this schema, the root of an API's version, says of an instance: it prunes, defaults and validates in the
    /// API server's order (`apiextensions-apiserver customresource_handler.go`).
    #[must_use]
    pub fn judge(&self, instance: View<'_>) -> Judgement {
        self.judge_write(instance, None)
    }

    /// The same for an instance that replaces `old`: rules that look at the old value are asked too.
    #[must_use]
    pub fn judge_update(&self, instance: View<'_>, old: View<'_>) -> Judgement {
        self.judge_write(instance, Some(old))
    }

    fn judge_write<'a>(&'a self, instance: View<'a>, old: Option<View<'a>>) -> Judgement {
        let mut walk = Walk::new(instance.trees());
        walk.old = old;
        walk.node(self, instance, instance.get("kind").unwrap_or(instance).place());
        walk.out
    }

    /// Whether a single value is one that this node takes; `None` where that cannot be said.
    #[must_use]
    pub fn takes(&self, trees: &Trees, value: &Json) -> Option<bool> {
        if let Some(members) = &self.limits.members
            && !members.iter().any(|member| is_same_data(member, value))
        {
            return Some(false);
        }
        if self.combiners.is_some() {
            return None;
        }
        let fits = match value {
            Json::String(text) => {
                let mut walk = Walk::new(trees);
                walk.text(self, text, self.at);
                (!walk.out.undecided).then_some(walk.out.violations.is_empty())
            }
            Json::Number(found) => Some(number_fault(self, found.as_f64()?).is_none()),
            Json::Bool(_) => Some(true),
            Json::Null | Json::Array(_) | Json::Object(_) => None,
        };
        if fits == Some(true) { rule::all_take(self, trees, value) } else { fits }
    }
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
    MapKey(&'a str),
}

struct Walk<'a> {
    trees: &'a Trees,
    steps: Vec<Step<'a>>,
    out: Judgement,
    /// The value here of the instance that is replaced.
    old: Option<View<'a>>,
    shape: Shape<'a>,
}

/// Which node says what of a value is kept and filled in: the API server prunes and defaults before it validates, so
/// that a branch of a combiner meets what the structural schema around it has left.
#[derive(Clone, Copy)]
enum Shape<'a> {
    /// The node that is walked.
    Own,
    /// The structural node around a branch of a combiner.
    Of(&'a Schema),
    /// None: it keeps what lies here unread.
    Free,
}

impl<'a> Shape<'a> {
    fn node(self, walked: &'a Schema) -> Option<&'a Schema> {
        match self {
            Self::Own => Some(walked),
            Self::Of(node) => Some(node),
            Self::Free => None,
        }
    }

    fn below(self, find: impl FnOnce(&'a Schema) -> Option<&'a Schema>) -> Self {
        match self {
            Self::Of(node) => find(node).map_or(Self::Free, Self::Of),
            own_or_free => own_or_free,
        }
    }
}

impl<'a> Walk<'a> {
    fn new(trees: &'a Trees) -> Self {
        Self { trees, steps: Vec::new(), out: Judgement::default(), old: None, shape: Shape::Own }
    }

    fn node(&mut self, schema: &'a Schema, view: View<'a>, at: Span) {
        if view.is_null() {
            if !schema.is_nullable() && schema.limits.kind.is_some() {
                self.violate("type", at, "must not be null".into());
            }
            // Of all keywords only `enum` looks at a null (`kube-openapi validate SchemaValidator`).
            return self.members(schema, view, at);
        }
        if !Self::type_fits(schema, view) {
            let expected = schema.type_name().unwrap_or("an integer or a string");
            return self.violate("type", at, format!("must be of type {expected}"));
        }
        let before = self.out.violations.len();
        if view.is_map() {
            self.object(schema, view, at);
        } else if view.is_seq() {
            self.list(schema, view, at);
        } else if let Some(text) = view.as_str() {
            self.text(schema, text, at);
        } else if let Some(number) = number(view)
            && let Some((keyword, message)) = number_fault(schema, number)
        {
            self.violate(keyword, at, message);
        }
        self.members(schema, view, at);
        self.combiners(schema, view, at);
        // The API server runs no rule on what has the wrong form.
        if self.out.violations.len() == before {
            self.rules(schema, view, at);
        }
    }

    /// The rules of the node; in a branch of a combiner there are none.
    fn rules(&mut self, schema: &'a Schema, view: View<'a>, at: Span) {
        let rules = if matches!(self.shape, Shape::Own) { schema.rules(self.trees) } else { &[] };
        let part = if self.steps.is_empty() { Part::Object } else { Part::Field };
        for rule in rules {
            let was = self.old.filter(|old| !old.is_null() && Self::type_fits(schema, *old));
            let was = was.map(|old| Typed::new(self.trees, old, schema, part));
            match rule.judge(&Typed::new(self.trees, view, schema, part), was.as_ref()) {
                Answer::Holds => {}
                Answer::Fails(message) => self.broken(rule, (view, at), message),
                Answer::Unknown => self.out.undecided = true,
            }
        }
    }

    /// A broken rule is about the field that it names, or else the node.
    fn broken(&mut self, rule: &'a Rule, (mut view, mut at): (View<'a>, Span), message: String) {
        let depth = self.steps.len();
        for name in &rule.field {
            self.steps.push(Step::Key(name));
            let Some(field) = view.field(name) else { break };
            at = if field.value.is_scalar() { field.value.place() } else { field.key_place() };
            view = field.value;
        }
        let (pointer, path) = self.names();
        self.steps.truncate(depth);
        let keyword = "x-kubernetes-validations";
        self.out.violations.push(Violation { pointer, path, at, keyword, message, rule: Some(rule.text.clone()) });
    }

    fn type_fits(schema: &Schema, view: View<'_>) -> bool {
        if schema.is_int_or_string() {
            return view.is_scalar() && (view.as_str().is_some() || is_integer(view));
        }
        match schema.limits.kind {
            None => true,
            Some(Type::Object) => view.is_map(),
            Some(Type::Array) => view.is_seq(),
            Some(Type::Boolean) => view.is_scalar() && view.as_bool().is_some(),
            Some(Type::Integer) => view.is_scalar() && is_integer(view),
            Some(Type::Number) => number(view).is_some(),
            Some(Type::String) => view.is_scalar() && matches!(view.to_json(), Json::String(_)),
        }
    }

    fn object(&mut self, schema: &'a Schema, view: View<'a>, at: Span) {
        let shape = self.shape.node(schema);
        let mut present: Vec<&str> = Vec::with_capacity(8);
        for field in view.fields() {
            let name = field.name();
            let kept_as = shape.and_then(|shape| known(shape, name));
            // A null where none may be is dropped, or becomes its default: that of a property as if it were not there,
            // that of a map's values in its place (`defaulting/algorithm.go`, `prune.go`).
            if field.value.is_null()
                && let Some(node) = kept_as.filter(|node| !node.is_nullable())
            {
                let is_value = shape.is_some_and(|shape| shape.property(name).is_none());
                if let Some(default) = node.null_default(self.trees).filter(|_| is_value) {
                    present.push(name);
                    self.fill(Step::MapKey(name), node, known(schema, name), default);
                }
                continue;
            }
            if kept_as.is_none() && shape.is_some_and(|shape| is_unknown(shape, name)) {
                self.prune(name, field.key_place());
                continue;
            }
            present.push(name);
            self.field(schema, field);
        }
        self.defaults(schema, &mut present);
        self.required(schema, &present, at);
        self.counted(schema, ["minProperties", "maxProperties"], present.len(), "fields", at);
    }

    fn field(&mut self, schema: &'a Schema, field: Field<'a>) {
        let name = field.name();
        let at = if field.value.is_scalar() { field.value.place() } else { field.key_place() };
        let old = self.old;
        self.old = old.and_then(|old| old.get(name));
        let shape = self.shape.below(|node| known(node, name));
        if let Some(property) = schema.property(name) {
            self.below(Step::Key(name), shape, |walk| walk.node(property, field.value, at));
        } else if let Some(values) = &schema.values {
            self.below(Step::MapKey(name), shape, |walk| walk.node(values, field.value, at));
        }
        self.old = old;
    }

    fn prune(&mut self, name: &'a str, at: Span) {
        if matches!(self.shape, Shape::Own) {
            self.steps.push(Step::Key(name));
            let (pointer, path) = self.names();
            self.out.pruned.push(Pruned { pointer, path, at });
            self.steps.pop();
        }
    }

    /// Fills in what is missing; a branch of a combiner is shown what was filled in around it.
    fn defaults(&mut self, schema: &'a Schema, present: &mut Vec<&'a str>) {
        let Some(shape) = self.shape.node(schema) else { return };
        for property in &shape.properties {
            let Some(default) = property.schema.default_value(self.trees) else { continue };
            if present.contains(&&*property.name) {
                continue;
            }
            present.push(&property.name);
            let old = self.old;
            self.old = old.and_then(|old| old.get(&property.name));
            self.fill(Step::Key(&property.name), &property.schema, known(schema, &property.name), default);
            self.old = old;
        }
    }

    /// Puts the default of a node where nothing is; a branch of a combiner is walked with it, where it says something.
    fn fill(&mut self, step: Step<'a>, node: &'a Schema, walked: Option<&'a Schema>, default: &'a Value) {
        let view = self.trees.view(default);
        let shape = self.shape.below(|_| Some(node));
        self.below(step, shape, |walk| match walk.shape {
            Shape::Own => walk.default(node, view),
            _ => walked.into_iter().for_each(|walked| walk.node(walked, view, walked.at)),
        });
    }

    fn default(&mut self, schema: &'a Schema, view: View<'a>) {
        let (pointer, path) = self.names();
        self.out.defaults.push(Defaulted { pointer, path, value: view.to_json() });
        let violations = self.out.violations.len();
        self.node(schema, view, schema.at);
        // A default that its own schema refuses is the definition's fault, not the instance's.
        self.out.violations.truncate(violations);
    }

    fn required(&mut self, schema: &Schema, present: &[&str], at: Span) {
        for name in schema.required().filter(|name| !present.contains(name)) {
            self.missing("required", name, at);
        }
        if schema.limits.flags.has(Flags::EMBEDDED) {
            for name in ["apiVersion", "kind"].into_iter().filter(|name| !present.contains(name)) {
                self.missing("x-kubernetes-embedded-resource", name, at);
            }
        }
    }

    /// What is missing has its own path, and the place and pointer of the object that lacks it.
    fn missing(&mut self, keyword: &'static str, name: &str, at: Span) {
        let (pointer, parent) = self.names();
        let dot = if parent.is_empty() { "" } else { "." };
        let path = format!("{parent}{dot}{name}");
        self.out.violations.push(Violation { pointer, path, at, keyword, message: "is required".into(), rule: None });
    }

    fn list(&mut self, schema: &'a Schema, view: View<'a>, at: Span) {
        let mut count = 0;
        let old = self.old;
        for (index, item) in view.items().enumerate() {
            count += 1;
            if let Some(items) = &schema.items {
                self.old = old.and_then(|old| partner(schema, item, old));
                let own = self.shape.node(schema).and_then(|shape| shape.items.as_deref());
                let default = own.filter(|_| item.is_null()).and_then(|own| own.null_default(self.trees));
                if let Some((own, default)) = own.zip(default) {
                    self.fill(Step::Index(index), own, Some(items), default);
                    continue;
                }
                let shape = self.shape.below(|node| node.items.as_deref());
                self.below(Step::Index(index), shape, |walk| walk.node(items, item, item.place()));
            }
        }
        self.old = old;
        self.counted(schema, ["minItems", "maxItems"], count, "items", at);
        self.duplicates(schema, view);
    }

    fn duplicates(&mut self, schema: &Schema, view: View<'_>) {
        if matches!(schema.limits.list, ListType::Atomic) && !schema.limits.flags.has(Flags::UNIQUE) {
            return;
        }
        // What is pruned tells no items apart, and what is left out has its default by then.
        let (trees, items) = (self.trees, schema.items.as_deref());
        let identity = |item: View<'_>| match &schema.limits.list {
            ListType::Map(keys) => {
                let default = items.filter(|_| item.is_null()).and_then(|items| items.null_default(trees));
                let item = default.map_or(item, |default| trees.view(default));
                let key = |name: &str| {
                    // A null that stays has no keys, and none is filled in.
                    if item.is_null() {
                        return None;
                    }
                    let default = || items?.property(name)?.default_value(trees).map(|default| trees.view(default));
                    field_of(trees, items, name, item.get(name).or_else(default)?)
                };
                keys.iter().filter_map(|name| Some((name.to_string(), key(name)?))).collect()
            }
            _ => stored(trees, items, item),
        };
        let mut seen = std::collections::HashSet::new();
        for item in view.items() {
            if !seen.insert(identity(item).to_string()) {
                self.violate("x-kubernetes-list-type", item.place(), "holds this item twice".into());
            }
        }
    }

    fn counted(&mut self, schema: &Schema, keywords: [&'static str; 2], count: usize, what: &str, at: Span) {
        let count = count as f64;
        if let Some(least) = schema.bound(keywords[0]).filter(|least| count < *least) {
            self.violate(keywords[0], at, format!("must have at least {least} {what}"));
        }
        if let Some(most) = schema.bound(keywords[1]).filter(|most| count > *most) {
            self.violate(keywords[1], at, format!("must have at most {most} {what}"));
        }
    }

    fn text(&mut self, schema: &Schema, text: &str, at: Span) {
        if schema.bound("minLength").is_some() || schema.bound("maxLength").is_some() {
            self.counted(schema, ["minLength", "maxLength"], text.chars().count(), "characters", at);
        }
        if let Some((written, compiled)) = &schema.limits.pattern {
            match compiled.get_or_init(|| Pattern::new(written)).matches(text) {
                Some(true) => {}
                Some(false) => self.violate("pattern", at, format!("must match `{written}`")),
                None => self.out.undecided = true,
            }
        }
        if let Some(format) = &schema.limits.format
            && !format::fits(format, text)
        {
            self.violate("format", at, format!("must be of format {format}"));
        }
    }

    fn members(&mut self, schema: &Schema, view: View<'_>, at: Span) {
        let Some(members) = &schema.limits.members else { return };
        let found = view.to_json();
        if !members.iter().any(|member| is_same_data(member, &found)) {
            self.violate("enum", at, format!("must be one of {}", listed(members)));
        }
    }

    fn combiners(&mut self, schema: &'a Schema, view: View<'a>, at: Span) {
        let Some(combiners) = &schema.combiners else { return };
        let shape = self.shape.node(schema).map_or(Shape::Free, Shape::Of);
        let mut fits = |branch: &'a Schema| {
            let mut inner = Walk { shape, ..Walk::new(self.trees) };
            inner.node(branch, view, at);
            self.out.undecided |= inner.out.undecided;
            inner.out.violations.is_empty()
        };
        let all = combiners.all_of.iter().all(&mut fits);
        let any = combiners.any_of.is_empty() || combiners.any_of.iter().any(&mut fits);
        let one = combiners.one_of.is_empty() || combiners.one_of.iter().filter(|branch| fits(branch)).count() == 1;
        let not = combiners.not.as_ref().is_none_or(|branch| !fits(branch));
        for (holds, keyword, message) in [
            (all, "allOf", "must match every branch of `allOf`"),
            (any, "anyOf", "must match a branch of `anyOf`"),
            (one, "oneOf", "must match exactly one branch of `oneOf`"),
            (not, "not", "must not match `not`"),
        ] {
            if !holds {
                self.violate(keyword, at, message.into());
            }
        }
    }

    fn below(&mut self, step: Step<'a>, shape: Shape<'a>, judge: impl FnOnce(&mut Self)) {
        let around = std::mem::replace(&mut self.shape, shape);
        self.steps.push(step);
        judge(self);
        self.steps.pop();
        self.shape = around;
    }

    fn violate(&mut self, keyword: &'static str, at: Span, message: String) {
        let (pointer, path) = self.names();
        self.out.violations.push(Violation { pointer, path, at, keyword, message, rule: None });
    }

    /// The present place as a JSON pointer and as people write it.
    fn names(&self) -> (String, String) {
        let (mut pointer, mut path) = (String::new(), String::new());
        for step in &self.steps {
            match step {
                Step::Key(name) | Step::MapKey(name) => {
                    let _ = write!(pointer, "/{}", name.replace('~', "~0").replace('/', "~1"));
                }
                Step::Index(index) => {
                    let _ = write!(pointer, "/{index}");
                }
            }
            match step {
                Step::Key(name) => {
                    path.push_str(if path.is_empty() { "" } else { "." });
                    path.push_str(name);
                }
                Step::Index(_) | Step::MapKey(_) => path.push_str("[*]"),
            }
        }
        (pointer, path)
    }
}

/// The item of the old list that an item replaces: the one with its keys. Other lists have no such item.
fn partner<'a>(schema: &Schema, item: View<'_>, old: View<'a>) -> Option<View<'a>> {
    let ListType::Map(keys) = &schema.limits.list else { return None };
    let key = |item: View<'_>, key: &str| item.get(key).map(|value| value.to_json());
    old.items().find(|old| keys.iter().all(|name| key(*old, name) == key(item, name)))
}

/// A float without a fraction is an integer: YAML's `1.0` reaches the API server as `1`.
fn is_integer(view: View<'_>) -> bool {
    view.as_int().is_some() || number(view).is_some_and(|number| number.fract() == 0.0)
}

fn number_fault(schema: &Schema, number: f64) -> Option<(&'static str, String)> {
    let flags = schema.limits.flags;
    let (low, high) = (schema.bound("minimum"), schema.bound("maximum"));
    let strictly = |strict: Flags| if flags.has(strict) { (true, "more than") } else { (false, "at least") };
    if let Some(low) = low {
        let (strict, words) = strictly(Flags::EXCLUSIVE_MINIMUM);
        if number < low || (strict && number <= low) {
            return Some(("minimum", format!("must be {words} {low}")));
        }
    }
    if let Some(high) = high {
        let strict = flags.has(Flags::EXCLUSIVE_MAXIMUM);
        if number > high || (strict && number >= high) {
            let words = if strict { "less than" } else { "at most" };
            return Some(("maximum", format!("must be {words} {high}")));
        }
    }
    let step = schema.bound("multipleOf")?;
    let parts = number / step;
    ((parts - parts.round()).abs() > 1e-9).then(|| ("multipleOf", format!("must be a multiple of {step}")))
}

/// Members of an enum in words: the first ten.
fn listed(members: &[Json]) -> String {
    let word = |member: &Json| match member {
        Json::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    };
    let words: Vec<String> = members.iter().take(10).map(word).collect();
    let more = if members.len() > 10 { ", …" } else { "" };
    format!("{}{more}", words.join(", "))
}
