//! One report to text, JSON, SARIF, the annotations of GitHub, GitLab's Code Quality, test results, or a summary in
//! Markdown; who is touched as text, JSON or Markdown; a rule and the list of rules as text.
//!
//! Never: a finding graded again, or dropped without a word; another order than the verdict's but where readers see the
//! worst first or last; a byte of a file that `Sources` would not show.

mod beside;
mod diff;
mod explain;
mod github;
mod gitlab;
mod head;
mod impact;
mod json;
mod junit;
mod markdown;
mod mistake;
mod plain;
mod sarif;
mod summary;
#[cfg(test)]
mod tests;
mod text;
mod window;

use std::io;

use crate::base::{Snapshot, Sources, Span};
use crate::rules::Verdict;

pub use diff::{DiffChange, DiffFormat, DiffPlace, DiffReport, Hunk, Move, ObjectDiff};
pub use explain::{explain, list, list_json, meaning};
pub use impact::{
    ApplicationRow, AssumedAddress, DestinationRow, FailedPart, GraphNode, GraphPermits, GraphProject, ImpactFormat,
    ImpactPart, ImpactReport, KeptObject, MovedObject, PermittedDestination, PermittedKind, Tally,
};
pub use json::{ApiImpact, ApplicationImpact, DeletedObject, InstanceCounts, UnrenderedPart};
pub use mistake::mistakes;
pub use plain::{in_a_line, log};

/// A judged change, with what a report says besides its findings.
pub struct Report<'a> {
    /// The text of the run.
    pub sources: &'a Sources,
    /// The findings.
    pub verdict: &'a Verdict,
    /// What the change was judged against.
    pub base: Option<BaseName>,
    /// What was looked at.
    pub judged: Judged,
    /// What the change does to the APIs of the repository.
    pub apis: Vec<ApiImpact>,
    /// What the change deletes from the clusters.
    pub deleted: Vec<DeletedObject>,
    /// The applications of the head.
    pub applications: Vec<ApplicationImpact>,
    /// What the head asks for and nobody looked at.
    pub unrendered: Vec<UnrenderedPart>,
    /// The paths of the head: readers of some formats know no other.
    pub head: &'a Snapshot,
    /// Whether neither side holds anything that a rule reads.
    pub is_empty: bool,
    /// Who is touched; only where a format asks for it.
    pub touched: Option<ImpactReport>,
    /// What changes in the clusters; only where a format asks for it.
    pub differences: Option<DiffReport>,
    /// Where the lines can be read; `None` where nobody knows.
    pub links: Option<Links>,
}

/// Where a host shows the files of both sides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Links {
    /// The address of all files; `/`, a commit, `/` and a path follow.
    pub files: String,
    /// The commit of the head, where the host has it.
    pub head: Option<String>,
}

/// What the change was judged against, as a user would name it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BaseName {
    /// The revision that was asked for, or the folder.
    pub revision: String,
    /// The commit that was used instead, in full: the merge base.
    pub merge_base: Option<String>,
}

impl BaseName {
    /// The name in a sentence: the commit in short, else what was asked for.
    fn shown(&self) -> &str {
        self.merge_base.as_deref().map_or(&*self.revision, |commit| commit.get(..7).unwrap_or(commit))
    }
}

/// How much of the head was looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Judged {
    /// Objects, once for each build that renders them.
    pub objects: usize,
    /// Builds.
    pub builds: usize,
    /// Files.
    pub files: usize,
}

/// How a report is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// For people, in so many columns.
    Text {
        /// With or without escape sequences.
        color: Color,
        /// The columns of the terminal.
        width: usize,
        /// With or without the line that sums up.
        summary: Summary,
    },
    /// For programs.
    Json,
    /// For code scanning and editors.
    Sarif,
    /// For the log of GitHub Actions, which makes annotations of it.
    Github,
    /// For merge requests of GitLab: Code Quality.
    Gitlab,
    /// For lists of test results.
    Junit,
    /// For pull requests.
    Markdown(Room),
}

impl Format {
    /// Whether it tells who is touched.
    #[must_use]
    pub fn tells_impact(self) -> bool {
        matches!(self, Self::Markdown(_))
    }
}

/// How much a summary may hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Room {
    /// A comment.
    Comment,
    /// The summary of a step of GitHub Actions.
    StepSummary,
}

/// Whether text is colored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Color {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// Whether text ends with a line that sums up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Summary {
    /// It does.
    On,
    /// Findings only.
    Off,
}

impl Report<'_> {
    /// Writes the report.
    ///
    /// # Errors
    /// Where `out` cannot be written.
    pub fn write(&self, format: Format, out: &mut dyn io::Write) -> io::Result<()> {
        match format {
            Format::Text { color, width, summary } => text::write(self, color, width, summary, out),
            Format::Json => json::write(self, out),
            Format::Sarif => sarif::write(self, out),
            Format::Github => github::write(self, out),
            Format::Gitlab => gitlab::write(self, out),
            Format::Junit => junit::write(self, out),
            Format::Markdown(room) => summary::write(self, room, out),
        }
    }
}

/// The longest text of a suppression that is shown, in characters.
const SHOWN: usize = 200;

/// What may be shown of a span, in one line of bounded length.
fn in_one_line(sources: &Sources, at: Span) -> String {
    let words = sources.shown_slice(at);
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
