//! Strategic merge patches as kustomize applies them (`kustomize kyaml/yaml/merge2`, `kyaml/yaml/walk`).
//!
//! Never: text or JSON in between; what the patch leaves alone stays shared with the target.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{Loss, Outcome, PatchError, Silent, yaml11};
use crate::base::{FileId, Span};
use crate::model::{Entry, Field, How, Origin, Set, Trees, Value, View, split_api_version};
use crate::parse::{Kind, Scalar, parse, resolve_plain};
use crate::render::emit::{Refolded, is_plain, is_unreadable_block, refolded};
use crate::render::schema::{DefinitionId, Schema, Strategy};

/// With what a patch is laid over an object.
#[derive(Clone, Copy)]
pub(in crate::render) struct Laying<'a> {
    pub(in crate::render) trees: &'a Trees,
    pub(in crate::render) schema: &'a Schema,
    /// The entry of the kustomization.
    pub(in crate::render) by: Span,
    /// What came by before.
    pub(in crate::render) before: &'a Passed,
}

/// The patches that came by an object, which decide how kustomize would write its scalars.
#[derive(Clone, Debug, Default)]
pub(in crate::render) struct Passed {
    /// Whether a JSON patch did: it leaves nothing of how values were written.
    pub(in crate::render) json: bool,
    /// The strategic patches since then, the first first.
    pub(in crate::render) strategic: Vec<Span>,
    /// The files that these stand in: what they brought is written as it is there.
    pub(in crate::render) files: Vec<FileId>,
    /// Whether one of them put the namespace, or the name, in quotes.
    pub(in crate::render) quoted_names: [bool; 2],
}

impl Passed {
    /// Whether a value stands in a strategic patch.
    fn brought(&self, value: &Value) -> bool {
        matches!(value, Value::Source(file, _) if self.files.contains(file))
    }
}

/// Lays `patch` over `target`, both whole objects. The name, namespace and kind
/// that the patch writes are laid over too; who calls leaves out what must stay, and `whole` is the patch with it: its
/// kind counts where the object's is unknown (`kustomize api/resource Resource.ApplySmPatch`).
pub(in crate::render) fn strategic(
    how: Laying<'_>,
    target: &mut Value,
    patch: View<'_>,
    whole: View<'_>,
) -> Result<(Outcome, Vec<Silent>), PatchError> {
    let Laying { trees, schema, by, before } = how;
    let mut merge = Merge { trees, schema, by, before, silent: Vec::new(), tried: 0 };
    merge.note_unknown_directives(patch);
    let object = trees.view(target);
    let definition = schema.definition_of(object).or_else(|| {
        // The patch gets the object's group and version, and keeps its own kind.
        let (group, version) = split_api_version(object.str_at(["apiVersion"]).unwrap_or_default());
        schema.definition(group, version, whole.str_at(["kind"])?)
    });
    let outcome = merge.root(target, patch, Known { definition, ..Known::NOTHING })?;
    let mut seen = HashSet::new();
    merge.silent.retain(|silent| seen.insert(*silent));
    Ok((outcome, merge.silent))
}

/// The keys that `kubectl` acts on and kustomize keeps as they are.
const NOT_ACTED_ON: [&str; 3] = ["$retainKeys", "$setElementOrder/", "$deleteFromPrimitiveList/"];

pub(super) const DIRECTIVE: &str = "$patch";

/// One application of a patch.
pub(super) struct Merge<'a> {
    pub(super) trees: &'a Trees,
    schema: &'a Schema,
    by: Span,
    before: &'a Passed,
    pub(super) silent: Vec<Silent>,
    /// How many lists were tried, which may turn out otherwise behind other patches.
    pub(super) tried: usize,
}

/// What the schema says of a value.
#[derive(Clone, Copy)]
pub(super) struct Known<'s> {
    pub(super) definition: Option<DefinitionId>,
    pub(super) strategy: &'s Strategy,
}

impl Known<'_> {
    const NOTHING: Self = Self { definition: None, strategy: &Strategy::Plain };
}

/// What becomes of a field or an element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Keep,
    Drop,
}

/// `$patch`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Directive {
    Merge,
    Replace,
    Delete,
}

/// Which side a value that has no counterpart belongs to. kyaml walks both sides to the end, and each is changed a
/// little on the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Alone {
    /// The target's: a key with nothing behind it goes, `null` stays.
    Target,
    /// The patch's: `null` goes, directives are obeyed.
    Patch,
}

