//! The kind `credential-in-manifest`: credentials in the clear where no Secret is: config maps, environments, arguments,
//! chart values, generators.
//!
//! Never: a value, in no word of a hit; a Secret that stands in a file, which is another rule's.

use std::sync::Arc;

use super::plaintext_secret::is_test;
use super::{CheckKind, Params};
use crate::base::FileId;
use crate::model::{How, Object, Trees};
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::secrets::{
    Credential, RunKey, Strength, in_document, in_manifest, is_machine_config, is_manifest, is_values_file,
};

pub(super) const KIND: CheckKind = CheckKind {
    name: "credential-in-manifest",
    about: "credentials in the clear outside Secrets: config maps, environments, arguments, chart values, generators",
    params: &[],
    facts: &[
        ("weak", "all of them are well known, short, or hashes"),
        ("test-folder", "the value is written in a folder of tests"),
    ],
    words: &[
        ("where", "what holds them, in words"),
        ("keys", "the names that they stand under"),
        ("what", "what the value is"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let key = params.key();
    let other = key.clone();
    Ok(Check::ValueAndText(
        Box::new(move |trees, object, sink| {
            let name = written_name(trees, object);
            let place = format!("{} `{name}`", object.key.kind);
            report(
                trees,
                in_manifest(trees, object, &key),
                (&place, Some(ObjectName { name, ..ObjectName::of(object) })),
                &key,
                sink,
            );
        }),
        Box::new(move |trees, file, sink| values_file(trees, file, &other, sink)),
    ))
}

/// The name without what a generator puts behind it: a hash of the values, under no key, by which they can be guessed.
fn written_name(trees: &Trees, object: &Object) -> Arc<str> {
    let name = object.view(trees).path(["metadata", "name"]);
    let last = name.and_then(|name| Some(name.value().origin()?.set.as_ref()?.how));
    match object.key.name.rsplit_once('-') {
        Some((bare, _)) if last == Some(How::Hash) => bare.into(),
        _ => object.key.name.clone(),
    }
}

/// A file of chart values, or a machine's configuration. It is no object, so each of its credentials is a finding of its own.
fn values_file(trees: &Trees, file: FileId, key: &RunKey, sink: &mut Sink) {
    let path = trees.sources().path(file);
    if !is_manifest(path) || !trees.parsed(file).problems().is_empty() {
        return;
    }
    let name = path.name();
    for document in trees.documents(file) {
        // A manifest of that name is judged as the object that it is.
        if Object::new(trees, document.clone()).is_some() {
            continue;
        }
        let place = match trees.view(&document) {
            view if is_machine_config(view) => format!("the machine configuration `{name}`"),
            _ if is_values_file(path) => format!("the Helm values `{name}`"),
            _ => continue,
        };
        for credential in in_document(trees, &document, key) {
            report(trees, vec![credential], (&place, None), key, sink);
        }
    }
}

/// A hit for each credential, all with the same words: the engine makes those of an object one finding.
fn report(
    trees: &Trees,
    credentials: Vec<Credential>,
    (place, object): (&str, Option<ObjectName>),
    key: &RunKey,
    sink: &mut Sink,
) {
    let mut keys: Vec<String> = credentials.iter().map(|credential| format!("`{}`", credential.key)).collect();
    let mut seen = std::collections::BTreeSet::new();
    keys.retain(|key| seen.insert(key.clone()));
    let keys = keys.join(", ");
    let weak = credentials.iter().all(|credential| credential.strength == Strength::Weak);
    for Credential { at, field, kind, mark, .. } in credentials {
        let mut hit = Hit::at(at)
            .word("where", place)
            .word("keys", &*keys)
            .word("what", kind.words())
            .field(field)
            .secret(key, mark);
        hit.object.clone_from(&object);
        if weak {
            hit = hit.fact("weak");
        }
        if is_test(trees.sources().path(at.file)) {
            hit = hit.fact("test-folder");
        }
        sink.report(hit);
    }
}
