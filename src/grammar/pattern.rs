//! Regular expressions as Go's engine (RE2) understands them.
//!
//! Never: a guess: an expression that this engine cannot read decides nothing.

use regex::Regex;

/// A compiled expression.
#[derive(Debug)]
pub enum Pattern {
    /// It can be matched.
    Known(Regex),
    /// It is beyond this engine.
    Unknown,
}

impl Pattern {
    /// Compiles `text`. Go's `\d`, `\w`, `\s` and `\b` know ASCII only, so they are spelled out.
    #[must_use]
    pub fn new(text: &str) -> Self {
        compiled(text).map_or(Self::Unknown, Self::Known)
    }

    /// Whether some part of `text` matches; `None` where that cannot be said.
    #[must_use]
    pub fn matches(&self, text: &str) -> Option<bool> {
        match self {
            Self::Known(regex) => Some(regex.is_match(text)),
            Self::Unknown => None,
        }
    }
}

/// The expression in this crate's terms; `None` where it is beyond them.
pub(super) fn compiled(text: &str) -> Option<Regex> {
    Regex::new(&ascii_classes(text)).ok()
}

fn ascii_classes(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.chars();
    let mut in_class = false;
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.next() {
                Some(escaped) => push_escape(&mut out, escaped, in_class),
                None => out.push('\\'),
            },
            // Rust reads a bare `[`, `&&`, `--` and `~~` in a class as an operator; RE2 does not.
            '[' if in_class => {
                if chars.as_str().starts_with(':') {
                    out.push('[');
                    for inner in chars.by_ref() {
                        out.push(inner);
                        if inner == ']' {
                            break;
                        }
                    }
                } else {
                    out.push_str("\\[");
                }
            }
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(char);
            }
            '[' => {
                in_class = true;
                out.push('[');
                // A `]` right behind the bracket stands for itself.
                for literal in ["^]", "]"] {
                    if let Some(rest) = chars.as_str().strip_prefix(literal) {
                        out.push_str(if literal == "]" { "\\]" } else { "^\\]" });
                        chars = rest.chars();
                    }
                }
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            _ => out.push(char),
        }
    }
    out
}

fn push_escape(out: &mut String, escaped: char, in_class: bool) {
    let inner = match escaped {
        'd' => "0-9",
        'w' => "0-9A-Za-z_",
        's' => "\\t\\n\\f\\r ",
        'b' | 'B' if !in_class => {
            out.push_str("(?-u:\\");
            out.push(escaped);
            out.push(')');
            return;
        }
        'D' if !in_class => "^0-9",
        'W' if !in_class => "^0-9A-Za-z_",
        'S' if !in_class => "^\\t\\n\\f\\r ",
        _ => {
            out.push('\\');
            out.push(escaped);
            return;
        }
    };
    if in_class {
        out.push_str(inner);
    } else {
        out.push('[');
        out.push_str(inner);
        out.push(']');
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn expressions_mean_what_re2_means() {
        let cases = [
            (r"^\d+$", "12", Some(true)),
            (r"^\d+$", "١٢", Some(false)),
            (r"^[\w.-]+$", "a_b.c-d", Some(true)),
            (r"^[\w.-]+$", "ä", Some(false)),
            (r"^[[:alpha:]]$", "x", Some(true)),
            (r"^[a&&b]+$", "&a", Some(true)),
            (r"^[]a]+$", "]a", Some(true)),
            (r"b", "abc", Some(true)),
            (r"(?!x)", "abc", None),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} on {text}");
        }
    }
}
