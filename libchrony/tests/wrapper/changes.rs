//! Lists of sources that change while they are read, and records that are odd.

use libchrony::testing::{Command, Fault, Scenario, Simulator};
use libchrony::{ErrorKind, ReportName, Snapshot};

use crate::{connect, connect_in_a_hurry, server, servers};

const PER_SOURCE: [ReportName; 5] = [
    ReportName::Sources,
    ReportName::SourceStats,
    ReportName::SelectData,
    ReportName::AuthData,
    ReportName::NtpData,
];

/// The last number of each source's address, after a look that all reports have the same list.
fn lasts(snapshot: &Snapshot) -> Vec<u8> {
    let joined = snapshot.joined();
    for source in &joined {
        let id = &source.source.id;
        assert!(source.stats.is_some(), "no statistics of {id}");
        assert!(source.select.is_some(), "no selection data of {id}");
        assert!(source.auth.is_some(), "no authentication of {id}");
        assert!(source.ntp.is_some(), "no NTP data of {id}");
    }
    joined
        .iter()
        .map(|joined| match joined.source.address.ip() {
            Some(std::net::IpAddr::V4(ip)) => ip.octets()[3],
            other => panic!("{other:?} is no IPv4 address"),
        })
        .collect()
}

/// Reads a snapshot while the list becomes `after` at the first request with `command`.
fn changed_at(command: Command, index: u32, after: Scenario) -> Snapshot {
    let chronyd = Simulator::start_unix(servers([1, 2, 3, 4])).expect("the simulator starts");
    chronyd.script([Fault::on(command).index(index).nth(1).then_set(after)]);
    let snapshot = connect(&chronyd).snapshot().expect("the snapshot is read");
    assert!(snapshot.unavailable.keys().all(|report| !PER_SOURCE.contains(report)));
    assert!(snapshot.odd_records.is_empty(), "{:?}", snapshot.odd_records);
    snapshot
}

#[test]
fn a_list_that_grows_while_it_is_read_is_read_again() {
    for command in [Command::SOURCES, Command::SOURCESTATS, Command::SELECTDATA] {
        assert_eq!(lasts(&changed_at(command, 1, servers([1, 2, 3, 4, 5]))), [1, 2, 3, 4, 5]);
    }
}

#[test]
fn a_list_that_shrinks_while_it_is_read_is_read_again() {
    for command in [Command::SOURCES, Command::SOURCESTATS, Command::SELECTDATA] {
        assert_eq!(lasts(&changed_at(command, 1, servers([1, 3, 4]))), [1, 3, 4]);
    }
}

#[test]
fn a_list_that_is_reordered_while_it_is_read_is_read_again() {
    for command in [Command::SOURCES, Command::SOURCESTATS, Command::SELECTDATA] {
        assert_eq!(lasts(&changed_at(command, 1, servers([4, 3, 2, 1]))), [4, 3, 2, 1]);
    }
}

#[test]
fn a_source_replaced_by_another_is_never_mixed_with_it() {
    assert_eq!(lasts(&changed_at(Command::SOURCES, 3, servers([1, 2, 9, 4]))), [1, 2, 9, 4]);
}

#[test]
fn a_source_that_was_missing_once_is_read_again() {
    let chronyd = Simulator::start_unix(servers([1, 2, 3])).unwrap();
    let mut connection = connect(&chronyd);
    // The list has the same length before and after.
    let missing = || [Fault::on(Command::SOURCES).index(1).nth(1).status(4)];
    chronyd.script(missing());
    let sources = connection.sources().unwrap();
    assert_eq!((sources.len(), sources.odd().len()), (3, 0));
    chronyd.script(missing());
    let snapshot = connection.snapshot().unwrap();
    assert_eq!(lasts(&snapshot), [1, 2, 3]);
    assert!(snapshot.odd_records.is_empty(), "{:?}", snapshot.odd_records);
}

