//! The kind `contested-object`: objects that two applications of one cluster both apply.
//!
//! Never: two clusters that are not known for one; one application that two files define.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::defined::is_open;
use super::{CheckKind, Params};
use crate::delivery::{Application, Controller};
use crate::model::{Object, Trees, is_namespaced};
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::world::{ObjectAt, World};

pub(super) const KIND: CheckKind = CheckKind {
    name: "contested-object",
    about: "an object that two applications apply to one cluster; all objects of the same two are one finding",
    params: &[],
    facts: &[],
    words: &[
        ("object", "the first object"),
        ("count", "how many more there are, in words; empty for none"),
        ("application", "one application's namespace and name"),
        ("other", "the other's"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::World(Box::new(judge)))
}

/// An object as its cluster knows it: cluster, group, kind, namespace, name.
type Identity<'w> = (&'w str, &'w str, &'w str, &'w str, &'w str);

fn judge(trees: &Trees, world: &World, sink: &mut Sink) {
    let mut owners: HashMap<Identity<'_>, Vec<(usize, ObjectAt)>> = HashMap::new();
    for (build, built) in world.builds.iter().enumerate() {
        for row in &built.applied_by {
            let application = &world.applications[*row];
            let Some(cluster) = application.cluster.as_deref() else { continue };
            for (object, found) in built.rendered.objects.iter().enumerate() {
                if let Some(identity) = identity(application, cluster, found) {
                    owners.entry(identity).or_default().push((*row, ObjectAt { build, object }));
                }
            }
        }
    }
    let mut pairs: BTreeMap<(usize, usize), Vec<ObjectAt>> = BTreeMap::new();
    // Few are held twice; only those need an order.
    let shared: BTreeMap<_, _> = owners.into_iter().filter(|(_, held)| held.len() > 1).collect();
    for held in shared.into_values() {
        let (first, _) = held[0];
        let mut seen = BTreeSet::new();
        for (row, at) in &held[1..] {
            if !is_same(&world.applications[first], &world.applications[*row]) && seen.insert(*row) {
                pairs.entry((first, *row)).or_default().push(*at);
            }
        }
    }
    for ((first, second), objects) in pairs {
        report(trees, world, (&world.applications[first], &world.applications[second]), &objects, sink);
    }
}

/// What an object is in its cluster; `None` where that is not known.
fn identity<'w>(application: &'w Application, cluster: &'w str, object: &'w Object) -> Option<Identity<'w>> {
    let key = &object.key;
    if is_open(&key.name) {
        return None;
    }
    let namespace = match (&*key.namespace, is_namespaced(&key.group, &key.kind)) {
        (_, Some(false)) => "",
        // Flux refuses an object without a namespace, unless it gives it one itself.
        ("", Some(true)) if application.controller == Controller::Flux => return None,
        ("", Some(true)) => application.namespace.as_deref()?,
        ("", None) => return None,
        (written, _) => written,
    };
    (!namespace.contains(['$', '{'])).then_some((cluster, &*key.group, &*key.kind, namespace, &*key.name))
}

/// Whether two rows are one application, which several files define or several sets make.
fn is_same(one: &Application, other: &Application) -> bool {
    one.key == other.key || one.place == other.place
}

fn report(
    trees: &Trees,
    world: &World,
    (first, second): (&Application, &Application),
    objects: &[ObjectAt],
    sink: &mut Sink,
) {
    let Some(at) = objects.first() else { return };
    let object = world.object(*at);
    let count = match objects.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let mut hit = Hit::at(object.place(trees))
        .word("object", object.key.to_string())
        .word("count", count)
        .word("application", title(first))
        .word("other", title(second));
    hit.side = world.side;
    hit.build = Some(at.build);
    hit.object = Some(ObjectName::of(object));
    hit.together = Some(format!("{}|{}", title(first), title(second)));
    sink.report(hit.related(first.place, "one application").related(second.place, "the other"));
}

fn title(application: &Application) -> String {
    let key = &application.key;
    if key.namespace.is_empty() { key.name.to_string() } else { format!("{}/{}", key.namespace, key.name) }
}
