//! The creation rules of a `.sops.yaml`: which file is to be encrypted, how, and what is loose in what they say.
//!
//! Never: a rule behind the first one that matches; SOPS does not look at it either.

use regex::Regex;

use super::exposure::is_encrypted_text;
use super::keys::Place;
use super::manifest::on_line;
use super::mark::RunKey;
use super::placeholder::is_placeholder;
use super::sops::{Gap, GapFault, Stanza, is_encrypted_value, leaves_of, says_something};
use super::value::{self, DEPTH, Secret, judge, judge_encoded};
use crate::base::{FileId, Sources, Span, TextRange};
use crate::model::View;

/// The fields of a creation rule that name who can decrypt (`sops config/config.go`).
const RECIPIENTS: &[&str] =
    &["age", "pgp", "kms", "gcp_kms", "azure_keyvault", "hc_vault_transit_uri", "hckms", "key_groups"];

/// The fields of a creation rule that select values.
const SELECTORS: &[&str] = &[
    "encrypted_regex",
    "unencrypted_regex",
    "encrypted_suffix",
    "unencrypted_suffix",
    "encrypted_comment_regex",
    "unencrypted_comment_regex",
];

/// A creation rule of a `.sops.yaml`.
pub struct CreationRule {
    /// The rule.
    at: Span,
    /// Its expression, as it is written.
    text: Option<(String, Span)>,
    path: Option<Regex>,
    selectors: Option<Stanza>,
    /// The field that selects, where there is one.
    selector: Option<(&'static str, Span)>,
    has_recipient: bool,
}

/// The creation rules of a `.sops.yaml`, in order. A rule whose expression cannot be read here matches nothing.
#[must_use]
pub fn creation_rules(configuration: View<'_>) -> Vec<CreationRule> {
    let rules = configuration.get("creation_rules").into_iter().flat_map(|list| list.items());
    rules.map(CreationRule::read).collect()
}

impl CreationRule {
    fn read(rule: View<'_>) -> Self {
        let is_given = |name: &&&str| {
            rule.get(name)
                .is_some_and(|value| !value.is_null() && (!value.is_scalar() || !value.written().trim().is_empty()))
        };
        let text = rule.get("path_regex").and_then(|at| Some((at.as_str()?.to_owned(), at.place())));
        Self {
            at: rule.fields().next().map_or(rule.place(), |field| field.key_place()),
            // An empty expression is what a rule without one has: it matches all.
            path: text.as_ref().map(|(text, _)| Regex::new(text).unwrap_or_else(|_| never())),
            text,
            selectors: Stanza::read(rule),
            selector: SELECTORS.iter().find(is_given).and_then(|name| Some((*name, rule.get(name)?.place()))),
            has_recipient: RECIPIENTS.iter().any(|name| is_given(&name)),
        }
    }

    fn matches(&self, path: &str) -> bool {
        self.path.as_ref().is_none_or(|regex| regex.is_match(path))
    }

    /// Whether it matches all paths for all that can be seen.
    fn matches_all(&self) -> bool {
        let text = self.text.as_ref().map_or("", |(text, _)| text.as_str());
        matches!(text, "" | ".*" | "^.*$" | "^.*" | ".*$" | ".+" | "^.+$" | "." | "^")
    }

    /// Whether what another rule matches is matched by this one already.
    fn hides(&self, other: &Self) -> bool {
        let (Some((mine, _)), Some((theirs, _))) = (&self.text, &other.text) else { return self.matches_all() };
        // `.*\.yaml$` matches what `prod/.*\.yaml$` does: all behind the first part is the same.
        let ending = mine.strip_prefix(".*").filter(|ending| ending.len() > 2 && !ending.contains(['|', '^']));
        let is_plain = !theirs.contains('|');
        self.matches_all() || mine == theirs || ending.is_some_and(|ending| is_plain && theirs.ends_with(ending))
    }
}

fn never() -> Regex {
    Regex::new("[^\\s\\S]").expect("the expression is right")
}

/// The first rule that matches a path.
fn first<'r>(rules: &'r [CreationRule], path: &str) -> Option<(usize, &'r CreationRule)> {
    rules.iter().enumerate().find(|(_, rule)| rule.matches(path))
}

/// A value in the clear in a file that must be encrypted.
pub struct Unencrypted {
    /// Its place, and its path.
    pub gap: Gap,
    /// The expression that asks for encryption; `None` where the file's name does.
    pub asked: Option<Span>,
}

