//! A snapshot as text for Prometheus: numbers with names, units and labels, made anew for each scrape,
//! so that what is gone from chronyd is gone from the text.
//!
//! Names and labels are those of chrony_exporter where it has them; what it does not have begins with
//! `second_hand_`. Each report has a file with the table of its metrics; docs/metrics.md explains them.
//! What is absent, or never was, has no line: no placeholder of chronyd becomes a number.

mod access;
mod activity;
mod authdata;
mod clients;
mod family;
mod labels;
mod ntpdata;
mod own;
mod rtcdata;
#[cfg(test)]
mod samples;
mod selectdata;
mod serverstats;
mod smoothing;
mod sources;
mod sourcestats;
mod tracking;

use std::io::Write;
use std::time::Duration;

use libchrony::{Clients, Error, Snapshot};

use family::Page;
use labels::Names;

pub(crate) use own::{Own, Process};

/// The two forms of the text, which have the same series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Prometheus' own, version 0.0.4.
    Classic,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Form {
    /// Its content type.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Classic => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// Writes what a reading of a chronyd says, or that it says nothing, and why; `clients` is `None` where
/// they were not asked for. `duration` is how long the reading took. It writes to memory, which does not
/// fail.
pub(crate) fn of_snapshot(
    given: Result<&Snapshot, &Error>,
    clients: Option<Result<&Clients, &Error>>,
    duration: Duration,
    form: Form,
    text: &mut dyn Write,
) {
    let mut page = Page::new(form, text);
    reading(&mut page, given, clients, duration);
    page.end();
}

/// The same, and what this process says of itself.
pub(crate) fn of_site(
    given: Result<&Snapshot, &Error>,
    clients: Option<Result<&Clients, &Error>>,
    duration: Duration,
    own: &Own,
    form: Form,
    text: &mut dyn Write,
) {
    let mut page = Page::new(form, text);
    reading(&mut page, given, clients, duration);
    own.tell(&mut page);
    page.end();
}

fn reading(
    page: &mut Page<'_>,
    given: Result<&Snapshot, &Error>,
    clients: Option<Result<&Clients, &Error>>,
    duration: Duration,
) {
    access::tell(page, given, clients, duration);
    let Ok(snapshot) = given else { return };
    let names = Names::of(snapshot);
    if let Some(report) = &snapshot.tracking {
        tracking::tell(page, report, snapshot.fetched_at, &names);
    }
    if let Some(report) = &snapshot.sources {
        sources::tell(page, report, &names);
    }
    if let Some(report) = &snapshot.sourcestats {
        sourcestats::tell(page, report, &names);
    }
    if let Some(report) = &snapshot.selectdata {
        selectdata::tell(page, report, &names);
    }
    if let Some(report) = &snapshot.activity {
        activity::tell(page, report);
    }
    if let Some(report) = &snapshot.authdata {
        authdata::tell(page, report, &names);
    }
    if let Some(report) = &snapshot.ntpdata {
        ntpdata::tell(page, report, &names);
    }
    if let Some(report) = &snapshot.serverstats {
        serverstats::tell(page, report);
    }
    if let Some(report) = &snapshot.rtcdata {
        rtcdata::tell(page, report);
    }
    if let Some(report) = &snapshot.smoothing {
        smoothing::tell(page, report);
    }
    if let Some(Ok(report)) = clients {
        clients::tell(page, report);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use libchrony::testing::{Fault, Generation, Simulator, Source};
    use libchrony::{ErrorKind, ReportName, testing::Scenario};

    use super::samples::{Read, everything, name, own, read, series, shown};
    use super::*;

    /// Every metric there is.
    fn metrics() -> Vec<&'static family::Metric> {
        let reports = [
            access::metrics(),
            tracking::metrics(),
            sources::metrics(),
            sourcestats::metrics(),
            selectdata::metrics(),
            activity::metrics(),
            authdata::metrics(),
            ntpdata::metrics(),
            serverstats::metrics(),
            rtcdata::metrics(),
            smoothing::metrics(),
            clients::metrics(),
            own::metrics(),
        ];
        reports.into_iter().flatten().collect()
    }

    fn scenarios() -> Vec<Scenario> {
        vec![
            everything(),
            Scenario::synchronized(),
            Scenario::unsynchronized(),
            Scenario::no_sources(),
            Scenario::only_unreachable(),
            Scenario::local(),
            Scenario::leap_insert(),
            Scenario::gps_and_pps(),
            Scenario::falseticker(),
            Scenario::unresolved(),
            Scenario::many_sources(40),
        ]
    }

    fn value(series: &BTreeMap<String, f64>, name: &str) -> f64 {
        *series.get(name).unwrap_or_else(|| panic!("no {name} in {series:#?}"))
    }

    /// Whether any series has this name, and this text among its labels.
    fn has(series: &BTreeMap<String, f64>, wanted: &str, label: &str) -> bool {
        series.keys().any(|key| name(key) == wanted && key.contains(label))
    }

    #[test]
    fn a_clock_without_sources_is_told_in_few_lines() {
        let text = shown(Scenario::no_sources()).text(Form::Classic);
        let version = env!("CARGO_PKG_VERSION");
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let from = lines.iter().position(|line| line.starts_with("chrony_tracking_info")).unwrap();
        assert_eq!(lines[0], "chrony_up 1");
        assert_eq!(lines[1], format!("second_hand_build_info{{version=\"{version}\"}} 1"));
        let expected = r#"chrony_tracking_info{tracking_address="",tracking_name="",tracking_refid="00000000"} 1
chrony_tracking_last_offset_seconds 0.0
chrony_tracking_system_time_seconds 0.0
chrony_tracking_rms_offset_seconds 0.0
chrony_tracking_reference_timestamp_seconds 0.0
chrony_tracking_remote_reference 0
chrony_tracking_root_delay_seconds 1.0
chrony_tracking_root_dispersion_seconds 1.0
chrony_tracking_frequency_ppms 0.0
chrony_tracking_residual_frequency_ppms 0.0
chrony_tracking_skew_ppms 0.0
chrony_tracking_update_interval_seconds 0.0
chrony_tracking_stratum 0
second_hand_tracking_synchronized 0
second_hand_tracking_local_reference 0
second_hand_tracking_leap_status{leap_status="normal"} 0
second_hand_tracking_leap_status{leap_status="insert"} 0
second_hand_tracking_leap_status{leap_status="delete"} 0
second_hand_tracking_leap_status{leap_status="unsynchronised"} 1
second_hand_sources{source_state="sync"} 0
second_hand_sources{source_state="unreach"} 0
second_hand_sources{source_state="falseticker"} 0
second_hand_sources{source_state="jittery"} 0
second_hand_sources{source_state="candidate"} 0
second_hand_sources{source_state="outlier"} 0
second_hand_sources_reachable 0
second_hand_sources_configured 0
second_hand_activity_sources{activity="online"} 0"#;
        let found = lines[from..].iter().take(expected.lines().count()).copied();
        assert_eq!(found.collect::<Vec<_>>().join("\n"), expected);
    }

    #[test]
    fn both_forms_have_the_same_series_in_every_state() {
        for scenario in scenarios() {
            let read = shown(scenario);
            let both = [Form::Classic, Form::OpenMetrics].map(|form| read.site_text(&own(), form));
            // A limit of a histogram is written as each form wants it: 5 and 5.0.
            let [classic, open] = both.each_ref().map(|text| series(&text.replace(".0\"}", "\"}")));
            assert_eq!(classic, open);
            let [classic, open] = both;
            assert!(!classic.contains("# EOF") && !classic.contains("# UNIT"), "{classic}");
            assert!(open.ends_with("\n# EOF\n"), "{open}");
        }
    }

    #[test]
    fn no_state_and_no_generation_gives_a_series_twice_an_unknown_name_or_no_number() {
        let known: BTreeSet<_> = metrics().into_iter().map(|metric| metric.name).collect();
        let mut seen = BTreeSet::new();
        let mut hold = |read: &Read| {
            for (key, value) in series(&read.site_text(&own(), Form::Classic)) {
                assert!(value.is_finite() && value < 4.0e9, "{key} {value}");
                let whole = ["_bucket", "_sum", "_count"].iter().find_map(|part| {
                    name(&key).strip_suffix(part).filter(|stem| known.contains(stem))
                });
                let name = whole.unwrap_or(name(&key)).to_owned();
                assert!(known.contains(name.as_str()), "{name} is in no table");
                seen.insert(name);
            }
        };
        for scenario in scenarios() {
            hold(&shown(scenario));
        }
        for generation in Generation::ALL {
            let scenario = Scenario { generation, ..everything() };
            hold(&shown(scenario));
        }
        hold(&read(&Simulator::start_udp(everything()).unwrap()));
        let never: Vec<_> = known.iter().filter(|name| !seen.contains(**name)).collect();
        assert!(never.is_empty(), "never told: {never:?}");
    }

    /// What chrony_exporter 0.13.3 calls what every chronyd tells, and its 0.14 the clients.
    const EXPORTER: &str = "chrony_up chrony_exporter_build_info chrony_tracking_info chrony_tracking_last_offset_seconds
        chrony_tracking_system_time_seconds chrony_tracking_rms_offset_seconds chrony_tracking_reference_timestamp_seconds
        chrony_tracking_remote_reference chrony_tracking_root_delay_seconds chrony_tracking_root_dispersion_seconds
        chrony_tracking_frequency_ppms chrony_tracking_residual_frequency_ppms chrony_tracking_skew_ppms
        chrony_tracking_update_interval_seconds chrony_tracking_stratum chrony_sources_last_sample_age_seconds
        chrony_sources_reachability_ratio chrony_sources_reachability_success chrony_sources_last_sample_offset_seconds
        chrony_sources_last_sample_error_margin_seconds chrony_sources_polling_interval_seconds chrony_sources_stratum
        chrony_sources_state_info chrony_sources_peer_offset_seconds chrony_sources_peer_delay_seconds
        chrony_sources_peer_dispersion_seconds chrony_sources_peer_response_time_seconds
        chrony_sources_peer_jitter_asymmetry_seconds chrony_sourcestats_samples chrony_sourcestats_runs
        chrony_sourcestats_span_seconds chrony_sourcestats_stddev chrony_sourcestats_frequency_ppms
        chrony_sourcestats_frequency_skew_ppms chrony_sourcestats_offset chrony_serverstats_ntp_packets_received_total
        chrony_serverstats_ntp_packets_dropped_total chrony_serverstats_command_packets_received_total
        chrony_serverstats_command_packets_dropped_total chrony_serverstats_client_log_records_dropped_total
        chrony_clients_connected chrony_clients_last_ntp_hit_ago_seconds_count chrony_clients_ntp_interval_seconds_count
        chrony_clients_ntp_drops_count";
    /// What it calls the further counters of the server, with the chronyd that counts them first.
    const SERVER: [(Generation, &str); 3] = [
        (
            Generation::V4_0,
            "nts_ke_connections_accepted_total nts_ke_connections_dropped_total authenticated_ntp_packets_total",
        ),
        (
            Generation::V4_2,
            "interleaved_ntp_packets_total ntp_timestamps_held ntp_timestamp_span_seconds",
        ),
        (
            Generation::V4_4,
            "ntp_daemon_rx_timestamps_total ntp_daemon_tx_timestamps_total ntp_kernel_rx_timestamps_total
            ntp_kernel_tx_timestamps_total ntp_hw_rx_timestamps_total ntp_hw_tx_timestamps_total",
        ),
    ];

    #[test]
    fn every_name_of_chrony_exporter_is_there_as_far_as_chronyd_counts_it() {
        let now = shown(everything()).series();
        for expected in EXPORTER.split_whitespace() {
            assert!(has(&now, expected, ""), "no {expected}");
        }
        for generation in Generation::ALL {
            if generation < Generation::V2_3 {
                continue;
            }
            let series = shown(Scenario { generation, ..everything() }).series();
            assert_eq!(series["chrony_serverstats_ntp_packets_received_total"], 12_345.0);
            for (first, names) in SERVER {
                for name in names.split_whitespace() {
                    let name = format!("chrony_serverstats_{name}");
                    assert_eq!(
                        has(&series, &name, ""),
                        generation >= first,
                        "{generation:?} {name}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_was_never_sampled_has_no_age_no_offset_and_no_placeholders() {
        let series = shown(Scenario::only_unreachable()).series();
        for absent in [
            "chrony_sources_last_sample_age_seconds",
            "chrony_sources_last_sample_offset_seconds",
            "chrony_sources_stratum",
            "chrony_sourcestats_stddev",
            "chrony_sourcestats_frequency_skew_ppms",
            "chrony_sources_peer_delay_seconds",
            "second_hand_selectdata_last_sample_age_seconds",
            "second_hand_ntpdata_info",
            "second_hand_ntpdata_test_passed",
            "second_hand_authdata_last_nts_ke_age_seconds",
            "second_hand_max_error_seconds",
            "second_hand_tracking_last_update_age_seconds",
        ] {
            assert!(!has(&series, absent, ""), "{absent} is there");
        }
        let labels = "source_address=\"192.0.2.21\",source_name=\"192.0.2.21\"";
        assert_eq!(value(&series, &format!("chrony_sources_reachability_ratio{{{labels}}}")), 0.0);
        assert_eq!(value(&series, &format!("chrony_sourcestats_samples{{{labels}}}")), 0.0);
        assert_eq!(value(&series, "second_hand_sources{source_state=\"unreach\"}"), 2.0);
        assert_eq!(value(&series, "second_hand_sources_reachable"), 0.0);
        assert_eq!(value(&series, "second_hand_sources_configured"), 2.0);
    }

    #[test]
    fn a_clock_that_follows_itself_or_nothing_has_no_remote_reference() {
        let of = |scenario| shown(scenario).series();
        let local = of(Scenario::local());
        assert_eq!(value(&local, "chrony_tracking_remote_reference"), 0.0);
        assert_eq!(value(&local, "second_hand_tracking_local_reference"), 1.0);
        assert_eq!(value(&local, "second_hand_tracking_synchronized"), 1.0);
        assert!(has(&local, "second_hand_max_error_seconds", ""));
        let info =
            "tracking_address=\"7F7F0101\",tracking_name=\"7F7F0101\",tracking_refid=\"7F7F0101\"";
        assert!(has(&local, "chrony_tracking_info", info), "{local:#?}");
        let nothing = of(Scenario::unsynchronized());
        assert_eq!(value(&nothing, "chrony_tracking_remote_reference"), 0.0);
        assert_eq!(value(&nothing, "second_hand_tracking_synchronized"), 0.0);
        assert_eq!(value(&nothing, "chrony_tracking_stratum"), 0.0);
        assert!(!has(&nothing, "second_hand_max_error_seconds", ""));
        let clock = of(Scenario::gps_and_pps());
        assert_eq!(value(&clock, "chrony_tracking_remote_reference"), 1.0);
        let info = "tracking_address=\"PPS\",tracking_name=\"PPS\",tracking_refid=\"50505300\"";
        assert!(has(&clock, "chrony_tracking_info", info), "{clock:#?}");
        // A clock that is ignored on purpose is told from one that does not answer.
        let gps = "source_address=\"GPS\",source_name=\"GPS\",";
        let state = format!("{gps}source_state=\"unreach\",source_mode=\"reference clock\"");
        assert!(has(&clock, "chrony_sources_state_info", &state), "{clock:#?}");
        let state = format!("{gps}select_state=\"ignored\"");
        assert!(has(&clock, "second_hand_selectdata_state_info", &state), "{clock:#?}");
        assert!(!has(&clock, "chrony_sources_peer_delay_seconds", "GPS"), "{clock:#?}");
        assert!(has(&clock, "chrony_sourcestats_samples", "GPS"), "{clock:#?}");
    }

    #[test]
    fn refused_reports_leave_the_link_up_and_say_why() {
        let series = read(&Simulator::start_udp(everything()).unwrap()).series();
        assert_eq!(value(&series, "chrony_up"), 1.0);
        assert_eq!(value(&series, "second_hand_report_success{report=\"tracking\"}"), 1.0);
        for report in ["serverstats", "selectdata", "authdata", "ntpdata", "clients"] {
            let success = format!("second_hand_report_success{{report=\"{report}\"}}");
            assert_eq!(value(&series, &success), 0.0);
            let why = format!("{{report=\"{report}\",kind=\"not_authorized\"}}");
            assert_eq!(value(&series, &format!("second_hand_report_unavailable_info{why}")), 1.0);
        }
        assert!(has(&series, "chrony_sources_stratum", ""));
        assert!(!has(&series, "chrony_serverstats_ntp_packets_received_total", ""));
    }

    #[test]
    fn a_chronyd_that_gives_nothing_is_down_and_says_why_of_each_report() {
        let refusing = Simulator::start_unix(everything()).unwrap();
        refusing.script([Fault::always().status(2)]);
        let stopped = Simulator::start_unix(everything()).unwrap();
        stopped.stop_answering();
        for (chronyd, kind) in
            [(refusing, ErrorKind::NotAuthorized), (stopped, ErrorKind::TimedOut)]
        {
            let series = read(&chronyd).series();
            assert_eq!(value(&series, "chrony_up"), 0.0);
            for report in ReportName::ALL.iter().chain([&ReportName::Clients]) {
                let success = format!("second_hand_report_success{{report=\"{report}\"}}");
                assert_eq!(value(&series, &success), 0.0, "{report}");
                let why = format!("{{report=\"{report}\",kind=\"{kind}\"}}");
                let why = format!("second_hand_report_unavailable_info{why}");
                assert_eq!(value(&series, &why), 1.0, "{report}");
            }
            assert_eq!(value(&series, "second_hand_read_duration_seconds"), 0.25);
            assert!(!series.keys().any(|key| key.starts_with("chrony_tracking")), "{series:#?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_counted_and_the_rest_is_told() {
        let mut scenario = Scenario::synchronized();
        scenario.sources[1].poll = 77;
        let series = shown(scenario).series();
        assert_eq!(value(&series, "second_hand_unreadable_records"), 1.0, "{series:#?}");
        assert_eq!(value(&series, "second_hand_sources_configured"), 2.0);
    }

    #[test]
    fn two_clocks_of_one_id_are_told_apart_in_the_same_way_by_each_report() {
        let mut scenario = Scenario::gps_and_pps();
        let mut second = scenario.sources[0].clone();
        (second.stratum, second.stats.samples) = (7, 3);
        scenario.sources.push(second);
        let series = shown(scenario).series();
        let of = |name: &str, address: &str| {
            let labels = format!("{{source_address=\"{address}\",source_name=\"{address}\"}}");
            value(&series, &format!("{name}{labels}"))
        };
        assert_eq!(of("chrony_sources_stratum", "GPS"), 0.0);
        assert_eq!(of("chrony_sources_stratum", "GPS-2"), 7.0);
        assert_eq!(of("chrony_sourcestats_samples", "GPS-2"), 3.0);
        assert_ne!(of("chrony_sourcestats_samples", "GPS"), 3.0);
    }

    #[test]
    fn a_name_without_address_is_counted_and_has_statistics_only() {
        let series = shown(Scenario::unresolved()).series();
        assert!(
            !series.keys().any(|key| key.starts_with("chrony_sources_") && key.contains("ID#"))
        );
        let labels = "source_address=\"ID#0000000001\",source_name=\"lost.example.net\"";
        assert_eq!(value(&series, &format!("chrony_sourcestats_samples{{{labels}}}")), 0.0);
        assert_eq!(value(&series, "second_hand_sources_configured"), 5.0);
        let activity = "second_hand_activity_sources{activity=\"unresolved\"}";
        assert_eq!(value(&series, activity), 2.0);
    }

    #[test]
    fn hostile_names_are_labels_like_others() {
        let mut scenario = Scenario::synchronized();
        scenario.sources[0].name = "a\"b\\c{d=\"e\"} 1\n# EOF".to_owned();
        scenario.sources.push(Source::reference_clock(*b"\"\\}\n"));
        scenario.sources.push(Source::reference_clock(*b"\"\\} "));
        let read = shown(scenario);
        // A line break is replaced before.
        let name = "source_name=\"a\\\"b\\\\c{d=\\\"e\\\"} 1\u{fffd}# EOF\"";
        let series = read.series();
        assert!(has(&series, "chrony_sources_stratum", name), "{series:#?}");
        assert!(has(&series, "chrony_sources_stratum", "source_address=\"225C7D0A\""));
        assert!(has(&series, "chrony_sources_stratum", "source_address=\"\\\"\\\\} \""));
        assert_eq!(read.text(Form::OpenMetrics).matches("\n# EOF").count(), 1);
    }

    #[test]
    fn an_unknown_state_is_told_by_its_number() {
        let mut scenario = Scenario::synchronized();
        (scenario.sources[0].state, scenario.sources[1].mode, scenario.tracking.leap) = (9, 7, 5);
        let series = shown(scenario).series();
        assert!(has(&series, "chrony_sources_state_info", "source_state=\"unknown (9)\""));
        assert!(has(&series, "chrony_sources_state_info", "source_mode=\"unknown (7)\""));
        assert_eq!(value(&series, "second_hand_sources{source_state=\"unknown (9)\"}"), 1.0);
        let leap = "second_hand_tracking_leap_status{leap_status=\"unknown (5)\"}";
        assert_eq!(value(&series, leap), 1.0);
    }

    /// The rows of docs/metrics.md: name, labels, type and meaning.
    fn documented() -> BTreeMap<&'static str, [&'static str; 3]> {
        let text = include_str!("../../docs/metrics.md");
        let tables = text.split("\n## ").find(|part| part.starts_with("The metrics")).unwrap();
        let row = |line: &'static str| {
            let (name, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
            let mut cells = rest.split('|').map(str::trim);
            let cells = [cells.next()?, cells.next()?, cells.next()?];
            Some((name, cells))
        };
        let rows: Vec<_> = tables.lines().filter_map(row).collect();
        let number = rows.len();
        let rows: BTreeMap<_, _> = rows.into_iter().collect();
        assert_eq!(rows.len(), number, "a metric has two rows");
        rows
    }

    #[test]
    fn the_document_has_a_row_for_every_metric_and_no_other_row() {
        let documented = documented();
        for metric in metrics() {
            let Some([_, kind, says]) = documented.get(metric.name) else {
                panic!("docs/metrics.md has no row for {}", metric.name);
            };
            assert_eq!((*kind, *says), metric.row(), "{}", metric.name);
        }
        let told: BTreeSet<_> = metrics().into_iter().map(|metric| metric.name).collect();
        assert_eq!(told.len(), metrics().len(), "a name stands in two tables");
        let unknown: Vec<_> = documented.keys().filter(|name| !told.contains(**name)).collect();
        assert!(unknown.is_empty(), "docs/metrics.md has rows for {unknown:?}");
    }

    #[test]
    fn a_source_costs_as_many_series_as_the_document_says() {
        let series = shown(everything()).series();
        let of = |address: &str| {
            let label = format!("{{source_address=\"{address}\",");
            series.keys().filter(|key| key.contains(&label)).count()
        };
        let text = include_str!("../../docs/metrics.md");
        let says =
            format!("costs up to {} series, a reference clock {}.", of("192.0.2.11"), of("GPS"));
        assert!(text.contains(&says), "docs/metrics.md does not say: {says}");
    }

    #[test]
    fn labels_are_those_of_the_document() {
        let documented = documented();
        for key in shown(everything()).series().keys() {
            let name = name(key);
            let Some([labels, ..]) = documented.get(name) else { continue };
            let expected = labels.replace('S', "source_address, source_name");
            let labels = key.split_once('{').map_or("", |(_, labels)| labels);
            let labels = labels.split("=\"").filter_map(|part| part.rsplit(['"', ',']).next());
            let mut labels: Vec<_> = labels.collect();
            labels.pop();
            assert_eq!(labels.join(", "), expected, "{name}");
        }
    }
}
