//! The functions of templates over texts. What is worked on comes last, since it comes through a pipe.
//!
//! Never: a text that another version of these functions would give otherwise; what is not plain is left to be a gap.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::functions::{text, whole};

/// The result of a function; nothing where it is none of these.
pub(super) fn call(name: &str, arguments: &[Value]) -> Option<Value> {
    let texts: Vec<String> = arguments.iter().map(text).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let result = match texts.as_slice() {
        [one] => of_one(name, one),
        _ => None,
    };
    let result = result.or_else(|| of_some(name, &texts)).map(Value::String);
    result.or_else(|| answers(name, &texts)).or_else(|| sized(name, arguments)).or_else(|| patterns(name, arguments))
}

fn of_one(name: &str, text: &str) -> Option<String> {
    Some(match name {
        "lower" => text.to_lowercase(),
        "upper" => text.to_uppercase(),
        "trim" => text.trim().to_owned(),
        "toString" => text.to_owned(),
        "title" => capitalized(text),
        "untitle" => uncapitalized(text),
        "nospace" => text.split_whitespace().collect(),
        "initials" => text.split_whitespace().filter_map(|word| word.chars().next()).collect(),
        "snakecase" if text.is_ascii() => words(text).join("_"),
        "kebabcase" if text.is_ascii() => words(text).join("-"),
        "normalize" => normalize(text),
        "slugify" => slug(text, 50, false)?,
        "base" => {
            text.trim_end_matches('/').rsplit('/').next().filter(|base| !base.is_empty()).unwrap_or(".").to_owned()
        }
        "dir" => directory(text),
        "ext" => {
            text.rsplit('/').next()?.rfind('.').map_or("", |dot| &text[text.len() - name_tail(text, dot)..]).to_owned()
        }
        "clean" if !text.contains("..") && !text.contains("//") && !text.contains("./") => text.to_owned(),
        "b64enc" => STANDARD.encode(text),
        "b64dec" => String::from_utf8(STANDARD.decode(text).ok()?).ok()?,
        "sha256sum" => Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect(),
        "regexQuoteMeta" => regex::escape(text),
        _ => return None,
    })
}

/// How long the ending of a path is, from the dot in its last name on.
fn name_tail(text: &str, dot: usize) -> usize {
    text.rsplit('/').next().map_or(0, |name| name.len() - dot)
}

fn of_some(name: &str, texts: &[&str]) -> Option<String> {
    Some(match (name, texts) {
        ("trimPrefix", [prefix, text]) => text.strip_prefix(prefix).unwrap_or(text).to_owned(),
        ("trimSuffix", [suffix, text]) => text.strip_suffix(suffix).unwrap_or(text).to_owned(),
        ("trimAll", [signs, text]) => text.trim_matches(|c| signs.contains(c)).to_owned(),
        ("replace", [from, to, text]) => text.replace(from, to),
        ("cat", all) => all.join(" "),
        ("print", all) => all.concat(),
        ("plural", [one, many, count]) => if *count == "1" { one } else { many }.to_string(),
        ("printf", [format, rest @ ..]) => printf(format, rest)?,
        _ => return None,
    })
}

fn answers(name: &str, texts: &[&str]) -> Option<Value> {
    Some(match (name, texts) {
        ("hasPrefix", [prefix, text]) => text.starts_with(prefix).into(),
        ("hasSuffix", [suffix, text]) => text.ends_with(suffix).into(),
        ("contains", [part, text]) => text.contains(part).into(),
        ("isAbs", [text]) => text.starts_with('/').into(),
        ("splitList", [by, text]) if !by.is_empty() => text.split(by).collect::<Vec<_>>().into(),
        ("split", [by, text]) if !by.is_empty() => parts(text.split(by)),
        _ => return None,
    })
}

/// `_0`, `_1`, …
fn parts<'t>(parts: impl Iterator<Item = &'t str>) -> Value {
    Value::Object(parts.enumerate().map(|(row, part)| (format!("_{row}"), part.into())).collect())
}

/// Functions that take numbers along.
fn sized(name: &str, arguments: &[Value]) -> Option<Value> {
    let size = |row: usize| whole(arguments.get(row)?).and_then(|size| usize::try_from(size).ok());
    let last = || arguments.last().map(text);
    Some(match (name, arguments.len()) {
        ("trunc", 2) => {
            let (length, text) = (whole(&arguments[0])?, last()?);
            let size = usize::try_from(length.unsigned_abs()).ok()?;
            let skipped = if length < 0 { text.chars().count().saturating_sub(size) } else { 0 };
            text.chars().skip(skipped).take(size).collect::<String>().into()
        }
        ("substr", 3) => {
            let (start, end) = (size(0)?, whole(&arguments[1])?);
            let text = last()?;
            let end = usize::try_from(end).map_or(text.len(), |end| end.min(text.len()));
            text.get(start.min(end)..end)?.into()
        }
        ("repeat", 2) => {
            let (count, text) = (size(0)?, last()?);
            (count.saturating_mul(text.len()) <= 1 << 16).then(|| text.repeat(count))?.into()
        }
        ("indent" | "nindent", 2) => {
            let blank = " ".repeat(size(0).filter(|size| *size <= 1000)?);
            let lines = last()?.split('\n').map(|line| format!("{blank}{line}")).collect::<Vec<_>>().join("\n");
            if name == "nindent" { format!("\n{lines}") } else { lines }.into()
        }
        ("splitn", 3) => parts(last()?.splitn(size(1)?, &*text(&arguments[0]))),
        ("slugify", 2) => slug(&last()?, size(0)?, false)?.into(),
        ("slugify", 3) => slug(&last()?, size(0)?, arguments[1].as_bool()?)?.into(),
        ("abbrev", 2) => {
            let (width, text) = (size(0)?, last()?);
            let short = || text.chars().take(width - 3).chain("...".chars()).collect();
            if width < 4 || text.chars().count() <= width { text.clone() } else { short() }.into()
        }
        _ => return None,
    })
}

