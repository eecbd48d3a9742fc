//! A source and what each report says of it, in wire form.

use std::time::SystemTime;

use super::wire::{Address, Body, Time};

/// The age of what never happened, in the fields that hold an age in seconds.
pub const NEVER: u32 = u32::MAX;

/// One configured source; by default an NTP server that was never heard from.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Address; unspecified for a reference clock.
    pub address: Address,
    /// Reference ID in the reports that tell it.
    pub reference_id: u32,
    /// The name it was configured with, at most 256 bytes.
    pub name: String,
    /// Polling interval, log2 of seconds.
    pub poll: i16,
    /// Stratum; 0 while there is no sample.
    pub stratum: u16,
    /// What the selection made of it: [`Self::SELECTED`] and its siblings.
    pub state: u16,
    /// [`Self::CLIENT`], [`Self::PEER`] or [`Self::REFERENCE_CLOCK`].
    pub mode: u16,
    /// The last eight polls as bits, newest lowest, 1 = a valid answer came.
    pub reachability: u16,
    /// Age of the last sample, seconds; [`NEVER`] = none.
    pub last_sample_ago: u32,
    /// Offset of the last sample as measured, seconds; positive = this clock was ahead.
    pub original_offset: f64,
    /// The same, adjusted for corrections since, seconds.
    pub adjusted_offset: f64,
    /// Error bound of the last sample, seconds.
    pub sample_error: f64,
    /// What its samples say together.
    pub stats: SourceStats,
    /// Why it is or is not chosen.
    pub select: SelectData,
    /// How it is authenticated (NTP sources only).
    pub auth: AuthData,
    /// Its last measurement (NTP sources only).
    pub ntp: NtpData,
}

impl Default for Source {
    fn default() -> Self {
        Self {
            address: Address::Unspecified,
            reference_id: 0,
            name: String::new(),
            poll: 6,
            stratum: 0,
            state: Self::NONSELECTABLE,
            mode: Self::CLIENT,
            reachability: 0,
            last_sample_ago: NEVER,
            original_offset: 0.0,
            adjusted_offset: 0.0,
            sample_error: 0.0,
            stats: SourceStats::default(),
            select: SelectData::default(),
            auth: AuthData::default(),
            ntp: NtpData::default(),
        }
    }
}

impl Source {
    /// State `*`: the clock follows it.
    pub const SELECTED: u16 = 0;
    /// State `?`: not usable now.
    pub const NONSELECTABLE: u16 = 1;
    /// State `x`: disagrees with the majority.
    pub const FALSETICKER: u16 = 2;
    /// State `~`: too variable.
    pub const JITTERY: u16 = 3;
    /// State `+`: combined with the selected one ("unselected" in libchrony).
    pub const COMBINED: u16 = 4;
    /// State `-`: good, and not used ("selectable" in libchrony).
    pub const NOT_USED: u16 = 5;
    /// Mode `^`: an NTP server.
    pub const CLIENT: u16 = 0;
    /// Mode `=`: a symmetric NTP peer.
    pub const PEER: u16 = 1;
    /// Mode `#`: a reference clock.
    pub const REFERENCE_CLOCK: u16 = 2;

    /// The list of sources; `show_options` as chronyd before 4.0 does.
    pub(super) fn encode(&self, body: &mut Body, show_options: bool) {
        if self.mode == Self::REFERENCE_CLOCK {
            body.address(Address::V4(self.reference_id.into()));
        } else {
            body.address(self.address);
        }
        body.i16(self.poll);
        let flags = if show_options { self.select.configured_options } else { 0 };
        body.u16s([self.stratum, self.state, self.mode, flags, self.reachability]);
        body.u32s([self.last_sample_ago]);
        body.floats([self.original_offset, self.adjusted_offset, self.sample_error]);
    }

    pub(super) fn encode_stats(&self, body: &mut Body) {
        let stats = &self.stats;
        body.u32s([self.reference_id]);
        body.address(self.address);
        body.u32s([stats.samples, stats.runs, stats.span]);
        body.floats([
            stats.standard_deviation,
            stats.residual_frequency,
            stats.skew,
            stats.offset,
            stats.offset_error,
        ]);
    }

