//! The parsed contents of the run, each parsed once, on first use.
//!
//! Never: a second parse of a content that two files or two sides share.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::{Value, View};
use crate::base::{Content, FileId, NodeId, Sources, Span, TextRange};
use crate::parse::{self, Parsed, Scalar};

/// All parsed contents; the context of every value.
pub struct Trees {
    sources: Arc<Sources>,
    /// By content.
    parsed: boxcar::Vec<OnceLock<Arc<Parsed>>>,
    /// By file.
    pages: boxcar::Vec<OnceLock<Page>>,
}

/// A file that is read: its text and its parse side by side. Values are looked at field by field, and finding the two
/// anew for each would be most of the work.
pub(super) struct Page {
    pub(super) file: FileId,
    parsed: Arc<Parsed>,
    text: Arc<str>,
    /// A bit for each node of which somebody noted that it holds nothing of interest.
    bare: OnceLock<Box<[AtomicU64]>>,
    /// Which of the [`WORDS`] the text says.
    says: OnceLock<[bool; WORDS.len()]>,
    /// For each node a number that a walk of the renderer left there.
    notes: OnceLock<Box<[AtomicU32]>>,
}

/// What is looked for in whole files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// The kind of Secrets.
    Secret,
    /// What suppressing comments begin with.
    Suppression,
    /// Something in quotes may be written otherwise than it is read.
    Escape,
}

/// How they are written, by the rows of [`Word`].
const WORDS: [&str; 3] = ["Secret", "gitops-guard:", "\\"];

impl Page {
    #[inline]
    pub(super) fn parsed(&self) -> &Parsed {
        &self.parsed
    }

    /// The key of this name in a map with plain keys.
    #[inline]
    pub(super) fn plain_key(&self, map: NodeId, name: &str) -> Option<NodeId> {
        self.parsed.plain_key(&self.text, map, name)
    }

    /// The decoded text of a scalar; an alias is its target.
    #[inline]
    pub(super) fn text(&self, node: NodeId) -> &str {
        self.parsed.text(&self.text, self.parsed.target(node))
    }

    /// The typed value of a scalar; an alias is its target.
    pub(super) fn scalar(&self, node: NodeId) -> Scalar<'_> {
        self.parsed.scalar(&self.text, self.parsed.target(node))
    }
}

impl Trees {
    /// No content parsed yet.
    #[must_use]
    pub fn new(sources: Arc<Sources>) -> Self {
        Self { sources, parsed: boxcar::Vec::new(), pages: boxcar::Vec::new() }
    }

    /// The text of the run.
    #[must_use]
    pub fn sources(&self) -> &Arc<Sources> {
        &self.sources
    }

    /// The parsed content of a file. A file that is not text parses as an empty one.
    pub fn parsed(&self, file: FileId) -> &Parsed {
        &self.page(file).parsed
    }

    /// Whether a file has been parsed.
    #[must_use]
    pub fn is_parsed(&self, file: FileId) -> bool {
        self.pages.get(file.index()).is_some_and(|page| page.get().is_some())
    }

    /// The roots of a file's documents, in order; empty documents are left out.
    pub fn documents(&self, file: FileId) -> impl Iterator<Item = Value> {
        self.parsed(file).documents().iter().filter_map(move |document| Some(Value::Source(file, document.root?)))
    }

    /// A value, to be read.
    pub fn view<'t>(&'t self, value: &'t Value) -> View<'t> {
        View::new(self, value)
    }

    /// A node of a file, to be read.
    pub fn node(&self, file: FileId, node: NodeId) -> View<'_> {
        View::source(self, file, node)
    }

    /// Where a node is written: in a file, also where the node is part of a text that a value of the file embeds.
    pub fn span(&self, file: FileId, node: NodeId) -> Span {
        self.sources.outermost(Span { file, range: self.parsed(file).range(node) })
    }

    /// The text that a scalar holds, as a file of its own whose values know their places in the outer file: an inline
    /// patch, a block of Helm values. `None` where the value is no text.
    pub fn embedded(&self, value: View<'_>) -> Option<FileId> {
        Some(self.sources.embed(value.place(), value.as_str()?))
    }

    /// As [`Self::embedded`], without the blank end of the text.
    pub fn embedded_trimmed(&self, value: View<'_>) -> Option<FileId> {
        Some(self.sources.embed(value.place(), value.as_str()?.trim_end()))
    }

    /// The first line of a file, and those before it that hold nothing, for what is wrong with the file as a whole.
    pub fn top(&self, file: FileId) -> Span {
        let text = self.sources.text(file);
        let blank = text.len() - text.trim_start().len();
        let end = text[blank..].find('\n').map_or(text.len(), |end| blank + end);
        self.sources.outermost(Span { file, range: TextRange::new(0, end as u32) })
    }

    /// Whether a walk for credentials went through all of this node and found none: overlays of one base share its
    /// nodes, and each is gone through once.
    pub fn is_bare(&self, file: FileId, node: NodeId) -> bool {
        let bits = self.page(file).bare.get();
        bits.is_some_and(|bits| bits[node.0 as usize / 64].load(Ordering::Relaxed) >> (node.0 % 64) & 1 == 1)
    }

    /// Notes that such a walk found nothing.
    pub fn note_bare(&self, file: FileId, node: NodeId) {
        let page = self.page(file);
        let bits = page.bare.get_or_init(|| (0..page.parsed.len().div_ceil(64)).map(|_| AtomicU64::new(0)).collect());
        bits[node.0 as usize / 64].fetch_or(1 << (node.0 % 64), Ordering::Relaxed);
    }

    /// Whether the text of a file says a word. It is looked through once: what most files do not say need not be looked
    /// for in them by each side, nor in each of the values that overlays share of them.
    pub fn says(&self, file: FileId, word: Word) -> bool {
        let page = self.page(file);
        page.says
            .get_or_init(|| WORDS.map(|word| memchr::memmem::find(page.text.as_bytes(), word.as_bytes()).is_some()))
            [word as usize]
    }

    /// The number that was noted last at a node; zero where none was.
    pub fn note(&self, file: FileId, node: NodeId) -> u32 {
        self.page(file).notes.get().map_or(0, |notes| notes[node.0 as usize].load(Ordering::Relaxed))
    }

    /// Notes a number at a node.
    pub fn set_note(&self, file: FileId, node: NodeId, note: u32) {
        let page = self.page(file);
        let notes = page.notes.get_or_init(|| (0..page.parsed.len()).map(|_| AtomicU32::new(0)).collect());
        notes[node.0 as usize].store(note, Ordering::Relaxed);
    }

    /// A file with its parse.
    pub(super) fn page(&self, file: FileId) -> &Page {
        slot(&self.pages, file.index()).get_or_init(|| {
            let content = slot(&self.parsed, self.sources.content_id(file).index());
            let parsed = content.get_or_init(|| Arc::new(parse::parse(self.sources.text(file)))).clone();
            let text = match self.sources.content(file) {
                Content::Text(text) => text.clone(),
                Content::Binary(_) | Content::Failed(_) => Arc::default(),
            };
            Page { file, parsed, text, bare: OnceLock::new(), says: OnceLock::new(), notes: OnceLock::new() }
        })
    }
}

fn slot<T>(rows: &boxcar::Vec<OnceLock<T>>, row: usize) -> &OnceLock<T> {
    loop {
        if let Some(slot) = rows.get(row) {
            return slot;
        }
        rows.push(OnceLock::new());
    }
}
