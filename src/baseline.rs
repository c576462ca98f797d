//! The baseline as a file: a JSON object a line, sorted, so that two branches that change it rarely meet.
//!
//! Never: a value, a time, a line number; what moves within a file is the same finding.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::base::{Date, FileId, Sources, Span, TextRange};
use crate::rules::{BaselineEntry, Known, Mistake};

/// How long a secret may stay: that it is old does not make it unknown.
const SECRET_DAYS: u32 = 30;

/// What a new entry says until somebody says it better.
const REASON: &str = "known when the baseline was written";

/// An entry as it is written.
#[derive(Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(deny_unknown_fields)]
struct Line {
    rule: String,
    object: String,
    field: String,
    fingerprint: String,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    until: Option<String>,
}

/// Reads a baseline.
///
/// # Errors
/// All lines that are no entries.
pub fn read(sources: &Sources, file: FileId) -> Result<Vec<BaselineEntry>, Vec<Mistake>> {
    let text = sources.text(file);
    if let Some(found) = unreadable(sources, file) {
        return Err(vec![found]);
    }
    let (mut entries, mut mistakes) = (Vec::new(), Vec::new());
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let written = line.trim_end();
        let range = TextRange::new(start as u32, (start + written.len()) as u32);
        start += line.len();
        if written.is_empty() {
            continue;
        }
        match entry(written, Span { file, range }) {
            Ok(entry) => entries.push(entry),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(entries) } else { Err(mistakes) }
}

fn unreadable(sources: &Sources, file: FileId) -> Option<Mistake> {
    let at = Span { file, range: TextRange::new(0, 0) };
    match sources.content(file) {
        crate::base::Content::Text(_) => None,
        crate::base::Content::Binary(_) => Some(Mistake::new(at, "the baseline is not UTF-8")),
        crate::base::Content::Failed(error) => Some(Mistake::new(at, format!("the baseline cannot be read: {error}"))),
    }
}

fn entry(written: &str, at: Span) -> Result<BaselineEntry, Mistake> {
    let help = "`check --write-baseline FILE` writes it; each line is a JSON object";
    let wrong = |text: String| Mistake::new(at, text).with_help(help);
    let line: Line = serde_json::from_str(written).map_err(|error| {
        // Where in the line is shown, and the number that serde gives is always 1.
        let text = error.to_string();
        let text = text.split(" at line ").next().unwrap_or_default().to_owned();
        wrong(format!("this is no entry of a baseline: {text}"))
    })?;
    let until = line.until.map(|until| until.parse::<Date>()).transpose();
    let until = until.map_err(|error| wrong(format!("`until`: {error}")))?;
    if !line.reason.chars().any(char::is_alphanumeric) {
        return Err(wrong("`reason` must say why it may stay".to_owned()));
    }
    Ok(BaselineEntry { rule: line.rule, fingerprint: line.fingerprint, reason: line.reason, until, at })
}

/// The text of a new baseline. What an older one lists keeps its reason and its date: to write it again makes nothing
/// last longer.
///
/// # Panics
/// Never: texts make JSON.
#[must_use]
pub fn write(known: &[Known], before: &[BaselineEntry], today: Date) -> String {
    let mut old: BTreeMap<(String, String), VecDeque<&BaselineEntry>> = BTreeMap::new();
    for entry in before {
        old.entry((entry.rule.clone(), entry.fingerprint.clone())).or_default().push_back(entry);
    }
    let mut line = |known: &Known| {
        let entry = old.get_mut(&(known.rule.clone(), known.fingerprint.clone())).and_then(VecDeque::pop_front);
        let fresh = || known.is_secret.then(|| today.plus(SECRET_DAYS));
        let until = entry.map_or_else(fresh, |entry| entry.until);
        Line {
            rule: known.rule.clone(),
            object: known.object.clone(),
            field: known.field.clone(),
            fingerprint: known.fingerprint.clone(),
            reason: entry.map_or(REASON, |entry| &entry.reason).to_owned(),
            until: until.map(|date| date.to_string()),
        }
    };
    let mut lines: Vec<Line> = known.iter().map(&mut line).collect();
    lines.sort();
    let text = |line: &Line| serde_json::to_string(line).expect("texts make JSON") + "\n";
    lines.iter().map(text).collect()
}

