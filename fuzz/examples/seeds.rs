//! Makes the seeds anew: `cargo run --manifest-path fuzz/Cargo.toml --example seeds`.
//!
//! Replies are the simulated chronyd's; texts are the forms that are allowed, and some that are not.

use std::error::Error;
use std::fs;
use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::Duration;

use libchrony::testing::{Command, Generation, Scenario, Simulator};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    replies()?;
    texts("address", &ADDRESSES.map(|text| [b"\0", text.as_bytes()].concat()))?;
    let failing: Vec<_> =
        (1..20).map(|call| [&[call], b"/run/chrony/chronyd.sock".as_slice()].concat()).collect();
    texts("address-failing", &failing)?;
    texts("http", &REQUESTS.map(|text| text.as_bytes().to_vec()))?;
    for target in ["calls", "wrapper", "page"] {
        let random: Vec<_> = (1..=12).map(|seed| random(seed, 64 << (seed % 6))).collect();
        texts(target, &random)?;
    }
    Ok(())
}

fn folder(target: &str) -> Result<PathBuf> {
    let target = target.split('-').next().unwrap_or(target);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn texts(target: &str, inputs: &[Vec<u8>]) -> Result<()> {
    for (number, input) in inputs.iter().enumerate() {
        fs::write(folder(target)?.join(format!("{target}-{number:02}")), input)?;
    }
    Ok(())
}

/// Bytes that look random, the same for the same seed (Marsaglia's xorshift).
fn random(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(byte).take(length).collect()
}

/// The replies to each report, of generations with different layouts and over both transports.
fn replies() -> Result<()> {
    const COMMANDS: [Command; 11] = [
        Command::TRACKING,
        Command::SOURCES,
        Command::SOURCESTATS,
        Command::SELECTDATA,
        Command::ACTIVITY,
        Command::AUTHDATA,
        Command::NTPDATA,
        Command::SERVERSTATS,
        Command::RTCDATA,
        Command::SMOOTHING,
        Command::COUNT,
    ];
    let directory = tempfile::tempdir()?;
    let client = UnixDatagram::bind(directory.path().join("client"))?;
    client.set_read_timeout(Some(Duration::from_secs(5)))?;
    for generation in [Generation::V3_0, Generation::V4_2, Generation::V4_3, Generation::V4_8] {
        let scenario = Scenario { generation, ..Scenario::nts() };
        let scenario = Scenario {
            rtc: Scenario::rtc().rtc,
            smoothing: Scenario::smoothing().smoothing,
            ..scenario
        };
        let chronyd = Simulator::start_unix(scenario)?;
        client.connect(chronyd.address())?;
        for (number, command) in (0_u8..).zip(COMMANDS) {
            let mut input = vec![number, 0];
            let argument = if [Command::AUTHDATA, Command::NTPDATA].contains(&command) {
                let lookup = ask(command_of(Command::SOURCESTATS, &[0; 4]), &client)?;
                append(&mut input, &lookup)?;
                lookup.get(32..52).ok_or("no address")?.to_vec()
            } else {
                vec![0; 4]
            };
            append(&mut input, &ask(command_of(command, &argument), &client)?)?;
            let name = command.name().unwrap_or("count");
            fs::write(folder("reply")?.join(format!("{generation:?}-{name}")), input)?;
        }
    }
    // Refusals, and a lookup in sources where sourcestats are refused.
    let chronyd = Simulator::start_udp(Scenario::gps_and_pps())?;
    let udp = UdpSocket::bind("127.0.0.1:0")?;
    udp.set_read_timeout(Some(Duration::from_secs(5)))?;
    udp.connect(chronyd.address())?;
    let mut refusal = [0; 512];
    udp.send(&command_of(Command::NTPDATA, &[0; 20]))?;
    let length = udp.recv(&mut refusal)?;
    udp.send(&command_of(Command::SOURCES, &[0; 4]))?;
    let mut source = [0; 512];
    let source_length = udp.recv(&mut source)?;
    let mut input = vec![5, 0];
    append(&mut input, &refusal[..length])?;
    append(&mut input, &source[..source_length])?;
    fs::write(folder("reply")?.join("refused"), input)?;
    Ok(())
}

fn command_of(command: Command, argument: &[u8]) -> Vec<u8> {
    let mut request = vec![6, 1, 0, 0];
    request.extend(command.0.to_be_bytes());
    request.resize(20, 0);
    request.extend(argument);
    // chronyd does not answer what is shorter than the answer.
    request.resize(400, 0);
    request
}

fn ask(request: Vec<u8>, client: &UnixDatagram) -> Result<Vec<u8>> {
    client.send(&request)?;
    let mut reply = vec![0; 1024];
    let length = client.recv(&mut reply)?;
    reply.truncate(length);
    Ok(reply)
}

fn append(input: &mut Vec<u8>, reply: &[u8]) -> Result<()> {
    input.extend(u16::try_from(reply.len())?.to_le_bytes());
    input.extend(reply);
    Ok(())
}

const ADDRESSES: [&str; 22] = [
    "",
    "/run/chrony/chronyd.sock",
    "/a/b",
    "//",
    "relative/sock",
    "192.0.2.1",
    "192.0.2.1:323",
    "192.0.2.1:65535",
    "192.0.2.1:65536",
    "192.0.2.1:",
    "192.0.2.01",
    "2001:db8::1",
    "[2001:db8::1]",
    "[2001:db8::1]:323",
    "[::1",
    "[]",
    "[]:1",
    "::ffff:192.0.2.1",
    "fe80::1%lo",
    "[fe80::1%lo]:11323",
    "time.example.net:323",
    "a_b-c.example.",
];

const REQUESTS: [&str; 31] = [
    "GET /\nhost: localhost",
    "HEAD /\nhost: 127.0.0.1:8000",
    "GET /health\nhost: [::1]:8000",
    "GET /api/v1/snapshot\nhost: localhost",
    "GET /api/v1/tracking?x=<script>\nhost: localhost",
    "GET /api/v1/rtcdata\nhost: localhost\naccept: text/html",
    "GET /api/v1/nothing\nhost: localhost",
    "GET /api\nhost: localhost",
    "POST /\nhost: localhost\ncontent-length: 5",
    "DELETE /api/v1/sources\nhost: localhost",
    "GET /static/page.css\nhost: localhost",
    "GET /static/..%2f..%2fetc%2fpasswd\nhost: localhost",
    "GET /%00%0a%1b[2J\nhost: localhost",
    "GET /\nhost: \"><b>example",
    "GET /\nhost: localhost\nhost: example.net",
    "GET http://example.net/api/v1/tracking\nhost: localhost",
    "GET /api/v1/stream\nhost: localhost",
    "HEAD /live\nhost: localhost",
    "GET /?live=7&x=y\nhost: localhost\naccept-encoding: br, gzip;q=0.5",
    "GET /live\nhost: localhost\nlast-event-id: 7",
    "GET /?range=day\nhost: localhost",
    "GET /sources/192.0.2.11?range=all\nhost: localhost",
    "GET /sources/%5b2001:db8::1%5d\nhost: localhost",
    "GET /sources/PPS?live=1\nhost: localhost",
    "GET /api/v1/clients\nhost: localhost",
    "GET /api/v1/history\nhost: localhost",
    "GET /api/v1/history?series=offset,frequency,sources/192.0.2.11/reach&from=-1h&to=now&points=60\nhost: localhost",
    "GET /api/v1/history?from=2026-11-22T05:00:00Z&to=2026-11-22T06:00:00.5Z&points=5000\nhost: localhost",
    "GET /api/v1/history?from=-584542046090y&points=1&points=2\nhost: localhost",
    "GET /api/v1/openapi.json\nhost: localhost\naccept-encoding: gzip",
    "GET /health/sync\nhost: localhost",
];
