//! All fields of a kind that name other objects as one tree of segments, so that an object is walked once.
//!
//! Never: a reference followed; what this finds is only where to look closer.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::super::resource::Id;
use super::super::schema::Text;
use super::field_spec::{FieldSpec, Gvk};
use crate::model::View;

/// The paths of one kind's references.
#[derive(Debug, Default)]
pub(super) struct Trie {
    nodes: Vec<Node>,
    /// The rows of the references, in order.
    rows: Vec<Row>,
}

/// A target and one of its referrers, by their positions.
pub(super) type Row = (u32, u32);

#[derive(Debug, Default)]
struct Node {
    children: Vec<(Box<str>, usize)>,
    /// The kinds of object that are named here, each with its position among the rows.
    targets: Vec<(Text, usize)>,
}

impl Trie {
    fn new<'s>(specs: impl Iterator<Item = (Row, &'s Gvk, &'s FieldSpec)>) -> Self {
        let mut trie = Self { nodes: vec![Node::default()], rows: Vec::new() };
        for (row, target, spec) in specs {
            let mut at = 0;
            for name in spec.names() {
                at = match trie.nodes[at].child(name) {
                    Some(child) => child,
                    None => {
                        let child = trie.nodes.len();
                        trie.nodes.push(Node::default());
                        trie.nodes[at].children.push((name.into(), child));
                        child
                    }
                };
            }
            trie.nodes[at].targets.push((target.kind.clone(), trie.rows.len()));
            trie.rows.push(row);
        }
        trie
    }

    /// The references whose values must be looked at, in order: they may name an object of a kind as `names` says, or are
    /// not what a reference looks like. What is followed at one path may be seen at a path above or below it, so
    /// those are looked at too.
    pub(super) fn meets(&self, view: View<'_>, names: &dyn Fn(&str, &str) -> bool) -> Vec<Row> {
        let mut met = Vec::new();
        self.node(0, view, names, &mut met);
        met.sort_unstable();
        met.dedup();
        met.into_iter().map(|at| self.rows[at]).collect()
    }

    /// Adds what is met at `at` and below; gives whether there was any.
    fn node(&self, at: usize, view: View<'_>, names: &dyn Fn(&str, &str) -> bool, met: &mut Vec<usize>) -> bool {
        let node = &self.nodes[at];
        let before = met.len();
        if !node.targets.is_empty() && node.is_reference(view, names) {
            self.all(at, met);
        } else if node.children.is_empty() {
        } else if view.is_map() {
            self.fields(node, view, names, met);
        } else if view.is_seq() {
            // The path goes on in the items of a list.
            for item in view.items() {
                if item.is_map() {
                    self.fields(node, item, names, met);
                } else if !item.is_null() {
                    self.all(at, met);
                }
            }
        } else if !view.is_null() {
            self.all(at, met);
        }
        let is_met = met.len() > before;
        if is_met {
            met.extend(node.targets.iter().map(|(_, row)| row));
        }
        is_met
    }

    fn fields(&self, node: &Node, map: View<'_>, names: &dyn Fn(&str, &str) -> bool, met: &mut Vec<usize>) {
        for field in map.fields() {
            if let Some(child) = node.child(field.name()) {
                self.node(child, field.value, names, met);
            }
        }
    }

    /// Adds all rows at `at` and below.
    fn all(&self, at: usize, met: &mut Vec<usize>) {
        let node = &self.nodes[at];
        met.extend(node.targets.iter().map(|(_, row)| row));
        node.children.iter().for_each(|(_, child)| self.all(*child, met));
    }
}

impl Node {
    fn child(&self, name: &str) -> Option<usize> {
        self.children.iter().find(|(known, _)| **known == *name).map(|(_, child)| *child)
    }

    fn is_reference(&self, view: View<'_>, names: &dyn Fn(&str, &str) -> bool) -> bool {
        if view.is_seq() {
            return view.items().any(|item| !item.is_scalar() || self.is_reference(item, names));
        }
        if view.is_map() {
            return true;
        }
        let written = view.written();
        !view.is_null() && self.targets.iter().any(|(kind, _)| kind.is_empty() || names(kind, &written))
    }
}

/// Group, version and kind.
type Kind = (Arc<str>, Arc<str>, Arc<str>);

/// The tries of the kinds that were met.
#[derive(Debug, Default)]
pub(super) struct Tries(RwLock<HashMap<Kind, Arc<Trie>>>);

impl Tries {
    /// The trie of an object's kind; `specs` are its references.
    pub(super) fn of<'s>(&self, id: &Id, specs: impl Iterator<Item = (Row, &'s Gvk, &'s FieldSpec)>) -> Arc<Trie> {
        let kind = (id.group.clone(), id.version.clone(), id.kind.clone());
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&kind) {
            return known.clone();
        }
        let trie = Arc::new(Trie::new(specs));
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(kind, trie.clone());
        trie
    }
}
