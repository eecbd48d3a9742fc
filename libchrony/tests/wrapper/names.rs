//! The configured names of sources, asked for once and right all the same.

use libchrony::testing::{Command, Fault, Generation, Scenario, Simulator, Source};
use libchrony::{ErrorKind, ReportName};

use crate::{Connection, builder, connect, server, servers};

/// Sources with these names, at 192.0.2.1 and on.
fn named<const N: usize>(names: [&str; N]) -> Scenario {
    let sources = (1..).zip(names).map(|(last, name)| {
        let name = name.to_owned();
        Source { name, ..server(last) }
    });
    Scenario::with_sources(sources.collect())
}

/// The names in a snapshot, and how many requests for names it took.
fn read(connection: &mut Connection, chronyd: &Simulator) -> (Vec<Option<String>>, usize) {
    let asked = || {
        let requests = chronyd.requests();
        requests.iter().filter(|it| it.command() == Command::SOURCENAME).count()
    };
    let before = asked();
    let snapshot = connection.snapshot().expect("a snapshot");
    assert_eq!(snapshot.unavailable.keys().max(), Some(&ReportName::Smoothing));
    assert!(snapshot.odd_records.is_empty(), "{:?}", snapshot.odd_records);
    let names = snapshot.sources.expect("sources").into_iter().map(|source| source.name);
    (names.collect(), asked() - before)
}

fn some(name: &str) -> Option<String> {
    Some(name.to_owned())
}

#[test]
fn a_snapshot_names_its_sources_and_asks_for_each_name_once() {
    let scenario = || named(["time.example.net", "192.0.2.2", ""]);
    for chronyd in [Simulator::start_unix(scenario()), Simulator::start_udp(scenario())] {
        let chronyd = chronyd.unwrap();
        let mut connection = connect(&chronyd);
        let expected = vec![some("time.example.net"), None, None];
        assert_eq!(read(&mut connection, &chronyd), (expected.clone(), 3));
        assert_eq!(read(&mut connection, &chronyd), (expected, 0));
    }
}

#[test]
fn a_reference_clock_has_no_name_and_is_not_asked_for_one() {
    let chronyd = Simulator::start_unix(Scenario::gps_and_pps()).unwrap();
    let mut connection = connect(&chronyd);
    let (names, _) = read(&mut connection, &chronyd);
    let asked = chronyd.requests();
    let asked = asked.iter().filter(|it| it.command() == Command::SOURCENAME).count();
    let snapshot = connection.snapshot().unwrap();
    let sources = snapshot.sources.unwrap();
    let clocks = sources.iter().filter(|it| it.address.ip().is_none()).count();
    assert!(clocks >= 2 && names.len() == sources.len());
    assert_eq!(asked, sources.len() - clocks);
}

#[test]
fn a_new_source_is_asked_for_and_one_that_vanished_is_forgotten() {
    let chronyd = Simulator::start_unix(named(["a.example", "b.example"])).unwrap();
    let mut connection = connect(&chronyd);
    assert_eq!(read(&mut connection, &chronyd).1, 2);
    chronyd.set(named(["a.example", "b.example", "c.example"]));
    let (names, asked) = read(&mut connection, &chronyd);
    assert_eq!((names[2].clone(), asked), (some("c.example"), 1));
    chronyd.set(named(["a.example"]));
    assert_eq!(read(&mut connection, &chronyd).1, 0);
    // At the same address is another name by now.
    chronyd.set(named(["a.example", "other.example"]));
    assert_eq!(
        read(&mut connection, &chronyd),
        (vec![some("a.example"), some("other.example")], 1)
    );
}

#[test]
fn a_chronyd_that_was_restarted_is_asked_again() {
    let mut chronyd = Simulator::start_unix(named(["before.example"])).unwrap();
    let mut connection = connect(&chronyd);
    assert_eq!(read(&mut connection, &chronyd).0, [some("before.example")]);
    chronyd.stop();
    chronyd.restart().unwrap();
    chronyd.set(named(["after.example"]));
    assert_eq!(read(&mut connection, &chronyd), (vec![some("after.example")], 1));
}

