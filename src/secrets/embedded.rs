//! Credentials inside longer values: configuration files, URLs, connection strings.
//!
//! Never: a language understood whole; lines and fields are enough to find a name beside its value.

use super::keys::{self, Place};
use super::manifest::is_no_literal;
use super::placeholder::is_placeholder;
use super::strength::{self, Strength};
use super::value::{Found, Kind, Secret, judge};
use crate::base::NodeId;
use crate::parse::{self, Kind as NodeKind, Parsed};

/// The name of a file that has a password behind the name of each user.
const USERS: &str = "users.properties";

/// The worst credential of a configuration file, each of its fields and lines judged by itself with `depth` more
/// levels; `None` where the value is no such file, too.
pub(super) fn worst(secret: Secret<'_>, depth: u8) -> Option<Found> {
    let text = secret.text;
    let is_flow = text.starts_with(['{', '[']);
    let is_file = ["\n", " = ", "Authorization: "].iter().any(|sign| text.contains(sign))
        || secret.name.contains('.')
        || has_file_name(secret.name);
    if !is_flow && !is_file {
        return None;
    }
    let parsed = parse::parse(text);
    let mut walk = Walk { parsed: &parsed, text, depth, judged: false, worst: None };
    for document in parsed.documents() {
        if let Some(root) = document.root.filter(|root| matches!(parsed.kind(*root), NodeKind::Map | NodeKind::Seq)) {
            walk.judged = true;
            walk.node(root, "");
        }
    }
    // INI and shell are one long scalar to YAML, and a mixture of both breaks off somewhere.
    let is_yaml = walk.judged && parsed.problems().is_empty();
    if is_yaml && !secret.name.ends_with(USERS) {
        return walk.worst;
    }
    let lines = text.lines().filter_map(|line| line_of(line, secret.name, depth)).reduce(Found::worse);
    merge(walk.worst, lines)
}

/// A password in a URL, or in a connection string.
pub(super) fn connection(text: &str) -> Option<Found> {
    merge(url(text), pairs(text))
}

fn merge(one: Option<Found>, other: Option<Found>) -> Option<Found> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.worse(other)),
        (one, other) => one.or(other),
    }
}

fn has_file_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["config", "conf", "env", "cfg", "ini", "credentials", "cloud"].iter().any(|end| lower.ends_with(end))
}

struct Walk<'p> {
    parsed: &'p Parsed,
    text: &'p str,
    depth: u8,
    /// Whether there was a document with fields.
    judged: bool,
    worst: Option<Found>,
}

impl Walk<'_> {
    /// Judges what is in a node. Aliases are not followed: what they stand for is met where it is written.
    fn node(&mut self, node: NodeId, name: &str) {
        match self.parsed.kind(node) {
            NodeKind::Alias => {}
            NodeKind::Map => self.map(node, name),
            NodeKind::Seq => {
                let items: Vec<NodeId> = self.parsed.children(node).collect();
                for item in items {
                    self.node(item, name);
                }
            }
            _ => self.scalar(node, name),
        }
    }

    fn map(&mut self, map: NodeId, name: &str) {
        let children: Vec<NodeId> = self.parsed.children(map).collect();
        let pairs = || children.chunks_exact(2).map(|pair| (self.parsed.text(self.text, pair[0]), pair[1]));
        let named = pairs().find(|(key, _)| *key == "name").map(|(_, value)| self.parsed.text(self.text, value));
        let fields: Vec<(String, NodeId)> = pairs()
            .map(|(key, value)| match (key, named) {
                // `- name: DB_PASSWORD` with `value: …` is one pair over two lines.
                ("value", Some(name)) => (name.to_owned(), value),
                (key, _) => (key.to_owned(), value),
            })
            .collect();
        let names_keys = keys::names_keys(name);
        for (key, value) in fields {
            // Each says which key of a Secret it is taken from.
            if names_keys && !matches!(self.parsed.kind(value), NodeKind::Map | NodeKind::Seq) {
                continue;
            }
            self.node(value, &key);
        }
    }

    fn scalar(&mut self, node: NodeId, name: &str) {
        let text = self.parsed.text(self.text, node);
        let found = judge(Secret { name, place: Place::Field, text }, self.depth);
        self.worst = merge(self.worst, found.filter(|found| is_credential(*found, name, text)));
    }
}

