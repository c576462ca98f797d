//! The kinds that GitOps controllers bring, from a table of their fields: what a repository writes, though it seldom holds
//! the definition.
//!
//! Never: stricter than a release of the same version: a field that some release took is known, or named as gone; the
//! `status`, which controllers write.

use std::sync::{LazyLock, OnceLock};

use super::stranger::{Below, Shape, Stranger, strangers};
use crate::model::View;

/// Made by `fuzz/fields.rs`. A kind is a line `@group/kind version row gone title`; every other line is a node: its shape
/// (`+` where it keeps what it does not name), the row of its items or values, or else its only values, and its fields with
/// the row of each (`!` where it is required) and the first release without it.
const TABLE: &str = include_str!("known.txt");

/// The groups of the table, sorted.
const GROUPS: &[&str] = &[
    "apiextensions.crossplane.io",
    "argoproj.io",
    "fluxcd.controlplane.io",
    "helm.toolkit.fluxcd.io",
    "image.toolkit.fluxcd.io",
    "internal.kro.run",
    "kro.run",
    "kustomize.toolkit.fluxcd.io",
    "notification.toolkit.fluxcd.io",
    "ops.crossplane.io",
    "pkg.crossplane.io",
    "platform.kratix.io",
    "protection.crossplane.io",
    "secrets.crossplane.io",
    "source.extensions.fluxcd.io",
    "source.toolkit.fluxcd.io",
];

/// A version of a kind of the table.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    id: &'static str,
    /// The version.
    pub version: &'static str,
    root: usize,
    /// The first release without it.
    pub gone: Option<&'static str>,
    /// The component that brings it.
    pub title: &'static str,
}

impl Known {
    /// This version of a kind, where the table has it.
    #[must_use]
    pub fn of(group: &str, kind: &str, version: &str) -> Option<Self> {
        GROUPS.binary_search(&group).ok()?;
        let is_it = |known: &&Self| known.version == version && known.is(group, kind);
        TABLES.kinds.iter().find(is_it).copied()
    }

    fn is(&self, group: &str, kind: &str) -> bool {
        self.id.rsplit_once('/').is_some_and(|(of, name)| of == group && name == kind)
    }

    /// The fields of an object that this version does not have.
    #[must_use]
    pub fn strangers<'v>(self, object: View<'v>) -> Vec<Stranger<'v>> {
        strangers(Node::at(self.root), object)
    }

    /// Another version that has a field at this path, or had it, the newest first, with the first release without it.
    #[must_use]
    pub fn elsewhere(self, path: &[&str]) -> Option<(&'static str, Option<&'static str>)> {
        let others = TABLES.kinds.iter().rev().filter(|other| other.id == self.id && other.version != self.version);
        let held = |known: &Self| {
            let (mut node, mut gone) = (Node::at(known.root), None);
            for step in path {
                match step.parse::<usize>() {
                    Ok(_) if node.shape == 'a' => node = node.item()?,
                    _ => {
                        let edge = node.edge(step)?;
                        (node, gone) = (Node::at(edge.row), gone.or(edge.gone));
                    }
                }
            }
            Some((known.version, gone))
        };
        others.filter_map(held).next()
    }

    /// The only path of least depth below `parent`, or above it, that ends in a field of this name; `None` where several
    /// do.
    #[must_use]
    pub fn nearest(self, parent: &str, name: &str) -> Option<String> {
        let mut level: Vec<(String, &Node)> = vec![(String::new(), Node::at(self.root))];
        for _ in 0..DEPTH {
            let mut found = None;
            let mut below = Vec::new();
            for (path, node) in &level {
                for edge in node.edges.iter().filter(|edge| edge.gone.is_none()) {
                    // What an operation asks for is written by those who run one.
                    if path.is_empty() && edge.name == "operation" {
                        continue;
                    }
                    let is_near = parent.starts_with(&**path) || path.starts_with(parent);
                    let dot = if path.is_empty() { "" } else { "." };
                    let path = format!("{path}{dot}{}", edge.name);
                    if edge.name == name && is_near && found.replace(path.clone()).is_some() {
                        return None;
                    }
                    below.push((path, Node::at(edge.row)));
                }
            }
            if found.is_some() {
                return found;
            }
            level = below;
        }
        None
    }
}

/// How far down a field is looked for.
const DEPTH: usize = 4;

/// The table, split into lines.
struct Tables {
    kinds: Vec<Known>,
    lines: Vec<&'static str>,
    nodes: Vec<OnceLock<Node>>,
}

