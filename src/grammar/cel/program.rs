//! Compiled expressions: names resolved, macros expanded, functions known to exist, patterns compiled.
//!
//! Never: a name that is looked up while an expression runs.

use std::sync::OnceLock;

use regex::Regex;

use super::Mistake;
use super::library::{GLOBALS, MEMBERS, NAMESPACED};
use super::syntax::{self, Node, Raw, Step};
use super::value::Type;
use crate::base::TextRange;
use crate::grammar::pattern;

/// A compiled expression.
#[derive(Debug)]
pub struct Program {
    pub(super) root: Expr,
    /// The variables that whoever runs it gives, in their order.
    variables: Vec<(Box<str>, Use)>,
}

/// Whether an expression names a variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Use {
    Named,
    /// For its `metadata.namespace` alone.
    Namespace,
    Unnamed,
}

/// A node with its bytes.
#[derive(Debug)]
pub(super) struct Expr {
    pub(super) at: TextRange,
    pub(super) op: Op,
}

#[derive(Debug)]
pub(super) enum Op {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Box<str>),
    Bytes(std::sync::Arc<[u8]>),
    Type(Type),
    /// The place of a variable among those given and those of the macros around.
    Variable(usize),
    Select(Box<Select>),
    Index(Box<(Expr, Expr)>, Step),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary(&'static str, Box<(Expr, Expr)>),
    All(Vec<Expr>),
    Any(Vec<Expr>),
    If(Box<(Expr, Expr, Expr)>),
    List(Vec<(Expr, Step)>),
    Map(Vec<(Expr, Expr, Step)>),
    Global(Box<str>, Vec<Expr>),
    Member(Box<Member>),
    Fold(Box<Fold>),
    /// A value and what is made of it as the last variable.
    Bind(Box<(Expr, Expr)>),
    /// What is made of an optional value, where there is one.
    Mapped(Box<(Expr, Expr)>, Gives),
}

/// A selected field.
#[derive(Debug)]
pub(super) struct Select {
    pub(super) of: Expr,
    pub(super) field: Box<str>,
    /// The field's real name, where Kubernetes' escapes hide it.
    pub(super) real: Option<Box<str>>,
    pub(super) want: Want,
}

/// What is wanted of a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Want {
    Value,
    Presence,
    Optional,
}

/// What the body of `optMap` and `optFlatMap` gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Gives {
    Value,
    Optional,
}

/// A call on a value.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: Box<str>,
    pub(super) of: Expr,
    pub(super) arguments: Vec<Expr>,
    /// The pattern, where the call takes one, and its text: a literal, or the first that a run brought. Compiling is dear,
    /// and most patterns that are no literals are the parameters of a rule.
    pub(super) pattern: OnceLock<(Box<str>, Regex)>,
}

/// A macro that goes over a list or a map.
#[derive(Debug)]
pub(super) struct Fold {
    pub(super) over: Expr,
    pub(super) goal: Goal,
    pub(super) variables: Variables,
    pub(super) filter: Option<Expr>,
    pub(super) body: Expr,
}

/// What a macro looks for or makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Goal {
    All,
    Exists,
    ExistsOne,
    Filter,
    List,
    Map,
    MapEntries,
}

/// How many variables a macro names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Variables {
    One,
    Two,
}

impl Program {
    /// Compiles an expression that may name these variables.
    ///
    /// # Errors
    /// What is wrong with it, at its bytes.
    pub fn compile(text: &str, variables: &[&str]) -> Result<Self, Mistake> {
        let mut compiler = Compiler {
            scope: variables.iter().map(|name| (*name).to_owned()).collect(),
            used: vec![Use::Unnamed; variables.len()],
        };
        let root = compiler.expr(syntax::parse(text)?)?;
        let variables = variables.iter().map(|name| Box::from(*name)).zip(compiler.used).collect();
        Ok(Self { root, variables })
    }

    /// Whether the expression names this variable.
    #[must_use]
    pub fn names(&self, variable: &str) -> bool {
        self.variables.iter().any(|(name, used)| **name == *variable && *used != Use::Unnamed)
    }

    /// Whether it looks at more of this variable than its `metadata.namespace`.
    #[must_use]
    pub fn names_more(&self, variable: &str) -> bool {
        self.variables.iter().any(|(name, used)| **name == *variable && *used == Use::Named)
    }

