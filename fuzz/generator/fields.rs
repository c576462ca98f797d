//! The fields of a kustomization, each with what it needs: files, the names it changes, objects that it can act on.
//!
//! Never: a field that a base cannot bear; mistakes are made on purpose and rarely.

use super::layers::Layers;
use super::node::{Node, map, raw, text, texts};
use super::objects::{IMAGES, KINDS, Known, LABELS};
use super::patches;
use super::plugins;
use super::random::Random;
use super::replacements;
use super::scalar;

type Entries = Vec<(String, Node)>;

/// Adds random fields to the entries of a kustomization whose objects are known, those of its generators and component
/// among them.
pub fn fields(layers: &mut Layers<'_>, folder: &str, known: &mut Vec<Known>, entries: &mut Entries) {
    patch_fields(layers, folder, known, entries);
    // What follows acts in this order, whatever the order in the file.
    namespace(layers.random, known, entries);
    affixes(layers.random, known, entries);
    labels(layers.random, entries);
    counts_and_images(layers.random, known, entries);
    if layers.random.percent(14) {
        let list = replacements::replacements(layers, folder, known);
        push(entries, "replacements", list);
    }
    variables(layers, known, entries);
    plugins::plugins(layers, folder, known, entries);
    others(layers, folder, entries);
}

fn push(entries: &mut Entries, name: &str, items: Vec<Node>) {
    if !items.is_empty() {
        entries.push((name.to_owned(), Node::List(items)));
    }
}

/// Adds generators, which see no component of the same kustomization.
pub fn generators(layers: &mut Layers<'_>, folder: &str, known: &mut Vec<Known>, entries: &mut Entries) {
    for (field, kind) in [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")] {
        if layers.random.percent(if kind == "Secret" { 12 } else { 22 }) {
            let count = layers.random.between(1, 2);
            let items = (0..count).map(|_| generator(layers, folder, known, kind)).collect();
            push(entries, field, items);
        }
    }
    if layers.random.percent(12) {
        entries.push(("generatorOptions".to_owned(), options(layers.random)));
    }
}

/// A generator's arguments. What it makes is known from then on.
pub fn generator(layers: &mut Layers<'_>, folder: &str, known: &mut Vec<Known>, kind: &str) -> Node {
    let row = KINDS.iter().position(|of| of.kind == kind).unwrap_or(0);
    let there: Vec<Known> = known.iter().filter(|known| known.kind().kind == kind).cloned().collect();
    let mut args = Node::Map(Vec::new());
    let over = if layers.random.percent(35) { layers.random.any(&there).cloned() } else { None };
    if let Some(over) = &over {
        let name = if layers.random.percent(97) { over.names.last() } else { over.names.first() };
        args.set("name", text(name.cloned().unwrap_or_default()));
        if !over.namespace().is_empty() {
            args.set("namespace", text(over.namespace()));
        }
        args.set("behavior", text(layers.random.word(&["merge", "merge", "merge", "replace", "replace"])));
    } else {
        layers.count += 1;
        let name = format!("{}{}", layers.random.pick(&["gen-", "g.", "conf"]), layers.count);
        let namespace = if layers.random.percent(10) { "shop" } else { "" };
        args.set("name", text(name.clone()));
        if !namespace.is_empty() {
            args.set("namespace", text(namespace));
        }
        if layers.random.per_mille(12) {
            args.set("behavior", text(layers.random.word(&["create", "create", "unspecified", "merge", "x"])));
        }
        known.push(Known {
            kind: row,
            names: vec![name],
            namespaces: vec![namespace.to_owned()],
            tree: map([("data", map([("k", text("v"))]))]),
        });
    }
    sources(layers, folder, &mut args);
    if kind == "Secret" && layers.random.percent(30) {
        args.set("type", text(layers.random.word(&["Opaque", "kubernetes.io/tls", "x", ""])));
    }
    if layers.random.percent(25) {
        args.set("options", options(layers.random));
    }
    args
}

