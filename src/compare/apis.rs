//! Two sides' API definitions: which is which, and what differs in their versions.
//!
//! Never: a version that nobody could use on either side.

use std::collections::HashMap;
use std::sync::Arc;

use super::schema::{Node, compare_nodes};
use super::{ApiChange, Changes, Offered, What};
use crate::api::{Conversion, Definition, Flavor, Standing, Version};
use crate::base::{FileId, Problem, ProblemKind, Span};
use crate::model::{Trees, View};
use crate::world::{DefinedApi, ObjectAt, World};

/// The definitions of both worlds, paired by their rows: the same object's, else the same group and kind of a cluster
/// that may be the same.
pub(super) fn pair(base: &World, head: &World, changes: &Changes) -> Vec<(Option<usize>, Option<usize>)> {
    let mut left: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for (row, defined) in base.definitions.iter().enumerate() {
        left.entry(identity(&defined.definition)).or_default().push(row);
    }
    let mut pairs: Vec<(Option<usize>, Option<usize>)> =
        (0..head.definitions.len()).map(|row| (None, Some(row))).collect();
    same_objects(base, head, changes, &mut left, &mut pairs);
    for round in [Round::SameCluster, Round::AnyCluster] {
        for (row, defined) in head.definitions.iter().enumerate() {
            let Some(rows) = left.get_mut(&identity(&defined.definition)) else { continue };
            if pairs[row].0.is_some() {
                continue;
            }
            let cluster = &head.builds[defined.from.build].cluster;
            let found = rows.iter().position(|other| {
                let from = base.definitions[*other].from;
                let theirs = &base.builds[from.build].cluster;
                match round {
                    Round::SameCluster => cluster.is_some() && cluster == theirs,
                    Round::AnyCluster => cluster.is_none() || theirs.is_none(),
                }
            });
            pairs[row].0 = found.map(|position| rows.remove(position));
        }
    }
    migrated(base, head, &mut left, &mut pairs);
    let mut gone: Vec<usize> = Vec::new();
    for defined in &base.definitions {
        gone.extend(left.remove(&identity(&defined.definition)).into_iter().flatten());
    }
    gone.sort_unstable();
    pairs.extend(gone.into_iter().map(|row| (Some(row), None)));
    pairs
}

/// The group and the first kind: an XRD that begins or ends to offer a claim stays the same.
fn identity(definition: &Definition) -> (&str, &str) {
    (&definition.group, &definition.kinds[0])
}

/// What tells the definitions of one object apart: its own is whatever it is, those that it carries go by what they are.
fn within(defined: &DefinedApi) -> (&str, &str) {
    match defined.definition.standing {
        Standing::Own => ("", ""),
        Standing::Carried => identity(&defined.definition),
    }
}

/// Pairs what one object defines on both sides, also where it defines another group or kind by now.
fn same_objects<'a>(
    base: &'a World,
    head: &World,
    changes: &Changes,
    left: &mut HashMap<(&'a str, &'a str), Vec<usize>>,
    pairs: &mut [(Option<usize>, Option<usize>)],
) {
    let rows: HashMap<(ObjectAt, (&str, &str)), usize> =
        base.definitions.iter().enumerate().map(|(row, defined)| ((defined.from, within(defined)), row)).collect();
    for (row, defined) in head.definitions.iter().enumerate() {
        let was = changes.base_of(defined.from).and_then(|was| rows.get(&(was, within(defined))).copied());
        let Some(was) = was else { continue };
        if let Some(others) = left.get_mut(&identity(&base.definitions[was].definition)) {
            others.retain(|other| *other != was);
            pairs[row].0 = Some(was);
        }
    }
}

/// Pairs definitions of which the claim became the composite resource: how Crossplane's v2 does without claims. One
/// story, not a deletion and an addition.
fn migrated<'a>(
    base: &'a World,
    head: &World,
    left: &mut HashMap<(&'a str, &'a str), Vec<usize>>,
    pairs: &mut [(Option<usize>, Option<usize>)],
) {
    for (row, defined) in head.definitions.iter().enumerate() {
        let is = &defined.definition;
        if pairs[row].0.is_some() || is.flavor != Flavor::Xrd {
            continue;
        }
        let found = base.definitions.iter().enumerate().find(|(other, known)| {
            let was = &known.definition;
            let is_claim = was.flavor == Flavor::Xrd && was.group == is.group && was.kinds.get(1) == is.kinds.first();
            is_claim && left.get(&identity(was)).is_some_and(|rows| rows.contains(other))
        });
        let Some((other, known)) = found else { continue };
        if let Some(rows) = left.get_mut(&identity(&known.definition)) {
            rows.retain(|left| *left != other);
        }
        pairs[row].0 = Some(other);
    }
}

