//! The doctor: ordered checks of the clock, each with its result, the reason and the next step.

use std::time::SystemTime;

use libchrony::{Snapshot, Source, SourceState};
use serde::Serialize;

use crate::view::figure::Health;
use crate::view::format;
use crate::view::reference::{self, Following};
use crate::view::step::{self, Step};
use crate::view::threshold::{self, Threshold};

/// chronyd can outvote a liar from so many sources on.
const ENOUGH_SOURCES: usize = 3;

/// The checks, or why there are none.
#[derive(Debug, Serialize)]
pub(crate) struct DoctorView {
    /// Why nothing was checked.
    pub(crate) missing: Option<&'static str>,
    /// How the checks ended, in a sentence.
    pub(crate) summary: String,
    pub(crate) checks: Vec<Check>,
}

/// One check.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    /// What is asked.
    pub(crate) question: &'static str,
    pub(crate) result: Outcome,
    /// What the result rests on.
    pub(crate) reason: String,
    pub(crate) steps: Vec<Step>,
}

/// How a check ended: a class in CSS, a mark and a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Outcome {
    pub(crate) class: &'static str,
    pub(crate) mark: &'static str,
    pub(crate) word: &'static str,
}

const PASSED: Outcome = Outcome { class: "good", mark: "\u{2713}", word: "yes" };
const DOUBTFUL: Outcome = Outcome { class: "warning", mark: "!", word: "look" };
const FAILED: Outcome = Outcome { class: "bad", mark: "\u{2715}", word: "no" };
const UNTOLD: Outcome = Outcome { class: "plain", mark: "?", word: "not known" };
/// Not so, and no fault.
const OPTIONAL: Outcome = Outcome { class: "plain", mark: "\u{2013}", word: "no, and optional" };

impl From<Health> for Outcome {
    fn from(health: Health) -> Self {
        match health {
            Health::Bad => FAILED,
            Health::Warning => DOUBTFUL,
            Health::Good => PASSED,
            Health::Plain | Health::Missing => UNTOLD,
        }
    }
}

/// The checks of a reading made at `now`.
pub(crate) fn doctor(snapshot: Option<&Snapshot>, now: SystemTime) -> DoctorView {
    let Some(snapshot) = snapshot else {
        return DoctorView {
            missing: Some(
                "Nothing could be checked: chronyd gave no data. The top of the page says why.",
            ),
            summary: String::new(),
            checks: Vec::new(),
        };
    };
    let checks = vec![
        reachable(snapshot),
        enough(snapshot),
        agree(snapshot),
        follows(snapshot),
        updated(snapshot, now),
        error_bound(snapshot),
        frequency(snapshot),
        authenticated(snapshot),
    ];
    let of = |outcome| checks.iter().filter(|check| check.result == outcome).count();
    let summary = match (of(FAILED), of(DOUBTFUL), of(UNTOLD)) {
        (0, 0, 0) if of(PASSED) == checks.len() => "All passed.".to_owned(),
        (failed, doubtful, untold) => {
            let parts = [(failed, "failed"), (doubtful, "worth a look"), (untold, "not known")];
            let parts = [(of(PASSED), "passed")].into_iter().chain(parts);
            let words = parts.filter(|(number, _)| *number > 0);
            let words: Vec<_> = words.map(|(number, word)| format!("{number} {word}")).collect();
            format!("{}.", words.join(", "))
        }
    };
    DoctorView { missing: None, summary, checks }
}

fn check(question: &'static str, result: Outcome, reason: impl Into<String>) -> Check {
    Check { question, result, reason: reason.into(), steps: Vec::new() }
}

impl Check {
    /// What to do, where it did not pass.
    fn then(mut self, steps: impl FnOnce() -> Vec<Step>) -> Self {
        if self.result == FAILED || self.result == DOUBTFUL {
            self.steps = steps();
        }
        self
    }
}

fn sources_of(snapshot: &Snapshot) -> Option<&[Source]> {
    snapshot.sources.as_deref()
}

