//! Every fault of a single datagram and every refusal, on every report.

use std::time::Duration;

use libchrony::testing::{Command, Fault, Generation, Simulator};
use libchrony::{Error, ErrorKind};

use crate::reading::{
    assert_recovers, assert_recovers_in_time, eager, for_each_command, is_per_source, patient,
    read_under, talkative,
};

/// A fault by its name.
type Named = (&'static str, fn(Fault) -> Fault);

/// What answers nothing, so that the request is as good as lost.
const FOREIGN: [Named; 12] = [
    ("silence", Fault::silence),
    ("a reply in an hour", |f| f.delay(Duration::from_secs(3600))),
    ("a wrong sequence", Fault::wrong_sequence),
    ("a wrong version", |f| f.version(5)),
    ("a newer version", |f| f.version(7)),
    ("a wrong packet type", |f| f.packet_type(1)),
    ("reserved bytes", |f| f.reserved(0x0100)),
    ("another command", |f| f.reply_command(Command::MANUAL)),
    ("an empty datagram", |f| f.truncate(0)),
    ("half a header", |f| f.truncate(27)),
    ("random bytes", |f| f.random(11)),
    ("noise alone", |f| f.noise(9, 3).silence()),
];

/// What comes beside the answer and must not change it.
const HARMLESS: [Named; 7] = [
    ("a short delay", |f| f.delay(Duration::from_millis(5))),
    ("a duplicate", Fault::duplicate),
    ("five duplicates", |f| f.duplicate().duplicate().duplicate().duplicate().duplicate()),
    ("noise", |f| f.noise(20, 9)),
    ("a reply that is too long", |f| f.pad(1024)),
    ("a reply as long as can be", |f| f.pad(60_000)),
    ("one byte too many", |f| f.pad(197)),
];

fn unix() -> Simulator {
    Simulator::start_unix(talkative(Generation::V4_9)).expect("the simulator starts")
}

fn udp() -> Simulator {
    Simulator::start_udp(talkative(Generation::V4_9)).expect("the simulator starts")
}

fn assert_tells(error: &Error, chronyd: &Simulator, kind: ErrorKind, code: Option<u32>) {
    assert_eq!((error.kind(), error.code(), error.errno()), (kind, code, None), "{error}");
    assert_eq!(error.address().map(ToString::to_string), Some(chronyd.address()), "{error}");
    assert!(!error.hint().is_empty());
}

#[test]
fn what_answers_nothing_is_asked_for_again() {
    for start in [unix, udp] {
        for_each_command(start, |chronyd, command| {
            let mut connection = eager(chronyd).build();
            for (name, fault) in FOREIGN {
                let before = chronyd.request_count();
                let fault = fault(Fault::on(command).nth(1));
                let result = read_under(chronyd, &mut connection, command, fault);
                assert!(result.is_ok(), "{command:?}, {name}: {result:?}");
                let asked = chronyd.requests()[usize::try_from(before).unwrap()..]
                    .iter()
                    .filter(|request| request.command() == command)
                    .count();
                assert!(asked >= 2, "{command:?}, {name}: it was not lost");
            }
        });
    }
}

#[test]
fn what_never_answers_times_out_and_the_next_reading_is_whole() {
    for start in [unix, udp] {
        for_each_command(start, |chronyd, command| {
            let timeout = Duration::from_millis(60);
            let mut connection = crate::builder(chronyd).timeout(timeout).attempts(2).build();
            for (name, fault) in FOREIGN {
                let fault = fault(Fault::on(command));
                let error = read_under(chronyd, &mut connection, command, fault).unwrap_err();
                assert_tells(&error, chronyd, ErrorKind::TimedOut, None);
                let Error::TimedOut { attempts, waited, .. } = error else { panic!("{error}") };
                assert!(attempts == 2 && waited >= timeout, "{command:?}, {name}: {waited:?}");
                assert!(waited < 40 * 2 * timeout, "{command:?}, {name}: {waited:?}");
                assert_recovers_in_time(chronyd, &mut connection, command, name);
            }
        });
    }
}

#[test]
fn what_comes_beside_the_answer_changes_nothing() {
    for start in [unix, udp] {
        for_each_command(start, |chronyd, command| {
            let mut connection = patient(chronyd).build();
            for (name, fault) in HARMLESS {
                let fault = fault(Fault::on(command));
                let result = read_under(chronyd, &mut connection, command, fault);
                assert!(result.is_ok(), "{command:?}, {name}: {result:?}");
            }
            assert_recovers(chronyd, &mut connection, command, "all of it");
        });
    }
}

#[test]
fn replies_out_of_order_are_told_apart() {
    for start in [unix, udp] {
        for_each_command(start, |chronyd, command| {
            let mut connection = eager(chronyd).build();
            for fault in [Fault::reorder, Fault::late] {
                let result =
                    read_under(chronyd, &mut connection, command, fault(Fault::on(command).nth(1)));
                assert!(result.is_ok(), "{command:?}: {result:?}");
                let result =
                    read_under(chronyd, &mut connection, command, fault(Fault::always().every(5)));
                assert!(result.is_ok(), "{command:?}: {result:?}");
            }
        });
    }
}

#[test]
fn a_share_of_lost_datagrams_is_made_up_for() {
    for start in [unix, udp] {
        for_each_command(start, |chronyd, command| {
            let mut connection = eager(chronyd).build();
            for seed in 0..3 {
                let fault = Fault::always().share(30, seed).silence();
                let result = read_under(chronyd, &mut connection, command, fault);
                assert!(result.is_ok(), "{command:?}: {result:?}");
            }
        });
    }
}

#[test]
fn each_status_of_each_report_is_its_error_with_its_number() {
    for start in [unix, udp] {
        for_each_command(start, |chronyd, command| {
            let mut connection = patient(chronyd).build();
            for status in (0..=22).chain([255, 256, 0xffff]) {
                let missing = match is_per_source(command) {
                    true => ErrorKind::NoSuchSource,
                    false => ErrorKind::UnexpectedStatus,
                };
                let (kind, code) = match status {
                    2 => (ErrorKind::NotAuthorized, 9),
                    3 => (ErrorKind::ServerTooOld, 12),
                    6 | 13 => (ErrorKind::Disabled, 10),
                    0 | 18 | 19 => (ErrorKind::ServerTooNew, 13),
                    _ => (missing, 11),
                };
                // Sourcestats that are refused are looked up elsewhere, but not where they are asked for.
                let fault = Fault::on(command).status(status);
                let error = read_under(chronyd, &mut connection, command, fault).unwrap_err();
                assert_tells(&error, chronyd, kind, Some(code));
                assert_recovers(chronyd, &mut connection, command, &format!("status {status}"));
            }
        });
    }
}

#[test]
fn an_unknown_layout_is_that_of_a_newer_chronyd() {
    for_each_command(unix, |chronyd, command| {
        let mut connection = patient(chronyd).build();
        for code in [0, 1, 4, 27, 99, 0xffff] {
            let fault = Fault::on(command).reply_code(code);
            let error = read_under(chronyd, &mut connection, command, fault).unwrap_err();
            assert_tells(&error, chronyd, ErrorKind::ServerTooNew, Some(13));
            assert_recovers(chronyd, &mut connection, command, "an unknown layout");
        }
    });
}

#[test]
fn a_server_of_another_version_is_named_in_every_report() {
    for_each_command(unix, |chronyd, command| {
        let mut connection = patient(chronyd).build();
        for (version, kind, code) in
            [(5, ErrorKind::ServerTooOld, 12), (7, ErrorKind::ServerTooNew, 13)]
        {
            let fault = Fault::on(command).status(18).version(version);
            let error = read_under(chronyd, &mut connection, command, fault).unwrap_err();
            assert_tells(&error, chronyd, kind, Some(code));
            assert_recovers(chronyd, &mut connection, command, "another version");
        }
    });
}
