//! `replacements`: a value of one object copied into others (`kustomize api/filters/replacement`).
//!
//! Never: silence where a source or a target's field is missing.

use super::super::patch::Passed;
use super::super::resource::{Id, Resource};
use super::super::schema::owned;
use super::super::shared;
use super::field_spec::{Create, Gvk, Steps, bare, follow, made_of};
use super::replacement_path::{Lookup, Part, lookup, matches, part_of, split_dotted};
use super::selector::Requirements;
use super::{Cx, broken, or_default, text, text_of};
use crate::base::{Problem, Span};
use crate::model::{Entry, How, Key, MadeNode, MadeScalar, Origin, Trees, Value, View};
use crate::parse::{Scalar, resolve_plain};

/// One replacement: `source` or `sourceValue`, and `targets`. `by` is its entry in the kustomization, for what is
/// wrong with it as a whole.
pub(in crate::render) fn replacements(
    cx: &Cx<'_>,
    resources: &mut [Resource],
    replacement: View<'_>,
    by: Span,
) -> Result<(), Problem> {
    let given = |name| replacement.get(name).filter(|value| !value.is_null());
    let (source, constant) = (given("source"), given("sourceValue"));
    let targets = given("targets");
    let (Some(targets), true) = (targets, source.is_some() || constant.is_some()) else {
        return Err(broken(by, "replacements must specify a source and at least one target"));
    };
    let mut copied = match (source, constant) {
        (Some(source), None) => Copied::of_source(cx, resources, source)?,
        (None, Some(constant)) => {
            let text = text(constant, "sourceValue")?;
            let value = constant.value();
            Copied {
                brought: value.clone(),
                value,
                text: text.into_owned(),
                part: Extent::Constant,
                at: constant.place(),
                read_from: None,
            }
        }
        _ => return Err(broken(by, "value and resource selectors are mutually exclusive")),
    };
    for target in targets.items() {
        let target = Target::read(target)?;
        for (row, resource) in resources.iter_mut().enumerate() {
            if target.selects(cx.trees, resource) {
                target.write(cx.trees, (row, &mut *resource), &mut copied)?;
                let before = resource.id.clone();
                super::reread(cx.trees, resource);
                if resource.id.name.is_empty() && !before.name.is_empty() {
                    return Err(broken(target.at, format!("missing metadata.name in object {before}")));
                }
            }
        }
    }
    Ok(())
}

/// The value to be copied.
struct Copied {
    value: Value,
    /// The same with its history: of one part of it, that part's.
    brought: Value,
    /// Its characters, or of one part of them; empty for a container.
    text: String,
    part: Extent,
    at: Span,
    /// The object and path that a whole value was read from.
    read_from: Option<(usize, Vec<String>)>,
}

/// How much of the source is copied.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Whole,
    /// One part between delimiters.
    Piece,
    /// No object's value but a `sourceValue`, which has no type of its own.
    Constant,
}

impl Copied {
    fn of_source(cx: &Cx<'_>, resources: &[Resource], source: View<'_>) -> Result<Self, Problem> {
        let selector = Selector::read(source)?;
        let is_selected = |(_, resource): &(usize, &Resource)| resource.ids().any(|id| selector.selects_id(id));
        let mut found = resources.iter().enumerate().filter(is_selected);
        let at = source.place();
        let path = text_of(source, "fieldPath")?;
        let shown = |path: &str| format!("{}{}{path}", selector.shown(), if path.is_empty() { "" } else { ":" });
        let Some((row, resource)) = found.next() else {
            return Err(broken(at, format!("nothing selected by {}", shown(&path))));
        };
        if found.next().is_some() {
            return Err(broken(at, format!("multiple matches for selector {}", shown(&path))));
        }
        let path = if path.is_empty() { "metadata.name".into() } else { path };
        let path_at = source.get("fieldPath").unwrap_or(source).place();
        let steps = split_dotted(&path);
        let found = match lookup(cx.trees, &resource.value, &steps) {
            Err(message) => {
                return Err(broken(path_at, format!("error looking up replacement source: {message}")));
            }
            Ok(Lookup::Found(found)) if !is_empty(cx.trees.view(&found)) => found,
            Ok(_) => {
                let message = format!("fieldPath `{path}` is missing for replacement source {}", selector.shown());
                return Err(broken(path_at, message));
            }
        };
        let value = cx.trees.view(&found);
        let whole = Self::whole(value, &found, (row, steps));
        whole.refined(value, &Options::read(source)?, source)
    }

