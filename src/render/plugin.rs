//! Plugin configurations under `generators`, `transformers` and `validators`: kustomize's own kinds, mapped onto the same
//! steps as the fields of a kustomization (`kustomize api/internal/plugins/builtinhelpers`).
//!
//! Never: a program or a container; what needs one is not rendered.

use super::accumulate::Context;
use super::finish;
use super::generate::{self, Generated};
use super::load::{self, Target, Wanted, does_not_build};
use super::patches::{Missing, Patcher};
use super::resource::Resource;
use super::set::ResourceSet;
use super::transform::{self, Cx, NamespaceOptions, SpecKind, Specs, SubjectMode, Which};
use crate::base::{FileId, Problem, ProblemKind, RepoPath};
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
            let message = format!("the plugin `{name}` is not rendered: it runs a program");
            return Err(Problem::new(ProblemKind::NotRendered, kind.place(), message));
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
            (_, None)
                if !matches!(name, "HelmChartInflationGenerator" | "IAMPolicyGenerator" | "ValueAddTransformer") =>
            {
                if role == Role::Generator {
                    return Err(does_not_build(kind.place(), format!("plugin {name} not a generator")));
                }
                self.transform(name, kind, config).map(|()| None)
            }
            (_, Some(_)) => Err(does_not_build(kind.place(), format!("plugin {name} not a transformer"))),
            (_, None) => Err(Problem::new(
                ProblemKind::NotRendered,
                kind.place(),
                format!("the plugin `{name}` is not rendered"),
            )),
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
        let cx = Cx { trees: self.cx.trees, schema: self.cx.schema, specs };
        match run(&cx, self.set.edit(), field) {
            Err(_) if self.missing == Missing::Unknown => Ok(()),
            done => done,
        }
    }
}

/// The fields of the configurations whose spelling is mended.
const TOP: [&str; 16] = [
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
