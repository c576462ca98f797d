//! The kind `api-versions`: the versions of one API definition, among each other.
//!
//! Never: the base; what a definition is wrong about by itself needs none.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::api::{Conversion, Definition, Version};
use crate::base::Span;
use crate::model::Trees;
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::world::World;

pub(super) const KIND: CheckKind = CheckKind {
    name: "api-versions",
    about: "the versions of an API definition (CRD, XRD, Promise), compared with each other",
    params: &[
        ParamDesc {
            name: "fault",
            takes: Takes::OneOf(&["divergent-without-conversion", "stored-count"]),
            need: Need::Required,
            about: "fields of one served version that another drops, or not exactly one version to store objects in",
        },
        ParamDesc {
            name: "of",
            takes: Takes::SomeOf(&["crd", "xrd", "promise", "rgd"]),
            need: Need::Optional,
            about: "how the API is written; any where it is left out",
        },
    ],
    facts: &[],
    words: &[
        ("kind", "the kind people write"),
        ("version", "the version, or how many are stored"),
        ("other", "the version that drops the fields"),
        ("fields", "the fields that are lost, or the versions that are stored"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let of = params.texts("of");
    let judge = match params.text("fault") {
        "stored-count" => stored_count,
        _ => divergent,
    };
    Ok(Check::World(Box::new(move |trees: &Trees, world: &World, sink: &mut Sink| {
        for defined in &world.definitions {
            let definition = &*defined.definition;
            if !of.is_empty() && !of.iter().any(|of| of == definition.flavor.name()) {
                continue;
            }
            for mut hit in judge(trees, definition) {
                hit.object = Some(ObjectName::of(world.object(defined.from)));
                hit.build = Some(defined.from.build);
                sink.report(hit.word("kind", &*definition.kind));
            }
        }
    })))
}

/// Stands at the second version that claims to be the stored one, the first that is too many.
fn stored_count(_: &Trees, definition: &Definition) -> Vec<Hit> {
    let stored: Vec<&Version> = definition.versions.iter().filter(|version| version.stored).collect();
    if stored.len() == 1 || definition.versions.is_empty() {
        return Vec::new();
    }
    let names: Vec<String> = stored.iter().map(|version| format!("`{}`", version.name)).collect();
    let at = stored.get(1).map_or(definition.versions_at, |version| version.stored_at);
    let fields = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let mut hit = Hit::at(at).word("version", stored.len().to_string()).word("other", "").word("fields", fields);
    for (row, version) in stored.iter().enumerate().filter(|(row, _)| *row != 1) {
        hit = hit.related(version.stored_at, if row == 0 { "the first" } else { "and here" });
    }
    vec![hit]
}

/// Without a conversion every write through one version drops what that version or the stored one does not know.
fn divergent(trees: &Trees, definition: &Definition) -> Vec<Hit> {
    let Some(stored) = definition.versions.iter().find(|version| version.stored) else { return Vec::new() };
    if definition.conversion == Conversion::Webhook {
        return Vec::new();
    }
    let others = definition.versions.iter().filter(|version| version.served && version.name != stored.name);
    others.flat_map(|other| [lost(trees, other, stored), lost(trees, stored, other)]).flatten().collect()
}

/// The fields of `from` that `to` drops, as one hit at the first of them.
fn lost(trees: &Trees, from: &Version, to: &Version) -> Option<Hit> {
    let (Some(mine), Some(theirs)) = (from.schema(trees), to.schema(trees)) else { return None };
    let mut fields: Vec<(String, Span)> = mine.fields_beyond(theirs);
    // Controllers write the status again and again; nothing of it is lost for good.
    fields.retain(|(path, _)| path != "status" && !path.starts_with("status."));
    let (first, at) = fields.first()?;
    let names: Vec<String> = fields.iter().take(5).map(|(path, _)| format!("`{path}`")).collect();
    let more = match fields.len().saturating_sub(5) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let hit = Hit::at(*at)
        .word("version", &*from.name)
        .word("other", &*to.name)
        .word("fields", format!("{}{more}", names.join(", ")))
        .mark(format!("{} {} {first}", from.name, to.name))
        .related(to.at, "the version that drops it");
    Some(hit)
}
