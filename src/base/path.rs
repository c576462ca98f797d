//! Paths inside one tree.
//!
//! Never: a path of the machine, `..`, a back slash.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// A path relative to the root of the tree, with `/` and without `.`, `..` or a leading or final `/`. The root is empty.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepoPath(Arc<str>);

impl RepoPath {
    /// The root of the tree.
    #[must_use]
    pub fn root() -> Self {
        Self(Arc::from(""))
    }

    /// The path that `text` names from the root; `None` where it leads out of the tree.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        Self::root().join(text)
    }

    /// The path that `relative` names as seen from the folder `self`; `None` where it is absolute or leads out of the
    /// tree.
    #[must_use]
    pub fn join(&self, relative: &str) -> Option<Self> {
        if relative.starts_with('/') {
            return None;
        }
        let mut path = String::with_capacity(self.0.len() + 1 + relative.len());
        path.push_str(&self.0);
        for part in relative.split('/') {
            match part {
                "" | "." => {}
                ".." if path.is_empty() => return None,
                ".." => path.truncate(last_slash(&path).unwrap_or_default()),
                part => {
                    if !path.is_empty() {
                        path.push('/');
                    }
                    path.push_str(part);
                }
            }
        }
        Some(Self(path.into()))
    }

    /// The folder that holds this path; `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        if self.0.is_empty() {
            return None;
        }
        Some(Self(last_slash(&self.0).map_or("", |slash| &self.0[..slash]).into()))
    }

    /// The last segment; empty for the root.
    #[must_use]
    pub fn name(&self) -> &str {
        last_slash(&self.0).map_or(&*self.0, |slash| &self.0[slash + 1..])
    }

    /// Whether this path is `folder` or lies below it.
    #[must_use]
    pub fn is_within(&self, folder: &Self) -> bool {
        folder.0.is_empty()
            || self.0.strip_prefix(&*folder.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The segments from the root down.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// The text, empty for the root.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where the last segment begins, but for the slash. Names are short, so this is done before a search by blocks begins.
fn last_slash(path: &str) -> Option<usize> {
    path.bytes().rposition(|byte| byte == b'/')
}

impl Borrow<str> for RepoPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "." } else { &self.0 })
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::RepoPath;

    #[test]
    fn joins_stay_inside_the_tree() {
        let overlay = RepoPath::new("apps/web/overlays/prod").expect("a path");
        let joined = |relative| overlay.join(relative).map(|path| path.as_str().to_owned());
        assert_eq!(joined("../../base").as_deref(), Some("apps/web/base"));
        assert_eq!(joined("./a//b/").as_deref(), Some("apps/web/overlays/prod/a/b"));
        assert_eq!(joined("../../../..").as_deref(), Some(""));
        assert_eq!(joined("../../../../.."), None);
        assert_eq!(joined("/etc"), None);
    }

    #[test]
    fn a_path_is_its_folder_and_its_name() {
        for (text, folder, name) in
            [("", None, ""), ("a", Some(""), "a"), ("a/b.yaml", Some("a"), "b.yaml"), ("ä/ö/ü", Some("ä/ö"), "ü")]
        {
            let path = RepoPath::new(text).expect("a path");
            assert_eq!((path.parent().as_ref().map(RepoPath::as_str), path.name()), (folder, name));
        }
    }

    #[test]
    fn within_goes_by_whole_segments() {
        let path = |text| RepoPath::new(text).expect("a path");
        assert!(path("apps/web").is_within(&path("apps")));
        assert!(path("apps").is_within(&path("apps")));
        assert!(!path("apps-old/web").is_within(&path("apps")));
        assert!(path("apps").is_within(&RepoPath::root()));
    }
}
