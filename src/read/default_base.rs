//! The base of a change when nobody names one.
//!
//! Never: a guess that hides a change. Where a platform names a base that is not here, that is an error, not another base.

use git2::Oid;

use super::repository::{absent, parents};
use super::work_tree::is_clean;
use super::{Ci, Commit, ReadError, Repository};

/// What a change is compared with, and how it was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Base {
    /// The revision whose merge base it is, as git writes it: `origin/main`, or a commit id.
    pub asked: String,
    /// The commit whose tree is the base.
    pub commit: Commit,
    /// Why this one, in words that follow "compared with COMMIT, ".
    pub why: String,
}

impl Repository {
    /// The base of what HEAD and the work tree hold: what the platform `ci` says, else the merge base with the remote's
    /// default branch. `None` where there is no such branch or no commit, and where nothing differs from it: then no
    /// change is proposed, and the tree is judged as a whole.
    ///
    /// # Errors
    /// [`ReadError::ShallowBase`], [`ReadError::MissingBase`], [`ReadError::UnknownRevision`] for a base that `ci`
    /// names and that is not here, and those of [`Self::merge_base`].
    pub fn default_base(&self, ci: &Ci) -> Result<Option<Base>, ReadError> {
        let Some(head) = self.head()? else { return Ok(None) };
        if ci.merge_commit.as_deref() == Some(&head.id)
            && let Some(base) = self.first_parent(ci, &head)?
        {
            return Ok(Some(base));
        }
        let branch = ci.base_branch.as_deref();
        if let Some(id) = &ci.base_commit {
            match (self.resolve(id), branch) {
                (Ok(commit), _) => return self.meeting(ci, id, &commit).map(Some),
                (Err(error), None) => return Err(error),
                // The branch may be here where the commit that it was at is not.
                (Err(error), Some(branch)) => {
                    return match self.tip(branch) {
                        Some((name, tip)) => self.meeting(ci, &name, &tip).map(Some),
                        None => Err(error),
                    };
                }
            }
        }
        if let Some(branch) = branch {
            return match self.tip(branch) {
                Some((name, tip)) => self.meeting(ci, &name, &tip).map(Some),
                None => {
                    self.resolve(&format!("origin/{branch}")).and_then(|tip| self.meeting(ci, branch, &tip)).map(Some)
                }
            };
        }
        self.branch_point(&head)
    }

    /// The first parent of the commit that the platform merged.
    fn first_parent(&self, ci: &Ci, head: &Commit) -> Result<Option<Base>, ReadError> {
        self.with("read HEAD", |repository| {
            let parents = Oid::from_str(&head.id).map(|id| parents(repository, id)).unwrap_or_default();
            let [base, _, ..] = parents[..] else { return Ok(None) };
            if repository.find_commit(base).is_err() {
                // One more commit is all that is missing.
                let command = "git fetch --deepen=1".to_owned();
                return Err(match absent(repository, &base.to_string()) {
                    ReadError::ShallowBase { commit, .. } => ReadError::ShallowBase { commit, command },
                    error => error,
                });
            }
            let why = format!("the first parent of the merge commit of {}", ci.platform);
            Ok(Some(Base { asked: base.to_string(), commit: Commit::new(base), why }))
        })
    }

    /// The merge base with what the platform names.
    fn meeting(&self, ci: &Ci, asked: &str, tip: &Commit) -> Result<Base, ReadError> {
        let why = format!("the merge base with `{asked}`, which {} names", ci.platform);
        Ok(Base { asked: asked.to_owned(), commit: self.merge_base(tip)?, why })
    }

    /// The tip of a branch, the remote's before the local one, which may be old.
    fn tip(&self, branch: &str) -> Option<(String, Commit)> {
        [("refs/remotes/origin/", "origin/"), ("refs/heads/", "")]
            .into_iter()
            .find_map(|(full, short)| Some((format!("{short}{branch}"), self.reference(&format!("{full}{branch}"))?)))
    }

    /// Where HEAD left the remote's default branch.
    fn branch_point(&self, head: &Commit) -> Result<Option<Base>, ReadError> {
        let Some((asked, tip)) = self.default_branch() else { return Ok(None) };
        let commit = self.merge_base(&tip)?;
        // On the default branch itself, only what is not committed is a change.
        let clean = || self.with("compare the work tree with HEAD", |repository| Ok(is_clean(repository)));
        if commit == *head && (self.root().is_none() || clean()?) {
            return Ok(None);
        }
        let why = format!("the merge base with `{asked}`, the remote's default branch");
        Ok(Some(Base { asked, commit, why }))
    }

    fn default_branch(&self) -> Option<(String, Commit)> {
        let configured = self.handles.with(|repository| {
            let head = repository.find_reference("refs/remotes/origin/HEAD").ok()?;
            head.symbolic_target().ok().flatten()?.strip_prefix("refs/remotes/").map(str::to_owned)
        });
        let configured = configured.ok().flatten();
        let names = configured.into_iter().chain(["origin/main".to_owned(), "origin/master".to_owned()]);
        names.into_iter().find_map(|name| Some((name.clone(), self.reference(&format!("refs/remotes/{name}"))?)))
    }

    /// The commit of a reference by its full name, where there is one.
    fn reference(&self, name: &str) -> Option<Commit> {
        let found = self.handles.with(|repository| {
            let commit = repository.find_reference(name).ok()?.peel_to_commit().ok()?;
            Some(Commit::new(commit.id()))
        });
        found.ok().flatten()
    }
}