/// Judges one line of `name = value` or `name: value`.
fn line_of(line: &str, file: &str, depth: u8) -> Option<Found> {
    if let Some(password) = client_password(line).filter(|_| !line.trim_start().starts_with('#')) {
        return Some(Found { kind: Kind::Password, strength: strength::of(password) });
    }
    let Line { name, text } = match assignment(line, file)? {
        Assigned::Quoted(_, found) => return Some(found),
        Assigned::Pair(pair) => pair,
    };
    let found = judge(Secret { name, place: Place::Field, text }, depth.min(1).saturating_sub(1));
    found.filter(|found| is_credential(*found, name, text))
}

/// Whether what was found in a field is one where many fields are not: a word that only names something is none.
fn is_credential(found: Found, name: &str, text: &str) -> bool {
    !matches!(found.kind, Kind::Password) || !is_no_literal(name, text)
}

/// A name with the value behind it, on one line.
pub(super) struct Line<'l> {
    /// The name.
    pub(super) name: &'l str,
    /// The value, without quotes and comment.
    pub(super) text: &'l str,
}

/// What a line assigns.
pub(super) enum Assigned<'l> {
    /// A value to be judged.
    Pair(Line<'l>),
    /// A value that the words before it say is a password: its text, and what it was found to be.
    Quoted(&'l str, Found),
}

/// What a line of a file called `file` assigns; `None` for comments and anything else.
pub(super) fn assignment<'l>(line: &'l str, file: &str) -> Option<Assigned<'l>> {
    let line = line.trim();
    if line.is_empty() || ["#", ";", "//", "!", "--", "["].iter().any(|start| line.starts_with(start)) {
        return None;
    }
    if let Some((value, found)) = quoted_behind(line) {
        return Some(Assigned::Quoted(value, found));
    }
    let at = line.find(['=', ':'])?;
    let (left, right) = (line[..at].trim(), line[at + 1..].trim());
    let name = left.rsplit(char::is_whitespace).next().unwrap_or(left).trim_matches(['"', '\'', '{', ',', '-']);
    let is_name = !name.is_empty()
        && name.len() <= 80
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/'));
    if !is_name {
        return None;
    }
    let name = if file.ends_with(USERS) && !right.contains('=') { "password" } else { name };
    let text = literal_of(right);
    // The head of a block of YAML has its value on the lines below.
    if matches!(text, "|" | "|-" | "|+" | ">" | ">-" | ">+") {
        return None;
    }
    Some(Assigned::Pair(Line { name, text }))
}

/// A value without its quotes, comment and final sign.
fn literal_of(right: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some((inner, _)) = right.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return inner;
        }
    }
    let end = right.find(" #").unwrap_or(right.len());
    let text = right[..end].trim().trim_end_matches([';', ',']);
    // In a shell the name stands inside the quotes: `-H "Authorization: Bearer $TOKEN" \`
    let bare = text.trim_end_matches([' ', '\\']);
    match bare.strip_suffix(['"', '\'']) {
        Some(inner) if !inner.contains(['"', '\'']) => inner,
        _ => text,
    }
}

/// SQL: `PASSWORD 'x'`, `IDENTIFIED BY 'x'`.
fn quoted_behind(line: &str) -> Option<(&str, Found)> {
    let lower = line.to_ascii_lowercase();
    ["password '", "identified by '"].iter().find_map(|start| {
        let at = lower.find(start)? + start.len();
        let value = line[at..].split('\'').next()?;
        // "1Password 'Outpost Token'" is a title.
        let before = lower[..at].strip_suffix(start)?;
        if value.contains(' ') || before.ends_with(|char: char| char.is_ascii_alphanumeric()) {
            return None;
        }
        let found = Found { kind: Kind::Password, strength: strength::of(value) };
        (!is_placeholder(value)).then_some((value, found))
    })
}

