//! The differences as JSON, version 1.
//!
//! Never: a field that depends on threads, time or the machine.

use serde::Serialize;

use super::{DiffReport, Move, ObjectDiff, Sum};
use crate::report::{FailedPart, UnrenderedPart, plain};

#[derive(Serialize)]
struct Json<'a> {
    version: u32,
    tool: Tool,
    base: Option<Base<'a>>,
    diff: Diff<'a>,
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
struct Diff<'a> {
    summary: Sum,
    objects: &'a [ObjectDiff],
    moves: &'a [Move],
    failed: &'a [FailedPart],
    unrendered: &'a [UnrenderedPart],
}

/// The report, indented, with a final line break.
pub(super) fn print(report: &DiffReport) -> String {
    let base = report.base.as_ref();
    let json = Json {
        version: 1,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        base: base.map(|base| Base { revision: &base.revision, merge_base: base.merge_base.as_deref() }),
        diff: Diff {
            summary: report.sum(),
            objects: &report.objects,
            moves: &report.moves,
            failed: &report.failed,
            unrendered: &report.unrendered,
        },
    };
    let text = serde_json::to_string_pretty(&json).expect("texts, numbers and lists are JSON");
    plain::json(&text).into_owned() + "\n"
}
