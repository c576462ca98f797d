//! The templates of ApplicationSets: Go templates, as far as they are used there, and the older form, in which `{{ }}`
//! holds a name alone.
//!
//! Never: a guess. What is not known, or not understood, is a [`Gap`].

use serde_json::Value;

use super::go_functions as functions;

/// Why a template gives no text.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Gap(pub String);

/// The text that a Go template gives for these values.
///
/// # Errors
/// Where it names a value that is not there, or uses more of the language than this module knows.
pub fn go_template(text: &str, values: &Value) -> Result<String, Gap> {
    let mut run = Run { pieces: pieces(text), at: 0, values };
    let mut out = String::new();
    match run.block(&mut out, Mode::Live)? {
        End::Text => Ok(out),
        End::Else | End::End => Err(Gap("`else` or `end` without `if`".to_owned())),
    }
}

/// The text that a template of the older form gives: `{{path.basename}}`, `{{ path[0] }}`.
///
/// # Errors
/// Where it names a value that is not there.
pub fn name_template(text: &str, values: &Value) -> Result<String, Gap> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{") {
        let Some((name, after)) = behind.split_once("}}") else { break };
        out.push_str(before);
        let name = name.trim();
        let found = lookup_name(name, values).ok_or_else(|| Gap(format!("`{name}`")))?;
        out.push_str(&functions::text(found));
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// A value by its name with dots; `path` is the path's own text, and `path[1]` a segment.
fn lookup_name<'v>(name: &str, values: &'v Value) -> Option<&'v Value> {
    if let Some(found) = values.get(name).filter(|found| !found.is_object()) {
        return Some(found);
    }
    let mut at = values;
    for part in name.split('.') {
        let (key, index) = match part.strip_suffix(']').and_then(|part| part.split_once('[')) {
            Some((key, index)) => (key, Some(index.parse::<usize>().ok()?)),
            None => (part, None),
        };
        at = at.get(key)?;
        if let Some(index) = index {
            at = at.get("segments").unwrap_or(at).get(index)?;
        }
    }
    if at.is_object() { at.get("path") } else { Some(at) }
}

enum Piece<'t> {
    Text(&'t str),
    Action(&'t str),
}

/// Cuts a template at its actions; `{{-` and `-}}` take the blanks beside them.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut trims = false;
    loop {
        let split =
            rest.split_once("{{").and_then(|(before, b)| b.split_once("}}").map(|(a, after)| (before, a, after)));
        let text = split.map_or(rest, |(before, _, _)| before);
        let text = if trims { text.trim_start() } else { text };
        let Some((_, action, after)) = split else {
            pieces.push(Piece::Text(text));
            return pieces;
        };
        let (text, action) = match action.strip_prefix("- ") {
            Some(action) => (text.trim_end(), action),
            None => (text, action),
        };
        trims = action.ends_with(" -");
        pieces.push(Piece::Text(text));
        pieces.push(Piece::Action(action.strip_suffix(" -").unwrap_or(action).trim()));
        rest = after;
    }
}

/// Whether a block gives text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Live,
    Skipped,
}

/// What ended a block.
#[derive(PartialEq, Eq)]
enum End {
    Text,
    Else,
    End,
}

struct Run<'a> {
    pieces: Vec<Piece<'a>>,
    at: usize,
    values: &'a Value,
}

