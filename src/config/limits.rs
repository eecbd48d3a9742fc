//! What the clock is held against, for `second-hand check` and `/health/sync` alike.

use std::time::Duration;

use clap::{Args, ValueHint};

use super::Input;
use super::parse::{parse_max_error, parse_number, parse_stratum, parse_warn_error};

/// The most that a clock may be wrong by, where nothing else is asked for.
const MAX_ERROR: Duration = Duration::from_millis(100);

/// What a clock is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limits {
    /// A clock that may be wrong by more is critical.
    pub(crate) max_error: Duration,
    /// A clock that may be wrong by more is a warning; not above the former.
    pub(crate) warn_error: Duration,
    /// A clock of a higher stratum is critical.
    pub(crate) max_stratum: Option<u8>,
    /// Fewer sources that answer are critical.
    pub(crate) min_sources: Option<u32>,
}

#[derive(Debug, Args)]
pub(super) struct LimitFlags {
    /// The most that the clock may be wrong by: more is critical
    /// [env: SECOND_HAND_MAX_ERROR] [default: 100ms]
    #[arg(long, value_name = "TIME", value_hint = ValueHint::Other)]
    max_error: Option<String>,

    /// What the clock may be wrong by without a warning
    /// [env: SECOND_HAND_WARN_ERROR] [default: half of --max-error]
    #[arg(long, value_name = "TIME", value_hint = ValueHint::Other)]
    warn_error: Option<String>,

    /// The highest stratum (steps from a reference clock) that is not critical, from 1 to 15
    /// [env: SECOND_HAND_MAX_STRATUM] [default: any]
    #[arg(long, value_name = "NUMBER", value_hint = ValueHint::Other)]
    max_stratum: Option<String>,

    /// The fewest sources that must answer: fewer are critical, from 1 to 1000
    /// [env: SECOND_HAND_MIN_SOURCES] [default: any]
    #[arg(long, value_name = "NUMBER", value_hint = ValueHint::Other)]
    min_sources: Option<String>,
}

impl Limits {
    pub(super) fn new(flags: LimitFlags, input: &Input<'_>) -> Result<Self, String> {
        let max_error =
            input.take(flags.max_error, "max-error", parse_max_error)?.unwrap_or(MAX_ERROR);
        let warn_error =
            input.take(flags.warn_error, "warn-error", |text| parse_warn_error(text, max_error))?;
        Ok(Self {
            max_error,
            warn_error: warn_error.unwrap_or(max_error / 2),
            max_stratum: input.take(flags.max_stratum, "max-stratum", parse_stratum)?,
            min_sources: input.take(flags.min_sources, "min-sources", parse_number)?,
        })
    }
}
