//! The result of parsing one content: a preorder arena of 16-byte nodes.
//!
//! Never: a decoded copy of what can be read from the text; only scalars with escapes, folds or several lines own text.

use std::borrow::Cow;

use super::Scalar;
use super::scalar::{binary, resolve_plain, resolve_tagged};
use crate::base::{NodeId, TextRange};

/// What a node is. Scalars keep their notation: it decides their type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A scalar without quotes, or nothing at all where a value was expected.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
    /// A list.
    Seq,
    /// A map: key, value, key, value.
    Map,
    /// `*name`; see [`Parsed::target`].
    Alias,
}

impl Kind {
    /// Whether it is a scalar in any notation.
    #[must_use]
    pub fn is_scalar(self) -> bool {
        !matches!(self, Self::Seq | Self::Map | Self::Alias)
    }
}

/// A tag that changes what a node means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tag {
    /// None was written.
    None,
    /// `!!str`
    Str,
    /// `!!int`
    Int,
    /// `!!float`
    Float,
    /// `!!bool`
    Bool,
    /// `!!null`
    Null,
    /// `!!binary`
    Binary,
    /// `!!timestamp`
    Timestamp,
    /// Any other.
    Other,
}

/// A node: 16 bytes. A container's children follow it, up to the node at `link`.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    pub(super) start: u32,
    pub(super) end: u32,
    /// Container: the node behind its last. Alias: its target. Scalar: 1 + its row in the decoded texts, or 0 where its
    /// bytes are its text.
    pub(super) link: u32,
    pub(super) kind: Kind,
    pub(super) tag: Tag,
    pub(super) flags: u8,
}

const _: () = assert!(size_of::<Node>() == 16);

impl Node {
    pub(super) const FLOW: u8 = 1;
    pub(super) const MERGES: u8 = 2;
    pub(super) const ANCHORED: u8 = 4;
    pub(super) const PLAIN_KEYS: u8 = 8;
}

/// One document of the stream.
#[derive(Clone, Copy, Debug)]
pub struct Document {
    /// Its root; `None` where it is empty or broken.
    pub root: Option<NodeId>,
    /// From its start marker (or first byte) to its end.
    pub range: TextRange,
}

/// What is wrong with a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParseProblemKind {
    /// It is not YAML; the rest of this document is lost.
    Syntax,
    /// The same; and the text looks like a template that makes YAML.
    Template,
    /// YAML that go-yaml refuses, and with it kustomize and the controllers; nothing of the document is lost.
    Refused,
    /// A key that the map already has.
    DuplicateKey,
    /// Too deep, too large, or aliases that would grow too large.
    Limit,
}

/// A problem of one content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseProblem {
    /// Its kind.
    pub kind: ParseProblemKind,
    /// The bytes to mend; for a duplicate key the second one.
    pub at: TextRange,
    /// For a duplicate key the first one.
    pub first: Option<TextRange>,
    /// In one line, without a final dot.
    pub message: String,
}

/// One content, parsed. A value of its text alone.
#[derive(Debug, Default)]
pub struct Parsed {
    pub(super) nodes: Box<[Node]>,
    pub(super) decoded: Box<[Box<str>]>,
    pub(super) documents: Box<[Document]>,
    pub(super) comments: Box<[TextRange]>,
    pub(super) problems: Box<[ParseProblem]>,
}

impl Parsed {
    /// The documents, in order.
    #[must_use]
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// The comments, in order, each from its `#` to the end of the line.
    #[must_use]
    pub fn comments(&self) -> &[TextRange] {
        &self.comments
    }

