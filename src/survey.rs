//! What a repository is like, for `init`: who delivers it, how it is laid out, how its secrets are kept, where it is
//! judged. What goes without saying and what only looks like something are told apart.
//!
//! Never: a judgement; a name that the repository does not have.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{RepoPath, Snapshot};
use crate::delivery::{Stage, environment_of, tier_of};
use crate::impact;
use crate::model::{ARGO_GROUP, KRATIX_GROUP, Object, ObjectKey, Trees, View};
use crate::secrets;
use crate::world::{Built, World};

/// What a repository is like.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// How many objects its builds have.
    pub(crate) objects: usize,
    /// How many builds there are.
    pub(crate) builds: usize,
    /// The controllers that its objects are for.
    pub(crate) controllers: Vec<Seen>,
    /// How its secrets are kept.
    pub(crate) encryption: Vec<Seen>,
    /// The applications that deliver applications.
    pub(crate) roots: Vec<Root>,
    /// Layers of the platform: the tier, the folder whose name says so, the builds below it.
    pub(crate) tiers: Vec<(&'static str, String, usize)>,
    /// The environments that go without saying.
    pub(crate) environments: Vec<Known>,
    /// Folders that look like environments and are taken for none.
    pub(crate) candidates: Vec<Candidate>,
    /// Addresses that are taken for this repository.
    pub(crate) addresses: Vec<impact::Assumed>,
    /// The labels that cluster generators of ApplicationSets choose by, each set once.
    pub(crate) cluster_labels: BTreeSet<Vec<(String, String)>>,
    /// Folders of other people's files.
    pub(crate) vendored: BTreeSet<String>,
    /// Where changes are judged.
    pub(crate) platforms: Platforms,
}

/// Something that the repository holds.
#[derive(Debug)]
pub(crate) struct Seen {
    /// What it shows.
    pub(crate) name: &'static str,
    /// How many show it.
    pub(crate) count: usize,
    /// What they are, in the singular: `object`.
    pub(crate) what: &'static str,
    /// The first file that does.
    pub(crate) first: String,
}

/// An application that delivers applications.
#[derive(Debug)]
pub(crate) struct Root {
    /// `namespace/name`
    pub(crate) name: String,
    /// The file that it is written in.
    pub(crate) path: String,
    /// How many applications it delivers.
    pub(crate) holds: usize,
    /// Whether its folder is of the tier `root`.
    pub(crate) is_tiered: bool,
}

/// An environment that goes without saying.
#[derive(Debug)]
pub(crate) struct Known {
    /// Its name.
    pub(crate) name: String,
    /// How it was recognized, the first few ways.
    pub(crate) because: Vec<String>,
    /// How many builds go there.
    pub(crate) builds: usize,
    /// Whether a path says so.
    pub(crate) by_path: bool,
}

/// Folders that look like one environment.
#[derive(Debug)]
pub(crate) struct Candidate {
    /// A name for it.
    pub(crate) name: String,
    /// The folders.
    pub(crate) folders: BTreeSet<String>,
}

/// Where changes are judged.
#[derive(Debug, Default)]
pub(crate) struct Platforms {
    /// GitHub: what says so.
    pub(crate) github: Option<String>,
    /// GitLab: what says so.
    pub(crate) gitlab: Option<String>,
    /// Whether there are hooks of pre-commit.
    pub(crate) pre_commit: bool,
    /// Another runner of hooks, where there is one.
    pub(crate) other_hooks: Option<&'static str>,
}

/// Folders whose children are environments, regions or clusters.
const CONTAINERS: [&str; 8] = ["clusters", "env", "environments", "envs", "overlay", "overlays", "stages", "targets"];

/// Words that hardly mean anything but an environment, wherever they stand.
const SURE: [&str; 10] =
    ["dev", "develop", "development", "nonprod", "preprod", "prd", "prod", "production", "stg", "uat"];

