//! Versions that are announced to go: with a date, in time, for something better.
//!
//! Never: an object that is marked as a whole; `sunset` is about those.

use std::collections::BTreeMap;

use super::{of_object, of_version};
use crate::api::Version;
use crate::base::{Date, Side, Span};
use crate::compare::{ApiChange, What};
use crate::model::{Trees, View};
use crate::rules::{Facts, Hit, Label, Sink};
use crate::world::{DefinedApi, Sunset, World, version_of};

/// The served versions of a world that are marked as deprecated, each with its mark.
fn deprecated<'w>(trees: &'w Trees, world: &'w World) -> impl Iterator<Item = (&'w DefinedApi, &'w Version, Span)> {
    world.definitions.iter().flat_map(move |defined| {
        let view = world.object(defined.from).view(trees);
        let served = defined.definition.versions.iter().filter(|version| version.served && version.deprecated);
        served.map(move |version| {
            let mark = version_of(view, &version.name).and_then(|item| item.field("deprecated"));
            (defined, version, mark.map_or(version.at, |mark| mark.key_place()))
        })
    })
}

fn sunset_of<'w>(trees: &'w Trees, world: &'w World, defined: &DefinedApi, version: &str) -> Option<Sunset<'w>> {
    let view = world.object(defined.from).view(trees);
    world.lifecycle.sunset_of_version(view, version).or_else(|| world.lifecycle.sunset_of(view))
}

pub(super) fn sunset_required(trees: &Trees, world: &World, sink: &mut Sink) {
    for (defined, version, mark) in deprecated(trees, world) {
        if sunset_of(trees, world, defined, &version.name).is_none_or(|sunset| sunset.day.is_none()) {
            let what = format!("has no last day (`{}.{}`)", version.name, world.lifecycle.sunset);
            sink.report(of_version(world, defined, &version.name, mark, what));
        }
    }
}

pub(super) fn sunset_passed(trees: &Trees, world: &World, sink: &mut Sink) {
    for (defined, version, mark) in deprecated(trees, world) {
        let Some(sunset) = sunset_of(trees, world, defined, &version.name) else { continue };
        let Some(day) = sunset.day.filter(|day| *day < world.lifecycle.today) else { continue };
        let what = format!("is served after {day}, its last day");
        let hit = of_version(world, defined, &version.name, version.served_at, what);
        sink.report(hit.related(mark, "deprecated here").related(sunset.at.place(), "its last day"));
    }
}

pub(super) fn replacement_served(trees: &Trees, world: &World, sink: &mut Sink) {
    for (defined, version, mark) in deprecated(trees, world) {
        let is_marked = world.lifecycle.mark_of(world.object(defined.from).view(trees)).is_some();
        let serves_another = defined.definition.versions.iter().any(|other| other.served && !other.deprecated);
        // An API that goes as a whole has its replacement elsewhere.
        if !serves_another && !is_marked {
            let what = "is deprecated, and no other version that is not is served";
            sink.report(of_version(world, defined, &version.name, mark, what));
        }
    }
}

pub(super) fn sunset_too_soon(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    for (old, new) in &facts.changes.definitions {
        let (Some(old), Some(new)) = (*old, *new) else { continue };
        let (was, defined) = (&base.definitions[old], &facts.head.definitions[new]);
        for version in defined.definition.versions.iter().filter(|version| version.deprecated) {
            // Only this change announces it: notice counts from here.
            if was.definition.version(&version.name).is_none_or(|before| before.deprecated) {
                continue;
            }
            let Some(sunset) = sunset_of(facts.trees, facts.head, defined, &version.name) else { continue };
            let notice = facts.head.lifecycle.notice;
            if let Some(day) = sunset.day.filter(|day| *day < facts.today.plus(notice)) {
                let what = format!("goes on {day}, with less than {notice} days of notice");
                sink.report(of_version(facts.head, defined, &version.name, sunset.at.place(), what));
            }
        }
    }
}

/// The dates of an object by what they are the date of: an annotation, or a version.
fn dates<'t>(world: &World, object: View<'t>) -> BTreeMap<String, (Option<Date>, View<'t>)> {
    let key = &world.lifecycle.sunset;
    let mut found = BTreeMap::new();
    let annotations = object.path(["metadata", "annotations"]).into_iter().flat_map(|all| all.fields());
    for field in annotations {
        let name = field.name();
        if name == key
            || name.ends_with(&format!(".{key}"))
            || name.ends_with("/sunset-date")
            || name.ends_with(".sunset-date")
        {
            found.insert(name.to_owned(), (day(field.value), field.value));
        }
    }
    let versions = object.path(["spec", "versions"]).or_else(|| object.path(["spec", "api", "spec", "versions"]));
    for item in versions.into_iter().flat_map(|list| list.items()) {
        let value = item.get("annotations").and_then(|annotations| annotations.get(key));
        if let (Some(name), Some(value)) = (item.get("name"), value) {
            found.insert(format!("{key} of {}", name.written()), (day(value), value));
        }
    }
    found
}

fn day(value: View<'_>) -> Option<Date> {
    value.written().trim().get(..10)?.parse().ok()
}

pub(super) fn sunset_shortened(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    for pair in &facts.changes.objects {
        let (Some(was_at), Some(at)) = (pair.base, pair.head) else { continue };
        let (was, is) = (base.object(was_at), facts.head.object(at));
        if was.value.is_same(&is.value) {
            continue;
        }
        let now = dates(facts.head, is.view(facts.trees));
        for (name, (promised, before)) in dates(base, was.view(facts.trees)) {
            // A day that is past binds nobody any more.
            let Some(promised) = promised.filter(|day| *day >= facts.today) else { continue };
            let Some((Some(day), after)) = now.get(&name) else { continue };
            if *day < promised {
                let what = format!("`{name}` was {promised} and is {day}");
                let mut hit = of_object(facts.head, at, after.place(), what).mark(name);
                hit.related.push(Label { at: before.place(), side: Side::Base, says: "promised here".into() });
                sink.report(hit);
            }
        }
    }
}

pub(super) fn deprecate_before_remove(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    let leaves =
        |change: &&ApiChange| matches!(change.what, What::ApiRemoved | What::VersionRemoved | What::VersionUnserved);
    for change in facts.changes.apis().filter(leaves) {
        let Some(row) = change.definition.0 else { continue };
        let defined = &base.definitions[row];
        let view = base.object(defined.from).view(facts.trees);
        let is_told = |version: &Version| {
            let item = version_of(view, &version.name);
            let warning = item.and_then(|item| item.get("deprecationWarning"));
            let has_warning = warning.is_some_and(|text| !text.written().trim().is_empty());
            version.deprecated && (has_warning || base.lifecycle.has_message(view))
        };
        let versions = &defined.definition.versions;
        let is_announced = match change.version.as_deref() {
            Some(name) => versions.iter().any(|version| *version.name == *name && is_told(version)),
            None => versions.iter().filter(|version| version.served).all(is_told),
        };
        if is_announced || base.lifecycle.mark_of(view).is_some() {
            continue;
        }
        let gone = change.version.as_deref().map_or_else(|| "as a whole".to_owned(), ToOwned::to_owned);
        let hit = of_version(base, defined, &gone, change.at, "leaves without having been deprecated");
        let side = if change.definition.1.is_some() { Side::Head } else { Side::Base };
        let related = change.was.map(|at| Label { at, side: Side::Base, says: "as it was".into() });
        sink.report(Hit { side, related: related.into_iter().collect(), ..hit });
    }
}
