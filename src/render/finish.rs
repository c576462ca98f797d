//! What is done once, at the root of a build (`kustomize api/internal/target/kusttarget.go`, `api/krusty/kustomizer.go`).
//!
//! Never: a step of a single kustomization.

use super::context::{Base, Context, ManagedBy, Missing};
use super::hash;
use super::load::does_not_build;
use super::order;
use super::resource::{Author, Resource, Source};
use super::transform::{self, Cx};
use crate::base::{FileId, Problem, ProblemKind, RepoPath, Span};
use crate::model::{Entry, How, Key, Object, Origin, Trees, Value, View};
use crate::parse::{Kind, Scalar};

/// The label of kustomize v5.7.1, whose output this is.
const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "kustomize-v5.7.1");

const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";

/// Annotations that are kustomize's own and never printed, whoever wrote them (`api/resource.BuildAnnotations`).
const INTERNAL: [&str; 20] = [
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/suffixes",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
    "config.kubernetes.io/origin",
    "alpha.config.kubernetes.io/transformations",
];

/// The objects of a build and what was not rendered, from what its kustomization accumulates to.
///
/// # Errors
/// What kustomize refuses at the end, at its line.
pub(super) fn finish(cx: &Context<'_>, root: &Base) -> Result<(Vec<Object>, Vec<Problem>), Problem> {
    let trees = cx.trees;
    let from = &root.accumulated;
    let mut list = from.resources.clone().into_list();
    let mut problems = from.problems.clone();
    match add_hashes(trees, &mut list) {
        Err(problem) if problem.kind == ProblemKind::NotRendered => problems.push(problem),
        done => done?,
    }
    let transformers = Cx { trees, schema: cx.schema(), specs: &from.specs, trace: cx.trace };
    transform::name_references(&transformers, &mut list)?;
    let vars: Vec<View<'_>> = from.vars.iter().map(|var| trees.view(var)).collect();
    match transform::vars(&transformers, &mut list, &vars) {
        Err(_) if from.missing() == Missing::Unknown => {}
        done => done?,
    }
    list.retain(|resource| !is_local(trees.view(&resource.value)));
    order::sort(&mut list, root.kustomization.get(trees, "sortOptions"), cx.options.order)?;
    if let Some(misfit) = list.iter().find_map(|resource| resource.misfit(trees)) {
        return Err(misfit.clone());
    }
    let asked = Asked::read(cx, root);
    let folder = trees.sources().path(root.kustomization.file).parent().unwrap_or_else(RepoPath::root);
    for resource in &mut list {
        if let Some(by) = asked.managed_by {
            add_managed_by(trees, resource, by)?;
        }
        tidy_annotations(trees, &mut resource.value);
        printable_annotations(trees.view(&resource.value))?;
        let annotate = Annotate { cx, folder: &folder };
        if let Some(by) = asked.origins {
            annotate.origin(resource, by);
        }
        if let Some(by) = asked.transformers {
            annotate.transformers(resource, by);
        }
    }
    Ok((list.into_iter().map(object).collect(), problems))
}

/// kustomize writes every annotation of several lines as a block before it prints the object, and cannot read a block
/// whose first line starts with a tab.
fn printable_annotations(object: View<'_>) -> Result<(), Problem> {
    let annotations = object.path(["metadata", "annotations"]);
    let wrong = annotations
        .into_iter()
        .flat_map(|map| map.fields())
        .find(|field| field.value.as_str().is_some_and(|text| text.starts_with('\t') && text.contains('\n')));
    match wrong {
        None => Ok(()),
        Some(field) => {
            let message = "found a tab character where an indentation space is expected";
            Err(does_not_build(field.value.place(), message))
        }
    }
}

/// The object that a rendered resource is.
pub(super) fn object(resource: Resource) -> Object {
    let id = resource.id;
    let key = crate::model::ObjectKey { group: id.group, kind: id.kind, namespace: id.namespace, name: id.name };
    Object { key, version: id.version, value: resource.value }
}

