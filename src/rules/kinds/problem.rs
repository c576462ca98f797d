//! The kind `problem`: what the rooms before this one could not do, as findings of the pack `guard`.
//!
//! Never: a judgement of its own.

use super::{CheckKind, Need, ParamDesc, Params, Takes};
use crate::base::{Problem, ProblemKind, Side};
use crate::rules::{Check, Hit, Label};

/// What rule files call the kinds of problem.
const NAMES: &[(&str, ProblemKind)] = &[
    ("unparsable", ProblemKind::Unparsable),
    ("unreadable", ProblemKind::Unreadable),
    ("duplicate-key", ProblemKind::DuplicateKey),
    ("does-not-build", ProblemKind::DoesNotBuild),
    ("not-rendered", ProblemKind::NotRendered),
    ("limit-exceeded", ProblemKind::LimitExceeded),
    ("internal", ProblemKind::Internal),
    ("invalid-rule", ProblemKind::InvalidRule),
    ("unexplained-suppression", ProblemKind::UnexplainedSuppression),
    ("expired-suppression", ProblemKind::ExpiredSuppression),
    ("unused-suppression", ProblemKind::UnusedSuppression),
    ("unknown-rule", ProblemKind::UnknownRule),
];

pub(super) const KIND: CheckKind = CheckKind {
    name: "problem",
    about: "what this tool could not read, render or compare, and what is wrong with what it was told",
    params: &[ParamDesc {
        name: "of",
        takes: Takes::OneOf(&[
            "unparsable",
            "unreadable",
            "duplicate-key",
            "does-not-build",
            "not-rendered",
            "limit-exceeded",
            "internal",
            "invalid-rule",
            "unexplained-suppression",
            "expired-suppression",
            "unused-suppression",
            "unknown-rule",
        ]),
        need: Need::Required,
        about: "the kind of problem",
    }],
    facts: &[("unread", "no build reads the file")],
    words: &[("problem", "what is wrong, in the words of the part that met it")],
    build,
};

fn build(params: &Params<'_>) -> Result<Check, Vec<String>> {
    let name = params.text("of");
    match NAMES.iter().find(|known| known.0 == name) {
        Some((_, kind)) => Ok(Check::Problem(*kind)),
        None => Err(vec![format!("there is no kind of problem `{name}`")]),
    }
}

/// A problem as a hit.
pub(in crate::rules) fn hit(problem: &Problem, side: Side) -> Hit {
    let related = problem.related.iter().map(|(at, says)| Label { at: *at, side, says: says.clone() }).collect();
    let words = vec![("problem", problem.message.clone())];
    let mark = Some(problem.message.clone());
    Hit { side, words, related, mark, help: problem.help.clone(), ..Hit::at(problem.at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameter_lists_all_kinds() {
        let Takes::OneOf(words) = &KIND.params[0].takes else { panic!("`of` is a word") };
        assert_eq!(NAMES.iter().map(|known| known.0).collect::<Vec<_>>(), *words);
    }
}
