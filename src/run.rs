//! The pipeline, a line a stage. The only file that knows every room.
//!
//! Never: domain logic; what takes a decision lives in a room.

#![expect(
    clippy::disallowed_methods,
    reason = "the edge: the environment is read and files that were asked for are written here"
)]

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::CommandFactory as _;
use rayon::prelude::*;

use crate::base::{BlobId, Date, FileId, History, IdSet, Passage, RepoPath, Sources, Span};
use crate::baseline;
use crate::cli::{self, Cli, Command};
use crate::compare::{self, Changes};
use crate::config::{self, Configuration};
use crate::folder;
use crate::impact::{self, Impact};
use crate::init;
use crate::model::{Address, Object, Trees};
use crate::read::{Ci, ReadError};
use crate::report::{
    self, ApiImpact, ApplicationImpact, BaseName, Color, DiffFormat, DiffReport, Format, ImpactFormat, ImpactPart,
    Links, Report, Room, Summary,
};
use crate::rules::{
    self, Baseline, BaselineEntry, CommentsOf, Facts, Mistake, Purpose, RuleSet, Settings, Severity, Show, Verdict,
};
use crate::secrets::{self, RunKey};
use crate::shown;
use crate::sides::{Sides, sides};
use crate::touched;
use crate::world::{self, World};

/// The columns of text that is for no terminal.
const WIDTH: usize = 100;

/// How many lines a summary shows around a difference.
const CONTEXT: usize = 3;

/// What the process is run in, read once.
pub struct Env {
    /// The working directory.
    pub directory: PathBuf,
    /// What continuous integration says of the change.
    pub ci: Ci,
    /// Whether `--color auto` means color.
    pub color: bool,
    /// The day.
    pub today: Date,
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
        let measured = || terminal.then(terminal_size::terminal_size).flatten().map(|(width, _)| width.0.into());
        let forced = given("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        Self {
            directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            ci: Ci::from_variables(&|name| std::env::var(name).ok()),
            today: today(given("SOURCE_DATE_EPOCH").as_deref()),
            color: given("NO_COLOR").is_none() && (terminal || forced),
            width: given("COLUMNS").and_then(|columns| columns.parse().ok()).or_else(measured).unwrap_or(WIDTH),
            index: given("GIT_INDEX_FILE").map(PathBuf::from),
        }
    }
}

/// The day of the run: of the epoch that a reproducible build is given, else of the clock.
fn today(epoch: Option<&str>) -> Date {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Date::from_unix(epoch.and_then(|seconds| seconds.parse().ok()).unwrap_or_else(now))
}

/// Exit codes of `check`: clean, findings, could not judge.
pub(crate) const CLEAN: u8 = 0;
pub(crate) const FINDINGS: u8 = 1;
pub(crate) const NOT_JUDGED: u8 = 2;

/// Does what was asked for and gives the exit code.
///
/// # Errors
/// Where `out` or `err` cannot be written.
pub fn run(cli: &Cli, env: &Env, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let done = match &cli.command {
        Command::Check(ask) => check(ask, env, out, err),
        Command::Impact(ask) => impact(ask, env, out),
        Command::Diff(ask) => diff(ask, env, out),
        Command::Render(ask) => folder::render(ask, env, out, err),
        Command::Blame(ask) => folder::blame(ask, env, out, err),
        Command::Explain(ask) => explain(ask, out),
        Command::Rules(ask) => list(ask, out),
        Command::Init(ask) => init::init(ask, env, out),
        Command::Completions(ask) => completions(ask.shell, out),
        Command::Man(ask) => man(ask, out),
        Command::Config(cli::Config { command: cli::ConfigCommand::Schema }) => {
            out.write_all(config::SCHEMA.as_bytes()).map(|()| CLEAN).map_err(Stop::from)
        }
    };
    match done {
        Ok(code) => Ok(code),
        Err(Stop::Output(error)) => Err(error),
        Err(Stop::Shown(text)) => {
            out.flush()?;
            err.write_all(text.as_bytes())?;
            Ok(NOT_JUDGED)
        }
        Err(Stop::Told(text, code)) => {
            out.flush()?;
            writeln!(err, "{}", report::log(&format!("error: {text}")))?;
            Ok(code)
        }
    }
}

