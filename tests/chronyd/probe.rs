//! Other machines' daemons, read over UDP by `/probe`.

use super::common::chronyc::Witness;
use super::common::chronyd::Chronyd;
use super::common::dashboard::{Dashboard, Response, second_hand};

/// A dashboard without a chronyd of its own that may probe these.
fn prober(allowed: &[&str]) -> Dashboard {
    let mut command = second_hand();
    command.args(["--port", "0", "--refresh", "1h", "--chronyd", "/nowhere/chronyd.sock"]);
    for allowed in allowed {
        command.args(["--probe-allow", allowed]);
    }
    Dashboard::start(command.args(["--timeout", "500ms"]))
}

fn probe(dashboard: &Dashboard, target: &str) -> Response {
    let response = dashboard.get(&format!("/probe?target={target}"));
    assert_eq!(response.status, 200, "{}", response.body);
    response
}

fn value(response: &Response, series: &str) -> f64 {
    let lines = || response.body.lines();
    let found = lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok());
    found.unwrap_or_else(|| panic!("{series} is not in {}", response.body))
}

pub(crate) fn a_chronyd_on_another_address_says_by_probe_what_chronyc_says() {
    let server = Chronyd::server(3);
    let source = |last: u8| {
        format!("server 127.0.0.{last} port {} minpoll -2 maxpoll -1 iburst\n", server.ntp_port)
    };
    let lines = format!("{}{}bindcmdaddress 127.0.0.5\ncmdallow 127.0.0.0/8", source(2), source(3));
    let client = Chronyd::client(&lines);
    client.wait_until_at_rest();
    let target = format!("127.0.0.5:{}", client.command_port);
    let dashboard = prober(&[&target]);

    let read = || probe(&dashboard, &target);
    let (response, witness) = Witness::around(&client, "tracking", &[4, 11], read);
    assert!((value(&response, "chrony_up") - 1.0).abs() < f64::EPSILON);
    for (field, name) in [
        (2, "stratum"),
        (4, "system_time_seconds"),
        (6, "rms_offset_seconds"),
        (7, "frequency_ppms"),
        (8, "residual_frequency_ppms"),
        (9, "skew_ppms"),
        (10, "root_delay_seconds"),
        (11, "root_dispersion_seconds"),
        (12, "update_interval_seconds"),
    ] {
        witness.agrees(0, field, value(&response, &format!("chrony_tracking_{name}")));
    }

    let (response, witness) = Witness::around(&client, "sourcestats", &[], read);
    assert_eq!(witness.lines(), 2);
    for line in 0..2 {
        let address = witness.text(line, 0);
        let of_source = |name: &str| {
            let series = format!(
                "chrony_sourcestats_{name}{{source_address=\"{address}\",source_name=\"{address}\"}}"
            );
            value(&response, &series)
        };
        for (field, name) in [
            (1, "samples"),
            (2, "runs"),
            (3, "span_seconds"),
            (4, "frequency_ppms"),
            (5, "frequency_skew_ppms"),
        ] {
            witness.agrees(line, field, of_source(name));
        }
        witness.agrees(line, 7, of_source("stddev"));
    }
    // What chronyd keeps to its socket is said to be kept.
    let kept = "second_hand_report_unavailable_info{report=\"ntpdata\",kind=\"not_authorized\"}";
    assert!((value(&response, kept) - 1.0).abs() < f64::EPSILON);
}

pub(crate) fn a_chronyd_that_hangs_or_does_not_listen_there_is_down_and_says_why() {
    let chronyd = Chronyd::client("bindcmdaddress 127.0.0.6");
    let (there, elsewhere) = (
        format!("127.0.0.6:{}", chronyd.command_port),
        format!("127.0.0.7:{}", chronyd.command_port),
    );
    let dashboard = prober(&[&there, &elsewhere]);
    let assert_down = |target: &str, kind: &str| {
        let response = probe(&dashboard, target);
        assert!(value(&response, "chrony_up").abs() < f64::EPSILON, "{}", response.body);
        let why =
            format!("second_hand_report_unavailable_info{{report=\"tracking\",kind=\"{kind}\"}}");
        assert!((value(&response, &why) - 1.0).abs() < f64::EPSILON, "{}", response.body);
    };
    assert_down(&elsewhere, "nobody_listens");
    chronyd.stop();
    assert_down(&there, "timed_out");
    chronyd.go_on();
    assert!((value(&probe(&dashboard, &there), "chrony_up") - 1.0).abs() < f64::EPSILON);
}

pub(crate) fn a_chronyd_is_probed_by_ipv6_too() {
    let chronyd = Chronyd::client("local stratum 5");
    let target = format!("[::1]:{}", chronyd.command_port);
    let response = probe(&prober(&[&target]), &target);
    assert!((value(&response, "chrony_tracking_stratum") - 5.0).abs() < f64::EPSILON);
}
