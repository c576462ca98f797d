//! Which names say that their value is a credential.
//!
//! Never: the value; a name alone makes no credential.

/// Where a name stands. In a Secret's data `secretKey` holds a key; in a manifest it names one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A key of a Secret's `data` or `stringData`.
    Data,
    /// A field, variable or line inside something larger.
    Field,
}

/// Parts of names, without separators and in lower case, that say "credential".
const SENSITIVE: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
    "encryptionkey",
    "signingkey",
    "masterkey",
    "accountkey",
    "sharedkey",
    "authkey",
    "unsealkey",
    "clientkeydata",
    "connectionstring",
    "htpasswd",
    "bearer",
    "webhookurl",
    "storepass",
    "authorization",
];

/// The same as whole words.
const SENSITIVE_WORDS: &[&str] = &["pass", "pwd", "pw", "dsn", "psk"];

/// Last words that turn a sensitive name into one about a credential: its file, its name, its life time.
const ABOUT: &[&str] = &[
    "name",
    "names",
    "ref",
    "refs",
    "file",
    "files",
    "path",
    "paths",
    "dir",
    "url",
    "uri",
    "length",
    "policy",
    "ttl",
    "expiry",
    "expiration",
    "expires",
    "expire",
    "header",
    "headers",
    "type",
    "kind",
    "class",
    "store",
    "provider",
    "id",
    "ids",
    "count",
    "size",
    "enabled",
    "enable",
    "disabled",
    "username",
    "user",
    "host",
    "port",
    "hint",
    "algorithm",
    "alg",
    "method",
    "mode",
    "format",
    "issuer",
    "audience",
    "lifetime",
    "timeout",
    "limit",
    "interval",
    "rotation",
    "namespace",
    "version",
    "prefix",
    "suffix",
    "scope",
    "scopes",
    "endpoint",
    "mount",
    "label",
    "encoding",
    "encryption",
    "authentication",
    "backend",
    "source",
    "strategy",
    "reset",
    "manager",
    "operator",
    "controller",
    "review",
    "request",
    "claim",
    "attribute",
    "column",
    "characters",
    "mtime",
    "date",
    "domain",
    "domains",
    "email",
    "cidr",
    "ip",
    "address",
    "timezone",
    "duration",
    "validity",
    "seconds",
    "minutes",
    "days",
    "age",
    "server",
    "service",
    "required",
    "validation",
    "complexity",
    "sub",
    "aud",
    "var",
    "vars",
    "variable",
    "variables",
    "attr",
    "attrs",
    "attributes",
    "map",
    "maps",
    "field",
    "fields",
    "algorithms",
    "policies",
    "cost",
    "costs",
    "price",
    "budget",
    "usage",
    "rate",
    "threshold",
    "regex",
    "regexp",
    "pattern",
    "selector",
    "template",
    "location",
    "permission",
    "permissions",
    "protocol",
    "time",
    "timestamp",
    "flow",
    "uuid",
    "guid",
];

/// Whether a value under this name is a credential, if it is a literal of a credential's shape.
pub(super) fn is_sensitive(name: &str, place: Place) -> bool {
    // Names with a slash (`~1` in a JSON pointer) are annotations and labels; those with a colon are scopes and claims.
    if (name.contains(['/', ':']) || name.contains("~1")) && place == Place::Field {
        return false;
    }
    let words = words(name.rsplit('/').next().unwrap_or(name));
    let squashed: String = words.concat();
    // Who has no password needs none, and a tokenizer reads words.
    let squashed = squashed.replace("passwordless", "").replace("tokeniz", "");
    let says = SENSITIVE.iter().any(|part| squashed.contains(part))
        || words.iter().any(|word| SENSITIVE_WORDS.contains(&word.as_str()));
    says && !is_about(&words, &squashed, place)
}

/// Whether a name is that of a key of some sort. Many things have one, so that the value decides.
pub(super) fn is_key(name: &str) -> bool {
    let words = words(name);
    words.last().is_some_and(|word| word == "key")
        && !words.iter().any(|word| matches!(word.as_str(), "public" | "pub"))
}

/// Whether the last word of a name, which says what its value is, is one for a credential: of `GITHUB_TOKEN`, and not of
/// `TOKEN_GITHUB` or `token_cache`, where the value has to look like one.
pub(super) fn ends_in_credential(name: &str) -> bool {
    const FORMS: &[&str] =
        &["key", "keys", "value", "data", "string", "hash", "base64", "b64", "raw", "plain", "plaintext"];
    let words = words(name);
    let last = words.last().map_or("", String::as_str).trim_end_matches(|char: char| char.is_ascii_digit());
    FORMS.contains(&last)
        || SENSITIVE_WORDS.contains(&last)
        || SENSITIVE.iter().any(|part| last.contains(part) || words.concat().ends_with(part))
}

