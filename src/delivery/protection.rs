//! What keeps an object in the cluster when its application stops applying it, and what an application takes with it.
//!
//! Never: whether losing it would be bad.

use super::application::{Application, Controller};
use crate::base::Span;
use crate::model::{
    ArgoApplication, ArgoApplicationSet, FluxKustomization, Object, Trees, is_kept_by_argo, is_kept_by_flux,
    outlives_argo_application,
};

/// How an object would come to its end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Ending {
    /// Its application goes on without it and prunes it.
    Pruned,
    /// Its application is deleted, and takes with it what it applied.
    WithApplication,
}

/// Why an object stays in the cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Protection {
    /// The bytes that keep it.
    pub at: Span,
    /// In a few words: "it says `Prune=false`".
    pub why: String,
}

impl Protection {
    fn new(at: Span, why: impl Into<String>) -> Self {
        Self { at, why: why.into() }
    }
}

/// What the object itself says that keeps it, as its cluster has it.
#[must_use]
pub fn protection(trees: &Trees, by: Controller, object: &Object, ending: Ending) -> Option<Protection> {
    let view = object.view(trees);
    let is_crd = || object.is("apiextensions.k8s.io", "CustomResourceDefinition");
    match (by, ending) {
        (Controller::Flux, _) if is_kept_by_flux(view) => {
            Some(Protection::new(object.place(trees), "Flux is told not to prune it"))
        }
        (Controller::Flux, _) => None,
        (Controller::ArgoCd, Ending::Pruned) => {
            is_kept_by_argo(view).map(|found| Protection::new(found.place(), format!("it says `{}`", found.written())))
        }
        (Controller::ArgoCd, Ending::WithApplication) if is_crd() => {
            Some(Protection::new(object.place(trees), "Argo CD keeps definitions when it deletes an application"))
        }
        (Controller::ArgoCd, Ending::WithApplication) => outlives_argo_application(view)
            .map(|found| Protection::new(found.place(), format!("it says `{}`", found.written()))),
    }
}

/// Why an application that is deleted leaves behind what it applied; `None` where it takes it along.
#[must_use]
pub fn leaves_behind(trees: &Trees, application: &Application) -> Option<Protection> {
    let object = application.object.view(trees);
    let place = application.place;
    match application.controller {
        Controller::Flux if application.is_generated() => {
            Some(Protection::new(place, "the Flux operator decides what becomes of it"))
        }
        Controller::Flux => {
            let flux = FluxKustomization::new(object);
            let kept = |why: &str| Some(Protection::new(place, why));
            if flux.is_suspended() {
                kept("the Kustomization is suspended")
            } else if flux.keeps_when_deleted() {
                kept("the Kustomization leaves behind what it applied")
            } else {
                None
            }
        }
        Controller::ArgoCd if application.is_generated() => {
            let template = ArgoApplication::new(application.view(trees));
            // Without any finalizer in the template, the set adds the one that cascades, unless it preserves.
            let cascades = template.cascade().is_some()
                || !(template.has_finalizers() || ArgoApplicationSet::new(object).preserves_resources());
            (!cascades).then(|| Protection::new(place, "the ApplicationSet preserves the resources"))
        }
        Controller::ArgoCd => {
            let cascades = ArgoApplication::new(object).cascade().is_some();
            (!cascades).then(|| Protection::new(place, "the Application has no finalizer that deletes its resources"))
        }
    }
}