fn reachable(snapshot: &Snapshot) -> Check {
    let question = "Do the sources answer?";
    let Some(sources) = sources_of(snapshot) else {
        return check(question, UNTOLD, "The list of sources was not given.");
    };
    let answering = sources.iter().filter(|source| source.is_reachable()).count();
    let all = format::counted(sources.len(), "source", "sources");
    let (result, reason) = match (answering, sources.len()) {
        (_, 0) => (FAILED, "No sources are configured.".to_owned()),
        (0, _) => (FAILED, format!("Of {all}, none answers.")),
        (some, number) if some < number => (DOUBTFUL, format!("{some} of {all} answer.")),
        (_, 1) => (PASSED, "The only source answers.".to_owned()),
        (_, number) => (PASSED, format!("All {number} sources answer.")),
    };
    check(question, result, reason).then(|| match sources.len() {
        0 => vec![step::add_source()],
        _ => vec![
            Step::new("See which do not answer, and whether names, routes and UDP port 123 of the firewall are right:")
                .line("chronyc -n sources"),
        ],
    })
}

fn enough(snapshot: &Snapshot) -> Check {
    let question = "Are there enough to outvote a wrong one?";
    let Some(sources) = sources_of(snapshot) else {
        return check(question, UNTOLD, "The list of sources was not given.");
    };
    let answering = sources.iter().filter(|source| source.is_reachable()).count();
    let clock = sources.iter().any(|source| source.is_selected() && source.stratum == Some(0));
    let (result, reason) = match answering {
        _ if clock => (PASSED, "The clock follows a reference clock of its own.".to_owned()),
        0 => (FAILED, "No source answers.".to_owned()),
        1 => (DOUBTFUL, "One source answers: if it is wrong, so is this clock.".to_owned()),
        2 => (
            DOUBTFUL,
            "Two sources answer: if they disagree, neither can be told from a wrong one."
                .to_owned(),
        ),
        number => (PASSED, format!("{number} sources answer.")),
    };
    check(question, result, reason).then(|| {
        let mut step = step::add_source();
        step.text = format!("Have at least {ENOUGH_SOURCES} sources. {}", step.text);
        vec![step]
    })
}

fn agree(snapshot: &Snapshot) -> Check {
    let question = "Do they agree?";
    let Some(sources) = sources_of(snapshot) else {
        return check(question, UNTOLD, "The list of sources was not given.");
    };
    let false_ones = sources.iter().filter(|s| s.state == SourceState::Falseticker).count();
    let good = sources
        .iter()
        .filter(|source| {
            matches!(
                source.state,
                SourceState::Selected | SourceState::Unselected | SourceState::Selectable
            )
        })
        .count();
    let (result, reason) = match (good, false_ones) {
        (0, 0) => (UNTOLD, "No source is good enough yet to compare.".to_owned()),
        (1, 0) => (PASSED, "There is one good source and nobody to disagree.".to_owned()),
        (good, 0) => (PASSED, format!("All {good} good sources agree.")),
        (0, liars) => (
            FAILED,
            format!(
                "No majority agrees: {} each hold another time to be right.",
                format::counted(liars, "source", "sources")
            ),
        ),
        (good, liars) => (
            DOUBTFUL,
            format!(
                "{} against {} outvoted as wrong.",
                format::counted(good, "good source", "good sources"),
                format::counted(liars, "source", "sources")
            ),
        ),
    };
    check(question, result, reason).then(|| {
        vec![
            Step::new("Replace the source that is outvoted, or ask who runs it; the selection below shows how far it is off:")
                .line("sudo chronyc selectdata"),
        ]
    })
}

