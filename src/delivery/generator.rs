//! The generators of ApplicationSets: one element of values for each application.
//!
//! Never: a request; what only a cluster or a code host knows is lacking, and said to be.

use serde_json::{Map, Value};

use super::reader::{Reader, written};
use crate::base::{RepoPath, Span};
use crate::grammar::{Gap, Glob, normalized_name};
use crate::model::View;

/// The values for one application.
#[derive(Clone)]
pub(super) struct Element {
    /// What is known of them.
    pub(super) values: Value,
    /// Why more may be missing: "a `clusters` generator asks Argo CD".
    pub(super) lacks: Option<String>,
    /// The generator.
    pub(super) at: Span,
}

/// What reads the generators of one set.
pub(super) struct Generators<'r> {
    pub(super) reader: &'r Reader<'r>,
    /// The set's template language.
    pub(super) render: fn(&str, &Value) -> Result<String, Gap>,
}

/// How many applications one generator may give here; more are cut off, and said to be.
const ELEMENTS: usize = 2000;
/// How deep generators may stand in each other: Argo CD takes two.
const DEPTH: usize = 4;

/// The generators that this room reads, by their key.
const KINDS: [&str; 9] =
    ["list", "git", "matrix", "merge", "clusters", "pullRequest", "scmProvider", "clusterDecisionResource", "plugin"];

