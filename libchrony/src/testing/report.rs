//! The reports that are not about one source, in wire form.

use std::time::SystemTime;

use super::source::{NEVER, Source};
use super::wire::{Address, Body, Time, low_word};

/// The leap status of a clock that is not synchronized.
pub const UNSYNCHRONIZED: u16 = 3;

/// The reference ID of a clock that follows itself (`local`): 127.127.1.1.
pub const LOCAL_REFERENCE: u32 = 0x7f7f_0101;

/// The state of the clock (tracking); by default not synchronized.
#[derive(Debug, Clone, PartialEq)]
pub struct Tracking {
    /// Reference ID: of a reference clock up to four characters, of an IPv4 source its address.
    pub reference_id: u32,
    /// Address of the source; unspecified for a reference clock, `local` or none.
    pub address: Address,
    /// Stratum of this clock; 0 when it is not synchronized.
    pub stratum: u16,
    /// Leap status: 0 normal, 1 insert a second, 2 delete one, 3 not synchronized.
    pub leap: u16,
    /// When the last measurement was processed.
    pub reference_time: Time,
    /// Offset being corrected, seconds; positive = the clock is slow.
    pub current_correction: f64,
    /// Offset at the last update, seconds; positive = the clock was ahead.
    pub last_offset: f64,
    /// Long-term average of the offset, seconds.
    pub rms_offset: f64,
    /// Rate error of the clock without correction, ppm; positive = fast.
    pub frequency: f64,
    /// Frequency of the source relative to the corrected clock, ppm.
    pub residual_frequency: f64,
    /// Error bound of the frequency, ppm.
    pub skew: f64,
    /// Network delay to the primary reference, both ways, seconds.
    pub root_delay: f64,
    /// Error accumulated since the primary reference, seconds.
    pub root_dispersion: f64,
    /// Time between the last two updates, seconds.
    pub last_update_interval: f64,
}

impl Default for Tracking {
    fn default() -> Self {
        Self {
            reference_id: 0,
            address: Address::Unspecified,
            stratum: 0,
            leap: UNSYNCHRONIZED,
            reference_time: Time::EPOCH,
            current_correction: 0.0,
            last_offset: 0.0,
            rms_offset: 0.0,
            frequency: 0.0,
            residual_frequency: 0.0,
            skew: 0.0,
            root_delay: 1.0,
            root_dispersion: 1.0,
            last_update_interval: 0.0,
        }
    }
}

impl Tracking {
    /// A clock that follows `source`: what both reports tell agrees.
    #[must_use]
    pub fn following(source: &Source) -> Self {
        let stats = &source.stats;
        let (delay, dispersion) = match source.mode {
            Source::REFERENCE_CLOCK => (0.0, 0.0),
            _ => (
                source.ntp.root_delay + source.ntp.peer_delay,
                source.ntp.root_dispersion + source.ntp.peer_dispersion,
            ),
        };
        Self {
            reference_id: source.reference_id,
            address: source.address,
            stratum: source.stratum + 1,
            leap: u16::from(source.select.leap),
            reference_time: Time::seconds_ago(u64::from(source.last_sample_ago)),
            current_correction: -stats.offset / 2.0,
            last_offset: source.original_offset,
            rms_offset: source.original_offset.abs() * 0.7 + stats.standard_deviation,
            frequency: -11.482,
            residual_frequency: stats.residual_frequency,
            skew: stats.skew,
            root_delay: delay,
            root_dispersion: dispersion + stats.offset_error,
            last_update_interval: f64::from(source.poll).exp2() * 1.01,
        }
    }

    pub(super) fn encode(&self, body: &mut Body, now: SystemTime) {
        body.u32s([self.reference_id]);
        body.address(self.address);
        body.u16s([self.stratum, self.leap]);
        body.time(self.reference_time, now);
        body.floats([
            self.current_correction,
            self.last_offset,
            self.rms_offset,
            self.frequency,
            self.residual_frequency,
            self.skew,
            self.root_delay,
            self.root_dispersion,
            self.last_update_interval,
        ]);
    }
}

/// How many NTP sources are online (activity).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Activity {
    /// Sources that are polled.
    pub online: u32,
    /// Sources that are not.
    pub offline: u32,
    /// Sources in a burst that will be online after it.
    pub burst_online: u32,
    /// Sources in a burst that will be offline after it.
    pub burst_offline: u32,
    /// Sources whose name is not resolved.
    pub unresolved: u32,
}

impl Activity {
    /// All sources online, but for those whose name is not resolved; reference clocks do not count.
    #[must_use]
    pub fn of(sources: &[Source]) -> Self {
        let count = |counts: fn(&Source) -> bool| {
            u32::try_from(sources.iter().filter(|source| counts(source)).count())
                .unwrap_or(u32::MAX)
        };
        let unresolved = count(|source| matches!(source.address, Address::Id(_)));
        let ntp = count(|source| source.mode != Source::REFERENCE_CLOCK);
        Self { online: ntp - unresolved, unresolved, ..Self::default() }
    }

    pub(super) fn encode(&self, body: &mut Body) {
        body.u32s([
            self.online,
            self.offline,
            self.burst_online,
            self.burst_offline,
            self.unresolved,
        ]);
    }
}

