//! Lists that a strategic merge patch merges element by element (`kustomize kyaml/yaml/walk/associative_sequence.go`).
//!
//! Never: an order of its own. The patch's elements come first, then the target's; what lacks a merge key goes through
//! the very steps that kyaml takes, since they decide what is lost.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::strategic::{Alone, DIRECTIVE, Directive, Known, Merge, Step, directive, node_kind};
use super::{Loss, PatchError};
use crate::base::Span;
use crate::model::{Trees, Value, View};
use crate::render::schema::{Strategy, Text};

/// How many pairs of elements the steps for irregular lists may look at.
const PAIRS: usize = 4_000_000;

impl<'a> Merge<'a> {
    /// Lays a list over a list that the schema merges.
    pub(super) fn list(&mut self, target: &mut Value, patch: View<'_>, known: Known<'a>) -> Result<Step, PatchError> {
        let directive = list_directive(patch)?;
        if directive == Some(Directive::Delete) {
            return Ok(Step::Drop);
        }
        let patches: Vec<View<'_>> = patch.items().filter(|item| !is_elided(*item, directive)).collect();
        if directive == Some(Directive::Replace) {
            let mut value = self.link(patch, Some(target.clone()));
            if let Some(items) = value.items_mut(self.trees) {
                *items = patches.iter().map(View::value).collect();
            }
            self.tidy(&mut value, known, Alone::Patch)?;
            *target = value;
            return Ok(Step::Keep);
        }
        let originals = items(self.trees, target);
        let side = Sides::Both { patches: &patches, at: patch.place() };
        let merged = self.merged(&originals, side, known)?;
        store(self.trees, target, &originals, merged);
        Ok(Step::Keep)
    }

    /// What kyaml does to such a list without a counterpart: elements that share a key become one.
    pub(super) fn list_alone(&mut self, list: &mut Value, known: Known<'a>, side: Alone) -> Result<(), PatchError> {
        let originals = items(self.trees, list);
        let at = self.trees.view(list).place();
        let merged = self.merged(&originals, Sides::One { side, at }, known)?;
        store(self.trees, list, &originals, merged);
        Ok(())
    }

    /// Acts on the directive of a list that stands for itself, and takes it out.
    pub(super) fn obey_in_list(&self, list: &mut Value) -> Result<Step, PatchError> {
        let trees = self.trees;
        let directive = list_directive(trees.view(list))?;
        if directive == Some(Directive::Delete) {
            return Ok(Step::Drop);
        }
        if directive.is_some()
            && let Some(items) = list.items_mut(trees)
        {
            items.retain(|item| !is_elided(trees.view(item), directive));
        }
        Ok(Step::Keep)
    }

    /// Whether [`Self::list_alone`] would do anything.
    pub(super) fn is_list_untidy(&mut self, list: View<'_>, known: Known<'a>, side: Alone) -> bool {
        let element = Known { strategy: &Strategy::Plain, ..known };
        let no_keys: &[Text] = &[];
        let keys = if let Strategy::Keys(keys) = known.strategy { keys } else { no_keys };
        let rows: Vec<Row<'_>> = list.items().map(|item| Row::new(item, keys)).collect();
        let valid = valid_keys(rows.iter(), keys.len());
        let mut seen = HashSet::with_capacity(rows.len());
        if rows.iter().all(|row| row.is_regular(&valid) && seen.insert(row.tuple(&valid))) {
            return rows.iter().any(|row| self.is_untidy_field(row.view, element, side));
        }
        // Irregular lists are rare and short, so that what would happen is tried.
        self.tried += 1;
        let noted = self.silent.len();
        let mut copy = list.value();
        let before = items(self.trees, &copy);
        let result = self.list_alone(&mut copy, known, side);
        self.silent.truncate(noted);
        result.is_err() || !is_same(&before, &items(self.trees, &copy))
    }

