//! Every field of every layout, through replies that are encoded from the protocol's description.
#![cfg(bundled)]

mod support;

use libchrony_sys::chrony_err;
use support::layouts::{self, Layout};
use support::session::Session;
use support::wire::{Address, Value, Wire};
use support::{answer, connected, request, request_about};

/// The address of the source that all values are about.
const SOURCE: [u8; 4] = [10, 0, 0, 0];

/// A value that no other field of the layout has.
fn value_for(number: u8, wire: Wire) -> Value {
    let n = u32::from(number);
    match wire {
        Wire::U8 => Value::U8(0x80 + number),
        Wire::U16 => Value::U16(0x8000 + 0x101 * u16::from(number)),
        Wire::U32 => Value::U32(0x7000_0000 + 0x0001_0101 * n),
        Wire::U64 => Value::U64(0xf123_4567_89ab_0000 + 0x0100_0001 * u64::from(n)),
        Wire::I8 => Value::I8(-100 + number.cast_signed()),
        Wire::I16 => Value::I16(-300 - i16::from(number)),
        Wire::Float => Value::Float(-1.5 - f64::from(number)),
        Wire::Time => Value::Time(n, 0x8000_0000 + n, 999_999_000 + n),
        Wire::Address => Value::Address(Address::V4([10, 0, 0, number].into())),
        Wire::Text => Value::Text("time.example.net"),
    }
}

/// What the getters give for a field.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    unsigned: u64,
    signed: i64,
    /// None for NaN.
    float: Option<f64>,
    time: (i64, i64),
    text: Option<String>,
}

fn seen(session: &Session, field: i32) -> Seen {
    let float = session.float(field);
    Seen {
        unsigned: session.uinteger(field),
        signed: session.integer(field),
        float: (!float.is_nan()).then_some(float),
        time: session.time(field),
        text: session.string(field),
    }
}

fn expected(value: Value) -> Seen {
    let nothing = Seen::default();
    match value {
        Value::U8(value) => Seen { unsigned: value.into(), ..nothing },
        Value::U16(value) => Seen { unsigned: value.into(), ..nothing },
        Value::U32(value) => Seen { unsigned: value.into(), ..nothing },
        Value::U64(value) => Seen { unsigned: value, ..nothing },
        Value::I8(value) => Seen { signed: value.into(), ..nothing },
        Value::I16(value) => Seen { signed: value.into(), ..nothing },
        Value::Float(value) => Seen { float: Some(value), ..nothing },
        Value::Time(high, low, nanoseconds) => {
            let seconds = (i64::from(high) << 32) + i64::from(low);
            Seen { time: (seconds, nanoseconds.into()), ..nothing }
        }
        Value::Address(Address::V4(address)) => Seen { text: Some(address.to_string()), ..nothing },
        Value::Text(text) => Seen { text: Some(text.to_owned()), ..nothing },
        Value::Address(other) => panic!("{other:?} is not used here"),
    }
}

#[test]
fn every_field_has_its_name_type_content_and_value() {
    for layout in layouts::all() {
        let (session, server) = connected();
        let values: Vec<Value> = (0..)
            .zip(&layout.fields)
            .map(|(number, field)| value_for(number, field.wire))
            .collect();
        let named: Vec<(&str, Value)> =
            layout.fields.iter().map(|field| field.name).zip(values.clone()).collect();
        request_about(&session, &server, &layout, Address::V4(SOURCE.into()));
        let err = answer(&session, &server, layout.reply, &layout.body(&named));
        assert_eq!(err, chrony_err::CHRONY_OK, "{layout:?}");
        assert_eq!(usize::try_from(session.fields()), Ok(layout.fields.len()));

        for (index, (field, value)) in (0..).zip(layout.fields.iter().zip(values)) {
            let name = (layout.report, layout.reply, field.name);
            assert_eq!(session.name(index).as_deref(), Some(field.name), "{name:?}");
            assert_eq!(session.index(field.name), index, "{name:?}");
            assert_eq!(session.kind(index), field.wire.kind(), "{name:?}");
            assert_eq!(session.content(index), field.content, "{name:?}");
            assert_eq!(seen(&session, index), expected(value), "{name:?}");
        }
    }
}

