//! What an Application's `source.kustomize` adds to the build of its path (`argo-cd util/kustomize`, which edits the
//! kustomization by `kustomize edit`).
//!
//! Never: a setting whose template lacks a value; such a source is only said to be more than what is rendered.

use super::reader::Fill;
use crate::base::Span;
use crate::grammar::Gap;
use crate::model::{ArgoKustomize, Entry, Key, MadeScalar, Origin, Trees, Value, View};
use crate::render::{Absent, Adjustment, Adjustments, Meeting};

/// What the settings add.
///
/// # Errors
/// What a template in them lacks.
pub(super) fn settings(trees: &Trees, settings: &ArgoKustomize<'_>, fill: Fill<'_>) -> Result<Adjustments, Gap> {
    let filled = |view: View<'_>| filled(trees, view, fill);
    let mut steps = Vec::new();
    for (name, value) in settings.fields() {
        steps.push(Adjustment::Field(name, filled(value)?));
    }
    for image in settings.images() {
        let text = fill(&image.written())?;
        steps.extend(image_entry(&text, image.place()));
    }
    for replicas in settings.replicas() {
        steps.extend(replicas_entry(trees.view(&filled(replicas)?)).map(Adjustment::Replicas));
    }
    if let Some(labels) = settings.labels() {
        let pairs = filled(labels)?;
        steps.push(if settings.labels_without_selector() {
            let mut entry = vec![Entry { key: Key::made("pairs", labels.place()), value: pairs }];
            if let Some(field) = settings.includes_templates() {
                entry.push(Entry { key: Key::made("includeTemplates", field.place()), value: field.value() });
            }
            Adjustment::Entries("labels", vec![Value::map(entry, Origin::within(labels.place()))])
        } else {
            Adjustment::Pairs("commonLabels", pairs, meeting(settings.forces_labels()))
        });
    }
    if let Some(annotations) = settings.annotations() {
        let meeting = meeting(settings.forces_annotations());
        steps.push(Adjustment::Pairs("commonAnnotations", filled(annotations)?, meeting));
    }
    let patches: Vec<Value> = settings.patches().map(filled).collect::<Result<_, _>>()?;
    if !patches.is_empty() {
        steps.push(Adjustment::Entries("patches", patches));
    }
    let components: Vec<Value> = settings.components().map(filled).collect::<Result<_, _>>()?;
    if !components.is_empty() {
        let absent = if settings.ignores_missing_components() { Absent::Skipped } else { Absent::Refused };
        steps.push(Adjustment::Components(components, absent));
    }
    Ok(Adjustments::new(trees, steps))
}

fn meeting(forces: bool) -> Meeting {
    if forces { Meeting::Replace } else { Meeting::Refuse }
}

/// A value with its templates filled; what has none stays itself.
fn filled(trees: &Trees, view: View<'_>, fill: Fill<'_>) -> Result<Value, Gap> {
    let mut value = view.value();
    if view.is_map() {
        for field in view.fields() {
            let new = filled(trees, field.value, fill)?;
            if !new.is_same(&field.value.value()) {
                value.set_field(trees, field.key(), new);
            }
        }
    } else if view.is_seq() {
        for (row, item) in view.items().enumerate() {
            let new = filled(trees, item, fill)?;
            if !new.is_same(&item.value())
                && let Some(slot) = value.items_mut(trees).and_then(|items| items.get_mut(row))
            {
                *slot = new;
            }
        }
    } else if let Some(text) = view.as_str() {
        let new = fill(text)?;
        if new != text {
            value = Value::text(&new, Origin::within(view.place()));
        }
    }
    Ok(value)
}

/// An entry of `images` from the form of `kustomize edit set image`: `name=new:tag`, `name:tag`, `name@digest`.
fn image_entry(text: &str, at: Span) -> Option<Adjustment> {
    let (name, new) = text.split_once('=').map_or((None, text), |(name, new)| (Some(name), new));
    let (image, tag, digest) = match (new.split_once('@'), new.rsplit_once(':')) {
        (Some((image, digest)), _) => (image, None, Some(digest)),
        (None, Some((image, tag))) if !tag.contains('/') => (image, Some(tag), None),
        _ if name.is_some() => (new, None, None),
        // kustomize refuses what changes nothing.
        _ => return None,
    };
    let fields =
        [("name", Some(name.unwrap_or(image))), ("newName", name.map(|_| image)), ("newTag", tag), ("digest", digest)];
    // `*` stands for what the kustomization says.
    let keeps = fields.iter().any(|(_, text)| *text == Some("*"));
    let given = fields.into_iter().filter_map(|(key, text)| Some((key, text.filter(|text| *text != "*")?)));
    let entries =
        given.map(|(key, text)| Entry { key: Key::made(key, at), value: Value::text(text, Origin::within(at)) });
    let entry = Value::map(entries.collect(), Origin::within(at));
    Some(Adjustment::Image(entry, if keeps { Meeting::Merge } else { Meeting::Replace }))
}

/// An entry of `replicas`; the count may be written as text.
fn replicas_entry(entry: View<'_>) -> Option<Value> {
    let (name, count) = (entry.get("name")?, entry.get("count")?);
    let number = count.written().parse().ok()?;
    let count_value = Value::scalar(MadeScalar::Int(number), Origin::within(count.place()));
    let entries = vec![
        Entry { key: Key::made("name", name.place()), value: name.value() },
        Entry { key: Key::made("count", count.place()), value: count_value },
    ];
    Some(Value::map(entries, Origin::within(entry.place())))
}