fn sources(layers: &mut Layers<'_>, folder: &str, args: &mut Node) {
    if layers.random.percent(75) {
        let literals = literals(layers.random);
        args.set("literals", Node::List(literals));
    }
    if layers.random.percent(25) {
        layers.count += 1;
        let name = format!("file{}.{}", layers.count, layers.random.pick(&["txt", "conf", "bin", "json"]));
        let content = file(layers.random);
        layers.files.insert(format!("{folder}/{name}"), content);
        let key = if layers.random.percent(40) { format!("key{}=", layers.count) } else { String::new() };
        args.set("files", texts([format!("{key}{name}")]));
    }
    if layers.random.percent(20) {
        let content = env(layers.random);
        layers.count += 1;
        let name = format!("env{}.env", layers.count);
        layers.write(folder, &name, content);
        if layers.random.percent(15) {
            args.set("env", text(name));
        } else {
            args.set("envs", texts([name]));
        }
    }
}

fn literals(random: &mut Random) -> Vec<Node> {
    const KEYS: &[&str] = &["a", "b", "k", "K", "a.b", "A_B", "z10", "z9", "y", "no", "=x", "a b", "é", "_"];
    let mut used = Vec::new();
    let mut all = Vec::new();
    for _ in 0..random.between(1, 3) {
        let key = if random.percent(97) { random.pick(&KEYS[..8]) } else { random.pick(KEYS) };
        if used.contains(&key) && random.per_mille(999) {
            continue;
        }
        used.push(key);
        let value = match scalar::odd_text(random) {
            Node::Text(value) => value,
            Node::Lines(first, rest) => format!("{first}\n{}", rest.join("\n")),
            _ => String::new(),
        };
        let quoted = match random.below(12) {
            0 => format!("\"{value}\""),
            1 => format!("'{value}'"),
            2 => format!("\"{value}"),
            _ => value,
        };
        all.push(text(format!("{key}={quoted}")));
    }
    if random.per_mille(2) {
        all.push(text(random.word(&["novalue", "=x", ""])));
    }
    all
}

/// A file's bytes: mostly text, of any kind.
fn file(random: &mut Random) -> Vec<u8> {
    match random.below(8) {
        0 => (0..random.between(0, 80)).map(|_| random.below(256) as u8).collect(),
        1 => b"a\xff\xfeb".to_vec(),
        2 => Vec::new(),
        3 => "x".repeat(random.between(48, 60)).into_bytes(),
        4 => format!("{{\"a\": {}}}\n", random.below(9)).into_bytes(),
        _ => match scalar::odd_text(random) {
            Node::Text(value) => value.into_bytes(),
            Node::Lines(_, rest) => rest.join("\n").into_bytes(),
            _ => b"x".to_vec(),
        },
    }
}

fn env(random: &mut Random) -> String {
    const LINES: &[&str] = &[
        "A=1",
        "B=two words",
        "C=",
        "# a comment",
        "",
        "  D=x",
        "E = y",
        "F=a=b",
        "G=\"quoted\"",
        "H='single'",
        "I=true",
        "J=trailing ",
        "  # x",
        "K=é😀",
        "L=a\tb",
        "M=#x",
        "N=x # y",
        "O=1\r",
    ];
    const BAD: &[&str] = &["NOVALUE", "=x", "P Q=1", "1X=2", "a.b-c=4", "é=5", "export R=1"];
    let mut out = String::new();
    let mut rows: Vec<&str> = LINES.to_vec();
    random.shuffle(&mut rows);
    for line in rows.iter().take(random.between(0, 4)) {
        out.push_str(line);
        out.push('\n');
    }
    if random.percent(3) {
        out.push_str(random.word(BAD));
        out.push_str(random.word(&["\n", ""]));
    }
    out
}

fn options(random: &mut Random) -> Node {
    let mut options = Node::Map(Vec::new());
    for (name, often) in [("disableNameSuffixHash", 45), ("immutable", 25)] {
        if random.percent(often) {
            options.set(name, raw(random.word(&["true", "true", "false"])));
        }
    }
    for name in ["labels", "annotations"] {
        if random.percent(25) {
            let value = pairs(random);
            options.set(name, value);
        }
    }
    options
}

