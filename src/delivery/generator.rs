//! The generators of ApplicationSets: one element of values for each application.
//!
//! Never: a request; what only a cluster or a code host knows is lacking, and said to be.

use serde_json::{Map, Value};

use super::outside::Local;
use super::reader::{Reader, written};
use super::selector;
use crate::base::{RepoPath, Span};
use crate::grammar::{Gap, Glob, Missing, go_template, name_template, normalized_name};
use crate::model::{ObjectKey, View};

/// The values for one application.
#[derive(Clone)]
pub(super) struct Element {
    /// What is known of them.
    pub(super) values: Value,
    /// Why more may be missing: "a `clusters` generator asks Argo CD".
    pub(super) lacks: Option<String>,
    /// Whether there is such an element for sure: not where two were taken to meet by a key that is not known.
    pub(super) is_sure: bool,
    /// The generator.
    pub(super) at: Span,
}

/// The template language of a set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// Go templates. `missingkey=error` makes a missing value a mistake.
    Go { stops_at_missing: bool },
    /// The older form.
    Names,
}

impl Language {
    /// The text that a template gives for an element.
    pub(super) fn fill(self, text: &str, element: &Element) -> Result<String, Gap> {
        self.render(text, &element.values, element.lacks.is_some())
    }

    fn render(self, text: &str, values: &Value, lacks: bool) -> Result<String, Gap> {
        match self {
            Self::Names => name_template(text, values),
            Self::Go { .. } if lacks => go_template(text, values, Missing::Unknown),
            Self::Go { stops_at_missing: true } => go_template(text, values, Missing::Error),
            Self::Go { stops_at_missing: false } => go_template(text, values, Missing::Nothing),
        }
    }
}

/// What the generator before it in a matrix gives to a generator.
#[derive(Clone)]
struct Outer {
    values: Value,
    lacks: bool,
}

/// What reads the generators of one set.
pub(super) struct Generators<'r> {
    pub(super) reader: &'r Reader<'r>,
    /// The set.
    pub(super) set: &'r ObjectKey,
    /// Its template language.
    pub(super) language: Language,
}

/// How many applications one generator may give here; more are cut off, and said to be.
const ELEMENTS: usize = 2000;
/// How deep generators may stand in each other: Argo CD takes two.
const DEPTH: usize = 4;

/// The generators that this room reads, by their key.
const KINDS: [&str; 9] =
    ["list", "git", "matrix", "merge", "clusters", "pullRequest", "scmProvider", "clusterDecisionResource", "plugin"];

