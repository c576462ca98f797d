//! Patches: strategic merge patches cut from the object they change, and JSON patches.
//!
//! Never: a patch without its target in mind; those that miss are made on purpose.

use super::layers::Layers;
use super::node::{Node, map, raw, text};
use super::objects::Known;
use super::random::Random;
use super::scalar;
use super::walk::{self, Step, Until};

/// The keys by which kustomize pairs the items of lists.
const MERGE_KEYS: &[&str] =
    &["name", "containerPort", "protocol", "mountPath", "port", "ip", "topologyKey", "whenUnsatisfiable", "devicePath"];

/// An entry of `patches`; `None` where there is nothing to patch.
pub fn patch(layers: &mut Layers<'_>, folder: &str, known: &[Known]) -> Option<Node> {
    let of = layers.random.any(known)?.clone();
    let is_json = layers.random.percent(40);
    let mut entry = Node::Map(Vec::new());
    if is_json || layers.random.percent(35) {
        entry.set("target", target(layers.random, &of, if is_json { Exactly::Mostly } else { Exactly::Often }));
        if layers.random.percent(6) {
            let option = layers.random.word(&["allowNameChange", "allowKindChange"]);
            entry.set("options", map([(option, raw(layers.random.word(&["true", "false"])))]));
        }
    }
    let content = if is_json { json(layers, &of) } else { strategic_text(layers, &of) };
    if layers.random.percent(50) {
        let name = layers.write_new(folder, "patch", content);
        entry.set("path", text(name));
    } else {
        entry.set("patch", inline(layers.random, &content));
    }
    Some(entry)
}

/// An entry of `patchesStrategicMerge`.
pub fn strategic(layers: &mut Layers<'_>, folder: &str, known: &[Known]) -> Option<Node> {
    let of = layers.random.any(known)?.clone();
    let content = strategic_text(layers, &of);
    if layers.random.percent(50) {
        return Some(text(layers.write_new(folder, "patch", content)));
    }
    Some(inline(layers.random, &content))
}

/// An entry of `patchesJson6902`.
pub fn json_entry(layers: &mut Layers<'_>, folder: &str, known: &[Known]) -> Option<Node> {
    let of = layers.random.any(known)?.clone();
    let content = json(layers, &of);
    let entry = map([("target", target(layers.random, &of, Exactly::Always))]);
    Some(if layers.random.percent(50) {
        let name = layers.write_new(folder, "patch", content);
        entry.with("path", text(name))
    } else {
        entry.with("patch", inline(layers.random, &content))
    })
}

/// A text of lines as a scalar of a kustomization.
pub fn inline(random: &mut Random, content: &str) -> Node {
    let odd = content.lines().next().is_none_or(|first| first.starts_with(' ') || first.is_empty());
    let fits = !content.contains(['\r', '\u{feff}', '\u{85}', '\u{2028}', '\u{0}', '\u{1}', '\u{1b}', '\u{7f}']);
    if odd || !fits || random.percent(10) {
        return text(content);
    }
    let lines = content.lines().map(str::to_owned).collect();
    Node::Lines((random.word(&["|-", "|", "|-", "|+"])).to_owned(), lines)
}

/// How sure it is that a target means one object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Exactly {
    Often,
    Mostly,
    Always,
}

/// Chooses the object, by much or by little.
fn target(random: &mut Random, of: &Known, exactly: Exactly) -> Node {
    let often = match exactly {
        Exactly::Often => 60,
        Exactly::Mostly => 93,
        Exactly::Always => 99,
    };
    let mut target = Node::Map(Vec::new());
    let kind = of.kind();
    if random.percent(85.max(often)) {
        let regex = if random.percent(if exactly == Exactly::Often { 10 } else { 1 }) { ".*" } else { kind.kind };
        target.set("kind", text(regex));
    }
    if random.percent(often) {
        let name = random.pick(&of.names).clone();
        let name = match random.below(if exactly == Exactly::Often { 10 } else { 40 }) {
            0 => format!("{}.*", &name[..1]),
            1 => format!("({name}|nothing)"),
            2 => format!("^{name}$"),
            3 => name[..name.len() - 1].to_owned(),
            _ => name,
        };
        target.set("name", text(name));
    }
    if random.percent(15) {
        target.set("group", text(kind.group));
    }
    if random.percent(20) {
        target.set("version", text(kind.version));
    }
    if random.percent(8) {
        target.set("namespace", text(of.namespaces[0].clone()));
    }
    let selectors =
        &["app=web", "app", "!tier", "app in (web, api)", "app!=web", "tier=front,app=web", "x=1", "x==true"];
    if random.percent(8) {
        target.set("labelSelector", text(*random.pick(selectors)));
    }
    if random.percent(4) {
        target.set("annotationSelector", text(random.word(&["note", "!note", "zz=a", "note=plain"])));
    }
    target
}

