//! The loop: builds → objects → applications → further builds, until none is new.
//!
//! Never: one build rendered twice.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::layout::{self, Kustomized, Layout};
use super::{Built, DefinedApi, ObjectAt, World};
use crate::api;
use crate::base::{Content, FileId, Problem, ProblemKind, RepoPath, Snapshot, Span, TextRange};
use crate::delivery::{self, Application, GitSources, Here};
use crate::model::{Object, Trees};
use crate::parse::ParseProblemKind;
use crate::render::{Build, BuildKind, Rendered, Renderer};

/// How many times applications may ask for builds that hold applications that ask for builds.
const ROUNDS: usize = 32;

/// What one side means. `base` is the world of the other side, where it is gathered already: builds of which every
/// file is the same are taken over from it.
#[must_use]
pub fn gather(snapshot: Arc<Snapshot>, trees: &Trees, here: &Here, base: Option<&World>) -> World {
    parse_all(&snapshot, trees);
    let layout = Layout::of(&snapshot, trees);
    let mut pool = Pool {
        renderer: Renderer::new(&snapshot, trees, crate::render::Options::default()),
        shared: base.map(|base| Shared::new(base, &snapshot)),
        done: BTreeMap::new(),
        trees,
    };
    pool.render(first_builds(&layout));
    for _ in 0..ROUNDS {
        let asked = applications(&snapshot, trees, here, &pool.done).into_iter().flat_map(|(found, _)| found.builds);
        let new: BTreeSet<Build> = asked.map(|(build, _)| build).filter(|b| !pool.done.contains_key(b)).collect();
        if new.is_empty() {
            break;
        }
        pool.render(new);
    }
    let done = drop_consumed(pool.done);
    assemble(snapshot, trees, here, layout, done)
}

/// Parsing is the bulk of a run; it is done first, by all threads, each content once.
fn parse_all(snapshot: &Snapshot, trees: &Trees) {
    let mut seen = HashSet::new();
    let files: Vec<FileId> = snapshot
        .files()
        .filter(|(path, file)| layout::is_text(path) && seen.insert(trees.sources().content_id(*file)))
        .map(|(_, file)| file)
        .collect();
    files.par_iter().for_each(|file| {
        trees.parsed(*file);
    });
}

/// The builds that are there without any application: root kustomizations and plain files.
fn first_builds(layout: &Layout) -> BTreeSet<Build> {
    let roots = layout.kustomizations.iter().filter(|(_, found)| **found == Kustomized::Root);
    let roots = roots.map(|(folder, _)| Build { path: folder.clone(), kind: BuildKind::Kustomize });
    let files = layout.manifests.iter().map(|path| Build { path: path.clone(), kind: BuildKind::File });
    roots.chain(files).collect()
}

struct Pool<'a> {
    renderer: Renderer<'a>,
    shared: Option<Shared<'a>>,
    done: BTreeMap<Build, Arc<Rendered>>,
    trees: &'a Trees,
}

impl Pool<'_> {
    fn render(&mut self, builds: BTreeSet<Build>) {
        let rendered: Vec<(Build, Arc<Rendered>)> = builds
            .into_par_iter()
            .map(|build| {
                let shared = self.shared.as_ref().and_then(|shared| shared.take(self.trees, &build));
                let rendered = shared.unwrap_or_else(|| Arc::new(self.renderer.build(&build)));
                (build, rendered)
            })
            .collect();
        self.done.extend(rendered);
    }
}

/// What the other side has rendered already.
struct Shared<'a> {
    base: &'a World,
    snapshot: &'a Snapshot,
    by_build: BTreeMap<&'a Build, &'a Arc<Rendered>>,
    same_layout: bool,
}

impl<'a> Shared<'a> {
    fn new(base: &'a World, snapshot: &'a Snapshot) -> Self {
        // A link or a kustomization file that came or went may change what an unchanged file means.
        let marks = |snapshot: &Snapshot| -> Vec<(RepoPath, Option<crate::base::Entry>)> {
            let marked = snapshot.entries().filter_map(|(path, entry)| match entry {
                crate::base::Entry::File(_) => layout::is_kustomization_name(path.name()).then(|| (path.clone(), None)),
                other => Some((path.clone(), Some(other.clone()))),
            });
            marked.collect()
        };
        let same_layout = marks(&base.snapshot) == marks(snapshot);
        let by_build = base.builds.iter().map(|built| (&built.build, &built.rendered)).collect();
        Self { base, snapshot, by_build, same_layout }
    }

