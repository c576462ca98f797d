//! The field specifications of all transformers: kustomize's defaults, merged with what a repository configures
//! (`kustomize api/internal/plugins/builtinconfig`).
//!
//! Never: a search through specifications that cannot apply to an object's kind.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::super::order::{FIRST, LAST};
use super::super::resource::Id;
use super::super::schema::{Text, owned};
use super::broken;
use super::field_spec::{Create, FieldSpec, Gvk};
use super::reference_trie::{Row, Trie, Tries};
use crate::base::{Problem, Span};
use crate::model::View;

/// kustomize's defaults; the columns are described at the top. The lines of one set stand together.
const TABLE: &str = include_str!("../data/field_specs.tsv");

/// The sets of the table, each read when it is first asked for: a build uses few of them.
static SETS: [OnceLock<Arc<SpecSet>>; 10] = [const { OnceLock::new() }; 10];
static REFERENCES: OnceLock<References> = OnceLock::new();

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

impl SpecKind {
    const ALL: [Self; 10] = [
        Self::NamePrefix,
        Self::NameSuffix,
        Self::Namespace,
        Self::CommonLabels,
        Self::Labels,
        Self::TemplateLabels,
        Self::CommonAnnotations,
        Self::VarReference,
        Self::Images,
        Self::Replicas,
    ];
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

/// The field specifications of one build; none of its own where they are kustomize's defaults. A clone is cheap.
#[derive(Clone, Debug)]
pub(in crate::render) struct Specs {
    sets: [Option<Arc<SpecSet>>; 10],
    references: Option<Arc<References>>,
}

impl Specs {
    /// kustomize's defaults.
    pub(in crate::render) fn builtin() -> Self {
        Self { sets: Default::default(), references: None }
    }

    /// These with those of a `configurations:` file (`TransformerConfig.Merge`).
    pub(in crate::render) fn merged_with(&self, file: View<'_>) -> Result<Self, Problem> {
        let mut merged = self.clone();
        for (kind, name) in SpecKind::ALL.into_iter().zip(NAMES) {
            if let Some(given) = file.get(name) {
                let mut specs = self.set(kind).specs.clone();
                merge(&mut specs, read_specs(given)?, given.place())?;
                merged.sets[kind as usize] = Some(Arc::new(SpecSet::sorted(specs)));
            }
        }
        if let Some(given) = file.get("nameReference") {
            let mut targets = self.references().targets.clone();
            for entry in given.items() {
                merge_target(&mut targets, read_target(entry)?, entry.place())?;
            }
            merged.references = Some(Arc::new(References::new(targets)));
        }
        Ok(merged)
    }

    /// These as what a kustomization gathers first.
    pub(in crate::render) fn gathered(&self, at: Span) -> Result<Self, Problem> {
        let mut gathered = self.clone();
        for set in gathered.sets.iter_mut().flatten() {
            *set = Arc::new(SpecSet::gathered(set.specs.clone(), at)?);
        }
        Ok(gathered)
    }

    /// What was gathered before with what a kustomization brings (`ResAccumulator.MergeConfig`): call it on the
    /// specifications of the kustomize bases, with the kustomization's own ones; the order decides.
    pub(in crate::render) fn merged_with_specs(&self, other: &Self, at: Span) -> Result<Self, Problem> {
        let mut merged = self.clone();
        for kind in SpecKind::ALL {
            let row = kind as usize;
            if !is_same(self.sets[row].as_ref(), other.sets[row].as_ref()) {
                let mut specs = self.set(kind).specs.clone();
                merge(&mut specs, other.set(kind).specs.clone(), at)?;
                merged.sets[row] = Some(Arc::new(SpecSet::sorted(specs)));
            }
        }
        if !is_same(self.references.as_ref(), other.references.as_ref()) {
            let mut targets = self.references().targets.clone();
            for target in &other.references().targets {
                merge_target(&mut targets, target.clone(), at)?;
            }
            merged.references = Some(Arc::new(References::new(targets)));
        }
        Ok(merged)
    }

    /// These with one set replaced by the `fieldSpecs` of a plugin's configuration.
    pub(in crate::render) fn replacing(&self, kind: SpecKind, given: View<'_>) -> Result<Self, Problem> {
        let mut replaced = self.clone();
        replaced.sets[kind as usize] = Some(Arc::new(SpecSet::new(read_specs(given)?)));
        Ok(replaced)
    }

    /// None at all.
    pub(super) fn empty() -> Self {
        Self { sets: std::array::from_fn(|_| Some(Arc::default())), references: Some(Arc::default()) }
    }

    /// These with more of them; `at` is the file that brings them.
    pub(super) fn adding(
        mut self,
        specs: Vec<(SpecKind, FieldSpec)>,
        references: Vec<Target>,
        at: Span,
    ) -> Result<Self, Problem> {
        for (kind, spec) in specs {
            let mut set = self.set(kind).specs.clone();
            merge(&mut set, vec![spec], at)?;
            self.sets[kind as usize] = Some(Arc::new(SpecSet::new(set)));
        }
        let mut targets = self.references().targets.clone();
        references.into_iter().try_for_each(|target| merge_target(&mut targets, target, at))?;
        self.references = Some(Arc::new(References::new(targets)));
        Ok(self)
    }

