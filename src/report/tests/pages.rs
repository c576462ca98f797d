//! Code Quality, test results and the summary, each read again by a reader of its kind.
//!
//! Never: a rule; the findings are made here.

use comrak::nodes::{Node, NodeValue};
use comrak::{Arena, Options, parse_document};

use super::*;

const COMMENT: Format = Format::Markdown(Room::Comment);

/// Where the host shows files.
const FILES: &str = "https://git.example.com/acme/fleet/blob";

fn deleted(name: &str, kind: &str, stateful: bool) -> DeletedObject {
    DeletedObject {
        api_version: "v1".into(),
        kind: kind.into(),
        namespace: "shop".into(),
        name: name.into(),
        cluster: Some(name.into()),
        application: format!("Application argocd/{name}"),
        ending: "pruned",
        stateful,
        hanging: 2,
        path: "base/gone.yaml".into(),
        line: 1,
    }
}

fn node(name: &str, change: &'static str, children: Vec<usize>) -> GraphNode {
    GraphNode {
        kind: "Application".into(),
        namespace: "argocd".into(),
        name: name.into(),
        made_by: None,
        project: None,
        cluster: Some(name.into()),
        environment: Some(name.into()),
        power: "prunes",
        root: !children.is_empty(),
        objects: 3,
        builds: 1,
        unrendered: 0,
        failed: 0,
        change: Some(change),
        path: "bootstrap/root.yaml".into(),
        line: 2,
        children,
    }
}

/// A change in which everything is called the same.
fn told(name: &str) -> ImpactReport {
    let objects = Tally { added: 0, changed: 2, deleted: 2, unchanged: 38 };
    let touched = |cluster: &str| ApplicationRow {
        kind: "Application".into(),
        namespace: "argocd".into(),
        name: name.into(),
        cluster: Some(cluster.into()),
        environment: None,
        change: "changed",
        objects,
    };
    ImpactReport {
        base: None,
        destinations: vec![DestinationRow {
            environment: Some(name.into()),
            cluster: Some(name.into()),
            delivered: true,
            objects,
        }],
        applications: vec![touched(name)],
        apis: vec![ApiImpact {
            group: "example.org".into(),
            kind: name.into(),
            path: "apis/database.yaml".into(),
            changes: 1,
            instances: InstanceCounts { total: 3, changed: 3, ..InstanceCounts::default() },
            unknown: std::collections::BTreeMap::new(),
        }],
        deleted: vec![deleted(name, "ConfigMap", false), deleted(name, "PersistentVolumeClaim", true)],
        kept: vec![KeptObject {
            api_version: "v1".into(),
            kind: "PersistentVolumeClaim".into(),
            namespace: "shop".into(),
            name: name.into(),
            cluster: None,
            application: None,
            why: format!("`{name}` says so"),
            path: "base/kept.yaml".into(),
            line: 1,
        }],
        moved: vec![MovedObject {
            api_version: "v1".into(),
            kind: "Service".into(),
            namespace: "shop".into(),
            name: name.into(),
            cluster: None,
            from: format!("Application argocd/{name}"),
            to: None,
            stateful: false,
            path: "base/moved.yaml".into(),
            line: 1,
        }],
        failed: vec![FailedPart { side: "head", path: name.into(), line: 1, why: name.into() }],
        unrendered: Vec::new(),
        assumed: vec![AssumedAddress { address: format!("https://{name}"), found: 1, missing: 0 }],
        graph: vec![node(name, "unchanged", vec![1]), node(name, "changed", Vec::new())],
        roots: vec![0],
    }
}

/// The summary of a verdict about a change in which everything is called so.
fn summary(trees: &Trees, head: &Snapshot, verdict: &Verdict, name: &str, format: Format) -> String {
    let links = Links { files: FILES.into(), head: Some("c0ffee".repeat(7)[..40].into()) };
    let report = Report { touched: Some(told(name)), links: Some(links), ..report(trees, head, verdict) };
    let mut out = Vec::new();
    report.write(format, &mut out).expect("a vector takes all");
    String::from_utf8(out).expect("text")
}

#[test]
fn code_quality_has_the_fields_that_gitlab_reads() {
    insta::assert_snapshot!(written(Format::Gitlab));
}

#[test]
fn junit_has_a_suite_for_each_pack() {
    insta::assert_snapshot!(written(Format::Junit));
}

#[test]
fn the_summary_says_first_what_matters_most() {
    let trees = trees();
    let head = files(&trees);
    let mut verdict = verdict(&trees, &head);
    let at = find(&trees, &head, "prod/kustomization.yaml", "resources");
    verdict.added.push(at);
    verdict.findings[1].side = Side::Base;
    insta::assert_snapshot!(summary(&trees, &head, &verdict, "web", COMMENT));
}

