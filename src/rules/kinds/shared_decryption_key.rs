//! The kind `shared-decryption-key`: recipients that open what is encrypted for production and for another environment.
//!
//! Never: an environment that nobody names; what lies in none is shared with none.

use std::collections::{BTreeMap, BTreeSet};

use super::{CheckKind, Params};
use crate::base::{FileId, Span};
use crate::delivery::{Environment, Stage, environment_of};
use crate::model::Trees;
use crate::rules::{Check, Hit, Sink};
use crate::secrets::recipients;
use crate::world::World;

pub(super) const KIND: CheckKind = CheckKind {
    name: "shared-decryption-key",
    about: "a recipient of SOPS that is named both in files of production and in files of other environments",
    params: &[],
    facts: &[],
    words: &[("recipient", "the recipient, which is public"), ("others", "the other environments")],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::World(Box::new(judge)))
}

fn judge(trees: &Trees, world: &World, sink: &mut Sink) {
    let environments = environments(trees, world);
    let mut named: BTreeMap<String, Vec<(&Environment, Span)>> = BTreeMap::new();
    for (file, environment) in &environments {
        for document in trees.documents(*file) {
            for (recipient, at) in recipients(trees.view(&document)) {
                named.entry(recipient).or_default().push((environment, at));
            }
        }
    }
    let is_production = |environment: &Environment| environment.stage == Some(Stage::Production);
    for (recipient, places) in named {
        let others: BTreeSet<&str> =
            places.iter().filter(|(one, _)| !is_production(one)).map(|(one, _)| &*one.name).collect();
        let production = places.iter().find(|(one, _)| is_production(one));
        let Some((_, at)) = production.filter(|_| !others.is_empty()) else { continue };
        let mut hit = Hit::at(*at)
            .word("recipient", short(&recipient))
            .word("others", others.iter().copied().collect::<Vec<_>>().join(", "))
            .mark(recipient);
        hit.side = world.side;
        for other in &others {
            let place = places.iter().find(|(one, _)| *one.name == **other);
            hit = place.into_iter().fold(hit, |hit, (_, at)| hit.related(*at, format!("for {other}")));
        }
        sink.report(hit);
    }
}

/// The environment of each encrypted file: what its path says, else the one of the builds that read it.
fn environments(trees: &Trees, world: &World) -> Vec<(FileId, Environment)> {
    let mut of_builds: BTreeMap<FileId, Environment> = BTreeMap::new();
    for built in &world.builds {
        let found = environment_of(&built.build.path, None, built.cluster.as_deref(), &world.layout);
        for (file, environment) in built.rendered.files.iter().zip(std::iter::repeat(found)) {
            of_builds.extend(environment.map(|environment| (*file, environment)));
        }
    }
    let texts = world.texts.iter().filter(|file| trees.sources().text(**file).contains("sops"));
    let of_file = |file: &FileId| {
        let folder = trees.sources().path(*file).parent()?;
        let own = environment_of(&folder, None, None, &world.layout);
        own.or_else(|| of_builds.get(file).cloned()).map(|environment| (*file, environment))
    };
    texts.filter_map(of_file).collect()
}

/// The first part of a recipient, enough to find it.
fn short(recipient: &str) -> String {
    const SHOWN: usize = 40;
    match recipient.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &recipient[..end]),
        None => recipient.to_owned(),
    }
}
