//! Replacements: a value of one object into fields of others.
//!
//! Never: a source that is looked for twice; it is one that the layer knows.

use super::layers::Layers;
use super::node::{Node, map, raw, text, texts};
use super::objects::Known;
use super::random::Random;
use super::scalar;
use super::walk::{self, Until};

/// The entries of `replacements`; some name a file.
pub fn replacements(layers: &mut Layers<'_>, folder: &str, known: &[Known]) -> Vec<Node> {
    let mut all = Vec::new();
    for _ in 0..layers.random.between(1, 2) {
        let Some(one) = replacement(layers.random, known) else { continue };
        if !layers.random.percent(25) {
            all.push(one);
            continue;
        }
        let content = if layers.random.percent(50) { one } else { Node::List(vec![one]) };
        let content = layers.document(&content);
        let name = layers.write_new(folder, "replacement", content);
        all.push(map([("path", text(name))]));
    }
    all
}

/// One replacement.
pub fn replacement(random: &mut Random, known: &[Known]) -> Option<Node> {
    let written: Vec<&Known> = known.iter().filter(|known| known.tree.get("kind").is_some()).collect();
    let from = *random.any(&written)?;
    let to = *random.any(&written)?;
    let targets = (0..random.between(1, 2)).map(|_| target(random, to)).collect();
    if random.percent(8) {
        return Some(map([("sourceValue", text(random.word(&["x", "v1", "a b"]))), ("targets", Node::List(targets))]));
    }
    Some(map([("source", source(random, from)), ("targets", Node::List(targets))]))
}

fn source(random: &mut Random, from: &Known) -> Node {
    let mut source = map([("kind", text(from.kind().kind)), ("name", text(random.pick(&from.names).clone()))]);
    if random.percent(20) {
        source.set("version", text(from.kind().version));
    }
    if random.percent(15) && !from.kind().group.is_empty() {
        source.set("group", text(from.kind().group));
    }
    if random.percent(75) {
        let until = if random.percent(93) { Until::Scalar } else { Until::Anywhere };
        let steps = walk::walk(random, &from.tree, until);
        let path = if random.per_mille(5) {
            "spec.nothing".to_owned()
        } else {
            walk::dotted(random, &steps).replace(".*", ".0")
        };
        // The whole metadata brings along the notes that kustomize keeps there while it builds.
        if !path.is_empty() && path != "metadata" && path != "metadata.annotations" {
            source.set("fieldPath", text(path));
        }
    }
    if random.percent(6) {
        source.set("options", options(random));
    }
    source
}

fn target(random: &mut Random, to: &Known) -> Node {
    let mut select = map([("kind", text(to.kind().kind))]);
    if random.percent(93) {
        select.set("name", text(random.pick(&to.names).clone()));
    }
    if random.percent(8) {
        select.set("labelSelector", text("app=web"));
    }
    if random.per_mille(8) {
        select = Node::Map(Vec::new());
    }
    let mut target = map([("select", select)]);
    if random.percent(10) {
        target.set("reject", Node::List(vec![map([("name", text(random.pick(&to.names).clone()))])]));
    }
    let mut paths = Vec::new();
    for _ in 0..random.between(1, 2) {
        let until = if random.percent(85) { Until::Scalar } else { Until::Anywhere };
        let steps = walk::walk(random, &to.tree, until);
        // Most texts do not go into a number.
        if matches!(walk::at(&to.tree, &steps), Some(Node::Raw(_))) && random.percent(85) {
            continue;
        }
        let path = walk::dotted(random, &steps);
        // A new identity would be the next target's riddle.
        if !path.is_empty()
            && path != "metadata.name"
            && path != "metadata"
            && path != "metadata.annotations"
            && path != "metadata.namespace"
        {
            paths.push(path);
        }
    }
    let creates = paths.is_empty() || random.percent(20);
    if creates {
        paths.push(
            (random.word(&[
                "metadata.annotations.put",
                "metadata.labels.put",
                "spec.put.deep",
                "spec.list.0.x",
                "data.k",
            ]))
            .to_owned(),
        );
    }
    target.set("fieldPaths", texts(paths));
    if creates || random.percent(20) {
        let mut options = if random.percent(15) { options(random) } else { Node::Map(Vec::new()) };
        if creates && random.percent(97) {
            options.set("create", raw("true"));
        }
        target.set("options", options);
    }
    target
}

fn options(random: &mut Random) -> Node {
    let mut options = Node::Map(Vec::new());
    if random.percent(80) {
        options.set("delimiter", text(random.word(&["-", ":", "/", ".", "e", " "])));
    }
    if random.percent(70) {
        options.set("index", raw(random.word(&["0", "0", "0", "0", "0", "1", "-1"])));
    }
    if random.per_mille(30) {
        options.set("encoding", scalar::odd_text(random));
    }
    options
}
