//! The steps of `action.yml`, run in order in a made-up runner: an event, its variables and files, and a clone as
//! actions/checkout leaves it, of a repository made on the fly.
//!
//! Never: the network, a build; `cargo` on the runner's PATH puts the tested binary where the build would.

#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "a runner starts programs and reads their files")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

/// Where the history of [`Origin`] stands: three faults, one in each commit.
const OLD: &str = "old/secret.yaml";
const MAIN: &str = "main/secret.yaml";
const CHANGE: &str = "change/secret.yaml";

/// The repository whose workflow it is.
const REPOSITORY: &str = "example/fleet";

/// A bare repository as the forge holds it: `main` with two commits, a branch off the first one, and their merge.
struct Origin {
    temp: tempfile::TempDir,
    first: String,
    main: String,
    change: String,
    merge: String,
}

fn git(folder: &Path, args: &[&str]) -> String {
    let done = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "protocol.file.allow=always"])
        .args(args)
        .current_dir(folder)
        .env_remove("GIT_DIR")
        .env_remove("GIT_INDEX_FILE")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .expect("git runs");
    assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

/// Whether the test can run at all; it says so where it cannot.
fn programs_are_here() -> bool {
    let missing: Vec<&str> =
        ["bash", "git"].into_iter().filter(|name| Command::new(name).arg("--version").output().is_err()).collect();
    if !missing.is_empty() {
        eprintln!("nothing was tested: {} not found", missing.join(" and "));
    }
    missing.is_empty()
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("the folder is ours");
    fs::write(path, text).expect("the folder is ours");
}

fn secret(name: &str) -> String {
    // Written in two parts, so that no host's scanner objects.
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\nstringData:\n  password: Zk8vQ2m{}\n",
        "Xw7LpR4tN"
    )
}

impl Origin {
    fn new() -> Self {
        let temp = tempfile::tempdir().expect("a folder");
        let (bare, work) = (temp.path().join("origin.git"), temp.path().join("work"));
        git(temp.path(), &["init", "-q", "--bare", "-b", "main", "origin.git"]);
        git(&bare, &["config", "uploadpack.allowAnySHA1InWant", "true"]);
        git(temp.path(), &["init", "-q", "-b", "main", "work"]);
        let commit = |path: &str, text: &str| {
            put(&work, path, text);
            git(&work, &["add", "-A"]);
            git(&work, &["commit", "-q", "-m", path]);
            git(&work, &["rev-parse", "HEAD"])
        };
        let first = commit(OLD, &secret("old"));
        let main = commit(MAIN, &secret("main"));
        git(&work, &["checkout", "-q", "-b", "change", &first]);
        (0..12).for_each(|row| drop(commit("notes.txt", &format!("{row}\n"))));
        let hostile = "::error::forged\n```\n::set-output name=x::y\n";
        let change = commit(CHANGE, &format!("{}# {}\n", secret("change"), hostile.replace('\n', "\n# ")));
        git(&work, &["checkout", "-q", "--detach", "main"]);
        git(&work, &["merge", "-q", "--no-ff", "-m", "merged", &change]);
        let merge = git(&work, &["rev-parse", "HEAD"]);
        let to = bare.to_str().expect("UTF-8").to_owned();
        git(&work, &["push", "-q", &to, "main", "change", "HEAD:refs/pull/1/merge", "change:refs/pull/1/head"]);
        Self { temp, first, main, change, merge }
    }

    /// What actions/checkout leaves: one reference of the remote and its commit, checked out.
    fn checkout(&self, name: &str, commit: &str, depth: Option<usize>) -> PathBuf {
        let folder = self.temp.path().join(name);
        let url = format!("file://{}", self.temp.path().join("origin.git").display());
        git(self.temp.path(), &["init", "-q", name]);
        git(&folder, &["remote", "add", "origin", &url]);
        let one = format!("+{commit}:refs/remotes/pull/1/merge");
        match depth {
            Some(depth) => git(&folder, &["fetch", "-q", "--no-tags", &format!("--depth={depth}"), "origin", &one]),
            None => git(&folder, &["fetch", "-q", "--no-tags", "origin", "+refs/heads/*:refs/remotes/origin/*", &one]),
        };
        git(&folder, &["checkout", "-q", "--detach", commit]);
        folder
    }
}

