//! clients, which libchrony 0.2 lacks: a table that is read in parts of up to eight clients.
#![cfg(bundled)]

mod support;

use libchrony_sys::chrony_err;
use support::fields::CLIENT;
use support::server::{Request, Server};
use support::session::Session;
use support::wire::{Address, Value};
use support::{answer, connected, refuse};

const OK: chrony_err = chrony_err::CHRONY_OK;
const INVALID: chrony_err = chrony_err::CHRONY_INVALID_RESPONSE;

/// The body of a reply: size of the table, next index, number of clients told, and the clients.
fn body(size: u32, next: u32, told: u32, clients: &[[u8; 60]]) -> Vec<u8> {
    let mut body = [size, next, told].map(u32::to_be_bytes).concat();
    body.extend(clients.concat());
    body.resize(492, 0);
    body
}

/// The client 10.0.0.`number`, each of its values one of a kind.
fn client(number: u8) -> [u8; 60] {
    let mut bytes = [0; 60];
    for (index, field) in (1..).zip(CLIENT) {
        let value = match field.wire.length() {
            1 => Value::I8(-100 + i8::try_from(index).expect("small")),
            4 => Value::U32(0x7000_0000 + index * 0x100 + u32::from(number)),
            _ => Value::Address(Address::V4([10, 0, 0, number].into())),
        };
        let value = value.encode();
        bytes[field.offset..][..value.len()].copy_from_slice(&value);
    }
    bytes
}

/// First index, number of clients, least hits and reset, as a request has them.
fn asked(request: &Request) -> [u32; 4] {
    // As long as the reply.
    assert_eq!((request.command(), request.bytes.len()), (68, 520));
    assert!(request.bytes[36..].iter().all(|byte| *byte == 0));
    let word = |at: usize| request.bytes[at..at + 4].try_into().map(u32::from_be_bytes);
    [20, 24, 28, 32].map(|at| word(at).expect("four bytes"))
}

/// Requests a record and answers it, where it needs an answer; whether it did.
#[track_caller]
fn read(session: &Session, server: &Server, record: i32, body: &[u8]) -> bool {
    assert_eq!(session.request_record("clients", record), OK);
    let needs = session.needs_response();
    if needs {
        let request = server.take();
        assert_eq!(asked(&request), [record.cast_unsigned(), 8, 0, 0]);
        server.send(&request.reply(21).body(body));
        assert_eq!(session.process(), OK);
        assert!(!session.needs_response());
    }
    needs
}

#[test]
fn every_field_of_every_client_has_its_name_type_content_and_value() {
    let (session, server) = connected();
    let clients: Vec<_> = (0..8).map(client).collect();
    for record in 0..8 {
        read(&session, &server, record, &body(16, 8, 8, &clients));
        assert_eq!(session.fields(), 14);
        let number = u8::try_from(record).expect("small");
        for (index, field) in (0..).zip(CLIENT) {
            assert_eq!(session.name(index).as_deref(), Some(field.name));
            assert_eq!(session.index(field.name), index);
            assert_eq!(session.kind(index), field.wire.kind(), "{}", field.name);
            assert_eq!(session.content(index), field.content, "{}", field.name);
            let place = u32::try_from(index).expect("small") + 1;
            match field.wire.length() {
                1 => assert_eq!(session.integer(index), -100 + i64::from(place)),
                4 => {
                    let expected = 0x7000_0000 + place * 0x100 + u32::from(number);
                    assert_eq!(session.uinteger(index), expected.into());
                }
                _ => assert_eq!(session.string(index), Some(format!("10.0.0.{number}"))),
            }
        }
    }
}

