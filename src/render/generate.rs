//! `ConfigMaps` and Secrets from literals, files and env files (`kustomize api/internal/generators`, `api/kv`).
//!
//! Never: an environment variable; a line of an env file without `=` is an empty value.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use base64::Engine;

use super::context::Context;
use super::emit;
use super::load::{self, Target, Wanted, does_not_build};
use super::patches::{NAMES, is_in_need_of_quotes};
use super::resource::{Author, Behavior, Resource, Source};
use crate::base::{Content, FileId, Problem, ProblemKind, RepoPath, Span, TextRange};
use crate::model::{Entry, Field, How, Key, MadeScalar, Origin, Trees, Value, View};
use crate::parse::{Kind, Scalar, resolve_plain};

/// What is generated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Generated {
    ConfigMap,
    Secret,
}

/// One key with its value, and the bytes that say so.
struct Pair {
    key: String,
    data: Data,
    /// The value's bytes: the part of a literal or env line, the top of a file.
    at: Span,
    /// The entry of the generator: the literal, the name of the env file or file.
    by: Span,
}

enum Data {
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
}

/// Generates one object: `args` is the generator's entry, `global` the kustomization's `generatorOptions`. Files that
/// are read are added to `files`.
///
/// # Errors
/// What kustomize refuses, at the literal, the file or the entry.
pub(super) fn generate(
    cx: &Context<'_>,
    root: &RepoPath,
    kind: Generated,
    args: View<'_>,
    global: Option<View<'_>>,
    files: &mut Vec<FileId>,
) -> Result<Resource, Problem> {
    let name = args.get("name").filter(|name| name.as_str().is_some_and(|name| !name.is_empty()));
    let Some(name) = name else {
        return Err(
            does_not_build(args.place(), "a configmap must have a name").with_help("give the generator a `name`")
        );
    };
    let pairs = pairs(cx, root, args, files)?;
    let made = Maker { by: name.place() };
    let options = [args.get("options"), global].map(|o| o.filter(|o| !o.is_null()));
    let mut entries = vec![
        made.entry("apiVersion", made.text("v1")),
        made.entry("kind", made.text(if kind == Generated::Secret { "Secret" } else { "ConfigMap" })),
        made.entry("metadata", made.metadata(args, name, options)),
    ];
    if kind == Generated::Secret {
        let given = args.get("type").filter(|t| t.as_str().is_some_and(|t| !t.is_empty()));
        entries.push(made.entry("type", given.map_or_else(|| made.text("Opaque"), |t| made.copy(t))));
    }
    made.data(kind, name.as_str().unwrap_or_default(), pairs, &mut entries)?;
    let is_set = |field: &str| options.iter().flatten().any(|o| o.get(field).and_then(|v| v.as_bool()) == Some(true));
    let asks = |o: &&View<'_>| o.get("immutable").and_then(|v| v.as_bool()) == Some(true);
    if let Some(asked) = options.iter().flatten().find(asks).and_then(|o| o.get("immutable")) {
        let value = Value::scalar(MadeScalar::Bool(true), made.origin(asked.place()));
        entries.push(made.entry("immutable", value));
    }
    let mut resource = Resource::new(cx.trees, Value::map(entries, made.origin(made.by)));
    bare_keys(cx.trees.view(&resource.value), &mut Vec::new(), &mut resource.bare_keys);
    resource.behavior = match args.str_at(["behavior"]) {
        Some("merge") => Behavior::Merge,
        Some("replace") => Behavior::Replace,
        _ => Behavior::Create,
    };
    let kind = if kind == Generated::Secret { "SecretGenerator" } else { "ConfigMapGenerator" };
    // Only a configuration of its own says what it is.
    let own = args.get("kind").is_some();
    let author = if own { Author::configured(args) } else { Author::builtin(args.place().file, kind) };
    resource.source = Some(Source::Made(author));
    resource.hash = (!is_set("disableNameSuffixHash")).then_some(made.by);
    Ok(resource)
}

