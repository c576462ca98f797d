//! References by name that follow renamed objects (`kustomize api/internal/accumulator/namereferencetransformer`,
//! `api/filters/nameref`).
//!
//! Never: a guess between several objects; that is an error, as in kustomize.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::patch::{Notation, Passed, first_notation, is_text_in_need_of_quotes};
use super::super::resource::{Id, Resource};
use super::super::schema::owned;
use super::field_spec::{FieldSpec, Gvk, Seen, Steps, bare, follow, untagged, visit};
use super::{Cx, broken, or_default, shown};
use crate::base::{Problem, Span};
use crate::model::{How, Key, MadeScalar, Origin, Trees, Value, View};

/// Changes every reference to a renamed object to its present name. Runs once, at the root, after all renamings.
pub(in crate::render) fn name_references(cx: &Cx<'_>, resources: &mut [Resource]) -> Result<(), Problem> {
    for resource in resources.iter().filter(|resource| &*resource.id.kind == "RoleBinding") {
        refuse_blank_namespaces(cx, resource)?;
    }
    let index = Index::new(cx, resources);
    let mut changed: Vec<(usize, Value)> = Vec::new();
    for (row, resource) in resources.iter().enumerate() {
        let referrer = Referrer::new(cx, &index, resource);
        if let Some(value) = referrer.rewritten(cx)? {
            changed.push((row, value));
        }
    }
    for (row, value) in changed {
        resources[row].value = value;
    }
    Ok(())
}

/// The objects that were renamed, by every kind and name they had.
struct Index<'r> {
    resources: &'r [Resource],
    /// By kind and name.
    anywhere: HashMap<(&'r str, &'r str), Vec<u32>>,
    /// By kind, name and present namespace; `None` for cluster-scoped objects.
    within: HashMap<(&'r str, &'r str, Option<&'r str>), Vec<u32>>,
    /// The present namespaces, of cluster-scoped objects `None`.
    namespaces: Vec<Option<&'r str>>,
    /// The original namespaces that objects in reach may come from: with the present namespace, and with `None` for any.
    originals: HashSet<(&'r str, Option<&'r str>)>,
}

impl<'r> Index<'r> {
    fn new(cx: &Cx<'_>, resources: &'r [Resource]) -> Self {
        let place = |id: &'r Id| (!cx.is_cluster_scoped(id)).then(|| or_default(&id.namespace));
        let namespaces = resources.iter().map(|resource| place(&resource.id)).collect();
        let (anywhere, within, originals) = (HashMap::new(), HashMap::new(), HashSet::new());
        let mut index = Self { resources, anywhere, within, namespaces, originals };
        for (row, resource) in resources.iter().enumerate() {
            if let Some(present) = index.namespaces[row] {
                let original = or_default(&resource.original().namespace);
                index.originals.extend([(original, Some(present)), (original, None)]);
            }
            let previous = &resource.previous;
            // Most of them are equal: an identity is remembered at each step.
            let is_new =
                |at: usize, same: fn(&Id, &Id) -> bool| !previous[..at].iter().any(|id| same(id, &previous[at]));
            let kinds = (0..previous.len()).filter(|at| is_new(*at, |a, b| a.kind == b.kind));
            for kind in kinds {
                for name in (0..previous.len()).filter(|at| is_new(*at, |a, b| a.name == b.name)) {
                    index.add(row, &previous[kind].kind, &previous[name].name);
                }
            }
        }
        index
    }

    /// Whether an object had this kind and name and has another name now.
    fn is_renamed(&self, kind: &str, name: &str) -> bool {
        let rows = self.anywhere.get(&(kind, name)).into_iter().flatten();
        rows.into_iter().any(|row| *self.resources[*row as usize].id.name != *name)
    }

    fn add(&mut self, row: usize, kind: &'r str, name: &'r str) {
        let namespace = self.namespaces[row];
        let row = row as u32;
        let rows = self.anywhere.entry((kind, name)).or_default();
        if rows.last() != Some(&row) {
            rows.push(row);
            self.within.entry((kind, name, namespace)).or_default().push(row);
        }
    }
}

/// An object that may name others.
struct Referrer<'r> {
    index: &'r Index<'r>,
    resource: &'r Resource,
    /// Its namespace; `None` if it is cluster-scoped: then it may name objects anywhere.
    namespace: Option<&'r str>,
    /// The namespaces of the service accounts that a `RoleBinding` binds.
    bound: Vec<String>,
    /// Group and kind that a binding's `roleRef` names.
    role: Option<Gvk>,
}

