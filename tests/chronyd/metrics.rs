//! Every number of `/metrics` held against chronyc: as it is given, and as a real Prometheus has it.

use std::fs;
use std::os::unix::fs::chown;

use libchrony::testing::{Generation, Scenario, Simulator, Source};

use super::common::chronyc::{Witness, chronyc};
use super::common::chronyd::Chronyd;
use super::common::dashboard::Dashboard;
use super::common::metrics::Metrics;
use super::common::prometheus::{Prometheus, promtool};
use super::common::{eventually, need};

/// A server and a client of it with three sources that answered, one of them with a key, and one that
/// did not; they are polled again in a minute, and until then nothing changes but ages.
struct Still {
    server: Chronyd,
    client: Chronyd,
    _keys: tempfile::TempDir,
}

fn still() -> Still {
    let place = tempfile::tempdir_in("/tmp").expect("a directory");
    let keys = place.path().join("keys");
    fs::write(&keys, "7 SHA1 HEX:1dc764e0791b11fa67efc7ecbc4b0d73f68a070c\n").expect("keys");
    let (user, group) = need::user().expect("chrony's user");
    for path in [place.path(), &keys] {
        chown(path, Some(user), Some(group)).expect("it is given away");
    }
    let keyfile = format!("keyfile {}\n", keys.display());
    let server = Chronyd::server_with(3, &keyfile);
    let source = |last: u8, options: &str| {
        let port = server.ntp_port;
        format!("server 127.0.0.{last} port {port} minpoll 6 iburst {options}\n")
    };
    let silent = "server 127.0.0.7 port 9 minpoll 6\n";
    let sources = [source(2, "prefer"), source(3, "key 7"), source(4, ""), silent.to_owned()];
    let client = Chronyd::client(&(keyfile + &sources.concat()));
    client.wait_until("a source is selected, and three are sampled", |snapshot| {
        let stats = snapshot.sourcestats.iter().flatten();
        snapshot.tracking.as_ref().is_some_and(libchrony::Tracking::is_synchronized)
            && stats.filter(|stats| stats.has_enough_samples()).count() == 3
    });
    Still { server, client, _keys: place }
}