    fn whole(value: View<'_>, found: &Value, read_from: (usize, Vec<String>)) -> Self {
        Self {
            value: value.value(),
            brought: found.clone(),
            text: value.written().into_owned(),
            part: Extent::Whole,
            at: value.place(),
            read_from: Some(read_from),
        }
    }

    /// Takes the value as it is now in its object, if that is the object in this row: kustomize copies it anew at each
    /// place, with what was written into it before. Where it is no more, it stays what it was.
    fn renew(&mut self, trees: &Trees, row: usize, object: &Value) {
        let from = self.read_from.as_ref().filter(|(read, _)| *read == row && self.part == Extent::Whole);
        let Some((_, steps)) = from else { return };
        if let Ok(Lookup::Found(found)) = lookup(trees, object, steps) {
            *self = Self::whole(trees.view(&found), &found, (row, steps.clone()));
        }
    }

    /// The part that `options` ask for.
    fn refined(self, value: View<'_>, options: &Options, source: View<'_>) -> Result<Self, Problem> {
        if options.delimiter.is_empty() {
            return Ok(self);
        }
        let at = source.place();
        if !value.is_scalar() {
            return Err(broken(at, "delimiter option can only be used with scalar nodes"));
        }
        let piece = usize::try_from(options.index).ok().and_then(|at| self.text.split(&options.delimiter).nth(at));
        let Some(piece) = piece else {
            let message = format!("options.index {} is out of bounds for value {}", options.index, self.text);
            return Err(broken(at, message));
        };
        let by = source.get("options").unwrap_or(source).place();
        let brought = Value::text(piece, Origin::brought(self.at, How::Replacement, by, None, self.brought));
        Ok(Self { text: piece.to_owned(), brought, part: Extent::Piece, ..self })
    }
}

/// Whether kustomize takes a value for missing.
fn is_empty(value: View<'_>) -> bool {
    value.is_null()
        || value.is_map() && value.fields().next().is_none()
        || value.is_seq() && value.items().next().is_none()
}

/// `options` of a source or target.
struct Options {
    delimiter: String,
    index: i64,
    create: Create,
}

impl Options {
    fn read(of: View<'_>) -> Result<Self, Problem> {
        let none = Self { delimiter: String::new(), index: 0, create: Create::Never };
        let Some(options) = of.get("options").filter(|options| !options.is_null()) else { return Ok(none) };
        let index = match options.get("index").filter(|index| !index.is_null()) {
            None => 0,
            Some(index) => index.as_int().ok_or_else(|| broken(index.place(), "`index` must be an integer"))?,
        };
        let creates = options.get("create").is_some_and(|create| create.as_bool() == Some(true));
        let create = if creates { Create::Missing } else { Create::Never };
        Ok(Self { delimiter: text_of(options, "delimiter")?.into_owned(), index, create })
    }
}

/// The objects that a source or target selects.
struct Selector {
    gvk: Gvk,
    name: String,
    namespace: String,
    labels: Requirements,
    annotations: Requirements,
}

impl Selector {
    fn read(entry: View<'_>) -> Result<Self, Problem> {
        let read = |name| text_of(entry, name);
        let requirements = |name| -> Result<Requirements, Problem> {
            let at = entry.get(name).unwrap_or(entry).place();
            Requirements::parse(&text_of(entry, name)?).map_err(|message| broken(at, message))
        };
        let gvk = Gvk { group: owned(&read("group")?), version: owned(&read("version")?), kind: owned(&read("kind")?) };
        Ok(Self {
            gvk,
            name: read("name")?.into_owned(),
            namespace: read("namespace")?.into_owned(),
            labels: requirements("labelSelector")?,
            annotations: requirements("annotationSelector")?,
        })
    }

    /// Whether an identity is selected (`kustomize resid.ResId.IsSelectedBy`): exactly, no patterns.
    fn selects_id(&self, id: &Id) -> bool {
        (self.name.is_empty() || *self.name == *id.name)
            && (self.namespace.is_empty() || or_default(&self.namespace) == or_default(&id.namespace))
            && self.gvk.selects(id)
    }

    fn selects_metadata(&self, object: View<'_>) -> bool {
        self.labels.matches(object.path(["metadata", "labels"]))
            && self.annotations.matches(object.path(["metadata", "annotations"]))
    }

    fn names_nothing(&self) -> bool {
        self.gvk == Gvk::default() && self.name.is_empty() && self.namespace.is_empty()
    }

