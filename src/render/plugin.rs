//! Plugin configurations under `generators`, `transformers` and `validators`: kustomize's own kinds, mapped onto the same
//! steps as the fields of a kustomization (`kustomize api/internal/plugins/builtinhelpers`).
//!
//! Never: a program or a container; what needs one is not rendered.

use super::context::{Context, Missing};
use super::finish;
use super::generate::{self, Generated};
use super::load::{self, Target, Wanted, does_not_build};
use super::patches::Patcher;
use super::remote;
use super::resource::Resource;
use super::select::Selector;
use super::set::ResourceSet;
use super::transform::{self, Addition, Cx, NamespaceOptions, SpecKind, Specs, SubjectMode, Which};
use crate::base::{FileId, Problem, ProblemKind, RepoPath, Span};
use crate::model::{Entry, Key, MadeScalar, Origin, Silent, Value, View};
use crate::parse::Scalar;

/// The list that names a configuration.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Generator,
    Transformer,
    Validator,
}

/// One configuration at work.
pub(super) struct Run<'p> {
    pub(super) cx: &'p Context<'p>,
    pub(super) root: &'p RepoPath,
    pub(super) specs: Specs,
    pub(super) missing: Missing,
    pub(super) set: &'p mut ResourceSet,
    pub(super) files: &'p mut Vec<FileId>,
    pub(super) silent: &'p mut Silent,
}

