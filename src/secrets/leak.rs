//! Tokens and private keys in files of any type, found by their formats alone.
//!
//! Never: a name beside a value; what only a name gives away is judged where names are, in manifests.

use std::ops::Range;

use super::embedded::{Assigned, assignment, url_passwords};
use super::exposure::is_manifest;
use super::keys::Place;
use super::mark::RunKey;
use super::placeholder::is_placeholder;
use super::strength::{Strength, entropy};
use super::tokens::{self, AGE_IDENTITY, Token};
use super::value::{Secret, decode, holds_key, judge, strength_of};
use crate::base::{Content, FileId, RepoPath, Sources, Span, Special, TextRange};

/// A token or a key in a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Leak {
    /// What it is, in words.
    pub what: &'static str,
    /// Its first line, where it is written.
    pub at: Span,
    /// All its bytes.
    pub whole: Span,
    /// How much it protects.
    pub strength: Strength,
    /// The keyed hash of it.
    pub mark: String,
}

/// Larger files are searched only where they are YAML or JSON, which are in memory anyway.
const LARGEST: usize = 1 << 20;

/// Endings of files that hold no text: pictures, archives, fonts, programs.
const BINARY: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "ico", "webp", "bmp", "tiff", "pdf", "zip", "gz", "tgz", "bz2", "xz", "zst", "7z",
    "tar", "jar", "war", "class", "so", "dll", "exe", "bin", "wasm", "o", "a", "woff", "woff2", "ttf", "otf", "eot",
    "mp3", "mp4", "mov", "avi", "webm", "sqlite", "db", "pyc", "drawio", "svg", "lock", "sum",
];

/// Endings of files that hold keys and nothing else.
const KEYSTORES: &[&str] = &["p12", "pfx", "pkcs12", "jks", "keystore", "kdbx", "ppk", "agekey"];

/// Names of files that ssh keeps its keys in.
const KEY_FILES: &[&str] = &["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"];

/// The bytes of the values in a text file under names that say credential, a line each: what may stand beside a token
/// in an excerpt.
pub(super) fn lines_in(sources: &Sources, file: FileId) -> Vec<Span> {
    let Some(text) = text(sources, file) else { return Vec::new() };
    // The value is a part of the text, so its address says where.
    let span = |value: &str| {
        let start = value.as_ptr() as usize - text.as_ptr() as usize;
        Span { file, range: TextRange::new(start as u32, (start + value.len()) as u32) }
    };
    let mut found = Vec::new();
    for line in text.lines() {
        found.extend(url_passwords(line).map(span));
        match assignment(line, sources.path(file).name()) {
            Some(Assigned::Quoted(value, _)) => found.push(span(value)),
            Some(Assigned::Pair(pair)) => {
                let secret = Secret { name: pair.name, place: Place::Field, text: pair.text };
                found.extend(judge(secret, 0).map(|_| span(pair.text)));
            }
            None => {}
        }
    }
    found
}

/// The text of a file that is searched; `None` for binary files, by name or content, and for large ones.
fn text(sources: &Sources, file: FileId) -> Option<&str> {
    let ending = ending(sources.path(file));
    if BINARY.contains(&&*ending) {
        return None;
    }
    let text = sources.content(file).text()?;
    let is_manifest = matches!(&*ending, "yaml" | "yml" | "json");
    (is_manifest || text.len() <= LARGEST).then_some(text)
}

fn ending(path: &RepoPath) -> String {
    path.name().rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default()
}

/// The tokens of known formats in a file.
#[must_use]
pub fn tokens_in(sources: &Sources, file: FileId, key: &RunKey) -> Vec<Leak> {
    let Some(text) = text(sources, file).filter(|text| !is_quiet(sources, file, text)) else { return Vec::new() };
    let found = tokens::all(text).into_iter().filter(|token| token.name != AGE_IDENTITY && is_live(text, token));
    // In manifests the field says whose hash it is.
    let hashes = if is_manifest(sources.path(file)) { Vec::new() } else { bcrypt_hashes(text) };
    let hashes = hashes
        .into_iter()
        .map(|range| leak(file, text, "a password hash", (range.clone(), range), Strength::Weak, key));
    let mut leaks: Vec<Leak> = found
        .map(|token| {
            let strength = match token.name {
                "AWS access key id" if has_sibling(text, &token.range) => Strength::Strong,
                _ => strength_of(&token, text),
            };
            leak(file, text, token.name, (token.range.clone(), token.range), strength, key)
        })
        .collect();
    leaks.extend(hashes);
    leaks
}

/// What every hash of bcrypt starts with.
const BCRYPT: &str = "$2";

