//! Who is touched by a change, and the delivery graph: to text, JSON or Markdown.
//!
//! Never: a value of an object; names, places and counts are all that is told.

mod json;
pub(super) mod markdown;
mod text;
mod tree;

use serde::Serialize;

use super::{ApiImpact, BaseName, DeletedObject, UnrenderedPart};
use crate::base::{Side, Sources};
use crate::impact;

/// What is told of a change besides findings.
pub struct ImpactReport {
    /// What it was compared with.
    pub base: Option<BaseName>,
    /// The environments and clusters.
    pub destinations: Vec<DestinationRow>,
    /// The applications that are touched.
    pub applications: Vec<ApplicationRow>,
    /// The APIs that change.
    pub apis: Vec<ApiImpact>,
    /// What is deleted from the clusters.
    pub deleted: Vec<DeletedObject>,
    /// What leaves the repository and stays in the clusters.
    pub kept: Vec<KeptObject>,
    /// What another application applies from now on.
    pub moved: Vec<MovedObject>,
    /// What does not build or cannot be read.
    pub failed: Vec<FailedPart>,
    /// What the head asks for and nobody renders.
    pub unrendered: Vec<UnrenderedPart>,
    /// The addresses that are taken for this repository.
    pub assumed: Vec<AssumedAddress>,
    /// The applications of the head, and those that only the base has.
    pub graph: Vec<GraphNode>,
    /// Where the graph begins, by rows of `graph`.
    pub roots: Vec<usize>,
}

/// A format of the report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImpactFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For pull requests.
    Markdown,
}

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImpactPart {
    /// Who is touched.
    Touched,
    /// The delivery graph.
    Graph,
}

/// How many objects come, go and stay.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize)]
pub struct Tally {
    /// Only the head has them.
    pub added: usize,
    /// Both have them, and they differ.
    pub changed: usize,
    /// Only the base has them.
    pub deleted: usize,
    /// Both have them as they are.
    pub unchanged: usize,
}

/// The objects of one environment and cluster.
#[derive(Clone, Debug, Serialize)]
pub struct DestinationRow {
    /// The environment, where it is known.
    pub environment: Option<String>,
    /// The cluster, where it is known.
    pub cluster: Option<String>,
    /// Whether an application brings them.
    pub delivered: bool,
    /// How many.
    #[serde(flatten)]
    pub objects: Tally,
}

/// An application that is touched.
#[derive(Clone, Debug, Serialize)]
pub struct ApplicationRow {
    /// `Application` or `Kustomization`.
    pub kind: String,
    /// Its namespace; empty where none is written.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The cluster, where it is known.
    pub cluster: Option<String>,
    /// The environment, where it is known.
    pub environment: Option<String>,
    /// `added`, `deleted` or `changed`.
    pub change: &'static str,
    /// What it applies.
    pub objects: Tally,
}

/// An object that leaves the repository and stays in the cluster.
#[derive(Clone, Debug, Serialize)]
pub struct KeptObject {
    /// `group/version`.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The namespace; empty where none is written.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The cluster, where it is known.
    pub cluster: Option<String>,
    /// The application that applied it, where one did: its kind, namespace and name.
    pub application: Option<String>,
    /// What keeps it.
    pub why: String,
    /// Its file in the base.
    pub path: String,
    /// Its line there.
    pub line: u32,
}

/// An object that another application applies from now on.
#[derive(Clone, Debug, Serialize)]
pub struct MovedObject {
    /// `group/version`.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The namespace; empty where none is written.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The cluster, where it is known.
    pub cluster: Option<String>,
    /// The application that applied it.
    pub from: String,
    /// The application that applies it, where one does.
    pub to: Option<String>,
    /// Whether data, or what holds data, is lost if the old application comes first.
    pub stateful: bool,
    /// Its file in the head.
    pub path: String,
    /// Its line there.
    pub line: u32,
}

