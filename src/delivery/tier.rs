//! Which layer of the platform a path is, and which environment it is for.
//!
//! Never: a part of a segment read as a word in a path (`product-service`, `non-prod`); where nothing says it, `None`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::RepoPath;
use crate::grammar::Glob;

/// The layers of a platform, as design §6 names them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Tier {
    /// Applications of applications.
    Root,
    /// The platform itself.
    Core,
    /// Capabilities that teams may rely on.
    Stable,
    /// Capabilities under trial.
    Beta,
    /// What teams run.
    Workloads,
}

/// What the configuration says of the repository's layout. Empty: the default layout.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// The paths of each tier; where several match, the tier that comes first counts.
    pub tiers: BTreeMap<Tier, Vec<Glob>>,
    /// The environments in the order in which changes are promoted, each with its paths; the first that matches counts.
    pub environments: Vec<(Arc<str>, Vec<Glob>)>,
}

/// An environment: its name, what kind of environment that is, and who says so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Environment {
    /// As the configuration, the path, the label or the destination names it.
    pub name: Arc<str>,
    /// What it is for, where the name is one that everybody uses.
    pub stage: Option<Stage>,
    /// Who says so, to stand in a message: "path clusters/production".
    pub because: String,
}

/// What an environment is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Stage {
    /// Where changes are tried first.
    Development,
    /// Where they are tried for the last time.
    Staging,
    /// Where they count.
    Production,
}

impl Tier {
    /// As the configuration names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Core => "core",
            Self::Stable => "stable",
            Self::Beta => "beta",
            Self::Workloads => "workloads",
        }
    }
}

impl Stage {
    /// The stage that a word names.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "dev" | "development" => Some(Self::Development),
            "stage" | "staging" => Some(Self::Staging),
            "prod" | "production" => Some(Self::Production),
            _ => None,
        }
    }
}

/// The tier of a path: what the configuration says, else the default layout's word for the outermost segment that has
/// one, since what a layer holds may be called like another layer.
#[must_use]
pub fn tier_of(path: &RepoPath, layout: &Layout) -> Option<Tier> {
    let is_any = |globs: &[Glob]| globs.iter().any(|glob| glob.matches(path.as_str()));
    let configured = layout.tiers.iter().find(|(_, globs)| is_any(globs)).map(|(tier, _)| *tier);
    configured.or_else(|| {
        let mut is_in_capabilities = false;
        path.segments().find_map(|segment| {
            let tier = match segment {
                "bootstrap" => Some(Tier::Root),
                "core" | "core-platform" => Some(Tier::Core),
                "stable" if is_in_capabilities => Some(Tier::Stable),
                "beta" if is_in_capabilities => Some(Tier::Beta),
                "teams" | "tenants" | "workloads" | "workload-instances" => Some(Tier::Workloads),
                _ => None,
            };
            is_in_capabilities |= segment.split('-').any(|word| word == "capabilities");
            tier
        })
    })
}

/// The environment of what lies at `path`: what the configuration says of the path, else a segment that is a stage's
/// word (the innermost: `teams/dev/overlays/prod` is for production), else the value of an `environment` label, else
/// the name of the cluster that receives it.
#[must_use]
pub fn environment_of(
    path: &RepoPath,
    label: Option<&str>,
    destination: Option<&str>,
    layout: &Layout,
) -> Option<Environment> {
    configured(path, layout)
        .or_else(|| by_segment(path))
        .or_else(|| by_label(label?.trim()))
        .or_else(|| by_destination(destination?))
}

fn configured(path: &RepoPath, layout: &Layout) -> Option<Environment> {
    let is_any = |globs: &[Glob]| globs.iter().any(|glob| glob.matches(path.as_str()));
    let (name, _) = layout.environments.iter().find(|(_, globs)| is_any(globs))?;
    Some(Environment { name: name.clone(), stage: Stage::named(name), because: format!("path {path}") })
}

fn by_segment(path: &RepoPath) -> Option<Environment> {
    let segments: Vec<&str> = path.segments().collect();
    let last = segments.iter().rposition(|segment| Stage::named(segment).is_some())?;
    let because = format!("path {}", segments[..=last].join("/"));
    Some(Environment { name: segments[last].into(), stage: Stage::named(segments[last]), because })
}

fn by_label(value: &str) -> Option<Environment> {
    if value.is_empty() {
        return None;
    }
    let because = format!("label environment={value}");
    Some(Environment { name: value.into(), stage: Stage::named(value), because })
}

