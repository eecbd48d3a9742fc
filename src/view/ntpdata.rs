//! The last measurement of each NTP source.

use libchrony::{NtpData, NtpFlag, ReportName, Timestamping};
use serde::Serialize;

use crate::view::absence;
use crate::view::format;
use crate::view::rows::{Rows, When};
use crate::view::sources::{Ordered, Who, rows_of};

/// What its rows are known by.
pub(super) const TABLE: &str = "ntpdata";

/// The measurements, in the order of the sources.
#[derive(Debug, Serialize)]
pub(crate) struct NtpDataView {
    /// Why there is no table.
    pub(crate) missing: Option<String>,
    pub(crate) rows: Rows<NtpRow>,
}

/// One source's last measurement.
#[derive(Debug, Serialize)]
pub(crate) struct NtpRow {
    pub(crate) who: Who,
    /// Whether no packet came from it yet.
    pub(crate) silent: bool,
    pub(crate) offset: String,
    pub(crate) delay: String,
    pub(crate) dispersion: String,
    pub(crate) response: String,
    pub(crate) tests: Tests,
    pub(crate) timestamps: String,
    /// Packets sent, received and good, as `12 / 12 / 11`.
    pub(crate) packets: String,
}

/// What the tests of the last packet gave.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Tests {
    /// As `all 10 passed`, or the tests that failed, in words.
    pub(crate) text: String,
    pub(crate) failed: bool,
}

/// A test that a packet must pass before it counts (chronyc's manual, "ntpdata").
#[derive(Debug, Clone, Copy)]
pub(crate) struct Test {
    pub(crate) flag: NtpFlag,
    /// As chronyc names it.
    pub(crate) name: &'static str,
    /// What a packet that passed it is.
    pub(crate) right: &'static str,
    /// What a failure means.
    pub(crate) wrong: &'static str,
}

const fn test(flag: NtpFlag, name: &'static str, right: &'static str, wrong: &'static str) -> Test {
    Test { flag, name, right, wrong }
}

pub(crate) const TESTS: [Test; 10] = [
    test(NtpFlag::Test1, "1", "no duplicate", "a duplicate"),
    test(
        NtpFlag::Test2,
        "2",
        "the answer to the last request",
        "not the answer to the last request",
    ),
    test(NtpFlag::Test3, "3", "valid timestamps", "invalid timestamps"),
    test(NtpFlag::Test5, "5", "authentication as configured", "authentication"),
    test(NtpFlag::Test6, "6", "the source is synchronized", "the source is not synchronized"),
    test(
        NtpFlag::Test7,
        "7",
        "root delay and dispersion within bounds",
        "root delay or dispersion too large",
    ),
    test(NtpFlag::TestA, "A", "delay within bounds (maxdelay)", "delay too large (maxdelay)"),
    test(
        NtpFlag::TestB,
        "B",
        "delay usual for this path (maxdelayratio)",
        "delay too large for this path (maxdelayratio)",
    ),
    test(
        NtpFlag::TestC,
        "C",
        "delay as steady as before (maxdelaydevratio)",
        "delay scatters (maxdelaydevratio)",
    ),
    test(NtpFlag::TestD, "D", "no synchronization loop", "a synchronization loop"),
];

/// With its rows.
pub(crate) fn ntpdata(snapshot: Option<&Ordered<'_>>) -> NtpDataView {
    view(snapshot, Rows::now)
}

pub(super) fn rows<'a>(snapshot: &'a Ordered<'_>) -> Box<dyn Iterator<Item = NtpRow> + 'a> {
    let data = snapshot.ntpdata.as_deref().unwrap_or_default();
    rows_of(snapshot, data, |joined| joined.ntp, |data| data.remote_address, row)
}

pub(super) fn view(snapshot: Option<&Ordered<'_>>, when: When<NtpRow>) -> NtpDataView {
    let Some(snapshot) = snapshot.filter(|snapshot| snapshot.ntpdata.is_some()) else {
        let missing = Some(absence(Ordered::snapshot(snapshot), ReportName::NtpData));
        return NtpDataView { missing, rows: Rows::none(TABLE) };
    };
    NtpDataView { missing: None, rows: when(TABLE, &mut rows(snapshot)) }
}