/// A mapping of texts.
pub fn pairs(random: &mut Random) -> Node {
    let mut pairs = Node::Map(Vec::new());
    for _ in 0..random.between(1, 2) {
        let (key, values) = random.pick(LABELS);
        let value = match random.below(8) {
            0 => match scalar::odd_text(random) {
                // A label is one line, mostly.
                Node::Text(value) if !value.contains('\n') => text(value),
                _ => text("a b"),
            },
            1 if random.percent(5) => scalar::odd(random),
            2 => text(random.word(&["true", "1", "1e3", "null", "y", "2020-01-01", "0x1F", ""])),
            _ => text(*random.pick(values)),
        };
        let key = if random.percent(15) { "extra" } else { key };
        pairs.set(key, value);
    }
    if random.per_mille(5) {
        let key = scalar::odd_key(random);
        pairs.set(&key, text("x"));
    }
    pairs
}

fn patch_fields(layers: &mut Layers<'_>, folder: &str, known: &[Known], entries: &mut Entries) {
    if layers.random.percent(35) {
        let count = *layers.random.pick(&[1, 1, 2, 3]);
        let items = (0..count).filter_map(|_| patches::patch(layers, folder, known)).collect();
        push(entries, "patches", items);
    }
    if layers.random.percent(7) {
        push(entries, "patchesStrategicMerge", patches::strategic(layers, folder, known).into_iter().collect());
    }
    if layers.random.percent(6) {
        push(entries, "patchesJson6902", patches::json_entry(layers, folder, known).into_iter().collect());
    }
}

fn namespace(random: &mut Random, known: &mut [Known], entries: &mut Entries) {
    if !random.percent(18) {
        return;
    }
    let namespace = random.word(&["shop", "shop", "prod", "prod", "default", "team-a", "1", "true"]);
    entries.push(("namespace".to_owned(), text(namespace)));
    for known in known {
        known.namespaces.push(namespace.to_owned());
    }
}

fn affixes(random: &mut Random, known: &mut [Known], entries: &mut Entries) {
    const NOT_RENAMED: [&str; 3] = ["CustomResourceDefinition", "APIService", "Namespace"];
    let prefix = if random.percent(22) { random.word(&["dev-", "a-", "p.", "1-", "0"]) } else { "" };
    let suffix = if random.percent(15) { random.word(&["-v2", "-x", ".s", "-1"]) } else { "" };
    for (field, value) in [("namePrefix", prefix), ("nameSuffix", suffix)] {
        if !value.is_empty() {
            entries.push((field.to_owned(), text(value)));
        }
    }
    for known in known.iter_mut().filter(|known| !NOT_RENAMED.contains(&known.kind().kind)) {
        let name = format!("{prefix}{}{suffix}", known.name());
        if name != known.name() {
            known.names.push(name);
        }
    }
}

fn labels(random: &mut Random, entries: &mut Entries) {
    for (field, often) in [("commonLabels", 13), ("commonAnnotations", 15)] {
        if random.percent(often) {
            let pairs = pairs(random);
            entries.push((field.to_owned(), pairs));
        }
    }
    if random.percent(20) {
        let items = (0..random.between(1, 2)).map(|_| label(random)).collect();
        push(entries, "labels", items);
    }
}

fn label(random: &mut Random) -> Node {
    let mut entry = map([("pairs", pairs(random))]);
    match random.below(6) {
        0..2 => entry.set("includeSelectors", raw("true")),
        2..4 => entry.set("includeTemplates", raw(random.word(&["true", "false"]))),
        _ => {}
    }
    if random.percent(15) {
        entry.set("fields", Node::List(vec![field_spec(random)]));
    }
    entry
}

/// A place that a transformer writes to, in some kinds.
pub fn field_spec(random: &mut Random) -> Node {
    const PATHS: &[&str] = &[
        "spec/template/metadata/labels",
        "metadata/labels",
        "spec/labels",
        "spec/jobTemplate/metadata/labels",
        "spec/containers[]/env[]/value",
        "spec/items[]/labels",
        "data/labels",
        "spec/deep/er/labels",
        "spec/free",
        "spec\\/x/y",
    ];
    let mut spec = map([("path", text(*random.pick(PATHS)))]);
    if random.percent(60) {
        let kind = random.pick(KINDS);
        spec.set("kind", text(kind.kind));
        if random.percent(40) {
            spec.set("group", text(kind.group));
        }
        if random.percent(30) {
            spec.set("version", text(kind.version));
        }
    }
    if random.percent(50) {
        spec.set("create", raw("true"));
    }
    spec
}

