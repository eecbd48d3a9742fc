//! The rows of a table that may be long: whoever makes a page of them takes a few at a time.

use std::ops::{Deref, DerefMut};

use serde::{Serialize, Serializer};

/// Stands before and after the name of a table where its rows belong. No text on a page has it, as all
/// that comes from outside goes through [`super::format::plain`].
pub(crate) const MARK: char = '\u{1}';

/// Rows so many at a time are given.
const A_PART: usize = 64;

/// The rows of a table. As data of a page they are the place where they belong, and nothing where there
/// are none; [`super::Page::give_rows`] gives the rows themselves.
#[derive(Debug)]
pub(crate) struct Rows<R> {
    table: &'static str,
    rows: Vec<R>,
}

/// Takes the rows of a table.
pub(crate) trait TakeRows {
    /// Why they cannot be taken.
    type Error;

    /// Takes some.
    fn take(&mut self, table: &str, rows: &[impl Serialize]) -> Result<(), Self::Error>;
}

impl<R> Rows<R> {
    pub(crate) fn new(table: &'static str, rows: Vec<R>) -> Self {
        Self { table, rows }
    }

    /// Those of a table that is not there.
    pub(crate) fn none(table: &'static str) -> Self {
        Self::new(table, Vec::new())
    }
}

impl<R: Serialize> Rows<R> {
    /// Gives all of them away.
    pub(crate) fn give<T: TakeRows>(&mut self, to: &mut T) -> Result<(), T::Error> {
        std::mem::take(&mut self.rows).chunks(A_PART).try_for_each(|part| to.take(self.table, part))
    }
}

impl<R> Serialize for Rows<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.rows.is_empty() {
            true => serializer.serialize_str(""),
            false => serializer.collect_str(&format_args!("{MARK}{}{MARK}", self.table)),
        }
    }
}

impl<R> Deref for Rows<R> {
    type Target = Vec<R>;

    fn deref(&self) -> &Vec<R> {
        &self.rows
    }
}

impl<R> DerefMut for Rows<R> {
    fn deref_mut(&mut self) -> &mut Vec<R> {
        &mut self.rows
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[derive(Default)]
    struct Taken(Vec<String>);

    impl TakeRows for Taken {
        type Error = Infallible;

        fn take(&mut self, table: &str, rows: &[impl Serialize]) -> Result<(), Infallible> {
            self.0.push(format!("{table} {}", serde_json::to_string(rows).unwrap()));
            Ok(())
        }
    }

    #[test]
    fn rows_are_a_place_and_are_given_part_by_part_and_once() {
        assert_eq!(serde_json::to_value(Rows::<u8>::none("few")).unwrap(), "");
        let mut rows = Rows::new("many", vec![1; A_PART + 2]);
        assert_eq!(serde_json::to_value(&rows).unwrap(), "\u{1}many\u{1}");
        let mut taken = Taken::default();
        let Ok(()) = rows.give(&mut taken);
        assert_eq!(
            taken.0,
            [format!("many [{}1]", "1,".repeat(A_PART - 1)), "many [1,1]".to_owned()]
        );
        let Ok(()) = rows.give(&mut taken);
        assert_eq!((taken.0.len(), rows.len()), (2, 0));
    }
}
