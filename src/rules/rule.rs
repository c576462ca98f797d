//! A rule: one file's words, severity and check.
//!
//! Never: what a rule looks for; that is its kind's.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use super::kinds::CheckKind;
use super::pack::{self, RuleFile};
use super::{Check, Hit, Severity};
use crate::base::{Problem, ProblemKind};
use crate::model::Trees;
use crate::secrets::RunKey;

/// The pack of the tool's own findings, which cannot be switched off.
pub const GUARD: &str = "guard";
/// The rule that reports count apart.
pub const NOT_RENDERED: &str = "not-rendered";

/// Whether a rule runs without being asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Default {
    /// It does.
    On,
    /// It does where a fact raises its severity; the rest has to be switched on.
    Raised,
    /// It has to be switched on.
    Off,
}

/// Another severity where a fact of the kind holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grade {
    /// The fact.
    pub when: String,
    /// The severity there.
    pub to: Severity,
}

/// A rule, as its file says it.
pub struct Rule {
    /// Its id: the file's stem.
    pub id: Arc<str>,
    /// Its pack: the file's folder.
    pub pack: Arc<str>,
    /// What it looks for.
    pub kind: &'static CheckKind,
    /// The same, with the file's parameters.
    pub check: Check,
    /// How bad it is where no grade below holds.
    pub severity: Severity,
    /// Whether it runs without being asked for.
    pub default: Default,
    /// Where it is worse.
    pub raise: Vec<Grade>,
    /// Where it is less bad.
    pub lower: Vec<Grade>,
    /// The version of this tool that brought it.
    pub since: String,
    /// The finding's message.
    pub says: Template,
    /// What happens if it is ignored.
    pub why: String,
    /// What to do.
    pub fix: String,
    /// Where more is written.
    pub see: Vec<String>,
}

impl Rule {
    /// The severity of a hit, and the fact that raised it, by the rule's own grades.
    pub(super) fn grade<'h>(&self, hit: &'h Hit) -> (Severity, Option<&'h str>) {
        let held = |grade: &Grade| hit.facts.iter().copied().find(|fact| *fact == grade.when);
        let lowered = self.lower.iter().filter(|grade| held(grade).is_some()).map(|grade| grade.to).min();
        let base = lowered.unwrap_or(self.severity);
        let raised =
            self.raise.iter().filter(|grade| grade.to > base).filter_map(|grade| Some((grade.to, held(grade)?)));
        raised.max_by_key(|(to, _)| *to).map_or((base, None), |(to, fact)| (to, Some(fact)))
    }

    /// Why a fact holds, in words: the hit's word of that name, or what the kind says about the fact.
    pub(super) fn reason(&self, fact: &str, hit: &Hit) -> String {
        match hit.words.iter().find(|(name, _)| *name == fact) {
            Some((_, why)) => format!("{fact}: {why}"),
            None => self.kind.facts.iter().find(|known| known.0 == fact).map_or(fact, |known| known.1).to_owned(),
        }
    }
}

/// A message with words in braces: "`{path}` was removed from {kind}".
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template(Vec<Piece>);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Piece {
    Text(String),
    Word(String),
}

impl Template {
    /// The template that `text` is. A brace that closes nothing is text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let Some((word, after)) = behind.split_once('}') else { break };
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::Word(word.to_owned()));
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Self(pieces)
    }

    /// The words it names, in order.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Word(word) => Some(&**word),
            Piece::Text(_) => None,
        })
    }

    /// The message with the words of a hit. A word that the hit lacks stays in braces.
    #[must_use]
    pub fn fill(&self, words: &[(&'static str, String)]) -> String {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Word(word) => match words.iter().find(|(name, _)| name == word) {
                    Some((_, text)) => out.push_str(text),
                    None => write!(out, "{{{word}}}").expect("a string takes all"),
                },
            }
        }
        out
    }
}

impl std::fmt::Display for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Word(word) => write!(f, "{{{word}}}"),
        })
    }
}

/// All rules of a run.
#[derive(std::default::Default)]
pub struct RuleSet {
    /// Sorted by id.
    pub rules: Vec<Rule>,
    /// What is wrong with the repository's rule files.
    pub problems: Vec<Problem>,
}

impl RuleSet {
    /// These rules and what is wrong with others.
    #[must_use]
    pub fn new(mut rules: Vec<Rule>, problems: Vec<Problem>) -> Self {
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        Self { rules, problems }
    }

    /// Adds the rule files of a repository. An id that is taken is a mistake of the file that takes it again, and the
    /// pack of the tool's own findings is closed.
    pub fn add(&mut self, trees: &Trees, files: &[RuleFile], key: &RunKey) {
        let mut names: BTreeSet<String> =
            self.rules.iter().flat_map(|rule| [rule.id.to_string(), rule.pack.to_string()]).collect();
        let mut fresh = Vec::new();
        for file in files {
            match misnamed(&names, file) {
                None => {
                    names.insert(file.id.clone());
                    fresh.push(file);
                }
                Some((message, help)) => {
                    let problem = Problem::new(ProblemKind::InvalidRule, trees.top(file.file), message);
                    self.problems.push(problem.with_help(help));
                }
            }
        }
        let (rules, problems) = pack::load(trees, &fresh, key);
        self.rules.extend(rules);
        self.rules.sort_by(|a, b| a.id.cmp(&b.id));
        self.problems.extend(problems);
    }

    /// The rule with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.binary_search_by(|rule| (*rule.id).cmp(id)).ok().map(|row| &self.rules[row])
    }

    /// Whether `name` is the id of a rule or the name of a pack.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.get(name).is_some() || self.rules.iter().any(|rule| &*rule.pack == name)
    }

    /// The id or pack that somebody who wrote `name` may have meant.
    #[must_use]
    pub fn near(&self, name: &str) -> Option<&str> {
        let names: Vec<&str> = self.rules.iter().flat_map(|rule| [&*rule.id, &*rule.pack]).collect();
        super::near(name, &names)
    }

    /// The packs, sorted, each with its rules.
    #[must_use]
    pub fn packs(&self) -> BTreeMap<&str, Vec<&Rule>> {
        let mut packs: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
        for rule in &self.rules {
            packs.entry(&rule.pack).or_default().push(rule);
        }
        packs
    }
}

/// What is wrong with the name of a rule file.
fn misnamed(names: &BTreeSet<String>, file: &RuleFile) -> Option<(String, &'static str)> {
    let RuleFile { id, pack, .. } = file;
    let is_word = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') && !text.is_empty()
    };
    if !is_word(id) || !is_word(pack) {
        let message = format!("`{pack}/{id}` cannot name a rule");
        Some((message, "name file and folder in small letters, digits and hyphens"))
    } else if pack == GUARD {
        Some((format!("the pack `{GUARD}` is this tool's own"), "move the file to a folder of another name"))
    } else if names.contains(id) {
        Some((format!("the id `{id}` is taken"), "rename the file"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Template;

    #[test]
    fn the_names_in_code_exist() {
        let rules = super::RuleSet::embedded();
        assert!(rules.packs().contains_key(super::GUARD) && rules.get(super::NOT_RENDERED).is_some());
    }

    #[test]
    fn templates_take_words() {
        let template = Template::new("`{path}` left {kind} {");
        assert_eq!(template.words().collect::<Vec<_>>(), ["path", "kind"]);
        assert_eq!(template.fill(&[("kind", "Claim".into()), ("path", "spec.a".into())]), "`spec.a` left Claim {");
        assert_eq!(template.fill(&[]), "`{path}` left {kind} {");
        assert_eq!(template.to_string(), "`{path}` left {kind} {");
    }
}
