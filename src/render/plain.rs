//! Manifests that are read as they are, without kustomize: Argo CD's directory source, Flux without a kustomization file,
//! a plain file.
//!
//! Never: the meaning of a kustomization file in such a folder; it is no manifest.

use std::collections::VecDeque;

use regex::Regex;

use crate::base::{FileId, Found, Problem, ProblemKind, RepoPath, Snapshot, Span};
use crate::model::{KUSTOMIZATION_NAMES, Object, Trees, View};
use crate::parse::ParseProblemKind;

use super::Rendered;

/// Which files of a folder are read.
pub(super) struct Filter<'f> {
    pub(super) recurse: bool,
    pub(super) include: Option<&'f str>,
    pub(super) exclude: Option<&'f str>,
}

/// The objects of the manifests in a folder, in the order of their paths.
pub(super) fn folder(snapshot: &Snapshot, trees: &Trees, root: &RepoPath, filter: &Filter<'_>) -> Rendered {
    let mut rendered = Rendered::default();
    let Found::Folder(root) = snapshot.find(root) else { return rendered };
    let include = filter.include.map(glob);
    let exclude = filter.exclude.map(glob);
    let wanted = |path: &RepoPath| {
        let relative = path.as_str()[root.as_str().len()..].trim_start_matches('/');
        include.as_ref().is_none_or(|glob| matches(glob.as_ref(), relative))
            && !exclude.as_ref().is_some_and(|glob| matches(glob.as_ref(), relative))
    };
    for (path, file) in manifests(snapshot, &root, filter.recurse) {
        if wanted(&path) {
            read(trees, file, &mut rendered);
        }
    }
    rendered
}

/// The objects of the manifests that Flux's generated kustomization would list, and the folders of the kustomizations
/// that it would list in the place of their files.
pub(super) fn generated(snapshot: &Snapshot, trees: &Trees, root: &RepoPath) -> (Rendered, Vec<RepoPath>) {
    let mut rendered = Rendered::default();
    let mut kustomizations = Vec::new();
    let mut folders = VecDeque::from([root.clone()]);
    while let Some(folder) = folders.pop_front() {
        let has = |name: &&str| folder.join(name).is_some_and(|path| snapshot.file(&path).is_some());
        if KUSTOMIZATION_NAMES.iter().any(has) {
            kustomizations.push(folder);
            continue;
        }
        for (_, file) in manifests(snapshot, &folder, false) {
            read(trees, file, &mut rendered);
        }
        let below = snapshot.list(&folder).into_iter().filter_map(|name| folder.join(&name));
        folders.extend(below.filter(|path| matches!(snapshot.find(path), Found::Folder(real) if real == *path)));
    }
    (rendered, kustomizations)
}

/// The objects of one file.
pub(super) fn file(snapshot: &Snapshot, trees: &Trees, path: &RepoPath) -> Rendered {
    let mut rendered = Rendered::default();
    if let Some(file) = snapshot.file(path) {
        take(trees, file, &mut rendered);
    }
    rendered
}

/// The files of a folder that may be manifests, sorted by path.
fn manifests(snapshot: &Snapshot, root: &RepoPath, recurse: bool) -> Vec<(RepoPath, FileId)> {
    let mut found = Vec::new();
    let mut folders = VecDeque::from([root.clone()]);
    while let Some(folder) = folders.pop_front() {
        for name in snapshot.list(&folder) {
            let Some(path) = folder.join(&name) else { continue };
            match snapshot.find(&path) {
                Found::File { file, .. } if is_manifest(&name) => found.push((path, file)),
                // A link is no folder to walk: it could lead up.
                Found::Folder(real) if recurse && real == path => folders.push_back(path),
                _ => {}
            }
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    found
}

fn is_manifest(name: &str) -> bool {
    let ends = |end: &str| name.len() > end.len() && name.ends_with(end);
    !KUSTOMIZATION_NAMES.contains(&name) && (ends(".yaml") || ends(".yml") || ends(".json"))
}

/// Adds the objects of a file that an application reads. What is wrong with a text is told once for the text, by whoever
/// reads all of them; but only an application makes a mistake of a template.
fn read(trees: &Trees, file: FileId, rendered: &mut Rendered) {
    for problem in trees.parsed(file).problems().iter().filter(|p| p.kind == ParseProblemKind::Template) {
        let at = Span { file, range: problem.at };
        rendered.problems.push(Problem::new(ProblemKind::Unparsable, at, problem.message.clone()));
    }
    take(trees, file, rendered);
}

fn take(trees: &Trees, file: FileId, rendered: &mut Rendered) {
    rendered.files.push(file);
    for document in trees.documents(file) {
        add(trees, trees.view(&document), rendered);
    }
}

/// Adds an object, or what a list holds.
fn add(trees: &Trees, view: View<'_>, rendered: &mut Rendered) {
    let list = view.str_at(["kind"]).is_some_and(|kind| kind.ends_with("List"));
    match view.get("items").filter(|items| list && items.is_seq()) {
        Some(items) => items.items().for_each(|item| add(trees, item, rendered)),
        None => rendered.objects.extend(Object::new(trees, view.value())),
    }
}

/// A glob of Argo CD (`github.com/gobwas/glob` without separators): `*` and `?` match `/` too, `{a,b}` either.
fn glob(pattern: &str) -> Option<Regex> {
    let mut regex = String::from("^(?s:");
    let mut depth = 0;
    for c in pattern.chars() {
        match c {
            '*' if regex.ends_with(".*") => {}
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '{' => {
                depth += 1;
                regex.push_str("(?:");
            }
            '}' if depth > 0 => {
                depth -= 1;
                regex.push(')');
            }
            ',' if depth > 0 => regex.push('|'),
            '[' | ']' | '-' => regex.push(c),
            c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    regex.push_str(")$");
    Regex::new(&regex).ok()
}

/// A glob that cannot be read matches nothing.
fn matches(glob: Option<&Regex>, text: &str) -> bool {
    glob.is_some_and(|glob| glob.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::{glob, matches};

    #[test]
    fn globs_match_as_argo_does() {
        for (pattern, path, fits) in [
            ("*.yaml", "a/b.yaml", true),
            ("{a,b}.yaml", "b.yaml", true),
            ("{a,b}.yaml", "c.yaml", false),
            ("env-?.yml", "env-1.yml", true),
            ("**/x.yaml", "a/b/x.yaml", true),
            ("x.yaml", "xyyaml", false),
        ] {
            assert_eq!(matches(glob(pattern).as_ref(), path), fits, "{pattern} {path}");
        }
    }
}