    fn merged(
        &mut self,
        originals: &[Value],
        sides: Sides<'_, '_>,
        known: Known<'a>,
    ) -> Result<Vec<Value>, PatchError> {
        match known.strategy {
            Strategy::Keys(keys) => self.keyed(originals, sides, known, keys),
            Strategy::Plain | Strategy::Set => self.set(originals, sides),
        }
    }

    /// A list of scalars as a set.
    fn set(&self, originals: &[Value], sides: Sides<'_, '_>) -> Result<Vec<Value>, PatchError> {
        let trees = self.trees;
        let targets: Vec<View<'_>> = originals.iter().map(|value| trees.view(value)).collect();
        for item in sides.patches().iter().chain(&targets) {
            if !item.is_scalar() {
                let message = format!("wrong node kind: expected ScalarNode but got {}", node_kind(*item));
                return Err(PatchError::new(item.place(), message));
            }
        }
        let old: HashSet<Cow<'_, str>> = targets.iter().map(View::written).collect();
        let mut at: HashMap<Cow<'_, str>, usize> = HashMap::new();
        let mut merged = Vec::with_capacity(originals.len());
        for patch in sides.patches().iter().filter(|patch| !patch.is_null()) {
            if at.contains_key(&patch.written()) {
                continue;
            }
            at.insert(patch.written(), merged.len());
            merged.push(if old.contains(&patch.written()) { patch.value() } else { self.link(*patch, None) });
        }
        for (value, view) in originals.iter().zip(&targets).filter(|(_, view)| !view.is_null()) {
            match at.get(&view.written()) {
                Some(&at) => merged[at] = value.clone(),
                None => {
                    at.insert(view.written(), merged.len());
                    merged.push(value.clone());
                }
            }
        }
        Ok(merged)
    }

    fn keyed(
        &mut self,
        originals: &[Value],
        sides: Sides<'_, '_>,
        known: Known<'a>,
        keys: &[Text],
    ) -> Result<Vec<Value>, PatchError> {
        let trees = self.trees;
        let targets: Vec<Row<'_>> = originals.iter().map(|value| Row::new(trees.view(value), keys)).collect();
        let patches: Vec<Row<'_>> = sides.patches().iter().map(|view| Row::new(*view, keys)).collect();
        let element = Known { strategy: &Strategy::Plain, ..known };
        let mut elements = Elements {
            sides,
            element,
            values: originals.to_vec(),
            adopted: vec![None; patches.len()],
            laid: vec![Laid::Not; patches.len()],
            obeyed: vec![None; patches.len()],
            targets,
            patches,
        };
        let valid = valid_keys(elements.rows(), keys.len());
        let order = if elements.is_regular(&valid) {
            elements.merge_regular(self, &valid)?
        } else {
            elements.merge_irregular(self, &valid, keys.len())?
        };
        elements.note_losses(self, &order);
        Ok(order.into_iter().map(|item| elements.value(item)).collect())
    }
}

/// What is merged with the target's list.
#[derive(Clone, Copy)]
enum Sides<'s, 't> {
    /// The patch's list, without directives.
    Both { patches: &'s [View<'t>], at: Span },
    /// Nothing.
    One { side: Alone, at: Span },
}

impl<'s, 't> Sides<'s, 't> {
    fn patches(self) -> &'s [View<'t>] {
        match self {
            Self::Both { patches, .. } => patches,
            Self::One { .. } => &[],
        }
    }

    fn at(self) -> Span {
        match self {
            Self::Both { at, .. } | Self::One { at, .. } => at,
        }
    }
}

/// An element and what it has under the merge keys.
struct Row<'t> {
    view: View<'t>,
    /// The characters under each key; `None` where the element has no such key.
    written: Vec<Option<Cow<'t, str>>>,
    /// The same for telling elements apart: nothing where the value is `null` or no scalar.
    told: Vec<Cow<'t, str>>,
}

