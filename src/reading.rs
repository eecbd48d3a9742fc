//! One reading of chronyd, and the page that is made of it once for all who share it.

use std::sync::OnceLock;

use actix_web::web::Bytes;
use libchrony::{Error, Snapshot};

/// What chronyd said, or why it said nothing.
#[derive(Debug)]
pub(crate) struct Reading {
    given: Result<Snapshot, Error>,
    page: OnceLock<Bytes>,
}

impl Reading {
    pub(crate) fn new(given: Result<Snapshot, Error>) -> Self {
        Self { given, page: OnceLock::new() }
    }

    pub(crate) fn given(&self) -> Result<&Snapshot, &Error> {
        self.given.as_ref()
    }

    /// The page of this reading, made by whoever comes first.
    pub(crate) fn page<E>(&self, make: impl FnOnce() -> Result<String, E>) -> Result<Bytes, E> {
        match self.page.get() {
            Some(page) => Ok(page.clone()),
            None => make().map(|page| self.page.get_or_init(|| Bytes::from(page)).clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading() -> Reading {
        let error = "no address".parse::<libchrony::Address>().unwrap_err();
        Reading::new(Err(error))
    }

    #[test]
    fn the_page_is_made_once() {
        let reading = reading();
        let first = reading.page(|| Ok::<_, ()>("first".to_owned()));
        assert_eq!(reading.page(|| Ok("second".to_owned())), first);
    }

    #[test]
    fn a_page_that_could_not_be_made_is_tried_again() {
        let reading = reading();
        assert_eq!(reading.page(|| Err("no")), Err("no"));
        assert_eq!(reading.page(|| Ok::<_, ()>("page".to_owned())), Ok(Bytes::from("page")));
    }
}
