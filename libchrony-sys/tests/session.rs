//! The state machine: what each call and each reply does to a session.
#![cfg(bundled)]

mod support;

use libchrony_sys::chrony_err;
use support::layouts::{self, COUNT};
use support::server;
use support::session::Session;
use support::wire::{Address, Value};
use support::{answer, connected, refuse, request, sourcestats_of};

const SOURCE: Address = Address::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

#[track_caller]
fn assert_no_record(session: &Session) {
    assert_eq!(session.fields(), 0);
    for field in [i32::MIN, -1, 0, 1, i32::MAX] {
        assert_neutral(session, field);
    }
    for name in ["address", "sources", ""] {
        assert_eq!(session.index(name), -1);
    }
}

#[track_caller]
fn assert_neutral(session: &Session, field: i32) {
    assert_eq!((session.name(field), session.string(field)), (None, None), "{field}");
    assert_eq!((session.kind(field), session.content(field)), (0, 0), "{field}");
    assert_eq!((session.uinteger(field), session.integer(field)), (0, 0), "{field}");
    assert_eq!(session.time(field), (0, 0), "{field}");
    assert!(session.float(field).is_nan(), "{field}");
    assert_eq!(session.constant(field, 0), None, "{field}");
}

#[test]
fn a_new_session_is_idle_and_empty() {
    let (client, server) = server::pair();
    let fd = std::os::fd::AsRawFd::as_raw_fd(&client);
    let session = Session::new(client);
    assert_eq!((session.fd(), session.needs_response(), session.count()), (fd, false, 0));
    assert_no_record(&session);
    assert_eq!(session.process(), chrony_err::CHRONY_UNEXPECTED_CALL);
    server.expect_silence();
}

#[test]
fn a_session_neither_checks_nor_closes_its_descriptor() {
    let session = Session::on(-1);
    assert_eq!(session.fd(), -1);
    let (client, server) = server::pair();
    drop(Session::on(std::os::fd::AsRawFd::as_raw_fd(&client)));
    let session = Session::new(client);
    assert_eq!(session.request_record("tracking", 0), chrony_err::CHRONY_OK);
    assert_eq!(server.take().command(), 33);
}

#[test]
fn requests_have_the_lengths_that_chronyd_demands() {
    for (report, command, length) in [
        ("tracking", 33, 104),
        ("sources", 15, 76),
        ("sourcestats", 34, 84),
        ("selectdata", 69, 76),
        ("activity", 44, 48),
        ("authdata", 34, 84),
        ("ntpdata", 34, 84),
        ("sourcename", 34, 84),
        ("serverstats", 54, 196),
        ("rtcdata", 35, 56),
        ("smoothing", 51, 52),
    ] {
        let counted = !matches!(command, 33 | 44 | 54 | 35 | 51);
        let (session, server) = connected();
        let record = if counted { 0x0102_0304 } else { 0 };
        assert_eq!(session.request_record(report, record), chrony_err::CHRONY_OK);
        let mut expected = vec![0; length];
        let sent = server.take();
        expected[..2].copy_from_slice(&[6, 1]);
        expected[5] = command;
        expected[8..12].copy_from_slice(&sent.sequence().to_be_bytes());
        expected[20..24].copy_from_slice(&record.to_be_bytes());
        assert_eq!(sent.bytes, expected, "{report}");
    }
}

#[test]
fn counts_are_requested_with_32_bytes() {
    for report in ["sources", "sourcestats", "selectdata", "authdata", "ntpdata", "sourcename"] {
        let (session, server) = connected();
        assert_eq!(session.request_count(report), chrony_err::CHRONY_OK);
        let sent = server.take();
        assert_eq!((sent.command(), sent.bytes.len()), (14, 32));
        assert!(sent.bytes[12..].iter().all(|byte| *byte == 0));
    }
}

