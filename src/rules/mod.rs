//! Rule files to rules, check kinds, the engine, findings. The only room with severities.
//!
//! Never: a file, a rendering, a word of one output format.

mod embedded;
mod engine;
#[cfg(test)]
mod engine_tests;
mod expression;
mod finding;
mod fold;
pub mod kinds;
#[cfg(test)]
mod laws;
mod matching;
mod pack;
mod place;
mod precedence;
mod rule;
mod run;
mod schema;
mod settings;
mod suppress;
mod written;

#[cfg(test)]
pub(crate) use embedded::Embedded;
pub(crate) use embedded::RULES as EMBEDDED;
pub use engine::{Counts, Ran, Standing, Verdict, judge};
pub use finding::{
    ChangeCheck, Check, Facts, Finding, Hit, Label, Node, ObjectCheck, ObjectName, Rewritten, Severity, Sink, Status,
    Subject, Suppressed, TextCheck, ValueCheck, WorldCheck,
};
pub use pack::RuleFile;
pub use rule::{Default, GUARD, Grade, NOT_RENDERED, Rule, RuleSet, Template};
pub use schema::rule_schema;
pub use settings::{CommentsOf, Ignore, Setting, Settings, Show};
pub use suppress::{Baseline, Entry as BaselineEntry, Known, Purpose, unknown_rule};
pub use written::{Mistake, Schema, document, typed};

/// The known word that is nearest to what somebody wrote, where one is near enough.
#[must_use]
pub fn near<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    similar::get_close_matches(written, known, 1, 0.6).first().copied()
}
