//! A Go template as a tree.
//!
//! Never: a value; what a name means is for the run.

use serde_json::Value;

use super::Gap;

/// A piece of a template.
#[derive(Debug)]
pub(super) enum Node {
    Text(String),
    /// `{{ pipeline }}`
    Print(Pipeline),
    /// `{{ if }}`, `{{ else if }}`: each condition with its block; the last block is that of `else`.
    If(Vec<(Pipeline, Vec<Node>)>, Vec<Node>),
    /// `{{ with }}`
    With(Pipeline, Vec<Node>, Vec<Node>),
    /// `{{ range $key, $value := pipeline }}`
    Range(Vec<String>, Pipeline, Vec<Node>, Vec<Node>),
}

/// Commands, each of which gets what the one before it gives. `$name :=` or `$name =` keeps the result.
#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) keeps: Option<Kept>,
    pub(super) commands: Vec<Vec<Term>>,
}

/// Where a result is kept.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) name: String,
    pub(super) is_new: bool,
}

/// A word of a command, with the fields that are taken from it.
#[derive(Debug)]
pub(super) enum Term {
    Literal(Value),
    /// `.a.b`
    Field(Vec<String>),
    /// `$a.b`; the name is without `$`.
    Variable(String, Vec<String>),
    /// `(pipeline).a`
    Brackets(Pipeline, Vec<String>),
    /// A function.
    Name(String),
}

/// How deep blocks and brackets may stand in each other.
const DEPTH: usize = 32;

/// Reads a template.
pub(super) fn parse(text: &str) -> Result<Vec<Node>, Gap> {
    let mut parser = Parser { pieces: pieces(text)?, at: 0, depth: 0 };
    let (nodes, end) = parser.block()?;
    match end {
        Stop::Text => Ok(nodes),
        Stop::End | Stop::Else(_) => Err(Gap("`else` or `end` without its beginning".to_owned())),
    }
}

enum Piece {
    Text(String),
    Action(Vec<Token>),
}

#[derive(Clone, PartialEq, Debug)]
enum Token {
    /// `.a.b`; `.` alone is empty. Whether a blank stands before it tells it from the field of what is before.
    Path(Vec<String>, Glued),
    Variable(String),
    Word(String),
    Literal(Value),
    Pipe,
    Open,
    Close,
    Comma,
    Declare,
    Assign,
}

/// Whether a token follows the one before it without a blank.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Glued {
    Yes,
    No,
}

/// Cuts a template at its actions; `{{-` and `-}}` take the blanks beside them.
fn pieces(text: &str) -> Result<Vec<Piece>, Gap> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut trims = false;
    loop {
        let start = rest.find("{{");
        let before = &rest[..start.unwrap_or(rest.len())];
        let before = if trims { before.trim_start() } else { before };
        let Some(start) = start else {
            pieces.push(Piece::Text(before.to_owned()));
            return Ok(pieces);
        };
        let mut action = &rest[start + 2..];
        let left = action.strip_prefix('-').filter(|action| action.starts_with(char::is_whitespace));
        pieces.push(Piece::Text(if left.is_some() { before.trim_end() } else { before }.to_owned()));
        action = left.unwrap_or(action);
        let comment = action.trim_start().strip_prefix("/*");
        let (tokens, behind) = match comment {
            Some(comment) => {
                let (_, behind) =
                    comment.split_once("*/").ok_or_else(|| Gap("a comment without its end".to_owned()))?;
                (None, behind)
            }
            None => tokens(action).map(|(tokens, behind)| (Some(tokens), behind))?,
        };
        let behind = behind.trim_start();
        let right = behind.strip_prefix('-').filter(|behind| behind.starts_with("}}"));
        trims = right.is_some();
        let behind = right.unwrap_or(behind).strip_prefix("}}");
        rest = behind.ok_or_else(|| Gap("an action without its end".to_owned()))?;
        pieces.extend(tokens.map(Piece::Action));
    }
}

