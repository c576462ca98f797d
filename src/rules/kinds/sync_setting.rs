//! The kind `sync-setting`: what Argo CD reads from texts, and ignores without a word where they are misspelt.
//!
//! Never: a text that somebody fills in later.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::base::Span;
use crate::model::{ARGO_GROUP, Object, Trees, View};
use crate::rules::{Check, Hit, Sink, near};

pub(super) const KIND: CheckKind = CheckKind {
    name: "sync-setting",
    about: "sync options, waves and hooks that Argo CD ignores",
    params: &[ParamDesc {
        name: "of",
        takes: Takes::OneOf(&["option", "wave"]),
        need: Need::Required,
        about: "`option`: an entry of `syncOptions` or of the annotation that is no known `Key=value`; `wave`: `syncWave` as a field, and annotations of waves and hooks with impossible values",
    }],
    facts: &[],
    words: &[
        ("kind", "the object's kind"),
        ("name", "its name"),
        ("value", "what is written"),
        ("why", "why it has no effect"),
    ],
    build,
};

const ANNOTATIONS: &str = "argocd.argoproj.io/";
const BOOLEAN: &[&str] = &["true", "false"];

/// The options that Argo CD knows, each with its values.
const OPTIONS: &[(&str, &[&str])] = &[
    ("ApplyOutOfSyncOnly", BOOLEAN),
    ("ClientSideApplyMigration", BOOLEAN),
    ("CreateNamespace", BOOLEAN),
    ("Delete", &["true", "false", "confirm"]),
    ("FailOnSharedResource", BOOLEAN),
    ("Force", BOOLEAN),
    ("Prune", &["true", "false", "confirm"]),
    ("PruneLast", BOOLEAN),
    ("PrunePropagationPolicy", &["foreground", "background", "orphan"]),
    ("Replace", BOOLEAN),
    ("RespectIgnoreDifferences", BOOLEAN),
    ("ServerSideApply", BOOLEAN),
    ("SkipDryRunOnMissingResource", BOOLEAN),
    ("Validate", BOOLEAN),
];

const HOOKS: &[&str] = &["PreSync", "Sync", "PostSync", "SyncFail", "Skip", "PreDelete", "PostDelete"];
const DELETE_POLICIES: &[&str] = &["HookSucceeded", "HookFailed", "BeforeHookCreation"];

#[expect(clippy::unnecessary_wraps, reason = "the signature that all kinds share")]
fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let find = if params.text("of") == "wave" { waves } else { options };
    Ok(Check::Value(Box::new(move |trees, object, sink| judge(trees, object, find, sink))))
}

/// One text that has no effect.
struct Ignored {
    at: Span,
    value: String,
    why: String,
    field: String,
}

fn judge(trees: &Trees, object: &Object, find: fn(&Object, View<'_>) -> Vec<Ignored>, sink: &mut Sink) {
    for Ignored { at, value, why, field } in find(object, object.view(trees)) {
        let hit = Hit::at(at)
            .word("kind", &*object.key.kind)
            .word("name", &*object.key.name)
            .word("value", value.clone())
            .word("why", why);
        sink.report(hit.field(field).mark(value));
    }
}

/// The `spec` of an Application, or of the template of an ApplicationSet, with the pointer to what holds it.
fn application<'t>(object: &Object, view: View<'t>) -> Option<(View<'t>, &'static str)> {
    if object.is(ARGO_GROUP, "Application") {
        Some((view, ""))
    } else if object.is(ARGO_GROUP, "ApplicationSet") {
        Some((view.path(["spec", "template"])?, "/spec/template"))
    } else {
        None
    }
}

fn annotation<'t>(view: View<'t>, name: &str) -> Option<(View<'t>, String)> {
    let name = format!("{ANNOTATIONS}{name}");
    let value = view.path(["metadata", "annotations"])?.get(&name)?;
    Some((value, format!("/metadata/annotations/{}", name.replace('/', "~1"))))
}

fn is_open(text: &str) -> bool {
    text.contains(['$', '{'])
}

fn options(object: &Object, view: View<'_>) -> Vec<Ignored> {
    let mut ignored = Vec::new();
    if let Some((document, above)) = application(object, view) {
        let list = document.path(["spec", "syncPolicy", "syncOptions"]);
        for (row, item) in list.into_iter().flat_map(|list| list.items()).enumerate() {
            let (value, why) = match item.as_str() {
                Some(text) => (text.to_owned(), option_fault(text)),
                None => (shown(item), Some("an option is one text, `Key=value`".into())),
            };
            let field = format!("{above}/spec/syncPolicy/syncOptions/{row}");
            ignored.extend(why.map(|why| Ignored { at: item.place(), value, why, field }));
        }
    }
    if let Some((value, field)) = annotation(view, "sync-options") {
        for text in value.as_str().into_iter().flat_map(|text| text.split(',')) {
            let why = option_fault(text.trim());
            let (at, value, field) = (value.place(), text.trim().to_owned(), field.clone());
            ignored.extend(why.map(|why| Ignored { at, value, why, field }));
        }
    }
    ignored
}

