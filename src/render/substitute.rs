//! Flux's substitution of `${VAR}` in the objects of a build (`fluxcd pkg/kustomize`, `SubstituteVariables`). Flux
//! replaces in the text of an object and reads it again, so that a text can become a number.
//!
//! Never: an empty text for a value that is not known; the object keeps the expression.

use std::collections::BTreeSet;

use super::adjust::{Known, Variables};
use super::adjusted::{brought, replace};
use super::emit;
use super::transform::made_of;
use crate::base::{Problem, ProblemKind, Span};
use crate::grammar::{self, Variable};
use crate::model::{How, Key, Object, Origin, Trees, Value, View};
use crate::parse::{self, resolve_plain};

/// `disabled` in a label or annotation of this name keeps an object as it is.
const SWITCH: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// How many names a help lists.
const LISTED: usize = 5;

/// Substitutes in all objects that do not refuse it. Gives what was not known.
pub(super) fn substitute(trees: &Trees, variables: &Variables, objects: &mut [Object]) -> Vec<Problem> {
    let mut run = Run { trees, variables, lacking: BTreeSet::new(), refused: BTreeSet::new(), problems: Vec::new() };
    for object in objects {
        let view = trees.view(&object.value);
        if !is_switched_off(view)
            && let Some(change) = run.change(view)
        {
            let mut value = object.value.clone();
            run.apply(change, &mut value);
            replace(trees, object, value);
        }
    }
    let Run { lacking, mut problems, .. } = run;
    problems.extend(unknown(&lacking, variables));
    problems
}

fn is_switched_off(object: View<'_>) -> bool {
    let metadata = ["labels", "annotations"].map(|map| object.path(["metadata", map, SWITCH]));
    metadata.into_iter().flatten().any(|value| value.as_str() == Some("disabled"))
}

/// What is said of variables without a known value: once for each place that somebody has to know.
fn unknown(lacking: &BTreeSet<String>, variables: &Variables) -> Vec<Problem> {
    let mut places: Vec<(Span, Vec<String>, &str)> = Vec::new();
    for name in lacking {
        let (at, why) = match (variables.hidden.get(name), variables.others) {
            (Some(secret), _) => (*secret, "the values of this Secret are not known"),
            (None, Some(reference)) => (reference, "the values that this names are not in the repository"),
            (None, None) => (variables.by, "nothing gives these variables a value"),
        };
        match places.iter_mut().find(|(known, ..)| *known == at) {
            Some((_, names, _)) => names.push(format!("`{name}`")),
            None => places.push((at, vec![format!("`{name}`")], why)),
        }
    }
    let problem = |(at, names, why): (Span, Vec<String>, &str)| {
        let message = format!("{why}: texts that use them stay as they are written");
        let more = if names.len() > LISTED { ", …" } else { "" };
        let help = format!("used here: {}{more}", names[..names.len().min(LISTED)].join(", "));
        Problem::new(ProblemKind::NotRendered, at, message).with_help(help)
    };
    places.into_iter().map(problem).collect()
}

/// What becomes of a value.
enum Change {
    Scalar(New),
    /// By position; a key, a value or both.
    Map(Vec<(usize, Option<New>, Option<Change>)>),
    Seq(Vec<(usize, Change)>),
}

/// A text with its variables replaced.
struct New {
    before: String,
    after: String,
    used: Vec<String>,
}

