//! The renderer of one side: every build over one snapshot, with kustomize bases that are accumulated once.
//!
//! Never: a failure; what went wrong is in the result.

use std::collections::HashSet;
use std::sync::Arc;

use super::accumulate::{self, Base, Bases, Context};
use super::emit;
use super::finish;
use super::load::{LoadRestriction, Target, Wanted, does_not_build, find};
use super::order::Order;
use super::plain::{self, Filter};
use super::schema::{Beside, Schema};
use super::{Build, BuildKind, Rendered};
use crate::base::{FileId, Found, Problem, ProblemKind, RepoPath, Snapshot, Span};
use crate::model::{KUSTOMIZATION_NAMES, Kustomization, Object, Trees};

/// What `kustomize build` can be told on its command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// `--load-restrictor`
    pub load: LoadRestriction,
    /// `--reorder`; a kustomization's `sortOptions` win. Without both, legacy.
    pub order: Option<Order>,
    /// `--enable-managedby-label`
    pub managed_by: ManagedBy,
}

/// Whether objects get the label that says kustomize made them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ManagedBy {
    /// Where the kustomization's `buildMetadata` asks for it.
    #[default]
    AsWritten,
    /// Everywhere.
    Always,
}

/// The renderer of one side. It is called from many threads.
pub struct Renderer<'a> {
    snapshot: &'a Snapshot,
    trees: &'a Trees,
    options: Options,
    bases: Bases,
}