    fn has_no_requirements(&self) -> bool {
        self.labels == Requirements::default() && self.annotations == Requirements::default()
    }

    fn shown(&self) -> String {
        super::shown(&Id {
            group: (&*self.gvk.group).into(),
            version: (&*self.gvk.version).into(),
            kind: (&*self.gvk.kind).into(),
            namespace: (&*self.namespace).into(),
            name: (&*self.name).into(),
        })
    }
}

/// Whether a target's value had a type before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Was {
    Typed,
    /// It was missing, or made where one was missing.
    Untyped,
}

/// One entry of `targets:`.
struct Target {
    select: Selector,
    reject: Vec<Selector>,
    /// Each path as it is written, its segments, and where it is written.
    paths: Vec<(String, Vec<String>, Span)>,
    options: Options,
    at: Span,
}

impl Target {
    fn read(entry: View<'_>) -> Result<Self, Problem> {
        let at = entry.place();
        let select = entry.get("select").filter(|select| !select.is_null());
        let select = select.ok_or_else(|| broken(at, "target must specify resources to select"))?;
        let reject = entry.get("reject").into_iter().flat_map(|list| list.items());
        let mut paths = Vec::new();
        for path in entry.get("fieldPaths").into_iter().flat_map(|list| list.items()) {
            let written = text(path, "fieldPaths")?.into_owned();
            paths.push((written.clone(), split_dotted(&written), path.place()));
        }
        if paths.is_empty() {
            paths.push(("metadata.name".to_owned(), split_dotted("metadata.name"), at));
        }
        Ok(Self {
            select: Selector::read(select)?,
            reject: reject.map(Selector::read).collect::<Result<_, _>>()?,
            paths,
            options: Options::read(entry)?,
            at,
        })
    }

    fn selects(&self, trees: &Trees, resource: &Resource) -> bool {
        if !resource.ids().any(|id| self.select.selects_id(id)) {
            return false;
        }
        let view = trees.view(&resource.value);
        let rejected_by_metadata =
            |selector: &Selector| !selector.has_no_requirements() && selector.selects_metadata(view);
        let rejected_by_id =
            |selector: &Selector| !selector.names_nothing() && resource.ids().any(|id| selector.selects_id(id));
        self.select.selects_metadata(view)
            && !self.reject.iter().any(|selector| rejected_by_metadata(selector) || rejected_by_id(selector))
    }

    fn write(
        &self,
        trees: &Trees,
        (row, resource): (usize, &mut Resource),
        copied: &mut Copied,
    ) -> Result<(), Problem> {
        for (written, path, at) in &self.paths {
            let object = trees.view(&resource.value).get("kind").map(|kind| kind.place());
            let refuse = |message: String| {
                let problem = broken(*at, message);
                object.map_or(problem.clone(), |object| problem.with_related(object, "in this object"))
            };
            let found = self.find(trees, &mut resource.value, path, copied).map_err(|cause| {
                let create = self.options.create == Create::Missing;
                let or_create = if create { " or create" } else { "" };
                let separator = if cause.is_empty() { "" } else { ": " };
                refuse(format!("unable to find{or_create} field \"{written}\" in replacement target{separator}{cause}"))
            })?;
            for steps in found {
                copied.renew(trees, row, &resource.value);
                if let Some(value) = follow(trees, &mut resource.value, &steps)
                    && let Some(misfit) = self.set(trees, value, copied, &resource.patched).map_err(refuse)?
                {
                    resource.misfits.push((value.clone(), refuse(misfit)));
                }
                copied.renew(trees, row, &resource.value);
            }
        }
        shared::settle(trees, resource);
        copied.renew(trees, row, &resource.value);
        Ok(())
    }

    /// The way to each value at a path; where asked for, missing ones are made first.
    fn find(&self, trees: &Trees, object: &mut Value, path: &[String], copied: &Copied) -> Result<Vec<Steps>, String> {
        let mut found = matches(trees.view(object), path)?;
        if self.options.create == Create::Missing && !found.missing.is_empty() {
            for (steps, depth) in &found.missing {
                if let Some(container) = follow(trees, object, steps) {
                    extend(trees, container, &path[*depth..], copied, self.at)?;
                }
            }
            found = matches(trees.view(object), path)?;
        }
        for (_, depth) in &found.missing {
            if let Ok(Part::Index(index)) = part_of(&path[*depth]) {
                return Err(format!("index {index} specified but only {index} elements found"));
            }
        }
        let is_made = self.options.create == Create::Missing && found.ends_in_null;
        if found.found.is_empty() && !is_made { Err(String::new()) } else { Ok(found.found) }
    }