impl<'a> Merge<'a> {
    fn root(&mut self, target: &mut Value, patch: View<'_>, known: Known<'a>) -> Result<Outcome, PatchError> {
        same_kind(self.trees.view(target), patch)?;
        match directive(patch)? {
            Directive::Delete => return Ok(Outcome::Deleted),
            Directive::Replace => self.lose(directive_place(patch), Loss::Directive),
            Directive::Merge => self.map(target, patch, known)?,
        }
        let is_empty = self.trees.view(target).fields().next().is_none();
        Ok(if is_empty { Outcome::Deleted } else { Outcome::Changed })
    }

    /// Lays a map over a map.
    pub(super) fn map(&mut self, target: &mut Value, patch: View<'_>, known: Known<'a>) -> Result<(), PatchError> {
        let trees = self.trees;
        let definition = self.definition(known, trees.view(target), Some(patch));
        let fields: Vec<Field<'_>> = patch.fields().filter(|field| field.name() != DIRECTIVE).collect();
        fields.iter().copied().chain(trees.view(target).fields()).try_for_each(named)?;
        if fields.is_empty() {
            let known = Known { definition, ..known };
            return self.tidy(target, known, Alone::Target);
        }
        let by_name: HashMap<&str, usize> = fields.iter().enumerate().rev().map(|(at, f)| (f.name(), at)).collect();
        let mut met = vec![false; fields.len()];
        let Some(entries) = target.entries_mut(trees) else { return Ok(()) };
        let mut dropped = false;
        let mut steps = Vec::with_capacity(entries.len());
        for Entry { key, value } in entries.iter_mut() {
            let name = key.text(trees);
            let below = self.below(definition, name);
            let step = match by_name.get(name) {
                Some(&at) => {
                    met[at] = true;
                    self.lay(value, fields[at].value, below)?
                }
                None => self.tidy_field(value, below, Alone::Target)?,
            };
            dropped |= step == Step::Drop;
            steps.push(step);
        }
        if dropped {
            let mut steps = steps.into_iter();
            entries.retain(|_| steps.next() != Some(Step::Drop));
        }
        for (at, field) in fields.iter().enumerate() {
            if met[at] || by_name.get(field.name()) != Some(&at) {
                continue;
            }
            let below = self.below(definition, field.name());
            if let Some(value) = self.adopt(field.value, None, below)? {
                entries.push(Entry { key: field.key(), value });
            }
        }
        Ok(())
    }

    /// Lays a value of the patch over what the target has in its place.
    fn lay(&mut self, target: &mut Value, patch: View<'_>, known: Known<'a>) -> Result<Step, PatchError> {
        if patch.is_null() {
            return Ok(Step::Drop);
        }
        let view = self.trees.view(target);
        if view.is_null() {
            return self.put(target, patch, known);
        }
        same_kind(view, patch)?;
        if patch.is_map() {
            return match directive(patch)? {
                Directive::Delete => Ok(Step::Drop),
                Directive::Replace => self.put(target, patch, known),
                Directive::Merge => self.map(target, patch, known).map(|()| Step::Keep),
            };
        }
        if patch.is_seq() {
            if known.strategy != &Strategy::Plain {
                return self.list(target, patch, known);
            }
            self.note_list_directives(patch);
            *target = self.link(patch, Some(target.clone()));
            return Ok(Step::Keep);
        }
        *target = self.scalar(target, patch)?;
        Ok(Step::Keep)
    }

    /// A scalar of the patch in the place of one of the target. kyaml keeps the notation of the target's, so that a
    /// number in the place of quoted text becomes text (`kustomize kyaml/yaml FieldSetter`).
    fn scalar(&self, target: &Value, patch: View<'_>) -> Result<Value, PatchError> {
        let notation = first_notation(self.trees, self.before, target);
        let is_folded = patch.notation() == Some(Kind::Folded);
        let text = match patch.scalar() {
            // A folded text is folded no more where another notation was before.
            Scalar::Str(text) if is_folded => (notation != Notation::Folded).then_some(text),
            Scalar::Str(text) if notation == Notation::Folded => match refolded(&text) {
                Refolded::Same => None,
                Refolded::As(text) => Some(text.into()),
                Refolded::Unreadable => return Err(unreadable(patch)),
            },
            Scalar::Str(text) if notation == Notation::Literal && is_unreadable_block(&text) => {
                return Err(unreadable(patch));
            }
            Scalar::Str(_) => None,
            _ => (notation != Notation::Plain).then(|| patch.written()),
        };
        let Some(text) = text else { return Ok(self.link(patch, Some(target.clone()))) };
        let origin = Origin::set(patch.place(), How::Patch, self.by, Some(target.clone()));
        Ok(Value::text(&text, origin))
    }