/// The first value of a document that must be encrypted and is not: for the first rule that matches `path`, which is
/// relative to the configuration's folder, and has an expression for it; where the file's name alone asks for encryption, `rules` is
/// empty. Of Kubernetes' objects only Secrets are asked.
#[must_use]
pub fn must_be_encrypted(
    rules: &[CreationRule],
    path: &str,
    by_name: bool,
    document: View<'_>,
    key: &RunKey,
) -> Option<Unencrypted> {
    if document.get("sops").is_some() {
        return None;
    }
    let rule = first(rules, path).map(|(_, rule)| rule);
    let asked = rule.and_then(|rule| Some(rule.text.as_ref()?.1));
    let is_object = document.get("apiVersion").is_some() && document.get("kind").is_some();
    let is_secret = is_secret(document);
    if !(asked.is_some() && is_secret || by_name && (is_secret || !is_object)) {
        return None;
    }
    let all = Stanza::of_all();
    let selectors = rule.and_then(|rule| rule.selectors.as_ref()).unwrap_or(&all);
    let mut leaves = Vec::new();
    leaves_of(document, &mut Vec::new(), &mut leaves);
    let in_data = |path: &[String]| path.first().is_some_and(|first| matches!(&**first, "data" | "stringData"));
    // A rule may match more than its author thought of; a name says what this file is.
    let is_enough = |path: &[String], leaf: &View<'_>| {
        if is_secret && !by_name { is_credential(path, *leaf) } else { says_something(leaf) && is_literal(leaf) }
    };
    let (path, leaf) = leaves
        .into_iter()
        .find(|(path, leaf)| (!is_secret || in_data(path)) && selectors.covers(path) && is_enough(path, leaf))?;
    let steps = path.iter().map(|step| step.replace('~', "~0").replace('/', "~1"));
    let field = steps.fold(String::new(), |pointer, step| format!("{pointer}/{step}"));
    let mark = key.mark(&[&field, &leaf.written()]);
    let gap = Gap { at: leaf.place(), fault: GapFault::Plain(path.join(".")), field, mark };
    Some(Unencrypted { gap, asked: asked.filter(|_| !by_name) })
}

/// A credential in the clear in a file of lines (`.env`, `.ini`, `.properties`) that must be encrypted: its place, and the
/// expression that asks for it; none where the file's name does. `path` is relative to the configuration's folder.
#[must_use]
pub fn lines_must_be_encrypted(
    rules: &[CreationRule],
    path: &str,
    by_name: bool,
    (sources, file): (&Sources, FileId),
    key: &RunKey,
) -> Option<Unencrypted> {
    let asked = first(rules, path).and_then(|(_, rule)| Some(rule.text.as_ref()?.1));
    let text = sources.content(file).text()?;
    if asked.is_none() && !by_name || is_encrypted_text(text) {
        return None;
    }
    let (name, value, _) = text.lines().find_map(|line| on_line(line, ""))?;
    // The value is a part of the text, so its address says where.
    let start = value.as_ptr() as usize - text.as_ptr() as usize;
    let at = Span { file, range: TextRange::new(start as u32, (start + value.len()) as u32) };
    let gap = Gap { at, fault: GapFault::Plain(name.to_owned()), field: String::new(), mark: key.mark(&[name, value]) };
    Some(Unencrypted { gap, asked: asked.filter(|_| !by_name) })
}

/// Whether a value of a Secret is an open credential.
fn is_credential(path: &[String], leaf: View<'_>) -> bool {
    let [map, name] = path else { return false };
    let (text, place) = (leaf.written(), Place::Data);
    let secret = Secret { name, place, text: &text };
    let found = if map == "data" { judge_encoded(secret) } else { judge(secret, DEPTH) };
    !leaf.is_null() && found.is_some()
}

fn is_secret(document: View<'_>) -> bool {
    document.str_at(["kind"]) == Some("Secret") && document.str_at(["apiVersion"]) == Some("v1")
}

/// Text in the clear, not a switch or a placeholder in base64.
fn is_literal(leaf: &View<'_>) -> bool {
    let text = leaf.written();
    let decoded = value::decode(&text).and_then(|bytes| String::from_utf8(bytes).ok());
    leaf.as_bool().is_none() && !is_encrypted_value(&text) && decoded.is_none_or(|text| !is_placeholder(&text))
}

