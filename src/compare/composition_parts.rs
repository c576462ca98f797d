//! One composed resource on both sides: what its template and its patches do to what is there.
//!
//! Never: which resource is which; that is `composition`.

use serde_json::Value as Json;

use super::composition::Composed;
use super::immutable;
use super::part::{Part, Parts, key_place};
use crate::base::Span;
use crate::model::View;

/// What differs in a resource that both sides know by the same name.
pub(super) fn resource(was: &Composed<'_>, is: &Composed<'_>, name: &str, parts: &mut Parts) {
    if let (Some(old), Some(new)) = (was.base, is.base) {
        own_name(old, new, name, parts);
        immutable_fields(was, is, name, parts);
    }
    if let (Some(old), Some(new)) = (was.entry, is.entry) {
        policies(old, new, name, parts);
    }
}

fn own_name(old: View<'_>, new: View<'_>, name: &str, parts: &mut Parts) {
    let of = |base: View<'_>| base.path(["metadata", "name"]).map(|name| name.written().into_owned());
    if of(old) != of(new) {
        let now = of(new).unwrap_or_default();
        let (at, was) = (key_place(new, &["metadata", "name"]), key_place(old, &["metadata", "name"]));
        parts.push(Part::ResourceMetadataNameChanged, (name, &now), at, Some(was));
    }
}

/// A value in the template, or the source of a patch, of a field that cannot change in place.
fn immutable_fields(was: &Composed<'_>, is: &Composed<'_>, name: &str, parts: &mut Parts) {
    for field in immutable::fields(&is.group, &is.kind) {
        let path = format!("spec.forProvider.{field}");
        let (old, new) = (Source::of(was, field, &path), Source::of(is, field, &path));
        // What takes its value from elsewhere now may take the same one.
        let (Some(old), Some(new)) = (old, new) else { continue };
        let differs = match (&old.value, &new.value) {
            (Some(old), Some(new)) => !immutable::is_same(field, old, new),
            _ => false,
        };
        if differs && old.patched == new.patched {
            parts.push(Part::ImmutableFieldChanged, (&path, name), new.at, Some(old.at));
        }
    }
}

/// Where a field of a composed resource gets its value.
struct Source {
    at: Span,
    /// The value, or the path that a patch reads; `None` where it is not plain.
    value: Option<Json>,
    patched: bool,
}

impl Source {
    fn of(composed: &Composed<'_>, field: &str, path: &str) -> Option<Self> {
        let patches = composed.entry.and_then(|entry| entry.get("patches"));
        let mut patches = patches.into_iter().flat_map(|list| list.items());
        let patch = patches.find(|patch| patch.get("toFieldPath").is_some_and(|to| to.written() == path));
        if let Some(patch) = patch {
            let from = patch.get("fromFieldPath");
            let value = from.filter(|_| patch.get("transforms").is_none()).map(|from| from.to_json());
            return Some(Self { at: from.unwrap_or(patch).place(), value, patched: true });
        }
        let value = composed.base?.path(["spec", "forProvider", field])?;
        Some(Self { at: value.place(), value: Some(value.to_json()), patched: false })
    }
}

/// A patch that was optional and is required now.
fn policies(old: View<'_>, new: View<'_>, name: &str, parts: &mut Parts) {
    fn patches(entry: View<'_>) -> impl Iterator<Item = View<'_>> {
        entry.get("patches").into_iter().flat_map(|list| list.items())
    }
    let text = |patch: View<'_>, name: &str| patch.get(name).map(|value| value.written().into_owned());
    let route = |patch: View<'_>| ["type", "fromFieldPath", "toFieldPath"].map(|name| text(patch, name));
    let is_required = |patch: View<'_>| patch.str_at(["policy", "fromFieldPath"]) == Some("Required");
    for patch in patches(new) {
        let Some(policy) = patch.path(["policy", "fromFieldPath"]).filter(|_| is_required(patch)) else { continue };
        let before = patches(old).find(|other| route(*other) == route(patch));
        if let Some(before) = before.filter(|before| !is_required(*before)) {
            let from = text(patch, "fromFieldPath").unwrap_or_default();
            parts.push(Part::PatchPolicyRequired, (&from, name), policy.place(), Some(before.place()));
        }
    }
}

/// Whether the text of a step's input says by itself when a resource is ready.
pub(super) fn marks_ready(input: View<'_>) -> bool {
    let texts = [input.path(["inline", "template"]), input.path(["spec", "source"])];
    texts.into_iter().flatten().any(|text| {
        ["gotemplating.fn.crossplane.io/ready", "krm.kcl.dev/ready"].iter().any(|mark| text.written().contains(mark))
    })
}
