//! Who a source is: an IP address, a reference clock, or a name not resolved yet.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

/// An NTP reference ID: 32 bits whose meaning depends on the stratum (RFC 5905, 7.3).
///
/// Up to four characters for a reference clock, the address for an IPv4 server, a hash for an
/// IPv6 server. [`fmt::Display`] writes the characters where all are printable ASCII, else eight
/// hexadecimal digits; it never guesses an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ReferenceId(pub u32);

impl ReferenceId {
    /// What chronyd says when it follows its own clock (`local`): 127.127.1.1.
    pub const LOCAL: Self = Self(0x7f7f_0101);

    /// The characters of a reference clock's ID, where it is one.
    ///
    /// Trailing zero bytes are left out; `None` where any other byte is not printable ASCII.
    #[must_use]
    pub fn text(self) -> Option<String> {
        let bytes = self.0.to_be_bytes();
        let end = bytes.iter().rposition(|b| *b != 0)? + 1;
        let text = &bytes[..end];
        let printable = text.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
        (printable && !text.iter().all(|b| *b == b' '))
            .then(|| text.iter().map(|b| char::from(*b)).collect())
    }

    /// The ID read as an IPv4 address, right for an IPv4 source and for [`Self::LOCAL`] only.
    #[must_use]
    pub fn as_ipv4(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.0)
    }
}

impl fmt::Display for ReferenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text() {
            Some(text) => f.pad(&text),
            None => write!(f, "{:08X}", self.0),
        }
    }
}

/// What names a source in every report, so that reports can be joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SourceAddress {
    /// A server or peer.
    Ip(IpAddr),
    /// A reference clock, by its reference ID.
    Refclock(ReferenceId),
    /// A server whose name is not resolved yet, by chronyd's number for it.
    Unresolved(u32),
}

impl SourceAddress {
    /// The IP address, where the source has one.
    #[must_use]
    pub fn ip(self) -> Option<IpAddr> {
        match self {
            Self::Ip(ip) => Some(ip),
            Self::Refclock(_) | Self::Unresolved(_) => None,
        }
    }

    /// Reads libchrony's text of an address field: an IP address or `ID#0000000001`.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        match text.strip_prefix("ID#") {
            Some(number) => number.parse().ok().map(Self::Unresolved),
            None => text.parse().ok().map(Self::Ip),
        }
    }

    /// A name for URLs: no character in it needs escaping in a path.
    pub(crate) fn slug(self) -> String {
        match self {
            Self::Ip(ip) => ip.to_string(),
            Self::Unresolved(number) => format!("unresolved-{number}"),
            Self::Refclock(id) => match id.text() {
                Some(text) if text.bytes().all(|b| b.is_ascii_alphanumeric()) => text,
                _ => format!("refclock-{:08x}", id.0),
            },
        }
    }
}

/// The address, the reference ID, or `ID#0000000001`, as chronyc and libchrony write them.
impl fmt::Display for SourceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Refclock(id) => id.fmt(f),
            Self::Unresolved(number) => f.pad(&format!("ID#{number:010}")),
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for SourceAddress {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_id_is_text_only_where_every_byte_is() {
        assert_eq!(ReferenceId(0x4750_5300).to_string(), "GPS");
        assert_eq!(ReferenceId(0x5453_5400).text().as_deref(), Some("TST"));
        assert_eq!(ReferenceId(0xc000_0201).to_string(), "C0000201");
        assert_eq!(ReferenceId(0x4700_5300).to_string(), "47005300");
        assert_eq!(ReferenceId(0).text(), None);
        assert_eq!(ReferenceId(0x1b5b_324a).to_string(), "1B5B324A");
    }

    #[test]
    fn an_unresolved_source_reads_and_writes_as_chronyd_numbers_it() {
        let address = SourceAddress::from_text("ID#0000000007").unwrap();
        assert_eq!(address, SourceAddress::Unresolved(7));
        assert_eq!(address.to_string(), "ID#0000000007");
        assert_eq!(address.slug(), "unresolved-7");
        assert_eq!(SourceAddress::from_text("?"), None);
    }

    #[test]
    fn a_slug_never_needs_escaping() {
        assert_eq!(SourceAddress::Refclock(ReferenceId(0x4750_5300)).slug(), "GPS");
        assert_eq!(SourceAddress::Refclock(ReferenceId(0x2f2e_2e2f)).slug(), "refclock-2f2e2e2f");
        assert_eq!(SourceAddress::from_text("2001:db8::1").unwrap().slug(), "2001:db8::1");
    }
}
