//! Lines, indentation and folding: go-yaml v2 `emitterc.go`, with its state and its quirks.
//!
//! Never: a decision on what a value is.

use std::fmt::{Display, Write as _};

use super::style::{Shape, Style, Use, is_break, is_printable, width};

/// Behind this column a space becomes a line break.
const WIDTH: usize = 80;

/// What stands behind an indicator.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Behind {
    /// Something on the same line.
    Content,
    /// A block that may start on the same line.
    Indention,
}

/// The output with the state of the line that is being written.
pub(super) struct Page<'o> {
    out: &'o mut String,
    /// Where the line begins.
    line: usize,
    indent: usize,
    /// Whether a blank (or nothing) was written last.
    whitespace: bool,
    /// Whether the line holds nothing but indentation and indicators.
    indention: bool,
}

impl<'o> Page<'o> {
    pub(super) fn new(out: &'o mut String) -> Self {
        let line = out.len();
        Self { out, line, indent: 0, whitespace: true, indention: true }
    }

    /// How many bytes are written.
    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    /// What is written since a byte.
    pub(super) fn since(&self, start: usize) -> &str {
        &self.out[start..]
    }

    /// Where the next line starts.
    pub(super) fn set_indent(&mut self, indent: isize) {
        self.indent = indent.unsigned_abs();
    }

    /// Whether the line holds nothing but indentation and indicators.
    pub(super) fn is_indented(&self) -> bool {
        self.indention
    }

    /// Ends the document: `put_break` unless a line break was written last.
    pub(super) fn end(&mut self) {
        self.indent = 0;
        self.next_line();
    }

    /// Goes to the indentation, on a new line unless this one has nothing behind it.
    pub(super) fn next_line(&mut self) {
        const SPACES: &str = "                                                                ";
        let column = self.out.len() - self.line;
        if !self.indention || column > self.indent || (column == self.indent && !self.whitespace) {
            self.line_break();
        }
        let mut missing = self.indent.saturating_sub(self.out.len() - self.line);
        while missing > 0 {
            let some = missing.min(SPACES.len());
            self.out.push_str(&SPACES[..some]);
            missing -= some;
        }
        self.whitespace = true;
        self.indention = true;
    }

    /// Writes `-`, `?` or the `:` of a long key.
    pub(super) fn indicator(&mut self, indicator: &str, behind: Behind) {
        if !self.whitespace {
            self.out.push(' ');
        }
        self.out.push_str(indicator);
        self.whitespace = false;
        self.indention = self.indention && behind == Behind::Indention;
    }

    /// Writes the `:` behind a key.
    pub(super) fn colon(&mut self) {
        self.out.push(':');
        self.whitespace = false;
        self.indention = false;
    }

    /// Writes `{}` or `[]`.
    pub(super) fn empty(&mut self, brackets: &str) {
        self.indicator(brackets, Behind::Content);
    }

    /// Writes a text that is plain and has no spaces.
    pub(super) fn word(&mut self, word: &str) {
        if !self.whitespace {
            self.out.push(' ');
        }
        self.out.push_str(word);
        self.whitespace = false;
        self.indention = false;
    }

    /// Writes a number.
    pub(super) fn display(&mut self, value: impl Display) {
        self.word("");
        let _ = write!(self.out, "{value}");
    }

    /// Writes a text in the notation that it needs.
    pub(super) fn text(&mut self, text: &str, shape: &Shape, used: Use) {
        match shape.style(text, used) {
            Style::Plain => {
                self.word("");
                self.folded_words(text, used, "");
                self.whitespace = false;
            }
            Style::Single => self.single(text, shape, used),
            Style::Double => self.double(text, used),
            Style::Literal => self.literal(text, shape),
        }
    }

    fn line_break(&mut self) {
        self.out.push('\n');
        self.line = self.out.len();
    }

    /// The column in characters.
    fn column(&self) -> usize {
        self.out[self.line..].chars().count()
    }

    /// Whether no character of `text` comes behind the column at which lines are folded.
    fn fits(&self, text: &str) -> bool {
        self.out.len() - self.line + text.len() <= WIDTH
    }

    /// Writes words with single spaces folded; runs of spaces are kept. Doubles `quote`, which is `'` or nothing.
    fn folded_words(&mut self, text: &str, used: Use, quote: &str) {
        if quote.is_empty() && (used == Use::SimpleKey || self.fits(text)) {
            self.out.push_str(text);
            return;
        }
        let bytes = text.as_bytes();
        let mut column = self.column();
        let mut start = 0;
        while start < bytes.len() {
            let length = memchr::memchr2(b' ', b'\'', &bytes[start..]).unwrap_or(bytes.len() - start);
            let part = &text[start..start + length];
            self.out.push_str(part);
            column += part.chars().count();
            start += length;
            match bytes.get(start) {
                Some(b'\'') => {
                    self.out.push_str(quote);
                    self.out.push('\'');
                    column += 1 + quote.len();
                    start += 1;
                }
                Some(_) => {
                    let run = bytes[start..].iter().take_while(|byte| **byte == b' ').count();
                    let inside = quote.is_empty() || (start > 0 && start + 1 < bytes.len());
                    if used == Use::Value && run == 1 && column > WIDTH && inside {
                        self.next_line();
                        self.indention = false;
                        column = self.indent;
                    } else {
                        self.out.push_str(&text[start..start + run]);
                        column += run;
                    }
                    start += run;
                }
                None => {}
            }
        }
    }

