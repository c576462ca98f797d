//! What can be asked of this room, and what it answers.
//!
//! Never: who asks; an application is known to `delivery/` only.

use super::Adjustments;
use crate::base::{FileId, Problem, RepoPath};
use crate::model::{Object, Silent};

/// How a path is turned into objects.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum BuildKind {
    /// The folder holds a kustomization.
    Kustomize,
    /// The manifests in a folder, as Argo CD's directory source and Flux read it.
    Folder {
        /// Also those in folders below.
        recurse: bool,
        /// Only files that match this glob.
        include: Option<String>,
        /// No files that match this glob.
        exclude: Option<String>,
    },
    /// The folder as Flux reads one without a kustomization: every manifest below it, and where a folder below holds a
    /// kustomization, that one in place of its files (`fluxcd pkg/kustomize` generator).
    Generated,
    /// One plain file.
    File,
}

/// One way the repository is turned into objects.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Build {
    /// The folder, or the file.
    pub path: RepoPath,
    /// How it is read.
    pub kind: BuildKind,
    /// What a controller adds.
    pub adjustments: Adjustments,
}

impl Build {
    /// A build to which no controller adds anything.
    #[must_use]
    pub fn plain(path: RepoPath, kind: BuildKind) -> Self {
        Self { path, kind, adjustments: Adjustments::default() }
    }
}

/// What a build gives.
#[derive(Debug, Default)]
pub struct Rendered {
    /// The objects, in kustomize's output order.
    pub objects: Vec<Object>,
    /// Every file that was read, sorted by path, each once; the kustomization of the build itself is the first.
    pub files: Vec<FileId>,
    /// What went wrong. With a `DoesNotBuild` among them, `objects` is empty.
    pub problems: Vec<Problem>,
    /// What went otherwise than it is written, without a word.
    pub silent: Silent,
}