impl<'t> Row<'t> {
    fn new(view: View<'t>, keys: &[Text]) -> Self {
        if keys.is_empty() {
            // An element of a set is told by itself.
            let written = view.is_scalar().then(|| view.written());
            return Self { view, told: vec![written.clone().unwrap_or_default()], written: vec![written] };
        }
        let values: Vec<Option<View<'t>>> = keys.iter().map(|key| view.get(key)).collect();
        let told = |value: &View<'t>| if value.is_null() { Cow::Borrowed("") } else { value.written() };
        Self {
            view,
            written: values.iter().map(|value| value.map(|value| value.written())).collect(),
            told: values.iter().map(|value| value.as_ref().map_or(Cow::Borrowed(""), told)).collect(),
        }
    }

    /// Whether it has all the keys.
    fn is_regular(&self, valid: &[usize]) -> bool {
        !valid.is_empty() && valid.iter().all(|at| !self.told[*at].is_empty())
    }

    fn tuple(&self, valid: &[usize]) -> Vec<&str> {
        valid.iter().map(|at| &*self.told[*at]).collect()
    }

    fn has(&self, key: usize, value: &str) -> bool {
        self.written[key].as_deref() == Some(value)
    }
}

/// The keys that any element has.
#[expect(clippy::needless_pass_by_value, reason = "an iterator is a value of its own")]
fn valid_keys<'r, 't: 'r>(rows: impl Iterator<Item = &'r Row<'t>> + Clone, keys: usize) -> Vec<usize> {
    (0..keys.max(1)).filter(|at| rows.clone().any(|row| !row.told[*at].is_empty())).collect()
}

/// An element of the result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Item {
    /// The target's, with what was laid over it.
    Target(usize),
    /// The patch's.
    Patch(usize),
}

/// What became of an element of the patch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Laid {
    Not,
    Over(usize),
    Deleted,
}

/// Two lists on the way to being one.
struct Elements<'s, 't, 'a> {
    sides: Sides<'s, 't>,
    element: Known<'a>,
    targets: Vec<Row<'t>>,
    patches: Vec<Row<'t>>,
    /// The target's elements, with what was laid over them.
    values: Vec<Value>,
    /// The patch's elements that stand for themselves.
    adopted: Vec<Option<Value>>,
    laid: Vec<Laid>,
    /// The patch's elements that were met, without the directive that was obeyed then: irregular lists meet them again.
    obeyed: Vec<Option<Value>>,
}

