//! The report for people: each finding with its lines, drawn by miette, and a line that sums up.
//!
//! Never: the text of a file but through `Sources::shown`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::{io, iter};

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, SourceSpan};

use super::beside;
use super::plain::{unlike_command, visible};
use super::window::Window;
use super::{Color, Report, Summary};
use crate::base::{RepoPath, Side, Sources, Span};
use crate::rules::{Finding, Label, Severity, Status, Verdict};

/// Writes the findings and, where it is asked for, the summary.
pub(super) fn write(
    report: &Report<'_>,
    color: Color,
    width: usize,
    summary: Summary,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let width = width.max(NARROWEST);
    let handler = handler(color, width);
    let mut told = BTreeSet::new();
    for finding in worst_last(report) {
        let mut text = String::new();
        let shown = Shown::new(report.sources, finding, columns(width));
        handler.render_report(&mut text, &shown).map_err(io::Error::other)?;
        // miette sets the header apart by an empty line; a list of findings is easier to read without.
        let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
        for line in lines {
            writeln!(out, "{}", unlike_command(line))?;
        }
        out.write_all(beside(report.sources, finding, width).as_bytes())?;
        for line in way_out(finding, &mut told).into_iter().chain(notes(report.sources, finding)) {
            out.write_all(wrapped(&line, width).as_bytes())?;
        }
        out.write_all(b"\n")?;
    }
    let last = if summary == Summary::On { sum_up(report) } else { Vec::new() };
    for line in last {
        out.write_all(wrapped(&line, width).as_bytes())?;
    }
    Ok(())
}

/// The findings by file, those files last, and in each those findings, that matter most: a terminal shows the end.
fn worst_last<'a>(report: &Report<'a>) -> Vec<&'a Finding> {
    let verdict: &'a Verdict = report.verdict;
    let counts = |finding: &Finding| (finding.status == Status::Open).then_some(finding.severity);
    let mut worst: BTreeMap<&RepoPath, Option<Severity>> = BTreeMap::new();
    for finding in &verdict.findings {
        let worst = worst.entry(report.sources.path(finding.primary.file)).or_default();
        *worst = (*worst).max(counts(finding));
    }
    let mut findings: Vec<&Finding> = verdict.findings.iter().collect();
    findings.sort_by_key(|finding| {
        let path = report.sources.path(finding.primary.file);
        (worst.get(path).copied().flatten(), path, counts(finding))
    });
    findings
}

/// A line, broken between words where it is to be read in few columns: a log keeps one line a fact.
fn wrapped(line: &str, width: usize) -> String {
    let start = line.len() - line.trim_start().len();
    let indent = format!("{}  ", &line[..start]);
    let (mut out, mut row) = (String::new(), line[..start].to_owned());
    let mut push = |row: &str| writeln!(out, "{}", unlike_command(row)).expect("a string takes all");
    for (nr, word) in line[start..].split(' ').enumerate() {
        // A sign or a number in front of a line keeps its first word.
        let is_full = width < WIDE && row.trim().len() > 2 && row.chars().count() + 1 + word.chars().count() > width;
        match nr {
            0 => {}
            _ if is_full => {
                push(&row);
                row.clone_from(&indent);
            }
            _ => row.push(' '),
        }
        row.push_str(word);
    }
    push(&row);
    out
}

pub(super) fn handler(color: Color, width: usize) -> GraphicalReportHandler {
    let theme = match color {
        Color::On => GraphicalTheme::unicode(),
        Color::Off => GraphicalTheme::unicode_nocolor(),
    };
    GraphicalReportHandler::new_themed(theme)
        .without_syntax_highlighting()
        .with_links(false)
        .with_context_lines(1)
        .with_width(width)
}

/// A finding as miette wants it.
#[derive(Debug)]
struct Shown<'a> {
    finding: &'a Finding,
    source: Window,
    labels: Vec<LabeledSpan>,
}

