//! The kind `policy`: how an organization wants its APIs to change, beyond what breaks.
//!
//! Never: a rule that runs without being asked for; these are choices.

mod choice;
mod lifecycle;
mod versions;

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::base::Span;
use crate::model::Trees;
use crate::rules::{Check, Facts, Hit, ObjectName, Sink};
use crate::world::{DefinedApi, ObjectAt, World};

pub(super) const KIND: CheckKind = CheckKind {
    name: "policy",
    about: "a choice of how APIs change: immutable versions, announced removals, explicit selection",
    params: &[ParamDesc {
        name: "policy",
        takes: Takes::OneOf(&[
            "composition-target",
            "conversion-declared",
            "deprecate-before-remove",
            "manual-in-production",
            "one-storage",
            "replacement-served",
            "selector-explicit",
            "sunset-passed",
            "sunset-required",
            "sunset-shortened",
            "sunset-too-soon",
            "version-immutable",
            "version-label",
        ]),
        need: Need::Required,
        about: "the choice",
    }],
    facts: &[("alpha", "the version is an alpha")],
    words: &[
        ("kind", "the kind that is defined, or the object's"),
        ("name", "the version, or the object's name"),
        ("what", "what does not hold"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let of_world = |judge: fn(&Trees, &World, &mut Sink)| Check::World(Box::new(judge));
    let of_change = |judge: fn(&Facts<'_>, &mut Sink)| Check::Change(Box::new(judge));
    Ok(match params.text("policy") {
        "composition-target" => of_world(versions::composition_target),
        "conversion-declared" => of_world(versions::conversion_declared),
        "deprecate-before-remove" => of_change(lifecycle::deprecate_before_remove),
        "manual-in-production" => of_world(choice::manual_in_production),
        "one-storage" => of_world(versions::one_storage),
        "replacement-served" => of_world(lifecycle::replacement_served),
        "selector-explicit" => of_world(choice::selector_explicit),
        "sunset-passed" => of_world(lifecycle::sunset_passed),
        "sunset-required" => of_world(lifecycle::sunset_required),
        "sunset-shortened" => of_change(lifecycle::sunset_shortened),
        "sunset-too-soon" => of_change(lifecycle::sunset_too_soon),
        "version-immutable" => of_change(versions::version_immutable),
        _ => of_world(versions::version_label),
    })
}

/// A hit about one version of an API.
fn of_version(world: &World, defined: &DefinedApi, version: &str, at: Span, what: impl Into<String>) -> Hit {
    let object = world.object(defined.from);
    let hit =
        Hit::at(at).word("kind", &*defined.definition.kind).word("name", version).word("what", what).mark(version);
    placed(world, defined.from, Hit { object: Some(ObjectName::of(object)), ..hit })
}

/// A hit about one object.
fn of_object(world: &World, at: ObjectAt, place: Span, what: impl Into<String>) -> Hit {
    let object = world.object(at);
    let hit = Hit::at(place).word("kind", &*object.key.kind).word("name", &*object.key.name).word("what", what);
    placed(world, at, Hit { object: Some(ObjectName::of(object)), ..hit })
}

fn placed(world: &World, at: ObjectAt, hit: Hit) -> Hit {
    Hit { side: world.side, build: Some(at.build), ..hit }
}
