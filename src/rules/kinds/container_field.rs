//! The kind `container-field`: a field of a container that has one of the values a rule names.
//!
//! Never: a default that the API server sets; only what is written counts.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::model::{Object, Trees, View};
use crate::rules::{Check, Hit, Sink};

pub(super) const KIND: CheckKind = CheckKind {
    name: "container-field",
    about: "a field of a container (init and ephemeral ones too) that has one of some values, in every kind that holds a pod",
    params: &[
        ParamDesc {
            name: "field",
            takes: Takes::Text,
            need: Need::Required,
            about: "the path in the container, with dots: `securityContext.privileged`",
        },
        ParamDesc {
            name: "values",
            takes: Takes::Scalars,
            need: Need::Required,
            about: "the values that are findings",
        },
    ],
    facts: &[],
    words: &[
        ("container", "the container's name"),
        ("field", "the path in the container"),
        ("value", "the value there"),
        ("kind", "the object's kind"),
        ("name", "the object's name"),
    ],
    build,
};

fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let field = params.text("field").to_owned();
    let values = params.values("values").to_vec();
    if field.split('.').any(str::is_empty) {
        return Err(vec![format!("`{field}` is no path of a field")]);
    }
    Ok(Check::Value(Box::new(move |trees, object, sink| judge(trees, object, &field, &values, sink))))
}

fn judge(trees: &Trees, object: &Object, field: &str, values: &[serde_json::Value], sink: &mut Sink) {
    for (container, pointer) in containers(trees, object) {
        let found = field.split('.').try_fold(container, |at, name| at.get(name));
        let Some(found) = found.filter(View::is_scalar) else { continue };
        if !values.contains(&found.to_json()) {
            continue;
        }
        let hit = Hit::at(found.place())
            .word("container", container.str_at(["name"]).unwrap_or("without a name"))
            .word("field", field)
            .word("value", found.written())
            .word("kind", &*object.key.kind)
            .word("name", &*object.key.name)
            .field(format!("{pointer}/{}", field.replace('.', "/")));
        sink.report(hit);
    }
}

/// The containers of an object that holds a pod, each with its JSON pointer.
fn containers<'t>(trees: &'t Trees, object: &'t Object) -> Vec<(View<'t>, String)> {
    let Some(path) = pod_path(&object.key.group, &object.key.kind) else { return Vec::new() };
    let Some(pod) = path.iter().try_fold(object.view(trees), |at, name| at.get(name)) else { return Vec::new() };
    let lists = ["containers", "initContainers", "ephemeralContainers"];
    lists
        .into_iter()
        .filter_map(|list| Some((list, pod.get(list)?)))
        .flat_map(|(list, items)| {
            let at = move |(row, item)| (item, format!("/{}/{list}/{row}", path.join("/")));
            items.items().enumerate().map(at)
        })
        .collect()
}

/// Where a kind holds its pod's spec.
fn pod_path(group: &str, kind: &str) -> Option<&'static [&'static str]> {
    match (group, kind) {
        ("", "Pod") => Some(&["spec"]),
        ("", "PodTemplate") => Some(&["template", "spec"]),
        ("batch", "CronJob") => Some(&["spec", "jobTemplate", "spec", "template", "spec"]),
        ("apps" | "extensions", "Deployment" | "DaemonSet" | "StatefulSet" | "ReplicaSet")
        | ("", "ReplicationController")
        | ("batch", "Job")
        | ("argoproj.io", "Rollout") => Some(&["spec", "template", "spec"]),
        _ => None,
    }
}
