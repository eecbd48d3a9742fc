//! States of a clock and its sources, each through the wrapper and the page.

use std::os::unix::net::UnixDatagram;
use std::time::{SystemTime, UNIX_EPOCH};

use libchrony::{ErrorKind, ReportName, SelectState, Snapshot, Source, SourceState};

use serde_json::Value;

use super::common::chronyc::{Witness, chronyc};
use super::common::chronyd::Chronyd;
use super::common::dashboard::Dashboard;
use super::common::{eventually, page::Page};
use super::reports::{number, wrapped};

fn snapshot(chronyd: &Chronyd) -> Snapshot {
    chronyd.connection().open().expect("chronyd answers").snapshot().expect("a snapshot")
}

/// The page of this chronyd, which gives data.
fn page(chronyd: &Chronyd) -> Page {
    let response = Dashboard::of(&chronyd.unix()).get("/");
    assert_eq!(response.status, 200, "{}", response.body);
    response.page()
}

fn source<'a>(snapshot: &'a Snapshot, id: &str) -> &'a Source {
    let sources = snapshot.sources.as_ref().expect("sources are given");
    sources.iter().find(|source| source.id == id).unwrap_or_else(|| panic!("{id} is in no record"))
}

/// What ntpdata says of the offset of a source.
fn ntp_offset(snapshot: &Snapshot, id: &str) -> Option<f64> {
    let joined = snapshot.joined();
    joined.iter().find(|joined| joined.source.id == id)?.ntp?.offset
}

pub(crate) fn falseticker_unreachable_noselect_and_prefer_are_told_apart() {
    let server = Chronyd::server(3);
    let line = |last: u8, options: &str| {
        format!(
            "server 127.0.0.{last} port {} minpoll -6 maxpoll -2 iburst {options}\n",
            server.ntp_port
        )
    };
    let lines = [
        line(2, ""),
        line(3, ""),
        line(4, "prefer"),
        line(5, "offset 5.0"),
        line(6, "noselect"),
        "server 127.0.0.7 port 9 minpoll -6 maxpoll -2\n".to_owned(),
    ];
    let client = Chronyd::client(&lines.concat());
    client.wait_until("the preferred source is selected and the falseticker found", |snapshot| {
        let state = |id| source(snapshot, id).state;
        (2..=6).all(|last| source(snapshot, &format!("127.0.0.{last}")).is_reachable())
            && state("127.0.0.4") == SourceState::Selected
            && state("127.0.0.5") == SourceState::Falseticker
            && ntp_offset(snapshot, "127.0.0.5").is_some_and(|offset| offset.abs() > 1.0)
    });

    let read = snapshot(&client);
    assert_eq!(source(&read, "127.0.0.6").state, SourceState::Nonselectable);
    assert!(source(&read, "127.0.0.6").is_reachable());
    let unreachable = source(&read, "127.0.0.7");
    assert_eq!(unreachable.state, SourceState::Nonselectable);
    assert!(!unreachable.is_reachable());
    assert_eq!((unreachable.stratum, unreachable.last_sample_ago), (None, None));
    let select = |id: &str| {
        let joined = read.joined();
        joined.iter().find(|joined| joined.source.id == id).unwrap().select.unwrap().clone()
    };
    assert_eq!(select("127.0.0.6").state, SelectState::Ignored);
    assert_eq!(select("127.0.0.4").configured_options, [libchrony::SelectOption::Prefer]);
    assert_eq!(select("127.0.0.7").low_limit, None);

    // As chronyc: negative in sources, where this clock is behind; ntpdata has the other sign.
    let behind = source(&read, "127.0.0.5").latest_meas.unwrap();
    assert!((behind + 5.0).abs() < 0.1, "{behind}");
    let limits = select("127.0.0.5");
    // Where the time lies by all samples; the last one alone may be a little beside it.
    for limit in [limits.low_limit.unwrap(), limits.high_limit.unwrap()] {
        assert!((limit + 5.0).abs() < 0.1, "{limit} has the sign of {behind}");
    }
    let ahead = ntp_offset(&read, "127.0.0.5").unwrap();
    assert!((ahead - 5.0).abs() < 0.1, "{ahead}");

    let dashboard = Dashboard::of(&client.unix());
    let json = dashboard.get("/api/v1/snapshot").json();
    let find = |report: &str, key: &str, id: &str| {
        let records = json[report].as_array().unwrap();
        records.iter().find(|record| record[key] == id).unwrap().clone()
    };
    for (id, state) in
        [("4", "selected"), ("5", "falseticker"), ("6", "nonselectable"), ("7", "nonselectable")]
    {
        assert_eq!(find("sources", "id", &format!("127.0.0.{id}"))["state"], state);
    }
    assert_eq!(find("selectdata", "address", "127.0.0.6")["state"], "ignored");
    let options = &find("selectdata", "address", "127.0.0.4")["configured_options"];
    assert_eq!(*options, serde_json::json!(["prefer"]));
    let never = find("sources", "id", "127.0.0.7");
    assert_eq!((&never["stratum"], &never["last_sample_ago"]), (&Value::Null, &Value::Null));

    let page = dashboard.get("/").page();
    let class = |class: &str| page.all(&format!(".sources tbody tr.{class} th"));
    for (word, id) in [
        ("selected", "127.0.0.4"),
        ("falseticker", "127.0.0.5"),
        ("ignored", "127.0.0.6"),
        ("unreachable", "127.0.0.7"),
    ] {
        let rows = class(word);
        assert!(rows.len() == 1 && rows[0].starts_with(id), "{word}: {rows:?}");
    }
    assert!(page.source("127.0.0.5").contains("\u{2212}5.0"), "{}", page.source("127.0.0.5"));
    let first = &page.all(".sources tbody tr")[0];
    assert!(first.starts_with('*') && first.contains("127.0.0.4"), "the first row is {first}");
    assert!(page.source("127.0.0.5").starts_with("x falseticker"), "{}", page.source("127.0.0.5"));
    assert!(page.source("127.0.0.7").contains("never"), "{}", page.source("127.0.0.7"));
    assert!(page.source("127.0.0.7").contains("no sample"));
    assert_ne!(page.source("127.0.0.6"), page.source("127.0.0.7"));

    let ((), witness) = Witness::around(&client, "sources", &[4, 5, 6, 7, 8, 9], || ());
    for (line, (id, mark)) in
        [("127.0.0.4", "*"), ("127.0.0.5", "x"), ("127.0.0.6", "?"), ("127.0.0.7", "?")]
            .into_iter()
            .map(|(id, mark)| {
                ((0..6).find(|line| witness.text(*line, 2) == id).unwrap(), (id, mark))
            })
    {
        assert_eq!(witness.text(line, 1), mark, "chronyc disagrees on {id}");
    }
}

