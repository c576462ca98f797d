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
    /// The time that processors worked for it, which other programs on the machine change little: the mean of the runs,
    /// to 10 ms divided by their number. Zero where the system does not tell.
    pub cpu: Duration,
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
    let before = cpu(Whose::Children);
    let cost = run(program, args)?;
    Some(Cost { cpu: cpu(Whose::Children).saturating_sub(before), ..cost })
}

fn run(program: &str, args: &[&str]) -> Option<Cost> {
    let report = tempfile::NamedTempFile::new().expect("a file for the figures");
    let timed =
        || Command::new("time").args(["-q", "-f", "%M", "-o"]).arg(report.path()).arg(program).args(args).output();
    let began = Instant::now();
    let done = timed().or_else(|_| Command::new(program).args(args).output()).ok()?;
    let wall = began.elapsed();
    let peak = fs::read_to_string(report.path()).ok().and_then(|text| text.trim().parse::<u64>().ok());
    let printed = String::from_utf8_lossy(&done.stdout).into_owned();
    done.status.success().then_some(Cost {
        printed,
        wall,
        cpu: Duration::ZERO,
        peak: peak.map(|kilobytes| kilobytes * 1024),
    })
}

/// The fastest of several runs of a program, with the largest peak.
pub fn fastest_process(runs: u32, program: &str, args: &[&str]) -> Option<Cost> {
    let before = cpu(Whose::Children);
    let mut best = run(program, args)?;
    for _ in 1..runs {
        let next = run(program, args)?;
        let peak = best.peak.max(next.peak);
        if next.wall < best.wall {
            best = next;
        }
        best.peak = peak;
    }
    best.cpu = cpu(Whose::Children).saturating_sub(before) / runs;
    Some(best)
}

/// The fastest of several runs of `work` with what it gave, and the mean time of the processors.
pub fn fastest<T>(runs: u32, work: impl Fn() -> T) -> (T, Duration, Duration) {
    let timed = || {
        let began = Instant::now();
        let out = work();
        (out, began.elapsed())
    };
    let before = cpu(Whose::Own);
    let mut best = timed();
    for _ in 1..runs {
        let next = timed();
        if next.1 < best.1 {
            best = next;
        }
    }
    (best.0, best.1, cpu(Whose::Own).saturating_sub(before) / runs)
}

/// Whose work is meant.
#[derive(Clone, Copy)]
pub enum Whose {
    /// This process's.
    Own,
    /// That of the programs that it started and that ended.
    Children,
}

/// How long processors have worked so far, from Linux's `/proc`; zero elsewhere.
pub fn cpu(whose: Whose) -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field is the program's name in brackets, which may hold blanks.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().skip(11);
    let ticks: Vec<u64> = fields.take(4).filter_map(|field| field.parse().ok()).collect();
    let sum = match (whose, &ticks[..]) {
        (Whose::Own, [user, system, ..]) | (Whose::Children, [_, _, user, system]) => user + system,
        _ => 0,
    };
    Duration::from_millis(sum * 10)
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