#[test]
fn a_list_that_never_stays_is_named_and_the_rest_is_there() {
    let chronyd = Simulator::start_unix(servers([1, 2, 3])).unwrap();
    let other =
        |nth: u64| if nth.is_multiple_of(2) { servers([1, 2, 3]) } else { servers([3, 2, 1]) };
    chronyd.script(
        (1..9).map(|nth| Fault::on(Command::SOURCES).index(2).nth(nth).then_set(other(nth))),
    );
    let snapshot = connect(&chronyd).snapshot().unwrap();
    for report in PER_SOURCE {
        let error = &snapshot.unavailable[&report];
        assert_eq!(error.kind(), ErrorKind::SourcesChanging, "{report}: {error}");
        assert!(error.to_string().contains("3 times"), "{error}");
    }
    assert!(snapshot.sources.is_none());
    assert!(snapshot.tracking.is_some() && snapshot.activity.is_some());
}

#[test]
fn a_list_that_shrank_greatly_is_not_asked_for_to_its_old_end() {
    let chronyd = Simulator::start_unix(Scenario::many_sources(500)).unwrap();
    chronyd.script([Fault::on(Command::COUNT).nth(1).then_set(servers([1, 2]))]);
    let sources = connect(&chronyd).sources().unwrap();
    assert_eq!((sources.len(), sources.odd().len()), (2, 0));
    let asked = chronyd.request_count();
    assert!(asked < 40, "{asked} requests for two sources");

    // A number that is never true: each of the tries gives up early, and no list is made up.
    chronyd.set(Scenario { count: Some(60_000), ..servers([1, 2]) });
    let error = connect(&chronyd).sources().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SourcesChanging, "{error}");
    let asked = chronyd.request_count() - asked;
    // Each of three tries may have as many under way as there are lanes when it is found out.
    assert!(asked < 90, "{asked} requests for two sources");
}

#[test]
fn a_few_missing_sources_do_not_end_the_reading_of_the_others() {
    let chronyd = Simulator::start_unix(Scenario::many_sources(40)).unwrap();
    // Fifteen, one that is there, fifteen.
    let missing = (3..18).chain(19..34);
    chronyd.script(missing.map(|index| Fault::on(Command::SOURCES).index(index).status(4)));
    let sources = connect(&chronyd).sources().unwrap();
    assert_eq!((sources.len(), sources.odd().len()), (10, 30));
}

#[test]
fn a_number_of_sources_that_is_never_told_is_waited_for_once() {
    let chronyd = Simulator::start_unix(servers([1, 2])).unwrap();
    let mut connection = connect_in_a_hurry(&chronyd);
    let counts = |chronyd: &Simulator| {
        chronyd.requests().iter().filter(|request| request.command() == Command::COUNT).count()
    };
    // From the first on, and from the second on, which comes after the reading.
    for answered in [0, 1] {
        let before = counts(&chronyd);
        chronyd.script([Fault::on(Command::COUNT).after(answered).silence()]);
        let snapshot = connection.snapshot().unwrap();
        for report in PER_SOURCE {
            let error = &snapshot.unavailable[&report];
            assert_eq!(error.kind(), ErrorKind::TimedOut, "{report}: {error}");
        }
        assert!(snapshot.tracking.is_some() && snapshot.smoothing.is_none());
        // Two attempts, and what was answered.
        let asked = counts(&chronyd) - before;
        assert!(asked as u64 <= 2 + answered, "{asked} requests for the number");
    }
    chronyd.script([]);
    assert_eq!(lasts(&connection.snapshot().unwrap()), [1, 2]);
}

#[test]
fn a_list_alone_is_read_again_when_its_length_changed() {
    let chronyd = Simulator::start_unix(servers([1, 2, 3])).unwrap();
    chronyd.script([Fault::on(Command::COUNT).nth(1).then_set(servers([1, 2]))]);
    let sources = connect(&chronyd).sources().unwrap();
    assert_eq!(sources.len(), 2);
    assert!(sources.odd().is_empty());
}

