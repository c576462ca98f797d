//! The words of a CEL expression.
//!
//! Never: a meaning; a word is a class, a range and, for literals, a value.

use super::Mistake;
use crate::base::TextRange;

/// One word and the bytes it stands on.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Token {
    /// Its bytes.
    pub(super) at: TextRange,
    /// What it is.
    pub(super) word: Word,
}

/// What a word is.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Word {
    Int(u64),
    Uint(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    Name(String),
    /// A name between backticks, which only selects a field.
    Quoted(String),
    Sign(&'static str),
    End,
}

/// Signs, longer ones first.
const SIGNS: [&str; 25] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "-", "+", "*", "/", "%", "?", ":", ".", ",", "(", ")", "[", "]",
    "{", "}", "=",
];

/// The words of `text`, the last one `End`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Mistake> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next()?;
        let is_end = token.word == Word::End;
        tokens.push(token);
        if is_end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn mistake(&self, start: usize, message: impl Into<String>) -> Mistake {
        Mistake { at: TextRange::new(start as u32, self.at.max(start) as u32), message: message.into() }
    }

    fn next(&mut self) -> Result<Token, Mistake> {
        self.skip();
        let start = self.at;
        let word = self.word()?;
        Ok(Token { at: TextRange::new(start as u32, self.at as u32), word })
    }

    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start().len();
            self.at += blank;
            if !self.rest().starts_with("//") {
                return;
            }
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    fn word(&mut self) -> Result<Word, Mistake> {
        let start = self.at;
        let mut chars = self.rest().chars();
        let Some(first) = chars.next() else { return Ok(Word::End) };
        let second = chars.next().unwrap_or(' ');
        if first.is_ascii_digit() || (first == '.' && second.is_ascii_digit()) {
            return self.number();
        }
        if let Some((raw, bytes, quote)) = opened(self.rest()) {
            self.at += quote;
            return self.quoted(start, raw, bytes);
        }
        if first == '`' {
            let end = self.rest()[1..].find('`').ok_or_else(|| self.mistake(start, "the backtick is not closed"))?;
            let name = self.rest()[1..=end].to_owned();
            self.at += end + 2;
            return Ok(Word::Quoted(name));
        }
        if first.is_ascii_alphabetic() || first == '_' {
            let rest = self.rest();
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            let name = rest[..end].to_owned();
            self.at += end;
            return Ok(Word::Name(name));
        }
        match SIGNS.iter().find(|sign| self.rest().starts_with(**sign)) {
            Some(&"=") => {
                self.at += 1;
                Err(self.mistake(start, "`=` is no operator; equality is `==`"))
            }
            Some(sign) => {
                self.at += sign.len();
                Ok(Word::Sign(sign))
            }
            None => {
                self.at += first.len_utf8();
                Err(self.mistake(start, format!("`{first}` does not belong here")))
            }
        }
    }

    fn number(&mut self) -> Result<Word, Mistake> {
        let start = self.at;
        if self.rest().starts_with("0x") || self.rest().starts_with("0X") {
            self.at += 2;
            let digits = self.run(|c| c.is_ascii_hexdigit());
            let value =
                u64::from_str_radix(&digits, 16).map_err(|_| self.mistake(start, "this number is too large"))?;
            return Ok(self.unsigned_or(value));
        }
        self.run(|c| c.is_ascii_digit());
        let mut is_double = false;
        let mut ahead = self.rest().chars();
        if ahead.next() == Some('.') && ahead.next().is_some_and(|c| c.is_ascii_digit()) {
            is_double = true;
            self.at += 1;
            self.run(|c| c.is_ascii_digit());
        }
        let exponent = self.rest().trim_start_matches(['e', 'E']);
        if exponent.len() + 1 == self.rest().len()
            && exponent.trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit())
        {
            is_double = true;
            self.at += 1;
            self.run(|c| matches!(c, '+' | '-'));
            self.run(|c| c.is_ascii_digit());
        }
        let digits = &self.text[start..self.at];
        if is_double {
            return digits.parse().map(Word::Double).map_err(|_| self.mistake(start, "this is no number"));
        }
        let value = digits.parse().map_err(|_| self.mistake(start, "this number is too large"))?;
        Ok(self.unsigned_or(value))
    }

    fn unsigned_or(&mut self, value: u64) -> Word {
        if self.rest().starts_with(['u', 'U']) {
            self.at += 1;
            return Word::Uint(value);
        }
        Word::Int(value)
    }

    fn run(&mut self, is_part: impl Fn(char) -> bool) -> String {
        let rest = self.rest();
        let run = rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())].to_owned();
        self.at += run.len();
        run
    }

    /// The literal whose opening quotes begin at `start` and end where the lexer is.
    fn quoted(&mut self, start: usize, raw: Escapes, kind: Holds) -> Result<Word, Mistake> {
        let opening = &self.text[start..self.at];
        let quotes = opening.trim_start_matches(['r', 'R', 'b', 'B']).to_owned();
        let mut bytes = Vec::new();
        loop {
            if self.rest().starts_with(&quotes) {
                self.at += quotes.len();
                break;
            }
            let Some(next) = self.rest().chars().next() else {
                return Err(self.mistake(start, "the quote is not closed"));
            };
            if next == '\n' && quotes.len() == 1 {
                return Err(self.mistake(start, "the quote is not closed on its line"));
            }
            self.at += next.len_utf8();
            if next == '\\' && raw == Escapes::Read {
                self.escape(kind, &mut bytes)?;
            } else {
                bytes.extend_from_slice(next.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        if kind == Holds::Bytes {
            return Ok(Word::Bytes(bytes));
        }
        String::from_utf8(bytes).map(Word::Text).map_err(|_| self.mistake(start, "this is no text"))
    }

    fn escape(&mut self, kind: Holds, out: &mut Vec<u8>) -> Result<(), Mistake> {
        let start = self.at - 1;
        let Some(sign) = self.rest().chars().next() else {
            return Err(self.mistake(start, "the quote is not closed"));
        };
        self.at += sign.len_utf8();
        let plain = match sign {
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'v' => 11,
            '\\' | '?' | '"' | '\'' | '`' => sign as u8,
            'x' | 'X' => return self.coded(start, 2, 16, kind, out),
            'u' => return self.coded(start, 4, 16, Holds::Text, out),
            'U' => return self.coded(start, 8, 16, Holds::Text, out),
            '0'..='3' => {
                self.at -= 1;
                return self.coded(start, 3, 8, kind, out);
            }
            _ => return Err(self.mistake(start, format!("`\\{sign}` is no escape of CEL"))),
        };
        out.push(plain);
        Ok(())
    }

    /// A character or byte by its number.
    fn coded(
        &mut self,
        start: usize,
        digits: usize,
        radix: u32,
        kind: Holds,
        out: &mut Vec<u8>,
    ) -> Result<(), Mistake> {
        let code = self.rest().get(..digits).and_then(|digits| u32::from_str_radix(digits, radix).ok());
        let Some(code) = code else { return Err(self.mistake(start, "this escape needs more digits")) };
        self.at += digits;
        if kind == Holds::Bytes {
            out.push(u8::try_from(code).map_err(|_| self.mistake(start, "this is no byte"))?);
            return Ok(());
        }
        let Some(char) = char::from_u32(code) else { return Err(self.mistake(start, "this is no character")) };
        out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }
}

/// Whether a literal's backslashes mean something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    Read,
    Raw,
}

/// What a literal holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Text,
    Bytes,
}

/// The prefix and quotes that open a literal, as their length.
fn opened(rest: &str) -> Option<(Escapes, Holds, usize)> {
    let (mut escapes, mut holds, mut length) = (Escapes::Read, Holds::Text, 0);
    for char in rest.chars().take(2) {
        match char {
            'r' | 'R' if escapes == Escapes::Read => escapes = Escapes::Raw,
            'b' | 'B' if holds == Holds::Text => holds = Holds::Bytes,
            _ => break,
        }
        length += 1;
    }
    let quoted = &rest[length..];
    let quotes = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quotes| quoted.starts_with(quotes))?;
    Some((escapes, holds, length + quotes.len()))
}
