//! The doctor: ordered checks of the clock, each with its result, the reason and the next step. The page
//! and `second-hand check` hold the same ones.

use std::time::SystemTime;

use libchrony::{AuthMode, Error, ReportName, Snapshot, Source, SourceState};
use serde::Serialize;

use crate::view::authdata;
use crate::view::cause::cause;
use crate::view::figure::Health;
use crate::view::format;
use crate::view::quorum::{self, Quorum};
use crate::view::reference::{self, Following};
use crate::view::step::{self, Step};
use crate::view::threshold::{self, Limits, Threshold};
use crate::view::trouble::trouble;

/// chronyd can outvote a liar from so many sources on.
const ENOUGH_SOURCES: usize = 3;

/// The checks.
#[derive(Debug, Serialize)]
pub(crate) struct DoctorView {
    /// Why there are no more of them.
    pub(crate) missing: Option<&'static str>,
    /// How the checks ended, in a sentence.
    pub(crate) summary: String,
    pub(crate) checks: Vec<Check>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

/// The checks of a reading made at `now`, as the page shows them.
pub(crate) fn doctor(
    reading: Result<&Snapshot, &Error>,
    now: SystemTime,
    limits: &Limits,
) -> DoctorView {
    let checks = checks(reading, now, limits);
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
    let missing = reading.is_err().then_some("The other checks wait for chronyd's data.");
    DoctorView { missing, summary, checks }
}

/// The checks of a reading made at `now`, in the order in which they are worth reading.
pub(crate) fn checks(
    reading: Result<&Snapshot, &Error>,
    now: SystemTime,
    limits: &Limits,
) -> Vec<Check> {
    let mut checks = vec![answers(reading)];
    if let Ok(snapshot) = reading {
        checks.extend([reachable(snapshot), enough(snapshot)]);
        checks.extend(as_many(snapshot, limits));
        checks.extend([
            agree(snapshot),
            follows(snapshot),
            updated(snapshot, now),
            error_bound(snapshot, limits),
        ]);
        checks.extend(stratum(snapshot, limits));
        checks.extend([frequency(snapshot), authenticated(snapshot)]);
    }
    checks
}

/// The first check that failed; where none did, the first that is worth a look.
pub(crate) fn worst(checks: &[Check]) -> Option<&Check> {
    let first = |outcome| checks.iter().find(|check| check.result == outcome);
    first(FAILED).or_else(|| first(DOUBTFUL))
}

fn check(question: &'static str, result: Outcome, reason: impl Into<String>) -> Check {
    Check { question, result, reason: reason.into(), steps: Vec::new() }
}

/// A check that needs a report which is not given.
fn hidden(question: &'static str, report: ReportName) -> Check {
    let reason = format!(
        "chronyd does not give the report {report} here; Access, on the dashboard, says how to have it."
    );
    check(question, UNTOLD, reason)
}

impl Check {
    pub(crate) fn has_failed(&self) -> bool {
        self.result == FAILED
    }

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

fn answers(reading: Result<&Snapshot, &Error>) -> Check {
    let question = "Does chronyd answer?";
    let error = match reading {
        Ok(snapshot) => match snapshot.unavailable.get(&ReportName::Tracking) {
            Some(error) if snapshot.tracking.is_none() => error,
            _ => return check(question, PASSED, "It tells the state of the clock."),
        },
        Err(error) => error,
    };
    let trouble = trouble(error);
    let reason = format!("{}. {}", trouble.sentence, trouble.reason);
    check(question, FAILED, reason).then(|| trouble.steps)
}

fn reachable(snapshot: &Snapshot) -> Check {
    let question = "Do the sources answer?";
    let Some(sources) = sources_of(snapshot) else {
        return hidden(question, ReportName::Sources);
    };
    let answering = quorum::answering(sources);
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
        return hidden(question, ReportName::Sources);
    };
    let answering = quorum::answering(sources);
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

/// Asked only where there is a limit.
fn as_many(snapshot: &Snapshot, limits: &Limits) -> Option<Check> {
    let question = "Do as many sources answer as must?";
    let quorum = Quorum::of(snapshot, limits)?;
    Some(check(question, quorum.health().into(), quorum.reason()).then(|| {
        let step = Step::new("See which do not answer, and add some where all do:");
        vec![step.line("chronyc -n sources"), step::add_source()]
    }))
}

fn agree(snapshot: &Snapshot) -> Check {
    let question = "Do they agree?";
    let Some(sources) = sources_of(snapshot) else {
        return hidden(question, ReportName::Sources);
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
            Step::new("Replace the source that is outvoted, or ask who runs it; selection data shows how far it is off:")
                .line("sudo chronyc selectdata"),
        ]
    })
}

