//! The words that all rooms share: ids, paths, spans, the text of the run, the paths of one side, problems.
//!
//! Never: git, YAML, Kubernetes, the words of a rule.

mod date;
mod embedded;
mod history;
mod id;
mod id_hash;
mod path;
mod problem;
mod snapshot;
mod sources;
mod span;

pub use date::{Date, NoDate};
pub use history::{End, History, Passage, Past};
pub use id::{BlobId, ContentId, FileId, NodeId};
pub use id_hash::{IdHasher, IdMap, IdSet};
pub use path::RepoPath;
pub use problem::{Problem, ProblemKind};
pub use snapshot::{Entry, Found, Lookup, Resolved, Side, Snapshot};
pub use sources::{Content, LoadError, Loader, Shown, Sources, Special};
pub use span::{LineIndex, Position, Span, TextRange};
