//! The names at the roots of CEL expressions in `${…}`, as kro's templates hold them.
//!
//! Never: the value of an expression; whether a name means something.

/// A name at the root of an expression and the fields that are read from it: `schema`, [`spec`, `size`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The name.
    pub root: String,
    /// The fields, as far as they are plain: what an index, a call or an optional selection gives is not followed.
    pub fields: Vec<String>,
}

/// The expressions of a text, without their `${` and `}`. One that nothing closes is left out.
#[must_use]
pub fn expressions(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let inner = &rest[start + 2..];
        let Some(end) = closing(inner) else { break };
        found.push(&inner[..end]);
        rest = &inner[end + 1..];
    }
    found
}

/// The byte of the brace that closes the one in front of `text`.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for (at, char) in text.char_indices() {
        match (quote, char) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == char => quote = None,
            (None, '"' | '\'') => quote = Some(char),
            (None, '{') => depth += 1,
            (None, '}') if depth == 0 => return Some(at),
            (None, '}') => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Macros whose first arguments are names that they bind.
const BINDING: [&str; 11] = [
    "all",
    "bind",
    "exists",
    "existsOne",
    "exists_one",
    "filter",
    "map",
    "sortBy",
    "transformList",
    "transformMap",
    "transformMapEntry",
];

/// Words that are no names.
const WORDS: [&str; 4] = ["false", "in", "null", "true"];

/// The names that an expression reads. `None` where it holds what this does not read: a message of some type.
#[must_use]
pub fn reads(expression: &str) -> Option<Vec<Read>> {
    let tokens = tokens(expression);
    let word = |at: usize| match tokens.get(at) {
        Some(Token::Word(word)) => Some(*word),
        _ => None,
    };
    let mark = |at: usize| match tokens.get(at) {
        Some(Token::Mark(mark)) => Some(*mark),
        _ => None,
    };
    let bound = bound(&tokens);
    let mut found: Vec<Read> = Vec::new();
    for at in 0..tokens.len() {
        let Some(name) = word(at) else { continue };
        let before = |back: usize| at.checked_sub(back).and_then(&mark);
        let is_field = before(1) == Some('.') || (before(1) == Some('?') && before(2) == Some('.'));
        if is_field || WORDS.contains(&name) || bound.contains(&name) || mark(at + 1) == Some('(') {
            continue;
        }
        if mark(at + 1) == Some('{') {
            return None;
        }
        let mut read = Read { root: name.to_owned(), fields: Vec::new() };
        let mut next = at + 1;
        while mark(next) == Some('.') {
            let Some(field) = word(next + 1) else { break };
            // A call: the name in front of it may be a library's as well.
            if mark(next + 2) == Some('(') {
                let is_macro = BINDING.contains(&field) && field != "bind";
                if read.fields.is_empty() && !is_macro {
                    read.root.clear();
                }
                break;
            }
            read.fields.push(field.to_owned());
            next += 2;
        }
        if !read.root.is_empty() && !found.contains(&read) {
            found.push(read);
        }
    }
    Some(found)
}

/// The names that macros bind.
fn bound<'t>(tokens: &[Token<'t>]) -> Vec<&'t str> {
    let mut names = Vec::new();
    for window in 0..tokens.len() {
        let (Some(Token::Word(name)), Some(Token::Mark('('))) = (tokens.get(window), tokens.get(window + 1)) else {
            continue;
        };
        if !BINDING.contains(name) {
            continue;
        }
        let mut at = window + 2;
        while let (Some(Token::Word(name)), Some(Token::Mark(','))) = (tokens.get(at), tokens.get(at + 1)) {
            names.push(*name);
            at += 2;
        }
    }
    names
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Token<'t> {
    Word(&'t str),
    Mark(char),
    /// A number or a text.
    Literal,
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let is_word = |char: char| char.is_ascii_alphanumeric() || char == '_';
        let length = if is_word(char) {
            let end = rest.find(|char| !is_word(char)).unwrap_or(rest.len());
            let is_prefix = rest[end..].starts_with(['"', '\'']) && end <= 2;
            if char.is_ascii_digit() {
                found.push(Token::Literal);
            } else if !is_prefix {
                found.push(Token::Word(&rest[..end]));
            }
            end
        } else if matches!(char, '"' | '\'') {
            found.push(Token::Literal);
            quoted(rest, char)
        } else {
            if !char.is_whitespace() {
                found.push(Token::Mark(char));
            }
            char.len_utf8()
        };
        rest = &rest[length..];
    }
    found
}

/// The length of the text literal in front.
fn quoted(text: &str, quote: char) -> usize {
    let triple: String = std::iter::repeat_n(quote, 3).collect();
    if let Some(inner) = text.strip_prefix(&triple) {
        return inner.find(&triple).map_or(text.len(), |end| end + 6);
    }
    let mut escaped = false;
    for (at, char) in text.char_indices().skip(1) {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if char == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{expressions, reads};

    fn shown(text: &str) -> Option<Vec<String>> {
        let show = |read: super::Read| [vec![read.root], read.fields].concat().join(".");
        Some(reads(text)?.into_iter().map(show).collect())
    }

    #[test]
    fn expressions_end_at_their_brace() {
        assert_eq!(expressions("a-${x.y}-${ {'k': \"}\"} }"), ["x.y", " {'k': \"}\"} "]);
        assert_eq!(expressions("$x {y} ${open"), Vec::<&str>::new());
    }

    #[test]
    fn names_are_told_from_words_fields_and_what_macros_bind() {
        for (text, names) in [
            ("schema.spec.size > 3 && !config.data.x", "schema.spec.size config.data.x"),
            ("schema.spec.list.map(v, v.name + other.metadata.name)", "schema.spec.list other.metadata.name"),
            ("has(schema.spec.a) ? 'b.c' : r\"d.e\"", "schema.spec.a"),
            ("size(a.b) == 1 || a[c.d].e", "a.b a c.d"),
            ("json.unmarshal(x.data['k']).y", "x.data"),
            ("a.?b.orValue(null)", "a"),
            ("transform.bind(v, 3)", ""),
            ("m.transformMap(k, v, k + v)", "m"),
        ] {
            let names: Vec<&str> = names.split_whitespace().collect();
            let found = shown(text).expect("it is read");
            assert_eq!(found, names, "{text}");
        }
        assert_eq!(shown("Type{a: 1}"), None);
    }
}
