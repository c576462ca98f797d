//! What an OpenAPI document says about kinds: their scope, and which of their lists a strategic merge patch merges.
//!
//! Never: a schema that one build changes for another; a build that names its own (`openapi.path`) carries its own value.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use crate::model::{View, split_api_version};

const KINDS: &str = include_str!("data/kinds.tsv");
const FIELDS: &str = include_str!("data/patch-fields.tsv");

static BUILTIN: LazyLock<Schema> = LazyLock::new(Schema::of_kinds);

/// Whether kustomize has read its own schema before it meets a user's: it has where an object was loaded before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Beside {
    /// The user's is the only one.
    Nothing,
    /// The user's is added.
    Builtin,
}

/// The kinds of one OpenAPI document.
#[derive(Debug)]
pub(super) struct Schema {
    /// Sorted by (kind, group, version).
    kinds: Vec<Kind>,
    /// Where those of a name begin, and end.
    rows: HashMap<Text, (usize, usize)>,
    /// Kubernetes' own are read when a patch asks for them.
    definitions: OnceLock<Definitions>,
}

#[derive(Debug, Default)]
struct Definitions {
    names: HashMap<Text, DefinitionId>,
    all: Vec<Definition>,
}

/// A definition of a [`Schema`], to be walked field by field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct DefinitionId(u32);

impl DefinitionId {
    /// A number over one that stands for it.
    pub(super) fn note(self) -> u32 {
        self.0 + 2
    }
}

/// What is known of a field.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// The definition of its value, or of the elements where it is a list.
    pub(super) definition: Option<DefinitionId>,
    /// How a patch changes it.
    pub(super) strategy: Strategy,
}

/// How a patch changes a field (`x-kubernetes-patch-strategy`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Strategy {
    /// Maps are merged, all else is replaced.
    Plain,
    /// A list of scalars that is merged as a set.
    Set,
    /// A list whose elements are merged where these keys agree.
    Keys(Box<[Text]>),
}

/// A text of the built-in tables, which is not copied, or of a user's schema.
pub(super) type Text = Cow<'static, str>;

#[derive(Debug)]
struct Kind {
    name: Text,
    group: Text,
    version: Text,
    /// By its name.
    definition: Option<Text>,
    scope: Option<Scope>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Scope {
    Namespaced,
    Cluster,
}

#[derive(Debug, Default)]
struct Definition {
    /// Sorted by name.
    fields: Vec<(Text, Field)>,
    /// The values of a map with free keys (`additionalProperties`).
    values: Option<Field>,
}

impl Schema {
    /// Kubernetes v1.21.2 as kustomize v5.7.1 has it built in (`kustomize kyaml/openapi`, `kubernetesapi/v1_21_2`).
    #[must_use]
    pub(super) fn builtin() -> &'static Self {
        &BUILTIN
    }

    /// Whether it is that one.
    #[must_use]
    pub(super) fn is_builtin(&self) -> bool {
        std::ptr::eq(self, Self::builtin())
    }

    /// Kubernetes' kinds. Their definitions come later.
    fn of_kinds() -> Self {
        Self::new(rows(KINDS).map(Kind::of_row).collect(), OnceLock::new())
    }

    fn new(mut kinds: Vec<Kind>, definitions: OnceLock<Definitions>) -> Self {
        kinds.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
        let mut rows: HashMap<Text, (usize, usize)> = HashMap::new();
        for (row, kind) in kinds.iter().enumerate() {
            rows.entry(kind.name.clone()).or_insert((row, row)).1 = row + 1;
        }
        Self { kinds, rows, definitions }
    }

    /// The schema that an OpenAPI v2 document describes. As in kustomize it replaces the built-in definitions, while
    /// the scopes of the built-in kinds stay.
    #[must_use]
    pub(super) fn from_openapi(document: View<'_>, beside: Beside) -> Self {
        let mut builder = Builder::default();
        if beside == Beside::Builtin {
            builder.definitions = Definitions::builtin();
        }
        for kind in &Self::builtin().kinds {
            let definition = kind.definition.clone().filter(|_| beside == Beside::Builtin);
            let key = [kind.group.clone(), kind.version.clone(), kind.name.clone()];
            builder.kinds.insert(key, (definition, kind.scope));
        }
        builder.definitions_of(document);
        builder.paths_of(document);
        builder.finish()
    }

