//! The summary of a pull request in Markdown, for a reader who has half a minute: the verdict, what is deleted, what was
//! found, who is touched, what nobody looked at.
//!
//! Never: more than the place takes, for hosts drop all of it; a section cut in the middle, or without a word.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;

use super::impact::markdown as impact;
use super::markdown::{clipped, code, prose, words};
use super::text::{aside, found, judged, many, not_run};
use super::{ImpactReport, Report, Room, sarif};
use crate::base::{Side, Span};
use crate::rules::{Finding, Severity, Status};

/// A comment may hold 65,536 characters, the summary of a step 1 MiB; over it, hosts drop all.
const COMMENT: usize = 60_000;
const STEP_SUMMARY: usize = 900 * 1024;

/// What the line about cut sections may need.
const NOTICE: usize = 300;

/// How many characters of a message and of a help are shown.
const MESSAGE: usize = 400;
const HELP: usize = 600;

/// By this a bot finds its own comment again.
const MARK: &str = "<!-- gitops-guard -->\n";

impl Room {
    fn bytes(self) -> usize {
        match self {
            Self::Comment => COMMENT,
            Self::StepSummary => STEP_SUMMARY,
        }
    }

    /// How many rows of one sort are shown.
    fn rows(self) -> usize {
        match self {
            Self::Comment => 30,
            Self::StepSummary => 300,
        }
    }
}

/// What is cut last, and first, where not all has room.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Needed,
    Useful,
    Long,
}

/// A part of the summary: shown whole, or named as cut.
struct Section<'a> {
    /// What it is called where it is cut.
    name: &'static str,
    rank: Rank,
    /// Its text, where it may have so many bytes. A section that can leave out rows does, and says so.
    text: Box<dyn Fn(usize) -> String + 'a>,
}

fn section<'a>(name: &'static str, rank: Rank, text: impl Fn(usize) -> String + 'a) -> Section<'a> {
    Section { name, rank, text: Box::new(text) }
}

/// Writes the summary.
pub(super) fn write(report: &Report<'_>, room: Room, out: &mut dyn io::Write) -> io::Result<()> {
    out.write_all(fitted(&sections(report, room), room.bytes()).as_bytes())
}

/// All parts in the order that they are read.
fn sections<'a>(report: &'a Report<'_>, room: Room) -> Vec<Section<'a>> {
    let rows = room.rows();
    let told = move |text: fn(&ImpactReport, usize) -> String| {
        move |_| report.touched.as_ref().map_or_else(String::new, |touched| text(touched, rows))
    };
    vec![
        section("verdict", Rank::Needed, |_| verdict(report)),
        section("what is deleted", Rank::Needed, told(impact::leaving)),
        // What is found may not fill all: the rest says what it is about.
        section("findings", Rank::Needed, move |bytes| findings(report, rows, bytes / 2)),
        section("suppressions that the change adds", Rank::Needed, move |_| added(report, rows)),
        section("ways out", Rank::Long, move |_| ways_out(report, rows)),
        section("objects by environment", Rank::Useful, told(impact::destinations)),
        section("APIs and their instances", Rank::Useful, told(impact::apis)),
        section("applications", Rank::Useful, told(impact::applications)),
        section("graph", Rank::Long, told(|touched, _| impact::small_graph(touched))),
        // The last of the long ones: it takes what room is left.
        section("differences", Rank::Long, |bytes| differences(report, bytes)),
        section("what was not rendered", Rank::Useful, told(impact::unknown)),
        section("what does not count or did not run", Rank::Useful, |_| remarks(report)),
    ]
}

