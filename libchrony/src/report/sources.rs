//! The sources report: each configured source and its last sample.

use std::collections::HashMap;

use crate::enumeration::enumeration;
use crate::error::Error;
use crate::identity::{ReferenceId, SourceAddress};
use crate::reader::Reader;

enumeration! {
    /// What chronyd's selection made of a source (chronyc's manual, "sources", column S).
    SourceState {
        /// `*`: the source the clock follows.
        Selected = 0 "selected",
        /// `?`: not usable now; selection data says why.
        Nonselectable = 1 "nonselectable",
        /// `x`: disagrees with the majority.
        Falseticker = 2 "falseticker",
        /// `~`: too variable.
        Jittery = 3 "jittery",
        /// `+`: good, and combined with the selected source.
        Unselected = 4 "unselected",
        /// `-`: good, and not used.
        Selectable = 5 "selectable",
    }
}

enumeration! {
    /// How time comes from a source (chronyc's manual, "sources", column M).
    SourceMode {
        /// `^`: an NTP server.
        Client = 0 "client",
        /// `=`: a symmetric NTP peer.
        Peer = 1 "peer",
        /// `#`: a reference clock attached to this machine.
        Refclock = 2 "refclock",
    }
}

/// One configured source, as `chronyc sources` reports it.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Source {
    /// A name for this source that is unique in its list and needs no escaping in a URL.
    pub id: String,
    /// Address, reference ID or number of an unresolved name; the key that joins reports.
    pub address: SourceAddress,
    /// The name it was configured with, where a snapshot read it (chronyd 4.0 and later) and it says
    /// more than the address; as [`crate::SourceName::name`].
    pub name: Option<String>,
    /// Polling interval, log2 of seconds, -32 to 32; see [`Self::poll_interval`].
    pub poll: i8,
    /// Stratum of the source, 0 to 16 (0 only for a reference clock); `None` while never sampled.
    pub stratum: Option<u8>,
    /// What the selection made of it.
    pub state: SourceState,
    /// How time comes from it.
    pub mode: SourceMode,
    /// Flags as chronyd 2.3 to 3.5 send them (bits of [`crate::SelectOption`]); later ones send 0.
    pub flags: u16,
    /// The last eight polls as bits, newest lowest, 1 = a valid answer came.
    pub reachability: u8,
    /// Age of the last sample, seconds; `None` = never sampled.
    pub last_sample_ago: Option<u32>,
    /// Offset of the last sample as it was measured, seconds; positive = this clock was ahead.
    pub orig_latest_meas: Option<f64>,
    /// The same, adjusted for corrections made since, seconds.
    pub latest_meas: Option<f64>,
    /// Error bound of the last sample, seconds, 0 or more.
    pub latest_meas_err: Option<f64>,
}

impl Source {
    /// Polling interval in seconds, also below one.
    #[must_use]
    pub fn poll_interval(&self) -> f64 {
        f64::from(self.poll).exp2()
    }

    /// How many of the last eight polls were answered.
    #[must_use]
    pub fn answered_polls(&self) -> u32 {
        self.reachability.count_ones()
    }

    /// Whether any of the last eight polls was answered.
    #[must_use]
    pub fn is_reachable(&self) -> bool {
        self.reachability != 0
    }

    /// Whether the clock follows this source.
    #[must_use]
    pub fn is_selected(&self) -> bool {
        self.state == SourceState::Selected
    }

    /// Whether the clock uses this source: selected, or combined with the selected one.
    #[must_use]
    pub fn is_used(&self) -> bool {
        matches!(self.state, SourceState::Selected | SourceState::Unselected)
    }

    pub(crate) fn decode_address(fields: &Reader<'_>) -> Result<SourceAddress, Error> {
        match SourceMode::from_code(fields.unsigned(c"mode")?) {
            SourceMode::Refclock => {
                Ok(SourceAddress::Refclock(ReferenceId(fields.unsigned(c"reference ID")?)))
            }
            _ => fields.source(c"address", None),
        }
    }

