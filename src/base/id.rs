//! The numbers that stand for files, contents and nodes.
//!
//! Never: an order that is shown to a user; ids depend on which thread came first.

use std::fmt;

/// A file of the run: an interned (path, content), without a side. A file that the change leaves alone has one id in
/// both worlds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FileId(pub(super) u32);

impl FileId {
    /// The position of this file in tables that hold one row for each file.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A distinct content of the run. Files with equal bytes share it, so they are loaded and parsed once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ContentId(pub(super) u32);

impl ContentId {
    /// The position of this content in tables that hold one row for each content.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A node of one parsed content, in preorder.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NodeId(pub u32);

/// git's name of a content: the SHA-1 of its blob.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobId(pub [u8; 20]);

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
