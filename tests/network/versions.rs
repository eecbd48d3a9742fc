//! Where the reports of one version of chronyd differ from those of another.

use libchrony::ReportName;

use crate::common::eventually;
use crate::common::need::version;
use crate::daemons::{self, FOLLOWER_SOCKET, OPENER_UDP};
use crate::shape;

pub(crate) fn server_statistics_count_what_this_version_counts() {
    let stats = daemons::follower(FOLLOWER_SOCKET).server_stats().unwrap();
    let since = |major, minor, values: &[Option<u64>]| {
        let expected = version() >= (major, minor);
        assert!(values.iter().all(|value| value.is_some() == expected), "{stats:#?}");
    };
    since(4, 0, &[stats.accepted_nts_ke_connections, stats.dropped_nts_ke_connections]);
    since(4, 0, &[stats.received_authenticated_ntp_requests]);
    since(4, 2, &[stats.received_interleaved_ntp_requests, stats.held_ntp_timestamps]);
    since(4, 2, &[stats.ntp_timestamp_span]);
    since(4, 4, &[stats.served_daemon_rx_timestamps, stats.served_daemon_tx_timestamps]);
    since(4, 4, &[stats.served_kernel_rx_timestamps, stats.served_kernel_tx_timestamps]);
    since(4, 4, &[stats.served_hardware_rx_timestamps, stats.served_hardware_tx_timestamps]);
}

pub(crate) fn ntp_data_has_the_layout_of_this_version() {
    let records = daemons::follower(FOLLOWER_SOCKET).ntp_data().unwrap();
    for ntp in records.iter() {
        let counters = [
            ntp.kernel_transmit_timestamps,
            ntp.kernel_receive_timestamps,
            ntp.hardware_transmit_timestamps,
            ntp.hardware_receive_timestamps,
        ];
        let expected = version() >= (4, 6);
        assert!(counters.iter().all(|counter| counter.is_some() == expected), "{ntp:#?}");
        if let Some(good) = ntp.received_good_messages {
            assert!(good <= ntp.received_valid_messages, "{ntp:#?}");
        }
    }
}

pub(crate) fn opencommands_opens_all_reports_over_udp() {
    let mut opener = daemons::open(OPENER_UDP);
    let snapshot = eventually("its source is sampled", || {
        let snapshot = opener.snapshot().ok()?;
        let received = snapshot.ntpdata.iter().flatten().any(|ntp| ntp.received_messages > 0);
        received.then_some(snapshot)
    });
    // rtcdata and smoothing are allowed, but not enabled.
    let refused: Vec<_> = snapshot.unavailable.keys().copied().collect();
    assert_eq!(refused, [ReportName::RtcData, ReportName::Smoothing]);
    snapshot.selectdata.unwrap().iter().for_each(shape::select_data);
    snapshot.authdata.unwrap().iter().for_each(shape::auth_data);
    snapshot.ntpdata.unwrap().iter().for_each(shape::ntp_data);
    assert!(snapshot.serverstats.unwrap().received_command_requests > 0);
}
