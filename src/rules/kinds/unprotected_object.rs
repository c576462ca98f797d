//! The kind `unprotected-object`: objects that hold data, under an application that prunes.
//!
//! Never: an object that says itself that it stays.

use super::{CheckKind, Params};
use crate::delivery::{Ending, protection};
use crate::model::{Object, Trees};
use crate::rules::{Check, Hit, Sink};

pub(super) const KIND: CheckKind = CheckKind {
    name: "unprotected-object",
    about: "a volume claim, StatefulSet or namespace that its application deletes when it leaves Git",
    params: &[],
    facts: &[],
    words: &[("object", "the object"), ("application", "the application's namespace and name")],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::Object(Box::new(|trees, subject, sink| {
        if !holds_data(subject.object) {
            return;
        }
        let applications = subject.built.applied_by.iter().map(|row| &subject.world.applications[*row]);
        let prunes = |found: &&crate::delivery::Application| {
            found.prunes.is_some() && protection(trees, found.controller, subject.object, Ending::Pruned).is_none()
        };
        if let Some(application) = applications.into_iter().find(prunes) {
            report(trees, subject.object, application, sink);
        }
    })))
}

fn holds_data(object: &Object) -> bool {
    let key = &object.key;
    matches!((&*key.group, &*key.kind), ("", "PersistentVolumeClaim" | "Namespace") | ("apps", "StatefulSet"))
}

fn report(trees: &Trees, object: &Object, application: &crate::delivery::Application, sink: &mut Sink) {
    let key = &application.key;
    let title = if key.namespace.is_empty() { key.name.to_string() } else { format!("{}/{}", key.namespace, key.name) };
    let hit = Hit::at(object.place(trees)).word("object", object.key.to_string()).word("application", title);
    sink.report(hit.related(application.place, "the application that prunes it"));
}
