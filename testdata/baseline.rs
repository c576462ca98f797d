//! A baseline from end to end: written, it hides what it lists; a new value on a listed line counts, and so does what is
//! past its date.
//!
//! Never: a git repository; a folder has a baseline too.

#![expect(clippy::disallowed_methods, reason = "a test prepares a folder and runs the program")]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const SECRET: &str =
    "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop}\nstringData:\n  password: kq7W2x9ZpL4tT8vB\n";
const ROLE: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: all}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}\nsubjects: [{kind: ServiceAccount, name: default, namespace: shop}]\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let made = Self(tempfile::tempdir().expect("a folder"));
        made.put("secret.yaml", SECRET);
        made.put("role.yaml", ROLE);
        made.put(".gitops-guard.yaml", "# ours\nexclude: []\n");
        made
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).expect("the file is ours");
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).expect("the file is there")
    }

    /// The exit code, standard output and standard error of `check`.
    fn check(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gitops-guard"));
        command.arg("check").args(args).current_dir(self.path()).env_remove("SOURCE_DATE_EPOCH");
        let done = command.output().expect("the program runs");
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        (done.status.code(), text(&done.stdout), text(&done.stderr))
    }

    /// The exit code, the open rules, and the numbers of the baseline: hidden, stale, expired.
    fn judged(&self, today: &str) -> (Option<i32>, Vec<String>, [u64; 3]) {
        let (code, out, err) = self.check(&["--baseline", "known.jsonl", "--today", today, "--format", "json"]);
        let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("no report: {err}"));
        let rules = report["findings"].as_array().into_iter().flatten();
        let rules = rules.filter_map(|finding| finding["rule"].as_str().map(str::to_owned)).collect();
        (code, rules, ["baseline", "stale", "expired"].map(|name| report["summary"][name].as_u64().unwrap_or(99)))
    }
}

