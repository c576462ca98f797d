//! The kind `sunset`: APIs and their versions that leave before the day that was promised, or without any.
//!
//! Never: the clock; the day of the run is a fact.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::base::Side;
use crate::compare::{ApiChange, What};
use crate::model::{Object, Trees};
use crate::rules::{Check, Facts, Hit, Label, ObjectName, Sink, Subject};

pub(super) const KIND: CheckKind = CheckKind {
    name: "sunset",
    about: "a deprecated API, by the annotations that the configuration names (`deprecated`, `deprecation.message`, `sunset.date`)",
    params: &[ParamDesc {
        name: "fault",
        takes: Takes::OneOf(&["missing", "passed", "removed-before"]),
        need: Need::Required,
        about: "`missing`: deprecated without a message or a day that is far enough; `passed`: still there after the day; `removed-before`: gone before it",
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
        "missing" => Check::ObjectAndChange(Box::new(missing), Box::new(soon)),
        "passed" => Check::Object(Box::new(passed)),
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

fn is_definition(object: &Object) -> bool {
    KINDS.iter().any(|(group, kind)| object.is(group, kind))
}

fn hit(object: &Object, at: crate::base::Span, date: impl Into<String>, missing: impl Into<String>) -> Hit {
    Hit::at(at)
        .word("kind", &*object.key.kind)
        .word("name", &*object.key.name)
        .word("date", date)
        .word("missing", missing)
}

const MARK: &str = "/metadata/annotations/deprecated";

fn missing(trees: &Trees, subject: &Subject<'_>, sink: &mut Sink) {
    let (object, lifecycle) = (subject.object, &subject.world.lifecycle);
    if !is_definition(object) {
        return;
    }
    let view = object.view(trees);
    let Some(mark) = lifecycle.mark_of(view) else { return };
    let mut lacking = Vec::new();
    if !lifecycle.has_message(view) {
        lacking.push(format!("`{}`", lifecycle.message));
    }
    // A day of a single version says when that one goes.
    let of_version = || {
        let annotations = view.path(["metadata", "annotations"]).into_iter().flat_map(|all| all.fields());
        let ends = [format!(".{}", lifecycle.sunset), ".sunset-date".to_owned()];
        annotations.filter(|f| ends.iter().any(|end| f.name().ends_with(end))).any(|f| is_day(&f.value.written()))
    };
    if lifecycle.sunset_of(view).is_none_or(|sunset| sunset.day.is_none()) && !of_version() {
        lacking.push(format!("a `{}` such as 2027-01-31", lifecycle.sunset));
    }
    if !lacking.is_empty() {
        sink.report(hit(object, mark.key_place(), "", lacking.join(" and ")).field(MARK));
    }
}

fn is_day(text: &str) -> bool {
    text.trim().get(..10).is_some_and(|day| day.parse::<crate::base::Date>().is_ok())
}

/// Objects that this change marks, with a day that comes too soon.
fn soon(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    for pair in &facts.changes.objects {
        let (Some(was), Some(at)) = (pair.base, pair.head) else { continue };
        let (object, lifecycle) = (facts.head.object(at), &facts.head.lifecycle);
        if !is_definition(object) || lifecycle.mark_of(base.object(was).view(facts.trees)).is_some() {
            continue;
        }
        let view = object.view(facts.trees);
        let (Some(mark), Some(sunset)) = (lifecycle.mark_of(view), lifecycle.sunset_of(view)) else { continue };
        let Some(day) = sunset.day.filter(|day| *day < facts.today.plus(lifecycle.notice)) else { continue };
        let notice = format!("{} days of notice: `{}` is {day}", lifecycle.notice, lifecycle.sunset);
        let mut hit = hit(object, sunset.at.place(), day.to_string(), notice).field(MARK).mark("soon");
        hit = hit.related(mark.key_place(), "deprecated here");
        hit.object = Some(ObjectName::of(object));
        hit.build = Some(at.build);
        sink.report(hit);
    }
}

fn passed(trees: &Trees, subject: &Subject<'_>, sink: &mut Sink) {
    let (object, lifecycle) = (subject.object, &subject.world.lifecycle);
    if !is_definition(object) {
        return;
    }
    let view = object.view(trees);
    let (Some(mark), Some(sunset)) = (lifecycle.mark_of(view), lifecycle.sunset_of(view)) else { return };
    if let Some(day) = sunset.day.filter(|day| *day < lifecycle.today) {
        let hit = hit(object, sunset.at.place(), day.to_string(), "").field("/metadata/annotations/sunset.date");
        sink.report(hit.related(mark.key_place(), "deprecated here"));
    }
}

fn removed(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    let leaves =
        |change: &&ApiChange| matches!(change.what, What::ApiRemoved | What::VersionRemoved | What::VersionUnserved);
    for change in facts.changes.apis().filter(leaves) {
        let Some(row) = change.definition.0 else { continue };
        let defined = &base.definitions[row];
        let object = base.object(defined.from);
        let view = object.view(facts.trees);
        let of_version = change.version.as_deref().and_then(|name| base.lifecycle.sunset_of_version(view, name));
        let Some(sunset) = of_version.or_else(|| base.lifecycle.sunset_of(view)) else { continue };
        let Some(day) = sunset.day.filter(|day| *day > facts.today) else { continue };
        let gone = change.version.as_deref().map_or_else(|| "the API".to_owned(), |name| format!("version {name}"));
        let mut hit = Hit::at(change.at)
            .word("kind", &*defined.definition.kind)
            .word("name", gone)
            .word("date", day.to_string())
            .word("missing", "")
            .mark(change.version.as_deref().unwrap_or_default());
        hit.side = if change.definition.1.is_some() { Side::Head } else { Side::Base };
        hit.object = Some(ObjectName::of(object));
        hit.related.push(Label { at: sunset.at.place(), side: Side::Base, says: "promised here".into() });
        sink.report(hit);
    }
}