impl Generators<'_> {
    /// The elements of each generator, with the template that it brings along.
    pub(super) fn all<'t>(&self, generators: impl Iterator<Item = View<'t>>) -> Vec<(Vec<Element>, Option<View<'t>>)> {
        let none = Outer { values: Value::Object(Map::new()), lacks: false };
        let with_template = |generator: View<'t>| {
            let body = generator.fields().find(is_kind).map(|field| field.value);
            let template = body.and_then(|body| body.get("template")).filter(View::is_map);
            (self.one(generator, &none, 0), template)
        };
        generators.map(with_template).collect()
    }

    /// A text with what the generator before gives.
    fn render(&self, text: &str, outer: &Outer) -> Result<String, Gap> {
        self.language.render(text, &outer.values, outer.lacks)
    }

    /// The elements of one generator; `outer` is what the generator before it in a matrix gives.
    fn one(&self, generator: View<'_>, outer: &Outer, depth: usize) -> Vec<Element> {
        let Some(field) = generator.fields().find(is_kind) else {
            return vec![lacking(generator.place(), "this generator is not known")];
        };
        let (body, at) = (field.value, field.key_place());
        let mut elements = match field.name() {
            "list" => self.list(body, at, outer),
            "git" => self.git(body, at, outer),
            "matrix" if depth < DEPTH => self.matrix(body, at, outer, depth),
            "merge" if depth < DEPTH => self.merge(body, at, outer, depth),
            "clusters" => self.clusters(body, at, outer),
            other => self.told(other, at),
        };
        for element in &mut elements {
            self.add_values(body.get("values"), outer, element);
        }
        elements.retain(|element| self.selects(generator.get("selector"), element));
        limited(elements, at)
    }

    /// The generator's own `values`, which may name what the element holds. Those that need more are not known.
    fn add_values(&self, own: Option<View<'_>>, outer: &Outer, element: &mut Element) {
        let Some(own) = own.filter(View::is_map) else { return };
        let values = overlaid(outer.values.clone(), &element.values);
        let all = Outer { values, lacks: outer.lacks || element.lacks.is_some() };
        let rendered = own.fields().filter_map(|field| {
            let text = self.render(&field.value.written(), &all).ok()?;
            Some((field.name().to_owned(), Value::String(text)))
        });
        let rendered: Map<String, Value> = rendered.collect();
        if let Value::Object(values) = &mut element.values {
            values.insert("values".to_owned(), Value::Object(rendered));
        }
    }

    /// The clusters that the configuration tells, as far as the selector takes them.
    fn clusters(&self, body: View<'_>, at: Span, outer: &Outer) -> Vec<Element> {
        let outside = self.reader.here.outside();
        if outside.clusters.is_empty() {
            return vec![lacking(at, "a `clusters` generator takes them from Argo CD (tell them in `clusters`)")];
        }
        let selector = body.get("selector").filter(|selector| !selector::is_empty(*selector));
        let render = |text: &str| self.render(text, outer);
        let is_taken = |cluster: &super::ClusterSecret, local: Local| match selector {
            None => Ok(true),
            Some(_) if local == Local::WithoutSecret => Ok(false),
            Some(selector) => selector::selects(selector, &render, &|label| cluster.label(label).map(str::to_owned)),
        };
        let mut found = Vec::new();
        for (cluster, local) in outside.all_clusters() {
            match is_taken(&cluster, local) {
                Ok(true) => found.push(cluster.values()),
                Ok(false) => {}
                Err(gap) => return vec![lacking(at, &format!("the selector of a `clusters` generator needs {gap}"))],
            }
        }
        if body.get("flatList").and_then(|flat| flat.as_bool()) == Some(true) {
            return vec![Element { values: serde_json::json!({ "clusters": found }), lacks: None, is_sure: true, at }];
        }
        found.into_iter().map(|values| Element { values, lacks: None, is_sure: true, at }).collect()
    }

    /// What the configuration tells of a generator that asks elsewhere.
    fn told(&self, generator: &str, at: Span) -> Vec<Element> {
        let (namespace, name) = (&*self.set.namespace, &*self.set.name);
        match self.reader.here.outside().elements(namespace, name, generator) {
            Some(elements) => elements
                .iter()
                .map(|values| Element { values: values.clone(), lacks: None, is_sure: true, at })
                .collect(),
            None => {
                let why = format!("a `{generator}` generator takes them from outside (tell them in `generators`)");
                vec![lacking(at, &why)]
            }
        }
    }

    /// Whether the generator's own `selector` keeps an element: its labels are compared with what is known.
    fn selects(&self, selector: Option<View<'_>>, element: &Element) -> bool {
        let Some(selector) = selector else { return true };
        let render = |text: &str| self.language.fill(text, element);
        let text = |key: &str| match key_of(&element.values, key)? {
            Value::String(value) => Some(value.clone()),
            value => Some(value.to_string()),
        };
        if element.lacks.is_some() && selector::keys(selector).any(|key| text(&key).is_none()) {
            return true;
        }
        selector::selects(selector, &render, &text).unwrap_or(true)
    }

    fn list(&self, body: View<'_>, at: Span, outer: &Outer) -> Vec<Element> {
        let mut found: Vec<Element> = Vec::new();
        let written = body.get("elements").into_iter().flat_map(|list| list.items()).filter(View::is_map);
        found.extend(written.map(|element| Element { values: element.to_json(), lacks: None, is_sure: true, at }));
        let Some(text) = body.str_at(["elementsYaml"]) else { return found };
        let computed = self.render(text, outer).map_err(|gap| format!("a `list` generator needs {gap}"));
        let computed = computed.and_then(|text| {
            let none = || "a `list` generator computes what is no list".to_owned();
            serde_yaml::from_str::<Vec<Map<String, Value>>>(&text).map_err(|_| none())
        });
        match computed {
            Ok(rows) => {
                found.extend(rows.into_iter().map(|row| Element {
                    values: Value::Object(row),
                    lacks: None,
                    is_sure: true,
                    at,
                }));
            }
            Err(why) => found.push(lacking(at, &why)),
        }
        found
    }

    fn git(&self, body: View<'_>, at: Span, outer: &Outer) -> Vec<Element> {
        let url = written(body.get("repoURL")).unwrap_or_default();
        let is_here = self.render(&url, outer).is_ok_and(|url| self.reader.here.is(&url));
        let directories = body.get("directories").filter(View::is_seq);
        let found = match (directories, body.get("files")) {
            (Some(directories), _) => self.directories(directories, at, outer),
            (None, Some(files)) => self.files(files, at, outer),
            (None, None) => Err(Gap("`directories` or `files`".to_owned())),
        };
        let mut elements = match found {
            // A repository that is not known is this one where the paths exist.
            Ok(elements) if is_here || !elements.is_empty() => elements,
            Ok(_) => return vec![lacking(at, "a `git` generator reads another repository")],
            Err(gap) => return vec![lacking(at, &format!("a `git` generator needs {gap}"))],
        };
        if let Some(prefix) = body.str_at(["pathParamPrefix"]).filter(|prefix| !prefix.is_empty()) {
            for element in &mut elements {
                if let Value::Object(values) = &mut element.values
                    && let Some(path) = values.remove("path")
                {
                    let inner = Map::from_iter([("path".to_owned(), path)]);
                    values.insert(prefix.to_owned(), Value::Object(inner));
                }
            }
        }
        elements
    }

    /// The globs of a list of paths, those that exclude apart.
    fn globs(&self, list: View<'_>, outer: &Outer) -> Result<(Vec<Glob>, Vec<Glob>), Gap> {
        let (mut include, mut exclude) = (Vec::new(), Vec::new());
        for item in list.items() {
            let text = written(item.get("path")).unwrap_or_default();
            let text = self.render(&text, outer)?;
            let glob = Glob::new(&text).map_err(|_| Gap(format!("a path that can be read, not `{text}`")))?;
            let excludes = item.get("exclude").and_then(|exclude| exclude.as_bool()) == Some(true);
            if excludes { &mut exclude } else { &mut include }.push(glob);
        }
        Ok((include, exclude))
    }

    fn directories(&self, list: View<'_>, at: Span, outer: &Outer) -> Result<Vec<Element>, Gap> {
        let (include, exclude) = self.globs(list, outer)?;
        let fits = |globs: &[Glob], path: &RepoPath| {
            // Unlike a path of the configuration, `a/*` and `a/**` leave out `a` itself.
            let itself = |glob: &Glob| glob.as_str().trim_end_matches('*').trim_matches('/') == path.as_str();
            globs.iter().any(|glob| glob.matches(path.as_str()) && (!glob.as_str().ends_with('*') || !itself(glob)))
        };
        let is_hidden = |path: &RepoPath| path.segments().any(|segment| segment.starts_with('.'));
        let folders = self.reader.folders().iter().filter(|path| !path.as_str().is_empty() && !is_hidden(path));
        let fitting = folders.filter(|path| fits(&include, path) && !fits(&exclude, path));
        let element = |path: &RepoPath| Element {
            values: Value::Object(Map::from_iter([("path".to_owned(), path_values(path))])),
            lacks: None,
            is_sure: true,
            at,
        };
        Ok(fitting.take(ELEMENTS + 1).map(element).collect())
    }

    fn files(&self, list: View<'_>, at: Span, outer: &Outer) -> Result<Vec<Element>, Gap> {
        let (include, exclude) = self.globs(list, outer)?;
        let fits = |globs: &[Glob], path: &RepoPath| globs.iter().any(|glob| glob.matches(path.as_str()));
        let files = self.reader.snapshot.files().filter(|(path, _)| fits(&include, path) && !fits(&exclude, path));
        let mut elements = Vec::new();
        for (path, file) in files.take(ELEMENTS + 1) {
            for document in self.reader.trees.documents(file) {
                let content = self.reader.trees.view(&document).to_json();
                let contents = match content {
                    Value::Array(items) => items,
                    other => vec![other],
                };
                for mut values in contents {
                    let Value::Object(fields) = &mut values else { continue };
                    let folder = path.parent().unwrap_or_else(RepoPath::root);
                    let mut path_values = path_values(&folder);
                    path_values["filename"] = path.name().into();
                    path_values["filenameNormalized"] = normalized_name(path.name()).into();
                    fields.insert("path".to_owned(), path_values);
                    elements.push(Element { values, lacks: None, is_sure: true, at });
                }
            }
        }
        Ok(elements)
    }

    /// Every element of the first generator with every one of the second, which may name what the first gives.
    fn matrix(&self, body: View<'_>, at: Span, outer: &Outer, depth: usize) -> Vec<Element> {
        let inner: Vec<View<'_>> = body.get("generators").into_iter().flat_map(|list| list.items()).collect();
        let mut all = vec![Element { values: Value::Object(Map::new()), lacks: None, is_sure: true, at }];
        for generator in inner {
            let mut next = Vec::new();
            for before in all {
                let values = overlaid(outer.values.clone(), &before.values);
                let seen = Outer { values, lacks: outer.lacks || before.lacks.is_some() };
                for element in self.one(generator, &seen, depth + 1) {
                    let lacks = before.lacks.clone().or_else(|| element.lacks.clone());
                    let values = overlaid(before.values.clone(), &element.values);
                    next.push(Element { values, lacks, is_sure: before.is_sure && element.is_sure, at });
                }
                if next.len() > ELEMENTS {
                    break;
                }
            }
            all = next;
        }
        all
    }

    /// The elements of the first generator, each overlaid with those of the others that agree on `mergeKeys`. Where the
    /// key is only known outside (a cluster's name), an element of the others is taken to meet one of the first.
    fn merge(&self, body: View<'_>, at: Span, outer: &Outer, depth: usize) -> Vec<Element> {
        let mut inner = body.get("generators").into_iter().flat_map(|list| list.items());
        let keys: Vec<String> = body
            .get("mergeKeys")
            .into_iter()
            .flat_map(|keys| keys.items())
            .map(|key| key.written().into_owned())
            .collect();
        let Some(first) = inner.next() else { return Vec::new() };
        let mut all = self.one(first, outer, depth + 1);
        for generator in inner {
            let others = self.one(generator, outer, depth + 1);
            let mut next = Vec::new();
            for base in all {
                next.extend(merged(base, &others, &keys));
                if next.len() > ELEMENTS {
                    break;
                }
            }
            all = next;
        }
        all.into_iter().map(|element| Element { at, ..element }).collect()
    }
}