/// Programs that take a password as an argument, and the option: where nothing stands between option and password, and
/// where a space does.
const CLIENTS: &[(&str, &str, Gap)] = &[
    ("mysql", "-p", Gap::None),
    ("mysqldump", "-p", Gap::None),
    ("mysqladmin", "-p", Gap::None),
    ("mariadb", "-p", Gap::None),
    ("mariadb-dump", "-p", Gap::None),
    ("sshpass", "-p", Gap::Space),
    ("redis-cli", "-a", Gap::Space),
];

/// What stands between an option and its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    None,
    Space,
}

/// The password that a command line gives to a program of which the options are known.
pub(super) fn client_password(line: &str) -> Option<&str> {
    // Most values are one word.
    if !line.contains(' ') || !line.contains(" -p") && !line.contains(" -a ") {
        return None;
    }
    let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
    let mut option: Option<(&str, Gap)> = None;
    while let Some(word) = words.next() {
        let name = word.rsplit('/').next().unwrap_or(word).trim_matches(['"', '\'', '(', '`', '$']);
        if let Some((_, wanted, gap)) = CLIENTS.iter().find(|(client, ..)| *client == name) {
            option = Some((wanted, *gap));
            continue;
        }
        if matches!(word, "|" | "||" | "&&" | ";") {
            option = None;
        }
        let Some((wanted, gap)) = option else { continue };
        let value = match gap {
            Gap::None => word.strip_prefix(wanted),
            Gap::Space if word == wanted => words.next(),
            Gap::Space => None,
        };
        let value = value.map(|value| value.trim_matches(['"', '\'', ';', ')', ','])).filter(|value| value.len() >= 3);
        if let Some(value) = value {
            let is_none =
                value.starts_with(['$', '-', '<', '{', '"', '\'']) || value.contains('$') || is_placeholder(value);
            return (!is_none).then_some(value);
        }
    }
    None
}

/// The worst password of the URLs in a text.
fn url(text: &str) -> Option<Found> {
    let found = url_passwords(text).map(|password| Found { kind: Kind::Url, strength: strength::of(password) });
    found.reduce(Found::worse)
}

/// The passwords of the URLs in a text.
pub(super) fn url_passwords(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("://").filter_map(|(at, _)| {
        let authority = text[at + 3..].split(['/', '?', '#', '"', '\'', '\n', ' ', '`']).next()?;
        let (user, _) = authority.rsplit_once('@')?;
        let (_, password) = user.split_once(':')?;
        // An expression that searches for such addresses, or a variable of a program.
        let is_pattern =
            user.contains('[') && user.contains(']') || password.starts_with('{') && password.ends_with('}');
        let is_none = password.len() < 3
            || is_pattern
            || is_placeholder(password)
            || matches!(password, "password" | "pass" | "pw" | "token" | "secret") && is_sample(authority);
        (!is_none).then_some(password)
    })
}

/// `user:password@host` and `git:token@<host>`, as documentation writes it.
fn is_sample(authority: &str) -> bool {
    authority.starts_with("user") && authority.contains("@host") || authority.contains("@<")
}

/// `Server=…;Password=…` (ADO, ODBC), `host=… password=…` (libpq). `Password=` alone is found in any program.
fn pairs(text: &str) -> Option<Found> {
    if text.contains('\n') {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let at = ["password=", "pwd="].iter().find_map(|name| Some(lower.find(name)? + name.len()))?;
    let is_connection =
        ["server=", "data source=", "user id=", "uid=", "host=", "dbname="].iter().any(|name| lower.contains(name));
    let value = text.get(at..)?.split([';', ' ']).next()?;
    if !is_connection || value.len() < 3 || is_placeholder(value) {
        return None;
    }
    let strength = strength::of(value).max(Strength::Weak);
    Some(Found { kind: Kind::ConnectionString, strength })
}
