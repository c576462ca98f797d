//! `init`: looks at a repository, and begins what it takes to have it judged: a configuration, a hook, a workflow.
//!
//! Never: a file overwritten; a path that a link leads out of the repository.

#![expect(clippy::disallowed_methods, reason = "the edge: the files that were asked for are written here")]

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::{Side, Sources};
use crate::cli;
use crate::config;
use crate::delivery::Here;
use crate::model::Trees;
use crate::read;
use crate::report;
use crate::run::{CLEAN, Env, NOT_JUDGED, Stop, pool, weigh};
use crate::secrets;
use crate::sides::Sides;
use crate::starter;
use crate::survey::{Survey, survey};

/// The hooks of pre-commit.
const HOOKS: &str = ".pre-commit-config.yaml";

/// The workflow.
const WORKFLOW: &str = ".github/workflows/gitops-guard.yaml";

/// What a salt looks like where it is not shown.
const NO_SALT: &str = "made-when-the-file-is-written";

/// A repository that was looked at.
struct Looked {
    root: PathBuf,
    found: Survey,
}

pub(crate) fn init(ask: &cli::Init, env: &Env, out: &mut dyn Write) -> Result<u8, Stop> {
    let looked = pool(None)?.install(|| look(&env.directory.join(&ask.path), env))?;
    if looked.found.builds == 0 {
        let text = "there is nothing to judge here: no kustomization and no manifest was found";
        return Err(Stop::Told(text.to_owned(), NOT_JUDGED));
    }
    let Looked { root, found } = looked;
    let mut desk = Desk { root, how: if ask.dry_run { How::Shown } else { How::Written }, out };
    summary(&found, desk.out)?;
    desk.configuration(&found)?;
    match found.platforms.other_hooks.filter(|_| !found.platforms.pre_commit) {
        None => desk.hook()?,
        Some(other) => {
            writeln!(desk.out, "to do        {other} runs the hooks here: let it run `gitops-guard check --staged`")?;
        }
    }
    if found.platforms.github.is_some() {
        desk.workflow()?;
    }
    if found.platforms.gitlab.is_some() {
        let job = starter::job();
        desk.tell("to do", ".gitlab-ci.yml", "put this job into it")?;
        desk.quote(&job)?;
    }
    if found.platforms.github.is_none() && found.platforms.gitlab.is_none() {
        let text =
            "neither GitHub nor GitLab was recognized; `gitops-guard check --base REV` is all that a job has to run";
        writeln!(desk.out, "  no workflow: {text}")?;
    }
    next(ask, &found, desk.out)?;
    Ok(CLEAN)
}

/// Reads the work tree and puts its world together.
fn look(start: &Path, env: &Env) -> Result<Looked, Stop> {
    let sources = Arc::new(Sources::default());
    let trees = Trees::new(sources.clone());
    let (head, remotes, root) = match read::open(start)? {
        Some(repository) => {
            let head = repository.work_tree(Side::Head, &sources)?;
            let root = repository.root().map(Path::to_owned).unwrap_or_default();
            (head, repository.remotes(), root)
        }
        None => (read::folder(Side::Head, &sources, start)?, Vec::new(), start.to_owned()),
    };
    // A configuration with mistakes is told of by `check`; here it is only known not to be overwritten.
    let configuration = config::file_of(&head).and_then(|file| config::read(&trees, file, &head).ok());
    let sides = Sides { here: Here::new(remotes.clone()), ..Sides::of(head) };
    let weighed = weigh(trees, sides, configuration.unwrap_or_default(), env.today);
    let found = survey(&weighed.trees, &weighed.head, &remotes);
    Ok(Looked { root, found })
}

/// What was found, in a few lines.
fn summary(found: &Survey, out: &mut dyn Write) -> io::Result<()> {
    let names = |names: Vec<String>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let seen = |all: &[crate::survey::Seen]| names(all.iter().map(|seen| seen.name.to_owned()).collect());
    let known = found.environments.iter().map(|known| report::in_a_line(&known.name).into_owned()).collect();
    let guessed = found.candidates.iter().map(|one| report::in_a_line(&one.name).into_owned()).collect();
    let has =
        |what: &Option<String>, name: &str| what.as_ref().map(|why| format!("{name} ({})", report::in_a_line(why)));
    let judges = [has(&found.platforms.github, "GitHub"), has(&found.platforms.gitlab, "GitLab")];
    writeln!(out, "found {} objects in {} builds", found.objects, found.builds)?;
    writeln!(out, "  controllers    {}", seen(&found.controllers))?;
    writeln!(out, "  secrets        {}", seen(&found.encryption))?;
    writeln!(out, "  roots          {}", found.roots.len())?;
    writeln!(out, "  environments   {}", names(known))?;
    if !found.candidates.is_empty() {
        writeln!(out, "  look like some {}", names(guessed))?;
    }
    writeln!(out, "  judged on      {}", names(judges.into_iter().flatten().collect()))?;
    let hooks = match (found.platforms.pre_commit, found.platforms.other_hooks) {
        (true, _) => "pre-commit",
        (false, Some(other)) => other,
        (false, None) => "none",
    };
    writeln!(out, "  hooks          {hooks}")?;
    writeln!(out)
}