#[test]
fn a_source_that_lost_its_samples_was_made_anew_and_is_asked_again() {
    let chronyd = Simulator::start_udp(named(["before.example"])).unwrap();
    let mut connection = connect(&chronyd);
    assert_eq!(read(&mut connection, &chronyd).0, [some("before.example")]);
    let mut scenario = named(["after.example"]);
    scenario.sources[0].last_sample_ago = libchrony::testing::NEVER;
    chronyd.set(scenario.clone());
    assert_eq!(read(&mut connection, &chronyd), (vec![some("after.example")], 1));
    // Without samples it stays the same source.
    assert_eq!(read(&mut connection, &chronyd), (vec![some("after.example")], 0));
}

#[test]
fn an_old_chronyd_is_not_asked_at_all() {
    for generation in [Generation::V2_3, Generation::V3_5] {
        let scenario = Scenario { generation, ..servers([1, 2, 3]) };
        let chronyd = Simulator::start_unix(scenario).unwrap();
        let mut connection = connect(&chronyd);
        assert_eq!(read(&mut connection, &chronyd), (vec![None; 3], 0), "{generation:?}");
    }
}

#[test]
fn a_refusal_or_silence_is_met_once_and_the_rest_of_the_snapshot_is_there() {
    for fault in
        [Fault::on(Command::SOURCENAME).status(2), Fault::on(Command::SOURCENAME).status(3)]
    {
        let chronyd = Simulator::start_unix(servers([1, 2, 3])).unwrap();
        chronyd.script([fault]);
        let mut connection = connect(&chronyd);
        assert_eq!(read(&mut connection, &chronyd), (vec![None; 3], 1));
        assert_eq!(read(&mut connection, &chronyd), (vec![None; 3], 0));
    }
    let chronyd = Simulator::start_unix(servers([1, 2, 3])).unwrap();
    chronyd.script([Fault::on(Command::SOURCENAME).silence()]);
    let timeout = std::time::Duration::from_millis(500);
    let mut connection = builder(&chronyd).timeout(timeout).attempts(2).build();
    assert_eq!(read(&mut connection, &chronyd), (vec![None; 3], 2));
    // It opened a new session, which is no reason to try again.
    assert_eq!(read(&mut connection, &chronyd), (vec![None; 3], 0));
}

#[test]
fn a_name_that_cannot_be_read_leaves_the_others() {
    let chronyd = Simulator::start_unix(named(["a.example", "b.example"])).unwrap();
    chronyd.script([Fault::on(Command::SOURCENAME).nth(1).truncate(100)]);
    let mut connection = connect(&chronyd);
    assert_eq!(read(&mut connection, &chronyd), (vec![None, some("b.example")], 2));
}

#[test]
fn a_hostile_name_never_breaks_a_reading_and_commands_nobody() {
    let long = "n".repeat(256);
    let chronyd = Simulator::start_unix(named([&long, "<b>\u{202e}\u{1b}[2J"])).unwrap();
    let mut connection = connect(&chronyd);
    let (names, _) = read(&mut connection, &chronyd);
    assert_eq!(names, [Some(long), some("<b>\u{fffd}\u{fffd}[2J")]);
    // Bytes that are no text.
    chronyd.script([Fault::on(Command::SOURCENAME).edit(|reply| reply[28..].fill(0xff))]);
    let list = connection.source_names().unwrap();
    assert!(list.iter().all(|it| it.name == "\u{fffd}".repeat(256)), "{list:?}");
}

#[test]
fn names_alone_are_a_list_with_an_address_each() {
    let mut scenario = named(["a.example", "192.0.2.2"]);
    scenario.sources.extend(Scenario::gps_and_pps().sources);
    let chronyd = Simulator::start_unix(scenario).unwrap();
    let mut connection = connect(&chronyd);
    let list = connection.source_names().unwrap();
    assert_eq!(list[0].address.to_string(), "192.0.2.1");
    assert_eq!((list[0].name.as_str(), list[1].name.as_str()), ("a.example", "192.0.2.2"));
    let records = connection.report("sourcename").unwrap();
    assert_eq!(records[0].field("name").unwrap().value.to_string(), "a.example");
    // Those of reference clocks have no fields.
    assert!(records.iter().any(|record| record.fields.is_empty()));

    chronyd.script([Fault::on(Command::SOURCENAME).status(3)]);
    assert_eq!(connection.source_names().unwrap_err().kind(), ErrorKind::ServerTooOld);
}
