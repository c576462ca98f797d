//! The differences, for a pull request: each object a section that opens.
//!
//! Never: a section cut inside; a fence that a line of it could close.

use std::fmt::Write as _;

use super::{DiffChange, DiffReport, ObjectDiff};
use crate::report::impact::sorts;
use crate::report::markdown::{code, prose};
use crate::report::plain::visible;
use crate::report::text::many;

/// How many places and objects one list names.
const MOST: usize = 12;

/// What is kept for the words on what was left out.
const RESERVE: usize = 200;

/// The whole report in so many bytes. What comes first stays: deletions, then changes, then what is new.
pub(super) fn print(report: &DiffReport, budget: usize) -> String {
    let mut out = format!("### Diff\n\n{}\n", verdict(report));
    let mut tail = rest(report, MOST);
    if out.len() + tail.len() + RESERVE > budget {
        tail = rest(report, 0);
    }
    let mut left = budget.saturating_sub(out.len() + tail.len() + RESERVE);
    let mut order: Vec<usize> = (0..report.objects.len()).collect();
    order.sort_by_key(|row| (report.objects[*row].change, *row));
    let mut dropped: Vec<&ObjectDiff> = Vec::new();
    for one in order.into_iter().map(|row| &report.objects[row]) {
        let section = object(one);
        match left.checked_sub(section.len()) {
            Some(rest) => {
                left = rest;
                out.push_str(&section);
            }
            None => dropped.push(one),
        }
    }
    let mut dropped_moves = 0;
    for section in moves(report) {
        match left.checked_sub(section.len()) {
            Some(rest) => {
                left = rest;
                out.push_str(&section);
            }
            None => dropped_moves += 1,
        }
    }
    if dropped.len() + dropped_moves > 0 {
        let count = |change: DiffChange| dropped.iter().filter(|one| one.change == change).count();
        let words = [
            (count(DiffChange::Changed), "changed"),
            (count(DiffChange::Added), "added"),
            (count(DiffChange::Deleted), "deleted"),
            (dropped_moves, "moved"),
        ];
        let words = words.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
        let words: Vec<String> = words.collect();
        let sections = many(dropped.len() + dropped_moves, "difference");
        writeln!(out, "\n{sections} left out for want of room ({}); `gitops-guard diff` shows all.", words.join(", "))
            .expect("a string takes all");
    }
    out.push_str(&tail);
    out
}

fn verdict(report: &DiffReport) -> String {
    let base = report.against(code);
    if report.is_any() || report.unknown > 0 {
        let words = report.sum().words();
        let first: String = words.chars().take(1).flat_map(char::to_uppercase).collect();
        format!("{first}{}{base}.", &words[first.len().min(words.len())..])
    } else {
        let what = if report.is_whole() { "Nothing" } else { "Nothing that can be compared" };
        format!("{what} changes{base}.")
    }
}

/// A text between the tags of a summary.
fn element(text: &str) -> String {
    let mut out = String::from("<code>");
    for c in visible(text).chars() {
        // What begins an element, an entity, a mention, a link or emphasis.
        if c.is_alphanumeric() || matches!(c, ' ' | '-' | '.' | '/' | ',') {
            out.push(c);
        } else {
            write!(out, "&#{};", u32::from(c)).expect("a string takes all");
        }
    }
    out + "</code>"
}

