//! The verdict in one line, with its figures, for monitoring plugins.

use std::fmt::Write;
use std::time::SystemTime;

use libchrony::{Error, ErrorKind, ReportName, Snapshot, Tracking};

use crate::view::doctor::{self, Check};
use crate::view::format;
use crate::view::quorum;
use crate::view::reference::{self, Following};
use crate::view::step::Step;
use crate::view::threshold::{self, Limits};
use crate::view::verdict::{Tone, verdict};

/// Where the clock stands, as monitoring plugins tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Ok,
    Warning,
    Critical,
    /// It cannot be told.
    Unknown,
}

/// The standing, in one line and at length.
#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) standing: Standing,
    /// The verdict and the first check that failed, in sentences.
    pub(crate) reason: String,
    /// The standing, the verdict, the first check that failed and, after a bar, the figures.
    pub(crate) line: String,
    /// Each check in a line: its result, the question, the reason and the next step.
    pub(crate) checks: Vec<String>,
}

impl Summary {
    /// The summary of a reading made at `now`, held against these limits.
    pub(crate) fn new(
        reading: Result<&Snapshot, &Error>,
        now: SystemTime,
        limits: &Limits,
    ) -> Self {
        let verdict = verdict(reading, now, limits, []);
        let checks = doctor::checks(reading, now, limits);
        let standing = match verdict.tone {
            Tone::Good => Standing::Ok,
            Tone::Warning => Standing::Warning,
            Tone::Bad => Standing::Critical,
            Tone::Unknown => without_data(reading),
        };
        let notes = verdict.notes.iter().map(|note| note.text.as_str());
        // Without data there is a step to take; the page has them all.
        let step = verdict.steps.first().filter(|_| verdict.tone == Tone::Unknown).map(in_line);
        let is_wrong = matches!(verdict.tone, Tone::Warning | Tone::Bad);
        let check = doctor::worst(&checks).filter(|_| is_wrong).map(|check| {
            let result = if check.has_failed() { "failed" } else { "doubtful" };
            // A limit that is passed is a note already.
            let is_said = verdict.notes.iter().any(|note| note.text == check.reason);
            let reason = if is_said { "" } else { check.reason.as_str() };
            format!("First {result} check: {} {reason}", check.question)
        });
        let sentences: Vec<_> = [format!("{}.", verdict.sentence), verdict.reason]
            .iter()
            .map(String::as_str)
            .chain(notes)
            .chain(check.as_deref())
            .chain(step.as_deref())
            .map(without_bars)
            .collect();
        let reason = sentences.join(" ");
        let mut line = format!("CHRONY {}: {reason}", standing.word());
        if let Ok(snapshot) = reading {
            line.push_str(&figures(snapshot, now, limits));
        }
        Self { standing, reason, line, checks: checks.iter().map(at_length).collect() }
    }
}

/// A bar would begin the figures.
fn without_bars(text: &str) -> String {
    format::plain(text).replace('|', "/").trim().to_owned()
}

/// What to do, with its first command, in one line.
pub(crate) fn in_line(step: &Step) -> String {
    let code = step.lines.first().map_or("", |line| line.code.as_str());
    format!("{} {}", step.text, code.replace('\n', "; "))
}

/// `yes: Do the sources answer? All 3 sources answer.`
fn at_length(check: &Check) -> String {
    let next = check.steps.first().map(|step| format!("Next: {}", in_line(step)));
    let next = next.unwrap_or_default();
    without_bars(&format!("{}: {} {} {next}", check.result.word, check.question, check.reason))
}