/// What is loose in a creation rule.
pub struct Loose {
    /// The words that say it, or the rule.
    pub at: Span,
    /// The rule's number in the list, from 0.
    pub row: usize,
    /// What is loose, in words that follow "this creation rule".
    pub fault: String,
    /// A place that shows it.
    pub related: Option<(Span, &'static str)>,
}

/// What is loose in creation rules. `documents` are those of the files in the configuration's folder and below, with
/// their relative paths.
#[must_use]
pub fn loose(rules: &[CreationRule], documents: &[(&str, View<'_>)]) -> Vec<Loose> {
    let mut found = Vec::new();
    for (row, rule) in rules.iter().enumerate() {
        let mut add = |at: Span, fault: String, related| found.push(Loose { at, row, fault, related });
        let at = rule.text.as_ref().map_or(rule.at, |(_, at)| *at);
        if let Some(above) = rules[..row].iter().find(|above| above.hides(rule)) {
            let hiding = above.text.as_ref().map_or(above.at, |(_, at)| *at);
            let fault = "is never reached: one above it matches every file that it would".to_owned();
            add(at, fault, Some((hiding, "matches first")));
            continue;
        }
        if let Some(word) = rule.text.as_ref().and_then(|(text, _)| unescaped_dot(text)) {
            add(at, format!("has a dot before `{word}` that stands for any character; write `\\.{word}`"), None);
        }
        if !rule.has_recipient {
            add(at, "names nobody who can decrypt".to_owned(), None);
        }
        let mut secrets = documents.iter().filter(|(path, document)| {
            is_secret(*document) && first(rules, path).is_some_and(|(first, _)| first == row)
        });
        let gap = secrets.find_map(|(path, document)| Some((rule.uncovered(*document)?, *path, *document)));
        if let Some((fault, path, document)) = gap {
            let at = rule.selector.map_or(at, |(_, at)| at);
            add(at, format!("{fault} of the Secret in `{path}`"), Some((document.place(), "matches this rule")));
        }
    }
    found
}

impl CreationRule {
    /// What it would do wrong with a Secret.
    fn uncovered(&self, secret: View<'_>) -> Option<String> {
        let Some((name, _)) = self.selector else {
            return Some(
                "has no selector such as `encrypted_regex`, so that it encrypts even kind and name".to_owned(),
            );
        };
        let selectors = self.selectors.as_ref()?;
        let open = ["data", "stringData"].into_iter().find(|map| {
            let keys = secret.get(map).into_iter().flat_map(|map| map.fields());
            keys.filter(|field| !field.value.is_null() && !field.value.written().is_empty())
                .any(|field| !selectors.covers(&[(*map).to_owned(), field.name().to_owned()]))
        })?;
        Some(format!("says `{name}`, which leaves out values in `{open}`"))
    }
}

/// The word behind the first dot that means any character where a dot was meant: one that a letter follows.
fn unescaped_dot(regex: &str) -> Option<&str> {
    let bytes = regex.as_bytes();
    let (mut at, mut in_class) = (0, false);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'.' if !in_class && bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic) => {
                let word = &regex[at + 1..];
                let end = word.find(|char: char| !char.is_ascii_alphanumeric()).unwrap_or(word.len());
                return Some(&word[..end]);
            }
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{creation_rules, loose, unescaped_dot};
    use crate::testkit;

    #[test]
    fn dots_that_mean_a_dot() {
        for (regex, word) in [
            (".*.yaml", Some("yaml")),
            (r"secrets/.*\.ya?ml$", None),
            (r"\.enc.yaml$", Some("yaml")),
            ("[^.x]*", None),
            (".+/.{3}/.?", None),
            (r".*\\.json", Some("json")),
        ] {
            assert_eq!(unescaped_dot(regex), word, "{regex}");
        }
    }

    fn faults(rules: &str, files: &[(&str, &str)]) -> Vec<String> {
        let (trees, file) = testkit::file(".sops.yaml", &format!("creation_rules:\n{rules}"));
        let configuration = trees.documents(file).next().expect("a document");
        let rules = creation_rules(trees.view(&configuration));
        let side = testkit::snapshot(&trees, crate::base::Side::Head, files);
        let documents: Vec<_> = side
            .files()
            .flat_map(|(path, file)| trees.documents(file).map(move |value| (path.as_str(), value)))
            .collect();
        let documents: Vec<_> = documents.iter().map(|(path, value)| (*path, trees.view(value))).collect();
        loose(&rules, &documents).into_iter().map(|loose| format!("{} {}", loose.row, loose.fault)).collect()
    }

    #[test]
    fn rules_that_others_hide() {
        let hidden = |first: &str, second: &str| {
            let rules = format!("- {{{first}age: age1x}}\n- {{{second}age: age1x}}\n");
            faults(&rules, &[]).iter().any(|fault| fault.starts_with("1 is never reached"))
        };
        assert!(hidden("", "path_regex: 'prod/', "));
        assert!(hidden("path_regex: '.*', ", "path_regex: 'prod/', "));
        assert!(hidden(r"path_regex: '.*\.yaml$', ", r"path_regex: '^prod/.*\.yaml$', "));
        assert!(hidden("path_regex: 'a', ", "path_regex: 'a', "));
        assert!(!hidden(r"path_regex: '^prod/.*\.yaml$', ", r"path_regex: '.*\.yaml$', "));
        assert!(!hidden(r"path_regex: '.*\.yaml$', ", r"path_regex: '.*\.json$', "));
        assert!(!hidden(r"path_regex: '.*\.yaml$', ", r"path_regex: 'a\.json$|b\.yaml$', "));
        assert!(!hidden(r"path_regex: 'a', ", ""));
    }

    #[test]
    fn selectors_that_leave_out_a_map_and_rules_without_one() {
        let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: b}\n";
        let of = |rule: &str, path: &str| faults(&format!("- {{path_regex: 'a$', {rule}}}\n"), &[(path, secret)]);
        assert_eq!(of("encrypted_regex: '^(data|stringData)$', age: age1x", "a"), [""; 0]);
        assert_eq!(of("encrypted_regex: '^data$', age: age1x", "a").len(), 1);
        assert_eq!(of("age: age1x", "a").len(), 1);
        assert_eq!(of("age: age1x", "b"), [""; 0]);
        assert_eq!(of("encrypted_regex: x, age: ''", "b"), ["0 names nobody who can decrypt"]);
        assert_eq!(of("encrypted_regex: x, key_groups: [{age: [age1x]}]", "b"), [""; 0]);
    }
}
