//! Metrics of the last measurement of each NTP source.

use std::borrow::Cow;
use std::sync::Arc;

use libchrony::{NtpData, NtpFlag};

use super::family::{Column, Label, Labels, Metric, Page, Value, counter, gauge, given};
use super::labels::Names;

static COLUMNS: [Column<NtpData>; 17] = [
    gauge(
        "chrony_sources_peer_offset_seconds",
        "Offset that the last packet gave, seconds; positive = the source is ahead of this clock. Absent while none came.",
        |ntp| ntp.offset.map(Into::into),
    ),
    gauge(
        "chrony_sources_peer_delay_seconds",
        "Network delay to the source, both ways, seconds. Absent while no packet came.",
        |ntp| ntp.peer_delay.map(Into::into),
    ),
    gauge(
        "chrony_sources_peer_dispersion_seconds",
        "Error accumulated since the last packet, seconds. Absent while none came.",
        |ntp| ntp.peer_dispersion.map(Into::into),
    ),
    gauge(
        "chrony_sources_peer_response_time_seconds",
        "Time that the source took to answer, seconds. Absent while no packet came.",
        |ntp| ntp.response_time.map(Into::into),
    ),
    gauge(
        "chrony_sources_peer_jitter_asymmetry_seconds",
        "How one-sided the jitter of the network is, a ratio from -0.5 to 0.5 and no time, whatever the name says; 0 = even or unknown. As second_hand_ntpdata_jitter_asymmetry_ratio.",
        |ntp| ntp.jitter_asymmetry.map(Into::into),
    ),
    gauge(
        "second_hand_ntpdata_jitter_asymmetry_ratio",
        "How one-sided the jitter of the network is, -0.5 to 0.5; 0 = even or unknown. Absent while no packet came.",
        |ntp| ntp.jitter_asymmetry.map(Into::into),
    ),
    gauge(
        "second_hand_ntpdata_root_delay_seconds",
        "Root delay of the source, seconds. Absent while no packet came.",
        |ntp| ntp.root_delay.map(Into::into),
    ),
    gauge(
        "second_hand_ntpdata_root_dispersion_seconds",
        "Root dispersion of the source, seconds. Absent while no packet came.",
        |ntp| ntp.root_dispersion.map(Into::into),
    ),
    gauge(
        "second_hand_ntpdata_precision_seconds",
        "Precision of the clock of the source, seconds. Absent while no packet came.",
        |ntp| ntp.precision.map(|log| f64::from(log).exp2().into()),
    ),
    counter(
        "second_hand_ntpdata_transmitted_messages_total",
        "Packets sent to the source.",
        |ntp| given(ntp.transmitted_messages),
    ),
    counter(
        "second_hand_ntpdata_received_messages_total",
        "Packets received from the source.",
        |ntp| given(ntp.received_messages),
    ),
    counter(
        "second_hand_ntpdata_received_valid_messages_total",
        "Packets received that passed tests 1 to 7.",
        |ntp| given(ntp.received_valid_messages),
    ),
    counter(
        "second_hand_ntpdata_received_good_messages_total",
        "Packets received that passed all tests (chronyd 4.3 and later).",
        |ntp| ntp.received_good_messages.map(Into::into),
    ),
    counter(
        "second_hand_ntpdata_kernel_transmit_timestamps_total",
        "Packets sent that the kernel timestamped (chronyd 4.6 and later).",
        |ntp| ntp.kernel_transmit_timestamps.map(Into::into),
    ),
    counter(
        "second_hand_ntpdata_kernel_receive_timestamps_total",
        "Packets received that the kernel timestamped (chronyd 4.6 and later).",
        |ntp| ntp.kernel_receive_timestamps.map(Into::into),
    ),
    counter(
        "second_hand_ntpdata_hardware_transmit_timestamps_total",
        "Packets sent that the network card timestamped (chronyd 4.6 and later).",
        |ntp| ntp.hardware_transmit_timestamps.map(Into::into),
    ),
    counter(
        "second_hand_ntpdata_hardware_receive_timestamps_total",
        "Packets received that the network card timestamped (chronyd 4.6 and later).",
        |ntp| ntp.hardware_receive_timestamps.map(Into::into),
    ),
];
static INFO: Metric = Metric::info(
    "second_hand_ntpdata_info",
    "Always 1, with what the last packet of the source says and who timestamps its packets. Absent while none came.",
);
static TESTS: Metric = Metric::gauge(
    "second_hand_ntpdata_test_passed",
    "Whether the last packet of the source passed this test (chronyc manual, ntpdata): 1 = yes, 0 = no. Absent while none came.",
);

const EACH_TEST: [NtpFlag; 10] = [
    NtpFlag::Test1,
    NtpFlag::Test2,
    NtpFlag::Test3,
    NtpFlag::Test5,
    NtpFlag::Test6,
    NtpFlag::Test7,
    NtpFlag::TestA,
    NtpFlag::TestB,
    NtpFlag::TestC,
    NtpFlag::TestD,
];

#[cfg(test)]
pub(super) fn metrics() -> Vec<&'static Metric> {
    [&INFO, &TESTS].into_iter().chain(COLUMNS.iter().map(|column| &column.metric)).collect()
}

pub(super) fn tell(page: &mut Page<'_>, ntp: &[NtpData], names: &Names) {
    let labelled = names.label(ntp, |ntp| ntp.remote_address);
    page.records(&COLUMNS, &labelled);
    page.facts(&INFO, &labelled, facts);
    page.family(&TESTS, labelled.iter().flat_map(tests));
}

/// What the last packet says; `None` while none came.
fn facts(ntp: &NtpData) -> Option<Vec<Label>> {
    let says = |says: Option<String>| Cow::Owned(says.unwrap_or_default());
    let has = |flag| Cow::Borrowed(if ntp.flags.contains(&flag) { "true" } else { "false" });
    Some(vec![
        ("leap_status", says(ntp.leap_status.map(|leap| leap.to_string()))),
        ("ntp_mode", says(ntp.mode.map(|mode| mode.to_string()))),
        ("version", says(Some(ntp.version?.to_string()))),
        ("transmit_timestamping", says(ntp.transmit_timestamping.map(|by| by.to_string()))),
        ("receive_timestamping", says(ntp.receive_timestamping.map(|by| by.to_string()))),
        ("interleaved", has(NtpFlag::Interleaved)),
        ("authenticated", has(NtpFlag::Authenticated)),
    ])
}

fn tests<'a>(
    (labels, ntp): &'a (Arc<[Label]>, &NtpData),
) -> impl Iterator<Item = (Labels, Value)> + 'a {
    let heard = ntp.version.is_some();
    EACH_TEST.into_iter().filter(move |_| heard).map(|test| {
        (Labels::shared(labels).with("test", word(test)), Value::from(ntp.flags.contains(&test)))
    })
}

/// As chronyc's manual names the test.
fn word(test: NtpFlag) -> &'static str {
    match test {
        NtpFlag::Test1 => "1",
        NtpFlag::Test2 => "2",
        NtpFlag::Test3 => "3",
        NtpFlag::Test5 => "5",
        NtpFlag::Test6 => "6",
        NtpFlag::Test7 => "7",
        NtpFlag::TestA => "A",
        NtpFlag::TestB => "B",
        NtpFlag::TestC => "C",
        _ => "D",
    }
}
