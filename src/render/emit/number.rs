//! Numbers and times as Go prints them.
//!
//! Never: a number that is not finite.

use std::fmt::Write as _;

use crate::model::go_float;

/// A float as kustomize prints it: through JSON, where a whole number is one again, then as `strconv.FormatFloat(f, 'g', -1, 64)`.
pub(super) fn float(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if value.fract() == 0.0 && value.abs() < 1e21 {
        let whole = value.to_string();
        if whole.parse::<i64>().is_ok() || whole.parse::<u64>().is_ok() {
            return whole;
        }
    }
    go_float(value)
}

/// A float as Go's `encoding/json` writes it.
pub(in crate::render) fn json_float(value: f64) -> String {
    if value == 0.0 {
        return if value.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    if value.abs() >= 1e-6 && value.abs() < 1e21 {
        return value.to_string();
    }
    // Go cuts the zero from `e-09` but not from `e+09`; the latter is not reached, since it starts at `e+21`.
    go_float(value).replace("e-0", "e-")
}

/// A time in Go's `time.RFC3339Nano`, from one of the forms that `resolve_plain` takes for a time. `None` where JSON
/// refuses its zone (`time.Time.MarshalJSON`: 24 hours and more).
pub(super) fn rfc3339(text: &str) -> Option<String> {
    let (date, time) = text.split_once(['T', 't', ' ']).unwrap_or((text, ""));
    let mut out = String::with_capacity(32);
    let mut parts = date.split('-');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let _ = write!(out, "-{part:0>2}");
    }
    let (clock, zone) = time.find(['Z', '+', '-']).map_or((time, "Z"), |at| time.split_at(at));
    let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, ""));
    let mut parts = clock.split(':').filter(|part| !part.is_empty());
    for separator in ['T', ':', ':'] {
        let _ = write!(out, "{separator}{:0>2}", parts.next().unwrap_or_default());
    }
    // Go reads nanoseconds and cuts what is finer.
    let fraction = fraction[..fraction.len().min(9)].trim_end_matches('0');
    if !fraction.is_empty() {
        let _ = write!(out, ".{fraction}");
    }
    let (hours, minutes) = zone.get(1..).and_then(|zone| zone.split_once(':')).unwrap_or(("0", "0"));
    let minutes = hours.parse::<u32>().ok()? * 60 + minutes.parse::<u32>().ok()?;
    match minutes {
        0 => out.push('Z'),
        1440.. => return None,
        _ => {
            let _ = write!(out, "{}{:02}:{:02}", &zone[..1], minutes / 60, minutes % 60);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::{float, json_float, rfc3339};

    #[test]
    fn floats_are_printed_as_kustomize_does() {
        let rows = [
            (1.0, "1"),
            (-0.0, "0"),
            (0.5, "0.5"),
            (1e3, "1000"),
            (1e20, "1e+20"),
            (1e19, "10000000000000000000"),
            (-1e19, "-1e+19"),
            (9_223_372_036_854_775_808.0, "9223372036854776000"),
            (1e21, "1e+21"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1_234_567.5, "1.2345675e+06"),
            (123_456.5, "123456.5"),
            (1.234_567_89e-10, "1.23456789e-10"),
        ];
        for (value, printed) in rows {
            assert_eq!(float(value), printed);
        }
        assert_eq!(json_float(1e-7), "1e-7");
        assert_eq!(json_float(1e21), "1e+21");
        assert_eq!(json_float(0.000_001), "0.000001");
    }

    #[test]
    fn times_are_completed() {
        let rows = [
            ("2001-1-2", Some("2001-01-02T00:00:00Z")),
            ("2001-12-14t21:59:43.10-05:00", Some("2001-12-14T21:59:43.1-05:00")),
            ("2001-12-14 1:2:3", Some("2001-12-14T01:02:03Z")),
            ("2001-12-14T01:02:03.000Z", Some("2001-12-14T01:02:03Z")),
            ("2001-12-14T01:02:03.1234567899+00:00", Some("2001-12-14T01:02:03.123456789Z")),
            ("2001-12-14T01:02:03+24:00", None),
        ];
        for (text, printed) in rows {
            assert_eq!(rfc3339(text).as_deref(), printed, "{text}");
        }
    }
}
