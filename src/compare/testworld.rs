//! Worlds for tests: each file is a build of its own, as a folder without kustomizations gives.
//!
//! Never: part of the binary.

#![expect(clippy::disallowed_methods, reason = "tests read their fixtures")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::api;
use crate::base::{BlobId, Entry, LoadError, Loader, RepoPath, Side, Snapshot, Sources};
use crate::model::{Object, Trees};
use crate::render::{Build, BuildKind, Rendered};
use crate::world::{Built, DefinedApi, ObjectAt, World};

struct Texts(BTreeMap<BlobId, String>);

impl Loader for Texts {
    fn load(&self, path: &RepoPath, blob: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
        let text = blob.and_then(|blob| self.0.get(&blob)).ok_or_else(|| LoadError(format!("no {path}")))?;
        Ok(text.clone().into_bytes())
    }
}

/// Both sides of a change.
pub(crate) struct Sides {
    pub(crate) trees: Trees,
    pub(crate) base: World,
    pub(crate) head: World,
}

/// Both sides of a change, from paths and texts.
pub(crate) fn sides(base: &[(String, String)], head: &[(String, String)]) -> Sides {
    let mut texts: Vec<&str> = base.iter().chain(head).map(|(_, text)| &**text).collect();
    texts.sort_unstable();
    texts.dedup();
    let blob = |text: &str| {
        let mut id = [0; 20];
        let row = texts.iter().position(|known| *known == text).expect("it is among them") as u32;
        id[..4].copy_from_slice(&row.to_be_bytes());
        BlobId(id)
    };
    let loader: Arc<dyn Loader> = Arc::new(Texts(texts.iter().map(|text| (blob(text), (*text).to_owned())).collect()));
    let sources = Arc::new(Sources::default());
    let listing = |files: &[(String, String)]| -> BTreeMap<RepoPath, Entry> {
        let entry = |(path, text): &(String, String)| {
            let path = RepoPath::new(path).expect("a path");
            let file = sources.intern(&path, Some(blob(text)), &loader);
            (path, Entry::File(file))
        };
        files.iter().map(entry).collect()
    };
    let (base, head) = (listing(base), listing(head));
    let trees = Trees::new(sources.clone());
    let base = world(&trees, Snapshot::listed(Side::Base, sources.clone(), base));
    let head = world(&trees, Snapshot::listed(Side::Head, sources, head));
    Sides { trees, base, head }
}

fn world(trees: &Trees, snapshot: Snapshot) -> World {
    let built = |(path, file): (&RepoPath, crate::base::FileId)| {
        let objects: Vec<Object> = trees.documents(file).filter_map(|value| Object::new(trees, value)).collect();
        let rendered = Rendered { objects, files: vec![file], ..Rendered::default() };
        Built {
            build: Build::plain(path.clone(), BuildKind::File),
            rendered: Arc::new(rendered),
            applied_by: Vec::new(),
            place: trees.top(file),
            cluster: None,
        }
    };
    let builds: Vec<Built> = snapshot.files().map(built).collect();
    let texts = snapshot.files().map(|(_, file)| file).collect();
    let consumed: BTreeSet<RepoPath> = snapshot.files().map(|(path, _)| path.clone()).collect();
    let mut world = World {
        side: snapshot.side(),
        snapshot: Arc::new(snapshot),
        builds,
        applications: Vec::new(),
        charts: Vec::new(),
        definitions: Vec::new(),
        texts,
        problems: Vec::new(),
        consumed,
        layout: crate::delivery::Layout::default(),
        lifecycle: crate::world::Lifecycle::default(),
        here: crate::delivery::Here::default(),
        knowledge: None,
        spare: BTreeMap::new(),
    };
    let define = |(from, object): (ObjectAt, &Object)| {
        let own = api::compile(trees, object).map(|compiled| compiled.definition);
        let all = own.into_iter().chain(api::carried(trees, object));
        all.map(move |definition| DefinedApi { from, definition: Arc::new(definition) }).collect::<Vec<_>>()
    };
    let definitions = world.objects().flat_map(define).collect();
    world.definitions = definitions;
    world
}

/// All files below a folder, by their paths in it; nothing where there is no folder.
pub(crate) fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().flatten() {
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(folder).expect("it is below").to_string_lossy().into_owned();
            let text = std::fs::read_to_string(entry.path()).expect("a text");
            found.push((path, text));
        }
    }
    found
}
