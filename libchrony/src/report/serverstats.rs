//! The serverstats report: what chronyd served to others.

use crate::error::Error;
use crate::reader::Reader;

/// Counters of the NTP, NTS and command server since chronyd started, as `chronyc serverstats` reports them.
///
/// What a chronyd of an older version does not count is `None`; the field's first version is named.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ServerStats {
    /// NTP requests received.
    pub received_ntp_requests: u64,
    /// NTS-KE connections accepted (chronyd 4.0).
    pub accepted_nts_ke_connections: Option<u64>,
    /// Command requests received.
    pub received_command_requests: u64,
    /// NTP requests dropped by rate limiting.
    pub dropped_ntp_requests: u64,
    /// NTS-KE connections dropped by rate limiting (chronyd 4.0).
    pub dropped_nts_ke_connections: Option<u64>,
    /// Command requests dropped by rate limiting.
    pub dropped_command_requests: u64,
    /// Client records dropped for want of memory.
    pub dropped_client_log_records: u64,
    /// Authenticated NTP requests received (chronyd 4.0).
    pub received_authenticated_ntp_requests: Option<u64>,
    /// Interleaved NTP requests received (chronyd 4.2).
    pub received_interleaved_ntp_requests: Option<u64>,
    /// Timestamps held for interleaved answers (chronyd 4.2).
    pub held_ntp_timestamps: Option<u64>,
    /// Time these timestamps span, seconds (chronyd 4.2).
    pub ntp_timestamp_span: Option<u64>,
    /// Answers with a receive timestamp by chronyd (chronyd 4.4, as the next five).
    pub served_daemon_rx_timestamps: Option<u64>,
    /// Answers with a transmit timestamp by chronyd.
    pub served_daemon_tx_timestamps: Option<u64>,
    /// Answers with a receive timestamp by the kernel.
    pub served_kernel_rx_timestamps: Option<u64>,
    /// Answers with a transmit timestamp by the kernel.
    pub served_kernel_tx_timestamps: Option<u64>,
    /// Answers with a receive timestamp by the network card.
    pub served_hardware_rx_timestamps: Option<u64>,
    /// Answers with a transmit timestamp by the network card.
    pub served_hardware_tx_timestamps: Option<u64>,
}

impl ServerStats {
    pub(crate) fn decode(fields: &Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            received_ntp_requests: fields.unsigned(c"received NTP requests")?,
            accepted_nts_ke_connections: fields.optional(c"accepted NTS-KE connections")?,
            received_command_requests: fields.unsigned(c"received command requests")?,
            dropped_ntp_requests: fields.unsigned(c"dropped NTP requests")?,
            dropped_nts_ke_connections: fields.optional(c"dropped NTS-KE connections")?,
            dropped_command_requests: fields.unsigned(c"dropped command requests")?,
            dropped_client_log_records: fields.unsigned(c"dropped client log records")?,
            received_authenticated_ntp_requests: fields
                .optional(c"received authenticated NTP requests")?,
            received_interleaved_ntp_requests: fields
                .optional(c"received interleaved NTP requests")?,
            held_ntp_timestamps: fields.optional(c"held NTP timestamps")?,
            ntp_timestamp_span: fields.optional(c"NTP timestamp span")?,
            served_daemon_rx_timestamps: fields.optional(c"served daemon RX timestamps")?,
            served_daemon_tx_timestamps: fields.optional(c"served daemon TX timestamps")?,
            served_kernel_rx_timestamps: fields.optional(c"served kernel RX timestamps")?,
            served_kernel_tx_timestamps: fields.optional(c"served kernel TX timestamps")?,
            served_hardware_rx_timestamps: fields.optional(c"served hardware RX timestamps")?,
            served_hardware_tx_timestamps: fields.optional(c"served hardware TX timestamps")?,
        })
    }
}
