//! From an entry of a kustomization to the file or folder it names, and from a file to its objects
//! (`kustomize api/internal/loader`, `api/resource/factory.go`).
//!
//! Never: a file outside the tree, or outside the kustomization's folder where the restriction holds.

use std::collections::VecDeque;

use rayon::prelude::*;

use super::remote::Remote;
use super::resource::Resource;
use crate::base::{Content, FileId, Found, NodeId, Problem, ProblemKind, RepoPath, Snapshot, Span, Special, TextRange};
use crate::model::{Trees, Value, View};
use crate::parse::{Kind, ParseProblemKind};

/// `--load-restrictor`
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LoadRestriction {
    /// Files must be in or below the folder of the kustomization that names them; bases may be anywhere in the tree.
    #[default]
    RootOnly,
    /// Files may be anywhere in the tree.
    None,
}

/// Where an entry leads.
pub(super) enum Target {
    File(FileId),
    Folder(RepoPath),
    /// To something that this tool does not render; why, in words.
    Elsewhere(String),
}

/// What an entry may lead to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    File,
    FileOrFolder,
}

/// A refusal of kustomize at a place.
pub(super) fn does_not_build(at: Span, message: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::DoesNotBuild, at, message)
}

/// Where the path `name`, written at `at` in the kustomization of the folder `root`, leads.
///
/// # Errors
/// Nowhere, or where it may not lead.
pub(super) fn find(
    snapshot: &Snapshot,
    restriction: LoadRestriction,
    root: &RepoPath,
    (name, at): (&str, Span),
    wanted: Wanted,
) -> Result<Target, Problem> {
    if name.is_empty() {
        return Err(does_not_build(at, "new root cannot be empty").with_help("remove the empty entry"));
    }
    if let Some(remote) = Remote::parse(name) {
        let copy = remote.copy(snapshot, root);
        let copy = copy.map(|path| format!(": a copy lies in `{path}`; name that copy to have it rendered"));
        return Ok(Target::Elsewhere(format!("`{name}` is not in this repository{}", copy.unwrap_or_default())));
    }
    if name.starts_with('/') {
        let help = "write the path relative to the kustomization's folder";
        return Err(does_not_build(at, format!("new root '{name}' cannot be absolute")).with_help(help));
    }
    let outside = || does_not_build(at, format!("`{name}` leads out of the tree that is judged"));
    match snapshot.find(&root.join(name).ok_or_else(outside)?) {
        Found::File { file, path } => {
            let folder = path.parent().unwrap_or_else(RepoPath::root);
            if restriction == LoadRestriction::RootOnly && !folder.is_within(root) {
                let message = format!("security; file '{name}' is not in or below '{root}'");
                let help = "include the folder that holds the file as a kustomize base, or move the file";
                return Err(does_not_build(at, message).with_help(help));
            }
            Ok(Target::File(file))
        }
        Found::Folder(path) if wanted == Wanted::FileOrFolder => Ok(Target::Folder(path)),
        Found::Folder(_) => Err(does_not_build(at, format!("'{name}' must resolve to a file"))),
        Found::Missing => Err(does_not_build(at, format!("`{name}` does not exist: no such file or directory"))
            .with_help("correct the path, remove the entry, or add what it names")),
        Found::Outside(_) => Err(outside()),
        Found::Submodule(path) => Ok(Target::Elsewhere(format!("`{name}` is in the git submodule `{path}`"))),
    }
}

/// The bytes of a file that a kustomization names at `at`.
///
/// # Errors
/// They could not be read, or stand for others that are not here.
pub(super) fn content(trees: &Trees, file: FileId, at: Span) -> Result<&Content, Problem> {
    let path = trees.sources().path(file);
    let content = trees.sources().content(file);
    if let Content::Failed(error) = content {
        return Err(does_not_build(at, format!("`{path}` cannot be read: {error}")));
    }
    match content.special() {
        None => Ok(content),
        Some(special) => Err(Problem::new(
            ProblemKind::NotRendered,
            at,
            match special {
                Special::LfsPointer => format!("`{path}` is a pointer to a file in git LFS, which is not here"),
                Special::GitCrypt => format!("`{path}` is encrypted by git-crypt"),
            },
        )),
    }
}

