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
use crate::base::{Side, Sources, Span};
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
    for finding in &report.verdict.findings {
        let mut text = String::new();
        let shown = Shown::new(report.sources, finding, columns(width));
        handler.render_report(&mut text, &shown).map_err(io::Error::other)?;
        // miette sets the header apart by an empty line; a list of findings is easier to read without.
        let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
        for line in lines {
            writeln!(out, "{}", unlike_command(line))?;
        }
        out.write_all(beside(report.sources, finding, width).as_bytes())?;
        out.write_all(way_out(finding, &mut told).as_bytes())?;
        out.write_all(notes(report.sources, finding).as_bytes())?;
        out.write_all(b"\n")?;
    }
    if summary == Summary::On {
        out.write_all(sum_up(report).as_bytes())?;
    }
    Ok(())
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
fn way_out<'a>(finding: &'a Finding, told: &mut BTreeSet<&'a [String]>) -> String {
    if finding.steps.is_empty() {
        return String::new();
    }
    if !told.insert(&finding.steps) {
        return "  = the way out: as above\n".to_owned();
    }
    let steps = finding.steps.iter().enumerate();
    let lines = steps.map(|(row, step)| format!("    {}. {}\n", row + 1, visible(step)));
    std::iter::once("  = the way out:\n".to_owned()).chain(lines).collect()
}

/// Related places in other files, and the rule.
fn notes(sources: &Sources, finding: &Finding) -> String {
    let mut out = String::new();
    let drawn = |label: &&Label| {
        let is_beside = finding.rewritten.is_some_and(|rewritten| rewritten.was == label.at);
        !is_beside && !is_near(sources, finding, label)
    };
    for label in finding.related.iter().filter(drawn) {
        let at = sources.positions(label.at).0;
        let side = if label.side == Side::Base && finding.side != Side::Base { " (base)" } else { "" };
        let path = sources.path(label.at.file).to_string();
        let (path, says) = (visible(&path), visible(&label.says));
        writeln!(out, "  = {path}:{}:{}{side}: {says}", at.line, at.column).expect("a string takes all");
    }
    let rule = visible(&finding.rule);
    writeln!(out, "  = rule: {rule} (gitops-guard explain {rule})").expect("a string takes all");
    out
}

/// The last lines: how many findings of how much, and what was not judged.
fn sum_up(report: &Report<'_>) -> String {
    let verdict = report.verdict;
    let mut line = format!(
        "{}; {} of {} judged",
        found(verdict),
        many(report.judged.objects, "object"),
        many(report.judged.builds, "build")
    );
    match &report.base {
        Some(base) => {
            write!(line, " against {}", visible(base.shown())).expect("a string takes all");
        }
        None => line.push_str(" without a base"),
    }
    let mut out = format!("{line}{}\n", not_rendered(report));
    for standing in &verdict.standing {
        let count = many(standing.count, "finding");
        writeln!(out, "{}: {count} that the base has too, in files that the change leaves alone", standing.rule)
            .expect("a string takes all");
    }
    let others = verdict.counts.unchanged - verdict.standing.iter().map(|standing| standing.count).sum::<usize>();
    if others > 0 {
        writeln!(out, "{} that the base has too (--all shows them)", many(others, "finding"))
            .expect("a string takes all");
    }
    out.push_str(&suppressions(report));
    if !verdict.skipped.is_empty() {
        let count = many(verdict.skipped.len(), "rule");
        let named = verdict.skipped.iter().take(NAMED_RULES).map(|id| &**id).collect::<Vec<_>>().join(", ");
        let more = if verdict.skipped.len() > NAMED_RULES { ", … (all in the JSON report)" } else { "" };
        writeln!(out, "{count} did not run, for want of a base (name one: --base REV or DIR): {named}{more}")
            .expect("a string takes all");
    }
    for (rule, count) in &verdict.undecided {
        writeln!(out, "{rule} could not decide {}", many(*count, "case")).expect("a string takes all");
    }
    out
}

/// How many suppressions are named.
const NAMED_SUPPRESSIONS: usize = 10;

/// What is suppressed, and the suppressions that the change adds, in their own words.
fn suppressions(report: &Report<'_>) -> String {
    let verdict = report.verdict;
    let mut out = String::new();
    if verdict.counts.suppressed > 0 {
        let count = many(verdict.counts.suppressed, "finding");
        writeln!(out, "{count} suppressed (--all shows them)").expect("a string takes all");
    }
    out.push_str(&baseline(verdict));
    if verdict.added.is_empty() {
        return out;
    }
    writeln!(out, "the change adds {}:", many(verdict.added.len(), "suppression")).expect("a string takes all");
    for at in verdict.added.iter().take(NAMED_SUPPRESSIONS) {
        let line = report.sources.positions(*at).0.line;
        let (path, words) = (report.sources.path(at.file).to_string(), super::in_one_line(report.sources, *at));
        writeln!(out, "  {}:{line} {}", visible(&path), visible(&words)).expect("a string takes all");
    }
    if verdict.added.len() > NAMED_SUPPRESSIONS {
        out.push_str("  … (all in the JSON report)\n");
    }
    out
}

/// What the baseline hides, and which of its entries hide nothing.
fn baseline(verdict: &Verdict) -> String {
    let counts = verdict.counts;
    if counts.baseline + counts.stale + counts.expired == 0 {
        return String::new();
    }
    let mut line = format!("{} in the baseline (--all shows them)", many(counts.baseline, "finding"));
    for (count, what) in [(counts.stale, "without a finding"), (counts.expired, "out of date")] {
        if count > 0 {
            let entries = if count == 1 { "entry" } else { "entries" };
            write!(line, "; {count} {entries} {what}").expect("a string takes all");
        }
    }
    line + "\n"
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