#[test]
fn the_number_of_records_is_that_of_the_places_and_its_answer_serves_the_first() {
    let (session, server) = connected();
    assert_eq!(session.request_count("clients"), OK);
    assert_eq!((session.needs_response(), session.count()), (true, 0));
    let request = server.take();
    assert_eq!(asked(&request), [0, 8, 0, 0]);
    server.send(&request.reply(21).body(&body(16, 16, 2, &[client(1), client(2)])));
    assert_eq!(session.process(), OK);
    assert_eq!((session.count(), session.fields(), session.needs_response()), (16, 0, false));
    for record in 0..16 {
        assert!(!read(&session, &server, record, &[]), "{record} is there");
        let fields = if record < 2 { 14 } else { 0 };
        assert_eq!(session.fields(), fields, "{record}");
    }
    server.expect_silence();
    assert_eq!(session.count(), 16);
}

#[test]
fn parts_follow_each_other_and_each_client_is_seen_once() {
    let (session, server) = connected();
    let part = |first: u8| (first..first + 8).map(client).collect::<Vec<_>>();
    let parts = [body(32, 20, 8, &part(0)), body(32, 32, 8, &part(8))];
    let mut seen = Vec::new();
    let mut requests = 0;
    for record in 0..32 {
        let body = &parts[usize::from(record >= 20)];
        requests += u32::from(read(&session, &server, record, body));
        seen.extend(session.string(0));
    }
    let expected: Vec<_> = (0..16).map(|number| format!("10.0.0.{number}")).collect();
    assert_eq!((seen, requests), (expected, 2));
}

#[test]
fn a_record_asked_for_again_or_out_of_order_is_read_anew() {
    let (session, server) = connected();
    let whole = body(8, 8, 2, &[client(1), client(2)]);
    assert!(read(&session, &server, 0, &whole));
    assert!(read(&session, &server, 0, &whole), "again");
    assert!(!read(&session, &server, 1, &whole));
    assert!(read(&session, &server, 1, &body(8, 8, 1, &[client(2)])), "again");
    assert!(read(&session, &server, 0, &whole), "one before");
    assert!(!read(&session, &server, 7, &whole), "the last place");
    // Another report in between takes the reply's place.
    assert!(read(&session, &server, 0, &whole));
    assert_eq!(session.request_record("activity", 0), OK);
    assert_eq!(answer(&session, &server, 12, &[0; 20]), OK);
    assert!(read(&session, &server, 1, &whole));
    // So does one that was not answered, and an error.
    assert_eq!(session.request_record("activity", 0), OK);
    server.take();
    assert!(read(&session, &server, 2, &whole));
    assert_eq!(session.request_record("activity", 0), OK);
    assert_eq!(refuse(&session, &server, 2), chrony_err::CHRONY_UNAUTHORIZED);
    assert!(read(&session, &server, 3, &whole));
}

#[test]
fn an_empty_slot_has_a_record_without_fields() {
    let (session, server) = connected();
    let mut empty = client(3);
    empty[..20].fill(0);
    let part = body(8, 8, 3, &[client(1), empty, client(2)]);
    let fields = (0..4).map(|record| {
        read(&session, &server, record, &part);
        session.fields()
    });
    assert_eq!(fields.collect::<Vec<_>>(), [14, 0, 14, 0]);
    assert_eq!(session.index("address"), -1);
}

#[test]
fn a_record_beyond_the_table_has_no_fields() {
    let (session, server) = connected();
    for record in [16, 1_000_000, i32::MAX] {
        assert!(read(&session, &server, record, &body(16, record.cast_unsigned(), 0, &[])));
        assert_eq!(session.fields(), 0);
    }
    assert!(read(&session, &server, 0, &body(0, 0, 0, &[])), "a table without places");
    assert_eq!(session.fields(), 0);
}

#[test]
fn a_table_that_cannot_be_is_an_invalid_response() {
    let eight: Vec<_> = (0..8).map(client).collect();
    for (record, size, next, told) in [
        // The next index goes back, stays, skips clients or leaves the table.
        (8, 16, 7, 0),
        (8, 16, 0, 0),
        (8, 16, 8, 0),
        (8, 16, 8, 8),
        (0, 16, 7, 8),
        (0, 16, 17, 8),
        (0, 16, u32::MAX, 0),
        // More clients than a reply holds, and clients where no place is.
        (0, 16, 16, 9),
        (0, 16, 16, u32::MAX),
        (16, 16, 16, 1),
        (0, 0, 0, 1),
        // More places than an index can count.
        (0, 0x8000_0000, 16, 8),
        (0, u32::MAX, u32::MAX, 8),
    ] {
        let (session, server) = connected();
        assert_eq!(session.request_record("clients", record), OK);
        let err = answer(&session, &server, 21, &body(size, next, told, &eight));
        assert_eq!(err, INVALID, "{record} {size} {next} {told}");
        assert_eq!((session.fields(), session.needs_response()), (0, false));
        // Nothing of it is kept.
        assert_eq!(session.request_record("clients", record), OK);
        assert!(session.needs_response());
    }
}

