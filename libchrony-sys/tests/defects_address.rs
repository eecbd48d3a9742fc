//! What upstream's libchrony 0.2 gets wrong in the reports that are asked by address, and with NULL,
//! and this library does not. The ids are of the list of upstream's defects.
#![cfg(bundled)]

mod support;

use libchrony_sys::chrony_err;
use support::layouts;
use support::session::Session;
use support::wire::{Address, Value};
use support::{answer, connected, refuse, request_about, sourcestats_of};

const SOURCE: Address = Address::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

/// U16
#[test]
fn addresses_come_from_sources_where_sourcestats_is_refused() {
    let sources = layouts::of("sources");
    for report in ["authdata", "ntpdata"] {
        let (session, server) = connected();
        assert_eq!(session.request_record(report, 3), chrony_err::CHRONY_OK);
        assert_eq!(refuse(&session, &server, 2), chrony_err::CHRONY_OK);
        assert!(session.needs_response());
        let lookup = server.take();
        assert_eq!((lookup.command(), lookup.index(), lookup.bytes.len()), (15, 3, 76));
        let body = sources.body(&[("address", Value::Address(SOURCE))]);
        server.send(&lookup.reply(3).body(&body));
        assert_eq!(session.process(), chrony_err::CHRONY_OK);
        assert!(session.needs_response());
        let layout = layouts::of(report);
        let request = server.take();
        assert_eq!(request.command(), layout.command);
        assert_eq!(request.address(), SOURCE.encode());
        server.send(&request.reply(layout.reply).body(&layout.body_about(SOURCE)));
        assert_eq!(session.process(), chrony_err::CHRONY_OK);
        assert_eq!(usize::try_from(session.fields()), Ok(layout.fields.len()));
        assert!(!session.needs_response());
    }
}

/// U16
#[test]
fn a_reference_clock_found_in_sources_has_no_address() {
    let sources = layouts::of("sources");
    let (session, server) = connected();
    assert_eq!(session.request_record("authdata", 0), chrony_err::CHRONY_OK);
    assert_eq!(refuse(&session, &server, 2), chrony_err::CHRONY_OK);
    let body = sources.body(&[("address", Value::Address(SOURCE)), ("mode", Value::U16(2))]);
    assert_eq!(answer(&session, &server, 3, &body), chrony_err::CHRONY_OK);
    assert_eq!((session.needs_response(), session.fields()), (false, 0));
    server.expect_silence();
}

/// U16
#[test]
fn a_server_that_refuses_sources_too_is_asked_no_more() {
    let (session, server) = connected();
    assert_eq!(session.request_record("ntpdata", 0), chrony_err::CHRONY_OK);
    assert_eq!(refuse(&session, &server, 2), chrony_err::CHRONY_OK);
    assert_eq!(refuse(&session, &server, 2), chrony_err::CHRONY_UNAUTHORIZED);
    assert_eq!((session.needs_response(), session.fields()), (false, 0));
    server.expect_silence();
    // Nothing of it is left for the next request.
    assert_eq!(session.request_record("sourcestats", 0), chrony_err::CHRONY_OK);
    assert_eq!(refuse(&session, &server, 2), chrony_err::CHRONY_UNAUTHORIZED);
    assert!(!session.needs_response());
}

/// U16
#[test]
fn sourcestats_itself_has_no_other_place_to_come_from() {
    let (session, server) = connected();
    assert_eq!(session.request_record("sourcestats", 0), chrony_err::CHRONY_OK);
    assert_eq!(refuse(&session, &server, 2), chrony_err::CHRONY_UNAUTHORIZED);
    server.expect_silence();
}

/// U16
#[test]
fn an_address_of_an_unknown_family_is_not_asked_for() {
    for family in [0, 4, 5, 0x0100, u16::MAX] {
        for report in ["authdata", "ntpdata"] {
            let (session, server) = connected();
            assert_eq!(session.request_record(report, 0), chrony_err::CHRONY_OK);
            let body = sourcestats_of(Address::Family(family, 0x7f00_0001));
            assert_eq!(answer(&session, &server, 6, &body), chrony_err::CHRONY_OK);
            assert_eq!((session.needs_response(), session.fields()), (false, 0), "{family}");
            server.expect_silence();
        }
    }
}

