//! Addresses on the web, as Kubernetes' CEL library takes them: absolute, or a path from the root.
//!
//! Never: a resolution of what is relative.

/// An address, in its parts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Url {
    pub(super) scheme: String,
    /// With the port; IPv6 in brackets.
    pub(super) host: String,
    pub(super) path: String,
    pub(super) query: String,
}

impl Url {
    /// The address that `text` is (Go's `url.ParseRequestURI`).
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.bytes().any(|byte| byte <= b' ' || byte == 0x7f) || !has_right_escapes(text) {
            return None;
        }
        let (rest, query) = text.split_once('?').unwrap_or((text, ""));
        let query = query.to_owned();
        if rest.starts_with('/') {
            let parts = Self { scheme: String::new(), host: String::new(), path: rest.to_owned(), query };
            return Some(parts);
        }
        let (scheme, rest) = rest.split_once(':')?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        if !is_scheme {
            return None;
        }
        let scheme = scheme.to_ascii_lowercase();
        let Some(rest) = rest.strip_prefix("//") else {
            let parts = Self { scheme, host: String::new(), path: rest.to_owned(), query };
            return Some(parts);
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        is_host(host).then(|| Self { scheme, host: host.to_owned(), path: path.to_owned(), query })
    }

    pub(super) fn hostname(&self) -> &str {
        match self.host.strip_prefix('[') {
            Some(inner) => inner.split_once(']').map_or(inner, |(name, _)| name),
            None => self.host.split_once(':').map_or(&*self.host, |(name, _)| name),
        }
    }

    pub(super) fn port(&self) -> &str {
        let behind = match self.host.rsplit_once(']') {
            Some((_, behind)) => behind,
            None => &self.host,
        };
        behind.rsplit_once(':').map_or("", |(_, port)| port)
    }

    /// The query's values by key, in the order of first mention.
    pub(super) fn queries(&self) -> Vec<(String, Vec<String>)> {
        let mut found: Vec<(String, Vec<String>)> = Vec::new();
        for pair in self.query.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';')) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (key, value) = (decoded(key), decoded(value));
            match found.iter_mut().find(|(known, _)| *known == key) {
                Some((_, values)) => values.push(value),
                None => found.push((key, vec![value])),
            }
        }
        found
    }
}

fn is_host(host: &str) -> bool {
    let port = match host.strip_prefix('[') {
        Some(inner) => match inner.split_once(']') {
            Some((_, behind)) => behind,
            None => return false,
        },
        None => host.find(':').map_or("", |at| &host[at..]),
    };
    let is_port =
        port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()));
    is_port && !host.contains(['\\', '^', '{', '}', '|', '`', '"', '<', '>'])
}

fn has_right_escapes(text: &str) -> bool {
    let mut parts = text.split('%');
    parts.next();
    parts.all(|part| part.get(..2).is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit())))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match (first, code.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &behind[2..];
                continue;
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*first),
        }
        rest = behind;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
