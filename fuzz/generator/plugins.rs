//! kustomize's own plugins by their configurations, under `generators`, `transformers` and `validators`.
//!
//! Never: a program, a container, a chart.

use super::fields;
use super::layers::Layers;
use super::node::{Node, map, raw, text, texts};
use super::objects::Known;
use super::patches;
use super::replacements;

/// Adds the lists to a kustomization's entries, each configuration in a file, a folder or in place.
pub fn plugins(layers: &mut Layers<'_>, folder: &str, known: &mut Vec<Known>, entries: &mut Vec<(String, Node)>) {
    if layers.random.percent(5) {
        let kind = layers.random.word(&["ConfigMap", "Secret"]);
        // What other layers and fields have made is rarely there under the name that is known here.
        let mut made = if layers.random.percent(10) { known.clone() } else { Vec::new() };
        let before = made.len();
        let config = generator(layers, folder, &mut made, kind);
        known.extend(made.drain(before..));
        let entry = placed(layers, folder, &config);
        entries.push(("generators".to_owned(), Node::List(vec![entry])));
    }
    for (field, often) in [("transformers", 10), ("validators", 1)] {
        if !layers.random.percent(often) {
            continue;
        }
        let count = layers.random.between(1, 2);
        let mut list = Vec::new();
        for _ in 0..count {
            if let Some(config) = transformer(layers, folder, known) {
                list.push(placed(layers, folder, &config));
            }
        }
        if !list.is_empty() {
            entries.push((field.to_owned(), Node::List(list)));
        }
    }
}

/// The entry that names the configuration, or is it.
fn placed(layers: &mut Layers<'_>, folder: &str, config: &Node) -> Node {
    let content = layers.document(config);
    match layers.random.below(5) {
        0 => {
            layers.count += 1;
            let name = format!("plugin{}", layers.count);
            let inner = format!("{folder}/{name}");
            let document = layers.document(&map([("resources", texts(["it.yaml"]))]));
            layers.write(&inner, "it.yaml", content);
            layers.write(&inner, "kustomization.yaml", document);
            text(name)
        }
        1 | 2 => patches::inline(layers.random, &content),
        _ => text(layers.write_new(folder, "plugin", content)),
    }
}

fn config(layers: &mut Layers<'_>, kind: &str) -> Node {
    layers.count += 1;
    let metadata = map([("name", text(format!("plugin{}", layers.count)))]);
    map([("apiVersion", text("builtin")), ("kind", text(kind)), ("metadata", metadata)])
}

fn generator(layers: &mut Layers<'_>, folder: &str, known: &mut Vec<Known>, kind: &str) -> Node {
    let args = fields::generator(layers, folder, known, kind);
    let mut config = config(layers, &format!("{kind}Generator"));
    if let Node::Map(args) = args {
        for (key, value) in args {
            match key.as_str() {
                "name" => config.set("metadata", map([("name", value)])),
                _ => config.set(&key, value),
            }
        }
    }
    config
}

