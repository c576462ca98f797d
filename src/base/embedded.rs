//! Where the lines of a text that stands inside another file's value are written.
//!
//! Never: the decoding of that value; who embeds a text has decoded it.

use super::{BlobId, LoadError, Loader, RepoPath, TextRange};

/// The way from an embedded text's bytes to the outer file's.
#[derive(Debug)]
pub(super) struct Embedded {
    /// The whole value in the outer content.
    whole: TextRange,
    /// Where each line starts, here and there, sorted. Empty where the value's notation (folds, escapes) does not keep
    /// its lines: then every place in it is the whole value.
    lines: Box<[(u32, u32)]>,
}

impl Embedded {
    /// The way for `text`, which the bytes `raw` at `whole` mean.
    pub(super) fn new(whole: TextRange, raw: &str, text: &str) -> Self {
        Self { whole, lines: lines(whole, raw, text).unwrap_or_default() }
    }

    /// A range of the embedded text as a range of the outer content.
    pub(super) fn outer(&self, range: TextRange) -> TextRange {
        if self.lines.is_empty() {
            return self.whole;
        }
        let start = self.offset(range.start);
        // The end belongs to the line of the last byte, not to the indented start of the next.
        let end = if range.end > range.start { self.offset(range.end - 1) + 1 } else { start };
        TextRange::new(start, end.max(start))
    }

    fn offset(&self, inner: u32) -> u32 {
        let row = self.lines.partition_point(|(start, _)| *start <= inner).saturating_sub(1);
        let (from, to) = self.lines[row];
        (to + (inner - from)).min(self.whole.end)
    }
}

/// The starts of the lines, where each line of `text` stands in `raw` as it is, but for indentation.
fn lines(whole: TextRange, raw: &str, text: &str) -> Option<Box<[(u32, u32)]>> {
    if !text.contains('\n') {
        let at = raw.find(text)?;
        return Some(Box::new([(0, whole.start + at as u32)]));
    }
    let mut starts = Vec::new();
    let (mut inner, mut outer) = (0, whole.start);
    let mut written = raw.split_inclusive('\n').peekable();
    if raw.starts_with('|') {
        outer += written.next()?.len() as u32;
    }
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\n', '\r']);
        let found = written.next()?;
        let end = found.trim_end_matches(['\n', '\r']);
        let blank = bare.is_empty() && end.trim().is_empty();
        let indent = if blank { end.len() } else { end.strip_suffix(bare)?.len() };
        if !blank && !end[..indent].trim().is_empty() {
            return None;
        }
        starts.push((inner, outer + indent as u32));
        inner += line.len() as u32;
        outer += found.len() as u32;
    }
    Some(starts.into())
}

/// The loader of contents that are there from the start.
pub(super) struct NoLoader;

impl Loader for NoLoader {
    fn load(&self, _: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
        Ok(Vec::new())
    }
}
