//! The pack `secrets` through the whole pipeline: the table of lines in every carrier, and that no value gets out.
//!
//! Never: a written-out token; lines are recipes.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use clap::{Parser as _, ValueEnum as _};

use super::{in_memory, sides};
use crate::base::Sources;
use crate::cli::{self, Cli, Command};
use crate::model::Trees;
use crate::rules::{RuleSet, Settings};
use crate::run::{Asked, judge};
use crate::testkit::{self, Files, Judgeable};

fn files(texts: &[(&str, String)]) -> Files {
    texts.iter().map(|(name, text)| (testkit::path(name), text.clone().into_bytes())).collect()
}

/// The repository that has a line in a carrier.
fn carrier(carrier: &str, line: &str) -> Files {
    let object = |api: &str, kind: &str, rest: &str| {
        format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{name: a, namespace: b}}\n{rest}\n")
    };
    let secret = |rest: &str| object("v1", "Secret", rest);
    let (name, value) = line.split_once('=').unwrap_or((line, ""));
    let stanza = "sops:\n  age: [{recipient: age1x, enc: x}]\n  encrypted_regex: ^data$\n  mac: x\n  lastmodified: x";
    let text = match carrier {
        "data" | "stringData" => secret(&format!("{carrier}:\n  {line}")),
        "datafirst" => format!("data:\n  {line}\n{}", secret("")),
        "sops" => secret(&format!("data:\n  {line}\n{stanza}")),
        "avp" => secret(&format!("stringData:\n  {line}")),
        "anno" => object("bitnami.com/v1alpha1", "SealedSecret", "")
            .replace("namespace: b}", &format!("annotations: {{{line}}}}}")),
        "sealed" => object("bitnami.com/v1alpha1", "SealedSecret", &format!("spec:\n  encryptedData:\n    {line}")),
        "sealedtpl" => {
            object("bitnami.com/v1alpha1", "SealedSecret", &format!("spec:\n  template:\n    data:\n      {line}"))
        }
        "eso" => object("external-secrets.io/v1", "ExternalSecret", &format!("spec:\n  data:\n  {line}")),
        "env" => object(
            "v1",
            "Pod",
            &format!("spec:\n  containers:\n  - name: c\n    env:\n    - name: {name}\n      value: {value}"),
        ),
        "pod" => object("v1", "Pod", &format!("spec:\n  {line}")),
        "cm" => object("v1", "ConfigMap", &format!("data:\n  {line}")),
        "cmfile" => object("v1", "ConfigMap", &format!("data:\n  application.conf: |\n    a = 1\n    {line}")),
        "hr" => object("helm.toolkit.fluxcd.io/v2", "HelmRelease", &format!("spec:\n  values:\n    {line}")),
        "src" => object("source.toolkit.fluxcd.io/v1", "GitRepository", &format!("spec:\n  {line}")),
        "argocm" => object(
            "argoproj.io/v1alpha1",
            "Application",
            &format!("spec:\n  source:\n    helm:\n      parameters:\n      - name: {name}\n        value: {value}"),
        ),
        "values" => return files(&[("chart/values.yaml", format!("{line}\n"))]),
        "kgen" => {
            let text = format!("secretGenerator:\n- name: a\n  literals:\n  - {line}\n");
            return files(&[("kustomization.yaml", text)]);
        }
        other => panic!("no carrier {other}"),
    };
    files(&[("a.yaml", text)])
}

fn expanded(line: &str) -> String {
    let begin = "b64(";
    match line.find(begin) {
        // In base64 a line break is one; elsewhere YAML reads it.
        Some(at) => testkit::expand(&format!("{}{}", &line[..at], line[at..].replace("\\n", "\n"))),
        None => testkit::expand(line),
    }
}

