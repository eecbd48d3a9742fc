//! The page of three servers, held against chronyc; the same daemon over UDP; two threads at once.

use libchrony::{ErrorKind, ReportName};
use serde_json::Value;
use serial_test::serial;

use super::common::chronyc::Witness;
use super::common::chronyd::Chronyd;
use super::common::dashboard::Dashboard;
use super::common::page::{Page, quantity};
use super::examples;
use super::trio::trio;

/// A page, and chronyc's word on the same moment.
fn witnessed(report: ReportName, moving: &[usize]) -> (Page, Witness) {
    let trio = trio();
    Witness::around(&trio.client, report.as_str(), moving, || {
        let response = trio.dashboard.get("/");
        assert_eq!(response.status, 200);
        response.page()
    })
}

/// The number in a cell is chronyc's, to the digits that the page shows.
fn shows(witness: &Witness, line: usize, field: usize, cell: &str) {
    let (value, digit) = quantity(cell);
    witness.resembles(line, field, value, digit / 2.0);
}

#[serial]
pub(crate) fn the_table_of_sources_shows_what_chronyc_says() {
    let (page, witness) = witnessed(ReportName::Sources, &[6]);
    let rows = page.rows(".sources");
    assert_eq!((rows.len(), witness.lines()), (3, 3));
    for cells in rows {
        let [state, source, mode, stratum, poll, reach, _age, offset, error, measured] = &cells[..]
        else {
            panic!("a row of ten cells: {cells:?}")
        };
        // Behind the address may stand why the source is in its state.
        let line = witness.line(2, source.split(' ').next().unwrap());
        assert_eq!(witness.text(line, 1), &state[..1]);
        assert_eq!((witness.text(line, 0), mode.as_str()), ("^", "^ server"));
        assert_eq!(witness.text(line, 3), stratum);
        let octal = witness.text(line, 5);
        let answered = u8::from_str_radix(octal, 8).unwrap().count_ones();
        assert_eq!(reach, &format!("{answered} of 8 {octal}"));
        let (interval, _) = quantity(poll);
        witness.agrees(line, 4, interval.log2());
        shows(&witness, line, 7, offset);
        shows(&witness, line, 8, measured);
        shows(&witness, line, 9, error);
    }
    assert!(page.rows(".sources")[0][0].starts_with('*'), "the selected source is not first");
    assert_eq!(page.all(".sources tbody tr.selected").len(), 1);
}

#[serial]
pub(crate) fn the_table_of_statistics_shows_what_chronyc_says() {
    let (page, witness) = witnessed(ReportName::SourceStats, &[6]);
    let rows = page.rows(".sourcestats");
    assert_eq!((rows.len(), witness.lines()), (3, 3));
    for cells in rows {
        let [source, samples, runs, span, frequency, skew, offset, _error, std_dev] = &cells[..]
        else {
            panic!("a row of nine cells: {cells:?}")
        };
        let line = witness.line(0, source);
        assert_eq!((witness.text(line, 1), witness.text(line, 2)), (&samples[..], &runs[..]));
        // The span is in minutes and seconds where it is long.
        if !span.contains('m') {
            shows(&witness, line, 3, span);
        }
        shows(&witness, line, 4, frequency);
        shows(&witness, line, 5, skew);
        shows(&witness, line, 6, offset);
        shows(&witness, line, 7, std_dev);
    }
}

#[serial]
pub(crate) fn the_page_of_a_source_shows_what_chronyc_says() {
    let trio = trio();
    for last in 2..=4 {
        let address = format!("127.0.0.{last}");
        let read = || {
            let response = trio.dashboard.get(&format!("/sources/{address}"));
            assert_eq!(response.status, 200);
            response.page()
        };
        let (page, witness) = Witness::around(&trio.client, "sources", &[6], read);
        let line = witness.line(2, &address);
        assert_eq!(page.text("h1"), address);
        let words = match witness.text(line, 1) {
            "*" => "This source is selected",
            "+" => "This source is combined",
            "-" => "This source is good, and not used now",
            other => panic!("{address} is {other}"),
        };
        assert!(page.text(".standing").starts_with(words), "{}", page.text(".standing"));
        let value = |figure: &str| page.text(&format!("#source_{figure} .value"));
        assert_eq!(value("stratum"), witness.text(line, 3));
        shows(&witness, line, 7, &value("offset"));
        shows(&witness, line, 8, &value("measured"));
        shows(&witness, line, 9, &value("error"));
        let polls = page.all(".timeline .word");
        let answered = polls.iter().map(|word| if word == "answered" { '1' } else { '0' });
        let reach = u8::from_str_radix(&answered.collect::<String>(), 2).unwrap();
        assert_eq!(format!("{reach:o}"), witness.text(line, 5));
        assert_eq!(page.all(".tests li").len(), 10);
        assert_eq!(value("country"), "not looked up");
    }
}