#[derive(Clone, Copy)]
enum Round {
    SameCluster,
    AnyCluster,
}

/// What differs between paired definitions.
pub(super) fn compare(trees: &Trees, base: &World, head: &World, known: &Changes) -> Vec<ApiChange> {
    let mut changes = Vec::new();
    for (old, new) in &known.definitions {
        let was = old.map(|row| &base.definitions[row]);
        let is = new.map(|row| &head.definitions[row]);
        let mut out = Out { definition: (*old, *new), version: None, offered: Offered::Served, changes: Vec::new() };
        match (was, is) {
            (Some(was), Some(is)) => {
                let same = base.object(was.from).value.is_same(&head.object(is.from).value);
                if !same && !Arc::ptr_eq(&was.definition, &is.definition) {
                    definitions(trees, &was.definition, &is.definition, &mut out);
                }
            }
            (Some(was), None) if !is_readable(trees, base, head, was.from.build) => {}
            // The Promise is still there, without its API: that is a difference of the Promise.
            (Some(was), None) if was.definition.flavor == Flavor::Promise && known.head_of(was.from).is_some() => {}
            // A dependency that leaves, and a Promise that leaves with its dependencies, are told as that.
            (Some(was), None) if was.definition.standing == Standing::Carried => {}
            (Some(was), None) => out.push(String::new(), What::ApiRemoved, was.definition.at, Some(was.definition.at)),
            (None, Some(is)) => out.push(String::new(), What::ApiAdded, is.definition.at, None),
            (None, None) => {}
        }
        out.changes.sort_by_key(|change| change.at.range);
        changes.append(&mut out.changes);
    }
    changes
}

/// Whether the head could read what one build of the base is made of: what it cannot read is not gone.
pub(super) fn is_readable(trees: &Trees, base: &World, head: &World, build: usize) -> bool {
    let hides = |problem: &&Problem| {
        use ProblemKind::{DoesNotBuild, Internal, LimitExceeded, Unparsable, Unreadable};
        matches!(problem.kind, DoesNotBuild | Internal | LimitExceeded | Unparsable | Unreadable)
    };
    let was = &base.builds[build];
    let is = head.row_of(&was.build).map(|row| &head.builds[row]);
    if is.is_some_and(|is| is.rendered.problems.iter().any(|problem| hides(&problem))) {
        return false;
    }
    let path = |file: FileId| trees.sources().path(file);
    let mut broken = head.problems.iter().filter(hides).map(|problem| path(problem.at.file));
    !broken.any(|broken| was.rendered.files.iter().any(|file| path(*file) == broken))
}

/// Collects the changes of one definition.
pub(super) struct Out {
    definition: (Option<usize>, Option<usize>),
    version: Option<Arc<str>>,
    offered: Offered,
    changes: Vec<ApiChange>,
}

impl Out {
    /// The same with nothing in it, to see what a comparison would say.
    pub(super) fn trial(&self) -> Self {
        Self { definition: self.definition, version: self.version.clone(), offered: self.offered, changes: Vec::new() }
    }

    /// Whether it holds nothing but words.
    pub(super) fn is_silent(&self) -> bool {
        self.changes.iter().all(|change| change.what == What::DescriptionChanged)
    }

    pub(super) fn push(&mut self, path: String, what: What, at: Span, was: Option<Span>) {
        let (definition, version, offered) = (self.definition, self.version.clone(), self.offered);
        self.changes.push(ApiChange { definition, version, offered, path, what, at, was });
    }
}

