//! The authdata report: how each NTP source is authenticated.

use crate::enumeration::enumeration;
use crate::error::Error;
use crate::identity::SourceAddress;
use crate::reader::Reader;

enumeration! {
    /// The way packets of a source are authenticated.
    AuthMode {
        /// Not at all.
        None = 0 "none",
        /// With a symmetric key (`key`).
        SymmetricKey = 1 "symmetric_key",
        /// With Network Time Security (RFC 8915).
        Nts = 2 "nts",
    }
}

enumeration! {
    /// The algorithm of a key; with NTS the number of the AEAD algorithm in IANA's registry.
    KeyType {
        /// MD5.
        Md5 = 1 "md5",
        /// SHA-1.
        Sha1 = 2 "sha1",
        /// SHA-256.
        Sha256 = 3 "sha256",
        /// SHA-384.
        Sha384 = 4 "sha384",
        /// SHA-512.
        Sha512 = 5 "sha512",
        /// SHA3-224.
        Sha3_224 = 6 "sha3-224",
        /// SHA3-256.
        Sha3_256 = 7 "sha3-256",
        /// SHA3-384.
        Sha3_384 = 8 "sha3-384",
        /// SHA3-512.
        Sha3_512 = 9 "sha3-512",
        /// Tiger.
        Tiger = 10 "tiger",
        /// Whirlpool.
        Whirlpool = 11 "whirlpool",
        /// AES128 (CMAC).
        Aes128 = 13 "aes128",
        /// AES256 (CMAC).
        Aes256 = 14 "aes256",
        /// AEAD_AES_SIV_CMAC_256.
        AeadAesSivCmac256 = 15 "aead-aes-siv-cmac-256",
        /// AEAD_AES_SIV_CMAC_384.
        AeadAesSivCmac384 = 16 "aead-aes-siv-cmac-384",
        /// AEAD_AES_SIV_CMAC_512.
        AeadAesSivCmac512 = 17 "aead-aes-siv-cmac-512",
        /// AEAD_AES_128_GCM_SIV.
        AeadAes128GcmSiv = 30 "aead-aes-128-gcm-siv",
        /// AEAD_AES_256_GCM_SIV.
        AeadAes256GcmSiv = 31 "aead-aes-256-gcm-siv",
    }
}

/// Authentication of one NTP source, as `chronyc authdata` reports it. Reference clocks have none.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct AuthData {
    /// Address of the source; the key that joins reports.
    pub address: SourceAddress,
    /// The way its packets are authenticated.
    pub mode: AuthMode,
    /// Algorithm of the key; `None` where there is no key.
    pub key_type: Option<KeyType>,
    /// Number of the key; with NTS it counts the key establishments.
    pub key_id: u32,
    /// Length of the key, bits.
    pub key_length: u16,
    /// Attempts to establish NTS keys since the last success.
    pub key_establishment_attempts: u16,
    /// Age of the NTS keys, seconds; `None` = never established.
    pub last_key_establishment_ago: Option<u32>,
    /// Number of NTS cookies in hand (8 is full).
    pub cookies: u16,
    /// Length of an NTS cookie, bytes.
    pub cookie_length: u16,
    /// Whether an NTS negative acknowledgement came since the last good packet.
    pub nak: bool,
}

impl AuthData {
    /// Whether its packets are authenticated at all.
    #[must_use]
    pub fn is_authenticated(&self) -> bool {
        self.mode != AuthMode::None
    }

    pub(crate) fn decode(fields: &Reader<'_>, address: SourceAddress) -> Result<Self, Error> {
        let key_type: u64 = fields.unsigned(c"key type")?;
        Ok(Self {
            address,
            mode: AuthMode::from_code(fields.unsigned(c"mode")?),
            key_type: (key_type != 0).then(|| KeyType::from_code(key_type)),
            key_id: fields.unsigned(c"key ID")?,
            key_length: fields.unsigned(c"key length")?,
            key_establishment_attempts: fields.unsigned(c"key establishment attempts")?,
            last_key_establishment_ago: fields.age(c"last key establishment ago")?,
            cookies: fields.unsigned(c"cookies")?,
            cookie_length: fields.unsigned(c"cookie length")?,
            nak: fields.flag(c"NAK")?,
        })
    }
}
