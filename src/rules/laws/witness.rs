//! Each kind of difference with a smallest instance that shows it: valid before and refused after, or losing what it had.
//!
//! Never: a kind without a witness, where there can be one.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::oracle::Oracle;
use super::{change, rules, say};
use crate::rules::Severity;

/// What becomes of the instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Effect {
    /// It is refused, and `jsonschema` knows the keyword too.
    Invalid,
    /// It is refused by a keyword that only Kubernetes has.
    InvalidHere,
    /// It loses a field.
    Pruned,
    /// Its effective value is another one.
    Changed,
}

/// A rule, the schema of `spec` before and after, an instance's `spec`.
struct Row(&'static str, Value, Value, Value, Effect);

/// Rules about differences that hit no instance by its value, or none of `spec`.
const WITHOUT: &[&str] = &[
    // Who owns a field, what is shown or found, and how deep a server may look.
    "schema-map-type-changed",
    "schema-printer-column-changed",
    "schema-scale-removed",
    "schema-selectable-field-removed",
    "schema-keyword-ignored",
    // Nothing is refused or lost.
    "schema-bound-loosened",
    "schema-combiner-relaxed",
    "schema-description-changed",
    "schema-enum-constraint-removed",
    "schema-enum-value-added",
    "schema-field-became-untyped",
    "schema-pattern-removed",
    "schema-preserve-unknown-added",
    "schema-required-added-with-default",
    "schema-required-removed",
    "schema-type-widened",
    // A test of its own.
    "schema-name-limit-tightened",
    "schema-nullable-added",
    "schema-status-field-removed",
];

fn object(properties: &Value) -> Value {
    json!({"type": "object", "properties": properties})
}

/// The row of one property `a`.
fn of_field(id: &'static str, old: &Value, new: &Value, value: &Value, effect: Effect) -> Row {
    Row(id, object(&json!({"a": old})), object(&json!({"a": new})), json!({"a": value}), effect)
}

fn text() -> Value {
    json!({"type": "string"})
}

fn scalars() -> Vec<Row> {
    use Effect::{Invalid, InvalidHere};
    let row = of_field;
    let bound = |kind: &str, keyword: &str, old: Option<i32>, new: i32, value: Value| {
        let mut was = json!({"type": kind});
        let mut is = was.clone();
        if let Some(old) = old {
            was[keyword] = old.into();
        }
        is[keyword] = new.into();
        let effect = if keyword == "uniqueItems" { InvalidHere } else { Invalid };
        of_field("schema-bound-tightened", &was, &is, &value, effect)
    };
    vec![
        row("schema-type-changed", &text(), &json!({"type": "integer"}), &json!("x"), Invalid),
        row("schema-type-changed", &text(), &json!({"type": "array", "items": text()}), &json!("x"), Invalid),
        row("schema-type-changed", &json!({"type": "number"}), &json!({"type": "integer"}), &json!(1.5), Invalid),
        row(
            "schema-int-or-string-narrowed",
            &json!({"x-kubernetes-int-or-string": true}),
            &json!({"type": "integer"}),
            &json!("10%"),
            Invalid,
        ),
        row(
            "schema-enum-value-removed",
            &json!({"type": "string", "enum": ["x", "y"]}),
            &json!({"type": "string", "enum": ["x"]}),
            &json!("y"),
            Invalid,
        ),
        row("schema-enum-constraint-added", &text(), &json!({"type": "string", "enum": ["x"]}), &json!("y"), Invalid),
        row("schema-pattern-added", &text(), &json!({"type": "string", "pattern": "^a"}), &json!("b"), Invalid),
        row(
            "schema-pattern-changed",
            &json!({"type": "string", "pattern": "^[a-z]+$"}),
            &json!({"type": "string", "pattern": "^[a-y]+$"}),
            &json!("z"),
            Invalid,
        ),
        row("schema-format-tightened", &text(), &json!({"type": "string", "format": "ipv4"}), &json!("x"), Invalid),
        row(
            "schema-format-tightened",
            &json!({"type": "string", "format": "int32"}),
            &json!({"type": "string", "format": "duration"}),
            &json!("x"),
            InvalidHere,
        ),
        bound("integer", "minimum", None, 2, json!(1)),
        bound("integer", "minimum", Some(1), 2, json!(1)),
        bound("integer", "maximum", Some(9), 8, json!(9)),
        bound("integer", "multipleOf", None, 2, json!(3)),
        bound("string", "minLength", None, 2, json!("x")),
        bound("string", "maxLength", Some(5), 4, json!("abcde")),
        bound("object", "minProperties", None, 1, json!({})),
        row(
            "schema-bound-tightened",
            &json!({"type": "integer", "minimum": 1}),
            &json!({"type": "integer", "minimum": 1, "exclusiveMinimum": true}),
            &json!(1),
            Invalid,
        ),
        row(
            "schema-bound-tightened",
            &json!({"type": "integer", "maximum": 1}),
            &json!({"type": "integer", "maximum": 1, "exclusiveMaximum": true}),
            &json!(1),
            Invalid,
        ),
    ]
}

fn lists_and_maps() -> Vec<Row> {
    use Effect::{Invalid, InvalidHere};
    let row = of_field;
    let list = |more: Value| {
        let mut list = json!({"type": "array", "items": {"type": "string"}});
        list.as_object_mut().expect("it is one").extend(more.as_object().expect("it is one").clone());
        list
    };
    let objects = |keys: Value| {
        let item = json!({
            "type": "object",
            "required": ["k", "l"],
            "properties": {"k": {"type": "string"}, "l": {"type": "string"}},
        });
        json!({
            "type": "array",
            "items": item,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": keys,
        })
    };
    let map = |values: Value| json!({"type": "object", "additionalProperties": values});
    vec![
        row("schema-bound-tightened", &list(json!({})), &list(json!({"maxItems": 1})), &json!(["x", "y"]), Invalid),
        row("schema-bound-tightened", &list(json!({})), &list(json!({"minItems": 1})), &json!([]), Invalid),
        row(
            "schema-bound-tightened",
            &list(json!({})),
            &list(json!({"uniqueItems": true})),
            &json!(["x", "x"]),
            Invalid,
        ),
        row(
            "schema-bound-tightened",
            &map(text()),
            &json!({"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": 1}),
            &json!({"x": "1", "y": "2"}),
            Invalid,
        ),
        row(
            "schema-list-type-changed",
            &list(json!({})),
            &list(json!({"x-kubernetes-list-type": "set"})),
            &json!(["x", "x"]),
            InvalidHere,
        ),
        row(
            "schema-list-map-keys-changed",
            &objects(json!(["k", "l"])),
            &objects(json!(["k"])),
            &json!([{"k": "x", "l": "1"}, {"k": "x", "l": "2"}]),
            InvalidHere,
        ),
        row("schema-additional-properties-changed", &map(json!(true)), &map(text()), &json!({"x": 1}), Invalid),
        row(
            "schema-additional-properties-changed",
            &map(text()),
            &json!({"type": "object", "properties": {"x": {"type": "string"}}}),
            &json!({"y": "1"}),
            Effect::Pruned,
        ),
        row("schema-type-changed", &map(text()), &map(json!({"type": "integer"})), &json!({"x": "1"}), Invalid),
        row(
            "schema-embedded-resource-changed",
            &json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true}),
            &json!({
                "type": "object",
                "x-kubernetes-preserve-unknown-fields": true,
                "x-kubernetes-embedded-resource": true,
            }),
            &json!({}),
            InvalidHere,
        ),
        // A null is dropped from a map and refused in a list.
        Row(
            "schema-nullable-removed",
            object(&json!({"a": {"type": "array", "items": {"type": "string", "nullable": true}}})),
            object(&json!({"a": {"type": "array", "items": {"type": "string"}}})),
            json!({"a": [null]}),
            Invalid,
        ),
    ]
}

