//! The type of a plain scalar, as kustomize resolves it (go-yaml v3 `resolve.go`, decoded without a target type).
//!
//! Never: YAML 1.1 booleans (`yes`, `on`): kustomize keeps them as text.

use std::borrow::Cow;

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
    let str = || Scalar::Str(Cow::Borrowed(text));
    let Some(first) = text.bytes().next() else { return Scalar::Null };
    match first {
        b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' => match text {
            "~" | "null" | "Null" | "NULL" => Scalar::Null,
            "true" | "True" | "TRUE" => Scalar::Bool(true),
            "false" | "False" | "FALSE" => Scalar::Bool(false),
            _ => str(),
        },
        b'.' | b'+' | b'-' | b'0'..=b'9' => number(text).unwrap_or_else(str),
        _ => str(),
    }
}

fn number(text: &str) -> Option<Scalar<'_>> {
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(Scalar::Float(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => return Some(Scalar::Float(f64::NEG_INFINITY)),
        ".nan" | ".NaN" | ".NAN" => return Some(Scalar::Float(f64::NAN)),
        _ => {}
    }
    if is_timestamp(text) {
        return Some(Scalar::Timestamp(Cow::Borrowed(text)));
    }
    let plain: Cow<'_, str> = if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) };
    integer(&plain).or_else(|| is_float(&plain).then(|| plain.parse().ok().map(Scalar::Float)).flatten())
}

/// Go's `strconv.ParseInt(text, 0, 64)` and `ParseUint`: prefixes `0x`, `0o`, `0b`, and `0` for octal.
fn integer(text: &str) -> Option<Scalar<'static>> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.get(..2).map(str::to_ascii_lowercase);
    let (radix, digits) = match lower.as_deref() {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        _ if digits.len() > 1 && digits.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let size = u64::from_str_radix(digits, radix).ok()?;
    match (negative, i64::try_from(size)) {
        (false, Ok(int)) => Some(Scalar::Int(int)),
        (false, Err(_)) => Some(Scalar::Uint(size)),
        (true, Ok(int)) => Some(Scalar::Int(-int)),
        (true, Err(_)) if size == 1 << 63 => Some(Scalar::Int(i64::MIN)),
        (true, Err(_)) => None,
    }
}

/// go-yaml's `yamlStyleFloat`: `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(rest);
    let mut rest = &rest[whole..];
    if let Some(behind) = rest.strip_prefix('.') {
        let part = digits(behind);
        if whole == 0 && part == 0 {
            return false;
        }
        rest = &behind[part..];
    } else if whole == 0 {
        return false;
    }
    match rest.strip_prefix(['e', 'E']) {
        None => rest.is_empty(),
        Some(power) => {
            let power = power.strip_prefix(['-', '+']).unwrap_or(power);
            !power.is_empty() && digits(power) == power.len()
        }
    }
}

/// go-yaml's `parseTimestamp`: four digits and `-`, then one of Go's layouts `2006-1-2T15:4:5.999999999Z07:00` (also
/// with `t`), `2006-1-2 15:4:5.999999999` and `2006-1-2`.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return false;
    }
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some((&text[at..=at], &text[at + 1..]))),
        None => (text, None),
    };
    let number = |part: &str, low: u32, high: u32| {
        (1..=2).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_digit())
            && part.parse::<u32>().is_ok_and(|n| (low..=high).contains(&n))
    };
    let mut parts = date[5..].split('-');
    let (Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next()) else { return false };
    if !number(month, 1, 12) || !number(day, 1, days_in(&date[..4], month)) {
        return false;
    }
    let Some((separator, time)) = time else { return true };
    let (clock, zone) = match time.find(['Z', '+', '-']) {
        Some(at) => (&time[..at], Some(&time[at..])),
        None => (time, None),
    };
    let clock_only = clock.split_once('.').map_or(clock, |(clock, _)| clock);
    let fraction_fits =
        clock.split_once('.').is_none_or(|(_, f)| !f.is_empty() && f.bytes().all(|b| b.is_ascii_digit()));
    let mut parts = clock_only.split(':');
    let clock_fits = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(h), Some(m), Some(s), None) => number(h, 0, 23) && number(m, 0, 59) && number(s, 0, 59),
        _ => false,
    };
    let zone_fits = match (separator, zone) {
        (" ", None) => true,
        (" ", Some(_)) | (_, None) => false,
        (_, Some("Z")) => true,
        (_, Some(zone)) => {
            zone.len() == 6 && zone.as_bytes()[3] == b':' && number(&zone[1..3], 0, 24) && number(&zone[4..6], 0, 60)
        }
    };
    clock_fits && fraction_fits && zone_fits
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
