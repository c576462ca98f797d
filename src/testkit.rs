//! What tests need: texts as sources, worlds of plain files, fixtures with their recipes, and the laws that hold for
//! all rules.
//!
//! Never: part of the binary.

#![expect(clippy::disallowed_methods, reason = "tests read their fixtures")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::base::{BlobId, Entry, FileId, LoadError, Loader, RepoPath, Side, Snapshot, Sources};
use crate::model::{Object, Trees};
use crate::render::{Build, BuildKind, Rendered};
use crate::rules::{EMBEDDED, Finding, Setting, Settings};
use crate::world::{Built, World};

/// Files in memory.
pub(crate) struct Memory(BTreeMap<RepoPath, Vec<u8>>);

impl Loader for Memory {
    fn load(&self, path: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
        self.0.get(path).cloned().ok_or_else(|| LoadError("it is not there".to_owned()))
    }
}

/// A path of the tree.
pub(crate) fn path(text: &str) -> RepoPath {
    RepoPath::new(text).expect("a path in the tree")
}

/// One text as a file.
pub(crate) fn file(name: &str, text: &str) -> (Trees, FileId) {
    let trees = trees();
    let snapshot = snapshot(&trees, Side::Head, &[(name, text)]);
    let file = snapshot.file(&path(name)).expect("the one file");
    (trees, file)
}

/// The context of a run without files.
pub(crate) fn trees() -> Trees {
    Trees::new(Arc::new(Sources::default()))
}

/// One side with these files. Equal files of two sides have one id.
pub(crate) fn snapshot(trees: &Trees, side: Side, files: &[(&str, &str)]) -> Snapshot {
    let files: Files = files.iter().map(|(name, text)| (path(name), text.as_bytes().to_vec())).collect();
    listed(trees.sources(), side, &files)
}

/// The same for files of any bytes.
pub(crate) fn listed(sources: &Arc<Sources>, side: Side, files: &Files) -> Snapshot {
    let loader: Arc<dyn Loader> = Arc::new(Memory(files.iter().cloned().collect()));
    let entries = files.iter().map(|(name, bytes)| {
        let file = sources.intern(name, Some(blob(bytes)), &loader);
        (name.clone(), Entry::File(file))
    });
    Snapshot::listed(side, sources.clone(), entries.collect())
}

/// A name for a content. It need not be git's: contents are only told apart by it.
fn blob(bytes: &[u8]) -> BlobId {
    let digest = Sha256::digest(bytes);
    let mut id = [0; 20];
    id.copy_from_slice(&digest[..20]);
    BlobId(id)
}

/// A world in which each file is a build of its own, and nothing is an application.
pub(crate) fn plain_world(trees: &Trees, side: Side, files: &[(&str, &str)]) -> World {
    let snapshot = Arc::new(snapshot(trees, side, files));
    let builds = snapshot.files().map(|(path, file)| plain_build(trees, path, &[file])).collect();
    World {
        side,
        texts: snapshot.files().map(|(_, file)| file).collect(),
        snapshot,
        builds,
        applications: Vec::new(),
        charts: Vec::new(),
        definitions: Vec::new(),
        problems: Vec::new(),
        consumed: BTreeSet::default(),
        layout: crate::delivery::Layout::default(),
        lifecycle: crate::world::Lifecycle::default(),
        here: crate::delivery::Here::default(),
        knowledge: None,
        spare: BTreeMap::new(),
    }
}

/// A build that gives the objects of these files as they are; its place is the first line of the first.
pub(crate) fn plain_build(trees: &Trees, path: &RepoPath, files: &[FileId]) -> Built {
    let documents = files.iter().flat_map(|file| trees.documents(*file));
    let objects = documents.filter_map(|value| Object::new(trees, value)).collect();
    Built {
        build: Build::plain(path.clone(), BuildKind::File),
        rendered: Arc::new(Rendered { objects, files: files.to_vec(), ..Rendered::default() }),
        applied_by: Vec::new(),
        place: trees.top(files[0]),
        cluster: None,
    }
}