/// What was served to others (serverstats), each a count since the start but for the span.
///
/// Older generations send fewer of them, and only their lower 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServerStats {
    /// NTP requests received.
    pub ntp_received: u64,
    /// NTS-KE connections accepted.
    pub nts_ke_accepted: u64,
    /// Command requests received.
    pub command_received: u64,
    /// NTP requests dropped.
    pub ntp_dropped: u64,
    /// NTS-KE connections dropped.
    pub nts_ke_dropped: u64,
    /// Command requests dropped.
    pub command_dropped: u64,
    /// Records of clients dropped.
    pub log_dropped: u64,
    /// Authenticated NTP requests received.
    pub ntp_authenticated: u64,
    /// Interleaved NTP requests received.
    pub ntp_interleaved: u64,
    /// Timestamps held.
    pub ntp_timestamps: u64,
    /// Time that these span, seconds.
    pub ntp_timestamp_span: u64,
    /// Receive timestamps served that the daemon made.
    pub daemon_rx: u64,
    /// Transmit timestamps served that the daemon made.
    pub daemon_tx: u64,
    /// Receive timestamps served that the kernel made.
    pub kernel_rx: u64,
    /// Transmit timestamps served that the kernel made.
    pub kernel_tx: u64,
    /// Receive timestamps served that hardware made.
    pub hardware_rx: u64,
    /// Transmit timestamps served that hardware made.
    pub hardware_tx: u64,
}

impl ServerStats {
    pub(super) fn encode(&self, body: &mut Body, layout: u16) {
        let oldest = [
            self.ntp_received,
            self.command_received,
            self.ntp_dropped,
            self.command_dropped,
            self.log_dropped,
        ];
        let since_4_0 = [
            self.ntp_received,
            self.nts_ke_accepted,
            self.command_received,
            self.ntp_dropped,
            self.nts_ke_dropped,
            self.command_dropped,
            self.log_dropped,
            self.ntp_authenticated,
        ];
        let since_4_2 = [self.ntp_interleaved, self.ntp_timestamps, self.ntp_timestamp_span];
        match layout {
            14 => body.u32s(oldest.map(low_word)),
            22 => body.u32s(since_4_0.map(low_word)),
            24 => {
                body.u32s(since_4_0.map(low_word));
                body.u32s(since_4_2.map(low_word));
            }
            _ => {
                let since_4_4 = [
                    self.daemon_rx,
                    self.daemon_tx,
                    self.kernel_rx,
                    self.kernel_tx,
                    self.hardware_rx,
                    self.hardware_tx,
                ];
                let reserved = [u64::MAX; 4];
                for value in since_4_0.into_iter().chain(since_4_2).chain(since_4_4).chain(reserved)
                {
                    body.u64(value);
                }
            }
        }
    }
}

/// The real-time clock (rtcdata).
#[derive(Debug, Clone, PartialEq)]
pub struct RtcData {
    /// When it was last measured.
    pub reference_time: Time,
    /// Number of measurements kept.
    pub samples: u16,
    /// Number of runs of residuals with the same sign.
    pub runs: u16,
    /// Time between the oldest and the newest measurement, seconds.
    pub span: u32,
    /// Offset of the RTC, seconds; positive = fast.
    pub offset: f64,
    /// Rate error of the RTC, ppm; positive = fast.
    pub frequency: f64,
}

impl Default for RtcData {
    fn default() -> Self {
        Self {
            reference_time: Time::seconds_ago(40),
            samples: 10,
            runs: 6,
            span: 4500,
            offset: 0.25,
            frequency: -4.5,
        }
    }
}

impl RtcData {
    pub(super) fn encode(&self, body: &mut Body, now: SystemTime) {
        body.time(self.reference_time, now);
        body.u16s([self.samples, self.runs]);
        body.u32s([self.span]);
        body.floats([self.offset, self.frequency]);
    }
}

/// The smoothing of served time (smoothing).
#[derive(Debug, Clone, PartialEq)]
pub struct Smoothing {
    /// Flags: 1 active, 2 for leap seconds only.
    pub flags: u32,
    /// Offset of the served time, seconds.
    pub offset: f64,
    /// Frequency of the served time, ppm.
    pub frequency: f64,
    /// Change of this frequency, ppm per second.
    pub wander: f64,
    /// Age of the last update, seconds.
    pub last_update_ago: f64,
    /// Time until smoothing is done, seconds.
    pub remaining_time: f64,
}

impl Default for Smoothing {
    fn default() -> Self {
        Self {
            flags: 1,
            offset: 0.002,
            frequency: 0.3,
            wander: -0.0001,
            last_update_ago: 8.0,
            remaining_time: 3000.0,
        }
    }
}

impl Smoothing {
    pub(super) fn encode(&self, body: &mut Body) {
        body.u32s([self.flags]);
        body.floats([
            self.offset,
            self.frequency,
            self.wander,
            self.last_update_ago,
            self.remaining_time,
        ]);
    }
}

/// One client that was served (clients); the default is an empty slot, which is passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Address; unspecified in an empty slot.
    pub address: Address,
    /// Requests received: NTP, NTS-KE, commands.
    pub hits: [u32; 3],
    /// Requests dropped: NTP, NTS-KE, commands.
    pub drops: [u32; 3],
    /// Average time between requests, log2 of seconds: NTP, NTS-KE, commands; 127 = unknown.
    pub intervals: [i8; 3],
    /// The same for NTP requests whose reply was dropped.
    pub timeout_interval: i8,
    /// Age of the last request, seconds: NTP, NTS-KE, commands; [`NEVER`] = none.
    pub last_hits_ago: [u32; 3],
}

impl Default for Client {
    fn default() -> Self {
        Self {
            address: Address::Unspecified,
            hits: [0; 3],
            drops: [0; 3],
            intervals: [127; 3],
            timeout_interval: 127,
            last_hits_ago: [NEVER; 3],
        }
    }
}

impl Client {
    pub(super) fn encode(&self, body: &mut Body) {
        body.address(self.address);
        body.u32s(self.hits);
        body.u32s(self.drops);
        body.i8s(self.intervals);
        body.i8s([self.timeout_interval]);
        body.u32s(self.last_hits_ago);
    }
}
