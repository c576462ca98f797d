//! The events of the YAML parser to the arena. The only file that names the parser crate.
//!
//! Never: a failure; a broken document is recorded and the next one is read.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, ScanError, StructureStyle};

use super::joined::Joined;
use super::scalar::refused;
use super::template;
use super::tree::{Document, Kind, Node, ParseProblem, ParseProblemKind, Parsed, Tag};
use crate::base::{NodeId, TextRange};

/// The deepest nesting that is read, aliases followed.
const DEPTH: usize = 200;
/// The largest text that is read, in bytes: spans are 32 bits, and nobody writes manifests of this size.
const SIZE: usize = 256 << 20;
/// How many nodes the aliases of one document may stand for.
const ALIASED: u64 = 1_000_000;

/// Parses one content. Never fails: what is not YAML is in [`Parsed::problems`].
#[must_use]
pub fn parse(text: &str) -> Parsed {
    if text.len() > SIZE {
        let message = format!("the file has {} MiB; at most {} MiB are read", text.len() >> 20, SIZE >> 20);
        let at = TextRange::new(0, 0);
        let problem = ParseProblem { kind: ParseProblemKind::Limit, at, first: None, message };
        return Parsed { problems: [problem].into(), ..Parsed::default() };
    }
    let mut joined = Joined::default();
    loop {
        let parsed = joined.apply(text);
        let mut builder = Builder { text: &parsed, joined: Some(&joined), ..Builder::default() };
        builder.run();
        let parsed = Parsed {
            nodes: builder.nodes.into(),
            decoded: builder.decoded.into(),
            documents: builder.documents.into(),
            comments: builder.comments.into(),
            problems: builder.problems.into(),
        };
        let outdented = builder.outdented;
        if !outdented.is_some_and(|at| joined.join(text, at)) {
            return parsed;
        }
    }
}

#[derive(Default)]
struct Builder<'t> {
    text: &'t str,
    joined: Option<&'t Joined>,
    /// Where the first quoted text goes on that is not indented enough for the parser.
    outdented: Option<u32>,
    nodes: Vec<Node>,
    decoded: Vec<Box<str>>,
    documents: Vec<Document>,
    comments: Vec<TextRange>,
    problems: Vec<ParseProblem>,
    /// Containers that are not finished, the innermost last.
    open: Vec<Open>,
    anchors: HashMap<usize, Anchor>,
    /// How many nodes the aliases of this document stand for.
    aliased: u64,
    /// The first byte and the first node of this document.
    document: (u32, usize),
    /// How far the text was read: behind the last scalar or opening.
    read: u32,
    /// Why this document cannot be read further.
    broken: Option<(ParseProblemKind, TextRange, String)>,
}

/// Up to this many keys are compared one by one.
const FEW: usize = 12;

