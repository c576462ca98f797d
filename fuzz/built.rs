//! A case rendered by this library, in memory.
//!
//! Never: a disk; kustomize is asked elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use gitops_guard::base::{BlobId, Entry, LoadError, Loader, ProblemKind, RepoPath, Side, Snapshot, Sources};
use gitops_guard::model::Trees;
use gitops_guard::render::{Build, BuildKind, Options, Renderer, print};

use crate::generator::Case;

struct Memory(BTreeMap<String, Vec<u8>>);

impl Loader for Memory {
    fn load(&self, path: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
        self.0.get(path.as_str()).cloned().ok_or_else(|| LoadError("no such file".to_owned()))
    }
}

/// What each folder prints, or why it does not build. All are built by one renderer, in this order.
pub fn built(case: &Case, folders: &[&str]) -> Vec<Result<String, String>> {
    let sources = Arc::new(Sources::default());
    let loader: Arc<dyn Loader> = Arc::new(Memory(case.files.clone()));
    let entries = case.files.keys().filter_map(|name| {
        let path = RepoPath::new(name)?;
        let file = sources.intern(&path, None, &loader);
        Some((path, Entry::File(file)))
    });
    let snapshot = Snapshot::listed(Side::Head, sources.clone(), entries.collect());
    let trees = Trees::new(sources);
    let renderer = Renderer::new(&snapshot, &trees, Options::default());
    folders.iter().map(|folder| one(&renderer, &trees, folder)).collect()
}

fn one(renderer: &Renderer<'_>, trees: &Trees, folder: &str) -> Result<String, String> {
    let path = RepoPath::new(folder).ok_or("no path")?;
    let rendered = renderer.build(&Build::plain(path, BuildKind::Kustomize));
    if rendered.files.is_empty() {
        return Err("no kustomization".to_owned());
    }
    if let Some(problem) = rendered.problems.first() {
        let aside = if problem.kind == ProblemKind::NotRendered { "not rendered: " } else { "" };
        return Err(format!("{aside}{}", problem.message));
    }
    print(trees, &rendered.objects).map_err(|problem| problem.message)
}