#[serial]
pub(crate) fn the_figures_of_tracking_are_what_chronyc_says() {
    let (page, witness) = witnessed(ReportName::Tracking, &[4, 11]);
    for (field, figure) in [
        (4, ".box-offset"),
        (5, "#last_offset"),
        (6, "#rms_offset"),
        (7, "#frequency"),
        (8, "#residual_freq"),
        (9, "#skew"),
        (10, "#root_delay"),
        (11, "#root_dispersion"),
    ] {
        shows(&witness, 0, field, &page.text(&format!("{figure} .value")));
    }
    assert_eq!(page.text("#reference_id .value"), witness.text(0, 0));
    assert_eq!(page.text(".box-reference .value"), witness.text(0, 1));
    assert_eq!(page.text(".box-stratum .value"), witness.text(0, 2));
    assert_eq!(page.text("#leap_status .value"), witness.text(0, 13).to_lowercase());
    assert_eq!(page.text(".box-status .value"), "synchronized");
    assert!(page.verdict().starts_with("This clock is right to within "), "{}", page.verdict());
    assert!(page.text(".rtcdata").contains("not enabled"), "{}", page.text(".rtcdata"));
}

#[serial]
pub(crate) fn over_udp_the_closed_reports_are_named_and_the_open_ones_are_the_same() {
    let trio = trio();
    let closed = ["selectdata", "authdata", "ntpdata", "serverstats"];
    let address = trio.client.udp().parse().unwrap();
    let mut connection = libchrony::Connection::builder().address(address).open().unwrap();
    let snapshot = connection.snapshot().unwrap();
    for report in closed {
        let error = &snapshot.unavailable[&ReportName::from_name(report).unwrap()];
        assert_eq!(error.kind(), ErrorKind::NotAuthorized);
    }
    assert_eq!(connection.select_data().unwrap_err().kind(), ErrorKind::NotAuthorized);
    assert_eq!(snapshot.sources.unwrap().len(), 3);
    assert!(snapshot.tracking.unwrap().is_synchronized());

    let dashboard = Dashboard::of(&trio.client.udp());
    let json = dashboard.get("/api/v1/snapshot").json();
    assert_eq!(json["chronyd"]["transport"], "udp");
    for report in closed {
        assert_eq!(json[report], Value::Null);
        assert_eq!(json["unavailable"][report]["kind"], "not_authorized");
        let hint = json["unavailable"][report]["hint"].as_str().unwrap();
        assert!(hint.contains("chronyd.sock") && hint.contains("opencommands"), "{hint}");
        let response = dashboard.get(&format!("/api/v1/{report}"));
        assert_eq!(
            (response.status, &response.json()["error"]["kind"]),
            (503, &"not_authorized".into())
        );
    }
    let http = |path: &str| dashboard.get(path).json();
    let (sources, witness) =
        Witness::around(&trio.client, "sources", &[6], || http("/api/v1/sources"));
    for source in sources.as_array().unwrap() {
        let line = witness.line(2, source["address"].as_str().unwrap());
        witness.agrees(line, 7, source["latest_meas"].as_f64().unwrap());
        witness.agrees(line, 9, source["latest_meas_err"].as_f64().unwrap());
    }
    let page = dashboard.get("/").page();
    assert!(page.verdict().starts_with("This clock is right to within "));
    assert!(page.text(".access").contains("opencommands"), "{}", page.text(".access"));
}

#[serial]
pub(crate) fn the_examples_find_this_clock_healthy() {
    let trio = trio();
    let socket = trio.client.unix();
    let (status, line) = examples::run("health_check", &[&socket]);
    assert_eq!(status, Some(0), "{line}");
    assert!(line.starts_with("right to within "), "{line}");
    let (status, text) = examples::run("quick_start", &[&socket]);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.starts_with("right to within ") && text.contains("selected"), "{text}");
}

/// How many addresses the two threads read in all.
const ADDRESSES: usize = 400_000;

/// libchrony's text of an address was once in a buffer that all sessions share.
pub(crate) fn two_threads_never_see_each_other_s_addresses() {
    // Two daemons with different sources, so that a mix would show; offline, so that none is asked.
    let expected = [1, 2].map(|net| (1..=40).map(|last| format!("127.0.{net}.{last}")).collect());
    let daemons = expected.each_ref().map(|addresses: &Vec<String>| {
        let line = |address| format!("server {address} offline\n");
        Chronyd::client(&addresses.iter().map(line).collect::<String>())
    });
    std::thread::scope(|scope| {
        for (chronyd, expected) in daemons.iter().zip(&expected) {
            scope.spawn(move || {
                let mut connection = chronyd.connection().open().unwrap();
                for _ in 0..ADDRESSES / 2 / expected.len() {
                    let sources = connection.sources().unwrap();
                    let read: Vec<_> = sources.iter().map(|s| s.address.to_string()).collect();
                    assert_eq!(&read, expected);
                }
            });
        }
    });
}