/// What does not build or cannot be read.
#[derive(Clone, Debug, Serialize)]
pub struct FailedPart {
    /// `base` or `head`.
    pub side: &'static str,
    /// The file.
    pub path: String,
    /// The line.
    pub line: u32,
    /// Why.
    pub why: String,
}

/// An address that is taken for this repository, since most of what is asked of it is here.
#[derive(Clone, Debug, Serialize)]
pub struct AssumedAddress {
    /// The address, without what could be a way in.
    pub address: String,
    /// How many folders that are asked of it are here.
    pub found: usize,
    /// How many are not.
    pub missing: usize,
}

/// The project of an application.
#[derive(Clone, Debug, Serialize)]
pub struct GraphProject {
    /// Its name.
    pub name: String,
    /// What it permits, where this repository defines it.
    pub permits: Option<GraphPermits>,
}

/// What a project permits, as it is written.
#[derive(Clone, Debug, Serialize)]
pub struct GraphPermits {
    /// The repositories that sources may be in.
    pub source_repositories: Vec<String>,
    /// The clusters and namespaces that may be written to.
    pub destinations: Vec<PermittedDestination>,
    /// The cluster-scoped kinds that may be brought.
    pub cluster_resources: Vec<PermittedKind>,
    /// The file that the project is written in.
    pub path: String,
    /// The line.
    pub line: u32,
}

/// A cluster and a namespace of it.
#[derive(Clone, Debug, Serialize)]
pub struct PermittedDestination {
    /// The address or the name of the cluster.
    pub cluster: String,
    /// The namespace.
    pub namespace: String,
}

/// A kind of object.
#[derive(Clone, Debug, Serialize)]
pub struct PermittedKind {
    /// Its group.
    pub group: String,
    /// The kind.
    pub kind: String,
}

/// An application in the graph.
#[derive(Clone, Debug, Serialize)]
pub struct GraphNode {
    /// `Application` or `Kustomization`.
    pub kind: String,
    /// Its namespace; empty where none is written.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The object that makes it, where another one does: its kind, namespace and name.
    pub made_by: Option<String>,
    /// The project of Argo CD, where it is known.
    pub project: Option<GraphProject>,
    /// The cluster, where it is known.
    pub cluster: Option<String>,
    /// The environment, where it is known.
    pub environment: Option<String>,
    /// `prunes`, `syncs` or `manual`.
    pub power: &'static str,
    /// Whether it delivers applications.
    pub root: bool,
    /// How many objects it applies, as far as they are rendered.
    pub objects: usize,
    /// How many builds of this repository it applies.
    pub builds: usize,
    /// How many parts of it nobody here renders.
    pub unrendered: usize,
    /// How many of its builds do not build.
    pub failed: usize,
    /// `added`, `deleted`, `changed` or `unchanged`; nothing where there is no base.
    pub change: Option<&'static str>,
    /// The file it is written in.
    pub path: String,
    /// The line.
    pub line: u32,
    /// The rows of those that it brings.
    pub children: Vec<usize>,
}

impl ImpactReport {
    /// The report in one format.
    #[must_use]
    pub fn print(&self, format: ImpactFormat, part: ImpactPart) -> String {
        match (format, part) {
            (ImpactFormat::Text, ImpactPart::Touched) => text::touched(self),
            (ImpactFormat::Text, ImpactPart::Graph) => tree::text(self),
            (ImpactFormat::Markdown, ImpactPart::Touched) => markdown::touched(self),
            (ImpactFormat::Markdown, ImpactPart::Graph) => markdown::graph(self),
            (ImpactFormat::Json, part) => json::print(self, part),
        }
    }

    /// Whether anything is touched.
    #[must_use]
    pub fn is_any(&self) -> bool {
        !self.applications.is_empty() || self.destinations.iter().any(|row| row.objects.touched() > 0)
    }
}

impl Tally {
    /// The facts as this format shows them.
    #[must_use]
    pub fn of(objects: impact::Tally) -> Self {
        let impact::Tally { added, changed, deleted, unchanged } = objects;
        Self { added, changed, deleted, unchanged }
    }

