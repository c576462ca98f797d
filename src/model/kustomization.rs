//! A kustomization file, checked as kustomize checks it (`kustomize api/types/kustomization.go`): every field known and of
//! its type, names in any case, the first document only.
//!
//! Never: another file; what the entries name is the renderer's to find.

use super::{Entry, Field, Key, Origin, Trees, Value, View};
use crate::base::{FileId, Problem, ProblemKind, Span};
use crate::parse::Scalar;

/// The two kinds of file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KustomizationKind {
    /// Makes objects of its own.
    Kustomization,
    /// Acts on the objects of whoever includes it.
    Component,
}

/// The names that a folder's kustomization may have; exactly one of them may be there.
pub const KUSTOMIZATION_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A kustomization file.
#[derive(Clone, Debug)]
pub struct Kustomization {
    /// The file.
    pub file: FileId,
    /// Its kind.
    pub kind: KustomizationKind,
    /// The document; field names in kustomize's own spelling.
    value: Value,
}

impl Kustomization {
    /// Reads the first document of `file`.
    ///
    /// # Errors
    /// What kustomize refuses, at the field.
    pub fn read(trees: &Trees, file: FileId) -> Result<Self, Problem> {
        if let Some(problem) = broken(trees, file, "Kustomization") {
            return Err(problem);
        }
        let root = trees.parsed(file).documents().first().and_then(|document| document.root);
        let Some(root) = root else { return Err(does_not_build(trees.top(file), "kustomization.yaml is empty")) };
        let mut value = Value::Source(file, root);
        check(trees, &mut value, &Shape::Fields("Kustomization", FIELDS), "Kustomization", "")?;
        let view = trees.view(&value);
        let kind = kind(view)?;
        if !view.fields().any(|field| says_something(field.name(), field.value)) {
            return Err(does_not_build(trees.top(file), "kustomization.yaml is empty"));
        }
        Ok(Self { file, kind, value })
    }

    /// One that says nothing and stands for the objects of `file`: what a controller generates.
    #[must_use]
    pub fn made(trees: &Trees, file: FileId) -> Self {
        let value = Value::map(Vec::new(), Origin::within(trees.top(file)));
        Self { file, kind: KustomizationKind::Kustomization, value }
    }

    /// Sets a field, whatever it said.
    pub fn set(&mut self, trees: &Trees, field: &str, value: Value) {
        let at = trees.view(&value).place();
        self.value.set_field(trees, Key::made(field, at), value);
    }

    /// The document.
    #[must_use]
    pub fn view<'t>(&'t self, trees: &'t Trees) -> View<'t> {
        trees.view(&self.value)
    }

    /// The value of a field, `null` left out.
    #[must_use]
    pub fn get<'t>(&'t self, trees: &'t Trees, field: &str) -> Option<View<'t>> {
        self.view(trees).get(field).filter(|value| !value.is_null())
    }

    /// The entries of a list field, in order; empty where it is not given.
    pub fn items<'t>(&'t self, trees: &'t Trees, field: &str) -> impl Iterator<Item = View<'t>> + use<'t> {
        self.get(trees, field).into_iter().flat_map(|list| list.items())
    }

    /// The entries of `resources` and the deprecated `bases`.
    pub fn resources<'t>(&'t self, trees: &'t Trees) -> impl Iterator<Item = View<'t>> + use<'t> {
        self.items(trees, "resources").chain(self.items(trees, "bases"))
    }
}

/// A file of `configurations`, checked as a kustomization is and with kustomize's spelling of its fields
/// (`kustomize api/internal/plugins/builtinconfig`).
///
/// # Errors
/// What kustomize refuses, at the field.
pub fn configuration(trees: &Trees, file: FileId) -> Result<Option<Value>, Problem> {
    if let Some(problem) = broken(trees, file, "configuration") {
        return Err(problem);
    }
    let Some(root) = trees.parsed(file).documents().first().and_then(|document| document.root) else {
        return Ok(None);
    };
    let mut value = Value::Source(file, root);
    let named = |problem: Problem| Problem {
        message: problem.message.replacen("invalid Kustomization", "invalid configuration", 1),
        ..problem
    };
    check(trees, &mut value, &Fields("TransformerConfig", CONFIGURATION), "TransformerConfig", "").map_err(named)?;
    Ok(Some(value))
}

