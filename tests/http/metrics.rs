//! `/metrics`: its forms, its freshness, and what it says where chronyd says nothing.

use std::io::Read;

use flate2::read::GzDecoder;
use libchrony::testing::{Scenario, Source};
use rustix::process::Signal;

use crate::common::dashboard::{Dashboard, Response, second_hand};
use crate::common::eventually;
use crate::common::metrics::Metrics;
use crate::raw::talk;
use crate::{assert_failure, assert_secured, shown, without_chronyd};

const CLASSIC: &str = "text/plain; version=0.0.4; charset=utf-8";
const OPEN: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What Prometheus 2.42 and 3.0 say that they take.
const OF_PROMETHEUS: [&str; 2] = [
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
];

fn metrics(dashboard: &Dashboard) -> Metrics {
    let response = dashboard.get("/metrics");
    assert_eq!(response.status, 200, "{}", response.body);
    Metrics::of(&response.body)
}

fn accepting(dashboard: &Dashboard, accepted: &str) -> Response {
    dashboard.get_with("/metrics", &[("Accept", accepted)])
}

#[test]
fn the_form_is_the_classic_one_unless_openmetrics_is_asked_for() {
    let (_chronyd, dashboard) = shown(Scenario::synchronized());
    for accepted in ["*/*", "text/plain", "text/html,*/*;q=0.8", "application/openmetrics-text;q=0"]
    {
        let response = accepting(&dashboard, accepted);
        assert_eq!(
            (response.status, response.header("content-type")),
            (200, CLASSIC),
            "{accepted}"
        );
        assert!(!response.body.contains("# EOF"), "{}", response.body);
        assert!(
            response
                .body
                .contains("# TYPE chrony_serverstats_ntp_packets_received_total counter\n")
        );
    }
    for accepted in OF_PROMETHEUS.into_iter().chain(["application/openmetrics-text"]) {
        let response = accepting(&dashboard, accepted);
        assert_eq!((response.status, response.header("content-type")), (200, OPEN), "{accepted}");
        assert!(response.body.ends_with("\n# EOF\n"), "{}", response.body);
        assert!(response.body.contains("# TYPE chrony_serverstats_ntp_packets_received counter\n"));
    }
    // A limit is written 5 in the one form and 5.0 in the other, and both are 5.
    let names = |accepted: &str| Metrics::of(&accepting(&dashboard, accepted).body).names();
    assert_eq!(names("text/plain"), names("application/openmetrics-text"));
}

#[test]
fn it_is_secured_kept_by_nobody_and_varies_with_what_is_accepted() {
    let (_chronyd, dashboard) = shown(Scenario::synchronized());
    let response = dashboard.get("/metrics");
    assert_secured(&response);
    assert_eq!(response.header("cache-control"), "no-store");
    let varies: Vec<_> = response.headers.get_all("vary").iter().collect();
    assert_eq!(varies, ["accept", "accept-encoding"]);
}

#[test]
fn head_is_the_same_without_a_body_and_other_methods_are_refused() {
    let (_chronyd, dashboard) = shown(Scenario::synchronized());
    let head = dashboard.head("/metrics");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.header("content-type"), CLASSIC);
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let response = dashboard.send(method, "/metrics");
        assert_failure(&response, 405, "method_not_allowed");
        assert_eq!(response.header("allow"), "GET, HEAD");
    }
    assert_failure(&dashboard.get_as("example.net", "/metrics"), 421, "foreign_host");
}

#[test]
fn both_forms_are_compressed_for_who_takes_gzip() {
    let (_chronyd, dashboard) = shown(Scenario::synchronized());
    for accepted in ["text/plain", OF_PROMETHEUS[0]] {
        let head = [("Accept", accepted), ("Accept-Encoding", "gzip")];
        let (headers, packed) = dashboard.get_bytes("/metrics", &head);
        assert_eq!(headers.get("content-encoding").map(|it| it.as_bytes()), Some(&b"gzip"[..]));
        let mut text = String::new();
        GzDecoder::new(&packed[..]).read_to_string(&mut text).expect("gzip");
        assert!(packed.len() < text.len() / 5, "{} of {} bytes", packed.len(), text.len());
        assert_eq!(Metrics::of(&text).value("chrony_up", &[]), Some(1.0));
    }
}

#[test]
fn a_source_that_vanished_is_gone_from_the_next_scrape() {
    let (chronyd, dashboard) = shown(Scenario::synchronized());
    let has = |address: &str| {
        let metrics = metrics(&dashboard);
        let labels = [("source_address", address)];
        let stratum = metrics.value("chrony_sources_stratum", &labels).is_some();
        assert_eq!(metrics.has_label("source_address", address), stratum, "{address}");
        stratum
    };
    assert!(has("192.0.2.12") && !has("192.0.2.66"));
    let mut scenario = Scenario::falseticker();
    scenario.sources.retain(|source| source.name != "b.time.example.net");
    chronyd.set(scenario);
    assert!(!has("192.0.2.12") && has("192.0.2.66"));
    let state = metrics(&dashboard);
    let is = [("source_address", "192.0.2.66"), ("source_state", "falseticker")];
    assert_eq!(state.value("chrony_sources_state_info", &is), Some(1.0));
}