/// Parses by all threads what is about to be read, where it is much: in turn it would be most of a large build.
pub(super) fn parse_ahead<'e>(trees: &Trees, targets: impl Iterator<Item = &'e Result<Target, Problem>>) {
    /// Less than this is done before threads have started.
    const MUCH: usize = 1 << 18;
    let files: Vec<FileId> = targets
        .filter_map(|target| match target {
            Ok(Target::File(file)) if !trees.is_parsed(*file) => Some(*file),
            _ => None,
        })
        .collect();
    let bytes: usize = files.iter().map(|file| trees.sources().text(*file).len()).sum();
    if files.len() > 1 && bytes > MUCH {
        files.par_iter().for_each(|file| {
            trees.parsed(*file);
        });
    }
}

/// The objects that a file holds; `at` is the entry that names it.
///
/// # Errors
/// What kustomize refuses, at the bytes in the file; or at the entry where the file has none.
pub(super) fn resources(trees: &Trees, file: FileId, at: Span) -> Result<Vec<Resource>, Problem> {
    if content(trees, file, at)?.text().is_none() {
        return Err(does_not_build(at, format!("`{}` is not UTF-8 text", trees.sources().path(file))));
    }
    let related = |problem: Problem| problem.with_related(at, "read because of this entry");
    let documents = documents(trees, file).map_err(related)?;
    Ok(documents.into_iter().map(|value| Resource::new(trees, value)).collect())
}

/// kustomize cuts a file of objects at its `---` before it reads the parts, so that a directive stands alone.
fn no_directive(trees: &Trees, file: FileId) -> Result<(), Problem> {
    let mut lines = trees.sources().text(file).lines();
    let first = lines.find(|line| !line.trim().is_empty() && !line.starts_with('#'));
    if first.is_none_or(|line| !line.starts_with('%')) {
        return Ok(());
    }
    let message = format!("malformed YAML in `{}`: kustomize reads no directives", trees.sources().path(file));
    Err(does_not_build(trees.top(file), message).with_help("remove the line that begins with `%`"))
}

/// Refuses a file that is not YAML from end to end. Duplicate keys are none of it: kustomize takes the last.
pub(super) fn is_whole(trees: &Trees, file: FileId) -> Result<(), Problem> {
    no_json_escapes(trees, file)?;
    let mut problems = trees.parsed(file).problems().iter();
    let Some(broken) = problems.find(|p| p.kind != ParseProblemKind::DuplicateKey) else { return Ok(()) };
    let at = trees.sources().outermost(Span { file, range: broken.at });
    Err(does_not_build(at, format!("malformed YAML in `{}`: {}", trees.sources().path(file), broken.message)))
}

/// Refuses a text with an escape that go-yaml does.
pub(super) fn no_json_escapes(trees: &Trees, file: FileId) -> Result<(), Problem> {
    let Some(range) = json_escape(trees, file) else { return Ok(()) };
    let at = trees.sources().outermost(Span { file, range });
    let message = "found an escape that JSON has and YAML has not: `\\/`, or half of a surrogate pair";
    Err(does_not_build(at, message).with_help("write the character itself"))
}

