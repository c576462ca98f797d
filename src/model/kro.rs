//! kro: what the expressions in a graph are, by their form.
//!
//! Never: the type of what a resource has; only a cluster knows it.

use super::View;
use crate::grammar;

/// The type of a status field, where its expression shows it by its form.
#[must_use]
pub fn kro_expression_type(value: View<'_>) -> Option<&'static str> {
    if value.is_map() {
        return Some("an object");
    }
    let text = value.as_str()?.trim();
    let inner = match &*grammar::expressions(text) {
        [inner] if inner.len() + 3 == text.len() => inner.trim(),
        // With text around it, it is text.
        _ => return Some("text"),
    };
    let calls = |name: &str| {
        inner.strip_prefix(name).is_some_and(|rest| rest.starts_with('(') && rest.find(')') == Some(rest.len() - 1))
    };
    let is_text = |quote: char| {
        inner.len() > 1
            && inner.starts_with(quote)
            && inner.rfind(quote) == Some(inner.len() - 1)
            && inner[1..].find(quote) == Some(inner.len() - 2)
    };
    match inner {
        "true" | "false" => Some("a boolean"),
        _ if calls("string") || is_text('"') || is_text('\'') => Some("text"),
        _ if calls("int") || calls("size") || inner.parse::<i64>().is_ok() => Some("an integer"),
        _ if calls("double") => Some("a number"),
        _ if calls("bool") || calls("has") => Some("a boolean"),
        _ => None,
    }
}
