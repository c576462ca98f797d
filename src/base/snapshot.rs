//! The paths of one side of the change, and where a path leads.
//!
//! Never: a disk; a tree that is not listed is asked for through a `Lookup` that `read/` installs.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use super::{FileId, Problem, RepoPath, Sources};

/// The two sides of a change, and what lies between them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Side {
    /// What it will be merged into.
    Base,
    /// The change.
    Head,
    /// Neither of them: a commit of the change that a later one overtook.
    Commit,
}

/// What a tree holds at one path. Folders are not entries: they are where files are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    /// A file.
    File(FileId),
    /// A symbolic link and what it says, as it is written.
    Symlink(Box<str>),
    /// A git submodule, whose files are not in this tree.
    Submodule,
}

/// Where a path leads after all symbolic links.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// To a file; `path` is its own path, without links.
    File {
        /// The file.
        file: FileId,
        /// Its path without links.
        path: RepoPath,
    },
    /// To a folder, by its path without links.
    Folder(RepoPath),
    /// Nowhere.
    Missing,
    /// Out of the tree, or in circles: by the link at this path.
    Outside(RepoPath),
    /// Into a submodule, at this path.
    Submodule(RepoPath),
}

/// What a tree that is not listed has at a path.
pub enum Resolved {
    /// A file, with its path without links.
    File(RepoPath),
    /// A folder, with its path without links.
    Folder(RepoPath),
    /// Nothing.
    Missing,
}

/// A tree that is asked for instead of listed: for `render DIR`, which may read anywhere the user lets it.
pub trait Lookup: Send + Sync {
    /// What is at `path`.
    fn find(&self, path: &RepoPath) -> Resolved;
    /// The names in the folder at `path`, sorted.
    fn list(&self, path: &RepoPath) -> Vec<String>;
    /// The file at `path`, which `find` gave.
    fn intern(&self, path: &RepoPath) -> FileId;
}

enum Tree {
    Listed(BTreeMap<RepoPath, Entry>, Ways, OnceLock<Places>),
    OnDemand(Box<dyn Lookup>),
}

/// What is at each path of a tree without links: a file, or `None` for a folder that holds something. Paths have long
/// beginnings in common, which a sorted map compares again and again.
type Places = HashMap<RepoPath, Option<FileId>>;

/// How paths lead through a tree.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ways {
    /// There is no link and no submodule, as in most trees: a path is what it says.
    Straight,
    /// Any folder of a path may be another one.
    Linked,
}

/// One side of the change: its paths, listed at once, with contents on first use. Immutable.
pub struct Snapshot {
    side: Side,
    sources: Arc<Sources>,
    tree: Tree,
    problems: Vec<Problem>,
}

/// How many links one path may follow; as Linux.
const LINKS: usize = 40;

impl Snapshot {
    /// A tree with all its paths.
    #[must_use]
    pub fn listed(side: Side, sources: Arc<Sources>, entries: BTreeMap<RepoPath, Entry>) -> Self {
        let is_linked = entries.values().any(|entry| !matches!(entry, Entry::File(_)));
        let ways = if is_linked { Ways::Linked } else { Ways::Straight };
        Self { side, sources, tree: Tree::Listed(entries, ways, OnceLock::new()), problems: Vec::new() }
    }

    /// A tree that is asked for path by path. It has no listing: [`Self::entries`] is empty.
    #[must_use]
    pub fn on_demand(side: Side, sources: Arc<Sources>, lookup: Box<dyn Lookup>) -> Self {
        Self { side, sources, tree: Tree::OnDemand(lookup), problems: Vec::new() }
    }

    /// The same tree with what could not be listed: folders without permission, names that are not UTF-8.
    #[must_use]
    pub fn with_problems(self, problems: Vec<Problem>) -> Self {
        Self { problems, ..self }
    }

    /// What could not be listed.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Which side this is.
    #[must_use]
    pub fn side(&self) -> Side {
        self.side
    }