/// One run of the action.
struct Runner {
    files: tempfile::TempDir,
    workspace: PathBuf,
    event_name: &'static str,
    reference: String,
    sha: String,
    event: Value,
    inputs: BTreeMap<String, String>,
    steps: BTreeMap<String, String>,
    /// The tag, branch or commit that the workflow names this action by.
    action_ref: String,
    log: String,
}

/// How a run ended.
struct Ended {
    code: i32,
    /// The outputs of the action.
    outputs: BTreeMap<String, String>,
    summary: String,
    log: String,
    /// The arguments that the tool was called with, a line each.
    arguments: String,
    /// The comments of the pull request.
    comments: Vec<String>,
    /// The calls of the API, a line each: the host, the token, what was asked.
    calls: String,
}

impl Runner {
    fn new(workspace: PathBuf, event_name: &'static str, reference: &str, sha: &str, event: Value) -> Self {
        let files = tempfile::tempdir().expect("a folder");
        put(files.path(), "event.json", &event.to_string());
        put(files.path(), "summary.md", "");
        fs::create_dir(files.path().join("temp")).expect("the folder is ours");
        let programs = files.path().join("programs");
        program(&programs.join("rustc"), "echo 'rustc 1.95.0 (made up)'");
        program(
            &programs.join("cargo"),
            &format!(
                "while [ \"$1\" != --root ]; do shift; done\nmkdir -p \"$2/bin\"\ncp '{0}/tool' \"$2/bin/gitops-guard\"",
                files.path().display()
            ),
        );
        program(&files.path().join("tool"), &tool(files.path()));
        forge(files.path());
        put(files.path(), "comments", "");
        put(files.path(), "head", event.pointer("/pull_request/head/sha").and_then(Value::as_str).unwrap_or_default());
        let (reference, sha) = (reference.to_owned(), sha.to_owned());
        let (inputs, steps, log) = (BTreeMap::new(), BTreeMap::new(), String::new());
        let action_ref = "main".to_owned();
        Self { files, workspace, event_name, reference, sha, event, inputs, steps, action_ref, log }
    }

    /// The workflow names the action by another tag, branch or commit.
    fn at(mut self, action_ref: &str) -> Self {
        action_ref.clone_into(&mut self.action_ref);
        self
    }

    /// There is a release of this version, which holds a program that says so before it does its work.
    fn released(self) -> Self {
        let (files, name) = (self.files.path(), "gitops-guard-x86_64-unknown-linux-musl");
        let release = files.join("release");
        program(
            &release.join(name).join("gitops-guard"),
            &format!("echo released >&2\nexec '{}/tool' \"$@\"", files.display()),
        );
        let pack = format!("tar -czf {name}.tar.gz {name} && sha256sum {name}.tar.gz > SHA256SUMS && touch attested");
        let done = Command::new("sh").args(["-c", &pack]).current_dir(&release).status().expect("a shell runs");
        assert!(done.success());
        self
    }

    /// The pull request has this comment already.
    fn commented(self, who: &str, text: &str) -> Self {
        let lines = fs::read_to_string(self.files.path().join("comments")).expect("the folder is ours");
        let name = format!("comment-{}", lines.lines().count());
        put(self.files.path(), &name, text);
        put(self.files.path(), "comments", &format!("{lines}{who} {name}\n"));
        self
    }

    /// The API refuses all.
    fn refused(self, answer: &str) -> Self {
        put(self.files.path(), "refused", answer);
        self
    }

    fn with(mut self, input: &str, value: &str) -> Self {
        self.inputs.insert(input.to_owned(), value.to_owned());
        self
    }

