//! How many sources are online.

use libchrony::{Activity, ReportName, Snapshot};
use serde::Serialize;

use crate::view::absence;
use crate::view::figure::{Figure, Health};
use crate::view::format;

/// Numbers of sources by their activity, or why they are not shown.
#[derive(Debug, Serialize)]
pub(crate) struct ActivityView {
    /// Why there are no values.
    pub(crate) missing: Option<String>,
    pub(crate) figures: Vec<Figure>,
}

pub(crate) fn activity(snapshot: Option<&Snapshot>) -> ActivityView {
    match snapshot.and_then(|snapshot| snapshot.activity.as_ref()) {
        Some(activity) => ActivityView { missing: None, figures: figures(activity) },
        None => {
            let missing = Some(absence(snapshot, ReportName::Activity));
            ActivityView { missing, figures: Vec::new() }
        }
    }
}

fn figures(activity: &Activity) -> Vec<Figure> {
    let bursts = u64::from(activity.burst_online_return_sources)
        + u64::from(activity.burst_offline_return_sources);
    // One that ought to be none is worth a look.
    let unwanted = |number: u32| if number == 0 { Health::Plain } else { Health::Warning };
    vec![
        Figure::new(
            "online_sources",
            "Online",
            format::count(activity.online_sources),
            "Sources that chronyd asks for the time.",
        ),
        Figure::new(
            "offline_sources",
            "Offline",
            format::count(activity.offline_sources),
            "Sources that chronyd does not ask, as it was told that the network is down. To ask them again: chronyc online.",
        )
        .health(unwanted(activity.offline_sources)),
        Figure::new(
            "burst_sources",
            "In a burst",
            format::count(bursts),
            "Sources that are asked several times in a row now, as after a start (iburst).",
        ),
        Figure::new(
            "unresolved_sources",
            "Name not resolved",
            format::count(activity.unresolved_sources),
            "Sources whose name has no address yet: a wrong name, or no name server that answers.",
        )
        .health(unwanted(activity.unresolved_sources)),
    ]
}

#[cfg(test)]
mod tests {
    use libchrony::testing::Scenario;

    use super::*;
    use crate::view::samples::read;

    #[test]
    fn sources_are_counted_and_those_not_asked_stand_out() {
        let mut snapshot = read(Scenario::synchronized());
        let numbers = snapshot.activity.as_mut().unwrap();
        (numbers.online_sources, numbers.offline_sources) = (3, 2);
        (numbers.burst_online_return_sources, numbers.burst_offline_return_sources) = (1, 4);
        numbers.unresolved_sources = 0;
        let view = activity(Some(&snapshot));
        let values: Vec<_> = view
            .figures
            .iter()
            .map(|figure| (figure.name, figure.value.as_str(), figure.health))
            .collect();
        assert_eq!(
            values,
            [
                ("online_sources", "3", Health::Plain),
                ("offline_sources", "2", Health::Warning),
                ("burst_sources", "5", Health::Plain),
                ("unresolved_sources", "0", Health::Plain),
            ]
        );
        assert!(activity(None).missing.is_some());
    }
}