fn objects() -> Vec<Row> {
    use Effect::{Changed, Invalid, Pruned};
    let (one, two) = (object(&json!({"a": text()})), object(&json!({"a": text(), "b": text()})));
    let with = |schema: &Value, keyword: &str, value: Value| {
        let mut schema = schema.clone();
        schema[keyword] = value;
        schema
    };
    let default = |value: &str| object(&json!({"a": {"type": "string", "default": value}}));
    let either = json!([{"required": ["a"]}, {"required": ["b"]}]);
    vec![
        Row("schema-field-removed", two.clone(), one.clone(), json!({"b": "x"}), Pruned),
        Row(
            "schema-field-renamed",
            object(&json!({"size": text()})),
            object(&json!({"sizeGb": text()})),
            json!({"size": "x"}),
            Pruned,
        ),
        Row("schema-required-added", one.clone(), with(&one, "required", json!(["a"])), json!({}), Invalid),
        Row("schema-required-field-added", one.clone(), with(&two, "required", json!(["b"])), json!({}), Invalid),
        Row(
            "schema-required-default-removed",
            with(&default("x"), "required", json!(["a"])),
            with(&one, "required", json!(["a"])),
            json!({}),
            Invalid,
        ),
        Row("schema-default-added", one.clone(), default("x"), json!({}), Changed),
        Row("schema-default-changed", default("x"), default("y"), json!({}), Changed),
        Row("schema-default-removed", default("x"), one.clone(), json!({}), Changed),
        Row(
            "schema-preserve-unknown-removed",
            with(&one, "x-kubernetes-preserve-unknown-fields", json!(true)),
            one.clone(),
            json!({"b": 1}),
            Pruned,
        ),
        Row("schema-combiner-tightened", two.clone(), with(&two, "anyOf", either.clone()), json!({}), Invalid),
        Row("schema-combiner-tightened", two.clone(), with(&two, "allOf", either.clone()), json!({}), Invalid),
        Row("schema-combiner-tightened", two.clone(), with(&two, "oneOf", either), json!({}), Invalid),
        Row(
            "schema-combiner-tightened",
            one.clone(),
            with(&one, "not", json!({"required": ["a"]})),
            json!({"a": "x"}),
            Invalid,
        ),
        Row(
            "schema-combiner-tightened",
            with(&two, "oneOf", json!([{"required": ["a"]}])),
            with(&two, "oneOf", json!([{"required": ["a"]}, {"required": ["b"]}])),
            json!({"a": "x", "b": "x"}),
            Invalid,
        ),
    ]
}

