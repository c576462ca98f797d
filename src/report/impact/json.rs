//! The impact as JSON, version 1.
//!
//! Never: a field that depends on threads, time or the machine.

use serde::Serialize;

use super::{
    ApplicationRow, AssumedAddress, DestinationRow, FailedPart, GraphNode, ImpactPart, ImpactReport, KeptObject,
    MovedObject, Tally,
};
use crate::report::{ApiImpact, DeletedObject, UnrenderedPart, plain};

#[derive(Serialize)]
struct Json<'a> {
    version: u32,
    tool: Tool,
    base: Option<Base<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    impact: Option<Touched<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    graph: Option<Graph<'a>>,
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
struct Touched<'a> {
    /// Over all destinations; what no application brings is not among them.
    objects: Tally,
    destinations: &'a [DestinationRow],
    applications: &'a [ApplicationRow],
    apis: &'a [ApiImpact],
    deleted: &'a [DeletedObject],
    kept: &'a [KeptObject],
    moved: &'a [MovedObject],
    failed: &'a [FailedPart],
    unrendered: &'a [UnrenderedPart],
    assumed: &'a [AssumedAddress],
}

#[derive(Serialize)]
struct Graph<'a> {
    roots: &'a [usize],
    nodes: &'a [GraphNode],
}

/// The report, indented, with a final line break.
pub(super) fn print(report: &ImpactReport, part: ImpactPart) -> String {
    let touched = || Touched {
        objects: total(report),
        destinations: &report.destinations,
        applications: &report.applications,
        apis: &report.apis,
        deleted: &report.deleted,
        kept: &report.kept,
        moved: &report.moved,
        failed: &report.failed,
        unrendered: &report.unrendered,
        assumed: &report.assumed,
    };
    let graph = || Graph { roots: &report.roots, nodes: &report.graph };
    let base = report.base.as_ref();
    let json = Json {
        version: 1,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        base: base.map(|base| Base { revision: &base.revision, merge_base: base.merge_base.as_deref() }),
        impact: (part == ImpactPart::Touched).then(touched),
        graph: (part == ImpactPart::Graph).then(graph),
    };
    let text = serde_json::to_string_pretty(&json).expect("texts, numbers and lists are JSON");
    plain::json(&text).into_owned() + "\n"
}

/// The sum over all that applications bring.
pub(super) fn total(report: &ImpactReport) -> Tally {
    let mut sum = Tally::default();
    for row in report.destinations.iter().filter(|row| row.delivered) {
        sum.added += row.objects.added;
        sum.changed += row.objects.changed;
        sum.deleted += row.objects.deleted;
        sum.unchanged += row.objects.unchanged;
    }
    sum
}