/// What keeps the file from being YAML at all. Duplicate keys are none of it: kustomize takes the last.
fn broken(trees: &Trees, file: FileId, what: &str) -> Option<Problem> {
    use crate::parse::ParseProblemKind::DuplicateKey;
    let first = trees.parsed(file).problems().iter().find(|problem| problem.kind != DuplicateKey)?;
    let at = trees.sources().outermost(Span { file, range: first.at });
    Some(does_not_build(at, format!("invalid {what}: {}", first.message)))
}

fn kind(view: View<'_>) -> Result<KustomizationKind, Problem> {
    let text = |name: &str| view.get(name).filter(|value| value.as_str().is_some_and(|text| !text.is_empty()));
    let kind = match text("kind") {
        None => KustomizationKind::Kustomization,
        Some(value) => match value.as_str() {
            Some("Kustomization") => KustomizationKind::Kustomization,
            Some("Component") => KustomizationKind::Component,
            _ => return Err(does_not_build(value.place(), "kind should be Kustomization or Component")),
        },
    };
    let (name, wanted) = match kind {
        KustomizationKind::Kustomization => ("Kustomization", "kustomize.config.k8s.io/v1beta1"),
        KustomizationKind::Component => ("Component", "kustomize.config.k8s.io/v1alpha1"),
    };
    match text("apiVersion") {
        Some(value) if value.as_str() != Some(wanted) => {
            Err(does_not_build(value.place(), format!("apiVersion for {name} should be {wanted}")))
        }
        _ => Ok(kind),
    }
}

/// Whether a field makes the file not empty: Go's zero value does not, and the deprecated lists are folded away.
fn says_something(name: &str, value: View<'_>) -> bool {
    match name {
        "apiVersion" | "kind" => false,
        "bases" | "imageTags" | "helmChartInflationGenerator" => value.items().next().is_some(),
        _ => !value.is_null() && value.as_str() != Some(""),
    }
}

fn does_not_build(at: Span, message: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::DoesNotBuild, at, message)
}

