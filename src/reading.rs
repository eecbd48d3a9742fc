//! One reading of chronyd, and what is made of it once for all who share it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use libchrony::{Clients, Error, ReportName, Snapshot};
use rustix::time::{ClockId, clock_gettime};

use crate::document::{Document, Draft};

/// The most documents that are kept of one reading; further ones are made for each who asks.
const MOST_KEPT: usize = 64;

/// A place for a document, held while it is made, so that others wait in place of making it too.
type Slot = Arc<Mutex<Option<Arc<Document>>>>;

/// What chronyd said, or why it said nothing.
#[derive(Debug)]
pub(crate) struct Reading {
    given: Result<Snapshot, Error>,
    clients: Option<Result<Clients, Error>>,
    /// How long it took.
    duration: Duration,
    at: SystemTime,
    made: Instant,
    documents: Mutex<BTreeMap<String, Slot>>,
    uptime: Duration,
}

impl Reading {
    pub(crate) fn new(given: Result<Snapshot, Error>) -> Self {
        let (at, uptime) = now();
        Self {
            given,
            clients: None,
            duration: Duration::ZERO,
            at,
            uptime,
            made: Instant::now(),
            documents: Mutex::new(BTreeMap::new()),
        }
    }

    /// The same with the clients that were read beside the snapshot.
    pub(crate) fn with_clients(self, clients: Option<Result<Clients, Error>>) -> Self {
        Self { clients, ..self }
    }

    /// The same with how long it took.
    pub(crate) fn with_duration(self, duration: Duration) -> Self {
        Self { duration, ..self }
    }

    /// How long it took; nothing where nobody measured it.
    pub(crate) fn duration(&self) -> Duration {
        self.duration
    }

    /// The clients, or why chronyd does not tell them; `None` where it gave nothing at all.
    pub(crate) fn clients(&self) -> Option<Result<&Clients, &Error>> {
        self.clients.as_ref().map(Result::as_ref)
    }

    /// How long ago it was made, whatever the clock did meanwhile.
    pub(crate) fn age(&self) -> Duration {
        self.made.elapsed()
    }

    /// When it was made.
    pub(crate) fn at(&self) -> SystemTime {
        self.at
    }

    /// When it was made, by a clock that nobody sets and that runs as fast as the other, also while the
    /// machine sleeps.
    pub(crate) fn uptime(&self) -> Duration {
        self.uptime
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

    /// A document that is made already, where that can be told at once.
    pub(crate) fn made(&self, name: &str) -> Option<Arc<Document>> {
        let documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = documents.get(name)?.try_lock().ok()?;
        kept.clone()
    }

    /// A document of this reading, written by whoever comes first. `name` tells it from the others: the
    /// path of a page with what else decides its content.
    pub(crate) fn document<E>(
        &self,
        name: &str,
        mut draft: Draft,
        write: impl FnOnce(&mut Draft) -> Result<(), E>,
    ) -> Result<Arc<Document>, E> {
        let slot = {
            let mut documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
            if documents.len() < MOST_KEPT || documents.contains_key(name) {
                Arc::clone(documents.entry(name.to_owned()).or_default())
            } else {
                Slot::default()
            }
        };
        let mut kept = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(document) = &*kept {
            return Ok(Arc::clone(document));
        }
        write(&mut draft)?;
        let document = Arc::new(draft.finish());
        *kept = Some(Arc::clone(&document));
        Ok(document)
    }
}

#[cfg(all(target_os = "linux", not(miri)))]
const UPTIME: ClockId = ClockId::Boottime;
#[cfg(any(not(target_os = "linux"), miri))]
const UPTIME: ClockId = ClockId::Monotonic;

/// The time by both clocks at one moment. They are compared to see steps, so it is the attempt in which
/// this thread was held up least between them that counts.
fn now() -> (SystemTime, Duration) {
    let attempt = || {
        let before = uptime();
        let at = SystemTime::now();
        (uptime().saturating_sub(before), at, before)
    };
    let mut best = attempt();
    for _ in 0..10 {
        if best.0 < Duration::from_micros(100) {
            break;
        }
        let other = attempt();
        if other.0 < best.0 {
            best = other;
        }
    }
    (best.1, best.2)
}

fn uptime() -> Duration {
    Duration::try_from(clock_gettime(UPTIME)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

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
    fn a_document_is_made_once_for_each_name() {
        let reading = reading();
        let text = |name: &str, text: &str| {
            let write = |draft: &mut Draft| draft.write_all(text.as_bytes());
            reading.document(name, Draft::new(false), write).unwrap().plain()
        };
        assert!(reading.made("/").is_none());
        assert_eq!(text("/", "first"), "first");
        assert_eq!(reading.made("/").unwrap().plain(), "first");
        assert_eq!(text("/", "second"), "first");
        assert_eq!(text("/sources/1", "third"), "third");
        for number in 0..2 * MOST_KEPT {
            assert_eq!(text(&format!("/sources/{number}x"), "other"), "other");
        }
        assert_eq!(reading.documents.lock().unwrap().len(), MOST_KEPT);
        assert_eq!(text("/", "last"), "first");
    }

    #[test]
    fn a_document_that_could_not_be_made_is_tried_again() {
        let reading = reading();
        let draft = || Draft::new(false);
        assert_eq!(reading.document("/", draft(), |_| Err("no")).unwrap_err(), "no");
        let page = reading.document("/", draft(), |draft| draft.write_all(b"page"));
        assert_eq!(page.unwrap().plain(), "page");
    }
}
