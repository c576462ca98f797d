//! Kubernetes' named formats (`format.dns1123Label().validate(…)`).
//!
//! Never: the API server's own words; a message says what the format asks for.

/// A named format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Format(&'static str);

const DNS_LABEL: &str = "lower case letters, digits and `-`, from a letter or digit to one, at most 63 characters";
const SUBDOMAIN: &str =
    "lower case letters, digits, `-` and `.`, from a letter or digit to one, at most 253 characters";

/// Every format with what it asks for.
const FORMATS: [(&str, &str); 15] = [
    ("dns1123Label", DNS_LABEL),
    ("dns1123Subdomain", SUBDOMAIN),
    ("dns1035Label", "lower case letters, digits and `-`, from a letter to a letter or digit, at most 63 characters"),
    ("dns1123LabelPrefix", DNS_LABEL),
    ("dns1123SubdomainPrefix", SUBDOMAIN),
    ("dns1035LabelPrefix", DNS_LABEL),
    ("qualifiedName", "a name of at most 63 characters, behind a subdomain and `/` or alone"),
    (
        "labelValue",
        "letters, digits, `-`, `_` and `.`, from a letter or digit to one, at most 63 characters, or nothing",
    ),
    ("uri", "a URI"),
    ("uuid", "a UUID"),
    ("byte", "base64"),
    ("date", "a date"),
    ("datetime", "a date and time"),
    ("date-time", "a date and time"),
    ("duration", "a duration"),
];

impl Format {
    /// The format of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        FORMATS.iter().find(|(known, _)| *known == name).map(|(known, _)| Self(known))
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        self.0
    }

    /// What is wrong with `text`; `None` where nothing is.
    pub(super) fn fault(self, text: &str) -> Option<&'static str> {
        let trimmed = text.strip_suffix('-').unwrap_or(text);
        let fits = match self.0 {
            "dns1123Label" => is_label(text),
            "dns1123Subdomain" => is_subdomain(text),
            "dns1035Label" => is_label(text) && text.starts_with(|c: char| c.is_ascii_lowercase()),
            "dns1123LabelPrefix" => is_label(trimmed),
            "dns1123SubdomainPrefix" => is_subdomain(trimmed),
            "dns1035LabelPrefix" => is_label(trimmed) && text.starts_with(|c: char| c.is_ascii_lowercase()),
            "qualifiedName" => match text.split_once('/') {
                Some((prefix, name)) => is_subdomain(prefix) && is_name(name),
                None => is_name(text),
            },
            "labelValue" => text.is_empty() || is_name(text),
            "uri" => super::url::Url::parse(text).is_some(),
            "uuid" => is_uuid(text),
            "byte" => is_base64(text),
            "date" => super::time::Timestamp::parse_day(text).is_some(),
            "duration" => super::time::Duration::parse(text).is_some(),
            _ => super::time::Timestamp::parse(text).is_some(),
        };
        let about = FORMATS.iter().find(|(name, _)| *name == self.0).map_or("", |(_, about)| about);
        (!fits).then_some(about)
    }
}

fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_part(text)
}

/// A part of a subdomain: a label of any length.
fn is_part(text: &str) -> bool {
    let is_end = |byte: Option<u8>| byte.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    is_end(text.bytes().next())
        && is_end(text.bytes().last())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_part)
}

fn is_name(text: &str) -> bool {
    let is_end = |byte: Option<u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric());
    text.len() <= 63
        && is_end(text.bytes().next())
        && is_end(text.bytes().last())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn is_uuid(text: &str) -> bool {
    let plain = text.replace('-', "");
    plain.len() == 32 && plain.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_base64(text: &str) -> bool {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).is_ok()
}