/// Words of environments, in the order in which changes are promoted.
const WORDS: [(&str, usize); 26] = [
    ("sandbox", 0),
    ("sbx", 0),
    ("lab", 0),
    ("dev", 1),
    ("develop", 1),
    ("development", 1),
    ("nonprod", 2),
    ("non", 2),
    ("test", 2),
    ("tst", 2),
    ("int", 2),
    ("integration", 2),
    ("qa", 2),
    ("uat", 3),
    ("acc", 3),
    ("acceptance", 3),
    ("stg", 4),
    ("stage", 4),
    ("staging", 4),
    ("preprod", 5),
    ("pre", 5),
    ("canary", 5),
    ("prd", 6),
    ("prod", 6),
    ("production", 6),
    ("live", 6),
];

/// The place of an environment's name on the way to production.
pub(crate) fn rank(name: &str) -> usize {
    let words = || name.split(['-', '_', '.']);
    let known = |word: &str| WORDS.iter().find(|(known, _)| *known == word).map(|(_, rank)| *rank);
    // What is before production is named first: `non-prod`, `pre-prod`.
    let before = words().find(|word| matches!(*word, "non" | "pre")).and_then(known);
    before.or_else(|| words().find_map(known)).unwrap_or(usize::MAX)
}

/// Looks at a world.
pub(crate) fn survey(trees: &Trees, world: &World, remotes: &[String]) -> Survey {
    let (controllers, encryption) = seen(trees, world);
    let (environments, candidates) = environments(trees, world);
    Survey {
        objects: world.objects().count(),
        builds: world.builds.len(),
        controllers,
        encryption,
        roots: roots(trees, world),
        tiers: tiers(world),
        environments,
        candidates,
        addresses: impact::assumed(world),
        cluster_labels: world.objects().flat_map(|(_, object)| cluster_labels(object.view(trees))).collect(),
        vendored: vendored(&world.snapshot),
        platforms: platforms(&world.snapshot, remotes),
    }
}

/// The controller that an object is for.
fn controller(key: &ObjectKey) -> Option<&'static str> {
    let group = &*key.group;
    match group {
        ARGO_GROUP => Some("Argo CD"),
        KRATIX_GROUP => Some("Kratix"),
        "kro.run" => Some("kro"),
        _ if group.ends_with(".toolkit.fluxcd.io") || group == "fluxcd.controlplane.io" => Some("Flux"),
        _ if group.ends_with(".crossplane.io") => Some("Crossplane"),
        _ => None,
    }
}

/// How an object keeps its secrets.
fn keeper(trees: &Trees, object: &Object) -> Option<&'static str> {
    match &*object.key.group {
        "bitnami.com" if &*object.key.kind == "SealedSecret" => Some("Sealed Secrets"),
        "external-secrets.io" => Some("External Secrets"),
        _ if secrets::is_encrypted(object.view(trees)) => Some("SOPS"),
        _ => None,
    }
}

/// The controllers, and how secrets are kept, in the order of their names.
fn seen(trees: &Trees, world: &World) -> (Vec<Seen>, Vec<Seen>) {
    let mut controllers: BTreeMap<&'static str, BTreeMap<String, usize>> = BTreeMap::new();
    let mut keepers = controllers.clone();
    for (_, object) in world.objects() {
        let path = || trees.sources().path(trees.sources().outermost(object.place(trees)).file).to_string();
        if let Some(name) = controller(&object.key) {
            *controllers.entry(name).or_default().entry(path()).or_default() += 1;
        }
        if let Some(name) = keeper(trees, object) {
            *keepers.entry(name).or_default().entry(path()).or_default() += 1;
        }
    }
    let rules = world.snapshot.files().filter(|(path, _)| path.name() == ".sops.yaml");
    for (path, _) in rules {
        *keepers.entry("SOPS").or_default().entry(path.to_string()).or_default() += 1;
    }
    let listed = |found: BTreeMap<&'static str, BTreeMap<String, usize>>| {
        let seen = |(name, files): (&'static str, BTreeMap<String, usize>)| Seen {
            name,
            count: files.values().sum(),
            what: if name == "SOPS" { "file" } else { "object" },
            first: files.into_keys().next().unwrap_or_default(),
        };
        found.into_iter().map(seen).collect()
    };
    (listed(controllers), listed(keepers))
}

