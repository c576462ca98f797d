//! Differences in the named parts of objects that make things: pipelines, dependencies, composed resources.
//!
//! Never: a schema; that is the API's.

use crate::base::Span;
use crate::model::{Object, Trees, View};
use crate::world::{ObjectAt, World};

use super::{Changes, composition, graph, promise};

/// A kind of difference; a rule names it in kebab case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// A Promise does not bring an object to its destinations any more.
    DependencyRemoved,
    /// The same, of an object that runs once.
    RunDependencyRemoved,
    /// A pipeline is gone.
    PipelineRemoved,
    /// A pipeline has another name.
    PipelineRenamed,
    /// A pipeline that cleans up is gone.
    DeletePipelineRemoved,
    /// Other destinations are selected.
    DestinationsChanged,
    /// The content differs and the version label does not.
    SameVersion,
    /// A composed resource is gone.
    ResourceRemoved,
    /// A composed resource has another name.
    ResourceRenamed,
    /// A composed resource is of another kind.
    ResourceKindChanged,
    /// The last of the resources without a name is gone.
    AnonymousRemoved,
    /// A resource without a name is of another kind, since another took its position.
    AnonymousShifted,
    /// Nothing writes a key of the connection secret any more.
    ConnectionDetailRemoved,
    /// An external resource is deleted with its object from now on.
    DeletionAllowed,
    /// A step that makes resources is gone.
    StepRemoved,
    /// A step that makes no resources, as far as its function's name tells, is gone.
    HelperStepRemoved,
    /// A step calls another function.
    StepFunctionChanged,
    /// A graph does not make an object any more.
    GraphResourceRemoved,
    /// A resource of a graph is another object.
    GraphIdentityChanged,
    /// A resource of a graph has another id.
    GraphIdRenamed,
    /// A resource of a graph is made on a new condition.
    IncludeWhenChanged,
    /// A resource of a graph is made for each of something else.
    ForEachChanged,
    /// A resource of a graph counts as ready by other conditions.
    ReadyWhenChanged,
    /// A graph reads another object.
    ReferenceChanged,
    /// A graph reads an object and does not say any more which.
    ReferenceUnnamed,
    /// A field left the status of a graph's instances.
    StatusFieldRemoved,
    /// A field in the status of a graph's instances is of another type.
    StatusTypeChanged,
    /// A graph changes while every change of its schema is allowed, as before.
    BreakingStillAllowed,
    /// A container of a pipeline is another image, or runs differently.
    PipelineContainerChanged,
    /// A pipeline may do less than before, or as somebody else.
    PipelineRightsNarrowed,
    /// A Promise has an older version.
    VersionDowngraded,
    /// A Promise needs one more.
    RequiredPromiseAdded,
    /// A Promise needs another version of one.
    RequiredPromiseVersionChanged,
    /// A Composition is gone.
    CompositionRemoved,
    /// An XRD publishes fewer keys of the connection secret.
    ConnectionKeysNarrowed,
    /// The object that a composed resource is made of has another name.
    ResourceMetadataNameChanged,
    /// A field that the provider cannot change in place has another value, or another source.
    ImmutableFieldChanged,
    /// A step that makes resources runs before or after what it ran after or before.
    StepReordered,
    /// The same, of a step that makes none, as far as its function's name tells.
    HelperStepReordered,
    /// A step has another name and calls the same function.
    StepRenamed,
    /// Nothing marks the composite resource as ready any more.
    AutoReadyRemoved,
    /// A patch stops the composite resource where its source is missing, and did not before.
    PatchPolicyRequired,
    /// Only labels and annotations of a Composition differ.
    MetadataOnly,
}