fn row(who: Who, data: &NtpData) -> NtpRow {
    let measure = |value: Option<f64>| value.map(format::measure).unwrap_or_default();
    NtpRow {
        who,
        silent: data.version.is_none(),
        offset: data.offset.map(format::offset).unwrap_or_default(),
        delay: measure(data.peer_delay),
        dispersion: measure(data.peer_dispersion),
        response: measure(data.response_time),
        tests: tests(&data.flags),
        timestamps: timestamps(data),
        packets: match data.received_good_messages {
            Some(good) => {
                format!("{} / {} / {good}", data.transmitted_messages, data.received_messages)
            }
            None => format!(
                "{} / {} / {} valid",
                data.transmitted_messages, data.received_messages, data.received_valid_messages
            ),
        },
    }
}

fn tests(passed: &[NtpFlag]) -> Tests {
    let failed: Vec<_> = TESTS
        .iter()
        .filter(|test| !passed.contains(&test.flag))
        .map(|test| format!("{}: {}", test.name, test.wrong))
        .collect();
    let text = match &failed[..] {
        [] => "all 10 passed".to_owned(),
        failed => format!("failed {}", failed.join("; ")),
    };
    Tests { text, failed: !failed.is_empty() }
}

/// Who takes the timestamps of packets sent and received.
pub(crate) fn timestamps(data: &NtpData) -> String {
    let word = |by: Option<Timestamping>| match by {
        Some(Timestamping::Daemon) => "chronyd",
        Some(Timestamping::Kernel) => "kernel",
        Some(Timestamping::Hardware) => "hardware",
        Some(_) => "unknown",
        None => "none",
    };
    let (sent, received) = (word(data.transmit_timestamping), word(data.receive_timestamping));
    if sent == received { sent.to_owned() } else { format!("{sent} / {received}") }
}

#[cfg(test)]
mod tests_of_view {
    use libchrony::testing::{Address, Scenario, Source as Simulated};

    use super::*;
    use crate::view::samples::{read, read_udp, without_reference};

    fn server() -> Simulated {
        Simulated::server(Address::V4([192, 0, 2, 1].into()))
    }

    #[test]
    fn the_measurement_has_units_and_its_packets_are_counted() {
        let mut server = server();
        (server.ntp.offset, server.ntp.peer_delay) = (-0.000_123_4, 0.012);
        (server.ntp.peer_dispersion, server.ntp.response_time) = (0.000_05, 0.000_031);
        (server.ntp.transmitted, server.ntp.received, server.ntp.good) = (12, 11, 10);
        (server.ntp.tx_timestamping, server.ntp.rx_timestamping) = (b'D', b'K');
        let row = &ntpdata(Some(&Ordered::of(&without_reference(vec![server])))).rows[0];
        assert_eq!((row.offset.as_str(), row.delay.as_str()), ("\u{2212}123.4 µs", "12.00 ms"));
        assert_eq!((row.dispersion.as_str(), row.response.as_str()), ("50.00 µs", "31.00 µs"));
        assert_eq!((row.packets.as_str(), row.silent), ("12 / 11 / 10", false));
        assert_eq!(row.timestamps, "chronyd / kernel");
    }

    #[test]
    fn failed_tests_are_named_with_what_they_test() {
        let mut server = server();
        server.ntp.flags = 0x3ff;
        let of = |server: &Simulated| {
            ntpdata(Some(&Ordered::of(&without_reference(vec![server.clone()]))))
                .rows
                .remove(0)
                .tests
        };
        assert_eq!(of(&server), Tests { text: "all 10 passed".to_owned(), failed: false });
        server.ntp.flags = 0x3ff & !0x1 & !0x20;
        let failed = of(&server);
        assert!(failed.failed);
        assert_eq!(
            failed.text,
            "failed 6: the source is not synchronized; D: a synchronization loop"
        );
    }

    #[test]
    fn a_source_never_heard_shows_no_placeholders() {
        let row = &ntpdata(Some(&Ordered::of(&read(Scenario::only_unreachable())))).rows[0];
        assert!(row.silent);
        assert_eq!((row.offset.as_str(), row.delay.as_str()), ("", ""));
    }

    #[test]
    fn reference_clocks_have_none_and_udp_hides_all() {
        let view = ntpdata(Some(&Ordered::of(&read(Scenario::gps_and_pps()))));
        assert!(view.missing.is_none());
        let clocks = view.rows.iter().filter(|row| row.who.name == "PPS" || row.who.name == "GPS");
        assert_eq!(clocks.count(), 0);
        let view = ntpdata(Some(&Ordered::of(&read_udp(Scenario::synchronized()))));
        assert!(view.missing.is_some_and(|text| text.contains("opencommands")));
    }
}
