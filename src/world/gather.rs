//! The loop: builds → objects → applications → further builds, until none is new.
//!
//! Never: one build rendered twice.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::layout::{self, Kustomized, Layout};
use super::{Built, DefinedApi, ObjectAt, World};
use crate::api;
use crate::base::{Content, Entry, FileId, IdMap, IdSet, Problem, ProblemKind, RepoPath, Snapshot, Span, TextRange};
use crate::delivery::{self, Application, Asked, Chart, Controller, Destination, Here, Reader, Values};
use crate::model::{Address, Object, ObjectKey, Trees, Value};
use crate::parse::ParseProblemKind;
use crate::render::{Build, BuildKind, LoadRestriction, Options, Rendered, Renderer};

/// How many times applications may ask for builds that hold applications that ask for builds.
const ROUNDS: usize = 32;

/// What one side means. `base` is the world of the other side, where it is gathered already: builds of which every
/// file is the same are taken over from it.
#[must_use]
pub fn gather(snapshot: Arc<Snapshot>, trees: &Trees, here: &Here, base: Option<&World>) -> World {
    let layout = laid_out(&snapshot, trees);
    gathered(snapshot, layout, trees, here, base)
}

/// What both sides of a change mean; the files of the head are sorted while the base is gathered. Of the head most is
/// taken over, which one thread does nearly alone; `beside` is what the others do meanwhile.
#[must_use]
pub fn gather_both<T: Send>(
    base: Option<Arc<Snapshot>>,
    head: Arc<Snapshot>,
    trees: &Trees,
    here: &Here,
    beside: impl FnOnce(Option<&World>) -> T + Send,
) -> (Option<World>, World, T) {
    let before = || base.map(|base| gather(base, trees, here, None));
    let (before, layout) = rayon::join(before, || laid_out(&head, trees));
    let after = || gathered(head, layout, trees, here, before.as_ref());
    let (after, beside) = rayon::join(after, || beside(before.as_ref()));
    (before, after, beside)
}

fn laid_out(snapshot: &Snapshot, trees: &Trees) -> Layout {
    parse_all(snapshot, trees);
    Layout::of(snapshot, trees)
}

fn gathered(snapshot: Arc<Snapshot>, layout: Layout, trees: &Trees, here: &Here, base: Option<&World>) -> World {
    let mut pool = Pool {
        renderer: Renderer::new(&snapshot, trees, Options::default()),
        unrestricted: Renderer::new(&snapshot, trees, Options { load: LoadRestriction::None, ..Options::default() }),
        shared: base.map(|base| Shared::new(base, &snapshot)),
        done: BTreeMap::new(),
        reader: Reader::new(&snapshot, trees, here),
        candidates: BTreeMap::new(),
        has_news: false,
        takes_values: false,
        trees,
    };
    pool.render(roots(&layout));
    // A plain file that a kustomization reads is judged as a part of it.
    let consumed = consumed(&pool.done);
    pool.render(files(&layout, &snapshot, &consumed));
    let mut asked = pool.ask(&[]);
    for _ in 0..ROUNDS {
        if !pool.render_asked(&asked) || !pool.has_news {
            break;
        }
        asked = pool.ask(&asked);
    }
    let unasked = superseded(&asked, &pool.done);
    let mut done = std::mem::take(&mut pool.done);
    let knowledge = (!pool.takes_values).then(|| pool.reader.knowledge());
    drop(pool);
    let spare = unasked.into_iter().filter_map(|build| done.remove_entry(&build)).collect();
    let consumed = self::consumed(&done);
    drop_consumed(&mut done, &consumed);
    World { knowledge, spare, ..assemble(snapshot, trees, here, layout, (done, consumed), asked, base) }
}

/// Parsing is the bulk of a run; it is done first, by all threads, each content once.
pub fn parse_all(snapshot: &Snapshot, trees: &Trees) {
    let mut seen = IdSet::default();
    let files: Vec<FileId> = snapshot
        .files()
        .filter(|(path, file)| layout::is_text(path) && seen.insert(trees.sources().content_id(*file)))
        .map(|(_, file)| file)
        .collect();
    files.par_iter().for_each(|file| {
        trees.parsed(*file);
    });
}

/// The kustomizations that nobody includes.
fn roots(layout: &Layout) -> BTreeSet<Build> {
    let roots = layout.kustomizations.iter().filter(|(_, found)| **found == Kustomized::Root);
    roots.map(|(folder, _)| Build::plain(folder.clone(), BuildKind::Kustomize)).collect()
}