/// Fields of a report's lines and the metrics that say the same.
type Fields = [(usize, &'static str)];

const TRACKING: &Fields = &[
    (2, "chrony_tracking_stratum"),
    (3, "chrony_tracking_reference_timestamp_seconds"),
    (4, "chrony_tracking_system_time_seconds"),
    (5, "chrony_tracking_last_offset_seconds"),
    (6, "chrony_tracking_rms_offset_seconds"),
    (7, "chrony_tracking_frequency_ppms"),
    (8, "chrony_tracking_residual_frequency_ppms"),
    (9, "chrony_tracking_skew_ppms"),
    (10, "chrony_tracking_root_delay_seconds"),
    (11, "chrony_tracking_root_dispersion_seconds"),
    (12, "chrony_tracking_update_interval_seconds"),
];
const SOURCES: &Fields = &[
    (3, "chrony_sources_stratum"),
    (6, "chrony_sources_last_sample_age_seconds"),
    (7, "chrony_sources_last_sample_offset_seconds"),
    (9, "chrony_sources_last_sample_error_margin_seconds"),
];
const SOURCESTATS: &Fields = &[
    (1, "chrony_sourcestats_samples"),
    (2, "chrony_sourcestats_runs"),
    (3, "chrony_sourcestats_span_seconds"),
    (4, "chrony_sourcestats_frequency_ppms"),
    (5, "chrony_sourcestats_frequency_skew_ppms"),
    (6, "chrony_sourcestats_offset"),
    (7, "chrony_sourcestats_stddev"),
];
const SELECTDATA: &Fields = &[
    (13, "second_hand_selectdata_last_sample_age_seconds"),
    (14, "second_hand_selectdata_score_ratio"),
    (15, "second_hand_selectdata_low_limit_seconds"),
    (16, "second_hand_selectdata_high_limit_seconds"),
];
const AUTHDATA: &Fields = &[
    (6, "second_hand_authdata_nts_ke_attempts"),
    (7, "second_hand_authdata_nak"),
    (8, "second_hand_authdata_cookies"),
    (9, "second_hand_authdata_cookie_length_bytes"),
];
const NTPDATA: &Fields = &[
    (13, "second_hand_ntpdata_root_delay_seconds"),
    (14, "second_hand_ntpdata_root_dispersion_seconds"),
    (18, "chrony_sources_peer_offset_seconds"),
    (19, "chrony_sources_peer_delay_seconds"),
    (20, "chrony_sources_peer_dispersion_seconds"),
    (21, "chrony_sources_peer_response_time_seconds"),
    (22, "chrony_sources_peer_jitter_asymmetry_seconds"),
    (22, "second_hand_ntpdata_jitter_asymmetry_ratio"),
    (30, "second_hand_ntpdata_transmitted_messages_total"),
    (31, "second_hand_ntpdata_received_messages_total"),
    (32, "second_hand_ntpdata_received_valid_messages_total"),
    (33, "second_hand_ntpdata_received_good_messages_total"),
];
const SERVERSTATS: &Fields = &[
    (0, "chrony_serverstats_ntp_packets_received_total"),
    (1, "chrony_serverstats_ntp_packets_dropped_total"),
    (2, "chrony_serverstats_command_packets_received_total"),
    (3, "chrony_serverstats_command_packets_dropped_total"),
    (4, "chrony_serverstats_client_log_records_dropped_total"),
    (5, "chrony_serverstats_nts_ke_connections_accepted_total"),
    (6, "chrony_serverstats_nts_ke_connections_dropped_total"),
    (7, "chrony_serverstats_authenticated_ntp_packets_total"),
    (8, "chrony_serverstats_interleaved_ntp_packets_total"),
    (9, "chrony_serverstats_ntp_timestamps_held"),
    (10, "chrony_serverstats_ntp_timestamp_span_seconds"),
    (11, "chrony_serverstats_ntp_daemon_rx_timestamps_total"),
    (12, "chrony_serverstats_ntp_daemon_tx_timestamps_total"),
    (13, "chrony_serverstats_ntp_kernel_rx_timestamps_total"),
    (14, "chrony_serverstats_ntp_kernel_tx_timestamps_total"),
    (15, "chrony_serverstats_ntp_hw_rx_timestamps_total"),
    (16, "chrony_serverstats_ntp_hw_tx_timestamps_total"),
];

/// Holds each report against chronyc's lines of the same moment.
fn hold(client: &Chronyd, read: &dyn Fn() -> Metrics) {
    let around = |command: &str, moving: &[usize]| Witness::around(client, command, moving, read);
    let (metrics, witness) = around("tracking", &[4, 11]);
    let labels = [
        ("tracking_refid", witness.text(0, 0)),
        ("tracking_address", witness.text(0, 1)),
        ("tracking_name", witness.text(0, 1)),
    ];
    assert_eq!(metrics.value("chrony_tracking_info", &labels), Some(1.0));
    compare(&metrics, &witness, 0, &[], TRACKING);
    let bound = ["system_time", "root_dispersion", "root_delay"]
        .map(|name| metrics.value(&format!("chrony_tracking_{name}_seconds"), &[]).unwrap().abs());
    let max_error = metrics.value("second_hand_max_error_seconds", &[]).unwrap();
    assert!((max_error - (bound[0] + bound[1] + bound[2] / 2.0)).abs() < 1e-12, "{max_error}");
    for (name, expected) in [
        ("chrony_up", 1.0),
        ("chrony_tracking_remote_reference", 1.0),
        ("second_hand_tracking_synchronized", 1.0),
        ("second_hand_tracking_local_reference", 0.0),
    ] {
        assert_eq!(metrics.value(name, &[]), Some(expected), "{name}");
    }
    let leap = [("leap_status", "normal")];
    assert_eq!(metrics.value("second_hand_tracking_leap_status", &leap), Some(1.0));

    let (metrics, witness) = around("sources", &[6, 7, 8, 9]);
    assert_eq!(witness.lines(), 4);
    each(&metrics, &witness, 2, SOURCES, |line, labels| {
        let state = match witness.text(line, 1) {
            "*" => "sync",
            "+" => "candidate",
            "-" => "outlier",
            "~" => "jittery",
            "x" => "falseticker",
            _ => "unreach",
        };
        let state = [labels[0], ("source_state", state), ("source_mode", "client")];
        assert_eq!(metrics.value("chrony_sources_state_info", &state), Some(1.0), "{state:?}");
        let poll: f64 = witness.text(line, 4).parse().unwrap();
        let interval = metrics.value("chrony_sources_polling_interval_seconds", labels);
        assert_eq!(interval, Some(poll.exp2()));
        let reach = u8::from_str_radix(witness.text(line, 5), 8).unwrap();
        let ratio = metrics.value("chrony_sources_reachability_ratio", labels);
        assert_eq!(ratio, Some(f64::from(reach.count_ones()) / 8.0));
        let latest = metrics.value("chrony_sources_reachability_success", labels);
        assert_eq!(latest, Some(f64::from(reach & 1)));
    });
    assert_eq!(metrics.value("second_hand_sources_configured", &[]), Some(4.0));
    assert_eq!(metrics.value("second_hand_sources_reachable", &[]), Some(3.0));
    // On a busy machine there are moments in which none is selected.
    let selected = (0..witness.lines()).filter(|line| witness.text(*line, 1) == "*").count();
    let told = metrics.value("second_hand_sources", &[("source_state", "sync")]);
    assert_eq!(told, Some(f64::from(u8::try_from(selected).unwrap())));

    let (metrics, witness) = around("sourcestats", &[6]);
    each(&metrics, &witness, 0, SOURCESTATS, |_, _| {});
    let (metrics, witness) = around("selectdata", &[13, 15, 16]);
    each(&metrics, &witness, 1, SELECTDATA, |line, labels| {
        let auth = f64::from(u8::from(witness.text(line, 2) == "Y"));
        let told = metrics.value("second_hand_selectdata_authenticated", labels);
        assert_eq!(told, Some(auth));
    });
    let (metrics, witness) = around("authdata", &[]);
    each(&metrics, &witness, 0, AUTHDATA, |line, labels| {
        let with_key = witness.text(line, 1) == "SK";
        let mode = if with_key { "symmetric_key" } else { "none" };
        let told = metrics.label("second_hand_authdata_info", labels, "auth_mode");
        assert_eq!(told, mode);
        let key = |name: &str| metrics.value(&format!("second_hand_authdata_{name}"), labels);
        assert_eq!(key("key_id").is_some(), with_key);
        if with_key {
            witness.agrees(line, 2, key("key_id").unwrap());
            witness.agrees(line, 4, key("key_length_bytes").unwrap() * 8.0);
            let kind = metrics.label("second_hand_authdata_info", labels, "key_type");
            // chronyc tells its number.
            assert_eq!((kind.as_str(), witness.text(line, 3)), ("sha1", "2"));
        }
    });
    hold_ntp_data(around("ntpdata", &[]));
    let (metrics, witness) = around("activity", &[]);
    let each = ["online", "offline", "burst_online", "burst_offline", "unresolved"];
    for (field, activity) in each.into_iter().enumerate() {
        let told = metrics.value("second_hand_activity_sources", &[("activity", activity)]);
        witness.agrees(0, field, told.unwrap());
    }
    let (metrics, witness) = around("serverstats", &[2]);
    compare(&metrics, &witness, 0, &[], SERVERSTATS);
}

/// The tests of ntpdata in the order of chronyc's digits: 111 111 1111.
const TESTS: [&str; 10] = ["1", "2", "3", "5", "6", "7", "A", "B", "C", "D"];

fn hold_ntp_data((metrics, witness): (Metrics, Witness)) {
    each(&metrics, &witness, 0, NTPDATA, |line, labels| {
        if witness.text(line, 6) == "0" {
            // No packet came.
            assert_eq!(metrics.value("second_hand_ntpdata_info", labels), None);
            return;
        }
        let says = |label: &str| metrics.label("second_hand_ntpdata_info", labels, label);
        assert_eq!(says("version"), witness.text(line, 6));
        assert_eq!(says("leap_status"), witness.text(line, 5).to_lowercase());
        assert_eq!(says("ntp_mode"), witness.text(line, 7).to_lowercase());
        for (field, label) in [(28, "transmit_timestamping"), (29, "receive_timestamping")] {
            assert_eq!(says(label), witness.text(line, field).to_lowercase());
        }
        for (field, label) in [(26, "interleaved"), (27, "authenticated")] {
            assert_eq!(says(label) == "true", witness.text(line, field) == "Yes", "{label}");
        }
        let precision: f64 = witness.text(line, 11).parse().unwrap();
        let told = metrics.value("second_hand_ntpdata_precision_seconds", labels);
        assert_eq!(told, Some(precision.exp2()));
        let digits: String = (23..26).map(|field| witness.text(line, field)).collect();
        for (test, digit) in TESTS.iter().zip(digits.chars()) {
            let labels = [labels[0], ("test", test)];
            let told = metrics.value("second_hand_ntpdata_test_passed", &labels);
            assert_eq!(told, Some(f64::from(u8::from(digit == '1'))), "{labels:?}");
        }
    });
}

/// Holds these fields of every line, which names its source in the field `address`.
fn each(
    metrics: &Metrics,
    witness: &Witness,
    address: usize,
    fields: &Fields,
    more: impl Fn(usize, &[(&str, &str)]),
) {
    for line in 0..witness.lines() {
        let labels = [("source_address", witness.text(line, address))];
        compare(metrics, witness, line, &labels, fields);
        more(line, &labels);
    }
}

/// Holds these fields of a line, as far as this chronyd has them; only of what never answered there
/// may be none.
fn compare(
    metrics: &Metrics,
    witness: &Witness,
    line: usize,
    labels: &[(&str, &str)],
    fields: &Fields,
) {
    let silent = labels == [("source_address", "127.0.0.7")];
    for (field, name) in fields.iter().filter(|(field, _)| witness.has(*field)) {
        match metrics.value(name, labels) {
            // Worked out anew from the clock at each request, to and fro by nanoseconds.
            Some(value) if *name == "chrony_tracking_system_time_seconds" => {
                witness.resembles(line, *field, value, 1e-8);
            }
            Some(value) => witness.agrees(line, *field, value),
            None => assert!(silent, "no {name}{labels:?}"),
        }
    }
}

pub(crate) fn every_metric_is_what_chronyc_says() {
    let still = still();
    let dashboard = Dashboard::of(&still.client.unix());
    let read = || Metrics::of(&dashboard.get("/metrics").body);
    hold(&still.client, &read);
    // What was never sampled has no age and no placeholders.
    let silent = [("source_address", "127.0.0.7")];
    for name in ["chrony_sources_last_sample_age_seconds", "chrony_sourcestats_stddev"] {
        assert_eq!(read().value(name, &silent), None, "{name}");
    }

    let dashboard = Dashboard::of(&still.server.unix());
    let read = || Metrics::of(&dashboard.get("/metrics").body);
    let (metrics, witness) = Witness::around(&still.server, "serverstats", &[2], read);
    compare(&metrics, &witness, 0, &[], SERVERSTATS);
    assert!(metrics.value(SERVERSTATS[0].1, &[]) >= Some(9.0));
    let (metrics, witness) = Witness::around(&still.server, "clients", &[5, 9], read);
    let told = |name: &str| metrics.value(name, &[]).unwrap_or_else(|| panic!("no {name}"));
    assert_eq!((witness.lines(), told("second_hand_clients_complete")), (1, 1.0));
    let ntp = [("protocol", "ntp")];
    assert_eq!(metrics.value("chrony_clients_connected", &ntp), Some(1.0));
    assert_eq!(told("chrony_clients_last_ntp_hit_ago_seconds_count"), 1.0);
    witness.agrees(0, 5, told("chrony_clients_last_ntp_hit_ago_seconds_sum"));
    witness.agrees(0, 2, told("chrony_clients_ntp_drops_sum"));
}

pub(crate) fn prometheus_has_what_chronyc_says_and_loses_what_vanished() {
    let still = still();
    let dashboard = Dashboard::quiet(&still.client.unix());
    let prometheus = Prometheus::scraping(dashboard.authority());
    hold(&still.client, &|| prometheus.scraped());
    let metrics = prometheus.scraped();
    assert_eq!(metrics.value("up", &[]), Some(1.0));
    let own = Metrics::of(&dashboard.get("/metrics").body);
    let missing: Vec<_> = own.names().difference(&metrics.names()).cloned().collect();
    assert!(missing.is_empty(), "{missing:?}");
    let samples = metrics.value("scrape_samples_scraped", &[]).unwrap();
    assert_eq!(samples, f64::from(u32::try_from(own.len()).unwrap()));

    let gone = "127.0.0.4";
    assert!(metrics.has_label("source_address", gone));
    chronyc(&still.client, &format!("delete {gone}"));
    // Long before the five minutes for which Prometheus keeps what merely has no news.
    let after = eventually("the source is gone from Prometheus", || {
        Some(prometheus.scraped()).filter(|metrics| !metrics.has_label("source_address", gone))
    });
    assert_eq!(after.value("second_hand_sources_configured", &[]), Some(3.0));
    assert!(after.has_label("source_address", "127.0.0.3"));

    let Still { client, .. } = still;
    drop(client);
    let down = prometheus.scraped();
    assert_eq!((down.value("up", &[]), down.value("chrony_up", &[])), (Some(1.0), Some(0.0)));
    assert!(!down.names().contains("chrony_tracking_stratum"));
    let log = prometheus.log();
    assert!(!log.contains("level=warn") && !log.contains("level=error"), "{log}");
}

pub(crate) fn promtool_finds_nothing_to_mend() {
    let mut everything = Scenario {
        rtc: Scenario::rtc().rtc,
        smoothing: Scenario::smoothing().smoothing,
        clients: Scenario::synchronized().clients,
        ..Scenario::nts()
    };
    everything.sources.extend(Scenario::gps_and_pps().sources.into_iter().take(2));
    everything.sources.push(Source::reference_clock(*b"GPS\0"));
    everything.sources.push(Source::reference_clock(*b"\"\\}\n"));
    everything.sources.push(Source::unresolved(1, "lost.example.net"));
    everything.sources[0].name = "a\"}\\b".to_owned();
    let old = Scenario { generation: Generation::V3_5, ..everything.clone() };
    for scenario in [everything, old, Scenario::unsynchronized(), Scenario::local()] {
        let chronyd = Simulator::start_unix(scenario).expect("the simulator starts");
        let dashboard = Dashboard::impatient(&chronyd.address());
        let text = dashboard.get("/metrics").body;
        assert_eq!(promtool(&text), "", "{text}");
        chronyd.stop_answering();
        let text = dashboard.get("/metrics").body;
        assert_eq!(promtool(&text), "", "{text}");
    }
    // It would find something.
    assert!(promtool("a_milliseconds 1\n").contains("a_milliseconds"));
}
