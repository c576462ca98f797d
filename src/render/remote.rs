//! What lies elsewhere: addresses that kustomize would fetch, and charts that Helm would render; and whether a copy of it
//! is in the tree (`kustomize api/internal/git/repospec.go`, `api/internal/localizer`,
//! `api/internal/builtins/HelmChartInflationGenerator.go`).
//!
//! Never: a connection; an address is only read.

use crate::base::{Found, RepoPath, Snapshot};
use crate::model::View;

/// The folder in which `kustomize localize` puts its copies.
const LOCALIZED: &str = "localized-files";

/// An address that kustomize would fetch.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Remote<'n> {
    host: &'n str,
    /// The repository, without `.git`; for a single file all of its path.
    repository: &'n str,
    /// The revision; empty where none is named.
    revision: &'n str,
    /// The folder in the repository.
    folder: &'n str,
}

impl<'n> Remote<'n> {
    /// Reads an entry of a kustomization; `None` for a path of the tree.
    pub(super) fn parse(name: &'n str) -> Option<Self> {
        let without = |text: &'n str, prefix: &str| {
            let head = text.get(..prefix.len()).filter(|head| head.eq_ignore_ascii_case(prefix))?;
            text.get(head.len()..)
        };
        if name.starts_with('/') {
            return None;
        }
        let (path, query) = name.split_once('?').unwrap_or((name, ""));
        let path = without(path, "git::").unwrap_or(path);
        let schemes = ["ssh://", "https://", "http://", "file://"];
        let scheme = schemes.iter().find_map(|scheme| Some((*scheme, without(path, scheme)?)));
        let (scheme, rest) = scheme.unwrap_or(("", path));
        if scheme == "file://" {
            return Some(Self { host: "file-schemed", repository: rest, revision: revision(query), folder: "" });
        }
        let (user, rest) = user(rest);
        let is_github = without(rest, "github.com/").or_else(|| without(rest, "github.com:")).is_some();
        let is_short = scheme.is_empty() && (user || is_github);
        if scheme.is_empty() && !is_short {
            return None;
        }
        let slash = rest.find('/');
        let colon = rest.find(':').filter(|colon| is_short && slash.is_none_or(|slash| *colon > 0 && *colon < slash));
        let (host, path) = rest.split_at(colon.or(slash)?);
        let path = &path[1..];
        let is_file = scheme.starts_with("http");
        let (repository, folder) = match split(path) {
            Some(parts) => parts,
            None if is_file => (path, ""),
            None => return None,
        };
        let leaves = folder.trim_start_matches('/').split('/').next() == Some("..");
        (is_file || !leaves).then(|| Self { host, repository, revision: revision(query), folder })
    }

    /// Where a copy of it lies, seen from the kustomization's folder.
    pub(super) fn copy(&self, snapshot: &Snapshot, root: &RepoPath) -> Option<RepoPath> {
        let host = self.host.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let repository = self.repository.trim_matches('/').trim_end_matches(".git");
        let parts = [LOCALIZED, &host, repository, self.revision, self.folder.trim_matches('/')];
        let given: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        there(snapshot, &root.join(&given.join("/"))?)
    }
}

/// Whether a user stands before the host, and what is behind it.
fn user(text: &str) -> (bool, &str) {
    match text.split_once('@') {
        Some((name, rest))
            if name.starts_with(|char: char| char.is_ascii_alphabetic())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
        {
            (true, rest)
        }
        _ => (false, text),
    }
}

