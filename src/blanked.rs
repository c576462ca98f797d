//! Copies of objects as they may be shown: without the values of Secrets and without what is redacted, wherever rendering
//! took it from.
//!
//! Never: a value of a Secret, harmless as it may look; a copy that hides that a value changed.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::base::{Span, TextRange};
use crate::model::{Entry, Field, How, Key, MadeScalar, Origin, Trees, Value, View};
use crate::parse::Kind;

/// What stands for a value that must not be shown.
const BLANK: &str = "[redacted]";

/// The same where the base has another one in its place.
const OTHER: &str = "[redacted (changed)]";

/// The fields of a Secret that hold its values.
const MAPS: [&str; 2] = ["data", "stringData"];

/// The hidden values of one object, by their paths. They are kept to be compared, and never leave this file.
#[derive(Default)]
pub(crate) struct Hidden(BTreeMap<String, BTreeSet<String>>);

/// How the items of a list are known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Items {
    /// By their names: one that moves is not another one.
    ByName,
    /// By their numbers.
    ByNumber,
}

/// The copy of a value, with what it hides. Hidden values that `before` has at the same path otherwise are marked.
/// All secrets must be redacted before.
pub(crate) fn copy(trees: &Trees, value: &Value, before: Option<&Hidden>, items: Items) -> (Value, Hidden) {
    let mut copier = Copier { trees, before, items, path: Vec::new(), hidden: Hidden::default() };
    let copied = copier.value(trees.view(value), Within::Open).unwrap_or_else(|| value.clone());
    (copied, copier.hidden)
}

/// Whether a value lies in a Secret.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Open,
    Secret,
}

struct Copier<'a> {
    trees: &'a Trees,
    before: Option<&'a Hidden>,
    items: Items,
    path: Vec<String>,
    hidden: Hidden,
}

impl Copier<'_> {
    /// The copy; `None` where it is the value itself.
    fn value(&mut self, view: View<'_>, within: Within) -> Option<Value> {
        let origin = Origin::within(view.place());
        if view.is_map() {
            let is_secret = view.str_at(["kind"]) == Some("Secret");
            let mut fields = Vec::new();
            for field in view.fields() {
                let is_held = is_secret && MAPS.contains(&field.name());
                let within = if is_held { Within::Secret } else { within };
                self.path.push(field.name().to_owned());
                let key = self.key(&field, &fields);
                fields.push((field, key, self.value(field.value, within)));
                self.path.pop();
            }
            let any = fields.iter().any(|(_, key, value)| key.is_some() || value.is_some());
            let entry = |(field, key, value): (Field<'_>, Option<Key>, Option<Value>)| Entry {
                key: key.unwrap_or_else(|| field.key()),
                value: value.unwrap_or_else(|| field.value.value()),
            };
            return any.then(|| Value::map(fields.into_iter().map(entry).collect(), origin));
        }
        if view.is_seq() {
            let mut items = Vec::new();
            for (row, item) in view.items().enumerate() {
                self.path.push(self.item(item, row));
                items.push((item, self.value(item, within)));
                self.path.pop();
            }
            let any = items.iter().any(|(_, value)| value.is_some());
            let item = |(item, value): (View<'_>, Option<Value>)| value.unwrap_or_else(|| item.value());
            return any.then(|| Value::seq(items.into_iter().map(item).collect(), origin));
        }
        let shown = self.scalar(view, within)?;
        Some(Value::scalar(MadeScalar::Str(shown.into()), origin))
    }

    /// A key that must not be shown, under a name that no other field has.
    fn key(&self, field: &Field<'_>, others: &[(Field<'_>, Option<Key>, Option<Value>)]) -> Option<Key> {
        let Key::Source(..) = field.key() else { return None };
        let at = field.key_place();
        if self.trees.sources().blanked(at).is_empty() {
            return None;
        }
        let before = others.iter().filter(|(_, key, _)| key.is_some()).count();
        let name = if before == 0 { BLANK.to_owned() } else { format!("{BLANK} {}", before + 1) };
        Some(Key::made(&name, at))
    }

    fn item(&self, item: View<'_>, row: usize) -> String {
        let name = ["name", "key", "id"].iter().find_map(|name| item.str_at([*name]));
        match (self.items, name) {
            (Items::ByNumber, _) => row.to_string(),
            (Items::ByName, Some(name)) => format!("[{name}]"),
            (Items::ByName, None) => "[]".to_owned(),
        }
    }

    /// What is shown of a scalar; `None` where all of it may be.
    fn scalar(&mut self, view: View<'_>, within: Within) -> Option<String> {
        if view.is_null() {
            return None;
        }
        let text = view.written();
        let hidden = match within {
            Within::Secret => std::iter::once(0..text.len()).collect(),
            Within::Open => hidden(view, &text),
        };
        if hidden.is_empty() {
            return None;
        }
        let path = self.path.join("\0");
        let before = self.before.and_then(|before| before.0.get(&path));
        let mut shown = String::new();
        let mut from = 0;
        for range in hidden {
            let value = &text[range.clone()];
            shown.push_str(&text[from..range.start]);
            let is_other = before.is_some_and(|before| !before.contains(value));
            shown.push_str(if is_other { OTHER } else { BLANK });
            self.hidden.0.entry(path.clone()).or_default().insert(value.to_owned());
            from = range.end;
        }
        shown.push_str(&text[from..]);
        Some(shown)
    }
}

