//! The findings as test results, as the servers of continuous integration list them: a suite for each pack, a case for
//! each finding and for each rule that found nothing.
//!
//! Never: a character that XML does not allow, or markup that a name could begin; a line of a file in the name of a case,
//! which is to stay while lines move; success where nothing was judged.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use super::{Report, json, plain};
use crate::rules::{Finding, Severity, Status};

/// How many characters of a message name a case.
const NAME: usize = 200;

/// A test case.
struct Case {
    rule: String,
    name: String,
    /// The file and the line.
    place: Option<(String, u32)>,
    end: End,
}

/// How a case ended.
enum End {
    Passed,
    /// With something to know.
    Noted(String),
    /// For a reason in words.
    Skipped(String),
    Failed {
        severity: &'static str,
        message: String,
        text: String,
    },
    /// Nothing was judged.
    Error(String),
}

/// Writes the report.
pub(super) fn write(report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let suites = suites(report);
    let cases = || suites.values().flatten();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"gitops-guard\" {}>", counts(cases()))?;
    for (pack, cases) in &suites {
        writeln!(out, "  <testsuite name=\"{}\" {}>", attribute(pack), counts(cases.iter()))?;
        for case in cases {
            out.write_all(print(pack, case).as_bytes())?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

/// The cases of each pack: findings in their order, then what found nothing.
fn suites(report: &Report<'_>) -> BTreeMap<String, Vec<Case>> {
    let verdict = report.verdict;
    let mut suites: BTreeMap<String, Vec<Case>> = BTreeMap::new();
    let mut names: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for finding in &verdict.findings {
        let case = of_finding(report, finding);
        let times = names.entry((&*finding.rule, case.name.clone())).or_default();
        *times += 1;
        let name = if *times == 1 { case.name } else { format!("{} #{times}", case.name) };
        suites.entry(finding.pack.to_string()).or_default().push(Case { name, ..case });
    }
    for rule in &verdict.ran {
        let bare = |name: &str, end| Case { rule: rule.id.to_string(), name: name.to_owned(), place: None, end };
        let case = if verdict.skipped.contains(&rule.id) {
            bare("not run", End::Skipped("it needs a base, and there is none".to_owned()))
        } else if verdict.findings.iter().any(|finding| finding.rule == rule.id) {
            continue;
        } else {
            bare("no findings", End::Passed)
        };
        suites.entry(rule.pack.to_string()).or_default().push(case);
    }
    if report.is_empty {
        let end = End::Error("nothing was checked: no object, kustomization or text that a rule reads".to_owned());
        let case = Case { rule: "check".to_owned(), name: "something to judge".to_owned(), place: None, end };
        suites.entry("guard".to_owned()).or_default().push(case);
    }
    suites
}

fn of_finding(report: &Report<'_>, finding: &Finding) -> Case {
    let sources = report.sources;
    let (path, line) = (sources.path(finding.primary.file).to_string(), sources.positions(finding.primary).0.line);
    let message = plain::short(&finding.message).into_owned();
    let name = format!("{} ({path})", super::markdown::clipped(&message, NAME));
    let end = match (&finding.status, finding.severity) {
        (Status::Open, Severity::Info) => End::Noted(format!("{path}:{line}: {message}")),
        (Status::Open, severity) => {
            let text = text(finding, &format!("{path}:{line}: {message}"));
            End::Failed { severity: json::severity(severity), message, text }
        }
        (Status::Unchanged, _) => End::Skipped("the base has it too".to_owned()),
        (Status::Baseline, _) => End::Skipped("in the baseline".to_owned()),
        (Status::Suppressed { .. }, _) => End::Skipped("suppressed".to_owned()),
    };
    Case { rule: finding.rule.to_string(), name, place: Some((path, line)), end }
}

/// What a reader needs to mend it.
fn text(finding: &Finding, first: &str) -> String {
    let mut lines = vec![first.to_owned()];
    lines.extend(finding.help.iter().map(|help| format!("help: {}", help.replace('\n', " "))));
    lines.extend(finding.steps.iter().enumerate().map(|(row, step)| format!("{}. {step}", row + 1)));
    lines.push(format!("rule: {} (gitops-guard explain {})", finding.rule, finding.rule));
    lines.join("\n")
}

/// `tests="3" failures="1" errors="0" skipped="1"`
fn counts<'a>(cases: impl Iterator<Item = &'a Case>) -> String {
    let [mut tests, mut failures, mut errors, mut skipped] = [0; 4];
    for case in cases {
        tests += 1;
        match case.end {
            End::Passed | End::Noted(_) => {}
            End::Failed { .. } => failures += 1,
            End::Error(_) => errors += 1,
            End::Skipped(_) => skipped += 1,
        }
    }
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
}

fn print(pack: &str, case: &Case) -> String {
    let class = attribute(&format!("{pack}.{}", case.rule));
    let mut out = format!("    <testcase classname=\"{class}\" name=\"{}\" time=\"0\"", attribute(&case.name));
    if let Some((path, line)) = &case.place {
        write!(out, " file=\"{}\" line=\"{line}\"", attribute(path)).expect("a string takes all");
    }
    match &case.end {
        End::Passed => return out + "/>\n",
        End::Noted(note) => write!(out, ">\n      <system-out>{}</system-out>\n", content(note)),
        End::Skipped(why) => write!(out, ">\n      <skipped message=\"{}\"/>\n", attribute(why)),
        End::Error(why) => write!(out, ">\n      <error message=\"{}\"/>\n", attribute(why)),
        End::Failed { severity, message, text } => {
            let message = attribute(message);
            write!(out, ">\n      <failure type=\"{severity}\" message=\"{message}\">{}</failure>\n", content(text))
        }
    }
    .expect("a string takes all");
    out + "    </testcase>\n"
}

/// A text in one line, between double quotes.
fn attribute(text: &str) -> String {
    escaped(&plain::visible(text))
}

/// A text of several lines as content.
fn content(text: &str) -> String {
    let lines = text.lines().map(|line| escaped(&plain::unlike_command(&plain::visible(line))));
    lines.collect::<Vec<_>>().join("\n")
}

/// A visible text as XML has it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // No character at all, for XML.
            '\u{fffe}' | '\u{ffff}' => write!(out, "\\u{{{:x}}}", u32::from(c)).expect("a string takes all"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_one_of_xml() {
        let all: String = (0..=0x0011_ffff).filter_map(char::from_u32).collect();
        let text = format!("<a b=\"{}\">{}</a>", attribute(&all), content(&all));
        let read = roxmltree::Document::parse(&text).expect("XML");
        let root = read.root_element();
        let shown = plain::visible(&all).replace('\u{fffe}', "\\u{fffe}").replace('\u{ffff}', "\\u{ffff}");
        assert_eq!(root.attribute("b"), Some(&*shown));
        assert!(root.text().is_some_and(|text| text.ends_with("\u{10ffff}")));
        assert_eq!(escaped("]]><x>&amp;"), "]]&gt;&lt;x&gt;&amp;amp;");
    }
}