    /// The text of the run.
    #[must_use]
    pub fn sources(&self) -> &Arc<Sources> {
        &self.sources
    }

    /// All entries, sorted by path.
    pub fn entries(&self) -> impl Iterator<Item = (&RepoPath, &Entry)> {
        match &self.tree {
            Tree::Listed(entries, ..) => Some(entries.iter()),
            Tree::OnDemand(_) => None,
        }
        .into_iter()
        .flatten()
    }

    /// All files, sorted by path.
    pub fn files(&self) -> impl Iterator<Item = (&RepoPath, FileId)> {
        self.entries().filter_map(|(path, entry)| match entry {
            Entry::File(file) => Some((path, *file)),
            Entry::Symlink(_) | Entry::Submodule => None,
        })
    }

    /// Where `path` leads. Links are followed inside the tree only.
    #[must_use]
    pub fn find(&self, path: &RepoPath) -> Found {
        match &self.tree {
            Tree::Listed(entries, Ways::Straight, places) => {
                match places.get_or_init(|| all_places(entries)).get(path) {
                    Some(Some(file)) => Found::File { file: *file, path: path.clone() },
                    Some(None) => Found::Folder(path.clone()),
                    None if path.as_str().is_empty() => Found::Folder(path.clone()),
                    None => Found::Missing,
                }
            }
            Tree::Listed(entries, Ways::Linked, _) => find_listed(entries, path, LINKS),
            Tree::OnDemand(lookup) => match lookup.find(path) {
                Resolved::File(path) => Found::File { file: lookup.intern(&path), path },
                Resolved::Folder(path) => Found::Folder(path),
                Resolved::Missing => Found::Missing,
            },
        }
    }

    /// The file that `path` leads to.
    #[must_use]
    pub fn file(&self, path: &RepoPath) -> Option<FileId> {
        match self.find(path) {
            Found::File { file, .. } => Some(file),
            Found::Folder(_) | Found::Missing | Found::Outside(_) | Found::Submodule(_) => None,
        }
    }

    /// Whether `path` leads to a folder.
    #[must_use]
    pub fn is_folder(&self, path: &RepoPath) -> bool {
        matches!(self.find(path), Found::Folder(_))
    }

    /// The names in a folder, sorted; `folder` is a path without links, as [`Self::find`] gives it.
    #[must_use]
    pub fn list(&self, folder: &RepoPath) -> Vec<String> {
        match &self.tree {
            Tree::OnDemand(lookup) => lookup.list(folder),
            Tree::Listed(entries, ..) => {
                let mut names: Vec<String> = below(entries, folder)
                    .map(|(path, _)| {
                        let rest = path.as_str()[folder.as_str().len()..].trim_start_matches('/');
                        rest.split_once('/').map_or(rest, |(first, _)| first).to_owned()
                    })
                    .collect();
                names.sort_unstable();
                names.dedup();
                names
            }
        }
    }
}

/// All files and folders of a listing that holds files alone.
fn all_places(entries: &BTreeMap<RepoPath, Entry>) -> Places {
    // A folder of a fleet holds a file or two.
    let mut places = Places::with_capacity(entries.len() * 2);
    let mut last: Option<RepoPath> = None;
    for (path, entry) in entries {
        let Entry::File(file) = entry else { continue };
        places.insert(path.clone(), Some(*file));
        let mut at = path.parent();
        // Files of one folder come one after the other.
        if at == last {
            continue;
        }
        last.clone_from(&at);
        while let Some(folder) = at.filter(|folder| !places.contains_key(folder)) {
            at = folder.parent();
            places.insert(folder, None);
        }
    }
    places
}

/// The entries below a folder, sorted.
fn below<'e>(
    entries: &'e BTreeMap<RepoPath, Entry>,
    folder: &RepoPath,
) -> impl Iterator<Item = (&'e RepoPath, &'e Entry)> {
    let prefix = if folder.as_str().is_empty() { String::new() } else { format!("{}/", folder.as_str()) };
    entries
        .range::<str, _>((std::ops::Bound::Included(prefix.as_str()), std::ops::Bound::Unbounded))
        .take_while(move |(path, _)| path.as_str().starts_with(&prefix))
}