fn counts_and_images(random: &mut Random, known: &[Known], entries: &mut Entries) {
    if random.percent(20) {
        let items = (0..random.between(1, 3)).map(|_| image(random)).collect();
        push(entries, "images", items);
    }
    if random.per_mille(8) {
        push(entries, "imageTags", vec![map([("name", text("nginx")), ("newTag", text("9"))])]);
    }
    let scaled: Vec<&Known> = known
        .iter()
        .filter(|known| {
            matches!(known.kind().kind, "Deployment" | "StatefulSet" | "ReplicaSet" | "ReplicationController")
        })
        .collect();
    if random.percent(25)
        && let Some(of) = random.any(&scaled)
    {
        let name = if random.percent(1) { "nothing".to_owned() } else { random.pick(&of.names).clone() };
        let count = random.word(&["0", "1", "3", "5", "100"]);
        push(entries, "replicas", vec![map([("name", text(name)), ("count", raw(count))])]);
    }
}

/// An entry of `images`, of any shape.
pub fn image(random: &mut Random) -> Node {
    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let name = random.pick(IMAGES);
    let bare = if random.percent(90) { name.split([':', '@']).next().unwrap_or(name) } else { name };
    let bare = if random.percent(5) {
        random.word(&["ngin.", "app.*", "(app|nginx)", "example.com:5000/team/app"])
    } else {
        bare
    };
    let mut image = map([("name", text(bare))]);
    if random.percent(35) {
        image.set("newName", text(random.word(&["nginx", "mirror.example/x", "app", "localhost:5000/y", "a/b/c"])));
    }
    if random.percent(50) {
        image.set(
            "newTag",
            text(random.word(&["1.26", "v2", "latest", "1", "1.0", "010", "true", "2020-01-01", "1e3"])),
        );
    }
    if random.percent(15) {
        image.set("digest", text(DIGEST));
    }
    if random.percent(8) {
        image.set("tagSuffix", text("-alpine"));
    }
    image
}

/// Whether objects of the kind are in no namespace, whatever they say.
fn is_everywhere(kind: &str) -> bool {
    const KINDS: [&str; 5] =
        ["Namespace", "PersistentVolume", "CustomResourceDefinition", "APIService", "IngressClass"];
    KINDS.contains(&kind) || kind.starts_with("Cluster") || kind.ends_with("Class") || kind.ends_with("Configuration")
}

fn variables(layers: &mut Layers<'_>, known: &[Known], entries: &mut Entries) {
    let random = &mut *layers.random;
    if !random.percent(4) {
        return;
    }
    let mut vars = Vec::new();
    for _ in 0..random.between(1, 2) {
        let (Some(of), Some(name)) = (random.any(known), layers.variables.pop()) else { continue };
        let mut reference = map([("kind", text(of.kind().kind)), ("name", text(of.names[0].clone()))]);
        if random.percent(if of.kind().group.is_empty() { 60 } else { 99 }) {
            reference.set("apiVersion", text(of.kind().api_version()));
        }
        if !of.namespaces[0].is_empty() && !is_everywhere(of.kind().kind) && random.percent(97) {
            reference.set("namespace", text(of.namespaces[0].clone()));
        }
        let mut var = map([("name", text(name)), ("objref", reference)]);
        if random.percent(50) {
            let path =
                random.word(&["metadata.name", "metadata.namespace", "kind", "apiVersion", "spec.replicas", "data.k"]);
            let path = if random.percent(93) { "metadata.name" } else { path };
            var.set("fieldref", map([(random.word(&["fieldpath", "fieldPath"]), text(path))]));
        }
        vars.push(var);
    }
    push(entries, "vars", vars);
}

