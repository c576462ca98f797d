//! Scalars that readers and writers of YAML disagree about.
//!
//! Never: `!!binary`, which kustomize decodes only where its own types ask for it.

use super::node::{Node, raw, text};
use super::random::Random;

/// Plain numbers of odd forms, and what looks like one.
const NUMBERS: &[&str] = &[
    "0", "-0", "+1", "1", "-1", "1.0", "1.50", "-1.5", "1e3", "1E3", "1e+3", "1.5e-7", "1.e3", ".5", "-.5", "+.5", "5.", "0x1F",
    "0X1f", "-0x1f", "0o17", "0O17", "-0o17", "0b11", "-0b11", "017", "-017", "08", "09", "019", "0_1", "1_000", "1__0", "_1",
    "1_", "1_000.5", "12:30:45", "1:20", "-1:20", "190:20:30.15", "1e400", "-1e400", "1e-400", "2147483648",
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
    "18446744073709551616", "1e20", "1e21", "100000000000000000000000", "123456789.123456789", "0.1", "0.3", "1e-7", "0.00001",
    "0.000001", "0.0000001", "1234567.0", "16777217.0", "1e6", "1.7976931348623157e308", "5e-324", "4.35", "1.1", "100.00",
    "0.0", "-0.0", "1.0e0", "1e0", "0e0", "0x", "0b", "0o", "0b2", "0xg", "1e", "1e+", "e3", "1.2.3", "1-2", "1,000", "+", "-", ".",
    "..", "+.", "0.", "00", "000", "0x_1", "0b1_0", "0o1_7", "0xFFFFFFFFFFFFFFFF", "0x10000000000000000", "0777", "1e1_0",
];

/// Words that some version of YAML takes for something else than text.
const WORDS: &[&str] = &[
    "true", "True", "TRUE", "tRue", "false", "False", "FALSE", "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off",
    "Off", "OFF", "y", "Y", "n", "N", "null", "Null", "NULL", "nULL", "~", "", "t", "f", "T", "F", "none", "None", "nil", "=",
    "<", ">=", "NaN", "Inf", "inf", "nan", "infinity", "undefined", "\"true\"", "'null'", "\"~\"", "\"\"", "''", "\"yes\"", "'on'",
    "\"y\"", "'N'", "\"1\"", "'1.0'", "\"0x1F\"", "\"1e3\"", "\"1_000\"", "'017'", "\"2020-01-01\"", "'12:30:45'", "\"<<\"", "\"=\"",
    "\".5\"", "\"+1\"", "\".inf\"", "'.nan'", "\"0o17\"", "\"0b1\"", "'08'", "\"-\"", "\"1e400\"",
];

/// Dates, tags and forms that are rarely written.
const RARE: &[&str] = &[
    "2020-01-01", "2020-1-1", "2020-01-01T00:00:00Z", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.10 -5",
    "2020-13-45", "2020-01-01T25:00:00Z", "2020-02-30", "20200101", "!!str 1", "!!str true", "!!str", "!!int \"1\"", "!!int 1.0",
    "!!float 1", "!!float \"2\"", "!!null \"\"", "!!null x", "!!bool \"true\"", "!!bool yes", "!custom x", "! 1", "!!timestamp 2020-01-01",
    "!!str 2020-01-01", ".inf", "-.inf", "+.inf", ".Inf", ".NaN", ".nan", "@at", "`tick", "%percent", "- dash", "? question",
    "*nothing", "&anchor x", "&anchor", "!!seq []", "!!map {}", "!!set {a, b}", "[a, b", "{a: b", "\"open", "'open", "a: b",
    "a #b", "a# b", "a :b", ":a", "?a", "-a", "[]", "{}", "[ ]", "[null]", "{a}", "{a: }", "[a: b]", "[1, 01, yes]", "|", ">",
    "\"\\x41\\u00e9\\U0001F600\"", "\"\\e\"", "\"\\0\"", "\"\\a\\b\\v\\f\"", "\"\\_\\N\\L\\P\"", "\"\\q\"", "\"\\x7f\"",
    "\"\\ud83d\\ude00\"", "\"\\u2028\"", "\"\\ufeff\"", "\"\\x85\"", "\"\\uFFFE\"", "\"a\\tb\"", "\"a\\\tb\"", "a\tb", "a\t", "'a\tb'",
];

