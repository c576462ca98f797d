//! Smaller cases that show the same disagreement: files, then blocks of lines, then single lines are left out while it
//! stays.
//!
//! Never: knowledge of the format but that what belongs to a line is indented below it.

use crate::generator::Case;

/// Leaves out what it can. `holds` says whether a smaller case still shows it; it is asked at most `asks` times.
pub fn smaller(case: &Case, asks: usize, mut holds: impl FnMut(&Case) -> bool) -> Case {
    let mut best = case.clone();
    let mut left = asks;
    loop {
        let before = best.clone();
        without_files(&mut best, &mut left, &mut holds);
        without_lines(&mut best, &mut left, &mut holds);
        if best == before || left == 0 {
            return best;
        }
    }
}

fn attempt(best: &mut Case, next: Case, left: &mut usize, holds: &mut impl FnMut(&Case) -> bool) -> bool {
    if *left == 0 || next == *best {
        return false;
    }
    *left -= 1;
    let fits = holds(&next);
    if fits {
        *best = next;
    }
    fits
}

fn without_files(best: &mut Case, left: &mut usize, holds: &mut impl FnMut(&Case) -> bool) {
    for name in best.files.keys().cloned().collect::<Vec<_>>() {
        let mut next = best.clone();
        next.files.remove(&name);
        attempt(best, next, left, holds);
    }
}

fn without_lines(best: &mut Case, left: &mut usize, holds: &mut impl FnMut(&Case) -> bool) {
    for name in best.files.keys().cloned().collect::<Vec<_>>() {
        let mut at = 0;
        while let Some(text) = best.files.get(&name).and_then(|bytes| String::from_utf8(bytes.clone()).ok()) {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            if at >= lines.len() {
                break;
            }
            let ends = [document(&lines, at), block(&lines, at), at + 1];
            let mut shrunk = false;
            for end in ends {
                let mut next = best.clone();
                let rest: String = lines[..at].iter().chain(&lines[end..]).copied().collect();
                next.files.insert(name.clone(), rest.into_bytes());
                if attempt(best, next, left, holds) {
                    shrunk = true;
                    break;
                }
            }
            if !shrunk {
                at += 1;
            }
        }
    }
}

/// The end of the document that starts at the line.
fn document(lines: &[&str], at: usize) -> usize {
    let starts = at == 0 || lines[at - 1].starts_with("---");
    if !starts {
        return at + 1;
    }
    lines[at..].iter().position(|line| line.starts_with("---")).map_or(lines.len(), |length| at + length + 1)
}

/// The end of what belongs to the line: all that is indented below it.
fn block(lines: &[&str], at: usize) -> usize {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let own = indent(lines[at]);
    let is_item = lines[at].trim_start().starts_with("- ");
    let belongs = |line: &&&str| {
        let blank = line.trim().is_empty();
        blank || indent(line) > own || (!is_item && indent(line) == own && line.trim_start().starts_with('-'))
    };
    at + 1 + lines[at + 1..].iter().take_while(belongs).count()
}