/// A map as people would write it in one line.
fn shown(item: View<'_>) -> String {
    match item.fields().next() {
        Some(field) => format!("{}: {}", field.name(), field.value.written()),
        None => item.written().into_owned(),
    }
}

/// Why an option has no effect.
fn option_fault(text: &str) -> Option<String> {
    if is_open(text) || text.is_empty() {
        return None;
    }
    let Some((key, value)) = text.split_once('=') else {
        return Some("an option is `Key=value`, without spaces".into());
    };
    let Some((_, values)) = OPTIONS.iter().find(|(known, _)| *known == key) else {
        let known: Vec<&str> = OPTIONS.iter().map(|(known, _)| *known).collect();
        let meant = known.iter().find(|known| known.eq_ignore_ascii_case(key.trim())).copied();
        return Some(match meant.or_else(|| near(key.trim(), &known)) {
            Some(meant) => format!("Argo CD knows `{meant}`"),
            None => "Argo CD does not know it".into(),
        });
    };
    let listed = || values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
    (!values.contains(&value)).then(|| format!("it takes {}", listed()))
}

fn waves(object: &Object, view: View<'_>) -> Vec<Ignored> {
    let mut ignored = Vec::new();
    if let Some((document, above)) = application(object, view) {
        let inside: [(&str, Option<View<'_>>); 4] = [
            ("", Some(document)),
            ("/metadata", document.get("metadata")),
            ("/spec", document.get("spec")),
            ("/spec/syncPolicy", document.path(["spec", "syncPolicy"])),
        ];
        for (path, map) in inside {
            for field in map.into_iter().flat_map(|map| map.fields()) {
                if matches!(field.name(), "syncWave" | "sync-wave") {
                    let why = "there is no such field; waves are the annotation `argocd.argoproj.io/sync-wave`".into();
                    let (at, value) = (field.key_place(), field.name().to_owned());
                    ignored.push(Ignored { at, value, why, field: format!("{above}{path}/{}", field.name()) });
                }
            }
        }
    }
    let wave = annotation(view, "sync-wave")
        .filter(|(value, _)| value.as_str().is_some_and(|text| !is_open(text) && text.parse::<i64>().is_err()));
    ignored.extend(wave.map(|(value, field)| Ignored {
        at: value.place(),
        value: value.written().into_owned(),
        why: "a wave is a whole number".into(),
        field,
    }));
    ignored.extend(unknown_word(view, "hook", HOOKS));
    ignored.extend(unknown_word(view, "hook-delete-policy", DELETE_POLICIES));
    ignored
}

/// The first word of an annotation that Argo CD does not know.
fn unknown_word(view: View<'_>, name: &str, known: &[&str]) -> Option<Ignored> {
    let (value, field) = annotation(view, name)?;
    let is_unknown = |word: &&str| !word.is_empty() && !is_open(word) && !known.contains(word);
    let word = value.as_str()?.split(',').map(str::trim).find(is_unknown)?;
    let meant = known.iter().find(|known| known.eq_ignore_ascii_case(word)).copied().or_else(|| near(word, known));
    let why =
        meant.map_or_else(|| format!("Argo CD does not know this {name}"), |meant| format!("Argo CD knows `{meant}`"));
    Some(Ignored { at: value.place(), value: word.to_owned(), why, field })
}

#[cfg(test)]
mod tests {
    use super::option_fault;

    #[test]
    fn options_are_taken_as_argo_cd_takes_them() {
        for text in
            ["CreateNamespace=true", "Prune=confirm", "PrunePropagationPolicy=orphan", "${OPTION}", "Replace={{.r}}"]
        {
            assert_eq!(option_fault(text), None, "{text}");
        }
        for (text, why) in [
            ("CreateNamespace: true", "an option is `Key=value`, without spaces"),
            ("createNamespace=true", "Argo CD knows `CreateNamespace`"),
            ("CreateNamespace = true", "Argo CD knows `CreateNamespace`"),
            ("CreateNamespace= true", "it takes `true`, `false`"),
            ("PruneLasts=true", "Argo CD knows `PruneLast`"),
            ("Nothing=true", "Argo CD does not know it"),
        ] {
            assert_eq!(option_fault(text).as_deref(), Some(why), "{text}");
        }
    }
}
