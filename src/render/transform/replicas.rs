//! `replicas` (`kustomize api/internal/builtins/ReplicaCountTransformer`).
//!
//! Never: silence about an entry that names nothing.

use super::super::patch::{Notation, Passed, first_notation};
use super::super::resource::Resource;
use super::field_spec::{Blank, Edit, Gvk, Walk, expect_scalar, replace_scalar};
use super::specs::SpecKind;
use super::{Cx, broken, text_of};
use crate::base::{Problem, Span};
use crate::model::{How, MadeScalar, Trees, Value, View};

/// The entries of `replicas:`.
pub(in crate::render) fn replicas(cx: &Cx<'_>, resources: &mut [Resource], field: View<'_>) -> Result<(), Problem> {
    field.items().try_for_each(|entry| replica(cx, resources, entry))
}

/// One entry: a name and a count.
pub(in crate::render) fn replica(cx: &Cx<'_>, resources: &mut [Resource], entry: View<'_>) -> Result<(), Problem> {
    let name = text_of(entry, "name")?;
    let given = entry.get("count");
    let count = match given {
        Some(count) if !count.is_null() => count.as_int().ok_or_else(|| {
            broken(count.place(), "`count` must be an integer").with_help("write the number without quotes")
        })?,
        _ => 0,
    };
    let at = given.unwrap_or(entry).place();
    let specs = cx.specs.set(SpecKind::Replicas).all();
    let mut found = false;
    for resource in resources.iter_mut().filter(|resource| resource.ids().any(|id| *id.name == *name)) {
        let passed = resource.patched.clone();
        let mut edit = SetCount { count, passed: &passed, at };
        for spec in specs {
            if !resource.ids().any(|id| *id.name == *name && spec.gvk.selects(id)) {
                continue;
            }
            found = true;
            if spec.gvk.selects(&resource.id) {
                let mut walk = Walk { trees: cx.trees, blank: Some(Blank::Scalar), at, edit: &mut edit };
                walk.apply(spec, &mut resource.value).map_err(|message| broken(at, message))?;
            }
        }
    }
    if found {
        return Ok(());
    }
    let kinds: Vec<String> = specs.iter().map(|spec| shown_gvk(&spec.gvk)).collect();
    let kinds = kinds.join(" ");
    let message = format!("resource with name {name} does not match a config with the following GVK [{kinds}]");
    Err(broken(entry.get("name").unwrap_or(entry).place(), message))
}

/// Sets a number, which stays in quotes where it takes the place of quoted text.
struct SetCount<'a> {
    count: i64,
    /// The patches that came by the object.
    passed: &'a Passed,
    at: Span,
}

impl Edit for SetCount<'_> {
    fn wants(&self, view: View<'_>) -> bool {
        view.place() != self.at || !view.is_scalar()
    }

    fn change(&mut self, trees: &Trees, value: &mut Value) -> Result<(), String> {
        expect_scalar(trees.view(value))?;
        let scalar = match first_notation(trees, self.passed, value) {
            Notation::Plain => MadeScalar::Int(self.count),
            _ => MadeScalar::Str(self.count.to_string().into()),
        };
        replace_scalar(trees, value, scalar, How::Replicas, self.at);
        Ok(())
    }
}

fn shown_gvk(gvk: &Gvk) -> String {
    let or = |text: &str, none: &'static str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
    format!("{}.{}.{}", or(&gvk.kind, "[noKind]"), or(&gvk.version, "[noVer]"), or(&gvk.group, "[noGrp]"))
}