    /// Runs the steps as they are listed, until one fails.
    fn run(mut self) -> Ended {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(root.join("action.yml")).expect("the action");
        let action: Value = serde_yaml::from_str(&text).expect("the action is YAML");
        for (name, input) in action["inputs"].as_object().expect("inputs") {
            let default = self.replaced(input["default"].as_str().expect("every input has a default"));
            self.inputs.entry(name.clone()).or_insert(default);
        }
        let mut code = 0;
        for step in action["runs"]["steps"].as_array().expect("steps") {
            if code == 0 && step["if"].as_str().is_none_or(|condition| self.holds(condition)) {
                code = self.step(step);
            }
        }
        let outputs = action["outputs"].as_object().expect("outputs").iter();
        let outputs = outputs
            .map(|(name, output)| (name.clone(), self.replaced(output["value"].as_str().expect("a value"))))
            .collect();
        let read = |name: &str| fs::read_to_string(self.files.path().join(name)).unwrap_or_default();
        let comments = read("comments").lines().filter_map(|line| Some(read(line.split_once(' ')?.1))).collect();
        let (summary, arguments, calls) = (read("summary.md"), read("arguments"), read("calls"));
        Ended { code, outputs, summary, arguments, comments, calls, log: self.log }
    }

    /// `A == 'x' && B != 'y'`
    fn holds(&self, condition: &str) -> bool {
        condition.split(" && ").all(|part| {
            let (left, wanted, right) = part
                .split_once(" == ")
                .map(|(left, right)| (left, true, right))
                .or_else(|| part.split_once(" != ").map(|(left, right)| (left, false, right)))
                .expect("a comparison");
            (self.value(left.trim()) == right.trim().trim_matches('\'')) == wanted
        })
    }

    fn replaced(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("${{") {
            let (name, after) = behind.split_once("}}").expect("an expression ends");
            out += before;
            out += &self.value(name.trim());
            rest = after;
        }
        out + rest
    }

    /// What an expression stands for; one that is not known here is a mistake of the action.
    fn value(&self, name: &str) -> String {
        if let Some(input) = name.strip_prefix("inputs.") {
            return self.inputs.get(input).unwrap_or_else(|| panic!("no input `{input}`")).clone();
        }
        if name.starts_with("steps.") {
            return self.steps.get(name).cloned().unwrap_or_default();
        }
        if let Some(path) = name.strip_prefix("github.event.") {
            let found = self.event.pointer(&format!("/{}", path.replace('.', "/")));
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            return found.filter(|value| !value.is_null()).map(text).unwrap_or_default();
        }
        match name {
            "github.event_name" => self.event_name.to_owned(),
            "github.sha" => self.sha.clone(),
            "github.ref" => self.reference.clone(),
            "github.base_ref" => self.base_branch(),
            "github.workspace" => self.workspace.display().to_string(),
            "github.action_path" => env!("CARGO_MANIFEST_DIR").to_owned(),
            "github.action_repository" => "example/gitops-guard".to_owned(),
            "github.action_ref" => self.action_ref.clone(),
            "github.server_url" => "https://forge.example.com".to_owned(),
            "github.repository" => REPOSITORY.to_owned(),
            "github.token" => "made-up".to_owned(),
            _ => panic!("`{name}` is no expression that a composite action may use"),
        }
    }

