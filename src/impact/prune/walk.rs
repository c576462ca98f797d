//! The walk from the applications that changed to the objects that they let go, and on to what those take along.
//!
//! Never: an application gone through twice.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::owners::{self, Owners};
use super::place::Finder;
use super::{Deleted, DeletedApplication, HandedOver, Orphaned, Owner, Place, Pruning};
use crate::base::Side;
use crate::delivery::{self, Controller, Ending};
use crate::model::{self, ArgoApplication, ArgoApplicationSet, Object, ObjectKey, Trees, View};
use crate::world::{Built, ObjectAt, World};

/// The walk over one change.
pub(super) struct Walk<'a> {
    trees: &'a Trees,
    base: Owners<'a>,
    head: Owners<'a>,
    /// For each application of the base its row in the head.
    partners: Vec<Option<usize>>,
    /// For each application of the head its row in the base, the first if there are several.
    before: Vec<Option<usize>>,
    /// Where the head has what left somewhere.
    now: HashMap<ObjectKey, Vec<ObjectAt>>,
    done: HashSet<usize>,
    found: Pruning,
}

/// What an application lets go.
struct Gone {
    owner: Owner,
    ending: Ending,
    objects: Vec<(ObjectKey, ObjectAt)>,
}

/// What became of it: rows of what is deleted, and of what moves.
#[derive(Default)]
struct LetGo {
    deleted: Vec<usize>,
    moved: Vec<usize>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(trees: &'a Trees, base: &'a World, head: &'a World) -> Self {
        let partners = owners::pair(trees, base, head);
        let mut before = vec![None; head.applications.len()];
        for (row, partner) in partners.iter().enumerate() {
            if let Some(partner) = partner {
                before[*partner] = before[*partner].or(Some(row));
            }
        }
        Self {
            trees,
            partners,
            before,
            base: Owners::new(base),
            head: Owners::new(head),
            now: HashMap::new(),
            done: HashSet::new(),
            found: Pruning::default(),
        }
    }

    /// Everything that leaves.
    pub(super) fn all(mut self) -> Pruning {
        let mut gone: Vec<Gone> = Vec::new();
        for row in 0..self.partners.len() {
            match self.partners[row] {
                Some(partner) => gone.extend(self.pruned(row, partner)),
                None if self.is_dropped_by_its_set(row) => gone.push(self.taken(row)),
                None => {}
            }
        }
        self.look_up(gone.iter().flat_map(|one| one.objects.iter().map(|(key, _)| key.clone())).collect());
        for gone in gone {
            let owner = gone.owner;
            let let_go = self.settle(&gone);
            if owner.head.is_none() {
                let place = self.finder().of_dropped(owner.base);
                self.report(owner.base, None, place, let_go);
            }
        }
        self.orphan_roots();
        self.found
    }

    /// What an application that goes on does not apply any more.
    fn pruned(&self, row: usize, partner: usize) -> Option<Gone> {
        let known = self.base.is_known(row) && self.head.is_known(partner);
        if owners::is_untouched(&self.base, row, &self.head, partner) || !known {
            return None;
        }
        // A chart or a remote base that is new may hold what left.
        if self.head.unrendered(partner) > self.base.unrendered(row) {
            return None;
        }
        let left: HashSet<ObjectKey> = self.head.objects(self.trees, partner).into_iter().map(|(key, _)| key).collect();
        let mut objects = self.base.objects(self.trees, row);
        objects.retain(|(key, _)| !left.contains(key));
        let owner = Owner { base: row, head: Some(partner) };
        (!objects.is_empty()).then_some(Gone { owner, ending: Ending::Pruned, objects })
    }

    /// All that an application applied which is gone itself.
    fn taken(&self, row: usize) -> Gone {
        let owner = Owner { base: row, head: None };
        Gone { owner, ending: Ending::WithApplication, objects: self.base.objects(self.trees, row) }
    }

