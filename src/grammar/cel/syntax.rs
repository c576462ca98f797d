//! The tree of a CEL expression, as it is written: no name is resolved, no macro expanded.
//!
//! Never: a depth without bound; evaluation recurses as deep as the tree.

use super::Mistake;
use super::lex::{Token, Word, tokens};
use crate::base::TextRange;

/// The longest expression that is read, in bytes.
const LONGEST: usize = 64 * 1024;
/// The deepest nesting that is read.
const DEEPEST: u16 = 96;

/// A node of the tree.
#[derive(Debug)]
pub(super) struct Raw {
    /// Its bytes in the expression.
    pub(super) at: TextRange,
    /// How many levels are below it.
    depth: u16,
    /// What it is.
    pub(super) node: Node,
}

/// Whether a step answers with an optional value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Plain,
    Optional,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    Name(String),
    Select(Box<Raw>, String, Step),
    Index(Box<Raw>, Box<Raw>, Step),
    Call(Option<Box<Raw>>, String, Vec<Raw>),
    Not(Box<Raw>),
    Negate(Box<Raw>),
    Binary(&'static str, Box<Raw>, Box<Raw>),
    All(Vec<Raw>),
    Any(Vec<Raw>),
    If(Box<[Raw; 3]>),
    List(Vec<(Raw, Step)>),
    Map(Vec<(Raw, Raw, Step)>),
}

/// The tree of `text`.
pub(super) fn parse(text: &str) -> Result<Raw, Mistake> {
    if text.len() > LONGEST {
        let message = format!("the expression is longer than {LONGEST} bytes");
        return Err(Mistake { at: TextRange::new(0, 0), message });
    }
    let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0 };
    let raw = parser.expression()?;
    match parser.peek().word {
        Word::End => Ok(raw),
        _ => Err(parser.unexpected("an operator or the end")),
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: u16,
}

