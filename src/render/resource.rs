//! An object while it is rendered: its value, its identity now and before each renaming.
//!
//! Never: an identity in annotations, as kustomize keeps it (`kustomize api/resource`); here it is in fields.

use std::fmt;
use std::sync::Arc;

use super::context::Trace;
use super::patch::Passed;
use super::shared;
use crate::base::{FileId, Problem, Span};
use crate::model::{Trees, Value, View, split_api_version};

/// Group, version, kind, namespace and name (`kustomize kyaml/resid.ResId`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub(super) struct Id {
    pub(super) group: Arc<str>,
    pub(super) version: Arc<str>,
    pub(super) kind: Arc<str>,
    pub(super) namespace: Arc<str>,
    pub(super) name: Arc<str>,
}

impl Id {
    /// The identity that a document has.
    pub(super) fn of(view: View<'_>) -> Self {
        let mut id = Self::default();
        id.read(view);
        id
    }

    /// Reads the identity that a document has now. Texts that stay are kept as they are.
    fn read(&mut self, view: View<'_>) {
        let (group, version) = split_api_version(view.str_at(["apiVersion"]).unwrap_or_default());
        let metadata = view.get("metadata");
        let text = |name| {
            let value = metadata.and_then(|metadata| metadata.get(name));
            value.filter(|value| value.is_scalar() && !value.is_null()).map(|value| value.written()).unwrap_or_default()
        };
        let kind = view.str_at(["kind"]).unwrap_or_default();
        keep(&mut self.group, group);
        keep(&mut self.version, version);
        keep(&mut self.kind, kind);
        keep(&mut self.namespace, &text("namespace"));
        keep(&mut self.name, &text("name"));
    }
}

/// Makes `kept` say `text`, without an allocation where it does already.
fn keep(kept: &mut Arc<str>, text: &str) {
    if **kept != *text {
        *kept = if text.is_empty() { Arc::default() } else { text.into() };
    }
}

impl fmt::Display for Id {
    /// As kustomize prints it in messages (`kyaml/resid/resid.go`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &Arc<str>, none: &'static str| if text.is_empty() { Arc::from(none) } else { text.clone() };
        let (version, group) = (or(&self.version, "[noVer]"), or(&self.group, "[noGrp]"));
        let (kind, name) = (or(&self.kind, "[noKind]"), or(&self.name, "[noName]"));
        write!(f, "{kind}.{version}.{group}/{name}.{}", or(&self.namespace, "[noNs]"))
    }
}

/// What a generator does with an object of the same identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Behavior {
    /// It must not be there; also for what no generator made.
    #[default]
    Create,
    /// Its data is put in the place of the object's.
    Replace,
    /// Its data is laid over the object's.
    Merge,
}

/// An object while it is rendered.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    /// The document.
    pub(super) value: Value,
    /// Its identity now; [`Resource::refresh`] or [`Resource::reread`] after each edit that may change it.
    pub(super) id: Id,
    /// Its identities before each renaming, the oldest first.
    pub(super) previous: Vec<Id>,
    /// The prefixes and suffixes that were added, the innermost first.
    pub(super) prefixes: Vec<Arc<str>>,
    pub(super) suffixes: Vec<Arc<str>>,
    pub(super) behavior: Behavior,
    /// The generator's line that asks for a hash behind the name, if one is to be added at the end.
    pub(super) hash: Option<Span>,
    /// The variables (`vars`) that read a field of this object.
    pub(super) variables: Vec<Arc<str>>,
    /// Values whose text does not go with their type, each with what kustomize says if it is still there when it
    /// reads the object.
    pub(super) misfits: Vec<(Value, Problem)>,
    /// Keys that a generator wrote without quotes and that are then no text: the way to each, and what kustomize says if
    /// it is still there when it reads the object.
    pub(super) bare_keys: Vec<(Vec<Box<str>>, Problem)>,
    /// The patches that came by.
    pub(super) patched: Passed,
    /// What stands at several places and changes at all of them (`shared`).
    pub(super) shared: Vec<Value>,
    /// The file that the object was written in, or the kustomization whose generator made it.
    pub(super) source: Option<Source>,
    /// The transformers that came by, if the root asks for them.
    pub(super) transformers: Vec<Arc<Author>>,
}

/// Where an object as a whole comes from, whatever changed it later.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Source {
    /// A file of resources.
    File(FileId),
    /// A generator.
    Made(Arc<Author>),
}

