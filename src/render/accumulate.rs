//! One kustomization to its objects, in kustomize's order (`kustomize api/internal/target/kusttarget.go`).
//!
//! Never: what is done once at the root (hashes, references, variables, order); that is `finish`'s.

mod steps;

use std::sync::Arc;

use super::context::{Accumulated, Base, Context, Missing, Trace};
use super::emit;
use super::finish::text_annotations;
use super::generate::{self, Generated};
use super::load::{self, Target, Wanted, does_not_build};
use super::plugin;
use super::remote;
use super::resource::{Behavior, Id, Resource};
use super::transform;
use crate::base::{FileId, Found, Problem, ProblemKind, RepoPath, Span};
use crate::model::{Field, KUSTOMIZATION_NAMES, Kustomization, KustomizationKind, Value, View, configuration};

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
pub(super) fn kustomization(cx: &Context<'_>, folder: &RepoPath, by: Span) -> Result<Kustomization, Problem> {
    let mut found = Vec::new();
    for name in KUSTOMIZATION_NAMES {
        if let Some(Found::File { file, .. }) = folder.join(name).map(|path| cx.snapshot.find(&path)) {
            found.push(file);
        }
    }
    match found[..] {
        [file] => {
            load::content(cx.trees, file, cx.trees.top(file))?;
            load::no_json_escapes(cx.trees, file)?;
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
pub(super) struct Layer<'l> {
    cx: &'l Context<'l>,
    chain: Chain<'l>,
    kustomization: &'l Kustomization,
    out: Accumulated,
}

impl<'l> Layer<'l> {
    /// A kustomization that nothing includes, over what is there already.
    pub(super) fn new(
        cx: &'l Context<'l>,
        folder: &'l RepoPath,
        kustomization: &'l Kustomization,
        out: Accumulated,
    ) -> Self {
        Self { cx, chain: Chain { folder, up: None }, kustomization, out }
    }

    pub(super) fn run(mut self) -> Result<Accumulated, Problem> {
        self.out.folders.push(self.chain.folder.clone());
        self.out.files.push(self.kustomization.file);
        if self.out.openapi.is_none() && self.kustomization.get(self.cx.trees, "openapi").is_some() {
            let bringing = (self.chain.folder.clone(), self.kustomization.file);
            self.cx.schemas.meet(&bringing);
            self.out.openapi = Some(bringing);
        }
        self.cx.schemas.enter(self.kustomization.file);
        self.not_rendered();
        let entries: Vec<(View<'_>, Result<Target, Problem>)> = self
            .kustomization
            .resources(self.cx.trees)
            .map(|entry| (entry, self.find(entry.as_str().unwrap_or_default(), entry.place(), Wanted::FileOrFolder)))
            .collect();
        load::parse_ahead(self.cx.trees, entries.iter().map(|(_, target)| target));
        for (entry, target) in entries {
            let done = target.and_then(|target| self.resource(entry, target));
            self.soften(done)?;
        }
        self.configurations()?;
        self.no_control_characters()?;
        self.generators()?;
        self.components()?;
        self.transformers()?;
        for entry in self.kustomization.items(self.cx.trees, "validators") {
            let done = self.validate(entry);
            self.soften(done)?;
        }
        self.vars()?;
        Ok(self.out)
    }

    /// kustomize hands its fields to what acts on them as JSON, which it cannot read where a text has control characters.
    fn no_control_characters(&self) -> Result<(), Problem> {
        let trees = self.cx.trees;
        // There are none but by escapes.
        if !trees.sources().text(self.kustomization.file).contains('\\') {
            return Ok(());
        }
        let fields = HANDED_ON.iter().filter_map(|field| self.kustomization.get(trees, field));
        match fields.into_iter().find_map(control_character) {
            Some(at) => Err(does_not_build(at, "control characters are not allowed")),
            None => Ok(()),
        }
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
        let globals = self.kustomization.get(trees, "helmGlobals");
        for field in ["helmCharts", "helmChartInflationGenerator"] {
            for entry in self.kustomization.items(trees, field) {
                let message = remote::chart(self.cx.snapshot, self.chain.folder, entry, globals);
                self.out.problems.push(Problem::new(ProblemKind::NotRendered, entry.place(), message));
            }
        }
    }

    fn resource(&mut self, entry: View<'_>, target: Target) -> Result<(), Problem> {
        match target {
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

    fn push(&mut self, mut resource: Resource, entry: View<'_>) -> Result<(), Problem> {
        if self.cx.trace == Trace::Transformers {
            text_annotations(self.cx.trees, &mut resource.value);
        }
        self.cx.schemas.load(&resource.id);
        let kind = self.cx.trees.view(&resource.value).get("kind").map(|kind| kind.place());
        self.out.resources.push(self.cx.schema(), resource).map_err(|id| {
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
        // Who was accumulated before was not entered now.
        from.openapi.iter().for_each(|bringing| self.cx.schemas.meet(bringing));
        for resource in from.resources.list() {
            self.push(resource.clone(), entry)?;
        }
        self.out.join(from, entry.place())?;
        if self.out.openapi.is_none() {
            self.out.openapi.clone_from(&from.openapi);
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
        let mut own = transform::Specs::builtin();
        for entry in self.kustomization.items(trees, "configurations") {
            let Some(file) = self.file(entry)? else { continue };
            let related = |problem: Problem| problem.with_related(entry.place(), "read because of this entry");
            if let Some(document) = configuration(trees, file).map_err(related)? {
                own = own.merged_with(trees.view(&document))?;
            }
        }
        self.out.gather(&own, trees.top(self.kustomization.file))?;
        for entry in self.kustomization.items(trees, "crds") {
            let Some(file) = self.file(entry)? else { continue };
            let related = |problem: Problem| problem.with_related(entry.place(), "read because of this entry");
            load::is_whole(trees, file).map_err(related)?;
            let Some(document) = trees.documents(file).next() else {
                return Err(does_not_build(entry.place(), "the file is empty, at which kustomize breaks off"));
            };
            let specs = transform::crd_specs(trees.view(&document)).map_err(related)?;
            self.out.specs = self.out.specs.merged_with_specs(&specs, entry.place())?;
        }
        Ok(())
    }

    /// The file that an entry names; `None` where it is not here.
    fn file(&mut self, entry: View<'_>) -> Result<Option<FileId>, Problem> {
        match self.find(entry.as_str().unwrap_or_default(), entry.place(), Wanted::File)? {
            Target::File(file) => {
                load::content(self.cx.trees, file, entry.place())?;
                self.out.files.push(file);
                Ok(Some(file))
            }
            Target::Folder(_) => Ok(None),
            Target::Elsewhere(why) => {
                self.out.problems.push(Problem::new(ProblemKind::NotRendered, entry.place(), why));
                Ok(None)
            }
        }
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
        for entry in self.plugin_entries("generators") {
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
        self.cx.schemas.load(&resource.id);
        let at = args.get("name").unwrap_or(args).place();
        let schema = self.cx.schema();
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
                let merged = generate::over(self.cx, resource, &self.out.resources.list()[row]);
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
        // What came out is put into an empty accumulation again.
        self.out.specs = self.out.specs.gathered(entry.place())?;
        Ok(())
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
        self.step_of("vars", transform::declare_vars)
    }
}

/// The fields that kustomize's own generators and transformers are made of.
const HANDED_ON: [&str; 15] = [
    "commonAnnotations",
    "commonLabels",
    "configMapGenerator",
    "generatorOptions",
    "imageTags",
    "images",
    "labels",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "replicas",
    "secretGenerator",
];

/// The first key or text below with a control character.
fn control_character(view: View<'_>) -> Option<Span> {
    if view.is_scalar() {
        return emit::from_json(view.as_str()?).err().map(|_| view.place());
    }
    let field = |field: Field<'_>| match emit::from_json(field.name()) {
        Err(_) => Some(field.key_place()),
        Ok(_) => control_character(field.value),
    };
    view.fields().find_map(field).or_else(|| view.items().find_map(control_character))
}

fn registered(at: Span, id: &Id) -> Problem {
    does_not_build(at, format!("may not add resource with an already registered id: {id}"))
        .with_help("the object is there already; remove one of the two, or include it once")
}