/// The hashes of bcrypt in a text, but for comments, which show how to make one.
fn bcrypt_hashes(text: &str) -> Vec<Range<usize>> {
    /// The signs behind the last `$`: 22 of the salt, 31 of the hash.
    const SIGNS: usize = 53;
    let is_sign = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/');
    let bytes = text.as_bytes();
    let hash = |(start, _): (usize, &str)| {
        let head = bytes.get(start..start + 7)?;
        let is_head = matches!(head[2], b'a' | b'b' | b'y')
            && head[3] == b'$'
            && head[4].is_ascii_digit()
            && head[5].is_ascii_digit()
            && head[6] == b'$';
        let run = bytes[start + 7..].iter().take(SIGNS + 1).take_while(|byte| is_sign(byte)).count();
        let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let is_comment = ["#", "//", "*", "--"].iter().any(|sign| text[line..start].trim_start().starts_with(sign));
        (is_head && run == SIGNS && !is_comment).then_some(start..start + 7 + SIGNS)
    };
    text.match_indices(BCRYPT).filter_map(hash).collect()
}

/// The private keys in a file: PEM, PEM in base64, age identities; and the file itself where it is a keystore by its
/// name.
#[must_use]
pub fn private_keys_in(sources: &Sources, file: FileId, key: &RunKey) -> Vec<Leak> {
    let mut found = Vec::new();
    if let Some(text) = text(sources, file).filter(|text| !is_quiet(sources, file, text)) {
        let identities = tokens::all(text).into_iter().filter(|token| token.name == AGE_IDENTITY);
        found.extend(
            identities.filter(|token| is_live(text, token)).map(|token| {
                leak(file, text, "an age identity", (token.range.clone(), token.range), token.strength, key)
            }),
        );
        for (first, whole, strength) in blocks(text).into_iter().chain(encoded_blocks(text)) {
            found.push(leak(file, text, "a private key", (first, whole), strength, key));
        }
    }
    if found.is_empty() && is_keystore(sources, file) {
        let at = Span { file, range: TextRange::new(0, 0) };
        let mark = key.mark(&[sources.path(file).name()]);
        found.push(Leak { what: "a keystore", at, whole: at, strength: Strength::Strong, mark });
    }
    found
}

/// Whether a text holds neither a token nor a key nor a hash, whatever it is called.
fn is_quiet(sources: &Sources, file: FileId, text: &str) -> bool {
    let has_no_key = || memchr::memmem::find(text.as_bytes(), BEGIN.as_bytes()).is_none() && !text.contains(ENCODED);
    sources.is_quiet(file, || has_no_key() && !text.contains(BCRYPT) && tokens::all(text).is_empty())
}

fn leak(
    file: FileId,
    text: &str,
    what: &'static str,
    (first, whole): (Range<usize>, Range<usize>),
    strength: Strength,
    key: &RunKey,
) -> Leak {
    let span = |range: &Range<usize>| Span { file, range: TextRange::new(range.start as u32, range.end as u32) };
    let mark = key.mark(&[&text[whole.clone()]]);
    Leak { what, at: span(&first), whole: span(&whole), strength, mark }
}

/// The payload of the token that documentation of JSON web tokens shows (`sub: 1234567890`).
const SAMPLE_JWT: &str = "eyJzdWIiOiIxMjM0NTY3ODkw";

/// Whether a token is no example: those call themselves so, or are written by hand.
fn is_live(text: &str, token: &Token) -> bool {
    let written = &text[token.range.clone()];
    let lower = written.to_ascii_lowercase();
    let says = [
        "example",
        "placeholder",
        "xxxxx",
        "changeme",
        "abcdefghij",
        "qwertyuiop",
        "asdfghjkl",
        "0123456789",
        "1234567890",
    ];
    !is_placeholder(written)
        && !written.contains(SAMPLE_JWT)
        && !says.iter().any(|word| lower.contains(word))
        && entropy(written) >= 2.8
}

/// Whether the secret half of an AWS key stands near: 40 characters of base64 of its own, within some lines.
fn has_sibling(text: &str, id: &Range<usize>) -> bool {
    let from = text[..id.start].rmatch_indices('\n').nth(2).map_or(0, |(at, _)| at);
    let to = text[id.end..].match_indices('\n').nth(2).map_or(text.len(), |(at, _)| id.end + at);
    text[from..to].split(|char: char| !char.is_ascii_alphanumeric() && !matches!(char, '/' | '+')).any(|run| {
        run.len() == 40
            && run.bytes().any(|byte| byte.is_ascii_uppercase())
            && run.bytes().any(|byte| byte.is_ascii_lowercase())
            && run.bytes().any(|byte| byte.is_ascii_digit())
            && entropy(run) >= 3.5
    })
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";

/// How far the end of a key is looked for.
const LONGEST: usize = 16 << 10;

/// The PEM blocks with a private key: the bytes of the first line, all bytes, the strength.
fn blocks(text: &str) -> Vec<(Range<usize>, Range<usize>, Strength)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(offset) = text[from..].find(BEGIN) {
        let start = from + offset;
        from = start + BEGIN.len();
        let Some((label, body, encrypted)) = key_behind(&text[from..]) else { continue };
        let first_end = from + label + "-----".len();
        let end = first_end + body;
        found.push((start..first_end, start..end, if encrypted { Strength::Weak } else { Strength::Strong }));
        from = end;
    }
    found
}

