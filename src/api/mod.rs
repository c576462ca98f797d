//! CRD, XRD, Promise and RGD compiled to the API that the controller installs, and what that API makes of an instance.
//!
//! Never: a comparison of two APIs, a file, a severity.

mod branch;
mod budget;
mod crd;
mod declared;
mod emitted;
mod fault;
mod format;
mod installed;
mod instance;
mod known;
mod lookup;
mod promise;
mod rgd;
mod rule;
mod schema;
mod stored;
mod stranger;
mod xrd;

use std::sync::Arc;

pub use emitted::{Emitted, emitted};
pub use fault::{Fault, SchemaFault, schema_faults};
pub use format::is_checked_format;
pub use instance::{Defaulted, Judgement, Pruned, Violation};
pub use known::Known;
pub use lookup::Lookup;
pub use schema::{Author, Keyword, Property, Schema, is_same_data};
pub use stranger::Stranger;

use self::installed::Installed;
use crate::base::{Problem, Span};
use crate::model::{Object, Trees, Value, View};

/// An API as the controller would install it.
#[derive(Debug)]
pub struct Definition {
    /// What people wrote it as.
    pub flavor: Flavor,
    /// Whether the object defines it, or brings it along.
    pub standing: Standing,
    /// The group.
    pub group: Arc<str>,
    /// The kind people write: the claim's for an XRD that offers one.
    pub kind: Arc<str>,
    /// Every kind that is installed: for an XRD the composite resource's, then the claim's.
    pub kinds: Vec<Arc<str>>,
    /// Short names and categories of a CRD; of the others they are part of an identity that does not change.
    pub short_names: Vec<Box<str>>,
    /// The key of an XRD's `claimNames`, or else of the `names`.
    pub claims_at: Span,
    /// Where its instances live; `None` where the definition does not say.
    pub scope: Option<Scope>,
    /// Where the scope is written, or else the definition's `kind`.
    pub scope_at: Span,
    /// Its versions, as written.
    pub versions: Vec<Version>,
    /// The key of the list of versions, or else the definition's `kind`.
    pub versions_at: Span,
    /// How objects are converted between versions.
    pub conversion: Conversion,
    /// Where the conversion is written, or else as `versions_at`.
    pub conversion_at: Span,
    /// The definition as a whole: its `kind`.
    pub at: Span,
}

/// How an object has a definition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// The object is the definition.
    Own,
    /// The object brings it to other clusters: a CRD among the dependencies of a Promise.
    Carried,
}

/// What an API definition is written as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flavor {
    /// A `CustomResourceDefinition`.
    Crd,
    /// A Crossplane `CompositeResourceDefinition`.
    Xrd,
    /// A Kratix Promise.
    Promise,
    /// A kro `ResourceGraphDefinition`.
    Rgd,
}

impl Flavor {
    /// As rules name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Crd => "crd",
            Self::Xrd => "xrd",
            Self::Promise => "promise",
            Self::Rgd => "rgd",
        }
    }
}

/// Where instances live.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// In namespaces.
    Namespaced,
    /// In the cluster; of an XRD the composite resources, its claims live in namespaces.
    Cluster,
}

/// How objects are converted between versions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Conversion {
    /// Only `apiVersion` changes; what the stored version does not know is lost.
    None,
    /// A webhook converts.
    Webhook,
}

/// One version of an API.
#[derive(Debug)]
pub struct Version {
    /// Its name.
    pub name: Arc<str>,
    /// Where the name is written.
    pub at: Span,
    /// Whether the API server answers for it.
    pub served: bool,
    /// The `served` value, or else the name.
    pub served_at: Span,
    /// Whether objects are stored in it (`storage`, `referenceable`).
    pub stored: bool,
    /// The `storage` or `referenceable` value, or else the name.
    pub stored_at: Span,
    /// Whether it is marked as deprecated.
    pub deprecated: bool,
    /// The entry of `versions`, or what holds the one version of an old definition.
    entry: Value,
    /// What its instances must be; `None` where it has no schema.
    written: Option<Installed>,
}

impl Version {
    /// A part of its entry beside the schema, such as `subresources`.
    #[must_use]
    pub fn part<'t>(&'t self, trees: &'t Trees, name: &str) -> Option<View<'t>> {
        trees.view(&self.entry).get(name)
    }

    /// What its instances must be, as the controller installs it; `None` where it has no schema. `trees` are those
    /// that the definition was compiled from.
    #[must_use]
    pub fn schema(&self, trees: &Trees) -> Option<&Schema> {
        self.written.as_ref().map(|written| written.schema(trees))
    }
}

/// A compiled definition with what was wrong on the way.
#[derive(Debug)]
pub struct Compiled {
    /// The API.
    pub definition: Definition,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// The API that an object defines; `None` where it defines none, as a Promise without an API.
#[must_use]
pub fn compile(trees: &Trees, object: &Object) -> Option<Compiled> {
    let view = object.view(trees);
    let definition = match (&*object.key.group, &*object.key.kind) {
        ("apiextensions.k8s.io", "CustomResourceDefinition") => crd::compile(view),
        ("apiextensions.crossplane.io", "CompositeResourceDefinition") => xrd::compile(view, &object.version),
        ("kro.run", "ResourceGraphDefinition") => rgd::compile(view),
        ("platform.kratix.io", "Promise") => promise::compile(view),
        _ => None,
    }?;
    Some(Compiled { definition, problems: Vec::new() })
}

/// The APIs that an object brings to other clusters: the CRDs among a Promise's dependencies.
#[must_use]
pub fn carried(trees: &Trees, object: &Object) -> Vec<Definition> {
    if object.is("platform.kratix.io", "Promise") { promise::carried(object.view(trees)) } else { Vec::new() }
}

impl Definition {
    /// The version of this name.
    #[must_use]
    pub fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| &*version.name == name)
    }

    /// Whether objects of this group and kind are its instances.
    #[must_use]
    pub fn has_instances(&self, group: &str, kind: &str) -> bool {
        *self.group == *group && self.kinds.iter().any(|mine| **mine == *kind)
    }
}

#[cfg(test)]
mod cost_tests;
#[cfg(test)]
mod tests;
