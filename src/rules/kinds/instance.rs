//! The kind `instance`: what a change of an API does to one object of the repository.
//!
//! Never: an object that the change brings; it is judged by its schema alone.

use super::schema_change::is_below;
use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::base::Span;
use crate::compare::What;
use crate::impact::{ApiImpact, Instance, Outcome};
use crate::model::Object;
use crate::rules::{Check, Facts, Hit, ObjectName, Sink};

pub(super) const KIND: CheckKind = CheckKind {
    name: "instance",
    about: "an object that the base has, under the changed definition of its API",
    params: &[ParamDesc {
        name: "outcome",
        takes: Takes::OneOf(&["invalid", "pruned", "unserved"]),
        need: Need::Required,
        about: "what becomes of it: refused by the new schema, losing fields, or in a version that is not served",
    }],
    facts: &[("read-now", "it loses what was kept unread, below a field that is described from now on")],
    words: &[
        ("kind", "the object's kind"),
        ("name", "its namespace and name"),
        ("version", "its API version"),
        ("path", "the path of the field; empty for the object as a whole"),
        ("reason", "why, in words"),
        ("later", "what the API server takes from now on, after a semicolon; empty where nothing is refused"),
    ],
    build,
};

#[derive(Clone, Copy)]
enum Looked {
    Invalid,
    Pruned,
    Unserved,
}

/// One place of an instance: a JSON pointer, a path, the bytes, why.
type Fault = (String, String, Span, String);

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let looked = match params.text("outcome") {
        "invalid" => Looked::Invalid,
        "pruned" => Looked::Pruned,
        _ => Looked::Unserved,
    };
    Ok(Check::Change(Box::new(move |facts, sink| report(looked, facts, sink))))
}

fn report(looked: Looked, facts: &Facts<'_>, sink: &mut Sink) {
    let instances = facts.impact.apis.iter().flat_map(|api| api.instances.iter().map(move |instance| (api, instance)));
    for (api, instance) in instances {
        if instance.outcome.unknown.is_some() {
            sink.undecided();
        }
        let object = &instance.object;
        let mut faults = faults(looked, facts, object, &instance.outcome).into_iter();
        let Some((pointer, path, at, reason)) = faults.next() else { continue };
        let mut hit = Hit::at(at)
            .word("kind", &*object.key.kind)
            .word("name", instance.title(facts.head))
            .word("version", &*object.version)
            .word("path", path)
            .word("reason", reason)
            .word("later", later(looked, facts, instance));
        // What another object brings is that object's to mend.
        hit.object = Some(ObjectName::of(facts.head.object(instance.at)));
        hit = match &instance.part {
            Some(part) => hit.mark(format!("{part} {pointer}")),
            None => hit.field(pointer),
        };
        hit.build = Some(instance.at.build);
        if matches!(looked, Looked::Pruned) && is_read_now(facts, api, instance) {
            hit.facts.push("read-now");
        }
        for (_, path, at, reason) in faults.take(5) {
            hit = hit.related(at, format!("`{path}` {reason}"));
        }
        sink.report(hit);
    }
}

/// Whether something is lost of which no rule about the definition speaks: to those the field is only new.
fn is_read_now(facts: &Facts<'_>, api: &ApiImpact, instance: &Instance) -> bool {
    let of_api = |definition| api.pairs.iter().any(|pair| facts.changes.definitions[*pair] == definition);
    let mut read = facts.changes.apis().filter(|change| {
        change.what == What::PropertyBecameTyped
            && change.version.as_deref() == Some(&*instance.object.version)
            && of_api(change.definition)
    });
    read.any(|change| instance.outcome.pruned.iter().any(|lost| is_below(&lost.path, &change.path)))
}

/// What the API server still takes. Since Kubernetes 1.33 a value that was stored and stays the same is not refused.
fn later(looked: Looked, facts: &Facts<'_>, instance: &Instance) -> String {
    let violations = instance.outcome.violations.iter();
    let Some(first) = violations.take(1).find(|_| matches!(looked, Looked::Invalid)) else {
        return String::new();
    };
    let value = |object: &Object| object.view(facts.trees).to_json().pointer(&first.pointer).cloned();
    let before = facts.base.zip(instance.was).filter(|_| instance.part.is_none());
    if before.is_some_and(|(base, was)| value(base.object(was)) != value(&instance.object)) {
        return "; applying it is refused, since the change edits it there".into();
    }
    // What is of a whole map or list is refused with every change below it.
    let is_whole = is_of_container(first.keyword);
    let place = first.pointer.trim_start_matches('/').replace('/', ".");
    match first.keyword {
        "x-kubernetes-list-type" => "; applying and editing what is stored is tolerated, creating it is refused".into(),
        _ if is_whole && place.is_empty() => {
            "; applying it unchanged is tolerated, any edit of it is refused, and so is creating it".into()
        }
        _ if is_whole => {
            format!("; applying it unchanged is tolerated, any edit below `{place}` is refused, and so is creating it")
        }
        _ => "; applying it with this value unchanged is tolerated, creating it is refused".into(),
    }
}

fn is_of_container(keyword: &str) -> bool {
    const KEYWORDS: [&str; 10] = [
        "allOf",
        "anyOf",
        "maxItems",
        "maxProperties",
        "minItems",
        "minProperties",
        "not",
        "oneOf",
        "required",
        "x-kubernetes-embedded-resource",
    ];
    KEYWORDS.contains(&keyword)
}

fn faults(looked: Looked, facts: &Facts<'_>, object: &Object, outcome: &Outcome) -> Vec<Fault> {
    match looked {
        Looked::Invalid => {
            let fault = |v: &crate::api::Violation| (v.pointer.clone(), v.path.clone(), v.at, v.message.clone());
            outcome.violations.iter().map(fault).collect()
        }
        Looked::Pruned => {
            let reason = "is dropped";
            let fault = |p: &crate::api::Pruned| (p.pointer.clone(), p.path.clone(), p.at, reason.to_owned());
            outcome.pruned.iter().map(fault).collect()
        }
        Looked::Unserved if outcome.unserved => {
            let view = object.view(facts.trees);
            let at = view.get("apiVersion").unwrap_or(view).place();
            vec![("/apiVersion".into(), "apiVersion".into(), at, "is not served any more".into())]
        }
        Looked::Unserved => Vec::new(),
    }
}
