//! The clients of chronyd, read beside each snapshot at the price of a few requests.

use std::time::{Duration, Instant};

use libchrony::{Clients, Connection, Error, ReportName, Snapshot};

/// The most places of chronyd's table that are read: 32 requests where all are taken, and usually one to
/// three. A larger table is read in part, which is said wherever it is shown.
const MOST_PLACES: u32 = 256;

/// How long a chronyd that left the request without an answer is not asked again.
const PAUSE: Duration = Duration::from_secs(60);

/// Reads the clients, unless chronyd is known not to tell them.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// When the request last had no answer.
    silent: Option<Instant>,
}

impl Reader {
    /// The clients of the chronyd that just gave `snapshot`, over the same connection.
    pub(crate) fn read(
        &mut self,
        connection: &mut Connection,
        snapshot: &Snapshot,
    ) -> Result<Clients, Error> {
        let address = || snapshot.chronyd.address.clone();
        let not_asked =
            || Error::TimedOut { address: address(), attempts: 0, waited: Duration::ZERO };
        // chronyd tells its clients since 4.0, as it does selection data, which was just asked for.
        match snapshot.unavailable.get(&ReportName::SelectData) {
            Some(Error::ServerTooOld { .. }) => {
                let report = ReportName::Clients;
                return Err(Error::ServerTooOld { address: address(), report });
            }
            // One before 2.3 does not answer what it does not know, and one that hangs nothing.
            Some(Error::TimedOut { .. }) => return Err(not_asked()),
            _ => {}
        }
        if self.silent.is_some_and(|since| since.elapsed() < PAUSE) {
            return Err(not_asked());
        }
        let given = connection.clients_within(MOST_PLACES);
        self.silent = matches!(given, Err(Error::TimedOut { .. })).then(Instant::now);
        given
    }
}

#[cfg(test)]
mod tests {
    use libchrony::ErrorKind;
    use libchrony::testing::{Command, Fault, Generation, Scenario, Simulator};

    use super::*;

    /// Reads a snapshot and the clients some times; the last kind of failure, and how often was asked.
    fn read(scenario: Scenario, faults: Vec<Fault>, times: u32) -> (Option<ErrorKind>, usize) {
        let chronyd = Simulator::start_unix(scenario).unwrap();
        chronyd.script(faults);
        let address: libchrony::Address = chronyd.address().parse().unwrap();
        let builder = Connection::builder().address(address);
        let mut connection = builder.timeout(Duration::from_millis(500)).attempts(2).build();
        let mut reader = Reader::default();
        let mut kind = None;
        for _ in 0..times {
            let snapshot = connection.snapshot().unwrap();
            kind = reader.read(&mut connection, &snapshot).err().map(|error| error.kind());
        }
        let requests = chronyd.requests();
        (kind, requests.iter().filter(|it| it.command() == Command::CLIENTS).count())
    }

    #[test]
    #[cfg_attr(miri, ignore = "calls C")]
    fn a_small_table_costs_one_request_a_reading() {
        assert_eq!(read(Scenario::synchronized(), Vec::new(), 3), (None, 3));
    }

    #[test]
    #[cfg_attr(miri, ignore = "calls C")]
    fn an_old_chronyd_is_not_asked() {
        let scenario = Scenario { generation: Generation::V3_5, ..Scenario::synchronized() };
        assert_eq!(read(scenario, Vec::new(), 2), (Some(ErrorKind::ServerTooOld), 0));
    }

    #[test]
    #[cfg_attr(miri, ignore = "calls C")]
    fn one_that_was_silent_just_now_is_not_asked_and_not_called_old() {
        let silent = vec![Fault::on(Command::SELECTDATA).silence()];
        let given = read(Scenario::synchronized(), silent, 1);
        assert_eq!(given, (Some(ErrorKind::TimedOut), 0));
    }

    #[test]
    #[cfg_attr(miri, ignore = "calls C")]
    fn silence_is_met_once_and_not_in_every_reading() {
        let silent = vec![Fault::on(Command::CLIENTS).silence()];
        let given = read(Scenario::synchronized(), silent, 3);
        assert_eq!(given, (Some(ErrorKind::TimedOut), 2));
    }
}
