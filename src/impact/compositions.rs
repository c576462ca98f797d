//! Which claims and composite resources a Composition makes, as Crossplane chooses, and which of them take an edit of it.
//!
//! Never: a choice at random: where several Compositions fit, each may be the one.

use std::collections::BTreeSet;

use super::users::{Certainty, User, Users};
use crate::api::{Flavor, emitted};
use crate::model::{Object, Trees, View, split_api_version};
use crate::world::{DefinedApi, World};

/// What becomes of the Composition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    /// Another revision of it is made.
    Edited,
    /// It is gone, with all of its revisions.
    Removed,
}

/// The instances in the head that use a Composition of the base; `now` is the same in the head, where it is there.
pub(super) fn users_of(trees: &Trees, head: &World, composition: &Object, now: Option<&Object>) -> Users {
    let mut users = Users::default();
    let view = composition.view(trees);
    let Some((group, kind)) = target(view) else { return users };
    let of = head.definitions.iter().find(|defined| {
        let definition = &defined.definition;
        definition.flavor == Flavor::Xrd && definition.has_instances(group, kind)
    });
    let Some(of) = of else { return users };
    let choice = Choice {
        trees,
        composition: view,
        labels: now.unwrap_or(composition).view(trees).path(["metadata", "labels"]),
        fate: if now.is_some() { Fate::Edited } else { Fate::Removed },
        name: &composition.key.name,
        definition: head.object(of.from).view(trees),
        of,
    };
    for (at, object) in head.objects() {
        if of.definition.has_instances(&object.key.group, &object.key.kind) {
            users.add(choice.user(object).map(|user| User { at, ..user }));
        }
        for one in emitted(trees, object) {
            if of.definition.has_instances(&one.object.key.group, &one.object.key.kind) {
                let user = choice.user(&one.object);
                users.add(user.map(|user| User { at, part: Some(one.part), place: one.at, ..user }));
            }
        }
    }
    users
}

/// The group and kind of the composite resource that a Composition is for.
fn target(composition: View<'_>) -> Option<(&str, &str)> {
    let api = composition.str_at(["spec", "compositeTypeRef", "apiVersion"])?;
    Some((split_api_version(api).0, composition.str_at(["spec", "compositeTypeRef", "kind"])?))
}

/// The Compositions that an instance may get.
pub(super) struct Chosen {
    /// Their names; one where a manifest names it, whether the repository has it or not.
    pub(super) names: BTreeSet<String>,
    pub(super) certainty: Certainty,
}

/// What an instance of an XRD gets in a world; `None` where the repository has nothing that it could get.
pub(super) fn chosen(trees: &Trees, world: &World, of: &DefinedApi, instance: &Object) -> Option<Chosen> {
    let definition = world.object(of.from).view(trees);
    let view = instance.view(trees);
    if let Some((name, certainty)) = named(definition, view) {
        return Some(Chosen { names: BTreeSet::from([name]), certainty });
    }
    let mut names = BTreeSet::new();
    for (_, object) in world.objects().filter(|(_, object)| object.is("apiextensions.crossplane.io", "Composition")) {
        let composition = object.view(trees);
        if target(composition).is_none_or(|(group, kind)| !of.definition.has_instances(group, kind)) {
            continue;
        }
        let (labels, name) = (composition.path(["metadata", "labels"]), &object.key.name);
        let choice = Choice { trees, composition, labels, fate: Fate::Edited, name, definition, of };
        if choice.is_made(view).is_some() {
            names.insert(name.to_string());
        }
    }
    (!names.is_empty()).then_some(Chosen { names, certainty: Certainty::Likely })
}

/// The Composition that an instance gets by name: enforced, its own, or, where no selector stands before it, the default.
fn named(definition: View<'_>, instance: View<'_>) -> Option<(String, Certainty)> {
    let of = |view: View<'_>, certainty: Certainty| {
        let name = view.written().into_owned();
        let is_open = name.contains("${") || name.contains("{{");
        (name, if is_open { Certainty::Unknown } else { certainty })
    };
    if let Some(enforced) = definition.path(["spec", "enforcedCompositionRef", "name"]) {
        return Some(of(enforced, Certainty::Certain));
    }
    if let Some(own) = Choice::wanted(instance, "compositionRef").and_then(|reference| reference.get("name")) {
        return Some(of(own, Certainty::Certain));
    }
    if Choice::wanted(instance, "compositionSelector").is_some() {
        return None;
    }
    definition.path(["spec", "defaultCompositionRef", "name"]).map(|name| of(name, Certainty::Likely))
}

