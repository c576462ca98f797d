//! How fast and how large rendering is, and its ratio to kustomize in the same run where one is on PATH: overlays over
//! 1,000 to 4,000 objects, an overlay over large definitions, a small one; then what a node costs in bytes, and what one
//! more overlay over a shared base costs. `GITOPS_GUARD_BENCH_OVERLAY=DIR` measures an overlay of yours instead.
//!
//! Never: a timed test; it prints figures and fails only if the two outputs differ.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark writes its input and prints")]

mod peer;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gitops_guard::base::{RepoPath, Side, Sources};
use gitops_guard::model::Trees;
use gitops_guard::read;
use gitops_guard::render::{self, Build, BuildKind, Renderer};
use peer::{Cost, fastest, fastest_process, megabytes, millis, once, put, ratio};

const GUARD: &str = env!("CARGO_BIN_EXE_gitops-guard");
const SIZES: [usize; 3] = [1_000, 2_000, 4_000];
/// kustomize takes a minute and more beyond.
const PEER_UP_TO: usize = 2_000;
const OVERLAYS: usize = 200;
/// The definitions of the large overlay, and the fields of each: 12 MB in all.
const DEFINITIONS: usize = 24;
const FIELDS: usize = 2_600;

fn main() {
    let peer = peer::kustomize();
    if let Ok(overlay) = std::env::var("GITOPS_GUARD_BENCH_OVERLAY") {
        compare(&overlay, peer, Runs { ours: 7, theirs: 3 });
        return;
    }
    let folder = tempfile::tempdir().expect("a folder for the input");
    let root = folder.path();
    for objects in SIZES {
        let name = format!("n{objects}");
        write_scale(root, &name, objects);
        scale(root, &name, objects, peer.filter(|_| objects <= PEER_UP_TO));
    }
    write_large(root);
    compare(&path(root, "large/overlay"), peer, Runs { ours: 5, theirs: 2 });
    write_small(root);
    start(&path(root, "small/o0"));
    memory(&root.join("n1000"));
    shared_base(&root.join("small"));
}

fn path(root: &Path, below: &str) -> String {
    root.join(below).to_str().expect("a path of ours").to_owned()
}

/// An overlay over many small objects: in this process and as a process of its own.
fn scale(root: &Path, name: &str, objects: usize, peer: Option<&str>) {
    let (printed, ours, cpu) = fastest(15, || render_once(&root.join(name), "overlay"));
    let overlay = path(root, &format!("{name}/overlay"));
    let process = fastest_process(15, GUARD, &["render", &overlay]).expect("the overlay builds");
    assert!(process.printed == printed, "the command prints other bytes than the library");
    let each = |time: Duration| time.as_secs_f64() * 1e6 / objects as f64;
    println!(
        "{objects} objects: in process {:.1} ms (cpu {:.1} ms, {:.1} us an object), as a process {:.1} ms (cpu {:.1} ms, \
         {:.1} us), {}",
        millis(ours),
        millis(cpu),
        each(cpu),
        millis(process.wall),
        millis(process.cpu),
        each(process.cpu),
        megabytes(process.peak)
    );
    let Some(theirs) = peer.and_then(|peer| once(peer, &["build", &overlay])) else { return };
    assert!(theirs.printed == printed, "kustomize prints other bytes");
    println!(
        "  kustomize: {:.0} ms (cpu {:.0} ms), {}: {:.0}x in process, {:.0}x as a process; by cpu {:.0}x and {:.0}x",
        millis(theirs.wall),
        millis(theirs.cpu),
        megabytes(theirs.peak),
        ratio(theirs.wall, ours),
        ratio(theirs.wall, process.wall),
        ratio(theirs.cpu, cpu),
        ratio(theirs.cpu, process.cpu)
    );
}

/// How often each side is run.
#[derive(Clone, Copy)]
struct Runs {
    ours: u32,
    theirs: u32,
}

/// An overlay of any kind, process against process.
fn compare(overlay: &str, peer: Option<&str>, runs: Runs) {
    let ours = fastest_process(runs.ours, GUARD, &["render", overlay]).expect("the overlay builds");
    let size = ours.printed.len() as f64 / 1e6;
    let cpu = millis(ours.cpu);
    println!("{overlay}: {size:.1} MB out, {:.1} ms (cpu {cpu:.1} ms), {}", millis(ours.wall), megabytes(ours.peak));
    let Some(theirs) = peer.and_then(|peer| fastest_process(runs.theirs, peer, &["build", overlay])) else { return };
    assert!(theirs.printed == ours.printed, "kustomize prints other bytes");
    let (wall, cpu) = (millis(theirs.wall), millis(theirs.cpu));
    println!("  kustomize: {wall:.0} ms (cpu {cpu:.0} ms), {}: {}", megabytes(theirs.peak), shares(&ours, &theirs));
}

fn shares(ours: &Cost, theirs: &Cost) -> String {
    let time = format!("{:.0}x as fast, by cpu {:.0}x", ratio(theirs.wall, ours.wall), ratio(theirs.cpu, ours.cpu));
    match (ours.peak, theirs.peak) {
        (Some(mine), Some(peer)) => format!("{time} in {:.0} % of its memory", 100.0 * mine as f64 / peer as f64),
        _ => time,
    }
}

