//! The rules of a schema (`x-kubernetes-validations`), run on instances as the API server runs them.
//!
//! Never: text of an instance in a message; it may be a secret. What an expression says of it is made of masked text.

use serde_json::Value as Json;

use super::schema::{Flags, ListType, Schema, Type};
use crate::grammar::cel::{Document, Duration, Mistake, Other, Program, Shape, Text, Timestamp, Val};
use crate::grammar::{FieldStep, field_path};
use crate::model::{Trees, View};

/// One rule of a node.
#[derive(Debug)]
pub(super) struct Rule {
    /// The expression in one line.
    pub(super) text: Box<str>,
    /// The same, compiled; `None` where that fails, which the API server would refuse.
    program: Option<Program>,
    message: Option<Box<str>>,
    says: Option<Program>,
    /// The field that it is about, below the node.
    pub(super) field: Vec<String>,
    old: Old,
}

/// How a rule looks at the old value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Old {
    /// Not at all.
    Unseen,
    /// Only where there is one.
    Needed,
    /// As an optional value.
    Optional,
}

/// What a rule says of a value.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Answer {
    /// It holds, or it does not ask about this write.
    Holds,
    /// It does not hold, with what it says.
    Fails(String),
    /// It could not be run.
    Unknown,
}

/// The rules that a node's keyword lists.
pub(super) fn rules(list: View<'_>) -> Vec<Rule> {
    list.items().filter_map(Rule::read).collect()
}

/// Whether every rule of a node takes a scalar; `None` where that cannot be said.
pub(super) fn all_take(schema: &Schema, trees: &Trees, value: &Json) -> Option<bool> {
    let answers: Vec<Answer> = schema.rules(trees).iter().map(|rule| rule.takes(schema, value)).collect();
    if answers.contains(&Answer::Unknown) {
        return None;
    }
    Some(answers.iter().all(|answer| *answer == Answer::Holds))
}

/// What keeps an expression of a rule from being compiled.
pub(super) fn mistake(expression: &str) -> Option<Mistake> {
    Program::compile(expression, &VARIABLES).err()
}

pub(super) const VARIABLES: [&str; 2] = ["self", "oldSelf"];

impl Rule {
    fn read(written: View<'_>) -> Option<Self> {
        let expression = written.str_at(["rule"])?;
        let program = Program::compile(expression, &VARIABLES).ok();
        let optional = written.get("optionalOldSelf").and_then(|value| value.as_bool()) == Some(true);
        let old = match &program {
            Some(program) if program.names("oldSelf") && optional => Old::Optional,
            Some(program) if program.names("oldSelf") => Old::Needed,
            _ => Old::Unseen,
        };
        Some(Self {
            text: expression.split_whitespace().collect::<Vec<_>>().join(" ").into(),
            program,
            message: written.str_at(["message"]).map(|text| text.trim().into()),
            says: written.str_at(["messageExpression"]).and_then(|text| Program::compile(text, &VARIABLES).ok()),
            field: written.str_at(["fieldPath"]).map(steps).unwrap_or_default(),
            old,
        })
    }

    /// What it says of a value, and of the one that it replaces.
    pub(super) fn judge<'t>(&'t self, now: &Typed<'t>, was: Option<&Typed<'t>>) -> Answer {
        let Some(program) = &self.program else { return Answer::Unknown };
        if self.old == Old::Needed && was.is_none() {
            return Answer::Holds;
        }
        match program.holds(self.variables(now.clone(), was.cloned())) {
            Ok(true) => Answer::Holds,
            Ok(false) => Answer::Fails(self.message(now, was)),
            Err(_) => Answer::Unknown,
        }
    }

    /// The same for a scalar by itself.
    fn takes(&self, schema: &Schema, value: &Json) -> Answer {
        let scalar: Val<'_, Typed<'_>> = scalar(Some(schema), value.value());
        let none = if self.old == Old::Optional { Val::Optional(None) } else { Val::Null };
        match self.program.as_ref().map(|program| program.holds(vec![scalar, none])) {
            _ if self.old == Old::Needed => Answer::Holds,
            Some(Ok(true)) => Answer::Holds,
            Some(Ok(false)) => Answer::Fails(String::new()),
            Some(Err(_)) | None => Answer::Unknown,
        }
    }

    fn variables<'t>(&self, now: Typed<'t>, was: Option<Typed<'t>>) -> Vec<Val<'t, Typed<'t>>> {
        let was = was.map(Document::value);
        let was = match self.old {
            Old::Optional => Val::Optional(was.map(Into::into)),
            Old::Needed | Old::Unseen => was.unwrap_or(Val::Null),
        };
        vec![now.value(), was]
    }

    fn message<'t>(&'t self, now: &Typed<'t>, was: Option<&Typed<'t>>) -> String {
        let masked = |typed: &Typed<'t>| Typed { texts: Texts::Masked, ..typed.clone() };
        let said = self.says.as_ref().and_then(|program| {
            let said = program.run(self.variables(masked(now), was.map(masked))).ok()?;
            said.as_text().map(|text| text.trim().to_owned())
        });
        let said = said
            .filter(|text| !text.is_empty() && !text.contains('\n'))
            .or_else(|| self.message.as_deref().map(Into::into));
        let rule = shortened(&self.text);
        match said {
            Some(said) => format!("breaks the rule `{rule}`: {}", said.trim_end_matches('.')),
            None => format!("breaks the rule `{rule}`"),
        }
    }
}