fn follows(snapshot: &Snapshot) -> Check {
    let question = "Does the clock follow the world?";
    let Some(tracking) = &snapshot.tracking else {
        return check(question, UNTOLD, "The tracking report was not given.");
    };
    let (result, reason) = match Following::of(tracking) {
        Following::Nothing => (FAILED, "It is not synchronized.".to_owned()),
        Following::Itself => (DOUBTFUL, "It follows only itself (local).".to_owned()),
        Following::Source if reference::is_lost(snapshot) => {
            (DOUBTFUL, "It runs on its last estimate: no source is selected now.".to_owned())
        }
        Following::Source => {
            let reference = reference::Reference::of(snapshot, tracking);
            (PASSED, format!("It follows {}.", reference.name))
        }
    };
    check(question, result, reason)
}

fn updated(snapshot: &Snapshot, now: SystemTime) -> Check {
    let question = "Was it updated within a few polls?";
    let time = snapshot.tracking.as_ref().and_then(|tracking| Some((tracking, tracking.ref_time?)));
    let Some((tracking, then)) = time else {
        return check(question, UNTOLD, "There was no update yet.");
    };
    if Following::of(tracking) != Following::Source {
        return check(question, UNTOLD, "There is no source to be updated by.");
    }
    let age = format::age(now, then);
    let threshold = threshold::last_update(reference::poll(snapshot, tracking));
    judged(question, age, threshold, format!("The last update was {}.", format::ago(age)))
        .then(|| vec![Step::new("See when each source last answered:").line("chronyc -n sources")])
}

fn error_bound(snapshot: &Snapshot) -> Check {
    let question = "Is the error bound small?";
    let tracking = snapshot.tracking.as_ref();
    let Some(tracking) = tracking.filter(|t| Following::of(t) == Following::Source) else {
        return check(question, UNTOLD, "There is no bound without a source.");
    };
    let error = tracking.max_error();
    let reason = format!("The clock is right to within {}.", format::bound(error));
    judged(question, error, threshold::MAX_ERROR, reason).then(|| {
        vec![Step::new(
            "Choose sources nearer in the network, or wait, where chronyd has just been started: the bound shrinks with every measurement.",
        )]
    })
}

fn frequency(snapshot: &Snapshot) -> Check {
    let question = "Does it run at a steady rate?";
    let tracking = snapshot.tracking.as_ref();
    let Some(tracking) = tracking.filter(|t| Following::of(t) == Following::Source) else {
        return check(question, UNTOLD, "Its rate is not measured without a source.");
    };
    let rate = judged(question, tracking.frequency, threshold::FREQUENCY, String::new());
    let skew = judged(question, tracking.skew, threshold::SKEW, String::new());
    let worse = if rank(skew.result) > rank(rate.result) { skew } else { rate };
    let reason = format!(
        "It would gain or lose {} uncorrected, known to within {}. {}",
        format::ppm_measure(tracking.frequency),
        format::ppm_measure(tracking.skew),
        worse.reason
    );
    check(question, worse.result, reason.trim()).then(|| {
        vec![Step::new(
            "A large frequency is a poor oscillator or a virtual machine whose host misleads it; a large skew shrinks with time, or the path to the source is uneven.",
        )]
    })
}

fn rank(outcome: Outcome) -> usize {
    [PASSED, UNTOLD, DOUBTFUL, FAILED].iter().position(|other| *other == outcome).unwrap_or(0)
}

fn authenticated(snapshot: &Snapshot) -> Check {
    let question = "Is the time protected on its way (NTS, keys)?";
    let Some(data) = &snapshot.authdata else {
        return check(question, UNTOLD, "This connection does not tell; see Access.");
    };
    let safe = data.iter().filter(|data| data.is_authenticated()).count();
    match (safe, data.len()) {
        (_, 0) => check(question, UNTOLD, "There are no NTP sources."),
        (0, _) => check(
            question,
            OPTIONAL,
            "No source is authenticated, which is usual; see Authentication.",
        ),
        (some, all) if some < all => {
            check(question, OPTIONAL, format!("{some} of {all} NTP sources are authenticated."))
        }
        (_, all) => check(
            question,
            PASSED,
            format!("{} authenticated.", format::counted(all, "NTP source is", "NTP sources are")),
        ),
    }
}

