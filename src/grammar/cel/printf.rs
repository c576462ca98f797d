//! The function `format` of text: `"%s has %d".format([name, count])`.
//!
//! Never: a verb that CEL does not know.

use super::meter::{Meter, Why};
use super::value::{Document, Other, Val};
use super::{kubernetes, strings};

/// The text with its verbs filled.
pub(super) fn format<'t, D: Document<'t>>(
    text: &str,
    arguments: &[Val<'t, D>],
    meter: &mut Meter,
) -> Result<String, Why> {
    let mut out = String::new();
    let mut given = arguments.iter();
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        if char != '%' {
            out.push(char);
            continue;
        }
        let mut verb = rest.next();
        if verb == Some('%') {
            out.push('%');
            continue;
        }
        let mut precision = None;
        if verb == Some('.') {
            let digits: String = rest.clone().take_while(char::is_ascii_digit).collect();
            rest = rest.as_str()[digits.len()..].chars();
            precision = digits.parse().ok().filter(|digits: &usize| *digits <= 64);
            if precision.is_none() {
                return Err(Why::value("`format` has a precision that it does not take"));
            }
            verb = rest.next();
        }
        let Some(value) = given.next() else { return Err(Why::value("`format` has more verbs than values")) };
        let start = out.len();
        write(&mut out, verb.unwrap_or(' '), precision, value)?;
        meter.take((out.len() - start) / 10 + 1)?;
    }
    Ok(out)
}

fn write<'t, D: Document<'t>>(
    out: &mut String,
    verb: char,
    precision: Option<usize>,
    value: &Val<'t, D>,
) -> Result<(), Why> {
    let digits = precision.unwrap_or(6);
    let wrong = || Why::types(&format!("%{verb}"), std::slice::from_ref(value));
    let float = || match value {
        Val::Double(value) => Some(*value),
        Val::Int(value) => Some(*value as f64),
        Val::Uint(value) => Some(*value as f64),
        _ => None,
    };
    let shown = match verb {
        's' => return text(out, value, 0),
        'd' => match value {
            Val::Int(value) => value.to_string(),
            Val::Uint(value) => value.to_string(),
            _ => return Err(wrong()),
        },
        'f' => format!("{:.digits$}", float().ok_or_else(wrong)?),
        'e' => {
            let shown = format!("{:.digits$e}", float().ok_or_else(wrong)?);
            let (digits, power) = shown.split_once('e').unwrap_or((&shown, "0"));
            let (sign, power) = power.strip_prefix('-').map_or(("+", power), |power| ("-", power));
            format!("{digits}e{sign}{power:0>2}")
        }
        'b' => match value {
            Val::Bool(value) => u8::from(*value).to_string(),
            _ => radix(value, |value| format!("{value:b}")).ok_or_else(wrong)?,
        },
        'o' => radix(value, |value| format!("{value:o}")).ok_or_else(wrong)?,
        'x' | 'X' => {
            let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            let shown = match value {
                Val::Text(text) => hex(text.as_str().as_bytes()),
                Val::Bytes(bytes) => hex(bytes),
                _ => radix(value, |value| format!("{value:x}")).ok_or_else(wrong)?,
            };
            if verb == 'X' { shown.to_uppercase() } else { shown }
        }
        _ => return Err(Why::value("`format` has a verb that it does not know")),
    };
    out.push_str(&shown);
    Ok(())
}

fn radix<D>(value: &Val<'_, D>, show: impl Fn(u64) -> String) -> Option<String> {
    match value {
        Val::Int(value) if *value < 0 => Some(format!("-{}", show(value.unsigned_abs()))),
        Val::Int(value) => Some(show(value.unsigned_abs())),
        Val::Uint(value) => Some(show(*value)),
        _ => None,
    }
}

/// A value as `%s` has it; lists and maps too, bounded in depth.
fn text<'t, D: Document<'t>>(out: &mut String, value: &Val<'t, D>, depth: u8) -> Result<(), Why> {
    let too_deep = || Why::value("`format` is given a value that is nested too deeply");
    match value {
        Val::Text(text) => out.push_str(text.as_str()),
        Val::Null => out.push_str("null"),
        Val::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Val::Int(value) => out.push_str(&value.to_string()),
        Val::Uint(value) => out.push_str(&value.to_string()),
        Val::Double(value) => out.push_str(&strings::double(*value)),
        Val::Bytes(bytes) => out.push_str(&String::from_utf8_lossy(bytes)),
        Val::Type(kind) => out.push_str(kind.name()),
        Val::Other(Other::Duration(length)) => out.push_str(&length.shown()),
        Val::Other(Other::Timestamp(point)) => out.push_str(&point.shown()),
        Val::Other(other) => out.push_str(&kubernetes::shown(other)?),
        Val::Optional(_) => return Err(Why::types("%s", std::slice::from_ref(value))),
        Val::List(_) | Val::Map(_) | Val::Tree(_) => {
            if depth > 16 {
                return Err(too_deep());
            }
            if let Some(items) = value.items() {
                out.push('[');
                for (row, item) in items.iter().enumerate() {
                    out.push_str(if row == 0 { "" } else { ", " });
                    text(out, item, depth + 1)?;
                }
                out.push(']');
            } else if let Some(mut entries) = value.entries() {
                entries.sort_by(|(a, _), (b, _)| a.compare(b).unwrap_or(std::cmp::Ordering::Equal));
                out.push('{');
                for (row, (key, entry)) in entries.iter().enumerate() {
                    out.push_str(if row == 0 { "" } else { ", " });
                    text(out, key, depth + 1)?;
                    out.push_str(": ");
                    text(out, entry, depth + 1)?;
                }
                out.push('}');
            }
        }
    }
    Ok(())
}