#[test]
fn requests_by_address_hold_the_address_as_it_came() {
    for (report, command, length) in
        [("authdata", 67, 52), ("ntpdata", 57, 172), ("sourcename", 65, 284)]
    {
        for address in [SOURCE, Address::V6("2001:db8::1".parse().unwrap()), Address::Id(9)] {
            let (session, server) = connected();
            assert_eq!(session.request_record(report, 1), chrony_err::CHRONY_OK);
            let mut body = sourcestats_of(address);
            // The two bytes after the family, which mean nothing.
            body[22..24].copy_from_slice(&[7, 8]);
            assert_eq!(answer(&session, &server, 6, &body), chrony_err::CHRONY_OK);
            let sent = server.take();
            assert_eq!((sent.command(), sent.bytes.len()), (command, length));
            assert_eq!(sent.address(), &body[4..24]);
            assert!(sent.bytes[40..].iter().all(|byte| *byte == 0));
        }
    }
}

#[test]
fn every_request_has_another_sequence() {
    let (session, server) = connected();
    let mut sequences: Vec<u32> = (0..50)
        .map(|_| {
            assert_eq!(session.request_record("tracking", 0), chrony_err::CHRONY_OK);
            server.take().sequence()
        })
        .collect();
    sequences.sort_unstable();
    sequences.dedup();
    // Two of 50 are equal once in three million runs; three never.
    assert!(sequences.len() >= 49);
}

#[test]
fn unknown_reports_change_nothing() {
    let (session, server) = connected();
    for name in ["", "Tracking", "tracking ", "track", "number of sources", "ntpdata2"] {
        assert_eq!(session.request_count(name), chrony_err::CHRONY_UNKNOWN_REPORT);
        assert_eq!(session.request_record(name, 0), chrony_err::CHRONY_UNKNOWN_REPORT);
    }
    assert!(!session.needs_response());
    server.expect_silence();
}

#[test]
fn reports_of_one_record_need_no_request_for_their_count() {
    for report in ["tracking", "activity", "serverstats", "rtcdata", "smoothing"] {
        let (session, server) = connected();
        assert_eq!(session.request_count(report), chrony_err::CHRONY_OK);
        assert_eq!((session.count(), session.needs_response()), (1, false));
        assert_eq!(session.process(), chrony_err::CHRONY_UNEXPECTED_CALL);
        server.expect_silence();
        for record in [1, 2, i32::MAX] {
            let err = session.request_record(report, record);
            assert_eq!(err, chrony_err::CHRONY_INVALID_ARGUMENT);
        }
        server.expect_silence();
        // A pending request of another report stays pending.
        assert_eq!(session.request_record("sources", 0), chrony_err::CHRONY_OK);
        assert_eq!(session.request_count(report), chrony_err::CHRONY_OK);
        assert!(session.needs_response());
        assert_eq!(answer(&session, &server, 3, &[0; 48]), chrony_err::CHRONY_OK);
        assert_eq!((session.count(), session.fields()), (1, 11));
    }
}

#[test]
fn a_count_is_zero_until_its_answer_which_is_a_record_too() {
    let (session, server) = connected();
    for count in [7u32, 0, 3] {
        assert_eq!(session.request_count("sources"), chrony_err::CHRONY_OK);
        assert_eq!((session.count(), session.needs_response()), (0, true));
        let err = answer(&session, &server, 2, &count.to_be_bytes());
        assert_eq!(err, chrony_err::CHRONY_OK);
        assert_eq!(i64::from(session.count()), i64::from(count));
        assert!(!session.needs_response());
        assert_eq!((session.fields(), session.index("sources")), (1, 0));
        assert_eq!(session.uinteger(0), u64::from(count));
    }
    assert_eq!(session.request_count("sources"), chrony_err::CHRONY_OK);
    assert_eq!(refuse(&session, &server, 2), chrony_err::CHRONY_UNAUTHORIZED);
    assert_eq!(session.count(), 0);
}

