//! The functions of CEL: conversions, optional values, time, and the way to those of text, lists and Kubernetes.
//!
//! Never: a function that is called without its cost being taken.

use super::meter::{Meter, Why};
use super::time::{Calendar, Duration, SECOND, Timestamp, offset};
use super::value::{Document, Other, Type, Val};
use super::{kubernetes, lists, strings};

/// A function with the least and the most arguments that it takes, the value it is called on not counted.
type Known = (&'static str, usize, usize);

/// The functions that are called on nothing.
pub(super) const GLOBALS: &[Known] = &[
    ("bool", 1, 1),
    ("bytes", 1, 1),
    ("cidr", 1, 1),
    ("double", 1, 1),
    ("duration", 1, 1),
    ("dyn", 1, 1),
    ("int", 1, 1),
    ("ip", 1, 1),
    ("isCIDR", 1, 1),
    ("isIP", 1, 1),
    ("isQuantity", 1, 1),
    ("isSemver", 1, 2),
    ("isURL", 1, 1),
    ("quantity", 1, 1),
    ("semver", 1, 2),
    ("string", 1, 1),
    ("timestamp", 1, 1),
    ("type", 1, 1),
    ("uint", 1, 1),
    ("url", 1, 1),
];

/// The functions with a name in front.
pub(super) const NAMESPACED: &[Known] = &[
    ("base64.decode", 1, 1),
    ("base64.encode", 1, 1),
    ("format.byte", 0, 0),
    ("format.date", 0, 0),
    ("format.datetime", 0, 0),
    ("format.dns1035Label", 0, 0),
    ("format.dns1035LabelPrefix", 0, 0),
    ("format.dns1123Label", 0, 0),
    ("format.dns1123LabelPrefix", 0, 0),
    ("format.dns1123Subdomain", 0, 0),
    ("format.dns1123SubdomainPrefix", 0, 0),
    ("format.duration", 0, 0),
    ("format.labelValue", 0, 0),
    ("format.named", 1, 1),
    ("format.qualifiedName", 0, 0),
    ("format.uri", 0, 0),
    ("format.uuid", 0, 0),
    ("ip.isCanonical", 1, 1),
    ("lists.range", 1, 1),
    ("math.abs", 1, 1),
    ("math.ceil", 1, 1),
    ("math.floor", 1, 1),
    ("math.greatest", 1, 16),
    ("math.least", 1, 16),
    ("optional.none", 0, 0),
    ("optional.of", 1, 1),
    ("optional.ofNonZeroValue", 1, 1),
    ("sets.contains", 2, 2),
    ("sets.equivalent", 2, 2),
    ("sets.intersects", 2, 2),
    ("strings.quote", 1, 1),
];

/// The functions that are called on a value.
pub(super) const MEMBERS: &[Known] = &[
    ("add", 1, 1),
    ("asApproximateFloat", 0, 0),
    ("asInteger", 0, 0),
    ("charAt", 1, 1),
    ("compareTo", 1, 1),
    ("contains", 1, 1),
    ("containsCIDR", 1, 1),
    ("containsIP", 1, 1),
    ("distinct", 0, 0),
    ("endsWith", 1, 1),
    ("family", 0, 0),
    ("find", 1, 1),
    ("findAll", 1, 2),
    ("first", 0, 0),
    ("flatten", 0, 1),
    ("format", 1, 1),
    ("getDate", 0, 1),
    ("getDayOfMonth", 0, 1),
    ("getDayOfWeek", 0, 1),
    ("getDayOfYear", 0, 1),
    ("getEscapedPath", 0, 0),
    ("getFullYear", 0, 1),
    ("getHost", 0, 0),
    ("getHostname", 0, 0),
    ("getHours", 0, 1),
    ("getMilliseconds", 0, 1),
    ("getMinutes", 0, 1),
    ("getMonth", 0, 1),
    ("getPort", 0, 0),
    ("getQuery", 0, 0),
    ("getScheme", 0, 0),
    ("getSeconds", 0, 1),
    ("hasValue", 0, 0),
    ("indexOf", 1, 2),
    ("ip", 0, 0),
    ("isGlobalUnicast", 0, 0),
    ("isGreaterThan", 1, 1),
    ("isInteger", 0, 0),
    ("isLessThan", 1, 1),
    ("isLinkLocalMulticast", 0, 0),
    ("isLinkLocalUnicast", 0, 0),
    ("isLoopback", 0, 0),
    ("isSorted", 0, 0),
    ("isUnspecified", 0, 0),
    ("join", 0, 1),
    ("last", 0, 0),
    ("lastIndexOf", 1, 2),
    ("lowerAscii", 0, 0),
    ("major", 0, 0),
    ("masked", 0, 0),
    ("matches", 1, 1),
    ("max", 0, 0),
    ("min", 0, 0),
    ("minor", 0, 0),
    ("or", 1, 1),
    ("orValue", 1, 1),
    ("patch", 0, 0),
    ("prefixLength", 0, 0),
    ("replace", 2, 3),
    ("reverse", 0, 0),
    ("sign", 0, 0),
    ("size", 0, 0),
    ("slice", 2, 2),
    ("sort", 0, 0),
    ("split", 1, 2),
    ("startsWith", 1, 1),
    ("sub", 1, 1),
    ("substring", 1, 2),
    ("sum", 0, 0),
    ("trim", 0, 0),
    ("upperAscii", 0, 0),
    ("validate", 1, 1),
    ("value", 0, 0),
];

type Done<'t, D> = Result<Val<'t, D>, Why>;

/// A call on nothing.
pub(super) fn global<'t, D: Document<'t>>(name: &str, arguments: Vec<Val<'t, D>>, meter: &mut Meter) -> Done<'t, D> {
    if let Some(text) = arguments.first().and_then(Val::as_text) {
        meter.read(text)?;
    }
    if let Some((space, function)) = name.split_once('.') {
        return namespaced(name, (space, function), arguments, meter);
    }
    let found = match &*arguments {
        [value] => converted(name, value)?,
        _ => None,
    };
    match found {
        Some(value) => Ok(value),
        None => kubernetes::global(name, &arguments).ok_or_else(|| Why::types(name, &arguments))?,
    }
}

fn namespaced<'t, D: Document<'t>>(
    name: &str,
    (space, function): (&str, &str),
    arguments: Vec<Val<'t, D>>,
    meter: &mut Meter,
) -> Done<'t, D> {
    match (space, function, &*arguments) {
        ("optional", "none", []) => Ok(Val::Optional(None)),
        ("optional", "of", [value]) => Ok(Val::some(value.clone())),
        ("optional", "ofNonZeroValue", [value]) => {
            Ok(if is_zero(value) { Val::Optional(None) } else { Val::some(value.clone()) })
        }
        ("sets", _, [a, b]) => lists::sets(function, a, b, meter),
        ("lists", "range", [Val::Int(end)]) => {
            meter.take(usize::try_from(*end).unwrap_or_default())?;
            Ok(Val::list((0..*end).map(Val::Int).collect()))
        }
        ("math", "greatest" | "least", [one]) if one.kind() == Type::List => extreme(function, one, meter),
        ("math", "greatest" | "least", _) => {
            let all = Val::list(arguments);
            extreme(function, &all, meter)
        }
        ("math", "abs", [Val::Int(value)]) => {
            value.checked_abs().map(Val::Int).ok_or_else(|| Why::value("`math.abs` overflows"))
        }
        ("math", "abs", [Val::Double(value)]) => Ok(Val::Double(value.abs())),
        ("math", "ceil", [Val::Double(value)]) => Ok(Val::Double(value.ceil())),
        ("math", "floor", [Val::Double(value)]) => Ok(Val::Double(value.floor())),
        ("strings", "quote", [Val::Text(text)]) => Ok(Val::text(strings::quoted(text.as_str()))),
        _ => kubernetes::global(name, &arguments).unwrap_or_else(|| Err(Why::types(name, &arguments))),
    }
}

fn is_zero<'t, D: Document<'t>>(value: &Val<'t, D>) -> bool {
    match value {
        Val::Null => true,
        Val::Bool(value) => !value,
        Val::Int(value) => *value == 0,
        Val::Uint(value) => *value == 0,
        Val::Double(value) => *value == 0.0,
        Val::Optional(value) => value.is_none(),
        Val::Other(Other::Duration(length)) => length.0 == 0,
        other => other.size() == Some(0),
    }
}

/// The value as another type; `None` where this is no conversion, or takes no such value.
fn converted<'t, D: Document<'t>>(name: &str, value: &Val<'t, D>) -> Result<Option<Val<'t, D>>, Why> {
    Ok(Some(match name {
        "type" => Val::Type(value.kind()),
        "dyn" => value.clone(),
        "int" => Val::Int(to_int(value)?),
        "uint" => match to_int(value) {
            _ if matches!(value, Val::Uint(_)) => value.clone(),
            Ok(int) => Val::Uint(u64::try_from(int).map_err(|_| Why::value("this is no unsigned integer"))?),
            Err(why) => return Err(why),
        },
        "double" => Val::Double(match value {
            Val::Int(value) => *value as f64,
            Val::Uint(value) => *value as f64,
            Val::Double(value) => *value,
            Val::Text(text) => text.as_str().parse().map_err(|_| Why::value("this text is no number"))?,
            _ => return Err(Why::types(name, std::slice::from_ref(value))),
        }),
        "bool" => match value {
            Val::Bool(_) => value.clone(),
            Val::Text(text) => match text.as_str() {
                "true" | "True" | "TRUE" | "t" | "1" => Val::Bool(true),
                "false" | "False" | "FALSE" | "f" | "0" => Val::Bool(false),
                _ => return Err(Why::value("this text is no boolean")),
            },
            _ => return Err(Why::types(name, std::slice::from_ref(value))),
        },
        "string" => to_text(value)?,
        "bytes" => match value {
            Val::Text(text) => Val::Bytes(text.as_str().as_bytes().into()),
            Val::Bytes(_) => value.clone(),
            _ => return Err(Why::types(name, std::slice::from_ref(value))),
        },
        "duration" => match value {
            Val::Other(Other::Duration(_)) => value.clone(),
            Val::Text(text) => {
                let length = Duration::parse(text.as_str()).ok_or_else(|| Why::value("this text is no duration"))?;
                Val::Other(Other::Duration(length))
            }
            _ => return Err(Why::types(name, std::slice::from_ref(value))),
        },
        "timestamp" => match value {
            Val::Other(Other::Timestamp(_)) => value.clone(),
            Val::Int(seconds) => Val::Other(Other::Timestamp(Timestamp(i128::from(*seconds) * i128::from(SECOND)))),
            Val::Text(text) => {
                let point = Timestamp::parse(text.as_str()).ok_or_else(|| Why::value("this text is no timestamp"))?;
                Val::Other(Other::Timestamp(point))
            }
            _ => return Err(Why::types(name, std::slice::from_ref(value))),
        },
        _ => return Ok(None),
    }))
}

fn to_int<'t, D: Document<'t>>(value: &Val<'t, D>) -> Result<i64, Why> {
    let too_large = || Why::value("this does not fit into an integer");
    match value {
        Val::Int(value) => Ok(*value),
        Val::Uint(value) => i64::try_from(*value).map_err(|_| too_large()),
        Val::Double(value) if value.abs() < 9.2e18 => Ok(value.trunc() as i64),
        Val::Double(_) => Err(too_large()),
        Val::Text(text) => text.as_str().parse().map_err(|_| Why::value("this text is no integer")),
        Val::Other(Other::Timestamp(point)) => Ok(point.0.div_euclid(i128::from(SECOND)) as i64),
        Val::Other(Other::Duration(length)) => Ok(length.0 / SECOND),
        other => Err(Why::types("int", std::slice::from_ref(other))),
    }
}

/// A value as text.
pub(super) fn to_text<'t, D: Document<'t>>(value: &Val<'t, D>) -> Result<Val<'t, D>, Why> {
    Ok(Val::text(match value {
        Val::Text(_) => return Ok(value.clone()),
        Val::Bool(value) => value.to_string(),
        Val::Int(value) => value.to_string(),
        Val::Uint(value) => value.to_string(),
        Val::Double(value) => strings::double(*value),
        Val::Bytes(bytes) => String::from_utf8(bytes.to_vec()).map_err(|_| Why::value("these bytes are no text"))?,
        Val::Other(Other::Duration(length)) => length.shown(),
        Val::Other(Other::Timestamp(point)) => point.shown(),
        Val::Other(other) => return kubernetes::shown(other).map(Val::text),
        other => return Err(Why::types("string", std::slice::from_ref(other))),
    }))
}

/// A call on a value.
pub(super) fn member<'t, D: Document<'t>>(
    name: &str,
    of: Val<'t, D>,
    arguments: Vec<Val<'t, D>>,
    meter: &mut Meter,
) -> Done<'t, D> {
    if name == "size"
        && let Some(size) = of.size()
    {
        return Ok(Val::count(size));
    }
    match (&of, of.kind()) {
        (Val::Text(text), _) => {
            meter.read(text.as_str())?;
            strings::member(name, text.as_str(), &arguments, meter)
        }
        (_, Type::List) => lists::member(name, &of, &arguments, meter),
        (Val::Optional(inner), _) => optional(name, inner.as_deref(), &of, &arguments),
        (Val::Other(Other::Timestamp(point)), _) => timestamp(name, *point, &arguments),
        (Val::Other(Other::Duration(length)), _) => duration(name, *length),
        (Val::Other(other), _) => kubernetes::member(name, other, &arguments),
        _ => None,
    }
    .unwrap_or_else(|| {
        let mut values = vec![of];
        values.extend(arguments);
        Err(Why::types(name, &values))
    })
}

fn extreme<'t, D: Document<'t>>(function: &str, of: &Val<'t, D>, meter: &mut Meter) -> Done<'t, D> {
    let name = if function == "least" { "min" } else { "max" };
    lists::member(name, of, &[], meter).unwrap_or_else(|| Err(Why::types(name, std::slice::from_ref(of))))
}

fn optional<'t, D: Document<'t>>(
    name: &str,
    inner: Option<&Val<'t, D>>,
    of: &Val<'t, D>,
    arguments: &[Val<'t, D>],
) -> Option<Done<'t, D>> {
    Some(match (name, inner, arguments) {
        ("hasValue", _, []) => Ok(Val::Bool(inner.is_some())),
        ("value", Some(value), []) | ("orValue", Some(value), [_]) => Ok(value.clone()),
        ("value", None, []) => Err(Why::missing("the optional value is not there")),
        ("or", Some(_), [_]) => Ok(of.clone()),
        ("or" | "orValue", None, [other]) => Ok(other.clone()),
        _ => return None,
    })
}

fn timestamp<'t, D: Document<'t>>(name: &str, point: Timestamp, arguments: &[Val<'t, D>]) -> Option<Done<'t, D>> {
    let zone = match arguments {
        [] => "UTC",
        [Val::Text(zone)] => zone.as_str(),
        _ => return None,
    };
    let Some(offset) = offset(zone) else { return Some(Err(Why::value("only UTC and fixed offsets are known"))) };
    let at: Calendar = point.calendar(offset);
    Some(Ok(Val::Int(match name {
        "getFullYear" => at.year,
        "getMonth" => at.month,
        "getDayOfMonth" => at.day,
        "getDate" => at.day + 1,
        "getDayOfYear" => at.day_of_year,
        "getDayOfWeek" => at.day_of_week,
        "getHours" => at.seconds / 3600,
        "getMinutes" => at.seconds / 60 % 60,
        "getSeconds" => at.seconds % 60,
        "getMilliseconds" => at.nanos / 1_000_000,
        _ => return None,
    })))
}

fn duration<'t, D: Document<'t>>(name: &str, length: Duration) -> Option<Done<'t, D>> {
    Some(Ok(Val::Int(match name {
        "getHours" => length.0 / SECOND / 3600,
        "getMinutes" => length.0 / SECOND / 60,
        "getSeconds" => length.0 / SECOND,
        "getMilliseconds" => length.0 / 1_000_000 % 1000,
        _ => return None,
    })))
}