fn transformer(layers: &mut Layers<'_>, folder: &str, known: &mut [Known]) -> Option<Node> {
    let which = layers.random.below(15);
    Some(match which {
        0 => {
            let prefix = map([("path", text("metadata/name"))]);
            config(layers, "PrefixTransformer").with("prefix", text("t-")).with("fieldSpecs", Node::List(vec![prefix]))
        }
        1 => {
            let suffix = map([("path", text("metadata/name"))]);
            config(layers, "SuffixTransformer").with("suffix", text("-t")).with("fieldSpecs", Node::List(vec![suffix]))
        }
        2 => {
            let spec = map([("path", text("metadata/name"))]);
            config(layers, "PrefixSuffixTransformer")
                .with("prefix", text("u-"))
                .with("suffix", text("-u"))
                .with("fieldSpecs", Node::List(vec![spec]))
        }
        3 => namespace(layers),
        4 | 5 => {
            let (kind, field) =
                *layers.random.pick(&[("LabelTransformer", "labels"), ("AnnotationsTransformer", "annotations")]);
            let pairs = fields::pairs(layers.random);
            let spec = if layers.random.percent(60) {
                map([("path", text(format!("metadata/{field}"))), ("create", raw("true"))])
            } else {
                fields::field_spec(layers.random)
            };
            config(layers, kind).with(field, pairs).with("fieldSpecs", Node::List(vec![spec]))
        }
        6 => {
            let image = fields::image(layers.random);
            let node = config(layers, "ImageTagTransformer").with("imageTag", image);
            if layers.random.percent(50) {
                node.with("fieldSpecs", Node::List(vec![map([("path", text("spec/image"))])]))
            } else {
                node
            }
        }
        7 => {
            let of = layers.random.any(known)?.clone();
            let replica = map([("name", text(of.name())), ("count", raw("4"))]);
            let path = layers.random.word(&["spec/replicas", "spec/size"]);
            let spec = map([("path", text(path)), ("create", raw("true")), ("kind", text(of.kind().kind))]);
            config(layers, "ReplicaCountTransformer")
                .with("replica", replica)
                .with("fieldSpecs", Node::List(vec![spec]))
        }
        8..11 => patch(layers, folder, known)?,
        11 => {
            let one = replacements::replacement(layers.random, known)?;
            config(layers, "ReplacementTransformer").with("replacements", Node::List(vec![one]))
        }
        12 => config(layers, "HashTransformer"),
        13 => value_add(layers),
        _ => {
            let kind = layers.random.word(&["SortOrderTransformer", "NothingTransformer", "LabelTransformer"]);
            if !layers.random.percent(15) {
                return None;
            }
            config(layers, kind)
        }
    })
}

fn value_add(layers: &mut Layers<'_>) -> Node {
    let path = layers.random.word(&["metadata/labels/added", "spec/path", "data/k", "metadata/annotations/a.b~1c"]);
    let mut target = map([("fieldPath", text(path))]);
    if layers.random.percent(60) {
        target.set("selector", map([("kind", text(layers.random.word(&["Widget", "ConfigMap", "Deployment"])))]));
    }
    if layers.random.percent(30) {
        target.set("filePathPosition", raw(layers.random.word(&["1", "2"])));
    }
    let value = layers.random.word(&["x", "a/b", "v1"]);
    config(layers, "ValueAddTransformer").with("value", text(value)).with("targets", Node::List(vec![target]))
}

fn namespace(layers: &mut Layers<'_>) -> Node {
    let spec = map([("path", text("metadata/namespace")), ("create", raw("true"))]);
    let subjects = map([("path", text("subjects")), ("kind", text("RoleBinding"))]);
    let mut node = config(layers, "NamespaceTransformer");
    let metadata = map([("name", text(format!("ns{}", layers.count))), ("namespace", text("moved"))]);
    node.set("metadata", metadata);
    if layers.random.percent(40) {
        node.set("unsetOnly", raw("true"));
    }
    if layers.random.percent(40) {
        let mode = layers.random.word(&["defaultOnly", "allServiceAccounts", "none"]);
        let mode = if layers.random.percent(3) { "other" } else { mode };
        node.set("setRoleBindingSubjects", text(mode));
    }
    let specs = if layers.random.percent(50) { vec![spec, subjects] } else { vec![spec] };
    node.with("fieldSpecs", Node::List(specs))
}

fn patch(layers: &mut Layers<'_>, folder: &str, known: &[Known]) -> Option<Node> {
    if layers.random.percent(50) {
        let entry = patches::patch(layers, folder, known)?;
        let mut node = config(layers, "PatchTransformer");
        if let Node::Map(fields) = entry {
            for (key, value) in fields {
                node.set(&key, value);
            }
        }
        return Some(node);
    }
    let entry = patches::json_entry(layers, folder, known)?;
    if layers.random.percent(50) {
        let Node::Map(fields) = entry else { return None };
        let mut node = config(layers, "PatchJson6902Transformer");
        for (key, value) in fields {
            node.set(if key == "patch" { "jsonOp" } else { &key }, value);
        }
        return Some(node);
    }
    let patch = patches::strategic(layers, folder, known)?;
    let node = config(layers, "PatchStrategicMergeTransformer");
    let is_file = patch.as_text().is_some_and(|text| !text.contains(['\n', ':']));
    Some(if is_file { node.with("paths", Node::List(vec![patch])) } else { node.with("patches", patch) })
}
