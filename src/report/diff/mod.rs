//! What changes in the clusters, object by object: to text, JSON or Markdown.
//!
//! Never: a value of a Secret; the texts come here blanked. A part left out in silence.

mod json;
mod markdown;
mod text;

use std::fmt::Write as _;

use serde::Serialize;

use super::{BaseName, Color, FailedPart, UnrenderedPart};

/// What changes in the clusters.
pub struct DiffReport {
    /// What it was compared with.
    pub base: Option<BaseName>,
    /// The objects that differ, each difference once, in the order in which changes are promoted.
    pub objects: Vec<ObjectDiff>,
    /// The objects that stay as they are and that others apply from now on, by who did and who does.
    pub moves: Vec<Move>,
    /// How many objects refer to a generated object by its new name, and differ in nothing else.
    pub references: usize,
    /// How many objects cannot be compared, since the other side's build of them fails.
    pub unknown: usize,
    /// What does not build or cannot be read.
    pub failed: Vec<FailedPart>,
    /// What the head asks for and nobody renders.
    pub unrendered: Vec<UnrenderedPart>,
}

/// A format of the report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DiffFormat {
    /// For people.
    Text(Color),
    /// For programs.
    Json,
    /// For pull requests.
    Markdown,
}

/// What becomes of an object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DiffChange {
    /// Only the base has it.
    Deleted,
    /// Both have it, with other contents.
    Changed,
    /// Only the head has it.
    Added,
}

/// One difference, with all objects that differ in this way.
#[derive(Clone, Debug, Serialize)]
pub struct ObjectDiff {
    /// What becomes of them.
    pub change: DiffChange,
    /// `group/version` of the first.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// Where they are applied; the first one's text is shown.
    pub places: Vec<DiffPlace>,
    /// What changes in the text, with lines around it.
    pub hunks: Vec<Hunk>,
    /// Why there is no text, where there is none.
    pub note: Option<&'static str>,
}

/// An object, and who applies it where.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DiffPlace {
    /// The namespace; empty where none is written.
    pub namespace: String,
    /// The name, without the hash of a generated one.
    pub name: String,
    /// The application that applies it (of a deleted object: applied it), where one does: kind, namespace and name.
    pub application: Option<String>,
    /// The environment, where it is known.
    pub environment: Option<String>,
    /// The cluster, where it is known.
    pub cluster: Option<String>,
    /// The folder or file that is built.
    pub build: String,
    /// What becomes of it in the cluster, where it leaves or moves: `pruned`, `moved from …`.
    pub fate: Option<String>,
    /// The file that it is written in: of the head, or of the base where it is deleted.
    pub path: String,
    /// The line.
    pub line: u32,
}

/// Lines that change, with lines around them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Hunk {
    /// The first line in the base's text, from 1; 0 where that has none.
    pub base_line: usize,
    /// How many lines of the base's text.
    pub base_lines: usize,
    /// The first line in the head's text.
    pub head_line: usize,
    /// How many lines of the head's text.
    pub head_lines: usize,
    /// The field that holds the first change.
    pub field: String,
    /// Where the change is written: `path:line`, of the head but where it says `(base)`.
    pub causes: Vec<String>,
    /// The lines, each with ` `, `-` or `+` before it.
    pub lines: Vec<String>,
}

/// Objects that stay as they are and that others apply from now on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Move {
    /// Who applied them, where.
    pub from: String,
    /// Who applies them, where.
    pub to: String,
    /// The objects: kind, namespace and name.
    pub objects: Vec<String>,
}

/// How many objects come, go, change and move, each counted once for each build that renders it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize)]
struct Sum {
    added: usize,
    changed: usize,
    deleted: usize,
    moved: usize,
    applications: usize,
    /// How many differences are not shown, since one that is shown reads the same.
    folded: usize,
    /// How many objects differ in the hashes of names alone.
    references: usize,
    /// How many cannot be compared.
    unknown: usize,
}

impl DiffReport {
    /// The report in one format.
    #[must_use]
    pub fn print(&self, format: DiffFormat) -> String {
        match format {
            DiffFormat::Text(color) => text::print(self, color),
            DiffFormat::Json => json::print(self),
            DiffFormat::Markdown => self.markdown(usize::MAX),
        }
    }

    /// The report for a pull request, in so many bytes at most. Only whole sections are left out, and it says which.
    #[must_use]
    pub fn markdown(&self, budget: usize) -> String {
        markdown::print(self, budget)
    }

