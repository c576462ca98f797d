//! The transformers of a kustomization: namespace, names, labels, annotations, images, replicas, replacements, and the
//! references and variables that are resolved at the end.
//!
//! Never: the order in which they run; that is the accumulation's.

mod crd_specs;
mod field_spec;
mod images;
mod labels;
mod name_reference;
mod names;
mod namespace;
mod reference_trie;
mod replacement;
mod replacement_path;
mod replicas;
mod selector;
mod specs;
#[cfg(test)]
mod tests;
mod value_add;
mod variable;

pub(super) use crd_specs::crd_specs;
pub(super) use field_spec::{is_quoted, made_of};
pub(super) use images::{has_doubled_suffix, image, images};
pub(super) use labels::{annotations, common_labels, labels};
pub(super) use name_reference::name_references;
pub(super) use names::{prefix, suffix};
pub(super) use namespace::{NamespaceOptions, SubjectMode, Which, namespace, namespace_with};
pub(super) use replacement::replacements;
pub(super) use replicas::{replica, replicas};
pub(super) use selector::Requirements;
pub(super) use specs::{SpecKind, Specs};
pub(super) use value_add::{Addition, add_value};
pub(super) use variable::{declare_vars, vars};

use std::borrow::Cow;

use super::context::Trace;
use super::resource::{Id, Resource};
use super::schema::Schema;
use crate::base::{Problem, ProblemKind, Span};
use crate::model::{Trees, View};
use crate::parse::Scalar;

/// What every transformer needs.
#[derive(Clone, Copy)]
pub(super) struct Cx<'a> {
    pub(super) trees: &'a Trees,
    pub(super) schema: &'a Schema,
    pub(super) specs: &'a Specs,
    pub(super) trace: Trace,
}

impl Cx<'_> {
    fn is_cluster_scoped(&self, id: &Id) -> bool {
        self.schema.is_cluster_scoped(&id.group, &id.version, &id.kind).unwrap_or(false)
    }
}

/// A kustomization that does not build, by the instruction at `at`.
fn broken(at: Span, message: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::DoesNotBuild, at, message)
}

/// The text of a field that must be text; kustomize refuses numbers and booleans here. Empty where it is missing.
fn text_of<'t>(entry: View<'t>, name: &str) -> Result<Cow<'t, str>, Problem> {
    entry.get(name).map_or(Ok(Cow::Borrowed("")), |value| text(value, name))
}

/// The text of `value`, which must be text or null.
fn text<'t>(value: View<'t>, name: &str) -> Result<Cow<'t, str>, Problem> {
    let wrong = |found: &str| Err(broken(value.place(), format!("`{name}` must be text, not {found}")));
    if value.is_map() {
        return wrong("a map");
    }
    if value.is_seq() {
        return wrong("a list");
    }
    match value.scalar() {
        Scalar::Null => Ok(Cow::Borrowed("")),
        Scalar::Str(text) | Scalar::Timestamp(text) => Ok(text),
        Scalar::Bool(_) => wrong("a boolean").map_err(|problem: Problem| problem.with_help("put it in quotes")),
        Scalar::Int(_) | Scalar::Uint(_) | Scalar::Float(_) => {
            wrong("a number").map_err(|problem: Problem| problem.with_help("put it in quotes"))
        }
    }
}

/// The namespace that an object without one is in (`kustomize resid.ResId.EffectiveNamespace` for what is namespaced).
fn or_default(namespace: &str) -> &str {
    if namespace.is_empty() { "default" } else { namespace }
}

/// An identity as kustomize prints it.
fn shown(id: &Id) -> String {
    let or = |text: &str, none: &'static str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
    format!(
        "{}.{}.{}/{}.{}",
        or(&id.kind, "[noKind]"),
        or(&id.version, "[noVer]"),
        or(&id.group, "[noGrp]"),
        or(&id.name, "[noName]"),
        or(&id.namespace, "[noNs]")
    )
}

/// Reads name and namespace of a changed object again; the rest of its identity no transformer changes.
fn reread(trees: &Trees, resource: &mut Resource) {
    let view = trees.view(&resource.value);
    let read = |name| view.path(["metadata", name]).filter(View::is_scalar).map(|value| value.written());
    let (name, namespace) = (read("name").unwrap_or_default(), read("namespace").unwrap_or_default());
    if *name != *resource.id.name {
        resource.id.name = (&*name).into();
    }
    if *namespace != *resource.id.namespace {
        resource.id.namespace = (&*namespace).into();
    }
}