fn roots(trees: &Trees, world: &World) -> Vec<Root> {
    let mut roots = BTreeMap::new();
    for application in world.applications.iter().filter(|application| application.is_root) {
        let path = trees.sources().path(trees.sources().outermost(application.place).file).clone();
        let rows: BTreeSet<usize> = application.builds.iter().filter_map(|(build, _)| world.row_of(build)).collect();
        let holds = world.applications.iter().filter(|other| other.held_by.iter().any(|row| rows.contains(row)));
        let key = &application.key;
        let name =
            if key.namespace.is_empty() { key.name.to_string() } else { format!("{}/{}", key.namespace, key.name) };
        let is_tiered = tier_of(&path, &world.layout).is_some_and(|tier| tier.name() == "root");
        let holds = holds.count();
        roots.insert((name.clone(), path.to_string()), Root { name, path: path.to_string(), holds, is_tiered });
    }
    roots.into_values().collect()
}

/// The folders of a path, the outermost first, and the path itself.
fn prefixes(path: &RepoPath) -> impl Iterator<Item = RepoPath> {
    let ends: Vec<usize> = path.as_str().match_indices('/').map(|(at, _)| at).chain([path.as_str().len()]).collect();
    ends.into_iter().filter_map(|end| RepoPath::new(&path.as_str()[..end]))
}

fn tiers(world: &World) -> Vec<(&'static str, String, usize)> {
    let mut found = BTreeMap::new();
    for built in &world.builds {
        let path = &built.build.path;
        if let Some(tier) = tier_of(path, &world.layout) {
            let folder = prefixes(path).find(|folder| tier_of(folder, &world.layout) == Some(tier));
            *found.entry((tier, folder.unwrap_or_else(|| path.clone()))).or_insert(0) += 1;
        }
    }
    found.into_iter().map(|((tier, folder), builds)| (tier.name(), folder.to_string(), builds)).collect()
}

/// The environments that go without saying, and what looks like one.
fn environments(trees: &Trees, world: &World) -> (Vec<Known>, Vec<Candidate>) {
    let mut known: BTreeMap<String, (BTreeSet<String>, usize)> = BTreeMap::new();
    let mut candidates: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for built in &world.builds {
        let path = &built.build.path;
        match environment(trees, world, built) {
            Some(found) => {
                let (because, builds) = known.entry(found.name.to_string()).or_default();
                because.insert(found.because);
                *builds += 1;
            }
            None => {
                if let Some((name, folder)) = looks_like(path) {
                    candidates.entry(name).or_default().insert(folder);
                }
            }
        }
    }
    let known = known.into_iter().map(|(name, (because, builds))| {
        let by_path = because.iter().any(|why| why.starts_with("path "));
        Known { name, because: because.into_iter().take(3).collect(), builds, by_path }
    });
    let mut known: Vec<Known> = known.collect();
    known.sort_by_key(|known| (rank(&known.name), known.name.clone()));
    let mut candidates: Vec<Candidate> =
        candidates.into_iter().map(|(name, folders)| Candidate { name, folders }).collect();
    candidates.sort_by_key(|one| (rank(&one.name), one.name.clone()));
    (known, candidates)
}

/// Where a build goes, as rules and reports see it: by its path, else by who applies it.
fn environment(trees: &Trees, world: &World, built: &Built) -> Option<crate::delivery::Environment> {
    let path = &built.build.path;
    let by = built.applied_by.iter().map(|row| &world.applications[*row]);
    environment_of(path, None, None, &world.layout).or_else(|| {
        by.into_iter().find_map(|by| {
            let label = by.view(trees).str_at(["metadata", "labels", "environment"]);
            environment_of(path, label, by.cluster.as_deref(), &world.layout)
        })
    })
}