    /// Whether the set that made an application is still there, and does not make it any more.
    fn is_dropped_by_its_set(&self, row: usize) -> bool {
        let application = self.base.application(row);
        if !application.is_generated() || application.controller != Controller::ArgoCd {
            return false;
        }
        let set = &application.object.key;
        let mut others = self.head.made_by(set).iter().map(|row| self.head.application(*row));
        // A name that is not known may be this one.
        let is_unknown = |name: &str| name.contains("{{");
        if is_unknown(&application.key.name) || others.any(|one| is_unknown(&one.key.name)) {
            return false;
        }
        let maker = self.head.makers(set).first().map(|at| self.head.world.object(*at));
        maker.is_some_and(|maker| !ArgoApplicationSet::new(maker.view(self.trees)).keeps_applications())
    }

    /// Finds where the head has these.
    fn look_up(&mut self, mut wanted: HashSet<ObjectKey>) {
        wanted.retain(|key| !self.now.contains_key(key));
        if wanted.is_empty() {
            return;
        }
        for (at, object) in self.head.world.objects() {
            // The hash behind a name is rare: most are looked up as they are.
            let key = if wanted.contains(&object.key) { object.key.clone() } else { object.identity(self.trees) };
            if wanted.contains(&key) {
                self.now.entry(key).or_default().push(at);
            }
        }
    }

    /// Adds an application that is deleted with what it applied.
    fn report(&mut self, row: usize, owner: Option<Owner>, place: Place, let_go: LetGo) {
        if !(let_go.deleted.is_empty() && let_go.moved.is_empty()) {
            let LetGo { deleted: takes, moved: moves } = let_go;
            self.found.applications.push(DeletedApplication { row, owner, place, takes, moves });
        }
    }

    /// What becomes of all that one application lets go.
    fn settle(&mut self, gone: &Gone) -> LetGo {
        let mut rows = LetGo::default();
        if gone.owner.head.is_none() && !self.done.insert(gone.owner.base) {
            return rows;
        }
        let kept = self.kept(gone);
        for (key, at) in &gone.objects {
            if let Some((now, to)) = self.new_home(key, *at, gone.owner) {
                let object = self.base.world.object(*at);
                let stateful = self.is_stateful(*at, object);
                let handed = HandedOver { object: *at, now, owner: gone.owner, ending: gone.ending, to, stateful };
                let is_safe = kept.is_some() || self.protected(object, gone).is_some();
                if !is_safe {
                    rows.moved.push(self.found.handed_over.len());
                    self.found.handed_over.push(handed);
                }
                continue;
            }
            if self.is_still_applied(key, gone.owner) {
                continue;
            }
            rows.deleted.extend(self.end(*at, gone, kept.as_deref()));
        }
        rows
    }

    /// What keeps everything that an application lets go.
    fn kept(&self, gone: &Gone) -> Option<String> {
        let application = self.base.application(gone.owner.base);
        let Some(partner) = gone.owner.head else {
            return delivery::leaves_behind(self.trees, application).map(|kept| kept.why);
        };
        let now = self.head.application(partner);
        if now.prunes.is_none() {
            return Some("its application does not prune by itself".to_owned());
        }
        let is_emptied = self.head.builds(partner).all(|built| built.rendered.objects.is_empty());
        let argo = ArgoApplication::new(now.view(self.trees));
        let stops = is_emptied && now.controller == Controller::ArgoCd && argo.allow_empty().is_none();
        stops.then(|| "Argo CD does not prune the last object without `allowEmpty`".to_owned())
    }

    fn protected(&self, object: &Object, gone: &Gone) -> Option<String> {
        let controller = self.base.application(gone.owner.base).controller;
        delivery::protection(self.trees, controller, object, gone.ending).map(|found| found.why)
    }

    /// One object is deleted, or stays as an orphan. Gives the row of what is deleted.
    fn end(&mut self, at: ObjectAt, gone: &Gone, kept: Option<&str>) -> Option<usize> {
        let object = self.base.world.object(at);
        let place = self.finder().of(at, gone.owner);
        let why = kept.map(str::to_owned).or_else(|| self.protected(object, gone));
        if let Some(why) = why {
            self.found.orphaned.push(Orphaned { object: at, owner: Some(gone.owner), place, why });
            return None;
        }
        self.take_along(object, gone.owner, place);
        let row = self.found.deleted.len();
        self.found.deleted.push(Deleted {
            object: at,
            owner: gone.owner,
            ending: gone.ending,
            place,
            stateful: self.is_stateful(at, object),
            hanging: self.hanging(at, object),
        });
        Some(row)
    }

