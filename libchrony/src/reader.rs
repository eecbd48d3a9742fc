//! The checked reading of fields by name.

use std::ffi::CStr;
use std::net::IpAddr;
use std::time::SystemTime;

use crate::error::Error;
use crate::identity::{ReferenceId, SourceAddress};
use crate::record::{Fields, Value};
use crate::report::ReportName;

/// Reads fields by name and checks type and range; what is wrong names report, record, field, value and rule.
pub(crate) struct Reader<'a> {
    fields: &'a dyn Fields,
    report: ReportName,
    record: u32,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(fields: &'a dyn Fields, report: ReportName, record: u32) -> Self {
        Self { fields, report, record }
    }

    fn find(&self, name: &'static CStr) -> Option<Value> {
        self.fields.find(name).map(|index| self.fields.value(index))
    }

    fn value(&self, name: &'static CStr) -> Result<Value, Error> {
        let missing =
            || Error::MissingField { report: self.report, record: self.record, field: text(name) };
        self.find(name).ok_or_else(missing)
    }

    fn wrong_type(&self, name: &'static CStr, found: Value, expected: &'static str) -> Error {
        let (report, record) = (self.report, self.record);
        Error::WrongType { report, record, field: text(name), found, expected }
    }

    pub(crate) fn out_of_range(
        &self,
        name: &'static CStr,
        value: Value,
        rule: &'static str,
    ) -> Error {
        let (report, record) = (self.report, self.record);
        Error::OutOfRange { report, record, field: text(name), value, rule }
    }

    fn raw_unsigned(&self, name: &'static CStr) -> Result<u64, Error> {
        match self.value(name)? {
            Value::Unsigned(value) => Ok(value),
            other => Err(self.wrong_type(name, other, "an unsigned number")),
        }
    }

    fn raw_signed(&self, name: &'static CStr) -> Result<i64, Error> {
        match self.value(name)? {
            Value::Integer(value) => Ok(value),
            other => Err(self.wrong_type(name, other, "a signed number")),
        }
    }

    /// An unsigned number that fits its type.
    pub(crate) fn unsigned<T: TryFrom<u64>>(&self, name: &'static CStr) -> Result<T, Error> {
        let value = self.raw_unsigned(name)?;
        let rule = "within the size of its type on the wire";
        T::try_from(value).map_err(|_| self.out_of_range(name, Value::Unsigned(value), rule))
    }

    /// An unsigned number that older layouts lack.
    pub(crate) fn optional<T: TryFrom<u64>>(
        &self,
        name: &'static CStr,
    ) -> Result<Option<T>, Error> {
        match self.unsigned(name) {
            Err(Error::MissingField { .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// A 32-bit number whose largest value means "never" or "unknown".
    pub(crate) fn age(&self, name: &'static CStr) -> Result<Option<u32>, Error> {
        Ok(Some(self.unsigned::<u32>(name)?).filter(|age| *age != u32::MAX))
    }

    /// A stratum from 0 to 16; 0 is none.
    pub(crate) fn stratum(&self, name: &'static CStr) -> Result<Option<u8>, Error> {
        match self.raw_unsigned(name)? {
            0 => Ok(None),
            value @ 1..=16 => Ok(u8::try_from(value).ok()),
            value => Err(self.out_of_range(name, Value::Unsigned(value), "0 to 16")),
        }
    }

    /// A shift register of the last eight polls.
    pub(crate) fn reachability(&self, name: &'static CStr) -> Result<u8, Error> {
        let value = self.raw_unsigned(name)?;
        let rule = "0 to 255, a bit for each of the last eight polls";
        u8::try_from(value).map_err(|_| self.out_of_range(name, Value::Unsigned(value), rule))
    }

    /// A truth value: 0 or anything else.
    pub(crate) fn flag(&self, name: &'static CStr) -> Result<bool, Error> {
        self.raw_unsigned(name).map(|value| value != 0)
    }

    /// A small signed number.
    pub(crate) fn signed(&self, name: &'static CStr) -> Result<i8, Error> {
        let value = self.raw_signed(name)?;
        let rule = "within the size of its type on the wire";
        i8::try_from(value).map_err(|_| self.out_of_range(name, Value::Integer(value), rule))
    }

    /// An interval as log2 of seconds, -32 to 32.
    pub(crate) fn log2_seconds(&self, name: &'static CStr) -> Result<i8, Error> {
        let value = self.raw_signed(name)?;
        // Upstream libchrony 0.2 does not extend the sign of 16-bit numbers.
        let value = if (0x8000..0x1_0000).contains(&value) { value - 0x1_0000 } else { value };
        let rule = "-32 to 32";
        match i8::try_from(value) {
            Ok(poll @ -32..=32) => Ok(poll),
            _ => Err(self.out_of_range(name, Value::Integer(value), rule)),
        }
    }

    /// A finite number.
    pub(crate) fn float(&self, name: &'static CStr) -> Result<f64, Error> {
        match self.value(name)? {
            Value::Float(value) if value.is_finite() => Ok(value),
            Value::Float(value) => {
                Err(self.out_of_range(name, Value::Float(value), "a finite number"))
            }
            other => Err(self.wrong_type(name, other, "a floating-point number")),
        }
    }

    /// A finite number that is not negative.
    pub(crate) fn measure(&self, name: &'static CStr) -> Result<f64, Error> {
        match self.float(name)? {
            value if value >= 0.0 => Ok(value),
            value => Err(self.out_of_range(name, Value::Float(value), "0 or more")),
        }
    }

    /// A point in time; the beginning of 1970 is none.
    pub(crate) fn time(&self, name: &'static CStr) -> Result<Option<SystemTime>, Error> {
        match self.value(name)? {
            Value::Time { seconds: 0, nanoseconds: 0 } => Ok(None),
            value @ Value::Time { .. } => match value.time() {
                Some(time) => Ok(Some(time)),
                None => Err(self.out_of_range(name, value, "a time from 1970 to 9999")),
            },
            other => Err(self.wrong_type(name, other, "a time")),
        }
    }

    /// A text; one that is not given is empty.
    pub(crate) fn text(&self, name: &'static CStr) -> Result<String, Error> {
        match self.value(name)? {
            Value::Text(text) => Ok(text.unwrap_or_default()),
            other => Err(self.wrong_type(name, other, "a text")),
        }
    }

    fn address(&self, name: &'static CStr) -> Result<Option<SourceAddress>, Error> {
        match self.value(name)? {
            Value::Text(None) => Ok(None),
            Value::Text(Some(text)) => match SourceAddress::from_text(&text) {
                Some(address) => Ok(Some(address)),
                None => {
                    let rule = "an IP address or ID# and a number";
                    Err(self.out_of_range(name, Value::Text(Some(text)), rule))
                }
            },
            other => Err(self.wrong_type(name, other, "an address")),
        }
    }

    /// An IP address, or none.
    pub(crate) fn ip(&self, name: &'static CStr) -> Result<Option<IpAddr>, Error> {
        match self.address(name)? {
            None => Ok(None),
            Some(SourceAddress::Ip(ip)) => Ok(Some(ip)),
            Some(other) => {
                Err(self.out_of_range(name, Value::Text(Some(other.to_string())), "an IP address"))
            }
        }
    }

    /// The source an address field names; without address it is the reference clock given.
    pub(crate) fn source(
        &self,
        name: &'static CStr,
        refclock: Option<ReferenceId>,
    ) -> Result<SourceAddress, Error> {
        self.address(name)?
            .or(refclock.map(SourceAddress::Refclock))
            .ok_or_else(|| self.out_of_range(name, Value::Text(None), "given"))
    }
}

/// Field names are ASCII literals of this crate.
fn text(name: &'static CStr) -> &'static str {
    name.to_str().unwrap_or("?")
}
