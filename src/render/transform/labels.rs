//! `labels`, `commonLabels` and `commonAnnotations` (`kustomize api/filters/labels`, `api/filters/annotations`).
//!
//! Never: a number or boolean as a label's value; kustomize refuses them and so does this.

use std::sync::{Arc, LazyLock};

use super::super::resource::Resource;
use super::super::shared;
use super::field_spec::{Blank, Create, Edit, FieldSpec, Gvk, Walk, expect_map};
use super::specs::{SpecKind, SpecSet, merge, read_specs};
use super::{Cx, broken, text};
use crate::base::{Problem, Span};
use crate::model::{Entry, How, Key, MadeScalar, Origin, Trees, Value, View};
use crate::parse::{Scalar, resolve_plain};

static OWN: LazyLock<Arc<SpecSet>> = LazyLock::new(|| Arc::new(SpecSet::new(vec![own_labels()])));

fn own_labels() -> FieldSpec {
    FieldSpec::new(Gvk::default(), "metadata/labels".into(), Create::Missing)
}

/// The entries of `labels:`, one after the other.
pub(in crate::render) fn labels(cx: &Cx<'_>, resources: &mut [Resource], field: View<'_>) -> Result<(), Problem> {
    for entry in field.items() {
        if let Some(pairs) = entry.get("pairs") {
            let specs = specs_of(cx, entry)?;
            set_pairs(cx, resources, pairs, &specs, How::Label)?;
        }
    }
    Ok(())
}

/// The map of `commonLabels:`, which also goes into selectors and templates.
pub(in crate::render) fn common_labels(
    cx: &Cx<'_>,
    resources: &mut [Resource],
    field: View<'_>,
) -> Result<(), Problem> {
    set_pairs(cx, resources, field, cx.specs.set(SpecKind::CommonLabels), How::Label)
}

/// The map of `commonAnnotations:`.
pub(in crate::render) fn annotations(cx: &Cx<'_>, resources: &mut [Resource], field: View<'_>) -> Result<(), Problem> {
    set_pairs(cx, resources, field, cx.specs.set(SpecKind::CommonAnnotations), How::Annotation)
}

/// The fields that one entry of `labels:` goes to (`kustomize kusttarget_configplugin.go`).
fn specs_of(cx: &Cx<'_>, entry: View<'_>) -> Result<Arc<SpecSet>, Problem> {
    let asks = |name| entry.get(name).is_some_and(|value| value.as_bool() == Some(true));
    let configured = cx.specs.set(SpecKind::Labels);
    let own = entry.get("fields").map(read_specs).transpose()?.unwrap_or_default();
    let wider = if asks("includeSelectors") {
        Some(cx.specs.set(SpecKind::CommonLabels))
    } else if asks("includeTemplates") {
        Some(cx.specs.set(SpecKind::TemplateLabels))
    } else {
        None
    };
    if own.is_empty() && configured.all().is_empty() {
        return wider.map_or_else(|| Ok(OWN.clone()), |set| set.displaced(entry.place()));
    }
    let mut specs = own;
    merge(&mut specs, configured.all().to_vec(), entry.place())?;
    merge(&mut specs, wider.map(|set| set.all().to_vec()).unwrap_or_default(), entry.place())?;
    if !asks("includeSelectors") {
        merge(&mut specs, vec![own_labels()], entry.place())?;
    }
    Ok(Arc::new(SpecSet::new(specs)))
}

