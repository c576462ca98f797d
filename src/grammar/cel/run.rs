//! Runs a compiled expression.
//!
//! Never: a step that costs nothing, so that every run ends.

use std::cmp::Ordering;

use super::meter::{Fault, Meter, Why};
use super::program::{Expr, Fold, Gives, Goal, Member, Op, Program, Select, Variables, Want};
use super::syntax::Step;
use super::time::{Duration, Timestamp};
use super::value::{Document, Other, Pairs, Shape, Text, Val};
use super::{kubernetes, library};
use crate::base::TextRange;

impl Program {
    /// The value of the expression with these variables, in the order that it was compiled with.
    ///
    /// # Errors
    /// Why there is none.
    pub fn run<'t, D: Document<'t>>(&'t self, variables: Vec<Val<'t, D>>) -> Result<Val<'t, D>, Fault> {
        debug_assert_eq!(variables.len(), self.variables());
        let mut run = Run { variables, meter: Meter::new() };
        run.eval(&self.root)
    }

    /// The same for a condition.
    ///
    /// # Errors
    /// Why there is no answer; also where the value is no boolean.
    pub fn holds<'t, D: Document<'t>>(&'t self, variables: Vec<Val<'t, D>>) -> Result<bool, Fault> {
        match self.run(variables)? {
            Val::Bool(value) => Ok(value),
            other => Err(Why::types("condition", &[other]).at(self.root.at)),
        }
    }
}

struct Run<'t, D> {
    variables: Vec<Val<'t, D>>,
    meter: Meter,
}

type Done<'t, D> = Result<Val<'t, D>, Fault>;

