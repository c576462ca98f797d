//! Who is touched, for people.
//!
//! Never: a line that a name from the tree could begin or end.

use std::fmt::Write as _;

use super::{DestinationRow, ImpactReport, befallen, sign, sorts, title};
use crate::report::plain::{unlike_command, visible};
use crate::report::text::many;

/// How many lines of one sort are shown.
const MOST: usize = 20;

/// The whole report.
pub(super) fn touched(report: &ImpactReport) -> String {
    let mut lines = Vec::new();
    lines.push(if report.is_any() { format!("touched{}:", against(report)) } else { nothing(report) });
    if report.is_any() {
        lines.extend(table(&report.destinations));
    }
    lines.extend(deleted(report));
    lines.extend(kept(report));
    lines.extend(moved(report));
    lines.extend(apis(report));
    lines.extend(applications(report));
    lines.extend(unknown(report));
    let shown = lines.iter().map(|line| unlike_command(line.trim_end()).into_owned());
    shown.collect::<Vec<_>>().join("\n") + "\n"
}

fn nothing(report: &ImpactReport) -> String {
    format!("nothing is touched{}", against(report))
}

/// ` against main`
fn against(report: &ImpactReport) -> String {
    report.base.as_ref().map_or_else(String::new, |base| format!(" against {}", visible(base.shown())))
}

/// The numbers by environment and cluster, right-aligned.
fn table(rows: &[DestinationRow]) -> Vec<String> {
    let none = |text: &Option<String>| text.as_ref().map_or("-".to_owned(), |text| visible(text).into_owned());
    let heads = ["environment", "cluster", "added", "changed", "deleted", "unchanged"].map(str::to_owned);
    let mut cells: Vec<[String; 6]> = vec![heads];
    for row in rows {
        let objects = row.objects;
        let numbers = [objects.added, objects.changed, objects.deleted, objects.unchanged].map(|n| n.to_string());
        let [added, changed, deleted, unchanged] = numbers;
        let cluster = if row.delivered { none(&row.cluster) } else { "(by no application)".to_owned() };
        cells.push([none(&row.environment), cluster, added, changed, deleted, unchanged]);
    }
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 6] = std::array::from_fn(width);
    let line = |row: &[String; 6]| {
        let mut line = String::from(" ");
        for (column, cell) in row.iter().enumerate() {
            let blank = " ".repeat(widths[column] - cell.chars().count());
            let (before, after) = if column < 2 { ("", &*blank) } else { (&*blank, "") };
            write!(line, " {before}{cell}{after} ").expect("a string takes all");
        }
        line
    };
    cells.iter().map(line).collect()
}

/// A heading with its lines, cut where they are many.
fn section(heading: String, rows: Vec<String>) -> Vec<String> {
    if rows.is_empty() {
        return rows;
    }
    let more = rows.len().saturating_sub(MOST);
    let mut lines = vec![String::new(), heading];
    lines.extend(rows.into_iter().take(MOST).map(|row| format!("  {row}")));
    if more > 0 {
        lines.push(format!("  … {more} more (all in the JSON report)"));
    }
    lines
}

/// ` in prod-eu`
fn within(cluster: Option<&String>) -> String {
    cluster.map_or_else(String::new, |cluster| format!(" in {}", visible(cluster)))
}

fn deleted(report: &ImpactReport) -> Vec<String> {
    let stateful = report.deleted.iter().filter(|one| one.stateful).count();
    let data = if stateful > 0 { format!(", {stateful} with data") } else { String::new() };
    let rows = report.deleted.iter().map(|one| {
        let how = if one.ending == "pruned" { "pruned by" } else { "together with" };
        let object = title(&one.kind, &one.namespace, &one.name);
        let mut line = format!("{}: {how} {}", visible(&object), visible(&one.application));
        line.push_str(&within(one.cluster.as_ref()));
        if one.stateful {
            line.push_str("; data goes with it");
        }
        if one.hanging > 0 {
            write!(line, "; {} on it", hang(one.hanging)).expect("a string takes all");
        }
        line
    });
    section(format!("deleted from the clusters: {}{data}", many(report.deleted.len(), "object")), rows.collect())
}

fn hang(count: usize) -> String {
    format!("{} {}", many(count, "object"), if count == 1 { "hangs" } else { "hang" })
}

fn kept(report: &ImpactReport) -> Vec<String> {
    let rows = report.kept.iter().map(|one| {
        let object = title(&one.kind, &one.namespace, &one.name);
        let by = one.application.as_ref().map_or_else(String::new, |by| format!(" of {}", visible(by)));
        format!("{}{by}{}: {}", visible(&object), within(one.cluster.as_ref()), visible(&one.why))
    });
    let count = many(report.kept.len(), "object");
    section(format!("left in the clusters, applied by nobody: {count}"), rows.collect())
}

fn moved(report: &ImpactReport) -> Vec<String> {
    let rows = report.moved.iter().map(|one| {
        let object = title(&one.kind, &one.namespace, &one.name);
        let to = one.to.as_deref().unwrap_or("nobody in this repository");
        let data = if one.stateful { "; data goes with it if the old one comes first" } else { "" };
        format!("{}: from {} to {}{data}", visible(&object), visible(&one.from), visible(to))
    });
    section(format!("handed to another application: {}", many(report.moved.len(), "object")), rows.collect())
}

fn apis(report: &ImpactReport) -> Vec<String> {
    let rows = report.apis.iter().map(|api| {
        let name = format!("{}.{}", api.kind, api.group);
        let (changes, instances) = (many(api.changes, "change"), many(api.instances.total, "instance"));
        format!("{}: {changes}; {instances}: {}", visible(&name), befallen(api))
    });
    section(format!("APIs: {}", report.apis.len()), rows.collect())
}

fn applications(report: &ImpactReport) -> Vec<String> {
    let rows = report.applications.iter().map(|one| {
        let place = within(one.cluster.as_ref());
        format!("{}{}{place}: {}", sign(Some(one.change)), visible(&one.title()), one.objects.words())
    });
    section(format!("applications: {} touched", report.applications.len()), rows.collect())
}

/// What nobody knows: it is no part of the numbers.
fn unknown(report: &ImpactReport) -> Vec<String> {
    let failed = report.failed.iter().map(|one| {
        let side = if one.side == "base" { " (in the base)" } else { "" };
        format!("{}:{}{side}: {}", visible(&one.path), one.line, visible(&one.why))
    });
    let count = many(report.failed.len(), "part");
    let mut lines = section(format!("not counted, since it cannot be built or read: {count}"), failed.collect());
    if !report.unrendered.is_empty() {
        lines.extend([String::new(), format!("not rendered, and so not counted: {}", sorts(&report.unrendered))]);
    }
    let assumed = report.assumed.iter().map(|one| visible(&one.words()).into_owned()).collect();
    lines.extend(section("taken for this repository (say so in `repositories`):".to_owned(), assumed));
    lines
}
