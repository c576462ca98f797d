//! The transformers together, on small kustomizations whose results kustomize v5.7.1 gave.
//!
//! Never: a file of the disk; the cases are compiled in.

use std::sync::Arc;

use super::super::context::Trace;
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
struct Run {
    trees: Trees,
}

impl Run {
    fn new() -> Self {
        Self { trees: Trees::new(Arc::new(Sources::default())) }
    }

    fn file(&self, name: &str, text: &str) -> FileId {
        let loader: Arc<dyn Loader> = Arc::new(Text(text.to_owned()));
        let path = RepoPath::new(name).expect("a path inside the tree");
        self.trees.sources().intern(&path, None, &loader)
    }

    fn resources(&self, text: &str) -> Vec<Resource> {
        let file = self.file("in.yaml", text);
        self.trees.documents(file).map(|value| Resource::new(&self.trees, value)).collect()
    }

    fn value(&self, name: &str, text: &str) -> Value {
        self.trees.documents(self.file(name, text)).next().expect("a document")
    }
}

/// The transformers of one kustomization in kustomize's order, and what is done at the root.
fn transform(cx: &Cx<'_>, resources: &mut [Resource], kustomization: View<'_>) -> Result<(), Problem> {
    type Transformer = fn(&Cx<'_>, &mut [Resource], View<'_>) -> Result<(), Problem>;
    let plain: [(&str, Transformer); 9] = [
        ("namespace", namespace),
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

/// The objects, or the message, after a kustomization's transformers.
fn outcome(run: &Run, input: &str, kustomization: &str) -> Result<Vec<serde_json::Value>, String> {
    let mut resources = run.resources(input);
    let kustomization = run.value("kustomization.yaml", kustomization);
    let cx = Cx { trees: &run.trees, schema: Schema::builtin(), specs: &Specs::builtin(), trace: Trace::Off };
    transform(&cx, &mut resources, run.trees.view(&kustomization)).map_err(|problem| problem.message)?;
    Ok(as_json(run, &resources))
}

/// The objects as data, by kind and name: kustomize sorts them, which is not these transformers' work.
fn as_json(run: &Run, resources: &[Resource]) -> Vec<serde_json::Value> {
    let mut objects: Vec<&Resource> = resources.iter().collect();
    objects.sort_by(|a, b| a.id.cmp(&b.id));
    objects.iter().map(|resource| run.trees.view(&resource.value).to_json()).collect()
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
        let found = outcome(&Run::new(), input, kustomization);
        let run = Run::new();
        assert_eq!(found, Ok(as_json(&run, &run.resources(expected))), "{name}");
    }
}

#[test]
fn mistakes_are_kustomizes() {
    let cases = [
        case!("namespace-conflict", "error.txt"),
        case!("images-not-scalar", "error.txt"),
        case!("replicas-unknown", "error.txt"),
        case!("replacement-missing", "error.txt"),
    ];
    for (name, input, kustomization, expected) in cases {
        let message = outcome(&Run::new(), input, kustomization).expect_err(name);
        assert!(message.contains(expected.trim()), "{name}: {message}");
    }
}

/// The texts that a chain of origins leads to: the place of the value, then that of each value before it.
fn places(run: &Run, value: &Value) -> Vec<String> {
    let mut texts = Vec::new();
    let mut at = Some(value.clone());
    while let Some(value) = at {
        let span = run.trees.view(&value).place();
        texts.push(run.trees.sources().text(span.file)[span.range.bytes()].to_owned());
        at = value.origin().and_then(|origin| origin.set.as_ref()).and_then(|set| set.from.clone());
    }
    texts
}

#[test]
fn every_value_leads_to_the_line_that_decides_it() {
    let run = Run::new();
    let mut resources = run.resources(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, labels: {app: old}}\nspec:\n  replicas: 1\n  \
         template: {spec: {containers: [{image: 'nginx:1', name: main}], volumes: [{configMap: {name: cm}}]}}\n---\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata: {a: b}\n",
    );
    let kustomization = run.value(
        "kustomization.yaml",
        "namespace: team\nnamePrefix: p-\nlabels: [{pairs: {app: new}}]\nreplicas: [{name: web, count: 3}]\n\
         images: [{name: nginx, newName: mirror/nginx, newTag: '2'}]\nreplacements:\n\
         - {source: {kind: ConfigMap, fieldPath: data.a}, targets: [{select: {kind: Deployment}, fieldPaths: \
         [spec.template.spec.containers.0.name]}]}\n",
    );
    let untouched = run.trees.view(&resources[1].value).get("data").expect("the data").value();
    let cx = Cx { trees: &run.trees, schema: Schema::builtin(), specs: &Specs::builtin(), trace: Trace::Off };
    transform(&cx, &mut resources, run.trees.view(&kustomization)).expect("it builds");
    let at = |row: usize, path: &[&str]| {
        let mut view = run.trees.view(&resources[row].value);
        for name in path {
            view = view.get(name).or_else(|| view.items().next().and_then(|item| item.get(name))).expect(name);
        }
        places(&run, &view.value())
    };
    assert_eq!(at(0, &["metadata", "namespace"]), ["team"]);
    assert_eq!(at(0, &["metadata", "name"]), ["p-", "web"]);
    assert_eq!(at(0, &["metadata", "labels", "app"]), ["new", "old"]);
    assert_eq!(at(0, &["spec", "replicas"]), ["3", "1"]);
    let container = ["spec", "template", "spec", "containers"];
    assert_eq!(at(0, &[&container[..], &["image"]].concat()), ["'2'", "'nginx:1'"]);
    assert_eq!(at(0, &[&container[..], &["name"]].concat()), ["b", "main"]);
    assert_eq!(at(0, &["spec", "template", "spec", "volumes", "configMap", "name"]), ["p-", "cm"]);
    let data = run.trees.view(&resources[1].value).get("data").expect("the data").value();
    assert!(untouched.is_same(&data), "what no transformer touches stays shared");
}

