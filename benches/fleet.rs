//! A fleet: many clusters that all apply the same applications, each through an overlay of its own over shared bases.
//! What `check` costs after a change of one file, beside reading and parsing the files of the fleet on one thread in the
//! same run, by this tool's parser and by `serde_yaml`, and how its memory grows with the clusters.
//!
//! Never: a timed test; it prints figures.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark writes its input and prints")]

mod peer;

use std::fs;
use std::path::Path;
use std::process::Command;

use gitops_guard::parse;
use peer::{Cost, megabytes, millis, put, ratio};
use serde::Deserialize as _;

const GUARD: &str = env!("CARGO_BIN_EXE_gitops-guard");
/// How often each check is run.
const RUNS: u32 = 3;
/// The sizes at which memory is measured; times are told of the last.
const CLUSTERS: [usize; 3] = [50, 100, 200];
/// The applications of one cluster.
const APPLICATIONS: usize = 50;
const BASES: usize = 100;

/// Who applies the overlays.
#[derive(Clone, Copy)]
enum Delivery {
    /// A Flux Kustomization for each.
    Flux,
    /// An Argo CD Application for each.
    Argo,
    /// One ApplicationSet for each cluster, which lists the folders.
    ApplicationSets,
}

impl Delivery {
    fn name(self) -> &'static str {
        match self {
            Self::Flux => "Flux Kustomizations",
            Self::Argo => "Argo CD Applications",
            Self::ApplicationSets => "ApplicationSets",
        }
    }
}

fn main() {
    for delivery in [Delivery::Flux, Delivery::Argo, Delivery::ApplicationSets] {
        fleet(delivery);
    }
}

fn fleet(delivery: Delivery) {
    println!("{} over {BASES} bases, {APPLICATIONS} in each cluster:", delivery.name());
    let mut before: Option<(usize, u64)> = None;
    for clusters in CLUSTERS {
        let folder = tempfile::tempdir().expect("a folder for the input");
        let root = folder.path();
        let files = write_fleet(root, clusters, delivery);
        git(root, &["init", "-q", "-b", "main"]);
        git(root, &["add", "-A"]);
        git(root, &["-c", "user.name=b", "-c", "user.email=b@example.com", "commit", "-qm", "fleet"]);
        let (_, read, read_cpu) = peer::fastest(RUNS, || read_and_parse(root, |text| parse::parse(text).len()));
        let (_, serde, serde_cpu) = peer::fastest(RUNS, || read_and_parse(root, serde_documents));
        println!(
            "  {clusters} clusters, {files} files: read and parsed by one thread in {:.0} ms (cpu {:.0} ms), by serde_yaml \
             in {:.0} ms (cpu {:.0} ms)",
            millis(read),
            millis(read_cpu),
            millis(serde),
            millis(serde_cpu)
        );
        let mut peak = None;
        for change in CHANGES {
            let cost = change.judged(root);
            println!(
                "    {}: {:.0} ms (cpu {:.0} ms), {:.2}x its own parser (by cpu {:.2}x), {:.2}x serde_yaml (by cpu {:.2}x), {}",
                change.name,
                millis(cost.wall),
                millis(cost.cpu),
                ratio(cost.wall, read),
                ratio(cost.cpu, read_cpu),
                ratio(cost.wall, serde),
                ratio(cost.cpu, serde_cpu),
                megabytes(cost.peak)
            );
            peak = cost.peak;
        }
        let overlays = clusters * APPLICATIONS;
        if let (Some((fewer, smaller)), Some(peak)) = (before, peak) {
            let grown = peak.saturating_sub(smaller) as f64 / (overlays - fewer) as f64;
            println!("    {grown:.0} bytes of memory for each overlay more");
        }
        before = peak.map(|peak| (overlays, peak));
    }
}

/// Makes general values of the documents of a text; gives how many there are.
fn serde_documents(text: &str) -> usize {
    serde_yaml::Deserializer::from_str(text).filter_map(|one| serde_yaml::Value::deserialize(one).ok()).count()
}

/// Reads every file of a folder and parses it, one after the other. Gives how much they hold, as the parser counts.
fn read_and_parse(root: &Path, parse: impl Fn(&str) -> usize) -> usize {
    let mut folders = vec![root.to_owned()];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the folder is ours") {
            let entry = entry.expect("the folder is ours");
            let path = entry.path();
            if entry.file_type().expect("the folder is ours").is_dir() {
                if entry.file_name() != ".git" {
                    folders.push(path);
                }
                continue;
            }
            let text = fs::read_to_string(path).expect("the files are text");
            count += parse(&text);
        }
    }
    count
}

/// A change of one file.
struct Change {
    name: &'static str,
    path: &'static str,
    from: &'static str,
    to: &'static str,
}

const CHANGES: [Change; 3] = [
    Change { name: "nothing changed", path: "README.md", from: "", to: "" },
    Change {
        name: "one overlay changed",
        path: "clusters/cluster-007/app-3/patch.yaml",
        from: "replicas: 2",
        to: "replicas: 3",
    },
    Change { name: "one base changed", path: "bases/app-3/deployment.yaml", from: "cpu: 100m", to: "cpu: 200m" },
];

impl Change {
    /// What it costs to check the changed tree against the commit.
    fn judged(&self, root: &Path) -> Cost {
        let path = root.join(self.path);
        let text = fs::read_to_string(&path).expect("the file is ours");
        fs::write(&path, text.replacen(self.from, self.to, 1)).expect("the file is ours");
        let folder = root.to_str().expect("a path that is text");
        let cost = peer::fastest_process(RUNS, GUARD, &["check", "--base", "HEAD", "--fail-on", "never", folder]);
        fs::write(&path, text).expect("the file is ours");
        cost.expect("the check runs")
    }
}

