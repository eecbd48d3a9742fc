//! authdata, ntpdata and sourcename, which take two requests: the address of the source, then the
//! report.
#![cfg(bundled)]

mod support;

use libchrony_sys::chrony_err;
use support::server::Server;
use support::session::Session;
use support::wire::Address;
use support::{answer, connected, layouts, refuse, request, sourcestats_of};

const SOURCE: Address = Address::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const REPORTS: [&str; 3] = ["authdata", "ntpdata", "sourcename"];

/// A session whose current record is sourcestats of this source.
#[track_caller]
fn after_sourcestats(record: i32, address: Address) -> (Session, Server) {
    let (session, server) = connected();
    assert_eq!(session.request_record("sourcestats", record), chrony_err::CHRONY_OK);
    assert_eq!(answer(&session, &server, 6, &sourcestats_of(address)), chrony_err::CHRONY_OK);
    (session, server)
}

#[test]
fn the_address_is_looked_up_first_and_the_report_follows() {
    for layout in layouts::all().iter().filter(|layout| layout.by_address()) {
        let (session, server) = connected();
        assert_eq!(session.request_record(layout.report, 258), chrony_err::CHRONY_OK);
        let lookup = server.take();
        assert_eq!((lookup.command(), lookup.index()), (34, 258));
        server.send(&lookup.reply(6).body(&sourcestats_of(SOURCE)));
        assert_eq!(session.process(), chrony_err::CHRONY_OK);
        // Between the two, the record of the lookup is seen.
        assert_eq!((session.needs_response(), session.fields()), (true, 10));
        let sent = server.take();
        assert_eq!(sent.command(), layout.command);
        assert_ne!(sent.sequence(), lookup.sequence());
        server.send(&sent.reply(layout.reply).body(&layout.body_about(SOURCE)));
        assert_eq!(session.process(), chrony_err::CHRONY_OK);
        assert!(!session.needs_response());
        assert_eq!(usize::try_from(session.fields()), Ok(layout.fields.len()));
        server.expect_silence();
    }
}

#[test]
fn a_late_answer_to_the_first_step_is_ignored_in_the_second() {
    let (session, server) = connected();
    assert_eq!(session.request_record("authdata", 0), chrony_err::CHRONY_OK);
    let first = server.take().reply(6).body(&sourcestats_of(SOURCE));
    server.send(&first);
    server.send(&first);
    assert_eq!(session.process(), chrony_err::CHRONY_OK);
    assert_eq!(session.process(), chrony_err::CHRONY_OK);
    assert_eq!((session.needs_response(), session.fields()), (true, 0));
    assert_eq!(answer(&session, &server, 20, &[0; 24]), chrony_err::CHRONY_OK);
    assert_eq!(session.fields(), 10);
    assert_eq!(session.name(0).as_deref(), Some("mode"));
}

#[test]
fn a_datagram_that_is_ignored_leaves_the_second_step_to_come() {
    let (session, server) = connected();
    assert_eq!(session.request_record("authdata", 0), chrony_err::CHRONY_OK);
    server.send_bytes(&[]);
    assert_eq!(session.process(), chrony_err::CHRONY_OK);
    assert_eq!(answer(&session, &server, 6, &sourcestats_of(SOURCE)), chrony_err::CHRONY_OK);
    assert_eq!(server.take().command(), 67);
}

#[test]
fn the_lookup_is_left_out_after_sourcestats_of_the_same_source() {
    for report in REPORTS {
        let layout = layouts::of(report);
        let (session, server) = after_sourcestats(2, SOURCE);
        assert_eq!(session.request_record(report, 2), chrony_err::CHRONY_OK);
        assert_eq!((session.needs_response(), session.fields()), (true, 10));
        let sent = server.take();
        assert_eq!((sent.command(), sent.address()), (layout.command, &SOURCE.encode()[..]));
        server.send(&sent.reply(layout.reply).body(&layout.body_about(SOURCE)));
        assert_eq!(session.process(), chrony_err::CHRONY_OK);
        assert_eq!(usize::try_from(session.fields()), Ok(layout.fields.len()));
        assert!(!session.needs_response());
        server.expect_silence();
        // The address has served this report: for the next time it is looked up again.
        assert_eq!(session.request_record(report, 2), chrony_err::CHRONY_OK);
        assert_eq!(server.take().command(), 34);
    }
}