/// The plain files that no kustomization reads.
fn files(layout: &Layout, snapshot: &Snapshot, consumed: &IdSet<FileId>) -> BTreeSet<Build> {
    let is_free = |path: &&RepoPath| snapshot.file(path).is_none_or(|file| !consumed.contains(&file));
    let free = layout.manifests.iter().filter(is_free);
    free.map(|path| Build::plain(path.clone(), BuildKind::File)).collect()
}

/// An object that may be an application: where it is written, and what it is there. Overlays of one base hold it again
/// and again; where an overlay changes it, it is another one.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    path: RepoPath,
    start: u32,
    key: ObjectKey,
    /// What it says, where that is not just what is written there.
    made: Option<String>,
}

struct Pool<'a> {
    renderer: Renderer<'a>,
    /// For what Flux alone applies: its controller lets a kustomization read all of its source.
    unrestricted: Renderer<'a>,
    shared: Option<Shared<'a>>,
    done: BTreeMap<Build, Arc<Rendered>>,
    reader: Reader<'a>,
    candidates: BTreeMap<Candidate, (Object, Vec<Build>)>,
    /// Whether a candidate or a source came since all were asked.
    has_news: bool,
    /// Whether some candidate takes variables from ConfigMaps or Secrets.
    takes_values: bool,
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
        self.add(rendered);
    }

    /// Renders what applications ask for and nobody rendered yet; gives whether there was any.
    fn render_asked(&mut self, asked: &[(Asked, Vec<Build>)]) -> bool {
        let mut controllers: BTreeMap<&Build, BTreeSet<Controller>> = BTreeMap::new();
        for application in asked.iter().flat_map(|(asked, _)| &asked.applications) {
            for (build, _) in &application.builds {
                controllers.entry(build).or_default().insert(application.controller);
            }
        }
        let is_new = |build: &Build| !self.done.contains_key(build);
        let new: BTreeSet<Build> = controllers.keys().copied().filter(|build| is_new(build)).cloned().collect();
        let is_any = !new.is_empty();
        self.render(new);
        let by_flux = |found: &BTreeSet<Controller>| found.len() == 1 && found.contains(&Controller::Flux);
        let lifted: Vec<(Build, Arc<Rendered>)> = controllers
            .into_iter()
            .filter(|(build, found)| by_flux(found) && self.done.get(*build).is_some_and(|rendered| fails(rendered)))
            .map(|(build, _)| (build.clone(), Arc::new(self.unrestricted.build(build))))
            .filter(|(_, rendered)| !fails(rendered))
            .collect();
        let is_any = is_any || !lifted.is_empty();
        self.add(lifted);
        is_any
    }

    fn add(&mut self, rendered: Vec<(Build, Arc<Rendered>)>) {
        for (build, rendered) in rendered {
            for object in &rendered.objects {
                self.has_news |= self.reader.add_source(object);
                self.has_news |= self.takes_values && delivery::holds_values(object);
                if delivery::asks(self.trees, object) {
                    self.has_news = true;
                    self.takes_values |= delivery::takes_values(self.trees, object);
                    self.add_candidate(object, &build);
                }
            }
            self.done.insert(build, rendered);
        }
    }

    fn add_candidate(&mut self, object: &Object, build: &Build) {
        let place = object.place(self.trees);
        let path = self.trees.sources().path(place.file).clone();
        let made = match &object.value {
            Value::Source(..) => None,
            Value::Made(_) => Some(object.view(self.trees).to_json().to_string()),
        };
        let candidate = Candidate { path, start: place.range.start, key: object.key.clone(), made };
        let (_, holders) = self.candidates.entry(candidate).or_insert_with(|| (object.clone(), Vec::new()));
        holders.push(build.clone());
    }

    /// What all candidates ask for, in their order, each with the builds that hold it. Sources that a later build
    /// defines may change what an earlier one means, so all are asked again; `before` is what they asked for then.
    fn ask(&mut self, before: &[(Asked, Vec<Build>)]) -> Vec<(Asked, Vec<Build>)> {
        self.has_news = false;
        if self.takes_values {
            let takers = self.candidates.values().map(|(object, _)| object);
            let gone = superseded(before, &self.done);
            let builds = self.done.iter().filter(|(build, _)| !gone.contains(*build));
            let objects = builds.flat_map(|(_, rendered)| &rendered.objects);
            let values = Values::of(self.trees, takers, objects);
            self.reader.set_values(values);
        }
        let candidates: Vec<&(Object, Vec<Build>)> = self.candidates.values().collect();
        let known = self.known();
        let ask = |(object, holders): &(Object, Vec<Build>)| {
            let again = known.get(&Address::of(&object.value)).and_then(|application| Reader::read_again(application));
            (again.unwrap_or_else(|| self.reader.read(object)), holders.clone())
        };
        candidates.into_par_iter().map(ask).collect()
    }

    /// The applications of the other side, by what says them, if each asks for the very same here: what a Kustomization
    /// of Flux means depends on the paths of a side and on what its reader knows, where it takes no variables from objects.
    fn known(&self) -> IdMap<Address, &Application> {
        let shared = self.shared.as_ref().filter(|shared| shared.has_the_same_paths() && !self.takes_values);
        let base =
            shared.map(|shared| shared.base).filter(|base| base.knowledge.as_ref() == Some(&self.reader.knowledge()));
        let applications = base.into_iter().flat_map(|base| &base.applications);
        applications.map(|application| (Address::of(&application.object.value), application)).collect()
    }
}