    pub(crate) fn decode(fields: &Reader<'_>) -> Result<Self, Error> {
        let mode = SourceMode::from_code(fields.unsigned(c"mode")?);
        let address = Self::decode_address(fields)?;
        let last_sample_ago = fields.age(c"last sample ago")?;
        let sampled = |value: f64| last_sample_ago.is_some().then_some(value);
        let stratum = match mode {
            SourceMode::Refclock => Some(fields.stratum(c"stratum")?.unwrap_or(0)),
            _ => fields.stratum(c"stratum")?,
        };
        Ok(Self {
            id: address.slug(),
            address,
            name: None,
            poll: fields.log2_seconds(c"poll")?,
            stratum,
            state: SourceState::from_code(fields.unsigned(c"state")?),
            mode,
            flags: fields.unsigned(c"flags")?,
            reachability: fields.reachability(c"reachability")?,
            last_sample_ago,
            orig_latest_meas: sampled(fields.float(c"original last sample offset")?),
            latest_meas: sampled(fields.float(c"adjusted last sample offset")?),
            latest_meas_err: sampled(fields.measure(c"last sample error")?),
        })
    }
}

/// Makes the ids of a list unique: a second `GPS` becomes `GPS-2`.
pub(crate) fn name_apart(sources: &mut [Source]) {
    let mut seen: HashMap<String, u32> = HashMap::new();
    for source in sources {
        let count = seen.entry(source.id.clone()).or_default();
        *count += 1;
        if *count > 1 {
            source.id = format!("{}-{count}", source.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;
    use crate::record::samples;
    use crate::report::ReportName;

    fn decode(changes: &[(&str, Value)]) -> Result<Source, Error> {
        let record = samples::source(changes);
        Source::decode(&Reader::new(&record, ReportName::Sources, 2))
    }

    #[test]
    fn a_source_never_sampled_has_no_values_in_place_of_placeholders() {
        let source = decode(&[
            ("last sample ago", u64::from(u32::MAX).into()),
            ("stratum", 0_u64.into()),
            ("reachability", 0_u64.into()),
        ])
        .unwrap();
        assert_eq!((source.last_sample_ago, source.stratum), (None, None));
        assert_eq!((source.latest_meas, source.orig_latest_meas), (None, None));
        assert_eq!(source.latest_meas_err, None);
        assert!(!source.is_reachable());
    }

    #[test]
    fn a_refclock_shows_its_id_not_an_address() {
        let record = samples::refclock(0x4750_5300);
        let source = Source::decode(&Reader::new(&record, ReportName::Sources, 0)).unwrap();
        assert_eq!(source.address.to_string(), "GPS");
        assert_eq!((source.id.as_str(), source.stratum), ("GPS", Some(0)));
    }

    #[test]
    fn an_unresolved_source_shows_its_number() {
        let source = decode(&[("address", Some("ID#0000000001").into())]).unwrap();
        assert_eq!(source.address, SourceAddress::Unresolved(1));
    }

    #[test]
    fn a_poll_below_a_second_is_negative() {
        let source = decode(&[("poll", Value::Integer(-2))]).unwrap();
        assert_eq!(source.poll, -2);
        assert!((source.poll_interval() - 0.25).abs() < f64::EPSILON);
    }

    #[test]
    fn a_poll_zero_extended_by_upstream_is_read_with_its_sign() {
        assert_eq!(decode(&[("poll", Value::Integer(65_534))]).unwrap().poll, -2);
    }

    #[test]
    fn unknown_states_and_modes_are_kept() {
        let source = decode(&[("state", 9_u64.into()), ("mode", 8_u64.into())]).unwrap();
        assert_eq!(source.state, SourceState::Unknown(9));
        assert_eq!(source.mode, SourceMode::Unknown(8));
    }

    #[test]
    fn impossible_values_are_refused_with_their_record() {
        for (field, value) in [
            ("poll", Value::Integer(40)),
            ("reachability", 256_u64.into()),
            ("stratum", 17_u64.into()),
        ] {
            let text = decode(&[(field, value)]).unwrap_err().to_string();
            assert!(text.contains("record 2") && text.contains(field), "{text}");
        }
    }

    #[test]
    fn two_clocks_of_one_name_get_two_ids() {
        let mut sources = vec![decode(&[]).unwrap(), decode(&[]).unwrap()];
        name_apart(&mut sources);
        assert_eq!(sources[0].id, "192.0.2.1");
        assert_eq!(sources[1].id, "192.0.2.1-2");
    }
}
