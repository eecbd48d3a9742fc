//! The layouts of replies, but for that of clients, which holds several records.

use super::fields;
use super::wire::{Address, Value, Wire};

/// The name that the tests give to the number of sources, which is no report.
pub(crate) const COUNT: &str = "(count)";

/// A layout of replies, and the request it answers.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) report: &'static str,
    pub(crate) command: u16,
    pub(crate) reply: u16,
    /// Bytes with the header.
    pub(crate) total: usize,
    pub(crate) fields: Vec<Field>,
}

/// A field of a layout.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// In the body.
    pub(crate) offset: usize,
    pub(crate) name: &'static str,
    pub(crate) wire: Wire,
    pub(crate) content: u32,
    pub(crate) constants: &'static [(u64, &'static str)],
}

pub(crate) const fn field(offset: usize, name: &'static str, wire: Wire, content: u32) -> Field {
    named(offset, name, wire, content, &[])
}

pub(crate) const fn named(
    offset: usize,
    name: &'static str,
    wire: Wire,
    content: u32,
    constants: &'static [(u64, &'static str)],
) -> Field {
    Field { offset, name, wire, content, constants }
}

impl Layout {
    /// Whether the report is asked by the address of a source.
    pub(crate) fn by_address(&self) -> bool {
        matches!(self.report, "authdata" | "ntpdata" | "sourcename")
    }

    /// A body with these values in these fields, and zeros elsewhere.
    #[track_caller]
    pub(crate) fn body(&self, values: &[(&str, Value)]) -> Vec<u8> {
        let mut body = vec![0; self.total - 28];
        for (name, value) in values {
            let field = self.fields.iter().find(|field| field.name == *name);
            let field = field.unwrap_or_else(|| panic!("{} has no {name}", self.report));
            let bytes = value.encode();
            assert_eq!(bytes.len(), field.wire.length(), "{name}");
            body[field.offset..field.offset + bytes.len()].copy_from_slice(&bytes);
        }
        body
    }

    /// A body that answers a question about this address.
    pub(crate) fn body_about(&self, address: Address) -> Vec<u8> {
        match self.report {
            "ntpdata" => self.body(&[("remote address", Value::Address(address))]),
            _ => self.body(&[]),
        }
    }

    /// The number of a field in the record.
    #[track_caller]
    pub(crate) fn index(&self, name: &str) -> i32 {
        let index = self.fields.iter().position(|field| field.name == name);
        index.and_then(|index| i32::try_from(index).ok()).expect("a field of this name")
    }
}

/// The layout of a report that has one, or its newest.
pub(crate) fn of(report: &str) -> Layout {
    all().into_iter().rfind(|layout| layout.report == report).expect("a report of this name")
}

/// Every layout.
pub(crate) fn all() -> Vec<Layout> {
    let single = |report, command, reply, total, fields: &[Field]| Layout {
        report,
        command,
        reply,
        total,
        fields: fields.to_vec(),
    };
    let ntpdata = [fields::NTPDATA_COMMON, fields::NTPDATA_ADDITIONS].concat();
    let ntpdata2 = [fields::NTPDATA_COMMON, fields::NTPDATA2_ADDITIONS].concat();
    vec![
        single(COUNT, 14, 2, 32, fields::NUMBER_OF_SOURCES),
        single("tracking", 33, 5, 104, fields::TRACKING),
        single("sources", 15, 3, 76, fields::SOURCES),
        single("sourcestats", 34, 6, 84, fields::SOURCESTATS),
        single("selectdata", 69, 23, 76, fields::SELECTDATA),
        single("activity", 44, 12, 48, fields::ACTIVITY),
        single("authdata", 67, 20, 52, fields::AUTHDATA),
        single("ntpdata", 57, 16, 152, &ntpdata),
        single("ntpdata", 57, 26, 172, &ntpdata2),
        serverstats(0, 14, 48, Wire::U32),
        serverstats(1, 22, 60, Wire::U32),
        serverstats(2, 24, 72, Wire::U32),
        serverstats(3, 25, 196, Wire::U64),
        single("rtcdata", 35, 7, 56, fields::RTCDATA),
        single("smoothing", 51, 13, 52, fields::SMOOTHING),
        single("sourcename", 65, 19, 284, fields::SOURCENAME),
    ]
}

fn serverstats(column: usize, reply: u16, total: usize, wire: Wire) -> Layout {
    let mut fields: Vec<Field> = fields::SERVERSTATS
        .iter()
        .filter_map(|(name, content, positions)| {
            Some(field(positions[column]? * wire.length(), name, wire, *content))
        })
        .collect();
    fields.sort_by_key(|field| field.offset);
    Layout { report: "serverstats", command: 54, reply, total, fields }
}
