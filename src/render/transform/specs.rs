//! The field specifications of all transformers: kustomize's defaults, merged with what a repository configures
//! (`kustomize api/internal/plugins/builtinconfig`).
//!
//! Never: a search through specifications that cannot apply to an object's kind.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::super::order::{FIRST, LAST};
use super::super::resource::Id;
use super::broken;
use super::field_spec::{Create, FieldSpec, Gvk};
use super::reference_trie::{Row, Trie, Tries};
use crate::base::{Problem, Span};
use crate::model::View;

static BUILTIN: LazyLock<Specs> = LazyLock::new(|| decode(include_str!("../data/field_specs.tsv")));

/// The transformers that work by field specifications.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::render) enum SpecKind {
    NamePrefix,
    NameSuffix,
    Namespace,
    CommonLabels,
    Labels,
    TemplateLabels,
    CommonAnnotations,
    VarReference,
    Images,
    Replicas,
}

/// The words of a `configurations:` file, in the order of [`SpecKind`].
const NAMES: [&str; 10] = [
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "templateLabels",
    "commonAnnotations",
    "varReference",
    "images",
    "replicas",
];

/// The field specifications of one build. A clone is cheap.
#[derive(Clone, Debug)]
pub(in crate::render) struct Specs {
    sets: [Arc<SpecSet>; 10],
    references: Arc<References>,
}

impl Specs {
    /// kustomize's defaults.
    pub(in crate::render) fn builtin() -> Self {
        BUILTIN.clone()
    }

    /// These with those of a `configurations:` file (`TransformerConfig.Merge`).
    pub(in crate::render) fn merged_with(&self, file: View<'_>) -> Result<Self, Problem> {
        let mut merged = self.clone();
        for (row, name) in NAMES.iter().enumerate() {
            if let Some(given) = file.get(name) {
                let mut specs = self.sets[row].specs.clone();
                merge(&mut specs, read_specs(given)?, given.place())?;
                merged.sets[row] = Arc::new(SpecSet::gathered(specs, given.place())?);
            }
        }
        if let Some(given) = file.get("nameReference") {
            let mut targets = self.references.targets.clone();
            for entry in given.items() {
                merge_target(&mut targets, read_target(entry)?, entry.place())?;
            }
            merged.references = Arc::new(References::new(targets));
        }
        Ok(merged)
    }

    /// What was gathered before with what a kustomization brings (`ResAccumulator.MergeConfig`): call it on the
    /// specifications of the kustomize bases, with the kustomization's own ones; the order decides.
    pub(in crate::render) fn merged_with_specs(&self, other: &Self, at: Span) -> Result<Self, Problem> {
        let mut merged = self.clone();
        for (mine, theirs) in merged.sets.iter_mut().zip(&other.sets) {
            if !Arc::ptr_eq(mine, theirs) {
                let mut specs = mine.specs.clone();
                merge(&mut specs, theirs.specs.clone(), at)?;
                *mine = Arc::new(SpecSet::sorted(specs));
            }
        }
        if !Arc::ptr_eq(&merged.references, &other.references) {
            let mut targets = merged.references.targets.clone();
            for target in &other.references.targets {
                merge_target(&mut targets, target.clone(), at)?;
            }
            merged.references = Arc::new(References::new(targets));
        }
        Ok(merged)
    }

    /// These with one set replaced by the `fieldSpecs` of a plugin's configuration.
    pub(in crate::render) fn replacing(&self, kind: SpecKind, given: View<'_>) -> Result<Self, Problem> {
        let mut replaced = self.clone();
        replaced.sets[kind as usize] = Arc::new(SpecSet::new(read_specs(given)?));
        Ok(replaced)
    }

    /// None at all.
    pub(super) fn empty() -> Self {
        Self { sets: Default::default(), references: Arc::default() }
    }

    /// These with more of them; `at` is the file that brings them.
    pub(super) fn adding(
        mut self,
        specs: Vec<(SpecKind, FieldSpec)>,
        references: Vec<Target>,
        at: Span,
    ) -> Result<Self, Problem> {
        for (kind, spec) in specs {
            let mut set = self.sets[kind as usize].specs.clone();
            merge(&mut set, vec![spec], at)?;
            self.sets[kind as usize] = Arc::new(SpecSet::new(set));
        }
        let mut targets = self.references.targets.clone();
        references.into_iter().try_for_each(|target| merge_target(&mut targets, target, at))?;
        self.references = Arc::new(References::new(targets));
        Ok(self)
    }

    pub(super) fn set(&self, kind: SpecKind) -> &Arc<SpecSet> {
        &self.sets[kind as usize]
    }

    pub(super) fn references(&self) -> &References {
        &self.references
    }
}

/// The specifications of one transformer, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct SpecSet {
    specs: Vec<FieldSpec>,
    index: KindIndex,
}