/// What is told of a panic: where it was. Its own words may hold a value of the tree.
#[must_use]
pub fn panicked(info: &std::panic::PanicHookInfo<'_>) -> String {
    let place = info.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
    let version = env!("CARGO_PKG_VERSION");
    format!("error: gitops-guard {version} failed{place}; please report this line")
}

/// Why a command ends early.
pub(crate) enum Stop {
    /// The user is told, and this is the exit code.
    Told(String, u8),
    /// What was read for this tool is wrong; the text is drawn already.
    Shown(String),
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

/// Both sides of a change, with what it does.
pub struct Weighed {
    pub(crate) trees: Trees,
    pub(crate) base: Option<(World, BaseName)>,
    pub(crate) head: World,
    pub(crate) changes: Changes,
    pub(crate) impact: Impact,
}

/// A judged change: everything that a report is made from.
pub struct Judgement {
    weighed: Weighed,
    /// The commit that the work tree was checked out from.
    commit: Option<String>,
    /// Folders and files that are shown; empty for all.
    within: Vec<RepoPath>,
    /// Whether neither side holds anything that a rule reads.
    empty: bool,
    new_baseline: NewBaseline,
    /// What the rules say.
    pub verdict: Verdict,
}

/// What a new baseline is written with.
struct NewBaseline {
    before: Vec<BaselineEntry>,
    today: Date,
    salt: Option<(String, PathBuf)>,
}

fn check(ask: &cli::Check, env: &Env, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8, Stop> {
    if let Some(file) = written_twice(&ask.format) {
        let text = format!("`{}` is to hold two reports: give each a file of its own", file.display());
        return Err(Stop::Told(text, NOT_JUDGED));
    }
    let sources = Arc::new(Sources::default());
    let judged = pool(ask.sides.jobs)?.install(|| -> Result<Judgement, Stop> {
        let trees = Trees::new(sources.clone());
        let sides = sides(&ask.sides, env, &trees)?;
        let asked = asked(ask, env, &trees, &sides)?;
        Ok(judge(trees, sides, asked))
    })?;
    judged.write_reports(ask, env, out)?;
    if let Some(path) = &ask.write_baseline {
        judged.write_baseline(&env.directory.join(path), err)?;
    }
    if judged.empty && judged.verdict.findings.is_empty() {
        writeln!(err, "error: nothing was checked: no object, kustomization or text that a rule reads was found")?;
        return Ok(NOT_JUDGED);
    }
    let code = judged.exit(ask.fail_on);
    // The process ends now, and to give back each value of two worlds by itself would keep it waiting.
    std::mem::forget(judged);
    Ok(code)
}

fn colored(ask: &cli::Check, env: &Env) -> bool {
    is_colored(ask.color, env)
}

fn is_colored(when: cli::When, env: &Env) -> bool {
    match when {
        cli::When::Always => true,
        cli::When::Never => false,
        cli::When::Auto => env.color,
    }
}

/// What the two trees are judged by.
#[derive(Default)]
pub struct Asked {
    rules: RuleSet,
    settings: Settings,
    configuration: Configuration,
    /// A salt that the configuration lacks, and the file that it goes into.
    salt: Option<(String, PathBuf)>,
}

/// Reads the configuration that counts.
fn configuration(
    ask: &cli::Sides,
    env: &Env,
    trees: &Trees,
    sides: &Sides,
    color: Color,
) -> Result<Configuration, Stop> {
    let base = sides.base.as_ref().map(|(base, _)| base);
    let snapshot = match (ask.config_from, base) {
        (cli::ConfigFrom::Head, _) => &sides.head,
        (cli::ConfigFrom::Base, Some(base)) => base,
        (cli::ConfigFrom::Base, None) => {
            let text = "`--config-from base` needs a base, and there is none; name it: `--base REV`";
            return Err(Stop::Told(text.to_owned(), NOT_JUDGED));
        }
    };
    let file = match &ask.config {
        None => config::file_of(snapshot),
        Some(path) => Some(named(path, ask, env, trees, sides)?),
    };
    let read = file.map(|file| config::read(trees, file, snapshot)).transpose();
    Ok(read.map_err(|mistakes| wrong(trees, &mistakes, env, color))?.unwrap_or_default())
}

fn wrong(trees: &Trees, mistakes: &[Mistake], env: &Env, color: Color) -> Stop {
    Stop::Shown(report::mistakes(trees.sources(), mistakes, color, env.width))
}

/// Reads the configuration, its packs, and what the command line says of rules.
fn asked(ask: &cli::Check, env: &Env, trees: &Trees, sides: &Sides) -> Result<Asked, Stop> {
    let color = if colored(ask, env) { Color::On } else { Color::Off };
    let configuration = configuration(&ask.sides, env, trees, sides, color)?;
    let salt = (ask.write_baseline.is_some() && configuration.salt.is_none()).then(secrets::new_salt);
    let salted = configuration.salt.as_ref().or(salt.as_ref());
    let key = salted.map_or_else(RunKey::fresh, |salt| RunKey::from_salt(salt));
    let mut rules = RuleSet::embedded_for(&key);
    if !configuration.packs.is_empty() {
        rules.add(trees, &configuration.packs, &key);
    }
    let mut settings = settings(ask, env, &rules)?;
    configuration.settle(&rules, &mut settings).map_err(|mistakes| wrong(trees, &mistakes, env, color))?;
    let base = sides.base.as_ref().map(|(base, _)| base);
    if let (None, cli::ConfigFrom::Head, Some(base)) = (&ask.sides.config, ask.sides.config_from, base) {
        // What the base's own configuration says wrong is no matter of this change.
        let before = config::file_of(base).and_then(|file| config::read(trees, file, base).ok());
        settings.added = configuration.added(&before.unwrap_or_default());
    }
    settings.baseline = baseline_of(ask, env, (trees, sides), &|mistakes| wrong(trees, &mistakes, env, color))?;
    let into = match (&ask.sides.config, &sides.root) {
        (Some(path), _) => Some(env.directory.join(path)),
        (None, root) => root.as_ref().map(|root| root.join(config::NAME)),
    };
    Ok(Asked { rules, settings, configuration, salt: salt.zip(into) })
}

/// A file that the command line names. Where the base's word counts and the file lies in what is judged, it is the
/// base's: a change must not edit what it is judged by.
fn named(path: &Path, ask: &cli::Sides, env: &Env, trees: &Trees, sides: &Sides) -> Result<FileId, Stop> {
    if let (cli::ConfigFrom::Base, Some((base, _))) = (ask.config_from, &sides.base)
        && let Some(inside) = sides.place_of(&env.directory.join(path))
    {
        let text = || format!("`{}` is not in the base, whose word counts (`--config-from base`)", path.display());
        return base.file(&inside).ok_or_else(|| Stop::Told(text(), NOT_JUDGED));
    }
    on_disk(path, env, trees)
}

fn on_disk(path: &Path, env: &Env, trees: &Trees) -> Result<FileId, Stop> {
    let bytes = std::fs::read(env.directory.join(path));
    let bytes =
        bytes.map_err(|error| Stop::Told(format!("`{}` cannot be read: {error}", path.display()), NOT_JUDGED))?;
    Ok(config::given(trees.sources(), &path.to_string_lossy(), bytes))
}

/// The baseline that was asked for; an older one where a new one is written over it.
fn baseline_of(
    ask: &cli::Check,
    env: &Env,
    (trees, sides): (&Trees, &Sides),
    wrong: &dyn Fn(Vec<Mistake>) -> Stop,
) -> Result<Baseline, Stop> {
    let (file, purpose) = match (&ask.baseline, &ask.write_baseline) {
        (Some(path), _) => (named(path, &ask.sides, env, trees, sides)?, Purpose::Hide),
        (None, Some(path)) if !env.directory.join(path).exists() => {
            return Ok(Baseline { entries: Vec::new(), purpose: Purpose::Write });
        }
        (None, Some(path)) => (on_disk(path, env, trees)?, Purpose::Write),
        (None, None) => return Ok(Baseline::default()),
    };
    let entries = baseline::read(trees.sources(), file).map_err(wrong)?;
    Ok(Baseline { entries, purpose })
}

/// Both sides of a change, gathered and compared.
#[must_use]
pub fn weigh(trees: Trees, sides: Sides, configuration: Configuration, today: Date) -> Weighed {
    let here = sides.here.and(configuration.repositories).beside(configuration.outside);
    let (layout, roots) = (&configuration.layout, &configuration.roots);
    let lifecycle = &world::Lifecycle { today, ..configuration.lifecycle };
    let (base, name) = sides.base.unzip();
    // What no excerpt may show is looked for beside other stages.
    let of_base = |base: Option<&World>| base.map(|base| blanked(&trees, &base.texts)).unwrap_or_default();
    let (base, head, of_base) = world::gather_both(base.map(Arc::new), Arc::new(sides.head), &trees, &here, of_base);
    let base = base.map(|base| base.configured(layout, roots, lifecycle));
    let head = head.configured(layout, roots, lifecycle);
    let compared = || base.as_ref().map_or_else(Changes::default, |base| compare::worlds(&trees, base, &head));
    let (changes, spans) = rayon::join(compared, || redactions(&trees, base.as_ref(), &head));
    let past = |base: &World| match (&sides.past, impact::asks(&trees, base, &head, &changes)) {
        (Some(past), paths) if !paths.is_empty() => past(&paths),
        _ => History::default(),
    };
    let history = base.as_ref().map(past).unwrap_or_default();
    let impact = base.as_ref().map_or_else(Impact::default, |base| impact::of(&trees, base, &head, &changes, history));
    let passed = base.as_ref().zip(sides.passed).map(|(base, passed)| passed(&contents(base, &head)));
    let impact = Impact { passage: passed.unwrap_or_default(), ..impact };
    for span in of_base.into_iter().chain(spans).chain(of_passage(&trees, &impact.passage)) {
        trees.sources().redact(span);
    }
    Weighed { base: base.zip(name), head, changes, impact, trees }
}

/// The whole judgement of two trees.
#[must_use]
pub fn judge(trees: Trees, sides: Sides, asked: Asked) -> Judgement {
    let Asked { rules, settings, configuration, salt } = asked;
    let settings = Settings { within: sides.within.clone(), ..settings };
    let (today, commit, within) = (settings.today, sides.commit.clone(), sides.within.clone());
    let weighed = weigh(trees, sides, configuration, today);
    let Weighed { trees, head, changes, impact, .. } = &weighed;
    let base = weighed.base.as_ref().map(|(base, _)| base);
    let verdict = rules::judge(&rules, &Facts { trees, base, head, changes, impact, today }, &settings);
    let empty = base.into_iter().chain([head]).all(|world| world.builds.is_empty() && world.texts.is_empty());
    let new_baseline = NewBaseline { before: settings.baseline.entries, today, salt };
    Judgement { weighed, commit, within, empty, new_baseline, verdict }
}

/// Tells who is touched, or the delivery graph.
fn impact(ask: &cli::Impact, env: &Env, out: &mut dyn Write) -> Result<u8, Stop> {
    let sources = Arc::new(Sources::default());
    let weighed = pool(ask.sides.jobs)?.install(|| -> Result<Weighed, Stop> {
        let trees = Trees::new(sources.clone());
        let sides = sides(&ask.sides, env, &trees)?;
        if sides.base.is_none() && !ask.graph {
            let text = "nothing to compare with: name the base (`--base REV`), or ask for the graph alone (`--graph`)";
            return Err(Stop::Told(text.to_owned(), NOT_JUDGED));
        }
        if !sides.within.is_empty() {
            let text = "`impact` tells of whole repositories: name the root";
            return Err(Stop::Told(text.to_owned(), NOT_JUDGED));
        }
        let color = if env.color { Color::On } else { Color::Off };
        let configuration = configuration(&ask.sides, env, &trees, &sides, color)?;
        Ok(weigh(trees, sides, configuration, env.today))
    })?;
    let told = touched::told(&weighed);
    let part = if ask.graph { ImpactPart::Graph } else { ImpactPart::Touched };
    for to in &ask.format {
        let format = match to.format {
            cli::ImpactFormat::Text => ImpactFormat::Text,
            cli::ImpactFormat::Json => ImpactFormat::Json,
            cli::ImpactFormat::Markdown => ImpactFormat::Markdown,
        };
        let text = told.print(format, part);
        match &to.file {
            None => out.write_all(text.as_bytes())?,
            Some(path) => write_file(&env.directory.join(path), text.as_bytes())?,
        }
    }
    Ok(if ask.exit_code && told.is_any() { FINDINGS } else { CLEAN })
}

/// Shows what changes in the clusters.
fn diff(ask: &cli::Diff, env: &Env, out: &mut dyn Write) -> Result<u8, Stop> {
    let sources = Arc::new(Sources::default());
    let told = pool(ask.sides.jobs)?.install(|| -> Result<DiffReport, Stop> {
        let trees = Trees::new(sources.clone());
        let sides = sides(&ask.sides, env, &trees)?;
        if sides.base.is_none() {
            let text = "nothing to compare with: name the base (`--base REV`)";
            return Err(Stop::Told(text.to_owned(), NOT_JUDGED));
        }
        let color = if is_colored(ask.color, env) { Color::On } else { Color::Off };
        let configuration = configuration(&ask.sides, env, &trees, &sides, color)?;
        let within = sides.within.clone();
        Ok(shown::told(&weigh(trees, sides, configuration, env.today), &within, ask.context))
    })?;
    for to in &ask.format {
        let colored = if to.file.is_none() { is_colored(ask.color, env) } else { ask.color == cli::When::Always };
        let format = match to.format {
            cli::ImpactFormat::Text => DiffFormat::Text(if colored { Color::On } else { Color::Off }),
            cli::ImpactFormat::Json => DiffFormat::Json,
            cli::ImpactFormat::Markdown => DiffFormat::Markdown,
        };
        let text = told.print(format);
        match &to.file {
            None => out.write_all(text.as_bytes())?,
            Some(path) => write_file(&env.directory.join(path), text.as_bytes())?,
        }
    }
    // What cannot be compared may differ.
    let differs = told.is_any() || told.unknown > 0;
    Ok(if ask.exit_code && differs { FINDINGS } else { CLEAN })
}

/// What must not be shown of files that hold YAML or JSON.
fn blanked(trees: &Trees, files: &[FileId]) -> Vec<Span> {
    files.par_iter().flat_map_iter(|file| secrets::redactions_of_file(trees, *file)).collect()
}

/// Every secret of both sides, but for those in the base's texts: all of them are blanked before anything is written.
fn redactions(trees: &Trees, base: Option<&World>, head: &World) -> Vec<Span> {
    let worlds = || base.into_iter().chain([head]);
    // What both sides share is looked at once.
    let mut seen = IdSet::default();
    let builds =
        worlds().flat_map(|world| &world.builds).filter(|built| seen.insert(Arc::as_ptr(&built.rendered).addr()));
    let mut looked = IdSet::default();
    let objects = builds.flat_map(|built| &built.rendered.objects);
    let objects: Vec<&Object> = objects.filter(|object| looked.insert(Address::of(&object.value))).collect();
    let mut spans: Vec<Span> = objects.par_iter().flat_map_iter(|object| secrets::redactions(trees, object)).collect();
    let of_base: IdSet<FileId> = base.iter().flat_map(|base| base.texts.iter().copied()).collect();
    let new: Vec<FileId> = head.texts.iter().copied().filter(|file| !of_base.contains(file)).collect();
    spans.extend(blanked(trees, &new));
    let texts: IdSet<FileId> = of_base.into_iter().chain(new).collect();
    let others: Vec<FileId> = shown_texts(base, head).into_iter().filter(|file| !texts.contains(file)).collect();
    spans.par_extend(others.par_iter().flat_map_iter(|file| secrets::redactions_of_text(trees, *file)));
    spans
}

/// What must not be shown of what the commits of a change held besides.
fn of_passage(trees: &Trees, passage: &Passage) -> Vec<Span> {
    let passed: BTreeSet<FileId> = passage.contents.iter().map(|past| past.file).collect();
    let passed: Vec<FileId> = passed.into_iter().collect();
    let of = |file: &FileId| {
        let is_manifest = secrets::is_manifest(trees.sources().path(*file));
        let manifest = if is_manifest { secrets::redactions_of_file(trees, *file) } else { Vec::new() };
        manifest.into_iter().chain(secrets::redactions_of_text(trees, *file))
    };
    passed.par_iter().flat_map_iter(of).collect()
}

/// The contents of both sides.
fn contents(base: &World, head: &World) -> BTreeSet<BlobId> {
    let sources = head.snapshot.sources();
    let files = base.snapshot.files().chain(head.snapshot.files());
    files.filter_map(|(_, file)| sources.blob(file)).collect()
}

/// The files that a report may show: those that text rules read anew, and those that builds read.
fn shown_texts(base: Option<&World>, head: &World) -> BTreeSet<FileId> {
    let of = |world: &World| world.snapshot.files().map(|(_, file)| file).collect::<BTreeSet<FileId>>();
    let mut files = match base {
        None => of(head),
        Some(base) => of(base).symmetric_difference(&of(head)).copied().collect(),
    };
    let builds = base.into_iter().chain([head]).flat_map(|world| &world.builds);
    files.extend(builds.flat_map(|built| built.rendered.files.iter().copied()));
    files
}

impl Judgement {
    fn write_reports(&self, ask: &cli::Check, env: &Env, out: &mut dyn Write) -> Result<(), Stop> {
        let Weighed { trees, base, head, impact, .. } = &self.weighed;
        let sources = trees.sources();
        let files: BTreeSet<&RepoPath> = head.texts.iter().map(|file| sources.path(*file)).collect();
        let formats: Vec<Format> = ask.format.iter().map(|to| format_of(ask, env, to)).collect();
        let is_told = formats.iter().any(|format| format.tells_impact());
        let report = Report {
            sources,
            verdict: &self.verdict,
            base: base.as_ref().map(|(_, name)| name.clone()),
            judged: report::Judged { objects: head.objects().count(), builds: head.builds.len(), files: files.len() },
            apis: impact.apis.iter().map(|api| ApiImpact::of(sources, api)).collect(),
            deleted: base.as_ref().map_or_else(Vec::new, |(base, _)| touched::deleted(trees, base, impact)),
            applications: impact::applications(head).iter().map(|one| ApplicationImpact::of(sources, one)).collect(),
            unrendered: touched::unrendered(trees, head),
            head: &head.snapshot,
            is_empty: self.empty,
            touched: is_told.then(|| touched::told(&self.weighed)),
            differences: is_told.then(|| shown::told(&self.weighed, &self.within, CONTEXT)),
            links: links(env, self.commit.as_deref()),
        };
        for (to, format) in ask.format.iter().zip(formats) {
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

    /// Writes all that was found as a baseline, and the salt of its fingerprints into the configuration.
    fn write_baseline(&self, path: &Path, err: &mut dyn Write) -> Result<(), Stop> {
        let (known, new) = (&self.verdict.known, &self.new_baseline);
        write_file(path, baseline::write(known, &new.before, new.today).as_bytes())?;
        let entries = if known.len() == 1 { "1 entry".to_owned() } else { format!("{} entries", known.len()) };
        writeln!(err, "{}", report::log(&format!("`{}`: {entries} written", path.display())))?;
        // Without secrets there is nothing to salt.
        let Some((salt, into)) = new.salt.as_ref().filter(|_| known.iter().any(|known| known.is_secret)) else {
            return Ok(());
        };
        let shown = into.display();
        let before = match std::fs::read_to_string(into) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Stop::Told(format!("`{shown}` cannot be read: {error}"), NOT_JUDGED)),
        };
        let Some(text) = baseline::with_salt(&before, salt) else {
            let text = format!("the baseline needs a salt: write `salt: {salt}` under `secrets` in `{shown}`");
            return Err(Stop::Told(text, NOT_JUDGED));
        };
        write_file(into, text.as_bytes())?;
        writeln!(err, "{}", report::log(&format!("`{shown}`: a salt written; the baseline's fingerprints need it")))?;
        Ok(())
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

/// A file that two reports would go into, of which one would be lost.
fn written_twice(formats: &[cli::FormatTo]) -> Option<&Path> {
    let files: Vec<&Path> = formats.iter().filter_map(|to| to.file.as_deref()).collect();
    let again = files.iter().enumerate().find(|(row, file)| files[..*row].contains(*file));
    // A terminal or a pipe takes all.
    again.map(|(_, file)| *file).filter(|file| !file.starts_with("/dev"))
}

/// A format that was asked for, as a report knows it.
fn format_of(ask: &cli::Check, env: &Env, to: &cli::FormatTo) -> Format {
    let colored = if to.file.is_none() { colored(ask, env) } else { ask.color == cli::When::Always };
    match to.format {
        cli::Format::Json => Format::Json,
        cli::Format::Sarif => Format::Sarif,
        cli::Format::Github => Format::Github,
        cli::Format::Gitlab => Format::Gitlab,
        cli::Format::Junit => Format::Junit,
        cli::Format::Markdown => Format::Markdown(Room::Comment),
        cli::Format::StepSummary => Format::Markdown(Room::StepSummary),
        cli::Format::Text => Format::Text {
            color: if colored { Color::On } else { Color::Off },
            // A file is read in another window.
            width: if to.file.is_none() { env.width } else { WIDTH },
            summary: if ask.quiet { Summary::Off } else { Summary::On },
        },
    }
}

/// Where the platform shows what is judged. It has no commit that was made here.
fn links(env: &Env, commit: Option<&str>) -> Option<Links> {
    let web = env.ci.web.as_ref()?;
    let head = commit.filter(|commit| web.commits.iter().any(|known| known == commit));
    Some(Links { files: web.files.clone(), head: head.map(str::to_owned) })
}

fn settings(ask: &cli::Check, env: &Env, rules: &RuleSet) -> Result<Settings, Stop> {
    let mut wrong = Vec::new();
    for name in ask.select.iter().chain(&ask.ignore).filter(|name| !rules.knows(name)) {
        let near = rules.near(name).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        wrong.push(format!("no rule or pack is called `{name}`{near} (`gitops-guard rules` lists them)"));
    }
    let is_guard =
        |name: &&String| **name == rules::GUARD || rules.get(name).is_some_and(|rule| &*rule.pack == rules::GUARD);
    for name in ask.ignore.iter().filter(is_guard) {
        wrong.push(format!("`--ignore {name}`: the pack `{}` cannot be switched off", rules::GUARD));
    }
    if !wrong.is_empty() {
        return Err(Stop::Told(wrong.join("\nerror: "), NOT_JUDGED));
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
        comments_of: match ask.sides.config_from {
            cli::ConfigFrom::Head => CommentsOf::Head,
            cli::ConfigFrom::Base => CommentsOf::Base,
        },
        today: ask.today.unwrap_or(env.today),
        ..Settings::default()
    })
}

pub(crate) fn pool(jobs: Option<NonZeroUsize>) -> Result<rayon::ThreadPool, Stop> {
    // Rendering recurses along the includes of kustomizations; a worker's default stack is smaller than main's.
    let builder = rayon::ThreadPoolBuilder::new().num_threads(jobs.map_or(0, NonZeroUsize::get)).stack_size(16 << 20);
    builder.build().map_err(|error| Stop::Told(format!("no threads can be started: {error}"), NOT_JUDGED))
}

/// The rules to be told of. No threads are started: that takes longer than to read the files by one.
fn listed_rules() -> RuleSet {
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
    // A thread can be taken for a pool once only.
    alone.map_or_else(|_| RuleSet::embedded(), |alone| alone.install(RuleSet::embedded))
}

fn explain(ask: &cli::Explain, out: &mut dyn Write) -> Result<u8, Stop> {
    let rules = listed_rules();
    let packs = rules.packs();
    let (mut asked, mut unknown): (Vec<&rules::Rule>, Vec<String>) = (Vec::new(), Vec::new());
    for name in &ask.names {
        match (rules.get(name), packs.get(&**name)) {
            (Some(rule), _) => asked.push(rule),
            (None, Some(pack)) => asked.extend(pack),
            (None, None) => {
                let near = rules.near(name).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                unknown.push(format!("no rule or pack is called `{name}`{near}"));
            }
        }
    }
    if !unknown.is_empty() {
        return Err(Stop::Told(unknown.join("\nerror: "), NOT_JUDGED));
    }
    for (row, rule) in asked.into_iter().enumerate() {
        if row > 0 {
            out.write_all(b"\n")?;
        }
        write!(out, "{}", report::explain(rule))?;
    }
    Ok(CLEAN)
}

fn completions(shell: cli::Shell, out: &mut dyn Write) -> Result<u8, Stop> {
    let shell = match shell {
        cli::Shell::Bash => clap_complete::Shell::Bash,
        cli::Shell::Zsh => clap_complete::Shell::Zsh,
        cli::Shell::Fish => clap_complete::Shell::Fish,
        cli::Shell::PowerShell => clap_complete::Shell::PowerShell,
        cli::Shell::Elvish => clap_complete::Shell::Elvish,
    };
    // Into memory first: the generator knows no error, and a reader may go away.
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "gitops-guard", &mut text);
    out.write_all(&text)?;
    Ok(CLEAN)
}

/// The man page of the tool, or of a command, as roff.
fn man(ask: &cli::Man, out: &mut dyn Write) -> Result<u8, Stop> {
    let mut command = Cli::command();
    command.build();
    let page = match &ask.command {
        None => command,
        Some(name) => command.find_subcommand(name).cloned().ok_or_else(|| {
            let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
            let near = rules::near(name, &names).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            Stop::Told(format!("no command is called `{name}`{near}"), NOT_JUDGED)
        })?,
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    out.write_all(&text)?;
    Ok(CLEAN)
}

fn list(ask: &cli::Rules, out: &mut dyn Write) -> Result<u8, Stop> {
    let rules = listed_rules();
    match ask.format {
        cli::ListFormat::Text => write!(out, "{}", report::list(&rules))?,
        cli::ListFormat::Json => report::list_json(&rules, out)?,
    }
    Ok(CLEAN)
}

pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Stop> {
    std::fs::write(path, bytes)
        .map_err(|error| Stop::Told(format!("`{}` cannot be written: {error}", path.display()), NOT_JUDGED))
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
