//! Any report by its command, over any transport, and what a fault of it may do.

use std::time::{Duration, Instant};

use libchrony::testing::{Command, Fault, Generation, RtcData, Scenario, Simulator, Smoothing};
use libchrony::{Error, List};

use crate::{Builder, Connection, client_directories, servers};

/// Every command that a report needs.
pub(crate) const COMMANDS: [Command; 11] = [
    Command::COUNT,
    Command::TRACKING,
    Command::SOURCES,
    Command::SOURCESTATS,
    Command::SELECTDATA,
    Command::ACTIVITY,
    Command::AUTHDATA,
    Command::NTPDATA,
    Command::SERVERSTATS,
    Command::RTCDATA,
    Command::SMOOTHING,
];

/// No call of these tests takes so long unless it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// One source, and something to say in every report, over every transport where it can be opened.
pub(crate) fn talkative(generation: Generation) -> Scenario {
    Scenario {
        generation,
        rtc: Some(RtcData::default()),
        smoothing: Some(Smoothing::default()),
        opencommands: Some(COMMANDS.to_vec()),
        ..servers([1])
    }
}

/// The report that needs a command; an odd record is an error here.
pub(crate) fn read(connection: &mut Connection, command: Command) -> Result<(), Error> {
    match command {
        Command::COUNT | Command::SOURCES => whole(connection.sources()?),
        Command::TRACKING => connection.tracking().map(drop),
        Command::SOURCESTATS => whole(connection.source_stats()?),
        Command::SELECTDATA => whole(connection.select_data()?),
        Command::ACTIVITY => connection.activity().map(drop),
        Command::AUTHDATA => whole(connection.auth_data()?),
        Command::NTPDATA => whole(connection.ntp_data()?),
        Command::SERVERSTATS => connection.server_stats().map(drop),
        // Not being tracked is an ordinary state; here it always is.
        Command::RTCDATA => connection.report("rtcdata").map(drop).and_then(|()| {
            connection.rtc_data().map(|data| assert!(data.is_some(), "no real-time clock"))
        }),
        Command::SMOOTHING => connection.smoothing().map(drop),
        other => panic!("{other:?} belongs to no report"),
    }
}

fn whole<T>(list: List<T>) -> Result<(), Error> {
    let (records, odd) = list.into_parts();
    match odd.into_iter().next() {
        Some(error) => Err(error),
        None => {
            assert_eq!(records.len(), 1, "records of one source");
            Ok(())
        }
    }
}

/// Whether a report's refusals concern one of its records.
pub(crate) fn is_per_source(command: Command) -> bool {
    [
        Command::SOURCES,
        Command::SOURCESTATS,
        Command::SELECTDATA,
        Command::AUTHDATA,
        Command::NTPDATA,
    ]
    .contains(&command)
}

/// Attempts so short that an ignored datagram costs little, and so many that a slow machine loses none.
pub(crate) fn eager(chronyd: &Simulator) -> Builder {
    crate::builder(chronyd).timeout(Duration::from_millis(25)).attempts(400)
}

/// An attempt that never runs out: what is expected comes at once.
pub(crate) fn patient(chronyd: &Simulator) -> Builder {
    crate::builder(chronyd).timeout(PATIENCE).attempts(1)
}

/// Runs a check for every command at the same time, each with a chronyd of its own.
pub(crate) fn for_each_command(
    start: impl Fn() -> Simulator + Sync,
    check: impl Fn(&Simulator, Command) + Sync,
) {
    std::thread::scope(|scope| {
        for command in COMMANDS {
            let (start, check) = (&start, &check);
            scope.spawn(move || {
                let chronyd = start();
                check(&chronyd, command);
                if chronyd.address().starts_with('/') {
                    assert!(client_directories(&chronyd).is_empty(), "{command:?} left something");
                }
            });
        }
    });
}

/// Reads under a fault: the result, within the time that the connection was made for.
pub(crate) fn read_under(
    chronyd: &Simulator,
    connection: &mut Connection,
    command: Command,
    fault: Fault,
) -> Result<(), Error> {
    chronyd.script([fault]);
    let begin = Instant::now();
    let result = read(connection, command);
    assert!(begin.elapsed() < PATIENCE, "{command:?} took {:?}", begin.elapsed());
    if chronyd.address().starts_with('/') {
        assert!(client_directories(chronyd).len() <= 1, "{command:?} piles up directories");
    }
    result
}

/// Asserts that the very next reading on the same connection is whole.
#[track_caller]
pub(crate) fn assert_recovers(
    chronyd: &Simulator,
    connection: &mut Connection,
    command: Command,
    after: &str,
) {
    chronyd.script([]);
    if let Err(error) = read(connection, command) {
        panic!("{command:?} after {after}: {error}");
    }
}

/// As [`assert_recovers`], where the attempts are short: on a slow machine the first may be too short.
#[track_caller]
pub(crate) fn assert_recovers_in_time(
    chronyd: &Simulator,
    connection: &mut Connection,
    command: Command,
    after: &str,
) {
    chronyd.script([]);
    let end = Instant::now() + PATIENCE;
    while let Err(error) = read(connection, command) {
        let slow = error.kind() == libchrony::ErrorKind::TimedOut && Instant::now() < end;
        assert!(slow, "{command:?} after {after}: {error}");
    }
}
