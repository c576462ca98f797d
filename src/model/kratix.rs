//! Kratix: which destinations a Promise selects, and which of its versions is older.
//!
//! Never: what a pipeline asks for while it runs.

use super::View;
use crate::grammar;

/// Kratix' group.
pub const KRATIX_GROUP: &str = "platform.kratix.io";

/// The label of a destination that takes rehearsals only.
const DRY_RUN: &str = "kratix.io/dry-run";

/// The labels that all selectors ask for together; the first item wins where two disagree.
#[must_use]
pub fn promise_selector(object: View<'_>) -> Vec<(String, String)> {
    let mut labels: Vec<(String, String)> = Vec::new();
    let mut add = |map: View<'_>| {
        for field in map.fields() {
            if !labels.iter().any(|(name, _)| name == field.name()) {
                labels.push((field.name().to_owned(), field.value.written().into_owned()));
            }
        }
    };
    let items = object.path(["spec", "destinationSelectors"]).into_iter().flat_map(|list| list.items());
    items.filter_map(|item| item.get("matchLabels")).for_each(&mut add);
    object.path(["spec", "clusterSelector"]).into_iter().for_each(&mut add);
    labels.sort();
    labels
}

/// Whether a destination takes what asks for these labels, as Kratix' scheduler chooses.
#[must_use]
pub fn is_selected(destination: View<'_>, labels: &[(String, String)]) -> bool {
    let mine = destination.path(["metadata", "labels"]);
    let has =
        |name: &str, value: &str| mine.and_then(|mine| mine.get(name)).is_some_and(|label| label.written() == value);
    let is_strict = destination.path(["spec", "strictMatchLabels"]).and_then(|value| value.as_bool()) == Some(true);
    let is_labelled = mine.is_some_and(|mine| mine.fields().next().is_some());
    let refuses = labels.is_empty() && is_strict && is_labelled;
    let rehearses = labels.iter().any(|(name, value)| name == DRY_RUN && value == "true");
    !refuses && (rehearses || !has(DRY_RUN, "true")) && labels.iter().all(|(name, value)| has(name, value))
}

/// Whether a version comes before another one, where both are semantic.
#[must_use]
pub fn is_older_version(version: &str, than: &str) -> bool {
    let (version, than) = (grammar::semantic_version(version), grammar::semantic_version(than));
    version.zip(than).is_some_and(|(version, than)| version < than)
}
