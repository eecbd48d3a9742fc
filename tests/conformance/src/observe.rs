//! Everything that can be seen of a session, compared between two.

use std::ffi::{CStr, c_int};
use std::fmt;

use crate::api::Session;

/// What can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// The code that the step's call returned.
    Code,
    /// The requests that the step sent, their sequence numbers left out.
    Sent,
    NeedsResponse,
    Count,
    Fields,
    Name,
    Index,
    Type,
    Content,
    Uinteger,
    Integer,
    Float,
    Time,
    Text,
    /// The name of this value.
    Constant(u64),
}

/// What was seen, of any kind.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Number(i128),
    /// By its bits, so that NaN is itself and not 0.
    Float(u64),
    Time(i64, i64),
    Text(Option<String>),
    Datagrams(Vec<Vec<u8>>),
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Float(bits) => write!(f, "{}", f64::from_bits(*bits)),
            Self::Time(seconds, nanoseconds) => write!(f, "{seconds} s {nanoseconds} ns"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Datagrams(datagrams) => write!(f, "{datagrams:02x?}"),
        }
    }
}

impl From<c_int> for Value {
    fn from(number: c_int) -> Self {
        Self::Number(number.into())
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Number(truth.into())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number.into())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number.into())
    }
}

impl From<Option<&CStr>> for Value {
    fn from(text: Option<&CStr>) -> Self {
        Self::Text(text.map(|text| text.to_string_lossy().into_owned()))
    }
}

/// One thing that the two libraries show differently.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) what: What,
    /// The field's number and upstream's name of it, for what is of a field.
    pub(crate) field: Option<(c_int, String)>,
    pub(crate) upstream: Value,
    pub(crate) ours: Value,
}

/// Whether to go on after a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    GoOn,
    Stop,
}

/// The two sessions and what hears of their differences.
pub(crate) struct Comparison<'a, F: FnMut(Difference) -> Next> {
    pub(crate) upstream: &'a Session,
    pub(crate) ours: &'a Session,
    pub(crate) differs: F,
}

impl<F: FnMut(Difference) -> Next> Comparison<'_, F> {
    fn check<T>(&mut self, what: What, field: Option<c_int>, of: impl Fn(&Session) -> T) -> Next
    where
        T: PartialEq + Into<Value>,
    {
        let (upstream, ours) = (of(self.upstream), of(self.ours));
        if upstream == ours {
            return Next::GoOn;
        }
        self.report(what, field, upstream.into(), ours.into())
    }

    fn report(&mut self, what: What, field: Option<c_int>, upstream: Value, ours: Value) -> Next {
        let field = field.map(|field| {
            let name = self.upstream.name(field).unwrap_or_default();
            (field, name.to_string_lossy().into_owned())
        });
        (self.differs)(Difference { what, field, upstream, ours })
    }

    /// Compares the state and every field; `thorough` also every constant's name.
    pub(crate) fn run(&mut self, thorough: bool) -> Next {
        for next in [
            self.check(What::NeedsResponse, None, Session::needs_response),
            self.check(What::Count, None, Session::count),
            self.check(What::Fields, None, Session::number_fields),
            self.check(What::Index, None, |session| session.index(c"no such field")),
        ] {
            if next == Next::Stop {
                return next;
            }
        }
        let number = self.upstream.number_fields();
        let hostile = [-1, number, number.saturating_add(1), c_int::MIN, c_int::MAX];
        for field in (0..number).chain(hostile) {
            if self.field(field, thorough) == Next::Stop {
                return Next::Stop;
            }
        }
        Next::GoOn
    }

    fn field(&mut self, field: c_int, thorough: bool) -> Next {
        let at = Some(field);
        let float = |session: &Session| session.float(field).to_bits();
        let (upstream, ours) = (float(self.upstream), float(self.ours));
        if upstream != ours
            && self.report(What::Float, at, Value::Float(upstream), Value::Float(ours))
                == Next::Stop
        {
            return Next::Stop;
        }
        let time = |session: &Session| {
            let time = session.timespec(field);
            (time.tv_sec, time.tv_nsec)
        };
        let (upstream, ours) = (time(self.upstream), time(self.ours));
        // Too many nanoseconds are upstream's fault (U15), which ours must never share.
        if upstream != ours || ours.1 > 999_999_999 {
            let [upstream, ours] = [upstream, ours].map(|(s, n)| Value::Time(s, n));
            if self.report(What::Time, at, upstream, ours) == Next::Stop {
                return Next::Stop;
            }
        }
        for next in [
            self.text(What::Name, at, |session| session.name(field)),
            self.check(What::Type, at, |session| session.field_type(field)),
            self.check(What::Content, at, |session| session.content(field)),
            self.check(What::Uinteger, at, |session| session.uinteger(field)),
            self.check(What::Integer, at, |session| session.integer(field)),
            self.text(What::Text, at, |session| session.string(field)),
        ] {
            if next == Next::Stop {
                return next;
            }
        }
        if let Some(name) = self.upstream.name(field).map(CStr::to_owned)
            && self.check(What::Index, at, |session| session.index(&name)) == Next::Stop
        {
            return Next::Stop;
        }
        self.constants(field, thorough)
    }

    fn constants(&mut self, field: c_int, thorough: bool) -> Next {
        let received = self.upstream.uinteger(field);
        let bits = (0..64).map(|bit| 1 << bit);
        let some = [received, 0, u64::MAX].into_iter().chain(bits.clone().take(16));
        let every = (0..=0x1_ffff).chain(bits).chain([received, u64::MAX]);
        let mut one = |value| {
            self.text(What::Constant(value), Some(field), |session| session.constant(field, value))
        };
        let mut stopped = |value| one(value) == Next::Stop;
        let stop =
            if thorough { every.clone().any(stopped) } else { some.clone().any(&mut stopped) };
        if stop { Next::Stop } else { Next::GoOn }
    }

    fn text(
        &mut self,
        what: What,
        field: Option<c_int>,
        of: impl for<'s> Fn(&'s Session) -> Option<&'s CStr>,
    ) -> Next {
        let (upstream, ours) = (of(self.upstream), of(self.ours));
        if upstream == ours {
            return Next::GoOn;
        }
        let (upstream, ours) = (upstream.into(), ours.into());
        self.report(what, field, upstream, ours)
    }
}
