//! What the benchmarks share: the peer, what a process costs, the fastest of several runs, files to write.
//!
//! Never: a number that a benchmark asserts; the machine is not ours.

#![expect(clippy::disallowed_methods, reason = "a benchmark writes its input and starts its peer")]
#![allow(dead_code, reason = "each benchmark uses a part")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// What one run of a program cost.
#[derive(Clone, Debug)]
pub struct Cost {
    /// What it printed.
    pub printed: String,
    /// From start to end, as somebody waits for it.
    pub wall: Duration,
    /// The largest it was in memory, in bytes; none without GNU time.
    pub peak: Option<u64>,
}

/// kustomize, by its name on PATH; without it a line says what is left out.
pub fn kustomize() -> Option<&'static str> {
    let answers = Command::new("kustomize").arg("version").output().is_ok_and(|done| done.status.success());
    if !answers {
        println!("no `kustomize` on PATH: the comparisons with it are left out");
    }
    answers.then_some("kustomize")
}

/// Runs a program once. `None` where it fails.
pub fn once(program: &str, args: &[&str]) -> Option<Cost> {
    let report = tempfile::NamedTempFile::new().expect("a file for the figures");
    let timed =
        || Command::new("time").args(["-q", "-f", "%M", "-o"]).arg(report.path()).arg(program).args(args).output();
    let began = Instant::now();
    let done = timed().or_else(|_| Command::new(program).args(args).output()).ok()?;
    let wall = began.elapsed();
    let peak = fs::read_to_string(report.path()).ok().and_then(|text| text.trim().parse::<u64>().ok());
    let printed = String::from_utf8_lossy(&done.stdout).into_owned();
    done.status.success().then_some(Cost { printed, wall, peak: peak.map(|kilobytes| kilobytes * 1024) })
}

/// The fastest of several runs of a program, with the largest peak.
pub fn fastest_process(runs: usize, program: &str, args: &[&str]) -> Option<Cost> {
    let mut best = once(program, args)?;
    for _ in 1..runs {
        let next = once(program, args)?;
        let peak = best.peak.max(next.peak);
        if next.wall < best.wall {
            best = next;
        }
        best.peak = peak;
    }
    Some(best)
}

/// The fastest of several runs of `work`, with what it gave.
pub fn fastest<T>(runs: usize, work: impl Fn() -> T) -> (T, Duration) {
    let timed = || {
        let began = Instant::now();
        let out = work();
        (out, began.elapsed())
    };
    let mut best = timed();
    for _ in 1..runs {
        let next = timed();
        if next.1 < best.1 {
            best = next;
        }
    }
    best
}

/// A time in milliseconds.
pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// How many times longer one thing takes than another.
pub fn ratio(theirs: Duration, ours: Duration) -> f64 {
    theirs.as_secs_f64() / ours.as_secs_f64()
}

/// A peak in megabytes, as it is printed.
pub fn megabytes(peak: Option<u64>) -> String {
    peak.map_or_else(|| "unknown (no GNU time on PATH)".to_owned(), |bytes| format!("{:.0} MB", bytes as f64 / 1e6))
}

/// Writes a file, and the folders above it.
pub fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("the folder is ours");
    fs::write(path, text).expect("the folder is ours");
}
