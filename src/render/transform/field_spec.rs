//! Field specifications: which fields of which kinds a transformer changes, and the walk to them
//! (`kustomize api/filters/fieldspec`).
//!
//! Never: a copy of a value in which nothing is changed.

use super::super::resource::Id;
use super::super::schema::{Text, owned};
use super::shown;
use crate::base::Span;
use crate::model::{Entry, How, Key, MadeScalar, Origin, Trees, Value, View};
use crate::parse::{Kind, Scalar, resolve_plain};

/// Group, version and kind that select objects; an empty one selects any.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Gvk {
    pub(super) group: Text,
    pub(super) version: Text,
    pub(super) kind: Text,
}

impl Gvk {
    /// Whether an object is selected (`kustomize resid.Gvk.IsSelected`).
    pub(super) fn selects(&self, id: &Id) -> bool {
        self.admits(&id.group, &id.version, &id.kind)
    }

    /// Whether another selection lies in this one.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.admits(&other.group, &other.version, &other.kind)
    }

    fn admits(&self, group: &str, version: &str, kind: &str) -> bool {
        (self.kind.is_empty() || *self.kind == *kind)
            && (self.group.is_empty() || *self.group == *group)
            && (self.version.is_empty() || *self.version == *version)
    }
}

/// Whether a field is made where it is missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Create {
    /// It is left out.
    Never,
    /// It is made, with the maps above it.
    Missing,
}

/// One segment of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Segment {
    name: Text,
    kind: SegmentKind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum SegmentKind {
    /// A field; if it holds a list, the path goes on in each item.
    Field,
    /// `name[]`: a field that should hold a list; it is never made.
    List,
}

/// A field that a transformer changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct FieldSpec {
    /// The objects it belongs to.
    pub(super) gvk: Gvk,
    /// The path as it is written, with `/`.
    pub(super) path: Text,
    pub(super) create: Create,
    segments: Box<[Segment]>,
}

impl FieldSpec {
    /// A specification with a path such as `spec/containers[]/image`; `\/` is a slash within a name.
    pub(super) fn new(gvk: Gvk, path: Text, create: Create) -> Self {
        let segments = match &path {
            path if path.contains('\\') => split_path(path, '/').iter().map(|name| segment(name, owned)).collect(),
            Text::Borrowed(path) => names(path).map(|name| segment(name, Text::Borrowed)).collect(),
            Text::Owned(path) => names(path).map(|name| segment(name, owned)).collect(),
        };
        Self { gvk, path, create, segments }
    }
}

fn names(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

fn segment<'p>(name: &'p str, keep: impl Fn(&'p str) -> Text) -> Segment {
    match name.strip_suffix("[]") {
        Some(name) => Segment { name: keep(name), kind: SegmentKind::List },
        None => Segment { name: keep(name), kind: SegmentKind::Field },
    }
}

impl FieldSpec {
    /// The fields on the way, the outermost first.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().map(|segment| &*segment.name)
    }
}

/// Splits a path at a delimiter that a back slash escapes (`kustomize kyaml/utils.PathSplitter`).
pub(super) fn split_path(path: &str, delimiter: char) -> Vec<String> {
    let path = path.strip_prefix(delimiter).unwrap_or(path);
    let mut parts: Vec<String> = Vec::new();
    for part in path.split(delimiter) {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(delimiter);
                last.push_str(part);
            }
            _ => parts.push(part.to_owned()),
        }
    }
    parts
}

/// What a missing or null field at the end of a path starts as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Blank {
    Scalar,
    Map,
}

/// A change to the values that a path leads to.
pub(super) trait Edit {
    /// Whether the value must be changed, or cannot be: then [`Self::change`] says why.
    fn wants(&self, view: View<'_>) -> bool;
    /// Changes the value.
    fn change(&mut self, trees: &Trees, value: &mut Value) -> Result<(), String>;
}

/// Sets a scalar to a fixed text.
pub(super) struct SetScalar {
    pub(super) scalar: MadeScalar,
    pub(super) how: How,
    /// Where the scalar is written.
    pub(super) at: Span,
}

impl Edit for SetScalar {
    fn wants(&self, view: View<'_>) -> bool {
        view.place() != self.at || !view.is_scalar()
    }

