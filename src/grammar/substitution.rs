//! `${VAR}` as Flux substitutes it after a build (`fluxcd pkg/envsubst`, a shell's parameter expansion).
//!
//! Never: a guess: an expression that needs a value nobody here knows stays as it is written.

use regex::Regex;

/// What is known of a variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Variable<'v> {
    /// Its value.
    Known(&'v str),
    /// It has none, so that a default counts.
    Unset,
    /// It may have any.
    Unknown,
}

/// A text with its variables replaced.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Substituted {
    /// The text.
    pub text: String,
    /// The variables whose values are in it, in order, each once.
    pub used: Vec<String>,
    /// The variables that it lacks, in order, each once.
    pub lacking: Vec<String>,
}

/// Flux breaks off: the text has a `${` that is no expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("bad substitution")]
pub struct BadSubstitution;

/// The text with its variables replaced. `$$` is a `$` that begins no expression.
///
/// # Errors
/// Where an expression is none that Flux reads.
pub fn substitute<'v>(text: &str, lookup: &dyn Fn(&str) -> Variable<'v>) -> Result<Substituted, BadSubstitution> {
    let mut run = Run { text, at: 0, depth: 0, lookup, done: Substituted::default() };
    let mut out = String::with_capacity(text.len());
    while let Some(next) = run.peek() {
        if run.eat("$$") {
            out.push('$');
        } else if run.rest().starts_with("${") {
            let start = run.at;
            match run.expression()? {
                Some(value) => out.push_str(&value),
                None => out.push_str(&text[start..run.at]),
            }
        } else {
            out.push(next);
            run.at += next.len_utf8();
        }
    }
    run.done.text = out;
    Ok(run.done)
}

/// How deep an expression may stand in the default of another.
const DEPTH: usize = 32;

struct Run<'t, 'l, 'v> {
    text: &'t str,
    at: usize,
    depth: usize,
    lookup: &'l dyn Fn(&str) -> Variable<'v>,
    done: Substituted,
}

/// The text of a part; `None` where it is not known.
type Part = Option<String>;

/// Which escapes hold in an argument.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    None,
    /// `\/`, `\\` and `$$`.
    All,
}

