//! The two trees of a change: which base goes with what was asked for, and the head beside it.
//!
//! Never: reads a tree by itself; `read` does.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::base::{BlobId, History, Passage, RepoPath, Side, Snapshot};
use crate::cli;
use crate::delivery::Here;
use crate::model::Trees;
use crate::read::{self, Reach, ReadError, Repository};
use crate::report::BaseName;
use crate::run::{Env, NOT_JUDGED, Stop};
use crate::world;

/// The two trees of a change.
pub struct Sides {
    pub(crate) base: Option<(Snapshot, BaseName)>,
    pub(crate) head: Snapshot,
    pub(crate) here: Here,
    /// Folders and files that findings are shown for; empty for all.
    pub(crate) within: Vec<RepoPath>,
    /// What the ancestors of the base hold at some paths; `None` where there is no history.
    pub(crate) past: Option<Ancestors>,
    /// What the commits of the change hold besides; `None` where there are none.
    pub(crate) passed: Option<Passed>,
    /// The folder that the configuration lies in, where it is on a disk.
    pub(crate) root: Option<PathBuf>,
    /// The commit that the work tree was checked out from.
    pub(crate) commit: Option<String>,
}

impl Sides {
    /// Where a file of the machine lies in what is judged; `None` outside it. By the words of its path alone: a change
    /// may have put a link in the way.
    pub(crate) fn place_of(&self, file: &Path) -> Option<RepoPath> {
        let mut plain = PathBuf::new();
        for part in file.components() {
            match part {
                Component::ParentDir => drop(plain.pop()),
                Component::CurDir => {}
                part => plain.push(part),
            }
        }
        let root = self.root.as_deref()?;
        let real = root.canonicalize().ok();
        let below =
            [Some(root), real.as_deref()].into_iter().flatten().find_map(|root| plain.strip_prefix(root).ok())?;
        below.components().try_fold(RepoPath::root(), |path, part| path.join(part.as_os_str().to_str()?))
    }

    /// A head alone.
    pub(crate) fn of(head: Snapshot) -> Self {
        let here = Here::default();
        Self { base: None, head, here, within: Vec::new(), past: None, passed: None, root: None, commit: None }
    }
}

/// Reads the history of paths, where a change asks for it.
pub(crate) type Ancestors = Box<dyn Fn(&BTreeSet<RepoPath>) -> History>;

/// Reads the contents that commits of a change gave to paths, but for these.
pub(crate) type Passed = Box<dyn Fn(&BTreeSet<BlobId>) -> Passage>;

/// Finds the two trees: the work tree (or the index) and the base that was asked for, or that goes without saying.
pub(crate) fn sides(ask: &cli::Sides, env: &Env, trees: &Trees) -> Result<Sides, Stop> {
    let sources = trees.sources();
    let paths: Vec<PathBuf> = ask.paths.iter().map(|path| env.directory.join(path)).collect();
    let first = paths.first().cloned().unwrap_or_else(|| env.directory.clone());
    let repository = read::open(&first)?;
    let folder = ask.base.as_ref().map(|base| env.directory.join(base)).filter(|base| base.is_dir());
    let revision = ask.base.as_ref().map(|base| repository.as_ref().map(|found| found.resolve(base)));
    match (repository, ask.base.as_deref(), folder) {
        (Some(repository), Some(asked), _) if matches!(revision, Some(Some(Ok(_)))) => {
            let commit = repository.merge_base(&repository.resolve(asked)?)?;
            let base = repository.revision(Side::Base, sources, &commit)?;
            let name = BaseName { revision: asked.to_owned(), merge_base: Some(commit.id) };
            in_repository(repository, &paths, trees, Some((base, name)), (ask, env))
        }
        (_, Some(asked), Some(folder)) => {
            let base = read::folder(Side::Base, sources, &folder)?;
            let name = BaseName { revision: asked.to_owned(), merge_base: None };
            let head = while_parsed(trees, Some(&base), || read::folder(Side::Head, sources, &first))?;
            let root = start_folder(&first);
            Ok(Sides { base: Some((base, name)), root, ..Sides::of(head) })
        }
        (Some(repository), Some(asked), None) => Err(repository.resolve(asked).map_or_else(Stop::from, |_| {
            Stop::Told(format!("`{asked}` is neither a revision nor a folder"), NOT_JUDGED)
        })),
        (None, Some(_), None) => Err(ReadError::NotARepository(first).into()),
        (Some(repository), None, _) if ask.staged => {
            let base = match repository.head()? {
                None => None,
                Some(commit) => {
                    let name = BaseName { revision: "HEAD".to_owned(), merge_base: Some(commit.id.clone()) };
                    Some((repository.revision(Side::Base, sources, &commit)?, name))
                }
            };
            in_repository(repository, &paths, trees, base, (ask, env))
        }
        (None, None, _) if ask.staged => Err(ReadError::NotARepository(first).into()),
        (Some(repository), None, _) => {
            let base = match repository.default_base(&env.ci)? {
                None => None,
                Some(found) => {
                    let snapshot = repository.revision(Side::Base, sources, &found.commit)?;
                    Some((snapshot, BaseName { revision: found.asked, merge_base: Some(found.commit.id) }))
                }
            };
            in_repository(repository, &paths, trees, base, (ask, env))
        }
        (None, None, _) => {
            let head = read::folder(Side::Head, sources, &first)?;
            let root = start_folder(&first);
            Ok(Sides { root, ..Sides::of(head) })
        }
    }
}

