//! Whether a URL in a manifest means the repository that is judged.
//!
//! Never: a request to that URL.

use std::sync::Arc;

use super::outside::Outside;

/// The URLs that mean this repository, and what is told of what lies outside it.
#[derive(Clone, Debug, Default)]
pub struct Here {
    known: Vec<String>,
    outside: Arc<Outside>,
}

impl Here {
    /// The repository whose remotes (and configured addresses) are `urls`.
    pub fn new(urls: impl IntoIterator<Item = String>) -> Self {
        Self { known: urls.into_iter().map(|url| normal(&url)).collect(), outside: Arc::default() }
    }

    /// The same with further addresses.
    #[must_use]
    pub fn and(mut self, urls: impl IntoIterator<Item = String>) -> Self {
        self.known.extend(urls.into_iter().map(|url| normal(&url)));
        self
    }

    /// The same with what a configuration tells of the world outside.
    #[must_use]
    pub fn beside(self, outside: Outside) -> Self {
        Self { outside: Arc::new(outside), ..self }
    }

    /// What is told of the world outside.
    pub(super) fn outside(&self) -> &Outside {
        &self.outside
    }

    /// Whether `url` is one of them, in any of the forms git takes.
    #[must_use]
    pub fn is(&self, url: &str) -> bool {
        let url = normal(url);
        self.known.contains(&url)
    }

    /// Whether nothing speaks against `url` being one of them: no address is known, or one of the same name elsewhere,
    /// as that of a fork.
    #[must_use]
    pub fn may_be(&self, url: &str) -> bool {
        let url = normal(url);
        let name = |url: &str| url.rsplit('/').next().map(str::to_ascii_lowercase);
        self.known.is_empty() || self.known.iter().any(|known| name(known) == name(&url))
    }
}

/// The revisions that mean what a repository holds now. Any other may hold other folders.
#[must_use]
pub(super) fn is_mainline(revision: Option<&str>) -> bool {
    let branch = revision.map(|revision| revision.strip_prefix("refs/heads/").unwrap_or(revision));
    matches!(branch, None | Some("" | "HEAD" | "main" | "master" | "trunk" | "develop" | "development"))
}

/// `https://host/org/name.git`, `ssh://git@host:22/org/name` and `git@host:org/name` as `host/org/name`.
fn normal(url: &str) -> String {
    let url = url.trim();
    let (scheme, rest) = url.split_once("://").map_or((None, url), |(scheme, rest)| (Some(scheme), rest));
    let (host, path) = match scheme {
        Some(_) => rest.split_once('/').unwrap_or((rest, "")),
        None => rest.split_once(':').unwrap_or(("", rest)),
    };
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host).to_ascii_lowercase();
    let path = path.trim_matches('/');
    format!("{host}/{}", path.strip_suffix(".git").unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::Here;

    #[test]
    fn all_forms_of_one_address_are_one() {
        let here = Here::new(["git@GitHub.com:org/fleet.git".to_owned()]);
        for url in [
            "https://github.com/org/fleet",
            "https://github.com/org/fleet.git/",
            "ssh://git@github.com/org/fleet.git",
            "ssh://git@github.com:22/org/fleet",
            "https://token@github.com/org/fleet",
        ] {
            assert!(here.is(url), "{url}");
        }
        assert!(!here.is("https://github.com/org/fleet-infra"));
        assert!(!here.is("https://example.com/org/fleet"));
    }
}