    /// The base's rendering of `build`, if rendering it here would read the very same files.
    fn take(&self, trees: &Trees, build: &Build) -> Option<Arc<Rendered>> {
        let rendered = self.by_build.get(build)?;
        let sources = trees.sources();
        let same = |file: &FileId| self.snapshot.file(sources.path(*file)) == Some(*file);
        let listing = |snapshot: &Snapshot| -> Vec<RepoPath> {
            let below = snapshot.files().filter(|(path, _)| path.is_within(&build.path));
            below.map(|(path, _)| path.clone()).collect()
        };
        let fails = rendered.problems.iter().any(|problem| problem.kind == ProblemKind::DoesNotBuild);
        let lists = matches!(build.kind, BuildKind::Folder { .. } | BuildKind::Generated);
        let same = self.same_layout
            && !fails
            && rendered.files.iter().all(same)
            && (!lists || listing(&self.base.snapshot) == listing(self.snapshot));
        same.then(|| Arc::clone(rendered))
    }
}

/// The applications of all builds, each once, with the builds that hold it.
fn applications(
    snapshot: &Snapshot,
    trees: &Trees,
    here: &Here,
    done: &BTreeMap<Build, Arc<Rendered>>,
) -> Vec<(Application, Vec<usize>)> {
    let mut sources = GitSources::default();
    for object in done.values().flat_map(|rendered| &rendered.objects) {
        sources.add(trees, object);
    }
    let mut found: Vec<(Application, Vec<usize>)> = Vec::new();
    let mut rows: BTreeMap<(String, u32, String), usize> = BTreeMap::new();
    for (row, object) in done.values().enumerate().flat_map(|(row, r)| r.objects.iter().map(move |o| (row, o))) {
        if !delivery::is_application(object) {
            continue;
        }
        let Some(application) = delivery::read(snapshot, trees, here, &sources, object) else { continue };
        let path = trees.sources().path(application.place.file).to_string();
        let identity = (path, application.place.range.start, application.key.to_string());
        match rows.get(&identity) {
            Some(known) => found[*known].1.push(row),
            None => {
                rows.insert(identity, found.len());
                found.push((application, vec![row]));
            }
        }
    }
    found
}

/// A plain file that another build reads is not judged again by itself.
fn drop_consumed(done: BTreeMap<Build, Arc<Rendered>>) -> BTreeMap<Build, Arc<Rendered>> {
    let consumed: HashSet<FileId> = done
        .iter()
        .filter(|(build, _)| build.kind != BuildKind::File)
        .flat_map(|(_, rendered)| rendered.files.iter().copied())
        .collect();
    done.into_iter()
        .filter(|(build, rendered)| {
            // A build without a file has nothing to point at: an empty folder.
            !rendered.files.is_empty()
                && (build.kind != BuildKind::File || !rendered.files.iter().any(|file| consumed.contains(file)))
        })
        .collect()
}

fn assemble(
    snapshot: Arc<Snapshot>,
    trees: &Trees,
    here: &Here,
    layout: Layout,
    done: BTreeMap<Build, Arc<Rendered>>,
) -> World {
    let found = applications(&snapshot, trees, here, &done);
    let rows: BTreeMap<&Build, usize> = done.keys().enumerate().map(|(row, build)| (build, row)).collect();
    let mut applied_by = vec![Vec::new(); done.len()];
    for (row, (application, _)) in found.iter().enumerate() {
        for (build, _) in &application.builds {
            if let Some(built) = rows.get(build) {
                applied_by[*built].push(row);
            }
        }
    }
    let holders: Vec<Vec<usize>> = found.iter().map(|(_, holders)| holders.clone()).collect();
    let mut applications: Vec<Application> = found.into_iter().map(|(application, _)| application).collect();
    let consumed = done.iter().filter(|(build, _)| build.kind != BuildKind::File);
    let consumed =
        consumed.flat_map(|(_, rendered)| &rendered.files).map(|file| trees.sources().path(*file).clone()).collect();
    let builds: Vec<Built> = done
        .into_iter()
        .zip(applied_by)
        .map(|((build, rendered), applied_by)| {
            let place = trees.top(rendered.files[0]);
            Built { build, rendered, applied_by, place, cluster: None }
        })
        .collect();
    mark_roots(&builds, &mut applications);
    let mut world = World {
        side: snapshot.side(),
        problems: snapshot.problems().iter().cloned().chain(text_problems(trees, &layout.texts)).collect(),
        snapshot,
        builds,
        applications,
        definitions: Vec::new(),
        texts: layout.texts,
        consumed,
        layout: crate::delivery::Layout::default(),
    };
    place_in_clusters(&mut world, &holders);
    world.definitions = definitions(&world, trees);
    world
}

