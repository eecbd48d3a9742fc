//! Several requests under way at once.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use libchrony::testing::{Command, Fault, Scenario, Simulator};
use libchrony::{ErrorKind, ReportName};

use crate::reading::{PATIENCE, patient};
use crate::simulated::{builder, connect};
use crate::{Builder, Connection};

/// So many are under way at a time.
const UNDER_WAY: usize = 4;

/// A server that is asked by one client and answers when it is told to.
struct Slow(UnixDatagram);

impl Slow {
    /// The next request.
    fn take(&self) -> Vec<u8> {
        let mut request = [0; 1024];
        let (length, client) = self.0.recv_from(&mut request).expect("a request comes");
        self.0.connect_addr(&client).expect("the client is there");
        request[..length].to_vec()
    }

    /// Answers with data and zeros behind it.
    fn answer(&self, request: &[u8], code: u8, data: &[u8]) {
        let mut body = [0; 100];
        body[..data.len()].copy_from_slice(data);
        self.reply(request, code, 0, &body);
    }

    /// Says that the client is not authorized.
    fn refuse(&self, request: &[u8]) {
        self.reply(request, 1, 2, &[]);
    }

    fn reply(&self, request: &[u8], code: u8, status: u8, body: &[u8]) {
        let mut reply = vec![0; 28];
        (reply[0], reply[1], reply[7], reply[9]) = (6, 2, code, status);
        reply[4..6].copy_from_slice(&request[4..6]);
        reply[16..20].copy_from_slice(&request[8..12]);
        reply.extend_from_slice(body);
        self.0.send(&reply).expect("the client takes it");
    }

    fn has_more(&self) -> bool {
        self.0.set_nonblocking(true).expect("a socket");
        let more = self.0.recv(&mut [0; 1024]).is_ok();
        self.0.set_nonblocking(false).expect("a socket");
        more
    }
}

/// The index that a request for a record asks for.
fn index(request: &[u8]) -> u8 {
    request[23]
}

#[test]
fn four_requests_are_under_way_and_no_fifth() {
    let place = tempfile::tempdir_in("/tmp").expect("a directory");
    let path = place.path().join("chronyd.sock");
    let server = Slow(UnixDatagram::bind(&path).expect("a socket"));
    server.0.set_read_timeout(Some(PATIENCE)).expect("a time");
    let serve = std::thread::spawn(move || {
        let number = [0, 0, 0, 40];
        let source = |request: &[u8]| {
            let mut data = [0; 18];
            data[..4].copy_from_slice(&[192, 0, 2, index(request)]);
            data[17] = 1;
            server.answer(request, 3, &data);
        };
        // The opening's look at the clock, the number, and the first source alone.
        let tracking = server.take();
        server.answer(&tracking, 5, &[]);
        let count = server.take();
        server.answer(&count, 2, &number);
        let first = server.take();
        assert_eq!((first[5], index(&first)), (15, 0));
        assert!(!server.has_more(), "more than the first is asked for at once");
        source(&first);
        // None is answered before four have come.
        let waiting: Vec<_> = (0..UNDER_WAY).map(|_| server.take()).collect();
        let indices: Vec<_> = waiting.iter().map(|request| index(request)).collect();
        assert_eq!(indices, [1, 2, 3, 4]);
        assert!(!server.has_more(), "chronyd's queue could overflow");
        waiting.iter().for_each(|request| source(request));
        for _ in UNDER_WAY + 1..40 {
            source(&server.take());
        }
        let count = server.take();
        server.answer(&count, 2, &number);
        // The second time nothing is left to be found out.
        let count = server.take();
        server.answer(&count, 2, &number);
        let waiting: Vec<_> = (0..UNDER_WAY).map(|_| server.take()).collect();
        waiting.iter().for_each(|request| source(request));
        for _ in UNDER_WAY..40 {
            source(&server.take());
        }
        let count = server.take();
        server.answer(&count, 2, &number);
    });
    let address = path.display().to_string().parse().expect("a short path");
    let mut chronyd = Connection::builder().address(address).timeout(PATIENCE).open();
    let chronyd = chronyd.as_mut().expect("it answers");
    for _ in 0..2 {
        let sources = chronyd.sources().expect("the sources");
        assert_eq!((sources.len(), sources.odd().len()), (40, 0));
    }
    serve.join().expect("the server saw what it should");
}