impl Part {
    /// The kebab-case names.
    pub const NAMES: [&str; 38] = [
        "anonymous-resource-removed",
        "anonymous-resource-shifted",
        "auto-ready-removed",
        "breaking-still-allowed",
        "composition-removed",
        "connection-detail-removed",
        "connection-keys-narrowed",
        "delete-pipeline-removed",
        "deletion-allowed",
        "dependency-removed",
        "destinations-changed",
        "graph-foreach-changed",
        "graph-id-renamed",
        "graph-identity-changed",
        "graph-include-when-changed",
        "graph-ready-when-changed",
        "graph-reference-changed",
        "graph-resource-removed",
        "graph-status-changed",
        "immutable-field-changed",
        "metadata-only",
        "patch-policy-required",
        "pipeline-container-changed",
        "pipeline-removed",
        "pipeline-renamed",
        "pipeline-rights-narrowed",
        "required-promise-added",
        "required-promise-version-changed",
        "resource-kind-changed",
        "resource-metadata-name-changed",
        "resource-removed",
        "resource-renamed",
        "same-version",
        "step-function-changed",
        "step-removed",
        "step-renamed",
        "step-reordered",
        "version-downgraded",
    ];

    /// As rules name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DependencyRemoved | Self::RunDependencyRemoved => "dependency-removed",
            Self::PipelineRemoved => "pipeline-removed",
            Self::PipelineRenamed => "pipeline-renamed",
            Self::DeletePipelineRemoved => "delete-pipeline-removed",
            Self::DestinationsChanged => "destinations-changed",
            Self::SameVersion => "same-version",
            Self::ResourceRemoved => "resource-removed",
            Self::ResourceRenamed => "resource-renamed",
            Self::ResourceKindChanged => "resource-kind-changed",
            Self::AnonymousRemoved => "anonymous-resource-removed",
            Self::AnonymousShifted => "anonymous-resource-shifted",
            Self::ConnectionDetailRemoved => "connection-detail-removed",
            Self::DeletionAllowed => "deletion-allowed",
            Self::StepRemoved | Self::HelperStepRemoved => "step-removed",
            Self::StepFunctionChanged => "step-function-changed",
            Self::GraphResourceRemoved => "graph-resource-removed",
            Self::GraphIdentityChanged => "graph-identity-changed",
            Self::GraphIdRenamed => "graph-id-renamed",
            Self::IncludeWhenChanged => "graph-include-when-changed",
            Self::ForEachChanged => "graph-foreach-changed",
            Self::ReadyWhenChanged => "graph-ready-when-changed",
            Self::ReferenceChanged | Self::ReferenceUnnamed => "graph-reference-changed",
            Self::StatusFieldRemoved | Self::StatusTypeChanged => "graph-status-changed",
            Self::BreakingStillAllowed => "breaking-still-allowed",
            Self::PipelineContainerChanged => "pipeline-container-changed",
            Self::PipelineRightsNarrowed => "pipeline-rights-narrowed",
            Self::VersionDowngraded => "version-downgraded",
            Self::RequiredPromiseAdded => "required-promise-added",
            Self::RequiredPromiseVersionChanged => "required-promise-version-changed",
            Self::CompositionRemoved => "composition-removed",
            Self::ConnectionKeysNarrowed => "connection-keys-narrowed",
            Self::ResourceMetadataNameChanged => "resource-metadata-name-changed",
            Self::ImmutableFieldChanged => "immutable-field-changed",
            Self::StepReordered | Self::HelperStepReordered => "step-reordered",
            Self::StepRenamed => "step-renamed",
            Self::AutoReadyRemoved => "auto-ready-removed",
            Self::PatchPolicyRequired => "patch-policy-required",
            Self::MetadataOnly => "metadata-only",
        }
    }
}

/// One part of an object that differs.
#[derive(Clone, Debug)]
pub struct PartChange {
    /// The object in the base.
    pub base: ObjectAt,
    /// The object in the head; `None` where it is gone.
    pub head: Option<ObjectAt>,
    /// What differs.
    pub what: Part,
    /// The part's name in the base.
    pub name: String,
    /// What it is now, where it is anything.
    pub now: String,
    /// The line in head: of the part, or the nearest that is left; in base for an object that is gone.
    pub at: Span,
    /// The line in base.
    pub was: Option<Span>,
    /// What stays behind.
    pub left: Left,
}

/// What stays where a composed resource goes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Left {
    /// Nothing: the external resource goes too.
    #[default]
    Nothing,
    /// The external resource: its policies keep it.
    External,
    /// Perhaps all of it: a step that nobody can read here may make the resource from now on.
    Unknown,
}

