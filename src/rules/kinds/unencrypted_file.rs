//! The kind `unencrypted-file`: files that `.sops.yaml` or their own name say are encrypted, and are not.
//!
//! Never: a value, in no word of a hit; a rule without a `path_regex`, which asks for nothing.

use super::{CheckKind, Params};
use crate::base::{FileId, RepoPath};
use crate::model::{Object, Trees};
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::secrets::{
    CreationRule, GapFault, RunKey, Unencrypted, creation_rules, lines_must_be_encrypted, must_be_encrypted,
};
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
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let key = params.key();
    Ok(Check::World(Box::new(move |trees, world, sink| judge(trees, world, &key, sink))))
}

const CONFIGURATION: &str = ".sops.yaml";

/// A `.sops.yaml`.
pub(super) struct Configuration {
    /// Its folder.
    pub(super) folder: RepoPath,
    /// Its creation rules.
    pub(super) rules: Vec<CreationRule>,
}

impl Configuration {
    /// A path in its folder as its rules see it.
    pub(super) fn relative<'p>(&self, path: &'p RepoPath) -> &'p str {
        path.as_str()[self.folder.as_str().len()..].trim_start_matches('/')
    }
}

/// All configurations of a side.
pub(super) fn configurations(trees: &Trees, world: &World) -> Vec<Configuration> {
    let path_of = |file| trees.sources().path(file);
    let files = world.texts.iter().filter(|file| path_of(**file).name() == CONFIGURATION);
    let read = |file: &FileId| {
        let document = trees.documents(*file).next()?;
        Some(Configuration { folder: path_of(*file).parent()?, rules: creation_rules(trees.view(&document)) })
    };
    files.filter_map(read).collect()
}

fn judge(trees: &Trees, world: &World, key: &RunKey, sink: &mut Sink) {
    let configurations = configurations(trees, world);
    let of_lines = world.snapshot.files().filter(|(path, _)| is_of_lines(path)).map(|(_, file)| file);
    for file in world.texts.iter().copied().chain(of_lines) {
        let file = &file;
        let path = trees.sources().path(*file);
        let nearest = configurations.iter().filter(|one| path.is_within(&one.folder));
        let nearest = nearest.max_by_key(|one| one.folder.as_str().len());
        let lines = is_of_lines(path);
        let name = path.name();
        let by_name = BY_NAME.iter().any(|part| name.contains(part))
            && !name.split(['.', '-', '_']).any(|word| matches!(word, "example" | "sample" | "template"));
        if name == CONFIGURATION
            || nearest.is_none() && !by_name
            || !lines && !trees.parsed(*file).problems().is_empty()
        {
            continue;
        }
        let (relative, rules): (&str, &[CreationRule]) = match nearest {
            Some(configuration) => (configuration.relative(path), &configuration.rules),
            None => (path.as_str(), &[]),
        };
        let mut report = |found: Unencrypted, object: Option<ObjectName>| {
            let GapFault::Plain(field) = found.gap.fault else { return };
            let because = if by_name { "its name says so" } else { "a rule of `.sops.yaml` names it" };
            let mut hit = Hit::at(found.gap.at).word("path", path.as_str()).word("key", field).word("because", because);
            hit.side = world.side;
            hit.field = Some(found.gap.field);
            hit.object = object;
            if let Some(at) = found.asked {
                hit = hit.related(at, "asks for it");
            }
            let hit = hit.value(found.gap.mark.clone());
            let mark = if key.lasts() { format!("{relative} {}", found.gap.mark) } else { relative.to_owned() };
            sink.report(hit.mark(mark));
        };
        if lines {
            if let Some(found) = lines_must_be_encrypted(rules, relative, by_name, (trees.sources(), *file), key) {
                report(found, None);
            }
            continue;
        }
        for document in trees.documents(*file) {
            if let Some(found) = must_be_encrypted(rules, relative, by_name, trees.view(&document), key) {
                report(found, Object::new(trees, document.clone()).map(|object| ObjectName::of(&object)));
            }
        }
    }
}

/// Parts of names that say that a file is encrypted.
const BY_NAME: &[&str] =
    &[".sops.y", ".enc.y", ".sops.json", ".enc.json", ".sops.env", ".enc.env", ".sops.ini", ".enc.ini"];

/// Whether SOPS encrypts a file line by line.
fn is_of_lines(path: &RepoPath) -> bool {
    let name = path.name();
    [".env", ".ini"].iter().any(|end| name.ends_with(end))
}
