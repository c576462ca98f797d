//! Builds of small kustomizations against what kustomize v5.7.1 prints for them, and the place and words of what does not
//! build. `testdata/render/<case>/in` is built; `out.yaml` is kustomize's own output, `error.txt` our line.
//!
//! Never: an expectation that kustomize does not share, but for the words of an error, and what `testdata/differences` says
//! is otherwise.

#![expect(clippy::disallowed_methods, reason = "a test reads its cases")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gitops_guard::base::{BlobId, Entry, LoadError, Loader, RepoPath, Side, Snapshot, Sources};
use gitops_guard::model::Trees;
use gitops_guard::render::{Build, BuildKind, Options, Renderer, file_names, print};

struct Disk(PathBuf);

impl Loader for Disk {
    fn load(&self, path: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
        std::fs::read(self.0.join(path.as_str())).map_err(|error| LoadError(error.to_string()))
    }
}

fn snapshot(root: &Path, sources: &Arc<Sources>) -> Snapshot {
    let loader: Arc<dyn Loader> = Arc::new(Disk(root.to_owned()));
    let mut entries = BTreeMap::new();
    for found in walkdir::WalkDir::new(root).into_iter().map(|found| found.expect("testdata can be read")) {
        if found.file_type().is_file() {
            let path = found.path().strip_prefix(root).expect("below the root").to_str().expect("UTF-8");
            let path = RepoPath::new(path).expect("a path in the tree");
            entries.insert(path.clone(), Entry::File(sources.intern(&path, None, &loader)));
        }
    }
    Snapshot::listed(Side::Head, sources.clone(), entries)
}

/// What a build prints, or its problems, a line each.
fn rendered(renderer: &Renderer<'_>, trees: &Trees, folder: &str) -> Result<String, String> {
    let path = RepoPath::new(folder).expect("a path in the tree");
    let built = renderer.build(&Build::plain(path, BuildKind::Kustomize));
    let mut problems = built.problems;
    if problems.is_empty() {
        match print(trees, &built.objects) {
            Ok(text) => return Ok(text),
            Err(problem) => problems.push(problem),
        }
    }
    let sources = trees.sources();
    let line = |at| {
        let start = sources.positions(at).0;
        format!("{}:{}:{}", sources.path(at.file), start.line, start.column)
    };
    let lines: Vec<String> =
        problems.iter().map(|problem| format!("{}: {}\n", line(problem.at), problem.message)).collect();
    Err(lines.concat())
}

