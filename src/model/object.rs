//! One Kubernetes document and its identity.
//!
//! Never: a path as part of an identity.

use std::fmt;
use std::sync::Arc;

use super::{How, Trees, Value, View};
use crate::base::Span;

/// What an object is within its cluster: the version is no part of it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ObjectKey {
    /// The API group; empty for core.
    pub group: Arc<str>,
    /// The kind.
    pub kind: Arc<str>,
    /// The namespace; empty where none is written.
    pub namespace: Arc<str>,
    /// The name.
    pub name: Arc<str>,
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.title())
    }
}

impl ObjectKey {
    /// `namespace/name`, or the name alone where no namespace is written.
    #[must_use]
    pub fn title(&self) -> String {
        if self.namespace.is_empty() { self.name.to_string() } else { format!("{}/{}", self.namespace, self.name) }
    }
}

/// One Kubernetes document.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its identity.
    pub key: ObjectKey,
    /// The version of its API, without the group.
    pub version: Arc<str>,
    /// The document.
    pub value: Value,
}

impl Object {
    /// The object that a document is; `None` where `apiVersion` or `kind` is missing or no text. The name may be
    /// empty (`generateName`).
    #[must_use]
    pub fn new(trees: &Trees, value: Value) -> Option<Self> {
        let view = trees.view(&value);
        let (group, version) = split_api_version(view.str_at(["apiVersion"])?);
        let kind = view.str_at(["kind"])?;
        let metadata = view.get("metadata");
        let text = |name| {
            let value = metadata.and_then(|metadata| metadata.get(name));
            value.filter(View::is_scalar).map(|value| value.written()).unwrap_or_default()
        };
        let (namespace, name) = (shared(&text("namespace")), shared(&text("name")));
        let key = ObjectKey { group: shared(group), kind: kind.into(), namespace, name };
        let version = version.into();
        Some(Self { key, version, value })
    }

    /// The document, to be read.
    #[must_use]
    pub fn view<'t>(&'t self, trees: &'t Trees) -> View<'t> {
        trees.view(&self.value)
    }

    /// `group/version`, or the version alone for core.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.key.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.key.group, self.version)
        }
    }

    /// What it is from one commit to the next: its key, without the hash behind a generated name, which changes with
    /// its content.
    #[must_use]
    pub fn identity(&self, trees: &Trees) -> ObjectKey {
        let mut key = self.key.clone();
        if let Some(name) = self.view(trees).path(["metadata", "name"])
            && let Value::Made(made) = name.value()
            && let Some(set) = made.origin.set.as_ref().filter(|set| set.how == How::Hash)
            && let Some(before) = set.from.as_ref().and_then(|before| trees.view(before).as_str())
        {
            key.name = before.into();
        }
        key
    }

    /// Whether it is of this group and kind, in any version.
    #[must_use]
    pub fn is(&self, group: &str, kind: &str) -> bool {
        &*self.key.kind == kind && &*self.key.group == group
    }

    /// The place of the object as a whole: its `kind`.
    #[must_use]
    pub fn place(&self, trees: &Trees) -> Span {
        let view = self.view(trees);
        view.get("kind").unwrap_or(view).place()
    }
}

/// A text to be kept; nothing costs nothing.
fn shared(text: &str) -> Arc<str> {
    if text.is_empty() { Arc::default() } else { text.into() }
}

/// The group and the version of an `apiVersion`.
#[must_use]
pub fn split_api_version(text: &str) -> (&str, &str) {
    text.rsplit_once('/').unwrap_or(("", text))
}
