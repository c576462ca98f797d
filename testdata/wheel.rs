//! The wheel, built by maturin from this folder, in a fresh virtual environment: it holds the binary, and the binary runs.
//!
//! Never: the network; a release build.

#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "a test starts programs and reads their files")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Whether all programs are here; what is missing is told.
fn programs_are_here(programs: &[&str]) -> bool {
    let missing: Vec<&&str> =
        programs.iter().filter(|name| Command::new(name).arg("--version").output().is_err()).collect();
    for name in &missing {
        eprintln!("nothing was tested: {name} not found");
    }
    missing.is_empty()
}

#[track_caller]
fn run(command: &mut Command) -> Output {
    let done = command.output().expect("the program is here");
    let said = [&done.stdout, &done.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert!(done.status.success(), "{command:?}: {}", said.concat());
    done
}

/// The only wheel in a folder.
fn wheel(folder: &Path) -> PathBuf {
    let found: Vec<PathBuf> =
        fs::read_dir(folder).expect("the folder is ours").flatten().map(|entry| entry.path()).collect();
    match &found[..] {
        [wheel] if wheel.extension().is_some_and(|end| end == "whl") => wheel.clone(),
        _ => panic!("no wheel, or more than one: {found:?}"),
    }
}

#[test]
fn the_wheel_brings_the_binary_and_its_metadata_is_that_of_the_package() {
    if !programs_are_here(&["maturin", "python3"]) {
        return;
    }
    let temp = tempfile::tempdir().expect("a folder");
    let (out, environment) = (temp.path().join("out"), temp.path().join("environment"));
    let root = env!("CARGO_MANIFEST_DIR");
    run(Command::new("maturin")
        .args(["build", "--offline", "--compatibility", "linux", "--out"])
        .arg(&out)
        .current_dir(root));
    run(Command::new("python3").args(["-m", "venv"]).arg(&environment));
    let programs = environment.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let pip = ["-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--disable-pip-version-check"];
    run(Command::new(programs.join("python")).args(pip).arg(wheel(&out)));

    let version = run(Command::new(programs.join("gitops-guard")).arg("--version").current_dir(temp.path()));
    assert_eq!(String::from_utf8_lossy(&version.stdout).trim(), concat!("gitops-guard ", env!("CARGO_PKG_VERSION")));
    let demo = Path::new(root).join("testdata/demo");
    let mut check = Command::new(programs.join("gitops-guard"));
    check.args(["check", "after", "--base", "before", "--quiet"]).current_dir(demo);
    assert_eq!(check.output().expect("it is installed").status.code(), Some(1));

    let read = "import importlib.metadata; print(importlib.metadata.metadata('gitops-guard'))";
    let metadata = run(Command::new(programs.join("python")).args(["-c", read]));
    let metadata = String::from_utf8_lossy(&metadata.stdout).into_owned();
    for wanted in [
        concat!("Version: ", env!("CARGO_PKG_VERSION")),
        concat!("Summary: ", env!("CARGO_PKG_DESCRIPTION")),
        "License: MIT OR Apache-2.0",
        "License-File: LICENSE-MIT",
    ] {
        assert!(metadata.lines().any(|line| line == wanted), "{wanted}: {metadata}");
    }
}