/// The parts of a scalar's text that must not be shown, sorted; all of it where they are not found one by one.
fn hidden(view: View<'_>, text: &str) -> Vec<Range<usize>> {
    let all = || std::iter::once(0..text.len()).collect();
    if is_made_of_hidden(view) {
        return all();
    }
    let (trees, sources) = (view.trees(), view.trees().sources());
    let at = extent(view);
    let blanked = sources.blanked(at);
    if blanked.is_empty() {
        return Vec::new();
    }
    if view.notation() == Some(Kind::Literal)
        && let Some(file) = trees.embedded(view)
    {
        return lines(text, |range| {
            let at = sources.outermost(Span { file, range });
            (sources.slice(at).to_owned(), at, sources.blanked(at))
        });
    }
    let written = sources.slice(at);
    let Some(start) = written.find(text).filter(|_| !text.is_empty()) else { return all() };
    let found = moved(&blanked, at.range.start as usize + start, text);
    // A part beside the text may be one that its escapes hide.
    if found.is_empty() || found.iter().any(|part| is_cut(text, part)) { all() } else { found }
}

/// The hidden parts of a block, line by line; the whole line where it is not written as it is.
fn lines(text: &str, look: impl Fn(TextRange) -> (String, Span, Vec<TextRange>)) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\n', '\r']);
        let range = start..start + bare.len();
        start += line.len();
        if bare.trim().is_empty() {
            continue;
        }
        let (written, at, blanked) = look(TextRange::new(range.start as u32, range.end as u32));
        if blanked.is_empty() {
            continue;
        }
        let indent = bare.len() - bare.trim_start().len();
        let whole = range.start + indent..range.end;
        let parts = match written == bare {
            true => moved(&blanked, at.range.start as usize, bare),
            false => Vec::new(),
        };
        if parts.is_empty() || parts.iter().any(|part| is_cut(bare, part)) {
            found.push(whole);
        } else {
            found.extend(parts.into_iter().map(|part| range.start + part.start..range.start + part.end));
        }
    }
    found
}

/// Ranges of a file as ranges of a text that begins at `start` there, as far as they lie in it.
fn moved(ranges: &[TextRange], start: usize, text: &str) -> Vec<Range<usize>> {
    let inside = |at: u32| (at as usize).saturating_sub(start).min(text.len());
    let moved = ranges.iter().map(|range| inside(range.start)..inside(range.end));
    moved.filter(|range| range.start < range.end).collect()
}

/// Whether a part begins or ends within a character.
fn is_cut(text: &str, part: &Range<usize>) -> bool {
    !text.is_char_boundary(part.start) || !text.is_char_boundary(part.end)
}

/// Whether a text was put together with something that must not be shown.
fn is_made_of_hidden(view: View<'_>) -> bool {
    let value = view.value();
    let Some(set) = value.origin().and_then(|origin| origin.set.as_ref()) else { return false };
    // The others take the place of what was there before, or add what is no secret.
    let is_joined = matches!(set.how, How::Replacement | How::Variable | How::Substitution);
    is_joined && set.from.iter().chain(&set.with).any(|part| is_any_hidden(view.trees().view(part)))
}

fn is_any_hidden(view: View<'_>) -> bool {
    if view.is_scalar() {
        return is_made_of_hidden(view) || !view.trees().sources().blanked(extent(view)).is_empty();
    }
    view.fields().any(|field| is_any_hidden(field.value)) || view.items().any(is_any_hidden)
}

/// The bytes that a value came from: all of its file, where a generator took that as a whole.
pub(crate) fn extent(view: View<'_>) -> Span {
    let (at, value) = (view.place(), view.value());
    let set = value.origin().and_then(|origin| origin.set.as_ref());
    if set.is_some_and(|set| set.how == How::Generator) && at == view.trees().top(at.file) {
        let end = view.trees().sources().text(at.file).len() as u32;
        return Span { range: TextRange::new(0, end), ..at };
    }
    at
}
