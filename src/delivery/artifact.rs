//! What an `ArtifactGenerator` puts into its artifacts (`fluxcd/source-watcher internal/builder`): where a path within one
//! lies in this repository.
//!
//! Never: a folder for a path that the artifact fills from several; an artifact whose name or paths are filled in for each
//! folder (`pathPattern`).

use std::collections::HashMap;
use std::sync::Arc;

use super::application::{Sought, Whose};
use super::flux_settings::shared_segments;
use super::reader::{Reader, is_unknown};
use crate::base::{Found, RepoPath, Snapshot, Span};
use crate::model::{Object, SourceRef, Trees, View};

/// The API group of `ArtifactGenerator`.
const GROUP: &str = "source.extensions.fluxcd.io";

/// The artifacts of one side, by namespace and name. Several clusters may have one of the same name.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Artifacts(HashMap<(Arc<str>, Arc<str>), Vec<Artifact>>);

/// An artifact.
#[derive(Clone, PartialEq, Eq)]
struct Artifact {
    /// The file that its generator is written in.
    file: RepoPath,
    /// What is copied into it, in order.
    copies: Vec<Copied>,
}

/// One entry of `copy`.
#[derive(Clone, PartialEq, Eq)]
struct Copied {
    /// The kind, namespace and name of the source.
    source: (String, String, String),
    what: What,
    /// Where it lies in the artifact: the tree's own root, or the folder of the files.
    to: RepoPath,
}

/// What an entry copies.
#[derive(Clone, PartialEq, Eq)]
enum What {
    /// All that a folder holds.
    Tree(RepoPath),
    /// Single files.
    Files,
    /// What cannot be told here: unpacked archives, globs that pick folders, what this repository does not have.
    Open,
}

/// What lies at a path of an artifact.
enum Lies {
    /// What a folder of this repository holds.
    Folder(RepoPath),
    /// Parts of several folders.
    Several,
    /// Nothing.
    Nothing,
    /// That cannot be told.
    Unknown,
}

/// Whether an object makes artifacts.
pub(super) fn is_generator(object: &Object) -> bool {
    object.is(GROUP, "ArtifactGenerator")
}

impl Artifacts {
    /// Remembers what a generator makes.
    pub(super) fn add(&mut self, snapshot: &Snapshot, trees: &Trees, object: &Object) {
        let view = object.view(trees);
        if view.path(["spec", "pathPattern"]).is_some() {
            return;
        }
        let file = trees.sources().path(object.place(trees).file).clone();
        let sources = view.path(["spec", "sources"]);
        for artifact in view.path(["spec", "artifacts"]).into_iter().flat_map(|list| list.items()) {
            let Some(name) = artifact.str_at(["name"]) else { continue };
            let entries = artifact.get("copy").into_iter().flat_map(|list| list.items());
            let copies: Option<Vec<Copied>> =
                entries.map(|entry| copied(snapshot, entry, sources, &object.key.namespace)).collect();
            let found = Artifact { file: file.clone(), copies: copies.unwrap_or_default() };
            let known = self.0.entry((object.key.namespace.clone(), name.into())).or_default();
            if !known.iter().any(|one| one.file == found.file && one.copies == found.copies) {
                known.push(found);
            }
        }
    }

    /// The artifact that an object of this file means: the one whose generator is nearest.
    fn nearest(&self, file: &RepoPath, namespace: &str, name: &str) -> Option<&Artifact> {
        let found = self.0.get(&(namespace.into(), name.into()))?;
        let near = |one: &&Artifact| shared_segments(file, &one.file);
        let best = found.iter().map(|one| near(&one)).max()?;
        let mut nearest = found.iter().filter(|one| near(one) == best);
        let first = nearest.next()?;
        nearest.all(|other| other.copies == first.copies).then_some(first)
    }
}

/// An entry of `copy`; `None` where it is not written as one.
fn copied(snapshot: &Snapshot, entry: View<'_>, sources: Option<View<'_>>, namespace: &str) -> Option<Copied> {
    let (alias, from) = entry.str_at(["from"])?.strip_prefix('@')?.split_once('/')?;
    let to = entry.str_at(["to"])?.strip_prefix("@artifact/")?;
    let source = sources?.items().find(|source| source.str_at(["alias"]) == Some(alias))?;
    let text = |name| source.str_at([name]).map(str::to_owned);
    let source = (text("kind")?, text("namespace").unwrap_or_else(|| namespace.to_owned()), text("name")?);
    let is_plain = matches!(entry.str_at(["strategy"]), None | Some("" | "Overwrite"));
    let (what, to) = match tree(snapshot, from, to) {
        Some(found) if is_plain => found,
        _ => (What::Open, RepoPath::new(to)?),
    };
    Some(Copied { source, what, to })
}

