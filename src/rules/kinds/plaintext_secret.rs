//! The kind `plaintext-secret`: Secrets whose credentials anybody who reads the repository has.
//!
//! Never: a value, in no word of a hit; what a generator writes, which is another rule's.

use super::{CheckKind, Params};
use crate::base::RepoPath;
use crate::model::{How, Object, Trees};
use crate::rules::{Check, Hit, Sink};
use crate::secrets::{Credential, Nested, RunKey, Strength, in_secret, nested};

pub(super) const KIND: CheckKind = CheckKind {
    name: "plaintext-secret",
    about: "a Secret that has credentials in the clear: in `data`, `stringData` and the configuration files in them",
    params: &[],
    facts: &[
        ("weak", "all its credentials are well known, short, or hashes"),
        ("test-folder", "the value is written in a folder of tests"),
    ],
    words: &[
        ("name", "the Secret's name"),
        ("within", "the object that holds it, where it is no object of its own"),
        ("keys", "the keys of its data that hold credentials"),
        ("what", "what the value is"),
    ],
    build,
};

/// Folders that hold what only tests apply.
const TEST_FOLDERS: &[&str] =
    &["test", "tests", "testdata", "testing", "__tests__", "e2e", "fixtures", ".chainsaw-test", "chainsaw", "kuttl"];

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let key = params.key();
    Ok(Check::Value(Box::new(move |trees, object, sink| judge(trees, object, &key, sink))))
}

fn judge(trees: &Trees, object: &Object, key: &RunKey, sink: &mut Sink) {
    let mut credentials = in_secret(trees, object, key);
    credentials.retain(|credential| credential.how != Some(How::Generator));
    report(trees, credentials, (&object.key.name, ""), key, sink);
    let within = format!(" in {} `{}`", object.key.kind, object.key.name);
    for Nested { name, credentials } in nested(trees, object, key) {
        report(trees, credentials, (&name, &within), key, sink);
    }
}

/// A hit for each credential, all with the same words: the engine makes them one finding at the first, and a
/// credential that the base lacks is still a new one.
fn report(trees: &Trees, credentials: Vec<Credential>, (name, within): (&str, &str), key: &RunKey, sink: &mut Sink) {
    let keys: Vec<String> = credentials.iter().map(|credential| format!("`{}`", credential.key)).collect();
    let keys = keys.join(", ");
    let weak = credentials.iter().all(|credential| credential.strength == Strength::Weak);
    for credential in credentials {
        let Credential { at, field, kind, mark, .. } = credential;
        let mut hit = Hit::at(at)
            .word("name", name)
            .word("within", within)
            .word("keys", &*keys)
            .word("what", kind.words())
            .field(field)
            .secret(key, mark);
        if weak {
            hit = hit.fact("weak");
        }
        if is_test(trees.sources().path(at.file)) {
            hit = hit.fact("test-folder");
        }
        sink.report(hit);
    }
}

