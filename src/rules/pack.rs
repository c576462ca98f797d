//! Rule files to rules: read by `parse/`, checked against the schema, all mistakes at once, each at its line.
//!
//! Never: a difference between the embedded packs and those of a repository.

use jsonschema::error::ValidationErrorKind;
use jsonschema::paths::LocationSegment;
use jsonschema::{ValidationError, Validator};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::kinds::{self, Params};
use super::rule::{Default, Grade, Rule, Template};
use super::{Severity, schema};
use crate::base::{FileId, Problem, ProblemKind, Span};
use crate::model::{Trees, View};

/// One rule file: the pack is its folder's name, the id its stem.
pub struct RuleFile {
    /// The pack.
    pub pack: String,
    /// The id.
    pub id: String,
    /// The content.
    pub file: FileId,
}

/// The rules of these files, in their order, and all that is wrong with the files that gave none.
#[must_use]
pub(super) fn load(trees: &Trees, files: &[&RuleFile]) -> (Vec<Rule>, Vec<Problem>) {
    let schema = schema::rule_schema();
    let validator = jsonschema::validator_for(&schema).expect("the schema is our own, and a test compiles it");
    load_all(trees, files, Some(&validator))
}

/// The same for files that a test holds right: without the schema, whose compilation would cost each run.
pub(super) fn load_proven(trees: &Trees, files: &[&RuleFile]) -> (Vec<Rule>, Vec<Problem>) {
    load_all(trees, files, None)
}

fn load_all(trees: &Trees, files: &[&RuleFile], validator: Option<&Validator>) -> (Vec<Rule>, Vec<Problem>) {
    let mut rules = Vec::new();
    let mut problems = Vec::new();
    for file in files {
        match load_one(trees, file, validator) {
            Ok(rule) => rules.push(rule),
            Err(wrong) => problems.extend(wrong),
        }
    }
    (rules, problems)
}

fn load_one(trees: &Trees, file: &RuleFile, validator: Option<&Validator>) -> Result<Rule, Vec<Problem>> {
    let root = document(trees, file.file)?;
    let value = root.to_json();
    let mut mistakes: Vec<Problem> = validator
        .iter()
        .flat_map(|validator| validator.iter_errors(&value))
        .flat_map(|error| explain(root, &error))
        .collect();
    if !mistakes.is_empty() {
        mistakes.sort_by_key(|mistake| mistake.at.range);
        return Err(mistakes);
    }
    let raw: Raw = serde_json::from_value(value).map_err(|error| vec![wrong(root.place(), error.to_string())])?;
    typed(root, file, raw)
}

/// The one document of a rule file.
fn document(trees: &Trees, file: FileId) -> Result<View<'_>, Vec<Problem>> {
    let parsed = trees.parsed(file);
    if !parsed.problems().is_empty() {
        let problems = parsed.problems().iter();
        return Err(problems.map(|problem| wrong(Span { file, range: problem.at }, problem.message.clone())).collect());
    }
    let mut roots = parsed.documents().iter().filter_map(|document| document.root);
    match (roots.next(), roots.next()) {
        (Some(root), None) => Ok(trees.node(file, root)),
        (Some(_), Some(second)) => Err(vec![
            wrong(trees.span(file, second), "a rule file holds one rule").with_help("give each rule its own file"),
        ]),
        (None, _) => Err(vec![wrong(trees.top(file), "the rule file is empty")]),
    }
}

fn typed(root: View<'_>, file: &RuleFile, raw: Raw) -> Result<Rule, Vec<Problem>> {
    let at = |name: &str| root.get(name).unwrap_or(root).place();
    let Some(kind) = kinds::kind(&raw.check) else {
        return Err(vec![wrong(at("check"), format!("there is no kind of check `{}`", raw.check))]);
    };
    let says = Template::new(&raw.says);
    let mut mistakes: Vec<Problem> = says
        .words()
        .filter(|word| !kind.words.iter().any(|known| known.0 == *word))
        .map(|word| {
            let known: Vec<&str> = kind.words.iter().map(|known| known.0).collect();
            let message = format!("`{word}` is no word of the kind `{}`", kind.name);
            wrong(at("says"), message).with_help(suggestion(word, &known))
        })
        .collect();
    match (kind.build)(&Params(&raw.with)) {
        Ok(check) if mistakes.is_empty() => Ok(Rule {
            id: file.id.as_str().into(),
            pack: file.pack.as_str().into(),
            kind,
            check,
            severity: raw.severity.into(),
            default: raw.default.into(),
            raise: raw.raise.into_iter().map(Grade::from).collect(),
            lower: raw.lower.into_iter().map(Grade::from).collect(),
            since: raw.since,
            says,
            why: raw.why,
            fix: raw.fix,
            see: raw.see,
        }),
        Ok(_) => Err(mistakes),
        Err(messages) => {
            mistakes.extend(messages.into_iter().map(|message| wrong(at("with"), message)));
            Err(mistakes)
        }
    }
}

