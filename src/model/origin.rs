//! Who wrote a value that rendering made.
//!
//! Never: an origin of a source value; that is its address.

use std::sync::Arc;

use super::Value;
use crate::base::Span;

/// What brought a made value where it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum How {
    /// A patch, strategic or JSON.
    Patch,
    /// `namespace`, or a Flux `targetNamespace`.
    Namespace,
    /// `namePrefix`
    NamePrefix,
    /// `nameSuffix`
    NameSuffix,
    /// `labels` or `commonLabels`
    Label,
    /// `commonAnnotations`
    Annotation,
    /// `images`
    Image,
    /// `replicas`
    Replicas,
    /// A ConfigMap or Secret generator.
    Generator,
    /// The hash behind a generated name.
    Hash,
    /// A reference that follows a renamed object.
    NameReference,
    /// `replacements`
    Replacement,
    /// `vars`
    Variable,
    /// `${…}` of Flux.
    Substitution,
    /// A transformer of `transformers:` or metadata that `buildMetadata` adds.
    Transformer,
}

impl How {
    /// In words, to stand before "here".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Patch => "patched",
            Self::Namespace => "namespace set",
            Self::NamePrefix => "prefix added",
            Self::NameSuffix => "suffix added",
            Self::Label => "label set",
            Self::Annotation => "annotation set",
            Self::Image => "image set",
            Self::Replicas => "replicas set",
            Self::Generator => "generated",
            Self::Hash => "hash added",
            Self::NameReference => "reference renamed",
            Self::Replacement => "replaced",
            Self::Variable => "variable set",
            Self::Substitution => "substituted",
            Self::Transformer => "transformed",
        }
    }
}

/// One step of a made value's history.
#[derive(Clone, Debug)]
pub struct Set {
    /// What kind of step.
    pub how: How,
    /// The instruction: the `patches` entry, the `namePrefix` line.
    pub by: Span,
    /// What was there before.
    pub from: Option<Value>,
    /// What the instruction brought along, where that is written elsewhere: the name of the object that a reference
    /// follows, the source of a replacement, the values of variables by name.
    pub with: Option<Value>,
}

/// Where a made value comes from. Every chain ends in a span.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The bytes somebody must edit to change the value. For a container of which only children changed: where the
    /// container is written.
    pub at: Span,
    /// The last step, if the value itself was set; `None` for a container that only holds something that was.
    pub set: Option<Arc<Set>>,
}

impl Origin {
    /// A container that is written at `at` and of which children changed.
    #[must_use]
    pub fn within(at: Span) -> Self {
        Self { at, set: None }
    }

    /// A value whose bytes are at `at`, set by the instruction at `by` in place of `from`.
    #[must_use]
    pub fn set(at: Span, how: How, by: Span, from: Option<Value>) -> Self {
        Self { at, set: Some(Arc::new(Set { how, by, from, with: None })) }
    }

    /// The same, with the value `with` that the instruction brought along.
    #[must_use]
    pub fn brought(at: Span, how: How, by: Span, from: Option<Value>, with: Value) -> Self {
        Self { at, set: Some(Arc::new(Set { how, by, from, with: Some(with) })) }
    }
}
