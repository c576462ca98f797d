//! The kind `unencrypted-file`: files that `.sops.yaml` or their own name say are encrypted, and are not.
//!
//! Never: a value, in no word of a hit; a rule without a `path_regex`, which asks for nothing.

use super::{CheckKind, Params};
use crate::base::RepoPath;
use crate::model::{Object, Trees};
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::secrets::{CreationRule, GapFault, creation_rules, must_be_encrypted};
use crate::world::World;

pub(super) const KIND: CheckKind = CheckKind {
    name: "unencrypted-file",
    about: "a file for which a creation rule of the nearest `.sops.yaml`, or its own name, asks for encryption, and which \
            has no SOPS stanza",
    params: &[],
    facts: &[],
    words: &[("path", "the file"), ("key", "the first value in the clear"), ("because", "who asks for encryption")],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::World(Box::new(judge)))
}

const CONFIGURATION: &str = ".sops.yaml";

fn judge(trees: &Trees, world: &World, sink: &mut Sink) {
    let path_of = |file| trees.sources().path(file);
    let configurations: Vec<(RepoPath, Vec<CreationRule>)> = world
        .texts
        .iter()
        .filter(|file| path_of(**file).name() == CONFIGURATION)
        .filter_map(|file| {
            let document = trees.documents(*file).next()?;
            Some((path_of(*file).parent()?, creation_rules(trees.view(&document))))
        })
        .collect();
    for file in &world.texts {
        let path = path_of(*file);
        let nearest = configurations.iter().filter(|(folder, _)| path.is_within(folder));
        let nearest = nearest.max_by_key(|(folder, _)| folder.as_str().len());
        let by_name = [".sops.y", ".enc.y", ".sops.json", ".enc.json"].iter().any(|part| path.name().contains(part));
        if path.name() == CONFIGURATION || nearest.is_none() && !by_name || !trees.parsed(*file).problems().is_empty() {
            continue;
        }
        let (relative, rules): (&str, &[CreationRule]) = match nearest {
            Some((folder, rules)) => (path.as_str()[folder.as_str().len()..].trim_start_matches('/'), rules),
            None => (path.as_str(), &[]),
        };
        for document in trees.documents(*file) {
            let Some(gap) = must_be_encrypted(rules, relative, by_name, trees.view(&document)) else { continue };
            let GapFault::Plain(key) = gap.fault else { continue };
            let because = if by_name { "its name says so" } else { "a rule of `.sops.yaml` names it" };
            let mut hit = Hit::at(gap.at).word("path", path.as_str()).word("key", key).word("because", because);
            hit.field = Some(gap.field);
            hit.object = Object::new(trees, document.clone()).map(|object| ObjectName::of(&object));
            sink.report(hit.mark(relative));
        }
    }
}
