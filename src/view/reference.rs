//! What the clock follows, in words.

use std::net::IpAddr;

use libchrony::{Snapshot, Source, SourceAddress, Tracking};

use crate::view::format;

/// What kind of thing the clock follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Following {
    /// A source: a server, a peer or a reference clock.
    Source,
    /// Only itself (chronyd's `local`).
    Itself,
    /// Nothing: the clock is not synchronized.
    Nothing,
}

impl Following {
    pub(crate) fn of(tracking: &Tracking) -> Self {
        if !tracking.is_synchronized() {
            Self::Nothing
        } else if tracking.is_local() {
            Self::Itself
        } else {
            Self::Source
        }
    }
}

/// Whether the sources are known and none of them is selected now.
pub(crate) fn is_lost(snapshot: &Snapshot) -> bool {
    snapshot.sources.as_ref().is_some_and(|list| !list.iter().any(Source::is_selected))
}

/// The source that tracking names, with its name where chronyd knows one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// Its name, else its address, else a reference clock's ID.
    pub(crate) name: String,
    /// Its address where the name is another, or what it is.
    pub(crate) detail: Option<String>,
    /// Its own stratum, one less than this clock's.
    pub(crate) stratum: Option<u8>,
}

impl Reference {
    /// The source of a clock that follows one.
    pub(crate) fn of(snapshot: &Snapshot, tracking: &Tracking) -> Self {
        let source = record(snapshot, tracking);
        let stratum = source.and_then(|source| source.stratum);
        let stratum = stratum.or_else(|| tracking.stratum?.checked_sub(1));
        let Some(ip) = tracking.reference_ip else {
            let id = tracking.reference_id_name.clone();
            return Self {
                name: id.unwrap_or_else(|| tracking.reference_id.to_string()),
                detail: Some("reference clock".to_owned()),
                stratum,
            };
        };
        let name = source.and_then(name);
        match name {
            Some(name) => Self { name, detail: Some(ip.to_string()), stratum },
            None => Self { name: ip.to_string(), detail: None, stratum },
        }
    }
}

/// The configured name of a source, where it says more than its address.
pub(crate) fn name(source: &Source) -> Option<String> {
    let name = format::plain(source.name.as_deref()?);
    (!name.trim().is_empty() && name != source.address.to_string()).then_some(name)
}

/// The record of the source that tracking names.
pub(crate) fn record<'a>(snapshot: &'a Snapshot, tracking: &Tracking) -> Option<&'a Source> {
    let sources = snapshot.sources.as_deref()?;
    let is_it = |source: &&Source| match (tracking.reference_ip, source.address) {
        (Some(ip), SourceAddress::Ip(other)) => same(ip, other),
        (None, SourceAddress::Refclock(id)) => id == tracking.reference_id,
        _ => false,
    };
    sources
        .iter()
        .find(|source| source.is_selected())
        .filter(is_it)
        .or_else(|| sources.iter().find(is_it))
}

fn same(one: IpAddr, other: IpAddr) -> bool {
    one.to_canonical() == other.to_canonical()
}

/// The polling interval that the age of the last update is judged by, seconds.
pub(crate) fn poll(snapshot: &Snapshot, tracking: &Tracking) -> f64 {
    record(snapshot, tracking).map_or(tracking.update_interval, Source::poll_interval)
}

#[cfg(test)]
mod tests {
    use libchrony::testing::Scenario;

    use super::*;
    use crate::view::samples::read;

    fn of(snapshot: &Snapshot) -> Reference {
        Reference::of(snapshot, snapshot.tracking.as_ref().unwrap())
    }

    #[test]
    fn what_the_clock_follows_is_told_apart() {
        let following = |scenario| Following::of(read(scenario).tracking.as_ref().unwrap());
        assert_eq!(following(Scenario::synchronized()), Following::Source);
        assert_eq!(following(Scenario::gps_and_pps()), Following::Source);
        assert_eq!(following(Scenario::local()), Following::Itself);
        assert_eq!(following(Scenario::no_sources()), Following::Nothing);
    }

    #[test]
    fn a_source_has_its_name_its_address_and_its_own_stratum() {
        let mut snapshot = read(Scenario::synchronized());
        snapshot.sources.as_mut().unwrap()[0].name = Some("time.example.net".to_owned());
        let reference = of(&snapshot);
        assert_eq!(reference.name, "time.example.net");
        assert_eq!(reference.detail.as_deref(), Some("192.0.2.11"));
        assert_eq!(reference.stratum, Some(2));
    }

    #[test]
    fn a_name_that_is_the_address_is_not_said_twice() {
        let mut snapshot = read(Scenario::synchronized());
        snapshot.sources.as_mut().unwrap()[0].name = Some("192.0.2.11".to_owned());
        assert_eq!(of(&snapshot).detail, None);
    }

    #[test]
    fn a_source_that_is_no_longer_listed_is_known_by_its_address() {
        let mut snapshot = read(Scenario::synchronized());
        snapshot.sources = None;
        let reference = of(&snapshot);
        assert_eq!((reference.name.as_str(), reference.stratum), ("192.0.2.11", Some(2)));
    }

    #[test]
    fn the_poll_is_the_sources_else_the_last_gap() {
        let mut snapshot = read(Scenario::synchronized());
        let tracking = snapshot.tracking.clone().unwrap();
        assert!((poll(&snapshot, &tracking) - 64.0).abs() < 1e-9);
        snapshot.sources = None;
        assert!((poll(&snapshot, &tracking) - tracking.update_interval).abs() < 1e-9);
    }
}
