//! Metrics of what chronyd serves to others; what an older chronyd does not count is absent.

use libchrony::ServerStats;

use super::family::{Column, Page, counter, gauge, given};

static COLUMNS: [Column<ServerStats>; 17] = [
    counter("chrony_serverstats_ntp_packets_received_total", "NTP requests received.", |stats| {
        given(stats.received_ntp_requests)
    }),
    counter(
        "chrony_serverstats_ntp_packets_dropped_total",
        "NTP requests dropped by rate limiting.",
        |stats| given(stats.dropped_ntp_requests),
    ),
    counter(
        "chrony_serverstats_command_packets_received_total",
        "Command requests received.",
        |stats| given(stats.received_command_requests),
    ),
    counter(
        "chrony_serverstats_command_packets_dropped_total",
        "Command requests dropped by rate limiting.",
        |stats| given(stats.dropped_command_requests),
    ),
    counter(
        "chrony_serverstats_client_log_records_dropped_total",
        "Client records dropped for want of memory.",
        |stats| given(stats.dropped_client_log_records),
    ),
    counter(
        "chrony_serverstats_nts_ke_connections_accepted_total",
        "NTS-KE connections accepted (chronyd 4.0 and later).",
        |stats| stats.accepted_nts_ke_connections.map(Into::into),
    ),
    counter(
        "chrony_serverstats_nts_ke_connections_dropped_total",
        "NTS-KE connections dropped by rate limiting (chronyd 4.0 and later).",
        |stats| stats.dropped_nts_ke_connections.map(Into::into),
    ),
    counter(
        "chrony_serverstats_authenticated_ntp_packets_total",
        "Authenticated NTP requests received (chronyd 4.0 and later).",
        |stats| stats.received_authenticated_ntp_requests.map(Into::into),
    ),
    counter(
        "chrony_serverstats_interleaved_ntp_packets_total",
        "Interleaved NTP requests received (chronyd 4.2 and later).",
        |stats| stats.received_interleaved_ntp_requests.map(Into::into),
    ),
    gauge(
        "chrony_serverstats_ntp_timestamps_held",
        "Timestamps held for interleaved answers (chronyd 4.2 and later).",
        |stats| stats.held_ntp_timestamps.map(Into::into),
    ),
    gauge(
        "chrony_serverstats_ntp_timestamp_span_seconds",
        "Time that these timestamps span, seconds (chronyd 4.2 and later).",
        |stats| stats.ntp_timestamp_span.map(Into::into),
    ),
    counter(
        "chrony_serverstats_ntp_daemon_rx_timestamps_total",
        "Answers with a receive timestamp by chronyd (4.4 and later).",
        |stats| stats.served_daemon_rx_timestamps.map(Into::into),
    ),
    counter(
        "chrony_serverstats_ntp_daemon_tx_timestamps_total",
        "Answers with a transmit timestamp by chronyd (4.4 and later).",
        |stats| stats.served_daemon_tx_timestamps.map(Into::into),
    ),
    counter(
        "chrony_serverstats_ntp_kernel_rx_timestamps_total",
        "Answers with a receive timestamp by the kernel (chronyd 4.4 and later).",
        |stats| stats.served_kernel_rx_timestamps.map(Into::into),
    ),
    counter(
        "chrony_serverstats_ntp_kernel_tx_timestamps_total",
        "Answers with a transmit timestamp by the kernel (chronyd 4.4 and later).",
        |stats| stats.served_kernel_tx_timestamps.map(Into::into),
    ),
    counter(
        "chrony_serverstats_ntp_hw_rx_timestamps_total",
        "Answers with a receive timestamp by the network card (chronyd 4.4 and later).",
        |stats| stats.served_hardware_rx_timestamps.map(Into::into),
    ),
    counter(
        "chrony_serverstats_ntp_hw_tx_timestamps_total",
        "Answers with a transmit timestamp by the network card (chronyd 4.4 and later).",
        |stats| stats.served_hardware_tx_timestamps.map(Into::into),
    ),
];

#[cfg(test)]
pub(super) fn metrics() -> Vec<&'static super::family::Metric> {
    COLUMNS.iter().map(|column| &column.metric).collect()
}

pub(super) fn tell(page: &mut Page<'_>, stats: &ServerStats) {
    page.record(&COLUMNS, stats);
}

#[cfg(test)]
mod tests {
    use libchrony::testing::{Scenario, ServerStats};

    use super::super::samples::shown;

    #[test]
    fn each_counter_has_its_own_name() {
        let serverstats = ServerStats {
            ntp_received: 1,
            ntp_dropped: 2,
            command_received: 3,
            command_dropped: 4,
            log_dropped: 5,
            nts_ke_accepted: 6,
            nts_ke_dropped: 7,
            ntp_authenticated: 8,
            ntp_interleaved: 9,
            ntp_timestamps: 10,
            ntp_timestamp_span: 11,
            daemon_rx: 12,
            daemon_tx: 13,
            kernel_rx: 14,
            kernel_tx: 15,
            hardware_rx: 16,
            hardware_tx: u64::MAX,
        };
        let series = shown(Scenario { serverstats, ..Scenario::synchronized() }).series();
        for (name, expected) in [
            ("ntp_packets_received_total", 1.0),
            ("ntp_packets_dropped_total", 2.0),
            ("command_packets_received_total", 3.0),
            ("command_packets_dropped_total", 4.0),
            ("client_log_records_dropped_total", 5.0),
            ("nts_ke_connections_accepted_total", 6.0),
            ("nts_ke_connections_dropped_total", 7.0),
            ("authenticated_ntp_packets_total", 8.0),
            ("interleaved_ntp_packets_total", 9.0),
            ("ntp_timestamps_held", 10.0),
            ("ntp_timestamp_span_seconds", 11.0),
            ("ntp_daemon_rx_timestamps_total", 12.0),
            ("ntp_daemon_tx_timestamps_total", 13.0),
            ("ntp_kernel_rx_timestamps_total", 14.0),
            ("ntp_kernel_tx_timestamps_total", 15.0),
            ("ntp_hw_rx_timestamps_total", 16.0),
            ("ntp_hw_tx_timestamps_total", 18_446_744_073_709_551_615.0),
        ] {
            assert_eq!(series[&format!("chrony_serverstats_{name}")], expected, "{name}");
        }
    }
}
