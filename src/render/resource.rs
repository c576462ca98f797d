//! An object while it is rendered: its value, its identity now and before each renaming.
//!
//! Never: an identity in annotations, as kustomize keeps it (`kustomize api/resource`); here it is in fields.

use std::sync::Arc;

use crate::base::Span;
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
        let (group, version) = split_api_version(view.str_at(["apiVersion"]).unwrap_or_default());
        let text =
            |name| view.path(["metadata", name]).filter(View::is_scalar).map(|v| v.written()).unwrap_or_default();
        Self {
            group: group.into(),
            version: version.into(),
            kind: view.str_at(["kind"]).unwrap_or_default().into(),
            namespace: text("namespace").into(),
            name: text("name").into(),
        }
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
    /// Its identity now; [`Resource::refresh`] after each edit that may change it.
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
}

impl Resource {
    /// A document that nothing has touched.
    pub(super) fn new(trees: &Trees, value: Value) -> Self {
        let id = Id::of(trees.view(&value));
        Self {
            value,
            id,
            previous: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            behavior: Behavior::Create,
            hash: None,
            variables: Vec::new(),
        }
    }

    /// Reads the identity again and remembers the one before, if it changed.
    pub(super) fn refresh(&mut self, trees: &Trees) {
        let now = Id::of(trees.view(&self.value));
        if now != self.id {
            self.previous.push(std::mem::replace(&mut self.id, now));
        }
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