    pub(super) fn variables(&self) -> usize {
        self.variables.len()
    }
}

struct Compiler {
    scope: Vec<String>,
    used: Vec<Use>,
}

type Compiled = Result<Expr, Mistake>;

impl Compiler {
    fn boxed(&mut self, first: Raw, second: Raw) -> Result<Box<(Expr, Expr)>, Mistake> {
        Ok(Box::new((self.expr(first)?, self.expr(second)?)))
    }

    fn all(&mut self, raws: Vec<Raw>) -> Result<Vec<Expr>, Mistake> {
        raws.into_iter().map(|raw| self.expr(raw)).collect()
    }

    fn expr(&mut self, raw: Raw) -> Compiled {
        let at = raw.at;
        let op = match raw.node {
            Node::Null => Op::Null,
            Node::Bool(value) => Op::Bool(value),
            Node::Int(value) => Op::Int(value),
            Node::Uint(value) => Op::Uint(value),
            Node::Double(value) => Op::Double(value),
            Node::Text(text) => Op::Text(text.into()),
            Node::Bytes(bytes) => Op::Bytes(bytes.into()),
            Node::Name(name) => self.name(at, &name)?,
            Node::Select(of, field, step) => return self.select(at, *of, field, step),
            Node::Index(of, key, step) => Op::Index(self.boxed(*of, *key)?, step),
            Node::Call(None, name, arguments) => return self.global(at, &name, arguments),
            Node::Call(Some(of), name, arguments) => return self.member(at, *of, &name, arguments),
            Node::Not(of) => Op::Not(Box::new(self.expr(*of)?)),
            Node::Negate(of) => Op::Negate(Box::new(self.expr(*of)?)),
            Node::Binary(sign, left, right) => Op::Binary(sign, self.boxed(*left, *right)?),
            Node::All(terms) => Op::All(self.all(terms)?),
            Node::Any(terms) => Op::Any(self.all(terms)?),
            Node::If(parts) => {
                let [condition, then, other] = *parts;
                Op::If(Box::new((self.expr(condition)?, self.expr(then)?, self.expr(other)?)))
            }
            Node::List(items) => {
                let items = items.into_iter().map(|(raw, step)| Ok((self.expr(raw)?, step)));
                Op::List(items.collect::<Result<_, Mistake>>()?)
            }
            Node::Map(entries) => {
                let entries =
                    entries.into_iter().map(|(key, value, step)| Ok((self.expr(key)?, self.expr(value)?, step)));
                Op::Map(entries.collect::<Result<_, Mistake>>()?)
            }
        };
        Ok(Expr { at, op })
    }

    fn name(&mut self, at: TextRange, name: &str) -> Result<Op, Mistake> {
        if let Some(slot) = self.scope.iter().rposition(|known| known == name) {
            if let Some(used) = self.used.get_mut(slot) {
                *used = Use::Named;
            }
            return Ok(Op::Variable(slot));
        }
        Type::named(name).map(Op::Type).ok_or_else(|| {
            let known: Vec<String> = self.scope.iter().map(|name| format!("`{name}`")).collect();
            Mistake { at, message: format!("there is no variable `{name}`; known here: {}", known.join(", ")) }
        })
    }

    fn select(&mut self, at: TextRange, of: Raw, field: String, step: Step) -> Compiled {
        // The name of a type may have dots.
        if let Some(name) = dotted(&of)
            && !self.scope.iter().any(|known| Some(&**known) == name.split('.').next())
            && let Some(kind) = Type::named(&format!("{name}.{field}"))
        {
            return Ok(Expr { at, op: Op::Type(kind) });
        }
        let want = if step == Step::Optional { Want::Optional } else { Want::Value };
        self.wanted(at, of, field, want)
    }

    fn wanted(&mut self, at: TextRange, of: Raw, field: String, want: Want) -> Compiled {
        let real = unescaped(&field).map(Into::into);
        let namespace_of = self.namespace_of(&of, &field);
        let select = Select { of: self.expr(of)?, field: field.into(), real, want };
        if let Some(slot) = namespace_of {
            self.used[slot] = Use::Namespace;
        }
        Ok(Expr { at, op: Op::Select(Box::new(select)) })
    }

