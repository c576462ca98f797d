//! The credentials of one file by itself, whatever it is: what a commit leaves in the history.
//!
//! Never: a rendering; a file that is in neither side belongs to no build.

use super::credential::{Credential, in_annotation, in_secret};
use super::leak::{self, lines_in, private_keys_in, tokens_in};
use super::manifest::{in_document, in_literals, in_manifest};
use super::mark::RunKey;
use super::nested::nested;
use super::sops::{self, gaps};
use super::strength::Strength;
use super::value::{self, Kind};
use crate::base::{FileId, RepoPath, Sources, Span};
use crate::model::{Object, Trees, Value, View};

/// A credential in a file.
pub struct Exposure {
    /// What it is, in words.
    pub what: &'static str,
    /// Where it is written.
    pub at: Span,
    /// How much it protects.
    pub strength: Strength,
    /// The field, as a JSON pointer; empty where there is none.
    pub field: String,
    /// The keyed hash of it.
    pub mark: String,
}

/// Whether a file is YAML or JSON by its name.
#[must_use]
pub fn is_manifest(path: &RepoPath) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|end| path.name().ends_with(end))
}

/// Whether a file holds values of a chart by its name.
#[must_use]
pub fn is_values_file(path: &RepoPath) -> bool {
    let name = path.name().to_ascii_lowercase();
    name.contains("values") && [".yaml", ".yml"].iter().any(|end| name.ends_with(end))
}

/// Whether a document is the configuration of a machine that runs Talos, which holds the cluster's secrets
/// (Talos `config/types/v1alpha1`: `version`, `machine`, `cluster`).
#[must_use]
pub fn is_machine_config(view: View<'_>) -> bool {
    let has_map = |name| view.get(name).is_some_and(|value| value.is_map());
    view.str_at(["version"]) == Some("v1alpha1")
        && view.get("kind").is_none()
        && has_map("machine")
        && has_map("cluster")
}

/// The credentials in a file, sorted by place; none within the bytes of another.
#[must_use]
pub fn exposures(trees: &Trees, file: FileId, key: &RunKey) -> Vec<Exposure> {
    let sources = trees.sources();
    let leaks = private_keys_in(sources, file, key).into_iter().chain(tokens_in(sources, file, key));
    let mut found: Vec<Exposure> = leaks
        .map(|leak| {
            let leak::Leak { what, at, strength, mark, .. } = leak;
            Exposure { what, at, strength, field: String::new(), mark }
        })
        .collect();
    let path = sources.path(file);
    if is_manifest(path) {
        for document in trees.documents(file) {
            of_document(trees, &document, key, is_values_file(path), &mut found);
        }
    } else if matches!(path.name().rsplit_once('.'), Some((_, "env"))) && !is_encrypted_text(sources.text(file)) {
        found.extend(lines_in(sources, file).into_iter().map(|at| of_line(sources, at, key)));
    }
    found.sort_by_key(|exposure| (exposure.at.range.start, std::cmp::Reverse(exposure.at.range.end)));
    let mut end = 0;
    found.retain(|exposure| {
        let is_apart = exposure.at.range.start >= end;
        end = end.max(exposure.at.range.end);
        is_apart
    });
    found
}

/// Whether SOPS encrypted a file of lines.
pub(super) fn is_encrypted_text(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("sops_mac=") || line.trim() == "[sops]")
}

fn of_line(sources: &Sources, at: Span, key: &RunKey) -> Exposure {
    let text = sources.slice(at);
    let strength = super::strength::of(text);
    Exposure { what: Kind::Password.words(), at, strength, field: String::new(), mark: key.mark(&[text]) }
}

fn of_document(trees: &Trees, document: &Value, key: &RunKey, is_values: bool, out: &mut Vec<Exposure>) {
    let view = trees.view(document);
    let mut add = |credentials: Vec<Credential>| {
        out.extend(credentials.into_iter().map(|found| {
            let Credential { at, field, strength, kind, mark, .. } = found;
            Exposure { what: kind.words(), at, strength, field, mark }
        }));
    };
    add(in_literals(view, key));
    match Object::new(trees, document.clone()) {
        Some(object) => {
            add(in_secret(trees, &object, key));
            add(in_annotation(trees, &object, key));
            nested(trees, &object, key).into_iter().for_each(|nested| add(nested.credentials));
            add(in_manifest(trees, &object, key));
        }
        None if is_values || is_machine_config(view) => add(in_document(trees, document, key)),
        None => {}
    }
    if sops::is_encrypted(view) {
        let gaps = gaps(view, key).unwrap_or_default().into_iter().filter(|gap| gap.fault.is_plain());
        let what = "a value that SOPS should have encrypted";
        out.extend(gaps.map(|gap| {
            let strength = Strength::Strong;
            Exposure { what, at: gap.at, strength, field: gap.field, mark: gap.mark }
        }));
    }
}

/// The forms in which the same credential may stand elsewhere: its longest line as it is written, decoded and encoded.
#[must_use]
pub fn same_value(text: &str, elsewhere: &str) -> bool {
    let line = text.lines().map(|line| line.trim().trim_matches(['"', '\''])).max_by_key(|line| line.len());
    let Some(line) = line.filter(|line| !line.is_empty()) else { return false };
    let decoded = value::decode(line).and_then(|bytes| String::from_utf8(bytes).ok());
    elsewhere.contains(line)
        || decoded.is_some_and(|text| text.len() >= 4 && elsewhere.contains(text.trim()))
        || elsewhere.contains(&value::encode(line))
}
