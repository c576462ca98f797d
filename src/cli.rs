//! What a user may ask, in clap's words.
//!
//! Never: behavior; `run.rs` does what is asked.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::{FalseyValueParser, OsStr, Resettable};
use clap::{Arg, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use crate::base::Date;

/// The pre-merge judge for GitOps repositories.
#[derive(Parser, Debug)]
#[command(name = "gitops-guard", version, about, max_term_width = 100, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Judge a repository, against what it will be merged into where there is that.
    Check(Check),
    /// Print what `kustomize build` prints, byte for byte.
    Render(Render),
    /// Say who is touched: environments and clusters, applications, instances, objects deleted.
    Impact(Impact),
    /// Show what changes in the clusters: the rendered objects, line by line, without secrets.
    Diff(Diff),
    /// Say where each field of a rendered object was set, and over what.
    Blame(Blame),
    /// Say what a rule looks for, why, and how to mend it.
    Explain(Explain),
    /// List all rules.
    Rules(Rules),
    /// Look at a repository, and write a configuration, a hook and a workflow that fit it.
    Init(Init),
    /// About the configuration, `.gitops-guard.yaml`.
    Config(Config),
    /// Print what makes a shell complete this tool's commands and options.
    Completions(Completions),
    /// Print the man page of the tool, or of one of its commands.
    Man(Man),
}

impl Cli {
    /// What this process was asked for. Ends the process where that is unclear, or was only help.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the edge: which variables of options are set to nothing")]
    pub fn of_process() -> Self {
        let mut command = Self::command_in(&|name| std::env::var_os(name));
        let matches = command.get_matches_mut();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command).exit())
    }

    /// The command line in an environment. A variable that is set to nothing counts as not set, since that is how a
    /// runner passes on what an event does not have.
    fn command_in(variable: &dyn Fn(&std::ffi::OsStr) -> Option<OsString>) -> clap::Command {
        let named = |arg: Arg| {
            let is_empty = arg.get_env().is_some_and(|name| variable(name).is_some_and(|value| value.is_empty()));
            if is_empty { arg.env(Resettable::<OsStr>::Reset) } else { arg }
        };
        Self::command().mut_subcommands(|command| command.mut_args(named))
    }
}

/// The two trees of a change, and whose configuration counts.
#[derive(Args, Debug)]
pub struct Sides {
    /// The repository, or folders and files of it: what lies elsewhere is read but not shown.
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// What it will be merged into: a git revision (its merge base with HEAD is used) or a folder.
    #[arg(long, value_name = "REV|DIR", env = "GITOPS_GUARD_BASE")]
    pub base: Option<String>,
    /// Take what is staged against HEAD, as a pre-commit hook.
    #[arg(long, conflicts_with = "base")]
    pub staged: bool,
    /// The configuration, instead of `.gitops-guard.yaml` at the root of what is judged.
    #[arg(long, value_name = "FILE", env = "GITOPS_GUARD_CONFIG")]
    pub config: Option<PathBuf>,
    /// Whose configuration, rule packs, suppressions and baseline count. With `base` a change cannot switch off its judge.
    #[arg(long, value_name = "SIDE", default_value = "head", env = "GITOPS_GUARD_CONFIG_FROM")]
    pub config_from: ConfigFrom,
    /// How many threads to use; one for each processor by default.
    #[arg(long, value_name = "N", env = "GITOPS_GUARD_JOBS")]
    pub jobs: Option<NonZeroUsize>,
}

