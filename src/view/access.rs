//! Who was asked, how and when, and what that way does not show.

use libchrony::{Error, ErrorKind, ReportName, Snapshot, Transport};
use serde::Serialize;

use crate::view::About;
use crate::view::format::{self, Moment};
use crate::view::step::Step;

/// The note on access.
#[derive(Debug, Serialize)]
pub(crate) struct Access {
    pub(crate) host: String,
    pub(crate) address: String,
    /// `Unix socket` or `UDP`.
    pub(crate) transport: Option<&'static str>,
    pub(crate) read_at: Moment,
    /// How much is missing, in a few words.
    pub(crate) summary: Option<String>,
    pub(crate) gaps: Vec<Gap>,
    /// Why addresses earlier in the search were not taken.
    pub(crate) passed_over: Vec<String>,
    /// Records that could not be read.
    pub(crate) odd_records: Vec<String>,
    /// Reports that are not enabled, which is usual.
    pub(crate) disabled: Option<String>,
    /// Whether there is anything to say beyond the address.
    pub(crate) is_complete: bool,
}

/// Reports that are missing for one reason.
#[derive(Debug, Serialize)]
pub(crate) struct Gap {
    pub(crate) text: String,
    pub(crate) steps: Vec<Step>,
}

/// Every report this page may read, in the words of chrony.conf's opencommands.
const OPEN_COMMANDS: &str = "opencommands activity authdata ntpdata rtcdata selectdata serverstats smoothing sourcename sources sourcestats tracking";

pub(crate) fn access(snapshot: Option<&Snapshot>, about: &About) -> Access {
    let mut access = Access {
        host: about.host.clone(),
        address: about.address.clone(),
        transport: None,
        read_at: format::moment(about.read_at),
        summary: None,
        gaps: Vec::new(),
        passed_over: Vec::new(),
        odd_records: Vec::new(),
        disabled: None,
        is_complete: true,
    };
    if let Some(snapshot) = snapshot {
        access.fill(snapshot);
    }
    access
}

impl Access {
    fn fill(&mut self, snapshot: &Snapshot) {
        self.address = snapshot.chronyd.address.to_string();
        self.transport = Some(match snapshot.chronyd.transport {
            Transport::Unix => "Unix socket",
            _ => "UDP",
        });
        let names = |kind| {
            let of_kind = snapshot.unavailable.iter().filter(|(_, error)| error.kind() == kind);
            of_kind.map(|(report, _)| report.as_str()).collect::<Vec<_>>()
        };
        let refused = names(ErrorKind::NotAuthorized);
        if !refused.is_empty() {
            self.gaps.push(not_authorized(&refused, snapshot.chronyd.transport));
        }
        let disabled = names(ErrorKind::Disabled);
        if !disabled.is_empty() {
            self.disabled = Some(disabled.join(", "));
        }
        self.gaps.extend(
            snapshot
                .unavailable
                .iter()
                .filter(|(_, error)| {
                    !matches!(error.kind(), ErrorKind::NotAuthorized | ErrorKind::Disabled)
                })
                .map(|(report, error)| other(*report, error)),
        );
        self.passed_over = snapshot.passed_over.clone();
        self.odd_records =
            snapshot.odd_records.iter().map(|error| format!("{error}. {}", error.hint())).collect();
        let missing = snapshot.unavailable.len() - disabled.len();
        self.summary = match (missing, self.odd_records.len()) {
            (0, 0) => None,
            (0, odd) => {
                Some(format!("{} could not be read", format::counted(odd, "record", "records")))
            }
            (missing, _) => {
                Some(format!("{} not shown", format::counted(missing, "report", "reports")))
            }
        };
        self.is_complete = self.summary.is_none() && self.passed_over.is_empty();
    }
}

fn not_authorized(reports: &[&str], transport: Transport) -> Gap {
    let reports = reports.join(", ");
    if transport == Transport::Unix {
        return Gap {
            text: format!("chronyd does not give these reports to this user: {reports}."),
            steps: vec![Step::new("Run as root or as chrony's own user.")],
        };
    }
    Gap {
        text: format!("chronyd does not give these reports over UDP: {reports}."),
        steps: vec![
            Step::new("Ask through chronyd's Unix socket, as chrony's own user or root. That user may also control chronyd, so do it knowingly:")
                .lines(
                    "sudo -u _chrony second-hand --chronyd /run/chrony/chronyd.sock",
                    "sudo -u chrony second-hand --chronyd /run/chrony/chronyd.sock",
                ),
            Step::new("Or, from chronyd 4.7, open the reports to UDP in chrony.conf, then restart chronyd:")
                .line(OPEN_COMMANDS),
        ],
    }
}

fn other(report: ReportName, error: &Error) -> Gap {
    Gap { text: format!("{report}: {error}."), steps: vec![Step::new(error.hint())] }
}