    /// An application that is deleted takes along what it applied.
    fn take_along(&mut self, object: &Object, owner: Owner, listed: Place) {
        if !delivery::is_application(object) {
            return;
        }
        let place = object.place(self.trees);
        let is_it = |row: &usize| self.base.application(*row).place == place && self.partners[*row].is_none();
        for row in self.base.made_by(&object.key).iter().copied().filter(is_it).collect::<Vec<_>>() {
            let gone = self.taken(row);
            self.look_up(gone.objects.iter().map(|(key, _)| key.clone()).collect());
            let let_go = self.settle(&gone);
            self.report(row, Some(owner), listed, let_go);
        }
    }

    /// Where the head has an object anew, applied by an application that did not apply it before, or by none that is known
    /// here.
    fn new_home(&self, key: &ObjectKey, at: ObjectAt, owner: Owner) -> Option<(ObjectAt, Option<usize>)> {
        let mine = &self.base.application(owner.base).cluster;
        let home = |now: &ObjectAt| {
            let built = &self.head.world.builds[now.build];
            let is_other = |row: &usize| Some(*row) != owner.head && self.is_same_place(key, owner, *row);
            let mut others = built.applied_by.iter().copied().filter(is_other);
            let to = others.find(|row| !self.applied_before(*row, key));
            // A folder that nobody is known to apply is a new home only if the old one is gone: it was moved there.
            let is_moved = || built.applied_by.is_empty() && !self.had(built, key) && !self.is_left(at);
            (meets(mine.as_ref(), built.cluster.as_ref()) && (to.is_some() || is_moved())).then_some((*now, to))
        };
        let homes: Vec<_> = self.now.get(key)?.iter().filter_map(home).collect();
        homes.iter().find(|(_, to)| to.is_some()).or_else(|| homes.first()).copied()
    }

    /// Whether another application puts an object that names no namespace where its owner put it.
    fn is_same_place(&self, key: &ObjectKey, owner: Owner, other: usize) -> bool {
        let mine = &self.base.application(owner.base).namespace;
        let theirs = &self.head.application(other).namespace;
        // A kind that is not known to live in a namespace may be in none.
        let is_namespaced = model::is_namespaced(&key.group, &key.kind) == Some(true);
        !key.namespace.is_empty() || !is_namespaced || meets(mine.as_ref(), theirs.as_ref())
    }

    /// Whether an application of the head applied an object in the base already.
    fn applied_before(&self, row: usize, key: &ObjectKey) -> bool {
        self.before[row].is_some_and(|before| {
            let mut objects = self.base.builds(before).flat_map(|built| &built.rendered.objects);
            objects.any(|one| one.identity(self.trees) == *key)
        })
    }

    /// Whether a build of the base, the same as one of the head, had an object.
    fn had(&self, now: &Built, key: &ObjectKey) -> bool {
        let before = self.base.world.row_of(&now.build).map(|row| &self.base.world.builds[row]);
        before.is_some_and(|built| built.rendered.objects.iter().any(|one| one.identity(self.trees) == *key))
    }

    /// Whether the file that holds an object of the base is still there.
    fn is_left(&self, at: ObjectAt) -> bool {
        let place = self.base.world.object(at).place(self.trees);
        self.head.world.snapshot.file(self.trees.sources().path(place.file)).is_some()
    }

    /// Whether another application of the same, known cluster applied it before and does so still.
    fn is_still_applied(&self, key: &ObjectKey, owner: Owner) -> bool {
        let mine = &self.base.application(owner.base).cluster;
        let homes = self.now.get(key).into_iter().flatten();
        homes.into_iter().map(|now| &self.head.world.builds[now.build]).any(|built| {
            let is_other = |row: &usize| Some(*row) != owner.head && self.is_same_place(key, owner, *row);
            let others = built.applied_by.iter().any(is_other);
            mine.is_some() && *mine == built.cluster && others
        })
    }

