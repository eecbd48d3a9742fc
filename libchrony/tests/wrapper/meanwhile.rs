//! What happens to chronyd between two calls, or within one.

use std::time::Duration;

use libchrony::testing::{Command, Fault, Generation, Scenario, Simulator};
use libchrony::{Error, ErrorKind};

use crate::reading::{
    COMMANDS, PATIENCE, assert_recovers, for_each_command, patient, read, talkative,
};
use crate::{Connection, client_directories, servers};

fn unix() -> Simulator {
    Simulator::start_unix(talkative(Generation::V4_9)).expect("the simulator starts")
}

fn udp() -> Simulator {
    Simulator::start_udp(talkative(Generation::V4_9)).expect("the simulator starts")
}

fn assert_system_says(error: &Error, chronyd: &Simulator, kind: ErrorKind, errno: i32) {
    assert_eq!((error.kind(), error.errno(), error.code()), (kind, Some(errno), None), "{error}");
    assert_eq!(error.address().map(ToString::to_string), Some(chronyd.address()), "{error}");
    assert!(error.hint().contains("chronyd"), "{}", error.hint());
}

#[test]
fn a_restart_between_two_calls_goes_unnoticed_by_every_report() {
    for start in [unix as fn() -> Simulator, udp] {
        let mut chronyd = start();
        let mut connection = patient(&chronyd).build();
        for command in COMMANDS {
            read(&mut connection, command).unwrap();
            chronyd.restart().unwrap();
            assert_recovers(&chronyd, &mut connection, command, "a restart");
        }
    }
}

#[test]
fn a_stop_between_two_calls_is_named_and_its_end_noticed() {
    for start in [unix as fn() -> Simulator, udp] {
        let mut chronyd = start();
        let mut connection = patient(&chronyd).build();
        for command in COMMANDS {
            read(&mut connection, command).unwrap();
            chronyd.stop();
            for _ in 0..2 {
                let error = read(&mut connection, command).unwrap_err();
                assert_system_says(&error, &chronyd, ErrorKind::NobodyListens, 111);
            }
            chronyd.restart().unwrap();
            assert_recovers(&chronyd, &mut connection, command, "a stop");
        }
    }
}

#[test]
fn a_socket_removed_between_two_calls_is_named_and_a_new_one_found() {
    let mut chronyd = unix();
    let mut connection = patient(&chronyd).build();
    for command in COMMANDS {
        read(&mut connection, command).unwrap();
        // As chronyd ends in order: the file is gone with its owner.
        chronyd.stop();
        chronyd.remove_socket().unwrap();
        for _ in 0..2 {
            let error = read(&mut connection, command).unwrap_err();
            assert_system_says(&error, &chronyd, ErrorKind::NotRunning, 2);
        }
        assert_eq!(client_directories(&chronyd).len(), 0, "{command:?}");
        chronyd.restart().unwrap();
        assert_recovers(&chronyd, &mut connection, command, "the socket's end");
        assert_eq!(client_directories(&chronyd).len(), 1, "{command:?}");
    }
}

#[test]
fn a_socket_file_removed_alone_hinders_only_those_who_come_new() {
    let mut chronyd = unix();
    let mut connection = patient(&chronyd).build();
    read(&mut connection, Command::TRACKING).unwrap();
    chronyd.remove_socket().unwrap();
    read(&mut connection, Command::TRACKING).unwrap();
    let error = patient(&chronyd).open().unwrap_err();
    assert_system_says(&error, &chronyd, ErrorKind::NotRunning, 2);
    chronyd.restart().unwrap();
    assert_recovers(&chronyd, &mut connection, Command::TRACKING, "a new socket");
}

#[test]
fn a_hang_between_two_calls_costs_its_time_and_no_more() {
    for start in [unix as fn() -> Simulator, udp] {
        for_each_command(start, |chronyd, command| {
            let timeout = Duration::from_millis(100);
            let mut connection = crate::builder(chronyd).timeout(timeout).attempts(2).build();
            crate::reading::assert_recovers_in_time(chronyd, &mut connection, command, "nothing");
            chronyd.hang();
            let begin = std::time::Instant::now();
            let error = read(&mut connection, command).unwrap_err();
            assert_eq!((error.kind(), error.errno()), (ErrorKind::TimedOut, None), "{error}");
            // Two attempts; a report that is begun with another request stops at that one.
            assert!(begin.elapsed() >= timeout && begin.elapsed() < PATIENCE);
            chronyd.resume();
            crate::reading::assert_recovers_in_time(chronyd, &mut connection, command, "a hang");
        });
    }
}

/// Reads a snapshot while an effect of the n-th request takes place, for each n.
fn at_each_request(effect: impl Fn(Fault) -> Fault, check: impl Fn(&str, &mut Connection)) {
    let chronyd = unix();
    let mut connection = patient(&chronyd).build();
    connection.snapshot().expect("a snapshot");
    let number = chronyd.request_count();
    for nth in 1..=number {
        chronyd.set(talkative(Generation::V4_9));
        chronyd.script([effect(Fault::always().nth(nth))]);
        check(&format!("at request {nth} of {number}"), &mut connection);
    }
}

#[test]
fn another_list_at_any_request_of_a_snapshot_is_one_list_in_the_end() {
    for (after, number) in [(servers([7, 8]), 2), (servers([1, 2, 3]), 3), (servers([]), 0)] {
        let after = Scenario { rtc: None, ..after };
        at_each_request(
            |fault| fault.then_set(after.clone()),
            |at, connection| {
                let snapshot = connection.snapshot().unwrap();
                assert!(snapshot.odd_records.is_empty(), "{at}: {:?}", snapshot.odd_records);
                let joined = snapshot.joined();
                // Where it changed after the reading, the old list of one is right, too.
                assert!([number, 1].contains(&joined.len()), "{at}: {}", joined.len());
                let whole = joined.iter().all(|one| {
                    let all = one.stats.is_some() && one.select.is_some();
                    all && one.auth.is_some() && one.ntp.is_some()
                });
                assert!(whole, "{at}: lists are mixed");
            },
        );
    }
}

#[test]
fn any_single_lost_reply_of_a_snapshot_is_made_up_for() {
    let chronyd = unix();
    let mut connection = crate::reading::eager(&chronyd).build();
    connection.snapshot().unwrap();
    let number = chronyd.request_count();
    for nth in 1..=number {
        chronyd.script([Fault::always().nth(nth).silence()]);
        let snapshot = connection.snapshot().unwrap();
        assert!(snapshot.unavailable.is_empty(), "{nth}: {:?}", snapshot.unavailable);
        assert!(snapshot.odd_records.is_empty(), "{nth}: {:?}", snapshot.odd_records);
    }
}