/// Collects the differences of one object.
pub(super) struct Parts {
    base: ObjectAt,
    head: Option<ObjectAt>,
    pub(super) found: Vec<PartChange>,
}

impl Parts {
    pub(super) fn push(&mut self, what: Part, names: (&str, &str), at: Span, was: Option<Span>) {
        self.push_left(what, names, at, was, Left::Nothing);
    }

    pub(super) fn push_left(&mut self, what: Part, names: (&str, &str), at: Span, was: Option<Span>, left: Left) {
        let (name, now) = (names.0.to_owned(), names.1.to_owned());
        self.found.push(PartChange { base: self.base, head: self.head, what, name, now, at, was, left });
    }
}

/// What differs in the parts of all objects that both sides have, and the Compositions that are gone.
pub(super) fn compare(trees: &Trees, base: &World, head: &World, changes: &Changes) -> Vec<PartChange> {
    let mut found = Vec::new();
    for pair in &changes.objects {
        let Some(was_at) = pair.base else { continue };
        let was = base.object(was_at);
        let mut parts = Parts { base: was_at, head: pair.head, found: Vec::new() };
        match pair.head.map(|at| head.object(at)) {
            Some(is) if is.value.is_same(&was.value) => continue,
            Some(is) => both(trees, was, is, &mut parts),
            None if was.is("apiextensions.crossplane.io", "Composition") => {
                if super::apis::is_readable(trees, base, head, was_at.build) {
                    let at = was.place(trees);
                    parts.push(Part::CompositionRemoved, (&was.key.name, ""), at, Some(at));
                }
            }
            // One that offers an API is told by that.
            None if was.is("platform.kratix.io", "Promise") && crate::api::compile(trees, was).is_none() => {
                if super::apis::is_readable(trees, base, head, was_at.build) {
                    promise::removed(was.view(trees), &mut parts);
                }
            }
            None => continue,
        }
        found.append(&mut parts.found);
    }
    found
}

fn both(trees: &Trees, was: &Object, is: &Object, parts: &mut Parts) {
    let (old, new) = (was.view(trees), is.view(trees));
    match (&*is.key.group, &*is.key.kind) {
        ("apiextensions.crossplane.io", "Composition") => composition::compare(old, new, parts),
        ("apiextensions.crossplane.io", "CompositeResourceDefinition") => connection_keys(old, new, parts),
        ("kro.run", "ResourceGraphDefinition") => graph::compare(old, new, parts),
        ("platform.kratix.io", "Promise") => promise::compare(old, new, parts),
        _ => {}
    }
}

/// Without any key all are published, so that a first one narrows too.
fn connection_keys(old: View<'_>, new: View<'_>, parts: &mut Parts) {
    let keys = |object: View<'_>| -> Vec<String> {
        let list = object.path(["spec", "connectionSecretKeys"]);
        list.into_iter().flat_map(|list| list.items()).map(|item| item.written().into_owned()).collect()
    };
    let (was, is) = (keys(old), keys(new));
    // An XRD of Crossplane's v2 API has no connection secret: the move to it is told by its scope.
    let is_modern = new.str_at(["apiVersion"]).is_some_and(|version| version.ends_with("/v2"));
    let place = key_place(new, &["spec", "connectionSecretKeys"]);
    let before = Some(key_place(old, &["spec", "connectionSecretKeys"]));
    let gone: Vec<String> = was.iter().filter(|key| !is.contains(key)).map(|key| format!("`{key}`")).collect();
    if is_modern || is.is_empty() {
        return;
    }
    if was.is_empty() {
        parts.push(Part::ConnectionKeysNarrowed, ("all keys but those listed", ""), place, before);
    } else if !gone.is_empty() {
        parts.push(Part::ConnectionKeysNarrowed, (&gone.join(", "), ""), place, before);
    }
}

/// The key at a path, or the nearest one above it that is there; at last the object's `kind`.
pub(super) fn key_place(object: View<'_>, path: &[&str]) -> Span {
    let (mut at, mut place) = (object, object.get("kind").unwrap_or(object).place());
    for name in path {
        let Some(field) = at.field(name) else { break };
        (at, place) = (field.value, field.key_place());
    }
    place
}
