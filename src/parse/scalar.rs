//! The type of a plain scalar, as kustomize resolves it (go-yaml v3 `resolve.go`, decoded without a target type).
//!
//! Never: YAML 1.1 booleans (`yes`, `on`) among the types: kustomize keeps them as text.

use std::borrow::Cow;

use super::tree::Tag;

/// A typed scalar.
#[derive(Clone, PartialEq, Debug)]
pub enum Scalar<'a> {
    /// `null`, `~` or nothing.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// An integer that fits.
    Int(i64),
    /// An integer above `i64::MAX`.
    Uint(u64),
    /// Any other number; also `.inf` and `.nan`.
    Float(f64),
    /// A date or time, as it is written.
    Timestamp(Cow<'a, str>),
    /// Text.
    Str(Cow<'a, str>),
}

impl Scalar<'_> {
    /// The text, where it is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }
}

/// The type and value of a scalar without quotes or tag.
#[must_use]
pub fn resolve_plain(text: &str) -> Scalar<'_> {
    resolve(text, Dates::Read)
}

/// The same for a scalar that carries the tag of a number or boolean: go-yaml does not try dates then.
pub(super) fn resolve_tagged(text: &str) -> Scalar<'_> {
    resolve(text, Dates::Ignore)
}

/// The text behind `!!binary`; `None` where it is no base64.
pub(super) fn binary(text: &str) -> Option<String> {
    use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
    // Go skips line breaks and does not look at the last bits.
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    let bytes = base64::Engine::decode(&ENGINE, text.replace(['\r', '\n'], "")).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Why go-yaml refuses a scalar with this tag (`resolve.go`).
pub(super) fn refused(tag: Tag, text: &str) -> Option<String> {
    let found = if tag == Tag::Timestamp { resolve_plain(text) } else { resolve_tagged(text) };
    let (wanted, fits) = match tag {
        Tag::None | Tag::Str | Tag::Other => return None,
        Tag::Binary if binary(text).is_some() => return None,
        Tag::Binary => return Some("!!binary value contains invalid base64 data".to_owned()),
        Tag::Int => ("!!int", matches!(found, Scalar::Int(_) | Scalar::Uint(_))),
        Tag::Float => ("!!float", matches!(found, Scalar::Int(_) | Scalar::Uint(_) | Scalar::Float(_))),
        Tag::Bool => ("!!bool", matches!(found, Scalar::Bool(_))),
        Tag::Null => ("!!null", matches!(found, Scalar::Null)),
        Tag::Timestamp => ("!!timestamp", matches!(found, Scalar::Timestamp(_))),
    };
    // What stands there may be secret, so it is not quoted.
    (!fits).then(|| format!("the value is no `{wanted}`, as its tag says"))
}

/// Whether go-yaml v2, which knows YAML 1.1, also reads this as text where it has no quotes. It prints in double quotes
/// what is not: `yes`, `1_000`, `12:30`, `2020-01-01`, and nothing.
#[must_use]
pub fn is_text_in_yaml_1_1(text: &str) -> bool {
    match text.bytes().next() {
        None => false,
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => {
            text.len() > 5 || !is_word_of_yaml_1_1(text)
        }
        Some(b'.') => number(text, Dates::Read).is_none(),
        // The one difference of v3 among numbers: `0o` in front of another sign.
        Some(b'+' | b'-' | b'0'..=b'9') => {
            !is_base_60(text) && (number(text, Dates::Read).is_none() || signed_digits(text, "0o").is_some())
        }
        Some(_) => true,
    }
}

fn is_word_of_yaml_1_1(text: &str) -> bool {
    let is_any = |words: &[&str]| words.contains(&text);
    is_any(&["y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF"])
        || is_any(&["true", "True", "TRUE", "false", "False", "FALSE", "~", "null", "Null", "NULL"])
}

/// go-yaml v2's `base60float`: `^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$`
fn is_base_60(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (rest, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let is_part = |part: &str| match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [tens, digit] => matches!(tens, b'0'..=b'5') && digit.is_ascii_digit(),
        _ => false,
    };
    let mut parts = rest.split(':');
    let first = parts.next().unwrap_or_default();
    let mut count = 0;
    first.starts_with(|char: char| char.is_ascii_digit())
        && first.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit() || byte == b'_')
        && parts.inspect(|_| count += 1).all(is_part)
        && count > 0
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dates {
    Read,
    Ignore,
}

fn resolve(text: &str, dates: Dates) -> Scalar<'_> {
    let str = || Scalar::Str(Cow::Borrowed(text));
    let Some(first) = text.bytes().next() else { return Scalar::Null };
    match first {
        b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' => match text {
            "~" | "null" | "Null" | "NULL" => Scalar::Null,
            "true" | "True" | "TRUE" => Scalar::Bool(true),
            "false" | "False" | "FALSE" => Scalar::Bool(false),
            _ => str(),
        },
        b'.' | b'+' | b'-' | b'0'..=b'9' => number(text, dates).unwrap_or_else(str),
        _ => str(),
    }
}

