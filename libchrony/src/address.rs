//! Where chronyd is asked: text to [`Address`], checked before any I/O.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::error::Error;

/// chronyd's command port (UDP).
pub(crate) const DEFAULT_PORT: u16 = 323;

/// The longest directory of a server socket, in bytes: the client's own socket is made 45 bytes below it.
const LONGEST_DIRECTORY: usize = 62;

/// The longest path of a Unix socket, in bytes.
const LONGEST_PATH: usize = 107;

/// An address chronyd can be asked at.
///
/// Parsed from `/path/to/socket`, `192.0.2.1`, `192.0.2.1:323`, `2001:db8::1`,
/// `[2001:db8::1]`, `[2001:db8::1]:323`, `time.example.net` or `time.example.net:323`:
///
/// ```
/// use libchrony::Address;
/// let address: Address = "[2001:db8::1]:323".parse()?;
/// assert_eq!(address.to_string(), "[2001:db8::1]:323");
/// assert!("192.0.2.1:70000".parse::<Address>().unwrap_err().to_string().contains("1 to 65535"));
/// # Ok::<(), libchrony::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address {
    /// chronyd's Unix datagram socket, an absolute path.
    Unix(PathBuf),
    /// An IP address and UDP port.
    Udp(SocketAddr),
    /// A host name, resolved at each opening, and UDP port.
    Host(String, u16),
}

/// The way requests travel, which decides what chronyd lets them ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Transport {
    /// The Unix socket: every report.
    Unix,
    /// UDP: the reports chronyd opens to the network (`opencommands`).
    Udp,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unix => "unix",
            Self::Udp => "udp",
        })
    }
}

impl Address {
    /// The default search, in order: chronyd's Unix socket, then 127.0.0.1, then `::1`.
    #[must_use]
    pub fn search_order() -> [Self; 3] {
        [
            Self::Unix(PathBuf::from("/var/run/chrony/chronyd.sock")),
            Self::Udp(SocketAddr::from(([127, 0, 0, 1], DEFAULT_PORT))),
            Self::Udp(SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], DEFAULT_PORT))),
        ]
    }

    /// Refuses an address that was not parsed and could not have been, before it is used or shown.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let text = match self {
            Self::Unix(path) => path.to_string_lossy(),
            Self::Host(name, _) => name.into(),
            Self::Udp(_) => return Ok(()),
        };
        let reason = match check_characters(&text) {
            Ok(()) if matches!(self, Self::Unix(path) if path.to_str().is_none()) => {
                "a socket path must be UTF-8"
            }
            Ok(()) => return Ok(()),
            Err(reason) => reason,
        };
        Err(Error::InvalidAddress { text: text.into_owned(), reason })
    }

    /// The way requests to this address travel.
    #[must_use]
    pub fn transport(&self) -> Transport {
        match self {
            Self::Unix(_) => Transport::Unix,
            Self::Udp(_) | Self::Host(..) => Transport::Udp,
        }
    }
}

/// The address in the syntax it is parsed from; UDP always with its port.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => path.display().fmt(f),
            Self::Udp(address) => address.fmt(f),
            Self::Host(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Address {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl FromStr for Address {
    type Err = Error;

    /// # Errors
    /// [`Error::InvalidAddress`] with the reason; nothing is opened or looked up.
    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text).map_err(|reason| Error::InvalidAddress { text: text.to_owned(), reason })
    }
}

fn parse(text: &str) -> Result<Address, &'static str> {
    if text.is_empty() {
        return Err("it is empty; leave it out for the default search");
    }
    check_characters(text)?;
    if text.starts_with('/') {
        return parse_path(text);
    }
    if text.contains('/') {
        return Err("a socket path must be absolute (begin with /)");
    }
    if text.contains('%') {
        return Err("an IPv6 zone (%) is not supported; name the address without it");
    }
    if let Some(rest) = text.strip_prefix('[') {
        return parse_bracketed(rest);
    }
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Ok(Address::Udp(SocketAddr::new(ip, DEFAULT_PORT)));
    }
    let (host, port) = match text.split_once(':') {
        None => (text, DEFAULT_PORT),
        Some((_, port)) if port.contains(':') => {
            return Err("it is not an IPv6 address; with a port it is written [ADDRESS]:PORT");
        }
        Some((host, port)) => (host, parse_port(port)?),
    };
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(Address::Udp(SocketAddr::new(ip, port)));
    }
    check_host(host)?;
    Ok(Address::Host(host.to_owned(), port))
}

/// Refuses what a terminal or a page would not show as it is.
fn check_characters(text: &str) -> Result<(), &'static str> {
    let turns = |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.contains('\0') {
        return Err("it holds a NUL byte");
    }
    if text.contains(|c: char| c == ' ' || c.is_control()) {
        return Err("it holds a space or a control character");
    }
    if text.contains(turns) {
        return Err("it holds a character that changes the direction of text");
    }
    Ok(())
}

fn parse_path(text: &str) -> Result<Address, &'static str> {
    if text.len() > LONGEST_PATH {
        return Err("a socket path can have at most 107 bytes");
    }
    let path = Path::new(text);
    let parent = path.parent().map_or(0, |dir| dir.as_os_str().len());
    if text.ends_with('/') || parent <= 1 {
        return Err("it names no socket inside a directory");
    }
    // As libchrony counts: slashes that say nothing take room too.
    if text.rfind('/').is_some_and(|length| length > LONGEST_DIRECTORY) {
        return Err(
            "the socket's directory can have at most 62 bytes, as the client's own socket is made below it",
        );
    }
    Ok(Address::Unix(path.to_owned()))
}

