//! The kind `part-change`: one difference in the named parts of an object that makes things, with who is hit.
//!
//! Never: what a difference is; that is the comparison's word.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::base::Side;
use crate::compare::{Left, Part, PartChange};
use crate::impact::{self, Certainty, Users};
use crate::model::KRATIX_GROUP;
use crate::rules::{Check, Facts, Hit, Label, ObjectName, Sink};
use crate::world::World;

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
        ("perhaps", "a step that cannot be read may give it"),
        ("helper", "nothing says that the step makes resources"),
        ("unnamed", "it does not say which object"),
        ("absent", "the repository has no such Promise, or not in that version"),
        ("pinned", "a request in this repository is pinned to that version"),
        ("destinations-differ", "other destinations of this repository are selected"),
        ("instance-hit", "an instance in this repository is hit"),
    ],
    words: &[
        ("fate", "what becomes of a composed resource that goes"),
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
    let users = impact::losers_of(facts.trees, base, facts.head, facts.changes, change)
        .unwrap_or_else(|| impact::users_of(facts.trees, facts.head, base.object(change.base), now));
    (0..users.unknown).for_each(|_| sink.undecided());
    let mut hit = Hit::at(change.at)
        .word("kind", &*object.key.kind)
        .word("name", &*object.key.name)
        .word("part", change.name.clone())
        .word("now", change.now.clone())
        .word("fate", fate(change.left))
        .word("instances", format!("{}{}", words(facts, &users), open(change.what, users.unknown)))
        .mark(change.name.clone());
    hit.object = Some(ObjectName::of(object));
    hit.build = Some(change.head.unwrap_or(change.base).build);
    if change.head.is_none() {
        hit.side = Side::Base;
    }
    match change.what {
        Part::RunDependencyRemoved => hit.facts.push("runs-once"),
        Part::HelperStepRemoved | Part::HelperStepReordered => hit.facts.push("helper"),
        Part::ReferenceUnnamed => hit.facts.push("unnamed"),
        Part::RequiredPromiseAdded | Part::RequiredPromiseVersionChanged
            if is_absent(facts, &change.name, &change.now) =>
        {
            hit.facts.push("absent");
        }
        Part::SameVersion if is_pinned(facts, &object.key.name, &change.now) => hit.facts.push("pinned"),
        Part::DestinationsChanged => {
            let before = impact::destinations_of(facts.trees, base, change.base);
            let after = change.head.map(|at| impact::destinations_of(facts.trees, facts.head, at));
            if after.is_some_and(|after| after != before) {
                hit.facts.push("destinations-differ");
            }
        }
        _ => {}
    }
    if change.left == Left::Unknown {
        hit.facts.push("perhaps");
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

/// Of which instances nobody can say here whether they lose an object.
fn open(what: Part, unknown: usize) -> String {
    let why = match what {
        Part::IncludeWhenChanged => "the condition cannot be evaluated here",
        Part::ForEachChanged => "the list cannot be evaluated here",
        _ => return String::new(),
    };
    match unknown {
        0 => String::new(),
        1 => format!("; whether 1 instance loses it is not known: {why}"),
        count => format!("; whether {count} instances lose it is not known: {why}"),
    }
}

fn fate(left: Left) -> &'static str {
    match left {
        Left::Nothing => "is deleted, and what it stands for with it",
        Left::Unknown => "is deleted, unless a step gives it under a name that only a run shows",
        Left::External => "is deleted, while what it stands for stays behind, unmanaged",
    }
}

/// Whether a binding of the repository pins a request to this very version: what it was kept from comes nevertheless.
fn is_pinned(facts: &Facts<'_>, promise: &str, version: &str) -> bool {
    let mut bindings = facts.head.objects().filter(|(_, object)| object.is(KRATIX_GROUP, "ResourceBinding"));
    bindings.any(|(_, object)| {
        let spec = object.view(facts.trees).get("spec");
        let is = |path: [&str; 2], wanted: &str| {
            let value = spec.and_then(|spec| spec.get(path[0])).map(|at| at.get(path[1]).unwrap_or(at));
            value.is_some_and(|value| value.written() == wanted)
        };
        is(["promiseRef", "name"], promise) && is(["version", ""], version)
    })
}

/// Whether no side has a Promise, or a release of one, of this name and version. Other versions that were there stay
/// as revisions, so the base counts.
fn is_absent(facts: &Facts<'_>, name: &str, version: &str) -> bool {
    let worlds = || facts.base.into_iter().chain([facts.head]);
    let promises = || worlds().flat_map(World::objects).filter(|(_, object)| *object.key.name == *name);
    let of_promise = promises().filter(|(_, object)| object.is(KRATIX_GROUP, "Promise")).map(|(_, object)| {
        object
            .view(facts.trees)
            .path(["metadata", "labels", "kratix.io/promise-version"])
            .map(|v| v.written().into_owned())
    });
    let of_release = promises()
        .filter(|(_, object)| object.is(KRATIX_GROUP, "PromiseRelease"))
        .map(|(_, object)| object.view(facts.trees).path(["spec", "version"]).map(|v| v.written().into_owned()));
    let in_head = facts.head.objects().any(|(_, object)| {
        *object.key.name == *name && (object.is(KRATIX_GROUP, "Promise") || object.is(KRATIX_GROUP, "PromiseRelease"))
    });
    let mut versions = of_promise.chain(of_release);
    !in_head || (!version.is_empty() && !versions.any(|known| known.as_deref() == Some(version)))
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
