//! The JSON report, version 1. Its structs are its own: the format stays while the types of the rooms move.
//!
//! Never: a field that depends on threads, time or the machine.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;

use super::{Report, plain};
use crate::base::{Side, Sources, Span};
use crate::impact;
use crate::rules::{Finding, Label, ObjectName, Severity, Status};

#[derive(Serialize)]
struct Json<'a> {
    version: u32,
    tool: Tool,
    base: Option<Base<'a>>,
    findings: Vec<JsonFinding<'a>>,
    impact: JsonImpact<'a>,
    summary: JsonSummary<'a>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Base<'a> {
    revision: &'a str,
    merge_base: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    rule: &'a str,
    pack: &'a str,
    severity: &'static str,
    status: &'static str,
    message: &'a str,
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    steps: &'a [String],
    location: Location<'a>,
    related: Vec<Related<'a>>,
    object: Option<JsonObject<'a>>,
    field: Option<&'a str>,
    fingerprint: &'a str,
    edits: [(); 0],
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    side: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<&'a str>,
}

#[derive(Serialize)]
struct Related<'a> {
    path: &'a str,
    line: u32,
    column: u32,
    side: &'static str,
    label: &'a str,
}

#[derive(Serialize)]
struct JsonObject<'a> {
    api_version: &'a str,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct JsonImpact<'a> {
    apis: &'a [ApiImpact],
    deleted: Deleted<'a>,
    applications: &'a [ApplicationImpact],
    unrendered: &'a [UnrenderedPart],
}

/// What a change does to one API of the repository.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ApiImpact {
    /// The API's group.
    pub group: String,
    /// The kind that people write: the claim's, where an XRD offers one.
    pub kind: String,
    /// The file that defines it.
    pub path: String,
    /// How many differences there are.
    pub changes: usize,
    /// What becomes of its instances, each once for each build that renders it.
    pub instances: InstanceCounts,
    /// Why some are unknown, each reason with how many.
    pub unknown: BTreeMap<&'static str, usize>,
}

impl ApiImpact {
    /// The facts as this format shows them.
    #[must_use]
    pub fn of(sources: &Sources, api: &impact::ApiImpact) -> Self {
        let counts = api.counts();
        Self {
            group: api.group.clone(),
            kind: api.kind.clone(),
            path: sources.path(api.at.file).to_string(),
            changes: api.changes,
            instances: InstanceCounts {
                total: counts.total,
                invalid: counts.invalid,
                changed: counts.changed,
                pruned: counts.pruned,
                unserved: counts.unserved,
                gone: counts.gone,
                rerouted: counts.rerouted,
                rerun: counts.rerun,
                unknown: counts.unknown,
                already_invalid: counts.already_invalid,
            },
            unknown: api.unknown().into_iter().map(|(unknown, count)| (unknown.word(), count)).collect(),
        }
    }
}

/// An application of the head.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ApplicationImpact {
    /// `argocd` or `flux`.
    pub controller: &'static str,
    /// Its namespace; empty where none is written.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The cluster it applies to, where it is known.
    pub cluster: Option<String>,
    /// Whether it delivers applications.
    pub root: bool,
    /// Whether it deletes what leaves the repository, without a person.
    pub prunes: bool,
    /// How many builds of this repository it applies.
    pub builds: usize,
    /// The file it is written in.
    pub path: String,
    /// The line.
    pub line: u32,
}

impl ApplicationImpact {
    /// The facts as this format shows them.
    #[must_use]
    pub fn of(sources: &Sources, delivered: &impact::Delivered) -> Self {
        Self {
            controller: match delivered.controller {
                impact::Controller::ArgoCd => "argocd",
                impact::Controller::Flux => "flux",
            },
            namespace: delivered.namespace.to_string(),
            name: delivered.name.to_string(),
            cluster: delivered.cluster.as_ref().map(ToString::to_string),
            root: delivered.root,
            prunes: delivered.prunes,
            builds: delivered.builds,
            path: sources.path(delivered.at.file).as_str().to_owned(),
            line: sources.positions(delivered.at).0.line,
        }
    }
}

/// Something that the head asks for and nobody looked at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct UnrenderedPart {
    /// The file that asks for it.
    pub path: String,
    /// The line.
    pub line: u32,
    /// What it is, in words.
    pub what: String,
    /// What sort of thing it is, in the singular; for counts.
    #[serde(skip)]
    pub sort: &'static str,
}

impl UnrenderedPart {
    /// The facts as this format shows them.
    #[must_use]
    pub fn of(sources: &Sources, unrendered: &impact::Unrendered) -> Self {
        Self {
            path: sources.path(unrendered.at.file).as_str().to_owned(),
            line: sources.positions(unrendered.at).0.line,
            what: unrendered.what.clone(),
            sort: unrendered.sort,
        }
    }
}

/// What becomes of the instances of an API.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct InstanceCounts {
    /// All.
    pub total: usize,
    /// Those that the new schema refuses.
    pub invalid: usize,
    /// Those of which an effective value changes.
    pub changed: usize,
    /// Those that lose fields they set.
    pub pruned: usize,
    /// Those whose version is not served any more.
    pub unserved: usize,
    /// Those whose API is gone.
    pub gone: usize,
    /// Those that choose another Composition.
    pub rerouted: usize,
    /// Those that their controller makes again.
    pub rerun: usize,
    /// Those that could not be judged.
    pub unknown: usize,
    /// Those that both schemas refuse.
    pub already_invalid: usize,
}

/// What the change deletes.
#[derive(Serialize)]
struct Deleted<'a> {
    total: usize,
    stateful: usize,
    objects: &'a [DeletedObject],
}

