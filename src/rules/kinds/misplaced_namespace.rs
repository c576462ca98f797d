//! The kind `misplaced-namespace`: objects of the whole cluster that name a namespace.
//!
//! Never: a namespace that a kustomization gives to all it holds; nobody meant this object by it.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::model::{Object, Trees, Value, is_namespaced};
use crate::rules::{Check, Hit, Sink};

pub(super) const KIND: CheckKind = CheckKind {
    name: "misplaced-namespace",
    about: "objects of cluster-scoped kinds that name a namespace; those of Kubernetes are known",
    params: &[
        ParamDesc {
            name: "kinds",
            takes: Takes::Texts,
            need: Need::Required,
            about: "further cluster-scoped kinds, each as `group/Kind`",
        },
        ParamDesc {
            name: "shared",
            takes: Takes::Texts,
            need: Need::Optional,
            about: "those of them by which a platform offers something to others",
        },
    ],
    facts: &[("shared", "others rely on it")],
    words: &[("kind", "the object's kind"), ("name", "its name"), ("namespace", "the namespace")],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let pairs = |name| -> Vec<Pair> {
        let texts = params.texts(name);
        texts.iter().filter_map(|kind| kind.rsplit_once('/')).map(|(group, kind)| (group.into(), kind.into())).collect()
    };
    let (kinds, shared) = (pairs("kinds"), pairs("shared"));
    Ok(Check::Value(Box::new(move |trees, object, sink| judge(trees, object, (&kinds, &shared), sink))))
}

/// The group and the kind of objects.
type Pair = (String, String);

fn judge(trees: &Trees, object: &Object, (kinds, shared): (&[Pair], &[Pair]), sink: &mut Sink) {
    let key = &object.key;
    if key.namespace.is_empty() {
        return;
    }
    let is_in = |list: &[Pair]| list.iter().any(|(group, kind)| object.is(group, kind));
    if is_namespaced(&key.group, &key.kind) != Some(false) && !is_in(kinds) && !is_in(shared) {
        return;
    }
    let Some(namespace) = object.view(trees).path(["metadata", "namespace"]) else { return };
    if matches!(namespace.value(), Value::Made(_)) {
        return;
    }
    let hit = Hit::at(namespace.place())
        .word("kind", &*key.kind)
        .word("name", &*key.name)
        .word("namespace", &*key.namespace)
        .field("/metadata/namespace");
    sink.report(if is_in(shared) { hit.fact("shared") } else { hit });
}
