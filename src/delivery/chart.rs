//! A chart's templates, looked at as text.
//!
//! Never: a rendering of them.

use crate::base::{Found, RepoPath, Snapshot};
use crate::model::{ARGO_GROUP, Trees};

/// Whether the templates of the chart in `folder` hold applications: lines that a template cannot write otherwise.
pub(super) fn holds_applications(snapshot: &Snapshot, trees: &Trees, folder: &RepoPath) -> bool {
    let mut folders: Vec<RepoPath> = folder.join("templates").into_iter().collect();
    while let Some(folder) = folders.pop() {
        for path in snapshot.list(&folder).iter().filter_map(|name| folder.join(name)) {
            match snapshot.find(&path) {
                Found::File { file, .. } if has_application(trees.sources().text(file)) => return true,
                // A link is no folder to walk: it could lead up.
                Found::Folder(real) if real == path => folders.push(path),
                _ => {}
            }
        }
    }
    false
}

fn has_application(text: &str) -> bool {
    let value = |line: &str, key: &str| -> Option<String> {
        let value = line.strip_prefix(key)?.split(" #").next().unwrap_or_default();
        Some(value.trim().trim_matches(['"', '\'']).to_owned())
    };
    let of_argo = |line: &str| {
        value(line, "apiVersion:").is_some_and(|v| v.split_once('/').is_some_and(|(group, _)| group == ARGO_GROUP))
    };
    let is_application =
        |line: &str| value(line, "kind:").is_some_and(|kind| matches!(&*kind, "Application" | "ApplicationSet"));
    text.lines().any(of_argo) && text.lines().any(is_application)
}

#[cfg(test)]
mod tests {
    use super::has_application;

    #[test]
    fn an_application_is_told_by_its_own_lines() {
        let template =
            "{{- if .Values.on }}\napiVersion: argoproj.io/v1alpha1\nkind: Application # child\n{{- end }}\n";
        assert!(has_application(template));
        assert!(!has_application("apiVersion: argoproj.io/v1alpha1\nkind: AppProject\n"));
        assert!(!has_application("apiVersion: v1\nkind: ConfigMap\ndata:\n  a: |\n    kind: Application\n"));
        assert!(!has_application("apiVersion: app.k8s.io/v1\nkind: Application\n"));
    }
}
