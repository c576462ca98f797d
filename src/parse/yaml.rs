//! The events of the YAML parser to the arena. The only file that names the parser crate.
//!
//! Never: a failure; a broken document is recorded and the next one is read.

use std::collections::HashMap;

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, StructureStyle};

use super::block::as_go_reads;
use super::tree::{Document, Kind, Node, ParseProblem, ParseProblemKind, Parsed, Tag};
use crate::base::{NodeId, TextRange};

/// The deepest nesting that is read.
const DEPTH: usize = 200;
/// The largest text that is read, in bytes: spans are 32 bits, and nobody writes manifests of this size.
const SIZE: usize = 256 << 20;

/// Parses one content. Never fails: what is not YAML is in [`Parsed::problems`].
#[must_use]
pub fn parse(text: &str) -> Parsed {
    let mut builder = Builder { text, ..Builder::default() };
    if text.len() > SIZE {
        let message = format!("the file has {} MiB; at most {} MiB are read", text.len() >> 20, SIZE >> 20);
        builder.problem(ParseProblemKind::Limit, TextRange::new(0, 0), message);
    } else {
        builder.run();
    }
    Parsed {
        nodes: builder.nodes.into(),
        decoded: builder.decoded.into(),
        documents: builder.documents.into(),
        comments: builder.comments.into(),
        problems: builder.problems.into(),
    }
}

#[derive(Default)]
struct Builder<'t> {
    text: &'t str,
    nodes: Vec<Node>,
    decoded: Vec<Box<str>>,
    documents: Vec<Document>,
    comments: Vec<TextRange>,
    problems: Vec<ParseProblem>,
    /// Open containers.
    open: Vec<NodeId>,
    anchors: HashMap<usize, NodeId>,
    document_start: u32,
    document_root: Option<NodeId>,
    /// Where the node that was finished last ends.
    last_end: u32,
}

impl<'t> Builder<'t> {
    fn run(&mut self) {
        let mut options = Options::default();
        options.set_emit_comments(true);
        let mut parser = Parser::new_from_str_with_options(self.text, options);
        loop {
            match parser.next_event() {
                None | Some(Ok((Event::StreamEnd, _))) => return,
                Some(Ok((event, span))) => {
                    let range = span.byte_range().unwrap_or(0..0);
                    self.event(event, TextRange::new(range.start as u32, range.end as u32));
                    if self.open.len() > DEPTH {
                        let at = self.nodes.last().map_or(TextRange::new(0, 0), |n| TextRange::new(n.start, n.start));
                        self.problem(ParseProblemKind::Limit, at, format!("nested deeper than {DEPTH} levels"));
                        self.abandon(at.start);
                        if !matches!(parser.proceed_next_document(), Ok(true)) {
                            return;
                        }
                    }
                }
                Some(Err(error)) => {
                    let at = self.place(&error);
                    self.syntax(at, &error);
                    self.abandon(at);
                    if !matches!(parser.proceed_next_document(), Ok(true)) {
                        return;
                    }
                }
            }
        }
    }

    fn event(&mut self, event: Event<'t>, range: TextRange) {
        match event {
            Event::DocumentStart(..) => {
                self.document_start = range.start;
                self.document_root = None;
                self.anchors.clear();
            }
            Event::DocumentEnd => {
                let range = TextRange::new(self.document_start, range.end.max(self.document_start));
                self.documents.push(Document { root: self.document_root, range });
            }
            Event::Comment(..) => self.comments.push(range),
            Event::Alias(anchor) => {
                if let Some(target) = self.anchors.get(&anchor).copied() {
                    self.push(Kind::Alias, range, target.0, 0, None, 0);
                } else {
                    self.push(Kind::Plain, TextRange::new(range.start, range.start), 0, 0, None, 0);
                }
            }
            Event::Scalar(value, style, anchor, tag) => {
                let kind = match style {
                    ScalarStyle::Plain => Kind::Plain,
                    ScalarStyle::SingleQuoted => Kind::SingleQuoted,
                    ScalarStyle::DoubleQuoted => Kind::DoubleQuoted,
                    ScalarStyle::Literal => Kind::Literal,
                    ScalarStyle::Folded => Kind::Folded,
                };
                let quotes = usize::from(matches!(kind, Kind::SingleQuoted | Kind::DoubleQuoted));
                let bytes = range.bytes();
                let written = self.text.get(bytes.start + quotes..bytes.end.saturating_sub(quotes));
                let block = matches!(kind, Kind::Literal | Kind::Folded);
                let reread = if block { as_go_reads(self.text, (bytes.start, bytes.end), &value) } else { None };
                // The parser gives `~` for a value that is not written.
                let nothing = kind == Kind::Plain && bytes.is_empty();
                let link = if let Some(text) = reread {
                    self.decoded.push(text.into());
                    self.decoded.len() as u32
                } else if nothing || written == Some(&*value) {
                    0
                } else {
                    self.decoded.push(value.into());
                    self.decoded.len() as u32
                };
                self.push(kind, range, link, 0, tag.as_deref(), anchor);
            }
            Event::SequenceStart(style, anchor, tag) => self.start(Kind::Seq, style, range, tag.as_deref(), anchor),
            Event::MappingStart(style, anchor, tag) => self.start(Kind::Map, style, range, tag.as_deref(), anchor),
            Event::SequenceEnd => {
                self.end(range);
            }
            Event::MappingEnd => {
                let map = self.end(range);
                self.keys(map);
            }
            _ => {}
        }
    }

