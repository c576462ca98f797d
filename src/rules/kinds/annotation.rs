//! The kind `annotation`: annotations that objects should not have.
//!
//! Never: a value; the name alone says it.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::grammar::Glob;
use crate::model::{Object, Trees};
use crate::rules::{Check, Hit, Sink};

pub(super) const KIND: CheckKind = CheckKind {
    name: "annotation",
    about: "objects with annotations of some names",
    params: &[ParamDesc {
        name: "names",
        takes: Takes::Texts,
        need: Need::Required,
        about: "globs of the names: `flux.weave.works/*`",
    }],
    facts: &[],
    words: &[("kind", "the object's kind"), ("name", "the object's name"), ("annotation", "the annotation's name")],
    build,
};

fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let globs: Vec<Result<Glob, String>> =
        params.texts("names").iter().map(|name| Glob::new(name).map_err(|_| format!("`{name}` is no glob"))).collect();
    let wrong: Vec<String> = globs.iter().filter_map(|glob| glob.as_ref().err().cloned()).collect();
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let globs: Vec<Glob> = globs.into_iter().flatten().collect();
    Ok(Check::Value(Box::new(move |trees, object, sink| judge(trees, object, &globs, sink))))
}

fn judge(trees: &Trees, object: &Object, globs: &[Glob], sink: &mut Sink) {
    let Some(annotations) = object.view(trees).path(["metadata", "annotations"]) else { return };
    for field in annotations.fields().filter(|field| globs.iter().any(|glob| glob.matches(field.name()))) {
        let hit = Hit::at(field.key_place())
            .word("kind", &*object.key.kind)
            .word("name", &*object.key.name)
            .word("annotation", field.name());
        sink.report(hit.field(format!("/metadata/annotations/{}", field.name().replace('~', "~0").replace('/', "~1"))));
    }
}
