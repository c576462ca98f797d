//! The kind `application`: what Argo CD Applications and Flux Kustomizations may do without a person's consent, where
//! that would be too much.
//!
//! Never: what a field means for a controller; the views of `model/` and `delivery/` know when it takes effect.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::base::Span;
use crate::delivery::{Application, Controller, Stage, Tier, environment_of, tier_of};
use crate::model::{ArgoApplication, ArgoApplicationSet, FluxKustomization, Trees, View};
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::world::World;

pub(super) const KIND: CheckKind = CheckKind {
    name: "application",
    about: "what an application may do without a person's consent",
    params: &[
        ParamDesc {
            name: "of",
            takes: Takes::SomeOf(&["root", "core", "production", "stateful"]),
            need: Need::Optional,
            about: "`root`: its sources hold applications; `core`: of the core tier and no root; `production`: of that environment; `stateful`: it holds volume claims, StatefulSets or CRDs; any where it is left out",
        },
        ParamDesc {
            name: "by",
            takes: Takes::OneOf(&["argo-cd", "flux"]),
            need: Need::Optional,
            about: "the controller; both where it is left out",
        },
        ParamDesc {
            name: "has",
            takes: Takes::OneOf(HAS),
            need: Need::Required,
            about: "what it may do: delete what leaves Git, sync by itself (`bare-automated`: with an empty block), delete everything when it is deleted, empty itself, replace objects, skip their validation, hide whole objects from comparison, try again for ever, delete applications that a generator does not give any more",
        },
    ],
    facts: &[("flux", "a Flux Kustomization")],
    words: &[
        ("application", "the application's namespace and name"),
        ("kind", "its kind"),
        ("path", "the path that puts it there, where there is one"),
        ("what", "the value that allows it"),
    ],
    build,
};

const HAS: &[&str] = &[
    "prune",
    "automated",
    "bare-automated",
    "cascade",
    "allow-empty",
    "replace",
    "skipped-validation",
    "broad-ignore",
    "endless-retry",
    "deleting-set",
];

/// A value of an application, and its field as a JSON pointer.
type Found = (Span, String);

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let of = params.texts("of");
    let by = match params.text("by") {
        "argo-cd" => Some(Controller::ArgoCd),
        "flux" => Some(Controller::Flux),
        _ => None,
    };
    let has = params.text("has").to_owned();
    Ok(Check::World(Box::new(move |trees, world, sink| {
        let subjects = world.applications.iter().filter(|found| by.is_none_or(|by| found.controller == by));
        for application in subjects {
            let found = find(&has, trees, application);
            if found.is_empty() {
                continue;
            }
            let paths = of.iter().map(|of| path_of(of, trees, world, application));
            let path = if of.is_empty() { Some(String::new()) } else { paths.flatten().next() };
            let Some(path) = path else { continue };
            for found in found {
                report(trees, world, application, (found, &path), sink);
            }
        }
    })))
}

fn report(trees: &Trees, world: &World, application: &Application, (found, path): (Found, &str), sink: &mut Sink) {
    let (at, field) = found;
    let what = what(trees, at, &field);
    let field = if application.is_generated() { format!("/spec/template{field}") } else { field };
    let kind = application.object.key.kind.to_string();
    let mut hit = Hit::at(at);
    hit.side = world.side;
    let mut hit = hit
        .word("application", application.object.key.title())
        .word("kind", kind.clone())
        .word("path", path)
        .word("what", what)
        .related(application.place, format!("of this {kind}"));
    if at != application.place {
        hit = hit.field(field);
    }
    if application.controller == Controller::Flux {
        hit = hit.fact("flux");
    }
    hit.object = Some(ObjectName::of(&application.object));
    // Overlays that put one line into several namespaces are one finding.
    hit.together = Some(format!("{}:{}", trees.sources().path(at.file), at.range.start));
    sink.report(hit);
}

/// The first line of a value, with its key where it says nothing alone.
fn what(trees: &Trees, at: Span, field: &str) -> String {
    let text = trees.sources().shown_slice(at);
    let text = text.lines().next().unwrap_or_default().trim_matches(['\'', '"']);
    match field.rsplit_once('/') {
        Some((_, key)) if matches!(text, "true" | "*") => format!("{key}: {text}"),
        _ => text.to_owned(),
    }
}

/// The path by which an application is what `of` asks for; empty where no path says it.
fn path_of(of: &str, trees: &Trees, world: &World, application: &Application) -> Option<String> {
    let first = || application.builds.first().map(|(build, _)| build.path.to_string()).unwrap_or_default();
    match of {
        "root" => application.is_root.then(first),
        "core" => {
            let is_core = |path: &crate::base::RepoPath| tier_of(path, &world.layout) == Some(Tier::Core);
            let core = application.builds.iter().find(|(build, _)| is_core(&build.path));
            core.filter(|_| !application.is_root).map(|(build, _)| build.path.to_string())
        }
        "production" => production(trees, world, application),
        _ => holds_state(world, application).then(first),
    }
}

