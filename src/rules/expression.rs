//! Expressions in rule files: what is wrong with one is said at its own bytes.
//!
//! Never: an expression run.

use super::kinds::{CheckKind, Takes};
use super::written::Mistake;
use crate::base::{Span, TextRange};
use crate::grammar::cel::Program;
use crate::model::View;

/// What is wrong with the expressions among the parameters of a rule.
pub(super) fn mistakes(kind: &CheckKind, rule: View<'_>) -> Vec<Mistake> {
    let expressions = kind.params.iter().filter_map(|desc| match desc.takes {
        Takes::Expression(variables) => Some((rule.path(["with", desc.name])?, variables)),
        _ => None,
    });
    let mistake = |(written, variables): (View<'_>, &[&str])| {
        let text = written.written();
        let mistake = Program::compile(&text, variables).err()?;
        let slice = written.trees().sources().shown_slice(written.place());
        let at = place(written.place(), &slice, &text, mistake.at);
        Some(Mistake::new(at, format!("in the expression: {}", mistake.message)))
    };
    expressions.filter_map(mistake).collect()
}

/// Where a part of a decoded text stands in its source. Quotes, escapes, a block's header and its indentation stand
/// only there, blanks may differ; every other character stands there in its order.
fn place(written: Span, source: &str, text: &str, part: TextRange) -> Span {
    let body = if source.starts_with(['|', '>']) { source.find('\n').unwrap_or_default() } else { 0 };
    let mut at = body;
    let (mut start, mut end) = (None, body);
    for (byte, char) in text.char_indices().filter(|(_, char)| !char.is_whitespace()) {
        if byte >= part.end as usize && start.is_some() {
            break;
        }
        let Some(found) = source[at..].find(char) else { return written };
        let found = at + found;
        at = found + char.len_utf8();
        if byte >= part.start as usize {
            start.get_or_insert(found);
        }
        end = at;
    }
    let from = written.range.start;
    // What ends too early is marked at its last character.
    let start = start.unwrap_or_else(|| source[..end].char_indices().next_back().map_or(0, |(byte, _)| byte));
    Span { range: TextRange::new(from + start as u32, from + end.max(start) as u32), ..written }
}

#[cfg(test)]
mod tests {
    use crate::rules::RuleFile;
    use crate::secrets::RunKey;
    use crate::testkit;

    /// The line, and the marked text with the message, of the first mistake in a rule with this expression.
    fn mistake(expression: &str) -> (u32, String) {
        let text = format!(
            "check: cel\nwith:\n  of: [apps/Deployment]\n  expression: {expression}\nseverity: error\nsince: 0.1.0\n\
             says: a\nwhy: a\nfix: b\n"
        );
        let (trees, file) = testkit::file("own.yaml", &text);
        let rule = RuleFile { pack: "own".into(), id: "own".into(), file };
        let (_, problems) = super::super::pack::load(&trees, &[&rule], &RunKey::fresh());
        let problem = problems.first().expect("a mistake");
        let line = trees.sources().positions(problem.at).0.line;
        (line, format!("{}: {}", &text[problem.at.range.bytes()], problem.message))
    }

    #[test]
    fn mistakes_are_marked_in_the_expression() {
        let cases = [
            ("object.spec.x > max", 4, "max: in the expression: there is no variable `max`"),
            ("'object.spec.x == ''a'' || nope'", 4, "nope: in the expression: there is no variable `nope`"),
            ("\"object.spec.x == \\\"a\\\" || nope\"", 4, "nope: in the expression: there is no variable `nope`"),
            (
                "|\n    object.spec.x > 1 &&\n    object.nope()",
                6,
                "object.nope(): in the expression: there is no function",
            ),
            (">-\n    object.spec.x > 1\n    && (", 6, "(: in the expression: the expression ends"),
            ("1 +", 4, "+: in the expression: the expression ends where a value is expected"),
        ];
        for (expression, line, message) in cases {
            let found = mistake(expression);
            assert!(found.0 == line && found.1.starts_with(message), "{expression}: {found:?}");
        }
    }

    #[test]
    fn parameters_of_conditions_must_fit() {
        let says = |expression: &str| mistake(expression).1.rsplit_once(": ").map(|(_, said)| said.to_owned());
        let said = says("pod.hostNetwork");
        assert!(said.is_some_and(|said| said.contains("`object`")), "`pod` is known with `each: pod` only");
    }
}
