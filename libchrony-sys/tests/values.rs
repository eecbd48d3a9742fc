//! What values on the wire become: floats, times, integers and addresses.
#![cfg(bundled)]

mod support;

use libchrony_sys::chrony_err;
use support::layouts::{self, Layout};
use support::server::Server;
use support::session::Session;
use support::wire::{Address, Value, float};
use support::{answer, connected, request};

/// Sends one value in a field of a report; the session then holds that record.
#[track_caller]
fn given(layout: &Layout, field: &str, value: Value) -> (Session, Server, i32) {
    given_bytes(layout, field, &value.encode())
}

#[track_caller]
fn given_bytes(layout: &Layout, field: &str, bytes: &[u8]) -> (Session, Server, i32) {
    let (session, server) = connected();
    let index = layout.index(field);
    let mut body = layout.body_about(Address::V4([192, 0, 2, 1].into()));
    let offset = layout.fields.iter().find(|it| it.name == field).expect("a field").offset;
    body[offset..offset + bytes.len()].copy_from_slice(bytes);
    request(&session, &server, layout);
    assert_eq!(answer(&session, &server, layout.reply, &body), chrony_err::CHRONY_OK);
    (session, server, index)
}

#[track_caller]
fn float_of(raw: u32) -> f64 {
    let (session, _server, index) =
        given_bytes(&layouts::of("tracking"), "last offset", &raw.to_be_bytes());
    session.float(index)
}

#[test]
fn floats_are_a_coefficient_times_a_power_of_two() {
    let vectors = [
        (0x0480_0000, 1.0),
        (0x0880_0000, 4.0),
        (0x18fa_0000, 2000.0),
        (0x0540_0000, -1.5),
        (0x0100_0000, -0.5),
        (0x7eff_ffff, 4.611_685_743_549_481e18),
        (0x7f00_0000, -(2f64.powi(62))),
        (0x8000_0001, 2f64.powi(-89)),
        (0x81ff_ffff, -(2f64.powi(-89))),
        (0x8000_0000, 0.0),
        (0x0000_0000, 0.0),
        (0x7e00_0000, 0.0),
        // One, not normalised.
        (0x3200_0001, 1.0),
    ];
    for (raw, expected) in vectors {
        assert_eq!(float_of(raw).to_bits(), f64::to_bits(expected), "{raw:08x}");
    }
}

#[test]
fn floats_of_every_magnitude_come_back_as_they_were() {
    for exponent in -60..=60 {
        for coefficient in [1.0, -1.0, 1.25, -1.75] {
            let value = coefficient * 2f64.powi(exponent);
            assert_eq!(float_of(float(value)).to_bits(), value.to_bits(), "{value}");
        }
    }
}

#[test]
fn every_float_is_finite() {
    for exponent in 0..128 {
        for coefficient in [0, 1, 0x00ff_ffff, 0x0100_0000, 0x01ff_ffff] {
            let value = float_of(exponent << 25 | coefficient);
            assert!(value.is_finite() && value.abs() <= 2f64.powi(62), "{value}");
        }
    }
}

#[test]
fn times_are_64_bits_of_seconds_and_nanoseconds() {
    let layout = layouts::of("tracking");
    let vectors = [
        ((0, 0, 0), (0, 0)),
        ((0, 1_700_000_000, 123_456_789), (1_700_000_000, 123_456_789)),
        ((0, 0xffff_ffff, 999_999_999), (0xffff_ffff, 999_999_999)),
        ((1, 2, 3), (0x1_0000_0002, 3)),
        ((0xffff_ffff, 0xffff_ffff, 5), (-1, 5)),
    ];
    for ((high, low, nanoseconds), expected) in vectors {
        let value = Value::Time(high, low, nanoseconds);
        let (session, _server, index) = given(&layout, "reference time", value);
        assert_eq!(session.time(index), expected, "{value:?}");
    }
}

#[test]
fn integers_with_a_sign_keep_it() {
    let ntpdata = layouts::of("ntpdata");
    for value in [0, 1, -1, 6, i8::MAX, i8::MIN] {
        for field in ["poll", "precision"] {
            let (session, _server, index) = given(&ntpdata, field, Value::I8(value));
            assert_eq!(session.integer(index), i64::from(value));
        }
    }
    let sources = layouts::of("sources");
    for value in [0, 1, -1, -2, 10, i16::MAX, i16::MIN] {
        let (session, _server, index) = given(&sources, "poll", Value::I16(value));
        assert_eq!(session.integer(index), i64::from(value));
    }
}

