//! The variable `delivery`: who brings an object where.
//!
//! Never: a guess; what is not known is null.

use serde_json::{Value as Json, json};

use crate::delivery::{Tier, environment_of, tier_of};
use crate::model::Trees;
use crate::world::{ObjectAt, World};

/// What is known of the delivery of an object, by its first application.
pub(super) fn of(trees: &Trees, world: &World, at: ObjectAt) -> Json {
    let built = &world.builds[at.build];
    let path = &built.build.path;
    let application = built.applied_by.first().map(|row| &world.applications[*row]);
    let label = application.and_then(|found| found.view(trees).str_at(["metadata", "labels", "environment"]));
    let destination = built.cluster.as_deref();
    let name = application.map(|found| match &*found.key.namespace {
        "" => found.key.name.to_string(),
        namespace => format!("{namespace}/{}", found.key.name),
    });
    json!({
        "application": name,
        "cluster": destination,
        "environment": environment_of(path, label, destination, &world.layout).map(|found| found.name.to_string()),
        "tier": tier_of(path, &world.layout).map(Tier::name),
        "prune": application.map(|found| found.prunes.is_some()),
    })
}
