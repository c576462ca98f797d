//! JSON 6902 operations as kustomize applies them (`kustomize api/filters/patchjson6902`, `evanphx/json-patch` v4.12).
//!
//! Never: text or JSON in between; what the operations leave alone stays shared with the target.

use super::{Loss, PatchError, Silent, yaml11};
use crate::base::Span;
use crate::model::{Entry, Field, How, Key, MadeScalar, Origin, Trees, Value, View, go_float};
use crate::parse::{Kind, Scalar};
use crate::render::emit::{as_decoded, json_time, quoted_in_flow};

/// Applies a list of operations to a whole object, up to the first that fails. `by` is the entry of the kustomization.
pub(in crate::render) fn json(
    trees: &Trees,
    target: &mut Value,
    operations: &[View<'_>],
    by: Span,
) -> Result<Vec<Silent>, PatchError> {
    if let Some(error) = unknown_to_json(trees.view(target)) {
        return Err(error);
    }
    let stands_in = stand_in_annotations(trees, target, operations, by);
    let mut silent = Vec::new();
    for operation in operations {
        silent.extend(Operation { trees, by, view: *operation }.apply(target)?);
    }
    if stands_in {
        target.update_field(trees, "metadata", |metadata| {
            let annotations = trees.view(metadata).get("annotations");
            if annotations.is_some_and(|annotations| annotations.is_map() && annotations.fields().next().is_none()) {
                metadata.remove_field(trees, "annotations");
            }
        });
    }
    through_json(trees, target, false, by);
    Ok(silent)
}

/// kustomize keeps notes in an object's annotations while it builds, so that operations always meet a map there, also
/// where none is written. Gives whether one was put there.
fn stand_in_annotations(trees: &Trees, target: &mut Value, operations: &[View<'_>], by: Span) -> bool {
    let aims = |operation: &View<'_>, name| {
        operation.str_at([name]).is_some_and(|path| path.split('/').skip(1).take(2).eq(["metadata", "annotations"]))
    };
    let is_missing = trees.view(target).path(["metadata", "annotations"]).is_none_or(|view| view.is_null());
    if !is_missing || !operations.iter().any(|operation| aims(operation, "path") || aims(operation, "from")) {
        return false;
    }
    let empty = Value::map(Vec::new(), Origin::within(by));
    target.update_field(trees, "metadata", |metadata| {
        metadata.set_field(trees, Key::made("annotations", by), empty);
    });
    true
}

struct Operation<'t> {
    trees: &'t Trees,
    by: Span,
    view: View<'t>,
}

/// The container that a path leads into, and the key there.
type Place<'v> = (&'v mut Value, String);

impl<'t> Operation<'t> {
    fn apply(&self, target: &mut Value) -> Result<Option<Silent>, PatchError> {
        if !self.view.is_map() {
            return Err(PatchError::new(self.view.place(), "an operation of a JSON patch is a map"));
        }
        match self.view.str_at(["op"]).unwrap_or("unknown") {
            "add" => self.add(target).map(|()| None),
            "remove" => self.remove(target).map(|()| None),
            "replace" => self.replace(target),
            "move" => self.transfer(target, Transfer::Move).map(|()| None),
            "copy" => self.transfer(target, Transfer::Copy).map(|()| None),
            "test" => self.test(target).map(|()| None),
            other => Err(self.error("op", format!("Unexpected kind: {other}"))),
        }
    }

    fn add(&self, target: &mut Value) -> Result<(), PatchError> {
        let path = self.pointer("path", "add")?;
        let missing = || format!("add operation does not apply: doc is missing path: \"{path}\": missing value");
        let (container, key) = self.find(target, path).ok_or_else(|| self.error("path", missing()))?;
        self.insert(container, &key, |old| self.value(old))
            .map_err(|why| self.error("path", format!("error in add for path: '{path}': {why}")))
    }

    fn remove(&self, target: &mut Value) -> Result<(), PatchError> {
        let path = self.pointer("path", "remove")?;
        let missing = || format!("remove operation does not apply: doc is missing path: \"{path}\": missing value");
        let (container, key) = self.find(target, path).ok_or_else(|| self.error("path", missing()))?;
        self.take(container, &key)
            .map_err(|why| self.error("path", format!("error in remove for path: '{path}': {why}")))?;
        Ok(())
    }

