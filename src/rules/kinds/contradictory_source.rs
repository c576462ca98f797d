//! The kind `contradictory-source`: Argo CD applications whose sources or destination say two things at once, or nothing.
//!
//! Never: a value that a template may leave empty.

use super::{CheckKind, Params};
use crate::base::Span;
use crate::model::{ARGO_GROUP, Object, Trees, View};
use crate::rules::{Check, Hit, Sink};

pub(super) const KIND: CheckKind = CheckKind {
    name: "contradictory-source",
    about: "an Argo CD application with both or neither of `path` and `chart`, of `source` and `sources`, or with both `server` and `name` of a destination",
    params: &[],
    facts: &[],
    words: &[("name", "the application's name"), ("what", "what contradicts what, or is missing")],
    build,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(_: &Params<'_>) -> Result<Check, Vec<String>> {
    Ok(Check::Value(Box::new(judge)))
}

/// What is wrong: where, what, and the field.
type Wrong = (Span, String, String);

fn judge(trees: &Trees, object: &Object, sink: &mut Sink) {
    let view = object.view(trees);
    let (spec, above) = if object.is(ARGO_GROUP, "Application") {
        (view.field("spec"), "")
    } else if object.is(ARGO_GROUP, "ApplicationSet") {
        (view.path(["spec", "template"]).and_then(|template| template.field("spec")), "/spec/template")
    } else {
        return;
    };
    let Some(spec) = spec else { return };
    // What a generator or a patch adds to the template is not seen here.
    let is_whole = above.is_empty();
    let mut wrong: Vec<Wrong> = Vec::new();
    wrong.extend(sources(spec.value, spec.key_place(), is_whole));
    wrong.extend(destination(spec.value));
    for (at, what, field) in wrong {
        let hit = Hit::at(at).word("name", &*object.key.name).word("what", what);
        sink.report(hit.field(format!("{above}/spec{field}")));
    }
}

/// A text that is given and that no template may leave empty.
fn given<'t>(map: View<'t>, name: &str) -> Option<View<'t>> {
    let value = map.get(name)?;
    let text = value.as_str()?;
    (!text.is_empty() && !text.contains("{{")).then_some(value)
}

fn sources(spec: View<'_>, at: Span, is_whole: bool) -> Vec<Wrong> {
    let one = spec.get("source").filter(|source| source.fields().next().is_some());
    let many = spec.field("sources").filter(|sources| sources.value.items().next().is_some());
    let mut wrong = Vec::new();
    match (one, &many) {
        (Some(_), Some(many)) => {
            wrong.push((
                many.key_place(),
                "has `source` and `sources`: the first is ignored".into(),
                "/sources".into(),
            ));
        }
        (None, None) if is_whole && !has_other_source(spec) => {
            wrong.push((at, "has neither `source` nor `sources`".into(), String::new()));
        }
        _ => {}
    }
    let rows = many.iter().flat_map(|many| many.value.items().enumerate());
    let rows = rows.map(|(row, source)| (source, format!("/sources/{row}")));
    for (source, field) in one.map(|source| (source, "/source".to_owned())).into_iter().chain(rows) {
        wrong.extend(self::source(source, field, is_whole));
    }
    wrong
}

/// Whether the application is hydrated from elsewhere, or somebody fills it in later.
fn has_other_source(spec: View<'_>) -> bool {
    spec.get("sourceHydrator").is_some()
        || spec.fields().any(|field| matches!(field.name(), "source" | "sources" | "<<"))
}

fn source(source: View<'_>, field: String, is_whole: bool) -> Option<Wrong> {
    if let (Some(_), Some(chart)) = (given(source, "path"), given(source, "chart")) {
        return Some((chart.place(), "has a source with `path` and `chart`".into(), format!("{field}/chart")));
    }
    let says_any =
        ["path", "chart", "ref"].iter().any(|name| source.get(name).is_some_and(|v| !v.written().is_empty()));
    let url = source.field("repoURL").filter(|_| is_whole && !says_any)?;
    Some((url.key_place(), "has a source with neither `path` nor `chart`".into(), field))
}

fn destination(spec: View<'_>) -> Option<Wrong> {
    let destination = spec.get("destination")?;
    given(destination, "server")?;
    let name = given(destination, "name")?;
    Some((name.place(), "has a destination with `server` and `name`".into(), "/destination/name".into()))
}