/// Texts whose notation on the way out is a choice.
const TEXTS: &[&str] = &[
    "plain", "two words", " leading", "trailing ", "a: b", "a:b", "a:", ":a", "a #b", "#a", "a#b", "- a", "-a", "-", "--", "---",
    "--- a", "...", "? a", "?a", "?", "!a", "&a", "*a", "|", ">", "|-", "%a", "@a", "`a`", "[a]", "[a", "a]", "{a}", "{a: b}", "}", ",",
    "a,b", ", a", "'", "''", "it's", "'a'", "\"", "\"a\"", "say \"a\"", "\\", "a\\nb", "a\nb", "a\nb\n", "a\n\nb\n\n", "\n", "\n\n",
    "\na", " a\nb", "a\n b\n", "a \nb", "a\t\nb", "a\r\nb", "a\rb", "a\tb", "\t", " ", "  ", "a  b", "a\n ", "a\n\t", "\n a",
    "# a\nb", "- a\n- b\n", "a: b\nc: d\n", "{\n  \"a\": 1\n}\n", "é", "Ünï", "日本語", "😀", "a😀b", "\u{a0}a", "a\u{2028}b", "\u{feff}a", "a\u{85}b",
    "a\u{200b}b", "\u{fffd}", "e\u{301}", "日本\n語\n", "😀\n😀", "true\n", "1\n", "null\nx", "1 ", "true ",
    "<<", "=", "<a>&b", "$(FOO)", "$(BAR)/x", "$$(FOO)", "$(NOPE)", "${A}", "{{ .Values.x }}", "~/x", "~", "a~", "1 2", "0x", "12e03",
    "-2E+05", "0o7", "+12e03", "685_230.15", "190:20:30", "2001-12-14", "2001-12-14T21:59:43Z", "01:02", "1:2:3", "1.5.2", ".5.", "_1",
    "yes", "no", "on", "y", "N", "null", "NULL", "true", "False", "123", "1.0", "1e3", "0b1", ".inf", "-.Inf", ".NaN", "",
];

/// Texts that kustomize cannot print, or not everywhere.
const UNPRINTABLE: &[&str] =
    &["\u{1}", "\u{7f}", "a\u{0}b", "\u{1b}[0m", "a\u{9c}b", "\ta\nb\n", "\n\ta", " \ta\nb", "\t\ta\n", "\ta\n b\n"];

const PIECES: &[&str] =
    &["lorem", "ipsum", "a", "dolor", "sit:", "#amet", "-", "é", "😀", "日本", "'", "\"", "1", "\\", "  ", "x,y", "https://example.com/a/b?c=d"];

const LINES: &[&str] = &[
    "one", "two words", "", "", "  indented", "a\ttab", "trailing ", "tab\t", "# no comment", "key: value", "- item", "é 😀", "---", "a #b",
    "\"quoted\"", "back\\slash", "$(FOO)", " one space", "1", "null", "...", "{{ x }}",
];

/// A scalar that may be read or written in an unexpected way. Some are no YAML, or nothing that JSON has.
pub fn odd(random: &mut Random) -> Node {
    match random.below(100) {
        0..18 => raw(random.word(NUMBERS)),
        18..34 => raw(random.word(WORDS)),
        34 if random.percent(40) => raw(random.word(RARE)),
        _ => odd_text(random),
    }
}

/// A value that is text to every reader, in a notation that is not obvious.
pub fn odd_text(random: &mut Random) -> Node {
    if random.percent(1) {
        return text(random.word(UNPRINTABLE));
    }
    match random.below(10) {
        0..5 => text(random.word(TEXTS)),
        5..7 => text(long(random)),
        7..9 => block(random),
        _ => folded(random),
    }
}

