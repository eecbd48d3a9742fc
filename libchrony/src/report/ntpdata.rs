//! The ntpdata report: the last measurement of each NTP source.

use std::net::IpAddr;
use std::time::SystemTime;

use crate::enumeration::{bit_set, enumeration};
use crate::error::Error;
use crate::identity::{ReferenceId, SourceAddress};
use crate::reader::Reader;
use crate::report::LeapStatus;

enumeration! {
    /// The association mode of a packet (RFC 5905, 7.3).
    NtpMode {
        /// Symmetric active.
        SymmetricActive = 1 "symmetric_active",
        /// Symmetric passive.
        SymmetricPassive = 2 "symmetric_passive",
        /// Client.
        Client = 3 "client",
        /// Server.
        Server = 4 "server",
        /// Broadcast.
        Broadcast = 5 "broadcast",
    }
}

enumeration! {
    /// Who took a timestamp; the code is the letter chronyc prints.
    Timestamping {
        /// `D`: chronyd itself.
        Daemon = 68 "daemon",
        /// `K`: the kernel.
        Kernel = 75 "kernel",
        /// `H`: the network card.
        Hardware = 72 "hardware",
    }
}

enumeration! {
    /// A test that the last packet passed, or a property it had (chronyc's manual, "ntpdata").
    NtpFlag {
        /// Test D: its source is not this machine itself (no synchronization loop).
        TestD = 0x1 "test_d",
        /// Test C: its delay is not much larger than expected (`maxdelaydevratio`).
        TestC = 0x2 "test_c",
        /// Test B: its delay is small against the shortest one (`maxdelayratio`).
        TestB = 0x4 "test_b",
        /// Test A: its delay and the server's response time are acceptable (`maxdelay`).
        TestA = 0x8 "test_a",
        /// Test 7: root delay and dispersion are acceptable.
        Test7 = 0x10 "test7",
        /// Test 6: the server is synchronized.
        Test6 = 0x20 "test6",
        /// Test 5: the authentication is right.
        Test5 = 0x40 "test5",
        /// Test 3: the timestamps are valid.
        Test3 = 0x80 "test3",
        /// Test 2: it answers the last request.
        Test2 = 0x100 "test2",
        /// Test 1: it is not a duplicate.
        Test1 = 0x200 "test1",
        /// The last exchange was interleaved.
        Interleaved = 0x4000 "interleaved",
        /// The last packet was authenticated.
        Authenticated = 0x8000 "authenticated",
    }
}
bit_set!(NtpFlag);

/// The last valid measurement of one NTP source, as `chronyc ntpdata` reports it.
///
/// Reference clocks have none. What a packet carries is `None` while none came.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct NtpData {
    /// Address of the source; the key that joins reports.
    pub remote_address: SourceAddress,
    /// Address of this machine that it was reached from.
    pub local_address: Option<IpAddr>,
    /// UDP port of the source.
    pub remote_port: u16,
    /// The leap second it announces.
    pub leap_status: Option<LeapStatus>,
    /// NTP version of its packets.
    pub version: Option<u8>,
    /// Association mode of its packets.
    pub mode: Option<NtpMode>,
    /// Its stratum, 0 to 16.
    pub stratum: Option<u8>,
    /// Polling interval in its packets, log2 of seconds.
    pub poll: Option<i8>,
    /// Precision of its clock, log2 of seconds.
    pub precision: Option<i8>,
    /// Its root delay, seconds.
    pub root_delay: Option<f64>,
    /// Its root dispersion, seconds.
    pub root_dispersion: Option<f64>,
    /// Reference ID in its packets: what it follows itself.
    pub reference_id: Option<ReferenceId>,
    /// When its clock was last updated (UTC).
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::timestamp::serialize_option"))]
    pub reference_time: Option<SystemTime>,
    /// Offset measured, seconds; positive = the source is ahead of this clock.
    pub offset: Option<f64>,
    /// Network delay to the source, both ways, seconds.
    pub peer_delay: Option<f64>,
    /// Error accumulated since the measurement, seconds.
    pub peer_dispersion: Option<f64>,
    /// Time the source took to answer, seconds.
    pub response_time: Option<f64>,
    /// How one-sided the network's jitter is, -0.5 to 0.5; 0 = even or unknown.
    pub jitter_asymmetry: Option<f64>,
    /// Tests passed and properties of the last packet.
    pub flags: Vec<NtpFlag>,
    /// Who timestamps packets sent.
    pub transmit_timestamping: Option<Timestamping>,
    /// Who timestamps packets received.
    pub receive_timestamping: Option<Timestamping>,
    /// Packets sent to the source.
    pub transmitted_messages: u32,
    /// Packets received from it.
    pub received_messages: u32,
    /// Of those, the ones that passed tests 1 to 7.
    pub received_valid_messages: u32,
    /// Of those, the ones that passed all tests; `None` before chronyd 4.3.
    pub received_good_messages: Option<u32>,
    /// Kernel timestamps of packets sent; `None` before chronyd 4.6, as the next three.
    pub kernel_transmit_timestamps: Option<u32>,
    /// Kernel timestamps of packets received.
    pub kernel_receive_timestamps: Option<u32>,
    /// Hardware timestamps of packets sent.
    pub hardware_transmit_timestamps: Option<u32>,
    /// Hardware timestamps of packets received.
    pub hardware_receive_timestamps: Option<u32>,
}

