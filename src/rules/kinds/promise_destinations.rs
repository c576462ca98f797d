//! The kind `promise-destinations`: Promises and the destinations that their labels select.
//!
//! Never: destinations of another repository; where this one holds none, nothing is said.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::base::Side;
use crate::impact;
use crate::model::{KRATIX_GROUP, Trees, View, is_selected, promise_selector};
use crate::rules::{Check, Facts, Hit, Label, ObjectName, Sink};
use crate::world::{ObjectAt, World};

pub(super) const KIND: CheckKind = CheckKind {
    name: "promise-destinations",
    about: "Kratix Promises and the Destinations of the repository that they select",
    params: &[ParamDesc {
        name: "fault",
        takes: Takes::OneOf(&["none-selected", "labels-changed"]),
        need: Need::Required,
        about: "a Promise that selects no destination; a destination whose labels change so that Promises leave or join it",
    }],
    facts: &[("deselected", "a Promise does not select it any more")],
    words: &[
        ("name", "the Promise's or the destination's name"),
        ("labels", "the labels that are asked for"),
        ("promises", "the Promises that leave or join it"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(match params.text("fault") {
        "none-selected" => Check::World(Box::new(none_selected)),
        _ => Check::Change(Box::new(labels_changed)),
    })
}

fn promises(world: &World) -> impl Iterator<Item = ObjectAt> {
    world.objects().filter(|(_, object)| object.is(KRATIX_GROUP, "Promise")).map(|(at, _)| at)
}

fn shown(labels: &[(String, String)]) -> String {
    labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ")
}

fn none_selected(trees: &Trees, world: &World, sink: &mut Sink) {
    for at in promises(world) {
        let object = world.object(at);
        let view = object.view(trees);
        let labels = promise_selector(view);
        let mut beside = impact::destinations_beside(world, at);
        let Some(first) = beside.next() else { continue };
        // Without labels every destination is meant.
        if labels.is_empty() || [first].into_iter().chain(beside).any(|(_, d)| is_selected(d.view(trees), &labels)) {
            continue;
        }
        let spec = view.get("spec");
        let field = spec.and_then(|s| s.field("destinationSelectors").or_else(|| s.field("clusterSelector")));
        let place = field.map_or_else(|| object.place(trees), |field| field.key_place());
        let mut hit = Hit::at(place)
            .word("name", &*object.key.name)
            .word("labels", shown(&labels))
            .word("promises", "")
            .field("/spec/destinationSelectors");
        hit.side = world.side;
        hit.build = Some(at.build);
        hit.object = Some(ObjectName::of(object));
        sink.report(hit.related(first.1.place(trees), "this destination, for one, has other labels"));
    }
}

fn labels_changed(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    for pair in &facts.changes.objects {
        let (Some(was_at), Some(at)) = (pair.base, pair.head) else { continue };
        let (was, is) = (base.object(was_at), facts.head.object(at));
        if !is.is(KRATIX_GROUP, "Destination") || was.value.is_same(&is.value) {
            continue;
        }
        let (old, new) = (was.view(facts.trees), is.view(facts.trees));
        let (mut left, mut joined, mut asked) = (Vec::new(), Vec::new(), String::new());
        for promise in promises(facts.head) {
            if !impact::destinations_beside(facts.head, promise).any(|(beside, _)| beside == at) {
                continue;
            }
            let promise = facts.head.object(promise);
            let labels = promise_selector(promise.view(facts.trees));
            let moved = match (is_selected(old, &labels), is_selected(new, &labels)) {
                (true, false) => &mut left,
                (false, true) => &mut joined,
                _ => continue,
            };
            moved.push(format!("`{}`", promise.key.name));
            asked = shown(&labels);
        }
        let Some(words) = words(&mut left, &mut joined) else { continue };
        let (place, before) = (labels_place(new), labels_place(old));
        let mut hit = Hit::at(place)
            .word("name", &*is.key.name)
            .word("labels", asked)
            .word("promises", words)
            .field("/metadata/labels");
        hit.object = Some(ObjectName::of(is));
        hit.build = Some(at.build);
        hit.related.push(Label { at: before, side: Side::Base, says: "as it was".into() });
        if !left.is_empty() {
            hit.facts.push("deselected");
        }
        sink.report(hit);
    }
}

fn labels_place(object: View<'_>) -> crate::base::Span {
    let metadata = object.get("metadata");
    let field = metadata.and_then(|metadata| metadata.field("labels")).or_else(|| object.field("metadata"));
    field.map_or_else(|| object.get("kind").unwrap_or(object).place(), |field| field.key_place())
}

/// "`a`, `b` leave it; `c` joins it".
fn words(left: &mut Vec<String>, joined: &mut Vec<String>) -> Option<String> {
    let part = |names: &mut Vec<String>, one: &str, many: &str| {
        names.sort();
        names.dedup();
        let verb = if names.len() == 1 { one } else { many };
        (!names.is_empty()).then(|| format!("{} {verb} it", names.join(", ")))
    };
    let parts: Vec<String> =
        [part(left, "leaves", "leave"), part(joined, "joins", "join")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}
