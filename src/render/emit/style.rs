//! Which notation a text gets: go-yaml v2 `encode.go` (`stringv`) and `emitterc.go` (`yaml_emitter_analyze_scalar`,
//! `yaml_emitter_select_scalar_style`).
//!
//! Never: output; that is the page's.

use crate::parse::is_text_in_yaml_1_1;

/// The longest key, in bytes, that stands before its colon without a `?`.
pub(super) const SIMPLE_KEY: usize = 128;

/// How a text is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// What a text is written for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// A key before its colon: one line.
    SimpleKey,
    Value,
}

/// What matters about a text for its notation.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "go-yaml's flags, each of which decides alone")]
pub(super) struct Shape {
    /// An indicator that a plain text must not hold at that place.
    indicators: bool,
    /// Line breaks of any kind.
    breaks: bool,
    /// Line breaks that are not `\n`: NEL, LS, PS.
    pub(super) exotic: bool,
    /// Characters that are written as escapes, carriage return too.
    special: bool,
    /// Tabs, which only v2 writes as escapes.
    tabs: bool,
    /// Blank or break at the start or end.
    edges: bool,
    trailing_space: bool,
    break_space: bool,
    space_break: bool,
}

/// Bytes that can stand in a plain text at any place but the first.
const WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'-' | b'_' | b'.' | b'/');
        byte += 1;
    }
    table
};

/// Bytes that say nothing about a text, but for its first one.
const INERT: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        table[byte as usize] = !matches!(byte, b':' | b'#');
        byte += 1;
    }
    table
};

/// Whether the text is plain in every place, which most are; a quick answer that may miss some.
pub(super) fn is_plain_word(text: &str) -> bool {
    let Some(first) = text.bytes().next() else { return false };
    (first.is_ascii_alphabetic() || first == b'/')
        && text.bytes().all(|byte| WORD[byte as usize])
        && is_text_in_yaml_1_1(text)
}

/// Looks at a text once.
pub(super) fn analyze(text: &str) -> Shape {
    let bytes = text.as_bytes();
    let mut shape = Shape::default();
    if bytes.starts_with(b"---") || bytes.starts_with(b"...") {
        shape.indicators = true;
    }
    let (mut previous_space, mut previous_break) = (false, false);
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        if INERT[byte as usize] && at > 0 {
            (previous_space, previous_break) = (false, false);
            at += 1;
            continue;
        }
        if byte == b' ' && at > 0 && at + 1 < bytes.len() {
            shape.break_space |= previous_break;
            (previous_space, previous_break) = (true, false);
            at += 1;
            continue;
        }
        let width = width(byte);
        let is_last = at + width >= bytes.len();
        let is_break = is_break(&bytes[at..]);
        shape.indicators |= is_indicator(bytes, at);
        shape.special |= byte != b'\t' && !is_printable(&bytes[at..]);
        shape.tabs |= byte == b'\t';
        shape.edges |= (byte == b' ' || is_break) && (at == 0 || is_last);
        shape.trailing_space |= byte == b' ' && is_last;
        shape.break_space |= byte == b' ' && previous_break;
        shape.space_break |= is_break && previous_space;
        shape.breaks |= is_break;
        shape.exotic |= is_break && byte != b'\n';
        (previous_space, previous_break) = (byte == b' ', is_break);
        at += width;
    }
    shape
}

/// Whether the byte at `at` is an indicator there.
fn is_indicator(bytes: &[u8], at: usize) -> bool {
    let blank_behind = || bytes.get(at + 1).is_none_or(|next| matches!(next, b' ' | b'\t'));
    match bytes[at] {
        b':' => blank_behind(),
        b'#' if at > 0 => ends_blank(&bytes[..at]),
        b'?' | b'-' if at == 0 => blank_behind(),
        b'#' | b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@'
        | b'`' => at == 0,
        _ => false,
    }
}

/// Whether the text ends with a blank, a break or NUL.
fn ends_blank(before: &[u8]) -> bool {
    matches!(before, [.., b' ' | b'\t' | b'\r' | b'\n' | 0] | [.., 0xC2, 0x85] | [.., 0xE2, 0x80, 0xA8 | 0xA9])
}

impl Shape {
    /// Whether go-yaml v3 writes a text of this shape as a block (`|` or `>`).
    pub(super) fn is_block(&self) -> bool {
        !(self.trailing_space || self.space_break || self.special)
    }

    /// Whether a key of this shape stands before its colon.
    pub(super) fn is_simple_key(&self, text: &str) -> bool {
        !self.breaks && text.len() <= SIMPLE_KEY
    }

    /// The notation of `text`, whose shape this is.
    pub(super) fn style(&self, text: &str, used: Use) -> Style {
        let style = if used == Use::SimpleKey && self.breaks {
            Style::Double
        } else if self.breaks && memchr::memchr(b'\n', text.as_bytes()).is_some() {
            Style::Literal
        } else if !is_text_in_yaml_1_1(text) {
            Style::Double
        } else if self.indicators
            || self.edges
            || self.breaks
            || self.break_space
            || self.space_break
            || self.special
            || self.tabs
        {
            Style::Single
        } else {
            Style::Plain
        };
        match style {
            Style::Single if self.break_space || self.space_break || self.special || self.tabs => Style::Double,
            Style::Literal if self.tabs || !self.is_block() => Style::Double,
            style => style,
        }
    }
}

/// The bytes of the character that starts with this byte.
pub(super) fn width(first: u8) -> usize {
    match first {
        0..=0x7F => 1,
        0x80..=0xDF => 2,
        0xE0..=0xEF => 3,
        _ => 4,
    }
}

/// Whether the text starts with a line break of YAML 1.1.
pub(super) fn is_break(bytes: &[u8]) -> bool {
    matches!(bytes, [b'\r' | b'\n', ..] | [0xC2, 0x85, ..] | [0xE2, 0x80, 0xA8 | 0xA9, ..])
}

/// Whether the text starts with a character that go-yaml v2 writes as it is (`is_printable`): no emoji, no tab, no BOM.
pub(super) fn is_printable(bytes: &[u8]) -> bool {
    match bytes {
        [] | [b'\n' | 0x20..=0x7E, ..] => true,
        [0xC2, second, ..] => *second >= 0xA0,
        [0xEF, 0xBB, 0xBF, ..] | [0xEF, 0xBF, 0xBE | 0xBF, ..] => false,
        [first, ..] => matches!(first, 0xC3..=0xEF),
    }
}

#[cfg(test)]
mod tests {
    use super::{Style, Use, analyze, is_plain_word};

    #[test]
    fn a_plain_word_is_plain() {
        for word in ["a", "app.kubernetes.io/name", "/tmp", "v1", "ClusterRole", "e3", "a-b_c"] {
            assert!(is_plain_word(word), "{word}");
            assert_eq!(analyze(word).style(word, Use::Value), Style::Plain);
        }
        for text in ["", "yes", "null", "1", "a:", "-", ".5", "~", "é", "a b"] {
            assert!(!is_plain_word(text), "{text}");
        }
    }
}
