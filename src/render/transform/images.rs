//! `images`: names, tags and digests of container images (`kustomize api/filters/imagetag`, `api/internal/image`).
//!
//! Never: an image in a `CustomResourceDefinition`.

use std::sync::Arc;

use regex::Regex;

use super::super::resource::Resource;
use super::field_spec::{Seen, Steps, expect_map, expect_scalar, fill_null_lists, follow, untagged, visit};
use super::specs::SpecKind;
use super::{Cx, broken, text_of};
use crate::base::{Problem, Span};
use crate::model::{How, MadeNode, Origin, Trees, Value, View};

/// The entries of `images:`.
pub(in crate::render) fn images(cx: &Cx<'_>, resources: &mut [Resource], field: View<'_>) -> Result<(), Problem> {
    let changes: Vec<Change> = field.items().map(Change::read).collect::<Result<_, _>>()?;
    change_all(cx, resources, &changes)
}

/// One entry of `images:`.
pub(in crate::render) fn image(cx: &Cx<'_>, resources: &mut [Resource], entry: View<'_>) -> Result<(), Problem> {
    change_all(cx, resources, &[Change::read(entry)?])
}

fn change_all(cx: &Cx<'_>, resources: &mut [Resource], changes: &[Change]) -> Result<(), Problem> {
    let Some(first) = changes.first() else { return Ok(()) };
    for resource in resources.iter_mut().filter(|resource| &*resource.id.kind != "CustomResourceDefinition") {
        let place = cx.trees.view(&resource.value).place();
        change_images(cx, resource, changes)
            .map_err(|message| broken(first.at, message).with_related(place, "in this object"))?;
    }
    Ok(())
}

/// An image of an object: where it stands and how often kustomize comes by. It walks through all `containers` first
/// and through the field specifications then, so that most images are changed twice.
struct Place {
    steps: Steps,
    text: String,
    passes: u8,
}

fn change_images(cx: &Cx<'_>, resource: &mut Resource, changes: &[Change]) -> Result<(), String> {
    let mut places: Vec<Place> = Vec::new();
    let view = cx.trees.view(&resource.value);
    collect_containers(view, &mut Steps::new(), &mut places)?;
    let mut null_lists = Vec::new();
    for spec in cx.specs.set(SpecKind::Images).selecting(&resource.id) {
        let mut wrong = Ok(());
        visit(spec, view, &mut |steps, seen| match seen {
            Seen::NullList => null_lists.push(spec),
            Seen::Value(image) => {
                if let (Err(message), Ok(())) = (collect_image(image, steps, &mut places), &wrong) {
                    wrong = Err(message);
                }
            }
        })?;
        wrong?;
    }
    for place in places {
        change_image(cx.trees, &mut resource.value, &place, changes);
    }
    null_lists.into_iter().try_for_each(|spec| fill_null_lists(cx.trees, spec, &mut resource.value))
}

fn change_image(trees: &Trees, object: &mut Value, place: &Place, changes: &[Change]) {
    let mut text = place.text.clone();
    for change in changes {
        let mut matched = false;
        for _ in 0..place.passes {
            if change.name.matches(&text) {
                text = change.applied_to(&text);
                matched = true;
            }
        }
        if matched && let Some(value) = follow(trees, object, &place.steps) {
            let scalar = untagged(trees, Some(value), &text);
            let from = Some(value.clone());
            *value = Value::scalar(scalar, Origin::set(change.at, How::Image, change.by, from));
        }
    }
}

fn collect_image(image: View<'_>, steps: &[u32], places: &mut Vec<Place>) -> Result<(), String> {
    expect_scalar(image)?;
    if image.is_null() {
        return Ok(());
    }
    match places.iter_mut().find(|place| place.steps == steps) {
        Some(place) => place.passes += 1,
        None => places.push(Place { steps: steps.to_vec(), text: image.written().into_owned(), passes: 1 }),
    }
    Ok(())
}

