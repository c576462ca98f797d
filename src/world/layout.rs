//! What the files of a repository are before anything is rendered: kustomizations and who includes whom, charts, plain
//! manifests, folders that hold tests or templates.
//!
//! Never: a rendering.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::base::{FileId, Found, RepoPath, Snapshot};
use crate::model::{Trees, View};
use crate::parse::ParseProblemKind;

/// The files of one side, sorted by what they are.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// All files that hold YAML or JSON.
    pub(super) texts: Vec<FileId>,
    /// Folders with a kustomization, and whether somebody includes them.
    pub(super) kustomizations: BTreeMap<RepoPath, Kustomized>,
    /// Files that look like manifests and are no part of a kustomization's own folder language or a chart.
    pub(super) manifests: BTreeSet<RepoPath>,
}

/// A folder with a kustomization.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kustomized {
    /// Nobody includes it: a root.
    Root,
    /// Another kustomization includes it, or it is a component.
    Included,
    /// A root in a folder of tests or templates: built only if an application asks for it.
    Aside,
}

/// Names of folders whose manifests are for tests.
const TESTS: [&str; 6] = [".chainsaw-test", "chainsaw", "e2e", "test", "testdata", "tests"];

/// Names of folders whose manifests are to be copied elsewhere, or done with: not deployed from where they are.
const ASIDE: [&str; 11] = [
    ".github",
    "template",
    "templates",
    "cookiecutter",
    "skeleton",
    "scaffold",
    "scaffolds",
    "archive",
    "archived",
    ".archive",
    "_archive",
];

impl Layout {
    /// Sorts the files of a side.
    pub(super) fn of(snapshot: &Snapshot, trees: &Trees) -> Self {
        let mut layout = Self::default();
        let mut graph: BTreeMap<RepoPath, Vec<RepoPath>> = BTreeMap::new();
        let mut components = BTreeSet::new();
        let mut tried: Vec<RepoPath> = Vec::new();
        let charts = charts(snapshot);
        layout.texts = snapshot.files().filter(|(path, _)| is_text(path)).map(|(_, file)| file).collect();
        let means = |file: &FileId| Meaning::of(snapshot, trees, &charts, *file);
        let meanings: Vec<Meaning> = layout.texts.par_iter().map(means).collect();
        for (meaning, file) in meanings.into_iter().zip(&layout.texts) {
            match meaning {
                Meaning::Nothing => {}
                Meaning::Manifest { tries } => {
                    layout.manifests.insert(trees.sources().path(*file).clone());
                    tried.extend(tries);
                }
                Meaning::Kustomization { folder, includes, is_component } => {
                    if is_component {
                        components.insert(folder.clone());
                    }
                    graph.entry(folder).or_default().extend(includes);
                }
            }
        }
        for path in tried {
            layout.manifests.remove(&path);
        }
        layout.kustomizations = sorted(&graph, &components);
        layout
    }
}

/// The files of objects that a test of policies tries out, often to see them refused: a suite of `gator verify`
/// (gatekeeper `pkg/gator/verify`), a test of `kyverno test` (`cmd/cli/kubectl-kyverno/apis/v1alpha1`).
fn tried_by(folder: &RepoPath, document: View<'_>) -> Vec<RepoPath> {
    let is_of = |group: &str| document.str_at(["apiVersion"]).is_some_and(|version| version.starts_with(group));
    let texts: Vec<View<'_>> = match document.str_at(["kind"]) {
        Some("Suite") if is_of("test.gatekeeper.sh/") => list(document, "tests").flat_map(tried_in_suite).collect(),
        Some("Test") if is_of("cli.kyverno.io/") => list(document, "resources").collect(),
        _ => return Vec::new(),
    };
    texts.into_iter().filter_map(|text| folder.join(text.as_str()?)).collect()
}

fn tried_in_suite(test: View<'_>) -> Vec<View<'_>> {
    let cases = list(test, "cases").flat_map(|case| case.get("object").into_iter().chain(list(case, "inventory")));
    test.get("constraint").into_iter().chain(cases).collect()
}

fn list<'t>(of: View<'t>, name: &str) -> impl Iterator<Item = View<'t>> + use<'t> {
    of.get(name).into_iter().flat_map(|list| list.items())
}

/// What a text is by itself.
enum Meaning {
    Nothing,
    /// A manifest; a test of policies names files that it tries.
    Manifest {
        tries: Vec<RepoPath>,
    },
    Kustomization {
        folder: RepoPath,
        includes: Vec<RepoPath>,
        is_component: bool,
    },
}

