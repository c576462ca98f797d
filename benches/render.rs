//! Renders a synthetic overlay over 1,000 objects in process, and prints the ratio to kustomize where one is on PATH;
//! then what a node costs in bytes, and what one more overlay over a shared base costs.
//!
//! Never: a timed test; it prints figures and fails only if the two outputs differ.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark writes its input and prints")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gitops_guard::base::{RepoPath, Side, Sources};
use gitops_guard::model::Trees;
use gitops_guard::read;
use gitops_guard::render::{self, Build, BuildKind, Renderer};

const OBJECTS: usize = 1_000;
const OVERLAYS: usize = 200;

fn main() {
    let folder = tempfile::tempdir().expect("a folder for the input");
    write_input(folder.path());
    let (printed, ours) = fastest(7, || render_once(folder.path(), "overlay"));
    println!("render {OBJECTS} objects with an overlay, reading included: {:.2} ms", millis(ours));
    match peer(&folder.path().join("overlay")) {
        None => println!("ratio to kustomize: none on PATH"),
        Some((name, theirs, peers)) => {
            assert!(theirs == printed, "{name} prints other bytes");
            println!("{name}, whole process: {:.0} ms", millis(peers));
            println!("ratio to {name}: {:.0}x", peers.as_secs_f64() / ours.as_secs_f64());
        }
    }
    memory(folder.path());
    shared_base(folder.path());
}

fn render_once(root: &Path, overlay: &str) -> String {
    let sources = Arc::new(Sources::default());
    let snapshot = read::folder(Side::Head, &sources, root).expect("the input is readable");
    let trees = Trees::new(sources);
    let renderer = Renderer::new(&snapshot, &trees, render::Options::default());
    let path = RepoPath::new(overlay).expect("a path");
    let rendered = renderer.build(&Build { path, kind: BuildKind::Kustomize });
    assert!(rendered.problems.is_empty(), "{:?}", rendered.problems);
    render::print(&trees, &rendered.objects).expect("it can be printed")
}

fn memory(root: &Path) {
    let sources = Arc::new(Sources::default());
    let snapshot = read::folder(Side::Head, &sources, root).expect("the input is readable");
    let trees = Trees::new(sources.clone());
    let (mut nodes, mut text) = (0, 0);
    for (_, file) in snapshot.files() {
        nodes += trees.parsed(file).len();
        text += sources.text(file).len();
    }
    println!(
        "{nodes} nodes of 16 bytes for {text} bytes of text: {:.2} bytes of tree a byte of text",
        nodes as f64 * 16.0 / text as f64
    );
}

/// What each further overlay over one base costs, when all are rendered in one run.
fn shared_base(root: &Path) {
    let overlays: Vec<String> = (0..OVERLAYS).map(|row| format!("small/o{row}")).collect();
    let (_, one) = fastest(5, || render_all(root, &overlays[..1]));
    let (_, all) = fastest(5, || render_all(root, &overlays));
    let each = (all.saturating_sub(one)) / (OVERLAYS as u32 - 1);
    println!(
        "one more overlay (4 objects, 6 edits) over a shared base, without printing: {:.1} us",
        each.as_secs_f64() * 1e6
    );
}

fn render_all(root: &Path, overlays: &[String]) -> usize {
    let sources = Arc::new(Sources::default());
    let snapshot = read::folder(Side::Head, &sources, root).expect("the input is readable");
    let trees = Trees::new(sources);
    let began = Instant::now();
    let renderer = Renderer::new(&snapshot, &trees, render::Options::default());
    let mut objects = 0;
    for overlay in overlays {
        let path = RepoPath::new(overlay).expect("a path");
        objects += renderer.build(&Build { path, kind: BuildKind::Kustomize }).objects.len();
    }
    LAST.with(|last| last.set(began.elapsed()));
    objects
}

thread_local! {
    /// The time of the part of a run that is measured, where that is not all of it.
    static LAST: std::cell::Cell<Duration> = const { std::cell::Cell::new(Duration::ZERO) };
}

fn fastest<T>(runs: usize, work: impl Fn() -> T) -> (T, Duration) {
    let once = || {
        LAST.with(|last| last.set(Duration::ZERO));
        let began = Instant::now();
        let out = work();
        let whole = began.elapsed();
        let part = LAST.with(std::cell::Cell::get);
        (out, if part.is_zero() { whole } else { part })
    };
    let mut best = once();
    for _ in 1..runs {
        let next = once();
        if next.1 < best.1 {
            best = next;
        }
    }
    best
}

/// kustomize or kubectl, whichever is on PATH: what it prints and its fastest of three runs.
fn peer(overlay: &Path) -> Option<(&'static str, String, Duration)> {
    for (name, program, verb) in [("kustomize", "kustomize", "build"), ("kubectl", "kubectl", "kustomize")] {
        let run = || Command::new(program).arg(verb).arg(overlay).output();
        let Ok(first) = run() else { continue };
        if !first.status.success() {
            continue;
        }
        let (_, time) = fastest(3, run);
        return Some((name, String::from_utf8_lossy(&first.stdout).into_owned(), time));
    }
    None
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn write_input(root: &Path) {
    let mut all = String::new();
    for row in 0..OBJECTS / 4 {
        write!(
            all,
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{row}\nspec:\n  replicas: 1\n  selector:\n    \
             matchLabels:\n      app: app-{row}\n  template:\n    metadata:\n      labels:\n        app: app-{row}\n    \
             spec:\n      serviceAccountName: sa-{row}\n      containers:\n      - name: main\n        \
             image: registry.example.com/app-{row}:1.0.0\n        envFrom:\n        - configMapRef:\n            \
             name: cm-{row}\n        ports:\n        - containerPort: 8080\n---\napiVersion: v1\nkind: Service\n\
             metadata:\n  name: svc-{row}\nspec:\n  selector:\n    app: app-{row}\n  ports:\n  - port: 80\n    \
             targetPort: 8080\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: sa-{row}\n---\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cm-{row}\ndata:\n  key: value-{row}\n---\n"
        )
        .expect("text grows");
        if row == 0 {
            put(root, "small/base/all.yaml", &all);
            put(root, "small/base/kustomization.yaml", "resources:\n- all.yaml\n");
        }
    }
    put(root, "base/all.yaml", &all);
    put(root, "base/kustomization.yaml", "resources:\n- all.yaml\n");
    put(
        root,
        "overlay/kustomization.yaml",
        "resources:\n- ../base\nnamePrefix: prod-\nnamespace: prod\ncommonAnnotations:\n  team: x\nlabels:\n- pairs:\n    \
         env: prod\n  includeSelectors: true\nimages:\n- name: registry.example.com/app-7\n  newTag: 2.0.0\npatches:\n\
         - target:\n    kind: Deployment\n  patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata:\n      \
         name: any\n    spec:\n      replicas: 3\n",
    );
    for row in 0..OVERLAYS {
        let text = format!("resources:\n- ../base\nnamespace: team-{row}\nreplicas:\n- name: app-0\n  count: {row}\n");
        put(root, &format!("small/o{row}/kustomization.yaml"), &text);
    }
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("the folder is ours");
    fs::write(path, text).expect("the folder is ours");
}
