//! The fields of every layout: offset in the body, name, type, content and constants.

use super::constants::*;
use super::layouts::{Field, field, named};
use super::wire::Wire::*;

pub(crate) const NUMBER_OF_SOURCES: &[Field] = &[field(0, "sources", U32, COUNT)];

pub(crate) const TRACKING: &[Field] = &[
    field(0, "reference ID", U32, REFERENCE_ID),
    field(4, "address", Address, ADDRESS),
    field(24, "stratum", U16, COUNT),
    named(26, "leap status", U16, ENUM, LEAP),
    field(28, "reference time", Time, TIME),
    field(40, "current correction", Float, OFFSET_SECONDS),
    field(44, "last offset", Float, OFFSET_SECONDS),
    field(48, "RMS offset", Float, MEASURE_SECONDS),
    field(52, "frequency offset", Float, OFFSET_PPM),
    field(56, "residual frequency", Float, OFFSET_PPM),
    field(60, "skew", Float, MEASURE_PPM),
    field(64, "root delay", Float, MEASURE_SECONDS),
    field(68, "root dispersion", Float, MEASURE_SECONDS),
    field(72, "last update interval", Float, INTERVAL_SECONDS),
];

pub(crate) const SOURCES: &[Field] = &[
    field(0, "address", Address, ADDRESS),
    field(20, "poll", I16, INTERVAL_LOG2_SECONDS),
    field(22, "stratum", U16, COUNT),
    named(24, "state", U16, ENUM, SOURCE_STATE),
    named(26, "mode", U16, ENUM, SOURCE_MODE),
    field(28, "flags", U16, NONE),
    field(30, "reachability", U16, BITS),
    field(32, "last sample ago", U32, INTERVAL_SECONDS),
    field(36, "original last sample offset", Float, OFFSET_SECONDS),
    field(40, "adjusted last sample offset", Float, OFFSET_SECONDS),
    field(44, "last sample error", Float, MEASURE_SECONDS),
];

pub(crate) const SOURCESTATS: &[Field] = &[
    field(0, "reference ID", U32, REFERENCE_ID),
    field(4, "address", Address, ADDRESS),
    field(24, "samples", U32, COUNT),
    field(28, "runs", U32, COUNT),
    field(32, "span", U32, INTERVAL_SECONDS),
    field(36, "standard deviation", Float, MEASURE_SECONDS),
    field(40, "residual frequency", Float, OFFSET_PPM),
    field(44, "skew", Float, MEASURE_PPM),
    field(48, "offset", Float, OFFSET_SECONDS),
    field(52, "offset error", Float, MEASURE_SECONDS),
];

pub(crate) const SELECTDATA: &[Field] = &[
    field(0, "reference ID", U32, REFERENCE_ID),
    field(4, "address", Address, ADDRESS),
    named(24, "state", U8, ENUM, SELECT_STATE),
    field(25, "authentication", U8, BOOLEAN),
    named(26, "leap status", U8, ENUM, LEAP),
    field(27, "reserved #1", U8, NONE),
    named(28, "configured options", U16, FLAGS, SELECT_OPTIONS),
    named(30, "effective options", U16, FLAGS, SELECT_OPTIONS),
    field(32, "last sample ago", U32, INTERVAL_SECONDS),
    field(36, "score", Float, RATIO),
    field(40, "low limit", Float, INTERVAL_SECONDS),
    field(44, "high limit", Float, INTERVAL_SECONDS),
];

pub(crate) const ACTIVITY: &[Field] = &[
    field(0, "online sources", U32, COUNT),
    field(4, "offline sources", U32, COUNT),
    field(8, "burst online-return sources", U32, COUNT),
    field(12, "burst offline-return sources", U32, COUNT),
    field(16, "unresolved sources", U32, COUNT),
];

pub(crate) const AUTHDATA: &[Field] = &[
    named(0, "mode", U16, ENUM, AUTH_MODE),
    named(2, "key type", U16, ENUM, KEY_TYPE),
    field(4, "key ID", U32, INDEX),
    field(8, "key length", U16, LENGTH_BITS),
    field(10, "key establishment attempts", U16, COUNT),
    field(12, "last key establishment ago", U32, INTERVAL_SECONDS),
    field(16, "cookies", U16, COUNT),
    field(18, "cookie length", U16, LENGTH_BYTES),
    field(20, "NAK", U16, BOOLEAN),
    field(22, "reserved #1", U16, NONE),
];

pub(crate) const NTPDATA_COMMON: &[Field] = &[
    field(0, "remote address", Address, ADDRESS),
    field(20, "local address", Address, ADDRESS),
    field(40, "remote port", U16, PORT),
    named(42, "leap status", U8, ENUM, LEAP),
    field(43, "version", U8, COUNT),
    named(44, "mode", U8, ENUM, NTP_MODE),
    field(45, "stratum", U8, COUNT),
    field(46, "poll", I8, INTERVAL_LOG2_SECONDS),
    field(47, "precision", I8, INTERVAL_LOG2_SECONDS),
    field(48, "root delay", Float, MEASURE_SECONDS),
    field(52, "root dispersion", Float, MEASURE_SECONDS),
    field(56, "reference ID", U32, REFERENCE_ID),
    field(60, "reference time", Time, TIME),
    field(72, "offset", Float, OFFSET_SECONDS),
    field(76, "peer delay", Float, MEASURE_SECONDS),
    field(80, "peer dispersion", Float, MEASURE_SECONDS),
    field(84, "response time", Float, MEASURE_SECONDS),
    field(88, "jitter asymmetry", Float, RATIO),
    named(92, "flags", U16, FLAGS, NTP_FLAGS),
    named(94, "transmit timestamping", U8, ENUM, TIMESTAMPING),
    named(95, "receive timestamping", U8, ENUM, TIMESTAMPING),
    field(96, "transmitted messages", U32, COUNT),
    field(100, "received messages", U32, COUNT),
    field(104, "received valid messages", U32, COUNT),
    field(108, "received good messages", U32, COUNT),
];