    /// The variable of which a field of `of` is the namespace, if nothing else of it was named yet.
    fn namespace_of(&self, of: &Raw, field: &str) -> Option<usize> {
        let Node::Select(of, metadata, _) = &of.node else { return None };
        let Node::Name(name) = &of.node else { return None };
        let slot = self.scope.iter().rposition(|known| known == name)?;
        let is_new = self.used.get(slot).is_some_and(|used| *used != Use::Named);
        (is_new && metadata == "metadata" && field == "namespace").then_some(slot)
    }

    fn global(&mut self, at: TextRange, name: &str, mut arguments: Vec<Raw>) -> Compiled {
        if name == "has" && arguments.len() == 1 {
            return match arguments.remove(0) {
                Raw { node: Node::Select(of, field, Step::Plain), .. } => self.wanted(at, *of, field, Want::Presence),
                other => {
                    Err(Mistake { at: other.at, message: "`has` takes a selected field: `has(object.field)`".into() })
                }
            };
        }
        // `size(x)` and `matches(x, y)` are also calls on their first value.
        if matches!((name, arguments.len()), ("size", 1) | ("matches", 2)) {
            let of = arguments.remove(0);
            return self.member(at, of, name, arguments);
        }
        check_call(at, name, arguments.len(), GLOBALS)?;
        Ok(Expr { at, op: Op::Global(name.into(), self.all(arguments)?) })
    }

    fn member(&mut self, at: TextRange, of: Raw, name: &str, arguments: Vec<Raw>) -> Compiled {
        if let Node::Name(space) = &of.node
            && !self.scope.iter().any(|known| known == space)
        {
            let full = format!("{space}.{name}");
            if full == "cel.bind" {
                return self.bind(at, arguments);
            }
            if NAMESPACED.iter().any(|(known, _, _)| known.split('.').next() == Some(space)) {
                check_call(at, &full, arguments.len(), NAMESPACED)?;
                return Ok(Expr { at, op: Op::Global(full.into(), self.all(arguments)?) });
            }
        }
        if let Some((goal, variables, filter)) = fold(name, arguments.len()) {
            return self.fold(at, of, (goal, variables, filter), arguments);
        }
        if matches!((name, arguments.len()), ("optMap" | "optFlatMap", 2)) {
            let gives = if name == "optMap" { Gives::Value } else { Gives::Optional };
            let of = self.expr(of)?;
            let body = self.scoped(arguments)?;
            return Ok(Expr { at, op: Op::Mapped(Box::new((of, body)), gives) });
        }
        check_call(at, name, arguments.len(), MEMBERS)?;
        let of = self.expr(of)?;
        let arguments = self.all(arguments)?;
        let pattern = literal_pattern(name, &arguments)?;
        Ok(Expr { at, op: Op::Member(Box::new(Member { name: name.into(), of, arguments, pattern })) })
    }

    /// The last argument with the first one as a variable.
    fn scoped(&mut self, mut arguments: Vec<Raw>) -> Compiled {
        let body = arguments.pop();
        let names = arguments.into_iter().map(plain_name).collect::<Result<Vec<_>, _>>()?;
        let depth = self.scope.len();
        self.scope.extend(names);
        let body = body.map(|body| self.expr(body));
        self.scope.truncate(depth);
        body.unwrap_or_else(|| unreachable!("the number of arguments was checked"))
    }

    fn bind(&mut self, at: TextRange, mut arguments: Vec<Raw>) -> Compiled {
        if arguments.len() != 3 {
            return Err(Mistake { at, message: "`cel.bind` takes a name, a value and an expression".into() });
        }
        let value = self.expr(arguments.remove(1))?;
        let body = self.scoped(arguments)?;
        Ok(Expr { at, op: Op::Bind(Box::new((value, body))) })
    }

    fn fold(
        &mut self,
        at: TextRange,
        of: Raw,
        (goal, variables, filtered): (Goal, Variables, Filtered),
        mut arguments: Vec<Raw>,
    ) -> Compiled {
        let over = self.expr(of)?;
        let rest = arguments.split_off(if variables == Variables::One { 1 } else { 2 });
        let names = arguments.into_iter().map(plain_name).collect::<Result<Vec<_>, _>>()?;
        let depth = self.scope.len();
        self.scope.extend(names);
        let rest = self.all(rest);
        self.scope.truncate(depth);
        let mut rest = rest?.into_iter();
        let filter = if filtered == Filtered::Yes { rest.next() } else { None };
        let Some(body) = rest.next() else { unreachable!("the number of arguments was checked") };
        Ok(Expr { at, op: Op::Fold(Box::new(Fold { over, goal, variables, filter, body })) })
    }
}