    /// Whether a kind lives outside of namespaces; `None` where it is not known.
    #[must_use]
    pub(super) fn is_cluster_scoped(&self, group: &str, version: &str, kind: &str) -> Option<bool> {
        Some(self.kind(group, version, kind)?.scope? == Scope::Cluster)
    }

    /// The definition of a kind.
    #[must_use]
    pub(super) fn definition(&self, group: &str, version: &str, kind: &str) -> Option<DefinitionId> {
        let name = self.kind(group, version, kind)?.definition.as_ref()?;
        self.definitions().names.get(name).copied()
    }

    /// The definition of the kind that a map says it is.
    #[must_use]
    pub(super) fn definition_of(&self, object: View<'_>) -> Option<DefinitionId> {
        let kind = object.str_at(["kind"])?;
        let (group, version) = split_api_version(object.str_at(["apiVersion"])?);
        self.definition(group, version, kind)
    }

    /// A field of a definition.
    #[must_use]
    pub(super) fn field(&self, definition: DefinitionId, name: &str) -> Option<&Field> {
        let definition = &self.definitions().all[definition.0 as usize];
        match definition.fields.binary_search_by(|(field, _)| (**field).cmp(name)) {
            Ok(at) => Some(&definition.fields[at].1),
            Err(_) => definition.values.as_ref(),
        }
    }

    fn kind(&self, group: &str, version: &str, kind: &str) -> Option<&Kind> {
        let (start, end) = *self.rows.get(kind)?;
        self.kinds[start..end].iter().find(|row| row.group == group && row.version == version)
    }

    fn definitions(&self) -> &Definitions {
        self.definitions.get_or_init(Definitions::builtin)
    }
}

impl Kind {
    /// A line of `data/kinds.tsv`.
    fn of_row([group, version, name, definition, scope]: [&'static str; 5]) -> Self {
        let group = if group == "-" { "" } else { group };
        let definition = (definition != "-").then_some(Text::Borrowed(definition));
        let scope = match scope {
            "namespaced" => Some(Scope::Namespaced),
            "cluster" => Some(Scope::Cluster),
            _ => None,
        };
        Self { name: name.into(), group: group.into(), version: version.into(), definition, scope }
    }

    fn order(&self) -> (&str, &str, &str) {
        (&self.name, &self.group, &self.version)
    }
}

impl Definitions {
    /// Those of Kubernetes.
    fn builtin() -> Self {
        let mut definitions = Self::default();
        // The rows of one definition stand together.
        let mut last = None;
        for row in rows(FIELDS) {
            let id = match last {
                Some((name, id)) if name == row[0] => id,
                _ => definitions.named(Text::Borrowed(row[0])),
            };
            last = Some((row[0], id));
            let field = definitions.of_row(row);
            definitions.all[id.0 as usize].fields.push(field);
        }
        // A kind without such fields has a definition all the same.
        rows(KINDS).map(Kind::of_row).filter_map(|kind| kind.definition).for_each(|name| {
            definitions.named(name);
        });
        definitions.sort();
        definitions
    }

    /// A line of `data/patch-fields.tsv`.
    fn of_row(&mut self, [_, name, _, target, strategy, keys]: [&'static str; 6]) -> (Text, Field) {
        let strategy = match (strategy, keys) {
            ("-", _) => Strategy::Plain,
            (_, "-") => Strategy::Set,
            (_, keys) => Strategy::Keys(keys.split(',').map(Text::Borrowed).collect()),
        };
        let definition = (target != "-").then(|| self.named(Text::Borrowed(target)));
        (name.into(), Field { definition, strategy })
    }

    fn named(&mut self, name: Text) -> DefinitionId {
        let Self { names, all } = self;
        *names.entry(name).or_insert_with(|| unnamed(all))
    }

    fn sort(&mut self) {
        for definition in &mut self.all {
            definition.fields.sort_by(|a, b| a.0.cmp(&b.0));
        }
    }
}

fn unnamed(all: &mut Vec<Definition>) -> DefinitionId {
    all.push(Definition::default());
    DefinitionId(all.len() as u32 - 1)
}

/// What is known of a kind.
type Known = (Option<Text>, Option<Scope>);

#[derive(Default)]
struct Builder {
    /// By group, version and kind.
    kinds: HashMap<[Text; 3], Known>,
    definitions: Definitions,
}

impl Builder {
    fn finish(mut self) -> Schema {
        let kinds: Vec<Kind> = self
            .kinds
            .into_iter()
            .map(|([group, version, name], (definition, scope))| Kind { name, group, version, definition, scope })
            .collect();
        self.definitions.sort();
        Schema::new(kinds, self.definitions.into())
    }