    fn put(&mut self, target: &mut Value, patch: View<'_>, known: Known<'a>) -> Result<Step, PatchError> {
        match self.adopt(patch, Some(target.clone()), known)? {
            Some(value) => {
                *target = value;
                Ok(Step::Keep)
            }
            None => Ok(Step::Drop),
        }
    }

    /// A value of the patch that has no counterpart in the target, or takes its place whole.
    pub(super) fn adopt(
        &mut self,
        patch: View<'_>,
        old: Option<Value>,
        known: Known<'a>,
    ) -> Result<Option<Value>, PatchError> {
        if patch.is_null() {
            return Ok(None);
        }
        let mut value = self.link(patch, old);
        if patch.is_map() {
            // kyaml looks for a deletion only, and leaves what it does not know where it is.
            match directive(patch) {
                Ok(Directive::Delete) => {
                    self.lose(directive_place(patch), Loss::Directive);
                    return Ok(None);
                }
                Ok(_) => {
                    value.remove_field(self.trees, DIRECTIVE);
                }
                Err(_) => {}
            }
        }
        self.tidy(&mut value, known, Alone::Patch)?;
        Ok(Some(value))
    }

    /// What kyaml's walk does to a value that has no counterpart. Copies nothing where nothing changes.
    pub(super) fn tidy(&mut self, value: &mut Value, known: Known<'a>, side: Alone) -> Result<(), PatchError> {
        let trees = self.trees;
        if !self.is_untidy(trees.view(value), known, side) {
            return Ok(());
        }
        if trees.view(value).is_seq() {
            if side == Alone::Patch && known.strategy == &Strategy::Plain {
                self.note_list_directives(trees.view(value));
                return Ok(());
            }
            return self.list_alone(value, known, side);
        }
        trees.view(value).fields().try_for_each(named)?;
        let definition = self.definition(known, trees.view(value), None);
        let Some(entries) = value.entries_mut(trees) else { return Ok(()) };
        let mut kept = Vec::with_capacity(entries.len());
        for mut entry in std::mem::take(entries) {
            let below = self.below(definition, entry.key.text(trees));
            if self.tidy_field(&mut entry.value, below, side)? == Step::Keep {
                kept.push(entry);
            }
        }
        *entries = kept;
        Ok(())
    }

    pub(super) fn tidy_field(&mut self, value: &mut Value, known: Known<'a>, side: Alone) -> Result<Step, PatchError> {
        if let Some(text) = without_type(self.trees, value) {
            *value = text;
            return Ok(Step::Keep);
        }
        let view = self.trees.view(value);
        if self.is_lost_null(view, side) {
            return Ok(Step::Drop);
        }
        if side == Alone::Patch && view.is_map() && view.get(DIRECTIVE).is_some() {
            let said = directive(view)?;
            // A list may keep an element that was to go; it is then without the directive.
            value.remove_field(self.trees, DIRECTIVE);
            if said == Directive::Delete {
                return Ok(Step::Drop);
            }
        }
        let is_list = side == Alone::Patch && is_merged_list(self.trees.view(value), known);
        if is_list && self.obey_in_list(value)? == Step::Drop {
            return Ok(Step::Drop);
        }
        self.tidy(value, known, side).map(|()| Step::Keep)
    }

    /// Whether [`Self::tidy`] would do anything.
    pub(super) fn is_untidy(&mut self, view: View<'_>, known: Known<'a>, side: Alone) -> bool {
        if view.is_map() {
            return self.is_map_untidy(view, known, side);
        }
        if !view.is_seq() {
            return false;
        }
        match known.strategy {
            Strategy::Plain => side == Alone::Patch && view.items().any(|item| item.get(DIRECTIVE).is_some()),
            Strategy::Set | Strategy::Keys(_) => self.is_list_untidy(view, known, side),
        }
    }

    /// The same for a map. Overlays share the maps of their bases: one that was found tidy is not gone through again.
    fn is_map_untidy(&mut self, view: View<'_>, known: Known<'a>, side: Alone) -> bool {
        let definition = self.definition(known, view, None);
        let is_shared = side == Alone::Target && self.schema.is_builtin();
        let shared = match view.value() {
            Value::Source(file, node) if is_shared => Some((file, node)),
            _ => None,
        };
        // Zero is what nobody noted.
        let note = definition.map_or(1, DefinitionId::note);
        if shared.is_some_and(|(file, node)| self.trees.note(file, node) == note) {
            return false;
        }
        let tried = self.tried;
        let is_untidy = view.fields().any(|field| {
            let below = self.below(definition, field.name());
            field.name().is_empty() || self.is_untidy_field(field.value, below, side)
        });
        if let Some((file, node)) = shared.filter(|_| !is_untidy && self.tried == tried) {
            self.trees.set_note(file, node, note);
        }
        is_untidy
    }