/// The files of one side of a fixture, sorted by path.
pub(crate) type Files = Vec<(RepoPath, Vec<u8>)>;

/// What a run over two sides gives: its findings, and the report for people without colors, in 100 columns.
pub(crate) struct Judged {
    pub(crate) findings: Vec<Finding>,
    pub(crate) text: String,
}

/// What a run is over: the two sides, commits older than them and commits between them, the oldest first.
pub(crate) struct Judgeable<'a> {
    pub(crate) past: &'a [Files],
    pub(crate) between: &'a [Files],
    pub(crate) base: Option<&'a Files>,
    pub(crate) head: &'a Files,
}

impl<'a> Judgeable<'a> {
    /// Two sides without older commits.
    pub(crate) fn of(base: Option<&'a Files>, head: &'a Files) -> Self {
        Self { past: &[], between: &[], base, head }
    }
}

/// A whole run: trees and settings to what it gives.
pub(crate) type Run<'a> = &'a dyn Fn(&Judgeable<'_>, &Settings) -> Judged;

/// One tree to judge: `fail` or `pass` of a rule.
struct Fixture {
    pack: &'static str,
    id: &'static str,
    folder: PathBuf,
    past: Vec<Files>,
    between: Vec<Files>,
    base: Option<Files>,
    head: Files,
}

impl Fixture {
    /// Those of all rules that have this side.
    fn all(side: &str) -> Vec<Self> {
        let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
        let read = |rule: &'static crate::rules::Embedded| {
            let folder = testdata.join(rule.pack).join(rule.id).join(side);
            let base = folder.join("base").is_dir().then(|| files_of(&folder.join("base")));
            let head = files_of(&folder.join("head"));
            // Commits are numbered, the oldest first.
            let commits = |of: &str| {
                let commits = (1..).map(|number| folder.join(of).join(number.to_string()));
                commits.take_while(|commit| commit.is_dir()).map(|commit| files_of(&commit)).collect()
            };
            let (past, between) = (commits("past"), commits("between"));
            Self { pack: rule.pack, id: rule.id, folder, past, between, base, head }
        };
        EMBEDDED.iter().map(read).filter(|fixture| !fixture.head.is_empty()).collect()
    }

    /// All rules on their defaults, and the fixture's own rule in any case; on a day that stays.
    fn settings(&self) -> Settings {
        let today = "2026-01-01".parse().expect("a date");
        Settings { rules: [(self.id.to_owned(), Setting::On)].into(), today, ..Settings::default() }
    }

    fn tree(&self) -> Judgeable<'_> {
        Judgeable { past: &self.past, between: &self.between, base: self.base.as_ref(), head: &self.head }
    }

    fn name(&self, side: &str) -> String {
        format!("{}/{}/{side}", self.pack, self.id)
    }
}

