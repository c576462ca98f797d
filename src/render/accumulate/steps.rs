//! The steps of one kustomization that act on what it has accumulated: its transformers, its validators, and the plugins
//! among them, in kustomize's order.
//!
//! Never: an object of its own; what is read and generated is there before.

use std::sync::Arc;

use super::{Layer, base};
use crate::base::{Problem, ProblemKind};
use crate::model::{Value, View};
use crate::render::context::{Missing, Trace};
use crate::render::finish::text_annotations;
use crate::render::load::{self, Target, Wanted, does_not_build};
use crate::render::patches::Patcher;
use crate::render::plugin;
use crate::render::resource::{Author, Resource, Source};
use crate::render::shared;
use crate::render::transform::{self, Cx};
use crate::render::validated::is_untouched;

impl<'l> Layer<'l> {
    pub(super) fn transformers(&mut self) -> Result<(), Problem> {
        let (trees, kustomization) = (self.cx.trees, self.kustomization);
        for entry in kustomization.items(trees, "patchesStrategicMerge") {
            let done = self.patcher().strategic(entry);
            self.soften(done)?;
        }
        self.note(
            kustomization.items(trees, "patchesStrategicMerge").take(1).count(),
            "PatchStrategicMergeTransformer",
        );
        for entry in kustomization.items(trees, "patches") {
            let done = self.patcher().entry(entry);
            self.soften(done)?;
            self.note(1, "PatchTransformer");
        }
        self.transform("namespace", "NamespaceTransformer", transform::namespace)?;
        self.transform("namePrefix", "PrefixTransformer", transform::prefix)?;
        self.transform("nameSuffix", "SuffixTransformer", transform::suffix)?;
        self.labels()?;
        self.transform("commonAnnotations", "AnnotationsTransformer", transform::annotations)?;
        for entry in kustomization.items(trees, "patchesJson6902") {
            let done = self.patcher().json6902(entry, "patch");
            self.soften(done)?;
            self.note(1, "PatchJson6902Transformer");
        }
        self.transform("replicas", "ReplicaCountTransformer", transform::replicas)?;
        self.transform("images", "ImageTagTransformer", transform::images)?;
        self.transform("imageTags", "ImageTagTransformer", transform::images)?;
        self.note_doubled_suffixes();
        self.replacements()?;
        for entry in self.plugin_entries("transformers") {
            let done = self.plugins(entry, plugin::Role::Transformer);
            self.soften(done)?;
        }
        Ok(())
    }

    /// kustomize runs a transformer for `commonLabels` also where only `labels` are given.
    fn labels(&mut self) -> Result<(), Problem> {
        self.transform("labels", "LabelTransformer", transform::labels)?;
        self.step_of("commonLabels", transform::common_labels)?;
        let given = ["labels", "commonLabels"].map(|field| self.kustomization.get(self.cx.trees, field));
        let is_filled = |view: View<'_>| view.items().next().is_some() || view.fields().next().is_some();
        if given.into_iter().flatten().any(is_filled) {
            self.note(1, "LabelTransformer");
        }
        Ok(())
    }

    /// Notes in every object that a transformer of this kustomization came by so many times, if the root asks for it.
    fn note(&mut self, times: usize, kind: &str) {
        if self.cx.trace == Trace::Transformers && times > 0 {
            let author = Author::builtin(self.kustomization.file, kind);
            (0..times).for_each(|_| self.note_author(&author));
        }
    }

    fn note_author(&mut self, author: &Arc<Author>) {
        for row in 0..self.out.resources.list().len() {
            let resource = self.out.resources.touch(row);
            text_annotations(self.cx.trees, &mut resource.value);
            shared::part_annotations(self.cx.trees, resource);
            // Whoever meets an object that nobody made has made it.
            match resource.source {
                None => resource.source = Some(Source::Made(author.clone())),
                Some(_) => resource.transformers.push(author.clone()),
            }
        }
    }

    fn note_doubled_suffixes(&mut self) {
        let trees = self.cx.trees;
        for image in self.kustomization.items(trees, "images") {
            let suffix = image.get("tagSuffix").filter(|suffix| suffix.as_str().is_some_and(|text| !text.is_empty()));
            let mut objects = self.out.resources.list().iter();
            if let Some(suffix) = suffix
                && objects.any(|object| transform::has_doubled_suffix(trees, &object.value, suffix))
            {
                self.out.silent.doubled_suffixes.push(suffix.place());
            }
        }
    }