/// Defaults below what was kept unread, of a map's values, and of what a null becomes.
fn defaults_below() -> Vec<Row> {
    use Effect::Changed;
    let row = of_field;
    let map = |values: Value| json!({"type": "object", "additionalProperties": values});
    let filled = json!({"type": "string", "default": "x"});
    let below = object(&json!({"c": filled}));
    let open = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let mut read = open.clone();
    read["properties"] = json!({"b": below});
    let (fields, values) = (object(&json!({"k": filled})), map(filled.clone()));
    vec![
        row("schema-default-added", &open, &read, &json!({"b": {}}), Changed),
        row("schema-default-removed", &read, &open, &json!({"b": {}}), Changed),
        row("schema-default-removed", &map(below.clone()), &map(json!(true)), &json!({"k": {}}), Changed),
        row("schema-default-removed", &map(below), &open, &json!({"k": {}}), Changed),
        row("schema-default-removed", &fields, &values, &json!({}), Changed),
        row("schema-default-added", &values, &fields, &json!({}), Changed),
        row("schema-default-added", &map(text()), &values, &json!({"k": null}), Changed),
    ]
}

/// Rules in CEL, which `jsonschema` does not know.
fn expressions() -> Vec<Row> {
    let ruled = |mut schema: Value, rule: &str| {
        schema["x-kubernetes-validations"] = json!([{"rule": rule}]);
        schema
    };
    let (number, value) = (json!({"type": "integer"}), json!(1));
    let pair = object(&json!({"a": number, "b": number}));
    let row = |id, rule| of_field(id, &number, &ruled(number.clone(), rule), &value, Effect::InvalidHere);
    vec![
        row("schema-cel-rule-added", "self > 1"),
        row("schema-cel-transition-added", "self > oldSelf"),
        Row(
            "schema-cel-rule-added",
            pair.clone(),
            ruled(pair.clone(), "self.a < self.b"),
            json!({"a": 1, "b": 1}),
            Effect::InvalidHere,
        ),
    ]
}