fn production(trees: &Trees, world: &World, application: &Application) -> Option<String> {
    let own = trees.sources().path(application.place.file);
    let label = application.view(trees).str_at(["metadata", "labels", "environment"]);
    let destination = application.cluster.as_deref();
    let mut paths = application.builds.iter().map(|(build, _)| &build.path).chain([own]);
    paths.find_map(|path| {
        let environment = environment_of(path, label, destination, &world.layout)?;
        (environment.stage == Some(Stage::Production)).then(|| path.to_string())
    })
}

fn holds_state(world: &World, application: &Application) -> bool {
    world.builds_of(application).flat_map(|built| &built.rendered.objects).any(|object| {
        let key = (&*object.key.group, &*object.key.kind);
        matches!(
            key,
            ("", "PersistentVolumeClaim")
                | ("apps", "StatefulSet")
                | ("apiextensions.k8s.io", "CustomResourceDefinition")
        )
    })
}

fn find(has: &str, trees: &Trees, application: &Application) -> Vec<Found> {
    let view = application.view(trees);
    match (has, application.controller) {
        ("prune", controller) => {
            let field = if controller == Controller::Flux { "/spec/prune" } else { "/spec/syncPolicy/automated/prune" };
            application.prunes.map(|at| (at, field.to_owned())).into_iter().collect()
        }
        ("deleting-set", Controller::ArgoCd) => deleting_set(trees, application),
        (has, Controller::ArgoCd) => of_argo(has, view),
        ("replace", Controller::Flux) => one(FluxKustomization::new(view).force(), "/spec/force"),
        (_, Controller::Flux) => Vec::new(),
    }
}

fn one(found: Option<View<'_>>, field: &str) -> Vec<Found> {
    found.map(|view| (view.place(), field.to_owned())).into_iter().collect()
}

fn of_argo(has: &str, view: View<'_>) -> Vec<Found> {
    const AUTOMATED: &str = "/spec/syncPolicy/automated";
    const OPTIONS: &str = "/spec/syncPolicy/syncOptions";
    let argo = ArgoApplication::new(view);
    // The block's own line: what is in it may each be right.
    let key = || {
        let block = view.path(["spec", "syncPolicy"]).and_then(|policy| policy.field("automated"));
        block.map(|field| (field.key_place(), AUTOMATED.to_owned())).into_iter().collect()
    };
    match has {
        "automated" => argo.automated().map(|_| key()).unwrap_or_default(),
        "bare-automated" => {
            let bare = argo.automated().filter(|block| block.get("prune").is_none() && block.get("selfHeal").is_none());
            bare.map(|_| key()).unwrap_or_default()
        }
        "cascade" => one(argo.cascade(), "/metadata/finalizers"),
        "allow-empty" => one(argo.allow_empty(), "/spec/syncPolicy/automated/allowEmpty"),
        "replace" => ["Replace=true", "Force=true"].iter().flat_map(|o| one(argo.sync_option(o), OPTIONS)).collect(),
        "skipped-validation" => one(argo.sync_option("Validate=false"), OPTIONS),
        "endless-retry" => {
            let limit = argo.retry_limit().filter(|limit| limit.as_int().is_some_and(|limit| limit < 0));
            one(limit, "/spec/syncPolicy/retry/limit")
        }
        "broad-ignore" => argo.ignored_differences().filter_map(broad).collect(),
        _ => Vec::new(),
    }
}

/// What hides more than it should: the whole `spec`, every kind, or all that somebody else wrote of an object that
/// guards others.
fn broad(entry: View<'_>) -> Option<Found> {
    let field = |name: &str| format!("/spec/ignoreDifferences/{name}");
    let group = entry.str_at(["group"]);
    let whole_kind = entry.get("kind").filter(|kind| kind.as_str() == Some("*"));
    if let Some(kind) = whole_kind {
        return Some((kind.place(), field("kind")));
    }
    let lists = [("jsonPointers", &["", "/", "/spec"][..]), ("jqPathExpressions", &[".", ".spec"])];
    for (name, whole) in lists {
        let items = entry.get(name).into_iter().flat_map(|list| list.items());
        if let Some(item) = items.into_iter().find(|item| item.as_str().is_some_and(|text| whole.contains(&text))) {
            return Some((item.place(), field(name)));
        }
    }
    let guards = matches!(group, Some("rbac.authorization.k8s.io"))
        || entry.str_at(["kind"]).is_some_and(|kind| kind == "NetworkPolicy");
    let managers = entry.field("managedFieldsManagers").filter(|_| guards)?;
    Some((managers.key_place(), field("managedFieldsManagers")))
}

/// An ApplicationSet that deletes applications whenever its generators stop giving them.
fn deleting_set(trees: &Trees, application: &Application) -> Vec<Found> {
    let view = application.object.view(trees);
    if !application.is_generated() || !ArgoApplicationSet::new(view).deletes() {
        return Vec::new();
    }
    vec![(application.place, String::new())]
}
