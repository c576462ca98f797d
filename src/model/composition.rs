//! What flows between a composite resource and what a Crossplane Composition makes of it: the fields that patches and
//! templates read and write.
//!
//! Never: a template run; a read that is not plain, or that asks first whether the field is there, is left out.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::{View, split_api_version};
use crate::base::Span;

/// The type that a Composition is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CompositionTarget<'t> {
    /// Its group.
    pub group: &'t str,
    /// Its version.
    pub version: &'t str,
    /// The kind of the composite resource.
    pub kind: &'t str,
}

impl<'t> CompositionTarget<'t> {
    /// What `compositeTypeRef` says; `None` where it does not.
    #[must_use]
    pub fn of(composition: View<'t>) -> Option<Self> {
        let target = composition.path(["spec", "compositeTypeRef"])?;
        let (group, version) = split_api_version(target.str_at(["apiVersion"])?);
        Some(Self { group, version, kind: target.str_at(["kind"])? })
    }
}

/// One field of the composite resource that a Composition reads or writes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flow {
    /// Which of the two.
    pub way: Way,
    /// The field, as it is written: `spec.parameters.size`.
    pub path: String,
    /// Where it is written.
    pub at: Span,
    /// What a missing field does.
    pub missing: Missing,
    /// The field that it goes to, where it goes to one of a composed resource.
    pub to: Option<String>,
    /// The composed resource, where the patch is one's own.
    pub resource: Option<String>,
}

/// Which way a value flows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// From the composite resource.
    Reads,
    /// To it.
    Writes,
}

/// What happens where the field that is read is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    /// The patch is left out.
    Skips,
    /// The composite resource stops, or a template writes nonsense.
    Breaks,
}

/// All flows of a Composition, in its order.
#[must_use]
pub fn flows(composition: View<'_>) -> Vec<Flow> {
    let mut found = Vec::new();
    if let Some(spec) = composition.get("spec") {
        of_resources(spec, &mut found);
    }
    let steps = composition.path(["spec", "pipeline"]).into_iter().flat_map(|list| list.items());
    for input in steps.filter_map(|step| step.get("input")) {
        of_resources(input, &mut found);
        if input.str_at(["kind"]) == Some("GoTemplate") {
            let text = input.get("inline").and_then(|inline| inline.field("template"));
            found.extend(text.into_iter().flat_map(|text| of_template(&text.value.written(), text.key_place())));
        }
    }
    found
}

/// The patches of patch-and-transform, as a function's input or as Crossplane itself took them before functions.
fn of_resources(holder: View<'_>, found: &mut Vec<Flow>) {
    let sets = holder.get("patchSets").into_iter().flat_map(|list| list.items());
    for set in sets {
        of_patches(set, None, found);
    }
    for resource in holder.get("resources").into_iter().flat_map(|list| list.items()) {
        let name = resource.get("name").map(|name| name.written().into_owned());
        of_patches(resource, name.as_deref(), found);
    }
    if let Some(environment) = holder.get("environment") {
        of_patches(environment, None, found);
    }
}

fn of_patches(holder: View<'_>, resource: Option<&str>, found: &mut Vec<Flow>) {
    for patch in holder.get("patches").into_iter().flat_map(|list| list.items()) {
        let kind = patch.str_at(["type"]).unwrap_or("FromCompositeFieldPath");
        let missing = match patch.str_at(["policy", "fromFieldPath"]) {
            Some("Required") => Missing::Breaks,
            _ => Missing::Skips,
        };
        let (from, to) = (patch.get("fromFieldPath"), patch.get("toFieldPath"));
        let mut push = |way, path: Option<View<'_>>, to: Option<View<'_>>| {
            found.extend(path.map(|path| Flow {
                way,
                path: path.written().into_owned(),
                at: path.place(),
                missing,
                to: to.map(|to| to.written().into_owned()),
                resource: resource.map(str::to_owned),
            }));
        };
        match kind {
            "FromCompositeFieldPath" => push(Way::Reads, from, to.or(from)),
            "ToCompositeFieldPath" => push(Way::Writes, to.or(from), None),
            "CombineFromComposite" => {
                let variables = patch.path(["combine", "variables"]).into_iter().flat_map(|list| list.items());
                variables.for_each(|variable| push(Way::Reads, variable.get("fromFieldPath"), to));
            }
            "CombineToComposite" => push(Way::Writes, to, None),
            _ => {}
        }
    }
}

