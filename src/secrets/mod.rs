//! What is a credential, encrypted, sealed, referenced, a placeholder; and what must not be shown.
//!
//! Never: a rule, a severity, a value that leaves this room: what goes out are places, names and keyed hashes.

mod credential;
mod embedded;
mod keys;
mod leak;
#[cfg(test)]
mod lines;
mod manifest;
mod mark;
mod placeholder;
mod redact;
mod sops;
mod strength;
mod tokens;
mod value;

pub use credential::{Credential, in_annotation, in_secret, plain_value};
pub use leak::{Leak, private_keys_in, tokens_in};
pub use manifest::{in_document, in_manifest};
pub use mark::RunKey;
pub use redact::{redactions, redactions_of_file, redactions_of_text};
pub use sops::{CreationRule, Gap, GapFault, Undecided, creation_rules, gaps, is_encrypted, must_be_encrypted};
pub use strength::Strength;
pub use value::Kind;
