//! The kind `prune`: applications that delete what leaves Git, where that would delete too much.
//!
//! Never: what prune means for a controller; `delivery/` knows when it takes effect.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::delivery::{Application, Controller, Tier, tier_of};
use crate::model::Trees;
use crate::rules::{Check, Hit, ObjectName, Sink};
use crate::world::World;

pub(super) const KIND: CheckKind = CheckKind {
    name: "prune",
    about: "an application that deletes what leaves Git without a person's consent",
    params: &[ParamDesc {
        name: "of",
        takes: Takes::OneOf(&["root", "core"]),
        need: Need::Required,
        about: "`root`: an Argo CD application whose sources hold applications; `core`: an application of the core tier, by Argo CD or Flux",
    }],
    facts: &[("flux", "a Flux Kustomization")],
    words: &[
        ("application", "the application's namespace and name"),
        ("kind", "its kind"),
        ("path", "the path that puts it there"),
    ],
    build,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Root,
    Core,
}

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let of = if params.text("of") == "root" { Of::Root } else { Of::Core };
    Ok(Check::World(Box::new(move |trees, world, sink| {
        for application in &world.applications {
            judge(of, trees, world, application, sink);
        }
    })))
}

fn judge(of: Of, trees: &Trees, world: &World, application: &Application, sink: &mut Sink) {
    let Some(at) = application.prunes else { return };
    let core = application.builds.iter().find(|(build, _)| tier_of(&build.path, &world.layout) == Some(Tier::Core));
    let path = match of {
        Of::Root if application.is_root && application.controller == Controller::ArgoCd => {
            application.builds.first().map(|(build, _)| build.path.to_string())
        }
        // A root that prunes is one finding: that of `root`.
        Of::Core if core.is_some() && !(application.is_root && application.controller == Controller::ArgoCd) => {
            core.map(|(build, _)| build.path.to_string())
        }
        Of::Root | Of::Core => return,
    };
    let kind = match application.controller {
        Controller::ArgoCd => "Application",
        Controller::Flux => "Kustomization",
    };
    let mut hit = Hit::at(at)
        .word("application", title(application))
        .word("kind", kind)
        .word("path", path.unwrap_or_default())
        .related(application.place, format!("of this {kind}"));
    if application.controller == Controller::Flux {
        hit = hit.fact("flux").field("/spec/prune");
    } else {
        hit = hit.field("/spec/syncPolicy/automated/prune");
    }
    hit.object = Some(name(trees, world, application));
    sink.report(Hit { side: world.side, ..hit });
}

fn name(trees: &Trees, world: &World, application: &Application) -> ObjectName {
    let object =
        world.objects().find(|(_, object)| object.key == application.key && object.place(trees) == application.place);
    object.map_or_else(
        || ObjectName {
            api_version: application.key.group.to_string(),
            kind: application.key.kind.clone(),
            namespace: application.key.namespace.clone(),
            name: application.key.name.clone(),
        },
        |(_, object)| ObjectName::of(object),
    )
}

fn title(application: &Application) -> String {
    let key = &application.key;
    if key.namespace.is_empty() { key.name.to_string() } else { format!("{}/{}", key.namespace, key.name) }
}