    pub(super) fn encode_select(&self, body: &mut Body) {
        let select = &self.select;
        body.u32s([self.reference_id]);
        body.address(self.address);
        body.u8s([select.state, u8::from(select.authenticated), select.leap, 0]);
        body.u16s([select.configured_options, select.effective_options]);
        body.u32s([self.last_sample_ago]);
        body.floats([select.score, select.low_limit, select.high_limit]);
    }

    pub(super) fn encode_name(&self, body: &mut Body) {
        let name = self.name.as_bytes();
        body.bytes(name.get(..256).unwrap_or(name));
        body.pad_to(256);
    }

    pub(super) fn encode_ntp(&self, body: &mut Body, layout: u16, has_good: bool, now: SystemTime) {
        let ntp = &self.ntp;
        body.address(self.address);
        body.address(ntp.local_address);
        body.u16s([ntp.remote_port]);
        body.u8s([ntp.leap, ntp.version, ntp.mode, ntp.stratum]);
        body.i8s([ntp.poll, ntp.precision]);
        body.floats([ntp.root_delay, ntp.root_dispersion]);
        body.u32s([ntp.reference_id]);
        body.time(ntp.reference_time, now);
        body.floats([
            ntp.offset,
            ntp.peer_delay,
            ntp.peer_dispersion,
            ntp.response_time,
            ntp.jitter_asymmetry,
        ]);
        body.u16s([ntp.flags]);
        body.u8s([ntp.tx_timestamping, ntp.rx_timestamping]);
        let good = if has_good { ntp.good } else { u32::MAX };
        body.u32s([ntp.transmitted, ntp.received, ntp.valid, good]);
        if layout == 16 {
            body.u32s([u32::MAX; 3]);
        } else {
            body.u32s([ntp.kernel_tx, ntp.kernel_rx, ntp.hardware_tx, ntp.hardware_rx]);
            body.u32s([u32::MAX; 4]);
        }
    }
}

/// What the samples of a source say together (sourcestats); by default there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceStats {
    /// Number of samples kept.
    pub samples: u32,
    /// Number of runs of residuals with the same sign.
    pub runs: u32,
    /// Time between the oldest and the newest sample, seconds.
    pub span: u32,
    /// Standard deviation, seconds; 4 without samples.
    pub standard_deviation: f64,
    /// Frequency relative to this clock, ppm.
    pub residual_frequency: f64,
    /// Error bound of the frequency, ppm; 2000 without samples.
    pub skew: f64,
    /// Estimated offset, seconds; positive = this clock is ahead.
    pub offset: f64,
    /// Error bound of the offset, seconds.
    pub offset_error: f64,
}

impl Default for SourceStats {
    fn default() -> Self {
        Self {
            samples: 0,
            runs: 0,
            span: 0,
            standard_deviation: 4.0,
            residual_frequency: 0.0,
            skew: 2000.0,
            offset: 0.0,
            offset_error: 0.0,
        }
    }
}

/// Why a source is or is not chosen (selectdata); by default it has no samples.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectData {
    /// The letter that chronyc prints, such as `b'*'`.
    pub state: u8,
    /// Whether its packets are authenticated.
    pub authenticated: bool,
    /// Leap status it announces: 0 normal, 1 insert, 2 delete, 3 not synchronized.
    pub leap: u8,
    /// Options it was configured with: 1 noselect, 2 prefer, 4 trust, 8 require.
    pub configured_options: u16,
    /// Options in effect, with the same bits.
    pub effective_options: u16,
    /// Score against the selected source, a ratio; 1 for itself.
    pub score: f64,
    /// Lower end of the interval this clock's offset lies in, seconds, positive = ahead of the source.
    pub low_limit: f64,
    /// Upper end of that interval, seconds.
    pub high_limit: f64,
}

impl Default for SelectData {
    fn default() -> Self {
        Self {
            state: b'M',
            authenticated: false,
            leap: 3,
            configured_options: 0,
            effective_options: 0,
            score: 1.0,
            low_limit: 0.0,
            high_limit: 0.0,
        }
    }
}

/// How an NTP source is authenticated (authdata); by default not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthData {
    /// 0 none, 1 symmetric key, 2 NTS.
    pub mode: u16,
    /// The key's algorithm; 15 and 30 are usual with NTS.
    pub key_type: u16,
    /// The key's number.
    pub key_id: u32,
    /// The key's length, bits.
    pub key_length: u16,
    /// Attempts at NTS key establishment since the last that succeeded.
    pub attempts: u16,
    /// Age of the last key establishment, seconds; [`NEVER`] = none.
    pub last_establishment_ago: u32,
    /// Cookies held.
    pub cookies: u16,
    /// Length of a cookie, bytes.
    pub cookie_length: u16,
    /// Whether the server refused the last cookie.
    pub nak: bool,
}

