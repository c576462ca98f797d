//! Files that people write for this tool, rules and configuration: one document, checked against a schema, all mistakes
//! at once, each at its bytes, then typed.
//!
//! Never: a second reading of places; they come from the one tree.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::LocationSegment;
use jsonschema::{ValidationError, Validator};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::base::{FileId, Span};
use crate::model::{Trees, View};

/// A mistake in such a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// The bytes to mend.
    pub at: Span,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do, in one line.
    pub help: Option<String>,
}

impl Mistake {
    /// A mistake without help.
    #[must_use]
    pub fn new(at: Span, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), help: None }
    }

    /// The same with a help line.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// The same with what to write instead of a word: the nearest of those that are known, or all.
    #[must_use]
    pub fn with_known(self, written: &str, known: &[&str]) -> Self {
        self.with_help(match super::near(written, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => "remove it".to_owned(),
            None => {
                let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
                format!("known here: {}", known.join(", "))
            }
        })
    }
}

/// A schema, compiled.
pub struct Schema {
    value: Value,
    validator: Validator,
}

impl Schema {
    /// Compiles a schema of our own.
    ///
    /// # Panics
    /// Where it is no schema, which a test of each schema excludes.
    #[must_use]
    pub fn new(value: Value) -> Self {
        let validator = jsonschema::validator_for(&value).expect("the schema is our own, and a test compiles it");
        Self { value, validator }
    }

    /// All that is wrong with a document, in its order.
    #[must_use]
    pub fn mistakes(&self, root: View<'_>) -> Vec<Mistake> {
        let value = root.to_json();
        let mut mistakes: Vec<Mistake> =
            self.validator.iter_errors(&value).flat_map(|error| self.explain(root, &error)).collect();
        mistakes.sort_by_key(|mistake| mistake.at.range);
        mistakes.dedup();
        mistakes
    }

    /// The mistakes behind one error of the schema.
    fn explain(&self, root: View<'_>, error: &ValidationError<'_>) -> Vec<Mistake> {
        let at = locate(root, error);
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let known = self.fields(error);
                let unknown = |name: &String| {
                    let place = at.field(name).map_or(at.place(), |field| field.key_place());
                    Mistake::new(place, format!("unknown field `{name}`")).with_known(name, &known)
                };
                unexpected.iter().map(unknown).collect()
            }
            ValidationErrorKind::Enum { options } => {
                let options: Vec<&str> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                let written = at.written();
                let message = if at.is_scalar() { format!("`{written}` is not known here") } else { one_word() };
                vec![Mistake::new(at.place(), message).with_known(&written, &options)]
            }
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                vec![Mistake::new(at.place(), format!("the field `{name}` is missing"))]
            }
            ValidationErrorKind::Type { kind: TypeKind::Single(kind) } => {
                let (takes, help) = takes(&kind.to_string());
                let mistake = Mistake::new(at.place(), format!("{takes} belongs here"));
                vec![if at.is_scalar() && kind.to_string() == "string" { mistake.with_help(help) } else { mistake }]
            }
            ValidationErrorKind::MinLength { .. } | ValidationErrorKind::MinItems { .. } => {
                vec![Mistake::new(at.place(), "this must not be empty")]
            }
            _ => vec![Mistake::new(at.place(), error.to_string())],
        }
    }

    /// The fields that are known where one was met that is not.
    fn fields(&self, error: &ValidationError<'_>) -> Vec<&str> {
        let path = error.schema_path().to_string();
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let properties = self.value.pointer(&format!("{parent}/properties")).and_then(Value::as_object);
        properties.into_iter().flatten().map(|(name, _)| &**name).collect()
    }
}

fn one_word() -> String {
    "one of a few words belongs here".to_owned()
}

/// What a type of JSON is called in YAML, and how to make one of a scalar.
fn takes(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "object" => ("a map", ""),
        "array" => ("a list", ""),
        "string" => ("text", "put it in quotes"),
        "boolean" => ("`true` or `false`", ""),
        _ => ("a number", ""),
    }
}

/// The one document of a file; `what` names such a file.
///
/// # Errors
/// What is wrong with its YAML, or that it holds no document, or several.
pub fn document<'t>(trees: &'t Trees, file: FileId, what: &str) -> Result<View<'t>, Vec<Mistake>> {
    let parsed = trees.parsed(file);
    if !parsed.problems().is_empty() {
        let problems = parsed.problems().iter();
        let mistake = |range, message: &str| Mistake::new(Span { file, range }, message);
        return Err(problems.map(|problem| mistake(problem.at, &problem.message)).collect());
    }
    let mut roots = parsed.documents().iter().filter_map(|document| document.root);
    match (roots.next(), roots.next()) {
        (Some(root), None) => Ok(trees.node(file, root)),
        (Some(_), Some(second)) => {
            let message = format!("a {what} holds one document");
            Err(vec![Mistake::new(trees.span(file, second), message).with_help("remove what is behind the `---`")])
        }
        (None, _) => Err(vec![Mistake::new(trees.top(file), format!("the {what} is empty"))]),
    }
}

/// The typed content of a file that its schema accepts.
///
/// # Errors
/// What the type does not take; the schema should have told before.
pub fn typed<T: DeserializeOwned>(trees: &Trees, root: View<'_>) -> Result<T, Vec<Mistake>> {
    let wrong = |error: serde_yaml::Error| vec![Mistake::new(root.place(), error.to_string())];
    let mut value: serde_yaml::Value = serde_yaml::from_str(trees.sources().text(root.place().file)).map_err(wrong)?;
    value.apply_merge().map_err(wrong)?;
    serde_yaml::from_value(value).map_err(wrong)
}

/// The value that an error of the schema is about.
fn locate<'t>(root: View<'t>, error: &ValidationError<'_>) -> View<'t> {
    let mut at = root;
    for segment in error.instance_path() {
        let next = match &segment {
            LocationSegment::Property(name) => at.get(name),
            LocationSegment::Index(row) => at.item(*row),
        };
        at = next.unwrap_or(at);
    }
    at
}
