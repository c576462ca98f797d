//! Values to the bytes that kustomize prints.
//!
//! kustomize prints an object in four steps: its own YAML, decoded by go-yaml v3, as JSON (`kyaml/yaml.RNode.MarshalJSON`),
//! decoded and printed by go-yaml v2 (`sigs.k8s.io/yaml.JSONToYAML`). What a step alters or refuses is done here at once.
//!
//! Never: an intermediate text; a value is written straight to the output.

mod number;
mod order;
mod page;
mod places;
mod style;
#[cfg(test)]
pub(super) mod tests;
mod text;

pub(super) use number::json_float;

use std::borrow::Cow;

use self::page::Page;
use self::style::{Style, Use, analyze, is_plain_word};
pub(super) use self::text::{Refolded, as_decoded, from_json, is_unreadable_block, json_text, refolded};
use crate::base::Span;
use crate::model::{Field, Trees, Value, View};
use crate::parse::{Kind, Scalar};

/// Why kustomize cannot print an object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct EmitError {
    /// The key or value that it refuses.
    pub(super) at: Span,
    /// In one line, without a final dot.
    pub(super) message: String,
}

/// Appends one object to `out`. What was written before an error stays there.
pub(super) fn document(trees: &Trees, view: View<'_>, out: &mut String) -> Result<(), EmitError> {
    debug_assert!(std::ptr::eq(trees, view.trees()));
    let mut emitter = Emitter { page: Page::new(out), fields: Vec::new(), is_in_flow: false, marks: None };
    emitter.node(view, -1, Place::Item)?;
    emitter.page.end();
    Ok(())
}

/// Whether a text that is the value of a field is printed without quotes and in one line.
pub(super) fn is_plain(text: &str) -> bool {
    is_plain_word(text) || analyze(text).style(text, Use::Value) == Style::Plain
}

/// Where something in the output comes from: the byte that it starts at, and the place.
pub(super) type Mark = (usize, Span);

/// As [`stream`], with the place of every key and scalar.
pub(super) fn marked_stream<'v>(
    trees: &Trees,
    values: impl Iterator<Item = &'v Value>,
) -> Result<(String, Vec<Mark>), EmitError> {
    let (mut out, mut marks) = (String::new(), Vec::new());
    for (count, value) in values.enumerate() {
        if count > 0 {
            out.push_str("---\n");
        }
        let mut emitter =
            Emitter { page: Page::new(&mut out), fields: Vec::new(), is_in_flow: false, marks: Some(&mut marks) };
        emitter.node(trees.view(value), -1, Place::Item)?;
        emitter.page.end();
    }
    Ok((out, marks))
}

/// All objects as one stream, as `kustomize build` prints it.
pub(super) fn stream<'v>(trees: &Trees, values: impl Iterator<Item = &'v Value>) -> Result<String, EmitError> {
    let mut out = String::new();
    for (count, value) in values.enumerate() {
        if count > 0 {
            out.push_str("---\n");
        }
        document(trees, trees.view(value), &mut out)?;
    }
    Ok(out)
}

/// The entries of a map as kustomize prints them: sorted, refused where a key is no text or is given twice.
/// They are pushed to `fields`, behind what is there.
pub(super) fn sorted_fields<'t>(view: View<'t>, keys: Keys, fields: &mut Vec<Keyed<'t>>) -> Result<(), EmitError> {
    let first = fields.len();
    // go-yaml v2 takes the key for a merge when it reads the JSON, and merges nothing.
    fields.extend(view.fields().map(|field| Keyed { name: field.name(), field }).filter(|keyed| keyed.name != "<<"));
    let own = &mut fields[first..];
    for keyed in own.iter() {
        let is_read = match keyed.field.key_scalar() {
            Scalar::Str(_) => true,
            Scalar::Null => false,
            _ => keys == Keys::OfObject,
        };
        if !is_read {
            let message = format!("the key `{}` is no text: kustomize prints text keys only", keyed.name);
            return Err(EmitError { at: keyed.field.key_place(), message });
        }
    }
    order::sort(own);
    match own.windows(2).find(|pair| pair[0].name == pair[1].name) {
        Some(pair) => Err(EmitError {
            at: pair[1].field.key_place(),
            message: format!("the key `{}` is given twice in this map", pair[1].name),
        }),
        None => Ok(()),
    }
}

