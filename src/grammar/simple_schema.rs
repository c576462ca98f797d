//! kro's `SimpleSchema`: the text of one field, `type | marker=value …`.
//!
//! Never: the fields around it; whether a custom type exists.

use std::fmt;

/// A field's text, read as far as it goes.
#[derive(Debug, PartialEq, Eq)]
pub struct SimpleField {
    /// The type, without its markers.
    pub of: String,
    /// The markers in front of the first fault.
    pub markers: Vec<Marker>,
    /// Why kro refuses the text.
    pub fault: Option<SimpleFault>,
}

/// One marker, its quotes gone.
#[derive(Debug, PartialEq, Eq)]
pub struct Marker {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Why kro refuses a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SimpleFault {
    /// No type in front of the markers, or behind `[]` or `map[string]`.
    NoType,
    /// A map of other keys than text.
    KeyNotText,
    /// A marker that kro does not know.
    UnknownMarker(String),
    /// A word without `=`.
    NoValue(String),
    /// A quote that nothing closes.
    OpenQuote,
    /// A bracket that nothing closes, or that closes nothing.
    Unbalanced,
    /// A marker whose value is none of those it takes: the marker and what it takes.
    WrongValue(String, &'static str),
    /// A marker on a type that has no use for it: the marker and the types.
    WrongType(String, &'static str),
}

impl fmt::Display for SimpleFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoType => f.write_str("a type is missing"),
            Self::KeyNotText => f.write_str("the keys of a map are always `string`"),
            Self::UnknownMarker(name) => write!(f, "there is no marker `{name}`"),
            Self::NoValue(word) => write!(f, "`{word}` has no value"),
            Self::OpenQuote => f.write_str("a quote is not closed"),
            Self::Unbalanced => f.write_str("a bracket is not closed, or closes nothing"),
            Self::WrongValue(name, takes) => write!(f, "`{name}` takes {takes}"),
            Self::WrongType(name, types) => write!(f, "`{name}` is only for {types}"),
        }
    }
}

/// The markers that kro knows.
const MARKERS: [&str; 16] = [
    "default",
    "description",
    "enum",
    "immutable",
    "listMapKey",
    "listType",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "pattern",
    "required",
    "uniqueItems",
    "validation",
];

/// Reads a field's text. Faults that depend on the type are [`check_markers`]'s.
#[must_use]
pub fn simple_field(text: &str) -> SimpleField {
    let (of, rest) = text.split_once('|').map_or((text, None), |(of, rest)| (of, Some(rest)));
    let of = of.trim().to_owned();
    let mut field = SimpleField { fault: type_fault(&of), of, markers: Vec::new() };
    if let Some(rest) = rest {
        let fault = read_markers(rest, &mut field.markers);
        field.fault = field.fault.or(fault);
    }
    field
}

fn type_fault(of: &str) -> Option<SimpleFault> {
    if of.is_empty() {
        return Some(SimpleFault::NoType);
    }
    if let Some(item) = of.strip_prefix("[]") {
        return type_fault(item.trim());
    }
    match of.strip_prefix("map[") {
        Some(rest) => match rest.strip_prefix("string]") {
            Some(value) => type_fault(value.trim()),
            None => Some(SimpleFault::KeyNotText),
        },
        None => None,
    }
}

/// What one marker's text is made of while it is read.
#[derive(Default)]
struct Reading {
    name: Option<String>,
    text: String,
    quoted: bool,
    escaped: bool,
    depth: usize,
}

