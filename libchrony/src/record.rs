//! Any record of any report, field by field.

use std::ffi::CStr;
use std::fmt;
use std::time::SystemTime;

use crate::identity::ReferenceId;
use crate::report::ReportName;
use crate::timestamp;

/// The value of a field, by libchrony's type of it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// The field has no type libchrony knows.
    Absent,
    /// An unsigned number.
    Unsigned(u64),
    /// A signed number.
    Integer(i64),
    /// A floating-point number.
    Float(f64),
    /// A point in time since 1970 (UTC).
    Time {
        /// Whole seconds.
        seconds: i64,
        /// Nanoseconds, 0 to 999,999,999.
        nanoseconds: i64,
    },
    /// A text; `None` for an address that is not given.
    Text(Option<String>),
}

impl Value {
    /// The value as a point in time, where it is one between 1970 and 9999.
    #[must_use]
    pub fn time(&self) -> Option<SystemTime> {
        match self {
            Self::Time { seconds, nanoseconds } => timestamp::from_unix(*seconds, *nanoseconds),
            _ => None,
        }
    }
}

/// The value without its unit; control characters in a text are escaped.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.pad("nothing"),
            Self::Unsigned(value) => fmt::Display::fmt(value, f),
            Self::Integer(value) => fmt::Display::fmt(value, f),
            Self::Float(value) if *value == 0.0 || (1e-3..1e9).contains(&value.abs()) => {
                fmt::Display::fmt(value, f)
            }
            Self::Float(value) => fmt::LowerExp::fmt(value, f),
            Self::Time { seconds, nanoseconds } => match self.time() {
                Some(time) => f.pad(&timestamp::to_text(time)),
                None => write!(f, "{seconds}.{nanoseconds:09} s after 1970"),
            },
            Self::Text(Some(text)) => f.pad(&text.escape_debug().to_string()),
            Self::Text(None) => f.pad("none"),
        }
    }
}

/// What a field's value means (libchrony's `chrony_field_content`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each is libchrony's content of the same name; unit() documents it")]
pub enum Kind {
    /// No meaning given, as for reserved fields.
    None,
    Count,
    Time,
    IntervalLog2Seconds,
    IntervalSeconds,
    OffsetSeconds,
    MeasureSeconds,
    OffsetPpm,
    MeasurePpm,
    OffsetPpmPerSecond,
    Ratio,
    ReferenceId,
    Enum,
    Bits,
    Flags,
    Address,
    Port,
    Index,
    LengthBits,
    LengthBytes,
    Boolean,
    /// A content without a name in this version of the crate.
    Unknown(u32),
}

impl Kind {
    /// The kind with libchrony's number.
    pub(crate) const fn from_code(code: u32) -> Self {
        match code {
            0 => Self::None,
            1 => Self::Count,
            2 => Self::Time,
            3 => Self::IntervalLog2Seconds,
            4 => Self::IntervalSeconds,
            5 => Self::OffsetSeconds,
            6 => Self::MeasureSeconds,
            7 => Self::OffsetPpm,
            8 => Self::MeasurePpm,
            9 => Self::OffsetPpmPerSecond,
            10 => Self::Ratio,
            11 => Self::ReferenceId,
            12 => Self::Enum,
            13 => Self::Bits,
            14 => Self::Flags,
            15 => Self::Address,
            16 => Self::Port,
            17 => Self::Index,
            18 => Self::LengthBits,
            19 => Self::LengthBytes,
            20 => Self::Boolean,
            other => Self::Unknown(other),
        }
    }

    /// The unit of the value: `s`, `log2 s`, `ppm`, `ppm/s`, `bits`, `bytes`, or `None`.
    #[must_use]
    pub const fn unit(self) -> Option<&'static str> {
        match self {
            Self::IntervalSeconds | Self::OffsetSeconds | Self::MeasureSeconds => Some("s"),
            Self::IntervalLog2Seconds => Some("log2 s"),
            Self::OffsetPpm | Self::MeasurePpm => Some("ppm"),
            Self::OffsetPpmPerSecond => Some("ppm/s"),
            Self::LengthBits => Some("bits"),
            Self::LengthBytes => Some("bytes"),
            _ => None,
        }
    }
}

