//! Values as they are on the wire, encoded from the description of the protocol.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    Float,
    Time,
    Address,
    /// 256 bytes.
    Text,
}

impl Wire {
    pub(crate) fn length(self) -> usize {
        match self {
            Wire::U8 | Wire::I8 => 1,
            Wire::U16 | Wire::I16 => 2,
            Wire::U32 | Wire::Float => 4,
            Wire::U64 => 8,
            Wire::Time => 12,
            Wire::Address => 20,
            Wire::Text => 256,
        }
    }

    /// The number of the type in the API.
    pub(crate) fn kind(self) -> u32 {
        match self {
            Wire::U8 | Wire::U16 | Wire::U32 | Wire::U64 => 1,
            Wire::I8 | Wire::I16 => 2,
            Wire::Float => 3,
            Wire::Time => 4,
            Wire::Address | Wire::Text => 5,
        }
    }
}

/// A value of a field.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    I8(i8),
    I16(i16),
    Float(f64),
    /// Seconds (high and low) and nanoseconds.
    Time(u32, u32, u32),
    Address(Address),
    /// Text, and NULs up to its end.
    Text(&'static str),
}

impl Value {
    pub(crate) fn encode(self) -> Vec<u8> {
        match self {
            Value::U8(value) => vec![value],
            Value::U16(value) => value.to_be_bytes().into(),
            Value::U32(value) => value.to_be_bytes().into(),
            Value::U64(value) => value.to_be_bytes().into(),
            Value::I8(value) => value.to_be_bytes().into(),
            Value::I16(value) => value.to_be_bytes().into(),
            Value::Float(value) => float(value).to_be_bytes().into(),
            Value::Time(high, low, nanoseconds) => {
                [high, low, nanoseconds].map(u32::to_be_bytes).concat()
            }
            Value::Address(address) => address.encode().into(),
            Value::Text(text) => {
                let mut bytes = text.as_bytes().to_vec();
                bytes.resize(256, 0);
                bytes
            }
        }
    }
}

/// An address of any family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    None,
    V4(Ipv4Addr),
    V6(Ipv6Addr),
    Id(u32),
    /// A family of this number, known or not, with these first four bytes.
    Family(u16, u32),
}

impl Address {
    pub(crate) fn encode(self) -> [u8; 20] {
        let mut bytes = [0; 20];
        let family: u16 = match self {
            Address::None => 0,
            Address::V4(address) => {
                bytes[..4].copy_from_slice(&address.octets());
                1
            }
            Address::V6(address) => {
                bytes[..16].copy_from_slice(&address.octets());
                2
            }
            Address::Id(id) => {
                bytes[..4].copy_from_slice(&id.to_be_bytes());
                3
            }
            Address::Family(family, first) => {
                bytes[..4].copy_from_slice(&first.to_be_bytes());
                family
            }
        };
        bytes[16..18].copy_from_slice(&family.to_be_bytes());
        bytes
    }
}

/// Encodes a number whose coefficient fits 25 bits: the smallest exponent that holds it.
pub(crate) fn float(value: f64) -> u32 {
    for exponent in -64_i32..64 {
        let coefficient = value * 2f64.powi(25 - exponent);
        if (-16_777_216.0..=16_777_215.0).contains(&coefficient) {
            #[expect(clippy::cast_possible_truncation, reason = "it was just checked to fit")]
            let coefficient = coefficient.round() as i32;
            return exponent.cast_unsigned() << 25 | (coefficient.cast_unsigned() & 0x01ff_ffff);
        }
    }
    panic!("{value} is out of range");
}
