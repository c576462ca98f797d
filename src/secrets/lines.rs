//! The table of values in `testdata/secrets/plaintext-secret/lines.txt`, and what is given out for them.
//!
//! Never: a written-out token; the table holds recipes, so that no scanner of a host takes it for a leak.

use std::sync::Arc;

use base64::Engine;

use super::*;
use crate::base::{BlobId, FileId, LoadError, Loader, RepoPath, Sources};
use crate::model::{Object, Trees};

struct Text(String);

impl Loader for Text {
    fn load(&self, _: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
        Ok(self.0.clone().into_bytes())
    }
}

fn tree(text: &str) -> (Trees, FileId) {
    let sources = Arc::new(Sources::default());
    let loader: Arc<dyn Loader> = Arc::new(Text(text.to_owned()));
    let file = sources.intern(&RepoPath::new("a.yaml").expect("a path"), None, &loader);
    (Trees::new(sources), file)
}

fn objects(trees: &Trees, file: FileId) -> Vec<Object> {
    trees.documents(file).filter_map(|value| Object::new(trees, value)).collect()
}

fn credentials(text: &str) -> Vec<Credential> {
    let (trees, file) = tree(text);
    let key = RunKey::from_salt("test");
    objects(&trees, file).iter().flat_map(|object| in_secret(&trees, object, &key)).collect()
}

/// Expands `{R*16}` and its like, `{J}`, then `b64(…)` from the inside out.
fn expand(recipe: &str) -> String {
    let block = |letter: &str| match letter {
        "R" => "k7Qw2m9Zx4LpT8vB3nH6sJ5dF1gYcRa",
        "H" => "9f3a7c1e5b8d2046",
        "U" => "QZ7XW2MK4VTR6JH3",
        "Q" => "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
        other => panic!("no block {other}"),
    };
    let run = |letter: &str, length: usize| block(letter).chars().cycle().take(length).collect::<String>();
    let runs = regex::Regex::new(r"\{([RHUQ])\*(\d+)\}").expect("an expression");
    let text = recipe.replace("{J}", "eyJ{R*20}.eyJ{R*60}.{R*43}");
    let mut text = runs
        .replace_all(&text, |found: &regex::Captures<'_>| run(&found[1], found[2].parse().expect("a number")))
        .into_owned();
    while let Some(at) = text.rfind("b64(") {
        let end = at
            + text[at..]
                .char_indices()
                .filter(|(_, char)| *char == ')')
                .map(|(end, _)| end)
                .next_back()
                .expect("closed");
        // An inner recipe ends at its own bracket, the outer one at the last.
        let end = if text[..at].contains("b64(") { at + text[at..].find(')').expect("closed") } else { end };
        let inner = text[at + 4..end].replace("\\n", "\n").replace("\\\n", "\\n");
        text.replace_range(at..=end, &base64::engine::general_purpose::STANDARD.encode(inner));
    }
    text
}

fn manifest(carrier: &str, line: &str) -> String {
    let head = |api, kind| format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{name: a}}\n");
    let stanza = |mac| format!("sops:\n  age: [{{recipient: age1x, enc: x}}]\n  mac: {mac}\n  lastmodified: x\n");
    match carrier {
        "data" | "stringData" => format!("{}{carrier}:\n  {line}\n", head("v1", "Secret")),
        "sops" => format!("{}data:\n  {line}\n{}", head("v1", "Secret"), stanza("ENC[x]")),
        "brokensops" => format!("{}stringData:\n  {line}\n{}", head("v1", "Secret"), stanza("''")),
        "SealedSecret" => format!("{}spec:\n  encryptedData:\n    {line}\n", head("bitnami.com/v1alpha1", carrier)),
        _ => format!("{}data:\n  {line}\n", head("external-secrets.io/v1", carrier)),
    }
}