/// The repository and the folder in it: by `_git/NAME`, by `//`, behind `.git`, else by the first two segments.
fn split(path: &str) -> Option<(&str, &str)> {
    if let Some(at) = path.find("_git/").filter(|at| *at > 0) {
        let name = at + "_git/".len();
        let end = path[name..].find('/').map_or(path.len(), |end| name + end);
        return Some((&path[..end], &path[end..]));
    }
    if let Some((repository, folder)) = path.split_once("//").filter(|(repository, _)| !repository.is_empty()) {
        return Some((repository, folder));
    }
    if let Some(at) = path.find(".git").filter(|at| *at > 0) {
        let end = at + ".git".len();
        if path[end..].is_empty() || path[end..].starts_with('/') {
            return Some((&path[..end], &path[end..]));
        }
    }
    let (organization, rest) = path.split_once('/')?;
    let name = rest.split('/').next().filter(|name| !name.is_empty())?;
    let end = organization.len() + 1 + name.len();
    (!organization.is_empty()).then(|| path.split_at(end))
}

/// The revision that a query names: `ref`, else `version`.
fn revision(query: &str) -> &str {
    let named = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find_map(|(key, value)| (key == name && !value.is_empty()).then_some(value))
    };
    named("ref").or_else(|| named("version")).unwrap_or_default()
}

/// What is said of a chart that a kustomization or a plugin's configuration names; `globals` are its `helmGlobals`.
pub(super) fn chart(snapshot: &Snapshot, root: &RepoPath, entry: View<'_>, globals: Option<View<'_>>) -> String {
    let text = |names: [&str; 2]| {
        let given = names.iter().find_map(|name| entry.str_at([name]).filter(|text| !text.is_empty()));
        given.unwrap_or_default()
    };
    let name = match text(["name", "chartName"]) {
        "" => entry.path(["metadata", "name"]).and_then(|name| name.as_str()).unwrap_or_default(),
        name => name,
    };
    let (version, repository) = (text(["version", "chartVersion"]), text(["repo", "chartRepoUrl"]));
    let home = entry.str_at(["chartHome"]).or_else(|| globals?.str_at(["chartHome"])).filter(|home| !home.is_empty());
    let home = home.unwrap_or("charts");
    let path = if version.is_empty() || repository.is_empty() {
        format!("{home}/{name}")
    } else {
        format!("{home}/{name}-{version}/{name}")
    };
    let found = root.join(&path).filter(|_| !name.is_empty()).and_then(|path| there(snapshot, &path));
    let rest = match found {
        Some(path) => format!(": it lies in `{path}`, and `helm template` would render it"),
        None => String::new(),
    };
    format!("the Helm chart `{name}` is not rendered{rest}")
}

fn there(snapshot: &Snapshot, path: &RepoPath) -> Option<RepoPath> {
    match snapshot.find(path) {
        Found::Folder(path) | Found::File { path, .. } => Some(path),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Remote;

    #[test]
    fn remote_is_what_kustomize_would_fetch() {
        for (name, parts) in [
            ("https://example.com/a.yaml", ["example.com", "a.yaml", "", ""]),
            ("github.com/org/repo//path?ref=v1", ["github.com", "org/repo", "v1", "path"]),
            ("gitHub.com:org/repo/path", ["gitHub.com", "org/repo", "", "/path"]),
            ("git@github.com:org/repo.git", ["github.com", "org/repo.git", "", ""]),
            ("git::https://example.com/org/repo", ["example.com", "org/repo", "", ""]),
            ("ssh://git@example.com:22/org/repo", ["example.com:22", "org/repo", "", ""]),
            ("user@host/org/repo", ["host", "org/repo", "", ""]),
            ("https://host/scm/a/b.git/c?version=2&timeout=1", ["host", "scm/a/b.git", "2", "/c"]),
            ("https://host/org/project/_git/repo/x", ["host", "org/project/_git/repo", "", "/x"]),
            ("file:///a/b", ["file-schemed", "/a/b", "", ""]),
        ] {
            let [host, repository, revision, folder] = parts;
            assert_eq!(Remote::parse(name), Some(Remote { host, repository, revision, folder }), "{name}");
        }
        for name in ["../base", "base", "a@b", "./x@y:z", "gitlab.com/org/repo", "github.computer", "github.com/org"] {
            assert_eq!(Remote::parse(name), None, "{name}");
        }
    }
}