/// Functions over regular expressions. Those that this crate reads otherwise than Go are not compiled by it.
fn patterns(name: &str, arguments: &[Value]) -> Option<Value> {
    let pattern = || Regex::new(arguments.first()?.as_str()?).ok();
    let at = |row: usize| arguments.get(row).map(text);
    Some(match (name, arguments.len()) {
        ("regexMatch", 2) => pattern()?.is_match(&at(1)?).into(),
        ("regexFind", 2) => pattern()?.find(&at(1)?).map_or("", |found| found.as_str()).into(),
        ("regexFindAll", 3) => {
            let most = usize::try_from(whole(&arguments[2])?).unwrap_or(usize::MAX);
            pattern()?.find_iter(&at(1)?).take(most).map(|found| Value::from(found.as_str())).collect()
        }
        ("regexReplaceAll", 3) => pattern()?.replace_all(&at(1)?, &*at(2)?).into_owned().into(),
        ("regexReplaceAllLiteral", 3) => pattern()?.replace_all(&at(1)?, regex::NoExpand(&at(2)?)).into_owned().into(),
        ("regexSplit", 3) => {
            let text = at(1)?;
            match usize::try_from(whole(&arguments[2])?) {
                Ok(most) => pattern()?.splitn(&text, most).map(Value::from).collect(),
                Err(_) => pattern()?.split(&text).map(Value::from).collect(),
            }
        }
        _ => return None,
    })
}

fn capitalized(text: &str) -> String {
    let mut is_start = true;
    let upper = |c: char| {
        let was_start = std::mem::replace(&mut is_start, c.is_whitespace());
        if was_start { c.to_uppercase().collect::<String>() } else { c.to_string() }
    };
    text.chars().map(upper).collect()
}

fn uncapitalized(text: &str) -> String {
    let mut is_start = true;
    let lower = |c: char| {
        let was_start = std::mem::replace(&mut is_start, c.is_whitespace());
        if was_start { c.to_lowercase().collect::<String>() } else { c.to_string() }
    };
    text.chars().map(lower).collect()
}

/// The words of a name in lower case: a capital behind a small letter begins one.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for c in text.chars() {
        let begins = !before.is_alphanumeric() || (c.is_uppercase() && !before.is_uppercase());
        if c.is_alphanumeric() {
            match words.last_mut().filter(|_| !begins) {
                Some(word) => word.extend(c.to_lowercase()),
                None => words.push(c.to_lowercase().collect()),
            }
        }
        before = c;
    }
    words
}

fn directory(text: &str) -> String {
    match text.rsplit_once('/') {
        None => ".".to_owned(),
        Some(("", _)) => "/".to_owned(),
        Some((folder, _)) => folder.trim_end_matches('/').to_owned(),
    }
}

/// `%s`, `%v`, `%d` and `%q` alone, and `%0Nd`.
fn printf(format: &str, arguments: &[&str]) -> Option<String> {
    let mut out = String::new();
    let mut arguments = arguments.iter();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut width = String::new();
        while let Some(digit) = chars.next_if(char::is_ascii_digit) {
            width.push(digit);
        }
        match chars.next()? {
            '%' if width.is_empty() => out.push('%'),
            's' | 'v' | 'd' if width.is_empty() => out.push_str(arguments.next()?),
            'q' if width.is_empty() => write!(out, "{:?}", arguments.next()?).ok()?,
            'd' => {
                let size: usize = width.parse().ok().filter(|size| *size < 1000)?;
                let number: i64 = arguments.next()?.parse().ok()?;
                let padded =
                    if width.starts_with('0') { format!("{number:0size$}") } else { format!("{number:size$}") };
                out.push_str(&padded);
            }
            _ => return None,
        }
    }
    Some(out)
}

/// A text as a DNS name, as Argo CD's generators normalize names.
#[must_use]
pub fn normalize(text: &str) -> String {
    let is_kept = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let text: String = text.to_lowercase().chars().map(|c| if is_kept(c) { c } else { '-' }).take(253).collect();
    text.trim_matches(['-', '.']).to_owned()
}

/// Argo CD's `slugify`: a name of so many characters; whole words where that is asked for. Letters of other scripts are
/// written in Latin there by a table that is not here.
fn slug(text: &str, most: usize, by_words: bool) -> Option<String> {
    if !text.is_ascii() || text.contains(['&', '@']) {
        return None;
    }
    let is_kept = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let mut slug = String::new();
    for c in text.trim().to_lowercase().chars().filter(|c| !matches!(c, '\'' | '"')) {
        let c = if is_kept(c) { c } else { '-' };
        if c != '-' || !slug.ends_with('-') {
            slug.push(c);
        }
    }
    let slug = slug.trim_matches(['-', '_']);
    if slug.len() <= most {
        return Some(slug.to_owned());
    }
    if !by_words {
        return Some(slug[..most].trim_matches(['-', '_']).to_owned());
    }
    let mut short = String::new();
    for word in slug.split('-') {
        let sign = usize::from(!short.is_empty());
        if short.len() + sign + word.len() > most {
            break;
        }
        if sign > 0 {
            short.push('-');
        }
        short.push_str(word);
    }
    Some(if short.is_empty() { slug[..most].to_owned() } else { short })
}