fn number(text: &str, dates: Dates) -> Option<Scalar<'_>> {
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(Scalar::Float(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => return Some(Scalar::Float(f64::NEG_INFINITY)),
        ".nan" | ".NaN" | ".NAN" => return Some(Scalar::Float(f64::NAN)),
        _ => {}
    }
    if text.starts_with('.') {
        return dotted(text).map(Scalar::Float);
    }
    if dates == Dates::Read && is_timestamp(text) {
        return Some(Scalar::Timestamp(Cow::Borrowed(text)));
    }
    let plain: Cow<'_, str> = if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) };
    integer(&plain)
        .or_else(|| float(&plain).map(Scalar::Float))
        .or_else(|| signed_digits(&plain, "0b"))
        .or_else(|| signed_digits(&plain, "0o"))
}

/// Go's `strconv.ParseInt(text, 0, 64)` and `ParseUint`: prefixes `0x`, `0o`, `0b`, and `0` for octal.
fn integer(text: &str) -> Option<Scalar<'static>> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let size = u64::from_str_radix(digits, radix).ok()?;
    match (negative, i64::try_from(size)) {
        (false, Ok(int)) => Some(Scalar::Int(int)),
        // `ParseUint` takes no sign.
        (false, Err(_)) => (!text.starts_with('+')).then_some(Scalar::Uint(size)),
        (true, Ok(int)) => Some(Scalar::Int(-int)),
        (true, Err(_)) if size == 1 << 63 => Some(Scalar::Int(i64::MIN)),
        (true, Err(_)) => None,
    }
}

/// What go-yaml tries last for binary and octal numbers: it cuts the prefix and reads the rest as a number of its own,
/// so that `0b-1` is one.
fn signed_digits(text: &str, prefix: &str) -> Option<Scalar<'static>> {
    let digits = text.strip_prefix(prefix)?;
    let rest = digits.strip_prefix(['-', '+'])?;
    if rest.starts_with(['-', '+']) {
        return None;
    }
    i64::from_str_radix(digits, if prefix == "0b" { 2 } else { 8 }).ok().map(Scalar::Int)
}

/// go-yaml's `yamlStyleFloat`: `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`. What is too large for a float
/// stays text, as Go's `ParseFloat` fails.
fn float(text: &str) -> Option<f64> {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(rest);
    let mut rest = &rest[whole..];
    if let Some(behind) = rest.strip_prefix('.') {
        let part = digits(behind);
        if whole == 0 && part == 0 {
            return None;
        }
        rest = &behind[part..];
    } else if whole == 0 {
        return None;
    }
    let fits = match rest.strip_prefix(['e', 'E']) {
        None => rest.is_empty(),
        Some(power) => {
            let power = power.strip_prefix(['-', '+']).unwrap_or(power);
            !power.is_empty() && digits(power) == power.len()
        }
    };
    if fits { text.parse().ok().filter(|value: &f64| value.is_finite()) } else { None }
}

/// What begins with a dot goes to Go's `ParseFloat` at once, which allows single underscores between digits.
fn dotted(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let mut underscores = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_').peekable();
    if underscores.peek().is_none() {
        return float(text);
    }
    let between = underscores.all(|(at, _)| is_digit(at.checked_sub(1)) && is_digit(Some(at + 1)));
    if between { float(&text.replace('_', "")) } else { None }
}

/// go-yaml's `parseTimestamp`: four digits and `-`, then one of Go's layouts `2006-1-2T15:4:5.999999999Z07:00` (also
/// with `t`), `2006-1-2 15:4:5.999999999` and `2006-1-2`.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return false;
    }
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some((bytes[at], &text[at + 1..]))),
        None => (text, None),
    };
    let mut parts = date[5..].split('-');
    let (Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next()) else { return false };
    is_number(month, 1, 12)
        && is_number(day, 1, days_in(&date[..4], month))
        && time.is_none_or(|(separator, time)| is_time(separator, time))
}

/// The part behind the date. Go takes a comma for the dot of the fraction.
fn is_time(separator: u8, time: &str) -> bool {
    let (clock, zone) = match time.find(['Z', '+', '-']) {
        Some(at) => (&time[..at], Some(&time[at..])),
        None => (time, None),
    };
    let (clock, fraction) = clock.split_once(['.', ',']).map_or((clock, None), |(clock, part)| (clock, Some(part)));
    let fraction_fits = fraction.is_none_or(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let mut parts = clock.split(':');
    let clock_fits = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(h), Some(m), Some(s), None) => is_number(h, 0, 23) && is_number(m, 0, 59) && is_number(s, 0, 59),
        _ => false,
    };
    let zone_fits = match (separator, zone) {
        (b' ', zone) => zone.is_none(),
        (_, None) => false,
        (_, Some("Z")) => true,
        (_, Some(zone)) => match zone.as_bytes() {
            [b'+' | b'-', _, _, b':', _, _] => {
                zone.is_ascii() && zone[1..].split(':').all(|part| part.len() == 2) && is_zone(&zone[1..3], &zone[4..])
            }
            _ => false,
        },
    };
    clock_fits && fraction_fits && zone_fits
}

fn is_zone(hours: &str, minutes: &str) -> bool {
    is_number(hours, 0, 24) && is_number(minutes, 0, 60)
}

/// One or two digits between the bounds.
fn is_number(part: &str, low: u32, high: u32) -> bool {
    (1..=2).contains(&part.len())
        && part.bytes().all(|b| b.is_ascii_digit())
        && part.parse::<u32>().is_ok_and(|n| (low..=high).contains(&n))
}

fn days_in(year: &str, month: &str) -> u32 {
    let year: u32 = year.parse().unwrap_or_default();
    match month.parse().unwrap_or(0) {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