/// The two commands to go on with.
fn next(ask: &cli::Init, found: &Survey, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    if ask.dry_run {
        return writeln!(out, "nothing was written (--dry-run)");
    }
    let hook = match found.platforms.other_hooks.filter(|_| !found.platforms.pre_commit) {
        None => ("pre-commit install -t pre-commit -t pre-merge-commit", "a commit is judged from now on"),
        Some(_) => ("gitops-guard check --staged", "what a hook says of what is staged"),
    };
    writeln!(out, "next:")?;
    for (command, why) in [("gitops-guard check --all", "what the repository has today"), hook] {
        writeln!(out, "  {command:52}   # {why}")?;
    }
    Ok(())
}

/// Whether files are written, or only shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Written,
    Shown,
}

/// Where files are put, and told of.
struct Desk<'a> {
    root: PathBuf,
    how: How,
    out: &'a mut dyn Write,
}

/// What a path holds.
enum There {
    Nothing,
    Text(String),
    /// A folder, a link, bytes: nothing that is looked into.
    Other,
}

impl Desk<'_> {
    fn configuration(&mut self, found: &Survey) -> Result<(), Stop> {
        match self.there(config::NAME) {
            There::Nothing => {
                let shown = starter::configuration(found, NO_SALT);
                self.put(config::NAME, &starter::configuration(found, &secrets::new_salt()), &shown)
            }
            There::Text(_) | There::Other => {
                self.tell("left", config::NAME, "it is there already")?;
                if self.how == How::Shown {
                    self.quote(&starter::configuration(found, NO_SALT))?;
                }
                Ok(())
            }
        }
    }

    fn hook(&mut self) -> Result<(), Stop> {
        match self.there(HOOKS) {
            There::Nothing => self.put(HOOKS, &starter::hooks(), &starter::hooks()),
            There::Text(text) if text.contains("gitops-guard") => {
                self.tell("left", HOOKS, "it names gitops-guard already").map_err(Stop::from)
            }
            There::Text(text) => match extended(&text, &starter::hook()) {
                Some(longer) => self.extend(&text, &longer),
                None => self.by_hand(),
            },
            There::Other => self.by_hand(),
        }
    }

    fn by_hand(&mut self) -> Result<(), Stop> {
        self.tell("to do", HOOKS, "it cannot be extended surely; put this into its list `repos`")?;
        Ok(self.quote(&starter::hook())?)
    }

    fn workflow(&mut self) -> Result<(), Stop> {
        let text = starter::workflow();
        match self.there(WORKFLOW) {
            There::Nothing => {
                self.put(WORKFLOW, &text, &text)?;
                if starter::is_action_unknown() {
                    let what = "put the place of the repository of gitops-guard where it says OWNER";
                    self.tell("to do", WORKFLOW, what)?;
                }
                Ok(())
            }
            There::Text(before) if before == text => Ok(self.tell("left", WORKFLOW, "it is there already")?),
            There::Text(before) => {
                self.tell("left", WORKFLOW, "it is there already; what would be written differs")?;
                Ok(self.difference(&before, &text)?)
            }
            There::Other => Ok(self.tell("left", WORKFLOW, "it is there already")?),
        }
    }

    /// What is at a path. A link is nothing that is followed.
    fn there(&self, name: &str) -> There {
        let path = self.root.join(name);
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => There::Nothing,
            Ok(found) if found.is_file() => fs::read_to_string(&path).map_or(There::Other, There::Text),
            _ => There::Other,
        }
    }

    /// Writes a new file, or shows it.
    fn put(&mut self, name: &str, text: &str, shown: &str) -> Result<(), Stop> {
        if self.how == How::Shown {
            self.tell("would write", name, "")?;
            return Ok(self.quote(shown)?);
        }
        self.folder(name)?;
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(self.root.join(name));
        let written =
            file.as_mut().map_err(|error| io::Error::from(error.kind())).and_then(|f| f.write_all(text.as_bytes()));
        written.map_err(|error| unwritten(name, &error))?;
        Ok(self.tell("wrote", name, "")?)
    }

    /// Puts the hook behind those that are there.
    fn extend(&mut self, before: &str, longer: &str) -> Result<(), Stop> {
        if self.how == How::Shown {
            self.tell("would extend", HOOKS, "")?;
            return Ok(self.difference(before, longer)?);
        }
        fs::write(self.root.join(HOOKS), longer).map_err(|error| unwritten(HOOKS, &error))?;
        self.tell("extended", HOOKS, "the hook comes last")?;
        Ok(self.difference(before, longer)?)
    }

    /// Makes the folders above a new file, as long as no link is among them.
    fn folder(&self, name: &str) -> Result<(), Stop> {
        let mut at = self.root.clone();
        let folders: Vec<&str> = name.split('/').collect();
        for folder in &folders[..folders.len() - 1] {
            at.push(folder);
            match fs::symlink_metadata(&at) {
                Ok(found) if found.is_dir() => {}
                Ok(_) => {
                    let text = format!("`{name}` cannot be written: `{folder}` is no folder, or a link");
                    return Err(Stop::Told(text, NOT_JUDGED));
                }
                Err(_) => fs::create_dir(&at).map_err(|error| unwritten(name, &error))?,
            }
        }
        Ok(())
    }

    fn tell(&mut self, what: &str, name: &str, more: &str) -> io::Result<()> {
        let more = if more.is_empty() { String::new() } else { format!(": {more}") };
        writeln!(self.out, "{what:12} {name}{more}")
    }

    fn quote(&mut self, text: &str) -> io::Result<()> {
        text.lines().try_for_each(|line| writeln!(self.out, "    {line}").map(|()| ()))
    }

    fn difference(&mut self, before: &str, after: &str) -> io::Result<()> {
        let difference = similar::TextDiff::from_lines(before, after).unified_diff().context_radius(1).to_string();
        let shown: Vec<String> = difference.lines().map(|line| report::in_a_line(line).into_owned()).collect();
        self.quote(&shown.join("\n"))
    }
}