fn read_markers(text: &str, markers: &mut Vec<Marker>) -> Option<SimpleFault> {
    let mut at = Reading::default();
    for char in text.chars() {
        match char {
            '=' if at.name.is_none() && !at.quoted && at.depth == 0 => {
                let name = std::mem::take(&mut at.text).trim().to_owned();
                if !MARKERS.contains(&&*name) {
                    return Some(SimpleFault::UnknownMarker(name));
                }
                at.name = Some(name);
            }
            '"' if !at.escaped => {
                at.quoted = !at.quoted;
                at.text.push(char);
            }
            '\\' if at.quoted && !at.escaped => {
                at.escaped = true;
                at.text.push(char);
                continue;
            }
            '{' | '[' if !at.quoted => {
                at.depth += 1;
                at.text.push(char);
            }
            '}' | ']' if !at.quoted => {
                let Some(depth) = at.depth.checked_sub(1) else { return Some(SimpleFault::Unbalanced) };
                at.depth = depth;
                at.text.push(char);
            }
            _ if char.is_whitespace() && !at.quoted && at.depth == 0 => {
                if let Some(name) = at.name.take() {
                    markers.push(Marker { name, value: unquoted(&std::mem::take(&mut at.text)) });
                }
            }
            _ => at.text.push(char),
        }
        at.escaped = false;
    }
    if at.quoted {
        return Some(SimpleFault::OpenQuote);
    }
    if at.depth > 0 {
        return Some(SimpleFault::Unbalanced);
    }
    match at.name.take() {
        Some(name) => markers.push(Marker { name, value: unquoted(&at.text) }),
        None if at.text.is_empty() => {}
        None => return Some(SimpleFault::NoValue(at.text.trim().to_owned())),
    }
    None
}

fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return text.trim().to_owned();
    };
    let (mut out, mut escaped) = (String::new(), false);
    for char in inner.chars() {
        if escaped {
            if !matches!(char, '"' | '\\') {
                out.push('\\');
            }
            out.push(char);
            escaped = false;
        } else if char == '\\' {
            escaped = true;
        } else {
            out.push(char);
        }
    }
    out
}

