//! `second-hand check`.

use clap::Args;

use super::Input;
use super::chronyd::{Chronyd, ChronydFlags};
use super::limits::{LimitFlags, Limits};
use super::parse::parse_switch;

/// What a check holds the clock against, validated.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Check {
    /// How chronyd is asked.
    pub(crate) chronyd: Chronyd,
    /// What the clock is held against.
    pub(crate) limits: Limits,
    /// Whether each check is told too.
    pub(crate) verbose: bool,
}

#[derive(Debug, Args)]
pub(super) struct CheckFlags {
    #[command(flatten)]
    chronyd: ChronydFlags,

    #[command(flatten)]
    limits: LimitFlags,

    /// Tell each check in a line of its own, below the first [env: SECOND_HAND_VERBOSE]
    #[arg(short, long)]
    verbose: bool,
}

impl Check {
    pub(super) fn new(flags: CheckFlags, input: &Input<'_>) -> Result<Self, String> {
        Ok(Self {
            chronyd: Chronyd::new(flags.chronyd, input)?,
            limits: Limits::new(flags.limits, input)?,
            verbose: flags.verbose
                || input.take(None, "verbose", parse_switch)?.unwrap_or_default(),
        })
    }
}