/// The `ServiceAccount` of an `IAMPolicyGenerator` (`kustomize api/filters/iampolicygenerator`).
///
/// # Errors
/// Another cloud than GKE, or nothing to name the account by.
pub(super) fn service_account(cx: &Context<'_>, config: View<'_>) -> Result<Resource, Problem> {
    let cloud = config.get("cloud").unwrap_or(config);
    if cloud.as_str() != Some("gke") {
        let message = format!("cloud provider {} not supported yet", cloud.written());
        return Err(does_not_build(cloud.place(), message));
    }
    let given = |path| config.path(path).filter(|value| value.as_str().is_some_and(|text| !text.is_empty()));
    let Some(name) = given(["kubernetesService", "name"]) else {
        return Err(does_not_build(config.place(), "`kubernetesService.name` must be given"));
    };
    if given(["serviceAccount", "name"]).is_none() {
        // kustomize writes `@` first then, and cannot read what it wrote.
        return Err(does_not_build(config.place(), "`serviceAccount.name` must be given"));
    }
    let made = Maker { by: name.place() };
    let part = |path| given(path).map(|value| value.written()).unwrap_or_default();
    let account = format!(
        "{}@{}.iam.gserviceaccount.com",
        part(["serviceAccount", "name"]),
        part(["serviceAccount", "projectId"])
    );
    let account = made.entry("iam.gke.io/gcp-service-account", made.text(&account));
    let annotations = Value::map(vec![account], made.origin(made.by));
    let mut metadata = vec![made.entry("annotations", annotations), made.entry("name", made.copy(name))];
    metadata.extend(given(["kubernetesService", "namespace"]).map(|value| made.entry("namespace", made.copy(value))));
    let entries = vec![
        made.entry("apiVersion", made.text("v1")),
        made.entry("kind", made.text("ServiceAccount")),
        made.entry("metadata", Value::map(metadata, made.origin(made.by))),
    ];
    let mut resource = Resource::new(cx.trees, Value::map(entries, made.origin(made.by)));
    resource.source = Some(Source::Made(Author::configured(config)));
    Ok(resource)
}

/// The metadata and data of a generated object that takes the place of `old`
/// (`kustomize api/resource.CopyMergeMetaDataFieldsFrom`, `MergeDataMapFrom`).
pub(super) fn over(cx: &Context<'_>, mut new: Resource, old: &Resource) -> Resource {
    let trees = cx.trees;
    let by = trees.view(&new.value).place();
    let mut metadata = new.value.field(trees, "metadata").unwrap_or_else(|| new.value.clone());
    let before = old.value.field(trees, "metadata");
    for field in ["labels", "annotations"] {
        let lower = before.as_ref().and_then(|before| before.field(trees, field));
        if let Some(merged) = laid_over(trees, [lower, metadata.field(trees, field)], Nulls::Written, by) {
            bare_keys(trees.view(&merged), &mut vec!["metadata".into(), field.into()], &mut new.bare_keys);
            metadata.set_field(trees, Key::made(field, by), merged);
        }
    }
    for field in ["name", "namespace"] {
        match before.as_ref().and_then(|before| before.field(trees, field)) {
            Some(value) => metadata.set_field(trees, Key::made(field, by), value),
            None => {
                metadata.remove_field(trees, field);
            }
        }
    }
    new.value.set_field(trees, Key::made("metadata", by), metadata);
    if new.behavior == Behavior::Merge {
        new.source.clone_from(&old.source);
        for field in ["data", "binaryData"] {
            let (lower, upper) = (old.value.field(trees, field), new.value.field(trees, field));
            match laid_over(trees, [lower, upper], Nulls::Empty, by) {
                Some(merged) => {
                    // All keys are written anew.
                    bare_keys(trees.view(&merged), &mut vec![field.into()], &mut new.bare_keys);
                    new.value.set_field(trees, Key::made(field, by), merged);
                }
                None => {
                    new.value.remove_field(trees, field);
                }
            }
        }
    }
    new.reread(trees);
    // They are written anew too, in quotes where they need some.
    new.patched.quoted_names = NAMES.map(|name| is_in_need_of_quotes(trees, &new.value, name));
    new.previous.clone_from(&old.previous);
    new.prefixes.clone_from(&old.prefixes);
    new.suffixes.clone_from(&old.suffixes);
    new.transformers.clone_from(&old.transformers);
    new.variables.clone_from(&old.variables);
    new.behavior = old.behavior;
    new.hash = new.hash.and(old.hash);
    new
}

