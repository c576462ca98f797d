//! The kind `definition-fault`: what is wrong with one XRD or Promise by itself.
//!
//! Never: the base; a definition that is refused is refused without one.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::base::Span;
use crate::model::{Object, Trees, View};
use crate::rules::{Check, Facts, Hit, ObjectName, Sink};

pub(super) const KIND: CheckKind = CheckKind {
    name: "definition-fault",
    about: "an XRD or Promise that its controller refuses, or that does not do what is written",
    params: &[ParamDesc {
        name: "fault",
        takes: Takes::OneOf(&[
            "api-not-namespaced",
            "claim-name-conflict",
            "conversion-none",
            "duplicate-pipeline",
            "invalid-api",
            "legacy-field",
            "long-pipeline-name",
            "missing-schema",
            "name-mismatch",
            "reserved-field",
            "short-interval",
        ]),
        need: Need::Required,
        about: "what is wrong",
    }],
    facts: &[],
    words: &[
        ("kind", "the kind that it defines"),
        ("name", "its name"),
        ("field", "the field or version that is wrong"),
        ("wanted", "what it should be"),
    ],
    build,
};

/// A place, the field, what it should be.
type Fault = (Span, String, String);
type Judge = fn(View<'_>) -> Vec<Fault>;

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let (kind, judge): (&str, Judge) = match params.text("fault") {
        "api-not-namespaced" => ("Promise", api_not_namespaced),
        "duplicate-pipeline" => ("Promise", duplicate_pipeline),
        "long-pipeline-name" => ("Promise", long_pipeline_name),
        "invalid-api" => return Ok(Check::Change(Box::new(|facts, sink| changed(facts, invalid_api, sink)))),
        "short-interval" => return Ok(Check::Change(Box::new(|facts, sink| changed(facts, short_interval, sink)))),
        "claim-name-conflict" => ("CompositeResourceDefinition", claim_name_conflict),
        "conversion-none" => ("CompositeResourceDefinition", conversion_none),
        "legacy-field" => ("CompositeResourceDefinition", legacy_field),
        "missing-schema" => ("CompositeResourceDefinition", missing_schema),
        "name-mismatch" => ("CompositeResourceDefinition", name_mismatch),
        _ => ("CompositeResourceDefinition", reserved_field),
    };
    let group = if kind == "Promise" { "platform.kratix.io" } else { "apiextensions.crossplane.io" };
    Ok(Check::Value(Box::new(move |trees: &Trees, object: &Object, sink: &mut Sink| {
        if !object.is(group, kind) {
            return;
        }
        let view = object.view(trees);
        for fault in judge(view) {
            sink.report(hit(object, view, fault));
        }
    })))
}

fn hit(object: &Object, view: View<'_>, (at, field, wanted): Fault) -> Hit {
    let defined = view.path(["spec", "names", "kind"]).or_else(|| view.path(["spec", "api", "spec", "names", "kind"]));
    let defined = defined.map(|kind| kind.written().into_owned());
    Hit::at(at)
        .word("kind", defined.unwrap_or_else(|| object.key.name.to_string()))
        .word("name", &*object.key.name)
        .mark(field.clone())
        .word("field", field)
        .word("wanted", wanted)
}

/// Faults of Promises for which Kratix refuses a change: those that the base has too are not this one's.
fn changed(facts: &Facts<'_>, judge: Judge, sink: &mut Sink) {
    let Some(base) = facts.base else { return };
    for pair in &facts.changes.objects {
        let Some(at) = pair.head else { continue };
        let object = facts.head.object(at);
        if !object.is("platform.kratix.io", "Promise") {
            continue;
        }
        let view = object.view(facts.trees);
        let before = pair.base.map(|was| judge(base.object(was).view(facts.trees))).unwrap_or_default();
        for fault in judge(view) {
            if before.iter().any(|(_, field, wanted)| (field, wanted) == (&fault.1, &fault.2)) {
                continue;
            }
            let mut hit = hit(object, view, fault);
            hit.object = Some(ObjectName::of(object));
            hit.build = Some(at.build);
            sink.report(hit);
        }
    }
}