fn object(one: &ObjectDiff) -> String {
    let Some(first) = one.places.first() else { return String::new() };
    let word = match one.change {
        DiffChange::Deleted => "<b>deleted</b>",
        _ => one.word(),
    };
    let more = match one.places.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let destination = [first.environment.as_deref(), first.cluster.as_deref()];
    let destination: Vec<String> = destination.into_iter().flatten().map(element).collect();
    let destination = if destination.is_empty() { String::new() } else { format!(" in {}", destination.join(", ")) };
    let mut out = format!("\n<details><summary>{word} {}{destination}{more}</summary>\n\n", element(&one.title()));
    for place in one.places.iter().take(MOST) {
        let fate = place.fate.as_ref().map_or_else(String::new, |fate| format!("; **{}**", prose(fate)));
        let at = code(&format!("{}:{}", place.path, place.line));
        let title = code(&one.title_at(place));
        let destination = place.destination();
        let comma = if destination.is_empty() { "" } else { ", " };
        let (owner, destination) = (code(&place.owner()), prose(&destination));
        writeln!(out, "- {title} by {owner}{comma}{destination}{fate} ({at})").expect("a string takes all");
    }
    let more = one.places.len().saturating_sub(MOST);
    if more > 0 {
        writeln!(out, "- {more} more (all in the JSON report)").expect("a string takes all");
    }
    let causes: Vec<String> = causes(one).iter().map(|cause| code(cause)).collect();
    if !causes.is_empty() {
        writeln!(out, "\nWritten at {}", causes.join(", ")).expect("a string takes all");
    }
    if let Some(note) = one.note {
        writeln!(out, "\n{}", prose(note)).expect("a string takes all");
    }
    if !one.hunks.is_empty() {
        out.push_str(&fenced(one));
    }
    out + "\n</details>\n"
}

/// The lines of all causes, each once.
fn causes(one: &ObjectDiff) -> Vec<&str> {
    let mut causes: Vec<&str> = Vec::new();
    for cause in one.hunks.iter().flat_map(|hunk| &hunk.causes) {
        if causes.len() < MOST && !causes.contains(&cause.as_str()) {
            causes.push(cause);
        }
    }
    causes
}

fn fenced(one: &ObjectDiff) -> String {
    let mut lines: Vec<String> = Vec::new();
    for hunk in &one.hunks {
        lines.push(visible(&hunk.head()).into_owned());
        lines.extend(hunk.lines.iter().map(|line| visible(line).into_owned()));
    }
    let fence = "`".repeat(lines.iter().map(|line| longest_run(line)).max().unwrap_or(0).max(2) + 1);
    format!("\n{fence}diff\n{}\n{fence}\n", lines.join("\n"))
}

/// The longest run of backticks in a line.
fn longest_run(line: &str) -> usize {
    line.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

fn moves(report: &DiffReport) -> Vec<String> {
    let one = |one: &super::Move| {
        let count = many(one.objects.len(), "object");
        let mut out = format!("\n<details><summary>moved, unchanged: {count} to {}</summary>\n\n", element(&one.to));
        write!(out, "From {} to {}:\n\n", code(&one.from), code(&one.to)).expect("a string takes all");
        one.objects
            .iter()
            .take(MOST)
            .for_each(|object| writeln!(out, "- {}", code(object)).expect("a string takes all"));
        let more = one.objects.len().saturating_sub(MOST);
        if more > 0 {
            writeln!(out, "- {more} more (all in the JSON report)").expect("a string takes all");
        }
        out + "\n</details>\n"
    };
    report.moves.iter().map(one).collect()
}

/// What nobody knows: it is no part of the differences.
fn rest(report: &DiffReport, most: usize) -> String {
    let mut out = String::new();
    if !report.failed.is_empty() {
        out.push_str("\n**Not compared, since it cannot be built or read**\n\n");
        for one in report.failed.iter().take(most) {
            let side = if one.side == "base" { " (in the base)" } else { "" };
            writeln!(out, "- {}{side}: {}", code(&format!("{}:{}", one.path, one.line)), prose(&one.why))
                .expect("a string takes all");
        }
        let more = report.failed.len().saturating_sub(most);
        if more > 0 {
            writeln!(out, "- {more} more (all in the JSON report)").expect("a string takes all");
        }
    }
    if !report.unrendered.is_empty() {
        writeln!(out, "\nNot rendered, and so not compared: {}.", prose(&sorts(&report.unrendered)))
            .expect("a string takes all");
    }
    out
}
