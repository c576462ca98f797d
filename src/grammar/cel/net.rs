//! IP addresses and ranges, as Kubernetes' CEL libraries take them.
//!
//! Never: an IPv4 address in IPv6 clothes, or a zone: Kubernetes refuses both.

use std::net::IpAddr;

/// A range of addresses, as it is written: the address may have bits behind the prefix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cidr {
    pub(super) ip: IpAddr,
    pub(super) prefix: u8,
}

/// The address that `text` is.
pub(super) fn parse_ip(text: &str) -> Option<IpAddr> {
    let ip: IpAddr = text.parse().ok()?;
    let is_mapped = matches!(ip, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some());
    (!is_mapped).then_some(ip)
}

fn bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(u32::from(ip)) << 96,
        IpAddr::V6(ip) => u128::from(ip),
    }
}

impl Cidr {
    /// The range that `text` is.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (ip, prefix) = text.split_once('/')?;
        let ip = parse_ip(ip)?;
        if !prefix.bytes().all(|byte| byte.is_ascii_digit()) || (prefix.len() > 1 && prefix.starts_with('0')) {
            return None;
        }
        let prefix: u8 = prefix.parse().ok()?;
        let most = if ip.is_ipv4() { 32 } else { 128 };
        (prefix <= most).then_some(Self { ip, prefix })
    }

    fn mask(self) -> u128 {
        if self.prefix == 0 { 0 } else { u128::MAX << (128 - u32::from(self.prefix)) }
    }

    /// The same without the bits behind the prefix.
    pub(super) fn masked(self) -> Self {
        let bits = bits(self.ip) & self.mask();
        let ip = match self.ip {
            IpAddr::V4(_) => IpAddr::V4(((bits >> 96) as u32).into()),
            IpAddr::V6(_) => IpAddr::V6(bits.into()),
        };
        Self { ip, ..self }
    }

    pub(super) fn contains(self, ip: IpAddr) -> bool {
        self.ip.is_ipv4() == ip.is_ipv4() && bits(self.ip) & self.mask() == bits(ip) & self.mask()
    }

    pub(super) fn covers(self, other: Self) -> bool {
        self.prefix <= other.prefix && self.contains(other.ip)
    }
}

pub(super) fn is_link_local_multicast(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.octets()[..3] == [224, 0, 0],
        IpAddr::V6(ip) => ip.segments()[0] & 0xff0f == 0xff02,
    }
}

pub(super) fn is_link_local_unicast(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.segments()[0] & 0xffc0 == 0xfe80,
    }
}

pub(super) fn is_global_unicast(ip: IpAddr) -> bool {
    let is_broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    !ip.is_unspecified() && !ip.is_loopback() && !ip.is_multicast() && !is_link_local_unicast(ip) && !is_broadcast
}