/// Split on the first object of one of the groups; a node is read when an object has it.
static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut kinds = Vec::new();
    let mut lines = Vec::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix('@') {
            Some(kind) => kinds.extend(kind_of(kind)),
            None => lines.push(line),
        }
    }
    let nodes = lines.iter().map(|_| OnceLock::new()).collect();
    Tables { kinds, lines, nodes }
});

fn kind_of(line: &'static str) -> Option<Known> {
    let mut words = line.splitn(5, ' ');
    let (id, version, root) = (words.next()?, words.next()?, words.next()?.parse().ok()?);
    let gone = words.next().filter(|release| *release != "-");
    Some(Known { id, version, root, gone, title: words.next()? })
}

/// What a value may be.
#[derive(Debug)]
struct Node {
    shape: char,
    keeps: bool,
    inner: Option<usize>,
    /// Sorted by name.
    edges: Vec<Edge>,
}

/// A field of an object.
#[derive(Debug)]
struct Edge {
    name: &'static str,
    row: usize,
    gone: Option<&'static str>,
}

impl Node {
    fn at(row: usize) -> &'static Self {
        TABLES.nodes[row].get_or_init(|| Self::read(TABLES.lines[row]))
    }

    fn read(line: &'static str) -> Self {
        let mut words = line.split(' ');
        let head = words.next().unwrap_or_default();
        let shape = head.chars().next().unwrap_or('*');
        let inner = matches!(shape, 'a' | 'm').then(|| words.next().and_then(|word| word.parse().ok())).flatten();
        let edges = if shape == 'o' { words.filter_map(edge).collect() } else { Vec::new() };
        Self { shape, keeps: head.ends_with('+'), inner, edges }
    }

    fn edge(&self, name: &str) -> Option<&Edge> {
        let at = self.edges.binary_search_by(|edge| edge.name.cmp(name)).ok()?;
        Some(&self.edges[at])
    }
}

fn edge(word: &'static str) -> Option<Edge> {
    let (name, behind) = word.split_once(['=', '!'])?;
    let (row, gone) = behind.split_once('-').map_or((behind, None), |(row, gone)| (row, Some(gone)));
    Some(Edge { name, row: row.parse().ok()?, gone })
}

impl Shape for &'static Node {
    fn below(self, name: &str) -> Below<Self> {
        match (self.shape, self.edge(name)) {
            (_, Some(Edge { gone: Some(release), .. })) => Below::Gone(release),
            (_, Some(edge)) => Below::Is(Node::at(edge.row)),
            ('o', None) if !self.keeps => Below::Unknown,
            ('m', None) => self.inner.map_or(Below::Free, |row| Below::Is(Node::at(row))),
            _ => Below::Free,
        }
    }

    fn item(self) -> Option<Self> {
        (self.shape == 'a').then_some(self.inner?).map(Node::at)
    }

    fn names(self) -> Vec<String> {
        self.edges.iter().filter(|edge| edge.gone.is_none()).map(|edge| edge.name.to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{GROUPS, Known, Node, TABLES};

    #[test]
    fn the_groups_are_those_of_the_table() {
        let table: BTreeSet<&str> = TABLES.kinds.iter().filter_map(|known| known.id.split('/').next()).collect();
        assert_eq!(table.into_iter().collect::<Vec<_>>(), GROUPS);
    }

    #[test]
    fn every_line_of_the_table_is_read_whole() {
        for (row, line) in TABLES.lines.iter().enumerate() {
            let node = Node::at(row);
            assert!("oamsinbx*".contains(node.shape), "{line}");
            assert!(node.edges.is_sorted_by(|a, b| a.name < b.name), "{line}");
            let rows = node.edges.iter().map(|edge| edge.row).chain(node.inner);
            assert!(rows.clone().all(|below| below < row), "{line}");
            let words = line.split(' ').count() - 1;
            assert!(!matches!(node.shape, 'o' | 'a' | 'm') || words == rows.count(), "{line}");
        }
        assert!(TABLES.kinds.iter().all(|known| known.root < TABLES.lines.len()));
    }

    #[test]
    fn a_field_is_found_where_it_belongs() {
        let known = Known::of("argoproj.io", "Application", "v1alpha1").expect("a kind of the table");
        assert_eq!(known.nearest("spec", "prune").as_deref(), Some("spec.syncPolicy.automated.prune"));
        assert_eq!(known.nearest("spec", "nothing"), None);
        let known = Known::of("kustomize.toolkit.fluxcd.io", "Kustomization", "v1").expect("a kind of the table");
        assert_eq!(known.elsewhere(&["spec", "validation"]), Some(("v1beta2", None)));
        assert!(Known::of("apps", "Deployment", "v1").is_none());
    }
}
