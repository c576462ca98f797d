//! What of a file must not be shown.
//!
//! Never: a choice of what is sensitive enough; every value of a Secret is blanked, also a harmless one.

use std::collections::BTreeSet;

use super::credential::{LAST_APPLIED, MAPS, in_annotation, in_secret};
use super::leak::{lines_in, private_keys_in, tokens_in};
use super::manifest::{in_document, in_literals, in_manifest};
use super::mark::RunKey;
use super::nested::nested;
use super::sops::{self, gaps};
use crate::base::{FileId, NodeId, Span, TextRange};
use crate::model::{How, MadeNode, Object, Trees, Value, View};
use crate::parse::{self, Kind, Parsed};

/// The bytes of an object that no excerpt may show: all values of its Secrets and the credentials elsewhere in it,
/// wherever rendering took them from, and those that patches and replacements took the place of.
#[must_use]
pub fn redactions(trees: &Trees, object: &Object) -> Vec<Span> {
    // What stands in a file is found with the file.
    if matches!(object.value, Value::Source(..)) {
        return Vec::new();
    }
    let mut spans = Vec::new();
    secrets_in(trees, &object.value, &mut spans);
    let key = RunKey::from_salt("");
    spans.extend(in_manifest(trees, object, &key).into_iter().map(|credential| credential.at));
    spans
}

/// The same for every document of a YAML or JSON file, whether some build reads it or not: bases, patches, lists and
/// chart values too; and tokens and keys anywhere in it.
#[must_use]
pub fn redactions_of_file(trees: &Trees, file: FileId) -> Vec<Span> {
    let mut spans = Vec::new();
    let key = RunKey::from_salt("");
    for document in trees.documents(file) {
        secrets_in(trees, &document, &mut spans);
        spans.extend(told(trees, &document, &key));
        literals(trees.view(&document), &mut spans);
        patched(trees.view(&document), &mut spans);
        let judged = in_literals(trees.view(&document), &key).into_iter();
        spans.extend(judged.map(|credential| behind_key(trees, credential.at)));
        spans.extend(in_document(trees, &document, &key).into_iter().map(|credential| credential.at));
        let gaps = gaps(trees.view(&document), &key).unwrap_or_default();
        spans.extend(gaps.into_iter().filter(|gap| gap.fault.is_plain()).map(|gap| gap.at));
    }
    // Templates and broken files have lines, if nothing else.
    if !trees.parsed(file).problems().is_empty() {
        spans.extend(lines_in(trees.sources(), file));
    }
    spans.extend(leaks(trees, file, &key));
    spans
}

/// What rules tell of the Secrets in a document: also where a field is written twice, or an annotation is no manifest.
fn told(trees: &Trees, document: &Value, key: &RunKey) -> Vec<Span> {
    let is_worth_it = trees.sources().slice(trees.view(document).place()).contains("Secret");
    let Some(object) = is_worth_it.then(|| Object::new(trees, document.clone())).flatten() else { return Vec::new() };
    let nested = nested(trees, &object, key).into_iter().flat_map(|nested| nested.credentials);
    let own = in_secret(trees, &object, key).into_iter().chain(in_annotation(trees, &object, key));
    own.chain(nested).map(|credential| credential.at).collect()
}

/// The same for a file that is neither YAML nor JSON: tokens and keys, and values under names that say credential.
#[must_use]
pub fn redactions_of_text(trees: &Trees, file: FileId) -> Vec<Span> {
    let mut spans = lines_in(trees.sources(), file);
    spans.extend(leaks(trees, file, &RunKey::from_salt("")));
    spans
}

fn leaks(trees: &Trees, file: FileId, key: &RunKey) -> impl Iterator<Item = Span> {
    let sources = trees.sources();
    tokens_in(sources, file, key).into_iter().chain(private_keys_in(sources, file, key)).map(|leak| leak.whole)
}

/// The values of a kustomization's `secretGenerator` literals, rendered or not.
fn literals(document: View<'_>, spans: &mut Vec<Span>) {
    let generators = document.get("secretGenerator").into_iter().flat_map(|list| list.items());
    for literal in generators.filter_map(|entry| entry.get("literals")).flat_map(|list| list.items()) {
        spans.push(behind_key(literal.trees(), literal.place()));
    }
}

/// The value of a literal; its key may be shown.
fn behind_key(trees: &Trees, literal: Span) -> Span {
    let written = trees.sources().slice(literal);
    let start = written.find('=').map_or(0, |equals| equals + 1) as u32;
    let quote = u32::from(start > 0 && written.starts_with(['"', '\'']) && written.len() as u32 > start + 1);
    Span { file: literal.file, range: TextRange::new(literal.range.start + start, literal.range.end - quote) }
}

/// The values of a JSON patch that sets keys of a Secret.
fn patched(document: View<'_>, spans: &mut Vec<Span>) {
    for operation in document.items() {
        let path = operation.str_at(["path"]).unwrap_or_default();
        // A ConfigMap has `data` too, whose patches are blanked with the others rather than a Secret's shown.
        let sets = path == "/data" || path.starts_with("/data/") || path.starts_with("/stringData");
        if let Some(value) = operation.get("value").filter(|_| sets) {
            spans.push(value.place());
        }
    }
}

