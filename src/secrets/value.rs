//! Whether one value under one name is a credential, and which.
//!
//! Never: a value that gets out; [`Found`] says what it is and how strong, not what it says.

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::keys::{self, Place};
use super::placeholder::{is_placeholder, without_variables};
use super::strength::{self, Strength};
use super::{embedded, tokens};

/// What a credential is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A value under a name that says password, token, key.
    Password,
    /// A token of a known format.
    Token(&'static str),
    /// A private key.
    PrivateKey,
    /// A URL with a password in it.
    Url,
    /// A connection string with a password in it.
    ConnectionString,
    /// Bytes that are no text, under a sensitive name: a key, a keystore.
    Bytes,
    /// The hash of a password, which can be tried out at leisure.
    Hash,
}

impl Kind {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Password => "a password or key",
            Self::Token(name) => name,
            Self::PrivateKey => "a private key",
            Self::Url => "a URL with a password",
            Self::ConnectionString => "a connection string with a password",
            Self::Bytes => "a key in binary form",
            Self::Hash => "a password hash",
        }
    }
}

/// A value while it is looked at. It has no `Debug`, `Display` or `Serialize`, so that it cannot be printed.
#[derive(Clone, Copy)]
pub(super) struct Secret<'v> {
    /// The name that it stands under.
    pub(super) name: &'v str,
    /// Where that name stands.
    pub(super) place: Place,
    /// What it says.
    pub(super) text: &'v str,
}

/// What a value was found to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Found {
    pub(super) kind: Kind,
    pub(super) strength: Strength,
}

impl Found {
    fn new(kind: Kind, strength: Strength) -> Self {
        Self { kind, strength }
    }

    /// The worse of two.
    pub(super) fn worse(self, other: Self) -> Self {
        if other.strength > self.strength { other } else { self }
    }
}

/// How deep configuration in configuration is followed.
pub(super) const DEPTH: u8 = 4;

/// Standard base64, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The bytes behind a base64 text that may be broken into lines; `None` where it is none.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let compact: String = text.split_ascii_whitespace().collect();
    BASE64.decode(compact).ok()
}

/// A text in base64.
pub(super) fn encode(text: &str) -> String {
    BASE64.encode(text)
}

/// Judges a value of `data`: base64, decoded once (and once more to look for placeholders).
pub(super) fn judge_encoded(secret: Secret<'_>) -> Option<Found> {
    if is_placeholder(secret.text) {
        return None;
    }
    let Some(bytes) = decode(secret.text) else { return judge(secret, DEPTH) };
    match String::from_utf8(bytes) {
        Ok(text) => judge(Secret { text: &text, ..secret }, DEPTH),
        Err(error) => judge_bytes(secret.name, error.as_bytes()),
    }
}

/// Judges a value, and what is in it where it is a configuration file.
pub(super) fn judge(secret: Secret<'_>, depth: u8) -> Option<Found> {
    let text = secret.text.trim();
    if is_placeholder(text) || is_encoded_placeholder(text) {
        return None;
    }
    let token = tokens::find(text).map(|token| Found::new(Kind::Token(token.name), strength_of(&token, text)));
    let in_file = depth.checked_sub(1).and_then(|depth| embedded::worst(Secret { text, ..secret }, depth));
    // The worst counts: beside the id of a cloud key stands the key.
    let looks = [private_key(text), encoded_private_key(text), token, embedded::connection(text), hash(text), in_file];
    looks.into_iter().flatten().reduce(Found::worse).or_else(|| literal(secret, text))
}

/// A JSON web token without a signature's algorithm opens nothing by itself.
pub(super) fn strength_of(token: &tokens::Token, text: &str) -> Strength {
    let unsigned = token.name == "JSON web token"
        && text[token.range.clone()].split('.').next().is_some_and(|header| {
            decode(header).is_some_and(|bytes| memchr::memmem::find(&bytes, b"\"none\"").is_some())
        });
    if unsigned { Strength::Weak } else { token.strength }
}

/// A PEM block with a private key that is there and is not a placeholder.
fn private_key(text: &str) -> Option<Found> {
    for (start, _) in text.match_indices("-----BEGIN ") {
        let behind = &text[start + "-----BEGIN ".len()..];
        let Some((label, body)) = behind.split_once("-----") else { continue };
        if !label.ends_with("PRIVATE KEY") && !label.ends_with("PRIVATE KEY BLOCK") {
            continue;
        }
        let body = body.split("-----END").next().unwrap_or(body);
        if body.trim().is_empty() || holds_key(body) {
            let encrypted = label.starts_with("ENCRYPTED") || body.contains("Proc-Type: 4,ENCRYPTED");
            return Some(Found::new(Kind::PrivateKey, if encrypted { Strength::Weak } else { Strength::Strong }));
        }
    }
    None
}

