//! What chronyd refuses, and replies that are none.

use libchrony::testing::{Command, Fault, Generation, Scenario, Simulator};
use libchrony::{Address, ErrorKind, ReportName, Transport};

use crate::reading::patient;
use crate::{Connection, client_directories, connect, servers};

#[test]
fn over_udp_the_closed_reports_are_named_with_the_way_to_open_them() {
    let chronyd = Simulator::start_udp(Scenario::synchronized()).unwrap();
    let snapshot = connect(&chronyd).snapshot().unwrap();
    assert_eq!(snapshot.chronyd.transport, Transport::Udp);
    let closed = [
        ReportName::SelectData,
        ReportName::AuthData,
        ReportName::NtpData,
        ReportName::ServerStats,
    ];
    for report in closed {
        let error = &snapshot.unavailable[&report];
        assert_eq!(error.kind(), ErrorKind::NotAuthorized, "{error}");
        assert!(error.hint().contains("chronyd.sock") && error.hint().contains("opencommands"));
    }
    assert!(snapshot.tracking.is_some() && snapshot.sources.is_some());
    assert!(snapshot.sourcestats.is_some() && snapshot.activity.is_some());
}

#[test]
fn a_closed_report_is_named_also_where_there_are_no_sources() {
    let chronyd = Simulator::start_udp(Scenario::no_sources()).unwrap();
    let snapshot = connect(&chronyd).snapshot().unwrap();
    let error = &snapshot.unavailable[&ReportName::SelectData];
    assert_eq!(error.kind(), ErrorKind::NotAuthorized, "{error}");
    assert_eq!(snapshot.sources.map(|sources| sources.len()), Some(0));

    let chronyd = Simulator::start_unix(Scenario::no_sources()).unwrap();
    let snapshot = connect(&chronyd).snapshot().unwrap();
    assert_eq!(snapshot.selectdata.map(|sources| sources.len()), Some(0));
    assert!(snapshot.odd_records.is_empty());
}

#[test]
fn ntp_data_opened_alone_is_read_without_source_statistics() {
    let scenario = Scenario {
        generation: Generation::V4_8,
        opencommands: Some(vec![Command::NTPDATA, Command::SOURCES]),
        ..servers([1, 2])
    };
    let chronyd = Simulator::start_udp(scenario).unwrap();
    let data = patient(&chronyd).build().ntp_data().unwrap();
    assert_eq!(data.len(), 2, "{:?}", data.odd());
}

#[test]
fn every_generation_of_chronyd_gives_a_snapshot() {
    for generation in [
        Generation::V2_3,
        Generation::V3_0,
        Generation::V4_0,
        Generation::V4_2,
        Generation::V4_3,
        Generation::V4_4,
        Generation::V4_6,
        Generation::V4_7,
        Generation::V4_8,
    ] {
        let scenario = Scenario { generation, ..Scenario::synchronized() };
        let chronyd = Simulator::start_unix(scenario).unwrap();
        let snapshot = connect(&chronyd).snapshot().unwrap();
        assert!(snapshot.odd_records.is_empty(), "{generation:?}: {:?}", snapshot.odd_records);
        assert!(snapshot.tracking.is_some() && snapshot.serverstats.is_some(), "{generation:?}");
        let expected = (generation < Generation::V4_0).then_some(ErrorKind::ServerTooOld);
        let selectdata = snapshot.unavailable.get(&ReportName::SelectData);
        assert_eq!(selectdata.map(libchrony::Error::kind), expected, "{generation:?}");
        let stats = snapshot.serverstats.unwrap();
        assert_eq!(stats.served_kernel_rx_timestamps.is_some(), generation >= Generation::V4_4);
        assert_eq!(stats.accepted_nts_ke_connections.is_some(), generation >= Generation::V4_0);
    }
}

#[test]
fn each_status_is_its_own_error() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let mut connection = connect(&chronyd);
    for (status, kind) in [
        (1, ErrorKind::UnexpectedStatus),
        (2, ErrorKind::NotAuthorized),
        (3, ErrorKind::ServerTooOld),
        (4, ErrorKind::UnexpectedStatus),
        (6, ErrorKind::Disabled),
        (13, ErrorKind::Disabled),
        (18, ErrorKind::ServerTooNew),
        (19, ErrorKind::ServerTooNew),
    ] {
        chronyd.script([Fault::on(Command::TRACKING).nth(1).status(status)]);
        let error = connection.tracking().unwrap_err();
        assert_eq!(error.kind(), kind, "status {status}: {error}");
        assert!(connection.tracking().is_ok(), "no recovery after status {status}");
    }
}

