//! `.gitops-guard.yaml`: options as they are written to settings that are resolved, all mistakes at once.
//!
//! Never: a rule's decision; a value that nothing reads is checked by the schema and goes no further.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::base::{BlobId, FileId, LoadError, Loader, RepoPath, Snapshot, Sources, Span, TextRange};
use crate::delivery::{ClusterSecret, Generated, Layout, Outside, Tier};
use crate::grammar::Glob;
use crate::model::{Trees, View};
use crate::rules::{
    self, GUARD, Ignore, Mistake, RuleFile, RuleSet, Schema, Setting, Settings, Severity, unknown_rule,
};
use crate::world::Lifecycle;

/// The name of the file, at the root of the tree.
pub const NAME: &str = ".gitops-guard.yaml";

/// The JSON Schema of the file.
pub const SCHEMA: &str = include_str!("config.schema.json");

/// The file as it is written.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Options {
    repositories: Vec<String>,
    clusters: Vec<ClusterOption>,
    generators: Vec<GeneratorOption>,
    tiers: BTreeMap<TierName, Vec<String>>,
    environments: Environments,
    roots: Vec<String>,
    packs: Vec<String>,
    rules: BTreeMap<String, RuleOption>,
    ignore: Vec<IgnoreOption>,
    exclude: Vec<String>,
    secrets: Secrets,
    deprecation: Deprecation,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
enum TierName {
    Root,
    Core,
    Stable,
    Beta,
    Workloads,
}

