//! That no value gets out: 500 values that stand nowhere else are planted in every carrier, and everything that the program
//! writes is searched for every form of them.
//!
//! Never: `render` without `--origins`, which prints what `kustomize build` prints, values included.

#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "a test prepares a repository and runs programs")]

#[path = "leaks/carriers.rs"]
mod carriers;

use std::fs;
use std::panic;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use carriers::{Planted, plant};

/// How many values are planted at least.
const VALUES: usize = 500;

/// The forms in which a text of letters and digits may be found in an output, at any place of a longer text: as it is,
/// in base64 once and twice, in hexadecimal.
fn forms(core: &str) -> Vec<String> {
    let once = encoded(core);
    let twice: Vec<String> = once.iter().flat_map(|form| encoded(form)).collect();
    let hex = core.bytes().map(|byte| format!("{byte:02x}")).collect();
    [core.to_owned(), hex].into_iter().chain(once).chain(twice).collect()
}

/// Base64 of a text that begins at each of three offsets, without the signs that its neighbors decide.
fn encoded(text: &str) -> Vec<String> {
    let at = |offset: usize| {
        let padded = format!("{}{text}", &"  "[..offset]);
        let whole = (offset + text.len()) / 3 * 4;
        let first = [0, 2, 3][offset];
        [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)].map(|form| form[first..whole].to_owned())
    };
    (0..3).flat_map(at).collect()
}

struct Search {
    automaton: AhoCorasick,
    owners: Vec<usize>,
}

impl Search {
    fn new(planted: &Planted) -> Self {
        let (mut patterns, mut owners) = (Vec::new(), Vec::new());
        for (row, value) in planted.values.iter().enumerate() {
            for form in forms(&value.core) {
                patterns.push(form);
                owners.push(row);
            }
        }
        Self { automaton: AhoCorasick::new(patterns).expect("the patterns make an automaton"), owners }
    }

    /// The carriers of the values that a text holds, with the text's lines.
    fn found(&self, planted: &Planted, text: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for hit in self.automaton.find_iter(text) {
            let carrier = &planted.values[self.owners[hit.pattern().as_usize()]].carrier;
            let start = text[..hit.start()].rfind('\n').map_or(0, |at| at + 1);
            let line: String = text[start..].lines().next().unwrap_or_default().chars().take(160).collect();
            found.push(format!("{carrier}: {line}"));
        }
        found.sort();
        found.dedup();
        found
    }
}

struct Repository {
    folder: tempfile::TempDir,
}

impl Repository {
    fn git(&self, args: &[&str]) {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
        let done = Command::new("git").args(identity).args(args).current_dir(self.folder.path()).output();
        assert!(done.is_ok_and(|done| done.status.success()), "git {args:?}");
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is ours");
        fs::write(path, text).expect("the file is ours");
    }

    /// All that the program writes, to both streams, and its exit code.
    fn said(&self, args: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gitops-guard"));
        command.args(args).current_dir(self.folder.path()).env_remove("CI").env("RUST_BACKTRACE", "full");
        let done = command.output().expect("the program runs");
        let text = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        assert!(done.status.code().is_some_and(|code| code <= 2), "{args:?}: {text}");
        text
    }
}

/// A repository with three commits: a base, one that brings values which the next takes away, and the head.
fn repository(planted: &Planted) -> Option<Repository> {
    if Command::new("git").arg("--version").output().is_err() {
        eprintln!("nothing was tested: git not found");
        return None;
    }
    let repository = Repository { folder: tempfile::tempdir().expect("a folder") };
    repository.git(&["init", "-q", "-b", "main"]);
    for (name, text) in &planted.base {
        repository.put(name, text);
    }
    repository.git(&["add", "-A"]);
    repository.git(&["commit", "-q", "-m", "base"]);
    repository.git(&["switch", "-q", "-c", "topic"]);
    for (name, text) in &planted.passing {
        repository.put(name, text);
    }
    repository.git(&["add", "-A"]);
    repository.git(&["commit", "-q", "-m", "passing"]);
    for (name, _) in &planted.passing {
        fs::remove_file(repository.folder.path().join(name)).expect("the file is ours");
    }
    for (name, text) in &planted.head {
        repository.put(name, text);
    }
    repository.git(&["add", "-A"]);
    repository.git(&["commit", "-q", "-m", "head"]);
    Some(repository)
}

