//! The activity report: how many sources are online.

use crate::error::Error;
use crate::reader::Reader;

/// Numbers of sources by their activity, as `chronyc activity` reports them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Activity {
    /// Sources that are polled.
    pub online_sources: u32,
    /// Sources that are not polled, as the network is assumed to be down.
    pub offline_sources: u32,
    /// Sources in a burst, online after it.
    pub burst_online_return_sources: u32,
    /// Sources in a burst, offline after it.
    pub burst_offline_return_sources: u32,
    /// Sources whose name is not resolved yet.
    pub unresolved_sources: u32,
}

impl Activity {
    pub(crate) fn decode(fields: &Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            online_sources: fields.unsigned(c"online sources")?,
            offline_sources: fields.unsigned(c"offline sources")?,
            burst_online_return_sources: fields.unsigned(c"burst online-return sources")?,
            burst_offline_return_sources: fields.unsigned(c"burst offline-return sources")?,
            unresolved_sources: fields.unsigned(c"unresolved sources")?,
        })
    }
}
