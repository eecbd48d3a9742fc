//! The configured names of the sources in a snapshot: asked for once, and kept while they must be right.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use crate::connection::Connection;
use crate::error::Error;
use crate::exchange::Request;
use crate::identity::SourceAddress;
use crate::list::List;
use crate::pass::Pass;
use crate::reader::Reader;
use crate::report::{ReportName, Source, SourceName};

/// How long a name is believed, and a chronyd that gives none is left alone.
///
/// A chronyd asked over UDP may restart unnoticed: this is how long a name may be that of before.
const LIFE: Duration = Duration::from_secs(60);

/// A name, or that there is none that says more than the address.
#[derive(Debug)]
struct Known {
    name: Option<String>,
    asked: Instant,
    /// Whether the source has had a sample: one that lost them is another one.
    sampled: bool,
}

/// The names that a connection has been told.
#[derive(Debug, Default)]
pub(crate) struct Names {
    known: HashMap<SourceAddress, Known>,
    /// The session they were asked in.
    session: u64,
    /// When chronyd last gave none at all, and whether it said so.
    refused: Option<(Instant, bool)>,
}

impl Names {
    /// Forgets what may be wrong by now, given the sources that are listed.
    fn forget(&mut self, sources: &[Source], session: u64, now: Instant) {
        if std::mem::replace(&mut self.session, session) != session {
            self.known.clear();
            // Silence is what opens a new session; asking again would cost the same.
            self.refused = self.refused.filter(|(_, answered)| !answered);
        }
        self.refused = self.refused.filter(|(at, _)| now.duration_since(*at) < LIFE);
        let listed: HashMap<_, _> = sources
            .iter()
            .map(|source| (source.address, source.last_sample_ago.is_some()))
            .collect();
        self.known.retain(|address, known| {
            let Some(sampled) = listed.get(address) else { return false };
            let lost = known.sampled && !sampled;
            known.sampled = *sampled;
            !lost && now.duration_since(known.asked) < LIFE
        });
    }

    fn wants(&self, address: SourceAddress) -> bool {
        self.refused.is_none()
            && !matches!(address, SourceAddress::Refclock(_))
            && !self.known.contains_key(&address)
    }
}

impl Connection {
    /// The names that the NTP sources were configured with, from chronyd 4.0 on.
    ///
    /// The report is an extension of the bundled libchrony: with upstream's it is
    /// [`Error::UnknownReport`].
    ///
    /// # Errors
    /// As [`Self::sources`].
    pub fn source_names(&mut self) -> Result<List<SourceName>, Error> {
        self.settled(ReportName::SourceName, |connection, count, end| {
            connection.pass(count, |connection, index| {
                let address = connection.identify(index, end)?;
                let name = connection.source_name(index, address, end)?;
                Ok((Some(address), name))
            })
        })
    }

    /// The name of the source that [`Self::identify`] just looked up; `None` for a reference clock.
    fn source_name(
        &mut self,
        index: u32,
        address: SourceAddress,
        end: Instant,
    ) -> Result<Option<SourceName>, Error> {
        let report = ReportName::SourceName;
        // libchrony asks by the address that the record before told.
        let session = self.link.ask(Request::Record(report, index), end)?;
        if session.number_fields() == 0 {
            return Ok(None);
        }
        SourceName::decode(&Reader::new(session, report, index), address).map(Some)
    }

    /// Gives the sources of a pass their names, as far as chronyd tells them; never fails.
    ///
    /// Where a new session is opened meanwhile, the next snapshot asks for all of them again.
    pub(crate) fn name_sources(&mut self, pass: &mut Pass<Source>, end: Instant) {
        let mut names = std::mem::take(&mut self.names);
        names.forget(&pass.records, self.link.opened(), Instant::now());
        let sampled = pass.records.iter().filter(|source| source.last_sample_ago.is_some());
        let sampled: HashSet<_> = sampled.map(|source| source.address).collect();
        for (index, address) in (0..).zip(&pass.addresses) {
            let Some(address) = address.filter(|address| names.wants(*address)) else { continue };
            let told = self.identify(index, end).and_then(|found| match found == address {
                true => self.source_name(index, address, end),
                false => Err(self.sources_changing()),
            });
            let name = match told {
                Ok(told) => told.and_then(SourceName::telling),
                // The list changed; the next snapshot asks again.
                Err(Error::NoSuchSource { .. } | Error::SourcesChanging { .. }) => continue,
                Err(error) if error.is_of_one_record() => None,
                Err(error) => {
                    names.refused = Some((Instant::now(), error.is_answer()));
                    break;
                }
            };
            let known = Known { name, asked: Instant::now(), sampled: sampled.contains(&address) };
            names.known.insert(address, known);
        }
        for source in &mut pass.records {
            source.name = names.known.get(&source.address).and_then(|known| known.name.clone());
        }
        self.names = names;
    }
}
