//! The open credentials of a Secret.
//!
//! Never: a value in what is given out.

use super::keys::Place;
use super::mark::RunKey;
use super::sops;
use super::strength::Strength;
use super::value::{DEPTH, Found, Kind, Secret, judge, judge_encoded};
use crate::base::Span;
use crate::model::{Field, How, Object, Trees, Value};

/// A credential that anybody who reads the repository has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Credential {
    /// The key of the Secret's data.
    pub key: String,
    /// Where the value is written, wherever rendering took it from.
    pub at: Span,
    /// The field in the object, as a JSON pointer.
    pub field: String,
    /// How much it protects.
    pub strength: Strength,
    /// What it is.
    pub kind: Kind,
    /// The keyed hash of key and value.
    pub mark: String,
    /// The step of rendering that wrote the value; `None` where it stands in the object's own file.
    pub how: Option<How>,
}

/// The maps of a Secret that hold values.
pub(super) const MAPS: [&str; 2] = ["data", "stringData"];

/// The open credentials of a `v1` Secret, in the order in which the object has them; none for any other object, and
/// none where SOPS encrypted the document.
#[must_use]
pub fn in_secret(trees: &Trees, object: &Object, key: &RunKey) -> Vec<Credential> {
    if !object.is("", "Secret") || sops::is_encrypted(object.view(trees)) {
        return Vec::new();
    }
    object
        .view(trees)
        .fields()
        .filter(|map| MAPS.contains(&map.name()))
        .flat_map(|map| map.value.fields().map(move |field| (map.name(), field)))
        .filter_map(|(map, field)| credential(map, &field, key))
        .collect()
}

fn credential(map: &str, field: &Field<'_>, key: &RunKey) -> Option<Credential> {
    if field.value.is_null() || !field.value.is_scalar() {
        return None;
    }
    let text = field.value.written();
    let secret = Secret { name: field.name(), place: Place::Data, text: &text };
    let Found { kind, strength } = if map == "data" { judge_encoded(secret) } else { judge(secret, DEPTH) }?;
    Some(Credential {
        key: field.name().to_owned(),
        at: field.value.place(),
        field: format!("/{map}/{}", field.name().replace('~', "~0").replace('/', "~1")),
        strength,
        kind,
        mark: key.mark(&[field.name(), &text]),
        how: how(field.value.value()),
    })
}

/// Who wrote a value: the generator, where its history has one; else the last step.
pub(super) fn how(mut value: Value) -> Option<How> {
    let last = value.origin()?.set.as_ref()?.how;
    while let Some(set) = value.origin().and_then(|origin| origin.set.clone()) {
        if set.how == How::Generator {
            return Some(How::Generator);
        }
        let Some(from) = set.from.clone() else { break };
        value = from;
    }
    Some(last)
}