pub(crate) fn an_ipv6_source_is_not_shown_by_its_hash() {
    let server = Chronyd::server(3);
    let port = server.ntp_port;
    let client = Chronyd::client(&format!("server ::1 port {port} minpoll -6 maxpoll -2 iburst"));
    client.wait_until("::1 is selected", |snapshot| {
        snapshot.tracking.as_ref().is_some_and(|tracking| tracking.is_synchronized())
    });
    let tracking = snapshot(&client).tracking.unwrap();
    assert_eq!(tracking.reference_ip.unwrap().to_string(), "::1");
    assert_eq!(tracking.reference_id_name.as_deref(), Some("::1"));
    let said = &chronyc(&client, "tracking")[0];
    assert_eq!((&said[0], said[1].as_str()), (&format!("{:08X}", tracking.reference_id.0), "::1"));

    let json = Dashboard::of(&client.unix()).get("/api/v1/tracking").json();
    assert_eq!((&json["reference_ip"], &json["reference_id_name"]), (&"::1".into(), &"::1".into()));
    let page = page(&client);
    assert!(page.source("::1").starts_with("* selected"));
    let hash = tracking.reference_id.as_ipv4().to_string();
    assert!(!page.text("main").contains(&hash), "the hash {hash} is shown as an address");
}

/// One sample for a SOCK reference clock, in this machine's own layout.
fn sample() -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is after 1970");
    let mut bytes = Vec::new();
    bytes.extend(i64::try_from(now.as_secs()).expect("seconds fit").to_ne_bytes());
    bytes.extend(i64::from(now.subsec_micros()).to_ne_bytes());
    bytes.extend(0.000_1_f64.to_ne_bytes());
    // No pulse, no leap second, padding, and the magic number "SOCK".
    for word in [0_i32, 0, 0, 0x534f_434b] {
        bytes.extend(word.to_ne_bytes());
    }
    bytes
}