fn in_repository(
    repository: Repository,
    paths: &[PathBuf],
    trees: &Trees,
    base: Option<(Snapshot, BaseName)>,
    (ask, env): (&cli::Sides, &Env),
) -> Result<Sides, Stop> {
    let sources = trees.sources();
    let before = base.as_ref().map(|(base, _)| base);
    let head = while_parsed(trees, before, || {
        if ask.staged {
            repository.index(Side::Head, sources, env.index.as_deref())
        } else {
            repository.work_tree(Side::Head, sources)
        }
    })?;
    let here = Here::new(repository.remotes());
    // What is staged is no commit yet.
    let checked_out = if ask.staged { None } else { repository.head().ok().flatten().map(|commit| commit.id) };
    let within = within(repository.root(), paths)?;
    let commit = base.as_ref().and_then(|(_, name)| repository.resolve(name.merge_base.as_deref()?).ok());
    let root = repository.root().map(Path::to_owned);
    let repository = Arc::new(repository);
    let passed = commit.clone().map(|commit| -> Passed {
        let (repository, sources) = (repository.clone(), sources.clone());
        Box::new(move |known| repository.passage(&commit, known, &sources, Reach::default()))
    });
    let past = commit.map(|commit| -> Ancestors {
        let sources = sources.clone();
        Box::new(move |paths| repository.history(&commit, paths, &sources, Reach::default()))
    });
    Ok(Sides { base, head, here, within, past, passed, root, commit: checked_out })
}

/// Lists the head, by one thread, while the others parse the base.
fn while_parsed<T: Send>(trees: &Trees, base: Option<&Snapshot>, list: impl FnOnce() -> T + Send) -> T {
    let parse = || base.into_iter().for_each(|base| world::parse_all(base, trees));
    rayon::join(list, parse).0
}

/// The folder of a path that is one, or a file.
fn start_folder(path: &Path) -> Option<PathBuf> {
    if path.is_dir() { Some(path.to_owned()) } else { path.parent().map(Path::to_owned) }
}

/// The paths that findings are shown for, as paths of the repository; none where its root is among them.
fn within(root: Option<&Path>, paths: &[PathBuf]) -> Result<Vec<RepoPath>, Stop> {
    let Some(root) = root.and_then(|root| root.canonicalize().ok()) else { return Ok(Vec::new()) };
    let mut within = Vec::new();
    for path in paths {
        let real = path.canonicalize().map_err(|_| ReadError::NoSuchPath(path.clone()))?;
        let relative = real.strip_prefix(&root).ok().and_then(Path::to_str).and_then(RepoPath::new);
        let Some(relative) = relative else {
            let text = format!("`{}` lies outside the repository `{}`", path.display(), root.display());
            return Err(Stop::Told(text, NOT_JUDGED));
        };
        if relative.as_str().is_empty() {
            return Ok(Vec::new());
        }
        within.push(relative);
    }
    Ok(within)
}
