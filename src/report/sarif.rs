//! SARIF 2.1.0, as code scanning of GitHub and the viewers of editors read it. The structs are of this format alone.
//!
//! Never: a finding beyond the reader's limits without a word that says so; a `primaryLocationLineHash`, which GitHub's
//! upload makes from lines and warns about where a file brings its own.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;

use serde::Serialize;

use super::head::{self, Place};
use super::{Report, json, plain};
use crate::base::{RepoPath, Side, Sources, Span};
use crate::rules::{Finding, Label, ObjectName, Ran, Severity, Status, Suppressed};

/// Code scanning refuses a run with more results; of this many it keeps the worst 5,000.
const MOST_RESULTS: usize = 25_000;
/// What code scanning keeps.
const KEPT_RESULTS: usize = 5_000;
/// Code scanning refuses a result with more places, and shows a hundred.
const MOST_RELATED: usize = 100;
/// The longest title and description of a rule that code scanning takes.
const LONGEST_DESCRIPTION: usize = 1024;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What all paths are relative to.
const ROOT: &str = "%SRCROOT%";

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    invocations: [Invocation<'a>; 1],
    original_uri_base_ids: BTreeMap<&'static str, Root>,
    column_kind: &'static str,
    results: Vec<SarifResult<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
struct Root {
    description: Message<'static>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    short_description: Message<'a>,
    full_description: Message<'a>,
    default_configuration: Configuration,
    help: Message<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<&'a str>,
    properties: RuleProperties<'a>,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties<'a> {
    tags: [&'a str; 1],
    #[serde(rename = "problem.severity")]
    severity: &'static str,
}

#[derive(Serialize)]
struct Message<'a> {
    text: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    markdown: Option<String>,
}

impl<'a> Message<'a> {
    fn new(text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into(), markdown: None }
    }

    /// Words with names from the tree. In a message of SARIF `[…](…)` is a link, which no name may make.
    fn of_tree(text: &'a str) -> Self {
        let text = plain::short(text);
        if text.contains("](") {
            let escaped = text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]");
            return Self::new(escaped);
        }
        Self::new(text)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<'a> {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification<'a>>,
}

#[derive(Serialize)]
struct Notification<'a> {
    level: &'static str,
    message: Message<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    rule_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Message<'a>,
    locations: Vec<Location<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location<'a>>,
    partial_fingerprints: BTreeMap<&'static str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressions: Option<[Suppression; 1]>,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    #[serde(rename = "physicalLocation")]
    physical: PhysicalLocation,
    #[serde(rename = "logicalLocations", skip_serializing_if = "Vec::is_empty")]
    logical: Vec<LogicalLocation<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation<'a> {
    name: &'a str,
    fully_qualified_name: String,
    kind: &'static str,
}

/// Writes the log.
pub(super) fn write(report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let verdict = report.verdict;
    let rows: BTreeMap<&str, usize> = verdict.ran.iter().enumerate().map(|(row, rule)| (&*rule.id, row)).collect();
    let shown = worst(&verdict.findings, MOST_RESULTS);
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: env!("CARGO_PKG_NAME"),
                    version: env!("CARGO_PKG_VERSION"),
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    rules: verdict.ran.iter().map(rule).collect(),
                },
            },
            invocations: [Invocation { execution_successful: true, tool_execution_notifications: notes(report) }],
            original_uri_base_ids: [(ROOT, Root { description: Message::new("the root of the repository") })].into(),
            // Editors and code scanning count as JavaScript does.
            column_kind: "utf16CodeUnits",
            results: shown.iter().map(|finding| result(report, &rows, finding)).collect(),
        }],
    };
    let text = serde_json::to_string_pretty(&log)?;
    out.write_all(plain::json(&text).as_bytes())?;
    out.write_all(b"\n")
}

/// So many findings, the worst ones, in their own order.
fn worst(findings: &[Finding], most: usize) -> Vec<&Finding> {
    let mut rows: Vec<usize> = (0..findings.len()).collect();
    rows.sort_by_key(|row| Reverse(findings[*row].severity));
    let kept: BTreeSet<usize> = rows.into_iter().take(most).collect();
    kept.into_iter().map(|row| &findings[row]).collect()
}

