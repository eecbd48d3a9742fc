//! The clients report: who asked this chronyd, how often, and what was dropped.

use std::collections::HashMap;
use std::ffi::CStr;
use std::net::IpAddr;

use crate::asker::Asker;
use crate::error::Error;
use crate::exchange::Request;
use crate::ffi::Session;
use crate::reader::Reader;
use crate::record::Value;
use crate::report::ReportName;
use crate::wait::Wait;

/// The most places of chronyd's table of clients that [`crate::Connection::clients`] reads.
pub(crate) const MOST_PLACES: u32 = 65_536;

/// So many odd records mean that the rest is no better.
const MOST_ODD: usize = 16;

/// One client of this chronyd, as `chronyc clients` reports it: counters since chronyd began to log it.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Client {
    /// Its address.
    pub address: IpAddr,
    /// NTP requests received.
    pub ntp_hits: u32,
    /// NTS-KE connections accepted.
    pub nts_ke_hits: u32,
    /// Command requests received.
    pub command_hits: u32,
    /// NTP requests dropped to limit the rate (`ratelimit`).
    pub ntp_drops: u32,
    /// NTS-KE connections dropped (`ntsratelimit`).
    pub nts_ke_drops: u32,
    /// Command requests dropped (`cmdratelimit`).
    pub command_drops: u32,
    /// Average time between its NTP requests, seconds, a power of two; `None` = not known.
    pub ntp_interval: Option<f64>,
    /// Average time between its NTS-KE connections, seconds.
    pub nts_ke_interval: Option<f64>,
    /// Average time between its command requests, seconds.
    pub command_interval: Option<f64>,
    /// Average time between its NTP requests after the answers were dropped, seconds.
    pub ntp_timeout_interval: Option<f64>,
    /// Age of its last NTP request, seconds; `None` = never.
    pub last_ntp_hit_ago: Option<u32>,
    /// Age of its last NTS-KE connection, seconds; `None` = never.
    pub last_nts_ke_hit_ago: Option<u32>,
    /// Age of its last command request, seconds; `None` = never.
    pub last_command_hit_ago: Option<u32>,
}

impl Client {
    pub(crate) fn decode(fields: &Reader<'_>) -> Result<Self, Error> {
        let address = fields.ip(c"address")?;
        Ok(Self {
            address: address
                .ok_or_else(|| fields.out_of_range(c"address", Value::Text(None), "given"))?,
            ntp_hits: fields.unsigned(c"NTP hits")?,
            nts_ke_hits: fields.unsigned(c"NTS-KE hits")?,
            command_hits: fields.unsigned(c"command hits")?,
            ntp_drops: fields.unsigned(c"NTP drops")?,
            nts_ke_drops: fields.unsigned(c"NTS-KE drops")?,
            command_drops: fields.unsigned(c"command drops")?,
            ntp_interval: interval(fields, c"NTP interval")?,
            nts_ke_interval: interval(fields, c"NTS-KE interval")?,
            command_interval: interval(fields, c"command interval")?,
            ntp_timeout_interval: interval(fields, c"NTP timeout interval")?,
            last_ntp_hit_ago: fields.age(c"last NTP hit ago")?,
            last_nts_ke_hit_ago: fields.age(c"last NTS-KE hit ago")?,
            last_command_hit_ago: fields.age(c"last command hit ago")?,
        })
    }
}

/// An interval in seconds, from its log2; 127 is not known.
fn interval(fields: &Reader<'_>, name: &'static CStr) -> Result<Option<f64>, Error> {
    match fields.signed(name)? {
        127 => Ok(None),
        log @ -32..=32 => Ok(Some(f64::from(log).exp2())),
        log => Err(fields.out_of_range(name, Value::Integer(log.into()), "-32 to 32, or 127")),
    }
}

/// The clients of a chronyd, in the order of its table, which means nothing.
#[derive(Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Clients {
    /// Those that were read, each once.
    pub clients: Vec<Client>,
    /// Whether the table has more places than were read, which may hold further clients.
    pub cut: bool,
    /// Why records are missing.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub odd: Vec<Error>,
}

impl<W: Wait> Asker<W> {
    pub(crate) async fn clients(&mut self) -> Result<Clients, Error> {
        self.clients_within(MOST_PLACES).await
    }

    pub(crate) async fn clients_within(&mut self, places: u32) -> Result<Clients, Error> {
        let mut read = Clients { clients: Vec::new(), cut: false, odd: Vec::new() };
        // A table that grows meanwhile may show a client at two places.
        let mut seen: HashMap<IpAddr, usize> = HashMap::new();
        let take = |session: &Session, place| {
            match Client::decode(&Reader::new(session, ReportName::Clients, place)) {
                Ok(client) => {
                    match seen.get(&client.address).and_then(|at| read.clients.get_mut(*at)) {
                        Some(before) => *before = client,
                        None => {
                            seen.insert(client.address, read.clients.len());
                            read.clients.push(client);
                        }
                    }
                }
                Err(error) if read.odd.len() < MOST_ODD => read.odd.push(error),
                Err(error) => return Err(error),
            }
            Ok(())
        };
        read.cut = self.each_place(places, take).await?;
        Ok(read)
    }

    /// Gives each client of the first places of the table to `take`; whether there are more places.
    pub(crate) async fn each_place(
        &mut self,
        places: u32,
        mut take: impl FnMut(&Session, u32) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let report = ReportName::Clients;
        let end = self.link.end();
        let all = self.link.ask(Request::Count(report), end).await?.count().unwrap_or(0);
        for place in 0..all.min(places) {
            let session = self.link.ask(Request::Record(report, place), end).await?;
            if session.number_fields() > 0 {
                take(session, place)?;
            }
        }
        Ok(all > places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::samples;

    fn decode(changes: &[(&str, Value)]) -> Result<Client, Error> {
        let record = samples::client(changes);
        Client::decode(&Reader::new(&record, ReportName::Clients, 5))
    }

    #[test]
    fn what_is_not_known_and_what_never_was_have_no_value() {
        let client = decode(&[
            ("NTP interval", Value::Integer(127)),
            ("last NTP hit ago", u64::from(u32::MAX).into()),
        ])
        .unwrap();
        assert_eq!((client.ntp_interval, client.last_ntp_hit_ago), (None, None));
    }

    #[test]
    fn intervals_are_seconds_also_below_one() {
        let client = decode(&[
            ("NTP interval", Value::Integer(6)),
            ("command interval", Value::Integer(-2)),
        ])
        .unwrap();
        assert_eq!((client.ntp_interval, client.command_interval), (Some(64.0), Some(0.25)));
    }

    #[test]
    fn impossible_values_are_refused_with_their_record() {
        for (field, value) in [
            ("NTP interval", Value::Integer(100)),
            ("NTP hits", (1_u64 << 32).into()),
            ("address", None.into()),
            ("address", Some("ID#0000000001").into()),
            ("address", Some("?").into()),
        ] {
            let text = decode(&[(field, value)]).unwrap_err().to_string();
            assert!(text.contains("clients record 5") && text.contains(field), "{text}");
        }
    }
}
