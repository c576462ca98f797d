//! `replicas` (`kustomize api/internal/builtins/ReplicaCountTransformer`).
//!
//! Never: silence about an entry that names nothing.

use super::super::resource::Resource;
use super::field_spec::{Blank, Gvk, SetScalar, Walk};
use super::specs::SpecKind;
use super::{Cx, broken, text_of};
use crate::base::Problem;
use crate::model::{How, MadeScalar, View};

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
    let mut edit = SetScalar { scalar: MadeScalar::Int(count), how: How::Replicas, at };
    let specs = cx.specs.set(SpecKind::Replicas).all();
    let mut found = false;
    for resource in resources.iter_mut().filter(|resource| resource.ids().any(|id| *id.name == *name)) {
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

fn shown_gvk(gvk: &Gvk) -> String {
    let or = |text: &str, none: &'static str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
    format!("{}.{}.{}", or(&gvk.kind, "[noKind]"), or(&gvk.version, "[noVer]"), or(&gvk.group, "[noGrp]"))
}