#[test]
fn every_status_has_its_error() {
    for status in (0..=30).chain([255, 0x0100, 0x0200, u16::MAX]) {
        let expected = match status {
            // Success, but without the data.
            0 => chrony_err::CHRONY_NEW_SERVER,
            2 => chrony_err::CHRONY_UNAUTHORIZED,
            3 => chrony_err::CHRONY_OLD_SERVER,
            6 | 13 => chrony_err::CHRONY_DISABLED,
            18 | 19 => chrony_err::CHRONY_NEW_SERVER,
            _ => chrony_err::CHRONY_UNEXPECTED_STATUS,
        };
        for report in ["tracking", "sources", "serverstats", "smoothing"] {
            let (session, server) = connected();
            assert_eq!(session.request_record(report, 0), chrony_err::CHRONY_OK);
            assert_eq!(refuse(&session, &server, status), expected, "{report} {status}");
            assert!(!session.needs_response());
            assert_no_record(&session);
            assert_eq!(session.process(), chrony_err::CHRONY_UNEXPECTED_CALL);
        }
    }
}

#[test]
fn the_status_is_judged_before_the_reply_code() {
    for code in [0, 1, 5, 99] {
        let (session, server) = connected();
        request(&session, &server, &layouts::of("tracking"));
        server.send(&server.take().reply(code).status(6).body(&[0; 76]));
        assert_eq!(session.process(), chrony_err::CHRONY_DISABLED);
        assert_no_record(&session);
    }
}

#[test]
fn the_reply_code_is_judged_before_the_length() {
    let (session, server) = connected();
    request(&session, &server, &layouts::of("tracking"));
    assert_eq!(answer(&session, &server, 99, &[0]), chrony_err::CHRONY_NEW_SERVER);
    assert_no_record(&session);
}

#[test]
fn a_reply_that_does_not_match_is_ignored_and_the_next_one_is_not() {
    let layout = layouts::of("tracking");
    let (session, server) = connected();
    request(&session, &server, &layout);
    let reply = server.take().reply(5).body(&layout.body(&[]));
    // Version, type, reserved, command and sequence.
    for byte in [0, 1, 2, 3, 4, 5, 16, 17, 18, 19] {
        for bits in [0x01, 0x80] {
            server.send(&reply.clone().flip(byte, bits));
            assert_eq!(session.process(), chrony_err::CHRONY_OK, "{byte}");
            assert!(session.needs_response(), "{byte}");
            assert_no_record(&session);
        }
    }
    server.send(&reply);
    assert_eq!(session.process(), chrony_err::CHRONY_OK);
    assert_eq!((session.needs_response(), session.fields()), (false, 14));
}

#[test]
fn bytes_of_the_header_that_mean_nothing_are_not_checked() {
    let layout = layouts::of("tracking");
    for byte in (10..16).chain(20..28) {
        let (session, server) = connected();
        request(&session, &server, &layout);
        server.send(&server.take().reply(5).body(&layout.body(&[])).flip(byte, 0xff));
        assert_eq!(session.process(), chrony_err::CHRONY_OK);
        assert_eq!(session.fields(), 14, "{byte}");
    }
}

#[test]
fn replies_cut_anywhere_are_ignored_or_invalid() {
    for layout in layouts::all() {
        let (session, server) = connected();
        for length in 0..layout.total {
            request(&session, &server, &layout);
            let reply = server.take().reply(layout.reply).body(&layout.body_about(SOURCE));
            assert_eq!(reply.bytes.len(), layout.total);
            server.send(&reply.cut(length));
            let is_header = length >= 28;
            let expected = match is_header {
                true => chrony_err::CHRONY_INVALID_RESPONSE,
                false => chrony_err::CHRONY_OK,
            };
            assert_eq!(session.process(), expected, "{} {length}", layout.report);
            assert_eq!(session.needs_response(), !is_header);
            assert_no_record(&session);
        }
    }
}

#[test]
fn longer_replies_are_accepted() {
    for layout in layouts::all() {
        for more in [1, 4, 500, 1024, 3000] {
            let (session, server) = connected();
            request(&session, &server, &layout);
            let mut body = layout.body_about(SOURCE);
            body.resize(body.len() + more, 0xee);
            let err = answer(&session, &server, layout.reply, &body);
            assert_eq!(err, chrony_err::CHRONY_OK, "{} {more}", layout.report);
            assert_eq!(usize::try_from(session.fields()), Ok(layout.fields.len()));
            assert_neutral(&session, session.fields());
        }
    }
}

