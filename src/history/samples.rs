//! Readings for tests, made without chronyd.

use std::time::Duration;

use libchrony::{LeapStatus, SourceState};

use super::grid::time;
use super::note::{Clock, Counters, Given, Note, Noted};

/// A healthy clock with these sources, the first of them selected, read at a second since 1970.
pub(super) fn note(second: u32, sources: &[&str]) -> Note {
    let clock = Clock {
        values: [0.001, 0.002, -3.0, 0.1, 0.0005, 0.01, 0.0002, 3.0],
        synchronized: true,
        leap: LeapStatus::Normal,
        reference: sources.first().map(|id| (*id).to_owned()),
        updated: true,
    };
    let state = |place| if place == 0 { SourceState::Selected } else { SourceState::Unselected };
    let source = |(place, id): (usize, &&str)| Noted {
        id: (*id).to_owned(),
        name: format!("{id}.example.net"),
        values: [-0.0001, 0.0003, 8.0, 0.02],
        register: 0xff,
        state: state(place),
    };
    Note {
        at: time(second),
        uptime: Duration::from_secs(second.into()),
        given: Ok(Given {
            is_local: true,
            clock: Some(clock),
            sources: Some(sources.iter().enumerate().map(source).collect()),
            counters: Some(Counters([Some(u64::from(second)); 8])),
        }),
    }
}

/// No data.
pub(super) fn silent(second: u32, reason: &str) -> Note {
    Note { given: Err(reason.to_owned()), ..note(second, &[]) }
}

impl Note {
    /// The note with something in it changed.
    pub(super) fn with(mut self, change: impl FnOnce(&mut Given)) -> Self {
        if let Ok(given) = &mut self.given {
            change(given);
        }
        self
    }

    pub(super) fn with_clock(self, change: impl FnOnce(&mut Clock)) -> Self {
        self.with(|given| change(given.clock.as_mut().expect("a clock")))
    }

    pub(super) fn with_source(self, id: &str, change: impl FnOnce(&mut Noted)) -> Self {
        self.with(|given| {
            let mut sources = given.sources.iter_mut().flatten();
            change(sources.find(|source| source.id == id).expect("a source of this id"));
        })
    }
}
