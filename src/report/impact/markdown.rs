//! Who is touched, for a pull request: what is deleted first, then numbers, then the graph of what is touched.
//!
//! Never: a section cut in silence.

use std::fmt::Write as _;

use super::tree::{self, MOST_NODES, Whole};
use super::{ImpactReport, befallen, json, sorts, title};
use crate::report::markdown::{cell, code, prose, words};
use crate::report::text::many;

/// How many rows of one sort are shown.
const MOST: usize = 30;

/// The whole report.
pub(super) fn touched(report: &ImpactReport) -> String {
    let base = report.base.as_ref().map_or_else(String::new, |base| format!(" against {}", code(base.shown())));
    let mut out = format!("### Impact\n\n{}\n", verdict(report, &base));
    out.push_str(&leaving(report, MOST));
    out.push_str(&destinations(report, MOST));
    out.push_str(&apis(report, MOST));
    out.push_str(&applications(report, MOST));
    if report.is_any() {
        out.push_str(&diagram(report, Whole::Touched));
    }
    out.push_str(&unknown(report, MOST));
    out
}

/// What leaves the clusters, the repository or its owner.
pub(in crate::report) fn leaving(report: &ImpactReport, most: usize) -> String {
    deleted(report, most) + &kept(report, most) + &moved(report, most)
}

/// The graph of what is touched, where it is small enough to be read; else a line that says so.
pub(in crate::report) fn small_graph(report: &ImpactReport) -> String {
    match tree::mermaid(report, Whole::Touched) {
        Some((drawn, 0)) if report.is_any() => format!("\n```mermaid\n{drawn}```\n"),
        Some((_, more)) if more > 0 => {
            let count = many(MOST_NODES + more, "application");
            format!("\n{count} are too many to draw (`gitops-guard impact --graph` prints them).\n")
        }
        _ => String::new(),
    }
}

/// The delivery graph alone.
pub(super) fn graph(report: &ImpactReport) -> String {
    let drawn = diagram(report, Whole::All);
    let empty = if drawn.is_empty() { "\nNo application is in this repository.\n" } else { "" };
    format!("### Delivery graph\n{empty}{drawn}")
}

/// One line that says the most important.
pub(in crate::report) fn verdict(report: &ImpactReport, base: &str) -> String {
    if !report.is_any() {
        return format!("Nothing is touched{base}.");
    }
    let sum = json::total(report);
    let mut line = format!(
        "{}{base}: {}",
        match report.applications.len() {
            0 => "No application is touched".to_owned(),
            count => format!("**{}** touched", many(count, "application")),
        },
        sum.words(),
    );
    if !report.deleted.is_empty() {
        write!(line, "; **{} deleted from the clusters**", many(report.deleted.len(), "object"))
            .expect("a string takes all");
    }
    line.push('.');
    line
}

/// Rows of a list or a table below a heading, cut where they are many.
fn section(heading: &str, head: &str, rows: &[String], most: usize) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let more = rows.len().saturating_sub(most);
    let mut out = format!("\n**{heading}**\n\n{head}");
    for row in rows.iter().take(most) {
        writeln!(out, "{row}").expect("a string takes all");
    }
    if more > 0 {
        writeln!(out, "\n… {more} more (all in the JSON report)").expect("a string takes all");
    }
    out
}

fn within(cluster: Option<&String>) -> String {
    cluster.map_or_else(String::new, |cluster| format!(" in {}", code(cluster)))
}

/// What holds data first.
fn deleted(report: &ImpactReport, most: usize) -> String {
    let (stateful, others): (Vec<_>, Vec<_>) = report.deleted.iter().partition(|one| one.stateful);
    let rows = stateful.into_iter().chain(others).map(|one| {
        let how = if one.ending == "pruned" { "pruned by" } else { "together with" };
        let object = code(&title(&one.kind, &one.namespace, &one.name));
        let data = if one.stateful { "; **data goes with it**" } else { "" };
        let hanging = if one.hanging > 0 { format!("; {} on it", many(one.hanging, "object")) } else { String::new() };
        format!("- {object}: {how} {}{}{data}{hanging}", code(&one.application), within(one.cluster.as_ref()))
    });
    section("Deleted from the clusters", "", &rows.collect::<Vec<_>>(), most)
}

