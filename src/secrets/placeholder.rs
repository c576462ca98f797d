//! Values that stand for a credential which is somewhere else, or which somebody is to fill in.
//!
//! Never: a value that is taken for a placeholder because it merely starts like one.

use super::strength::entropy;

/// How values of secret stores and of encryption begin.
const REFERENCES: &[&str] = &[
    "op://",
    "ref+",
    "vault:",
    "ENC[",
    "awssm://",
    "gcpsm://",
    "azkv://",
    "arn:aws:secretsmanager",
    "secretref:",
    "$ANSIBLE_VAULT",
    "age-encryption.org/",
    "-----BEGIN AGE ENCRYPTED FILE-----",
    "-----BEGIN PGP MESSAGE-----",
];

/// Words that tell somebody to put the value there, as a whole first word with only letters behind it.
const COMMANDS: &[&str] = &["replace", "change", "update", "insert", "your", "my", "todo", "enter", "fill"];

/// What a whole value may be, in lower case without separators.
const WHOLE: &[&str] = &[
    "changeme",
    "replaceme",
    "updateme",
    "fillme",
    "todo",
    "tbd",
    "fixme",
    "placeholder",
    "redacted",
    "none",
    "null",
    "nil",
    "undefined",
    "na",
    "unset",
    "empty",
    "dummy",
    "noauth",
    "unused",
    "notused",
    "notneeded",
    "example",
    "sample",
];

/// Pairs that enclose a variable.
const VARIABLES: &[(&str, &str)] = &[
    ("${", "}"),
    ("$(", ")"),
    ("{{", "}}"),
    ("{%", "%}"),
    ("<", ">"),
    ("#{", "}"),
    ("%{", "}"),
    ("@@", "@@"),
    ("%%", "%%"),
];

/// Whether a whole value is a placeholder.
pub(super) fn is_placeholder(text: &str) -> bool {
    let text = text.trim().trim_matches(['"', '\'']).trim();
    text.is_empty()
        || REFERENCES.iter().any(|start| text.starts_with(start))
        || is_mask(text)
        || is_variable_name(text)
        || is_secret_key(text)
        || is_lookup(text)
        || is_command(text)
        || is_example(text)
        || without_variables(text).is_some_and(|rest| is_glue(&rest))
}

/// The text without its variables; `None` where it has none.
pub(super) fn without_variables(text: &str) -> Option<String> {
    let mut rest = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(next) = next_variable(text, from) {
        rest.push_str(&text[from..next.start]);
        from = next.end;
    }
    if from == 0 {
        return None;
    }
    rest.push_str(&text[from..]);
    Some(rest)
}

/// The longest variable, in bytes: a text full of openings is still read in linear time.
const REACH: usize = 512;

/// The next variable at or behind `from`. Only on one line: a `<` in a certificate's text opens nothing.
fn next_variable(text: &str, from: usize) -> Option<std::ops::Range<usize>> {
    let mut at = from;
    while let Some(offset) = text[at..].find(['$', '{', '<', '#', '%', '@']) {
        let start = at + offset;
        if let Some(end) = python_variable(&text[start..]) {
            return Some(start..start + end);
        }
        for (open, close) in VARIABLES {
            let Some(behind) = text[start..].strip_prefix(open) else { continue };
            let reach = (0..=behind.len().min(REACH)).rev().find(|end| behind.is_char_boundary(*end)).unwrap_or(0);
            let line = behind[..reach].split('\n').next().unwrap_or(behind);
            if let Some(end) = line.find(close).filter(|end| *end > 0) {
                let mut end = start + open.len() + end + close.len();
                // `{{ "}}" }}` and `${A:-${B}}` close twice.
                while text[end..].starts_with('}') && *close != ">" {
                    end += 1;
                }
                return Some(start..end);
            }
        }
        at = start + 1;
    }
    None
}

/// The length of `{DB_PASSWORD}`: a variable as Python's `format` has it, in capitals.
fn python_variable(text: &str) -> Option<usize> {
    let name = text.strip_prefix('{')?;
    let end = name
        .bytes()
        .take(REACH)
        .position(|byte| !byte.is_ascii_uppercase() && !byte.is_ascii_digit() && byte != b'_')?;
    (end >= 3 && name.as_bytes()[end] == b'}' && name.as_bytes()[0].is_ascii_uppercase()).then_some(end + 2)
}

/// Whether what is between variables is too little to be a credential: `Bearer `, `-`, `prefix-`. What has fields of
/// its own is judged field by field.
fn is_glue(rest: &str) -> bool {
    let rest = rest.trim();
    let has_fields = ["\n", "://", "=", "\""].iter().any(|sign| rest.contains(sign));
    !rest.contains('\n') && rest.len() < 12 || !has_fields && !rest.bytes().any(|byte| byte.is_ascii_digit())
}