/// A configuration with a salt: in the block `secrets` that it has, else in a new one. `None` where its `secrets` is
/// written in a way that is for people to change.
#[must_use]
pub fn with_salt(text: &str, salt: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 64);
    let mut done = false;
    for line in text.split_inclusive('\n') {
        let rest = line.strip_prefix("secrets:").filter(|_| !done);
        let Some(rest) = rest else {
            out.push_str(line);
            continue;
        };
        let bare = rest.trim();
        match bare.strip_prefix('{') {
            Some(inner) if inner.trim_start().starts_with('}') => {
                out.push_str(&line.replacen('{', &format!("{{salt: {salt}"), 1));
            }
            Some(_) => out.push_str(&line.replacen('{', &format!("{{salt: {salt}, "), 1)),
            None if bare.is_empty() || bare.starts_with('#') => {
                out.push_str(line.trim_end_matches(['\r', '\n']));
                out.extend(["\n  salt: ", salt, "\n"]);
            }
            None => return None,
        }
        done = true;
    }
    if !done {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        out.extend(["secrets:\n  salt: ", salt, "\n"]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::{read, with_salt, write};
    use crate::base::Sources;
    use crate::rules::Known;

    fn known(rule: &str, field: &str, is_secret: bool) -> Known {
        let fingerprint = format!("{rule}{field}");
        Known { rule: rule.into(), object: "Secret a/b".into(), field: field.into(), fingerprint, is_secret }
    }

    fn entries(text: &str) -> Result<Vec<crate::rules::BaselineEntry>, Vec<crate::rules::Mistake>> {
        let sources = Sources::default();
        let file = crate::config::given(&sources, "b.jsonl", text.as_bytes().to_vec());
        read(&sources, file)
    }

    #[test]
    fn what_is_written_is_read_and_written_again_as_it_was() {
        let today = "2026-01-01".parse().expect("a date");
        let all = [known("b", "/x", false), known("a", "/y", true), known("b", "/x", false)];
        let text = write(&all, &[], today);
        let first = r#"{"rule":"a","object":"Secret a/b","field":"/y","fingerprint":"a/y","reason":"known when the baseline was written","until":"2026-01-31"}"#;
        assert_eq!(text.lines().next(), Some(first));
        assert_eq!(text.lines().count(), 3);
        let entries = entries(&text).expect("what was written");
        let later = "2026-02-15".parse().expect("a date");
        // Written again it lasts no longer, and what somebody said of it stays.
        assert_eq!(write(&all, &entries, later), text);
        assert_eq!(write(&all[..1], &entries, later).lines().count(), 1);
    }

    #[test]
    fn what_is_wrong_is_told_for_every_line() {
        let line =
            |rest: &str| format!("{{\"rule\":\"a\",\"object\":\"b\",\"field\":\"\",\"fingerprint\":\"c\"{rest}}}\n");
        let text = format!(
            "\n{}<<<<<<< HEAD\n{}{}{}",
            line(",\"reason\":\"x\""),
            line(",\"reason\":\" \""),
            line(",\"reason\":\"x\",\"until\":\"soon\""),
            line(",\"reason\":\"x\",\"line\":4")
        );
        let mistakes = entries(&text).expect_err("four lines are wrong");
        assert_eq!(mistakes.len(), 4);
        assert!(mistakes[1].message.contains("reason") && mistakes[2].message.contains("no date"), "{mistakes:?}");
    }

    #[test]
    fn a_salt_goes_where_a_configuration_keeps_it() {
        for (text, with) in [
            ("", "secrets:\n  salt: x\n"),
            ("roots: [a]", "roots: [a]\nsecrets:\n  salt: x\n"),
            ("secrets:\n  allow: [a]\nroots: []\n", "secrets:\n  salt: x\n  allow: [a]\nroots: []\n"),
            ("secrets: {allow: [a]} # b\n", "secrets: {salt: x, allow: [a]} # b\n"),
            ("secrets: {}\n", "secrets: {salt: x}\n"),
        ] {
            assert_eq!(with_salt(text, "x").as_deref(), Some(with), "{text}");
        }
        assert_eq!(with_salt("secrets: &a\n  allow: []\n", "x"), None);
    }
}