impl Standing {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// A chronyd that does not run or answer leaves the clock to itself; any other trouble is with asking.
fn without_data(reading: Result<&Snapshot, &Error>) -> Standing {
    let error = match reading {
        Ok(snapshot) => snapshot.unavailable.get(&ReportName::Tracking),
        Err(error) => Some(error),
    };
    match error.map(Error::kind) {
        Some(ErrorKind::NotRunning | ErrorKind::NobodyListens | ErrorKind::TimedOut) => {
            Standing::Critical
        }
        _ => Standing::Unknown,
    }
}

/// ` | label=value;warning;critical;least;most …`, as the Monitoring Plugins' guidelines have it: seconds
/// where the unit is `s`, and a limit is the range outside which the plugin tells of it.
fn figures(snapshot: &Snapshot, now: SystemTime, limits: &Limits) -> String {
    let mut text = String::new();
    if let Some(tracking) = snapshot.tracking.as_ref().filter(|t| t.is_synchronized()) {
        of_clock(&mut text, tracking, limits);
        if Following::of(tracking) == Following::Source {
            of_source(&mut text, snapshot, tracking, now);
        }
    }
    if let Some(sources) = snapshot.sources.as_deref() {
        let reachable = quorum::answering(sources);
        let least = limits.min_sources.map(|least| format!("{least}:")).unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = write!(text, " reachable={reachable};;{least};0;{}", sources.len());
    }
    if text.is_empty() { text } else { format!(" |{text}") }
}

fn of_clock(text: &mut String, tracking: &Tracking, limits: &Limits) {
    let (warning, bad) = limits.max_error.levels();
    let _ = write!(text, " max_error={};{warning};{bad};0", seconds(tracking.max_error()));
    let _ = write!(text, " offset={}", seconds(tracking.offset));
    if let Some(stratum) = tracking.stratum {
        let most = limits.max_stratum.map(|most| most.to_string()).unwrap_or_default();
        let _ = write!(text, " stratum={stratum};;{most};0;16");
    }
}

/// What a clock that follows a source is judged by besides. A rate far off is a warning and no more.
fn of_source(text: &mut String, snapshot: &Snapshot, tracking: &Tracking, now: SystemTime) {
    if let Some(then) = tracking.ref_time {
        let (warning, bad) = threshold::last_update(reference::poll(snapshot, tracking)).levels();
        let age = format::age(now, then).max(0.0);
        let _ = write!(text, " last_update={age:.3}s;{warning};{bad};0");
    }
    let (_, rate) = threshold::FREQUENCY.levels();
    let _ = write!(text, " frequency_ppm={:.6};-{rate}:{rate}", tracking.frequency);
    let (_, skew) = threshold::SKEW.levels();
    let _ = write!(text, " skew_ppm={:.6};{skew};;0", tracking.skew);
}

fn seconds(value: f64) -> String {
    format!("{value:.9}s")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use libchrony::testing::{Scenario, Time};

    use super::*;
    use crate::history::Window;
    use crate::view::Page;
    use crate::view::samples::{about, denied, not_running, read, timed_out};

    fn of(scenario: Scenario, max_error: Duration, max_stratum: Option<u8>) -> Summary {
        let limits = Limits::new(max_error.as_secs_f64(), max_stratum);
        Summary::new(Ok(&read(scenario)), about().read_at, &limits)
    }

    /// An error bound of 12 ms.
    fn synchronized() -> Scenario {
        let mut scenario = Scenario::synchronized();
        scenario.tracking.current_correction = -0.002;
        scenario.tracking.root_dispersion = 0.005;
        scenario.tracking.root_delay = 0.010;
        scenario.tracking.reference_time = Time::seconds_ago(12);
        scenario
    }

    #[test]
    fn the_error_bound_is_held_against_its_limit_and_half_of_it() {
        for (limit, standing, word) in [
            (25, Standing::Ok, "CHRONY OK: This clock is right to within 12 ms."),
            (23, Standing::Warning, "CHRONY WARNING: This clock may be wrong by as much as 12 ms."),
            (11, Standing::Critical, "CHRONY CRITICAL: This clock may be wrong by as much as"),
        ] {
            let summary = of(synchronized(), Duration::from_millis(limit), None);
            assert_eq!(summary.standing, standing, "{}", summary.line);
            assert!(summary.line.starts_with(word), "{}", summary.line);
            assert_eq!(summary.line.lines().count(), 1);
        }
    }

    #[test]
    fn the_figures_follow_the_bar_with_unit_and_limits() {
        let snapshot = read(synchronized());
        let now = snapshot.tracking.as_ref().unwrap().ref_time.unwrap() + Duration::from_secs(12);
        let limits = Limits { min_sources: Some(2), ..Limits::new(0.1, Some(4)) };
        let summary = Summary::new(Ok(&snapshot), now, &limits);
        let (_, figures) = summary.line.split_once(" | ").unwrap();
        assert_eq!(
            figures,
            "max_error=0.012000000s;0.05;0.1;0 offset=-0.002000000s stratum=3;;4;0;16 \
             last_update=12.000s;512;2048;0 frequency_ppm=-11.482000;-200:200 \
             skew_ppm=0.031000;5;;0 reachable=3;;2:;0;3"
        );
        let without = of(Scenario::no_sources(), Duration::from_millis(100), None);
        assert!(without.line.ends_with(" | reachable=0;;;0;0"), "{}", without.line);
    }

    #[test]
    fn a_high_stratum_a_lost_reference_and_age_count() {
        let limit = Duration::from_millis(100);
        let summary = of(synchronized(), limit, Some(2));
        assert_eq!(summary.standing, Standing::Critical);
        assert!(summary.line.contains("The stratum, 3, is above the limit, 2."));
        assert_eq!(of(synchronized(), limit, Some(3)).standing, Standing::Ok);
        let mut stale = synchronized();
        stale.tracking.reference_time = Time::seconds_ago(100_000);
        assert_eq!(of(stale, limit, None).standing, Standing::Critical);
        assert_eq!(of(Scenario::local(), limit, None).standing, Standing::Warning);
        assert_eq!(of(Scenario::local(), limit, Some(5)).standing, Standing::Critical);
        assert_eq!(of(Scenario::unsynchronized(), limit, None).standing, Standing::Critical);
    }

    /// Holds whether a value lies in a range of the guidelines: `10` is 0 to 10, `10:` from 10 on.
    fn is_alarming(range: &str, value: f64) -> bool {
        let number = |text: &str, open: f64| match text {
            "" | "~" => open,
            text => text.parse().unwrap(),
        };
        match range.split_once(':') {
            _ if range.is_empty() => false,
            Some((low, high)) => {
                value < number(low, f64::NEG_INFINITY) || value > number(high, f64::INFINITY)
            }
            None => !(0.0..=number(range, f64::INFINITY)).contains(&value),
        }
    }

    #[test]
    fn a_figure_outside_its_range_is_never_beside_a_better_standing() {
        let limits = Limits { min_sources: Some(3), ..Limits::new(0.1, Some(4)) };
        let with = |change: fn(&mut libchrony::testing::Tracking)| {
            let mut scenario = synchronized();
            change(&mut scenario.tracking);
            scenario
        };
        let mut few = synchronized();
        few.sources[1].reachability = 0;
        for (scenario, alarming) in [
            (synchronized(), None),
            (with(|tracking| tracking.root_dispersion = 0.06), Some("max_error")),
            (with(|tracking| tracking.root_dispersion = 0.3), Some("max_error")),
            (with(|tracking| tracking.stratum = 5), Some("stratum")),
            (
                with(|tracking| tracking.reference_time = Time::seconds_ago(1_000)),
                Some("last_update"),
            ),
            (
                with(|tracking| tracking.reference_time = Time::seconds_ago(10_000)),
                Some("last_update"),
            ),
            (with(|tracking| tracking.frequency = -201.0), Some("frequency_ppm")),
            (with(|tracking| tracking.skew = 6.0), Some("skew_ppm")),
            (few, Some("reachable")),
        ] {
            let summary = Summary::new(Ok(&read(scenario)), about().read_at, &limits);
            let (_, figures) = summary.line.split_once(" | ").unwrap();
            let mut worst = (Standing::Ok, None);
            for figure in figures.split(' ') {
                let (label, rest) = figure.split_once('=').unwrap();
                let mut parts = rest.split(';');
                let value = parts.next().unwrap().trim_end_matches('s').parse().unwrap();
                let [warning, critical] = [(); 2].map(|()| parts.next().unwrap_or_default());
                if is_alarming(critical, value) {
                    worst = (Standing::Critical, Some(label));
                } else if is_alarming(warning, value) {
                    worst = (Standing::Warning, Some(label));
                }
            }
            assert_eq!(worst, (summary.standing, alarming), "{}", summary.line);
        }
    }

    #[test]
    fn too_few_sources_that_answer_are_critical_whatever_the_clock_follows() {
        let limits = |least| Limits { min_sources: Some(least), ..Limits::new(1.0, None) };
        let of =
            |scenario, least| Summary::new(Ok(&read(scenario)), about().read_at, &limits(least));
        assert_eq!(of(synchronized(), 3).standing, Standing::Ok);
        let few = of(synchronized(), 4);
        assert_eq!(few.standing, Standing::Critical);
        for part in [
            "CHRONY CRITICAL: ",
            "Only 3 sources answer, below the limit, 4.",
            "First failed check: Do as many sources answer as must? | ",
            " reachable=3;;4:;0;3",
        ] {
            assert!(few.line.contains(part), "{}", few.line);
        }
        let local = of(Scenario::local(), 1);
        assert_eq!(local.standing, Standing::Critical, "{}", local.line);
        assert!(local.reason.contains("Only 0 sources answer"), "{}", local.reason);
        // What cannot be counted is not passed over in silence.
        let mut hidden = read(synchronized());
        hidden.sources = None;
        let summary = Summary::new(Ok(&hidden), about().read_at, &limits(1));
        assert_eq!(summary.standing, Standing::Warning, "{}", summary.line);
        assert!(summary.reason.contains("is not known"), "{}", summary.reason);
    }

    #[test]
    fn no_answer_is_critical_and_no_permission_unknown() {
        for (error, standing) in [
            (not_running(), Standing::Critical),
            (timed_out(), Standing::Critical),
            (denied(), Standing::Unknown),
        ] {
            let summary = Summary::new(Err(&error), SystemTime::now(), &Limits::PAGE);
            assert_eq!(summary.standing, standing, "{}", summary.line);
            assert!(!summary.line.contains('|'), "{}", summary.line);
        }
    }

    #[test]
    fn a_check_that_failed_is_named_and_never_beside_an_ok() {
        let mut skewed = Scenario::synchronized();
        skewed.tracking.skew = 9.0;
        let mut keyless = Scenario::nts();
        for source in &mut keyless.sources {
            source.auth.key_type = 0;
        }
        for (scenario, standing, check) in [
            (synchronized(), Standing::Ok, None),
            (Scenario::falseticker(), Standing::Ok, None),
            (skewed, Standing::Warning, Some("First failed check: Does it run at a steady rate? ")),
            (keyless, Standing::Warning, Some("First failed check: Is the time protected ")),
            (
                Scenario::no_sources(),
                Standing::Critical,
                Some("First failed check: Do the sources answer? No sources are configured."),
            ),
            (Scenario::local(), Standing::Warning, Some("First failed check: Do the sources")),
        ] {
            let summary = of(scenario, Duration::from_millis(100), None);
            assert_eq!(summary.standing, standing, "{}", summary.line);
            match check {
                Some(check) => assert!(summary.line.contains(check), "{}", summary.line),
                None => assert!(!summary.line.contains(" check: "), "{}", summary.line),
            }
        }
    }

    #[test]
    fn the_page_and_the_check_say_the_same_of_every_state() {
        for scenario in [
            Scenario::synchronized(),
            Scenario::unsynchronized(),
            Scenario::only_unreachable(),
            Scenario::local(),
            Scenario::falseticker(),
            Scenario::nts(),
        ] {
            let (snapshot, about) = (read(scenario), about());
            let summary = Summary::new(Ok(&snapshot), about.read_at, &Limits::PAGE);
            let page = Page::new(Ok(&snapshot), &about, &Window::default());
            let on_page: Vec<_> = page.checks().iter().map(at_length).collect();
            assert_eq!(on_page, summary.checks);
            let failed = page.checks().iter().any(Check::has_failed);
            assert!(!failed || summary.standing != Standing::Ok, "{}", summary.line);
        }
    }

    #[test]
    fn at_length_each_check_is_a_line_with_its_next_step() {
        let summary = of(Scenario::no_sources(), Duration::from_millis(100), None);
        assert_eq!(summary.checks[0], "yes: Does chronyd answer? It tells the state of the clock.");
        let silent = &summary.checks[1];
        assert!(silent.starts_with("no: Do the sources answer? No sources are"), "{silent}");
        assert!(silent.contains("Next: Add a source"), "{silent}");
        for line in &summary.checks {
            assert!(!line.contains(['|', '\n']), "{line}");
        }
    }
}