impl<'t, D: Document<'t>> Run<'t, D> {
    fn eval(&mut self, expr: &'t Expr) -> Done<'t, D> {
        let at = expr.at;
        self.meter.take(1).map_err(|why| why.at(at))?;
        Ok(match &expr.op {
            Op::Null => Val::Null,
            Op::Bool(value) => Val::Bool(*value),
            Op::Int(value) => Val::Int(*value),
            Op::Uint(value) => Val::Uint(*value),
            Op::Double(value) => Val::Double(*value),
            Op::Text(text) => Val::Text(Text::Stands(text)),
            Op::Bytes(bytes) => Val::Bytes(bytes.clone()),
            Op::Type(kind) => Val::Type(*kind),
            Op::Variable(slot) => self.variables[*slot].clone(),
            Op::Select(select) => {
                let of = self.eval(&select.of)?;
                selected(select, &of).map_err(|why| why.at(at))?
            }
            Op::Index(parts, step) => {
                let (of, key) = (self.eval(&parts.0)?, self.eval(&parts.1)?);
                indexed(&of, &key, *step).map_err(|why| why.at(at))?
            }
            Op::Not(of) => Val::Bool(!self.condition(of)?),
            Op::Negate(of) => match self.eval(of)? {
                Val::Int(value) => Val::Int(value.checked_neg().ok_or_else(|| overflow("-").at(at))?),
                Val::Double(value) => Val::Double(-value),
                other => return Err(Why::types("-", &[other]).at(at)),
            },
            Op::Binary(sign, parts) => {
                let (left, right) = (self.eval(&parts.0)?, self.eval(&parts.1)?);
                self.binary(sign, left, right).map_err(|why| why.at(at))?
            }
            Op::All(terms) => self.joined(terms, false)?,
            Op::Any(terms) => self.joined(terms, true)?,
            Op::If(parts) => {
                let branch = if self.condition(&parts.0)? { &parts.1 } else { &parts.2 };
                self.eval(branch)?
            }
            Op::List(items) => self.list(items)?,
            Op::Map(entries) => self.map(at, entries)?,
            Op::Global(name, arguments) => {
                let arguments = self.evaluated(arguments)?;
                library::global(name, arguments, &mut self.meter).map_err(|why| why.at(at))?
            }
            Op::Member(member) => self.member(at, member)?,
            Op::Fold(fold) => self.fold(fold)?,
            Op::Bind(parts) => {
                let value = self.eval(&parts.0)?;
                self.with([value], |run| run.eval(&parts.1))?
            }
            Op::Mapped(parts, gives) => match self.eval(&parts.0)? {
                Val::Optional(None) => Val::Optional(None),
                Val::Optional(Some(value)) => {
                    let made = self.with([(*value).clone()], |run| run.eval(&parts.1))?;
                    if *gives == Gives::Value { Val::some(made) } else { made }
                }
                other => return Err(Why::types("optMap", &[other]).at(at)),
            },
        })
    }

    fn evaluated(&mut self, exprs: &'t [Expr]) -> Result<Vec<Val<'t, D>>, Fault> {
        exprs.iter().map(|expr| self.eval(expr)).collect()
    }

    fn condition(&mut self, expr: &'t Expr) -> Result<bool, Fault> {
        match self.eval(expr)? {
            Val::Bool(value) => Ok(value),
            other => Err(Why::types("condition", &[other]).at(expr.at)),
        }
    }

    /// What `run` gives with more variables.
    fn with<const N: usize, R>(&mut self, values: [Val<'t, D>; N], run: impl FnOnce(&mut Self) -> R) -> R {
        let depth = self.variables.len();
        self.variables.extend(values);
        let done = run(self);
        self.variables.truncate(depth);
        done
    }

    /// Terms between `&&` or `||`: one of them that decides wins over one that fails, wherever it stands.
    fn joined(&mut self, terms: &'t [Expr], decides: bool) -> Done<'t, D> {
        let mut fault = None;
        for term in terms {
            match self.condition(term) {
                Ok(value) if value == decides => return Ok(Val::Bool(decides)),
                Ok(_) => {}
                Err(found) => {
                    fault.get_or_insert(found);
                }
            }
        }
        fault.map_or(Ok(Val::Bool(!decides)), Err)
    }

    fn list(&mut self, items: &'t [(Expr, Step)]) -> Done<'t, D> {
        let mut list = Vec::with_capacity(items.len());
        for (item, step) in items {
            match (self.eval(item)?, step) {
                (Val::Optional(value), Step::Optional) => list.extend(value.map(|value| (*value).clone())),
                (value, _) => list.push(value),
            }
        }
        Ok(Val::list(list))
    }

    fn map(&mut self, at: TextRange, entries: &'t [(Expr, Expr, Step)]) -> Done<'t, D> {
        let mut map: Vec<(Val<'t, D>, Val<'t, D>)> = Vec::with_capacity(entries.len());
        for (key, value, step) in entries {
            let (key, value) = (self.eval(key)?, self.eval(value)?);
            self.meter.take(map.len()).map_err(|why| why.at(at))?;
            if map.iter().any(|(known, _)| known.equals(&key)) {
                return Err(Why::value("a map has one key twice").at(at));
            }
            match (value, step) {
                (Val::Optional(value), Step::Optional) => map.extend(value.map(|value| (key, (*value).clone()))),
                (value, _) => map.push((key, value)),
            }
        }
        Ok(Val::Map(map.into()))
    }

    fn member(&mut self, at: TextRange, member: &'t Member) -> Done<'t, D> {
        let of = self.eval(&member.of)?;
        // `or` and `orValue` look at what they are given only where there is nothing.
        if let (Val::Optional(Some(value)), "or" | "orValue") = (&of, &*member.name) {
            return Ok(if &*member.name == "or" { of } else { (**value).clone() });
        }
        let arguments = self.evaluated(&member.arguments)?;
        let takes_pattern = matches!(&*member.name, "matches" | "find" | "findAll");
        let done = match (of.as_text(), arguments.first().and_then(Val::as_text)) {
            (Some(text), Some(written)) if takes_pattern => kubernetes::with_pattern(
                &member.name,
                text,
                (written, &member.pattern),
                &arguments[1..],
                &mut self.meter,
            ),
            _ => library::member(&member.name, of, arguments, &mut self.meter),
        };
        done.map_err(|why| why.at(at))
    }

    fn binary(&mut self, sign: &str, left: Val<'t, D>, right: Val<'t, D>) -> Result<Val<'t, D>, Why> {
        let cost = |value: &Val<'t, D>| match value {
            Val::Text(text) => text.as_str().len() / 10,
            Val::List(_) | Val::Map(_) | Val::Tree(_) => value.size().unwrap_or_default(),
            _ => 0,
        };
        self.meter.take(cost(&left) + cost(&right))?;
        match sign {
            "==" => Ok(Val::Bool(self.equal(&left, &right)?)),
            "!=" => Ok(Val::Bool(!self.equal(&left, &right)?)),
            "<" | "<=" | ">" | ">=" => ordered(sign, left, right),
            "in" => self.contained(&left, &right),
            _ => arithmetic(sign, left, right),
        }
    }

    /// Equality, paid for by the size of what is compared.
    fn equal(&mut self, left: &Val<'t, D>, right: &Val<'t, D>) -> Result<bool, Why> {
        self.meter.take(weight(left, &mut 0) + weight(right, &mut 0))?;
        Ok(left.equals(right))
    }

    fn contained(&mut self, value: &Val<'t, D>, of: &Val<'t, D>) -> Result<Val<'t, D>, Why> {
        if let Some(items) = of.items() {
            for item in &items {
                if self.equal(value, item)? {
                    return Ok(Val::Bool(true));
                }
            }
            return Ok(Val::Bool(false));
        }
        match (of, value.as_text()) {
            (Val::Tree(_), Some(key)) => Ok(Val::Bool(of.field(key).is_some())),
            (Val::Tree(_), None) => Ok(Val::Bool(false)),
            (Val::Map(entries), _) => Ok(Val::Bool(entries.iter().any(|(key, _)| key.equals(value)))),
            _ => Err(Why::types("in", &[value.clone(), of.clone()])),
        }
    }

    /// The pairs that a macro goes over: keys or positions, and values or items.
    fn pairs(&mut self, fold: &'t Fold) -> Result<(Pairs<'t, D>, Shape), Fault> {
        let over = self.eval(&fold.over)?;
        let at = fold.over.at;
        self.meter.take(over.size().unwrap_or_default()).map_err(|why| why.at(at))?;
        if let Some(items) = over.items() {
            let numbered = items.into_iter().zip(0..).map(|(item, row)| (Val::Int(row), item));
            return Ok((numbered.collect(), Shape::List));
        }
        match over.entries() {
            Some(entries) => Ok((entries, Shape::Map)),
            None => Err(Why::types("a macro", &[over]).at(at)),
        }
    }

    fn fold(&mut self, fold: &'t Fold) -> Done<'t, D> {
        let (pairs, shape) = self.pairs(fold)?;
        let mut folded = Folded::default();
        for (key, value) in pairs {
            let last = match (fold.variables, shape) {
                (Variables::Two, _) | (Variables::One, Shape::List) => value.clone(),
                (Variables::One, Shape::Map) => key.clone(),
            };
            let ends = match fold.variables {
                Variables::One => self.with([last.clone()], |run| run.turn(fold, (&key, &last), &mut folded)),
                Variables::Two => {
                    self.with([key.clone(), last.clone()], |run| run.turn(fold, (&key, &last), &mut folded))
                }
            };
            if let Some(value) = ends? {
                return Ok(Val::Bool(value));
            }
        }
        folded.end(fold.goal)
    }

    /// One turn of a macro; a value where it decides.
    fn turn(
        &mut self,
        fold: &'t Fold,
        (key, item): (&Val<'t, D>, &Val<'t, D>),
        folded: &mut Folded<'t, D>,
    ) -> Result<Option<bool>, Fault> {
        if let Some(filter) = &fold.filter
            && !self.condition(filter)?
        {
            return Ok(None);
        }
        match fold.goal {
            Goal::All | Goal::Exists => {
                let decides = fold.goal == Goal::Exists;
                match self.condition(&fold.body) {
                    Ok(value) if value == decides => return Ok(Some(decides)),
                    Ok(_) => {}
                    Err(fault) => {
                        folded.fault.get_or_insert(fault);
                    }
                }
            }
            Goal::ExistsOne => folded.count += usize::from(self.condition(&fold.body)?),
            Goal::Filter => {
                if self.condition(&fold.body)? {
                    folded.items.push(item.clone());
                }
            }
            Goal::List => folded.items.push(self.eval(&fold.body)?),
            Goal::Map => folded.entries.push((key.clone(), self.eval(&fold.body)?)),
            Goal::MapEntries => match self.eval(&fold.body)?.entries() {
                Some(entries) => folded.entries.extend(entries),
                None => return Err(Why::value("`transformMapEntry` makes maps").at(fold.body.at)),
            },
        }
        Ok(None)
    }
}

/// What a macro has gathered.
struct Folded<'t, D> {
    items: Vec<Val<'t, D>>,
    entries: Vec<(Val<'t, D>, Val<'t, D>)>,
    count: usize,
    fault: Option<Fault>,
}

impl<D> Default for Folded<'_, D> {
    fn default() -> Self {
        Self { items: Vec::new(), entries: Vec::new(), count: 0, fault: None }
    }
}

impl<'t, D: Document<'t>> Folded<'t, D> {
    fn end(self, goal: Goal) -> Done<'t, D> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        Ok(match goal {
            Goal::All => Val::Bool(true),
            Goal::Exists => Val::Bool(false),
            Goal::ExistsOne => Val::Bool(self.count == 1),
            Goal::Filter | Goal::List => Val::list(self.items),
            Goal::Map | Goal::MapEntries => Val::Map(self.entries.into()),
        })
    }
}

