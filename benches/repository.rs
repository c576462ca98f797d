//! Whole repositories: every overlay of a folder rendered in one process, beside single runs of kustomize on a sample;
//! where the time of `check` goes, a line a stage; and what a change to one overlay costs. The input is generated, or
//! the folder that `GITOPS_GUARD_BENCH_REPOSITORY` names (of one repository, or of many).
//!
//! Never: a timed test; it prints figures and fails only if outputs differ.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark writes its input and prints")]

mod peer;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gitops_guard::base::{FileId, History, RepoPath, Side, Snapshot, Sources};
use gitops_guard::delivery::Here;
use gitops_guard::model::Trees;
use gitops_guard::render::{self, Build, BuildKind, LoadRestriction, Renderer};
use gitops_guard::report::{self, Format, Report};
use gitops_guard::rules::{self, Facts, RuleSet, Settings};
use gitops_guard::world::{self, World};
use gitops_guard::{compare, impact, read};
use peer::{millis, once, put, ratio};
use rayon::prelude::*;

const GUARD: &str = env!("CARGO_BIN_EXE_gitops-guard");
/// How many overlays kustomize is run on, at most, spread over all of them.
const SAMPLE: usize = 160;
/// How often `check`'s stages are run.
const RUNS: u32 = 5;
/// The generated repository: applications with a base and three overlays of five objects.
const APPLICATIONS: usize = 850;
const ENVIRONMENTS: [&str; 3] = ["dev", "stage", "prod"];

fn main() {
    let folder = tempfile::tempdir().expect("a folder for the input");
    let given = std::env::var_os("GITOPS_GUARD_BENCH_REPOSITORY").map(PathBuf::from);
    if given.is_none() {
        write_input(folder.path());
    }
    let root = given.unwrap_or_else(|| folder.path().to_owned());
    overlays(&root, peer::kustomize());
    stages(&root);
    one_overlay(&root);
}

/// What all overlays of a folder give.
struct All {
    overlays: usize,
    bytes: usize,
    /// The texts of those that the peer is run on.
    sample: BTreeMap<RepoPath, String>,
}

/// Renders and prints all overlays of a folder. Most texts are let go at once, as a program that prints them would.
fn render_all(root: &Path) -> All {
    let sources = Arc::new(Sources::default());
    let snapshot = read::folder(Side::Head, &sources, root).expect("the input is readable");
    let trees = Trees::new(sources);
    let is_kustomization =
        |path: &RepoPath| matches!(path.name(), "kustomization.yaml" | "kustomization.yml" | "Kustomization");
    let folders: Vec<RepoPath> =
        snapshot.files().filter(|(path, _)| is_kustomization(path)).filter_map(|(path, _)| path.parent()).collect();
    let options = render::Options { load: LoadRestriction::None, ..render::Options::default() };
    let renderer = Renderer::new(&snapshot, &trees, options);
    let step = (folders.len() / SAMPLE).max(1);
    let printed = folders.into_par_iter().enumerate().filter_map(|(row, path)| {
        let rendered = renderer.build(&Build::plain(path.clone(), BuildKind::Kustomize));
        let text = rendered.problems.is_empty().then(|| render::print(&trees, &rendered.objects).ok()).flatten()?;
        Some((text.len(), (row % step == 0).then_some((path, text))))
    });
    let printed: Vec<(usize, Option<(RepoPath, String)>)> = printed.collect();
    All {
        overlays: printed.len(),
        bytes: printed.iter().map(|(bytes, _)| bytes).sum(),
        sample: printed.into_iter().filter_map(|(_, kept)| kept).collect(),
    }
}

