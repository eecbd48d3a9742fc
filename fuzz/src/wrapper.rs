//! A simulated chronyd that says what the input says, read by the wrapper over a real socket: no
//! panic, no hang, and every error says what to do.

use std::cell::OnceCell;
use std::time::{Duration, Instant};

use arbitrary::{Result, Unstructured};
use libchrony::testing::{Scenario, Simulator};
use libchrony::{Connection, Error, Snapshot};

use crate::script;

/// What one call may take.
const LIMIT: Duration = Duration::from_millis(80);
/// What all the calls of an input may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

thread_local! {
    static CHRONYD: OnceCell<[Simulator; 2]> = const { OnceCell::new() };
}

/// See the module.
pub fn run(data: &[u8]) {
    // An input that is too short for a scenario says nothing.
    let _ = try_run(&mut Unstructured::new(data));
}

fn try_run(input: &mut Unstructured<'_>) -> Result<()> {
    let (which, call) = (input.arbitrary::<bool>()?, input.arbitrary::<u8>()?);
    let scenario = script::scenario(input)?;
    let faults = script::faults(input)?;
    CHRONYD.with(|chronyd| {
        let [unix, udp] = chronyd.get_or_init(|| {
            let scenario = Scenario::synchronized();
            [Simulator::start_unix(scenario.clone()), Simulator::start_udp(scenario)]
                .map(|simulator| simulator.expect("a simulated chronyd"))
        });
        let chronyd = if which { unix } else { udp };
        chronyd.set(scenario);
        chronyd.script([faults]);
        let start = Instant::now();
        read(&chronyd.address(), call);
        chronyd.script([]);
        assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    });
    Ok(())
}

fn read(address: &str, call: u8) {
    let mut chronyd = Connection::builder()
        .address(address.parse().expect("a simulated chronyd has an address"))
        .timeout(Duration::from_millis(10))
        .attempts(1)
        .limit(LIMIT)
        .build();
    match call % 12 {
        0 => check(chronyd.tracking().map(drop)),
        1 => check(chronyd.sources().map(|list| list.odd().iter().for_each(explained))),
        2 => check(chronyd.source_stats().map(|list| list.odd().iter().for_each(explained))),
        3 => check(chronyd.select_data().map(|list| list.odd().iter().for_each(explained))),
        4 => check(chronyd.activity().map(drop)),
        5 => check(chronyd.auth_data().map(|list| list.odd().iter().for_each(explained))),
        6 => check(chronyd.ntp_data().map(|list| list.odd().iter().for_each(explained))),
        7 => check(chronyd.server_stats().map(drop)),
        8 => check(chronyd.rtc_data().map(drop)),
        9 => check(chronyd.smoothing().map(drop)),
        10 => ["sources", "ntpdata", "serverstats", "no such report"]
            .into_iter()
            .for_each(|name| check(chronyd.report(name).map(drop))),
        _ => check(chronyd.snapshot().map(|snapshot| whole(&snapshot))),
    }
}

fn whole(snapshot: &Snapshot) {
    let sources = snapshot.sources.as_ref().map_or(0, Vec::len);
    assert!(snapshot.joined().len() <= sources);
    snapshot.unavailable.values().chain(&snapshot.odd_records).for_each(explained);
    let json = serde_json::to_string(snapshot).expect("a snapshot is JSON");
    assert!(!json.contains(char::is_control), "{json}");
}

fn check(result: std::result::Result<(), Error>) {
    if let Err(error) = result {
        explained(&error);
    }
}

fn explained(error: &Error) {
    for text in [error.to_string().as_str(), error.hint()] {
        assert!(!text.is_empty() && !text.contains(char::is_control), "{error:?}");
    }
}