    fn definitions_of(&mut self, document: View<'_>) {
        for field in document.get("definitions").into_iter().flat_map(|all| all.fields()) {
            let name = short(field.name());
            let id = self.definitions.named(owned(name));
            self.describe(id, field.value);
            let kinds = field.value.get("x-kubernetes-group-version-kind");
            for [group, version, kind] in kinds.into_iter().flat_map(|kinds| kinds.items()).filter_map(written_kind) {
                self.kinds.entry([owned(group), owned(version), owned(kind)]).or_default().0 = Some(owned(name));
            }
        }
    }

    /// Reads the scopes: a kind with one path that names a namespace is namespaced
    /// (`kustomize kyaml/openapi findNamespaceability`).
    fn paths_of(&mut self, document: View<'_>) {
        for path in document.get("paths").into_iter().flat_map(|all| all.fields()) {
            let kind = path.value.path(["get", "x-kubernetes-group-version-kind"]).and_then(written_kind);
            let Some([group, version, kind]) = kind else { continue };
            if Schema::builtin().is_cluster_scoped(group, version, kind).is_some() {
                continue;
            }
            let scope = self.scope(group, version, kind);
            if path.name().contains("namespaces/{namespace}") {
                *scope = Some(Scope::Namespaced);
            } else {
                scope.get_or_insert(Scope::Cluster);
            }
        }
    }

    fn scope(&mut self, group: &str, version: &str, kind: &str) -> &mut Option<Scope> {
        &mut self.kinds.entry([owned(group), owned(version), owned(kind)]).or_default().1
    }

    fn describe(&mut self, id: DefinitionId, definition: View<'_>) {
        let properties = definition.get("properties").into_iter().flat_map(|all| all.fields());
        let fields = properties.map(|field| (owned(field.name()), self.field(field.value))).collect();
        let values = definition.get("additionalProperties").filter(View::is_map).map(|values| self.field(values));
        self.definitions.all[id.0 as usize] = Definition { fields, values };
    }

    fn field(&mut self, field: View<'_>) -> Field {
        let merges = field.str_at(["x-kubernetes-patch-strategy"]).is_some_and(|s| s.split(',').any(|s| s == "merge"));
        let map_keys = || {
            Some(field.get("x-kubernetes-list-map-keys")?.items().filter_map(|key| key.as_str().map(owned)).collect())
        };
        let merge_key = || Some([owned(field.str_at(["x-kubernetes-patch-merge-key"])?)].into());
        let strategy = match merges {
            false => Strategy::Plain,
            true => map_keys().or_else(merge_key).map_or(Strategy::Set, Strategy::Keys),
        };
        let value = field.get("items").unwrap_or(field);
        Field { definition: self.value(value), strategy }
    }

    /// The definition that a schema refers to, or that it spells out in its place.
    fn value(&mut self, schema: View<'_>) -> Option<DefinitionId> {
        if let Some(target) = schema.str_at(["$ref"]) {
            return Some(self.definitions.named(owned(short(target.strip_prefix("#/definitions/")?))));
        }
        if schema.get("properties").is_none() && !schema.get("additionalProperties").is_some_and(|v| v.is_map()) {
            return None;
        }
        let id = unnamed(&mut self.definitions.all);
        self.describe(id, schema);
        Some(id)
    }
}

/// The name of a definition as the built-in table has it.
fn short(name: &str) -> &str {
    let name = name.strip_prefix("io.k8s.").unwrap_or(name);
    name.strip_prefix("api.").unwrap_or(name)
}

/// A text that a user wrote.
pub(super) fn owned(text: &str) -> Text {
    Cow::Owned(text.to_owned())
}

/// The lines of a table, split at tabs, without comments.
fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let mut columns = line.split('\t');
        std::array::from_fn(|_| columns.next().unwrap_or_default())
    })
}

