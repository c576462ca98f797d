//! A document in random notation: block and flow, quotes, indentation, comments, anchors.
//!
//! Never: another meaning than the node's; what changes the meaning is in the nodes.

use super::node::Node;
use super::random::Random;

/// Writes one document.
pub struct Writer<'r> {
    random: &'r mut Random,
    /// By how much a mapping's entries are indented.
    step: usize,
    /// By how much a sequence is indented below its key.
    list_step: usize,
    /// How many comments in a hundred lines.
    comments: usize,
    /// How many of a hundred collections are written in flow style.
    flow: usize,
    /// What has an anchor, where the document has any.
    anchors: Option<Vec<Node>>,
}

impl<'r> Writer<'r> {
    /// A writer whose habits are chosen once for the document.
    pub fn new(random: &'r mut Random) -> Self {
        let step = if random.percent(8) { 4 } else { 2 };
        let list_step = if random.percent(40) { step } else { 0 };
        let comments = if random.percent(15) { 8 } else { 0 };
        let flow = *random.pick(&[0, 0, 0, 3, 10, 40]);
        let anchors = random.percent(5).then(Vec::new);
        Self { random, step, list_step, comments, flow, anchors }
    }

    /// The document's text.
    pub fn document(&mut self, node: &Node) -> String {
        let mut out = String::new();
        match node {
            Node::Map(_) | Node::List(_) if self.is_flow(node) => {
                self.flow_node(node, &mut out);
                out.push('\n');
            }
            Node::Map(_) | Node::List(_) => self.collection(node, 0, &mut out),
            _ => self.value(node, 0, &mut out),
        }
        out
    }

    fn is_flow(&mut self, node: &Node) -> bool {
        node.is_empty() || (self.random.percent(self.flow) && fits_flow(node))
    }

    /// A collection that starts on a line of its own.
    fn collection(&mut self, node: &Node, indent: usize, out: &mut String) {
        match node {
            Node::Map(entries) => {
                for (key, value) in entries {
                    self.comment_line(indent, out);
                    out.push_str(&" ".repeat(indent));
                    self.entry(key, value, indent, out);
                }
            }
            Node::List(items) => {
                for item in items {
                    self.comment_line(indent, out);
                    out.push_str(&" ".repeat(indent));
                    self.item(item, indent, out);
                }
            }
            _ => {}
        }
    }

    fn entry(&mut self, key: &str, value: &Node, indent: usize, out: &mut String) {
        out.push_str(key);
        out.push(':');
        if value.is_scalar() || self.is_flow(value) {
            return self.value(value, indent, out);
        }
        if let Some(alias) = self.anchor(value) {
            out.push_str(&alias);
            if alias.starts_with(" *") {
                out.push('\n');
                return;
            }
        }
        out.push('\n');
        let step = if matches!(value, Node::List(_)) { self.list_step } else { self.step };
        self.collection(value, indent + step, out);
    }

    fn item(&mut self, item: &Node, indent: usize, out: &mut String) {
        out.push('-');
        match item {
            Node::Map(entries) if !self.is_flow(item) => {
                out.push(' ');
                for (row, (key, value)) in entries.iter().enumerate() {
                    if row > 0 {
                        out.push_str(&" ".repeat(indent + 2));
                    }
                    self.entry(key, value, indent + 2, out);
                }
            }
            Node::List(_) if !self.is_flow(item) => {
                out.push('\n');
                self.collection(item, indent + 2, out);
            }
            _ => self.value(item, indent, out),
        }
    }

    /// What stands behind a `:` or `-`, with the end of the line.
    fn value(&mut self, node: &Node, indent: usize, out: &mut String) {
        if let Node::Lines(first, rest) = node {
            out.push(' ');
            out.push_str(first);
            out.push('\n');
            for line in rest {
                if !line.is_empty() {
                    out.push_str(&" ".repeat(indent + 2));
                }
                out.push_str(line);
                out.push('\n');
            }
            return;
        }
        let mut written = String::new();
        self.flow_node(node, &mut written);
        if !written.is_empty() {
            out.push(' ');
            out.push_str(&written);
        }
        if self.random.percent(self.comments) {
            out.push_str("  # a comment");
        }
        out.push('\n');
    }