#[test]
fn reports_of_one_record_are_asked_for_together_once_each_had_an_answer() {
    let place = tempfile::tempdir_in("/tmp").expect("a directory");
    let path = place.path().join("chronyd.sock");
    let server = Slow(UnixDatagram::bind(&path).expect("a socket"));
    server.0.set_read_timeout(Some(PATIENCE)).expect("a time");
    let serve = std::thread::spawn(move || {
        // The opening's look at the clock, and the reports, each of which may be one that is never answered.
        for _ in 0..6 {
            let request = server.take();
            assert!(!server.has_more(), "another is asked for at the same time");
            server.refuse(&request);
        }
        let waiting: Vec<_> = (0..UNDER_WAY).map(|_| server.take()).collect();
        assert!(!server.has_more(), "chronyd's queue could overflow");
        waiting.iter().for_each(|request| server.refuse(request));
        server.refuse(&server.take());
    });
    let address = path.display().to_string().parse().expect("a short path");
    let mut chronyd = Connection::builder().address(address).timeout(PATIENCE).open();
    let chronyd = chronyd.as_mut().expect("it answers");
    let reports = [
        ReportName::Tracking,
        ReportName::Activity,
        ReportName::ServerStats,
        ReportName::RtcData,
        ReportName::Smoothing,
    ];
    for _ in 0..2 {
        let snapshot = chronyd.snapshot_of(&reports).expect("refusals are answers");
        let kinds: Vec<_> = snapshot.unavailable.values().map(libchrony::Error::kind).collect();
        assert_eq!(kinds, [ErrorKind::NotAuthorized; 5]);
    }
    serve.join().expect("the server saw what it should");
}

#[test]
fn names_that_nobody_asked_for_are_not_known_to_be_given() {
    let chronyd = Simulator::start_unix(Scenario::no_sources()).unwrap();
    let mut connection = connect(&chronyd);
    connection.snapshot().expect("there are no sources to name");
    chronyd.set(Scenario::many_sources(8));
    chronyd.script([Fault::on(Command::SOURCENAME).status(2)]);
    connection.snapshot().expect("names are an extra");
    let requests = chronyd.requests();
    let asked = requests.iter().filter(|it| it.command() == Command::SOURCENAME).count();
    assert_eq!(asked, 1, "the first goes ahead, and tells that there are none");
}

fn many(chronyd: &Simulator) -> Builder {
    // One attempt may be lost; the next is not.
    builder(chronyd).timeout(Duration::from_millis(500)).attempts(3)
}

#[test]
fn replies_that_are_lost_late_or_in_another_order_leave_the_list_whole() {
    for start in [Simulator::start_unix as fn(_) -> _, Simulator::start_udp] {
        let chronyd = start(Scenario::many_sources(100)).expect("the simulator starts");
        let expected: Vec<_> = connect(&chronyd)
            .sources()
            .expect("the sources")
            .iter()
            .map(|source| source.id.clone())
            .collect();
        for (what, faults) in [
            ("lost", vec![Fault::on(Command::SOURCES).nth(50).silence()]),
            (
                "the first of many lost",
                vec![Fault::on(Command::SOURCES).index(1).times(1).silence()],
            ),
            ("late", vec![Fault::on(Command::SOURCES).nth(50).late()]),
            ("twice", vec![Fault::on(Command::SOURCES).duplicate()]),
            ("in another order", vec![Fault::on(Command::SOURCES).nth(50).reorder()]),
            ("among noise", vec![Fault::always().noise(2, 7)]),
        ] {
            let mut connection = many(&chronyd).build();
            connection.tracking().expect("tracking");
            let before = chronyd.request_count();
            chronyd.script(faults);
            let sources = connection.sources().expect(what);
            chronyd.script([]);
            let found: Vec<_> = sources.iter().map(|source| source.id.clone()).collect();
            assert_eq!(found, expected, "{what}");
            assert!(sources.odd().is_empty(), "{what}: {:?}", sources.odd());
            // What was under way is asked for again, and no more.
            let asked = chronyd.request_count() - before;
            assert!(asked <= 102 + 3 * UNDER_WAY as u64, "{what}: {asked} requests");
        }
    }
}

