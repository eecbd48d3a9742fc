//! The simulated chronyd of `--demo`: a clock that drifts, and sources of every kind beside it.

use std::io;
use std::time::Duration;

use libchrony::testing::{Scenario, Simulator};

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
            scenario.sources.push(source);
        }
    }
    scenario
}

#[cfg(test)]
mod tests {
    use libchrony::testing::Source;

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
    }
}