/// How much is compared where two values are, up to the bound of a run.
fn weight<'t, D: Document<'t>>(value: &Val<'t, D>, seen: &mut usize) -> usize {
    *seen += 1;
    if *seen as u64 > super::COST {
        return *seen;
    }
    match value {
        Val::Text(text) => text.as_str().len() / 10,
        Val::Tree(_) | Val::List(_) | Val::Map(_) => {
            let items: usize = value.items().into_iter().flatten().map(|item| weight(&item, seen)).sum();
            let entries = value.entries().unwrap_or_default();
            // A map is compared key by key, each time from its start.
            let each = 1 + entries.len() / 8;
            let entries: usize = entries.iter().map(|(_, value)| weight(value, seen) + each).sum();
            1 + items + entries
        }
        _ => 0,
    }
}

fn selected<'t, D: Document<'t>>(select: &Select, of: &Val<'t, D>) -> Result<Val<'t, D>, Why> {
    if let Val::Optional(inner) = of {
        let Some(inner) = inner else {
            return Ok(if select.want == Want::Presence { Val::Bool(false) } else { Val::Optional(None) });
        };
        let found = select_field(select, inner)?;
        return Ok(if select.want == Want::Presence {
            Val::Bool(found.is_some())
        } else {
            found.map_or(Val::Optional(None), Val::some)
        });
    }
    let found = select_field(select, of)?;
    match select.want {
        Want::Presence => Ok(Val::Bool(found.is_some())),
        Want::Optional => Ok(found.map_or(Val::Optional(None), Val::some)),
        Want::Value => found.ok_or_else(|| Why::missing(format!("there is no field `{}`", select.field))),
    }
}

fn select_field<'t, D: Document<'t>>(select: &Select, of: &Val<'t, D>) -> Result<Option<Val<'t, D>>, Why> {
    let is_map = match of {
        Val::Map(_) => true,
        Val::Tree(tree) => tree.shape() == Shape::Map,
        _ => false,
    };
    if !is_map {
        let message = format!("there is no field `{}` in a value of type `{}`", select.field, of.kind().name());
        return Err(Why::missing(message));
    }
    let real = || select.real.as_deref().and_then(|real| of.field(real));
    Ok(of.field(&select.field).or_else(real))
}

fn indexed<'t, D: Document<'t>>(of: &Val<'t, D>, key: &Val<'t, D>, step: Step) -> Result<Val<'t, D>, Why> {
    let (inner, is_optional) = match of {
        Val::Optional(None) => return Ok(Val::Optional(None)),
        Val::Optional(Some(inner)) => (&**inner, true),
        _ => (of, step == Step::Optional),
    };
    let found = match inner.kind() {
        super::Type::List => {
            let row = match key {
                Val::Int(row) => usize::try_from(*row).ok(),
                Val::Uint(row) => usize::try_from(*row).ok(),
                #[expect(clippy::cast_sign_loss, reason = "the float is a whole number above zero here")]
                Val::Double(row) if row.fract() == 0.0 && *row >= 0.0 => Some(*row as usize),
                _ => return Err(Why::types("[]", &[inner.clone(), key.clone()])),
            };
            row.and_then(|row| match inner {
                Val::List(items) => items.get(row).cloned(),
                other => other.items()?.into_iter().nth(row),
            })
        }
        super::Type::Map => match (inner, key.as_text()) {
            (Val::Map(entries), _) => {
                entries.iter().find(|(known, _)| known.equals(key)).map(|(_, value)| value.clone())
            }
            (_, Some(text)) => inner.field(text),
            (_, None) => None,
        },
        _ => return Err(Why::types("[]", &[inner.clone(), key.clone()])),
    };
    if is_optional {
        return Ok(found.map_or(Val::Optional(None), Val::some));
    }
    found.ok_or_else(|| Why::missing("there is no such item or key"))
}

fn ordered<'t, D: Document<'t>>(sign: &str, left: Val<'t, D>, right: Val<'t, D>) -> Result<Val<'t, D>, Why> {
    let Some(order) = left.compare(&right) else {
        let is_number = |value: &Val<'t, D>| matches!(value, Val::Int(_) | Val::Uint(_) | Val::Double(_));
        // What is no number has no order among numbers, and that is no error.
        if is_number(&left) && is_number(&right) {
            return Ok(Val::Bool(false));
        }
        return Err(Why::types(sign, &[left, right]));
    };
    Ok(Val::Bool(match sign {
        "<" => order == Ordering::Less,
        "<=" => order != Ordering::Greater,
        ">" => order == Ordering::Greater,
        _ => order != Ordering::Less,
    }))
}

