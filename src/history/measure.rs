//! What a history costs, for benches/history.rs.

use std::time::{Duration, Instant};

use libchrony::{LeapStatus, SourceState};

use super::History;
use super::grid::time;
use super::note::{Clock, Counters, Given, Note, Noted};

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
        let source = |number: u32| Noted {
            id: format!("2001:db8::{number:x}"),
            name: format!("{number}.time.example.net"),
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
            sources: Some((0..sources).map(source).collect()),
            counters: Some(Counters([Some(0); 8])),
        };
        let note = Note { at: time(START), uptime: Duration::ZERO, given: Ok(given) };
        Self { history, note, second: START }
    }

    /// Records readings of so many days; gives how many there were, and the mean time of one.
    pub fn fill(&mut self, days: u32, refresh: u32) -> (u32, Duration) {
        let number = days * 86_400 / refresh;
        let begin = Instant::now();
        for _ in 0..number {
            self.second += refresh;
            self.note.at = time(self.second);
            self.note.uptime += Duration::from_secs(refresh.into());
            self.history.take(&self.note);
        }
        (number, begin.elapsed() / number.max(1))
    }

    /// What is held, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.history.held().store.as_ref().map_or(0, super::Store::bytes)
    }

    /// The time that a window of the last hours takes, and the number of its steps.
    #[must_use]
    pub fn window(&self, hours: u32, points: usize) -> (Duration, usize) {
        let (from, to) = (time(self.second - hours * 3600), time(self.second));
        let begin = Instant::now();
        let window = self.history.window(from, to, points);
        (begin.elapsed(), window.offset.len())
    }
}
