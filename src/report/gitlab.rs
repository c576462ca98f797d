//! The findings as GitLab's Code Quality report: what a merge request shows beside the lines.
//!
//! Never: a finding that does not count, which GitLab would show as one that does; two findings of one fingerprint, of
//! which it would show one.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;

use super::head::{self, Place};
use super::{Report, plain};
use crate::base::Side;
use crate::rules::{Finding, Severity, Status};

#[derive(Serialize)]
struct Entry<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// Writes the report, indented, with a final line break.
pub(super) fn write(report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let open = report.verdict.findings.iter().filter(|finding| finding.status == Status::Open);
    let entries = open.map(|finding| {
        let times = seen.entry(&finding.fingerprint).or_default();
        *times += 1;
        entry(report, finding, *times)
    });
    let text = serde_json::to_string_pretty(&entries.collect::<Vec<_>>())?;
    out.write_all(plain::json(&text).as_bytes())?;
    out.write_all(b"\n")
}

/// A finding, the so-many-th of its fingerprint.
fn entry<'a>(report: &Report<'_>, finding: &'a Finding, times: usize) -> Entry<'a> {
    let sources = report.sources;
    let own = || (sources.path(finding.primary.file).to_string(), sources.positions(finding.primary).0.line);
    let place = head::place(report, finding);
    let mut description = plain::short(&finding.message).into_owned();
    if place != Place::Bytes(finding.primary) {
        let (path, line) = own();
        let side = if finding.side == Side::Commit { "" } else { " (in the base)" };
        description = format!("{}:{line}{side}: {description}", plain::visible(&path));
    }
    let (path, begin) = match place {
        Place::Bytes(at) => (sources.path(at.file).to_string(), sources.positions(at).0.line),
        Place::File(path) => (path.to_string(), 1),
        Place::Nowhere => own(),
    };
    Entry {
        description,
        check_name: &finding.rule,
        fingerprint: match times {
            1 => finding.fingerprint.clone(),
            times => format!("{}-{times}", finding.fingerprint),
        },
        severity: match finding.severity {
            Severity::Error => "critical",
            Severity::Warning => "major",
            Severity::Info => "info",
        },
        location: Location { path, lines: Lines { begin } },
    }
}
