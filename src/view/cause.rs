//! Why a clock follows no source, found in the data, and what to do about it.

use libchrony::{ErrorKind, Joined, ReportName, SelectState, Snapshot, SourceState};

use crate::view::format;
use crate::view::sources::{is_unresolved, reason};
use crate::view::step::{self, Step};

/// The likely cause and the next step.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) reason: String,
    pub(crate) steps: Vec<Step>,
}

/// The likely cause why no source is followed.
pub(crate) fn cause(snapshot: &Snapshot) -> Cause {
    let Some(sources) = &snapshot.sources else {
        return sources_hidden(snapshot);
    };
    let all = sources.len();
    let joined = snapshot.joined();
    let number = |state| sources.iter().filter(|source| source.state == state).count();
    if all == 0 {
        return none_configured(snapshot);
    }
    if number(SourceState::Selected) > 0 {
        return Cause {
            reason: "A source has just been selected; the clock is about to be updated.".to_owned(),
            steps: vec![read_again()],
        };
    }
    let falsetickers = number(SourceState::Falseticker);
    if falsetickers > 0 {
        return disagreement(falsetickers, all);
    }
    if sources.iter().all(is_unresolved) {
        return unresolved();
    }
    if let Some(activity) = snapshot.activity.as_ref()
        && activity.online_sources == 0
        && activity.burst_online_return_sources == 0
        && activity.offline_sources > 0
    {
        return offline(all);
    }
    if !sources.iter().any(|source| source.is_reachable()) {
        return unreachable(snapshot, all);
    }
    let reachable: Vec<_> =
        joined.into_iter().filter(|joined| joined.source.is_reachable()).collect();
    if number(SourceState::Jittery) > 0 {
        return Cause {
            reason: format!(
                "The measurements scatter too much: {} too variable.",
                are(number(SourceState::Jittery), all)
            ),
            steps: vec![Step::new(
                "Add steadier or nearer sources, or look for a crowded network on the way; maxjitter in chrony.conf sets the limit.",
            )],
        };
    }
    if collecting(&reachable) {
        return Cause {
            reason: format!(
                "chronyd is still collecting samples: {}, and it needs at least 3 of each.",
                answered(reachable.len(), all)
            ),
            steps: vec![Step::new(
                "Wait a few polls and read again. The option iburst makes the first samples come within seconds.",
            )],
        };
    }
    unusable(snapshot, &reachable, all)
}

fn read_again() -> Step {
    Step::new("Wait a moment and read again.")
}

/// `2 of 3 sources are`, `1 of 1 sources is`.
fn are(number: usize, all: usize) -> String {
    let verb = if number == 1 { "is" } else { "are" };
    format!("{number} of {} {verb}", format::counted(all, "source", "sources"))
}

fn answered(number: usize, all: usize) -> String {
    let verb = if number == 1 { "answers" } else { "answer" };
    format!("{number} of {} {verb}", format::counted(all, "source", "sources"))
}

fn sources_hidden(snapshot: &Snapshot) -> Cause {
    let error = snapshot.unavailable.get(&ReportName::Sources);
    Cause {
        reason: match error {
            Some(error) => format!(
                "Why is not known, as the sources could not be read: {}.",
                format::error(error)
            ),
            None => "Why is not known, as the sources could not be read.".to_owned(),
        },
        steps: error.map(|error| Step::new(error.hint())).into_iter().collect(),
    }
}

fn none_configured(snapshot: &Snapshot) -> Cause {
    let unresolved = snapshot.activity.as_ref().map_or(0, |activity| activity.unresolved_sources);
    if unresolved > 0 {
        return self::unresolved();
    }
    Cause {
        reason: "No sources are configured: chronyd has nobody to ask for the time.".to_owned(),
        steps: vec![step::add_source(), step::restart()],
    }
}

fn unresolved() -> Cause {
    Cause {
        reason: "The names of the sources have no address yet: chronyd could not resolve them."
            .to_owned(),
        steps: resolve(),
    }
}

/// What to do about names without an address.
pub(crate) fn resolve() -> Vec<Step> {
    vec![
        Step::new("See whether this machine resolves names, and correct its DNS or the name in chrony.conf:")
            .line("getent hosts time.example.net"),
        Step::new("chronyd tries again by itself; this makes it try now:")
            .line("sudo chronyc refresh"),
    ]
}

fn offline(all: usize) -> Cause {
    Cause {
        reason: format!("chronyd was told that the network is down: {} offline.", are(all, all)),
        steps: vec![Step::new("If the network is up, tell chronyd:").line("sudo chronyc online")],
    }
}

