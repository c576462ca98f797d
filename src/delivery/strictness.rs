//! Whether Flux breaks off where a variable has no value and no default (`kustomize-controller internal/features`,
//! `StrictPostBuildSubstitutions`).
//!
//! Never: strict without a line of the repository that makes it so.

use super::flux_settings::shared_segments;
use crate::base::{RepoPath, Span};
use crate::model::{FLUX_OPERATOR_GROUP, Object, Trees, View};

/// The switch of the controller.
const GATE: &str = "StrictPostBuildSubstitutions=";
/// The first release of the controller that is strict by itself, and the release of Flux that brings it.
const STRICT_CONTROLLER: (u64, u64) = (1, 9);
const STRICT_FLUX: (u64, u64) = (2, 9);

/// What the controllers of one side are told. Each cluster may have its own.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Strictness(Vec<Told>);

/// What one controller is told.
#[derive(Clone, PartialEq, Eq)]
struct Told {
    /// The file that installs it.
    file: RepoPath,
    /// The line that makes it strict.
    strict: Option<Span>,
}

/// Whether an object installs the controller.
pub(super) fn is_installer(object: &Object) -> bool {
    (&*object.key.name == "kustomize-controller" && object.is("apps", "Deployment"))
        || object.is(FLUX_OPERATOR_GROUP, "FluxInstance")
}

impl Strictness {
    /// Remembers what an object tells the controller that it installs.
    pub(super) fn add(&mut self, trees: &Trees, object: &Object) {
        let view = object.view(trees);
        let file = trees.sources().path(object.place(trees).file).clone();
        let strict = if object.is("apps", "Deployment") { by_deployment(view) } else { by_instance(view) };
        let told = Told { file, strict };
        if !self.0.contains(&told) {
            self.0.push(told);
        }
    }

    /// The line that makes the controller strict that runs what is written in a file: the nearest one, where several
    /// differ.
    pub(super) fn of(&self, file: &RepoPath) -> Option<Span> {
        let near = |told: &Told| shared_segments(file, &told.file);
        let is_one = self.0.iter().all(|told| told.strict.is_some());
        let best = self.0.iter().map(near).max().filter(|best| is_one || *best > 0)?;
        let mut nearest = self.0.iter().filter(|told| near(told) == best);
        let first = nearest.next()?;
        first.strict.filter(|_| nearest.all(|other| other.strict.is_some()))
    }
}

fn by_deployment(deployment: View<'_>) -> Option<Span> {
    let mut strict = None;
    for container in items(deployment.path(["spec", "template", "spec", "containers"])) {
        let image = container.get("image").filter(|image| {
            let text = image.written();
            let release = text.rsplit('/').next().and_then(|name| name.split_once(':'));
            release.is_some_and(|(_, tag)| is_at_least(tag, STRICT_CONTROLLER))
        });
        strict = strict.or_else(|| image.map(|image| image.place()));
        for argument in items(container.get("args")) {
            if let Some(on) = gate(&argument.written()) {
                strict = on.then(|| argument.place());
            }
        }
    }
    strict
}

fn items(list: Option<View<'_>>) -> impl Iterator<Item = View<'_>> {
    list.into_iter().flat_map(|list| list.items())
}

fn by_instance(instance: View<'_>) -> Option<Span> {
    let release = instance.path(["spec", "distribution", "version"]);
    let release = release.filter(|release| is_at_least(&release.written(), STRICT_FLUX));
    let mut strict = release.map(|release| release.place());
    for entry in items(instance.path(["spec", "kustomize", "patches"])) {
        let target = entry.get("target").and_then(|target| target.str_at(["name"]));
        let Some(patch) =
            entry.get("patch").filter(|_| target.is_none_or(|name| name.contains("kustomize-controller")))
        else {
            continue;
        };
        if let Some(on) = gate(&patch.written()) {
            strict = on.then(|| patch.place());
        }
    }
    strict
}

/// How a text sets the switch.
fn gate(text: &str) -> Option<bool> {
    let (_, value) = text.rsplit_once(GATE)?;
    let word: String = value.chars().take_while(char::is_ascii_alphabetic).collect();
    word.parse().ok()
}

/// Whether a release, as `v1.9.0`, is known to be at least this one; a range such as `2.x` is not.
fn is_at_least(release: &str, least: (u64, u64)) -> bool {
    let mut numbers = release.trim_start_matches('v').split('.').map(|part| part.parse::<u64>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) => (major, minor) >= least,
        _ => false,
    }
}
