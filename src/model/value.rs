//! Values that know who wrote them, shared copy-on-write.
//!
//! Never: an origin stored for a value that stands in a file; its address is its origin.

use std::sync::Arc;

use super::{Origin, Trees};
use crate::base::{FileId, NodeId, Span};
use crate::parse::{Kind, Parsed, Scalar};

/// A YAML value: a node of a file, or one that rendering made. 16 bytes; a clone shares everything below.
#[derive(Clone, Debug)]
pub enum Value {
    /// Written in a file; its origin is this address.
    Source(FileId, NodeId),
    /// Made by rendering: itself new, or holding something new.
    Made(Arc<Made>),
}

/// A made value with its origin.
#[derive(Clone, Debug)]
pub struct Made {
    /// The value.
    pub node: MadeNode,
    /// Who made it.
    pub origin: Origin,
    /// Whether it is a container that stands in brackets in the file it was copied from.
    is_flow: bool,
}

impl Made {
    /// Whether it is a container that stands in brackets in the file it was copied from.
    pub(super) fn is_flow(&self) -> bool {
        self.is_flow
    }
}

/// What a made value is.
#[derive(Clone, Debug)]
pub enum MadeNode {
    /// A scalar.
    Scalar(MadeScalar),
    /// A list.
    Seq(Vec<Value>),
    /// A map, in order.
    Map(Vec<Entry>),
    /// Another value as it is, put here by the origin's step (a patch's value in place of the base's).
    Link(Value),
}

/// A scalar that stands in no file.
#[derive(Clone, PartialEq, Debug)]
pub enum MadeScalar {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An integer above `i64::MAX`.
    Uint(u64),
    /// Any other number.
    Float(f64),
    /// Text.
    Str(Arc<str>),
    /// Characters that kustomize wrote without a type: they are what they say without quotes.
    Bare(Arc<str>),
}

impl From<Scalar<'_>> for MadeScalar {
    fn from(scalar: Scalar<'_>) -> Self {
        match scalar {
            Scalar::Null => Self::Null,
            Scalar::Bool(value) => Self::Bool(value),
            Scalar::Int(value) => Self::Int(value),
            Scalar::Uint(value) => Self::Uint(value),
            Scalar::Float(value) => Self::Float(value),
            Scalar::Timestamp(text) | Scalar::Str(text) => Self::Str((&*text).into()),
        }
    }
}

/// One entry of a made map.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its key.
    pub key: Key,
    /// Its value.
    pub value: Value,
}

/// A key of a made map. 16 bytes.
#[derive(Clone, Debug)]
pub enum Key {
    /// Written in a file.
    Source(FileId, NodeId),
    /// Made: the text, and the bytes that made it.
    Made(Arc<(Box<str>, Span)>),
}

impl Key {
    /// A key that the instruction at `by` makes.
    #[must_use]
    pub fn made(text: &str, by: Span) -> Self {
        Self::Made(Arc::new((text.into(), by)))
    }

    /// The text of the key.
    #[must_use]
    pub fn text<'t>(&'t self, trees: &'t Trees) -> &'t str {
        match self {
            Self::Source(file, node) => trees.page(*file).text(*node),
            Self::Made(made) => &made.0,
        }
    }

    /// Where the key is written.
    #[must_use]
    pub fn place(&self, trees: &Trees) -> Span {
        match self {
            Self::Source(file, node) => trees.span(*file, *node),
            Self::Made(made) => made.1,
        }
    }
}

impl Value {
    /// A made scalar.
    #[must_use]
    pub fn scalar(scalar: MadeScalar, origin: Origin) -> Self {
        Self::made(MadeNode::Scalar(scalar), origin)
    }

    /// Made text.
    #[must_use]
    pub fn text(text: &str, origin: Origin) -> Self {
        Self::scalar(MadeScalar::Str(text.into()), origin)
    }

    /// A made map.
    #[must_use]
    pub fn map(entries: Vec<Entry>, origin: Origin) -> Self {
        Self::made(MadeNode::Map(entries), origin)
    }

    /// A made list.
    #[must_use]
    pub fn seq(items: Vec<Value>, origin: Origin) -> Self {
        Self::made(MadeNode::Seq(items), origin)
    }

    /// A node of a text that stands in no file, with all below it. What is below has the origin's bytes.
    #[must_use]
    pub fn parsed(parsed: &Parsed, text: &str, at: NodeId, origin: Origin) -> Self {
        let inner = |node| Self::parsed(parsed, text, node, Origin::within(origin.at));
        match parsed.kind(at) {
            Kind::Seq => Self::seq(parsed.children(at).map(inner).collect(), origin),
            Kind::Map => {
                let mut children = parsed.children(at);
                let mut entries = Vec::new();
                while let (Some(key), Some(value)) = (children.next(), children.next()) {
                    let key = Key::made(parsed.text(text, key), origin.at);
                    entries.push(Entry { key, value: inner(value) });
                }
                Self::map(entries, origin)
            }
            _ => Self::scalar(parsed.scalar(text, at).into(), origin),
        }
    }

    /// `value` as it is, with the step that put it here. The place stays where `value` is written.
    #[must_use]
    pub fn link(trees: &Trees, value: Value, how: super::How, by: Span, from: Option<Value>) -> Self {
        let at = trees.view(&value).place();
        let from = from.and_then(|from| from.written(trees));
        Self::made(MadeNode::Link(value), Origin::set(at, how, by, from))
    }

    /// The value, unless nothing is written there: what is set over that is set over nothing.
    #[must_use]
    pub fn written(self, trees: &Trees) -> Option<Self> {
        (!trees.view(&self).is_unwritten()).then_some(self)
    }

    fn made(node: MadeNode, origin: Origin) -> Self {
        Self::Made(Arc::new(Made { node, origin, is_flow: false }))
    }

