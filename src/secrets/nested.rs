//! Secrets inside other objects: what a policy generates, a template makes, a resource set or a composition applies.
//!
//! Never: the Secret that an object is itself; what a schema describes.

use super::credential::{Credential, MAPS, credential};
use super::manifest::{SCHEMAS, Step};
use super::mark::RunKey;
use super::sops;
use crate::model::{Object, Trees, View, Word};

/// A Secret that another object holds.
pub struct Nested {
    /// Its name; empty where it has none.
    pub name: String,
    /// Its open credentials, in the order in which it has them.
    pub credentials: Vec<Credential>,
}

/// How deep manifests in texts in manifests are followed.
const TEXTS: u8 = 3;

/// The deepest path that is followed.
const DEEPEST: usize = 64;

/// The Secrets with open credentials that an object of another kind holds, in the order in which it has them.
#[must_use]
pub fn nested(trees: &Trees, object: &Object, key: &RunKey) -> Vec<Nested> {
    let view = object.view(trees);
    let is_aside = || object.is("", "Secret") || SCHEMAS.contains(&&*object.key.kind) || sops::is_encrypted(view);
    if !may_hold(view) || is_aside() {
        return Vec::new();
    }
    let mut walk = Walk { trees, key, found: Vec::new() };
    walk.children(view, &mut Vec::new(), TEXTS);
    walk.found
}

/// Whether a value may hold a Secret: what stands in a file that does not say the word holds none.
fn may_hold(view: View<'_>) -> bool {
    let says = |file, word| view.trees().says(file, word);
    view.file().is_none_or(|file| says(file, Word::Secret) || says(file, Word::Escape))
}

struct Walk<'t> {
    trees: &'t Trees,
    key: &'t RunKey,
    found: Vec<Nested>,
}

impl<'t> Walk<'t> {
    fn node(&mut self, view: View<'t>, path: &mut Vec<Step<'t>>, texts: u8) {
        if !may_hold(view) {
            return;
        }
        if view.is_map() && view.str_at(["kind"]) == Some("Secret") {
            self.secret(view, path);
        }
        self.children(view, path, texts);
    }

    fn children(&mut self, view: View<'t>, path: &mut Vec<Step<'t>>, texts: u8) {
        if path.len() > DEEPEST {
            return;
        }
        for field in view.fields() {
            path.push(Step::Name(field.name()));
            self.node(field.value, path, texts);
            path.pop();
        }
        for (row, item) in view.items().enumerate() {
            path.push(Step::Row(row));
            self.node(item, path, texts);
            path.pop();
        }
        if view.is_scalar() {
            self.text(view, path, texts);
        }
    }

    /// A text that may be a manifest of its own.
    fn text(&mut self, view: View<'t>, path: &mut Vec<Step<'t>>, texts: u8) {
        let Some(texts) = texts.checked_sub(1) else { return };
        let is_manifest = view.as_str().is_some_and(|text| text.contains("Secret") && text.contains("kind"));
        let Some(file) = is_manifest.then(|| self.trees.embedded(view)).flatten() else { return };
        let parsed = self.trees.parsed(file);
        if !parsed.problems().is_empty() {
            return;
        }
        for root in parsed.documents().iter().filter_map(|document| document.root) {
            let view = self.trees.node(file, root);
            if !view.is_scalar() && !sops::is_encrypted(view) {
                self.node(view, path, texts);
            }
        }
    }

    fn secret(&mut self, view: View<'t>, path: &[Step<'t>]) {
        // A policy of Kyverno names the kind beside the contents: `generate: {kind: Secret, name: a, data: {data: …}}`.
        let inner =
            view.get("data").filter(|data| MAPS.iter().any(|map| data.get(map).is_some_and(|map| map.is_map())));
        let (holder, above) = match inner {
            Some(inner) => (inner, "/data"),
            None if view.str_at(["apiVersion"]).is_some_and(|version| version != "v1") => return,
            None => (view, ""),
        };
        if sops::is_encrypted(holder) {
            return;
        }
        let start = Step::pointer(path);
        let maps = holder.fields().filter(|map| MAPS.contains(&map.name()));
        let credentials = maps
            .flat_map(|map| map.value.fields().map(move |field| (map.name(), field)))
            .filter_map(|(map, field)| credential(map, &field, self.key))
            .map(|found| Credential { field: format!("{start}{above}{}", found.field), ..found });
        let credentials: Vec<Credential> = credentials.collect();
        if !credentials.is_empty() {
            let name = view.str_at(["metadata", "name"]).or_else(|| view.str_at(["name"])).unwrap_or_default();
            self.found.push(Nested { name: name.to_owned(), credentials });
        }
    }
}