fn versions(object: View<'_>) -> impl Iterator<Item = View<'_>> {
    object.path(["spec", "versions"]).into_iter().flat_map(|list| list.items())
}

fn name_mismatch(object: View<'_>) -> Vec<Fault> {
    let parts =
        (object.path(["metadata", "name"]), object.path(["spec", "names", "plural"]), object.path(["spec", "group"]));
    let (Some(name), Some(plural), Some(group)) = parts else { return Vec::new() };
    let wanted = format!("{}.{}", plural.written(), group.written());
    if name.written() == wanted { Vec::new() } else { vec![(name.place(), name.written().into_owned(), wanted)] }
}

fn missing_schema(object: View<'_>) -> Vec<Fault> {
    let bare = versions(object).filter(|version| version.path(["schema", "openAPIV3Schema"]).is_none());
    bare.filter_map(|version| version.get("name"))
        .map(|name| (name.place(), name.written().into_owned(), "a schema".to_owned()))
        .collect()
}

fn claim_name_conflict(object: View<'_>) -> Vec<Fault> {
    let keys = ["kind", "plural", "singular", "listKind"];
    let same = |key: &str| {
        let (own, claim) = (object.path(["spec", "names", key])?, object.path(["spec", "claimNames", key])?);
        (own.written() == claim.written())
            .then(|| (claim.place(), format!("claimNames.{key}"), format!("other than `{}`", own.written())))
    };
    keys.into_iter().find_map(same).into_iter().collect()
}

fn is_modern(object: View<'_>) -> bool {
    object.str_at(["apiVersion"]).is_some_and(|version| version.ends_with("/v2"))
}

/// Only Crossplane's v1 API takes a stanza, and only for a webhook.
fn conversion_none(object: View<'_>) -> Vec<Fault> {
    let strategy = object.path(["spec", "conversion", "strategy"]);
    let none = strategy.filter(|strategy| !is_modern(object) && strategy.written() == "None");
    none.map(|at| (at.place(), "conversion.strategy".to_owned(), "left out".to_owned())).into_iter().collect()
}

fn legacy_field(object: View<'_>) -> Vec<Fault> {
    let default = if is_modern(object) { "Namespaced" } else { "LegacyCluster" };
    if object.str_at(["spec", "scope"]).unwrap_or(default) == "LegacyCluster" {
        return Vec::new();
    }
    let written = |name: &str| {
        let field = object.get("spec")?.field(name)?;
        let holds = !field.value.is_null() && (field.value.is_map() || field.value.item(0).is_some());
        holds.then(|| (field.key_place(), name.to_owned(), "left out, or `scope: LegacyCluster`".to_owned()))
    };
    ["claimNames", "connectionSecretKeys"].into_iter().filter_map(written).collect()
}

/// Fields that Crossplane puts in place of what is written (`xcrd`).
fn reserved_field(object: View<'_>) -> Vec<Fault> {
    const SPEC: [&str; 8] = [
        "claimRef",
        "compositionRef",
        "compositionRevisionRef",
        "compositionRevisionSelector",
        "compositionSelector",
        "compositionUpdatePolicy",
        "resourceRefs",
        "writeConnectionSecretToRef",
    ];
    const CLAIM: [&str; 2] = ["compositeDeletePolicy", "resourceRef"];
    const STATUS: [&str; 2] = ["claimConditionTypes", "connectionDetails"];
    let default = if is_modern(object) { "Namespaced" } else { "LegacyCluster" };
    let is_legacy = object.str_at(["spec", "scope"]).unwrap_or(default) == "LegacyCluster";
    let claims = object.path(["spec", "claimNames"]).is_some();
    let is_reserved = |part: &str, name: &str| match part {
        "spec" if !is_legacy => name == "crossplane",
        "spec" => SPEC.contains(&name) || (claims && CLAIM.contains(&name)),
        _ => name == "conditions" || if is_legacy { STATUS.contains(&name) } else { name == "crossplane" },
    };
    let mut faults = Vec::new();
    for version in versions(object) {
        for part in ["spec", "status"] {
            let written = version.path(["schema", "openAPIV3Schema", "properties", part, "properties"]);
            let fields = written.into_iter().flat_map(|fields| fields.fields());
            faults.extend(
                fields
                    .filter(|field| is_reserved(part, field.name()))
                    .map(|field| (field.key_place(), format!("{part}.{}", field.name()), "another name".to_owned())),
            );
        }
    }
    faults
}

fn api_not_namespaced(object: View<'_>) -> Vec<Fault> {
    let scope = object.path(["spec", "api", "spec", "scope"]);
    let cluster = scope.filter(|scope| scope.written() == "Cluster");
    cluster.map(|scope| (scope.place(), "scope".to_owned(), "Namespaced".to_owned())).into_iter().collect()
}

fn pipelines(object: View<'_>) -> impl Iterator<Item = (&'static str, &'static str, Vec<View<'_>>)> {
    let pairs = [("resource", "configure"), ("resource", "delete"), ("promise", "configure"), ("promise", "delete")];
    pairs.into_iter().map(move |(subject, action)| {
        let list = object.path(["spec", "workflows", subject, action]);
        let names = list.into_iter().flat_map(|list| list.items()).filter_map(|item| item.path(["metadata", "name"]));
        (subject, action, names.collect())
    })
}

fn duplicate_pipeline(object: View<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (subject, action, names) in pipelines(object) {
        for (row, name) in names.iter().enumerate() {
            if names[..row].iter().any(|other| other.written() == name.written()) {
                let wanted = format!("a name of its own in {subject}.{action}");
                faults.push((name.place(), name.written().into_owned(), wanted));
            }
        }
    }
    faults
}

/// Kratix joins the Promise's name, the subject, the action and the pipeline's name to one label of 60 characters.
fn long_pipeline_name(object: View<'_>) -> Vec<Fault> {
    const LONGEST: usize = 60;
    let promise = object.path(["metadata", "name"]).map(|name| name.written().len()).unwrap_or_default();
    let mut faults = Vec::new();
    for (subject, action, names) in pipelines(object) {
        let used = promise + subject.len() + action.len() + 3;
        for name in names.iter().filter(|name| used + name.written().len() > LONGEST) {
            let wanted = format!("at most {} characters here", LONGEST.saturating_sub(used));
            faults.push((name.place(), name.written().into_owned(), wanted));
        }
    }
    faults
}

/// What the API server refuses of the CRD in a Promise; how many versions are stored is a rule of its own.
fn invalid_api(object: View<'_>) -> Vec<Fault> {
    let Some(api) = object.path(["spec", "api"]) else { return Vec::new() };
    let key = object.get("spec").and_then(|spec| spec.field("api")).map_or(api.place(), |field| field.key_place());
    let mut faults = Vec::new();
    for (field, wanted) in [("apiVersion", "apiextensions.k8s.io/v1"), ("kind", "CustomResourceDefinition")] {
        let written = api.get(field);
        if written.is_none_or(|written| written.written() != wanted) {
            faults.push((
                written.map_or(key, |written| written.place()),
                format!("api.{field}"),
                format!("`{wanted}`"),
            ));
        }
    }
    let named = [
        ("api.spec.group", api.path(["spec", "group"])),
        ("api.spec.names.kind", api.path(["spec", "names", "kind"])),
        ("api.spec.names.plural", api.path(["spec", "names", "plural"])),
    ];
    for (field, found) in named {
        if found.is_none_or(|found| found.written().trim().is_empty()) {
            faults.push((key, field.to_owned(), "a name".to_owned()));
        }
    }
    faults.extend(name_of_api(api));
    faults.extend(versions_of_api(api, key));
    faults
}

fn name_of_api(api: View<'_>) -> Option<Fault> {
    let name = api.path(["metadata", "name"])?;
    let (plural, group) = (api.path(["spec", "names", "plural"])?, api.path(["spec", "group"])?);
    let wanted = format!("{}.{}", plural.written(), group.written());
    (name.written() != wanted).then(|| (name.place(), "api.metadata.name".to_owned(), format!("`{wanted}`")))
}

fn versions_of_api(api: View<'_>, key: Span) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for version in versions(api) {
        let Some(name) = version.get("name") else {
            faults.push((version.place(), "api.spec.versions".to_owned(), "a name for each".to_owned()));
            continue;
        };
        let (place, name) = (name.place(), name.written().into_owned());
        if version.path(["schema", "openAPIV3Schema"]).is_none() {
            faults.push((place, format!("version {name}"), "a schema".to_owned()));
        }
        if names.contains(&name) {
            faults.push((place, format!("version {name}"), "a name of its own".to_owned()));
        }
        names.push(name);
    }
    if names.is_empty() && faults.is_empty() {
        faults.push((key, "api.spec.versions".to_owned(), "at least one version".to_owned()));
    }
    faults
}