/// What a reference is changed to.
struct Change<'r> {
    steps: Steps,
    /// The object it names.
    named: &'r Resource,
}

impl<'r> Referrer<'r> {
    fn new(cx: &Cx<'_>, index: &'r Index<'r>, resource: &'r Resource) -> Self {
        let id = &resource.id;
        let view = cx.trees.view(&resource.value);
        let namespace = (!cx.is_cluster_scoped(id)).then(|| or_default(&id.namespace));
        let bound = if &*id.kind == "RoleBinding" { bound_namespaces(view) } else { Vec::new() };
        Self { index, resource, namespace, bound, role: role_of(view) }
    }

    /// The object with its references changed; `None` where all stay as they are.
    fn rewritten(&self, cx: &Cx<'_>) -> Result<Option<Value>, Problem> {
        let trees = cx.trees;
        // Nearly all references of nearly all objects stay: one walk is enough to know it.
        let trie = cx.specs.references().trie(self.resource.original());
        let met = trie.meets(trees.view(&self.resource.value), &|kind, name| self.index.is_renamed(kind, name));
        let mut changed: Option<Value> = None;
        for (target, spec) in met.into_iter().map(|row| cx.specs.references().row(row)) {
            let value = changed.as_ref().unwrap_or(&self.resource.value);
            for change in self.changes(trees.view(value), target, spec)? {
                let value = changed.get_or_insert_with(|| self.resource.value.clone());
                if let Some(reference) = follow(trees, value, &change.steps) {
                    point_at(trees, &self.resource.patched, reference, change.named);
                }
            }
        }
        Ok(changed)
    }

    fn changes(&self, view: View<'_>, target: &Gvk, spec: &FieldSpec) -> Result<Vec<Change<'r>>, Problem> {
        let mut changes = Vec::new();
        let mut wrong: Option<(Span, String)> = None;
        let result = visit(spec, view, &mut |steps, seen| {
            let Seen::Value(value) = seen else { return };
            if wrong.is_none()
                && let Err(message) = self.collect(value, steps, target, spec, &mut changes)
            {
                wrong = Some((value.place(), message));
            }
        });
        let wrong = wrong.or_else(|| result.err().map(|message| (view.place(), message)));
        let Some((at, message)) = wrong else { return Ok(changes) };
        let id = shown(&self.resource.id);
        Err(broken(at, format!("updating name reference in '{}' field of '{id}': {message}", spec.path)))
    }

    /// What is to change in the value at a reference's path: a name, a map with a name, or a list of either.
    fn collect(
        &self,
        value: View<'_>,
        steps: &[u32],
        target: &Gvk,
        spec: &FieldSpec,
        changes: &mut Vec<Change<'r>>,
    ) -> Result<(), String> {
        if !value.is_seq() {
            return self.collect_one(value, steps, target, spec, changes);
        }
        for (at, item) in value.items().enumerate() {
            if item.is_seq() {
                return Err("a list is expected to be either a string or a map of string".to_owned());
            }
            let mut steps = steps.to_vec();
            steps.push(at as u32);
            self.collect_one(item, &steps, target, spec, changes)?;
        }
        Ok(())
    }

    fn collect_one(
        &self,
        value: View<'_>,
        steps: &[u32],
        target: &Gvk,
        spec: &FieldSpec,
        changes: &mut Vec<Change<'r>>,
    ) -> Result<(), String> {
        if value.is_null() {
            return Ok(());
        }
        let named = if value.is_map() {
            let name = value.get("name").ok_or("path config error; no 'name' field in node")?;
            self.select(value, &name.written(), target, spec)?
        } else {
            self.select(value, &value.written(), target, spec)?
        };
        let Some(named) = named else { return Ok(()) };
        let is_same = if value.is_map() {
            value.get("name").is_some_and(|name| name.written() == *named.id.name) && named.id.namespace.is_empty()
        } else {
            value.written() == *named.id.name
        };
        if !is_same {
            changes.push(Change { steps: steps.to_vec(), named });
        }
        Ok(())
    }

    /// The object that a reference names. Where the reference is a map, the namespace beside the name counts too.
    fn select(
        &self,
        reference: View<'_>,
        name: &str,
        target: &Gvk,
        spec: &FieldSpec,
    ) -> Result<Option<&'r Resource>, String> {
        let mut rows = self.candidates(name, target);
        if let Some(namespace) = reference.get("namespace") {
            rows = self.in_namespace(rows, &namespace.written());
        }
        let role = self.role.as_ref().filter(|_| spec.path.ends_with("roleRef/name"));
        let resource = |row: &u32| &self.index.resources[*row as usize];
        rows.retain(|row| {
            let previous = &resource(row).previous;
            previous.iter().any(|id| *id.name == *name)
                && previous.iter().any(|id| target.selects(id))
                && role.is_none_or(|role| previous.iter().any(|id| role.selects(id)))
                && self.may_name(*row)
        });
        if rows.len() > 1 {
            let affixes = Affixes::of(self.resource);
            rows.retain(|row| affixes.fits(&Affixes::of(resource(row)), Empty::FitsAll));
            if rows.len() > 1 {
                rows.retain(|row| affixes.fits(&Affixes::of(resource(row)), Empty::FitsEmpty));
            }
        }
        let Some(first) = rows.first().map(resource) else { return Ok(None) };
        let is_like_first = |row: &u32| {
            let id = &resource(row).id;
            id.name == first.id.name && (!reference.is_map() || id.namespace == first.id.namespace)
        };
        if rows.iter().all(is_like_first) {
            return Ok(Some(first));
        }
        let ids: Vec<String> = rows.iter().map(|row| shown(&resource(row).id)).collect();
        Err(format!("found multiple possible referrals: {}", ids.join(", ")))
    }