impl Schema {
    /// Whether a condition holds for an instance as this schema types it, which the condition calls `name`; `None` where
    /// that cannot be said.
    #[must_use]
    pub fn holds(&self, trees: &Trees, (name, instance): (&str, View<'_>), condition: &str) -> Option<bool> {
        let program = Program::compile(condition, &[name]).ok()?;
        program.holds(vec![Typed::new(trees, instance, self, Part::Object).value()]).ok()
    }

    /// The items of the list that an expression makes of such an instance; `None` where that cannot be said.
    #[must_use]
    pub fn lists(&self, trees: &Trees, (name, instance): (&str, View<'_>), expression: &str) -> Option<Vec<Json>> {
        let program = Program::compile(expression, &[name]).ok()?;
        let list = program.run(vec![Typed::new(trees, instance, self, Part::Object).value()]).ok()?;
        list.items()?.iter().map(json).collect()
    }
}

/// A value as JSON; `None` for what JSON cannot say.
fn json(value: &Val<'_, Typed<'_>>) -> Option<Json> {
    Some(match value {
        Val::Null => Json::Null,
        Val::Bool(value) => (*value).into(),
        Val::Int(value) => (*value).into(),
        Val::Uint(value) => (*value).into(),
        Val::Double(value) => serde_json::Number::from_f64(*value)?.into(),
        Val::Text(text) => text.as_str().into(),
        Val::Tree(typed) => typed.view.to_json(),
        Val::List(items) => return items.iter().map(json).collect(),
        _ => return None,
    })
}

/// The first hundred characters.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{} …", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// The names of a path; a rule may name no item.
fn steps(path: &str) -> Vec<String> {
    let steps = field_path(path).unwrap_or_default().into_iter();
    let name = |step| match step {
        FieldStep::Name(name) => Some(name),
        FieldStep::Item(_) | FieldStep::Each => None,
    };
    steps.map_while(name).collect()
}

/// Whether text of the instance is seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Texts {
    Seen,
    Masked,
}

/// Whether a value is a whole object, whose type and metadata every rule sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    Object,
    Field,
}

/// What is known of a field.
enum Known<'t> {
    /// No rule sees it.
    Nothing,
    /// It is what stands there.
    Any,
    /// It is as its schema types it.
    As(&'t Schema),
}

/// A value as its schema types it: defaulted, without what the schema does not know.
#[derive(Clone)]
pub(super) struct Typed<'t> {
    view: View<'t>,
    /// `None` where no schema says more than the value does.
    schema: Option<&'t Schema>,
    trees: &'t Trees,
    part: Part,
    texts: Texts,
}

impl<'t> Typed<'t> {
    pub(super) fn new(trees: &'t Trees, view: View<'t>, schema: &'t Schema, part: Part) -> Self {
        Self { view, schema: Some(schema), trees, part, texts: Texts::Seen }
    }

    fn below(&self, view: View<'t>, schema: Option<&'t Schema>) -> Self {
        Self { view, schema, part: Part::Field, ..self.clone() }
    }

    fn is_object(&self) -> bool {
        self.part == Part::Object || self.schema.is_some_and(|schema| schema.limits.flags.has(Flags::EMBEDDED))
    }