#[test]
fn no_address_is_looked_up_twice() {
    let chronyd = Simulator::start_unix(Scenario::many_sources(20)).expect("the simulator starts");
    let mut connection = patient(&chronyd).open().expect("it answers");
    connection.snapshot().expect("a snapshot, with the names");
    chronyd.forget_requests();
    connection.snapshot().expect("a snapshot");
    let requests = chronyd.requests();
    let of = |command| requests.iter().filter(|request| request.command() == command).count();
    for command in [
        Command::SOURCES,
        Command::SOURCESTATS,
        Command::SELECTDATA,
        Command::AUTHDATA,
        Command::NTPDATA,
    ] {
        assert_eq!(of(command), 20, "{command:?}");
    }
}

#[test]
fn a_snapshot_of_some_reports_asks_for_no_others() {
    let chronyd = Simulator::start_unix(Scenario::many_sources(20)).expect("the simulator starts");
    let mut connection = patient(&chronyd).open().expect("it answers");
    let all = connection.snapshot().expect("a snapshot");
    for report in ReportName::ALL.iter().copied() {
        chronyd.forget_requests();
        let one = connection.snapshot_of(&[report]).expect("a snapshot");
        let asked = chronyd.requests().len();
        // With its two counts, and for what is asked by address the statistics that tell it.
        let most = match report {
            ReportName::AuthData | ReportName::NtpData => 42,
            ReportName::Sources | ReportName::SourceStats | ReportName::SelectData => 22,
            _ => 1,
        };
        assert_eq!(asked, most, "{report}");
        assert_eq!(one.unavailable.contains_key(&report), all.unavailable.contains_key(&report));
        assert!(one.unavailable.keys().all(|missing| *missing == report), "{report}");
        let lists = [
            one.sources.as_ref().map(Vec::len),
            one.sourcestats.as_ref().map(Vec::len),
            one.selectdata.as_ref().map(Vec::len),
            one.authdata.as_ref().map(Vec::len),
            one.ntpdata.as_ref().map(Vec::len),
        ];
        let given = lists.iter().flatten().collect::<Vec<_>>();
        assert!(given.iter().all(|number| **number == 20), "{report}: {lists:?}");
        assert_eq!(given.len(), usize::from(report.is_per_source()), "{report}");
    }
    // Several are of one list, which is read to tell it from another.
    let two = connection.snapshot_of(&[ReportName::SelectData, ReportName::AuthData]);
    let two = two.expect("a snapshot");
    assert!(two.sources.is_none() && two.selectdata.is_some() && two.authdata.is_some());
    chronyd.forget_requests();
    let none = connection.snapshot_of(&[]).expect("nothing to ask");
    assert!(none.tracking.is_none() && none.unavailable.is_empty());
    assert!(chronyd.requests().is_empty());
}

#[test]
fn a_report_alone_is_read_again_where_its_list_changed_and_named_where_it_is_refused() {
    let chronyd = Simulator::start_unix(Scenario::many_sources(20)).expect("the simulator starts");
    let mut connection = patient(&chronyd).open().expect("it answers");
    let after = Scenario::many_sources(19);
    chronyd.script([Fault::on(Command::SELECTDATA).index(5).nth(1).then_set(after)]);
    let read = connection.snapshot_of(&[ReportName::SelectData]).expect("a snapshot");
    assert_eq!(read.selectdata.map(|list| list.len()), Some(19));
    for refused in [Command::SELECTDATA, Command::COUNT] {
        chronyd.script([Fault::on(refused).status(2)]);
        let read = connection.snapshot_of(&[ReportName::SelectData]).expect("a snapshot");
        let kind = read.unavailable[&ReportName::SelectData].kind();
        assert_eq!((kind, read.selectdata), (ErrorKind::NotAuthorized, None), "{refused:?}");
    }
}
