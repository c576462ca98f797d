//! The kind `silent-loss`: what kustomize loses or adds without a word.
//!
//! Never: a loss that another build of the same patch needs; only what no build makes use of.

use std::collections::BTreeMap;

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::base::{RepoPath, Span};
use crate::model::{AppliedPatch, Loss, Trees};
use crate::rules::{Check, Hit, Sink};
use crate::world::World;

pub(super) const KIND: CheckKind = CheckKind {
    name: "silent-loss",
    about: "a part of a kustomization that has another effect than it says, without an error",
    params: &[ParamDesc {
        name: "of",
        takes: Takes::OneOf(&["merge-key", "directive", "adding-replace", "no-match", "tag-suffix"]),
        need: Need::Required,
        about: "`merge-key`: an element of a merged list that is lost; `directive`: one that has no effect; `adding-replace`: a JSON patch `replace` of what is not there; `no-match`: a `target` that selects nothing; `tag-suffix`: one that is added twice",
    }],
    facts: &[],
    words: &[("text", "the part as it is written, or its first line")],
    build,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    MergeKey,
    Directive,
    AddingReplace,
    NoMatch,
    TagSuffix,
}

impl Of {
    fn is(self, loss: Loss) -> bool {
        match loss {
            Loss::ElementWithoutKey | Loss::ElementDropped => self == Self::MergeKey,
            Loss::Directive => self == Self::Directive,
            Loss::ReplaceAdded => self == Self::AddingReplace,
        }
    }
}

fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let of = match params.text("of") {
        "merge-key" => Of::MergeKey,
        "directive" => Of::Directive,
        "adding-replace" => Of::AddingReplace,
        "no-match" => Of::NoMatch,
        "tag-suffix" => Of::TagSuffix,
        other => return Err(vec![format!("there is no silent loss `{other}`")]),
    };
    Ok(Check::World(Box::new(move |trees, world, sink| {
        if of == Of::TagSuffix {
            doubled_suffixes(trees, world, sink);
        } else {
            patches(of, trees, world, sink);
        }
    })))
}

fn doubled_suffixes(trees: &Trees, world: &World, sink: &mut Sink) {
    for (row, built) in world.builds.iter().enumerate() {
        for at in &built.rendered.silent.doubled_suffixes {
            sink.report(hit(trees, *at, row));
        }
    }
}

/// What became of a part of a patch in all builds.
#[derive(Default)]
struct Tally {
    /// The builds in which it was lost.
    builds: Vec<usize>,
    /// In how many objects.
    lost: usize,
}

fn patches(of: Of, trees: &Trees, world: &World, sink: &mut Sink) {
    let is_whole = |patch: &AppliedPatch| patch.objects > 0 && patch.lost.is_empty();
    if world.builds.iter().flat_map(|built| &built.rendered.silent.patches).all(is_whole) {
        return;
    }
    // A patch by its place, with how many objects it was applied to.
    let mut objects: BTreeMap<(Order<'_>, Order<'_>), usize> = BTreeMap::new();
    let mut tallies: BTreeMap<(Order<'_>, Order<'_>, Order<'_>), (Span, Span, Tally)> = BTreeMap::new();
    for (row, built) in world.builds.iter().enumerate() {
        for patch in &built.rendered.silent.patches {
            let key = (order(trees, patch.by), order(trees, patch.at));
            *objects.entry(key).or_default() += patch.objects;
            let lost = patch.lost.iter().filter(|lost| of.is(lost.loss)).map(|lost| (lost.at, lost.objects));
            let missed = (of == Of::NoMatch && patch.objects == 0).then_some((patch.at, 0));
            for (at, count) in lost.chain(missed) {
                let entry = tallies.entry((key.0, key.1, order(trees, at)));
                let (_, _, tally) = entry.or_insert_with(|| (at, patch.by, Tally::default()));
                tally.builds.push(row);
                tally.lost += count;
            }
        }
    }
    for ((by, patch, _), (at, entry, tally)) in &tallies {
        // An element that one object loses is lost, while a patch may be made for one object of several.
        if of != Of::MergeKey && tally.lost < objects[&(*by, *patch)] {
            continue;
        }
        for row in &tally.builds {
            let hit = hit(trees, *at, *row);
            sink.report(if entry == at { hit } else { hit.related(*entry, "in the patch of this entry") });
        }
    }
}

/// A place, to be sorted by: the same in every run over the same files.
type Order<'t> = (&'t RepoPath, u32, u32);

fn order(trees: &Trees, span: Span) -> Order<'_> {
    (trees.sources().path(span.file), span.range.start, span.range.end)
}

fn hit(trees: &Trees, at: Span, build: usize) -> Hit {
    let text = trees.sources().shown_slice(at).lines().next().unwrap_or_default().trim().to_owned();
    Hit { build: Some(build), ..Hit::at(at) }.word("text", text)
}
