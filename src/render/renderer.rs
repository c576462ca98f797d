//! The renderer of one side: every build over one snapshot, with kustomize bases that are accumulated once.
//!
//! Never: a failure; what went wrong is in the result.

use std::collections::HashSet;
use std::sync::Arc;

use super::accumulate;
use super::adjusted;
use super::context::{Base, Bases, Context, Options, Schemas, Trace};
use super::emit;
use super::finish;
use super::load::{Target, Wanted, does_not_build, find};
use super::plain::{self, Filter};
use super::schema::{Beside, Schema};
use super::{Adjustments, Build, BuildKind, Rendered};
use crate::base::{FileId, Found, Problem, ProblemKind, RepoPath, Snapshot, Span};
use crate::model::{KUSTOMIZATION_NAMES, Kustomization, Object, Trees};

/// The one version of the Kubernetes API whose schema kustomize has.
const BUILTIN_OPENAPI: &str = "v1.21.2";

/// The renderer of one side. It is called from many threads.
pub struct Renderer<'a> {
    snapshot: &'a Snapshot,
    trees: &'a Trees,
    options: Options,
    bases: Bases,
    /// The same where the objects note who came by.
    noted: Bases,
}

impl<'a> Renderer<'a> {
    /// A renderer that has not rendered anything yet.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot, trees: &'a Trees, options: Options) -> Self {
        Self { snapshot, trees, options, bases: Bases::default(), noted: Bases::default() }
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
            BuildKind::Generated if build.adjustments.is_none() => self.generated(build),
            BuildKind::Generated => self.generated_adjusted(build),
            BuildKind::File => plain::file(self.snapshot, self.trees, &build.path),
        };
        if !build.adjustments.is_none() {
            let problems = adjusted::finish(self.trees, &build.adjustments, &mut rendered.objects);
            rendered.problems.extend(problems);
        }
        self.sort_files(&mut rendered.files);
        rendered
    }

    /// As Flux's generator: plain manifests, and the kustomizations of folders below.
    fn generated(&self, build: &Build) -> Rendered {
        let (mut rendered, kustomizations) = plain::generated(self.snapshot, self.trees, &build.path);
        for path in kustomizations {
            let below = self.kustomize(&Build::plain(path, BuildKind::Kustomize));
            rendered.objects.extend(below.objects);
            rendered.files.extend(below.files);
            rendered.problems.extend(below.problems);
        }
        rendered
    }

    /// The same with a kustomization around it that holds a controller's settings.
    fn generated_adjusted(&self, build: &Build) -> Rendered {
        let (mut rendered, below) = plain::generated(self.snapshot, self.trees, &build.path);
        let top = || below.iter().flat_map(|folder| self.kustomizations(folder)).next();
        let Some(first) = rendered.files.first().copied().or_else(top) else { return rendered };
        let schemas = Schemas::default();
        let context = Context {
            snapshot: self.snapshot,
            trees: self.trees,
            schemas: &schemas,
            options: self.options,
            bases: &self.bases,
            trace: Trace::Off,
        };
        let own = (Kustomization::made(self.trees, first), &build.adjustments);
        let objects = (&*rendered.objects, &*below);
        let result = adjusted::generated(&context, &build.path, objects, own).and_then(|root| {
            rendered.files.extend(&root.accumulated.files);
            rendered.silent.extend(&root.accumulated.silent);
            finish::finish(&context, &root)
        });
        match result {
            Ok((objects, problems)) => {
                rendered.objects = objects;
                rendered.problems.extend(problems);
            }
            Err(problem) => {
                rendered.objects.clear();
                rendered.problems.push(problem);
            }
        }
        rendered
    }

    /// The kustomization files of a folder; there should be one.
    fn kustomizations(&self, folder: &RepoPath) -> Vec<FileId> {
        KUSTOMIZATION_NAMES.iter().filter_map(|name| self.snapshot.file(&folder.join(name)?)).collect()
    }

    fn kustomize(&self, build: &Build) -> Rendered {
        let Found::Folder(folder) = self.snapshot.find(&build.path) else { return Rendered::default() };
        let own = self.kustomizations(&folder);
        let Some(first) = own.first().copied() else { return Rendered::default() };
        let schemas = match self.schemas(&folder, first) {
            Ok(schemas) => schemas.unwrap_or_default(),
            Err(problem) => return Rendered { files: own, problems: vec![problem], ..Rendered::default() },
        };
        let alone = Bases::default();
        let trace = self.trace(first);
        let context = Context {
            snapshot: self.snapshot,
            trees: self.trees,
            schemas: &schemas,
            options: self.options,
            // A base that was merged by another schema is another base, and so is one whose objects note who came by.
            bases: match trace {
                _ if schemas.is_other() => &alone,
                Trace::Off => &self.bases,
                Trace::Transformers => &self.noted,
            },
            trace,
        };
        let mut files = own;
        let result = self.accumulated(&context, &folder, first, &build.adjustments).and_then(|(root, later)| {
            files.extend(&root.accumulated.files);
            let schemas = later.as_ref().unwrap_or(context.schemas);
            let silent = root.accumulated.silent.clone();
            let (objects, problems) = finish::finish(&Context { schemas, ..context }, &root)?;
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

    /// Whether the root has `buildMetadata`.
    fn trace(&self, file: FileId) -> Trace {
        // A kustomization that cannot be read is reported by who accumulates it. Few ask for anything.
        match self.with_field(file, "buildMetadata") {
            Some(kustomization) if kustomization.items(self.trees, "buildMetadata").next().is_some() => {
                Trace::Transformers
            }
            _ => Trace::Off,
        }
    }

    /// The kustomization, if it has a field that most have not and that must be known before all others.
    fn with_field(&self, file: FileId, name: &str) -> Option<Kustomization> {
        let root = self.trees.parsed(file).documents().first().and_then(|document| document.root)?;
        let has = |field: crate::model::Field<'_>| field.name().eq_ignore_ascii_case(name);
        if !self.trees.node(file, root).fields().any(has) {
            return None;
        }
        Kustomization::read(self.trees, file).ok()
    }

    /// What the kustomization accumulates to. A schema that a kustomize base or component brings holds for what is
    /// read after it where the kustomization has none; all is then done anew, whatever became of it without the schema.
    fn accumulated(
        &self,
        cx: &Context<'_>,
        folder: &RepoPath,
        file: FileId,
        adjustments: &Adjustments,
    ) -> Result<(Arc<Base>, Option<Schemas>), Problem> {
        let by = self.trees.top(file);
        let root = |cx: &Context<'_>| {
            if adjustments.is_none() {
                accumulate::base(cx, folder, None, by)
            } else {
                adjusted::kustomization(cx, folder, by, adjustments).map(Arc::new)
            }
        };
        let built = root(cx);
        let theirs = cx.schemas.met().filter(|(_, brings)| *brings != file && !cx.schemas.is_other());
        let schemas = match theirs {
            Some((folder, file)) => self.schemas(&folder, file)?,
            None => None,
        };
        let Some(schemas) = schemas else { return Ok((built?, None)) };
        let alone = Bases::default();
        let built = root(&Context { schemas: &schemas, bases: &alone, ..*cx })?;
        Ok((built, Some(schemas)))
    }

    /// The schema that the kustomization's `openapi` brings in the place of kustomize's.
    fn schemas(&self, folder: &RepoPath, file: FileId) -> Result<Option<Schemas>, Problem> {
        // A kustomization that cannot be read is reported by who accumulates it.
        let Some(kustomization) = self.with_field(file, "openapi") else { return Ok(None) };
        let given = |field| kustomization.get(self.trees, "openapi").and_then(|openapi| openapi.get(field));
        let (path, version) = (given("path"), given("version"));
        let Some(path) = path else {
            let unknown = version.filter(|version| !matches!(version.as_str(), None | Some("" | BUILTIN_OPENAPI)));
            return match unknown {
                Some(version) => Err(does_not_build(version.place(), "the specified OpenAPI version is not built in")
                    .with_help(format!("kustomize v5.7.1 has {BUILTIN_OPENAPI}; remove the field"))),
                None => Ok(None),
            };
        };
        if let Some(version) = version {
            let message = "builtin version and custom schema provided, cannot use both";
            return Err(does_not_build(version.place(), message));
        }
        let at = (path.as_str().unwrap_or_default(), path.place());
        match find(self.snapshot, self.options.load, folder, at, Wanted::File)? {
            Target::File(schema) => Ok(self.trees.documents(schema).next().map(|document| {
                let read = |beside| Schema::from_openapi(self.trees.view(&document), beside);
                Schemas::of(file, read(Beside::Nothing), read(Beside::Builtin))
            })),
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
