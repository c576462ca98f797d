//! Credentials in objects that are no Secrets: config maps, environments, arguments, chart values, fields of custom
//! resources; and what generators write.
//!
//! Never: a name that is enough; the value must be a literal of a credential's shape.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::credential::{Credential, MAPS, how, in_secret};
use super::embedded::{self, Assigned};
use super::keys::{self, Place};
use super::mark::RunKey;
use super::placeholder::without_variables;
use super::sops::Stanza;
use super::strength;
use super::value::{DEPTH, Found, Kind, Secret, decode, is_reference, judge};
use crate::base::{FileId, Span, TextRange};
use crate::model::{How, Object, Trees, Value, View};
use crate::parse::Tag;

/// The open credentials of an object that is no Secret, in the order in which it has them; of a Secret those that a
/// generator wrote.
#[must_use]
pub fn in_manifest(trees: &Trees, object: &Object, key: &RunKey) -> Vec<Credential> {
    if object.is("", "Secret") {
        let mut found = in_secret(trees, object, key);
        found.retain(|credential| credential.how == Some(How::Generator));
        return found.into_iter().map(|credential| at_line(trees, object, credential, key)).collect();
    }
    if SCHEMAS.contains(&&*object.key.kind) {
        return Vec::new();
    }
    in_document(trees, &object.value, key)
}

/// The same for any document, an object or not: values of a chart, a patch without a kind.
#[must_use]
pub fn in_document<'t>(trees: &'t Trees, document: &'t Value, key: &'t RunKey) -> Vec<Credential> {
    let view = trees.view(document);
    let stanza = Stanza::of(view);
    let mut walk = Walk { trees, key, stanza, cut: false, found: Vec::new() };
    let kind = view.str_at(["kind"]).unwrap_or_default();
    match view.get("spec").filter(|_| STORES.contains(&kind)) {
        // All else in them names keys of a store.
        Some(spec) => {
            let template = spec.path(["target", "template"]).or_else(|| spec.get("template"));
            if let Some(template) = template {
                walk.node(template, "", &mut vec![Step::Name("spec")], DEPTH);
            }
        }
        None => walk.node(view, "", &mut Vec::new(), DEPTH),
    }
    walk.found
}

/// Kinds that describe values instead of holding them.
pub(super) const SCHEMAS: &[&str] = &["CustomResourceDefinition", "CompositeResourceDefinition"];

/// Kinds that name keys of secret stores.
const STORES: &[&str] = &[
    "ExternalSecret",
    "ClusterExternalSecret",
    "PushSecret",
    "SecretStore",
    "ClusterSecretStore",
    "VaultStaticSecret",
];

/// Fields whose contents are not values of their own: labels, ciphertext, selectors, schemas.
const ASIDE: &[&str] = &[
    "annotations",
    "labels",
    "commonLabels",
    "commonAnnotations",
    "matchLabels",
    "encryptedData",
    "openAPIV3Schema",
    "sops",
    "status",
    "managedFields",
    "fieldRef",
];

/// The value of a generator's literal; its key may be shown.
pub(super) fn literal_value(literal: View<'_>) -> Span {
    let at = literal.place();
    let written = literal.trees().sources().slice(at);
    let start = written.find('=').map_or(0, |equals| equals + 1) as u32;
    let quote = u32::from(start > 0 && written.starts_with(['"', '\'']) && written.len() as u32 > start + 1);
    Span { file: at.file, range: TextRange::new(at.range.start + start, at.range.end - quote) }
}

/// The credentials in the literals of a kustomization's generators, rendered or not.
pub(super) fn in_literals(document: View<'_>, key: &RunKey) -> Vec<Credential> {
    let generators = ["secretGenerator", "configMapGenerator"].into_iter();
    let entries = generators.filter_map(|name| Some((name, document.get(name)?)));
    let literals = entries.flat_map(|(name, list)| {
        let entries = list.items().enumerate().filter_map(|(row, entry)| Some((row, entry.get("literals")?)));
        entries
            .flat_map(|(row, list)| list.items().enumerate().map(move |(item, at)| (row, item, at)))
            .map(move |(row, item, at)| (format!("/{name}/{row}/literals/{item}"), at))
    });
    let judged = literals.filter_map(|(pointer, literal)| {
        let (name, text) = literal.as_str()?.split_once('=')?;
        let Found { kind, strength } = field(name, text)?;
        let mark = key.mark(&[name, text]);
        let at = literal_value(literal);
        Some(Credential { key: name.to_owned(), at, field: pointer, strength, kind, mark, how: None })
    });
    judged.collect()
}

