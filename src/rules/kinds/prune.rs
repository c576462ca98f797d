//! The kind `prune`: what leaves the repository, and what its applications make of that in the clusters.
//!
//! Never: what happens to an object; `impact/` knows.

use std::collections::BTreeMap;

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::base::Side;
use crate::delivery::{Application, Controller};
use crate::impact::{Deleted, DeletedApplication, Ending, HandedOver, Orphaned, Owner};
use crate::model::Object;
use crate::rules::{Check, Facts, Hit, Label, ObjectName, Sink};
use crate::world::{ObjectAt, World};

/// How many objects of a finding about several are named.
const NAMED: usize = 5;

pub(super) const KIND: CheckKind = CheckKind {
    name: "prune",
    about: "an object that leaves the repository, and what its application makes of that",
    params: &[ParamDesc {
        name: "what",
        takes: Takes::OneOf(&["stateful", "application", "handover", "orphan"]),
        need: Need::Required,
        about: "`stateful`: data, or what holds data, is deleted; `application`: an application is deleted with what it applied; `handover`: another application applies it from now on, and the old one may delete it first; `orphan`: it stays in the cluster",
    }],
    facts: &[],
    words: &[
        ("object", "the object's kind, namespace and name; the first, where there are several"),
        ("owner", "the application that applied it, with its kind"),
        ("how", "what the owner does to it"),
        ("to", "the application that applies it from now on; empty where there is none"),
        ("count", "how many objects go with an application"),
        ("hanging", "what hangs on it, after a comma; empty where nothing does"),
        ("why", "what keeps it"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let what = params.text("what").to_owned();
    Ok(Check::Change(Box::new(move |facts, sink| {
        let Some(base) = facts.base else { return };
        let seen = Seen { facts, base };
        let pruning = &facts.impact.pruning;
        match &*what {
            "stateful" => pruning.deleted.iter().filter(|one| one.stateful).for_each(|one| seen.stateful(one, sink)),
            "application" => pruning.applications.iter().for_each(|one| seen.application(one, sink)),
            "handover" => seen.handovers(&pruning.handed_over, sink),
            _ => seen.orphans(&pruning.orphaned, sink),
        }
    })))
}

struct Seen<'a> {
    facts: &'a Facts<'a>,
    base: &'a World,
}

impl Seen<'_> {
    fn stateful(&self, one: &Deleted, sink: &mut Sink) {
        let hit = Hit::at(one.place.at);
        sink.report(complete(self.deleted(hit, one)));
    }

    fn application(&self, one: &DeletedApplication, sink: &mut Sink) {
        let pruning = &self.facts.impact.pruning;
        let application = &self.base.applications[one.row];
        let count = one.takes.len() + one.moves.len();
        let plural = if count == 1 { "" } else { "s" };
        let how = match one.owner {
            Some(owner) => format!("{} prunes it", self.owner(owner)),
            None => format!("{} does not make it any more", application.object.key),
        };
        let mut hit = Hit::at(one.place.at);
        hit.side = one.place.side;
        let mut hit = hit
            .word("object", title(application))
            .word("how", how)
            .word("count", format!("{count} object{plural}"))
            .mark(format!("{} {}", application.key, application.cluster.as_deref().unwrap_or_default()));
        if let Some(owner) = one.owner {
            self.relate_owner(&mut hit, owner, "prunes it");
        }
        let mut label = |at, says| hit.related.push(Label { at, side: Side::Base, says });
        label(application.place, format!("{} as it was", application.object.key));
        let taken = one.takes.iter().map(|row| (pruning.deleted[*row].object, "it takes along"));
        let moved = one.moves.iter().map(|row| (pruning.handed_over[*row].object, "unless its new owner comes first,"));
        for (at, says) in taken.chain(moved).take(NAMED) {
            let object = self.base.object(at);
            label(object.place(self.facts.trees), format!("{says} {}", object.key));
        }
        hit.object = Some(ObjectName::of(&application.object));
        sink.report(complete(hit));
    }

    /// What the findings about a deleted object share.
    fn deleted(&self, mut hit: Hit, one: &Deleted) -> Hit {
        let object = self.base.object(one.object);
        hit.side = one.place.side;
        let mut hit = hit
            .word("object", object.key.to_string())
            .word("owner", self.owner(one.owner))
            .word("how", how(one.ending))
            .word("hanging", hanging(object, one.hanging))
            .mark(object.key.to_string());
        self.relate_owner(&mut hit, one.owner, how(one.ending));
        self.relate_object(&mut hit, one.object);
        hit.object = Some(ObjectName::of(object));
        hit
    }

    fn handovers(&self, all: &[HandedOver], sink: &mut Sink) {
        let mut groups: BTreeMap<(Owner, Option<usize>), Vec<&HandedOver>> = BTreeMap::new();
        // What goes with its application is told there.
        for one in all.iter().filter(|one| one.ending == Ending::Pruned) {
            groups.entry((one.owner, one.to)).or_default().push(one);
        }
        for ((owner, to), mut group) in groups {
            group.sort_by_key(|one| !one.stateful);
            let first = group[0];
            let now = self.facts.head.object(first.now);
            let to = to.map(|row| title(&self.facts.head.applications[row]));
            let mut hit = Hit::at(now.place(self.facts.trees))
                .word("object", objects(now, group.len()))
                .word("owner", self.owner(owner))
                .word("to", to.unwrap_or_else(|| "a folder that no application here applies".to_owned()));
            hit.object = Some(ObjectName::of(now));
            self.relate_owner(&mut hit, owner, how(first.ending));
            for other in group.iter().skip(1).take(NAMED) {
                let object = self.facts.head.object(other.now);
                hit = hit.related(object.place(self.facts.trees), format!("{} too", object.key));
            }
            self.relate_object(&mut hit, first.object);
            sink.report(complete(hit));
        }
    }

    fn orphans(&self, all: &[Orphaned], sink: &mut Sink) {
        let mut groups: BTreeMap<(Option<Owner>, &str), Vec<&Orphaned>> = BTreeMap::new();
        for one in all {
            groups.entry((one.owner, &*one.why)).or_default().push(one);
        }
        for ((owner, why), group) in groups {
            let first = group[0];
            let object = self.base.object(first.object);
            let mut hit = Hit::at(first.place.at);
            hit.side = first.place.side;
            let mut hit = hit
                .word("object", objects(object, group.len()))
                .word("owner", owner.map(|owner| self.owner(owner)).unwrap_or_default())
                .word("why", why)
                .mark(object.key.to_string());
            if let Some(owner) = owner {
                self.relate_owner(&mut hit, owner, "applied it");
            }
            for one in group.iter().take(NAMED) {
                self.relate_object(&mut hit, one.object);
            }
            hit.object = Some(ObjectName::of(object));
            sink.report(complete(hit));
        }
    }

    fn owner(&self, owner: Owner) -> String {
        title(&self.base.applications[owner.base])
    }

    /// Names the owner: as the head has it, while there is one.
    fn relate_owner(&self, hit: &mut Hit, owner: Owner, says: &str) {
        let (at, side) = match owner.head {
            Some(row) => {
                let application = &self.facts.head.applications[row];
                (application.prunes.unwrap_or(application.place), Side::Head)
            }
            None => (self.base.applications[owner.base].place, Side::Base),
        };
        hit.related.push(Label { at, side, says: format!("{} {says}", self.owner(owner)) });
    }

    fn relate_object(&self, hit: &mut Hit, at: ObjectAt) {
        let object = self.base.object(at);
        let place = object.place(self.facts.trees);
        hit.related.push(Label { at: place, side: Side::Base, says: format!("{} as it was", object.key) });
    }
}

/// A hit with every word of the kind: those that its sort of finding has no use for are empty.
fn complete(mut hit: Hit) -> Hit {
    for (name, _) in KIND.words {
        if !hit.words.iter().any(|(word, _)| word == name) {
            hit.words.push((name, String::new()));
        }
    }
    hit
}

fn how(ending: Ending) -> &'static str {
    match ending {
        Ending::Pruned => "prunes it",
        Ending::WithApplication => "takes it along",
    }
}

fn title(application: &Application) -> String {
    let kind = match application.controller {
        Controller::ArgoCd => "Application",
        Controller::Flux => "Kustomization",
    };
    format!("{kind} {}", application.key.title())
}

/// "ConfigMap shop/settings and 3 more".
fn objects(first: &Object, count: usize) -> String {
    if count == 1 { first.key.to_string() } else { format!("{} and {} more", first.key, count - 1) }
}

fn hanging(object: &Object, count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    match (count, object.is("", "Namespace")) {
        (0, _) => String::new(),
        (_, true) => format!(", and with it {count} object{plural} in it that the repository still holds"),
        (_, false) => format!(", and with it {count} instance{plural} that the repository still holds"),
    }
}