/// Whether a file lies in a folder of tests.
pub(super) fn is_test(path: &RepoPath) -> bool {
    path.parent().is_some_and(|folder| folder.segments().any(|segment| TEST_FOLDERS.contains(&segment)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Side;
    use crate::compare::Changes;
    use crate::impact::Impact;
    use crate::model::{Entry, Key, Origin, Value};
    use crate::rules::{self, Facts, RuleSet, Settings};
    use crate::testkit;

    const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData:\n  user: app\n";

    fn hits(path: &str, lines: &str) -> Vec<Hit> {
        let (trees, file) = testkit::file(path, &format!("{SECRET}{lines}"));
        let key = RunKey::from_salt("test");
        let mut sink = Sink::default();
        for object in trees.documents(file).filter_map(|value| Object::new(&trees, value)) {
            judge(&trees, &object, &key, &mut sink);
        }
        sink.hits
    }

    #[test]
    fn every_credential_is_a_hit_that_names_all_and_no_value() {
        let hits = hits("apps/db.yaml", "  password: kq7W2x9ZpL4t\n  url: postgres://app:Zx8pQ2mW7r@db/app\n");
        let fields: Vec<_> = hits.iter().filter_map(|hit| hit.field.as_deref()).collect();
        assert_eq!(fields, ["/stringData/password", "/stringData/url"]);
        for hit in &hits {
            assert!(hit.words.contains(&("keys", "`password`, `url`".to_owned())));
            assert!(hit.facts.is_empty());
            assert!(!format!("{:?}", hit.words).contains("kq7W2x9ZpL4t"));
        }
        assert_ne!(hits[0].value, hits[1].value);
    }

    #[test]
    fn weak_values_and_test_folders_are_facts() {
        let facts = |path, lines| hits(path, lines).into_iter().map(|hit| hit.facts).collect::<Vec<_>>();
        assert_eq!(facts("apps/db.yaml", "  password: admin123\n"), [["weak"]]);
        assert_eq!(facts("apps/tests/db.yaml", "  password: kq7W2x9ZpL4t\n"), [["test-folder"]]);
        assert_eq!(facts("apps/test.yaml", "  password: kq7W2x9ZpL4t\n"), [[""; 0]]);
        // One strong credential makes the object's finding an error, at the first of its credentials.
        assert_eq!(facts("a.yaml", "  password: admin123\n  token: kq7W2x9ZpL4t\n"), [[""; 0], [""; 0]]);
    }

    #[test]
    fn what_a_generator_writes_is_left_to_another_rule() {
        let (trees, file) = testkit::file("kustomization.yaml", SECRET);
        let mut value = trees.documents(file).next().expect("a document");
        let by = trees.top(file);
        let made = Value::text("a3E3VzJ4OVpwTDR0", Origin::set(by, How::Generator, by, None));
        let data = Value::map(vec![Entry { key: Key::made("password", by), value: made }], Origin::within(by));
        value.set_field(&trees, Key::made("data", by), data);
        let object = Object::new(&trees, value).expect("an object");
        let key = RunKey::from_salt("test");
        assert_eq!(in_secret(&trees, &object, &key).len(), 1);
        let mut sink = Sink::default();
        judge(&trees, &object, &key, &mut sink);
        assert!(sink.hits.is_empty());
    }

    /// The findings of a change from one text to another: line, severity and message of those that count.
    fn findings(before: Option<&str>, after: &str) -> Vec<String> {
        let trees = testkit::trees();
        let world = |side, lines: &str| testkit::plain_world(&trees, side, &[("db.yaml", &format!("{SECRET}{lines}"))]);
        let (base, head) = (before.map(|lines| world(Side::Base, lines)), world(Side::Head, after));
        let (changes, impact) = (Changes::default(), Impact::default());
        let today = crate::base::Date::default();
        let facts =
            Facts { trees: &trees, base: base.as_ref(), head: &head, changes: &changes, impact: &impact, today };
        let settings = Settings { select: vec!["plaintext-secret".to_owned()], ..Settings::default() };
        let verdict = rules::judge(&RuleSet::embedded(), &facts, &settings);
        assert!(!format!("{verdict:?}").contains("kq7W2x9ZpL4t"), "a value got out");
        let line = |finding: &rules::Finding| {
            let line = trees.sources().positions(finding.primary).0.line;
            format!("{line} {:?} {} +{}", finding.severity, finding.message, finding.related.len())
        };
        verdict.findings.iter().map(line).collect()
    }

    #[test]
    fn an_object_is_one_finding_and_what_the_base_lacks_is_new() {
        let one = "  password: kq7W2x9ZpL4t\n";
        let two = "  password: kq7W2x9ZpL4t\n  token: kq7W2x9ZpL4tu\n";
        let says = "Secret `db` has credentials in the clear:";
        // The second credential and the `kind` are related.
        assert_eq!(findings(None, two), [format!("6 Error {says} `password`, `token` +2")]);
        assert_eq!(findings(Some(one), &format!("  host: db\n{one}")), [""; 0]);
        assert_eq!(findings(Some(one), two), [format!("7 Error {says} `password`, `token` +1")]);
        assert_eq!(findings(Some(two), one), [""; 0]);
        assert_eq!(findings(Some(one), "  password: kq7W2x9ZpL4u\n"), [format!("6 Error {says} `password` +1")]);
        assert_eq!(findings(Some("  password: admin123\n"), one), [format!("6 Error {says} `password` +1")]);
        assert_eq!(findings(None, "  password: admin123\n"), [format!("6 Warning {says} `password` +1")]);
    }
}