fn unwritten(name: &str, error: &io::Error) -> Stop {
    Stop::Told(format!("`{name}` cannot be written: {error}"), NOT_JUDGED)
}

/// The text of a file of hooks with one more entry at the end of its list `repos`, in its style. `None` where the
/// result is not surely the same with one more: then it is for people.
fn extended(text: &str, entry: &str) -> Option<String> {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let bare = |line: &str| line.trim_end().to_owned();
    let is_blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let start = lines.iter().position(|line| line.strip_prefix("repos:").is_some_and(is_blank))?;
    let first = (start + 1..lines.len()).find(|row| !is_blank(lines[*row]))?;
    let indent = lines[first].len() - lines[first].trim_start_matches(' ').len();
    let is_item = |line: &str| line.trim_start_matches(' ').starts_with("- ");
    is_item(lines[first]).then_some(())?;
    let depth = |line: &str| line.len() - line.trim_start_matches(' ').len();
    // The list goes on as long as lines are deeper, or are its items.
    let ends = |row: &usize| {
        let line = lines[*row];
        !is_blank(line) && (depth(line) < indent || (depth(line) == indent && !is_item(line)))
    };
    let mut after = (first..lines.len()).find(ends).unwrap_or(lines.len());
    while after > first && is_blank(lines[after - 1]) {
        after -= 1;
    }
    let mut longer: Vec<String> = lines[..after].iter().map(|line| (*line).to_owned()).collect();
    if let Some(last) = longer.last_mut().filter(|last| !last.ends_with('\n')) {
        last.push_str(end);
    }
    longer.extend(entry.lines().map(|line| format!("{}{}{end}", " ".repeat(indent), bare(line))));
    longer.extend(lines[after..].iter().map(|line| (*line).to_owned()));
    let longer = longer.concat();
    is_one_more(text, &longer, entry).then_some(longer)
}

/// Whether one file of hooks is the other with an entry more.
fn is_one_more(before: &str, after: &str, entry: &str) -> bool {
    let read = |text: &str| serde_yaml::from_str::<serde_json::Value>(text).ok();
    let (Some(mut before), Some(after), Some(entry)) = (read(before), read(after), read(entry)) else { return false };
    let Some(repos) = before.get_mut("repos").and_then(serde_json::Value::as_array_mut) else { return false };
    repos.extend(entry.as_array().into_iter().flatten().cloned());
    before == after
}

#[cfg(test)]
#[path = "init_tests.rs"]
mod tests;
