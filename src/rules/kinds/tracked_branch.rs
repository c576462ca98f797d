//! The kind `tracked-branch`: a source that starts to follow a branch which is not meant to last.
//!
//! Never: a tag or a commit; a branch that other sources of the same repository follow already; a cluster that is not
//! meant to last either.

use std::collections::BTreeSet;

use super::defined::is_open;
use super::{CheckKind, Params};
use crate::base::Side;
use crate::delivery::{Stage, environment_of};
use crate::model::{ARGO_GROUP, ArgoApplication, FLUX_OPERATOR_GROUP, FLUX_SOURCE_GROUP, Object, Trees, View};
use crate::rules::{Check, Facts, Hit, Label, ObjectName, Sink};
use crate::world::{ObjectAt, World};

pub(super) const KIND: CheckKind = CheckKind {
    name: "tracked-branch",
    about: "a Git source that follows another branch than in the base, one that nothing followed before and that is no repository's default",
    params: &[],
    facts: &[("production", "production reads it")],
    words: &[
        ("kind", "the source's kind"),
        ("name", "its namespace and name"),
        ("branch", "the branch that it follows now"),
        ("was", "what it followed in the base"),
        ("production", "what says that it is production's"),
    ],
    build,
};

/// Branches that last: the usual default ones, and those that environments are promoted by.
const LASTING: &[&str] = &[
    "HEAD",
    "dev",
    "develop",
    "development",
    "live",
    "main",
    "master",
    "prod",
    "production",
    "stable",
    "stage",
    "staging",
    "trunk",
];

/// The beginnings of names of clusters that come and go.
const PASSING: &[&str] = &["ephemeral", "feature", "pr-", "preview", "review", "sandbox", "scratch"];

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::Change(Box::new(judge)))
}

/// One repository that an object follows.
struct Followed<'t> {
    url: &'t str,
    revision: Option<View<'t>>,
    field: String,
}

impl<'t> Followed<'t> {
    /// The branch; `None` for what is a tag, a commit or filled in later.
    fn branch(&self) -> Option<&'t str> {
        let Some(revision) = self.revision else { return Some("HEAD") };
        let text = revision.as_str()?;
        let branch = text.strip_prefix("refs/heads/").unwrap_or(text);
        (!is_open(branch) && !branch.starts_with("refs/") && !is_release(branch)).then_some(branch)
    }
}

/// Whether a revision looks like a tag, a range of versions or a commit.
fn is_release(text: &str) -> bool {
    let is_commit = (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let last = text.rsplit(['/', '-']).next().unwrap_or(text);
    let number = last.strip_prefix('v').unwrap_or(last);
    let is_version = number.starts_with(|first: char| first.is_ascii_digit()) && number.contains('.');
    let is_numbered = text.starts_with('v') && text[1..].bytes().all(|byte| byte.is_ascii_digit());
    is_commit || is_version || is_numbered || text.contains(['*', '^', '~', ' ', '=']) || text.starts_with("release")
}

fn judge(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    let mut known: Option<BTreeSet<(&str, &str)>> = None;
    for pair in &facts.changes.objects {
        let (Some(was_at), Some(at)) = (pair.base, pair.head) else { continue };
        let (was, is) = (base.object(was_at), facts.head.object(at));
        if was.value.is_same(&is.value) {
            continue;
        }
        let (old, new) = (followed(facts.trees, was), followed(facts.trees, is));
        for (row, now) in new.iter().enumerate() {
            let Some(branch) = now.branch().filter(|branch| !LASTING.contains(branch)) else { continue };
            // A source that is new may be meant so; one that changes has a life behind it.
            let Some(before) = old.get(row).filter(|before| before.url == now.url) else { continue };
            let known = known.get_or_insert_with(|| branches(facts.trees, base));
            if known.contains(&(now.url, branch)) || is_passing(facts, at, is) {
                continue;
            }
            report(facts, (at, is), now, before, sink);
        }
    }
}

/// The branches that a world follows, by repository.
fn branches<'t>(trees: &'t Trees, world: &'t World) -> BTreeSet<(&'t str, &'t str)> {
    let all = world.objects().flat_map(|(_, object)| followed(trees, object));
    all.filter_map(|followed| Some((followed.url, followed.branch()?))).collect()
}