#[test]
fn one_lookup_serves_each_report_of_the_same_source_once() {
    let (session, server) = after_sourcestats(2, SOURCE);
    for report in REPORTS {
        let layout = layouts::of(report);
        assert_eq!(session.request_record(report, 2), chrony_err::CHRONY_OK);
        let sent = server.take();
        assert_eq!((sent.command(), sent.address()), (layout.command, &SOURCE.encode()[..]));
        server.send(&sent.reply(layout.reply).body(&layout.body_about(SOURCE)));
        assert_eq!(session.process(), chrony_err::CHRONY_OK);
        assert!(!session.needs_response());
    }
    // Each has had its turn: the list may be another one by now.
    for report in REPORTS {
        assert_eq!(session.request_record(report, 2), chrony_err::CHRONY_OK);
        assert_eq!(server.take().command(), 34, "{report}");
    }
}

#[test]
fn a_lookup_serves_no_other_source_and_none_after_an_error_or_another_request() {
    let asked = || {
        let (session, server) = after_sourcestats(2, SOURCE);
        assert_eq!(session.request_record("authdata", 2), chrony_err::CHRONY_OK);
        (session, server)
    };
    let (session, server) = asked();
    assert_eq!(answer(&session, &server, 20, &[0; 24]), chrony_err::CHRONY_OK);
    assert_eq!(session.request_record("ntpdata", 3), chrony_err::CHRONY_OK);
    let lookup = server.take();
    assert_eq!((lookup.command(), lookup.index()), (34, 3), "another source");

    let (session, server) = asked();
    assert_eq!(refuse(&session, &server, 4), chrony_err::CHRONY_UNEXPECTED_STATUS);
    assert_eq!(session.request_record("ntpdata", 2), chrony_err::CHRONY_OK);
    assert_eq!(server.take().command(), 34, "an error");

    let (session, server) = asked();
    server.take();
    assert_eq!(session.request_record("ntpdata", 2), chrony_err::CHRONY_OK);
    assert_eq!(server.take().command(), 34, "a request that was not answered");

    let (session, server) = asked();
    assert_eq!(answer(&session, &server, 20, &[0; 24]), chrony_err::CHRONY_OK);
    request(&session, &server, &layouts::of("tracking"));
    let tracking = layouts::of("tracking");
    assert_eq!(
        answer(&session, &server, tracking.reply, &tracking.body(&[])),
        chrony_err::CHRONY_OK
    );
    assert_eq!(session.request_record("ntpdata", 2), chrony_err::CHRONY_OK);
    assert_eq!(server.take().command(), 34, "another report");
}

#[test]
fn the_lookup_is_not_left_out_where_something_came_between() {
    for report in REPORTS {
        let (session, server) = after_sourcestats(2, SOURCE);
        assert_eq!(session.request_record(report, 3), chrony_err::CHRONY_OK);
        let lookup = server.take();
        assert_eq!((lookup.command(), lookup.index()), (34, 3), "another source");

        let (session, server) = after_sourcestats(2, SOURCE);
        assert_eq!(session.request_record("sourcestats", 2), chrony_err::CHRONY_OK);
        server.take();
        assert_eq!(session.request_record(report, 2), chrony_err::CHRONY_OK);
        assert_eq!(server.take().command(), 34, "a request that was not answered");

        let (session, server) = after_sourcestats(2, SOURCE);
        request(&session, &server, &layouts::of("sources"));
        assert_eq!(refuse(&session, &server, 4), chrony_err::CHRONY_UNEXPECTED_STATUS);
        assert_eq!(session.request_record(report, 2), chrony_err::CHRONY_OK);
        assert_eq!(server.take().command(), 34, "an error");

        let (session, server) = after_sourcestats(2, SOURCE);
        assert_eq!(session.request_count("sources"), chrony_err::CHRONY_OK);
        assert_eq!(answer(&session, &server, 2, &[0, 0, 0, 9]), chrony_err::CHRONY_OK);
        assert_eq!(session.request_record(report, 2), chrony_err::CHRONY_OK);
        assert_eq!(server.take().command(), 34, "a count");
    }
}

