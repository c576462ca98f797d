//! The kind `field-change`: fields of an object that the base has differently.
//!
//! Never: an object that only one side has; the place of a value as part of it.

use std::collections::BTreeSet;

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::base::{Side, Span};
use crate::impact::{Certainty, Instance, Rerouted};
use crate::model::{Object, Trees, View};
use crate::rules::{Check, Facts, Hit, Label, ObjectName, Sink};
use crate::world::ObjectAt;

/// How many instances of a finding are named.
const NAMED: usize = 5;

pub(super) const KIND: CheckKind = CheckKind {
    name: "field-change",
    about: "a field of an object that differs from the base",
    params: &[
        ParamDesc {
            name: "of",
            takes: Takes::Texts,
            need: Need::Required,
            about: "the kinds of object, each as `group/Kind`, in any version",
        },
        ParamDesc {
            name: "fields",
            takes: Takes::Texts,
            need: Need::Required,
            about: "the fields, as JSON pointers; several that differ in one object are one finding",
        },
        ParamDesc {
            name: "change",
            takes: Takes::SomeOf(&["added", "changed", "removed"]),
            need: Need::Required,
            about: "what happens to the field",
        },
        ParamDesc {
            name: "absent",
            takes: Takes::Text,
            need: Need::Optional,
            about: "the value that a missing field has: none is added or removed then",
        },
        ParamDesc {
            name: "to",
            takes: Takes::Texts,
            need: Need::Optional,
            about: "only these new values; any where it is left out",
        },
    ],
    facts: &[("instance-rerouted", "an instance in this repository chooses another Composition")],
    words: &[
        ("instances", "the instances that choose another Composition, after a semicolon; empty where there are none"),
        ("kind", "the object's kind"),
        ("name", "its namespace and name"),
        ("field", "the field"),
        ("from", "what it was; of a map what differs"),
        ("to", "what it is; of a map what differs"),
    ],
    build,
};

struct Wanted {
    of: Vec<(String, String)>,
    fields: Vec<String>,
    change: Vec<String>,
    absent: String,
    to: Vec<String>,
}

fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let split = |of: String| match of.rsplit_once('/') {
        Some((group, kind)) => Ok((group.to_owned(), kind.to_owned())),
        None => Err(format!("`{of}` is no `group/Kind`")),
    };
    let (of, wrong): (Vec<_>, Vec<_>) = params.texts("of").into_iter().map(split).partition(Result::is_ok);
    let mut wrong: Vec<String> = wrong.into_iter().filter_map(Result::err).collect();
    let fields = params.texts("fields");
    wrong.extend(fields.iter().filter(|f| !f.starts_with('/')).map(|f| format!("`{f}` is no JSON pointer")));
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let of = of.into_iter().filter_map(Result::ok).collect();
    let (change, absent, to) = (params.texts("change"), params.text("absent").to_owned(), params.texts("to"));
    let wanted = Wanted { of, fields, change, absent, to };
    Ok(Check::Change(Box::new(move |facts, sink| report(&wanted, facts, sink))))
}

fn report(wanted: &Wanted, facts: &Facts<'_>, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    for pair in &facts.changes.objects {
        let (Some(was_at), Some(is_at)) = (pair.base, pair.head) else { continue };
        let (was, is) = (base.object(was_at), facts.head.object(is_at));
        let fits = wanted.of.iter().any(|(group, kind)| is.is(group, kind));
        if !fits || was.value.is_same(&is.value) {
            continue;
        }
        let mut found = wanted.fields.iter().filter_map(|field| Difference::of(facts.trees, wanted, field, was, is));
        let Some(first) = found.next() else { continue };
        let mut hit = Hit::at(first.at)
            .word("kind", &*is.key.kind)
            .word("name", is.key.title())
            .word("field", dotted(first.field))
            .word("from", first.from)
            .word("to", first.to)
            .field(first.field);
        hit = rerouted(facts, is_at, hit);
        hit.object = Some(ObjectName::of(is));
        hit.build = Some(is_at.build);
        hit.related.extend(first.was.map(|at| Label { at, side: Side::Base, says: "as it was".into() }));
        for other in found {
            hit = hit.related(other.at, format!("`{}` differs too", dotted(other.field)));
        }
        sink.report(hit);
    }
}

