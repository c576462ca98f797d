//! What a check says, and what it becomes.
//!
//! Never: a finding without a primary place.

use std::sync::Arc;

use crate::base::{Date, FileId, ProblemKind, Side, Span};
use crate::compare::Changes;
use crate::impact::Impact;
use crate::model::{Object, Trees};
use crate::secrets::RunKey;
use crate::world::{Built, ObjectAt, World};

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Should be mended.
    Warning,
    /// Fails the check.
    Error,
}

/// Whether a finding counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Status {
    /// It counts.
    Open,
    /// The base has it too.
    Unchanged,
    /// The baseline lists it.
    Baseline,
    /// Somebody said, with a reason, that it is not to count.
    Suppressed {
        /// The comment or the entry of the configuration.
        by: Span,
        /// Which of the two.
        how: Suppressed,
    },
}

/// Where a suppression is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Suppressed {
    /// In a comment beside what it is about.
    InSource,
    /// In the configuration.
    Configured,
}

/// A place that explains a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// The bytes.
    pub at: Span,
    /// Which side they are on.
    pub side: Side,
    /// In a few words.
    pub says: String,
}

/// Lines of the base and what stands for them in the head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rewritten {
    /// In the base.
    pub was: Span,
    /// In the head; `None` where nothing does.
    pub is: Option<Span>,
}

/// The object that a finding is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ObjectName {
    /// `group/version`.
    pub api_version: String,
    /// The kind.
    pub kind: Arc<str>,
    /// The namespace; empty where none is written.
    pub namespace: Arc<str>,
    /// The name.
    pub name: Arc<str>,
}

impl ObjectName {
    /// The names of an object.
    #[must_use]
    pub fn of(object: &Object) -> Self {
        let key = &object.key;
        Self {
            api_version: object.api_version(),
            kind: key.kind.clone(),
            namespace: key.namespace.clone(),
            name: key.name.clone(),
        }
    }
}

/// A finding: one rule at one place.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule's id.
    pub rule: Arc<str>,
    /// The rule's pack.
    pub pack: Arc<str>,
    /// How bad it is here.
    pub severity: Severity,
    /// What is wrong, in one line, without a final dot.
    pub message: String,
    /// What to do, in one line or a few.
    pub help: Option<String>,
    /// The way out, one step after the other; empty where `help` says all.
    pub steps: Vec<String>,
    /// What stood in the base and what stands for it.
    pub rewritten: Option<Rewritten>,
    /// Where somebody must edit.
    pub primary: Span,
    /// Which side the place is on.
    pub side: Side,
    /// The commit, where it is on neither.
    pub revision: Option<Arc<str>>,
    /// Places that explain it.
    pub related: Vec<Label>,
    /// The object it is about.
    pub object: Option<ObjectName>,
    /// The field in that object, as a JSON pointer.
    pub field: Option<String>,
    /// What stays the same while lines move (design §2); set by the engine.
    pub fingerprint: String,
    /// Whether it counts.
    pub status: Status,
}

/// A node of a schema.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Node {
    /// The version of the API, or whatever else keeps schemas of one object apart.
    pub scope: String,
    /// The path in an instance, as people write it; empty for the root.
    pub path: String,
}

impl Node {
    /// Whether it is this node, or below it. A root is above nothing: what differs there says little of the rest.
    #[must_use]
    pub fn is_within(&self, above: &Self) -> bool {
        let rest = self.path.strip_prefix(&*above.path);
        self.scope == above.scope
            && !above.path.is_empty()
            && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }
}

/// What a check reports: everything but the rule's own words and severity.
#[derive(Clone, Debug)]
pub struct Hit {
    /// Where somebody must edit.
    pub at: Span,
    /// Which side the place is on.
    pub side: Side,
    /// The commit, where it is on neither.
    pub revision: Option<Arc<str>>,
    /// What the rule's `says` may name in braces.
    pub words: Vec<(&'static str, String)>,
    /// Which of the facts that the kind declares hold here; `raise` and `lower` ask for them.
    pub facts: Vec<&'static str>,
    /// Places that explain it.
    pub related: Vec<Label>,
    /// The object it is about.
    pub object: Option<ObjectName>,
    /// The field in that object, as a JSON pointer.
    pub field: Option<String>,
    /// What tells this hit from others of the rule at the same object and field (a keyed hash, a property's name).
    pub mark: Option<String>,
    /// The keyed hash of a secret value. Another value on the other side makes another finding; the key is the run's,
    /// so it is no part of the fingerprint that is shown.
    pub value: Option<String>,
    /// What to do, where the rule's `fix` is not the best answer.
    pub help: Option<String>,
    /// The way out, one step after the other.
    pub steps: Vec<String>,
    /// What stood in the base and what stands for it.
    pub rewritten: Option<Rewritten>,
    /// Hits of the rule with the same word here become one finding, wherever they are.
    pub together: Option<String>,
    /// The node of a schema that it is about. Hits of the rule on the same object at or below another's node become one
    /// finding, at the topmost.
    pub node: Option<Node>,
    /// The row of the build it was seen in; the engine sets it for checks of objects. Hits of one place in several builds become one finding.
    pub build: Option<usize>,
}

impl Hit {
    /// A hit at a place of the head, with nothing else.
    #[must_use]
    pub fn at(at: Span) -> Self {
        Self {
            at,
            side: Side::Head,
            revision: None,
            words: Vec::new(),
            facts: Vec::new(),
            related: Vec::new(),
            object: None,
            field: None,
            mark: None,
            value: None,
            help: None,
            steps: Vec::new(),
            rewritten: None,
            together: None,
            node: None,
            build: None,
        }
    }

