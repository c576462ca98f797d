//! The whole pipeline over the fixtures of all rules, in memory.
//!
//! Never: a disk but for the fixtures, git.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Parser as _;

use super::{Env, Sides, judge};
use crate::base::{Side, Sources};
use crate::cli::{Cli, Command};
use crate::delivery::Here;
use crate::report::BaseName;
use crate::rules::{RuleSet, Settings};
use crate::testkit::{self, Files, Judged};

#[path = "run_tests_secrets.rs"]
mod secrets;

/// One run, as `check --base FOLDER --color never --quiet` would make it: without the summary, which each new rule
/// changes.
fn in_memory(base: Option<&Files>, head: &Files, settings: &Settings) -> Judged {
    let sources = Arc::new(Sources::default());
    let sides = sides(&sources, base, head);
    let judged = judge(sources, sides, &RuleSet::embedded(), settings.clone());
    let cli =
        Cli::try_parse_from(["gitops-guard", "check", "--color", "never", "--quiet"]).expect("a right command line");
    let Command::Check(ask) = cli.command else { panic!("it says check") };
    let mut text = Vec::new();
    assert!(judged.write_reports(&ask, &env(), &mut text).is_ok(), "a vector takes all");
    Judged { findings: judged.verdict.findings, text: String::from_utf8(text).expect("a report is text") }
}

fn sides(sources: &Arc<Sources>, base: Option<&Files>, head: &Files) -> Sides {
    let name = || BaseName { revision: "base".to_owned(), merge_base: None };
    Sides {
        base: base.map(|files| (testkit::listed(sources, Side::Base, files), name())),
        head: testkit::listed(sources, Side::Head, head),
        here: Here::default(),
        within: Vec::new(),
    }
}

fn env() -> Env {
    Env { directory: PathBuf::new(), color: false, width: 100, ..Env::of_process(false) }
}

#[test]
fn the_laws_hold_for_all_rules() {
    testkit::hold_the_laws(&in_memory);
}

#[test]
fn the_findings_of_all_fixtures_read_well() {
    testkit::hold_the_snapshots(&in_memory);
}
