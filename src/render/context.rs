//! What the parts of a build share: what was asked for, the context they work in, and what a kustomization accumulates to.
//!
//! Never: a step of a build; whoever takes one is given this.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::load::LoadRestriction;
use super::order::Order;
use super::resource::Id;
use super::schema::Schema;
use super::set::ResourceSet;
use super::transform::Specs;
use crate::base::{FileId, Problem, RepoPath, Snapshot, Span};
use crate::model::{Kustomization, Silent, Trees, Value};

/// What `kustomize build` can be told on its command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// `--load-restrictor`
    pub load: LoadRestriction,
    /// `--reorder`; a kustomization's `sortOptions` win. Without both, legacy.
    pub order: Option<Order>,
    /// `--enable-managedby-label`
    pub managed_by: ManagedBy,
}

/// Whether objects get the label that says kustomize made them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ManagedBy {
    /// Where the kustomization's `buildMetadata` asks for it.
    #[default]
    AsWritten,
    /// Everywhere.
    Always,
}

/// What all kustomizations of one build share.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) trees: &'a Trees,
    pub(super) schemas: &'a Schemas,
    pub(super) options: Options,
    pub(super) bases: &'a Bases,
    pub(super) trace: Trace,
}

impl<'a> Context<'a> {
    /// The schema that holds now.
    pub(super) fn schema(&self) -> &'a Schema {
        self.schemas.now()
    }
}

/// Who brings a schema: the folder and its kustomization.
pub(super) type Bringing = (RepoPath, FileId);

/// The schemas of one build, which kustomize has one at a time of: its own until a kustomization is read that brings
/// another, and that one from then on.
#[derive(Default)]
pub(super) struct Schemas {
    /// The other one, alone and beside kustomize's, with the kustomization that brings it.
    other: Option<(FileId, Schema, Schema)>,
    now: Cell<Now>,
    /// The first kustomization that brings one.
    met: RefCell<Option<Bringing>>,
    /// Whether kustomize has read its own.
    has_read: Cell<bool>,
}

/// Which schema holds.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Now {
    #[default]
    Builtin,
    /// The other one alone.
    Other,
    /// Both.
    Beside,
}

impl Schemas {
    /// Those of a build with a kustomization that brings one, alone or beside kustomize's.
    pub(super) fn of(file: FileId, alone: Schema, beside: Schema) -> Self {
        Self { other: Some((file, alone, beside)), ..Self::default() }
    }

    fn now(&self) -> &Schema {
        match (&self.other, self.now.get()) {
            (Some((_, alone, _)), Now::Other) => alone,
            (Some((_, _, beside)), Now::Beside) => beside,
            _ => Schema::builtin(),
        }
    }

    /// Whether there is another than kustomize's.
    pub(super) fn is_other(&self) -> bool {
        self.other.is_some()
    }

    /// A kustomization is read.
    pub(super) fn enter(&self, file: FileId) {
        if self.now.get() == Now::Builtin && self.other.as_ref().is_some_and(|(by, ..)| *by == file) {
            self.now.set(if self.has_read.get() { Now::Beside } else { Now::Other });
        }
    }

    /// A kustomization brings a schema.
    pub(super) fn meet(&self, bringing: &Bringing) {
        self.met.borrow_mut().get_or_insert_with(|| bringing.clone());
    }

    /// An object is loaded. kustomize knows the scopes of Kubernetes' own kinds, and reads its schema for others.
    pub(super) fn load(&self, id: &Id) {
        // It matters only to what another schema meets.
        if self.is_other() && Schema::builtin().is_cluster_scoped(&id.group, &id.version, &id.kind).is_none() {
            self.read();
        }
    }

    /// kustomize reads its own schema, if it has read none.
    pub(super) fn read(&self) {
        self.has_read.set(true);
    }

    /// The first kustomization that brings a schema.
    pub(super) fn met(&self) -> Option<Bringing> {
        self.met.borrow().clone()
    }
}

/// Whether the transformers that come by an object are noted in it, which kustomize does in its annotations.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trace {
    Off,
    /// The root has `buildMetadata`, whatever it asks for.
    Transformers,
}

/// Kustomize bases that were accumulated once and are used again, by folder.
#[derive(Default)]
pub(super) struct Bases(Mutex<HashMap<RepoPath, Arc<Base>>>);

impl Bases {
    pub(super) fn get(&self, folder: &RepoPath) -> Option<Arc<Base>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(folder).cloned()
    }

    pub(super) fn keep(&self, folder: &RepoPath, base: &Arc<Base>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.clone(), base.clone());
    }
}

/// A kustomization with what it accumulates to.
pub(super) struct Base {
    pub(super) kustomization: Kustomization,
    pub(super) accumulated: Accumulated,
}

/// What a kustomization and all below it give.
pub(super) struct Accumulated {
    pub(super) resources: ResourceSet,
    pub(super) specs: Specs,
    /// Whether anything was gathered in them; before that they stand for none.
    has_specs: bool,
    /// The entries of `vars`, resolved at the root.
    pub(super) vars: Vec<Value>,
    /// What is not rendered.
    pub(super) problems: Vec<Problem>,
    /// Every file that was read.
    pub(super) files: Vec<FileId>,
    /// Every folder whose kustomization was read.
    pub(super) folders: Vec<RepoPath>,
    /// What was lost without a word.
    pub(super) silent: Silent,
    /// The first kustomization that brings a schema.
    pub(super) openapi: Option<Bringing>,
}

impl Accumulated {
    /// Nothing yet.
    pub(super) fn empty() -> Self {
        Self {
            resources: ResourceSet::default(),
            specs: Specs::builtin(),
            has_specs: false,
            vars: Vec::new(),
            problems: Vec::new(),
            files: Vec::new(),
            folders: Vec::new(),
            silent: Silent::default(),
            openapi: None,
        }
    }

    /// Adds field specifications to those that are there (`ResAccumulator.MergeConfig`).
    pub(super) fn gather(&mut self, specs: &Specs, by: Span) -> Result<(), Problem> {
        self.specs = if self.has_specs { self.specs.merged_with_specs(specs, by)? } else { specs.gathered(by)? };
        self.has_specs = true;
        Ok(())
    }

    /// Adds what comes with the objects of a kustomize base, which the line at `by` includes.
    pub(super) fn join(&mut self, from: &Self, by: Span) -> Result<(), Problem> {
        self.gather(&from.specs, by)?;
        self.vars.extend(from.vars.iter().cloned());
        self.problems.extend(from.problems.iter().cloned());
        self.files.extend(&from.files);
        self.folders.extend(from.folders.iter().cloned());
        self.silent.extend(&from.silent);
        Ok(())
    }

    /// Adds all that a kustomize base gives, whatever is there already.
    pub(super) fn take(&mut self, from: &Self, by: Span) -> Result<(), Problem> {
        self.resources.edit().extend(from.resources.list().iter().cloned());
        self.join(from, by)
    }

    /// Whether a part that is not rendered may hold what somebody looks for.
    pub(super) fn missing(&self) -> Missing {
        if self.problems.is_empty() { Missing::Fails } else { Missing::Unknown }
    }
}

/// What it means that a patch finds no object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// kustomize fails.
    Fails,
    /// Nothing is known: the object may come from a part that this tool does not render.
    Unknown,
}
