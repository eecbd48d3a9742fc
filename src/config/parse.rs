//! Texts of options to values; what is wrong is said as what is allowed.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::{IpNet, Ipv4Net};
use libchrony::Address;
use tracing::level_filters::LevelFilter;

use super::serve::{Machines, Probed};

pub(super) fn parse_host(text: &str) -> Result<IpAddr, &'static str> {
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().map_err(|_| "must be an IP address of this machine, or localhost")
}

pub(super) fn parse_port(text: &str) -> Result<u16, &'static str> {
    text.parse().map_err(|_| "must be a number from 0 (any free port) to 65535")
}

pub(super) fn parse_chronyd(text: &str) -> Result<Address, String> {
    text.parse::<Address>().map_err(|error| match error {
        libchrony::Error::InvalidAddress { reason, .. } => {
            format!("{reason}; allowed are /path/to/socket, an IP address or a host name, the latter two with :PORT")
        }
        other => other.to_string(),
    })
}

/// A time with its unit, as `500ms`, where it lies within the range.
fn time_within(text: &str, range: &RangeInclusive<Duration>) -> Option<Duration> {
    humantime::parse_duration(text).ok().filter(|time| range.contains(time))
}

pub(super) fn parse_timeout(text: &str) -> Result<Duration, &'static str> {
    let range = Duration::from_millis(1)..=Duration::from_secs(60);
    time_within(text, &range).ok_or("must be a time from 1ms to 60s, with its unit, as 500ms or 2s")
}

pub(super) fn parse_refresh(text: &str) -> Result<Duration, &'static str> {
    let range = Duration::from_secs(1)..=Duration::from_secs(3600);
    time_within(text, &range).ok_or("must be a time from 1s to 1h, with its unit, as 5s or 1m")
}

pub(super) fn parse_history(text: &str) -> Result<Option<Duration>, &'static str> {
    if matches!(text, "0" | "off") {
        return Ok(None);
    }
    let range = Duration::from_secs(10 * 60)..=Duration::from_secs(400 * 86_400);
    time_within(text, &range)
        .map(Some)
        .ok_or("must be a time from 10m to 400d, with its unit, as 24h or 30d, or off")
}

pub(super) fn parse_max_error(text: &str) -> Result<Duration, &'static str> {
    let range = Duration::from_micros(1)..=Duration::from_secs(3600);
    time_within(text, &range)
        .ok_or("must be a time from 1us to 1h, with its unit, as 500us or 100ms")
}

/// As above, and no more than the error that is critical.
pub(super) fn parse_warn_error(text: &str, most: Duration) -> Result<Duration, String> {
    let time = parse_max_error(text)?;
    if time > most {
        let most = humantime::format_duration(most);
        return Err(format!("must not be above --max-error, which is {most}"));
    }
    Ok(time)
}

pub(super) fn parse_stratum(text: &str) -> Result<u8, &'static str> {
    text.parse()
        .ok()
        .filter(|stratum| (1..=15).contains(stratum))
        .ok_or("must be a number from 1 to 15")
}

pub(super) fn parse_number(text: &str) -> Result<u32, &'static str> {
    text.parse()
        .ok()
        .filter(|number| (1..=1000).contains(number))
        .ok_or("must be a number from 1 to 1000")
}

pub(super) fn parse_file(text: &str) -> Result<PathBuf, &'static str> {
    // As from a variable that was meant to hold a directory.
    let is_file = !text.is_empty() && !text.ends_with('/') && !text.contains('\0');
    is_file.then(|| PathBuf::from(text)).ok_or("must be the path of a file")
}

/// A host name or IP address without port, in lower case.
pub(super) fn parse_name(text: &str) -> Result<String, &'static str> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let name = bare.trim_end_matches('.').to_ascii_lowercase();
    let is_name = !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
    (is_name || name.parse::<IpAddr>().is_ok())
        .then_some(name)
        .ok_or("must be a host name or IP address, without port")
}

