//! Every report through the wrapper, over HTTP and as the terminal's JSON, held against chronyc to the last digit it prints.

use libchrony::ReportName;
use serde_json::Value;
use serial_test::serial;

use super::common::chronyc::Witness;
use super::common::chronyd::Chronyd;
use super::trio::trio;

/// A report through the wrapper, as JSON.
pub(crate) fn wrapped(chronyd: &Chronyd, report: ReportName) -> Value {
    let mut connection = chronyd.connection().open().expect("chronyd answers");
    let value = match report {
        ReportName::Tracking => serde_json::to_value(connection.tracking().unwrap()),
        ReportName::Sources => serde_json::to_value(&*connection.sources().unwrap()),
        ReportName::SourceStats => serde_json::to_value(&*connection.source_stats().unwrap()),
        ReportName::SelectData => serde_json::to_value(&*connection.select_data().unwrap()),
        ReportName::Activity => serde_json::to_value(connection.activity().unwrap()),
        ReportName::AuthData => serde_json::to_value(&*connection.auth_data().unwrap()),
        ReportName::NtpData => serde_json::to_value(&*connection.ntp_data().unwrap()),
        ReportName::ServerStats => serde_json::to_value(connection.server_stats().unwrap()),
        ReportName::Smoothing => serde_json::to_value(connection.smoothing().unwrap()),
        other => panic!("{other} is not read here"),
    };
    value.expect("a report is JSON")
}

/// Holds a report, read through the wrapper, over HTTP and in the terminal, against chronyc.
fn compare(report: ReportName, moving: &[usize], check: impl Fn(&Value, &Witness)) {
    let trio = trio();
    let wrapper = || wrapped(&trio.client, report);
    let (value, witness) = Witness::around(&trio.client, report.as_str(), moving, wrapper);
    check(&value, &witness);
    let http = || trio.dashboard.get(&format!("/api/v1/{report}")).json();
    let (value, witness) = Witness::around(&trio.client, report.as_str(), moving, http);
    check(&value, &witness);
    let printed = || {
        let text = super::terminal::printed(&trio.client, &[report.as_str(), "--json"]);
        serde_json::from_str(&text).expect("a report is JSON")
    };
    let (value, witness) = Witness::around(&trio.client, report.as_str(), moving, printed);
    check(&value, &witness);
}

/// As above, record by record.
fn compare_each(report: ReportName, moving: &[usize], check: impl Fn(&Value, &Witness, usize)) {
    compare(report, moving, |value, witness| {
        let records = value.as_array().expect("a list");
        assert_eq!((records.len(), witness.lines()), (3, 3));
        records.iter().enumerate().for_each(|(line, record)| check(record, witness, line));
    });
}

pub(crate) fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or_else(|| panic!("{key} is {}", value[key]))
}

pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is {}", value[key]))
}

/// A time as chronyc prints it: seconds since 1970 with nine digits.
fn seconds(value: &Value, key: &str) -> String {
    let time = humantime::parse_rfc3339(text(value, key)).expect("a time");
    let since = time.duration_since(std::time::UNIX_EPOCH).expect("a time after 1970");
    format!("{}.{:09}", since.as_secs(), since.subsec_nanos())
}

/// These fields of a line are these numbers.
fn numbers(witness: &Witness, line: usize, value: &Value, fields: &[(usize, &str)]) {
    for (field, key) in fields {
        witness.agrees(line, *field, number(value, key));
    }
}

#[serial]
pub(crate) fn tracking_is_what_chronyc_says() {
    compare(ReportName::Tracking, &[4, 11], |tracking, witness| {
        let id = tracking["reference_id"].as_u64().unwrap();
        assert_eq!(witness.text(0, 0), format!("{id:08X}"));
        assert_eq!(witness.text(0, 1), text(tracking, "reference_ip"));
        assert_eq!(witness.text(0, 1), text(tracking, "reference_id_name"));
        assert_eq!(witness.text(0, 3), seconds(tracking, "ref_time"));
        let fields = [
            (2, "stratum"),
            (4, "offset"),
            (5, "last_offset"),
            (6, "rms_offset"),
            (7, "frequency"),
            (8, "residual_freq"),
            (9, "skew"),
            (10, "root_delay"),
            (11, "root_dispersion"),
            (12, "update_interval"),
        ];
        numbers(witness, 0, tracking, &fields);
        assert_eq!((witness.text(0, 13), text(tracking, "leap_status")), ("Normal", "normal"));
        assert_eq!(tracking["synchronized"], true);
        let bound = number(tracking, "offset").abs()
            + number(tracking, "root_dispersion")
            + number(tracking, "root_delay") / 2.0;
        assert!((number(tracking, "max_error") - bound).abs() < 1e-12);
    });
}