/// `check`
#[derive(Args, Debug)]
pub struct Check {
    /// What is judged.
    #[command(flatten)]
    pub sides: Sides,
    /// Write a report.
    #[arg(
        long,
        help = formats_help::<Format>(),
        value_name = "FORMAT[=FILE]",
        default_value = "text",
        value_delimiter = ',',
        env = "GITOPS_GUARD_FORMAT"
    )]
    pub format: Vec<FormatTo>,
    /// Run only these rules or packs, also those that are off by default.
    #[arg(long, value_name = "ID|PACK", value_delimiter = ',', env = "GITOPS_GUARD_SELECT")]
    pub select: Vec<String>,
    /// Do not run these rules or packs.
    #[arg(long, value_name = "ID|PACK", value_delimiter = ',', env = "GITOPS_GUARD_IGNORE")]
    pub ignore: Vec<String>,
    /// The lowest severity that makes the check fail.
    #[arg(long, value_name = "LEVEL", default_value = "error", env = "GITOPS_GUARD_FAIL_ON")]
    pub fail_on: FailOn,
    /// The lowest severity that is shown.
    #[arg(long, value_name = "LEVEL", default_value = "info", env = "GITOPS_GUARD_SEVERITY")]
    pub severity: Level,
    /// Findings that are known and do not count, as `--write-baseline` wrote them.
    #[arg(long, value_name = "FILE", env = "GITOPS_GUARD_BASELINE")]
    pub baseline: Option<PathBuf>,
    /// Write all findings into a baseline; those of secrets hold for 30 days. A salt is put into the configuration where
    /// it has none.
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    pub write_baseline: Option<PathBuf>,
    /// Also show what does not count: findings that the base has too, suppressed ones, those of the baseline.
    #[arg(long, env = "GITOPS_GUARD_ALL", value_parser = FalseyValueParser::new())]
    pub all: bool,
    /// The day on which suppressions are looked at; today, or the day of `SOURCE_DATE_EPOCH`, by default.
    #[arg(long, value_name = "DATE", env = "GITOPS_GUARD_TODAY")]
    pub today: Option<Date>,
    /// When to use color.
    #[arg(long, value_name = "WHEN", default_value = "auto", env = "GITOPS_GUARD_COLOR")]
    pub color: When,
    /// Print findings only.
    #[arg(long, short, env = "GITOPS_GUARD_QUIET", value_parser = FalseyValueParser::new())]
    pub quiet: bool,
}

/// `impact`
#[derive(Args, Debug)]
pub struct Impact {
    /// What is compared. Without a base only the graph can be told.
    #[command(flatten)]
    pub sides: Sides,
    /// Print the delivery graph: which application brings which, what it applies, where, and whether it deletes.
    #[arg(long)]
    pub graph: bool,
    /// Write a report.
    #[arg(long, help = formats_help::<ImpactFormat>(), value_name = "FORMAT[=FILE]", default_value = "text")]
    pub format: Vec<FormatTo<ImpactFormat>>,
    /// Exit with 1 where anything is touched.
    #[arg(long)]
    pub exit_code: bool,
}

/// `diff`
#[derive(Args, Debug)]
pub struct Diff {
    /// What is compared.
    #[command(flatten)]
    pub sides: Sides,
    /// Write a report.
    #[arg(long, help = formats_help::<ImpactFormat>(), value_name = "FORMAT[=FILE]", default_value = "text")]
    pub format: Vec<FormatTo<ImpactFormat>>,
    /// How many lines to show around each change.
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub context: usize,
    /// Exit with 1 where anything differs.
    #[arg(long)]
    pub exit_code: bool,
    /// When to use color.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: When,
}

/// `render`
#[derive(Args, Debug)]
pub struct Render {
    /// The folder that holds the kustomization.
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// Whether files outside the kustomization's folder may be read.
    #[arg(long, value_name = "RULE", default_value = "LoadRestrictionsRootOnly")]
    pub load_restrictor: Restrictor,
    /// The order of the objects, where the kustomization has no `sortOptions`.
    #[arg(long, value_name = "ORDER")]
    pub reorder: Option<Reorder>,
    /// Add the label `app.kubernetes.io/managed-by`.
    #[arg(long)]
    pub enable_managedby_label: bool,
    /// Print beside each line where it was written. Values of Secrets are blanked.
    #[arg(long)]
    pub origins: bool,
    /// Write to this file instead of standard output; into a folder that is there, one file an object.
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,
}

/// `blame`
#[derive(Args, Debug)]
pub struct Blame {
    /// The folder that holds the kustomization.
    pub dir: PathBuf,
    /// The object, as it is rendered: `Deployment/web`, `Deployment/shop/web` or `Deployment.apps/web`.
    #[arg(value_name = "KIND/NAME")]
    pub object: String,
    /// A field, with all below it: `spec.replicas` or `/spec/replicas`.
    pub field: Option<String>,
    /// Whether files outside the kustomization's folder may be read.
    #[arg(long, value_name = "RULE", default_value = "LoadRestrictionsRootOnly")]
    pub load_restrictor: Restrictor,
}

