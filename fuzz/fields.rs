//! Reads the CRDs of the controllers from clones of their repositories and prints the table of their fields that the
//! library holds (`src/api/known.txt`).
//!
//! `cargo run --example fields -- CLONES > src/api/known.txt`, where `CLONES/argo-cd` and so on are clones, bare or not.
//!
//! Never: a network; a release candidate, but for what the newest commit has more; a description or a default of a CRD.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of its own prints")]

mod table;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use git2::{ObjectType, Repository};
use serde_yaml::Value;

use table::{Kind, Node, Table};

/// A project whose CRDs are read.
struct Project {
    /// The folder of its clone.
    clone: &'static str,
    /// As messages name it.
    title: &'static str,
    /// The folder of its CRDs.
    crds: &'static str,
    /// The first release that counts, as `major.minor`.
    since: (u64, u64),
    /// How the groups of its kinds end.
    group: &'static str,
}

const PROJECTS: &[Project] = &[
    Project { clone: "argo-cd", title: "Argo CD", crds: "manifests/crds", since: (2, 0), group: "argoproj.io" },
    Project { clone: "crossplane", title: "Crossplane", crds: "cluster/crds", since: (1, 0), group: "crossplane.io" },
    Project {
        clone: "flux-operator",
        title: "the Flux operator",
        crds: "config/crd/bases",
        since: (0, 1),
        group: "fluxcd.controlplane.io",
    },
    flux("helm-controller", "helm-controller", (0, 2)),
    flux("image-automation-controller", "image-automation-controller", (0, 1)),
    flux("image-reflector-controller", "image-reflector-controller", (0, 1)),
    flux("kustomize-controller", "kustomize-controller", (0, 2)),
    flux("notification-controller", "notification-controller", (0, 2)),
    flux("source-controller", "source-controller", (0, 2)),
    Project {
        clone: "source-watcher",
        title: "source-watcher",
        crds: "config/crd/bases",
        since: (2, 0),
        group: "source.extensions.fluxcd.io",
    },
    Project { clone: "kratix", title: "Kratix", crds: "config/crd/bases", since: (0, 1), group: "platform.kratix.io" },
    Project { clone: "kro", title: "kro", crds: "helm/crds", since: (0, 1), group: "kro.run" },
];

const fn flux(clone: &'static str, title: &'static str, since: (u64, u64)) -> Project {
    Project { clone, title, crds: "config/crd/bases", since, group: "toolkit.fluxcd.io" }
}

fn main() -> ExitCode {
    let Some(clones) = std::env::args().nth(1) else {
        eprintln!("usage: fields CLONES");
        return ExitCode::from(2);
    };
    let mut table = Table::default();
    for project in PROJECTS {
        if let Err(error) = read(Path::new(&clones), project, &mut table) {
            eprintln!("{}: {error}", project.clone);
            return ExitCode::FAILURE;
        }
    }
    print!("{table}");
    ExitCode::SUCCESS
}

/// Adds the kinds of one project, of the last patch release of each minor one, from the oldest to the newest.
fn read(clones: &Path, project: &Project, table: &mut Table) -> Result<(), String> {
    let repository = Repository::open(clones.join(project.clone)).map_err(|error| error.to_string())?;
    let releases = releases(&repository, project).map_err(|error| error.to_string())?;
    let (Some(first), Some(last)) = (releases.values().next(), releases.values().last()) else {
        return Err("no release".into());
    };
    table.project(project.title, first, last);
    for (number, tag) in &releases {
        let release = format!("v{}.{}", number.0, number.1);
        add(&repository, project, (tag, &release), table)?;
        table.close(&release);
    }
    add(&repository, project, ("HEAD", ""), table)
}

/// Adds the kinds that a commit has, under the name of its release.
fn add(
    repository: &Repository,
    project: &Project,
    (commit, release): (&str, &str),
    table: &mut Table,
) -> Result<(), String> {
    for text in crds(repository, project, commit).map_err(|error| error.to_string())? {
        let crd: Value = serde_yaml::from_str(&text).map_err(|error| format!("{commit}: {error}"))?;
        for (kind, node) in kinds(&crd).filter(|(kind, _)| kind.group.ends_with(project.group)) {
            table.add(kind, node, release);
        }
    }
    Ok(())
}

/// The last patch of each minor release: its number and its tag.
fn releases(repository: &Repository, project: &Project) -> Result<BTreeMap<(u64, u64), String>, git2::Error> {
    let mut last: BTreeMap<(u64, u64), (u64, String)> = BTreeMap::new();
    for tag in repository.tag_names(Some("v*"))?.iter().flatten().flatten() {
        let numbers: Option<Vec<u64>> = tag[1..].split('.').map(|number| number.parse().ok()).collect();
        let Some([major, minor, patch]) = numbers.as_deref() else { continue };
        let known = last.entry((*major, *minor)).or_default();
        if (*major, *minor) >= project.since && (known.1.is_empty() || known.0 < *patch) {
            *known = (*patch, tag.to_owned());
        }
    }
    Ok(last.into_iter().filter(|(_, (_, tag))| !tag.is_empty()).map(|(number, (_, tag))| (number, tag)).collect())
}

fn crds(repository: &Repository, project: &Project, commit: &str) -> Result<Vec<String>, git2::Error> {
    // Early releases had none.
    let Ok(folder) = repository.revparse_single(&format!("{commit}:{}", project.crds)) else { return Ok(Vec::new()) };
    let folder = folder.peel_to_tree()?;
    let mut texts = Vec::new();
    for entry in folder.iter().filter(|entry| entry.kind() == Some(ObjectType::Blob)) {
        if entry.name().is_ok_and(is_crd) {
            let blob = entry.to_object(repository)?.peel_to_blob()?;
            texts.push(String::from_utf8_lossy(blob.content()).into_owned());
        }
    }
    Ok(texts)
}

fn is_crd(name: &str) -> bool {
    name != "kustomization.yaml" && Path::new(name).extension().is_some_and(|ending| ending == "yaml")
}

/// The versions of a CRD, each with its schema.
fn kinds(crd: &Value) -> impl Iterator<Item = (Kind, Node)> {
    let spec = &crd["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (group, kind) = (text(&spec["group"]), text(&spec["names"]["kind"]));
    let versions = spec["versions"].as_sequence().into_iter().flatten();
    versions.filter_map(move |version| {
        let schema = &version["schema"]["openAPIV3Schema"];
        let kind = Kind { group: group.clone(), kind: kind.clone(), version: text(&version["name"]) };
        schema.is_mapping().then(|| (kind, Node::root(schema)))
    })
}