    /// The renamed objects in reach of the referrer that had this name, in order
    /// (`kustomize resmap.SubsetThatCouldBeReferencedByResource`).
    fn candidates(&self, name: &str, target: &Gvk) -> Vec<u32> {
        let index = self.index;
        if target.kind.is_empty() {
            let rows = (0..index.resources.len() as u32).filter(|row| self.reaches(*row));
            return rows.collect();
        }
        let Some(namespace) = self.namespace else {
            return index.anywhere.get(&(&*target.kind, name)).cloned().unwrap_or_default();
        };
        let mut rows: Vec<u32> = Vec::new();
        let within = |place| index.within.get(&(&*target.kind, name, place)).into_iter().flatten();
        rows.extend(within(None));
        rows.extend(within(Some(namespace)));
        for bound in self.bound.iter().filter(|bound| *bound != namespace) {
            rows.extend(within(Some(bound)).filter(|row| self.is_bound(**row)));
        }
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    fn reaches(&self, row: u32) -> bool {
        match (self.namespace, self.index.namespaces[row as usize]) {
            (None, _) | (_, None) => true,
            (Some(mine), Some(theirs)) => mine == theirs || self.is_bound(row),
        }
    }

    /// Whether an object is in the namespace of a service account that is bound. kustomize compares what is written: who
    /// says nothing is not in `default` here.
    fn is_bound(&self, row: u32) -> bool {
        let written = &*self.index.resources[row as usize].id.namespace;
        self.bound.iter().any(|bound| bound == written)
    }

    /// Those that were in a namespace at first, or else those that are in it
    /// (`kustomize nameref.filterMapCandidatesByNamespace`).
    fn in_namespace(&self, rows: Vec<u32>, namespace: &str) -> Vec<u32> {
        let index = self.index;
        let came_from = |present: Option<&str>| index.originals.contains(&(namespace, present));
        // kustomize looks at all objects in reach here, renamed or not.
        let any = match self.namespace {
            None => came_from(None),
            Some(own) => came_from(Some(own)) || self.bound.iter().any(|bound| came_from(Some(bound))),
        };
        let is_there = |row: &u32| {
            let row = *row as usize;
            match index.namespaces[row] {
                None => false,
                Some(_) if any => or_default(&index.resources[row].original().namespace) == namespace,
                Some(present) => present == namespace,
            }
        };
        rows.into_iter().filter(is_there).collect()
    }

    /// Whether an object is in the referrer's namespace, or may be named from elsewhere
    /// (`kustomize nameref.sameCurrentNamespaceAsReferrer`).
    fn may_name(&self, row: u32) -> bool {
        match (self.namespace, self.index.namespaces[row as usize]) {
            (None, _) | (_, None) => true,
            (Some(mine), Some(theirs)) => {
                mine == theirs || &*self.index.resources[row as usize].id.kind == "ServiceAccount"
            }
        }
    }
}

/// The prefixes and suffixes that were added to a name.
struct Affixes<'r> {
    prefixes: &'r [Arc<str>],
    suffixes: &'r [Arc<str>],
}