pub(crate) fn a_reference_clock_shows_its_id() {
    let place = tempfile::tempdir_in("/tmp").expect("a directory");
    std::os::unix::fs::chown(place.path(), Some(0), Some(0)).expect("the directory is root's");
    let path = place.path().join("gps");
    let client = Chronyd::client(&format!(
        "refclock SOCK {} refid GPS poll 0 filter 1\nserver 127.0.0.9 port 9",
        path.display()
    ));
    let feed = UnixDatagram::unbound().expect("a socket");
    let mut connection = client.connection().build();
    eventually("the clock is selected", || {
        // A sample now and then, as a receiver sends them; chronyd may not be ready for one.
        let _ = feed.send_to(&sample(), &path);
        std::thread::park_timeout(std::time::Duration::from_millis(200));
        connection.tracking().ok().filter(|tracking| tracking.is_synchronized())
    });

    let read = snapshot(&client);
    let tracking = read.tracking.as_ref().unwrap();
    assert_eq!(tracking.reference_id_name.as_deref(), Some("GPS"));
    assert_eq!(tracking.reference_ip, None);
    assert_eq!(tracking.stratum, Some(1));
    let clock = source(&read, "GPS");
    assert_eq!(clock.mode, libchrony::SourceMode::Refclock);
    assert_eq!(clock.address.to_string(), "GPS");
    let joined = read.joined();
    let joined = joined.iter().find(|joined| joined.source.id == "GPS").unwrap();
    assert!(joined.stats.is_some() && joined.select.is_some());
    assert!(joined.auth.is_none() && joined.ntp.is_none());
    assert_eq!(
        (read.authdata.as_ref().unwrap().len(), read.ntpdata.as_ref().unwrap().len()),
        (1, 1)
    );
    assert_eq!(chronyc(&client, "sources")[0][..3], ["#", "*", "GPS"]);

    let page = page(&client);
    assert!(page.source("GPS").starts_with("* selected GPS"), "{}", page.source("GPS"));
    assert!(page.text(".box-reference .value").contains("GPS"));
    assert!(!page.text("main").contains("71.80.83.0"), "the ID is shown as an address");
}

pub(crate) fn a_local_clock_is_no_agreement_with_the_world() {
    let chronyd = Chronyd::client("local stratum 10");
    chronyd.wait_until("local is in force", |snapshot| {
        snapshot.tracking.as_ref().is_some_and(|tracking| tracking.is_local())
    });
    let tracking = snapshot(&chronyd).tracking.unwrap();
    assert_eq!((tracking.stratum, tracking.reference_ip), (Some(10), None));
    assert!(tracking.is_synchronized());
    assert_eq!(chronyc(&chronyd, "tracking")[0][0], "7F7F0101");
    let page = page(&chronyd);
    assert!(page.verdict().contains("only itself"), "{}", page.verdict());
    assert!(page.text(".verdict").contains("no agreement with the world"));
}

pub(crate) fn no_sources_is_said_with_the_line_that_adds_one() {
    let chronyd = Chronyd::client("");
    let read = snapshot(&chronyd);
    assert!(read.sources.as_ref().unwrap().is_empty());
    let tracking = read.tracking.unwrap();
    assert!(!tracking.is_synchronized());
    assert_eq!(
        (tracking.stratum, tracking.reference_id_name, tracking.ref_time),
        (None, None, None)
    );
    assert_eq!(chronyc(&chronyd, "tracking")[0][13], "Not synchronised");

    let dashboard = Dashboard::of(&chronyd.unix());
    assert_eq!(dashboard.get("/api/v1/sources").json(), serde_json::json!([]));
    assert_eq!(dashboard.get("/api/v1/tracking").json()["stratum"], Value::Null);
    let page = dashboard.get("/").page();
    assert_eq!(page.verdict(), "This clock is not synchronized");
    assert!(page.text(".sources").contains("No sources are configured"));
    assert!(page.text("main").contains("iburst"), "no line of configuration is shown");
    let stratum = page.text(".box-stratum");
    assert!(stratum.contains('0') && stratum.contains("16"), "{stratum}");
}

