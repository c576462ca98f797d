//! The delivery graph as a tree of lines, and as a Mermaid diagram.
//!
//! Never: a node drawn without its end, whatever circle it stands in.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{GraphNode, ImpactReport, sign};
use crate::report::markdown;
use crate::report::plain::{unlike_command, visible};
use crate::report::text::many;

/// How deep the tree is drawn.
const DEEPEST: usize = 40;

/// How many nodes a diagram holds, so that it can be read.
pub(super) const MOST_NODES: usize = 30;

/// The whole graph as text.
pub(super) fn text(report: &ImpactReport) -> String {
    if report.graph.is_empty() {
        return "no application is in this repository\n".to_owned();
    }
    let mut tree = Tree { nodes: &report.graph, path: Vec::new(), seen: BTreeSet::new(), out: String::new() };
    for root in &report.roots {
        tree.draw(*root, "", "", "");
    }
    tree.out
}

struct Tree<'a> {
    nodes: &'a [GraphNode],
    /// The nodes above the one that is drawn.
    path: Vec<usize>,
    seen: BTreeSet<usize>,
    out: String,
}

impl Tree<'_> {
    /// Draws a node behind `first`, and what it brings behind `rest`.
    fn draw(&mut self, row: usize, indent: &str, first: &str, rest: &str) {
        let node = &self.nodes[row];
        let end = if self.path.contains(&row) {
            " (a circle: it brings itself)"
        } else if !self.seen.insert(row) && !node.children.is_empty() {
            " (see above)"
        } else {
            ""
        };
        let line = format!("{}{indent}{first}{}{end}", sign(node.change), line(node));
        writeln!(self.out, "{}", unlike_command(line.trim_end())).expect("a string takes all");
        if !end.is_empty() || node.children.is_empty() {
            return;
        }
        let inner = format!("{indent}{rest}");
        if self.path.len() == DEEPEST {
            let count = many(node.children.len(), "application");
            writeln!(self.out, "{}{inner}… {count} below", sign(node.change)).expect("a string takes all");
            return;
        }
        self.path.push(row);
        let last = node.children.len() - 1;
        for (position, child) in node.children.iter().enumerate() {
            let (first, rest) = if position == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.draw(*child, &inner, first, rest);
        }
        self.path.pop();
    }
}

/// `Application argocd/web (of ApplicationSet argocd/apps), in prod-eu, prunes: 12 objects`
fn line(node: &GraphNode) -> String {
    let mut line = visible(&node.title()).into_owned();
    if let Some(by) = &node.made_by {
        write!(line, " (of {})", visible(by)).expect("a string takes all");
    }
    for part in parts(node) {
        write!(line, ", {}", visible(&part)).expect("a string takes all");
    }
    write!(line, ": {}", applies(node)).expect("a string takes all");
    line
}

/// Where it goes and what it may do.
fn parts(node: &GraphNode) -> Vec<String> {
    // Every application without a project of its own is in this one.
    let project = node.project.as_ref().filter(|project| project.name != "default");
    let project = project.map(|project| format!("of project {}", project.name));
    let cluster = node.cluster.as_ref().map(|cluster| format!("in {cluster}"));
    let environment = node.environment.as_ref().map(|environment| format!("for {environment}"));
    let power = match node.power {
        "prunes" => "prunes",
        "syncs" => "syncs, deletes nothing",
        _ => "by hand",
    };
    project.into_iter().chain(cluster).chain(environment).chain([power.to_owned()]).collect()
}

/// What it applies.
fn applies(node: &GraphNode) -> String {
    let mut words = match (node.builds, node.objects) {
        (0, _) => "nothing of this repository".to_owned(),
        (_, objects) => many(objects, "object"),
    };
    if node.unrendered > 0 {
        write!(words, ", {} not rendered", many(node.unrendered, "part")).expect("a string takes all");
    }
    if node.failed > 0 {
        write!(words, ", {} not to be built", many(node.failed, "part")).expect("a string takes all");
    }
    words
}

/// The nodes that a diagram shows: those that are touched and who brings them, or all.
fn chosen(report: &ImpactReport, whole: Whole) -> Vec<usize> {
    let mut parents: Vec<Vec<usize>> = vec![Vec::new(); report.graph.len()];
    for (row, node) in report.graph.iter().enumerate() {
        for child in &node.children {
            parents[*child].push(row);
        }
    }
    let is_wanted = |row: &usize| whole == Whole::All || report.graph[*row].is_touched();
    let mut left: Vec<usize> = (0..report.graph.len()).filter(is_wanted).collect();
    let mut wanted: BTreeSet<usize> = BTreeSet::new();
    while let Some(row) = left.pop() {
        if wanted.insert(row) {
            left.extend(&parents[row]);
        }
    }
    // From the roots down, so that what is cut off is at the ends.
    let (mut order, mut seen) = (Vec::new(), BTreeSet::new());
    let mut level: Vec<usize> = report.roots.clone();
    while !level.is_empty() {
        level.retain(|row| wanted.contains(row) && seen.insert(*row));
        order.extend(&level);
        level = level.iter().flat_map(|row| report.graph[*row].children.iter().copied()).collect();
    }
    order
}

/// How much of the graph a diagram shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    /// What is touched, and who brings it.
    Touched,
    /// All.
    All,
}

/// A Mermaid diagram, and how many nodes it leaves out; `None` where there is nothing to draw.
pub(super) fn mermaid(report: &ImpactReport, whole: Whole) -> Option<(String, usize)> {
    let order = chosen(report, whole);
    if order.is_empty() {
        return None;
    }
    let more = order.len().saturating_sub(MOST_NODES);
    let shown: Vec<usize> = order.into_iter().take(MOST_NODES).collect();
    let mut out = String::from("flowchart LR\n");
    for row in &shown {
        let node = &report.graph[*row];
        let words: Vec<String> = [format!("{}{}", sign(node.change), node.title())]
            .into_iter()
            .chain([parts(node).join(", "), applies(node)])
            .map(|line| markdown::mermaid(line.trim()))
            .collect();
        let class = match node.change {
            Some(change @ ("added" | "changed" | "deleted")) => format!(":::{change}"),
            _ => String::new(),
        };
        writeln!(out, "  n{row}[\"{}\"]{class}", words.join("<br/>")).expect("a string takes all");
    }
    for row in &shown {
        for child in report.graph[*row].children.iter().filter(|child| shown.contains(child)) {
            writeln!(out, "  n{row} --> n{child}").expect("a string takes all");
        }
    }
    out.push_str("  classDef added stroke:#1a7f37,stroke-width:3px\n");
    out.push_str("  classDef changed stroke:#9a6700,stroke-width:3px\n");
    out.push_str("  classDef deleted stroke:#cf222e,stroke-width:3px,stroke-dasharray:6 3\n");
    Some((out, more))
}
