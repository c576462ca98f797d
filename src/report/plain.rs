//! Text from a tree of other people as it may be shown: no character of it moves the cursor, turns the direction of
//! reading, hides what follows, or is taken for a command by what reads the log.
//!
//! Never: a character dropped; what is not shown as itself is shown as its escape.

use std::borrow::Cow;
use std::fmt::Write as _;

/// How many characters of a message a report holds, where its reader has a limit.
const LONGEST: usize = 4000;

/// Whether a character is not seen as itself: control characters, marks of direction, and what has no width and no use
/// in a name (joiners stay: words of some languages and composed signs need them).
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{e0000}'..='\u{e007f}')
}

/// Whether `[` behind `before` begins a command to the runner of GitHub Actions, wherever in a line it stands.
fn is_command(before: &str, c: char) -> bool {
    c == '[' && before.ends_with("##")
}

/// Appends one character as it may be shown. `out` is what stands before it.
pub(super) fn push(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if is_hidden(c) || is_command(out, c) => {
            write!(out, "\\u{{{:x}}}", u32::from(c)).expect("a string takes all");
        }
        c => out.push(c),
    }
}

/// A text in one line, with what would not be seen as its escape.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) && !text.contains("##[") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    text.chars().for_each(|c| push(&mut out, c));
    Cow::Owned(out)
}

/// The same, cut where a reader's limit is near.
pub(super) fn short(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(LONGEST) {
        None => visible(text),
        Some((end, _)) => Cow::Owned(format!("{}…", visible(&text[..end]))),
    }
}

/// A line of a log that nobody takes for a command: those begin with two colons.
pub(super) fn unlike_command(line: &str) -> Cow<'_, str> {
    let start = line.len() - line.trim_start().len();
    if line[start..].starts_with("::") {
        Cow::Owned(format!("{}\\u{{3a}}{}", &line[..start], &line[start + 1..]))
    } else {
        Cow::Borrowed(line)
    }
}

/// A text of the tree for one line of a page that people read.
#[must_use]
pub fn in_a_line(text: &str) -> Cow<'_, str> {
    visible(text)
}

/// A text of several lines for a log.
#[must_use]
pub fn log(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| unlike_command(&visible(line)).into_owned()).collect();
    lines.join("\n")
}

/// JSON with hidden characters as escapes. They occur in its strings only, so nothing is lost.
pub(super) fn json(text: &str) -> Cow<'_, str> {
    let shown = |c: char| c == '\n' || !is_hidden(c);
    if text.chars().all(shown) && !text.contains("##[") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if shown(c) && !is_command(&out, c) {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                write!(out, "\\u{unit:04x}").expect("a string takes all");
            }
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_shown() {
        assert_eq!(visible("a\u{202e}b\nc\x1b[1m"), "a\\u{202e}b\\nc\\u{1b}[1m");
        assert_eq!(visible("##[stop-commands]x"), "##\\u{5b}stop-commands]x");
        assert_eq!(visible("größer 日本 👩\u{200d}🔧"), "größer 日本 👩\u{200d}🔧");
        assert_eq!(unlike_command("  ::error::x"), "  \\u{3a}:error::x");
    }

    #[test]
    fn json_means_the_same() {
        let text = "##[x]\u{202e}\u{e0041}\u{85}é\n";
        let written = serde_json::to_string(text).expect("a string is JSON");
        let safe = json(&written);
        assert!(safe.is_ascii() || !safe.chars().any(is_hidden), "{safe}");
        assert!(!safe.contains("##["));
        assert_eq!(serde_json::from_str::<String>(&safe).expect("JSON"), text);
    }
}