/// `explain`
#[derive(Args, Debug)]
pub struct Explain {
    /// The rules; a pack stands for all of its rules.
    #[arg(value_name = "ID|PACK", required = true)]
    pub names: Vec<String>,
}

/// `rules`
#[derive(Args, Debug)]
pub struct Rules {
    /// How they are listed.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: ListFormat,
}

/// `init`
#[derive(Args, Debug)]
pub struct Init {
    /// The repository.
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Show what would be written, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// `completions`
#[derive(Args, Debug)]
pub struct Completions {
    /// The shell.
    pub shell: Shell,
}

/// `man`
#[derive(Args, Debug)]
pub struct Man {
    /// The command.
    pub command: Option<String>,
}

/// `config`
#[derive(Args, Debug)]
pub struct Config {
    /// What about it.
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// What is asked about the configuration.
#[derive(Subcommand, Debug)]
pub enum ConfigCommand {
    /// Print the JSON Schema that documents every key.
    Schema,
}

/// How rules are listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ListFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// The shells that can be helped.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Shell {
    /// bash 4 or newer.
    Bash,
    /// Zsh.
    Zsh,
    /// fish.
    Fish,
    /// Windows PowerShell and PowerShell.
    #[value(name = "powershell")]
    PowerShell,
    /// Elvish.
    Elvish,
}

/// The side whose configuration counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ConfigFrom {
    /// That of the change.
    Head,
    /// That of what it will be merged into.
    Base,
}

/// A report format and where it goes.
#[derive(Clone, Debug)]
pub struct FormatTo<F = Format> {
    /// The format.
    pub format: F,
    /// The file; standard output where there is none.
    pub file: Option<PathBuf>,
}

/// The help of an option that takes formats: their names are those that there are.
fn formats_help<F: ValueEnum>() -> String {
    let names = F::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    let names: Vec<String> = names.map(|value| value.get_name().to_owned()).collect();
    let names = names.join(", ");
    format!("Write a report; repeat it to write several. Without a file it goes to standard output. Formats: {names}")
}

impl<F: ValueEnum> std::str::FromStr for FormatTo<F> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = text.split_once('=').map_or((text, None), |(format, file)| (format, Some(file)));
        if file == Some("") {
            return Err(format!("no file behind `{format}=`"));
        }
        Ok(Self { format: F::from_str(format, false)?, file: file.map(PathBuf::from) })
    }
}

/// The report formats.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For code scanning and editors: SARIF 2.1.0.
    Sarif,
    /// For GitHub Actions: an annotation for each of the worst findings.
    Github,
    /// For merge requests of GitLab: Code Quality.
    Gitlab,
    /// For lists of test results.
    Junit,
    /// For a comment on a pull request: at most 60,000 bytes, and it says what was cut.
    Markdown,
    /// The same for the step summary of GitHub Actions: at most 900 KiB.
    StepSummary,
}

/// The report formats of `impact` and `diff`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ImpactFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For pull requests.
    Markdown,
}

/// A severity on the command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Level {
    /// Errors.
    Error,
    /// Warnings and errors.
    Warning,
    /// All.
    Info,
}

/// What makes the check fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum FailOn {
    /// Errors.
    Error,
    /// Warnings and errors.
    Warning,
    /// Any finding.
    Info,
    /// Nothing.
    Never,
}

/// When to use color.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum When {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// kustomize's `--load-restrictor`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Restrictor {
    /// Files must lie in or below the kustomization's folder.
    #[value(name = "LoadRestrictionsRootOnly")]
    RootOnly,
    /// Files may lie anywhere.
    #[value(name = "LoadRestrictionsNone")]
    None,
}

/// kustomize's `--reorder`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Reorder {
    /// Namespaces and definitions first, webhooks last.
    Legacy,
    /// As the kustomization lists them.
    None,
}
