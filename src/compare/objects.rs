//! Which object of the head an object of the base is.
//!
//! Never: a path of a file as part of an identity, where there is any other.

use std::collections::HashMap;
use std::sync::Arc;

use super::Pair;
use crate::model::{ObjectKey, Trees};
use crate::world::{Built, ObjectAt, World};

/// All objects of both worlds, paired: builds first (the same one, else the same application's, else the same path's), then objects by
/// their identity in the cluster, then those of which the cluster is unknown.
pub(super) fn pair(trees: &Trees, base: &World, head: &World) -> Vec<Pair> {
    let builds = pair_builds(base, head);
    let mut partners: Vec<Vec<Option<usize>>> =
        head.builds.iter().map(|built| vec![None; built.rendered.objects.len()]).collect();
    let mut partner_builds: Vec<Vec<usize>> = partners.iter().map(|row| vec![0; row.len()]).collect();
    let mut taken: Vec<Vec<bool>> = base.builds.iter().map(|b| vec![false; b.rendered.objects.len()]).collect();
    for (row, base_row) in builds.iter().enumerate() {
        let Some(base_row) = *base_row else { continue };
        within(trees, &base.builds[base_row], &head.builds[row], &mut partners[row], &mut taken[base_row]);
        partner_builds[row].fill(base_row);
    }
    for clusters in [Clusters::Same, Clusters::Unknown] {
        across((trees, base, head), clusters, &mut partners, &mut partner_builds, &mut taken);
    }
    collect(&partners, &partner_builds, &taken)
}

/// For each build of the head its row in the base.
fn pair_builds(base: &World, head: &World) -> Vec<Option<usize>> {
    let by_build: HashMap<_, _> = base.builds.iter().enumerate().map(|(row, built)| (&built.build, row)).collect();
    let mut paired: Vec<Option<usize>> = head.builds.iter().map(|built| by_build.get(&built.build).copied()).collect();
    let mut by_application: HashMap<&ObjectKey, usize> = HashMap::new();
    let used: std::collections::HashSet<usize> = paired.iter().flatten().copied().collect();
    for (row, built) in base.builds.iter().enumerate().filter(|(row, _)| !used.contains(row)) {
        for application in &built.applied_by {
            by_application.entry(&base.applications[*application].key).or_insert(row);
        }
    }
    for (row, built) in head.builds.iter().enumerate() {
        if paired[row].is_none() {
            let mut keys = built.applied_by.iter().map(|application| &head.applications[*application].key);
            paired[row] = keys.find_map(|key| by_application.remove(key));
        }
    }
    // An application that came, went or was renamed may be all that differs.
    let used: std::collections::HashSet<usize> = paired.iter().flatten().copied().collect();
    let left = base.builds.iter().enumerate().filter(|(row, _)| !used.contains(row));
    let mut by_path: HashMap<_, usize> = left.map(|(row, b)| ((&b.build.path, &b.build.kind), row)).collect();
    for (row, built) in head.builds.iter().enumerate() {
        if paired[row].is_none() {
            paired[row] = by_path.remove(&(&built.build.path, &built.build.kind));
        }
    }
    paired
}

fn within(trees: &Trees, base: &Built, head: &Built, partners: &mut [Option<usize>], taken: &mut [bool]) {
    if Arc::ptr_eq(&base.rendered, &head.rendered) {
        partners.iter_mut().enumerate().for_each(|(row, partner)| *partner = Some(row));
        taken.fill(true);
        return;
    }
    let mut rows: HashMap<ObjectKey, Vec<usize>> = HashMap::new();
    for (row, object) in base.rendered.objects.iter().enumerate().rev() {
        rows.entry(object.identity(trees)).or_default().push(row);
    }
    for (row, object) in head.rendered.objects.iter().enumerate() {
        if let Some(found) = rows.get_mut(&object.identity(trees)).and_then(Vec::pop) {
            partners[row] = Some(found);
            taken[found] = true;
        }
    }
}

/// How sure the cluster of two objects is the same.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clusters {
    /// Both are known and equal.
    Same,
    /// One at least is unknown.
    Unknown,
}

fn across(
    (trees, base, head): (&Trees, &World, &World),
    clusters: Clusters,
    partners: &mut [Vec<Option<usize>>],
    partner_builds: &mut [Vec<usize>],
    taken: &mut [Vec<bool>],
) {
    let mut left: HashMap<ObjectKey, Vec<ObjectAt>> = HashMap::new();
    for (at, object) in base.objects().filter(|(at, _)| !taken[at.build][at.object]) {
        left.entry(object.identity(trees)).or_default().push(at);
    }
    if left.is_empty() {
        return;
    }
    for (at, object) in head.objects() {
        if partners[at.build][at.object].is_some() {
            continue;
        }
        let Some(found) = left.get_mut(&object.identity(trees)) else { continue };
        let mine = &head.builds[at.build].cluster;
        let fits = |other: &ObjectAt| match (mine, &base.builds[other.build].cluster) {
            (Some(mine), Some(theirs)) => clusters == Clusters::Same && mine == theirs,
            _ => clusters == Clusters::Unknown,
        };
        if let Some(position) = found.iter().position(fits) {
            let other = found.remove(position);
            partners[at.build][at.object] = Some(other.object);
            partner_builds[at.build][at.object] = other.build;
            taken[other.build][other.object] = true;
        }
    }
}

fn collect(partners: &[Vec<Option<usize>>], partner_builds: &[Vec<usize>], taken: &[Vec<bool>]) -> Vec<Pair> {
    let mut pairs = Vec::with_capacity(partners.iter().map(Vec::len).sum());
    for (build, row) in partners.iter().enumerate() {
        for (object, partner) in row.iter().enumerate() {
            let base = partner.map(|other| ObjectAt { build: partner_builds[build][object], object: other });
            pairs.push(Pair { base, head: Some(ObjectAt { build, object }) });
        }
    }
    for (build, row) in taken.iter().enumerate() {
        let gone = row.iter().enumerate().filter(|(_, taken)| !**taken);
        pairs.extend(gone.map(|(object, _)| Pair { base: Some(ObjectAt { build, object }), head: None }));
    }
    pairs
}