    pub(super) fn set(&self, kind: SpecKind) -> &Arc<SpecSet> {
        self.sets[kind as usize].as_ref().unwrap_or_else(|| SETS[kind as usize].get_or_init(|| decode(kind)))
    }

    pub(super) fn references(&self) -> &References {
        self.references.as_deref().unwrap_or_else(|| REFERENCES.get_or_init(decode_references))
    }
}

fn is_same<T>(a: Option<&Arc<T>>, b: Option<&Arc<T>>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        _ => false,
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
        let index = KindIndex::new(specs.iter().map(|spec| &spec.gvk.kind));
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

    /// The same put one by one into an empty list, by which a general one may go.
    pub(super) fn displaced(self: &Arc<Self>, at: Span) -> Result<Arc<Self>, Problem> {
        let mut displaced = Vec::new();
        merge(&mut displaced, self.specs.clone(), at)?;
        Ok(if displaced.len() == self.specs.len() { self.clone() } else { Arc::new(Self::new(displaced)) })
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
            targets.iter().flat_map(|target| target.referrers.iter().map(|referrer| &referrer.gvk.kind)),
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
    by_kind: HashMap<Text, Vec<u32>>,
    any: Vec<u32>,
}

impl KindIndex {
    fn new<'s>(kinds: impl Iterator<Item = &'s Text>) -> Self {
        let mut by_kind: HashMap<Text, Vec<u32>> = HashMap::new();
        let mut any = Vec::new();
        for (row, kind) in kinds.enumerate() {
            let row = row as u32;
            if kind.is_empty() {
                any.push(row);
                by_kind.values_mut().for_each(|rows| rows.push(row));
            } else {
                // What is for any kind stands before it in its order.
                by_kind.entry(kind.clone()).or_insert_with(|| any.clone()).push(row);
            }
        }
        Self { by_kind, any }
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
    Ok(FieldSpec::new(read_gvk(entry), owned(entry.str_at(["path"]).unwrap_or_default()), create))
}

fn read_target(entry: View<'_>) -> Result<Target, Problem> {
    let referrers = entry.get("fieldSpecs").map(read_specs).transpose()?.unwrap_or_default();
    Ok(Target { gvk: read_gvk(entry), referrers })
}

fn read_gvk(entry: View<'_>) -> Gvk {
    let text = |name| owned(entry.str_at([name]).unwrap_or_default());
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

/// The lines of the table that are of one set, without its name.
fn lines_of(set: &'static str) -> impl Iterator<Item = &'static str> {
    let first =
        memchr::memmem::find(TABLE.as_bytes(), format!("\n{set}\t").as_bytes()).map_or(TABLE.len(), |at| at + 1);
    TABLE[first..].lines().map_while(move |line| line.strip_prefix(set)?.strip_prefix('\t'))
}

/// The specification that a line starts with, and its other columns.
fn read_line(line: &'static str) -> (FieldSpec, impl Iterator<Item = &'static str>) {
    let mut columns = line.split('\t');
    let mut next = || columns.next().unwrap_or_default();
    let (path, kind, version, group, create) = (next(), next(), next(), next(), next());
    let create = if create == "create" { Create::Missing } else { Create::Never };
    let gvk = Gvk { group: group.into(), version: version.into(), kind: kind.into() };
    (FieldSpec::new(gvk, path.into(), create), columns)
}

/// Reads a set of the table.
fn decode(kind: SpecKind) -> Arc<SpecSet> {
    let specs = lines_of(NAMES[kind as usize]).map(|line| read_line(line).0);
    Arc::new(SpecSet::sorted(specs.collect()))
}

/// Reads the name references of the table.
fn decode_references() -> References {
    let mut targets: Vec<Target> = Vec::new();
    for line in lines_of("nameReference") {
        let (spec, mut columns) = read_line(line);
        let mut next = || columns.next().unwrap_or_default();
        let (kind, version, group) = (next(), next(), next());
        let gvk = Gvk { group: group.into(), version: version.into(), kind: kind.into() };
        match targets.iter_mut().find(|target| target.gvk == gvk) {
            Some(target) => target.referrers.push(spec),
            None => targets.push(Target { gvk, referrers: vec![spec] }),
        }
    }
    References::new(targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_read() {
        let specs = Specs::builtin();
        let counts = SpecKind::ALL.map(|kind| specs.set(kind).specs.len());
        assert_eq!(counts, [1, 1, 3, 32, 0, 10, 9, 72, 6, 4]);
        assert_eq!(specs.references().rows.len(), 167);
        assert!(SpecKind::ALL.iter().flat_map(|kind| specs.set(*kind).all()).all(|spec| !spec.path.is_empty()));
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(lines, counts.iter().sum::<usize>() + 167, "the lines of a set stand together");
    }

    #[test]
    fn a_kind_meets_its_own_and_the_general_specifications_in_order() {
        let specs = Specs::builtin();
        let id = Id { group: "batch".into(), version: "v1".into(), kind: "Job".into(), ..Id::default() };
        let paths: Vec<&str> = specs.set(SpecKind::TemplateLabels).selecting(&id).map(|spec| &*spec.path).collect();
        assert_eq!(paths, ["spec/template/metadata/labels", "metadata/labels"]);
    }
}
