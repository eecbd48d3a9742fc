//! The numbers of contents, and the named values of fields.

pub(crate) const NONE: u32 = 0;
pub(crate) const COUNT: u32 = 1;
pub(crate) const TIME: u32 = 2;
pub(crate) const INTERVAL_LOG2_SECONDS: u32 = 3;
pub(crate) const INTERVAL_SECONDS: u32 = 4;
pub(crate) const OFFSET_SECONDS: u32 = 5;
pub(crate) const MEASURE_SECONDS: u32 = 6;
pub(crate) const OFFSET_PPM: u32 = 7;
pub(crate) const MEASURE_PPM: u32 = 8;
pub(crate) const OFFSET_PPM_PER_SECOND: u32 = 9;
pub(crate) const RATIO: u32 = 10;
pub(crate) const REFERENCE_ID: u32 = 11;
pub(crate) const ENUM: u32 = 12;
pub(crate) const BITS: u32 = 13;
pub(crate) const FLAGS: u32 = 14;
pub(crate) const ADDRESS: u32 = 15;
pub(crate) const PORT: u32 = 16;
pub(crate) const INDEX: u32 = 17;
pub(crate) const LENGTH_BITS: u32 = 18;
pub(crate) const LENGTH_BYTES: u32 = 19;
pub(crate) const BOOLEAN: u32 = 20;

pub(crate) const LEAP: &[(u64, &str)] =
    &[(0, "normal"), (1, "insert second"), (2, "delete second"), (3, "not synchronized")];

pub(crate) const SOURCE_STATE: &[(u64, &str)] = &[
    (0, "selected"),
    (1, "nonselectable"),
    (2, "falseticker"),
    (3, "jittery"),
    (4, "unselected"),
    (5, "selectable"),
];

pub(crate) const SOURCE_MODE: &[(u64, &str)] =
    &[(0, "client"), (1, "peer"), (2, "reference clock")];

pub(crate) const SELECT_STATE: &[(u64, &str)] = &[
    (b'N' as u64, "ignored"),
    (b's' as u64, "not synchronized"),
    (b'M' as u64, "missing samples"),
    (b'd' as u64, "unacceptable distance"),
    (b'D' as u64, "large distance"),
    (b'~' as u64, "jittery"),
    (b'w' as u64, "waiting for others"),
    (b'W' as u64, "missing selectable sources"),
    (b'S' as u64, "stale"),
    (b'O' as u64, "orphan"),
    (b'T' as u64, "not trusted"),
    (b'P' as u64, "not preferred"),
    (b'U' as u64, "waiting for update"),
    (b'x' as u64, "falseticker"),
    (b'+' as u64, "combined"),
    (b'*' as u64, "best"),
    (b'L' as u64, "outlier"),
    (b'r' as u64, "unacceptable stratum"),
];

pub(crate) const SELECT_OPTIONS: &[(u64, &str)] =
    &[(0x1, "noselect"), (0x2, "prefer"), (0x4, "trust"), (0x8, "require")];

pub(crate) const AUTH_MODE: &[(u64, &str)] = &[(0, "none"), (1, "symmetric key"), (2, "NTS")];

pub(crate) const KEY_TYPE: &[(u64, &str)] = &[
    (1, "MD5"),
    (2, "SHA1"),
    (3, "SHA256"),
    (4, "SHA384"),
    (5, "SHA512"),
    (6, "SHA3-224"),
    (7, "SHA3-256"),
    (8, "SHA3-384"),
    (9, "SHA3-512"),
    (10, "TIGER"),
    (11, "WHIRLPOOL"),
    (13, "AES128"),
    (14, "AES256"),
    (15, "AEAD-AES-SIV-CMAC-256"),
    (16, "AEAD-AES-SIV-CMAC-384"),
    (17, "AEAD-AES-SIV-CMAC-512"),
    (30, "AEAD-AES-128-GCM-SIV"),
    (31, "AEAD-AES-256-GCM-SIV"),
];

pub(crate) const NTP_MODE: &[(u64, &str)] =
    &[(1, "active symmetric"), (2, "passive symmetric"), (4, "server")];

pub(crate) const TIMESTAMPING: &[(u64, &str)] =
    &[(b'D' as u64, "daemon"), (b'K' as u64, "kernel"), (b'H' as u64, "hardware")];

pub(crate) const NTP_FLAGS: &[(u64, &str)] = &[
    (0x200, "test1"),
    (0x100, "test2"),
    (0x80, "test3"),
    (0x40, "test5"),
    (0x20, "test6"),
    (0x10, "test7"),
    (0x8, "testA"),
    (0x4, "testB"),
    (0x2, "testC"),
    (0x1, "testD"),
    (0x4000, "interleaved"),
    (0x8000, "authenticated"),
];

pub(crate) const SMOOTHING_FLAGS: &[(u64, &str)] = &[(0x1, "active"), (0x2, "leaponly")];