#[test]
fn the_current_record_stays_until_an_answer_is_processed() {
    let (session, server) = connected();
    request(&session, &server, &layouts::of("activity"));
    assert_eq!(answer(&session, &server, 12, &[0; 20]), chrony_err::CHRONY_OK);
    assert_eq!(session.process(), chrony_err::CHRONY_UNEXPECTED_CALL);
    assert_eq!(session.fields(), 5);
    assert_eq!(session.request_record("smoothing", 1), chrony_err::CHRONY_INVALID_ARGUMENT);
    assert_eq!(session.fields(), 5);
    assert_eq!(session.request_record("smoothing", 0), chrony_err::CHRONY_OK);
    assert_eq!(session.name(0).as_deref(), Some("online sources"));
    server.send_bytes(&[0; 3]);
    assert_eq!(session.process(), chrony_err::CHRONY_OK);
    assert_no_record(&session);
}

#[test]
fn a_new_request_replaces_the_pending_one() {
    let (session, server) = connected();
    request(&session, &server, &layouts::of("tracking"));
    let old = server.take().reply(5).body(&[0; 76]);
    request(&session, &server, &layouts::of("tracking"));
    let new = server.take().reply(5).body(&[0; 76]);
    server.send(&old);
    assert_eq!(session.process(), chrony_err::CHRONY_OK);
    assert!(session.needs_response());
    server.send(&new);
    assert_eq!(session.process(), chrony_err::CHRONY_OK);
    assert_eq!((session.needs_response(), session.fields()), (false, 14));
}

#[test]
fn a_failure_to_receive_may_be_tried_again() {
    let (client, server) = server::pair();
    let client = std::os::unix::net::UnixDatagram::from(client);
    client.set_nonblocking(true).unwrap();
    let session = Session::new(client.into());
    request(&session, &server, &layouts::of("activity"));
    assert_eq!(session.process(), chrony_err::CHRONY_RECV_FAILED);
    let error = std::io::Error::last_os_error();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    assert!(session.needs_response());
    assert_eq!(answer(&session, &server, 12, &[0; 20]), chrony_err::CHRONY_OK);
    assert_eq!(session.fields(), 5);
}

#[test]
fn a_failure_to_send_leaves_count_and_record_and_ends_waiting() {
    let (session, server) = connected();
    request(&session, &server, &layouts::of(COUNT));
    assert_eq!(answer(&session, &server, 2, &[0, 0, 0, 9]), chrony_err::CHRONY_OK);
    request(&session, &server, &layouts::of("sources"));
    drop(server);
    assert_eq!(session.request_count("sources"), chrony_err::CHRONY_SEND_FAILED);
    assert_eq!((session.count(), session.fields(), session.needs_response()), (9, 1, false));
    for report in ["tracking", "sources", "authdata"] {
        assert_eq!(session.request_record(report, 0), chrony_err::CHRONY_SEND_FAILED);
        assert_eq!((session.count(), session.fields(), session.needs_response()), (9, 1, false));
        assert_eq!(session.process(), chrony_err::CHRONY_UNEXPECTED_CALL);
    }
}

#[test]
fn getters_of_the_wrong_type_are_neutral() {
    let layout = layouts::of("tracking");
    let (session, server) = connected();
    request(&session, &server, &layout);
    let values = [
        ("reference ID", Value::U32(1)),
        ("address", Value::Address(SOURCE)),
        ("reference time", Value::Time(0, 1, 1)),
        ("skew", Value::Float(1.0)),
    ];
    assert_eq!(answer(&session, &server, 5, &layout.body(&values)), chrony_err::CHRONY_OK);
    for (name, _) in values {
        let field = layout.index(name);
        assert_eq!(session.uinteger(field) != 0, name == "reference ID");
        assert_eq!(session.string(field).is_some(), name == "address");
        assert_eq!(session.time(field) != (0, 0), name == "reference time");
        assert_eq!(!session.float(field).is_nan(), name == "skew");
        assert_eq!(session.integer(field), 0);
        assert_eq!(session.constant(field, 1), None);
    }
    for outside in [i32::MIN, -1, 14, i32::MAX] {
        assert_neutral(&session, outside);
    }
    for name in ["", "Address", "address ", "skews", "stratu"] {
        assert_eq!(session.index(name), -1);
    }
}
