//! The open credentials of a Secret.
//!
//! Never: a value in what is given out.

use super::keys::Place;
use super::mark::RunKey;
use super::sops;
use super::strength::Strength;
use super::value::{DEPTH, Found, Kind, Secret, judge, judge_encoded};
use crate::base::{NodeId, Span};
use crate::model::{Field, How, Object, Trees, Value};
use crate::parse::{self, Parsed};

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

/// The annotation in which `kubectl apply` keeps the whole object, values included.
pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

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

pub(super) fn credential(map: &str, field: &Field<'_>, key: &RunKey) -> Option<Credential> {
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

/// The first value of a `v1` Secret that is in the clear and is no placeholder, credential or not; none where SOPS
/// encrypted the document.
#[must_use]
pub fn plain_value(trees: &Trees, object: &Object) -> Option<Span> {
    if !object.is("", "Secret") || sops::is_encrypted(object.view(trees)) {
        return None;
    }
    let maps = object.view(trees).fields().filter(|map| MAPS.contains(&map.name()));
    let mut values = maps.flat_map(|map| map.value.fields()).map(|field| field.value);
    values.find(|value| sops::says_something(value) && !sops::is_encrypted_value(&value.written())).map(|v| v.place())
}

/// The annotations of a Secret or `SealedSecret` in which `kubectl apply` left credentials in the clear.
#[must_use]
pub fn in_annotation(trees: &Trees, object: &Object, key: &RunKey) -> Vec<Credential> {
    let view = object.view(trees);
    if !object.is("", "Secret") && &*object.key.kind != "SealedSecret" {
        return Vec::new();
    }
    let holders = [Some(view), view.path(["spec", "template"])];
    let annotations = holders.into_iter().flatten().filter_map(|at| at.path(["metadata", "annotations", LAST_APPLIED]));
    annotations
        .filter_map(|annotation| {
            let text = annotation.as_str()?;
            let parsed = parse::parse(text);
            let root = parsed.documents().first()?.root?;
            let found = kept(&parsed, text, root)?;
            Some(Credential {
                key: LAST_APPLIED.to_owned(),
                at: annotation.place(),
                field: format!("/metadata/annotations/{}", LAST_APPLIED.replace('/', "~1")),
                strength: found.strength,
                kind: found.kind,
                mark: key.mark(&[LAST_APPLIED, text]),
                how: how(annotation.value()),
            })
        })
        .collect()
}

/// The worst credential in the data of the Secret that a text holds.
fn kept(parsed: &Parsed, text: &str, root: NodeId) -> Option<Found> {
    let fields = |node: NodeId| {
        let children: Vec<NodeId> = parsed.children(node).collect();
        children.chunks_exact(2).map(|pair| (parsed.text(text, pair[0]).to_owned(), pair[1])).collect::<Vec<_>>()
    };
    let maps = fields(root).into_iter().filter(|(name, _)| MAPS.contains(&&**name));
    maps.flat_map(|(map, node)| fields(node).into_iter().map(move |field| (map.clone(), field)))
        .filter_map(|(map, (name, value))| {
            let secret = Secret { name: &name, place: Place::Data, text: parsed.text(text, value) };
            if map == "data" { judge_encoded(secret) } else { judge(secret, DEPTH) }
        })
        .reduce(Found::worse)
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