impl Run<'_> {
    fn block(&mut self, out: &mut String, mode: Mode) -> Result<End, Gap> {
        while let Some(piece) = self.pieces.get(self.at) {
            self.at += 1;
            match *piece {
                Piece::Text(text) if mode == Mode::Live => out.push_str(text),
                Piece::Text(_) => {}
                Piece::Action("end") => return Ok(End::End),
                Piece::Action("else") => return Ok(End::Else),
                Piece::Action(action) if action.starts_with("/*") => {}
                Piece::Action(action) => self.action(action, out, mode)?,
            }
        }
        Ok(End::Text)
    }

    fn action(&mut self, action: &str, out: &mut String, mode: Mode) -> Result<(), Gap> {
        let word = action.split_whitespace().next().unwrap_or_default();
        match word {
            "if" => return self.branch(action["if".len()..].trim(), out, mode),
            "range" | "with" | "define" | "block" | "template" | "else" => return Err(Gap(format!("`{word}`"))),
            _ => {}
        }
        if mode == Mode::Live {
            out.push_str(&functions::text(&evaluate(action, self.values)?));
        }
        Ok(())
    }

    fn branch(&mut self, condition: &str, out: &mut String, mode: Mode) -> Result<(), Gap> {
        let holds = mode == Mode::Live && functions::is_true(&evaluate(condition, self.values)?);
        let live = |wanted: bool| if mode == Mode::Live && wanted { Mode::Live } else { Mode::Skipped };
        let mut end = self.block(out, live(holds))?;
        if end == End::Else {
            end = self.block(out, live(!holds))?;
        }
        if end == End::End { Ok(()) } else { Err(Gap("`if` without `end`".to_owned())) }
    }
}

fn evaluate(text: &str, values: &Value) -> Result<Value, Gap> {
    let tokens = tokens(text)?;
    let mut reader = Reader { tokens: &tokens, at: 0, values, depth: 0 };
    let value = reader.pipeline()?;
    if reader.at < tokens.len() { Err(Gap(format!("`{text}`"))) } else { Ok(value) }
}

#[derive(Clone, PartialEq, Debug)]
enum Token {
    /// `.a.b`; `.` alone is empty.
    Path(Vec<String>),
    Word(String),
    Literal(Value),
    Pipe,
    Open,
    Close,
}

fn tokens(text: &str) -> Result<Vec<Token>, Gap> {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_');
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '|' | '(' | ')' => {
                tokens.push(match first {
                    '|' => Token::Pipe,
                    '(' => Token::Open,
                    _ => Token::Close,
                });
                1
            }
            '"' | '`' => {
                let (value, length) = quoted(rest, first)?;
                tokens.push(Token::Literal(Value::String(value)));
                length
            }
            '.' => {
                let length = rest.find(|c: char| !is_name(c) && c != '.').unwrap_or(rest.len());
                tokens.push(Token::Path(
                    rest[1..length].split('.').filter(|p| !p.is_empty()).map(str::to_owned).collect(),
                ));
                length
            }
            c if c.is_ascii_digit() || c == '-' => {
                let length = rest[1..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |end| end + 1);
                let number: i64 = rest[..length].parse().map_err(|_| Gap(format!("`{text}`")))?;
                tokens.push(Token::Literal(number.into()));
                length
            }
            c if is_name(c) => {
                let length = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
                tokens.push(match &rest[..length] {
                    "true" => Token::Literal(true.into()),
                    "false" => Token::Literal(false.into()),
                    "nil" => Token::Literal(Value::Null),
                    word => Token::Word(word.to_owned()),
                });
                length
            }
            _ => return Err(Gap(format!("`{text}`"))),
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// A literal text and how long it is with its quotes.
fn quoted(rest: &str, quote: char) -> Result<(String, usize), Gap> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Ok((text, at + 1)),
            '\\' if quote == '"' => match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, other)) => text.push(other),
                None => break,
            },
            c => text.push(c),
        }
    }
    Err(Gap("a text without its end".to_owned()))
}

/// How deep brackets may stand in each other.
const DEPTH: usize = 32;

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    values: &'a Value,
    depth: usize,
}

