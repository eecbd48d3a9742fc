//! What the history takes from a reading.

use std::time::{Duration, SystemTime};

use libchrony::{Address, Joined, LeapStatus, ServerStats, SourceState};

use super::cell::single;
use crate::reading::Reading;

/// The series of the clock, in the order of their values.
pub(crate) const CLOCK_SERIES: [&str; 8] = [
    "offset",
    "max_error",
    "frequency",
    "skew",
    "rms_offset",
    "root_delay",
    "root_dispersion",
    "stratum",
];
/// The series of a source, in the order of their values.
pub(crate) const SOURCE_SERIES: [&str; 4] = ["offset", "error", "reach", "delay"];

/// A reading, as far as the history is concerned.
#[derive(Debug, Clone)]
pub(super) struct Note {
    pub(super) at: SystemTime,
    /// When it was made by a clock that nobody sets.
    pub(super) uptime: Duration,
    /// What chronyd said, or why it said nothing.
    pub(super) given: Result<Given, String>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    /// Whether that chronyd keeps the clock of this machine.
    pub(super) is_local: bool,
    pub(super) clock: Option<Clock>,
    /// In the order of the sources table.
    pub(super) sources: Option<Vec<Noted>>,
    pub(super) counters: Option<Counters>,
}

#[derive(Debug, Clone)]
pub(super) struct Clock {
    pub(super) values: [f32; CLOCK_SERIES.len()],
    pub(super) synchronized: bool,
    pub(super) leap: LeapStatus,
    /// What the clock follows, in readable form.
    pub(super) reference: Option<String>,
    /// Whether chronyd has updated the clock since it was started.
    pub(super) updated: bool,
}

/// A source of the list.
#[derive(Debug, Clone)]
pub(super) struct Noted {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) values: [f32; SOURCE_SERIES.len()],
    pub(super) register: u8,
    pub(super) state: SourceState,
}

/// Counters of the server, in the order of [`super::Rates`]; `None` where this chronyd has no such.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counters(pub(super) [Option<u64>; 8]);

impl Note {
    pub(super) fn of(reading: &Reading) -> Self {
        let given = reading.data().map(|snapshot| {
            let clock = snapshot.tracking.as_ref().map(|tracking| Clock {
                values: [
                    tracking.offset,
                    tracking.max_error(),
                    tracking.frequency,
                    tracking.skew,
                    tracking.rms_offset,
                    tracking.root_delay,
                    tracking.root_dispersion,
                    tracking.stratum.map_or(f64::NAN, f64::from),
                ]
                .map(single),
                synchronized: tracking.is_synchronized(),
                leap: tracking.leap_status,
                reference: tracking.reference_id_name.clone(),
                updated: tracking.update_interval > 0.0 || tracking.ref_time.is_some(),
            });
            let sources = snapshot.sources.as_ref().map(|_| {
                let mut sources: Vec<_> = snapshot.joined().into_iter().map(Noted::of).collect();
                sources.sort_by_key(|source| match source.state {
                    SourceState::Selected => 0,
                    SourceState::Unselected => 1,
                    _ => 2,
                });
                sources
            });
            let counters = snapshot.serverstats.as_ref().map(Counters::of);
            let is_local = match snapshot.chronyd.address {
                Address::Unix(_) => true,
                Address::Udp(address) => address.ip().is_loopback(),
                _ => false,
            };
            Given { is_local, clock, sources, counters }
        });
        let given = given.map_err(ToString::to_string);
        Self { at: reading.at(), uptime: reading.uptime(), given }
    }

    /// Whether the clock is known to be right, or as right as chronyd can say.
    pub(super) fn is_synchronized(&self) -> bool {
        let clock = self.given.as_ref().ok().and_then(|given| given.clock.as_ref());
        clock.is_some_and(|clock| clock.synchronized)
    }
}

impl Noted {
    fn of(joined: Joined<'_>) -> Self {
        let source = joined.source;
        let or_none = |value: Option<f64>| value.unwrap_or(f64::NAN);
        Self {
            id: source.id.clone(),
            name: source.name.clone().unwrap_or_else(|| source.address.to_string()),
            values: [
                or_none(source.latest_meas),
                or_none(source.latest_meas_err),
                f64::from(source.answered_polls()),
                or_none(joined.ntp.and_then(|ntp| ntp.peer_delay)),
            ]
            .map(single),
            register: source.reachability,
            state: source.state,
        }
    }
}

impl Counters {
    fn of(stats: &ServerStats) -> Self {
        Self([
            Some(stats.received_ntp_requests),
            Some(stats.dropped_ntp_requests),
            Some(stats.received_command_requests),
            Some(stats.dropped_command_requests),
            stats.accepted_nts_ke_connections,
            stats.dropped_nts_ke_connections,
            stats.received_authenticated_ntp_requests,
            stats.received_interleaved_ntp_requests,
        ])
    }

    /// Whether chronyd counts anew: a counter went back that was too small to have run over
    /// (those of chronyd before 4.4 have 32 bits).
    pub(super) fn began_anew(&self, before: &Self) -> bool {
        let nearly_over = u64::from(u32::MAX / 4 * 3);
        let mut pairs = before.0.into_iter().zip(self.0);
        pairs.any(|pair| matches!(pair, (Some(b), Some(now)) if now < b && b < nearly_over))
    }
}
