//! The formats of text that the API server checks (`kube-openapi/pkg/validation/strfmt`).
//!
//! Never: a refusal of what the API server takes; where its check is loose, this one is looser.

use core::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine as _;

/// Formats that the API server checks; any other is ignored by it (apiextensions `supportedVersionedFormats`).
const CHECKED: [&str; 24] = [
    "bsonobjectid",
    "uri",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "cidr",
    "mac",
    "uuid",
    "uuid3",
    "uuid4",
    "uuid5",
    "isbn",
    "isbn10",
    "isbn13",
    "creditcard",
    "ssn",
    "hexcolor",
    "rgbcolor",
    "byte",
    "date",
    "duration",
    "datetime",
    "date-time",
];

/// Whether the API server refuses text that lacks this format.
#[must_use]
pub fn is_checked_format(format: &str) -> bool {
    CHECKED.contains(&format)
}

/// Whether `text` has the format; formats that are not checked hold anything.
pub(super) fn fits(format: &str, text: &str) -> bool {
    match format {
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "cidr" => is_cidr(text),
        "uuid" | "uuid3" | "uuid4" | "uuid5" => is_uuid(text),
        "email" => text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()),
        "hostname" => is_hostname(text),
        "byte" => base64::engine::general_purpose::STANDARD.decode(text).is_ok(),
        "date" => is_date(text),
        "datetime" | "date-time" => text.split_once(['T', 't', ' ']).is_some_and(|(date, time)| {
            is_date(date) && time.get(..2).is_some_and(|hour| hour.bytes().all(|b| b.is_ascii_digit()))
        }),
        "mac" => text.split([':', '-', '.']).all(|part| part.len() >= 2 && is_hex(part)),
        "duration" => text.bytes().any(|b| b.is_ascii_digit()) && text.bytes().any(|b| b.is_ascii_alphabetic()),
        _ => true,
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let Ok(length) = length.parse::<u8>() else { return false };
    (address.parse::<Ipv4Addr>().is_ok() && length <= 32) || (address.parse::<Ipv6Addr>().is_ok() && length <= 128)
}

fn is_uuid(text: &str) -> bool {
    let plain = text.replace('-', "");
    plain.len() == 32 && is_hex(&plain)
}

fn is_hostname(text: &str) -> bool {
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    text.len() <= 255 && text.strip_suffix('.').unwrap_or(text).split('.').all(label)
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut number = |width, low, high| {
        parts
            .next()
            .filter(|part| part.len() == width)
            .and_then(|part| part.parse::<u32>().ok())
            .is_some_and(|value| (low..=high).contains(&value))
    };
    number(4, 0, 9999) && number(2, 1, 12) && number(2, 1, 31) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn formats_are_told_apart() {
        let cases = [
            ("ipv4", "10.0.0.1", "10.0.0"),
            ("cidr", "10.0.0.0/8", "10.0.0.0/40"),
            ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567"),
            ("hostname", "db.example.com", "-db.example.com"),
            ("byte", "aGVsbG8=", "not base64!"),
            ("date", "2026-02-03", "2026-13-03"),
            ("date-time", "2026-02-03T04:05:06Z", "today"),
            ("duration", "5m", "five"),
        ];
        for (format, good, bad) in cases {
            assert!(fits(format, good), "{good} is a {format}");
            assert!(!fits(format, bad), "{bad} is no {format}");
        }
        assert!(fits("made-up", "anything"));
    }
}