fn overlays(root: &Path, peer: Option<&str>) {
    let (All { overlays, bytes, sample }, ours, cpu) = peer::fastest(3, || render_all(root));
    println!(
        "{overlays} overlays in one process, reading and printing included: {:.0} ms (cpu {:.0} ms), {:.1} MB out",
        millis(ours),
        millis(cpu),
        bytes as f64 / 1e6
    );
    let Some(peer) = peer else { return };
    let (mut theirs, mut single) = ([Duration::ZERO; 2], [Duration::ZERO; 2]);
    let (mut count, mut differ) = (0_u32, 0_u32);
    for (path, text) in &sample {
        let folder = root.join(path.as_str());
        let folder = folder.to_str().expect("a path that is text");
        let Some(their) = once(peer, &["build", "--load-restrictor", "LoadRestrictionsNone", folder]) else { continue };
        let Some(mine) = once(GUARD, &["render", "--load-restrictor", "LoadRestrictionsNone", folder]) else {
            continue;
        };
        assert!(mine.printed == *text, "{folder}: the command prints other bytes than the library");
        differ += u32::from(their.printed != *text);
        for (sum, cost) in [(&mut theirs, &their), (&mut single, &mine)] {
            sum[0] += cost.wall;
            sum[1] += cost.cpu;
        }
        count += 1;
    }
    if count == 0 {
        println!("  {peer} builds none of the sample");
        return;
    }
    let scaled = theirs.map(|time| time * overlays as u32 / count);
    println!(
        "  single runs of kustomize on {count} of them: {:.1} ms each (cpu {:.1} ms; {differ} print other bytes), so {:.1} s \
         for all (cpu {:.1} s): {:.0}x, by cpu {:.0}x",
        millis(theirs[0] / count),
        millis(theirs[1] / count),
        scaled[0].as_secs_f64(),
        scaled[1].as_secs_f64(),
        ratio(scaled[0], ours),
        ratio(scaled[1], cpu)
    );
    println!(
        "  ours on the same {count}, as processes: {:.1} ms each (cpu {:.1} ms): {:.0}x, by cpu {:.0}x",
        millis(single[0] / count),
        millis(single[1] / count),
        ratio(theirs[0], single[0]),
        ratio(theirs[1], single[1])
    );
}

/// The stages of `check`, each with the time since the one before.
struct Clock {
    last: Instant,
    lines: Vec<(&'static str, Duration)>,
}

impl Clock {
    fn start() -> Self {
        Self { last: Instant::now(), lines: Vec::new() }
    }

    fn lap(&mut self, stage: &'static str) {
        let now = Instant::now();
        self.lines.push((stage, now - self.last));
        self.last = now;
    }

