//! What the calls of functions cost at most, and how large their results are.
//!
//! Never: a function that is only in newer Kubernetes; its cost is not known to all API servers.

use std::rc::Rc;

use super::cost::{Kind, Part};
use super::cost_sizes::{Size, times};

/// A call without what its parts cost.
pub(super) struct Call<'d> {
    pub(super) cost: u64,
    pub(super) size: Option<Size>,
    pub(super) kind: Kind<'d>,
}

/// What it costs to go over a character, and over a part of a pattern.
const CHARACTER: f64 = 0.1;
const PATTERN: f64 = 0.25;
/// The longest pattern of a named format.
const FORMAT: f64 = 128.0 * PATTERN;
/// The addresses that two ranges compare: of four or sixteen bytes.
const ADDRESSES: u64 = 4;

fn plain<'d>(cost: u64, kind: Kind<'d>) -> Option<Call<'d>> {
    Some(Call { cost, size: None, kind })
}

fn sized<'d>(cost: u64, kind: Kind<'d>, size: Size) -> Option<Call<'d>> {
    Some(Call { cost, size: Some(size), kind })
}

/// A call of the function `name`. `items` is the size of the items of `of` where a schema declares one.
pub(super) fn call<'d>(
    name: &str,
    of: Option<&Part<'d>>,
    items: Option<u64>,
    arguments: &[Part<'d>],
) -> Option<Call<'d>> {
    match (of, arguments) {
        (Some(of), _) => member(name, of, items, arguments),
        (None, [argument]) => global(name, argument),
        (None, [a, b]) => {
            let product = a.size().times(b.size()).most;
            match name {
                "sets.contains" | "sets.intersects" => plain(product.saturating_add(1), Kind::Bool),
                "sets.equivalent" => plain(product.saturating_mul(2).saturating_add(1), Kind::Bool),
                _ => None,
            }
        }
        (None, []) if name == "optional.none" => plain(1, Kind::Optional(Rc::new(Kind::Open))),
        (None, []) if name.starts_with("format.") => plain(1, Kind::Optional(Rc::new(Kind::Library("format")))),
        (None, _) => None,
    }
}

fn global<'d>(name: &str, argument: &Part<'d>) -> Option<Call<'d>> {
    let size = argument.size();
    let read = times(size.most, CHARACTER);
    match name {
        "bool" => plain(1, Kind::Bool),
        "int" => plain(1, Kind::Int),
        "uint" => plain(1, Kind::Uint),
        "double" => plain(1, Kind::Double),
        "duration" => plain(1, Kind::Duration),
        "timestamp" => plain(1, Kind::Timestamp),
        "type" => plain(1, Kind::Type),
        "isURL" => plain(1, Kind::Bool),
        "string" => match argument.kind {
            Kind::Bytes => sized(read, Kind::Text, Size { least: size.least / 4, most: size.most }),
            Kind::Any => sized(read.max(1), Kind::Text, size),
            _ => plain(1, Kind::Text),
        },
        "bytes" => match argument.kind {
            Kind::Text => sized(read, Kind::Bytes, Size { most: size.most.saturating_mul(4), ..size }),
            _ => None,
        },
        "url" => sized(read, Kind::Library("url"), size),
        "cidr" => plain(read, Kind::Library("cidr")),
        "ip" => plain(read, Kind::Library("ip")),
        "quantity" => plain(read, Kind::Library("quantity")),
        "semver" => plain(read, Kind::Library("semver")),
        "isIP" | "isCIDR" | "isQuantity" | "isSemver" => plain(read, Kind::Bool),
        "ip.isCanonical" => plain(times(size.most, 2.0 * CHARACTER), Kind::Bool),
        "format.named" => plain(1, Kind::Optional(Rc::new(Kind::Library("format")))),
        "strings.quote" => {
            let quoted = Size { least: size.least.saturating_add(2), most: size.most.saturating_mul(2) };
            sized(read, Kind::Text, quoted)
        }
        "optional.of" | "optional.ofNonZeroValue" => plain(1, Kind::Optional(Rc::new(argument.kind.clone()))),
        _ => None,
    }
}

