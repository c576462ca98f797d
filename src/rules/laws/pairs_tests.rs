//! Random pairs of schemas: an instance that becomes invalid has its finding, and silence means that none does.
//!
//! Never: a failure without the seed that brings it back.

use std::collections::BTreeMap;

use serde_json::Value;

use super::oracle::Oracle;
use super::random::{self, Dice};
use super::{Severity, change, rules, say};
use crate::api::{Judgement, Pruned, Schema, Violation};
use crate::compare::What;
use crate::compare::testworld::Sides;
use crate::rules::RuleSet;
use crate::world::World;

/// How many instances a pair of schemas is tried with.
const INSTANCES: usize = 8;

/// One pair of schemas with instances.
struct Case {
    old: Value,
    new: Value,
    instances: Vec<Value>,
}

impl Case {
    /// The case of a seed; `None` where the API server would refuse one of the schemas.
    fn of(seed: u64) -> Option<Self> {
        let mut dice = Dice(seed);
        let old = random::root(&mut dice);
        let mut new = old.clone();
        for _ in 0..=dice.roll(3) {
            random::mutate(&mut dice, &mut new);
        }
        if !Oracle::has_good_defaults(&old) || !Oracle::has_good_defaults(&new) {
            return None;
        }
        let mut instances: Vec<Value> = (0..INSTANCES - 2).map(|_| random::value(&mut dice, &old)).collect();
        instances.extend((0..2).map(|_| random::value(&mut dice, &new)));
        Some(Self { old, new, instances })
    }
}

fn schema<'a>(sides: &'a Sides, world: &'a World) -> &'a Schema {
    let versions = &world.definitions[0].definition.versions;
    versions[0].schema(&sides.trees).expect("each definition has a schema")
}

/// What is wrong with a case, in words that are the same for cases of one sort.
fn faults(rules: &RuleSet, case: &Case) -> Vec<String> {
    let sides = change(&case.old, &case.new, &case.instances);
    let said = say(rules, &sides);
    let (was, is) = (schema(&sides, &sides.base), schema(&sides, &sides.head));
    let (first, second) = (Oracle::new(&case.old), Oracle::new(&case.new));
    let mut faults = Vec::new();
    let heard: Vec<&str> = said.changes.apis().map(|change| change.what.name()).collect();
    let of_schema = || said.hits.iter().filter(|(id, ..)| id.starts_with("schema-"));
    let silent = said.changes.apis().all(|change| change.what == What::DescriptionChanged);
    for (at, object) in sides.head.objects().filter(|(_, object)| &*object.key.kind == "Thing") {
        let row: usize = object.key.name[1..].parse().expect("a number");
        let view = object.view(&sides.trees);
        let (old, new) = (was.judge(view), is.judge(view));
        for (judgement, oracle, side) in [(&old, &first, "old"), (&new, &second, "new")] {
            let takes = judgement.violations.is_empty();
            // A `spec` of null is dropped.
            if takes != (case.instances[row].is_null() || oracle.takes(&case.instances[row])) {
                let words: Vec<&str> = judgement.violations.iter().map(|violation| violation.keyword).collect();
                faults.push(format!("jsonschema does not agree on the {side} schema, which says {words:?}"));
            }
        }
        let outcome = said.impact.apis.iter().flat_map(|api| &api.instances).find(|instance| instance.at == at);
        let becomes_invalid = old.violations.is_empty() && !new.violations.is_empty();
        let words: Vec<&str> = new.violations.iter().map(|violation| violation.keyword).collect();
        if becomes_invalid && outcome.is_none_or(|instance| instance.outcome.violations.is_empty()) {
            faults.push(format!("an instance that becomes invalid ({words:?}) is not told; heard {heard:?}"));
        }
        let loses = new.pruned.iter().any(|field| !is_known(&old.pruned, field));
        let differs = defaults(&old) != defaults(&new);
        if !old.violations.is_empty() || is_another(&case.instances[row], &old, &new) {
            continue;
        }
        // What was kept unread and has a schema now is a new field to the rules about schemas: its instance speaks.
        let speaks = |id: &str| matches!(id, "instance-invalid" | "instance-pruned");
        let is_read_now = heard.contains(&"property-became-typed")
            && said.hits.iter().any(|(id, severity, _)| speaks(id) && *severity == Severity::Error);
        let is_error = is_read_now || of_schema().any(|(_, severity, _)| *severity == Severity::Error);
        let names_it = || is_read_now || of_schema().any(|(_, _, hit)| hit.facts.contains(&"instance-hit"));
        if becomes_invalid && !is_error {
            faults.push(format!("an instance becomes invalid ({words:?}) without an error; heard {heard:?}"));
        } else if becomes_invalid && new.violations.iter().any(|violation| !is_of_many(violation)) && !names_it() {
            faults.push(format!("no finding names the instance that becomes invalid ({words:?}); heard {heard:?}"));
        }
        if loses && !is_error {
            faults.push(format!("an instance loses a field without an error; heard {heard:?}"));
        }
        // Where null may be, it keeps a default away.
        if differs && of_schema().next().is_none() && !heard.contains(&"nullable-added") {
            faults.push(format!("an effective value changes without a finding; heard {heard:?}"));
        }
        if silent && (loses || differs || becomes_invalid) {
            faults.push("the comparison is silent, and an instance changes".to_owned());
        }
    }
    faults
}

