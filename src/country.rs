//! The country of an address, from a local database in MaxMind's format. Nothing is ever asked over the
//! network.

use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use maxminddb::{Reader, geoip2};

/// A larger file is none of those allowed, and would fill the memory.
const LARGEST: u64 = 1 << 30;
const ALLOWED: &str = "allowed is the path of a country or city database in MaxMind's format, as GeoLite2-Country.mmdb";

/// Where an address is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Country {
    /// Its name in English and its code of ISO 3166-1, either of which may be missing in the database.
    Known { name: Option<String>, code: Option<String> },
    /// In none, for this reason.
    Without(&'static str),
}

/// An open database, held in memory.
#[derive(Clone)]
pub(crate) struct Countries(Arc<Reader<Vec<u8>>>);

impl Countries {
    /// Reads the database at a path.
    ///
    /// # Errors
    /// A line that says what is wrong with the file and what is allowed.
    pub(crate) fn open(path: &str) -> Result<Self, String> {
        let refused = |what: String| format!("{what}; {ALLOWED}");
        let cannot = |error| refused(format!("cannot be read: {error}"));
        let path = Path::new(path);
        let file = fs::metadata(path).map_err(cannot)?;
        if !file.is_file() {
            return Err(refused("is not a file".to_owned()));
        }
        if file.len() > LARGEST {
            return Err(refused("is larger than 1 GiB".to_owned()));
        }
        let bytes = fs::read(path).map_err(cannot)?;
        let reader = Reader::from_source(bytes)
            .map_err(|error| refused(format!("is damaged or of another format: {error}")))?;
        let kind = &reader.metadata().database_type;
        if !["Country", "City", "Enterprise"].iter().any(|word| kind.contains(word)) {
            return Err(refused(format!("is a database of another kind, {kind:?}")));
        }
        Ok(Self(Arc::new(reader)))
    }

    /// Where an address is.
    pub(crate) fn of(&self, ip: IpAddr) -> Country {
        let ip = ip.to_canonical();
        self.known(ip).unwrap_or(Country::Without(match () {
            () if is_private(ip) => "private address, no country",
            () if is_example(ip) => "address for examples, no country",
            () => "not in the database",
        }))
    }

    fn known(&self, ip: IpAddr) -> Option<Country> {
        // A record that cannot be read is as good as none.
        let record = self.0.lookup(ip).ok()?.decode::<geoip2::Country<'_>>().ok()??;
        let name = record.country.names.english.map(str::to_owned);
        let code = record.country.iso_code.map(str::to_owned);
        (name.is_some() || code.is_some()).then_some(Country::Known { name, code })
    }
}

impl fmt::Debug for Countries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Countries").field(&self.0.metadata().database_type).finish()
    }
}

/// The same opened file.
impl PartialEq for Countries {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Whether an address belongs to one machine or one network only (RFC 1918, 3927, 4193, 6598).
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || is_shared
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// Whether an address is kept for examples (RFC 5737, 3849).
fn is_example(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_documentation(),
        IpAddr::V6(ip) => ip.segments()[..2] == [0x2001, 0xdb8],
    }
}

#[cfg(test)]
#[path = "../tests/common/mmdb.rs"]
mod mmdb;

#[cfg(test)]
mod tests {
    use super::mmdb::{Network, database};
    use super::*;

    const NETWORKS: [Network; 4] = [
        ("203.0.113.0/24", Some("NO"), Some("Norway")),
        ("198.18.0.0/15", Some("QQ"), None),
        ("2a00::/12", Some("DE"), Some("Germany")),
        ("10.1.0.0/16", None, Some("Headquarters")),
    ];

    fn opened(bytes: &[u8]) -> Result<Countries, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), bytes).unwrap();
        Countries::open(file.path().to_str().unwrap())
    }

    fn of(ip: &str) -> Country {
        opened(&database("GeoLite2-Country", &NETWORKS)).unwrap().of(ip.parse().unwrap())
    }

    fn known(name: Option<&str>, code: Option<&str>) -> Country {
        Country::Known { name: name.map(str::to_owned), code: code.map(str::to_owned) }
    }

    #[test]
    fn an_address_has_the_country_of_its_network() {
        assert_eq!(of("203.0.113.9"), known(Some("Norway"), Some("NO")));
        assert_eq!(of("::ffff:203.0.113.9"), known(Some("Norway"), Some("NO")));
        assert_eq!(of("198.19.255.255"), known(None, Some("QQ")));
        assert_eq!(of("2a0f::1"), known(Some("Germany"), Some("DE")));
        assert_eq!(of("10.1.2.3"), known(Some("Headquarters"), None));
    }

    #[test]
    fn an_address_without_a_country_says_why() {
        for ip in ["10.2.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.1.1"] {
            assert_eq!(of(ip), Country::Without("private address, no country"), "{ip}");
        }
        for ip in ["100.64.0.1", "::1", "fd00::1", "fe80::1"] {
            assert_eq!(of(ip), Country::Without("private address, no country"), "{ip}");
        }
        for ip in ["192.0.2.1", "2001:db8::1"] {
            assert_eq!(of(ip), Country::Without("address for examples, no country"), "{ip}");
        }
        for ip in ["8.8.8.8", "100.128.0.1", "2001:4860::1"] {
            assert_eq!(of(ip), Country::Without("not in the database"), "{ip}");
        }
    }

    #[test]
    fn what_is_no_country_database_is_refused_with_what_is_allowed() {
        let good = database("GeoIP2-City", &NETWORKS);
        assert!(opened(&good).is_ok());
        for (bytes, what) in [
            (&b""[..], "damaged"),
            (b"not a database", "damaged"),
            (&good[..good.len() - 40], "damaged"),
            (&good[good.len() / 2..], "damaged"),
            (&database("GeoLite2-ASN", &NETWORKS), "another kind, \"GeoLite2-ASN\""),
        ] {
            let line = opened(bytes).unwrap_err();
            assert!(line.contains(what) && line.ends_with(ALLOWED), "{line}");
        }
        for (path, what) in [("/nowhere/x.mmdb", "cannot be read: No such"), ("/", "not a file")] {
            let line = Countries::open(path).unwrap_err();
            assert!(line.contains(what) && line.ends_with(ALLOWED), "{line}");
        }
    }

    #[test]
    fn a_damaged_record_is_none() {
        let mut bytes = database("GeoLite2-Country", &NETWORKS);
        let name = b"Norway";
        let place = bytes.windows(name.len()).position(|window| window == name).unwrap();
        bytes[place..place + name.len()].fill(0xff);
        let countries = opened(&bytes).unwrap();
        let found = countries.of("203.0.113.9".parse().unwrap());
        assert_eq!(found, Country::Without("address for examples, no country"));
        assert_eq!(countries.of("2a00::1".parse().unwrap()), known(Some("Germany"), Some("DE")));
    }
}