fn disagreement(falsetickers: usize, all: usize) -> Cause {
    let plural = if falsetickers == 1 { "a falseticker" } else { "falsetickers" };
    Cause {
        reason: format!(
            "The sources disagree: {} {plural}, and no majority agrees.",
            are(falsetickers, all)
        ),
        steps: vec![
            Step::new(
                "Compare the offsets in the table of sources: those that agree are more likely right. Take the wrong ones out of chrony.conf.",
            ),
            Step::new(
                "Configure four sources or more, so that a majority can outvote a wrong one.",
            ),
        ],
    }
}

fn unreachable(snapshot: &Snapshot, all: usize) -> Cause {
    let sources = snapshot.sources.as_deref().unwrap_or_default();
    let ever = sources.iter().any(|source| source.last_sample_ago.is_some());
    let since = if ever { "now" } else { "yet" };
    Cause {
        reason: match all {
            1 => {
                format!("No source is reachable: the only one configured has not answered {since}.")
            }
            _ => format!(
                "No source is reachable: none of the {all} configured has answered {since}."
            ),
        },
        steps: vec![
            Step::new("If chronyd was started just now, wait half a minute and read again."),
            Step::new(
                "See that the network is up, that the names and addresses are right, and that no firewall stops NTP (UDP port 123) on the way out and back.",
            ),
            Step::new("See what chronyd logged:")
                .lines("journalctl -u chrony -n 30", "journalctl -u chronyd -n 30"),
        ],
    }
}