fn follows(snapshot: &Snapshot) -> Check {
    let question = "Does the clock follow the world?";
    let Some(tracking) = &snapshot.tracking else {
        return hidden(question, ReportName::Tracking);
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
    check(question, result, reason).then(|| cause(snapshot).steps)
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

fn error_bound(snapshot: &Snapshot, limits: &Limits) -> Check {
    let question = "Is the error bound small?";
    let tracking = snapshot.tracking.as_ref();
    let Some(tracking) = tracking.filter(|t| Following::of(t) == Following::Source) else {
        return check(question, UNTOLD, "There is no bound without a source.");
    };
    let error = tracking.max_error();
    let reason = format!("The clock is right to within {}.", format::bound(error));
    judged(question, error, limits.max_error, reason).then(|| {
        vec![Step::new(
            "Choose sources nearer in the network, or wait, where chronyd has just been started: the bound shrinks with every measurement.",
        )]
    })
}

/// Asked only where there is a limit.
fn stratum(snapshot: &Snapshot, limits: &Limits) -> Option<Check> {
    let question = "Is its stratum within the limit?";
    let most = limits.max_stratum?;
    let tracking = snapshot.tracking.as_ref().filter(|tracking| tracking.is_synchronized());
    let Some(stratum) = tracking.and_then(|tracking| tracking.stratum) else {
        return Some(check(question, UNTOLD, "A clock that is not synchronized has none."));
    };
    let (result, stands) = if stratum > most { (FAILED, "above") } else { (PASSED, "not above") };
    let reason = format!("The stratum, {stratum}, is {stands} the limit, {most}.");
    let advice = "Choose sources nearer to a reference clock: each server in between adds one.";
    Some(check(question, result, reason).then(|| vec![Step::new(advice)]))
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
        "Without chronyd it would {} {}, known to within {}. {}",
        if tracking.frequency < 0.0 { "lose" } else { "gain" },
        format::ppm_measure(tracking.frequency),
        format::ppm_measure(tracking.skew),
        worse.reason
    );
    check(question, worse.result, reason.trim()).then(|| {
        vec![Step::new(
            "A rate far off is a poor oscillator, or a virtual machine that its host misleads. One that is badly known (a large skew) gets better with time, unless the network to the source is uneven.",
        )]
    })
}

fn rank(outcome: Outcome) -> usize {
    [PASSED, UNTOLD, DOUBTFUL, FAILED].iter().position(|other| *other == outcome).unwrap_or(0)
}

fn authenticated(snapshot: &Snapshot) -> Check {
    let question = "Is the time protected on its way (NTS, keys)?";
    let Some(data) = &snapshot.authdata else {
        return hidden(question, ReportName::AuthData);
    };
    let with_nts = || data.iter().filter(|data| data.mode == AuthMode::Nts);
    let troubles: Vec<_> = with_nts().filter_map(authdata::trouble).collect();
    let keyless = with_nts().filter(|data| !authdata::has_keys(data)).count();
    if let Some(first) = troubles.first() {
        let result = if keyless == with_nts().count() { FAILED } else { DOUBTFUL };
        let number = format::counted(with_nts().count(), "source", "sources");
        let reason = format!("{} of {number} with NTS: {first}.", troubles.len());
        return check(question, result, reason.replace("?.", "?")).then(|| {
            let step = Step::new(
                "NTS needs TCP port 4460 open on the way, a certificate that this machine trusts, and a clock that is roughly right. See how each key exchange stands:",
            );
            vec![step.line("sudo chronyc -N authdata")]
        });
    }
    let safe = data.iter().filter(|data| data.is_authenticated()).count();
    match (safe, data.len()) {
        (_, 0) => check(question, UNTOLD, "There are no NTP sources."),
        (0, _) => check(
            question,
            OPTIONAL,
            "No source is authenticated, which is usual. With a server that offers it, the option nts in chrony.conf does it.",
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
    use libchrony::testing::{Address, Command, Fault, Scenario, Source as Simulated, Time};

    use super::*;
    use crate::view::samples::{self, about, read, read_udp, without_reference};

    const PAGE: &Limits = &Limits::PAGE;

    fn on(snapshot: &Snapshot, limits: &Limits) -> Vec<Check> {
        checks(Ok(snapshot), about().read_at, limits)
    }

    /// The result of the check that asks so.
    fn asked(checks: &[Check], question: &str) -> (Outcome, String) {
        let check = checks.iter().find(|check| check.question.contains(question));
        let check = check.unwrap_or_else(|| panic!("nothing asks {question:?}"));
        let is_wrong = [FAILED, DOUBTFUL].contains(&check.result);
        assert_eq!(is_wrong, !check.steps.is_empty(), "a next step where needed: {check:?}");
        (check.result, check.reason.clone())
    }

    fn of(scenario: Scenario, question: &str) -> (Outcome, String) {
        asked(&on(&read(scenario), PAGE), question)
    }

    fn result(scenario: Scenario, question: &str) -> Outcome {
        of(scenario, question).0
    }

    fn server(last: u8) -> Simulated {
        Simulated::server(Address::V4([192, 0, 2, last].into()))
    }

    const ANSWERING: &str = "sources answer?";
    const ENOUGH: &str = "enough";
    const AGREEING: &str = "agree?";
    const WORLD: &str = "follow the world?";
    const UPDATED: &str = "updated";
    const BOUND: &str = "error bound";
    const RATE: &str = "steady rate";
    const NTS: &str = "NTS";

    #[test]
    fn a_healthy_clock_passes_all_but_what_is_optional() {
        let view = doctor(Ok(&read(Scenario::synchronized())), about().read_at, PAGE);
        assert_eq!((view.summary.as_str(), view.missing), ("8 passed.", None));
        assert_eq!(view.checks.last().map(|check| check.result), Some(OPTIONAL));
        assert_eq!(worst(&view.checks), None);
    }

    #[test]
    fn a_chronyd_that_gives_nothing_fails_the_first_check_which_says_what_to_do() {
        for error in [samples::not_running(), samples::denied(), samples::timed_out()] {
            let view = doctor(Err(&error), about().read_at, PAGE);
            assert_eq!(asked(&view.checks, "chronyd answer?").0, FAILED);
            assert_eq!((view.checks.len(), view.summary.as_str()), (1, "1 failed."));
            assert!(view.missing.is_some());
        }
        let refusing =
            samples::read_with(Scenario::synchronized(), [Fault::on(Command::TRACKING).status(2)]);
        assert_eq!(asked(&on(&refusing, PAGE), "chronyd answer?").0, FAILED);
    }

    #[test]
    fn no_sources_fail_with_the_line_that_adds_one() {
        let checks = on(&read(Scenario::no_sources()), PAGE);
        assert_eq!(asked(&checks, ANSWERING), (FAILED, "No sources are configured.".to_owned()));
        assert!(checks[1].steps[0].lines[0].code.contains("server time.example.net"));
        assert_eq!(asked(&checks, WORLD).0, FAILED);
    }

    #[test]
    fn silent_sources_fail_all_or_are_worth_a_look() {
        for question in [ANSWERING, ENOUGH] {
            assert_eq!(result(Scenario::only_unreachable(), question), FAILED);
        }
        assert_eq!(result(Scenario::only_unreachable(), AGREEING), UNTOLD);
        let mut one_silent = Scenario::synchronized();
        one_silent.sources.push(Simulated::unreachable(Address::V4([192, 0, 2, 9].into())));
        assert_eq!(of(one_silent, ANSWERING), (DOUBTFUL, "3 of 4 sources answer.".to_owned()));
    }

    #[test]
    fn one_or_two_sources_cannot_be_outvoted() {
        let selected = || server(1).with_state(Simulated::SELECTED);
        let two = vec![selected(), server(2).with_state(Simulated::COMBINED)];
        for sources in [vec![selected()], two] {
            assert_eq!(result(Scenario::with_sources(sources.clone()), ANSWERING), PASSED);
            assert_eq!(result(Scenario::with_sources(sources), ENOUGH), DOUBTFUL);
        }
    }

    #[test]
    fn a_liar_is_worth_a_look_and_liars_without_a_majority_fail() {
        let outvoted = "3 good sources against 1 source outvoted as wrong.".to_owned();
        assert_eq!(of(Scenario::falseticker(), AGREEING), (DOUBTFUL, outvoted));
        let liars = [1, 2].map(|last| server(last).with_state(Simulated::FALSETICKER));
        let checks = on(&without_reference(liars.into()), PAGE);
        assert_eq!(asked(&checks, AGREEING).0, FAILED);
    }

    #[test]
    fn a_clock_that_follows_itself_or_nobody_is_told_apart() {
        assert_eq!(result(Scenario::local(), WORLD), DOUBTFUL);
        assert_eq!(result(Scenario::unsynchronized(), WORLD), FAILED);
        let mut lost = Scenario::synchronized();
        lost.sources[0] = lost.sources[0].clone().with_state(Simulated::NONSELECTABLE);
        assert_eq!(result(lost, WORLD), DOUBTFUL);
    }

    #[test]
    fn an_old_update_fails() {
        let mut scenario = Scenario::synchronized();
        for (seconds, outcome) in [(60, PASSED), (1_000, DOUBTFUL), (7_200, FAILED)] {
            scenario.tracking.reference_time = Time::seconds_ago(seconds);
            assert_eq!(result(scenario.clone(), UPDATED), outcome, "{seconds} s");
        }
        assert_eq!(result(Scenario::local(), UPDATED), UNTOLD);
    }

    #[test]
    fn the_error_bound_is_held_against_the_limits_given() {
        let mut scenario = Scenario::synchronized();
        scenario.tracking.root_dispersion = 0.3;
        let snapshot = read(scenario);
        let (outcome, reason) = asked(&on(&snapshot, PAGE), BOUND);
        assert!(outcome == FAILED && reason.ends_with("above 200 ms."), "{reason}");
        assert_eq!(asked(&on(&snapshot, &Limits::new(10.0, None)), BOUND).0, PASSED);
    }

    #[test]
    fn the_stratum_is_asked_for_where_there_is_a_limit() {
        let snapshot = read(Scenario::synchronized());
        let stratum = |most| asked(&on(&snapshot, &Limits::new(1.0, Some(most))), "stratum");
        assert_eq!(stratum(3).0, PASSED);
        assert_eq!(stratum(2), (FAILED, "The stratum, 3, is above the limit, 2.".to_owned()));
        assert!(on(&snapshot, PAGE).iter().all(|check| !check.question.contains("stratum")));
    }

    #[test]
    fn how_many_sources_must_answer_is_asked_for_where_there_is_a_limit() {
        let snapshot = read(Scenario::synchronized());
        let least = |least| {
            let limits = Limits { min_sources: Some(least), ..Limits::PAGE };
            asked(&on(&snapshot, &limits), "as many sources answer")
        };
        assert_eq!(least(3).0, PASSED);
        let few = "Only 3 sources answer, below the limit, 4.".to_owned();
        assert_eq!(least(4), (FAILED, few));
        assert!(on(&snapshot, PAGE).iter().all(|check| !check.question.contains("as many")));
    }

    #[test]
    fn a_large_frequency_or_skew_fails() {
        let mut scenario = Scenario::synchronized();
        scenario.tracking.skew = 9.0;
        let (outcome, reason) = of(scenario, RATE);
        assert!(outcome == FAILED && reason.contains("above 5 ppm"), "{reason}");
        let mut scenario = Scenario::synchronized();
        scenario.tracking.frequency = -60.0;
        assert_eq!(result(scenario, RATE), DOUBTFUL);
    }

    #[test]
    fn nts_passes_where_all_have_it_and_fails_where_no_keys_come() {
        let mut scenario = Scenario::synchronized();
        scenario.sources = scenario.sources.into_iter().map(Simulated::with_nts).collect();
        assert_eq!(result(scenario.clone(), NTS), PASSED);
        scenario.sources[0].auth.nak = true;
        assert_eq!(result(scenario.clone(), NTS), DOUBTFUL);
        for source in &mut scenario.sources {
            (source.auth.key_type, source.auth.attempts) = (0, 3);
        }
        let (outcome, reason) = of(scenario, NTS);
        assert_eq!(outcome, FAILED);
        assert!(
            reason.starts_with("3 of 3 sources with NTS: no keys after 3 attempts"),
            "{reason}"
        );
        let hidden = read_udp(Scenario::synchronized());
        let (outcome, reason) = asked(&on(&hidden, PAGE), NTS);
        assert!(outcome == UNTOLD && reason.contains("Access, on the dashboard"), "{reason}");
    }
}
