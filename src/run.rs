//! The pipeline, a line a stage. The only file that knows every room.
//!
//! Never: domain logic; what takes a decision lives in a room.

#![expect(
    clippy::disallowed_methods,
    reason = "the edge: the environment is read and files that were asked for are written here"
)]

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::{FileId, Problem, RepoPath, Side, Snapshot, Sources};
use crate::cli::{self, Cli, Command};
use crate::compare::{self, Changes};
use crate::delivery::Here;
use crate::impact::{self, Impact};
use crate::model::{Object, Trees};
use crate::origins;
use crate::read::{self, Ci, ReadError, Repository};
use crate::render::{self, Build, BuildKind, Renderer};
use crate::report::{self, ApiImpact, BaseName, Color, Format, Report, Summary};
use crate::rules::{self, Facts, RuleSet, Settings, Severity, Show, Verdict};
use crate::secrets;
use crate::world::{self, World};

/// What the process is run in, read once.
pub struct Env {
    /// The working directory.
    pub directory: PathBuf,
    /// What continuous integration says of the change.
    pub ci: Ci,
    /// Whether `--color auto` means color.
    pub color: bool,
    /// The columns of the terminal.
    pub width: usize,
    /// The index that git filled for its hook, if it is not the usual one.
    pub index: Option<PathBuf>,
}

impl Env {
    /// The environment of this process; `terminal` is whether standard output is one.
    #[must_use]
    pub fn of_process(terminal: bool) -> Self {
        let given = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let forced = given("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        Self {
            directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            ci: Ci::from_variables(&|name| std::env::var(name).ok()),
            color: given("NO_COLOR").is_none() && (terminal || forced),
            width: given("COLUMNS").and_then(|columns| columns.parse().ok()).unwrap_or(100),
            index: given("GIT_INDEX_FILE").map(PathBuf::from),
        }
    }
}

/// Exit codes of `check`: clean, findings, could not judge.
const CLEAN: u8 = 0;
const FINDINGS: u8 = 1;
const NOT_JUDGED: u8 = 2;

/// Does what was asked for and gives the exit code.
///
/// # Errors
/// Where `out` or `err` cannot be written.
pub fn run(cli: &Cli, env: &Env, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let done = match &cli.command {
        Command::Check(ask) => check(ask, env, out, err),
        Command::Render(ask) => render(ask, env, out, err),
        Command::Blame(ask) => blame(ask, env, out, err),
        Command::Explain(ask) => explain(ask, out),
        Command::Rules => write!(out, "{}", report::list(&RuleSet::embedded())).map(|()| CLEAN).map_err(Stop::from),
    };
    match done {
        Ok(code) => Ok(code),
        Err(Stop::Output(error)) => Err(error),
        Err(Stop::Told(text, code)) => {
            out.flush()?;
            writeln!(err, "error: {text}")?;
            Ok(code)
        }
    }
}

/// Why a command ends early.
enum Stop {
    /// The user is told, and this is the exit code.
    Told(String, u8),
    /// Nobody reads what is written.
    Output(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Told(error.to_string(), NOT_JUDGED)
    }
}

/// The two trees of a change.
pub struct Sides {
    base: Option<(Snapshot, BaseName)>,
    head: Snapshot,
    here: Here,
    /// Folders and files that findings are shown for; empty for all.
    within: Vec<RepoPath>,
}

/// A judged change: everything that a report is made from.
pub struct Judgement {
    trees: Trees,
    head: World,
    impact: Impact,
    base: Option<BaseName>,
    /// Whether neither side holds anything that a rule reads.
    empty: bool,
    /// What the rules say.
    pub verdict: Verdict,
}

