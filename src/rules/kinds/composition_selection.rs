//! The kind `composition-selection`: which Composition a claim or composite resource gets, where a change moves that.
//!
//! Never: an instance that names its Composition; nothing but that name counts for it.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::api::{Definition, Flavor};
use crate::base::Side;
use crate::compare::{ApiChange, What};
use crate::model::{CompositionTarget, Object, Trees, View};
use crate::rules::{Check, Facts, Hit, Label, ObjectName, Sink};
use crate::world::{DefinedApi, ObjectAt, World};

pub(super) const KIND: CheckKind = CheckKind {
    name: "composition-selection",
    about: "a change of which Composition Crossplane chooses",
    params: &[ParamDesc {
        name: "fault",
        takes: Takes::OneOf(&["ambiguous", "labels", "orphaned"]),
        need: Need::Required,
        about: "`ambiguous`: several fit and nothing chooses; `labels`: a selector does not match what it matched; \
                `orphaned`: the version that Compositions are for moves, and one stays behind",
    }],
    facts: &[
        ("last-match", "no other Composition matches the selector"),
        ("added", "the change adds a Composition that fits too"),
    ],
    words: &[
        ("name", "the Composition's name"),
        ("kind", "the kind of the composite resource"),
        ("version", "the version that Compositions are for"),
        ("old", "the version that they were for"),
        ("labels", "the labels that a selector asks for"),
        ("instance", "an instance that is hit"),
        ("others", "the Compositions that fit"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::Change(Box::new(match params.text("fault") {
        "ambiguous" => ambiguous,
        "labels" => labels,
        _ => orphaned,
    })))
}

fn compositions(world: &World) -> impl Iterator<Item = (ObjectAt, &Object)> {
    world.objects().filter(|(_, object)| object.is("apiextensions.crossplane.io", "Composition"))
}

/// The hit of an object, with every word that a rule may name.
fn hit(at: crate::base::Span, object: &Object, words: [(&'static str, String); 6]) -> Hit {
    let mut hit = Hit::at(at).word("name", &*object.key.name);
    hit.words.extend(words);
    hit.object = Some(ObjectName::of(object));
    hit
}

/// A field of an instance about its Composition: flat in `spec`, or in `spec.crossplane`.
fn wanted<'t>(instance: View<'t>, name: &str) -> Option<View<'t>> {
    instance.path(["spec", name]).or_else(|| instance.path(["spec", "crossplane", name]))
}

/// The labels that a selector asks for.
fn asked(selector: View<'_>) -> Vec<(String, String)> {
    let labels = selector.get("matchLabels").into_iter().flat_map(|labels| labels.fields());
    labels.map(|label| (label.name().to_owned(), label.value.written().into_owned())).collect()
}

fn has(composition: View<'_>, labels: &[(String, String)]) -> bool {
    let mine = composition.path(["metadata", "labels"]);
    labels.iter().all(|(name, value)| {
        mine.and_then(|mine| mine.get(name)).is_some_and(|label| label.written() == value.as_str())
    })
}

fn is_for(composition: View<'_>, definition: &Definition) -> bool {
    CompositionTarget::of(composition).is_some_and(|target| {
        *definition.group == *target.group && definition.kinds.first().is_some_and(|kind| **kind == *target.kind)
    })
}

fn labels(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    let trees = facts.trees;
    for (at, object) in compositions(facts.head) {
        let Some(was) = facts.changes.base_of(at).map(|at| base.object(at)) else { continue };
        let (old, new) = (was.view(trees), object.view(trees));
        if was.value.is_same(&object.value) || asked_labels(old) == asked_labels(new) {
            continue;
        }
        let defined = facts.head.definitions.iter().find(|defined| is_for(new, &defined.definition));
        let Some(definition) = defined.map(|defined| &*defined.definition) else { continue };
        for (instance_at, instance) in instances(facts.head, definition) {
            let view = instance.view(trees);
            let selectors = ["compositionSelector", "compositionRevisionSelector"].map(|name| wanted(view, name));
            for (row, selector) in selectors.into_iter().enumerate() {
                let Some(selector) = selector else { continue };
                let labels = asked(selector);
                if labels.is_empty() || !has(old, &labels) || has(new, &labels) {
                    continue;
                }
                let mut others = compositions(facts.head).map(|(_, other)| other.view(trees));
                let is_last = row == 0 && !others.any(|other| is_for(other, definition) && has(other, &labels));
                let shown: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
                let place = new.get("metadata").map_or_else(
                    || object.place(trees),
                    |metadata| {
                        metadata.field("labels").map_or_else(|| object.place(trees), |labels| labels.key_place())
                    },
                );
                let words = [
                    ("kind", definition.kind.to_string()),
                    ("version", String::new()),
                    ("old", String::new()),
                    ("labels", shown.join(", ")),
                    ("instance", instance.key.title()),
                    ("others", String::new()),
                ];
                let mut hit = hit(place, object, words).mark(shown.join(","));
                hit.build = Some(at.build);
                if is_last {
                    hit.facts.push("last-match");
                }
                let says = format!("asked for by {}", facts.head.object(instance_at).key.title());
                hit.related.push(Label { at: selector.place(), side: Side::Head, says });
                sink.report(hit);
            }
        }
    }
}

fn asked_labels(composition: View<'_>) -> Option<serde_json::Value> {
    composition.path(["metadata", "labels"]).map(|labels| labels.to_json())
}

fn instances<'w>(world: &'w World, definition: &'w Definition) -> impl Iterator<Item = (ObjectAt, &'w Object)> {
    world.objects().filter(|(_, object)| definition.has_instances(&object.key.group, &object.key.kind))
}