fn all() -> Vec<Row> {
    let tables = [scalars(), lists_and_maps(), objects(), defaults_below(), expressions()];
    tables.into_iter().flatten().collect()
}

#[test]
fn each_kind_of_difference_has_a_witness() {
    let rules = rules();
    for Row(id, old, new, spec, effect) in all() {
        let sides = change(&old, &new, std::slice::from_ref(&spec));
        let said = say(&rules, &sides);
        let found = said.hits.iter().find(|(rule, ..)| rule == id);
        let told: Vec<&String> = said.hits.iter().map(|(rule, ..)| rule).collect();
        assert!(found.is_some(), "{id}: {told:?} for {old} to {new}");
        assert!(
            found.is_some_and(|(_, severity, hit)| *severity == Severity::Error && hit.facts.contains(&"instance-hit")),
            "{id}: {old} to {new} does not name {spec} in an error"
        );
        let outcome = &said.impact.apis[0].instances[0].outcome;
        let seen = match effect {
            Effect::Invalid | Effect::InvalidHere => !outcome.violations.is_empty(),
            Effect::Pruned => !outcome.pruned.is_empty(),
            Effect::Changed => !outcome.defaults.is_empty(),
        };
        assert!(seen, "{id}: {old} to {new} does nothing to {spec}: {outcome:?}");
        // The second opinion, and that the API server would take both schemas.
        assert!(Oracle::has_good_defaults(&old) && Oracle::has_good_defaults(&new), "{id}");
        let (was, is) = (Oracle::new(&old).takes(&spec), Oracle::new(&new).takes(&spec));
        match effect {
            Effect::Invalid => assert!(was && !is, "{id}: jsonschema says {was} and {is} of {spec}, {old} to {new}"),
            Effect::InvalidHere => assert!(was, "{id}"),
            Effect::Pruned | Effect::Changed => assert!(was && is, "{id}"),
        }
    }
}

/// The limit on a name is of the one field outside `spec` that a definition may say something about.
#[test]
fn a_name_limit_has_a_witness() {
    let tree = |limit: usize| {
        let old = super::definition(&object(&json!({}))).replace(
            "\"type\":\"object\",\"properties\":{\"spec\"",
            &format!(
                "\"type\":\"object\",\"properties\":{{\"metadata\":{{\"type\":\"object\",\"properties\":{{\"name\":\
                 {{\"type\":\"string\",\"maxLength\":{limit}}}}}}},\"spec\""
            ),
        );
        vec![("api.yaml".to_owned(), old), ("objects.yaml".to_owned(), super::instance("abcdef", &json!({})))]
    };
    let said = say(&rules(), &crate::compare::testworld::sides(&tree(8), &tree(4)));
    let hit = said.hits.iter().find(|(rule, ..)| rule == "schema-name-limit-tightened");
    assert!(hit.is_some_and(|(_, _, hit)| hit.facts.contains(&"instance-hit")));
}