/// A generator or transformer, as `buildMetadata` names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Author {
    /// The kustomization or the file of the configuration.
    pub(super) file: FileId,
    pub(super) api_version: Arc<str>,
    pub(super) kind: Arc<str>,
    /// Only a configuration of its own has a name and may have a namespace; both are empty else.
    pub(super) name: Arc<str>,
    pub(super) namespace: Arc<str>,
}

impl Author {
    /// One that a field of a kustomization stands for.
    pub(super) fn builtin(file: FileId, kind: &str) -> Arc<Self> {
        let none = || Arc::from("");
        Arc::new(Self { file, api_version: "builtin".into(), kind: kind.into(), name: none(), namespace: none() })
    }

    /// One with a configuration of its own.
    pub(super) fn configured(config: View<'_>) -> Arc<Self> {
        let text = |path: &[&str]| {
            let value = path.iter().try_fold(config, |at, name| at.get(name));
            value.filter(View::is_scalar).map(|value| value.written()).unwrap_or_default().into()
        };
        Arc::new(Self {
            file: config.place().file,
            api_version: text(&["apiVersion"]),
            kind: text(&["kind"]),
            name: text(&["metadata", "name"]),
            namespace: text(&["metadata", "namespace"]),
        })
    }
}

impl Resource {
    /// A document that nothing has touched.
    pub(super) fn new(trees: &Trees, value: Value) -> Self {
        let id = Id::of(trees.view(&value));
        let source = match value {
            Value::Source(file, _) => Some(Source::File(file)),
            Value::Made(_) => None,
        };
        Self {
            value,
            id,
            previous: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            behavior: Behavior::Create,
            hash: None,
            variables: Vec::new(),
            misfits: Vec::new(),
            bare_keys: Vec::new(),
            patched: Passed::default(),
            shared: Vec::new(),
            source,
            transformers: Vec::new(),
        }
    }

    /// Reads the identity again and remembers the one before. kustomize remembers it even where it stays: a reference
    /// can then find the object (`Resource.StorePreviousId`).
    pub(super) fn refresh(&mut self, trees: &Trees) {
        self.previous.push(self.id.clone());
        self.reread(trees);
    }

    /// Reads the identity again after an edit that kustomize does not remember: the names before stay, and are names of
    /// the group and version that the object has now.
    pub(super) fn reread(&mut self, trees: &Trees) {
        self.id.read(trees.view(&self.value));
        for previous in &mut self.previous {
            previous.group = self.id.group.clone();
            previous.version = self.id.version.clone();
        }
    }

    /// Loses what kustomize keeps in an object's annotations while it builds: somebody deleted them all.
    pub(super) fn forget(&mut self) {
        self.hash = None;
        self.previous.clear();
        self.prefixes.clear();
        self.suffixes.clear();
        self.behavior = Behavior::Create;
        self.disown();
    }

    /// Loses where it comes from and who came by: who then comes by first is taken for who made it.
    pub(super) fn disown(&mut self) {
        self.transformers.clear();
        self.source = None;
    }

    /// Whether kustomize keeps notes in the object's annotations, which are then there for all who look for them.
    pub(super) fn has_notes(&self, trace: Trace) -> bool {
        trace == Trace::Transformers
            || !(self.previous.is_empty() && self.prefixes.is_empty() && self.suffixes.is_empty())
            || matches!(self.source, Some(Source::Made(_)))
    }

    /// Why kustomize cannot read a value or key that is in the object now.
    pub(super) fn misfit(&self, trees: &Trees) -> Option<&Problem> {
        let value = self.misfits.iter().find(|(value, _)| shared::holds_made(&self.value, value));
        let is_there = |way: &[Box<str>]| way.iter().try_fold(trees.view(&self.value), |at, key| at.get(key)).is_some();
        let key = || self.bare_keys.iter().find(|(way, _)| is_there(way)).map(|(_, problem)| problem);
        value.map(|(_, problem)| problem).or_else(key)
    }

    /// The identity as it was written.
    pub(super) fn original(&self) -> &Id {
        self.previous.first().unwrap_or(&self.id)
    }

    /// All identities, the oldest first, the present one last.
    pub(super) fn ids(&self) -> impl DoubleEndedIterator<Item = &Id> {
        self.previous.iter().chain(std::iter::once(&self.id))
    }
}
