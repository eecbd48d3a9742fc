//! Whole readings of a live server, simulated or real, and the replies that it gave.

use std::collections::BTreeMap;
use std::ffi::{CStr, c_int};
use std::fs::{self, Permissions};
use std::io;
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

use libchrony::testing::{Command, Generation, Scenario, Simulator};

use crate::api::Library;
use crate::pair::{Pair, Step};
use crate::tally::Tally;

/// How long a live server may take for a reply.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server that both libraries ask through one socket, so that both get the same answers.
pub(crate) enum Live {
    Udp(UdpSocket),
    Unix(UnixDatagram),
}

impl Live {
    pub(crate) fn udp(address: &str) -> io::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(address)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(Self::Udp(socket))
    }

    /// Its own socket is made at `own`, a path that the server can reach.
    pub(crate) fn unix(server: &Path, own: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::bind(own)?;
        fs::set_permissions(own, Permissions::from_mode(0o666))?;
        socket.connect(server)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(Self::Unix(socket))
    }

    /// The reply; a request without a sequence number gets one without.
    fn ask(&self, request: &[u8]) -> io::Result<Vec<u8>> {
        let mut buffer = vec![0; 4096];
        let length = match self {
            Self::Udp(socket) => {
                socket.send(request)?;
                socket.recv(&mut buffer)?
            }
            Self::Unix(socket) => {
                socket.send(request)?;
                socket.recv(&mut buffer)?
            }
        };
        buffer.truncate(length);
        Ok(buffer)
    }
}

/// The good replies seen, one of each report and layout: the key is command and reply code.
#[derive(Debug, Default)]
pub(crate) struct Harvest(pub(crate) BTreeMap<(u16, u16), Vec<Vec<u8>>>);

impl Harvest {
    /// Keeps a reply with data, the first few different ones of each layout; whether it is the first.
    fn keep(&mut self, reply: &[u8]) -> bool {
        const KEPT: usize = 3;
        let word = |at: usize| {
            reply.get(at..at + 2).map_or(0, |bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
        };
        if word(8) != 0 || word(6) == 1 {
            return false;
        }
        let kept = self.0.entry((word(4), word(6))).or_default();
        let first = kept.is_empty();
        if kept.len() < KEPT && !kept.iter().any(|other| other == reply) {
            kept.push(reply.to_vec());
        }
        first
    }
}

/// The names of the reports, in their order.
pub(crate) const REPORTS: [&CStr; 10] = [
    c"tracking",
    c"sources",
    c"sourcestats",
    c"selectdata",
    c"activity",
    c"authdata",
    c"ntpdata",
    c"serverstats",
    c"rtcdata",
    c"smoothing",
];

/// Reads every report of a server with both libraries, a conversation each, and one record too many.
///
/// An old server is silent where it does not know a command.
pub(crate) fn read(
    libraries: [&'static Library; 2],
    tally: &mut Tally,
    server: &str,
    live: &Live,
    generation: Generation,
    harvest: &mut Harvest,
) -> io::Result<()> {
    const MOST: c_int = 40;
    for report in REPORTS {
        let name = || format!("{report:?} of {server}");
        let mut pair = Pair::begin(libraries, tally, &name)?;
        pair.step(Step::Count(report));
        answer(&mut pair, live, generation, harvest)?;
        for record in 0..=pair.count().min(MOST) {
            pair.step(Step::Record(report, record));
            answer(&mut pair, live, generation, harvest)?;
        }
    }
    Ok(())
}

/// Brings the server's answers to both for as long as they await any.
fn answer(
    pair: &mut Pair<'_>,
    live: &Live,
    generation: Generation,
    harvest: &mut Harvest,
) -> io::Result<()> {
    while let Some(request) = pair.awaiting() {
        let command = Command(u16::from_be_bytes([request[4], request[5]]));
        if generation < Generation::V2_3 && !generation.knows(command) {
            pair.step(Step::Process);
            break;
        }
        let reply = live.ask(request)?;
        // All names of constants are compared once for each layout.
        if harvest.keep(&reply) {
            pair.step_thoroughly(Step::Reply(reply));
        } else {
            pair.step(Step::Reply(reply));
        }
    }
    Ok(())
}

/// Reads the simulated chronyd in every scenario and generation, over both transports.
pub(crate) fn simulated(
    libraries: [&'static Library; 2],
    tally: &mut Tally,
    harvest: &mut Harvest,
) -> io::Result<()> {
    let directory = tempfile::tempdir()?;
    let unix = Simulator::start_unix(Scenario::default())?;
    let udp = Simulator::start_udp(Scenario::default())?;
    let ways = [
        (&unix, Live::unix(Path::new(&unix.address()), &directory.path().join("own"))?),
        (&udp, Live::udp(&udp.address())?),
    ];
    for (name, scenario) in scenarios() {
        for generation in Generation::ALL {
            for (simulator, live) in &ways {
                simulator.set(Scenario { generation, ..scenario.clone() });
                let server = format!("{name} {generation:?} at {}", simulator.address());
                read(libraries, tally, &server, live, generation, harvest)?;
            }
        }
    }
    Ok(())
}

fn scenarios() -> Vec<(&'static str, Scenario)> {
    let unix_less = [Command::SERVERSTATS, Command::NTPDATA];
    let mut strange = Scenario::gps_and_pps();
    for source in &mut strange.sources {
        (source.poll, source.state, source.mode) = (-6, 77, source.mode);
        source.select.state = b'L';
    }
    vec![
        ("synchronized", Scenario::synchronized()),
        ("unsynchronized", Scenario::unsynchronized()),
        ("no sources", Scenario::no_sources()),
        ("only unreachable", Scenario::only_unreachable()),
        ("local", Scenario::local()),
        ("leap insert", Scenario::leap_insert()),
        ("leap delete", Scenario::leap_delete()),
        ("GPS and PPS", Scenario::gps_and_pps()),
        ("RTC", Scenario::rtc()),
        ("smoothing", Scenario::smoothing()),
        ("many sources", Scenario::many_sources(12)),
        ("NTS", Scenario::nts()),
        ("falseticker", Scenario::falseticker()),
        ("unresolved", Scenario::unresolved()),
        ("drifting", Scenario::drifting(Duration::from_secs(77))),
        ("strange", strange),
        ("more than there are", Scenario { count: Some(9), ..Scenario::nts() }),
        ("INT_MAX", Scenario { count: Some(0x7fff_ffff), ..Scenario::nts() }),
        ("INT_MAX + 1", Scenario { count: Some(0x8000_0000), ..Scenario::nts() }),
        (
            "opencommands",
            Scenario { opencommands: Some(unix_less.to_vec()), ..Scenario::synchronized() },
        ),
    ]
}