/// The builds that stand for nothing: with other settings than are known now; asked for by an application that is there
/// only without the settings of who applies it; and kustomizations that are applied with settings and by nobody as they
/// are.
fn superseded(asked: &[(Asked, Vec<Build>)], done: &BTreeMap<Build, Arc<Rendered>>) -> BTreeSet<Build> {
    let mut gone: BTreeSet<Build> = BTreeSet::new();
    if done.keys().all(|build| build.adjustments.is_none()) {
        return gone;
    }
    for _ in 0..ROUNDS {
        let is_live = |(_, holders): &&(Asked, Vec<Build>)| holders.iter().any(|holder| !gone.contains(holder));
        let live = asked.iter().filter(is_live).flat_map(|(asked, _)| &asked.applications);
        let wanted: HashSet<&Build> = live.flat_map(|application| application.builds.iter().map(|(b, _)| b)).collect();
        let adjusted = wanted.iter().filter(|build| !build.adjustments.is_none());
        let read = adjusted.filter_map(|build| done.get(*build)).flat_map(|rendered| &rendered.files);
        let read: IdSet<FileId> = read.copied().collect();
        let is_gone = |(build, rendered): &(&Build, &Arc<Rendered>)| {
            let is_read = || rendered.files.first().is_some_and(|file| read.contains(file));
            !wanted.contains(build)
                && match build.kind {
                    BuildKind::File => false,
                    BuildKind::Kustomize => !build.adjustments.is_none() || is_read(),
                    BuildKind::Folder { .. } | BuildKind::Generated => true,
                }
        };
        let now: BTreeSet<Build> = done.iter().filter(is_gone).map(|(build, _)| build.clone()).collect();
        if now == gone {
            break;
        }
        gone = now;
    }
    gone
}

fn fails(rendered: &Rendered) -> bool {
    rendered.problems.iter().any(|problem| problem.kind == ProblemKind::DoesNotBuild)
}

/// What the other side has rendered already.
struct Shared<'a> {
    base: &'a World,
    /// The files of the base that this side has not, or not so.
    changed: IdSet<FileId>,
    /// The paths that only one of the sides has.
    moved: BTreeSet<RepoPath>,
    /// The folders where a kustomization file came or went.
    refounded: BTreeSet<RepoPath>,
    /// Whether a link came, went or changed its way: what an unchanged file means may be another thing then.
    is_rebuilt: bool,
}