#[serial]
pub(crate) fn sources_are_what_chronyc_says() {
    compare_each(ReportName::Sources, &[6], |source, witness, line| {
        assert_eq!((witness.text(line, 0), text(source, "mode")), ("^", "client"));
        let mark = match text(source, "state") {
            "selected" => "*",
            "unselected" => "+",
            "selectable" => "-",
            "falseticker" => "x",
            "jittery" => "~",
            "nonselectable" => "?",
            other => panic!("{other} is no state"),
        };
        assert_eq!(witness.text(line, 1), mark);
        assert_eq!(witness.text(line, 2), text(source, "address"));
        let reach = source["reachability"].as_u64().unwrap();
        assert_eq!(witness.text(line, 5), format!("{reach:o}"));
        let fields = [
            (3, "stratum"),
            (4, "poll"),
            (6, "last_sample_ago"),
            (7, "latest_meas"),
            (8, "orig_latest_meas"),
            (9, "latest_meas_err"),
        ];
        numbers(witness, line, source, &fields);
    });
}

#[serial]
pub(crate) fn source_statistics_are_what_chronyc_says() {
    compare_each(ReportName::SourceStats, &[6], |stats, witness, line| {
        assert_eq!(witness.text(line, 0), text(stats, "address"));
        let fields = [
            (1, "samples"),
            (2, "runs"),
            (3, "span"),
            (4, "resid_freq"),
            (5, "skew"),
            (6, "offset"),
            (7, "std_dev"),
        ];
        numbers(witness, line, stats, &fields);
    });
}

#[serial]
pub(crate) fn selection_data_is_what_chronyc_says() {
    compare_each(ReportName::SelectData, &[13], |data, witness, line| {
        let mark = match text(data, "state") {
            "best" => "*",
            "combined" => "+",
            "waiting_for_update" => "U",
            "waiting_for_others" => "w",
            "stale" => "S",
            "large_distance" => "D",
            other => panic!("{other} is unexpected here"),
        };
        assert_eq!(witness.text(line, 0), mark);
        assert_eq!(witness.text(line, 1), text(data, "address"));
        assert_eq!((witness.text(line, 2), &data["authentication"]), ("N", &Value::Bool(false)));
        assert_eq!(data["configured_options"], serde_json::json!([]));
        let fields =
            [(13, "last_sample_ago"), (14, "score"), (15, "low_limit"), (16, "high_limit")];
        numbers(witness, line, data, &fields);
        assert_eq!((witness.text(line, 17), text(data, "leap_status")), ("Normal", "normal"));
    });
}

#[serial]
pub(crate) fn activity_is_what_chronyc_says() {
    compare(ReportName::Activity, &[], |activity, witness| {
        let fields = [
            (0, "online_sources"),
            (1, "offline_sources"),
            (2, "burst_online_return_sources"),
            (3, "burst_offline_return_sources"),
            (4, "unresolved_sources"),
        ];
        numbers(witness, 0, activity, &fields);
    });
}

#[serial]
pub(crate) fn authentication_is_what_chronyc_says() {
    compare_each(ReportName::AuthData, &[], |data, witness, line| {
        assert_eq!(witness.text(line, 0), text(data, "address"));
        assert_eq!((witness.text(line, 1), text(data, "mode")), ("-", "none"));
        assert_eq!(
            (&data["key_type"], &data["last_key_establishment_ago"]),
            (&Value::Null, &Value::Null)
        );
        let fields = [
            (2, "key_id"),
            (4, "key_length"),
            (6, "key_establishment_attempts"),
            (8, "cookies"),
            (9, "cookie_length"),
        ];
        numbers(witness, line, data, &fields);
        assert_eq!((witness.text(line, 7), &data["nak"]), ("0", &Value::Bool(false)));
    });
}

