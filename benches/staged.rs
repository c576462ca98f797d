//! `check --staged` as the hook runs it, whole process, at 500 and 5,000 objects with one file staged, and its ratio to
//! `git status` in the same repository in the same run, by wall and by cpu time.
//!
//! Never: a timed test; it prints figures.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark starts programs and prints")]

mod peer;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use peer::{Whose, cpu, millis, put};

const RUNS: u32 = 15;
/// The objects of one application: a kustomize base with four, and an overlay.
const OBJECTS: usize = 5;

fn main() {
    for objects in [500, 5_000] {
        let folder = tempfile::tempdir().expect("a folder for the input");
        let root = folder.path();
        write_input(root, objects / OBJECTS);
        git(root, &["init", "-q", "-b", "main"]);
        git(root, &["add", "-A"]);
        git(root, &["-c", "user.name=b", "-c", "user.email=b@example.com", "commit", "-qm", "input"]);
        put(root, "apps/app-0/overlay/kustomization.yaml", "resources:\n- ../base\nnamePrefix: staged-\n");
        git(root, &["add", "-A"]);
        let mut hook = Command::new(env!("CARGO_BIN_EXE_gitops-guard"));
        hook.args(["check", "--staged", "--fail-on", "never"]).current_dir(root);
        let mut status = Command::new("git");
        status.args(["status", "--porcelain"]).current_dir(root);
        // In turn, so that both meet the same machine.
        let mut costs = [(Duration::MAX, Duration::ZERO); 2];
        for _ in 0..RUNS {
            for ((best, sum), command) in costs.iter_mut().zip([&mut hook, &mut status]) {
                let (wall, cpu) = timed(command);
                *best = (*best).min(wall);
                *sum += cpu;
            }
        }
        let [ours, theirs] = costs.map(|(best, sum)| (millis(best), millis(sum) / f64::from(RUNS)));
        println!(
            "{objects} objects: --staged {:.1} ms (cpu {:.1} ms), git status {:.1} ms (cpu {:.1} ms), ratio {:.1}, by cpu {:.1}",
            ours.0,
            ours.1,
            theirs.0,
            theirs.1,
            ours.0 / theirs.0,
            ours.1 / theirs.1
        );
    }
}

/// How long a run takes, and how long processors work for it.
fn timed(command: &mut Command) -> (Duration, Duration) {
    let (before, began) = (cpu(Whose::Children), Instant::now());
    let done = command.output().expect("the program runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    (began.elapsed(), cpu(Whose::Children).saturating_sub(before))
}

fn git(root: &Path, args: &[&str]) {
    let done = Command::new("git").args(args).current_dir(root).output().expect("git runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

fn write_input(root: &Path, applications: usize) {
    for row in 0..applications {
        let mut all = String::new();
        write!(
            all,
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{row}\nspec:\n  replicas: 1\n  selector:\n    \
             matchLabels:\n      app: app-{row}\n  template:\n    metadata:\n      labels:\n        app: app-{row}\n    \
             spec:\n      containers:\n      - name: main\n        image: registry.example.com/app-{row}:1.0.0\n---\n\
             apiVersion: v1\nkind: Service\nmetadata:\n  name: svc-{row}\nspec:\n  selector:\n    app: app-{row}\n  \
             ports:\n  - port: 80\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: sa-{row}\n---\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cm-{row}\ndata:\n  key: value-{row}\n"
        )
        .expect("text grows");
        let folder = format!("apps/app-{row}");
        put(root, &format!("{folder}/base/all.yaml"), &all);
        put(root, &format!("{folder}/base/kustomization.yaml"), "resources:\n- all.yaml\n");
        put(
            root,
            &format!("{folder}/overlay/kustomization.yaml"),
            &format!("resources:\n- ../base\nnamespace: team-{row}\n"),
        );
        put(
            root,
            &format!("clusters/production/app-{row}.yaml"),
            &format!(
                "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: app-{row}\n  namespace: argocd\n\
                 spec:\n  project: apps\n  source:\n    repoURL: https://example.com/fleet.git\n    path: \
                 {folder}/overlay\n  destination:\n    name: production\n"
            ),
        );
    }
}