/// The word alone, or the first or last between hyphens: `prod`, `prod-eu`, `shop-prod`, but not `non-prod`.
fn by_destination(name: &str) -> Option<Environment> {
    let words: Vec<&str> = name.split('-').collect();
    let denied = |row: usize| row.checked_sub(1).is_some_and(|before| matches!(words[before], "non" | "pre"));
    let row = [0, words.len() - 1].into_iter().find(|row| Stage::named(words[*row]).is_some() && !denied(*row))?;
    let because = format!("destination {name}");
    Some(Environment { name: words[row].into(), stage: Stage::named(words[row]), because })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).expect("a path in the tree")
    }

    fn globs(texts: &[&str]) -> Vec<Glob> {
        texts.iter().map(|text| Glob::new(text).expect("a glob")).collect()
    }

    #[test]
    fn tiers_by_whole_segments() {
        for (text, tier) in [
            ("bootstrap/argocd", Some(Tier::Root)),
            ("clusters/a/bootstrap", Some(Tier::Root)),
            ("bootstrap/workloads", Some(Tier::Root)),
            ("core/crossplane", Some(Tier::Core)),
            ("core-platform/crossplane", Some(Tier::Core)),
            ("platform-capabilities/stable/postgres", Some(Tier::Stable)),
            ("capabilities/beta", Some(Tier::Beta)),
            ("charts/stable/nginx", None),
            ("stable/capabilities", None),
            ("teams/shop/core", Some(Tier::Workloads)),
            ("workload-instances/a", Some(Tier::Workloads)),
            ("core-services/a", None),
            ("my-bootstrap/a", None),
            ("infrastructure/apps/clusters", None),
            ("", None),
        ] {
            assert_eq!(tier_of(&path(text), &Layout::default()), tier, "{text}");
        }
    }

    #[test]
    fn a_configured_tier_comes_before_the_default_layout() {
        let tiers = BTreeMap::from([(Tier::Core, globs(&["teams/platform/**"])), (Tier::Beta, globs(&["**/next/**"]))]);
        let layout = Layout { tiers, ..Layout::default() };
        for (text, tier) in [
            ("teams/platform", Some(Tier::Core)),
            ("teams/platform/next", Some(Tier::Core)),
            ("teams/shop/next/a", Some(Tier::Beta)),
            ("teams/shop", Some(Tier::Workloads)),
        ] {
            assert_eq!(tier_of(&path(text), &layout), tier, "{text}");
        }
    }

    #[test]
    fn environments_by_path() {
        for (text, stage, because) in [
            ("clusters/production/apps", Some(Stage::Production), "path clusters/production"),
            ("apps/shop/overlays/prod", Some(Stage::Production), "path apps/shop/overlays/prod"),
            ("teams/dev/overlays/prod/x", Some(Stage::Production), "path teams/dev/overlays/prod"),
            ("apps/staging", Some(Stage::Staging), "path apps/staging"),
            ("development", Some(Stage::Development), "path development"),
            ("apps/product-service", None, ""),
            ("clusters/non-prod/apps", None, ""),
            ("clusters/pre-prod", None, ""),
            ("clusters/prod-eu", None, ""),
            ("apps/Prod", None, ""),
        ] {
            let found = environment_of(&path(text), None, None, &Layout::default());
            assert_eq!(found.as_ref().and_then(|found| found.stage), stage, "{text}");
            assert_eq!(found.map(|found| found.because).unwrap_or_default(), because, "{text}");
        }
    }

    #[test]
    fn who_says_it_in_which_order() {
        let environments: Vec<(Arc<str>, Vec<Glob>)> =
            vec![("qa".into(), globs(&["apps/*/qa/**"])), ("prod".into(), globs(&["live/**"]))];
        let layout = Layout { environments, ..Layout::default() };
        let of = |text, label, destination| {
            let found = environment_of(&path(text), label, destination, &layout)?;
            Some((found.name.to_string(), found.stage, found.because))
        };
        let is = |name: &str, stage, because: &str| Some((name.to_owned(), stage, because.to_owned()));
        let production = Some(Stage::Production);
        assert_eq!(of("apps/a/qa/prod", Some("dev"), None), is("qa", None, "path apps/a/qa/prod"));
        assert_eq!(of("live/a", None, None), is("prod", production, "path live/a"));
        assert_eq!(of("apps/prod", Some("dev"), Some("dev")), is("prod", production, "path apps/prod"));
        assert_eq!(
            of("apps/a", Some("production"), Some("dev")),
            is("production", production, "label environment=production")
        );
        assert_eq!(of("apps/a", Some("canary"), Some("prod")), is("canary", None, "label environment=canary"));
        assert_eq!(of("apps/a", Some(" "), Some("shop-prod")), is("prod", production, "destination shop-prod"));
        assert_eq!(of("apps/a", None, Some("prod-eu-1")), is("prod", production, "destination prod-eu-1"));
        for destination in
            ["non-prod", "pre-prod", "shop-non-prod", "shop-pre-prod", "a-prod-b", "production2", "in-cluster"]
        {
            assert_eq!(of("apps/a", None, Some(destination)), None, "{destination}");
        }
    }
}
