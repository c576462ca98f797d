//! What an expression may cost at most, by the bounds that a schema declares: the estimate by which the API server refuses
//! a rule that is too dear (cel-go `checker/cost.go`, Kubernetes `apiserver/pkg/cel/library/cost.go`).
//!
//! The estimate is part of Kubernetes' API: it does not change between releases, and neither do its oddities, which are
//! kept here.
//!
//! Never: a guess; where the type of a part is not known there is no estimate.

use std::rc::Rc;

use super::cost_calls::{Call, call};
use super::cost_sizes::{Entries, Held, Size, times};
use super::program::{Expr, Fold, Gives, Goal, Op, Program, Select, Variables, Want};
use super::syntax::Step;

/// What a schema declares of a value.
#[derive(PartialEq, Eq, Debug)]
pub struct Declared {
    /// Its type.
    pub kind: Declares,
    /// How many characters, items or entries it has at most; nothing for values of one size.
    pub most: u64,
    /// How many bytes it has at least as JSON.
    pub least: u64,
}

/// The type of a declared value.
#[derive(PartialEq, Eq, Debug)]
pub enum Declares {
    /// An integer or a text.
    Any,
    /// A truth value.
    Bool,
    /// A whole number.
    Int,
    /// Any number.
    Double,
    /// A text.
    Text,
    /// A text that stands for bytes.
    Bytes,
    /// A text that stands for a length of time.
    Duration,
    /// A text that stands for a point in time.
    Timestamp,
    /// A list of such values.
    List(Box<Declared>),
    /// A map of such values.
    Map(Box<Declared>),
    /// An object of such fields, sorted by name.
    Object(Vec<(Box<str>, Declared)>),
}

/// What the second variable of a rule is, `oldSelf`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Old {
    /// A value like the first.
    Value,
    /// An optional one.
    Optional,
}

impl Declared {
    /// What is declared of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Self> {
        let Declares::Object(fields) = &self.kind else { return None };
        let at = fields.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        Some(&fields[at].1)
    }

    /// What is declared of the items of a list, or of the values of a map.
    #[must_use]
    pub fn element(&self) -> Option<&Self> {
        match &self.kind {
            Declares::List(element) | Declares::Map(element) => Some(element),
            _ => None,
        }
    }
}

/// The type of a part of an expression.
#[derive(Clone, Debug)]
pub(super) enum Kind<'d> {
    Null,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Bytes,
    Duration,
    Timestamp,
    Type,
    /// Told when it runs.
    Any,
    List(Rc<Kind<'d>>),
    Map(Rc<Kind<'d>>, Rc<Kind<'d>>),
    Object(&'d Declared),
    Optional(Rc<Kind<'d>>),
    /// A value of one of Kubernetes' libraries.
    Library(&'static str),
    /// The item of a list that has none.
    Open,
}

impl<'d> Kind<'d> {
    fn of(declared: &'d Declared) -> Self {
        match &declared.kind {
            Declares::Any => Self::Any,
            Declares::Bool => Self::Bool,
            Declares::Int => Self::Int,
            Declares::Double => Self::Double,
            Declares::Text => Self::Text,
            Declares::Bytes => Self::Bytes,
            Declares::Duration => Self::Duration,
            Declares::Timestamp => Self::Timestamp,
            Declares::List(item) => Self::List(Rc::new(Self::of(item))),
            Declares::Map(value) => Self::Map(Rc::new(Self::Text), Rc::new(Self::of(value))),
            Declares::Object(_) => Self::Object(declared),
        }
    }

    /// Whether all its values have one size.
    fn is_fixed(&self) -> bool {
        match self {
            Self::Bool | Self::Int | Self::Uint | Self::Double | Self::Duration | Self::Timestamp => true,
            Self::Optional(inner) => inner.is_fixed(),
            _ => false,
        }
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self, Self::Text | Self::Bytes)
    }

    /// The kind of two values that stand for one another.
    fn joined(self, other: Self) -> Self {
        match (self, other) {
            (Self::Null | Self::Open, kind) => kind,
            (Self::List(a), other) if matches!(*a, Self::Open) => other,
            (kind, _) => kind,
        }
    }
}

/// Where a value stands in what the schema declares.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'d> {
    /// Nowhere: it is made by the expression.
    Made,
    /// There.
    At(&'d Declared),
    /// At a path that the schema does not declare.
    Lost,
}

/// A part of an expression with what it costs at most.
#[derive(Clone, Debug)]
pub(super) struct Part<'d> {
    pub(super) cost: u64,
    pub(super) size: Option<Size>,
    pub(super) entries: Option<Entries>,
    pub(super) place: Place<'d>,
    pub(super) kind: Kind<'d>,
}

impl Part<'_> {
    /// Its size, without a bound where none is known.
    pub(super) fn size(&self) -> Size {
        self.size.unwrap_or(Size::UNKNOWN)
    }
}

