//! Where a finding is shown by readers that know the head only: the places of hosts, and of code scanning.
//!
//! Never: a path that the head does not have.

use super::Report;
use crate::base::{RepoPath, Side, Span};
use crate::rules::Finding;

/// A place that the head has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// These bytes.
    Bytes(Span),
    /// A file as a whole, the nearest one to what is gone.
    File(RepoPath),
    /// The head is empty.
    Nowhere,
}

/// The finding's own place, where it is in the head; else the first related place there; else the nearest file that
/// is left: the same path, the kustomization above it, any file of the nearest folder.
pub(super) fn place(report: &Report<'_>, finding: &Finding) -> Place {
    if finding.side == Side::Head {
        return Place::Bytes(finding.primary);
    }
    match finding.related.iter().find(|label| label.side == Side::Head) {
        Some(label) => Place::Bytes(label.at),
        None => nearest(report, report.sources.path(finding.primary.file)),
    }
}

/// The names of a kustomization file, as kustomize looks for them.
const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

fn nearest(report: &Report<'_>, gone: &RepoPath) -> Place {
    let has = |path: &RepoPath| report.head.file(path).is_some();
    if has(gone) {
        return Place::File(gone.clone());
    }
    let folders: Vec<RepoPath> = std::iter::successors(gone.parent(), RepoPath::parent).collect();
    let kustomizations = folders.iter().flat_map(|folder| KUSTOMIZATIONS.map(|name| folder.join(name)));
    let file = kustomizations.flatten().find(has);
    let any = || {
        let first = |folder: &RepoPath| report.head.files().map(|(path, _)| path).find(|path| path.is_within(folder));
        folders.iter().find_map(first).cloned()
    };
    file.or_else(any).map_or(Place::Nowhere, Place::File)
}