/// A value as kustomize reads it in a map of text.
fn as_text(trees: &Trees, value: Value, nulls: Nulls) -> Value {
    let view = trees.view(&value);
    let is_plain = view.notation().is_none_or(|kind| kind == Kind::Plain);
    if view.is_scalar() && is_plain && matches!(view.scalar(), Scalar::Str(_)) {
        return value;
    }
    let text = if nulls == Nulls::Empty && view.is_null() { "".into() } else { view.written() };
    let set = value.origin().and_then(|origin| origin.set.clone());
    Value::text(&text, Origin { at: view.place(), set })
}

/// The text of `null`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nulls {
    Written,
    Empty,
}

/// The fields of both maps; `upper` wins, and remembers what it wins over. `None` where there are none.
fn laid_over(trees: &Trees, [lower, upper]: [Option<Value>; 2], nulls: Nulls, by: Span) -> Option<Value> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut rows: HashMap<Box<str>, usize> = HashMap::new();
    for mut map in [lower, upper].into_iter().flatten() {
        let Some(layer) = map.entries_mut(trees) else { continue };
        for entry in std::mem::take(layer) {
            let value = as_text(trees, entry.value, nulls);
            if let Some(row) = rows.get(entry.key.text(trees)) {
                let value = value.over(entries[*row].value.clone());
                entries[*row] = Entry { key: entry.key, value };
            } else {
                rows.insert(entry.key.text(trees).into(), entries.len());
                entries.push(Entry { key: entry.key, value });
            }
        }
    }
    (!entries.is_empty()).then(|| Value::map(entries, Origin::within(by)))
}

/// kustomize writes the keys of what it generates without quotes, and cannot print those that are then no text.
fn bare_keys(view: View<'_>, way: &mut Vec<Box<str>>, found: &mut Vec<(Vec<Box<str>>, Problem)>) {
    for field in view.fields() {
        way.push(field.name().into());
        if !matches!(resolve_plain(field.name()), Scalar::Str(_)) {
            let message = format!("unsupported key `{}`: kustomize writes it without quotes", field.name());
            found.push((way.clone(), does_not_build(field.key_place(), message)));
        }
        bare_keys(field.value, way, found);
        way.pop();
    }
}

/// Makes the values of one generated object.
struct Maker {
    /// The generator's `name`.
    by: Span,
}

impl Maker {
    fn origin(&self, at: Span) -> Origin {
        Origin::set(at, How::Generator, self.by, None)
    }

    fn entry(&self, key: &str, value: Value) -> Entry {
        Entry { key: Key::made(key, self.by), value }
    }

    fn text(&self, text: &str) -> Value {
        Value::text(text, self.origin(self.by))
    }

    /// Text that is written in the kustomization.
    fn copy(&self, view: View<'_>) -> Value {
        Value::text(&view.written(), self.origin(view.place()))
    }