/// Whether a map of this name says which key of a Secret each of its fields is taken from.
pub(super) fn names_keys(name: &str) -> bool {
    const NAMES: &[&str] =
        &["envsecrets", "secretenv", "secretenvs", "envfromsecret", "envfromsecrets", "extrasecretenv"];
    let squashed = words(name).concat();
    squashed.ends_with("secretkeys") || NAMES.contains(&squashed.as_str())
}

fn is_about(words: &[String], squashed: &str, place: Place) -> bool {
    if squashed.ends_with("webhookurl") {
        return false;
    }
    let last = words.last().map_or("", String::as_str).trim_end_matches(|char: char| char.is_ascii_digit());
    let first = words.first().map_or("", String::as_str);
    let names_a_key = ["passwordkey", "tokenkey", "credentialkey", "credentialskey", "secretkeys", "secretkeyref"]
        .iter()
        .any(|end| squashed.ends_with(end))
        || (place == Place::Field && squashed == "secretkey")
        || (place == Place::Field && ["passwordsecretkey", "tokensecretkey"].iter().any(|end| squashed.ends_with(end)));
    let names_a_secret = (first == "existing" && last == "secret")
        || ["pullsecret", "pullsecrets", "configsecret", "kubesecret"].iter().any(|end| squashed.ends_with(end));
    let counts_tokens = last == "tokens" && words.iter().any(|word| matches!(word.as_str(), "max" | "min" | "server"));
    // A price per token, the secret of nobody: `input_cost_per_token`.
    let is_unit = words.len() > 1 && words[words.len() - 2] == "per";
    ABOUT.contains(&last)
        || is_unit
        || names_a_key
        || names_a_secret
        || counts_tokens
        || first == "automount"
        || first == "from" && place == Place::Field
        || squashed.contains("publickey")
}

/// The words of a name in lower case: `adminPassword`, `ADMIN_PASSWORD` and `admin-password` are the same.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut current = String::new();
    let mut before_lower = false;
    for char in name.chars() {
        if !char.is_alphanumeric() {
            before_lower = false;
            push(&mut words, &mut current);
            continue;
        }
        if char.is_uppercase() && before_lower {
            push(&mut words, &mut current);
        }
        before_lower = char.is_lowercase() || char.is_numeric();
        current.extend(char.to_lowercase());
    }
    push(&mut words, &mut current);
    words
}

fn push(words: &mut Vec<String>, current: &mut String) {
    if !current.is_empty() {
        words.push(std::mem::take(current));
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, ends_in_credential, is_sensitive, names_keys};

    #[test]
    fn names_of_credentials_and_names_about_them() {
        for name in [
            "password",
            "DB_PASSWORD",
            "adminPassword",
            "keyStorePassword",
            "SONAR_WEB_SYSTEMPASSCODE",
            "secretkey",
            "AWS_SECRET_ACCESS_KEY",
            "clientSecret",
            "api-key",
            "apikey",
            "spring.datasource.password",
            "DB_PASS",
            "webhook-url",
            "cookie-secret",
            "token",
            "session_secret",
            "secretAccessKey",
            "private-key",
        ] {
            assert!(is_sensitive(name, Place::Data), "{name}");
        }
        for name in [
            "username",
            "host",
            "secretName",
            "existingSecret",
            "imagePullSecrets",
            "passwordKey",
            "TOKEN_URL",
            "DB_PASSWORD_FILE",
            "SECRETS_DIR",
            "passwordLength",
            "tokenExpiration",
            "max_tokens",
            "publicKey",
            "accessKeyID",
            "compass",
            "bypass-list",
            "keyStorePath",
            "SECRET_DOMAIN2",
            "admin.passwordMtime",
            "private_key_id",
            "passwordRef",
            "input_cost_per_token",
            "token_cost",
            "secret_vars",
            "authorization_flow_uuid",
            "fts_tokenizer_generic",
            "lastPasswordUpdateTime",
            "LDAP_PASSWORD_ATTR",
            "smtp_sasl_password_maps",
            "webAuthnPolicyPasswordlessSignatureAlgorithms",
        ] {
            assert!(!is_sensitive(name, Place::Data), "{name}");
        }
        for (name, own) in [("GITHUB_TOKEN", true), ("apiKey", true), ("TOKEN_GITHUB", false), ("secretFor", false)] {
            assert_eq!(ends_in_credential(name), own, "{name}");
        }
        assert!(names_keys("existingSecretKeys") && names_keys("envSecrets") && !names_keys("keys"));
        assert!(is_sensitive("secretKey", Place::Data));
        assert!(!is_sensitive("secretKey", Place::Field));
        assert!(!is_sensitive("secret.reloader.stakater.com/reload", Place::Field));
    }
}
