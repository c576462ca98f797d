//! What the parser makes of fixtures, of hostile texts, and of thousands of damaged ones.
//!
//! Never: a fixture whose dump nobody has read.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::{Kind, ParseProblemKind, Parsed, Scalar, parse};
use crate::base::{LineIndex, NodeId, TextRange};

/// A line a node: where, what, its tag and flags, its value and its bytes.
fn dump(text: &str) -> String {
    let parsed = parse(text);
    let lines = LineIndex::new(text);
    let place = |range: TextRange| {
        let (start, end) = (lines.position(text, range.start), lines.position(text, range.end));
        format!("{}:{}-{}:{}", start.line, start.column, end.line, end.column)
    };
    let mut out = String::new();
    for document in parsed.documents() {
        let _ = writeln!(out, "document {}", place(document.range));
        if let Some(root) = document.root {
            dump_node(&parsed, text, root, 1, &place, &mut out);
        }
    }
    for comment in parsed.comments() {
        let _ = writeln!(out, "comment {} {:?}", place(*comment), &text[comment.bytes()]);
    }
    for problem in parsed.problems() {
        let first = problem.first.map(|range| format!(" first {}", place(range))).unwrap_or_default();
        let _ = writeln!(out, "{:?} {}{first}: {}", problem.kind, place(problem.at), problem.message);
    }
    out
}

fn dump_node(
    parsed: &Parsed,
    text: &str,
    node: NodeId,
    depth: usize,
    place: &dyn Fn(TextRange) -> String,
    out: &mut String,
) {
    let range = parsed.range(node);
    let _ = write!(out, "{:depth$}{:?} {}", "", parsed.kind(node), place(range), depth = depth * 2);
    let tag = parsed.tag(node);
    if tag != super::Tag::None {
        let _ = write!(out, " {tag:?}");
    }
    for (is, word) in
        [(parsed.is_flow(node), "flow"), (parsed.merges(node), "merges"), (parsed.is_anchored(node), "anchored")]
    {
        if is {
            let _ = write!(out, " {word}");
        }
    }
    match parsed.kind(node) {
        Kind::Seq | Kind::Map => out.push('\n'),
        Kind::Alias => {
            let _ = writeln!(out, " to {}", place(parsed.range(parsed.target(node))));
        }
        _ => {
            let _ = writeln!(out, " {:?} from {:?}", parsed.scalar(text, node), &text[range.bytes()]);
        }
    }
    for child in parsed.children(node) {
        dump_node(parsed, text, child, depth + 1, place, out);
    }
}

macro_rules! fixtures {
    ($($name:literal)*) => { &[$(($name, include_str!(concat!("../../testdata/parse/", $name, ".yaml")))),*] };
}

const FIXTURES: &[(&str, &str)] = fixtures![
    "err/aliases"
    "err/behind-a-document"
    "err/broken-in-the-middle"
    "err/control"
    "err/duplicate-keys"
    "err/tab"
    "err/template-by-luck"
    "err/template-lines"
    "ok/anchors"
    "ok/blocks"
    "ok/bom-and-crlf"
    "ok/comments"
    "ok/documents"
    "ok/keys"
    "ok/no-final-break"
    "ok/notations"
    "ok/object"
    "ok/tags"
];

#[test]
fn fixtures_parse_as_their_snapshots_say() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../testdata/parse");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (name, text) in FIXTURES {
            insta::assert_snapshot!(name.replace('/', "-"), dump(text));
            check(text);
        }
    });
}

/// Every range lies in the text and in that of its container, every chain ends, every text can be read.
fn check(text: &str) {
    let parsed = parse(text);
    for document in parsed.documents() {
        assert!(text.get(document.range.bytes()).is_some(), "{text:?}: {:?}", document.range);
        if let Some(root) = document.root {
            check_node(&parsed, text, root);
        }
    }
    for range in parsed.comments().iter().chain(parsed.problems().iter().map(|problem| &problem.at)) {
        assert!(text.get(range.bytes()).is_some(), "{text:?}: {range:?}");
    }
    for comment in parsed.comments() {
        assert!(text[comment.bytes()].starts_with('#'), "{text:?}: {comment:?}");
    }
    assert!(parsed.comments().is_sorted_by_key(|comment| comment.start), "{text:?}");
}

