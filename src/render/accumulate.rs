//! One kustomization to its objects, in kustomize's order (`kustomize api/internal/target/kusttarget.go`).
//!
//! Never: what is done once at the root (hashes, references, variables, order); that is `finish`'s.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::emit;
use super::generate::{self, Generated};
use super::load::{self, Target, Wanted, does_not_build};
use super::patches::{Missing, Patcher};
use super::plugin;
use super::renderer::Options;
use super::resource::{Behavior, Id, Resource};
use super::schema::{Beside, Schema};
use super::set::ResourceSet;
use super::transform::{self, Cx, Specs};
use crate::base::{FileId, Found, Problem, ProblemKind, RepoPath, Snapshot, Span};
use crate::model::{KUSTOMIZATION_NAMES, Kustomization, KustomizationKind, Silent, Trees, Value, View};

/// The label that a validator may leave.
const VALIDATED_BY: &str = "validated-by";

/// What all kustomizations of one build share.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) trees: &'a Trees,
    /// The schema of this build: kustomize's own, or the root's `openapi`.
    pub(super) schema: &'a Schema,
    pub(super) options: Options,
    pub(super) bases: &'a Bases,
}

/// Kustomize bases that were accumulated once and are used again, by folder.
#[derive(Default)]
pub(super) struct Bases(Mutex<HashMap<RepoPath, Arc<Base>>>);

impl Bases {
    fn get(&self, folder: &RepoPath) -> Option<Arc<Base>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(folder).cloned()
    }

    fn keep(&self, folder: &RepoPath, base: &Arc<Base>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.clone(), base.clone());
    }
}

/// A kustomization with what it accumulates to.
pub(super) struct Base {
    pub(super) kustomization: Kustomization,
    pub(super) accumulated: Accumulated,
}

/// What a kustomization and all below it give.
pub(super) struct Accumulated {
    pub(super) resources: ResourceSet,
    pub(super) specs: Specs,
    /// The entries of `vars`, resolved at the root.
    pub(super) vars: Vec<Value>,
    /// What is not rendered.
    pub(super) problems: Vec<Problem>,
    /// Every file that was read.
    pub(super) files: Vec<FileId>,
    /// Every folder whose kustomization was read.
    folders: Vec<RepoPath>,
    /// What was lost without a word.
    pub(super) silent: Silent,
    /// The first kustomization that brings a schema.
    pub(super) openapi: Option<(RepoPath, FileId, Beside)>,
}

impl Accumulated {
    fn empty() -> Self {
        Self {
            resources: ResourceSet::default(),
            specs: Specs::builtin(),
            vars: Vec::new(),
            problems: Vec::new(),
            files: Vec::new(),
            folders: Vec::new(),
            silent: Silent::default(),
            openapi: None,
        }
    }

    /// Whether a part that is not rendered may hold what somebody looks for.
    pub(super) fn missing(&self) -> Missing {
        if self.problems.is_empty() { Missing::Fails } else { Missing::Unknown }
    }
}

/// The kustomizations that led to this one, from the nearest up.
pub(super) struct Chain<'c> {
    folder: &'c RepoPath,
    up: Option<&'c Chain<'c>>,
}

impl Chain<'_> {
    /// The first folder of the chain that is `candidate` or lies below it: a base may not hold who includes it.
    fn below(&self, candidate: &RepoPath) -> Option<&RepoPath> {
        if self.folder.is_within(candidate) {
            return Some(self.folder);
        }
        self.up.and_then(|up| up.below(candidate))
    }
}

/// The base in `folder`, accumulated now or before; `by` is the entry that includes it.
///
/// # Errors
/// What keeps it from being built, at its line.
pub(super) fn base(
    cx: &Context<'_>,
    folder: &RepoPath,
    up: Option<&Chain<'_>>,
    by: Span,
) -> Result<Arc<Base>, Problem> {
    let free = |folders: &[RepoPath]| up.is_none_or(|up| folders.iter().all(|folder| up.below(folder).is_none()));
    if let Some(base) = cx.bases.get(folder).filter(|base| free(&base.accumulated.folders)) {
        return Ok(base);
    }
    let kustomization = kustomization(cx, folder, by)?;
    let accumulated =
        Layer { cx, chain: Chain { folder, up }, kustomization: &kustomization, out: Accumulated::empty() }.run()?;
    let base = Arc::new(Base { kustomization, accumulated });
    cx.bases.keep(folder, &base);
    Ok(base)
}