#[derive(Deserialize)]
struct ClusterOption {
    name: String,
    server: Option<String>,
    #[serde(default)]
    project: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

impl ClusterOption {
    fn resolve(self) -> ClusterSecret {
        let Self { name, server, project, labels, annotations } = self;
        // Argo CD knows its own cluster by this name and address.
        let own = || if name == "in-cluster" { "https://kubernetes.default.svc".to_owned() } else { name.clone() };
        ClusterSecret { server: server.unwrap_or_else(own), name, project, labels, annotations }
    }
}

#[derive(Deserialize)]
struct GeneratorOption {
    set: String,
    generator: String,
    elements: Vec<serde_json::Value>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Environments {
    order: Vec<EnvironmentOption>,
}

#[derive(Deserialize)]
struct EnvironmentOption {
    name: String,
    paths: Vec<String>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(untagged)]
enum RuleOption {
    Switch(Switch),
    Graded { severity: Level },
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Switch {
    On,
    Off,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Level {
    Error,
    Warning,
    Info,
}

#[derive(Deserialize, Clone, PartialEq, Eq)]
struct IgnoreOption {
    rule: String,
    path: Option<String>,
    reason: Option<String>,
    until: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Secrets {
    salt: Option<String>,
    allow: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Deprecation {
    mark: Option<String>,
    message: Option<String>,
    sunset: Option<String>,
    version_label: Option<String>,
    notice_days: Option<u32>,
}

impl Deprecation {
    fn resolve(self) -> Lifecycle {
        let default = Lifecycle::default();
        Lifecycle {
            mark: self.mark.unwrap_or(default.mark),
            message: self.message.unwrap_or(default.message),
            sunset: self.sunset.unwrap_or(default.sunset),
            version_label: self.version_label.unwrap_or(default.version_label),
            notice: self.notice_days.unwrap_or(default.notice),
            today: default.today,
        }
    }
}

/// A configuration, resolved but for the names of rules, which its own packs add to.
#[derive(Default)]
pub struct Configuration {
    /// URLs that mean this repository.
    pub repositories: Vec<String>,
    /// What is told of the world outside.
    pub outside: Outside,
    /// Tiers and environments.
    pub layout: Layout,
    /// How APIs go away.
    pub lifecycle: Lifecycle,
    /// Applications that are roots.
    pub roots: Vec<String>,
    /// The rule files of its packs.
    pub packs: Vec<RuleFile>,
    /// The salt of fingerprints.
    pub salt: Option<String>,
    /// Settings of rules, each with the places of its name and value.
    rules: Vec<(String, Setting, Span, Span)>,
    ignores: Vec<(Ignore, Span)>,
    exclude: Vec<Glob>,
    allowed: BTreeMap<String, Span>,
    /// The options that suppress something, as they are written.
    suppressing: Vec<(Suppressing, Span)>,
}

/// What a configuration suppresses, to be compared with another one.
#[derive(Clone, PartialEq, Eq)]
enum Suppressing {
    Ignore(IgnoreOption),
    Exclude(String),
    Allow(String),
    Off(String),
}

/// The configuration of a tree; `None` where it has none.
#[must_use]
pub fn file_of(snapshot: &Snapshot) -> Option<FileId> {
    snapshot.file(&RepoPath::new(NAME)?)
}

/// A file that somebody named, as a file of the run.
#[must_use]
pub fn given(sources: &Sources, name: &str, bytes: Vec<u8>) -> FileId {
    struct Read(Vec<u8>);
    impl Loader for Read {
        fn load(&self, _: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
            Ok(self.0.clone())
        }
    }
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let path = RepoPath::new(name).or_else(|| RepoPath::new(last)).unwrap_or_else(RepoPath::root);
    // A key of its own: the tree may have another file at this path.
    let mut id = [0; 20];
    id.copy_from_slice(&Sha256::new_with_prefix("given").chain_update(&bytes).finalize()[..20]);
    let loader: Arc<dyn Loader> = Arc::new(Read(bytes));
    sources.intern(&path, Some(BlobId(id)), &loader)
}

/// Reads a configuration. Its packs are those of `snapshot`.
///
/// # Errors
/// All that is wrong with it.
///
/// # Panics
/// Never: the schema is our own, and a test reads it.
pub fn read(trees: &Trees, file: FileId, snapshot: &Snapshot) -> Result<Configuration, Vec<Mistake>> {
    if let crate::base::Content::Failed(error) = trees.sources().content(file) {
        return Err(vec![Mistake::new(trees.top(file), format!("the configuration cannot be read: {error}"))]);
    }
    // Nothing but comments configures nothing.
    if trees.parsed(file).problems().is_empty() && trees.documents(file).next().is_none() {
        return Ok(Configuration::default());
    }
    redact_salts(trees, file);
    let root = rules::document(trees, file, "configuration")?;
    if let Some(salt) = root.path(["secrets", "salt"]) {
        trees.sources().redact(salt.place());
    }
    let schema = serde_json::from_str(SCHEMA).expect("the schema is our own, and a test reads it");
    let mut mistakes = Schema::new(schema).mistakes(root);
    mistakes.extend(unfit_texts(root, snapshot));
    if !mistakes.is_empty() {
        mistakes.sort_by_key(|mistake| mistake.at.range);
        return Err(mistakes);
    }
    Ok(Resolver { root, snapshot }.resolve(rules::typed(trees, root)?))
}

/// What is wrong with texts that the schema takes: patterns that cannot be read, folders without rule files.
fn unfit_texts(root: View<'_>, snapshot: &Snapshot) -> Vec<Mistake> {
    fn list(of: Option<View<'_>>) -> Vec<View<'_>> {
        of.into_iter().flat_map(|list| list.items()).collect()
    }
    let tiers = root.get("tiers").into_iter().flat_map(|tiers| tiers.fields()).flat_map(|tier| tier.value.items());
    let order = list(root.path(["environments", "order"]));
    let paths = order.iter().flat_map(|entry| list(entry.get("paths")));
    let ignored = list(root.get("ignore")).into_iter().filter_map(|entry| entry.get("path"));
    let globs = tiers.chain(paths).chain(ignored).chain(list(root.get("exclude")));
    let unread = globs.filter_map(|at| {
        let error = Glob::new(at.as_str()?).err()?;
        Some(Mistake::new(at.place(), error.to_string()))
    });
    let packs = list(root.get("packs")).into_iter().filter_map(|at| {
        let folder = at.as_str()?;
        let mistake = Mistake::new(at.place(), format!("there is no rule file in a folder `{folder}`"));
        let help = "name a folder of this repository that holds `<rule-id>.yaml`";
        rule_files(snapshot, folder).is_empty().then(|| mistake.with_help(help))
    });
    unread.chain(packs).collect()
}

/// The rule files in a folder, at any depth.
fn rule_files(snapshot: &Snapshot, folder: &str) -> Vec<(RepoPath, FileId)> {
    let Some(folder) = RepoPath::new(folder) else { return Vec::new() };
    let is_rule = |path: &RepoPath| matches!(path.name().rsplit_once('.'), Some((_, "yaml" | "yml")));
    let all = snapshot.files().filter(|(path, _)| path.is_within(&folder) && is_rule(path));
    all.map(|(path, file)| (path.clone(), file)).collect()
}

/// Blanks what follows `salt:` on its line, also in a file that cannot be parsed.
fn redact_salts(trees: &Trees, file: FileId) {
    let text = trees.sources().text(file);
    for (at, word) in text.match_indices("salt:") {
        let start = at + word.len();
        let end = text[start..].find(['\r', '\n']).map_or(text.len(), |end| start + end);
        let value = start + (text[start..end].len() - text[start..end].trim_start().len());
        // The rest of a map in brackets says nothing secret, and mistakes are shown in it.
        let end = text[value..end].find([',', '}', ' ']).map_or(end, |end| value + end);
        if value < end {
            trees.sources().redact(Span { file, range: TextRange::new(value as u32, end as u32) });
        }
    }
}

fn generated(option: GeneratorOption) -> Generated {
    let GeneratorOption { set, generator, elements } = option;
    Generated { set, generator, elements }
}

/// Patterns; what cannot be read was a mistake already.
fn globs(texts: &[String]) -> Vec<Glob> {
    texts.iter().filter_map(|text| Glob::new(text).ok()).collect()
}

fn tiers(options: &Options) -> BTreeMap<Tier, Vec<Glob>> {
    let tier = |name: &TierName| match name {
        TierName::Root => Tier::Root,
        TierName::Core => Tier::Core,
        TierName::Stable => Tier::Stable,
        TierName::Beta => Tier::Beta,
        TierName::Workloads => Tier::Workloads,
    };
    options.tiers.iter().map(|(name, paths)| (tier(name), globs(paths))).collect()
}

fn environments(options: &Environments) -> Vec<(Arc<str>, Vec<Glob>)> {
    options.order.iter().map(|option| (Arc::from(&*option.name), globs(&option.paths))).collect()
}

/// Options to a configuration, once nothing is wrong with them.
struct Resolver<'t> {
    root: View<'t>,
    snapshot: &'t Snapshot,
}

impl<'t> Resolver<'t> {
    fn resolve(&self, options: Options) -> Configuration {
        let suppressing = self.suppressing(&options);
        let allow = self.items(&["secrets", "allow"]);
        Configuration {
            layout: Layout { tiers: tiers(&options), environments: environments(&options.environments) },
            packs: self.packs(&options.packs),
            rules: self.rules(&options.rules),
            ignores: self.ignores(&options.ignore),
            exclude: globs(&options.exclude),
            allowed: options.secrets.allow.into_iter().zip(allow).collect(),
            repositories: options.repositories,
            outside: Outside {
                clusters: options.clusters.into_iter().map(ClusterOption::resolve).collect(),
                generated: options.generators.into_iter().map(generated).collect(),
            },
            roots: options.roots,
            salt: options.secrets.salt,
            lifecycle: options.deprecation.resolve(),
            suppressing,
        }
    }

    fn at(&self, path: &[&str]) -> View<'t> {
        path.iter().fold(self.root, |at, name| at.get(name).unwrap_or(at))
    }

    /// The places of the items of a list.
    fn items(&self, path: &[&str]) -> Vec<Span> {
        self.at(path).items().map(|item| item.place()).collect()
    }

    /// The rule files in these folders, at any depth.
    fn packs(&self, folders: &[String]) -> Vec<RuleFile> {
        let files: BTreeMap<RepoPath, FileId> =
            folders.iter().flat_map(|folder| rule_files(self.snapshot, folder)).collect();
        let rule = |(path, file): (RepoPath, FileId)| RuleFile {
            pack: path.parent().map(|folder| folder.name().to_owned()).unwrap_or_default(),
            id: path.name().rsplit_once('.').map_or(path.name(), |(stem, _)| stem).to_owned(),
            file,
        };
        files.into_iter().map(rule).collect()
    }

    fn rules(&self, options: &BTreeMap<String, RuleOption>) -> Vec<(String, Setting, Span, Span)> {
        let at = self.at(&["rules"]);
        let resolved = options.iter().map(|(name, option)| {
            let setting = match option {
                RuleOption::Switch(Switch::On) => Setting::On,
                RuleOption::Switch(Switch::Off) => Setting::Off,
                RuleOption::Graded { severity: Level::Error } => Setting::Severity(Severity::Error),
                RuleOption::Graded { severity: Level::Warning } => Setting::Severity(Severity::Warning),
                RuleOption::Graded { severity: Level::Info } => Setting::Severity(Severity::Info),
            };
            let field = at.field(name);
            let key = field.map_or(at.place(), |field| field.key_place());
            (name.clone(), setting, key, field.map_or(key, |field| field.value.place()))
        });
        resolved.collect()
    }

    fn ignores(&self, options: &[IgnoreOption]) -> Vec<(Ignore, Span)> {
        let mut ignores = Vec::new();
        for (row, option) in options.iter().enumerate() {
            let entry = self.at(&["ignore"]).item(row).unwrap_or(self.root);
            let place = |name: &str| entry.get(name).unwrap_or(entry).place();
            let (at, rule) = (entry.place(), place("rule"));
            let glob = option.path.as_ref().map(|text| Glob::new(text).ok());
            // A pattern that cannot be read was a mistake already; it must not become one that matches all.
            if glob != Some(None) {
                let explained = option.reason.iter().any(|reason| reason.chars().any(char::is_alphanumeric));
                let until = option.until.as_ref().map(|date| date.parse());
                let ignore = Ignore { rule: option.rule.clone(), path: glob.flatten(), explained, until, at };
                ignores.push((ignore, rule));
            }
        }
        ignores
    }

    fn suppressing(&self, options: &Options) -> Vec<(Suppressing, Span)> {
        let ignore = options.ignore.iter().cloned().map(Suppressing::Ignore).zip(self.items(&["ignore"]));
        let exclude = options.exclude.iter().cloned().map(Suppressing::Exclude).zip(self.items(&["exclude"]));
        let allow = options.secrets.allow.iter().cloned().map(Suppressing::Allow);
        let off = options.rules.iter().filter(|(_, option)| matches!(option, RuleOption::Switch(Switch::Off)));
        let off = off.filter_map(|(name, _)| {
            let field = self.at(&["rules"]).field(name)?;
            let (key, value) = (field.key_place(), field.value.place());
            let range = TextRange::new(key.range.start, value.range.end.max(key.range.end));
            Some((Suppressing::Off(name.clone()), Span { range, ..key }))
        });
        ignore.chain(exclude).chain(allow.zip(self.items(&["secrets", "allow"]))).chain(off).collect()
    }
}

impl Configuration {
    /// Puts what it says of rules and findings into settings. Names that no rule has become findings there.
    ///
    /// # Errors
    /// What may not be said of a rule.
    pub fn settle(&self, rules: &RuleSet, settings: &mut Settings) -> Result<(), Vec<Mistake>> {
        let mut mistakes = Vec::new();
        for (name, setting, key, value) in &self.rules {
            let is_guard = name == GUARD || rules.get(name).is_some_and(|rule| &*rule.pack == GUARD);
            if !rules.knows(name) {
                settings.problems.push(unknown_rule(rules, name, *key));
            } else if is_guard && *setting == Setting::Off {
                let mistake = Mistake::new(*value, format!("`{name}` cannot be switched off"));
                mistakes.push(mistake.with_help("lower it: `{severity: info}`"));
            }
            settings.rules.insert(name.clone(), *setting);
        }
        for (ignore, at) in &self.ignores {
            if !rules.knows(&ignore.rule) {
                settings.problems.push(unknown_rule(rules, &ignore.rule, *at));
            }
            settings.ignores.push(ignore.clone());
        }
        settings.exclude.extend(self.exclude.iter().cloned());
        settings.allowed.extend(self.allowed.iter().map(|(print, at)| (print.clone(), *at)));
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
    }

    /// The places of what this configuration suppresses and `before` does not.
    #[must_use]
    pub fn added(&self, before: &Self) -> Vec<Span> {
        let is_new = |(what, _): &&(Suppressing, Span)| !before.suppressing.iter().any(|(known, _)| known == what);
        self.suppressing.iter().filter(is_new).map(|(_, at)| *at).collect()
    }
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