fn check_node(parsed: &Parsed, text: &str, node: NodeId) {
    let range = parsed.range(node);
    assert!(text.get(range.bytes()).is_some(), "{text:?}: {range:?}");
    let _ = parsed.scalar(text, node);
    let mut behind = range.start;
    let mut count = 0;
    for child in parsed.children(node) {
        let inner = parsed.range(child);
        assert!(range.contains(inner) && behind <= inner.start, "{text:?}: {inner:?} in {range:?}");
        behind = inner.end;
        count += 1;
        check_node(parsed, text, child);
    }
    assert!(parsed.kind(node) != Kind::Map || count % 2 == 0, "{text:?}: a key without a value");
    assert!(parsed.after(node).0 as usize <= parsed.len());
    assert!(parsed.target(node) <= node, "{text:?}: an alias to what comes later");
}

#[test]
fn damaged_texts_are_read_without_panic() {
    let seeds = [
        "a: &x {b: [1, 'two', \"thr\\u0065e\"]}\nc: *x\nd: |\n  text\n  é\n# end\n",
        "- - a: >-\n    folded\n    text\n  ? key\n  : {{ x }}\n---\n<<: {a: 1}\n...\n%YAML 1.2\n--- !!map\n'q': ~\n",
        "\u{FEFF}kind: X\r\nitems:\r\n- name: a # one\r\n  v: plain\r\n    more\r\n",
    ];
    let pieces = [
        ":", "-", " ", "\n", "\t", "'", "\"", "[", "]", "{", "}", "#", "&a", "*a", "!", "|", ">", "%", "\u{0}", "é",
        "😀", "\r", "---\n", "...\n", "? ", "{{", "\u{85}", "\u{FEFF}", ",", "\\", "*x", "\n  ",
    ];
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for round in 0..20_000 {
        let mut text: Vec<char> = seeds[round % seeds.len()].chars().collect();
        for _ in 0..=next(4) {
            let at = next(text.len());
            match next(3) {
                0 => drop(text.remove(at)),
                1 => drop(text.splice(at..at, pieces[next(pieces.len())].chars())),
                _ => drop(text.splice(at..(at + next(6)).min(text.len()), [])),
            }
            if text.is_empty() {
                text.push('a');
            }
        }
        check(&text.into_iter().collect::<String>());
    }
}