/// Whether what follows the first line of a private key has bytes of one: not a remark, and not a key of which the middle
/// is left out, as documentation does.
pub(super) fn holds_key(body: &str) -> bool {
    let body = body.replace("\\n", " ");
    let is_cut = body.split_whitespace().any(|line| matches!(line, "..." | "…" | "[...]"));
    let mut runs = body.split(|char: char| !char.is_ascii_alphanumeric() && !matches!(char, '/' | '+' | '='));
    !is_cut && runs.any(|run| run.len() >= 24 && !is_placeholder(run) && strength::entropy(run) >= 3.0)
}

/// The same in base64, as kubeconfig and Argo CD's clusters have it.
fn encoded_private_key(text: &str) -> Option<Found> {
    if !text.starts_with("LS0tLS1CRUdJTi") {
        return None;
    }
    private_key(&String::from_utf8(decode(text)?).ok()?)
}

/// Hashes of passwords: crypt's, bcrypt, apr1, SHA, SCRAM; alone or behind `user:` on each line.
fn hash(text: &str) -> Option<Found> {
    const MARKS: &[&str] = &[
        "$apr1$",
        "$1$",
        "$2a$",
        "$2b$",
        "$2y$",
        "$5$",
        "$6$",
        "$y$",
        "$argon2",
        "$pbkdf2",
        "{SHA}",
        "{SSHA}",
        "SCRAM-SHA-",
    ];
    let is_hash = |line: &str| {
        let value =
            line.split_once(':').filter(|(user, _)| !user.contains(['$', ' ', '{'])).map_or(line, |(_, value)| value);
        MARKS.iter().any(|mark| value.starts_with(mark)) && value.len() >= 20
    };
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).peekable();
    lines.peek()?;
    if lines.all(is_hash) { Some(Found::new(Kind::Hash, Strength::Weak)) } else { None }
}

/// A value of its own under a sensitive name.
fn literal(secret: Secret<'_>, text: &str) -> Option<Found> {
    let authorization = secret.name.eq_ignore_ascii_case("authorization");
    if authorization || text.starts_with("Basic ") || text.starts_with("Bearer ") {
        return header(text, secret.place);
    }
    let docker = secret.place == Place::Field
        && secret.name == "auth"
        && text.len() >= 12
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_'));
    if docker {
        return basic(text);
    }
    let says_so = keys::is_sensitive(secret.name, secret.place)
        || secret.place == Place::Data && keys::is_key(secret.name) && is_random(text);
    if !says_so || is_harmless(secret.name, text) {
        return None;
    }
    let rest = without_variables(text);
    Some(Found::new(Kind::Password, strength::of(rest.as_deref().unwrap_or(text))))
}

/// `Basic …`, `Bearer …`: what follows is a credential.
fn header(text: &str, place: Place) -> Option<Found> {
    let (scheme, value) = text.split_once(' ').unwrap_or(("", text));
    let value = value.trim();
    // "Basic settings" is a title, and "Bearer disabled" says that there is none.
    let is_word = value.len() < 20 && value.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_words = place == Place::Field
        && (value.len() < 8 || value.contains(' ') || is_word || !is_pair(value) && scheme == "Basic");
    if is_placeholder(value) || is_words {
        return None;
    }
    if scheme == "Basic" { basic(value) } else { Some(Found::new(Kind::Password, strength::of(value))) }
}

/// Whether a text is `user:password` in base64.
fn is_pair(text: &str) -> bool {
    decode(text).and_then(|bytes| String::from_utf8(bytes).ok()).is_some_and(|text| text.contains(':'))
}

/// `user:password` in base64.
fn basic(text: &str) -> Option<Found> {
    let decoded = decode(text).and_then(|bytes| String::from_utf8(bytes).ok());
    let password = decoded.as_deref().and_then(|pair| pair.split_once(':')).map_or(text, |(_, password)| password);
    if is_placeholder(password) { None } else { Some(Found::new(Kind::Password, strength::of(password))) }
}

/// Values that are no credentials under whatever name.
fn is_harmless(name: &str, text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let is_word = matches!(lower.as_str(), "true" | "false" | "yes" | "no" | "on" | "off" | "enabled" | "disabled");
    let is_path = text.starts_with('/') && !text.contains(char::is_whitespace) && text[1..].contains('/');
    let is_plain_url = text.contains("://") && !has_long_random_segment(text);
    // What is in a document was judged field by field.
    let is_document =
        [('{', '}'), ('[', ']')].iter().any(|(open, close)| text.starts_with(*open) && text.ends_with(*close));
    let last = keys::words(name).pop().unwrap_or_default();
    // `PASSWORD_HASH: sha256` names how, not what.
    let is_algorithm = last == "hash" && text.len() < 16 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let bare = text.split('/').next().unwrap_or(text);
    let is_address = text.contains('.') && bare.parse::<std::net::Ipv4Addr>().is_ok();
    let squashed = keys::words(name).concat();
    // Where it says who asks and not what with, it is a word: `accesskey: backup-writer`.
    let is_id = squashed.ends_with("accesskey") && !squashed.contains("secret") && is_name(text);
    let is_connection = ["connectionstring", "dsn"].iter().any(|end| squashed.ends_with(end)) && opens_nothing(text);
    is_word
        || is_id
        || is_connection
        || is_address
        || is_algorithm
        || is_document
        || is_path
        || is_plain_url
        || text.contains(" = ")
        || text.contains('\n') && !is_blob(text)
        || is_public(text)
        || text.starts_with('(') && text.ends_with(')')
        || matches!(&*last, "secret" | "secrets") && is_reference(text)
}