/// The first text of a file with an escape that go-yaml refuses, though it is JSON: an escaped slash, or a character above
/// U+FFFF in two halves.
fn json_escape(trees: &Trees, file: FileId) -> Option<TextRange> {
    let text = trees.sources().text(file);
    let is_meant =
        |behind: &[u8]| matches!(behind, [b'/', ..] | [b'u', b'd' | b'D', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F', ..]);
    // Few texts have a backslash, and fewer one of these.
    memchr::memchr_iter(b'\\', text.as_bytes()).find(|at| is_meant(&text.as_bytes()[at + 1..]))?;
    let parsed = trees.parsed(file);
    let quoted = (0..parsed.len() as u32).map(NodeId).filter(|node| parsed.kind(*node) == Kind::DoubleQuoted);
    quoted.map(|node| parsed.range(node)).find(|range| {
        let mut rest = &text.as_bytes()[range.bytes()];
        while let Some(at) = memchr::memchr(b'\\', rest) {
            rest = &rest[at + 1..];
            if is_meant(rest) {
                return true;
            }
            rest = rest.get(1..).unwrap_or_default();
        }
        false
    })
}

/// The documents of a file as kustomize reads objects: empty ones left out, lists replaced by what they hold.
///
/// # Errors
/// What is not YAML, a document without kind or name.
pub(super) fn documents(trees: &Trees, file: FileId) -> Result<Vec<Value>, Problem> {
    is_whole(trees, file)?;
    no_directive(trees, file)?;
    if let Some(range) = trees.sources().content(file).text().and_then(wrong_separator) {
        let at = trees.sources().outermost(Span { file, range });
        return Err(does_not_build(at, "invalid document separator: only a comment may stand behind `---`"));
    }
    let mut queue: VecDeque<Value> = VecDeque::new();
    for document in trees.documents(file) {
        if is_object(trees.view(&document))? {
            queue.push_back(document);
        }
    }
    let mut found = Vec::with_capacity(queue.len());
    while let Some(value) = queue.pop_front() {
        let view = trees.view(&value);
        let list = view.str_at(["kind"]).is_some_and(|kind| kind.ends_with("List"));
        match view.get("items").filter(|_| list) {
            None => found.push(value),
            Some(items) if items.is_null() => {}
            Some(items) if items.is_seq() => {
                for item in items.items() {
                    if is_object(item)? {
                        queue.push_back(item.value());
                    }
                }
            }
            Some(items) => return Err(does_not_build(items.place(), "expected a list in `items`")),
        }
    }
    Ok(found)
}

/// The first separator, but for one on the first line, that kustomize refuses because something stands behind it. The
/// line behind a separator is never taken for another (`kustomize kyaml/kio splitDocuments`).
fn wrong_separator(text: &str) -> Option<TextRange> {
    let mut start = 0;
    let mut may_separate = false;
    for line in text.split_inclusive('\n') {
        let is_separator = may_separate && line.starts_with("---") && line.ends_with('\n');
        let behind = if is_separator { line[3..].trim() } else { "" };
        if !behind.is_empty() && !behind.starts_with('#') {
            return Some(TextRange::new(start as u32, (start + line.trim_end().len()) as u32));
        }
        may_separate = !is_separator;
        start += line.len();
    }
    None
}

/// Whether a document is an object and not just empty.
fn is_object(view: View<'_>) -> Result<bool, Problem> {
    if view.is_null() || (view.is_map() && view.fields().next().is_none()) {
        return Ok(false);
    }
    if !view.is_map() {
        return Err(does_not_build(view.place(), "expected an object here"));
    }
    let at = view.fields().next().map_or_else(|| view.place(), |field| field.key_place());
    let text =
        |value: Option<View<'_>>| value.is_some_and(|v| v.is_scalar() && !v.written().is_empty() && !v.is_null());
    if !text(view.get("kind")) {
        return Err(
            does_not_build(at, "missing kind in object").with_help("every object needs `kind` and `metadata.name`")
        );
    }
    let list = view.str_at(["kind"]).is_some_and(|kind| kind.ends_with("List"));
    if !list && !text(view.path(["metadata", "name"])) {
        let at = view.get("metadata").or_else(|| view.get("kind")).map_or(at, |value| value.place());
        return Err(does_not_build(at, "missing metadata.name in object")
            .with_help("kustomize needs a name; `generateName` alone is not enough"));
    }
    Ok(true)
}