#[test]
fn integers_without_a_sign_use_all_their_bits() {
    let selectdata = layouts::of("selectdata");
    for value in [0, 1, 0x7f, 0x80, u8::MAX] {
        let (session, _server, index) = given(&selectdata, "state", Value::U8(value));
        assert_eq!(session.uinteger(index), u64::from(value));
    }
    for value in [0, 1, 0x7fff, 0x8000, u16::MAX] {
        let (session, _server, index) = given(&selectdata, "effective options", Value::U16(value));
        assert_eq!(session.uinteger(index), u64::from(value));
    }
    for value in [0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
        let (session, _server, index) = given(&selectdata, "reference ID", Value::U32(value));
        assert_eq!(session.uinteger(index), u64::from(value));
    }
    let serverstats = layouts::of("serverstats");
    for value in [0, 1, u64::from(u32::MAX), 1 << 32, 0x0123_4567_89ab_cdef, u64::MAX] {
        let (session, _server, index) = given(&serverstats, "reserved #4", Value::U64(value));
        assert_eq!(session.uinteger(index), value);
    }
}

#[test]
fn addresses_of_every_family_have_their_text() {
    let tracking = layouts::of("tracking");
    let v6 = |text: &str| Address::V6(text.parse().unwrap());
    let vectors = [
        (Address::V4([192, 0, 2, 1].into()), "192.0.2.1"),
        (Address::V4([255, 255, 255, 255].into()), "255.255.255.255"),
        (v6("::"), "::"),
        (v6("::1"), "::1"),
        (v6("2001:db8::1"), "2001:db8::1"),
        (v6("fedc:ba98:7654:3210:fedc:ba98:7654:3210"), "fedc:ba98:7654:3210:fedc:ba98:7654:3210"),
        (v6("::ffff:255.255.255.255"), "::ffff:255.255.255.255"),
        (v6("::192.0.2.1"), "::192.0.2.1"),
        (v6("::1:0"), "::0.1.0.0"),
        (Address::Id(1), "ID#0000000001"),
        (Address::Id(u32::MAX), "ID#4294967295"),
        (Address::Family(4, 1), "?"),
        (Address::Family(u16::MAX, 0), "?"),
    ];
    for (address, text) in vectors {
        let (session, _server, index) = given(&tracking, "address", Value::Address(address));
        assert_eq!(session.string(index).as_deref(), Some(text));
        assert_eq!((session.kind(index), session.content(index)), (5, 15));
    }
}

/// With every choice of groups that are zero.
#[test]
fn the_text_of_an_ipv6_address_is_the_usual_one() {
    let tracking = layouts::of("tracking");
    let patterns = [[1, 0x20, 0xabc, 0xffff, 0x0f00, 0xffff, 0x1234, 0x00ff], [0xffff; 8]];
    for groups in patterns {
        for zeros in 0..=u8::MAX {
            let part = |at: usize| if zeros >> at & 1 == 1 { 0 } else { groups[at] };
            let ip = std::net::Ipv6Addr::from([0, 1, 2, 3, 4, 5, 6, 7].map(part));
            // std writes an IPv4 address in it only after ffff.
            let expected = match (zeros & 0x7f, ip.to_ipv4()) {
                (0x3f, Some(inside)) => format!("::{inside}"),
                _ => ip.to_string(),
            };
            let (session, _server, index) =
                given(&tracking, "address", Value::Address(Address::V6(ip)));
            assert_eq!(session.string(index), Some(expected));
        }
    }
}

#[test]
fn an_address_that_is_not_given_has_no_text_and_no_content() {
    let nothing = [Address::None, Address::Family(0, 0x7f00_0001)];
    for report in ["tracking", "sources", "sourcestats", "selectdata"] {
        for address in nothing {
            let layout = layouts::of(report);
            let (session, _server, index) = given(&layout, "address", Value::Address(address));
            assert_eq!(session.name(index).as_deref(), Some("address"));
            assert_eq!(session.string(index), None);
            assert_eq!((session.kind(index), session.content(index)), (5, 0));
        }
    }
}