fn overflow(sign: &str) -> Why {
    Why::value(format!("`{sign}` overflows, or divides by zero"))
}

fn arithmetic<'t, D: Document<'t>>(sign: &str, left: Val<'t, D>, right: Val<'t, D>) -> Result<Val<'t, D>, Why> {
    let failed = || overflow(sign);
    Ok(match (left, right) {
        (Val::Int(a), Val::Int(b)) => Val::Int(
            match sign {
                "+" => a.checked_add(b),
                "-" => a.checked_sub(b),
                "*" => a.checked_mul(b),
                "/" => a.checked_div(b),
                _ => a.checked_rem(b),
            }
            .ok_or_else(failed)?,
        ),
        (Val::Uint(a), Val::Uint(b)) => Val::Uint(
            match sign {
                "+" => a.checked_add(b),
                "-" => a.checked_sub(b),
                "*" => a.checked_mul(b),
                "/" => a.checked_div(b),
                _ => a.checked_rem(b),
            }
            .ok_or_else(failed)?,
        ),
        (Val::Double(a), Val::Double(b)) if sign != "%" => Val::Double(match sign {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            _ => a / b,
        }),
        (Val::Text(a), Val::Text(b)) if sign == "+" => Val::text(format!("{}{}", a.as_str(), b.as_str())),
        (Val::Bytes(a), Val::Bytes(b)) if sign == "+" => Val::Bytes([&*a, &*b].concat().into()),
        (Val::Other(a), Val::Other(b)) => times(sign, a, b)?,
        (left, right) => match (sign, left.items(), right.items()) {
            ("+", Some(mut items), Some(more)) => {
                items.extend(more);
                Val::list(items)
            }
            _ => return Err(Why::types(sign, &[left, right])),
        },
    })
}