impl Meaning {
    fn of(snapshot: &Snapshot, trees: &Trees, charts: &BTreeSet<RepoPath>, file: FileId) -> Self {
        let path = trees.sources().path(file);
        let Some(folder) = path.parent() else { return Self::Nothing };
        let document = trees.documents(file).next();
        if is_kustomization_name(path.name())
            && document.as_ref().is_none_or(|document| is_kustomization(trees.view(document)))
        {
            let view = document.as_ref().map(|document| trees.view(document));
            let is_component = view.is_some_and(|view| view.str_at(["kind"]) == Some("Component"));
            let includes = view.map(|view| included(snapshot, &folder, view)).unwrap_or_default();
            return Self::Kustomization { folder, includes, is_component };
        }
        if is_aside(&folder) || is_chart_file(charts, path) {
            return Self::Nothing;
        }
        Self::Manifest { tries: document.map(|document| tried_by(&folder, trees.view(&document))).unwrap_or_default() }
    }
}

/// What each kustomization is, by who includes whom.
fn sorted(
    graph: &BTreeMap<RepoPath, Vec<RepoPath>>,
    components: &BTreeSet<RepoPath>,
) -> BTreeMap<RepoPath, Kustomized> {
    // What only tests include is a root all the same: they do not bring it into a cluster.
    let deployed = graph.iter().filter(|(folder, _)| !is_aside(folder));
    let included: BTreeSet<&RepoPath> = deployed.flat_map(|(_, included)| included).collect();
    let sort = |folder: &RepoPath| {
        if components.contains(folder) || included.contains(folder) {
            Kustomized::Included
        } else if is_aside(folder) {
            Kustomized::Aside
        } else {
            Kustomized::Root
        }
    };
    let mut found: BTreeMap<RepoPath, Kustomized> = graph.keys().map(|folder| (folder.clone(), sort(folder))).collect();
    // Those that include each other in a circle hang on no root; the first of them is built, so that somebody says so.
    let mut reached = BTreeSet::new();
    let is_start = |folder: &RepoPath| found[folder] != Kustomized::Included || components.contains(folder);
    for folder in graph.keys().filter(|folder| is_start(folder)) {
        reach(folder, graph, &mut reached);
    }
    for folder in graph.keys() {
        if !reached.contains(folder) {
            found.insert(folder.clone(), Kustomized::Root);
            reach(folder, graph, &mut reached);
        }
    }
    found
}

/// Adds a kustomization and all that it graph.
fn reach<'p>(start: &'p RepoPath, graph: &'p BTreeMap<RepoPath, Vec<RepoPath>>, reached: &mut BTreeSet<&'p RepoPath>) {
    let mut open = vec![start];
    while let Some(folder) = open.pop() {
        if reached.insert(folder) {
            open.extend(graph.get(folder).into_iter().flatten());
        }
    }
}

/// Whether a file is read as YAML or JSON, by its name.
pub(super) fn is_text(path: &RepoPath) -> bool {
    let name = path.name();
    name == "Kustomization" || [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end))
}

pub(super) fn is_kustomization_name(name: &str) -> bool {
    matches!(name, "kustomization.yaml" | "kustomization.yml" | "Kustomization")
}

/// A file of that name may be another thing: a Flux Kustomization object, for one.
fn is_kustomization(document: View<'_>) -> bool {
    document.str_at(["apiVersion"]).is_none_or(|version| version.starts_with("kustomize.config.k8s.io/"))
}

/// Whether a folder holds tests.
pub(super) fn is_test(folder: &RepoPath) -> bool {
    let mut segments = folder.segments();
    segments.any(|segment| TESTS.contains(&segment)) && !folder.segments().any(|segment| ASIDE.contains(&segment))
}

fn is_aside(folder: &RepoPath) -> bool {
    folder.segments().any(|segment| ASIDE.contains(&segment) || TESTS.contains(&segment))
}

/// The folders that hold a Helm chart.
pub(super) fn charts(snapshot: &Snapshot) -> BTreeSet<RepoPath> {
    let charts = snapshot.files().filter(|(path, _)| path.name() == "Chart.yaml");
    charts.filter_map(|(path, _)| path.parent()).collect()
}

/// Whether a file belongs to a chart: all but what lies in its `crds/`, which Helm applies as it is.
pub(super) fn is_chart_file(charts: &BTreeSet<RepoPath>, path: &RepoPath) -> bool {
    if charts.is_empty() {
        return false;
    }
    let mut folder = path.parent();
    while let Some(at) = folder {
        if charts.contains(&at) {
            return at.join("crds").is_none_or(|crds| !path.is_within(&crds));
        }
        folder = at.parent();
    }
    false
}

/// The folders that a kustomization includes.
fn included(snapshot: &Snapshot, folder: &RepoPath, kustomization: View<'_>) -> Vec<RepoPath> {
    let lists = kustomization.fields().filter(|field| {
        ["resources", "bases", "components"].iter().any(|name| field.name().eq_ignore_ascii_case(name))
    });
    lists
        .flat_map(|list| list.value.items())
        .filter_map(|item| match snapshot.find(&folder.join(item.as_str()?)?) {
            Found::Folder(path) => Some(path),
            _ => None,
        })
        .collect()
}

/// Whether a broken text is a template: not YAML by intent.
pub(super) fn is_template(trees: &Trees, file: FileId) -> bool {
    trees.parsed(file).problems().iter().any(|problem| problem.kind == ParseProblemKind::Template)
}