impl<'a> Shared<'a> {
    fn new(base: &'a World, snapshot: &Snapshot) -> Self {
        let (changed, moved, refounded) = (IdSet::default(), BTreeSet::new(), BTreeSet::new());
        let mut shared = Self { base, changed, moved, refounded, is_rebuilt: false };
        let (mut before, mut after) = (base.snapshot.entries().peekable(), snapshot.entries().peekable());
        loop {
            let order = match (before.peek(), after.peek()) {
                (None, None) => return shared,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((old, _)), Some((new, _))) => old.cmp(new),
            };
            let old = before.next_if(|_| order.is_le());
            let new = after.next_if(|_| order.is_ge());
            shared.meet(old, new);
        }
    }

    /// Whether there is the same kind of thing at each path of both sides.
    fn has_the_same_paths(&self) -> bool {
        self.moved.is_empty() && !self.is_rebuilt
    }

    /// Takes note of what one path is on both sides.
    fn meet(&mut self, old: Option<(&RepoPath, &Entry)>, new: Option<(&RepoPath, &Entry)>) {
        if let (Some((_, Entry::File(old))), new) = (old, new)
            && !new.is_some_and(|(_, new)| *new == Entry::File(*old))
        {
            self.changed.insert(*old);
        }
        match (old, new) {
            (Some((_, Entry::File(_))), Some((_, Entry::File(_)))) => {}
            (Some((_, old)), Some((_, new))) => self.is_rebuilt |= old != new,
            (old, new) => {
                for (path, entry) in old.into_iter().chain(new) {
                    self.is_rebuilt |= !matches!(entry, Entry::File(_));
                    if layout::is_kustomization_name(path.name()) {
                        self.refounded.extend(path.parent());
                    }
                    self.moved.insert(path.clone());
                }
            }
        }
    }

    /// The base's rendering of `build`, if rendering it here would read the very same files.
    fn take(&self, trees: &Trees, build: &Build) -> Option<Arc<Rendered>> {
        let spare = || self.base.spare.get_key_value(build);
        let row = self.base.row_of(build).map(|row| &self.base.builds[row]);
        let (known, rendered) = row.map(|built| (&built.build, &built.rendered)).or_else(spare)?;
        if known.adjustments.files() != build.adjustments.files() {
            return None;
        }
        let sources = trees.sources();
        let same = |file: &FileId| {
            // A second kustomization beside the one that was read is a mistake.
            let is_beside = || sources.path(*file).parent().is_some_and(|folder| self.refounded.contains(&folder));
            !self.changed.contains(file) && (self.refounded.is_empty() || !is_beside())
        };
        let lists = matches!(build.kind, BuildKind::Folder { .. } | BuildKind::Generated);
        let lists_the_same = || !lists || !self.moved.iter().any(|path| path.is_within(&build.path));
        let same = !self.is_rebuilt && !fails(rendered) && lists_the_same() && rendered.files.iter().all(same);
        same.then(|| Arc::clone(rendered))
    }
}

/// The files that builds of more than one file read.
fn consumed(done: &BTreeMap<Build, Arc<Rendered>>) -> IdSet<FileId> {
    let builds = done.iter().filter(|(build, _)| build.kind != BuildKind::File);
    builds.flat_map(|(_, rendered)| rendered.files.iter().copied()).collect()
}

/// A plain file that another build reads is not judged again by itself.
fn drop_consumed(done: &mut BTreeMap<Build, Arc<Rendered>>, consumed: &IdSet<FileId>) {
    done.retain(|build, rendered| {
        // A build without a file has nothing to point at: an empty folder.
        !rendered.files.is_empty()
            && (build.kind != BuildKind::File || !rendered.files.iter().any(|file| consumed.contains(file)))
    });
}

fn assemble(
    snapshot: Arc<Snapshot>,
    trees: &Trees,
    here: &Here,
    layout: Layout,
    (done, consumed): (BTreeMap<Build, Arc<Rendered>>, IdSet<FileId>),
    asked: Vec<(Asked, Vec<Build>)>,
    base: Option<&World>,
) -> World {
    let rows: HashMap<&Build, usize> = done.keys().enumerate().map(|(row, build)| (build, row)).collect();
    let mut found = Found::default();
    for (asked, holders) in asked {
        let holders: Vec<usize> = holders.iter().filter_map(|build| rows.get(build).copied()).collect();
        // A patch may look like an application; nothing holds it.
        if holders.is_empty() {
            continue;
        }
        let held = |application| Application { held_by: holders.clone(), ..application };
        found.applications.extend(asked.applications.into_iter().map(held));
        found.problems.extend(asked.problems);
        found.charts.extend(asked.chart);
    }
    let mut applied_by = vec![Vec::new(); done.len()];
    for (row, application) in found.applications.iter().enumerate() {
        for built in application.builds.iter().filter_map(|(build, _)| rows.get(build)) {
            applied_by[*built].push(row);
        }
    }
    let consumed = consumed.into_iter().map(|file| trees.sources().path(file).clone()).collect();
    let builds: Vec<Built> = done
        .into_iter()
        .zip(applied_by)
        .map(|((build, rendered), applied_by)| {
            let place = trees.top(rendered.files[0]);
            Built { build, rendered, applied_by, place, cluster: None }
        })
        .collect();
    mark_roots(&builds, &mut found.applications);
    let texts = text_problems(trees, &layout.texts);
    let mut world = World {
        side: snapshot.side(),
        problems: snapshot.problems().iter().cloned().chain(texts).chain(found.problems).collect(),
        snapshot,
        builds,
        applications: found.applications,
        charts: found.charts,
        definitions: Vec::new(),
        texts: layout.texts,
        consumed,
        layout: crate::delivery::Layout::default(),
        lifecycle: super::Lifecycle::default(),
        here: here.clone(),
        knowledge: None,
        spare: BTreeMap::new(),
    };
    place_in_clusters(&mut world);
    world.definitions = definitions(&world, trees, base);
    world
}