/// The flags of ntpdata in the order of chronyc's digits: "111", "111", "1111".
const TESTS: [&str; 10] =
    ["test1", "test2", "test3", "test5", "test6", "test7", "test_a", "test_b", "test_c", "test_d"];

#[serial]
pub(crate) fn ntp_data_is_what_chronyc_says() {
    compare_each(ReportName::NtpData, &[], |data, witness, line| {
        assert_eq!(witness.text(line, 0), text(data, "remote_address"));
        assert_eq!(witness.text(line, 3), text(data, "local_address"));
        assert_eq!((witness.text(line, 5), text(data, "leap_status")), ("Normal", "normal"));
        assert_eq!((witness.text(line, 7), text(data, "mode")), ("Server", "server"));
        let id = data["reference_id"].as_u64().unwrap();
        assert_eq!(witness.text(line, 15), format!("{id:08X}"));
        assert_eq!(witness.text(line, 17), seconds(data, "reference_time"));
        let fields = [
            (2, "remote_port"),
            (6, "version"),
            (8, "stratum"),
            (9, "poll"),
            (11, "precision"),
            (13, "root_delay"),
            (14, "root_dispersion"),
            (18, "offset"),
            (19, "peer_delay"),
            (20, "peer_dispersion"),
            (21, "response_time"),
            (22, "jitter_asymmetry"),
            (30, "transmitted_messages"),
            (31, "received_messages"),
            (32, "received_valid_messages"),
            (33, "received_good_messages"),
        ];
        numbers(witness, line, data, &fields);
        let passed: String = (23..26).map(|field| witness.text(line, field)).collect();
        let flags = data["flags"].as_array().unwrap();
        let has = |flag: &str| flags.contains(&Value::from(flag));
        for (test, digit) in TESTS.iter().zip(passed.chars()) {
            assert_eq!(has(test), digit == '1', "{test} of {flags:?}");
        }
        assert_eq!(has("interleaved"), witness.text(line, 26) == "Yes");
        assert_eq!(has("authenticated"), witness.text(line, 27) == "Yes");
        for (field, key) in [(28, "transmit_timestamping"), (29, "receive_timestamping")] {
            assert_eq!(witness.text(line, field).to_lowercase(), text(data, key));
        }
    });
}

#[serial]
pub(crate) fn server_statistics_are_what_chronyc_says() {
    // The third field counts the requests of this very comparison.
    compare(ReportName::ServerStats, &[2], |stats, witness| {
        let fields = [
            (0, "received_ntp_requests"),
            (1, "dropped_ntp_requests"),
            (2, "received_command_requests"),
            (3, "dropped_command_requests"),
            (4, "dropped_client_log_records"),
            (5, "accepted_nts_ke_connections"),
            (6, "dropped_nts_ke_connections"),
        ];
        numbers(witness, 0, stats, &fields);
        assert!(number(stats, "received_command_requests") > 0.0);
    });
}

#[serial]
pub(crate) fn a_snapshot_joins_what_belongs_to_one_source() {
    let trio = trio();
    let snapshot = trio.client.connection().open().unwrap().snapshot().unwrap();
    let joined = snapshot.joined();
    assert_eq!(joined.len(), 3);
    for one in joined {
        let address = one.source.address;
        assert_eq!(one.stats.unwrap().address, address);
        assert_eq!(one.select.unwrap().address, address);
        assert_eq!(one.auth.unwrap().address, address);
        assert_eq!(one.ntp.unwrap().remote_address, address);
    }
    let unavailable: Vec<_> = snapshot.unavailable.keys().copied().collect();
    assert_eq!(unavailable, [ReportName::RtcData, ReportName::Smoothing]);
    assert!(snapshot.odd_records.is_empty());

    let json = trio.dashboard.get("/api/v1/snapshot").json();
    for report in ReportName::ALL {
        assert!(json.as_object().unwrap().contains_key(report.as_str()), "{report} is missing");
    }
    assert_eq!(json["chronyd"]["transport"], "unix");
    assert_eq!(json["chronyd"]["address"], trio.client.unix());
}
