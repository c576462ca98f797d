//! The kind `promise-stage`: Promises that reach environments which their stability is not for.
//!
//! Never: a Promise that nothing calls stable or beta.

use super::{CheckKind, Params};
use crate::base::{RepoPath, Span};
use crate::delivery::{Layout, Stage, Tier, environment_of, tier_of};
use crate::impact;
use crate::model::{KRATIX_GROUP, Object, Trees, View, is_selected, promise_selector};
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::world::{ObjectAt, World};

pub(super) const KIND: CheckKind = CheckKind {
    name: "promise-stage",
    about: "a beta Promise that selects production, a stable one that selects development, or one of either that selects everything",
    params: &[],
    facts: &[],
    words: &[
        ("name", "the Promise's name"),
        ("stability", "`beta` or `stable`"),
        ("because", "who says so"),
        ("reaches", "what it selects: `production`, `development`, `every destination`"),
    ],
    build,
};

/// Labels by which destinations say what they are for.
const LABELS: &[&str] = &["environment", "env", "stage"];

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::World(Box::new(|trees, world, sink| {
        for (at, object) in world.objects().filter(|(_, object)| object.is(KRATIX_GROUP, "Promise")) {
            judge(trees, world, (at, object), sink);
        }
    })))
}

fn judge(trees: &Trees, world: &World, (at, object): (ObjectAt, &Object), sink: &mut Sink) {
    let view = object.view(trees);
    let Some((is_beta, because)) = stability(trees, world, at, view) else { return };
    let wrong = if is_beta { Stage::Production } else { Stage::Development };
    let word = if is_beta { "production" } else { "development" };
    let labels = promise_selector(view);
    let reached = if labels.is_empty() {
        // A destination that asks for its labels takes nothing that names none; any other takes it.
        Some(("every destination", selectors(view).unwrap_or_else(|| object.place(trees)), None))
    } else {
        written(view, wrong).map(|at| (word, at, None)).or_else(|| {
            let mut chosen = impact::destinations_beside(world, at);
            let is_wrong = |view: View<'_>| labels_of(view).any(|value| stage(value) == Some(wrong));
            let found = chosen.find(|(_, d)| is_selected(d.view(trees), &labels) && is_wrong(d.view(trees)));
            let (_, destination) = found.filter(|_| is_beta)?;
            Some((word, selectors(view).unwrap_or_else(|| object.place(trees)), Some(destination.place(trees))))
        })
    };
    let Some((reaches, place, destination)) = reached else { return };
    let mut hit = Hit::at(place)
        .word("name", &*object.key.name)
        .word("stability", if is_beta { "beta" } else { "stable" })
        .word("because", because)
        .word("reaches", reaches)
        .field("/spec/destinationSelectors");
    hit.side = world.side;
    hit.build = Some(at.build);
    hit.object = Some(ObjectName::of(object));
    sink.report(match destination {
        Some(destination) => hit.related(destination, "this destination"),
        None => hit,
    });
}

/// Whether a Promise is beta, else stable, and who says so: its own label before its folder.
fn stability(trees: &Trees, world: &World, at: ObjectAt, view: View<'_>) -> Option<(bool, String)> {
    let labels = view.path(["metadata", "labels"]).into_iter().flat_map(|labels| labels.fields());
    let label = labels.into_iter().find(|label| label.name().rsplit('/').next() == Some("stability"));
    if let Some(label) = label {
        let value = label.value.written();
        let is_beta = match &*value {
            "beta" => true,
            "stable" => false,
            _ => return None,
        };
        return Some((is_beta, format!("label {}={value}", label.name())));
    }
    let file = trees.sources().path(world.object(at).place(trees).file);
    let folder = file.parent()?;
    match tier_of(&folder, &world.layout)? {
        Tier::Beta => Some((true, format!("path {folder}"))),
        Tier::Stable => Some((false, format!("path {folder}"))),
        _ => None,
    }
}

/// What a word means as an environment.
fn stage(word: &str) -> Option<Stage> {
    environment_of(&RepoPath::root(), Some(word), None, &Layout::default())?.stage
}

/// What an object's labels say of its environment.
fn labels_of<'t>(view: View<'t>) -> impl Iterator<Item = &'t str> {
    let labels = view.path(["metadata", "labels"]).into_iter().flat_map(|labels| labels.fields());
    labels.filter(|label| LABELS.contains(&label.name())).filter_map(|label| label.value.as_str())
}

/// The line of a selector that names a stage.
fn written(view: View<'_>, wanted: Stage) -> Option<Span> {
    let items = view.path(["spec", "destinationSelectors"]).into_iter().flat_map(|list| list.items());
    let maps = items.filter_map(|item| item.get("matchLabels")).chain(view.path(["spec", "clusterSelector"]));
    let mut labels = maps.flat_map(|map| map.fields()).filter(|label| LABELS.contains(&label.name()));
    let label = labels.find(|label| label.value.as_str().and_then(stage) == Some(wanted))?;
    Some(label.value.place())
}

/// The line that opens the selectors, or would.
fn selectors(view: View<'_>) -> Option<Span> {
    let spec = view.get("spec")?;
    let field = spec.field("destinationSelectors").or_else(|| spec.field("clusterSelector"));
    field.or_else(|| view.field("spec")).map(|field| field.key_place())
}