impl Default for AuthData {
    fn default() -> Self {
        Self {
            mode: 0,
            key_type: 0,
            key_id: 0,
            key_length: 0,
            attempts: 0,
            last_establishment_ago: NEVER,
            cookies: 0,
            cookie_length: 0,
            nak: false,
        }
    }
}

impl AuthData {
    pub(super) fn encode(&self, body: &mut Body) {
        body.u16s([self.mode, self.key_type]);
        body.u32s([self.key_id]);
        body.u16s([self.key_length, self.attempts]);
        body.u32s([self.last_establishment_ago]);
        body.u16s([self.cookies, self.cookie_length, u16::from(self.nak), 0]);
    }
}

/// The last measurement of an NTP source (ntpdata); by default none was made.
#[derive(Debug, Clone, PartialEq)]
pub struct NtpData {
    /// Address of this machine that the source was reached from.
    pub local_address: Address,
    /// UDP port of the source.
    pub remote_port: u16,
    /// Leap status in its packets.
    pub leap: u8,
    /// NTP version of its packets.
    pub version: u8,
    /// Mode of its packets: 1 active symmetric, 2 passive symmetric, 4 server.
    pub mode: u8,
    /// Its stratum.
    pub stratum: u8,
    /// Poll in its packets, log2 of seconds.
    pub poll: i8,
    /// Precision of its clock, log2 of seconds.
    pub precision: i8,
    /// Its root delay, seconds.
    pub root_delay: f64,
    /// Its root dispersion, seconds.
    pub root_dispersion: f64,
    /// Reference ID in its packets: what it follows itself.
    pub reference_id: u32,
    /// When its clock was last updated.
    pub reference_time: Time,
    /// Offset measured, seconds; positive = the source is ahead.
    pub offset: f64,
    /// Network delay, both ways, seconds.
    pub peer_delay: f64,
    /// Error of the measurement, seconds.
    pub peer_dispersion: f64,
    /// Time the source took to answer, seconds.
    pub response_time: f64,
    /// How one-sided the jitter is, -0.5 to 0.5.
    pub jitter_asymmetry: f64,
    /// Bits of the tests passed (0x3ff = all), 0x4000 interleaved, 0x8000 authenticated.
    pub flags: u16,
    /// Who timestamped the packet sent: `b'D'` daemon, `b'K'` kernel, `b'H'` hardware, 0 nobody.
    pub tx_timestamping: u8,
    /// Who timestamped the packet received, with the same letters.
    pub rx_timestamping: u8,
    /// Packets sent.
    pub transmitted: u32,
    /// Packets received.
    pub received: u32,
    /// Packets received that passed the first tests.
    pub valid: u32,
    /// Packets received that passed all tests (sent by chronyd 4.3 and later).
    pub good: u32,
    /// Packets sent that the kernel timestamped (this and the rest: chronyd 4.6 and later).
    pub kernel_tx: u32,
    /// Packets received that the kernel timestamped.
    pub kernel_rx: u32,
    /// Packets sent that hardware timestamped.
    pub hardware_tx: u32,
    /// Packets received that hardware timestamped.
    pub hardware_rx: u32,
}

impl Default for NtpData {
    fn default() -> Self {
        Self {
            local_address: Address::Unspecified,
            remote_port: 123,
            leap: 0,
            version: 0,
            mode: 0,
            stratum: 0,
            poll: 0,
            precision: 0,
            root_delay: 0.0,
            root_dispersion: 0.0,
            reference_id: 0,
            reference_time: Time::EPOCH,
            offset: 0.0,
            peer_delay: 0.0,
            peer_dispersion: 0.0,
            response_time: 0.0,
            jitter_asymmetry: 0.0,
            flags: 0,
            tx_timestamping: 0,
            rx_timestamping: 0,
            transmitted: 0,
            received: 0,
            valid: 0,
            good: 0,
            kernel_tx: 0,
            kernel_rx: 0,
            hardware_tx: 0,
            hardware_rx: 0,
        }
    }
}
