//! The kind `secret-object`: Secrets that are plain without a credential, and annotations that hold what they hold.
//!
//! Never: a value, in no word of a hit.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::model::{Object, Trees};
use crate::rules::{Check, Hit, Sink};
use crate::secrets::{RunKey, Strength, in_annotation, in_secret, plain_value};

pub(super) const KIND: CheckKind = CheckKind {
    name: "secret-object",
    about: "a Secret in the clear that holds no credential, or a Secret's values in an annotation",
    params: &[ParamDesc {
        name: "fault",
        takes: Takes::OneOf(&["harmless", "annotation"]),
        need: Need::Required,
        about: "only harmless values in the clear; or values that `kubectl apply` left in an annotation",
    }],
    facts: &[("weak", "all of them are well known, short, or hashes")],
    words: &[("kind", "the kind of the object"), ("name", "its name")],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let key = params.key();
    let judge = if params.text("fault") == "annotation" { annotation } else { harmless };
    Ok(Check::Value(Box::new(move |trees, object, sink| judge(trees, object, &key, sink))))
}

fn hit(object: &Object, hit: Hit) -> Hit {
    hit.word("kind", &*object.key.kind).word("name", &*object.key.name)
}

fn harmless(trees: &Trees, object: &Object, key: &RunKey, sink: &mut Sink) {
    if plain_value(trees, object).is_some() && in_secret(trees, object, key).is_empty() {
        sink.report(hit(object, Hit::at(object.place(trees))));
    }
}

fn annotation(trees: &Trees, object: &Object, key: &RunKey, sink: &mut Sink) {
    for credential in in_annotation(trees, object, key) {
        let found = hit(object, Hit::at(credential.at)).field(credential.field).secret(key, credential.mark);
        sink.report(if credential.strength == Strength::Weak { found.fact("weak") } else { found });
    }
}