    /// Puts the copied value in the place of a target's value (`kustomize replacement.setFieldValue`). Gives what is
    /// wrong with it where its text does not go with the target's type.
    fn set(
        &self,
        trees: &Trees,
        value: &mut Value,
        copied: &Copied,
        passed: &Passed,
    ) -> Result<Option<String>, String> {
        let view = trees.view(value);
        let mut text = copied.text.clone();
        if !self.options.delimiter.is_empty() {
            if !view.is_scalar() {
                return Err("delimiter option can only be used with scalar nodes".to_owned());
            }
            let old = if is_blank(value) { "".into() } else { view.written() };
            text = spliced(&old, &self.options, &text);
        }
        let from = (!is_blank(value)).then(|| value.clone()).and_then(|value| value.written(trees));
        let was = if is_blank(value) || view.is_bare() { Was::Untyped } else { Was::Typed };
        let origin = Origin::brought(copied.at, How::Replacement, self.at, from.clone(), copied.brought.clone());
        if !view.is_scalar() {
            *value = match copied.part {
                Extent::Whole => Value::link(trees, copied.brought.clone(), How::Replacement, self.at, from),
                Extent::Piece => {
                    let source = trees.view(&copied.value);
                    let was = if source.is_bare() { Was::Untyped } else { Was::Typed };
                    let (scalar, misfit) = retyped_or_text(&source.scalar(), &text, was);
                    *value = Value::scalar(scalar, origin);
                    return Ok(misfit);
                }
                Extent::Constant => Value::scalar(bare(&text), origin),
            };
            return Ok(None);
        }
        let before = before_replacements(value);
        let typed = trees.view(before);
        let typed = if typed.is_scalar() { typed } else { view };
        let (scalar, misfit) = match number_in_quotes(trees, before, passed) {
            Some(number) if was == Was::Typed => match retyped(&number, &text, was) {
                // What is left of the type goes unseen in the quotes.
                Ok(_) if tag_of(&resolve_plain(&text)) == tag_of(&number) => (MadeScalar::Str((&*text).into()), None),
                _ => retyped_or_text(&number, &text, was),
            },
            _ => retyped_or_text(&typed.scalar(), &text, was),
        };
        *value = Value::scalar(scalar, origin);
        Ok(misfit)
    }
}

/// What a strategic patch put in the place of text, where it is no text itself: the quotes stay, and so does its type until
/// JSON comes by.
fn number_in_quotes<'v>(trees: &'v Trees, value: &'v Value, passed: &Passed) -> Option<Scalar<'v>> {
    let set = value.origin()?.set.as_ref()?;
    let view = trees.view(value);
    let is_made = view.notation().is_none() && set.how == How::Patch && passed.strategic.contains(&set.by);
    let scalar = resolve_plain(view.as_str().filter(|_| is_made)?);
    (!matches!(scalar, Scalar::Str(_))).then_some(scalar)
}

/// The text as a scalar of a type, or else as text with what is wrong with it.
fn retyped_or_text(target: &Scalar<'_>, text: &str, was: Was) -> (MadeScalar, Option<String>) {
    match retyped(target, text, was) {
        Ok(scalar) => (scalar, None),
        Err(misfit) => (MadeScalar::Str(text.into()), Some(misfit)),
    }
}

/// Whether a value was made as the end of a missing path and holds nothing yet.
fn is_blank(value: &Value) -> bool {
    match value {
        Value::Source(..) => false,
        Value::Made(made) => made.origin.set.is_none() && matches!(made.node, MadeNode::Scalar(MadeScalar::Null)),
    }
}

/// What was there before replacements changed its characters; the type is still that one's.
fn before_replacements(value: &Value) -> &Value {
    let mut at = value;
    while let Some(set) = at.origin().and_then(|origin| origin.set.as_ref())
        && set.how == How::Replacement
        && let Some(from) = &set.from
    {
        at = from;
    }
    at
}

/// A part of `old` between delimiters replaced, or `text` put before or behind all parts.
fn spliced(old: &str, options: &Options, text: &str) -> String {
    let mut parts: Vec<&str> = old.split(&options.delimiter).collect();
    match usize::try_from(options.index) {
        Err(_) => parts.insert(0, text),
        Ok(index) if index >= parts.len() => parts.push(text),
        Ok(index) => parts[index] = text,
    }
    parts.join(&options.delimiter)
}