/// An object that the change deletes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DeletedObject {
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
    /// The application that deletes it: its kind, namespace and name.
    pub application: String,
    /// `pruned`, or `with-application`.
    pub ending: &'static str,
    /// Whether data, or what holds data, goes with it.
    pub stateful: bool,
    /// How many objects of the repository hang on it.
    pub hanging: usize,
    /// Its file in the base.
    pub path: String,
    /// Its line there.
    pub line: u32,
}

impl DeletedObject {
    /// The facts as this format shows them.
    #[must_use]
    pub fn of(sources: &Sources, deletion: &impact::Deletion) -> Self {
        Self {
            api_version: deletion.api_version.clone(),
            kind: deletion.key.kind.to_string(),
            namespace: deletion.key.namespace.to_string(),
            name: deletion.key.name.to_string(),
            cluster: deletion.cluster.as_ref().map(ToString::to_string),
            application: deletion.owner.to_string(),
            ending: match deletion.ending {
                impact::Ending::Pruned => "pruned",
                impact::Ending::WithApplication => "with-application",
            },
            stateful: deletion.stateful,
            hanging: deletion.hanging,
            path: sources.path(deletion.at.file).as_str().to_owned(),
            line: sources.positions(deletion.at).0.line,
        }
    }
}

#[derive(Serialize)]
struct JsonSummary<'a> {
    error: usize,
    warning: usize,
    info: usize,
    suppressed: usize,
    baseline: usize,
    stale: usize,
    expired: usize,
    unchanged: usize,
    new_suppressions: Vec<NewSuppression<'a>>,
    objects: usize,
    builds: usize,
    files: usize,
    skipped_rules: Vec<&'a str>,
    undecided: BTreeMap<&'a str, usize>,
}

/// A suppression that the change adds.
#[derive(Serialize)]
struct NewSuppression<'a> {
    path: &'a str,
    line: u32,
    text: String,
}

/// Writes the report, indented, with a final line break.
pub(super) fn write(report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let counts = report.verdict.counts;
    let json = Json {
        version: 1,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        base: report
            .base
            .as_ref()
            .map(|base| Base { revision: &base.revision, merge_base: base.merge_base.as_deref() }),
        findings: report.verdict.findings.iter().map(|found| finding(report.sources, found)).collect(),
        impact: JsonImpact {
            apis: &report.apis,
            deleted: Deleted {
                total: report.deleted.len(),
                stateful: report.deleted.iter().filter(|one| one.stateful).count(),
                objects: &report.deleted,
            },
            applications: &report.applications,
            unrendered: &report.unrendered,
        },
        summary: JsonSummary {
            error: counts.error,
            warning: counts.warning,
            info: counts.info,
            suppressed: counts.suppressed,
            baseline: counts.baseline,
            stale: counts.stale,
            expired: counts.expired,
            unchanged: counts.unchanged,
            new_suppressions: report.verdict.added.iter().map(|at| new_suppression(report.sources, *at)).collect(),
            objects: report.judged.objects,
            builds: report.judged.builds,
            files: report.judged.files,
            skipped_rules: report.verdict.skipped.iter().map(|id| &**id).collect(),
            undecided: report.verdict.undecided.iter().map(|(id, count)| (&**id, *count)).collect(),
        },
    };
    let text = serde_json::to_string_pretty(&json)?;
    out.write_all(plain::json(&text).as_bytes())?;
    out.write_all(b"\n")
}

fn finding<'a>(sources: &'a Sources, finding: &'a Finding) -> JsonFinding<'a> {
    JsonFinding {
        rule: &finding.rule,
        pack: &finding.pack,
        severity: severity(finding.severity),
        status: status(&finding.status),
        message: &finding.message,
        help: finding.help.as_deref(),
        steps: &finding.steps,
        location: location(sources, finding),
        related: finding.related.iter().map(|label| related(sources, label)).collect(),
        object: finding.object.as_ref().map(object),
        field: finding.field.as_deref(),
        fingerprint: &finding.fingerprint,
        edits: [],
    }
}

fn new_suppression(sources: &Sources, at: Span) -> NewSuppression<'_> {
    let line = sources.positions(at).0.line;
    NewSuppression { path: sources.path(at.file).as_str(), line, text: super::in_one_line(sources, at) }
}

fn location<'a>(sources: &'a Sources, finding: &'a Finding) -> Location<'a> {
    let (start, end) = sources.positions(finding.primary);
    Location {
        path: sources.path(finding.primary.file).as_str(),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        side: side_name(finding.side),
        revision: finding.revision.as_deref(),
    }
}

fn related<'a>(sources: &'a Sources, label: &'a Label) -> Related<'a> {
    let (start, _) = sources.positions(label.at);
    Related {
        path: sources.path(label.at.file).as_str(),
        line: start.line,
        column: start.column,
        side: side_name(label.side),
        label: &label.says,
    }
}

fn object(name: &ObjectName) -> JsonObject<'_> {
    JsonObject { api_version: &name.api_version, kind: &name.kind, namespace: &name.namespace, name: &name.name }
}

/// The word for a severity, in every format.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// The word for a status, in every format.
pub(super) fn status(status: &Status) -> &'static str {
    match status {
        Status::Open => "open",
        Status::Unchanged => "unchanged",
        Status::Baseline => "baseline",
        Status::Suppressed { .. } => "suppressed",
    }
}

fn side_name(side: Side) -> &'static str {
    match side {
        Side::Base => "base",
        Side::Head => "head",
        Side::Commit => "commit",
    }
}