impl<'t, 'a> Elements<'_, 't, 'a> {
    fn value(&self, item: Item) -> Value {
        match item {
            Item::Target(at) => self.values[at].clone(),
            Item::Patch(at) => self.adopted[at].clone().unwrap_or_else(|| self.patches[at].view.value()),
        }
    }

    fn row(&self, item: Item) -> &Row<'_> {
        match item {
            Item::Target(at) => &self.targets[at],
            Item::Patch(at) => &self.patches[at],
        }
    }

    fn rows(&self) -> impl Iterator<Item = &Row<'t>> + Clone {
        self.patches.iter().chain(&self.targets)
    }

    fn is_regular(&self, valid: &[usize]) -> bool {
        self.rows().all(|row| row.is_regular(valid))
    }

    /// The way for lists whose elements have all their keys: every look-up is by hash.
    fn merge_regular(&mut self, merge: &mut Merge<'a>, valid: &[usize]) -> Result<Vec<Item>, PatchError> {
        let mut found: HashMap<Vec<String>, [Option<usize>; 2]> = HashMap::new();
        let mut order: Vec<Vec<String>> = Vec::new();
        let owned = |row: &Row<'_>| row.tuple(valid).into_iter().map(ToOwned::to_owned).collect::<Vec<_>>();
        for (rows, side) in [(&self.patches, 0), (&self.targets, 1)] {
            for (at, row) in rows.iter().enumerate() {
                let tuple = owned(row);
                let places = found.entry(tuple.clone()).or_insert_with(|| {
                    order.push(tuple);
                    [None, None]
                });
                places[side].get_or_insert(at);
            }
        }
        let mut slots: Vec<Option<Item>> = Vec::with_capacity(order.len());
        let mut slot_of: HashMap<&[String], usize> = HashMap::with_capacity(order.len());
        for tuple in &order {
            let [patch, target] = found[tuple];
            if let Some(item) = self.visit(merge, target, patch)? {
                slot_of.insert(tuple, slots.len());
                slots.push(Some(item));
            }
        }
        for (at, row) in self.targets.iter().enumerate() {
            let tuple = owned(row);
            let Some(slot) = slot_of.get_mut(&tuple[..]) else { continue };
            if valid.len() > 1 {
                // With several keys kyaml takes the element out and puts it at the end.
                slots[*slot] = None;
                *slot = slots.len();
                slots.push(Some(Item::Target(at)));
            } else {
                slots[*slot] = Some(Item::Target(at));
            }
        }
        Ok(slots.into_iter().flatten().collect())
    }

    /// Merges one pair, of which either may be missing. `None` where nothing is left of it.
    fn visit(
        &mut self,
        merge: &mut Merge<'a>,
        target: Option<usize>,
        patch: Option<usize>,
    ) -> Result<Option<Item>, PatchError> {
        let item = match (self.sides, target, patch) {
            (_, None, None) => return Ok(None),
            (Sides::One { side, .. }, Some(at), _) => {
                let step = merge.tidy_field(&mut self.values[at], self.element, side)?;
                (step == Step::Keep).then_some(Item::Target(at))
            }
            (Sides::Both { .. }, Some(at), None) => {
                merge.tidy(&mut self.values[at], self.element, Alone::Target)?;
                Some(Item::Target(at))
            }
            (_, Some(at), Some(patch)) => self.lay(merge, at, patch)?,
            (_, None, Some(at)) => self.adopt(merge, at, None)?,
        };
        Ok(item.filter(|item| !is_void(merge.trees.view(&self.value(*item)))))
    }

    fn lay(&mut self, merge: &mut Merge<'a>, target: usize, patch: usize) -> Result<Option<Item>, PatchError> {
        let obeyed = self.obeyed[patch].clone();
        let view = obeyed.as_ref().map_or(self.patches[patch].view, |value| merge.trees.view(value));
        let said = directive(view)?;
        self.obey(merge.trees, patch);
        match said {
            Directive::Delete => {
                self.laid[patch] = Laid::Deleted;
                Ok(None)
            }
            Directive::Replace => self.adopt(merge, patch, Some(self.values[target].clone())),
            Directive::Merge => {
                merge.map(&mut self.values[target], view, self.element)?;
                self.laid[patch] = Laid::Over(target);
                Ok(Some(Item::Target(target)))
            }
        }
    }

    fn adopt(&mut self, merge: &mut Merge<'a>, at: usize, old: Option<Value>) -> Result<Option<Item>, PatchError> {
        let obeyed = self.obeyed[at].clone();
        let view = obeyed.as_ref().map_or(self.patches[at].view, |value| merge.trees.view(value));
        self.adopted[at] = merge.adopt(view, old, self.element)?;
        self.obey(merge.trees, at);
        if self.adopted[at].is_none() {
            self.laid[at] = Laid::Deleted;
            return Ok(None);
        }
        self.laid[at] = Laid::Not;
        Ok(Some(Item::Patch(at)))
    }

    fn obey(&mut self, trees: &Trees, patch: usize) {
        let view = self.patches[patch].view;
        if self.obeyed[patch].is_none() && view.get(DIRECTIVE).is_some() && directive(view).is_ok() {
            let mut value = view.value();
            value.remove_field(trees, DIRECTIVE);
            self.obeyed[patch] = Some(value);
        }
    }

    /// Says which elements of the patch are not in the result.
    fn note_losses(&self, merge: &mut Merge<'a>, order: &[Item]) {
        let present: HashSet<usize> =
            order.iter().filter_map(|item| if let Item::Target(at) = item { Some(*at) } else { None }).collect();
        let kept: HashSet<usize> =
            order.iter().filter_map(|item| if let Item::Patch(at) = item { Some(*at) } else { None }).collect();
        for (at, row) in self.patches.iter().enumerate() {
            let has_no_key = row.told.iter().all(|told| told.is_empty());
            let is_there = match self.laid[at] {
                Laid::Deleted => true,
                Laid::Over(target) => present.contains(&target),
                Laid::Not => kept.contains(&at),
            };
            if has_no_key {
                merge.lose(row.view.place(), Loss::ElementWithoutKey);
            } else if !is_there {
                merge.lose(row.view.place(), Loss::ElementDropped);
            }
        }
    }

    /// The way that kyaml takes, step by step, for lists with elements that lack a key. Quadratic, and so bounded.
    fn merge_irregular(
        &mut self,
        merge: &mut Merge<'a>,
        valid: &[usize],
        keys: usize,
    ) -> Result<Vec<Item>, PatchError> {
        let count = self.targets.len() + self.patches.len();
        if count * count > PAIRS {
            let message = format!("a list of {count} elements, some without their merge key, is too long to be merged");
            return Err(PatchError::new(self.sides.at(), message));
        }
        let tuples = self.tuples(keys);
        let all: Vec<usize> = (0..keys).collect();
        let valid = if valid.is_empty() { &all[..] } else { valid };
        let mut left: Vec<Item> = (0..self.targets.len()).map(Item::Target).collect();
        let mut added: Vec<Item> = Vec::new();
        for tuple in &tuples {
            let told: Vec<usize> = (0..keys).filter(|at| !tuple[*at].is_empty()).collect();
            let told = if told.is_empty() { &all } else { &told };
            let is_it = |row: &Row<'_>| row.view.is_map() && told.iter().all(|at| row.has(*at, &tuple[*at]));
            let target = left.iter().find(|item| is_it(self.row(**item))).map(|item| match item {
                Item::Target(at) | Item::Patch(at) => *at,
            });
            let patch = self.patches.iter().position(is_it);
            let item = self.visit(merge, target, patch)?;
            let values: Vec<&str> = valid.iter().map(|at| &*tuple[*at]).collect();
            let list = if item.is_some() { &mut added } else { &mut left };
            self.set_element(merge.trees, list, valid, &values, item)?;
        }
        if tuples.is_empty() { Ok(left) } else { self.append(merge.trees, added, &left, valid) }
    }

    /// What tells the elements apart, each once, the patch's first. Tuples that agree as far as both go are completed
    /// from each other (`mergeValues`).
    fn tuples(&self, keys: usize) -> Vec<Vec<String>> {
        let mut seen = HashSet::new();
        let all = self.rows().map(|row| row.told.iter().map(|told| told.clone().into_owned()).collect::<Vec<_>>());
        let mut tuples: Vec<Vec<String>> = all.filter(|tuple| seen.insert(tuple.clone())).collect();
        if keys > 1 {
            for i in 0..tuples.len() {
                let one = tuples[i].clone();
                for j in 0..tuples.len() {
                    if let Some(merged) = completed(&one, &tuples[j]) {
                        tuples[i].clone_from(&merged);
                        tuples[j] = merged;
                    }
                }
            }
        }
        tuples
    }

    /// `kustomize kyaml/yaml ElementSetter`: replaces or removes what matches, appends what is new, and drops what is
    /// empty. Without values it drops all that does not match.
    fn set_element(
        &self,
        trees: &Trees,
        list: &mut Vec<Item>,
        keys: &[usize],
        values: &[&str],
        new: Option<Item>,
    ) -> Result<(), PatchError> {
        let mut matched = false;
        let mut kept = Vec::with_capacity(list.len() + 1);
        for item in list.drain(..) {
            let value = self.value(item);
            let view = trees.view(&value);
            if is_void(view) {
                continue;
            }
            if !view.is_map() && values.first().is_some_and(|value| !value.is_empty()) {
                kept.push(item);
                continue;
            }
            if !view.is_map() && !values.is_empty() {
                return Err(wrong_kind(view));
            }
            let row = self.row(item);
            // A key behind the last value is not looked at, and an empty value matches any.
            let agrees = |(key, value): (&usize, &&str)| {
                if value.is_empty() { row.written[*key].is_some() } else { row.has(*key, value) }
            };
            if values.is_empty() || !keys.iter().zip(values).all(agrees) {
                if !values.is_empty() {
                    kept.push(item);
                }
                continue;
            }
            matched = true;
            kept.extend(new);
        }
        if !matched {
            kept.extend(new);
        }
        *list = kept;
        Ok(())
    }

    /// `appendListNode`: the target's elements behind, or in the place of, what was merged.
    fn append(
        &self,
        trees: &Trees,
        mut list: Vec<Item>,
        left: &[Item],
        keys: &[usize],
    ) -> Result<Vec<Item>, PatchError> {
        for item in left {
            let value = self.value(*item);
            let view = trees.view(&value);
            if !view.is_map() && !view.is_null() {
                return Err(wrong_kind(view));
            }
            let row = self.row(*item);
            let mut values: Vec<&str> = Vec::with_capacity(keys.len());
            for key in keys {
                match &row.written[*key] {
                    Some(written) => values.push(written),
                    None => list.push(*item),
                }
            }
            if keys.len() > 1 {
                self.set_element(trees, &mut list, keys, &values, None)?;
            }
            let new = (!view.is_null()).then_some(*item);
            self.set_element(trees, &mut list, keys, &values, new)?;
        }
        Ok(list)
    }
}