#[test]
fn no_planted_value_gets_out() {
    let planted = plant(VALUES);
    assert!(planted.values.len() >= VALUES, "{}", planted.values.len());
    let Some(repository) = repository(&planted) else { return };
    let search = Search::new(&planted);
    let here = repository.folder.path();
    let all = all_on(here);
    let formats = ["text", "json", "sarif", "github", "gitlab", "junit", "markdown", "step-summary"];
    let formats = formats.map(|format| ["--format", format]).concat();
    let mut runs: Vec<Vec<&str>> = Vec::new();
    for base in [&["--base", "main"][..], &["--base", "base-folder"], &["--staged"], &["--base", "HEAD"]] {
        let check = ["check", "--all", "--config", &all].into_iter().chain(base.iter().copied());
        runs.push(check.clone().chain(formats.iter().copied()).collect());
        runs.push(check.chain(["--color", "always", "--jobs", "1"]).collect());
    }
    runs.push(vec!["check", "--base", "main", "--select", "secrets", "--write-baseline", "baseline.jsonl"]);
    runs.push(vec!["check", "--base", "main", "--all", "--baseline", "baseline.jsonl", "--format", "json"]);
    for format in ["text", "json", "markdown"] {
        runs.push(vec!["impact", "--base", "main", "--format", format]);
    }
    runs.push(vec!["impact", "--graph"]);
    for base in ["main", "base-folder"] {
        for format in ["text", "json", "markdown"] {
            runs.push(vec!["diff", "--base", base, "--format", format]);
        }
    }
    runs.push(vec!["diff", "--base", "HEAD", "--context", "1000"]);
    runs.push(vec!["diff", "--staged", "--color", "always"]);
    runs.push(vec!["diff", "--base", "main", "--context", "1000", "--color", "always", "--jobs", "1"]);
    // What goes wrong: no such base, a configuration and a baseline that hold values themselves.
    runs.push(vec!["check", "--base", "nowhere"]);
    runs.push(vec!["check", "--config", "broken/config.yaml"]);
    for folder in &planted.kustomizations {
        runs.push(vec!["render", "--origins", folder]);
    }
    for (folder, object) in &planted.objects {
        runs.push(vec!["blame", folder, object]);
    }
    runs.push(vec!["blame", "broken", "Secret/none"]);
    let mut leaked = Vec::new();
    let mut bytes = 0;
    for run in &runs {
        let said = repository.said(run);
        bytes += said.len();
        let is_full = run.starts_with(&["diff", "--base", "main"]);
        // What differs in hidden values alone is shown once.
        assert!(!is_full || said.matches("[redacted").count() > 25, "{run:?} shows what it hides: {said}");
        leaked.extend(search.found(&planted, &said).into_iter().map(|line| format!("{run:?}\n    {line}")));
    }
    for file in ["baseline.jsonl", ".gitops-guard.yaml"] {
        let text = fs::read_to_string(here.join(file)).expect("the run wrote it");
        leaked.extend(search.found(&planted, &text).into_iter().map(|line| format!("{file}\n    {line}")));
    }
    assert!(bytes > 1_000_000, "much was said: {bytes}");
    let some: Vec<&str> = leaked.iter().map(String::as_str).take(60).collect();
    assert!(leaked.is_empty(), "{} places\n{}", leaked.len(), some.join("\n"));
}

/// A configuration that switches on every rule.
fn all_on(folder: &Path) -> String {
    let packs: Vec<String> =
        gitops_guard::rules::RuleSet::embedded().packs().keys().map(|pack| format!("{pack}: on")).collect();
    let path = folder.join(".git/all.yaml");
    fs::write(&path, format!("rules: {{{}}}\n", packs.join(", "))).expect("the file is ours");
    path.to_string_lossy().into_owned()
}

#[test]
fn what_passes_through_the_history_is_told_with_its_commit() {
    let planted = plant(1);
    let Some(repository) = repository(&planted) else { return };
    let json = repository.said(&["check", "--base", "main", "--select", "secret-in-history", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&json).expect("a report");
    let passed = Command::new("git").args(["rev-parse", "HEAD~1"]).current_dir(repository.folder.path()).output();
    let passed = String::from_utf8(passed.expect("git runs").stdout).expect("an id");
    let of_rule = |finding: &&serde_json::Value| finding["rule"] == "secret-in-history";
    let findings = report["findings"].as_array().into_iter().flatten().filter(of_rule);
    let places: Vec<String> = findings
        .map(|finding| {
            let at = &finding["location"];
            assert_eq!((at["side"].as_str(), at["revision"].as_str()), (Some("commit"), Some(passed.trim())));
            at["path"].as_str().expect("a path").to_owned()
        })
        .collect();
    let expected: Vec<&String> = planted.passing.iter().map(|(name, _)| name).collect();
    assert_eq!(places.iter().collect::<Vec<_>>(), {
        let mut sorted = expected;
        sorted.sort();
        sorted
    });
}

#[test]
fn the_search_finds_what_it_should() {
    let planted = plant(VALUES);
    let search = Search::new(&planted);
    let core = &planted.values[0].core;
    let once = STANDARD_NO_PAD.encode(format!("x{core}yz"));
    for text in [core.clone(), format!("\"{core}\\n"), once.clone(), STANDARD_NO_PAD.encode(format!("ab{once}"))] {
        assert_eq!(search.found(&planted, &text).len(), 1, "{text}");
    }
    assert!(search.found(&planted, "nothing of the sort").is_empty());
}

#[test]
fn a_panic_says_where_and_not_what() {
    static SAID: Mutex<String> = Mutex::new(String::new());
    let planted = plant(VALUES);
    let before = panic::take_hook();
    panic::set_hook(Box::new(|info| {
        SAID.lock().expect("no panic while it is held").push_str(&gitops_guard::run::panicked(info));
    }));
    for value in &planted.values {
        let died = panic::catch_unwind(|| panic!("{}", value.core));
        assert!(died.is_err());
    }
    panic::set_hook(before);
    let said = SAID.lock().expect("no panic while it is held").clone();
    assert_eq!(said.matches("leaks.rs:").count(), planted.values.len());
    assert!(Search::new(&planted).found(&planted, &said).is_empty());
}