    fn replace(&self, target: &mut Value) -> Result<Option<Silent>, PatchError> {
        let path = self.pointer("path", "replace")?;
        if path.is_empty() {
            let value = self.value(Some(target.clone()));
            if !self.trees.view(&value).is_map() {
                return Err(self.error("value", "replace operation value must be object or array".to_owned()));
            }
            *target = value;
            return Ok(None);
        }
        let missing = |what| format!("replace operation does not apply: doc is missing {what}: {path}: missing value");
        let (container, key) = self.find(target, path).ok_or_else(|| self.error("path", missing("path")))?;
        let trees = self.trees;
        if trees.view(container).is_map() {
            let is_new = trees.view(container).get(&key).is_none();
            self.insert(container, &key, |old| self.value(old)).map_err(|why| self.error("path", why))?;
            let at = self.view.get("path").unwrap_or(self.view).place();
            return Ok(is_new.then_some(Silent { at, loss: Loss::ReplaceAdded }));
        }
        let count = trees.view(container).items().count();
        let at = index(&key, count).map_err(|_| self.error("path", missing("key")))?;
        if let Some(items) = container.items_mut(trees) {
            items[at] = self.value(Some(items[at].clone()));
        }
        Ok(None)
    }

    fn transfer(&self, target: &mut Value, transfer: Transfer) -> Result<(), PatchError> {
        let word = transfer.word();
        let from = self.pointer("from", word)?;
        let missing = |what| {
            move |path: &str| {
                format!("{word} operation does not apply: doc is missing {what} path: {path}: missing value")
            }
        };
        let (container, key) = self.find(target, from).ok_or_else(|| self.error("from", missing("from")(from)))?;
        let fail = |why: String| self.error("from", format!("error in {word} for path: '{from}': {why}"));
        let value = match transfer {
            Transfer::Move => Some(self.take(container, &key).map_err(fail)?),
            Transfer::Copy => get(self.trees, container, &key).map_err(fail)?,
        };
        let path = self.pointer("path", word)?;
        let (container, key) =
            self.find(target, path).ok_or_else(|| self.error("path", missing("destination")(path)))?;
        let place = |old| match value {
            Some(value) => Value::link(self.trees, value, How::Patch, self.by, old),
            None => self.null(old),
        };
        self.insert(container, &key, place)
            .map_err(|why| self.error("path", format!("error in {word} for path: '{path}': {why}")))
    }

    fn test(&self, target: &mut Value) -> Result<(), PatchError> {
        let path = self.pointer("path", "test")?;
        let failed = || self.error("value", format!("testing value {path} failed: test failed"));
        let found = if path.is_empty() {
            Some(target.clone())
        } else {
            let missing =
                || self.error("path", format!("test operation does not apply: is missing path: {path}: missing value"));
            let (container, key) = self.find(target, path).ok_or_else(missing)?;
            get(self.trees, container, &key)
                .map_err(|why| self.error("path", format!("error in test for path: '{path}': {why}")))?
        };
        let found = found.as_ref().map(|value| self.trees.view(value)).filter(|found| !found.is_null());
        let wanted = self.view.get("value").map(|_| self.value(None));
        let wanted = wanted.as_ref().map(|value| self.trees.view(value)).filter(|value| !value.is_null());
        match (found, wanted) {
            (None, None) => Ok(()),
            (Some(found), Some(wanted)) if is_equal(found, wanted) => Ok(()),
            _ => Err(failed()),
        }
    }