    /// What is wrong with the text.
    #[must_use]
    pub fn problems(&self) -> &[ParseProblem] {
        &self.problems
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no node at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// What a node is.
    #[must_use]
    #[inline]
    pub fn kind(&self, node: NodeId) -> Kind {
        self.node(node).kind
    }

    /// The tag of a node.
    #[must_use]
    pub fn tag(&self, node: NodeId) -> Tag {
        self.node(node).tag
    }

    /// The bytes of a node: a scalar with its quotes, a container from its first key or bracket to its last byte.
    #[must_use]
    #[inline]
    pub fn range(&self, node: NodeId) -> TextRange {
        let node = self.node(node);
        TextRange::new(node.start, node.end)
    }

    /// Whether a container is written with brackets.
    #[must_use]
    pub fn is_flow(&self, node: NodeId) -> bool {
        self.node(node).flags & Node::FLOW != 0
    }

    /// Whether a map has a merge key (`<<`).
    #[must_use]
    #[inline]
    pub fn merges(&self, node: NodeId) -> bool {
        self.node(node).flags & Node::MERGES != 0
    }

    /// Whether a map has no merge key, and every key is a scalar that stands there once.
    #[must_use]
    #[inline]
    pub fn has_plain_keys(&self, node: NodeId) -> bool {
        self.node(node).flags & Node::PLAIN_KEYS != 0
    }

    /// Whether the node carries an anchor.
    #[must_use]
    pub fn is_anchored(&self, node: NodeId) -> bool {
        self.node(node).flags & Node::ANCHORED != 0
    }

    /// The node that an alias stands for; the node itself where it is none.
    #[must_use]
    #[inline]
    pub fn target(&self, node: NodeId) -> NodeId {
        let found = self.node(node);
        if found.kind == Kind::Alias { NodeId(found.link) } else { node }
    }

    /// The node behind `node` and all that is in it.
    #[must_use]
    #[inline]
    pub fn after(&self, node: NodeId) -> NodeId {
        let found = self.node(node);
        match found.kind {
            Kind::Seq | Kind::Map => NodeId(found.link),
            _ => NodeId(node.0 + 1),
        }
    }

    /// The direct children of a container: items, or key, value, key, value.
    pub fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> {
        let end = match self.kind(node) {
            Kind::Seq | Kind::Map => self.after(node),
            _ => NodeId(node.0 + 1),
        };
        let mut at = NodeId(node.0 + 1);
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let child = at;
                at = self.after(child);
                child
            })
        })
    }

    /// The text of a scalar, decoded; `text` is the text that was parsed. Empty for containers and aliases.
    #[must_use]
    #[inline]
    pub fn text<'a>(&'a self, text: &'a str, node: NodeId) -> &'a str {
        let node = self.node(node);
        if !node.kind.is_scalar() {
            return "";
        }
        if let Some(row) = node.link.checked_sub(1) {
            return &self.decoded[row as usize];
        }
        let quotes = u32::from(matches!(node.kind, Kind::SingleQuoted | Kind::DoubleQuoted));
        text.get((node.start + quotes) as usize..(node.end - quotes) as usize).unwrap_or_default()
    }

    /// The key of this name in a map with plain keys ([`Self::has_plain_keys`]); `text` is the text that was parsed. Most
    /// of the reading of documents is this, so it goes by lengths first and decodes nothing.
    #[must_use]
    pub fn plain_key(&self, text: &str, map: NodeId, name: &str) -> Option<NodeId> {
        let end = self.node(map).link as usize;
        let mut at = map.0 as usize + 1;
        while at < end {
            let key = self.nodes[at];
            let quotes = u32::from(matches!(key.kind, Kind::SingleQuoted | Kind::DoubleQuoted));
            let length = (key.end - key.start).wrapping_sub(2 * quotes) as usize;
            if key.link != 0 || key.kind == Kind::Alias {
                if self.text(text, self.target(NodeId(at as u32))) == name {
                    return Some(NodeId(at as u32));
                }
            } else if length == name.len() && self.text(text, NodeId(at as u32)) == name {
                return Some(NodeId(at as u32));
            }
            let value = self.nodes[at + 1];
            at = match value.kind {
                Kind::Seq | Kind::Map => value.link as usize,
                _ => at + 2,
            };
        }
        None
    }

    /// The typed value of a scalar, as kustomize types it; `Null` for containers and aliases.
    #[must_use]
    pub fn scalar<'a>(&'a self, text: &'a str, node: NodeId) -> Scalar<'a> {
        let found = self.node(node);
        let written = self.text(text, node);
        match (found.tag, found.kind) {
            (_, Kind::Seq | Kind::Map | Kind::Alias) | (Tag::Null, _) => Scalar::Null,
            (Tag::None, Kind::Plain) | (Tag::Timestamp, _) => resolve_plain(written),
            (Tag::None | Tag::Str | Tag::Other, _) => Scalar::Str(Cow::Borrowed(written)),
            (Tag::Binary, _) => Scalar::Str(binary(written).map_or(Cow::Borrowed(written), Cow::Owned)),
            (Tag::Int | Tag::Bool, _) => resolve_tagged(written),
            (Tag::Float, _) => match resolve_tagged(written) {
                Scalar::Int(int) => Scalar::Float(int as f64),
                Scalar::Uint(int) => Scalar::Float(int as f64),
                other => other,
            },
        }
    }

    #[inline]
    fn node(&self, node: NodeId) -> Node {
        self.nodes[node.0 as usize]
    }
}
