//! Who uses an object that makes things for others: a Composition, a Promise, a graph.
//!
//! Never: a guess told as a fact; how sure a use is goes with it.

use super::compositions;
use crate::api::Flavor;
use crate::base::Span;
use crate::model::{Object, Trees};
use crate::world::{ObjectAt, World};

/// How sure it is that an instance uses something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Certainty {
    /// A manifest says so.
    Certain,
    /// By labels or a default; what runs may have been settled otherwise.
    Likely,
    /// An expression says it when the instance is made.
    Unknown,
}

/// An instance that uses something.
#[derive(Clone, Debug)]
pub struct User {
    /// The instance, or the object that brings it.
    pub at: ObjectAt,
    /// The instance.
    pub object: Object,
    /// What the object that brings it calls it.
    pub part: Option<String>,
    /// Its `kind`.
    pub place: Span,
    /// How sure it is.
    pub certainty: Certainty,
    /// Whether it stays with what it has, whatever is edited.
    pub is_pinned: bool,
    /// Whether its controller leaves it alone until somebody says otherwise.
    pub is_paused: bool,
}

impl User {
    /// One that is sure, and takes every edit.
    pub(super) fn of(trees: &Trees, object: &Object) -> Self {
        Self {
            at: ObjectAt { build: 0, object: 0 },
            object: object.clone(),
            part: None,
            place: object.place(trees),
            certainty: Certainty::Certain,
            is_pinned: false,
            is_paused: false,
        }
    }

    /// Its name, as a finding gives it.
    #[must_use]
    pub fn title(&self, world: &World) -> String {
        super::title(&self.object.key, self.part.as_deref(), &world.object(self.at).key)
    }
}

/// The users of one object, in the order of the world.
#[derive(Default, Debug)]
pub struct Users {
    /// Those that take a change of it.
    pub hit: Vec<User>,
    /// How many stay with what they have.
    pub pinned: usize,
    /// How many may use it; an expression says so.
    pub unknown: usize,
}

impl Users {
    pub(super) fn add(&mut self, user: Option<User>) {
        match user {
            None => {}
            Some(user) if user.certainty == Certainty::Unknown => self.unknown += 1,
            Some(user) if user.is_pinned => self.pinned += 1,
            Some(user) => self.hit.push(user),
        }
    }
}

/// The instances in the head that use an object of the base; `now` is the same in the head, where it is there. A
/// Promise's requests run again with every change of it, and a graph's instances follow it.
#[must_use]
pub fn users_of(trees: &Trees, head: &World, object: &Object, now: Option<&Object>) -> Users {
    match (&*object.key.group, &*object.key.kind) {
        ("apiextensions.crossplane.io", "Composition") => compositions::users_of(trees, head, object, now),
        ("platform.kratix.io", "Promise") => requests(trees, head, object, now, Flavor::Promise),
        ("kro.run", "ResourceGraphDefinition") => requests(trees, head, object, now, Flavor::Rgd),
        _ => Users::default(),
    }
}

/// All instances of the API that an object offers. Requests that a binding holds at another version take no edit.
fn requests(trees: &Trees, head: &World, object: &Object, now: Option<&Object>, flavor: Flavor) -> Users {
    let mut users = Users::default();
    let Some(compiled) = crate::api::compile(trees, object) else { return users };
    let definition = compiled.definition;
    let version = now.unwrap_or(object).view(trees).path(["metadata", "labels", "kratix.io/promise-version"]);
    let version = version.map(|version| version.written().into_owned());
    for (at, instance) in head.objects() {
        if !definition.has_instances(&instance.key.group, &instance.key.kind) {
            continue;
        }
        let bound = (flavor == Flavor::Promise).then(|| binding(trees, head, object, instance)).flatten();
        let is_pinned = now.is_some() && bound.is_some_and(|bound| bound != "latest" && Some(bound) != version);
        users.add(Some(User { at, is_pinned, ..User::of(trees, instance) }));
    }
    users
}

/// The version of a Promise that a `ResourceBinding` gives to a request.
fn binding(trees: &Trees, world: &World, promise: &Object, request: &Object) -> Option<String> {
    let of = |(_, object): &(ObjectAt, &Object)| {
        let label =
            |name| object.view(trees).path(["metadata", "labels", name]).map(|label| label.written().into_owned());
        object.is("platform.kratix.io", "ResourceBinding")
            && object.key.namespace == request.key.namespace
            && label("kratix.io/promise-name").as_deref() == Some(&*promise.key.name)
            && label("kratix.io/resource-name").as_deref() == Some(&*request.key.name)
    };
    let (_, found) = world.objects().find(of)?;
    Some(found.view(trees).path(["spec", "version"])?.written().into_owned())
}
