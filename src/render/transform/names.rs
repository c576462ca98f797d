//! `namePrefix` and `nameSuffix` (`kustomize api/internal/builtins/PrefixTransformer`, `SuffixTransformer`).
//!
//! Never: a reference to the renamed object; references follow at the end.

use std::sync::Arc;

use super::super::resource::{Id, Resource};
use super::field_spec::{Blank, Edit, Walk, expect_scalar, replace_scalar, untagged};
use super::specs::SpecKind;
use super::{Cx, broken, reread, text};
use crate::base::{Problem, Span};
use crate::model::{How, Trees, Value, View};

/// Puts the text of `field` before the names.
pub(in crate::render) fn prefix(cx: &Cx<'_>, resources: &mut [Resource], field: View<'_>) -> Result<(), Problem> {
    affix(cx, resources, field, Side::Before)
}

/// Puts the text of `field` behind the names.
pub(in crate::render) fn suffix(cx: &Cx<'_>, resources: &mut [Resource], field: View<'_>) -> Result<(), Problem> {
    affix(cx, resources, field, Side::Behind)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    Behind,
}

fn affix(cx: &Cx<'_>, resources: &mut [Resource], field: View<'_>, side: Side) -> Result<(), Problem> {
    let (name, kind) = match side {
        Side::Before => ("namePrefix", SpecKind::NamePrefix),
        Side::Behind => ("nameSuffix", SpecKind::NameSuffix),
    };
    let added = text(field, name)?;
    if added.is_empty() {
        return Ok(());
    }
    let mut edit = Affix { text: (&*added).into(), side, at: field.place() };
    for resource in resources.iter_mut() {
        let original = resource.original().clone();
        if keeps_its_name(&original) {
            continue;
        }
        for spec in cx.specs.set(kind).selecting(&original) {
            if &*spec.path == "metadata/name" {
                let affixes = match side {
                    Side::Before => &mut resource.prefixes,
                    Side::Behind => &mut resource.suffixes,
                };
                affixes.push(edit.text.clone());
                resource.previous.push(resource.id.clone());
            }
            if spec.gvk.selects(&resource.id) {
                let at = edit.at;
                let mut walk = Walk { trees: cx.trees, blank: Some(Blank::Scalar), at, edit: &mut edit };
                walk.apply(spec, &mut resource.value).map_err(|message| broken(at, message))?;
            }
        }
        reread(cx.trees, resource);
    }
    Ok(())
}

/// Whether the name means something to the API server, so that kustomize leaves it alone.
fn keeps_its_name(id: &Id) -> bool {
    match &*id.kind {
        "CustomResourceDefinition" | "Namespace" => true,
        "APIService" => &*id.group == "apiregistration.k8s.io",
        _ => false,
    }
}

struct Affix {
    text: Arc<str>,
    side: Side,
    at: Span,
}

impl Edit for Affix {
    fn wants(&self, _: View<'_>) -> bool {
        true
    }

    fn change(&mut self, trees: &Trees, value: &mut Value) -> Result<(), String> {
        let view = trees.view(value);
        expect_scalar(view)?;
        let old = if view.is_null() { "".into() } else { view.written() };
        let (new, how) = match self.side {
            Side::Before => (format!("{}{old}", self.text), How::NamePrefix),
            Side::Behind => (format!("{old}{}", self.text), How::NameSuffix),
        };
        let scalar = untagged(trees, Some(value), &new);
        replace_scalar(trees, value, scalar, how, self.at);
        Ok(())
    }
}