    fn base_branch(&self) -> String {
        self.event.pointer("/pull_request/base/ref").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn step(&mut self, step: &Value) -> i32 {
        if let Some(uses) = step["uses"].as_str() {
            let (name, commit) = uses.split_once('@').expect("a version");
            assert_eq!((name, commit.len()), ("actions/cache", 40), "an action by its commit");
            assert!(!self.replaced(step["with"]["key"].as_str().expect("a key")).is_empty());
            assert!(self.replaced(step["with"]["path"].as_str().expect("a path")).starts_with('/'));
            return 0;
        }
        let script = step["run"].as_str().expect("a script");
        assert!(!script.contains("${{"), "values reach a script as environment only");
        assert_eq!(step["shell"], "bash");
        put(self.files.path(), "step.sh", script);
        put(self.files.path(), "output", "");
        let done = self.bash(step);
        self.log += &String::from_utf8_lossy(&done.stdout);
        self.log += &String::from_utf8_lossy(&done.stderr);
        let outputs = fs::read_to_string(self.files.path().join("output")).expect("outputs");
        for line in outputs.lines() {
            let (name, value) = line.split_once('=').expect("name=value");
            let step = step["id"].as_str().expect("a step with outputs has an id");
            self.steps.insert(format!("steps.{step}.outputs.{name}"), value.to_owned());
        }
        done.status.code().expect("the step ends by itself")
    }

    fn bash(&self, step: &Value) -> Output {
        let files = self.files.path();
        let path = std::env::var("PATH").unwrap_or_default();
        let folder = step["working-directory"].as_str().map_or_else(|| ".".to_owned(), |folder| self.replaced(folder));
        let mut command = Command::new("bash");
        command
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(files.join("step.sh"))
            .current_dir(self.workspace.join(folder))
            .env_clear()
            .env("PATH", format!("{}:{path}", files.join("programs").display()))
            .env("HOME", files)
            .env("CI", "true")
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_EVENT_NAME", self.event_name)
            .env("GITHUB_EVENT_PATH", files.join("event.json"))
            .env("GITHUB_SHA", &self.sha)
            .env("GITHUB_REF", &self.reference)
            .env("GITHUB_BASE_REF", self.base_branch())
            .env("GITHUB_REPOSITORY", REPOSITORY)
            .env("GITHUB_SERVER_URL", "https://forge.example.com")
            .env("GITHUB_WORKFLOW", "checks")
            .env("GITHUB_JOB", "guard")
            .env("GITHUB_WORKSPACE", &self.workspace)
            .env("GITHUB_OUTPUT", files.join("output"))
            .env("GITHUB_STEP_SUMMARY", files.join("summary.md"))
            .env("RUNNER_TEMP", files.join("temp"))
            .env("RUNNER_OS", "Linux")
            .env("RUNNER_ARCH", "X64");
        for (name, value) in step["env"].as_object().into_iter().flatten() {
            command.env(name, self.replaced(value.as_str().expect("a text")));
        }
        command.output().expect("bash runs")
    }
}

/// A forge without a network: the tags that it lists, the files of its release, what it attests, and the comments of its
/// pull request lie in a folder.
fn forge(files: &Path) {
    let (programs, release) = (files.join("programs"), files.join("release"));
    let here = release.display();
    let tags = format!("if [ \"$1\" = ls-remote ]; then cat '{here}/tags' 2>/dev/null; exit; fi");
    program(&programs.join("git"), &format!("{tags}\nPATH=${{PATH#*:}}\nexec git \"$@\""));
    let fetched =
        format!("while [ \"$1\" != --output ]; do shift; done\ncp \"{here}/${{3##*/}}\" \"$2\" 2>/dev/null || exit 22");
    program(&programs.join("curl"), &fetched);
    program(&programs.join("gh"), &GH.replace("HERE", &files.display().to_string()));
}

/// What the action calls of `gh`: an attestation is verified, comments are listed, made and changed. A file `refused` is
/// what the API answers instead; `comments` has a line each: who wrote it, and the name of the file with its text. Every
/// call is noted, with the token that it had.
const GH: &str = r#"
here='HERE'
if [ "$1 $2" = 'attestation verify' ]; then [ -f "$here/release/attested" ]; exit; fi
[ "$1 $2" = 'api graphql' ] || exit 64
shift 2
query= id= body= filter= paged=no
while [ $# -gt 0 ]; do
  case $1 in
    --paginate) paged=yes; shift; continue ;;
    --jq) filter=$2 ;;
    -f|-F)
      case $2 in
        query=*) query=${2#query=} ;;
        id=*) id=${2#id=} ;;
        body=@*) body=${2#body=@} ;;
        owner=example|name=fleet|number=1) ;;
        *) exit 64 ;;
      esac ;;
    *) exit 64 ;;
  esac
  shift 2
done
case $query in
  *'comments(first: 100'*) call="list $paged" ;;
  *updateIssueComment*) call="update $id" ;;
  *addComment*) call="add $id" ;;
  *) exit 64 ;;
esac
printf '%s %s %s\n' "$GH_HOST" "$GH_TOKEN" "$call" >> "$here/calls"
if [ -f "$here/refused" ]; then cat "$here/refused" >&2; exit 1; fi
case $call in
  list*)
    mark=$(printf '%s' "$filter" | sed -n 's/.*select(.viewerDidAuthor and (.body | startswith("\(<!-- [^"]* -->\)"))).*/\1/p')
    [ -n "$mark" ] || exit 64
    printf 'pull PULL %s\n' "$(cat "$here/head")"
    while read -r who file; do
      if [ "$who" = me ] && [ "$(head -n 1 "$here/$file")" = "$mark" ]; then echo "mine $file"; fi
    done < "$here/comments" ;;
  update*) cp "$body" "$here/$id"; echo "comment: $id" ;;
  add*)
    name=comment-$(wc -l < "$here/comments" | tr -d ' ')
    cp "$body" "$here/$name"
    echo "me $name" >> "$here/comments" ;;
