//! The JSON Schema of rule files, made from what the kinds say about themselves.
//!
//! Never: a parameter that a kind does not describe.

use serde_json::{Map, Value, json};

use super::kinds::{CheckKind, KINDS, Need, ParamDesc, Takes};

/// The schema that rule files are checked against.
#[must_use]
pub fn rule_schema() -> Value {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let kinds: Vec<Value> = KINDS.iter().map(of_kind).collect();
    let severity = json!({"enum": ["error", "warning", "info"]});
    let text = |about: &str| json!({"type": "string", "minLength": 1, "description": about});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A rule of gitops-guard",
        "type": "object",
        "additionalProperties": false,
        "required": ["check", "severity", "since", "says", "why", "fix"],
        "properties": {
            "check": {"enum": names, "description": "the kind of check"},
            "with": {"type": "object", "description": "the parameters of the kind"},
            "severity": severity,
            "raise": grades(&json!({"type": "string"}), "where it is worse"),
            "lower": grades(&json!({"type": "string"}), "where it is less bad"),
            "default": {
                "enum": ["on", "raised", "off"],
                "description": "`off`: the rule runs only where it is asked for; `raised`: of what it finds only what a \
                                fact raises is shown, and the rest where it is asked for"
            },
            "since": text("the version that brought the rule"),
            "says": text("the message, in one line, with the kind's words in braces"),
            "why": text("what happens if the finding is ignored"),
            "fix": text("what to do"),
            "see": {"type": "array", "items": {"type": "string"}, "description": "where more is written"},
        },
        "allOf": kinds,
    })
}

fn of_kind(kind: &CheckKind) -> Value {
    let params: Map<String, Value> = kind.params.iter().map(|desc| (desc.name.to_owned(), of_param(desc))).collect();
    let needed: Vec<&str> =
        kind.params.iter().filter(|desc| desc.need == Need::Required).map(|desc| desc.name).collect();
    let facts: Vec<&str> = kind.facts.iter().map(|fact| fact.0).collect();
    let with = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": params,
        "required": needed,
        "description": kind.about,
    });
    let graded = grades(&json!({"enum": facts}), "facts of this kind");
    let mut then = json!({"properties": {"with": with, "raise": graded, "lower": graded}});
    if !needed.is_empty() {
        then["required"] = json!(["with"]);
    }
    json!({"if": {"properties": {"check": {"const": kind.name}}, "required": ["check"]}, "then": then})
}

fn grades(when: &Value, about: &str) -> Value {
    json!({
        "type": "array",
        "description": about,
        "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["when", "to"],
            "properties": {"when": when, "to": {"enum": ["error", "warning", "info"]}},
        },
    })
}

fn of_param(desc: &ParamDesc) -> Value {
    let mut schema = match &desc.takes {
        Takes::Map => json!({"type": "object"}),
        Takes::Text | Takes::Expression(_) => json!({"type": "string"}),
        Takes::OneOf(words) => json!({"enum": words}),
        Takes::Texts => json!({"type": "array", "items": {"type": "string"}}),
        Takes::SomeOf(words) => json!({"type": "array", "items": {"enum": words}}),
        Takes::Flag => json!({"type": "boolean"}),
        Takes::Integer => json!({"type": "integer"}),
        Takes::Scalars => json!({"type": "array", "items": {"type": ["string", "number", "boolean", "null"]}}),
    };
    schema["description"] = desc.about.into();
    schema
}