pub(crate) fn only_unreachable_sources_are_the_cause_that_is_named() {
    let chronyd = Chronyd::client(
        "server 127.0.0.7 port 9 minpoll -6 maxpoll -4 iburst\nserver 127.0.0.8 port 9 minpoll -6 maxpoll -4 iburst",
    );
    let read = snapshot(&chronyd);
    assert!(read.sources.as_ref().unwrap().iter().all(|source| !source.is_reachable()));
    assert!(read.sourcestats.as_ref().unwrap().iter().all(|stats| stats.skew.is_none()));
    let page = page(&chronyd);
    assert_eq!(page.verdict(), "This clock is not synchronized");
    let verdict = page.text(".verdict");
    assert!(verdict.contains("reachable") || verdict.contains("answered"), "{verdict}");
    assert!(page.source("127.0.0.7").contains("never"));
    let stats = page.text(".sourcestats tbody");
    assert!(stats.contains("no sample") && !stats.contains("2000"), "{stats}");
    for bad in ["4294967295", "NaN", "1970"] {
        assert!(!page.text("main").contains(bad), "{bad} is on the page");
    }
}

pub(crate) fn no_rtc_tracking_is_an_ordinary_answer() {
    let chronyd = Chronyd::client("");
    assert_eq!(chronyd.connection().open().unwrap().rtc_data().unwrap(), None);
    let read = snapshot(&chronyd);
    assert_eq!(read.unavailable[&ReportName::RtcData].kind(), ErrorKind::Disabled);
    let response = Dashboard::of(&chronyd.unix()).get("/api/v1/rtcdata");
    assert_eq!((response.status, response.body.as_str()), (200, "null"));
    let text = page(&chronyd).text(".rtcdata");
    assert!(text.contains("not enabled") && text.contains("rtcfile"), "{text}");
}

pub(crate) fn smoothing_is_what_chronyc_says() {
    let server = Chronyd::server(3);
    let client = Chronyd::client("smoothtime 400 0.01");
    // An offset to be smoothed: it comes after the smoothing began.
    chronyc(&client, "smoothtime activate");
    let source = format!("127.0.0.2 port {} minpoll -6 maxpoll -2 iburst", server.ntp_port);
    chronyc(&client, &format!("add server {source} offset 0.01"));
    client.wait_until("the offset is being smoothed", |snapshot| {
        snapshot.smoothing.as_ref().is_some_and(|smoothing| smoothing.offset.abs() > 0.001)
    });
    // No further update, so that the smoothing alone moves.
    chronyc(&client, "offline");
    let dashboard = Dashboard::of(&client.unix());
    let wrapper = || wrapped(&client, ReportName::Smoothing);
    let http = || dashboard.get("/api/v1/smoothing").json();
    for read in [&wrapper as &dyn Fn() -> Value, &http] {
        let (smoothing, witness) = Witness::around(&client, "smoothing", &[2, 3, 5, 6], read);
        assert_eq!((witness.text(0, 0), witness.text(0, 1)), ("Yes", ""));
        assert_eq!(smoothing["flags"], serde_json::json!(["active"]));
        for (field, key) in [
            (2, "offset"),
            (3, "frequency_offset"),
            (4, "wander"),
            (5, "last_update_ago"),
            (6, "remaining_time"),
        ] {
            witness.agrees(0, field, number(&smoothing, key));
        }
    }
}

pub(crate) fn reports_opened_over_udp_are_given() {
    let chronyd = Chronyd::client("server 127.0.0.9 port 9\nopencommands ntpdata sources tracking");
    let address = chronyd.udp().parse().unwrap();
    let mut connection = libchrony::Connection::builder().address(address).open().unwrap();
    // Source statistics are closed, so the address is looked up in sources.
    assert_eq!(connection.ntp_data().unwrap().len(), 1);
    assert_eq!(connection.source_stats().unwrap_err().kind(), ErrorKind::NotAuthorized);
}
