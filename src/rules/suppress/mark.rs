//! The suppressing comments of a file, and which lines each is about.
//!
//! Never: a finding; a `#` in a block of text, which is no comment.

use super::comment::{self, Until, WORD};
use crate::base::{FileId, NodeId, RepoPath, Span, TextRange};
use crate::model::{Trees, Word};
use crate::parse::{Kind, ParseProblemKind, Parsed};

/// A suppression in a comment.
#[derive(Debug)]
pub(super) struct Mark {
    /// Its bytes.
    pub(super) at: Span,
    /// The ids, each with its bytes.
    pub(super) ids: Vec<(String, Span)>,
    /// Until when.
    pub(super) until: Option<Until>,
    /// Whether words say why.
    pub(super) explained: bool,
    /// Why it suppresses nothing, where it cannot be read.
    pub(super) broken: Option<String>,
    /// What it is about.
    reach: Reach,
}

#[derive(Clone, Copy, Debug)]
enum Reach {
    /// What begins on this line.
    Line(u32),
    /// All of a document.
    Document(TextRange),
}

impl Mark {
    /// Whether it is about a place that lies at these bytes and belongs to these lines.
    pub(super) fn covers(&self, range: TextRange, lines: &[u32]) -> bool {
        match self.reach {
            Reach::Line(line) => lines.contains(&line),
            Reach::Document(document) => document.contains(range),
        }
    }
}

/// Whether a file may have marks.
pub(super) fn may_have_marks(trees: &Trees, file: FileId) -> bool {
    if trees.is_parsed(file) {
        return trees.says(file, Word::Suppression);
    }
    memchr::memmem::find(trees.sources().text(file).as_bytes(), WORD.as_bytes()).is_some()
}

/// The marks of a file, in order.
pub(super) fn marks(trees: &Trees, file: FileId) -> Vec<Mark> {
    let sources = trees.sources();
    let text = sources.text(file);
    if !may_have_marks(trees, file) {
        return Vec::new();
    }
    let language = Language::of(trees, file, sources.path(file));
    let comments = match language {
        Language::Json => Vec::new(),
        Language::Yaml => trees.parsed(file).comments().to_vec(),
        Language::Lines => own_lines(text),
    };
    let documents = if language == Language::Yaml { documents(trees.parsed(file), text) } else { Vec::new() };
    comments.into_iter().flat_map(|range| of_comment(trees, file, range, &documents)).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    /// Without comments.
    Json,
    /// With comments that the parser knows.
    Yaml,
    /// Any other, and templates: a comment is a line that begins with `#`.
    Lines,
}

impl Language {
    fn of(trees: &Trees, file: FileId, path: &RepoPath) -> Self {
        let name = path.name();
        let ending = name.rsplit_once('.').map(|(_, ending)| ending);
        let is_yaml = name == "Kustomization" || matches!(ending, Some("yaml" | "yml"));
        let is_template = || trees.parsed(file).problems().iter().any(|p| p.kind == ParseProblemKind::Template);
        match ending {
            Some("json") => Self::Json,
            _ if is_yaml && !is_template() => Self::Yaml,
            _ => Self::Lines,
        }
    }
}

fn own_lines(text: &str) -> Vec<TextRange> {
    let mut start = 0;
    let mut found = Vec::new();
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        if line[indent..].starts_with('#') {
            found.push(TextRange::new((start + indent) as u32, (start + line.trim_end().len()) as u32));
        }
        start += line.len();
    }
    found
}

/// The documents of a file without gaps: what stands before the first `---` belongs to the first one.
fn documents(parsed: &Parsed, text: &str) -> Vec<TextRange> {
    let starts = parsed.documents().iter().enumerate().map(|(row, d)| if row == 0 { 0 } else { d.range.start });
    let starts: Vec<u32> = starts.collect();
    let ends = starts.iter().skip(1).copied().chain([text.len() as u32]);
    starts.iter().zip(ends).map(|(start, end)| TextRange::new(*start, end.max(*start))).collect()
}

fn of_comment(trees: &Trees, file: FileId, range: TextRange, documents: &[TextRange]) -> Vec<Mark> {
    let sources = trees.sources();
    let text = sources.text(file);
    let part = |part: &std::ops::Range<usize>| {
        let start = range.start;
        Span { file, range: TextRange::new(start + part.start as u32, start + part.end as u32) }
    };
    let said = comment::read(&text[range.bytes()]);
    if said.is_empty() {
        return Vec::new();
    }
    let reach = reach(text, range, documents, sources.positions(Span { file, range }).0.line);
    said.into_iter()
        .map(|said| Mark {
            at: part(&said.range),
            ids: said.ids.iter().map(|(id, at)| (id.clone(), part(at))).collect(),
            until: said.until,
            explained: said.explained,
            broken: said.broken,
            reach,
        })
        .collect()
}

/// A comment is about its line or, where it has the line to itself, about the next line that is more than a comment. At
/// the head of a document it is about the document.
fn reach(text: &str, comment: TextRange, documents: &[TextRange], line: u32) -> Reach {
    let line_start = text[..comment.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let before = text[line_start..comment.start as usize].trim_start_matches('\u{feff}').trim();
    if let Some(document) = documents.iter().find(|document| document.contains(comment))
        && matches!(before, "" | "---")
        && is_head(&text[document.start as usize..line_start])
    {
        return Reach::Document(*document);
    }
    if !before.is_empty() {
        return Reach::Line(line);
    }
    let below = text[comment.start as usize..].lines().skip(1);
    let comments = below.take_while(|line| line.trim_start().starts_with('#')).count();
    Reach::Line(line + 1 + comments as u32)
}

/// Whether what stands above a line leaves it at the head of its document: comments without a gap, and the marker.
fn is_head(above: &str) -> bool {
    let is_marker = |line: &str| line == "---" || line.starts_with("--- #");
    let mut lines = above.trim_start_matches('\u{feff}').lines();
    lines.all(|line| line.starts_with('#') || is_marker(line.trim_end()) || line.starts_with('%'))
}

/// The lines that a comment may be about for a place to be suppressed: the place's own first line and, where the place
/// is a whole block or lies in a text of several lines, the line of the key above it.
pub(super) fn lines_of(trees: &Trees, at: Span) -> Vec<u32> {
    let sources = trees.sources();
    let line = |offset| sources.positions(Span { file: at.file, range: TextRange::new(offset, offset) }).0.line;
    let mut lines = vec![line(at.range.start)];
    let parsed = trees.parsed(at.file);
    let roots = parsed.documents().iter().filter_map(|document| document.root);
    let Some(root) = roots.into_iter().find(|root| parsed.range(*root).contains(at.range)) else { return lines };
    if let Some(key) = key_above(parsed, root, at.range) {
        lines.push(line(parsed.range(key).start));
    }
    lines
}

/// The key whose value is at this range, or is a scalar around it.
fn key_above(parsed: &Parsed, root: NodeId, to: TextRange) -> Option<NodeId> {
    let mut at = root;
    let mut key = None;
    loop {
        if parsed.kind(at).is_scalar() || parsed.range(at) == to {
            return key;
        }
        let mut children = parsed.children(at);
        let holds = |node: &NodeId| parsed.range(*node).contains(to);
        if parsed.kind(at) == Kind::Map {
            (key, at) = loop {
                let (key, value) = (children.next()?, children.next()?);
                if holds(&value) {
                    break (Some(key), value);
                }
            };
        } else {
            (key, at) = (None, children.find(holds)?);
        }
    }
}
