//! The kind `version-history`: a version that leaves an API, and in which objects were stored in an older commit; a
//! version of a Promise that an older commit gave to another content.
//!
//! Never: a version that the base itself stores objects in; that it leaves is told without a history.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::base::{End, Side};
use crate::compare::{Change, What};
use crate::rules::{Check, Facts, Hit, Label, ObjectName, Sink};

pub(super) const KIND: CheckKind = CheckKind {
    name: "version-history",
    about: "a version of an API definition, by what older commits say of it; needs the history of the base",
    params: &[ParamDesc {
        name: "was",
        takes: Takes::OneOf(&["stored", "released"]),
        need: Need::Required,
        about: "`stored`: a version that leaves was `storage` or `referenceable` in some ancestor of the base; `released`: a Promise takes a version that one gave to another content",
    }],
    facts: &[],
    words: &[
        ("kind", "the kind people write, or the Promise's name"),
        ("version", "the version"),
        ("commit", "the newest commit that says so"),
        ("day", "the day of that commit"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let judge = if params.text("was") == "released" { released } else { report };
    Ok(Check::Change(Box::new(judge)))
}

fn released(facts: &Facts<'_>, sink: &mut Sink) {
    for said in &facts.impact.rereleased {
        let object = facts.head.object(said.promise);
        let mut hit = Hit::at(said.at)
            .word("kind", &*object.key.name)
            .word("version", said.version.clone())
            .word("commit", said.commit.chars().take(12).collect::<String>())
            .word("day", said.day.to_string())
            .mark(said.version.clone());
        hit.object = Some(ObjectName::of(object));
        hit.build = Some(said.promise.build);
        sink.report(hit);
    }
}

fn report(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    for said in &facts.impact.stored_before {
        let Change::Api(change) = &facts.changes.changes[said.change] else { continue };
        let (Some(was), Some(is)) = change.definition else { continue };
        let defined = &facts.head.definitions[is];
        let version = change.version.as_deref().unwrap_or_default();
        let mut hit = Hit::at(change.at)
            .word("kind", &*defined.definition.kind)
            .word("version", version)
            .word("commit", said.commit.chars().take(12).collect::<String>())
            .word("day", said.day.to_string())
            .mark(version);
        hit.object = Some(ObjectName::of(base.object(base.definitions[was].from)));
        hit.build = Some(defined.from.build);
        hit.related.extend(change.was.map(|at| Label { at, side: Side::Base, says: "as it was".into() }));
        sink.report(hit);
    }
    // A clone that ends too early may hide the commit that counts.
    let ends_early = matches!(facts.impact.history.end, End::Clone | End::Limit);
    let leaves = |change: &&crate::compare::ApiChange| {
        matches!(change.what, What::VersionRemoved | What::UnusedVersionRemoved) && change.definition.1.is_some()
    };
    if ends_early && facts.impact.stored_before.is_empty() && facts.changes.apis().any(|change| leaves(&change)) {
        sink.undecided();
    }
}
