//! Lost, late and foreign replies; chronyd hung and restarted; what is left behind.

use std::time::{Duration, Instant};

use libchrony::testing::{Command, Fault, Scenario, Simulator};
use libchrony::{ErrorKind, ReportName};

use crate::{builder, client_directories, connect, connect_in_a_hurry, servers};

/// Generous: a hang is told from the attempts' time, not from a slow machine.
const BOUND: Duration = Duration::from_secs(10);

#[test]
fn a_lost_reply_is_asked_for_again() {
    let chronyd = Simulator::start_udp(Scenario::synchronized()).unwrap();
    chronyd.script([Fault::always().times(1).silence()]);
    assert!(builder(&chronyd).build().tracking().is_ok());
    assert_eq!(chronyd.request_count(), 2);
}

#[test]
fn a_late_reply_to_an_older_request_is_not_taken_for_the_new_one() {
    let chronyd = Simulator::start_unix(servers([1, 2])).unwrap();
    chronyd.script([Fault::on(Command::SOURCES).index(0).nth(1).late()]);
    let sources = connect_in_a_hurry(&chronyd).sources().unwrap();
    let addresses: Vec<_> = sources.iter().map(|source| source.id.as_str()).collect();
    assert_eq!(addresses, ["192.0.2.1", "192.0.2.2"]);
}

#[test]
fn a_reply_that_comes_twice_is_taken_once() {
    let chronyd = Simulator::start_unix(servers([1, 2, 3])).unwrap();
    chronyd.script([Fault::always().duplicate()]);
    let mut connection = connect(&chronyd);
    for _ in 0..20 {
        let sources = connection.sources().unwrap();
        let addresses: Vec<_> = sources.iter().map(|source| source.id.as_str()).collect();
        assert_eq!(addresses, ["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
    }
}

#[test]
fn foreign_replies_are_ignored_until_the_time_is_over() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    for fault in [
        Fault::always().wrong_sequence(),
        Fault::always().packet_type(1),
        Fault::always().reserved(1),
        Fault::always().version(5),
        Fault::always().reply_command(Command::ACTIVITY),
    ] {
        chronyd.script([fault]);
        let start = Instant::now();
        let error = builder(&chronyd).build().tracking().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
        assert!(error.to_string().contains("2 attempts"), "{error}");
        assert!(start.elapsed() < BOUND);
    }
}

#[test]
fn a_flood_of_foreign_replies_cannot_extend_the_time() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    chronyd.script([Fault::always().wrong_sequence().duplicate().duplicate().duplicate()]);
    let start = Instant::now();
    assert!(builder(&chronyd).build().tracking().is_err());
    assert!(start.elapsed() < BOUND);
}

#[test]
fn a_hung_chronyd_times_out_and_recovers_when_it_goes_on() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let mut connection = connect_in_a_hurry(&chronyd);
    chronyd.hang();
    let start = Instant::now();
    // More calls than a Unix socket's queue holds: then sending would block for ever.
    for _ in 0..12 {
        let error = connection.tracking().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    }
    assert!(start.elapsed() < 4 * BOUND);
    chronyd.resume();
    assert!(connection.tracking().is_ok());
}

#[test]
fn a_snapshot_of_a_hung_chronyd_ends_with_its_first_request() {
    let chronyd = Simulator::start_unix(servers([1, 2, 3])).unwrap();
    let mut connection = connect_in_a_hurry(&chronyd);
    let before = chronyd.request_count();
    chronyd.stop_answering();
    assert_eq!(connection.snapshot().unwrap_err().kind(), ErrorKind::TimedOut);
    assert!(chronyd.request_count() - before <= 2);
}

#[test]
fn one_report_without_answer_is_named_and_the_rest_is_there() {
    let chronyd = Simulator::start_unix(servers([1])).unwrap();
    chronyd.script([Fault::on(Command::SMOOTHING).silence()]);
    let snapshot = connect_in_a_hurry(&chronyd).snapshot().unwrap();
    let smoothing = &snapshot.unavailable[&ReportName::Smoothing];
    assert_eq!(smoothing.kind(), ErrorKind::TimedOut);
    assert!(snapshot.tracking.is_some() && snapshot.sources.is_some());
}