    pub(super) fn is_untidy_field(&mut self, view: View<'_>, known: Known<'a>, side: Alone) -> bool {
        self.is_lost_null(view, side)
            || view.is_scalar() && without_type(self.trees, &view.value()).is_some()
            || side == Alone::Patch && view.is_map() && view.get(DIRECTIVE).is_some()
            || side == Alone::Patch
                && is_merged_list(view, known)
                && view.items().any(|item| item.get(DIRECTIVE).is_some())
            || self.is_untidy(view, known, side)
    }

    /// The definition of a map: the schema's, else that of the kind which it says it is, or which the patch says
    /// (`kustomize kyaml/yaml/walk Walker.GetSchema`).
    fn definition(&self, known: Known<'_>, target: View<'_>, patch: Option<View<'_>>) -> Option<DefinitionId> {
        let said = |view| self.schema.definition_of(view);
        known.definition.or_else(|| said(target)).or_else(|| said(patch?))
    }

    fn below(&self, definition: Option<DefinitionId>, name: &str) -> Known<'a> {
        let field = definition.and_then(|definition| self.schema.field(definition, name));
        field.map_or(Known::NOTHING, |field| Known { definition: field.definition, strategy: &field.strategy })
    }

    pub(super) fn link(&self, patch: View<'_>, old: Option<Value>) -> Value {
        Value::link(self.trees, patch.value(), How::Patch, self.by, old)
    }

    pub(super) fn lose(&mut self, at: Span, loss: Loss) {
        self.silent.push(Silent { at, loss });
    }

    /// A `null` of the target stays if it is written, which it is after JSON.
    fn is_lost_null(&self, view: View<'_>, side: Alone) -> bool {
        let is_unwritten = || !self.before.json && !view.is_bare() && view.written().is_empty();
        view.is_null() && (side == Alone::Patch || is_unwritten())
    }

    fn note_list_directives(&mut self, list: View<'_>) {
        for item in list.items() {
            if let Some(field) = item.field(DIRECTIVE) {
                self.lose(field.key_place(), Loss::Directive);
            }
        }
    }

    fn note_unknown_directives(&mut self, patch: View<'_>) {
        for field in patch.fields() {
            if NOT_ACTED_ON.iter().any(|prefix| field.name().starts_with(prefix)) {
                self.lose(field.key_place(), Loss::Directive);
            }
            self.note_unknown_directives(field.value);
        }
        patch.items().for_each(|item| self.note_unknown_directives(item));
    }
}

/// The directive of a map of the patch.
pub(super) fn directive(patch: View<'_>) -> Result<Directive, PatchError> {
    let Some(word) = patch.get(DIRECTIVE) else { return Ok(Directive::Merge) };
    match &*word.written() {
        "merge" => Ok(Directive::Merge),
        "replace" => Ok(Directive::Replace),
        "delete" => Ok(Directive::Delete),
        other => Err(PatchError::new(word.place(), format!("unknown patch strategy '{other}'"))),
    }
}

/// kyaml takes a field without a name for the map itself.
fn named(field: Field<'_>) -> Result<(), PatchError> {
    if !field.name().is_empty() {
        return Ok(());
    }
    Err(PatchError::new(field.key_place(), "wrong node kind: expected ScalarNode but got MappingNode"))
}

fn is_merged_list(view: View<'_>, known: Known<'_>) -> bool {
    view.is_seq() && known.strategy != &Strategy::Plain
}

fn directive_place(patch: View<'_>) -> Span {
    patch.field(DIRECTIVE).map_or(patch.place(), |field| field.key_place())
}

/// The text of a value that kustomize made without a type: it takes it for text when it sets fields anew, which it does
/// with all that a strategic patch passes, but for nothing.
fn without_type(trees: &Trees, value: &Value) -> Option<Value> {
    let view = trees.view(value);
    if view.written().is_empty() {
        return None;
    }
    let set = || value.origin().and_then(|origin| origin.set.clone());
    view.is_bare().then(|| Value::text(&view.written(), Origin { at: view.place(), set: set() }))
}

/// How kyaml would write a scalar.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::render) enum Notation {
    Plain,
    /// In quotes.
    Marked,
    /// As a block.
    Literal,
    Folded,
}

impl Notation {
    fn of(view: View<'_>) -> Self {
        match view.notation() {
            Some(Kind::Plain) => Self::Plain,
            Some(Kind::Folded) => Self::Folded,
            Some(Kind::Literal) => Self::Literal,
            Some(_) => Self::Marked,
            None if view.as_str().is_some_and(|text| text.contains('\n')) || is_quoted_in_passing(view) => Self::Marked,
            None => Self::Plain,
        }
    }