#[test]
fn a_refused_call_leaves_the_shortcut() {
    let (session, server) = after_sourcestats(2, SOURCE);
    assert_eq!(session.request_record("nonsense", 5), chrony_err::CHRONY_UNKNOWN_REPORT);
    assert_eq!(session.request_record("tracking", 5), chrony_err::CHRONY_INVALID_ARGUMENT);
    assert_eq!(session.request_count("tracking"), chrony_err::CHRONY_OK);
    assert_eq!(session.request_record("authdata", 2), chrony_err::CHRONY_OK);
    assert_eq!(server.take().command(), 67);
}

#[test]
fn a_reference_clock_has_a_record_without_fields() {
    for report in REPORTS {
        let (session, server) = connected();
        assert_eq!(session.request_record(report, 0), chrony_err::CHRONY_OK);
        let err = answer(&session, &server, 6, &sourcestats_of(Address::None));
        assert_eq!(err, chrony_err::CHRONY_OK);
        assert_eq!((session.needs_response(), session.fields()), (false, 0));
        assert_eq!((session.name(0), session.index("address")), (None, -1));
        assert_eq!(session.process(), chrony_err::CHRONY_UNEXPECTED_CALL);
        // Asked again, even for the other report, nothing is sent.
        for again in REPORTS {
            assert_eq!(session.request_record(again, 0), chrony_err::CHRONY_OK);
            assert_eq!((session.needs_response(), session.fields()), (false, 0));
        }
        server.expect_silence();
        assert_eq!(session.request_record(report, 1), chrony_err::CHRONY_OK);
        assert_eq!(server.take().index(), 1);
    }
}

#[test]
fn a_reference_clock_known_from_sourcestats_is_not_asked_for() {
    for report in REPORTS {
        let (session, server) = after_sourcestats(0, Address::None);
        assert_eq!(session.fields(), 10);
        assert_eq!(session.request_record(report, 0), chrony_err::CHRONY_OK);
        assert_eq!((session.needs_response(), session.fields()), (false, 0));
        server.expect_silence();
        // sourcestats itself is asked for and seen again.
        assert_eq!(session.request_record("sourcestats", 0), chrony_err::CHRONY_OK);
        let err = answer(&session, &server, 6, &sourcestats_of(Address::None));
        assert_eq!((err, session.fields()), (chrony_err::CHRONY_OK, 10));
    }
}

#[test]
fn errors_of_either_step_are_those_of_the_report() {
    for report in REPORTS {
        for (status, err) in [
            (2, chrony_err::CHRONY_UNAUTHORIZED),
            (3, chrony_err::CHRONY_OLD_SERVER),
            (4, chrony_err::CHRONY_UNEXPECTED_STATUS),
            (19, chrony_err::CHRONY_NEW_SERVER),
        ] {
            let (session, server) = connected();
            if status != 2 {
                assert_eq!(session.request_record(report, 0), chrony_err::CHRONY_OK);
                assert_eq!(refuse(&session, &server, status), err);
                assert_eq!((session.needs_response(), session.fields()), (false, 0));
            }
            request(&session, &server, &layouts::of(report));
            assert_eq!(refuse(&session, &server, status), err);
            assert_eq!((session.needs_response(), session.fields()), (false, 0));
            server.expect_silence();
        }
    }
}

#[test]
fn a_short_first_answer_is_invalid_and_ends_it() {
    let (session, server) = connected();
    assert_eq!(session.request_record("authdata", 0), chrony_err::CHRONY_OK);
    let err = answer(&session, &server, 6, &sourcestats_of(SOURCE)[..55]);
    assert_eq!(err, chrony_err::CHRONY_INVALID_RESPONSE);
    assert_eq!((session.needs_response(), session.fields()), (false, 0));
    server.expect_silence();
}
