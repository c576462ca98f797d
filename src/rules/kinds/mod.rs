//! The kinds of check: what rules can look for, with parameters and facts that describe themselves.
//!
//! Never: an `if` on a rule's id; that would be two kinds.

mod annotation;
mod api_version;
mod application;
mod bare_namespace;
mod cel;
mod cloud_key;
mod composition_mode;
mod composition_patch;
mod composition_reference;
mod composition_selection;
mod contested_object;
mod contradictory_source;
mod credential_in_manifest;
mod crossed_environments;
mod default_project;
mod defined;
mod definition_fault;
mod dependency_cycle;
mod duplicate_object;
mod field_change;
mod flux_root;
mod flux_sync;
mod graph_fault;
mod graph_verdict;
mod instance;
mod kustomization_entry;
mod leak;
mod loose_sops_rule;
mod misplaced_namespace;
mod missing_decryption;
mod missing_path;
mod missing_reference;
mod not_compared;
mod part_change;
mod partly_encrypted;
mod plaintext_secret;
mod policy;
mod problem;
mod promise_destinations;
mod promise_reference;
mod promise_stage;
mod prune;
mod schema_change;
mod schema_fault;
mod schema_violation;
mod secret_in_history;
mod secret_object;
mod shared_decryption_key;
mod silent_loss;
mod sunset;
mod sync_setting;
mod tenant_account;
mod tracked_branch;
mod unapplied_overlay;
mod unencrypted_file;
mod unknown_field;
mod unordered_resource;
mod unprotected_object;
mod unready_dependency;
mod version_history;
mod way_out;

use serde_json::{Map, Value};

pub(super) use cel::pod_of;
pub(super) use problem::hit as problem_hit;

use super::Check;
use crate::secrets::RunKey;

/// What rules can look for. A rule file's `check` names one.
pub struct CheckKind {
    /// As rule files write it.
    pub name: &'static str,
    /// What it looks for, in a sentence.
    pub about: &'static str,
    /// What a rule file says under `with`.
    pub params: &'static [ParamDesc],
    /// What may hold for a hit, for `raise` and `lower`: a name and the reason that a raised finding gives.
    pub facts: &'static [(&'static str, &'static str)],
    /// What `says` may name in braces: a word and what it stands for. Every hit gives every word.
    pub words: &'static [(&'static str, &'static str)],
    /// The check of one rule. The parameters have passed [`CheckKind::params`] already.
    ///
    /// # Errors
    /// What is wrong with the parameters beyond what their descriptions say.
    pub build: fn(&Params<'_>) -> Result<Check, Vec<String>>,
}

/// A parameter of a kind.
pub struct ParamDesc {
    /// Its name under `with`.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// Whether a rule must give it.
    pub need: Need,
    /// What it means.
    pub about: &'static str,
}

/// What a parameter takes.
pub enum Takes {
    /// Any text.
    Text,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A list of texts.
    Texts,
    /// A list of these words.
    SomeOf(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// An integer.
    Integer,
    /// A list of scalars of any type.
    Scalars,
    /// A map of values of any type.
    Map,
    /// A CEL expression that may name these variables.
    Expression(&'static [&'static str]),
}

/// Whether a parameter must be given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// It must.
    Required,
    /// It may.
    Optional,
}

/// The parameters of one rule, and the key of the run.
pub struct Params<'a>(pub(super) &'a Map<String, Value>, pub(super) &'a RunKey);

impl Params<'_> {
    /// The key under which this run compares values that must not be shown.
    #[must_use]
    pub fn key(&self) -> RunKey {
        self.1.clone()
    }

    /// A text or a word; empty where it is not given.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A list of texts or words; empty where it is not given.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.values(name).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// A flag; `false` where it is not given.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// An integer.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_i64)
    }

    /// A map; empty where it is not given.
    #[must_use]
    pub fn map(&self, name: &str) -> &Map<String, Value> {
        static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
        self.0.get(name).and_then(Value::as_object).unwrap_or(&NONE)
    }

    /// A list; empty where it is not given.
    #[must_use]
    pub fn values(&self, name: &str) -> &[Value] {
        self.0.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }
}

/// All kinds, sorted by name.
pub static KINDS: &[CheckKind] = &[
    annotation::KIND,
    api_version::KIND,
    application::KIND,
    bare_namespace::KIND,
    cel::KIND,
    cloud_key::KIND,
    composition_mode::KIND,
    composition_patch::KIND,
    composition_reference::KIND,
    composition_selection::KIND,
    contested_object::KIND,
    contradictory_source::KIND,
    credential_in_manifest::KIND,
    crossed_environments::KIND,
    default_project::KIND,
    definition_fault::KIND,
    dependency_cycle::KIND,
    duplicate_object::KIND,
    field_change::KIND,
    flux_root::KIND,
    flux_sync::KIND,
    graph_fault::KIND,
    graph_verdict::KIND,
    instance::KIND,
    kustomization_entry::KIND,
    leak::KIND,
    loose_sops_rule::KIND,
    misplaced_namespace::KIND,
    missing_decryption::KIND,
    missing_path::KIND,
    missing_reference::KIND,
    not_compared::KIND,
    part_change::KIND,
    partly_encrypted::KIND,
    plaintext_secret::KIND,
    policy::KIND,
    problem::KIND,
    promise_destinations::KIND,
    promise_reference::KIND,
    promise_stage::KIND,
    prune::KIND,
    schema_change::KIND,
    schema_fault::KIND,
    schema_violation::KIND,
    secret_in_history::KIND,
    secret_object::KIND,
    shared_decryption_key::KIND,
    silent_loss::KIND,
    sunset::KIND,
    sync_setting::KIND,
    tenant_account::KIND,
    tracked_branch::KIND,
    unapplied_overlay::KIND,
    unencrypted_file::KIND,
    unknown_field::KIND,
    unordered_resource::KIND,
    unprotected_object::KIND,
    unready_dependency::KIND,
    version_history::KIND,
];

/// The kind with this name.
#[must_use]
pub fn kind(name: &str) -> Option<&'static CheckKind> {
    KINDS.iter().find(|kind| kind.name == name)
}