/// Group, version and kind as an OpenAPI extension writes them.
fn written_kind(gvk: View<'_>) -> Option<[&str; 3]> {
    Some([gvk.str_at(["group"]).unwrap_or_default(), gvk.str_at(["version"])?, gvk.str_at(["kind"])?])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::{BlobId, LoadError, Loader, RepoPath, Sources};
    use crate::model::Trees;

    fn keys(path: &[&str]) -> Option<Vec<String>> {
        let schema = Schema::builtin();
        let mut at = schema.definition("apps", "v1", "Deployment")?;
        let (last, above) = path.split_last()?;
        for name in above {
            at = schema.field(at, name)?.definition?;
        }
        match &schema.field(at, last)?.strategy {
            Strategy::Plain => None,
            Strategy::Set => Some(Vec::new()),
            Strategy::Keys(keys) => Some(keys.iter().map(ToString::to_string).collect()),
        }
    }

    #[test]
    fn merge_keys_are_found_by_walking_fields() {
        let pod = ["spec", "template", "spec"];
        let of = |rest: &[&str]| keys(&[&pod[..], rest].concat());
        assert_eq!(of(&["containers"]), Some(vec!["name".into()]));
        assert_eq!(of(&["containers", "ports"]), Some(vec!["containerPort".into(), "protocol".into()]));
        assert_eq!(of(&["containers", "volumeMounts"]), Some(vec!["mountPath".into()]));
        assert_eq!(of(&["containers", "args"]), None);
        assert_eq!(of(&["tolerations"]), None);
        assert_eq!(keys(&["metadata", "finalizers"]), Some(Vec::new()));
    }

    #[test]
    fn scopes_go_by_the_whole_type() {
        let schema = Schema::builtin();
        assert_eq!(schema.is_cluster_scoped("", "v1", "Namespace"), Some(true));
        assert_eq!(schema.is_cluster_scoped("", "v1", "Service"), Some(false));
        assert_eq!(schema.is_cluster_scoped("rbac.authorization.k8s.io", "v1", "ClusterRole"), Some(true));
        assert_eq!(schema.is_cluster_scoped("policy", "v1beta1", "PodSecurityPolicy"), Some(true));
        assert_eq!(schema.is_cluster_scoped("", "v2", "Namespace"), None);
        assert_eq!(schema.is_cluster_scoped("example.org", "v1", "Namespace"), None);
    }

    #[test]
    fn a_schema_of_ones_own_replaces_the_definitions_and_keeps_the_scopes() {
        const TEXT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/patch/openapi.json"));
        struct Text;
        impl Loader for Text {
            fn load(&self, _: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
                Ok(TEXT.into())
            }
        }
        let trees = Trees::new(Arc::new(Sources::default()));
        let loader: Arc<dyn Loader> = Arc::new(Text);
        let file = trees.sources().intern(&RepoPath::new("openapi.json").expect("a path"), None, &loader);
        let document = trees.documents(file).next().expect("a document");
        let schema = Schema::from_openapi(trees.view(&document), Beside::Nothing);
        let gadget = schema.definition("example.org", "v1", "Gadget").expect("a kind");
        let spec = schema.field(gadget, "spec").and_then(|spec| spec.definition).expect("a map");
        let parts = schema.field(spec, "parts").expect("a list");
        assert_eq!(parts.strategy, Strategy::Keys(["name".into()].into()));
        let part = parts.definition.expect("elements");
        assert_eq!(schema.field(part, "tags").map(|tags| &tags.strategy), Some(&Strategy::Set));
        assert_eq!(schema.is_cluster_scoped("example.org", "v1", "Gadget"), Some(true));
        assert_eq!(schema.is_cluster_scoped("", "v1", "Namespace"), Some(true));
        assert_eq!(schema.definition("apps", "v1", "Deployment"), None);
    }
}