    /// The entries of a map, to be changed; `None` where this is no map. A map of a file is copied one level deep
    /// first (its values stay shared), and a shared made map likewise. Merge keys are resolved by this.
    pub fn entries_mut(&mut self, trees: &Trees) -> Option<&mut Vec<Entry>> {
        if !trees.view(self).is_map() {
            return None;
        }
        match &mut self.own(trees).node {
            MadeNode::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items of a list, to be changed; `None` where this is no list. Copies as [`Self::entries_mut`].
    pub fn items_mut(&mut self, trees: &Trees) -> Option<&mut Vec<Value>> {
        if !trees.view(self).is_seq() {
            return None;
        }
        match &mut self.own(trees).node {
            MadeNode::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// This container as a made one that nobody else holds.
    fn own(&mut self, trees: &Trees) -> &mut Made {
        let shared = match self {
            Self::Made(made) => matches!(made.node, MadeNode::Link(_)),
            Self::Source(..) => true,
        };
        if shared {
            let view = trees.view(self);
            let set = self.origin().and_then(|origin| origin.set.clone());
            let origin = Origin { at: view.place(), set };
            let is_flow = view.is_flow();
            *self = Self::Made(Arc::new(Made { node: self.one_level(trees), origin, is_flow }));
        }
        match self {
            Self::Made(made) => Arc::make_mut(made),
            Self::Source(..) => unreachable!("a shared value was copied above"),
        }
    }

    /// A copy of this container, one level deep. The links of a made one stay: they hold its values' histories.
    fn one_level(&self, trees: &Trees) -> MadeNode {
        match self.unlinked() {
            Self::Made(made) => made.node.clone(),
            source @ Self::Source(..) if trees.view(source).is_map() => {
                let fields = trees.view(source).fields();
                MadeNode::Map(fields.map(|field| Entry { key: field.key(), value: field.value.value() }).collect())
            }
            source @ Self::Source(..) => MadeNode::Seq(trees.view(source).items().map(|item| item.value()).collect()),
        }
    }

    /// What the links lead to.
    fn unlinked(&self) -> &Self {
        let mut at = self;
        while let Self::Made(made) = at
            && let MadeNode::Link(inner) = &made.node
        {
            at = inner;
        }
        at
    }

    /// The value of this key (the last one, where it is given twice), with the steps that put it there, which a view
    /// looks through.
    #[must_use]
    pub fn field(&self, trees: &Trees, name: &str) -> Option<Self> {
        if let Self::Made(made) = self.unlinked() {
            let MadeNode::Map(entries) = &made.node else { return None };
            return entries.iter().rfind(|entry| entry.key.text(trees) == name).map(|entry| entry.value.clone());
        }
        trees.view(self).get(name).map(|found| found.value())
    }

    /// The item at a position of a list, likewise.
    #[must_use]
    pub fn item(&self, trees: &Trees, index: usize) -> Option<Self> {
        if let Self::Made(made) = self.unlinked() {
            let MadeNode::Seq(items) = &made.node else { return None };
            return items.get(index).cloned();
        }
        trees.view(self).item(index).map(|found| found.value())
    }

    /// The same value, set over `before`, which is what the chain of steps then goes on with. Only for what an
    /// instruction set over nothing.
    #[must_use]
    pub fn over(mut self, before: Self) -> Self {
        if let Self::Made(made) = &mut self
            && let Some(set) = &made.origin.set
            && set.from.is_none()
        {
            let set = super::Set { from: Some(before), ..(**set).clone() };
            Arc::make_mut(made).origin.set = Some(Arc::new(set));
        }
        self
    }

    /// Sets a field of a map, in its place if the map has the key (the first such), else at the end. Does nothing
    /// where this is no map.
    pub fn set_field(&mut self, trees: &Trees, key: Key, value: Value) {
        let at = self.position(trees, key.text(trees));
        let Some(entries) = self.entries_mut(trees) else { return };
        match at {
            Some(at) => entries[at].value = value,
            None => entries.push(Entry { key, value }),
        }
    }

    /// Removes a field of a map and gives it back.
    pub fn remove_field(&mut self, trees: &Trees, key: &str) -> Option<Value> {
        let at = self.position(trees, key)?;
        Some(self.entries_mut(trees)?.remove(at).value)
    }

    /// Changes the field `key` of a map in place. `change` gets the value and may alter it.
    /// Gives `None`, and copies nothing, where there is no such field.
    pub fn update_field<R>(&mut self, trees: &Trees, key: &str, change: impl FnOnce(&mut Value) -> R) -> Option<R> {
        let at = self.position(trees, key)?;
        Some(change(&mut self.entries_mut(trees)?.get_mut(at)?.value))
    }

    /// The position of the first field of a map with this key.
    fn position(&self, trees: &Trees, key: &str) -> Option<usize> {
        trees.view(self).fields().position(|field| field.name() == key)
    }

    /// The origin of a made value.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Source(..) => None,
            Self::Made(made) => Some(&made.origin),
        }
    }

    /// Whether two values are the same one (not: equal ones).
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Source(file, node), Self::Source(other, at)) => file == other && node == at,
            (Self::Made(made), Self::Made(other)) => Arc::ptr_eq(made, other),
            _ => false,
        }
    }
}

/// What a value is known by: where it stands, or the memory it was made in. It holds for as long as the value is kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Address {
    /// A node of a file.
    Source(FileId, NodeId),
    /// A value that was made.
    Made(usize),
}

impl Address {
    /// The address of a value.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Source(file, node) => Self::Source(*file, *node),
            Value::Made(made) => Self::Made(Arc::as_ptr(made).addr()),
        }
    }
}

const _: () = assert!(size_of::<Value>() == 16 && size_of::<Key>() == 16);
