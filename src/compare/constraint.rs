//! Constraints on a value: enums, bounds, patterns, formats, CEL rules, combiners.
//!
//! Never: a tightening that the old schema implied: where every value that it took is still taken, nothing is lost.

use serde_json::Value as Json;

use super::What;
use super::apis::Out;
use super::schema::{Node, equal};
use crate::api::{Schema, is_checked_format, is_same_data};
use crate::model::{Trees, Value};

/// Bounds from below (a larger one is tighter) and from above.
const LOWER: [&str; 4] = ["minimum", "minLength", "minItems", "minProperties"];
const UPPER: [&str; 4] = ["maximum", "maxLength", "maxItems", "maxProperties"];

/// Whether a keyword is compared by [`numbers`].
pub(super) fn is_number(name: &str) -> bool {
    LOWER.contains(&name) || UPPER.contains(&name) || matches!(name, "multipleOf" | "uniqueItems")
}

pub(super) fn enums(trees: &Trees, node: &Node<'_>, out: &mut Out) {
    let keyword = if node.new.keyword("enum").is_some() { "enum" } else { "allOf" };
    let (old, new) = match (node.old.members(), node.new.members()) {
        (None, None) => return,
        (None, Some(new)) => return node.push(trees, out, keyword, What::EnumConstraintAdded(texts(&new))),
        (Some(_), None) => return node.push(trees, out, keyword, What::EnumConstraintRemoved),
        (Some(old), Some(new)) => (old, new),
    };
    let without = |mine: &[Json], others: &[Json]| -> Vec<Json> {
        mine.iter().filter(|member| !others.iter().any(|other| is_same_data(member, other))).cloned().collect()
    };
    let (gone, joined) = (without(&old, &new), without(&new, &old));
    if !gone.is_empty() {
        node.push(trees, out, keyword, What::EnumValueRemoved(texts(&gone)));
    }
    if !joined.is_empty() {
        node.push(trees, out, keyword, What::EnumValueAdded(texts(&joined)));
    }
}