    /// The one that go-yaml chooses.
    fn after_json(view: View<'_>) -> Self {
        let is_marked = |text: &str| text.contains('\n') || !is_plain(text);
        if view.as_str().is_some_and(is_marked) { Self::Marked } else { Self::Plain }
    }
}

/// The notation of a scalar, which is that of what was there first: strategic patches put texts into it and leave it
/// as it is. JSON chooses it anew.
pub(in crate::render) fn first_notation(trees: &Trees, passed_by: &Passed, value: &Value) -> Notation {
    let (mut at, mut next) = (value, passed_by.strategic.len());
    loop {
        let view = trees.view(at);
        let set = at.origin().and_then(|origin| origin.set.as_ref());
        match set.map(|set| set.how) {
            // A count stays a number where there are no quotes.
            Some(How::Replicas) if view.as_str().is_none() => return Notation::Plain,
            // A generator writes anew what it lays over another object's.
            Some(How::Generator) if view.notation().is_none() => return Notation::of(view),
            _ => {}
        }
        let row = set
            .filter(|set| set.how == How::Patch)
            .and_then(|set| passed_by.strategic.iter().rposition(|by| *by == set.by));
        // A kustomization replaces behind its patches.
        let of_its_own = |set: &Arc<Set>| passed_by.strategic.iter().rposition(|by| by.file == set.by.file);
        let replaced = set.filter(|set| set.how == How::Replacement).and_then(of_its_own);
        // Patches that came by and left the value alone.
        let passed = next.saturating_sub(row.or(replaced).map_or(0, |row| row + 1));
        if passed > 0 && is_quoted_in_passing(view) {
            return Notation::Marked;
        }
        if let Some(replaced) = replaced {
            next = next.min(replaced + 1);
        }
        let before = set.and_then(|set| set.from.as_ref()).map(|from| (from, trees.view(from)));
        match (row, before.filter(|(_, before)| before.is_scalar())) {
            (Some(row), Some((before, _))) => (at, next) = (before, row),
            (None, _) if passed_by.json && !passed_by.brought(at) => return Notation::after_json(view),
            (None, Some((before, _))) => at = before,
            _ => return Notation::of(view),
        }
    }
}

/// Whether kyaml puts quotes around a text that has none when a strategic patch comes by: YAML 1.1 takes it for something
/// else (`kustomize kyaml/yaml FieldSetter`).
pub(in crate::render) fn is_quoted_in_passing(view: View<'_>) -> bool {
    view.as_str().is_some_and(is_text_in_need_of_quotes)
}

/// The same for a text that stands nowhere yet.
pub(in crate::render) fn is_text_in_need_of_quotes(text: &str) -> bool {
    if text.is_empty() || text.contains('\n') {
        return false;
    }
    let is_word = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.+-".contains(&byte));
    if text == "..." {
        return false;
    }
    // A time is text to go-yaml v2.
    if is_word && !matches!(text, "-" | "---") {
        return yaml11::switch(text).is_some() || !matches!(resolve_plain(text), Scalar::Str(_) | Scalar::Timestamp(_));
    }
    // It may be a list, a map, or a word with blanks around.
    let parsed = parse(text);
    let is_text = |node| match parsed.scalar(text, node) {
        Scalar::Str(inner) => {
            parsed.kind(node).is_scalar() && (parsed.kind(node) != Kind::Plain || yaml11::switch(&inner).is_none())
        }
        Scalar::Timestamp(_) => true,
        _ => false,
    };
    parsed.problems().is_empty() && !parsed.documents().first().and_then(|first| first.root).is_some_and(is_text)
}

/// go-yaml cannot read the block that it makes of the text.
fn unreadable(patch: View<'_>) -> PatchError {
    PatchError::new(patch.place(), "found a tab character where an indentation space is expected")
}

/// Refuses a value of a patch over one of another kind.
pub(in crate::render) fn same_kind(target: View<'_>, patch: View<'_>) -> Result<(), PatchError> {
    let (expected, got) = (node_kind(target), node_kind(patch));
    if expected == got {
        return Ok(());
    }
    Err(PatchError::new(patch.place(), format!("wrong node kind: expected {expected} but got {got}")))
}

/// The kind of a node in kyaml's words.
pub(super) fn node_kind(view: View<'_>) -> &'static str {
    if view.is_map() {
        "MappingNode"
    } else if view.is_seq() {
        "SequenceNode"
    } else {
        "ScalarNode"
    }
}
