//! Quoted text that goes on at the indentation of its key, or before it: go-yaml reads it, the parser crate does not. The
//! lines of such a text are joined before it is parsed, byte for byte, so that every place stays where it is.
//!
//! Never: a text that the parser crate reads; it is parsed as it is.

use std::borrow::Cow;

use crate::base::TextRange;

/// How many texts of one file are joined; a file with more of them is not written by people.
const MOST: usize = 256;

/// Line breaks inside quoted texts, with the blanks around them, that are parsed as something else.
#[derive(Default)]
pub(super) struct Joined {
    gaps: Vec<Gap>,
    /// A character that the text does not hold: it stands in the gaps while the text is parsed.
    filler: Option<u8>,
    texts: usize,
}

struct Gap {
    range: TextRange,
    breaks: usize,
}

impl Joined {
    /// Joins the lines of the quoted text that goes on at the byte `at`. Whether that could be done.
    pub(super) fn join(&mut self, text: &str, at: u32) -> bool {
        if self.texts >= MOST || self.covers(at) {
            return false;
        }
        let absent = |filler: &u8| memchr::memchr(*filler, text.as_bytes()).is_none();
        self.filler = self.filler.or_else(|| b"`~^|;@%_+=?".iter().copied().find(absent));
        let found = self.filler.and_then(|_| gaps(text.as_bytes(), at as usize));
        let Some(found) = found else { return false };
        self.texts += 1;
        self.gaps.extend(found);
        self.gaps.sort_by_key(|gap| gap.range);
        true
    }

    fn covers(&self, at: u32) -> bool {
        self.gaps.iter().any(|gap| gap.range.end == at)
    }

    /// The text as it is parsed.
    pub(super) fn apply<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some(filler) = self.filler.filter(|_| !self.gaps.is_empty()) else { return Cow::Borrowed(text) };
        let mut joined = String::with_capacity(text.len());
        let mut from = 0;
        for gap in &self.gaps {
            joined.push_str(&text[from..gap.range.start as usize]);
            joined.extend(gap.range.bytes().map(|_| char::from(filler)));
            from = gap.range.end as usize;
        }
        joined.push_str(&text[from..]);
        Cow::Owned(joined)
    }

    /// What a scalar of the joined text means: its gaps folded. `None` where it has none.
    pub(super) fn folded(&self, range: TextRange, value: &str) -> Option<String> {
        let filler = char::from(self.filler?);
        let mut gaps = self.gaps.iter().filter(|gap| range.contains(gap.range)).peekable();
        gaps.peek()?;
        let mut folded = String::with_capacity(value.len());
        let mut rest = value;
        for gap in gaps {
            let (before, behind) = rest.split_at(rest.find(filler)?);
            folded.push_str(before);
            // One break is a blank, each further one a break (YAML 1.2 §7.3.1).
            folded.push_str(&if gap.breaks == 1 { " ".to_owned() } else { "\n".repeat(gap.breaks - 1) });
            rest = &behind[(gap.range.end - gap.range.start) as usize..];
        }
        folded.push_str(rest);
        Some(folded)
    }
}

/// The breaks of a quoted text from the one before byte `at` to its end.
fn gaps(bytes: &[u8], at: usize) -> Option<Vec<Gap>> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let start = bytes[..at].iter().rposition(|byte| !is_blank(byte))? + 1;
    let quote = quote_of(bytes, start)?;
    let mut found = Vec::new();
    let mut at = start;
    loop {
        let byte = *bytes.get(at)?;
        if byte == quote {
            if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') {
                at += 2;
                continue;
            }
            return Some(found);
        }
        if quote == b'"' && byte == b'\\' {
            at += 2;
        } else if is_blank(&byte) {
            let end = at + bytes[at..].iter().position(|byte| !is_blank(byte))?;
            let breaks = memchr::memchr_iter(b'\n', &bytes[at..end]).count();
            if breaks > 0 {
                found.push(Gap { range: TextRange::new(at as u32, end as u32), breaks });
            }
            at = end;
        } else {
            at += 1;
        }
    }
}

/// The quote of the text that is open at byte `end`: that of the nearest line above with a value in quotes that does not
/// end before.
fn quote_of(bytes: &[u8], end: usize) -> Option<u8> {
    let starts_value = |at: usize| {
        let before = bytes[..at].iter().rposition(|byte| *byte != b' ').map(|at| bytes[at]);
        matches!(before, None | Some(b':' | b'-' | b',' | b'[' | b'{' | b'\n'))
    };
    let is_open = |at: &usize| {
        let quote = bytes[*at];
        let closes = |behind: &[u8]| memchr::memchr(quote, behind).is_some();
        matches!(quote, b'"' | b'\'') && starts_value(*at) && !closes(&bytes[*at + 1..end])
    };
    (0..end).rev().take(REACH).find(is_open).map(|at| bytes[at])
}

/// How far back the start of a quoted text is looked for, in bytes.
const REACH: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use crate::base::NodeId;
    use crate::parse::parse;

    /// The texts of all scalars and the lines they start in.
    fn scalars(text: &str) -> Vec<String> {
        let parsed = parse(text);
        assert!(parsed.problems().is_empty(), "{:?}", parsed.problems());
        let nodes = (0..parsed.len()).map(|row| NodeId(row as u32)).filter(|node| parsed.kind(*node).is_scalar());
        nodes.map(|node| parsed.text(text, node).to_owned()).collect()
    }

    #[test]
    fn quoted_text_may_go_on_at_its_keys_indentation() {
        for (text, expected) in [
            ("a:\n  b: \"one\n  two\"\n  c: d\n", ["a", "b", "one two", "c", "d"]),
            ("a:\n  b: 'one\n  two''s'\n  c: d\n", ["a", "b", "one two's", "c", "d"]),
            (
                "a:\n  b: \"one  \n\n  two\\n \\\"three\n  four\"\n  c: d\n",
                ["a", "b", "one\ntwo\n \"three four", "c", "d"],
            ),
            ("a:\n  b: \"one\n    two\n  three\"\n  c: d\n", ["a", "b", "one two three", "c", "d"]),
        ] {
            assert_eq!(scalars(text), expected, "{text}");
        }
    }

    #[test]
    fn places_stay_where_they_are() {
        let text = "a:\n  b: \"one\n  two\"\n  c: d # e\n";
        let parsed = parse(text);
        let last = NodeId(parsed.len() as u32 - 1);
        assert_eq!(&text[parsed.range(last).bytes()], "d");
        assert_eq!(&text[parsed.comments()[0].bytes()], "# e");
    }

    #[test]
    fn what_does_not_end_is_a_problem_still() {
        assert_eq!(parse("a: \"one\ntwo\nb: c\n").problems().len(), 1);
    }
}
