//! The way out of a breaking change of an API, as ordered steps that name its versions and instances.
//!
//! Never: a step that the controller does not take.

use crate::api::{Definition, Flavor};

/// How many instances a step names.
const NAMED: usize = 5;

/// The steps for a difference in `version`, where these instances use the API.
pub(super) fn steps(definition: &Definition, version: &str, instances: &[String]) -> Vec<String> {
    let kind = &definition.kind;
    if definition.flavor == Flavor::Rgd {
        return vec![
            format!("leave the schema of {kind} as it is in the base: kro serves one version of a kind, {version}"),
            "add a ResourceGraphDefinition with the new schema for a kind of its own".to_owned(),
            format!("make {} anew in that kind", named(kind, instances)),
            format!("remove the ResourceGraphDefinition of {kind} when it has no instance left"),
        ];
    }
    let next = next(definition, version);
    let stored = if definition.flavor == Flavor::Xrd { "referenceable" } else { "storage" };
    let mut steps = vec![
        format!(
            "leave {version} as it is in the base; add {next} with the new schema (`served: true`, `{stored}: false`)"
        ),
        format!(
            "convert {version} to {next} and back by a webhook (`spec.conversion`), unless no field is lost either way"
        ),
        format!("move {} to {next}", named(kind, instances)),
    ];
    if definition.flavor == Flavor::Xrd {
        steps.push(format!(
            "make {next} the referenceable version, and name it in `compositeTypeRef` of its Compositions"
        ));
    } else {
        steps.push(format!("make {next} the storage version, and migrate what is stored in {version}"));
    }
    steps.push(format!("mark {version} as `deprecated: true`, with a day on which it goes"));
    steps.push(format!("set `served: false` for {version} after that day, and remove it in a later change"));
    steps
}

fn named(kind: &str, instances: &[String]) -> String {
    let names = instances.iter().take(NAMED).map(|name| &**name).collect::<Vec<_>>().join(", ");
    match instances.len() {
        0 => format!("all objects of {kind}"),
        count if count > NAMED => format!("{names} and {} more", count - NAMED),
        _ => names,
    }
}

/// A version name after this one that nothing has yet: `v1beta1` before `v1beta2`, `v1` before `v2`.
fn next(definition: &Definition, version: &str) -> String {
    let digits = version.len() - version.trim_end_matches(|char: char| char.is_ascii_digit()).len();
    let (stem, number) = version.split_at(version.len() - digits);
    let mut number: u64 = number.parse().unwrap_or(1);
    loop {
        number = number.saturating_add(1);
        let name = format!("{stem}{number}");
        if definition.version(&name).is_none() || number == u64::MAX {
            return name;
        }
    }
}
