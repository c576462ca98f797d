//! The parsed contents of the run, each parsed once, on first use.
//!
//! Never: a second parse of a content that two files or two sides share.

use std::sync::{Arc, OnceLock};

use super::{Value, View};
use crate::base::{FileId, NodeId, Sources, Span, TextRange};
use crate::parse::{self, Parsed};

/// All parsed contents; the context of every value.
pub struct Trees {
    sources: Arc<Sources>,
    parsed: boxcar::Vec<OnceLock<Parsed>>,
}

impl Trees {
    /// No content parsed yet.
    #[must_use]
    pub fn new(sources: Arc<Sources>) -> Self {
        Self { sources, parsed: boxcar::Vec::new() }
    }

    /// The text of the run.
    #[must_use]
    pub fn sources(&self) -> &Arc<Sources> {
        &self.sources
    }

    /// The parsed content of a file. A file that is not text parses as an empty one.
    pub fn parsed(&self, file: FileId) -> &Parsed {
        self.slot(self.sources.content_id(file).index()).get_or_init(|| parse::parse(self.sources.text(file)))
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

    /// The first line of a file, for what is wrong with the file as a whole.
    pub fn top(&self, file: FileId) -> Span {
        let text = self.sources.text(file);
        let end = text.find('\n').unwrap_or(text.len());
        self.sources.outermost(Span { file, range: TextRange::new(0, end as u32) })
    }

    fn slot(&self, row: usize) -> &OnceLock<Parsed> {
        loop {
            if let Some(slot) = self.parsed.get(row) {
                return slot;
            }
            self.parsed.push(OnceLock::new());
        }
    }
}
