//! Rules of a schema that cost more than the API server allows: it estimates them by the bounds of what they look at and
//! refuses a definition above its limit (apiextensions `validation.go`, `cel_validation.go`).
//!
//! Never: a rule whose cost is not known for sure.

use super::declared::{Level, REQUEST, count, declared, flag};
use crate::base::Span;
use crate::grammar::cel::{Declared, Old, Program};
use crate::model::View;

/// What one rule may cost, for all places that an object can hold what it looks at.
const RULE: u64 = 10_000_000;
/// What the rules of a version may cost together.
const VERSION: u64 = 100_000_000;

/// A rule that is too dear.
pub(super) struct Dear {
    pub(super) at: Span,
    pub(super) path: String,
    pub(super) words: String,
}

/// Which parts of a schema reach the API server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// All of it.
    Whole,
    /// `spec` and `status`.
    SpecAndStatus,
}

/// The rules of a version that are too dear, or else the dearest where all together are.
pub(super) fn dear(schema: View<'_>, reach: Reach) -> Vec<Dear> {
    let mut budget = Budget { total: 0, found: Vec::new(), dearest: None };
    budget.node(schema, "", Seen { level: Level::Object, within: None, many: Some(1) }, reach);
    let Budget { total, mut found, dearest } = budget;
    if let Some((cost, at, path)) = dearest
        && found.is_empty()
        && total > VERSION
    {
        let words = format!(
            "has the dearest `rule` of the version, {}: the API server estimates the cost of all together at {} its limit",
            share(cost, total),
            factor(total, VERSION)
        );
        found.push(Dear { at, path, words });
    }
    found
}

struct Budget {
    total: u64,
    found: Vec<Dear>,
    dearest: Option<(u64, Span, String)>,
}

/// How a node is seen from above.
#[derive(Clone, Copy)]
struct Seen<'d> {
    level: Level,
    /// What is declared of it, once a rule is above.
    within: Option<&'d Declared>,
    /// In how many places an object can have it; `None` where only the size of a request says.
    many: Option<u64>,
}

impl Budget {
    fn node(&mut self, schema: View<'_>, path: &str, seen: Seen<'_>, reach: Reach) {
        let rules = schema.get("x-kubernetes-validations").filter(|rules| rules.item(0).is_some());
        let own = match (seen.within, rules) {
            (None, Some(_)) => declared(schema, seen.level),
            _ => None,
        };
        let within = seen.within.or(own.as_ref());
        if let (Some(rules), Some(within)) = (rules, within) {
            let many = seen.many.unwrap_or(REQUEST / (within.least + 1));
            for rule in rules.items() {
                self.rule(rule, path, within, many);
            }
        }
        let many = seen.many.zip(factor_of(schema)).map(|(many, factor)| many.saturating_mul(factor));
        for field in schema.get("properties").into_iter().flat_map(|properties| properties.fields()) {
            let name = field.name();
            if path.is_empty() && reach == Reach::SpecAndStatus && !matches!(name, "spec" | "status") {
                continue;
            }
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            let within = within.and_then(|within| within.field(name));
            self.node(field.value, &path, Seen { level: Level::of(field.value), within, many }, Reach::Whole);
        }
        for name in ["items", "additionalProperties"] {
            if let Some(below) = schema.get(name).filter(View::is_map) {
                let within = within.and_then(Declared::element);
                self.node(below, &format!("{path}[*]"), Seen { level: Level::of(below), within, many }, Reach::Whole);
            }
        }
    }

    fn rule(&mut self, rule: View<'_>, path: &str, within: &Declared, many: u64) {
        let old = if flag(rule, "optionalOldSelf") { Old::Optional } else { Old::Value };
        // The message is made once, for the one place that fails.
        for (part, many) in [("rule", many), ("messageExpression", 1)] {
            let (Some(at), Some(text)) = (rule.get(part), rule.str_at([part])) else { continue };
            let program = Program::compile(text, &super::rule::VARIABLES).ok();
            let Some(cost) = program.and_then(|program| program.most_cost(within, old)) else { continue };
            let cost = cost.saturating_mul(many);
            self.total = self.total.saturating_add(cost);
            if cost > RULE {
                let words =
                    format!("has a `{part}` whose cost the API server estimates at {} its limit", factor(cost, RULE));
                self.found.push(Dear { at: at.place(), path: path.to_owned(), words });
            } else if self.dearest.as_ref().is_none_or(|(dearest, ..)| *dearest < cost) {
                self.dearest = Some((cost, at.place(), path.to_owned()));
            }
        }
    }
}

/// How many values of its children a value of this schema holds at most; `None` without a bound.
fn factor_of(schema: View<'_>) -> Option<u64> {
    match schema.str_at(["type"]) {
        Some("object") if schema.get("additionalProperties").is_some() => count(schema, "maxProperties"),
        Some("array") => count(schema, "maxItems"),
        _ => Some(1),
    }
}

/// How many times a cost is its limit, in words: no number where it says nothing.
fn factor(cost: u64, limit: u64) -> String {
    let tenths = cost / (limit / 10);
    match (tenths / 10, tenths % 10) {
        (whole, _) if whole > 100 => "more than 100 times".to_owned(),
        (1, 0) => "more than".to_owned(),
        (whole, tenth) => format!("{whole}.{tenth} times"),
    }
}

fn share(cost: u64, total: u64) -> String {
    format!("{} % of it", cost / (total / 100))
}