/// Whether a macro has a condition beside its body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Filtered {
    Yes,
    No,
}

/// The macro of this name and number of arguments.
fn fold(name: &str, arguments: usize) -> Option<(Goal, Variables, Filtered)> {
    use Filtered::{No, Yes};
    use Variables::{One, Two};
    Some(match (name, arguments) {
        ("all", 2) => (Goal::All, One, No),
        ("all", 3) => (Goal::All, Two, No),
        ("exists", 2) => (Goal::Exists, One, No),
        ("exists", 3) => (Goal::Exists, Two, No),
        ("exists_one" | "existsOne", 2) => (Goal::ExistsOne, One, No),
        ("exists_one" | "existsOne", 3) => (Goal::ExistsOne, Two, No),
        ("filter", 2) => (Goal::Filter, One, No),
        ("map", 2) => (Goal::List, One, No),
        ("map", 3) => (Goal::List, One, Yes),
        ("transformList", 3) => (Goal::List, Two, No),
        ("transformList", 4) => (Goal::List, Two, Yes),
        ("transformMap", 3) => (Goal::Map, Two, No),
        ("transformMap", 4) => (Goal::Map, Two, Yes),
        ("transformMapEntry", 3) => (Goal::MapEntries, Two, No),
        ("transformMapEntry", 4) => (Goal::MapEntries, Two, Yes),
        _ => return None,
    })
}

fn plain_name(raw: Raw) -> Result<String, Mistake> {
    match raw.node {
        Node::Name(name) => Ok(name),
        _ => Err(Mistake { at: raw.at, message: "a variable's name belongs here".into() }),
    }
}

/// A call must be of a function that exists, with as many arguments as it takes.
fn check_call(at: TextRange, name: &str, count: usize, known: &[(&str, usize, usize)]) -> Result<(), Mistake> {
    let mut same = known.iter().filter(|(known, _, _)| *known == name).peekable();
    if same.peek().is_none() {
        return Err(Mistake { at, message: format!("there is no function `{name}`") });
    }
    if same.any(|(_, least, most)| (*least..=*most).contains(&count)) {
        return Ok(());
    }
    Err(Mistake { at, message: format!("`{name}` does not take {count} arguments") })
}

/// The compiled pattern of a call that has one as a literal.
fn literal_pattern(name: &str, arguments: &[Expr]) -> Result<OnceLock<(Box<str>, Regex)>, Mistake> {
    let ("matches" | "find" | "findAll", Some(Expr { at, op: Op::Text(text) })) = (name, arguments.first()) else {
        return Ok(OnceLock::new());
    };
    match pattern::compiled(text) {
        Some(regex) => Ok(OnceLock::from((text.clone(), regex))),
        None => Err(Mistake { at: *at, message: "this is no regular expression of RE2".into() }),
    }
}

/// The dotted name that a node spells.
fn dotted(raw: &Raw) -> Option<String> {
    match &raw.node {
        Node::Name(name) => Some(name.clone()),
        Node::Select(of, field, Step::Plain) => Some(format!("{}.{field}", dotted(of)?)),
        _ => None,
    }
}

/// The property behind a name that Kubernetes escapes; `None` where it escapes nothing.
fn unescaped(name: &str) -> Option<String> {
    if let Some(word) = name.strip_prefix("__").and_then(|rest| rest.strip_suffix("__"))
        && RESERVED.contains(&word)
    {
        return Some(word.to_owned());
    }
    let escapes = [("__underscores__", "__"), ("__dot__", "."), ("__dash__", "-"), ("__slash__", "/")];
    let mut real = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(next) = rest.chars().next() {
        if let Some((escape, sign)) = escapes.iter().find(|(escape, _)| rest.starts_with(escape)) {
            real.push_str(sign);
            rest = &rest[escape.len()..];
        } else {
            real.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    (real != name).then_some(real)
}

/// The words that Kubernetes escapes in names of properties.
const RESERVED: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];
