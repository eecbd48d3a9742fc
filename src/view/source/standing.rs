//! How a source stands, in a sentence, and what to do.

use libchrony::{ErrorKind, Joined, ReportName, SelectState, Snapshot, SourceMode, SourceState};
use serde::Serialize;

use crate::view::cause;
use crate::view::format;
use crate::view::sources::{is_unresolved, reason};
use crate::view::step::Step;

/// How a source stands.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Standing {
    /// The class in CSS: `good`, `plain`, `warning` or `bad`.
    pub(crate) tone: &'static str,
    pub(crate) sentence: String,
    /// What its last sample said, in a sentence.
    pub(crate) sample: String,
    pub(crate) steps: Vec<Step>,
}

pub(crate) fn standing(joined: &Joined<'_>, snapshot: &Snapshot) -> Standing {
    let (tone, sentence, steps) = judged(joined, snapshot);
    Standing { tone, sentence, sample: sample(joined), steps }
}

type Judged = (&'static str, String, Vec<Step>);

fn judged(joined: &Joined<'_>, snapshot: &Snapshot) -> Judged {
    let why = joined.select.and_then(|select| reason(select.state));
    match joined.source.state {
        SourceState::Selected => {
            ("good", "This source is selected: the clock follows it.".to_owned(), Vec::new())
        }
        SourceState::Unselected => (
            "good",
            "This source is combined: its measurements are used together with the selected one's."
                .to_owned(),
            Vec::new(),
        ),
        SourceState::Selectable => {
            let why = why.map_or_else(String::new, |why| format!(": {why}"));
            ("plain", format!("This source is good, and not used now{why}."), Vec::new())
        }
        SourceState::Falseticker => (
            "bad",
            "A falseticker: its time disagrees with the majority, and chronyd ignores it."
                .to_owned(),
            falseticker(),
        ),
        SourceState::Jittery => (
            "warning",
            "This source is too variable: its measurements scatter too much to be used.".to_owned(),
            vec![Step::new(
                "Look for a crowded network on the way, or take a steadier or nearer source in its place; maxjitter in chrony.conf sets the limit.",
            )],
        ),
        SourceState::Nonselectable => nonselectable(joined, snapshot),
        _ => (
            "warning",
            "This source is in a state that this version of the dashboard does not know."
                .to_owned(),
            vec![Step::new("See what chronyc says of it:").line("chronyc -n sources -v")],
        ),
    }
}

fn nonselectable(joined: &Joined<'_>, snapshot: &Snapshot) -> Judged {
    let source = joined.source;
    if is_unresolved(source) {
        let sentence = "This source cannot be asked: its name has no address yet.";
        return ("warning", sentence.to_owned(), cause::resolve());
    }
    if !source.is_reachable() {
        let sentence = match source.last_sample_ago {
            None => "This source has not answered yet.",
            Some(_) => "This source is unreachable: none of the last 8 polls was answered.",
        };
        return ("bad", sentence.to_owned(), unreachable(joined));
    }
    let state = joined.select.map(|select| select.state);
    if state == Some(SelectState::Ignored) {
        let sentence = "This source is measured and never selected: it has the noselect option.";
        return ("plain", sentence.to_owned(), Vec::new());
    }
    match state.and_then(reason) {
        Some(why) => (
            "warning",
            format!("This source answers, but cannot be used now: {why}."),
            state.map(unusable).into_iter().collect(),
        ),
        None => (
            "warning",
            "This source answers, but cannot be used now.".to_owned(),
            vec![hidden(snapshot)],
        ),
    }
}

fn falseticker() -> Vec<Step> {
    vec![
        Step::new("See how far its interval lies from those of the others:")
            .line("sudo chronyc selectdata"),
        Step::new(
            "If it stays wrong, ask who runs it, or take another source in its place in chrony.conf.",
        ),
        Step::new(
            "If you know that it is right and the others are wrong, give it the option trust in chrony.conf.",
        ),
    ]
}

fn unreachable(joined: &Joined<'_>) -> Vec<Step> {
    let source = joined.source;
    let log = Step::new("See what chronyd logged:")
        .lines("journalctl -u chrony -n 30", "journalctl -u chronyd -n 30");
    match (source.mode, source.address.ip()) {
        (SourceMode::Refclock, _) => vec![
            Step::new(
                "See that the refclock line in chrony.conf names the right device, that chronyd may read it, and that the program which feeds it runs (for SHM and SOCK, as gpsd).",
            ),
            log,
        ],
        (_, Some(ip)) => vec![
            Step::new(
                "Ask it once by hand, without changing the clock. If it does not answer, look at the network, at its address, and at UDP port 123 in the firewalls on the way:",
            )
            .line(format!("sudo chronyd -Q -t 10 'server {ip} iburst maxsamples 1'")),
            log,
        ],
        _ => vec![log],
    }
}

/// What helps a source that answers and cannot be used.
fn unusable(state: SelectState) -> Step {
    match state {
        SelectState::MissingSamples => Step::new(
            "Wait a few polls and read again. The option iburst makes the first samples come within seconds.",
        ),
        SelectState::NotSynchronized => {
            Step::new("Correct the clock of that server, or take another in its place.")
        }
        SelectState::UnacceptableDistance => Step::new(
            "Take a source that is nearer in the network or better synchronized; maxdistance in chrony.conf sets the limit.",
        ),
        SelectState::MissingSelectableSources => {
            Step::new("Add sources, or lower minsources in chrony.conf.")
        }
        SelectState::UnacceptableStratum => Step::new(
            "Take a source nearer to a reference clock; maxstratum and the like in chrony.conf set the limit.",
        ),
        _ => Step::new("Wait a few polls and read again; the selection below says more.")
            .line("sudo chronyc selectdata"),
    }
}

/// The reason stands in selection data, which is not given or says no more.
fn hidden(snapshot: &Snapshot) -> Step {
    let error = snapshot.unavailable.get(&ReportName::SelectData);
    let is_refused = error.is_some_and(|error| error.kind() == ErrorKind::NotAuthorized);
    let text = if is_refused {
        "chronyd's selection data says why, and is not given over this connection. On that machine:"
    } else {
        "chronyd's selection data says why:"
    };
    Step::new(text).line("sudo chronyc selectdata")
}

/// `At its last sample, 12 s ago, this clock was 58.00 µs ahead of it, ± 4.257 ms.`
fn sample(joined: &Joined<'_>) -> String {
    let source = joined.source;
    let (Some(age), Some(offset)) = (source.last_sample_ago, source.latest_meas) else {
        return "It has not been measured yet.".to_owned();
    };
    let stands = match offset {
        offset if offset > 0.0 => format!("{} ahead of it", format::measure(offset)),
        offset if offset < 0.0 => format!("{} behind it", format::measure(offset)),
        _ => "exactly with it".to_owned(),
    };
    let error = source.latest_meas_err.map(|error| format!(", \u{b1} {}", format::measure(error)));
    let age = format::ago(f64::from(age));
    format!("At its last sample, {age}, this clock was {stands}{}.", error.unwrap_or_default())
}