struct Walk<'t> {
    trees: &'t Trees,
    key: &'t RunKey,
    /// How SOPS encrypted the document, where it did.
    stanza: Option<Stanza>,
    /// Whether something was too deep to be gone through.
    cut: bool,
    found: Vec<Credential>,
}

/// A step of the path to a value. Every value of every object is walked to, so that no text is made of it before
/// somebody needs one.
#[derive(Clone, Copy)]
pub(super) enum Step<'t> {
    /// A field's name.
    Name(&'t str),
    /// An item's row.
    Row(usize),
}

impl Step<'_> {
    fn text(self) -> String {
        match self {
            Self::Name(name) => name.to_owned(),
            Self::Row(row) => row.to_string(),
        }
    }

    /// The path as a JSON pointer.
    pub(super) fn pointer(path: &[Self]) -> String {
        let steps = path.iter().map(|step| step.text().replace('~', "~0").replace('/', "~1"));
        steps.fold(String::new(), |pointer, step| format!("{pointer}/{step}"))
    }
}

impl<'t> Walk<'t> {
    /// Judges what is in a node; `depth` is how many texts in texts are still opened.
    fn node(&mut self, view: View<'t>, name: &str, path: &mut Vec<Step<'t>>, depth: u8) {
        if path.len() > 64 {
            self.cut = true;
            return;
        }
        if view.is_map() {
            self.map_once(view, path, depth);
        } else if view.is_seq() {
            let mut option: Option<String> = None;
            for (row, item) in view.items().enumerate() {
                path.push(Step::Row(row));
                let text = item.as_str().unwrap_or_default();
                let behind = option.take().filter(|_| !text.starts_with('-'));
                match argument(text) {
                    Some(Argument::Pair(name, value)) => self.literal(item, name, value, path),
                    Some(Argument::Name(name)) => option = Some(name.to_owned()),
                    None => self.node(item, behind.as_deref().unwrap_or(name), path, depth),
                }
                path.pop();
            }
        } else {
            self.scalar(view, name, path, depth);
        }
    }

    /// Goes through a map, unless that was done before and nothing was found: what a map holds does not depend on where
    /// it is, and overlays hold the maps of their base again and again.
    fn map_once(&mut self, view: View<'t>, path: &mut Vec<Step<'t>>, depth: u8) {
        let Value::Source(file, node) = view.value() else { return self.map(view, path, depth) };
        if self.stanza.is_some() || depth != DEPTH {
            return self.map(view, path, depth);
        }
        if self.trees.is_bare(file, node) {
            return;
        }
        let before = self.found.len();
        self.map(view, path, depth);
        if self.found.len() == before && !self.cut {
            self.trees.note_bare(file, node);
        }
    }

    fn map(&mut self, view: View<'t>, path: &mut Vec<Step<'t>>, depth: u8) {
        let names_keys = matches!(path.last(), Some(Step::Name(name)) if keys::names_keys(name));
        let is_secret = view.str_at(["kind"]) == Some("Secret") && view.str_at(["apiVersion"]) == Some("v1");
        let named = pair_name(view);
        for field in view.fields() {
            let key = field.name();
            let is_reference = || ["Ref", "Refs", "Selector", "From"].iter().any(|end| key.ends_with(end));
            let is_name = names_keys && field.value.as_str().is_some_and(is_name);
            if is_name
                || ASIDE.contains(&key)
                || !field.value.is_scalar() && is_reference()
                || is_secret && MAPS.contains(&key)
            {
                continue;
            }
            path.push(Step::Name(key));
            // `- name: DB_PASSWORD` with `value: …` is one pair over two lines.
            let name = named.filter(|_| key == "value").unwrap_or(key);
            self.node(field.value, name, path, depth);
            path.pop();
        }
    }