#[test]
fn configured_specifications_of_a_kind_displace_general_ones() {
    let run = Run::new();
    let file = run.value("names.yaml", "namePrefix:\n- {path: metadata/name, kind: Secret}\n");
    let at = run.trees.view(&file).place();
    let specs = Specs::builtin().merged_with(run.trees.view(&file)).expect("no conflict");
    let specs = specs.gathered(at).expect("no conflict");
    let mut resources = run.resources(
        "{apiVersion: v1, kind: Secret, metadata: {name: a}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n",
    );
    let added = run.value("prefix.yaml", "p-");
    let cx = Cx { trees: &run.trees, schema: Schema::builtin(), specs: &specs, trace: Trace::Off };
    prefix(&cx, &mut resources, run.trees.view(&added)).expect("it builds");
    let names: Vec<&str> = resources.iter().map(|resource| &*resource.id.name).collect();
    assert_eq!(names, ["p-a", "b"]);
    let conflict = run.value("conflict.yaml", "replicas:\n- {path: spec/replicas, kind: Deployment}\n");
    let problem = Specs::builtin().merged_with(run.trees.view(&conflict)).expect_err("create differs");
    assert_eq!(problem.message, "conflicting fieldspecs");
}

#[test]
fn a_reference_that_fits_several_objects_is_refused() {
    let run = Run::new();
    let mut resources = run.resources(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: cm}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: cm}}\n\
         ---\n{apiVersion: v1, kind: Pod, metadata: {name: pod}, spec: {volumes: [{configMap: {name: cm}}]}}\n",
    );
    let cx = Cx { trees: &run.trees, schema: Schema::builtin(), specs: &Specs::builtin(), trace: Trace::Off };
    let (inner, outer) = (run.value("inner", "q-"), run.value("outer", "p-"));
    prefix(&cx, &mut resources[1..=1], run.trees.view(&inner)).expect("it builds");
    prefix(&cx, &mut resources, run.trees.view(&outer)).expect("it builds");
    let problem = name_references(&cx, &mut resources).expect_err("two candidates");
    assert!(problem.message.contains("found multiple possible referrals: ConfigMap.v1.[noGrp]/p-cm.[noNs]"));
    let place = run.trees.sources().text(problem.at.file)[problem.at.range.bytes()].to_owned();
    assert_eq!(place, "cm");
}
