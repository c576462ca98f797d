//! What a Flux Kustomization adds to the build of its path (`kustomize-controller api/v1`).
//!
//! Never: a value of a Secret, not even of one that lies open in the repository; its keys are names enough.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::application::Unrendered;
use super::reader::Reader;
use crate::base::{RepoPath, Span};
use crate::model::{FLUX_KUSTOMIZE_GROUP, FluxKustomization, How, Object, ObjectKey, Trees, ValuesRef, View};
use crate::render::{Absent, Adjustment, Adjustments, Known, Meeting, Variables};

/// The ConfigMaps and Secrets of one side that Kustomizations take variables from.
#[derive(Default)]
pub struct Values(HashMap<ObjectKey, Vec<Object>>);

impl Values {
    /// Those among `objects` that a Kustomization among `applications` names.
    pub fn of<'o>(
        trees: &Trees,
        applications: impl Iterator<Item = &'o Object>,
        objects: impl Iterator<Item = &'o Object>,
    ) -> Self {
        let wanted: HashSet<ObjectKey> = applications.flat_map(|object| wanted(trees, object)).collect();
        let mut found: HashMap<ObjectKey, Vec<Object>> = HashMap::new();
        if wanted.is_empty() {
            return Self(found);
        }
        for object in objects.filter(|object| wanted.contains(&object.key)) {
            let known = found.entry(object.key.clone()).or_default();
            let is_equal = |one: &Object| one.view(trees).is_equal(&object.view(trees)) && is_there(trees, one, object);
            if !known.iter().any(is_equal) {
                known.push(object.clone());
            }
        }
        Self(found)
    }
}

/// Whether two objects are written in one file.
fn is_there(trees: &Trees, one: &Object, other: &Object) -> bool {
    one.place(trees).file == other.place(trees).file
}

/// Whether an object is of a kind that variables are taken from.
#[must_use]
pub fn holds_values(object: &Object) -> bool {
    object.is("", "ConfigMap") || object.is("", "Secret")
}

/// Whether an object takes variables from others.
#[must_use]
pub fn takes_values(trees: &Trees, object: &Object) -> bool {
    wanted(trees, object).next().is_some()
}

fn wanted<'t>(trees: &'t Trees, object: &'t Object) -> impl Iterator<Item = ObjectKey> + use<'t> {
    let is_flux = object.is(FLUX_KUSTOMIZE_GROUP, "Kustomization");
    let flux = is_flux.then(|| FluxKustomization::new(object.view(trees)));
    flux.into_iter().flat_map(|flux| flux.substitute_from()).map(|from| key(object, &from))
}

fn key(object: &Object, from: &ValuesRef<'_>) -> ObjectKey {
    let namespace = object.key.namespace.clone();
    ObjectKey { group: "".into(), kind: from.kind.into(), namespace, name: from.name.into() }
}

/// Whether a text holds a variable that nobody has replaced.
fn is_open(text: &str) -> bool {
    text.contains("${")
}

