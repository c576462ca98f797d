//! The folders of a case: who includes whom, and what each layer knows of the objects below it.
//!
//! Never: the content of a field; that is `fields`.

use std::collections::BTreeMap;

use super::Case;
use super::fields;
use super::node::{Node, map, text};
use super::objects::{self, KINDS, Known, NAMES, NAMESPACES, Scope};
use super::random::Random;
use super::writer::Writer;

/// A kustomization that others may include.
struct Layer {
    folder: String,
    known: Vec<Known>,
}

/// The case while it is made.
pub struct Layers<'r> {
    /// The stream.
    pub random: &'r mut Random,
    /// The files so far.
    pub files: BTreeMap<String, Vec<u8>>,
    /// How many names were made, so that each is new.
    pub count: usize,
    /// The names of variables that are still free; a name may be given once.
    pub variables: Vec<&'static str>,
}

impl<'r> Layers<'r> {
    /// Nothing yet.
    pub fn new(random: &'r mut Random) -> Self {
        Self { random, files: BTreeMap::new(), count: 0, variables: vec!["BAZ", "BAR", "FOO"] }
    }

    /// The whole case.
    pub fn case(mut self) -> Case {
        let bases = if self.random.percent(75) { 1 } else { 2 };
        let mut layers: Vec<Layer> = (0..bases).map(|row| self.layer(&format!("base{row}"), &[])).collect();
        let mut build = layers[bases - 1].folder.clone();
        let overlays = *self.random.pick(&[0, 1, 1, 1, 2, 2, 3]);
        for row in 0..overlays {
            let folder = format!("overlay{row}");
            let below = self.below(&layers, bases);
            let layer = self.layer(&folder, &below.iter().map(|row| &layers[*row]).collect::<Vec<_>>());
            build.clone_from(&layer.folder);
            layers.push(layer);
        }
        Case { files: self.files, build }
    }

    /// Which layers the next one includes: mostly the last, at times the bases, at times one that it includes twice by
    /// two ways.
    fn below(&mut self, layers: &[Layer], bases: usize) -> Vec<usize> {
        let last = layers.len() - 1;
        if last < bases {
            return (0..bases).collect();
        }
        let mut below = vec![last];
        if last > 0 && self.random.percent(6) {
            below.push(self.random.below(last));
        }
        below
    }

    fn layer(&mut self, folder: &str, below: &[&Layer]) -> Layer {
        let mut entries = Vec::new();
        let mut known: Vec<Known> = Vec::new();
        let mut resources = Vec::new();
        for layer in below {
            let slash = if self.random.percent(10) { "/" } else { "" };
            resources.push(text(format!("../{}{slash}", layer.folder)));
            known.extend(layer.known.iter().cloned());
        }
        let count = match (below.is_empty(), self.random.below(10)) {
            (true, 0) => 0,
            (true, 9) => self.random.between(5, 9),
            (true, _) => self.random.between(1, 4),
            (false, 0..3) => self.random.between(1, 2),
            (false, _) => 0,
        };
        let own = self.objects(count, &known);
        resources.extend(self.write_objects(folder, &own));
        known.extend(own);
        self.random.shuffle(&mut resources);
        if !resources.is_empty() {
            entries.push(("resources".to_owned(), Node::List(resources)));
        }
        fields::generators(self, folder, &mut known, &mut entries);
        let component = self.random.percent(18).then(|| self.component(folder, &mut known));
        fields::fields(self, folder, &mut known, &mut entries);
        if let Some(component) = component {
            entries.push(("components".to_owned(), Node::List(vec![component])));
        }
        if entries.is_empty() && self.random.percent(90) {
            entries.push(("buildMetadata".to_owned(), Node::List(vec![text("originAnnotations")])));
        }
        self.write_kustomization(folder, entries, Head::Kustomization);
        Layer { folder: folder.to_owned(), known }
    }

    /// A component of the layer; it acts on the layer's objects.
    fn component(&mut self, folder: &str, known: &mut Vec<Known>) -> Node {
        let name = format!("{folder}-part");
        let mut entries = Vec::new();
        if self.random.percent(40) {
            let own = self.objects(1, known);
            let resources = self.write_objects(&name, &own);
            known.extend(own);
            entries.push(("resources".to_owned(), Node::List(resources)));
        }
        fields::generators(self, &name, known, &mut entries);
        fields::fields(self, &name, known, &mut entries);
        if entries.is_empty() && self.random.percent(95) {
            entries.push(("buildMetadata".to_owned(), Node::List(vec![text("originAnnotations")])));
        }
        self.write_kustomization(&name, entries, Head::Component);
        text(format!("../{name}"))
    }