#[test]
fn the_table_of_lines() {
    let settings = Settings { select: vec!["secrets".to_owned()], ..Settings::default() };
    let table = include_str!("../testdata/secrets/credential-in-manifest/lines.txt");
    let (mut wrong, mut rows) = (Vec::new(), 0);
    for row in table.lines().filter(|row| !row.starts_with('#')) {
        let (expected, rest) = row.split_once(' ').expect("P or N");
        let (place, line) = rest.split_once(" | ").expect("a carrier");
        let found = in_memory(&Judgeable::of(None, &carrier(place, &expanded(line))), &settings).findings;
        let found: Vec<&str> =
            found.iter().filter(|finding| &*finding.pack == "secrets").map(|finding| &*finding.rule).collect();
        rows += 1;
        if (expected == "P") == found.is_empty() {
            wrong.push(format!("{found:?} for {row}"));
        }
    }
    assert_eq!(rows, 84);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A value that stands nowhere else.
fn value(row: usize) -> String {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(format!("planted {row}"));
    STANDARD.encode(&digest[..15]).replace(['+', '/', '='], "x")
}

/// A repository with a value of its own in every carrier, good and broken, and the values.
fn planted() -> (Files, Vec<String>) {
    let mut values: Vec<String> = Vec::new();
    let mut next = || {
        values.push(value(values.len()));
        values[values.len() - 1].clone()
    };
    let mut texts: Vec<(String, String)> = Vec::new();
    let lines = ["password: {}", "url: postgres://app:{}@db/app", "token: '{}'", "client-secret: \"{}\""];
    for place in ["stringData", "cm", "cmfile", "hr", "values", "sops", "sealedtpl"] {
        for (row, line) in lines.iter().enumerate() {
            for (name, bytes) in carrier(place, &line.replace("{}", &next())) {
                texts.push((format!("{place}{row}/{name}"), String::from_utf8(bytes).expect("text")));
            }
        }
    }
    for place in ["env", "argocm", "kgen"] {
        for (row, name) in ["DB_PASSWORD", "API_TOKEN", "cookie-secret"].iter().enumerate() {
            for (file, bytes) in carrier(place, &format!("{name}={}", next())) {
                texts.push((format!("{place}{row}/{file}"), String::from_utf8(bytes).expect("text")));
            }
        }
    }
    for row in 0..6 {
        let encoded = STANDARD.encode(next());
        for (file, bytes) in carrier("data", &format!("password: {encoded}")) {
            texts.push((format!("data{row}/{file}"), String::from_utf8(bytes).expect("text")));
        }
    }
    let (a, b, c) = (next(), next(), next());
    texts.push(("broken/kustomization.yaml".to_owned(), format!("resources: [none.yaml]\nsecretGenerator:\n- name: a\n  literals: [password={a}, 'token={b}']\n- name: b\n  literals:\n  - {c}\n")));
    let (a, b) = (next(), next());
    texts.push((
        "env/kustomization.yaml".to_owned(),
        "secretGenerator:\n- name: a\n  envs: [a.env]\nconfigMapGenerator:\n- name: b\n  files: [b.ini]\n".to_owned(),
    ));
    texts.push((
        "env/a.env".to_owned(),
        format!("USER=me\nPASSWORD={a}\nGITHUB_TOKEN=ghp_{}\n", testkit::expand("{R*36}")),
    ));
    texts.push(("env/b.ini".to_owned(), format!("[db]\nuser = me\npassword = {b}\n")));
    let (a, b, c) = (next(), next(), next());
    texts.push((
        "script/run.sh".to_owned(),
        format!(
            "export DB_PASSWORD={a}\nexport T=ghp_{}\nAPI_TOKEN=\"{b}\"\nmysql://root:{c}@db/x\n",
            testkit::expand("{R*36}")
        ),
    ));
    let (a, b) = (next(), next());
    texts.push((
        "patched/base.yaml".to_owned(),
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData:\n  password: {a}\n"),
    ));
    texts.push(("patched/kustomization.yaml".to_owned(), format!("resources: [base.yaml]\npatches:\n- target: {{kind: Secret}}\n  patch: |-\n    - op: replace\n      path: /stringData/password\n      value: {b}\n")));
    let texts = texts.into_iter().map(|(name, text)| (testkit::path(&name), text.into_bytes()));
    let mut files: Files = texts.collect();
    files.sort();
    (files, values)
}

/// Every way in which a report could have a value: as it is, and in base64 at each offset.
fn forms(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned(), STANDARD.encode(value), URL_SAFE_NO_PAD.encode(value)];
    for offset in 1..3 {
        let shifted = STANDARD_NO_PAD.encode(format!("{}{value}", &"  "[..offset]));
        // The first and the last signs depend on the neighbors.
        forms.push(shifted[offset + 1..shifted.len() - 3].to_owned());
    }
    forms
}

#[test]
fn no_planted_value_gets_out() {
    let (files, values) = planted();
    assert!(values.len() > 40, "{}", values.len());
    let mut ask = vec!["gitops-guard".to_owned(), "check".to_owned(), "--color".to_owned(), "never".to_owned()];
    for format in cli::Format::value_variants() {
        let name = format.to_possible_value().expect("a name").get_name().to_owned();
        ask.extend(["--format".to_owned(), name]);
    }
    let Command::Check(ask) = Cli::try_parse_from(ask).expect("a right command line").command else {
        panic!("it says check")
    };
    let all: std::collections::BTreeMap<_, _> =
        RuleSet::embedded().rules.iter().map(|rule| (rule.id.to_string(), crate::rules::Setting::On)).collect();
    for base in [None, Some(&Files::new())] {
        let sources = Arc::new(Sources::default());
        let settings = Settings { rules: all.clone(), ..Settings::default() };
        let asked = Asked { rules: RuleSet::embedded(), settings, ..Asked::default() };
        let judged = judge(Trees::new(sources.clone()), sides(&sources, &Judgeable::of(base, &files)), asked);
        assert!(judged.verdict.findings.len() > 30, "{}", judged.verdict.findings.len());
        let mut out = Vec::new();
        assert!(judged.write_reports(&ask, &super::env(), &mut out).is_ok(), "a vector takes all");
        let out = String::from_utf8(out).expect("reports are text") + &format!("{:?}", judged.verdict);
        let leaked: Vec<_> = values.iter().filter(|value| forms(value).iter().any(|form| out.contains(form))).collect();
        let lines: Vec<_> = out
            .lines()
            .filter(|line| leaked.iter().any(|value| forms(value).iter().any(|f| line.contains(f))))
            .collect();
        assert!(leaked.is_empty(), "{} of {}: {lines:#?}", leaked.len(), values.len());
    }
}
