//! Places in text: byte ranges, spans of files, and their lines and columns.
//!
//! Never: the text itself; that is `Sources`' alone.

use super::FileId;

/// A range of bytes of one content, on character boundaries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TextRange {
    /// The first byte.
    pub start: u32,
    /// The first byte behind it.
    pub end: u32,
}

impl TextRange {
    /// The range from `start` to before `end`.
    #[must_use]
    pub fn new(start: u32, end: u32) -> Self {
        debug_assert!(start <= end);
        Self { start, end }
    }

    /// The same as indices of a string.
    #[must_use]
    pub fn bytes(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether `other` lies in this range.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// A range of bytes of one file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The bytes.
    pub range: TextRange,
}

/// A line and a column, both from 1; columns count characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// Where the lines of one text begin. Made once for each text; a look-up is a binary search.
#[derive(Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
    /// Whether every character is one byte, so that columns need no counting: lines may be as long as the file.
    ascii: bool,
}

impl LineIndex {
    /// The index of `text`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes());
        Self { starts: std::iter::once(0).chain(ends.map(|at| at as u32 + 1)).collect(), ascii: text.is_ascii() }
    }

    /// The line and column of a byte of `text`, which must be the text of this index.
    #[must_use]
    pub fn position(&self, text: &str, offset: u32) -> Position {
        self.counted(text, offset, |before| before.chars().count())
    }

    /// The same, but the column counts units of UTF-16.
    #[must_use]
    pub fn position_utf16(&self, text: &str, offset: u32) -> Position {
        self.counted(text, offset, |before| before.chars().map(char::len_utf16).sum())
    }

    fn counted(&self, text: &str, offset: u32, count: impl Fn(&str) -> usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        let mut end = (offset as usize).min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[self.starts[line] as usize..end];
        let column = if self.ascii { before.len() } else { count(before) };
        Position { line: line as u32 + 1, column: column as u32 + 1 }
    }

    /// The byte where a line (from 1) starts, or `None` behind the last.
    #[must_use]
    pub fn start_of(&self, line: u32) -> Option<u32> {
        self.starts.get((line as usize).checked_sub(1)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::{LineIndex, Position};

    #[test]
    fn columns_count_characters() {
        let text = "a: b\nü: é\n";
        let index = LineIndex::new(text);
        assert_eq!(index.position(text, 0), Position { line: 1, column: 1 });
        assert_eq!(index.position(text, 9), Position { line: 2, column: 4 });
        let wide = "🔧x";
        assert_eq!(LineIndex::new(wide).position_utf16(wide, 4), Position { line: 1, column: 3 });
        assert_eq!(index.position(text, text.len() as u32), Position { line: 3, column: 1 });
        assert_eq!(index.start_of(2), Some(5));
        assert_eq!(index.start_of(4), None);
    }
}