impl<'a> Shown<'a> {
    fn new(sources: &Sources, finding: &'a Finding, columns: usize) -> Self {
        let near: Vec<&Label> = finding.related.iter().filter(|label| is_near(sources, finding, label)).collect();
        let places: Vec<Span> = iter::once(finding.primary).chain(near.iter().map(|label| label.at)).collect();
        let source = Window::new(sources, &places, columns);
        let field = finding.field.as_deref().map(|field| field.trim_start_matches('/').replace('/', "."));
        let says = iter::once(field).chain(near.iter().map(|label| Some(label.says.clone())));
        let says = says.map(|says| says.map(|says| visible(&says).into_owned()));
        let places = source.places().iter().enumerate();
        let of = |((row, at), says): ((usize, &SourceSpan), Option<String>)| match row {
            0 => LabeledSpan::new_primary_with_span(says, *at),
            _ => LabeledSpan::new_with_span(says, *at),
        };
        let labels = places.zip(says).map(of).collect();
        Self { finding, source, labels }
    }
}
/// The fewest columns that text is laid out in.
pub(super) const NARROWEST: usize = 32;

/// The columns that miette draws before a line, about.
const GUTTER: usize = 8;

/// From so many columns on, text is meant for a file or a log, whose lines may be a little longer.
const WIDE: usize = 100;

/// How many characters of a line of a file are shown.
pub(super) fn columns(width: usize) -> usize {
    if width < WIDE { width - GUTTER } else { width + 2 * GUTTER }
}

/// How many of the rules that did not run are named.
const NAMED_RULES: usize = 3;

/// How many lines may lie between places that are drawn together: miette draws all of them.
const NEAR: u32 = 10;

/// Whether a related place is drawn with the primary one, not named below it.
fn is_near(sources: &Sources, finding: &Finding, label: &Label) -> bool {
    let line = |at| sources.positions(at).0.line;
    label.at.file == finding.primary.file
        && label.side == finding.side
        && line(label.at).abs_diff(line(finding.primary)) <= NEAR
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible(&self.finding.message))?;
        match self.finding.status {
            Status::Open => Ok(()),
            Status::Unchanged => f.write_str(" (the base has it too)"),
            Status::Baseline => f.write_str(" (in the baseline)"),
            Status::Suppressed { .. } => f.write_str(" (suppressed)"),
        }
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(format!("{}[{}]", super::json::severity(self.finding.severity), visible(&self.finding.rule))))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Info => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.finding
            .help
            .as_ref()
            .map(|help| Box::new(visible(&help.replace('\n', " ")).into_owned()) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

/// What stood in the base beside what stands for it.
fn beside(sources: &Sources, finding: &Finding, width: usize) -> String {
    let mut out = String::new();
    for line in finding.rewritten.iter().flat_map(|rewritten| beside::lines(sources, *rewritten, width)) {
        writeln!(out, "  | {}", unlike_command(&line)).expect("a string takes all");
    }
    out
}

/// The way out in steps; of several findings that have the same one, only the first shows it.
fn way_out<'a>(finding: &'a Finding, told: &mut BTreeSet<&'a [String]>) -> Vec<String> {
    if finding.steps.is_empty() {
        return Vec::new();
    }
    if !told.insert(&finding.steps) {
        return vec!["  = the way out: as above".to_owned()];
    }
    let steps = finding.steps.iter().enumerate();
    let lines = steps.map(|(row, step)| format!("    {}. {}", row + 1, visible(step)));
    iter::once("  = the way out:".to_owned()).chain(lines).collect()
}

/// Related places in other files, and the rule.
fn notes(sources: &Sources, finding: &Finding) -> Vec<String> {
    let mut out = Vec::new();
    let drawn = |label: &&Label| {
        let is_beside = finding.rewritten.is_some_and(|rewritten| rewritten.was == label.at);
        !is_beside && !is_near(sources, finding, label)
    };
    for label in finding.related.iter().filter(drawn) {
        let at = sources.positions(label.at).0;
        let side = if label.side == Side::Base && finding.side != Side::Base { " (base)" } else { "" };
        let path = sources.path(label.at.file).to_string();
        let (path, says) = (visible(&path), visible(&label.says));
        out.push(format!("  = {path}:{}:{}{side}: {says}", at.line, at.column));
    }
    let rule = visible(&finding.rule);
    out.push(format!("  = rule: {rule} (gitops-guard explain {rule})"));
    out
}

/// The last lines: how many findings of how much, and what was not judged.
fn sum_up(report: &Report<'_>) -> Vec<String> {
    let verdict = report.verdict;
    let mut line = format!("{}; {}", found(verdict), judged(report));
    match &report.base {
        Some(base) => {
            write!(line, " against {}", visible(base.shown())).expect("a string takes all");
        }
        None => line.push_str(" without a base"),
    }
    let first = format!("{line}{}", not_rendered(report));
    let lines = iter::once(first).chain(aside(verdict)).chain(added(report)).chain(not_run(verdict));
    lines.collect()
}

