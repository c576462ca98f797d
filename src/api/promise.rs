//! The API that a Kratix Promise embeds.
//!
//! Never: its pipelines, dependencies or destinations; those are no API.

use super::crd;
use super::schema::Schema;
use super::{Definition, Flavor};
use crate::model::View;

/// The API of a Promise; `None` where it offers none. `spec.xaasCrd` is what it was called before `spec.api`.
pub(super) fn compile(view: View<'_>) -> Option<Definition> {
    let spec = view.get("spec")?;
    let api = spec.get("api").or_else(|| spec.get("xaasCrd"))?;
    let mut definition = crd::compile(api)?;
    definition.flavor = Flavor::Promise;
    for version in &mut definition.versions {
        let Some(schema) = &mut version.schema else { continue };
        // Kratix puts its own status in place of any that is written (`setStatusFieldsOnCRD`).
        let at = schema.at;
        schema.take_property("status");
        schema.put("status", Schema::opaque(at));
    }
    Some(definition)
}
