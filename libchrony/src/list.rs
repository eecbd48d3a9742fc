//! A report with a record per source, where some records may be unreadable.

use std::ops::Deref;

use crate::error::Error;

/// The records of a report that could be read, and the errors of those that could not.
///
/// It reads as a slice, so that one odd record does not blank the others.
#[derive(Debug)]
pub struct List<T> {
    records: Vec<T>,
    odd: Vec<Error>,
}

impl<T> List<T> {
    pub(crate) fn new(records: Vec<T>, odd: Vec<Error>) -> Self {
        Self { records, odd }
    }

    /// Why records are missing from the list, each with its report, record, field, value and rule.
    #[must_use]
    pub fn odd(&self) -> &[Error] {
        &self.odd
    }

    /// The records, and the errors of those that could not be read.
    #[must_use]
    pub fn into_parts(self) -> (Vec<T>, Vec<Error>) {
        (self.records, self.odd)
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.records
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.records.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.records.iter()
    }
}