/// Tells of the instances of an XRD that choose another Composition.
fn rerouted(facts: &Facts<'_>, definition: ObjectAt, mut hit: Hit) -> Hit {
    let is_it = |pair: &usize| {
        facts.changes.definitions[*pair].1.is_some_and(|row| facts.head.definitions[row].from == definition)
    };
    let apis = facts.impact.apis.iter().filter(|api| api.pairs.iter().any(is_it));
    let found = apis.flat_map(|api| &api.instances).filter_map(|one| Some((one, one.outcome.rerouted.as_ref()?)));
    let found: Vec<(&Instance, &Rerouted)> = found.collect();
    let Some((_, first)) = found.first() else { return hit.word("instances", "") };
    hit.facts.push("instance-rerouted");
    let names: BTreeSet<String> = found.iter().map(|(one, _)| one.title(facts.head)).collect();
    let (count, shown) = (names.len(), names.into_iter().take(NAMED).collect::<Vec<_>>().join(", "));
    let (plural, verb) = if count == 1 { ("", "s") } else { ("s", "") };
    let more = if count > NAMED { format!(" and {} more", count - NAMED) } else { String::new() };
    let what = match first.certainty {
        Certainty::Certain => format!("{count} instance{plural} switch{} to it", if count == 1 { "es" } else { "" }),
        Certainty::Likely | Certainty::Unknown => {
            format!("{count} instance{plural} choose{verb} another Composition when made anew")
        }
    };
    for (one, rerouted) in found.iter().filter(|(one, _)| one.part.is_none()).take(NAMED) {
        let to = if rerouted.to.is_empty() { "none" } else { &rerouted.to };
        let says = format!("{} goes from `{}` to `{to}`", one.title(facts.head), rerouted.from);
        hit.related.push(Label { at: one.object.place(facts.trees), side: Side::Head, says });
    }
    hit.word("instances", format!("; {what}: {shown}{more}"))
}

/// One field that differs.
struct Difference<'w> {
    field: &'w str,
    at: Span,
    was: Option<Span>,
    from: String,
    to: String,
}

impl<'w> Difference<'w> {
    fn of(trees: &Trees, wanted: &Wanted, field: &'w str, was: &Object, is: &Object) -> Option<Self> {
        let (old, new) = (Found::of(was.view(trees), field), Found::of(is.view(trees), field));
        let text = |found: &Found<'_>| found.value.map_or_else(|| wanted.absent.clone(), short);
        let (from, to) = (text(&old), text(&new));
        let missing = |found: &Found<'_>| found.value.is_none() && wanted.absent.is_empty();
        let change = match (missing(&old), missing(&new)) {
            (true, true) => return None,
            (true, false) => "added",
            (false, true) => "removed",
            (false, false) => "changed",
        };
        let same = match (old.value, new.value) {
            (Some(old), Some(new)) => old.is_equal(&new) || old.to_json() == new.to_json(),
            _ => from == to,
        };
        let asked = wanted.change.iter().any(|wanted| wanted == change);
        if same || !asked || !(wanted.to.is_empty() || wanted.to.contains(&to)) {
            return None;
        }
        let (from, to) = match (old.value, new.value) {
            (Some(old), Some(new)) if old.is_map() && new.is_map() => (beyond(old, new), beyond(new, old)),
            _ => (from, to),
        };
        let or_nothing = |text: String| if text.is_empty() { "nothing".to_owned() } else { text };
        Some(Self { field, at: new.at, was: old.value.map(|_| old.at), from: or_nothing(from), to: or_nothing(to) })
    }
}

/// A field, or the nearest parent that is there.
struct Found<'t> {
    value: Option<View<'t>>,
    at: Span,
}

impl<'t> Found<'t> {
    fn of(object: View<'t>, pointer: &str) -> Self {
        let mut found = Self { value: Some(object), at: object.get("kind").unwrap_or(object).place() };
        for part in pointer.split('/').skip(1) {
            let name = part.replace("~1", "/").replace("~0", "~");
            let Some(field) = found.value.and_then(|view| view.field(&name)) else {
                return Self { value: None, at: found.at };
            };
            let is_short = field.value.is_scalar();
            found.value = Some(field.value).filter(|value| !value.is_null());
            found.at = if is_short { field.value.place() } else { field.key_place() };
        }
        found
    }
}

fn dotted(pointer: &str) -> String {
    pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect::<Vec<_>>().join(".")
}

/// The fields of a map that the other has not, or differently.
fn beyond(mine: View<'_>, other: View<'_>) -> String {
    let differs = |field: &crate::model::Field<'_>| other.get(field.name()).is_none_or(|o| !o.is_equal(&field.value));
    let shown = mine.fields().filter(differs).map(|field| format!("{} {}", field.name(), short(field.value)));
    shown.collect::<Vec<_>>().join(", ")
}

/// A value in a few characters.
fn short(view: View<'_>) -> String {
    let text = if view.is_scalar() {
        view.written().into_owned()
    } else if view.is_seq() {
        format!("[{}]", view.items().map(short).collect::<Vec<_>>().join(", "))
    } else {
        view.fields().map(|field| format!("{} {}", field.name(), short(field.value))).collect::<Vec<_>>().join(", ")
    };
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