    fn objects(&mut self, count: usize, known: &[Known]) -> Vec<Known> {
        let mut wanted: Vec<(usize, String, &str)> = Vec::new();
        for _ in 0..count {
            let kind = self.random.below(KINDS.len());
            let name = self.random.pick(NAMES);
            let namespace = self.random.word(NAMESPACES);
            let same = |kind_row: usize, known: &str| KINDS[kind_row].kind == KINDS[kind].kind && known == *name;
            let taken = known.iter().any(|known| same(known.kind, known.name()) || same(known.kind, &known.names[0]))
                || wanted.iter().any(|(kind, known, _)| same(*kind, known));
            if !taken || self.random.per_mille(5) {
                wanted.push((kind, (*name).to_owned(), namespace));
            }
        }
        let mut names: Vec<(usize, String)> = wanted.iter().map(|(kind, name, _)| (*kind, name.clone())).collect();
        names.extend(known.iter().map(|known| (known.kind, known.name().to_owned())));
        let scope = Scope { names: &names };
        wanted
            .iter()
            .map(|(kind, name, namespace)| objects::object(self.random, &scope, *kind, name, namespace))
            .collect()
    }

    /// Writes the objects to one or more files, and gives the entries of `resources`.
    fn write_objects(&mut self, folder: &str, own: &[Known]) -> Vec<Node> {
        let mut entries = Vec::new();
        let mut rest = own;
        while !rest.is_empty() {
            let (some, others) = rest.split_at(self.random.between(1, rest.len().min(3)));
            rest = others;
            self.count += 1;
            let name = format!("{}{}.yaml", self.random.pick(&["objects", "sub/objects", "o"]), self.count);
            let trees: Vec<Node> = some.iter().map(|known| known.tree.clone()).collect();
            let content = if trees.len() > 1 && self.random.percent(15) {
                let list = map([("apiVersion", text("v1")), ("kind", text("List")), ("items", Node::List(trees))]);
                self.document(&list)
            } else {
                self.stream(&trees)
            };
            self.write(folder, &name, content);
            let dot = if self.random.percent(10) { "./" } else { "" };
            entries.push(text(format!("{dot}{name}")));
        }
        entries
    }

    /// Documents one after the other, with what may stand between them.
    pub fn stream(&mut self, trees: &[Node]) -> String {
        let mut out = String::new();
        if self.random.percent(20) {
            out.push_str(self.random.word(&["---\n", "# a comment\n", "---\n---\n", "\n", "# a\n---\n", "--- # a\n"]));
        }
        for (row, tree) in trees.iter().enumerate() {
            if row > 0 {
                out.push_str(self.random.word(&[
                    "---\n",
                    "---\n",
                    "---\n",
                    "---\n",
                    "---\n",
                    "---\n",
                    "---\n",
                    "...\n---\n",
                    "---\n# a\n---\n",
                    "--- \n",
                ]));
            }
            out.push_str(&self.document(tree));
        }
        if self.random.percent(10) {
            out.push_str(self.random.word(&["---\n", "...\n", "---\n# nothing\n", "# end\n", "\n\n", "---\nnull\n"]));
        }
        if self.random.per_mille(2) {
            out.push_str(self.random.word(&["--- null\n", "--- |\n  a\n", "--- {}\n", "---\n{}\n"]));
        }
        out
    }

    /// One document.
    pub fn document(&mut self, tree: &Node) -> String {
        Writer::new(self.random).document(tree)
    }

    /// Adds a file, rarely with the line ends or the mark that other systems write.
    pub fn write(&mut self, folder: &str, name: &str, mut content: String) {
        if self.random.per_mille(8) {
            content = content.replace('\n', "\r\n");
        }
        if self.random.per_mille(5) {
            content.insert(0, '\u{feff}');
        }
        if self.random.per_mille(20) {
            content.truncate(content.trim_end_matches('\n').len());
        }
        self.files.insert(format!("{folder}/{name}"), content.into_bytes());
    }

    /// Adds a file of a new name.
    pub fn write_new(&mut self, folder: &str, stem: &str, content: String) -> String {
        self.count += 1;
        let name = format!("{stem}{}.yaml", self.count);
        self.write(folder, &name, content);
        name
    }

    fn write_kustomization(&mut self, folder: &str, mut entries: Vec<(String, Node)>, head: Head) {
        self.random.shuffle(&mut entries);
        let (version, kind) = match head {
            Head::Kustomization => ("kustomize.config.k8s.io/v1beta1", "Kustomization"),
            Head::Component => ("kustomize.config.k8s.io/v1alpha1", "Component"),
        };
        if head == Head::Component || self.random.percent(40) {
            entries.insert(0, ("kind".to_owned(), text(kind)));
            entries.insert(0, ("apiVersion".to_owned(), text(version)));
        }
        if self.random.per_mille(1) {
            entries.push(("unknownField".to_owned(), text("x")));
        }
        let name =
            self.random.word(&["kustomization.yaml", "kustomization.yaml", "kustomization.yml", "Kustomization"]);
        let content = self.document(&Node::Map(entries));
        self.write(folder, name, content);
    }
}

/// What a kustomization file calls itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Head {
    Kustomization,
    Component,
}