fn strategic_text(layers: &mut Layers<'_>, of: &Known) -> String {
    let node = strategic_patch(layers.random, of);
    let mut all = vec![node];
    if layers.random.percent(1) {
        all.push(strategic_patch(layers.random, of));
    }
    layers.stream(&all)
}

/// A patch that says which object it is for, and changes some of its fields.
pub fn strategic_patch(random: &mut Random, of: &Known) -> Node {
    let kind = of.kind();
    let name = if random.per_mille(5) { "nothing" } else { of.name() };
    let mut metadata = map([("name", text(name))]);
    if !of.namespace().is_empty() {
        metadata.set("namespace", text(of.namespace()));
    }
    if random.percent(25) {
        let field = random.word(&["labels", "annotations"]);
        let value = match random.below(12) {
            0 => raw("null"),
            1 => map([("app", raw("null"))]),
            2 => map([("$patch", text(random.word(&["delete", "replace", "merge"])))]),
            3 => map([("n", scalar::odd(random))]),
            _ => map([("app", text("patched")), ("new", scalar::odd_text(random))]),
        };
        metadata.set(field, value);
    }
    let mut node = map([("apiVersion", text(kind.api_version())), ("kind", text(kind.kind)), ("metadata", metadata)]);
    if random.percent(4) {
        return node.with("$patch", text(random.word(&["delete", "delete", "replace", "merge"])));
    }
    if let Node::Map(fields) = &of.tree {
        let fields: Vec<&(String, Node)> =
            fields.iter().filter(|(key, _)| !matches!(key.as_str(), "apiVersion" | "kind" | "metadata")).collect();
        for _ in 0..2 {
            if let Some((key, value)) = random.any(&fields) {
                node.set(key, changed(random, value));
            }
        }
    }
    if random.percent(6) {
        node.set(&scalar::odd_key(random), scalar::free(random, 2));
    }
    node
}

/// What a patch says about a value.
fn changed(random: &mut Random, value: &Node) -> Node {
    if random.percent(5) {
        return raw("null");
    }
    match value {
        Node::Map(entries) => changed_map(random, entries),
        Node::List(items) => changed_list(random, items),
        Node::Text(_) if random.percent(70) => text(random.word(&["patched", "a b", "nginx:2", "conf", "1"])),
        Node::Raw(_) if random.percent(60) => raw(random.word(&["7", "true", "\"7\"", "0.5", "x", "8080"])),
        _ => scalar::odd(random),
    }
}

fn changed_map(random: &mut Random, entries: &[(String, Node)]) -> Node {
    let mut out = Node::Map(Vec::new());
    for _ in 0..random.between(1, 2) {
        if let Some((key, value)) = random.any(entries) {
            out.set(key, changed(random, value));
        }
    }
    match random.below(40) {
        0 => out.set(
            "$patch",
            text(random.word(&[
                "delete", "replace", "merge", "replace", "delete", "replace", "merge", "replace", "merge", "delete",
                "replace", "merge", "replace", "delete", "replace", "merge", "replace", "other",
            ])),
        ),
        1 => out.set("$retainKeys", Node::List(vec![text("type")])),
        2 => out.set("$setElementOrder/containers", Node::List(vec![map([("name", text("main"))])])),
        3..6 => out.set(&scalar::odd_key(random), scalar::free(random, 2)),
        _ => {}
    }
    out
}

fn changed_list(random: &mut Random, items: &[Node]) -> Node {
    let mut out = Vec::new();
    for _ in 0..random.between(1, 2) {
        out.extend(random.any(items).map(|item| changed_item(random, item)));
    }
    match random.below(20) {
        0 => out.push(map([("$patch", text(random.word(&["replace", "delete", "merge"])))])),
        1 => out.clear(),
        2 => out.push(map([("name", text("added")), ("image", text("busybox")), ("value", scalar::odd(random))])),
        3 => out.insert(0, map([("name", text("added-first")), ("image", text("busybox"))])),
        4 => out.push(scalar::free(random, 1)),
        _ => {}
    }
    Node::List(out)
}

/// An item that says which one it is, mostly.
fn changed_item(random: &mut Random, item: &Node) -> Node {
    let Node::Map(entries) = item else { return changed(random, item) };
    let mut out = Node::Map(Vec::new());
    for (key, value) in entries {
        if MERGE_KEYS.contains(&key.as_str()) && random.percent(93) {
            out.set(key, value.clone());
        }
    }
    if random.percent(7) {
        return out.with("$patch", text(random.word(&["delete", "delete", "replace", "merge"])));
    }
    let others: Vec<&(String, Node)> = entries.iter().filter(|(key, _)| !MERGE_KEYS.contains(&key.as_str())).collect();
    if let Some((key, value)) = random.any(&others) {
        out.set(key, changed(random, value));
    }
    if random.percent(20) {
        out.set("added", scalar::odd(random));
    }
    out
}

