//! The kind `graph-verdict`: what kro itself makes of a changed schema, by the comparison that it runs.
//!
//! Never: whether the change is good for instances; that is `schema-change`.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::api::{Flavor, Schema};
use crate::base::{Side, Span};
use crate::compare::{ApiChange, What};
use crate::model::Object;
use crate::rules::{Check, Facts, Hit, Label, ObjectName, Sink};

/// How many changes of a finding are named.
const NAMED: usize = 5;

pub(super) const KIND: CheckKind = CheckKind {
    name: "graph-verdict",
    about: "what kro makes of a changed schema of a ResourceGraphDefinition",
    params: &[ParamDesc {
        name: "verdict",
        takes: Takes::OneOf(&["blocked", "silent"]),
        need: Need::Required,
        about: "`blocked`: it refuses to update the CRD; `silent`: it sees no change, and leaves the CRD as it is",
    }],
    facts: &[],
    words: &[("kind", "the kind of the instances"), ("name", "the graph's name"), ("changes", "the changes, in words")],
    build,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Breaking, by kro's comparison.
    Blocked,
    /// Seen and taken.
    Taken,
    /// Not looked at.
    Unseen,
}

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let wanted = if params.text("verdict") == "blocked" { Verdict::Blocked } else { Verdict::Unseen };
    Ok(Check::Change(Box::new(move |facts, sink| report(wanted, facts, sink))))
}

fn report(wanted: Verdict, facts: &Facts<'_>, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    let mut seen: Vec<Span> = Vec::new();
    for (old, new) in &facts.changes.definitions {
        let (Some(old), Some(new)) = (*old, *new) else { continue };
        let (was, is) = (&base.definitions[old], &facts.head.definitions[new]);
        // One graph that several builds bring is one finding.
        if is.definition.flavor != Flavor::Rgd || seen.contains(&is.definition.at) {
            continue;
        }
        seen.push(is.definition.at);
        let rows = (Some(old), Some(new));
        let changes: Vec<(&ApiChange, Verdict)> = facts
            .changes
            .apis()
            .filter(|change| change.definition == rows && change.version.is_some())
            .filter_map(|change| {
                let version = was.definition.version(change.version.as_deref()?)?;
                Some((change, verdict(change, version.schema(facts.trees)?)?))
            })
            .collect();
        let (before, after) = (base.object(was.from), facts.head.object(is.from));
        let of = |verdict| changes.iter().filter(move |(_, found)| *found == verdict).map(|(change, _)| *change);
        let speaks = match wanted {
            Verdict::Blocked => !is_allowed(facts, after),
            _ => !changes.iter().any(|(_, found)| *found != Verdict::Unseen) && !renames(facts, before, after),
        };
        let told: Vec<&ApiChange> = of(wanted).collect();
        if !speaks || told.is_empty() {
            continue;
        }
        let mut hit = Hit::at(told[0].at)
            .word("kind", &*is.definition.kind)
            .word("name", &*after.key.name)
            .word("changes", words(&told))
            .mark("schema");
        hit.object = Some(ObjectName::of(after));
        hit.build = Some(is.from.build);
        hit.related.extend(told[0].was.map(|at| Label { at, side: Side::Base, says: "as it was".into() }));
        for change in told.iter().skip(1).take(NAMED) {
            hit = hit.related(change.at, format!("`{}`: {}", change.path, change.what.name().replace('-', " ")));
        }
        sink.report(hit);
    }
}

/// "`spec.size` (type changed), `spec.name` (pattern added) and 3 more".
fn words(changes: &[&ApiChange]) -> String {
    let word = |change: &&ApiChange| format!("`{}` ({})", change.path, change.what.name().replace('-', " "));
    let named: Vec<String> = changes.iter().take(NAMED).map(word).collect();
    let more = match changes.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", named.join(", "))
}

/// Whether the graph carries the annotation under which kro takes every change.
fn is_allowed(facts: &Facts<'_>, graph: &Object) -> bool {
    let value = graph.view(facts.trees).path(["metadata", "annotations", "kro.run/allow-breaking-changes"]);
    value.is_some_and(|value| value.written() == "true")
}

/// Whether the names of the CRD differ: kro then updates all of it.
fn renames(facts: &Facts<'_>, was: &Object, is: &Object) -> bool {
    let of = |object: &Object, name| object.view(facts.trees).path(["spec", "schema", name]).map(|v| v.to_json());
    ["shortNames", "categories"].into_iter().any(|name| of(was, name) != of(is, name))
}

/// What kro's comparison says of one difference; `None` for what is no difference of the CRD's schema.
fn verdict(change: &ApiChange, old: &Schema) -> Option<Verdict> {
    // It looks into properties and items, and never into the values of a map.
    if is_below_map(&change.path, old) {
        return Some(Verdict::Unseen);
    }
    let bound = |keyword: &str, verdict| match keyword {
        "minimum" | "maximum" | "minLength" | "maxLength" | "minItems" | "maxItems" => verdict,
        _ => Verdict::Unseen,
    };
    Some(match &change.what {
        What::PropertyRemoved
        | What::PropertyRenamed(_)
        | What::PropertyBecameUntyped
        | What::RequiredPropertyAdded
        | What::RequiredAdded
        | What::RequiredAddedWithDefault
        | What::RequiredDefaultRemoved
        | What::TypeChanged(..)
        | What::TypeWidened(..)
        | What::EnumValueRemoved(_)
        | What::PatternAdded(_)
        | What::PatternChanged(..)
        | What::ConstraintImplied("pattern") => Verdict::Blocked,
        What::BoundTightened(keyword, ..) | What::ConstraintImplied(keyword) => bound(keyword, Verdict::Blocked),
        What::BoundLoosened(keyword, ..) => bound(keyword, Verdict::Taken),
        What::PropertyAdded
        | What::RequiredRemoved
        | What::EnumValueAdded(_)
        | What::PatternRemoved
        | What::DefaultAdded(_)
        | What::DefaultChanged(..)
        | What::DefaultRemoved(_)
        | What::DescriptionChanged => Verdict::Taken,
        What::EnumConstraintAdded(_)
        | What::EnumConstraintRemoved
        | What::IntOrStringNarrowed(_)
        | What::FormatTightened(..)
        | What::FormatLoosened(..)
        | What::NullableAdded
        | What::NullableRemoved
        | What::AdditionalPropertiesTightened
        | What::AdditionalPropertiesLoosened
        | What::PreserveUnknownAdded
        | What::PreserveUnknownRemoved
        | What::EmbeddedResourceChanged
        | What::ListTypeChanged(..)
        | What::ListMapKeysChanged
        | What::MapTypeChanged(..)
        | What::CombinerTightened(_)
        | What::CombinerBranchAdded(_)
        | What::CombinerRelaxed(_)
        | What::CelRuleAdded(_)
        | What::CelValueRuleAdded(_)
        | What::CelTransitionAdded(_)
        | What::CelRuleRemoved(_)
        | What::Unclassified(_) => Verdict::Unseen,
        _ => return None,
    })
}

fn is_below_map(path: &str, schema: &Schema) -> bool {
    let mut at = schema;
    for part in path.split('.') {
        let name = part.trim_end_matches("[*]");
        let Some(property) = at.property(name) else { return false };
        at = property;
        for _ in 0..(part.len() - name.len()) / "[*]".len() {
            match (&at.items, &at.values) {
                (Some(items), _) => at = items,
                (None, Some(_)) => return true,
                (None, None) => return false,
            }
        }
    }
    false
}