    fn patcher(&mut self) -> Patcher<'_> {
        Patcher {
            missing: self.out.missing(),
            cx: self.cx,
            root: self.chain.folder,
            set: &mut self.out.resources,
            files: &mut self.out.files,
            silent: &mut self.out.silent,
        }
    }

    /// Runs the transformer of a field, once for each entry where the field is a list.
    fn transform(
        &mut self,
        field: &str,
        kind: &str,
        run: impl Fn(&Cx<'_>, &mut [Resource], View<'_>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        self.step_of(field, run)?;
        let times = self.kustomization.get(self.cx.trees, field).map_or(0, |value| {
            let is_given = value.fields().next().is_some() || value.as_str().is_some_and(|text| !text.is_empty());
            if value.is_seq() { value.items().count() } else { usize::from(is_given) }
        });
        self.note(times, kind);
        Ok(())
    }

    /// Does one step, if its field is given. Where parts are not rendered, a transformer that misses an object is no
    /// failure: the object may be in there.
    pub(super) fn step_of(
        &mut self,
        field: &str,
        run: impl Fn(&Cx<'_>, &mut [Resource], View<'_>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let Some(value) = self.kustomization.get(self.cx.trees, field) else { return Ok(()) };
        self.step(value, run)
    }

    fn step(
        &mut self,
        value: View<'_>,
        run: impl Fn(&Cx<'_>, &mut [Resource], View<'_>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let specs = self.out.specs.clone();
        let cx = Cx { trees: self.cx.trees, schema: self.cx.schema(), specs: &specs, trace: self.cx.trace };
        match run(&cx, self.out.resources.edit(), value) {
            Err(_) if self.out.missing() == Missing::Unknown => Ok(()),
            done => done,
        }
    }

    /// The entries of `replacements`; they may stand in files of their own.
    fn replacements(&mut self) -> Result<(), Problem> {
        let trees = self.cx.trees;
        for entry in self.kustomization.items(trees, "replacements") {
            let done = plugin::replacement_entry(self.cx, self.chain.folder, entry, &mut self.out.files);
            match done {
                Ok(found) => {
                    for value in &found {
                        self.step(trees.view(value), |cx, resources, field| {
                            transform::replacements(cx, resources, field, entry.place())
                        })?;
                    }
                }
                Err(problem) => self.soften(Err(problem))?,
            }
        }
        self.note(self.kustomization.items(trees, "replacements").take(1).count(), "ReplacementTransformer");
        Ok(())
    }

    /// A transformer that may look and not touch.
    pub(super) fn validate(&mut self, entry: View<'_>) -> Result<(), Problem> {
        let before: Vec<Resource> = self.out.resources.list().to_vec();
        self.plugins(entry, plugin::Role::Validator)?;
        let now = self.out.resources.list();
        if before.len() == now.len() && before.iter().zip(now).all(|(old, new)| is_untouched(self.cx.trees, old, new)) {
            return Ok(());
        }
        Err(does_not_build(entry.place(), "validator shouldn't modify the resource map")
            .with_help("list it under `transformers`"))
    }

    /// The plugin configurations that an entry of `generators`, `transformers` or `validators` names or holds.
    pub(super) fn plugins(&mut self, entry: View<'_>, role: plugin::Role) -> Result<(), Problem> {
        for config in self.plugin_configurations(entry)? {
            let config = self.cx.trees.view(&config);
            let done = self.plugin(config, role);
            self.soften(done)?;
        }
        Ok(())
    }

    fn plugin(&mut self, config: View<'_>, role: plugin::Role) -> Result<(), Problem> {
        let run = plugin::Run {
            cx: self.cx,
            root: self.chain.folder,
            specs: self.out.specs.clone(),
            missing: self.out.missing(),
            set: &mut self.out.resources,
            files: &mut self.out.files,
            silent: &mut self.out.silent,
        };
        if let Some(generated) = run.run(config, role)? {
            self.absorb(generated, config)?;
        }
        if self.cx.trace == Trace::Transformers && role == plugin::Role::Transformer {
            self.note_author(&Author::configured(config));
        }
        Ok(())
    }

    /// The entries of a list of plugins: those that are configurations themselves come before those that name some.
    pub(super) fn plugin_entries(&self, field: &str) -> Vec<View<'l>> {
        let trees = self.cx.trees;
        let is_inline = |entry: &View<'_>| {
            entry.as_str().is_some_and(|text| text.contains(':'))
                && trees.embedded(*entry).is_some_and(|file| load::documents(trees, file).is_ok())
        };
        let (mut all, named): (Vec<_>, Vec<_>) = self.kustomization.items(trees, field).partition(is_inline);
        all.extend(named);
        all
    }

    fn plugin_configurations(&mut self, entry: View<'_>) -> Result<Vec<Value>, Problem> {
        let (trees, text) = (self.cx.trees, entry.as_str().unwrap_or_default());
        if text.contains(':')
            && let Some(file) = trees.embedded(entry)
            && let Ok(found) = load::documents(trees, file)
        {
            return Ok(found);
        }
        match self.find(text, entry.place(), Wanted::FileOrFolder)? {
            Target::File(file) => {
                self.out.files.push(file);
                let found = load::resources(trees, file, entry.place())?;
                Ok(found.into_iter().map(|resource| resource.value).collect())
            }
            Target::Folder(folder) => {
                self.check_cycle(&folder, entry)?;
                let base = base(self.cx, &folder, Some(&self.chain), entry.place())?;
                self.out.files.extend(&base.accumulated.files);
                Ok(base.accumulated.resources.list().iter().map(|resource| resource.value.clone()).collect())
            }
            Target::Elsewhere(why) => Err(Problem::new(ProblemKind::NotRendered, entry.place(), why)),
        }
    }
}