/// The text of a JSON patch, in YAML or JSON.
pub fn json(layers: &mut Layers<'_>, of: &Known) -> String {
    let mut operations = Vec::new();
    for _ in 0..*layers.random.pick(&[1, 1, 1, 1, 1, 2]) {
        operations.extend(operation(layers.random, &of.tree));
    }
    let operations = Node::List(operations);
    loop {
        let content = layers.document(&operations);
        // What starts with a bracket must be JSON, which this hardly ever is.
        if !content.starts_with('[') || content == "[]\n" || layers.random.percent(1) {
            return content;
        }
    }
}

fn operation(random: &mut Random, tree: &Node) -> Option<Node> {
    let steps = walk::walk(random, tree, Until::Anywhere);
    if steps.is_empty() {
        return None;
    }
    // The name and namespace are what the object is found by.
    let is_identity = matches!(&steps[0], Step::Field(name) if name == "metadata")
        && (steps.len() == 1 || matches!(&steps[1], Step::Field(name) if name == "name" || name == "namespace"));
    // What a generator makes has other keys than are known here.
    let is_guessed = tree.get("kind").is_none() && random.percent(95);
    if is_guessed || is_identity && !random.percent(4) {
        return Some(entry("add", "/metadata/annotations", map([("note", scalar::odd_text(random))])));
    }
    let path = walk::pointer(&steps);
    let there = walk::at(tree, &steps).cloned();
    let value = |random: &mut Random| match &*path {
        // The notes that kustomize keeps there make a map of it again.
        "/metadata/annotations" => map([("note", scalar::odd_text(random))]),
        _ => fitting(random, there.as_ref()),
    };
    let is_item = matches!(steps.last(), Some(Step::Item(..)));
    Some(match random.below(12) {
        0..4 => entry("replace", &path, value(random)),
        4 => map([("op", text("remove")), ("path", text(path))]),
        5..7 if is_item => entry("add", &end_of_list(random, &path), value(random)),
        5..7 => entry("add", &format!("{path}{}", if random.percent(1) { "/deep/er" } else { "" }), value(random)),
        7 => {
            let other = walk::walk(random, tree, Until::Anywhere);
            let is_item = matches!(other.last(), Some(Step::Item(..)));
            let other = walk::pointer(&other);
            let to = if is_item { end_of_list(random, &other) } else { format!("{other}x") };
            let op = random.word(&["move", "copy", "copy"]);
            // kustomize's notes stand among the annotations, and would be copied.
            let from = if path == "/metadata" || path == "/metadata/annotations" { "/metadata/name" } else { &path };
            map([("op", text(op)), ("from", text(from)), ("path", text(to))])
        }
        8 => match walk::at(tree, &steps) {
            Some(there @ Node::Text(_)) => entry("test", &path, there.clone()),
            _ => entry("replace", &path, value(random)),
        },
        9 if random.percent(2) => {
            entry(random.word(&["replace", "remove", "test", "add"]), "/no/thing/here", value(random))
        }
        10 if random.percent(6) => map([("op", text("replace")), ("path", text(path))]),
        _ => entry("add", &path, value(random)),
    })
}

fn end_of_list(random: &mut Random, path: &str) -> String {
    let list = path.rsplit_once('/').map_or("", |(list, _)| list);
    let end = random.pick(&["-", "-", "-", "-", "-", "0", "0", "0", "0", "-1", "1"]);
    format!("{list}/{end}")
}

fn entry(op: &str, path: &str, value: Node) -> Node {
    map([("op", text(op)), ("path", text(path)), ("value", value)])
}

/// A value that can stand where `there` does, mostly.
fn fitting(random: &mut Random, there: Option<&Node>) -> Node {
    match there {
        Some(Node::Map(_) | Node::List(_)) if random.percent(8) => value(random),
        Some(Node::Map(_)) => map([("name", text("put")), ("image", text("busybox:1"))]),
        Some(Node::List(items)) => Node::List(items.iter().take(1).cloned().collect()),
        _ => value(random),
    }
}

fn value(random: &mut Random) -> Node {
    match random.below(10) {
        0..4 => raw(random.word(&["3", "true", "\"3\"", "x", "1.0", "null", "80"])),
        4..7 => scalar::odd(random),
        7 => map([("name", text("put")), ("image", text("busybox:1"))]),
        _ => scalar::free(random, 2),
    }
}
