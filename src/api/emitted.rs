//! What an object brings into a cluster once its controller has it: composed resources, a graph's templates, a Promise's
//! dependencies.
//!
//! Never: the result of a patch, an expression or a function; what they write is open.

use super::Violation;
use crate::base::Span;
use crate::model::{Object, Trees, View};

/// An object that another one brings.
#[derive(Clone, Debug)]
pub struct Emitted {
    /// The object as it is written; its name may be missing or open.
    pub object: Object,
    /// What the one that brings it calls it: the composed resource's name, the id in a graph.
    pub part: String,
    /// Its `kind`, or else the entry that holds it.
    pub at: Span,
    /// The paths that something else writes when it is made: `spec.size`, with `[*]` for any item.
    open: Vec<String>,
}

impl Emitted {
    /// Whether something else writes the value at a path, or below it.
    #[must_use]
    pub fn is_written(&self, path: &str) -> bool {
        let within = |path: &str, other: &str| {
            path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        self.open.iter().any(|open| within(path, open) || within(open, path))
    }

    /// Whether it is settled only when the object is made that a violation holds: what it is about is written by
    /// something else, or holds an expression.
    #[must_use]
    pub fn is_open(&self, trees: &Trees, violation: &Violation) -> bool {
        let is_expression = |text: &str| text.contains("${") || text.contains("{{");
        self.is_written(&violation.path) || violation.is_about(self.object.view(trees), &is_expression)
    }
}

impl Violation {
    /// Whether what it is about in the object holds a text of this sort.
    #[must_use]
    pub fn is_about(&self, object: View<'_>, is_sort: &dyn Fn(&str) -> bool) -> bool {
        find(object, &self.pointer).is_some_and(|value| match self.keyword {
            // A field beside such a text is missing all the same.
            "required" => !value.is_map() && holds(value, is_sort),
            _ => holds(value, is_sort),
        })
    }
}

/// What an object brings, in its order; nothing for most kinds.
#[must_use]
pub fn emitted(trees: &Trees, object: &Object) -> Vec<Emitted> {
    let view = object.view(trees);
    match (&*object.key.group, &*object.key.kind) {
        ("apiextensions.crossplane.io", "Composition") => composed(view),
        ("kro.run", "ResourceGraphDefinition") => items(view.path(["spec", "resources"]))
            .filter_map(|entry| emit(entry, entry.get("template")?, "id"))
            .collect(),
        ("platform.kratix.io", "Promise") => {
            let written = view.path(["spec", "dependencies"]).or_else(|| view.path(["spec", "workerClusterResources"]));
            items(written).filter_map(|entry| emit(entry, entry, "")).collect()
        }
        _ => Vec::new(),
    }
}

fn items(list: Option<View<'_>>) -> impl Iterator<Item = View<'_>> {
    list.into_iter().flat_map(|list| list.items())
}

fn emit(entry: View<'_>, template: View<'_>, name: &str) -> Option<Emitted> {
    let object = Object::new(template.trees(), template.value())?;
    let part = entry.get(name).map(|name| name.written().into_owned());
    let part = part.unwrap_or_else(|| object.key.name.to_string());
    Some(Emitted { at: template.get("kind").unwrap_or(entry).place(), object, part, open: Vec::new() })
}

/// The resources of a Composition and of the inputs of its patch-and-transform steps.
fn composed(view: View<'_>) -> Vec<Emitted> {
    let inputs = items(view.path(["spec", "pipeline"])).filter_map(|step| step.get("input"));
    let holders = view.get("spec").into_iter().chain(inputs);
    let mut found = Vec::new();
    for holder in holders {
        for entry in items(holder.get("resources")) {
            let Some(mut one) = entry.get("base").and_then(|base| emit(entry, base, "name")) else { continue };
            one.open.push("metadata".into());
            for patch in items(entry.get("patches")) {
                written_by(patch, holder, &mut one.open);
            }
            found.push(one);
        }
    }
    found
}

/// The fields that a patch writes in the composed resource.
fn written_by(patch: View<'_>, holder: View<'_>, open: &mut Vec<String>) {
    match patch.str_at(["type"]) {
        Some("PatchSet") => {
            let wanted = patch.str_at(["patchSetName"]);
            let sets = items(holder.get("patchSets")).filter(|set| set.str_at(["name"]) == wanted);
            for inner in sets.flat_map(|set| items(set.get("patches"))) {
                if inner.str_at(["type"]) != Some("PatchSet") {
                    written_by(inner, holder, open);
                }
            }
        }
        Some("ToCompositeFieldPath" | "CombineToComposite" | "ToEnvironmentFieldPath" | "CombineToEnvironment") => {}
        _ => {
            let to = patch.get("toFieldPath").or_else(|| patch.get("fromFieldPath"));
            open.extend(to.map(|path| plain(&path.written())));
        }
    }
}

/// A Crossplane field path as paths are written here: any index is `[*]`, a quoted key stands behind a dot.
fn plain(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, behind)) = rest.split_once('[') {
        let (inside, after) = behind.split_once(']').unwrap_or((behind, ""));
        out.push_str(before);
        let key = inside.trim_matches(['"', '\'']);
        if inside == "*" || inside.bytes().all(|byte| byte.is_ascii_digit()) {
            out.push_str("[*]");
        } else {
            out.push('.');
            out.push_str(key);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The value that a JSON pointer leads to.
fn find<'t>(object: View<'t>, pointer: &str) -> Option<View<'t>> {
    let mut at = object;
    for part in pointer.split('/').skip(1) {
        let name = part.replace("~1", "/").replace("~0", "~");
        at = at.get(&name).or_else(|| at.item(name.parse().ok()?))?;
    }
    Some(at)
}

fn holds(value: View<'_>, is_sort: &dyn Fn(&str) -> bool) -> bool {
    if value.is_map() || value.is_seq() {
        return value.fields().any(|field| holds(field.value, is_sort))
            || value.items().any(|item| holds(item, is_sort));
    }
    is_sort(&value.written())
}
