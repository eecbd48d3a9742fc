//! The verdict in one line, with its figures, for monitoring plugins.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use libchrony::{Error, ErrorKind, ReportName, Snapshot, Source};

use crate::view::format;
use crate::view::threshold::Limits;
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

/// One line: the standing, the verdict and, after a bar, the figures.
#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) standing: Standing,
    pub(crate) line: String,
}

impl Summary {
    /// The summary of a reading made at `now`, held against the longest error and the highest stratum
    /// that are right.
    pub(crate) fn new(
        reading: Result<&Snapshot, &Error>,
        now: SystemTime,
        max_error: Duration,
        max_stratum: Option<u8>,
    ) -> Self {
        let limits = Limits::new(max_error.as_secs_f64(), max_stratum);
        let verdict = verdict(reading, now, &limits, []);
        let standing = match verdict.tone {
            Tone::Good => Standing::Ok,
            Tone::Warning => Standing::Warning,
            Tone::Bad => Standing::Critical,
            Tone::Unknown => without_data(reading),
        };
        let notes = verdict.notes.iter().map(|note| note.text.as_str());
        // Without data there is a step to take; the page has them all.
        let step = verdict.steps.first().filter(|_| verdict.tone == Tone::Unknown);
        let step = step.map(|step| {
            let code = step.lines.first().map_or("", |line| line.code.as_str());
            format!("{} {code}", step.text)
        });
        let sentences: Vec<_> = [format!("{}.", verdict.sentence), verdict.reason]
            .iter()
            .map(String::as_str)
            .chain(notes)
            .chain(step.as_deref())
            // A bar would begin the figures.
            .map(|text| format::plain(text).replace('|', "/").trim().to_owned())
            .collect();
        let mut line = format!("CHRONY {}: {}", standing.word(), sentences.join(" "));
        if let Ok(snapshot) = reading {
            line.push_str(&figures(snapshot, &limits));
        }
        Self { standing, line }
    }
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

/// ` | label=value;warning;critical;least …`; seconds where the unit is `s`.
fn figures(snapshot: &Snapshot, limits: &Limits) -> String {
    let mut text = String::new();
    if let Some(tracking) = snapshot.tracking.as_ref().filter(|t| t.is_synchronized()) {
        let (warning, bad) = limits.max_error.levels();
        // Writing to a string cannot fail.
        let _ = write!(text, " max_error={:.9}s;{warning};{bad};0", tracking.max_error());
        let _ = write!(text, " offset={:.9}s", tracking.offset);
        if let Some(stratum) = tracking.stratum {
            let most = limits.max_stratum.map(|most| most.to_string()).unwrap_or_default();
            let _ = write!(text, " stratum={stratum};;{most};0;16");
        }
    }
    if let Some(sources) = snapshot.sources.as_deref() {
        let reachable = sources.iter().filter(|source| Source::is_reachable(source)).count();
        let _ = write!(text, " reachable={reachable};;;0;{}", sources.len());
    }
    if text.is_empty() { text } else { format!(" |{text}") }
}

#[cfg(test)]
mod tests {
    use libchrony::testing::{Scenario, Time};

    use super::*;
    use crate::view::samples::{about, denied, not_running, read, timed_out};

    fn of(scenario: Scenario, max_error: Duration, max_stratum: Option<u8>) -> Summary {
        Summary::new(Ok(&read(scenario)), about().read_at, max_error, max_stratum)
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
        let summary = of(synchronized(), Duration::from_millis(100), Some(4));
        let (_, figures) = summary.line.split_once(" | ").unwrap();
        assert_eq!(
            figures,
            "max_error=0.012000000s;0.05;0.1;0 offset=-0.002000000s stratum=3;;4;0;16 reachable=3;;;0;3"
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

    #[test]
    fn no_answer_is_critical_and_no_permission_unknown() {
        for (error, standing) in [
            (not_running(), Standing::Critical),
            (timed_out(), Standing::Critical),
            (denied(), Standing::Unknown),
        ] {
            let summary =
                Summary::new(Err(&error), SystemTime::now(), Duration::from_millis(100), None);
            assert_eq!(summary.standing, standing, "{}", summary.line);
            assert!(!summary.line.contains('|'), "{}", summary.line);
        }
    }
}
