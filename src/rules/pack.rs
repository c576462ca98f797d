//! Rule files to rules: read by `parse/`, checked against the schema, all mistakes at once, each at its line.
//!
//! Never: a difference between the embedded packs and those of a repository.

use rayon::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::kinds::{self, Params};
use super::rule::{Default, Grade, Rule, Template};
use super::written::{self, Mistake, Schema};
use super::{Severity, expression, schema};
use crate::base::{FileId, Problem, ProblemKind};
use crate::model::{Trees, View};
use crate::secrets::RunKey;

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
pub(super) fn load(trees: &Trees, files: &[&RuleFile], key: &RunKey) -> (Vec<Rule>, Vec<Problem>) {
    load_all(trees, files, key, Some(&Schema::new(schema::rule_schema())))
}

/// The same for files that a test holds right: without the schema, whose compilation would cost each run.
pub(super) fn load_proven(trees: &Trees, files: &[&RuleFile], key: &RunKey) -> (Vec<Rule>, Vec<Problem>) {
    load_all(trees, files, key, None)
}

fn load_all(trees: &Trees, files: &[&RuleFile], key: &RunKey, schema: Option<&Schema>) -> (Vec<Rule>, Vec<Problem>) {
    let mut rules = Vec::new();
    let mut problems = Vec::new();
    let loaded: Vec<_> = files.par_iter().map(|file| load_one(trees, file, key, schema)).collect();
    for loaded in loaded {
        match loaded {
            Ok(rule) => rules.push(rule),
            Err(wrong) => problems.extend(wrong.into_iter().map(problem)),
        }
    }
    (rules, problems)
}

/// A mistake as a problem of the pack `guard`.
pub(super) fn problem(mistake: Mistake) -> Problem {
    Problem { help: mistake.help, ..Problem::new(ProblemKind::InvalidRule, mistake.at, mistake.message) }
}

fn load_one(trees: &Trees, file: &RuleFile, key: &RunKey, schema: Option<&Schema>) -> Result<Rule, Vec<Mistake>> {
    let root = written::document(trees, file.file, "rule file")?;
    let mistakes = schema.map(|schema| schema.mistakes(root)).unwrap_or_default();
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    typed(root, file, key, written::typed(trees, root)?)
}

fn typed(root: View<'_>, file: &RuleFile, key: &RunKey, raw: Raw) -> Result<Rule, Vec<Mistake>> {
    let at = |name: &str| root.get(name).unwrap_or(root).place();
    let Some(kind) = kinds::kind(&raw.check) else {
        return Err(vec![Mistake::new(at("check"), format!("there is no kind of check `{}`", raw.check))]);
    };
    let says = Template::new(&raw.says);
    let words: Vec<&str> = kind.words.iter().map(|known| known.0).collect();
    let unknown = says.words().filter(|word| !words.contains(word));
    let mut mistakes: Vec<Mistake> = unknown
        .map(|word| {
            let message = format!("`{word}` is no word of the kind `{}`", kind.name);
            Mistake::new(at("says"), message).with_known(word, &words)
        })
        .collect();
    mistakes.extend(expression::mistakes(kind, root));
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    match (kind.build)(&Params(&raw.with, key)) {
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
            mistakes.extend(messages.into_iter().map(|message| Mistake::new(at("with"), message)));
            Err(mistakes)
        }
    }
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
    Raised,
    Off,
}

impl From<RawDefault> for Default {
    fn from(raw: RawDefault) -> Self {
        match raw {
            RawDefault::On => Self::On,
            RawDefault::Raised => Self::Raised,
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
        let (rules, problems) = load(&trees, &[&rule], &RunKey::fresh());
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
