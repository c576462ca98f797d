//! The functions of text. Positions count characters.
//!
//! Never: a position in bytes.

use super::meter::{Meter, Why};
use super::printf;
use super::value::{Document, Text, Val};

type Done<'t, D> = Result<Val<'t, D>, Why>;

/// A call on text; `None` where there is no such function for these arguments.
pub(super) fn member<'t, D: Document<'t>>(
    name: &str,
    text: &str,
    arguments: &[Val<'t, D>],
    meter: &mut Meter,
) -> Option<Done<'t, D>> {
    let given = arguments.iter().map(Val::as_text).collect::<Vec<_>>();
    Some(match (name, &*given, arguments) {
        ("contains", [Some(part)], _) => Ok(Val::Bool(text.contains(part))),
        ("startsWith", [Some(part)], _) => Ok(Val::Bool(text.starts_with(part))),
        ("endsWith", [Some(part)], _) => Ok(Val::Bool(text.ends_with(part))),
        ("lowerAscii", [], _) => Ok(Val::text(text.to_ascii_lowercase())),
        ("upperAscii", [], _) => Ok(Val::text(text.to_ascii_uppercase())),
        ("trim", [], _) => Ok(Val::text(text.trim())),
        ("reverse", [], _) => Ok(Val::text(text.chars().rev().collect::<String>())),
        ("charAt", _, [Val::Int(at)]) => char_at(text, *at),
        ("indexOf", [Some(part)], _) => Ok(found(index_of(text, part, 0))),
        ("indexOf", _, [Val::Text(part), Val::Int(from)]) => {
            position(text, *from).map(|from| found(index_of(text, part.as_str(), from)))
        }
        ("lastIndexOf", [Some(part)], _) => Ok(found(last_index_of(text, part, usize::MAX))),
        ("lastIndexOf", _, [Val::Text(part), Val::Int(until)]) => {
            position(text, *until).map(|until| found(last_index_of(text, part.as_str(), until)))
        }
        ("substring", _, [Val::Int(start)]) => substring(text, *start, None),
        ("substring", _, [Val::Int(start), Val::Int(end)]) => substring(text, *start, Some(*end)),
        ("split", [Some(by)], _) => split(text, by, -1, meter),
        ("split", _, [Val::Text(by), Val::Int(most)]) => split(text, by.as_str(), *most, meter),
        ("replace", [Some(from), Some(to)], _) => replace(text, (from, to), -1, meter),
        ("replace", _, [Val::Text(from), Val::Text(to), Val::Int(most)]) => {
            replace(text, (from.as_str(), to.as_str()), *most, meter)
        }
        ("format", _, [list]) => printf::format(text, &list.items()?, meter).map(Val::text),
        _ => return None,
    })
}

/// A float as Go prints it: no fraction where it has none, an exponent where it is far from one.
pub(super) fn double(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e21).contains(&size) {
        let shown = format!("{value:e}");
        let (digits, power) = shown.split_once('e').unwrap_or((&shown, "0"));
        let (sign, power) = power.strip_prefix('-').map_or(("+", power), |power| ("-", power));
        return format!("{digits}e{sign}{power:0>2}");
    }
    value.to_string()
}

/// Text in quotes, with escapes for what would not show.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for char in text.chars() {
        match char {
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            _ => out.push(char),
        }
    }
    out.push('"');
    out
}

fn out_of_range() -> Why {
    Why::value("this position is outside the text")
}

/// A position that lies in the text or right behind it.
fn position(text: &str, at: i64) -> Result<usize, Why> {
    usize::try_from(at).ok().filter(|at| *at <= text.chars().count()).ok_or_else(out_of_range)
}

/// A position as a value: -1 where there is none.
fn found<'t, D: Document<'t>>(at: Option<usize>) -> Val<'t, D> {
    at.map_or(Val::Int(-1), Val::count)
}

/// The byte of a character.
fn byte_of(text: &str, at: usize) -> usize {
    text.char_indices().nth(at).map_or(text.len(), |(byte, _)| byte)
}

fn char_at<'t, D: Document<'t>>(text: &str, at: i64) -> Done<'t, D> {
    let at = position(text, at)?;
    Ok(Val::text(text.chars().nth(at).map(String::from).unwrap_or_default()))
}

fn index_of(text: &str, part: &str, from: usize) -> Option<usize> {
    let start = byte_of(text, from);
    let found = text[start..].find(part)?;
    Some(from + text[start..start + found].chars().count())
}

fn last_index_of(text: &str, part: &str, until: usize) -> Option<usize> {
    let last = byte_of(text, until).saturating_add(part.len()).min(text.len());
    let end = (last..=text.len()).find(|end| text.is_char_boundary(*end))?;
    let found = text[..end].rfind(part)?;
    Some(text[..found].chars().count())
}

fn substring<'t, D: Document<'t>>(text: &str, start: i64, end: Option<i64>) -> Done<'t, D> {
    let start = position(text, start)?;
    let end = end.map_or(Ok(text.chars().count()), |end| position(text, end))?;
    if start > end {
        return Err(out_of_range());
    }
    Ok(Val::text(text.chars().skip(start).take(end - start).collect::<String>()))
}

fn split<'t, D: Document<'t>>(text: &str, by: &str, most: i64, meter: &mut Meter) -> Done<'t, D> {
    meter.take(text.len() / 2)?;
    let part = |part: &str| Val::Text(Text::from(part.to_owned()));
    if most == 0 {
        return Ok(Val::list(Vec::new()));
    }
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    if by.is_empty() {
        let mut parts: Vec<Val<'t, D>> = Vec::new();
        let mut rest = text.chars();
        while let Some(char) = rest.next() {
            if parts.len() + 1 == most {
                parts.push(part(&format!("{char}{}", rest.as_str())));
                break;
            }
            parts.push(part(char.encode_utf8(&mut [0; 4])));
        }
        return Ok(Val::list(parts));
    }
    Ok(Val::list(text.splitn(most, by).map(part).collect()))
}

fn replace<'t, D: Document<'t>>(text: &str, (from, to): (&str, &str), most: i64, meter: &mut Meter) -> Done<'t, D> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let found = if from.is_empty() { text.len() + 1 } else { text.matches(from).count() };
    meter.take((text.len() + found.min(most).saturating_mul(to.len())) / 10)?;
    Ok(Val::text(text.replacen(from, to, most)))
}
