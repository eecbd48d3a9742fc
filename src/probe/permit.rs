//! What may be probed. Nothing is but what `--probe-allow` lists, at the port it is listed with:
//!
//! * an IP address where it lies in a listed network; this machine's own loopback, which trusts whoever asks,
//!   only where the network lies within it, as all addresses of all machines do not;
//! * a host name where that very name is listed. What networks are listed does not matter for a name, or
//!   whoever may write names into the DNS could find out what addresses stand behind them.
//!
//! A listed name is resolved once a probe, and what is asked is the address that was checked. Listing a name
//! trusts whoever answers for it in the DNS, but not with everything: an address that is no machine's is
//! refused, and one of the loopback unless it is listed too.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use super::target::{Target, is_one_machine};
use crate::config::{Machines, Probed};

/// The machines that may be asked.
#[derive(Debug)]
pub(crate) struct Permit(Vec<Probed>);

impl Permit {
    pub(crate) fn new(listed: Vec<Probed>) -> Self {
        Self(listed)
    }

    /// Whether a target may be asked; a name's addresses are still to be checked.
    pub(crate) fn allows(&self, target: &Target) -> bool {
        match target {
            Target::Ip(address) => self.lists(*address),
            Target::Name(name, port) => self.0.iter().any(|probed| {
                matches!(&probed.machines, Machines::Name(listed) if listed == name)
                    && probed.port == *port
            }),
        }
    }

    /// Whether an address that a listed name stands for may be asked.
    pub(crate) fn allows_behind_name(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        is_one_machine(ip) && (!ip.is_loopback() || self.lists(SocketAddr::new(ip, address.port())))
    }

    fn lists(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        is_one_machine(ip)
            && self.0.iter().any(|probed| {
                matches!(&probed.machines, Machines::Network(network) if holds(network, ip))
                    && probed.port == address.port()
            })
    }
}

/// Whether a machine of the network may have the address: all but the broadcast address at its end, and
/// those of the loopback where it is no network within that.
fn holds(network: &IpNet, ip: IpAddr) -> bool {
    let is_broadcast = matches!(network, IpNet::V4(network)
        if network.prefix_len() < 31 && ip == network.broadcast());
    let is_meant = !ip.is_loopback() || network.network().is_loopback();
    network.contains(&ip) && !is_broadcast && is_meant
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permit(listed: &[(&str, u16)]) -> Permit {
        let probed = |&(text, port): &(&str, u16)| Probed {
            machines: match text.parse() {
                Ok(network) => Machines::Network(network),
                Err(_) => Machines::Name(text.to_owned()),
            },
            port,
        };
        Permit::new(listed.iter().map(probed).collect())
    }

    fn allows(permit: &Permit, target: &str) -> bool {
        permit.allows(&Target::parse(target).unwrap())
    }

    #[test]
    fn nothing_is_allowed_where_nothing_is_listed() {
        let none = permit(&[]);
        for target in ["127.0.0.1", "192.0.2.1", "::1", "localhost", "clock.example.net"] {
            assert!(!allows(&none, target), "{target}");
        }
    }

    #[test]
    fn an_address_is_allowed_within_a_listed_network_and_nowhere_else() {
        let networks = permit(&[("10.1.0.0/16", 323), ("2001:db8::/32", 323)]);
        for target in ["10.1.0.1", "10.1.255.254", "::ffff:10.1.0.1", "2001:db8::1"] {
            assert!(allows(&networks, target), "{target}");
        }
        for target in [
            "10.2.0.1",
            "11.1.0.1",
            "::ffff:10.2.0.1",
            "2001:db9::1",
            "127.0.0.1",
            "::1",
            // An address of IPv4 within one of IPv6 that no canonical form is made of.
            "::10.1.0.1",
            "64:ff9b::10.1.0.1",
            // The end of the network.
            "10.1.255.255",
        ] {
            assert!(!allows(&networks, target), "{target}");
        }
        // All of IPv6 is nothing of IPv4.
        assert!(!allows(&permit(&[("::/0", 323)]), "::ffff:10.1.0.1"));
    }

    #[test]
    fn one_address_of_a_network_is_a_machine_s() {
        assert!(allows(&permit(&[("192.0.2.255/32", 323)]), "192.0.2.255"));
        assert!(allows(&permit(&[("192.0.2.254/31", 323)]), "192.0.2.255"));
        assert!(!allows(&permit(&[("192.0.2.0/24", 323)]), "192.0.2.255"));
    }

    #[test]
    fn this_machine_s_loopback_is_no_part_of_everything() {
        let everything = permit(&[("0.0.0.0/0", 323), ("64.0.0.0/2", 323), ("::/0", 323)]);
        assert!(allows(&everything, "192.0.2.1") && allows(&everything, "2001:db8::1"));
        for target in ["127.0.0.1", "127.1.2.3", "::ffff:127.0.0.1", "::1"] {
            assert!(!allows(&everything, target), "{target}");
        }
        let loopback = permit(&[("127.0.0.0/8", 323), ("::1/128", 323)]);
        assert!(allows(&loopback, "127.0.0.1") && allows(&loopback, "::1"));
    }

    #[test]
    fn a_name_is_allowed_where_it_is_listed_itself() {
        let names = permit(&[("clock.example.net", 323), ("0.0.0.0/0", 323), ("::/0", 323)]);
        for target in ["clock.example.net", "CLOCK.example.net", "clock.example.net."] {
            assert!(allows(&names, target), "{target}");
        }
        // Even where every address is listed.
        for target in ["example.net", "a.clock.example.net", "xclock.example.net", "localhost"] {
            assert!(!allows(&names, target), "{target}");
        }
    }

    #[test]
    fn only_the_port_that_is_listed_is_asked() {
        let listed =
            permit(&[("192.0.2.0/24", 323), ("192.0.2.1/32", 11323), ("clock.example.net", 323)]);
        for target in ["192.0.2.1", "192.0.2.1:11323", "clock.example.net:323"] {
            assert!(allows(&listed, target), "{target}");
        }
        for target in ["192.0.2.1:53", "192.0.2.2:11323", "clock.example.net:11323"] {
            assert!(!allows(&listed, target), "{target}");
        }
    }

    #[test]
    fn a_listed_name_leads_neither_to_this_machine_nor_to_no_machine() {
        let listed = permit(&[("clock.example.net", 323), ("127.0.0.2/32", 323)]);
        for address in ["192.0.2.1:323", "10.0.0.1:323", "[2001:db8::1]:323", "127.0.0.2:323"] {
            assert!(listed.allows_behind_name(address.parse().unwrap()), "{address}");
        }
        for address in [
            "127.0.0.1:323",
            "[::1]:323",
            "[::ffff:127.0.0.1]:323",
            "127.0.0.2:53",
            "0.0.0.0:323",
            "[::]:323",
            "224.0.1.1:323",
            "255.255.255.255:323",
            "[ff02::1]:323",
        ] {
            assert!(!listed.allows_behind_name(address.parse().unwrap()), "{address}");
        }
    }
}
