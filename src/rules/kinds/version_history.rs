//! The kind `version-history`: a version that leaves an API, and in which objects were stored in an older commit.
//!
//! Never: a version that the base itself stores objects in; that it leaves is told without a history.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::base::{End, Side};
use crate::compare::{Change, What};
use crate::rules::{Check, Facts, Hit, Label, ObjectName, Sink};

pub(super) const KIND: CheckKind = CheckKind {
    name: "version-history",
    about: "a version that leaves an API definition, by what older commits say of it; needs the history of the base",
    params: &[ParamDesc {
        name: "was",
        takes: Takes::OneOf(&["stored"]),
        need: Need::Required,
        about: "`stored`: it was `storage` or `referenceable` in some ancestor of the base",
    }],
    facts: &[],
    words: &[
        ("kind", "the kind people write"),
        ("version", "the version"),
        ("commit", "the newest commit that stores objects in it"),
        ("day", "the day of that commit"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::Change(Box::new(report)))
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
