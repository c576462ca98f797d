//! The functions that Kubernetes adds: quantities, addresses, versions, named formats, and patterns that are found.
//!
//! Never: a function that Kubernetes does not have.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use regex::Regex;

use super::format::Format;
use super::meter::{Meter, Why};
use super::net::{self, Cidr};
use super::quantity::Quantity;
use super::semver::Semver;
use super::url::Url;
use super::value::{Document, Other, Val};
use crate::grammar::pattern;

type Done<'t, D> = Result<Val<'t, D>, Why>;

/// A call on nothing; `None` where there is no such function for these arguments.
pub(super) fn global<'t, D: Document<'t>>(name: &str, arguments: &[Val<'t, D>]) -> Option<Done<'t, D>> {
    let other = |what: &str, value: Option<Other>| {
        value.map(Val::Other).ok_or_else(|| Why::value(format!("this text is no {what}")))
    };
    if let Some(format) = name.strip_prefix("format.") {
        return Some(match arguments {
            [] => other("format", Format::named(format).map(Other::Format)),
            [Val::Text(name)] => Ok(Format::named(name.as_str())
                .map_or(Val::Optional(None), |format| Val::some(Val::Other(Other::Format(format))))),
            _ => return None,
        });
    }
    if let ("semver" | "isSemver", [Val::Text(text), Val::Bool(normalize)]) = (name, arguments) {
        let read = if *normalize { Semver::normalized } else { Semver::parse };
        return Some(version(name, read(text.as_str())));
    }
    if let ("base64.decode", [Val::Text(text)]) = (name, arguments) {
        let bytes = base64::engine::general_purpose::STANDARD.decode(text.as_str());
        return Some(bytes.map(|bytes| Val::Bytes(bytes.into())).map_err(|_| Why::value("this text is no base64")));
    }
    if let ("base64.encode", [Val::Bytes(bytes)]) = (name, arguments) {
        return Some(Ok(Val::text(base64::engine::general_purpose::STANDARD.encode(bytes))));
    }
    let [Val::Text(text)] = arguments else { return None };
    let text = text.as_str();
    Some(match name {
        "quantity" => other("quantity", Quantity::parse(text).map(Other::Quantity)),
        "isQuantity" => Ok(Val::Bool(Quantity::parse(text).is_some())),
        "url" => other("URL", Url::parse(text).map(|url| Other::Url(Arc::new(url)))),
        "isURL" => Ok(Val::Bool(Url::parse(text).is_some())),
        "ip" => other("IP address", net::parse_ip(text).map(Other::Ip)),
        "isIP" => Ok(Val::Bool(net::parse_ip(text).is_some())),
        "ip.isCanonical" => match net::parse_ip(text) {
            Some(ip) => Ok(Val::Bool(ip.to_string() == text)),
            None => Err(Why::value("this text is no IP address")),
        },
        "cidr" => other("range of IP addresses", Cidr::parse(text).map(Other::Cidr)),
        "isCIDR" => Ok(Val::Bool(Cidr::parse(text).is_some())),
        "semver" | "isSemver" => version(name, Semver::parse(text)),
        _ => return None,
    })
}

fn version<'t, D: Document<'t>>(name: &str, version: Option<Semver>) -> Done<'t, D> {
    if name == "isSemver" {
        return Ok(Val::Bool(version.is_some()));
    }
    let found = version.map(|version| Val::Other(Other::Semver(Arc::new(version))));
    found.ok_or_else(|| Why::value("this text is no semantic version"))
}

/// A call on one of Kubernetes' values; `None` where there is no such function for these arguments.
pub(super) fn member<'t, D: Document<'t>>(name: &str, of: &Other, arguments: &[Val<'t, D>]) -> Option<Done<'t, D>> {
    match of {
        Other::Quantity(quantity) => of_quantity(name, *quantity, arguments),
        Other::Url(url) => of_url(name, url),
        Other::Ip(ip) => of_ip(name, *ip),
        Other::Cidr(cidr) => of_cidr(name, *cidr, arguments),
        Other::Semver(version) => of_version(name, version, arguments),
        Other::Format(format) => match (name, arguments) {
            ("validate", [Val::Text(text)]) => Some(Ok(match format.fault(text.as_str()) {
                None => Val::Optional(None),
                Some(fault) => Val::some(Val::list(vec![Val::text(fault)])),
            })),
            _ => None,
        },
        Other::Duration(_) | Other::Timestamp(_) => None,
    }
}

fn of_quantity<'t, D: Document<'t>>(name: &str, of: Quantity, arguments: &[Val<'t, D>]) -> Option<Done<'t, D>> {
    let overflow = || Why::value("this quantity is too large");
    let quantity = |quantity: Option<Quantity>| {
        quantity.map(|quantity| Val::Other(Other::Quantity(quantity))).ok_or_else(overflow)
    };
    let other = match arguments {
        [] => None,
        [Val::Other(Other::Quantity(other))] => Some(*other),
        [Val::Int(value)] if matches!(name, "add" | "sub") => Some(Quantity::of_int(*value)),
        _ => return None,
    };
    Some(match (name, other) {
        ("sign", None) => Ok(Val::Int(of.sign())),
        ("isInteger", None) => Ok(Val::Bool(of.as_integer().is_some())),
        ("asInteger", None) => of.as_integer().map(Val::Int).ok_or_else(|| Why::value("this quantity is no integer")),
        ("asApproximateFloat", None) => Ok(Val::Double(of.as_float())),
        ("add", Some(other)) => quantity(of.add(other)),
        ("sub", Some(other)) => quantity(of.sub(other)),
        ("isGreaterThan", Some(other)) => Ok(Val::Bool(of > other)),
        ("isLessThan", Some(other)) => Ok(Val::Bool(of < other)),
        ("compareTo", Some(other)) => Ok(Val::Int(of.cmp(&other) as i64)),
        _ => return None,
    })
}

fn of_url<'t, D: Document<'t>>(name: &str, url: &Url) -> Option<Done<'t, D>> {
    Some(Ok(match name {
        "getScheme" => Val::text(&*url.scheme),
        "getHost" => Val::text(&*url.host),
        "getHostname" => Val::text(url.hostname()),
        "getPort" => Val::text(url.port()),
        "getEscapedPath" => Val::text(&*url.path),
        "getQuery" => {
            let texts = |values: Vec<String>| Val::list(values.into_iter().map(Val::text).collect());
            let entries = url.queries().into_iter().map(|(key, values)| (Val::text(key), texts(values)));
            Val::Map(entries.collect::<Vec<_>>().into())
        }
        _ => return None,
    }))
}

fn of_ip<'t, D: Document<'t>>(name: &str, ip: IpAddr) -> Option<Done<'t, D>> {
    Some(Ok(match name {
        "family" => Val::Int(if ip.is_ipv4() { 4 } else { 6 }),
        "isUnspecified" => Val::Bool(ip.is_unspecified()),
        "isLoopback" => Val::Bool(ip.is_loopback()),
        "isLinkLocalMulticast" => Val::Bool(net::is_link_local_multicast(ip)),
        "isLinkLocalUnicast" => Val::Bool(net::is_link_local_unicast(ip)),
        "isGlobalUnicast" => Val::Bool(net::is_global_unicast(ip)),
        _ => return None,
    }))
}

fn of_cidr<'t, D: Document<'t>>(name: &str, cidr: Cidr, arguments: &[Val<'t, D>]) -> Option<Done<'t, D>> {
    let not_one = |what: &str| Err(Why::value(format!("this text is no {what}")));
    Some(match (name, arguments) {
        ("ip", []) => Ok(Val::Other(Other::Ip(cidr.ip))),
        ("prefixLength", []) => Ok(Val::Int(cidr.prefix.into())),
        ("masked", []) => Ok(Val::Other(Other::Cidr(cidr.masked()))),
        ("containsIP", [Val::Other(Other::Ip(ip))]) => Ok(Val::Bool(cidr.contains(*ip))),
        ("containsIP", [Val::Text(text)]) => match net::parse_ip(text.as_str()) {
            Some(ip) => Ok(Val::Bool(cidr.contains(ip))),
            None => not_one("IP address"),
        },
        ("containsCIDR", [Val::Other(Other::Cidr(other))]) => Ok(Val::Bool(cidr.covers(*other))),
        ("containsCIDR", [Val::Text(text)]) => match Cidr::parse(text.as_str()) {
            Some(other) => Ok(Val::Bool(cidr.covers(other))),
            None => not_one("range of IP addresses"),
        },
        _ => return None,
    })
}

fn of_version<'t, D: Document<'t>>(name: &str, of: &Semver, arguments: &[Val<'t, D>]) -> Option<Done<'t, D>> {
    let part = |part: u64| i64::try_from(part).map(Val::Int).map_err(|_| Why::value("this version is too large"));
    Some(match (name, arguments) {
        ("major", []) => part(of.major),
        ("minor", []) => part(of.minor),
        ("patch", []) => part(of.patch),
        ("isGreaterThan", [Val::Other(Other::Semver(other))]) => Ok(Val::Bool(of > other)),
        ("isLessThan", [Val::Other(Other::Semver(other))]) => Ok(Val::Bool(of < other)),
        ("compareTo", [Val::Other(Other::Semver(other))]) => Ok(Val::Int(of.cmp(other) as i64)),
        _ => return None,
    })
}

/// One of these values as text.
pub(super) fn shown(of: &Other) -> Result<String, Why> {
    Ok(match of {
        Other::Ip(ip) => ip.to_string(),
        Other::Cidr(cidr) => format!("{}/{}", cidr.ip, cidr.prefix),
        Other::Format(format) => format.name().to_owned(),
        _ => return Err(Why::value("a value of this type is not shown as text")),
    })
}

/// A call with a pattern; `known` is the one that this call compiled first.
pub(super) fn with_pattern<'t, D: Document<'t>>(
    name: &str,
    text: &str,
    (written, known): (&str, &OnceLock<(Box<str>, Regex)>),
    more: &[Val<'t, D>],
    meter: &mut Meter,
) -> Done<'t, D> {
    meter.take(text.len() / 4 + written.len() / 4)?;
    let made;
    let regex = match known.get() {
        Some((text, regex)) if **text == *written => regex,
        _ => {
            // Compiling is dear: a thousand patterns are what a run may make.
            meter.take(1000 + written.len())?;
            let compiled = pattern::compiled(written);
            made = compiled.ok_or_else(|| Why::value("this is no regular expression of RE2"))?;
            // Another thread may have been first; its pattern may be another.
            let _ = known.set((written.into(), made.clone()));
            &made
        }
    };
    Ok(match (name, more) {
        ("matches", _) => Val::Bool(regex.is_match(text)),
        ("find", _) => Val::text(regex.find(text).map(|found| found.as_str()).unwrap_or_default()),
        (_, []) => Val::list(regex.find_iter(text).map(|found| Val::text(found.as_str())).collect()),
        (_, [Val::Int(most)]) => {
            let most = usize::try_from(*most).unwrap_or(usize::MAX);
            Val::list(regex.find_iter(text).take(most).map(|found| Val::text(found.as_str())).collect())
        }
        (_, other) => return Err(Why::types(name, other)),
    })
}
