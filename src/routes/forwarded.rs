//! What proxies say of the requests they pass on.
//!
//! Anybody can write these headers, so only those of a peer that `--trusted-proxy` lists are read; and
//! what they say makes a request no more welcome: the forwarded host is checked beside the one that is
//! asked for, since a page that a browser on the proxy's machine shows can send such headers, too.
//! The standard header `Forwarded` is not read: proxies that do not know it pass on what the client
//! wrote there.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{HeaderMap, HeaderName};
use ipnet::IpNet;

use crate::error::RequestError;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Whose words are believed.
#[derive(Debug, Default)]
pub(crate) struct Proxies(Vec<IpNet>);

impl Proxies {
    pub(crate) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Who asks: the peer or, where that is a proxy, the last address that no proxy has.
    pub(super) fn client(&self, peer: Option<SocketAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let mut client = peer?.ip().to_canonical();
        if !self.trust(client) {
            return Some(client);
        }
        let lines: Vec<_> = headers.get_all(FOR).collect();
        // Each proxy adds whom it was asked by at the end, so what stands before is the client's own word.
        let hops = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        for hop in hops {
            // One that is no address hides those before it.
            let Some(address) = address(hop) else { break };
            client = address;
            if !self.trust(client) {
                break;
            }
        }
        Some(client)
    }

    /// The hosts that the client asked a proxy for; none where no proxy asks.
    pub(super) fn hosts<'a>(
        &self,
        peer: Option<SocketAddr>,
        headers: &'a HeaderMap,
    ) -> Result<Vec<&'a str>, RequestError<'static>> {
        let asks_a_proxy = peer.is_some_and(|peer| self.trust(peer.ip().to_canonical()));
        if !asks_a_proxy {
            return Ok(Vec::new());
        }
        let mut hosts = Vec::new();
        for line in headers.get_all(HOST) {
            let line = line.to_str().map_err(|_| RequestError::NoHost)?;
            hosts.extend(line.split(',').map(str::trim));
        }
        Ok(hosts)
    }
}

/// An address as proxies write it, some of them with the port.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address =
        bare.parse().or_else(|_| text.parse().map(|with_port: SocketAddr| with_port.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn proxies() -> Proxies {
        let networks = ["127.0.0.0/8", "2001:db8:1::/48"];
        Proxies::new(networks.map(|network| network.parse().unwrap()).into())
    }

    fn headers(name: &HeaderName, lines: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name.clone(), HeaderValue::from_bytes(line).unwrap());
        }
        headers
    }

    fn client(peer: &str, lines: &[&[u8]]) -> String {
        let peer = Some(SocketAddr::new(peer.parse().unwrap(), 4000));
        proxies().client(peer, &headers(&FOR, lines)).unwrap().to_string()
    }

    #[test]
    fn the_client_is_the_last_address_that_no_proxy_has() {
        for (lines, expected) in [
            (&[][..], "127.0.0.1"),
            (&[b"192.0.2.7".as_slice()], "192.0.2.7"),
            (&[b"198.51.100.1, 192.0.2.7"], "192.0.2.7"),
            (&[b"198.51.100.1, 192.0.2.7 ,127.0.0.2, 2001:db8:1::5"], "192.0.2.7"),
            (&[b"198.51.100.1", b"192.0.2.7", b"127.0.0.2"], "192.0.2.7"),
            (&[b"192.0.2.7:4711"], "192.0.2.7"),
            (&[b"[2001:db8::7]:4711"], "2001:db8::7"),
            (&[b"[2001:db8::7]"], "2001:db8::7"),
            (&[b"::ffff:192.0.2.7"], "192.0.2.7"),
            (&[b"127.0.0.3,127.0.0.2"], "127.0.0.3"),
        ] {
            assert_eq!(client("127.0.0.1", lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn what_is_no_address_hides_those_before_it() {
        for (line, expected) in [
            (&b"192.0.2.7, unknown"[..], "127.0.0.1"),
            (b"192.0.2.7,", "127.0.0.1"),
            (b"192.0.2.7, \xff", "127.0.0.1"),
            (b"192.0.2.7, 192.0.2.300, 127.0.0.2", "127.0.0.2"),
            (b"192.0.2.7 198.51.100.1", "127.0.0.1"),
            (b"", "127.0.0.1"),
        ] {
            assert_eq!(client("127.0.0.1", &[line]), expected, "{line:?}");
        }
    }

    #[test]
    fn from_anybody_else_the_headers_say_nothing() {
        assert_eq!(client("192.0.2.1", &[b"198.51.100.1"]), "192.0.2.1");
        assert_eq!(client("::ffff:192.0.2.1", &[b"198.51.100.1"]), "192.0.2.1");
        assert_eq!(client("::ffff:127.0.0.1", &[b"198.51.100.1"]), "198.51.100.1");
        let given = headers(&HOST, &[b"example.net"]);
        let peer = |text: &str| Some(text.parse().unwrap());
        assert!(proxies().hosts(peer("192.0.2.1:80"), &given).unwrap().is_empty());
        assert!(proxies().hosts(None, &given).unwrap().is_empty());
        assert!(Proxies::default().hosts(peer("127.0.0.1:80"), &given).unwrap().is_empty());
        assert_eq!(proxies().hosts(peer("127.0.0.1:80"), &given).unwrap(), ["example.net"]);
    }

    #[test]
    fn every_forwarded_host_counts() {
        let peer = Some("127.0.0.1:80".parse().unwrap());
        let given = headers(&HOST, &[b"a.example, b.example", b"c.example", b""]);
        let hosts = proxies().hosts(peer, &given).unwrap();
        assert_eq!(hosts, ["a.example", "b.example", "c.example", ""]);
        let odd = headers(&HOST, &[b"\xff"]);
        assert!(matches!(proxies().hosts(peer, &odd), Err(RequestError::NoHost)));
    }
}
