//! Reading values, written or made, in one way.
//!
//! Never: a copy of what is only read.

use std::borrow::Cow;
use std::sync::Arc;

use super::trees::Page;
use super::{Entry, Key, Made, MadeNode, MadeScalar, Trees, Value};
use crate::base::{FileId, NodeId, Span};
use crate::parse::{Kind, Scalar, resolve_plain};

/// A value to be read. Aliases and links are followed, merge keys are resolved.
#[derive(Clone, Copy)]
pub struct View<'t> {
    trees: &'t Trees,
    at: At<'t>,
}

#[derive(Clone, Copy)]
enum At<'t> {
    Source(&'t Page, NodeId),
    Made(&'t Arc<Made>),
}

/// One entry of a map.
#[derive(Clone, Copy)]
pub struct Field<'t> {
    key: KeyAt<'t>,
    /// Its value.
    pub value: View<'t>,
}

#[derive(Clone, Copy)]
enum KeyAt<'t> {
    Source(&'t Page, NodeId),
    Made(&'t Key),
}

impl<'t> Field<'t> {
    /// The key's text; empty where the key is no scalar.
    #[must_use]
    pub fn name(&self) -> &'t str {
        match self.key {
            KeyAt::Source(page, node) => page.text(node),
            KeyAt::Made(key) => key.text(self.value.trees),
        }
    }

    /// The key, to be kept.
    #[must_use]
    pub fn key(&self) -> Key {
        match self.key {
            KeyAt::Source(page, node) => Key::Source(page.file, node),
            KeyAt::Made(key) => key.clone(),
        }
    }

    /// The typed key: kustomize refuses keys that are not text.
    #[must_use]
    pub fn key_scalar(&self) -> Scalar<'t> {
        match self.key {
            KeyAt::Source(page, node) => page.scalar(node),
            KeyAt::Made(Key::Source(file, node)) => self.value.trees.page(*file).scalar(*node),
            KeyAt::Made(Key::Made(made)) => Scalar::Str(Cow::Borrowed(&made.0)),
        }
    }

    /// Where the key is written.
    #[must_use]
    pub fn key_place(&self) -> Span {
        match self.key {
            KeyAt::Source(page, node) => self.value.trees.span(page.file, node),
            KeyAt::Made(key) => key.place(self.value.trees),
        }
    }
}

impl<'t> View<'t> {
    pub(super) fn new(trees: &'t Trees, value: &'t Value) -> Self {
        match value {
            Value::Source(file, node) => Self::source(trees, *file, *node),
            Value::Made(made) => match &made.node {
                MadeNode::Link(value) => Self::new(trees, value),
                _ => Self { trees, at: At::Made(made) },
            },
        }
    }

    pub(super) fn source(trees: &'t Trees, file: FileId, node: NodeId) -> Self {
        Self::on(trees, trees.page(file), node)
    }

    fn on(trees: &'t Trees, page: &'t Page, node: NodeId) -> Self {
        Self { trees, at: At::Source(page, page.parsed().target(node)) }
    }