#[test]
fn what_is_listed_does_not_count_and_what_is_new_does() {
    let folder = Folder::new();
    assert_eq!(folder.check(&[]).0, Some(1));
    let (code, out, err) = folder.check(&["--write-baseline", "known.jsonl", "--today", "2026-01-01"]);
    assert_eq!((code, err.contains("a salt written")), (Some(0), true), "{out}{err}");
    let lines = folder.text("known.jsonl");
    let rules: Vec<&str> = lines.lines().filter_map(|line| line.split('"').nth(3)).collect();
    assert_eq!(rules, ["cluster-admin-binding", "plaintext-secret"]);
    assert!(
        lines.contains(r#""field":"/stringData/password""#) && lines.contains(r#""until":"2026-01-31""#),
        "{lines}"
    );
    let configuration = folder.text(".gitops-guard.yaml");
    assert!(configuration.starts_with("# ours\nexclude: []\nsecrets:\n  salt: "), "{configuration}");
    for file in [&lines, &configuration] {
        assert!(!file.contains("kq7W2x9ZpL4tT8vB"));
    }

    assert_eq!(folder.judged("2026-01-31"), (Some(0), vec![], [2, 0, 0]));
    // Lines move, and it is still the same.
    folder.put("secret.yaml", &format!("# a comment\n{SECRET}"));
    assert_eq!(folder.judged("2026-01-31"), (Some(0), vec![], [2, 0, 0]));
    let (_, text, _) = folder.check(&["--baseline", "known.jsonl", "--today", "2026-01-31"]);
    assert!(text.contains("2 findings in the baseline (--all shows them)\n"), "{text}");

    // Another value on the same line.
    folder.put("secret.yaml", &SECRET.replace("kq7W", "Zx8p"));
    let (code, rules, numbers) = folder.judged("2026-01-31");
    assert_eq!((code, numbers), (Some(1), [1, 1, 0]));
    assert_eq!(rules, ["unused-suppression", "plaintext-secret"]);

    // Past its date.
    folder.put("secret.yaml", SECRET);
    let (code, rules, numbers) = folder.judged("2026-02-01");
    assert_eq!((code, numbers), (Some(1), [1, 0, 1]));
    assert_eq!(rules, ["expired-suppression", "plaintext-secret"]);

    // What is gone.
    fs::remove_file(folder.path().join("secret.yaml")).expect("it is there");
    assert_eq!(folder.judged("2026-01-31"), (Some(0), vec!["unused-suppression".to_owned()], [1, 1, 0]));
}

#[test]
fn written_again_it_keeps_reasons_and_dates() {
    let folder = Folder::new();
    folder.check(&["--write-baseline", "known.jsonl", "--today", "2026-01-01"]);
    let (first, salted) = (folder.text("known.jsonl"), folder.text(".gitops-guard.yaml"));
    let said = first.replace("known when the baseline was written", "agreed with the owners");
    folder.put("known.jsonl", &said);
    folder.put("other.yaml", &SECRET.replace("name: db", "name: other"));
    folder.check(&["--write-baseline", "known.jsonl", "--today", "2026-01-20"]);
    let again = folder.text("known.jsonl");
    assert_eq!(folder.text(".gitops-guard.yaml"), salted, "the salt stays");
    assert_eq!(again.lines().count(), 3);
    assert!(said.lines().all(|line| again.contains(line)), "{again}");
    assert!(again.contains("2026-02-19"), "{again}");
}

#[test]
fn a_baseline_that_is_none_ends_the_run() {
    let folder = Folder::new();
    folder.put("known.jsonl", "{}\n<<<<<<< HEAD\n");
    let (code, out, err) = folder.check(&["--baseline", "known.jsonl"]);
    assert_eq!((code, &*out), (Some(2), ""));
    assert_eq!(err.matches("this is no entry of a baseline").count(), 2, "{err}");
    assert_eq!(folder.check(&["--baseline", "none.jsonl"]).0, Some(2));
    assert_eq!(folder.check(&["--write-baseline", "known.jsonl"]).0, Some(2));
}

#[test]
fn a_change_cannot_edit_the_files_that_it_is_judged_by() {
    let (base, head) = (Folder::new(), Folder::new());
    base.put("strict.yaml", "rules: {plaintext-secret: on}\n");
    base.put("known.jsonl", "");
    head.put("other.yaml", &SECRET.replace("name: db", "name: other"));
    head.check(&["--write-baseline", "known.jsonl", "--today", "2026-01-01"]);
    head.put("strict.yaml", "rules: {plaintext-secret: off}\n");
    let before = base.path().to_str().expect("UTF-8");
    let code = |args: &[&str]| {
        let (code, _, err) =
            head.check(&[&["--base", before, "--fail-on", "warning", "--today", "2026-01-02"], args].concat());
        (code, err)
    };
    for file in [["--config", "strict.yaml"], ["--baseline", "known.jsonl"]] {
        assert_eq!(code(&file).0, Some(0), "{file:?}: the head's word");
        assert_eq!(code(&[&file[..], &["--config-from", "base"]].concat()).0, Some(1), "{file:?}: the base's word");
    }
    // Another way to say it, a link in the way, and what the base does not have.
    let around =
        format!("../{}/./strict.yaml", head.path().file_name().and_then(|name| name.to_str()).expect("a name"));
    assert_eq!(code(&["--config", &around, "--config-from", "base"]).0, Some(1));
    #[cfg(unix)]
    {
        fs::remove_file(head.path().join("strict.yaml")).expect("it is there");
        std::os::unix::fs::symlink("/dev/null", head.path().join("strict.yaml")).expect("the folder is ours");
        assert_eq!(code(&["--config", "strict.yaml", "--config-from", "base", "--severity", "warning"]).0, Some(1));
    }
    let (ended, err) = code(&["--config", "mine.yaml", "--config-from", "base"]);
    assert_eq!((ended, err.contains("`mine.yaml` is not in the base")), (Some(2), true), "{err}");
}
