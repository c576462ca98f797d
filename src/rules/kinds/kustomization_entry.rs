//! The kind `kustomization-entry`: entries and fields of the kustomizations that builds read.
//!
//! Never: a kustomization that nobody builds; an address of which it cannot be told what it names.

use std::collections::BTreeSet;

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::model::{KUSTOMIZATION_NAMES, Kustomization, Trees, View};
use crate::rules::{Check, Hit, Sink};
use crate::world::World;

pub(super) const KIND: CheckKind = CheckKind {
    name: "kustomization-entry",
    about: "an entry or a field of a kustomization",
    params: &[
        ParamDesc {
            name: "of",
            takes: Takes::OneOf(&["unpinned-remote", "field"]),
            need: Need::Required,
            about: "`unpinned-remote`: an address elsewhere whose content may change; `field`: one of `fields`",
        },
        ParamDesc {
            name: "fields",
            takes: Takes::Texts,
            need: Need::Optional,
            about: "names of fields, each with what stands for it behind a `:`",
        },
    ],
    facts: &[],
    words: &[("text", "the entry, or the field's name"), ("instead", "what stands for a field; empty for an entry")],
    build,
};

/// What a finding stands at, the two words, and the field as a JSON pointer.
type Found<'t> = (View<'t>, String, String, String);

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let of_fields = params.text("of") == "field";
    let split = |text: &String| text.split_once(':').map(|(name, new)| (name.to_owned(), new.trim().to_owned()));
    let fields: Vec<(String, String)> = params.texts("fields").iter().filter_map(split).collect();
    Ok(Check::World(Box::new(move |trees, world, sink| {
        each(trees, world, &mut |kustomization, build| {
            if of_fields {
                old_fields(trees, world, (kustomization, build), &fields, sink);
            } else {
                for (at, text, instead, field) in unpinned(trees, kustomization) {
                    let mut hit = Hit::at(at.place()).word("text", text).word("instead", instead).field(field);
                    (hit.side, hit.build) = (world.side, Some(build));
                    sink.report(hit);
                }
            }
        });
    })))
}

/// Every kustomization that a build reads, once, with the first build.
fn each(trees: &Trees, world: &World, look: &mut dyn FnMut(&Kustomization, usize)) {
    let mut seen = BTreeSet::new();
    for (build, built) in world.builds.iter().enumerate() {
        for file in built.rendered.files.iter().copied() {
            let is_one = KUSTOMIZATION_NAMES.contains(&trees.sources().path(file).name());
            if is_one
                && seen.insert(file)
                && let Ok(kustomization) = Kustomization::read(trees, file)
            {
                look(&kustomization, build);
            }
        }
    }
}

fn old_fields(
    trees: &Trees,
    world: &World,
    (kustomization, build): (&Kustomization, usize),
    fields: &[(String, String)],
    sink: &mut Sink,
) {
    let known = |name: &str| fields.iter().find(|(old, _)| old == name);
    for field in kustomization.view(trees).fields() {
        let Some((name, instead)) = known(field.name()) else { continue };
        let hit = Hit::at(field.key_place()).word("text", &**name).word("instead", &**instead);
        let mut hit = hit.field(format!("/{name}"));
        (hit.side, hit.build) = (world.side, Some(build));
        sink.report(hit);
    }
}

fn unpinned<'t>(trees: &'t Trees, kustomization: &'t Kustomization) -> Vec<Found<'t>> {
    let lists = ["resources", "bases", "components"];
    let entries = lists.into_iter().flat_map(|list| {
        let items = kustomization.items(trees, list).enumerate();
        items.map(move |(row, item)| (item, format!("/{list}/{row}")))
    });
    let moves = |item: &View<'_>| item.as_str().is_some_and(|address| !is_open(address) && may_move(address));
    let found = entries.filter(|(item, _)| moves(item));
    found.map(|(item, field)| (item, item.written().into_owned(), String::new(), field)).collect()
}

fn is_open(text: &str) -> bool {
    text.contains("${") || text.contains("{{")
}

/// Names of what moves with every push or release.
const MOVING: [&str; 8] = ["HEAD", "dev", "develop", "latest", "main", "master", "trunk", "nightly"];

/// Hosts that serve repositories, so that an address without a revision follows a branch.
const HOSTS: [&str; 4] = ["github.com", "gitlab.com", "bitbucket.org", "codeberg.org"];

/// Whether an address names a branch, or nothing, where a revision could stand.
fn may_move(address: &str) -> bool {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let is_git = path.starts_with("git::") || path.starts_with("git@") || path.starts_with("ssh://");
    let bare = path.trim_start_matches("git::");
    let bare = ["https://", "http://", "ssh://"].iter().find_map(|scheme| bare.strip_prefix(scheme)).unwrap_or(bare);
    let has_scheme = bare.len() < path.len();
    let host = bare.rsplit_once('@').map_or(bare, |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    if !(is_git || has_scheme || host == "github.com") {
        return false;
    }
    let is_moving = |name: &str| name.is_empty() || MOVING.contains(&name);
    let revision = query.split('&').find_map(|part| part.strip_prefix("ref=").or(part.strip_prefix("version=")));
    if let Some(revision) = revision {
        let branch = revision.strip_prefix("refs/heads/");
        return branch.is_some() || is_moving(revision);
    }
    if [".yaml", ".yml", ".json"].iter().any(|ending| path.ends_with(ending)) {
        return names_branch(host, bare);
    }
    is_git || path.contains(".git") || (HOSTS.contains(&host) && !bare.contains("/releases/download/"))
}

/// Whether the address of one file names a branch where the host puts the revision.
fn names_branch(host: &str, bare: &str) -> bool {
    let parts: Vec<&str> = bare.split('/').collect();
    let after = |word: &str| parts.iter().position(|part| *part == word).and_then(|at| parts.get(at + 1..));
    let revision = match host {
        "raw.githubusercontent.com" => parts.get(3..),
        "github.com" if bare.contains("/releases/latest/download/") => return true,
        "github.com" => after("raw").or_else(|| after("blob")),
        _ => after("raw").filter(|_| bare.contains("/-/raw/")),
    };
    match revision {
        Some(["refs", "heads", ..]) => true,
        Some([revision, ..]) => MOVING.contains(revision),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::may_move;

    #[test]
    fn an_address_moves_with_a_branch_only() {
        for address in [
            "https://github.com/example/base//web",
            "https://github.com/example/base//web?ref=main",
            "github.com/example/base/web?ref=refs/heads/x",
            "git@git.example.com:example/base.git//web",
            "https://git.example.com/example/base.git//web?timeout=90s",
            "https://raw.githubusercontent.com/example/base/master/web.yaml",
            "https://raw.githubusercontent.com/example/base/refs/heads/v1/web.yaml",
            "https://github.com/example/base/releases/latest/download/web.yaml",
            "https://gitlab.com/example/base/-/raw/main/web.yaml",
        ] {
            assert!(may_move(address), "{address}");
        }
        for address in [
            "../main",
            "web.yaml",
            "https://github.com/example/base//web?ref=v1.2.3",
            "https://github.com/example/base//web?ref=release-1.2&timeout=90s",
            "git@git.example.com:example/base.git//web?ref=0a1b2c3d",
            "https://raw.githubusercontent.com/example/base/v1.2.3/main/web.yaml",
            "https://raw.githubusercontent.com/example/base/refs/tags/v1/web.yaml",
            "https://github.com/example/base/releases/download/v1/web.yaml",
            "https://example.com/web.yaml",
        ] {
            assert!(!may_move(address), "{address}");
        }
    }
}