/// U17
#[test]
fn ntpdata_of_another_source_is_an_invalid_response() {
    let v6 = |text: &str| Address::V6(text.parse().unwrap());
    let asked = v6("2001:db8::1");
    let pairs = [
        (SOURCE, Address::V4([192, 0, 2, 2].into()), false),
        (SOURCE, Address::V4([193, 0, 2, 1].into()), false),
        (SOURCE, Address::None, false),
        (SOURCE, Address::Id(0xc000_0201), false),
        (SOURCE, SOURCE, true),
        (asked, v6("2001:db8::2"), false),
        (asked, v6("2001:db8::1:0:0:1"), false),
        (asked, Address::V4([0x20, 0x01, 0x0d, 0xb8].into()), false),
        (asked, asked, true),
        (Address::Id(1), Address::Id(2), false),
        (Address::Id(1), Address::Id(1), true),
    ];
    for layout in layouts::all().iter().filter(|layout| layout.report == "ntpdata") {
        for (asked, answered, same) in pairs {
            let (session, server) = connected();
            request_about(&session, &server, layout, asked);
            let err = answer(&session, &server, layout.reply, &layout.body_about(answered));
            let expected = match same {
                true => chrony_err::CHRONY_OK,
                false => chrony_err::CHRONY_INVALID_RESPONSE,
            };
            assert_eq!(err, expected, "{asked:?} {answered:?}");
            assert_eq!(session.fields() > 0, same);
        }
    }
}

/// U17: with the shortcut too, which asks by the address of a record that may be old.
#[test]
fn ntpdata_by_a_known_address_is_compared_too() {
    let layout = layouts::of("ntpdata");
    let (session, server) = connected();
    assert_eq!(session.request_record("sourcestats", 2), chrony_err::CHRONY_OK);
    assert_eq!(answer(&session, &server, 6, &sourcestats_of(SOURCE)), chrony_err::CHRONY_OK);
    assert_eq!(session.request_record("ntpdata", 2), chrony_err::CHRONY_OK);
    let body = layout.body_about(Address::V4([192, 0, 2, 9].into()));
    let err = answer(&session, &server, layout.reply, &body);
    assert_eq!(err, chrony_err::CHRONY_INVALID_RESPONSE);
}

/// U19
#[test]
fn no_session_is_an_error_and_not_a_crash() {
    let session = Session::null();
    let invalid = chrony_err::CHRONY_INVALID_ARGUMENT;
    assert_eq!(Session::init_nowhere(), invalid);
    assert_eq!(session.request_count("sources"), invalid);
    assert_eq!(session.request_count("tracking"), invalid);
    assert_eq!(session.request_record("sources", 0), invalid);
    assert_eq!(session.process(), invalid);
    assert_eq!((session.fd(), session.needs_response()), (-1, false));
    assert_eq!((session.count(), session.fields()), (0, 0));
    assert_eq!((session.name(0), session.index("sources"), session.index(None)), (None, -1, -1));
    assert_eq!((session.kind(0), session.content(0)), (0, 0));
    assert_eq!((session.uinteger(0), session.integer(0), session.time(0)), (0, 0, (0, 0)));
    assert!(session.float(0).is_nan());
    assert_eq!((session.string(0), session.constant(0, 0)), (None, None));
}

/// U19
#[test]
fn no_name_is_a_name_of_nothing() {
    let (session, server) = connected();
    assert_eq!(session.request_count(None), chrony_err::CHRONY_UNKNOWN_REPORT);
    assert_eq!(session.request_record(None, 0), chrony_err::CHRONY_UNKNOWN_REPORT);
    assert_eq!(session.index(None), -1);
    server.expect_silence();
    assert_eq!(session.request_record("activity", 0), chrony_err::CHRONY_OK);
    assert_eq!(answer(&session, &server, 12, &[0; 20]), chrony_err::CHRONY_OK);
    assert_eq!((session.fields(), session.index(None)), (5, -1));
}

/// U26: the record of the lookup is not what was asked for.
#[test]
fn no_record_is_left_when_the_second_request_cannot_be_sent() {
    let (session, server) = connected();
    assert_eq!(session.request_record("authdata", 0), chrony_err::CHRONY_OK);
    server.send(&server.take().reply(6).body(&sourcestats_of(SOURCE)));
    drop(server);
    assert_eq!(session.process(), chrony_err::CHRONY_SEND_FAILED);
    assert_eq!((session.needs_response(), session.fields()), (false, 0));
    assert_eq!(session.process(), chrony_err::CHRONY_UNEXPECTED_CALL);
}