    fn metadata(&self, args: View<'_>, name: View<'_>, options: [Option<View<'_>>; 2]) -> Value {
        let mut entries = vec![self.entry("name", self.copy(name))];
        if let Some(namespace) = args.get("namespace").filter(|n| n.as_str().is_some_and(|n| !n.is_empty())) {
            entries.push(self.entry("namespace", self.copy(namespace)));
        }
        for field in ["labels", "annotations"] {
            let mut seen = HashSet::new();
            // The generator's own options win over the kustomization's.
            let maps = options.into_iter().flatten().filter_map(|o| o.get(field));
            let pairs: Vec<Entry> = maps
                .flat_map(|map| map.fields())
                .filter(|pair| seen.insert(pair.name()))
                .map(|pair| Entry { key: pair.key(), value: self.copy_or_empty(pair) })
                .collect();
            if !pairs.is_empty() {
                entries.push(self.entry(field, Value::map(pairs, self.origin(self.by))));
            }
        }
        Value::map(entries, self.origin(self.by))
    }

    /// `null` is the empty text in a Go map of strings.
    fn copy_or_empty(&self, pair: Field<'_>) -> Value {
        // Nothing need be written where `null` is meant.
        if pair.value.is_null() { Value::text("", self.origin(pair.key_place())) } else { self.copy(pair.value) }
    }

    fn data(&self, kind: Generated, name: &str, pairs: Vec<Pair>, entries: &mut Vec<Entry>) -> Result<(), Problem> {
        let mut seen = HashSet::new();
        let (mut data, mut binary) = (Vec::new(), Vec::new());
        for pair in pairs {
            if !seen.insert(pair.key.clone()) {
                let message = format!("configmap {name} illegally repeats the key `{}`", pair.key);
                return Err(does_not_build(pair.at, message));
            }
            let key = Key::made(&pair.key, pair.at);
            let text = |text: Arc<str>| {
                Value::scalar(MadeScalar::Str(text), Origin::set(pair.at, How::Generator, pair.by, None))
            };
            match (kind, pair.data) {
                (Generated::ConfigMap, Data::Text(value)) if value.starts_with('\t') && value.contains('\n') => {
                    let message = "found a tab character where an indentation space is expected";
                    return Err(does_not_build(pair.at, message).with_help(
                        "kustomize cannot read the block it makes of lines that start with a tab; put a blank line first",
                    ));
                }
                (Generated::ConfigMap, Data::Text(value)) => data.push(Entry { key, value: text(value) }),
                (Generated::ConfigMap, Data::Bytes(bytes)) => {
                    binary.push(Entry { key, value: text(encoded(&bytes).into()) });
                }
                (Generated::Secret, Data::Text(value)) => {
                    data.push(Entry { key, value: text(encoded(value.as_bytes()).into()) });
                }
                (Generated::Secret, Data::Bytes(bytes)) => {
                    data.push(Entry { key, value: text(encoded(&bytes).into()) });
                }
            }
        }
        for (field, map) in [("data", data), ("binaryData", binary)] {
            // kustomize gives a Secret its data even where there is none.
            if !map.is_empty() || (kind == Generated::Secret && field == "data") {
                entries.push(self.entry(field, Value::map(map, self.origin(self.by))));
            }
        }
        Ok(())
    }
}

/// Base64 in lines of 70 characters, as kyaml writes it (`kyaml/yaml/datamap.go`).
fn encoded(bytes: &[u8]) -> String {
    const LINE: usize = 70;
    let plain = base64::engine::general_purpose::STANDARD.encode(bytes);
    if plain.len() < LINE {
        return plain;
    }
    let mut lines = String::with_capacity(plain.len() + plain.len() / LINE + 1);
    let mut rest = plain.as_str();
    while !rest.is_empty() {
        let (line, behind) = rest.split_at(rest.len().min(LINE));
        lines.push_str(line);
        lines.push('\n');
        rest = behind;
    }
    lines
}

/// All pairs of a generator, in kustomize's order: env files, literals, files.
fn pairs(cx: &Context<'_>, root: &RepoPath, args: View<'_>, files: &mut Vec<FileId>) -> Result<Vec<Pair>, Problem> {
    let list = |field| args.get(field).into_iter().flat_map(|list| list.items());
    let mut pairs = Vec::new();
    let env = args.get("env").filter(|env| env.as_str().is_some_and(|env| !env.is_empty()));
    for entry in list("envs").chain(env) {
        if let Some(file) = source(cx, root, entry.as_str().unwrap_or_default(), entry.place(), "env", files)? {
            env_file(cx, file, entry.place(), &mut pairs)?;
        }
    }
    for entry in list("literals") {
        pairs.push(literal(entry)?);
    }
    for entry in list("files") {
        let (key, path) = file_source(entry)?;
        let Some(file) = source(cx, root, &path, entry.place(), "file", files)? else { continue };
        let data = match cx.trees.sources().content(file) {
            Content::Text(text) => Data::Text(text.clone()),
            Content::Binary(bytes) => Data::Bytes(bytes.clone()),
            Content::Failed(_) => Data::Text("".into()),
        };
        // A file without text has no line to point at.
        let by = entry.place();
        let at = if cx.trees.sources().text(file).is_empty() { by } else { cx.trees.top(file) };
        pairs.push(Pair { key, data, at, by });
    }
    Ok(pairs)
}

/// The file that a source names. A file that is not here (in LFS, encrypted) counts as not rendered.
fn source(
    cx: &Context<'_>,
    root: &RepoPath,
    name: &str,
    at: Span,
    what: &str,
    files: &mut Vec<FileId>,
) -> Result<Option<FileId>, Problem> {
    let explain = |problem: Problem| Problem {
        message: format!("loading KV pairs: {what} sources: {}", problem.message),
        ..problem
    };
    match load::find(cx.snapshot, cx.options.load, root, (name, at), Wanted::File).map_err(explain)? {
        Target::File(file) => {
            load::content(cx.trees, file, at)?;
            files.push(file);
            Ok(Some(file))
        }
        Target::Folder(_) => Ok(None),
        Target::Elsewhere(why) => Err(Problem::new(ProblemKind::NotRendered, at, why)),
    }
}

/// The text as it reaches a generator: kustomize writes the configuration of each as JSON and reads that with go-yaml v2.
fn as_configured<'t>(entry: View<'t>) -> Result<Cow<'t, str>, Problem> {
    let Scalar::Str(text) = entry.scalar() else { return Ok("".into()) };
    match emit::from_json(&text) {
        Ok(None) => Ok(text),
        Ok(Some(read)) => Ok(Cow::Owned(read)),
        Err(_) => Err(does_not_build(entry.place(), "control characters are not allowed")),
    }
}