fn others(layers: &mut Layers<'_>, folder: &str, entries: &mut Entries) {
    if layers.random.percent(6) {
        let content = configuration(layers);
        let name = layers.write_new(folder, "configuration", content);
        push(entries, "configurations", vec![text(name)]);
    }
    let random = &mut *layers.random;
    if random.percent(6) {
        entries.push(("sortOptions".to_owned(), sort_options(random)));
    }
    if random.percent(7) {
        let all = ["originAnnotations", "managedByLabel", "transformerAnnotations"];
        let items: Vec<&str> = all.into_iter().filter(|_| random.percent(60)).collect();
        push(entries, "buildMetadata", items.into_iter().map(text).collect());
    }
    if random.per_mille(10) {
        entries.push(("metadata".to_owned(), map([("name", text("x"))])));
    }
    if random.per_mille(15) {
        let name = layers.write_new(folder, "definitions", CRDS.to_owned());
        push(entries, "crds", vec![text(name)]);
    }
    if layers.random.per_mille(15) {
        let name = layers.write_new(folder, "schema", SCHEMA.to_owned());
        entries.push(("openapi".to_owned(), map([("path", text(name))])));
    }
}

fn sort_options(random: &mut Random) -> Node {
    match random.below(3) {
        0 => map([("order", text("fifo"))]),
        1 => map([("order", text("legacy"))]),
        _ => {
            let mut kinds = vec!["Namespace", "Widget", "Deployment", "ConfigMap", "Secret", "Service"];
            random.shuffle(&mut kinds);
            let (first, last) = kinds.split_at(random.between(0, 4));
            map([
                ("order", text("legacy")),
                (
                    "legacySortOptions",
                    map([("orderFirst", texts(first.iter().copied())), ("orderLast", texts(last.iter().copied()))]),
                ),
            ])
        }
    }
}

/// A file of `configurations`.
fn configuration(layers: &mut Layers<'_>) -> String {
    let mut out = Node::Map(Vec::new());
    let widget = |path: &str| map([("kind", text("Widget")), ("path", text(path))]);
    let random = &mut *layers.random;
    for _ in 0..random.between(1, 2) {
        match random.below(8) {
            0..2 => {
                let kind = random.word(&["ConfigMap", "Secret", "Widget", "Deployment"]);
                let path = random.word(&["spec/configRef/name", "spec/secretName", "spec/items/name", "spec/free/a"]);
                let mut rule = map([("kind", text(kind)), ("fieldSpecs", Node::List(vec![widget(path)]))]);
                if random.percent(50) {
                    rule.set("version", text("v1"));
                }
                out.set("nameReference", Node::List(vec![rule]));
            }
            2 => out.set("commonLabels", Node::List(vec![field_spec(random)])),
            3 => out.set("commonAnnotations", Node::List(vec![field_spec(random)])),
            4 => out.set("namePrefix", Node::List(vec![widget("spec/secretName")])),
            5 => out.set("images", Node::List(vec![widget("spec/image")])),
            6 => out.set("varReference", Node::List(vec![widget("spec/items/value"), widget("spec/image")])),
            _ => out.set("replicas", Node::List(vec![widget("spec/size").with("create", raw("true"))])),
        }
    }
    layers.document(&out)
}

/// Definitions for `crds`: a Widget names a ConfigMap, and its secret has the prefix of names.
const CRDS: &str = r#"{"example.v1.Widget": {"Schema": {"properties": {
  "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"},
  "spec": {"$ref": "example.v1.WidgetSpec"}}}},
 "example.v1.WidgetSpec": {"Schema": {"properties": {
  "configRef": {"x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "ConfigMap"},
  "secretName": {"x-kubernetes-identity": ""}}}}}
"#;

/// A schema in which the items of a Widget have names.
const SCHEMA: &str = r#"{"definitions": {"com.example.v1.Widget": {"type": "object", "properties": {
  "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"},
  "spec": {"type": "object", "properties": {"items": {"type": "array", "x-kubernetes-patch-merge-key": "name",
    "x-kubernetes-patch-strategy": "merge", "items": {"type": "object", "properties": {"name": {"type": "string"}}}}}}},
  "x-kubernetes-group-version-kind": [{"group": "example.com", "kind": "Widget", "version": "v1"}]}}}
"#;
