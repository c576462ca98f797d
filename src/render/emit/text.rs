//! What kustomize's detours do to a text: go-yaml v3 writes and reads it, then JSON, then go-yaml v2 reads that.
//!
//! Never: a notation; that comes after.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::style;
use crate::model::{Value, View};
use crate::parse::Kind;

/// The text of a scalar after kustomize wrote it as YAML and read it again. It keeps the notation, and go-yaml writes
/// folded text (`>`) with line breaks that were not there, one more before each line that is indented deeper, and one
/// between a block and the last comment.
pub(in crate::render) fn as_decoded<'t>(view: View<'_>, text: Cow<'t, str>) -> Cow<'t, str> {
    let is_folded = view.notation() == Some(Kind::Folded) && text.contains('\n');
    let grows = text.ends_with('\n') && is_before_last_comment(view, &text);
    if !is_folded && !grows || !style::analyze(&text).is_block() {
        return text;
    }
    let mut decoded = if is_folded { refold(&text) } else { text.into_owned() };
    decoded.extend(grows.then_some('\n'));
    Cow::Owned(decoded)
}

/// Whether a block that keeps its empty lines is the last of a document but for a comment, before which go-yaml writes
/// one line more.
fn is_before_last_comment(view: View<'_>, text: &str) -> bool {
    let is_kept = text.ends_with("\n\n") || text.bytes().all(|byte| byte == b'\n');
    if !is_kept || !matches!(view.notation(), Some(Kind::Literal | Kind::Folded)) {
        return false;
    }
    let Value::Source(file, node) = view.value() else { return false };
    let trees = view.trees();
    let end = trees.parsed(file).range(node).end as usize;
    let behind = trees.sources().text(file).get(end..).unwrap_or_default();
    let lines = behind.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut lines = lines.take_while(|line| !line.starts_with("---") && !line.starts_with("...")).peekable();
    lines.peek().is_some() && lines.all(|line| line.starts_with('#'))
}

/// What becomes of a text that is put in the place of folded text.
pub(in crate::render) enum Refolded {
    Same,
    As(String),
    /// go-yaml writes what it cannot read.
    Unreadable,
}

/// Whether go-yaml cannot read the block that it makes of a text: it takes the tab for indentation.
pub(in crate::render) fn is_unreadable_block(text: &str) -> bool {
    text.starts_with('\t') && style::analyze(text).is_block()
}

/// What becomes of a text in the place of a folded one: it is written as such, and read again.
pub(in crate::render) fn refolded(text: &str) -> Refolded {
    if !style::analyze(text).is_block() {
        return Refolded::Same;
    }
    if is_unreadable_block(text) {
        return Refolded::Unreadable;
    }
    match refold(text) {
        new if new == text => Refolded::Same,
        new => Refolded::As(new),
    }
}

/// Writes folded text as go-yaml does (`yaml_emitter_write_folded_scalar`) and reads it (`yaml_parser_scan_block_scalar`),
/// a line at a time.
fn refold(text: &str) -> String {
    // go-yaml looks at the first character for each line, where it means to look at the next.
    let doubles = !text.trim_start_matches('\n').starts_with([' ', '\t']);
    let mut out = String::with_capacity(text.len() + 8);
    // Line breaks as they are written since the last line, and whether that line is indented.
    let (mut breaks, mut is_indented, mut is_first) = (0, true, true);
    for line in text.split('\n') {
        if !line.is_empty() {
            let indents = line.starts_with([' ', '\t']);
            match breaks {
                0 => {}
                _ if is_first || is_indented || indents => out.extend(std::iter::repeat_n('\n', breaks)),
                1 => out.push(' '),
                _ => out.extend(std::iter::repeat_n('\n', breaks - 1)),
            }
            out.push_str(line);
            breaks = usize::from(doubles && !indents);
            (is_indented, is_first) = (indents, false);
        }
        breaks += 1;
    }
    // The last line break that was counted is the end of the text.
    let written = text.len() - text.trim_end_matches('\n').len();
    match written {
        0 => {}
        1 => out.push('\n'),
        _ => out.extend(std::iter::repeat_n('\n', breaks - 1)),
    }
    out
}

/// Whether go-yaml v2 reads this as a key of a JSON object: it must not be longer than 1,024 characters as JSON, nor hold
/// the one line break that JSON does not escape.
pub(super) fn is_json_key(name: &str) -> bool {
    const LONGEST: usize = 1024;
    // A character takes six at most.
    if name.len() > LONGEST / 6 - 2 {
        let mut json = String::with_capacity(name.len() + 2);
        json_text(name, &mut json);
        if json.chars().count() > LONGEST {
            return false;
        }
    }
    !name.contains('\u{85}')
}

/// What go-yaml v2 reads from the JSON of `text`: nothing new in general; the first character that its reader refuses;
/// or another text, since an unescaped NEL is a line break to it, and line breaks in quotes are folded.
pub(in crate::render) fn from_json(text: &str) -> Result<Option<String>, char> {
    if memchr::memchr3(0x7F, 0xC2, 0xEF, text.as_bytes()).is_none() {
        return Ok(None);
    }
    let refused = |char: &char| matches!(char, '\u{7F}'..='\u{84}' | '\u{86}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}');
    match text.chars().find(refused) {
        Some(char) => Err(char),
        None if text.contains('\u{85}') => Ok(Some(fold(text))),
        None => Ok(None),
    }
}

/// Folds NEL as a line break in double quotes: one is a space, further ones are `\n`, and the spaces around go. Other
/// white space is escaped in JSON and stays.
fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split('\u{85}');
    out.push_str(parts.next().unwrap_or_default());
    let mut breaks = 0;
    let kept = |out: &mut String| out.truncate(out.trim_end_matches(' ').len());
    if text.contains('\u{85}') {
        kept(&mut out);
    }
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        breaks += 1;
        let mut part = part.trim_start_matches(' ');
        if parts.peek().is_some() {
            part = part.trim_end_matches(' ');
        }
        if part.is_empty() && parts.peek().is_some() {
            continue;
        }
        if breaks == 1 {
            out.push(' ');
        }
        out.extend(std::iter::repeat_n('\n', breaks - 1));
        out.push_str(part);
        breaks = 0;
    }
    out
}

/// A JSON string with Go's escapes, those for HTML among them.
pub(in crate::render) fn json_text(text: &str, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x08' => out.push_str("\\b"),
            '\x0C' => out.push_str("\\f"),
            '\0'..='\x1F' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(char));
            }
            _ => out.push(char),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::{from_json, refold};

    #[test]
    fn folded_text_grows() {
        let rows =
            [("a\nb\n", "a\nb\n"), ("a\n d\ne\n", "a\n\n d\ne\n"), ("a\n\n", "a\n\n\n"), (" a\nb\nc", " a\nb c")];
        for (text, read) in rows {
            assert_eq!(refold(text), read, "{text:?}");
        }
    }

    #[test]
    fn json_alters_and_refuses() {
        assert_eq!(from_json("é\u{FEFF}"), Ok(None));
        assert_eq!(from_json("a\u{7F}"), Err('\u{7F}'));
        assert_eq!(from_json("a\u{80}"), Err('\u{80}'));
        assert_eq!(from_json("a \u{85} b").as_ref().map(Option::as_deref), Ok(Some("a b")));
        assert_eq!(from_json("a\u{85}\u{85}b\u{85}").as_ref().map(Option::as_deref), Ok(Some("a\nb ")));
    }
}