    fn touched(self) -> usize {
        self.added + self.changed + self.deleted
    }

    /// `1 added, 2 deleted`
    fn words(self) -> String {
        let parts = [(self.added, "added"), (self.changed, "changed"), (self.deleted, "deleted")];
        let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
        let words = parts.collect::<Vec<_>>().join(", ");
        if words.is_empty() { "no object".to_owned() } else { words }
    }
}

impl DestinationRow {
    /// The facts as this format shows them.
    #[must_use]
    pub fn of(row: &impact::Destined) -> Self {
        Self {
            environment: row.environment.as_ref().map(ToString::to_string),
            cluster: row.cluster.as_ref().map(ToString::to_string),
            delivered: row.is_delivered,
            objects: Tally::of(row.objects),
        }
    }
}

impl ApplicationRow {
    /// The application of a node that is touched.
    #[must_use]
    pub fn of(of: &GraphNode, touched: &impact::Touched) -> Self {
        Self {
            kind: of.kind.clone(),
            namespace: of.namespace.clone(),
            name: of.name.clone(),
            cluster: of.cluster.clone(),
            environment: of.environment.clone(),
            change: match (touched.base, touched.head) {
                (None, _) => "added",
                (_, None) => "deleted",
                _ => "changed",
            },
            objects: Tally::of(touched.objects),
        }
    }

    fn title(&self) -> String {
        title(&self.kind, &self.namespace, &self.name)
    }
}

impl KeptObject {
    /// The facts as this format shows them.
    #[must_use]
    pub fn of(sources: &Sources, kept: &impact::Kept) -> Self {
        Self {
            api_version: kept.api_version.clone(),
            kind: kept.key.kind.to_string(),
            namespace: kept.key.namespace.to_string(),
            name: kept.key.name.to_string(),
            cluster: kept.cluster.as_ref().map(ToString::to_string),
            application: kept.owner.as_ref().map(ToString::to_string),
            why: kept.why.clone(),
            path: sources.path(kept.at.file).as_str().to_owned(),
            line: sources.positions(kept.at).0.line,
        }
    }
}

impl MovedObject {
    /// The facts as this format shows them.
    #[must_use]
    pub fn of(sources: &Sources, moved: &impact::Handover) -> Self {
        Self {
            api_version: moved.api_version.clone(),
            kind: moved.key.kind.to_string(),
            namespace: moved.key.namespace.to_string(),
            name: moved.key.name.to_string(),
            cluster: moved.cluster.as_ref().map(ToString::to_string),
            from: moved.from.to_string(),
            to: moved.to.as_ref().map(ToString::to_string),
            stateful: moved.stateful,
            path: sources.path(moved.at.file).as_str().to_owned(),
            line: sources.positions(moved.at).0.line,
        }
    }
}

impl AssumedAddress {
    /// The facts as this format shows them.
    #[must_use]
    pub fn of(assumed: &impact::Assumed) -> Self {
        let impact::Assumed { address, found, missing } = assumed;
        Self { address: without_way_in(address), found: *found, missing: *missing }
    }

    /// `https://example.com/fleet.git (3 of 4 folders are here)`
    fn words(&self) -> String {
        format!("{} ({} of {} folders are here)", self.address, self.found, self.found + self.missing)
    }
}

/// An address without the user and the password that may stand in it.
fn without_way_in(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").map_or(("", address), |(scheme, rest)| (scheme, rest));
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) if !scheme.is_empty() => format!("{scheme}://{}", &rest[at + 1..]),
        _ => address.to_owned(),
    }
}

impl FailedPart {
    /// The facts as this format shows them.
    #[must_use]
    pub fn of(sources: &Sources, failed: &impact::Failed) -> Self {
        Self {
            side: match failed.side {
                Side::Base => "base",
                Side::Head => "head",
                Side::Commit => "commit",
            },
            path: sources.path(failed.at.file).as_str().to_owned(),
            line: sources.positions(failed.at).0.line,
            why: failed.message.clone(),
        }
    }
}

