//! The tracking report: the state of the clock.

use std::net::IpAddr;
use std::time::SystemTime;

use crate::enumeration::enumeration;
use crate::error::Error;
use crate::identity::{ReferenceId, SourceAddress};
use crate::reader::Reader;

enumeration! {
    /// The leap second announced, or that the clock is not synchronized (RFC 5905, 7.3).
    LeapStatus {
        /// No leap second is pending.
        Normal = 0 "normal",
        /// The last minute of this month (UTC) has 61 seconds.
        Insert = 1 "insert",
        /// The last minute of this month (UTC) has 59 seconds.
        Delete = 2 "delete",
        /// The clock is not synchronized.
        Unsynchronised = 3 "unsynchronised",
    }
}

/// The state of the clock, as `chronyc tracking` reports it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Tracking {
    /// Reference ID of the source the clock follows; 0 when it follows none.
    pub reference_id: ReferenceId,
    /// The source in readable form: its address, or a reference clock's ID; `None` when there is none.
    pub reference_id_name: Option<String>,
    /// Address of the source; `None` for a reference clock, the local reference or no source.
    pub reference_ip: Option<IpAddr>,
    /// Distance from a primary reference, 1 to 15; `None` while not synchronized (chronyd says 0).
    pub stratum: Option<u8>,
    /// Leap second announced, or not synchronized.
    pub leap_status: LeapStatus,
    /// When the last measurement of the source was processed (UTC); `None` when none was.
    pub ref_time: Option<SystemTime>,
    /// Offset of the clock from NTP time that is being corrected, seconds; positive = the clock is slow.
    pub offset: f64,
    /// Estimated offset at the last clock update, seconds; positive = the clock was ahead.
    pub last_offset: f64,
    /// Long-term average of the offset, seconds, 0 or more.
    pub rms_offset: f64,
    /// Rate error of the clock without correction, ppm; positive = fast.
    pub frequency: f64,
    /// Difference of the source's frequency from the one in use, ppm.
    pub residual_freq: f64,
    /// Error bound of the frequency, ppm, 0 or more.
    pub skew: f64,
    /// Network delay to the primary reference, both ways, seconds.
    pub root_delay: f64,
    /// Error accumulated on the way from the primary reference, seconds, 0 or more.
    pub root_dispersion: f64,
    /// Time between the last two clock updates, seconds (not the time since the last one).
    pub update_interval: f64,
}

impl Tracking {
    /// Whether the clock follows anything, `local` included: see [`Self::is_local`].
    #[must_use]
    pub fn is_synchronized(&self) -> bool {
        self.leap_status != LeapStatus::Unsynchronised && self.stratum.is_some()
    }

    /// Whether the clock follows only itself (chronyd's `local` directive).
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.reference_id == ReferenceId::LOCAL && self.reference_ip.is_none()
    }

    /// Whether a leap second is announced: [`Self::leap_status`] says which way.
    #[must_use]
    pub fn is_leap_pending(&self) -> bool {
        matches!(self.leap_status, LeapStatus::Insert | LeapStatus::Delete)
    }

    /// The largest error the clock can have, in seconds, given that its source is right.
    ///
    /// |offset| + root dispersion + half of the root delay (chronyc's manual, "tracking").
    #[must_use]
    pub fn max_error(&self) -> f64 {
        self.offset.abs() + self.root_dispersion + self.root_delay / 2.0
    }

    pub(crate) fn decode(fields: &Reader<'_>) -> Result<Self, Error> {
        let reference_id = ReferenceId(fields.unsigned(c"reference ID")?);
        let reference_ip = fields.ip(c"address")?;
        let reference_id_name = match (reference_ip, reference_id) {
            (Some(ip), _) => Some(ip.to_string()),
            (None, ReferenceId(0)) => None,
            (None, ReferenceId::LOCAL) => Some(ReferenceId::LOCAL.as_ipv4().to_string()),
            (None, id) => Some(SourceAddress::Refclock(id).to_string()),
        };
        let leap_status = LeapStatus::from_code(fields.unsigned(c"leap status")?);
        Ok(Self {
            reference_id,
            reference_id_name,
            reference_ip,
            stratum: fields.stratum(c"stratum")?,
            leap_status,
            ref_time: fields.time(c"reference time")?,
            offset: fields.float(c"current correction")?,
            last_offset: fields.float(c"last offset")?,
            rms_offset: fields.measure(c"RMS offset")?,
            frequency: fields.float(c"frequency offset")?,
            residual_freq: fields.float(c"residual frequency")?,
            skew: fields.measure(c"skew")?,
            root_delay: fields.float(c"root delay")?,
            root_dispersion: fields.measure(c"root dispersion")?,
            update_interval: fields.measure(c"last update interval")?,
        })
    }
}