    /// Whether anything differs.
    #[must_use]
    pub fn is_any(&self) -> bool {
        !self.objects.is_empty() || !self.moves.is_empty() || self.references > 0
    }

    /// Whether all of both sides was built and read, so that nothing said is nothing there.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.unknown == 0 && self.failed.is_empty()
    }

    fn sum(&self) -> Sum {
        let mut sum = Sum { references: self.references, unknown: self.unknown, ..Sum::default() };
        for one in &self.objects {
            let objects = one.objects();
            *match one.change {
                DiffChange::Added => &mut sum.added,
                DiffChange::Changed => &mut sum.changed,
                DiffChange::Deleted => &mut sum.deleted,
            } += objects;
            sum.folded += objects - 1;
        }
        sum.moved = self.moves.iter().map(|one| one.objects.len()).sum();
        let places = self.objects.iter().flat_map(|one| &one.places);
        let applications = places.filter_map(|place| Some((place.application.as_ref()?, place.cluster.as_ref())));
        sum.applications = applications.collect::<std::collections::BTreeSet<_>>().len();
        sum
    }

    /// ` against main`
    fn against(&self, shown: impl Fn(&str) -> String) -> String {
        self.base.as_ref().map_or_else(String::new, |base| format!(" against {}", shown(base.shown())))
    }
}

impl ObjectDiff {
    /// How many objects differ in this way: one that several applications apply is one.
    fn objects(&self) -> usize {
        let of = |place: &'_ DiffPlace| (place.build.clone(), place.namespace.clone(), place.name.clone());
        self.places.iter().map(of).collect::<std::collections::BTreeSet<_>>().len().max(1)
    }

    /// The object that is shown.
    fn title(&self) -> String {
        self.places.first().map_or_else(|| self.kind.clone(), |place| self.title_at(place))
    }

    fn title_at(&self, place: &DiffPlace) -> String {
        super::impact::title(&self.kind, &place.namespace, &place.name)
    }

    fn word(&self) -> &'static str {
        match self.change {
            DiffChange::Added => "added",
            DiffChange::Changed => "changed",
            DiffChange::Deleted => "deleted",
        }
    }
}

impl DiffPlace {
    /// `prod, cluster prod-eu`; nothing where neither is known.
    fn destination(&self) -> String {
        let cluster = self.cluster.as_ref().map(|cluster| format!("cluster {cluster}"));
        let words: Vec<&str> = self.environment.as_deref().into_iter().chain(cluster.as_deref()).collect();
        words.join(", ")
    }

    /// Who brings it.
    fn owner(&self) -> String {
        self.application.clone().unwrap_or_else(|| format!("{} (by no application)", self.build))
    }
}

impl Hunk {
    /// `@@ -1,7 +1,8 @@ spec.template.spec`
    fn head(&self) -> String {
        let range = |line: usize, lines: usize| if lines == 1 { line.to_string() } else { format!("{line},{lines}") };
        let (base, head) = (range(self.base_line, self.base_lines), range(self.head_line, self.head_lines));
        format!("@@ -{base} +{head} @@ {}", self.field).trim_end().to_owned()
    }
}

impl Sum {
    /// `3 objects changed, 1 added, 2 deleted in 4 applications; 12 identical changes folded`
    fn words(self) -> String {
        let parts =
            [(self.changed, "changed"), (self.added, "added"), (self.deleted, "deleted"), (self.moved, "moved")];
        let mut words: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
        if let Some(first) = words.first_mut()
            && let Some((count, word)) = first.clone().split_once(' ')
        {
            *first = format!("{count} {} {word}", if count == "1" { "object" } else { "objects" });
        }
        let mut line = if words.is_empty() { "no object changes".to_owned() } else { words.join(", ") };
        if self.applications > 0 {
            write!(line, " in {}", super::text::many(self.applications, "application")).expect("a string takes all");
        }
        if self.folded > 0 {
            write!(line, "; {} folded", super::text::many(self.folded, "identical change"))
                .expect("a string takes all");
        }
        if self.references > 0 {
            let more = super::text::many(self.references, "object");
            let differ = if self.references == 1 { "differs" } else { "differ" };
            write!(line, "; {more} {differ} only in the hash of a generated name").expect("a string takes all");
        }
        if self.unknown > 0 {
            write!(line, "; {} cannot be compared", super::text::many(self.unknown, "object"))
                .expect("a string takes all");
        }
        line
    }
}
