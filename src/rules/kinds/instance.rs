//! The kind `instance`: what a change of an API does to one object of the repository.
//!
//! Never: an object that the change brings; it is judged by its schema alone.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::base::Span;
use crate::impact::Outcome;
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
    facts: &[],
    words: &[
        ("kind", "the object's kind"),
        ("name", "its namespace and name"),
        ("version", "its API version"),
        ("path", "the path of the field; empty for the object as a whole"),
        ("reason", "why, in words"),
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
    for instance in facts.impact.apis.iter().flat_map(|api| &api.instances) {
        if instance.outcome.undecided {
            sink.undecided();
        }
        let object = facts.head.object(instance.at);
        let mut faults = faults(looked, facts, object, &instance.outcome).into_iter();
        let Some((pointer, path, at, reason)) = faults.next() else { continue };
        let key = &object.key;
        let slash = if key.namespace.is_empty() { "" } else { "/" };
        let mut hit = Hit::at(at)
            .word("kind", &*key.kind)
            .word("name", format!("{}{slash}{}", key.namespace, key.name))
            .word("version", &*object.version)
            .word("path", path)
            .word("reason", reason)
            .field(pointer);
        hit.object = Some(ObjectName::of(object));
        hit.build = Some(instance.at.build);
        for (_, path, at, reason) in faults.take(5) {
            hit = hit.related(at, format!("`{path}` {reason}"));
        }
        sink.report(hit);
    }
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
