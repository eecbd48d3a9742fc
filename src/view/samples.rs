//! Readings for tests, made by the simulated chronyd.

use std::io;
use std::time::{Duration, SystemTime};

use libchrony::testing::{Fault, Scenario, Simulator, Source};
use libchrony::{Access, Address, Connection, Error, LeapStatus, Snapshot};

use crate::history::{Change, Event, Point, SourceHistory, SourceWindow, Window};
use crate::view::{About, Range, STEPS};

/// A reading over the Unix socket, which gives every report.
pub(crate) fn read(scenario: Scenario) -> Snapshot {
    of(&Simulator::start_unix(scenario).unwrap())
}

/// A reading over UDP, which gives fewer reports.
pub(crate) fn read_udp(scenario: Scenario) -> Snapshot {
    of(&Simulator::start_udp(scenario).unwrap())
}

/// A reading over the Unix socket of a chronyd with these faults.
pub(crate) fn read_with<const N: usize>(scenario: Scenario, faults: [Fault; N]) -> Snapshot {
    faulty(Simulator::start_unix(scenario), faults)
}

/// As above, over UDP.
pub(crate) fn read_udp_with<const N: usize>(scenario: Scenario, faults: [Fault; N]) -> Snapshot {
    faulty(Simulator::start_udp(scenario), faults)
}

fn faulty<const N: usize>(chronyd: io::Result<Simulator>, faults: [Fault; N]) -> Snapshot {
    let chronyd = chronyd.unwrap();
    chronyd.script(faults);
    of(&chronyd)
}

fn of(chronyd: &Simulator) -> Snapshot {
    let address: Address = chronyd.address().parse().unwrap();
    Connection::builder().address(address).build().snapshot().unwrap()
}

/// What the page says besides; read now.
pub(crate) fn about() -> About {
    About {
        host: "clock.example.net".to_owned(),
        address: "/run/chrony/chronyd.sock".to_owned(),
        version: "0.1.0",
        read_at: SystemTime::now(),
        range: Range::Hour,
    }
}

/// What the default search gives where chronyd does not run.
pub(crate) fn not_running() -> Error {
    let socket = Error::NotRunning {
        address: "/run/chrony/chronyd.sock".parse().unwrap(),
        source: io::Error::from_raw_os_error(2),
    };
    Error::NothingAnswered { tried: vec![socket, nobody("127.0.0.1"), nobody("::1")] }
}

/// What the default search gives where the socket is closed to this user, and UDP to all.
pub(crate) fn denied_and_udp_closed() -> Error {
    Error::NothingAnswered { tried: vec![denied(), nobody("127.0.0.1"), nobody("::1")] }
}

/// What the Unix socket alone gives to another user than chrony's.
pub(crate) fn denied() -> Error {
    Error::PermissionDenied {
        address: "/run/chrony/chronyd.sock".parse().unwrap(),
        access: Access::Directory,
        source: io::Error::from_raw_os_error(13),
    }
}

/// What a stopped chronyd gives.
pub(crate) fn timed_out() -> Error {
    Error::TimedOut {
        address: "127.0.0.1".parse().unwrap(),
        attempts: 3,
        waited: Duration::from_secs(3),
    }
}

fn nobody(address: &str) -> Error {
    Error::NobodyListens {
        address: address.parse().unwrap(),
        source: io::Error::from_raw_os_error(111),
    }
}

/// Each of these sources in the state it has, where none is selected: no reference.
pub(crate) fn without_reference(sources: Vec<Source>) -> Snapshot {
    read(Scenario { sources, ..Scenario::default() })
}

/// A history of so many seconds up to 2026-11-21 04:30:56 UTC with so many sources: noise, a while
/// without data, an outlier, and sources of which one is far off.
pub(crate) fn window(seconds: u64, sources: usize) -> Window {
    let to = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_235_456);
    let length = Duration::from_secs(seconds);
    let steps = STEPS;
    let mut noise = Noise(0x9e37_79b9);
    let mut series = |height: f64, waves: f64, jitter: f64, level: f64| -> Vec<Option<Point>> {
        let mut drift = 0.0;
        (0..steps)
            .map(|step| {
                let along = step as f64 / steps as f64;
                drift = drift * 0.9 + noise.next() * jitter;
                let mean = level + height * (along * waves * std::f64::consts::TAU).sin() + drift;
                let half = jitter * (1.0 + noise.next().abs());
                let given = !(steps * 5 / 9..steps * 5 / 9 + 8).contains(&step);
                given.then_some(Point { min: mean - half, mean, max: mean + half })
            })
            .collect()
    };
    let mut offset = series(3e-6, 2.3, 6e-7, 4e-7);
    if let Some(Some(point)) = offset.get_mut(steps / 4) {
        *point = Point { min: point.min, mean: point.mean, max: 2.1e-4 };
    }
    let each = (0..sources).map(|number| {
        let far = if number == 3 { 0.031 } else { 2e-5 * number as f64 };
        let sign = if number % 2 == 0 { 1.0 } else { -1.0 };
        SourceHistory {
            id: format!("source-{number}"),
            name: match number {
                0 => "time.example.net".to_owned(),
                1 => "ntp1.example.org".to_owned(),
                number => format!("192.0.2.{number}"),
            },
            offset: series(
                1e-5 * (number as f64 + 1.0),
                1.0 + number as f64 / 3.0,
                3e-6,
                far * sign,
            ),
        }
    });
    let sources = each.collect();
    let ago = |part: u32| to - length / 100 * part;
    let name = || "time.example.net".to_owned();
    Window {
        from: to - length,
        to,
        step: length / u32::try_from(steps).unwrap(),
        since: Some(to - length),
        offset,
        max_error: series(1.2e-4, 3.1, 4e-5, 1.4e-3),
        frequency: series(4e-3, 0.7, 6e-4, -12.346),
        skew: series(0.0, 1.0, 1e-4, 4e-3),
        sources,
        others: Vec::new(),
        events: [
            (99, Change::Began),
            (98, Change::Selected { before: None, now: Some(name()) }),
            (98, Change::Synchronized(true)),
            (80, Change::Stepped { seconds: 1.2 }),
            (70, Change::Falseticker { source: "192.0.2.3".to_owned(), is: true }),
            (45, Change::Lost { reason: "chronyd does not run".to_owned() }),
            (38, Change::Back),
            (20, Change::Unreachable { source: "192.0.2.4".to_owned() }),
            (9, Change::Leap { before: LeapStatus::Normal, now: LeapStatus::Insert }),
            (4, Change::Selected { before: Some(name()), now: Some("192.0.2.2".to_owned()) }),
        ]
        .map(|(part, change)| Event { at: ago(part), change })
        .into(),
    }
}

/// The same of a source that answered every poll and had no delay.
pub(crate) fn source_window(window: &Window) -> SourceWindow {
    let steps = window.offset.len();
    SourceWindow {
        from: window.from,
        to: window.to,
        step: window.step,
        since: window.since,
        name: "time.example.net".to_owned(),
        configured: true,
        offset: window.offset.clone(),
        error: window.max_error.clone(),
        reach: window.offset.iter().map(|point| point.map(|_| 0xff)).collect(),
        delay: vec![None; steps],
        events: window.events.clone(),
    }
}

/// Numbers from -1 to 1 that look random, the same each time.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        f64::from(self.0) / f64::from(u32::MAX) * 2.0 - 1.0
    }
}