/// A network in CIDR notation, or one address.
pub(super) fn parse_network(text: &str) -> Result<IpNet, &'static str> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse::<IpNet>()
        .map(|network| network.trunc())
        .or_else(|_| bare.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "must be an IP address or a network, as 192.0.2.0/24 or 2001:db8::/32")
}

/// chronyd's UDP port where nothing else is configured.
const COMMAND_PORT: u16 = 323;

/// What may be probed: a network, an address or a name, and a port where it is not chronyd's usual one.
pub(super) fn parse_probed(text: &str) -> Result<Probed, &'static str> {
    let allowed = "must be a network, as 192.0.2.0/24 or 2001:db8::/32, an IP address or a host name, each with :PORT where it is not 323, as [2001:db8::/32]:11323";
    let (host, port) = match text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, rest)) => (host, Some(rest.strip_prefix(':').ok_or(allowed)?)),
        // A second colon makes an IPv6 address of it.
        None => match text.split_once(':') {
            Some((host, port)) if !port.contains(':') => (host, Some(port)),
            _ => (text, None),
        },
    };
    let port = match port {
        None => COMMAND_PORT,
        Some(port) => {
            let port = port.parse().ok().filter(|port| *port != 0);
            port.ok_or("must have a port from 1 to 65535 after the last colon, or none")?
        }
    };
    if let Ok(network) = parse_network(host) {
        return Ok(Probed { machines: Machines::Network(canonical(network)), port });
    }
    // A network that is none would else be taken for a name that nobody has, and a number be taken by the
    // system's resolver for an address.
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let looks_like_address = last.bytes().all(|b| b.is_ascii_digit())
        || last.starts_with("0x")
        || host.contains([':', '/']);
    match parse_name(host) {
        Ok(name) if !looks_like_address && !text.starts_with('[') => {
            Ok(Probed { machines: Machines::Name(name), port })
        }
        _ => Err(allowed),
    }
}

/// How the paths of the site itself begin.
const OWN_PATHS: [&str; 7] = ["api", "health", "live", "metrics", "probe", "sources", "static"];

/// The network of IPv4 that a network of IPv4-mapped addresses of IPv6 stands for.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(mapped) = network else { return network };
    let length = mapped.prefix_len().checked_sub(96);
    let short = mapped.addr().to_ipv4_mapped().zip(length);
    let network = short.and_then(|(address, length)| Ipv4Net::new(address, length).ok());
    network.map_or(IpNet::V6(mapped), IpNet::V4)
}

/// Where a proxy shows the site: segments with a slash before each, or nothing.
pub(super) fn parse_base_path(text: &str) -> Result<String, &'static str> {
    let path = text.trim_end_matches('/');
    let is_segment = |segment: &str| {
        !segment.is_empty()
            && !matches!(segment, "." | "..")
            && segment
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
    };
    let is_path = match path.strip_prefix('/') {
        Some(segments) => segments.split('/').all(is_segment),
        None => text == "/",
    };
    let begins = |name: &&str| path.split('/').nth(1) == Some(*name);
    if OWN_PATHS.iter().any(begins) {
        return Err("must not begin as a path of the site itself; as /clock or /ops/clock");
    }
    is_path
        .then(|| path.to_owned())
        .ok_or("must be a path of letters, digits, -, ., _ and ~, as /clock or /ops/clock")
}

pub(super) fn parse_switch(text: &str) -> Result<bool, &'static str> {
    match text {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err("must be true or false"),
    }
}

pub(super) const LOG_LEVELS: [&str; 5] = ["off", "error", "warn", "info", "debug"];

pub(super) fn parse_log(text: &str) -> Result<LevelFilter, &'static str> {
    match text {
        "off" => Ok(LevelFilter::OFF),
        "error" => Ok(LevelFilter::ERROR),
        "warn" => Ok(LevelFilter::WARN),
        "info" => Ok(LevelFilter::INFO),
        "debug" => Ok(LevelFilter::DEBUG),
        _ => Err("must be off, error, warn, info or debug"),
    }
}