fn kept(report: &ImpactReport, most: usize) -> String {
    let rows = report.kept.iter().map(|one| {
        let object = code(&title(&one.kind, &one.namespace, &one.name));
        let by = one.application.as_ref().map_or_else(String::new, |by| format!(" of {}", code(by)));
        format!("- {object}{by}{}: {}", within(one.cluster.as_ref()), words(&one.why))
    });
    section("Left in the clusters, applied by nobody", "", &rows.collect::<Vec<_>>(), most)
}

fn moved(report: &ImpactReport, most: usize) -> String {
    let rows = report.moved.iter().map(|one| {
        let object = code(&title(&one.kind, &one.namespace, &one.name));
        let to = one.to.as_deref().map_or_else(|| "nobody in this repository".to_owned(), code);
        let data = if one.stateful { "; **data goes with it if the old one comes first**" } else { "" };
        format!("- {object}: from {} to {to}{data}", code(&one.from))
    });
    section("Handed to another application", "", &rows.collect::<Vec<_>>(), most)
}

/// How many objects come, go and stay, by environment and cluster.
pub(in crate::report) fn destinations(report: &ImpactReport, most: usize) -> String {
    if !report.is_any() {
        return String::new();
    }
    let none = |text: &Option<String>| text.as_deref().map_or_else(|| "–".to_owned(), cell);
    let rows = report.destinations.iter().map(|row| {
        let objects = row.objects;
        let cluster = if row.delivered { none(&row.cluster) } else { "(by no application)".to_owned() };
        format!(
            "| {} | {cluster} | {} | {} | {} | {} |",
            none(&row.environment),
            objects.added,
            objects.changed,
            objects.deleted,
            objects.unchanged
        )
    });
    let head = "| Environment | Cluster | Added | Changed | Deleted | Unchanged |\n| --- | --- | ---: | ---: | ---: | ---: |\n";
    section("Objects", head, &rows.collect::<Vec<_>>(), most)
}

/// The APIs that change, and what befalls their instances.
pub(in crate::report) fn apis(report: &ImpactReport, most: usize) -> String {
    let rows = report.apis.iter().map(|api| {
        let name = cell(&format!("{}.{}", api.kind, api.group));
        format!("| {name} | {} | {} | {} |", api.changes, api.instances.total, befallen(api))
    });
    let head = "| API | Changes | Instances | Hit |\n| --- | ---: | ---: | --- |\n";
    section("APIs", head, &rows.collect::<Vec<_>>(), most)
}

/// The applications that are touched.
pub(in crate::report) fn applications(report: &ImpactReport, most: usize) -> String {
    let rows = report.applications.iter().map(|one| {
        let cluster = one.cluster.as_deref().map_or_else(|| "–".to_owned(), cell);
        format!("| {} | {cluster} | {} | {} |", cell(&one.title()), one.change, one.objects.words())
    });
    section(
        "Applications",
        "| Application | Cluster | It is | Objects |\n| --- | --- | --- | --- |\n",
        &rows.collect::<Vec<_>>(),
        most,
    )
}

fn diagram(report: &ImpactReport, whole: Whole) -> String {
    let Some((drawn, more)) = tree::mermaid(report, whole) else { return String::new() };
    let mut out = format!("\n```mermaid\n{drawn}```\n");
    if more > 0 {
        write!(out, "\nOnly the first {MOST_NODES} applications are drawn; {more} more are in the JSON report.\n")
            .expect("a string takes all");
    }
    out
}

/// What nobody rendered, and so nobody knows.
pub(in crate::report) fn unknown(report: &ImpactReport, most: usize) -> String {
    let failed = report.failed.iter().map(|one| {
        let side = if one.side == "base" { " (in the base)" } else { "" };
        format!("- {}{side}: {}", code(&format!("{}:{}", one.path, one.line)), words(&one.why))
    });
    let mut out = section("Not counted, since it cannot be built or read", "", &failed.collect::<Vec<_>>(), most);
    if !report.unrendered.is_empty() {
        write!(out, "\nNot rendered, and so not counted: {}.\n", prose(&sorts(&report.unrendered)))
            .expect("a string takes all");
    }
    let assumed: Vec<String> = report.assumed.iter().map(|one| format!("- {}", prose(&one.words()))).collect();
    out.push_str(&section("Taken for this repository", "", &assumed, most));
    out
}