/// What the choice of a Composition depends on.
struct Choice<'t> {
    trees: &'t Trees,
    composition: View<'t>,
    /// Those of the newest revision.
    labels: Option<View<'t>>,
    fate: Fate,
    name: &'t str,
    definition: View<'t>,
    of: &'t DefinedApi,
}

impl<'t> Choice<'t> {
    /// How an instance uses the Composition; `None` where it does not.
    fn user(&self, instance: &'t Object) -> Option<User> {
        let view = instance.view(self.trees);
        let certainty = self.is_made(view)?;
        let is_pinned = self.fate == Fate::Edited && self.is_pinned(view);
        let paused = view.path(["metadata", "annotations", "crossplane.io/paused"]);
        Some(User {
            object: instance.clone(),
            certainty,
            is_pinned,
            is_paused: paused.is_some_and(|paused| paused.written() == "true"),
            ..User::of(self.trees, instance)
        })
    }

    /// A field of an instance that Crossplane reads: flat in `spec`, or in `spec.crossplane`.
    fn wanted(instance: View<'t>, name: &str) -> Option<View<'t>> {
        instance.path(["spec", name]).or_else(|| instance.path(["spec", "crossplane", name]))
    }

    /// Whether the Composition is chosen (`definition/reconciler.go`): enforced, asked for by name, by labels, the
    /// default, or any that fits, in this order.
    fn is_made(&self, instance: View<'t>) -> Option<Certainty> {
        let by_name = |view: View<'_>, certainty: Certainty| {
            let written = view.written();
            match written.contains("${") || written.contains("{{") {
                true => Some(Certainty::Unknown),
                false => (written == self.name).then_some(certainty),
            }
        };
        if let Some(enforced) = self.definition.path(["spec", "enforcedCompositionRef", "name"]) {
            return by_name(enforced, Certainty::Certain);
        }
        if let Some(name) = Self::wanted(instance, "compositionRef").and_then(|reference| reference.get("name")) {
            return by_name(name, Certainty::Certain);
        }
        if let Some(selector) = Self::wanted(instance, "compositionSelector") {
            let mine = self.composition.path(["metadata", "labels"]);
            let fits = self.is_compatible() && has_labels(mine, selector.get("matchLabels"));
            return fits.then_some(Certainty::Likely);
        }
        if let Some(default) = self.definition.path(["spec", "defaultCompositionRef", "name"]) {
            return by_name(default, Certainty::Likely);
        }
        self.is_compatible().then_some(Certainty::Likely)
    }

    /// Whether it is for exactly the composite resource that the XRD refers to.
    fn is_compatible(&self) -> bool {
        let api = self.composition.str_at(["spec", "compositeTypeRef", "apiVersion"]).unwrap_or_default();
        let kind = self.composition.str_at(["spec", "compositeTypeRef", "kind"]).unwrap_or_default();
        let definition = &self.of.definition;
        let mut stored = definition.versions.iter().filter(|version| version.stored).peekable();
        // Without the mark the XRD is refused: then the version says nothing.
        let is_version = stored.peek().is_none() || stored.any(|version| *version.name == *split_api_version(api).1);
        *kind == *definition.kinds[0] && is_version
    }

    /// Whether an edit of the Composition does not reach the instance (`APIRevisionFetcher`): it stays at the revision
    /// that it has, or it takes only revisions with other labels.
    fn is_pinned(&self, instance: View<'t>) -> bool {
        let own = Self::wanted(instance, "compositionUpdatePolicy");
        let policy = own.or_else(|| self.definition.path(["spec", "defaultCompositionUpdatePolicy"]));
        match policy.map(|policy| policy.written()).as_deref() {
            Some("Manual") => true,
            Some("Automatic") => {
                let own = Self::wanted(instance, "compositionRevisionSelector");
                let has_reference = Self::wanted(instance, "compositionRevisionRef").is_some();
                let default = || self.definition.path(["spec", "defaultCompositionRevisionSelector"]);
                let selector = own.or_else(|| if has_reference { None } else { default() });
                selector.is_some_and(|selector| !has_labels(self.labels, selector.get("matchLabels")))
            }
            _ => false,
        }
    }
}

/// Whether labels have all that a selector asks for.
fn has_labels(labels: Option<View<'_>>, wanted: Option<View<'_>>) -> bool {
    let has = |name: &str, value: &str| {
        labels.and_then(|labels| labels.get(name)).is_some_and(|label| label.written() == value)
    };
    wanted.into_iter().flat_map(|wanted| wanted.fields()).all(|label| has(label.name(), &label.value.written()))
}
