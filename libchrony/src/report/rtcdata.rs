//! The rtcdata report: the real-time clock, the one that runs while the machine is off.

use std::time::SystemTime;

use crate::error::Error;
use crate::reader::Reader;

/// What chronyd knows of the real-time clock (RTC), as `chronyc rtcdata` reports it.
///
/// Only where RTC tracking is enabled (`rtcfile`).
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RtcData {
    /// RTC reading at the last error estimate (UTC); `None` before the first.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::timestamp::serialize_option"))]
    pub ref_time: Option<SystemTime>,
    /// Number of measurements the calibration uses.
    pub samples: u16,
    /// Number of runs of residuals with the same sign.
    pub runs: u16,
    /// Time the measurements span, seconds.
    pub span: u32,
    /// Estimated offset of the RTC, seconds; positive = the RTC is fast.
    pub offset: f64,
    /// Estimated rate error of the RTC, ppm; positive = it gains time.
    pub freq_offset: f64,
}

impl RtcData {
    /// Whether the estimates rest on measurements.
    #[must_use]
    pub fn is_calibrated(&self) -> bool {
        self.samples > 0
    }

    pub(crate) fn decode(fields: &Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            ref_time: fields.time(c"reference time")?,
            samples: fields.unsigned(c"samples")?,
            runs: fields.unsigned(c"runs")?,
            span: fields.unsigned(c"span")?,
            offset: fields.float(c"offset")?,
            freq_offset: fields.float(c"frequency offset")?,
        })
    }
}
