//! Objects without the hashes that generators put behind names: a new content gives a new name, which every reference
//! follows.
//!
//! Never: a text that only looks like such a name; the name's own step, and the step that follows it, say what it is.

use std::collections::BTreeMap;

use crate::model::{Entry, How, MadeScalar, Object, Origin, Trees, Value, View};
use crate::world::Built;

/// The names in a build that end in a hash, each with the name without it.
#[must_use]
pub fn hashed_names(trees: &Trees, built: &Built) -> BTreeMap<String, String> {
    let objects = built.rendered.objects.iter().filter(|object| !matches!(object.value, Value::Source(..)));
    let named = objects.map(|object| (object.key.name.to_string(), object.identity(trees).name.to_string()));
    named.filter(|(name, plain)| name != plain).collect()
}

/// An object with these names and the references that follow them without their hashes; `None` where it has none.
#[must_use]
pub fn without_hashes(trees: &Trees, object: &Object, names: &BTreeMap<String, String>) -> Option<Value> {
    if names.is_empty() || matches!(object.value, Value::Source(..)) {
        return None;
    }
    plain(object.view(trees), names)
}

fn plain(view: View<'_>, names: &BTreeMap<String, String>) -> Option<Value> {
    let value = view.value();
    // Nothing was renamed in what stands in a file as it is.
    if matches!(value, Value::Source(..)) {
        return None;
    }
    let origin = Origin::within(view.place());
    if view.is_map() {
        let fields: Vec<_> = view.fields().map(|field| (field, plain(field.value, names))).collect();
        let any = fields.iter().any(|(_, plain)| plain.is_some());
        let entry = |(field, plain): (crate::model::Field<'_>, Option<Value>)| Entry {
            key: field.key(),
            value: plain.unwrap_or_else(|| field.value.value()),
        };
        return any.then(|| Value::map(fields.into_iter().map(entry).collect(), origin));
    }
    if view.is_seq() {
        let items: Vec<_> = view.items().map(|item| (item, plain(item, names))).collect();
        let any = items.iter().any(|(_, plain)| plain.is_some());
        let item = |(item, plain): (View<'_>, Option<Value>)| plain.unwrap_or_else(|| item.value());
        return any.then(|| Value::seq(items.into_iter().map(item).collect(), origin));
    }
    let how = value.origin()?.set.as_ref()?.how;
    let name = names.get(&*view.written()).filter(|_| matches!(how, How::Hash | How::NameReference))?;
    Some(Value::scalar(MadeScalar::Str(name.as_str().into()), origin))
}