/// The keys of a map, of which nothing is declared.
static KEY: Declared = Declared { kind: Declares::Text, most: 0, least: 2 };

/// What a map, a list and an object cost to be made.
const LIST: u64 = 10;
const MAP: u64 = 30;

impl Program {
    /// The most that a run may cost on values as `declared`; `None` where that is not known. The program has the variables
    /// `self` and `oldSelf`.
    #[must_use]
    pub fn most_cost(&self, declared: &Declared, old: Old) -> Option<u64> {
        let kind = Kind::of(declared);
        let was = match old {
            Old::Value => kind.clone(),
            Old::Optional => Kind::Optional(Rc::new(kind.clone())),
        };
        let variable = |kind| Part { cost: 1, size: None, entries: None, place: Place::At(declared), kind };
        let mut estimate = Estimate { root: declared, scope: vec![variable(kind), variable(was)] };
        Some(estimate.part(&self.root)?.cost)
    }
}

struct Estimate<'d> {
    root: &'d Declared,
    scope: Vec<Part<'d>>,
}

impl<'d> Estimate<'d> {
    /// A step below a place. One that starts at a made value is looked for as if it stood at the root.
    fn below(&self, place: Place<'d>, step: impl FnOnce(&'d Declared) -> Option<&'d Declared>) -> Place<'d> {
        match place {
            Place::Made => Place::At(self.root),
            Place::At(declared) => step(declared).map_or(Place::Lost, Place::At),
            Place::Lost => Place::Lost,
        }
    }

    fn elements(&self, place: Place<'d>) -> Place<'d> {
        self.below(place, Declared::element)
    }

    fn keys(&self, place: Place<'d>) -> Place<'d> {
        self.below(place, |declared| matches!(declared.kind, Declares::Map(_)).then_some(&KEY))
    }

    /// A part with the size that is known of it, or that its place or its kind tells.
    fn made(cost: u64, kind: Kind<'d>, place: Place<'d>, size: Option<Size>) -> Part<'d> {
        let declared = match place {
            Place::At(declared) => Some(Size::upto(declared.most)),
            Place::Made | Place::Lost => None,
        };
        let size = size.or(declared).or_else(|| kind.is_fixed().then_some(Size::ONE));
        Part { cost, size, entries: None, place, kind }
    }

    fn fixed(cost: u64, kind: Kind<'d>, size: u64) -> Part<'d> {
        Self::made(cost, kind, Place::Made, Some(Size::exactly(size)))
    }

    fn part(&mut self, expr: &Expr) -> Option<Part<'d>> {
        Some(match &expr.op {
            Op::Null => Self::fixed(0, Kind::Null, 1),
            Op::Bool(_) => Self::fixed(0, Kind::Bool, 1),
            Op::Int(_) => Self::fixed(0, Kind::Int, 1),
            Op::Uint(_) => Self::fixed(0, Kind::Uint, 1),
            Op::Double(_) => Self::fixed(0, Kind::Double, 1),
            Op::Text(text) => Self::fixed(0, Kind::Text, text.chars().count() as u64),
            Op::Bytes(bytes) => Self::fixed(0, Kind::Bytes, bytes.len() as u64),
            // The name of a type is a variable to the estimate: it takes the size of the root.
            Op::Type(_) => Self::made(1, Kind::Type, Place::At(self.root), None),
            Op::Variable(slot) => self.variable(*slot)?,
            Op::Select(select) => self.select(select)?,
            Op::Index(pair, step) => self.index(&pair.0, &pair.1, *step)?,
            Op::Negate(of) if matches!(of.op, Op::Double(_)) => Self::fixed(0, Kind::Double, 1),
            Op::Not(of) => {
                let of = self.part(of)?;
                Self::made(of.cost.saturating_add(1), Kind::Bool, Place::Made, None)
            }
            Op::Negate(of) => {
                let of = self.part(of)?;
                Self::made(of.cost.saturating_add(1), of.kind, Place::Made, None)
            }
            Op::Binary(sign, pair) => self.binary(sign, &pair.0, &pair.1)?,
            Op::All(terms) | Op::Any(terms) => {
                let cost = self.parts(terms)?.iter().fold(0u64, |sum, term| sum.saturating_add(term.cost));
                Self::made(cost, Kind::Bool, Place::Made, None)
            }
            Op::If(parts) => self.choice(&parts.0, &parts.1, &parts.2)?,
            Op::List(items) => self.list(items.iter().map(|(item, _)| item))?,
            Op::Map(entries) => self.map(entries)?,
            Op::Global(name, arguments) => self.call(name, None, arguments)?,
            Op::Member(member) => {
                // `matches(a, b)` is another function to the estimate than `a.matches(b)`.
                let is_global = member.of.at.start > expr.at.start && &*member.name == "matches";
                let name = if is_global { "matches()" } else { &*member.name };
                self.call(name, Some(&member.of), &member.arguments)?
            }
            Op::Fold(fold) => self.fold(fold)?,
            Op::Bind(pair) => {
                let value = self.part(&pair.0)?;
                self.bound(value, &pair.1)?
            }
            Op::Mapped(pair, gives) => self.mapped(&pair.0, &pair.1, *gives)?,
        })
    }

    fn parts(&mut self, exprs: &[Expr]) -> Option<Vec<Part<'d>>> {
        exprs.iter().map(|expr| self.part(expr)).collect()
    }