esac
"#;

/// An executable file.
fn program(path: &Path, script: &str) {
    let root = path.parent().expect("a file lies in a folder");
    put(root, path.file_name().and_then(|name| name.to_str()).expect("a name"), &format!("#!/bin/sh\n{script}\n"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("the file is ours");
    }
}

/// The tested binary behind a script that notes its arguments.
fn tool(files: &Path) -> String {
    format!(
        "printf '%s\\n' \"$@\" > '{}/arguments'\nexec '{}' \"$@\"",
        files.display(),
        env!("CARGO_BIN_EXE_gitops-guard")
    )
}

/// The event of pull request 1, whose payload may be older than the base branch.
fn pull(origin: &Origin) -> Value {
    json!({
        "pull_request": {
            "number": 1,
            "base": {"sha": origin.first, "ref": "main", "repo": {"full_name": REPOSITORY}},
            "head": {"sha": origin.change, "ref": "change", "repo": {"full_name": REPOSITORY}},
        },
        "repository": {"default_branch": "main"},
    })
}

fn push(before: &str) -> Value {
    json!({"before": before, "repository": {"default_branch": "main"}})
}

impl Ended {
    /// The change alone is told: neither what was there nor what main got meanwhile.
    #[track_caller]
    fn says(&self, code: i32, told: &[&str]) {
        assert_eq!(self.code, code, "{}", self.log);
        assert_eq!(self.outputs["exit-code"], code.to_string());
        assert_eq!(self.outputs["findings"], told.len().to_string(), "{}", self.log);
        for path in [OLD, MAIN, CHANGE] {
            assert_eq!(self.summary.contains(path), told.contains(&path), "{path}: {}", self.summary);
        }
    }
}

#[test]
fn a_pull_request_is_compared_with_the_first_parent_of_its_merge_commit() {
    if !programs_are_here() {
        return;
    }
    let origin = Origin::new();
    for depth in [Some(1), Some(2), None] {
        let folder = origin.checkout(&format!("depth-{}", depth.unwrap_or(0)), &origin.merge, depth);
        let ended =
            Runner::new(folder.clone(), "pull_request", "refs/pull/1/merge", &origin.merge, pull(&origin)).run();
        ended.says(1, &[CHANGE]);
        assert_eq!(ended.outputs["errors"], "1");
        assert!(!ended.arguments.contains("--config-from"), "{}", ended.arguments);
        // A full clone stays one.
        assert_eq!(folder.join(".git/shallow").exists(), depth.is_some());
    }
}

#[test]
fn a_checkout_of_the_head_of_a_pull_request_fetches_until_the_histories_meet() {
    if !programs_are_here() {
        return;
    }
    let origin = Origin::new();
    for depth in [Some(1), None] {
        let folder = origin.checkout(&format!("head-{}", depth.is_some()), &origin.change, depth);
        let run = Runner::new(folder.clone(), "pull_request", "refs/pull/1/merge", &origin.merge, pull(&origin)).run();
        run.says(1, &[CHANGE]);
        assert!(depth.is_some() || !folder.join(".git/shallow").exists());
    }
}

#[test]
fn a_change_from_a_fork_is_judged_by_the_base_and_what_it_holds_is_neither_command_nor_markup() {
    if !programs_are_here() {
        return;
    }
    let origin = Origin::new();
    // Nobody can write where the change comes from: the remote is what it was.
    let before = git(&origin.temp.path().join("origin.git"), &["for-each-ref"]);
    // The last repository is gone; its name is not told.
    for (row, repo) in [json!({"full_name": "other/fleet"}), Value::Null].into_iter().enumerate() {
        let folder = origin.checkout(&format!("fork-{row}"), &origin.merge, Some(1));
        let mut event = pull(&origin);
        event["pull_request"]["head"]["repo"] = repo;
        event["pull_request"]["head"]["ref"] = json!("$(touch pwned)`touch pwned`");
        event["pull_request"]["title"] = json!("\"; touch pwned; '\n::error::forged");
        let run = || Runner::new(folder.clone(), "pull_request", "refs/pull/1/merge", &origin.merge, event.clone());
        let ended = run().run();
        ended.says(1, &[CHANGE]);
        assert!(ended.arguments.contains("--config-from=base\n"), "{}", ended.arguments);
        assert!(ended.calls.is_empty() && ended.comments.is_empty(), "{}", ended.calls);
        assert!(ended.log.contains("no comment on the pull request: it comes from a fork"), "{}", ended.log);
        assert_eq!(git(&origin.temp.path().join("origin.git"), &["for-each-ref"]), before);
        assert!(!folder.join("pwned").exists());
        assert!(!ended.summary.lines().any(|line| line.starts_with("::")), "{}", ended.summary);
        assert!(!ended.summary.contains("forged"), "{}", ended.summary);
        let (_, behind) = ended.log.split_once("::stop-commands::").expect("commands are stopped");
        let (token, behind) = behind.split_once('\n').expect("a line");
        assert!(behind.contains(&format!("\n::{token}::\n")), "{}", ended.log);
        // Who wrote the workflow may say otherwise.
        let ended = run().with("config-from", "head").with("comment", "true").run();
        assert!(ended.arguments.contains("--config-from=head\n") && ended.comments.len() == 1, "{}", ended.log);
        let ended = run().with("config-from", "head").with("comment", "true").refused("gh: Forbidden\nmore").run();
        let warning = "::warning::no comment on the pull request: gh: Forbidden (it takes";
        assert!(ended.code == 1 && ended.log.contains(warning), "{}", ended.log);
    }
}

#[test]
fn a_change_from_a_fork_cannot_switch_off_its_judge() {
    if !programs_are_here() {
        return;
    }
    let origin = Origin::new();
    let folder = origin.checkout("off", &origin.merge, Some(2));
    put(&folder, ".gitops-guard.yaml", "rules: {plaintext-secret: off}\n");
    git(&folder, &["add", "-A"]);
    let run = |repository: &str| {
        let mut event = pull(&origin);
        event["pull_request"]["head"]["repo"]["full_name"] = json!(repository);
        Runner::new(folder.clone(), "pull_request", "refs/pull/1/merge", &origin.merge, event).run()
    };
    assert_eq!((run("other/fleet").code, run(REPOSITORY).code), (1, 0));
}

#[test]
fn one_comment_is_made_and_kept_up_to_date() {
    if !programs_are_here() {
        return;
    }
    let origin = Origin::new();
    let folder = origin.checkout("comment", &origin.merge, Some(2));
    let run = || Runner::new(folder.clone(), "pull_request", "refs/pull/1/merge", &origin.merge, pull(&origin));
    let token = "forge.example.com made-up";
    let first = run().run();
    first.says(1, &[CHANGE]);
    assert_eq!(first.calls, format!("{token} list yes\n{token} add PULL\n"));
    let [text] = &*first.comments else { panic!("{}", first.log) };
    assert!(
        text.starts_with("<!-- gitops-guard: ") && text.contains("\n### ❌ 1 error") && text.contains(CHANGE),
        "{text}"
    );
    let (mark, body) = text.split_once('\n').expect("a line");
    assert_eq!(fs::read_to_string(&first.outputs["summary-file"]).ok().as_deref(), None, "the runner's files are gone");
    assert!(first.summary.starts_with("<!-- gitops-guard -->\n### ❌") && !body.is_empty(), "{}", first.summary);
    // Its own is changed; those of others, and of other jobs, stay what they are, whatever they hold.
    let old = format!("{mark}\nold\n");
    let again = run().commented("other", &old).commented("me", "hello\n").commented("me", &old).run();
    assert_eq!(again.calls, format!("{token} list yes\n{token} update comment-2\n"));
    assert_eq!(again.comments, [old.clone(), "hello\n".to_owned(), text.clone()]);
    let other = run().commented("me", &old).with("config", "guard.yaml").run();
    assert_eq!((other.code, other.comments.len()), (2, 2), "a configuration that is not there: {}", other.log);
    assert!(other.comments[1].contains("\n### ❌ gitops-guard could not judge this change\n\n    error: "));
    assert!(other.summary.contains("\n    error: ") && other.outputs["findings"].is_empty());
    // Nothing is asked for by whom it does not concern.
    assert!(run().with("comment", "false").run().calls.is_empty());
    assert!(run().with("token", "").run().calls.is_empty());
    let refused = run().refused("gh: Resource not accessible by integration\n").run();
    refused.says(1, &[CHANGE]);
    assert!(refused.log.contains("no comment on the pull request: gh: Resource not accessible"), "{}", refused.log);
    assert!(!refused.log.contains("::warning::"));
    // A run that comes too late says nothing of an older state.
    let late = run();
    put(late.files.path(), "head", "another");
    let late = late.commented("me", &old).run();
    assert!(late.comments == [old.clone()] && late.log.contains("it has moved on"), "{}", late.log);
}

#[test]
fn a_clean_change_makes_no_comment_and_mends_an_older_one() {
    if !programs_are_here() {
        return;
    }
    let origin = Origin::new();
    // The change is what main has already.
    let folder = origin.checkout("clean", &origin.main, None);
    let run = || {
        let event = pull(&origin);
        Runner::new(folder.clone(), "pull_request", "refs/pull/1/head", &origin.main, event).with("base", &origin.main)
    };
    let ended = run().run();
    ended.says(0, &[]);
    assert!(ended.comments.is_empty() && ended.log.contains("nothing is touched"), "{}", ended.log);
    let asked = run().with("comment", "true").run();
    let [text] = &*asked.comments else { panic!("{}", asked.log) };
    assert!(text.contains("✅"), "{text}");
    let mended = run().commented("me", &text.replace('✅', "❌")).run();
    assert_eq!(mended.comments, std::slice::from_ref(text));
}

#[test]
fn a_push_on_a_shallow_clone_is_compared_with_what_was_there_before() {
    if !programs_are_here() {
        return;
    }
    let origin = Origin::new();
    let folder = origin.checkout("push", &origin.main, Some(1));
    Runner::new(folder, "push", "refs/heads/main", &origin.main, push(&origin.first)).run().says(1, &[MAIN]);
}

#[test]
fn a_first_push_is_judged_as_a_whole_and_a_new_branch_against_the_default_branch() {
    if !programs_are_here() {
        return;
    }
    let origin = Origin::new();
    let zero = "0".repeat(40);
    let folder = origin.checkout("first", &origin.main, Some(1));
    Runner::new(folder, "push", "refs/heads/main", &origin.main, push(&zero)).run().says(1, &[OLD, MAIN]);
    let folder = origin.checkout("branch", &origin.change, Some(1));
    Runner::new(folder, "push", "refs/heads/change", &origin.change, push(&zero)).run().says(1, &[CHANGE]);
}

#[test]
fn a_merge_group_and_a_base_that_is_named_are_fetched() {
    if !programs_are_here() {
        return;
    }
    let origin = Origin::new();
    let folder = origin.checkout("group", &origin.merge, Some(1));
    let event = json!({"merge_group": {"base_sha": origin.main}, "repository": {"default_branch": "main"}});
    Runner::new(folder, "merge_group", "refs/heads/queue/main/1", &origin.merge, event).run().says(1, &[CHANGE]);
    // By hand: a branch against the default branch, which itself is judged as a whole.
    let event = || json!({"repository": {"default_branch": "main"}});
    let folder = origin.checkout("hand", &origin.change, Some(1));
    Runner::new(folder, "workflow_dispatch", "refs/heads/change", &origin.change, event()).run().says(1, &[CHANGE]);
    let folder = origin.checkout("whole", &origin.main, Some(1));
    Runner::new(folder, "workflow_dispatch", "refs/heads/main", &origin.main, event()).run().says(1, &[OLD, MAIN]);
    for base in ["main", "origin/main", &origin.main] {
        let folder = origin.checkout(&format!("base-{}", base.replace('/', "-")), &origin.merge, Some(1));
        let run = Runner::new(folder, "workflow_dispatch", "refs/heads/change", &origin.merge, json!({}));
        run.with("base", base).run().says(1, &[CHANGE]);
    }
}

#[test]
fn a_release_is_taken_with_its_checksum_and_attestation_and_only_where_the_action_is_at_its_tag() {
    if !programs_are_here() {
        return;
    }
    let origin = Origin::new();
    let folder = origin.checkout("released", &origin.merge, Some(2));
    let tag = concat!("v", env!("CARGO_PKG_VERSION"));
    let commit = "0123456789".repeat(4);
    let run =
        || Runner::new(folder.clone(), "pull_request", "refs/pull/1/merge", &origin.merge, pull(&origin)).released();
    let is_released = |ended: &Ended| ended.log.contains("\nreleased\n");
    let ended = run().at(tag).run();
    ended.says(1, &[CHANGE]);
    assert!(is_released(&ended), "{}", ended.log);
    // A commit is the release where the tag leads to it; else, and on a branch, the sources are what was asked for.
    let by_commit = run().at(&commit);
    put(
        by_commit.files.path(),
        "release/tags",
        &format!("{}\trefs/tags/{tag}\n{commit}\trefs/tags/{tag}^{{}}\n", "1".repeat(40)),
    );
    assert!(is_released(&by_commit.run()));
    for other in ["main", &commit] {
        let ended = run().at(other).run();
        ended.says(1, &[CHANGE]);
        assert!(!is_released(&ended), "{other}: {}", ended.log);
    }
    let unreleased = run().at(tag);
    fs::remove_file(unreleased.files.path().join("release/SHA256SUMS")).expect("the file is ours");
    unreleased.run().says(1, &[CHANGE]);
    // What is not what the release workflow made is neither run nor worked around.
    for file in ["SHA256SUMS", "attested"] {
        let forged = run().at(tag);
        let path = forged.files.path().join("release").join(file);
        match file {
            "attested" => fs::remove_file(path).expect("the file is ours"),
            _ => fs::write(path, format!("{}  gitops-guard-x86_64-unknown-linux-musl.tar.gz\n", "0".repeat(64)))
                .expect("the file is ours"),
        }
        let ended = forged.run();
        assert_eq!((ended.code, ended.arguments.as_str()), (2, ""), "{file}: {}", ended.log);
        assert!(ended.log.contains("::error::"));
    }
}

#[test]
fn arguments_are_taken_from_a_list_and_all_reports_come_from_one_run() {
    if !programs_are_here() {
        return;
    }
    let origin = Origin::new();
    let folder = origin.checkout("arguments", &origin.merge, Some(2));
    let run = |name: &str, value: &str| {
        let event = pull(&origin);
        Runner::new(folder.clone(), "pull_request", "refs/pull/1/merge", &origin.merge, event).with(name, value).run()
    };
    let ended = run("args", "--all --select secrets\n--severity=error old");
    assert_eq!(ended.code, 0, "what is shown lies below a path: {}", ended.log);
    let report = |format: &str| ended.arguments.lines().any(|line| line.starts_with(&format!("--format={format}")));
    let formats = ["github", "sarif=/", "text=/", "json=/", "markdown=/", "step-summary=/"];
    assert!(formats.into_iter().all(report), "{}", ended.arguments);
    assert!(ended.arguments.ends_with("\n--all\n--select=secrets\n--severity=error\n--\nold\n"), "{}", ended.arguments);
    assert_eq!(run("fail-on", "never").outputs["exit-code"], "0");
    for (name, value) in [
        ("args", "--format=json=/etc/passwd"),
        ("args", "--base x"),
        ("args", "-- $(touch pwned)"),
        ("args", "--select"),
        ("args", "--config-from head"),
        ("comment", "maybe"),
        ("config-from", "fork"),
        ("fail-on", "sometimes"),
    ] {
        let ended = run(name, value);
        assert_eq!((ended.code, ended.arguments.as_str()), (2, ""), "{name}={value}: {}", ended.log);
        assert!(ended.log.contains("::error::"));
    }
    assert!(!folder.join("pwned").exists());
    for value in ["--upload-pack=x", "a b", "x:y"] {
        assert_eq!(run("base", value).code, 2, "{value}");
    }
    assert_eq!(run("version", "999.0.0").code, 2);
    assert_eq!(run("version", concat!("v", env!("CARGO_PKG_VERSION"))).code, 1);
    let here = run("executable", env!("CARGO_BIN_EXE_gitops-guard"));
    assert_eq!(here.code, 1, "{}", here.log);
    assert!(here.log.contains("::error ") && Path::new(&here.outputs["sarif-file"]).file_name().is_some());
    assert!(here.arguments.is_empty(), "nothing was built");
}