/// A check of one value against its limits.
fn judged(question: &'static str, value: f64, threshold: Threshold, reason: String) -> Check {
    let health = threshold.judge(value);
    let limit = threshold.passed(health).map(|passed| format!("That is {passed}."));
    let reason: Vec<_> = [Some(reason), limit].into_iter().flatten().collect();
    check(question, health.into(), reason.join(" ").trim())
}

#[cfg(test)]
mod tests {
    use libchrony::testing::{Address, Scenario, Source as Simulated, Time};

    use super::*;
    use crate::view::samples::{about, read, read_udp, without_reference};

    fn of(scenario: Scenario) -> Vec<(&'static str, String)> {
        let view = doctor(Some(&read(scenario)), about().read_at);
        view.checks.into_iter().map(|check| (check.result.word, check.reason)).collect()
    }

    fn words(scenario: Scenario) -> Vec<&'static str> {
        of(scenario).into_iter().map(|(word, _)| word).collect()
    }

    fn server(last: u8) -> Simulated {
        Simulated::server(Address::V4([192, 0, 2, last].into()))
    }

    #[test]
    fn a_healthy_clock_passes_all_but_what_is_not_known() {
        let scenario = Scenario::synchronized();
        assert_eq!(words(scenario)[..7], ["yes"; 7]);
        let summary = doctor(Some(&read(Scenario::synchronized())), about().read_at).summary;
        assert_eq!(summary, "7 passed.");
    }

    #[test]
    fn no_sources_fail_with_the_line_that_adds_one() {
        let view = doctor(Some(&read(Scenario::no_sources())), about().read_at);
        assert_eq!(view.checks[0].result, FAILED);
        assert!(view.checks[0].steps[0].lines[0].code.contains("server time.example.net"));
        assert_eq!(view.checks[3].result, FAILED);
    }

    #[test]
    fn few_silent_and_disagreeing_sources_are_told_apart() {
        let two = of(Scenario::with_sources(vec![
            server(1).with_state(Simulated::SELECTED),
            server(2).with_state(Simulated::COMBINED),
        ]));
        assert_eq!((two[0].0, two[1].0), ("yes", "look"));
        let silent = of(Scenario::only_unreachable());
        assert_eq!((silent[0].0, silent[1].0, silent[2].0), ("no", "no", "not known"));
        let outvoted = of(Scenario::falseticker());
        assert_eq!(
            outvoted[2],
            ("look", "3 good sources against 1 source outvoted as wrong.".to_owned())
        );
        let liars = [1, 2].map(|last| server(last).with_state(Simulated::FALSETICKER));
        let snapshot = without_reference(liars.into());
        let view = doctor(Some(&snapshot), about().read_at);
        assert_eq!(view.checks[2].result, FAILED);
        assert_eq!(view.checks[2].steps[0].lines[0].code, "sudo chronyc selectdata");
    }

    #[test]
    fn itself_age_error_and_rate_are_held_against_the_limits_of_the_page() {
        assert_eq!(words(Scenario::local())[3], "look");
        let mut scenario = Scenario::synchronized();
        scenario.tracking.reference_time = Time::seconds_ago(7_200);
        scenario.tracking.root_dispersion = 0.3;
        scenario.tracking.skew = 9.0;
        let checks = of(scenario);
        assert_eq!((checks[4].0, checks[5].0, checks[6].0), ("no", "no", "no"));
        assert!(checks[6].1.contains("above 5 ppm"), "{}", checks[6].1);
    }

    #[test]
    fn authentication_passes_where_all_have_it_and_is_not_known_over_udp() {
        let mut scenario = Scenario::synchronized();
        assert_eq!(words(scenario.clone())[7], "no, and optional");
        for source in &mut scenario.sources {
            source.auth.mode = 2;
        }
        assert_eq!(words(scenario)[7], "yes");
        let view = doctor(Some(&read_udp(Scenario::synchronized())), about().read_at);
        assert_eq!(view.checks[7].result, UNTOLD);
        assert!(doctor(None, about().read_at).missing.is_some());
    }
}
