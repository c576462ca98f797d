//! Globs over paths, as the configuration writes them.
//!
//! Never: time beyond what pattern and path are long; a pattern becomes a regular expression without backtracking.

use std::fmt;

use regex::Regex;

/// A pattern over whole paths: `*` and `?` stay in a segment, `**` crosses them, `[a-z]`, `[!a]`, `{one,other}`, and `\`
/// before a sign that is to stand for itself. `a/**` matches `a` too: a folder is in itself.
#[derive(Clone)]
pub struct Glob {
    text: Box<str>,
    matcher: Regex,
}

/// Why a text is no glob.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct GlobError(String);

impl Glob {
    /// The glob that `text` is. A `/` at its start or end means nothing.
    ///
    /// # Errors
    /// Where a bracket or brace is not closed, or the pattern is too large.
    pub fn new(text: &str) -> Result<Self, GlobError> {
        let expression = expression(text.trim_matches('/'))?;
        let matcher =
            Regex::new(&expression).map_err(|_| GlobError(format!("`{text}` is no glob that can be used")))?;
        Ok(Self { text: text.into(), matcher })
    }

    /// Whether a path, without `/` at its ends, matches as a whole.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.matcher.is_match(path)
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Glob {}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

/// The regular expression that a glob is.
fn expression(glob: &str) -> Result<String, GlobError> {
    let mut out = String::from("^(?s:");
    let mut rest = glob;
    let mut braces = 0usize;
    while let Some(char) = rest.chars().next() {
        let starts_segment = rest.len() == glob.len() || glob[..glob.len() - rest.len()].ends_with(['/', '{', ',']);
        let (piece, taken) =
            if let Some(behind) = rest.strip_prefix("/**").filter(|behind| ends_segment(behind, braces)) {
                ("(?:/.*)?".to_owned(), rest.len() - behind.len())
            } else if rest.starts_with("**/") && starts_segment {
                ("(?:.*/)?".to_owned(), 3)
            } else if rest.starts_with("**") {
                (".*".to_owned(), 2)
            } else {
                single(glob, rest, char, &mut braces)?
            };
        out.push_str(&piece);
        rest = &rest[taken..];
    }
    if braces > 0 {
        return Err(GlobError(format!("`{glob}` opens a brace that it does not close")));
    }
    out.push_str(")$");
    Ok(out)
}

/// Whether nothing of the segment follows: the end of the pattern, or of an alternative.
fn ends_segment(behind: &str, braces: usize) -> bool {
    behind.is_empty() || braces > 0 && behind.starts_with([',', '}'])
}

/// One sign of a glob: its expression, and how many bytes it takes.
fn single(glob: &str, rest: &str, char: char, braces: &mut usize) -> Result<(String, usize), GlobError> {
    Ok(match char {
        '*' => ("[^/]*".to_owned(), 1),
        '?' => ("[^/]".to_owned(), 1),
        '[' => return class(glob, rest),
        '{' => {
            *braces += 1;
            ("(?:".to_owned(), 1)
        }
        '}' if *braces > 0 => {
            *braces -= 1;
            (")".to_owned(), 1)
        }
        ',' if *braces > 0 => ("|".to_owned(), 1),
        '\\' => {
            let literal = rest[1..].chars().next();
            let literal =
                literal.ok_or_else(|| GlobError(format!("`{glob}` ends with `\\`, which stands before nothing")))?;
            (regex::escape(literal.encode_utf8(&mut [0; 4])), 1 + literal.len_utf8())
        }
        literal => (regex::escape(literal.encode_utf8(&mut [0; 4])), literal.len_utf8()),
    })
}

/// `[a-z]`, `[!a-z]`; a `]` right behind the opening is one of the signs.
fn class(glob: &str, rest: &str) -> Result<(String, usize), GlobError> {
    let inner = rest[1..].trim_start_matches(['!', '^']);
    let is_negated = inner.len() + 1 < rest.len();
    let close = inner.char_indices().skip(1).find(|(_, char)| *char == ']');
    let Some((end, _)) = close else {
        return Err(GlobError(format!("`{glob}` opens a bracket that it does not close")));
    };
    let mut out = String::from(if is_negated { "[^/" } else { "[" });
    for char in inner[..end].chars() {
        if !char.is_alphanumeric() && char != '-' && char.is_ascii() {
            out.push('\\');
        }
        out.push(char);
    }
    out.push(']');
    Ok((out, rest.len() - inner.len() + end + 1))
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn globs_match_whole_paths() {
        for (glob, matching, others) in [
            (
                "bootstrap/*",
                &["bootstrap/a", "bootstrap/a.yaml"][..],
                &["bootstrap", "bootstrap/a/b", "x/bootstrap/a"][..],
            ),
            ("core/**", &["core", "core/a", "core/a/b"], &["core-platform", "x/core"]),
            ("**/stable/**", &["stable", "stable/a", "a/b/stable", "a/stable/b/c"], &["unstable/a", "stable-old/a"]),
            ("apps/*/overlays/dev/**", &["apps/a/overlays/dev", "apps/a/overlays/dev/b"], &["apps/a/b/overlays/dev"]),
            ("clusters/{prod,production}/**", &["clusters/prod/a", "clusters/production"], &["clusters/preprod/a"]),
            ("{apps/**,teams/a}", &["apps", "apps/b/c", "teams/a"], &["teams/b"]),
            ("a?c[0-9][!x]", &["abc1y"], &["abc1x", "a/c1y", "abc1/", "abcxy"]),
            ("**/*.enc.y{a,}ml", &["a.enc.yaml", "a/b/c.enc.yml"], &["a.yaml", "a.encxyaml"]),
            ("/a.b/", &["a.b"], &["axb"]),
            ("a\\*b", &["a*b"], &["axb"]),
            ("[]a]b", &["]b", "ab"], &["xb"]),
            ("**", &["", "a", "a/b"], &[]),
        ] {
            let glob = Glob::new(glob).expect("a glob");
            for path in matching {
                assert!(glob.matches(path), "{glob:?} {path}");
            }
            for path in others {
                assert!(!glob.matches(path), "{glob:?} {path}");
            }
        }
    }

    #[test]
    fn what_is_no_glob_says_so() {
        for text in ["a[b", "a{b", "a\\", "[z-a]"] {
            assert!(Glob::new(text).is_err(), "{text}");
        }
    }
}
