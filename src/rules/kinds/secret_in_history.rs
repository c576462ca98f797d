//! The kind `secret-in-history`: credentials that a commit of the change adds and a later one takes away.
//!
//! Never: a value, in no word of a hit; what the head still has or the base had, which other rules tell.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::leak::article;
use super::plaintext_secret::is_test;
use super::{CheckKind, Params};
use crate::base::{FileId, RepoPath, Side};
use crate::rules::{Check, Facts, Hit, ObjectName, Sink};
use crate::secrets::{Exposure, RunKey, Strength, exposures, same_value};
use crate::world::World;

pub(super) const KIND: CheckKind = CheckKind {
    name: "secret-in-history",
    about: "a credential in a commit between base and head that the head has not any more; needs a base that is a \
            revision",
    params: &[],
    facts: &[("weak", "it is well known, short, or a hash"), ("test-folder", "it is written in a folder of tests")],
    words: &[
        ("commit", "the first commit that has it"),
        ("day", "the day of that commit"),
        ("what", "what the value is"),
        ("path", "the file"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let key = params.key();
    Ok(Check::Change(Box::new(move |facts, sink| judge(facts, &key, sink))))
}

/// How many digits of a commit are shown.
const SHORT: usize = 12;

fn judge(facts: &Facts<'_>, key: &RunKey, sink: &mut Sink) {
    let passage = &facts.impact.passage;
    let (trees, sources) = (facts.trees, facts.trees.sources());
    let mut sides: Option<Vec<&str>> = None;
    let mut told: BTreeSet<(RepoPath, String)> = BTreeSet::new();
    for past in &passage.contents {
        let path = sources.path(past.file);
        for exposure in exposures(trees, past.file, key) {
            let sides = sides.get_or_insert_with(|| touched(facts).iter().map(|file| sources.text(*file)).collect());
            let text = sources.slice(exposure.at);
            let is_told = !told.insert((path.clone(), text.to_owned()));
            if !is_told && !sides.iter().any(|side| same_value(text, side)) {
                let commit: String = past.commit.chars().take(SHORT).collect();
                let hit = hit(&exposure, path, &commit).word("day", past.day.to_string());
                let mut hit = hit.secret(key, exposure.mark);
                hit.revision = Some(Arc::from(&*past.commit));
                let document = trees.documents(past.file).find(|document| {
                    let whole = trees.view(document).place();
                    whole.file == exposure.at.file && whole.range.contains(exposure.at.range)
                });
                let object = document.and_then(|document| crate::model::Object::new(trees, document));
                hit.object = object.map(|object| ObjectName::of(&object));
                sink.report(hit);
            }
        }
    }
    if facts.base.is_some() && !passage.end.is_complete() && passage.end != crate::base::End::Nowhere {
        sink.undecided();
    }
}

fn hit(exposure: &Exposure, path: &RepoPath, commit: &str) -> Hit {
    let mut hit =
        Hit::at(exposure.at).word("commit", commit).word("what", article(exposure.what)).word("path", path.as_str());
    hit.side = Side::Commit;
    // What one commit adds to one file is one finding.
    hit.together = Some(format!("{commit} {path}"));
    if !exposure.field.is_empty() {
        hit = hit.field(exposure.field.clone());
    }
    if exposure.strength == Strength::Weak {
        hit = hit.fact("weak");
    }
    if is_test(path) { hit.fact("test-folder") } else { hit }
}

/// The files of both sides that a value may have come from or gone to: those that differ, and those at the paths that the
/// commits touched.
fn touched(facts: &Facts<'_>) -> BTreeSet<FileId> {
    let of = |world: &World| world.snapshot.files().map(|(_, file)| file).collect::<BTreeSet<FileId>>();
    let base = facts.base.map(of).unwrap_or_default();
    let mut files: BTreeSet<FileId> = of(facts.head).symmetric_difference(&base).copied().collect();
    for past in &facts.impact.passage.contents {
        let path = facts.trees.sources().path(past.file);
        let worlds = facts.base.into_iter().chain([facts.head]);
        files.extend(worlds.filter_map(|world| world.snapshot.file(path)));
    }
    files
}