/// Two tuples that have one value in common and differ only where one has none, as one (`match`).
fn completed(one: &[String], other: &[String]) -> Option<Vec<String>> {
    let is_common = one.iter().zip(other).any(|(a, b)| a == b);
    let is_apart = one.iter().zip(other).any(|(a, b)| a != b && !a.is_empty() && !b.is_empty());
    let either = |(a, b): (&String, &String)| if a.is_empty() { b.clone() } else { a.clone() };
    (is_common && !is_apart).then(|| one.iter().zip(other).map(either).collect())
}

/// The directive of a list: that of the first element with `$patch`, if it holds nothing else.
fn list_directive(patch: View<'_>) -> Result<Option<Directive>, PatchError> {
    match patch.items().find(|item| item.get(DIRECTIVE).is_some()) {
        Some(item) if item.fields().count() == 1 => directive(item).map(Some),
        _ => Ok(None),
    }
}

/// Whether an element goes with the directive: it says the same, or is empty.
fn is_elided(item: View<'_>, directive: Option<Directive>) -> bool {
    let word = match directive {
        None => return false,
        Some(Directive::Merge) => "merge",
        Some(Directive::Replace) => "replace",
        Some(Directive::Delete) => "delete",
    };
    is_void(item) || item.get(DIRECTIVE).is_some_and(|said| said.written() == word)
}

/// Whether kyaml holds an element for nothing.
fn is_void(view: View<'_>) -> bool {
    view.is_null() || view.is_map() && view.fields().next().is_none()
}

fn wrong_kind(view: View<'_>) -> PatchError {
    PatchError::new(view.place(), format!("wrong node kind: expected MappingNode but got {}", node_kind(view)))
}

/// The items of a list with their origins.
fn items(trees: &Trees, list: &Value) -> Vec<Value> {
    let mut copy = list.clone();
    copy.items_mut(trees).map(std::mem::take).unwrap_or_default()
}

fn store(trees: &Trees, list: &mut Value, before: &[Value], after: Vec<Value>) {
    if !is_same(before, &after)
        && let Some(items) = list.items_mut(trees)
    {
        *items = after;
    }
}

fn is_same(before: &[Value], after: &[Value]) -> bool {
    before.len() == after.len() && before.iter().zip(after).all(|(before, after)| before.is_same(after))
}