/// A null that became its default stays: a warning, as nothing is refused or lost.
#[test]
fn a_null_over_a_default_has_a_witness() {
    let old = json!({"type": "string", "default": "x"});
    let new = json!({"type": "string", "default": "x", "nullable": true});
    let (old, new) = (object(&json!({"a": old})), object(&json!({"a": new})));
    let spec = json!({"a": null});
    let said = say(&rules(), &change(&old, &new, std::slice::from_ref(&spec)));
    let hit = said.hits.iter().find(|(rule, ..)| rule == "schema-nullable-added");
    assert!(hit.is_some_and(|(_, severity, _)| *severity == Severity::Warning));
    assert!(!said.impact.apis[0].instances[0].outcome.defaults.is_empty());
    assert!(Oracle::new(&old).takes(&spec) && Oracle::new(&new).takes(&spec));
}

/// A status is written by controllers: what is gone there is pruned, and refuses no manifest.
#[test]
fn a_field_of_a_status_has_a_witness() {
    let tree = |status: &Value| {
        let mut api: Value = serde_json::from_str(&super::definition(&object(&json!({})))).expect("it is JSON");
        let schema = &mut api["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        schema["properties"]["status"] = status.clone();
        let mut written: Value = serde_json::from_str(&super::instance("a", &json!({}))).expect("it is JSON");
        written["status"] = json!({"ready": "yes"});
        vec![("api.yaml".to_owned(), api.to_string()), ("objects.yaml".to_owned(), written.to_string())]
    };
    let (old, new) = (object(&json!({"ready": text(), "url": text()})), object(&json!({"url": text()})));
    let said = say(&rules(), &crate::compare::testworld::sides(&tree(&old), &tree(&new)));
    let hit = said.hits.iter().find(|(rule, ..)| rule == "schema-status-field-removed");
    assert!(hit.is_some_and(|(_, severity, _)| *severity == Severity::Warning));
    assert_eq!(said.impact.apis[0].instances[0].outcome.pruned.len(), 1);
}

/// With a version goes whoever uses it, whatever its schema says.
#[test]
fn each_way_that_a_version_goes_has_a_witness() {
    let mut both: Value = serde_json::from_str(&super::definition(&object(&json!({})))).expect("it is JSON");
    let versions = both["spec"]["versions"].as_array_mut().expect("a list");
    let mut second = versions[0].clone();
    second["name"] = "v2".into();
    second["storage"] = false.into();
    versions.push(second);
    let mut unserved = both.clone();
    unserved["spec"]["versions"][0]["served"] = false.into();
    let mut removed = both.clone();
    removed["spec"]["versions"].as_array_mut().expect("a list").remove(0);
    removed["spec"]["versions"][0]["storage"] = true.into();
    let tree = |api: Option<&Value>| {
        let api = api.map(|api| ("api.yaml".to_owned(), api.to_string()));
        let object = ("objects.yaml".to_owned(), super::instance("a", &json!({})));
        api.into_iter().chain([object]).collect::<Vec<_>>()
    };
    let ways = [("version-unserved", Some(&unserved)), ("version-removed", Some(&removed)), ("api-removed", None)];
    for (id, head) in ways {
        let said = say(&rules(), &crate::compare::testworld::sides(&tree(Some(&both)), &tree(head)));
        let hit = said.hits.iter().find(|(rule, ..)| rule == id);
        let is_told = |hit: &crate::rules::Hit| hit.facts.contains(&"instance-hit");
        assert!(hit.is_some_and(|(_, severity, hit)| *severity == Severity::Error && is_told(hit)), "{id}");
        assert!(said.impact.apis[0].instances[0].outcome.unserved, "{id}");
    }
}

#[test]
fn each_rule_about_schemas_has_a_witness_or_a_reason_for_none() {
    let known: BTreeSet<&str> = all().into_iter().map(|row| row.0).chain(WITHOUT.iter().copied()).collect();
    let rules = rules().rules;
    let ids = rules.iter().filter(|rule| rule.kind.name == "schema-change").map(|rule| &*rule.id);
    let missing: Vec<&str> = ids.filter(|id| id.starts_with("schema-") && !known.contains(id)).collect();
    assert!(missing.is_empty(), "neither in the table of witnesses nor in WITHOUT: {missing:?}");
}