fn definitions(trees: &Trees, was: &Definition, is: &Definition, out: &mut Out) {
    if was.scope != is.scope && was.scope.is_some() && is.scope.is_some() {
        // A scope that nobody wrote stands where the definition's own version is: that is what moved it.
        let is_written = was.scope_at != was.at || is.scope_at != is.at;
        let what = if is_written { What::ScopeChanged } else { What::ScopeImplied };
        out.push(String::new(), what, is.scope_at, Some(was.scope_at));
        // A claim cannot go along: one difference tells the move.
    } else {
        claims(was, is, out);
    }
    let gone = was.short_names.iter().filter(|name| !is.short_names.contains(name));
    let gone: Vec<String> = gone.map(|name| format!("`{name}`")).collect();
    if !gone.is_empty() {
        out.push(String::new(), What::ShortNamesRemoved(gone.join(", ").into()), is.claims_at, Some(was.claims_at));
    }
    match (was.conversion, is.conversion) {
        (Conversion::Webhook, Conversion::None) => {
            out.push(String::new(), What::ConversionWeakened, is.conversion_at, Some(was.conversion_at));
        }
        (Conversion::None, Conversion::Webhook) => {
            out.push(String::new(), What::ConversionStrengthened, is.conversion_at, Some(was.conversion_at));
        }
        _ => {}
    }
    let is_settled = is.versions.iter().filter(|version| version.stored).count() == 1;
    for old in &was.versions {
        out.version = Some(old.name.clone());
        out.offered = offered(old);
        match is.version(&old.name) {
            Some(new) => {
                if is_settled && !old.stored && new.stored {
                    out.push(String::new(), What::StorageMoved, new.stored_at, Some(old.stored_at));
                }
                versions(trees, old, new, out);
            }
            None if out.offered == Offered::No => {
                out.push(String::new(), What::UnusedVersionRemoved, is.versions_at, Some(old.at));
            }
            None => out.push(String::new(), What::VersionRemoved, is.versions_at, Some(old.at)),
        }
    }
    for new in is.versions.iter().filter(|new| was.version(&new.name).is_none()) {
        out.version = Some(new.name.clone());
        out.offered = Offered::No;
        out.push(String::new(), What::VersionAdded, new.at, None);
        if is_settled && new.stored {
            out.push(String::new(), What::StorageMoved, new.stored_at, None);
        }
    }
    if is.flavor == Flavor::Rgd {
        // kro gives an object a default of `{}` as soon as a field in it has one: that field's own change tells it.
        out.changes
            .retain(|change| !matches!(&change.what, What::DefaultAdded(d) | What::DefaultRemoved(d) if &**d == "{}"));
    }
}

fn claims(was: &Definition, is: &Definition, out: &mut Out) {
    let what = match (was.kinds.get(1), is.kinds.get(1)) {
        (Some(from), None) => What::ClaimRemoved((**from).into()),
        (None, Some(to)) => What::ClaimAdded((**to).into()),
        (Some(from), Some(to)) if from != to => What::ClaimChanged((**from).into(), (**to).into()),
        _ => return,
    };
    out.push(String::new(), what, is.claims_at, Some(was.claims_at));
}

fn offered(version: &Version) -> Offered {
    match (version.served, version.stored) {
        (true, _) => Offered::Served,
        (false, true) => Offered::StoredOnly,
        (false, false) => Offered::No,
    }
}

fn versions(trees: &Trees, old: &Version, new: &Version, out: &mut Out) {
    match (old.served, new.served) {
        (true, false) => out.push(String::new(), What::VersionUnserved, new.served_at, Some(old.served_at)),
        (false, true) => out.push(String::new(), What::VersionServed, new.served_at, Some(old.served_at)),
        _ => {}
    }
    if old.deprecated != new.deprecated {
        out.push(String::new(), What::DeprecationChanged, new.at, Some(old.at));
    }
    parts(trees, old, new, out);
    // Nobody could use the version before, or nobody can now and nothing is stored in it: its schema hits nobody.
    let unused = |version: &Version| offered(version) == Offered::No;
    if unused(old) || unused(new) {
        return;
    }
    match (old.schema(trees), new.schema(trees)) {
        (Some(a), Some(b)) => compare_nodes(trees, &Node::root(a, b), out),
        (Some(a), None) => out.push(String::new(), What::SchemaRemoved, new.at, Some(a.at)),
        (None, Some(b)) => out.push(String::new(), What::SchemaAdded, b.at, Some(old.at)),
        (None, None) => {}
    }
}

/// What a version offers beside its schema.
fn parts(trees: &Trees, old: &Version, new: &Version, out: &mut Out) {
    let scale =
        |version: &Version| -> Option<Span> { Some(version.part(trees, "subresources")?.field("scale")?.key_place()) };
    if let (Some(was), None) = (scale(old), scale(new)) {
        out.push(String::new(), What::ScaleRemoved, new.at, Some(was));
    }
    let fields = |version: &Version| -> Vec<(String, Span)> {
        let listed = version.part(trees, "selectableFields").into_iter().flat_map(|list| list.items());
        let path = |item: View<'_>| item.get("jsonPath").map(|path| (path.written().into_owned(), path.place()));
        listed.filter_map(path).collect()
    };
    let left = fields(new);
    for (path, was) in fields(old).into_iter().filter(|(path, _)| !left.iter().any(|(other, _)| other == path)) {
        let list = new.part(trees, "selectableFields").map_or(new.at, |list| list.place());
        out.push(String::new(), What::SelectableFieldRemoved(path.into()), list, Some(was));
    }
    let columns = |version: &Version| {
        version.part(trees, "additionalPrinterColumns").map(|columns| (columns.to_json(), columns.place()))
    };
    let (was, is) = (columns(old), columns(new));
    if was.as_ref().map(|(columns, _)| columns) != is.as_ref().map(|(columns, _)| columns) {
        let at = is.map_or(new.at, |(_, at)| at);
        out.push(String::new(), What::PrinterColumnsChanged, at, was.map(|(_, at)| at));
    }
}