    fn total(&self) -> Duration {
        self.lines.iter().map(|(_, time)| *time).sum()
    }
}

/// One judgement of a folder against itself: the stages, and how many objects were rendered.
fn judged(root: &Path) -> (Clock, usize) {
    let mut clock = Clock::start();
    let sources = Arc::new(Sources::default());
    let snapshots = [Side::Base, Side::Head].map(|side| read::folder(side, &sources, root).expect("it is readable"));
    let files: Vec<FileId> = snapshots[1].files().map(|(_, file)| file).collect();
    files.par_iter().for_each(|file| {
        let _ = sources.content(*file);
    });
    clock.lap("read");
    let trees = Trees::new(sources);
    let is_text = |path: &RepoPath| {
        path.name() == "Kustomization" || [".yaml", ".yml", ".json"].iter().any(|end| path.name().ends_with(end))
    };
    let texts: Vec<FileId> = snapshots[1].files().filter(|(path, _)| is_text(path)).map(|(_, file)| file).collect();
    texts.par_iter().for_each(|file| {
        trees.parsed(*file);
    });
    clock.lap("parse");
    let (base, head) = worlds(snapshots, &trees);
    clock.lap("render");
    let changes = compare::worlds(&trees, &base, &head);
    let impact = impact::of(&trees, &base, &head, &changes, History::default());
    clock.lap("compare");
    let (rules, settings) = (RuleSet::embedded(), Settings::default());
    let today = settings.today;
    let facts = Facts { trees: &trees, base: Some(&base), head: &head, changes: &changes, impact: &impact, today };
    let verdict = rules::judge(&rules, &facts, &settings);
    clock.lap("rules");
    let objects = head.objects().count();
    let report = Report {
        sources: trees.sources(),
        verdict: &verdict,
        base: None,
        judged: report::Judged { objects, builds: head.builds.len(), files: texts.len() },
        apis: Vec::new(),
        applications: Vec::new(),
        unrendered: Vec::new(),
        deleted: Vec::new(),
        head: &head.snapshot,
        is_empty: false,
        touched: None,
        differences: None,
        links: None,
    };
    report.write(Format::Json, &mut std::io::sink()).expect("nothing is written");
    clock.lap("report");
    (clock, objects)
}

fn worlds([base, head]: [Snapshot; 2], trees: &Trees) -> (World, World) {
    let base = world::gather(Arc::new(base), trees, &Here::default(), None);
    let head = world::gather(Arc::new(head), trees, &Here::default(), Some(&base));
    (base, head)
}

fn stages(root: &Path) {
    let before = peer::cpu(peer::Whose::Own);
    let runs = (0..RUNS).map(|_| judged(root));
    let (clock, objects) = runs.min_by_key(|(clock, _)| clock.total()).expect("five runs");
    let total = clock.total();
    println!("check against itself, {objects} objects: {:.0} ms, of which", millis(total));
    for (stage, time) in &clock.lines {
        println!("  {stage:8} {:8.1} ms {:5.1} %", millis(*time), 100.0 * time.as_secs_f64() / total.as_secs_f64());
    }
    println!("  {:.0} objects a second through all stages", objects as f64 / total.as_secs_f64());
    println!("  (cpu {:.0} ms a run)", millis((peer::cpu(peer::Whose::Own).saturating_sub(before)) / RUNS));
    let folder = root.to_str().expect("a path that is text");
    let args = ["check", "--base", folder, "--quiet", "--severity", "error", "--fail-on", "never", folder];
    let Some(process) = peer::fastest_process(RUNS, GUARD, &args) else { return };
    println!(
        "  as a process, `check --base . .`: {:.0} ms (cpu {:.0} ms), {:.0} objects a second, {}",
        millis(process.wall),
        millis(process.cpu),
        objects as f64 / process.wall.as_secs_f64(),
        peer::megabytes(process.peak)
    );
}

/// A base that differs in the kustomization of one overlay: how many builds are rendered on both sides.
fn one_overlay(root: &Path) {
    let sources = Arc::new(Sources::default());
    let head = read::folder(Side::Head, &sources, root).expect("it is readable");
    let trees = Trees::new(sources.clone());
    let first = world::gather(Arc::new(head), &trees, &Here::default(), None);
    let Some(changed) = first.builds.iter().rfind(|built| built.is_overlay()).map(|built| built.place.file) else {
        return;
    };
    let path = trees.sources().path(changed).clone();
    let copy = tempfile::tempdir().expect("a folder for the base");
    for (at, file) in first.snapshot.files() {
        let bytes = sources.content(file).bytes();
        let to = copy.path().join(at.as_str());
        std::fs::create_dir_all(to.parent().expect("a file lies in a folder")).expect("the folder is ours");
        let mut bytes = bytes.to_vec();
        if *at == path {
            bytes.extend_from_slice(b"\n# before\n");
        }
        std::fs::write(to, bytes).expect("the folder is ours");
    }
    let base = read::folder(Side::Base, &sources, copy.path()).expect("it is readable");
    let head = read::folder(Side::Head, &sources, root).expect("it is readable");
    let (base, head) = worlds([base, head], &trees);
    let before: BTreeMap<&Build, _> = base.builds.iter().map(|built| (&built.build, &built.rendered)).collect();
    let is_shared =
        |built: &&world::Built| before.get(&built.build).is_some_and(|other| Arc::ptr_eq(other, &built.rendered));
    // What does not build is tried again: a file that it missed may have come.
    let (twice, broken): (Vec<&world::Built>, Vec<&world::Built>) =
        head.builds.iter().filter(|built| !is_shared(built)).partition(|built| !built.rendered.objects.is_empty());
    println!(
        "with one overlay changed, {} of {} builds are rendered on both sides, and {} that do not build",
        twice.len(),
        head.builds.len(),
        broken.len()
    );
}

fn write_input(root: &Path) {
    for row in 0..APPLICATIONS {
        let folder = format!("apps/app-{row}");
        let all = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{row}\nspec:\n  replicas: 1\n  selector:\n    \
             matchLabels:\n      app: app-{row}\n  template:\n    metadata:\n      labels:\n        app: app-{row}\n    \
             spec:\n      containers:\n      - name: main\n        image: registry.example.com/app-{row}:1.0.0\n---\n\
             apiVersion: v1\nkind: Service\nmetadata:\n  name: svc-{row}\nspec:\n  selector:\n    app: app-{row}\n  \
             ports:\n  - port: 80\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: sa-{row}\n---\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cm-{row}\ndata:\n  key: value-{row}\n"
        );
        put(root, &format!("{folder}/base/all.yaml"), &all);
        put(root, &format!("{folder}/base/kustomization.yaml"), "resources:\n- all.yaml\n");
        for environment in ENVIRONMENTS {
            let overlay = format!("{folder}/overlays/{environment}");
            let text = format!(
                "resources:\n- ../../base\n- extra.yaml\nnamespace: {environment}-{row}\nreplicas:\n- name: app-{row}\n  \
                 count: 2\n"
            );
            put(root, &format!("{overlay}/kustomization.yaml"), &text);
            let extra =
                format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: extra\ndata:\n  of: {environment}\n");
            put(root, &format!("{overlay}/extra.yaml"), &extra);
            let application = format!(
                "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: app-{row}-{environment}\n  \
                 namespace: argocd\nspec:\n  project: apps\n  source:\n    repoURL: https://example.com/fleet.git\n    \
                 path: {overlay}\n  destination:\n    name: {environment}\n"
            );
            put(root, &format!("clusters/{environment}/app-{row}.yaml"), &application);
        }
    }
}
