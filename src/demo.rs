//! The simulated chronyd of `--demo`: a clock that drifts, and sources of every kind beside it.

use std::io;
use std::time::Duration;

use libchrony::testing::{Address, Client, NEVER, Scenario, Simulator, Source};

/// Starts it; it ends and leaves nothing when it is dropped.
pub(crate) fn start() -> io::Result<Simulator> {
    Simulator::start_unix(scenario)
}

/// What it says so long after its start.
fn scenario(since: Duration) -> Scenario {
    let mut scenario = Scenario::drifting(since);
    let others = [Scenario::falseticker(), Scenario::only_unreachable()];
    for source in others.into_iter().flat_map(|other| other.sources) {
        // Each source stands once, and those that move are there already.
        if scenario.sources.iter().all(|listed| listed.address != source.address) {
            scenario.sources.push(named(source));
        }
    }
    scenario.clients = Some(clients(since));
    scenario
}

/// Most sources are configured by a name; one of IPv6 shows an address.
fn named(mut source: Source) -> Source {
    if let Address::V4(address) = source.address
        && source.name == address.to_string()
    {
        source.name = format!("ntp{}.example.org", address.octets()[3]);
    }
    source
}

/// Who asks, so that the sums are about those of the server statistics: seven requests a second, and
/// one in thirty seconds dropped.
fn clients(since: Duration) -> Vec<Client> {
    let seconds = u32::try_from(since.as_secs()).unwrap_or(u32::MAX);
    // The last part of the address, the log2 of the interval in seconds, and requests dropped.
    let machine = |last: u16, log: i8, drops: u32| {
        let interval = 1_u32 << log.clamp(0, 31);
        let asked = seconds / interval;
        Client {
            address: Address::V6([0x2001, 0xdb8, 0, 0x20, 0, 0, 0, last].into()),
            hits: [asked + 1, 0, 0],
            drops: [drops, 0, 0],
            intervals: [log, 127, 127],
            timeout_interval: if drops > 0 { 3 } else { 127 },
            last_hits_ago: [seconds % interval, NEVER, NEVER],
        }
    };
    let v4 = |last: u8, client: Client| Client {
        address: Address::V4([198, 51, 100, last].into()),
        ..client
    };
    let mut clients = vec![v4(7, machine(7, 0, seconds / 30))];
    clients.extend((21..29).map(|last| v4(last, machine(last.into(), 1, 0))));
    clients.extend((0x31..0x39).map(|last| machine(last, 2, 0)));
    clients.extend((0x41..0x47).map(|last| machine(last, 10, 0)));
    // With keys for authenticated time, and a tool that watches this chronyd.
    if let Some(client) = clients.get_mut(9) {
        (client.hits[1], client.last_hits_ago[1]) = (1, seconds);
    }
    clients.push(Client {
        address: Address::V4([127, 0, 0, 1].into()),
        hits: [0, 0, seconds.saturating_mul(2)],
        intervals: [127, 127, -1],
        last_hits_ago: [NEVER, NEVER, 0],
        ..Client::default()
    });
    clients
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scenario_moves_and_has_one_selected_source_and_a_falseticker() {
        let (early, late) = (scenario(Duration::from_secs(1)), scenario(Duration::from_secs(60)));
        assert_ne!(early.tracking.current_correction, late.tracking.current_correction);
        let with = |state| late.sources.iter().filter(|source| source.state == state).count();
        assert_eq!(with(Source::SELECTED), 1);
        assert!(with(Source::FALSETICKER) >= 1);
        let mut addresses: Vec<_> =
            late.sources.iter().map(|s| format!("{:?}", s.address)).collect();
        addresses.sort();
        let number = addresses.len();
        addresses.dedup();
        assert_eq!(addresses.len(), number, "a source stands twice");
        let names: Vec<_> = late.sources.iter().map(|source| source.name.as_str()).collect();
        assert!(names.contains(&"a.time.example.net") && names.contains(&"ntp21.example.org"));
    }

    #[test]
    fn the_clients_sum_up_to_what_was_served_as_far_as_is_seen() {
        let scenario = scenario(Duration::from_secs(6000));
        let clients = scenario.clients.unwrap_or_default();
        let sum = |part: fn(&Client) -> u32| clients.iter().map(part).map(u64::from).sum::<u64>();
        let served = scenario.serverstats;
        assert!(sum(|it| it.hits[0]).abs_diff(served.ntp_received) < served.ntp_received / 50);
        assert_eq!(sum(|it| it.drops[0]), served.ntp_dropped);
        assert_eq!(sum(|it| it.hits[2]), served.command_received);
    }
}