/// What a process costs before it does anything: an overlay of four objects beside `--version`.
fn start(overlay: &str) {
    let small = fastest_process(60, GUARD, &["render", overlay]).expect("the overlay builds");
    let floor = fastest_process(60, GUARD, &["--version"]).expect("it has a version");
    println!(
        "4 objects, whole process: {:.2} ms (cpu {:.2} ms); `--version`: {:.2} ms (cpu {:.2} ms); both with the `time` \
         that measures them",
        millis(small.wall),
        millis(small.cpu),
        millis(floor.wall),
        millis(floor.cpu)
    );
}

fn render_once(root: &Path, overlay: &str) -> String {
    let sources = Arc::new(Sources::default());
    let snapshot = read::folder(Side::Head, &sources, root).expect("the input is readable");
    let trees = Trees::new(sources);
    let renderer = Renderer::new(&snapshot, &trees, render::Options::default());
    let path = RepoPath::new(overlay).expect("a path");
    let rendered = renderer.build(&Build::plain(path, BuildKind::Kustomize));
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
    let overlays: Vec<String> = (0..OVERLAYS).map(|row| format!("o{row}")).collect();
    let best = |overlays: &[String]| (0..7).map(|_| render_all(root, overlays)).min().unwrap_or_default();
    let each = best(&overlays).saturating_sub(best(&overlays[..1])) / (OVERLAYS as u32 - 1);
    println!(
        "one more overlay (4 objects, 6 edits) over a shared base, without printing: {:.1} us",
        each.as_secs_f64() * 1e6
    );
}

fn render_all(root: &Path, overlays: &[String]) -> Duration {
    let sources = Arc::new(Sources::default());
    let snapshot = read::folder(Side::Head, &sources, root).expect("the input is readable");
    let trees = Trees::new(sources);
    let began = Instant::now();
    let renderer = Renderer::new(&snapshot, &trees, render::Options::default());
    for overlay in overlays {
        let path = RepoPath::new(overlay).expect("a path");
        let rendered = renderer.build(&Build::plain(path, BuildKind::Kustomize));
        assert!(!rendered.objects.is_empty(), "{:?}", rendered.problems);
    }
    began.elapsed()
}

/// The four objects of one application.
fn application(row: usize) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{row}\nspec:\n  replicas: 1\n  selector:\n    \
         matchLabels:\n      app: app-{row}\n  template:\n    metadata:\n      labels:\n        app: app-{row}\n    \
         spec:\n      serviceAccountName: sa-{row}\n      containers:\n      - name: main\n        \
         image: registry.example.com/app-{row}:1.0.0\n        envFrom:\n        - configMapRef:\n            \
         name: cm-{row}\n        ports:\n        - containerPort: 8080\n---\napiVersion: v1\nkind: Service\n\
         metadata:\n  name: svc-{row}\nspec:\n  selector:\n    app: app-{row}\n  ports:\n  - port: 80\n    \
         targetPort: 8080\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: sa-{row}\n---\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cm-{row}\ndata:\n  key: value-{row}\n---\n"
    )
}

fn write_scale(root: &Path, name: &str, objects: usize) {
    put(root, &format!("{name}/base/all.yaml"), &(0..objects / 4).map(application).collect::<String>());
    put(root, &format!("{name}/base/kustomization.yaml"), "resources:\n- all.yaml\n");
    put(
        root,
        &format!("{name}/overlay/kustomization.yaml"),
        "resources:\n- ../base\nnamePrefix: prod-\nnamespace: prod\ncommonAnnotations:\n  team: x\nlabels:\n- pairs:\n    \
         env: prod\n  includeSelectors: true\nimages:\n- name: registry.example.com/app-7\n  newTag: 2.0.0\npatches:\n\
         - target:\n    kind: Deployment\n  patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata:\n      \
         name: any\n    spec:\n      replicas: 3\n",
    );
}

fn write_small(root: &Path) {
    put(root, "small/base/all.yaml", &application(0));
    put(root, "small/base/kustomization.yaml", "resources:\n- all.yaml\n");
    for row in 0..OVERLAYS {
        let text = format!("resources:\n- ../base\nnamespace: team-{row}\nreplicas:\n- name: app-0\n  count: {row}\n");
        put(root, &format!("small/o{row}/kustomization.yaml"), &text);
    }
}

/// Definitions with large schemas, as operators ship them, under an overlay that touches each.
fn write_large(root: &Path) {
    let mut list = String::from("resources:\n");
    for row in 0..DEFINITIONS {
        let mut text = format!(
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: \
             widgets{row}.example.com\nspec:\n  group: example.com\n  names:\n    kind: Widget{row}\n    plural: \
             widgets{row}\n  scope: Namespaced\n  versions:\n  - name: v1\n    served: true\n    storage: true\n    \
             schema:\n      openAPIV3Schema:\n        type: object\n        properties:\n"
        );
        for field in 0..FIELDS {
            write!(
                text,
                "          field{field}:\n            description: |-\n              What the controller does with part \
                 {field}: it is read once and kept.\n              See the manual for more: it's \"long\" and wide.\n            \
                 type: object\n            properties:\n              name:\n                type: string\n"
            )
            .expect("text grows");
        }
        put(root, &format!("large/base/widget{row}.yaml"), &text);
        writeln!(list, "- widget{row}.yaml").expect("text grows");
    }
    put(root, "large/base/kustomization.yaml", &list);
    put(
        root,
        "large/overlay/kustomization.yaml",
        "resources:\n- ../base\nnamespace: operators\nlabels:\n- pairs:\n    part-of: widgets\n",
    );
}