#[test]
fn a_restart_between_two_reads_goes_unnoticed() {
    for start in [Simulator::start_unix, Simulator::start_udp] {
        let mut chronyd = start(Scenario::synchronized()).unwrap();
        let mut connection = connect(&chronyd);
        chronyd.restart().unwrap();
        connection.tracking().unwrap();
    }
}

#[test]
fn a_chronyd_that_ended_is_told_from_one_that_was_never_there() {
    let mut chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let mut connection = connect_in_a_hurry(&chronyd);
    chronyd.stop();
    assert_eq!(connection.tracking().unwrap_err().kind(), ErrorKind::NobodyListens);
    chronyd.remove_socket().unwrap();
    let error = connection.tracking().unwrap_err();
    assert_eq!((error.kind(), error.errno()), (ErrorKind::NotRunning, Some(2)));
    chronyd.restart().unwrap();
    assert!(connection.tracking().is_ok());
}

#[test]
fn nothing_is_left_behind_by_failures_and_the_end() {
    let chronyd = Simulator::start_unix(servers([1, 2])).unwrap();
    let mut connection = connect_in_a_hurry(&chronyd);
    assert_eq!(client_directories(&chronyd).len(), 1);
    for fault in [
        Fault::always().silence(),
        Fault::always().truncate(40),
        Fault::always().status(2),
        Fault::always().random_data(7),
    ] {
        chronyd.script([fault]);
        let _ = connection.snapshot();
        let _ = connection.sources();
        assert!(client_directories(&chronyd).len() <= 1);
    }
    drop(connection);
    assert_eq!(client_directories(&chronyd), Vec::<std::path::PathBuf>::new());
}

#[test]
fn random_replies_never_panic_and_always_end() {
    let chronyd = Simulator::start_unix(servers([1, 2, 3])).unwrap();
    let mut connection = builder(&chronyd).timeout(Duration::from_millis(20)).attempts(1).build();
    for seed in 1..60 {
        let fault = Fault::always();
        let fault = if seed % 3 == 0 { fault.random(seed) } else { fault.random_data(seed) };
        chronyd.script([fault]);
        let _ = connection.snapshot();
    }
    chronyd.script([]);
    let end = Instant::now() + BOUND;
    // The attempts are short: on a slow machine the first may be too short.
    while let Err(error) = connection.snapshot() {
        assert!(Instant::now() < end, "{error}");
    }
}

#[test]
fn a_call_ends_at_its_limit_whatever_its_number_of_requests() {
    let chronyd = Simulator::start_unix(Scenario::many_sources(200)).unwrap();
    chronyd.script([Fault::always().delay(Duration::from_millis(100))]);
    let mut connection = builder(&chronyd).limit(Duration::from_millis(500)).build();
    let start = Instant::now();
    let error = connection.sources().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    assert!(start.elapsed() < BOUND);
}

#[test]
fn a_call_that_ran_out_of_time_asks_no_more() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    chronyd.stop_answering();
    let builder = builder(&chronyd).timeout(Duration::from_millis(100)).attempts(1000);
    let error = builder.limit(Duration::from_millis(250)).build().tracking().unwrap_err();
    let libchrony::Error::TimedOut { attempts, .. } = error else { panic!("{error}") };
    assert!((1..=3).contains(&attempts), "{attempts} attempts in 250 ms");
    assert_eq!(chronyd.request_count(), u64::from(attempts));
}

#[test]
fn more_sources_than_are_believed_are_not_read() {
    let chronyd = Simulator::start_udp(Scenario::many_sources(12)).unwrap();
    let read = |most| {
        let mut connection = builder(&chronyd).most_sources(most).build();
        let snapshot = connection.snapshot().unwrap();
        assert!(snapshot.tracking.is_some());
        let kind = |report| snapshot.unavailable.get(&report).map(libchrony::Error::kind);
        (
            snapshot.sources.as_ref().map(Vec::len),
            kind(ReportName::Sources),
            kind(ReportName::SourceStats),
        )
    };
    let impossible = Some(ErrorKind::OutOfRange);
    assert_eq!(read(11), (None, impossible, impossible));
    assert_eq!(read(12), (Some(12), None, None));
}