/// Finds the Secrets in a value, however deep: items of a list, templates of other kinds, manifests in texts.
fn secrets_in(trees: &Trees, value: &Value, spans: &mut Vec<Span>) {
    match value {
        Value::Source(file, node) => {
            // Most files hold no Secret; a search is cheaper than a walk.
            if trees.sources().slice(trees.span(*file, *node)).contains("Secret") {
                in_source(trees, *file, *node, spans);
            }
        }
        Value::Made(made) => {
            if trees.view(value).str_at(["kind"]) == Some("Secret") {
                secret(trees, value, spans);
            }
            match &made.node {
                MadeNode::Map(entries) => entries.iter().for_each(|entry| secrets_in(trees, &entry.value, spans)),
                MadeNode::Seq(items) => items.iter().for_each(|item| secrets_in(trees, item, spans)),
                MadeNode::Link(value) => secrets_in(trees, value, spans),
                MadeNode::Scalar(_) => manifest(trees, &trees.view(value), spans),
            }
        }
    }
}

/// The same for a node of a file. Aliases are not followed: what they stand for is met where it is written, and a
/// walk through them may have no end in sight.
fn in_source(trees: &Trees, file: FileId, node: NodeId, spans: &mut Vec<Span>) {
    let parsed = trees.parsed(file);
    match parsed.kind(node) {
        Kind::Alias => return,
        Kind::Map => {
            let value = Value::Source(file, node);
            if trees.view(&value).str_at(["kind"]) == Some("Secret") {
                secret(trees, &value, spans);
            }
        }
        Kind::Seq => {}
        _ => manifest(trees, &trees.node(file, node), spans),
    }
    for child in parsed.children(node) {
        in_source(trees, file, child, spans);
    }
}

fn secret(trees: &Trees, value: &Value, spans: &mut Vec<Span>) {
    let view = trees.view(value);
    for name in MAPS {
        let Some(map) = view.get(name) else { continue };
        for field in map.fields() {
            values(&field.value, spans);
        }
    }
    for field in
        view.path(["metadata", "annotations"]).iter().flat_map(View::fields).filter(|f| f.name() == LAST_APPLIED)
    {
        values(&field.value, spans);
    }
    history(trees, value, spans);
}

/// The bytes of a value; a container, which has no business there, as a whole.
fn values(view: &View<'_>, spans: &mut Vec<Span>) {
    let is_harmless = view.is_null() || view.is_scalar() && sops::is_encrypted_value(&view.written());
    if !is_harmless {
        spans.push(extent(view));
    }
}

/// The bytes that hold a value. What a generator takes from a whole file has its place at the first line.
fn extent(view: &View<'_>) -> Span {
    let at = view.place();
    let value = view.value();
    let is_generated =
        value.origin().and_then(|origin| origin.set.as_ref()).is_some_and(|set| set.how == How::Generator);
    if is_generated && at == view.trees().top(at.file) {
        let end = view.trees().sources().text(at.file).len() as u32;
        return Span { file: at.file, range: TextRange::new(0, end) };
    }
    at
}

/// What the made fields of a Secret's data were before, and where each step's own bytes are.
fn history(trees: &Trees, value: &Value, spans: &mut Vec<Span>) {
    let Value::Made(made) = value else { return };
    let MadeNode::Map(entries) = &made.node else { return };
    for entry in entries.iter().filter(|entry| MAPS.contains(&entry.key.text(trees))) {
        replaced(trees, &entry.value, spans);
    }
}

fn replaced(trees: &Trees, value: &Value, spans: &mut Vec<Span>) {
    let Value::Made(made) = value else { return };
    if let Some(from) = made.origin.set.as_ref().and_then(|set| set.from.as_ref()) {
        values(&trees.view(from), spans);
        replaced(trees, from, spans);
    }
    match &made.node {
        MadeNode::Map(entries) => entries.iter().for_each(|entry| replaced(trees, &entry.value, spans)),
        MadeNode::Seq(items) => items.iter().for_each(|item| replaced(trees, item, spans)),
        MadeNode::Link(value) => replaced(trees, value, spans),
        MadeNode::Scalar(_) => {}
    }
}

/// The most lines of values that are looked for in a text before it is blanked as a whole.
const LINES: usize = 200;

/// A text that holds a Secret: a patch in a kustomization, a manifest in a config map or an annotation. Its values are
/// blanked where they stand in the text, and the whole text where one of them does not stand there as it is.
fn manifest(trees: &Trees, view: &View<'_>, spans: &mut Vec<Span>) {
    let Some(text) = view.as_str().filter(|text| text.contains("Secret")) else { return };
    let parsed = parse::parse(text);
    let mut inner = BTreeSet::new();
    for root in parsed.documents().iter().filter_map(|document| document.root) {
        texts(&parsed, text, root, &mut inner);
    }
    let at = view.place();
    let written = trees.sources().slice(at);
    if inner.len() > LINES || inner.iter().any(|line| !written.contains(line.as_str())) {
        spans.push(at);
        return;
    }
    for line in inner {
        spans.extend(written.match_indices(&line).map(|(offset, found)| {
            let start = at.range.start + offset as u32;
            Span { file: at.file, range: TextRange::new(start, start + found.len() as u32) }
        }));
    }
}

/// The lines of the values of the Secrets in a parsed text.
fn texts(parsed: &Parsed, text: &str, node: NodeId, out: &mut BTreeSet<String>) {
    let children: Vec<_> = parsed.children(node).collect();
    match parsed.kind(node) {
        Kind::Seq => children.iter().for_each(|child| texts(parsed, text, *child, out)),
        Kind::Map => {
            let pairs = || children.chunks_exact(2).map(|pair| (parsed.text(text, pair[0]), pair[1]));
            let is_secret = pairs().any(|(key, value)| key == "kind" && parsed.text(text, value) == "Secret");
            for (key, value) in pairs() {
                if is_secret && MAPS.contains(&key) {
                    for value in parsed.children(value).skip(1).step_by(2) {
                        let lines = parsed.text(text, value).lines().map(str::trim);
                        out.extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
                    }
                } else {
                    texts(parsed, text, value, out);
                }
            }
        }
        _ => {}
    }
}