/// A flag as Go's `strconv.ParseBool` takes it.
#[must_use]
pub fn simple_flag(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// The first fault of markers on a field whose schema has this `type`; `None` for a type that is not known here.
#[must_use]
pub fn check_markers(markers: &[Marker], of: Option<&str>) -> Option<SimpleFault> {
    if let Some(fault) = markers.iter().find_map(|marker| check_marker(marker, of)) {
        return Some(fault);
    }
    let value = |name: &str| markers.iter().rev().find(|marker| marker.name == name).map(|marker| &*marker.value);
    let has_keys = value("listMapKey").is_some();
    (has_keys && value("listType") != Some("map"))
        .then(|| SimpleFault::WrongType("listMapKey".to_owned(), "a list with `listType=map`"))
}

fn check_marker(marker: &Marker, of: Option<&str>) -> Option<SimpleFault> {
    let (name, value) = (&*marker.name, &*marker.value);
    let wrong = |takes| Some(SimpleFault::WrongValue(name.to_owned(), takes));
    let is_integer = || value.parse::<i64>().is_ok();
    let is_number = || value.parse::<f64>().is_ok();
    let only = |wanted: &str, types| match of {
        Some(of) if of != wanted => Some(SimpleFault::WrongType(name.to_owned(), types)),
        _ => None,
    };
    match name {
        "required" | "immutable" | "uniqueItems" if simple_flag(value).is_none() => wrong("`true` or `false`"),
        "minimum" | "maximum" if !is_number() => wrong("a number"),
        "minLength" | "maxLength" => {
            only("string", "text").or_else(|| if is_integer() { None } else { wrong("an integer") })
        }
        "minItems" | "maxItems" => {
            only("array", "lists").or_else(|| if is_integer() { None } else { wrong("an integer") })
        }
        "uniqueItems" | "listMapKey" => only("array", "lists"),
        "listType" => only("array", "lists").or_else(|| match value {
            "atomic" | "set" | "map" => None,
            _ => wrong("`atomic`, `set` or `map`"),
        }),
        "pattern" => only("string", "text").or_else(|| if value.is_empty() { wrong("an expression") } else { None }),
        "validation" if value.trim().is_empty() => wrong("an expression"),
        "enum" => check_enum(value, of),
        "default" => match of {
            Some("integer") if !is_integer() => wrong("an integer here"),
            Some("number") if !is_number() => wrong("a number here"),
            Some("boolean") if simple_flag(value).is_none() => wrong("`true` or `false` here"),
            _ => None,
        },
        _ => None,
    }
}

fn check_enum(value: &str, of: Option<&str>) -> Option<SimpleFault> {
    let wrong = |takes| Some(SimpleFault::WrongValue("enum".to_owned(), takes));
    let mut members = value.split(',').map(str::trim);
    match of {
        _ if members.clone().any(str::is_empty) => wrong("values with commas between them, none of them empty"),
        Some("integer") if members.any(|member| member.parse::<i64>().is_err()) => wrong("integers here"),
        Some("string" | "integer") | None => None,
        Some(_) => Some(SimpleFault::WrongType("enum".to_owned(), "text and integers")),
    }
}

#[cfg(test)]
mod tests {
    use super::{SimpleFault, check_markers, simple_field};

    fn read(text: &str) -> Vec<String> {
        simple_field(text).markers.into_iter().map(|marker| format!("{}:{}", marker.name, marker.value)).collect()
    }

    #[test]
    fn markers_are_read_with_their_quotes() {
        assert_eq!(
            read(r#"string | required=true default="a b" enum="x,y""#),
            ["required:true", "default:a b", "enum:x,y"]
        );
        assert_eq!(read(r#"object | default={"a": [1, 2]} minimum=3"#), [r#"default:{"a": [1, 2]}"#, "minimum:3"]);
        assert_eq!(
            read(r#"string | description="say \"hi\" \d" default="#),
            [r#"description:say "hi" \d"#, "default:"]
        );
        assert_eq!(read("string"), Vec::<String>::new());
    }

    #[test]
    fn what_kro_refuses_is_told() {
        let fault = |text: &str| simple_field(text).fault.map(|fault| fault.to_string());
        for text in ["string", "[]string", "map[string][]integer", "string | default=a", "Custom | required=true "] {
            assert_eq!(fault(text), None, "{text}");
        }
        for (text, says) in [
            ("", "a type is missing"),
            ("| default=a", "a type is missing"),
            ("[]", "a type is missing"),
            ("map[integer]string", "the keys of a map are always `string`"),
            ("string | requird=true", "there is no marker `requird`"),
            ("string | required", "`required` has no value"),
            ("string | default=\"a", "a quote is not closed"),
            ("object | default={", "a bracket is not closed, or closes nothing"),
            ("object | default=}", "a bracket is not closed, or closes nothing"),
        ] {
            assert_eq!(fault(text).as_deref(), Some(says), "{text}");
        }
    }

    #[test]
    fn markers_must_fit_their_type() {
        let check =
            |text: &str, of| check_markers(&simple_field(text).markers, Some(of)).map(|fault| fault.to_string());
        assert_eq!(check("string | minLength=3 pattern=a enum=\"a,b\"", "string"), None);
        assert_eq!(check("[]X | listType=map listMapKey=a listMapKey=b", "array"), None);
        assert_eq!(check("integer | minLength=3", "integer").as_deref(), Some("`minLength` is only for text"));
        assert_eq!(
            check("string | enum=\"a,,b\"", "string").as_deref(),
            Some("`enum` takes values with commas between them, none of them empty")
        );
        assert_eq!(
            check("boolean | enum=\"true\"", "boolean").as_deref(),
            Some("`enum` is only for text and integers")
        );
        assert_eq!(
            check("[]X | listMapKey=a", "array").as_deref(),
            Some("`listMapKey` is only for a list with `listType=map`")
        );
        assert_eq!(check("integer | default=a", "integer").as_deref(), Some("`default` takes an integer here"));
        assert_eq!(check_markers(&simple_field("T | minLength=3").markers, None), None::<SimpleFault>);
    }
}
