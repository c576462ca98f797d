//! The order of the objects in the output (`kustomize api/internal/builtins/SortOrderTransformer.go`).
//!
//! Never: an order that depends on threads or hash maps.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::resource::{Id, Resource};
use crate::base::{Problem, ProblemKind};
use crate::model::View;

/// `--reorder`, and `sortOptions.order`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// By kind, then group, version, kind, namespace and name.
    Legacy,
    /// As they are read, depth first.
    Fifo,
}

const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Sorts by the kustomization's `sortOptions`; without it by `asked`, and in legacy order where nothing is asked.
///
/// # Errors
/// An option that kustomize refuses, at its line.
pub(super) fn sort(list: &mut [Resource], options: Option<View<'_>>, asked: Option<Order>) -> Result<(), Problem> {
    let Some(options) = options else {
        if asked != Some(Order::Fifo) {
            by_rank(list, &ranks(FIRST.into_iter(), LAST.into_iter()));
        }
        return Ok(());
    };
    let refuse = |at: View<'_>, message: &str| Err(Problem::new(ProblemKind::DoesNotBuild, at.place(), message));
    let order = options.get("order");
    let legacy = options.get("legacySortOptions").filter(|value| !value.is_null());
    match (order.and_then(|order| order.as_str()).unwrap_or_default(), legacy) {
        ("fifo", None) => {}
        ("fifo", Some(legacy)) => {
            return refuse(
                legacy,
                "the field 'sortOptions.legacySortOptions' is set but the selected sort order is 'fifo', not 'legacy'",
            );
        }
        ("legacy", None) => by_rank(list, &ranks(FIRST.into_iter(), LAST.into_iter())),
        ("legacy", Some(legacy)) => {
            let names = |field| legacy.get(field).into_iter().flat_map(|v| v.items()).filter_map(|v| v.as_str());
            by_rank(list, &ranks(names("orderFirst"), names("orderLast")));
        }
        _ => return refuse(order.unwrap_or(options), "the field 'sortOptions.order' must be one of [fifo, legacy]"),
    }
    Ok(())
}

/// The rank of each kind that has one; all others are 0.
fn ranks<'k>(first: impl Iterator<Item = &'k str>, last: impl Iterator<Item = &'k str>) -> HashMap<&'k str, i64> {
    let first: Vec<&str> = first.collect();
    let before = first.into_iter().rev().zip((i64::MIN..0).rev());
    before.chain(last.zip(1..)).collect()
}

fn by_rank(list: &mut [Resource], ranks: &HashMap<&str, i64>) {
    list.sort_by_cached_key(|resource| {
        let rank = ranks.get(&*resource.id.kind).copied().unwrap_or_default();
        (rank, Key::of(&resource.id))
    });
}

/// What is compared within a rank, as kustomize spells it.
#[derive(PartialEq, Eq)]
struct Key {
    api: String,
    id: String,
    /// Core namespaces come first among namespaces.
    core_namespace: bool,
    namespace: bool,
}

impl Key {
    fn of(id: &Id) -> Self {
        let or = |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
        let api = format!("{}_{}_{}", or(&id.group, "~G"), or(&id.version, "~V"), or(&id.kind, "~K"));
        let (version, group) = (or(&id.version, "[noVer]"), or(&id.group, "[noGrp]"));
        let (namespace, name) = (or(&id.namespace, "~X"), or(&id.name, "~N"));
        let namespace_kind = &*id.kind == "Namespace";
        Self {
            api,
            id: format!("{}.{version}.{group}|{namespace}|{name}", or(&id.kind, "[noKind]")),
            core_namespace: namespace_kind && id.group.is_empty(),
            namespace: namespace_kind,
        }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        let api = self.api.cmp(&other.api);
        let reversed = self.namespace && other.namespace && (self.core_namespace || other.core_namespace);
        (if reversed { api.reverse() } else { api }).then_with(|| self.id.cmp(&other.id))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
