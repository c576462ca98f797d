//! What Kustomizations apply of the artifacts that an `ArtifactGenerator` makes.
//!
//! Never: a rule.

use std::sync::Arc;

use super::gather;
use crate::base::Side;
use crate::delivery::{Here, Whose};
use crate::testkit::{snapshot, trees};

const SOURCE: &str = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: fleet, namespace: flux}\n\
                      spec: {url: https://git.example.org/a/fleet}\n";
const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

fn generator(copies: &str) -> String {
    format!(
        "apiVersion: source.extensions.fluxcd.io/v1beta1\nkind: ArtifactGenerator\nmetadata: {{name: g, namespace: flux}}\n\
         spec:\n  sources:\n  - {{alias: git, kind: GitRepository, name: fleet}}\n  - {{alias: oci, kind: OCIRepository, name: \
         elsewhere}}\n  artifacts:\n  - name: web\n    copy:\n{copies}"
    )
}

fn copy(from: &str, to: &str) -> String {
    format!("    - {{from: \"{from}\", to: \"{to}\"}}\n")
}

/// What is asked for a path of the artifact: the folder that is built, else what is known of it.
fn asked(copies: &str, path: &str) -> String {
    let trees = trees();
    let generator = generator(copies);
    let sync = format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: web, namespace: flux}}\nspec:\n  \
         path: {path}\n  sourceRef: {{kind: ExternalArtifact, name: web}}\n"
    );
    let files = [
        ("apps/web/base/map.yaml", MAP),
        ("apps/web/production/map.yaml", MAP),
        ("clusters/a/generator.yaml", &*generator),
        ("clusters/a/source.yaml", SOURCE),
        ("clusters/a/web.yaml", &*sync),
        ("other/map.yaml", MAP),
    ];
    let snapshot = Arc::new(snapshot(&trees, Side::Head, &files));
    let here = Here::new(["https://git.example.org/a/fleet.git".to_owned()]);
    let world = gather(snapshot, &trees, &here, None);
    let [application] = &world.applications[..] else { panic!("one application") };
    let built: Vec<&str> = application.builds.iter().map(|(build, _)| build.path.as_str()).collect();
    match (&built[..], &application.sought[..], &application.unrendered[..]) {
        ([], [sought], []) if !sought.is_found && sought.whose == Whose::Ours => "missing".to_owned(),
        ([], [_], [unrendered]) => unrendered.what.to_owned(),
        ([], [], []) => "unknown".to_owned(),
        ([one], sought, []) => format!("{one}{}", if sought.is_empty() { "?" } else { "" }),
        _ => panic!("{built:?}"),
    }
}

#[test]
fn paths_count_from_what_was_copied() {
    let whole = copy("@git/apps/web/**", "@artifact/");
    let parts =
        copy("@git/apps/web/base/**", "@artifact/base/") + &copy("@git/apps/web/production/**", "@artifact/prod");
    let named = copy("@git/apps/web", "@artifact/x/");
    for (copies, path, expected) in [
        (&whole, "./", "apps/web"),
        (&whole, "./production", "apps/web/production"),
        (&whole, "./staging", "missing"),
        // A folder of that name lies at the root of the repository, and not in the artifact.
        (&whole, "./other", "missing"),
        (&whole, "./${PATH}", "unknown"),
        (&parts, "prod", "apps/web/production"),
        (&parts, "./production", "missing"),
        (&parts, "./", "composed artifact"),
        (&named, "./x/web/base", "apps/web/base"),
        (&named, "./x/base", "missing"),
        (&named, "./x", "composed artifact"),
        (&copy("@git/**", "@artifact/all"), "./all/other", "other"),
        (&(whole.clone() + &copy("@git/other/map.yaml", "@artifact/base/")), "./base", "composed artifact"),
        (&(whole.clone() + &copy("@git/other/map.yaml", "@artifact/base/")), "./production", "apps/web/production"),
        // What comes from elsewhere, or is picked by a glob, is not known: then a folder that fits alone is taken.
        (&copy("@oci/**", "@artifact/"), "./web/production", "apps/web/production?"),
        (&copy("@oci/**", "@artifact/"), "./gone", "unknown"),
        (&copy("@git/apps/*/base", "@artifact/"), "./gone", "unknown"),
    ] {
        assert_eq!(asked(copies, path), expected, "{copies}{path}");
    }
}