struct Run<'r> {
    trees: &'r Trees,
    variables: &'r Variables,
    lacking: BTreeSet<String>,
    /// Those at which Flux breaks off.
    refused: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl Run<'_> {
    fn change(&mut self, view: View<'_>) -> Option<Change> {
        if view.is_map() {
            let mut changes = Vec::new();
            for (row, field) in view.fields().enumerate() {
                let (name, value) = (self.text(field.name(), field.key_place()), self.change(field.value));
                if name.is_some() || value.is_some() {
                    changes.push((row, name, value));
                }
            }
            return (!changes.is_empty()).then_some(Change::Map(changes));
        }
        if view.is_seq() {
            let items = view.items().enumerate();
            let changes: Vec<_> = items.filter_map(|(row, item)| Some((row, self.change(item)?))).collect();
            return (!changes.is_empty()).then_some(Change::Seq(changes));
        }
        self.text(view.as_str()?, view.place()).map(Change::Scalar)
    }

    /// What a text becomes; `None` where it stays.
    fn text(&mut self, text: &str, at: Span) -> Option<New> {
        if !text.contains('$') {
            return None;
        }
        match grammar::substitute(text, &|name| self.lookup(name)) {
            Ok(done) => {
                done.lacking.into_iter().for_each(|name| self.lacks(name, at));
                (done.text != text).then(|| New { before: text.to_owned(), after: done.text, used: done.used })
            }
            Err(error) => {
                let message = format!("a `$` in this text begins no variable that Flux can read: {error}");
                let problem = Problem::new(ProblemKind::NotRendered, at, message);
                self.problems.push(problem.with_help("write `$$` for a `$` that is meant as it stands"));
                None
            }
        }
    }

    /// A variable without a known value: Flux breaks off at the first text that uses it, where it is told to and nothing
    /// may give a value.
    fn lacks(&mut self, name: String, at: Span) {
        if self.variables.strict.is_none() || self.lookup(&name) != Variable::Unset {
            self.lacking.insert(name);
        } else if !self.refused.contains(&name) {
            let message = format!("nothing gives the variable `{name}` a value, and Flux is set to fail then");
            let help =
                format!("give it a value under `postBuild`, or a default: `${{{name}:=…}}`; `$$` is a plain `$`");
            self.problems.push(Problem::new(ProblemKind::DoesNotBuild, at, message).with_help(help));
            self.refused.insert(name);
        }
    }

    fn lookup(&self, name: &str) -> Variable<'_> {
        match self.variables.known.get(name) {
            // What nobody knew before does not become known by another name.
            Some(known) if known.text.contains("${") => Variable::Unknown,
            Some(known) => Variable::Known(&known.text),
            None if self.variables.hidden.contains_key(name) || self.variables.others.is_some() => Variable::Unknown,
            None => Variable::Unset,
        }
    }

    fn apply(&self, change: Change, value: &mut Value) {
        match change {
            Change::Scalar(new) => *value = self.made(&new, value.clone()),
            Change::Map(changes) => {
                let Some(entries) = value.entries_mut(self.trees) else { return };
                for (row, name, change) in changes {
                    let Some(entry) = entries.get_mut(row) else { continue };
                    if let Some(name) = name {
                        entry.key = Key::made(&name.after, entry.key.place(self.trees));
                    }
                    if let Some(change) = change {
                        self.apply(change, &mut entry.value);
                    }
                }
            }
            Change::Seq(changes) => {
                let Some(items) = value.items_mut(self.trees) else { return };
                for (row, change) in changes {
                    if let Some(item) = items.get_mut(row) {
                        self.apply(change, item);
                    }
                }
            }
        }
    }

    /// The new value in the place of `from`. Its bytes are the variable's where the text is that alone.
    fn made(&self, new: &New, from: Value) -> Value {
        let known = &self.variables.known;
        let used: Vec<(&String, &Known)> = new.used.iter().filter_map(|name| known.get_key_value(name)).collect();
        let written = self.trees.view(&from).place();
        let origin = match used.first() {
            Some((_, first)) => {
                let is_alone = used.len() == 1 && new.after == first.text;
                let at = if is_alone { self.trees.view(&first.value).place() } else { written };
                let all = used.iter().map(|(name, known)| ((*name).clone(), known.by, known.value.clone()));
                Origin::brought(at, How::Substitution, first.by, Some(from), brought(first.by, all))
            }
            None => Origin::set(written, How::Substitution, self.variables.by, Some(from)),
        };
        read_again(new, origin)
    }
}

/// A text as Flux reads it after the substitution: it stood in the object's YAML, in quotes only where it needed them.
fn read_again(new: &New, origin: Origin) -> Value {
    if !emit::is_plain(&new.before) {
        return Value::text(&new.after, origin);
    }
    let text = new.after.trim_matches([' ', '\t']);
    if text.starts_with(['{', '[', '"', '\'']) {
        let parsed = parse::parse(text);
        if let ([document], true) = (parsed.documents(), parsed.problems().is_empty())
            && let Some(root) = document.root
        {
            return Value::parsed(&parsed, text, root, origin);
        }
        return Value::text(&new.after, origin);
    }
    Value::scalar(made_of(resolve_plain(text)), origin)
}