fn check(ask: &cli::Check, env: &Env, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8, Stop> {
    let rules = RuleSet::embedded();
    let settings = settings(ask, &rules)?;
    let sources = Arc::new(Sources::default());
    let judged = pool(ask.jobs)?.install(|| -> Result<Judgement, Stop> {
        let sides = sides(ask, env, &sources)?;
        Ok(judge(sources.clone(), sides, &rules, settings))
    })?;
    judged.write_reports(ask, env, out)?;
    if judged.empty && judged.verdict.findings.is_empty() {
        writeln!(err, "error: nothing was checked: no object, kustomization or text that a rule reads was found")?;
        return Ok(NOT_JUDGED);
    }
    Ok(judged.exit(ask.fail_on))
}

/// The whole judgement of two trees.
#[must_use]
pub fn judge(sources: Arc<Sources>, sides: Sides, rules: &RuleSet, settings: Settings) -> Judgement {
    let trees = Trees::new(sources);
    let settings = Settings { within: sides.within, ..settings };
    let (base, name) = sides.base.unzip();
    let base = base.map(|base| world::gather(Arc::new(base), &trees, &sides.here, None));
    let head = world::gather(Arc::new(sides.head), &trees, &sides.here, base.as_ref());
    let changes = base.as_ref().map_or_else(Changes::default, |base| compare::worlds(&trees, base, &head));
    let impact = base.as_ref().map_or_else(Impact::default, |base| impact::of(&trees, base, &head, &changes));
    redact(&trees, base.as_ref(), &head);
    let facts = Facts { trees: &trees, base: base.as_ref(), head: &head, changes: &changes, impact: &impact };
    let verdict = rules::judge(rules, &facts, &settings);
    let empty = base.iter().chain([&head]).all(|world| world.builds.is_empty() && world.texts.is_empty());
    Judgement { head, impact, base: name, empty, verdict, trees }
}

/// Blanks every secret of both sides, before anything is written.
fn redact(trees: &Trees, base: Option<&World>, head: &World) {
    for world in base.into_iter().chain([head]) {
        for (_, object) in world.objects() {
            for span in secrets::redactions(trees, object) {
                trees.sources().redact(span);
            }
        }
        for file in &world.texts {
            for span in secrets::redactions_of_file(trees, *file) {
                trees.sources().redact(span);
            }
        }
    }
}

impl Judgement {
    fn write_reports(&self, ask: &cli::Check, env: &Env, out: &mut dyn Write) -> Result<(), Stop> {
        let builds = self.head.builds.iter();
        let files: BTreeSet<&RepoPath> = self.head.texts.iter().map(|file| self.path(*file)).collect();
        let report = Report {
            sources: self.trees.sources(),
            verdict: &self.verdict,
            base: self.base.clone(),
            judged: report::Judged { objects: self.head.objects().count(), builds: builds.count(), files: files.len() },
            apis: self.impact.apis.iter().map(|api| ApiImpact::of(self.trees.sources(), api)).collect(),
        };
        for to in &ask.format {
            let colored = match ask.color {
                cli::When::Always => true,
                cli::When::Never => false,
                cli::When::Auto => env.color && to.file.is_none(),
            };
            let format = match to.format {
                cli::Format::Json => Format::Json,
                cli::Format::Text => Format::Text {
                    color: if colored { Color::On } else { Color::Off },
                    width: env.width,
                    summary: if ask.quiet { Summary::Off } else { Summary::On },
                },
            };
            match &to.file {
                None => report.write(format, out)?,
                Some(path) => {
                    let mut text = Vec::new();
                    report.write(format, &mut text)?;
                    write_file(&env.directory.join(path), &text)?;
                }
            }
        }
        Ok(())
    }

    fn path(&self, file: FileId) -> &RepoPath {
        self.trees.sources().path(file)
    }

    fn exit(&self, fail_on: cli::FailOn) -> u8 {
        let counts = &self.verdict.counts;
        let failing = match fail_on {
            cli::FailOn::Never => 0,
            cli::FailOn::Error => counts.error,
            cli::FailOn::Warning => counts.error + counts.warning,
            cli::FailOn::Info => counts.error + counts.warning + counts.info,
        };
        if failing > 0 { FINDINGS } else { CLEAN }
    }
}

/// Finds the two trees: the work tree (or the index) and the base that was asked for, or that goes without saying.
fn sides(ask: &cli::Check, env: &Env, sources: &Arc<Sources>) -> Result<Sides, Stop> {
    let paths: Vec<PathBuf> = ask.paths.iter().map(|path| env.directory.join(path)).collect();
    let first = paths.first().cloned().unwrap_or_else(|| env.directory.clone());
    let repository = read::open(&first)?;
    let folder = ask.base.as_ref().map(|base| env.directory.join(base)).filter(|base| base.is_dir());
    let revision = ask.base.as_ref().map(|base| repository.as_ref().map(|found| found.resolve(base)));
    match (repository, ask.base.as_deref(), folder) {
        (Some(repository), Some(asked), _) if matches!(revision, Some(Some(Ok(_)))) => {
            let commit = repository.merge_base(&repository.resolve(asked)?)?;
            let base = repository.revision(Side::Base, sources, &commit)?;
            let name = BaseName { revision: asked.to_owned(), merge_base: Some(commit.id) };
            in_repository(&repository, &paths, sources, Some((base, name)), (ask, env))
        }
        (_, Some(asked), Some(folder)) => {
            let base = read::folder(Side::Base, sources, &folder)?;
            let name = BaseName { revision: asked.to_owned(), merge_base: None };
            let head = read::folder(Side::Head, sources, &first)?;
            Ok(Sides { base: Some((base, name)), head, here: Here::default(), within: Vec::new() })
        }
        (Some(repository), Some(asked), None) => Err(repository.resolve(asked).map_or_else(Stop::from, |_| {
            Stop::Told(format!("`{asked}` is neither a revision nor a folder"), NOT_JUDGED)
        })),
        (None, Some(_), None) => Err(ReadError::NotARepository(first).into()),
        (Some(repository), None, _) if ask.staged => {
            let base = match repository.head()? {
                None => None,
                Some(commit) => {
                    let name = BaseName { revision: "HEAD".to_owned(), merge_base: Some(commit.id.clone()) };
                    Some((repository.revision(Side::Base, sources, &commit)?, name))
                }
            };
            in_repository(&repository, &paths, sources, base, (ask, env))
        }
        (None, None, _) if ask.staged => Err(ReadError::NotARepository(first).into()),
        (Some(repository), None, _) => {
            let base = match repository.default_base(&env.ci)? {
                None => None,
                Some(found) => {
                    let snapshot = repository.revision(Side::Base, sources, &found.commit)?;
                    Some((snapshot, BaseName { revision: found.asked, merge_base: Some(found.commit.id) }))
                }
            };
            in_repository(&repository, &paths, sources, base, (ask, env))
        }
        (None, None, _) => {
            let head = read::folder(Side::Head, sources, &first)?;
            Ok(Sides { base: None, head, here: Here::default(), within: Vec::new() })
        }
    }
}

fn in_repository(
    repository: &Repository,
    paths: &[PathBuf],
    sources: &Arc<Sources>,
    base: Option<(Snapshot, BaseName)>,
    (ask, env): (&cli::Check, &Env),
) -> Result<Sides, Stop> {
    let head = if ask.staged {
        repository.index(Side::Head, sources, env.index.as_deref())?
    } else {
        repository.work_tree(Side::Head, sources)?
    };
    let here = Here::new(repository.remotes());
    let within = within(repository.root(), paths)?;
    Ok(Sides { base, head, here, within })
}

/// The paths that findings are shown for, as paths of the repository; none where its root is among them.
fn within(root: Option<&Path>, paths: &[PathBuf]) -> Result<Vec<RepoPath>, Stop> {
    let Some(root) = root.and_then(|root| root.canonicalize().ok()) else { return Ok(Vec::new()) };
    let mut within = Vec::new();
    for path in paths {
        let real = path.canonicalize().map_err(|_| ReadError::NoSuchPath(path.clone()))?;
        let relative = real.strip_prefix(&root).ok().and_then(Path::to_str).and_then(RepoPath::new);
        let Some(relative) = relative else {
            let text = format!("`{}` lies outside the repository `{}`", path.display(), root.display());
            return Err(Stop::Told(text, NOT_JUDGED));
        };
        if relative.as_str().is_empty() {
            return Ok(Vec::new());
        }
        within.push(relative);
    }
    Ok(within)
}

fn settings(ask: &cli::Check, rules: &RuleSet) -> Result<Settings, Stop> {
    for name in ask.select.iter().chain(&ask.ignore) {
        if !rules.knows(name) {
            let near = rules.near(name).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            let text = format!("no rule or pack is called `{name}`{near} (`gitops-guard rules` lists them)");
            return Err(Stop::Told(text, NOT_JUDGED));
        }
    }
    let least = match ask.severity {
        cli::Level::Info => Severity::Info,
        cli::Level::Warning => Severity::Warning,
        cli::Level::Error => Severity::Error,
    };
    Ok(Settings {
        select: ask.select.clone(),
        ignore: ask.ignore.clone(),
        show: if ask.all { Show::All } else { Show::Open },
        least: Some(least),
        ..Settings::default()
    })
}

fn pool(jobs: Option<usize>) -> Result<rayon::ThreadPool, Stop> {
    // Rendering recurses along the includes of kustomizations; a worker's default stack is smaller than main's.
    let builder = rayon::ThreadPoolBuilder::new().num_threads(jobs.unwrap_or(0)).stack_size(16 << 20);
    builder.build().map_err(|error| Stop::Told(format!("no threads can be started: {error}"), NOT_JUDGED))
}

/// One build of a folder, wherever it lies, with what it was read from.
struct Folder {
    trees: Trees,
    path: RepoPath,
    objects: Vec<Object>,
}

impl Folder {
    /// `None`, and the problems told, where it does not build.
    fn build(dir: &Path, options: render::Options, env: &Env, err: &mut dyn Write) -> Result<Option<Self>, Stop> {
        let sources = Arc::new(Sources::default());
        let snapshot = read::on_demand(&sources);
        let trees = Trees::new(sources);
        let folder = env.directory.join(dir);
        let folder =
            folder.canonicalize().map_err(|_| Stop::Told(ReadError::NoSuchPath(folder).to_string(), FINDINGS))?;
        let path = folder.to_str().and_then(|text| RepoPath::new(text.trim_start_matches('/')));
        let path = path.ok_or_else(|| Stop::Told(format!("`{}` is not UTF-8", folder.display()), FINDINGS))?;
        let asked = Build { path: path.clone(), kind: BuildKind::Kustomize };
        let built = Renderer::new(&snapshot, &trees, options).build(&asked);
        if built.files.is_empty() {
            let names = "'kustomization.yaml', 'kustomization.yml' or 'Kustomization'";
            let message = format!("unable to find one of {names} in directory '{}'", folder.display());
            return Err(Stop::Told(message, FINDINGS));
        }
        for problem in &built.problems {
            tell(&trees, problem, err)?;
        }
        Ok(built.problems.is_empty().then_some(Self { trees, path, objects: built.objects }))
    }
}

/// Why a folder does not build or cannot be printed.
fn tell(trees: &Trees, problem: &Problem, err: &mut dyn Write) -> Result<(), Stop> {
    let at = trees.sources().positions(problem.at).0;
    let file = trees.sources().path(problem.at.file);
    writeln!(err, "error: {}\n  at /{file}:{}:{}", problem.message, at.line, at.column)?;
    Ok(())
}

fn restriction(asked: cli::Restrictor) -> render::LoadRestriction {
    match asked {
        cli::Restrictor::RootOnly => render::LoadRestriction::RootOnly,
        cli::Restrictor::None => render::LoadRestriction::None,
    }
}

fn render(ask: &cli::Render, env: &Env, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8, Stop> {
    let options = render::Options {
        load: restriction(ask.load_restrictor),
        order: ask.reorder.map(|order| match order {
            cli::Reorder::Legacy => render::Order::Legacy,
            cli::Reorder::None => render::Order::Fifo,
        }),
        managed_by: if ask.enable_managedby_label { render::ManagedBy::Always } else { render::ManagedBy::AsWritten },
    };
    let Some(folder) = Folder::build(&ask.dir, options, env, err)? else { return Ok(FINDINGS) };
    let printed = if ask.origins {
        origins::beside(&folder.trees, &folder.path, &folder.objects)
    } else {
        render::print(&folder.trees, &folder.objects)
    };
    let printed = match printed {
        Ok(printed) => printed,
        Err(problem) => {
            tell(&folder.trees, &problem, err)?;
            return Ok(FINDINGS);
        }
    };
    match &ask.output {
        None => out.write_all(printed.as_bytes())?,
        Some(path) => write_file(&env.directory.join(path), printed.as_bytes())?,
    }
    Ok(CLEAN)
}

fn blame(ask: &cli::Blame, env: &Env, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8, Stop> {
    let options = render::Options { load: restriction(ask.load_restrictor), ..render::Options::default() };
    let Some(folder) = Folder::build(&ask.dir, options, env, err)? else { return Ok(FINDINGS) };
    let told = origins::blame(&folder.trees, &folder.path, &folder.objects, &ask.object, ask.field.as_deref());
    out.write_all(told.map_err(|message| Stop::Told(message, FINDINGS))?.as_bytes())?;
    Ok(CLEAN)
}

fn explain(ask: &cli::Explain, out: &mut dyn Write) -> Result<u8, Stop> {
    let rules = RuleSet::embedded();
    let Some(rule) = rules.get(&ask.id) else {
        let near = rules.near(&ask.id).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Err(Stop::Told(format!("no rule is called `{}`{near}", ask.id), NOT_JUDGED));
    };
    write!(out, "{}", report::explain(rule))?;
    Ok(CLEAN)
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Stop> {
    std::fs::write(path, bytes)
        .map_err(|error| Stop::Told(format!("`{}` cannot be written: {error}", path.display()), NOT_JUDGED))
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