    fn single(&mut self, text: &str, shape: &Shape, used: Use) {
        self.indicator("'", Behind::Content);
        if shape.exotic {
            self.single_with_breaks(text, used);
        } else {
            self.folded_words(text, used, "'");
        }
        self.out.push('\'');
        self.whitespace = false;
        self.indention = false;
    }

    /// A text with the line breaks NEL, LS or PS, which are written as they are; what follows is indented.
    fn single_with_breaks(&mut self, text: &str, used: Use) {
        let mut first = true;
        for line in text.split_inclusive(['\u{85}', '\u{2028}', '\u{2029}']) {
            if !first && !is_break(line.as_bytes()) {
                self.next_line();
            }
            first = false;
            let end = line.trim_end_matches(['\u{85}', '\u{2028}', '\u{2029}']).len();
            self.folded_words(&line[..end], used, "'");
            self.out.push_str(&line[end..]);
            if end < line.len() {
                self.line = self.out.len();
                self.indention = true;
            }
        }
    }

    fn double(&mut self, text: &str, used: Use) {
        self.indicator("\"", Behind::Content);
        let bytes = text.as_bytes();
        // go-yaml looks for the byte order mark at the start of the text at each of its characters.
        let escape_all = bytes.starts_with("\u{FEFF}".as_bytes());
        let is_ordinary = |byte: u8| matches!(byte, b'!'..=b'~') && byte != b'"' && byte != b'\\';
        let mut column = self.column();
        let mut spaces = false;
        let mut at = 0;
        while let Some(byte) = bytes.get(at).copied() {
            let width = width(byte);
            let rest = &bytes[at..];
            if escape_all || !is_printable(rest) || is_break(rest) || matches!(byte, b'"' | b'\\') {
                column += self.escape(text[at..].chars().next().unwrap_or_default());
                spaces = false;
            } else if byte == b' ' {
                if used == Use::Value && !spaces && column > WIDTH && at > 0 && at + 1 < bytes.len() {
                    self.next_line();
                    column = self.indent;
                    if bytes.get(at + 1) == Some(&b' ') {
                        self.out.push('\\');
                        column += 1;
                    }
                } else {
                    self.out.push(' ');
                    column += 1;
                }
                spaces = true;
            } else {
                let run = rest.iter().take_while(|byte| is_ordinary(**byte)).count().max(width);
                self.out.push_str(&text[at..at + run]);
                column += if run == width { 1 } else { run };
                spaces = false;
                at += run;
                continue;
            }
            at += width;
        }
        self.out.push('"');
        self.whitespace = false;
        self.indention = false;
    }

    /// Writes one character as an escape and gives its width.
    fn escape(&mut self, char: char) -> usize {
        let start = self.out.len();
        self.out.push('\\');
        let short = match char {
            '\0' => '0',
            '\x07' => 'a',
            '\x08' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\x0B' => 'v',
            '\x0C' => 'f',
            '\r' => 'r',
            '\x1B' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{A0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(char);
                let _ = match code {
                    0..=0xFF => write!(self.out, "x{code:02X}"),
                    0x100..=0xFFFF => write!(self.out, "u{code:04X}"),
                    _ => write!(self.out, "U{code:08X}"),
                };
                return self.out.len() - start;
            }
        };
        self.out.push(short);
        2
    }

    /// Writes `|`, with the hint for a text that starts blank and the one for its last line breaks.
    fn literal(&mut self, text: &str, shape: &Shape) {
        self.indicator("|", Behind::Content);
        if text.starts_with(' ') || is_break(text.as_bytes()) {
            self.out.push('2');
        }
        let breaks = ['\n', '\u{85}', '\u{2028}', '\u{2029}'];
        match text.strip_suffix(breaks) {
            None => self.out.push('-'),
            Some(rest) if rest.is_empty() || rest.ends_with(breaks) => self.out.push('+'),
            Some(_) => {}
        }
        self.line_break();
        self.whitespace = true;
        self.indention = true;
        if shape.exotic {
            text.split_inclusive(breaks).for_each(|line| self.literal_line(line));
        } else {
            text.split_inclusive('\n').for_each(|line| self.literal_line(line));
        }
    }

    fn literal_line(&mut self, line: &str) {
        if is_break(line.as_bytes()) {
            self.out.push_str(line);
        } else {
            self.next_line();
            self.out.push_str(line);
        }
        let is_open = !(line.ends_with(['\n', '\u{85}', '\u{2028}', '\u{2029}']));
        self.indention = !is_open;
        if !is_open {
            self.line = self.out.len();
        }
    }
}
