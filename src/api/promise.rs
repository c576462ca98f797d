//! The API that a Kratix Promise embeds, and those that it brings to its destinations.
//!
//! Never: its pipelines or destinations; of its dependencies only the CRDs.

use super::crd;
use super::schema::Schema;
use super::{Definition, Flavor, Standing};
use crate::base::Span;
use crate::model::View;

/// The API of a Promise; `None` where it offers none. `spec.xaasCrd` is what it was called before `spec.api`.
pub(super) fn compile(view: View<'_>) -> Option<Definition> {
    let spec = view.get("spec")?;
    let api = spec.get("api").or_else(|| spec.get("xaasCrd"))?;
    let mut definition = crd::of_spec(api, api.get("spec")?, install)?;
    definition.flavor = Flavor::Promise;
    Some(definition)
}

/// The CRDs among the dependencies. `workerClusterResources` is what they were called before.
pub(super) fn carried(view: View<'_>) -> Vec<Definition> {
    let Some(spec) = view.get("spec") else { return Vec::new() };
    let list = spec.get("dependencies").or_else(|| spec.get("workerClusterResources"));
    let is_crd = |item: &View<'_>| {
        item.str_at(["kind"]) == Some("CustomResourceDefinition")
            && item.str_at(["apiVersion"]).is_some_and(|version| version.starts_with("apiextensions.k8s.io/"))
    };
    let items = list.into_iter().flat_map(|list| list.items()).filter(is_crd);
    items.filter_map(|item| Some(Definition { standing: Standing::Carried, ..crd::compile(item)? })).collect()
}

/// Kratix puts its own status in place of any that is written (`setStatusFieldsOnCRD`).
fn install(view: View<'_>, key: Span) -> Schema {
    let mut schema = crd::pruning(view, key);
    let at = schema.at;
    schema.put("status", Schema::opaque(at));
    schema
}
