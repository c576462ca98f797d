//! The differences, for people: as git shows them.
//!
//! Never: a line that a name or a value from the tree could begin or end.

use std::fmt::Write as _;

use super::{DiffChange, DiffPlace, DiffReport, Hunk, ObjectDiff};
use crate::report::Color;
use crate::report::impact::sorts;
use crate::report::plain::{unlike_command, visible};
use crate::report::text::many;

/// How many places are listed, and how many lines of an object that comes or goes as a whole are shown.
const MOST_PLACES: usize = 12;
const MOST_LINES: usize = 200;

/// What a line is, as git colors it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Paint {
    Plain,
    Heading,
    Hunk,
    Gone,
    New,
    Dim,
}

impl Paint {
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Heading => Some("1"),
            Self::Hunk => Some("36"),
            Self::Gone => Some("31"),
            Self::New => Some("32"),
            Self::Dim => Some("2"),
        }
    }
}

struct Lines {
    color: Color,
    out: String,
}

impl Lines {
    fn push(&mut self, paint: Paint, line: &str) {
        let shown = visible(line);
        let shown = unlike_command(shown.trim_end());
        match (self.color, paint.code().filter(|_| !shown.is_empty())) {
            (Color::On, Some(code)) => writeln!(self.out, "\x1b[{code}m{shown}\x1b[0m").expect("a string takes all"),
            _ => writeln!(self.out, "{shown}").expect("a string takes all"),
        }
    }
}

/// The whole report.
pub(super) fn print(report: &DiffReport, color: Color) -> String {
    let mut lines = Lines { color, out: String::new() };
    if report.is_any() {
        lines.push(Paint::Plain, &format!("what changes{}:", report.against(str::to_owned)));
    } else {
        let what = if report.is_whole() { "nothing" } else { "nothing that can be compared" };
        lines.push(Paint::Plain, &format!("{what} changes{}", report.against(str::to_owned)));
    }
    let mut group = None;
    for one in &report.objects {
        let Some(first) = one.places.first() else { continue };
        let heading = heading(first);
        if group.as_ref() != Some(&heading) {
            lines.push(Paint::Plain, "");
            lines.push(Paint::Heading, &format!("=== {heading}"));
            group = Some(heading);
        }
        object(one, first, &mut lines);
    }
    moves(report, &mut lines);
    unknown(report, &mut lines);
    if report.is_any() || report.unknown > 0 {
        lines.push(Paint::Plain, "");
        lines.push(Paint::Plain, &report.sum().words());
    }
    lines.out
}

/// `prod, cluster prod-eu: Application argocd/web`
fn heading(place: &DiffPlace) -> String {
    let destination = place.destination();
    let colon = if destination.is_empty() { "" } else { ": " };
    format!("{destination}{colon}{}", place.owner())
}

fn object(one: &ObjectDiff, first: &DiffPlace, lines: &mut Lines) {
    let fate = first.fate.as_ref().map_or_else(String::new, |fate| format!(": {fate}"));
    lines.push(Paint::Plain, "");
    let side = if one.change == DiffChange::Deleted { " in the base" } else { "" };
    lines.push(Paint::Heading, &format!("{} {}{fate}  ({}:{}{side})", one.word(), one.title(), first.path, first.line));
    for place in one.places.iter().skip(1).take(MOST_PLACES) {
        let fate = place.fate.as_ref().map_or_else(String::new, |fate| format!(": {fate}"));
        lines.push(Paint::Plain, &format!("  the same: {} in {}{fate}", one.title_at(place), heading(place)));
    }
    let more = one.places.len().saturating_sub(MOST_PLACES + 1);
    if more > 0 {
        lines.push(Paint::Plain, &format!("  the same: {more} more (all in the JSON report)"));
    }
    if let Some(note) = one.note {
        lines.push(Paint::Dim, &format!("  {note}"));
    }
    one.hunks.iter().for_each(|hunk| self::hunk(hunk, one.change, lines));
}

fn hunk(hunk: &Hunk, change: DiffChange, lines: &mut Lines) {
    let causes = if hunk.causes.is_empty() { String::new() } else { format!("  <- {}", joined(&hunk.causes)) };
    lines.push(Paint::Hunk, &format!("{}{causes}", hunk.head()));
    let most = if change == DiffChange::Changed { usize::MAX } else { MOST_LINES };
    for line in hunk.lines.iter().take(most) {
        let paint = match line.as_bytes().first() {
            Some(b'-') => Paint::Gone,
            Some(b'+') => Paint::New,
            _ => Paint::Plain,
        };
        lines.push(paint, line);
    }
    let more = hunk.lines.len().saturating_sub(most);
    if more > 0 {
        lines.push(Paint::Dim, &format!("… {} (all in the JSON report)", many(more, "more line")));
    }
}

/// Places in a row, each file once for lines that follow each other: `a.yaml:3, 7`.
fn joined(causes: &[String]) -> String {
    let mut out = String::new();
    let mut file = "";
    for cause in causes {
        let (path, line) = cause.split_once(':').unwrap_or((cause, ""));
        let comma = if out.is_empty() { "" } else { ", " };
        out.push_str(comma);
        out.push_str(if path == file && !line.is_empty() { line } else { cause });
        file = path;
    }
    out
}

fn moves(report: &DiffReport, lines: &mut Lines) {
    for one in &report.moves {
        lines.push(Paint::Plain, "");
        let count = many(one.objects.len(), "object");
        lines.push(
            Paint::Heading,
            &format!("moved, as {}: {count} from {} to {}", they(one.objects.len()), one.from, one.to),
        );
        for object in one.objects.iter().take(MOST_PLACES) {
            lines.push(Paint::Plain, &format!("  {object}"));
        }
        let more = one.objects.len().saturating_sub(MOST_PLACES);
        if more > 0 {
            lines.push(Paint::Plain, &format!("  … {more} more (all in the JSON report)"));
        }
    }
}

fn they(count: usize) -> &'static str {
    if count == 1 { "it is" } else { "they are" }
}

/// What nobody knows: it is no part of the differences.
fn unknown(report: &DiffReport, lines: &mut Lines) {
    if !report.failed.is_empty() {
        lines.push(Paint::Plain, "");
        let count = many(report.failed.len(), "part");
        lines.push(Paint::Plain, &format!("not compared, since it cannot be built or read: {count}"));
        for one in &report.failed {
            let side = if one.side == "base" { " (in the base)" } else { "" };
            lines.push(Paint::Plain, &format!("  {}:{}{side}: {}", one.path, one.line, one.why));
        }
    }
    if !report.unrendered.is_empty() {
        lines.push(Paint::Plain, "");
        lines.push(Paint::Plain, &format!("not rendered, and so not compared: {}", sorts(&report.unrendered)));
    }
}