/// The Compositions that an instance may get at random: more than one fits, and neither it nor its API chooses.
fn candidates<'w>(
    trees: &Trees,
    world: &'w World,
    known: &[(ObjectAt, &'w Object)],
    defined: &DefinedApi,
) -> Vec<(ObjectAt, &'w Object)> {
    let definition = world.object(defined.from).view(trees);
    let is_set = |name: &str| definition.path(["spec", name, "name"]).is_some();
    if is_set("enforcedCompositionRef") || is_set("defaultCompositionRef") {
        return Vec::new();
    }
    let version = defined.definition.versions.iter().find(|version| version.stored).map(|version| &*version.name);
    let mut found: Vec<(ObjectAt, &Object)> = Vec::new();
    for (at, object) in known.iter().copied() {
        let view = object.view(trees);
        let fits = is_for(view, &defined.definition)
            && CompositionTarget::of(view).map(|target| target.version) == version
            && found.iter().all(|(_, other)| other.key != object.key);
        if fits {
            found.push((at, object));
        }
    }
    found
}

fn ambiguous(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    let trees = facts.trees;
    let known: Vec<(ObjectAt, &Object)> = compositions(facts.head).collect();
    let before: Vec<(ObjectAt, &Object)> = compositions(base).collect();
    for (row, defined) in facts.head.definitions.iter().enumerate() {
        if known.len() < 2 || defined.definition.flavor != Flavor::Xrd {
            continue;
        }
        let found = candidates(trees, facts.head, &known, defined);
        if found.len() < 2 {
            continue;
        }
        let left_open = |object: &Object| {
            let view = object.view(trees);
            wanted(view, "compositionRef").is_none() && wanted(view, "compositionSelector").is_none()
        };
        let mut open = instances(facts.head, &defined.definition).filter(|(_, object)| left_open(object));
        let Some((instance_at, instance)) = open.next() else { continue };
        let pair = facts.changes.definitions.iter().find(|pair| pair.1 == Some(row));
        let was = pair.and_then(|pair| pair.0).map(|row| candidates(trees, base, &before, &base.definitions[row]));
        let was_open = |at: ObjectAt| facts.changes.base_of(at).is_some_and(|was| left_open(base.object(was)));
        if was.as_ref().is_some_and(|was| was.len() > 1) && was_open(instance_at) {
            continue;
        }
        let new = found.iter().find(|(at, _)| facts.changes.base_of(*at).is_none());
        let names: Vec<String> = found.iter().map(|(_, object)| format!("`{}`", object.key.name)).collect();
        let (at, object) = new.copied().unwrap_or((defined.from, facts.head.object(defined.from)));
        let words = [
            ("kind", defined.definition.kind.to_string()),
            ("version", String::new()),
            ("old", String::new()),
            ("labels", String::new()),
            ("instance", instance.key.title()),
            ("others", names.join(", ")),
        ];
        let mut hit = hit(object.place(trees), object, words);
        hit.build = Some(at.build);
        if new.is_some() {
            hit.facts.push("added");
        }
        hit.related.push(Label { at: instance.place(trees), side: Side::Head, says: "chooses none".into() });
        sink.report(hit);
    }
}

/// Compositions are found by the exact text of their type: those of the version that was referenceable are not any more.
fn orphaned(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    let moved = |change: &&ApiChange| change.what == What::StorageMoved;
    for change in facts.changes.apis().filter(moved) {
        let (Some(was), Some(is)) = change.definition else { continue };
        let (was, is) = (&base.definitions[was].definition, &facts.head.definitions[is].definition);
        let old = was.versions.iter().find(|version| version.stored).map(|version| &*version.name);
        let (Some(old), Some(new)) = (old, change.version.as_deref()) else { continue };
        if is.flavor != Flavor::Xrd || old == new {
            continue;
        }
        let mine: Vec<(ObjectAt, &Object)> =
            compositions(facts.head).filter(|(_, object)| is_for(object.view(facts.trees), is)).collect();
        let version =
            |object: &Object| CompositionTarget::of(object.view(facts.trees)).map(|target| target.version.to_owned());
        if mine.iter().any(|(_, object)| version(object).as_deref() == Some(new)) {
            continue;
        }
        for (at, object) in mine.iter().filter(|(_, object)| version(object).as_deref() == Some(old)) {
            let target = object.view(facts.trees).path(["spec", "compositeTypeRef", "apiVersion"]);
            let place = target.map_or_else(|| object.place(facts.trees), |target| target.place());
            let words = [
                ("kind", is.kinds.first().map(ToString::to_string).unwrap_or_default()),
                ("version", new.to_owned()),
                ("old", old.to_owned()),
                ("labels", String::new()),
                ("instance", String::new()),
                ("others", String::new()),
            ];
            let mut hit = hit(place, object, words);
            hit.build = Some(at.build);
            hit.related.push(Label {
                at: change.at,
                side: Side::Head,
                says: "the version that they are for now".into(),
            });
            sink.report(hit);
        }
    }
}
