//! Text from a tree of other people in Markdown, as GitHub and GitLab read it: a name stays a name.
//!
//! Never: a mention, a link, an element or a table's bar that such a text could begin.

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

/// The same in a table, whose bars count inside code too.
pub(super) fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// A sentence of ours that may hold names: nothing in it is taken for markup.
pub(super) fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in plain::visible(text).chars() {
        match c {
            // A mention, an element and an address are told by these, whatever stands before them.
            '@' | '<' | '>' | '&' | ':' => write!(out, "&#{};", u32::from(c)).expect("a string takes all"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '!' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
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
        assert_eq!(prose("@all <b> [x](https://e)"), "&#64;all &#60;b&#62; \\[x\\]\\(https&#58;//e\\)");
        assert_eq!(mermaid("a\"]; click n0 \"x"), "a#34;#93;#59; click n0 #34;x");
        assert_eq!(mermaid("```\n"), "#96;#96;#96;#92;n");
    }
}