fn git(root: &Path, args: &[&str]) {
    let done = Command::new("git").args(args).current_dir(root).output().expect("git runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Writes the fleet and gives its number of files.
fn write_fleet(root: &Path, clusters: usize, delivery: Delivery) -> usize {
    put(root, "README.md", "# fleet\n");
    let mut files = 1;
    for base in 0..BASES {
        files += write_base(root, base);
    }
    for cluster in 0..clusters {
        let name = format!("cluster-{cluster:03}");
        for row in 0..APPLICATIONS {
            // Each base is the base of every second cluster.
            let base = (row + cluster % 2 * APPLICATIONS) % BASES;
            files += write_overlay(root, &name, row, base) + write_application(root, &name, row, delivery);
        }
        if let Delivery::ApplicationSets = delivery {
            put(root, &format!("argocd/{name}.yaml"), &application_set(&name));
            files += 1;
        }
    }
    if !matches!(delivery, Delivery::Flux) {
        put(root, "argocd/project.yaml", PROJECT);
        files += 1;
    }
    files
}

const PROJECT: &str = "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata:\n  name: apps\n  namespace: argocd\nspec:\n  \
                       description: all applications\n";

fn write_base(root: &Path, base: usize) -> usize {
    let (folder, name) = (format!("bases/app-{base}"), format!("app-{base}"));
    put(
        root,
        &format!("{folder}/kustomization.yaml"),
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- deployment.yaml\n- service.yaml\n\
         - account.yaml\n- settings.yaml\n",
    );
    put(root, &format!("{folder}/deployment.yaml"), &deployment(&name));
    put(
        root,
        &format!("{folder}/service.yaml"),
        &format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: {name}\nspec:\n  selector:\n    app: {name}\n  \
             ports:\n  - name: http\n    port: 80\n    targetPort: http\n"
        ),
    );
    put(
        root,
        &format!("{folder}/account.yaml"),
        &format!("apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {name}\n  namespace: {name}\n"),
    );
    put(
        root,
        &format!("{folder}/settings.yaml"),
        &format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: {name}\ndata:\n  log: info\n  listen: :8080\n"
        ),
    );
    5
}

fn deployment(name: &str) -> String {
    let digest = "0123456789abcdef".repeat(4);
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  namespace: {name}\n  labels:\n    app: {name}\nspec:\n  \
         replicas: 1\n  selector:\n    matchLabels:\n      app: {name}\n  template:\n    metadata:\n      labels:\n        \
         app: {name}\n    spec:\n      serviceAccountName: {name}\n      securityContext:\n        runAsNonRoot: true\n        \
         seccompProfile:\n          type: RuntimeDefault\n      containers:\n      - name: main\n        image: \
         registry.example.com/{name}:1.0.0@sha256:{digest}\n        ports:\n        - name: http\n          containerPort: \
         8080\n        envFrom:\n        - configMapRef:\n            name: {name}\n        securityContext:\n          \
         allowPrivilegeEscalation: false\n          readOnlyRootFilesystem: true\n          capabilities:\n            \
         drop: [ALL]\n        readinessProbe:\n          httpGet: {{path: /ready, port: http}}\n        resources:\n          \
         requests:\n            cpu: 100m\n            memory: 128Mi\n          limits:\n            memory: 128Mi\n"
    )
}

fn write_overlay(root: &Path, cluster: &str, row: usize, base: usize) -> usize {
    let folder = format!("clusters/{cluster}/app-{row}");
    put(
        root,
        &format!("{folder}/kustomization.yaml"),
        &format!(
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- ../../../bases/app-{base}\n\
             patches:\n- path: patch.yaml\n"
        ),
    );
    put(
        root,
        &format!("{folder}/patch.yaml"),
        &format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{base}\n  namespace: app-{base}\n  annotations:\n    \
             example.com/cluster: {cluster}\nspec:\n  replicas: 2\n"
        ),
    );
    2
}

fn write_application(root: &Path, cluster: &str, row: usize, delivery: Delivery) -> usize {
    let folder = format!("clusters/{cluster}/app-{row}");
    // All of a cluster wait for its first.
    let waits = if row == 0 { "" } else { "  dependsOn:\n  - name: app-0\n" };
    let text = match delivery {
        Delivery::ApplicationSets => return 0,
        Delivery::Flux => format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: app-{row}\n  namespace: \
             flux-system\nspec:\n  interval: 10m\n  retryInterval: 2m\n  timeout: 5m\n  path: ./{folder}\n  prune: true\n  wait: true\n{waits}  \
             sourceRef:\n    kind: GitRepository\n    name: flux-system\n"
        ),
        Delivery::Argo => format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {cluster}-app-{row}\n  namespace: \
             argocd\nspec:\n  project: apps\n  source:\n    repoURL: https://example.com/fleet.git\n    targetRevision: main\n    \
             path: {folder}\n  destination:\n    name: {cluster}\n  syncPolicy:\n    automated:\n      prune: true\n      selfHeal: true\n"
        ),
    };
    put(root, &format!("{folder}.yaml"), &text);
    1
}

fn application_set(cluster: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata:\n  name: {cluster}\n  namespace: argocd\nspec:\n  \
         goTemplate: true\n  goTemplateOptions: [missingkey=error]\n  generators:\n  - git:\n      repoURL: \
         https://example.com/fleet.git\n      revision: main\n      directories:\n      - path: clusters/{cluster}/*\n  \
         template:\n    metadata:\n      name: '{cluster}-{{{{ .path.basename }}}}'\n    spec:\n      project: apps\n      source:\n        \
         repoURL: https://example.com/fleet.git\n        targetRevision: main\n        path: '{{{{ .path.path }}}}'\n      \
         destination:\n        name: {cluster}\n"
    )
}