/// One field of a record.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Field {
    /// libchrony's name of it, as `current correction`.
    pub name: String,
    /// What its value means, and its unit.
    pub kind: Kind,
    /// Its value as it came.
    pub value: Value,
    /// libchrony's names of the value: one for an enumeration, one for each bit set of flags.
    pub names: Vec<String>,
}

/// `name: value unit (names)`.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        match (self.kind, &self.value) {
            (Kind::ReferenceId, Value::Unsigned(id)) => {
                write!(f, "{:08X}", id)?;
                let text = u32::try_from(*id).ok().and_then(|id| ReferenceId(id).text());
                return text.map_or(Ok(()), |text| write!(f, " ({text})"));
            }
            (Kind::Flags, Value::Unsigned(bits)) => write!(f, "{bits:#x}")?,
            (Kind::Bits, Value::Unsigned(bits)) => write!(f, "{bits:o} (octal)")?,
            (Kind::IntervalSeconds, Value::Unsigned(age)) if *age == u64::from(u32::MAX) => {
                return f.write_str("never");
            }
            (_, value) => write!(f, "{value}")?,
        }
        if let Some(unit) = self.kind.unit() {
            write!(f, " {unit}")?;
        }
        if !self.names.is_empty() {
            write!(f, " ({})", self.names.join(", "))?;
        }
        Ok(())
    }
}

/// One record of a report, with every field it has, in libchrony's order.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Record {
    /// The report it belongs to.
    pub report: ReportName,
    /// Its number in the report, from 0.
    pub index: u32,
    /// Its fields; none for a reference clock in authdata and ntpdata.
    pub fields: Vec<Field>,
}

impl Record {
    /// The field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// A line for each field.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.report, self.index)?;
        self.fields.iter().try_for_each(|field| writeln!(f, "  {field}"))
    }
}

/// Fields found by name: the current record of a session, or one made by a test.
pub(crate) trait Fields {
    /// The index of the field with this name (`chrony_get_field_index`).
    fn find(&self, name: &CStr) -> Option<u16>;
    /// The value of the field with this index.
    fn value(&self, index: u16) -> Value;
}

impl Fields for Record {
    fn find(&self, name: &CStr) -> Option<u16> {
        let name = name.to_str().ok()?;
        let index = self.fields.iter().position(|field| field.name == name)?;
        u16::try_from(index).ok()
    }

    fn value(&self, index: u16) -> Value {
        self.fields.get(usize::from(index)).map_or(Value::Absent, |field| field.value.clone())
    }
}

#[cfg(test)]
pub(crate) mod samples {
    //! Records made by hand, for what the C library cannot be made to give.

    use super::*;

    impl From<u64> for Value {
        fn from(value: u64) -> Self {
            Self::Unsigned(value)
        }
    }

    impl From<f64> for Value {
        fn from(value: f64) -> Self {
            Self::Float(value)
        }
    }

    impl From<Option<&str>> for Value {
        fn from(value: Option<&str>) -> Self {
            Self::Text(value.map(str::to_owned))
        }
    }

    fn record(report: ReportName, fields: &[(&str, Value)], changes: &[(&str, Value)]) -> Record {
        let change = |name: &str, value: &Value| {
            let changed = changes.iter().find(|(changed, _)| *changed == name);
            changed.map_or_else(|| value.clone(), |(_, value)| value.clone())
        };
        for (changed, _) in changes {
            assert!(fields.iter().any(|(name, _)| name == changed), "no field {changed}");
        }
        let fields = fields
            .iter()
            .map(|(name, value)| Field {
                name: (*name).to_owned(),
                kind: Kind::None,
                value: change(name, value),
                names: Vec::new(),
            })
            .filter(|field| field.value != Value::Absent)
            .collect();
        Record { report, index: 0, fields }
    }

