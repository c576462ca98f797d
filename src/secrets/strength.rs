//! How much a credential protects.
//!
//! Never: a value that is dropped because it is weak; a weak password in a repository is a password.

/// How much a credential protects.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Strength {
    /// Well known, short or guessed at once; or only a hash.
    Weak,
    /// Anything else.
    Strong,
}

/// Default passwords and words that everybody tries first, in lower case, without what surrounds the letters.
const WELL_KNOWN: &[&str] = &[
    "admin",
    "administrator",
    "changeit",
    "default",
    "adminpassword",
    "dbpassword",
    "defaultpassword",
    "demo",
    "examplepassword",
    "mypassword",
    "dev",
    "devpassword",
    "foo",
    "bar",
    "foobar",
    "grafana",
    "guest",
    "hunter",
    "keycloak",
    "letmein",
    "minio",
    "minioadmin",
    "miniosecret",
    "mongo",
    "mysql",
    "mysqlpassword",
    "nexus",
    "pass",
    "passw",
    "passwd",
    "password",
    "pgadmin",
    "postgres",
    "postgrespassword",
    "postgresql",
    "qwerty",
    "rabbitmq",
    "redhat",
    "redis",
    "root",
    "rootpassword",
    "secret",
    "secretpassword",
    "supersecret",
    "supersecretpassword",
    "test",
    "testpassword",
    "token",
    "user",
    "userpassword",
    "vagrant",
    "welcome",
];

/// The strength of a value.
pub(super) fn of(text: &str) -> Strength {
    let text = text.trim();
    if text.len() < 8 || is_well_known(text) || is_mock(text) || entropy(text) < 2.5 || is_counting(text) {
        Strength::Weak
    } else {
        Strength::Strong
    }
}

/// `fake_password`, `dummy-token`: it calls itself one.
fn is_mock(text: &str) -> bool {
    let mut words = text.split(['-', '_']);
    let first = words.next().unwrap_or_default().to_ascii_lowercase();
    words.next().is_some()
        && matches!(&*first, "fake" | "dummy" | "test" | "demo" | "sample" | "default" | "mock")
        && !text.bytes().any(|byte| byte.is_ascii_digit())
}

/// A value of the list, with digits and signs around it or in the place of letters: `Admin123!`, `p@ssw0rd`.
fn is_well_known(text: &str) -> bool {
    // Joined words are passphrases, which are weak only where the list has them in one piece.
    if text.len() > 24 || text.contains(['-', ' ', '.']) {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    let letters = lower.trim_matches(|char: char| !char.is_ascii_alphabetic());
    let undone: String = lower
        .chars()
        .map(|char| match char {
            '0' => 'o',
            '1' | '!' => 'i',
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            other => other,
        })
        .filter(char::is_ascii_alphabetic)
        .collect();
    WELL_KNOWN.contains(&letters)
        || WELL_KNOWN.iter().any(|word| undone.strip_prefix(word).is_some_and(|rest| rest.len() < 3))
}

/// `12345678`, `abcdefgh`: each character is the one behind its left neighbor.
fn is_counting(text: &str) -> bool {
    let steps = text.as_bytes().windows(2).filter(|pair| pair[1] == pair[0].wrapping_add(1)).count();
    (steps + 2) * 4 >= text.len() * 3
}

/// Shannon's entropy in bits a byte.
pub(super) fn entropy(text: &str) -> f64 {
    let mut counts = [0u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let total = text.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total)
        .map(|part| -part * part.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::{Strength, of};

    #[test]
    fn weak_and_strong() {
        for text in
            ["minio123", "minioadmin", "Passw0rd!", "p@ssw0rd", "admin", "changeit", "12345678", "aaaaaaaaaa", "short"]
        {
            assert_eq!(of(text), Strength::Weak, "{text}");
        }
        for text in
            ["hunter2-prod", "super-secret-password", "correct horse battery staple", "kq7W2x9ZpL4t", "mykeystorepass"]
        {
            assert_eq!(of(text), Strength::Strong, "{text}");
        }
    }
}
