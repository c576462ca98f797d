//! Which rule speaks where several would say the same of one value.
//!
//! Never: a place that is dropped for a rule that does not run.

use std::collections::BTreeMap;

use super::place::Place;
use super::settings::Active;
use crate::base::RepoPath;

/// Rules about one value: each speaks before those behind it.
const ORDERS: &[&[&str]] = &[
    &[
        "private-key-in-repository",
        "leaked-token",
        "secret-in-annotation",
        "partly-encrypted-secret",
        "unencrypted-sops-file",
        "plaintext-secret",
        "credential-in-manifest",
        "plain-secret-object",
    ],
    &["flux-sync-path-mismatch", "path-not-found"],
    &["misplaced-sync-wave", "instance-invalid", "instance-pruned", "unknown-field", "schema-violation"],
];

/// Rules that say of a whole file what those behind them would say of each value in it.
const WHOLE_FILE: &[&str] = &["unencrypted-sops-file"];

/// Adds to the wanted rules (by their rows) those that speak before one of them.
pub(super) fn with_earlier(active: &[Active<'_>], wanted: &mut [bool]) {
    let row_of = |id: &&str| active.iter().position(|active| *active.rule.id == **id);
    for order in ORDERS {
        let rows: Vec<usize> = order.iter().filter_map(row_of).collect();
        let last = rows.iter().rposition(|row| wanted[*row]);
        for row in last.map_or(&[][..], |last| &rows[..last]) {
            wanted[*row] = true;
        }
    }
}

/// The places without those of which another rule of an order, or the same rule on an object, has bytes in common.
pub(super) fn once(active: &[Active<'_>], places: Vec<Place>) -> Vec<Place> {
    let rank = |place: &Place| -> Option<(usize, usize)> {
        let id = &*active[place.row].rule.id;
        ORDERS.iter().enumerate().find_map(|(order, ids)| Some((order, ids.iter().position(|known| *known == id)?)))
    };
    let mut spoken: BTreeMap<(usize, &RepoPath), Vec<Claim>> = BTreeMap::new();
    for place in &places {
        if let Some((order, rank)) = rank(place) {
            let range = place.hit.at.range;
            let rank = (rank, place.objects.is_empty());
            let claim = match &*active[place.row].rule.id {
                id if WHOLE_FILE.contains(&id) => Claim { start: 0, end: u32::MAX, rank },
                _ => Claim { start: range.start, end: range.end, rank },
            };
            spoken.entry((order, &place.path)).or_default().push(claim);
        }
    }
    for claims in spoken.values_mut() {
        claims.sort_by_key(|claim| claim.start);
    }
    let keep: Vec<bool> = places
        .iter()
        .map(|place| {
            let Some((order, rank)) = rank(place) else { return true };
            let own = (rank, place.objects.is_empty());
            let range = place.hit.at.range;
            !spoken[&(order, &place.path)]
                .iter()
                .take_while(|claim| claim.start < range.end)
                .any(|claim| claim.rank < own && claim.end > range.start)
        })
        .collect();
    places.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(place, _)| place).collect()
}

/// Bytes that a rule speaks about.
struct Claim {
    start: u32,
    end: u32,
    /// The rank of the rule; one about a text comes behind the same one about an object.
    rank: (usize, bool),
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_rules_of_the_orders_exist() {
        let known = |id: &&str| crate::rules::EMBEDDED.iter().any(|rule| rule.id == *id);
        assert!(super::ORDERS.iter().flat_map(|ids| ids.iter()).chain(super::WHOLE_FILE).all(known));
    }
}
