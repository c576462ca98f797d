//! The few lines of a file that a finding shows, as miette wants them: hidden characters as escapes, long lines cut
//! around what is pointed at.
//!
//! Never: the text of a file but through `Sources::shown`; a whole line of unknown length.

use std::fmt;
use std::ops::Range;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::plain;
use crate::base::{LineIndex, Position, Sources, Span};

/// How many lines of one place are shown; of a longer one only the first.
const MOST_LINES: u32 = 12;

/// Some lines around a place, in a text of their own.
pub(super) struct Window {
    name: String,
    text: String,
    lines: LineIndex,
    /// The number of the first line, from 0.
    top: usize,
    /// Where the primary place really is; the header names that.
    position: Position,
    /// The places in `text`, in the order that they were asked for; the first is the primary one.
    places: Vec<SourceSpan>,
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// An offset of the shown file and where it comes to lie in the window.
struct Moved {
    from: usize,
    to: usize,
}

/// Makes the text of a window.
struct Cut<'a> {
    text: &'a str,
    out: String,
    moved: Vec<Moved>,
}

impl Cut<'_> {
    /// Everything wanted in `range` lies here.
    fn here(&mut self, range: Range<usize>) {
        for moved in &mut self.moved {
            if range.contains(&moved.from) {
                moved.to = self.out.len();
            }
        }
    }

    /// Adds the part `keep` of the line `line`.
    fn add(&mut self, line: Range<usize>, keep: Range<usize>) {
        if keep.start > line.start {
            self.here(line.start..keep.start);
            self.out.push('…');
        }
        let text = self.text;
        for (at, c) in text[keep.clone()].char_indices() {
            self.here(keep.start + at..keep.start + at + c.len_utf8());
            match c {
                '\t' => self.out.push(c),
                c => plain::push(&mut self.out, c),
            }
        }
        // A place that ends with its line break ends with the line.
        self.here(keep.end..line.end + 2);
        if keep.end < line.end {
            self.out.push('…');
        }
        self.out.push('\n');
    }
}

impl Window {
    /// The lines around `places`, which are of one file; no line longer than `columns`.
    pub(super) fn new(sources: &Sources, places: &[Span], columns: usize) -> Self {
        let primary = sources.outermost(places[0]);
        let shown = sources.shown(primary.file);
        let (text, index) = (shown.text(), shown.lines());
        let line_of = |offset: usize| index.position(text, offset as u32).line;
        let range_of = |line: u32| line_range(text, index, line);
        let clamp = |place: &Span| -> Range<usize> {
            let range = sources.shown_range(*place).bytes();
            let (start, end) = (range.start.min(text.len()), range.end.min(text.len()));
            let (first, last) = (line_of(start), line_of(end.max(start + 1) - 1));
            if last - first < MOST_LINES { start..end } else { start..range_of(first).end.max(start) }
        };
        let ranges: Vec<Range<usize>> = places.iter().map(clamp).collect();
        let top = ranges.iter().map(|range| line_of(range.start)).min().unwrap_or(1).saturating_sub(1).max(1);
        let bottom = ranges.iter().map(|range| line_of(range.end.max(range.start + 1) - 1)).max().unwrap_or(1) + 1;
        let wanted = ranges.iter().flat_map(|range| [range.start, range.end]);
        let moved = wanted.map(|from| Moved { from, to: 0 }).collect();
        let mut cut = Cut { text, out: String::new(), moved };
        // What is behind the last line break is no line.
        let is_line = |line: u32| line == 1 || index.start_of(line).is_some_and(|start| (start as usize) < text.len());
        for line in (top..=bottom).take_while(|line| is_line(*line)).map(range_of) {
            let keep = keep(text, &line, &ranges, columns);
            cut.add(line, keep);
        }
        let places = cut.moved.chunks_exact(2).map(|ends| {
            let (start, end) = (ends[0].to, ends[1].to.max(ends[0].to));
            SourceSpan::new(start.into(), end - start)
        });
        Self {
            name: plain::visible(&sources.path(primary.file).to_string()).into_owned(),
            places: places.collect(),
            lines: LineIndex::new(&cut.out),
            top: top as usize - 1,
            position: sources.positions(primary).0,
            text: cut.out,
        }
    }

    /// The places in the window, in the order that they were asked for.
    pub(super) fn places(&self) -> &[SourceSpan] {
        &self.places
    }
}

/// The bytes of a line without its break.
fn line_range(text: &str, index: &LineIndex, line: u32) -> Range<usize> {
    let start = index.start_of(line).map_or(text.len(), |start| start as usize);
    let end = index.start_of(line + 1).map_or(text.len(), |next| next as usize - 1).max(start);
    start..start + text[start..end].trim_end_matches('\r').len()
}

/// The part of a line that is shown: all, or a piece around the first place on it.
fn keep(text: &str, line: &Range<usize>, places: &[Range<usize>], columns: usize) -> Range<usize> {
    let shown = &text[line.clone()];
    if shown.char_indices().nth(columns).is_none() {
        return line.clone();
    }
    let at = places.iter().map(|place| place.start).find(|start| line.contains(start)).unwrap_or(line.start);
    let before = text[line.start..at].char_indices().rev().nth(columns / 3).map_or(line.start, |(i, _)| line.start + i);
    let end = text[before..line.end].char_indices().nth(columns).map_or(line.end, |(i, _)| before + i);
    before..end
}

impl SourceCode for Window {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (text, lines) = (&*self.text, &self.lines);
        let end = span.offset() + span.len();
        if end > text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let first = lines.position(text, span.offset() as u32);
        // A span that ends with its line break ends on that line.
        let last = lines.position(text, (end.max(span.offset() + 1) - 1) as u32).line;
        let top = (first.line as usize).saturating_sub(before).max(1);
        let start = if before == 0 { span.offset() } else { lines.start_of(top as u32).unwrap_or_default() as usize };
        let stop = lines.start_of(last + after as u32 + 1).map_or(text.len(), |next| next as usize);
        let column = match before {
            // The header names the place as it is in the file, not as it is shown.
            0 if *span == self.places[0] => self.position.column as usize - 1,
            0 => first.column as usize - 1,
            _ => 0,
        };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            &text.as_bytes()[start..stop.max(start)],
            SourceSpan::new(start.into(), stop.max(start) - start),
            self.top + top - 1,
            column,
            // All places are near each other and are drawn as one piece.
            usize::MAX / 2,
        )))
    }
}
