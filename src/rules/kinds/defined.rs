//! What the repository defines by name, for the kinds that ask whether a name is known in a cluster.
//!
//! Never: a name that somebody fills in later taken for a name.

use std::collections::BTreeSet;

use crate::api::Version;
use crate::model::{
    FLUX_KUSTOMIZE_GROUP, FLUX_OPERATOR_GROUP, FLUX_SOURCE_GROUP, Object, Trees, View, split_api_version,
};
use crate::world::{Built, World};

/// The names of some kinds of object, each with its cluster and namespace.
pub(super) struct Defined<'t>(BTreeSet<Name<'t>>);

/// One name.
#[expect(clippy::struct_field_names, reason = "it is what Kubernetes calls the field")]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Name<'t> {
    pub(super) group: &'t str,
    pub(super) kind: &'t str,
    /// The cluster, where it is known.
    pub(super) cluster: Option<&'t str>,
    /// The namespace; empty where none is written, or the kind has none.
    pub(super) namespace: &'t str,
    pub(super) name: &'t str,
}

impl<'t> Defined<'t> {
    /// What the objects of a world that `wanted` takes (by group and kind) are called, with those that they make.
    pub(super) fn of(trees: &'t Trees, world: &'t World, wanted: &dyn Fn(&str, &str) -> bool) -> Self {
        // Sorting once costs less than a search for each.
        let mut names = Vec::new();
        for (at, object) in world.objects() {
            let (group, kind) = (&*object.key.group, &*object.key.kind);
            let is_maker = group == FLUX_OPERATOR_GROUP;
            if !is_maker && !wanted(group, kind) {
                continue;
            }
            let cluster = cluster_of(&world.builds[at.build]);
            let name = Name { group, kind, cluster, namespace: &object.key.namespace, name: &object.key.name };
            if is_maker {
                made(object.view(trees), name, &mut names);
            }
            names.push(name);
        }
        names.retain(|name| wanted(name.group, name.kind));
        Self(names.into_iter().collect())
    }

    /// Whether somebody has this very name.
    pub(super) fn has(&self, name: &Name<'t>) -> bool {
        self.0.contains(name)
    }

    /// Those of a kind that may be in the cluster of a name: one that is not known may be any.
    pub(super) fn beside(&self, of: Name<'t>) -> impl Iterator<Item = &Name<'t>> {
        let first = |cluster| Name { cluster, namespace: "", name: "", ..of };
        // Those whose cluster is not known come first, then cluster after cluster.
        let unknown = self.0.range(first(None)..).take_while(|name| name.cluster.is_none());
        let known = self.0.range(first(Some(of.cluster.unwrap_or_default()))..);
        let known = known.take_while(move |name| of.cluster.is_none() || name.cluster == of.cluster);
        let is_kind = move |name: &&Name<'t>| name.group == of.group && name.kind == of.kind;
        unknown.take_while(is_kind).chain(known.take_while(is_kind))
    }
}

/// What a `FluxInstance` or a `ResourceSet` makes.
fn made<'t>(object: View<'t>, by: Name<'t>, names: &mut Vec<Name<'t>>) {
    if let Some(sync) = object.path(["spec", "sync"]) {
        let name = sync.str_at(["name"]).unwrap_or(by.namespace);
        let kind = sync.str_at(["kind"]).unwrap_or("GitRepository");
        names.push(Name { group: FLUX_SOURCE_GROUP, kind, name, ..by });
        names.push(Name { group: FLUX_KUSTOMIZE_GROUP, kind: "Kustomization", name, ..by });
    }
    for resource in object.path(["spec", "resources"]).into_iter().flat_map(|list| list.items()) {
        let text = |name| resource.str_at(["metadata", name]);
        let (Some(version), Some(kind), Some(name)) =
            (resource.str_at(["apiVersion"]), resource.str_at(["kind"]), text("name"))
        else {
            continue;
        };
        let (group, _) = split_api_version(version);
        names.push(Name { group, kind, name, namespace: text("namespace").unwrap_or(by.namespace), ..by });
    }
}

/// The cluster that a build goes to: that of its applications, else `clusters/<name>` in its path.
pub(super) fn cluster_of(built: &Built) -> Option<&str> {
    let by_path = || {
        let mut segments = built.build.path.segments().skip_while(|segment| *segment != "clusters").skip(1);
        segments.next().filter(|name| !name.contains('.'))
    };
    built.cluster.as_deref().or_else(by_path)
}

/// The version of an object in each definition of its kind that may be in its cluster, `None` in one that lacks the version.
/// Nothing where the repository defines the kind for no such cluster.
pub(super) fn versions_of<'w>(world: &'w World, built: &Built, object: &Object) -> Vec<Option<&'w Version>> {
    let key = &object.key;
    let defines = world.definitions.iter().filter(|defined| {
        defined.definition.has_instances(&key.group, &key.kind)
            && may_meet(cluster_of(&world.builds[defined.from.build]), cluster_of(built))
    });
    defines.map(|defined| defined.definition.version(&object.version)).collect()
}

/// Whether what is in one cluster may be in the other. One that is not known may be any.
pub(super) fn may_meet(one: Option<&str>, other: Option<&str>) -> bool {
    one.is_none() || other.is_none() || one == other
}

/// Whether one namespace may be the other. One that is not written may be any.
pub(super) fn may_be(one: &str, other: &str) -> bool {
    one == other || one.is_empty() || other.is_empty() || is_open(one) || is_open(other)
}

/// Whether somebody fills a part of a name in later.
pub(super) fn is_open(name: &str) -> bool {
    name.contains(['$', '{', '<']) || name.contains("__") || name.is_empty()
}

/// An entry that names another object.
pub(super) struct Depends<'t> {
    /// The name that it gives.
    pub(super) on: Name<'t>,
    /// The entry's row in `dependsOn`.
    pub(super) row: usize,
    /// The name in it.
    pub(super) at: View<'t>,
}

/// What a Flux Kustomization or HelmRelease waits for.
pub(super) fn depends_on<'t>(object: View<'t>, of: Name<'t>) -> Vec<Depends<'t>> {
    let entries = object.path(["spec", "dependsOn"]).into_iter().flat_map(|list| list.items()).enumerate();
    let named = entries.filter_map(|(row, entry)| {
        let at = entry.get("name")?;
        let namespace = entry.str_at(["namespace"]).filter(|written| !written.is_empty()).unwrap_or(of.namespace);
        Some(Depends { on: Name { namespace, name: at.as_str()?, ..of }, row, at })
    });
    named.collect()
}

/// Whether a kind waits for others of its kind by `dependsOn`.
pub(super) fn waits(group: &str, kind: &str) -> bool {
    (group == FLUX_KUSTOMIZE_GROUP && kind == "Kustomization")
        || (group == "helm.toolkit.fluxcd.io" && kind == "HelmRelease")
}