    fn change(&mut self, trees: &Trees, value: &mut Value) -> Result<(), String> {
        expect_scalar(trees.view(value))?;
        replace_scalar(trees, value, self.scalar.clone(), self.how, self.at);
        Ok(())
    }
}

/// Refuses containers, in kustomize's words.
pub(super) fn expect_scalar(view: View<'_>) -> Result<(), String> {
    expect(view, "ScalarNode")
}

/// Refuses all but maps and null, in kustomize's words.
pub(super) fn expect_map(view: View<'_>) -> Result<(), String> {
    expect(view, "MappingNode")
}

/// Refuses all but lists and null, in kustomize's words.
pub(super) fn expect_seq(view: View<'_>) -> Result<(), String> {
    expect(view, "SequenceNode")
}

fn expect(view: View<'_>, expected: &str) -> Result<(), String> {
    let found = if view.is_map() {
        "MappingNode"
    } else if view.is_seq() {
        "SequenceNode"
    } else {
        "ScalarNode"
    };
    if found == expected || view.is_null() {
        return Ok(());
    }
    Err(format!("wrong node kind: expected {expected} but got {found}"))
}

/// Puts a scalar that is written at `at` in the place of `value`, which is kept as what was there before.
pub(super) fn replace_scalar(trees: &Trees, value: &mut Value, scalar: MadeScalar, how: How, at: Span) {
    let from = (!trees.view(value).is_null()).then(|| value.clone());
    *value = Value::scalar(scalar, Origin::set(at, how, at, from));
}

/// The text as kustomize leaves it where it writes without a tag: a scalar without quotes takes the type that the new
/// text has, one with quotes stays text (`kustomize kyaml/yaml.FieldSetter` keeps the notation of what it replaces).
pub(super) fn untagged(trees: &Trees, replaced: Option<&Value>, text: &str) -> MadeScalar {
    if replaced.is_some_and(|value| is_quoted(trees, value)) {
        return MadeScalar::Str(text.into());
    }
    bare(text)
}

/// The text without a type; text is what it is anyway.
pub(super) fn bare(text: &str) -> MadeScalar {
    match resolve_plain(text) {
        Scalar::Str(_) => MadeScalar::Str(text.into()),
        _ => MadeScalar::Bare(text.into()),
    }
}

/// A scalar to be kept; a timestamp is text.
pub(in crate::render) fn made_of(scalar: Scalar<'_>) -> MadeScalar {
    scalar.into()
}

/// Whether a scalar, or the written one that it has replaced, is in quotes.
pub(in crate::render) fn is_quoted(trees: &Trees, value: &Value) -> bool {
    let mut at = value;
    loop {
        if let Some(kind) = trees.view(at).notation() {
            return kind.is_scalar() && kind != Kind::Plain;
        }
        match at.origin().and_then(|origin| origin.set.as_ref()).and_then(|set| set.from.as_ref()) {
            Some(from) => at = from,
            None => return false,
        }
    }
}

/// One edit on its way through objects.
pub(super) struct Walk<'a> {
    pub(super) trees: &'a Trees,
    /// What a missing field starts as; `None` to make nothing.
    pub(super) blank: Option<Blank>,
    /// Where the instruction is written: the place of the containers it makes.
    pub(super) at: Span,
    pub(super) edit: &'a mut dyn Edit,
}

