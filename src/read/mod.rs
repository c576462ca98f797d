//! All input of the tool: a git repository's work tree, index and revisions, and plain folders, as `Snapshot`s.
//!
//! Never: YAML, a judgement of what matters, a write, another program. A tree is listed at once; a content is read when
//! it is first asked for, through the `Loader`s of this room.
#![expect(clippy::disallowed_methods, reason = "this room is where files are read")]

mod ci;
mod default_base;
mod disk;
mod error;
mod handles;
mod history;
mod listing;
mod on_demand;
mod passage;
mod repository;
mod stored;
#[cfg(test)]
mod tests;
mod tree;
mod work_tree;

pub use ci::{Ci, Web};
pub use default_base::Base;
pub use disk::folder;
pub use error::ReadError;
pub use history::Reach;
pub use on_demand::on_demand;
pub use repository::{Commit, Repository, open};