/// The mistakes behind one error of the schema, each at the bytes to mend.
fn explain(root: View<'_>, error: &ValidationError<'_>) -> Vec<Problem> {
    let (at, path) = locate(root, error);
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|name| {
                let place = at.field(name).map_or(at.place(), |field| field.key_place());
                wrong(place, format!("unknown field `{name}`")).with_help(suggestion(name, &fields_at(root, &path)))
            })
            .collect(),
        ValidationErrorKind::Enum { options } => {
            let options: Vec<&str> =
                options.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str).collect();
            let written = at.written();
            vec![wrong(at.place(), format!("`{written}` is not known here")).with_help(suggestion(&written, &options))]
        }
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![wrong(at.place(), format!("the field `{name}` is missing"))]
        }
        _ => vec![wrong(at.place(), error.to_string())],
    }
}

/// The value that an error of the schema is about, and its path.
fn locate<'t>(root: View<'t>, error: &ValidationError<'_>) -> (View<'t>, Vec<String>) {
    let mut at = root;
    let mut path = Vec::new();
    for segment in error.instance_path() {
        let next = match &segment {
            LocationSegment::Property(name) => at.get(name),
            LocationSegment::Index(row) => at.item(*row),
        };
        at = next.unwrap_or(at);
        path.push(segment.to_string());
    }
    (at, path)
}

/// The fields that the schema knows at a path.
fn fields_at<'t>(root: View<'t>, path: &[String]) -> Vec<&'t str> {
    match path.first().map(String::as_str) {
        None => vec!["check", "with", "severity", "raise", "lower", "default", "since", "says", "why", "fix", "see"],
        Some("with") => {
            let kind = root.str_at(["check"]).and_then(kinds::kind);
            kind.map(|kind| kind.params.iter().map(|desc| desc.name).collect()).unwrap_or_default()
        }
        Some(_) => vec!["when", "to"],
    }
}

/// What to write instead: the nearest spelling, or all there are.
fn suggestion(written: &str, known: &[&str]) -> String {
    match super::near(written, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "remove it".to_owned(),
        None => format!("known here: {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    }
}

fn wrong(at: Span, message: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::InvalidRule, at, message)
}

/// A rule file, typed.
#[derive(Deserialize)]
struct Raw {
    check: String,
    #[serde(default)]
    with: Map<String, Value>,
    severity: RawSeverity,
    #[serde(default)]
    raise: Vec<RawGrade>,
    #[serde(default)]
    lower: Vec<RawGrade>,
    #[serde(default)]
    default: RawDefault,
    since: String,
    says: String,
    why: String,
    fix: String,
    #[serde(default)]
    see: Vec<String>,
}

#[derive(Deserialize)]
struct RawGrade {
    when: String,
    to: RawSeverity,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawSeverity {
    Error,
    Warning,
    Info,
}

#[derive(Clone, Copy, Deserialize, std::default::Default)]
#[serde(rename_all = "kebab-case")]
enum RawDefault {
    #[default]
    On,
    Off,
}

impl From<RawDefault> for Default {
    fn from(raw: RawDefault) -> Self {
        match raw {
            RawDefault::On => Self::On,
            RawDefault::Off => Self::Off,
        }
    }
}

impl From<RawGrade> for Grade {
    fn from(raw: RawGrade) -> Self {
        Self { when: raw.when, to: raw.to.into() }
    }
}

impl From<RawSeverity> for Severity {
    fn from(raw: RawSeverity) -> Self {
        match raw {
            RawSeverity::Error => Self::Error,
            RawSeverity::Warning => Self::Warning,
            RawSeverity::Info => Self::Info,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit;

    fn mistakes(text: &str) -> Vec<String> {
        let (trees, file) = testkit::file("own.yaml", text);
        let rule = RuleFile { pack: "own".into(), id: "own".into(), file };
        let (rules, problems) = load(&trees, &[&rule]);
        assert_eq!(rules.is_empty(), !problems.is_empty());
        problems
            .iter()
            .map(|problem| {
                let line = trees.sources().positions(problem.at).0.line;
                format!("{line}: {}; {}", problem.message, problem.help.as_deref().unwrap_or("-"))
            })
            .collect()
    }

    const RIGHT: &str =
        "check: problem\nwith: {of: unparsable}\nseverity: error\nsince: 0.1.0\nsays: '{problem}'\nwhy: a\nfix: b\n";

    #[test]
    fn a_right_file_is_a_rule() {
        assert_eq!(mistakes(RIGHT), [""; 0]);
    }

    #[test]
    fn all_mistakes_are_reported_at_their_lines() {
        let text = "check: problem\nwith: {off: unparsable}\nseverity: eror\nsince: 0.1.0\nsays: hi\nfix: b\nfixx: c\n\
                    raise: [{when: unred, to: error}]\n";
        assert_eq!(
            mistakes(text),
            [
                "1: the field `why` is missing; -",
                "2: the field `of` is missing; -",
                "2: unknown field `off`; did you mean `of`?",
                "3: `eror` is not known here; did you mean `error`?",
                "7: unknown field `fixx`; did you mean `fix`?",
                "8: `unred` is not known here; did you mean `unread`?",
            ]
        );
    }

    #[test]
    fn words_and_kinds_must_exist() {
        assert_eq!(
            mistakes(&RIGHT.replace("{problem}", "{problm}")),
            ["5: `problm` is no word of the kind `problem`; did you mean `problem`?"]
        );
        assert_eq!(
            mistakes(&RIGHT.replace("check: problem", "check: probelm")),
            ["1: `probelm` is not known here; did you mean `problem`?"]
        );
        assert_eq!(mistakes("a: [").len(), 1);
        assert_eq!(mistakes(""), ["1: the rule file is empty; -"]);
    }
}