#[test]
fn the_table_of_values() {
    let mut wrong = Vec::new();
    for row in
        include_str!("../../testdata/secrets/plaintext-secret/lines.txt").lines().filter(|row| !row.starts_with('#'))
    {
        let (expected, rest) = row.split_once(' ').expect("S, W or N");
        let (carrier, line) = rest.split_once(" | ").expect("a carrier");
        let worst = credentials(&manifest(carrier, &expand(line))).iter().map(|found| found.strength).max();
        let found = worst.map_or("N", |strength| if strength == Strength::Strong { "S" } else { "W" });
        if found != expected {
            wrong.push(format!("{found} instead of {row}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_credential_has_place_pointer_strength_and_mark_and_no_value() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  user: me\n  a/b: |\n    k: 1\n    password: kq7W2x9ZpL4t\n  password: admin\n";
    let (trees, _) = tree(text);
    let found = credentials(text);
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].key.as_str(), found[0].field.as_str()), ("a/b", "/stringData/a~1b"));
    assert_eq!((found[0].strength, found[1].strength), (Strength::Strong, Strength::Weak));
    assert_eq!(trees.sources().slice(found[1].at), "admin");
    assert!(!format!("{found:?}").contains("kq7W2x9ZpL4t"));
    let other = credentials(&text.replace("admin", "admin1"));
    assert_eq!(found[0].mark, other[0].mark);
    assert_ne!(found[1].mark, other[1].mark);
}

#[test]
fn every_value_of_a_secret_is_blanked() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{\"stringData\":{\"pw\":\"one\"}}'\nstringData:\n  pw: one\n  file: |\n    two\n    three\n  enc: ENC[AES256_GCM,data:x,type:str]\ndata:\n  x: b25l\n";
    let list = format!("apiVersion: v1\nkind: List\nitems:\n- {}", secret.replace('\n', "\n  "));
    let patch = format!("patches:\n- patch: |-\n    {}", secret.replace('\n', "\n    "));
    for text in [secret.to_owned(), list, patch] {
        let (trees, file) = tree(&text);
        for span in redactions_of_file(&trees, file) {
            trees.sources().redact(span);
        }
        let shown = trees.sources().shown(file).text();
        for value in ["one", "two", "three", "b25l"] {
            assert!(!shown.contains(value), "{value} in\n{shown}");
        }
        assert!(shown.contains("name: a"), "{shown}");
        assert_eq!(shown.lines().count(), text.lines().count(), "{shown}");
    }
}

#[test]
fn what_patches_replaced_is_blanked_too() {
    use crate::model::{How, Key, Value};
    let text =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {pw: old-value, user: me}\n---\nnew-value\n";
    let (trees, file) = tree(text);
    let documents: Vec<Value> = trees.documents(file).collect();
    let mut value = documents[0].clone();
    value.update_field(&trees, "stringData", |data| {
        let old = trees.view(data).get("pw").map(|view| view.value());
        let by = trees.top(file);
        let made = Value::link(&trees, documents[1].clone(), How::Patch, by, old);
        data.set_field(&trees, Key::made("pw", by), made);
    });
    let object = Object::new(&trees, value).expect("an object");
    let blanked: Vec<&str> = redactions(&trees, &object).into_iter().map(|span| trees.sources().slice(span)).collect();
    for value in ["old-value", "new-value", "me"] {
        assert!(blanked.contains(&value), "{blanked:?}");
    }
}

#[test]
fn hostile_texts_cost_little() {
    for text in [
        "<".repeat(300_000),
        "://a:".repeat(60_000),
        "-----BEGIN ".repeat(30_000),
        "eyJ".repeat(100_000),
        "a=b64(".repeat(50_000),
    ] {
        credentials(&manifest("stringData", &format!("password.conf: \"{text}\"")));
    }
    let bomb = "a: &a [x, x, x, x, x, x, x, x]\n".to_owned()
        + &('b'..='m')
            .fold((String::new(), 'a'), |(text, last), next| {
                (format!("{text}{next}: &{next} [*{last}, *{last}, *{last}, *{last}, *{last}, *{last}]\n"), next)
            })
            .0
        + "kind: Secret\napiVersion: v1\ndata: *m\n";
    let (trees, file) = tree(&bomb);
    assert!(redactions_of_file(&trees, file).len() < 10);
}
