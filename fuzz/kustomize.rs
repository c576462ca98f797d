//! Builds random kustomizations with this library and with kustomize, and says where they differ.
//!
//! `cargo run --release --example differential -- --count 1000 --seed 1 --kustomize kustomize --failures FOLDER`
//!
//! Never: a part of the test suite; it needs kustomize, and runs for as long as it is told to.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of its own writes its cases and prints"
)]

mod built;
mod generator;
mod oracle;
mod smaller;
mod verdict;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;

use oracle::Oracle;
use verdict::{Difference, Judge, Verdict};

/// How often kustomize is asked while a case is made smaller.
const ASKS: usize = 400;

/// Builds random kustomizations with gitops-guard and with kustomize, and compares what they print. Both must print the
/// same bytes, or both must fail. Where kustomize crashes, or says another thing when it is asked again (what it does by the
/// order of a hash map), the case is excluded.
#[derive(Parser)]
#[command(name = "differential")]
struct Ask {
    /// How many cases.
    #[arg(long, default_value_t = 1000)]
    count: u64,
    /// The same seed gives the same cases.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The first case's number.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// `kubectl`, a `kustomize`, or the program of `fuzz/oracle`, which builds many folders in one process.
    #[arg(long, default_value = "kustomize")]
    kustomize: String,
    /// Where the disagreements are written, each as small as it gets: `in/`, kustomize's `out.yaml` or `error.txt`, and
    /// ours beside it.
    #[arg(long)]
    failures: Option<PathBuf>,
    /// How many cases of one kind of disagreement are made smaller and written.
    #[arg(long, default_value_t = 3)]
    each: usize,
    /// How many run at a time.
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    /// Also says why kustomize fails where both do.
    #[arg(long)]
    reasons: bool,
    /// Only prints the files of the case that `--from` names.
    #[arg(long)]
    show: bool,
}

/// What was counted.
#[derive(Default)]
struct Tally {
    same: u64,
    both_fail: BTreeMap<String, u64>,
    excluded: u64,
    differ: BTreeMap<String, Vec<u64>>,
}

fn main() -> ExitCode {
    let ask = Ask::parse();
    if ask.show {
        for (name, bytes) in &generator::case(ask.seed, ask.from).files {
            println!("=== {name}\n{}", String::from_utf8_lossy(bytes));
        }
        return ExitCode::SUCCESS;
    }
    let scratch = match tempfile::tempdir() {
        Ok(scratch) => scratch,
        Err(error) => {
            eprintln!("no folder for the cases: {error}");
            return ExitCode::from(2);
        }
    };
    let tally = Mutex::new(Tally::default());
    let next = AtomicU64::new(ask.from);
    let done: Vec<Result<(), String>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..ask.jobs.max(1))
            .map(|row| {
                let folder = scratch.path().join(format!("{row}")).join("case");
                let (ask, next, tally) = (&ask, &next, &tally);
                scope.spawn(move || work(ask, &folder, next, tally))
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| Err("a worker crashed".to_owned()))).collect()
    });
    for error in done.iter().filter_map(|done| done.as_ref().err()) {
        eprintln!("{error}");
    }
    let tally = tally.into_inner().unwrap_or_default();
    summary(&ask, &tally);
    match (done.iter().all(Result::is_ok), tally.differ.is_empty()) {
        (false, _) => ExitCode::from(2),
        (true, false) => ExitCode::FAILURE,
        (true, true) => ExitCode::SUCCESS,
    }
}

fn work(ask: &Ask, folder: &Path, next: &AtomicU64, tally: &Mutex<Tally>) -> Result<(), String> {
    let mut judge = Judge::new(Oracle::start(&ask.kustomize)?, folder.to_owned());
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= ask.from + ask.count {
            return Ok(());
        }
        let verdict = one(ask, &mut judge, number)?;
        let difference = {
            let Ok(mut tally) = tally.lock() else { return Ok(()) };
            count(&mut tally, number, &verdict)
        };
        if let (Some((class, seen)), Verdict::Differ(difference)) = (difference, &verdict) {
            println!("case {number}: {class}");
            if seen <= ask.each {
                shrink(ask, &mut judge, number, difference)?;
            }
        }
    }
}

/// A panic of ours is a disagreement like another.
fn one(ask: &Ask, judge: &mut Judge, number: u64) -> Result<Verdict, String> {
    let case = generator::case(ask.seed, number);
    judge.judge(&case)
}

fn count(tally: &mut Tally, number: u64, verdict: &Verdict) -> Option<(String, usize)> {
    match verdict {
        Verdict::Same => tally.same += 1,
        Verdict::BothFail(why) => *tally.both_fail.entry(why.clone()).or_default() += 1,
        Verdict::Excluded => tally.excluded += 1,
        Verdict::Differ(difference) => {
            let class = difference.class();
            let rows = tally.differ.entry(class.clone()).or_default();
            rows.push(number);
            return Some((class, rows.len()));
        }
    }
    None
}

fn shrink(ask: &Ask, judge: &mut Judge, number: u64, difference: &Difference) -> Result<(), String> {
    let Some(failures) = &ask.failures else { return Ok(()) };
    let class = difference.class();
    let case = generator::case(ask.seed, number);
    let mut last = difference.clone();
    let small = smaller::smaller(&case, ASKS, |case| match judge.judge(case) {
        Ok(Verdict::Differ(difference)) if difference.class() == class => {
            last = difference;
            true
        }
        _ => false,
    });
    let folder = failures.join(format!("{}-{number}", ask.seed));
    let write = || {
        verdict::write(&small, &folder.join("in"))?;
        for (text, printed, failed) in
            [(&last.theirs, "out.yaml", "error.txt"), (&last.ours, "ours.yaml", "ours-error.txt")]
        {
            match text {
                Ok(text) => fs::write(folder.join(printed), text)?,
                Err(text) => fs::write(folder.join(failed), text)?,
            }
        }
        Ok::<(), std::io::Error>(())
    };
    write().map_err(|error| format!("{}: {error}", folder.display()))
}

fn summary(ask: &Ask, tally: &Tally) {
    let differ: usize = tally.differ.values().map(Vec::len).sum();
    let both_fail: u64 = tally.both_fail.values().sum();
    let compared = tally.same + both_fail + differ as u64;
    println!(
        "seed {}: {compared} compared, {} same bytes, {} fail in both, {differ} differ; {} excluded",
        ask.seed, tally.same, both_fail, tally.excluded
    );
    if ask.reasons {
        for (why, times) in &tally.both_fail {
            println!("  {times:>5}  both fail: {why}");
        }
    }
    for (class, rows) in &tally.differ {
        let some: Vec<String> = rows.iter().take(8).map(u64::to_string).collect();
        println!("  {:>5}  {class}  ({})", rows.len(), some.join(", "));
    }
}