impl Walk<'_> {
    /// Changes what `spec` leads to in an object that it selects.
    pub(super) fn apply(&mut self, spec: &FieldSpec, value: &mut Value) -> Result<(), String> {
        if !self.touches(spec, self.trees.view(value), &spec.segments) {
            return Ok(());
        }
        self.enter(spec, value, &spec.segments).map_err(|message| considering(spec, self.trees.view(value), &message))
    }

    fn touches(&self, spec: &FieldSpec, view: View<'_>, path: &[Segment]) -> bool {
        let Some((first, rest)) = path.split_first() else { return self.edit.wants(view) };
        if view.is_seq() {
            return view.items().any(|item| self.touches(spec, item, path));
        }
        if !view.is_map() {
            return !view.is_null();
        }
        let filled = self.fills(spec, first, rest);
        match view.get(&first.name) {
            None => first.name.is_empty() || matches!(filled, Some(Filled::Map | Filled::Scalar)),
            Some(field) if field.is_null() => filled.is_some() || rest.is_empty() && self.edit.wants(field),
            Some(field) => self.touches(spec, field, rest),
        }
    }

    fn enter(&mut self, spec: &FieldSpec, value: &mut Value, path: &[Segment]) -> Result<(), String> {
        let trees = self.trees;
        let Some((first, rest)) = path.split_first() else { return self.edit.change(trees, value) };
        let view = trees.view(value);
        if view.is_map() {
            if first.name.is_empty() {
                return Err("cannot set or create an empty field name".to_owned());
            }
            self.fill(spec, value, first, rest);
            return value.update_field(trees, &first.name, |field| self.enter(spec, field, rest)).unwrap_or(Ok(()));
        }
        if view.is_scalar() {
            return if view.is_null() { Ok(()) } else { Err("expected sequence or mapping node".to_owned()) };
        }
        for item in value.items_mut(trees).into_iter().flatten() {
            if self.touches(spec, trees.view(item), path) {
                self.enter(spec, item, path)?;
            }
        }
        Ok(())
    }

    /// What a null field becomes before the walk goes on; a missing one likewise, but no list is made.
    fn fills(&self, spec: &FieldSpec, segment: &Segment, rest: &[Segment]) -> Option<Filled> {
        match (segment.kind, spec.create, self.blank) {
            (SegmentKind::List, ..) => Some(Filled::List),
            (_, Create::Never, _) | (_, _, None) => None,
            (_, Create::Missing, Some(blank)) if rest.is_empty() => Some(match blank {
                Blank::Scalar => Filled::Scalar,
                Blank::Map => Filled::Map,
            }),
            (_, Create::Missing, Some(_)) => Some(Filled::Map),
        }
    }

    fn fill(&self, spec: &FieldSpec, value: &mut Value, segment: &Segment, rest: &[Segment]) {
        let Some(filled) = self.fills(spec, segment, rest) else { return };
        match self.trees.view(value).get(&segment.name) {
            None if filled == Filled::List => return,
            Some(field) if !field.is_null() => return,
            _ => {}
        }
        let origin = Origin::within(self.at);
        let made = match filled {
            Filled::List => Value::seq(Vec::new(), origin),
            Filled::Map => Value::map(Vec::<Entry>::new(), origin),
            Filled::Scalar => Value::scalar(MadeScalar::Null, origin),
        };
        value.set_field(self.trees, Key::made(&segment.name, self.at), made);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Filled {
    List,
    Map,
    Scalar,
}

/// kustomize's words for what is wrong on the way to a field.
fn considering(spec: &FieldSpec, object: View<'_>, message: &str) -> String {
    format!("considering field '{}' of object {}: {message}", spec.path, shown(&Id::of(object)))
}

/// The way to a value inside an object: the position of the entry or item at each level.
pub(super) type Steps = Vec<u32>;

/// What [`visit`] met.
pub(super) enum Seen<'t> {
    /// A value at the end of the path.
    Value(View<'t>),
    /// A null where `name[]` wants a list: kustomize makes it an empty one.
    NullList,
}

/// Shows every value that a path leads to, without changing anything.
pub(super) fn visit<'t>(
    spec: &FieldSpec,
    view: View<'t>,
    found: &mut dyn FnMut(&[u32], Seen<'t>),
) -> Result<(), String> {
    visit_below(view, &spec.segments, &mut Steps::new(), found).map_err(|message| considering(spec, view, &message))
}

fn visit_below<'t>(
    view: View<'t>,
    path: &[Segment],
    steps: &mut Steps,
    found: &mut dyn FnMut(&[u32], Seen<'t>),
) -> Result<(), String> {
    let Some((first, rest)) = path.split_first() else {
        found(steps, Seen::Value(view));
        return Ok(());
    };
    if view.is_map() {
        let Some((at, field)) = view.fields().enumerate().filter(|(_, field)| field.name() == &*first.name).last()
        else {
            return Ok(());
        };
        steps.push(at as u32);
        let result = if first.kind == SegmentKind::List && field.value.is_null() {
            found(steps, Seen::NullList);
            Ok(())
        } else {
            visit_below(field.value, rest, steps, found)
        };
        steps.pop();
        return result;
    }
    if view.is_scalar() {
        return if view.is_null() { Ok(()) } else { Err("expected sequence or mapping node".to_owned()) };
    }
    for (at, item) in view.items().enumerate() {
        steps.push(at as u32);
        visit_below(item, path, steps, found)?;
        steps.pop();
    }
    Ok(())
}

/// Makes every null where `spec` wants a list an empty list, as kustomize does, and changes nothing else.
pub(super) fn fill_null_lists(trees: &Trees, spec: &FieldSpec, value: &mut Value) -> Result<(), String> {
    let mut nulls: Vec<Steps> = Vec::new();
    visit(spec, trees.view(value), &mut |steps, seen| {
        if matches!(seen, Seen::NullList) {
            nulls.push(steps.to_vec());
        }
    })?;
    for steps in nulls {
        if let Some(null) = follow(trees, value, &steps) {
            *null = Value::seq(Vec::new(), Origin::within(trees.view(null).place()));
        }
    }
    Ok(())
}

/// The value at the end of `steps`, to be changed; the containers on the way are copied one level deep.
pub(super) fn follow<'v>(trees: &Trees, value: &'v mut Value, steps: &[u32]) -> Option<&'v mut Value> {
    let mut at = value;
    for step in steps {
        let step = *step as usize;
        at = if trees.view(at).is_map() {
            &mut at.entries_mut(trees)?.get_mut(step)?.value
        } else {
            at.items_mut(trees)?.get_mut(step)?
        };
    }
    Some(at)
}
