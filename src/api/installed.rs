//! A version's schema, compiled when somebody asks: most definitions of a repository are never looked into.
//!
//! Never: two compilations of one version.

use std::sync::OnceLock;

use super::schema::Schema;
use crate::base::Span;
use crate::model::{Trees, Value, View};

/// What a controller makes of a written schema and the key that holds it.
pub(super) type Install = fn(View<'_>, Span) -> Schema;

/// A schema as it is written, and as a controller installs it.
#[derive(Debug)]
pub(super) struct Installed {
    value: Value,
    key: Span,
    install: Install,
    compiled: OnceLock<Schema>,
}

impl Installed {
    pub(super) fn new(view: View<'_>, key: Span, install: Install) -> Self {
        Self { value: view.value(), key, install, compiled: OnceLock::new() }
    }

    pub(super) fn schema(&self, trees: &Trees) -> &Schema {
        self.compiled.get_or_init(|| (self.install)(trees.view(&self.value), self.key))
    }
}
