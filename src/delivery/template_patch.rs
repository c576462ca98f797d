//! The template of an ApplicationSet with what is laid over it: a generator's own template, and `templatePatch` (`argo-cd
//! applicationset/controllers/template`).
//!
//! Never: another project than the template's; Argo CD does not let a patch change it.

use crate::base::Span;
use crate::model::{Origin, Trees, Value, View};
use crate::parse;

/// What lays itself over the template.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// A generator's template: what is empty in it says nothing.
    Template,
    /// A patch: `null` and `$patch` take away.
    Patch,
}

/// The template with a generator's own one over it.
pub(super) fn with_own(trees: &Trees, template: &Value, own: View<'_>) -> Value {
    let mut value = template.clone();
    lay(trees, &mut value, own, Manner::Template, 0);
    value
}

/// The template with a patch over it, whose templates are filled already; `at` is where the patch is written.
///
/// # Errors
/// Why the patch cannot be read.
pub(super) fn patched(trees: &Trees, template: &Value, patch: &str, at: Span) -> Result<Value, String> {
    let parsed = parse::parse(patch);
    if let Some(problem) = parsed.problems().first() {
        return Err(format!("its `templatePatch` gives no YAML: {}", problem.message));
    }
    let root = match parsed.documents() {
        [] => None,
        [document] => document.root,
        _ => return Err("its `templatePatch` gives several documents".to_owned()),
    };
    let Some(root) = root else { return Ok(template.clone()) };
    let patch = Value::parsed(&parsed, patch, root, Origin::within(at));
    let patch = trees.view(&patch);
    if patch.is_null() {
        return Ok(template.clone());
    }
    if !patch.is_map() {
        return Err("its `templatePatch` gives no map".to_owned());
    }
    let mut value = template.clone();
    lay(trees, &mut value, patch, Manner::Patch, 0);
    let project = trees.view(template).path(["spec", "project"]);
    value.update_field(trees, "spec", |spec| match project {
        Some(project) => spec.set_field(trees, field_key(trees, template), project.value()),
        None => {
            spec.remove_field(trees, "project");
        }
    });
    Ok(value)
}

/// The key of `spec.project` as the template writes it.
fn field_key(trees: &Trees, template: &Value) -> crate::model::Key {
    let template = trees.view(template);
    let field = template.get("spec").and_then(|spec| spec.field("project"));
    field.map_or_else(|| crate::model::Key::made("project", template.place()), |field| field.key())
}

/// How deep a patch may go.
const DEPTH: usize = 64;

fn lay(trees: &Trees, under: &mut Value, over: View<'_>, manner: Manner, depth: usize) {
    let both_maps = trees.view(under).is_map() && over.is_map() && depth < DEPTH;
    let replaces = manner == Manner::Patch && over.str_at(["$patch"]) == Some("replace");
    if !both_maps || replaces {
        *under = over.value();
        if replaces {
            under.remove_field(trees, "$patch");
        }
        return;
    }
    for field in over.fields().filter(|field| field.name() != "$patch") {
        let takes_away = field.value.is_null() || field.value.str_at(["$patch"]) == Some("delete");
        if manner == Manner::Patch && takes_away {
            under.remove_field(trees, field.name());
            continue;
        }
        let is_empty = || field.value.is_null() || (field.value.is_scalar() && field.value.written().is_empty());
        if manner == Manner::Template && is_empty() {
            continue;
        }
        let added = field.name() == "finalizers" && field.value.is_seq();
        let done = under.update_field(trees, field.name(), |inner| {
            if added && trees.view(inner).is_seq() && manner == Manner::Patch {
                join(trees, inner, field.value);
            } else {
                lay(trees, inner, field.value, manner, depth + 1);
            }
        });
        if done.is_none() {
            under.set_field(trees, field.key(), field.value.value());
        }
    }
}

/// Adds the items that a list lacks: `finalizers` are merged, all other lists are replaced.
fn join(trees: &Trees, under: &mut Value, over: View<'_>) {
    for item in over.items() {
        let is_known = trees.view(under).items().any(|known| known.is_equal(&item));
        if !is_known && let Some(items) = under.items_mut(trees) {
            items.push(item.value());
        }
    }
}
