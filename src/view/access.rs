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
        host: format::plain(&about.host),
        address: format::plain(&about.address),
        transport: None,
        read_at: format::moment(about.read_at),
        summary: None,
        gaps: Vec::new(),
        passed_over: Vec::new(),
        odd_records: Vec::new(),
        disabled: None,
    };
    if let Some(snapshot) = snapshot {
        access.fill(snapshot);
    }
    access
}

impl Access {
    fn fill(&mut self, snapshot: &Snapshot) {
        self.address = format::plain(&snapshot.chronyd.address.to_string());
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
        self.passed_over = snapshot.passed_over.iter().map(|line| format::plain(line)).collect();
        // A record that two reports are read by is odd in both.
        self.odd_records = snapshot
            .odd_records
            .iter()
            .map(|error| format!("{}. {}", format::error(error), error.hint()))
            .collect();
        self.odd_records.sort_unstable();
        self.odd_records.dedup();
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
    Gap {
        text: format!("{report}: {}.", format::error(error)),
        steps: vec![Step::new(error.hint())],
    }
}

#[cfg(test)]
mod tests {
    use libchrony::testing::Scenario;

    use super::*;
    use crate::view::samples::{about, read, read_udp};

    #[test]
    fn the_unix_socket_shows_everything_and_has_nothing_to_explain() {
        let access = access(Some(&read(Scenario::synchronized())), &about());
        assert_eq!(access.transport, Some("Unix socket"));
        assert!(access.address.starts_with('/') && access.gaps.is_empty());
        assert!(access.summary.is_none());
        assert_eq!(access.disabled.as_deref(), Some("rtcdata, smoothing"));
        assert_eq!(access.host, "clock.example.net");
    }

    #[test]
    fn udp_names_what_it_hides_in_one_group_with_two_ways_to_get_it() {
        let access = access(Some(&read_udp(Scenario::synchronized())), &about());
        assert_eq!(access.transport, Some("UDP"));
        assert_eq!(access.summary.as_deref(), Some("4 reports not shown"));
        assert_eq!(
            access.gaps[0].text,
            "chronyd does not give these reports over UDP: selectdata, authdata, ntpdata, serverstats."
        );
        let steps = &access.gaps[0].steps;
        assert!(steps[0].lines[0].code.contains("sudo -u _chrony second-hand --chronyd"));
        assert!(steps[1].lines[0].code.starts_with("opencommands "));
        assert_eq!(access.gaps.len(), 1);
    }

    #[test]
    fn an_odd_record_is_named_and_counted() {
        let mut scenario = Scenario::synchronized();
        scenario.sources[1].stats.skew = -1.0;
        let access = access(Some(&read(scenario)), &about());
        assert_eq!(access.summary.as_deref(), Some("1 record could not be read"));
        assert!(access.odd_records[0].starts_with("sourcestats record 1: the field \"skew\""));
    }

    #[test]
    fn what_was_tried_before_is_told() {
        let mut snapshot = read_udp(Scenario::synchronized());
        snapshot.passed_over = vec!["/run/chrony/chronyd.sock: permission denied".to_owned()];
        let access = access(Some(&snapshot), &about());
        assert_eq!(access.passed_over.len(), 1);
    }

    #[test]
    fn without_a_reading_only_the_address_is_known() {
        let access = access(None, &about());
        assert_eq!((access.address.as_str(), access.transport), ("/run/chrony/chronyd.sock", None));
    }
}
