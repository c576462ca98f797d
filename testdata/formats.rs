//! All formats from one run, over the demo and over a change of hostile names, each read again by a reader of its kind.
//!
//! Never: a word about what is found; that is for the rules' own tests.

#![expect(clippy::disallowed_methods, reason = "a test runs the binary and reads what it writes")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use comrak::nodes::{Node, NodeValue};
use comrak::{Arena, Options, parse_document};
use serde_json::Value;

const FORMATS: [&str; 8] = ["text", "json", "sarif", "github", "gitlab", "junit", "markdown", "step-summary"];

/// What the tool writes about a change, by format; all of it in one run.
fn reports(base: &str, head: &str) -> BTreeMap<&'static str, String> {
    let temp = tempfile::tempdir().expect("a folder");
    let file = |format: &str| temp.path().join(format);
    let done = Command::new(env!("CARGO_BIN_EXE_gitops-guard"))
        .args(["check", head, "--base", base])
        .args(FORMATS.map(|format| format!("--format={format}={}", file(format).display())))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata"))
        .env_remove("GITHUB_ACTIONS")
        .env_remove("GITLAB_CI")
        .output()
        .expect("the binary runs");
    assert_eq!(done.status.code(), Some(1), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(done.stdout.is_empty(), "all reports go into files");
    FORMATS.into_iter().map(|format| (format, fs::read_to_string(file(format)).expect("a report"))).collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// The rule and line of each finding, as each format tells them.
fn hold_together(reports: &BTreeMap<&str, String>) {
    let report = json(&reports["json"]);
    let findings = report["findings"].as_array().expect("findings");
    assert!(!findings.is_empty());
    let count = |name: &str| report["summary"][name].as_u64().expect("a count");
    let rules: BTreeSet<&str> = findings.iter().filter_map(|finding| finding["rule"].as_str()).collect();

    let log = json(&reports["sarif"]);
    let results = log["runs"][0]["results"].as_array().expect("results");
    assert_eq!(results.len(), findings.len());

    let entries = json(&reports["gitlab"]);
    let entries = entries.as_array().expect("entries");
    let prints: BTreeSet<&str> = entries.iter().filter_map(|entry| entry["fingerprint"].as_str()).collect();
    assert_eq!((entries.len(), prints.len()), (findings.len(), findings.len()));
    assert!(entries.iter().all(|entry| entry["location"]["lines"]["begin"].as_u64() > Some(0)));

    let xml = roxmltree::Document::parse(&reports["junit"]).expect("XML");
    let failures = xml.root_element().attribute("failures").and_then(|failures| failures.parse().ok());
    assert_eq!(failures, Some(count("error") + count("warning")));
    let failed = xml.descendants().filter(|node| node.has_tag_name("failure")).count() as u64;
    assert_eq!(Some(failed), failures);

    for line in reports["github"].lines() {
        assert!(["::error ", "::warning ", "::notice "].iter().any(|command| line.starts_with(command)), "{line}");
    }
    for (name, most) in [("markdown", 60_000), ("step-summary", 900 * 1024)] {
        let text = &reports[name];
        assert!(text.len() <= most && text.starts_with("<!-- gitops-guard -->\n### ❌ "), "{text}");
        assert!(rules.iter().all(|rule| text.contains(&format!("**{rule}**"))), "{text}");
    }
    for rule in rules {
        assert!(reports["text"].contains(&format!("  = rule: {rule} (")), "{rule}");
    }
}

#[test]
fn all_formats_of_one_run_say_the_same() {
    hold_together(&reports("demo/before", "demo/after"));
}

#[test]
fn no_report_is_written_over_another() {
    let temp = tempfile::tempdir().expect("a folder");
    let done = Command::new(env!("CARGO_BIN_EXE_gitops-guard"))
        .args(["check", ".", "--format=json=report", "--format=sarif=report"])
        .current_dir(temp.path())
        .output()
        .expect("the binary runs");
    assert_eq!(done.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&done.stderr).contains("`report` is to hold two reports"));
    assert!(!temp.path().join("report").exists());
}

/// Whether a text stands behind `<code>`, where hosts look for no mentions.
fn is_code<'a>(node: Node<'a>) -> bool {
    let before = node.previous_sibling();
    before.is_some_and(|node| matches!(&node.data.borrow().value, NodeValue::HtmlInline(tag) if tag == "<code>"))
}

#[test]
fn hostile_names_are_names_in_all_formats() {
    let reports = reports("formats/hostile/base", "formats/hostile/head");
    hold_together(&reports);
    for (format, text) in &reports {
        let bad = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{2069}').contains(&c);
        assert!(!text.chars().any(bad), "{format}: {text:?}");
        assert!(!text.lines().any(|line| line.starts_with("::error file=x::forged")), "{format}: {text}");
    }
    let deleted = &json(&reports["json"])["impact"]["deleted"]["objects"][0]["name"];
    assert!(deleted.as_str().is_some_and(|name| name.contains("<script>") && name.contains('\u{2066}')), "{deleted}");
    let arena = Arena::new();
    let mut options = Options::default();
    (options.extension.table, options.extension.autolink) = (true, true);
    let root = parse_document(&arena, &reports["markdown"], &options);
    for node in root.descendants() {
        match &node.data.borrow().value {
            NodeValue::Link(link) => panic!("a name is a link: {}", link.url),
            NodeValue::Text(text) if !is_code(node) => {
                assert!(!text.contains("@team") && !text.contains("#1"), "{text}");
            }
            NodeValue::HtmlInline(html) => assert!(["<code>", "</code>"].contains(&&**html), "{html}"),
            NodeValue::HtmlBlock(block) => {
                let ours = ["<!-- gitops-guard -->", "<details>", "</details>"];
                assert!(ours.iter().any(|tag| block.literal.starts_with(tag)), "{}", block.literal);
                assert!(block.literal.lines().count() == 1, "{}", block.literal);
            }
            _ => {}
        }
    }
}