/// The text as a scalar of the target's type: kustomize changes the characters of a scalar and leaves its tag, and fails
/// later where the two do not go together. A field that was missing takes the type that the text has without quotes.
fn retyped(target: &Scalar<'_>, text: &str, was: Was) -> Result<MadeScalar, String> {
    let plain = resolve_plain(text);
    let fits = match (target, &plain) {
        // It stays without one, whatever it says now.
        _ if was == Was::Untyped => return Ok(MadeScalar::Bare(text.into())),
        (Scalar::Str(_) | Scalar::Timestamp(_), _) => return Ok(MadeScalar::Str(text.into())),
        (Scalar::Null, Scalar::Null) => return Ok(bare(text)),
        (Scalar::Int(_) | Scalar::Uint(_), Scalar::Int(_) | Scalar::Uint(_))
        | (Scalar::Float(_), Scalar::Int(_) | Scalar::Uint(_) | Scalar::Float(_))
        | (Scalar::Bool(_), Scalar::Bool(_)) => true,
        _ => false,
    };
    if !fits {
        let (found, wanted) = (tag_of(&plain), tag_of(target));
        return Err(format!("yaml: cannot decode {found} `{text}` as a {wanted}"));
    }
    Ok(made_of(plain))
}

fn tag_of(scalar: &Scalar<'_>) -> &'static str {
    match scalar {
        Scalar::Null => "!!null",
        Scalar::Bool(_) => "!!bool",
        Scalar::Int(_) | Scalar::Uint(_) => "!!int",
        Scalar::Float(_) => "!!float",
        Scalar::Timestamp(_) => "!!timestamp",
        Scalar::Str(_) => "!!str",
    }
}

/// Makes the rest of a path in the container where it breaks off, with a blank at its end.
fn extend(trees: &Trees, container: &mut Value, path: &[String], copied: &Copied, at: Span) -> Result<(), String> {
    let Some((first, rest)) = path.split_first() else { return Ok(()) };
    let below = built(trees, rest, copied, at)?;
    match part_of(first)? {
        Part::Field(name) => container.set_field(trees, Key::made(name, at), below),
        Part::Index(_) => container.items_mut(trees).into_iter().for_each(|items| items.push(below.clone())),
        Part::Item(name, value) => {
            let item = item(trees, name, value, rest, copied, at)?;
            container.items_mut(trees).into_iter().for_each(|items| items.push(item.clone()));
        }
        Part::Every => {}
    }
    Ok(())
}

/// What stands at the start of a path that is all missing.
fn built(trees: &Trees, path: &[String], copied: &Copied, at: Span) -> Result<Value, String> {
    let origin = Origin::within(at);
    let Some((first, rest)) = path.split_first() else {
        let source = trees.view(&copied.value);
        return Ok(if source.is_map() {
            Value::map(Vec::new(), origin)
        } else if source.is_seq() {
            Value::seq(Vec::new(), origin)
        } else {
            Value::scalar(MadeScalar::Null, origin)
        });
    };
    Ok(match part_of(first)? {
        Part::Field(name) => {
            let value = built(trees, rest, copied, at)?;
            Value::map(vec![Entry { key: Key::made(name, at), value }], origin)
        }
        Part::Index(0) => Value::seq(vec![built(trees, rest, copied, at)?], origin),
        Part::Index(index) => return Err(format!("index {index} specified but only 0 elements found")),
        Part::Item(name, value) => Value::seq(vec![item(trees, name, value, rest, copied, at)?], origin),
        Part::Every => return Err("wrong node kind: expected SequenceNode but got MappingNode".to_owned()),
    })
}

/// A new list item that `[name=value]` selects, with the rest of the path in it.
fn item(trees: &Trees, name: &str, value: &str, rest: &[String], copied: &Copied, at: Span) -> Result<Value, String> {
    let selected = Value::text(value, Origin::set(at, How::Replacement, at, None));
    if name.is_empty() {
        return Ok(selected);
    }
    let mut item = Value::map(vec![Entry { key: Key::made(name, at), value: selected }], Origin::within(at));
    let found = matches(trees.view(&item), rest)?;
    for (steps, depth) in found.missing {
        if let Some(container) = follow(trees, &mut item, &steps) {
            extend(trees, container, &rest[depth..], copied, at)?;
        }
    }
    Ok(item)
}