/// `12 objects of 3 builds judged`
pub(super) fn judged(report: &Report<'_>) -> String {
    let (objects, builds) = (many(report.judged.objects, "object"), many(report.judged.builds, "build"));
    format!("{objects} of {builds} judged")
}

/// What was found and does not count.
pub(super) fn aside(verdict: &Verdict) -> Vec<String> {
    let standing = verdict.standing.iter().map(|standing| {
        let count = many(standing.count, "finding");
        format!("{}: {count} that the base has too, in files that the change leaves alone", standing.rule)
    });
    let mut lines: Vec<String> = standing.collect();
    let others = verdict.counts.unchanged - verdict.standing.iter().map(|standing| standing.count).sum::<usize>();
    if others > 0 {
        lines.push(format!("{} that the base has too (--all shows them)", many(others, "finding")));
    }
    if verdict.counts.suppressed > 0 {
        lines.push(format!("{} suppressed (--all shows them)", many(verdict.counts.suppressed, "finding")));
    }
    lines.extend(baseline(verdict));
    lines
}

/// Which rules could not judge.
pub(super) fn not_run(verdict: &Verdict) -> Vec<String> {
    let mut lines = Vec::new();
    if !verdict.skipped.is_empty() {
        let count = many(verdict.skipped.len(), "rule");
        let named = verdict.skipped.iter().take(NAMED_RULES).map(|id| &**id).collect::<Vec<_>>().join(", ");
        let more = if verdict.skipped.len() > NAMED_RULES { ", … (all in the JSON report)" } else { "" };
        lines.push(format!("{count} did not run, for want of a base (name one: --base REV or DIR): {named}{more}"));
    }
    lines.extend(verdict.undecided.iter().map(|(rule, n)| format!("{rule} could not decide {}", many(*n, "case"))));
    lines
}

/// How many suppressions are named.
const NAMED_SUPPRESSIONS: usize = 10;

/// The suppressions that the change adds, in their own words.
fn added(report: &Report<'_>) -> Vec<String> {
    let added = &report.verdict.added;
    if added.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![format!("the change adds {}:", many(added.len(), "suppression"))];
    lines.extend(added.iter().take(NAMED_SUPPRESSIONS).map(|at| {
        let line = report.sources.positions(*at).0.line;
        let (path, words) = (report.sources.path(at.file).to_string(), super::in_one_line(report.sources, *at));
        format!("  {}:{line} {}", visible(&path), visible(&words))
    }));
    if added.len() > NAMED_SUPPRESSIONS {
        lines.push("  … (all in the JSON report)".to_owned());
    }
    lines
}

/// What the baseline hides, and which of its entries hide nothing.
fn baseline(verdict: &Verdict) -> Option<String> {
    let counts = verdict.counts;
    if counts.baseline + counts.stale + counts.expired == 0 {
        return None;
    }
    let mut line = format!("{} in the baseline (--all shows them)", many(counts.baseline, "finding"));
    for (count, what) in [(counts.stale, "without a finding"), (counts.expired, "out of date")] {
        if count > 0 {
            let entries = if count == 1 { "entry" } else { "entries" };
            write!(line, "; {count} {entries} {what}").expect("a string takes all");
        }
    }
    Some(line)
}

/// How many findings count, by severity.
pub(super) fn found(verdict: &Verdict) -> String {
    let counts = verdict.counts;
    let parts: Vec<String> = [(counts.error, "error"), (counts.warning, "warning"), (counts.info, "note")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| many(count, word))
        .collect();
    if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") }
}

/// What the repository asks for and nobody looked at, by what it is.
fn not_rendered(report: &Report<'_>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for unrendered in &report.unrendered {
        *counts.entry(unrendered.sort).or_default() += 1;
    }
    if counts.is_empty() {
        return String::new();
    }
    let parts: Vec<String> = counts.into_iter().map(|(sort, count)| many(count, sort)).collect();
    format!("; not rendered: {}", parts.join(", "))
}

/// `1 object`, `2 objects`
pub(super) fn many(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