/// What a path or glob names, and where that lies in the artifact, as `cp -r` would lay it.
fn tree(snapshot: &Snapshot, from: &str, to: &str) -> Option<(What, RepoPath)> {
    let into = RepoPath::new(to)?;
    let is_glob = |text: &str| text.contains(['*', '?', '[', ']']);
    if !is_glob(from) {
        let from = RepoPath::new(from)?;
        return match snapshot.find(&from) {
            Found::Folder(folder) => Some((What::Tree(folder), into.join(from.name())?)),
            Found::File { .. } if to.is_empty() || to.ends_with('/') => Some((What::Files, into)),
            Found::File { .. } => Some((What::Files, into.parent().unwrap_or_else(RepoPath::root))),
            _ => None,
        };
    }
    if from == "**" {
        return Some((What::Tree(RepoPath::root()), into));
    }
    if let Some(folder) = from.strip_suffix("/**").filter(|folder| !is_glob(folder)) {
        return Some((What::Tree(RepoPath::new(folder)?), into));
    }
    None
}

impl Artifact {
    /// What lies at a path.
    fn at(&self, snapshot: &Snapshot, path: &RepoPath) -> Lies {
        let (mut folders, mut is_above, mut is_open) = (Vec::new(), false, self.copies.is_empty());
        for copied in &self.copies {
            match &copied.what {
                What::Open => is_open = true,
                What::Tree(tree) if path.is_within(&copied.to) => {
                    let rest = path.as_str()[copied.to.as_str().len()..].trim_start_matches('/');
                    if let Some(Found::Folder(folder)) = tree.join(rest).map(|folder| snapshot.find(&folder))
                        && !folders.contains(&folder)
                    {
                        folders.push(folder);
                    }
                }
                What::Tree(_) | What::Files => is_above |= copied.to.is_within(path),
            }
        }
        match folders.pop() {
            _ if is_open => Lies::Unknown,
            Some(folder) if folders.is_empty() && !is_above => Lies::Folder(folder),
            Some(_) => Lies::Several,
            None if is_above => Lies::Several,
            None => Lies::Nothing,
        }
    }
}

/// What a Kustomization applies of an artifact that this repository defines.
pub(super) struct OfArtifact {
    /// The folder of this repository, where it is one alone.
    pub(super) folder: Option<RepoPath>,
    /// Whether its parts come from several folders.
    pub(super) is_composed: bool,
    /// Where it was looked for.
    pub(super) sought: Sought,
}

impl Reader<'_> {
    /// What a Kustomization applies of an artifact; `None` where that cannot be told.
    pub(super) fn of_artifact(
        &self,
        object: &Object,
        source: &SourceRef<'_>,
        (text, at): (&str, Span),
    ) -> Option<OfArtifact> {
        if source.kind != "ExternalArtifact" || is_unknown(text) {
            return None;
        }
        let file = self.trees.sources().path(object.place(self.trees).file);
        let namespace = source.namespace.unwrap_or(&object.key.namespace);
        let artifact = self.artifacts.nearest(file, namespace, source.name)?;
        let mut whose = Whose::Ours;
        let mut repository = None;
        for copied in &artifact.copies {
            let (kind, namespace, name) = &copied.source;
            let source = SourceRef { kind, name, namespace: Some(namespace) };
            let (url, standing) = self.whose(object, &source).filter(|_| kind == "GitRepository")?;
            repository = repository.or(url.map(str::to_owned));
            if standing == Whose::Unsaid {
                whose = standing;
            }
        }
        let lies = artifact.at(self.snapshot, &RepoPath::new(text.trim_start_matches('/'))?);
        let is_found = !matches!(lies, Lies::Nothing);
        let (path, holder) = (text.to_owned(), Some(source.name.to_owned()));
        let sought = Sought { at, path, repository, is_found, whose, is_sure: true, artifact: holder };
        let (folder, is_composed) = match lies {
            Lies::Unknown => return None,
            Lies::Folder(folder) => (Some(folder), false),
            Lies::Several => (None, true),
            Lies::Nothing => (None, false),
        };
        Some(OfArtifact { folder, is_composed, sought })
    }
}