    fn scalar(&mut self, view: View<'t>, name: &str, path: &[Step<'t>], depth: u8) {
        let text = view.written();
        if text.len() < 3 || view.is_null() || is_looked_up(view) || self.is_encrypted(path) {
            return;
        }
        if !text.contains('\n') && !text.starts_with(['{', '[']) {
            self.literal(view, name, &text, path);
            return;
        }
        let Some(depth) = depth.checked_sub(1) else { return };
        if let Some(file) = written_file(self.trees, view, &text) {
            self.file(file, name, path, depth, view);
        }
    }

    /// Whether SOPS says that what stands there is encrypted.
    fn is_encrypted(&self, path: &[Step<'_>]) -> bool {
        self.stanza.as_ref().is_some_and(|stanza| {
            let path: Vec<String> = path.iter().map(|step| step.text()).collect();
            stanza.covers(&path)
        })
    }

    /// A text that is a file of its own: fields where it is YAML or JSON, else lines.
    fn file(&mut self, file: FileId, name: &str, path: &[Step<'t>], depth: u8, view: View<'_>) {
        let text = self.trees.sources().text(file);
        let parsed = self.trees.parsed(file);
        let is_structured = |value: Value| !self.trees.view(&value).is_scalar();
        if parsed.problems().is_empty() && self.trees.documents(file).all(is_structured) {
            for root in parsed.documents().iter().filter_map(|document| document.root) {
                self.node(self.trees.node(file, root), name, &mut path.to_vec(), depth);
            }
            return;
        }
        let how = how(view.value());
        for line in text.lines() {
            let Some((key, value, found)) = on_line(line, name) else { continue };
            // The value is a part of the text, so its address says where.
            let start = value.as_ptr() as usize - text.as_ptr() as usize;
            let range = TextRange::new(start as u32, (start + value.len()) as u32);
            let at = self.trees.sources().outermost(Span { file, range });
            self.push(key, value, found, at, path, how);
        }
    }

    fn literal(&mut self, view: View<'_>, name: &str, text: &str, path: &[Step<'_>]) {
        if let Some(found) = field(name, text) {
            let whole = view.place();
            // An argument's option may be shown, and the value is what has to go.
            let inside = match self.trees.sources().slice(whole).match_indices(text).last() {
                Some((at, _)) if !text.is_empty() => {
                    let start = whole.range.start + at as u32;
                    Span { file: whole.file, range: TextRange::new(start, start + text.len() as u32) }
                }
                _ => whole,
            };
            let is_part = text.len() < view.written().len();
            let at = if is_part { inside } else { whole };
            self.push(name, text, found, at, path, how(view.value()));
        }
    }

    fn push(&mut self, name: &str, text: &str, found: Found, at: Span, path: &[Step<'_>], how: Option<How>) {
        let field = Step::pointer(path);
        let name = if name.is_empty() { "value" } else { name };
        let mark = self.key.mark(&[name, text]);
        let Found { kind, strength } = found;
        self.found.push(Credential { key: name.to_owned(), at, field, strength, kind, mark, how });
    }
}

/// Whether a tag of some program's own says that the value is looked up by what is written: `!secret name`.
fn is_looked_up(view: View<'_>) -> bool {
    match view.value() {
        Value::Source(file, node) => view.trees().parsed(file).tag(node) == Tag::Other,
        Value::Made(_) => false,
    }
}

/// The credential on a line of a file called `file`: its name, its text, what it is.
pub(super) fn on_line<'l>(line: &'l str, file: &'l str) -> Option<(&'l str, &'l str, Found)> {
    let assigned = match embedded::assignment(line, file) {
        Some(Assigned::Quoted(value, found)) => Some((file, value, found)),
        Some(Assigned::Pair(pair)) => field(pair.name, pair.text).map(|found| (pair.name, pair.text, found)),
        None => None,
    };
    let is_comment = ["#", ";", "//"].iter().any(|start| line.trim_start().starts_with(start));
    let client = || {
        let password = embedded::client_password(line).filter(|_| !is_comment)?;
        Some((file, password, Found { kind: Kind::Password, strength: strength::of(password) }))
    };
    let url = || {
        let password = embedded::url_passwords(line).find(|_| !is_comment)?;
        Some((file, password, Found { kind: Kind::Url, strength: strength::of(password) }))
    };
    assigned.filter(|(_, value, _)| !is_code(line, value)).or_else(client).or_else(url)
}

/// The name of a pair over several lines: of an environment variable, a chart's parameter, a JSON patch's operation, a
/// credential of some type.
fn pair_name<'t>(view: View<'t>) -> Option<&'t str> {
    view.get("value")?;
    let last = |path: &'t str| path.rsplit('/').next().unwrap_or(path);
    view.str_at(["name"]).or_else(|| view.str_at(["path"]).map(last)).or_else(|| view.str_at(["type"]))
}

enum Argument<'a> {
    /// `--token=…`
    Pair(&'a str, &'a str),
    /// `--token`, with the value in the next item.
    Name(&'a str),
}

