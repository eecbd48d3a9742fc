//! What a simulated chronyd says, as plain data.

use super::command::Command;
use super::generation::Generation;
use super::report::{Activity, Client, RtcData, ServerStats, Smoothing, Tracking};
use super::source::Source;
use super::wire::Address;

/// All that a simulated chronyd says; by default it has no sources and is not synchronized.
///
/// ```
/// use libchrony::testing::{Scenario, Tracking};
/// let scenario = Scenario {
///     tracking: Tracking { stratum: 16, ..Tracking::default() },
///     count: Some(3),
///     ..Scenario::synchronized()
/// };
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scenario {
    /// The version of chronyd.
    pub generation: Generation,
    /// The state of the clock.
    pub tracking: Tracking,
    /// The sources, in order; those not resolved exist from chronyd 4.0 on.
    pub sources: Vec<Source>,
    /// The number of sources to tell; `None` = the true one.
    pub count: Option<u32>,
    /// How many sources are online; `None` = counted from the sources.
    pub activity: Option<Activity>,
    /// What was served to others.
    pub serverstats: ServerStats,
    /// The real-time clock; `None` = not tracked (status 13).
    pub rtc: Option<RtcData>,
    /// The smoothing of served time; `None` = not configured (status 6).
    pub smoothing: Option<Smoothing>,
    /// The table of clients; `None` = not kept (status 15).
    pub clients: Option<Vec<Client>>,
    /// The reports open over UDP (chronyd 4.7 and later); `None` = chronyd's default.
    pub opencommands: Option<Vec<Command>>,
}

impl Scenario {
    /// A clock with these sources, following the one that is selected, if one is.
    #[must_use]
    pub fn with_sources(sources: Vec<Source>) -> Self {
        let selected = sources.iter().find(|source| source.state == Source::SELECTED);
        let tracking = selected.map(Tracking::following).unwrap_or_default();
        Self { tracking, sources, ..Self::default() }
    }

    /// The sources that this generation tells of.
    fn listed(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| {
            self.generation >= Generation::V4_0 || !matches!(source.address, Address::Id(_))
        })
    }

    pub(super) fn listed_count(&self) -> u32 {
        self.count.unwrap_or_else(|| u32::try_from(self.listed().count()).unwrap_or(u32::MAX))
    }

    pub(super) fn by_index(&self, index: u32) -> Option<&Source> {
        self.listed().nth(usize::try_from(index).ok()?)
    }

    /// The NTP source at an address.
    pub(super) fn by_address(&self, address: Address) -> Option<&Source> {
        self.listed().find(|source| {
            source.mode != Source::REFERENCE_CLOCK
                && source.address == address
                && address != Address::Unspecified
        })
    }
}
