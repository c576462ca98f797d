//! All fields of a kind that name other objects as one tree of segments, so that an object is walked once.
//!
//! Never: a reference followed; what this finds is only where to look closer.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::super::resource::Id;
use super::field_spec::{FieldSpec, Gvk};
use crate::model::View;

/// The paths of one kind's references.
#[derive(Debug, Default)]
pub(super) struct Trie(Vec<Node>);

#[derive(Debug, Default)]
struct Node {
    children: Vec<(Box<str>, usize)>,
    /// The kinds of object that are named here.
    targets: Vec<Box<str>>,
}

impl Trie {
    fn new<'s>(specs: impl Iterator<Item = (&'s Gvk, &'s FieldSpec)>) -> Self {
        let mut trie = Self(vec![Node::default()]);
        for (target, spec) in specs {
            let mut at = 0;
            for name in spec.names() {
                at = match trie.0[at].children.iter().find(|(known, _)| **known == *name) {
                    Some((_, child)) => *child,
                    None => {
                        let child = trie.0.len();
                        trie.0.push(Node::default());
                        trie.0[at].children.push((name.into(), child));
                        child
                    }
                };
            }
            trie.0[at].targets.push(target.kind.clone());
        }
        trie
    }

    /// Whether a value at one of the paths must be looked at: it may name an object of a kind as `names` says, or it is
    /// not what a reference looks like.
    pub(super) fn meets(&self, view: View<'_>, names: &dyn Fn(&str, &str) -> bool) -> bool {
        self.node(0, view, names)
    }

    fn node(&self, at: usize, view: View<'_>, names: &dyn Fn(&str, &str) -> bool) -> bool {
        let node = &self.0[at];
        if !node.targets.is_empty() && Self::reference(node, view, names) {
            return true;
        }
        if node.children.is_empty() {
            return false;
        }
        if view.is_map() {
            return view.fields().any(|field| {
                let name = field.name();
                let child = node.children.iter().find(|(known, _)| **known == *name);
                child.is_some_and(|(_, child)| self.node(*child, field.value, names))
            });
        }
        if view.is_seq() {
            return view.items().any(|item| self.below_list(at, item, names));
        }
        !view.is_null()
    }

    /// The path goes on in the items of a list.
    fn below_list(&self, at: usize, item: View<'_>, names: &dyn Fn(&str, &str) -> bool) -> bool {
        let node = &self.0[at];
        if item.is_map() {
            return item.fields().any(|field| {
                let child = node.children.iter().find(|(known, _)| **known == *field.name());
                child.is_some_and(|(_, child)| self.node(*child, field.value, names))
            });
        }
        !item.is_null()
    }

    fn reference(node: &Node, view: View<'_>, names: &dyn Fn(&str, &str) -> bool) -> bool {
        if view.is_seq() {
            return view.items().any(|item| !item.is_scalar() || Self::reference(node, item, names));
        }
        if view.is_map() {
            return true;
        }
        let written = view.written();
        !view.is_null() && node.targets.iter().any(|kind| kind.is_empty() || names(kind, &written))
    }
}

/// Group, version and kind.
type Kind = (Arc<str>, Arc<str>, Arc<str>);

/// The tries of the kinds that were met.
#[derive(Debug, Default)]
pub(super) struct Tries(RwLock<HashMap<Kind, Arc<Trie>>>);

impl Tries {
    /// The trie of an object's kind; `specs` are its references.
    pub(super) fn of<'s>(&self, id: &Id, specs: impl Iterator<Item = (&'s Gvk, &'s FieldSpec)>) -> Arc<Trie> {
        let kind = (id.group.clone(), id.version.clone(), id.kind.clone());
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&kind) {
            return known.clone();
        }
        let trie = Arc::new(Trie::new(specs));
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(kind, trie.clone());
        trie
    }
}