impl<'a> Renderer<'a> {
    /// A renderer that has not rendered anything yet.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot, trees: &'a Trees, options: Options) -> Self {
        Self { snapshot, trees, options, bases: Bases::default() }
    }

    /// Turns a build into objects. Never fails: with a `DoesNotBuild` among the problems there are no objects. A path
    /// that leads nowhere gives nothing at all, also no problem: the place of that mistake is who asks.
    #[must_use]
    pub fn build(&self, build: &Build) -> Rendered {
        let mut rendered = match &build.kind {
            BuildKind::Kustomize => self.kustomize(build),
            BuildKind::Folder { recurse, include, exclude } => {
                let filter = Filter { recurse: *recurse, include: include.as_deref(), exclude: exclude.as_deref() };
                plain::folder(self.snapshot, self.trees, &build.path, &filter)
            }
            BuildKind::Generated => self.generated(build),
            BuildKind::File => plain::file(self.snapshot, self.trees, &build.path),
        };
        self.sort_files(&mut rendered.files);
        rendered
    }

    /// As Flux's generator: plain manifests, and the kustomizations of folders below.
    fn generated(&self, build: &Build) -> Rendered {
        let (mut rendered, kustomizations) = plain::generated(self.snapshot, self.trees, &build.path);
        for path in kustomizations {
            let below = self.kustomize(&Build { path, kind: BuildKind::Kustomize });
            rendered.objects.extend(below.objects);
            rendered.files.extend(below.files);
            rendered.problems.extend(below.problems);
        }
        rendered
    }

    fn kustomize(&self, build: &Build) -> Rendered {
        let Found::Folder(folder) = self.snapshot.find(&build.path) else { return Rendered::default() };
        let own = KUSTOMIZATION_NAMES
            .iter()
            .filter_map(|name| self.snapshot.file(&folder.join(name)?))
            .collect::<Vec<FileId>>();
        let Some(first) = own.first().copied() else { return Rendered::default() };
        let schema = match self.schema(&folder, first, Beside::Nothing) {
            Ok(schema) => schema,
            Err(problem) => return Rendered { files: own, problems: vec![problem], ..Rendered::default() },
        };
        let alone = Bases::default();
        let context = Context {
            snapshot: self.snapshot,
            trees: self.trees,
            schema: schema.as_ref().unwrap_or_else(|| Schema::builtin()),
            options: self.options,
            // A base that was merged by another schema is another base.
            bases: if schema.is_some() { &alone } else { &self.bases },
        };
        let mut files = own;
        let result = self.accumulated(&context, &folder, first).and_then(|(root, schema)| {
            files.extend(&root.accumulated.files);
            let schema = schema.as_ref().unwrap_or(context.schema);
            let silent = root.accumulated.silent.clone();
            let (objects, problems) = finish::finish(&Context { schema, ..context }, &root)?;
            Ok((objects, problems, silent))
        });
        match result {
            Ok((objects, problems, silent)) => Rendered { objects, files, problems, silent },
            Err(problem) => {
                // What a broken build depends on is at least where it breaks.
                files.push(problem.at.file);
                files.extend(problem.related.iter().map(|(at, _)| at.file));
                Rendered { files, problems: vec![problem], ..Rendered::default() }
            }
        }
    }

    /// What the kustomization accumulates to. A schema that a kustomize base or component brings holds for the whole
    /// build where the kustomization has none; what was accumulated without it is then done anew.
    fn accumulated(
        &self,
        cx: &Context<'_>,
        folder: &RepoPath,
        file: FileId,
    ) -> Result<(Arc<Base>, Option<Schema>), Problem> {
        let by = self.trees.top(file);
        let root = accumulate::base(cx, folder, None, by)?;
        let theirs = root.accumulated.openapi.as_ref().filter(|(_, brings, _)| *brings != file);
        let schema = match theirs {
            Some((folder, file, beside)) if std::ptr::eq(cx.schema, Schema::builtin()) => {
                self.schema(folder, *file, *beside)?
            }
            _ => None,
        };
        let Some(schema) = schema else { return Ok((root, None)) };
        let alone = Bases::default();
        let root = accumulate::base(&Context { schema: &schema, bases: &alone, ..*cx }, folder, None, by)?;
        Ok((root, Some(schema)))
    }

    /// The schema that the kustomization's `openapi` brings in the place of kustomize's.
    fn schema(&self, folder: &RepoPath, file: FileId, beside: Beside) -> Result<Option<Schema>, Problem> {
        // Most kustomizations bring none, and are read by who accumulates them.
        let root = self.trees.parsed(file).documents().first().and_then(|document| document.root);
        let brings = |field: crate::model::Field<'_>| field.name().eq_ignore_ascii_case("openapi");
        if !root.is_some_and(|root| self.trees.node(file, root).fields().any(brings)) {
            return Ok(None);
        }
        // A kustomization that cannot be read is reported by who accumulates it.
        let Ok(kustomization) = Kustomization::read(self.trees, file) else { return Ok(None) };
        let given = |field| kustomization.get(self.trees, "openapi").and_then(|openapi| openapi.get(field));
        let (path, version) = (given("path"), given("version"));
        let Some(path) = path else { return Ok(None) };
        if let Some(version) = version {
            let message = "builtin version and custom schema provided, cannot use both";
            return Err(does_not_build(version.place(), message));
        }
        let at = (path.as_str().unwrap_or_default(), path.place());
        match find(self.snapshot, self.options.load, folder, at, Wanted::File)? {
            Target::File(file) => {
                let document = self.trees.documents(file).next();
                Ok(document.map(|document| Schema::from_openapi(self.trees.view(&document), beside)))
            }
            Target::Folder(_) | Target::Elsewhere(_) => Ok(None),
        }
    }

    /// Sorts by path, each once, but for the first.
    fn sort_files(&self, files: &mut Vec<FileId>) {
        let mut seen = HashSet::new();
        files.retain(|file| seen.insert(*file));
        if let Some((_, rest)) = files.split_first_mut() {
            rest.sort_by(|a, b| self.trees.sources().path(*a).cmp(self.trees.sources().path(*b)));
        }
    }
}

/// The objects as `kustomize build` prints them, with the place that each line comes from: the line's value, else its key.
/// A line of a long text has its own place where the text is written in lines, else the text's; a line between objects
/// has none.
///
/// # Errors
/// As [`print`].
pub fn print_with_places(trees: &Trees, objects: &[Object]) -> Result<Vec<(String, Option<Span>)>, Problem> {
    let (text, marks) = emit::marked_stream(trees, objects.iter().map(|object| &object.value))
        .map_err(|error| Problem::new(ProblemKind::DoesNotBuild, error.at, error.message))?;
    let mut marks = marks.into_iter().peekable();
    let (mut end, mut place) = (0, None);
    let lines = text.split_inclusive('\n').map(|line| {
        end += line.len();
        while let Some((_, at)) = marks.next_if(|(start, _)| *start < end) {
            place = Some(at);
        }
        let is_between = line == "---\n";
        (line.trim_end_matches('\n').to_owned(), place.filter(|_| !is_between))
    });
    Ok(lines.collect())
}

/// The objects as `kustomize build` prints them.
///
/// # Errors
/// What kustomize cannot print, at the key or value.
pub fn print(trees: &Trees, objects: &[Object]) -> Result<String, Problem> {
    emit::stream(trees, objects.iter().map(|object| &object.value))
        .map_err(|error| Problem::new(ProblemKind::DoesNotBuild, error.at, error.message))
}