fn argument(text: &str) -> Option<Argument<'_>> {
    let bare = text.strip_prefix('-')?.trim_start_matches('-');
    if text.contains('\n') {
        return None;
    }
    match bare.split_once('=') {
        Some((name, value)) => Some(Argument::Pair(name, value)),
        None if bare.contains(char::is_whitespace) => None,
        None => Some(Argument::Name(bare)),
    }
}

/// The file that a text stands in: the file itself, where a generator took all of it; else the text as one of its own.
fn written_file(trees: &Trees, view: View<'_>, text: &str) -> Option<FileId> {
    let at = view.place();
    if how(view.value()) == Some(How::Generator) && trees.sources().text(at.file) == text {
        return Some(at.file);
    }
    trees.embedded(view)
}

/// A credential of a generated Secret, at the line of the file that it was taken from as a whole.
fn at_line(trees: &Trees, object: &Object, credential: Credential, key: &RunKey) -> Credential {
    let file = credential.at.file;
    let whole = credential.at == trees.top(file);
    let value = object.view(trees).get("data").and_then(|data| data.get(&credential.key));
    let Some(value) = value.filter(|_| whole) else { return credential };
    let text = decode(&value.written()).and_then(|bytes| String::from_utf8(bytes).ok());
    if text.is_none_or(|text| trees.sources().text(file) != text) {
        return credential;
    }
    let mut walk = Walk { trees, key, stanza: None, cut: false, found: Vec::new() };
    walk.file(file, &credential.key, &[], DEPTH, value);
    let first = walk.found.into_iter().max_by_key(|found| (found.strength, std::cmp::Reverse(found.at.range.start)));
    match first {
        Some(first) => Credential { at: first.at, ..credential },
        None => credential,
    }
}

/// Judges the value of a field. Beyond what holds in a Secret: a value that only names something is none, and neither
/// is a sentence.
fn field(name: &str, text: &str) -> Option<Found> {
    let text = text.trim();
    if let Some(password) = embedded::client_password(text) {
        return Some(Found { kind: Kind::Password, strength: strength::of(password) });
    }
    if !may_hold(name, text) {
        return None;
    }
    let found = judge(Secret { name, place: Place::Field, text }, 1)?;
    let is_plain = matches!(found.kind, Kind::Password);
    (!is_plain || !is_no_literal(name, text)).then_some(found)
}

/// Parts of names that may say credential, in any case.
static STEMS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let stems =
        ["pass", "pw", "secret", "token", "key", "cred", "dsn", "psk", "auth", "bearer", "webhook", "connection"];
    AhoCorasick::builder().ascii_case_insensitive(true).build(stems).expect("words make an automaton")
});

/// What texts hold that say credential by themselves.
static SIGNS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let signs = ["$", "assword", "ASSWORD", "wd=", "uthorization"];
    AhoCorasick::new(signs).expect("words make an automaton")
});

/// Whether a closer look is worth its time: most values have a name that says nothing, and no sign of what is found
/// without one (URLs, connection strings, headers, hashes). Tokens and keys are found in the file as a whole. Every
/// scalar of every object is asked, so each text is gone through once.
fn may_hold(name: &str, text: &str) -> bool {
    STEMS.is_match(name)
        || text.contains('@') && text.contains("://")
        || SIGNS.is_match(text)
        || ["{S", "SCRAM-", "Basic ", "Bearer "].iter().any(|start| text.starts_with(start))
}

/// Whether a value of its own is no credential all the same, outside a Secret's data.
pub(super) fn is_no_literal(name: &str, text: &str) -> bool {
    let words = keys::words(name);
    let says_password = words.iter().any(|word| word.contains("pass") || matches!(word.as_str(), "pwd" | "pw"));
    let is_number = text.parse::<f64>().is_ok()
        || text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'));
    let is_letters = text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_word = is_letters && !says_password && !is_literal_name(name, &words);
    let left = without_variables(text);
    let is_variable = left.is_some_and(|rest| rest.ends_with(['=', ':', ' ']) || rest.len() < 12);
    // `OPERATOR_SECRET: operator` names the Secret.
    let is_part = words.last().is_some_and(|last| last == "secret") && words.iter().any(|word| word == text);
    text.len() < 3
        || is_part
        || !keys::ends_in_credential(name) && is_made_of_words(text)
        || is_number && !says_password
        || is_duration(text)
        || is_word && (text.len() < 8 || text.bytes().all(|byte| byte.is_ascii_lowercase()))
        || names_something(text, says_password)
        || is_variable
        || text.contains(char::is_whitespace) && !text.starts_with("Basic ") && !text.starts_with("Bearer ")
        || text.starts_with(['/', '.', '$', '~', '@', '*', '%'])
        || text.contains("::") && strength::entropy(text) < 4.0
        || is_identifier(text)
}