    fn known(&self, key: &str) -> Known<'t> {
        let Some(schema) = self.schema else { return Known::Any };
        if self.is_object() && matches!(key, "apiVersion" | "kind" | "metadata") {
            return Known::Any;
        }
        schema.property(key).or(schema.values.as_deref()).map_or(Known::Nothing, Known::As)
    }
}

impl<'t> Document<'t> for Typed<'t> {
    fn value(self) -> Val<'t, Self> {
        if self.view.is_scalar() {
            return match scalar(self.schema, self.view.value()) {
                Val::Text(_) | Val::Bytes(_) if self.texts == Texts::Masked => Val::Text(Text::Stands("…")),
                value => value,
            };
        }
        Val::Tree(self)
    }

    fn shape(&self) -> Shape {
        if self.view.is_seq() { Shape::List } else { Shape::Map }
    }

    fn field(&self, key: &str) -> Option<Self> {
        let schema = match self.known(key) {
            Known::Nothing => return None,
            Known::Any => None,
            Known::As(schema) => Some(schema),
        };
        let is_kept = |view: &View<'t>| !view.is_null() || schema.is_none_or(Schema::is_nullable);
        if let Some(view) = self.view.get(key).filter(is_kept) {
            return Some(self.below(view, schema));
        }
        let property = self.schema?.property(key)?;
        let default = property.default_value(self.trees)?;
        Some(self.below(self.trees.view(default), Some(property)))
    }

    fn fields(&self) -> Vec<(Text<'t>, Self)> {
        let mut names: Vec<&'t str> = self.view.fields().map(|field| field.name()).collect();
        let properties = self.schema.into_iter().flat_map(|schema| &schema.properties);
        let missing = properties.map(|property| &*property.name).filter(|name| !names.contains(name));
        let missing: Vec<&'t str> = missing.collect();
        names.extend(missing);
        names.into_iter().filter_map(|name| Some((Text::Stands(name), self.field(name)?))).collect()
    }

    fn items(&self) -> Vec<Self> {
        let items = self.schema.and_then(|schema| schema.items.as_deref());
        self.view.items().map(|item| self.below(item, items)).collect()
    }

    fn size(&self) -> usize {
        if self.view.is_seq() { self.view.items().count() } else { self.fields().len() }
    }

    /// Sets and keyed lists are equal in any order.
    fn is_equal(&self, other: &Self) -> Option<bool> {
        let keyed = self.schema.is_some_and(|schema| !matches!(schema.limits.list, ListType::Atomic));
        if !keyed || !self.view.is_seq() {
            return None;
        }
        let (mine, theirs) = (self.items(), other.items());
        let has = |item: &Self| theirs.iter().any(|other| item.clone().value().equals(&other.clone().value()));
        Some(mine.len() == theirs.len() && mine.iter().all(has))
    }
}

/// A scalar as the schema types it.
fn scalar<'t, A, B: Document<'t>>(schema: Option<&Schema>, written: Val<'t, A>) -> Val<'t, B> {
    let kind = schema.and_then(|schema| schema.limits.kind);
    match written {
        Val::Bool(value) => Val::Bool(value),
        Val::Int(value) if kind == Some(Type::Number) => Val::Double(value as f64),
        Val::Int(value) => Val::Int(value),
        Val::Uint(value) => Val::Double(value as f64),
        Val::Double(value) if kind == Some(Type::Integer) && value.fract() == 0.0 => Val::Int(value as i64),
        Val::Double(value) => Val::Double(value),
        Val::Text(text) => {
            let format =
                schema.filter(|_| kind == Some(Type::String)).and_then(|schema| schema.limits.format.as_deref());
            format.and_then(|format| formatted(format, text.as_str())).unwrap_or(Val::Text(text))
        }
        _ => Val::Null,
    }
}

fn formatted<'t, D: Document<'t>>(format: &str, text: &str) -> Option<Val<'t, D>> {
    use base64::Engine as _;
    Some(match format {
        "date" => Val::Other(Other::Timestamp(Timestamp::parse_day(text)?)),
        "date-time" | "datetime" => Val::Other(Other::Timestamp(Timestamp::parse(text)?)),
        "duration" => Val::Other(Other::Duration(Duration::parse(text)?)),
        "byte" => Val::Bytes(base64::engine::general_purpose::STANDARD.decode(text).ok()?.into()),
        _ => return None,
    })
}