impl SpecSet {
    pub(super) fn new(specs: Vec<FieldSpec>) -> Self {
        let index = KindIndex::new(specs.iter().map(|spec| &*spec.gvk.kind));
        Self { specs, index }
    }

    /// The same in kustomize's order of kinds.
    fn sorted(mut specs: Vec<FieldSpec>) -> Self {
        specs.sort_by_cached_key(|spec| sort_key(&spec.gvk));
        Self::new(specs)
    }

    /// As kustomize gathers them: sorted, then put one by one into an empty list. By that a specification of one kind
    /// displaces a general one of the same path.
    fn gathered(specs: Vec<FieldSpec>, at: Span) -> Result<Self, Problem> {
        let mut gathered = Vec::new();
        merge(&mut gathered, Self::sorted(specs).specs, at)?;
        Ok(Self::sorted(gathered))
    }

    /// All of them.
    pub(super) fn all(&self) -> &[FieldSpec] {
        &self.specs
    }

    /// Those that select an object, in order.
    pub(super) fn selecting<'s, 'i>(&'s self, id: &'i Id) -> impl Iterator<Item = &'s FieldSpec> + use<'s, 'i> {
        self.index.rows(&id.kind).iter().map(|row| &self.specs[*row as usize]).filter(|spec| spec.gvk.selects(id))
    }
}

/// A kind of object and the fields that name such objects.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) gvk: Gvk,
    pub(super) referrers: Vec<FieldSpec>,
}

/// The fields that name other objects.
#[derive(Debug, Default)]
pub(super) struct References {
    targets: Vec<Target>,
    /// Target and referrer of every field, in kustomize's order.
    rows: Vec<Row>,
    index: KindIndex,
    tries: Tries,
}

impl References {
    fn new(mut targets: Vec<Target>) -> Self {
        targets.sort_by_cached_key(|target| sort_key(&target.gvk));
        let mut rows = Vec::new();
        for (at, target) in targets.iter().enumerate() {
            rows.extend((0..target.referrers.len()).map(|referrer| (at as u32, referrer as u32)));
        }
        let index = KindIndex::new(
            targets.iter().flat_map(|target| target.referrers.iter().map(|referrer| &*referrer.gvk.kind)),
        );
        Self { targets, rows, index, tries: Tries::default() }
    }

    /// The fields of an object that name others, as one tree.
    pub(super) fn trie(&self, referrer: &Id) -> Arc<Trie> {
        self.tries.of(referrer, self.of(referrer))
    }

    /// One of those fields, with what it names.
    pub(super) fn row(&self, (target, referrer): Row) -> (&Gvk, &FieldSpec) {
        let target = &self.targets[target as usize];
        (&target.gvk, &target.referrers[referrer as usize])
    }

    /// The fields of an object that name others.
    fn of<'s>(&'s self, referrer: &'s Id) -> impl Iterator<Item = (Row, &'s Gvk, &'s FieldSpec)> {
        self.index.rows(&referrer.kind).iter().filter_map(|row| {
            let row = self.rows[*row as usize];
            let (target, spec) = self.row(row);
            spec.gvk.selects(referrer).then_some((row, target, spec))
        })
    }
}

/// The rows that can apply to a kind, in order.
#[derive(Clone, Debug, Default)]
struct KindIndex {
    by_kind: HashMap<Box<str>, Box<[u32]>>,
    any: Box<[u32]>,
}

impl KindIndex {
    fn new<'s>(kinds: impl Iterator<Item = &'s str>) -> Self {
        let kinds: Vec<&str> = kinds.collect();
        let rows_of = |wanted: &str| -> Box<[u32]> {
            let rows = kinds.iter().enumerate().filter(|(_, kind)| kind.is_empty() || **kind == wanted);
            rows.map(|(row, _)| row as u32).collect()
        };
        let mut by_kind = HashMap::new();
        for kind in kinds.iter().filter(|kind| !kind.is_empty()) {
            if !by_kind.contains_key(*kind) {
                by_kind.insert((*kind).into(), rows_of(kind));
            }
        }
        Self { by_kind, any: rows_of("") }
    }

    fn rows(&self, kind: &str) -> &[u32] {
        self.by_kind.get(kind).unwrap_or(&self.any)
    }
}

/// Adds specifications that are not there yet (`kustomize types.FsSlice.MergeAll`).
pub(super) fn merge(specs: &mut Vec<FieldSpec>, added: Vec<FieldSpec>, at: Span) -> Result<(), Problem> {
    for spec in added {
        match specs.iter().find(|mine| mine.path == spec.path && spec.gvk.covers(&mine.gvk)) {
            Some(mine) if mine.create != spec.create => return Err(broken(at, "conflicting fieldspecs")),
            Some(_) => {}
            None => specs.push(spec),
        }
    }
    Ok(())
}