/// The parts that fit, the most needed first, with a line about the others.
fn fitted(sections: &[Section<'_>], bytes: usize) -> String {
    let mut left = bytes - NOTICE - MARK.len();
    let mut texts: Vec<String> = vec![String::new(); sections.len()];
    let mut cut = Vec::new();
    let mut rows: Vec<usize> = (0..sections.len()).collect();
    rows.sort_by_key(|row| sections[*row].rank);
    for row in rows {
        let text = (sections[row].text)(left);
        if text.len() <= left {
            left -= text.len();
            texts[row] = text;
        } else {
            cut.push(row);
        }
    }
    cut.sort_unstable();
    let mut out = format!("{MARK}{}", texts.concat());
    if !cut.is_empty() {
        let names: Vec<&str> = cut.iter().map(|row| sections[*row].name).collect();
        let line = format!("\n**Cut for want of room:** {} (the JSON report has all).\n", names.join(", "));
        out.push_str(&line);
    }
    out
}

/// The line that says most, and what was judged.
fn verdict(report: &Report<'_>) -> String {
    let counts = report.verdict.counts;
    let found = found(report.verdict);
    let heading = match (report.is_empty, counts.error, counts.warning) {
        (true, 0, _) => "❌ nothing was checked".to_owned(),
        (_, 0, 0) => format!("✅ {found}"),
        (_, 0, _) => format!("⚠️ {found}"),
        _ => format!("❌ {found}"),
    };
    let base = match &report.base {
        Some(base) => format!("against {}", code(base.shown())),
        None => "without a base: what the change does is not known".to_owned(),
    };
    let mut out = format!("### {heading}\n\n{} {base}.", judged(report));
    if let (Some(touched), Some(_)) = (&report.touched, &report.base) {
        write!(out, " {}", impact::verdict(touched, "")).expect("a string takes all");
    }
    out + "\n"
}

/// The findings that count, the worst first; notes are folded.
fn findings(report: &Report<'_>, rows: usize, bytes: usize) -> String {
    let mut out = String::new();
    for (severity, name) in [(Severity::Error, "Errors"), (Severity::Warning, "Warnings"), (Severity::Info, "Notes")] {
        let of = open(report).filter(|finding| finding.severity == severity);
        let of: Vec<&Finding> = of.collect();
        if of.is_empty() {
            continue;
        }
        let (head, foot) = match severity {
            Severity::Info => {
                let count = many(of.len(), "note");
                (format!("\n<details><summary>{count}</summary>\n\n"), "\n</details>\n")
            }
            _ => (format!("\n**{name}**\n\n"), ""),
        };
        let mut list = String::new();
        let mut shown = 0;
        for finding in of.iter().take(rows) {
            let line = row(report, finding);
            if out.len() + head.len() + list.len() + line.len() + NOTICE > bytes {
                break;
            }
            list.push_str(&line);
            shown += 1;
        }
        let more = of.len() - shown;
        out.push_str(&head);
        out.push_str(&list);
        if more > 0 {
            let blank = if shown > 0 { "\n" } else { "" };
            writeln!(out, "{blank}… {more} more (all in the JSON report)").expect("a string takes all");
        }
        out.push_str(foot);
    }
    out
}

fn open<'a>(report: &'a Report<'_>) -> impl Iterator<Item = &'a Finding> {
    report.verdict.findings.iter().filter(|finding| finding.status == Status::Open)
}

fn row(report: &Report<'_>, finding: &Finding) -> String {
    let place = place(report, finding.primary, finding.side, finding.revision.as_deref());
    format!("- **{}** {place} {}\n", prose(&finding.rule), words(&clipped(&finding.message, MESSAGE)))
}

/// `path:line`, as a link where the host has that commit.
fn place(report: &Report<'_>, at: Span, side: Side, revision: Option<&str>) -> String {
    let path = report.sources.path(at.file);
    let line = report.sources.positions(at).0.line;
    let shown = code(&format!("{path}:{line}"));
    let aside = match side {
        Side::Head => "",
        Side::Base => " (in the base)",
        Side::Commit => " (in an older commit of the change)",
    };
    let commit = report.links.as_ref().and_then(|links| match side {
        Side::Head => links.head.as_deref(),
        Side::Base => report.base.as_ref().and_then(|base| base.merge_base.as_deref()),
        Side::Commit => revision,
    });
    let is_id = |commit: &&str| commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    match (&report.links, commit.filter(is_id)) {
        (Some(links), Some(commit)) => {
            format!("[{shown}]({}/{commit}/{}#L{line}){aside}", links.files, sarif::uri(path.as_str()))
        }
        _ => format!("{shown}{aside}"),
    }
}

/// The suppressions that the change adds: a reviewer decides on them.
fn added(report: &Report<'_>, rows: usize) -> String {
    let added = &report.verdict.added;
    if added.is_empty() {
        return String::new();
    }
    let mut out = format!("\n**The change adds {}**\n\n", many(added.len(), "suppression"));
    for at in added.iter().take(rows) {
        let words = super::in_one_line(report.sources, *at);
        writeln!(out, "- {} {}", place(report, *at, Side::Head, None), code(&words)).expect("a string takes all");
    }
    let more = added.len().saturating_sub(rows);
    if more > 0 {
        writeln!(out, "\n… {more} more (all in the JSON report)").expect("a string takes all");
    }
    out
}

/// What to do about the findings, each way once.
fn ways_out(report: &Report<'_>, rows: usize) -> String {
    let mut told = BTreeSet::new();
    let mut list = String::new();
    let urgent = open(report).filter(|finding| finding.severity != Severity::Info);
    for finding in urgent.filter(|finding| finding.help.is_some() || !finding.steps.is_empty()) {
        if told.len() == rows || !told.insert((&finding.rule, &finding.help, &finding.steps)) {
            continue;
        }
        let help = finding.help.as_deref().unwrap_or_default().replace('\n', " ");
        writeln!(list, "- **{}** {}", prose(&finding.rule), words(&clipped(&help, HELP))).expect("a string takes all");
        for (row, step) in finding.steps.iter().enumerate() {
            writeln!(list, "  {}. {}", row + 1, words(&clipped(step, HELP))).expect("a string takes all");
        }
    }
    if list.is_empty() { list } else { format!("\n<details><summary>Ways out</summary>\n\n{list}\n</details>\n") }
}

/// What changes in the clusters, object by object.
fn differences(report: &Report<'_>, bytes: usize) -> String {
    let any = report.differences.as_ref().filter(|differences| differences.is_any());
    // The line break in front of it.
    any.map_or_else(String::new, |differences| format!("\n{}", differences.markdown(bytes.saturating_sub(1))))
}

/// What was found and does not count, and which rules could not judge.
fn remarks(report: &Report<'_>) -> String {
    let lines: Vec<String> = aside(report.verdict).into_iter().chain(not_run(report.verdict)).collect();
    if lines.is_empty() {
        return String::new();
    }
    lines.iter().fold("\n".to_owned(), |out, line| out + "- " + &prose(line) + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_sections_are_cut_the_longest_first_and_named() {
        let long = "x".repeat(500);
        let parts = [
            section("first", Rank::Needed, |_| "a\n".to_owned()),
            section("graph", Rank::Long, |_| long.clone()),
            section("table", Rank::Useful, |_| "b\n".to_owned()),
            section("rest", Rank::Long, |bytes| format!("{}\n", "c".repeat(bytes / 2))),
        ];
        let text = fitted(&parts, NOTICE + MARK.len() + 400);
        assert!(text.starts_with("<!-- gitops-guard -->\na\nb\nccc"), "{text}");
        assert!(text.ends_with("\n**Cut for want of room:** graph (the JSON report has all).\n"), "{text}");
        assert!(!text.contains('x') && text.len() <= NOTICE + MARK.len() + 400);
    }
}