#[test]
fn without_chronyd_it_says_so_with_the_reason_and_of_this_process_all_the_same() {
    let (_directory, dashboard) = without_chronyd();
    let metrics = metrics(&dashboard);
    assert_eq!(metrics.value("chrony_up", &[]), Some(0.0));
    for report in crate::REPORTS.iter().chain(&["clients"]) {
        let success = metrics.value("second_hand_report_success", &[("report", report)]);
        assert_eq!(success, Some(0.0), "{report}");
        let why = [("report", *report), ("kind", "not_running")];
        assert_eq!(metrics.value("second_hand_report_unavailable_info", &why), Some(1.0));
    }
    let names = metrics.names();
    assert!(!names.iter().any(|name| name.starts_with("chrony_tracking")), "{names:?}");
    for name in
        ["second_hand_build_info", "process_resident_memory_bytes", "second_hand_reads_total"]
    {
        assert!(names.contains(name), "no {name} in {names:?}");
    }
}

#[test]
fn a_chronyd_that_hangs_is_down_in_bounded_time_and_up_when_it_goes_on() {
    let (chronyd, dashboard) = shown(Scenario::synchronized());
    chronyd.hang();
    let hung = metrics(&dashboard);
    assert_eq!(hung.value("chrony_up", &[]), Some(0.0));
    let why = [("report", "tracking"), ("kind", "timed_out")];
    assert_eq!(hung.value("second_hand_report_unavailable_info", &why), Some(1.0));
    let waited = hung.value("second_hand_read_duration_seconds", &[]).expect("a time");
    assert!((0.1..10.0).contains(&waited), "{waited} s");
    chronyd.resume();
    assert_eq!(metrics(&dashboard).value("chrony_up", &[]), Some(1.0));
}

#[test]
fn each_scrape_is_a_reading_that_is_counted() {
    let (chronyd, dashboard) = shown(Scenario::synchronized());
    let counts = || {
        let metrics = metrics(&dashboard);
        ["second_hand_reads_total", "second_hand_read_failures_total"]
            .map(|name| metrics.value(name, &[]).expect("a count"))
    };
    let [first, failed] = counts();
    assert_eq!(failed, 0.0);
    assert_eq!(counts(), [first + 1.0, 0.0]);
    chronyd.stop_answering();
    assert_eq!(counts(), [first + 2.0, 1.0]);
}

#[test]
fn a_restart_of_chronyd_is_counted_with_and_without_a_history() {
    for history in ["off", "1h"] {
        let (chronyd, _) = shown(Scenario::synchronized());
        let address = chronyd.address();
        let arguments = ["--port", "0", "--refresh", "1s", "--history", history, "--chronyd"];
        let dashboard = Dashboard::start(second_hand().args(arguments).arg(&address)).settled();
        let restarts = || metrics(&dashboard).value("second_hand_chronyd_restarts_total", &[]);
        assert_eq!(restarts(), Some(0.0));
        let mut fresh = Scenario::synchronized();
        fresh.serverstats.ntp_received = 3;
        chronyd.set(fresh);
        eventually("the restart is counted", || (restarts() == Some(1.0)).then_some(()));
        assert_eq!(metrics(&dashboard).value("second_hand_clock_steps_total", &[]), Some(0.0));
    }
}

#[test]
fn those_who_watch_are_counted_while_they_do() {
    let (_chronyd, dashboard) = shown(Scenario::synchronized());
    let viewers = || metrics(&dashboard).value("second_hand_live_viewers", &[]);
    assert_eq!(viewers(), Some(0.0));
    let stream = ureq::get(format!("{}/api/v1/stream", dashboard.url)).call().expect("a stream");
    assert_eq!(viewers(), Some(1.0));
    drop(stream);
    eventually("the viewer is gone", || (viewers() == Some(0.0)).then_some(()));
}

#[test]
fn this_process_is_told_as_the_system_sees_it() {
    let (_chronyd, dashboard) = shown(Scenario::synchronized());
    let metrics = metrics(&dashboard);
    let value = |name: &str| metrics.value(name, &[]).unwrap_or_else(|| panic!("no {name}"));
    let memory = crate::common::process::memory(dashboard.pid());
    #[expect(clippy::cast_precision_loss, reason = "less memory than a float holds exactly")]
    let memory = memory as f64 * 1024.0;
    let told = value("process_resident_memory_bytes");
    assert!((told / memory - 1.0).abs() < 0.2, "{told} and {memory}");
    assert!(value("process_virtual_memory_bytes") > told);
    assert!(value("process_open_fds") >= 8.0 && value("process_max_fds") >= 1024.0);
    assert!((0.0..60.0).contains(&value("process_cpu_seconds_total")));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time");
    let age = now.as_secs_f64() - value("process_start_time_seconds");
    assert!((0.0..60.0).contains(&age), "{age} s");
    assert_eq!(dashboard.end(Signal::TERM).code(), Some(0));
}

#[test]
fn hostile_names_stay_within_their_labels() {
    let mut scenario = Scenario::synchronized();
    let name = "x\"} 666\\chrony_up 0";
    scenario.sources[0].name = name.to_owned();
    scenario.sources.push(Source::reference_clock(*b"\"\\{="));
    let (_chronyd, dashboard) = shown(scenario);
    for accepted in ["text/plain", "application/openmetrics-text"] {
        let metrics = Metrics::of(&accepting(&dashboard, accepted).body);
        assert_eq!(metrics.value("chrony_up", &[]), Some(1.0));
        let labels = [("source_address", "192.0.2.11"), ("source_name", name)];
        assert_eq!(metrics.value("chrony_sources_stratum", &labels), Some(2.0));
        let clock = [("source_address", "\"\\{="), ("source_name", "\"\\{=")];
        assert_eq!(metrics.value("chrony_sources_stratum", &clock), Some(0.0));
    }
    let head = talk(&dashboard, b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n");
    assert!(head.starts_with("HTTP/1.0 200") || head.starts_with("HTTP/1.1 200"), "{head:.60}");
}