#[test]
fn kustomizations_build_as_kustomize_builds_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/render");
    let sources = Arc::new(Sources::default());
    let snapshot = snapshot(&root, &sources);
    let trees = Trees::new(sources.clone());
    let renderer = Renderer::new(&snapshot, &trees, Options::default());
    let cases = snapshot.list(&RepoPath::root());
    assert!(cases.len() > 15, "the cases are there");
    let mut wrong = String::new();
    for case in cases {
        let wanted = |name: &str| std::fs::read_to_string(root.join(&case).join(name));
        let (fits, got) = match rendered(&renderer, &trees, &format!("{case}/in")) {
            Ok(text) => (wanted("out.yaml").is_ok_and(|wanted| wanted == text), text),
            Err(lines) => (wanted("error.txt").is_ok_and(|wanted| wanted == lines), lines),
        };
        if !fits {
            wrong = wrong + "--- " + &case + "\n" + &got;
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What kustomize v5.7.1 does otherwise (`kustomize.yaml`; none where it fails), as random kustomizations showed it, and what
/// we do there (`ours.yaml`; none where it is refused). A case that changes is told; one that agrees belongs with the others.
#[test]
fn what_is_known_to_differ_from_kustomize_differs_as_it_did() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/differences");
    let sources = Arc::new(Sources::default());
    let snapshot = snapshot(&root, &sources);
    let trees = Trees::new(sources.clone());
    let renderer = Renderer::new(&snapshot, &trees, Options::default());
    let mut wrong = String::new();
    for case in snapshot.list(&RepoPath::root()) {
        let kept = |name: &str| std::fs::read_to_string(root.join(&case).join(name)).ok();
        let build = kept("build").expect("a case names the folder that is built");
        let got = rendered(&renderer, &trees, &format!("{case}/in/{}", build.trim())).ok();
        if got == kept("kustomize.yaml") {
            wrong = wrong + "--- " + &case + " agrees: move it to testdata/render\n";
        } else if got != kept("ours.yaml") {
            wrong = wrong + "--- " + &case + "\n" + &got.unwrap_or_default();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_file_that_was_read_is_named_once_and_the_kustomization_first() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/render");
    let sources = Arc::new(Sources::default());
    let snapshot = snapshot(&root, &sources);
    let trees = Trees::new(sources.clone());
    let renderer = Renderer::new(&snapshot, &trees, Options::default());
    let path = RepoPath::new("overlay/in").expect("a path in the tree");
    let build = Build::plain(path, BuildKind::Kustomize);
    let names: Vec<String> = renderer
        .build(&build)
        .files
        .iter()
        .map(|file| sources.path(*file).as_str()["overlay/in/".len()..].to_owned())
        .collect();
    assert_eq!(
        names,
        [
            "kustomization.yaml",
            "base/app.conf",
            "base/app.env",
            "base/kustomization.yaml",
            "base/raw.bin",
            "base/web.yaml",
            "extra.yaml",
            "image.yaml",
            "tuned/kustomization.yaml",
        ]
    );
}

#[test]
fn a_value_of_an_inline_patch_is_where_the_kustomization_writes_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/render");
    let sources = Arc::new(Sources::default());
    let snapshot = snapshot(&root, &sources);
    let trees = Trees::new(sources.clone());
    let renderer = Renderer::new(&snapshot, &trees, Options::default());
    let path = RepoPath::new("overlay/in").expect("a path in the tree");
    let built = renderer.build(&Build::plain(path, BuildKind::Kustomize));
    let place = |kind: &str, path: &[&str]| {
        let object = built.objects.iter().find(|object| &*object.key.kind == kind).expect("it is built");
        let value = path.iter().fold(object.view(&trees), |at, name| at.get(name).expect("the field is there"));
        let at = value.place();
        (sources.path(at.file).as_str().to_owned(), sources.slice(at).to_owned(), sources.positions(at).0.line)
    };
    let here = |file: &str, text: &str, line| (format!("overlay/in/{file}"), text.to_owned(), line);
    assert_eq!(place("Deployment", &["spec", "replicas"]), here("kustomization.yaml", "3", 14));
    assert_eq!(
        place("Deployment", &["metadata", "annotations", "tuned"]),
        here("tuned/kustomization.yaml", "\"true\"", 6)
    );
    assert_eq!(place("ConfigMap", &["data", "LEVEL"]), here("kustomization.yaml", "warn", 8));
    assert_eq!(place("ConfigMap", &["data", "QUOTED"]), here("kustomization.yaml", "yes", 8));
    assert_eq!(place("ConfigMap", &["data", "SPACED"]), here("base/app.env", "a=b ", 3));
}

#[test]
fn what_is_not_rendered_leaves_the_rest_of_the_overlay() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/render");
    let sources = Arc::new(Sources::default());
    let snapshot = snapshot(&root, &sources);
    let trees = Trees::new(sources.clone());
    let renderer = Renderer::new(&snapshot, &trees, Options::default());
    let built = |case: &str| {
        let path = RepoPath::new(&format!("{case}/in")).expect("a path in the tree");
        let objects = renderer.build(&Build::plain(path, BuildKind::Kustomize)).objects;
        objects.iter().map(|object| object.key.kind.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(built("not-rendered"), ["ConfigMap", "Secret"]);
    assert_eq!(built("not-here"), ["Secret"]);
}

#[test]
fn a_file_for_each_object_is_called_as_kustomize_calls_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/render");
    let sources = Arc::new(Sources::default());
    let snapshot = snapshot(&root, &sources);
    let trees = Trees::new(sources.clone());
    let renderer = Renderer::new(&snapshot, &trees, Options::default());
    let names = |case: &str| {
        let path = RepoPath::new(&format!("{case}/in")).expect("a path in the tree");
        file_names(&renderer.build(&Build::plain(path, BuildKind::Kustomize)).objects)
    };
    assert_eq!(
        names("files"),
        [
            "v1_namespace_ns.yaml",
            "rbac.authorization.k8s.io_v1_clusterrole_system:foo.yaml",
            "default_v1_configmap_gen-4h2mbtbbt6.yaml",
            "ns_v1_service_foo.bar.yaml",
            "other_v1_service_a.yaml",
            "default_v1_service_a.yaml",
        ]
    );
    assert_eq!(names("replicas")[0], "apps_v1_deployment_a.yaml", "one namespace is in no name");
}