    /// Roots that nobody delivers: who takes their file away deletes nothing.
    fn orphan_roots(&mut self) {
        for row in 0..self.partners.len() {
            let application = self.base.application(row);
            if self.partners[row].is_some() || self.done.contains(&row) || application.is_generated() {
                continue;
            }
            let place = application.place;
            let is_it = |at: &ObjectAt| self.base.world.object(*at).place(self.trees) == place;
            let mut holders = self.base.makers(&application.object.key).iter().copied().filter(is_it);
            let Some(object) = holders.next() else { continue };
            let is_held = |at: ObjectAt| !self.base.world.builds[at.build].applied_by.is_empty();
            if is_held(object) || holders.any(is_held) {
                continue;
            }
            let place = Place { at: place, side: Side::Base };
            let why = "no application here delivers it".to_owned();
            self.found.orphaned.push(Orphaned { object, owner: None, place, why });
        }
    }

    fn finder(&self) -> Finder<'_, 'a> {
        Finder { trees: self.trees, base: &self.base, head: &self.head }
    }

    /// Whether data, or what holds data, goes with an object.
    fn is_stateful(&self, at: ObjectAt, object: &Object) -> bool {
        let key = &object.key;
        let holds = matches!(
            (&*key.group, &*key.kind),
            ("", "PersistentVolumeClaim" | "PersistentVolume" | "Namespace")
                | ("apps", "StatefulSet")
                | ("apiextensions.k8s.io", "CustomResourceDefinition")
                | ("apiextensions.crossplane.io", "CompositeResourceDefinition")
                | ("platform.kratix.io", "Promise")
                | ("kro.run", "ResourceGraphDefinition")
        );
        let instance = &*key.kind == "Cluster" || is_managed(&key.group) || self.is_instance(at, object);
        holds || (instance && !outlives_its_object(object.view(self.trees)))
    }

    /// Whether an object is a claim, a composite resource or a request of an API that the base defines.
    fn is_instance(&self, at: ObjectAt, object: &Object) -> bool {
        let world = self.base.world;
        world.definitions.iter().any(|defined| {
            defined.definition.flavor != crate::api::Flavor::Crd
                && defined.definition.has_instances(&object.key.group, &object.key.kind)
                && meets(world.builds[defined.from.build].cluster.as_ref(), world.builds[at.build].cluster.as_ref())
        })
    }

    /// How many objects that the head still has hang on one that goes.
    fn hanging(&self, at: ObjectAt, object: &Object) -> usize {
        let world = self.head.world;
        let cluster = self.base.world.builds[at.build].cluster.as_ref();
        let is_near = |one: ObjectAt| meets(cluster, world.builds[one.build].cluster.as_ref());
        if object.is("", "Namespace") {
            // Where no cluster is known, what several overlays bring alike is one object.
            let near = self.head.within(&object.key.name).iter().filter(|one| is_near(**one));
            return near.map(|one| &world.object(*one).key).collect::<HashSet<_>>().len();
        }
        let defined = self.base.world.definitions.iter().find(|defined| defined.from == at);
        let is_applied = |one: ObjectAt| !world.builds[one.build].applied_by.is_empty();
        defined.map_or(0, |defined| {
            let instances =
                world.objects().filter(|(_, one)| defined.definition.has_instances(&one.key.group, &one.key.kind));
            instances.filter(|(one, _)| is_applied(*one) && is_near(*one)).count()
        })
    }
}

fn meets(one: Option<&Arc<str>>, other: Option<&Arc<str>>) -> bool {
    one.is_none() || other.is_none() || one == other
}

/// Whether a group is one of a Crossplane provider's: its objects are things outside the cluster.
fn is_managed(group: &str) -> bool {
    let of_provider = [".upbound.io", ".crossplane.io"].iter().any(|end| group.ends_with(end));
    of_provider
        && !matches!(
            group,
            "apiextensions.crossplane.io" | "pkg.crossplane.io" | "ops.crossplane.io" | "protection.crossplane.io"
        )
}

/// Whether what an object stands for is left where it is when the object goes: an `Orphan` policy.
fn outlives_its_object(view: View<'_>) -> bool {
    let policies = view.path(["spec", "managementPolicies"]);
    let lacks_delete = policies.is_some_and(|list| {
        list.items().all(|item| !matches!(item.as_str(), Some("*" | "Delete"))) && list.items().next().is_some()
    });
    view.str_at(["spec", "deletionPolicy"]) == Some("Orphan") || lacks_delete
}
