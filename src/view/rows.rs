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
    /// Whether there are some, which are not made yet.
    later: bool,
}

/// What becomes of rows that can be made: [`Rows::now`] or [`Rows::later`].
pub(crate) type When<R> = fn(&'static str, &mut dyn Iterator<Item = R>) -> Rows<R>;

/// Takes the rows of a table.
pub(crate) trait TakeRows {
    /// Why they cannot be taken.
    type Error;

    /// Takes some.
    fn take(&mut self, table: &str, rows: &[impl Serialize]) -> Result<(), Self::Error>;
}

impl<R> Rows<R> {
    /// Makes them all.
    pub(crate) fn now(table: &'static str, rows: &mut dyn Iterator<Item = R>) -> Self {
        Self { table, rows: rows.collect(), later: false }
    }

    /// Looks only whether there are any, for who is given them part by part.
    pub(crate) fn later(table: &'static str, rows: &mut dyn Iterator<Item = R>) -> Self {
        Self { table, rows: Vec::new(), later: rows.next().is_some() }
    }

    /// Those of a table that is not there.
    pub(crate) fn none(table: &'static str) -> Self {
        Self { table, rows: Vec::new(), later: false }
    }
}

/// Makes rows and gives them away, part by part.
pub(crate) fn give<R: Serialize, T: TakeRows>(
    table: &str,
    mut rows: impl Iterator<Item = R>,
    to: &mut T,
) -> Result<(), T::Error> {
    loop {
        let part: Vec<_> = rows.by_ref().take(A_PART).collect();
        if part.is_empty() {
            return Ok(());
        }
        to.take(table, &part)?;
    }
}

impl<R> Serialize for Rows<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.later || !self.rows.is_empty() {
            true => serializer.collect_str(&format_args!("{MARK}{}{MARK}", self.table)),
            false => serializer.serialize_str(""),
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
    fn rows_are_a_place_where_there_are_any() {
        let place = |rows: Rows<u8>| serde_json::to_value(rows).unwrap();
        for when in [Rows::now as When<u8>, Rows::later] {
            assert_eq!(place(when("many", &mut [1, 2].into_iter())), "\u{1}many\u{1}");
            assert_eq!(place(when("many", &mut std::iter::empty())), "");
        }
        assert_eq!(place(Rows::none("few")), "");
    }

    #[test]
    fn rows_are_made_and_given_part_by_part() {
        let mut taken = Taken::default();
        let Ok(()) = give("many", std::iter::repeat_n(1, A_PART + 2), &mut taken);
        let whole = format!("many [{}1]", "1,".repeat(A_PART - 1));
        assert_eq!(taken.0, [whole, "many [1,1]".to_owned()]);
        let Ok(()) = give("none", std::iter::empty::<u8>(), &mut taken);
        assert_eq!(taken.0.len(), 2);
    }
}
