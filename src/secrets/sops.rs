//! Documents that SOPS encrypted, and what its own selectors say of each value.
//!
//! Never: a key, a decryption; what can be known without keys is all that is asked here.

use regex::Regex;

use super::mark::RunKey;
use super::placeholder::is_placeholder;
use crate::base::Span;
use crate::model::View;

/// The fields of a stanza that name who can decrypt (`sops stores/stores.go`).
pub(super) const RECIPIENTS: &[&str] = &["age", "pgp", "kms", "gcp_kms", "azure_kv", "hc_vault", "hckms", "key_groups"];

/// What a suffix means where a stanza names no selector (`sops` `DefaultUnencryptedSuffix`).
const DEFAULT_SUFFIX: &str = "_unencrypted";

/// Whether SOPS encrypted this document: it has a stanza with a MAC and at least one recipient. A stanza without
/// these is a leftover or broken, and protects nothing.
#[must_use]
pub fn is_encrypted(document: View<'_>) -> bool {
    document.get("sops").is_some_and(|stanza| has_mac(stanza) && has_recipient(stanza))
}

fn has_mac(stanza: View<'_>) -> bool {
    stanza.str_at(["mac"]).is_some_and(|mac| !mac.trim().is_empty())
}

fn has_recipient(stanza: View<'_>) -> bool {
    RECIPIENTS.iter().any(|name| stanza.get(name).is_some_and(|list| list.items().next().is_some()))
}

/// Whether a text is one that SOPS wrote in the place of a value (`sops aes/cipher.go`).
pub(super) fn is_encrypted_value(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("ENC[AES256_GCM,data:") && text.ends_with(']')
}

/// Which values of a document a stanza's selectors have encrypted (`sops.go` `shouldBeEncrypted`).
pub(super) struct Stanza {
    unencrypted_suffix: Option<String>,
    encrypted_suffix: Option<String>,
    unencrypted: Option<Regex>,
    encrypted: Option<Regex>,
}

impl Stanza {
    /// Selectors that cover all.
    pub(super) fn of_all() -> Self {
        Self { unencrypted_suffix: None, encrypted_suffix: None, unencrypted: None, encrypted: None }
    }

    /// The selectors of an encrypted document; `None` where it is not, or where they go by comments or cannot be read.
    pub(super) fn of(document: View<'_>) -> Option<Self> {
        let stanza = document.get("sops").filter(|_| is_encrypted(document))?;
        Self::read(stanza)
    }

    /// The selectors of a stanza, or of a creation rule, which has the same fields.
    pub(super) fn read(stanza: View<'_>) -> Option<Self> {
        let text = |name: &str| stanza.str_at([name]).filter(|text| !text.is_empty());
        if text("unencrypted_comment_regex").or_else(|| text("encrypted_comment_regex")).is_some() {
            return None;
        }
        let regex = |name: &str| text(name).map(Regex::new).transpose().ok();
        let mut selectors = Self {
            unencrypted_suffix: text("unencrypted_suffix").map(str::to_owned),
            encrypted_suffix: text("encrypted_suffix").map(str::to_owned),
            unencrypted: regex("unencrypted_regex")?,
            encrypted: regex("encrypted_regex")?,
        };
        if selectors.unencrypted_suffix.is_none()
            && selectors.encrypted_suffix.is_none()
            && selectors.unencrypted.is_none()
            && selectors.encrypted.is_none()
        {
            selectors.unencrypted_suffix = Some(DEFAULT_SUFFIX.to_owned());
        }
        Some(selectors)
    }

    /// Whether the value at a path of keys is one that SOPS encrypts. Positions in lists, which SOPS leaves out of the
    /// path, match no selector that somebody writes.
    pub(super) fn covers(&self, path: &[String]) -> bool {
        let any = |test: &dyn Fn(&str) -> bool| path.iter().any(|key| test(key));
        let mut covered = true;
        if let Some(suffix) = &self.unencrypted_suffix {
            covered &= !any(&|key| key.ends_with(suffix));
        }
        if let Some(suffix) = &self.encrypted_suffix {
            covered = any(&|key| key.ends_with(suffix));
        }
        if let Some(regex) = &self.unencrypted {
            covered &= !any(&|key| regex.is_match(key));
        }
        if let Some(regex) = &self.encrypted {
            covered = any(&|key| regex.is_match(key));
        }
        covered
    }
}

/// What is wrong with an encrypted document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gap {
    /// The value that is in the clear, or the stanza.
    pub at: Span,
    /// What is wrong.
    pub fault: GapFault,
    /// The field, as a JSON pointer.
    pub field: String,
    /// The keyed hash of the value.
    pub mark: String,
}

