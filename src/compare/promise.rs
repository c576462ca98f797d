//! The parts of a Kratix Promise: what it brings to its destinations, and what it runs.
//!
//! Never: its API.

use serde_json::Value as Json;

use super::part::{Part, Parts, key_place};
use crate::base::Span;
use crate::model::{View, is_namespaced, is_older_version, promise_selector};

/// What differs in a Promise beside its API.
pub(super) fn compare(old: View<'_>, new: View<'_>, parts: &mut Parts) {
    dependencies(old, new, parts);
    for subject in ["resource", "promise"] {
        pipelines(old, new, parts, subject);
        delete_pipelines(old, new, parts, subject);
        for action in ["configure", "delete"] {
            pipeline_specs(old, new, parts, (subject, action));
        }
    }
    required(old, new, parts);
    versions(old, new, parts);
    destinations(old, new, parts);
    same_version(old, new, parts);
}

/// What goes with a Promise that offers no API: the works of its dependencies and of its own pipelines, which Kratix
/// deletes with it (`deletePromise`, `deleteWork`).
pub(super) fn removed(old: View<'_>, parts: &mut Parts) {
    for pipeline in pipelines_of(old, "promise", "configure") {
        parts.push(Part::PipelineRemoved, (&pipeline.name, ""), pipeline.at, Some(pipeline.at));
    }
    for gone in dependencies_of(old) {
        let (what, name) = gone.told();
        parts.push(what, (&name, ""), gone.at, Some(gone.at));
    }
}

struct Dependency {
    /// Group, kind, namespace, name.
    identity: [String; 4],
    at: Span,
}

impl Dependency {
    /// What its end is, and its name.
    fn told(&self) -> (Part, String) {
        let [_, kind, namespace, name] = &self.identity;
        let slash = if namespace.is_empty() { "" } else { "/" };
        let what = match &**kind {
            "Job" | "Pod" => Part::RunDependencyRemoved,
            _ => Part::DependencyRemoved,
        };
        (what, format!("{kind} {namespace}{slash}{name}"))
    }
}

fn list_of(object: View<'_>) -> (Option<View<'_>>, &'static str) {
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
        let is_clusters = is_namespaced(group, kind) == Some(false);
        let namespace = if is_clusters { String::new() } else { text("namespace") };
        let at = item.get("kind").unwrap_or(item).place();
        Some(Dependency { identity: [group.into(), kind.into(), namespace, text("name")], at })
    };
    list_of(object).0.into_iter().flat_map(|list| list.items()).filter_map(read).collect()
}

