//! The kind `sunset`: APIs and their versions that leave before the day that was promised, or without any.
//!
//! Never: the clock; the day of the run is a fact.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::base::{Date, Side, Span};
use crate::compare::{ApiChange, What};
use crate::model::{Object, Trees, View};
use crate::rules::{Check, Facts, Hit, Label, ObjectName, Sink};

pub(super) const KIND: CheckKind = CheckKind {
    name: "sunset",
    about: "a deprecated API, by the annotations `deprecated`, `deprecation.message` and `sunset.date`",
    params: &[ParamDesc {
        name: "fault",
        takes: Takes::OneOf(&["missing", "removed-before"]),
        need: Need::Required,
        about: "`missing`: deprecated without a message or a day; `removed-before`: gone before the day",
    }],
    facts: &[],
    words: &[
        ("kind", "the object's kind, or the kind people write"),
        ("name", "its name, or the version that is gone"),
        ("date", "the day"),
        ("missing", "what is missing"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(match params.text("fault") {
        "missing" => Check::Value(Box::new(missing)),
        _ => Check::Change(Box::new(removed)),
    })
}

/// Kinds that define an API or a way to fulfil one.
const KINDS: [(&str, &str); 5] = [
    ("apiextensions.crossplane.io", "CompositeResourceDefinition"),
    ("apiextensions.crossplane.io", "Composition"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("kro.run", "ResourceGraphDefinition"),
    ("platform.kratix.io", "Promise"),
];

fn missing(trees: &Trees, object: &Object, sink: &mut Sink) {
    if !KINDS.iter().any(|(group, kind)| object.is(group, kind)) {
        return;
    }
    let Some(annotations) = object.view(trees).path(["metadata", "annotations"]) else { return };
    let Some(mark) = annotations.field("deprecated").filter(|mark| mark.value.written() == "true") else { return };
    let has = |name: &str| annotations.get(name).is_some_and(|value| !value.written().trim().is_empty());
    let mut lacking = Vec::new();
    if !has("deprecation.message") {
        lacking.push("`deprecation.message`");
    }
    let mut dates = annotations.fields().filter(|field| is_date_key(field.name()));
    if !dates.any(|field| Date::of_text(&field.value.written()).is_some()) {
        lacking.push("a `sunset.date` such as 2027-01-31");
    }
    if lacking.is_empty() {
        return;
    }
    let hit = Hit::at(mark.key_place())
        .word("kind", &*object.key.kind)
        .word("name", &*object.key.name)
        .word("date", "")
        .word("missing", lacking.join(" and "))
        .field("/metadata/annotations/deprecated");
    sink.report(hit);
}

fn is_date_key(name: &str) -> bool {
    name == "sunset.date" || name.ends_with(".sunset.date") || name.ends_with("/sunset-date")
}

fn removed(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    let leaves =
        |change: &&ApiChange| matches!(change.what, What::ApiRemoved | What::VersionRemoved | What::VersionUnserved);
    for change in facts.changes.apis().filter(leaves) {
        let Some(row) = change.definition.0 else { continue };
        let defined = &base.definitions[row];
        let object = base.object(defined.from);
        let Some((date, at)) = sunset(object.view(facts.trees), change.version.as_deref()) else { continue };
        if date <= facts.today {
            continue;
        }
        let gone = change.version.as_deref().map_or_else(|| "the API".to_owned(), |name| format!("version {name}"));
        let mut hit = Hit::at(change.at)
            .word("kind", &*defined.definition.kind)
            .word("name", gone)
            .word("date", date.to_string())
            .word("missing", "")
            .mark(change.version.as_deref().unwrap_or_default());
        hit.side = if change.definition.1.is_some() { Side::Head } else { Side::Base };
        hit.object = Some(ObjectName::of(object));
        hit.related.push(Label { at, side: Side::Base, says: "promised here".into() });
        sink.report(hit);
    }
}

/// The day of a version (`v1.sunset.date`, or the version's own `annotations`), else that of the whole object.
fn sunset(object: View<'_>, version: Option<&str>) -> Option<(Date, Span)> {
    let read = |value: View<'_>| Some((Date::of_text(&value.written())?, value.place()));
    let of_object = object.path(["metadata", "annotations"]);
    if let Some(name) = version {
        let versions = object.path(["spec", "versions"]).or_else(|| object.path(["spec", "api", "spec", "versions"]));
        let own = versions.into_iter().flat_map(|list| list.items()).find(|item| item.str_at(["name"]) == Some(name));
        let inner = own.and_then(|own| own.get("annotations")?.get("sunset.date"));
        let prefixed = of_object.and_then(|annotations| annotations.get(&format!("{name}.sunset.date")));
        if let Some(value) = inner.or(prefixed) {
            return read(value);
        }
    }
    let mut fields = of_object.into_iter().flat_map(|annotations| annotations.fields());
    fields
        .find(|field| field.name() == "sunset.date" || field.name().ends_with("/sunset-date"))
        .and_then(|f| read(f.value))
}