/// A URL's path that works as a password, as those of web hooks do.
fn has_long_random_segment(text: &str) -> bool {
    text.split(['/', '=', '?', '&']).any(|part| {
        part.len() >= 20
            && part.bytes().any(|byte| byte.is_ascii_digit())
            && !part.contains('.')
            && strength::entropy(part) >= 3.2
    })
}

/// Long, of one piece, with digits, and not made of words.
fn is_random(text: &str) -> bool {
    text.len() >= 20
        && !text.contains(char::is_whitespace)
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && strength::entropy(text) >= 3.2
        && !is_reference(text)
}

/// Several lines of base64 or hex and nothing else.
fn is_blob(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim();
        line.len() >= 16
            && line.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_'))
    })
}

/// Certificates, public keys, recipients and digests, which everybody may read.
fn is_public(text: &str) -> bool {
    const STARTS: &[&str] = &[
        "-----BEGIN CERTIFICATE",
        "-----BEGIN PUBLIC KEY",
        "-----BEGIN RSA PUBLIC KEY",
        "-----BEGIN PGP PUBLIC KEY",
        "-----BEGIN PKCS7",
        "-----BEGIN TRUSTED CERTIFICATE",
        "-----BEGIN X509 CRL",
        "ssh-rsa ",
        "ssh-ed25519 ",
        "ecdsa-sha2-",
        "age1",
        "sha256:",
        "sha512:",
        "SHA256:",
    ];
    STARTS.iter().any(|start| text.starts_with(start))
}

/// The name of another object, `ibm-s390x-ssh-key`: a DNS name with a separator. A UUID is none.
pub(super) fn is_reference(text: &str) -> bool {
    let is_dns =
        text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
    let is_uuid = text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let is_random = text.split(['-', '.']).any(|part| part.len() >= 20 && strength::entropy(part) >= 3.2);
    // `abcdef.0123456789abcdef`, by which a machine joins a cluster.
    let is_bootstrap = text.len() == 23 && text.as_bytes()[6] == b'.' && text.bytes().any(|byte| byte.is_ascii_digit());
    is_dns
        && !is_bootstrap
        && text.contains(['-', '.'])
        && text.len() <= 63
        && !is_uuid
        && !is_random
        && text.starts_with(|char: char| char.is_ascii_alphabetic())
}

/// A connection string of which no part is a credential: a file, or a password that is filled in.
fn opens_nothing(text: &str) -> bool {
    let mut parts = text.split([';', '&', '?', ' ']).filter_map(|part| part.split_once('='));
    let is_open = |(name, value): (&str, &str)| keys::is_sensitive(name.trim(), Place::Field) && !is_placeholder(value);
    let names_user = text.split_once('@').is_some_and(|(user, _)| user.contains(':'));
    text.contains('=') && !names_user && !parts.any(is_open)
}

/// A word, or words with separators: letters alone, or a DNS name.
fn is_name(text: &str) -> bool {
    is_reference(text) || text.len() < 20 && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// The base64 form of a placeholder: somebody encoded `changeme` twice, or the Vault path that a plugin replaces.
fn is_encoded_placeholder(text: &str) -> bool {
    text.len() >= 8
        && text.len() < 400
        && decode(text).and_then(|bytes| String::from_utf8(bytes).ok()).is_some_and(|inner| {
            inner.len() > 2 && inner.chars().all(|char| !char.is_control() || char == '\n') && is_placeholder(&inner)
        })
}

/// Bytes that are no text: a keystore by its name, or a key under a sensitive one.
fn judge_bytes(name: &str, bytes: &[u8]) -> Option<Found> {
    let lower = name.to_ascii_lowercase();
    let is_truststore = lower.contains("trust") || lower.contains("cacerts");
    let is_store = [".jks", ".p12", ".pfx", ".keystore", ".kdbx", ".pkcs12"].iter().any(|end| lower.ends_with(end))
        && !is_truststore;
    let says_key = keys::is_sensitive(name, Place::Data) || keys::is_key(name);
    let is_key = says_key && bytes.len() >= 8;
    if is_store || is_key { Some(Found::new(Kind::Bytes, Strength::Strong)) } else { None }
}