#[test]
fn one_odd_source_leaves_the_others_and_names_itself() {
    let chronyd = Simulator::start_unix(servers([1, 2, 3])).unwrap();
    // The reachability register has eight bits.
    let odd = |reply: &mut Vec<u8>| reply[28 + 30] = 1;
    chronyd.script([Fault::on(Command::SOURCES).index(1).edit(odd)]);
    let mut connection = connect(&chronyd);

    let sources = connection.sources().unwrap();
    assert_eq!(sources.len(), 2);
    let text = sources.odd()[0].to_string();
    for part in ["sources", "record 1", "reachability", "511", "0 to 255"] {
        assert!(text.contains(part), "{part} is missing in: {text}");
    }

    let snapshot = connection.snapshot().unwrap();
    assert_eq!(snapshot.sources.as_ref().map(Vec::len), Some(2));
    assert_eq!(snapshot.sourcestats.as_ref().map(Vec::len), Some(3));
    assert_eq!(snapshot.odd_records.len(), 1);
    assert!(snapshot.unavailable.keys().all(|report| !PER_SOURCE.contains(report)));
}

#[test]
fn a_record_cut_short_leaves_the_others() {
    let chronyd = Simulator::start_unix(servers([1, 2, 3])).unwrap();
    chronyd.script([Fault::on(Command::SOURCESTATS).index(2).truncate(83)]);
    let stats = connect(&chronyd).source_stats().unwrap();
    assert_eq!(stats.len(), 2);
    assert_eq!(stats.odd()[0].kind(), ErrorKind::InvalidReply);
}

#[test]
fn odd_statistics_leave_the_same_source_s_other_reports() {
    let chronyd = Simulator::start_unix(servers([1, 2])).unwrap();
    // A negative standard deviation: the sign bit of its coefficient.
    chronyd.script([Fault::on(Command::SOURCESTATS).index(1).edit(|reply| reply[28 + 36] |= 1)]);
    let snapshot = connect(&chronyd).snapshot().unwrap();
    assert_eq!(snapshot.sourcestats.as_ref().map(Vec::len), Some(1));
    assert_eq!(snapshot.authdata.as_ref().map(Vec::len), Some(2));
    assert_eq!(snapshot.odd_records.len(), 1, "{:?}", snapshot.odd_records);
}

#[test]
fn a_source_that_is_listed_but_never_found_is_an_odd_record() {
    let chronyd = Simulator::start_unix(servers([1, 2, 3])).unwrap();
    chronyd.script([Fault::on(Command::SELECTDATA).index(1).status(4)]);
    let snapshot = connect(&chronyd).snapshot().unwrap();
    assert_eq!(snapshot.selectdata.as_ref().map(Vec::len), Some(2));
    assert_eq!(snapshot.sources.as_ref().map(Vec::len), Some(3));
    assert_eq!(snapshot.odd_records[0].kind(), ErrorKind::NoSuchSource);
}

#[test]
fn reports_are_joined_by_source_not_by_place() {
    let chronyd = Simulator::start_unix(Scenario::gps_and_pps()).unwrap();
    let snapshot = connect(&chronyd).snapshot().unwrap();
    let joined = snapshot.joined();
    assert!(joined.len() >= 2);
    for one in joined {
        assert_eq!(one.stats.unwrap().address, one.source.address);
        assert_eq!(one.select.unwrap().address, one.source.address);
        // A reference clock is asked nothing over the network.
        let over_network = one.source.address.ip().is_some();
        assert_eq!((one.auth.is_some(), one.ntp.is_some()), (over_network, over_network));
    }
}

#[test]
fn two_clocks_of_one_name_keep_their_own_records() {
    let clock = libchrony::testing::Source::reference_clock(*b"GPS\0");
    let mut second = clock.clone();
    second.stats.samples = 5;
    let mut first = clock;
    first.stats.samples = 9;
    let scenario = Scenario::with_sources(vec![first, server(1), second]);
    let chronyd = Simulator::start_unix(scenario).unwrap();
    let snapshot = connect(&chronyd).snapshot().unwrap();
    let clocks: Vec<_> = snapshot
        .joined()
        .iter()
        .filter(|joined| joined.source.address.ip().is_none())
        .map(|joined| (joined.source.id.clone(), joined.stats.map(|stats| stats.samples)))
        .collect();
    assert_eq!(clocks, [("GPS".to_owned(), Some(9)), ("GPS-2".to_owned(), Some(5))]);
}