fn parse_bracketed(rest: &str) -> Result<Address, &'static str> {
    let (ip, rest) = rest.split_once(']').ok_or("the closing ] is missing")?;
    let ip: std::net::Ipv6Addr =
        ip.parse().map_err(|_| "what stands in [ ] must be an IPv6 address")?;
    let port = match rest {
        "" => DEFAULT_PORT,
        _ => parse_port(rest.strip_prefix(':').ok_or("after ] only :PORT may follow")?)?,
    };
    Ok(Address::Udp(SocketAddr::new(IpAddr::V6(ip), port)))
}

fn parse_port(text: &str) -> Result<u16, &'static str> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits
        .then(|| text.parse().ok().filter(|port| *port != 0))
        .flatten()
        .ok_or("the port must be a number from 1 to 65535")
}

/// Accepts what RFC 1123 allows in a host name, and `_`, which real names hold.
fn check_host(host: &str) -> Result<(), &'static str> {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.len() > 253 || !name.split('.').all(label) {
        return Err("it is neither a socket path, an IP address nor a host name");
    }
    if name.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit())) {
        return Err(
            "it is not an IPv4 address (four numbers from 0 to 255, without leading zeros)",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        text.parse::<Address>().unwrap().to_string()
    }

    fn refused(text: &str) -> String {
        text.parse::<Address>().unwrap_err().to_string()
    }

    #[test]
    fn every_form_of_the_documentation_is_accepted() {
        assert_eq!(shown("/run/chrony/chronyd.sock"), "/run/chrony/chronyd.sock");
        assert_eq!(shown("192.0.2.1"), "192.0.2.1:323");
        assert_eq!(shown("192.0.2.1:11323"), "192.0.2.1:11323");
        assert_eq!(shown("2001:db8::1"), "[2001:db8::1]:323");
        assert_eq!(shown("[::1]"), "[::1]:323");
        assert_eq!(shown("[2001:db8::1]:65535"), "[2001:db8::1]:65535");
        assert_eq!(shown("localhost"), "localhost:323");
        assert_eq!(shown("time.example.net:1"), "time.example.net:1");
    }

    #[test]
    fn a_colon_form_without_brackets_is_an_address_not_a_port() {
        assert_eq!(shown("::1:323"), "[::1:323]:323");
    }

    #[test]
    fn bad_ports_are_refused_with_the_range() {
        for text in ["192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:", "h:+1", "[::1]:-1", "h:323x"] {
            assert!(refused(text).contains("1 to 65535"), "{text}: {}", refused(text));
        }
    }

    #[test]
    fn each_refusal_says_its_reason() {
        assert!(refused("").contains("default search"));
        assert!(refused("run/chronyd.sock").contains("absolute"));
        assert!(refused("/chronyd.sock").contains("directory"));
        assert!(refused("/run/chrony/").contains("no socket"));
        assert!(refused(&format!("/{}/s", "d".repeat(62))).contains("62 bytes"));
        assert!(refused(&format!("/{}", "d".repeat(107))).contains("107 bytes"));
        assert!(refused("fe80::1%eth0").contains("zone"));
        assert!(refused("[192.0.2.1]:323").contains("IPv6"));
        assert!(refused("[::1").contains("]"));
        assert!(refused("[::1]x").contains(":PORT"));
        assert!(refused("1.2.3.256").contains("IPv4"));
        assert!(refused("01.2.3.4").contains("IPv4"));
        assert!(refused("::zz::1").contains("[ADDRESS]:PORT"));
        assert!(refused("a b").contains("space"));
        assert!(refused("-x.example").contains("host name"));
    }

    #[test]
    fn characters_that_show_as_something_else_are_refused_and_shown_escaped() {
        let hidden = ['\0', '\n', '\r', '\t', '\u{7}', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}'];
        let turning =
            ['\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}'];
        for (character, part) in hidden
            .map(|c| (c, if c == '\0' { "NUL" } else { "control character" }))
            .into_iter()
            .chain(turning.map(|c| (c, "direction of text")))
        {
            for text in [format!("/run/x{character}/s"), format!("a{character}b:323")] {
                let message = refused(&text);
                assert!(message.contains(part), "{text:?}: {message:?}");
                assert!(!message.contains(character), "{text:?} is shown raw: {message:?}");
            }
            let made = Address::Unix(PathBuf::from(format!("/run/x{character}/s")));
            let message = made.check().unwrap_err().to_string();
            assert!(message.contains(part) && !message.contains(character), "{message:?}");
            let made = Address::Host(format!("a{character}b"), 323);
            assert!(made.check().is_err(), "{made:?}");
        }
        assert!("/run/é/s".parse::<Address>().unwrap().check().is_ok());
    }

    #[test]
    fn slashes_that_say_nothing_count_too() {
        let slashes = "/".repeat(62);
        assert!(format!("/d{}s", &slashes[..61]).parse::<Address>().is_ok());
        assert!(refused(&format!("/d{slashes}s")).contains("62 bytes"));
    }

    #[test]
    fn a_directory_of_62_bytes_is_accepted() {
        let path = format!("/{}/chronyd.sock", "d".repeat(61));
        assert_eq!(shown(&path), path);
    }
}
