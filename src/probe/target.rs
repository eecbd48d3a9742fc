//! What a request names as the machine to probe, parsed strictly: an IP address or a host name, with
//! a port or without.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use libchrony::Address;

/// The longest text that can be a target: a host name has at most 253 letters, and a port five digits.
const LONGEST: usize = 260;

/// A machine to probe, not yet permitted. Two spellings of one machine's address or name are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// An address that can be one machine's, never an IPv4 address in the clothes of IPv6.
    Ip(SocketAddr),
    /// A host name in lower case, without a dot at its end.
    Name(String, u16),
}

impl Target {
    /// The target that a text names, or what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("it is empty");
        }
        if text.len() > LONGEST {
            return Err("it is longer than any host name");
        }
        match text.parse::<Address>() {
            Ok(Address::Udp(address)) => {
                let address = SocketAddr::new(address.ip().to_canonical(), address.port());
                if !is_one_machine(address.ip()) {
                    return Err("it is not the address of one machine");
                }
                Ok(Self::Ip(address))
            }
            Ok(Address::Host(name, port)) => {
                let name = name.strip_suffix('.').unwrap_or(&name).to_ascii_lowercase();
                // The system's resolver takes such a name for a number, and the number for an address.
                if name.rsplit('.').next().is_some_and(|last| last.starts_with("0x")) {
                    return Err("it is neither an IP address nor a host name");
                }
                Ok(Self::Name(name, port))
            }
            Ok(_) => Err("another machine is asked by its IP address or host name, not by a path"),
            Err(libchrony::Error::InvalidAddress { reason, .. }) => Err(reason),
            Err(_) => Err("it is neither an IP address nor a host name"),
        }
    }

    /// The same for the wrapper.
    pub(crate) fn address(&self) -> Address {
        match self {
            Self::Ip(address) => Address::Udp(*address),
            Self::Name(name, port) => Address::Host(name.clone(), *port),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Name(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

/// Whether an address can be one machine's: neither unspecified, nor of a group, nor of everybody, nor
/// of no use at all.
pub(crate) fn is_one_machine(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        // 0.0.0.0/8 is this network, 240.0.0.0/4 reserved, with the broadcast address at its end.
        IpAddr::V4(ip) => ip.octets()[0] != 0 && !ip.is_multicast() && ip.octets()[0] < 240,
        IpAddr::V6(ip) => !ip.is_unspecified() && !ip.is_multicast(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Target::parse(text).unwrap_or_else(|why| panic!("{text:?}: {why}")).to_string()
    }

    #[test]
    fn an_address_or_a_name_is_a_target_with_port_323_unless_it_says_another() {
        assert_eq!(shown("192.0.2.1"), "192.0.2.1:323");
        assert_eq!(shown("192.0.2.1:11323"), "192.0.2.1:11323");
        assert_eq!(shown("2001:db8::1"), "[2001:db8::1]:323");
        assert_eq!(shown("[2001:db8::1]:1"), "[2001:db8::1]:1");
        assert_eq!(shown("clock.example.net"), "clock.example.net:323");
        assert_eq!(shown("clock_1.example.net:11323"), "clock_1.example.net:11323");
    }

    #[test]
    fn spellings_of_one_machine_are_one_target() {
        for (spelling, plain) in [
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("[::ffff:a00:1]:323", "10.0.0.1"),
            ("2001:DB8:0:0::1", "2001:db8::1"),
            ("Clock.Example.NET", "clock.example.net"),
            ("clock.example.net.", "clock.example.net"),
            ("clock.example.net.:323", "clock.example.net"),
        ] {
            assert_eq!(Target::parse(spelling), Target::parse(plain), "{spelling}");
        }
    }

    #[test]
    fn what_names_no_other_machine_is_refused() {
        let long = format!("{}.example", "a".repeat(300));
        for text in [
            "",
            " ",
            "127.0.0.1@evil",
            "user@clock.example.net",
            "http://192.0.2.1",
            "192.0.2.1/24",
            "192.0.2.1:323:323",
            "192.0.2.1:0",
            "192.0.2.1:65536",
            "192.0.2.1:",
            "192.0.2.1 ",
            "192.0.2.1#",
            "192.0.2.1?x",
            "192.0.2.1,192.0.2.2",
            // As the system's resolver reads numbers: 127.0.0.1 each.
            "2130706433",
            "0x7f000001",
            "0X7F000001",
            "0x7f.1",
            "127.1",
            "0177.0.0.1",
            "0127.0.0.1",
            "127.0.0.0x1",
            "127.0.0.1.",
            "0",
            // Groups, everybody, nobody.
            "0.0.0.0",
            "0.1.2.3",
            "255.255.255.255",
            "224.0.1.1",
            "240.0.0.1",
            "::",
            "::ffff:0.0.0.0",
            "::ffff:224.0.1.1",
            "::ffff:255.255.255.255",
            "ff02::101",
            "fe80::1%eth0",
            "[fe80::1%1]:323",
            "[192.0.2.1]:323",
            "/run/chrony/chronyd.sock",
            "run/chronyd.sock",
            "clock.example.net..",
            ".clock.example.net",
            "-clock.example.net",
            "clock..example.net",
            "clock.example.net\0",
            "clock.example.net\n",
            "\u{1b}[31m",
            "\u{202e}clock.example.net",
            "clöck.example.net",
            "ⓒlock.example.net",
            "127。0。0。1",
            "１27.0.0.1",
            &long,
            &"a.".repeat(150),
        ] {
            assert!(Target::parse(text).is_err(), "{text:?} is {:?}", Target::parse(text));
        }
    }
}
