//! `second-hand report`.

use clap::Args;
use libchrony::ReportName;

use super::Input;
use super::chronyd::{Chronyd, ChronydFlags};
use super::parse::parse_switch;

/// Which reports are printed, and how, validated.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Report {
    /// How chronyd is asked.
    pub(crate) chronyd: Chronyd,
    /// The reports, in the order they were asked for; none = all that chronyd gives.
    pub(crate) names: Vec<ReportName>,
    /// Whether they are printed for programs.
    pub(crate) json: bool,
    /// Whether a terminal gets no colour: `NO_COLOR` asks for none (no-color.org), or `TERM` says that it
    /// has none.
    pub(crate) no_color: bool,
}

#[derive(Debug, Args)]
pub(super) struct ReportFlags {
    /// The reports to print: tracking, sources, sourcestats, selectdata, activity, authdata, ntpdata,
    /// serverstats, rtcdata, smoothing, clients; all where none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    #[command(flatten)]
    chronyd: ChronydFlags,

    /// Print JSON, as the API does, in place of tables [env: SECOND_HAND_JSON]
    #[arg(long)]
    json: bool,
}

impl Report {
    pub(super) fn new(flags: ReportFlags, input: &Input<'_>) -> Result<Self, String> {
        Ok(Self {
            chronyd: Chronyd::new(flags.chronyd, input)?,
            names: flags.names.iter().map(|name| parse_report(name)).collect::<Result<_, _>>()?,
            json: flags.json || input.take(None, "json", parse_switch)?.unwrap_or_default(),
            no_color: input.is_set("NO_COLOR") || input.holds("TERM", "dumb"),
        })
    }
}

/// The reports that can be printed: libchrony's ten, and the clients.
pub(super) fn names() -> impl Iterator<Item = ReportName> {
    ReportName::ALL.iter().copied().chain([ReportName::Clients])
}

fn parse_report(text: &str) -> Result<ReportName, String> {
    names().find(|name| name.as_str() == text).ok_or_else(|| {
        let allowed: Vec<_> = names().map(ReportName::as_str).collect();
        format!("report {text:?}: must be one of {}", allowed.join(", "))
    })
}
