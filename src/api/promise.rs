//! The API that a Kratix Promise embeds.
//!
//! Never: its pipelines, dependencies or destinations; those are no API.

use super::crd;
use super::schema::Schema;
use super::{Definition, Flavor};
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

/// Kratix puts its own status in place of any that is written (`setStatusFieldsOnCRD`).
fn install(view: View<'_>, key: Span) -> Schema {
    let mut schema = crd::pruning(view, key);
    let at = schema.at;
    schema.put("status", Schema::opaque(at));
    schema
}