impl Reader<'_> {
    fn pipeline(&mut self) -> Result<Value, Gap> {
        let mut value = self.command(None)?;
        while self.tokens.get(self.at) == Some(&Token::Pipe) {
            self.at += 1;
            value = self.command(Some(value))?;
        }
        Ok(value)
    }

    /// One command; what came through the pipe is its last argument.
    fn command(&mut self, piped: Option<Value>) -> Result<Value, Gap> {
        if let Some(Token::Word(name)) = self.tokens.get(self.at) {
            self.at += 1;
            let mut arguments = Vec::new();
            while let Some(argument) = self.term()? {
                arguments.push(argument);
            }
            arguments.extend(piped);
            return functions::call(name, &arguments);
        }
        match (self.term()?, piped) {
            (Some(value), None) => Ok(value),
            _ => Err(Gap("a value where a function is needed".to_owned())),
        }
    }

    fn term(&mut self) -> Result<Option<Value>, Gap> {
        let Some(token) = self.tokens.get(self.at) else { return Ok(None) };
        let value = match token {
            Token::Pipe | Token::Close => return Ok(None),
            Token::Literal(value) => value.clone(),
            Token::Path(path) => follow(self.values, path)?,
            Token::Word(name) => functions::call(name, &[])?,
            Token::Open => {
                self.at += 1;
                self.depth += 1;
                let value = if self.depth > DEPTH { Err(Gap("brackets".to_owned())) } else { self.pipeline() }?;
                self.depth -= 1;
                if self.tokens.get(self.at) != Some(&Token::Close) {
                    return Err(Gap("a bracket without its end".to_owned()));
                }
                value
            }
        };
        self.at += 1;
        Ok(Some(value))
    }
}

fn follow(values: &Value, path: &[String]) -> Result<Value, Gap> {
    let found = path.iter().try_fold(values, |at, key| at.get(key));
    found.cloned().ok_or_else(|| Gap(format!("`.{}`", path.join("."))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Value {
        serde_json::json!({
            "path": {"path": "apps/shop/prod", "basename": "prod", "segments": ["apps", "shop", "prod"]},
            "cluster": {"name": "EU_1", "labels": {"tier-1": "gold"}}, "empty": "", "count": 3,
            "metadata.labels.x": "flat"
        })
    }

    #[test]
    fn go_templates_as_application_sets_use_them() {
        for (template, text) in [
            ("plain", "plain"),
            ("{{ .path.path }}", "apps/shop/prod"),
            ("{{.path.basename}}-{{index .path.segments 1}}", "prod-shop"),
            ("a {{- .count -}} b", "a3b"),
            ("{{ index .cluster.labels \"tier-1\" | upper }}", "GOLD"),
            ("{{ .cluster.name | normalize }}", "eu-1"),
            ("{{ .empty | default \"x\" }}", "x"),
            ("{{ trimPrefix \"EU_\" .cluster.name }}", "1"),
            ("{{ if eq .path.basename \"prod\" }}p{{ else }}n{{ end }}", "p"),
            ("{{ if and (eq .count 3) (not .empty) }}y{{ end }}", "y"),
            ("{{ if .empty }}{{ .nowhere }}{{ end }}z", "z"),
            ("{{ printf \"%s-%d\" .path.basename .count }}", "prod-3"),
        ] {
            assert_eq!(go_template(template, &values()).as_deref(), Ok(text), "{template}");
        }
    }

    #[test]
    fn what_is_not_known_is_a_gap() {
        for template in [
            "{{ .name }}",
            "{{ range .x }}{{ end }}",
            "{{ nosuch .count }}",
            "{{ end }}",
            "{{ if .count }}",
            "{{ \"a }}",
        ] {
            assert!(go_template(template, &values()).is_err(), "{template}");
        }
        assert_eq!(name_template("{{name}}", &values()), Err(Gap("`name`".to_owned())));
    }

    #[test]
    fn the_older_form_takes_names_alone() {
        for (template, text) in [
            ("{{path}}", "apps/shop/prod"),
            ("{{ path.basename }}", "prod"),
            ("{{path[1]}}", "shop"),
            ("{{cluster.name}}/{{metadata.labels.x}}", "EU_1/flat"),
            ("{{", "{{"),
        ] {
            assert_eq!(name_template(template, &values()).as_deref(), Ok(text), "{template}");
        }
    }
}
