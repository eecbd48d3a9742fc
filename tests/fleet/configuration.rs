//! The example configuration, with targets that exist.

use std::collections::BTreeMap;
use std::fs;

use crate::common::chronyd::Chronyd;
use crate::common::dashboard::{Dashboard, second_hand};
use crate::common::prometheus::Prometheus;
use crate::common::{PATIENCE, within};
use crate::{files, packaging};

/// The example, each of its targets replaced, or left out where there is nothing in its place, and
/// asking each second.
pub(crate) fn example(targets: &[(&str, Option<&str>)]) -> String {
    let mut text = fs::read_to_string(packaging("prometheus/prometheus.yml")).unwrap();
    for (target, replacement) in targets {
        assert!(text.contains(target), "{target} is no target of the example");
        text = match replacement {
            Some(replacement) => text.replace(target, replacement),
            None => {
                let kept = text.lines().filter(|line| !line.contains(target));
                kept.collect::<Vec<_>>().join("\n")
            }
        };
    }
    assert!(!text.contains("targets.example") && !text.contains(".example.net"), "{text}");
    text.replace("30s", "1s").replace("10s", "1s")
}

pub(crate) fn the_example_reads_real_chronyds_through_probe_by_their_own_names() {
    let open = |address: &str| format!("bindcmdaddress {address}\ncmdallow 127.0.0.0/8\n");
    let server = Chronyd::server_with(2, &open("127.0.0.5"));
    let source =
        format!("server 127.0.0.1 port {} minpoll -2 maxpoll -1 iburst\n", server.ntp_port);
    let client = Chronyd::client(&format!("{source}{}", open("127.0.0.6")));
    client.wait_until("it follows the server", |snapshot| {
        snapshot.tracking.as_ref().is_some_and(libchrony::Tracking::is_synchronized)
    });
    let (one, other) = (
        format!("127.0.0.5:{}", server.command_port),
        format!("127.0.0.6:{}", client.command_port),
    );
    // Nobody listens there; and one that may not be asked.
    let (dead, foreign) = (
        format!("127.0.0.7:{}", server.command_port),
        format!("127.0.0.8:{}", client.command_port),
    );
    let mut command = second_hand();
    command.args(["--port", "0", "--refresh", "1h", "--chronyd", &client.unix()]);
    for allowed in [&one, &other, &dead] {
        command.args(["--probe-allow", allowed]);
    }
    let dashboard = Dashboard::start(&mut command);
    let configuration = example(&[
        ("ntp1.example.net:8000", Some(dashboard.authority())),
        ("ntp2.example.net:8000", None),
        ("prober.example.net:8000", Some(dashboard.authority())),
        ("192.0.2.11", Some(&one)),
        ("192.0.2.12", Some(&other)),
        ("\"[2001:db8::11]:11323\"", Some(&dead)),
        ("clock.example.net", Some(&foreign)),
    ]);
    let prometheus = Prometheus::start(&configuration, &files("prometheus/rules", "yml"));
    let by_instance = |expression: &str| -> BTreeMap<String, f64> {
        let samples = prometheus.samples(expression).into_iter();
        samples.map(|(labels, value)| (labels["instance"].clone(), value)).collect()
    };
    let expected = |pairs: &[(&str, f64)]| -> BTreeMap<String, f64> {
        pairs.iter().map(|(instance, value)| ((*instance).to_owned(), *value)).collect()
    };
    let answer = |expression: &str, wanted: &[(&str, f64)]| {
        let wanted = expected(wanted);
        let mut last = BTreeMap::new();
        let came = within(PATIENCE, || {
            last = by_instance(expression);
            (last == wanted).then_some(())
        });
        assert!(
            came.is_some(),
            "{expression} is {last:?}, not {wanted:?}\n{:#?}\n{}",
            prometheus.get("targets", None),
            prometheus.log()
        );
    };
    // Each series carries the machine that it is of, not the one that was asked.
    answer("chrony_tracking_stratum{job=\"chrony-probe\"}", &[(&one, 2.0), (&other, 3.0)]);
    answer("chrony_up{job=\"chrony-probe\"}", &[(&one, 1.0), (&other, 1.0), (&dead, 0.0)]);
    answer(
        "up{job=\"chrony-probe\"}",
        &[(&one, 1.0), (&other, 1.0), (&dead, 1.0), (&foreign, 0.0)],
    );
    answer("second_hand_tracking_local_reference == 1", &[(&one, 1.0)]);
    answer("chrony_tracking_stratum{job=\"second-hand\"}", &[(dashboard.authority(), 3.0)]);
    // The shipped rules are evaluated on them.
    let error = "instance:chrony_clock_error_seconds:abs{job=\"chrony-probe\"} < bool 1";
    answer(error, &[(&one, 1.0), (&other, 1.0)]);
    answer("ALERTS{alertname=\"ChronydDown\"}", &[(&dead, 1.0)]);
    answer("ALERTS{alertname=\"SecondHandDown\"}", &[(&foreign, 1.0)]);
    let rules = prometheus.get("rules", None).unwrap();
    for group in rules["data"]["groups"].as_array().unwrap() {
        for rule in group["rules"].as_array().unwrap() {
            assert_eq!(rule["health"], "ok", "{rule:#}");
        }
    }
}
