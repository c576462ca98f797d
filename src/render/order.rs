//! The order of the objects in the output (`kustomize api/internal/builtins/SortOrderTransformer.go`).
//!
//! Never: an order that depends on threads or hash maps.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::LazyLock;

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

/// The kinds that kustomize puts first (`kustomize kyaml/resid`).
pub(super) const FIRST: [&str; 22] = [
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
/// The kinds that it puts last.
pub(super) const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

static LEGACY: LazyLock<HashMap<&str, i64>> = LazyLock::new(|| ranks(FIRST.into_iter(), LAST.into_iter()));

/// Sorts by the kustomization's `sortOptions`; without it by `asked`, and in legacy order where nothing is asked.
///
/// # Errors
/// An option that kustomize refuses, at its line.
pub(super) fn sort(list: &mut [Resource], options: Option<View<'_>>, asked: Option<Order>) -> Result<(), Problem> {
    let Some(options) = options else {
        if asked != Some(Order::Fifo) {
            by_rank(list, &LEGACY);
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
        ("legacy", None) => by_rank(list, &LEGACY),
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
    let mut order: Vec<(i64, usize)> = list
        .iter()
        .enumerate()
        .map(|(row, resource)| (ranks.get(&*resource.id.kind).copied().unwrap_or_default(), row))
        .collect();
    order.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| within_rank(&list[a.1].id, &list[b.1].id)));
    // Where each object goes, followed in circles.
    let mut places = vec![0; order.len()];
    for (place, (_, row)) in order.iter().enumerate() {
        places[*row] = place;
    }
    for row in 0..places.len() {
        while places[row] != row {
            let place = places[row];
            list.swap(row, place);
            places.swap(row, place);
        }
    }
}

/// The order within a rank: by the texts that kustomize makes of an identity, which are not made here.
fn within_rank(a: &Id, b: &Id) -> Ordering {
    if a.kind == b.kind && a.group == b.group && a.version == b.version {
        let (mine, theirs) = (or(&a.namespace, "~X"), or(&b.namespace, "~X"));
        let names = (or(&a.name, "~N"), or(&b.name, "~N"));
        if mine == theirs {
            return names.0.cmp(names.1);
        }
        return compared(&[mine, "|", names.0], &[theirs, "|", names.1]);
    }
    let reversed = &*a.kind == "Namespace" && &*b.kind == "Namespace" && (a.group.is_empty() || b.group.is_empty());
    let api = compared(&api(a), &api(b));
    (if reversed { api.reverse() } else { api }).then_with(|| compared(&name(a), &name(b)))
}

fn or<'t>(text: &'t str, none: &'t str) -> &'t str {
    if text.is_empty() { none } else { text }
}

fn api(id: &Id) -> [&str; 5] {
    [or(&id.group, "~G"), "_", or(&id.version, "~V"), "_", or(&id.kind, "~K")]
}

fn name(id: &Id) -> [&str; 9] {
    let (kind, version, group) = (or(&id.kind, "[noKind]"), or(&id.version, "[noVer]"), or(&id.group, "[noGrp]"));
    [kind, ".", version, ".", group, "|", or(&id.namespace, "~X"), "|", or(&id.name, "~N")]
}

/// Compares the texts that the parts make together.
fn compared(a: &[&str], b: &[&str]) -> Ordering {
    a.iter().flat_map(|part| part.bytes()).cmp(b.iter().flat_map(|part| part.bytes()))
}
