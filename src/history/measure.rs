//! What a history costs, for benches/history.rs and benches/memory.rs.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use libchrony::{LeapStatus, SourceState};

use super::grid::{seconds, time};
use super::note::{Clock, Counters, Given, Note, Noted};
use super::{History, Lines};

/// A multiple of every grain.
const START: u32 = 1_699_920_000;

/// A history that is filled with made-up readings as fast as it takes them.
#[doc(hidden)]
#[derive(Debug)]
pub struct Measured {
    history: History,
    note: Note,
    second: u32,
}

impl Measured {
    /// An empty one of so many days, for readings of so many sources so many seconds apart.
    #[must_use]
    pub fn new(days: u64, refresh: u32, sources: u32) -> Self {
        let length = Duration::from_secs(days * 86_400);
        let history = History::new(Some(length), Duration::from_secs(refresh.into()));
        let ids = (0..sources).map(|number| format!("2001:db8::{number:x}"));
        Self { history, note: note(START, ids), second: START }
    }

    /// Writes a history file of the last hours, as if the sources of these ids had been read meanwhile.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn write(path: &Path, hours: u32, refresh: u32, ids: &[String]) -> Result<(), String> {
        let length = Duration::from_secs(u64::from(hours) * 3600);
        let history = History::open(path, length, Duration::from_secs(refresh.into()))
            .map_err(|error| error.to_string())?;
        let second = seconds(SystemTime::now()).saturating_sub(hours * 3600);
        let mut measured = Self { history, note: note(second, ids.iter().cloned()), second };
        measured.take(hours * 3600 / refresh, refresh);
        measured.history.end();
        Ok(())
    }

    /// Records so many readings.
    fn take(&mut self, number: u32, refresh: u32) {
        for _ in 0..number {
            self.second += refresh;
            self.note.at = time(self.second);
            self.note.uptime += Duration::from_secs(refresh.into());
            self.history.take(&self.note);
        }
    }

    /// Records readings of so many days; gives how many there were, and the mean time of one.
    pub fn fill(&mut self, days: u32, refresh: u32) -> (u32, Duration) {
        let number = days * 86_400 / refresh;
        let begin = Instant::now();
        self.take(number, refresh);
        (number, begin.elapsed() / number.max(1))
    }

    /// What is held, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.history.held().store.as_ref().map_or(0, super::Store::bytes)
    }

    /// The time that a window of the last hours takes, with the series of at most so many sources, and the
    /// number of its steps.
    #[must_use]
    pub fn window(&self, hours: u32, points: usize, most: usize) -> (Duration, usize) {
        let (from, to) = (time(self.second - hours * 3600), time(self.second));
        let begin = Instant::now();
        let window = self.history.window((from, to), points, Lines { first: None, most });
        (begin.elapsed(), window.offset.len())
    }
}

/// A reading at this second of sources with these ids.
fn note(second: u32, ids: impl Iterator<Item = String>) -> Note {
    let source = |(number, id): (usize, String)| Noted {
        name: format!("{number}.time.example.net"),
        id,
        values: [-0.0001, 0.0003, 8.0, 0.02],
        register: 0xff,
        state: if number == 0 { SourceState::Selected } else { SourceState::Unselected },
    };
    let clock = Clock {
        values: [0.001, 0.002, -3.0, 0.1, 0.0005, 0.01, 0.0002, 3.0],
        synchronized: true,
        leap: LeapStatus::Normal,
        reference: Some("2001:db8::".to_owned()),
        updated: true,
    };
    let given = Given {
        is_local: true,
        clock: Some(clock),
        sources: Some(ids.enumerate().map(source).collect()),
        counters: Some(Counters([Some(0); 8])),
    };
    Note { at: time(second), uptime: Duration::ZERO, given: Ok(given) }
}