    /// The context of this view.
    #[must_use]
    pub fn trees(&self) -> &'t Trees {
        self.trees
    }

    /// The file that it stands in, with all that it holds; `None` for what rendering made.
    #[must_use]
    pub fn file(&self) -> Option<FileId> {
        match self.at {
            At::Source(page, _) => Some(page.file),
            At::Made(_) => None,
        }
    }

    /// Whether it is a map.
    #[must_use]
    pub fn is_map(&self) -> bool {
        match self.at {
            At::Source(page, node) => page.parsed().kind(node) == Kind::Map,
            At::Made(made) => matches!(made.node, MadeNode::Map(_)),
        }
    }

    /// Whether it is a list.
    #[must_use]
    pub fn is_seq(&self) -> bool {
        match self.at {
            At::Source(page, node) => page.parsed().kind(node) == Kind::Seq,
            At::Made(made) => matches!(made.node, MadeNode::Seq(_)),
        }
    }

    /// Whether it is a scalar, `null` included.
    #[must_use]
    pub fn is_scalar(&self) -> bool {
        !self.is_map() && !self.is_seq()
    }

    /// Whether it has no type of its own but what its characters say without quotes.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        match self.at {
            At::Source(..) => false,
            At::Made(made) => matches!(made.node, MadeNode::Scalar(MadeScalar::Bare(_))),
        }
    }

    /// How it is written, of which kustomize keeps more than the type; `None` for what rendering made.
    #[must_use]
    pub fn notation(&self) -> Option<Kind> {
        match self.at {
            At::Source(page, node) => Some(page.parsed().kind(node)),
            At::Made(_) => None,
        }
    }

    /// Whether it is a container that stands in brackets in its file.
    #[must_use]
    pub fn is_flow(&self) -> bool {
        match self.at {
            At::Source(page, node) => page.parsed().is_flow(node),
            At::Made(made) => made.is_flow(),
        }
    }

    /// Whether it is `null` or nothing.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.is_scalar() && self.scalar() == Scalar::Null
    }

    /// Whether nothing is written where a value was expected, so that it has no bytes of its own.
    #[must_use]
    pub fn is_unwritten(&self) -> bool {
        match self.at {
            At::Source(page, node) => {
                let range = page.parsed().range(node);
                range.start == range.end
            }
            At::Made(_) => false,
        }
    }

    /// The typed scalar; `Null` for containers.
    #[must_use]
    pub fn scalar(&self) -> Scalar<'t> {
        match self.at {
            At::Source(page, node) => page.scalar(node),
            At::Made(made) => match &made.node {
                MadeNode::Scalar(scalar) => match scalar {
                    MadeScalar::Null => Scalar::Null,
                    MadeScalar::Bool(value) => Scalar::Bool(*value),
                    MadeScalar::Int(value) => Scalar::Int(*value),
                    MadeScalar::Uint(value) => Scalar::Uint(*value),
                    MadeScalar::Float(value) => Scalar::Float(*value),
                    MadeScalar::Str(text) => Scalar::Str(Cow::Borrowed(text)),
                    MadeScalar::Bare(text) => resolve_plain(text),
                },
                _ => Scalar::Null,
            },
        }
    }

    /// The text of a scalar that is text; `None` for numbers, booleans, `null` and containers.
    #[must_use]
    pub fn as_str(&self) -> Option<&'t str> {
        match self.scalar() {
            Scalar::Str(Cow::Borrowed(text)) => Some(text),
            _ => None,
        }
    }

    /// A boolean.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.scalar() {
            Scalar::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// An integer.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self.scalar() {
            Scalar::Int(value) => Some(value),
            _ => None,
        }
    }

    /// The characters of a scalar, whatever its type: `8080` as "8080", text decoded. Empty for containers and `null`
    /// that is not written.
    #[must_use]
    pub fn written(&self) -> Cow<'t, str> {
        match self.at {
            At::Source(page, node) => Cow::Borrowed(page.text(node)),
            At::Made(made) => match &made.node {
                MadeNode::Scalar(MadeScalar::Str(text) | MadeScalar::Bare(text)) => Cow::Borrowed(text),
                MadeNode::Scalar(MadeScalar::Null) => Cow::Borrowed("null"),
                MadeNode::Scalar(MadeScalar::Bool(value)) => Cow::Owned(value.to_string()),
                MadeNode::Scalar(MadeScalar::Int(value)) => Cow::Owned(value.to_string()),
                MadeNode::Scalar(MadeScalar::Uint(value)) => Cow::Owned(value.to_string()),
                MadeNode::Scalar(MadeScalar::Float(value)) => Cow::Owned(go_float(*value)),
                _ => Cow::Borrowed(""),
            },
        }
    }

    /// The entries of a map in order, merge keys resolved (own keys win); nothing where it is no map. A key that is
    /// given twice comes twice.
    #[must_use]
    pub fn fields(&self) -> Fields<'t> {
        let rest = match self.at {
            At::Source(page, node) if page.parsed().kind(node) == Kind::Map => {
                if page.parsed().merges(node) {
                    Rest::Merged(merged_fields(self.trees, page, node, 0).into_iter())
                } else {
                    Rest::Source(page, NodeId(node.0 + 1), page.parsed().after(node))
                }
            }
            At::Made(made) => match &made.node {
                MadeNode::Map(entries) => Rest::Made(entries.iter()),
                _ => Rest::Nothing,
            },
            At::Source(..) => Rest::Nothing,
        };
        Fields { trees: self.trees, rest }
    }

    /// The items of a list; nothing where it is no list.
    #[must_use]
    pub fn items(&self) -> Items<'t> {
        let rest = match self.at {
            At::Source(page, node) if page.parsed().kind(node) == Kind::Seq => {
                RestOfList::Source(page, NodeId(node.0 + 1), page.parsed().after(node))
            }
            At::Made(made) => match &made.node {
                MadeNode::Seq(items) => RestOfList::Made(items.iter()),
                _ => RestOfList::Nothing,
            },
            At::Source(..) => RestOfList::Nothing,
        };
        Items { trees: self.trees, rest }
    }

    /// The entry with this key; the last one, where the key is given twice.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Field<'t>> {
        match self.at {
            At::Source(page, node) if page.parsed().has_plain_keys(node) => {
                let key = page.plain_key(node, name)?;
                let value = View::on(self.trees, page, NodeId(key.0 + 1));
                Some(Field { key: KeyAt::Source(page, key), value })
            }
            At::Source(..) => self.fields().filter(|field| field.name() == name).last(),
            At::Made(made) => {
                let MadeNode::Map(entries) = &made.node else { return None };
                let Entry { key, value } = entries.iter().rev().find(|entry| entry.key.text(self.trees) == name)?;
                Some(Field { key: KeyAt::Made(key), value: Self::new(self.trees, value) })
            }
        }
    }

    /// The value of this key.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<View<'t>> {
        self.field(name).map(|field| field.value)
    }

    /// The value behind several keys, one in the other.
    #[must_use]
    pub fn path<const N: usize>(&self, names: [&str; N]) -> Option<View<'t>> {
        names.iter().try_fold(*self, |at, name| at.get(name))
    }

    /// The text behind several keys.
    #[must_use]
    pub fn str_at<const N: usize>(&self, names: [&str; N]) -> Option<&'t str> {
        self.path(names)?.as_str()
    }

    /// The item at a position of a list.
    #[must_use]
    pub fn item(&self, index: usize) -> Option<View<'t>> {
        self.items().nth(index)
    }

    /// Where somebody must edit to change this value: its own bytes, or the instruction that makes them.
    #[must_use]
    pub fn place(&self) -> Span {
        match self.at {
            At::Source(page, node) => self.trees.span(page.file, node),
            At::Made(made) => made.origin.at,
        }
    }

    /// Equal as data: types and values, maps in any order.
    #[must_use]
    pub fn is_equal(&self, other: &View<'_>) -> bool {
        if self.is_map() || other.is_map() {
            let count = self.fields().count();
            return self.is_map()
                && other.is_map()
                && count == other.fields().count()
                && self.fields().all(|field| other.get(field.name()).is_some_and(|o| field.value.is_equal(&o)));
        }
        if self.is_seq() || other.is_seq() {
            let (mut mine, mut theirs) = (self.items(), other.items());
            return self.is_seq()
                && other.is_seq()
                && loop {
                    match (mine.next(), theirs.next()) {
                        (None, None) => break true,
                        (Some(a), Some(b)) if a.is_equal(&b) => {}
                        _ => break false,
                    }
                };
        }
        self.scalar() == other.scalar()
    }

    /// The value as JSON. Timestamps are text, numbers that JSON lacks are `null`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        if self.is_map() {
            return self.fields().map(|field| (field.name().to_owned(), field.value.to_json())).collect();
        }
        if self.is_seq() {
            return self.items().map(|item| item.to_json()).collect();
        }
        match self.scalar() {
            Scalar::Null => serde_json::Value::Null,
            Scalar::Bool(value) => value.into(),
            Scalar::Int(value) => value.into(),
            Scalar::Uint(value) => value.into(),
            Scalar::Float(value) => value.into(),
            Scalar::Timestamp(text) | Scalar::Str(text) => text.into_owned().into(),
        }
    }

    /// The value itself, to be kept.
    #[must_use]
    pub fn value(&self) -> Value {
        match self.at {
            At::Source(page, node) => Value::Source(page.file, node),
            At::Made(made) => Value::Made(made.clone()),
        }
    }
}