impl<'t> Run<'t, '_, '_> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn eat(&mut self, word: &str) -> bool {
        let is_there = self.rest().starts_with(word);
        if is_there {
            self.at += word.len();
        }
        is_there
    }

    fn expect(&mut self, word: &str) -> Result<(), BadSubstitution> {
        if self.eat(word) { Ok(()) } else { Err(BadSubstitution) }
    }

    fn name(&mut self) -> Result<&'t str, BadSubstitution> {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_alphabetic() && !c.is_numeric() && c != '_').unwrap_or(rest.len());
        self.at += end;
        if end == 0 { Err(BadSubstitution) } else { Ok(&rest[..end]) }
    }

    /// One `${…}`.
    fn expression(&mut self) -> Result<Part, BadSubstitution> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(BadSubstitution);
        }
        self.expect("${")?;
        let part = if self.eat("#") {
            let name = self.name()?;
            self.expect("}")?;
            self.value(name).map(|value| value.len().to_string())
        } else {
            let name = self.name()?;
            match self.peek() {
                Some(':') if self.rest()[1..].starts_with(['=', '-', '?', '+']) => self.default(name, 2)?,
                Some(':') => self.part(name)?,
                Some('=') => self.default(name, 1)?,
                Some(',' | '^') => self.casing(name)?,
                Some('/') => self.replace(name)?,
                Some('#' | '%') => self.trim(name)?,
                _ => {
                    self.expect("}")?;
                    self.value(name)
                }
            }
        };
        self.depth -= 1;
        Ok(part)
    }

    /// The value of a variable that has to have one. Flux takes nothing for one that it does not find, or breaks off,
    /// as its controller is told: nobody means either.
    fn value(&mut self, name: &str) -> Part {
        match (self.lookup)(name) {
            Variable::Known(value) => {
                note(&mut self.done.used, name);
                Some(value.to_owned())
            }
            Variable::Unset | Variable::Unknown => {
                note(&mut self.done.lacking, name);
                None
            }
        }
    }

    /// `${name:=word}`, `${name:-word}`, `${name=word}`; to Flux `:?` and `:+` are the same.
    fn default(&mut self, name: &str, operator: usize) -> Result<Part, BadSubstitution> {
        self.at += operator;
        let known = self.done.clone();
        let mut word = Some(String::new());
        while !self.eat("}") {
            let next = self.argument(|c| c != '}', Escapes::None)?;
            word = word.zip(next).map(|(word, next)| word + &next);
        }
        match (self.lookup)(name) {
            Variable::Known(value) if !value.is_empty() => {
                // What the default names is not used.
                self.done = known;
                note(&mut self.done.used, name);
                Ok(Some(value.to_owned()))
            }
            Variable::Known(_) | Variable::Unset => Ok(word),
            Variable::Unknown => {
                self.done = known;
                note(&mut self.done.lacking, name);
                Ok(None)
            }
        }
    }

    /// `${name:offset}`, `${name:offset:length}`; counted in bytes.
    fn part(&mut self, name: &str) -> Result<Part, BadSubstitution> {
        self.expect(":")?;
        let offset = self.argument(|c| c != ':' && c != '}', Escapes::None)?;
        let mut length = None;
        if !self.eat("}") {
            self.expect(":")?;
            while self.eat(":") {}
            length = Some(self.argument(|c| c != '}', Escapes::None)?);
            self.expect("}")?;
        }
        let (Some(value), Some(offset)) = (self.value(name), offset) else { return Ok(None) };
        let length = match length {
            Some(None) => return Ok(None),
            Some(Some(length)) => Some(length),
            None => None,
        };
        slice(&value, &offset, length.as_deref()).map(Some)
    }

    /// `${name,}`, `${name,,}`, `${name^}`, `${name^^}`
    fn casing(&mut self, name: &str) -> Result<Part, BadSubstitution> {
        let rest = self.rest();
        let end = rest.find(|c| c != ',' && c != '^').unwrap_or(rest.len()).min(2);
        self.at += end;
        self.expect("}")?;
        let Some(value) = self.value(name) else { return Ok(None) };
        let first = |change: fn(char) -> String| {
            let mut chars = value.chars();
            chars.next().map(|first| change(first) + chars.as_str()).unwrap_or_default()
        };
        Ok(Some(match &rest[..end] {
            "," => first(|c| c.to_lowercase().collect()),
            ",," => value.to_lowercase(),
            "^" => first(|c| c.to_uppercase().collect()),
            "^^" => value.to_uppercase(),
            _ => value,
        }))
    }

    /// `${name/old/new}`, `${name//old/new}`, `${name/#old/new}`, `${name/%old/new}`
    fn replace(&mut self, name: &str) -> Result<Part, BadSubstitution> {
        let operator = ["//", "/#", "/%", "/"].into_iter().find(|operator| self.rest().starts_with(operator));
        let operator = operator.ok_or(BadSubstitution)?;
        self.at += operator.len();
        let old = self.argument(|c| c != '/', Escapes::All)?;
        self.expect("/")?;
        while self.eat("/") {}
        let new = if self.eat("}") {
            // At the ends Flux replaces nothing by nothing.
            if matches!(operator, "/#" | "/%") { None } else { Some(Some(String::new())) }
        } else {
            let new = self.argument(|c| c != '}', Escapes::All)?;
            self.expect("}")?;
            Some(new)
        };
        let Some(value) = self.value(name) else { return Ok(None) };
        let Some(new) = new else { return Ok(Some(value)) };
        let (Some(old), Some(new)) = (old, new) else { return Ok(None) };
        Ok(Some(match operator {
            "//" => value.replace(&old, &new),
            "/#" => value.strip_prefix(&*old).map_or(value.clone(), |rest| new + rest),
            "/%" => value.strip_suffix(&*old).map_or(value.clone(), |rest| rest.to_owned() + &new),
            _ => value.replacen(&old, &new, 1),
        }))
    }

    /// `${name#pattern}`, `${name##pattern}`, `${name%pattern}`, `${name%%pattern}`
    fn trim(&mut self, name: &str) -> Result<Part, BadSubstitution> {
        let operator = ["##", "%%", "#", "%"].into_iter().find(|operator| self.rest().starts_with(operator));
        let operator = operator.ok_or(BadSubstitution)?;
        self.at += operator.len();
        let pattern = self.argument(|c| c != '}', Escapes::None)?;
        self.expect("}")?;
        let (Some(value), Some(pattern)) = (self.value(name), pattern) else { return Ok(None) };
        let reversed = |text: &str| text.chars().rev().collect::<String>();
        Ok(Some(match operator {
            "#" => trimmed(&value, &pattern, Reach::Shortest),
            "##" => trimmed(&value, &pattern, Reach::Longest),
            "%" => reversed(&trimmed(&reversed(&value), &reversed(&pattern), Reach::Shortest)),
            _ => reversed(&trimmed(&reversed(&value), &reversed(&pattern), Reach::Longest)),
        }))
    }

    /// One argument: an expression, or the text up to one or to what does not belong to it.
    fn argument(&mut self, belongs: fn(char) -> bool, escapes: Escapes) -> Result<Part, BadSubstitution> {
        if self.rest().starts_with("${") {
            return self.expression();
        }
        let start = self.at;
        let mut out = String::new();
        while let Some(next) = self.peek().filter(|_| !self.rest().starts_with("${")) {
            let escaped = ["$$", "\\/", "\\\\"].iter().any(|escape| self.rest().starts_with(escape));
            if escapes == Escapes::All && escaped {
                self.at += 1;
            } else if !belongs(next) {
                break;
            }
            let taken = self.peek().unwrap_or(next);
            out.push(taken);
            self.at += taken.len_utf8();
        }
        if self.at == start { Err(BadSubstitution) } else { Ok(Some(out)) }
    }
}