fn set_pairs(
    cx: &Cx<'_>,
    resources: &mut [Resource],
    pairs: View<'_>,
    specs: &SpecSet,
    how: How,
) -> Result<(), Problem> {
    let mut edit = SetPairs { pairs: read_pairs(pairs, how)?, how, replaced: false };
    if edit.pairs.is_empty() {
        return Ok(());
    }
    let at = pairs.place();
    for resource in resources.iter_mut() {
        for spec in specs.selecting(&resource.id) {
            let is_annotations = spec.create == Create::Never && spec.names().eq(["metadata", "annotations"]);
            if is_annotations && resource.has_notes(cx.trace) {
                stand_in_annotations(cx.trees, &mut resource.value, at);
            }
            let mut walk = Walk { trees: cx.trees, blank: Some(Blank::Map), at, edit: &mut edit };
            walk.apply(spec, &mut resource.value).map_err(|message| broken(at, message))?;
        }
        if std::mem::take(&mut edit.replaced) && !resource.shared.is_empty() {
            shared::settle(cx.trees, resource);
        }
        edit.pairs.iter_mut().for_each(|pair| resource.shared.extend(pair.added.take().filter(|_| pair.places > 1)));
    }
    Ok(())
}

/// Where kustomize has notes about an object there is a map of annotations, also where none is written.
fn stand_in_annotations(trees: &Trees, object: &mut Value, at: Span) {
    let annotations = trees.view(object).path(["metadata", "annotations"]);
    if annotations.is_some_and(|annotations| !annotations.is_null()) {
        return;
    }
    object.update_field(trees, "metadata", |metadata| {
        let empty = Value::map(Vec::new(), Origin::within(at));
        metadata.set_field(trees, Key::made("annotations", at), empty);
    });
}

fn read_pairs(pairs: View<'_>, how: How) -> Result<Vec<Pair>, Problem> {
    if !pairs.is_map() && !pairs.is_null() {
        return Err(broken(pairs.place(), format!("{} must be a map", words(how))));
    }
    let read = |field: crate::model::Field<'_>| {
        let text = text(field.value, field.name())?;
        let key = Key::made(field.name(), field.key_place());
        let at = field.value.place();
        Ok(Pair { name: field.name().into(), key, text: (&*text).into(), at, added: None, places: 0 })
    };
    let mut pairs: Vec<Pair> = pairs.fields().map(read).collect::<Result<_, Problem>>()?;
    pairs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(pairs)
}

fn words(how: How) -> &'static str {
    if how == How::Annotation { "annotations" } else { "labels" }
}

/// Whether a key stays text where it is written without quotes, as kustomize does.
fn is_text(key: &str) -> bool {
    matches!(resolve_plain(key), Scalar::Str(_))
}

struct Pair {
    name: Box<str>,
    key: Key,
    text: Arc<str>,
    at: Span,
    /// The one value that was added to maps of the present object.
    added: Option<Value>,
    /// To how many.
    places: usize,
}

/// Sets the entries of a map.
struct SetPairs {
    pairs: Vec<Pair>,
    how: How,
    /// Whether a value was replaced.
    replaced: bool,
}

impl Edit for SetPairs {
    fn wants(&self, view: View<'_>) -> bool {
        if view.is_map() {
            return self.pairs.iter().any(|pair| view.get(&pair.name).is_none_or(|value| value.place() != pair.at));
        }
        !view.is_null()
    }

    fn change(&mut self, trees: &Trees, value: &mut Value) -> Result<(), String> {
        expect_map(trees.view(value))?;
        let Some(entries) = value.entries_mut(trees) else { return Ok(()) };
        for pair in &mut self.pairs {
            let made = |from| {
                let origin = Origin::set(pair.at, self.how, pair.at, from);
                Value::scalar(MadeScalar::Str(pair.text.clone()), origin)
            };
            match entries.iter_mut().find(|entry| entry.key.text(trees) == &*pair.name) {
                Some(entry) => {
                    self.replaced = true;
                    entry.value = made(entry.value.clone().written(trees));
                }
                None if is_text(&pair.name) => {
                    pair.places = if pair.added.is_some() { pair.places + 1 } else { 1 };
                    let value = pair.added.take().unwrap_or_else(|| made(None));
                    pair.added = Some(value.clone());
                    entries.push(Entry { key: pair.key.clone(), value });
                }
                None => return Err(format!("unsupported key `{}`: kustomize writes it without quotes", pair.name)),
            }
        }
        Ok(())
    }
}
