//! Text from a tree of other people in Markdown, as GitHub and GitLab read it: a name stays a name.
//!
//! Never: a mention, a link, an element or a table's bar that such a text could begin.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::plain;

/// A name, as code.
pub(super) fn code(text: &str) -> String {
    let text = plain::visible(text);
    if text.trim().is_empty() {
        return if text.is_empty() { String::new() } else { "` `".to_owned() };
    }
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let blank = if longest > 0 || text.starts_with(' ') || text.ends_with(' ') { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// The same in a table, whose bars count inside code too. Readers do not agree on a backslash before a bar, so a name
/// with one is written without either.
pub(super) fn cell(text: &str) -> String {
    let text = plain::visible(text);
    if !text.contains('\\') {
        return code(&text).replace('|', "\\|");
    }
    let mut out = String::from("<code>");
    for c in text.chars() {
        if c.is_alphanumeric() || c == ' ' {
            out.push(c);
        } else {
            write!(out, "&#{};", u32::from(c)).expect("a string takes all");
        }
    }
    out + "</code>"
}

/// A sentence of ours that may hold names: nothing in it is taken for markup. Hosts look for mentions, numbers of issues,
/// addresses and `:signs:` in what is left of the markup, so an escape alone does not stop them: behind the sign that
/// begins one stands a space without width.
pub(super) fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let text = plain::visible(text);
    for (at, c) in text.char_indices() {
        let begins = match c {
            '@' | '#' | '!' | '~' | '%' | '&' | '$' | '^' => true,
            // The colon of a sentence begins nothing.
            ':' => !matches!(text[at + 1..].chars().next(), None | Some(' ')),
            _ => false,
        };
        match c {
            '@' | '<' | '>' | '&' => write!(out, "&#{};", u32::from(c)).expect("a string takes all"),
            ':' if begins => out.push_str("&#58;"),
            '.' if ends_with_www(&text[..at]) => out.push_str("&#8203;."),
            // Without brackets no parenthesis makes a link.
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '+' | '!' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        if begins {
            out.push_str("&#8203;");
        }
    }
    out
}

/// Whether a dot behind it begins an address.
fn ends_with_www(text: &str) -> bool {
    text.len().checked_sub(3).and_then(|at| text.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case("www"))
}

/// A message: what it has between backticks is code, the rest a sentence. However many backticks a name in it has, each
/// part is escaped as what it is.
pub(super) fn words(message: &str) -> String {
    let parts: Vec<&str> = message.split('`').collect();
    let last = parts.len() - 1;
    let mut out = String::with_capacity(message.len() + 8);
    for (row, part) in parts.iter().enumerate() {
        match (row % 2, part.trim().is_empty()) {
            // The last backtick has no other.
            (1, _) if row == last => out.push_str(&prose(&format!("`{part}"))),
            (1, true) => out.push_str(&prose(&format!("`{part}`"))),
            (1, false) => out.push_str(&code(part)),
            _ => out.push_str(&prose(part)),
        }
    }
    out
}

/// The first characters of a text.
pub(super) fn clipped(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// A text between the quotes of a node of a Mermaid diagram, which reads `#60;` as the character of that number.
pub(super) fn mermaid(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in plain::visible(text).chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '/' | ',') {
            out.push(c);
        } else {
            write!(out, "#{};", u32::from(c)).expect("a string takes all");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_a_name() {
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(code("x\n# y"), "`x\\n# y`");
        assert_eq!(cell("a|b"), "`a\\|b`");
        assert_eq!(code(""), "");
        assert_eq!(cell("a\\|b"), "<code>a&#92;&#124;b</code>");
        let safe = "&#64;&#8203;all &#60;b&#62; \\[x\\](https&#58;&#8203;//e)";
        assert_eq!(prose("@all <b> [x](https://e)"), safe);
        assert_eq!(prose("é www.e.org #1: x"), "é www&#8203;.e.org \\#&#8203;1: x");
        assert_eq!(words("`a` of @b `"), "`a` of &#64;&#8203;b \\`");
        assert_eq!(words("`` x"), "\\`\\` x");
        assert_eq!(mermaid("a\"]; click n0 \"x"), "a#34;#93;#59; click n0 #34;x");
        assert_eq!(mermaid("```\n"), "#96;#96;#96;#92;n");
    }
}
