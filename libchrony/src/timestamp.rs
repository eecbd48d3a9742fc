//! Points in time: chronyd's timespec to [`SystemTime`], and to text.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The last second that RFC 3339 can write (9999-12-31T23:59:59Z).
const LAST_SECOND: i64 = 253_402_300_799;

/// The point in time `seconds` and `nanoseconds` after 1970, or `None` outside 1970 to 9999.
pub(crate) fn from_unix(seconds: i64, nanoseconds: i64) -> Option<SystemTime> {
    if !(0..=LAST_SECOND).contains(&seconds) {
        return None;
    }
    let nanoseconds = u32::try_from(nanoseconds).ok().filter(|n| *n < 1_000_000_000)?;
    Some(UNIX_EPOCH + Duration::new(u64::try_from(seconds).ok()?, nanoseconds))
}

/// RFC 3339 in UTC with nanoseconds, as `2026-11-21T04:30:56.000000001Z`.
pub(crate) fn to_text(time: SystemTime) -> String {
    let last = from_unix(LAST_SECOND, 0).unwrap_or(UNIX_EPOCH);
    humantime::format_rfc3339_nanos(time.clamp(UNIX_EPOCH, last)).to_string()
}

#[cfg(feature = "serde")]
pub(crate) fn serialize<S: serde::Serializer>(time: &SystemTime, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(&to_text(*time))
}

#[cfg(feature = "serde")]
pub(crate) fn serialize_option<S: serde::Serializer>(
    time: &Option<SystemTime>,
    s: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serialize(time, s),
        None => s.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_as_rfc_3339_with_nanoseconds() {
        let time = from_unix(1_795_235_456, 1).unwrap();
        assert_eq!(to_text(time), "2026-11-21T04:30:56.000000001Z");
    }

    #[test]
    fn a_time_that_rfc_3339_cannot_write_is_none() {
        assert_eq!(from_unix(-1, 0), None);
        assert_eq!(from_unix(LAST_SECOND + 1, 0), None);
        assert_eq!(from_unix(0, 1_000_000_000), None);
        assert!(from_unix(LAST_SECOND, 999_999_999).is_some());
    }
}
