//! The picture in the README, and the summary in the documentation, are what the tool prints for the demo: drawn from its
//! colored output, compared with what is committed. `INSTA_UPDATE=always cargo test --test picture` draws it anew.
//!
//! Never: a picture that somebody edited.

#![expect(clippy::disallowed_methods, reason = "a test runs the binary and reads the picture")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

const COMMAND: &str = "gitops-guard check testdata/demo/after --base testdata/demo/before";
const COLUMNS: usize = 100;
const LINE_HEIGHT: usize = 18;

/// What the tool prints for the demo.
fn output(color: &str) -> String {
    said(&["--color", color])
}

fn said(more: &[&str]) -> String {
    let done = Command::new(env!("CARGO_BIN_EXE_gitops-guard"))
        .args(COMMAND.split(' ').skip(1))
        .args(more)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("COLUMNS", COLUMNS.to_string())
        .env_remove("GITHUB_ACTIONS")
        .env_remove("GITLAB_CI")
        .output()
        .expect("the binary runs");
    assert_eq!(done.status.code(), Some(1), "the demo has findings");
    String::from_utf8(done.stdout).expect("UTF-8")
}

/// How a stretch of text looks: the numbers of a terminal's `ESC [ … m`, added up.
#[derive(Clone, Copy, PartialEq, Default)]
struct Look {
    color: Option<&'static str>,
    bold: bool,
    dim: bool,
}

impl Look {
    fn then(self, code: &str) -> Self {
        code.split(';').fold(self, |look, number| match number {
            "" | "0" => Self::default(),
            "1" => Self { bold: true, ..look },
            "2" => Self { dim: true, ..look },
            "31" | "91" => Self { color: Some("#ff7b72"), ..look },
            "32" | "92" => Self { color: Some("#7ee787"), ..look },
            "33" | "93" => Self { color: Some("#e3b341"), ..look },
            "34" | "94" => Self { color: Some("#79c0ff"), ..look },
            "35" | "95" => Self { color: Some("#d2a8ff"), ..look },
            "36" | "96" => Self { color: Some("#76e3ea"), ..look },
            _ => look,
        })
    }

    fn attributes(self) -> String {
        let color = self.color.map_or_else(String::new, |color| format!(" fill=\"{color}\""));
        let bold = if self.bold { " font-weight=\"bold\"" } else { "" };
        let dim = if self.dim { " opacity=\"0.6\"" } else { "" };
        color + bold + dim
    }
}

/// One line as SVG; each stretch is as wide as its characters, whatever the font.
fn line(text: &str, look: &mut Look) -> String {
    let mut out = String::new();
    let mut column = 0;
    for (nr, part) in text.split("\u{1b}[").enumerate() {
        let (code, words) = if nr == 0 { ("", part) } else { part.split_once('m').expect("a color ends") };
        if nr > 0 {
            *look = look.then(code);
        }
        if words.is_empty() {
            continue;
        }
        let escaped = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let wide = words.chars().count();
        let (at, length) = (tenths(column), tenths(wide));
        write!(out, "<tspan x=\"{at}\" textLength=\"{length}\"{}>{escaped}</tspan>", look.attributes())
            .expect("text grows");
        column += wide;
    }
    out
}

/// The width of characters of 8.4 pixels.
fn tenths(characters: usize) -> String {
    let tenths = characters * 84;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn picture(colored: &str) -> String {
    let lines: Vec<&str> = colored.trim_end().lines().collect();
    let (width, height) = (COLUMNS * 84 / 10 + 32, (lines.len() + 2) * LINE_HEIGHT + 32);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"findings of gitops-guard\">\n<rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"#0d1117\"/>\n\
         <g transform=\"translate(16 28)\" font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, monospace\" \
         font-size=\"14\" fill=\"#e6edf3\" style=\"white-space: pre\">\n"
    );
    let mut look = Look::default();
    let prompt = format!("$ {COMMAND}");
    for (nr, text) in [prompt.as_str(), ""].iter().chain(&lines).enumerate() {
        let y = nr * LINE_HEIGHT;
        writeln!(out, "<text y=\"{y}\" xml:space=\"preserve\">{}</text>", line(text, &mut look)).expect("text grows");
    }
    out + "</g>\n</svg>\n"
}

fn updating() -> bool {
    std::env::var("INSTA_UPDATE").is_ok_and(|how| how == "always")
}

#[test]
fn the_picture_shows_what_the_demo_prints_today() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/demo.svg");
    let drawn = picture(&output("always"));
    if updating() {
        fs::create_dir_all(path.parent().expect("docs")).expect("docs can be made");
        fs::write(&path, &drawn).expect("the picture can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == drawn, "docs/demo.svg is old: INSTA_UPDATE=always cargo test --test picture");
}

#[test]
fn the_summary_is_what_the_demo_gives_today() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pull-request.md");
    let text = format!("<!-- {COMMAND} --format markdown -->\n{}", said(&["--format", "markdown"]));
    if updating() {
        fs::write(&path, &text).expect("the page can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "docs/pull-request.md is old: INSTA_UPDATE=always cargo test --test picture");
}

#[test]
fn the_readme_shows_the_picture_and_the_same_in_words() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).expect("the README");
    assert!(readme.contains("(docs/demo.svg)"));
    assert!(readme.contains("\ncargo run --release -- check testdata/demo/after --base testdata/demo/before\n"));
    let (before, behind) = readme.split_once("```text\n").expect("a block of the output");
    let (shown, after) = behind.split_once("```\n").expect("it ends");
    let plain = output("never");
    if updating() && shown != plain {
        return fs::write(&path, format!("{before}```text\n{plain}```\n{after}")).expect("the README can be written");
    }
    assert!(shown == plain, "the README is old: INSTA_UPDATE=always cargo test --test picture");
}

#[test]
fn the_pages_name_every_input_and_the_hooks_that_there_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = |name: &str| fs::read_to_string(root.join("docs").join(name)).expect("the page");
    let pages = page("hook.md") + &page("action.md");
    let hooks = fs::read_to_string(root.join(".pre-commit-hooks.yaml")).expect("the hooks");
    let hooks: Vec<serde_json::Value> = serde_yaml::from_str(&hooks).expect("the hooks are YAML");
    let action = fs::read_to_string(root.join("action.yml")).expect("the action");
    let action: serde_json::Value = serde_yaml::from_str(&action).expect("the action is YAML");
    let ids = hooks.iter().filter_map(|hook| hook["id"].as_str());
    let inputs = action["inputs"].as_object().expect("inputs").keys().map(String::as_str);
    let outputs = action["outputs"].as_object().expect("outputs").keys().map(String::as_str);
    for name in ids.chain(inputs).chain(outputs) {
        assert!(pages.contains(&format!("`{name}`")), "neither page names `{name}`");
    }
}
