//! Which claims and composite resources a Composition makes, as Crossplane chooses.
//!
//! Never: a choice at random: where several Compositions fit, each may be the one.

use crate::api::Flavor;
use crate::model::{Object, Trees, View};
use crate::world::{ObjectAt, World};

/// The instances in a world that use this Composition, as far as manifests tell.
#[must_use]
pub fn users_of(trees: &Trees, world: &World, composition: &Object) -> Vec<ObjectAt> {
    let Some((group, kind)) = target(composition.view(trees)) else { return Vec::new() };
    let of = world.definitions.iter().find(|defined| {
        let definition = &defined.definition;
        definition.flavor == Flavor::Xrd && definition.has_instances(group, kind)
    });
    let Some(of) = of else { return Vec::new() };
    let definition = world.object(of.from).view(trees);
    let asked = |name| definition.path(["spec", name, "name"]).map(|v| v.written().into_owned());
    let choice = Choice {
        composition: composition.view(trees),
        name: &composition.key.name,
        enforced: asked("enforcedCompositionRef"),
        default: asked("defaultCompositionRef"),
    };
    let instances =
        world.objects().filter(|(_, object)| of.definition.has_instances(&object.key.group, &object.key.kind));
    instances.filter(|(_, object)| choice.is_made(object.view(trees))).map(|(at, _)| at).collect()
}

/// The group and kind of the composite resource that a Composition is for.
fn target(composition: View<'_>) -> Option<(&str, &str)> {
    let api = composition.str_at(["spec", "compositeTypeRef", "apiVersion"])?;
    Some((crate::model::split_api_version(api).0, composition.str_at(["spec", "compositeTypeRef", "kind"])?))
}

/// What the choice of a Composition depends on.
struct Choice<'t> {
    composition: View<'t>,
    name: &'t str,
    enforced: Option<String>,
    default: Option<String>,
}

impl Choice<'_> {
    fn is_made(&self, instance: View<'_>) -> bool {
        let wanted = |name| instance.path(["spec", name]).or_else(|| instance.path(["spec", "crossplane", name]));
        if let Some(enforced) = &self.enforced {
            return enforced == self.name;
        }
        if let Some(name) = wanted("compositionRef").and_then(|reference| reference.get("name")) {
            return name.written() == self.name;
        }
        if let Some(labels) = wanted("compositionSelector").and_then(|selector| selector.get("matchLabels")) {
            let mine = self.composition.path(["metadata", "labels"]);
            let has = |name: &str, value: &str| {
                mine.and_then(|mine| mine.get(name)).is_some_and(|label| label.written() == value)
            };
            return labels.fields().all(|label| has(label.name(), &label.value.written()));
        }
        self.default.as_ref().is_none_or(|default| default == self.name)
    }
}
