//! Builds as a controller makes them: its settings written into the kustomization, and what it does after the build
//! (Flux: `fluxcd pkg/kustomize`, `kustomize-controller`; Argo CD: `kustomize edit` before `kustomize build`).
//!
//! Never: a setting of a controller in a build that nobody asked to adjust.

use super::accumulate::{self, Layer};
use super::adjust::{Absent, Adjustment, Adjustments, Meeting};
use super::context::{Accumulated, Base, Context};
use super::load::does_not_build;
use super::resource::Resource;
use super::substitute::substitute;
use crate::base::{Found, Problem, RepoPath, Span};
use crate::model::{Entry, How, Key, Kustomization, MadeScalar, Object, Origin, Trees, Value, View};

/// What the kustomization of a folder accumulates to, with the settings written into it.
///
/// # Errors
/// What keeps it from being built, at its line.
pub(super) fn kustomization(
    cx: &Context<'_>,
    folder: &RepoPath,
    by: Span,
    adjustments: &Adjustments,
) -> Result<Base, Problem> {
    let mut kustomization = accumulate::kustomization(cx, folder, by)?;
    let mut edit = Edit { cx, folder, kustomization: &mut kustomization };
    adjustments.steps().iter().try_for_each(|step| edit.step(step))?;
    let accumulated = Layer::new(cx, folder, &kustomization, Accumulated::empty()).run()?;
    Ok(Base { kustomization, accumulated })
}

/// The same for a folder without one: these objects, and those of the kustomizations in the folders `below`.
///
/// # Errors
/// What keeps it from being built, at its line.
pub(super) fn generated(
    cx: &Context<'_>,
    folder: &RepoPath,
    (objects, below): (&[Object], &[RepoPath]),
    (kustomization, adjustments): (Kustomization, &Adjustments),
) -> Result<Base, Problem> {
    let mut kustomization = kustomization;
    let mut edit = Edit { cx, folder, kustomization: &mut kustomization };
    adjustments.steps().iter().try_for_each(|step| edit.step(step))?;
    let mut out = Accumulated::empty();
    out.resources.edit().extend(objects.iter().map(|object| Resource::new(cx.trees, object.value.clone())));
    let by = cx.trees.top(kustomization.file);
    for folder in below {
        match accumulate::base(cx, folder, None, by) {
            Ok(base) => out.take(&base.accumulated, by)?,
            Err(problem) => out.problems.push(problem),
        }
    }
    let accumulated = Layer::new(cx, folder, &kustomization, out).run()?;
    Ok(Base { kustomization, accumulated })
}

/// Writes settings into a kustomization.
struct Edit<'e> {
    cx: &'e Context<'e>,
    folder: &'e RepoPath,
    kustomization: &'e mut Kustomization,
}

