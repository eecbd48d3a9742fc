//! The smoothing report: the smoothing of the time that is served to others.

use crate::enumeration::{bit_set, enumeration};
use crate::error::Error;
use crate::reader::Reader;

enumeration! {
    /// A property of the smoothing process.
    SmoothingFlag {
        /// Smoothing is active now.
        Active = 1 "active",
        /// Only leap seconds are smoothed.
        Leaponly = 2 "leaponly",
    }
}
bit_set!(SmoothingFlag);

/// The smoothing of served time, as `chronyc smoothing` reports it. Only with `smoothtime`.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Smoothing {
    /// Properties of the process.
    pub flags: Vec<SmoothingFlag>,
    /// Offset of the served time from this clock, seconds; positive = the served time is ahead.
    pub offset: f64,
    /// Frequency of the served time relative to this clock, ppm.
    pub frequency_offset: f64,
    /// Rate at which that frequency changes, ppm per second.
    pub wander: f64,
    /// Time since the last update of the process, seconds.
    pub last_update_ago: f64,
    /// Time until served time and this clock agree again, seconds.
    pub remaining_time: f64,
}

impl Smoothing {
    pub(crate) fn decode(fields: &Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            flags: SmoothingFlag::from_bits(fields.unsigned(c"flags")?),
            offset: fields.float(c"offset")?,
            frequency_offset: fields.float(c"frequency offset")?,
            wander: fields.float(c"wander")?,
            last_update_ago: fields.float(c"last update ago")?,
            remaining_time: fields.float(c"remaining time")?,
        })
    }
}
