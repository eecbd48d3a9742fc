//! The selectdata report: why each source is or is not chosen.

use crate::enumeration::{bit_set, enumeration};
use crate::error::Error;
use crate::identity::{ReferenceId, SourceAddress};
use crate::reader::Reader;
use crate::report::LeapStatus;

enumeration! {
    /// Where a source stands in the selection (chronyc's manual, "selectdata", column S).
    ///
    /// The code is the ASCII letter that chronyc prints.
    SelectState {
        /// `N`: has the `noselect` option.
        Ignored = 78 "ignored",
        /// `s`: is not synchronized itself.
        NotSynchronized = 115 "not_synchronized",
        /// `M`: has too few samples.
        MissingSamples = 77 "missing_samples",
        /// `d`: its root distance is larger than `maxdistance`.
        UnacceptableDistance = 100 "unacceptable_distance",
        /// `D`: its root distance is too large for now.
        LargeDistance = 68 "large_distance",
        /// `~`: its jitter is larger than `maxjitter`.
        Jittery = 126 "jittery",
        /// `w`: waits for other sources to leave the falsetickers.
        WaitingForOthers = 119 "waiting_for_others",
        /// `W`: fewer sources are selectable than `minsources` asks for.
        MissingSelectableSources = 87 "missing_selectable_sources",
        /// `S`: its samples are older than those of the others.
        Stale = 83 "stale",
        /// `O`: a stratum equal to `local orphan`.
        Orphan = 79 "orphan",
        /// `T`: does not agree with the trusted sources.
        NotTrusted = 84 "not_trusted",
        /// `P`: another source has the `prefer` option.
        NotPreferred = 80 "not_preferred",
        /// `U`: waits for a new measurement.
        WaitingForUpdate = 85 "waiting_for_update",
        /// `x`: disagrees with the majority.
        Falseticker = 120 "falseticker",
        /// `L`: its interval is an outlier.
        Outlier = 76 "outlier",
        /// `r`: its stratum is out of range.
        UnacceptableStratum = 114 "unacceptable_stratum",
        /// `+`: combined with the selected source.
        Combined = 43 "combined",
        /// `*`: the source the clock follows.
        Best = 42 "best",
    }
}

enumeration! {
    /// An option of a source that bears on the selection (chrony.conf's manual, "server").
    SelectOption {
        /// Never select it.
        Noselect = 1 "noselect",
        /// Prefer it over sources without this option.
        Prefer = 2 "prefer",
        /// Assume it is right.
        Trust = 4 "trust",
        /// At least one of the sources with this option must be selectable.
        Require = 8 "require",
    }
}
bit_set!(SelectOption);

/// The selection's view of one source, as `chronyc selectdata` reports it.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct SelectData {
    /// Reference ID of the source; 0 for an unresolved name.
    pub reference_id: ReferenceId,
    /// Address, reference ID or number of an unresolved name; the key that joins reports.
    pub address: SourceAddress,
    /// Where it stands in the selection.
    pub state: SelectState,
    /// Whether its packets are authenticated.
    pub authentication: bool,
    /// The leap second it announces.
    pub leap_status: LeapStatus,
    /// Options in the configuration.
    pub configured_options: Vec<SelectOption>,
    /// Options in force, which `authselectmode` may have added.
    pub effective_options: Vec<SelectOption>,
    /// Age of the last sample, seconds; `None` while there is no sample.
    pub last_sample_ago: Option<u32>,
    /// Its score against the selected source, which has 1; above 10 it is chosen in its place.
    pub score: f64,
    /// Lower end of the interval this clock's offset lies in, seconds, positive = ahead; `None` while there is no sample.
    pub low_limit: Option<f64>,
    /// Upper end of that interval, seconds; `None` while there is no sample.
    pub high_limit: Option<f64>,
}

impl SelectData {
    pub(crate) fn decode(fields: &Reader<'_>) -> Result<Self, Error> {
        let reference_id = ReferenceId(fields.unsigned(c"reference ID")?);
        let (low, high) = (fields.float(c"low limit")?, fields.float(c"high limit")?);
        // Without a sample chronyd sends zeros; with one the interval has a width.
        let sampled = low != 0.0 || high != 0.0;
        Ok(Self {
            reference_id,
            address: fields.source(c"address", Some(reference_id))?,
            state: SelectState::from_code(fields.unsigned(c"state")?),
            authentication: fields.flag(c"authentication")?,
            leap_status: LeapStatus::from_code(fields.unsigned(c"leap status")?),
            configured_options: SelectOption::from_bits(fields.unsigned(c"configured options")?),
            effective_options: SelectOption::from_bits(fields.unsigned(c"effective options")?),
            last_sample_ago: fields.age(c"last sample ago")?.filter(|_| sampled),
            score: fields.float(c"score")?,
            low_limit: sampled.then_some(low),
            high_limit: sampled.then_some(high),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_a_state_is_the_letter_chronyc_prints() {
        for (letter, state) in [
            (b'*', SelectState::Best),
            (b'+', SelectState::Combined),
            (b'x', SelectState::Falseticker),
            (b'N', SelectState::Ignored),
            (b'M', SelectState::MissingSamples),
            (b'D', SelectState::LargeDistance),
            (b'd', SelectState::UnacceptableDistance),
            (b's', SelectState::NotSynchronized),
            (b'~', SelectState::Jittery),
            (b'w', SelectState::WaitingForOthers),
            (b'W', SelectState::MissingSelectableSources),
            (b'S', SelectState::Stale),
            (b'O', SelectState::Orphan),
            (b'T', SelectState::NotTrusted),
            (b'P', SelectState::NotPreferred),
            (b'U', SelectState::WaitingForUpdate),
            (b'L', SelectState::Outlier),
            (b'r', SelectState::UnacceptableStratum),
            (b'?', SelectState::Unknown(63)),
        ] {
            assert_eq!(SelectState::from_code(u64::from(letter)), state);
            assert_eq!(state.code(), u64::from(letter));
        }
    }

    #[test]
    fn unnamed_option_bits_are_kept() {
        assert_eq!(
            SelectOption::from_bits(0b1_0011),
            [SelectOption::Noselect, SelectOption::Prefer, SelectOption::Unknown(16)]
        );
    }
}
