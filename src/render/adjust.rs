//! What a controller adds to a build: the settings of a Flux Kustomization or of an Argo CD Application.
//!
//! Never: the object that says so; who asks reads it, and gives values that know where they are written.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::base::{FileId, Span};
use crate::model::{How, Trees, Value, View};

/// One setting.
#[derive(Clone, Debug)]
pub enum Adjustment {
    /// A field of the kustomization, in the place of what it says.
    Field(&'static str, Value),
    /// Entries behind those of a list of the kustomization.
    Entries(&'static str, Vec<Value>),
    /// An entry of `images`.
    Image(Value, Meeting),
    /// An entry of `replicas`.
    Replicas(Value),
    /// Entries of a map of the kustomization.
    Pairs(&'static str, Value, Meeting),
    /// Folders behind those of `components`, by their paths from the build's folder.
    Components(Vec<Value>, Absent),
    /// Labels or annotations that all objects get after the build, in their metadata alone.
    Metadata(How, Value),
    /// `${VAR}` after the build.
    Substitution(Variables),
}

/// What happens to an entry that the kustomization has for the same name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meeting {
    /// What is not set anew stays.
    Merge,
    /// It is replaced.
    Replace,
    /// The build fails.
    Refuse,
}

/// What happens where a component is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Absent {
    /// It is passed over.
    Skipped,
    /// The build fails.
    Refused,
}

/// The variables of a substitution.
#[derive(Clone, Debug)]
pub struct Variables {
    /// Those whose values are known.
    pub known: BTreeMap<String, Known>,
    /// Those that have a value which is not: the keys of a Secret, each with the Secret's place.
    pub hidden: BTreeMap<String, Span>,
    /// The reference to a ConfigMap or Secret that is not here and may hold any others.
    pub others: Option<Span>,
    /// The line that asks for it.
    pub by: Span,
    /// The line that tells the controller to break off where a variable has neither a value nor a default.
    pub strict: Option<Span>,
}

/// A variable.
#[derive(Clone, Debug)]
pub struct Known {
    /// What is put in its place.
    pub text: String,
    /// The value that it was read from, with its history.
    pub value: Value,
    /// The line that brings it in: its own, or the reference to its ConfigMap.
    pub by: Span,
}

/// What a controller adds to a build; nothing for most. Two are equal that say the same at the same places.
#[derive(Clone, Default)]
pub struct Adjustments(Option<Arc<Parts>>);

struct Parts {
    /// All that makes it what it is, as text.
    key: String,
    /// The files that it is written in.
    files: Vec<FileId>,
    steps: Vec<Adjustment>,
}

impl Adjustments {
    /// These settings, in the order in which the controller applies them.
    #[must_use]
    pub fn new(trees: &Trees, steps: Vec<Adjustment>) -> Self {
        if steps.is_empty() {
            return Self::default();
        }
        let mut noted = Noted { trees, key: String::new(), files: Vec::new() };
        steps.iter().for_each(|step| noted.step(step));
        let Noted { key, mut files, .. } = noted;
        files.sort_unstable();
        files.dedup();
        Self(Some(Arc::new(Parts { key, files, steps })))
    }

    /// Whether nothing is added.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// The settings, in order.
    #[must_use]
    pub fn steps(&self) -> &[Adjustment] {
        self.0.as_ref().map_or(&[], |parts| &parts.steps)
    }

    /// The files that the settings are written in.
    #[must_use]
    pub fn files(&self) -> &[FileId] {
        self.0.as_ref().map_or(&[], |parts| &parts.files)
    }

    fn key(&self) -> &str {
        self.0.as_ref().map_or("", |parts| &parts.key)
    }
}

/// Writes down what settings say.
struct Noted<'t> {
    trees: &'t Trees,
    key: String,
    files: Vec<FileId>,
}

impl Noted<'_> {
    fn step(&mut self, step: &Adjustment) {
        match step {
            Adjustment::Field(name, value) => self.value(name, value),
            Adjustment::Entries(name, values) => values.iter().for_each(|value| self.value(name, value)),
            Adjustment::Image(value, meeting) => self.value(&format!("image {meeting:?}"), value),
            Adjustment::Replicas(value) => self.value("replicas", value),
            Adjustment::Pairs(name, value, meeting) => self.value(&format!("{name} {meeting:?}"), value),
            Adjustment::Components(values, absent) => {
                values.iter().for_each(|value| self.value(&format!("component {absent:?}"), value));
            }
            Adjustment::Metadata(how, value) => self.value(&format!("metadata {how:?}"), value),
            Adjustment::Substitution(variables) => {
                for (name, known) in &variables.known {
                    self.place(known.by);
                    self.value(&format!("${name}={}", known.text), &known.value);
                }
                for (name, at) in &variables.hidden {
                    self.word(name);
                    self.place(*at);
                }
                self.word("others");
                variables.others.into_iter().for_each(|at| self.place(at));
                self.place(variables.by);
                self.word("strict");
                variables.strict.into_iter().for_each(|at| self.place(at));
            }
        }
    }

    fn value(&mut self, name: &str, value: &Value) {
        let view = self.trees.view(value);
        self.word(name);
        self.place(view.place());
        self.word(&view.to_json().to_string());
        self.note_files(view);
    }

    fn word(&mut self, word: &str) {
        self.key.push_str(word);
        self.key.push('\n');
    }

    fn place(&mut self, at: Span) {
        let path = self.trees.sources().path(at.file);
        let _ = writeln!(self.key, "{path}:{}", at.range.start);
        self.files.push(at.file);
    }

    /// Another file may have set a part of it.
    fn note_files(&mut self, view: View<'_>) {
        self.files.push(view.place().file);
        for field in view.fields() {
            self.files.push(field.key_place().file);
            self.note_files(field.value);
        }
        view.items().for_each(|item| self.note_files(item));
    }
}

impl PartialEq for Adjustments {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Adjustments {}

impl Hash for Adjustments {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl PartialOrd for Adjustments {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Adjustments {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(other.key())
    }
}

impl fmt::Debug for Adjustments {
    /// Their number alone: a value may be anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Adjustments({})", self.steps().len())
    }
}