fn merge_target(targets: &mut Vec<Target>, added: Target, at: Span) -> Result<(), Problem> {
    if let Some(target) = targets.iter_mut().find(|target| target.gvk == added.gvk) {
        return merge(&mut target.referrers, added.referrers, at);
    }
    targets.push(added);
    Ok(())
}

/// A list of field specifications as a user writes it.
pub(super) fn read_specs(list: View<'_>) -> Result<Vec<FieldSpec>, Problem> {
    if !list.is_seq() && !list.is_null() {
        return Err(broken(list.place(), "field specifications must be a list"));
    }
    list.items().map(read_spec).collect()
}

fn read_spec(entry: View<'_>) -> Result<FieldSpec, Problem> {
    if !entry.is_map() {
        return Err(broken(entry.place(), "a field specification must be a map"));
    }
    let create = match entry.get("create") {
        None => Create::Never,
        Some(given) => match given.as_bool() {
            Some(true) => Create::Missing,
            Some(false) => Create::Never,
            None if given.is_null() => Create::Never,
            None => return Err(broken(given.place(), "`create` must be true or false")),
        },
    };
    Ok(FieldSpec::new(read_gvk(entry), entry.str_at(["path"]).unwrap_or_default(), create))
}

fn read_target(entry: View<'_>) -> Result<Target, Problem> {
    let referrers = entry.get("fieldSpecs").map(read_specs).transpose()?.unwrap_or_default();
    Ok(Target { gvk: read_gvk(entry), referrers })
}

fn read_gvk(entry: View<'_>) -> Gvk {
    let text = |name| entry.str_at([name]).unwrap_or_default().into();
    Gvk { group: text("group"), version: text("version"), kind: text("kind") }
}

/// kustomize's order of kinds (`kustomize resid.Gvk.IsLessThan`): it decides which reference is followed first.
fn sort_key(gvk: &Gvk) -> (usize, String) {
    let position = |list: &[&str]| list.iter().position(|kind| *kind == &*gvk.kind);
    let rank = match (position(&FIRST), position(&LAST)) {
        (Some(at), _) => at,
        (None, Some(at)) => FIRST.len() + 1 + at,
        (None, None) => FIRST.len(),
    };
    let mut text = String::with_capacity(gvk.group.len() + gvk.version.len() + gvk.kind.len() + 8);
    for (at, (part, none)) in [(&gvk.group, "~G"), (&gvk.version, "~V"), (&gvk.kind, "~K")].into_iter().enumerate() {
        text.push_str(if at > 0 { "_" } else { "" });
        text.push_str(if part.is_empty() { none } else { part });
    }
    (rank, text)
}

/// Reads the table of defaults; its columns are described at its top.
fn decode(table: &str) -> Specs {
    let mut sets: [Vec<FieldSpec>; 10] = Default::default();
    let mut targets: Vec<Target> = Vec::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.split('\t');
        let mut next = || columns.next().unwrap_or_default();
        let (set, path, kind, version, group, create) = (next(), next(), next(), next(), next(), next());
        let create = if create == "create" { Create::Missing } else { Create::Never };
        let gvk = Gvk { group: group.into(), version: version.into(), kind: kind.into() };
        let spec = FieldSpec::new(gvk, path, create);
        if let Some(row) = NAMES.iter().position(|name| *name == set) {
            sets[row].push(spec);
            continue;
        }
        let (kind, version, group) = (next(), next(), next());
        let gvk = Gvk { group: group.into(), version: version.into(), kind: kind.into() };
        match targets.iter_mut().find(|target| target.gvk == gvk) {
            Some(target) => target.referrers.push(spec),
            None => targets.push(Target { gvk, referrers: vec![spec] }),
        }
    }
    Specs { sets: sets.map(|specs| Arc::new(SpecSet::sorted(specs))), references: Arc::new(References::new(targets)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_read() {
        let specs = Specs::builtin();
        let counts = specs.sets.each_ref().map(|set| set.specs.len());
        assert_eq!(counts, [1, 1, 3, 32, 0, 10, 9, 72, 6, 4]);
        assert_eq!(specs.references.rows.len(), 167);
        assert!(specs.sets.iter().flat_map(|set| set.all()).all(|spec| !spec.path.is_empty()));
    }

    #[test]
    fn a_kind_meets_its_own_and_the_general_specifications_in_order() {
        let specs = Specs::builtin();
        let id = Id { group: "batch".into(), version: "v1".into(), kind: "Job".into(), ..Id::default() };
        let paths: Vec<&str> = specs.set(SpecKind::TemplateLabels).selecting(&id).map(|spec| &*spec.path).collect();
        assert_eq!(paths, ["spec/template/metadata/labels", "metadata/labels"]);
    }
}
