//! The whole pipeline over the fixtures of all rules, in memory.
//!
//! Never: a disk but for the fixtures, git.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Parser as _;

use super::{Asked, Env, Sides, judge};
use crate::base::{Side, Sources};
use crate::cli::{Cli, Command};
use crate::delivery::Here;
use crate::model::Trees;
use crate::report::BaseName;
use crate::rules::{RuleSet, Settings};
use crate::testkit::{self, Files, Judged};

/// One run, as `check --base FOLDER --color never --quiet` would make it: without the summary, which each new rule
/// changes.
fn in_memory(base: Option<&Files>, head: &Files, settings: &Settings) -> Judged {
    let sources = Arc::new(Sources::default());
    let name = || BaseName { revision: "base".to_owned(), merge_base: None };
    let sides = Sides {
        base: base.map(|files| (testkit::listed(&sources, Side::Base, files), name())),
        head: testkit::listed(&sources, Side::Head, head),
        here: Here::default(),
        within: Vec::new(),
    };
    let asked = Asked { rules: RuleSet::embedded(), settings: settings.clone(), ..Asked::default() };
    let judged = judge(Trees::new(sources), sides, asked);
    let cli =
        Cli::try_parse_from(["gitops-guard", "check", "--color", "never", "--quiet"]).expect("a right command line");
    let Command::Check(ask) = cli.command else { panic!("it says check") };
    let mut text = Vec::new();
    assert!(judged.write_reports(&ask, &env(), &mut text).is_ok(), "a vector takes all");
    Judged { findings: judged.verdict.findings, text: String::from_utf8(text).expect("a report is text") }
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