/// `key=value`; the value loses quotes that surround it.
fn literal(entry: View<'_>) -> Result<Pair, Problem> {
    let text = as_configured(entry)?;
    let text = &*text;
    let Some((key, value)) = text.split_once('=').filter(|(key, _)| !key.is_empty()) else {
        // What stands there may be a value whose key was forgotten, so it is not quoted.
        let message = "loading KV pairs: literal sources: invalid literal source, expected key=value";
        return Err(does_not_build(entry.place(), message).with_help("write `key=value`"));
    };
    let bare = unquoted(value);
    let inside = text.len() - value.len() + (value.len() - bare.len()) / 2;
    let at = within(entry, text, inside, bare.len());
    Ok(Pair { key: key.to_owned(), data: Data::Text(bare.into()), at, by: entry.place() })
}

fn unquoted(text: &str) -> &str {
    let inner = |quote| text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

/// The bytes of a part of a scalar's text; the whole scalar where its notation hides them, or the part is empty.
fn within(entry: View<'_>, text: &str, start: usize, len: usize) -> Span {
    let whole = entry.place();
    match entry.trees().sources().slice(whole).find(text) {
        Some(at) if len > 0 => {
            let start = whole.range.start + (at + start) as u32;
            Span { file: whole.file, range: TextRange::new(start, start + len as u32) }
        }
        _ => whole,
    }
}

/// `key=path` or `path`, whose last segment is then the key.
fn file_source(entry: View<'_>) -> Result<(String, String), Problem> {
    let text = entry.as_str().unwrap_or_default();
    let refuse =
        |message: String| Err(does_not_build(entry.place(), format!("loading KV pairs: file sources: {message}")));
    match text.split_once('=') {
        None => Ok((text.rsplit('/').next().unwrap_or(text).to_owned(), text.to_owned())),
        Some((_, path)) if path.contains('=') => refuse("key names or file paths cannot contain '='".to_owned()),
        Some(("", path)) => refuse(format!("missing key name for file path '{path}'")),
        Some((key, "")) => refuse(format!("missing file path for key name '{key}'")),
        Some((key, path)) => Ok((key.to_owned(), path.to_owned())),
    }
}

/// The pairs of an env file: a line each; blank lines and comments are left out.
fn env_file(cx: &Context<'_>, file: FileId, at: Span, pairs: &mut Vec<Pair>) -> Result<(), Problem> {
    let Some(text) = cx.trees.sources().content(file).text() else {
        let message =
            format!("loading KV pairs: env sources: `{}` has invalid utf8 bytes", cx.trees.sources().path(file));
        return Err(does_not_build(at, message));
    };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let from = start;
        start += line.len();
        let line = line.strip_suffix('\n').unwrap_or(line);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let line = if from == 0 { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line };
        let bare = line.trim_start();
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        let (key, value) = bare.split_once('=').unwrap_or((bare, ""));
        if key.is_empty() {
            continue;
        }
        // The line's bytes end where the value does; an empty value is its line.
        let end = (start - (text[from..start].len() - text[from..start].trim_end_matches(['\n', '\r']).len())) as u32;
        let len = if value.is_empty() { bare.len() } else { value.len() } as u32;
        let range = TextRange::new(end.saturating_sub(len), end);
        pairs.push(Pair { key: key.to_owned(), data: Data::Text(value.into()), at: Span { file, range }, by: at });
    }
    Ok(())
}