/// An element with what others say of it: those that agree on the keys. Where a key is not known, the element stays as
/// it is for what nobody names, and each of the others makes one more.
fn merged(base: Element, others: &[Element], keys: &[String]) -> Vec<Element> {
    let is_known = keys.iter().all(|key| key_of(&base.values, key).is_some());
    let agrees = |other: &&Element| {
        let same = |key: &String| key_of(&base.values, key).is_none_or(|v| key_of(&other.values, key) == Some(v));
        keys.iter().all(same)
    };
    let over = |under: &Element, other: &Element| Element {
        values: overlaid(under.values.clone(), &other.values),
        ..under.clone()
    };
    let agreeing = others.iter().filter(agrees);
    if is_known {
        return vec![agreeing.fold(base.clone(), |under, other| over(&under, other))];
    }
    let more: Vec<Element> = agreeing.map(|other| over(&base, other)).collect();
    std::iter::once(base).chain(more).map(|element| Element { is_sure: false, ..element }).collect()
}

/// Whether a field names a generator that this room reads.
fn is_kind(field: &crate::model::Field<'_>) -> bool {
    KINDS.contains(&field.name())
}

fn lacking(at: Span, why: &str) -> Element {
    Element { values: Value::Object(Map::new()), lacks: Some(why.to_owned()), is_sure: true, at }
}

/// What templates may say of a folder.
fn path_values(path: &RepoPath) -> Value {
    serde_json::json!({
        "path": path.as_str(),
        "basename": path.name(),
        "basenameNormalized": normalized_name(path.name()),
        "segments": path.segments().collect::<Vec<_>>(),
    })
}

/// A map with another one laid over it, level by level.
fn overlaid(mut under: Value, over: &Value) -> Value {
    match (&mut under, over) {
        (Value::Object(fields), Value::Object(more)) => {
            for (key, value) in more {
                let before = fields.remove(key).unwrap_or(Value::Null);
                fields.insert(key.clone(), overlaid(before, value));
            }
            under
        }
        _ => over.clone(),
    }
}

fn key_of<'v>(values: &'v Value, key: &str) -> Option<&'v Value> {
    values.get(key).or_else(|| key.split('.').try_fold(values, |at, part| at.get(part)))
}

fn limited(mut elements: Vec<Element>, at: Span) -> Vec<Element> {
    if elements.len() > ELEMENTS {
        elements.truncate(ELEMENTS);
        elements.push(lacking(at, &format!("only the first {ELEMENTS} elements are looked at")));
    }
    elements
}
