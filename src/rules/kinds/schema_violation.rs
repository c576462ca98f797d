//! The kind `schema-violation`: objects that the schema of their kind refuses, where the repository holds that schema.
//!
//! Never: what only somebody else can settle: a value that is filled in or decrypted later, a field that a webhook fills.

use super::defined::versions_of;
use super::{CheckKind, Params};
use crate::api::{Schema, Violation};
use crate::model::{Object, ObjectKey, Trees, View, is_namespaced};
use crate::rules::{Check, Facts, Hit, Node, Sink, Subject};
use crate::world::{Built, World};

pub(super) const KIND: CheckKind = CheckKind {
    name: "schema-violation",
    about: "an object that the schema of its kind refuses: kinds that the repository defines",
    params: &[],
    facts: &[],
    words: &[
        ("kind", "the object's kind"),
        ("name", "its namespace and name"),
        ("version", "its API version"),
        ("fault", "what the schema refuses and why"),
    ],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::Object(Box::new(judge)))
}

fn judge(trees: &Trees, subject: &Subject<'_>, sink: &mut Sink) {
    let Subject { world, built, object, .. } = *subject;
    let key = &object.key;
    if key.group.is_empty() || is_namespaced(&key.group, &key.kind).is_some() {
        return;
    }
    let Some((schema, mut violations)) = refused(trees, world, built, object, sink) else { return };
    if violations.is_empty() {
        return;
    }
    if let Some(facts) = subject.change {
        is_of_the_change(facts, subject, &mut violations);
    }
    for violation in violations {
        let field = violation.pointer;
        let fault = match &*violation.path {
            "" => format!("it {}", violation.message),
            path => format!("`{path}` {}", violation.message),
        };
        let mut hit = Hit::at(violation.at);
        hit.side = world.side;
        let hit = hit
            .related(schema.place_of(&field, violation.keyword), "what the schema says")
            .word("kind", &*key.kind)
            .word("name", key.title())
            .word("version", object.api_version())
            .word("fault", fault)
            .mark(format!("{} {}", violation.keyword, violation.path))
            .field(field);
        let node = Node { scope: violation.keyword.to_owned(), path: violation.path };
        sink.report(Hit { node: Some(node), ..hit });
    }
}

/// What the schemas of an object's kind refuse in it, with the first of them; `None` where one takes it, or may.
fn refused<'w>(
    trees: &Trees,
    world: &'w World,
    built: &Built,
    object: &Object,
    sink: &mut Sink,
) -> Option<(&'w Schema, Vec<Violation>)> {
    let view = object.view(trees);
    if is_partial(view) {
        return None;
    }
    let mut found = None;
    let mut filled = None;
    for version in versions_of(world, built, object) {
        // A version that is not served is for other rules, and one without a schema takes anything.
        let schema = version.filter(|version| version.served)?.schema(trees)?;
        let judgement = schema.judge(view);
        if judgement.undecided {
            sink.undecided();
        }
        let mut violations = judgement.violations;
        violations.retain(|violation| is_settled(view, violation));
        if violations.iter().any(|violation| violation.keyword == "required") {
            let is_filled = *filled.get_or_insert_with(|| is_filled_in(trees, world, &object.key));
            violations.retain(|violation| !is_filled || violation.keyword != "required");
        }
        if violations.is_empty() {
            return None;
        }
        found.get_or_insert((schema, violations));
    }
    found
}

/// Leaves what the change did to the object. What it did to the definition of an object that was there is told as what
/// becomes of an instance.
fn is_of_the_change(facts: &Facts<'_>, subject: &Subject<'_>, violations: &mut Vec<Violation>) {
    let Some((base, at)) = facts.base.zip(facts.changes.base_of(subject.at)) else { return };
    let mut instances = facts.impact.apis.iter().flat_map(|api| &api.instances);
    if instances.any(|instance| instance.at == subject.at && !instance.outcome.violations.is_empty()) {
        violations.clear();
    }
    let was = base.object(at);
    if violations.is_empty() || !was.value.is_same(&subject.object.value) {
        return;
    }
    let before = refused(facts.trees, base, &base.builds[at.build], was, &mut Sink::default());
    let known = before.map(|(_, violations)| violations).unwrap_or_default();
    violations.retain(|new| known.iter().any(|old| old.pointer == new.pointer && old.keyword == new.keyword));
}

/// Whether an object says only a part of what will be in the cluster, or nothing.
fn is_partial(object: View<'_>) -> bool {
    let annotation = |name: &str| object.path(["metadata", "annotations"]).and_then(|all| all.str_at([name]));
    let is_merged = |strategy: &str| matches!(strategy.to_ascii_lowercase().as_str(), "merge" | "ignore");
    object.fields().any(|field| field.name().starts_with('$'))
        || annotation("kustomize.toolkit.fluxcd.io/ssa").is_some_and(is_merged)
        || annotation("kustomize.toolkit.fluxcd.io/reconcile").is_some_and(|value| value == "disabled")
        || annotation("config.kubernetes.io/local-config").is_some_and(|value| value != "false")
        || annotation("argocd.argoproj.io/sync-options").is_some_and(|options| options.contains("Validate=false"))
}

/// Whether a violation holds whatever is filled in or decrypted later. The API server drops a `status` that is applied.
fn is_settled(object: View<'_>, violation: &Violation) -> bool {
    let is_open = |text: &str| {
        let holds = |open: &str| text.contains(open);
        holds("${") || holds("{{") || holds("$(") || holds("ENC[") || (holds("<") && holds(">")) || holds("__")
    };
    let is_status = violation.pointer == "/status" || violation.pointer.starts_with("/status/");
    !is_status && !violation.is_about(object, &is_open)
}

/// Whether a webhook of the repository may fill in what objects of a kind leave out.
fn is_filled_in(trees: &Trees, world: &World, key: &ObjectKey) -> bool {
    let hooks = world.objects().filter(|(_, object)| object.key.kind.as_ref() == "MutatingWebhookConfiguration");
    let mut hooks = hooks.flat_map(|(_, object)| items(object.view(trees).get("webhooks")));
    hooks.any(|hook| {
        // Some write their rules themselves when they start; their names tell what they are for.
        let is_named = || hook.str_at(["name"]).is_some_and(|name| name.ends_with(&*key.group));
        let mut groups = items(hook.get("rules")).flat_map(|rule| items(rule.get("apiGroups")));
        groups.any(|group| group.as_str() == Some(&*key.group)) || (hook.get("rules").is_none() && is_named())
    })
}

fn items(list: Option<View<'_>>) -> impl Iterator<Item = View<'_>> {
    list.into_iter().flat_map(|list| list.items())
}