fn member<'d>(name: &str, of: &Part<'d>, items: Option<u64>, arguments: &[Part<'d>]) -> Option<Call<'d>> {
    let size = of.size();
    let read = times(size.most, CHARACTER);
    let first = arguments.first().map_or(Size::UNKNOWN, Part::size);
    match name {
        // Kubernetes knows these of lists and of text.
        "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => listed(name, of, items),
        "lowerAscii" | "upperAscii" | "substring" | "trim" => sized(read, Kind::Text, size),
        "replace" => {
            let with = arguments.get(1)?.size();
            sized(times(size.most, 2.0 * CHARACTER), Kind::Text, replaced(size, first, with))
        }
        // A count as the second argument bounds the parts; the estimate takes literals only.
        "split" if arguments.len() == 1 => {
            let kind = Kind::List(Rc::new(Kind::Text));
            sized(times(size.most, 2.0 * CHARACTER), kind, Size::upto(size.most))
        }
        "join" => joined(of, items, arguments),
        "find" | "findAll" => {
            let cost = pattern(size, first);
            let kind = if name == "find" { Kind::Text } else { Kind::List(Rc::new(Kind::Text)) };
            sized(cost, kind, Size::upto(size.most))
        }
        "matches" => plain(pattern(size, first), Kind::Bool),
        "contains" => plain(read.saturating_mul(times(first.most, CHARACTER)), Kind::Bool),
        "startsWith" | "endsWith" => plain(times(first.most, CHARACTER), Kind::Bool),
        "format" => plain(read, Kind::Text),
        "validate" => {
            let kind = Kind::Optional(Rc::new(Kind::List(Rc::new(Kind::Text))));
            plain(times(times(first.most, CHARACTER), FORMAT), kind)
        }
        "containsIP" | "containsCIDR" => {
            let own = if name == "containsIP" { ADDRESSES } else { ADDRESSES + 3 };
            let parsed = match arguments.first()?.kind {
                Kind::Text => times(first.most, CHARACTER),
                Kind::Library(_) => 0,
                _ => return None,
            };
            plain(own.saturating_add(parsed), Kind::Bool)
        }
        "value" | "orValue" | "or" => match &of.kind {
            Kind::Optional(inner) if name != "or" => plain(1, (**inner).clone()),
            Kind::Optional(_) => plain(1, of.kind.clone()),
            _ => None,
        },
        _ => plain(1, steady(name)?),
    }
}

/// The kind that a function of one step gives.
fn steady(name: &str) -> Option<Kind<'static>> {
    Some(match name {
        "size" | "asInteger" | "compareTo" | "sign" | "major" | "minor" | "patch" | "prefixLength" | "family" => {
            Kind::Int
        }
        "getDate" | "getDayOfMonth" | "getDayOfWeek" | "getDayOfYear" | "getFullYear" | "getHours"
        | "getMilliseconds" | "getMinutes" | "getMonth" | "getSeconds" => Kind::Int,
        "matches()"
        | "hasValue"
        | "isInteger"
        | "isGreaterThan"
        | "isLessThan"
        | "isUnspecified"
        | "isLoopback"
        | "isLinkLocalMulticast"
        | "isLinkLocalUnicast"
        | "isGlobalUnicast" => Kind::Bool,
        "charAt" | "getScheme" | "getHostname" | "getHost" | "getPort" | "getEscapedPath" => Kind::Text,
        "getQuery" => Kind::Map(Rc::new(Kind::Text), Rc::new(Kind::List(Rc::new(Kind::Text)))),
        "asApproximateFloat" => Kind::Double,
        "add" | "sub" => Kind::Library("quantity"),
        "masked" => Kind::Library("cidr"),
        "ip" => Kind::Library("ip"),
        _ => return None,
    })
}

/// What a pattern costs on a text: one character more than it has, so that an empty text is not free.
fn pattern(text: Size, pattern: Size) -> u64 {
    times(text.most.saturating_add(1), CHARACTER).saturating_mul(times(pattern.most, PATTERN))
}

/// Functions that look at each item, and at each character of it where the items are text.
fn listed<'d>(name: &str, of: &Part<'d>, items: Option<u64>) -> Option<Call<'d>> {
    let size = of.size();
    let (cost, kind) = match &of.kind {
        Kind::List(item) => {
            let each = if item.is_text() { times(items.unwrap_or(u64::MAX), CHARACTER).saturating_add(1) } else { 1 };
            (size.most.saturating_mul(each), (**item).clone())
        }
        Kind::Text => (times(size.most, CHARACTER), Kind::Int),
        _ => return None,
    };
    plain(
        cost,
        match name {
            "isSorted" => Kind::Bool,
            "indexOf" | "lastIndexOf" => Kind::Int,
            _ => kind,
        },
    )
}

fn joined<'d>(of: &Part<'d>, items: Option<u64>, arguments: &[Part<'d>]) -> Option<Call<'d>> {
    let Kind::List(_) = of.kind else { return None };
    let size = of.size();
    let mut text = size.times(items.map_or(Size::UNKNOWN, Size::upto));
    if let Some(between) = arguments.first() {
        let gaps = Size { least: size.least.saturating_sub(1), most: size.most.saturating_sub(1) };
        text = text.plus(between.size().times(gaps));
    }
    sized(times(text.most, CHARACTER), Kind::Text, text)
}

/// The size of a text in which something is replaced.
#[expect(clippy::cast_precision_loss, reason = "the API server divides floats too")]
fn replaced(text: Size, what: Size, with: Size) -> Size {
    let part = |whole: u64, by: u64| times(whole, 1.0 / by as f64);
    // Nothing stands before, between and behind all characters.
    let (most, kept_most) = match what.least {
        0 => (text.most.saturating_add(1), text.most),
        least if with.most <= least => (0, text.most),
        least => (part(text.most, least), 0),
    };
    let (least, kept_least) = match what.most {
        0 => (text.least.saturating_add(1), text.least),
        most if most <= with.least => (0, text.least),
        most => (part(text.least, most), 0),
    };
    Size { least, most }.times(with).plus(Size { least: kept_least, most: kept_most })
}