pub(crate) const NTPDATA_ADDITIONS: &[Field] = &[
    field(112, "reserved #1", U32, NONE),
    field(116, "reserved #2", U32, NONE),
    field(120, "reserved #3", U32, NONE),
];

pub(crate) const NTPDATA2_ADDITIONS: &[Field] = &[
    field(112, "kernel transmit timestamps", U32, COUNT),
    field(116, "kernel receive timestamps", U32, COUNT),
    field(120, "hardware transmit timestamps", U32, COUNT),
    field(124, "hardware receive timestamps", U32, COUNT),
    field(128, "reserved #1", U32, NONE),
    field(132, "reserved #2", U32, NONE),
    field(136, "reserved #3", U32, NONE),
    field(140, "reserved #4", U32, NONE),
];

pub(crate) const SOURCENAME: &[Field] = &[field(0, "name", Text, NONE)];

/// Of one client; a reply has room for eight.
pub(crate) const CLIENT: &[Field] = &[
    field(0, "address", Address, ADDRESS),
    field(20, "NTP hits", U32, COUNT),
    field(24, "NTS-KE hits", U32, COUNT),
    field(28, "command hits", U32, COUNT),
    field(32, "NTP drops", U32, COUNT),
    field(36, "NTS-KE drops", U32, COUNT),
    field(40, "command drops", U32, COUNT),
    field(44, "NTP interval", I8, INTERVAL_LOG2_SECONDS),
    field(45, "NTS-KE interval", I8, INTERVAL_LOG2_SECONDS),
    field(46, "command interval", I8, INTERVAL_LOG2_SECONDS),
    field(47, "NTP timeout interval", I8, INTERVAL_LOG2_SECONDS),
    field(48, "last NTP hit ago", U32, INTERVAL_SECONDS),
    field(52, "last NTS-KE hit ago", U32, INTERVAL_SECONDS),
    field(56, "last command hit ago", U32, INTERVAL_SECONDS),
];

pub(crate) const RTCDATA: &[Field] = &[
    field(0, "reference time", Time, TIME),
    field(12, "samples", U16, COUNT),
    field(14, "runs", U16, COUNT),
    field(16, "span", U32, INTERVAL_SECONDS),
    field(20, "offset", Float, OFFSET_SECONDS),
    field(24, "frequency offset", Float, OFFSET_PPM),
];

pub(crate) const SMOOTHING: &[Field] = &[
    named(0, "flags", U32, FLAGS, SMOOTHING_FLAGS),
    field(4, "offset", Float, OFFSET_SECONDS),
    field(8, "frequency offset", Float, OFFSET_PPM),
    field(12, "wander", Float, OFFSET_PPM_PER_SECOND),
    field(16, "last update ago", Float, INTERVAL_SECONDS),
    field(20, "remaining time", Float, INTERVAL_SECONDS),
];

/// The fields of the four layouts of serverstats, and the position of each in each.
pub(crate) const SERVERSTATS: &[(&str, u32, [Option<usize>; 4])] = &[
    ("received NTP requests", COUNT, [Some(0), Some(0), Some(0), Some(0)]),
    ("accepted NTS-KE connections", COUNT, [None, Some(1), Some(1), Some(1)]),
    ("received command requests", COUNT, [Some(1), Some(2), Some(2), Some(2)]),
    ("dropped NTP requests", COUNT, [Some(2), Some(3), Some(3), Some(3)]),
    ("dropped NTS-KE connections", COUNT, [None, Some(4), Some(4), Some(4)]),
    ("dropped command requests", COUNT, [Some(3), Some(5), Some(5), Some(5)]),
    ("dropped client log records", COUNT, [Some(4), Some(6), Some(6), Some(6)]),
    ("received authenticated NTP requests", COUNT, [None, Some(7), Some(7), Some(7)]),
    ("received interleaved NTP requests", COUNT, [None, None, Some(8), Some(8)]),
    ("held NTP timestamps", COUNT, [None, None, Some(9), Some(9)]),
    ("NTP timestamp span", INTERVAL_SECONDS, [None, None, Some(10), Some(10)]),
    ("served daemon RX timestamps", COUNT, [None, None, None, Some(11)]),
    ("served daemon TX timestamps", COUNT, [None, None, None, Some(12)]),
    ("served kernel RX timestamps", COUNT, [None, None, None, Some(13)]),
    ("served kernel TX timestamps", COUNT, [None, None, None, Some(14)]),
    ("served hardware RX timestamps", COUNT, [None, None, None, Some(15)]),
    ("served hardware TX timestamps", COUNT, [None, None, None, Some(16)]),
    ("reserved #1", NONE, [None, None, None, Some(17)]),
    ("reserved #2", NONE, [None, None, None, Some(18)]),
    ("reserved #3", NONE, [None, None, None, Some(19)]),
    ("reserved #4", NONE, [None, None, None, Some(20)]),
];
