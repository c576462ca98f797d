//! The parts of a Kratix Promise: what it brings to its destinations, and what it runs.
//!
//! Never: its API.

use serde_json::Value as Json;

use super::part::{Part, Parts, key_place};
use crate::base::Span;
use crate::model::View;

/// What differs in a Promise beside its API.
pub(super) fn compare(old: View<'_>, new: View<'_>, parts: &mut Parts) {
    dependencies(old, new, parts);
    for subject in ["resource", "promise"] {
        pipelines(old, new, parts, subject);
        delete_pipelines(old, new, parts, subject);
    }
    destinations(old, new, parts);
    same_version(old, new, parts);
}

/// Kinds that live in no namespace, whatever a manifest says.
const CLUSTER_SCOPED: [&str; 10] = [
    "APIService",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "MutatingWebhookConfiguration",
    "Namespace",
    "PersistentVolume",
    "PriorityClass",
    "StorageClass",
    "ValidatingWebhookConfiguration",
];

struct Dependency {
    /// Group, kind, namespace, name.
    identity: [String; 4],
    at: Span,
}

fn list_of<'t>(object: View<'t>) -> (Option<View<'t>>, &'static str) {
    match object.path(["spec", "dependencies"]) {
        Some(list) => (Some(list), "dependencies"),
        None => (object.path(["spec", "workerClusterResources"]), "workerClusterResources"),
    }
}

fn dependencies_of(object: View<'_>) -> Vec<Dependency> {
    let read = |item: View<'_>| {
        let (group, _) = crate::model::split_api_version(item.str_at(["apiVersion"])?);
        let kind = item.str_at(["kind"])?;
        let text = |name| item.path(["metadata", name]).map(|v| v.written().into_owned()).unwrap_or_default();
        let namespace = if CLUSTER_SCOPED.contains(&kind) { String::new() } else { text("namespace") };
        let at = item.get("kind").unwrap_or(item).place();
        Some(Dependency { identity: [group.into(), kind.into(), namespace, text("name")], at })
    };
    list_of(object).0.into_iter().flat_map(|list| list.items()).filter_map(read).collect()
}

fn dependencies(old: View<'_>, new: View<'_>, parts: &mut Parts) {
    let (was, is) = (dependencies_of(old), dependencies_of(new));
    let place = key_place(new, &["spec", list_of(new).1]);
    for gone in was.iter().filter(|gone| !is.iter().any(|left| left.identity == gone.identity)) {
        let [_, kind, namespace, name] = &gone.identity;
        let slash = if namespace.is_empty() { "" } else { "/" };
        let what = match &**kind {
            "Job" | "Pod" => Part::RunDependencyRemoved,
            _ => Part::DependencyRemoved,
        };
        parts.push(what, (&format!("{kind} {namespace}{slash}{name}"), ""), place, Some(gone.at));
    }
}

/// A pipeline by its name.
struct Pipeline<'t> {
    name: String,
    at: Span,
    spec: Option<View<'t>>,
}

fn pipelines_of<'t>(object: View<'t>, subject: &str, action: &str) -> Vec<Pipeline<'t>> {
    let list = object.path(["spec", "workflows", subject, action]);
    let read = |item: View<'t>| {
        let name = item.path(["metadata", "name"])?;
        Some(Pipeline { name: name.written().into_owned(), at: name.place(), spec: item.get("spec") })
    };
    list.into_iter().flat_map(|list| list.items()).filter_map(read).collect()
}

fn pipelines(old: View<'_>, new: View<'_>, parts: &mut Parts, subject: &str) {
    let (was, is) = (pipelines_of(old, subject, "configure"), pipelines_of(new, subject, "configure"));
    let gone: Vec<&Pipeline<'_>> = was.iter().filter(|p| !is.iter().any(|other| other.name == p.name)).collect();
    let joined: Vec<&Pipeline<'_>> = is.iter().filter(|p| !was.iter().any(|other| other.name == p.name)).collect();
    for pipeline in gone {
        let same = |other: &&&Pipeline<'_>| match (pipeline.spec, other.spec) {
            (Some(a), Some(b)) => a.is_equal(&b),
            _ => false,
        };
        match joined.iter().find(same) {
            Some(now) => parts.push(Part::PipelineRenamed, (&pipeline.name, &now.name), now.at, Some(pipeline.at)),
            None => {
                let place = key_place(new, &["spec", "workflows", subject, "configure"]);
                parts.push(Part::PipelineRemoved, (&pipeline.name, ""), place, Some(pipeline.at));
            }
        }
    }
}

fn delete_pipelines(old: View<'_>, new: View<'_>, parts: &mut Parts, subject: &str) {
    let (was, is) = (pipelines_of(old, subject, "delete"), pipelines_of(new, subject, "delete"));
    // Nothing is kept by the name of a pipeline that deletes: as many as before do the same work.
    if is.len() >= was.len() {
        return;
    }
    let place = key_place(new, &["spec", "workflows", subject, "delete"]);
    for gone in was.iter().filter(|p| !is.iter().any(|other| other.name == p.name)) {
        parts.push(Part::DeletePipelineRemoved, (&gone.name, ""), place, Some(gone.at));
    }
}

/// The labels that all selectors ask for together; the first item wins where two disagree.
fn selected(object: View<'_>) -> Vec<(String, String)> {
    let mut labels: Vec<(String, String)> = Vec::new();
    let mut add = |map: View<'_>| {
        for field in map.fields() {
            if !labels.iter().any(|(name, _)| name == field.name()) {
                labels.push((field.name().to_owned(), field.value.written().into_owned()));
            }
        }
    };
    let items = object.path(["spec", "destinationSelectors"]).into_iter().flat_map(|list| list.items());
    items.filter_map(|item| item.get("matchLabels")).for_each(&mut add);
    object.path(["spec", "clusterSelector"]).into_iter().for_each(&mut add);
    labels.sort();
    labels
}

fn destinations(old: View<'_>, new: View<'_>, parts: &mut Parts) {
    let (was, is) = (selected(old), selected(new));
    if was != is {
        let text = |labels: &[(String, String)]| {
            let pairs: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
            if pairs.is_empty() { "every destination".to_owned() } else { pairs.join(", ") }
        };
        let place = key_place(new, &["spec", "destinationSelectors"]);
        let before = key_place(old, &["spec", "destinationSelectors"]);
        parts.push(Part::DestinationsChanged, (&text(&was), &text(&is)), place, Some(before));
    }
}

/// Kratix rewrites the revision of a version in place where the label stays.
fn same_version(old: View<'_>, new: View<'_>, parts: &mut Parts) {
    const LABEL: &str = "kratix.io/promise-version";
    let (Some(was), Some(is)) = (old.path(["metadata", "labels", LABEL]), new.path(["metadata", "labels", LABEL]))
    else {
        return;
    };
    let (before, at) = (was.place(), is.place());
    let (was, is) = (was.written(), is.written());
    let spec = |object: View<'_>| object.get("spec").map(|spec| without_words(spec.to_json()));
    if was == is && spec(old) != spec(new) {
        parts.push(Part::SameVersion, (&was, &is), at, Some(before));
    }
}

/// A spec without what only people read.
fn without_words(mut value: Json) -> Json {
    match &mut value {
        Json::Object(map) => {
            map.retain(|key, value| {
                !(matches!(&**key, "description" | "title") && value.is_string()) && key != "additionalPrinterColumns"
            });
            map.values_mut().for_each(|value| *value = without_words(value.take()));
            map.sort_keys();
        }
        Json::Array(items) => items.iter_mut().for_each(|item| *item = without_words(item.take())),
        _ => {}
    }
    value
}