/// The tokens of an action, and the text from its end on.
fn tokens(text: &str) -> Result<(Vec<Token>, &str), Gap> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let name_length = |text: &str| text.find(|c: char| !is_name(c)).unwrap_or(text.len());
    let odd = |rest: &str| Gap(format!("`{}`", rest.split("}}").next().unwrap_or_default().trim()));
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        let blank = rest.len() - rest.trim_start().len();
        let glued = if blank == 0 && !tokens.is_empty() { Glued::Yes } else { Glued::No };
        rest = &rest[blank..];
        if rest.starts_with("}}") || (rest.starts_with("-}}") && blank > 0) || rest.is_empty() {
            return Ok((tokens, rest));
        }
        let first = rest.chars().next().unwrap_or_default();
        let (token, length) = match first {
            '|' => (Token::Pipe, 1),
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            ':' if rest.starts_with(":=") => (Token::Declare, 2),
            '=' => (Token::Assign, 1),
            '"' | '`' => quoted(rest, first)?,
            '\'' => character(rest).ok_or_else(|| odd(rest))?,
            '.' => {
                let length = rest.find(|c: char| !is_name(c) && c != '.').unwrap_or(rest.len());
                let names = rest[1..length].split('.').filter(|name| !name.is_empty());
                (Token::Path(names.map(str::to_owned).collect(), glued), length)
            }
            '$' => {
                let length = 1 + name_length(&rest[1..]);
                (Token::Variable(rest[1..length].to_owned()), length)
            }
            c if c.is_ascii_digit() || c == '-' || c == '+' => {
                let is_digit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_');
                let length = rest[1..].find(|c: char| !is_digit(c)).map_or(rest.len(), |end| end + 1);
                let number = number(&rest[..length]).ok_or_else(|| odd(rest))?;
                (Token::Literal(number), length)
            }
            c if is_name(c) => {
                let length = name_length(rest);
                let token = match &rest[..length] {
                    "true" => Token::Literal(true.into()),
                    "false" => Token::Literal(false.into()),
                    "nil" => Token::Literal(Value::Null),
                    word => Token::Word(word.to_owned()),
                };
                (token, length)
            }
            _ => return Err(odd(rest)),
        };
        tokens.push(token);
        rest = &rest[length..];
    }
}

fn number(text: &str) -> Option<Value> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let whole = text.parse::<i64>().ok().map(Value::from);
    whole.or_else(|| text.parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(Value::Number))
}

/// A literal text and how long it is with its quotes.
fn quoted(rest: &str, quote: char) -> Result<(Token, usize), Gap> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Ok((Token::Literal(Value::String(text)), at + 1)),
            '\\' if quote == '"' => match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, other @ ('"' | '\\' | '\''))) => text.push(other),
                _ => return Err(Gap("an escape in a text".to_owned())),
            },
            c => text.push(c),
        }
    }
    Err(Gap("a text without its end".to_owned()))
}

/// `'x'`: a number, as Go has it.
fn character(rest: &str) -> Option<(Token, usize)> {
    let mut chars = rest[1..].chars();
    let c = chars.next().filter(|c| *c != '\\' && *c != '\'')?;
    (chars.next() == Some('\'')).then(|| (Token::Literal(u32::from(c).into()), c.len_utf8() + 2))
}

/// What ended a block.
enum Stop {
    Text,
    End,
    /// With what stands behind the word.
    Else(Vec<Token>),
}

struct Parser {
    pieces: Vec<Piece>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn block(&mut self) -> Result<(Vec<Node>, Stop), Gap> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.get_mut(self.at) {
            self.at += 1;
            let tokens = match piece {
                Piece::Text(text) => {
                    if !text.is_empty() {
                        nodes.push(Node::Text(std::mem::take(text)));
                    }
                    continue;
                }
                Piece::Action(tokens) => std::mem::take(tokens),
            };
            let word = match tokens.first() {
                Some(Token::Word(word)) => word.as_str(),
                _ => "",
            };
            match word {
                "end" => return Ok((nodes, Stop::End)),
                "else" => return Ok((nodes, Stop::Else(tokens[1..].to_vec()))),
                "if" | "with" | "range" => nodes.push(self.nested(word, &tokens[1..])?),
                "define" | "block" | "template" | "break" | "continue" => return Err(Gap(format!("`{word}`"))),
                _ => nodes.push(Node::Print(pipeline(&tokens)?)),
            }
        }
        Ok((nodes, Stop::Text))
    }

    fn nested(&mut self, word: &str, tokens: &[Token]) -> Result<Node, Gap> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Gap("so many blocks in each other".to_owned()));
        }
        let node = match word {
            "if" => self.branches(tokens)?,
            "with" => {
                let of = pipeline(tokens)?;
                let (body, other) = self.body(word)?;
                Node::With(of, body, other)
            }
            _ => {
                let (names, rest) = range_names(tokens)?;
                let of = pipeline(rest)?;
                let (body, other) = self.body(word)?;
                Node::Range(names, of, body, other)
            }
        };
        self.depth -= 1;
        Ok(node)
    }

    fn branches(&mut self, tokens: &[Token]) -> Result<Node, Gap> {
        let mut condition = pipeline(tokens)?;
        let mut branches = Vec::new();
        loop {
            let (body, end) = self.block()?;
            branches.push((condition, body));
            match end {
                Stop::End => return Ok(Node::If(branches, Vec::new())),
                Stop::Text => return Err(Gap("`if` without `end`".to_owned())),
                Stop::Else(rest) => match rest.split_first() {
                    Some((Token::Word(word), rest)) if word == "if" => condition = pipeline(rest)?,
                    Some(_) => return Err(Gap("`else` with more behind it".to_owned())),
                    None => {
                        let (other, end) = self.block()?;
                        return match end {
                            Stop::End => Ok(Node::If(branches, other)),
                            _ => Err(Gap("`if` without `end`".to_owned())),
                        };
                    }
                },
            }
        }
    }

    /// The block of `with` or `range`, and that of its `else`.
    fn body(&mut self, word: &str) -> Result<(Vec<Node>, Vec<Node>), Gap> {
        let endless = || Gap(format!("`{word}` without `end`"));
        let (body, end) = self.block()?;
        match end {
            Stop::End => Ok((body, Vec::new())),
            Stop::Else(rest) if rest.is_empty() => match self.block()? {
                (other, Stop::End) => Ok((body, other)),
                _ => Err(endless()),
            },
            _ => Err(endless()),
        }
    }
}