/// Puts the hash behind the names of generated objects.
///
/// # Errors
/// What cannot be hashed; at the end and as `NotRendered`, an object of a kind that no generator makes.
pub(super) fn add_hashes(trees: &Trees, list: &mut [Resource]) -> Result<(), Problem> {
    let mut aside = None;
    for resource in list {
        let Some(by) = resource.hash.or_else(|| asks_for_hash(trees.view(&resource.value))) else { continue };
        if !matches!(&*resource.id.kind, "ConfigMap" | "Secret") {
            let message = format!(
                "the hash in the name of `{}` is not rendered: kustomize hashes the nodes of its own parser where an object is \
                 neither a `ConfigMap` nor a `Secret`",
                resource.id.name
            );
            let at = trees.view(&resource.value).get("kind").map_or(by, |kind| kind.place());
            aside
                .get_or_insert(Problem::new(ProblemKind::NotRendered, at, message).with_related(by, "hashed for this"));
            continue;
        }
        let suffix = hash::suffix(trees, trees.view(&resource.value))
            .map_err(|error| does_not_build(error.at, error.message).with_related(by, "hashed for this generator"))?;
        let name = format!("{}-{suffix}", resource.id.name);
        resource.value.update_field(trees, "metadata", |metadata| {
            metadata.update_field(trees, "name", |value| {
                *value = Value::text(&name, Origin::set(by, How::Hash, by, Some(value.clone())));
            });
        });
        resource.refresh(trees);
    }
    aside.map_or(Ok(()), Err)
}

/// An annotation of kustomize's own, which it obeys also where somebody wrote it.
fn asks_for_hash(view: View<'_>) -> Option<Span> {
    let asked = view.path(["metadata", "annotations", "internal.config.kubernetes.io/needsHashSuffix"])?;
    (asked.as_str() == Some("enabled")).then(|| asked.place())
}

/// Whether an object only serves the build: the annotation is there and not "false".
fn is_local(view: View<'_>) -> bool {
    let annotation = view.path(["metadata", "annotations", LOCAL_CONFIG]);
    annotation.is_some_and(|value| value.written() != "false")
}

/// What the root's `buildMetadata` asks for, each with the place that does.
#[derive(Default)]
struct Asked {
    managed_by: Option<Span>,
    origins: Option<Span>,
    transformers: Option<Span>,
}

impl Asked {
    fn read(cx: &Context<'_>, root: &Base) -> Self {
        let mut asked = Self::default();
        if cx.options.managed_by == ManagedBy::Always {
            asked.managed_by = Some(cx.trees.top(root.kustomization.file));
        }
        for option in root.kustomization.items(cx.trees, "buildMetadata") {
            match option.as_str().unwrap_or_default() {
                "managedByLabel" => asked.managed_by = Some(option.place()),
                "originAnnotations" => asked.origins = Some(option.place()),
                "transformerAnnotations" => asked.transformers = Some(option.place()),
                _ => {}
            }
        }
        asked
    }
}

/// Says in annotations where an object comes from and who came by, with paths from the root's folder
/// (`kustomize api/resource/origin.go`).
struct Annotate<'a> {
    cx: &'a Context<'a>,
    folder: &'a RepoPath,
}

impl Annotate<'_> {
    fn origin(&self, resource: &mut Resource, by: Span) {
        let text = match &resource.source {
            None => return,
            Some(Source::File(file)) => format!("path: {}\n", self.path(*file)),
            Some(Source::Made(author)) => self.lines(author).map(|line| line + "\n").collect(),
        };
        self.set(resource, ("config.kubernetes.io/origin", &text), by);
    }

    fn transformers(&self, resource: &mut Resource, by: Span) {
        let mut text = String::new();
        for author in &resource.transformers {
            for (row, line) in self.lines(author).enumerate() {
                text = text + if row == 0 { "- " } else { "  " } + &line + "\n";
            }
        }
        if !text.is_empty() {
            self.set(resource, ("alpha.config.kubernetes.io/transformations", &text), by);
        }
    }

    fn lines(&self, author: &Author) -> impl Iterator<Item = String> {
        let given = |field: &str, text: &str| (!text.is_empty()).then(|| format!("  {field}: {text}"));
        [
            Some(format!("configuredIn: {}", self.path(author.file))),
            Some("configuredBy:".to_owned()),
            given("apiVersion", &author.api_version),
            given("kind", &author.kind),
            given("name", &author.name),
            given("namespace", &author.namespace),
        ]
        .into_iter()
        .flatten()
    }

    fn path(&self, file: FileId) -> String {
        relative(self.folder, self.cx.trees.sources().path(file))
    }

    fn set(&self, resource: &mut Resource, annotation: (&str, &str), by: Span) {
        set_in_metadata(self.cx.trees, &mut resource.value, "annotations", annotation, by);
    }
}

/// The way from a folder to a file.
fn relative(folder: &RepoPath, file: &RepoPath) -> String {
    let (from, to): (Vec<&str>, Vec<&str>) = (folder.segments().collect(), file.segments().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - shared);
    up.chain(to[shared..].iter().copied()).collect::<Vec<_>>().join("/")
}

fn add_managed_by(trees: &Trees, resource: &mut Resource, by: Span) -> Result<(), Problem> {
    let labels = trees.view(&resource.value).path(["metadata", "labels"]);
    if let Some(labels) = labels.filter(|labels| !labels.is_map() && !labels.is_null()) {
        let message = format!("the labels of {} are no map, so none can be added", resource.id);
        return Err(does_not_build(labels.place(), message).with_related(by, "asked for here"));
    }
    set_in_metadata(trees, &mut resource.value, "labels", MANAGED_BY, by);
    Ok(())
}