fn texts(members: &[Json]) -> Box<[String]> {
    let text = |member: &Json| match member {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    members.iter().map(text).collect()
}

/// Whether all that the old schema took is taken by the new one, as far as a finite list of values tells.
fn is_implied(trees: &Trees, node: &Node<'_>) -> bool {
    node.old.members().is_some_and(|members| members.iter().all(|member| node.new.takes(trees, member) == Some(true)))
}

fn push_tightened(trees: &Trees, node: &Node<'_>, out: &mut Out, keyword: &'static str, what: What) {
    let what = if is_implied(trees, node) { What::ConstraintImplied(keyword) } else { what };
    node.push(trees, out, keyword, what);
}

pub(super) fn numbers(trees: &Trees, node: &Node<'_>, out: &mut Out) {
    for keyword in LOWER {
        bound(trees, node, out, keyword, 1.0);
    }
    for keyword in UPPER {
        bound(trees, node, out, keyword, -1.0);
    }
    let (old, new) = (node.old.bound("multipleOf"), node.new.bound("multipleOf"));
    if old != new {
        let (from, to) = (words(old), words(new));
        match new {
            Some(new) if old.is_none_or(|old| (old / new).fract() != 0.0) => {
                push_tightened(trees, node, out, "multipleOf", What::BoundTightened("multipleOf", from, to));
            }
            _ => node.push(trees, out, "multipleOf", What::BoundLoosened("multipleOf", from, to)),
        }
    }
    let unique = |schema: &Schema| schema.keyword("uniqueItems").and_then(|k| trees.view(&k.value).as_bool());
    match (unique(node.old).unwrap_or(false), unique(node.new).unwrap_or(false)) {
        (false, true) => {
            let what = What::BoundTightened("uniqueItems", "false".into(), "true".into());
            push_tightened(trees, node, out, "uniqueItems", what);
        }
        (true, false) => {
            node.push(trees, out, "uniqueItems", What::BoundLoosened("uniqueItems", "true".into(), "false".into()));
        }
        _ => {}
    }
}

/// One bound; `inward` is the sign of the direction in which it is tighter. An exclusive bound is a little tighter
/// than the same inclusive one.
fn bound(trees: &Trees, node: &Node<'_>, out: &mut Out, keyword: &'static str, inward: f64) {
    let strict = match keyword {
        "minimum" => "exclusiveMinimum",
        "maximum" => "exclusiveMaximum",
        _ => "",
    };
    let read = |schema: &Schema| {
        let is_strict = schema.keyword(strict).and_then(|k| trees.view(&k.value).as_bool()) == Some(true);
        let bound = schema.bound(keyword)?;
        // Of integers the next one is the bound: more than 3 is at least 4.
        let steps = is_strict && bound.fract() == 0.0 && schema.type_name() == Some("integer");
        Some(if steps { (bound + inward, false) } else { (bound, is_strict) })
    };
    let (old, new) = (read(node.old), read(node.new));
    if old == new {
        return;
    }
    let (from, to) = (words(old.map(|old| old.0)), words(new.map(|new| new.0)));
    let is_tighter = match (old, new) {
        // Nothing is shorter than nothing.
        (None, Some((value, _))) => value != 0.0 || inward < 0.0 || keyword == "minimum",
        (_, None) => false,
        (Some((old, was_strict)), Some((new, is_strict))) => {
            let step = (new - old) * inward;
            step > 0.0 || (step == 0.0 && is_strict && !was_strict)
        }
    };
    let shown = if node.new.keyword(keyword).is_some() { keyword } else { strict };
    if is_tighter && keyword == "maxLength" && node.path == "metadata.name" {
        node.push(trees, out, keyword, What::NameLimitTightened(from, to));
    } else if is_tighter {
        push_tightened(trees, node, out, keyword, What::BoundTightened(keyword, from, to));
    } else {
        node.push(trees, out, shown, What::BoundLoosened(keyword, from, to));
    }
}

fn words(bound: Option<f64>) -> Box<str> {
    bound.map_or_else(|| "none".into(), |bound| bound.to_string().into())
}

pub(super) fn pattern(trees: &Trees, node: &Node<'_>, out: &mut Out) {
    let (old, new) = (written(trees, node.old, "pattern"), written(trees, node.new, "pattern"));
    match (old, new) {
        (None, Some(new)) => push_tightened(trees, node, out, "pattern", What::PatternAdded(new)),
        (Some(old), Some(new)) => push_tightened(trees, node, out, "pattern", What::PatternChanged(old, new)),
        _ => node.push(trees, out, "pattern", What::PatternRemoved),
    }
}

pub(super) fn format(trees: &Trees, node: &Node<'_>, out: &mut Out) {
    let (old, new) = (written(trees, node.old, "format"), written(trees, node.new, "format"));
    let or_none = |format: &Option<Box<str>>| format.clone().unwrap_or_else(|| "none".into());
    let (from, to) = (or_none(&old), or_none(&new));
    if new.is_some_and(|new| is_checked_format(&new)) {
        push_tightened(trees, node, out, "format", What::FormatTightened(from, to));
    } else {
        node.push(trees, out, "format", What::FormatLoosened(from, to));
    }
}

fn written(trees: &Trees, schema: &Schema, keyword: &str) -> Option<Box<str>> {
    schema.keyword(keyword).map(|keyword| trees.view(&keyword.value).written().as_ref().into())
}

/// CEL rules, by the expression: a rewritten one is gone and new at the same node.
pub(super) fn rules(trees: &Trees, node: &Node<'_>, out: &mut Out, old: Option<&Value>, new: Option<&Value>) {
    let read = |value: Option<&Value>| -> Vec<String> {
        let items = value.map(|value| trees.view(value)).into_iter().flat_map(|list| list.items());
        let rules = items.filter_map(|item| item.str_at(["rule"]));
        rules.map(|rule| rule.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    let (old, new) = (read(old), read(new));
    let keyword = "x-kubernetes-validations";
    let mut silent = true;
    for rule in new.iter().filter(|rule| !old.contains(rule)) {
        silent = false;
        let rule: Box<str> = rule.as_str().into();
        let looks_back = rule.contains("oldSelf");
        match looks_back {
            true => node.push(trees, out, keyword, What::CelTransitionAdded(rule)),
            false if node.new.holds_others() => node.push(trees, out, keyword, What::CelRuleAdded(rule)),
            false => push_tightened(trees, node, out, keyword, What::CelValueRuleAdded(rule)),
        }
    }
    for rule in old.iter().filter(|rule| !new.contains(rule)) {
        silent = false;
        node.push(trees, out, keyword, What::CelRuleRemoved(rule.as_str().into()));
    }
    if silent {
        // The message, or the order: no other value is refused.
        node.push(trees, out, keyword, What::DescriptionChanged);
    }
}

pub(super) fn combiner(
    trees: &Trees,
    node: &Node<'_>,
    out: &mut Out,
    name: &str,
    old: Option<&Value>,
    new: Option<&Value>,
) {
    let Some(name) = ["allOf", "anyOf", "oneOf", "not"].into_iter().find(|known| *known == name) else { return };
    let heard = |value: &&Value| !is_enums_only(trees, name, value) && !is_int_or_string(trees, name, value);
    let (old, new) = (old.filter(heard), new.filter(heard));
    if equal(trees, old, new) {
        return;
    }
    let branches = |value: Option<&Value>| -> Vec<Json> {
        let view = value.map(|value| trees.view(value));
        let items = view.into_iter().flat_map(|view| view.items());
        items.map(|item| without_words(item.to_json())).collect()
    };
    let (was, is) = (branches(old), branches(new));
    let count = |among: &[Json], branch: &Json| among.iter().filter(|other| is_same_data(other, branch)).count();
    // A branch that stands twice matters to `oneOf` alone: what fits it fits two.
    let lacks = |mine: &[Json], others: &[Json]| match name {
        "oneOf" => mine.iter().any(|branch| count(others, branch) < count(mine, branch)),
        _ => mine.iter().any(|branch| count(others, branch) == 0),
    };
    let (gone, joined) = (lacks(&was, &is), lacks(&is, &was));
    let what = match (name, old.is_some(), new.is_some()) {
        (_, _, false) => What::CombinerRelaxed(name),
        ("not", ..) | ("anyOf" | "oneOf", false, _) => What::CombinerTightened(name),
        ("allOf", ..) if joined => What::CombinerTightened(name),
        ("anyOf" | "oneOf", ..) if gone => What::CombinerTightened(name),
        ("oneOf", ..) if joined => What::CombinerBranchAdded(name),
        _ if gone || joined => What::CombinerRelaxed(name),
        _ => What::DescriptionChanged,
    };
    node.push(trees, out, name, what);
}

/// A schema without what only people read.
fn without_words(mut schema: Json) -> Json {
    match &mut schema {
        Json::Object(map) => {
            map.retain(|key, value| !(matches!(&**key, "description" | "title") && value.is_string()));
            map.values_mut().for_each(|value| *value = without_words(value.take()));
        }
        Json::Array(items) => items.iter_mut().for_each(|item| *item = without_words(item.take())),
        _ => {}
    }
    schema
}

/// `allOf: [{enum: …}, …]`, which [`enums`] compares as one enum.
fn is_enums_only(trees: &Trees, name: &str, value: &Value) -> bool {
    let only = |item: crate::model::View<'_>| item.fields().all(|field| field.name() == "enum");
    name == "allOf" && trees.view(value).items().all(only)
}

/// `anyOf: [{type: integer}, {type: string}]`, which goes with `x-kubernetes-int-or-string` and says nothing more.
fn is_int_or_string(trees: &Trees, name: &str, value: &Value) -> bool {
    let mut types: Vec<&str> = trees.view(value).items().filter_map(|item| item.str_at(["type"])).collect();
    types.sort_unstable();
    name == "anyOf" && types == ["integer", "string"]
}
