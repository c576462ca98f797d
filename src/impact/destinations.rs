//! Which Kratix destinations a Promise's work goes to.
//!
//! Never: a choice at random: of several that fit, each may be the one.

use crate::model::{KRATIX_GROUP, Object, Trees, is_selected, promise_selector};
use crate::world::{ObjectAt, World};

/// The destinations that stand beside a Promise: in its cluster, as far as clusters are known.
pub fn destinations_beside(world: &World, promise: ObjectAt) -> impl Iterator<Item = (ObjectAt, &Object)> {
    let cluster = world.builds[promise.build].cluster.as_ref();
    world.objects().filter(move |(at, object)| {
        let theirs = world.builds[at.build].cluster.as_ref();
        object.is(KRATIX_GROUP, "Destination") && (cluster.is_none() || theirs.is_none() || cluster == theirs)
    })
}

/// The names of those that a Promise selects, sorted, each once.
#[must_use]
pub fn destinations_of(trees: &Trees, world: &World, promise: ObjectAt) -> Vec<String> {
    let labels = promise_selector(world.object(promise).view(trees));
    let chosen = destinations_beside(world, promise).filter(|(_, object)| is_selected(object.view(trees), &labels));
    let mut names: Vec<String> = chosen.map(|(_, object)| object.key.name.to_string()).collect();
    names.sort();
    names.dedup();
    names
}