#[test]
fn hostile_texts_cost_little() {
    let documents = "---\na: 1\n".repeat(50_000);
    let flow = "[".repeat(100_000);
    let deep: String = (0..5_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let comments = "# c\n".repeat(200_000) + "a: 1\n";
    let inner_comments = format!("a:\n{}  b: 1\n", "  # c\n".repeat(100_000));
    let broken = "---\na: [\n".repeat(20_000);
    let long = format!("a: \"{}\"\n", "x ".repeat(1 << 20));
    let list = "- a: 1\n  b: text\n".repeat(100_000);
    for (name, text) in [
        ("documents", documents),
        ("flow", flow),
        ("deep", deep),
        ("comments", comments),
        ("inner comments", inner_comments),
        ("broken", broken),
        ("long", long),
        ("list", list),
    ] {
        let start = Instant::now();
        let parsed = parse(&text);
        let time = start.elapsed();
        assert!(time < Duration::from_secs(5), "{name}: {time:?}");
        match name {
            "documents" => assert_eq!(parsed.documents().len(), 50_000),
            "flow" | "deep" => assert_eq!(parsed.problems()[0].kind, ParseProblemKind::Limit, "{name}"),
            "comments" => assert_eq!((parsed.comments().len(), parsed.problems().len()), (200_000, 0)),
            "inner comments" => assert_eq!((parsed.comments().len(), parsed.problems().len()), (100_000, 0)),
            "broken" => assert!(parsed.problems().len() >= 10_000, "{}", parsed.problems().len()),
            _ => assert_eq!(parsed.problems(), []),
        }
    }
}

#[test]
fn aliases_have_a_budget() {
    let bomb: String = (1..9).fold("a0: &a0 x\n".to_owned(), |text, level| {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        text + &format!("a{level}: &a{level} [{items}]\n")
    });
    let parsed = parse(&(bomb + "---\nb: 1\n"));
    assert_eq!(parsed.problems()[0].kind, ParseProblemKind::Limit);
    assert!(parsed.documents()[0].root.is_none() && parsed.documents()[1].root.is_some());

    let chain: String = (1..50).fold("a0: &a0 {x: 1}\n".to_owned(), |text, level| {
        text + &format!("a{level}: &a{level} [[[[[[*a{}]]]]]]\n", level - 1)
    });
    let parsed = parse(&chain);
    assert_eq!(parsed.problems()[0].kind, ParseProblemKind::Limit);
}

#[test]
fn plain_scalars_have_the_types_of_kustomize() {
    let date = |text: &'static str| Scalar::Timestamp(text.into());
    let rows = [
        ("~", Scalar::Null),
        ("", Scalar::Null),
        ("Null", Scalar::Null),
        ("True", Scalar::Bool(true)),
        ("0755", Scalar::Int(493)),
        ("0o10", Scalar::Int(8)),
        ("0O10", Scalar::Int(8)),
        ("0b1", Scalar::Int(1)),
        ("0x1F", Scalar::Int(31)),
        ("-0x1F", Scalar::Int(-31)),
        ("0b-1", Scalar::Int(-1)),
        ("0o+7", Scalar::Int(7)),
        ("+1", Scalar::Int(1)),
        ("1_000", Scalar::Int(1000)),
        ("1__0_", Scalar::Int(10)),
        ("08", Scalar::Float(8.0)),
        ("1e3", Scalar::Float(1000.0)),
        ("1.", Scalar::Float(1.0)),
        (".5", Scalar::Float(0.5)),
        ("-.5", Scalar::Float(-0.5)),
        (".1_0", Scalar::Float(0.1)),
        ("18446744073709551615", Scalar::Uint(u64::MAX)),
        ("-9223372036854775808", Scalar::Int(i64::MIN)),
        ("+18446744073709551615", Scalar::Float(18_446_744_073_709_551_615.0)),
        ("123456789012345678901234567890", Scalar::Float(123_456_789_012_345_678_901_234_567_890.0)),
        (".inf", Scalar::Float(f64::INFINITY)),
        ("2001-12-14", date("2001-12-14")),
        ("2001-1-2", date("2001-1-2")),
        ("2001-12-14T21:59:43.10-05:00", date("2001-12-14T21:59:43.10-05:00")),
        ("2001-12-14t21:59:43Z", date("2001-12-14t21:59:43Z")),
        ("2001-12-14 21:59:43,5", date("2001-12-14 21:59:43,5")),
    ];
    for (text, typed) in rows {
        assert_eq!(super::resolve_plain(text), typed, "{text}");
    }
    let texts = [
        "yes",
        "on",
        "y",
        "No",
        "tRue",
        "_1",
        "0x",
        "0b",
        "0b2",
        "1e400",
        "._1",
        ".1_",
        "22:00:00",
        "1.2.3",
        "+",
        "-",
        ".",
        "e3",
        "0x1.8p3",
        "2001-02-30",
        "2001-13-01",
        "2001-12-14 21:59:43Z",
        "2001-12-14T21:59:43",
        "inf",
        "nan",
        "NULL ",
        "0b+-1",
        "=",
        "<<",
    ];
    for text in texts {
        assert_eq!(super::resolve_plain(text), Scalar::Str(text.into()), "{text}");
    }
}

#[test]
fn yaml_1_1_reads_more_than_text() {
    for text in
        ["", "~", "y", "N", "yes", "Off", "12:30", "190:20:30.5", "1_000", "0b1", "2001-01-01", ".5", "1e3", "NULL"]
    {
        assert!(!super::is_text_in_yaml_1_1(text), "{text}");
    }
    for text in ["a", "yEs", "1:60", "1:2:", "0o-7", "1.2.3", "<<", "=", "None", "-", "v1", "10m"] {
        assert!(super::is_text_in_yaml_1_1(text), "{text}");
    }
}