/// The name and the folder of an environment that a path looks like: the innermost segment that is such a word, or
/// has one between hyphens and lies right below a folder of environments or clusters.
fn looks_like(path: &RepoPath) -> Option<(String, String)> {
    let segments: Vec<&str> = path.segments().collect();
    let row = (0..segments.len()).rev().find(|row| {
        let segment = segments[*row];
        let is_below = row.checked_sub(1).is_some_and(|above| CONTAINERS.contains(&segments[above]));
        SURE.contains(&segment) || (is_below && rank(segment) != usize::MAX)
    })?;
    Some((name_of(segments[row]), segments[..=row].join("/")))
}

/// The usual name of what a folder is called.
fn name_of(segment: &str) -> String {
    match rank(segment) {
        1 => "dev",
        4 => "staging",
        6 => "prod",
        _ => segment,
    }
    .to_owned()
}

/// What the cluster generators of an ApplicationSet choose by.
fn cluster_labels(object: View<'_>) -> Vec<Vec<(String, String)>> {
    if object.str_at(["kind"]) != Some("ApplicationSet") {
        return Vec::new();
    }
    let generators = object.path(["spec", "generators"]).into_iter().flat_map(|list| list.items());
    let clusters = generators.filter_map(|generator| generator.get("clusters"));
    let labels = clusters.map(|clusters| {
        let labels = clusters.path(["selector", "matchLabels"]).into_iter().flat_map(|labels| labels.fields());
        labels.filter_map(|label| Some((label.name().to_owned(), label.value.as_str()?.to_owned()))).collect()
    });
    labels.collect()
}

/// Folders that hold what others wrote.
fn vendored(snapshot: &Snapshot) -> BTreeSet<String> {
    let folders = snapshot.files().filter_map(|(path, _)| path.parent());
    let vendored = folders.flat_map(|folder| prefixes(&folder).collect::<Vec<_>>());
    let is_one = |folder: &RepoPath| matches!(folder.name(), "vendor" | "third_party" | "third-party");
    vendored.filter(is_one).map(|folder| folder.to_string()).collect()
}

/// Runners of hooks besides pre-commit, by the files at the root that they read.
fn other_hooks(snapshot: &Snapshot) -> Option<&'static str> {
    let names = snapshot.list(&RepoPath::root());
    names.iter().find_map(|name| match name.trim_start_matches('.').split('.').next() {
        Some("lefthook") => Some("lefthook"),
        Some("husky") => Some("husky"),
        _ => None,
    })
}

fn platforms(snapshot: &Snapshot, remotes: &[String]) -> Platforms {
    let folder = |name: &str| RepoPath::new(name).is_some_and(|path| snapshot.is_folder(&path));
    let file = |name: &str| RepoPath::new(name).is_some_and(|path| snapshot.file(&path).is_some());
    let remote = |word: &str| {
        let host = |url: &&String| {
            let rest = url.split_once("://").map_or(&***url, |(_, rest)| rest);
            rest.split(['/', ':']).next().is_some_and(|host| host.contains(word))
        };
        remotes.iter().find(host).map(|url| format!("the remote {url}"))
    };
    let github = folder(".github/workflows").then(|| ".github/workflows is there".to_owned());
    let gitlab = file(".gitlab-ci.yml").then(|| ".gitlab-ci.yml is there".to_owned());
    let has_one = github.is_some() || gitlab.is_some();
    let said = |word| if has_one { None } else { remote(word) };
    Platforms {
        gitlab: gitlab.or_else(|| said("gitlab")),
        github: github.or_else(|| said("github")),
        pre_commit: file(".pre-commit-config.yaml"),
        other_hooks: other_hooks(snapshot),
    }
}

/// Whether two names are for the same: one name, or two of those that everybody uses.
pub(crate) fn is_same(a: &str, b: &str) -> bool {
    a == b || (Stage::named(a).is_some() && Stage::named(a) == Stage::named(b))
}