/// Which map keys are those of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// The whole object's: Go reads it into a map by text, so that a number is text there.
    OfObject,
    /// Any other map's.
    Below,
}

/// An entry of a map with the text of its key at hand.
#[derive(Clone, Copy)]
pub(super) struct Keyed<'t> {
    pub(super) name: &'t str,
    pub(super) field: Field<'t>,
}

/// The text that kustomize makes of a scalar between brackets, because it writes it in quotes on the way: nothing at all,
/// and a time with its colons, are none to it when it reads them again.
pub(super) fn quoted_in_flow(view: View<'_>, is_in_flow: bool) -> Option<Cow<'_, str>> {
    if !is_in_flow || !(view.notation() == Some(Kind::Plain) || view.is_bare()) {
        return None;
    }
    match view.scalar() {
        Scalar::Null => Some(view.written()).filter(|written| written.is_empty()),
        Scalar::Timestamp(time) => Some(time).filter(|time| time.contains(':')),
        _ => None,
    }
}

/// Where a node stands; lists are not indented under their key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Item,
    Value,
}

struct Emitter<'t, 'o> {
    page: Page<'o>,
    /// The entries of the maps that are being written, the innermost last.
    fields: Vec<Keyed<'t>>,
    /// Whether a container around is in brackets in its file; all in it is then in brackets on kustomize's way.
    is_in_flow: bool,
    /// Where what is written comes from, if somebody wants to know.
    marks: Option<&'o mut Vec<Mark>>,
}