#[test]
fn what_is_clean_and_what_is_nothing_are_told_apart() {
    let trees = trees();
    let head = files(&trees);
    let verdict = Verdict { ran: vec![ran("plaintext-secret", Severity::Error)], ..Verdict::default() };
    let text = summary(&trees, &head, &verdict, "web", COMMENT);
    assert!(text.starts_with("<!-- gitops-guard -->\n### ✅ no findings\n\n41 objects of 1 build judged"), "{text}");
    let empty = || Report { is_empty: true, ..report(&trees, &head, &verdict) };
    let print = |format| {
        let mut out = Vec::new();
        empty().write(format, &mut out).expect("a vector takes all");
        String::from_utf8(out).expect("text")
    };
    assert!(print(COMMENT).contains("### ❌ nothing was checked\n"));
    assert!(print(Format::Junit).contains("errors=\"1\""));
}

#[test]
fn findings_of_one_fingerprint_are_each_an_entry() {
    let trees = trees();
    let (head, verdict) = many(&trees, 3, 0);
    let entries: serde_json::Value =
        serde_json::from_str(&print(&trees, &head, &verdict, Format::Gitlab)).expect("the report is JSON");
    let prints: Vec<&str> =
        entries.as_array().into_iter().flatten().filter_map(|entry| entry["fingerprint"].as_str()).collect();
    assert_eq!(prints, ["0123456789abcdef", "0123456789abcdef-2", "0123456789abcdef-3"]);
    let xml = print(&trees, &head, &verdict, Format::Junit);
    let xml = roxmltree::Document::parse(&xml).expect("the report is XML");
    let cases = xml.descendants().filter(|node| node.has_tag_name("testcase"));
    let names: std::collections::BTreeSet<_> =
        cases.map(|node| [node.attribute("classname"), node.attribute("name")]).collect();
    assert_eq!(names.len(), 4, "three findings, and a rule that found nothing: {names:?}");
}

#[test]
fn hostile_names_reach_gitlab_and_junit_whole() {
    let trees = trees();
    let (head, verdict) = hostile(&trees);
    let path = format!("apps/{}", HOSTILE.replace('/', "|"));
    let entries: serde_json::Value =
        serde_json::from_str(&print(&trees, &head, &verdict, Format::Gitlab)).expect("the report is JSON");
    assert_eq!(entries[0]["location"]["path"], path);
    assert_eq!(entries[0]["check_name"], "plaintext-secret");
    let xml = print(&trees, &head, &verdict, Format::Junit);
    let xml = roxmltree::Document::parse(&xml).expect("the report is XML");
    let failure = xml.descendants().find(|node| node.has_tag_name("failure")).expect("a failure");
    let message = format!("`{}` is in the clear", plain::visible(HOSTILE));
    assert_eq!(failure.attribute("message"), Some(&*message));
    let case = failure.parent().expect("a case");
    assert_eq!(case.attribute("file"), Some(&*plain::visible(&path)));
    assert!(failure.text().is_some_and(|text| text.contains(&message)), "{:?}", failure.text());
    let names: Vec<&str> = xml.descendants().filter(roxmltree::Node::is_element).map(|n| n.tag_name().name()).collect();
    assert_eq!(names, ["testsuites", "testsuite", "testcase", "failure"]);
}

/// The text below a node, without its markup.
fn text_of<'a>(node: Node<'a>) -> String {
    let words = node.descendants().filter_map(|node| match &node.data.borrow().value {
        NodeValue::Text(text) => Some(text.to_string()),
        NodeValue::Code(code) => Some(code.literal.clone()),
        _ => None,
    });
    words.collect()
}

#[test]
fn hostile_names_do_nothing_in_a_summary() {
    let trees = trees();
    let (head, mut verdict) = hostile(&trees);
    verdict.findings[0].steps = vec![HOSTILE.to_owned()];
    let mut note = verdict.findings[0].clone();
    (note.severity, note.side) = (Severity::Info, Side::Base);
    verdict.findings.push(note);
    verdict.added.push(find(&trees, &head, "b.yaml", "a: b"));
    verdict.standing.push(Standing { rule: HOSTILE.into(), count: 0 });
    let text = summary(&trees, &head, &verdict, HOSTILE, COMMENT);
    let arena = Arena::new();
    let mut options = Options::default();
    let extension = &mut options.extension;
    (extension.table, extension.autolink, extension.strikethrough) = (true, true, true);
    (extension.tasklist, extension.footnotes, extension.math_dollars) = (true, true, true);
    let root = parse_document(&arena, &text, &options);
    let html = regex::Regex::new(
        "^(<!-- gitops-guard -->|<details><summary>(\\d+ notes?|Ways out)</summary>|</details>|</?code>)\n?$",
    )
    .expect("a pattern");
    let nodes = regex::Regex::new("^  n\\d+(\\[\"[^\"<>]*(<br/>[^\"<>]*){2}\"\\](:::\\w+)?| --> n\\d+)$");
    let nodes = nodes.expect("a pattern");
    let reference = regex::Regex::new("[@#!~$%&]\\w|://|(?i:www)\\.|:\\w+:").expect("a pattern");
    let (mut links, mut names, mut graphs) = (0, 0, 0);
    for node in root.descendants() {
        match &node.data.borrow().value {
            NodeValue::Link(link) => {
                links += 1;
                assert!(link.url.starts_with(FILES), "{}", link.url);
            }
            NodeValue::HtmlBlock(block) => assert!(html.is_match(&block.literal), "{:?}\n{text}", block.literal),
            NodeValue::HtmlInline(inline) => assert!(html.is_match(inline), "{inline}\n{text}"),
            // Code is no place for references.
            NodeValue::Text(words) if !names_in_code(node) => {
                assert!(!reference.is_match(words), "{words}\n{text}");
            }
            NodeValue::TableCell if text_of(node).contains("error") => {
                names += 1;
                assert!(text_of(node).contains(&*plain::visible(HOSTILE)), "{}\n{text}", text_of(node));
            }
            NodeValue::CodeBlock(block) => {
                graphs += 1;
                assert_eq!(block.info, "mermaid");
                let lines = block.literal.lines().skip(1).filter(|line| !line.starts_with("  classDef "));
                lines.for_each(|line| assert!(nodes.is_match(line), "{line}"));
            }
            NodeValue::Image(_) | NodeValue::Math(_) | NodeValue::FootnoteReference(_) | NodeValue::Emph => {
                panic!("a name is markup: {text}")
            }
            _ => {}
        }
    }
    // A finding, a suppression; each name once in its table.
    assert_eq!((links, names, graphs), (2, 5, 1), "{text}");
}