impl Edit<'_> {
    fn step(&mut self, step: &Adjustment) -> Result<(), Problem> {
        let trees = self.cx.trees;
        match step {
            Adjustment::Field(name, value) => self.set(name, value.clone()),
            Adjustment::Entries(name, values) => self.append(name, values.clone()),
            Adjustment::Image(value, meeting) => self.named("images", value, *meeting),
            Adjustment::Replicas(value) => self.named("replicas", value, Meeting::Replace),
            Adjustment::Pairs(name, pairs, meeting) => return self.pairs(name, trees.view(pairs), *meeting),
            Adjustment::Components(values, absent) => {
                let is_there = |value: &&Value| {
                    let path = trees.view(value).as_str().and_then(|text| self.folder.join(text));
                    *absent == Absent::Refused
                        || path.is_some_and(|path| self.cx.snapshot.find(&path) != Found::Missing)
                };
                self.append("components", values.iter().filter(is_there).cloned().collect());
            }
            Adjustment::Metadata(..) | Adjustment::Substitution(_) => {}
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: Value) {
        self.kustomization.set(self.cx.trees, name, value);
    }

    fn append(&mut self, name: &str, values: Vec<Value>) {
        let mut all: Vec<Value> = self.kustomization.items(self.cx.trees, name).map(|item| item.value()).collect();
        all.extend(values);
        self.set_list(name, all);
    }

    fn set_list(&mut self, name: &str, items: Vec<Value>) {
        let Some(at) = items.first().map(|first| self.cx.trees.view(first).place()) else { return };
        self.set(name, Value::seq(items, Origin::within(at)));
    }

    /// An entry of a list whose entries have names.
    fn named(&mut self, list: &str, entry: &Value, meeting: Meeting) {
        let trees = self.cx.trees;
        let name = |value: &Value| trees.view(value).get("name").map(|name| name.written().into_owned());
        let mut all: Vec<Value> = self.kustomization.items(trees, list).map(|item| item.value()).collect();
        match all.iter_mut().find(|known| name(known) == name(entry)) {
            Some(known) if meeting == Meeting::Merge => merge_image(trees, known, trees.view(entry)),
            Some(known) => *known = entry.clone(),
            None => all.push(entry.clone()),
        }
        self.set_list(list, all);
    }

    fn pairs(&mut self, name: &str, pairs: View<'_>, meeting: Meeting) -> Result<(), Problem> {
        let trees = self.cx.trees;
        let mut all = match self.kustomization.get(trees, name) {
            Some(known) => known.value(),
            None => Value::map(Vec::new(), Origin::within(pairs.place())),
        };
        for pair in pairs.fields() {
            if let Some(known) = trees.view(&all).field(pair.name()).filter(|_| meeting == Meeting::Refuse) {
                let what = if name == "commonAnnotations" { "annotation" } else { "label" };
                let message = format!("{what} {} already in kustomization file", pair.name());
                return Err(does_not_build(pair.key_place(), message)
                    .with_related(known.key_place(), "in this kustomization")
                    .with_help("Argo CD replaces it only where it is told to force that"));
            }
            all.set_field(trees, pair.key(), pair.value.value());
        }
        self.set(name, all);
        Ok(())
    }
}

/// Lays an entry of `images` over the one of its name: a tag and a digest choose the version together.
fn merge_image(trees: &Trees, known: &mut Value, entry: View<'_>) {
    let given = |name| entry.field(name).filter(|field| !field.value.is_null() && !field.value.written().is_empty());
    if let Some(field) = given("newName") {
        known.set_field(trees, field.key(), field.value.value());
    }
    let version = ["newTag", "digest"];
    if version.into_iter().any(|name| given(name).is_some()) {
        for name in version {
            known.remove_field(trees, name);
            if let Some(field) = given(name) {
                known.set_field(trees, field.key(), field.value.value());
            }
        }
    }
}

/// What the controller does with the objects of a build. Gives what could not be done.
pub(super) fn finish(trees: &Trees, adjustments: &Adjustments, objects: &mut [Object]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for step in adjustments.steps() {
        match step {
            Adjustment::Substitution(variables) => problems.extend(substitute(trees, variables, objects)),
            Adjustment::Metadata(how, pairs) => {
                objects.iter_mut().for_each(|object| set_metadata(trees, object, *how, trees.view(pairs)));
            }
            _ => {}
        }
    }
    problems
}

/// Sets labels or annotations of an object as a whole, and of nothing in it.
fn set_metadata(trees: &Trees, object: &mut Object, how: How, pairs: View<'_>) {
    let map = if how == How::Annotation { "annotations" } else { "labels" };
    let mut value = object.value.clone();
    value.update_field(trees, "metadata", |metadata| {
        if !trees.view(metadata).get(map).is_some_and(|map| map.is_map()) {
            let made = Value::map(Vec::new(), Origin::within(pairs.place()));
            metadata.set_field(trees, Key::made(map, pairs.place()), made);
        }
        metadata.update_field(trees, map, |map| {
            for pair in pairs.fields() {
                let at = pair.value.place();
                let text = MadeScalar::Str((&*pair.value.written()).into());
                let before = map.field(trees, pair.name()).and_then(|before| before.written(trees));
                map.set_field(trees, pair.key(), Value::scalar(text, Origin::set(at, how, at, before)));
            }
        });
    });
    replace(trees, object, value);
}

/// Gives an object another value, and the identity that this has.
pub(super) fn replace(trees: &Trees, object: &mut Object, value: Value) {
    if let Some(adjusted) = Object::new(trees, value) {
        *object = adjusted;
    }
}

/// A map of an instruction, of what is written elsewhere.
pub(super) fn brought(by: Span, entries: impl Iterator<Item = (String, Span, Value)>) -> Value {
    let entries = entries.map(|(name, at, value)| Entry { key: Key::made(&name, at), value });
    Value::map(entries.collect(), Origin::within(by))
}