impl Reader<'_> {
    /// What a Kustomization adds, and the parts of that which this tool does not know.
    pub(super) fn flux_settings(
        &self,
        object: &Object,
        flux: &FluxKustomization<'_>,
    ) -> (Adjustments, Vec<Unrendered>) {
        let mut steps = Vec::new();
        let fields = [
            ("namespace", flux.target_namespace()),
            ("namePrefix", flux.name_prefix()),
            ("nameSuffix", flux.name_suffix()),
        ];
        steps.extend(fields.into_iter().filter_map(|(name, value)| Some(Adjustment::Field(name, value?.value()))));
        let (open, patches): (Vec<View<'_>>, Vec<View<'_>>) =
            flux.patch_entries().partition(|entry| is_open_patch(self.trees, *entry));
        let unrendered = open.iter().map(|entry| Unrendered { at: entry.place(), what: "patch of unknown values" });
        if !patches.is_empty() {
            steps.push(Adjustment::Entries("patches", patches.iter().map(View::value).collect()));
        }
        let is_known = |path: &View<'_>| path.as_str().is_some_and(|text| !is_open(text));
        let components: Vec<_> = flux.components().filter(is_known).map(|path| path.value()).collect();
        if !components.is_empty() {
            let absent = if flux.ignores_missing_components() { Absent::Skipped } else { Absent::Refused };
            steps.push(Adjustment::Components(components, absent));
        }
        steps.extend(flux.images().map(|image| Adjustment::Image(image.value(), Meeting::Merge)));
        steps.extend(self.variables(object, flux).map(Adjustment::Substitution));
        for (map, how) in [("labels", How::Label), ("annotations", How::Annotation)] {
            let pairs = flux.common_metadata(map).filter(|pairs| pairs.fields().next().is_some());
            steps.extend(pairs.map(|pairs| Adjustment::Metadata(how, pairs.value())));
        }
        (Adjustments::new(self.trees, steps), unrendered.collect())
    }

    /// The variables of `postBuild`; later ones win over earlier ones, and inline ones over all.
    fn variables(&self, object: &Object, flux: &FluxKustomization<'_>) -> Option<Variables> {
        let by = flux.post_build()?;
        let file = self.trees.sources().path(object.place(self.trees).file);
        let mut variables = Variables {
            known: BTreeMap::new(),
            hidden: BTreeMap::new(),
            others: None,
            by: by.key_place(),
            strict: self.strictness.of(file),
        };
        for from in flux.substitute_from() {
            let Some(values) = self.nearest(object, &key(object, &from)) else {
                variables.others = Some(from.at);
                continue;
            };
            for (name, value) in keys(values.view(self.trees), from.kind) {
                if from.kind == "ConfigMap" {
                    variables.hidden.remove(name);
                    add(&mut variables, name, value, from.at);
                } else {
                    variables.known.remove(name);
                    variables.hidden.insert(name.to_owned(), values.place(self.trees));
                }
            }
        }
        for field in flux.substitute().into_iter().flat_map(|map| map.fields()) {
            variables.hidden.remove(field.name());
            add(&mut variables, field.name(), field.value, field.key_place());
        }
        let is_always = flux.substitutes_always();
        let says =
            is_always || !variables.known.is_empty() || !variables.hidden.is_empty() || variables.others.is_some();
        says.then_some(variables)
    }

    /// The ConfigMap or Secret that a Kustomization means. Each cluster of a repository may have its own: then it is
    /// the one whose file is nearest.
    fn nearest(&self, object: &Object, key: &ObjectKey) -> Option<&Object> {
        let found = self.values.0.get(key)?;
        let path = |one: &Object| self.trees.sources().path(one.place(self.trees).file);
        let mine = path(object);
        let near = |one: &&Object| shared_segments(mine, path(one));
        let best = found.iter().map(|one| near(&one)).max()?;
        let mut nearest = found.iter().filter(|one| near(one) == best);
        let first = nearest.next()?;
        let data = |one: &Object| {
            keys(one.view(self.trees), &key.kind).map(|(k, v)| (k, v.written())).eq(keys(
                first.view(self.trees),
                &key.kind,
            )
            .map(|(k, v)| (k, v.written())))
        };
        nearest.all(data).then_some(first)
    }
}

/// The keys of a ConfigMap or Secret, each with its value.
fn keys<'t>(object: View<'t>, kind: &str) -> impl Iterator<Item = (&'t str, View<'t>)> + use<'t> {
    let maps: &[&str] = if kind == "Secret" { &["data", "stringData"] } else { &["data"] };
    let maps: Vec<View<'t>> = maps.iter().filter_map(|map| object.get(map)).collect();
    maps.into_iter().flat_map(|map| map.fields()).map(|field| (field.name(), field.value))
}

fn add(variables: &mut Variables, name: &str, value: View<'_>, by: Span) {
    // Flux takes line breaks out.
    let text = value.written().replace('\n', "");
    variables.known.insert(name.to_owned(), Known { text, value: value.value(), by });
}

/// How many segments two paths begin with alike.
pub(super) fn shared_segments(one: &RepoPath, other: &RepoPath) -> usize {
    one.segments().zip(other.segments()).take_while(|(a, b)| a == b).count()
}

/// Whether it is not known which objects a patch is for.
fn is_open_patch(trees: &Trees, entry: View<'_>) -> bool {
    let is = |value: View<'_>| is_open(&value.written());
    if let Some(target) = entry.get("target").filter(View::is_map) {
        return target.fields().any(|field| is(field.value));
    }
    let Some(file) = entry.get("patch").and_then(|patch| trees.embedded(patch)) else { return false };
    trees.documents(file).any(|document| {
        let patch = trees.view(&document);
        [["metadata", "name"], ["metadata", "namespace"]].into_iter().filter_map(|at| patch.path(at)).any(is)
    })
}
