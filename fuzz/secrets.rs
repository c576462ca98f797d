//! Mutated files through the pack `secrets`: none makes it panic, every place that it gives lies in its file, and what it
//! finds is blanked. The time of hostile shapes grows as their size does.
//!
//! `SECRETS_FUZZ=200000 cargo test --release --test secrets` is the long run; `SECRETS_SHAPE=urls SECRETS_SIZE=1048576`
//! makes one hostile file, for a program that counts instructions.
//!
//! Never: a clock in an assertion.

#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "a test reads its seeds and its orders")]

#[path = "generator/random.rs"]
#[expect(dead_code, reason = "another program needs the rest")]
mod random;

use std::env;
use std::fs;
use std::panic;
use std::path::Path;
use std::sync::Arc;

use gitops_guard::base::{BlobId, FileId, LoadError, Loader, RepoPath, Sources, Span};
use gitops_guard::model::{Object, Trees};
use gitops_guard::secrets::{self, RunKey};
use random::Random;
use rayon::prelude::*;

/// How many files are made where nobody says.
const FILES: u64 = 3000;

/// The names that decide how a file is read.
const NAMES: &[&str] = &[
    "a.yaml",
    "b.yaml",
    "c.yaml",
    "values.yaml",
    ".sops.yaml",
    "a.env",
    "run.sh",
    "id_rsa",
    "a.json",
    "kustomization.yaml",
];

struct Text(Vec<u8>);

impl Loader for Text {
    fn load(&self, _: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
        Ok(self.0.clone())
    }
}

/// Everything that the pack asks of one file; gives how many places it found.
fn through(name: &str, bytes: &[u8]) -> usize {
    let sources = Arc::new(Sources::default());
    let loader: Arc<dyn Loader> = Arc::new(Text(bytes.to_vec()));
    let file = sources.intern(&RepoPath::new(name).expect("a path"), None, &loader);
    let trees = Trees::new(sources);
    let key = RunKey::from_salt("fuzz");
    let mut places: Vec<Span> = Vec::new();
    places.extend(secrets::exposures(&trees, file, &key).into_iter().map(|exposure| exposure.at));
    let documents: Vec<_> = trees.documents(file).collect();
    for document in &documents {
        let view = trees.view(document);
        places.extend(
            secrets::gaps(view, &key).into_iter().flatten().filter(|gap| gap.fault.is_plain()).map(|gap| gap.at),
        );
        let _ = secrets::recipients(view);
        let rules = secrets::creation_rules(view);
        let _ = secrets::loose(&rules, &[("a.yaml", view)]);
        let _ = secrets::must_be_encrypted(&rules, "a.yaml", true, view, &key);
        if let Some(object) = Object::new(&trees, document.clone()) {
            let _ = secrets::plain_value(&trees, &object);
            let _ = secrets::redactions(&trees, &object);
        }
    }
    blanked(&trees, file, &places);
    places.len()
}

/// Holds that what was found lies in the file, and that no report shows it.
fn blanked(trees: &Trees, file: FileId, places: &[Span]) {
    let sources = trees.sources();
    let text = sources.text(file);
    let redacted = secrets::redactions_of_file(trees, file).into_iter().chain(secrets::redactions_of_text(trees, file));
    let redacted: Vec<Span> = redacted.collect();
    for span in places.iter().chain(&redacted) {
        assert!(text.get(span.range.bytes()).is_some(), "{:?} of {}", span.range, text.len());
    }
    for place in places {
        let covers = |span: &Span| span.range.start <= place.range.start && place.range.end <= span.range.end;
        assert!(redacted.iter().any(covers) || place.range.start == place.range.end, "{:?} is shown", place.range);
    }
    redacted.into_iter().for_each(|span| sources.redact(span));
    sources.shown(file);
}

/// The files of the fixtures, and tokens that stand for what recipes give.
fn seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/secrets");
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().filter_map(Result::ok);
    let files =
        files.filter(|entry| entry.file_type().is_file() && entry.path().extension().is_none_or(|end| end != "snap"));
    files.map(|entry| fs::read(entry.path()).expect("a fixture can be read")).collect()
}

/// Pieces that mean something to the pack.
fn pieces() -> Vec<String> {
    let any: String = "k7Qw2m9Zx4LpT8vB3nH6sJ5dF1gYcRa".chars().cycle().take(64).collect();
    let tokens = ["ghp_", "glpat-", "AKIA", "sk_live_", "hvs.", "eyJ", "AGE-SECRET-KEY-1", "xoxb-", "SG."];
    let words = [
        "password: ",
        "kind: Secret\n",
        "data:\n",
        "stringData:\n",
        "sops:\n",
        "  mac: x\n",
        "${",
        "}",
        "{{",
        "}}",
        "<",
        ">",
        "://",
        "@",
        "-----BEGIN PRIVATE KEY-----\n",
        "-----END PRIVATE KEY-----",
        "LS0tLS1CRUdJTi",
        "ENC[AES256_GCM,data:",
        "|-\n",
        "&a ",
        "*a",
        "\u{feff}",
        "\u{2028}",
        "\r\n",
        "\t",
        "'",
        "\"",
        "\\",
        "#",
        "- ",
        ": ",
        "=",
        "$2y$10$",
        "ü",
        "🔧",
        "\0",
        "creation_rules:\n",
        "path_regex: '(((('\n",
        "Basic ",
        "Server=a;Password=",
    ];
    tokens.iter().map(|token| format!("{token}{any}")).chain(words.iter().map(|word| (*word).to_owned())).collect()
}

