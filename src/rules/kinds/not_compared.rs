//! The kind `not-compared`: builds that render now and did not in the base, so that nothing can be said of the change.
//!
//! Never: a build that fails on both sides, or only now; that is told at its line.

use std::collections::HashMap;

use super::{CheckKind, Params};
use crate::base::{Problem, ProblemKind, Side};
use crate::rules::{Check, Facts, Hit, Label, Sink};
use crate::world::Built;

pub(super) const KIND: CheckKind = CheckKind {
    name: "not-compared",
    about: "a build that the base does not render and the change does",
    params: &[],
    facts: &[],
    words: &[("build", "the build's folder"), ("problem", "why the base does not render it")],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::Change(Box::new(judge)))
}

fn failure(built: &Built) -> Option<&Problem> {
    built.rendered.problems.iter().find(|problem| problem.kind == ProblemKind::DoesNotBuild)
}

fn judge(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    let before: HashMap<_, &Built> = base.builds.iter().map(|built| (&built.build, built)).collect();
    for (row, built) in facts.head.builds.iter().enumerate().filter(|(_, built)| failure(built).is_none()) {
        let Some(problem) = before.get(&built.build).and_then(|was| failure(was)) else { continue };
        let mut hit =
            Hit::at(built.place).word("build", built.build.path.to_string()).word("problem", problem.message.clone());
        hit.build = Some(row);
        hit.related.push(Label { at: problem.at, side: Side::Base, says: "the base fails here".into() });
        sink.report(hit);
    }
}
