//! Trees to meaning: values with origins, objects, and typed views of the kinds the tool knows.
//!
//! Never: a judgement; a second reading of a file.

mod argo;
mod composition;
mod document;
mod flux;
mod kratix;
mod kro;
mod kustomization;
mod object;
mod origin;
mod scope;
mod silent;
mod trees;
mod value;
mod view;

pub use argo::{
    ARGO_GROUP, ArgoApplication, ArgoApplicationSet, ArgoKustomize, ArgoProject, ArgoSource, is_kept_by_argo,
    outlives_argo_application,
};
pub use composition::{CompositionTarget, Flow, Missing, Way, flows};
pub use flux::{
    FLUX_HELM_GROUP, FLUX_KUSTOMIZE_GROUP, FLUX_OPERATOR_GROUP, FLUX_PRUNE, FLUX_SOURCE_GROUP, FluxKustomization,
    SourceRef, ValuesRef, is_kept_by_flux,
};
pub use kratix::{KRATIX_GROUP, is_older_version, is_selected, promise_selector};
pub use kro::kro_expression_type;
pub use kustomization::{KUSTOMIZATION_NAMES, Kustomization, KustomizationKind, configuration};
pub use object::{Object, ObjectKey, split_api_version};
pub use origin::{How, Origin, Set};
pub use scope::is_namespaced;
pub use silent::{AppliedPatch, Loss, Lost, Silent};
pub use trees::{Trees, Word};
pub use value::{Address, Entry, Key, Made, MadeNode, MadeScalar, Value};
pub use view::{Field, View, go_float};