/// The laws of all rules: `fail` has a finding of its rule, `pass` has none of any rule, and a tree against itself has
/// none.
pub(crate) fn hold_the_laws(run: Run<'_>) {
    let mut broken = Vec::new();
    let ids = |judged: &Judged| judged.findings.iter().map(|finding| finding.rule.to_string()).collect::<Vec<_>>();
    for (side, fixture) in
        ["fail", "pass"].into_iter().flat_map(|side| Fixture::all(side).into_iter().map(move |f| (side, f)))
    {
        let found = ids(&run(&fixture.tree(), &fixture.settings()));
        let right = if side == "fail" { found.iter().any(|id| id == fixture.id) } else { found.is_empty() };
        if !right {
            broken.push(format!("{}: {found:?}", fixture.name(side)));
        }
        for files in fixture.base.iter().chain([&fixture.head]) {
            let tree = Judgeable { base: Some(files), head: files, between: &[], ..fixture.tree() };
            let same = ids(&run(&tree, &fixture.settings()));
            if !same.is_empty() {
                broken.push(format!("{} against itself: {same:?}", fixture.name(side)));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Holds each `fail` to `fail/expect.snap`: all findings of all rules, as people see them.
pub(crate) fn hold_the_snapshots(run: Run<'_>) {
    for fixture in Fixture::all("fail") {
        let judged = run(&fixture.tree(), &fixture.settings());
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&fixture.folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("expect", judged.text));
    }
}

/// Holds a whole tree below `testdata/` to the snapshot beside it: all findings of all rules on their defaults. Gives their
/// rules and messages.
pub(crate) fn hold_the_tree(name: &str, run: Run<'_>) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name);
    let today = "2026-01-01".parse().expect("a date");
    let judged = run(&Judgeable::of(None, &files_of(&folder)), &Settings { today, ..Settings::default() });
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder.parent().expect("a folder above"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let file = folder.file_name().expect("a name").to_string_lossy().into_owned();
    settings.bind(|| insta::assert_snapshot!(file, judged.text));
    judged.findings.into_iter().map(|finding| (finding.rule.to_string(), finding.message)).collect()
}

/// All files below a folder, recipes expanded in those that are text.
fn files_of(folder: &Path) -> Files {
    let mut found = Files::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).into_iter().flatten().flatten() {
            let file = entry.path();
            if file.is_dir() {
                folders.push(file);
                continue;
            }
            let relative = file.strip_prefix(folder).expect("it is below the folder").to_string_lossy();
            let bytes = fs::read(&file).expect("a fixture can be read");
            let bytes =
                String::from_utf8(bytes).map_or_else(std::string::FromUtf8Error::into_bytes, |t| expand(&t).into());
            found.push((path(&relative.replace('\\', "/")), bytes));
        }
    }
    found.sort();
    found
}

/// Writes out the recipes of a fixture: `{R*40}`, `{H*32}`, `{U*16}` and `{Q*58}` are so many characters of an invented
/// block (mixed, hexadecimal, capitals, bech32), and `b64(…)` is base64. Tokens in fixtures are recipes, so that no host
/// takes them for leaks.
pub(crate) fn expand(text: &str) -> String {
    let runs = regex::Regex::new(r"\{([RHUQ])\*(\d+)\}").expect("a pattern");
    let run = |found: &regex::Captures<'_>| {
        let block = match &found[1] {
            "R" => "k7Qw2m9Zx4LpT8vB3nH6sJ5dF1gYcRa",
            "H" => "9f3a7c1e5b8d2046",
            "U" => "QZ7XW2MK4VTR6JH3",
            _ => "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
        };
        block.chars().cycle().take(found[2].parse().expect("digits")).collect::<String>()
    };
    let mut text = runs.replace_all(text, run).into_owned();
    // The last one first: the inner one of two that are nested.
    while let Some(at) = text.rfind("b64(") {
        let end = closing(&text, at + "b64".len());
        let encoded = STANDARD.encode(&text[at + "b64(".len()..end]);
        text.replace_range(at..=end, &encoded);
    }
    text
}

/// The byte of the bracket that closes the one at `open`.
fn closing(text: &str, open: usize) -> usize {
    let mut depth = 0;
    let mut after = text[open..].char_indices();
    let end = after.find(|(_, char)| {
        depth += i32::from(*char == '(') - i32::from(*char == ')');
        depth == 0
    });
    open + end.expect("a recipe closes its bracket").0
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn recipes_are_written_out() {
        assert_eq!(expand("a: {R*3}-{H*20}"), "a: k7Q-9f3a7c1e5b8d20469f3a");
        assert_eq!(expand("a: b64(x(y)) # b64(b64(z))"), "a: eCh5KQ== # ZWc9PQ==");
        assert_eq!(expand("a: {R} {x*3}"), "a: {R} {x*3}");
    }
}
