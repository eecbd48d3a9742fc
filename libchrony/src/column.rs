//! One report of many sources, put together from records that come in any order.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::pass::{Entry, Pass};

/// The most records that room is made for before they come.
const MOST_RESERVED: u32 = 1_024;

/// A [`Pass`] in the making.
#[derive(Debug)]
pub(crate) struct Column<T> {
    pass: Pass<T>,
    /// What came before its turn, by its index.
    early: BTreeMap<u32, Result<Entry<T>, Error>>,
    /// The index whose turn it is.
    turn: u32,
    /// How many sources there are. Where there is none, the one that is asked for shows only whether the
    /// report is given.
    count: u32,
    /// Why the report cannot be had.
    failed: Option<Error>,
}

impl<T> Column<T> {
    /// Of so many sources.
    pub(crate) fn new(count: u32) -> Self {
        let (pass, early) = (Pass::default(), BTreeMap::new());
        Self { pass, early, turn: 0, count, failed: None }
    }

    /// Takes what reading the source at this index gave.
    pub(crate) fn put(&mut self, index: u32, entry: Result<Entry<T>, Error>) {
        if !self.is_open() {
            return;
        }
        match entry {
            Err(error) if !error.is_of_one_source() => return self.fail(error),
            // One that is odd means that there is one.
            Err(error) if self.count == 0 && !matches!(error, Error::NoSuchSource { .. }) => {
                return self.fail(error);
            }
            _ if self.count == 0 => return,
            entry => self.early.insert(index, entry),
        };
        while let Some(entry) = self.early.remove(&self.turn) {
            if self.turn == 0 {
                self.pass.reserve(self.count.min(MOST_RESERVED) as usize);
            }
            self.turn += 1;
            if let Err(error) = self.pass.take(entry) {
                return self.fail(error);
            }
            if self.pass.is_lost() {
                return;
            }
        }
    }

    /// Gives the report up.
    pub(crate) fn fail(&mut self, error: Error) {
        self.failed.get_or_insert(error);
    }

    /// Whether further sources are worth a question.
    pub(crate) fn is_open(&self) -> bool {
        self.failed.is_none() && !self.pass.is_lost()
    }

    /// Whether the report was given up for want of an answer.
    pub(crate) fn has_timed_out(&self) -> bool {
        matches!(self.failed, Some(Error::TimedOut { .. }))
    }

    pub(crate) fn into_pass(self) -> Result<Pass<T>, Error> {
        self.failed.map_or(Ok(self.pass), Err)
    }
}
