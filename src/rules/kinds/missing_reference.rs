//! The kind `missing-reference`: objects that name a source, a store, a project or a dependency that nobody defines.
//!
//! Never: a kind of which the repository defines none; those come from elsewhere.

use super::defined::{Defined, Name, cluster_of, depends_on, is_open, may_be, waits};
use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::model::{ARGO_GROUP, FLUX_KUSTOMIZE_GROUP, FLUX_SOURCE_GROUP, Object, Trees, View};
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::world::{ObjectAt, World};

pub(super) const KIND: CheckKind = CheckKind {
    name: "missing-reference",
    about: "objects that name another one that nobody defines, where the repository defines others of its kind",
    params: &[ParamDesc {
        name: "to",
        takes: Takes::OneOf(&["source", "dependency"]),
        need: Need::Required,
        about: "`source`: sources and charts of Flux, secret stores, Crossplane's provider configurations, Argo CD's projects; `dependency`: what `dependsOn` lists",
    }],
    facts: &[("project", "a project of Argo CD")],
    words: &[
        ("kind", "the object's kind"),
        ("name", "its namespace and name"),
        ("target", "the kind that is named"),
        ("missing", "the name that nobody has"),
    ],
    build,
};

const HELM_GROUP: &str = "helm.toolkit.fluxcd.io";
const STORE_GROUP: &str = "external-secrets.io";

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let find = if params.text("to") == "dependency" { dependencies } else { sources };
    Ok(Check::World(Box::new(move |trees, world, sink| judge(trees, world, find, sink))))
}

/// One object naming another.
struct Reference<'t> {
    to: Name<'t>,
    at: View<'t>,
    field: String,
    place: Lookup,
}

/// Where a name is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lookup {
    /// In a namespace.
    Namespace,
    /// In the whole cluster.
    Cluster,
}

type Find = for<'t> fn(&'t Object, View<'t>, Name<'t>) -> Vec<Reference<'t>>;

fn judge(trees: &Trees, world: &World, find: Find, sink: &mut Sink) {
    let is_target = |group: &str, kind: &str| {
        group == FLUX_SOURCE_GROUP
            || waits(group, kind)
            || kind == "AppProject"
            || (group == STORE_GROUP && kind.ends_with("SecretStore"))
            || kind.ends_with("ProviderConfig")
    };
    let defined = Defined::of(trees, world, &is_target);
    for (at, object) in world.objects() {
        let (group, kind) = (&*object.key.group, &*object.key.kind);
        let cluster = cluster_of(&world.builds[at.build]);
        let own = Name { group, kind, cluster, namespace: &object.key.namespace, name: &object.key.name };
        for reference in find(object, object.view(trees), own) {
            let Some(is_known) = is_known(&defined, &reference, own) else { continue };
            if is_known {
                continue;
            }
            if is_in_chart(trees, world, reference.to.kind) {
                sink.undecided();
            } else {
                report(world, (at, object), &reference, sink);
            }
        }
    }
}

/// Whether somebody has the name; `None` where that is not for this repository to say.
fn is_known(defined: &Defined<'_>, reference: &Reference<'_>, own: Name<'_>) -> Option<bool> {
    let to = reference.to;
    let is_bootstrap = to.name == "flux-system" && (to.group == FLUX_SOURCE_GROUP || to.group == FLUX_KUSTOMIZE_GROUP);
    if is_open(to.name) || is_bootstrap {
        return None;
    }
    let is_there = |name: &&Name<'_>| {
        (name.name == to.name || is_open(name.name))
            && (reference.place == Lookup::Cluster || may_be(name.namespace, to.namespace))
    };
    if defined.has(&to) || defined.beside(to).any(|name| is_there(&name)) {
        return Some(true);
    }
    let is_beside = |name: &&Name<'_>| {
        let is_own = name.kind == own.kind && name.name == own.name && name.namespace == own.namespace;
        !is_own && (reference.place == Lookup::Cluster || name.namespace == to.namespace)
    };
    defined.beside(to).find(is_beside).map(|_| false)
}

/// Whether a template of a chart makes objects of a kind: what they are called is not known.
fn is_in_chart(trees: &Trees, world: &World, kind: &str) -> bool {
    let line = format!("kind: {kind}");
    let is_template =
        |file: &&crate::base::FileId| trees.sources().path(**file).segments().any(|segment| segment == "templates");
    world.texts.iter().filter(is_template).any(|file| trees.sources().text(*file).lines().any(|l| l.trim() == line))
}

