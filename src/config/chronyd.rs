//! Where chronyd is asked, and how patiently: the options that every command has.

use std::time::Duration;

use clap::{Args, ValueHint};
use libchrony::Address;

use super::Input;
use super::parse::{parse_chronyd, parse_timeout};

/// Where and how patiently chronyd is asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chronyd {
    /// Where; `None` = the default search.
    pub(crate) address: Option<Address>,
    /// How long one attempt waits for an answer.
    pub(crate) timeout: Duration,
}

#[derive(Debug, Args)]
pub(super) struct ChronydFlags {
    /// Where chronyd is asked: /path/to/socket, 192.0.2.1, 192.0.2.1:323, [2001:db8::1]:323 or a
    /// host name; without it its Unix socket, then 127.0.0.1, then ::1 [env: SECOND_HAND_CHRONYD]
    #[arg(long, value_name = "ADDRESS", value_hint = ValueHint::FilePath)]
    chronyd: Option<String>,

    /// How long to wait for each answer of chronyd, which is asked up to three times [env: SECOND_HAND_TIMEOUT] [default: 1s]
    #[arg(long, value_name = "TIME", value_hint = ValueHint::Other)]
    timeout: Option<String>,
}

impl Chronyd {
    pub(super) fn new(flags: ChronydFlags, input: &Input<'_>) -> Result<Self, String> {
        Ok(Self {
            address: input.take(flags.chronyd, "chronyd", parse_chronyd)?,
            timeout: input
                .take(flags.timeout, "timeout", parse_timeout)?
                .unwrap_or(Duration::from_secs(1)),
        })
    }
}
