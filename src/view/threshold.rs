//! The limits of what is normal: the same ones for the colours and for the explanations.

use crate::config;
use crate::view::figure::Health;
use crate::view::format;

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Seconds,
    Ppm,
    Stratum,
}

/// Two limits: a value above the first is a warning, above the second bad.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Threshold {
    warning: f64,
    bad: f64,
    unit: Unit,
}

const fn seconds(warning: f64, bad: f64) -> Threshold {
    Threshold { warning, bad, unit: Unit::Seconds }
}

const fn ppm(warning: f64, bad: f64) -> Threshold {
    Threshold { warning, bad, unit: Unit::Ppm }
}

pub(crate) const OFFSET: Threshold = seconds(0.010, 0.100);
pub(crate) const RMS_OFFSET: Threshold = seconds(0.001, 0.010);
pub(crate) const FREQUENCY: Threshold = ppm(50.0, 200.0);
pub(crate) const SKEW: Threshold = ppm(1.0, 5.0);
pub(crate) const ROOT_DELAY: Threshold = seconds(0.050, 0.100);
pub(crate) const ROOT_DISPERSION: Threshold = seconds(0.010, 0.050);
pub(crate) const STRATUM: Threshold = Threshold { warning: 3.0, bad: 8.0, unit: Unit::Stratum };
/// Made of its parts: offset + root dispersion + half of the root delay.
pub(crate) const MAX_ERROR: Threshold = seconds(
    OFFSET.warning + ROOT_DISPERSION.warning + ROOT_DELAY.warning / 2.0,
    OFFSET.bad + ROOT_DISPERSION.bad + ROOT_DELAY.bad / 2.0,
);

/// The limits that a verdict holds the clock against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limits {
    /// For the bound of the clock's error.
    pub(crate) max_error: Threshold,
    /// The highest stratum that is right, where it matters.
    pub(crate) max_stratum: Option<u8>,
    /// The fewest sources that must answer, where it matters.
    pub(crate) min_sources: Option<u32>,
}

impl Limits {
    /// Those of the page.
    pub(crate) const PAGE: Self =
        Self { max_error: MAX_ERROR, max_stratum: None, min_sources: None };

    /// Bad above this error, seconds, a warning above half of it.
    #[cfg(test)]
    pub(crate) fn new(max_error: f64, max_stratum: Option<u8>) -> Self {
        let max_error = seconds(max_error / 2.0, max_error);
        Self { max_error, max_stratum, min_sources: None }
    }
}

impl From<&config::Limits> for Limits {
    fn from(limits: &config::Limits) -> Self {
        Self {
            max_error: seconds(limits.warn_error.as_secs_f64(), limits.max_error.as_secs_f64()),
            max_stratum: limits.max_stratum,
            min_sources: limits.min_sources,
        }
    }
}

/// Age of the last update in polls of the source; chronyd's reach counts 8 polls.
const LAST_UPDATE_POLLS: (f64, f64) = (8.0, 32.0);
/// A shorter polling interval counts as this, seconds: a second more or less means nothing.
const SHORTEST_POLL: f64 = 4.0;

/// The limits for the age of the last update, given the polling interval of the source, seconds.
pub(crate) fn last_update(poll: f64) -> Threshold {
    let poll = poll.max(SHORTEST_POLL);
    seconds(LAST_UPDATE_POLLS.0 * poll, LAST_UPDATE_POLLS.1 * poll)
}

impl Threshold {
    /// Where the size of the value stands, its sign aside.
    pub(crate) fn judge(&self, value: f64) -> Health {
        match value.abs() {
            size if size > self.bad => Health::Bad,
            size if size > self.warning => Health::Warning,
            size if size.is_nan() => Health::Plain,
            _ => Health::Good,
        }
    }

    /// The value above which it is a warning, and the one above which it is bad.
    pub(crate) fn levels(&self) -> (f64, f64) {
        (self.warning, self.bad)
    }

    /// What is normal, as `Normal: up to 10 ms; bad above 100 ms.`
    pub(crate) fn normal(&self) -> String {
        format!("Normal: up to {}; bad above {}.", self.text(self.warning), self.text(self.bad))
    }

    /// The limit that a value of this health has passed, as `above 10 ms`.
    pub(crate) fn passed(&self, health: Health) -> Option<String> {
        match health {
            Health::Bad => Some(format!("above {}", self.text(self.bad))),
            Health::Warning => Some(format!("above {}", self.text(self.warning))),
            _ => None,
        }
    }

    fn text(&self, limit: f64) -> String {
        match self.unit {
            Unit::Seconds => format::duration(limit),
            Unit::Ppm => format::ppm_limit(limit),
            Unit::Stratum => format!("{limit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_are_those_promised() {
        for (threshold, warning, bad) in [
            (OFFSET, 0.010, 0.100),
            (RMS_OFFSET, 0.001, 0.010),
            (FREQUENCY, 50.0, 200.0),
            (SKEW, 1.0, 5.0),
            (ROOT_DELAY, 0.050, 0.100),
            (ROOT_DISPERSION, 0.010, 0.050),
            (STRATUM, 3.0, 8.0),
        ] {
            assert_eq!(threshold.judge(warning), Health::Good);
            assert_eq!(threshold.judge(-warning * 1.01), Health::Warning);
            assert_eq!(threshold.judge(bad), Health::Warning);
            assert_eq!(threshold.judge(-bad * 1.01), Health::Bad);
        }
    }

    #[test]
    fn the_words_name_both_limits_with_their_unit() {
        assert_eq!(OFFSET.normal(), "Normal: up to 10 ms; bad above 100 ms.");
        assert_eq!(SKEW.normal(), "Normal: up to 1 ppm; bad above 5 ppm.");
        assert_eq!(STRATUM.normal(), "Normal: up to 3; bad above 8.");
        assert_eq!(last_update(64.0).normal(), "Normal: up to 8 m 32 s; bad above 34 m 8 s.");
        assert_eq!(last_update(0.25).normal(), "Normal: up to 32 s; bad above 2 m 8 s.");
        assert_eq!(MAX_ERROR.normal(), "Normal: up to 45 ms; bad above 200 ms.");
        assert_eq!(OFFSET.passed(Health::Bad).as_deref(), Some("above 100 ms"));
        assert_eq!(OFFSET.passed(Health::Warning).as_deref(), Some("above 10 ms"));
        assert_eq!(OFFSET.passed(Health::Good), None);
    }
}