#[test]
fn each_length_is_ignored_invalid_or_whole() {
    let (session, server) = connected();
    let eight: Vec<_> = (0..8).map(client).collect();
    for length in (0..=520).chain([521, 1024, 4000]) {
        for counting in [false, true] {
            let err = match counting {
                false => session.request_record("clients", 0),
                true => session.request_count("clients"),
            };
            assert_eq!(err, OK);
            let request = server.take();
            let mut reply = request.reply(21).body(&body(16, 16, 8, &eight));
            reply.bytes.resize(length, 0xee);
            server.send(&reply);
            let expected = if (28..520).contains(&length) { INVALID } else { OK };
            assert_eq!(session.process(), expected, "{length}");
            assert_eq!(session.needs_response(), length < 28, "{length}");
            let whole = length >= 520;
            assert_eq!(session.fields(), if whole && !counting { 14 } else { 0 }, "{length}");
            assert_eq!(session.count(), if whole && counting { 16 } else { 0 }, "{length}");
            if counting && whole {
                // Forgotten for the next round.
                assert_eq!(session.request_count("clients"), OK);
                server.take();
            }
        }
    }
}

#[test]
fn each_refusal_has_its_error_and_a_log_that_is_off_is_disabled() {
    let (session, server) = connected();
    for status in (1..=30).chain([u16::MAX]) {
        let expected = match status {
            2 => chrony_err::CHRONY_UNAUTHORIZED,
            3 => chrony_err::CHRONY_OLD_SERVER,
            6 | 13 | 15 => chrony_err::CHRONY_DISABLED,
            18 | 19 => chrony_err::CHRONY_NEW_SERVER,
            _ => chrony_err::CHRONY_UNEXPECTED_STATUS,
        };
        assert_eq!(session.request_count("clients"), OK);
        assert_eq!(refuse(&session, &server, status), expected, "{status}");
        assert_eq!(session.request_record("clients", 0), OK);
        assert_eq!(refuse(&session, &server, status), expected, "{status}");
        assert_eq!((session.fields(), session.needs_response()), (0, false));
    }
    // In any other report that status has no meaning.
    assert_eq!(session.request_record("smoothing", 0), OK);
    assert_eq!(refuse(&session, &server, 15), chrony_err::CHRONY_UNEXPECTED_STATUS);
}

#[test]
fn a_hostile_reply_of_any_numbers_does_no_harm() {
    let (session, server) = connected();
    let values = [0, 1, 2, 7, 8, 9, 16, 255, 1 << 16, 1 << 31, u32::MAX - 1, u32::MAX];
    for record in [0, 1, 7, 8, 1 << 16, i32::MAX] {
        for size in values {
            for next in values {
                for told in values {
                    assert_eq!(session.request_record("clients", record), OK);
                    let request = server.take();
                    let mut body = body(size, next, told, &[]);
                    body[12..].fill(0xff);
                    server.send(&request.reply(21).body(&body));
                    let err = session.process();
                    assert!(err == OK || err == INVALID);
                    for field in -1..=session.fields() {
                        session.bytes(field);
                        session.uinteger(field);
                        session.integer(field);
                    }
                    // Wherever the session holds the next record, it reads within the reply.
                    let next = record.saturating_add(1);
                    assert_eq!(session.request_record("clients", next), OK);
                    if session.needs_response() {
                        server.take();
                    }
                    session.bytes(0);
                }
            }
        }
    }
}