    /// A path of the operation.
    fn pointer(&self, name: &str, operation: &str) -> Result<&'t str, PatchError> {
        self.view
            .str_at([name])
            .ok_or_else(|| self.error(name, format!("{operation} operation failed to decode {name}: missing value")))
    }

    /// Where a path leads. What stands before the first `/` is not looked at; `None` where a step is missing
    /// (`findObject`).
    fn find<'v>(&self, target: &'v mut Value, path: &str) -> Option<Place<'v>> {
        let mut parts = path.split('/').skip(1).map(decoded);
        let mut key = parts.next()?;
        let mut at = target;
        for next in parts {
            let trees = self.trees;
            let view = trees.view(at);
            let child = if view.is_map() {
                at.entries_mut(trees)?
                    .iter_mut()
                    .find(|entry| entry.key.text(trees) == key)
                    .map(|entry| &mut entry.value)
            } else {
                let found = index(&key, view.items().count()).ok()?;
                at.items_mut(trees)?.get_mut(found)
            };
            at = child?;
            key = next;
        }
        (!self.trees.view(at).is_scalar()).then_some((at, key))
    }

    fn insert(
        &self,
        container: &mut Value,
        key: &str,
        value: impl FnOnce(Option<Value>) -> Value,
    ) -> Result<(), String> {
        let trees = self.trees;
        if let Some(entries) = container.entries_mut(trees) {
            match entries.iter_mut().find(|entry| entry.key.text(trees) == key) {
                Some(entry) => entry.value = value(Some(entry.value.clone())),
                None => {
                    let at = self.view.get("path").unwrap_or(self.view).place();
                    entries.push(Entry { key: Key::made(key, at), value: value(None) });
                }
            }
        } else if let Some(items) = container.items_mut(trees) {
            let end = items.len();
            let at = match key {
                "-" => end,
                // There is one more place to add at than there are elements.
                _ => index(key, end + 1)?,
            };
            items.insert(at, value(None));
        }
        Ok(())
    }

    fn take(&self, container: &mut Value, key: &str) -> Result<Value, String> {
        let trees = self.trees;
        if trees.view(container).is_map() {
            let missing = || format!("Unable to remove nonexistent key: {key}: missing value");
            return container.remove_field(trees, key).ok_or_else(missing);
        }
        let at = index(key, trees.view(container).items().count())?;
        let items = container.items_mut(trees).ok_or("invalid state detected")?;
        Ok(items.remove(at))
    }

    /// The operation's value, in place of `old`; `null` where it has none.
    fn value(&self, old: Option<Value>) -> Value {
        let value = self.view.get("value").filter(|value| !value.is_unwritten());
        let Some(value) = value else { return self.null(old) };
        let mut linked = Value::link(self.trees, value.value(), How::Patch, self.by, old);
        yaml11::retype(self.trees, &mut linked, self.by);
        // Brackets in the patch mean nothing: it is read at once.
        through_json(self.trees, &mut linked, false, self.by);
        linked
    }

    fn null(&self, old: Option<Value>) -> Value {
        let old = old.and_then(|old| old.written(self.trees));
        Value::scalar(MadeScalar::Null, Origin::set(self.view.place(), How::Patch, self.by, old))
    }

    fn error(&self, field: &str, message: String) -> PatchError {
        PatchError::new(self.view.get(field).unwrap_or(self.view).place(), message)
    }
}

#[derive(Clone, Copy)]
enum Transfer {
    Move,
    Copy,
}

impl Transfer {
    fn word(self) -> &'static str {
        match self {
            Self::Move => "move",
            Self::Copy => "copy",
        }
    }
}

fn get(trees: &Trees, container: &mut Value, key: &str) -> Result<Option<Value>, String> {
    if let Some(entries) = container.entries_mut(trees) {
        return Ok(entries.iter().find(|entry| entry.key.text(trees) == key).map(|entry| entry.value.clone()));
    }
    let items = container.items_mut(trees).ok_or("invalid state detected")?;
    let at = index(key, items.len())?;
    Ok(Some(items[at].clone()))
}

/// A place in a list of `count` elements; negative ones count from the end.
fn index(key: &str, count: usize) -> Result<usize, String> {
    let number: i64 = key.parse().map_err(|_| format!("value was not a proper array index: '{key}'"))?;
    let from_end = || usize::try_from(number.unsigned_abs()).ok().and_then(|back| count.checked_sub(back));
    let from_start = if number < 0 { from_end() } else { usize::try_from(number).ok() };
    from_start
        .filter(|at| *at < count)
        .ok_or_else(|| format!("Unable to access invalid index: {number}: invalid index referenced"))
}

fn decoded(part: &str) -> String {
    if !part.contains('~') {
        return part.to_owned();
    }
    let mut text = String::with_capacity(part.len());
    let mut rest = part;
    while let Some(at) = rest.find('~') {
        text.push_str(&rest[..at]);
        let (character, length) = match rest.as_bytes().get(at + 1) {
            Some(b'0') => ('~', 2),
            Some(b'1') => ('/', 2),
            _ => ('~', 1),
        };
        text.push(character);
        rest = &rest[at + length..];
    }
    text + rest
}

/// Equal as JSON: numbers by value, whatever their notation.
fn is_equal(a: View<'_>, b: View<'_>) -> bool {
    if a.is_map() && b.is_map() {
        return a.fields().count() == b.fields().count()
            && a.fields().all(|field| b.get(field.name()).is_some_and(|other| is_equal(field.value, other)));
    }
    if a.is_seq() && b.is_seq() {
        return a.items().count() == b.items().count() && a.items().zip(b.items()).all(|(a, b)| is_equal(a, b));
    }
    if !a.is_scalar() || !b.is_scalar() {
        return false;
    }
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b).is_eq(),
        _ => a.scalar() == b.scalar(),
    }
}

fn number(view: View<'_>) -> Option<f64> {
    match view.scalar() {
        Scalar::Int(value) => Some(value as f64),
        Scalar::Uint(value) => Some(value as f64),
        Scalar::Float(value) => Some(value),
        _ => None,
    }
}

