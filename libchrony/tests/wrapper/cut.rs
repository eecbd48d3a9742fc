//! Replies of every length and of random content, for every report and every version of chronyd.

use libchrony::testing::{Command, Fault, Generation, Simulator};
use libchrony::{Error, ErrorKind};

use crate::reading::{
    COMMANDS, assert_recovers, eager, for_each_command, patient, read, read_under, talkative,
};

const HEADER: usize = 28;

/// The length of the reply to a command.
fn full(generation: Generation, command: Command) -> usize {
    generation.required_length(command).expect("it belongs to a report")
}

#[test]
fn every_report_of_every_version_is_whole_or_its_absence_has_a_reason() {
    let chronyd = Simulator::start_unix(talkative(Generation::V4_9)).unwrap();
    let mut connection = patient(&chronyd).build();
    for generation in Generation::ALL.into_iter().filter(|it| *it >= Generation::V2_3) {
        chronyd.set(talkative(generation));
        for command in COMMANDS {
            let result = read(&mut connection, command).map_err(|error| error.kind());
            let expected = match generation.knows(command) {
                true => Ok(()),
                false => Err(ErrorKind::ServerTooOld),
            };
            assert_eq!(result, expected, "{command:?} of {generation:?}");
        }
    }
}

#[test]
fn a_reply_cut_at_any_length_behind_its_header_is_invalid() {
    let start = || Simulator::start_unix(talkative(Generation::V4_9)).unwrap();
    for_each_command(start, |chronyd, command| {
        let mut connection = patient(chronyd).build();
        for generation in Generation::ALL.into_iter().filter(|it| it.knows(command)) {
            chronyd.set(talkative(generation));
            for length in HEADER..full(generation, command) {
                let at = format!("{length} bytes of {generation:?}");
                let fault = Fault::on(command).truncate(length);
                let error = read_under(chronyd, &mut connection, command, fault).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidReply, "{command:?}, {at}: {error}");
                assert_eq!(error.code(), Some(14), "{command:?}, {at}");
            }
            let fault = Fault::on(command).truncate(full(generation, command));
            let result = read_under(chronyd, &mut connection, command, fault);
            assert!(result.is_ok(), "{command:?} of {generation:?}: {result:?}");
        }
        assert_recovers(chronyd, &mut connection, command, "all of it");
    });
}

#[test]
fn a_reply_cut_within_its_header_is_ignored() {
    let start = || Simulator::start_unix(talkative(Generation::V4_9)).unwrap();
    for_each_command(start, |chronyd, command| {
        let mut connection = eager(chronyd).build();
        for length in 0..HEADER {
            let before = chronyd.request_count();
            let fault = Fault::on(command).nth(1).truncate(length);
            let result = read_under(chronyd, &mut connection, command, fault);
            assert!(result.is_ok(), "{command:?}, {length} bytes: {result:?}");
            assert!(chronyd.request_count() - before >= 2, "{command:?}, {length} bytes");
        }
    });
}

/// What a reply with the right header and any content may be.
fn is_of_content(error: &Error) -> bool {
    matches!(
        error.kind(),
        // ntpdata of another source, and a list whose number is not that of its records.
        ErrorKind::OutOfRange | ErrorKind::InvalidReply | ErrorKind::SourcesChanging
    )
}

#[test]
fn a_reply_of_random_content_is_read_or_named_as_odd() {
    let start = || Simulator::start_unix(talkative(Generation::V4_9)).unwrap();
    for_each_command(start, |chronyd, command| {
        let mut connection = patient(chronyd).build();
        for generation in Generation::ALL.into_iter().filter(|it| it.knows(command)) {
            chronyd.set(talkative(generation));
            for seed in 0..40 {
                let fault = Fault::on(command).nth(1).random_data(seed);
                if let Err(error) = read_under(chronyd, &mut connection, command, fault) {
                    let at = format!("{command:?} of {generation:?}, seed {seed}");
                    assert!(is_of_content(&error), "{at}: {error}");
                    assert!(!error.to_string().contains(char::is_control), "{at}: {error:?}");
                }
            }
        }
        assert_recovers(chronyd, &mut connection, command, "random content");
    });
}

#[test]
fn a_snapshot_of_random_replies_ends_and_the_next_one_is_whole() {
    let chronyd = Simulator::start_unix(talkative(Generation::V4_9)).unwrap();
    let mut connection = patient(&chronyd).limit(crate::reading::PATIENCE).build();
    for command in COMMANDS {
        for seed in 0..10 {
            chronyd.script([Fault::on(command).random_data(seed)]);
            match connection.snapshot() {
                Ok(snapshot) => {
                    let odd = snapshot.odd_records.iter().chain(snapshot.unavailable.values());
                    odd.for_each(|error| {
                        let missing = error.kind() == ErrorKind::NoSuchSource;
                        assert!(missing || is_of_content(error), "{command:?} {seed}: {error}");
                    });
                }
                Err(error) => panic!("{command:?}, seed {seed}: {error}"),
            }
        }
        chronyd.script([]);
        let snapshot = connection.snapshot().unwrap();
        assert!(snapshot.unavailable.is_empty() && snapshot.odd_records.is_empty(), "{command:?}");
    }
}