/// Whether every source that answers and is not excluded by option lacks samples.
fn collecting(reachable: &[Joined<'_>]) -> bool {
    let mut candidates = reachable
        .iter()
        .filter(|joined| joined.select.is_none_or(|select| select.state != SelectState::Ignored))
        .peekable();
    candidates.peek().is_some()
        && candidates.all(|joined| match (joined.select, joined.stats) {
            (Some(select), _) => select.state == SelectState::MissingSamples,
            (None, Some(stats)) => !stats.has_enough_samples(),
            (None, None) => false,
        })
}

fn unusable(snapshot: &Snapshot, reachable: &[Joined<'_>], all: usize) -> Cause {
    let states: Vec<_> =
        reachable.iter().filter_map(|joined| joined.select).map(|select| select.state).collect();
    let start = format!("{}, but none is usable", answered(reachable.len(), all));
    let every = |state| !states.is_empty() && states.iter().all(|other| *other == state);
    if every(SelectState::Ignored) {
        return Cause {
            reason: format!(
                "{start}: all have the noselect option, so chronyd never follows them."
            ),
            steps: vec![Step::new(
                "Take noselect away from a source in chrony.conf, or add one without it.",
            )],
        };
    }
    if every(SelectState::NotSynchronized) {
        return Cause {
            reason: format!("{start}: they say that they are not synchronized themselves."),
            steps: vec![Step::new("Correct the clocks of those servers, or add other sources.")],
        };
    }
    if states.contains(&SelectState::MissingSelectableSources) {
        return Cause {
            reason: format!(
                "{start}: fewer sources agree than minsources in chrony.conf asks for."
            ),
            steps: vec![Step::new("Add sources, or lower minsources in chrony.conf.")],
        };
    }
    match states.iter().find_map(|state| reason(*state)) {
        Some(reason) => Cause {
            reason: format!("{start}: the first {reason}."),
            steps: vec![Step::new("The table of sources says for each why it is not used.")],
        },
        None => hidden_reason(snapshot, start),
    }
}

/// The reason stands in selection data, which is not given here.
fn hidden_reason(snapshot: &Snapshot, start: String) -> Cause {
    let error = snapshot.unavailable.get(&ReportName::SelectData);
    let hidden = error.is_some_and(|error| error.kind() == ErrorKind::NotAuthorized);
    let text = if hidden {
        "chronyd's selection data says why, and is not given over this connection. On that machine:"
    } else {
        "chronyd's selection data says why:"
    };
    Cause {
        reason: format!("{start}."),
        steps: vec![Step::new(text).line("sudo chronyc selectdata")],
    }
}

#[cfg(test)]
mod tests {
    use libchrony::testing::{Address, Scenario, Source as Simulated};

    use super::*;
    use crate::view::samples::{read, read_udp, without_reference};

    fn server(last: u8) -> Simulated {
        Simulated::server(Address::V4([192, 0, 2, last].into()))
    }

    fn reason_of(snapshot: &Snapshot) -> String {
        let cause = cause(snapshot);
        assert!(!cause.steps.is_empty(), "no next step: {}", cause.reason);
        cause.reason
    }

    #[test]
    fn no_sources_configured() {
        let cause = cause(&read(Scenario::no_sources()));
        assert!(cause.reason.starts_with("No sources are configured"), "{}", cause.reason);
        assert!(cause.steps[0].lines[0].code.contains("pool pool.ntp.org iburst"));
        assert_eq!(cause.steps[1], step::restart());
    }

    #[test]
    fn no_source_reachable() {
        let reason = reason_of(&read(Scenario::only_unreachable()));
        assert_eq!(reason, "No source is reachable: none of the 2 configured has answered yet.");
        let mut silent = server(1).with_state(Simulated::NONSELECTABLE);
        silent.reachability = 0;
        let reason = reason_of(&without_reference(vec![silent]));
        assert_eq!(reason, "No source is reachable: the only one configured has not answered now.");
    }

    #[test]
    fn sources_disagree() {
        let liars = [1, 2].map(|last| server(last).with_state(Simulated::FALSETICKER));
        let reason = reason_of(&without_reference(liars.into()));
        assert!(reason.starts_with("The sources disagree: 2 of 2 sources are falsetickers"));
        let mixed = vec![
            server(1).with_state(Simulated::FALSETICKER),
            Simulated::unreachable(Address::V4([192, 0, 2, 9].into())),
        ];
        let reason = reason_of(&without_reference(mixed));
        assert!(
            reason.starts_with("The sources disagree: 1 of 2 sources is a falseticker"),
            "{reason}"
        );
    }

    #[test]
    fn still_collecting_samples_also_where_selection_data_is_not_given() {
        for snapshot in [read(Scenario::unsynchronized()), read_udp(Scenario::unsynchronized())] {
            let reason = reason_of(&snapshot);
            assert!(reason.starts_with("chronyd is still collecting samples: 3 of 3"), "{reason}");
        }
    }

    #[test]
    fn only_noselect_sources() {
        let sources =
            [1, 2].map(|last| server(last).with_options(1).with_state(Simulated::NONSELECTABLE));
        let reason = reason_of(&without_reference(sources.into()));
        assert!(
            reason.contains("2 of 2 sources answer") && reason.contains("noselect"),
            "{reason}"
        );
    }

    #[test]
    fn names_not_resolved() {
        let sources = vec![Simulated::unresolved(1, "lost.example.net")];
        let reason = reason_of(&without_reference(sources));
        assert!(reason.contains("could not resolve"), "{reason}");
    }

    #[test]
    fn network_down_by_command() {
        let mut snapshot = read(Scenario::only_unreachable());
        let activity = snapshot.activity.as_mut().unwrap();
        (activity.online_sources, activity.offline_sources) = (0, 2);
        let cause = cause(&snapshot);
        assert!(cause.reason.contains("2 of 2 sources are offline"), "{}", cause.reason);
        assert_eq!(cause.steps[0].lines[0].code, "sudo chronyc online");
    }

    #[test]
    fn too_variable_sources() {
        let reason = reason_of(&without_reference(vec![server(1).with_state(Simulated::JITTERY)]));
        assert!(reason.contains("1 of 1 source is too variable"), "{reason}");
    }

    #[test]
    fn a_source_selected_a_moment_ago() {
        let reason = reason_of(&without_reference(vec![server(1).with_state(Simulated::SELECTED)]));
        assert!(reason.contains("just been selected"), "{reason}");
    }

    #[test]
    fn each_reason_of_the_selection_is_given_in_words() {
        for (letter, words) in
            [(b's', "not synchronized themselves"), (b'W', "minsources"), (b'd', "maxdistance")]
        {
            let mut source = server(1).with_state(Simulated::NONSELECTABLE);
            source.select.state = letter;
            let reason = reason_of(&without_reference(vec![source]));
            assert!(reason.contains(words), "{reason}");
        }
    }

    #[test]
    fn a_reason_that_udp_hides_names_the_command_that_shows_it() {
        let source = server(1).with_state(Simulated::NONSELECTABLE);
        let cause = cause(&read_udp(Scenario { sources: vec![source], ..Scenario::default() }));
        assert!(cause.steps[0].text.contains("not given over this connection"));
        assert_eq!(cause.steps[0].lines[0].code, "sudo chronyc selectdata");
    }
}