#[test]
fn a_server_of_another_version_is_too_old_or_too_new_not_silent() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    for (version, kind) in [(5, ErrorKind::ServerTooOld), (7, ErrorKind::ServerTooNew)] {
        chronyd.script([Fault::always().status(18).version(version)]);
        let error = patient(&chronyd).build().tracking().unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
}

#[test]
fn a_reply_cut_anywhere_is_invalid_or_ignored_and_never_a_reading() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let mut connection = patient(&chronyd).build();
    for length in 28..104 {
        chronyd.script([Fault::on(Command::TRACKING).nth(1).truncate(length)]);
        let error = connection.tracking().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidReply, "{length} bytes: {error}");
    }
    assert!(connection.tracking().is_ok());
}

#[test]
fn a_number_of_sources_that_cannot_be_is_refused() {
    for count in [65_537, u32::MAX] {
        let scenario = Scenario { count: Some(count), ..Scenario::synchronized() };
        let chronyd = Simulator::start_unix(scenario).unwrap();
        let error = connect(&chronyd).sources().unwrap_err();
        let kinds = [ErrorKind::OutOfRange, ErrorKind::InvalidReply];
        assert!(kinds.contains(&error.kind()), "{count}: {error}");
    }
}

#[test]
fn a_report_nobody_knows_is_refused_with_the_names_of_all() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let error = connect(&chronyd).report("Tracking").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownReport);
    assert!(error.to_string().contains("tracking, sources, sourcestats"));
}

#[test]
fn any_report_is_given_field_by_field_with_unit_and_names() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let mut connection = connect(&chronyd);
    let tracking = connection.report("tracking").unwrap();
    let offset = tracking[0].field("current correction").unwrap();
    assert_eq!(offset.kind.unit(), Some("s"));
    let leap = tracking[0].field("leap status").unwrap();
    assert_eq!(leap.names, ["normal"]);
    for report in ReportName::ALL {
        match connection.report(report.as_str()) {
            Ok(records) => assert!(records.iter().all(|record| record.report == *report)),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Disabled, "{report}: {error}"),
        }
    }
}

#[test]
fn a_host_name_is_resolved_and_its_answering_address_told() {
    let chronyd = Simulator::start_udp(Scenario::synchronized()).unwrap();
    let port = chronyd.address().rsplit(':').next().unwrap().to_owned();
    let address: Address = format!("localhost:{port}").parse().unwrap();
    let connection = Connection::builder().address(address).open().unwrap();
    assert_eq!(connection.address().unwrap().to_string(), chronyd.address());
}

#[test]
fn a_host_name_without_address_says_so() {
    let address: Address = "no-such-host.invalid".parse().unwrap();
    let limit = std::time::Duration::from_secs(5);
    let error = Connection::builder().address(address).limit(limit).open().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NameNotResolved, "{error}");
}

#[test]
fn an_address_that_shows_as_something_else_is_refused_unopened_and_escaped() {
    for address in [
        Address::Unix("/run/chrony\u{202e}/sock".into()),
        Address::Unix("/run/chrony\n/sock".into()),
        Address::Host("time\u{1b}[2J.example".to_owned(), 323),
    ] {
        let error = Connection::builder().address(address).open().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidAddress);
        let text = error.to_string();
        assert!(!text.contains(['\u{202e}', '\u{1b}', '\n']), "{text:?}");
    }
}

#[test]
fn a_refusal_keeps_the_socket_and_a_fault_of_the_reply_does_not() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let mut connection = connect(&chronyd);
    let sockets = || client_directories(&chronyd);
    let first = sockets();
    for status in [1, 2, 3, 4, 6] {
        chronyd.script([Fault::on(Command::TRACKING).status(status)]);
        connection.tracking().unwrap_err();
        assert_eq!(sockets(), first, "status {status}");
        connection.activity().unwrap();
        assert_eq!(sockets(), first, "status {status}");
    }
    for fault in [Fault::always().truncate(40), Fault::always().reply_code(99)] {
        chronyd.script([fault]);
        connection.tracking().unwrap_err();
        assert_eq!(sockets().len(), 0);
        chronyd.script([]);
        connection.tracking().unwrap();
        assert_ne!(sockets(), first);
    }
}