fn mutated(random: &mut Random, seeds: &[Vec<u8>], pieces: &[String]) -> Vec<u8> {
    let mut text = random.pick(seeds).clone();
    for _ in 0..random.between(1, 8) {
        let at = random.below(text.len() + 1);
        let end = (at + random.below(40)).min(text.len());
        match random.below(7) {
            0 => drop(text.drain(at..end)),
            1 => drop(text.splice(at..at, random.pick(pieces).bytes())),
            2 => drop(text.splice(at..end, random.pick(pieces).bytes())),
            3 => {
                let again = text[at..end].to_vec();
                text.splice(at..at, again);
            }
            4 => {
                let other = random.pick(seeds);
                let from = random.below(other.len() + 1);
                let to = (from + random.below(200)).min(other.len());
                text.splice(at..at, other[from..to].iter().copied());
            }
            5 => {
                if let Some(byte) = text.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            _ => text.truncate(at.max(1)),
        }
    }
    text
}

#[test]
fn no_mutated_file_breaks_the_pack() {
    let count = env::var("SECRETS_FUZZ").ok().and_then(|count| count.parse().ok()).unwrap_or(FILES);
    let (seeds, pieces) = (seeds(), pieces());
    assert!(seeds.len() > 20, "{}", seeds.len());
    let one = |number: u64| {
        let mut random = Random::new(number);
        let name = *random.pick(NAMES);
        let text = mutated(&mut random, &seeds, &pieces);
        let done = panic::catch_unwind(|| through(name, &text));
        done.map_err(|_| format!("file {number} as {name}:\n{}", String::from_utf8_lossy(&text)))
    };
    let done: Vec<Result<usize, String>> = (0..count).into_par_iter().map(one).collect();
    let found: usize = done.iter().flatten().sum();
    let broken: Vec<String> = done.into_iter().filter_map(Result::err).collect();
    assert!(broken.is_empty(), "{} of {count}\n{}", broken.len(), broken[0]);
    assert!(found as u64 > count / 10, "many files still hold something: {found} in {count}");
    eprintln!("{count} files, {found} places");
}

/// Texts that a search may go through again and again: each is one line or one shape, as long as it is asked for.
const SHAPES: &[(&str, &str)] = &[
    ("urls", "://"),
    ("users", "://a:b@"),
    ("openings", "${"),
    ("templates", "{{ "),
    ("brackets", "<"),
    ("pem", "-----BEGIN PRIVATE KEY-----"),
    ("encoded", "LS0tLS1CRUdJTi"),
    ("tokens", "eyJa"),
    ("dots", "eyJaaaaaaaaaaaaa.eyJaaaaaaaaaaaaa."),
    ("prefixes", "ghp_glpat-AKIAxoxb-"),
    ("base64", "QUJD"),
    ("keys", "password: a\n"),
    ("lines", "password=\n"),
    ("digits", "1234567890:AA"),
    ("tildes", "8Q~"),
    ("quotes", "password '"),
    ("connections", "server=;password=a;"),
    ("dollars", "$1$"),
];

/// A hostile file: the shape in a key of a Secret, of a ConfigMap, and in plain text.
fn hostile(shape: &str, size: usize) -> Vec<(&'static str, Vec<u8>)> {
    let (_, piece) = SHAPES.iter().find(|(name, _)| *name == shape).expect("a shape");
    let body: String = piece.chars().cycle().take(size / piece.chars().count() * piece.chars().count()).collect();
    let indented: String = body.lines().map(|line| format!("    {line}\n")).collect();
    let object = |kind: &str| {
        format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: a}}\ndata:\n  password: |\n{indented}").into_bytes()
    };
    vec![("a.yaml", object("Secret")), ("b.yaml", object("ConfigMap")), ("run.sh", body.into_bytes())]
}

#[test]
fn hostile_shapes_are_gone_through() {
    let size = env::var("SECRETS_SIZE").ok().and_then(|size| size.parse().ok()).unwrap_or(20_000);
    let asked = env::var("SECRETS_SHAPE").ok();
    for (shape, _) in SHAPES.iter().filter(|(shape, _)| asked.as_ref().is_none_or(|asked| asked == shape)) {
        let began = std::time::Instant::now();
        for (name, text) in hostile(shape, size) {
            through(name, &text);
        }
        eprintln!("{shape:12} {size:8} {:6} ms", began.elapsed().as_millis());
    }
}
