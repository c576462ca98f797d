//! The kind `schema-fault`: what is wrong with the schema of an API definition by itself.
//!
//! Never: the base; what the API server refuses it refuses without one.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::api::{self, Fault, SchemaFault};
use crate::model::{Object, Trees};
use crate::rules::{Check, Hit, Sink};

pub(super) const KIND: CheckKind = CheckKind {
    name: "schema-fault",
    about: "a schema of a CRD, XRD or Promise that the API server refuses, or of which the controller copies only a part",
    params: &[ParamDesc {
        name: "fault",
        takes: Takes::OneOf(&["ignored-keyword", "invalid-default", "not-structural"]),
        need: Need::Required,
        about: "what is wrong",
    }],
    facts: &[],
    words: &[
        ("kind", "the kind that it defines"),
        ("version", "the version"),
        ("path", "the path of the field in an instance; `the root` for the schema as a whole"),
        ("fault", "what is wrong, in words"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let wanted = match params.text("fault") {
        "ignored-keyword" => Fault::Ignored,
        "invalid-default" => Fault::InvalidDefault,
        _ => Fault::NotStructural,
    };
    Ok(Check::Value(Box::new(move |trees: &Trees, object: &Object, sink: &mut Sink| {
        // What lies below a fault is often wrong for the same reason: the topmost says it.
        let mut told: Vec<SchemaFault> = Vec::new();
        let is_rule = |what| matches!(what, Fault::BrokenRule | Fault::DearRule);
        let is_wanted = |what| what == wanted || (wanted == Fault::NotStructural && is_rule(what));
        for fault in api::schema_faults(trees, object).into_iter().filter(|fault| is_wanted(fault.what)) {
            let hides = |above: &SchemaFault| {
                (above.what, &above.version) == (wanted, &fault.version) && is_below(&fault.path, &above.path)
            };
            if !told.iter().any(hides) {
                told.push(fault);
            }
        }
        for fault in told {
            sink.report(hit(trees, object, fault));
        }
    })))
}

fn is_below(path: &str, above: &str) -> bool {
    let rest = path.strip_prefix(above);
    !above.is_empty() && rest.is_some_and(|rest| rest.starts_with(['.', '[']))
}

fn hit(trees: &Trees, object: &Object, fault: SchemaFault) -> Hit {
    let view = object.view(trees);
    let kind = view.path(["spec", "names", "kind"]).or_else(|| view.path(["spec", "api", "spec", "names", "kind"]));
    let path = if fault.path.is_empty() { "the root".to_owned() } else { format!("`{}`", fault.path) };
    let words = match fault.what {
        Fault::NotStructural => format!("has no structural schema: {}", fault.words),
        Fault::BrokenRule | Fault::DearRule | Fault::Ignored | Fault::InvalidDefault => fault.words.clone(),
    };
    Hit::at(fault.at)
        .word("kind", kind.map_or_else(|| object.key.name.to_string(), |kind| kind.written().into_owned()))
        .mark(format!("{} {} {}", fault.version, fault.path, fault.words))
        .word("version", fault.version)
        .word("path", path)
        .word("fault", words)
}
