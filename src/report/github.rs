//! Annotations of GitHub Actions: the worst findings, each at its line, and a count of the rest.
//!
//! Never: more than a step may show (what is beyond is dropped by GitHub without a word); a line that a name from the
//! tree could begin.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::io;

use super::head::{self, Place};
use super::{Report, plain};
use crate::base::{Side, Sources};
use crate::rules::{Finding, Severity, Status};

/// How many findings are annotated: GitHub shows ten of a kind for each step.
const SHOWN: usize = 10;

/// Writes the annotations.
pub(super) fn write(report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut open: Vec<&Finding> = report.verdict.findings.iter().filter(|f| f.status == Status::Open).collect();
    open.sort_by_key(|finding| Reverse(finding.severity));
    for finding in open.iter().take(SHOWN) {
        writeln!(out, "{}", annotation(report, finding))?;
    }
    let rest = open.get(SHOWN..).unwrap_or_default();
    if !rest.is_empty() {
        let total = super::text::found(report.verdict);
        let text = format!("{} more are not annotated; in all there are {total}: see the report", rest.len());
        writeln!(out, "::notice title=gitops-guard::{}", data(&text))?;
    }
    Ok(())
}

fn annotation(report: &Report<'_>, finding: &Finding) -> String {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let mut line = format!("::{command} ");
    let mut text = plain::short(&finding.message).into_owned();
    let place = head::place(report, finding);
    if place != Place::Bytes(finding.primary) {
        let at = report.sources.positions(finding.primary).0;
        let path = report.sources.path(finding.primary.file).to_string();
        let side = if finding.side == Side::Commit { "" } else { " (in the base)" };
        text = format!("{}:{}{side}: {text}", plain::visible(&path), at.line);
    }
    match place {
        Place::Bytes(at) => lines(&mut line, report.sources, at),
        Place::File(path) => push(&mut line, "file", path.as_str()),
        Place::Nowhere => {}
    }
    push(&mut line, "title", &finding.rule);
    if let Some(help) = &finding.help {
        // A line break of ours: it is shown as one.
        write!(text, "\nhelp: {}", plain::short(&help.replace('\n', " "))).expect("a string takes all");
    }
    line.pop();
    format!("{line}::{}", data(&text))
}

fn lines(line: &mut String, sources: &Sources, at: crate::base::Span) {
    let (start, end) = sources.positions(at);
    push(line, "file", sources.path(at.file).as_str());
    push(line, "line", &start.line.to_string());
    push(line, "endLine", &end.line.to_string());
    // GitHub refuses columns of places over several lines.
    if start.line == end.line {
        push(line, "col", &start.column.to_string());
        push(line, "endColumn", &end.column.to_string());
    }
}

fn push(line: &mut String, name: &str, value: &str) {
    write!(line, "{name}={},", property(value)).expect("a string takes all");
}

/// A message as the runner reads it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property as the runner reads it. A path with hidden characters is not found by GitHub, which is better than
/// a log that they change.
fn property(text: &str) -> String {
    data(&plain::visible(text)).replace(':', "%3A").replace(',', "%2C")
}
