//! The report for people: each finding with its lines, drawn by miette, and a line that sums up.
//!
//! Never: the text of a file but through `Sources::shown`.

use std::fmt::{self, Write as _};
use std::io;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents,
};

use super::{Color, Report, Summary};
use crate::base::{FileId, Position, Side, Sources, Span};
use crate::rules::{Finding, Label, NOT_RENDERED, Severity, Status, Verdict};

/// Writes the findings and, where it is asked for, the summary.
pub(super) fn write(
    report: &Report<'_>,
    color: Color,
    width: usize,
    summary: Summary,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let handler = handler(color, width);
    for finding in &report.verdict.findings {
        let mut text = String::new();
        let shown = Shown::new(report.sources, finding);
        handler.render_report(&mut text, &shown).map_err(io::Error::other)?;
        // miette sets the header apart by an empty line; a list of findings is easier to read without.
        let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
        for line in lines {
            writeln!(out, "{line}")?;
        }
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
    source: FileText<'a>,
    labels: Vec<LabeledSpan>,
}

impl<'a> Shown<'a> {
    fn new(sources: &'a Sources, finding: &'a Finding) -> Self {
        let source = FileText::new(sources, finding.primary);
        let words = finding.field.as_deref().map(|field| field.trim_start_matches('/').replace('/', "."));
        let primary = LabeledSpan::new_primary_with_span(words, source.start);
        let near = finding.related.iter().filter(|label| is_near(sources, finding, label));
        let near = near.map(|label| LabeledSpan::new_with_span(Some(label.says.clone()), range(sources, label.at)));
        let labels = std::iter::once(primary).chain(near).collect();
        Self { finding, source, labels }
    }
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

/// What may be shown of a span, as miette counts it.
fn range(sources: &Sources, at: Span) -> SourceSpan {
    let range = sources.shown_range(at);
    SourceSpan::new((range.start as usize).into(), (range.end - range.start) as usize)
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.finding.message)?;
        match self.finding.status {
            Status::Open => Ok(()),
            Status::Unchanged => f.write_str(" (the base has it too)"),
            Status::Suppressed { .. } => f.write_str(" (suppressed)"),
        }
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(format!("{}[{}]", super::json::severity(self.finding.severity), self.finding.rule)))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Info => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.finding.help.as_ref().map(|help| Box::new(help.replace('\n', " ")) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

/// The shown text of a file, by the line index that it has already.
pub(super) struct FileText<'a> {
    sources: &'a Sources,
    file: FileId,
    /// The primary place in the shown text, and where it really is.
    start: SourceSpan,
    position: Position,
}

impl fmt::Debug for FileText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.sources.path(self.file))
    }
}

impl<'a> FileText<'a> {
    pub(super) fn new(sources: &'a Sources, primary: Span) -> Self {
        let position = sources.positions(primary).0;
        Self { sources, file: primary.file, start: range(sources, primary), position }
    }
}

impl FileText<'_> {
    /// The primary place in the shown text.
    pub(super) fn primary(&self) -> SourceSpan {
        self.start
    }
}

impl SourceCode for FileText<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let shown = self.sources.shown(self.file);
        let (text, lines) = (shown.text(), shown.lines());
        let end = span.offset() + span.len();
        if end > text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let first = lines.position(text, span.offset() as u32);
        // A span that ends with its line break ends on that line.
        let last = lines.position(text, (end.max(span.offset() + 1) - 1) as u32).line;
        let top = (first.line as usize).saturating_sub(before).max(1);
        let start = if before == 0 { span.offset() } else { lines.start_of(top as u32).unwrap_or_default() as usize };
        let stop = lines.start_of(last + after as u32 + 1).map_or(text.len(), |next| next as usize);
        let column = match before {
            // The header names the place as it is in the file, not as it is shown.
            0 if *span == self.start => self.position.column as usize - 1,
            0 => first.column as usize - 1,
            _ => 0,
        };
        Ok(Box::new(MietteSpanContents::new_named(
            self.sources.path(self.file).to_string(),
            &text.as_bytes()[start..stop.max(start)],
            SourceSpan::new(start.into(), stop.max(start) - start),
            top - 1,
            column,
            text.len(),
        )))
    }
}

/// Related places in other files, and the rule.
fn notes(sources: &Sources, finding: &Finding) -> String {
    let mut out = String::new();
    for label in finding.related.iter().filter(|label| !is_near(sources, finding, label)) {
        let at = sources.positions(label.at).0;
        let side = if label.side == Side::Base && finding.side == Side::Head { " (base)" } else { "" };
        let path = sources.path(label.at.file);
        let line = format!("  = {path}:{}:{}{side}: {}\n", at.line, at.column, label.says);
        out.push_str(&line);
    }
    writeln!(out, "  = rule: {} (gitops-guard explain {})", finding.rule, finding.rule).expect("a string takes all");
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
            let name = base.merge_base.as_deref().map_or(&*base.revision, |commit| &commit[..commit.len().min(7)]);
            write!(line, " against {name}").expect("a string takes all");
        }
        None => line.push_str(" without a base"),
    }
    let mut out = format!("{line}{}\n", not_rendered(verdict));
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
        writeln!(out, "{count} did not run, for want of a base: {named}{more}").expect("a string takes all");
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
    if verdict.added.is_empty() {
        return out;
    }
    writeln!(out, "the change adds {}:", many(verdict.added.len(), "suppression")).expect("a string takes all");
    for at in verdict.added.iter().take(NAMED_SUPPRESSIONS) {
        let line = report.sources.positions(*at).0.line;
        let words = super::in_one_line(report.sources, *at);
        writeln!(out, "  {}:{line} {words}", report.sources.path(at.file)).expect("a string takes all");
    }
    if verdict.added.len() > NAMED_SUPPRESSIONS {
        out.push_str("  … (all in the JSON report)\n");
    }
    out
}

fn found(verdict: &Verdict) -> String {
    let counts = verdict.counts;
    let parts: Vec<String> = [(counts.error, "error"), (counts.warning, "warning"), (counts.info, "note")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| many(count, word))
        .collect();
    if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") }
}

fn not_rendered(verdict: &Verdict) -> String {
    let open = |finding: &&Finding| &*finding.rule == NOT_RENDERED && finding.status == Status::Open;
    match verdict.findings.iter().filter(open).count() {
        0 => String::new(),
        count => format!("; not rendered: {count}"),
    }
}

fn many(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