/// A finite float as Go's `strconv.FormatFloat(value, 'g', -1, 64)`.
#[must_use]
pub fn go_float(value: f64) -> String {
    let text = format!("{value:e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    match exponent.parse::<i32>() {
        Ok(-4..6) | Err(_) => value.to_string(),
        Ok(exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
        }
    }
}

/// The entries of a map, in order.
#[derive(Clone)]
pub struct Fields<'t> {
    trees: &'t Trees,
    rest: Rest<'t>,
}

#[derive(Clone)]
enum Rest<'t> {
    Nothing,
    /// The nodes from the next key to the end of the map.
    Source(&'t Page, NodeId, NodeId),
    Made(std::slice::Iter<'t, Entry>),
    Merged(std::vec::IntoIter<Field<'t>>),
}

impl<'t> Iterator for Fields<'t> {
    type Item = Field<'t>;

    #[inline]
    fn next(&mut self) -> Option<Field<'t>> {
        match &mut self.rest {
            Rest::Nothing => None,
            Rest::Source(page, key, end) => {
                let at = *key;
                if at >= *end {
                    return None;
                }
                // A map has a value for each key.
                let value = page.parsed().after(at);
                *key = page.parsed().after(value);
                Some(Field { key: KeyAt::Source(page, at), value: View::on(self.trees, page, value) })
            }
            Rest::Made(entries) => {
                let Entry { key, value } = entries.next()?;
                Some(Field { key: KeyAt::Made(key), value: View::new(self.trees, value) })
            }
            Rest::Merged(fields) => fields.next(),
        }
    }
}

/// The items of a list, in order.
#[derive(Clone)]
pub struct Items<'t> {
    trees: &'t Trees,
    rest: RestOfList<'t>,
}