fn note(names: &mut Vec<String>, name: &str) {
    if names.iter().all(|known| known != name) {
        names.push(name.to_owned());
    }
}

/// A part of a text, as Go slices bytes; what is no number changes nothing.
fn slice(value: &str, offset: &str, length: Option<&str>) -> Result<String, BadSubstitution> {
    let size = i64::try_from(value.len()).map_err(|_| BadSubstitution)?;
    let Ok(offset) = offset.parse::<i64>() else { return Ok(value.to_owned()) };
    let start = if offset < 0 { size.saturating_add(offset).max(0) } else { offset };
    let end = match length.map(str::parse::<i64>) {
        None => size,
        Some(Err(_)) => return Ok(value.to_owned()),
        Some(Ok(length)) => start.saturating_add(length).min(size),
    };
    if start >= size {
        return Ok(String::new());
    }
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    // Go breaks off where the end lies before the start, and cuts characters apart, which nobody means.
    range.and_then(|(start, end)| value.get(start..end)).map(str::to_owned).ok_or(BadSubstitution)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Shortest,
    Longest,
}

/// The text without the beginning that matches a pattern.
fn trimmed(value: &str, pattern: &str, reach: Reach) -> String {
    let Some(pattern) = pattern_of(pattern) else { return value.to_owned() };
    let mut ends: Vec<usize> = value.char_indices().map(|(at, c)| at + c.len_utf8()).collect();
    if reach == Reach::Longest {
        ends.reverse();
    }
    let end = ends.into_iter().find(|end| pattern.is_match(&value[..*end]));
    value[end.unwrap_or(0)..].to_owned()
}

/// A shell pattern whose `*` and `?` match everything.
fn pattern_of(text: &str) -> Option<Regex> {
    let mut regex = String::from("^(?s:");
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' => {
                let (class, rest) = chars.as_str().split_once(']').filter(|(class, _)| !class.is_empty())?;
                let (not, class) = class.strip_prefix('^').map_or(("", class), |class| ("^", class));
                let class = class.replace('[', "\\[").replace("&&", "&\\&").replace('~', "\\~");
                regex.push_str(&format!("[{not}{class}]"));
                chars = rest.chars();
            }
            '\\' => regex.push_str(&regex::escape(chars.next()?.encode_utf8(&mut [0; 4]))),
            c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    regex.push_str(")$");
    Regex::new(&regex).ok()
}

