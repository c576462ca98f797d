//! Places to findings: those that the same objects have are one finding, at the first of them.
//!
//! Never: places that count with places that do not.

use std::collections::{BTreeMap, BTreeSet};

use super::place::Place;
use super::settings::Active;
use super::{Facts, Finding, Hit, Label, Node};
use crate::base::{Side, Span};
use crate::model::Trees;
use crate::world::{ObjectAt, World};

/// How many builds of a finding are named.
const NAMED_BUILDS: usize = 5;

/// The findings of these places, in no order.
pub(super) fn findings(active: &[Active<'_>], facts: &Facts<'_>, places: &[&Place]) -> Vec<Finding> {
    let mut groups: BTreeMap<(usize, &BTreeSet<ObjectAt>), Vec<&Place>> = BTreeMap::new();
    let mut together: BTreeMap<(usize, &str), Vec<&Place>> = BTreeMap::new();
    let mut alone: Vec<Vec<&Place>> = Vec::new();
    let mut nodes: BTreeMap<Schema<'_>, Vec<(&Node, &Place)>> = BTreeMap::new();
    for place in places {
        if let Some(word) = &place.hit.together {
            together.entry((place.row, word)).or_default().push(place);
        } else if let Some(node) = place.hit.node.as_ref().filter(|_| place.objects.is_empty()) {
            let object = place.hit.object.as_ref().map(|object| (&*object.kind, &*object.namespace, &*object.name));
            nodes.entry((place.row, place.path.as_str(), object)).or_default().push((node, place));
        } else if place.objects.is_empty() {
            alone.push(vec![place]);
        } else {
            groups.entry((place.row, &place.objects)).or_default().push(place);
        }
    }
    alone.extend(nodes.into_values().flat_map(topmost));
    let groups = groups.into_values().chain(together.into_values()).chain(alone);
    groups.map(|group| finding(active, facts, group)).collect()
}

/// The schema of one object in one file, for one rule.
type Schema<'p> = (usize, &'p str, Option<(&'p str, &'p str, &'p str)>);

/// Places by the topmost node that holds theirs. Several places of one line are told each.
fn topmost<'p>(mut places: Vec<(&'p Node, &'p Place)>) -> Vec<Vec<&'p Place>> {
    places.sort_by(|a, b| a.0.cmp(b.0).then_with(|| a.1.order().cmp(&b.1.order())));
    let mut groups: Vec<(&Node, Vec<&Place>)> = Vec::new();
    for (node, place) in places {
        let holds = |(above, group): &&mut (&Node, Vec<&Place>)| {
            node.is_within(above) && group.iter().all(|known| known.hit.at != place.hit.at)
        };
        match groups.iter_mut().find(holds) {
            Some((_, group)) => group.push(place),
            None => groups.push((node, vec![place])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn finding(active: &[Active<'_>], facts: &Facts<'_>, mut group: Vec<&Place>) -> Finding {
    // The worst place speaks for all; among equals the first.
    let depth = |place: &Place| place.hit.node.as_ref().map_or(0, |node| node.path.len());
    group.sort_by(|a, b| {
        b.severity.cmp(&a.severity).then_with(|| depth(a).cmp(&depth(b))).then_with(|| a.order().cmp(&b.order()))
    });
    let first = group[0];
    let rule = active[first.row].rule;
    let hit = &first.hit;
    let world = match (hit.side, facts.base) {
        (Side::Base, Some(base)) => base,
        _ => facts.head,
    };
    let mut related = Related { primary: hit.at, labels: Vec::new() };
    related.extend(hit.related.iter().cloned());
    related.extend(object_label(facts.trees, world, first, hit.side));
    related.extend(group[1..].iter().map(|place| label(place.hit.at, hit.side, also(hit, place))));
    related.extend(overlays(world, first, hit.side));
    Finding {
        rule: rule.id.clone(),
        pack: rule.pack.clone(),
        severity: first.severity,
        message: first.message.clone(),
        help: Some(hit.help.clone().unwrap_or_else(|| rule.fix.trim_end().to_owned())),
        steps: hit.steps.clone(),
        rewritten: hit.rewritten,
        primary: hit.at,
        side: hit.side,
        revision: hit.revision.clone(),
        related: related.labels,
        object: hit.object.clone(),
        field: hit.field.clone(),
        fingerprint: first.fingerprint.clone(),
        status: first.status.clone(),
    }
}

/// What is said of a further place: another node says what happens there.
fn also(first: &Hit, place: &Place) -> String {
    let is_same = first.node.as_ref().map(|node| &node.path) == place.hit.node.as_ref().map(|node| &node.path);
    if is_same { "and here".to_owned() } else { place.message.clone() }
}

/// The related places of a finding, each once.
struct Related {
    primary: Span,
    labels: Vec<Label>,
}

impl Related {
    fn extend(&mut self, labels: impl IntoIterator<Item = Label>) {
        for label in labels {
            if label.at != self.primary && self.labels.iter().all(|known| known.at != label.at) {
                self.labels.push(label);
            }
        }
    }
}

fn label(at: Span, side: Side, says: impl Into<String>) -> Label {
    Label { at, side, says: says.into() }
}

fn object_label(trees: &Trees, world: &World, place: &Place, side: Side) -> Option<Label> {
    let object = world.object(*place.objects.first()?);
    Some(label(object.place(trees), side, format!("of this {}", object.key.kind)))
}

/// The overlays that bring a place into the clusters, but for the one that holds it.
fn overlays(world: &World, place: &Place, side: Side) -> Vec<Label> {
    let builds = place.builds.iter().map(|build| &world.builds[*build]);
    let others: Vec<Span> = builds
        .filter(|built| built.is_overlay() && built.place.file != place.hit.at.file)
        .map(|built| built.place)
        .collect();
    let more = others.len().saturating_sub(NAMED_BUILDS);
    let named = others.iter().take(NAMED_BUILDS).enumerate();
    named
        .map(|(row, at)| match more {
            more if more > 0 && row + 1 == NAMED_BUILDS => {
                label(*at, side, format!("rendered by this overlay, and by {more} more"))
            }
            _ => label(*at, side, "rendered by this overlay"),
        })
        .collect()
}