impl NtpData {
    pub(crate) fn decode(fields: &Reader<'_>) -> Result<Self, Error> {
        let version: u8 = fields.unsigned(c"version")?;
        let heard = version != 0;
        let timestamping = |code: u64| (code != 0).then(|| Timestamping::from_code(code));
        Ok(Self {
            remote_address: fields.source(c"remote address", None)?,
            local_address: fields.ip(c"local address")?,
            remote_port: fields.unsigned(c"remote port")?,
            leap_status: heard.then_some(LeapStatus::from_code(fields.unsigned(c"leap status")?)),
            version: heard.then_some(version),
            mode: heard.then_some(NtpMode::from_code(fields.unsigned(c"mode")?)),
            stratum: heard.then_some(fields.stratum(c"stratum")?.unwrap_or(0)),
            poll: heard.then_some(fields.signed(c"poll")?),
            precision: heard.then_some(fields.signed(c"precision")?),
            root_delay: heard.then_some(fields.float(c"root delay")?),
            root_dispersion: heard.then_some(fields.measure(c"root dispersion")?),
            reference_id: heard.then_some(ReferenceId(fields.unsigned(c"reference ID")?)),
            reference_time: fields.time(c"reference time")?,
            offset: heard.then_some(fields.float(c"offset")?),
            peer_delay: heard.then_some(fields.float(c"peer delay")?),
            peer_dispersion: heard.then_some(fields.float(c"peer dispersion")?),
            response_time: heard.then_some(fields.float(c"response time")?),
            jitter_asymmetry: heard.then_some(fields.float(c"jitter asymmetry")?),
            flags: NtpFlag::from_bits(fields.unsigned(c"flags")?),
            transmit_timestamping: timestamping(fields.unsigned(c"transmit timestamping")?),
            receive_timestamping: timestamping(fields.unsigned(c"receive timestamping")?),
            transmitted_messages: fields.unsigned(c"transmitted messages")?,
            received_messages: fields.unsigned(c"received messages")?,
            received_valid_messages: fields.unsigned(c"received valid messages")?,
            received_good_messages: fields.age(c"received good messages")?,
            kernel_transmit_timestamps: fields.optional(c"kernel transmit timestamps")?,
            kernel_receive_timestamps: fields.optional(c"kernel receive timestamps")?,
            hardware_transmit_timestamps: fields.optional(c"hardware transmit timestamps")?,
            hardware_receive_timestamps: fields.optional(c"hardware receive timestamps")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_b_and_c_have_chronyd_s_bits_not_upstream_libchrony_s_names() {
        assert_eq!(NtpFlag::from_bits(0x4), [NtpFlag::TestB]);
        assert_eq!(NtpFlag::from_bits(0x2), [NtpFlag::TestC]);
    }
}
