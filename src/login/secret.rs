//! Digests of what nobody should read, with a key that lives as long as the process.

use std::fs::File;
use std::io::Read;

use sha2::{Digest as _, Sha256};

use super::FileError;

/// Where the kernel gives random bytes.
const RANDOM: &str = "/dev/urandom";

/// Tells whether two secrets are the same; of itself it tells nothing.
pub(super) type Digest = [u8; 32];

/// The key.
pub(super) struct Secret([u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret")
    }
}

impl Secret {
    pub(super) fn new() -> Result<Self, FileError> {
        let mut key = [0; 32];
        File::open(RANDOM)
            .and_then(|mut random| random.read_exact(&mut key))
            .map_err(|error| FileError { path: RANDOM.into(), problem: error.to_string() })?;
        Ok(Self(key))
    }

    /// The digest of these parts in this order. Who does not know the key can learn nothing from how
    /// long a comparison of two digests takes.
    pub(super) fn digest(&self, parts: &[&[u8]]) -> Digest {
        let mut hash = Sha256::new();
        hash.update(self.0);
        for part in parts {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_depend_on_the_key_and_on_where_each_part_ends() {
        let secret = Secret::new().unwrap();
        assert_eq!(secret.digest(&[b"ab", b"c"]), secret.digest(&[b"ab", b"c"]));
        assert_ne!(secret.digest(&[b"ab", b"c"]), secret.digest(&[b"a", b"bc"]));
        assert_ne!(secret.digest(&[b"ab"]), Secret::new().unwrap().digest(&[b"ab"]));
        assert_ne!(secret.0, [0; 32]);
    }
}
