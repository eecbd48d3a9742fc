//! The configured names of the sources in a snapshot: asked for once, and kept while they must be right.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use crate::asker::Asker;
use crate::by_address::Lookup;
use crate::column::Column;
use crate::error::Error;
use crate::exchange::Request;
use crate::ffi::Session;
use crate::identity::SourceAddress;
use crate::lanes::Step;
use crate::list::List;
use crate::pass::{Entry, Pass};
use crate::reader::Reader;
use crate::report::{ReportName, Source, SourceName};
use crate::wait::Wait;

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

impl<W: Wait> Asker<W> {
    pub(crate) async fn source_names(&mut self) -> Result<List<SourceName>, Error> {
        let read = async |asker: &mut Self, count: u32, end| {
            let mut column = Column::new(count);
            let sources: Vec<_> = (0..count.max(1)).map(|index| (index, None)).collect();
            let take = |index, given| {
                column.put(index, given);
                column.is_open()
            };
            asker.ask_names(&sources, end, take).await;
            column.into_pass()
        };
        self.settled(ReportName::SourceName, read).await
    }

    /// Asks for the names of sources, given by their indices and, where they are known, the addresses
    /// that they must have. `take` says whether to go on.
    async fn ask_names(
        &mut self,
        sources: &[(u32, Option<SourceAddress>)],
        end: Instant,
        mut take: impl FnMut(u32, Result<Entry<SourceName>, Error>) -> bool + Send,
    ) {
        let report = ReportName::SourceName;
        let chains = u32::try_from(sources.len()).unwrap_or(u32::MAX);
        let address = self.answered();
        let (mut lookup, mut found) = (Lookup::new(), HashMap::new());
        let next = |chain: u32, answer: Option<(Request, Result<&Session, Error>)>| {
            let Some((index, expected)) = sources.get(chain as usize).copied() else {
                return Step::Done;
            };
            let Some((request, answer)) = answer else { return Step::Ask(lookup.of(index)) };
            let given = if request.report() == report {
                let address = found.remove(&index);
                // Reference clocks have none.
                answer.and_then(|session| match address {
                    Some(address) if session.number_fields() > 0 => {
                        let fields = Reader::new(session, report, index);
                        SourceName::decode(&fields, address).map(|name| (Some(address), Some(name)))
                    }
                    address => Ok((address, None)),
                })
            } else {
                let told =
                    answer.and_then(|session| Lookup::address(request.report(), index, session));
                match told {
                    Ok(told) if expected.is_none_or(|expected| expected == told) => {
                        found.insert(index, told);
                        // libchrony asks by the address that this record told.
                        return Step::Ask(Request::Record(report, index));
                    }
                    Ok(_) => Err(Error::SourcesChanging { address: address.clone(), attempts: 1 }),
                    Err(error) => match lookup.instead(request.report(), index, &error) {
                        Some(request) => return Step::Ask(request),
                        None => Err(error),
                    },
                }
            };
            if take(index, given) { Step::Done } else { Step::Stop }
        };
        self.link.each((report, chains), end, next).await;
    }

    /// Gives the sources of a pass their names, as far as chronyd tells them; never fails.
    ///
    /// Where a new session is opened meanwhile, the next snapshot asks for all of them again.
    pub(crate) async fn name_sources(&mut self, pass: &mut Pass<Source>, end: Instant) {
        let mut names = std::mem::take(&mut self.names);
        names.forget(&pass.records, self.link.opened(), Instant::now());
        let sampled = pass.records.iter().filter(|source| source.last_sample_ago.is_some());
        let sampled: HashSet<_> = sampled.map(|source| source.address).collect();
        let wanted: Vec<_> = (0..)
            .zip(&pass.addresses)
            .filter(|(_, address)| address.is_some_and(|address| names.wants(address)))
            .map(|(index, address)| (index, *address))
            .collect();
        let take = |index: u32, given: Result<Entry<SourceName>, Error>| {
            let name = match given {
                Ok((_, told)) => told.and_then(SourceName::telling),
                // The list changed; the next snapshot asks again.
                Err(Error::NoSuchSource { .. } | Error::SourcesChanging { .. }) => return true,
                Err(error) if error.is_of_one_record() => None,
                Err(error) => {
                    names.refused = Some((Instant::now(), error.is_answer()));
                    return false;
                }
            };
            let Some(address) = pass.addresses.get(index as usize).copied().flatten() else {
                return true;
            };
            let known = Known { name, asked: Instant::now(), sampled: sampled.contains(&address) };
            names.known.insert(address, known);
            true
        };
        self.ask_names(&wanted, end, take).await;
        for source in &mut pass.records {
            source.name = names.known.get(&source.address).and_then(|known| known.name.clone());
        }
        self.names = names;
    }
}