    /// On one line.
    fn flow_node(&mut self, node: &Node, out: &mut String) {
        if let Some(alias) = self.anchor(node) {
            out.push_str(&alias[1..]);
            if alias.starts_with(" *") {
                // In flow style a comma could belong to the name.
                out.push(' ');
                return;
            }
            out.push(' ');
        }
        match node {
            Node::Text(text) => out.push_str(&self.styled(text)),
            Node::Raw(text) => {
                out.push_str(text);
                // A comma right behind would be a part of the tag.
                if text.starts_with('!') && !text.contains(' ') {
                    out.push(' ');
                }
            }
            Node::Lines(first, _) => out.push_str(first),
            Node::List(items) => {
                out.push('[');
                for (row, item) in items.iter().enumerate() {
                    out.push_str(if row > 0 { ", " } else { "" });
                    self.flow_node(item, out);
                }
                out.push(']');
            }
            Node::Map(entries) => {
                out.push('{');
                for (row, (key, value)) in entries.iter().enumerate() {
                    out.push_str(if row > 0 { ", " } else { "" });
                    out.push_str(key);
                    out.push_str(": ");
                    self.flow_node(value, out);
                }
                out.push('}');
            }
        }
    }

    /// An anchor or alias for the value, with a space before it.
    fn anchor(&mut self, node: &Node) -> Option<String> {
        let Some(known) = &mut self.anchors else { return None };
        if node.is_empty() || matches!(node, Node::Raw(text) if text.starts_with(['!', '&', '*']) || text.is_empty()) {
            return None;
        }
        if let Some(row) = known.iter().position(|known| known == node) {
            return self.random.percent(60).then(|| format!(" *a{row}"));
        }
        if !self.random.percent(15) {
            return None;
        }
        known.push(node.clone());
        Some(format!(" &a{}", known.len() - 1))
    }

    fn comment_line(&mut self, indent: usize, out: &mut String) {
        if self.random.percent(self.comments) {
            let comment = self.random.pick(&["# a comment\n", "#\n", "\n", "# key: value\n", "# - item\n"]);
            out.push_str(&" ".repeat(indent));
            out.push_str(comment);
        }
    }

    /// The text in any style that says it.
    fn styled(&mut self, text: &str) -> String {
        let plain = is_plain(text);
        match self.random.below(10) {
            0 => double(text),
            1 if single_fits(text) => single(text),
            _ if plain => text.to_owned(),
            2..5 if single_fits(text) => single(text),
            _ => double(text),
        }
    }
}

/// Whether the node can be written on one line between brackets.
fn fits_flow(node: &Node) -> bool {
    match node {
        Node::Text(_) => true,
        Node::Raw(text) => {
            text != "-" && !text.contains([',', '[', ']', '{', '}', '#', '\n', '&', '*']) && !text.trim().is_empty()
        }
        Node::Lines(..) => false,
        Node::List(items) => items.iter().all(fits_flow),
        Node::Map(entries) => entries.iter().all(|(key, value)| key != "<<" && fits_flow(value)),
    }
}

/// Whether the text is itself without quotes, whatever reads it.
pub fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 10] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan"];
    let starts = |first: char| first.is_ascii_alphabetic() || first == '/';
    text.starts_with(starts)
        && !text.ends_with(':')
        && text.chars().all(|char| char.is_ascii_alphanumeric() || "_./:-".contains(char))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

fn single_fits(text: &str) -> bool {
    !text.chars().any(|char| char.is_control() || matches!(char, '\u{2028}' | '\u{2029}' | '\u{feff}'))
}

fn single(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn double(text: &str) -> String {
    let mut out = String::from("\"");
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            char if (char as u32) < 0x20 || char as u32 == 0x7f => out.push_str(&escaped('x', 2, char)),
            '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                out.push_str(&escaped('u', 4, char));
            }
            char => out.push(char),
        }
    }
    out.push('"');
    out
}

fn escaped(letter: char, width: usize, char: char) -> String {
    format!("\\{letter}{:0width$x}", char as u32)
}