/// What a reader of the results must know to read them right.
fn notes(report: &Report<'_>) -> Vec<Notification<'static>> {
    let verdict = report.verdict;
    let mut notes = Vec::new();
    let mut add = |level, text: String| notes.push(Notification { level, message: Message::new(text) });
    let total = verdict.findings.len();
    if total > MOST_RESULTS {
        let text = format!(
            "{} of {total} findings are left out, the least severe ones: a run may hold {MOST_RESULTS}",
            total - MOST_RESULTS
        );
        add("warning", text);
    } else if total > KEPT_RESULTS {
        add(
            "warning",
            format!("GitHub code scanning shows {KEPT_RESULTS} of these {total} findings, the most severe ones"),
        );
    }
    let long = verdict.findings.iter().filter(|finding| finding.related.len() > MOST_RELATED).count();
    if long > 0 {
        add("note", format!("{long} findings have more than {MOST_RELATED} related places; the first ones are given"));
    }
    if !verdict.skipped.is_empty() {
        add("note", format!("these rules did not run, for want of a base: {}", verdict.skipped.join(", ")));
    }
    for standing in &verdict.standing {
        let text = format!("{}: {} findings that the base has too", standing.rule, standing.count);
        add("note", text);
    }
    for (rule, count) in &verdict.undecided {
        add("note", format!("{rule} could not decide {count} cases"));
    }
    notes
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// A rule, from its own file.
fn rule(rule: &Ran) -> Rule<'_> {
    let (why, fix) = (rule.why.trim(), rule.fix.trim());
    let mut markdown = format!("{why}\n\n**Fix**\n\n{fix}");
    let mut text = format!("{why}\n\nFix: {fix}");
    if !rule.see.is_empty() {
        write!(markdown, "\n\n**See**\n\n- <{}>", rule.see.join(">\n- <")).expect("a string takes all");
        write!(text, "\n\n{}", rule.see.join("\n")).expect("a string takes all");
    }
    Rule {
        id: &rule.id,
        short_description: Message::new(title(&rule.id)),
        full_description: Message::new(cut(why)),
        default_configuration: Configuration { level: level(rule.severity) },
        help: Message { text: text.into(), markdown: Some(markdown) },
        help_uri: rule.see.first().map(String::as_str).filter(|link| link.starts_with("https://")),
        properties: RuleProperties {
            tags: [&rule.pack],
            severity: match rule.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "recommendation",
            },
        },
    }
}

/// The name of a rule says what is flagged; as a title it has spaces.
fn title(id: &str) -> String {
    let words = id.replace('-', " ");
    let mut chars = words.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    cut(&first.into_iter().chain(chars).collect::<String>())
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_DESCRIPTION - 1) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn result<'a>(report: &'a Report<'_>, rows: &BTreeMap<&str, usize>, finding: &'a Finding) -> SarifResult<'a> {
    let place = head::place(report, finding);
    let own = (place != Place::Bytes(finding.primary)).then_some((finding.primary, finding.side, "here"));
    let related = finding.related.iter().map(|label: &Label| (label.at, label.side, &*label.says));
    let related = own.into_iter().chain(related).take(MOST_RELATED).enumerate();
    let status = json::status(&finding.status);
    SarifResult {
        rule_id: &finding.rule,
        rule_index: rows.get(&*finding.rule).copied(),
        level: level(finding.severity),
        message: Message::of_tree(&finding.message),
        locations: location(report.sources, &place, finding.object.as_ref()).into_iter().collect(),
        related_locations: related
            .map(|(row, (at, side, says))| related_location(report.sources, row, at, side, says))
            .collect(),
        partial_fingerprints: [("gitopsGuard/v1", &*finding.fingerprint)].into(),
        baseline_state: report.base.as_ref().map(|_| if status == "unchanged" { "unchanged" } else { "new" }),
        suppressions: match &finding.status {
            Status::Suppressed { how: Suppressed::InSource, .. } => Some([Suppression { kind: "inSource" }]),
            Status::Suppressed { how: Suppressed::Configured, .. } | Status::Baseline => {
                Some([Suppression { kind: "external" }])
            }
            Status::Open | Status::Unchanged => None,
        },
    }
}

fn location<'a>(sources: &Sources, place: &Place, object: Option<&'a ObjectName>) -> Option<Location<'a>> {
    let physical = match place {
        Place::Bytes(at) => physical(sources, *at),
        Place::File(path) => {
            let region = Region { start_line: 1, start_column: 1, end_line: 1, end_column: 1 };
            PhysicalLocation { artifact_location: artifact(path), region }
        }
        Place::Nowhere => return None,
    };
    let logical = object.map(logical).into_iter().collect();
    Some(Location { id: None, physical, logical, message: None })
}

fn related_location<'a>(sources: &Sources, row: usize, at: Span, side: Side, says: &'a str) -> Location<'a> {
    let mut message = Message::of_tree(says);
    match side {
        Side::Head => {}
        Side::Base => message.text.to_mut().push_str(" (in the base)"),
        Side::Commit => message.text.to_mut().push_str(" (in an older commit of the change)"),
    }
    let physical = physical(sources, at);
    Location { id: Some(row + 1), physical, logical: Vec::new(), message: Some(message) }
}

fn logical(object: &ObjectName) -> LogicalLocation<'_> {
    let parts = [&*object.api_version, &*object.kind, &*object.namespace, &*object.name];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    LogicalLocation { name: &object.name, fully_qualified_name: parts.join("/"), kind: "resource" }
}

fn physical(sources: &Sources, at: Span) -> PhysicalLocation {
    let (start, end) = sources.positions_utf16(at);
    let region =
        Region { start_line: start.line, start_column: start.column, end_line: end.line, end_column: end.column };
    PhysicalLocation { artifact_location: artifact(sources.path(at.file)), region }
}

fn artifact(path: &RepoPath) -> ArtifactLocation {
    ArtifactLocation { uri: uri(path.as_str()), uri_base_id: ROOT }
}

/// A path as a relative URI: everything but letters, digits and `-._~/` as percent and two digits.
pub(super) fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            other => write!(uri, "%{other:02X}").expect("a string takes all"),
        }
    }
    if uri.is_empty() { ".".to_owned() } else { uri }
}