#[cfg(test)]
mod tests {
    use super::{BadSubstitution, Variable, substitute};

    fn lookup(name: &str) -> Variable<'static> {
        Variable::Known(match name {
            "lower" => "abcdEFGH28ij",
            "upper" => "ABCDEFGH28IJ",
            "path" => "/home/bozo/ideas/thoughts.for.today",
            "file" => "bash.string.txt",
            "z" => "abcABC123ABCabc",
            "slashes" => "foo/bar/baz",
            "empty" => "",
            "port" => "8080",
            "umlaut" => "é1",
            name if name.starts_with("secret") => return Variable::Unknown,
            _ => return Variable::Unset,
        })
    }

    #[test]
    fn expressions_as_flux_reads_them() {
        for (text, expected) in [
            ("text alone $ and $x {y}", "text alone $ and $x {y}"),
            ("a ${port} b", "a 8080 b"),
            ("${#lower}", "12"),
            ("${#umlaut}", "3"),
            ("${lower^}", "AbcdEFGH28ij"),
            ("${lower^^}", "ABCDEFGH28IJ"),
            ("${upper,}", "aBCDEFGH28IJ"),
            ("${upper,,}", "abcdefgh28ij"),
            ("${path:11}", "ideas/thoughts.for.today"),
            ("${path:11:5}", "ideas"),
            ("${lower: -2}", "abcdEFGH28ij"),
            ("${lower:-2}", "abcdEFGH28ij"),
            ("${lower:99}", ""),
            ("${port=1}", "8080"),
            ("${none=1}", "1"),
            ("${none:=a b}", "a b"),
            ("${none:-x}", "x"),
            ("${none:+x}", "x"),
            ("${none:=}", ""),
            ("${empty:=x}", "x"),
            ("${empty}", ""),
            ("${none:=${port}}", "8080"),
            ("${none=pre-${port}-post}", "pre-8080-post"),
            ("${z/%abc/XYZ}", "abcABC123ABCXYZ"),
            ("${z/#abc/XYZ}", "XYZABC123ABCabc"),
            ("${z//abc/xyz}", "xyzABC123ABCxyz"),
            ("${z/abc/xyz}", "xyzABC123ABCabc"),
            ("${z/abc/}", "ABC123ABCabc"),
            ("${z/#abc/}", "abcABC123ABCabc"),
            ("${slashes//\\//-}", "foo-bar-baz"),
            ("${slashes/\\//-}", "foo-bar/baz"),
            ("${file#*.}", "string.txt"),
            ("${file##*.}", "txt"),
            ("${file%.*}", "bash.string"),
            ("${file%%.*}", "bash"),
            ("${slashes#[a-f]?o}", "/bar/baz"),
            ("$${port}", "${port}"),
            ("${port}$${x$${port}$port${port}", "8080${x${port}$port8080"),
            ("$$${port}", "$8080"),
            ("\\\\x ${none=a}", "\\\\x a"),
        ] {
            assert_eq!(substitute(text, &lookup).map(|done| done.text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_stays() {
        for (text, expected, lacking) in [
            ("a-${none}-${port}", "a-${none}-8080", "none"),
            ("${secret:=x}", "${secret:=x}", "secret"),
            ("${none:=${secret}}", "${none:=${secret}}", "secret"),
            ("${port:=${secret}}", "8080", ""),
            ("${secret_a/a/b}${secret_a}", "${secret_a/a/b}${secret_a}", "secret_a"),
            ("$$ ${none:2}", "$ ${none:2}", "none"),
        ] {
            let done = substitute(text, &lookup).expect("it is well written");
            assert_eq!((&*done.text, &*done.lacking.join(" ")), (expected, lacking), "{text}");
        }
    }

    #[test]
    fn flux_breaks_off() {
        let deep = "${a:=".repeat(40);
        for text in [
            "${",
            "${}",
            "${port",
            "${a.b}",
            "${port-1}",
            "${arr[@]}",
            "${!x}",
            "${port:}",
            "${z/a}",
            "${port:2:-3}",
            &deep,
        ] {
            assert_eq!(substitute(text, &lookup), Err(BadSubstitution), "{text}");
        }
    }
}