/// What having no prefix (or suffix) fits to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Empty {
    FitsAll,
    FitsEmpty,
}

impl<'r> Affixes<'r> {
    fn of(resource: &'r Resource) -> Self {
        Self { prefixes: &resource.prefixes, suffixes: &resource.suffixes }
    }

    /// Whether both were built by the same layers (`kustomize resource.PrefixesSuffixesEquals`).
    fn fits(&self, other: &Self, empty: Empty) -> bool {
        let fits = |mine: &[Arc<str>], theirs: &[Arc<str>]| {
            if mine.is_empty() || theirs.is_empty() {
                return empty == Empty::FitsAll || mine.len() == theirs.len();
            }
            mine.ends_with(theirs) || theirs.ends_with(mine)
        };
        fits(self.prefixes, other.prefixes) && fits(self.suffixes, other.suffixes)
    }
}

/// The namespace fields of a binding's service accounts.
fn account_namespaces(binding: View<'_>) -> impl Iterator<Item = View<'_>> {
    let subjects = binding.get("subjects").into_iter().flat_map(|subjects| subjects.items());
    let accounts = subjects.filter(|subject| subject.str_at(["kind"]) == Some("ServiceAccount"));
    accounts.filter_map(|subject| subject.get("namespace"))
}

fn bound_namespaces(binding: View<'_>) -> Vec<String> {
    account_namespaces(binding).filter_map(|namespace| namespace.as_str().map(str::to_owned)).collect()
}

/// kustomize fails on a service account whose namespace is written but no text.
fn refuse_blank_namespaces(cx: &Cx<'_>, binding: &Resource) -> Result<(), Problem> {
    match account_namespaces(cx.trees.view(&binding.value)).find(|namespace| namespace.as_str().is_none()) {
        None => Ok(()),
        Some(blank) => {
            let message = format!("Invalid Input: namespace is blank for resource \"{}\"", shown(&binding.id));
            Err(broken(blank.place(), message))
        }
    }
}

/// Group and kind of a `roleRef`, where both are written.
fn role_of(binding: View<'_>) -> Option<Gvk> {
    let role = binding.get("roleRef")?;
    let (group, kind) = (role.get("apiGroup")?.written(), role.get("kind")?.written());
    Some(Gvk { group: owned(&group), version: "".into(), kind: owned(&kind) })
}

/// Writes the present name (and for a map the namespace) of an object into a reference.
fn point_at(trees: &Trees, passed: &Passed, reference: &mut Value, named: &Resource) {
    let metadata = named.value.field(trees, "metadata");
    let theirs = |field| metadata.as_ref().and_then(|metadata| metadata.field(trees, field));
    let made = |text: &Arc<str>, followed: &Value, from: Option<Value>| {
        let scalar = match &from {
            // What is there takes its notation; what is new is put in quotes where it needs some.
            None if is_text_in_need_of_quotes(text) => MadeScalar::Str(text.clone()),
            // JSON leaves no quotes that are not needed.
            Some(from) if passed.json && first_notation(trees, passed, from) == Notation::Plain => bare(text),
            _ => untagged(trees, from.as_ref(), text),
        };
        let at = trees.view(followed).place();
        Value::scalar(scalar, Origin::brought(at, How::NameReference, at, from, followed.clone()))
    };
    let (name, namespace) = (&named.id.name, &named.id.namespace);
    if !trees.view(reference).is_map() {
        let followed = theirs("name").unwrap_or_else(|| named.value.clone());
        *reference = made(name, &followed, Some(reference.clone()));
        return;
    }
    for (key, text) in [("name", name), ("namespace", namespace)] {
        let old = reference.field(trees, key);
        let is_same = old.as_ref().is_some_and(|old| trees.view(old).written() == **text);
        if !text.is_empty() && !is_same {
            let followed = theirs(key).unwrap_or_else(|| named.value.clone());
            let at = trees.view(&followed).place();
            reference.set_field(trees, Key::made(key, at), made(text, &followed, old));
        }
    }
}
