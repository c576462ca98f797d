//! The keyed hash that stands for a value where the value must not be.
//!
//! Never: a hash without a key; short passwords are guessed from those in no time.

use std::hash::{BuildHasher, RandomState};

use sha2::{Digest, Sha256};

/// The block of SHA-256, in bytes, to which HMAC pads its key.
const BLOCK: usize = 64;

/// A salt for a configuration: 32 hexadecimal digits that nobody else has.
#[must_use]
pub fn new_salt() -> String {
    (0..2).map(|_| format!("{:016x}", RandomState::new().hash_one(0u64))).collect()
}

/// The key under which values of one run are compared.
#[derive(Clone)]
pub struct RunKey {
    bytes: [u8; BLOCK],
    lasts: bool,
}

impl RunKey {
    /// A key that no other run has. Marks under it are good for comparing the two sides of this run only.
    #[must_use]
    pub fn fresh() -> Self {
        let mut seed = [0; 32];
        for part in seed.chunks_mut(8) {
            // The standard library's hasher is the one source of chance that needs no reading of the machine.
            part.copy_from_slice(&RandomState::new().hash_one(0u64).to_be_bytes());
        }
        Self { lasts: false, ..Self::from_bytes(&seed) }
    }

    /// The key that a configured salt gives: marks under it last from run to run, as a baseline needs them.
    #[must_use]
    pub fn from_salt(salt: &str) -> Self {
        Self::from_bytes(salt.as_bytes())
    }

    /// Whether marks under it mean something to another run.
    #[must_use]
    pub fn lasts(&self) -> bool {
        self.lasts
    }

    /// HMAC-SHA-256 (RFC 2104) of the parts, its first 16 hex digits. A part cannot run into the next one.
    #[must_use]
    pub fn mark(&self, parts: &[&str]) -> String {
        let mut inner = Sha256::new_with_prefix(self.bytes.map(|byte| byte ^ 0x36));
        for part in parts {
            inner.update((part.len() as u64).to_be_bytes());
            inner.update(part.as_bytes());
        }
        let outer =
            Sha256::new_with_prefix(self.bytes.map(|byte| byte ^ 0x5c)).chain_update(inner.finalize()).finalize();
        let head = outer.iter().take(8).fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        format!("{head:016x}")
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let mut key = [0; BLOCK];
        if bytes.len() > BLOCK {
            key[..32].copy_from_slice(&Sha256::digest(bytes));
        } else {
            key[..bytes.len()].copy_from_slice(bytes);
        }
        Self { bytes: key, lasts: true }
    }
}

#[cfg(test)]
mod tests {
    use super::RunKey;

    #[test]
    fn a_mark_depends_on_key_value_and_where_parts_end() {
        let key = RunKey::from_salt("salt");
        let mark = key.mark(&["password", "a"]);
        assert_eq!(mark.len(), 16);
        assert_eq!(mark, RunKey::from_salt("salt").mark(&["password", "a"]));
        assert_ne!(mark, key.mark(&["password", "b"]));
        assert_ne!(mark, key.mark(&["passworda", ""]));
        assert_ne!(mark, RunKey::from_salt("other").mark(&["password", "a"]));
        assert_ne!(RunKey::fresh().mark(&["a"]), RunKey::fresh().mark(&["a"]));
        let long = "s".repeat(80);
        assert_ne!(RunKey::from_salt(&long).mark(&["a"]), RunKey::from_salt(&long[..64]).mark(&["a"]));
    }
}
