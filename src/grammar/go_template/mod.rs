//! The templates of ApplicationSets: Go templates with sprig's functions and Argo CD's own, and the older form, in which
//! `{{ }}` holds a name alone.
//!
//! Never: a guess. What is not known, or not understood, is a [`Gap`].

mod functions;
mod lists;
mod run;
mod syntax;
mod texts;
mod yaml;

use serde_json::Value;

pub use texts::normalize as normalized_name;

/// Why a template gives no text.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Gap(pub String);

/// What a name means that the values lack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    /// It may have any value: not all of them are known.
    Unknown,
    /// It has none, as Go has it: functions get nothing, and nobody prints it.
    Nothing,
    /// The template breaks off (`missingkey=error`).
    Error,
}

/// The text that a Go template gives for these values.
///
/// # Errors
/// Where it prints a value that is not there, or uses more of the language than this module knows.
pub fn go_template(text: &str, values: &Value, missing: Missing) -> Result<String, Gap> {
    if !text.contains("{{") {
        return Ok(text.to_owned());
    }
    run::run(&syntax::parse(text)?, values, missing)
}

/// The text that a template of the older form gives: `{{path.basename}}`, `{{ path[0] }}`.
///
/// # Errors
/// Where it names a value that is not there.
pub fn name_template(text: &str, values: &Value) -> Result<String, Gap> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{") {
        let Some((name, after)) = behind.split_once("}}") else { break };
        out.push_str(before);
        let name = name.trim();
        let found = lookup_name(name, values).ok_or_else(|| Gap(format!("`{name}`")))?;
        out.push_str(&functions::text(found));
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// A value by its name with dots; `path` is the path's own text, and `path[1]` a segment.
fn lookup_name<'v>(name: &str, values: &'v Value) -> Option<&'v Value> {
    if let Some(found) = values.get(name).filter(|found| !found.is_object()) {
        return Some(found);
    }
    let found = walk_name(name, values)?;
    if found.is_object() { found.get("path") } else { Some(found) }
}

fn walk_name<'v>(name: &str, at: &'v Value) -> Option<&'v Value> {
    let (part, rest) = name.split_once('.').map_or((name, None), |(part, rest)| (part, Some(rest)));
    let (key, index) = match part.strip_suffix(']').and_then(|part| part.split_once('[')) {
        Some((key, index)) => (key, Some(index.parse::<usize>().ok()?)),
        None => (part, None),
    };
    let mut found = at.get(key)?;
    if let Some(index) = index {
        found = found.get("segments").unwrap_or(found).get(index)?;
    }
    match rest {
        None => Some(found),
        // A label's name has dots of its own.
        Some(rest) => found.get(rest).or_else(|| walk_name(rest, found)),
    }
}

#[cfg(test)]
mod tests;