fn dependencies(old: View<'_>, new: View<'_>, parts: &mut Parts) {
    let (was, is) = (dependencies_of(old), dependencies_of(new));
    let place = key_place(new, &["spec", list_of(new).1]);
    for gone in was.iter().filter(|gone| !is.iter().any(|left| left.identity == gone.identity)) {
        let (what, name) = gone.told();
        parts.push(what, (&name, ""), place, Some(gone.at));
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
        if let Some(now) = joined.iter().find(same) {
            parts.push(Part::PipelineRenamed, (&pipeline.name, &now.name), now.at, Some(pipeline.at));
        } else {
            let place = key_place(new, &["spec", "workflows", subject, "configure"]);
            parts.push(Part::PipelineRemoved, (&pipeline.name, ""), place, Some(pipeline.at));
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

/// What pipelines that keep their names run, and as whom.
fn pipeline_specs(old: View<'_>, new: View<'_>, parts: &mut Parts, (subject, action): (&str, &str)) {
    let was = pipelines_of(old, subject, action);
    for now in pipelines_of(new, subject, action) {
        let before = was.iter().find(|other| other.name == now.name);
        let (Some(before), Some(spec)) = (before, now.spec) else { continue };
        let Some(old) = before.spec else { continue };
        containers(old, spec, &now.name, parts);
        let (had, has) = (Rights::of(old), Rights::of(spec));
        if let Some(lost) = had.beyond(&has) {
            let at = spec.field("rbac").map_or(now.at, |field| field.key_place());
            let was = old.field("rbac").map_or(before.at, |field| field.key_place());
            parts.push(Part::PipelineRightsNarrowed, (&now.name, &lost), at, Some(was));
        }
    }
}

/// What a container does: its image, its command, its arguments, its environment.
fn containers(old: View<'_>, new: View<'_>, pipeline: &str, parts: &mut Parts) {
    fn of(spec: View<'_>) -> impl Iterator<Item = View<'_>> {
        spec.get("containers").into_iter().flat_map(|list| list.items())
    }
    for now in of(new) {
        let Some(name) = now.get("name") else { continue };
        let named = |other: &View<'_>| other.get("name").is_some_and(|other| other.written() == name.written());
        let Some(was) = of(old).find(named) else { continue };
        let differs = |field: &&str| now.get(field).map(|v| v.to_json()) != was.get(field).map(|v| v.to_json());
        let fields: Vec<&str> = ["image", "command", "args", "env", "envFrom"].into_iter().filter(differs).collect();
        let Some(first) = fields.first() else { continue };
        let place = |item: View<'_>| match item.get(first) {
            Some(value) if value.is_scalar() => value.place(),
            _ => item.field(first).map_or_else(|| item.get("name").unwrap_or(item).place(), |field| field.key_place()),
        };
        let text = |item: View<'_>| item.get(first).map(|value| value.written().into_owned()).unwrap_or_default();
        let said = match *first {
            "image" => format!("image `{}` instead of `{}`", text(now), text(was)),
            _ => format!("other `{}`", fields.join("`, `")),
        };
        parts.push(Part::PipelineContainerChanged, (pipeline, &said), place(now), Some(place(was)));
    }
}

/// What a pipeline may do: the account it runs as, and single permissions.
struct Rights {
    account: String,
    /// Namespace, group, resource, name, verb; `*` stands for all of them.
    granted: Vec<[String; 5]>,
}

impl Rights {
    fn of(spec: View<'_>) -> Self {
        let list = |item: View<'_>, name: &str| -> Vec<String> {
            item.get(name).into_iter().flat_map(|list| list.items()).map(|v| v.written().into_owned()).collect()
        };
        let mut granted = Vec::new();
        let rules = spec.path(["rbac", "permissions"]).into_iter().flat_map(|list| list.items());
        for rule in rules {
            let namespace = rule.get("resourceNamespace").map(|v| v.written().into_owned()).unwrap_or_default();
            let mut names = list(rule, "resourceNames");
            if names.is_empty() {
                names.push("*".to_owned());
            }
            for group in list(rule, "apiGroups") {
                for resource in list(rule, "resources") {
                    for name in &names {
                        for verb in list(rule, "verbs") {
                            granted.push([namespace.clone(), group.clone(), resource.clone(), name.clone(), verb]);
                        }
                    }
                }
            }
        }
        let account = spec.path(["rbac", "serviceAccount"]).map(|v| v.written().into_owned()).unwrap_or_default();
        Self { account, granted }
    }

    /// What these allow and `other` does not, in words.
    fn beyond(&self, other: &Self) -> Option<String> {
        if self.account != other.account {
            let name = |account: &str| match account {
                "" => "the account that Kratix makes".to_owned(),
                account => format!("`{account}`"),
            };
            return Some(format!("it runs as {} instead of {}", name(&other.account), name(&self.account)));
        }
        let covers =
            |wide: &[String; 5], narrow: &[String; 5]| wide.iter().zip(narrow).all(|(w, n)| w == "*" || w == n);
        let lost = self.granted.iter().find(|narrow| !other.granted.iter().any(|wide| covers(wide, narrow)))?;
        let [_, _, resource, _, verb] = lost;
        Some(format!("it may not `{verb}` `{resource}` any more"))
    }
}

/// The Promises that must be there before this one is available.
fn required(old: View<'_>, new: View<'_>, parts: &mut Parts) {
    fn of(object: View<'_>) -> impl Iterator<Item = (View<'_>, Option<View<'_>>)> {
        let list = object.path(["spec", "requiredPromises"]).into_iter().flat_map(|list| list.items());
        list.filter_map(|item| Some((item.get("name")?, item.get("version"))))
    }
    for (name, version) in of(new) {
        let text = |version: Option<View<'_>>| version.map(|v| v.written().into_owned()).unwrap_or_default();
        let wanted = text(version);
        let place = version.unwrap_or(name).place();
        match of(old).find(|(other, _)| other.written() == name.written()) {
            None => {
                let before = key_place(old, &["spec", "requiredPromises"]);
                parts.push(Part::RequiredPromiseAdded, (&name.written(), &wanted), name.place(), Some(before));
            }
            Some((_, was)) if text(was) != wanted => {
                let before = was.map(|was| was.place());
                parts.push(Part::RequiredPromiseVersionChanged, (&name.written(), &wanted), place, before);
            }
            Some(_) => {}
        }
    }
}

/// Kratix takes the version that came last for the latest one, whatever it is called.
fn versions(old: View<'_>, new: View<'_>, parts: &mut Parts) {
    let label = |object: View<'_>| {
        let value = object.path(["metadata", "labels", VERSION])?;
        Some((value.place(), value.written().into_owned()))
    };
    let (Some((before, was)), Some((at, is))) = (label(old), label(new)) else { return };
    if is_older_version(&is, &was) {
        parts.push(Part::VersionDowngraded, (&was, &is), at, Some(before));
    }
}

/// The label that names a Promise's version.
const VERSION: &str = "kratix.io/promise-version";

fn destinations(old: View<'_>, new: View<'_>, parts: &mut Parts) {
    let (was, is) = (promise_selector(old), promise_selector(new));
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
    let (Some(was), Some(is)) = (old.path(["metadata", "labels", VERSION]), new.path(["metadata", "labels", VERSION]))
    else {
        return;
    };
    let (before, at) = (was.place(), is.place());
    let (was, is) = (was.written(), is.written());
    if was == is && promise_content(old) != promise_content(new) {
        parts.push(Part::SameVersion, (&was, &is), at, Some(before));
    }
}

/// What a release of a Promise brings, without what only people read.
#[must_use]
pub fn promise_content(promise: View<'_>) -> Option<Json> {
    promise.get("spec").map(|spec| without_words(spec.to_json()))
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