    fn start(
        &mut self,
        kind: Kind,
        style: StructureStyle,
        range: TextRange,
        tag: Option<&granit_parser::Tag>,
        anchor: usize,
    ) {
        let flow = if style == StructureStyle::Flow { Node::FLOW } else { 0 };
        let node = self.push(kind, range, 0, flow, tag, anchor);
        self.open.push(node);
    }

    fn end(&mut self, range: TextRange) -> Option<NodeId> {
        let node = self.open.pop()?;
        let behind = self.nodes.len() as u32;
        let flow = self.nodes[node.0 as usize].flags & Node::FLOW != 0;
        if flow {
            self.last_end = range.end;
        }
        let last = self.last_end;
        let found = &mut self.nodes[node.0 as usize];
        found.link = behind;
        // A block container ends with its last node, not where the parser notices.
        found.end = if flow { range.end } else { last.max(found.start) };
        Some(node)
    }

    fn push(
        &mut self,
        kind: Kind,
        range: TextRange,
        link: u32,
        flags: u8,
        tag: Option<&granit_parser::Tag>,
        anchor: usize,
    ) -> NodeId {
        let node = NodeId(self.nodes.len() as u32);
        let anchored = if anchor == 0 { 0 } else { Node::ANCHORED };
        if anchor != 0 {
            self.anchors.insert(anchor, node);
        }
        if self.open.is_empty() {
            self.document_root.get_or_insert(node);
        }
        self.last_end = range.end;
        let tag = tag.map_or(Tag::None, meaning);
        self.nodes.push(Node { start: range.start, end: range.end, link, kind, tag, flags: flags | anchored });
        node
    }

    /// Looks at the keys of a finished map: merge keys and duplicates.
    fn keys(&mut self, map: Option<NodeId>) {
        let Some(map) = map else { return };
        let end = self.nodes.len();
        let mut at = map.0 as usize + 1;
        let mut merges = false;
        let mut seen: HashMap<&str, usize> = HashMap::new();
        let mut problems = Vec::new();
        while at < end {
            let key = at;
            at = self.behind(self.behind(key));
            let Some(text) = self.key(key) else { continue };
            if text == "<<" && self.nodes[key].kind == Kind::Plain {
                merges = true;
            } else if let Some(first) = seen.insert(text, key) {
                problems.push(ParseProblem {
                    kind: ParseProblemKind::DuplicateKey,
                    at: TextRange::new(self.nodes[key].start, self.nodes[key].end),
                    first: Some(TextRange::new(self.nodes[first].start, self.nodes[first].end)),
                    message: format!("the key `{text}` is given twice in this map; only the last one counts"),
                });
            }
        }
        self.problems.extend(problems);
        if merges {
            self.nodes[map.0 as usize].flags |= Node::MERGES;
        }
    }

    fn behind(&self, node: usize) -> usize {
        match self.nodes.get(node) {
            Some(found) if matches!(found.kind, Kind::Seq | Kind::Map) => found.link as usize,
            _ => node + 1,
        }
    }

    fn key(&self, node: usize) -> Option<&str> {
        let found = self.nodes[node];
        if !found.kind.is_scalar() {
            return None;
        }
        match found.link.checked_sub(1) {
            Some(row) => Some(&self.decoded[row as usize]),
            None => {
                let quotes = u32::from(matches!(found.kind, Kind::SingleQuoted | Kind::DoubleQuoted));
                self.text.get((found.start + quotes) as usize..(found.end - quotes) as usize)
            }
        }
    }

    /// Drops what was read of the document that broke at byte `at`.
    fn abandon(&mut self, at: u32) {
        let first = self.documents.last().map_or(0, |_| self.document_root.map_or(self.nodes.len(), |n| n.0 as usize));
        let first = if self.documents.is_empty() { 0 } else { first };
        self.nodes.truncate(first);
        self.open.clear();
        self.anchors.clear();
        self.document_root = None;
        let start = self.document_start.min(at);
        self.documents.push(Document { root: None, range: TextRange::new(start, at) });
    }

    fn place(&self, error: &ScanError) -> u32 {
        let at = error.marker().byte_offset().unwrap_or(0).min(self.text.len());
        (0..=at).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0) as u32
    }

    fn syntax(&mut self, at: u32, error: &ScanError) {
        let template = self.text.contains("{{") || self.text.contains("{%");
        let kind = if template { ParseProblemKind::Template } else { ParseProblemKind::Syntax };
        let line_end = self.text[at as usize..].find('\n').map_or(self.text.len(), |n| at as usize + n);
        self.problem(kind, TextRange::new(at, line_end as u32), error.info());
    }

    fn problem(&mut self, kind: ParseProblemKind, at: TextRange, message: String) {
        self.problems.push(ParseProblem { kind, at, first: None, message });
    }
}

fn meaning(tag: &granit_parser::Tag) -> Tag {
    match tag.core_suffix() {
        Some("str") => Tag::Str,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("bool") => Tag::Bool,
        Some("null") => Tag::Null,
        Some("map" | "seq") => Tag::None,
        _ => match tag.suffix() {
            "binary" => Tag::Binary,
            "timestamp" => Tag::Timestamp,
            "!" | "" => Tag::Str,
            _ => Tag::Other,
        },
    }
}
