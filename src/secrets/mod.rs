//! What is a credential, encrypted, sealed, referenced, a placeholder; and what must not be shown.
//!
//! Never: a rule, a severity, a value that leaves this room: what goes out are places, names and keyed hashes.

mod credential;
mod embedded;
mod exposure;
mod keys;
mod leak;
#[cfg(test)]
mod lines;
mod manifest;
mod mark;
mod nested;
mod placeholder;
mod redact;
mod sops;
mod sops_rules;
mod strength;
mod tokens;
mod value;

pub use credential::{Credential, in_annotation, in_secret, plain_value};
pub use exposure::{Exposure, exposures, is_machine_config, is_manifest, is_values_file, same_value};
pub use leak::{Leak, private_keys_in, tokens_in};
pub use manifest::{in_document, in_manifest};
pub use mark::{RunKey, new_salt};
pub use nested::{Nested, nested};
pub use redact::{redactions, redactions_of_file, redactions_of_text};
pub use sops::{Gap, GapFault, Undecided, gaps, is_encrypted, recipients};
pub use sops_rules::{
    CreationRule, Loose, Unencrypted, creation_rules, lines_must_be_encrypted, loose, must_be_encrypted,
};
pub use strength::Strength;
pub use value::Kind;