/// The applications, the charts that releases take from Git, and what could not be told of them.
#[derive(Default)]
struct Found {
    applications: Vec<Application>,
    charts: Vec<Chart>,
    problems: Vec<Problem>,
}

/// An application is a root where a build of it holds another application. An application that only holds itself is
/// none.
fn mark_roots(builds: &[Built], applications: &mut [Application]) {
    for built in builds.iter().filter(|built| !built.applied_by.is_empty()) {
        let held: Vec<&ObjectKey> =
            built.rendered.objects.iter().filter(|object| delivery::is_application(object)).map(|o| &o.key).collect();
        for row in &built.applied_by {
            let application = &mut applications[*row];
            application.is_root |= held.iter().any(|key| **key != application.object.key);
        }
    }
}

/// "In-cluster" is the cluster of whoever delivers the application, so clusters come down the graph.
fn place_in_clusters(world: &mut World) {
    for _ in 0..ROUNDS {
        let mut changed = false;
        for application in &mut world.applications {
            let inherited = || application.held_by.iter().find_map(|build| world.builds[*build].cluster.clone());
            let cluster = match &application.destination {
                Destination::Named(name) => Some(name.clone()),
                Destination::Own => inherited(),
                Destination::Unknown => None,
            };
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

/// The APIs that a world's objects define. What the other side compiled of the very same value is taken over, with
/// the schemas that were looked into there.
pub(super) fn definitions(world: &World, trees: &Trees, base: Option<&World>) -> Vec<DefinedApi> {
    let mut known: IdMap<Address, (ObjectAt, Vec<Arc<api::Definition>>)> = IdMap::default();
    for (base, defined) in base.into_iter().flat_map(|base| base.definitions.iter().map(move |d| (base, d))) {
        let address = Address::of(&base.object(defined.from).value);
        let (from, found) = known.entry(address).or_insert_with(|| (defined.from, Vec::new()));
        // Several builds may hold the very same object.
        if *from == defined.from {
            found.push(Arc::clone(&defined.definition));
        }
    }
    let objects: Vec<(ObjectAt, &Object)> = world.objects().collect();
    objects
        .par_iter()
        .flat_map_iter(|(from, object)| {
            let compile = || {
                let own = api::compile(trees, object).map(|compiled| compiled.definition);
                own.into_iter().chain(api::carried(trees, object)).map(Arc::new).collect()
            };
            let shared = known.get(&Address::of(&object.value)).map(|(_, found)| found.clone());
            let found: Vec<Arc<api::Definition>> = shared.unwrap_or_else(compile);
            found.into_iter().map(|definition| DefinedApi { from: *from, definition })
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
    let problems = trees.parsed(file).problems().iter().filter_map(|found| {
        let at = Span { file, range: found.at };
        let kind = match found.kind {
            // Told by who reads the file as kustomize does; others may read it with another parser.
            ParseProblemKind::Refused => return None,
            ParseProblemKind::Syntax | ParseProblemKind::Template => ProblemKind::Unparsable,
            ParseProblemKind::DuplicateKey => ProblemKind::DuplicateKey,
            ParseProblemKind::Limit => ProblemKind::LimitExceeded,
        };
        let problem = Problem::new(kind, at, found.message.clone());
        Some(match found.first {
            Some(range) => problem.with_related(Span { file, range }, "given here first"),
            None => problem,
        })
    });
    problems.collect()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

#[cfg(test)]
#[path = "adjust_tests.rs"]
mod adjust_tests;
#[cfg(test)]
#[path = "artifact_tests.rs"]
mod artifact_tests;

#[cfg(test)]
#[path = "set_tests.rs"]
mod set_tests;
