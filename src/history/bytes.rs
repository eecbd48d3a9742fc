//! What is kept, as bytes of the history file: little-endian numbers, texts after their length.

use std::time::{Duration, UNIX_EPOCH};

use libchrony::LeapStatus;

use super::cell::Cell;
use super::form::Form;
use super::track::{Bucket, Raw};
use super::window::{Change, Event};

/// Bytes that are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an entry cannot be read")]
pub(super) struct Malformed;

/// Bytes that are written one after the other.
#[derive(Debug, Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    fn u32(&mut self, value: u32) {
        self.0.extend(value.to_le_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.0.extend(value.to_le_bytes());
    }

    fn f32(&mut self, value: f32) {
        self.0.extend(value.to_le_bytes());
    }

    pub(super) fn text(&mut self, text: &str) {
        self.u32(u32::try_from(text.len()).unwrap_or(0));
        self.0.extend(text.as_bytes());
    }

    fn option(&mut self, text: Option<&str>) {
        self.u8(text.is_some().into());
        self.text(text.unwrap_or_default());
    }
}

/// Bytes that are read one after the other.
#[derive(Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (bytes, rest) = self.0.split_first_chunk::<N>().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*bytes)
    }

    fn u8(&mut self) -> Result<u8, Malformed> {
        self.take().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Result<u32, Malformed> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, Malformed> {
        self.take().map(u64::from_le_bytes)
    }

    fn f32(&mut self) -> Result<f32, Malformed> {
        self.take().map(f32::from_le_bytes)
    }

    fn flag(&mut self) -> Result<bool, Malformed> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }

    pub(super) fn text(&mut self) -> Result<String, Malformed> {
        let length = usize::try_from(self.u32()?).map_err(|_| Malformed)?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        String::from_utf8(bytes.to_vec()).map_err(|_| Malformed)
    }

    fn option(&mut self) -> Result<Option<String>, Malformed> {
        let given = self.flag()?;
        self.text().map(|text| given.then_some(text))
    }

    pub(super) fn end(&self) -> Result<(), Malformed> {
        self.0.is_empty().then_some(()).ok_or(Malformed)
    }
}

impl<F: Form<K>, const K: usize> Raw<F, K> {
    pub(super) fn write(&self, out: &mut Writer) {
        out.u32(self.second);
        out.u8(self.register);
        (0..K).for_each(|series| out.f32(self.value(series)));
    }

    /// All of an entry, in order of time.
    pub(super) fn read_all(bytes: &[u8]) -> Result<Vec<Self>, Malformed> {
        let mut all: Vec<Self> = Vec::new();
        let mut bytes = Reader(bytes);
        while bytes.end().is_err() {
            let (second, register) = (bytes.u32()?, bytes.u8()?);
            let mut values = [f32::NAN; K];
            for value in &mut values {
                *value = bytes.f32()?;
            }
            if all.last().is_some_and(|last| last.second > second) {
                return Err(Malformed);
            }
            all.push(Self::new(second, register, values));
        }
        Ok(all)
    }
}

impl<F: Form<K>, const K: usize> Bucket<F, K> {
    pub(super) fn write(&self, out: &mut Writer) {
        out.u8(self.register);
        for series in 0..K {
            let cell = self.cell(series);
            [cell.min, cell.mean, cell.max].into_iter().for_each(|value| out.f32(value));
            out.u32(cell.count);
        }
    }

    pub(super) fn read(second: u32, bytes: &[u8]) -> Result<Self, Malformed> {
        let mut bytes = Reader(bytes);
        let register = bytes.u8()?;
        let mut cells = [Cell::NONE; K];
        for cell in &mut cells {
            let (min, mean, max) = (bytes.f32()?, bytes.f32()?, bytes.f32()?);
            let count = bytes.u32()?;
            let is_right = min.is_finite() && max.is_finite() && min <= mean && mean <= max;
            if count > 0 && !is_right {
                return Err(Malformed);
            }
            *cell = Cell { min, mean, max, count };
        }
        bytes.end()?;
        Ok(Self::new(second, register, cells))
    }
}