fn is_known(pruned: &[Pruned], field: &Pruned) -> bool {
    pruned.iter().any(|other| field.pointer.starts_with(&other.pointer))
}

/// Whether an instance has a field that was pruned and is kept from now on, or a null that was dropped and stays (or the
/// other way round): it is another instance then, which no finding about the definition foretells.
fn is_another(spec: &Value, old: &Judgement, new: &Judgement) -> bool {
    let at_null = |violation: &Violation| {
        let below = violation.pointer.strip_prefix("/spec").unwrap_or_default();
        spec.pointer(below).is_some_and(Value::is_null)
    };
    let is_kept = |field: &Pruned| !new.pruned.iter().any(|other| other.pointer == field.pointer);
    old.pruned.iter().any(is_kept) || (has_null(spec) && !new.violations.iter().any(at_null))
}

/// Whether a violation is of several fields together, so that another node's change may have brought it.
fn is_of_many(violation: &Violation) -> bool {
    matches!(violation.keyword, "allOf" | "anyOf" | "maxProperties" | "minProperties" | "not" | "oneOf")
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(map) => map.values().any(has_null),
        _ => false,
    }
}

fn defaults(judgement: &Judgement) -> Vec<(String, Value)> {
    let defaults = judgement.defaults.iter();
    let mut found: Vec<_> = defaults.map(|default| (default.pointer.clone(), default.value.clone())).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// The faults of all seeds of a range, each with how often and the first seed.
fn run(seeds: std::ops::Range<u64>) -> (usize, BTreeMap<String, (usize, u64)>) {
    let rules = rules();
    let mut found: BTreeMap<String, (usize, u64)> = BTreeMap::new();
    let mut tried = 0;
    for seed in seeds {
        let Some(case) = Case::of(seed) else { continue };
        tried += 1;
        for fault in faults(&rules, &case) {
            found.entry(fault).or_insert((0, seed)).0 += 1;
        }
    }
    (tried, found)
}

fn told(found: &BTreeMap<String, (usize, u64)>) -> String {
    let mut rows: Vec<_> = found.iter().collect();
    rows.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    let line = |(fault, (count, seed)): &(&String, &(usize, u64))| {
        let case = Case::of(*seed).expect("it was one");
        format!("{count} times, first with seed {seed}: {fault}\n  old {}\n  new {}", case.old, case.new)
    };
    rows.iter().take(25).map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_becomes_invalid_has_an_error_and_silence_means_that_nothing_does() {
    let (tried, found) = run(0..4000);
    assert!(tried > 2000, "{tried}");
    assert!(found.is_empty(), "{}", told(&found));
}

/// The long run: `PAIRS=0..100000 cargo test --release --lib many_pairs -- --ignored --nocapture`.
#[test]
#[ignore = "takes minutes"]
#[expect(clippy::disallowed_methods, clippy::print_stderr, reason = "a run by hand says how far it goes and got")]
fn many_pairs() {
    let range = std::env::var("PAIRS").unwrap_or_else(|_| "0..100000".to_owned());
    let (from, to) = range.split_once("..").expect("from..to");
    let (tried, found) = run(from.parse().expect("a number")..to.parse().expect("a number"));
    eprintln!("{tried} pairs, {} kinds of fault", found.len());
    assert!(found.is_empty(), "{}", told(&found));
}