fn times<'t, D: Document<'t>>(sign: &str, left: Other, right: Other) -> Result<Val<'t, D>, Why> {
    let failed = || overflow(sign);
    let point = |nanos: i128| Some(Timestamp(nanos)).filter(|point| point.is_in_range()).ok_or_else(failed);
    let made = match (sign, &left, &right) {
        ("+", Other::Duration(a), Other::Duration(b)) => {
            Other::Duration(Duration(a.0.checked_add(b.0).ok_or_else(failed)?))
        }
        ("-", Other::Duration(a), Other::Duration(b)) => {
            Other::Duration(Duration(a.0.checked_sub(b.0).ok_or_else(failed)?))
        }
        ("+", Other::Timestamp(a), Other::Duration(b)) => Other::Timestamp(point(a.0 + i128::from(b.0))?),
        ("+", Other::Duration(a), Other::Timestamp(b)) => Other::Timestamp(point(b.0 + i128::from(a.0))?),
        ("-", Other::Timestamp(a), Other::Duration(b)) => Other::Timestamp(point(a.0 - i128::from(b.0))?),
        ("-", Other::Timestamp(a), Other::Timestamp(b)) => {
            Other::Duration(Duration(i64::try_from(a.0 - b.0).map_err(|_| failed())?))
        }
        _ => return Err(Why::types(sign, &[Val::<D>::Other(left), Val::Other(right)])),
    };
    Ok(Val::Other(made))
}
