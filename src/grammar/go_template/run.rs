//! A Go template with its values.
//!
//! Never: more work than a bound allows, whatever the template says.

use std::borrow::Cow;

use serde_json::Value;

use super::functions::{self, is_true, text};
use super::syntax::{Kept, Node, Pipeline, Term};
use super::{Gap, Missing};

/// How many nodes and calls a template may take.
const STEPS: usize = 20_000;
/// How long its text and its values may become.
const LONGEST: usize = 1 << 16;

/// The text of a template.
pub(super) fn run(nodes: &[Node], values: &Value, missing: Missing) -> Result<String, Gap> {
    let mut run = Run { root: values, missing, variables: Vec::new(), steps: 0, out: String::new() };
    run.block(nodes, values)?;
    Ok(run.out)
}

/// A value, or nothing.
type Maybe = Option<Value>;

struct Run<'v> {
    root: &'v Value,
    missing: Missing,
    variables: Vec<(String, Maybe)>,
    steps: usize,
    out: String,
}

impl Run<'_> {
    fn block(&mut self, nodes: &[Node], dot: &Value) -> Result<(), Gap> {
        let known = self.variables.len();
        for node in nodes {
            self.step()?;
            self.node(node, dot)?;
        }
        self.variables.truncate(known);
        Ok(())
    }

    fn step(&mut self) -> Result<(), Gap> {
        self.steps += 1;
        if self.steps > STEPS || self.out.len() > LONGEST { Err(Gap("less work".to_owned())) } else { Ok(()) }
    }

    fn node(&mut self, node: &Node, dot: &Value) -> Result<(), Gap> {
        match node {
            Node::Text(text) => self.out.push_str(text),
            Node::Print(pipeline) => {
                let value = self.pipeline(pipeline, dot)?;
                if pipeline.keeps.is_none() {
                    let value = value.ok_or_else(|| Gap("a value in place of none".to_owned()))?;
                    self.out.push_str(&text(&value));
                }
            }
            Node::If(branches, other) => {
                let known = self.variables.len();
                let mut chosen = other;
                for (condition, body) in branches {
                    if holds(self.pipeline(condition, dot)?.as_ref()) {
                        chosen = body;
                        break;
                    }
                }
                self.block(chosen, dot)?;
                self.variables.truncate(known);
            }
            Node::With(of, body, other) => {
                let known = self.variables.len();
                match self.pipeline(of, dot)?.filter(is_true) {
                    Some(value) => self.block(body, &value)?,
                    None => self.block(other, dot)?,
                }
                self.variables.truncate(known);
            }
            Node::Range(names, of, body, other) => self.range(names, of, (body, other), dot)?,
        }
        Ok(())
    }

    fn range(&mut self, names: &[String], of: &Pipeline, parts: (&[Node], &[Node]), dot: &Value) -> Result<(), Gap> {
        let rows = rows(self.pipeline(of, dot)?)?;
        if rows.is_empty() {
            return self.block(parts.1, dot);
        }
        let known = self.variables.len();
        for (key, value) in rows {
            self.step()?;
            match names {
                [key_name, value_name] => {
                    self.variables.push((key_name.clone(), Some(key)));
                    self.variables.push((value_name.clone(), Some(value.clone())));
                }
                [name] => self.variables.push((name.clone(), Some(value.clone()))),
                _ => {}
            }
            self.block(parts.0, &value)?;
            self.variables.truncate(known);
        }
        Ok(())
    }

    fn pipeline(&mut self, pipeline: &Pipeline, dot: &Value) -> Result<Maybe, Gap> {
        let mut value: Option<Maybe> = None;
        for command in &pipeline.commands {
            self.step()?;
            value = Some(self.command(command, value, dot)?);
        }
        let value = value.flatten();
        if let Some(Kept { name, is_new }) = &pipeline.keeps {
            let slot = self.variables.iter_mut().rev().find(|(known, _)| known == name).filter(|_| !is_new);
            match slot {
                Some((_, slot)) => slot.clone_from(&value),
                None => self.variables.push((name.clone(), value.clone())),
            }
        }
        Ok(value)
    }

    /// One command; what came through the pipe is its last argument.
    fn command(&mut self, terms: &[Term], piped: Option<Maybe>, dot: &Value) -> Result<Maybe, Gap> {
        let Some((Term::Name(name), rest)) = terms.split_first() else {
            return match (terms, piped) {
                ([term], None) => self.term(term, dot),
                _ => Err(Gap("a value where a function is needed".to_owned())),
            };
        };
        // These two look at no more than they need.
        if matches!(&**name, "and" | "or") {
            return self.first_that(name == "or", rest, piped, dot);
        }
        let mut arguments = Vec::with_capacity(rest.len() + 1);
        for term in rest {
            arguments.push(self.term(term, dot)?);
        }
        arguments.extend(piped);
        functions::call(name, &arguments, self.missing).and_then(short)
    }

    fn first_that(&mut self, wanted: bool, rest: &[Term], piped: Option<Maybe>, dot: &Value) -> Result<Maybe, Gap> {
        let mut value = None;
        for term in rest {
            value = self.term(term, dot)?;
            if holds(value.as_ref()) == wanted {
                return Ok(value);
            }
        }
        Ok(piped.unwrap_or(value))
    }

    fn term(&mut self, term: &Term, dot: &Value) -> Result<Maybe, Gap> {
        self.step()?;
        match term {
            Term::Literal(Value::Null) => Ok(None),
            Term::Literal(value) => Ok(Some(value.clone())),
            Term::Field(names) => self.follow(Some(Cow::Borrowed(dot)), names),
            Term::Variable(name, names) if name.is_empty() => self.follow(Some(Cow::Borrowed(self.root)), names),
            Term::Variable(name, names) => {
                let found = self.variables.iter().rev().find(|(known, _)| known == name);
                let value = found.ok_or_else(|| Gap(format!("`${name}`")))?.1.clone();
                self.follow(value.map(Cow::Owned), names)
            }
            Term::Brackets(inner, names) => {
                let value = self.pipeline(inner, dot)?;
                self.follow(value.map(Cow::Owned), names)
            }
            Term::Name(name) => functions::call(name, &[], self.missing),
        }
    }

    fn follow(&self, from: Option<Cow<'_, Value>>, names: &[String]) -> Result<Maybe, Gap> {
        let Some(from) = from else {
            return if names.is_empty() { Ok(None) } else { self.lacking(names) };
        };
        match names.iter().try_fold(&*from, |at, name| at.get(name)) {
            Some(Value::Null) => Ok(None),
            Some(found) => Ok(Some(found.clone())),
            None => self.lacking(names),
        }
    }

    fn lacking(&self, names: &[String]) -> Result<Maybe, Gap> {
        match self.missing {
            Missing::Nothing => Ok(None),
            Missing::Unknown | Missing::Error => Err(Gap(format!("`.{}`", names.join(".")))),
        }
    }
}

fn holds(value: Option<&Value>) -> bool {
    value.is_some_and(is_true)
}

/// What `range` goes through: the keys of a map in their order.
fn rows(of: Maybe) -> Result<Vec<(Value, Value)>, Gap> {
    Ok(match of {
        None => Vec::new(),
        Some(Value::Array(items)) => items.into_iter().enumerate().map(|(row, item)| (row.into(), item)).collect(),
        Some(Value::Object(fields)) => {
            let mut fields: Vec<(String, Value)> = fields.into_iter().collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            fields.into_iter().map(|(key, value)| (key.into(), value)).collect()
        }
        Some(_) => return Err(Gap("a list for `range`".to_owned())),
    })
}

/// Texts grow by `repeat` and the like.
fn short(value: Maybe) -> Result<Maybe, Gap> {
    match &value {
        Some(Value::String(text)) if text.len() > LONGEST => Err(Gap("a shorter text".to_owned())),
        Some(Value::Array(items)) if items.len() > LONGEST => Err(Gap("a shorter list".to_owned())),
        _ => Ok(value),
    }
}