fn find_listed(entries: &BTreeMap<RepoPath, Entry>, path: &RepoPath, links: usize) -> Found {
    // Most paths are files without a link above them.
    if let Some(Entry::File(file)) = entries.get(path) {
        return Found::File { file: *file, path: path.clone() };
    }
    let mut at = RepoPath::root();
    let mut segments = path.segments();
    while let Some(segment) = segments.next() {
        let Some(next) = at.join(segment) else { return Found::Missing };
        match entries.get(&next) {
            None => at = next,
            Some(Entry::File(file)) if segments.next().is_none() => return Found::File { file: *file, path: next },
            Some(Entry::File(_)) => return Found::Missing,
            Some(Entry::Submodule) => return Found::Submodule(next),
            Some(Entry::Symlink(target)) => {
                let rest: Vec<&str> = segments.collect();
                let led = at.join(target).and_then(|led| led.join(&rest.join("/")));
                return match (led, links.checked_sub(1)) {
                    (Some(led), Some(links)) => find_listed(entries, &led, links),
                    _ => Found::Outside(next),
                };
            }
        }
    }
    folder(entries, at)
}

/// A path without links that is no file: a folder is where files are.
fn folder(entries: &BTreeMap<RepoPath, Entry>, path: RepoPath) -> Found {
    let is_folder = path.as_str().is_empty() || below(entries, &path).next().is_some();
    if is_folder { Found::Folder(path) } else { Found::Missing }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{BlobId, LoadError, Loader};

    struct Nothing;

    impl Loader for Nothing {
        fn load(&self, _: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
            Ok(Vec::new())
        }
    }

    fn tree() -> Snapshot {
        let sources = Arc::new(Sources::default());
        let loader: Arc<dyn Loader> = Arc::new(Nothing);
        let path = |text| RepoPath::new(text).expect("a path");
        let file = |text| Entry::File(sources.intern(&path(text), None, &loader));
        let link = |to: &str| Entry::Symlink(to.into());
        let entries = [
            ("a-b/x.yaml", file("a-b/x.yaml")),
            ("a/base/x.yaml", file("a/base/x.yaml")),
            ("a/link", link("base")),
            ("a/loop", link("loop")),
            ("a/out", link("../../etc")),
            ("a/abs", link("/etc/passwd")),
            ("vendor/lib", Entry::Submodule),
        ];
        let entries = entries.into_iter().map(|(at, entry)| (path(at), entry)).collect();
        Snapshot::listed(Side::Head, sources.clone(), entries)
    }

    #[test]
    fn links_are_followed_inside_the_tree_only() {
        let tree = tree();
        let find = |text| tree.find(&RepoPath::new(text).expect("a path"));
        assert!(matches!(find("a/link/x.yaml"), Found::File { path, .. } if path.as_str() == "a/base/x.yaml"));
        assert!(matches!(find("a/link"), Found::Folder(path) if path.as_str() == "a/base"));
        assert!(matches!(find("a/loop"), Found::Outside(_)));
        assert!(matches!(find("a/out/passwd"), Found::Outside(_)));
        assert!(matches!(find("a/abs"), Found::Outside(_)));
        assert!(matches!(find("vendor/lib/x"), Found::Submodule(_)));
        assert!(matches!(find("a/base/x.yaml/deeper"), Found::Missing));
        assert!(matches!(find(""), Found::Folder(_)));
    }

    #[test]
    fn a_folder_lists_its_own_names() {
        let tree = tree();
        assert_eq!(tree.list(&RepoPath::new("a").expect("a path")), ["abs", "base", "link", "loop", "out"]);
        assert_eq!(tree.list(&RepoPath::root()), ["a", "a-b", "vendor"]);
    }
}