impl<'t> Emitter<'t, '_> {
    fn mark(&mut self, at: impl FnOnce() -> Span) {
        if let Some(marks) = &mut self.marks {
            marks.push((self.page.len(), at()));
        }
    }

    /// Writes a node; `indent` is that of the container around it, -1 where there is none.
    fn node(&mut self, view: View<'t>, indent: isize, place: Place) -> Result<(), EmitError> {
        if view.is_scalar() {
            self.page.set_indent(if indent < 0 { 2 } else { indent + 2 });
            return self.scalar(view);
        }
        let around = self.is_in_flow;
        self.is_in_flow |= view.is_flow();
        if view.is_map() {
            self.map(view, if indent < 0 { 0 } else { indent + 2 })?;
        } else {
            let indent = match place {
                Place::Value if !self.page.is_indented() => indent,
                _ if indent < 0 => 0,
                _ => indent + 2,
            };
            self.seq(view, indent)?;
        }
        self.is_in_flow = around;
        Ok(())
    }

    /// Writes a node of the container `around`.
    fn entry(&mut self, view: View<'t>, indent: isize, place: Place) -> Result<(), EmitError> {
        if let Some(text) = quoted_in_flow(view, self.is_in_flow) {
            self.mark(|| view.place());
            self.page.text(&text, &style::analyze(&text), Use::Value);
            return Ok(());
        }
        self.node(view, indent, place)
    }

    fn map(&mut self, view: View<'t>, indent: isize) -> Result<(), EmitError> {
        let first = self.fields.len();
        let keys = if first == 0 { Keys::OfObject } else { Keys::Below };
        sorted_fields(view, keys, &mut self.fields)?;
        let end = self.fields.len();
        if first == end {
            self.mark(|| view.place());
            self.page.empty("{}");
        }
        for at in first..end {
            let Keyed { name, field } = self.fields[at];
            self.page.set_indent(indent);
            self.page.next_line();
            self.mark(|| field.key_place());
            self.key(name, field, indent)?;
            self.entry(field.value, indent, Place::Value)?;
        }
        self.fields.truncate(first);
        Ok(())
    }

    fn key(&mut self, name: &'t str, field: Field<'t>, indent: isize) -> Result<(), EmitError> {
        if is_plain_word(name) && name.len() <= style::SIMPLE_KEY {
            self.page.word(name);
            self.page.colon();
            return Ok(());
        }
        if !text::is_json_key(name) {
            let message = "kustomize cannot print a key of more than 1,024 characters or with a NEL".to_owned();
            return Err(EmitError { at: field.key_place(), message });
        }
        let name = printable(Cow::Borrowed(name), || field.key_place())?;
        let shape = style::analyze(&name);
        if shape.is_simple_key(&name) {
            self.page.set_indent(indent + 2);
            self.page.text(&name, &shape, Use::SimpleKey);
            self.page.colon();
        } else {
            self.page.indicator("?", page::Behind::Indention);
            self.page.set_indent(indent + 2);
            self.page.text(&name, &shape, Use::Value);
            self.page.set_indent(indent);
            self.page.next_line();
            self.page.indicator(":", page::Behind::Indention);
        }
        Ok(())
    }

    fn seq(&mut self, view: View<'t>, indent: isize) -> Result<(), EmitError> {
        let mut is_empty = true;
        for item in view.items() {
            is_empty = false;
            self.page.set_indent(indent);
            self.page.next_line();
            self.page.indicator("-", page::Behind::Indention);
            self.entry(item, indent, Place::Item)?;
        }
        if is_empty {
            self.mark(|| view.place());
            self.page.empty("[]");
        }
        Ok(())
    }

    /// Marks the lines of a text that is written as a block since `start`, where the lines are also written so.
    fn mark_lines(&mut self, view: View<'t>, start: usize) {
        let Some(marks) = &mut self.marks else { return };
        let written = self.page.since(start);
        if !written.trim_start_matches(' ').starts_with('|') {
            return;
        }
        let ends = written.match_indices('\n').map(|(at, _)| start + at + 1);
        marks.extend(ends.zip(places::of_lines(view)));
    }

    fn scalar(&mut self, view: View<'t>) -> Result<(), EmitError> {
        // What is not written has its line from its key.
        if !view.is_unwritten() {
            self.mark(|| view.place());
        }
        match view.scalar() {
            Scalar::Str(text) if is_plain_word(&text) => self.page.word(&text),
            Scalar::Str(text) => {
                // Nothing is folded between brackets.
                let decoded = if self.is_in_flow { text } else { as_decoded(view, text) };
                let text = printable(decoded, || view.place())?;
                let shape = style::analyze(&text);
                let start = self.page.len();
                self.page.text(&text, &shape, Use::Value);
                self.mark_lines(view, start);
            }
            Scalar::Null => self.page.word("null"),
            Scalar::Bool(true) => self.page.word("true"),
            Scalar::Bool(false) => self.page.word("false"),
            Scalar::Int(value) => self.page.display(value),
            Scalar::Uint(value) => self.page.display(value),
            Scalar::Float(value) if value.is_finite() => self.page.word(&number::float(value)),
            Scalar::Float(_) => {
                return Err(EmitError {
                    at: view.place(),
                    message: format!("kustomize cannot print the number `{}`", view.written()),
                });
            }
            Scalar::Timestamp(text) => {
                let time = json_time(view, &text)?;
                self.page.text(&time, &style::analyze(&time), Use::Value);
            }
        }
        Ok(())
    }
}

/// A time as JSON holds it.
pub(super) fn json_time(view: View<'_>, time: &str) -> Result<String, EmitError> {
    number::rfc3339(time)
        .ok_or_else(|| EmitError { at: view.place(), message: format!("the time zone of `{time}` is out of range") })
}

/// The text as go-yaml v2 reads it from JSON: some control characters are refused, NEL is a line break.
fn printable<'t>(text: Cow<'t, str>, at: impl Fn() -> Span) -> Result<Cow<'t, str>, EmitError> {
    match text::from_json(&text) {
        Ok(None) => Ok(text),
        Ok(Some(read)) => Ok(Cow::Owned(read)),
        Err(char) => Err(EmitError {
            at: at(),
            message: format!("kustomize cannot print text with the control character U+{:04X}", u32::from(char)),
        }),
    }
}
