//! What the clock follows, in words.

use std::net::IpAddr;

use libchrony::{Snapshot, Source, SourceAddress, Tracking};

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
        let name = source.and_then(|source| name(source));
        match name {
            Some(name) => Self { name, detail: Some(ip.to_string()), stratum },
            None => Self { name: ip.to_string(), detail: None, stratum },
        }
    }
}

/// The configured name of a source, where it says more than its address.
pub(crate) fn name(source: &Source) -> Option<String> {
    source.name.clone().filter(|name| !name.is_empty() && *name != source.address.to_string())
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
