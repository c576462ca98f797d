//! The words of a suppressing comment: `# gitops-guard: ignore[rule-id] until=2027-01-31 reason in words`.
//!
//! Never: a file, a rule; whether an id exists is not asked here.

use std::ops::Range;

use crate::base::{Date, NoDate};

/// What every such comment holds, for a quick look at whole files.
pub(super) const WORD: &str = "gitops-guard:";

/// Until when a suppression holds: that day is the last one.
pub(super) type Until = Result<Date, NoDate>;

/// One suppression in a comment.
#[derive(Debug)]
pub(super) struct Said {
    /// Its bytes in the comment, from its `#` on.
    pub(super) range: Range<usize>,
    /// The ids with their bytes in the comment.
    pub(super) ids: Vec<(String, Range<usize>)>,
    /// Until when.
    pub(super) until: Option<Until>,
    /// Whether words say why.
    pub(super) explained: bool,
    /// Why nothing is suppressed, where it cannot be read.
    pub(super) broken: Option<String>,
}

/// The suppressions of a comment, which starts with its `#`. Most comments hold none, a few hold one behind other words.
pub(super) fn read(comment: &str) -> Vec<Said> {
    let mut starts: Vec<usize> = Vec::new();
    for (at, _) in comment.match_indices('#') {
        let is_apart = comment[..at].chars().next_back().is_none_or(|before| before.is_whitespace() || before == '#');
        if is_apart && comment[at + 1..].trim_start().starts_with(WORD) {
            starts.push(at);
        }
    }
    let ends = starts.iter().skip(1).copied().chain([comment.len()]);
    starts.iter().zip(ends).map(|(start, end)| one(comment, *start, end)).collect()
}

fn one(comment: &str, start: usize, end: usize) -> Said {
    let end = start + comment[start..end].trim_end().len();
    let word = start + comment[start..end].find(WORD).unwrap_or_default() + WORD.len();
    let mut said = Said { range: start..end, ids: Vec::new(), until: None, explained: false, broken: None };
    let rest = comment[word..end].trim_start();
    let Some(list) = rest.strip_prefix("ignore").map(str::trim_start).and_then(|rest| rest.strip_prefix('[')) else {
        said.broken = Some("this comment is not understood, so it suppresses nothing".to_owned());
        return said;
    };
    let Some((ids, behind)) = list.split_once(']') else {
        said.broken = Some("the bracket of `ignore[` is not closed, so nothing is suppressed".to_owned());
        return said;
    };
    let first = end - list.len();
    let offset = |part: &str| first + (part.as_ptr() as usize - list.as_ptr() as usize);
    let ids = ids.split(',').map(str::trim).filter(|id| !id.is_empty());
    said.ids = ids.map(|id| (id.to_owned(), offset(id)..offset(id) + id.len())).collect();
    if said.ids.is_empty() {
        said.broken = Some("`ignore[]` names no rule, so nothing is suppressed".to_owned());
    }
    for word in behind.split_whitespace() {
        match word.strip_prefix("until=") {
            Some(date) if said.until.is_none() => said.until = Some(date.parse()),
            _ => said.explained |= word.chars().any(char::is_alphanumeric),
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ids, date and whether it is explained, or what is wrong.
    fn told(comment: &str) -> Vec<String> {
        let tell = |said: Said| {
            if let Some(broken) = said.broken {
                return broken;
            }
            for (id, range) in &said.ids {
                assert_eq!(&comment[range.clone()], id);
            }
            let ids: Vec<&str> = said.ids.iter().map(|id| &*id.0).collect();
            let until = match said.until {
                None => String::new(),
                Some(Ok(date)) => format!(" until {date}"),
                Some(Err(wrong)) => format!(" ({wrong})"),
            };
            format!("{}{until}{}", ids.join("+"), if said.explained { ", explained" } else { "" })
        };
        read(comment).into_iter().map(tell).collect()
    }

    #[test]
    fn comments_are_read_as_they_are_written() {
        for (comment, says) in [
            ("# gitops-guard: ignore[a-b] why", "a-b, explained"),
            ("#gitops-guard:ignore[a]why", "a, explained"),
            ("## gitops-guard: ignore[a] why", "a, explained"),
            ("#\tgitops-guard:\tignore[a]\tuntil=2027-01-31\twhy", "a until 2027-01-31, explained"),
            ("#\u{a0}gitops-guard:\u{a0}ignore[a]\u{a0}pörquoi", "a, explained"),
            ("# gitops-guard: ignore[a, b ,,c] why\r", "a+b+c, explained"),
            ("# gitops-guard: ignore [ a ] why", "a, explained"),
            ("# gitops-guard: ignore[a] why until=2027-01-31", "a until 2027-01-31, explained"),
            ("# gitops-guard: ignore[ä] 為什麼", "ä, explained"),
            ("# gitops-guard: ignore[a]", "a"),
            ("# gitops-guard: ignore[a] until=2027-01-31", "a until 2027-01-31"),
            ("# gitops-guard: ignore[a] -- …", "a"),
            ("# gitops-guard: ignore[a] until=soon why", "a (`soon` is no date; write it as 2027-01-31), explained"),
            ("# gitops-guard: ignore[]", "`ignore[]` names no rule, so nothing is suppressed"),
            ("# gitops-guard: ignore[ , ] why", "`ignore[]` names no rule, so nothing is suppressed"),
            ("# gitops-guard: ignore[a why", "the bracket of `ignore[` is not closed, so nothing is suppressed"),
            ("# gitops-guard: ignore a why", "this comment is not understood, so it suppresses nothing"),
            ("# gitops-guard: disable[a] why", "this comment is not understood, so it suppresses nothing"),
            ("# gitops-guard:", "this comment is not understood, so it suppresses nothing"),
        ] {
            assert_eq!(told(comment), [says], "{comment}");
        }
    }

    #[test]
    fn one_comment_may_hold_two_or_stand_behind_other_words() {
        assert_eq!(told("# gitops-guard: ignore[a] x # gitops-guard: ignore[b]"), ["a, explained", "b"]);
        assert_eq!(told("# noqa # gitops-guard: ignore[a] x"), ["a, explained"]);
        for comment in
            ["# write `# gitops-guard: ignore[a]` there", "# see gitops-guard: ignore[a]", "# Gitops-Guard: x"]
        {
            assert_eq!(told(comment), [""; 0], "{comment}");
        }
        assert_eq!(read("# x # gitops-guard: ignore[a] why  ")[0].range, 4..33);
    }
}