/// `$key, $value :=` in front of what is gone through.
fn range_names(tokens: &[Token]) -> Result<(Vec<String>, &[Token]), Gap> {
    Ok(match tokens {
        [Token::Variable(key), Token::Comma, Token::Variable(value), Token::Declare, rest @ ..] => {
            (vec![key.clone(), value.clone()], rest)
        }
        [Token::Variable(value), Token::Declare, rest @ ..] => (vec![value.clone()], rest),
        rest if rest.contains(&Token::Declare) || rest.contains(&Token::Comma) => {
            return Err(Gap("`range` in this form".to_owned()));
        }
        rest => (Vec::new(), rest),
    })
}

fn pipeline(tokens: &[Token]) -> Result<Pipeline, Gap> {
    let mut reader = Reader { tokens, at: 0, depth: 0 };
    let pipeline = reader.pipeline()?;
    if reader.at < tokens.len() { Err(Gap("brackets in this form".to_owned())) } else { Ok(pipeline) }
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn pipeline(&mut self) -> Result<Pipeline, Gap> {
        let keeps = match &self.tokens[self.at..] {
            [Token::Variable(name), sign @ (Token::Declare | Token::Assign), ..] => {
                self.at += 2;
                Some(Kept { name: name.clone(), is_new: *sign == Token::Declare })
            }
            _ => None,
        };
        let mut commands = vec![self.command()?];
        while self.tokens.get(self.at) == Some(&Token::Pipe) {
            self.at += 1;
            commands.push(self.command()?);
        }
        Ok(Pipeline { keeps, commands })
    }

    fn command(&mut self) -> Result<Vec<Term>, Gap> {
        let mut terms = Vec::new();
        while let Some(term) = self.term()? {
            terms.push(term);
        }
        if terms.is_empty() { Err(Gap("an empty action".to_owned())) } else { Ok(terms) }
    }

    fn term(&mut self) -> Result<Option<Term>, Gap> {
        let Some(token) = self.tokens.get(self.at) else { return Ok(None) };
        let term = match token {
            Token::Pipe | Token::Close => return Ok(None),
            Token::Comma | Token::Declare | Token::Assign => return Err(Gap("a sign in this place".to_owned())),
            Token::Literal(value) => Term::Literal(value.clone()),
            Token::Path(names, _) => Term::Field(names.clone()),
            Token::Word(name) => Term::Name(name.clone()),
            Token::Variable(name) => {
                self.at += 1;
                return Ok(Some(Term::Variable(name.clone(), self.fields())));
            }
            Token::Open => {
                self.at += 1;
                self.depth += 1;
                let inner = if self.depth > DEPTH { Err(Gap("brackets".to_owned())) } else { self.pipeline() }?;
                self.depth -= 1;
                if self.tokens.get(self.at) != Some(&Token::Close) {
                    return Err(Gap("a bracket without its end".to_owned()));
                }
                self.at += 1;
                return Ok(Some(Term::Brackets(inner, self.fields())));
            }
        };
        self.at += 1;
        Ok(Some(term))
    }

    /// The fields that are taken from what stands before.
    fn fields(&mut self) -> Vec<String> {
        match self.tokens.get(self.at) {
            Some(Token::Path(names, Glued::Yes)) => {
                self.at += 1;
                names.clone()
            }
            _ => Vec::new(),
        }
    }
}