/// The keys of one map that were met, each with its node. Most maps are small, and comparing a few keys costs less than
/// hashing them.
struct Seen<'k> {
    few: [(&'k str, usize); FEW],
    count: usize,
    many: HashMap<&'k str, usize>,
}

impl<'k> Seen<'k> {
    fn new() -> Self {
        Self { few: [("", 0); FEW], count: 0, many: HashMap::new() }
    }

    /// Adds a key, and gives the last equal one before it.
    fn insert(&mut self, text: &'k str, key: usize) -> Option<usize> {
        if let Some(known) = self.few[..self.count].iter_mut().find(|(known, _)| *known == text) {
            return Some(std::mem::replace(&mut known.1, key));
        }
        if self.count < FEW {
            self.few[self.count] = (text, key);
            self.count += 1;
            return None;
        }
        self.many.insert(text, key)
    }
}

struct Open {
    node: NodeId,
    anchor: usize,
    size: Measure,
    /// Where its last child ends.
    end: u32,
}

struct Anchor {
    node: NodeId,
    /// `None` while the node is open: an alias to it would contain itself.
    size: Option<Measure>,
}

/// How large a node is where aliases are replaced by what they stand for.
#[derive(Clone, Copy, Default)]
struct Measure {
    nodes: u64,
    depth: usize,
}

impl<'t> Builder<'t> {
    fn run(&mut self) {
        let mut options = Options::default();
        options.set_emit_comments(true);
        options.emit_unresolved_aliases = true;
        // Comments are bounded by the text; a limit would make a long one an error.
        options.max_buffered_comment_events = usize::MAX;
        // The parser reads up to 1,024 characters ahead; our own limit is to come first, with its own kind of problem.
        options.flow_nesting_limit = 2048;
        options.block_nesting_limit = 2048;
        let mut parser = Parser::new_from_str_with_options(self.text, options);
        loop {
            match parser.next_event() {
                None | Some(Ok((Event::StreamEnd, _))) => return,
                Some(Ok((event, span))) => {
                    let range = span.byte_range().unwrap_or(0..0);
                    self.event(event, TextRange::new(range.start as u32, range.end as u32));
                }
                Some(Err(error)) => self.syntax(&error),
            }
            if let Some((kind, at, message)) = self.broken.take() {
                self.problem(kind, at, message);
                self.abandon(at.start);
                if !matches!(parser.proceed_next_document(), Ok(true)) {
                    return;
                }
            }
        }
    }

    fn event(&mut self, event: Event<'t>, range: TextRange) {
        match event {
            Event::DocumentStart(..) => self.begin(range.start),
            Event::DocumentEnd => {
                let root = self.root();
                self.finish(root, range.end);
            }
            Event::Comment(..) => self.comments.push(range),
            Event::Alias(anchor) => self.alias(anchor, range),
            Event::UnresolvedAlias(name) => {
                self.nothing(range);
                let message = format!("the alias `*{name}` stands for nothing: no anchor before it has this name");
                self.problem(ParseProblemKind::Syntax, range, message);
            }
            Event::Scalar(value, style, anchor, tag) => {
                let kind = match style {
                    ScalarStyle::Plain => Kind::Plain,
                    ScalarStyle::SingleQuoted => Kind::SingleQuoted,
                    ScalarStyle::DoubleQuoted => Kind::DoubleQuoted,
                    ScalarStyle::Literal => Kind::Literal,
                    ScalarStyle::Folded => Kind::Folded,
                };
                self.scalar(value, kind, range, tag.as_deref(), anchor);
            }
            Event::SequenceStart(style, anchor, tag) => self.start(Kind::Seq, style, range, tag.as_deref(), anchor),
            Event::MappingStart(style, anchor, tag) => self.start(Kind::Map, style, range, tag.as_deref(), anchor),
            Event::SequenceEnd => {
                self.end(range);
            }
            Event::MappingEnd => {
                if let Some(map) = self.end(range) {
                    self.template(map);
                    self.keys(map);
                }
            }
            _ => {}
        }
    }

    fn begin(&mut self, start: u32) {
        self.document = (start, self.nodes.len());
        self.anchors.clear();
        self.open.clear();
        self.aliased = 0;
        self.read = start;
    }

    /// The root of this document, unless nothing at all is written there.
    fn root(&mut self) -> Option<NodeId> {
        let first = self.document.1;
        let root = self.nodes.get(first)?;
        if root.kind == Kind::Plain && root.tag == Tag::None && root.start == root.end {
            self.nodes.truncate(first);
            return None;
        }
        Some(NodeId(first as u32))
    }

    fn finish(&mut self, root: Option<NodeId>, end: u32) {
        let start = self.document.0;
        let end = end.max(start);
        self.documents.push(Document { root, range: TextRange::new(start, end) });
        self.begin(end);
    }

    /// Drops what was read of the document that broke at byte `at`.
    fn abandon(&mut self, at: u32) {
        self.nodes.truncate(self.document.1);
        self.finish(None, at);
    }

    fn scalar(
        &mut self,
        mut value: Cow<'t, str>,
        kind: Kind,
        range: TextRange,
        tag: Option<&granit_parser::Tag>,
        anchor: usize,
    ) {
        let start = self.header(kind, range.start);
        if matches!(kind, Kind::Literal | Kind::Folded) {
            self.tabs(TextRange::new(start, range.end.max(start)));
        }
        let is_in_flow =
            || self.open.last().is_some_and(|open| self.nodes[open.node.0 as usize].flags & Node::FLOW != 0);
        if kind == Kind::Plain && value.starts_with('?') && is_in_flow() {
            let message = "what starts with `?` is a key between brackets: put it in quotes".to_owned();
            self.problem(ParseProblemKind::Refused, range, message);
        }
        if let Some(message) = tag.and_then(|tag| refused(meaning(tag), &value)) {
            self.problem(ParseProblemKind::Refused, range, message);
        }
        let range = self.trimmed(kind, TextRange::new(start, range.end.max(start)));
        let quotes = usize::from(matches!(kind, Kind::SingleQuoted | Kind::DoubleQuoted));
        let bytes = range.bytes();
        if kind == Kind::Plain && bytes.is_empty() {
            // The parser calls nothing `~`.
            value = Cow::Borrowed("");
        }
        // The end of the file is not a line break, to go-yaml at least.
        let is_last = matches!(kind, Kind::Literal | Kind::Folded) && !self.text[bytes.end..].contains('\n');
        if is_last && value.ends_with('\n') {
            value.to_mut().pop();
        }
        let folded = self.joined.filter(|_| quotes == 1).and_then(|joined| joined.folded(range, &value));
        let is_joined = folded.is_some();
        let value = folded.map_or(value, Cow::Owned);
        let written = self.text.get(bytes.start + quotes..bytes.end.saturating_sub(quotes));
        let link = if written == Some(&*value) && !is_joined {
            0
        } else {
            self.decoded.push(value.into());
            self.decoded.len() as u32
        };
        self.push(kind, range, link, 0, tag);
        self.measured(anchor, Measure { nodes: 1, depth: 0 });
    }

    /// go-yaml refuses a tab before the text of a block, where only spaces may stand.
    fn tabs(&mut self, block: TextRange) {
        // The lines behind it that hold nothing are part of it, to go-yaml.
        let block = block.bytes();
        let behind = self.text[block.end..].bytes().take_while(u8::is_ascii_whitespace).count();
        let text = &self.text[block.start..block.end + behind];
        if !text.contains('\t') {
            return;
        }
        let mut lines = text.split_inclusive('\n');
        let header = lines.next().unwrap_or_default();
        let is_explicit =
            header.trim_start_matches(['|', '>', '+', '-']).starts_with(|char: char| char.is_ascii_digit());
        let (mut at, mut indent) = (block.start + header.len(), None);
        for line in lines.take_while(|_| !is_explicit) {
            let spaces = line.len() - line.trim_start_matches(' ').len();
            if line[spaces..].starts_with('\t') && indent.is_none_or(|indent| spaces < indent) {
                let tab = TextRange::new((at + spaces) as u32, (at + spaces + 1) as u32);
                let message = "found a tab character where an indentation space is expected".to_owned();
                return self.problem(ParseProblemKind::Refused, tab, message);
            }
            if !line[spaces..].trim_end().is_empty() {
                indent.get_or_insert(spaces);
            }
            at += line.len();
        }
    }

    /// The range without the blanks and line breaks that the parser counts to a scalar.
    fn trimmed(&self, kind: Kind, range: TextRange) -> TextRange {
        if matches!(kind, Kind::SingleQuoted | Kind::DoubleQuoted) {
            return range;
        }
        let text = &self.text[range.bytes()];
        TextRange::new(range.start, range.start + text.trim_end_matches([' ', '\t', '\r', '\n']).len() as u32)
    }

    /// Where the `|` or `>` stands that a block's text follows; `start` for other scalars.
    fn header(&self, kind: Kind, start: u32) -> u32 {
        let sign = match kind {
            Kind::Literal => b'|',
            Kind::Folded => b'>',
            _ => return start,
        };
        self.signs(start).find(|at| self.text.as_bytes()[*at] == sign).map_or(start, |at| at as u32)
    }

    /// Where the `-` stands that a block list begins with; the parser gives what is behind it.
    fn dash(&self, start: u32) -> u32 {
        let bytes = self.text.as_bytes();
        let is_blank = |at: usize| bytes.get(at).is_none_or(u8::is_ascii_whitespace);
        let is_dash =
            |at: &usize| bytes[*at] == b'-' && is_blank(at + 1) && (*at <= self.read as usize || is_blank(at - 1));
        self.signs(start).filter(is_dash).last().map_or(start, |at| at as u32)
    }

    /// The bytes between what was read and `end`, comments left out.
    fn signs(&self, end: u32) -> impl Iterator<Item = usize> {
        let bytes = &self.text.as_bytes()[..end as usize];
        let mut at = self.read as usize;
        std::iter::from_fn(move || {
            while at > 0 && bytes.get(at) == Some(&b'#') && bytes[at - 1].is_ascii_whitespace() {
                at += memchr::memchr(b'\n', &bytes[at..]).unwrap_or(bytes.len() - at);
            }
            at += 1;
            (at <= bytes.len()).then_some(at - 1)
        })
    }

    fn alias(&mut self, anchor: usize, range: TextRange) {
        match self.anchors.get(&anchor) {
            Some(Anchor { node, size: Some(size) }) => {
                let (node, size) = (*node, *size);
                self.aliased = self.aliased.saturating_add(size.nodes);
                if self.aliased > ALIASED {
                    self.limit(range, format!("the aliases of this document stand for more than {ALIASED} nodes"));
                } else if self.open.len() + size.depth > DEPTH {
                    self.limit(range, format!("nested deeper than {DEPTH} levels by this alias"));
                }
                self.push(Kind::Alias, range, node.0, 0, None);
                self.measured(0, size);
            }
            Some(Anchor { size: None, .. }) => {
                self.nothing(range);
                let message = "the alias stands for a value that it is part of".to_owned();
                self.problem(ParseProblemKind::Syntax, range, message);
            }
            None => self.nothing(range),
        }
    }

    /// A `null` in the place of something that cannot be read.
    fn nothing(&mut self, range: TextRange) {
        self.push(Kind::Plain, TextRange::new(range.start, range.start), 0, 0, None);
        self.measured(0, Measure { nodes: 1, depth: 0 });
        if let Some(open) = self.open.last_mut() {
            open.end = range.end;
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
        let range = match (kind, style) {
            (Kind::Seq, StructureStyle::Block) => TextRange::new(self.dash(range.start), range.end),
            _ => range,
        };
        let node = self.push(kind, range, 0, flow, tag);
        if anchor != 0 {
            self.nodes[node.0 as usize].flags |= Node::ANCHORED;
            self.anchors.insert(anchor, Anchor { node, size: None });
        }
        self.open.push(Open { node, anchor, size: Measure { nodes: 1, depth: 0 }, end: range.end });
        if self.open.len() > DEPTH {
            let at = TextRange::new(range.start, range.start);
            self.limit(at, format!("nested deeper than {DEPTH} levels"));
        }
    }

    fn end(&mut self, range: TextRange) -> Option<usize> {
        let Open { node, anchor, size, end } = self.open.pop()?;
        let at = node.0 as usize;
        let first = self.nodes.get(at + 1).map(|child| child.start);
        let behind = self.nodes.len() as u32;
        let found = &mut self.nodes[at];
        found.link = behind;
        if found.flags & Node::FLOW != 0 {
            found.end = range.end;
        } else {
            // A block map begins with its first key, behind its tag and anchor, and a block container ends with its last
            // node, not where the parser notices.
            if let (Kind::Map, Some(first)) = (found.kind, first) {
                found.start = first;
            }
            found.end = end.max(found.start);
        }
        let end = found.end;
        if let Some(parent) = self.open.last_mut() {
            parent.end = end;
        }
        self.measured_at(node, anchor, size);
        Some(at)
    }

    fn push(&mut self, kind: Kind, range: TextRange, link: u32, flags: u8, tag: Option<&granit_parser::Tag>) -> NodeId {
        let node = NodeId(self.nodes.len() as u32);
        if let Some(open) = self.open.last_mut() {
            open.end = range.end;
        }
        self.read = match kind {
            Kind::Seq => range.start + 1,
            Kind::Map => range.start,
            _ => range.end,
        };
        let tag = tag.map_or(Tag::None, meaning);
        self.nodes.push(Node { start: range.start, end: range.end, link, kind, tag, flags });
        node
    }

    /// Takes note of the size of the node that was pushed last.
    fn measured(&mut self, anchor: usize, size: Measure) {
        let node = NodeId(self.nodes.len() as u32 - 1);
        if anchor != 0 {
            self.nodes[node.0 as usize].flags |= Node::ANCHORED;
        }
        self.measured_at(node, anchor, size);
    }

    fn measured_at(&mut self, node: NodeId, anchor: usize, size: Measure) {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchor { node, size: Some(size) });
        }
        if let Some(parent) = self.open.last_mut() {
            parent.size.nodes = parent.size.nodes.saturating_add(size.nodes);
            parent.size.depth = parent.size.depth.max(size.depth + 1);
        }
    }

    /// `{{ .Values.x }}` is a map in a map to YAML, and a template to whoever wrote it.
    fn template(&mut self, map: usize) {
        let [outer, inner, ..] = self.nodes[map..] else { return };
        let is_flow_map = |node: Node| node.kind == Kind::Map && node.flags & Node::FLOW != 0;
        if is_flow_map(outer) && is_flow_map(inner) && inner.start == outer.start + 1 && self.broken.is_none() {
            let message = "this is a template, not YAML".to_owned();
            self.broken = Some((ParseProblemKind::Template, TextRange::new(outer.start, outer.end), message));
        }
    }

    /// Looks at the keys of a finished map: merge keys and duplicates.
    fn keys(&mut self, map: usize) {
        let end = self.nodes.len();
        let mut at = map + 1;
        let mut merges = false;
        let mut plain = true;
        let mut seen = Seen::new();
        let mut problems = Vec::new();
        while at < end {
            let key = at;
            at = self.behind(self.behind(key));
            let Some(text) = self.key(key) else {
                plain = false;
                continue;
            };
            if text == "<<" && self.nodes[key].kind == Kind::Plain {
                merges = true;
            } else if let Some(first) = seen.insert(text, key) {
                problems.push(ParseProblem {
                    kind: ParseProblemKind::DuplicateKey,
                    at: TextRange::new(self.nodes[key].start, self.nodes[key].end),
                    first: Some(TextRange::new(self.nodes[first].start, self.nodes[first].end)),
                    message: format!(
                        "the key `{}` is given twice in this map; only the last one counts",
                        escaped(text)
                    ),
                });
            }
        }
        if plain && !merges && problems.is_empty() {
            self.nodes[map].flags |= Node::PLAIN_KEYS;
        }
        self.problems.extend(problems);
        if merges {
            self.nodes[map].flags |= Node::MERGES;
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
        if let Some(row) = found.link.checked_sub(1) {
            return Some(&self.decoded[row as usize]);
        }
        let quotes = u32::from(matches!(found.kind, Kind::SingleQuoted | Kind::DoubleQuoted));
        self.text.get((found.start + quotes) as usize..(found.end - quotes) as usize)
    }

    fn syntax(&mut self, error: &ScanError) {
        let at = error.marker().byte_offset().unwrap_or(0).min(self.text.len());
        let at = (0..=at).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0);
        if *error.kind() == ErrorKind::InvalidQuotedScalarIndent {
            self.outdented.get_or_insert(at as u32);
        }
        let kind = if template::is_template(self.text, self.document.0 as usize, at) {
            ParseProblemKind::Template
        } else {
            ParseProblemKind::Syntax
        };
        let at = match self.text[at..].find('\t') {
            Some(tab) if error.info().contains("found a tab") => at + tab,
            _ => at,
        };
        let line_end = memchr::memchr(b'\n', &self.text.as_bytes()[at..]).map_or(self.text.len(), |n| at + n);
        self.broken = Some((kind, TextRange::new(at as u32, line_end as u32), error.info()));
    }

    fn limit(&mut self, at: TextRange, message: String) {
        self.broken.get_or_insert((ParseProblemKind::Limit, at, message));
    }

    fn problem(&mut self, kind: ParseProblemKind, at: TextRange, message: String) {
        self.problems.push(ParseProblem { kind, at, first: None, message });
    }
}

/// A key for a message, which is one line.
fn escaped(key: &str) -> Cow<'_, str> {
    if key.chars().any(char::is_control) { Cow::Owned(key.escape_debug().to_string()) } else { Cow::Borrowed(key) }
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
            // The tag that asks for no tag.
            "!" | "" => Tag::None,
            _ => Tag::Other,
        },
    }
}