/// An action of a Go template that prints a field of the composite resource as it is.
static PLAIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let filters = r"(?:quote|squote|toString|toYaml|toJson|lower|upper|int|trim|b64enc|n?indent \d+)";
    let path = r"\.observed\.composite\.resource((?:\.[A-Za-z_][A-Za-z0-9_]*)+)";
    Regex::new(&format!(r"\{{\{{-?\s*\$?{path}\s*(?:\|\s*{filters}\s*)*-?\}}\}}")).ok()
});

/// A field of the composite resource in an action of any other form.
static ANY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\.observed\.composite\.resource((?:\.[A-Za-z_][A-Za-z0-9_]*)*)").ok());

/// The fields that a template prints and asks nothing about: no condition, default or function touches them or what
/// holds them.
fn of_template(text: &str, at: Span) -> Vec<Flow> {
    let (Some(plain), Some(any)) = (&*PLAIN, &*ANY) else { return Vec::new() };
    let dotted =
        |found: &regex::Captures<'_>| found.get(1).map_or("", |path| path.as_str()).trim_start_matches('.').to_owned();
    let printed: Vec<(usize, String)> =
        plain.captures_iter(text).filter_map(|found| Some((found.get(1)?.start(), dotted(&found)))).collect();
    let asked: Vec<String> = any
        .captures_iter(text)
        .filter(|found| found.get(1).is_some_and(|path| !printed.iter().any(|(start, _)| *start == path.start())))
        .map(|found| dotted(&found))
        .collect();
    let is_asked = |path: &str| {
        let holds = |outer: &str| {
            outer.is_empty() || path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        asked.iter().any(|outer| outer != "spec" && outer != "status" && holds(outer))
    };
    let paths: BTreeSet<String> = printed.into_iter().map(|(_, path)| path).filter(|path| !is_asked(path)).collect();
    let flow = |path| Flow { way: Way::Reads, path, at, missing: Missing::Breaks, to: None, resource: None };
    paths.into_iter().map(flow).collect()
}

#[cfg(test)]
mod tests {
    use super::{Missing, Way, flows};
    use crate::testkit;

    fn told(text: &str) -> Vec<String> {
        let (trees, file) = testkit::file("composition.yaml", text);
        let document = trees.documents(file).next().expect("a document");
        let line = |flow: super::Flow| {
            let way = if flow.way == Way::Reads { "<" } else { ">" };
            let breaks = if flow.missing == Missing::Breaks { "!" } else { "" };
            format!("{way}{breaks} {} {}", flow.path, flow.to.unwrap_or_default()).trim_end().to_owned()
        };
        flows(trees.view(&document)).into_iter().map(line).collect()
    }

    #[test]
    fn patches_say_what_they_read_and_write() {
        let text = "spec:\n  pipeline:\n  - input:\n      patchSets:\n      - patches:\n        - {fromFieldPath: metadata.labels}\n      \
                    resources:\n      - name: a\n        patches:\n        - {type: PatchSet, patchSetName: x}\n        \
                    - {fromFieldPath: spec.a, toFieldPath: spec.b, policy: {fromFieldPath: Required}}\n        \
                    - {type: ToCompositeFieldPath, fromFieldPath: status.c}\n        \
                    - {type: CombineFromComposite, combine: {variables: [{fromFieldPath: spec.d}]}, toFieldPath: spec.e}\n";
        let wanted = ["< metadata.labels metadata.labels", "<! spec.a spec.b", "> status.c", "< spec.d spec.e"];
        assert_eq!(told(text), wanted);
    }

    #[test]
    fn a_template_reads_what_it_prints_without_asking() {
        let template = |body: &str| {
            format!(
                "spec:\n  pipeline:\n  - input:\n      kind: GoTemplate\n      inline:\n        template: |\n          {body}\n"
            )
        };
        let xr = ".observed.composite.resource";
        assert_eq!(told(&template(&format!("a: {{{{ {xr}.spec.a | quote }}}}"))), ["<! spec.a"]);
        assert_eq!(told(&template(&format!("a: {{{{ {xr}.spec.a | default \"x\" }}}}"))), [""; 0]);
        let asked = format!("{{{{ if {xr}.spec.a }}}}{{{{ {xr}.spec.a.b }}}}{{{{ {xr}.spec.c }}}}{{{{ end }}}}");
        assert_eq!(told(&template(&asked)), ["<! spec.c"]);
        assert_eq!(told(&template(&format!("{{{{ $xr := {xr} }}}}{{{{ {xr}.spec.a }}}}"))), [""; 0]);
    }
}