/// The `image` of every item of a list named `containers` or `initContainers`, at any depth
/// (`kustomize imagetag.LegacyFilter`).
fn collect_containers(view: View<'_>, steps: &mut Steps, places: &mut Vec<Place>) -> Result<(), String> {
    if view.is_map() {
        for (at, field) in view.fields().enumerate() {
            if field.value.is_scalar() {
                continue;
            }
            steps.push(at as u32);
            collect_containers(field.value, steps, places)?;
            if field.value.is_seq() && matches!(field.name(), "containers" | "initContainers") {
                collect_list(field.value, steps, places)?;
            }
            steps.pop();
        }
    } else {
        for (at, item) in view.items().enumerate() {
            steps.push(at as u32);
            collect_containers(item, steps, places)?;
            steps.pop();
        }
    }
    Ok(())
}

fn collect_list(list: View<'_>, steps: &mut Steps, places: &mut Vec<Place>) -> Result<(), String> {
    for (at, item) in list.items().enumerate() {
        expect_map(item)?;
        let Some((field_at, image)) = item.fields().enumerate().filter(|(_, field)| field.name() == "image").last()
        else {
            continue;
        };
        steps.extend([at as u32, field_at as u32]);
        collect_image(image.value, steps, places)?;
        steps.truncate(steps.len() - 2);
    }
    Ok(())
}

/// One entry of `images:`.
struct Change {
    name: Name,
    new_name: Arc<str>,
    new_tag: Arc<str>,
    tag_suffix: Arc<str>,
    digest: Arc<str>,
    /// The scalar that decides: the tag, the digest, the suffix or the name.
    at: Span,
    /// The entry.
    by: Span,
}

impl Change {
    fn read(entry: View<'_>) -> Result<Self, Problem> {
        let read = |name| text_of(entry, name).map(|text| Arc::<str>::from(&*text));
        let (new_name, new_tag) = (read("newName")?, read("newTag")?);
        let (tag_suffix, digest) = (read("tagSuffix")?, read("digest")?);
        let written = [("newTag", &new_tag), ("digest", &digest), ("tagSuffix", &tag_suffix), ("newName", &new_name)];
        let decisive = written.iter().find(|(_, text)| !text.is_empty()).and_then(|(name, _)| entry.get(name));
        let at = decisive.unwrap_or(entry).place();
        let name = Name::read(entry)?;
        Ok(Self { name, new_name, new_tag, tag_suffix, digest, at, by: entry.place() })
    }

    /// The image with the new parts in it. A new tag drops the digest and the other way round.
    fn applied_to(&self, image: &str) -> String {
        let (old_name, old_tag, old_digest) = split(image);
        let name = if self.new_name.is_empty() { old_name } else { &self.new_name };
        let (mut tag, mut digest) = (old_tag.to_owned(), old_digest);
        if !self.new_tag.is_empty() || !self.digest.is_empty() {
            (tag, digest) = (self.new_tag.to_string(), &*self.digest);
        } else if !self.tag_suffix.is_empty() {
            tag.push_str(&self.tag_suffix);
            digest = "";
        }
        let mut new = name.to_owned();
        for (separator, part) in [(':', &*tag), ('@', digest)] {
            if !part.is_empty() {
                new.push(separator);
                new.push_str(part);
            }
        }
        new
    }
}

/// The name of an entry: a fragment of a regular expression, though nearly always plain.
enum Name {
    /// Only characters that stand for themselves, and dots, which stand for any.
    Plain(Box<str>),
    Pattern(Regex),
}

impl Name {
    fn read(entry: View<'_>) -> Result<Self, Problem> {
        let name = text_of(entry, "name")?;
        if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.:@".contains(&byte)) {
            return Ok(Self::Plain((&*name).into()));
        }
        let pattern = format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$");
        Regex::new(&pattern).map(Self::Pattern).map_err(|_| {
            let at = entry.get("name").unwrap_or(entry).place();
            broken(at, format!("image name `{name}` is not a valid regular expression"))
                .with_help("escape characters such as `*`, `+` and `(`")
        })
    }

    fn matches(&self, image: &str) -> bool {
        match self {
            Self::Plain(name) => strip_name(image, name).is_some_and(is_tag_and_digest),
            Self::Pattern(pattern) => pattern.is_match(image),
        }
    }
}