/// What may be wrong with an encrypted document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GapFault {
    /// The selectors say that this value is encrypted, and it is not. Its path, with dots.
    Plain(String),
    /// The stanza has no MAC, so that nothing can be decrypted.
    NoMac,
    /// The stanza names nobody who can decrypt.
    NoRecipient,
}

impl GapFault {
    /// Whether it is about a value that is in the clear.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }
}

/// What is wrong with a document that SOPS encrypted, or has begun to; `Err` where its selectors cannot be decided here
/// (comments, expressions of another kind).
///
/// # Errors
/// The selectors go by comments, or are no expressions.
pub fn gaps(document: View<'_>, key: &RunKey) -> Result<Vec<Gap>, Undecided> {
    let Some(stanza) = document.get("sops").filter(View::is_map) else { return Ok(Vec::new()) };
    if !is_encrypted(document) {
        let mut leaves = Vec::new();
        leaves_of(document, &mut Vec::new(), &mut leaves);
        let began = leaves.iter().any(|(_, leaf)| is_encrypted_value(&leaf.written()));
        let fault = if has_mac(stanza) { GapFault::NoRecipient } else { GapFault::NoMac };
        let at = document.field("sops").map_or(stanza.place(), |field| field.key_place());
        let gap = Gap { at, fault, field: "/sops".to_owned(), mark: String::new() };
        return Ok(if began { vec![gap] } else { Vec::new() });
    }
    let selectors = Stanza::read(stanza).ok_or(Undecided)?;
    Ok(plain_leaves(document, &selectors, key).collect())
}

/// A document that cannot be decided.
#[derive(Clone, Copy, Debug)]
pub struct Undecided;

/// The values that the selectors cover and that are in the clear; empty ones and `null` stay so.
pub(super) fn plain_leaves<'t>(
    document: View<'t>,
    selectors: &Stanza,
    key: &RunKey,
) -> impl Iterator<Item = Gap> + use<'t> {
    let mut leaves = Vec::new();
    leaves_of(document, &mut Vec::new(), &mut leaves);
    leaves.retain(|(path, leaf)| {
        let text = leaf.written();
        selectors.covers(path) && !leaf.is_null() && !text.is_empty() && !is_encrypted_value(&text)
    });
    let key = key.clone();
    leaves.into_iter().map(move |(path, leaf)| {
        let steps = path.iter().map(|step| step.replace('~', "~0").replace('/', "~1"));
        let field = steps.fold(String::new(), |pointer, step| format!("{pointer}/{step}"));
        let mark = key.mark(&[&field, &leaf.written()]);
        Gap { at: leaf.place(), fault: GapFault::Plain(path.join(".")), field, mark }
    })
}

pub(super) fn leaves_of<'t>(view: View<'t>, path: &mut Vec<String>, out: &mut Vec<(Vec<String>, View<'t>)>) {
    if path.len() > 64 || out.len() > 100_000 {
        return;
    }
    if view.is_scalar() {
        out.push((path.clone(), view));
        return;
    }
    let is_root = path.is_empty();
    for field in view.fields().filter(|field| !(is_root && field.name() == "sops")) {
        path.push(field.name().to_owned());
        leaves_of(field.value, path, out);
        path.pop();
    }
    for (row, item) in view.items().enumerate() {
        path.push(row.to_string());
        leaves_of(item, path, out);
        path.pop();
    }
}

/// Who can decrypt a document: each recipient with the place where its stanza names it.
#[must_use]
pub fn recipients(document: View<'_>) -> Vec<(String, Span)> {
    const NAMES: &[&str] = &["recipient", "fp", "arn", "resource_id", "vault_url", "vault_address", "key_id"];
    let mut found = Vec::new();
    let mut lists: Vec<View<'_>> = Vec::new();
    let Some(stanza) = document.get("sops").filter(|_| is_encrypted(document)) else { return found };
    lists.extend(RECIPIENTS.iter().filter_map(|name| stanza.get(name)));
    let groups = stanza.get("key_groups").into_iter().flat_map(|groups| groups.items());
    lists.extend(groups.flat_map(|group| RECIPIENTS.iter().filter_map(move |name| group.get(name))));
    for entry in lists.iter().flat_map(View::items) {
        if let Some(at) = NAMES.iter().find_map(|name| entry.get(name)) {
            found.push((at.written().into_owned(), at.place()));
        }
    }
    found
}

/// Whether a plain value is worth encrypting: not a variable or a placeholder.
pub(super) fn says_something(view: &View<'_>) -> bool {
    !view.is_null() && !is_placeholder(&view.written())
}
