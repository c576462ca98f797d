//! Which addresses are taken for this repository, though nobody says that they mean it: most of the folders that are
//! asked of them are here.
//!
//! Never: an address taken for ours on the strength of a folder such as `apps`, which any repository may have.

use std::collections::BTreeMap;

use super::application::{Sought, Whose};

/// How many of the folders that are asked of one address are here.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Standing {
    /// Folders that are here.
    pub found: usize,
    /// Folders that are not.
    pub missing: usize,
    /// Whether one that is here has more than a name.
    has_deep: bool,
}

impl Standing {
    /// Whether the address is taken for this repository.
    #[must_use]
    pub fn is_ours(self) -> bool {
        self.has_deep && self.found >= self.missing
    }
}

/// The addresses of which nobody says whether they mean this repository, each with what is asked of it; `None` for what
/// names no address. Only what is asked for sure counts, and each folder once.
#[must_use]
pub fn assumed<'s>(sought: impl Iterator<Item = &'s Sought>) -> BTreeMap<Option<&'s str>, Standing> {
    let mut folders: BTreeMap<Option<&str>, BTreeMap<&str, bool>> = BTreeMap::new();
    for one in sought.filter(|one| one.is_sure && one.whose == Whose::Unsaid) {
        folders.entry(one.repository.as_deref()).or_default().insert(&one.path, one.is_found);
    }
    let is_deep = |path: &str| path.trim_start_matches("./").trim_matches('/').contains('/');
    let standing = |paths: BTreeMap<&str, bool>| Standing {
        found: paths.values().filter(|found| **found).count(),
        missing: paths.values().filter(|found| !**found).count(),
        has_deep: paths.iter().any(|(path, found)| *found && is_deep(path)),
    };
    folders.into_iter().map(|(address, paths)| (address, standing(paths))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit;

    #[test]
    fn most_folders_have_to_be_here_and_one_of_them_deep() {
        let (_, file) = testkit::file("a.yaml", "a: b\n");
        let at = crate::base::Span { file, range: crate::base::TextRange::new(0, 1) };
        let one = |path: &str, is_found: bool, is_sure: bool| Sought {
            at,
            path: path.to_owned(),
            repository: Some("x".to_owned()),
            is_found,
            whose: Whose::Unsaid,
            is_sure,
            artifact: None,
        };
        let ours = |all: &[Sought]| assumed(all.iter()).values().all(|standing| standing.is_ours());
        assert!(ours(&[one("apps/a", true, true), one("apps/b", false, true)]));
        assert!(!ours(&[one("apps/a", true, true), one("apps/b", false, true), one("apps/c", false, true)]));
        assert!(ours(&[one("apps/a", true, true), one("apps/b", false, false), one("apps/c", false, false)]));
        assert!(!ours(&[one("apps", true, true), one("./base/", true, true)]));
    }
}
