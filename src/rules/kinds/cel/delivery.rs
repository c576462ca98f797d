//! The variable `delivery`: who brings an object where.
//!
//! Never: a guess; what is not known is null. What no expression asks for is not looked for.

use std::array;
use std::cell::OnceCell;

use serde_json::Value as Json;

use crate::delivery::{Application, Tier, environment_of, tier_of};
use crate::model::Trees;
use crate::world::{Built, ObjectAt, World};

const NAMES: [&str; 5] = ["application", "cluster", "environment", "tier", "prune"];

/// What is known of the delivery of an object, by its first application.
pub(super) struct Delivery<'t> {
    /// `None` for an object that is looked at by itself.
    of: Option<(&'t Trees, &'t World, ObjectAt)>,
    known: [OnceCell<Json>; NAMES.len()],
}

impl<'t> Delivery<'t> {
    /// That of an object of a world.
    pub(super) fn of(trees: &'t Trees, world: &'t World, at: ObjectAt) -> Self {
        Self { of: Some((trees, world, at)), known: array::from_fn(|_| OnceCell::new()) }
    }

    /// That of an object by itself: `null`.
    pub(super) fn none() -> Self {
        Self { of: None, known: array::from_fn(|_| OnceCell::new()) }
    }

    /// Whether it is there.
    pub(super) fn is_some(&self) -> bool {
        self.of.is_some()
    }

    /// One of its fields.
    pub(super) fn field(&self, name: &str) -> Option<&Json> {
        let (trees, world, at) = self.of?;
        let row = NAMES.iter().position(|known| *known == name)?;
        Some(self.known[row].get_or_init(|| find(trees, world, at, name).unwrap_or(Json::Null)))
    }

    /// All of them.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'static str, &Json)> {
        NAMES.into_iter().filter_map(|name| Some((name, self.field(name)?)))
    }
}

fn find(trees: &Trees, world: &World, at: ObjectAt, name: &str) -> Option<Json> {
    let built = &world.builds[at.build];
    let application = built.applied_by.first().map(|row| &world.applications[*row]);
    match name {
        "application" => application.map(named),
        "cluster" => built.cluster.as_deref().map(Json::from),
        "environment" => environment(trees, world, built, application),
        "prune" => application.map(|found| found.prunes.is_some().into()),
        "tier" => tier_of(&built.build.path, &world.layout).map(|tier| Tier::name(tier).into()),
        _ => None,
    }
}

fn named(application: &Application) -> Json {
    match &*application.key.namespace {
        "" => (*application.key.name).into(),
        namespace => format!("{namespace}/{}", application.key.name).into(),
    }
}

fn environment(trees: &Trees, world: &World, built: &Built, application: Option<&Application>) -> Option<Json> {
    let label = application.and_then(|found| found.view(trees).str_at(["metadata", "labels", "environment"]));
    let found = environment_of(&built.build.path, label, built.cluster.as_deref(), &world.layout)?;
    Some((*found.name).into())
}
