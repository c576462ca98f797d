//! Where values come from: the law of origins over every kustomization of the fixtures and over random ones, and what
//! `render --origins` and `blame` say of one overlay per operation.
//!
//! Never: a value of a corpus; those are only counted.

#![expect(clippy::disallowed_methods, reason = "a test reads its cases")]

#[path = "origins_law.rs"]
mod law;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gitops_guard::base::{RepoPath, Sources};
use gitops_guard::model::Trees;
use gitops_guard::read;
use gitops_guard::render::{Build, BuildKind, LoadRestriction, Options, Renderer};
use law::Law;

const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// All folders below one that hold a kustomization, sorted.
fn kustomizations(root: &Path) -> Vec<PathBuf> {
    let files = walkdir::WalkDir::new(root).sort_by_file_name().into_iter().filter_map(Result::ok);
    let mut found: Vec<PathBuf> = files
        .filter(|file| file.file_name().to_str().is_some_and(|name| NAMES.contains(&name)))
        .filter_map(|file| file.path().parent().map(Path::to_owned))
        .collect();
    found.dedup();
    found
}

/// What the law says of many builds.
#[derive(Default)]
struct Verdict {
    built: usize,
    nodes: usize,
    steps: BTreeMap<&'static str, usize>,
    broken: Vec<String>,
}

impl Verdict {
    /// Builds a folder, if it can be built, and holds the law over each of its objects.
    fn add(&mut self, folder: &Path) {
        let sources = Arc::new(Sources::default());
        let snapshot = read::on_demand(&sources);
        let trees = Trees::new(sources);
        let folder = folder.canonicalize().expect("the folder is there");
        let Some(path) = folder.to_str().and_then(|text| RepoPath::new(text.trim_start_matches('/'))) else { return };
        let options = Options { load: LoadRestriction::None, ..Options::default() };
        let built = Renderer::new(&snapshot, &trees, options).build(&Build { path, kind: BuildKind::Kustomize });
        if built.objects.is_empty() {
            return;
        }
        self.built += 1;
        let mut law = Law::new(&trees);
        built.objects.iter().for_each(|object| law.check(&object.value));
        self.nodes += law.nodes;
        law.steps.into_iter().for_each(|(how, count)| *self.steps.entry(how).or_default() += count);
        self.broken.extend(law.broken.into_iter().map(|line| format!("{}\n    {line}", folder.display())));
    }

    fn holds(&self) {
        let some: Vec<&str> = self.broken.iter().map(String::as_str).take(40).collect();
        assert!(some.is_empty(), "{} broken\n{}", self.broken.len(), some.join("\n"));
    }
}

#[test]
fn every_value_of_every_fixture_comes_from_where_its_origin_says() {
    let mut verdict = Verdict::default();
    for folder in kustomizations(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")) {
        verdict.add(&folder);
    }
    assert!(verdict.built > 40, "only {} fixtures build", verdict.built);
    verdict.holds();
}

/// For a folder of real overlays: `LAW=<folder> cargo test --test origins -- --ignored --nocapture`.
#[test]
#[ignore = "needs a folder of kustomizations"]
fn every_value_below_a_folder_comes_from_where_its_origin_says() {
    let root = std::env::var_os("LAW").expect("`LAW` names a folder");
    let mut verdict = Verdict::default();
    for folder in kustomizations(Path::new(&root)) {
        verdict.add(&folder);
    }
    let Verdict { built, nodes, steps, broken } = &verdict;
    eprintln!("{built} builds, {nodes} nodes, {} broken, steps: {steps:?}", broken.len());
    verdict.holds();
}
