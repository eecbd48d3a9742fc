//! A snapshot of a chronyd that never answers some request.

use std::time::{Duration, Instant};

use libchrony::testing::{Command, Fault, Generation, Simulator};
use libchrony::{ErrorKind, ReportName, Snapshot};

use crate::reading::{PATIENCE, for_each_command, talkative};

/// The reports that cannot be had without a command, and those that must be there all the same.
fn depends(command: Command, report: ReportName) -> bool {
    let lists = report.is_per_source();
    match command {
        Command::COUNT => lists,
        // Where the list itself is not known, the rest is not compared, but given.
        Command::SOURCES => report == ReportName::Sources,
        Command::SOURCESTATS => {
            matches!(report, ReportName::SourceStats | ReportName::AuthData | ReportName::NtpData)
        }
        other => other.name() == Some(report.as_str()),
    }
}

fn is_there(snapshot: &Snapshot, report: ReportName) -> bool {
    match report {
        ReportName::Tracking => snapshot.tracking.is_some(),
        ReportName::Sources => snapshot.sources.is_some(),
        ReportName::SourceStats => snapshot.sourcestats.is_some(),
        ReportName::SelectData => snapshot.selectdata.is_some(),
        ReportName::Activity => snapshot.activity.is_some(),
        ReportName::AuthData => snapshot.authdata.is_some(),
        ReportName::NtpData => snapshot.ntpdata.is_some(),
        ReportName::ServerStats => snapshot.serverstats.is_some(),
        ReportName::RtcData => snapshot.rtcdata.is_some(),
        ReportName::Smoothing => snapshot.smoothing.is_some(),
        other => panic!("{other} is a new report"),
    }
}

#[test]
fn each_request_that_stays_silent_costs_its_reports_and_little_time() {
    let start = || Simulator::start_unix(talkative(Generation::V4_9)).unwrap();
    for_each_command(start, |chronyd, command| {
        // Long enough for whatever is answered, so that all that times out is silent.
        let timeout = Duration::from_millis(700);
        let mut connection = crate::builder(chronyd).timeout(timeout).attempts(2).build();
        chronyd.script([Fault::on(command).silence()]);
        let begin = Instant::now();
        let snapshot = connection.snapshot();
        let time = begin.elapsed();
        let asked = chronyd.requests().iter().filter(|it| it.command() == command).count();
        assert!(time < PATIENCE, "{command:?} took {time:?}");
        if command == Command::TRACKING {
            assert_eq!(snapshot.unwrap_err().kind(), ErrorKind::TimedOut);
            assert_eq!(asked, 2);
            return;
        }
        let snapshot = snapshot.unwrap();
        for report in ReportName::ALL.iter().copied() {
            let is_lost = depends(command, report);
            assert_eq!(is_there(&snapshot, report), !is_lost, "{command:?}: {report}");
            let error = snapshot.unavailable.get(&report);
            let expected = is_lost.then_some(ErrorKind::TimedOut);
            assert_eq!(error.map(libchrony::Error::kind), expected, "{command:?}: {report}");
        }
        // Each report that begins with it asks for it twice.
        let most = if command == Command::SOURCESTATS { 6 } else { 2 };
        assert!(asked <= most, "{command:?} was asked for {asked} times");
    });
}

#[test]
fn a_chronyd_that_hangs_within_a_snapshot_is_asked_once_more_and_then_given_up() {
    let chronyd = Simulator::start_unix(talkative(Generation::V4_9)).unwrap();
    crate::reading::patient(&chronyd).build().snapshot().unwrap();
    // Without names, which come last, in two steps each, a snapshot is whole.
    let requests = chronyd.requests();
    let names = requests.iter().filter(|it| it.command() == Command::SOURCENAME).count();
    let number = requests.len() - 2 * names;
    for answered in 1..u64::try_from(number).unwrap() {
        let before = chronyd.request_count();
        chronyd.script([Fault::always().after(answered).silence()]);
        let builder = crate::builder(&chronyd).timeout(Duration::from_millis(60)).attempts(2);
        let error = builder.build().snapshot().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{answered} answered: {error}");
        // Two attempts at what was silent, and two at tracking, which tells whether it is there at all.
        let asked = chronyd.request_count() - before;
        assert!(asked <= answered + 4, "{asked} requests, {answered} of them answered");
    }
}
