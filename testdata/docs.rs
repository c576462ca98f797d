//! The pages in `docs/` that are made from the tool: the rules with YAML of their fixtures, the command line, the keys of
//! the configuration, the kinds of check, the inputs of the action. They are compared with what is committed;
//! `INSTA_UPDATE=always cargo test --test docs` makes them anew. What people wrote is checked as far as that goes: each
//! link leads somewhere, and each command can be typed.
//!
//! Never: a sentence about a rule that is not in its file.

#![expect(clippy::disallowed_methods, reason = "a test reads the fixtures and writes the pages")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{CommandFactory as _, Parser as _};
use gitops_guard::cli::Cli;
use gitops_guard::config::SCHEMA;
use gitops_guard::report::meaning;
use gitops_guard::rules::{Default, Rule, RuleSet, Severity, rule_schema};
use serde_json::Value;

/// How many lines of a file are shown.
const LINES: usize = 60;

/// The chapters that are not rules, in the order of the book.
const CHAPTERS: [(&str, &str); 12] = [
    ("Getting started", "getting-started.md"),
    ("The hook", "hook.md"),
    ("The action", "action.md"),
    ("A summary for a pull request", "pull-request.md"),
    ("Suppressing and baselines", "suppressing.md"),
    ("Configuration", "configuration.md"),
    ("Command line", "command-line.md"),
    ("Writing rules", "writing-rules.md"),
    ("Rendering and origins", "rendering.md"),
    ("Limits", "limits.md"),
    ("Speed", "performance.md"),
    ("Rules", "rules/README.md"),
];

