//! Whether a text that is not YAML is a template that makes YAML.
//!
//! Never: a template engine; two braces outside quotes and comments are enough.

/// Whether the document around the byte `at`, which starts at `start`, holds a template's braces.
pub(super) fn is_template(text: &str, start: usize, at: usize) -> bool {
    let start = start.min(at);
    let end = memchr::memmem::find(&text.as_bytes()[at..], b"\n---").map_or(text.len(), |found| at + found);
    text[start..end].lines().any(has_braces)
}

fn has_braces(line: &str) -> bool {
    let braces = ["{{", "{%"].iter().filter_map(|open| line.find(open)).min();
    braces.is_some_and(|at| {
        let before = &line[..at];
        let is_even = |quote: char| before.matches(quote).count().is_multiple_of(2);
        !before.trim_start().starts_with('#') && is_even('"') && is_even('\'')
    })
}

#[cfg(test)]
mod tests {
    use super::is_template;

    #[test]
    fn braces_in_quotes_are_no_template() {
        let rows = [
            ("{{- if .x }}\na: 1\n", true),
            ("a: {{ .x }}\n", true),
            ("{% for a in b %}\n", true),
            ("a: \"{{ .x }}\"\nb: [\n", false),
            ("# {{ .x }}\nb: [\n", false),
            ("b: [\n---\na: {{ .x }}\n", false),
        ];
        for (text, is) in rows {
            assert_eq!(is_template(text, 0, 0), is, "{text:?}");
        }
    }
}