/// The Go type that a field is decoded to, with the name of its struct.
enum Shape {
    Text,
    Bool,
    Int,
    /// Not checked: the value itself is the renderer's.
    Any,
    List(&'static Shape),
    Texts,
    Bools,
    Fields(&'static str, &'static [(&'static str, Shape)]),
}

use Shape::{Any, Bool, Bools, Fields, Int, List, Text, Texts};

const FIELDS: &[(&str, Shape)] = &[
    ("apiVersion", Text),
    ("kind", Text),
    ("metadata", Any),
    ("openapi", Texts),
    ("namePrefix", Text),
    ("nameSuffix", Text),
    ("namespace", Text),
    ("commonLabels", Texts),
    ("labels", List(&Fields("Label", LABEL))),
    ("commonAnnotations", Texts),
    ("patchesStrategicMerge", List(&Text)),
    ("patchesJson6902", List(&Fields("Patch", PATCH))),
    ("patches", List(&Fields("Patch", PATCH))),
    ("images", List(&Fields("Image", IMAGE))),
    ("imageTags", List(&Fields("Image", IMAGE))),
    ("replacements", List(&Fields("ReplacementField", REPLACEMENT))),
    ("replicas", List(&Fields("Replica", &[("name", Text), ("count", Int)]))),
    ("vars", List(&Fields("Var", VAR))),
    ("sortOptions", Fields("SortOptions", SORT_OPTIONS)),
    ("resources", List(&Text)),
    ("components", List(&Text)),
    ("crds", List(&Text)),
    ("bases", List(&Text)),
    ("configMapGenerator", List(&Fields("ConfigMapArgs", CONFIG_MAP))),
    ("secretGenerator", List(&Fields("SecretArgs", SECRET))),
    ("helmGlobals", Any),
    ("helmCharts", List(&Any)),
    ("helmChartInflationGenerator", List(&Any)),
    ("generatorOptions", Fields("GeneratorOptions", GENERATOR_OPTIONS)),
    ("configurations", List(&Text)),
    ("generators", List(&Text)),
    ("transformers", List(&Text)),
    ("validators", List(&Text)),
    ("buildMetadata", List(&Text)),
];

const FIELD_SPEC: &[(&str, Shape)] =
    &[("group", Text), ("version", Text), ("kind", Text), ("path", Text), ("create", Bool)];
const FIELD_SPECS: Shape = List(&Fields("FieldSpec", FIELD_SPEC));
const NAME_REFERENCE: &[(&str, Shape)] =
    &[("group", Text), ("version", Text), ("kind", Text), ("fieldSpecs", FIELD_SPECS)];
const CONFIGURATION: &[(&str, Shape)] = &[
    ("namePrefix", FIELD_SPECS),
    ("nameSuffix", FIELD_SPECS),
    ("namespace", FIELD_SPECS),
    ("commonLabels", FIELD_SPECS),
    ("labels", FIELD_SPECS),
    ("templateLabels", FIELD_SPECS),
    ("commonAnnotations", FIELD_SPECS),
    ("nameReference", List(&Fields("NameBackReferences", NAME_REFERENCE))),
    ("varReference", FIELD_SPECS),
    ("images", FIELD_SPECS),
    ("replicas", FIELD_SPECS),
];
const LABEL: &[(&str, Shape)] = &[
    ("pairs", Texts),
    ("includeSelectors", Bool),
    ("includeTemplates", Bool),
    ("fields", List(&Fields("FieldSpec", FIELD_SPEC))),
];
const SELECTOR: &[(&str, Shape)] = &[
    ("group", Text),
    ("version", Text),
    ("kind", Text),
    ("name", Text),
    ("namespace", Text),
    ("annotationSelector", Text),
    ("labelSelector", Text),
];
const PATCH: &[(&str, Shape)] =
    &[("path", Text), ("patch", Text), ("target", Fields("Selector", SELECTOR)), ("options", Bools)];
const IMAGE: &[(&str, Shape)] =
    &[("name", Text), ("newName", Text), ("tagSuffix", Text), ("newTag", Text), ("digest", Text)];
const FIELD_OPTIONS: &[(&str, Shape)] = &[("delimiter", Text), ("index", Int), ("encoding", Text), ("create", Bool)];
const SOURCE: &[(&str, Shape)] = &[
    ("group", Text),
    ("version", Text),
    ("kind", Text),
    ("name", Text),
    ("namespace", Text),
    ("fieldPath", Text),
    ("options", Fields("FieldOptions", FIELD_OPTIONS)),
];
const TARGET: &[(&str, Shape)] = &[
    ("select", Fields("Selector", SELECTOR)),
    ("reject", List(&Fields("Selector", SELECTOR))),
    ("fieldPaths", List(&Text)),
    ("options", Fields("FieldOptions", FIELD_OPTIONS)),
];
const REPLACEMENT: &[(&str, Shape)] = &[
    ("path", Text),
    ("source", Fields("SourceSelector", SOURCE)),
    ("sourceValue", Text),
    ("targets", List(&Fields("TargetSelector", TARGET))),
];
const OBJECT_REFERENCE: &[(&str, Shape)] =
    &[("kind", Text), ("group", Text), ("version", Text), ("apiVersion", Text), ("name", Text), ("namespace", Text)];
const VAR: &[(&str, Shape)] = &[
    ("name", Text),
    ("objref", Fields("Target", OBJECT_REFERENCE)),
    ("fieldref", Fields("FieldSelector", &[("fieldPath", Text)])),
];
const SORT_OPTIONS: &[(&str, Shape)] = &[
    ("order", Text),
    ("legacySortOptions", Fields("LegacySortOptions", &[("orderFirst", List(&Text)), ("orderLast", List(&Text))])),
];
const GENERATOR_OPTIONS: &[(&str, Shape)] =
    &[("labels", Texts), ("annotations", Texts), ("disableNameSuffixHash", Bool), ("immutable", Bool)];
const CONFIG_MAP: &[(&str, Shape)] = &[
    ("namespace", Text),
    ("name", Text),
    ("behavior", Text),
    ("literals", List(&Text)),
    ("files", List(&Text)),
    ("envs", List(&Text)),
    ("env", Text),
    ("options", Fields("GeneratorOptions", GENERATOR_OPTIONS)),
];
const SECRET: &[(&str, Shape)] = &[
    ("namespace", Text),
    ("name", Text),
    ("behavior", Text),
    ("literals", List(&Text)),
    ("files", List(&Text)),
    ("envs", List(&Text)),
    ("env", Text),
    ("options", Fields("GeneratorOptions", GENERATOR_OPTIONS)),
    ("type", Text),
];

/// Checks a value against its Go type and gives field names kustomize's spelling. `owner` and `path` are the words of
/// Go's message.
fn check(trees: &Trees, value: &mut Value, shape: &Shape, owner: &str, path: &str) -> Result<(), Problem> {
    let view = trees.view(value);
    if view.is_null() {
        return Ok(());
    }
    let is = json_type(view);
    let fits = match shape {
        Any => true,
        Text => is == "string",
        Bool => is == "bool",
        Int => view.as_int().is_some(),
        List(_) => is == "array",
        Texts | Bools | Fields(..) => is == "object",
    };
    if !fits {
        return Err(mismatch(view, is, shape, owner, path));
    }
    match shape {
        Text | Bool | Int | Any => Ok(()),
        Texts => {
            view.fields().try_for_each(|field| check(trees, &mut field.value.value(), &Text, owner, path))?;
            respell_old_booleans(trees, value);
            Ok(())
        }
        Bools => view.fields().try_for_each(|field| check(trees, &mut field.value.value(), &Bool, owner, path)),
        List(item) => check_items(trees, value, item, owner, path),
        Fields(name, known) => check_fields(trees, value, known, name, path),
    }
}

fn check_items(trees: &Trees, value: &mut Value, item: &Shape, owner: &str, path: &str) -> Result<(), Problem> {
    let mut items: Vec<Value> = trees.view(value).items().map(|item| item.value()).collect();
    let mut respelled = false;
    for at in &mut items {
        let before = at.clone();
        check(trees, at, item, owner, path)?;
        respelled |= !before.is_same(at);
    }
    if respelled {
        *value = Value::seq(items, Origin::within(trees.view(value).place()));
    }
    Ok(())
}

fn check_fields(
    trees: &Trees,
    value: &mut Value,
    known: &[(&'static str, Shape)],
    owner: &str,
    path: &str,
) -> Result<(), Problem> {
    let mut entries = Vec::new();
    let mut respelled = false;
    let view = trees.view(value);
    for field in view.fields() {
        let name = field.name();
        let Some((spelled, shape)) = known
            .iter()
            .find(|(known, _)| *known == name)
            .or_else(|| known.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)))
        else {
            return Err(unknown(field.key_place(), name, known));
        };
        let mut inner = field.value.value();
        let path = if path.is_empty() { (*spelled).to_owned() } else { format!("{path}.{spelled}") };
        check(trees, &mut inner, shape, owner, &path)?;
        let key = if *spelled == name { field.key() } else { Key::made(spelled, field.key_place()) };
        respelled |= *spelled != name || !inner.is_same(&field.value.value());
        entries.push(Entry { key, value: inner });
    }
    if respelled {
        *value = Value::map(entries, Origin::within(view.place()));
    }
    Ok(())
}

fn unknown(at: Span, name: &str, known: &[(&'static str, Shape)]) -> Problem {
    let near = |known: &&str| {
        known.eq_ignore_ascii_case(&format!("{name}s")) || format!("{known}s").eq_ignore_ascii_case(name)
    };
    let problem = does_not_build(at, format!("invalid Kustomization: json: unknown field \"{name}\""));
    match known.iter().map(|(known, _)| *known).find(near) {
        Some(meant) => problem.with_help(format!("kustomize calls it `{meant}`")),
        None => problem.with_help("remove the field, or correct its name; kustomize refuses fields it does not know"),
    }
}

fn mismatch(view: View<'_>, is: &str, shape: &Shape, owner: &str, path: &str) -> Problem {
    let wanted = match shape {
        Text => "string".to_owned(),
        Bool => "bool".to_owned(),
        Int => "int".to_owned(),
        Texts => "map[string]string".to_owned(),
        Bools => "map[string]bool".to_owned(),
        List(Text) => "[]string".to_owned(),
        List(Fields(name, _)) => format!("[]types.{name}"),
        Fields(name, _) => format!("types.{name}"),
        List(_) | Any => "array".to_owned(),
    };
    let message = if path.is_empty() {
        format!("invalid Kustomization: json: cannot unmarshal {is} into Go value of type {wanted}")
    } else {
        format!(
            "invalid Kustomization: json: cannot unmarshal {is} into Go struct field {owner}.{path} of type {wanted}"
        )
    };
    let problem = does_not_build(view.place(), message);
    if matches!(shape, Text) && matches!(is, "number" | "bool") {
        problem.with_help("put the value in quotes")
    } else {
        problem
    }
}

/// What the value is to Go's JSON decoder. sigs.k8s.io/yaml reads kustomizations by YAML 1.1, where the bare words
/// `yes`, `no`, `on`, `off`, `y` and `n` are booleans.
fn json_type(view: View<'_>) -> &'static str {
    if view.is_map() {
        return "object";
    }
    if view.is_seq() {
        return "array";
    }
    match view.scalar() {
        Scalar::Bool(_) => "bool",
        Scalar::Int(_) | Scalar::Uint(_) | Scalar::Float(_) => "number",
        Scalar::Str(text) if is_old_boolean(&text) && is_bare(view) => "bool",
        Scalar::Null | Scalar::Timestamp(_) | Scalar::Str(_) => "string",
    }
}

/// A bare word that YAML 1.1 takes for a boolean is that boolean in JSON, where keys are text.
fn respell_old_booleans(trees: &Trees, value: &mut Value) {
    let is_old = |field: &Field<'_>| {
        let sources = trees.sources();
        is_old_boolean(field.name()) && !sources.slice(field.key_place()).starts_with(['"', '\''])
    };
    if !trees.view(value).fields().any(|field| is_old(&field)) {
        return;
    }
    let respelled = |field: Field<'_>| {
        let is_true = matches!(field.name().to_ascii_lowercase().as_str(), "y" | "yes" | "on");
        let key = if is_old(&field) {
            Key::made(if is_true { "true" } else { "false" }, field.key_place())
        } else {
            field.key()
        };
        Entry { key, value: field.value.value() }
    };
    *value = Value::map(trees.view(value).fields().map(respelled).collect(), Origin::within(trees.view(value).place()));
}

fn is_old_boolean(text: &str) -> bool {
    matches!(
        text,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF"
    )
}

/// Whether a scalar is written without quotes.
fn is_bare(view: View<'_>) -> bool {
    let span = view.place();
    !view.trees().sources().slice(span).starts_with(['"', '\'', '|', '>'])
}