impl Event {
    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Writer::default();
        let since = self.at.duration_since(UNIX_EPOCH).unwrap_or_default();
        out.u64(since.as_secs());
        out.u32(since.subsec_nanos());
        match &self.change {
            Change::Began => out.u8(0),
            Change::Selected { before, now } => {
                out.u8(1);
                out.option(before.as_deref());
                out.option(now.as_deref());
            }
            Change::Synchronized(now) => {
                out.u8(2);
                out.u8((*now).into());
            }
            Change::Leap { before, now } => {
                out.u8(3);
                out.u64(before.code());
                out.u64(now.code());
            }
            Change::Unreachable { source } => {
                out.u8(4);
                out.text(source);
            }
            Change::Reachable { source } => {
                out.u8(5);
                out.text(source);
            }
            Change::Falseticker { source, is } => {
                out.u8(6);
                out.text(source);
                out.u8((*is).into());
            }
            Change::Added { source } => {
                out.u8(7);
                out.text(source);
            }
            Change::Removed { source } => {
                out.u8(8);
                out.text(source);
            }
            Change::Stepped { seconds } => {
                out.u8(9);
                out.u64(seconds.to_bits());
            }
            Change::Restarted => out.u8(10),
            Change::Lost { reason } => {
                out.u8(11);
                out.text(reason);
            }
            Change::Back => out.u8(12),
        }
        out.0
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut bytes = Reader(bytes);
        let (seconds, nanoseconds) = (bytes.u64()?, bytes.u32()?);
        // As far as RFC 3339 can write.
        if seconds > 253_402_300_799 || nanoseconds > 999_999_999 {
            return Err(Malformed);
        }
        let change = match bytes.u8()? {
            0 => Change::Began,
            1 => Change::Selected { before: bytes.option()?, now: bytes.option()? },
            2 => Change::Synchronized(bytes.flag()?),
            3 => Change::Leap {
                before: LeapStatus::from_code(bytes.u64()?),
                now: LeapStatus::from_code(bytes.u64()?),
            },
            4 => Change::Unreachable { source: bytes.text()? },
            5 => Change::Reachable { source: bytes.text()? },
            6 => Change::Falseticker { source: bytes.text()?, is: bytes.flag()? },
            7 => Change::Added { source: bytes.text()? },
            8 => Change::Removed { source: bytes.text()? },
            9 => {
                let seconds = f64::from_bits(bytes.u64()?);
                Change::Stepped {
                    seconds: Some(seconds).filter(|s| s.is_finite()).ok_or(Malformed)?,
                }
            }
            10 => Change::Restarted,
            11 => Change::Lost { reason: bytes.text()? },
            12 => Change::Back,
            _ => return Err(Malformed),
        };
        bytes.end()?;
        Ok(Self { at: UNIX_EPOCH + Duration::new(seconds, nanoseconds), change })
    }
}

#[cfg(test)]
mod tests {
    use super::super::cell::Sum;
    use super::super::form::Exact;
    use super::super::packed::Packed;
    use super::*;

    fn changes() -> Vec<Change> {
        let source = || "ntp\u{e9}.example.net".to_owned();
        vec![
            Change::Began,
            Change::Selected { before: None, now: Some(source()) },
            Change::Selected { before: Some(String::new()), now: None },
            Change::Synchronized(true),
            Change::Leap { before: LeapStatus::Insert, now: LeapStatus::Unknown(7) },
            Change::Unreachable { source: source() },
            Change::Reachable { source: source() },
            Change::Falseticker { source: source(), is: false },
            Change::Added { source: source() },
            Change::Removed { source: source() },
            Change::Stepped { seconds: -0.25 },
            Change::Restarted,
            Change::Lost { reason: "no answer".to_owned() },
            Change::Back,
        ]
    }