impl GraphProject {
    /// The facts as this format shows them.
    #[must_use]
    pub fn of(sources: &Sources, project: &impact::Project) -> Self {
        let permits = project.permits.as_ref().map(|permits| GraphPermits {
            source_repositories: permits.source_repositories.clone(),
            destinations: (permits.destinations.iter().cloned())
                .map(|(cluster, namespace)| PermittedDestination { cluster, namespace })
                .collect(),
            cluster_resources: (permits.cluster_resources.iter().cloned())
                .map(|(group, kind)| PermittedKind { group, kind })
                .collect(),
            path: sources.path(permits.at.file).as_str().to_owned(),
            line: sources.positions(permits.at).0.line,
        });
        Self { name: project.name.to_string(), permits }
    }
}

impl GraphNode {
    /// The facts as this format shows them.
    #[must_use]
    pub fn of(sources: &Sources, node: &impact::Node) -> Self {
        Self {
            kind: node.key.kind.to_string(),
            namespace: node.key.namespace.to_string(),
            name: node.key.name.to_string(),
            made_by: node.made_by.as_ref().map(ToString::to_string),
            project: node.project.as_ref().map(|project| GraphProject::of(sources, project)),
            cluster: node.cluster.as_ref().map(ToString::to_string),
            environment: node.environment.as_ref().map(ToString::to_string),
            power: match node.power {
                impact::Power::Manual => "manual",
                impact::Power::Syncs => "syncs",
                impact::Power::Prunes => "prunes",
            },
            root: node.is_root,
            objects: node.objects,
            builds: node.builds,
            unrendered: node.unrendered,
            failed: node.failed,
            change: node.change.map(|change| match change {
                impact::NodeChange::Added => "added",
                impact::NodeChange::Deleted => "deleted",
                change if change.is_any() => "changed",
                impact::NodeChange::Kept(_) => "unchanged",
            }),
            path: sources.path(node.at.file).as_str().to_owned(),
            line: sources.positions(node.at).0.line,
            children: node.children.clone(),
        }
    }

    fn title(&self) -> String {
        title(&self.kind, &self.namespace, &self.name)
    }

    fn is_touched(&self) -> bool {
        !matches!(self.change, None | Some("unchanged"))
    }
}

/// `PersistentVolumeClaim shop/data`
pub(super) fn title(kind: &str, namespace: &str, name: &str) -> String {
    let slash = if namespace.is_empty() { "" } else { "/" };
    format!("{kind} {namespace}{slash}{name}")
}

/// A sign that says what becomes of something, in front of its line.
fn sign(change: Option<&str>) -> &'static str {
    match change {
        Some("added") => "+ ",
        Some("deleted") => "- ",
        Some("changed") => "~ ",
        Some(_) => "  ",
        None => "",
    }
}

/// Counts of what nobody renders, by what it is: `2 Helm charts`.
pub(super) fn sorts(unrendered: &[UnrenderedPart]) -> String {
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for part in unrendered {
        *counts.entry(part.sort).or_default() += 1;
    }
    counts.into_iter().map(|(sort, count)| super::text::many(count, sort)).collect::<Vec<_>>().join(", ")
}

/// The parts of an API's instances that something befalls: `2 invalid, 1 changed`.
fn befallen(api: &ApiImpact) -> String {
    let counts = &api.instances;
    let parts = [
        (counts.invalid, "invalid"),
        (counts.unserved, "in a version that is not served"),
        (counts.gone, "without an API"),
        (counts.pruned, "losing fields"),
        (counts.changed, "with other values"),
        (counts.rerouted, "with another Composition"),
        (counts.rerun, "made again"),
        (counts.unknown, "unknown"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    let words = parts.collect::<Vec<_>>().join(", ");
    if words.is_empty() { "none hit".to_owned() } else { words }
}