#[test]
fn fields_are_the_same_in_whatever_order_they_are_looked_at() {
    for layout in layouts::all() {
        let (session, server) = connected();
        request_about(&session, &server, &layout, Address::V4(SOURCE.into()));
        let body = layout.body_about(Address::V4(SOURCE.into()));
        assert_eq!(answer(&session, &server, layout.reply, &body), chrony_err::CHRONY_OK);
        let number = session.fields();
        let forward: Vec<Seen> = (0..number).map(|index| seen(&session, index)).collect();
        let fields = || (0..number).zip(layout.fields.iter().zip(&forward));
        for (step, (last, ..)) in fields().flat_map(|last| fields().map(move |next| (next, last))) {
            // From each field to each, by name and by index.
            let (index, (field, value)) = step;
            session.index(layout.fields[usize::try_from(last).unwrap()].name);
            assert_eq!(session.index(field.name), index, "{} {}", layout.report, field.name);
            session.uinteger(last);
            assert_eq!(&seen(&session, index), value, "{} {}", layout.report, field.name);
            assert_eq!(session.index("no such field"), -1);
        }
    }
}

#[test]
fn fields_lie_where_the_description_has_them() {
    for layout in layouts::all() {
        let mut end = 0;
        for field in &layout.fields {
            assert_eq!(field.offset, end, "{} {}", layout.report, field.name);
            end += field.wire.length();
        }
        assert_eq!(28 + end, layout.total, "{}", layout.report);
    }
}

#[test]
fn every_value_has_its_name_and_others_have_none() {
    for layout in layouts::all() {
        let (session, server) = connected();
        let body = layout.body_about(Address::V4(SOURCE.into()));
        request_about(&session, &server, &layout, Address::V4(SOURCE.into()));
        assert_eq!(answer(&session, &server, layout.reply, &body), chrony_err::CHRONY_OK);
        for (index, field) in (0..).zip(&layout.fields) {
            // Of the fields with names, all values that 16 bits hold.
            let last = if field.constants.is_empty() { 0x100 } else { 0x1_0000 };
            for value in (0..=last).chain([u64::from(u32::MAX), 1 << 32, u64::MAX]) {
                let expected =
                    field.constants.iter().find(|(number, _)| *number == value).map(|(_, n)| *n);
                let name = session.constant(index, value);
                assert_eq!(name.as_deref(), expected, "{} {} {value}", layout.report, field.name);
            }
        }
    }
}

#[test]
fn a_reference_clock_in_sources_has_a_reference_id_for_an_address() {
    let layout = layouts::of("sources");
    let (session, server) = connected();
    for (mode, is_clock) in [(0, false), (1, false), (2, true), (3, false), (0x0202, false)] {
        let address = Address::V4([0x54, 0x53, 0x54, 0].into());
        let values = [("address", Value::Address(address)), ("mode", Value::U16(mode))];
        request(&session, &server, &layout);
        let err = answer(&session, &server, layout.reply, &layout.body(&values));
        assert_eq!(err, chrony_err::CHRONY_OK);
        assert_eq!(session.fields(), 11);
        if is_clock {
            assert_eq!(session.name(0).as_deref(), Some("reference ID"));
            assert_eq!((session.kind(0), session.content(0)), (1, 11));
            assert_eq!((session.uinteger(0), session.string(0)), (0x5453_5400, None));
            assert_eq!((session.index("reference ID"), session.index("address")), (0, -1));
        } else {
            assert_eq!(session.name(0).as_deref(), Some("address"));
            assert_eq!((session.kind(0), session.content(0)), (5, 15));
            assert_eq!((session.uinteger(0), session.string(0)), (0, Some("84.83.84.0".into())));
            assert_eq!((session.index("reference ID"), session.index("address")), (-1, 0));
        }
    }
}

#[test]
fn a_report_takes_only_the_replies_that_are_its_own() {
    let all = layouts::all();
    let own = |layout: &Layout, code: u16| {
        all.iter().any(|other| other.report == layout.report && other.reply == code)
    };
    for layout in &all {
        for code in 0..=40 {
            let (session, server) = connected();
            request(&session, &server, layout);
            let mut body = layout.body_about(Address::V4([192, 0, 2, 1].into()));
            body.resize(300, 0);
            let expected = match own(layout, code) {
                true => chrony_err::CHRONY_OK,
                false => chrony_err::CHRONY_NEW_SERVER,
            };
            let err = answer(&session, &server, code, &body);
            assert_eq!(err, expected, "{} {code}", layout.report);
            assert_eq!(session.fields() == 0, err != chrony_err::CHRONY_OK);
        }
    }
}
