//! What went wrong on the way to a judgement. Rooms behind `read/` return problems instead of errors.
//!
//! Never: a severity; that is a rule's.

use super::Span;

/// The kinds of problem; each belongs to one rule of the pack `guard`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum ProblemKind {
    /// A text is not YAML or JSON.
    Unparsable,
    /// A file cannot be read: no permission, not UTF-8, a missing blob, a submodule.
    Unreadable,
    /// A mapping key is given twice.
    DuplicateKey,
    /// A kustomization fails to render.
    DoesNotBuild,
    /// A part that this tool does not render: a remote base, a Helm chart, a plugin.
    NotRendered,
    /// A bound on depth, aliases or size was met.
    LimitExceeded,
    /// A panic, or another defect of this tool.
    Internal,
    /// A rule file of the repository is wrong.
    InvalidRule,
    /// A suppression gives no reason.
    UnexplainedSuppression,
    /// A suppression is past its date.
    ExpiredSuppression,
    /// A suppression matches nothing.
    UnusedSuppression,
    /// A file names a rule that does not exist.
    UnknownRule,
}

/// One problem, at the bytes somebody must look at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Its kind.
    pub kind: ProblemKind,
    /// What is wrong, in one line, without a final dot.
    pub message: String,
    /// Where to mend it.
    pub at: Span,
    /// Other places that explain it, each with a few words.
    pub related: Vec<(Span, String)>,
    /// What to do, in one line.
    pub help: Option<String>,
}

impl Problem {
    /// A problem without related places or help.
    #[must_use]
    pub fn new(kind: ProblemKind, at: Span, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), at, related: Vec::new(), help: None }
    }

    /// The same with a help line.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// The same with one more related place.
    #[must_use]
    pub fn with_related(mut self, at: Span, label: impl Into<String>) -> Self {
        self.related.push((at, label.into()));
        self
    }
}