/// Text that is about as long as a line may be.
fn long(random: &mut Random) -> String {
    let length = *random.pick(&[60, 74, 76, 78, 79, 80, 81, 82, 84, 90, 120, 160, 200]);
    let mut long = String::new();
    let glue = random.word(&[" ", " ", " ", "", "-", "  ", "\n"]);
    while long.chars().count() < length {
        if !long.is_empty() {
            long.push_str(glue);
        }
        long.push_str(random.word(PIECES));
    }
    if random.percent(70) { long.chars().take(length).collect() } else { long }
}

/// A block scalar. Its own indentation is not always what its first line says.
fn block(random: &mut Random) -> Node {
    let style = random.pick(&["|", "|", "|", ">", ">"]);
    let chomp = random.pick(&["", "", "-", "+"]);
    let mut lines: Vec<String> = (0..random.between(1, 5)).map(|_| (random.word(LINES)).to_owned()).collect();
    if random.percent(15) {
        lines.push(long(random).replace('\n', " "));
    }
    let first = lines.iter().find(|line| !line.is_empty());
    let indent = if first.is_some_and(|first| first.starts_with([' ', '\t'])) && random.percent(90) { "2" } else { "" };
    let comment = if random.percent(5) { " # a comment" } else { "" };
    Node::Lines(format!("{style}{indent}{chomp}{comment}"), lines)
}

/// A plain or quoted scalar over several lines.
fn folded(random: &mut Random) -> Node {
    const WORDS: &[&str] = &["one", "two words", "", "three", "é", "  four", "five ", "x:y", "six\\\\"];
    let mut lines: Vec<String> = (0..random.between(1, 4)).map(|_| (random.word(WORDS)).to_owned()).collect();
    let quote = random.word(&["", "", "'", "\""]);
    lines.push(format!("end{quote}"));
    Node::Lines(format!("{quote}start"), lines)
}

/// A key of a mapping, as it is written.
pub fn odd_key(random: &mut Random) -> String {
    const KEYS: &[&str] = &[
        "a", "b", "a2", "a10", "a-b", "a.b", "a_b", "A", "Z", "aB", "key", "x/y", "app.kubernetes.io/name", "\"quoted\"", "'single'", "\"1\"",
        "\"true\"", "\"y\"", "\"a b\"", "a b", "é", "\"\"", "\"null\"", "\"a: b\"", "file.txt", "z9", "z10", "z09", "0a", "1-a", "~a", "-a",
    ];
    const BAD: &[&str] = &["1", "true", "yes", "1.5", "null", "~", "y", "2020-01-01", "[a]", "? a", "<<", "=", "\"\\x7f\"", "*x"];
    if random.per_mille(2) { (random.word(BAD)).to_owned() } else { (random.word(KEYS)).to_owned() }
}

/// A tree without a schema.
pub fn free(random: &mut Random, depth: usize) -> Node {
    match random.below(if depth == 0 { 5 } else { 9 }) {
        0..3 => raw(random.word(&["1", "true", "x", "2.5", "\"3\"", "null", "abc"])),
        3..5 => odd(random),
        5..7 => Node::List((0..random.below(4)).map(|_| free(random, depth - 1)).collect()),
        _ => free_map(random, depth - 1),
    }
}

/// A mapping without a schema. A key is rarely given twice.
pub fn free_map(random: &mut Random, depth: usize) -> Node {
    let mut entries: Vec<(String, Node)> = Vec::new();
    for _ in 0..random.below(4) {
        let key = odd_key(random);
        if entries.iter().all(|(known, _)| known.trim_matches(['"', '\'']) != key.trim_matches(['"', '\'']))
            || random.per_mille(3)
        {
            entries.push((key, free(random, depth)));
        }
    }
    Node::Map(entries)
}
