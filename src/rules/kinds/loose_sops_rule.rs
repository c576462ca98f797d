//! The kind `loose-sops-rule`: creation rules of a `.sops.yaml` that match more or say less than was meant.
//!
//! Never: a taste; each fault is one that SOPS would act on.

use super::unencrypted_file::configurations;
use super::{CheckKind, Params};
use crate::model::{Trees, Value};
use crate::rules::{Check, Hit, Sink};
use crate::secrets::loose;
use crate::world::World;

pub(super) const KIND: CheckKind = CheckKind {
    name: "loose-sops-rule",
    about: "a creation rule of a `.sops.yaml` with a dot that matches any character, behind one that hides it, without a \
            recipient, or whose selector does not fit the Secrets that it matches",
    params: &[],
    facts: &[],
    words: &[("fault", "what is loose, in words that follow the rule")],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::World(Box::new(judge)))
}

fn judge(trees: &Trees, world: &World, sink: &mut Sink) {
    let configurations = configurations(trees, world);
    for (number, configuration) in configurations.iter().enumerate() {
        let path_of = |file| trees.sources().path(file);
        let files = world.texts.iter().copied().filter(|file| path_of(*file).is_within(&configuration.folder));
        // A file has one configuration, the nearest.
        let files = files.filter(|file| {
            let nearest = configurations.iter().enumerate().filter(|(_, one)| path_of(*file).is_within(&one.folder));
            nearest.max_by_key(|(_, one)| one.folder.as_str().len()).is_some_and(|(nearest, _)| nearest == number)
        });
        let files = files.filter(|file| trees.sources().text(*file).contains("Secret"));
        let documents: Vec<(&str, Value)> = files
            .flat_map(|file| trees.documents(file).map(move |value| (file, value)))
            .map(|(file, value)| (configuration.relative(path_of(file)), value))
            .collect();
        let documents: Vec<_> = documents.iter().map(|(path, value)| (*path, trees.view(value))).collect();
        for found in loose(&configuration.rules, &documents) {
            let mut hit = Hit::at(found.at).word("fault", found.fault.clone());
            hit = hit.field(format!("/creation_rules/{}", found.row)).mark(found.fault);
            hit.side = world.side;
            if let Some((at, says)) = found.related {
                hit = hit.related(at, says);
            }
            sink.report(hit);
        }
    }
}