fn report(world: &World, (at, object): (ObjectAt, &Object), reference: &Reference<'_>, sink: &mut Sink) {
    let key = &object.key;
    let name = key.title();
    let to = reference.to;
    let is_named = reference.place == Lookup::Cluster || to.namespace.is_empty() || to.namespace == &*key.namespace;
    let missing = if is_named { to.name.to_owned() } else { format!("{}/{}", to.namespace, to.name) };
    let mut hit = Hit::at(reference.at.place())
        .word("kind", &*key.kind)
        .word("name", name)
        .word("target", to.kind)
        .word("missing", missing)
        .field(reference.field.clone());
    hit.side = world.side;
    hit.build = Some(at.build);
    hit.object = Some(ObjectName::of(object));
    if to.kind == "AppProject" {
        hit.facts.push("project");
        hit.together = Some(to.name.to_owned());
    }
    sink.report(hit);
}

fn dependencies<'t>(_: &'t Object, view: View<'t>, own: Name<'t>) -> Vec<Reference<'t>> {
    if !waits(own.group, own.kind) {
        return Vec::new();
    }
    let entry = |found: super::defined::Depends<'t>| Reference {
        to: found.on,
        at: found.at,
        field: format!("/spec/dependsOn/{}/name", found.row),
        place: Lookup::Namespace,
    };
    depends_on(view, own).into_iter().map(entry).collect()
}

fn sources<'t>(object: &'t Object, view: View<'t>, own: Name<'t>) -> Vec<Reference<'t>> {
    let found = match (own.group, own.kind) {
        (FLUX_KUSTOMIZE_GROUP, "Kustomization") | ("image.toolkit.fluxcd.io", "ImageUpdateAutomation") => {
            of_flux(view, own, &["spec", "sourceRef"])
        }
        (HELM_GROUP, "HelmRelease") => of_flux(view, own, &["spec", "chart", "spec", "sourceRef"])
            .or_else(|| of_flux(view, own, &["spec", "chartRef"])),
        (STORE_GROUP, "ExternalSecret") => store(view, own),
        (ARGO_GROUP, "Application") => project(view.get("spec"), own, "/spec/project"),
        (ARGO_GROUP, "ApplicationSet") => {
            project(view.path(["spec", "template", "spec"]), own, "/spec/template/spec/project")
        }
        _ => None,
    };
    found.or_else(|| provider(object, view, own)).into_iter().collect()
}

/// A source that Flux reads. What an `ArtifactGenerator` makes is known to the cluster alone.
fn of_flux<'t>(view: View<'t>, own: Name<'t>, path: &[&str]) -> Option<Reference<'t>> {
    let reference = path.iter().try_fold(view, |at, name| at.get(name))?;
    let kind = reference.str_at(["kind"]).filter(|kind| *kind != "ExternalArtifact")?;
    let group = reference.str_at(["apiVersion"]).map_or(FLUX_SOURCE_GROUP, |v| crate::model::split_api_version(v).0);
    let at = reference.get("name")?;
    let namespace = reference.str_at(["namespace"]).filter(|written| !written.is_empty()).unwrap_or(own.namespace);
    let to = Name { group, kind, namespace, name: at.as_str()?, ..own };
    Some(Reference { to, at, field: format!("/{}/name", path.join("/")), place: Lookup::Namespace })
}

fn store<'t>(view: View<'t>, own: Name<'t>) -> Option<Reference<'t>> {
    let reference = view.path(["spec", "secretStoreRef"])?;
    let at = reference.get("name")?;
    let kind = reference.str_at(["kind"]).unwrap_or("SecretStore");
    let place = if kind == "SecretStore" { Lookup::Namespace } else { Lookup::Cluster };
    let to = Name { kind, name: at.as_str()?, ..own };
    Some(Reference { to, at, field: "/spec/secretStoreRef/name".into(), place })
}

/// A project of Argo CD; `default` is always there.
fn project<'t>(spec: Option<View<'t>>, own: Name<'t>, field: &str) -> Option<Reference<'t>> {
    let at = spec?.get("project")?;
    let name = at.as_str().filter(|name| *name != "default")?;
    let to = Name { kind: "AppProject", name, cluster: None, ..own };
    Some(Reference { to, at, field: field.to_owned(), place: Lookup::Cluster })
}

/// The configuration of the provider that makes a managed resource: its group is the end of the resource's.
fn provider<'t>(object: &'t Object, view: View<'t>, own: Name<'t>) -> Option<Reference<'t>> {
    let reference = view.path(["spec", "providerConfigRef"])?;
    let at = reference.get("name")?;
    let kind = reference.str_at(["kind"]).unwrap_or("ProviderConfig");
    let group = object.key.group.split_once('.').filter(|(_, rest)| rest.contains('.')).map_or(own.group, |g| g.1);
    let to = Name { group, kind, name: at.as_str()?, ..own };
    let place = if group.contains(".m.") { Lookup::Namespace } else { Lookup::Cluster };
    Some(Reference { to, at, field: "/spec/providerConfigRef/name".into(), place })
}