/// The repositories that an object follows.
fn followed<'t>(trees: &'t Trees, object: &'t Object) -> Vec<Followed<'t>> {
    let view = object.view(trees);
    match (&*object.key.group, &*object.key.kind) {
        (FLUX_SOURCE_GROUP, "GitRepository") => {
            let reference = view.path(["spec", "ref"]);
            let is_pinned = |by: &&str| reference.is_some_and(|reference| reference.get(by).is_some());
            let url =
                view.str_at(["spec", "url"]).filter(|_| !["tag", "semver", "commit", "name"].iter().any(is_pinned));
            let revision = reference.and_then(|reference| reference.get("branch"));
            url.map(|url| Followed { url, revision, field: "/spec/ref/branch".into() }).into_iter().collect()
        }
        (FLUX_OPERATOR_GROUP, "FluxInstance") => {
            let sync = view.path(["spec", "sync"]);
            let is_git = sync.and_then(|sync| sync.str_at(["kind"])).is_none_or(|kind| kind == "GitRepository");
            let url = sync.and_then(|sync| sync.str_at(["url"])).filter(|_| is_git);
            let revision = sync.and_then(|sync| sync.get("ref"));
            url.map(|url| Followed { url, revision, field: "/spec/sync/ref".into() }).into_iter().collect()
        }
        (ARGO_GROUP, "Application") => {
            let sources = ArgoApplication::new(view).sources();
            let of_git = sources.into_iter().filter(|source| !source.is_chart());
            let one = |source: crate::model::ArgoSource<'t>| {
                let (url, revision) = (source.repository()?, source.revision_value());
                Some(Followed { url, revision, field: "/spec/source/targetRevision".into() })
            };
            of_git.filter_map(one).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether an object is for a cluster that comes and goes.
fn is_passing(facts: &Facts<'_>, at: ObjectAt, object: &Object) -> bool {
    let built = &facts.head.builds[at.build];
    let path = facts.trees.sources().path(object.place(facts.trees).file);
    let mut names = path.segments().chain(built.cluster.as_deref());
    names.any(|name| PASSING.iter().any(|beginning| name.starts_with(beginning)))
}

fn report(
    facts: &Facts<'_>,
    (at, object): (ObjectAt, &Object),
    now: &Followed<'_>,
    before: &Followed<'_>,
    sink: &mut Sink,
) {
    let (Some(revision), Some(branch)) = (now.revision, now.branch()) else { return };
    let was = before.revision.map_or_else(|| "the default branch".into(), |was| format!("`{}`", was.written()));
    let key = &object.key;
    let name = key.title();
    let mut hit = Hit::at(revision.place())
        .word("kind", &*key.kind)
        .word("name", name)
        .word("branch", branch)
        .word("was", was)
        .field(now.field.clone());
    let built = &facts.head.builds[at.build];
    let path = facts.trees.sources().path(revision.place().file);
    let label = object.view(facts.trees).str_at(["metadata", "labels", "environment"]);
    let cluster = built.cluster.as_deref();
    let environment = [&built.build.path, path]
        .into_iter()
        .find_map(|path| environment_of(path, label, cluster, &facts.head.layout))
        .filter(|environment| environment.stage == Some(Stage::Production));
    hit = match environment {
        Some(environment) => hit.word("production", environment.because).fact("production"),
        None => hit.word("production", ""),
    };
    if let Some(was) = before.revision {
        hit.related.push(Label { at: was.place(), side: Side::Base, says: "as it was".into() });
    }
    hit.build = Some(at.build);
    hit.object = Some(ObjectName::of(object));
    sink.report(hit);
}

#[cfg(test)]
mod tests {
    use super::is_release;

    #[test]
    fn branches_and_releases() {
        for text in ["v1.2.3", "1.2.x", "release-1.2", "app-v1.4.0", "0a1b2c3d4e5f", ">= 1.0", "v2", "charts/1.0.0"] {
            assert!(is_release(text), "{text}");
        }
        for text in ["branch-a", "feature/login", "fix-2", "alice", "JIRA-123"] {
            assert!(!is_release(text), "{text}");
        }
    }
}
