//! The transformers together, on small kustomizations whose results kustomize v5.7.1 gave.
//!
//! Never: a file of the disk; the cases are compiled in.

use std::sync::Arc;

use super::super::emit;
use super::super::resource::Resource;
use super::super::schema::Schema;
use super::*;
use crate::base::{BlobId, FileId, LoadError, Loader, RepoPath, Sources};
use crate::model::Value;

struct Text(String);

impl Loader for Text {
    fn load(&self, _: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
        Ok(self.0.clone().into())
    }
}

/// Texts as files of a run.
pub(super) struct Run {
    pub(super) trees: Trees,
}

impl Run {
    pub(super) fn new() -> Self {
        Self { trees: Trees::new(Arc::new(Sources::default())) }
    }

    pub(super) fn file(&self, name: &str, text: &str) -> FileId {
        let loader: Arc<dyn Loader> = Arc::new(Text(text.to_owned()));
        let path = RepoPath::new(name).expect("a path inside the tree");
        self.trees.sources().intern(&path, None, &loader)
    }

    pub(super) fn resources(&self, text: &str) -> Vec<Resource> {
        let file = self.file("in.yaml", text);
        self.trees.documents(file).map(|value| Resource::new(&self.trees, value)).collect()
    }

    pub(super) fn value(&self, name: &str, text: &str) -> Value {
        self.trees.documents(self.file(name, text)).next().expect("a document")
    }
}

/// The transformers of one kustomization in kustomize's order, and what is done at the root.
fn transform(cx: &Cx<'_>, resources: &mut [Resource], kustomization: View<'_>) -> Result<(), Problem> {
    type Transformer = fn(&Cx<'_>, &mut [Resource], View<'_>) -> Result<(), Problem>;
    let plain: [(&str, Transformer); 9] = [
        ("namespace", |cx, resources, field| namespace(cx, resources, field, NamespaceOptions::default())),
        ("namePrefix", prefix),
        ("nameSuffix", suffix),
        ("labels", labels),
        ("commonLabels", common_labels),
        ("commonAnnotations", annotations),
        ("replicas", replicas),
        ("images", images),
        ("replacements", |cx, resources, field| {
            field.items().try_for_each(|entry| replacements(cx, resources, entry, entry.place()))
        }),
    ];
    for (name, transformer) in plain {
        if let Some(field) = kustomization.get(name) {
            transformer(cx, resources, field)?;
        }
    }
    name_references(cx, resources)?;
    let variables: Vec<View<'_>> = kustomization.get("vars").into_iter().flat_map(|list| list.items()).collect();
    vars(cx, resources, &variables)
}

/// The objects as kustomize prints them, or the message, after a kustomization's transformers.
fn outcome(run: &Run, input: &str, kustomization: &str) -> Result<Vec<String>, String> {
    let mut resources = run.resources(input);
    let kustomization = run.value("kustomization.yaml", kustomization);
    let cx = Cx { trees: &run.trees, schema: Schema::builtin(), specs: &Specs::builtin() };
    transform(&cx, &mut resources, run.trees.view(&kustomization)).map_err(|problem| problem.message)?;
    printed(run, &resources)
}

pub(super) fn printed(run: &Run, resources: &[Resource]) -> Result<Vec<String>, String> {
    let print =
        |resource: &Resource| emit::stream(&run.trees, std::iter::once(&resource.value)).map_err(|error| error.message);
    resources.iter().map(print).collect()
}

macro_rules! case {
    ($name:literal, $result:literal) => {
        (
            $name,
            include_str!(concat!("../../../testdata/transform/", $name, "/in.yaml")),
            include_str!(concat!("../../../testdata/transform/", $name, "/kustomization.yaml")),
            include_str!(concat!("../../../testdata/transform/", $name, "/", $result)),
        )
    };
}

#[test]
fn results_are_kustomizes() {
    let cases = [
        case!("names", "out.yaml"),
        case!("roles", "out.yaml"),
        case!("namespace", "out.yaml"),
        case!("labels", "out.yaml"),
        case!("images", "out.yaml"),
        case!("replicas", "out.yaml"),
        case!("replacements", "out.yaml"),
        case!("vars", "out.yaml"),
    ];
    for (name, input, kustomization, expected) in cases {
        let mut expected: Vec<&str> = expected.split("---\n").collect();
        let mut found = outcome(&Run::new(), input, kustomization).unwrap_or_else(|message| vec![message]);
        // kustomize sorts the objects; that is not these transformers' work.
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found.join("---\n"), expected.join("---\n"), "{name}");
    }
}

#[test]
fn mistakes_are_kustomizes() {
    let cases = [
        case!("namespace-conflict", "error.txt"),
        case!("images-not-scalar", "error.txt"),
        case!("replicas-unknown", "error.txt"),
        case!("replacement-type", "error.txt"),
        case!("replacement-missing", "error.txt"),
    ];
    for (name, input, kustomization, expected) in cases {
        let message = outcome(&Run::new(), input, kustomization).expect_err(name);
        assert!(message.contains(expected.trim()), "{name}: {message}");
    }
}