/// Whether a text stands between `<code>` and `</code>`.
fn names_in_code<'a>(node: Node<'a>) -> bool {
    let before = std::iter::successors(node.previous_sibling(), |node| node.previous_sibling());
    let tags = before.filter_map(|node| match &node.data.borrow().value {
        NodeValue::HtmlInline(tag) => Some(tag.clone()),
        _ => None,
    });
    tags.take(1).any(|tag| tag == "<code>")
}

#[test]
fn a_summary_keeps_to_its_room() {
    let trees = trees();
    let (head, mut verdict) = many(&trees, 4000, 0);
    verdict.standing.clear();
    for (row, finding) in verdict.findings.iter_mut().enumerate() {
        finding.message = format!("{row} {}", "wörd ".repeat(300));
        finding.help = Some(format!("{row} {}", "wörd ".repeat(300)));
    }
    let name = "n".repeat(900);
    for (format, most) in [(COMMENT, 60_000), (Format::Markdown(Room::StepSummary), 900 * 1024)] {
        let text = summary(&trees, &head, &verdict, &name, format);
        assert!(text.len() <= most, "{} of {most}", text.len());
        assert!(text.contains(" more (all in the JSON report)"), "{text}");
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    }
    let mut told = told(&name);
    told.deleted = (0..200).map(|_| deleted(&name, "ConfigMap", false)).collect();
    told.applications = std::iter::repeat_n(told.applications.remove(0), 200).collect();
    let report = Report { touched: Some(told), ..report(&trees, &head, &verdict) };
    let mut out = Vec::new();
    report.write(COMMENT, &mut out).expect("a vector takes all");
    let text = String::from_utf8(out).expect("text");
    assert!(text.len() <= 60_000, "{}", text.len());
    assert!(text.contains("\n**Cut for want of room:** "), "{text}");
}

#[test]
fn the_worst_findings_stand_last() {
    let trees = trees();
    let head = snapshot(&trees, Side::Head, &[("a.yaml", "a: b\n"), ("b.yaml", "a: b\nc: d\n")]);
    let mut verdict = verdict(&trees, &files(&trees));
    let finding = verdict.findings.swap_remove(0);
    let of = |file: &str, text: &str, severity| {
        let rule = format!("{file}-{text}").into();
        let primary = find(&trees, &head, file, text);
        Finding { rule, severity, primary, related: Vec::new(), object: None, ..finding.clone() }
    };
    let (error, warning) = (Severity::Error, Severity::Warning);
    verdict.findings = vec![of("a.yaml", "a", error), of("b.yaml", "a", warning), of("b.yaml", "c", Severity::Info)];
    let order = |verdict: &Verdict| -> Vec<String> {
        let text = print(&trees, &head, verdict, TEXT);
        let rules = text.lines().filter_map(|line| line.strip_prefix("  = rule: "));
        rules.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
    };
    assert_eq!(order(&verdict), ["b.yaml-c", "b.yaml-a", "a.yaml-a"]);
    verdict.findings[0].status = Status::Unchanged;
    assert_eq!(order(&verdict), ["a.yaml-a", "b.yaml-c", "b.yaml-a"]);
}

#[test]
fn a_narrow_terminal_breaks_between_words() {
    let text = written(Format::Text { color: Color::Off, width: 40, summary: Summary::On });
    let long = text.lines().filter(|line| line.chars().count() > 40);
    // A label stands where its place is, and no word is broken.
    let long: Vec<&str> = long.filter(|line| !line.contains("╰──") && line.trim().contains(' ')).collect();
    assert_eq!(long, Vec::<&str>::new());
    insta::assert_snapshot!(text);
}