type Parsed = Result<Raw, Mistake>;

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn advance(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    fn sees(&self, sign: &str) -> bool {
        matches!(self.peek().word, Word::Sign(found) if found == sign)
    }

    fn takes(&mut self, sign: &str) -> bool {
        let sees = self.sees(sign);
        self.next += usize::from(sees);
        sees
    }

    fn expect(&mut self, sign: &str) -> Result<TextRange, Mistake> {
        if self.sees(sign) { Ok(self.advance().at) } else { Err(self.unexpected(&format!("`{sign}`"))) }
    }

    fn unexpected(&self, expected: &str) -> Mistake {
        let token = self.peek();
        let found = match &token.word {
            Word::End => "the expression ends".to_owned(),
            Word::Sign(sign) => format!("`{sign}` stands"),
            Word::Name(name) => format!("`{name}` stands"),
            _ => "a literal stands".to_owned(),
        };
        Mistake { at: token.at, message: format!("{found} where {expected} is expected") }
    }

    fn make(start: TextRange, end: TextRange, depth: u16, node: Node) -> Parsed {
        let at = TextRange::new(start.start, end.end);
        if depth >= DEEPEST {
            return Err(Mistake { at, message: format!("the expression is nested deeper than {DEEPEST} levels") });
        }
        Ok(Raw { at, depth: depth + 1, node })
    }

    fn expression(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth >= DEEPEST {
            let message = format!("the expression is nested deeper than {DEEPEST} levels");
            return Err(Mistake { at: self.peek().at, message });
        }
        let condition = self.chain("||")?;
        let found = if self.takes("?") {
            let then = self.chain("||")?;
            self.expect(":")?;
            let other = self.expression()?;
            let (start, end) = (condition.at, other.at);
            let depth = condition.depth.max(then.depth).max(other.depth);
            Self::make(start, end, depth, Node::If(Box::new([condition, then, other])))
        } else {
            Ok(condition)
        };
        self.depth -= 1;
        found
    }

    /// Terms between `&&` or `||`: one node, however many there are.
    fn chain(&mut self, sign: &'static str) -> Parsed {
        let term = |parser: &mut Self| if sign == "||" { parser.chain("&&") } else { parser.relation() };
        let first = term(self)?;
        if !self.sees(sign) {
            return Ok(first);
        }
        let mut terms = vec![first];
        while self.takes(sign) {
            terms.push(term(self)?);
        }
        let (start, end) = (terms[0].at, terms[terms.len() - 1].at);
        let depth = terms.iter().map(|term| term.depth).max().unwrap_or_default();
        Self::make(start, end, depth, if sign == "||" { Node::Any(terms) } else { Node::All(terms) })
    }

    fn relation(&mut self) -> Parsed {
        let mut left = self.binary(&["+", "-"])?;
        loop {
            let sign = match &self.peek().word {
                Word::Sign(sign @ ("==" | "!=" | "<" | "<=" | ">" | ">=")) => *sign,
                Word::Name(name) if name == "in" => "in",
                _ => return Ok(left),
            };
            self.advance();
            let right = self.binary(&["+", "-"])?;
            left = Self::joined(sign, left, right)?;
        }
    }

    fn binary(&mut self, signs: &[&'static str]) -> Parsed {
        let term = |parser: &mut Self| {
            if signs[0] == "+" { parser.binary(&["*", "/", "%"]) } else { parser.unary() }
        };
        let mut left = term(self)?;
        while let Some(sign) = signs.iter().copied().find(|sign| self.sees(sign)) {
            self.advance();
            let right = term(self)?;
            left = Self::joined(sign, left, right)?;
        }
        Ok(left)
    }

    fn joined(sign: &'static str, left: Raw, right: Raw) -> Parsed {
        let (start, end, depth) = (left.at, right.at, left.depth.max(right.depth));
        Self::make(start, end, depth, Node::Binary(sign, Box::new(left), Box::new(right)))
    }

    fn unary(&mut self) -> Parsed {
        let start = self.peek().at;
        let mut signs = Vec::new();
        while let Word::Sign(sign @ ("!" | "-")) = self.peek().word {
            signs.push(sign);
            self.advance();
        }
        if signs.len() > usize::from(DEEPEST) {
            return Err(Mistake {
                at: start,
                message: format!("the expression is nested deeper than {DEEPEST} levels"),
            });
        }
        // The lowest integer has no positive twin, so a minus belongs to its digits.
        if signs.last() == Some(&"-")
            && let Word::Int(value) = self.peek().word
            && let Some(value) = 0i64.checked_sub_unsigned(value)
        {
            signs.pop();
            let end = self.advance().at;
            let literal = Self::make(start, end, 0, Node::Int(value))?;
            let operand = self.members(literal)?;
            return Self::signed(start, &signs, operand);
        }
        let primary = self.primary()?;
        let operand = self.members(primary)?;
        Self::signed(start, &signs, operand)
    }

    fn signed(start: TextRange, signs: &[&str], operand: Raw) -> Parsed {
        signs.iter().rev().try_fold(operand, |operand, sign| {
            let (end, depth) = (operand.at, operand.depth);
            let operand = Box::new(operand);
            Self::make(start, end, depth, if *sign == "!" { Node::Not(operand) } else { Node::Negate(operand) })
        })
    }

    fn members(&mut self, mut of: Raw) -> Parsed {
        loop {
            let start = of.at;
            if self.takes(".") {
                let step = if self.takes("?") { Step::Optional } else { Step::Plain };
                let (name, end) = self.field()?;
                let depth = of.depth;
                of = if step == Step::Plain && self.takes("(") {
                    let (arguments, end) = self.listed(")")?;
                    let depth = arguments.iter().map(|raw| raw.depth).max().unwrap_or_default().max(depth);
                    Self::make(start, end, depth, Node::Call(Some(Box::new(of)), name, arguments))?
                } else {
                    Self::make(start, end, depth, Node::Select(Box::new(of), name, step))?
                };
            } else if self.takes("[") {
                let step = if self.takes("?") { Step::Optional } else { Step::Plain };
                let at = self.expression()?;
                let end = self.expect("]")?;
                let depth = of.depth.max(at.depth);
                of = Self::make(start, end, depth, Node::Index(Box::new(of), Box::new(at), step))?;
            } else {
                return Ok(of);
            }
        }
    }

    fn field(&mut self) -> Result<(String, TextRange), Mistake> {
        match &self.peek().word {
            Word::Name(name) | Word::Quoted(name) => {
                let name = name.clone();
                Ok((name, self.advance().at))
            }
            _ => Err(self.unexpected("a field's name")),
        }
    }

    fn listed(&mut self, close: &str) -> Result<(Vec<Raw>, TextRange), Mistake> {
        let mut items = Vec::new();
        while !self.sees(close) {
            items.push(self.expression()?);
            if !self.takes(",") {
                break;
            }
        }
        Ok((items, self.expect(close)?))
    }

    fn primary(&mut self) -> Parsed {
        let start = self.peek().at;
        let node = match self.peek().word.clone() {
            Word::Int(value) => match i64::try_from(value) {
                Ok(value) => Node::Int(value),
                Err(_) => return Err(Mistake { at: start, message: "this number is too large".into() }),
            },
            Word::Uint(value) => Node::Uint(value),
            Word::Double(value) => Node::Double(value),
            Word::Text(text) => Node::Text(text),
            Word::Bytes(bytes) => Node::Bytes(bytes),
            Word::Name(name) => return self.named(&name),
            Word::Sign("(") => {
                self.advance();
                let inner = self.expression()?;
                let end = self.expect(")")?;
                return Ok(Raw { at: TextRange::new(start.start, end.end), ..inner });
            }
            Word::Sign("[") => return self.list(),
            Word::Sign("{") => return self.map(),
            Word::Sign(".") => {
                self.advance();
                let (name, end) = self.field()?;
                return Self::make(start, end, 0, Node::Name(name));
            }
            _ => return Err(self.unexpected("a value")),
        };
        let end = self.advance().at;
        Self::make(start, end, 0, node)
    }

    fn named(&mut self, name: &str) -> Parsed {
        let token = self.advance();
        let node = match name {
            "true" => Node::Bool(true),
            "false" => Node::Bool(false),
            "null" => Node::Null,
            "as" | "break" | "const" | "continue" | "else" | "for" | "function" | "if" | "import" | "in" | "let"
            | "loop" | "package" | "namespace" | "return" | "var" | "void" | "while" => {
                return Err(Mistake { at: token.at, message: format!("`{name}` is a reserved word") });
            }
            _ if self.takes("(") => {
                let (arguments, end) = self.listed(")")?;
                let depth = arguments.iter().map(|raw| raw.depth).max().unwrap_or_default();
                return Self::make(token.at, end, depth, Node::Call(None, name.to_owned(), arguments));
            }
            _ => Node::Name(name.to_owned()),
        };
        Self::make(token.at, token.at, 0, node)
    }

    fn list(&mut self) -> Parsed {
        let start = self.expect("[")?;
        let mut items = Vec::new();
        while !self.sees("]") {
            let step = if self.takes("?") { Step::Optional } else { Step::Plain };
            items.push((self.expression()?, step));
            if !self.takes(",") {
                break;
            }
        }
        let end = self.expect("]")?;
        let depth = items.iter().map(|(raw, _)| raw.depth).max().unwrap_or_default();
        Self::make(start, end, depth, Node::List(items))
    }

    fn map(&mut self) -> Parsed {
        let start = self.expect("{")?;
        let mut entries = Vec::new();
        while !self.sees("}") {
            let step = if self.takes("?") { Step::Optional } else { Step::Plain };
            let key = self.expression()?;
            self.expect(":")?;
            entries.push((key, self.expression()?, step));
            if !self.takes(",") {
                break;
            }
        }
        let end = self.expect("}")?;
        let depth = entries.iter().map(|(key, value, _)| key.depth.max(value.depth)).max().unwrap_or_default();
        Self::make(start, end, depth, Node::Map(entries))
    }
}