/// What each pack is about.
const PACKS: [(&str, &str); 14] = [
    ("breaking-changes", "APIs that a change breaks, and the instances that it hits"),
    ("deprecated-apis", "APIs that clusters do not serve any more, or soon will not"),
    ("exposure", "What becomes reachable from outside"),
    ("guard", "What could not be read, rendered or compared; it cannot be switched off"),
    ("operations", "What is left switched off, or tells nobody"),
    ("platform-safety", "Parts of the platform that do not fit together"),
    ("pod-security", "What containers may do to their node"),
    ("promotion", "What reaches an environment before it should"),
    ("secrets", "Credentials in the clear, and encryption that does not hold"),
    ("strict", "House rules of platforms; off by default"),
    ("structure", "Paths, sources and dependencies that are not there"),
    ("supply-chain", "Images, bases and charts that may change by themselves"),
    ("sync-policy", "What applications may delete, and what this merge deletes"),
    ("tenancy", "What teams may do outside what is theirs"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_default()
}

fn updating() -> bool {
    std::env::var("INSTA_UPDATE").is_ok_and(|how| how == "always")
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// What stands behind the last dot of a path.
fn ending(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|").replace('<', "&lt;")
}

/// A block of code that its text cannot end.
fn block(language: &str, text: &str) -> String {
    let longest = text
        .lines()
        .filter(|line| line.trim_start().starts_with("```"))
        .map(|line| line.trim_start().chars().take_while(|c| *c == '`').count());
    let fence = "`".repeat(longest.max().unwrap_or(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n\n", text.trim_end())
}

/// The files below a folder, sorted, relative to it.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(relative) = path.strip_prefix(folder) {
                found.push(relative.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

/// The first finding of a rule in the snapshot of its fixture, and the path that it points at.
fn finding(rule: &Rule) -> Option<(String, String)> {
    let snapshot = text(format!("testdata/{}/{}/fail/expect.snap", rule.pack, rule.id));
    let head = format!("[{}]", rule.id);
    let shown = snapshot.split("\n\n").find_map(|part| {
        let start = part.lines().position(|line| line.ends_with(&head))?;
        Some(part.lines().skip(start).collect::<Vec<_>>().join("\n"))
    })?;
    let place = shown.lines().find_map(|line| line.split_once("─[")).map(|(_, place)| place.trim_end_matches(']'));
    let path = place.and_then(|place| place.rsplitn(3, ':').nth(2)).unwrap_or_default().to_owned();
    Some((shown, path))
}

/// A file of a fixture: what changed in it, where there are two sides of it, else its documents as far as there is room.
fn sides(folder: &Path, path: &str) -> Option<String> {
    let (base, head) = (text(folder.join("base").join(path)), text(folder.join("head").join(path)));
    if base.is_empty() && head.is_empty() || base.contains('\0') || head.contains('\0') {
        return None;
    }
    let name = format!("`{path}`");
    if folder.join("base").is_dir() && base != head && !base.is_empty() {
        let difference = similar::TextDiff::from_lines(&base, &head).unified_diff().context_radius(12).to_string();
        return Some(format!("{name}, from base to head:\n\n{}", block("diff", &cut(&difference))));
    }
    let language = if ending(path) == "json" {
        "json"
    } else if path.contains(".y") {
        "yaml"
    } else {
        "text"
    };
    Some(format!("{name}:\n\n{}", block(language, &cut(&head))))
}

/// The first lines, by whole documents where that fits.
fn cut(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() <= LINES {
        return text.to_owned();
    }
    let end = lines[..LINES].iter().rposition(|line| *line == "---").filter(|row| *row > 8).unwrap_or(LINES);
    format!("{}\n# … {} more lines", lines[..end].join("\n"), lines.len() - end)
}

/// The file of `pass` that shows best what stays silent: the one like `path`, else one that changed, else the first.
fn silent(folder: &Path, path: &str) -> Option<String> {
    let all = files(&folder.join("head"));
    let changed = |name: &&String| {
        folder.join("base").is_dir() && text(folder.join("base").join(name)) != text(folder.join("head").join(name))
    };
    let chosen = all.iter().find(|name| *name == path).filter(|name| !folder.join("base").is_dir() || changed(name));
    let chosen = chosen.or_else(|| all.iter().find(changed)).or_else(|| all.iter().find(|name| *name == path));
    chosen.or_else(|| all.iter().find(|name| name.contains(".y"))).or(all.first()).and_then(|name| sides(folder, name))
}

fn paragraphs(text: &str) -> String {
    format!("{}\n\n", text.trim_end())
}

/// The page of a rule.
fn page(rule: &Rule) -> String {
    let mut out = format!("# {}\n\n", rule.id);
    let default = match rule.default {
        Default::On => "",
        Default::Raised => ", shown by default only where it is raised",
        Default::Off => ", off by default",
    };
    writeln!(out, "Pack [`{}`](README.md), {}{default}, since {}.\n", rule.pack, severity(rule.severity), rule.since)
        .expect("text grows");
    writeln!(out, "> {}\n", cell(&rule.says.to_string())).expect("text grows");
    for (grades, verb) in [(&rule.raise, "Raised"), (&rule.lower, "Lowered")] {
        for grade in grades {
            let reason = rule.kind.facts.iter().find(|fact| fact.0 == grade.when).map_or(&*grade.when, |fact| fact.1);
            writeln!(out, "{verb} to {}: {reason}.\n", severity(grade.to)).expect("text grows");
        }
    }
    out += "## Why\n\n";
    out += &paragraphs(&rule.why);
    out += "## What to do\n\n";
    out += &paragraphs(&rule.fix);
    let fixture = root().join("testdata").join(&*rule.pack).join(&*rule.id);
    if let Some((shown, path)) = finding(rule) {
        out += "## Found\n\n";
        out += &block("text", &shown);
        out += &sides(&fixture.join("fail"), &path).unwrap_or_default();
    }
    if let Some((_, path)) = finding(rule)
        && let Some(shown) = silent(&fixture.join("pass"), &path)
    {
        out += "## Not found\n\n";
        out += &shown;
    }
    if !rule.see.is_empty() {
        out += "## See\n\n";
        for link in &rule.see {
            writeln!(out, "- <{link}>").expect("text grows");
        }
        out.push('\n');
    }
    out += "## Switch it off, or lower it\n\n";
    out += &block("yaml", &settings(rule));
    format!("{}\n", out.trim_end())
}

/// How a rule is set in the configuration.
fn settings(rule: &Rule) -> String {
    let lower = if rule.severity == Severity::Info { "warning" } else { "info" };
    let graded = format!("# .gitops-guard.yaml\nrules: {{{}: {{severity: {lower}}}}}", rule.id);
    match (&*rule.pack, rule.default) {
        ("guard", _) => format!("{graded}   # it cannot be switched off"),
        (_, Default::On) => format!("{graded}   # or: off"),
        _ => format!("# .gitops-guard.yaml\nrules: {{{}: on}}", rule.id),
    }
}

fn table(rules: &[&Rule]) -> String {
    let mut out = "| rule | severity | what it is about |\n|---|---|---|\n".to_owned();
    for rule in rules {
        let off = if rule.default == Default::On { "" } else { ", off" };
        let (id, grade, says) = (&rule.id, severity(rule.severity), cell(&meaning(rule)));
        writeln!(out, "| [{id}]({id}.md) | {grade}{off} | {says} |").expect("text grows");
    }
    out
}

/// All pages that are made as a whole, by their paths below `docs/`.
fn pages() -> BTreeMap<String, String> {
    let rules = RuleSet::embedded();
    let packs = rules.packs();
    let about: BTreeMap<&str, &str> = PACKS.into();
    let mut pages = BTreeMap::new();
    let mut index = format!(
        "# Rules\n\n{} rules in {} packs. A rule or a pack is switched on, off or graded under `rules` in the \
         [configuration](../configuration.md), or by `--select` and `--ignore`.\n\n| pack | rules | what it is about |\n|---|---|---|\n",
        rules.rules.len(),
        packs.len()
    );
    let mut summary = "# Summary\n\n[Introduction](README.md)\n\n".to_owned();
    for (title, path) in CHAPTERS {
        writeln!(summary, "- [{title}]({path})").expect("text grows");
    }
    for (pack, rules) in &packs {
        let words = about.get(pack).unwrap_or_else(|| panic!("PACKS has no line for `{pack}`"));
        writeln!(index, "| [{pack}]({pack}/README.md) | {} | {words} |", rules.len()).expect("text grows");
        writeln!(summary, "  - [{pack}](rules/{pack}/README.md)").expect("text grows");
        pages.insert(format!("rules/{pack}/README.md"), format!("# {pack}\n\n{words}.\n\n{}", table(rules)));
        for rule in rules {
            writeln!(summary, "    - [{}](rules/{pack}/{}.md)", rule.id, rule.id).expect("text grows");
            pages.insert(format!("rules/{pack}/{}.md", rule.id), page(rule));
        }
    }
    pages.insert("rules/README.md".to_owned(), index);
    pages.insert("SUMMARY.md".to_owned(), summary);
    pages.insert("command-line.md".to_owned(), command_line());
    pages
}

/// The page of the command line: the help of each command.
fn command_line() -> String {
    // The environment is left out of help texts: its values are those of whoever makes the page.
    let mut command = Cli::command().mut_subcommands(|command| command.mut_args(|arg| arg.hide_env_values(true)));
    command = command.term_width(100).color(clap::ColorChoice::Never);
    command.build();
    let mut out = "# Command line\n\nWhat `--help` says of each command. `-h` says it in short.\n\n".to_owned();
    for command in command.get_subcommands_mut() {
        let name = command.get_name().to_owned();
        if name == "help" {
            continue;
        }
        let help = command.clone().render_long_help().to_string();
        let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
        writeln!(out, "## {name}\n\n{}", block("text", &lines.join("\n")).trim_end()).expect("text grows");
        out.push('\n');
    }
    format!("{}\n", out.trim_end())
}

/// What a schema takes, in a few words.
fn takes(schema: &Value) -> String {
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> = words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
        return words.join(", ");
    }
    match schema["type"].as_str() {
        Some("array") => format!("list of {}", takes(&schema["items"])),
        Some("object") => "map".to_owned(),
        Some("string") => "text".to_owned(),
        Some("integer") => "number".to_owned(),
        Some("boolean") => "`true`, `false`".to_owned(),
        _ => "value".to_owned(),
    }
}

/// The keys of a schema, each with all below it.
fn keys(schema: &Value, above: &str, out: &mut String) {
    for (name, key) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{above}{name}");
        let about = cell(key["description"].as_str().unwrap_or_default());
        writeln!(out, "| `{path}` | {} | {about} |", takes(key)).expect("text grows");
        keys(key, &format!("{path}."), out);
        keys(&key["items"], &format!("{path}[]."), out);
    }
}

/// The parts of pages that are made, by their names. A page has them between two comments.
fn parts() -> BTreeMap<&'static str, String> {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let mut options = "| key | takes | meaning |\n|---|---|---|\n".to_owned();
    keys(&schema, "", &mut options);
    [("configuration", options), ("inputs", inputs()), ("kinds", kinds()), ("variables", variables())].into()
}

/// The inputs and outputs of the action.
fn inputs() -> String {
    let action: Value = serde_yaml::from_str(&text("action.yml")).expect("action.yml is YAML");
    let mut out = "| input | default | |\n|---|---|---|\n".to_owned();
    for (name, input) in action["inputs"].as_object().into_iter().flatten() {
        let default = input["default"].as_str().filter(|default| !default.is_empty());
        let default = default.map_or_else(String::new, |default| format!("`{default}`"));
        let about = cell(input["description"].as_str().unwrap_or_default());
        writeln!(out, "| `{name}` | {default} | {about} |").expect("text grows");
    }
    out += "\n| output | |\n|---|---|\n";
    for (name, output) in action["outputs"].as_object().into_iter().flatten() {
        writeln!(out, "| `{name}` | {} |", cell(output["description"].as_str().unwrap_or_default()))
            .expect("text grows");
    }
    out
}

/// The kinds of check, with their parameters.
fn kinds() -> String {
    let schema = rule_schema();
    let mut kinds = BTreeMap::new();
    for kind in schema["allOf"].as_array().into_iter().flatten() {
        let name = kind["if"]["properties"]["check"]["const"].as_str().unwrap_or_default();
        let with = &kind["then"]["properties"]["with"];
        let params = with["properties"].as_object();
        let params: Vec<String> = params.into_iter().flatten().map(|(name, _)| format!("`{name}`")).collect();
        let about = cell(with["description"].as_str().unwrap_or_default());
        kinds.insert(name.to_owned(), format!("| `{name}` | {about} | {} |\n", params.join(", ")));
    }
    format!("| kind | what it looks for | parameters |\n|---|---|---|\n{}", kinds.into_values().collect::<String>())
}

/// The environment variables, with the options that they stand for.
fn variables() -> String {
    let mut found: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
    let command = Cli::command();
    for command in command.get_subcommands() {
        for arg in command.get_arguments() {
            if let (Some(name), Some(long)) = (arg.get_env(), arg.get_long()) {
                let entry = found.entry(name.to_string_lossy().into_owned()).or_default();
                entry.0 = format!("--{long}");
                entry.1.insert(format!("`{}`", command.get_name()));
            }
        }
    }
    let mut out = "| variable | option | of |\n|---|---|---|\n".to_owned();
    for (name, (option, commands)) in found {
        let commands: Vec<String> = commands.into_iter().collect();
        writeln!(out, "| `{name}` | `{option}` | {} |", commands.join(", ")).expect("text grows");
    }
    out
}

/// A page with its parts made anew.
fn remade(page: &str, parts: &BTreeMap<&'static str, String>) -> String {
    let mut out = page.to_owned();
    for (name, part) in parts {
        let (begin, end) = (format!("<!-- begin: {name} -->\n"), format!("<!-- end: {name} -->"));
        if let Some((before, rest)) = out.split_once(&begin)
            && let Some((_, after)) = rest.split_once(&end)
        {
            out = format!("{before}{begin}\n{}\n\n{end}{after}", part.trim_end());
        }
    }
    out
}

#[test]
fn the_pages_are_those_of_this_tool() {
    let docs = root().join("docs");
    let mut expected = pages();
    let parts = parts();
    for (_, path) in CHAPTERS.iter().filter(|(_, path)| !expected.contains_key(*path)).collect::<Vec<_>>() {
        expected.insert((*path).to_owned(), remade(&text(docs.join(path)), &parts));
    }
    let made: String = expected.values().cloned().collect();
    let missing: Vec<&&str> = parts.keys().filter(|name| !made.contains(&format!("<!-- begin: {name} -->"))).collect();
    assert!(missing.is_empty(), "no page has the parts {missing:?}");
    let old: Vec<&String> =
        expected.iter().filter(|(path, page)| text(docs.join(path)) != **page).map(|(path, _)| path).collect();
    let gone: Vec<String> = files(&docs.join("rules"))
        .into_iter()
        .map(|path| format!("rules/{path}"))
        .filter(|path| !expected.contains_key(path))
        .collect();
    if updating() {
        for path in &gone {
            fs::remove_file(docs.join(path)).expect("a page of a rule that is gone");
        }
        for path in old {
            let at = docs.join(path);
            fs::create_dir_all(at.parent().expect("docs")).expect("docs can be written");
            fs::write(at, &expected[path]).expect("docs can be written");
        }
        return;
    }
    assert!(
        old.is_empty() && gone.is_empty(),
        "old pages in docs/: {old:?} {gone:?}: INSTA_UPDATE=always cargo test --test docs"
    );
}

/// The pages that people wrote, and the README.
fn written() -> Vec<(PathBuf, String)> {
    let docs =
        files(&root().join("docs")).into_iter().filter(|path| ending(path) == "md").map(|path| format!("docs/{path}"));
    docs.chain(["README.md".to_owned()]).map(|path| (root().join(&path), text(&path))).collect()
}

#[test]
fn every_link_leads_to_a_page() {
    // While pages are made anew they come and go.
    let pages = if updating() { Vec::new() } else { written() };
    let mut wrong = Vec::new();
    for (path, page) in pages {
        // Code may hold brackets; only prose is looked at.
        let prose: Vec<&str> = page.split("```").step_by(2).collect();
        for link in prose.join("\n").split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            let target = link.split('#').next().unwrap_or_default();
            let is_ours = !link.contains("://") && !link.starts_with('#') && !link.contains(' ');
            if is_ours && !path.parent().expect("a page lies in a folder").join(target).exists() {
                wrong.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_command_can_be_typed() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (path, page) in written() {
        for code in page.split("```sh\n").skip(1).filter_map(|rest| rest.split_once("\n```")).map(|(code, _)| code) {
            for line in code.lines() {
                let line = line.split(" #").next().unwrap_or_default().trim();
                let typed = line.strip_prefix("$ ").unwrap_or(line);
                let typed = typed.split([';', '|', '>']).next().unwrap_or_default().trim();
                let typed = typed.replace("cargo run --release --", "gitops-guard");
                if typed.starts_with("gitops-guard ") {
                    count += 1;
                    let words = typed.split_whitespace().map(|word| word.trim_matches(['\'', '"']));
                    if let Err(error) = Cli::try_parse_from(words)
                        && error.exit_code() != 0
                    {
                        wrong.push(format!("{}: {typed}: {error}", path.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty() && count > 10, "{count} commands; {wrong:#?}");
}