/// The kustomization file of a folder; `by` is the entry that includes the folder.
fn kustomization(cx: &Context<'_>, folder: &RepoPath, by: Span) -> Result<Kustomization, Problem> {
    let mut found = Vec::new();
    for name in KUSTOMIZATION_NAMES {
        if let Some(Found::File { file, .. }) = folder.join(name).map(|path| cx.snapshot.find(&path)) {
            found.push(file);
        }
    }
    match found[..] {
        [file] => {
            load::content(cx.trees, file, cx.trees.top(file))?;
            Kustomization::read(cx.trees, file)
        }
        [first, second, ..] => {
            let message = format!("Found multiple kustomization files under: {folder}");
            Err(does_not_build(cx.trees.top(second), message)
                .with_related(cx.trees.top(first), "the other one")
                .with_help("keep one of them"))
        }
        [] => {
            let message = format!(
                "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '{folder}'"
            );
            Err(does_not_build(by, message).with_help("add a kustomization to the folder, or name its files"))
        }
    }
}

/// One kustomization at work.
struct Layer<'l> {
    cx: &'l Context<'l>,
    chain: Chain<'l>,
    kustomization: &'l Kustomization,
    out: Accumulated,
}

impl Layer<'_> {
    fn run(mut self) -> Result<Accumulated, Problem> {
        self.out.folders.push(self.chain.folder.clone());
        self.out.files.push(self.kustomization.file);
        if self.out.openapi.is_none() && self.kustomization.get(self.cx.trees, "openapi").is_some() {
            self.out.openapi = Some((self.chain.folder.clone(), self.kustomization.file, self.beside()));
        }
        self.not_rendered();
        for entry in self.kustomization.resources(self.cx.trees) {
            let done = self.resource(entry);
            self.soften(done)?;
        }
        self.configurations()?;
        self.generators()?;
        self.components()?;
        self.transformers()?;
        for entry in self.kustomization.items(self.cx.trees, "validators") {
            let done = self.plugins(entry, plugin::Role::Validator);
            self.soften(done)?;
        }
        self.vars()?;
        Ok(self.out)
    }

    /// Whether a schema that is met now is added to kustomize's own.
    fn beside(&self) -> Beside {
        if self.out.resources.list().is_empty() { Beside::Nothing } else { Beside::Builtin }
    }

    /// Puts aside what this tool does not render; the rest goes on.
    fn soften(&mut self, done: Result<(), Problem>) -> Result<(), Problem> {
        match done {
            Err(problem) if problem.kind == ProblemKind::NotRendered => {
                self.out.problems.push(problem);
                Ok(())
            }
            other => other,
        }
    }

    fn not_rendered(&mut self) {
        let trees = self.cx.trees;
        for (field, what) in [
            ("helmCharts", "Helm chart"),
            ("helmChartInflationGenerator", "Helm chart"),
            ("crds", "OpenAPI definition of a CRD"),
        ] {
            for entry in self.kustomization.items(trees, field) {
                let name = entry.str_at(["name"]).or_else(|| entry.str_at(["chartName"])).or_else(|| entry.as_str());
                let message = format!("the {what} `{}` is not rendered", name.unwrap_or_default());
                self.out.problems.push(Problem::new(ProblemKind::NotRendered, entry.place(), message));
            }
        }
    }

    fn resource(&mut self, entry: View<'_>) -> Result<(), Problem> {
        let name = entry.as_str().unwrap_or_default();
        match self.find(name, entry.place(), Wanted::FileOrFolder)? {
            Target::File(file) => {
                let resources = load::resources(self.cx.trees, file, entry.place())?;
                self.out.files.push(file);
                resources.into_iter().try_for_each(|resource| self.push(resource, entry))
            }
            Target::Folder(folder) => self.include(&folder, entry),
            Target::Elsewhere(why) => Err(Problem::new(ProblemKind::NotRendered, entry.place(), why)
                .with_help("copy what it holds into the repository to have it judged")),
        }
    }

    fn find(&self, name: &str, at: Span, wanted: Wanted) -> Result<Target, Problem> {
        let found = load::find(self.cx.snapshot, self.cx.options.load, self.chain.folder, (name, at), wanted);
        found.map_err(|problem| Problem { message: format!("accumulating resources: {}", problem.message), ..problem })
    }

    fn push(&mut self, resource: Resource, entry: View<'_>) -> Result<(), Problem> {
        let kind = self.cx.trees.view(&resource.value).get("kind").map(|kind| kind.place());
        self.out.resources.push(self.cx.schema, resource).map_err(|id| {
            let problem = registered(entry.place(), &id);
            if let Some(kind) = kind { problem.with_related(kind, "this object") } else { problem }
        })
    }

    /// A kustomize base: its objects come behind those that are there.
    fn include(&mut self, folder: &RepoPath, entry: View<'_>) -> Result<(), Problem> {
        self.check_cycle(folder, entry)?;
        let included = |problem: Problem| problem.with_related(entry.place(), "included by this entry");
        let base = base(self.cx, folder, Some(&self.chain), entry.place()).map_err(included)?;
        if base.kustomization.kind == KustomizationKind::Component {
            return Err(does_not_build(entry.place(), format!("expected kind != 'Component' for path '{folder}'"))
                .with_help("list it under `components`"));
        }
        let from = &base.accumulated;
        let before = self.out.resources.list().len();
        for resource in from.resources.list() {
            self.push(resource.clone(), entry)?;
        }
        self.out.specs = self.out.specs.merged_with_specs(&from.specs, entry.place())?;
        self.out.vars.extend(from.vars.iter().cloned());
        self.out.problems.extend(from.problems.iter().cloned());
        self.out.files.extend(&from.files);
        self.out.folders.extend(from.folders.iter().cloned());
        self.out.silent.extend(&from.silent);
        if self.out.openapi.is_none() {
            let beside = if before == 0 { Beside::Nothing } else { Beside::Builtin };
            let added = |own| if own == Beside::Builtin { own } else { beside };
            self.out.openapi = from.openapi.clone().map(|(folder, file, own)| (folder, file, added(own)));
        }
        Ok(())
    }

    fn check_cycle(&self, folder: &RepoPath, entry: View<'_>) -> Result<(), Problem> {
        match self.chain.below(folder) {
            None => Ok(()),
            Some(visited) => {
                let message = format!("cycle detected: candidate root '{folder}' contains visited root '{visited}'");
                Err(does_not_build(entry.place(), message))
            }
        }
    }

    fn configurations(&mut self) -> Result<(), Problem> {
        let trees = self.cx.trees;
        for entry in self.kustomization.items(trees, "configurations") {
            match self.find(entry.as_str().unwrap_or_default(), entry.place(), Wanted::File)? {
                Target::File(file) => {
                    load::content(trees, file, entry.place())?;
                    self.out.files.push(file);
                    if let Some(document) = trees.documents(file).next() {
                        self.out.specs = self.out.specs.merged_with(trees.view(&document))?;
                    }
                }
                Target::Folder(_) => {}
                Target::Elsewhere(why) => {
                    self.out.problems.push(Problem::new(ProblemKind::NotRendered, entry.place(), why));
                }
            }
        }
        Ok(())
    }

    fn generators(&mut self) -> Result<(), Problem> {
        let trees = self.cx.trees;
        let options = self.kustomization.get(trees, "generatorOptions");
        for (field, kind) in [("configMapGenerator", Generated::ConfigMap), ("secretGenerator", Generated::Secret)] {
            for args in self.kustomization.items(trees, field) {
                let done = self.generate(kind, args, options);
                self.soften(done)?;
            }
        }
        for entry in self.kustomization.items(trees, "generators") {
            let done = self.plugins(entry, plugin::Role::Generator);
            self.soften(done)?;
        }
        Ok(())
    }

    fn generate(&mut self, kind: Generated, args: View<'_>, options: Option<View<'_>>) -> Result<(), Problem> {
        let folder = self.chain.folder;
        let resource = generate::generate(self.cx, folder, kind, args, options, &mut self.out.files)?;
        self.absorb(resource, args)
    }

    /// Adds a generated object, or lays it over the one of its identity (`resWrangler.appendReplaceOrMerge`).
    fn absorb(&mut self, resource: Resource, args: View<'_>) -> Result<(), Problem> {
        let at = args.get("name").unwrap_or(args).place();
        let schema = self.cx.schema;
        let id = resource.id.clone();
        let unknown = self.out.missing() == Missing::Unknown;
        match (self.out.resources.rows(schema, &id), resource.behavior) {
            ([], Behavior::Merge | Behavior::Replace) if !unknown => {
                let at = args.get("behavior").map_or(at, |behavior| behavior.place());
                Err(does_not_build(at, format!("id {id} does not exist; cannot merge or replace"))
                    .with_help("use `behavior: create`, or include the base that has it"))
            }
            ([], _) => self.out.resources.push(schema, resource).map_err(|id| registered(at, &id)),
            ([_], Behavior::Create) => {
                Err(does_not_build(at, format!("id {id} exists; behavior must be merge or replace"))
                    .with_help("set `behavior: merge` or `behavior: replace`, or use another name"))
            }
            ([row], _) => {
                let row = *row;
                let merged = generate::over(self.cx, resource, &self.out.resources.list()[row])?;
                self.out.resources.replace(schema, row, merged);
                Ok(())
            }
            (_, _) => Err(does_not_build(at, format!("found multiple objects that could accept merge of {id}"))),
        }
    }

    fn components(&mut self) -> Result<(), Problem> {
        for entry in self.kustomization.items(self.cx.trees, "components") {
            let name = entry.as_str().unwrap_or_default();
            match self.find(name, entry.place(), Wanted::FileOrFolder)? {
                Target::File(_) => {
                    let message = format!("accumulating components: '{name}': file is not directory");
                    return Err(does_not_build(entry.place(), message).with_help("name the component's folder"));
                }
                Target::Folder(folder) => self.component(&folder, entry)?,
                Target::Elsewhere(why) => {
                    self.out.problems.push(Problem::new(ProblemKind::NotRendered, entry.place(), why));
                }
            }
        }
        Ok(())
    }

    /// A component acts on what has been accumulated here, as if its fields stood in this kustomization.
    fn component(&mut self, folder: &RepoPath, entry: View<'_>) -> Result<(), Problem> {
        self.check_cycle(folder, entry)?;
        let included = |problem: Problem| problem.with_related(entry.place(), "included by this entry");
        let component = kustomization(self.cx, folder, entry.place()).map_err(included)?;
        if component.kind != KustomizationKind::Component {
            let message = format!("expected kind 'Component' for path '{folder}' but got 'Kustomization'");
            return Err(does_not_build(entry.place(), message).with_help("list it under `resources`"));
        }
        let out = std::mem::replace(&mut self.out, Accumulated::empty());
        let chain = Chain { folder, up: Some(&self.chain) };
        self.out = Layer { cx: self.cx, chain, kustomization: &component, out }.run().map_err(included)?;
        Ok(())
    }

    fn transformers(&mut self) -> Result<(), Problem> {
        let (trees, kustomization) = (self.cx.trees, self.kustomization);
        for entry in kustomization.items(trees, "patchesStrategicMerge") {
            let done = self.patcher().strategic(entry);
            self.soften(done)?;
        }
        for entry in kustomization.items(trees, "patches") {
            let done = self.patcher().entry(entry);
            self.soften(done)?;
        }
        self.transform("namespace", transform::namespace)?;
        self.transform("namePrefix", transform::prefix)?;
        self.transform("nameSuffix", transform::suffix)?;
        self.transform("labels", transform::labels)?;
        self.transform("commonLabels", transform::common_labels)?;
        self.transform("commonAnnotations", transform::annotations)?;
        for entry in kustomization.items(trees, "patchesJson6902") {
            let done = self.patcher().json6902(entry, "patch");
            self.soften(done)?;
        }
        self.transform("replicas", transform::replicas)?;
        self.transform("images", transform::images)?;
        self.transform("imageTags", transform::images)?;
        self.note_doubled_suffixes();
        self.replacements()?;
        for entry in kustomization.items(trees, "transformers") {
            let done = self.plugins(entry, plugin::Role::Transformer);
            self.soften(done)?;
        }
        Ok(())
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

    /// Runs one transformer, if its field is given. Where parts are not rendered, a transformer that misses an object is
    /// no failure: the object may be in there.
    fn transform(
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
        let cx = Cx { trees: self.cx.trees, schema: self.cx.schema, specs: &specs };
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
        Ok(())
    }

    /// The plugin configurations that an entry of `generators`, `transformers` or `validators` names or holds.
    fn plugins(&mut self, entry: View<'_>, role: plugin::Role) -> Result<(), Problem> {
        for config in self.plugin_configurations(entry)? {
            let run = plugin::Run {
                cx: self.cx,
                root: self.chain.folder,
                specs: self.out.specs.clone(),
                missing: self.out.missing(),
                set: &mut self.out.resources,
                files: &mut self.out.files,
                silent: &mut self.out.silent,
            };
            let before = (role == plugin::Role::Validator).then(|| run.set.list().to_vec());
            if let Some(generated) = run.run(self.cx.trees.view(&config), role)? {
                self.absorb(generated, self.cx.trees.view(&config))?;
            }
            if let Some(before) = before {
                self.unchanged(&before, self.cx.trees.view(&config))?;
            }
        }
        Ok(())
    }

    /// A validator only looks; a label that says who did is its one trace
    /// (`kustomize KustTarget.runValidators`).
    fn unchanged(&self, before: &[Resource], config: View<'_>) -> Result<(), Problem> {
        let trees = self.cx.trees;
        let after = self.out.resources.list();
        let bare = |resource: &Resource| {
            let mut value = resource.value.clone();
            value.update_field(trees, "metadata", |metadata| {
                let marked = trees.view(metadata).path(["labels", VALIDATED_BY]).is_some();
                if marked {
                    metadata.update_field(trees, "labels", |labels| labels.remove_field(trees, VALIDATED_BY));
                }
            });
            value
        };
        let same = |a: &Resource, b: &Resource| {
            a.id == b.id
                && a.previous == b.previous
                && emit::stream(trees, std::iter::once(&a.value)).ok()
                    == emit::stream(trees, std::iter::once(&bare(b))).ok()
        };
        if before.len() == after.len() && before.iter().zip(after).all(|(a, b)| same(a, b)) {
            return Ok(());
        }
        let kind = config.get("kind").unwrap_or(config);
        Err(does_not_build(kind.place(), "validator shouldn't modify the resource map"))
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

    fn vars(&mut self) -> Result<(), Problem> {
        let trees = self.cx.trees;
        let names = |vars: &[Value]| -> Vec<String> {
            vars.iter().filter_map(|var| Some(trees.view(var).str_at(["name"])?.to_owned())).collect()
        };
        let known = names(&self.out.vars);
        for entry in self.kustomization.items(trees, "vars") {
            let name = entry.str_at(["name"]).unwrap_or_default();
            if known.iter().any(|known| known == name) {
                return Err(does_not_build(entry.place(), format!("var '{name}' already encountered")));
            }
            self.out.vars.push(entry.value());
        }
        // Which object a variable reads is settled here, while only this kustomization's objects are there.
        self.transform("vars", transform::declare_vars)
    }
}

fn registered(at: Span, id: &Id) -> Problem {
    does_not_build(at, format!("may not add resource with an already registered id: {id}"))
        .with_help("the object is there already; remove one of the two, or include it once")
}