impl Run<'_> {
    /// Runs a configuration. A generator gives what it makes; all others act on the objects that are there.
    ///
    /// # Errors
    /// What kustomize refuses, at its line; `NotRendered` for plugins that are no part of kustomize.
    pub(super) fn run(mut self, config: View<'_>, role: Role) -> Result<Option<Resource>, Problem> {
        let kind = config.get("kind").unwrap_or(config);
        let name = kind.as_str().unwrap_or_default();
        if config.str_at(["apiVersion"]) != Some("builtin") {
            return Err(Problem::new(ProblemKind::NotRendered, kind.place(), self.function(config, name)));
        }
        let config = self.as_go_reads(config);
        let config = self.cx.trees.view(&config);
        let generated = match name {
            "ConfigMapGenerator" => Some(Generated::ConfigMap),
            "SecretGenerator" => Some(Generated::Secret),
            _ => None,
        };
        match (role, generated) {
            (Role::Generator, Some(generated)) => {
                let args = self.generator_args(config);
                let args = self.cx.trees.view(&args);
                generate::generate(self.cx, self.root, generated, args, None, self.files).map(Some)
            }
            (Role::Generator, None) if name == "IAMPolicyGenerator" => {
                generate::service_account(self.cx, config).map(Some)
            }
            (_, None) if !matches!(name, "HelmChartInflationGenerator" | "IAMPolicyGenerator") => {
                if role == Role::Generator {
                    return Err(does_not_build(kind.place(), format!("plugin {name} not a generator")));
                }
                self.transform(name, kind, config).map(|()| None)
            }
            (Role::Generator, None) => {
                let message = remote::chart(self.cx.snapshot, self.root, config, None);
                Err(Problem::new(ProblemKind::NotRendered, kind.place(), message))
            }
            (_, _) => Err(does_not_build(kind.place(), format!("plugin {name} not a transformer"))),
        }
    }

    /// What is said of a plugin that is no part of kustomize: a container or program that an annotation names, or one that
    /// is found by its kind.
    fn function(&self, config: View<'_>, name: &str) -> String {
        let trees = self.cx.trees;
        let written = ["config.kubernetes.io/function", "config.k8s.io/function"]
            .into_iter()
            .find_map(|annotation| config.path(["metadata", "annotations", annotation]));
        let document = written.and_then(|text| trees.embedded(text)).and_then(|file| trees.documents(file).next());
        let function = document.as_ref().map(|document| trees.view(document));
        let named = |path| function.and_then(|function| function.str_at(path)).filter(|text| !text.is_empty());
        match (named(["container", "image"]), named(["exec", "path"])) {
            (Some(image), _) => format!("the function `{name}` is not rendered: it runs the container `{image}`"),
            (None, Some(path)) => format!("the function `{name}` is not rendered: it runs the program `{path}`"),
            (None, None) => format!("the plugin `{name}` is not rendered: it runs a program"),
        }
    }

    /// The configuration with kustomize's spelling of its fields, which Go finds in any case, and with text where Go
    /// wants text: a configuration is read less strictly than a kustomization.
    fn as_go_reads(&self, config: View<'_>) -> Value {
        let trees = self.cx.trees;
        let spelled = |field: &crate::model::Field<'_>, known: &[&'static str]| {
            let name = field.name();
            let other = known.iter().find(|known| **known != name && known.eq_ignore_ascii_case(name));
            other.map_or_else(|| field.key(), |known| Key::made(known, field.key_place()))
        };
        let inner = |name: &str, value: View<'_>| match name {
            "labels" | "annotations" if value.is_map() => {
                let pairs = value.fields().map(|pair| Entry { key: pair.key(), value: as_text(pair.value) });
                Value::map(pairs.collect(), Origin::within(value.place()))
            }
            "imageTag" if value.is_map() => {
                let parts =
                    value.fields().map(|part| Entry { key: spelled(&part, &IMAGE), value: as_text(part.value) });
                Value::map(parts.collect(), Origin::within(value.place()))
            }
            "prefix" | "suffix" | "value" => as_text(value),
            _ => value.value(),
        };
        let entries = config.fields().map(|field| {
            let key = spelled(&field, &TOP);
            let value = inner(key.text(trees), field.value);
            Entry { key, value }
        });
        let entries = entries.collect();
        Value::map(entries, Origin::within(config.place()))
    }

    /// Name and namespace may stand in the configuration's metadata.
    fn generator_args(&self, config: View<'_>) -> Value {
        let trees = self.cx.trees;
        let mut args = config.value();
        // Only a kustomization's `env` is folded into `envs`; a configuration has no such field.
        args.remove_field(trees, "env");
        for field in ["name", "namespace"] {
            let own = config.str_at([field]).is_some_and(|text| !text.is_empty());
            if let Some(value) = config.path(["metadata", field]).filter(|_| !own) {
                args.set_field(trees, Key::made(field, value.place()), value.value());
            }
        }
        args
    }

    fn transform(&mut self, name: &str, kind: View<'_>, config: View<'_>) -> Result<(), Problem> {
        match name {
            "PatchTransformer" => self.patcher().entry(config),
            "PatchJson6902Transformer" => self.patcher().json6902(config, "jsonOp"),
            "PatchStrategicMergeTransformer" => {
                if config.get("paths").is_none() && config.get("patches").is_none() {
                    return Err(does_not_build(kind.place(), "empty file path and empty patch content"));
                }
                let texts =
                    config.get("paths").into_iter().flat_map(|paths| paths.items()).chain(config.get("patches"));
                texts.into_iter().try_for_each(|text| self.patcher().strategic(text))
            }
            "HashTransformer" => finish::add_hashes(self.cx.trees, self.set.edit()),
            "NamespaceTransformer" => self.namespace(config),
            "PrefixSuffixTransformer" => {
                self.with_specs(config, "prefix", SpecKind::NamePrefix, transform::prefix)?;
                self.with_specs(config, "suffix", SpecKind::NameSuffix, transform::suffix)
            }
            "PrefixTransformer" => self.with_specs(config, "prefix", SpecKind::NamePrefix, transform::prefix),
            "SuffixTransformer" => self.with_specs(config, "suffix", SpecKind::NameSuffix, transform::suffix),
            "LabelTransformer" => self.with_specs(config, "labels", SpecKind::CommonLabels, transform::common_labels),
            "AnnotationsTransformer" => {
                self.with_specs(config, "annotations", SpecKind::CommonAnnotations, transform::annotations)
            }
            "ImageTagTransformer" => self.with_specs(config, "imageTag", SpecKind::Images, transform::image),
            "ReplicaCountTransformer" => self.with_specs(config, "replica", SpecKind::Replicas, transform::replica),
            "ReplacementTransformer" => self.replacements(config),
            "ValueAddTransformer" => self.add_value(config),
            _ => Err(does_not_build(kind.place(), format!("unable to load builtin {name}.builtin.[noGrp]"))),
        }
    }

    fn replacements(&mut self, config: View<'_>) -> Result<(), Problem> {
        let specs = self.specs.clone();
        for entry in config.get("replacements").into_iter().flat_map(|list| list.items()) {
            for value in &replacement_entry(self.cx, self.root, entry, self.files)? {
                self.step(&specs, self.cx.trees.view(value), |cx, resources, field| {
                    transform::replacements(cx, resources, field, entry.place())
                })?;
            }
        }
        Ok(())
    }

    /// Puts a value into the fields of the `targets`, which may stand in a file of their own.
    fn add_value(&mut self, config: View<'_>) -> Result<(), Problem> {
        let trees = self.cx.trees;
        let given = config.get("value").filter(|value| value.as_str().is_some_and(|text| !text.trim().is_empty()));
        let folder = self.root.segments().last();
        let (text, at) = match (given, folder) {
            (Some(value), _) => (value.as_str().unwrap_or_default().trim(), value.place()),
            (None, Some(folder)) => (folder, config.place()),
            (None, None) => {
                let message = "the value is the name of the folder, which is not known for the whole tree";
                return Err(Problem::new(ProblemKind::NotRendered, config.place(), message));
            }
        };
        let shared = self.shared_targets(config)?;
        let shared = shared.as_ref().and_then(|document| trees.view(document).get("targets"));
        let lists = [config.get("targets"), shared];
        let targets: Vec<View<'_>> = lists.into_iter().flatten().flat_map(|list| list.items()).collect();
        if targets.is_empty() {
            return Err(does_not_build(config.place(), "must specify at least one target"));
        }
        for target in targets {
            self.add_to(target, text, at)?;
        }
        self.set.edit();
        Ok(())
    }

    fn add_to(&mut self, target: View<'_>, text: &str, at: Span) -> Result<(), Problem> {
        let cx = Cx { trees: self.cx.trees, schema: self.cx.schema(), specs: &self.specs, trace: self.cx.trace };
        let Some(path) = target.str_at(["fieldPath"]).filter(|path| !path.is_empty()) else {
            return Err(does_not_build(target.place(), "fieldPath cannot be empty"));
        };
        let position = target.get("filePathPosition").filter(|position| !position.is_null());
        let position = position.map_or(Ok(0), |given| {
            let position = given.as_int().and_then(|position| usize::try_from(position).ok());
            position.ok_or_else(|| does_not_build(given.place(), "filePathPosition must be a number from 0 up"))
        })?;
        let selector = target.get("selector").filter(|selector| !selector.is_null());
        let selector = selector.map(Selector::new).transpose()?;
        let addition = Addition { text, at, path, position };
        for resource in self.set.edit() {
            if selector.as_ref().is_none_or(|selector| selector.matches(cx.trees, cx.schema, resource)) {
                transform::add_value(&cx, resource, &addition)?;
            }
        }
        Ok(())
    }

    /// The file of targets that a `ValueAddTransformer` names.
    fn shared_targets(&mut self, config: View<'_>) -> Result<Option<Value>, Problem> {
        let named = config.get("targetFilePath").filter(|path| path.as_str().is_some_and(|path| !path.is_empty()));
        let Some(named) = named else { return Ok(None) };
        let (cx, at) = (self.cx, named.place());
        match load::find(
            cx.snapshot,
            cx.options.load,
            self.root,
            (named.as_str().unwrap_or_default(), at),
            Wanted::File,
        )? {
            Target::File(file) => {
                load::content(cx.trees, file, at)?;
                self.files.push(file);
                Ok(cx.trees.documents(file).next())
            }
            Target::Folder(_) => Ok(None),
            Target::Elsewhere(why) => Err(Problem::new(ProblemKind::NotRendered, at, why)),
        }
    }

    fn patcher(&mut self) -> Patcher<'_> {
        Patcher {
            cx: self.cx,
            root: self.root,
            missing: self.missing,
            set: self.set,
            files: self.files,
            silent: self.silent,
        }
    }

    fn namespace(&mut self, config: View<'_>) -> Result<(), Problem> {
        let Some(field) = config.path(["metadata", "namespace"]) else { return Ok(()) };
        let unset = config.get("unsetOnly").and_then(|value| value.as_bool()) == Some(true);
        let subjects = config.get("setRoleBindingSubjects").map(SubjectMode::parse).transpose()?.unwrap_or_default();
        let options = NamespaceOptions { which: if unset { Which::Unset } else { Which::All }, subjects };
        let specs = self.replaced(config, SpecKind::Namespace)?;
        self.step(&specs, field, |cx, resources, field| transform::namespace_with(cx, resources, field, options))
    }

    /// Runs a step on one field of the configuration, with the configuration's own `fieldSpecs` and no others.
    fn with_specs(
        &mut self,
        config: View<'_>,
        field: &str,
        kind: SpecKind,
        run: impl Fn(&Cx<'_>, &mut [Resource], View<'_>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let Some(value) = config.get(field).filter(|value| !value.is_null()) else { return Ok(()) };
        let specs = self.replaced(config, kind)?;
        self.step(&specs, value, run)
    }

    fn replaced(&self, config: View<'_>, kind: SpecKind) -> Result<Specs, Problem> {
        match config.get("fieldSpecs") {
            Some(given) if given.is_seq() => self.specs.replacing(kind, given),
            _ => {
                let none = Value::seq(Vec::new(), Origin::within(config.place()));
                self.specs.replacing(kind, self.cx.trees.view(&none))
            }
        }
    }

    fn step(
        &mut self,
        specs: &Specs,
        field: View<'_>,
        run: impl Fn(&Cx<'_>, &mut [Resource], View<'_>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let cx = Cx { trees: self.cx.trees, schema: self.cx.schema(), specs, trace: self.cx.trace };
        match run(&cx, self.set.edit(), field) {
            Err(_) if self.missing == Missing::Unknown => Ok(()),
            done => done,
        }
    }
}

/// The fields of the configurations whose spelling is mended.
const TOP: [&str; 18] = [
    "annotations",
    "fieldSpecs",
    "imageTag",
    "jsonOp",
    "labels",
    "options",
    "patch",
    "patches",
    "path",
    "paths",
    "prefix",
    "replica",
    "replacements",
    "suffix",
    "target",
    "targetFilePath",
    "targets",
    "value",
];

const IMAGE: [&str; 5] = ["name", "newName", "newTag", "tagSuffix", "digest"];

/// A number or boolean as Go puts it into a string.
fn as_text(value: View<'_>) -> Value {
    let text = match value.scalar() {
        Scalar::Bool(is) => is.to_string(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Uint(number) => number.to_string(),
        Scalar::Float(number) => number.to_string(),
        Scalar::Null | Scalar::Str(_) | Scalar::Timestamp(_) => return value.value(),
    };
    Value::scalar(MadeScalar::Str(text.into()), Origin::within(value.place()))
}

/// The replacements that an entry is or, by its `path`, names.
///
/// # Errors
/// The file cannot be had.
pub(super) fn replacement_entry(
    cx: &Context<'_>,
    root: &RepoPath,
    entry: View<'_>,
    files: &mut Vec<FileId>,
) -> Result<Vec<Value>, Problem> {
    let Some(path) = entry.get("path").filter(|path| path.as_str().is_some_and(|path| !path.is_empty())) else {
        return Ok(vec![entry.value()]);
    };
    if entry.get("source").is_some() || entry.get("targets").is_some() {
        let message = "cannot specify both path and inline replacement";
        return Err(does_not_build(path.place(), message));
    }
    let at = path.place();
    match load::find(cx.snapshot, cx.options.load, root, (path.as_str().unwrap_or_default(), at), Wanted::File)? {
        Target::File(file) => {
            load::content(cx.trees, file, at)?;
            files.push(file);
            let mut found = Vec::new();
            for document in cx.trees.documents(file) {
                let view = cx.trees.view(&document);
                if view.is_seq() {
                    found.extend(view.items().map(|item| item.value()));
                } else {
                    found.push(document);
                }
            }
            Ok(found)
        }
        Target::Folder(_) => Ok(Vec::new()),
        Target::Elsewhere(why) => Err(Problem::new(ProblemKind::NotRendered, at, why)),
    }
}