fn strip_name<'i>(image: &'i str, name: &str) -> Option<&'i str> {
    let mut rest = image.chars();
    for wanted in name.chars() {
        let found = rest.next()?;
        if found != wanted && (wanted != '.' || found == '\n') {
            return None;
        }
    }
    Some(rest.as_str())
}

/// `(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?`
fn is_tag_and_digest(rest: &str) -> bool {
    let behind = |text: &'_ str| text.len() - text.trim_start_matches(is_tag_character).len();
    let rest = rest.strip_prefix(':').map_or(rest, |tag| &tag[behind(tag)..]);
    let rest = rest.strip_prefix("@sha256:").map_or(rest, |digest| &digest[behind(digest)..]);
    rest.is_empty()
}

fn is_tag_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_.{}-".contains(character)
}

/// Name, tag and digest of an image (`kustomize api/internal/image.Split`). A colon in the host is no tag.
fn split(image: &str) -> (&str, &str, &str) {
    let host = image.find('/').unwrap_or(0);
    let colon = image[host..].find(':').map(|at| at + host);
    let at_sign = image[host..].find('@').map(|at| at + host);
    match (colon, at_sign) {
        (None, None) => (image, "", ""),
        (Some(colon), None) => (&image[..colon], &image[colon + 1..], ""),
        (Some(colon), Some(at)) if colon < at => (&image[..colon], &image[colon + 1..at], &image[at + 1..]),
        (_, Some(at)) => (&image[..at], "", &image[at + 1..]),
    }
}

/// Whether an image in `value` has got this `tagSuffix` twice.
pub(in crate::render) fn has_doubled_suffix(trees: &Trees, value: &Value, suffix: View<'_>) -> bool {
    let Value::Made(made) = value else { return false };
    match &made.node {
        MadeNode::Map(entries) => entries.iter().any(|entry| has_doubled_suffix(trees, &entry.value, suffix)),
        MadeNode::Seq(items) => items.iter().any(|item| has_doubled_suffix(trees, item, suffix)),
        MadeNode::Link(inner) => has_doubled_suffix(trees, inner, suffix),
        MadeNode::Scalar(_) => {
            let by_suffix = |set: &&std::sync::Arc<crate::model::Set>| set.how == How::Image;
            let set = made.origin.set.as_ref().filter(by_suffix).filter(|_| made.origin.at == suffix.place());
            let Some(before) = set.and_then(|set| set.from.as_ref()) else { return false };
            let (before, now) = (trees.view(before).written(), trees.view(value).written());
            let suffix = suffix.written();
            *split(&now).1 == format!("{}{suffix}{suffix}", split(&before).1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{is_tag_and_digest, split, strip_name};

    #[test]
    fn a_host_with_a_port_has_no_tag() {
        assert_eq!(split("host:5000/a/b"), ("host:5000/a/b", "", ""));
        assert_eq!(split("host:5000/a/b:1"), ("host:5000/a/b", "1", ""));
        assert_eq!(split("a:1@sha256:x"), ("a", "1", "sha256:x"));
        assert_eq!(split("a@sha256:x"), ("a", "", "sha256:x"));
        assert_eq!(split("a"), ("a", "", ""));
    }

    #[test]
    fn a_name_matches_whole_names_and_a_dot_matches_anything() {
        let matches = |image, name| strip_name(image, name).is_some_and(is_tag_and_digest);
        assert!(matches("nginx:1.2.1", "nginx"));
        assert!(matches("nginx:1.2@sha256:abc", "nginx"));
        assert!(matches("docker-io/nginx", "docker.io/nginx"));
        assert!(!matches("nginx-extra:1", "nginx"));
        assert!(!matches("nginx@sha512:abc", "nginx"));
        assert!(!matches("library/nginx", "nginx"));
    }
}