    /// The same with a word for the rule's `says`.
    #[must_use]
    pub fn word(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.words.push((name, text.into()));
        self
    }

    /// The same with a fact that holds here. A word of the same name says why ("path clusters/production").
    #[must_use]
    pub fn fact(mut self, name: &'static str) -> Self {
        self.facts.push(name);
        self
    }

    /// The same with the field it is about, as a JSON pointer into the object.
    #[must_use]
    pub fn field(mut self, pointer: impl Into<String>) -> Self {
        self.field = Some(pointer.into());
        self
    }

    /// The same with what tells it from other hits of the rule at the same object and field.
    #[must_use]
    pub fn mark(mut self, mark: impl Into<String>) -> Self {
        self.mark = Some(mark.into());
        self
    }

    /// The same with the keyed hash of the secret value it is about.
    #[must_use]
    pub fn value(mut self, hash: impl Into<String>) -> Self {
        self.value = Some(hash.into());
        self
    }

    /// The same with the hash of the secret value it is about, under this key. Under a key that lasts from run to run it
    /// is part of the fingerprint too, so that a configuration can name one value.
    #[must_use]
    pub fn secret(self, key: &RunKey, hash: String) -> Self {
        if key.lasts() { self.mark(hash.clone()).value(hash) } else { self.value(hash) }
    }

    /// The same with one more place that explains it, on the hit's own side.
    #[must_use]
    pub fn related(mut self, at: Span, says: impl Into<String>) -> Self {
        self.related.push(Label { at, side: self.side, says: says.into() });
        self
    }
}

/// All that rules may look at.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// The context of all values.
    pub trees: &'a Trees,
    /// What the change will be merged into, where there is one.
    pub base: Option<&'a World>,
    /// The change.
    pub head: &'a World,
    /// Their differences; empty without a base.
    pub changes: &'a Changes,
    /// What the merge does; empty without a base.
    pub impact: &'a Impact,
    /// The day of the run.
    pub today: Date,
}

/// One object of the side that is judged, with the build it is in.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The world it is in. Not always the head: the base is judged too, to tell new findings from old ones.
    pub world: &'a World,
    /// Its build.
    pub built: &'a Built,
    /// Where it is.
    pub at: ObjectAt,
    /// The object.
    pub object: &'a Object,
    /// What the change is; `None` for the base, and where there is none.
    pub change: Option<&'a Facts<'a>>,
}

/// Takes the hits of one rule.
#[derive(Default)]
pub struct Sink {
    pub(super) hits: Vec<Hit>,
    pub(super) undecided: usize,
}

impl Sink {
    /// Reports a hit. The only way to a finding.
    pub fn report(&mut self, hit: Hit) {
        self.hits.push(hit);
    }

    /// Whether nothing was reported.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hits.is_empty()
    }

    /// Counts a place where the rule cannot decide: it stays silent there, and the report says how often.
    pub fn undecided(&mut self) {
        self.undecided += 1;
    }
}

/// Looks at an object by itself.
pub type ValueCheck = dyn Fn(&Trees, &Object, &mut Sink) + Send + Sync;
/// Looks at an object in its build.
pub type ObjectCheck = dyn Fn(&Trees, &Subject<'_>, &mut Sink) + Send + Sync;
/// Looks at a world.
pub type WorldCheck = dyn Fn(&Trees, &World, &mut Sink) + Send + Sync;
/// Looks at one file, whatever is in it.
pub type TextCheck = dyn Fn(&Trees, FileId, &mut Sink) + Send + Sync;
/// Looks at both worlds and what differs.
pub type ChangeCheck = dyn Fn(&Facts<'_>, &mut Sink) + Send + Sync;

/// What a rule looks at; the variant is its subject. The engine runs those that find something (but `Change`) over
/// the base too, to tell new findings from old ones, and sets a hit's side, build and object where the check leaves them out.
pub enum Check {
    /// An object by itself, whatever its build. Judged once for each value, in however many builds and sides it is.
    Value(Box<ValueCheck>),
    /// The same, where an object's kind, its namespace and its pod's spec are all that is looked at. A spec that nothing
    /// is said of is judged once; an object without one is not judged.
    Pod(Box<ValueCheck>),
    /// Each object of each build, with its build and world.
    Object(Box<ObjectCheck>),
    /// The same, and what differs: what an object is wrong about, and what makes it wrong now. Runs without a base too.
    ObjectAndChange(Box<ObjectCheck>, Box<ChangeCheck>),
    /// One world as a whole.
    World(Box<WorldCheck>),
    /// A file by itself, of any type. Judged once for both sides; a file that is no YAML or JSON only where the other
    /// side has another content, or none.
    Text(Box<TextCheck>),
    /// Objects by themselves, and files by themselves: what is no object, but says the same (values of a chart).
    ValueAndText(Box<ValueCheck>, Box<TextCheck>),
    /// Both worlds and their changes; runs with a base only.
    Change(Box<ChangeCheck>),
    /// The problems of one kind that the other rooms met.
    Problem(ProblemKind),
}
