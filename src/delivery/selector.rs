//! A label selector (`matchLabels`, `matchExpressions`), as generators of ApplicationSets have it.
//!
//! Never: a label that is taken for another one's absence.

use crate::grammar::Gap;
use crate::model::View;

/// Whether a selector asks for nothing.
pub(super) fn is_empty(selector: View<'_>) -> bool {
    let labels = selector.get("matchLabels").is_none_or(|labels| labels.fields().next().is_none());
    labels && selector.get("matchExpressions").is_none_or(|list| list.items().next().is_none())
}

/// The labels that a selector looks at.
pub(super) fn keys<'t>(selector: View<'t>) -> impl Iterator<Item = String> + use<'t> {
    let labels = selector.get("matchLabels").into_iter().flat_map(|labels| labels.fields());
    let expressions = selector.get("matchExpressions").into_iter().flat_map(|list| list.items());
    let keys = expressions.filter_map(|one| one.str_at(["key"])).map(str::to_owned);
    labels.map(|label| label.name().to_owned()).chain(keys)
}

/// Whether a selector takes what has these labels. Its own texts may be templates.
///
/// # Errors
/// What a template lacks, or an operator that nobody knows.
pub(super) fn selects(
    selector: View<'_>,
    render: &dyn Fn(&str) -> Result<String, Gap>,
    label: &dyn Fn(&str) -> Option<String>,
) -> Result<bool, Gap> {
    for wanted in selector.get("matchLabels").into_iter().flat_map(|labels| labels.fields()) {
        let value = render(&wanted.value.written())?;
        if label(&render(wanted.name())?) != Some(value) {
            return Ok(false);
        }
    }
    for one in selector.get("matchExpressions").into_iter().flat_map(|list| list.items()) {
        let key = render(one.str_at(["key"]).unwrap_or_default())?;
        let values = one.get("values").into_iter().flat_map(|list| list.items());
        let values: Vec<String> = values.map(|value| render(&value.written())).collect::<Result<_, _>>()?;
        let found = label(&key);
        let is_one = found.as_ref().is_some_and(|found| values.contains(found));
        let holds = match one.str_at(["operator"]) {
            Some("In") => is_one,
            Some("NotIn") => !is_one,
            Some("Exists") => found.is_some(),
            Some("DoesNotExist") => found.is_none(),
            _ => return Err(Gap(format!("an operator for `{key}` that selectors have"))),
        };
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}
