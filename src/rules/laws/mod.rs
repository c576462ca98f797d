//! What must hold between schemas, instances and findings, whatever the schemas are.
//!
//! Never: part of the binary.

mod oracle;
mod pairs_tests;
mod random;
mod witness;

use super::{Facts, Hit, RuleSet, Severity, Sink};
use crate::base::{Date, History};
use crate::compare::testworld::Sides;
use crate::compare::{self, Changes};
use crate::impact::{self, Impact};

/// What the rules about schemas and instances say of a change.
struct Said {
    /// The rule's id, its severity here, the hit.
    hits: Vec<(String, Severity, Hit)>,
    changes: Changes,
    impact: Impact,
}

/// The rules about schemas and instances, whatever they are by default.
fn rules() -> RuleSet {
    let mut set = RuleSet::embedded();
    set.rules.retain(|rule| matches!(rule.kind.name, "schema-change" | "instance"));
    set
}

/// Runs them over both sides.
fn say(rules: &RuleSet, sides: &Sides) -> Said {
    let changes = compare::worlds(&sides.trees, &sides.base, &sides.head);
    let impact = impact::of(&sides.trees, &sides.base, &sides.head, &changes, History::default());
    let facts = Facts {
        trees: &sides.trees,
        base: Some(&sides.base),
        head: &sides.head,
        changes: &changes,
        impact: &impact,
        today: Date::default(),
    };
    let mut hits = Vec::new();
    for rule in &rules.rules {
        let super::Check::Change(check) = &rule.check else { continue };
        let mut sink = Sink::default();
        check(&facts, &mut sink);
        hits.extend(sink.hits.into_iter().map(|hit| (rule.id.to_string(), rule.grade(&hit).0, hit)));
    }
    Said { hits, changes, impact }
}

/// A definition with one version and this schema under `spec`, as one line of JSON.
fn definition(schema: &serde_json::Value) -> String {
    let root = serde_json::json!({"type": "object", "properties": {"spec": schema}});
    serde_json::json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"kind": "Thing", "plural": "things"},
            "scope": "Namespaced",
            "versions": [
                {"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": root}},
            ],
        },
    })
    .to_string()
}

/// An instance of it, as one line of JSON.
fn instance(name: &str, spec: &serde_json::Value) -> String {
    let object = serde_json::json!({
        "apiVersion": "example.com/v1",
        "kind": "Thing",
        "metadata": {"name": name},
        "spec": spec,
    });
    object.to_string()
}

/// Both sides of a change of the schema under `spec`, with the same instances.
fn change(old: &serde_json::Value, new: &serde_json::Value, instances: &[serde_json::Value]) -> Sides {
    let documents = instances.iter().enumerate().map(|(row, spec)| instance(&format!("i{row}"), spec) + "\n");
    let objects = documents.collect::<Vec<_>>().join("---\n");
    let side = |schema: &serde_json::Value| {
        vec![("api.yaml".to_owned(), definition(schema) + "\n"), ("objects.yaml".to_owned(), objects.clone())]
    };
    compare::testworld::sides(&side(old), &side(new))
}
