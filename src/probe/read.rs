//! One reading of one machine's chronyd.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use libchrony::{Address, Connection, Error};
use tracing::warn;

use super::permit::Permit;
use super::resolver::Resolver;
use super::target::Target;
use crate::clients;
use crate::reading::Reading;

/// The most sources of a machine that are read: more are no sources of a time server, but a machine that
/// would have much memory used.
const MOST_SOURCES: u32 = 1000;
/// How many of a name's addresses are tried.
const MOST_ADDRESSES: usize = 4;

/// Reads the target's chronyd, which is permitted, until `end`.
pub(super) fn read(
    target: &Target,
    permit: &Permit,
    resolver: &Resolver,
    attempt: Duration,
    end: Instant,
) -> Reading {
    let start = Instant::now();
    let reading = match addresses(target, permit, resolver, end) {
        Ok(addresses) => answering(&addresses, attempt, end),
        Err(error) => Reading::new(Err(error)),
    };
    reading.with_duration(start.elapsed())
}

/// The addresses of a target that may be asked. Only they are used from here on: a name is not looked up again.
fn addresses(
    target: &Target,
    permit: &Permit,
    resolver: &Resolver,
    end: Instant,
) -> Result<Vec<SocketAddr>, Error> {
    let (name, port) = match target {
        Target::Ip(address) => return Ok(vec![*address]),
        Target::Name(name, port) => (name, *port),
    };
    let unresolved = |source| Error::NameNotResolved { address: target.address(), source };
    let found = resolver.resolve(name, port, end).map_err(unresolved)?;
    let mut allowed: Vec<SocketAddr> = Vec::new();
    for address in found {
        let address = SocketAddr::new(address.ip().to_canonical(), address.port());
        if !permit.allows_behind_name(address) {
            warn!(%target, %address, "a name to probe stands for an address that may not be asked");
        } else if !allowed.contains(&address) {
            allowed.push(address);
        }
    }
    allowed.truncate(MOST_ADDRESSES);
    if allowed.is_empty() {
        let none = "it stands for no address that may be asked";
        return Err(unresolved(io::Error::new(io::ErrorKind::NotFound, none)));
    }
    Ok(allowed)
}

/// The reading of the first address that answers; where none does, what the first gave.
fn answering(addresses: &[SocketAddr], attempt: Duration, end: Instant) -> Reading {
    let mut failed = None;
    for (tried, &address) in addresses.iter().enumerate() {
        let others = u32::try_from(addresses.len() - tried).unwrap_or(1);
        let left = end.saturating_duration_since(Instant::now());
        let reading = one(address, attempt, left / others.max(1));
        if reading.given().is_ok() {
            return reading;
        }
        failed.get_or_insert(reading);
    }
    failed.unwrap_or_else(|| Reading::new(Err(Error::NothingAnswered { tried: Vec::new() })))
}

/// A reading over a connection of its own.
fn one(address: SocketAddr, attempt: Duration, limit: Duration) -> Reading {
    let start = Instant::now();
    let mut connection = Connection::builder()
        .address(Address::Udp(address))
        .timeout(attempt.min(limit))
        .limit(limit)
        .most_sources(MOST_SOURCES)
        .build();
    let given = connection.snapshot();
    // Its clients cost a request or a few; a chronyd that was slow so far is not asked for them.
    let has_time = start.elapsed() < limit / 2;
    let clients = given
        .as_ref()
        .ok()
        .filter(|_| has_time)
        .map(|snapshot| clients::Reader::default().read(&mut connection, snapshot));
    Reading::new(given).with_clients(clients)
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use libchrony::ErrorKind;
    use libchrony::testing::{Scenario, Simulator};

    use super::*;
    use crate::config::{Machines, Probed};

    const ATTEMPT: Duration = Duration::from_millis(100);

    fn until() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    /// An address where nobody listens.
    fn nobody() -> SocketAddr {
        UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }

    #[test]
    #[cfg_attr(miri, ignore = "calls C")]
    fn the_first_address_that_answers_is_read() {
        let chronyd = Simulator::start_udp(Scenario::synchronized()).unwrap();
        let alive = chronyd.address().parse().unwrap();
        let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
        let addresses = [nobody(), silent.local_addr().unwrap(), alive];
        let reading = answering(&addresses, ATTEMPT, until());
        assert_eq!(reading.given().unwrap().chronyd.address, Address::Udp(alive));
    }

    #[test]
    #[cfg_attr(miri, ignore = "calls C")]
    fn where_none_answers_the_first_says_why() {
        let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
        let addresses = [nobody(), silent.local_addr().unwrap()];
        let kind = |addresses: &[SocketAddr]| {
            answering(addresses, ATTEMPT, until()).given().unwrap_err().kind()
        };
        assert_eq!(kind(&addresses), ErrorKind::NobodyListens);
        let [nobody, silent] = addresses;
        assert_eq!(kind(&[silent, nobody]), ErrorKind::TimedOut);
    }

    #[test]
    #[cfg_attr(miri, ignore = "calls C")]
    fn a_reading_is_over_when_its_time_is() {
        let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
        let addresses = [silent.local_addr().unwrap()];
        let start = Instant::now();
        let reading =
            answering(&addresses, Duration::from_secs(60), start + Duration::from_millis(200));
        assert_eq!(reading.given().unwrap_err().kind(), ErrorKind::TimedOut);
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    }

    #[test]
    #[cfg_attr(miri, ignore = "asks the system")]
    fn a_name_gives_only_the_addresses_that_may_be_asked() {
        let listed = |text: &str| Probed {
            machines: match text.parse() {
                Ok(network) => Machines::Network(network),
                Err(_) => Machines::Name(text.to_owned()),
            },
            port: 323,
        };
        let name = Target::Name("localhost".to_owned(), 323);
        let found = |listed_texts: &[&str]| {
            let permit = Permit::new(listed_texts.iter().map(|text| listed(text)).collect());
            addresses(&name, &permit, &Resolver::default(), until())
        };
        assert_eq!(found(&["localhost"]).unwrap_err().kind(), ErrorKind::NameNotResolved);
        let only = found(&["localhost", "127.0.0.1/32"]).unwrap();
        assert_eq!(only, ["127.0.0.1:323".parse().unwrap()]);
    }
}