/// Names whose values are credentials also where they are one plain word: variables that end in it (`APP_SECRET`), and
/// the secret of a cookie.
fn is_literal_name(name: &str, words: &[String]) -> bool {
    let is_variable = name.contains('_') && !name.bytes().any(|byte| byte.is_ascii_lowercase());
    let last = words.last().map_or("", String::as_str);
    is_variable && matches!(last, "secret" | "token") || words.concat().ends_with("cookiesecret")
}

/// The name of a key of a Secret, as chart values have it.
fn is_name(text: &str) -> bool {
    is_reference(text) || is_made_of_words(text)
}

/// `appflowy_s3_endpoint`, `userPassword`, `texthash:/etc/passwd`: words of letters, with a number of two digits at most
/// behind each, as people write and generators of passwords do not.
fn is_made_of_words(text: &str) -> bool {
    let is_word = |part: &str| {
        let letters = part.trim_end_matches(|char: char| char.is_ascii_digit());
        part.len() - letters.len() <= 2 && letters.bytes().all(|byte| byte.is_ascii_alphabetic()) && letters.len() < 20
    };
    text.split(['_', '-', '.', ':', '/', ' ', ',']).all(is_word) && strength::entropy(text) < 4.2
}

/// `24h`, `15m30s`, `512Mi`
fn is_duration(text: &str) -> bool {
    let letters = text.trim_start_matches(|char: char| char.is_ascii_digit() || char == '.');
    letters.len() < text.len()
        && text.len() <= 10
        && text.split(|char: char| char.is_ascii_digit() || char == '.').all(|unit| {
            matches!(unit, "" | "ns" | "us" | "ms" | "s" | "m" | "h" | "d" | "w" | "y" | "Mi" | "Gi" | "Ki")
        })
}

/// A name of another object: lower-case words with separators; a path of words. Where the field says password, the value
/// must itself say that it names one.
fn names_something(text: &str, says_password: bool) -> bool {
    const NAMES: &[&str] = &["secret", "cred", "token", "key", "auth", "cert", "oauth", "tls"];
    if text.bytes().any(|byte| byte.is_ascii_digit()) {
        return !says_password && (is_reference(text) || text.contains('_') && is_made_of_words(text));
    }
    let is_path = text.contains('/')
        && text.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'/' | b'_' | b'-' | b'.'));
    let is_camel = text.bytes().all(|byte| byte.is_ascii_alphabetic())
        && text.starts_with(|char: char| char.is_ascii_lowercase())
        && text.bytes().any(|byte| byte.is_ascii_uppercase());
    let lower = text.to_ascii_lowercase();
    let says_so = NAMES.iter().any(|word| lower.contains(word));
    // "super-secret-password" names nothing: its last word is the credential.
    let is_own = says_password && (lower.ends_with("password") || lower.ends_with("pass"));
    is_path
        || (is_reference(text) || is_camel) && !is_own && (!says_password || says_so)
        || !says_password && text.contains('_') && lower == text && !text.starts_with('_')
}

/// `metadata.name`, `spec.password`, `getToken`: words of a program, a path of fields.
fn is_identifier(text: &str) -> bool {
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    !has_digit
        && text.contains('.')
        && text.split('.').all(|word| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-'))
        })
}

/// Whether a line is of a program, where values are calls and variables.
fn is_code(line: &str, value: &str) -> bool {
    // A word of a program, unquoted: a variable. Its name may be quoted, as the keys of a dictionary are.
    let word = value.trim_end_matches(',');
    let is_quoted = line.rfind(value).is_some_and(|at| line[..at].ends_with(['"', '\'']));
    let is_variable = word.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && (word.starts_with('_') || word.bytes().skip(1).any(|byte| byte.is_ascii_uppercase()))
        && !is_quoted;
    is_variable
        || ["\" if ", "' if "].iter().any(|word| line.contains(word))
        || value.contains(['(', ')', '[', ']', '{', '}', '|', '`'])
        || [
            "if ",
            "for ",
            "while ",
            "return ",
            "echo ",
            "def ",
            "function ",
            "case ",
            "elif ",
            "local ",
            "const ",
            "let ",
        ]
        .iter()
        .any(|start| line.trim_start().starts_with(start))
        || line.trim_start().starts_with("self.")
        || line.contains("==")
        || line.trim_end().ends_with('{')
}