/// Sets an entry of a map of the metadata, which is made where it is missing.
fn set_in_metadata(trees: &Trees, value: &mut Value, field: &str, (name, text): (&str, &str), by: Span) {
    let old = value.field(trees, "metadata").and_then(|metadata| metadata.field(trees, field)?.field(trees, name));
    let origin = |from| Origin::set(by, How::Transformer, by, from);
    let (key, text) = (Key::made(name, by), Value::text(text, origin(old)));
    value.update_field(trees, "metadata", |metadata| {
        if !trees.view(metadata).get(field).is_some_and(|map| map.is_map()) {
            metadata.set_field(trees, Key::made(field, by), Value::map(Vec::new(), origin(None)));
        }
        metadata.update_field(trees, field, |map| map.set_field(trees, key, text));
    });
}

/// kustomize writes all annotations anew as text, which it does when it notes something there.
pub(super) fn text_annotations(trees: &Trees, value: &mut Value) {
    let annotations = trees.view(value).path(["metadata", "annotations"]);
    if annotations.is_none_or(|annotations| annotations.fields().all(|field| is_tidy(field.value))) {
        return;
    }
    value.update_field(trees, "metadata", |metadata| {
        metadata.update_field(trees, "annotations", |annotations| {
            let Some(entries) = annotations.entries_mut(trees) else { return };
            entries.iter_mut().for_each(|entry| write_as_text(trees, entry));
        });
    });
}

/// kustomize writes all annotations anew: internal ones go, values become text, an empty map goes.
fn tidy_annotations(trees: &Trees, value: &mut Value) {
    join_annotations(trees, value);
    let view = trees.view(value);
    let metadata = view.get("metadata");
    if metadata.is_none_or(|metadata| metadata.is_null()) {
        // Only a list can be without; it is made to clear the annotations in it.
        let origin = Origin::within(metadata.or_else(|| view.get("kind")).unwrap_or(view).place());
        let key = Key::made("metadata", origin.at);
        value.set_field(trees, key, Value::map(Vec::new(), origin));
        return;
    }
    let Some(annotations) = metadata.and_then(|metadata| metadata.get("annotations")) else { return };
    let mut kept = 0;
    let mut untidy = false;
    for field in annotations.fields() {
        if INTERNAL.contains(&field.name()) {
            untidy = true;
        } else {
            kept += 1;
            untidy |= !is_tidy(field.value);
        }
    }
    if kept > 0 && !untidy {
        return;
    }
    value.update_field(trees, "metadata", |metadata| {
        if kept == 0 {
            metadata.remove_field(trees, "annotations");
            return;
        }
        metadata.update_field(trees, "annotations", |annotations| {
            let Some(entries) = annotations.entries_mut(trees) else { return };
            entries.retain(|entry| !INTERNAL.contains(&entry.key.text(trees)));
            entries.iter_mut().for_each(|entry| write_as_text(trees, entry));
        });
    });
}

/// Makes an annotation text. Its history goes on: what is written is the same.
fn write_as_text(trees: &Trees, entry: &mut Entry) {
    let view = trees.view(&entry.value);
    if is_tidy(view) {
        return;
    }
    let set = entry.value.origin().and_then(|origin| origin.set.clone());
    let at = if view.is_unwritten() { entry.key.place(trees) } else { view.place() };
    entry.value = Value::text(&view.written(), Origin { at, set });
}

/// Whether an annotation stays as it is: text, and not in a notation that grows when it is written.
fn is_tidy(annotation: View<'_>) -> bool {
    matches!(annotation.scalar(), Scalar::Str(_)) && annotation.notation() != Some(Kind::Folded)
}

/// Annotations that are given twice become one map, the last value of a key counting: kustomize reads them all and
/// writes one.
fn join_annotations(trees: &Trees, value: &mut Value) {
    let Some(metadata) = trees.view(value).get("metadata") else { return };
    let all: Vec<View<'_>> = metadata.fields().filter(|f| f.name() == "annotations").map(|f| f.value).collect();
    let [_, .., last] = all[..] else { return };
    let mut joined = Value::map(Vec::new(), Origin::within(last.place()));
    for field in all.iter().flat_map(View::fields) {
        joined.set_field(trees, field.key(), field.value.value());
    }
    value.update_field(trees, "metadata", |metadata| {
        while metadata.remove_field(trees, "annotations").is_some() {}
        metadata.set_field(trees, Key::made("annotations", trees.view(&joined).place()), joined);
    });
}