/// `***`, `xxxxxxxx`, `...`
fn is_mask(text: &str) -> bool {
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return true };
    let masks = ['x', 'X', '*', '.', '-', '_', '#', '?', '…'];
    (masks.contains(&first) && chars.all(|char| char == first))
        || text
            .split(['-', '_', ' '])
            .all(|part| !part.is_empty() && part.bytes().all(|byte| matches!(byte, b'x' | b'X')))
}

/// `$REPLACEME`, `DB_PASSWORD`, `__DB_PASSWORD__`: the name of a variable in the place of its value.
fn is_variable_name(text: &str) -> bool {
    let marked = text.strip_prefix('$');
    let name = marked.unwrap_or(text).trim_matches('_');
    let parts: Vec<&str> = name.split('_').collect();
    (parts.len() > 1 || marked.is_some())
        && parts.iter().all(|part| {
            let letters = part.trim_end_matches(|char: char| char.is_ascii_digit());
            letters.len() + 2 >= part.len() && letters.bytes().all(|byte| byte.is_ascii_uppercase())
        })
        && name.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// `env:DB_PASSWORD`, `secret:argocd/registry#creds`: where a program looks it up.
fn is_lookup(text: &str) -> bool {
    let name = ["env:", "secret:", "pullsecret:"].iter().find_map(|start| text.strip_prefix(start));
    name.is_some_and(|name| {
        name.starts_with(|char: char| char.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'/' | b'#' | b'.'))
    })
}

/// `$ntfy-publisher-token`, `$oidc:clientSecret`: a key of a Secret, as Argo CD has it.
fn is_secret_key(text: &str) -> bool {
    let is_name = |name: &str| {
        name.starts_with(|char: char| char.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b':' | b'.'))
    };
    text.strip_prefix('$').is_some_and(|name| name.contains(['-', ':', '.']) && is_name(name))
}

/// `changeme`, `REPLACE_ME`, `your-token-here`, `insert password`
fn is_command(text: &str) -> bool {
    if text.len() > 80 {
        return false;
    }
    let words = super::keys::words(text);
    let squashed = words.concat();
    if WHOLE.contains(&squashed.as_str()) {
        return true;
    }
    let only_letters = words.iter().all(|word| word.chars().all(char::is_alphabetic));
    let starts = words.len() > 1 && words.first().is_some_and(|word| COMMANDS.contains(&word.as_str()));
    let says = ["changeme", "replaceme", "replacethis", "placeholder", "base64encoded"]
        .iter()
        .any(|word| squashed.contains(word));
    let ends = words.len() > 1 && (squashed.ends_with("here") || squashed.ends_with("goeshere"));
    only_letters && (starts || says || ends) || says && squashed.len() < 40
}

/// Values that call themselves examples, unless they are long and random all the same.
fn is_example(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let documented = lower.ends_with("example") || lower.ends_with("examplekey");
    lower.contains("example") && (documented || text.len() < 24 || entropy(text) < 3.6)
}

#[cfg(test)]
mod tests {
    use super::is_placeholder;

    #[test]
    fn placeholders_of_all_dialects() {
        for text in [
            "",
            "  ",
            "<password>",
            "<path:kv/data/app#password>",
            "${DB_PASSWORD}",
            "$(PASSWORD)",
            "{{ .Values.pw }}",
            "{{ .a }}{{ .b }}",
            "Bearer ${TOKEN}",
            "{DB_PASSWORD}",
            "op://vault/item/field",
            "ref+vault://kv/app#t",
            "vault:kv/app#t",
            "secret:argocd/dockerhub#creds",
            "env:KOMF_API_KEY",
            "base64encodedaccountkey",
            "ENC[AES256_GCM,data:x]",
            "changeme",
            "CHANGE_ME",
            "change-me-please",
            "REPLACE_ME",
            "__REPLACE_ME__",
            "your-token-here",
            "insert password",
            "xxx",
            "xxxx-xxxx",
            "********",
            "DB_PASSWORD",
            "$REPLACEME",
            "$ntfy-publisher-token",
            "$oidc:clientSecret",
            "example",
            "\"<token>\"",
            "${A:-${B}}",
            "PLACEHOLDER",
            "TODO",
            "AKIAIOSFODNN7EXAMPLE",
            "UPDATE_AWS_ACCESS_KEY_ID",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_one() {
        for text in [
            "mysql://app:abc@db/x",
            "mykeystorepass",
            "changeit",
            "hunter2-prod",
            "minioadmin",
            "Pa$$w0rd",
            "a<b>c1d2e3f4g5h6",
            "super-secret-password",
            "S3CRET",
            "my-pass-2024",
            "p@@ssw0rd-4711-x",
            "KUBE1234_9XQ8Z7P2",
        ] {
            assert!(!is_placeholder(text), "{text}");
        }
    }
}