/// What follows `-----BEGIN `: the lengths of the label and of the body, and whether a passphrase protects it. `None` where
/// it is no private key, or has no body.
fn key_behind(text: &str) -> Option<(usize, usize, bool)> {
    let reach = (0..=text.len().min(LONGEST)).rev().find(|end| text.is_char_boundary(*end))?;
    let text = &text[..reach];
    let line = text.lines().next()?;
    let label = line.find("-----")?;
    if !text[..label].ends_with("PRIVATE KEY") && !text[..label].ends_with("PRIVATE KEY BLOCK") {
        return None;
    }
    let body = &text[label + "-----".len()..];
    let body = &body[..body.find(END)?];
    let encrypted = text[..label].starts_with("ENCRYPTED") || body.contains("Proc-Type: 4,ENCRYPTED");
    holds_key(body).then_some((label, body.len(), encrypted))
}

/// `-----BEGIN` in base64.
const ENCODED: &str = "LS0tLS1CRUdJTi";

/// The same in base64, as kubeconfigs and Secrets have it. The beginning is decoded, which is enough to see the label.
fn encoded_blocks(text: &str) -> Vec<(Range<usize>, Range<usize>, Strength)> {
    let is_base64 = |char: char| char.is_ascii_alphanumeric() || matches!(char, '+' | '/' | '=');
    text.match_indices(ENCODED)
        // A block begins a run; and what lies within one is gone through once.
        .filter(|(start, _)| !text[..*start].ends_with(is_base64))
        .filter_map(|(start, _)| {
            let reach = (0..=(start + 2 * LONGEST).min(text.len())).rev().find(|end| text.is_char_boundary(*end))?;
            let rest = &text[start..reach];
            let first = rest.find(|char| !is_base64(char)).unwrap_or(rest.len());
            let whole = encoded_end(rest, first);
            let head: String = rest[..whole].chars().filter(|char| is_base64(*char)).take(HEAD).collect();
            let bytes = decode(&head[..head.len() / 4 * 4])?;
            let head = String::from_utf8_lossy(&bytes);
            let (label, body) = head.strip_prefix(BEGIN)?.split_once("-----")?;
            let has_key = body.split_whitespace().any(|run| run.len() >= 24 && !is_placeholder(run));
            let is_private = label.ends_with("PRIVATE KEY") || label.ends_with("PRIVATE KEY BLOCK");
            (is_private && has_key).then(|| {
                let strength = if label.starts_with("ENCRYPTED") { Strength::Weak } else { Strength::Strong };
                (start..start + first, start..start + whole, strength)
            })
        })
        .collect()
}

/// How much of a key in base64 is decoded to see what it is.
const HEAD: usize = 600;

/// Where a text in base64 ends, whose first line is so long: programs break it into lines of equal width.
fn encoded_end(text: &str, first: usize) -> usize {
    const WIDTHS: std::ops::RangeInclusive<usize> = 57..=80;
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let mut end = first;
    if !WIDTHS.contains(&first) || !text[first..].starts_with(['\n', '\r']) {
        return end;
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        if at > 0 && (bare.is_empty() || bare.len() > first || !bare.bytes().all(is_base64)) {
            break;
        }
        end = at + line.trim_end().len();
        at += line.len();
        if bare.len() < first {
            break;
        }
    }
    end
}

/// Whether a file is a keystore by its name, and is here in the clear.
fn is_keystore(sources: &Sources, file: FileId) -> bool {
    let path = sources.path(file);
    let name = path.name().to_ascii_lowercase();
    let by_name = KEYSTORES.contains(&&*ending(path)) || KEY_FILES.contains(&&*name);
    let is_truststore = name.contains("trust") || name.contains("cacerts");
    if !by_name || is_truststore {
        return false;
    }
    let content = sources.content(file);
    match content {
        Content::Failed(_) => false,
        _ if content.special() == Some(Special::GitCrypt) => false,
        Content::Binary(bytes) => bytes.len() >= 16,
        // A text without a key is encrypted, a placeholder or a note.
        Content::Text(_) => content.special() == Some(Special::LfsPointer),
    }
}