    #[test]
    fn every_event_reads_as_it_was_written() {
        for change in changes() {
            let event = Event { at: UNIX_EPOCH + Duration::new(1_700_000_000, 5), change };
            let bytes = event.write();
            assert_eq!(Event::read(&bytes), Ok(event));
            for end in 0..bytes.len() {
                assert!(Event::read(&bytes[..end]).is_err(), "{end} of {bytes:?}");
            }
            assert!(Event::read(&[&bytes[..], &[0]].concat()).is_err());
        }
    }

    #[test]
    fn bytes_that_make_no_sense_are_refused() {
        let event = Event { at: UNIX_EPOCH, change: Change::Back };
        let mut bytes = event.write();
        *bytes.last_mut().unwrap() = 13;
        assert_eq!(Event::read(&bytes), Err(Malformed));
        let mut late = event.write();
        late[..8].fill(0xff);
        assert_eq!(Event::read(&late), Err(Malformed));
        let mut long = Writer::default();
        long.u32(u32::MAX);
        assert_eq!(Reader(&long.0).text(), Err(Malformed));
    }

    #[test]
    fn readings_and_buckets_read_as_they_were_written() {
        let readings = [(5, [1.0, f32::NAN]), (5, [0.1, 2.0]), (9, [f32::MIN, 0.0])];
        let mut out = Writer::default();
        for (second, values) in readings {
            Raw::<Exact, 2>::new(second, 0xa5, values).write(&mut out);
        }
        let read = Raw::<Exact, 2>::read_all(&out.0).unwrap();
        assert_eq!(read.len(), 3);
        for (read, (second, values)) in read.iter().zip(readings) {
            assert_eq!((read.second, read.register), (second, 0xa5));
            let read = [0, 1].map(|series| read.value(series).to_bits());
            assert_eq!(read, values.map(f32::to_bits));
        }
        assert!(Raw::<Exact, 2>::read_all(&out.0[1..]).is_err());

        let mut sum = Sum::NONE;
        sum.value(1.5);
        sum.value(2.5);
        let bucket = Bucket::<Exact, 2>::new(60, 1, [sum.to_cell(), Cell::NONE]);
        let mut out = Writer::default();
        bucket.write(&mut out);
        let read = Bucket::<Exact, 2>::read(60, &out.0).unwrap();
        assert_eq!((read.second, read.register, read.cell(0)), (60, 1, bucket.cell(0)));
        assert_eq!(read.cell(1).count, 0);
        assert!(Bucket::<Exact, 3>::read(60, &out.0).is_err());
        out.0[1..5].copy_from_slice(&9.0_f32.to_le_bytes());
        assert!(Bucket::<Exact, 2>::read(60, &out.0).is_err(), "the least is above the mean");
    }

    #[test]
    fn a_bucket_of_a_source_that_was_written_exactly_is_read_and_does_not_change_again() {
        let cell = |min, mean, max| Cell { min, mean, max, count: 12 };
        let cells = [cell(-1.1, 0.1, 7.7), Cell::NONE, cell(0.0, 7.3, 8.0), cell(0.01, 0.02, 9.3)];
        let mut exact = Writer::default();
        Bucket::<Exact, 4>::new(60, 0x7f, cells).write(&mut exact);
        let read = Bucket::<Packed, 4>::read(60, &exact.0).unwrap();
        for (series, cell) in cells.into_iter().enumerate().filter(|(_, cell)| cell.count > 0) {
            let read = read.cell(series);
            assert!((read.min - cell.min).abs() <= (cell.mean - cell.min) / 256.0, "{read:?}");
            assert!((read.max - cell.max).abs() <= (cell.max - cell.mean) / 256.0, "{read:?}");
            assert!((read.mean - cell.mean).abs() < 1e-3, "{read:?}");
        }
        let mut once = Writer::default();
        read.write(&mut once);
        assert_eq!(once.0.len(), exact.0.len());
        let mut twice = Writer::default();
        Bucket::<Packed, 4>::read(60, &once.0).unwrap().write(&mut twice);
        assert_eq!(once.0, twice.0);
    }
}
