//! What no compiler holds: which room uses which, where IO is, and that rules and their fixtures are complete.
//!
//! Never: a question of taste; sizes and names are for review.

#![expect(clippy::disallowed_methods, reason = "a test reads the source tree")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::rules::EMBEDDED;

/// The rooms in the order of the pipeline, each with those it may use besides itself.
const MAY_USE: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("read", &["base"]),
    ("parse", &["base"]),
    ("grammar", &["base"]),
    ("model", &["base", "parse", "grammar"]),
    ("render", &["base", "parse", "grammar", "model"]),
    // Of render only the types that ask for a build.
    ("delivery", &["base", "parse", "grammar", "model", "render"]),
    ("api", &["base", "grammar", "model"]),
    ("secrets", &["base", "parse", "grammar", "model"]),
    ("world", &["base", "parse", "grammar", "model", "render", "delivery", "api", "secrets"]),
    ("compare", &["base", "model", "api", "delivery", "world"]),
    ("impact", &["base", "model", "api", "delivery", "world", "compare"]),
    ("rules", &["base", "parse", "grammar", "model", "delivery", "api", "secrets", "world", "compare", "impact"]),
    ("report", &["base", "rules", "impact"]),
];

/// The files that may use every room, and the machine.
const EDGE: &[&str] = &[
    "baseline.rs",
    "blanked.rs",
    "cli.rs",
    "config.rs",
    "folder.rs",
    "init.rs",
    "run.rs",
    "main.rs",
    "lib.rs",
    "origins.rs",
    "shown.rs",
    "sides.rs",
    "starter.rs",
    "survey.rs",
    "touched.rs",
];

/// Words that reach out of the process.
const IO: &[&str] = &[
    "std::fs",
    "std::env",
    "std::process",
    // Not all of `std::net`: an address is a value.
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "ToSocketAddrs",
    "git2::",
    "walkdir::",
    "ignore::",
];

/// Rules whose finding no tree of files can show, with the reason.
const WITHOUT_FIXTURES: &[(&str, &str)] = &[
    ("internal-error", "a defect of this tool; the engine's own tests make one"),
    ("invalid-rule", "a rule file of the repository; the loader's own tests hold the mistakes"),
];

/// A line of code: the file below `src/`, the number, the text.
type Line = (String, usize, String);

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder, sorted, with `/` and relative to it.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(relative) = path.strip_prefix(folder) {
                found.push(relative.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

fn is_source(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == "rs")
}

/// The code of a room, or of all: without comments, test modules and files that only tests use.
fn code() -> Vec<Line> {
    let source = root().join("src");
    let mut lines = Vec::new();
    for name in files(&source) {
        let stem = name.rsplit('/').next().unwrap_or_default();
        if !is_source(&name) || stem.contains("test") || stem == "tidy.rs" {
            continue;
        }
        let text = fs::read_to_string(source.join(&name)).expect("a source file is text");
        let tested = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
        let numbered = text[..tested].lines().enumerate();
        let code = numbered.filter(|(_, line)| !line.trim_start().starts_with("//"));
        lines.extend(code.map(|(row, line)| (name.clone(), row + 1, line.to_owned())));
    }
    lines
}

/// The room of a file; `None` for the edge.
fn room(name: &str) -> Option<&str> {
    name.split_once('/').map(|(room, _)| room)
}

#[test]
fn every_use_goes_up() {
    let rooms = || MAY_USE.iter().map(|row| row.0);
    let used = regex::Regex::new(r"\bcrate::(\w+|\{)").expect("a pattern");
    let mut wrong = Vec::new();
    for (file, row, line) in code() {
        let Some(room) = room(&file) else {
            assert!(EDGE.contains(&&*file), "{file} is no room, and not at the edge");
            continue;
        };
        let Some((_, may)) = MAY_USE.iter().find(|known| known.0 == room) else {
            panic!("{file}: the table lacks the room `{room}`");
        };
        for found in used.captures_iter(&line) {
            let other = &found[1];
            assert_ne!(other, "{", "src/{file}:{row}: a use names one room, so that this test can read it");
            if other != room && rooms().any(|known| known == other) && !may.contains(&other) {
                wrong.push(format!("src/{file}:{row}: {room} must not use {other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_has_no_circle() {
    for (row, (room, may)) in MAY_USE.iter().enumerate() {
        for other in *may {
            assert!(MAY_USE[..row].iter().any(|known| known.0 == *other), "{room} uses {other}, which comes later");
        }
    }
}

#[test]
fn the_machine_is_touched_in_read_and_at_the_edge_only() {
    let outside = |file: &str| room(file).is_some_and(|room| room != "read");
    let lines = code().into_iter().filter(|(file, ..)| outside(file));
    let wrong: Vec<String> = lines
        .filter(|(.., line)| IO.iter().any(|word| line.contains(word)))
        .map(|(file, row, line)| format!("src/{file}:{row}: {}", line.trim()))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for_and_what_it_never_does() {
    let source = root().join("src");
    for name in files(&source).into_iter().filter(|name| is_source(name) && name != "lib.rs") {
        let text = fs::read_to_string(source.join(&name)).expect("a source file is text");
        let head: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        assert!(head.iter().any(|line| line.contains("Never: ")), "src/{name} lacks its `Never:`");
    }
}

#[test]
fn the_embedded_table_is_the_folder() {
    let folder: Vec<String> = files(&root().join("rules"));
    let table: BTreeSet<String> = EMBEDDED.iter().map(|rule| format!("{}/{}.yaml", rule.pack, rule.id)).collect();
    assert_eq!(table.into_iter().collect::<Vec<_>>(), folder);
}

#[test]
fn every_rule_has_fixtures_and_every_fixture_a_rule() {
    let testdata = root().join("testdata");
    let mut wrong = Vec::new();
    for rule in EMBEDDED.iter().filter(|rule| WITHOUT_FIXTURES.iter().all(|known| known.0 != rule.id)) {
        for side in ["fail", "pass"] {
            let folder = testdata.join(rule.pack).join(rule.id).join(side);
            if files(&folder).is_empty() {
                wrong.push(format!("{}/{} has no {side}/", rule.pack, rule.id));
            }
        }
    }
    let packs: BTreeSet<&str> = EMBEDDED.iter().map(|rule| rule.pack).collect();
    for file in files(&testdata) {
        let mut parts = file.split('/');
        let (Some(pack), Some(id), Some(_)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let known = EMBEDDED.iter().any(|rule| (rule.pack, rule.id) == (pack, id));
        if packs.contains(pack) && !known {
            wrong.push(format!("testdata/{file} belongs to no rule"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