/// The fields, and the derived `synchronized` and `max_error`.
#[cfg(feature = "serde")]
impl serde::Serialize for Tracking {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut map = s.serialize_struct("Tracking", 17)?;
        map.serialize_field("reference_id", &self.reference_id)?;
        map.serialize_field("reference_id_name", &self.reference_id_name)?;
        map.serialize_field("reference_ip", &self.reference_ip)?;
        map.serialize_field("stratum", &self.stratum)?;
        map.serialize_field("leap_status", &self.leap_status)?;
        map.serialize_field("ref_time", &self.ref_time.map(crate::timestamp::to_text))?;
        map.serialize_field("offset", &self.offset)?;
        map.serialize_field("last_offset", &self.last_offset)?;
        map.serialize_field("rms_offset", &self.rms_offset)?;
        map.serialize_field("frequency", &self.frequency)?;
        map.serialize_field("residual_freq", &self.residual_freq)?;
        map.serialize_field("skew", &self.skew)?;
        map.serialize_field("root_delay", &self.root_delay)?;
        map.serialize_field("root_dispersion", &self.root_dispersion)?;
        map.serialize_field("update_interval", &self.update_interval)?;
        map.serialize_field("synchronized", &self.is_synchronized())?;
        map.serialize_field("max_error", &self.max_error())?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::record::samples;
    use crate::report::ReportName;

    fn decode(changes: &[(&str, crate::Value)]) -> Result<Tracking, Error> {
        let record = samples::tracking(changes);
        Tracking::decode(&Reader::new(&record, ReportName::Tracking, 0))
    }

    #[test]
    fn a_synchronized_clock_has_its_error_bound() {
        let tracking = decode(&[]).unwrap();
        assert!(tracking.is_synchronized() && !tracking.is_local());
        assert_eq!(tracking.reference_id_name.as_deref(), Some("192.0.2.1"));
        assert_eq!(tracking.stratum, Some(3));
        let expected = 0.002 + 0.003 + 0.010 / 2.0;
        assert!((tracking.max_error() - expected).abs() < 1e-12);
    }

    #[test]
    fn an_unsynchronized_clock_has_no_stratum_no_name_and_no_time() {
        let tracking = decode(&[
            ("reference ID", 0_u64.into()),
            ("address", None.into()),
            ("stratum", 0_u64.into()),
            ("leap status", 3_u64.into()),
            ("reference time", crate::Value::Time { seconds: 0, nanoseconds: 0 }),
        ])
        .unwrap();
        assert!(!tracking.is_synchronized());
        assert_eq!((tracking.stratum, tracking.reference_id_name), (None, None));
        assert_eq!((tracking.reference_ip, tracking.ref_time), (None, None));
    }

    #[test]
    fn the_local_reference_is_told_apart() {
        let tracking =
            decode(&[("reference ID", 0x7f7f_0101_u64.into()), ("address", None.into())]).unwrap();
        assert!(tracking.is_local() && tracking.is_synchronized());
        assert_eq!(tracking.reference_id_name.as_deref(), Some("127.127.1.1"));
    }

    #[test]
    fn a_refclock_shows_its_id_not_an_address() {
        let tracking =
            decode(&[("reference ID", 0x4750_5300_u64.into()), ("address", None.into())]).unwrap();
        assert_eq!(tracking.reference_id_name.as_deref(), Some("GPS"));
    }

    #[test]
    fn an_unknown_leap_status_is_kept() {
        assert_eq!(
            decode(&[("leap status", 7_u64.into())]).unwrap().leap_status,
            LeapStatus::Unknown(7)
        );
    }

    #[test]
    fn impossible_values_name_report_record_field_value_and_rule() {
        for (field, value, rule) in [
            ("skew", (-1.0).into(), "0 or more"),
            ("root dispersion", f64::NAN.into(), "finite"),
            ("stratum", 17_u64.into(), "0 to 16"),
            ("reference time", crate::Value::Time { seconds: i64::MAX, nanoseconds: 0 }, "1970"),
        ] {
            let error = decode(&[(field, value)]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OutOfRange, "{error}");
            let text = error.to_string();
            for part in ["tracking", "record 0", field, rule] {
                assert!(text.contains(part), "{part} is missing in: {text}");
            }
        }
    }

    #[test]
    fn a_missing_field_and_a_wrong_type_are_different_errors() {
        let error = decode(&[("skew", crate::Value::Absent)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MissingField);
        assert!(error.to_string().contains("skew") && error.to_string().contains("tracking"));
        let error = decode(&[("skew", 1_u64.into())]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WrongType);
    }
}
