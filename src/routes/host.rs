//! Which names this server answers to: the guard against DNS rebinding.
//!
//! A server on a loopback address is for this machine alone, but any web page may make a browser ask
//! it through a name of the page's own that points to 127.0.0.1, and then read the answer. The Host
//! header tells such requests apart: right are loopback addresses, localhost and the names below it,
//! the address it listens on, and what `--allowed-host` adds. Case, port and a final dot do not count.

use std::net::IpAddr;

use actix_web::http::header::{HOST, HeaderMap};

use crate::error::RequestError;

/// The names a request may ask by.
#[derive(Debug)]
pub(crate) struct Hosts {
    /// Whether every name is right: not on loopback, and no name was demanded.
    any: bool,
    bound: IpAddr,
    allowed: Vec<String>,
}

impl Hosts {
    pub(crate) fn new(bound: IpAddr, allowed: Vec<String>) -> Self {
        Self { any: !bound.is_loopback() && allowed.is_empty(), bound, allowed }
    }

    /// Checks the Host header and other names of the host that a request gives: its target's in
    /// absolute form, and what a proxy was asked for.
    pub(super) fn check<'a>(
        &self,
        headers: &'a HeaderMap,
        others: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), RequestError<'static>> {
        let mut values = headers.get_all(HOST);
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(RequestError::NoHost);
        };
        let value = value.to_str().map_err(|_| RequestError::NoHost)?;
        for host in std::iter::once(value).chain(others) {
            if !self.is_own(host) {
                return Err(RequestError::ForeignHost(host.to_owned()));
            }
        }
        Ok(())
    }

    fn is_own(&self, host: &str) -> bool {
        if self.any {
            return true;
        }
        let name = without_port(host).trim_end_matches('.').to_ascii_lowercase();
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(&name);
        match bare.parse::<IpAddr>() {
            Ok(ip) => {
                let ip = ip.to_canonical();
                let is =
                    |allowed: &String| allowed.parse().is_ok_and(|allowed: IpAddr| ip == allowed);
                ip.is_loopback() || ip == self.bound.to_canonical() || self.allowed.iter().any(is)
            }
            Err(_) => {
                name == "localhost" || name.ends_with(".localhost") || self.allowed.contains(&name)
            }
        }
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.ends_with(':') => {
            name
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(bound: &str, allowed: &[&str]) -> Hosts {
        let allowed = allowed.iter().map(|name| (*name).to_owned()).collect();
        Hosts::new(bound.parse().unwrap(), allowed)
    }

    #[test]
    fn on_loopback_only_this_machine_s_names_are_right() {
        let hosts = hosts("127.0.0.1", &[]);
        for host in [
            "localhost",
            "LOCALHOST:8000",
            "localhost.",
            "127.0.0.1:8000",
            "127.0.0.2",
            "[::1]:8000",
            "[::1]",
            "clock.localhost",
        ] {
            assert!(hosts.is_own(host), "{host} is refused");
        }
        for host in [
            "",
            "example.net",
            "example.net:8000",
            "localhost.example.net",
            "192.0.2.1",
            "127.0.0.1.nip.io",
            "notlocalhost",
            "[2001:db8::1]",
            "localhost:80@example.net",
            "127.0.0.1:80:80",
        ] {
            assert!(!hosts.is_own(host), "{host} is accepted");
        }
    }

    #[test]
    fn a_request_names_exactly_one_host_in_its_headers() {
        use actix_web::http::header::HeaderValue;
        let hosts = hosts("127.0.0.1", &[]);
        let mut headers = HeaderMap::new();
        assert!(matches!(hosts.check(&headers, []), Err(RequestError::NoHost)));
        headers.append(HOST, HeaderValue::from_static("localhost"));
        assert!(hosts.check(&headers, []).is_ok());
        headers.append(HOST, HeaderValue::from_static("localhost"));
        assert!(matches!(hosts.check(&headers, []), Err(RequestError::NoHost)));
    }

    #[test]
    fn allowed_names_are_right_whatever_their_case_and_port() {
        let hosts = hosts("127.0.0.1", &["clock.example.net"]);
        assert!(hosts.is_own("Clock.Example.NET:443") && hosts.is_own("clock.example.net."));
        assert!(!hosts.is_own("example.net"));
    }

    #[test]
    fn elsewhere_every_name_is_right_unless_some_are_demanded() {
        assert!(hosts("0.0.0.0", &[]).is_own("example.net"));
        let demanding = hosts("192.0.2.1", &["clock.example.net", "2001:db8:0::1"]);
        for host in
            ["192.0.2.1:8000", "clock.example.net", "[2001:db8::1]:80", "localhost", "[::1]"]
        {
            assert!(demanding.is_own(host), "{host} is refused");
        }
        assert!(!demanding.is_own("example.net") && !demanding.is_own("192.0.2.2"));
    }
}