/// Kratix takes no interval of less than a minute.
fn short_interval(object: View<'_>) -> Vec<Fault> {
    const ANNOTATION: &str = "kratix.io/reconciliation-interval";
    let of_spec = object.path(["spec", "workflows", "config", "reconciliationInterval"]);
    let of_annotation = object.path(["metadata", "annotations", ANNOTATION]);
    let named = [("workflows.config.reconciliationInterval", of_spec), (ANNOTATION, of_annotation)];
    let short = |(name, value): (&str, Option<View<'_>>)| {
        let value = value?;
        let is_short = seconds(&value.written()).is_none_or(|seconds| seconds < 60.0);
        is_short.then(|| (value.place(), name.to_owned(), "at least `1m`".to_owned()))
    };
    named.into_iter().filter_map(short).collect()
}

/// The seconds of a duration as Go writes it: `1h30m`, `45s`, `500ms`.
fn seconds(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    if rest == "0" {
        return Some(0.0);
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|char: char| !char.is_ascii_digit() && char != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest.find(|char: char| char.is_ascii_digit() || char == '.').unwrap_or(rest.len());
        total += number
            * match &rest[..end] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 0.001,
                "us" | "µs" => 0.000_001,
                "ns" => 0.000_000_001,
                _ => return None,
            };
        rest = &rest[end..];
    }
    Some(total)
}