#[derive(Clone)]
enum RestOfList<'t> {
    Nothing,
    /// The nodes from the next item to the end of the list.
    Source(&'t Page, NodeId, NodeId),
    Made(std::slice::Iter<'t, Value>),
}

impl<'t> Iterator for Items<'t> {
    type Item = View<'t>;

    #[inline]
    fn next(&mut self) -> Option<View<'t>> {
        match &mut self.rest {
            RestOfList::Nothing => None,
            RestOfList::Source(page, next, end) => {
                let at = *next;
                if at >= *end {
                    return None;
                }
                *next = page.parsed().after(at);
                Some(View::on(self.trees, page, at))
            }
            RestOfList::Made(items) => items.next().map(|value| View::new(self.trees, value)),
        }
    }
}

/// The fields of a map with merge keys: its own, then those of the merged maps that it lacks. Bounded in depth, since
/// a merged map may merge others.
fn merged_fields<'t>(trees: &'t Trees, page: &'t Page, map: NodeId, depth: u8) -> Vec<Field<'t>> {
    let mut own: Vec<Field<'t>> = Vec::new();
    let mut sources: Vec<View<'t>> = Vec::new();
    let written = match page.parsed().kind(map) {
        Kind::Map => Rest::Source(page, NodeId(map.0 + 1), page.parsed().after(map)),
        _ => Rest::Nothing,
    };
    for field in (Fields { trees, rest: written }) {
        if field.name() != "<<" {
            own.push(field);
        } else if field.value.is_seq() {
            sources.extend(field.value.items());
        } else {
            sources.push(field.value);
        }
    }
    if depth < 32 {
        for source in sources {
            let At::Source(page, node) = source.at else { continue };
            for field in merged_fields(trees, page, node, depth + 1) {
                if !own.iter().any(|mine| mine.name() == field.name()) {
                    own.push(field);
                }
            }
        }
    }
    own
}
