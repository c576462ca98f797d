//! Trees to meaning: values with origins, objects, and typed views of the kinds the tool knows.
//!
//! Never: a judgement; a second reading of a file.

mod kustomization;
mod object;
mod origin;
mod trees;
mod value;
mod view;

pub use kustomization::{KUSTOMIZATION_NAMES, Kustomization, KustomizationKind};
pub use object::{Object, ObjectKey, split_api_version};
pub use origin::{How, Origin, Set};
pub use trees::Trees;
pub use value::{Entry, Key, Made, MadeNode, MadeScalar, Value};
pub use view::{Field, View};