    fn variable(&self, slot: usize) -> Option<Part<'d>> {
        let known = self.scope.get(slot)?;
        let found = Self::made(1, known.kind.clone(), known.place, None);
        Some(Part { size: found.size.or(known.size), entries: known.entries, ..found })
    }

    fn select(&mut self, select: &Select) -> Option<Part<'d>> {
        let of = self.part(&select.of)?;
        let name = select.real.as_deref().unwrap_or(&select.field);
        if select.want == Want::Presence {
            return Some(Self::made(of.cost, Kind::Bool, Place::Made, None));
        }
        let (kind, own) = field_kind(&of.kind, name)?;
        if select.want == Want::Optional {
            let kind = if matches!(kind, Kind::Optional(_)) { kind } else { Kind::Optional(Rc::new(kind)) };
            return Some(Self::made(of.cost.saturating_add(1), kind, Place::Made, None));
        }
        let place = self.below(of.place, |declared| declared.field(name));
        Some(Self::made(of.cost.saturating_add(own), kind, place, None))
    }

    fn index(&mut self, of: &Expr, key: &Expr, step: Step) -> Option<Part<'d>> {
        let (of, key) = (self.part(of)?, self.part(key)?);
        let cost = of.cost.saturating_add(key.cost).saturating_add(1);
        let kind = match &of.kind {
            Kind::List(item) => (**item).clone(),
            Kind::Map(_, value) => (**value).clone(),
            Kind::Any => Kind::Any,
            _ => return None,
        };
        if step == Step::Optional {
            return Some(Self::made(cost, Kind::Optional(Rc::new(kind)), Place::Made, None));
        }
        Some(Self::made(cost, kind, self.elements(of.place), of.entries.map(|entries| entries.values)))
    }

    fn binary(&mut self, sign: &str, left: &Expr, right: &Expr) -> Option<Part<'d>> {
        let (left, right) = (self.part(left)?, self.part(right)?);
        let both = left.cost.saturating_add(right.cost);
        let made = |own: u64, kind| Self::made(both.saturating_add(own), kind, Place::Made, None);
        let least = left.size().most.min(right.size().most);
        Some(match sign {
            "==" if matches!((&left.kind, &right.kind), (Kind::Library(a), Kind::Library(b)) if a == b) => {
                made(1, Kind::Bool)
            }
            "==" | "!=" => made(times(least, 0.1), Kind::Bool),
            "<" | "<=" | ">" | ">=" => {
                let own = match (&left.kind, &right.kind) {
                    (a, b) if a.is_text() || b.is_text() => times(least, 0.1),
                    (Kind::Any, Kind::Any) => times(least, 0.1).max(1),
                    (Kind::Open, _) | (_, Kind::Open) => return None,
                    _ => 1,
                };
                made(own, Kind::Bool)
            }
            "in" => match &right.kind {
                Kind::List(_) => made(right.size().most, Kind::Bool),
                Kind::Map(..) => made(1, Kind::Bool),
                _ => return None,
            },
            "+" => return Self::sum(left, right),
            _ => made(1, left.kind.joined(right.kind)),
        })
    }

    fn sum(left: Part<'d>, right: Part<'d>) -> Option<Part<'d>> {
        let both = left.cost.saturating_add(right.cost);
        let size = left.size().plus(right.size());
        let (own, is_sized) = match (&left.kind, &right.kind) {
            (a, b) if a.is_text() || b.is_text() => (times(size.most, 0.1), true),
            (Kind::List(_), _) | (_, Kind::List(_)) => (1, true),
            (Kind::Any, Kind::Any) => (times(size.most, 0.1).max(1), true),
            (Kind::Open, _) | (_, Kind::Open) => return None,
            _ => (1, false),
        };
        let entries = left.entries.zip(right.entries).map(|(a, b)| a.or(b));
        let kind = left.kind.joined(right.kind);
        let made = Self::made(both.saturating_add(own), kind, Place::Made, is_sized.then_some(size));
        Some(Part { entries, ..made })
    }

    fn choice(&mut self, condition: &Expr, then: &Expr, other: &Expr) -> Option<Part<'d>> {
        let (condition, then, other) = (self.part(condition)?, self.part(then)?, self.part(other)?);
        let cost = condition.cost.saturating_add(then.cost.max(other.cost));
        let size = then.size().or(other.size());
        let entries = then.entries.zip(other.entries).map(|(a, b)| a.or(b));
        let made = Self::made(cost, then.kind.joined(other.kind), Place::Made, Some(size));
        Some(Part { entries, ..made })
    }

    fn list<'e>(&mut self, items: impl Iterator<Item = &'e Expr>) -> Option<Part<'d>> {
        let (mut cost, mut count, mut values, mut kind) = (LIST, 0u64, None::<Size>, Kind::Open);
        for item in items {
            let item = self.part(item)?;
            cost = cost.saturating_add(item.cost);
            count += 1;
            values = Some(values.map_or(item.size(), |size| size.or(item.size())));
            kind = kind.joined(item.kind);
        }
        let entries = Entries { holds: Held::Items, keys: Size::ONE, values: values.unwrap_or(Size::exactly(0)) };
        Some(Part { entries: Some(entries), ..Self::fixed(cost, Kind::List(Rc::new(kind)), count) })
    }

    fn map(&mut self, entries: &[(Expr, Expr, Step)]) -> Option<Part<'d>> {
        let (mut cost, mut sizes, mut kinds) = (MAP, None::<(Size, Size)>, (Kind::Open, Kind::Open));
        for (key, value, _) in entries {
            let (key, value) = (self.part(key)?, self.part(value)?);
            cost = cost.saturating_add(key.cost).saturating_add(value.cost);
            let both = (key.size(), value.size());
            sizes = Some(sizes.map_or(both, |(keys, values)| (keys.or(both.0), values.or(both.1))));
            kinds = (kinds.0.joined(key.kind), kinds.1.joined(value.kind));
        }
        let (keys, values) = sizes.unwrap_or((Size::exactly(0), Size::exactly(0)));
        let held = Entries { holds: Held::Entries, keys, values };
        let kind = Kind::Map(Rc::new(kinds.0), Rc::new(kinds.1));
        Some(Part { entries: Some(held), ..Self::fixed(cost, kind, entries.len() as u64) })
    }

    fn call(&mut self, name: &str, of: Option<&Expr>, arguments: &[Expr]) -> Option<Part<'d>> {
        let arguments = self.parts(arguments)?;
        let of = match of {
            Some(of) => Some(self.part(of)?),
            None => None,
        };
        let given = arguments.iter().chain(&of).fold(0u64, |sum, part| sum.saturating_add(part.cost));
        if name == "dyn" {
            let [argument] = &*arguments else { return None };
            let made = Self::made(given.saturating_add(1), Kind::Any, Place::Made, argument.size);
            return Some(Part { entries: argument.entries, ..made });
        }
        let items = of.as_ref().and_then(|of| match self.elements(of.place) {
            Place::At(declared) if !matches!(of.place, Place::Made) => Some(declared.most),
            _ => None,
        });
        let Call { cost, size, kind } = call(name, of.as_ref(), items, &arguments)?;
        Some(Self::made(given.saturating_add(cost), kind, Place::Made, size))
    }

    /// What is made of a value as the last variable.
    fn bound(&mut self, value: Part<'d>, body: &Expr) -> Option<Part<'d>> {
        let cost = value.cost.saturating_add(LIST);
        self.scope.push(value);
        let body = self.part(body);
        self.scope.pop();
        let body = body?;
        Some(Part { cost: cost.saturating_add(body.cost), place: Place::Made, ..body })
    }

    /// `optMap`, which is written out as `of.hasValue() ? optional.of(bind(of.value(), body)) : optional.none()`.
    fn mapped(&mut self, of: &Expr, body: &Expr, gives: Gives) -> Option<Part<'d>> {
        let of = self.part(of)?;
        let Kind::Optional(inner) = &of.kind else { return None };
        let asked = of.cost.saturating_add(1);
        let value = Self::made(asked, (**inner).clone(), Place::Made, None);
        let body = self.bound(value, body)?;
        let (own, kind) = match gives {
            Gives::Value => (1, Kind::Optional(Rc::new(body.kind))),
            Gives::Optional => (0, body.kind),
        };
        let cost = asked.saturating_add(body.cost.saturating_add(own).max(1));
        Some(Self::made(cost, kind, Place::Made, Some(Size::UNKNOWN)))
    }

    fn fold(&mut self, fold: &Fold) -> Option<Part<'d>> {
        let over = self.part(&fold.over)?;
        let depth = self.scope.len();
        self.iterate(&over, fold.variables)?;
        let filter = fold.filter.as_ref().map(|filter| self.part(filter));
        let body = self.part(&fold.body);
        let item = self.variable(self.scope.len() - 1);
        self.scope.truncate(depth);
        let (body, item) = (body?, item?);
        let filter = filter.map_or(Some(0), |filter| filter.map(|filter| filter.cost))?;
        let adds = LIST + 2;
        // What the macro is written out to: its start, its condition and step for each item, its result.
        let (start, each, result, kind) = match fold.goal {
            Goal::All => (0, body.cost.saturating_add(3), 1, Kind::Bool),
            Goal::Exists => (0, body.cost.saturating_add(4), 1, Kind::Bool),
            Goal::ExistsOne => (0, body.cost.saturating_add(2), 2, Kind::Bool),
            Goal::Filter => (LIST, body.cost.saturating_add(adds + 1), 1, Kind::List(Rc::new(item.kind.clone()))),
            Goal::List => {
                (LIST, body.cost.saturating_add(adds).saturating_add(filter), 1, Kind::List(Rc::new(body.kind.clone())))
            }
            Goal::Map | Goal::MapEntries => return None,
        };
        let count = over.size();
        let cost = over.cost.saturating_add(start + result).saturating_add(count.most.saturating_mul(each));
        if matches!(kind, Kind::Bool) {
            return Some(Self::fixed(cost, kind, 1));
        }
        let values = if fold.goal == Goal::Filter { item.size() } else { body.size() };
        let entries = Entries { holds: Held::Items, keys: Size::ONE, values: values.or(Size::exactly(0)) };
        Some(Part { entries: Some(entries), ..Self::made(cost, kind, Place::Made, Some(count)) })
    }

    /// Puts the variables of a macro into the scope.
    fn iterate(&mut self, over: &Part<'d>, variables: Variables) -> Option<()> {
        let (keys, values) = match &over.kind {
            Kind::List(item) => (Kind::Int, (**item).clone()),
            Kind::Map(key, value) => ((**key).clone(), (**value).clone()),
            Kind::Any => (Kind::Any, Kind::Any),
            _ => return None,
        };
        let is_list = over.entries.map_or(matches!(over.kind, Kind::List(_)), |held| held.holds == Held::Items);
        let key_place = if is_list { self.below(over.place, |_| None) } else { self.keys(over.place) };
        let item = |kind, place, size| Part { cost: 1, size, entries: None, place, kind };
        let key = item(keys, key_place, over.entries.map(|held| held.keys));
        let value = item(values, self.elements(over.place), over.entries.map(|held| held.values));
        match variables {
            Variables::One => self.scope.push(if is_list { value } else { key }),
            Variables::Two => self.scope.extend([key, value]),
        }
        Some(())
    }
}

/// The kind of a field, and what selecting it costs.
fn field_kind<'d>(of: &Kind<'d>, name: &str) -> Option<(Kind<'d>, u64)> {
    Some(match of {
        Kind::Object(declared) => (Kind::of(declared.field(name)?), 1),
        Kind::Map(_, value) => ((**value).clone(), 1),
        Kind::Any => (Kind::Any, 0),
        Kind::Optional(inner) => (Kind::Optional(Rc::new(field_kind(inner, name)?.0)), 0),
        _ => return None,
    })
}