    pub(crate) fn tracking(changes: &[(&str, Value)]) -> Record {
        let fields = [
            ("reference ID", 0xc000_0201_u64.into()),
            ("address", Some("192.0.2.1").into()),
            ("stratum", 3_u64.into()),
            ("leap status", 0_u64.into()),
            ("reference time", Value::Time { seconds: 1_795_235_456, nanoseconds: 5 }),
            ("current correction", 0.002.into()),
            ("last offset", 0.001.into()),
            ("RMS offset", 0.001.into()),
            ("frequency offset", (-12.5).into()),
            ("residual frequency", 0.01.into()),
            ("skew", 0.1.into()),
            ("root delay", 0.010.into()),
            ("root dispersion", 0.003.into()),
            ("last update interval", 64.0.into()),
        ];
        record(ReportName::Tracking, &fields, changes)
    }

    pub(crate) fn source(changes: &[(&str, Value)]) -> Record {
        let fields = [
            ("address", Some("192.0.2.1").into()),
            ("poll", Value::Integer(6)),
            ("stratum", 2_u64.into()),
            ("state", 0_u64.into()),
            ("mode", 0_u64.into()),
            ("flags", 0_u64.into()),
            ("reachability", 255_u64.into()),
            ("last sample ago", 12_u64.into()),
            ("original last sample offset", 0.001.into()),
            ("adjusted last sample offset", 0.002.into()),
            ("last sample error", 0.003.into()),
        ];
        record(ReportName::Sources, &fields, changes)
    }

    pub(crate) fn refclock(id: u64) -> Record {
        let mut record =
            source(&[("mode", 2_u64.into()), ("stratum", 0_u64.into()), ("address", id.into())]);
        record.fields[0].name = "reference ID".to_owned();
        record
    }

    pub(crate) fn client(changes: &[(&str, Value)]) -> Record {
        let fields = [
            ("address", Some("192.0.2.1").into()),
            ("NTP hits", 8_u64.into()),
            ("NTS-KE hits", 1_u64.into()),
            ("command hits", 2_u64.into()),
            ("NTP drops", 3_u64.into()),
            ("NTS-KE drops", 4_u64.into()),
            ("command drops", 5_u64.into()),
            ("NTP interval", Value::Integer(6)),
            ("NTS-KE interval", Value::Integer(10)),
            ("command interval", Value::Integer(-1)),
            ("NTP timeout interval", Value::Integer(2)),
            ("last NTP hit ago", 12_u64.into()),
            ("last NTS-KE hit ago", 13_u64.into()),
            ("last command hit ago", 14_u64.into()),
        ];
        record(ReportName::Clients, &fields, changes)
    }

    pub(crate) fn source_stats(changes: &[(&str, Value)]) -> Record {
        let fields = [
            ("reference ID", 0xc000_0201_u64.into()),
            ("address", Some("192.0.2.1").into()),
            ("samples", 8_u64.into()),
            ("runs", 4_u64.into()),
            ("span", 450_u64.into()),
            ("standard deviation", 0.0001.into()),
            ("residual frequency", 0.01.into()),
            ("skew", 0.2.into()),
            ("offset", (-0.0003).into()),
            ("offset error", 0.0004.into()),
        ];
        record(ReportName::SourceStats, &fields, changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: Kind, value: Value, names: &[&str]) -> String {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Field { name: "f".to_owned(), kind, value, names }.to_string()
    }

    #[test]
    fn a_field_prints_with_its_unit_and_names() {
        assert_eq!(field(Kind::OffsetSeconds, Value::Float(-1.5e-6), &[]), "f: -1.5e-6 s");
        assert_eq!(field(Kind::Enum, Value::Unsigned(0), &["normal"]), "f: 0 (normal)");
        assert_eq!(field(Kind::Bits, Value::Unsigned(0o377), &[]), "f: 377 (octal)");
        assert_eq!(field(Kind::IntervalLog2Seconds, Value::Integer(-2), &[]), "f: -2 log2 s");
    }

    #[test]
    fn sentinels_print_as_words() {
        let never = Value::Unsigned(u64::from(u32::MAX));
        assert_eq!(field(Kind::IntervalSeconds, never, &[]), "f: never");
        assert_eq!(field(Kind::Address, Value::Text(None), &[]), "f: none");
    }

    #[test]
    fn a_hostile_text_cannot_move_the_cursor() {
        let text = Value::Text(Some("\u{1b}[2J".to_owned())).to_string();
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}
