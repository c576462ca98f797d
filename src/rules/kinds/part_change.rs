//! The kind `part-change`: one difference in the named parts of an object that makes things, with who is hit.
//!
//! Never: what a difference is; that is the comparison's word.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::base::Side;
use crate::compare::{Part, PartChange};
use crate::impact::{self, Certainty, Users};
use crate::rules::{Check, Facts, Hit, Label, ObjectName, Sink};

/// How many instances of a finding are named.
const NAMED: usize = 5;

pub(super) const KIND: CheckKind = CheckKind {
    name: "part-change",
    about: "a difference in the pipelines, dependencies or composed resources of a Promise, Composition or XRD",
    params: &[ParamDesc {
        name: "change",
        takes: Takes::OneOf(&Part::NAMES),
        need: Need::Required,
        about: "the kind of difference",
    }],
    facts: &[
        ("runs-once", "it is an object that runs once"),
        ("helper", "nothing says that the step makes resources"),
        ("instance-hit", "an instance in this repository is hit"),
    ],
    words: &[
        ("kind", "the object's kind"),
        ("name", "its name"),
        ("part", "the part's name in the base"),
        ("now", "what it is now; empty where it is gone"),
        ("instances", "the instances that are hit, after a semicolon; empty where there are none"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let wanted = params.text("change").to_owned();
    Ok(Check::Change(Box::new(move |facts, sink| {
        for change in facts.changes.parts().filter(|change| change.what.name() == wanted) {
            report(facts, change, sink);
        }
    })))
}

fn report(facts: &Facts<'_>, change: &PartChange, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    let object = change.head.map_or_else(|| base.object(change.base), |at| facts.head.object(at));
    let now = change.head.map(|at| facts.head.object(at));
    let users = impact::users_of(facts.trees, facts.head, base.object(change.base), now);
    (0..users.unknown).for_each(|_| sink.undecided());
    let mut hit = Hit::at(change.at)
        .word("kind", &*object.key.kind)
        .word("name", &*object.key.name)
        .word("part", change.name.clone())
        .word("now", change.now.clone())
        .word("instances", words(facts, &users))
        .mark(change.name.clone());
    hit.object = Some(ObjectName::of(object));
    hit.build = Some(change.head.unwrap_or(change.base).build);
    if change.head.is_none() {
        hit.side = Side::Base;
    }
    match change.what {
        Part::RunDependencyRemoved => hit.facts.push("runs-once"),
        Part::HelperStepRemoved => hit.facts.push("helper"),
        _ => {}
    }
    if !users.hit.is_empty() {
        hit.facts.push("instance-hit");
    }
    if let Some(was) = change.was.filter(|_| change.head.is_some()) {
        hit.related.push(Label { at: was, side: Side::Base, says: "as it was".into() });
    }
    for user in users.hit.iter().take(NAMED) {
        let says = format!("hits {}", user.title(facts.head));
        hit.related.push(Label { at: user.place, side: Side::Head, says });
    }
    sink.report(hit);
}

/// "; it hits 2 instances: team-a/a, team-b/b (1 more stays with what it has)".
fn words(facts: &Facts<'_>, users: &Users) -> String {
    if users.hit.is_empty() {
        return match users.pinned {
            0 => String::new(),
            1 => "; it hits no instance, 1 stays with what it has".into(),
            pinned => format!("; it hits no instance, {pinned} stay with what they have"),
        };
    }
    let name = |user: &impact::User| {
        let paused = if user.is_paused { " (paused: when it is resumed)" } else { "" };
        format!("{}{paused}", user.title(facts.head))
    };
    let mut names: Vec<String> = users.hit.iter().map(name).collect();
    names.sort();
    names.dedup();
    let count = names.len();
    let plural = if count == 1 { "" } else { "s" };
    names.truncate(NAMED);
    let more = if count > NAMED { format!(" and {} more", count - NAMED) } else { String::new() };
    let likely = if users.hit.iter().all(|user| user.certainty == Certainty::Certain) { "" } else { "likely " };
    let stay = match users.pinned {
        0 => String::new(),
        1 => "; 1 more stays with what it has".into(),
        pinned => format!("; {pinned} more stay with what they have"),
    };
    format!("; it {likely}hits {count} instance{plural}: {}{more}{stay}", names.join(", "))
}