fn mark_roots(builds: &[Built], applications: &mut [Application]) {
    for built in builds {
        for row in &built.applied_by {
            let mut held = built.rendered.objects.iter().filter(|object| delivery::is_application(object));
            let own = applications[*row].key.clone();
            if held.any(|object| object.key != own) {
                applications[*row].is_root = true;
            }
        }
    }
}

/// "In-cluster" is the cluster of whoever delivers the application, so clusters come down the graph.
fn place_in_clusters(world: &mut World, holders: &[Vec<usize>]) {
    for _ in 0..ROUNDS {
        let mut changed = false;
        for (row, application) in world.applications.iter_mut().enumerate() {
            let inherited = || holders[row].iter().find_map(|build| world.builds[*build].cluster.clone());
            let cluster = application.destination.clone().or_else(inherited);
            changed |= cluster != application.cluster;
            application.cluster = cluster;
        }
        for built in &mut world.builds {
            let mut clusters = built.applied_by.iter().map(|row| world.applications[*row].cluster.clone());
            let first = clusters.next().flatten();
            let cluster = first.filter(|first| clusters.all(|other| other.as_ref() == Some(first)));
            changed |= cluster != built.cluster;
            built.cluster = cluster;
        }
        if !changed {
            return;
        }
    }
}

fn definitions(world: &World, trees: &Trees) -> Vec<DefinedApi> {
    let objects: Vec<(ObjectAt, &Object)> = world.objects().collect();
    objects
        .par_iter()
        .filter_map(|(from, object)| {
            let compiled = api::compile(trees, object)?;
            Some(DefinedApi { from: *from, definition: Arc::new(compiled.definition) })
        })
        .collect()
}

/// What is wrong with the texts themselves, whoever reads them.
fn text_problems(trees: &Trees, texts: &[FileId]) -> Vec<Problem> {
    texts.par_iter().flat_map_iter(|file| problems_of(trees, *file)).collect()
}

fn problems_of(trees: &Trees, file: FileId) -> Vec<Problem> {
    let content = trees.sources().content(file);
    let start = Span { file, range: TextRange::new(0, 0) };
    match content {
        Content::Failed(error) => {
            return vec![Problem::new(ProblemKind::Unreadable, start, format!("this file cannot be read: {error}"))];
        }
        Content::Binary(_) if content.special().is_none() => {
            let help = "save it as UTF-8, or give it another ending";
            let problem = Problem::new(ProblemKind::Unreadable, start, "this file is not UTF-8").with_help(help);
            return vec![problem];
        }
        Content::Binary(_) | Content::Text(_) => {}
    }
    if content.special().is_some() || layout::is_template(trees, file) {
        return Vec::new();
    }
    let problems = trees.parsed(file).problems().iter().map(|found| {
        let at = Span { file, range: found.at };
        let kind = match found.kind {
            ParseProblemKind::Syntax | ParseProblemKind::Template => ProblemKind::Unparsable,
            ParseProblemKind::DuplicateKey => ProblemKind::DuplicateKey,
            ParseProblemKind::Limit => ProblemKind::LimitExceeded,
        };
        let problem = Problem::new(kind, at, found.message.clone());
        match found.first {
            Some(range) => problem.with_related(Span { file, range }, "given here first"),
            None => problem,
        }
    });
    problems.collect()
}
