//! Documents that SOPS encrypted.
//!
//! Never: a key, a decryption; what can be known without keys is all that is asked here.

use crate::model::View;

/// The fields of a stanza that name who can decrypt (`sops stores/stores.go`).
const RECIPIENTS: &[&str] = &["age", "pgp", "kms", "gcp_kms", "azure_kv", "hc_vault", "hckms", "key_groups"];

/// Whether SOPS encrypted this document: it has a stanza with a MAC and at least one recipient. A stanza without
/// these is a leftover or broken, and protects nothing.
#[must_use]
pub fn is_encrypted(document: View<'_>) -> bool {
    let Some(stanza) = document.get("sops") else { return false };
    let has_mac = stanza.str_at(["mac"]).is_some_and(|mac| !mac.trim().is_empty());
    has_mac && RECIPIENTS.iter().any(|name| stanza.get(name).is_some_and(|list| list.items().next().is_some()))
}

/// Whether a text is one that SOPS wrote in the place of a value (`sops aes/cipher.go`).
pub(super) fn is_encrypted_value(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("ENC[AES256_GCM,data:") && text.ends_with(']')
}
