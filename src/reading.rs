//! One reading of chronyd, and the page that is made of it once for all who share it.

use std::sync::OnceLock;
use std::time::SystemTime;

use actix_web::web::Bytes;
use libchrony::{Error, ReportName, Snapshot};

/// What chronyd said, or why it said nothing.
#[derive(Debug)]
pub(crate) struct Reading {
    given: Result<Snapshot, Error>,
    at: SystemTime,
    page: OnceLock<Bytes>,
}

impl Reading {
    pub(crate) fn new(given: Result<Snapshot, Error>) -> Self {
        Self { given, at: SystemTime::now(), page: OnceLock::new() }
    }

    /// When it was made.
    pub(crate) fn at(&self) -> SystemTime {
        self.at
    }

    pub(crate) fn given(&self) -> Result<&Snapshot, &Error> {
        self.given.as_ref()
    }

    /// As above; where no report is given, as chronyd refused each, the reason.
    pub(crate) fn data(&self) -> Result<&Snapshot, &Error> {
        let snapshot = self.given()?;
        let missing = &snapshot.unavailable;
        match missing.get(&ReportName::Tracking) {
            Some(error) if missing.len() == ReportName::ALL.len() => Err(error),
            _ => Ok(snapshot),
        }
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
    use libchrony::testing::{Command, Fault, Scenario, Simulator};
    use libchrony::{Connection, ErrorKind};

    use super::*;

    fn read(faults: impl IntoIterator<Item = Fault>) -> Reading {
        let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
        chronyd.script(faults);
        let address: libchrony::Address = chronyd.address().parse().unwrap();
        Reading::new(Connection::builder().address(address).build().snapshot())
    }

    #[test]
    #[cfg_attr(miri, ignore = "calls C")]
    fn a_chronyd_that_refuses_every_report_gives_no_data() {
        let all = read([Fault::always().status(2)]);
        assert_eq!(all.data().map_err(Error::kind).unwrap_err(), ErrorKind::NotAuthorized);
        // Who was asked is told all the same.
        assert!(all.given().is_ok());
        let tracking = read([Fault::on(Command::TRACKING).status(2)]);
        assert!(tracking.data().is_ok());
        assert!(read([]).data().is_ok());
    }

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
