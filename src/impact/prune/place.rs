//! The line that is left where an object used to be listed.
//!
//! Never: a file of the head that has nothing to do with the object's application.

use super::owners::Owners;
use super::{Owner, Place};
use crate::base::{FileId, RepoPath, Side};
use crate::model::{KUSTOMIZATION_NAMES, Object, Trees, View};
use crate::world::{Built, ObjectAt};

/// How many kustomizations, and how many applications, are gone through upward.
const STEPS: usize = 16;

/// The fields of a kustomization that list files and folders.
const LISTS: [&str; 6] = ["resources", "bases", "components", "crds", "generators", "transformers"];

/// Finds the place of what left the repository.
pub(super) struct Finder<'f, 'a> {
    pub(super) trees: &'f Trees,
    pub(super) base: &'f Owners<'a>,
    pub(super) head: &'f Owners<'a>,
}

impl Finder<'_, '_> {
    /// The place of an object of the base that its owner does not apply any more.
    pub(super) fn of(&self, at: ObjectAt, owner: Owner) -> Place {
        let object = self.base.world.object(at);
        let gone = Place { at: object.place(self.trees), side: Side::Base };
        self.search(at, owner, STEPS).unwrap_or(gone)
    }

    /// The place of an application that the set which made it does not make any more.
    pub(super) fn of_dropped(&self, row: usize) -> Place {
        let gone = Place { at: self.base.application(row).place, side: Side::Base };
        self.of_application(row, STEPS).unwrap_or(gone)
    }

    fn search(&self, at: ObjectAt, owner: Owner, steps: usize) -> Option<Place> {
        let steps = steps.checked_sub(1)?;
        let Some(row) = owner.head else { return self.of_application(owner.base, steps) };
        let object = self.base.world.object(at);
        let built = &self.base.world.builds[at.build];
        let head = |span| Place { at: span, side: Side::Head };
        self.renamed(object, row)
            .or_else(|| self.listed(object, built, row))
            .or_else(|| self.head.application(row).builds.first().map(|(_, at)| *at))
            .map(head)
    }

    /// Where the same document has another name or namespace now: the line that says so.
    fn renamed(&self, object: &Object, row: usize) -> Option<crate::base::Span> {
        let path = |one: &Object| self.trees.sources().path(one.place(self.trees).file).clone();
        let (before, mine) = (path(object), &object.key);
        let after = self.head.builds(row).flat_map(|built| &built.rendered.objects);
        let mut fitting =
            after.filter(|one| one.key.kind == mine.kind && one.key.group == mine.group && path(one) == before);
        let one = fitting.next()?;
        // Several of one kind in a file: which one was renamed is not known.
        if fitting.next().is_some() || one.key == *mine {
            return None;
        }
        let changed = if one.key.name == mine.name { "namespace" } else { "name" };
        one.view(self.trees).path(["metadata", changed]).map(|value| value.place())
    }

    /// The list that named the object's file, or the folder of the kustomization that did, and so on upward; or what is
    /// left of the file.
    fn listed(&self, object: &Object, built: &Built, row: usize) -> Option<crate::base::Span> {
        let sources = self.trees.sources();
        let mut target = sources.path(object.place(self.trees).file).clone();
        if let Some(file) = self.in_use(&target, row) {
            return Some(self.trees.top(file));
        }
        for _ in 0..STEPS {
            let (file, list) = self.lister(built, &target)?;
            let path = sources.path(file);
            if let Some(file) = self.in_use(path, row) {
                let document = self.trees.documents(file).next();
                let view = document.as_ref().map(|document| self.trees.view(document));
                let field = view.and_then(|view| view.fields().find(|field| field.name().eq_ignore_ascii_case(&list)));
                return Some(field.map_or_else(|| self.trees.top(file), |field| field.key_place()));
            }
            target = path.parent()?;
        }
        None
    }

    /// A file of the head that the application still reads.
    fn in_use(&self, path: &RepoPath, row: usize) -> Option<FileId> {
        let file = self.head.world.snapshot.file(path)?;
        self.head.builds(row).any(|built| built.rendered.files.contains(&file)).then_some(file)
    }

    /// The kustomization of the base that lists `target`, and the name of the list.
    fn lister(&self, built: &Built, target: &RepoPath) -> Option<(FileId, String)> {
        let sources = self.trees.sources();
        let files = built.rendered.files.iter().copied();
        files.filter(|file| KUSTOMIZATION_NAMES.contains(&sources.path(*file).name())).find_map(|file| {
            let folder = sources.path(file).parent()?;
            let document = self.trees.documents(file).next()?;
            let names =
                |item: View<'_>| item.as_str().and_then(|text| folder.join(text)).is_some_and(|path| path == *target);
            let is_list = |name: &str| LISTS.iter().any(|list| list.eq_ignore_ascii_case(name));
            let view = self.trees.view(&document);
            let list = view.fields().find(|field| is_list(field.name()) && field.value.items().any(names))?;
            Some((file, list.name().to_owned()))
        })
    }

    /// Where an application used to be listed: by what delivered it, or by the generators of what makes it.
    fn of_application(&self, row: usize, steps: usize) -> Option<Place> {
        let application = self.base.application(row);
        let object = &application.object;
        if application.is_generated() {
            let maker = self.head.makers(&object.key).first();
            if let Some(maker) = maker.map(|at| self.head.world.object(*at)) {
                let spec = maker.view(self.trees).get("spec");
                let generators = spec.and_then(|spec| spec.field("generators")).map(|field| field.key_place());
                return Some(Place { at: generators.unwrap_or_else(|| maker.place(self.trees)), side: Side::Head });
            }
        }
        let place = object.place(self.trees);
        let at = self.base.makers(&object.key).iter().copied().find(|at| {
            !self.base.world.builds[at.build].applied_by.is_empty()
                && self.base.world.object(*at).place(self.trees) == place
        })?;
        let parents = &self.base.world.builds[at.build].applied_by;
        let parent = parents.iter().copied().find(|parent| *parent != row)?;
        let head = self.head_of(parent);
        self.search(at, Owner { base: parent, head }, steps)
    }

    /// The row of an application of the base in the head, by its name alone: good enough for a place.
    fn head_of(&self, row: usize) -> Option<usize> {
        self.head.named(&self.base.application(row).key)
    }
}
