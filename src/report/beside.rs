//! Lines of the base beside those of the head, in two columns, as `similar` pairs them.
//!
//! Never: the text of a file but through `Sources::shown`; more than a few lines.

use similar::{ChangeTag, TextDiff};

use super::plain::visible;
use crate::base::{LineIndex, Sources, Span};
use crate::rules::Rewritten;

/// How many lines of one side are compared, and how many rows are shown.
const MOST_LINES: usize = 40;
const MOST_ROWS: usize = 8;

/// What stands around the columns.
const FRAME: usize = 9;

/// Both sides in so many columns; empty where they read the same.
pub(super) fn lines(sources: &Sources, rewritten: Rewritten, width: usize) -> Vec<String> {
    let old = block(sources, rewritten.was);
    let new = rewritten.is.map(|is| block(sources, is)).unwrap_or_default();
    let rows = rows(&old, &new);
    if rows.is_empty() {
        return rows;
    }
    let place = |at: Span| format!("{}:{}", sources.path(at.file), sources.positions(at).0.line);
    let head = [format!("{} (base)", place(rewritten.was)), rewritten.is.map(place).unwrap_or_default()];
    let longest = |lines: &[String], head: &str| {
        lines.iter().map(|line| line.chars().count()).chain([head.chars().count()]).max().unwrap_or_default()
    };
    let room = width.saturating_sub(FRAME).max(20);
    // Each side has half of the room, and what the other leaves.
    let (left, right) = (longest(&old, &head[0]), longest(&new, &head[1]));
    let left = left.min((room / 2).max(room.saturating_sub(right)));
    let right = right.min(room - left);
    let mut out = vec![row(&head[0], &head[1], left, right)];
    out.extend(rows.iter().take(MOST_ROWS).map(|line| {
        let (was, is) = line.split_once('\0').unwrap_or((line, ""));
        row(was, is, left, right)
    }));
    if rows.len() > MOST_ROWS {
        out.push(row("…", "…", left, right));
    }
    out
}

fn row(was: &str, is: &str, left: usize, right: usize) -> String {
    let (was, is) = (cut(&visible(was), left), cut(&visible(is), right));
    let blank = left.saturating_sub(was.chars().count());
    format!("{was}{} │ {is}", " ".repeat(blank)).trim_end().to_owned()
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// The lines that differ, each with the one that stands for it behind a NUL; of equal lines only the first is kept,
/// since it names what the others are of.
fn rows(old: &[String], new: &[String]) -> Vec<String> {
    let (was, is) = (old.join("\n"), new.join("\n"));
    let diff = TextDiff::from_lines(&was, &is);
    let mut rows: Vec<String> = Vec::new();
    let (mut gone, mut joined): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    let mut equal_first = None;
    for (row, change) in diff.iter_all_changes().enumerate() {
        let line = change.value().trim_end_matches('\n');
        match change.tag() {
            ChangeTag::Delete => gone.push(line),
            ChangeTag::Insert => joined.push(line),
            ChangeTag::Equal => {
                if row == 0 {
                    equal_first = Some(format!("{line}\0{line}"));
                }
                pair(&mut gone, &mut joined, &mut rows);
            }
        }
    }
    pair(&mut gone, &mut joined, &mut rows);
    if rows.is_empty() { rows } else { equal_first.into_iter().chain(rows).collect() }
}

/// Puts what is gone beside what joined.
fn pair(gone: &mut Vec<&str>, joined: &mut Vec<&str>, rows: &mut Vec<String>) {
    for row in 0..gone.len().max(joined.len()) {
        let at = |lines: &[&str]| lines.get(row).map(|line| (*line).to_owned()).unwrap_or_default();
        rows.push(format!("{}\0{}", at(gone), at(joined)));
    }
    gone.clear();
    joined.clear();
}

/// The line of a place with those below it that belong to it: they stand deeper, or are the items of its list.
fn block(sources: &Sources, at: Span) -> Vec<String> {
    let at = sources.outermost(at);
    let shown = sources.shown(at.file);
    let (text, index) = (shown.text(), shown.lines());
    let start = sources.shown_range(at).bytes().start.min(text.len());
    let first = index.position(text, start as u32).line;
    let mut found: Vec<&str> = Vec::new();
    for line in (first..).take(MOST_LINES).map_while(|line| line_of(text, index, line)) {
        let deeper = |first: &&str| indent(line) > indent(first) || (indent(line) == indent(first) && is_item(line));
        if found.first().is_none_or(deeper) || line.trim().is_empty() {
            found.push(line);
        } else {
            break;
        }
    }
    let least = found.iter().filter(|line| !line.trim().is_empty()).map(|line| indent(line)).min().unwrap_or_default();
    found.iter().map(|line| line.get(least..).unwrap_or_default().trim_end().to_owned()).collect()
}

fn line_of<'t>(text: &'t str, index: &LineIndex, line: u32) -> Option<&'t str> {
    let start = index.start_of(line)? as usize;
    let end = index.start_of(line + 1).map_or(text.len(), |next| next as usize);
    (start < text.len()).then(|| text[start..end].trim_end_matches(['\n', '\r']))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_item(line: &str) -> bool {
    line.trim_start().starts_with("- ")
}