impl Generators<'_> {
    /// The elements of all generators.
    pub(super) fn all<'t>(&self, generators: impl Iterator<Item = View<'t>>) -> Vec<Element> {
        let none = Value::Object(Map::new());
        generators.flat_map(|generator| self.one(generator, &none, 0)).collect()
    }

    /// The elements of one generator; `outer` is what the generator before it in a matrix gives.
    fn one(&self, generator: View<'_>, outer: &Value, depth: usize) -> Vec<Element> {
        let known = |field: &crate::model::Field<'_>| KINDS.contains(&field.name());
        let Some(field) = generator.fields().find(known) else {
            return vec![lacking(generator.place(), "this generator is not known")];
        };
        let (body, at) = (field.value, field.key_place());
        let mut elements = match field.name() {
            "list" => list(body, at),
            "git" => self.git(body, at, outer),
            "matrix" if depth < DEPTH => self.matrix(body, at, outer, depth),
            "merge" if depth < DEPTH => self.merge(body, at, outer, depth),
            "clusters" => vec![lacking(at, "a `clusters` generator takes them from Argo CD")],
            other => vec![lacking(at, &format!("a `{other}` generator takes them from outside"))],
        };
        for element in &mut elements {
            self.add_values(body.get("values"), outer, element);
        }
        elements.retain(|element| selects(generator.get("selector"), element));
        limited(elements, at)
    }

    /// The generator's own `values`, which may name what the element holds. Those that need more are not known.
    fn add_values(&self, own: Option<View<'_>>, outer: &Value, element: &mut Element) {
        let Some(own) = own.filter(View::is_map) else { return };
        let all = overlaid(outer.clone(), &element.values);
        let rendered = own.fields().filter_map(|field| {
            let text = (self.render)(&field.value.written(), &all).ok()?;
            Some((field.name().to_owned(), Value::String(text)))
        });
        let rendered: Map<String, Value> = rendered.collect();
        if let Value::Object(values) = &mut element.values {
            values.insert("values".to_owned(), Value::Object(rendered));
        }
    }

    fn git(&self, body: View<'_>, at: Span, outer: &Value) -> Vec<Element> {
        let url = written(body.get("repoURL")).unwrap_or_default();
        let is_here = (self.render)(&url, outer).is_ok_and(|url| self.reader.here.is(&url));
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
    fn globs(&self, list: View<'_>, outer: &Value) -> Result<(Vec<Glob>, Vec<Glob>), Gap> {
        let (mut include, mut exclude) = (Vec::new(), Vec::new());
        for item in list.items() {
            let text = written(item.get("path")).unwrap_or_default();
            let text = (self.render)(&text, outer)?;
            let glob = Glob::new(&text).map_err(|_| Gap(format!("a path that can be read, not `{text}`")))?;
            let excludes = item.get("exclude").and_then(|exclude| exclude.as_bool()) == Some(true);
            if excludes { &mut exclude } else { &mut include }.push(glob);
        }
        Ok((include, exclude))
    }

    fn directories(&self, list: View<'_>, at: Span, outer: &Value) -> Result<Vec<Element>, Gap> {
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
            at,
        };
        Ok(fitting.take(ELEMENTS + 1).map(element).collect())
    }

    fn files(&self, list: View<'_>, at: Span, outer: &Value) -> Result<Vec<Element>, Gap> {
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
                    elements.push(Element { values, lacks: None, at });
                }
            }
        }
        Ok(elements)
    }

    /// Every element of the first generator with every one of the second, which may name what the first gives.
    fn matrix(&self, body: View<'_>, at: Span, outer: &Value, depth: usize) -> Vec<Element> {
        let inner: Vec<View<'_>> = body.get("generators").into_iter().flat_map(|list| list.items()).collect();
        let mut all = vec![Element { values: Value::Object(Map::new()), lacks: None, at }];
        for generator in inner {
            let mut next = Vec::new();
            for before in all {
                let seen = overlaid(outer.clone(), &before.values);
                for element in self.one(generator, &seen, depth + 1) {
                    let lacks = before.lacks.clone().or_else(|| element.lacks.clone());
                    next.push(Element { values: overlaid(before.values.clone(), &element.values), lacks, at });
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
    fn merge(&self, body: View<'_>, at: Span, outer: &Value, depth: usize) -> Vec<Element> {
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
                let known = keys.iter().all(|key| key_of(&base.values, key).is_some());
                if !known {
                    next.push(base.clone());
                }
                let mut merged = base.clone();
                for other in &others {
                    let agrees = keys.iter().all(|key| match key_of(&base.values, key) {
                        Some(value) => key_of(&other.values, key) == Some(value),
                        None => true,
                    });
                    if !agrees {
                        continue;
                    }
                    let values = overlaid(base.values.clone(), &other.values);
                    if known {
                        merged.values = overlaid(merged.values, &other.values);
                    } else {
                        next.push(Element { values, lacks: base.lacks.clone(), at });
                    }
                }
                if known {
                    next.push(merged);
                }
                if next.len() > ELEMENTS {
                    break;
                }
            }
            all = next;
        }
        all
    }
}

fn list(body: View<'_>, at: Span) -> Vec<Element> {
    if body.get("elementsYaml").is_some() {
        return vec![lacking(at, "a `list` generator computes its elements")];
    }
    let elements = body.get("elements").into_iter().flat_map(|list| list.items()).filter(View::is_map);
    elements.map(|element| Element { values: element.to_json(), lacks: None, at }).collect()
}

fn lacking(at: Span, why: &str) -> Element {
    Element { values: Value::Object(Map::new()), lacks: Some(why.to_owned()), at }
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

/// Whether the generator's `selector` keeps an element: its labels are compared with what is known.
fn selects(selector: Option<View<'_>>, element: &Element) -> bool {
    let labels = selector.and_then(|selector| selector.get("matchLabels"));
    labels.is_none_or(|labels| {
        labels.fields().all(|label| match key_of(&element.values, label.name()) {
            Some(Value::String(value)) => *value == label.value.written(),
            Some(value) => value.to_string() == label.value.written(),
            None => element.lacks.is_some(),
        })
    })
}

fn limited(mut elements: Vec<Element>, at: Span) -> Vec<Element> {
    if elements.len() > ELEMENTS {
        elements.truncate(ELEMENTS);
        elements.push(lacking(at, &format!("only the first {ELEMENTS} elements are looked at")));
    }
    elements
}
