//! A small database in MaxMind's format (its specification, version 2.0), as countries are looked up in.

use std::net::IpAddr;

/// A network, the code of its country and the name.
pub(crate) type Network = (&'static str, Option<&'static str>, Option<&'static str>);

/// Where a record of the tree leads.
#[derive(Clone, Copy)]
enum Record {
    Nothing,
    Node(usize),
    Data(usize),
}

/// The bytes of a database of a kind, as `GeoLite2-Country`, that holds these networks.
pub(crate) fn database(kind: &str, networks: &[Network]) -> Vec<u8> {
    let mut nodes = vec![[Record::Nothing; 2]];
    let mut data = Vec::new();
    for (network, code, name) in networks {
        let (bits, length) = bits(network);
        let record = Record::Data(data.len());
        let mut country = Vec::new();
        country.extend(code.map(|code| ("iso_code", text(code))));
        country.extend(name.map(|name| ("names", map(&[("en", text(name))]))));
        data.extend(map(&[("country", map(&country))]));
        let mut node = 0;
        for depth in 0..length {
            let side = usize::from(bits >> (127 - depth) & 1 == 1);
            if depth + 1 == length {
                nodes[node][side] = record;
            } else if let Record::Node(next) = nodes[node][side] {
                node = next;
            } else {
                nodes.push([Record::Nothing; 2]);
                let next = nodes.len() - 1;
                nodes[node][side] = Record::Node(next);
                node = next;
            }
        }
    }
    let mut bytes = Vec::new();
    for record in nodes.iter().flatten() {
        let value = match *record {
            Record::Nothing => nodes.len(),
            Record::Node(number) => number,
            Record::Data(offset) => nodes.len() + 16 + offset,
        };
        bytes.extend(&u32::try_from(value).expect("a small database").to_be_bytes()[1..]);
    }
    bytes.extend([0; 16]);
    bytes.extend(data);
    bytes.extend(b"\xab\xcd\xefMaxMind.com");
    bytes.extend(map(&[
        ("node_count", number(6, nodes.len())),
        ("record_size", number(5, 24)),
        ("ip_version", number(5, 6)),
        ("database_type", text(kind)),
        ("languages", [vec![1, 11 - 7], text("en")].concat()),
        ("binary_format_major_version", number(5, 2)),
        ("binary_format_minor_version", number(5, 0)),
        ("build_epoch", vec![1, 9 - 7, 1]),
        ("description", map(&[("en", text("made by a test"))])),
    ]));
    bytes
}

/// A network as the first bits of an IPv6 address; IPv4 stands below `::/96`.
fn bits(network: &str) -> (u128, u32) {
    let (ip, length) = network.split_once('/').expect("a length");
    let length: u32 = length.parse().expect("a number");
    match ip.parse().expect("an address") {
        IpAddr::V4(ip) => (ip.to_bits().into(), length + 96),
        IpAddr::V6(ip) => (ip.to_bits(), length),
    }
}

fn control(kind: u8, size: usize) -> u8 {
    let size = u8::try_from(size).expect("a short value");
    assert!(size < 29, "longer values need another encoding");
    kind << 5 | size
}

fn text(text: &str) -> Vec<u8> {
    [&[control(2, text.len())], text.as_bytes()].concat()
}

fn number(kind: u8, value: usize) -> Vec<u8> {
    let bytes = u16::try_from(value).expect("a small number").to_be_bytes();
    [&[control(kind, bytes.len())][..], &bytes].concat()
}

fn map(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![control(7, entries.len())];
    for (key, value) in entries {
        bytes.extend(text(key));
        bytes.extend(value);
    }
    bytes
}