/// The first key or value of an object that Go cannot write as JSON. The object's own keys are read as text.
fn unknown_to_json(object: View<'_>) -> Option<PatchError> {
    object.fields().find_map(|field| unknown_below(field.value))
}

fn unknown_below(view: View<'_>) -> Option<PatchError> {
    if view.is_scalar() {
        let written = view.written();
        let is_odd = written.starts_with(['.', '+', '-'])
            && matches!(view.scalar(), Scalar::Float(number) if !number.is_finite());
        return is_odd.then(|| PatchError::new(view.place(), format!("unsupported value: {written}")));
    }
    let in_field = |field: Field<'_>| {
        if matches!(field.key_scalar(), Scalar::Str(_)) {
            return unknown_below(field.value);
        }
        let message = format!("the key `{}` is no text: JSON has text keys only", field.name());
        Some(PatchError::new(field.key_place(), message))
    };
    view.fields().find_map(in_field).or_else(|| view.items().find_map(unknown_below))
}

/// The object goes through JSON, where a number is a float, a time is text and nothing is `null`: what was written in
/// another way has other characters from then on (`kustomize kyaml/yaml RNode.UnmarshalJSON`).
fn through_json(trees: &Trees, value: &mut Value, is_in_flow: bool, by: Span) {
    let view = trees.view(value);
    if !is_changed_by_json(view, is_in_flow) {
        return;
    }
    let is_in_flow = is_in_flow || view.is_flow();
    if view.is_scalar() {
        if let Some(scalar) = in_json(view, is_in_flow) {
            let at = view.place();
            let from = value.clone().written(trees);
            *value = Value::scalar(scalar, Origin::set(at, How::Patch, by, from));
        }
    } else if let Some(entries) = value.entries_mut(trees) {
        entries.iter_mut().for_each(|entry| through_json(trees, &mut entry.value, is_in_flow, by));
    } else if let Some(items) = value.items_mut(trees) {
        items.iter_mut().for_each(|item| through_json(trees, item, is_in_flow, by));
    }
}

fn is_changed_by_json(view: View<'_>, is_in_flow: bool) -> bool {
    if view.is_scalar() {
        return in_json(view, is_in_flow).is_some();
    }
    let is_in_flow = is_in_flow || view.is_flow();
    view.fields().any(|field| is_changed_by_json(field.value, is_in_flow))
        || view.items().any(|item| is_changed_by_json(item, is_in_flow))
}

/// What JSON makes of a scalar, where that has other characters.
fn in_json(view: View<'_>, is_in_flow: bool) -> Option<MadeScalar> {
    /// From here on Go writes a float with an exponent.
    const LONG: u64 = 1_000_000;
    let is_typed = !view.is_bare();
    let float = |value: f64| {
        let is_same = is_typed && *view.written() == go_float(value);
        (value.is_finite() && !is_same).then_some(MadeScalar::Float(value))
    };
    if let Some(text) = quoted_in_flow(view, is_in_flow).filter(|_| !view.is_unwritten()) {
        return Some(MadeScalar::Str((&*text).into()));
    }
    let scalar = match view.scalar() {
        Scalar::Null => MadeScalar::Null,
        Scalar::Bool(value) => MadeScalar::Bool(value),
        Scalar::Int(value) if value.unsigned_abs() < LONG => MadeScalar::Int(value),
        Scalar::Int(value) => return float(value as f64),
        Scalar::Uint(value) => return float(value as f64),
        // Go writes `-0` for it, which is an integer.
        Scalar::Float(0.0) => return Some(MadeScalar::Int(0)),
        Scalar::Float(value) => return float(value),
        Scalar::Timestamp(time) => return Some(MadeScalar::Str(json_time(view, &time).ok()?.into())),
        Scalar::Str(text) => {
            let is_folded = view.notation() == Some(Kind::Folded) && text.contains('\n');
            let decoded = |text| if is_in_flow { text } else { as_decoded(view, text) };
            return (is_folded || !is_typed).then(|| MadeScalar::Str((&*decoded(text)).into()));
        }
    };
    let written = view.written();
    let is_same = match &scalar {
        // What is not written has no bytes that it could come from.
        MadeScalar::Null => written == "null" || view.is_unwritten(),
        MadeScalar::Bool(value) => written == if *value { "true" } else { "false" },
        MadeScalar::Int(value) => written == value.to_string().as_str(),
        _ => true,
    };
    (!is_same || !is_typed).then_some(scalar)
}
